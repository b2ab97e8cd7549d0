//! The errors of tunnels.

use alloc::boxed::Box;
use core::{error, fmt};

use super::socks5;
use crate::{
    client::{self, Rejection, Response},
    handshake::HandshakeError,
};

/// The reason why a proxy opened no tunnel. Nothing is sent about it: close the transport, unless you
/// [retry](super::Handshake::retry).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The HTTP proxy refused with this status: 407 requests credentials, with a challenge in
    /// `Proxy-Authenticate` (RFC 9110, section 15.5.8). If its head was malformed or incomplete,
    /// [`Response::fault`] returns the violation.
    Rejected(Box<Response>),
    /// The response of the HTTP proxy broke the protocol or exceeded a limit, or the transport was closed.
    Http(HandshakeError),
    /// The SOCKS5 proxy refused or broke the protocol, or the transport was closed.
    Socks5(socks5::Error),
}

impl Error {
    /// Returns a stable short name of the error, for logs and metrics. See
    /// [`ProtocolError::name`](crate::ProtocolError::name) for details.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Rejected(_) => "proxy_rejected",
            Self::Http(error) => error.name(),
            Self::Socks5(error) => error.name(),
        }
    }
}

impl Error {
    /// Returns `true` if a later attempt can succeed without a change: after the statuses 408, 425, 429 and 5xx of an HTTP
    /// proxy, the replies of a SOCKS5 proxy about the network, the target and itself, and an end of the transport.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Rejected(response) => response.is_temporary(),
            Self::Http(error) => *error == HandshakeError::IncompleteHandshake,
            // General failure, network or host unreachable, connection refused, expired (RFC 1928, section 6).
            Self::Socks5(socks5::Error::Rejected { code }) => matches!(code, 1 | 3..=6),
            Self::Socks5(error) => *error == socks5::Error::IncompleteHandshake,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // It names the challenge.
            Self::Rejected(response) if response.status() == 407 => write!(f, "the {}", Rejection(response)),
            Self::Rejected(response) => {
                write!(f, "the proxy refused the tunnel with status {}", response.status())?;
                response.fault().map_or(Ok(()), |fault| write!(f, ", in a malformed response: {fault}"))
            }
            Self::Http(error) => write!(f, "no tunnel through the proxy: {error}"),
            Self::Socks5(error) => error.fmt(f),
        }
    }
}

impl error::Error for Error {}

impl From<HandshakeError> for Error {
    fn from(error: HandshakeError) -> Self {
        Self::Http(error)
    }
}

impl From<socks5::Error> for Error {
    fn from(error: socks5::Error) -> Self {
        Self::Socks5(error)
    }
}

/// A client's handshake fails in the same two ways.
impl From<client::Error> for Error {
    fn from(error: client::Error) -> Self {
        match error {
            client::Error::Rejected(response) => Self::Rejected(response),
            client::Error::Handshake(error) => Self::Http(error),
        }
    }
}
