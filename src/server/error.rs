//! The errors of responses that were not sent.

use core::{error, fmt};

use super::Request;
use crate::handshake::FieldError;

/// The error for a response that was not sent. It returns the request, so that another response can be sent.
///
/// Nothing was appended to `out`.
pub struct ResponseError<R = Request> {
    kind: ResponseErrorKind,
    request: R,
}

impl<R> ResponseError<R> {
    pub(crate) fn new(kind: ResponseErrorKind, request: R) -> Self {
        Self { kind, request }
    }

    /// Returns the cause.
    pub fn kind(&self) -> ResponseErrorKind {
        self.kind
    }

    /// Returns the request, which is still unanswered.
    pub fn into_request(self) -> R {
        self.request
    }
}

impl<R> fmt::Debug for ResponseError<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseError").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl<R> fmt::Display for ResponseError<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl<R> error::Error for ResponseError<R> {}

/// The cause of a [`ResponseError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponseErrorKind {
    /// The status is not between 200 and 599.
    InvalidStatus,
    /// A response with this status cannot have a body (RFC 9110, section 6.4.1).
    BodyNotAllowed,
    /// The name of a header is not a token (RFC 9110, section 5.1), or too long for the types of the crate
    /// `http`.
    InvalidHeaderName,
    /// The value of a header contains a control character (RFC 9110, section 5.5).
    InvalidHeaderValue,
    /// The handshake writes this header itself.
    ReservedHeader,
    /// There are more headers than the types of the crate `http` can hold.
    TooManyExtraHeaders,
    /// The client did not offer this subprotocol (RFC 6455, section 4.2.2).
    SubprotocolNotOffered,
    /// The client did not offer this extension (RFC 6455, 4.2.2).
    ExtensionNotOffered,
    /// A selected extension breaks the grammar, is not one but several, is selected twice, or uses a reserved bit of
    /// another one (RFC 6455, section 9.1).
    InvalidExtension,
}

impl ResponseErrorKind {
    /// Returns a stable short name of the error, for logs and metrics. See
    /// [`ProtocolError::name`](crate::ProtocolError::name) for details.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::InvalidStatus => "response_invalid_status",
            Self::BodyNotAllowed => "response_body_not_allowed",
            Self::InvalidHeaderName => "response_invalid_header_name",
            Self::InvalidHeaderValue => "response_invalid_header_value",
            Self::ReservedHeader => "response_reserved_header",
            Self::TooManyExtraHeaders => "response_too_many_extra_headers",
            Self::SubprotocolNotOffered => "response_subprotocol_not_offered",
            Self::ExtensionNotOffered => "response_extension_not_offered",
            Self::InvalidExtension => "response_invalid_extension",
        }
    }
}

impl fmt::Display for ResponseErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidStatus => "response status is not between 200 and 599",
            Self::BodyNotAllowed => "a response with this status cannot have a body",
            Self::InvalidHeaderName => "header name is not a token",
            Self::InvalidHeaderValue => "header value contains a control character",
            Self::ReservedHeader => "header is reserved for the handshake",
            Self::TooManyExtraHeaders => "too many headers for the types of the crate `http`",
            Self::SubprotocolNotOffered => "subprotocol was not offered by the client",
            Self::ExtensionNotOffered => "extension was not offered by the client",
            Self::InvalidExtension => {
                "selected extension is malformed, repeated, or uses a reserved bit of another"
            }
        })
    }
}

impl From<FieldError> for ResponseErrorKind {
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
