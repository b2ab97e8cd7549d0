//! The opening handshake with the types of the crate `http`, for servers and clients whose HTTP is handled by
//! another library (feature `http`).
//!
//! The negotiation is the same as from bytes, with the same errors and statuses. For requests over HTTP/2 and
//! HTTP/3, whose method is CONNECT, use [`extended_connect`].
//!
//! A server, in the form in which hyper or axum call it:
//!
//! ```
//! use sansocket::{Connection, server};
//!
//! # type Response = http::Response<&'static str>;
//! # type Opened = (http::Response<()>, Connection);
//! fn upgrade<T>(request: &http::Request<T>) -> Result<Opened, Response> {
//!     let request = server::Request::from_http(request)
//!         .map_err(|refusal| refusal.into_response())?;
//!     request
//!         .accept_http(server::Accept::new())
//!         .map_err(|_| http::Response::new(""))
//! }
//! # let request = http::Request::get("/chat")
//! #     .header("host", "h")
//! #     .header("upgrade", "websocket")
//! #     .header("connection", "Upgrade")
//! #     .header("sec-websocket-version", "13")
//! #     .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
//! #     .body(())
//! #     .unwrap();
//! let (response, connection) = upgrade(&request).unwrap();
//! assert_eq!(response.status(), 101);
//! // Send the response, and pass the bytes of the upgraded stream on.
//! # drop(connection);
//! # let plain = http::Request::get("/").body(()).unwrap();
//! # assert_eq!(upgrade(&plain).unwrap_err().status(), 400);
//! ```
//!
//! # Layers
//!
//! It is one of the encodings of the handshake.
//!
//! Uses `client`, `connection`, `extended_connect`, `handshake`, `server`.

use alloc::{
    boxed::Box,
    string::{String, ToString as _},
    vec::Vec,
};
use core::{
    error, fmt,
    panic::{RefUnwindSafe, UnwindSafe},
};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};

use crate::{
    Connection,
    client::{self, StatusLine},
    extended_connect::{self, check_headers},
    handshake::{FieldError, HandshakeError, Tolerance, VERSION, accept_key, trim_ows},
    server::{self, ResponseError, check_method_and_target, check_plain, check_upgrade},
};

/// The reason why a request does not open a WebSocket, and the response to it.
#[derive(Debug)]
pub struct Refusal {
    error: HandshakeError,
    response: Box<Response<&'static str>>,
}

/// The extensions of the response could contain anything, but are empty.
impl UnwindSafe for Refusal {}
impl RefUnwindSafe for Refusal {}

impl Refusal {
    /// Returns the cause.
    pub fn error(&self) -> HandshakeError {
        self.error
    }

    /// Returns the status of the response.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Returns the response to send, with a line of text for people who use a browser or curl. Close the
    /// transport after it.
    pub fn into_response(self) -> Response<&'static str> {
        *self.response
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl error::Error for Refusal {}

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl server::Request {
    /// Creates a request from one that another library has read (RFC 6455, section 4.2.1).
    ///
    /// # Errors
    ///
    /// Returns a [`Refusal`] if the request breaks the protocol, under the same conditions as
    /// [`server::Handshake::receive`]. The HTTP library enforces its own limits.
    pub fn from_http<T>(request: &Request<T>) -> Result<Self, Refusal> {
        Self::from_http_with(request, Tolerance::new())
    }

    /// Takes a request that another library has read, and accepts some violations. See [`from_http`](Self::from_http) for
    /// details.
    ///
    /// # Errors
    ///
    /// Returns the [`Refusal`] of any other violation, with the response.
    pub fn from_http_with<T>(request: &Request<T>, tolerance: Tolerance) -> Result<Self, Refusal> {
        Self::judge_http(request, tolerance).map_err(refusal)
    }

    fn judge_http<T>(request: &Request<T>, tolerance: Tolerance) -> Result<Self, HandshakeError> {
        let target = target(request.uri());
        if request.version() > Version::HTTP_11 {
            return Err(HandshakeError::HttpVersionNotSupported);
        }
        check_method_and_target(request.method().as_str().as_bytes(), target.as_bytes())?;
        let headers: Vec<_> = pairs(request.headers()).collect();
        let headers = headers.iter().copied();
        if request.version() < Version::HTTP_11 {
            check_plain(headers)?;
            return Err(HandshakeError::HttpVersionTooOld);
        }
        match check_upgrade(headers.clone(), tolerance, server::is_version)? {
            Some(opening) => Ok(Self::upgrade_from_pairs(&target, headers, opening)),
            None => Err(HandshakeError::MissingUpgrade),
        }
    }

    /// Accepts the request, and returns the response as a value (RFC 6455, section 4.2.2).
    ///
    /// See [`accept`](Self::accept) for details.
    ///
    /// # Errors
    ///
    /// Returns a [`ResponseError`] under the same conditions as [`accept`](Self::accept).
    pub fn accept_http(self, accept: server::Accept) -> Result<(Response<()>, Connection), ResponseError> {
        self.answer(accept, |request, answer| {
            Ok(response(101, answer.upgrade_headers(&accept_key(request.key())))?)
        })
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl client::Handshake {
    /// Creates a handshake, and returns the request as a value: its target is a path, and its Host header
    /// names the server.
    ///
    /// See [`new`](Self::new) for details.
    ///
    /// # Errors
    ///
    /// Returns a [`RequestError`](crate::client::RequestError) under the same conditions as [`new`](Self::new).
    pub fn new_http(
        request: &client::Request,
        seed: [u8; 32],
    ) -> Result<(Self, Request<()>), client::RequestError> {
        let (handshake, key) = Self::start(request, seed)?;
        let mut made = Request::new(());
        *made.uri_mut() =
            request.uri().resource_name().parse().map_err(|_| client::RequestError::InvalidUri)?;
        *made.headers_mut() = header_map(request.upgrade_headers(&key))?;
        Ok((handshake, made))
    }

    /// Completes the handshake with a response that another library has read (RFC 6455, section 4.1).
    ///
    /// # Errors
    ///
    /// Returns the errors of [`receive`](Self::receive); the body of a response that rejects stays with that
    /// library. Returns [`HandshakeError::IncompleteHandshake`] for an interim response (1xx), after which
    /// the final one follows.
    pub fn receive_http<T>(
        self,
        response: &Response<T>,
    ) -> Result<(Connection, client::Response), client::Error> {
        let minor_version = u8::from(response.version() > Version::HTTP_10);
        let line = StatusLine { minor_version, status: response.status().as_u16() };
        let headers: Vec<_> = pairs(response.headers()).collect();
        let opened = self.receive_head(line, headers.iter().copied())?;
        opened.ok_or_else(|| HandshakeError::IncompleteHandshake.into())
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl server::Request<extended_connect::ExtendedConnect> {
    /// Creates a request from one that another library has read from HTTP/2 or HTTP/3 (RFC 8441, section 5).
    ///
    /// `protocol` is the value of the pseudo-header `:protocol`, which hyper and h2 store in the extensions
    /// of the request.
    ///
    /// # Errors
    ///
    /// Returns a [`Refusal`] under the same conditions as [`from_headers`](Self::from_headers).
    pub fn from_http_connect<T>(request: &Request<T>, protocol: Option<&str>) -> Result<Self, Refusal> {
        Self::from_http_connect_with(request, protocol, Tolerance::new())
    }

    /// Takes a request that another library has read from HTTP/2 or HTTP/3, and accepts some violations. See
    /// [`from_http_connect`](Self::from_http_connect) for details.
    ///
    /// # Errors
    ///
    /// Returns the [`Refusal`] of any other violation, with the response.
    pub fn from_http_connect_with<T>(
        request: &Request<T>,
        protocol: Option<&str>,
        tolerance: Tolerance,
    ) -> Result<Self, Refusal> {
        let uri = request.uri();
        let pseudo = [
            (":method", Some(request.method().as_str())),
            (":protocol", protocol),
            (":scheme", uri.scheme_str()),
            (":authority", uri.authority().map(http::uri::Authority::as_str)),
            (":path", uri.path_and_query().map(http::uri::PathAndQuery::as_str)),
        ];
        let pseudo = pseudo.into_iter().filter_map(|(name, value)| Some((name, value?.as_bytes())));
        let headers = pseudo.chain(untrimmed_pairs(request.headers()));
        Self::from_headers_with(headers, tolerance).map_err(|refusal| {
            let made = server::Refusal::of_connect_error(refusal.error());
            refused(refusal.error(), &made, made.headers())
        })
    }

    /// Accepts the request, and returns the response as a value.
    ///
    /// See [`accept`](Self::accept) for details.
    ///
    /// # Errors
    ///
    /// Returns a [`ResponseError`] under the same conditions as [`accept`](Self::accept).
    pub fn accept_http(
        self,
        accept: server::Accept,
    ) -> Result<(Response<()>, Connection), ResponseError<Self>> {
        self.answer(accept, |_, answer| {
            check_headers(answer.headers())?;
            Ok(response(200, answer.headers())?)
        })
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl extended_connect::Handshake {
    /// Creates a handshake, and returns the request as a value. Add `websocket` to its extensions, as the
    /// `:protocol` type of hyper or h2.
    ///
    /// See [`new`](Self::new) for details.
    ///
    /// # Errors
    ///
    /// Returns a [`RequestError`](crate::client::RequestError) under the same conditions as [`new`](Self::new).
    pub fn new_http(
        request: &client::Request,
        seed: [u8; 32],
    ) -> Result<(Self, Request<()>), client::RequestError> {
        let handshake = Self::start(request, seed)?;
        let uri = request.uri();
        let scheme = if uri.is_secure() { "https" } else { "http" };
        let mut made = Request::new(());
        *made.method_mut() = Method::CONNECT;
        *made.version_mut() = Version::HTTP_2;
        *made.uri_mut() = Uri::builder()
            .scheme(scheme)
            .authority(request.authority())
            .path_and_query(uri.resource_name())
            .build()
            .map_err(|_| client::RequestError::InvalidUri)?;
        *made.headers_mut() = header_map(request.headers())?;
        Ok((handshake, made))
    }

    /// Completes the handshake with a response that another library has read, without the interim ones.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`receive`](Self::receive), and [`HandshakeError::IncompleteHandshake`] for an
    /// interim response (1xx), after which the final one follows. 101 is not an interim response here, but an
    /// error (RFC 9113, section 8.6).
    pub fn receive_http<T>(
        mut self,
        response: &Response<T>,
    ) -> Result<(Connection, client::Response), client::Error> {
        let status = response.status();
        let status = [(":status", status.as_str().as_bytes())];
        let opened = self.receive(status.into_iter().chain(untrimmed_pairs(response.headers())))?;
        opened.ok_or_else(|| HandshakeError::IncompleteHandshake.into())
    }
}

/// Returns the target as in a request line: the absolute form, if there are scheme and authority (RFC 9112,
/// section 3.2.2).
fn target(uri: &Uri) -> String {
    match (uri.scheme(), uri.authority(), uri.path_and_query()) {
        (None, None, Some(resource)) => resource.to_string(),
        _ => uri.to_string(),
    }
}

/// Returns headers of HTTP/1.1. White space that these types have around a value is not part of it (RFC 9110,
/// section 5.5).
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
    untrimmed_pairs(headers).map(|(name, value)| (name, trim_ows(value)))
}

/// Returns headers of a stream. White space around a value makes them malformed, so it is kept (RFC 9113,
/// section 8.2.1).
fn untrimmed_pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
}

/// Converts headers to a map.
fn header_map<'h>(headers: impl Iterator<Item = (&'h str, &'h [u8])>) -> Result<HeaderMap, FieldError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        // These types limit the length of a name, and the number of headers.
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| FieldError::Name)?;
        let value = HeaderValue::from_bytes(value).map_err(|_| FieldError::Value)?;
        map.try_append(name, value).map_err(|_| FieldError::TooMany)?;
    }
    Ok(map)
}

fn response<'h>(
    status: u16,
    headers: impl Iterator<Item = (&'h str, &'h [u8])>,
) -> Result<Response<()>, FieldError> {
    let mut response = Response::new(());
    // The status has been checked before.
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    *response.headers_mut() = header_map(headers)?;
    Ok(response)
}

/// Returns the response to a request for an upgrade that breaks the protocol.
fn refusal(error: HandshakeError) -> Refusal {
    let Some(made) = server::Refusal::of_error(error, VERSION) else { return bare(error) };
    let length = made.content_length(made.text().len());
    refused(error, &made, made.headers_with_framing(length.as_deref()))
}

/// Returns a refusal with these headers. They are our own, and the types can hold them.
fn refused<'h>(
    error: HandshakeError,
    made: &server::Refusal,
    headers: impl Iterator<Item = (&'h str, &'h [u8])>,
) -> Refusal {
    match response(made.status, headers) {
        Ok(response) => Refusal { error, response: Box::new(response.map(|()| made.text())) },
        Err(_) => bare(error),
    }
}

/// Returns a refusal without headers: the default of a response would be a success.
fn bare(error: HandshakeError) -> Refusal {
    let mut response = Response::new("");
    *response.status_mut() = StatusCode::BAD_REQUEST;
    Refusal { error, response: Box::new(response) }
}
