//! Violations of the opening handshake that can be tolerated.

use core::fmt;

/// Violations of the opening handshake to tolerate, for peers that are not quite right. The default is none.
///
/// Each option accepts one violation and no other, and none changes what is sent. Set those that your peers need, with
/// [`HandshakeLimits::tolerance`](super::HandshakeLimits::tolerance): servers apply them to requests, clients to
/// responses. The guide has a [table](crate::guide::tolerance) of the peers that need them, and
/// [`Config`](crate::Config) has the exceptions for open connections.
///
/// # Examples
///
/// This server accepts a charge point with a short key:
///
/// ```
/// use sansocket::{Input, handshake::{HandshakeLimits, Tolerance}, server};
///
/// let tolerance = Tolerance::new().allow_any_key(true);
/// let limits = HandshakeLimits::new().tolerance(tolerance);
/// let mut handshake = server::Handshake::new(limits);
/// let mut read = *b"GET /ocpp HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\
///     Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
///     Sec-WebSocket-Key: MTIzNDU2Nzg=\r\n\r\n";
/// let (mut input, mut out) = (Input::new(&mut read), Vec::new());
/// assert!(handshake.receive(&mut input, &mut out)?.is_some());
/// # Ok::<(), sansocket::handshake::HandshakeError>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Tolerance(u16);

impl Tolerance {
    /// Creates a tolerance of nothing.
    pub const fn new() -> Self {
        Self(0)
    }

    /// Sets whether a server accepts a Sec-WebSocket-Key of printable ASCII without spaces that is not 16 bytes in base64
    /// (RFC 6455, section 4.2.1). The default is `false`.
    ///
    /// SIP phones and charge points (OCPP) send keys of other lengths. The response answers the key as it was sent. A key
    /// proves to the client that the server has read its request, and a short one proves less; the server has no
    /// disadvantage. A missing, repeated or empty key is still refused.
    #[must_use]
    pub const fn allow_any_key(self, allow: bool) -> Self {
        self.set(Self::ANY_KEY, allow)
    }

    /// Sets whether a server accepts an upgrade whose Connection header is missing, or does not contain `Upgrade` (RFC 6455,
    /// section 4.2.1). The default is `false`.
    ///
    /// SIP phones, charge points (OCPP) and proxies that drop the header need it. Upgrade is for one connection (RFC 9110,
    /// section 7.8): behind a proxy that passes it on without knowing it, the proxy takes the frames for HTTP, and a client could
    /// smuggle requests past it. Use it where no such proxy is in front.
    #[must_use]
    pub const fn allow_missing_connection(self, allow: bool) -> Self {
        self.set(Self::MISSING_CONNECTION, allow)
    }

    /// Sets whether a server accepts an extended CONNECT without Sec-WebSocket-Version (RFC 8441, section 5). The default is
    /// `false`.
    ///
    /// Some browsers leave it out of the first request over HTTP/2, behind haproxy for example. Version 13 is assumed; it is
    /// the only one that was ever spoken over HTTP/2 and HTTP/3. Over HTTP/1.1 the version stays required, because older
    /// protocols have no such header.
    #[must_use]
    pub const fn allow_missing_version(self, allow: bool) -> Self {
        self.set(Self::MISSING_VERSION, allow)
    }

    /// Sets whether a server accepts subprotocol names of printable ASCII that are not tokens, with `=`, `/`, `:` or a space
    /// in them (RFC 6455, section 4.1). The default is `false`.
    ///
    /// Clients of Kubernetes and some others put credentials and paths into names. What is selected is written into the
    /// response as it was offered; other libraries refuse such a response.
    #[must_use]
    pub const fn allow_any_subprotocol_name(self, allow: bool) -> Self {
        self.set(Self::ANY_SUBPROTOCOL_NAME, allow)
    }

    /// Sets whether a server takes an offer of extensions that breaks the grammar, or is too long, for no offer (RFC 6455,
    /// section 9.1). The default is `false`.
    ///
    /// Filters that blank out words, with old versions of Safari behind them, leave such headers. Nothing of it is used, so
    /// the connection is not compressed.
    #[must_use]
    pub const fn allow_malformed_extensions(self, allow: bool) -> Self {
        self.set(Self::MALFORMED_EXTENSIONS, allow)
    }

    /// Sets whether an empty Sec-WebSocket-Protocol, in a request or a response, and an empty Origin in a request count as
    /// none (RFC 6455, section 4.3). The default is `false`.
    ///
    /// Some embedded clients and servers in PHP send them. [`Request::origin`](crate::server::Request::origin) is `None`
    /// then, as it is for a client that is no browser; browsers never send an empty one.
    #[must_use]
    pub const fn allow_empty_headers(self, allow: bool) -> Self {
        self.set(Self::EMPTY_HEADERS, allow)
    }

    /// Sets whether a client accepts a response head whose lines end in a line feed alone (RFC 9112, section 2.2). The default is
    /// `false`.
    ///
    /// Some servers in PHP and embedded ones send it. A proxy in between may find the end of the head elsewhere. It is about
    /// the bytes of HTTP/1.1; an HTTP library has rules of its own.
    #[must_use]
    pub const fn allow_bare_line_feeds(self, allow: bool) -> Self {
        self.set(Self::BARE_LINE_FEEDS, allow)
    }

    /// Sets whether a client accepts white space between the name of a response header and its colon (RFC 9112, section 5.1). The
    /// default is `false`.
    ///
    /// Some embedded servers send it. The space is removed, as a proxy would do. It is about the bytes of HTTP/1.1.
    #[must_use]
    pub const fn allow_space_before_colon(self, allow: bool) -> Self {
        self.set(Self::SPACE_BEFORE_COLON, allow)
    }

    /// Sets whether a client skips the lines of a response head that are no headers (RFC 9112, section 5). The default is `false`.
    ///
    /// Some embedded servers write a line of text between their headers. Control characters are still refused, and so is a
    /// response that lacks a header it needs. It is about the bytes of HTTP/1.1.
    #[must_use]
    pub const fn allow_malformed_headers(self, allow: bool) -> Self {
        self.set(Self::MALFORMED_HEADERS, allow)
    }

    const fn set(self, option: Self, allow: bool) -> Self {
        if allow { Self(self.0 | option.0) } else { Self(self.0 & !option.0) }
    }

    /// Whether this option is on.
    #[inline]
    pub(crate) const fn allows(self, option: Self) -> bool {
        self.0 & option.0 != 0
    }

    pub(crate) const ANY_KEY: Self = Self(1 << 0);
    pub(crate) const MISSING_CONNECTION: Self = Self(1 << 1);
    pub(crate) const MISSING_VERSION: Self = Self(1 << 2);
    pub(crate) const ANY_SUBPROTOCOL_NAME: Self = Self(1 << 3);
    pub(crate) const MALFORMED_EXTENSIONS: Self = Self(1 << 4);
    pub(crate) const EMPTY_HEADERS: Self = Self(1 << 5);
    pub(crate) const BARE_LINE_FEEDS: Self = Self(1 << 6);
    pub(crate) const SPACE_BEFORE_COLON: Self = Self(1 << 7);
    pub(crate) const MALFORMED_HEADERS: Self = Self(1 << 8);
}

/// Lists the options that are on.
impl fmt::Debug for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = [
            (Self::ANY_KEY, "any_key"),
            (Self::MISSING_CONNECTION, "missing_connection"),
            (Self::MISSING_VERSION, "missing_version"),
            (Self::ANY_SUBPROTOCOL_NAME, "any_subprotocol_name"),
            (Self::MALFORMED_EXTENSIONS, "malformed_extensions"),
            (Self::EMPTY_HEADERS, "empty_headers"),
            (Self::BARE_LINE_FEEDS, "bare_line_feeds"),
            (Self::SPACE_BEFORE_COLON, "space_before_colon"),
            (Self::MALFORMED_HEADERS, "malformed_headers"),
        ];
        let on = options.into_iter().filter(|(option, _)| self.allows(*option));
        f.write_str("Tolerance")?;
        f.debug_set().entries(on.map(|(_, name)| name)).finish()
    }
}
