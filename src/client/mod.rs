//! The client's side of the opening handshake (RFC 6455, 4.1).
//!
//! ```
//! use sansocket::{Input, client};
//!
//! let request = client::Request::new("ws://example.com/chat")?.subprotocol("chat");
//! // Connect to `request.uri()`, and set up TLS if it is secure. Then:
//! let mut out = Vec::new();
//! let seed = [7; 32]; // In earnest: unpredictable, and another one for each connection.
//! let mut handshake = client::Handshake::new(&request, seed, &mut out)?;
//! assert!(out.starts_with(b"GET /chat HTTP/1.1\r\nHost: example.com\r\n"));
//!
//! // Write `out`, and hand in what comes back.
//! let mut bytes = *b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno";
//! match handshake.receive(&mut Input::new(&mut bytes)) {
//!     Ok(Some((connection, response))) => drop((connection, response)), // open
//!     Ok(None) => {}                                                    // read on
//!     Err(client::Error::Rejected(response)) => {
//!         assert_eq!((response.status(), response.body()), (401, &b"no"[..]));
//!     }
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! RFC 6455 asks for at most one handshake at a time with the same host (4.1). Keeping to it takes knowledge of
//! all connections, so it is for the caller.

mod body;
mod error;
mod offer;
mod request;
mod response;
mod status_line;

use alloc::{boxed::Box, vec::Vec};
use core::{fmt, mem};

pub use error::{Error, RequestError};
pub(crate) use offer::Terms;
pub use request::Request;
pub use response::Response;
pub(crate) use status_line::StatusLine;

use crate::{
    Config, Connection, Input,
    entropy::Entropy,
    handshake::{
        Collector, HandshakeError, HandshakeLimits, Kind, Progress, accept_key, check_response, encode_nonce,
    },
};
use body::{Body, BodyProgress};

/// Sends the request and reads the response of the server (RFC 6455, 4.1).
///
/// A handshake that takes too long is for the caller to end: there is no clock in here. While it runs it holds
/// at most [`HandshakeLimits::max_head_len`] and [`HandshakeLimits::max_body_len`] bytes.
pub struct Handshake {
    state: State,
    /// The value of Sec-WebSocket-Accept that answers our key.
    key_accept: [u8; 28],
    terms: Terms,
    entropy: Option<Entropy>,
    limits: HandshakeLimits,
    /// How many interim responses have come.
    interim: u32,
}

enum State {
    Head(Collector, Option<StatusLine>),
    /// The server rejects. Its response, without the body, and the body so far.
    Body(Response, Body),
    Failed(Error),
    Complete,
}

impl Handshake {
    /// Appends the head of the request to `out`, and starts to wait for the response.
    ///
    /// The `seed` is what the nonce of this handshake and all masking keys of the connection come from. It must
    /// be unpredictable and used once (RFC 6455, 5.3 and 10.3); with the feature `getrandom`,
    /// `random_seed()` makes one. Send nothing else before the response has come (RFC 6455, 4.1).
    ///
    /// # Errors
    ///
    /// The first thing that was wrong with what was put into the request. Nothing was appended.
    pub fn new(request: &Request, seed: [u8; 32], out: &mut Vec<u8>) -> Result<Self, RequestError> {
        if let Some(error) = request.check() {
            return Err(error);
        }
        let mut entropy = Entropy::new(seed);
        // RFC 6455, 4.1: a new nonce for each connection.
        let key = encode_nonce(entropy.nonce());
        request.append(&key, out);
        Ok(Self {
            state: State::Head(Collector::new(Kind::Response, request.limits), None),
            key_accept: accept_key(&key),
            terms: request.terms.clone(),
            entropy: Some(entropy),
            limits: request.limits,
            interim: 0,
        })
    }

    /// Reads on. `None`: more bytes are needed, and all of the input has been used.
    ///
    /// Once the connection is returned, the bytes behind the response are still in `input`. They are for the
    /// connection.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if the server answered with another status than 101. It comes when the body of the
    /// response has ended or is over its limit. [`Error::Handshake`] if the response breaks the protocol or
    /// goes over a limit. Close the transport after either: nothing is sent. All of the input is used up, and
    /// whatever comes later gets the same error.
    ///
    /// [`HandshakeError::AlreadyComplete`] after the connection has been returned; nothing happens.
    pub fn receive(&mut self, input: &mut Input<'_>) -> Result<Option<(Connection, Response)>, Error> {
        match &self.state {
            State::Complete => return Err(HandshakeError::AlreadyComplete.into()),
            State::Failed(error) => {
                input.take_all();
                return Err(error.clone());
            }
            State::Head(..) | State::Body(..) => {}
        }
        match self.read(input) {
            Ok(None) => Ok(None),
            Ok(Some((config, response))) => {
                let Some(entropy) = self.entropy.take() else {
                    return Err(HandshakeError::AlreadyComplete.into());
                };
                Ok(Some((Connection::client_with(config, entropy), response)))
            }
            Err(error) => {
                input.take_all();
                self.state = State::Failed(error.clone());
                Err(error)
            }
        }
    }

    /// The transport ended: no more bytes will come.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::IncompleteHandshake`] if the head of the response had not come to its end.
    /// [`Error::Rejected`] if its body had not: with what came of it. The earlier error if the handshake had
    /// failed.
    pub fn receive_eof(&mut self) -> Result<(), Error> {
        let error = match mem::replace(&mut self.state, State::Complete) {
            State::Complete => return Ok(()),
            State::Failed(error) => error,
            State::Head(..) => HandshakeError::IncompleteHandshake.into(),
            State::Body(response, body) => {
                let truncated = !body.ends_with_transport();
                rejected(response, body, truncated)
            }
        };
        self.state = State::Failed(error.clone());
        Err(error)
    }

    fn read(&mut self, input: &mut Input<'_>) -> Result<Option<(Config, Response)>, Error> {
        loop {
            match &mut self.state {
                State::Head(collector, status_line) => match collector.receive(input)? {
                    Progress::More => return Ok(None),
                    Progress::StartLine => *status_line = Some(StatusLine::parse(collector.start_line())?),
                    Progress::End => {
                        if let Some(opened) = self.finish_head()? {
                            return Ok(Some(opened));
                        }
                    }
                },
                State::Body(_, body) => match body.receive(input) {
                    BodyProgress::More => return Ok(None),
                    progress => return Err(self.finish_body(progress == BodyProgress::Cut)),
                },
                State::Failed(_) | State::Complete => return Ok(None),
            }
        }
    }

    /// The response that opens the connection, if the head that has just ended is one.
    fn finish_head(&mut self) -> Result<Option<(Config, Response)>, Error> {
        let State::Head(collector, Some(line)) = mem::replace(&mut self.state, State::Complete) else {
            return Err(HandshakeError::MalformedStatusLine.into());
        };
        let head = collector.finish();
        head.parse(|headers| match line.status {
            // RFC 6455, 4.2.1: the upgrade needs HTTP/1.1 on both sides.
            101 if line.minor_version == 0 => Err(HandshakeError::HttpVersionTooOld),
            101 => {
                let headers = headers.iter().map(|header| (header.name, header.value));
                check_response(headers, &self.key_accept, &self.terms.offered)
            }
            _ => Ok(()),
        })?;
        match line.status {
            101 => {
                let response = Response::new(line.status, head);
                return Ok(Some((self.terms.agree(&response)?, response)));
            }
            // RFC 9110, 15.2: interim responses come before the final one.
            100..200 => {
                self.interim = self.interim.saturating_add(1);
                if self.interim > MAX_INTERIM_RESPONSES {
                    return Err(HandshakeError::TooManyInterimResponses.into());
                }
                self.state = State::Head(Collector::new(Kind::Response, self.limits), None);
            }
            // RFC 6455, 4.1: any other status means what it means in HTTP.
            _ => {
                let body = Body::new(line.status, head.headers(), self.limits.body_len)?;
                self.state = State::Body(Response::new(line.status, head), body);
            }
        }
        Ok(None)
    }

    fn finish_body(&mut self, truncated: bool) -> Error {
        match mem::replace(&mut self.state, State::Complete) {
            State::Body(response, body) => rejected(response, body, truncated),
            _ => HandshakeError::AlreadyComplete.into(),
        }
    }
}

/// Shows no byte of the response, as it may hold credentials.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state: &dyn fmt::Debug = match &self.state {
            State::Head(..) => &"reading the head",
            State::Body(..) => &"reading the body",
            State::Failed(error) => error,
            State::Complete => &"complete",
        };
        f.debug_struct("Handshake").field("state", state).finish_non_exhaustive()
    }
}

fn rejected(response: Response, body: Body, truncated: bool) -> Error {
    Error::Rejected(Box::new(response.with_body(body.into_bytes(), truncated)))
}

/// Servers send one or two. More than this is a way to keep a client busy.
pub(crate) const MAX_INTERIM_RESPONSES: u32 = 16;
