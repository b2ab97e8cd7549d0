//! The opening handshake with the types of the crate `http`, for servers and clients whose HTTP is done by another library
//! (feature `http`).
//!
//! The negotiation is the same as from bytes, with the same errors and the same statuses: a head is written from the
//! types, and read by the machines of [`server`] and [`client`]. Requests over HTTP/2 and HTTP/3, whose method is
//! CONNECT, are for [`extended_connect`].
//!
//! A server, as hyper or axum call it:
//!
//! ```
//! use sansocket::{Connection, server};
//!
//! # type Next = Result<(http::Response<()>, Connection), http::Response<()>>;
//! fn upgrade<T>(request: &http::Request<T>) -> Next {
//!     let request = server::Request::from_http(request).map_err(|refusal| refusal.into_response())?;
//!     // What does not fit is for the caller to refuse, here with an empty answer.
//!     request.accept_http(server::Accept::new()).map_err(|_| http::Response::new(()))
//! }
//! # let request = http::Request::get("/chat").header("host", "h").header("upgrade", "websocket")
//! #     .header("connection", "Upgrade").header("sec-websocket-version", "13")
//! #     .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==").body(()).unwrap();
//! let (response, connection) = upgrade(&request).unwrap();
//! assert_eq!(response.status(), 101);
//! // Send the response; the connection gets the bytes of the upgraded stream.
//! # drop(connection);
//! # assert_eq!(upgrade(&http::Request::get("/").body(()).unwrap()).unwrap_err().status(), 400);
//! ```

use alloc::{boxed::Box, vec, vec::Vec};
use core::{error, fmt};

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};

use crate::{
    Connection, Input, client,
    extended_connect::{self, HeaderList},
    handshake::{HandshakeError, HandshakeLimits},
    server::{self, ResponseError},
};

/// Why a request opens no WebSocket, and the response that says so.
#[derive(Debug)]
pub struct Refusal {
    error: HandshakeError,
    response: Box<Response<()>>,
}

impl Refusal {
    /// The cause.
    pub fn error(&self) -> HandshakeError {
        self.error
    }

    /// What to answer. The body is empty; the transport is to be closed.
    pub fn into_response(self) -> Response<()> {
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
    /// Takes a request that another library has read (RFC 6455, 4.2.1).
    ///
    /// # Errors
    ///
    /// As [`server::Handshake::receive`], but for limits, which that library has.
    pub fn from_http<T>(request: &Request<T>) -> Result<Self, Refusal> {
        let mut head = Vec::new();
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let version = version(request.version());
        for part in [request.method().as_str(), " ", target, " ", version, "\r\n"] {
            head.extend_from_slice(part.as_bytes());
        }
        append_headers(request.headers(), &mut head);
        let mut out = Vec::new();
        match server::Handshake::new(no_limits()).receive(&mut Input::new(&mut head), &mut out) {
            Ok(Some(request)) => Ok(request),
            // The head is whole.
            Ok(None) => Err(refusal(HandshakeError::IncompleteHandshake, &out)),
            Err(error) => Err(refusal(error, &out)),
        }
    }

    /// As [`accept`](Self::accept), with the response as a value (RFC 6455, 4.2.2).
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    pub fn accept_http(
        self,
        accept: server::Accept<'_>,
    ) -> Result<(Response<()>, Connection), ResponseError> {
        let mut out = Vec::new();
        let connection = self.accept(accept, &mut out)?;
        Ok((response(&out), connection))
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl client::Handshake {
    /// As [`new`](Self::new), with the request as a value: its target is a path, and Host says where to connect to.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn new_http(
        request: &client::Request,
        seed: [u8; 32],
    ) -> Result<(Self, Request<()>), client::RequestError> {
        let mut out = Vec::new();
        let handshake = Self::new(request, seed, &mut out)?;
        let mut slots = slots(&out);
        let mut parsed = httparse::Request::new(&mut slots);
        // We wrote it, so it can be read.
        let _ = parsed.parse(&out);
        let mut request = Request::new(());
        let target = parsed.path.and_then(|path| path.parse().ok());
        *request.uri_mut() = target.ok_or(client::RequestError::InvalidUri)?;
        *request.headers_mut() = header_map(pairs(parsed.headers));
        Ok((handshake, request))
    }

    /// Takes the response that another library has read (RFC 6455, 4.1).
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive). The body of a response that rejects is with that library.
    pub fn receive_http<T>(
        mut self,
        response: &Response<T>,
    ) -> Result<(Connection, client::Response), client::Error> {
        let mut head = Vec::new();
        for part in [version(response.version()), " ", response.status().as_str(), " \r\n"] {
            head.extend_from_slice(part.as_bytes());
        }
        append_headers(response.headers(), &mut head);
        if let Some(opened) = self.receive(&mut Input::new(&mut head))? {
            return Ok(opened);
        }
        self.receive_eof()?;
        Err(HandshakeError::IncompleteHandshake.into())
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl server::Request<extended_connect::ExtendedConnect> {
    /// Takes a request that another library has read from HTTP/2 or HTTP/3 (RFC 8441, 5).
    ///
    /// `protocol` is the value of the pseudo-header `:protocol`, which hyper and h2 have in the extensions of the
    /// request.
    ///
    /// # Errors
    ///
    /// As [`from_headers`](Self::from_headers).
    pub fn from_http_connect<T>(request: &Request<T>, protocol: Option<&str>) -> Result<Self, Refusal> {
        let uri = request.uri();
        let pseudo = [
            (":method", Some(request.method().as_str())),
            (":protocol", protocol),
            (":scheme", uri.scheme_str()),
            (":authority", uri.authority().map(::http::uri::Authority::as_str)),
            (":path", uri.path_and_query().map(::http::uri::PathAndQuery::as_str)),
        ];
        let pseudo = pseudo.into_iter().filter_map(|(name, value)| Some((name, value?.as_bytes())));
        let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        Self::from_headers(pseudo.chain(headers)).map_err(|refusal| Refusal {
            error: refusal.error(),
            response: Box::new(response_of(&refusal.into_headers())),
        })
    }

    /// As [`accept`](Self::accept), with the response as a value.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    pub fn accept_http(
        self,
        accept: server::Accept<'_>,
    ) -> Result<(Response<()>, Connection), ResponseError<Self>> {
        let (list, connection) = self.accept(accept)?;
        Ok((response_of(&list), connection))
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
impl extended_connect::Handshake {
    /// As [`new`](Self::new), with the request as a value, to whose extensions the caller adds `websocket` as the
    /// `:protocol` of hyper or h2.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn new_http(
        request: &client::Request,
        seed: [u8; 32],
    ) -> Result<(Self, Request<()>), client::RequestError> {
        let (handshake, list) = Self::new(request, seed)?;
        let uri = request.uri();
        let scheme = if uri.is_secure() { "https" } else { "http" };
        let mut request = Request::new(());
        *request.method_mut() = Method::CONNECT;
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = Uri::builder()
            .scheme(scheme)
            .authority(uri.authority())
            .path_and_query(uri.resource_name())
            .build()
            .map_err(|_| client::RequestError::InvalidUri)?;
        *request.headers_mut() = header_map(list.iter().map(|(name, value)| (&**name, value.as_bytes())));
        Ok((handshake, request))
    }

    /// Takes the response that another library has read, which has left out the interim ones.
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive), and [`HandshakeError::InvalidPseudoHeader`] for an interim response.
    pub fn receive_http<T>(
        mut self,
        response: &Response<T>,
    ) -> Result<(Connection, client::Response), client::Error> {
        let status = response.status();
        let status = [(":status", status.as_str().as_bytes())];
        let headers = response.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let opened = self.receive(status.into_iter().chain(headers))?;
        opened.ok_or_else(|| HandshakeError::InvalidPseudoHeader.into())
    }
}

/// A list that we wrote, as a value.
fn response_of(list: &HeaderList) -> Response<()> {
    let mut response = Response::new(());
    let status = list.first().and_then(|(_, status)| StatusCode::from_bytes(status.as_bytes()).ok());
    *response.status_mut() = status.unwrap_or(StatusCode::BAD_REQUEST);
    *response.headers_mut() = header_map(list.iter().map(|(name, value)| (&**name, value.as_bytes())));
    response
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 | Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        _ => "HTTP/2.0",
    }
}

/// Appends header lines and the end of a head. A value of this type has no control characters but tabs.
fn append_headers(headers: &HeaderMap, head: &mut Vec<u8>) {
    for (name, value) in headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    head.extend_from_slice(b"\r\n");
}

/// That library has limits of its own.
fn no_limits() -> HandshakeLimits {
    HandshakeLimits::new().max_head_len(usize::MAX).max_line_len(usize::MAX).max_headers(usize::MAX)
}

fn refusal(error: HandshakeError, out: &[u8]) -> Refusal {
    Refusal { error, response: Box::new(response(out)) }
}

/// A response that we wrote, as a value.
fn response(head: &[u8]) -> Response<()> {
    let mut slots = slots(head);
    let mut parsed = httparse::Response::new(&mut slots);
    // We wrote it, so it can be read.
    let _ = parsed.parse(head);
    let mut response = Response::new(());
    let status = parsed.code.and_then(|code| StatusCode::from_u16(code).ok());
    *response.status_mut() = status.unwrap_or(StatusCode::BAD_REQUEST);
    *response.headers_mut() = header_map(pairs(parsed.headers));
    response
}

/// Headers that we wrote, but for pseudo-headers.
fn header_map<'h>(headers: impl Iterator<Item = (&'h str, &'h [u8])>) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
            map.append(name, value);
        }
    }
    map
}

fn pairs<'h>(headers: &[httparse::Header<'h>]) -> impl Iterator<Item = (&'h str, &'h [u8])> {
    headers.iter().map(|header| (header.name, header.value))
}

/// Room for all headers of a head that we wrote: it has a line for each.
fn slots(head: &[u8]) -> Vec<httparse::Header<'_>> {
    vec![httparse::EMPTY_HEADER; head.split(|&byte| byte == b'\n').count()]
}
