//! Sessions of the protocol versions before RFC 6455, with the feature `legacy`.
//!
//! Versions 7 and 8 have the frames of RFC 6455, so a session of theirs is an ordinary one once it is open. What hixie-75
//! and hixie-76 need is in a box of its own, so that a session is no larger for them.

use alloc::{boxed::Box, vec::Vec};
use core::time::Duration;

use super::{LATEST, Phase, Received, Session, WriteBuffer, ending::Reason};
use crate::{
    CloseOutcome, Input, SendError, State,
    client::{self, RequestError},
    frame::Role,
    handshake::{FirstBytes, HandshakeLimits},
    keepalive::{Timeout, Timeouts},
    legacy::{
        self, Version, Versions,
        server::{Incoming, Request},
    },
    server::{Accept, ResponseError},
};

/// A handshake in any version, or an open connection of hixie-75 or hixie-76.
#[derive(Debug)]
pub(super) struct Legacy(Box<Inner>);

#[derive(Debug)]
enum Inner {
    Server(legacy::server::Handshake),
    Client(legacy::client::Handshake),
    Open(legacy::Connection),
}

impl Session {
    /// Creates the session of a server that accepts RFC 6455 and these older versions on one port. Read the
    /// [security considerations](legacy#security) before you enable one.
    ///
    /// Every request, in RFC 6455 too, is returned as [`Received::Legacy`]; answer with
    /// [`accept_legacy`](Self::accept_legacy) or [`reject_legacy`](Self::reject_legacy). All other calls are those of any
    /// session. In hixie-75 and hixie-76 they have these limits:
    ///
    /// | subject | hixie-75 and hixie-76 |
    /// |---|---|
    /// | sending anything but a text message | returns [`SendError::Unsupported`] |
    /// | keep-alive | no Pings are sent; the other timeouts apply |
    /// | timeouts and violations | the transport is ended without a Close |
    /// | the end of the stream between two frames | in hixie-75 the clean end, with close code 1005 |
    /// | memory | about 200 bytes on the heap while the session is open |
    /// | [`connection`](Self::connection), [`into_parts`](Self::into_parts) | `None`, and an error |
    pub fn legacy_server(
        limits: HandshakeLimits,
        versions: Versions,
        timeouts: Timeouts,
        now: Duration,
    ) -> Self {
        let handshake = legacy::server::Handshake::new(limits, versions);
        Self::new(Phase::Legacy(Legacy(Box::new(Inner::Server(handshake)))), timeouts, now)
    }

    /// Creates the session of a client that speaks this version, and begins with its request. See
    /// [`legacy_server`](Self::legacy_server) for the limits of hixie-75 and hixie-76.
    ///
    /// The seed must be unpredictable and used once. There is no fallback to another version.
    ///
    /// # Errors
    ///
    /// Returns the first error in the request. See [`legacy::client::Handshake::new`].
    pub fn legacy_client(
        request: &client::Request,
        version: Version,
        seed: [u8; 32],
        timeouts: Timeouts,
        now: Duration,
    ) -> Result<Self, RequestError> {
        let mut out = WriteBuffer::default();
        let handshake = legacy::client::Handshake::new(request, version, seed, out.out())?;
        let phase = Phase::Legacy(Legacy(Box::new(Inner::Client(handshake))));
        Ok(Self { out, ..Self::new(phase, timeouts, now) })
    }

    /// Opens the WebSocket in the version of the request. See [`accept`](Self::accept).
    ///
    /// # Errors
    ///
    /// Returns the request with the error if the response must not be sent like that. Answer again.
    pub fn accept_legacy(
        &mut self,
        request: impl Into<Box<Request>>,
        accept: Accept,
    ) -> Result<(), Box<ResponseError<Request>>> {
        if self.is_deciding() {
            let connection = (*request.into()).accept(accept, self.out.out()).map_err(Box::new)?;
            self.open_legacy(connection);
            self.decided = true;
        }
        Ok(())
    }

    /// Rejects the WebSocket with a response, and ends the session. See [`reject`](Self::reject) for details.
    ///
    /// # Errors
    ///
    /// Returns the request with the error if the response must not be sent like that. Answer again.
    pub fn reject_legacy(
        &mut self,
        request: impl Into<Box<Request>>,
        status: u16,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<(), Box<ResponseError<Request>>> {
        if self.is_deciding() {
            (*request.into()).reject(status, headers, body, self.out.out()).map_err(Box::new)?;
            self.leave(Reason::Answered);
            self.decided = true;
        }
        Ok(())
    }

    fn open_legacy(&mut self, connection: legacy::Connection) {
        match connection.into_core() {
            Ok(connection) => self.open_with(connection),
            Err(hixie) => {
                self.phase = Phase::Legacy(Legacy(Box::new(Inner::Open(hixie))));
                self.keep_alive.on_open(LATEST);
                // There are none in these versions.
                self.keep_alive.hold_pings(true);
            }
        }
    }

    pub(super) fn receive_legacy<'b>(&mut self, input: &mut Input<'b>) -> Option<Received<'b>> {
        let Phase::Legacy(Legacy(inner)) = &mut self.phase else { return None };
        match &mut **inner {
            Inner::Server(handshake) => {
                self.asked |= !input.is_empty();
                let out = self.out.out();
                let result = if self.is_http_allowed {
                    handshake.receive_any(input, out)
                } else {
                    handshake.receive(input, out).map(|request| request.map(Incoming::WebSocket))
                };
                self.take_request(result.map(|incoming| {
                    incoming.map(|incoming| match incoming {
                        Incoming::WebSocket(request) => Received::Legacy(Box::new(request)),
                        Incoming::Http(request) => Received::Http(Box::new(request)),
                    })
                }))
            }
            Inner::Client(handshake) => match handshake.receive(input) {
                Ok(Some((connection, response))) => {
                    self.open_legacy(connection);
                    Some(Received::Response(Box::new(response)))
                }
                Ok(None) => None,
                Err(error) => {
                    self.fail_client(error);
                    None
                }
            },
            Inner::Open(connection) => {
                let event = connection.receive(input, self.out.out()).ok().flatten();
                self.look_at_connection();
                event.map(Received::Event)
            }
        }
    }
}

impl Legacy {
    fn open(&self) -> Option<&legacy::Connection> {
        match &*self.0 {
            Inner::Open(connection) => Some(connection),
            Inner::Server(_) | Inner::Client(_) => None,
        }
    }

    fn open_mut(&mut self) -> Option<&mut legacy::Connection> {
        match &mut *self.0 {
            Inner::Open(connection) => Some(connection),
            Inner::Server(_) | Inner::Client(_) => None,
        }
    }

    /// The state of the connection, if it is open or was.
    pub(super) fn state(&self) -> Option<State> {
        self.open().map(legacy::Connection::state)
    }

    pub(super) fn close_outcome(&self) -> Option<CloseOutcome<'_>> {
        self.open().and_then(legacy::Connection::close_outcome)
    }

    pub(super) fn first_bytes(&self) -> FirstBytes {
        match &*self.0 {
            Inner::Server(handshake) => handshake.first_bytes(),
            Inner::Client(handshake) => handshake.first_bytes(),
            Inner::Open(_) => FirstBytes::default(),
        }
    }

    /// The response whose headers failed the handshake.
    pub(super) fn take_refused(&mut self) -> Option<Box<client::Response>> {
        match &mut *self.0 {
            Inner::Client(handshake) => handshake.take_refused(),
            Inner::Server(_) | Inner::Open(_) => None,
        }
    }

    /// Whether it is the handshake of a client.
    pub(super) fn is_client_handshake(&self) -> bool {
        matches!(*self.0, Inner::Client(_))
    }

    /// Whether the server ends the transport after the closing handshake. In hixie-75 the end of the transport is all there
    /// is of one.
    pub(super) fn server_ends_first(&self) -> bool {
        self.open().is_some_and(|connection| {
            connection.role() == Role::Client && connection.version() != Version::Hixie75
        })
    }

    /// What a handshake fails with if nothing more comes.
    pub(super) fn cut_off(&mut self) -> Option<client::Error> {
        match &mut *self.0 {
            Inner::Server(handshake) => handshake.receive_eof().err().map(client::Error::Handshake),
            Inner::Client(handshake) => handshake.receive_eof().err(),
            Inner::Open(_) => None,
        }
    }

    /// The stream has ended.
    pub(super) fn receive_eof(&mut self) {
        if let Some(connection) = self.open_mut() {
            let _ = connection.receive_eof();
        }
    }

    /// The session ends otherwise, which in hixie-75 must not look like the peer's end of the stream.
    pub(super) fn end(&mut self) {
        let is_silent = |connection: &legacy::Connection| {
            (connection.version(), connection.state()) == (Version::Hixie75, State::Open)
        };
        if !self.open().is_some_and(is_silent) {
            self.receive_eof();
        }
    }

    /// Fails a connection that is open.
    pub(super) fn time_out(&mut self, timeout: Timeout, out: &mut Vec<u8>) {
        if let Some(connection) = self.open_mut() {
            connection.time_out(timeout, out);
        }
    }

    pub(super) fn send_text(&mut self, text: &str, out: &mut Vec<u8>) -> Result<(), SendError> {
        self.open_mut()
            .map_or(Err(SendError::ConnectionClosing), |connection| connection.send_text(text, out))
    }

    pub(super) fn send_close(&mut self, out: &mut Vec<u8>) -> Result<(), SendError> {
        self.open_mut()
            .map_or(Err(SendError::ConnectionClosing), |connection| connection.send_close(None, out))
    }

    /// The answer to everything that hixie-75 and hixie-76 have no bytes for.
    pub(super) fn refuse(&self) -> Result<(), SendError> {
        match self.state() {
            Some(State::Open) => Err(SendError::Unsupported),
            _ => Err(SendError::ConnectionClosing),
        }
    }
}
