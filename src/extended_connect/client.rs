//! The client side: the headers of a request, and the response of the server.

use alloc::{boxed::Box, vec::Vec};
use core::{fmt, mem};

use super::{
    HeaderList,
    header_list::{Received, check_headers, list_of},
};
use crate::{
    Config, Connection,
    client::{Error, InterimCount, Offer, Request, RequestError, Response, SharedOffer, StatusLine, Verdict},
    entropy::Entropy,
    handshake::{HandshakeError, Head},
};

/// Sends the headers of a request and reads those of the response (RFC 8441, sections 4 and 5).
pub struct Handshake {
    state: State,
}

enum State {
    Waiting { offer: SharedOffer, entropy: Box<Entropy>, interim: InterimCount },
    Failed(Error),
    Complete,
}

impl Handshake {
    /// Creates a handshake that waits for the response, and returns the headers to send on a new stream,
    /// without ending it.
    ///
    /// The server must have announced its support with
    /// [`SETTINGS_ENABLE_CONNECT_PROTOCOL`](super::SETTINGS_ENABLE_CONNECT_PROTOCOL) (RFC 8441, section 3).
    /// The masking keys are derived from `seed`; see
    /// [`client::Handshake::new`](crate::client::Handshake::new). Of the limits of the request only
    /// the tolerance is used, since the library that reads the response has its own limits.
    ///
    /// # Errors
    ///
    /// Returns the first [`RequestError`] in the parameters of the request, and
    /// [`RequestError::ReservedHeader`] for headers that HTTP/2 does not have, such as Keep-Alive (RFC 9113,
    /// section 8.2.2).
    pub fn new(request: &Request, seed: [u8; 32]) -> Result<(Self, HeaderList), RequestError> {
        let handshake = Self::start(request, seed)?;
        let uri = request.uri();
        let pseudo = [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", if uri.is_secure() { "https" } else { "http" }),
            (":path", uri.resource_name()),
            (":authority", request.authority()),
        ];
        Ok((handshake, list_of(&pseudo, request.headers())))
    }

    /// Creates a handshake whose request is valid and is sent later.
    pub(crate) fn start(request: &Request, seed: [u8; 32]) -> Result<Self, RequestError> {
        request.check()?;
        check_headers(request.headers())?;
        let state = State::Waiting {
            offer: request.offer().clone(),
            entropy: Box::new(Entropy::new(seed)),
            interim: InterimCount::default(),
        };
        Ok(Self { state })
    }

    /// Completes the handshake with the headers of a response: names in lower case, with `:status` first.
    /// Returns `Ok(None)` for an interim response (1xx), after which another one follows.
    ///
    /// If the stream ended with them, call [`receive_eof`](Connection::receive_eof) of the connection.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Rejected`] if the status is not 2xx; the body, if there is one, is the data of the
    /// stream. Returns [`Error::Handshake`] if the response breaks the protocol.
    ///
    /// Reset the stream after either, with CANCEL. Later calls return the same error. After the connection
    /// has been returned, the error is [`HandshakeError::AlreadyComplete`].
    pub fn receive(
        &mut self,
        headers: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>,
    ) -> Result<Option<(Connection, Response)>, Error> {
        match mem::replace(&mut self.state, State::Complete) {
            State::Complete => Err(HandshakeError::AlreadyComplete.into()),
            State::Failed(error) => self.fail(error),
            State::Waiting { offer, entropy, mut interim } => {
                let list: Vec<_> = headers.into_iter().collect();
                let mut config = offer.config;
                match read(&list, &offer, &mut config) {
                    Ok((Verdict::Open, response)) => {
                        Ok(Some((Connection::client_with(&config, *entropy), response)))
                    }
                    Ok((Verdict::Interim, _)) => match interim.add() {
                        Ok(()) => {
                            self.state = State::Waiting { offer, entropy, interim };
                            Ok(None)
                        }
                        Err(error) => self.fail(error.into()),
                    },
                    Ok((Verdict::Rejected, response)) => self.fail(Error::Rejected(Box::new(response))),
                    Err(error) => self.fail(error.into()),
                }
            }
        }
    }

    /// Notifies the handshake that the stream has ended or was reset without a response.
    ///
    /// # Errors
    ///
    /// Returns [`HandshakeError::IncompleteHandshake`], or the earlier error if the handshake had failed.
    pub fn receive_eof(&mut self) -> Result<(), Error> {
        let error = match &self.state {
            State::Complete => return Ok(()),
            State::Failed(error) => error.clone(),
            State::Waiting { .. } => HandshakeError::IncompleteHandshake.into(),
        };
        self.fail(error)
    }

    fn fail<T>(&mut self, error: Error) -> Result<T, Error> {
        self.state = State::Failed(error.clone());
        Err(error)
    }
}

/// Returns the response in this list, and its meaning. Adds the selections of the server to `config`.
fn read(
    list: &[(impl AsRef<[u8]>, impl AsRef<[u8]>)],
    offer: &Offer,
    config: &mut Config,
) -> Result<(Verdict, Response), HandshakeError> {
    let list = Received::read(list, [":status"]);
    let [status] = list.pseudo;
    let status = status.and_then(StatusLine::parse_status);
    let status = status.ok_or(list.fault.unwrap_or(HandshakeError::InvalidPseudoHeader))?;
    let verdict = offer.judge_connect(status, list.headers(), config)?;
    let head = Head::from_pairs(&[], list.headers());
    match (&verdict, list.fault) {
        (Verdict::Rejected, fault) => Ok((verdict, Response::rejected(status, head, fault))),
        (_, Some(error)) => Err(error),
        (_, None) => Ok((verdict, Response::new(status, head))),
    }
}

/// Shows no headers, which may contain credentials.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state: &dyn fmt::Debug = match &self.state {
            State::Waiting { .. } => &"waiting",
            State::Failed(error) => error,
            State::Complete => &"complete",
        };
        f.debug_struct("Handshake").field("state", state).finish_non_exhaustive()
    }
}
