//! Reads responses as bytes of HTTP/1.1 up to the one that decides: skips interim ones, and collects the body of a
//! rejection.

use alloc::boxed::Box;
use core::{fmt, mem};

use super::{
    Error, HeadReader, InterimCount, ReceivedHead, Response, StatusLine, Verdict,
    body::{Body, BodyProgress},
};
use crate::{
    Config, Input,
    handshake::{FirstBytes, HandshakeError, HandshakeLimits, Pairs},
};

/// The responses to one request.
pub(crate) struct Responses {
    state: State,
    limits: HandshakeLimits,
    interim: InterimCount,
    first_bytes: FirstBytes,
}

enum State {
    Head(HeadReader),
    /// The server rejects. Its response, without the body, and the body so far.
    Body(Response, Body),
    Failed(Error),
    Complete,
}

impl Responses {
    pub(crate) fn new(limits: HandshakeLimits) -> Self {
        Self {
            state: State::Head(HeadReader::new(101..102, limits)),
            limits,
            interim: InterimCount::default(),
            first_bytes: FirstBytes::default(),
        }
    }

    /// The response that opens the connection, once it is complete. What each one means, `judge` says.
    pub(crate) fn receive(
        &mut self,
        input: &mut Input<'_>,
        judge: impl Fn(StatusLine, Pairs<'_, '_>) -> Result<Verdict, HandshakeError>,
    ) -> Result<Option<(Config, Response)>, Error> {
        match &self.state {
            State::Complete => return Err(HandshakeError::AlreadyComplete.into()),
            State::Failed(error) => {
                input.take_all();
                return Err(error.clone());
            }
            State::Head(_) | State::Body(..) => {}
        }
        let result = self.read(input, judge);
        if let Err(error) = &result {
            if let State::Head(reader) = &self.state {
                self.first_bytes = reader.first_bytes();
            }
            input.take_all();
            self.fail(error.clone());
        }
        result
    }

    /// The transport ended.
    pub(crate) fn receive_eof(&mut self) -> Result<(), Error> {
        let error = match mem::replace(&mut self.state, State::Complete) {
            State::Complete => return Ok(()),
            State::Failed(error) => error,
            State::Head(_) => HandshakeError::IncompleteHandshake.into(),
            State::Body(response, body) => {
                let truncated = !body.ends_with_transport();
                rejected(response, body, truncated)
            }
        };
        self.fail(error.clone());
        Err(error)
    }

    /// The first bytes of the head that failed.
    pub(crate) fn first_bytes(&self) -> FirstBytes {
        self.first_bytes
    }

    /// Whether responses may still come.
    #[cfg(feature = "http")]
    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.state {
            State::Complete => Err(HandshakeError::AlreadyComplete.into()),
            State::Failed(error) => Err(error.clone()),
            State::Head(_) | State::Body(..) => Ok(()),
        }
    }

    /// Ends with a response that came otherwise.
    #[cfg(feature = "http")]
    pub(crate) fn complete(&mut self) {
        self.state = State::Complete;
    }

    /// Has every later call return this error.
    pub(crate) fn fail(&mut self, error: Error) {
        self.state = State::Failed(error);
    }

    fn read(
        &mut self,
        input: &mut Input<'_>,
        judge: impl Fn(StatusLine, Pairs<'_, '_>) -> Result<Verdict, HandshakeError>,
    ) -> Result<Option<(Config, Response)>, Error> {
        loop {
            match &mut self.state {
                State::Head(reader) => match reader.receive(input)? {
                    None => return Ok(None),
                    Some(received) => {
                        let verdict = received.head.parse(|headers| judge(received.line, headers))?;
                        if let Some(opened) = self.follow(&verdict, received)? {
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

    fn follow(
        &mut self,
        verdict: &Verdict,
        received: ReceivedHead,
    ) -> Result<Option<(Config, Response)>, Error> {
        let ReceivedHead { line: StatusLine { status, .. }, head, fault } = received;
        match verdict {
            Verdict::Open(config) => {
                self.state = State::Complete;
                return Ok(Some((*config, Response::new(status, head))));
            }
            Verdict::Interim => self.interim.add()?,
            Verdict::Rejected => {
                let body = Body::new(status, head.headers(), self.limits.body_len);
                let response = Response::rejected(status, head, fault);
                if response.fault().is_some() {
                    return Err(rejected(response, body, true));
                }
                self.state = State::Body(response, body);
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

/// Shows no byte of a response, as it may hold credentials.
impl fmt::Debug for Responses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state: &dyn fmt::Debug = match &self.state {
            State::Head(_) => &"reading the head",
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
