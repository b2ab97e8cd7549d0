//! The sending side: frames, appended to the caller's `out`, and the state of the connection.
//!
//! ```text
//!   send_* ─▶ Lifecycle: may it be sent? ─▶ Deflater ─▶ Header, masking key ─▶ out
//!   Owed ───▶ Lifecycle: received by the other side ──────────────────────────▲
//! ```
//!
//! Uses `frame`, `compression` and `entropy`. All that reaches it from the receiving side is [`Owed`]: no
//! decoder, no events.

use alloc::vec::Vec;

use super::{CloseOutcome, Config, Reply, State, frames, lifecycle::Lifecycle, owed::Owed};
use crate::{
    Close, CloseCode, ProtocolError, SendError,
    compression::Deflater,
    entropy::Entropy,
    frame::{Header, MAX_CONTROL_LEN, MAX_HEADER_LEN, OpCode, Role, Rsv},
    keepalive::Timeout,
    num::as_u64,
};

/// The sending half of a [`Connection`](crate::Connection), see
/// [`Connection::split`](crate::Connection::split).
#[derive(Debug)]
pub struct SendHalf {
    /// The source of masking keys. A client has one, a server does not.
    entropy: Option<Entropy>,
    /// The kind of the message that is being sent in fragments.
    message: Option<OpCode>,
    auto_close: bool,
    /// The reserved bits of extensions of the caller.
    rsv: Rsv,
    lifecycle: Lifecycle,
    pub(super) deflater: Deflater,
}

impl SendHalf {
    pub(super) fn new(entropy: Option<Entropy>, config: &Config) -> Self {
        Self {
            entropy,
            message: None,
            auto_close: config.auto_close,
            rsv: config.own_rsv(),
            lifecycle: Lifecycle::default(),
            deflater: Deflater::new(config.compression),
        }
    }

    /// Appends a text message to `out`, in one frame (RFC 6455, section 6.1).
    ///
    /// See [`Connection::send_text`](crate::Connection::send_text) for details.
    ///
    /// # Errors
    ///
    /// Returns a [`SendError`] under the same conditions; nothing is appended then.
    #[inline]
    pub fn send_text(&mut self, text: &str, out: &mut Vec<u8>) -> Result<(), SendError> {
        self.send_message(OpCode::Text, text.as_bytes(), out)
    }

    /// Appends a binary message to `out`, in one frame (RFC 6455, section 6.1).
    ///
    /// See [`Connection::send_binary`](crate::Connection::send_binary) for details.
    ///
    /// # Errors
    ///
    /// Returns a [`SendError`] under the same conditions; nothing is appended then.
    #[inline]
    pub fn send_binary(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.send_message(OpCode::Binary, data, out)
    }

    /// Appends the next fragment of a text message to `out` (RFC 6455, section 5.4).
    ///
    /// See [`Connection::send_text_fragment`](crate::Connection::send_text_fragment) for details.
    ///
    /// # Errors
    ///
    /// Returns a [`SendError`] under the same conditions; nothing is appended then.
    #[inline]
    pub fn send_text_fragment(&mut self, text: &str, last: bool, out: &mut Vec<u8>) -> Result<(), SendError> {
        self.send_fragment(OpCode::Text, text.as_bytes(), last, out)
    }

    /// Appends the next fragment of a binary message to `out` (RFC 6455, section 5.4).
    ///
    /// See [`Connection::send_binary_fragment`](crate::Connection::send_binary_fragment) for details.
    ///
    /// # Errors
    ///
    /// Returns a [`SendError`] under the same conditions; nothing is appended then.
    #[inline]
    pub fn send_binary_fragment(
        &mut self,
        data: &[u8],
        last: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        self.send_fragment(OpCode::Binary, data, last, out)
    }

    /// Appends a message of an extension of your own to `out`, in one frame (RFC 6455, 9).
    ///
    /// See [`Connection::send_extended`](crate::Connection::send_extended) for details.
    ///
    /// # Errors
    ///
    /// Returns a [`SendError`] under the same conditions. Nothing was appended.
    pub fn send_extended(
        &mut self,
        opcode: OpCode,
        rsv: Rsv,
        data: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        self.check_between_messages()?;
        if !matches!(opcode, OpCode::Text | OpCode::Binary) || rsv.is_none() || !self.rsv.contains(rsv) {
            return Err(SendError::InvalidReservedBits);
        }
        self.deflater.skip_message();
        let mask = self.entropy.as_mut().map(Entropy::masking_key);
        let header = Header { fin: true, rsv, opcode, mask, payload_len: as_u64(data.len()) };
        out.reserve(data.len().saturating_add(MAX_HEADER_LEN));
        header.write(|bytes| out.extend_from_slice(bytes));
        match mask {
            Some(key) => frames::append_masked(data, key, out),
            None => out.extend_from_slice(data),
        }
        Ok(())
    }

    /// Appends a Ping with at most 125 bytes of data to `out` (RFC 6455, section 5.5.2).
    ///
    /// See [`Connection::send_ping`](crate::Connection::send_ping) for details.
    ///
    /// # Errors
    ///
    /// Returns a [`SendError`] under the same conditions; nothing is appended then.
    pub fn send_ping(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.send_control(OpCode::Ping, data, out)
    }

    /// Appends a Pong with at most 125 bytes of data to `out` (RFC 6455, section 5.5.3).
    ///
    /// See [`Connection::send_pong`](crate::Connection::send_pong) for details.
    ///
    /// # Errors
    ///
    /// Returns a [`SendError`] under the same conditions; nothing is appended then.
    pub fn send_pong(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.send_control(OpCode::Pong, data, out)
    }

    /// Appends a Close to `out`: begins the closing handshake or replies to the peer's Close (RFC 6455,
    /// section 7.1.2).
    ///
    /// See [`Connection::send_close`](crate::Connection::send_close) for details.
    ///
    /// # Errors
    ///
    /// Returns a [`SendError`] under the same conditions; nothing is appended then.
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
        // RFC 6455, 7.4.1; a reply may echo it (5.5.1).
        let begins = self.lifecycle.may_receive();
        if code == Some(CloseCode::MANDATORY_EXTENSION) && self.role() == Role::Server && begins {
            return Err(SendError::ClientOnlyCloseCode);
        }
        self.write_close(close.as_ref(), out);
        Ok(())
    }

    /// Appends the header of a frame to `out`, for a payload that you write yourself.
    ///
    /// See [`Connection::send_header`](crate::Connection::send_header) for details. Replies must wait until
    /// the payload has been written.
    ///
    /// # Errors
    ///
    /// Returns a [`SendError`] under the same conditions; nothing is appended then.
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
                self.deflater.skip_message();
                self.message = (!fin).then_some(opcode);
            }
            OpCode::Continuation => {
                self.check_open()?;
                let message = self.message.ok_or(SendError::NoMessageInProgress)?;
                if self.deflater.is_in_message() {
                    return Err(SendError::CompressedMessage);
                }
                check_payload_len(payload_len)?;
                self.message = (!fin).then_some(message);
            }
            OpCode::Ping | OpCode::Pong => self.check_control(opcode, fin, payload_len)?,
            OpCode::Close => return Err(SendError::UseSendClose),
        }
        Ok(self.write_header(opcode, fin, payload_len, out))
    }

    /// Appends a pending reply of the receiving half to `out`, and records what the receiving half has
    /// received.
    ///
    /// After the peer's Close a Pong is omitted, and so is a second Close. If
    /// [`Config::auto_close`](crate::Config::auto_close) is off, the peer's Close is only recorded.
    ///
    /// After [`send_header`](Self::send_header), call it only when the payload of the frame has been written.
    ///
    /// The receiving half yields a reply to a Ping:
    ///
    /// ```
    /// use sansocket::{Config, Connection, Input};
    ///
    /// let (mut receiving, mut sending) =
    ///     Connection::server(Config::new()).split();
    /// let mut read = *b"\x89\x80\0\0\0\0";
    /// let (mut reply, mut out) = (None, Vec::new());
    /// receiving.receive(&mut Input::new(&mut read), &mut reply)?;
    /// if let Some(reply) = reply {
    ///     sending.reply(&reply, &mut out);
    /// }
    /// assert_eq!(out, b"\x8a\x00");
    /// # Ok::<(), sansocket::ProtocolError>(())
    /// ```
    pub fn reply(&mut self, reply: &Reply, out: &mut Vec<u8>) {
        self.settle(&reply.0, out);
    }

    /// Fails the connection because a timeout has expired, unless it has failed or both sides have sent a
    /// Close.
    ///
    /// See [`Connection::time_out`](crate::Connection::time_out) for details. Do not use the receiving half
    /// after this: read until the end of the stream, and discard the bytes.
    pub fn time_out(&mut self, timeout: Timeout, out: &mut Vec<u8>) {
        if matches!(self.state(), State::Open | State::Closing) {
            self.fail(ProtocolError::TimedOut(timeout), out);
        }
    }

    /// Releases the compression context.
    ///
    /// See [`Connection::release_buffers`](crate::Connection::release_buffers) for details.
    pub fn release_buffers(&mut self) {
        self.deflater.release_buffers();
    }

    /// Returns the role of this endpoint.
    pub fn role(&self) -> Role {
        if self.entropy.is_some() { Role::Client } else { Role::Server }
    }

    /// Returns the current state of the connection, as far as the replies passed to [`reply`](Self::reply)
    /// show it.
    pub fn state(&self) -> State {
        self.lifecycle.state()
    }

    /// Returns how the connection ended, or `None` before it reaches [`State::Draining`].
    pub fn close_outcome(&self) -> Option<CloseOutcome<'_>> {
        self.lifecycle.close_outcome()
    }

    /// Carries out the consequence of received bytes.
    pub(super) fn settle(&mut self, owed: &Owed<'_>, out: &mut Vec<u8>) {
        match owed {
            // The end of the stream is always recorded, everything else only while frames may be received.
            Owed::Eof { interrupted } => {
                // The outcome describes how the connection ended.
                let _ = self.end(*interrupted);
            }
            _ if !self.lifecycle.may_receive() => {}
            Owed::Pong(data) => self.write_frame(OpCode::Pong, true, data, out), // RFC 6455, 5.5.2
            Owed::Close { close, interrupted } => {
                self.lifecycle.on_close_received(close.as_ref(), *interrupted);
                if self.auto_close && self.lifecycle.may_send() {
                    self.write_close(close.as_ref(), out); // RFC 6455, 5.5.1: the status code is echoed
                }
            }
            Owed::Failure(error) => self.fail(*error, out),
        }
    }

    /// Records the end of the stream, which may be reported more than once.
    pub(super) fn end(&mut self, interrupted: bool) -> Result<(), ProtocolError> {
        self.deflater.forget();
        self.lifecycle.on_eof(interrupted)
    }

    /// Sends one Close if none was sent, and then nothing more in either direction (RFC 6455, section 7.1.7).
    #[cold]
    fn fail(&mut self, error: ProtocolError, out: &mut Vec<u8>) {
        if let Some(code) = error.close_code()
            && self.lifecycle.may_send()
        {
            let reason = match error {
                ProtocolError::TimedOut(Timeout::Pong) => "keep-alive timeout",
                ProtocolError::TimedOut(Timeout::Idle) => "idle timeout",
                _ => "",
            };
            // None of the reasons is too long.
            self.write_close(Some(&Close::new(code, reason).unwrap_or(code.into())), out);
        }
        self.lifecycle.on_failure(error);
    }

    #[expect(clippy::inline_always, reason = "one call more is a large part of a short message")]
    #[inline(always)]
    fn send_message(&mut self, opcode: OpCode, payload: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.check_between_messages()?;
        if self.deflater.is_off() {
            self.write_frame(opcode, true, payload, out);
        } else {
            self.write_data(opcode, true, payload, out);
        }
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
        let opcode = match self.message {
            None => kind,
            Some(message) if message == kind => OpCode::Continuation,
            Some(_) => return Err(SendError::MessageInProgress),
        };
        self.message = (!last).then_some(kind);
        self.write_data(opcode, last, payload, out);
        Ok(())
    }

    fn send_control(&mut self, opcode: OpCode, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.check_control(opcode, true, as_u64(data.len()))?;
        self.write_frame(opcode, true, data, out);
        Ok(())
    }

    #[inline]
    fn check_open(&self) -> Result<(), SendError> {
        if self.lifecycle.may_send() { Ok(()) } else { Err(SendError::ConnectionClosing) }
    }

    #[inline]
    fn check_between_messages(&self) -> Result<(), SendError> {
        self.check_open()?;
        if self.message.is_none() { Ok(()) } else { Err(SendError::MessageInProgress) }
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

    /// Appends a Close whose code has been checked or echoes the peer's.
    fn write_close(&mut self, close: Option<&Close<'_>>, out: &mut Vec<u8>) {
        let code = close.map(|close| close.code().get().to_be_bytes());
        let reason = close.map_or("", Close::reason);
        let bytes = code.iter().flatten().chain(reason.as_bytes());
        // A reason always fits.
        let mut body = [0; MAX_CONTROL_LEN];
        let len = body.iter_mut().zip(bytes).map(|(to, from)| *to = *from).count();
        self.write_frame(OpCode::Close, true, body.get(..len).unwrap_or_default(), out);
        self.lifecycle.on_close_sent();
        self.deflater.forget();
    }

    /// Appends a data frame that is known to be valid.
    fn write_data(&mut self, opcode: OpCode, fin: bool, payload: &[u8], out: &mut Vec<u8>) {
        let entropy = &mut self.entropy;
        let key = || entropy.as_mut().map(Entropy::masking_key);
        if !self.deflater.write(opcode, fin, payload, out, key) {
            self.write_frame(opcode, fin, payload, out);
        }
    }

    /// Appends a frame that is known to be valid, uncompressed.
    #[inline]
    fn write_frame(&mut self, opcode: OpCode, fin: bool, payload: &[u8], out: &mut Vec<u8>) {
        frames::write(self.entropy.as_mut(), opcode, fin, payload, out);
    }

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
