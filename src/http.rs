//! The opening handshake with the types of the crate `http`, for servers and clients whose HTTP is done by another library
//! (feature `http`).
//!
//! The negotiation is the same as from bytes, with the same errors and the same statuses: a head is written from the
//! types, and read by the machines of [`server`] and [`client`].
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

use ::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version};

use crate::{
    Connection, Input, client,
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
            Ok(None) => Err(refusal(HandshakeError::UnexpectedEof, &out)),
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
        *request.uri_mut() = parsed.path.and_then(|path| path.parse().ok()).unwrap_or_default();
        *request.headers_mut() = header_map(parsed.headers);
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
        Err(HandshakeError::UnexpectedEof.into())
    }
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
    *response.headers_mut() = header_map(parsed.headers);
    response
}

fn header_map(headers: &[httparse::Header<'_>]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for header in headers {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(header.value)) {
            map.append(name, value);
        }
    }
    map
}

/// Room for all headers of a head that we wrote: it has a line for each.
fn slots(head: &[u8]) -> Vec<httparse::Header<'_>> {
    vec![httparse::EMPTY_HEADER; head.split(|&byte| byte == b'\n').count()]
}
