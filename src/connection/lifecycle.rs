//! How a connection ends: the state machine of the closing handshake (RFC 6455, 7).
//!
//! ```text
//!                 we send a Close           the peer's Close arrives
//!        ┌──────▶ Closing ─────────────────────────┐
//!   Open ┤                                         ├──▶ Draining ──▶ Closed
//!        └──────▶ Closing (manual answer) ─────────┤         the transport ends
//!        the peer's Close arrives   we send ours   │
//!        └─────────────────────────────────────────┘
//!          the peer's Close arrives and is answered at once, or the connection fails
//! ```
//!
//! The end of the transport leads to Closed from every state.

use alloc::boxed::Box;
use core::fmt;

use crate::{Close, CloseCode, ProtocolError, excerpt::Excerpt};

/// Where a connection stands between its opening and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "callers decide what to do with their transport in each state")]
pub enum State {
    /// Messages go both ways.
    Open,
    /// A Close was sent or received, and the other one is missing. Go on reading, under a timer.
    ///
    /// Usually ours was sent. If [`Config::auto_close`](crate::Config::auto_close) is off it may be the
    /// peer's that came; then it is for the caller to answer it.
    Closing,
    /// Nothing will be sent or received any more: both Closes were exchanged, or the connection failed.
    ///
    /// Write what is in `out`. Then a server shuts down its transport for writing, and both sides read (and
    /// drop) what comes until the transport ends, under a timer; a client lets the server end it first
    /// (RFC 6455, 7.1.1). Closing with unread input instead may destroy the Close on its way.
    Draining,
    /// The transport has ended.
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

/// How a connection ended (RFC 6455, 7.1.4 to 7.1.6).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CloseOutcome<'a> {
    /// The status code of the peer's Close, 1005 if that had none, 1006 if no Close came before the connection
    /// failed or the transport ended. What a browser shows as `code`.
    pub code: u16,
    /// The reason of the peer's Close, empty if there was none. What a browser shows as `reason`.
    pub reason: &'a str,
    /// Whether both Closes were exchanged. What a browser shows as `wasClean`.
    pub clean: bool,
    /// Which side ended the connection first.
    pub initiator: Initiator,
    /// Whether the peer's Close came in the middle of a message, or the end of the transport in the middle of a
    /// message or frame. What there was of it was dropped. Of a connection that failed, `error` says more.
    pub interrupted: bool,
    /// Why the connection failed, if it did.
    pub error: Option<ProtocolError>,
}

/// For logs: `closed with 1000 "bye"`, `failed: the transport ended ...`.
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
    /// Returns [`code`](Self::code) in the type of [`Close::code`], or `None` if it is 1005 or 1006, which stand for a Close
    /// without a code and for no Close.
    pub fn close_code(&self) -> Option<CloseCode> {
        CloseCode::new(self.code)
    }
}

/// What ended a connection first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the variants are exhaustive by definition")]
pub enum Initiator {
    /// We sent a Close first, also because the peer had broken the protocol.
    Local,
    /// The peer sent a Close first.
    Remote,
    /// The transport ended before either sent one.
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

/// What has happened so far on the way to the end.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each of them is a fact of its own")]
pub(crate) struct Lifecycle {
    sent: bool,
    /// The peer's Close: whether it was received, its code and its reason.
    received: bool,
    code: Option<CloseCode>,
    ended: bool,
    initiator: Option<Initiator>,
    interrupted: bool,
    /// On the heap, as most connections are open or have ended without either.
    details: Option<Box<Details>>,
}

/// What few connections have to remember of their end.
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

    /// Whether what arrives still means something: neither the peer's Close nor the end was reached.
    pub(crate) fn may_receive(&self) -> bool {
        !self.received && self.failure().is_none() && !self.ended
    }

    /// Whether anything but a Pong may be sent.
    pub(crate) fn may_send(&self) -> bool {
        !self.sent && self.failure().is_none() && !self.ended
    }

    /// Whether a Pong may be sent: also after our own Close, but not after the peer's (RFC 6455, 5.5.2).
    pub(crate) fn may_send_pong(&self) -> bool {
        self.may_receive()
    }

    pub(crate) fn on_close_sent(&mut self) {
        self.sent = true;
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
        self.initiator.get_or_insert(Initiator::Local);
    }

    /// The transport ended, for the first time or again.
    pub(crate) fn on_eof(&mut self, in_message: bool) -> Result<(), ProtocolError> {
        if !self.ended && self.failure().is_none() && !(self.sent && self.received) {
            self.details.get_or_insert_default().failure = Some(ProtocolError::UnexpectedEof);
            self.initiator.get_or_insert(Initiator::Transport);
            self.interrupted |= in_message;
        }
        self.ended = true;
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

/// Shows the beginning, as it is the peer's and may be long.
impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Excerpt::new(self.0.as_bytes()).fmt(f)
    }
}

/// Shows the beginning of the reason, as it is the peer's and may be long.
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

/// Stands for a Close without a status code; never sent (RFC 6455, 7.1.5).
const NO_STATUS: u16 = 1005;

/// Stands for a connection that ended without a Close; never sent (RFC 6455, 7.1.5).
const ABNORMAL: u16 = 1006;
