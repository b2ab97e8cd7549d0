//! One stream that carries a WebSocket.

use std::time::Duration;

use quiche::h3;
use sansocket::{
    Input,
    session::{Received, Session, Transport},
};

use crate::{Application, H3_REQUEST_CANCELLED, now};

/// A stream that has become a WebSocket, from the response to the end of both directions.
pub struct WebSocket {
    id: u64,
    /// The response of a server, while flow control leaves no room for it.
    response: Option<Vec<h3::Header>>,
    session: Session,
    /// We have ended our direction.
    ended: bool,
}

impl WebSocket {
    /// Creates the server side. The `response` is sent as soon as flow control permits.
    pub(crate) fn accepted(id: u64, session: Session, response: Vec<h3::Header>) -> Self {
        Self { response: Some(response), ..Self::opened(id, session) }
    }

    /// Creates the client side, after the response.
    pub(crate) fn opened(id: u64, session: Session) -> Self {
        Self { id, response: None, session, ended: false }
    }

    /// Returns the session. Call [`Link::run`](crate::Link::run) after sending.
    pub fn session(&mut self) -> &mut Session {
        self.session.note_time(now());
        &mut self.session
    }

    /// Moves bytes in both directions until flow control, or the peer's pace, stops it.
    pub(crate) fn run(
        &mut self,
        http: &mut h3::Connection,
        quic: &mut quiche::Connection,
        buf: &mut [u8],
        application: &mut impl Application,
    ) {
        loop {
            self.write(http, quic);
            if !self.session.wants_read() {
                return;
            }
            // `Done`: there is no more now. Any other error is followed by the end of the stream or of the
            // connection.
            let Ok(count) = http.recv_body(quic, self.id, buf) else { return };
            self.session.on_time(now());
            self.receive(&mut buf[..count], application);
        }
    }

    fn receive(&mut self, bytes: &mut [u8], application: &mut impl Application) {
        let mut input = Input::new(bytes);
        while let Some(received) = self.session.receive(&mut input) {
            if let Received::Event(event) = received {
                application.on_event(self.id, &mut self.session, event);
            }
        }
    }

    /// Sends what fits into the peer's windows, and then ends our direction if the session asks for it.
    pub(crate) fn write(&mut self, http: &mut h3::Connection, quic: &mut quiche::Connection) {
        if let Some(response) = &self.response {
            match http.send_response(quic, self.id, response, false) {
                Ok(()) => self.response = None,
                Err(h3::Error::StreamBlocked) => return,
                Err(_) => return self.session.failed(),
            }
        }
        self.session.note_time(now());
        loop {
            let sent = match self.session.transport() {
                Transport::Write(bytes) => {
                    http.send_body(quic, self.id, bytes, false).map(|count| self.session.written(count))
                }
                Transport::Flush => {
                    self.session.flushed();
                    continue;
                }
                Transport::ShutDown => http.send_body(quic, self.id, b"", true).map(|_| {
                    self.ended = true;
                    self.session.shut_down();
                }),
                Transport::Wait | Transport::Close => return,
            };
            match sent {
                Ok(()) => {}
                Err(h3::Error::Done) => return,
                // The peer does not read any more, or the whole connection has ended.
                Err(_) => return self.session.failed(),
            }
        }
    }

    /// Whether bytes, or the end of the stream, are waiting for flow control.
    pub(crate) fn wants_write(&self) -> bool {
        !self.is_over() && (self.response.is_some() || self.session.transport() != Transport::Wait)
    }

    /// The peer has ended its direction, or has reset it: both are the end of the transport.
    pub(crate) fn on_end(&mut self) {
        self.session.on_time(now());
        self.session.eof();
    }

    /// Gives up the directions that have not ended.
    pub(crate) fn release(&self, quic: &mut quiche::Connection) {
        if !self.ended {
            // It fails if the peer has stopped reading already.
            let _ = quic.stream_shutdown(self.id, quiche::Shutdown::Write, H3_REQUEST_CANCELLED);
        }
        // It fails if the peer has ended its direction.
        let _ = quic.stream_shutdown(self.id, quiche::Shutdown::Read, H3_REQUEST_CANCELLED);
    }

    /// Returns when [`on_time`](Self::on_time) must be called.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.session.deadline()
    }

    /// Lets the session send a Ping that is due, or end if a timeout has expired.
    pub(crate) fn on_time(&mut self) {
        self.session.on_time(now());
        // The timers are evaluated by a call without input, which returns no event.
        let _ = self.session.receive(&mut Input::new(&mut []));
    }

    /// Whether the session has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.session.transport() == Transport::Close
    }
}
