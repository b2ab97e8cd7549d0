//! The request of a client, in any version.

use alloc::{format, string::String, vec::Vec};
use core::{fmt, ops::Range};

use super::super::challenge::DIGEST_LEN;
use crate::{
    handshake::{Head, Headers, Single, append_head},
    legacy::{Connection, Draft, Version, Versions, has_reserved, printable, single},
    server::{
        self, Accept, Answer, Extensions, Refusal, ResponseError, ResponseErrorKind, Upgrade, selection,
    },
};

/// A client's request for a WebSocket, in any version.
///
/// It is valid as far as the protocol is concerned. You decide whether to serve this target to this origin:
/// in hixie-75 and hixie-76 the [origin](Self::origin) is the only defense against cross-origin pages.
pub struct Request {
    inner: server::Request<Asked>,
    version: Version,
    versions: Versions,
    is_secure: bool,
}

/// The data that the response depends on.
enum Asked {
    Hybi(Upgrade),
    Hixie(Draft, [u8; DIGEST_LEN]),
}

impl Request {
    pub(super) fn hybi(request: server::Request, version: Version, versions: Versions) -> Self {
        let server::Request { head, target, asks_for, offer } = request;
        let inner = server::Request { head, target, asks_for: Asked::Hybi(asks_for), offer };
        Self { inner, version, versions, is_secure: false }
    }

    pub(super) fn hixie75(head: Head, target: Range<usize>, versions: Versions) -> Self {
        Self::hixie(head, target, Version::Hixie75, Draft::Hixie75, versions)
    }

    pub(super) fn hixie76(head: Head, target: Range<usize>, versions: Versions) -> Self {
        Self::hixie(head, target, Version::Hixie76, Draft::Hixie76, versions)
    }

    fn hixie(head: Head, target: Range<usize>, version: Version, draft: Draft, versions: Versions) -> Self {
        let asks_for = Asked::Hixie(draft, [0; DIGEST_LEN]);
        let inner = server::Request { head, target, asks_for, offer: Extensions::Offered };
        Self { inner, version, versions, is_secure: false }
    }

    /// Adds the digest of the challenge.
    pub(super) fn with_digest(mut self, digest: [u8; DIGEST_LEN]) -> Self {
        if let Asked::Hixie(_, answer) = &mut self.inner.asks_for {
            *answer = digest;
        }
        self
    }

    /// Sets whether the client connected through TLS. The default is `false`.
    ///
    /// It decides between `ws` and `wss` in the location that hixie-75 and hixie-76 clients compare with
    /// their URI. Headers such as X-Forwarded-Proto are not inspected, since any client can send them.
    #[must_use]
    pub fn secure(mut self, is_secure: bool) -> Self {
        self.is_secure = is_secure;
        self
    }

    /// Accepts the request: appends the response to `out`.
    ///
    /// In hixie-75 and hixie-76 `Accept::deflate` has no effect.
    ///
    /// # Errors
    ///
    /// Returns a [`ResponseError`] that contains the request if the subprotocol was not offered or a header
    /// is invalid. Nothing was appended.
    pub fn accept(self, accept: Accept, out: &mut Vec<u8>) -> Result<Connection, ResponseError<Self>> {
        match self.inner.asks_for {
            Asked::Hybi(upgrade) => self.accept_hybi(upgrade, accept, out),
            Asked::Hixie(draft, digest) => match self.answer(accept) {
                Ok(answer) => {
                    self.append_response(draft, &digest, &answer, out);
                    Ok(Connection::server(self.version, answer.config))
                }
                Err(kind) => Err(ResponseError::new(kind, self)),
            },
        }
    }

    /// Rejects the request: appends a response with this status, these headers and this body to `out`.
    ///
    /// See [`server::Request::reject`] for details.
    ///
    /// # Errors
    ///
    /// Returns a [`ResponseError`] that contains the request if the status is not between 200 and 599 or
    /// cannot have a body, or a header is invalid. Nothing was appended.
    pub fn reject(
        self,
        status: u16,
        headers: &[(&str, &str)],
        body: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), ResponseError<Self>> {
        match Refusal::new(status, headers, !body.is_empty(), self.versions.list()) {
            Ok(refusal) => {
                refusal.append(body, out);
                Ok(())
            }
            Err(kind) => Err(ResponseError::new(kind, self)),
        }
    }

    /// Returns the version of the request.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Returns the target as it was sent. See [`server::Request::target`].
    pub fn target(&self) -> &str {
        self.inner.target()
    }

    /// Returns the path of the target, still percent-encoded.
    pub fn path(&self) -> &str {
        self.inner.path()
    }

    /// Returns the query of the target, without the `?`, still percent-encoded.
    pub fn query(&self) -> Option<&str> {
        self.inner.query()
    }

    /// Returns the host, and the port if one was given. See [`server::Request::authority`].
    pub fn authority(&self) -> &str {
        self.inner.authority()
    }

    /// Returns the value of the first header with this name, in any case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.inner.header(name)
    }

    /// Returns all headers, in the order in which they were received.
    pub fn headers(&self) -> Headers<'_> {
        self.inner.headers()
    }

    /// Returns the origin of the web page that made the request, if a browser sent it.
    ///
    /// Compare the whole value. It is never `None` in hixie-75 and hixie-76. In versions 7 and 8 it is the
    /// value of Sec-WebSocket-Origin if that is present, otherwise of Origin.
    pub fn origin(&self) -> Option<&str> {
        match self.version {
            Version::Hybi7 | Version::Hybi8 => {
                self.header("sec-websocket-origin").map_or_else(|| self.inner.origin(), printable)
            }
            _ => self.inner.origin(),
        }
    }

    /// Returns the subprotocols that the client offers, in order of preference.
    ///
    /// In hixie-75 and hixie-76 there is at most one, which may contain spaces and commas. A browser fails if
    /// it offered one and the server selects none.
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        let (string, list) = match self.inner.asks_for {
            Asked::Hixie(draft, _) => (self.hixie_subprotocol(draft), None),
            Asked::Hybi(_) => (None, Some(self.inner.subprotocols())),
        };
        string.into_iter().chain(list.into_iter().flatten())
    }

    /// Returns the first subprotocol of `supported` that the client speaks: the server's order decides.
    ///
    /// See [`server::Request::select_by_server_order`] for details.
    pub fn select_by_server_order<'s>(&self, supported: &[&'s str]) -> Option<&'s str> {
        selection::by_server_order(|| self.subprotocols(), supported)
    }

    /// Returns the subprotocol of `supported` that the client likes best: the client's order decides.
    ///
    /// See [`server::Request::select_by_server_order`] for details.
    pub fn select_by_client_order<'s>(&self, supported: &[&'s str]) -> Option<&'s str> {
        selection::by_client_order(self.subprotocols(), supported)
    }

    fn hixie_subprotocol(&self, draft: Draft) -> Option<&str> {
        match single(self.headers(), draft.headers().subprotocol) {
            Single::One(name) => printable(name),
            _ => None,
        }
    }

    fn accept_hybi(
        self,
        upgrade: Upgrade,
        accept: Accept,
        out: &mut Vec<u8>,
    ) -> Result<Connection, ResponseError<Self>> {
        let Self { inner: server::Request { head, target, offer, .. }, version, versions, is_secure } = self;
        match (server::Request { head, target, asks_for: upgrade, offer }).accept(accept, out) {
            Ok(connection) => Ok(Connection::core(version, connection)),
            Err(error) => {
                let kind = error.kind();
                let request = Self::hybi(error.into_request(), version, versions);
                Err(ResponseError::new(kind, request.secure(is_secure)))
            }
        }
    }

    /// Returns the response of hixie-75 and hixie-76, or an error if it must not be sent.
    fn answer(&self, accept: Accept) -> Result<Answer, ResponseErrorKind> {
        let answer = accept.answer_plain(|name| self.subprotocols().any(|offered| offered == name))?;
        if has_reserved(answer.extra.iter()) { Err(ResponseErrorKind::ReservedHeader) } else { Ok(answer) }
    }

    /// Appends the response in the order and spelling that clients of hixie-75 compare byte for byte.
    fn append_response(&self, draft: Draft, digest: &[u8; DIGEST_LEN], answer: &Answer, out: &mut Vec<u8>) {
        let (status_line, digest): (&[u8], &[u8]) = match draft {
            Draft::Hixie75 => (b"HTTP/1.1 101 Web Socket Protocol Handshake\r\n", b""),
            Draft::Hixie76 => (b"HTTP/1.1 101 WebSocket Protocol Handshake\r\n", digest),
        };
        let names = draft.headers();
        let location = self.location();
        let headers = [
            ("Upgrade", Some("WebSocket")),
            ("Connection", Some("Upgrade")),
            (names.origin, self.origin()),
            (names.location, Some(&*location)),
            (names.subprotocol, answer.subprotocol.as_deref()),
        ];
        let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value?.as_bytes())));
        append_head(&[status_line], headers.chain(answer.extra.iter()), out);
        out.extend_from_slice(digest);
    }

    /// Returns the URI that the client connected to. It is not normalized, since clients compare it as it is.
    fn location(&self) -> String {
        let scheme = if self.is_secure { "wss" } else { "ws" };
        let (mark, query) = self.query().map_or(("", ""), |query| ("?", query));
        format!("{scheme}://{}{}{mark}{query}", self.authority(), self.path())
    }
}

/// Shows the path, but neither headers nor query, which may contain credentials.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("version", &self.version)
            .field("request", &self.inner)
            .finish_non_exhaustive()
    }
}
