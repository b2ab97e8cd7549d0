//! The state machine that sends a request and reads the response as bytes of HTTP/1.1.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use super::{Error, Request, RequestError, Response, Responses, SharedOffer};
#[cfg(feature = "http")]
use super::{StatusLine, Verdict};
#[cfg(feature = "http")]
use crate::handshake::Head;
use crate::{
    Connection, Input,
    entropy::Entropy,
    handshake::{FirstBytes, KEY_LEN, VERSION, encode_base64},
};

/// Sends the request and reads the response of the server (RFC 6455, section 4.1).
///
/// The handshake has no timeout of its own; enforce one in your code. While it runs, it holds at most
/// [`HandshakeLimits::max_head_len`] and [`HandshakeLimits::max_body_len`] bytes.
///
/// [`HandshakeLimits::max_head_len`]: crate::handshake::HandshakeLimits::max_head_len
/// [`HandshakeLimits::max_body_len`]: crate::handshake::HandshakeLimits::max_body_len
#[doc(alias = "connect")]
#[doc(alias = "client")]
pub struct Handshake {
    /// The source of masking keys is kept while a response may open the connection.
    responses: Responses<Entropy>,
    key: [u8; KEY_LEN],
    offer: SharedOffer,
}

impl Handshake {
    /// Appends the request head to `out`, and creates a handshake that waits for the response.
    ///
    /// The nonce of this handshake and all masking keys of the connection are derived from `seed`. It must be
    /// unpredictable and used once (RFC 6455, sections 5.3 and 10.3); with the feature `getrandom`,
    /// `random_seed()` returns one. Send nothing else before the response has arrived (RFC 6455, section
    /// 4.1).
    ///
    /// # Errors
    ///
    /// Returns the first [`RequestError`] in the parameters of the request. Nothing is appended then.
    pub fn new(request: &Request, seed: [u8; 32], out: &mut Vec<u8>) -> Result<Self, RequestError> {
        let (entropy, key) = draw_key(request, seed)?;
        request.append(&key, VERSION, request.extra.iter(), out);
        Ok(Self::waiting(request, entropy, key))
    }

    /// Creates a handshake whose request is sent later, with the returned key.
    #[cfg(any(feature = "http", feature = "legacy"))]
    pub(crate) fn start(request: &Request, seed: [u8; 32]) -> Result<(Self, [u8; KEY_LEN]), RequestError> {
        let (entropy, key) = draw_key(request, seed)?;
        Ok((Self::waiting(request, entropy, key), key))
    }

    /// Creates a handshake that waits for the response to a request with this key.
    // Inlined, so that it is made where it stays: moving it takes longer than making it.
    #[inline]
    fn waiting(request: &Request, entropy: Entropy, key: [u8; KEY_LEN]) -> Self {
        Self { responses: Responses::new(request.limits, entropy), key, offer: request.offer.clone() }
    }

    /// Continues the handshake with `input`. Returns `Ok(None)` if more bytes are needed; `input` is then
    /// empty.
    ///
    /// Once the connection has been returned, the bytes after the response are still in `input`; pass them to
    /// the connection.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Rejected`] if the server responds with a final status other than 101: when the body
    /// of the response has ended or exceeds its limit, or when its head breaks the protocol or exceeds a
    /// limit after the status, which [`Response::fault`] reports.
    ///
    /// Returns [`Error::Handshake`] if the version, the status, an interim response or a 101 breaks the
    /// protocol or exceeds a limit.
    ///
    /// Close the transport after either; nothing is sent. All of the input is consumed, and later calls
    /// return the same error. After the connection has been returned, the error is
    /// [`HandshakeError::AlreadyComplete`], and nothing is consumed.
    ///
    /// # Examples
    ///
    /// A client continues with each read until it has a connection:
    ///
    /// ```
    /// use sansocket::{Connection, Input, client};
    ///
    /// fn on_bytes(
    ///     handshake: &mut client::Handshake,
    ///     input: &mut Input<'_>,
    /// ) -> Result<Option<Connection>, client::Error> {
    ///     let Some((connection, response)) = handshake.receive(input)? else {
    ///         return Ok(None); // read more
    ///     };
    ///     println!("subprotocol: {:?}", response.subprotocol());
    ///     Ok(Some(connection)) // frames may follow in `input`
    /// }
    /// ```
    ///
    /// [`HandshakeError::AlreadyComplete`]: crate::handshake::HandshakeError::AlreadyComplete
    pub fn receive(&mut self, input: &mut Input<'_>) -> Result<Option<(Connection, Response)>, Error> {
        let (offer, key) = (&self.offer, &self.key);
        let mut config = offer.config;
        let opened = self
            .responses
            .receive(input, |line, headers| offer.judge_upgrade(line, headers, key, &mut config))?;
        Ok(opened.map(|(response, entropy)| (Connection::client_with(&config, entropy), response)))
    }

    /// Handles a response that another library has read. Returns `None` if it is an interim one.
    #[cfg(feature = "http")]
    pub(crate) fn receive_head<'h>(
        self,
        line: StatusLine,
        headers: impl Iterator<Item = (&'h str, &'h [u8])> + Clone,
    ) -> Result<Option<(Connection, Response)>, Error> {
        let entropy = self.responses.into_waiting()?;
        let mut config = self.offer.config;
        let verdict = self.offer.judge_upgrade(line, headers.clone(), &self.key, &mut config)?;
        let head = Head::from_pairs(&[], headers);
        match verdict {
            Verdict::Open => {
                let response = Response::new(line.status, head);
                Ok(Some((Connection::client_with(&config, entropy), response)))
            }
            Verdict::Interim => Ok(None),
            Verdict::Rejected => Err(Error::Rejected(Box::new(Response::rejected(line.status, head, None)))),
        }
    }

    /// Notifies the handshake that the transport has closed.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Rejected`] if the status has arrived and rejects, with the headers and the body that
    /// have arrived. If the head is incomplete, its [`fault`](Response::fault) is
    /// [`HandshakeError::IncompleteHandshake`].
    ///
    /// Returns that error itself if the handshake was incomplete otherwise, and the earlier error if the
    /// handshake had failed.
    ///
    /// [`HandshakeError::IncompleteHandshake`]: crate::handshake::HandshakeError::IncompleteHandshake
    pub fn receive_eof(&mut self) -> Result<(), Error> {
        self.responses.receive_eof()
    }

    /// Returns the first bytes of the head that failed the handshake, which show the protocol of the server.
    /// It is empty unless the handshake has failed.
    pub fn first_bytes(&self) -> FirstBytes {
        self.responses.first_bytes()
    }

    /// Returns the response whose headers failed the handshake, to find out which value was wrong: the
    /// subprotocol of [`HandshakeError::UnexpectedSubprotocol`], for example.
    ///
    /// It is `None` unless a complete head failed. The server chose its values: escape them in a log.
    ///
    /// ```
    /// use sansocket::{Input, client};
    ///
    /// let request = client::Request::new("ws://h/")?.subprotocol("v2");
    /// let mut handshake = client::Handshake::new(&request, [7; 32], &mut Vec::new())?;
    /// # let mut read = *b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    /// #     Sec-WebSocket-Accept: 6TlvMdamTtXsmNXM73gFOWGOJiI=\r\nSec-WebSocket-Protocol: v1\r\n\r\n";
    /// if let Err(error) = handshake.receive(&mut Input::new(&mut read)) {
    ///     let response = handshake.refused_response();
    ///     let selected = response.and_then(|it| it.subprotocol());
    ///     println!("{error}: {selected:?}");
    /// #   assert_eq!(selected, Some("v1"));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// [`HandshakeError::UnexpectedSubprotocol`]: crate::handshake::HandshakeError::UnexpectedSubprotocol
    pub fn refused_response(&self) -> Option<&Response> {
        self.responses.refused()
    }

    /// Removes and returns the response whose headers failed the handshake.
    pub(crate) fn take_refused(&mut self) -> Option<Box<Response>> {
        self.responses.take_refused()
    }
}

/// Shows no byte of the response, which may contain credentials.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("state", &self.responses).finish_non_exhaustive()
    }
}

/// Returns the key of a valid request, and the source of the masking keys that follow it.
fn draw_key(request: &Request, seed: [u8; 32]) -> Result<(Entropy, [u8; KEY_LEN]), RequestError> {
    request.check()?;
    let mut entropy = Entropy::new(seed);
    // RFC 6455, 4.1: a new nonce for each connection.
    let key = encode_base64(entropy.nonce());
    Ok((entropy, key))
}
