//! What a client asks for.

use alloc::vec::Vec;
use core::{fmt, ops::Range};

use super::{Accept, Answer, Refusal, ResponseError, ResponseErrorKind, start_line::split_absolute};
use crate::{
    Connection,
    excerpt::Excerpt,
    handshake::{Extension, Head, Headers, KEY_LEN, VERSION, extensions, subprotocols},
};

/// A request of a client. What it asks for, `T`, is what it can be answered with.
///
/// With an [`Upgrade`] it opens a WebSocket if it is [accepted](Self::accept) (RFC 6455, 4.2.1). It is valid as far as
/// the protocol goes. Whether to serve this target to this origin is for the caller to say: a server that does not
/// look at [`origin`](Self::origin) serves the pages of every web site (RFC 6455, 4.2.2 and 10.2).
pub struct Request<T = Upgrade> {
    pub(crate) head: Head,
    /// Where in the head the target is.
    pub(crate) target: Range<usize>,
    pub(crate) asks_for: T,
}

/// What a [`Request`] asks for: that HTTP/1.1 becomes a WebSocket.
#[derive(Clone, Copy, Debug)]
pub struct Upgrade {
    key: [u8; KEY_LEN],
}

impl Upgrade {
    #[cfg(feature = "http")]
    pub(crate) fn new(key: [u8; KEY_LEN]) -> Self {
        Self { key }
    }
}

/// What a [`PlainRequest`] asks for: a resource of HTTP, and no WebSocket.
#[derive(Clone, Copy, Debug)]
pub struct Resource {
    /// Whether the request is of HTTP/1.0.
    is_old: bool,
}

/// A GET request without a body that does not ask for a WebSocket.
pub type PlainRequest = Request<Resource>;

/// A request, whether it asks for a WebSocket or not.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a request either asks for an upgrade to websocket or does not")]
pub enum Incoming {
    /// It asks for a WebSocket.
    WebSocket(Request),
    /// It is plain HTTP: a GET request without a body that asks for something else.
    Http(PlainRequest),
}

impl Request {
    pub(super) fn upgrade(head: Head, key: [u8; KEY_LEN], target: Range<usize>) -> Self {
        Self { head, target, asks_for: Upgrade { key } }
    }

    pub(crate) fn key(&self) -> &[u8; KEY_LEN] {
        &self.asks_for.key
    }

    /// Opens the connection: appends the 101 response to `out` (RFC 6455, 4.2.2).
    ///
    /// The server may send at once. Hand the `Input` that the request came from to the connection.
    ///
    /// # Errors
    ///
    /// If the response may not be sent like that: a subprotocol that the client did not ask for, or an invalid
    /// header. Nothing was appended, and the error gives the request back.
    pub fn accept(self, accept: Accept, out: &mut Vec<u8>) -> Result<Connection, ResponseError> {
        let answered = self.answer(accept, |request, answer| {
            answer.append(request.key(), out);
            Ok(())
        });
        answered.map(|((), connection)| connection)
    }

    /// Refuses the connection: appends a response with this status, these headers and this body to `out`.
    ///
    /// For example 401 with `WWW-Authenticate`, 403 for an origin that is not welcome, 404, or 307 with
    /// `Location` (RFC 6455, 4.2.2). Content-Length and `Connection: close` are added, with 426 what it needs
    /// as well. Write `out`, then close the transport.
    ///
    /// # Errors
    ///
    /// If the status is not between 200 and 599, a header is invalid, or the status cannot have a body. Nothing
    /// was appended, and the error gives the request back.
    pub fn reject(
        self,
        status: u16,
        headers: &[(&str, &str)],
        body: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), ResponseError> {
        self.refuse(status, headers, body, out)
    }
}

impl PlainRequest {
    pub(super) fn plain(head: Head, target: Range<usize>, is_old: bool) -> Self {
        Self { head, target, asks_for: Resource { is_old } }
    }

    pub(crate) fn is_old(&self) -> bool {
        self.asks_for.is_old
    }

    /// Answers: appends a response with this status, these headers and this body to `out`.
    ///
    /// Content-Length and `Connection: close` are added. Write `out`, then close the transport.
    ///
    /// # Errors
    ///
    /// See [`Request::reject`].
    pub fn respond(
        self,
        status: u16,
        headers: &[(&str, &str)],
        body: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), ResponseError<Self>> {
        self.refuse(status, headers, body, out)
    }
}

impl<T> Request<T> {
    /// A request that did not come as bytes.
    pub(crate) fn from_pairs<'h>(
        target: &[&str],
        headers: impl Iterator<Item = (&'h str, &'h [u8])> + Clone,
        asks_for: T,
    ) -> Self {
        let target_len = target.iter().map(|part| part.len()).fold(0, usize::saturating_add);
        Self { head: Head::from_pairs(target, headers), target: 0..target_len, asks_for }
    }

    /// Opens the connection with the response that `encode` makes of the answer.
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
        out: &mut Vec<u8>,
    ) -> Result<(), ResponseError<Self>> {
        match Refusal::new(status, headers, !body.is_empty(), VERSION) {
            Ok(refusal) => {
                refusal.append(body, out);
                Ok(())
            }
            Err(kind) => Err(ResponseError::new(kind, self)),
        }
    }

    /// The target as it was sent: mostly path and query, or a whole http or https URI (RFC 9112, 3.2).
    pub fn target(&self) -> &str {
        // It has been checked to be ASCII.
        str::from_utf8(self.head.start(self.target.clone())).unwrap_or_default()
    }

    /// The path of the target, still percent-encoded. It begins with `/`.
    pub fn path(&self) -> &str {
        self.path_and_query().0
    }

    /// The query of the target, without the `?`, still percent-encoded.
    pub fn query(&self) -> Option<&str> {
        self.path_and_query().1
    }

    /// The host, and the port if one was given: from the target if it has one, else from the Host header
    /// (RFC 9112, 3.2.2). It is empty if a plain request of HTTP/1.0 has neither.
    pub fn authority(&self) -> &str {
        match split_absolute(self.target()) {
            Some((authority, _)) => authority,
            // It has been checked to be there, and to be ASCII.
            None => self.header("host").and_then(|host| str::from_utf8(host).ok()).unwrap_or_default(),
        }
    }

    /// The first header with this name, in any case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.head.header(name)
    }

    /// All headers, in the order in which they came.
    pub fn headers(&self) -> Headers<'_> {
        self.head.headers()
    }

    /// The web page that asks, if a browser asks: scheme, host and port, or `null` (RFC 6455, 10.2).
    ///
    /// Compare the whole of it. `None` means that there was no Origin header.
    pub fn origin(&self) -> Option<&str> {
        // Of a request for a WebSocket it has been checked to be ASCII.
        self.header("origin").and_then(|origin| str::from_utf8(origin).ok())
    }

    /// The subprotocols that the client speaks, the one it likes best first (RFC 6455, 11.3.4).
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        subprotocols(self.headers())
    }

    /// The extensions that the client offers, the one it likes best first (RFC 6455, 9.1).
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'_>> {
        extensions(self.headers()).flatten()
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

/// Shows the path and no header, as those may hold credentials, and so may the query.
impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("target", &Excerpt::without_query(self.target()))
            .finish_non_exhaustive()
    }
}
