//! What a server answers.

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

    /// A response that rejects, with what was wrong with its head.
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

    /// The status. Of an upgrade 101 says that the connection is open, and 200 to 999 that it is not; of an
    /// [extended CONNECT](crate::extended_connect) 200 to 299 say that it is.
    ///
    /// A redirect is not followed. Whoever does should not send credentials to another origin, nor go from
    /// `wss` to `ws`.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first header with this name, in any case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.head.header(name)
    }

    /// All headers, in the order in which they came. A folded header has spaces for its line ends.
    pub fn headers(&self) -> Headers<'_> {
        self.head.headers()
    }

    /// Returns what was wrong with the head of a response that rejects, if anything was:
    /// [`IncompleteHandshake`](HandshakeError::IncompleteHandshake) if the transport ended within it.
    ///
    /// The status is that of the response nevertheless, and [`headers`](Self::headers) has those that could be read up to
    /// the violation; a header line that is malformed is left out. The body is not read then. A response that opens a
    /// connection has no violation: it would have failed the handshake.
    pub fn fault(&self) -> Option<HandshakeError> {
        self.fault
    }

    /// The body of a response that rejects, without its transfer coding.
    ///
    /// At most [`max_body_len`](crate::handshake::HandshakeLimits::max_body_len) bytes; see
    /// [`is_truncated`](Self::is_truncated).
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns `true` if the body is incomplete: it went over its limit, its chunks were malformed, the transport was closed
    /// early, or the head had a [fault](Self::fault).
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// The subprotocol in use, one of those that were asked for (RFC 6455, 4.1).
    pub fn subprotocol(&self) -> Option<&str> {
        subprotocols(self.headers()).next()
    }

    /// The extensions in use, in the order in which they apply (RFC 6455, 9.1).
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'_>> {
        extensions(self.headers()).flatten()
    }

    /// The versions of the protocol that the server speaks, if it said so, as with 426 (RFC 6455, 4.4).
    pub fn supported_versions(&self) -> impl Iterator<Item = u8> {
        self.headers()
            .filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-version"))
            .flat_map(|(_, value)| elements(value))
            .filter_map(parse_version)
    }
}

/// Shows no header and no body, as those may hold credentials.
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
