//! The state machine that reads a request as bytes of HTTP/1.1.

use alloc::vec::Vec;
use core::{fmt, ops::Range};

use super::{Incoming, Refusal, Request, check_plain, check_upgrade, is_version, start_line::RequestLine};
use crate::{
    Input,
    handshake::{
        Collector, FirstBytes, HandshakeError, HandshakeLimits, Head, Kind, Progress, Tolerance, VERSION,
    },
};

/// Reads the request of a client, and rejects it if it does not open a WebSocket (RFC 6455, section 4.2.1).
///
/// The handshake has no timeout of its own; enforce one in your code. While it runs, it holds at most
/// [`HandshakeLimits::max_head_len`] bytes.
#[doc(alias = "accept")]
#[doc(alias = "accept_hdr")]
#[doc(alias = "upgrade")]
#[doc(alias = "handshake")]
pub struct Handshake {
    state: State,
    first_bytes: FirstBytes,
}

#[allow(clippy::large_enum_variant, reason = "it is in this state until it has done its work")]
enum State {
    /// The head so far, its request line, and the position of the target once the line is complete.
    Reading(Collector, RequestLine, Option<Range<usize>>),
    Failed(HandshakeError),
    Complete,
}

impl Handshake {
    /// Creates a handshake that waits for the first byte of the client.
    pub fn new(limits: HandshakeLimits) -> Self {
        let state = State::Reading(Collector::new(Kind::Request, limits), RequestLine::default(), None);
        Self { state, first_bytes: FirstBytes::default() }
    }

    /// Continues the handshake with `input`. Returns `Ok(None)` if more bytes are needed; `input` is then
    /// empty.
    ///
    /// Once the request has been returned, the bytes after it are still in `input`; pass them to the
    /// connection.
    ///
    /// # Errors
    ///
    /// Returns a [`HandshakeError`] if the client breaks the protocol or exceeds a limit. The response that
    /// notifies the client has been appended to `out`: write it and close the transport. All of the input is
    /// consumed; later calls return the same error and append no other response.
    ///
    /// Returns [`HandshakeError::AlreadyComplete`] after the request has been returned; nothing is consumed
    /// then.
    ///
    /// # Examples
    ///
    /// A server accepts every request for `/chat`:
    ///
    /// ```
    /// # use sansocket::{Input, server};
    /// # let mut bytes = *b"GET /";
    /// # let (mut input, mut out) = (Input::new(&mut bytes), Vec::new());
    /// # let mut handshake = server::Handshake::new(Default::default());
    /// match handshake.receive(&mut input, &mut out)? {
    ///     None => {} // read more
    ///     Some(request) if request.path() == "/chat" => {
    ///         let accept = server::Accept::new();
    ///         let connection = request.accept(accept, &mut out)?;
    /// #       drop(connection);
    ///     }
    ///     Some(request) => request.reject(404, &[], b"", &mut out)?,
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn receive(
        &mut self,
        input: &mut Input<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Request>, HandshakeError> {
        self.run(input, out, VERSION, |head, target, tolerance| {
            match judge(head, target, tolerance, is_version)? {
                Incoming::WebSocket(request) => Ok(request),
                // RFC 9110, 7.8: the rest of its headers does not matter.
                Incoming::Http(request) if request.is_old() => Err(HandshakeError::HttpVersionTooOld),
                Incoming::Http(_) => Err(HandshakeError::MissingUpgrade),
            }
        })
    }

    /// Continues the handshake like [`receive`](Self::receive), for a server that also answers plain HTTP on
    /// the same port.
    ///
    /// A valid GET request without a body that does not ask for an upgrade to `websocket` is returned as
    /// [`Incoming::Http`], and so is any request of HTTP/1.0, which cannot ask for one. `receive` responds to
    /// these with 426 and a line of text. All other violations are treated alike.
    ///
    /// # Errors
    ///
    /// Returns a [`HandshakeError`] under the same conditions as [`receive`](Self::receive), except those
    /// above.
    ///
    /// # Examples
    ///
    /// A server also answers health checks:
    ///
    /// ```
    /// # use sansocket::Input;
    /// # use sansocket::server::{Accept, Handshake, Incoming};
    /// # let mut read = *b"GET /health HTTP/1.1\r\nHost: example.com\r\n\r\n";
    /// # let (mut input, mut out) = (Input::new(&mut read), Vec::new());
    /// # let mut handshake = Handshake::new(Default::default());
    /// match handshake.receive_any(&mut input, &mut out)? {
    ///     None => {} // read more
    ///     Some(Incoming::WebSocket(request)) => {
    ///         let connection = request.accept(Accept::new(), &mut out)?;
    /// #       drop(connection);
    ///     }
    ///     Some(Incoming::Http(request)) => {
    ///         request.respond(200, &[], b"ok", &mut out)?;
    ///     }
    /// }
    /// # assert!(out.starts_with(b"HTTP/1.1 200 OK\r\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn receive_any(
        &mut self,
        input: &mut Input<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Incoming>, HandshakeError> {
        self.run(input, out, VERSION, |head, target, tolerance| judge(head, target, tolerance, is_version))
    }

    /// Notifies the handshake that the transport has closed.
    ///
    /// # Errors
    ///
    /// Returns [`HandshakeError::IncompleteHandshake`] if the request was incomplete, or the earlier error if
    /// the handshake had failed.
    pub fn receive_eof(&mut self) -> Result<(), HandshakeError> {
        match self.state {
            State::Complete => Ok(()),
            State::Failed(error) => Err(error),
            State::Reading(..) => {
                self.state = State::Failed(HandshakeError::IncompleteHandshake);
                Err(HandshakeError::IncompleteHandshake)
            }
        }
    }

    /// Returns the first bytes of the head that failed the handshake, which show the protocol of the client.
    /// It is empty unless the handshake has failed.
    pub fn first_bytes(&self) -> FirstBytes {
        self.first_bytes
    }

    /// Reads a head and validates it with `judge`. The `versions` are listed in responses to an unsupported
    /// one.
    pub(crate) fn run<T>(
        &mut self,
        input: &mut Input<'_>,
        out: &mut Vec<u8>,
        versions: &'static str,
        judge: impl FnOnce(Head, Range<usize>, Tolerance) -> Result<T, HandshakeError>,
    ) -> Result<Option<T>, HandshakeError> {
        let result = match &mut self.state {
            State::Complete => return Err(HandshakeError::AlreadyComplete),
            State::Failed(error) => {
                input.take_all();
                return Err(*error);
            }
            State::Reading(collector, line, target) => read_head(collector, line, target, input),
        };
        let result = match result {
            Ok(false) => return Ok(None),
            Ok(true) => self.finish().and_then(|(head, target, tolerance)| judge(head, target, tolerance)),
            Err(error) => Err(error),
        };
        match result {
            Ok(request) => {
                self.first_bytes = FirstBytes::default();
                Ok(Some(request))
            }
            Err(error) => {
                if let State::Reading(collector, ..) = &self.state {
                    self.first_bytes = collector.first_bytes();
                }
                self.state = State::Failed(error);
                input.take_all();
                if let Some(refusal) = Refusal::of_error(error, versions) {
                    refusal.append(refusal.text().as_bytes(), out);
                }
                Err(error)
            }
        }
    }

    /// Returns the complete head, the position of its target, and what to tolerate in it.
    fn finish(&mut self) -> Result<(Head, Range<usize>, Tolerance), HandshakeError> {
        let finished = match &mut self.state {
            State::Reading(collector, _, Some(target)) => {
                self.first_bytes = collector.first_bytes();
                Ok((collector.finish(), target.clone(), collector.tolerance()))
            }
            _ => Err(HandshakeError::AlreadyComplete),
        };
        self.state = State::Complete;
        finished
    }

    /// Fails a handshake whose head was accepted.
    #[cfg(feature = "legacy")]
    pub(crate) fn fail(&mut self, error: HandshakeError) {
        self.state = State::Failed(error);
    }
}

/// Shows no byte of the request, which may contain credentials.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state: &dyn fmt::Debug = match &self.state {
            State::Reading(..) => &"reading",
            State::Failed(error) => error,
            State::Complete => &"complete",
        };
        f.debug_struct("Handshake").field("state", state).finish_non_exhaustive()
    }
}

/// Validates a complete head, of a version that `speaks` accepts.
pub(crate) fn judge(
    head: Head,
    target: Range<usize>,
    tolerance: Tolerance,
    speaks: impl Fn(&[u8]) -> bool,
) -> Result<Incoming, HandshakeError> {
    let is_old = is_old(&head, &target);
    let opening = head.parse(|headers| {
        if is_old { check_plain(headers).map(|()| None) } else { check_upgrade(headers, tolerance, speaks) }
    })?;
    Ok(match opening {
        Some(opening) => Incoming::WebSocket(Request::upgrade(head, opening, target)),
        None => Incoming::Http(Request::plain(head, target, is_old)),
    })
}

/// Returns `true` for a request of HTTP/1.0, whose version follows this target.
pub(crate) fn is_old(head: &Head, target: &Range<usize>) -> bool {
    let start = target.end.saturating_add(1);
    head.start(start..start.saturating_add(8)) == b"HTTP/1.0"
}

/// Returns `true` once the head is complete.
fn read_head(
    collector: &mut Collector,
    line: &mut RequestLine,
    target: &mut Option<Range<usize>>,
    input: &mut Input<'_>,
) -> Result<bool, HandshakeError> {
    let progress = collector.receive(input);
    if target.is_none() {
        if let Err(error) = line.receive(collector.start_line()) {
            collector.forget_after(line.faulty_len());
            return Err(error);
        }
        if collector.has_start_line() {
            let start_line = collector.start_line();
            let len = start_line.len();
            *target = Some(line.finish(start_line).inspect_err(|_| collector.forget_after(len))?);
        }
    }
    Ok(progress? == Progress::End)
}
