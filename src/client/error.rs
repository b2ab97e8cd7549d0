//! The errors of a client that gets no connection.

use alloc::boxed::Box;
use core::{error, fmt};

use super::{Rejection, Response};
use crate::handshake::{FieldError, HandshakeError};

/// The reason why no connection was opened. Nothing is sent about it: close the transport.
///
/// A client that is redirected or must authenticate reads the rejection:
///
/// ```
/// use sansocket::client::Error;
///
/// fn explain(error: &Error) -> String {
///     let Error::Rejected(response) = error else {
///         return error.to_string();
///     };
///     match response.status() {
///         401 => "credentials are required".to_owned(),
///         301..=308 => format!("redirected: {:?}", response.header("location")),
///         _ => String::from_utf8_lossy(response.body()).into_owned(),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The server responded with a status that does not open a connection: it requires credentials,
    /// redirects, rejects, or does not speak WebSocket (RFC 6455, section 4.1). If its head was malformed or
    /// truncated after the status, [`Response::fault`] returns the violation.
    Rejected(Box<Response>),
    /// The server broke the protocol, exceeded a limit, or disappeared.
    Handshake(HandshakeError),
}

impl Error {
    /// Returns a stable short name of the error, for logs and metrics. See
    /// [`ProtocolError::name`](crate::ProtocolError::name) for details.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Rejected(_) => Rejection::NAME,
            Self::Handshake(error) => error.name(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(response) => Rejection(response).fmt(f),
            Self::Handshake(error) => error.fmt(f),
        }
    }
}

impl error::Error for Error {}

impl From<HandshakeError> for Error {
    fn from(error: HandshakeError) -> Self {
        Self::Handshake(error)
    }
}

/// The reason why a [`Request`](super::Request) cannot be sent: one of its parameters is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestError {
    /// The name of a header is not a token (RFC 9110, section 5.1), or too long for the types of the crate
    /// `http`.
    InvalidHeaderName,
    /// The value of a header contains a control character (RFC 9110, section 5.5).
    InvalidHeaderValue,
    /// The handshake writes this header itself.
    ReservedHeader,
    /// There are more headers than the types of the crate `http` can hold.
    TooManyExtraHeaders,
    /// The own host of the request is neither a name nor an address, with or without a port (RFC 9110, section 7.2).
    InvalidHost,
    /// The origin is not printable ASCII without spaces (RFC 6455, section 4.1).
    UnprintableOrigin,
    /// A subprotocol is not a token (RFC 6455, section 4.1).
    InvalidSubprotocol,
    /// A subprotocol was added twice (RFC 6455, section 4.1).
    RepeatedSubprotocol,
    /// There are more than 64 subprotocols.
    TooManySubprotocols,
    /// A subprotocol is required, but none was offered.
    NoSubprotocolOffered,
    /// The offer of an extension is malformed (RFC 6455, section 9.1), or there are more than 32 offers or 4
    /// KiB.
    InvalidExtension,
    /// A proxy's user name or password cannot be sent: for Basic, a colon in the name, or a control character
    /// (RFC 7617, section 2); for SOCKS5, a length other than 1 to 255 bytes (RFC 1929, section 2).
    InvalidCredentials,
    /// The host name is longer than the 255 bytes that SOCKS5 carries (RFC 1928, section 5).
    HostTooLong,
    /// The tunnel cannot be requested again on this connection to the proxy.
    NewConnectionRequired,
    /// The URI contains a character that `http::Uri` cannot represent.
    InvalidUri,
    /// The protocol version requires an origin (hixie-75 and hixie-76).
    #[cfg(feature = "legacy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "legacy")))]
    OriginRequired,
    /// The protocol version has no extensions and no second subprotocol (hixie-75 and hixie-76).
    #[cfg(feature = "legacy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "legacy")))]
    UnsupportedByVersion,
}

impl RequestError {
    /// Returns a stable short name of the error, for logs and metrics. See
    /// [`ProtocolError::name`](crate::ProtocolError::name) for details.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::InvalidHeaderName => "request_invalid_header_name",
            Self::InvalidHeaderValue => "request_invalid_header_value",
            Self::ReservedHeader => "request_reserved_header",
            Self::TooManyExtraHeaders => "request_too_many_extra_headers",
            Self::InvalidHost => "request_invalid_host",
            Self::UnprintableOrigin => "request_unprintable_origin",
            Self::InvalidSubprotocol => "request_invalid_subprotocol",
            Self::RepeatedSubprotocol => "request_repeated_subprotocol",
            Self::TooManySubprotocols => "request_too_many_subprotocols",
            Self::NoSubprotocolOffered => "request_no_subprotocol_offered",
            Self::InvalidExtension => "request_invalid_extension",
            Self::InvalidCredentials => "request_invalid_credentials",
            Self::HostTooLong => "request_host_too_long",
            Self::NewConnectionRequired => "request_new_connection_required",
            Self::InvalidUri => "request_invalid_uri",
            #[cfg(feature = "legacy")]
            Self::OriginRequired => "request_origin_required",
            #[cfg(feature = "legacy")]
            Self::UnsupportedByVersion => "request_unsupported_by_version",
        }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidHeaderName => "header name is not a token",
            Self::InvalidHeaderValue => "header value contains a control character",
            Self::ReservedHeader => "header is reserved for the handshake",
            Self::TooManyExtraHeaders => "too many headers for the types of the crate `http`",
            Self::InvalidHost => "host of the request is neither a host name nor an IP address",
            Self::UnprintableOrigin => "origin is not printable ASCII without spaces",
            Self::InvalidSubprotocol => "subprotocol is not a token",
            Self::RepeatedSubprotocol => "repeated subprotocol",
            Self::TooManySubprotocols => "more than 64 subprotocols",
            Self::NoSubprotocolOffered => "a subprotocol is required but none was offered",
            Self::InvalidExtension => "malformed or too long extension offer",
            Self::InvalidCredentials => "the user name or password cannot be sent to the proxy",
            Self::HostTooLong => "the host name is longer than the 255 bytes that SOCKS5 carries",
            Self::NewConnectionRequired => "the connection to the proxy cannot be used again: connect anew",
            Self::InvalidUri => "URI is not representable as `http::Uri`",
            #[cfg(feature = "legacy")]
            Self::OriginRequired => "this protocol version requires an origin",
            #[cfg(feature = "legacy")]
            Self::UnsupportedByVersion => {
                "this protocol version has no extensions and at most one subprotocol"
            }
        })
    }
}

impl error::Error for RequestError {}

impl From<FieldError> for RequestError {
    fn from(error: FieldError) -> Self {
        match error {
            FieldError::Name => Self::InvalidHeaderName,
            FieldError::Value => Self::InvalidHeaderValue,
            FieldError::Reserved => Self::ReservedHeader,
            #[cfg(feature = "http")]
            FieldError::TooMany => Self::TooManyExtraHeaders,
        }
    }
}
