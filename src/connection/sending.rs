//! Sending with a whole connection: the documented methods, each of which is the sending side's.

use alloc::vec::Vec;

use super::Connection;
use crate::{Close, SendError, frame::OpCode};

impl Connection {
    /// Appends a text message to `out`, in one frame (RFC 6455, 6.1).
    ///
    /// It takes no other memory if `out` has room for the text and
    /// [`MAX_HEADER_LEN`](crate::frame::MAX_HEADER_LEN) bytes more.
    ///
    /// # Errors
    ///
    /// [`SendError::ConnectionClosing`] once our Close is out; [`SendError::MessageInProgress`] between the fragments
    /// of another message. Nothing was appended.
    #[inline]
    pub fn send_text(&mut self, text: &str, out: &mut Vec<u8>) -> Result<(), SendError> {
        self.sending.send_text(text, out)
    }

    /// Appends a binary message to `out`, in one frame (RFC 6455, 6.1).
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    #[inline]
    pub fn send_binary(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.sending.send_binary(data, out)
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
        self.sending.send_text_fragment(text, last, out)
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
        self.sending.send_binary_fragment(data, last, out)
    }

    /// Appends a Ping with at most 125 bytes of data to `out` (RFC 6455, 5.5.2).
    ///
    /// # Errors
    ///
    /// [`SendError::ConnectionClosing`] once our Close is out; [`SendError::ControlPayloadTooLong`].
    pub fn send_ping(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.sending.send_ping(data, out)
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
        self.sending.send_pong(data, out)
    }

    /// Appends a Close to `out`: begins the closing handshake, or answers the peer's Close where
    /// [`Config::auto_close`](crate::Config::auto_close) is off (RFC 6455, 7.1.2).
    ///
    /// Takes a [`CloseCode`](crate::CloseCode), a [`Close`] or `None`. Then go on reading until [`state`](Self::state) is
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
        self.sending.send_close(close, out)?;
        self.receiver.on_close_sent();
        Ok(())
    }

    /// Appends the header of a frame alone to `out`, for a payload that the caller writes itself, for example
    /// with a vectored write.
    ///
    /// Exactly `payload_len` bytes of payload have to follow on the wire before anything else. A client has to
    /// [`mask`](crate::frame::mask()) them with the key that is returned, a fresh one for this frame, and must
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
        self.sending.send_header(opcode, fin, payload_len, out)
    }
}
