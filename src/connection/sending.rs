//! What is sent: frames, appended to the caller's `out`.

use alloc::vec::Vec;

use super::Connection;
#[cfg(feature = "deflate")]
use crate::deflate::Compress;
use crate::{
    Close, CloseCode, SendError,
    entropy::Entropy,
    frame::{Header, MAX_CONTROL_LEN, MAX_HEADER_LEN, OpCode, Role, Rsv, mask},
    num::as_u64,
};

impl Connection {
    /// Appends a text message to `out`, in one frame (RFC 6455, 6.1).
    ///
    /// It takes no other memory if `out` has room for the text and
    /// [`MAX_HEADER_LEN`] bytes more.
    ///
    /// # Errors
    ///
    /// [`SendError::ConnectionClosing`] once our Close is out; [`SendError::MessageInProgress`] between the fragments
    /// of another message. Nothing was appended.
    #[inline]
    pub fn send_text(&mut self, text: &str, out: &mut Vec<u8>) -> Result<(), SendError> {
        self.send_message(OpCode::Text, text.as_bytes(), out)
    }

    /// Appends a binary message to `out`, in one frame (RFC 6455, 6.1).
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    #[inline]
    pub fn send_binary(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.send_message(OpCode::Binary, data, out)
    }

    /// Appends the next fragment of a text message to `out`; the first one begins the message, the `last` one
    /// ends it (RFC 6455, 5.4).
    ///
    /// Control frames may be sent between fragments, other messages may not.
    ///
    /// # Errors
    ///
    /// [`SendError::ConnectionClosing`] once our Close is out, also when that was the automatic answer to the peer's:
    /// the rest of the message cannot be sent any more. [`SendError::MessageInProgress`] if a binary message
    /// is being sent in fragments.
    #[inline]
    pub fn send_text_fragment(&mut self, text: &str, last: bool, out: &mut Vec<u8>) -> Result<(), SendError> {
        self.send_fragment(OpCode::Text, text.as_bytes(), last, out)
    }

    /// Appends the next fragment of a binary message to `out`; the first one begins the message, the `last`
    /// one ends it (RFC 6455, 5.4).
    ///
    /// # Errors
    ///
    /// As [`send_text_fragment`](Self::send_text_fragment), with text and binary exchanged.
    #[inline]
    pub fn send_binary_fragment(
        &mut self,
        data: &[u8],
        last: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        self.send_fragment(OpCode::Binary, data, last, out)
    }

    /// Appends a Ping with at most 125 bytes of data to `out` (RFC 6455, 5.5.2).
    ///
    /// # Errors
    ///
    /// [`SendError::ConnectionClosing`] once our Close is out; [`SendError::ControlPayloadTooLong`].
    pub fn send_ping(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.check_control(OpCode::Ping, true, as_u64(data.len()))?;
        self.write_frame(OpCode::Ping, true, data, out);
        Ok(())
    }

    /// Appends a Pong with at most 125 bytes of data to `out` (RFC 6455, 5.5.3).
    ///
    /// Needed where [`Config::auto_pong`](crate::Config::auto_pong) is off, with the data of the Ping. One
    /// that answers no Ping is legal, too. Unlike everything else it may be sent after our own Close.
    ///
    /// # Errors
    ///
    /// [`SendError::ConnectionClosing`] once the peer's Close was received; [`SendError::ControlPayloadTooLong`].
    pub fn send_pong(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.check_control(OpCode::Pong, true, as_u64(data.len()))?;
        self.write_frame(OpCode::Pong, true, data, out);
        Ok(())
    }

    /// Appends a Close to `out`: begins the closing handshake, or answers the peer's Close where
    /// [`Config::auto_close`](crate::Config::auto_close) is off (RFC 6455, 7.1.2).
    ///
    /// Takes a [`CloseCode`], a [`Close`] or `None`. Then go on reading until [`state`](Self::state) is
    /// [`State::Draining`](crate::State::Draining), under a timer: the peer may never answer. A message that
    /// is being sent in fragments stays unfinished, and the peer drops it.
    ///
    /// # Errors
    ///
    /// [`SendError::ConnectionClosing`] if a Close was sent before; [`SendError::ClientOnlyCloseCode`] for 1010 at a server,
    /// unless it answers the client's Close.
    pub fn send_close<'a>(
        &mut self,
        close: impl Into<Option<Close<'a>>>,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        let close = close.into();
        if !self.lifecycle.may_send() {
            return Err(SendError::ConnectionClosing);
        }
        let code = close.as_ref().map(Close::code);
        // RFC 6455, 7.4.1; an answer may echo it (5.5.1).
        let begins = self.lifecycle.may_receive();
        if code == Some(CloseCode::MANDATORY_EXTENSION) && self.role() == Role::Server && begins {
            return Err(SendError::ClientOnlyCloseCode);
        }
        self.write_close(close.as_ref(), out);
        self.look_around();
        Ok(())
    }

    /// Appends the header of a frame alone to `out`, for a payload that the caller writes itself, for example
    /// with a vectored write.
    ///
    /// Exactly `payload_len` bytes of payload have to follow on the wire before anything else. A client has to
    /// [`mask`] them with the key that is returned, a fresh one for this frame, and must
    /// not change them any more (RFC 6455, 10.3); a server gets `None` and sends them as they are. The payload
    /// of a text message has to be UTF-8, all its fragments together.
    ///
    /// # Errors
    ///
    /// As the method that sends the same kind of frame; [`SendError::NoMessageInProgress`] for a continuation
    /// of nothing; [`SendError::ControlFragment`] for a Ping or Pong without `fin`;
    /// [`SendError::PayloadTooLong`] over 2^63 - 1 bytes; [`SendError::UseSendClose`] for a Close;
    /// [`SendError::CompressedMessage`] for the continuation of a message that is being sent compressed. What
    /// is sent like this is never compressed.
    pub fn send_header(
        &mut self,
        opcode: OpCode,
        fin: bool,
        payload_len: u64,
        out: &mut Vec<u8>,
    ) -> Result<Option<[u8; 4]>, SendError> {
        match opcode {
            OpCode::Text | OpCode::Binary => {
                self.check_between_messages()?;
                check_payload_len(payload_len)?;
                #[cfg(feature = "deflate")]
                self.compress_next(Compress::Default);
                self.sending = (!fin).then_some(opcode);
            }
            OpCode::Continuation => {
                self.check_open()?;
                let sending = self.sending.ok_or(SendError::NoMessageInProgress)?;
                #[cfg(feature = "deflate")]
                if self.deflate.as_ref().is_some_and(|deflate| deflate.compressor.is_in_message()) {
                    return Err(SendError::CompressedMessage);
                }
                check_payload_len(payload_len)?;
                self.sending = (!fin).then_some(sending);
            }
            OpCode::Ping | OpCode::Pong => self.check_control(opcode, fin, payload_len)?,
            OpCode::Close => return Err(SendError::UseSendClose),
        }
        Ok(self.write_header(opcode, fin, payload_len, out))
    }

    #[inline]
    fn send_message(&mut self, opcode: OpCode, payload: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.check_between_messages()?;
        self.write_data(opcode, true, payload, out);
        Ok(())
    }

    fn send_fragment(
        &mut self,
        kind: OpCode,
        payload: &[u8],
        last: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        self.check_open()?;
        let opcode = match self.sending {
            None => kind,
            Some(sending) if sending == kind => OpCode::Continuation,
            Some(_) => return Err(SendError::MessageInProgress),
        };
        self.sending = (!last).then_some(kind);
        self.write_data(opcode, last, payload, out);
        Ok(())
    }

    #[inline]
    fn check_open(&self) -> Result<(), SendError> {
        if self.lifecycle.may_send() { Ok(()) } else { Err(SendError::ConnectionClosing) }
    }

    #[inline]
    fn check_between_messages(&self) -> Result<(), SendError> {
        self.check_open()?;
        if self.sending.is_none() { Ok(()) } else { Err(SendError::MessageInProgress) }
    }

    fn check_control(&self, opcode: OpCode, fin: bool, payload_len: u64) -> Result<(), SendError> {
        let allowed = match opcode {
            OpCode::Pong => self.lifecycle.may_send_pong(),
            _ => self.lifecycle.may_send(),
        };
        match () {
            () if !allowed => Err(SendError::ConnectionClosing),
            () if !fin => Err(SendError::ControlFragment),
            () if payload_len > as_u64(MAX_CONTROL_LEN) => Err(SendError::ControlPayloadTooLong),
            () => Ok(()),
        }
    }

    /// Appends a Close, whose code has been checked or is the echo of the peer's.
    pub(super) fn write_close(&mut self, close: Option<&Close<'_>>, out: &mut Vec<u8>) {
        let code = close.map(|close| close.code().get().to_be_bytes());
        let reason = close.map_or("", Close::reason);
        let bytes = code.iter().flatten().chain(reason.as_bytes());
        // A reason is never longer than what fits.
        let mut body = [0; MAX_CONTROL_LEN];
        let len = body.iter_mut().zip(bytes).map(|(to, from)| *to = *from).count();
        self.write_frame(OpCode::Close, true, body.get(..len).unwrap_or_default(), out);
        self.lifecycle.on_close_sent();
        self.forget_compressor();
    }

    /// Appends a data frame that is known to be in order.
    #[inline]
    fn write_data(&mut self, opcode: OpCode, fin: bool, payload: &[u8], out: &mut Vec<u8>) {
        #[cfg(feature = "deflate")]
        if self.deflate.is_some() && self.write_compressed(opcode, fin, payload, out) {
            return;
        }
        self.write_frame(opcode, fin, payload, out);
    }

    /// Appends a frame that is known to be in order, as it is.
    #[inline]
    pub(super) fn write_frame(&mut self, opcode: OpCode, fin: bool, payload: &[u8], out: &mut Vec<u8>) {
        out.reserve(payload.len().saturating_add(MAX_HEADER_LEN));
        match self.write_header(opcode, fin, as_u64(payload.len()), out) {
            None => out.extend_from_slice(payload),
            Some(key) => append_masked(payload, key, out),
        }
    }

    #[inline]
    fn write_header(
        &mut self,
        opcode: OpCode,
        fin: bool,
        payload_len: u64,
        out: &mut Vec<u8>,
    ) -> Option<[u8; 4]> {
        let mask = self.entropy.as_mut().map(Entropy::masking_key); // RFC 6455, 5.1 and 5.3
        let header = Header { fin, rsv: Rsv::NONE, opcode, mask, payload_len };
        header.write(|bytes| out.extend_from_slice(bytes));
        mask
    }
}

fn check_payload_len(len: u64) -> Result<(), SendError> {
    // RFC 6455, 5.2
    if i64::try_from(len).is_ok() { Ok(()) } else { Err(SendError::PayloadTooLong) }
}

/// Appends and masks in pieces, so that each piece is masked while it is in the first-level cache.
#[inline]
fn append_masked(payload: &[u8], key: [u8; 4], out: &mut Vec<u8>) {
    // A piece is a multiple of four bytes, so each begins with the first byte of the key.
    for piece in payload.chunks(PIECE) {
        let start = out.len();
        out.extend_from_slice(piece);
        if let Some(piece) = out.get_mut(start..) {
            mask(piece, key, 0);
        }
    }
}

/// How many bytes are copied before they are masked.
const PIECE: usize = 16 << 10;
