//! The machine that reads a request as bytes of HTTP/1.1.

use alloc::vec::Vec;
use core::{fmt, mem, ops::Range};

use super::{Incoming, Refusal, Request, check_plain, check_upgrade, is_version, start_line::RequestLine};
use crate::{
    Input,
    handshake::{Collector, FirstBytes, HandshakeError, HandshakeLimits, Head, Kind, Progress, VERSION},
};

/// Reads the request of a client, and refuses it if it does not open a WebSocket (RFC 6455, 4.2.1).
///
/// A handshake that takes too long is for the caller to end: there is no clock in here. While it runs it holds
/// at most [`HandshakeLimits::max_head_len`] bytes.
pub struct Handshake {
    state: State,
    first_bytes: FirstBytes,
}

enum State {
    /// The head so far, its request line, and where the target is once that is complete.
    Reading(Collector, RequestLine, Option<Range<usize>>),
    Failed(HandshakeError),
    Complete,
}

impl Handshake {
    /// Starts at the first byte that the client sends.
    pub fn new(limits: HandshakeLimits) -> Self {
        let state = State::Reading(Collector::new(Kind::Request, limits), RequestLine::default(), None);
        Self { state, first_bytes: FirstBytes::default() }
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
        self.run(input, out, VERSION, |head, target| match judge(head, target, is_version)? {
            Incoming::WebSocket(request) => Ok(request),
            // RFC 9110, 7.8: what it asks for besides does not count.
            Incoming::Http(request) if request.is_old() => Err(HandshakeError::HttpVersionTooOld),
            Incoming::Http(_) => Err(HandshakeError::MissingUpgrade),
        })
    }

    /// As [`receive`](Self::receive), for a server that answers plain HTTP on the same port.
    ///
    /// A valid GET request without a body that does not ask for an upgrade to `websocket` is handed out as
    /// [`Incoming::Http`], and so is any of HTTP/1.0, which cannot ask for one. There `receive` responds with 426 and a
    /// line of text. All other violations are treated alike.
    ///
    /// # Errors
    ///
    /// See [`receive`](Self::receive).
    pub fn receive_any(
        &mut self,
        input: &mut Input<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Incoming>, HandshakeError> {
        self.run(input, out, VERSION, |head, target| judge(head, target, is_version))
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
            State::Reading(..) => {
                self.state = State::Failed(HandshakeError::IncompleteHandshake);
                Err(HandshakeError::IncompleteHandshake)
            }
        }
    }

    /// Returns the first bytes of the head that failed the handshake, to show what the client speaks. It is empty before.
    pub fn first_bytes(&self) -> FirstBytes {
        self.first_bytes
    }

    /// Reads a head for `judge`. The `versions` are named in responses that refuse another one.
    pub(crate) fn run<T>(
        &mut self,
        input: &mut Input<'_>,
        out: &mut Vec<u8>,
        versions: &'static str,
        judge: impl FnOnce(Head, Range<usize>) -> Result<T, HandshakeError>,
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
            Ok(true) => self.finish().and_then(|(head, target)| judge(head, target)),
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

    /// The complete head, and where its target is.
    fn finish(&mut self) -> Result<(Head, Range<usize>), HandshakeError> {
        match mem::replace(&mut self.state, State::Complete) {
            State::Reading(collector, _, Some(target)) => {
                self.first_bytes = collector.first_bytes();
                Ok((collector.finish(), target))
            }
            _ => Err(HandshakeError::AlreadyComplete),
        }
    }

    /// Fails a handshake whose head was accepted.
    #[cfg(feature = "legacy")]
    pub(crate) fn fail(&mut self, error: HandshakeError) {
        self.state = State::Failed(error);
    }
}

/// Shows no byte of the request, as it may hold credentials.
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

/// Judges a complete head, of a version that `speaks` knows.
pub(crate) fn judge(
    head: Head,
    target: Range<usize>,
    speaks: impl Fn(&[u8]) -> bool,
) -> Result<Incoming, HandshakeError> {
    let is_old = is_old(&head, &target);
    let key = head.parse(|headers| {
        if is_old { check_plain(headers).map(|()| None) } else { check_upgrade(headers, speaks) }
    })?;
    Ok(match key {
        Some(key) => Incoming::WebSocket(Request::upgrade(head, key, target)),
        None => Incoming::Http(Request::plain(head, target, is_old)),
    })
}

/// Whether the request is of HTTP/1.0, whose version stands behind this target.
pub(crate) fn is_old(head: &Head, target: &Range<usize>) -> bool {
    let start = target.end.saturating_add(1);
    head.start(start..start.saturating_add(8)) == b"HTTP/1.0"
}

/// Whether the head is complete.
fn read_head(
    collector: &mut Collector,
    line: &mut RequestLine,
    target: &mut Option<Range<usize>>,
    input: &mut Input<'_>,
) -> Result<bool, HandshakeError> {
    loop {
        let progress = collector.receive(input);
        if target.is_none()
            && let Err(error) = line.receive(collector.start_line())
        {
            collector.forget_after(line.faulty_len());
            return Err(error);
        }
        match progress? {
            Progress::More => return Ok(false),
            Progress::StartLine => *target = Some(line.finish(collector.start_line())?),
            Progress::End => return Ok(true),
        }
    }
}
