//! Why a WebSocket did not open, or did not end well.

use std::{error, fmt, io};

use sansocket::{
    ProtocolError, SendError,
    client::{RequestError, Response},
    handshake::{FirstBytes, HandshakeError},
    keepalive::Timeout,
    proxy,
    session::{Cause, Session},
    uri::UriError,
};

/// Why a WebSocket did not open, or did not end well.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The URI is invalid, or needs a feature that is off.
    Uri(UriError),
    /// The URI is `wss`, and the feature `tls` is off.
    NoTls,
    /// The proxy opened no tunnel.
    Proxy(proxy::Error),
    /// The client request cannot be sent.
    Request(RequestError),
    /// The peer violated the opening handshake: how, and the first bytes of a head that could not be read, to show what the peer
    /// speaks.
    Handshake(HandshakeError, FirstBytes),
    /// The server rejected the connection: the response has the status, and the headers and the body.
    Rejected(Box<Response>),
    /// This server answered the request without opening a WebSocket.
    Answered,
    /// The peer violated the protocol or exceeded a limit.
    Protocol(ProtocolError),
    /// Something took too long.
    Timeout(Timeout),
    /// The peer ended the transport without a closing handshake.
    UnexpectedEof,
    /// Connecting, reading or writing failed.
    Io(io::Error),
    /// Your code ended the WebSocket before it was open, or aborted it.
    Aborted,
    /// The WebSocket has been closed, so the message was not sent.
    Closed,
    /// The message does not fit the state of the connection.
    Send(SendError),
}

impl Error {
    /// Returns a stable short name of the error, for logs and metrics: that of its cause in `sansocket`, where it has one.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Uri(error) => error.name(),
            Self::NoTls => "tokio_no_tls",
            Self::Proxy(error) => error.name(),
            Self::Request(error) => error.name(),
            Self::Handshake(error, _) => error.name(),
            Self::Rejected(response) => Cause::Rejected(response).name(),
            Self::Answered => Cause::Answered.name(),
            Self::Protocol(error) => error.name(),
            Self::Timeout(timeout) => timeout.name(),
            Self::UnexpectedEof => Cause::Eof.name(),
            Self::Io(_) => Cause::Transport.name(),
            Self::Aborted => Cause::Aborted.name(),
            Self::Closed => "tokio_closed",
            Self::Send(error) => error.name(),
        }
    }

    /// The error with which a session ended, unless that is clean.
    pub(crate) fn of(session: &Session, io: Option<&io::Error>) -> Option<Self> {
        Some(match session.ending()?.cause {
            Cause::Close => return None,
            Cause::Protocol(error) => Self::Protocol(error),
            Cause::Handshake(error) => Self::Handshake(error, session.first_bytes()),
            Cause::Rejected(response) => Self::Rejected(Box::new(response.clone())),
            Cause::Answered => Self::Answered,
            Cause::Timeout(timeout) => Self::Timeout(timeout),
            Cause::Eof => Self::UnexpectedEof,
            Cause::Transport => Self::Io(match io {
                Some(error) => io::Error::new(error.kind(), error.to_string()),
                None => io::ErrorKind::Other.into(),
            }),
            _ => Self::Aborted,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uri(error) => error.fmt(f),
            Self::NoTls => f.write_str("wss URIs need the feature `tls`"),
            Self::Proxy(error) => error.fmt(f),
            Self::Request(error) => error.fmt(f),
            Self::Handshake(error, _) => error.fmt(f),
            Self::Rejected(response) => Cause::Rejected(response).fmt(f),
            Self::Answered => Cause::Answered.fmt(f),
            Self::Protocol(error) => error.fmt(f),
            Self::Timeout(timeout) => timeout.fmt(f),
            Self::UnexpectedEof => Cause::Eof.fmt(f),
            Self::Io(error) => error.fmt(f),
            Self::Aborted => Cause::Aborted.fmt(f),
            Self::Closed => f.write_str("WebSocket is closed"),
            Self::Send(error) => error.fmt(f),
        }
    }
}

impl error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}
