//! The outcome of a session, and its cause.

use core::{error, fmt};

use super::{Phase, Session, Transport};
use crate::{
    Initiator, ProtocolError, client, excerpt::Excerpt, handshake::HandshakeError, keepalive::Timeout,
};

/// How a session ended (RFC 6455, sections 7.1.4 to 7.1.6).
///
/// `Display` is a line for a log: `closed with 1000`, `read or write failed`.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Ending<'s> {
    /// The close code of the peer's Close; 1005 if it had none, 1006 if no Close was received. The `code` of
    /// a browser's `CloseEvent`.
    pub code: u16,
    /// The reason of the peer's Close, or an empty string.
    pub reason: &'s str,
    /// `true` if both Close frames were exchanged. The `wasClean` of a browser's `CloseEvent`.
    pub clean: bool,
    /// The side that ended the session first.
    pub initiator: Initiator,
    /// `true` if the end came in the middle of a message or frame of the peer. Its partial data was
    /// discarded.
    pub interrupted: bool,
    /// The cause.
    pub cause: Cause<'s>,
}

/// Shows only the beginning of the reason, since the peer chose it and it may be long.
impl fmt::Debug for Ending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ending")
            .field("code", &self.code)
            .field("reason", &Excerpt::new(self.reason.as_bytes()))
            .field("clean", &self.clean)
            .field("initiator", &self.initiator)
            .field("interrupted", &self.interrupted)
            .field("cause", &self.cause)
            .finish()
    }
}

/// The cause of the end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause<'s> {
    /// Both Close frames were exchanged.
    Close,
    /// The peer violated the protocol or exceeded a limit. A Close frame has notified it.
    Protocol(ProtocolError),
    /// The opening handshake failed.
    Handshake(HandshakeError),
    /// The server rejected the request of this client.
    Rejected(&'s client::Response),
    /// This server answered the request with a response that opens no WebSocket.
    Answered,
    /// A timeout expired.
    Timeout(Timeout),
    /// The peer closed the transport without a closing handshake.
    Eof,
    /// Reading or writing failed. Your code has the error.
    Transport,
    /// Your code ended the session: [`Session::abort`], or [`Session::close`] before the session was open.
    Aborted,
}

/// A cause, as a session stores it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reason {
    Close,
    /// The error is stored in the connection.
    Protocol,
    /// The phase has the error.
    Handshake,
    Answered,
    Timeout(Timeout),
    Eof,
    Transport,
    Aborted,
}

impl Session {
    /// Returns how the session ended, or `None` before [`transport`](Self::transport) returns
    /// [`Transport::Close`].
    pub fn ending(&self) -> Option<Ending<'_>> {
        let (Transport::Close, Some(reason)) = (self.transport(), self.reason) else { return None };
        let initiator = match reason {
            Reason::Eof | Reason::Transport => Initiator::Transport,
            _ => Initiator::Local,
        };
        let unopened =
            Ending { code: 1006, reason: "", clean: false, initiator, interrupted: false, cause: Cause::Eof };
        // A partial frame in the caller's buffer is unknown to the connection.
        let is_cut_off = !matches!(reason, Reason::Close | Reason::Protocol);
        let mut ending = match &self.phase {
            Phase::Failed(failure) => match &failure.error {
                client::Error::Rejected(response) => {
                    let cause = Cause::Rejected(response);
                    Ending { initiator: Initiator::Remote, cause, ..unopened }
                }
                client::Error::Handshake(error) => Ending { cause: Cause::Handshake(*error), ..unopened },
            },
            _ => self.close_outcome().map_or(unopened, |outcome| Ending {
                code: outcome.code,
                reason: outcome.reason,
                clean: outcome.clean,
                // For the connection, aborting is an end of the transport.
                initiator: if matches!(reason, Reason::Aborted) { initiator } else { outcome.initiator },
                interrupted: outcome.interrupted || is_cut_off && self.waiting > 0,
                cause: outcome.error.map_or(Cause::Close, Cause::Protocol),
            }),
        };
        ending.cause = match reason {
            Reason::Close => Cause::Close,
            Reason::Protocol | Reason::Handshake => ending.cause,
            Reason::Answered => Cause::Answered,
            Reason::Timeout(timeout) => Cause::Timeout(timeout),
            Reason::Eof => Cause::Eof,
            Reason::Transport => Cause::Transport,
            Reason::Aborted => Cause::Aborted,
        };
        Some(ending)
    }
}

impl Ending<'_> {
    /// Returns `true` if a later attempt of a client can succeed without a change: reconnect with a delay that grows.
    ///
    /// That is after the close codes 1001, 1005, 1006 and 1011 to 1014, after the statuses 408, 425, 429 and 5xx, after
    /// timeouts, and after failures of the transport. It returns `false` for 1000, and for the codes 4000 to 4999, which your
    /// protocol defines.
    pub fn is_temporary(&self) -> bool {
        match self.cause {
            Cause::Close => matches!(self.code, 1001 | 1005 | 1006 | 1011..=1014),
            Cause::Rejected(response) => response.is_temporary(),
            Cause::Timeout(_) | Cause::Eof | Cause::Transport => true,
            // Both ends would do the same again, or it was a decision of your code.
            Cause::Protocol(_) | Cause::Handshake(_) | Cause::Answered | Cause::Aborted => false,
        }
    }
}

impl fmt::Display for Ending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause {
            Cause::Close if self.reason.is_empty() => write!(f, "closed with {}", self.code),
            Cause::Close => write!(f, "closed with {} {:?}", self.code, self.reason),
            cause => cause.fmt(f),
        }
    }
}

impl Cause<'_> {
    /// Returns a stable short name of the cause, for logs and metrics. See
    /// [`ProtocolError::name`] for details.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Close => "session_closed",
            Self::Protocol(error) => error.name(),
            Self::Handshake(error) => error.name(),
            Self::Rejected(_) => client::Rejection::NAME,
            Self::Answered => "session_answered",
            Self::Timeout(timeout) => timeout.name(),
            Self::Eof => ProtocolError::UnexpectedEof.name(),
            Self::Transport => "session_transport_failed",
            Self::Aborted => "session_aborted",
        }
    }
}

impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Close => f.write_str("closing handshake completed"),
            Self::Protocol(error) => error.fmt(f),
            Self::Handshake(error) => error.fmt(f),
            Self::Rejected(response) => client::Rejection(response).fmt(f),
            Self::Answered => f.write_str("request answered without opening a WebSocket"),
            Self::Timeout(timeout) => timeout.fmt(f),
            Self::Eof => ProtocolError::UnexpectedEof.fmt(f),
            Self::Transport => f.write_str("read or write failed"),
            Self::Aborted => f.write_str("aborted"),
        }
    }
}

impl error::Error for Cause<'_> {}
