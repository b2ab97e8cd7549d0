//! The receiving side: the handshake, the decision of a server, and events.

use alloc::boxed::Box;

use super::{LATEST, Phase, ReadBuffer, Session, ending::Reason};
use crate::{
    Connection, Event, Input, State, client,
    handshake::HandshakeError,
    server::{self, Accept, Incoming, PlainRequest, ResponseError},
};

/// Something that a session has received.
#[derive(Debug)]
#[non_exhaustive]
pub enum Received<'b> {
    // The first variant is the one that is found with the fewest instructions.
    /// A message, a control frame or the peer's Close. The replies to a Ping and a Close are written by the session.
    Event(Event<'b>),
    /// A client asks for a WebSocket. Call [`Session::accept`] or [`Session::reject`], now or later.
    Request(Box<server::Request>),
    /// A client asks for a WebSocket in a version that [`Session::legacy_server`] accepts. Call
    /// [`Session::accept_legacy`] or [`Session::reject_legacy`], now or later.
    #[cfg(feature = "legacy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "legacy")))]
    Legacy(Box<crate::legacy::server::Request>),
    /// A client sent a plain HTTP request, with [`Session::allow_http`]. Call [`Session::respond`].
    Http(Box<PlainRequest>),
    /// The server has accepted the request: the session is open.
    Response(Box<client::Response>),
}

impl Session {
    /// Returns the next received item, or `None` once the input has been consumed and more bytes must be
    /// read.
    ///
    /// Call it until it returns `None`, each time after [`on_time`](Self::on_time), even if there is no
    /// input. It never fails: if the peer violates the protocol, the reply is written, and
    /// [`ending`](Self::ending) returns the error at the end.
    ///
    /// While a request waits for its answer, nothing is consumed: keep the bytes that follow it. Input after
    /// the end is discarded. Events borrow from the input, so you can call any method of the session while
    /// you hold one.
    #[inline]
    pub fn receive<'b>(&mut self, input: &mut Input<'b>) -> Option<Received<'b>> {
        if let Phase::Open(connection) = &mut self.phase
            && let Some(event) = connection.receive_message(input)
        {
            self.heard = true;
            return Some(Received::Event(event));
        }
        self.receive_any(input)
    }

    /// Returns the next received item in `buffer`. See [`receive`](Self::receive) for details.
    #[inline]
    pub fn receive_from<'b>(&mut self, buffer: &'b mut ReadBuffer) -> Option<Received<'b>> {
        buffer.read_with(|input| self.receive(input))
    }

    /// Everything but a message that is entirely contained in the input.
    ///
    /// It is called once a read. To the compiler it is cold, so that it takes no registers from the fast path.
    #[cold]
    #[inline(never)]
    fn receive_any<'b>(&mut self, input: &mut Input<'b>) -> Option<Received<'b>> {
        if self.reason.is_none()
            && input.is_empty()
            && let Phase::Open(connection) = &self.phase
            && connection.is_between_messages()
        {
            // A message may have been consumed with what waited. If not, that waits elsewhere.
            if self.heard {
                self.waiting = 0;
            }
            self.keep_time();
            return None;
        }
        self.receive_rest(input)
    }

    /// Everything but a message that is entirely contained in the input, and an empty input between two messages.
    #[inline(never)]
    fn receive_rest<'b>(&mut self, input: &mut Input<'b>) -> Option<Received<'b>> {
        if self.reason.is_some() {
            input.take_all();
            self.keep_time();
            return None;
        }
        let before = input.len();
        let received = self.receive_running(input);
        if before > 0 {
            // An incomplete frame that is seen again is no news.
            let waiting = u32::try_from(input.len()).unwrap_or(u32::MAX);
            self.heard |= input.len() < before || waiting != self.waiting;
            self.waiting = waiting;
        }
        if self.reason.is_some() {
            input.take_all();
        }
        if received.is_none() {
            self.keep_time();
        }
        received
    }

    fn receive_running<'b>(&mut self, input: &mut Input<'b>) -> Option<Received<'b>> {
        match &mut self.phase {
            Phase::Server(handshake) => {
                self.asked |= !input.is_empty();
                let out = self.out.out();
                let result = if self.is_http_allowed {
                    handshake.receive_any(input, out)
                } else {
                    handshake.receive(input, out).map(|request| request.map(Incoming::WebSocket))
                };
                self.take_request(result.map(|incoming| {
                    incoming.map(|incoming| match incoming {
                        Incoming::WebSocket(request) => Received::Request(Box::new(request)),
                        Incoming::Http(request) => Received::Http(Box::new(request)),
                    })
                }))
            }
            Phase::Deciding | Phase::Failed(_) => None,
            Phase::Legacy(_) => self.receive_legacy(input),
            Phase::Client(handshake) => match handshake.receive(input) {
                Ok(Some((connection, response))) => {
                    self.open_with(connection);
                    Some(Received::Response(Box::new(response)))
                }
                Ok(None) => None,
                Err(error) => {
                    self.fail_client(error);
                    None
                }
            },
            Phase::Open(connection) => {
                // After an error, the Close that notifies the peer is in `out`, and the connection stores the
                // error.
                let event = connection.receive(input, self.out.out()).ok().flatten();
                if let Some(Event::Pong(data)) = &event {
                    self.keep_alive.on_pong(data, LATEST);
                }
                self.look_at_connection();
                event.map(Received::Event)
            }
        }
    }

    /// What a server's handshake has returned: a request to decide on, or a violation.
    pub(super) fn take_request<'b>(
        &mut self,
        result: Result<Option<Received<'b>>, HandshakeError>,
    ) -> Option<Received<'b>> {
        let received = result.unwrap_or_else(|error| {
            self.fail_handshake(error.into());
            None
        })?;
        self.phase = Phase::Deciding;
        Some(received)
    }

    /// Ends a client whose handshake has failed: there is nothing to send.
    pub(super) fn fail_client(&mut self, error: client::Error) {
        self.fail_handshake(error);
        self.end(Reason::Handshake);
    }

    /// Accepts the request that [`receive`](Self::receive) returned, and opens the WebSocket (RFC 6455,
    /// section 4.2.2).
    ///
    /// Then call `receive` again: frames can follow the request in the same read. If the session has ended
    /// before your decision, this has no effect.
    ///
    /// # Errors
    ///
    /// Returns the request with the error if the response must not be sent. Then answer it again.
    pub fn accept(
        &mut self,
        request: impl Into<Box<server::Request>>,
        accept: Accept,
    ) -> Result<(), Box<ResponseError>> {
        if self.is_deciding() {
            let connection = (*request.into()).accept(accept, self.out.out()).map_err(Box::new)?;
            self.open_with(connection);
            self.decided = true;
        }
        Ok(())
    }

    /// Rejects the WebSocket with a response, and ends the session. See [`server::Request::reject`] for
    /// details.
    ///
    /// # Errors
    ///
    /// Returns the request with the error if the response must not be sent. Then answer it again.
    pub fn reject(
        &mut self,
        request: impl Into<Box<server::Request>>,
        status: u16,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<(), Box<ResponseError>> {
        if self.is_deciding() {
            (*request.into()).reject(status, headers, body, self.out.out()).map_err(Box::new)?;
            self.leave(Reason::Answered);
            self.decided = true;
        }
        Ok(())
    }

    /// Responds to plain HTTP, and ends the session. See [`PlainRequest::respond`](server::PlainRequest) for
    /// details.
    ///
    /// # Errors
    ///
    /// Returns the request with the error if the response must not be sent. Then answer it again.
    pub fn respond(
        &mut self,
        request: impl Into<Box<PlainRequest>>,
        status: u16,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<(), Box<ResponseError<PlainRequest>>> {
        if self.is_deciding() {
            (*request.into()).respond(status, headers, body, self.out.out()).map_err(Box::new)?;
            self.leave(Reason::Answered);
            self.decided = true;
        }
        Ok(())
    }

    pub(super) fn is_deciding(&self) -> bool {
        self.reason.is_none() && matches!(self.phase, Phase::Deciding)
    }

    pub(super) fn open_with(&mut self, connection: Connection) {
        self.phase = Phase::Open(connection);
        self.keep_alive.on_open(LATEST);
        self.look_at_connection();
    }

    /// Records the state of the connection, which may have changed.
    pub(super) fn look_at_connection(&mut self) {
        match self.state() {
            None | Some(State::Open) => {}
            Some(State::Closing) => self.keep_alive.on_closing(LATEST),
            Some(State::Draining | State::Closed) => {
                let failed = self.close_outcome().is_some_and(|outcome| outcome.error.is_some());
                self.leave(if failed { Reason::Protocol } else { Reason::Close });
            }
        }
    }
}
