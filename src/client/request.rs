//! The request of a client.

use alloc::{borrow::ToOwned as _, string::String, vec::Vec};
use core::fmt;

use super::{
    RequestError, SharedOffer,
    offer::{append_element, check_offer, name_of_one},
};
use crate::{
    Config,
    frame::Rsv,
    handshake::{
        ExtraHeaders, HandshakeLimits, KEY_LEN, MAX_SUBPROTOCOLS, VERSION, append_head, elements, is_token,
    },
    uri::{Uri, UriError, split_authority},
};

/// A request for a WebSocket, from which any number of handshakes can be started (RFC 6455, section 4.1).
///
/// The methods accept any values; [`Handshake::new`](super::Handshake::new) returns the first error.
///
/// This request offers two subprotocols and sends a token:
///
///
/// ```
/// use sansocket::client::Request;
///
/// let request = Request::new("wss://example.com/chat")?
///     .subprotocol("chat.v2")
///     .subprotocol("chat")
///     .header("Authorization", "Bearer 7");
/// assert_eq!(request.uri().host(), "example.com");
/// assert_eq!(request.uri().port(), 443);
/// # Ok::<(), sansocket::uri::UriError>(())
/// ```
#[derive(Clone)]
pub struct Request {
    uri: Uri,
    /// Another value of the Host header than that of the URI.
    host: Option<String>,
    pub(super) offer: SharedOffer,
    pub(crate) extra: ExtraHeaders,
    pub(crate) limits: HandshakeLimits,
    /// The first error in the parameters.
    error: Option<RequestError>,
}

impl Request {
    /// Creates a request for the resource of a `ws` or `wss` URI.
    ///
    /// User information in the URI is not sent. Use `Request::from` for a [`Uri`] that has been parsed
    /// already.
    ///
    /// # Errors
    ///
    /// Returns a [`UriError`] if the URI is invalid.
    pub fn new(uri: &str) -> Result<Self, UriError> {
        Ok(Self::from(Uri::parse_text(uri)?))
    }

    /// Offers a subprotocol. Call it in order of preference (RFC 6455, section 4.1).
    ///
    /// Each name must be a token, and no two may be equal. At most 64 subprotocols can be offered.
    #[doc(alias = "Sec-WebSocket-Protocol")]
    #[must_use]
    pub fn subprotocol(mut self, subprotocol: &str) -> Self {
        if !is_token(subprotocol.as_bytes()) {
            self.fail(RequestError::InvalidSubprotocol);
        } else if elements(self.offer.subprotocols.as_bytes()).any(|other| other == subprotocol.as_bytes()) {
            self.fail(RequestError::RepeatedSubprotocol);
        } else if elements(self.offer.subprotocols.as_bytes()).count() >= MAX_SUBPROTOCOLS {
            self.fail(RequestError::TooManySubprotocols);
        } else {
            append_element(&mut self.offer.to_mut().subprotocols, subprotocol);
        }
        self
    }

    /// Requires the server to select one of the subprotocols, as browsers do (WHATWG `WebSockets`, section
    /// 2).
    ///
    /// By default the server may select none (RFC 6455, section 4.2.2). At least one must be offered:
    ///
    /// ```
    /// use sansocket::client::{Handshake, Request, RequestError};
    ///
    /// let request = Request::new("ws://example.com/")?.require_subprotocol();
    /// let result = Handshake::new(&request, [7; 32], &mut Vec::new());
    /// assert_eq!(result.err(), Some(RequestError::NoSubprotocolOffered));
    /// # Ok::<(), sansocket::uri::UriError>(())
    /// ```
    #[must_use]
    pub fn require_subprotocol(mut self) -> Self {
        self.offer.to_mut().require_subprotocol = true;
        self
    }

    /// Sets the origin of the web page that makes the request, which a browser must send (RFC 6455, section
    /// 4.1). The default is none.
    #[must_use]
    pub fn origin(mut self, origin: &str) -> Self {
        if origin.is_empty() || !origin.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.fail(RequestError::UnprintableOrigin);
        } else {
            self.extra.push_or_note("Origin", origin, &mut self.error);
        }
        self
    }

    /// Sets the value of the Host header, or of `:authority` over HTTP/2 and HTTP/3: a host name or an address, and a port if it is not
    /// the default. By default it is the [authority](Uri::authority) of the URI.
    ///
    /// For a virtual host behind an address that you connect to directly, and for signed URLs that name another host. The
    /// URI still determines where to connect to, and the server name of TLS is yours to set. Of several calls the last one
    /// counts; an invalid host is [`RequestError::InvalidHost`].
    ///
    /// ```
    /// use sansocket::client::{Handshake, Request};
    ///
    /// let request = Request::new("ws://127.0.0.1:8080/chat")?.host("example.com");
    /// let mut out = Vec::new();
    /// Handshake::new(&request, [7; 32], &mut out)?;
    /// assert!(out.starts_with(b"GET /chat HTTP/1.1\r\nHost: example.com\r\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn host(mut self, host: &str) -> Self {
        match split_authority(host) {
            Ok(_) => self.host = Some(host.to_owned()),
            Err(_) => self.fail(RequestError::InvalidHost),
        }
        self
    }

    /// Adds a header, for example `Authorization` or `Cookie`.
    ///
    /// If a request has at most one header of this name, such as these two, it replaces an earlier one.
    ///
    /// The name must be a token, and not a header that the handshake writes itself: Host (see
    /// [`host`](Self::host)), Upgrade, Connection, Content-Length, Transfer-Encoding, Sec-WebSocket-*. The value must not contain control
    /// characters except tabs.
    ///
    /// A client sends a token and a cookie:
    ///
    /// ```
    /// use sansocket::client::Request;
    ///
    /// let request = Request::new("wss://example.com/")?
    ///     .header("Authorization", "Bearer 71f3a9")
    ///     .header("Cookie", "theme=dark");
    /// # let mut out = Vec::new();
    /// # sansocket::client::Handshake::new(&request, [7; 32], &mut out).unwrap();
    /// # Ok::<(), sansocket::uri::UriError>(())
    /// ```
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if name.eq_ignore_ascii_case("origin") {
            return self.origin(value);
        }
        self.extra.push_or_note(name, value, &mut self.error);
        self
    }

    /// Offers an extension: its name and parameters, or several of them, in the form of
    /// Sec-WebSocket-Extensions (RFC 6455, section 9.1), without empty elements between commas (RFC 9110,
    /// section 5.6.1).
    ///
    /// A server that selects an extension without an offer fails the handshake. With an offer, its name is
    /// accepted once; your code handles its parameters and its effect on frames.
    #[must_use]
    pub fn extension(mut self, offer: &str) -> Self {
        match check_offer(offer) {
            Ok(()) => append_element(&mut self.offer.to_mut().extensions, offer),
            Err(_) => self.fail(RequestError::InvalidExtension),
        }
        self
    }

    /// Offers one extension of your own that marks messages with reserved bits (RFC 6455, 9.1).
    ///
    /// If the server selects it, messages may have these bits set: see [`Config::allow_rsv`]. Its parameters are in
    /// [`Response::extensions`](super::Response::extensions). If the server does not, a frame with such a bit fails the
    /// connection. RSV1 is also the bit of permessage-deflate: a server that selects both fails the handshake.
    #[must_use]
    pub fn extension_with_rsv(mut self, offer: &str, rsv: Rsv) -> Self {
        let Some(name) = name_of_one(offer) else {
            self.fail(RequestError::InvalidExtension);
            return self;
        };
        self.offer.to_mut().own.push((name.into(), rsv));
        self.extension(offer)
    }

    /// Sets the behavior and the limits of the connection.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.offer.to_mut().config = config;
        self
    }

    /// Sets the limits on the response, and the violations to tolerate in it.
    #[must_use]
    pub fn limits(mut self, limits: HandshakeLimits) -> Self {
        self.limits = limits;
        self.offer.to_mut().tolerance = limits.tolerance;
        self
    }

    /// Returns the URI of the server.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The host that the request names.
    pub(crate) fn authority(&self) -> &str {
        self.host.as_deref().unwrap_or_else(|| self.uri.authority())
    }

    fn fail(&mut self, error: RequestError) {
        self.error.get_or_insert(error);
    }

    /// Returns the first error in the parameters.
    pub(crate) fn check(&self) -> Result<(), RequestError> {
        let offer = &*self.offer;
        let none_to_require = offer.require_subprotocol && offer.subprotocols.is_empty();
        // Each offer alone is well-formed, but servers limit their number, as ours does.
        let too_many_offers = !offer.extensions.is_empty() && check_offer(&offer.extensions).is_err();
        match self.error {
            Some(error) => Err(error),
            None if none_to_require => Err(RequestError::NoSubprotocolOffered),
            None if too_many_offers => Err(RequestError::InvalidExtension),
            None => Ok(()),
        }
    }

    /// Returns the offer, for any encoding. Once a handshake has it, the request may be changed or dropped.
    pub(crate) fn offer(&self) -> &SharedOffer {
        &self.offer
    }

    /// Appends the request as HTTP/1.1 with this key (RFC 6455, section 4.1): the headers of
    /// [`upgrade_headers`](Self::upgrade_headers), of which the first ones are written out.
    ///
    /// It contains this version and these headers of the caller.
    pub(crate) fn append<'r>(
        &'r self,
        key: &[u8; KEY_LEN],
        version: &str,
        extra: impl Iterator<Item = (&'r str, &'r [u8])>,
        out: &mut Vec<u8>,
    ) {
        let (target, host) = (self.uri.resource_name().as_bytes(), self.authority().as_bytes());
        let (line, version) = (b" HTTP/1.1\r\nHost: ", version.as_bytes());
        let start = [b"GET ", target, line, host, UPGRADE, version, b"\r\nSec-WebSocket-Key: ", key, b"\r\n"];
        append_head(&start, self.offer.headers().chain(extra), out);
    }

    /// Returns the headers of an upgrade with this key (RFC 6455, section 4.1).
    #[cfg(feature = "http")]
    pub(crate) fn upgrade_headers<'r>(
        &'r self,
        key: &'r [u8; KEY_LEN],
    ) -> impl Iterator<Item = (&'r str, &'r [u8])> + Clone {
        let upgrade = [
            ("Host", self.authority().as_bytes()),
            ("Upgrade", b"websocket"),
            ("Connection", b"Upgrade"),
            ("Sec-WebSocket-Version", VERSION.as_bytes()),
            ("Sec-WebSocket-Key", key),
        ];
        upgrade.into_iter().chain(self.wishes())
    }

    /// Returns the headers of any request for a WebSocket: the version, the offer, and the caller's headers.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        [("Sec-WebSocket-Version", VERSION.as_bytes())].into_iter().chain(self.wishes())
    }

    /// Returns the headers of the offer, and the caller's headers.
    fn wishes(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        self.offer.headers().chain(self.extra.iter())
    }
}

/// The text between host and version in every request for an upgrade: the headers of
/// [`Request::upgrade_headers`], in one piece because they never differ, so that they cost one copy instead
/// of a pass over pairs.
const UPGRADE: &[u8] = b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: ";

impl From<Uri> for Request {
    #[inline]
    fn from(uri: Uri) -> Self {
        Self {
            uri,
            host: None,
            offer: SharedOffer::default(),
            extra: ExtraHeaders::default(),
            limits: HandshakeLimits::new(),
            error: None,
        }
    }
}

/// Shows no headers, which may contain credentials.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("uri", &self.uri).field("error", &self.error).finish_non_exhaustive()
    }
}
