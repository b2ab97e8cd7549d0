//! The server's side of the opening handshake (RFC 6455, 4.2).
//!
//! ```
//! use sansocket::{Input, handshake::HandshakeLimits, server};
//!
//! let mut bytes = *b"GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
//!     Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
//!     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, news\r\n\r\n";
//! let (mut input, mut out) = (Input::new(&mut bytes), Vec::new());
//!
//! let mut handshake = server::Handshake::new(HandshakeLimits::new());
//! // On an error, `out` has the response: write it, then close the transport.
//! if let Some(request) = handshake.receive(&mut input, &mut out)? {
//!     if request.origin().is_some_and(|origin| origin != "https://example.com") {
//!         request.reject(403, &[], b"", &mut out)?;
//!     } else if request.path() != "/chat" {
//!         request.reject(404, &[("Content-Type", "text/plain")], b"no such chat", &mut out)?;
//!     } else {
//!         let connection = request.accept(server::Accept::new().subprotocol("chat"), &mut out)?;
//!         // Frames that came in the same read are still in `input`.
//! #       let _ = connection;
//!     }
//! }
//! assert!(out.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! On a TLS port, finish the TLS handshake first, and hand in what comes out of it (RFC 6455, 4.2.2).

mod accept;
mod request;
mod request_line;
mod response;

use alloc::vec::Vec;
use core::{fmt, mem};

pub use accept::Accept;
pub use request::{Incoming, PlainRequest, Request, Resource, Upgrade};
pub(crate) use request_line::check_target;
pub use response::{ResponseError, ResponseErrorKind};

use crate::{
    Input,
    handshake::{Collector, HandshakeError, HandshakeLimits, Kind, Progress, RequestHeaders},
};

/// Reads the request of a client, and refuses it if it does not open a WebSocket (RFC 6455, 4.2.1).
///
/// A handshake that takes too long is for the caller to end: there is no clock in here. While it runs it holds
/// at most [`HandshakeLimits::max_head_len`] bytes.
pub struct Handshake {
    state: State,
}

enum State {
    Reading(Collector),
    Failed(HandshakeError),
    Complete,
}

impl Handshake {
    /// Starts at the first byte that the client sends.
    pub fn new(limits: HandshakeLimits) -> Self {
        Self { state: State::Reading(Collector::new(Kind::Request, limits)) }
    }

    /// Reads on. `None`: more bytes are needed, and all of the input has been used.
    ///
    /// Once the request is returned, the bytes behind it are still in `input`. They are for the connection.
    ///
    /// # Errors
    ///
    /// Whatever breaks the protocol or goes over a limit. The response that says so has been appended to
    /// `out`: write it and close the transport. All of the input is used up, and whatever comes later gets
    /// the same error and no other response.
    ///
    /// [`HandshakeError::AlreadyComplete`] after the request has been returned; nothing happens.
    pub fn receive(
        &mut self,
        input: &mut Input<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Request>, HandshakeError> {
        self.run(input, out, |incoming| match incoming {
            Incoming::WebSocket(request) => Ok(request),
            Incoming::Http(_) => Err(HandshakeError::MissingUpgrade),
        })
    }

    /// As [`receive`](Self::receive), for a server that answers plain HTTP on the same port.
    ///
    /// A valid GET request without a body that does not ask for an upgrade to `websocket` is handed out as
    /// [`Incoming::Http`], where `receive` answers with 426. All other faults are treated alike.
    ///
    /// # Errors
    ///
    /// See [`receive`](Self::receive).
    pub fn receive_any(
        &mut self,
        input: &mut Input<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Incoming>, HandshakeError> {
        self.run(input, out, Ok)
    }

    /// The transport ended: no more bytes will come.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::IncompleteHandshake`] if the request had not come to its end, or the earlier error if the
    /// handshake had failed.
    pub fn receive_eof(&mut self) -> Result<(), HandshakeError> {
        match self.state {
            State::Complete => Ok(()),
            State::Failed(error) => Err(error),
            State::Reading(_) => {
                self.state = State::Failed(HandshakeError::IncompleteHandshake);
                Err(HandshakeError::IncompleteHandshake)
            }
        }
    }

    fn run<T>(
        &mut self,
        input: &mut Input<'_>,
        out: &mut Vec<u8>,
        select: impl FnOnce(Incoming) -> Result<T, HandshakeError>,
    ) -> Result<Option<T>, HandshakeError> {
        let result = match &mut self.state {
            State::Complete => return Err(HandshakeError::AlreadyComplete),
            State::Failed(error) => {
                input.take_all();
                return Err(*error);
            }
            State::Reading(collector) => read_head(collector, input),
        };
        let result = match result {
            Ok(false) => return Ok(None),
            Ok(true) => self.finish().and_then(select),
            Err(error) => Err(error),
        };
        match result {
            Ok(request) => Ok(Some(request)),
            Err(error) => {
                self.state = State::Failed(error);
                input.take_all();
                response::append_error(error, out);
                Err(error)
            }
        }
    }

    /// Judges the complete head. The order of the checks is the order of precedence of their answers.
    fn finish(&mut self) -> Result<Incoming, HandshakeError> {
        let State::Reading(collector) = mem::replace(&mut self.state, State::Complete) else {
            return Err(HandshakeError::AlreadyComplete);
        };
        let head = collector.finish();
        let key = head.parse(|headers| {
            let headers = RequestHeaders::read(headers.iter().map(|header| (header.name, header.value)));
            headers.check_http()?;
            if !headers.asks_for_upgrade()? {
                return Ok(None);
            }
            headers.check_version()?;
            let key = headers.key()?;
            headers.check_offers()?;
            Ok(Some(key))
        })?;
        Ok(match key {
            Some(key) => Incoming::WebSocket(Request::upgrade(head, key)),
            None => Incoming::Http(PlainRequest::plain(head)),
        })
    }
}

/// Shows no byte of the request, as it may hold credentials.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state: &dyn fmt::Debug = match &self.state {
            State::Reading(_) => &"reading",
            State::Failed(error) => error,
            State::Complete => &"complete",
        };
        f.debug_struct("Handshake").field("state", state).finish_non_exhaustive()
    }
}

/// Whether the head is complete.
fn read_head(collector: &mut Collector, input: &mut Input<'_>) -> Result<bool, HandshakeError> {
    loop {
        match collector.receive(input)? {
            Progress::More => return Ok(false),
            Progress::StartLine => request_line::check(collector.start_line())?,
            Progress::End => return Ok(true),
        }
    }
}
