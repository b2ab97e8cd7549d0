//! The client's side: the headers of a request, and the answer of the server.

use alloc::{boxed::Box, vec};
use core::{fmt, mem};

use super::{
    HeaderList,
    header_list::{Received, append_fields},
};
use crate::{
    Connection,
    client::{Error, MAX_INTERIM_RESPONSES, Request, RequestError, Response, StatusLine, Terms},
    entropy::Entropy,
    handshake::{HandshakeError, check_selection},
};

/// Sends the headers of a request and reads those of the response (RFC 8441, 4 and 5).
pub struct Handshake {
    state: State,
}

enum State {
    Waiting {
        terms: Box<Terms>,
        entropy: Box<Entropy>,
        /// How many interim responses have come.
        interim: u32,
    },
    Failed(Error),
    Complete,
}

impl Handshake {
    /// Starts to wait for the response. The list is what to send on a new stream, without ending it.
    ///
    /// The server must have said that it takes this, with
    /// [`SETTINGS_ENABLE_CONNECT_PROTOCOL`](super::SETTINGS_ENABLE_CONNECT_PROTOCOL) (RFC 8441, 3). The `seed` is what
    /// the masking keys come from; see [`client::Handshake::new`](crate::client::Handshake::new). The limits of the
    /// request are not used, since the library that reads the response has its own.
    ///
    /// # Errors
    ///
    /// The first thing that was wrong with what was put into the request. [`RequestError::ReservedHeader`] also for
    /// headers that HTTP/2 does not have, such as Keep-Alive (RFC 9113, 8.2.2).
    pub fn new(request: &Request, seed: [u8; 32]) -> Result<(Self, HeaderList), RequestError> {
        if let Some(error) = request.check() {
            return Err(error);
        }
        let uri = request.uri();
        let scheme = if uri.is_secure() { "https" } else { "http" };
        let mut list = vec![
            (":method".into(), "CONNECT".into()),
            (":protocol".into(), "websocket".into()),
            (":scheme".into(), scheme.into()),
            (":path".into(), uri.resource_name().into()),
            (":authority".into(), uri.authority().into()),
            ("sec-websocket-version".into(), "13".into()),
        ];
        let offered = &request.terms.offered;
        for (name, value) in [
            ("sec-websocket-protocol", &offered.subprotocols),
            ("sec-websocket-extensions", &offered.extensions),
        ] {
            if !value.is_empty() {
                list.push((name.into(), value.clone()));
            }
        }
        if !append_fields(&request.fields, &mut list) {
            return Err(RequestError::ReservedHeader);
        }
        let terms = Box::new(request.terms.clone());
        let state = State::Waiting { terms, entropy: Box::new(Entropy::new(seed)), interim: 0 };
        Ok((Self { state }, list))
    }

    /// Takes the headers of a response: names in lower case, with `:status` first. `None`: it was an interim response
    /// (1xx), and another one follows.
    ///
    /// If the stream ended with them, tell the connection with [`receive_eof`](Connection::receive_eof).
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if the status is not 2xx; the body, if there is one, is the data of the stream.
    /// [`Error::Handshake`] if the response breaks the protocol. Reset the stream after either, with CANCEL. Whatever
    /// comes later gets the same error.
    ///
    /// [`HandshakeError::AlreadyComplete`] after the connection has been returned.
    pub fn receive(
        &mut self,
        headers: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>,
    ) -> Result<Option<(Connection, Response)>, Error> {
        match mem::replace(&mut self.state, State::Complete) {
            State::Complete => Err(HandshakeError::AlreadyComplete.into()),
            State::Failed(error) => self.fail(error),
            State::Waiting { terms, entropy, interim } => match read(headers, &terms) {
                Ok(None) if interim >= MAX_INTERIM_RESPONSES => {
                    self.fail(HandshakeError::TooManyInterimResponses.into())
                }
                Ok(None) => {
                    self.state = State::Waiting { terms, entropy, interim: interim.saturating_add(1) };
                    Ok(None)
                }
                Ok(Some(response)) => match terms.agree(&response) {
                    Ok(config) => Ok(Some((Connection::client_with(config, *entropy), response))),
                    Err(error) => self.fail(error.into()),
                },
                Err(error) => self.fail(error),
            },
        }
    }

    /// The stream ended, or was reset, and there was no response.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::IncompleteHandshake`], or the earlier error if the handshake had failed.
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

/// The response, if it opens the connection. `None`: it is an interim one.
fn read(
    headers: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>,
    terms: &Terms,
) -> Result<Option<Response>, Error> {
    let mut list = Received::read(headers, [":status"])?;
    let [status] = list.pseudo.each_mut().map(Option::take);
    // Three digits, and no phrase behind them.
    let status = status.filter(|status| status.len() == 3);
    let status_line = status.map(|status| ["HTTP/1.1 ", &status, " "].concat()).unwrap_or_default();
    let Ok(StatusLine { status, .. }) = StatusLine::parse(status_line.as_bytes()) else {
        return Err(HandshakeError::InvalidPseudoHeader.into());
    };
    let head = list.into_head(&status_line);
    match status {
        // RFC 9113, 8.6: there are no upgrades.
        101 => Err(HandshakeError::InvalidPseudoHeader.into()),
        100..200 => Ok(None),
        // RFC 8441, 5: instead of 101.
        200..300 => {
            head.parse(|headers| {
                check_selection(headers.iter().map(|header| (header.name, header.value)), &terms.offered)
            })?;
            Ok(Some(Response::new(status, head)))
        }
        _ => Err(Error::Rejected(Box::new(Response::new(status, head)))),
    }
}

/// Shows no header, as those may hold credentials.
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
