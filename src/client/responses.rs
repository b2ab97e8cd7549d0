//! Reads responses as bytes of HTTP/1.1 up to the final one: skips interim ones, and collects the body of a
//! rejection.

use alloc::boxed::Box;
use core::{fmt, mem, ops::Range};

use super::{
    Error, InterimCount, Response, StatusLine, Verdict,
    body::{Body, BodyProgress},
    reader::HeadReader,
};
use crate::{
    Input,
    handshake::{FirstBytes, HandshakeError, HandshakeLimits, Pairs},
};

/// The responses to one request, and the data that the connection needs while a response may open it.
pub(crate) struct Responses<W> {
    state: State,
    /// Present while a response may open the connection.
    waiting: Option<W>,
    bodies: Bodies,
    /// The maximum number of bytes of a body that are read.
    body_len: usize,
    /// Whether the connection is ready for another request after the rejection.
    persists: bool,
    interim: InterimCount,
    first_bytes: FirstBytes,
    /// The response whose headers failed the handshake.
    refused: Option<Box<Response>>,
}

/// The rejections whose body is read.
#[derive(Clone, Copy)]
enum Bodies {
    All,
    /// Those of a proxy that requires credentials, if another request can follow on the connection.
    BeforeRetry,
}

enum State {
    Head(HeadReader),
    /// The server rejects. Its response, without the body, and the body so far.
    Body(Response, Body),
    Failed(Error),
    Complete,
}

impl<W> Responses<W> {
    /// Expects the responses to an upgrade.
    #[inline]
    pub(crate) fn new(limits: HandshakeLimits, waiting: W) -> Self {
        Self::of(Bodies::All, 101..102, limits, waiting)
    }

    /// Expects the responses to a request for a tunnel.
    pub(crate) fn of_proxy(limits: HandshakeLimits, waiting: W) -> Self {
        Self::of(Bodies::BeforeRetry, 200..300, limits, waiting)
    }

    /// Expects responses of which a status in `opens` succeeds.
    #[inline]
    fn of(bodies: Bodies, opens: Range<u16>, limits: HandshakeLimits, waiting: W) -> Self {
        Self {
            state: State::Head(HeadReader::new(opens, limits)),
            waiting: Some(waiting),
            bodies,
            body_len: limits.body_len,
            persists: false,
            interim: InterimCount::default(),
            first_bytes: FirstBytes::default(),
            refused: None,
        }
    }

    /// Returns the response that opens the connection, once it is complete. `judge` determines the meaning of
    /// each one.
    #[inline]
    pub(crate) fn receive(
        &mut self,
        input: &mut Input<'_>,
        judge: impl FnMut(StatusLine, Pairs<'_>) -> Result<Verdict, HandshakeError>,
    ) -> Result<Option<(Response, W)>, Error> {
        match &self.state {
            State::Complete => Err(HandshakeError::AlreadyComplete.into()),
            State::Failed(error) => {
                // Unrequested bytes would be read as the response to the next request.
                self.persists &= input.take_all().is_empty();
                Err(error.clone())
            }
            State::Head(_) => self.read_heads(input, judge),
            State::Body(..) => self.read_body(input),
        }
    }

    /// Records that the transport has closed.
    pub(crate) fn receive_eof(&mut self) -> Result<(), Error> {
        self.persists = false;
        let error = match mem::replace(&mut self.state, State::Complete) {
            State::Complete => return Ok(()),
            State::Failed(error) => error,
            State::Head(mut reader) => match reader.receive_eof() {
                Some(head) => Error::Rejected(Box::new(head.into_rejection())),
                None => HandshakeError::IncompleteHandshake.into(),
            },
            State::Body(response, body) => {
                let truncated = !body.ends_with_transport();
                rejected(response, body, truncated)
            }
        };
        self.fail(error)
    }

    /// Returns `true` if the rejection has been read to its end, and another request may follow on the
    /// connection.
    pub(crate) fn persists(&self) -> bool {
        self.persists
    }

    /// Returns the first bytes of the head that failed.
    pub(crate) fn first_bytes(&self) -> FirstBytes {
        self.first_bytes
    }

    /// Returns the response whose headers failed the handshake.
    pub(crate) fn refused(&self) -> Option<&Response> {
        self.refused.as_deref()
    }

    /// Removes and returns the response whose headers failed the handshake.
    pub(crate) fn take_refused(&mut self) -> Option<Box<Response>> {
        self.refused.take()
    }

    /// Returns the data that was kept, for a response that arrived otherwise.
    #[cfg(feature = "http")]
    pub(crate) fn into_waiting(self) -> Result<W, Error> {
        match self.state {
            State::Head(_) => self.waiting.ok_or(HandshakeError::AlreadyComplete.into()),
            State::Body(response, body) => Err(rejected(response, body, true)),
            State::Failed(error) => Err(error),
            State::Complete => Err(HandshakeError::AlreadyComplete.into()),
        }
    }

    /// Makes every later call return this error.
    pub(crate) fn fail<T>(&mut self, error: Error) -> Result<T, Error> {
        self.waiting = None;
        self.state = State::Failed(error.clone());
        Err(error)
    }

    fn read_heads(
        &mut self,
        input: &mut Input<'_>,
        judge: impl FnMut(StatusLine, Pairs<'_>) -> Result<Verdict, HandshakeError>,
    ) -> Result<Option<(Response, W)>, Error> {
        match self.read_to_final(input, judge) {
            Ok(None) => Ok(None),
            Ok(Some(Final::Open(response))) => {
                self.state = State::Complete;
                let waiting = self.waiting.take().ok_or(HandshakeError::AlreadyComplete)?;
                Ok(Some((response, waiting)))
            }
            Ok(Some(Final::Rejected(response, body))) => {
                self.state = State::Body(response, body);
                self.read_body(input)
            }
            Err(error) => {
                // A rejection shows its status instead.
                if let (Error::Handshake(_), State::Head(reader)) = (&error, &self.state) {
                    self.first_bytes = reader.first_bytes();
                }
                input.take_all();
                self.fail(error)
            }
        }
    }

    /// Returns the head of the final response, once it is complete.
    fn read_to_final(
        &mut self,
        input: &mut Input<'_>,
        mut judge: impl FnMut(StatusLine, Pairs<'_>) -> Result<Verdict, HandshakeError>,
    ) -> Result<Option<Final>, Error> {
        while let State::Head(reader) = &mut self.state
            && let Some(mut received) = reader.receive(input)?
        {
            let line = received.line;
            let verdict = match received.head.parse(|headers| judge(line, headers)) {
                Ok(verdict) => verdict,
                Err(error) => {
                    received.head.keep_well_formed();
                    self.refused = Some(Box::new(received.into_rejection()));
                    return Err(error.into());
                }
            };
            match verdict {
                Verdict::Open => {
                    return Ok(Some(Final::Open(Response::new(line.status, received.head))));
                }
                Verdict::Interim => {
                    self.interim.add()?;
                    reader.begin_again();
                }
                Verdict::Rejected => {
                    let response = received.into_rejection();
                    return match self.body_of(line, &response) {
                        None => Err(Error::Rejected(Box::new(response))),
                        Some(body) => Ok(Some(Final::Rejected(response, body))),
                    };
                }
            }
        }
        Ok(None)
    }

    /// Returns the body to read before this rejection is returned.
    fn body_of(&self, line: StatusLine, response: &Response) -> Option<Body> {
        let headers = response.headers();
        match self.bodies {
            _ if response.fault().is_some() => None,
            Bodies::All => Some(Body::new(line.status, headers, self.body_len)),
            // Another reader of this head may find another end of the body.
            Bodies::BeforeRetry if response.is_repaired() => None,
            Bodies::BeforeRetry if line.status == 407 => Body::of_message(line, &headers, self.body_len),
            Bodies::BeforeRetry => None,
        }
    }

    fn read_body<T>(&mut self, input: &mut Input<'_>) -> Result<Option<T>, Error> {
        let State::Body(_, body) = &mut self.state else { return Ok(None) };
        let progress = body.receive(input);
        if progress == BodyProgress::More {
            return Ok(None);
        }
        let is_last = input.take_all().is_empty();
        self.persists =
            progress == BodyProgress::Complete && is_last && matches!(self.bodies, Bodies::BeforeRetry);
        match mem::replace(&mut self.state, State::Complete) {
            State::Body(response, body) => self.fail(rejected(response, body, progress == BodyProgress::Cut)),
            _ => Ok(None),
        }
    }
}

/// The response that is not an interim one.
enum Final {
    Open(Response),
    /// Its body comes next.
    Rejected(Response, Body),
}

/// Shows no byte of a response, which may contain credentials.
impl<W> fmt::Debug for Responses<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state: &dyn fmt::Debug = match &self.state {
            State::Head(..) => &"reading the head",
            State::Body(..) => &"reading the body",
            State::Failed(error) => error,
            State::Complete => &"complete",
        };
        state.fmt(f)
    }
}

fn rejected(response: Response, body: Body, truncated: bool) -> Error {
    Error::Rejected(Box::new(response.with_body(body.into_bytes(), truncated)))
}
