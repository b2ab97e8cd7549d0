//! The state machine of the closing handshake (RFC 6455, section 7).
//!
//! ```text
//!                 we send a Close           the peer's Close arrives
//!        ┌──────▶ Closing ─────────────────────────┐
//!   Open ┤                                         ├──▶ Draining ──▶ Closed
//!        └──────▶ Closing (manual reply) ──────────┤         end of stream
//!        the peer's Close arrives   we send ours   │
//!        └─────────────────────────────────────────┘
//!          the peer's Close arrives and is answered at once, or the connection fails
//! ```
//!
//! The end of the stream leads to Closed from every state.

use alloc::boxed::Box;
use core::fmt;

use crate::{Close, CloseCode, ProtocolError, excerpt::Excerpt};

/// The state of a connection.
///
/// This function decides what a server does with its TCP stream after it has written `out`:
///
/// ```
/// use sansocket::State;
/// use std::net::{Shutdown, TcpStream};
///
/// fn after_writing(state: State, stream: &TcpStream) -> std::io::Result<()> {
///     match state {
///         State::Open | State::Closing => Ok(()), // read on
///         State::Draining => stream.shutdown(Shutdown::Write), // then read
///         State::Closed => Ok(()), // drop the stream
///     }
/// }
/// ```
#[doc(alias = "readyState")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "callers decide what to do with their transport in each state")]
pub enum State {
    /// Messages can be sent and received.
    Open,
    /// One Close frame has been sent or received; the other is still outstanding. Keep reading, with a
    /// timeout.
    ///
    /// Usually our own Close has been sent. If [`Config::auto_close`](crate::Config::auto_close) is off, the
    /// peer's Close may have been received instead; then your code must reply to it.
    Closing,
    /// Nothing more will be sent or received: both Close frames have been exchanged, or the connection has
    /// failed.
    ///
    /// Write what is in `out`. A server then shuts down the write half of its transport. Both sides read and
    /// discard bytes until the end of the stream, with a timeout; a client lets the server close first (RFC
    /// 6455, section 7.1.1). Closing the transport with unread input instead may destroy the Close frame in
    /// flight.
    #[doc(alias = "half-close")]
    #[doc(alias = "shutdown")]
    #[doc(alias = "lingering close")]
    Draining,
    /// The transport is closed.
    Closed,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Draining => "draining",
            Self::Closed => "closed",
        })
    }
}

/// How a connection ended (RFC 6455, sections 7.1.4 to 7.1.6).
#[doc(alias = "CloseEvent")]
#[doc(alias = "wasClean")]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CloseOutcome<'a> {
    /// The close code of the peer's Close: 1005 if it had none, 1006 if no Close was received before the
    /// connection failed or the transport closed. A browser reports it as `code`.
    pub code: u16,
    /// The reason of the peer's Close, empty if there was none. A browser reports it as `reason`.
    pub reason: &'a str,
    /// Whether both Close frames were exchanged. A browser reports it as `wasClean`.
    pub clean: bool,
    /// Which side ended the connection first.
    pub initiator: Initiator,
    /// Whether the peer's Close arrived in the middle of a message, or the stream ended in the middle of a
    /// message or frame. The partial data was discarded. For a connection that failed, `error` is more
    /// precise.
    pub interrupted: bool,
    /// Why the connection failed, if it did.
    pub error: Option<ProtocolError>,
}

/// For logs: `closed with 1000 "bye"`, `failed: connection closed ...`.
impl fmt::Display for CloseOutcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(error) = self.error {
            return write!(f, "failed: {error}");
        }
        write!(f, "closed with {}", self.code)?;
        if self.reason.is_empty() { Ok(()) } else { write!(f, " {:?}", self.reason) }
    }
}

impl CloseOutcome<'_> {
    /// Returns [`code`](Self::code) as the type of [`Close::code`], or `None` for 1005 and 1006, which
    /// represent a Close without a code and a missing Close.
    pub fn close_code(&self) -> Option<CloseCode> {
        CloseCode::new(self.code)
    }
}

/// The side that ended a connection first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the variants are exhaustive by definition")]
pub enum Initiator {
    /// We sent a Close first, possibly because the peer had broken the protocol.
    Local,
    /// The peer sent a Close first.
    Remote,
    /// The transport closed before either side had sent a Close.
    Transport,
}

/// The name in lower case: `local`, `remote`, `transport`.
impl fmt::Display for Initiator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::Remote => "remote",
            Self::Transport => "transport",
        })
    }
}

/// The progress of the closing handshake.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each of them is a fact of its own")]
pub(crate) struct Lifecycle {
    sent: bool,
    /// Whether the peer's Close was received, its code and its reason.
    received: bool,
    code: Option<CloseCode>,
    ended: bool,
    /// Whether something has happened that ends sending: a Close was sent, a failure, or the end of the stream. It makes
    /// one test of three, for each message.
    is_silent: bool,
    initiator: Option<Initiator>,
    interrupted: bool,
    /// On the heap, as most connections are open or have ended without either.
    details: Option<Box<Details>>,
}

/// The part of the outcome that few connections have.
#[derive(Debug, Default)]
struct Details {
    reason: Reason,
    failure: Option<ProtocolError>,
}

impl Lifecycle {
    pub(crate) fn state(&self) -> State {
        match (self.sent, self.received) {
            _ if self.ended => State::Closed,
            _ if self.failure().is_some() => State::Draining,
            (true, true) => State::Draining,
            (false, false) => State::Open,
            (true, false) | (false, true) => State::Closing,
        }
    }

    /// Returns `true` if received bytes are still meaningful: before the peer's Close, a failure and the end
    /// of the stream.
    pub(crate) fn may_receive(&self) -> bool {
        !self.received && self.failure().is_none() && !self.ended
    }

    /// Returns `true` if frames other than a Pong may be sent.
    #[inline]
    pub(crate) fn may_send(&self) -> bool {
        !self.is_silent
    }

    /// Returns `true` if a Pong may be sent: even after our own Close, but not after the peer's (RFC 6455,
    /// section 5.5.2).
    pub(crate) fn may_send_pong(&self) -> bool {
        self.may_receive()
    }

    pub(crate) fn on_close_sent(&mut self) {
        self.sent = true;
        self.is_silent = true;
        self.initiator.get_or_insert(Initiator::Local);
    }

    pub(crate) fn on_close_received(&mut self, close: Option<&Close<'_>>, in_message: bool) {
        self.received = true;
        self.code = close.map(Close::code);
        let reason = close.map_or("", Close::reason);
        if !reason.is_empty() {
            self.details.get_or_insert_default().reason = Reason(reason.into());
        }
        self.initiator.get_or_insert(Initiator::Remote);
        self.interrupted = in_message;
    }

    pub(crate) fn on_failure(&mut self, error: ProtocolError) {
        self.details.get_or_insert_default().failure = Some(error);
        self.is_silent = true;
        self.initiator.get_or_insert(Initiator::Local);
    }

    /// Records the end of the stream, which may be reported more than once.
    pub(crate) fn on_eof(&mut self, in_message: bool) -> Result<(), ProtocolError> {
        if !self.ended && self.failure().is_none() && !(self.sent && self.received) {
            self.details.get_or_insert_default().failure = Some(ProtocolError::UnexpectedEof);
            self.initiator.get_or_insert(Initiator::Transport);
            self.interrupted |= in_message;
        }
        self.ended = true;
        self.is_silent = true;
        self.failure().map_or(Ok(()), Err)
    }

    #[inline]
    fn failure(&self) -> Option<ProtocolError> {
        self.details.as_ref().and_then(|details| details.failure)
    }

    pub(crate) fn close_outcome(&self) -> Option<CloseOutcome<'_>> {
        if !matches!(self.state(), State::Draining | State::Closed) {
            return None;
        }
        let code = if self.received { self.code.map_or(NO_STATUS, CloseCode::get) } else { ABNORMAL };
        Some(CloseOutcome {
            code,
            reason: self.details.as_ref().map_or("", |details| &details.reason.0),
            clean: self.failure().is_none(),
            initiator: self.initiator.unwrap_or(Initiator::Transport),
            interrupted: self.interrupted,
            error: self.failure(),
        })
    }
}

/// The reason of the peer's Close.
#[derive(Default)]
struct Reason(Box<str>);

/// Shows only the beginning, since the peer chose it and it may be long.
impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Excerpt::new(self.0.as_bytes()).fmt(f)
    }
}

/// Shows only the beginning of the reason, since the peer chose it and it may be long.
impl fmt::Debug for CloseOutcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloseOutcome")
            .field("code", &self.code)
            .field("reason", &Excerpt::new(self.reason.as_bytes()))
            .field("clean", &self.clean)
            .field("initiator", &self.initiator)
            .field("interrupted", &self.interrupted)
            .field("error", &self.error)
            .finish()
    }
}

/// Represents a Close without a close code; never sent (RFC 6455, section 7.1.5).
const NO_STATUS: u16 = 1005;

/// Represents a connection that ended without a Close; never sent (RFC 6455, section 7.1.5).
const ABNORMAL: u16 = 1006;
