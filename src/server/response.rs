//! The response that opens no connection.

use alloc::vec::Vec;
use core::{
    error,
    fmt::{self, Write as _},
};

use super::Request;
use crate::handshake::{ExtraHeaders, FieldError, HandshakeError};

/// Why a response was not sent. It gives the request back, so that another one can be.
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

    /// The cause.
    pub fn kind(&self) -> ResponseErrorKind {
        self.kind
    }

    /// The request, which is still unanswered.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseErrorKind {
    /// The status is not between 200 and 599.
    InvalidStatus,
    /// A response with this status has no body (RFC 9110, 6.4.1).
    BodyNotAllowed,
    /// The name of a header is not a token (RFC 9110, 5.1).
    InvalidHeaderName,
    /// The value of a header has a control character (RFC 9110, 5.5).
    InvalidHeaderValue,
    /// The handshake writes this header itself.
    ReservedHeader,
    /// The client did not ask for this subprotocol (RFC 6455, 4.2.2).
    SubprotocolNotOffered,
}

impl fmt::Display for ResponseErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidStatus => "the status of a response is between 200 and 599",
            Self::BodyNotAllowed => "a response with this status has no body",
            Self::InvalidHeaderName => "the name of a header is not a token",
            Self::InvalidHeaderValue => "the value of a header has a control character",
            Self::ReservedHeader => "the handshake writes this header itself",
            Self::SubprotocolNotOffered => "the client did not ask for this subprotocol",
        })
    }
}

impl From<FieldError> for ResponseErrorKind {
    fn from(error: FieldError) -> Self {
        match error {
            FieldError::Name => Self::InvalidHeaderName,
            FieldError::Value => Self::InvalidHeaderValue,
            FieldError::Reserved => Self::ReservedHeader,
        }
    }
}

/// Appends a response of the caller.
pub(super) fn append(
    status: u16,
    headers: &[(&str, &str)],
    body: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), ResponseErrorKind> {
    if !(200..600).contains(&status) {
        return Err(ResponseErrorKind::InvalidStatus);
    }
    if matches!(status, 204 | 205 | 304) && !body.is_empty() {
        return Err(ResponseErrorKind::BodyNotAllowed);
    }
    let mut fields = ExtraHeaders::default();
    for (name, value) in headers {
        fields.push(name, value)?;
    }
    let own = if status == 426 { UPGRADE } else { b"" };
    write(status, &[own, fields.as_bytes()], body, out);
    Ok(())
}

/// Appends the answer to a request that is at fault. No byte of the request is in it.
pub(super) fn append_error(error: HandshakeError, out: &mut Vec<u8>) {
    let Some(status) = error.status() else { return };
    let own = match error {
        // RFC 9110, 15.5.6.
        HandshakeError::InvalidMethod => b"Allow: GET\r\n",
        // RFC 6455, 4.4, and RFC 9110, 15.5.22.
        HandshakeError::UnsupportedVersion | HandshakeError::MissingUpgrade => UPGRADE,
        HandshakeError::InvalidVersion => VERSION,
        _ => b"",
    };
    write(status, &[own], b"", out);
}

fn write(status: u16, fields: &[&[u8]], body: &[u8], out: &mut Vec<u8>) {
    let fields_len = fields.iter().map(|fields| fields.len()).fold(0, usize::saturating_add);
    out.reserve(fields_len.saturating_add(body.len()).saturating_add(128));
    let mut head = Head(out);
    // RFC 9112, 4: the space stands there without a reason phrase too. Writing into a `Vec` does not fail.
    let _ = write!(head, "HTTP/1.1 {status} {}\r\n", reason(status));
    for fields in fields {
        head.0.extend_from_slice(fields);
    }
    // RFC 9110, 15.5.22 and 7.8: Upgrade comes with its connection option. RFC 9112, 9.6.
    let _ = head.write_str(if status == 426 {
        "Connection: Upgrade, close\r\n"
    } else {
        "Connection: close\r\n"
    });
    // RFC 9110, 8.6: not with 204, and with 304 it would tell the length of something else.
    if !matches!(status, 204 | 304) {
        let _ = write!(head, "Content-Length: {}\r\n", body.len());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
}

/// Lets `write!` append to bytes.
struct Head<'o>(&'o mut Vec<u8>);

impl fmt::Write for Head<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// The usual reason phrase (RFC 9110, 15). Nobody reads it, so it may be empty.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        414 => "URI Too Long",
        421 => "Misdirected Request",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

const UPGRADE: &[u8] = b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
const VERSION: &[u8] = b"Sec-WebSocket-Version: 13\r\n";
