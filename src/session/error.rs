//! The error of a program around a session, which owns all that it describes.

use alloc::boxed::Box;
use core::{error, fmt};

use super::{Cause, Session};
use crate::{
    ProtocolError, SendError,
    client::{RequestError, Response},
    handshake::{FirstBytes, HandshakeError},
    keepalive::Timeout,
    proxy,
    uri::UriError,
};

/// The reason why a WebSocket did not open, or ended without a closing handshake, for programs and adapters that open
/// transports.
///
/// `T` is the error of the transport: `std::io::Error` with sockets. The variants for a [`Cause`] are returned by
/// [`Session::outcome`]; those for a URI, a proxy and a message are converted with `?`.
///
/// # Examples
///
/// An invalid URI, as the error of a function that connects:
///
/// ```
/// use sansocket::{client::Request, session::Error};
///
/// fn request(uri: &str) -> Result<Request, Error<std::io::Error>> {
///     Ok(Request::new(uri)?.subprotocol("chat"))
/// }
///
/// assert!(matches!(request("ftp://a/"), Err(Error::Uri(_))));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error<T> {
    /// The URI is invalid.
    Uri(UriError),
    /// The client request, or the request to a proxy, cannot be sent.
    Request(RequestError),
    /// The proxy opened no tunnel.
    Proxy(proxy::Error),
    /// The peer violated the opening handshake.
    #[non_exhaustive]
    Handshake {
        /// The violation.
        error: HandshakeError,
        /// The first bytes of a head that could not be read, which show the protocol of the peer. See
        /// [`Session::first_bytes`].
        first_bytes: FirstBytes,
        /// The response whose headers failed the handshake of a client. See [`Session::refused_response`].
        refused: Option<Box<Response>>,
    },
    /// The server rejected the request of this client.
    Rejected(Box<Response>),
    /// This server answered the request with a response that opens no WebSocket.
    Answered,
    /// The peer violated the protocol or exceeded a limit.
    Protocol(ProtocolError),
    /// A timeout expired.
    Timeout(Timeout),
    /// The peer closed the transport without a closing handshake.
    UnexpectedEof,
    /// Connecting, reading or writing failed.
    Io(T),
    /// Your code ended the session before it was open, or aborted it.
    Aborted,
    /// The message was not sent. It is [`SendError::ConnectionClosing`] after a closing handshake has begun.
    Send(SendError),
}

impl Session {
    /// Returns `Ok` after a closing handshake and before the session has ended, and otherwise the cause of its
    /// [`ending`](Self::ending) as an error that owns it.
    ///
    /// `io` is called for the error of the transport, if the session ended because [`failed`](Self::failed) was called.
    ///
    /// # Errors
    ///
    /// Returns the [`Error`] for the [`Cause`] of the end, unless that is [`Cause::Close`].
    pub fn outcome<T>(&self, io: impl FnOnce() -> T) -> Result<(), Error<T>> {
        let Some(ending) = self.ending() else { return Ok(()) };
        Err(match ending.cause {
            Cause::Close => return Ok(()),
            Cause::Protocol(error) => Error::Protocol(error),
            Cause::Handshake(error) => Error::Handshake {
                error,
                first_bytes: self.first_bytes(),
                refused: self.refused_response().cloned().map(Box::new),
            },
            Cause::Rejected(response) => Error::Rejected(Box::new(response.clone())),
            Cause::Answered => Error::Answered,
            Cause::Timeout(timeout) => Error::Timeout(timeout),
            Cause::Eof => Error::UnexpectedEof,
            Cause::Transport => Error::Io(io()),
            Cause::Aborted => Error::Aborted,
        })
    }
}

impl<T> Error<T> {
    /// Returns a stable short name of the error, for logs and metrics: that of its cause. See
    /// [`ProtocolError::name`] for details.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Uri(error) => error.name(),
            Self::Request(error) => error.name(),
            Self::Proxy(error) => error.name(),
            Self::Send(error) => error.name(),
            Self::Io(_) => Cause::Transport.name(),
            _ => self.cause().name(),
        }
    }

    /// Returns `true` if a later attempt can succeed without a change: reconnect with a delay that grows. See
    /// [`Ending::is_temporary`](super::Ending::is_temporary) for the rule.
    ///
    /// It returns `true` for every [`Io`](Self::Io): if your transport has errors that stay, such as a missing
    /// feature, ask it first.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Rejected(response) => response.is_temporary(),
            Self::Proxy(error) => error.is_temporary(),
            Self::Timeout(_) | Self::UnexpectedEof | Self::Io(_) => true,
            _ => false,
        }
    }

    /// The cause of which the variant is a copy.
    const fn cause(&self) -> Cause<'_> {
        match self {
            Self::Handshake { error, .. } => Cause::Handshake(*error),
            Self::Rejected(response) => Cause::Rejected(response),
            Self::Answered => Cause::Answered,
            Self::Protocol(error) => Cause::Protocol(*error),
            Self::Timeout(timeout) => Cause::Timeout(*timeout),
            Self::UnexpectedEof => Cause::Eof,
            Self::Aborted => Cause::Aborted,
            Self::Uri(_) | Self::Request(_) | Self::Proxy(_) | Self::Io(_) | Self::Send(_) => {
                Cause::Transport
            }
        }
    }
}

impl<T: fmt::Display> fmt::Display for Error<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uri(error) => error.fmt(f),
            Self::Request(error) => error.fmt(f),
            Self::Proxy(error) => error.fmt(f),
            Self::Send(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
            _ => self.cause().fmt(f),
        }
    }
}

impl<T: fmt::Debug + fmt::Display> error::Error for Error<T> {}

impl<T> From<UriError> for Error<T> {
    fn from(error: UriError) -> Self {
        Self::Uri(error)
    }
}

impl<T> From<RequestError> for Error<T> {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}

impl<T> From<proxy::Error> for Error<T> {
    fn from(error: proxy::Error) -> Self {
        Self::Proxy(error)
    }
}

impl<T> From<SendError> for Error<T> {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

#[cfg(all(feature = "std", feature = "getrandom"))]
#[cfg_attr(docsrs, doc(cfg(all(feature = "std", feature = "getrandom"))))]
impl From<crate::SeedError> for Error<std::io::Error> {
    fn from(error: crate::SeedError) -> Self {
        Self::Io(std::io::Error::other(error))
    }
}

#[cfg(feature = "std")]
#[cfg_attr(docsrs, doc(cfg(feature = "std")))]
impl From<std::io::Error> for Error<std::io::Error> {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}
