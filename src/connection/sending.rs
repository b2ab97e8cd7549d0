//! The documented sending methods of a connection, each of which delegates to the sending side.

use alloc::vec::Vec;

use super::Connection;
use crate::{
    Close, SendError,
    frame::{OpCode, Rsv},
};

impl Connection {
    /// Appends a text message to `out`, in one frame (RFC 6455, section 6.1).
    ///
    /// It allocates nothing if `out` has room for the text and
    /// [`MAX_HEADER_LEN`](crate::frame::MAX_HEADER_LEN) more bytes.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::ConnectionClosing`] if our Close has been sent.
    /// Returns [`SendError::MessageInProgress`] between the fragments of another message.
    /// Nothing is appended then.
    ///
    /// # Examples
    ///
    /// A server sends a text of two bytes:
    ///
    /// ```
    /// use sansocket::{Config, Connection};
    ///
    /// let mut connection = Connection::server(Config::new());
    /// let mut out = Vec::new();
    /// connection.send_text("Hi", &mut out)?;
    /// assert_eq!(out, b"\x81\x02Hi");
    /// # Ok::<(), sansocket::SendError>(())
    /// ```
    #[doc(alias = "write")]
    #[doc(alias = "send")]
    #[doc(alias = "feed")]
    #[doc(alias = "flush")]
    #[doc(alias = "encode")]
    #[inline]
    pub fn send_text(&mut self, text: &str, out: &mut Vec<u8>) -> Result<(), SendError> {
        self.sending.send_text(text, out)
    }

    /// Appends a binary message to `out`, in one frame (RFC 6455, section 6.1).
    ///
    /// It allocates nothing if `out` has room for the data and
    /// [`MAX_HEADER_LEN`](crate::frame::MAX_HEADER_LEN) more bytes.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::ConnectionClosing`] if our Close has been sent.
    /// Returns [`SendError::MessageInProgress`] between the fragments of another message.
    /// Nothing is appended then.
    ///
    /// # Examples
    ///
    /// A server sends two messages with one write:
    ///
    /// ```
    /// use sansocket::{Config, Connection};
    ///
    /// let mut connection = Connection::server(Config::new());
    /// let mut out = Vec::new();
    /// connection.send_binary(&[1, 2, 3], &mut out)?;
    /// connection.send_binary(&[4], &mut out)?;
    /// assert_eq!(out, [0x82, 3, 1, 2, 3, 0x82, 1, 4]);
    /// # Ok::<(), sansocket::SendError>(())
    /// ```
    #[doc(alias = "write")]
    #[doc(alias = "send")]
    #[doc(alias = "feed")]
    #[doc(alias = "flush")]
    #[doc(alias = "encode")]
    #[inline]
    pub fn send_binary(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.sending.send_binary(data, out)
    }

    /// Appends a message of an extension of your own to `out`, in one frame with these reserved bits (RFC 6455, 9).
    ///
    /// `data` is what your codec made of the message, of text also if it is not UTF-8. It is not compressed.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::InvalidReservedBits`] if a bit is set that [`Config::allow_rsv`](crate::Config::allow_rsv), or the
    /// agreement on the extension, does not allow, if no bit is set, or if `opcode` is not text or binary. Returns
    /// [`SendError::ConnectionClosing`] and [`SendError::MessageInProgress`] as [`send_text`](Self::send_text) does. Nothing was
    /// appended.
    ///
    /// # Examples
    ///
    /// This server has agreed on an extension that uses RSV2:
    ///
    /// ```
    /// use sansocket::{Config, Connection, frame::{OpCode, Rsv}};
    ///
    /// let mut connection = Connection::server(Config::new().allow_rsv(Rsv::RSV2));
    /// let mut out = Vec::new();
    /// connection.send_extended(OpCode::Text, Rsv::RSV2, b"\xfe\xff", &mut out)?;
    /// assert_eq!(out, b"\xa1\x02\xfe\xff");
    /// # Ok::<(), sansocket::SendError>(())
    /// ```
    pub fn send_extended(
        &mut self,
        opcode: OpCode,
        rsv: Rsv,
        data: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        self.sending.send_extended(opcode, rsv, data, out)
    }

    /// Appends the next fragment of a text message to `out` (RFC 6455, section 5.4).
    ///
    /// The first call begins the message, and the call with `last` ends it. Control frames may be sent
    /// between fragments, other messages may not.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::ConnectionClosing`] if our Close has been sent, even if it was the automatic
    /// reply to the peer's; the rest of the message can no longer be sent. Returns
    /// [`SendError::MessageInProgress`] if a binary message is being sent in fragments. Nothing is appended
    /// then.
    ///
    /// # Examples
    ///
    /// Lines are sent as one message while they are produced:
    ///
    /// ```
    /// use sansocket::{Config, Connection};
    ///
    /// let mut connection = Connection::server(Config::new());
    /// let mut out = Vec::new();
    /// for line in ["a\n", "b\n"] {
    ///     connection.send_text_fragment(line, false, &mut out)?;
    ///     // Write `out` here.
    /// }
    /// connection.send_text_fragment("", true, &mut out)?;
    /// assert_eq!(out, b"\x01\x02a\n\x00\x02b\n\x80\x00");
    /// # Ok::<(), sansocket::SendError>(())
    /// ```
    #[inline]
    pub fn send_text_fragment(&mut self, text: &str, last: bool, out: &mut Vec<u8>) -> Result<(), SendError> {
        self.sending.send_text_fragment(text, last, out)
    }

    /// Appends the next fragment of a binary message to `out` (RFC 6455, section 5.4).
    ///
    /// The first call begins the message, and the call with `last` ends it. Control frames may be sent
    /// between fragments, other messages may not.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::ConnectionClosing`] if our Close has been sent, even if it was the automatic
    /// reply to the peer's; the rest of the message can no longer be sent. Returns
    /// [`SendError::MessageInProgress`] if a text message is being sent in fragments. Nothing is appended
    /// then.
    ///
    /// # Examples
    ///
    /// A Ping is sent between the chunks of a large message:
    ///
    /// ```
    /// use sansocket::{Config, Connection};
    ///
    /// let mut connection = Connection::server(Config::new());
    /// let mut out = Vec::new();
    /// connection.send_binary_fragment(&[1, 2], false, &mut out)?;
    /// connection.send_ping(b"", &mut out)?;
    /// connection.send_binary_fragment(&[3], true, &mut out)?;
    /// assert_eq!(out, [0x02, 2, 1, 2, 0x89, 0, 0x80, 1, 3]);
    /// # Ok::<(), sansocket::SendError>(())
    /// ```
    #[inline]
    pub fn send_binary_fragment(
        &mut self,
        data: &[u8],
        last: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        self.sending.send_binary_fragment(data, last, out)
    }

    /// Appends a Ping with at most 125 bytes of data to `out` (RFC 6455, section 5.5.2).
    ///
    /// # Errors
    ///
    /// Returns [`SendError::ConnectionClosing`] if our Close has been sent.
    /// Returns [`SendError::ControlPayloadTooLong`] if `data` is longer than 125 bytes.
    /// Nothing is appended then.
    ///
    /// # Examples
    ///
    /// The peer replies to this Ping with a Pong that has the same data:
    ///
    /// ```
    /// use sansocket::{Config, Connection};
    ///
    /// let mut connection = Connection::server(Config::new());
    /// let mut out = Vec::new();
    /// connection.send_ping(b"1", &mut out)?;
    /// assert_eq!(out, b"\x89\x011");
    /// # Ok::<(), sansocket::SendError>(())
    /// ```
    pub fn send_ping(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.sending.send_ping(data, out)
    }

    /// Appends a Pong with at most 125 bytes of data to `out` (RFC 6455, section 5.5.3).
    ///
    /// You only need it if [`Config::auto_pong`](crate::Config::auto_pong) is off; pass the data of the Ping.
    /// A Pong that replies to no Ping is legal, too. Unlike any other frame, it may be sent after our own
    /// Close.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::ConnectionClosing`] if the peer's Close has been received.
    /// Returns [`SendError::ControlPayloadTooLong`] if `data` is longer than 125 bytes.
    /// Nothing is appended then.
    pub fn send_pong(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.sending.send_pong(data, out)
    }

    /// Appends a Close to `out`: begins the closing handshake or replies to the peer's Close (RFC 6455,
    /// section 7.1.2).
    ///
    /// `close` is a [`CloseCode`](crate::CloseCode), a [`Close`] or `None`. You only need to reply to the
    /// peer's Close if [`Config::auto_close`](crate::Config::auto_close) is off. Afterwards keep reading
    /// until [`state`](Self::state) is [`State::Draining`](crate::State::Draining), with a timeout, since the
    /// peer may never reply. A message that is being sent in fragments stays unfinished, and the peer
    /// discards it.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::ConnectionClosing`] if a Close has been sent. Returns
    /// [`SendError::ClientOnlyCloseCode`] if a server sends 1010, unless it replies to the client's Close.
    /// Nothing is appended then.
    ///
    /// # Examples
    ///
    /// A server shuts down:
    ///
    /// ```
    /// use sansocket::{Close, CloseCode, Config, Connection};
    ///
    /// let mut connection = Connection::server(Config::new());
    /// let mut out = Vec::new();
    /// let close = Close::new(CloseCode::GOING_AWAY, "restart").unwrap();
    /// connection.send_close(close, &mut out)?;
    /// assert_eq!(out, b"\x88\x09\x03\xe9restart");
    /// # Ok::<(), sansocket::SendError>(())
    /// ```
    pub fn send_close<'a>(
        &mut self,
        close: impl Into<Option<Close<'a>>>,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        self.sending.send_close(close, out)?;
        self.receiver.on_close_sent();
        Ok(())
    }

    /// Appends the header of a frame to `out`, for a payload that you write yourself, for example with a
    /// vectored write.
    ///
    /// Exactly `payload_len` bytes of payload must follow on the wire before anything else. A client must
    /// [`mask`](crate::frame::mask()) them with the returned key, which is fresh for this frame, and must not
    /// change them afterwards (RFC 6455, section 10.3). A server gets `None` and sends them as they are. The
    /// payload of a text message must be UTF-8, over all its fragments. The frame is never compressed.
    ///
    /// # Errors
    ///
    /// Returns the error of the method that sends the same kind of frame, under the same conditions. Returns
    /// [`SendError::NoMessageInProgress`] if no message is in progress for a continuation frame. Returns
    /// [`SendError::ControlFragment`] for a Ping or Pong without `fin`. Returns [`SendError::PayloadTooLong`]
    /// if `payload_len` exceeds 2^63 - 1 bytes. Returns [`SendError::UseSendClose`] for a Close. Returns
    /// [`SendError::CompressedMessage`] for a continuation of a message that is being sent compressed.
    /// Nothing is appended then.
    ///
    /// # Examples
    ///
    /// A server sends the header, and then the payload from where it is:
    ///
    /// ```
    /// use sansocket::{Config, Connection, frame::OpCode};
    ///
    /// let mut connection = Connection::server(Config::new());
    /// let (mut out, payload) = (Vec::new(), [7; 300]);
    /// let key =
    ///     connection.send_header(OpCode::Binary, true, 300, &mut out)?;
    /// assert_eq!(out, [0x82, 126, 1, 44]);
    /// assert_eq!(key, None);
    /// // Write `out`, then `payload`.
    /// # let _ = payload;
    /// # Ok::<(), sansocket::SendError>(())
    /// ```
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
