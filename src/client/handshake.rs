//! The machine that sends a request and reads the response as bytes of HTTP/1.1.

use alloc::{boxed::Box, vec::Vec};
use core::{fmt, mem};

use super::{
    Error, HeadReader, InterimCount, Offer, Request, RequestError, Response, StatusLine, Verdict,
    body::{Body, BodyProgress},
};
use crate::{
    Config, Connection, Input,
    entropy::Entropy,
    handshake::{HandshakeError, HandshakeLimits, Head, KEY_LEN, accept_key, encode_nonce},
};

/// Sends the request and reads the response of the server (RFC 6455, 4.1).
///
/// A handshake that takes too long is for the caller to end: there is no clock in here. While it runs it holds
/// at most [`HandshakeLimits::max_head_len`] and [`HandshakeLimits::max_body_len`] bytes.
pub struct Handshake {
    state: State,
    /// The value of Sec-WebSocket-Accept that answers our key.
    key_accept: [u8; 28],
    offer: Offer,
    entropy: Option<Entropy>,
    limits: HandshakeLimits,
    interim: InterimCount,
}

enum State {
    Head(HeadReader),
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
        let (handshake, key) = Self::start(request, seed)?;
        request.append(&key, out);
        Ok(handshake)
    }

    /// A handshake whose request is still to be sent, with this key.
    pub(crate) fn start(request: &Request, seed: [u8; 32]) -> Result<(Self, [u8; KEY_LEN]), RequestError> {
        request.check()?;
        let mut entropy = Entropy::new(seed);
        // RFC 6455, 4.1: a new nonce for each connection.
        let key = encode_nonce(entropy.nonce());
        let handshake = Self {
            state: State::Head(HeadReader::new(request.limits)),
            key_accept: accept_key(&key),
            offer: request.offer.clone(),
            entropy: Some(entropy),
            limits: request.limits,
            interim: InterimCount::default(),
        };
        Ok((handshake, key))
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
            State::Head(_) | State::Body(..) => {}
        }
        let result = self.read(input);
        if let Err(error) = &result {
            input.take_all();
            self.state = State::Failed(error.clone());
        }
        result
    }

    /// Takes a response that another library has read, or `None` if it is an interim one.
    #[cfg(feature = "http")]
    pub(crate) fn receive_head<'h>(
        &mut self,
        line: StatusLine,
        headers: impl Iterator<Item = (&'h str, &'h [u8])> + Clone,
    ) -> Result<Option<(Connection, Response)>, Error> {
        match &self.state {
            State::Complete => return Err(HandshakeError::AlreadyComplete.into()),
            State::Failed(error) => return Err(error.clone()),
            State::Head(_) | State::Body(..) => {}
        }
        let verdict = self.offer.judge_upgrade(line, headers.clone(), &self.key_accept)?;
        let response = Response::new(line.status, Head::from_pairs(&[], headers));
        match verdict {
            Verdict::Open(config) => self.open(config, response).map(Some),
            Verdict::Interim => Ok(None),
            Verdict::Rejected => Err(Error::Rejected(Box::new(response))),
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
            State::Head(_) => HandshakeError::IncompleteHandshake.into(),
            State::Body(response, body) => {
                let truncated = !body.ends_with_transport();
                rejected(response, body, truncated)
            }
        };
        self.state = State::Failed(error.clone());
        Err(error)
    }

    fn read(&mut self, input: &mut Input<'_>) -> Result<Option<(Connection, Response)>, Error> {
        loop {
            match &mut self.state {
                State::Head(reader) => match reader.receive(input)? {
                    None => return Ok(None),
                    Some((line, head)) => {
                        if let Some(opened) = self.judge(line, head)? {
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

    /// The connection, if this is the head that opens it.
    fn judge(&mut self, line: StatusLine, head: Head) -> Result<Option<(Connection, Response)>, Error> {
        let verdict = head.parse(|headers| self.offer.judge_upgrade(line, headers, &self.key_accept))?;
        match verdict {
            Verdict::Open(config) => self.open(config, Response::new(line.status, head)).map(Some),
            Verdict::Interim => {
                self.interim.add()?;
                Ok(None)
            }
            Verdict::Rejected => {
                let body = Body::new(line.status, head.headers(), self.limits.body_len)?;
                self.state = State::Body(Response::new(line.status, head), body);
                Ok(None)
            }
        }
    }

    fn open(&mut self, config: Config, response: Response) -> Result<(Connection, Response), Error> {
        self.state = State::Complete;
        let Some(entropy) = self.entropy.take() else {
            return Err(HandshakeError::AlreadyComplete.into());
        };
        Ok((Connection::client_with(config, entropy), response))
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
            State::Head(_) => &"reading the head",
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
