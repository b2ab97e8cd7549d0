//! A tunnel through an HTTP proxy, which comes before the opening handshake (RFC 9110, 9.3.6; RFC 6455, 4.1).
//!
//! It has the shape of the handshakes: a request goes into `out`, and the answer is read until the tunnel is open. What
//! comes behind the answer is the other end's, and stays in the input.
//!
//! ```
//! use sansocket::{Input, client, proxy};
//!
//! let request = client::Request::new("wss://example.com/chat")?;
//! let tunnel = proxy::Request::new(request.uri()).basic_auth("user", "secret");
//! let mut out = Vec::new();
//! let mut handshake = proxy::Handshake::new(&tunnel, &mut out)?;
//! assert!(out.starts_with(b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n"));
//! // Write `out` to the proxy, then read:
//! let mut read = *b"HTTP/1.1 200 Connection established\r\n\r\n";
//! let opened = handshake.receive(&mut Input::new(&mut read))?;
//! assert!(opened.is_some());
//! // From here on it is as if we had connected to example.com: TLS, then the opening handshake.
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Uses `client`, `handshake`, `input`, `uri`.

use alloc::{format, string::String, vec::Vec};
use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    Input,
    client::{Error, RequestError, Response, Responses, Verdict},
    handshake::{ExtraHeaders, FirstBytes, HandshakeLimits, append_head},
    uri::Uri,
};

/// Where the tunnel is to lead, and what the proxy wants to know.
#[derive(Clone)]
pub struct Request {
    /// Host and port.
    target: String,
    extra: ExtraHeaders,
    limits: HandshakeLimits,
    error: Option<RequestError>,
}

impl Request {
    /// A tunnel to the host and port of this URI.
    pub fn new(uri: &Uri) -> Self {
        Self {
            target: format!("{}:{}", uri.host(), uri.port()),
            extra: ExtraHeaders::default(),
            limits: HandshakeLimits::new(),
            error: None,
        }
    }

    /// Adds the credentials of a user (RFC 7617). They go over the wire as they are, so the way to the proxy has to
    /// be one to trust.
    ///
    /// It replaces earlier credentials. A name with a colon or a control character, or a password with a control character, is an error in
    /// [`Handshake::new`].
    #[must_use]
    pub fn basic_auth(mut self, user: &str, password: &str) -> Self {
        let has_control = |text: &str| text.bytes().any(|byte| byte.is_ascii_control());
        if user.contains(':') || has_control(user) || has_control(password) {
            self.error.get_or_insert(RequestError::InvalidHeaderValue);
            return self;
        }
        let credentials = STANDARD.encode(format!("{user}:{password}"));
        self.header("Proxy-Authorization", &format!("Basic {credentials}"))
    }

    /// Adds a header, such as `User-Agent`. What cannot be sent is an error in [`Handshake::new`].
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.extra.push_or_note(name, value, &mut self.error);
        self
    }

    /// What the answer may take. Its body is never kept.
    #[must_use]
    pub fn limits(mut self, limits: HandshakeLimits) -> Self {
        self.limits = limits;
        self
    }
}

/// Shows no header, as those may hold credentials.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("target", &self.target)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

/// Opens a tunnel.
pub struct Handshake(Responses<()>);

impl Handshake {
    /// Appends the request to `out`.
    ///
    /// # Errors
    ///
    /// The first thing that was wrong with what was put into the request. Nothing was appended.
    pub fn new(request: &Request, out: &mut Vec<u8>) -> Result<Self, RequestError> {
        if let Some(error) = request.error {
            return Err(error);
        }
        // RFC 9110, 7.2 and 9.3.6: Host has the same as the target.
        let host = [("Host", request.target.as_bytes())];
        let headers = host.into_iter().chain(request.extra.iter());
        append_head(&[b"CONNECT ", request.target.as_bytes(), b" HTTP/1.1\r\n"], headers, out);
        // RFC 9110, 9.3.6: a tunnel begins behind the head, whatever the headers say.
        Ok(Self(Responses::without_body(200..300, request.limits, ())))
    }

    /// Reads on. `None`: more bytes are needed, and all of the input has been used. Once the answer is returned, the
    /// tunnel is open, and what is left in `input` has come through it.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] for any other status than 2xx, such as 407; with the headers of the answer and without its
    /// body. [`Error::Handshake`] if the answer is no HTTP, or goes over a limit. Close the transport after either;
    /// all of the input is used up, and whatever comes later gets the same error.
    ///
    /// [`HandshakeError::AlreadyComplete`] after the tunnel has been opened; nothing happens.
    ///
    /// [`HandshakeError::AlreadyComplete`]: crate::handshake::HandshakeError::AlreadyComplete
    pub fn receive(&mut self, input: &mut Input<'_>) -> Result<Option<Response>, Error> {
        let opened = self.0.receive(input, |line, _| {
            Ok(match line.status {
                // RFC 9110, 15.2. Nothing can be switched to here.
                100..200 if line.status != 101 => Verdict::Interim,
                200..300 => Verdict::Open(()),
                _ => Verdict::Rejected,
            })
        })?;
        Ok(opened.map(|((), response, ())| response))
    }

    /// The transport ended: no more bytes will come.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::IncompleteHandshake`] if the answer had not come to its end; as the [`fault`](Response::fault) of
    /// [`Error::Rejected`] if its status came, and rejects. Or the earlier error.
    ///
    /// [`HandshakeError::IncompleteHandshake`]: crate::handshake::HandshakeError::IncompleteHandshake
    pub fn receive_eof(&mut self) -> Result<(), Error> {
        self.0.receive_eof()
    }

    /// Returns the first bytes of the head that failed the handshake, to show what the proxy speaks. It is empty before.
    pub fn first_bytes(&self) -> FirstBytes {
        self.0.first_bytes()
    }
}

/// Shows no byte of the answer.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("state", &self.0).finish_non_exhaustive()
    }
}
