//! The response that rejects a request, as data, and its encoding for HTTP/1.1.
//!
//! It uses the headers of the handshake. The other encodings write the same data.

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};

use super::ResponseErrorKind;
use crate::handshake::{ExtraHeaders, HandshakeError, VERSION, append_head};

/// A status and its headers: those of the protocol, and those of the caller.
pub(crate) struct Refusal {
    pub(crate) status: u16,
    own: [Option<(&'static str, &'static str)>; 2],
    extra: ExtraHeaders,
    text: &'static str,
}

impl Refusal {
    /// Returns the response to a request that breaks the protocol. It contains no byte of the request. It may
    /// list the `versions` that are supported.
    pub(crate) fn of_error(error: HandshakeError, versions: &'static str) -> Option<Self> {
        let own = match error {
            // RFC 9110, 15.5.6.
            HandshakeError::InvalidMethod => [Some(("Allow", "GET")), None],
            // RFC 6455, 4.4.
            HandshakeError::InvalidVersion => [None, Some((VERSION_NAME, versions))],
            HandshakeError::UnsupportedVersion
            | HandshakeError::MissingUpgrade
            | HandshakeError::HttpVersionTooOld => upgrade(versions),
            _ => [None; 2],
        };
        let text = match error {
            HandshakeError::MissingUpgrade | HandshakeError::HttpVersionTooOld => TEXT,
            _ => "",
        };
        Some(Self { status: error.status()?, own, extra: ExtraHeaders::default(), text })
    }

    /// Returns the response over HTTP/2 and HTTP/3 to a request that breaks the protocol. It is 400 where
    /// HTTP/1.1 has 426, which is about upgrades.
    pub(crate) fn of_connect_error(error: HandshakeError) -> Self {
        let own = match error {
            // RFC 9110, 15.5.6.
            HandshakeError::InvalidMethod => [Some(("Allow", "CONNECT")), None],
            // RFC 6455, 4.4.
            HandshakeError::InvalidVersion | HandshakeError::UnsupportedVersion => {
                [None, Some((VERSION_NAME, VERSION))]
            }
            _ => [None; 2],
        };
        let status = error.status().filter(|status| *status != 426).unwrap_or(400);
        Self { status, own, extra: ExtraHeaders::default(), text: "" }
    }

    /// Returns a response of the caller over HTTP/2 and HTTP/3, where a status below 300 would open the
    /// connection.
    pub(crate) fn of_connect(status: u16, headers: &[(&str, &str)]) -> Result<Self, ResponseErrorKind> {
        if !(300..600).contains(&status) {
            return Err(ResponseErrorKind::InvalidStatus);
        }
        Ok(Self { status, own: [None; 2], extra: ExtraHeaders::of(headers)?, text: "" })
    }

    /// Returns a response of the caller.
    pub(crate) fn new(
        status: u16,
        headers: &[(&str, &str)],
        has_body: bool,
        versions: &'static str,
    ) -> Result<Self, ResponseErrorKind> {
        if !(200..600).contains(&status) {
            return Err(ResponseErrorKind::InvalidStatus);
        }
        if matches!(status, 204 | 205 | 304) && has_body {
            return Err(ResponseErrorKind::BodyNotAllowed);
        }
        // RFC 9110, 15.5.22.
        let own = if status == 426 { upgrade(versions) } else { [None; 2] };
        Ok(Self { status, own, extra: ExtraHeaders::of(headers)?, text: "" })
    }

    /// Returns the text for people who use a browser or curl.
    pub(crate) fn text(&self) -> &'static str {
        self.text
    }

    /// Returns the value of Content-Length for this status. With 304 it would be the length of another
    /// response, and 204 has none (RFC 9110, section 8.6).
    pub(crate) fn content_length(&self, body_len: usize) -> Option<String> {
        (!matches!(self.status, 204 | 304)).then(|| body_len.to_string())
    }

    /// Returns the headers that explain the rejection, in every encoding.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        let content_type = (!self.text.is_empty()).then_some(("Content-Type", "text/plain"));
        let own = self.own.iter().copied().flatten().chain(content_type);
        own.map(|(name, value)| (name, value.as_bytes())).chain(self.extra.iter())
    }

    /// Returns the headers for HTTP/1.1, after which the transport is closed.
    pub(crate) fn headers_with_framing<'r>(
        &'r self,
        content_length: Option<&'r str>,
    ) -> impl Iterator<Item = (&'r str, &'r [u8])> + Clone {
        // RFC 9110, 15.5.22 and 7.8: Upgrade comes with its connection option. RFC 9112, 9.6.
        let connection = if self.status == 426 { "Upgrade, close" } else { "close" };
        let framing = [("Connection", Some(connection)), ("Content-Length", content_length)];
        let framing = framing.into_iter().filter_map(|(name, value)| Some((name, value?.as_bytes())));
        self.headers().chain(framing)
    }

    /// Appends the response as HTTP/1.1.
    pub(crate) fn append(&self, body: &[u8], out: &mut Vec<u8>) {
        // RFC 9112, 4: the space is required even without a reason phrase.
        let status = self.status.to_string();
        let start = ["HTTP/1.1 ", &status, " ", reason(self.status), "\r\n"];
        let length = self.content_length(body.len());
        append_head(&start.map(str::as_bytes), self.headers_with_framing(length.as_deref()), out);
        out.extend_from_slice(body);
    }
}

/// Returns the usual reason phrase (RFC 9110, section 15). Clients ignore it, so it may be empty.
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

/// Returns the headers of a 426 (RFC 6455, section 4.4; RFC 9110, section 15.5.22).
fn upgrade(versions: &'static str) -> [Option<(&'static str, &'static str)>; 2] {
    [Some(("Upgrade", "websocket")), Some((VERSION_NAME, versions))]
}

const VERSION_NAME: &str = "Sec-WebSocket-Version";

/// For people who use a browser or curl.
const TEXT: &str = "This is a WebSocket endpoint. Connect with a WebSocket client, over HTTP/1.1.\n";
