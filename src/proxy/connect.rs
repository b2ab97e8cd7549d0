//! A tunnel through an HTTP proxy: CONNECT (RFC 9110, section 9.3.6).

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Error, Target};
use crate::{
    Input,
    client::{RequestError, Response, Responses, Verdict},
    handshake::{ExtraHeaders, FirstBytes, HandshakeLimits, append_head},
};

/// A request for a tunnel through an HTTP proxy, with its headers and limits.
#[derive(Clone)]
pub struct Request {
    /// Host and port.
    target: String,
    extra: ExtraHeaders,
    limits: HandshakeLimits,
    error: Option<RequestError>,
}

impl Request {
    /// Creates a request for a tunnel to this target: a `&Uri`, or an address that you resolved.
    pub fn new(target: impl Into<Target>) -> Self {
        Self {
            target: target.into().to_string(),
            extra: ExtraHeaders::default(),
            limits: HandshakeLimits::new(),
            error: None,
        }
    }

    /// Adds the credentials of a user (RFC 7617). They are sent unencrypted, unless the transport to the
    /// proxy is TLS.
    ///
    /// It replaces earlier credentials. A name with a colon or a control character, or a password with a
    /// control character, is an error in [`Handshake::new`].
    #[must_use]
    pub fn basic_auth(mut self, user: &str, password: &str) -> Self {
        let has_control = |text: &str| text.bytes().any(|byte| byte.is_ascii_control());
        if user.contains(':') || has_control(user) || has_control(password) {
            self.error.get_or_insert(RequestError::InvalidCredentials);
            return self;
        }
        let credentials = STANDARD.encode(format!("{user}:{password}"));
        self.header("Proxy-Authorization", &format!("Basic {credentials}"))
    }

    /// Adds a header, such as `User-Agent`, or `Proxy-Authorization` of another scheme than Basic. One that
    /// cannot be sent is an error in [`Handshake::new`].
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.extra.push_or_note(name, value, &mut self.error);
        self
    }

    /// Sets the limits of the response. Its body is read before a [retry](Handshake::retry) only.
    #[must_use]
    pub fn limits(mut self, limits: HandshakeLimits) -> Self {
        self.limits = limits;
        self
    }
}

/// Shows no headers, which may contain credentials.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("target", &self.target)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

/// State machine that opens a tunnel through an HTTP proxy.
///
/// # Examples
///
/// Authentication in several rounds (Negotiate, NTLM) takes place on one connection:
///
/// ```
/// use sansocket::{Input, proxy, uri::Uri};
///
/// let uri: Uri = "wss://example.com/chat".parse()?;
/// let mut out = Vec::new();
/// let request = proxy::Request::new(&uri);
/// let mut handshake = proxy::Handshake::new(&request, &mut out)?;
/// // Write `out`. The proxy asks for credentials:
/// let mut read = *b"HTTP/1.1 407 No\r\nContent-Length: 2\r\n\
///     Proxy-Authenticate: Negotiate\r\n\r\nno";
/// let result = handshake.receive(&mut Input::new(&mut read));
/// let Err(proxy::Error::Rejected(response)) = result else { panic!() };
/// assert_eq!(response.header("Proxy-Authenticate"), Some(&b"Negotiate"[..]));
/// if handshake.can_retry() {
///     out.clear();
///     let token = "Negotiate YII="; // from the challenge
///     let request = request.header("Proxy-Authorization", token);
///     handshake.retry(&request, &mut out)?;
///     // Write `out` to the same connection, and continue with `receive`.
/// }
/// # assert!(out.ends_with(b"\r\nProxy-Authorization: Negotiate YII=\r\n\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Handshake(Responses<()>);

impl Handshake {
    /// Appends the request to `out`, and creates a handshake that waits for the response.
    ///
    /// # Errors
    ///
    /// Returns the first [`RequestError`] in the parameters of the request. Nothing is appended then.
    pub fn new(request: &Request, out: &mut Vec<u8>) -> Result<Self, RequestError> {
        if let Some(error) = request.error {
            return Err(error);
        }
        // RFC 9110, 7.2 and 9.3.6: Host has the same as the target.
        let host = [("Host", request.target.as_bytes())];
        let headers = host.into_iter().chain(request.extra.iter());
        append_head(&[b"CONNECT ", request.target.as_bytes(), b" HTTP/1.1\r\n"], headers, out);
        // RFC 9110, 9.3.6: a tunnel begins after the head, whatever the headers declare.
        Ok(Self(Responses::of_proxy(request.limits, ())))
    }

    /// Continues with `input`. Returns `Ok(None)` if more bytes are needed; all of the input has then been
    /// consumed.
    ///
    /// Once the response is returned, the tunnel is open, and the bytes left in `input` have come through it.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Rejected`] for any status but 2xx. If it is 407 and the connection persists after its
    /// body, the body is read first, and [`can_retry`](Self::can_retry) returns `true`. Otherwise the error
    /// is returned at the end of the head, and the response has no body.
    ///
    /// Returns [`Error::Http`] if the response is not HTTP, or exceeds a limit.
    ///
    /// After either, all of the input has been consumed, and later calls return the same error. Close the
    /// transport, unless you retry.
    ///
    /// Returns [`HandshakeError::AlreadyComplete`] after the tunnel has been opened; nothing was consumed.
    ///
    /// [`HandshakeError::AlreadyComplete`]: crate::handshake::HandshakeError::AlreadyComplete
    pub fn receive(&mut self, input: &mut Input<'_>) -> Result<Option<Response>, Error> {
        let opened = self.0.receive(input, |line, _| {
            Ok(match line.status {
                // RFC 9110, 15.2. No protocol can be switched to here.
                100..200 if line.status != 101 => Verdict::Interim,
                200..300 => Verdict::Open,
                _ => Verdict::Rejected,
            })
        })?;
        Ok(opened.map(|(response, ())| response))
    }

    /// Returns `true` if the tunnel can be requested again on this connection: the proxy has answered with
    /// 407, its response has been read to the end, and the connection persists (RFC 9112, section 9.3).
    ///
    /// The connection does not persist if the response contains `Connection: close`, has no length, has a
    /// body that exceeds [`max_body_len`](HandshakeLimits::max_body_len), has a violation that was
    /// [tolerated](crate::handshake::Tolerance), or is followed by bytes that were not requested. Connect again then.
    pub fn can_retry(&self) -> bool {
        self.0.persists()
    }

    /// Requests the tunnel again after a 407, with other credentials, on the same connection: appends
    /// `request` to `out`, and waits for the response to it.
    ///
    /// # Errors
    ///
    /// Returns [`RequestError::NewConnectionRequired`] unless [`can_retry`](Self::can_retry) returns `true`,
    /// or the first error in the parameters of the request. Nothing is appended or changed then.
    pub fn retry(&mut self, request: &Request, out: &mut Vec<u8>) -> Result<(), RequestError> {
        if !self.can_retry() {
            return Err(RequestError::NewConnectionRequired);
        }
        *self = Self::new(request, out)?;
        Ok(())
    }

    /// Notifies the handshake that the transport has been closed.
    ///
    /// # Errors
    ///
    /// Returns [`HandshakeError::IncompleteHandshake`] if the response was incomplete; it is the
    /// [`fault`](Response::fault) of [`Error::Rejected`] if its status had arrived and rejects. Or the
    /// earlier error.
    ///
    /// [`HandshakeError::IncompleteHandshake`]: crate::handshake::HandshakeError::IncompleteHandshake
    pub fn receive_eof(&mut self) -> Result<(), Error> {
        Ok(self.0.receive_eof()?)
    }

    /// Returns the first bytes of the head that failed the handshake, which show the protocol of the proxy.
    /// It is empty unless the handshake has failed.
    pub fn first_bytes(&self) -> FirstBytes {
        self.0.first_bytes()
    }
}

/// Shows no byte of the response.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("state", &self.0).finish_non_exhaustive()
    }
}
