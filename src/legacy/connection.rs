//! The connection of any version.

use alloc::vec::Vec;

use super::{Draft, Version, hixie::Hixie};
use crate::{
    Close, CloseOutcome, Config, Event, Input, ProtocolError, SendError, State,
    frame::{OpCode, Role},
    keepalive::Timeout,
};

/// One endpoint of an open connection in any [`Version`].
///
/// The methods are those of the crate's [`Connection`](crate::Connection), which it contains for versions 7,
/// 8 and 13. Hixie-75 and hixie-76 differ:
///
/// | subject | hixie-75 and hixie-76 |
/// |---|---|
/// | sending | text messages only, never masked |
/// | receiving | text messages only; frames of other types are skipped without an event |
/// | invalid UTF-8 in a received message | is replaced with U+FFFD, which takes up to 3 times the memory |
/// | limits | [`Config::max_message_len`], and [`Config::max_frame_len`] for a skipped frame with a length |
/// | other settings | [`Config::auto_close`] and [`Config::deliver_while_closing`]; messages are delivered as a whole, and [`Input::retained`] retains nothing |
/// | failure | nothing is sent, since there are no close codes |
/// | closing, hixie-76 | a closing handshake without code and reason; close code 1005 if it is complete |
/// | closing, hixie-75 | the end of the stream between two frames, also with close code 1005 |
///
/// A server receives a message of hixie-76 and closes the connection:
///
/// ```
/// use sansocket::{Config, Event, Input};
/// use sansocket::legacy::{Connection, Version};
///
/// let mut connection = Connection::server(Version::Hixie76, Config::new());
/// let (mut bytes, mut out) = (*b"\x00Hello\xff", Vec::new());
/// let event = connection.receive(&mut Input::new(&mut bytes), &mut out)?;
/// assert_eq!(event, Some(Event::Text("Hello".into())));
/// connection.send_close(None, &mut out)?;
/// assert_eq!(out, b"\xff\x00");
/// # Ok::<(), sansocket::Error>(())
/// ```
#[derive(Debug)]
pub struct Connection {
    version: Version,
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Core(crate::Connection),
    Hixie(Hixie),
}

impl Connection {
    /// Creates the server side of a connection whose handshake has been completed.
    pub fn server(version: Version, config: Config) -> Self {
        match Draft::of(version) {
            Some(draft) => Self::hixie(version, draft, Role::Server, config),
            None => Self::core(version, crate::Connection::server(config)),
        }
    }

    /// Creates the client side of a connection whose handshake has been completed.
    ///
    /// Hixie-75 and hixie-76 do not mask, and do not use the `seed`. See
    /// [`Connection::client`](crate::Connection::client) for the others.
    pub fn client(version: Version, config: Config, seed: [u8; 32]) -> Self {
        match Draft::of(version) {
            Some(draft) => Self::hixie(version, draft, Role::Client, config),
            None => Self::core(version, crate::Connection::client(config, seed)),
        }
    }

    pub(super) fn core(version: Version, connection: crate::Connection) -> Self {
        Self { version, inner: Inner::Core(connection) }
    }

    fn hixie(version: Version, draft: Draft, role: Role, config: Config) -> Self {
        Self { version, inner: Inner::Hixie(Hixie::new(draft, role, config)) }
    }

    /// Returns the next event, or `Ok(None)` once the input has been consumed and more bytes must be read.
    ///
    /// See [`Connection::receive`](crate::Connection::receive) for details.
    ///
    /// # Errors
    ///
    /// Returns a [`ProtocolError`] if the peer broke the protocol or exceeded a limit. Versions 7, 8 and 13
    /// have appended a Close to `out`, hixie-75 and hixie-76 nothing. Later calls return the same error.
    #[inline]
    pub fn receive<'b>(
        &mut self,
        input: &mut Input<'b>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Event<'b>>, ProtocolError> {
        match &mut self.inner {
            Inner::Core(connection) => connection.receive(input, out),
            Inner::Hixie(hixie) => hixie.receive(input, out),
        }
    }

    /// Notifies the connection that the transport has closed, for whatever reason.
    ///
    /// # Errors
    ///
    /// Returns the earlier error if the connection failed, and [`ProtocolError::UnexpectedEof`] if there was
    /// no closing handshake. Hixie-75 has none: there it is returned if the end is inside a frame.
    pub fn receive_eof(&mut self) -> Result<(), ProtocolError> {
        match &mut self.inner {
            Inner::Core(connection) => connection.receive_eof(),
            Inner::Hixie(hixie) => hixie.receive_eof(),
        }
    }

    /// Appends a text message to `out`.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::ConnectionClosing`] once the connection closes, and
    /// [`SendError::MessageInProgress`] between the fragments of another message. Nothing is appended then.
    #[inline]
    pub fn send_text(&mut self, text: &str, out: &mut Vec<u8>) -> Result<(), SendError> {
        match &mut self.inner {
            Inner::Core(connection) => connection.send_text(text, out),
            Inner::Hixie(hixie) => hixie.send_text(text, out),
        }
    }

    /// Appends a binary message to `out`.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::Unsupported`] in hixie-75 and hixie-76. Otherwise see
    /// [`send_text`](Self::send_text).
    #[inline]
    pub fn send_binary(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.core_mut()?.send_binary(data, out)
    }

    /// Appends the next fragment of a text message to `out`; the `last` one ends the message.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::Unsupported`] in hixie-75 and hixie-76. Otherwise see
    /// [`Connection::send_text_fragment`](crate::Connection::send_text_fragment).
    pub fn send_text_fragment(&mut self, text: &str, last: bool, out: &mut Vec<u8>) -> Result<(), SendError> {
        self.core_mut()?.send_text_fragment(text, last, out)
    }

    /// Appends the next fragment of a binary message to `out`; the `last` one ends the message.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::Unsupported`] in hixie-75 and hixie-76. Otherwise see
    /// [`Connection::send_binary_fragment`](crate::Connection::send_binary_fragment).
    pub fn send_binary_fragment(
        &mut self,
        data: &[u8],
        last: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        self.core_mut()?.send_binary_fragment(data, last, out)
    }

    /// Appends the header of a frame to `out`, for a payload that you write yourself.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::Unsupported`] in hixie-75 and hixie-76. Otherwise see
    /// [`Connection::send_header`](crate::Connection::send_header).
    pub fn send_header(
        &mut self,
        opcode: OpCode,
        fin: bool,
        payload_len: u64,
        out: &mut Vec<u8>,
    ) -> Result<Option<[u8; 4]>, SendError> {
        self.core_mut()?.send_header(opcode, fin, payload_len, out)
    }

    /// Appends a Ping to `out`.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::Unsupported`] in hixie-75 and hixie-76. Otherwise see
    /// [`Connection::send_ping`](crate::Connection::send_ping).
    pub fn send_ping(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.core_mut()?.send_ping(data, out)
    }

    /// Appends a Pong to `out`.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::Unsupported`] in hixie-75 and hixie-76. Otherwise see
    /// [`Connection::send_pong`](crate::Connection::send_pong).
    pub fn send_pong(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.core_mut()?.send_pong(data, out)
    }

    /// Begins the closing handshake, or replies to the peer's Close if [`Config::auto_close`] is off.
    ///
    /// In hixie-76 the code and reason are omitted. In hixie-75 nothing is appended, and
    /// [`state`](Self::state) is [`State::Draining`] at once: write `out`, then close the transport.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::ConnectionClosing`] if it was called before. Otherwise see
    /// [`Connection::send_close`](crate::Connection::send_close).
    pub fn send_close<'a>(
        &mut self,
        close: impl Into<Option<Close<'a>>>,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        match &mut self.inner {
            Inner::Core(connection) => connection.send_close(close, out),
            Inner::Hixie(hixie) => hixie.send_close(out),
        }
    }

    /// Fails the connection because of a timeout, which is then its cause: [`ProtocolError::TimedOut`].
    ///
    /// Versions 7, 8 and 13 append a Close to `out`, hixie-75 and hixie-76 nothing. Does nothing if the
    /// connection has ended or failed. See [`Connection::time_out`](crate::Connection::time_out) for details.
    pub fn time_out(&mut self, timeout: Timeout, out: &mut Vec<u8>) {
        match &mut self.inner {
            Inner::Core(connection) => connection.time_out(timeout, out),
            Inner::Hixie(hixie) => hixie.time_out(timeout),
        }
    }

    /// Returns the version of the connection.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Returns the role of this endpoint.
    pub fn role(&self) -> Role {
        match &self.inner {
            Inner::Core(connection) => connection.role(),
            Inner::Hixie(hixie) => hixie.role(),
        }
    }

    /// Returns the current state of the connection.
    pub fn state(&self) -> State {
        match &self.inner {
            Inner::Core(connection) => connection.state(),
            Inner::Hixie(hixie) => hixie.state(),
        }
    }

    /// Returns how the connection ended, or `None` before it reaches [`State::Draining`].
    pub fn close_outcome(&self) -> Option<CloseOutcome<'_>> {
        match &self.inner {
            Inner::Core(connection) => connection.close_outcome(),
            Inner::Hixie(hixie) => hixie.close_outcome(),
        }
    }

    /// Converts it into the underlying connection of version 7, 8 or 13, for everything that has no method
    /// here.
    ///
    /// # Errors
    ///
    /// Returns the connection itself in hixie-75 and hixie-76.
    #[expect(clippy::result_large_err, reason = "nothing is lost, and one is as large as the other")]
    pub fn into_core(self) -> Result<crate::Connection, Self> {
        match self.inner {
            Inner::Core(connection) => Ok(connection),
            Inner::Hixie(_) => Err(self),
        }
    }

    #[inline]
    fn core_mut(&mut self) -> Result<&mut crate::Connection, SendError> {
        match &mut self.inner {
            Inner::Core(connection) => Ok(connection),
            Inner::Hixie(_) => Err(SendError::Unsupported),
        }
    }
}
