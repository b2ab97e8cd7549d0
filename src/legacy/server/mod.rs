//! The server side of the opening handshake, in every version.

mod judge;
mod request;

use alloc::vec::Vec;
use core::fmt;

pub use request::Request;

use super::{
    Versions,
    challenge::{self, BYTES_LEN},
};
use crate::{
    Input,
    handshake::{FirstBytes, HandshakeError, HandshakeLimits},
    server::{self, PlainRequest},
};
use judge::{Judged, judge};

/// Reads a client's request in any enabled version.
///
/// The version is determined once, by the headers that are present, before anything else is checked. A
/// request that is invalid in its version is rejected, and never tried as another one:
///
/// | headers | version |
/// |---|---|
/// | Sec-WebSocket-Version or Sec-WebSocket-Key | the number in Sec-WebSocket-Version |
/// | Sec-WebSocket-Key1 or Sec-WebSocket-Key2 | hixie-76 |
/// | `Upgrade: WebSocket`, spelled like that, and no header whose name begins with Sec-WebSocket- | hixie-75 |
///
/// A request for a version that is not enabled gets the response of [`server::Handshake`]: 426 for a number,
/// otherwise
/// 400. Both list the numbers that are accepted. The rest of the head is subject to the same checks and limits in every
/// version.
///
/// See [`server::Handshake`] for details.
pub struct Handshake {
    core: server::Handshake,
    versions: Versions,
    /// A request of hixie-76 whose 8 bytes are not complete.
    pending: Option<Pending>,
}

struct Pending {
    request: Request,
    numbers: [u32; 2],
    bytes: [u8; BYTES_LEN],
    len: usize,
}

/// A request that asks for a WebSocket, or a plain one.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a request either asks for an upgrade to websocket or does not")]
pub enum Incoming {
    /// The request asks for a WebSocket.
    WebSocket(Request),
    /// The request is plain HTTP: a GET request without a body that does not ask for a WebSocket.
    Http(PlainRequest),
}

impl Handshake {
    /// Creates a handshake that accepts RFC 6455 and these versions.
    pub fn new(limits: HandshakeLimits, versions: Versions) -> Self {
        Self { core: server::Handshake::new(limits), versions, pending: None }
    }

    /// Continues the handshake with `input`. Returns `Ok(None)` if more bytes are needed.
    ///
    /// The bytes after the request, in hixie-76 those after its 8 bytes, are left in `input` for the
    /// connection. The 8 bytes do not count against the limits.
    ///
    /// # Errors
    ///
    /// Returns a [`HandshakeError`] if the request breaks the protocol or exceeds a limit. The response has
    /// been appended to `out`: write it and close the transport. Later calls return the same error.
    ///
    /// Returns [`HandshakeError::AlreadyComplete`] after the request has been returned.
    pub fn receive(
        &mut self,
        input: &mut Input<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Request>, HandshakeError> {
        let incoming = self.run(input, out, |judged| match judged {
            Judged::Http(request) if request.is_old() => Err(HandshakeError::HttpVersionTooOld),
            Judged::Http(_) => Err(HandshakeError::MissingUpgrade),
            judged => Ok(judged),
        })?;
        Ok(incoming.and_then(|incoming| match incoming {
            Incoming::WebSocket(request) => Some(request),
            Incoming::Http(_) => None,
        }))
    }

    /// Continues the handshake like [`receive`](Self::receive), for a server that also answers plain HTTP on
    /// the same port.
    ///
    /// A valid GET request without a body that does not ask for an upgrade to `websocket` is returned as
    /// [`Incoming::Http`]; [`receive`](Self::receive) responds to it with 426.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`receive`](Self::receive).
    pub fn receive_any(
        &mut self,
        input: &mut Input<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Incoming>, HandshakeError> {
        self.run(input, out, Ok)
    }

    /// Notifies the handshake that the transport has closed.
    ///
    /// # Errors
    ///
    /// Returns [`HandshakeError::IncompleteHandshake`] if the request is not complete, in hixie-76 including
    /// its 8 bytes, or the earlier error if the handshake failed.
    pub fn receive_eof(&mut self) -> Result<(), HandshakeError> {
        if self.pending.take().is_some() {
            self.core.fail(HandshakeError::IncompleteHandshake);
        }
        self.core.receive_eof()
    }

    /// Returns the first bytes of the head that failed the handshake, which show the protocol of the client.
    /// It is empty unless the handshake has failed.
    pub fn first_bytes(&self) -> FirstBytes {
        self.core.first_bytes()
    }

    fn run(
        &mut self,
        input: &mut Input<'_>,
        out: &mut Vec<u8>,
        select: impl FnOnce(Judged) -> Result<Judged, HandshakeError>,
    ) -> Result<Option<Incoming>, HandshakeError> {
        if self.pending.is_none() {
            let versions = self.versions;
            let judged = self.core.run(input, out, versions.list(), |head, target, tolerance| {
                judge(head, target, tolerance, versions).and_then(select)
            })?;
            match judged {
                None => return Ok(None),
                Some(Judged::Http(request)) => return Ok(Some(Incoming::Http(request))),
                Some(Judged::WebSocket(request)) => return Ok(Some(Incoming::WebSocket(request))),
                Some(Judged::Challenge(request, numbers)) => {
                    self.pending = Some(Pending { request, numbers, bytes: [0; BYTES_LEN], len: 0 });
                }
            }
        }
        Ok(self.receive_challenge(input).map(Incoming::WebSocket))
    }

    /// Takes the missing ones of the 8 bytes.
    fn receive_challenge(&mut self, input: &mut Input<'_>) -> Option<Request> {
        let pending = self.pending.as_mut()?;
        let missing = pending.bytes.iter_mut().skip(pending.len);
        let taken = input.take(missing.len());
        missing.zip(taken.iter()).for_each(|(to, from)| *to = *from);
        pending.len = pending.len.saturating_add(taken.len());
        if pending.len < BYTES_LEN {
            return None;
        }
        let Pending { request, numbers, bytes, .. } = self.pending.take()?;
        Some(request.with_digest(challenge::digest(numbers, bytes)))
    }
}

/// Shows no byte of the request, which may contain credentials.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("core", &self.core)
            .field("versions", &self.versions)
            .field("is_pending", &self.pending.is_some())
            .finish()
    }
}
