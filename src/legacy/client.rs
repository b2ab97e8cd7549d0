//! The client side of the opening handshake, in every version.

use alloc::{borrow::ToOwned as _, boxed::Box, format, string::String, vec::Vec};
use core::fmt;

use super::{
    Connection, Draft, Version,
    challenge::{self, DIGEST_LEN, Key},
    has_reserved, single,
};
use crate::{
    Config, Input,
    client::{self, Error, Request, RequestError, Response, Responses},
    entropy::Entropy,
    handshake::{FirstBytes, HandshakeError, Single, append_head},
};

/// Sends the request in one version and reads the server's response.
///
/// A client opens a connection in the oldest version:
///
///
/// ```
/// use sansocket::{Input, client::Request};
/// use sansocket::legacy::{Version, client::Handshake};
///
/// let request =
///     Request::new("ws://example.com/demo")?.origin("http://localhost");
/// let (mut out, version) = (Vec::new(), Version::Hixie75);
/// let mut handshake = Handshake::new(&request, version, [7; 32], &mut out)?;
/// assert!(out.starts_with(b"GET /demo HTTP/1.1\r\nUpgrade: WebSocket\r\n"));
///
/// let mut bytes = *b"HTTP/1.1 101 Web Socket Protocol Handshake\r\n\
///     Upgrade: WebSocket\r\nConnection: Upgrade\r\n\
///     WebSocket-Origin: http://localhost\r\n\
///     WebSocket-Location: ws://example.com/demo\r\n\r\n";
/// let opened = handshake.receive(&mut Input::new(&mut bytes))?;
/// assert!(opened.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A server that does not speak the version rejects the request or closes the transport. There is no fallback
/// to an older version: the responses 400 and 426 list the numbers that the server accepts
/// ([`Response::supported_versions`]), and you decide whether to start a second handshake.
///
/// See [`client::Handshake`] for details.
#[derive(Debug)]
pub struct Handshake {
    version: Version,
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Hybi(client::Handshake),
    Hixie(HixieHandshake),
}

/// A handshake of hixie-75 or hixie-76.
struct HixieHandshake {
    /// There are no masks, so the connection needs no data from the handshake.
    responses: Responses<()>,
    expected: Box<Expected>,
    /// The response, once its head was accepted, and the number of bytes of the digest that have arrived.
    accepted: Option<(Response, usize)>,
}

/// The required contents of the response.
struct Expected {
    draft: Draft,
    config: Config,
    origin: Vec<u8>,
    location: String,
    subprotocol: Option<String>,
    /// Empty in hixie-75.
    digest: Option<[u8; DIGEST_LEN]>,
}

impl Handshake {
    /// Appends the request to `out`.
    ///
    /// The `seed` must be unpredictable and used once, see [`client::Handshake::new`]. Hixie-75 does not use
    /// it.
    ///
    /// # Errors
    ///
    /// Returns the first error in the request. In hixie-75 and hixie-76 returns
    /// [`RequestError::OriginRequired`] if it has no origin, [`RequestError::UnsupportedByVersion`] if it
    /// offers an extension or a second subprotocol, and [`RequestError::ReservedHeader`] for a header whose
    /// name begins with WebSocket-. Nothing is appended then.
    pub fn new(
        request: &Request,
        version: Version,
        seed: [u8; 32],
        out: &mut Vec<u8>,
    ) -> Result<Self, RequestError> {
        let inner = match version {
            Version::Rfc6455 => Inner::Hybi(client::Handshake::new(request, seed, out)?),
            Version::Hybi8 => start_hybi(request, "8", seed, out)?,
            Version::Hybi7 => start_hybi(request, "7", seed, out)?,
            Version::Hixie76 => Inner::Hixie(HixieHandshake::new(request, Draft::Hixie76, seed, out)?),
            Version::Hixie75 => Inner::Hixie(HixieHandshake::new(request, Draft::Hixie75, seed, out)?),
        };
        Ok(Self { version, inner })
    }

    /// Continues the handshake with `input`. Returns `Ok(None)` if more bytes are needed.
    ///
    /// The bytes after the response, in hixie-76 those after the digest, are left in `input` for the
    /// connection.
    ///
    /// In hixie-75 and hixie-76 the subprotocol that the request offers has been selected, and
    /// [`Response::subprotocol`] is without meaning.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Rejected`] if the status is not 101, once the body is complete or exceeds its limit,
    /// and [`Error::Handshake`] if the response breaks the protocol or exceeds a limit. Close the transport.
    /// Later calls return the same error.
    ///
    /// Returns [`HandshakeError::AlreadyComplete`] after the connection has been returned.
    pub fn receive(&mut self, input: &mut Input<'_>) -> Result<Option<(Connection, Response)>, Error> {
        let version = self.version;
        match &mut self.inner {
            Inner::Hybi(handshake) => {
                let opened = handshake.receive(input)?;
                Ok(opened.map(|(connection, response)| (Connection::core(version, connection), response)))
            }
            Inner::Hixie(handshake) => {
                let config = handshake.expected.config;
                // There are no masks, so no seed.
                let open = |response| (Connection::client(version, config, [0; 32]), response);
                Ok(handshake.receive(input)?.map(open))
            }
        }
    }

    /// Notifies the handshake that the transport has closed.
    ///
    /// # Errors
    ///
    /// Returns [`HandshakeError::IncompleteHandshake`] if the response is not complete, in hixie-76 including
    /// the digest, [`Error::Rejected`] with the received part of a rejection, if its status is known, or the
    /// earlier error if the handshake failed.
    pub fn receive_eof(&mut self) -> Result<(), Error> {
        match &mut self.inner {
            Inner::Hybi(handshake) => handshake.receive_eof(),
            Inner::Hixie(handshake) => handshake.receive_eof(),
        }
    }

    /// Returns the first bytes of the head that failed the handshake, which show the protocol of the server.
    /// It is empty unless the handshake has failed.
    pub fn first_bytes(&self) -> FirstBytes {
        match &self.inner {
            Inner::Hybi(handshake) => handshake.first_bytes(),
            Inner::Hixie(handshake) => handshake.responses.first_bytes(),
        }
    }

    /// Returns the response whose headers failed the handshake. See [`client::Handshake::refused_response`]
    /// for details.
    pub fn refused_response(&self) -> Option<&Response> {
        match &self.inner {
            Inner::Hybi(handshake) => handshake.refused_response(),
            Inner::Hixie(handshake) => handshake.responses.refused(),
        }
    }

    /// Removes and returns the response whose headers failed the handshake.
    pub(crate) fn take_refused(&mut self) -> Option<Box<Response>> {
        match &mut self.inner {
            Inner::Hybi(handshake) => handshake.take_refused(),
            Inner::Hixie(handshake) => handshake.responses.take_refused(),
        }
    }
}

impl HixieHandshake {
    fn new(request: &Request, draft: Draft, seed: [u8; 32], out: &mut Vec<u8>) -> Result<Self, RequestError> {
        request.check()?;
        let offer = request.offer();
        // A subprotocol is a token, so a comma separates two of them.
        if !offer.extensions.is_empty() || offer.subprotocols.contains(',') {
            return Err(RequestError::UnsupportedByVersion);
        }
        if has_reserved(request.extra.iter()) {
            return Err(RequestError::ReservedHeader);
        }
        let origin = request.extra.iter().find(|(name, _)| is_origin(name));
        let (_, origin) = origin.ok_or(RequestError::OriginRequired)?;
        let uri = request.uri();
        let scheme = if uri.is_secure() { "wss" } else { "ws" };
        let expected = Box::new(Expected {
            draft,
            config: offer.config,
            origin: origin.to_owned(),
            location: format!("{scheme}://{}{}", request.authority(), uri.resource_name()),
            subprotocol: (!offer.subprotocols.is_empty()).then(|| offer.subprotocols.clone()),
            digest: append_request(request, draft, origin, seed, out),
        });
        Ok(Self { responses: Responses::new(request.limits, ()), expected, accepted: None })
    }

    fn receive(&mut self, input: &mut Input<'_>) -> Result<Option<Response>, Error> {
        if self.accepted.is_none() {
            let expected = &self.expected;
            let opened =
                self.responses.receive(input, |line, headers| line.judge(|| expected.check(&headers)))?;
            self.accepted = opened.map(|(response, ())| (response, 0));
        }
        let Some((_, len)) = &mut self.accepted else { return Ok(None) };
        for expected in self.expected.digest.iter().flatten().skip(*len) {
            let [byte] = input.take(1) else { return Ok(None) };
            if byte != expected {
                input.take_all();
                self.accepted = None;
                return self.responses.fail(HandshakeError::InvalidDigest.into());
            }
            *len = len.saturating_add(1);
        }
        Ok(self.accepted.take().map(|(response, _)| response))
    }

    fn receive_eof(&mut self) -> Result<(), Error> {
        if self.accepted.take().is_some() {
            return self.responses.fail(HandshakeError::IncompleteHandshake.into());
        }
        self.responses.receive_eof()
    }
}

impl Expected {
    /// Checks the head of a response with status 101. Its reason phrase and the order of its headers do not
    /// matter.
    fn check<'h>(
        &self,
        headers: &(impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])> + Clone),
    ) -> Result<(), HandshakeError> {
        let names = self.draft.headers();
        let value = |name| single(headers.clone(), name);
        let is = |name, expected: &[u8]| matches!(value(name), Single::One(value) if value.eq_ignore_ascii_case(expected));
        if !is("upgrade", b"websocket") {
            return Err(HandshakeError::InvalidUpgrade);
        }
        if !is("connection", b"upgrade") {
            return Err(HandshakeError::InvalidConnection);
        }
        if !is(names.origin, &self.origin) {
            return Err(HandshakeError::UnexpectedOrigin);
        }
        if value(names.location) != Single::One(self.location.as_bytes()) {
            return Err(HandshakeError::UnexpectedLocation);
        }
        let Some(subprotocol) = &self.subprotocol else { return Ok(()) };
        match value(names.subprotocol) {
            Single::One(selected) if selected == subprotocol.as_bytes() => Ok(()),
            Single::None => Err(HandshakeError::MissingSubprotocol),
            _ => Err(HandshakeError::UnexpectedSubprotocol),
        }
    }
}

/// Appends the request in the order that servers of hixie-75 compare. Returns the expected digest, in
/// hixie-76.
fn append_request(
    request: &Request,
    draft: Draft,
    origin: &[u8],
    seed: [u8; 32],
    out: &mut Vec<u8>,
) -> Option<[u8; DIGEST_LEN]> {
    let challenge = (draft == Draft::Hixie76).then(|| {
        let mut entropy = Entropy::new(seed);
        let keys = [Key::random(&mut entropy), Key::random(&mut entropy)];
        (keys, challenge::random_bytes(&mut entropy))
    });
    let uri = request.uri();
    let line = [b"GET ", uri.resource_name().as_bytes(), b" HTTP/1.1\r\n"];
    let subprotocol = request.offer().subprotocols.as_bytes();
    let headers = [
        ("Upgrade", &b"WebSocket"[..]),
        ("Connection", b"Upgrade"),
        ("Host", request.authority().as_bytes()),
        ("Origin", origin),
        (draft.headers().subprotocol, subprotocol),
    ];
    let headers = headers.into_iter().filter(|(_, value)| !value.is_empty());
    let headers = headers.chain(request.extra.iter().filter(|(name, _)| !is_origin(name)));
    let keys = challenge.iter().flat_map(|([first, second], _)| {
        [("Sec-WebSocket-Key1", first.text.as_bytes()), ("Sec-WebSocket-Key2", second.text.as_bytes())]
    });
    append_head(&line, headers.chain(keys), out);
    let ([first, second], bytes) = &challenge?;
    out.extend_from_slice(bytes);
    Some(challenge::digest([first.number, second.number], *bytes))
}

/// Appends the request of version 7 or 8, which differs from that of RFC 6455 in the number and the name of
/// the origin.
fn start_hybi(
    request: &Request,
    number: &str,
    seed: [u8; 32],
    out: &mut Vec<u8>,
) -> Result<Inner, RequestError> {
    let (handshake, key) = client::Handshake::start(request, seed)?;
    let renamed = request.extra.iter().map(|(name, value)| (hybi_name(name), value));
    request.append(&key, number, renamed, out);
    Ok(Inner::Hybi(handshake))
}

/// Returns the name of a header in versions 7 and 8.
fn hybi_name(name: &str) -> &str {
    if is_origin(name) { "Sec-WebSocket-Origin" } else { name }
}

fn is_origin(name: &str) -> bool {
    name.eq_ignore_ascii_case("origin")
}

/// Shows no byte of the response, which may contain credentials.
impl fmt::Debug for HixieHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HixieHandshake").field("state", &self.responses).finish_non_exhaustive()
    }
}
