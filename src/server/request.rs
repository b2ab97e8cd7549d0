//! The request of a client.

use alloc::vec::Vec;
use core::{fmt, ops::Range};

use super::{
    Accept, Answer, Refusal, ResponseError, ResponseErrorKind,
    negotiation::{Extensions, Opening},
    selection,
    start_line::split_absolute,
};
use crate::{
    Connection,
    excerpt::Excerpt,
    handshake::{Extension, Head, Headers, KEY_LEN, VERSION, extensions, subprotocols},
};

/// The request of a client. The type parameter `T` determines how it can be answered.
///
/// A request with an [`Upgrade`] opens a WebSocket if it is [accepted](Self::accept) (RFC 6455, section
/// 4.2.1). It is valid as far as the protocol is concerned. You decide whether to serve this target to this
/// origin: a server that does not check [`origin`](Self::origin) serves the pages of every web site (RFC
/// 6455, sections 4.2.2 and 10.2).
pub struct Request<T = Upgrade> {
    pub(crate) head: Head,
    /// The position of the target in the head.
    pub(crate) target: Range<usize>,
    pub(crate) asks_for: T,
    pub(crate) offer: Extensions,
}

/// The kind of a [`Request`] that asks to upgrade HTTP/1.1 to a WebSocket.
#[derive(Clone, Copy, Debug)]
pub struct Upgrade {
    /// The key, if it has the usual length. Any other is in the head.
    key: Option<[u8; KEY_LEN]>,
}

/// The kind of a [`PlainRequest`], which asks for an HTTP resource and no WebSocket.
#[derive(Clone, Copy, Debug)]
pub struct Resource {
    /// Whether the request uses HTTP/1.0.
    is_old: bool,
    /// The versions that a 426 lists.
    versions: &'static str,
}

/// A GET request without a body that does not ask for a WebSocket.
pub type PlainRequest = Request<Resource>;

/// A request that asks for a WebSocket, or a plain one.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a request either asks for an upgrade to websocket or does not")]
pub enum Incoming {
    /// The request asks for a WebSocket.
    WebSocket(Request),
    /// The request is plain HTTP: a GET request without a body that does not ask for a WebSocket.
    Http(PlainRequest),
}

impl Request {
    pub(super) fn upgrade(head: Head, opening: Opening, target: Range<usize>) -> Self {
        Self { head, target, asks_for: Upgrade { key: opening.key }, offer: opening.extensions }
    }

    /// An upgrade that did not come as bytes.
    #[cfg(feature = "http")]
    pub(crate) fn upgrade_from_pairs<'h>(
        target: &str,
        headers: impl Iterator<Item = (&'h str, &'h [u8])> + Clone,
        opening: Opening,
    ) -> Self {
        Self::from_pairs(&[target], headers, Upgrade { key: opening.key }, opening.extensions)
    }

    pub(crate) fn key(&self) -> &[u8] {
        match &self.asks_for.key {
            Some(key) => key,
            None => self.header("sec-websocket-key").unwrap_or_default(),
        }
    }

    /// Accepts the request: appends the 101 response to `out` (RFC 6455, section 4.2.2).
    ///
    /// The server may send at once. Pass the `Input` of the handshake to the connection, which may already
    /// contain frames.
    ///
    /// # Errors
    ///
    /// Returns a [`ResponseError`] if the response must not be sent: the client did not offer the
    /// subprotocol, or a header is invalid. Nothing is appended then, and the error returns the request.
    ///
    /// # Examples
    ///
    /// A server selects the first subprotocol that it supports:
    ///
    /// ```
    /// use sansocket::Connection;
    /// use sansocket::server::{Accept, Request, ResponseError};
    ///
    /// fn accept(
    ///     request: Request,
    ///     out: &mut Vec<u8>,
    /// ) -> Result<Connection, ResponseError> {
    ///     let supported = |name: &&str| ["chat.v2", "chat"].contains(name);
    ///     let accept = match request.subprotocols().find(supported) {
    ///         Some(name) => Accept::new().subprotocol(name),
    ///         None => Accept::new(),
    ///     };
    ///     request.accept(accept, out)
    /// }
    /// ```
    pub fn accept(self, accept: Accept, out: &mut Vec<u8>) -> Result<Connection, ResponseError> {
        let answered = self.answer(accept, |request, answer| {
            answer.append(request.key(), out);
            Ok(())
        });
        answered.map(|((), connection)| connection)
    }

    /// Rejects the request: appends a response with this status, these headers and this body to `out`.
    ///
    /// Typical responses are 401 with `WWW-Authenticate`, 403 for an origin that is not allowed, 404, or 307
    /// with `Location` (RFC 6455, section 4.2.2). Content-Length and `Connection: close` are added, and for
    /// 426 the headers that it requires. Write `out`, then close the transport.
    ///
    /// # Errors
    ///
    /// Returns a [`ResponseError`] if the status is not between 200 and 599, a header is invalid, or the
    /// status cannot have a body. Nothing is appended then, and the error returns the request.
    ///
    /// # Examples
    ///
    /// A server asks for credentials:
    ///
    /// ```
    /// use sansocket::server::{Request, ResponseError};
    ///
    /// fn ask(
    ///     request: Request,
    ///     out: &mut Vec<u8>,
    /// ) -> Result<(), ResponseError> {
    ///     let headers = [("WWW-Authenticate", "Bearer")];
    ///     request.reject(401, &headers, b"", out)
    /// }
    /// ```
    pub fn reject(
        self,
        status: u16,
        headers: &[(&str, &str)],
        body: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), ResponseError> {
        self.refuse(status, headers, body, VERSION, out)
    }
}

impl PlainRequest {
    pub(super) fn plain(head: Head, target: Range<usize>, is_old: bool) -> Self {
        Self { head, target, asks_for: Resource { is_old, versions: VERSION }, offer: Extensions::Offered }
    }

    /// Sets the versions that a 426 lists.
    #[cfg(feature = "legacy")]
    pub(crate) fn list(mut self, versions: &'static str) -> Self {
        self.asks_for.versions = versions;
        self
    }

    pub(crate) fn is_old(&self) -> bool {
        self.asks_for.is_old
    }

    /// Responds to the request: appends a response with this status, these headers and this body to `out`.
    ///
    /// Content-Length and `Connection: close` are added. Write `out`, then close the transport.
    ///
    /// # Errors
    ///
    /// Returns a [`ResponseError`] under the same conditions as [`Request::reject`].
    ///
    /// # Examples
    ///
    /// A server sends the page that opens the WebSocket:
    ///
    /// ```
    /// use sansocket::server::{PlainRequest, ResponseError};
    ///
    /// fn serve(
    ///     request: PlainRequest,
    ///     out: &mut Vec<u8>,
    /// ) -> Result<(), ResponseError<PlainRequest>> {
    ///     let headers = [("Content-Type", "text/html")];
    ///     match request.path() {
    ///         "/" => request.respond(200, &headers, b"<!doctype html>", out),
    ///         _ => request.respond(404, &[], b"", out),
    ///     }
    /// }
    /// ```
    pub fn respond(
        self,
        status: u16,
        headers: &[(&str, &str)],
        body: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), ResponseError<Self>> {
        let versions = self.asks_for.versions;
        self.refuse(status, headers, body, versions, out)
    }
}

impl<T> Request<T> {
    /// Creates a request that did not arrive as bytes.
    pub(crate) fn from_pairs<'h>(
        target: &[&str],
        headers: impl Iterator<Item = (&'h str, &'h [u8])> + Clone,
        asks_for: T,
        offer: Extensions,
    ) -> Self {
        let target_len = target.iter().map(|part| part.len()).fold(0, usize::saturating_add);
        Self { head: Head::from_pairs(target, headers), target: 0..target_len, asks_for, offer }
    }

    /// Opens the connection with the response that `encode` creates from the answer.
    pub(crate) fn answer<R>(
        self,
        accept: Accept,
        encode: impl FnOnce(&Self, &Answer) -> Result<R, ResponseErrorKind>,
    ) -> Result<(R, Connection), ResponseError<Self>> {
        let encoded = accept.answer(&self).and_then(|answer| Ok((encode(&self, &answer)?, answer.config)));
        match encoded {
            Ok((response, config)) => Ok((response, Connection::server(config))),
            Err(kind) => Err(ResponseError::new(kind, self)),
        }
    }

    fn refuse(
        self,
        status: u16,
        headers: &[(&str, &str)],
        body: &[u8],
        versions: &'static str,
        out: &mut Vec<u8>,
    ) -> Result<(), ResponseError<Self>> {
        match Refusal::new(status, headers, !body.is_empty(), versions) {
            Ok(refusal) => {
                refusal.append(body, out);
                Ok(())
            }
            Err(kind) => Err(ResponseError::new(kind, self)),
        }
    }

    /// Returns the target as it was sent: usually path and query, or a complete URI with the scheme http,
    /// https, ws or wss (RFC 9112, section 3.2).
    pub fn target(&self) -> &str {
        // It has been validated as ASCII.
        str::from_utf8(self.head.start(self.target.clone())).unwrap_or_default()
    }

    /// Returns the path of the target, still percent-encoded. It begins with `/`.
    pub fn path(&self) -> &str {
        self.path_and_query().0
    }

    /// Returns the query of the target, without the `?`, still percent-encoded.
    pub fn query(&self) -> Option<&str> {
        self.path_and_query().1
    }

    /// Returns the host, and the port if one was given: from the target if it has one, otherwise from the
    /// Host header (RFC 9112, section 3.2.2). It is empty if a plain request of HTTP/1.0 has neither.
    pub fn authority(&self) -> &str {
        match split_absolute(self.target()) {
            Some((authority, _)) => authority,
            // It has been checked to exist, and to be ASCII.
            None => self.header("host").and_then(|host| str::from_utf8(host).ok()).unwrap_or_default(),
        }
    }

    /// Returns the value of the first header with this name, in any case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.head.header(name)
    }

    /// Returns all headers, in the order in which they were received.
    pub fn headers(&self) -> Headers<'_> {
        self.head.headers()
    }

    /// Returns the origin of the web page that made the request, if a browser sent it: scheme, host and port,
    /// or `null` (RFC 6455, section 10.2).
    ///
    /// Compare the whole value. `None` means that there is no Origin header.
    ///
    /// Browsers allow cross-origin connections, so this server accepts only its own pages:
    ///
    /// ```
    /// use sansocket::server::Request;
    ///
    /// /// Non-browser clients send no Origin header.
    /// fn is_allowed(request: &Request) -> bool {
    ///     matches!(request.origin(), None | Some("https://example.com"))
    /// }
    /// ```
    #[doc(alias = "CSWSH")]
    #[doc(alias = "CORS")]
    pub fn origin(&self) -> Option<&str> {
        // For a WebSocket request it has been validated as ASCII.
        let origin = self.header("origin").filter(|origin| !origin.is_empty())?;
        str::from_utf8(origin).ok()
    }

    /// Returns the subprotocols that the client offers, in order of preference (RFC 6455, section 11.3.4).
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        subprotocols(self.headers())
    }

    /// Returns the first subprotocol of `supported` that the client speaks: the server's order decides.
    ///
    /// Pass it to [`Accept::maybe_subprotocol`], and decide what `None` means: a connection without a subprotocol, or a rejection
    /// (RFC 6455, section 4.2.2). The names are compared byte by byte.
    ///
    /// # Examples
    ///
    /// A server that prefers the newer of two subprotocols:
    ///
    /// ```
    /// use sansocket::{Input, client, handshake::HandshakeLimits, server};
    ///
    /// let request = client::Request::new("ws://h/")?;
    /// let request = request.subprotocol("v1").subprotocol("v2");
    /// let (mut wire, mut out) = (Vec::new(), Vec::new());
    /// client::Handshake::new(&request, [7; 32], &mut wire)?;
    /// let mut handshake = server::Handshake::new(HandshakeLimits::new());
    /// let mut input = Input::new(&mut wire);
    /// let request = handshake.receive(&mut input, &mut out)?.ok_or("incomplete")?;
    ///
    /// let selected = request.select_by_server_order(&["v2", "v1"]);
    /// assert_eq!(selected, Some("v2"));
    /// request.accept(server::Accept::new().maybe_subprotocol(selected), &mut out)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn select_by_server_order<'s>(&self, supported: &[&'s str]) -> Option<&'s str> {
        selection::by_server_order(|| self.subprotocols(), supported)
    }

    /// Returns the subprotocol of `supported` that the client likes best: the client's order decides.
    ///
    /// See [`select_by_server_order`](Self::select_by_server_order).
    pub fn select_by_client_order<'s>(&self, supported: &[&'s str]) -> Option<&'s str> {
        selection::by_client_order(self.subprotocols(), supported)
    }

    /// Returns the extensions that the client offers, in order of preference (RFC 6455, section 9.1).
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'_>> {
        extensions(self.headers()).flatten().filter(|_| self.offer == Extensions::Offered)
    }

    fn path_and_query(&self) -> (&str, Option<&str>) {
        let target = self.target();
        let target = split_absolute(target).map_or(target, |(_, resource)| resource);
        match target.split_once('?') {
            Some(("", query)) => ("/", Some(query)),
            Some((path, query)) => (path, Some(query)),
            None if target.is_empty() => ("/", None),
            None => (target, None),
        }
    }
}

/// Shows the path, but neither headers nor query, which may contain credentials.
impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("target", &Excerpt::without_query(self.target()))
            .finish_non_exhaustive()
    }
}
