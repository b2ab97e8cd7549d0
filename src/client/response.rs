//! The response of a server.

use alloc::vec::Vec;
use core::fmt;

use crate::handshake::{
    ContentLength, Extension, HandshakeError, Head, Headers, content_length, elements, extensions,
    parse_version, subprotocols,
};

/// The response of a server: the one that opened the connection, or the one that rejected it.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    status: u16,
    head: Head,
    fault: Option<HandshakeError>,
    body: Vec<u8>,
    truncated: bool,
}

impl Response {
    pub(crate) fn new(status: u16, head: Head) -> Self {
        Self { status, head, fault: None, body: Vec::new(), truncated: false }
    }

    /// Creates a response that rejects, with the violation in its head.
    pub(crate) fn rejected(status: u16, head: Head, fault: Option<HandshakeError>) -> Self {
        // RFC 9112, 6.3: a transfer coding overrides it.
        let is_coded = || head.headers().any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"));
        let invalid_length = || content_length(head.headers()) == ContentLength::Invalid && !is_coded();
        let fault = fault.or_else(|| invalid_length().then_some(HandshakeError::InvalidContentLength));
        Self { fault, truncated: fault.is_some(), ..Self::new(status, head) }
    }

    pub(super) fn with_body(self, body: Vec<u8>, truncated: bool) -> Self {
        Self { body, truncated, ..self }
    }

    /// Returns the status.
    ///
    /// For an upgrade, 101 means that the connection is open; any final status from 200 to 999 rejects it.
    /// For an [extended CONNECT](crate::extended_connect), 200 to 299 mean that the connection is open.
    ///
    /// A redirect is not followed. If you follow it, do not send credentials to another origin, and do not
    /// change from `wss` to `ws`.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns `true` if the same request can succeed later: with the statuses 408, 425, 429 and 5xx (RFC 9110, sections
    /// 15.5.9 and 15.6; RFC 8470, section 5.2; RFC 6585, section 4).
    ///
    /// The header Retry-After, if there is one, says when.
    pub fn is_temporary(&self) -> bool {
        matches!(self.status, 408 | 425 | 429 | 500..=599)
    }

    /// Returns the value of the first header with this name, in any case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.head.header(name)
    }

    /// Returns all headers, in the order in which they were received. A folded header has spaces for its line
    /// ends.
    pub fn headers(&self) -> Headers<'_> {
        self.head.headers()
    }

    /// Returns the violation in the head of a response that rejects, if there is one.
    ///
    /// It is [`IncompleteHandshake`](HandshakeError::IncompleteHandshake) if the transport closed within the
    /// head. The status is valid nevertheless, and [`headers`](Self::headers) returns those that could be
    /// read up to the violation; a malformed header line is omitted. The body is not read then. A response
    /// that opens a connection has no violation: it would have failed the handshake.
    pub fn fault(&self) -> Option<HandshakeError> {
        self.fault
    }

    /// Returns the body of a response that rejects, without its transfer coding.
    ///
    /// It has at most [`max_body_len`](crate::handshake::HandshakeLimits::max_body_len) bytes; see
    /// [`is_truncated`](Self::is_truncated).
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns `true` if the body is incomplete.
    ///
    /// It exceeded its limit, its chunks were malformed, the transport was closed early, or the head had a
    /// [fault](Self::fault).
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Returns `true` if a violation in the head was tolerated.
    pub(super) fn is_repaired(&self) -> bool {
        self.head.is_repaired()
    }

    /// Returns the subprotocol in use, one of those that were offered (RFC 6455, section 4.1).
    #[doc(alias = "Sec-WebSocket-Protocol")]
    pub fn subprotocol(&self) -> Option<&str> {
        subprotocols(self.headers()).next()
    }

    /// Returns the extensions in use, in the order in which they apply (RFC 6455, section 9.1).
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'_>> {
        extensions(self.headers()).flatten()
    }

    /// Returns the versions of the protocol that the server supports, if it lists them, as with 426 (RFC
    /// 6455, section 4.4).
    pub fn supported_versions(&self) -> impl Iterator<Item = u8> {
        self.headers()
            .filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-version"))
            .flat_map(|(_, value)| elements(value))
            .filter_map(parse_version)
    }
}

/// Shows neither headers nor body, which may contain credentials.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("fault", &self.fault)
            .field("body_len", &self.body.len())
            .field("truncated", &self.truncated)
            .finish_non_exhaustive()
    }
}
