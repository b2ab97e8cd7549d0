//! The sending side. A session that is not open is no error: the peer may close at any time.

use alloc::vec::Vec;

use super::{Phase, Session, ending::Reason};
use crate::{
    Close, Connection, SendError,
    frame::{self, OpCode, Rsv},
    num::as_u64,
};

impl Session {
    /// Sends a text message (RFC 6455, section 6.1).
    ///
    /// Returns `false` if the session is not open: the message was discarded.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::MessageInProgress`] if another message is being sent in fragments.
    #[inline]
    pub fn send_text(&mut self, text: &str) -> Result<bool, SendError> {
        if let Phase::Legacy(legacy) = &mut self.phase {
            return is_sent(legacy.send_text(text, self.out.out()));
        }
        self.send(|connection, out| connection.send_text(text, out))
    }

    /// Sends a binary message (RFC 6455, section 6.1).
    ///
    /// Returns `false` if the session is not open: the message was discarded.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::MessageInProgress`] if another message is being sent in fragments.
    #[inline]
    pub fn send_binary(&mut self, data: &[u8]) -> Result<bool, SendError> {
        self.send(|connection, out| connection.send_binary(data, out))
    }

    /// Sends a message of an extension of your own, in one frame with these reserved bits (RFC 6455, section 9).
    ///
    /// See [`Connection::send_extended`] for details. Returns `false` if the session is not open, yet or any more: the message
    /// was discarded.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::InvalidReservedBits`] if these bits were not agreed on, and [`SendError::MessageInProgress`] if
    /// another message is being sent in fragments.
    pub fn send_extended(&mut self, opcode: OpCode, rsv: Rsv, data: &[u8]) -> Result<bool, SendError> {
        self.send(|connection, out| connection.send_extended(opcode, rsv, data, out))
    }

    /// Sends the next fragment of a text message; the first begins the message, the `last` one ends it
    /// (RFC 6455, section 5.4).
    ///
    /// Returns `false` if the session is not open: the fragment and its message were discarded. Between the
    /// fragments of a message, Pings of the session are held back if compression was negotiated.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::MessageInProgress`] if a binary message is being sent in fragments.
    pub fn send_text_fragment(&mut self, text: &str, last: bool) -> Result<bool, SendError> {
        let sent = self.send(|connection, out| connection.send_text_fragment(text, last, out))?;
        self.after_fragment();
        Ok(sent)
    }

    /// Sends the next fragment of a binary message; the first begins the message, the `last` one ends it
    /// (RFC 6455, section 5.4).
    ///
    /// Returns `false` if the session is not open: the fragment and its message were discarded. Between the
    /// fragments of a message, Pings of the session are held back if compression was negotiated.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::MessageInProgress`] if a text message is being sent in fragments.
    pub fn send_binary_fragment(&mut self, data: &[u8], last: bool) -> Result<bool, SendError> {
        let sent = self.send(|connection, out| connection.send_binary_fragment(data, last, out))?;
        self.after_fragment();
        Ok(sent)
    }

    /// Sends a Ping of your own (RFC 6455, section 5.5.2). The session sends those of the keep-alive.
    ///
    /// Returns `false` if the session is not open.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::ControlPayloadTooLong`] if `data` has more than 125 bytes.
    pub fn send_ping(&mut self, data: &[u8]) -> Result<bool, SendError> {
        self.send(|connection, out| connection.send_ping(data, out))
    }

    /// Sends a Pong (RFC 6455, section 5.5.3). You only need it if
    /// [`Config::auto_pong`](crate::Config::auto_pong) is off.
    ///
    /// Returns `false` if the session is not open, or the peer's Close was received.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::ControlPayloadTooLong`] if `data` has more than 125 bytes.
    pub fn send_pong(&mut self, data: &[u8]) -> Result<bool, SendError> {
        self.send(|connection, out| connection.send_pong(data, out))
    }

    /// Sends a message that was encoded once for many sessions. It is not compressed.
    ///
    /// Returns `false` if the session is not open: the message was discarded.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::MessageInProgress`] if another message is being sent in fragments.
    pub fn send_encoded(&mut self, message: &EncodedMessage) -> Result<bool, SendError> {
        self.send(|connection, out| {
            let mask = connection.send_header(message.opcode, true, as_u64(message.payload.len()), out)?;
            let start = out.len();
            out.extend_from_slice(&message.payload);
            if let (Some(key), Some(payload)) = (mask, out.get_mut(start..)) {
                frame::mask(payload, key, 0);
            }
            Ok(())
        })
    }

    /// Sends the header of a frame whose payload your code writes without a copy, when
    /// [`payload_due`](Self::payload_due) returns its length.
    ///
    /// Returns the mask to apply to the payload, or `None` if the session is not open: there is no payload to
    /// write then. Other frames that are sent before the payload has been written follow it. The payload of a
    /// text message must be UTF-8. The frame is never compressed.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::MessageInProgress`] if another message, or another such payload, is not finished,
    /// and the errors of [`Connection::send_header`]. Nothing is sent then.
    pub fn send_header(
        &mut self,
        opcode: OpCode,
        fin: bool,
        payload_len: u64,
    ) -> Result<Option<PayloadMask>, SendError> {
        self.copy_payload();
        if self.payload.is_some() {
            return Err(SendError::MessageInProgress);
        }
        let mut key = None;
        let sent = self.send(|connection, out| {
            key = connection.send_header(opcode, fin, payload_len, out)?;
            Ok(())
        })?;
        if !sent {
            return Ok(None);
        }
        self.begin_payload(payload_len);
        Ok(Some(PayloadMask(key)))
    }

    /// Sends a Close, once: begins the closing handshake, or replies to the peer's Close if
    /// [`Config::auto_close`](crate::Config::auto_close) is off (RFC 6455, section 7.1.2).
    ///
    /// `close` is a [`CloseCode`](crate::CloseCode), a [`Close`] or `None`. Continue with
    /// [`transport`](Self::transport) until it returns [`Transport::Close`](super::Transport::Close): the
    /// peer must reply before the close timeout expires. Returns `false` if no Close was sent: a Close was
    /// sent before, or the session was not open. A server that has not answered its request responds with
    /// status 503 and ends; a client ends at once.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::ClientOnlyCloseCode`] for 1010 at a server.
    pub fn close<'a>(&mut self, close: impl Into<Option<Close<'a>>>) -> Result<bool, SendError> {
        if self.state().is_some() {
            let sent = match &mut self.phase {
                Phase::Legacy(legacy) => is_sent(legacy.send_close(self.out.out())),
                _ => self.send(|connection, out| connection.send_close(close, out)),
            }?;
            self.look_at_connection();
            return Ok(sent);
        }
        match &self.phase {
            _ if self.reason.is_some() => {}
            Phase::Server(_) | Phase::Deciding => self.give_up_request(),
            Phase::Legacy(legacy) if !legacy.is_client_handshake() => self.give_up_request(),
            _ => self.end(Reason::Aborted),
        }
        Ok(false)
    }

    /// Answers a request that the caller does not want to wait for, or decide on.
    fn give_up_request(&mut self) {
        self.out.out().extend_from_slice(SERVICE_UNAVAILABLE);
        self.leave(Reason::Aborted);
    }

    /// Ends at once, without a Close. [`transport`](Self::transport) returns
    /// [`Transport::Close`](super::Transport::Close).
    pub fn abort(&mut self) {
        self.end(Reason::Aborted);
    }

    #[inline]
    fn send(
        &mut self,
        send: impl FnOnce(&mut Connection, &mut Vec<u8>) -> Result<(), SendError>,
    ) -> Result<bool, SendError> {
        is_sent(match &mut self.phase {
            Phase::Open(connection) => send(connection, self.out.out()),
            Phase::Legacy(legacy) => legacy.refuse(),
            _ => return Ok(false),
        })
    }

    /// Some peers fail if a Ping comes between the fragments of a compressed message.
    fn after_fragment(&mut self) {
        let is_between = self.connection().is_some_and(Connection::is_in_compressed_message);
        self.keep_alive.hold_pings(is_between);
    }
}

/// Whether something was sent. That the connection is closing is no error.
#[inline]
fn is_sent(result: Result<(), SendError>) -> Result<bool, SendError> {
    match result {
        Ok(()) => Ok(true),
        Err(SendError::ConnectionClosing) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A message for many sessions, see [`Session::send_encoded`]. Clones share the payload.
///
/// # Examples
///
/// One for each of two tasks, without a copy:
///
/// ```
/// use sansocket::session::EncodedMessage;
///
/// let message = EncodedMessage::text("to all of you");
/// let other = message.clone();
/// std::thread::spawn(move || drop(other));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EncodedMessage {
    opcode: OpCode,
    payload: Shared,
}

/// Shared among the threads of a platform that can count references from several of them.
#[cfg(target_has_atomic = "ptr")]
type Shared = alloc::sync::Arc<[u8]>;
#[cfg(not(target_has_atomic = "ptr"))]
type Shared = alloc::boxed::Box<[u8]>;

impl EncodedMessage {
    /// Creates a text message.
    pub fn text(text: &str) -> Self {
        Self { opcode: OpCode::Text, payload: text.as_bytes().into() }
    }

    /// Creates a binary message.
    pub fn binary(data: &[u8]) -> Self {
        Self { opcode: OpCode::Binary, payload: data.into() }
    }
}

/// The mask of a payload that your code writes, see [`Session::send_header`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "a client must mask the payload"]
pub struct PayloadMask(Option<[u8; 4]>);

impl PayloadMask {
    /// Masks a part of the payload that begins at `offset`, if this is a client; a server sends it unchanged
    /// (RFC 6455, section 5.3).
    pub fn apply(self, part: &mut [u8], offset: u64) {
        if let Some(key) = self.0 {
            frame::mask(part, key, offset);
        }
    }
}

/// RFC 9110, section 15.6.4.
const SERVICE_UNAVAILABLE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
