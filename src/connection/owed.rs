//! The boundary between receiving and sending: a pending reply that one side has for the other.

use alloc::borrow::Cow;
use core::fmt;

use crate::{Close, ProtocolError};

/// The consequence of received bytes for the sending side. It borrows from the event, or owns its data inside
/// a [`Reply`](super::Reply).
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Owed<'a> {
    /// A Ping was received and requires a Pong (RFC 6455, section 5.5.2).
    Pong(Cow<'a, [u8]>),
    /// The peer's Close was received, possibly in the middle of a message (RFC 6455, section 5.5.1).
    Close { close: Option<Close<'a>>, interrupted: bool },
    /// The peer broke the protocol, and the connection fails (RFC 6455, section 7.1.7).
    Failure(ProtocolError),
    /// The stream ended, possibly in the middle of a message or frame.
    Eof { interrupted: bool },
}

impl Owed<'_> {
    /// Returns the same reply with its data owned.
    pub(super) fn into_owned(self) -> Owed<'static> {
        match self {
            Self::Pong(data) => Owed::Pong(Cow::Owned(data.into_owned())),
            Self::Close { close, interrupted } => {
                Owed::Close { close: close.map(Close::into_owned), interrupted }
            }
            Self::Failure(error) => Owed::Failure(error),
            Self::Eof { interrupted } => Owed::Eof { interrupted },
        }
    }
}

/// Shows none of the peer's data.
impl fmt::Debug for Owed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pong(data) => write!(f, "Pong, {} bytes", data.len()),
            Self::Close { close, .. } => write!(f, "Close, {:?}", close.as_ref().map(Close::code)),
            Self::Failure(error) => write!(f, "{error:?}"),
            Self::Eof { .. } => f.write_str("end of stream"),
        }
    }
}
