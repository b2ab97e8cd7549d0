//! What a client asks for.

#[cfg(feature = "deflate")]
use alloc::string::ToString as _;
use alloc::{string::String, vec::Vec};
use core::fmt;

use super::{RequestError, Terms};
#[cfg(feature = "deflate")]
use crate::deflate;
use crate::{
    Config,
    handshake::{ExtraHeaders, HandshakeLimits, KEY_LEN, MAX_SUBPROTOCOLS, Offered, check_offer, is_token},
    uri::{Uri, UriError},
};

/// A request for a WebSocket, from which any number of handshakes can be started (RFC 6455, 4.1).
///
/// The methods take anything; [`Handshake::new`](super::Handshake::new) returns the first error.
///
/// ```
/// use sansocket::client::Request;
///
/// let request = Request::new("wss://example.com/chat")?
///     .subprotocol("chat.v2")
///     .subprotocol("chat")
///     .header("Authorization", "Bearer 7");
/// assert_eq!((request.uri().host(), request.uri().port()), ("example.com", 443));
/// # Ok::<(), sansocket::uri::UriError>(())
/// ```
#[derive(Clone)]
pub struct Request {
    uri: Uri,
    has_origin: bool,
    pub(crate) terms: Terms,
    pub(crate) fields: ExtraHeaders,
    pub(super) limits: HandshakeLimits,
    /// The first thing that went wrong.
    error: Option<RequestError>,
}

impl Request {
    /// A request for the resource that a `ws` or `wss` URI names.
    ///
    /// User information in the URI is not sent.
    ///
    /// # Errors
    ///
    /// If the URI is invalid. A [`Uri`] that has been parsed already is converted with `Request::from`.
    pub fn new(uri: &str) -> Result<Self, UriError> {
        Uri::parse(uri).map(Self::from)
    }

    /// Asks for a subprotocol. Name the one you like best first (RFC 6455, 4.1).
    ///
    /// It is a token, no two are alike, and there are at most 64.
    #[must_use]
    pub fn subprotocol(mut self, subprotocol: &str) -> Self {
        if !is_token(subprotocol.as_bytes()) {
            self.fail(RequestError::InvalidSubprotocol);
        } else if self.terms.offered.subprotocols.split(", ").any(|other| other == subprotocol) {
            self.fail(RequestError::RepeatedSubprotocol);
        } else if self.terms.offered.subprotocols.split(", ").count() >= MAX_SUBPROTOCOLS {
            self.fail(RequestError::TooManySubprotocols);
        } else {
            append_element(&mut self.terms.offered.subprotocols, subprotocol);
        }
        self
    }

    /// Takes no connection without one of the subprotocols, as browsers do (WHATWG `WebSockets`, 2).
    ///
    /// By default the server may select none (RFC 6455, 4.2.2).
    #[must_use]
    pub fn require_subprotocol(mut self) -> Self {
        self.terms.offered.require_subprotocol = true;
        self
    }

    /// Names the origin of the page that asks, which a browser has to do (RFC 6455, 4.1). Default: none.
    #[must_use]
    pub fn origin(mut self, origin: &str) -> Self {
        if origin.is_empty() || !origin.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.fail(RequestError::InvalidOrigin);
        } else if self.has_origin {
            self.fail(RequestError::RepeatedOrigin);
        } else {
            self.has_origin = true;
            self.push_field("Origin", origin);
        }
        self
    }

    /// Adds a header, for example `Authorization` or `Cookie`.
    ///
    /// The name is a token, and none that the handshake writes itself: Host, Upgrade, Connection,
    /// Content-Length, Transfer-Encoding, Sec-WebSocket-*. The value has no control characters but tabs.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if name.eq_ignore_ascii_case("origin") {
            return self.origin(value);
        }
        self.push_field(name, value);
        self
    }

    /// Offers an extension: its name and parameters, or several of them, as they stand in
    /// Sec-WebSocket-Extensions (RFC 6455, 9.1), without empty ones between commas (RFC 9110, 5.6.1).
    ///
    /// Without an offer, a server that selects an extension fails the handshake. With it, its name is accepted
    /// once; its parameters and its effect on frames are for the caller.
    #[must_use]
    pub fn extension(mut self, offer: &str) -> Self {
        match check_offer(offer) {
            Ok(()) => append_element(&mut self.terms.offered.extensions, offer),
            Err(_) => self.fail(RequestError::InvalidExtension),
        }
        self
    }

    /// Offers to compress messages (RFC 7692). Default: no offer.
    ///
    /// Offer several, the one you like best first, to have something to fall back on if the server cannot do
    /// what the first asks for.
    #[cfg(feature = "deflate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
    #[must_use]
    pub fn deflate(mut self, deflate: deflate::Config) -> Self {
        append_element(&mut self.terms.offered.extensions, &deflate.offer().to_string());
        self.terms.deflate.push(deflate);
        self
    }

    /// How the connection behaves.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.terms.config = config;
        self
    }

    /// How much of a response is accepted.
    #[must_use]
    pub fn limits(mut self, limits: HandshakeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Where to connect to.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    fn push_field(&mut self, name: &str, value: &str) {
        if let Err(error) = self.fields.push(name, value) {
            self.fail(error.into());
        }
    }

    fn fail(&mut self, error: RequestError) {
        self.error.get_or_insert(error);
    }

    /// The first thing that is wrong.
    pub(crate) fn check(&self) -> Option<RequestError> {
        let none_to_require =
            self.terms.offered.require_subprotocol && self.terms.offered.subprotocols.is_empty();
        // Each offer alone is well-formed, but a server that is like ours takes only so many.
        let too_many_offers =
            !self.terms.offered.extensions.is_empty() && check_offer(&self.terms.offered.extensions).is_err();
        self.error
            .or(none_to_require.then_some(RequestError::MissingSubprotocol))
            .or(too_many_offers.then_some(RequestError::InvalidExtension))
    }

    /// Appends the head of the request (RFC 6455, 4.1). There is no error in it.
    pub(super) fn append(&self, key: &[u8; KEY_LEN], out: &mut Vec<u8>) {
        let uri = &self.uri;
        let parts = [uri.resource_name().len(), uri.authority().len(), self.fields.as_bytes().len(), 256];
        out.reserve(parts.into_iter().fold(0, usize::saturating_add));
        let mut append =
            |parts: &[&str]| parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
        append(&["GET ", uri.resource_name(), " HTTP/1.1\r\nHost: ", uri.authority(), "\r\n"]);
        append(&["Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"]);
        append(&["Sec-WebSocket-Key: ", str::from_utf8(key).unwrap_or_default(), "\r\n"]);
        if !self.terms.offered.subprotocols.is_empty() {
            append(&["Sec-WebSocket-Protocol: ", &self.terms.offered.subprotocols, "\r\n"]);
        }
        if !self.terms.offered.extensions.is_empty() {
            append(&["Sec-WebSocket-Extensions: ", &self.terms.offered.extensions, "\r\n"]);
        }
        out.extend_from_slice(self.fields.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

impl From<Uri> for Request {
    fn from(uri: Uri) -> Self {
        Self {
            uri,
            has_origin: false,
            terms: Terms {
                offered: Offered {
                    subprotocols: String::new(),
                    extensions: String::new(),
                    require_subprotocol: false,
                },
                #[cfg(feature = "deflate")]
                deflate: Vec::new(),
                config: Config::new(),
            },
            fields: ExtraHeaders::default(),
            limits: HandshakeLimits::new(),
            error: None,
        }
    }
}

/// Shows no header, as those may hold credentials.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("uri", &self.uri).field("error", &self.error).finish_non_exhaustive()
    }
}

fn append_element(list: &mut String, element: &str) {
    if !list.is_empty() {
        list.push_str(", ");
    }
    list.push_str(element);
}
