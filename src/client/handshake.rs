//! The machine that sends a request and reads the response as bytes of HTTP/1.1.

#[cfg(feature = "http")]
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Error, Offer, Request, RequestError, Response, Responses};
#[cfg(feature = "http")]
use super::{StatusLine, Verdict};
#[cfg(feature = "http")]
use crate::handshake::Head;
use crate::{
    Connection, Input,
    entropy::Entropy,
    handshake::{FirstBytes, KEY_LEN, VERSION, accept_key},
};

/// Sends the request and reads the response of the server (RFC 6455, 4.1).
///
/// A handshake that takes too long is for the caller to end: there is no clock in here. While it runs it holds
/// at most [`HandshakeLimits::max_head_len`] and [`HandshakeLimits::max_body_len`] bytes.
///
/// [`HandshakeLimits::max_head_len`]: crate::handshake::HandshakeLimits::max_head_len
/// [`HandshakeLimits::max_body_len`]: crate::handshake::HandshakeLimits::max_body_len
pub struct Handshake {
    /// While they may open the connection, they keep what its masking keys come from.
    responses: Responses<Entropy>,
    /// The value of Sec-WebSocket-Accept that answers our key.
    key_accept: [u8; 28],
    offer: Offer,
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
        request.append(&key, VERSION, request.extra.iter(), out);
        Ok(handshake)
    }

    /// A handshake whose request is still to be sent, with this key.
    pub(crate) fn start(request: &Request, seed: [u8; 32]) -> Result<(Self, [u8; KEY_LEN]), RequestError> {
        request.check()?;
        let mut entropy = Entropy::new(seed);
        // RFC 6455, 4.1: a new nonce for each connection.
        let key = encode_nonce(entropy.nonce());
        let handshake = Self {
            responses: Responses::new(request.limits, entropy),
            key_accept: accept_key(&key),
            offer: request.offer.clone(),
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
    /// [`Error::Rejected`] if the server answered with another final status than 101. It comes when the body of the
    /// response has ended or is over its limit, or when its head breaks the protocol or goes over a limit behind the status,
    /// which is [`Response::fault`]. [`Error::Handshake`] if the version, the status, an interim response or a 101
    /// does so. Close the transport after either: nothing is sent. All of the input is used up, and whatever comes later
    /// gets the same error.
    ///
    /// [`HandshakeError::AlreadyComplete`] after the connection has been returned; nothing happens.
    ///
    /// [`HandshakeError::AlreadyComplete`]: crate::handshake::HandshakeError::AlreadyComplete
    pub fn receive(&mut self, input: &mut Input<'_>) -> Result<Option<(Connection, Response)>, Error> {
        let (offer, key_accept) = (&self.offer, &self.key_accept);
        let opened =
            self.responses.receive(input, |line, headers| offer.judge_upgrade(line, headers, key_accept))?;
        Ok(opened.map(|(config, response, entropy)| (Connection::client_with(config, entropy), response)))
    }

    /// Takes a response that another library has read, or `None` if it is an interim one.
    #[cfg(feature = "http")]
    pub(crate) fn receive_head<'h>(
        self,
        line: StatusLine,
        headers: impl Iterator<Item = (&'h str, &'h [u8])> + Clone,
    ) -> Result<Option<(Connection, Response)>, Error> {
        let entropy = self.responses.into_waiting()?;
        let verdict = self.offer.judge_upgrade(line, headers.clone(), &self.key_accept)?;
        let head = Head::from_pairs(&[], headers);
        match verdict {
            Verdict::Open(config) => {
                let response = Response::new(line.status, head);
                Ok(Some((Connection::client_with(config, entropy), response)))
            }
            Verdict::Interim => Ok(None),
            Verdict::Rejected => Err(Error::Rejected(Box::new(Response::rejected(line.status, head, None)))),
        }
    }

    /// The transport ended: no more bytes will come.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if the server rejects, as far as the status came: with the headers and the body that came. If the
    /// head had not come to its end, its [`fault`](Response::fault) is [`HandshakeError::IncompleteHandshake`].
    /// That error itself in all other cases. The earlier error if the handshake had failed.
    ///
    /// [`HandshakeError::IncompleteHandshake`]: crate::handshake::HandshakeError::IncompleteHandshake
    pub fn receive_eof(&mut self) -> Result<(), Error> {
        self.responses.receive_eof()
    }

    /// Returns the first bytes of the head that failed the handshake, to show what the server speaks. It is empty before.
    pub fn first_bytes(&self) -> FirstBytes {
        self.responses.first_bytes()
    }
}

/// Shows no byte of the response, as it may hold credentials.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("state", &self.responses).finish_non_exhaustive()
    }
}

/// The key of a request: 16 random bytes in canonical base64 (RFC 6455, 4.1, and erratum 3150).
fn encode_nonce(nonce: [u8; 16]) -> [u8; KEY_LEN] {
    let mut key = [0; KEY_LEN];
    // 16 bytes are 24 characters, so there is room.
    let _ = STANDARD.encode_slice(nonce, &mut key);
    key
}
