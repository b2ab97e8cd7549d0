//! One stream that carries a WebSocket.

use std::time::Duration;

use quiche::h3;
use sansocket::{
    Connection, Event, Input, State,
    frame::Role,
    keepalive::{Action, KeepAlive, Timeouts},
};

use crate::{Application, H3_REQUEST_CANCELLED, Result, now};

/// While this many bytes are waiting to be sent on a stream, nothing is read from it.
const HIGH_WATER: usize = 64 << 10;

/// A stream that has become a WebSocket, from the response to the end of both directions.
pub struct WebSocket {
    id: u64,
    /// The response of a server, while flow control leaves no room for it.
    response: Option<Vec<h3::Header>>,
    connection: Connection,
    keep_alive: KeepAlive,
    out: Vec<u8>,
    written: usize,
    /// The peer has ended or reset its direction.
    peer_ended: bool,
    /// We have ended or reset ours.
    ended: bool,
}

impl WebSocket {
    /// Creates the server side. The `response` is sent as soon as flow control permits.
    pub(crate) fn accepted(
        id: u64,
        connection: Connection,
        response: Vec<h3::Header>,
        timeouts: Timeouts,
    ) -> Self {
        Self { response: Some(response), ..Self::opened(id, connection, timeouts) }
    }

    /// Creates the client side, after the response.
    pub(crate) fn opened(id: u64, connection: Connection, timeouts: Timeouts) -> Self {
        let mut keep_alive = KeepAlive::new(timeouts, now());
        keep_alive.on_open(now());
        Self {
            id,
            response: None,
            connection,
            keep_alive,
            out: Vec::new(),
            written: 0,
            peer_ended: false,
            ended: false,
        }
    }

    /// Returns the connection, and the buffer for what it sends. Call [`Link::flush`](crate::Link::flush)
    /// afterwards.
    pub fn sender(&mut self) -> (&mut Connection, &mut Vec<u8>) {
        (&mut self.connection, &mut self.out)
    }

    /// Returns the connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
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
            if self.out.len() - self.written >= HIGH_WATER {
                return;
            }
            // `Done`: there is no more now. Any other error is followed by the end of the stream or of the
            // connection.
            let Ok(count) = http.recv_body(quic, self.id, buf) else { return };
            self.keep_alive.on_receive(now());
            if let Err(error) = self.receive(&mut buf[..count], application) {
                // The Close with a code that notifies the peer is in `out`.
                application.on_error(self.id, &*error);
            }
        }
    }

    fn receive(&mut self, bytes: &mut [u8], application: &mut impl Application) -> Result<()> {
        let mut input = Input::new(bytes);
        while let Some(event) = self.connection.receive(&mut input, &mut self.out)? {
            if let Event::Pong(data) = &event {
                self.keep_alive.on_pong(data, now());
            }
            application.on_event(self.id, &mut self.connection, event, &mut self.out)?;
        }
        Ok(())
    }

    /// Sends what fits into the peer's windows, and then ends the stream if the connection has ended.
    ///
    /// As over TCP the client waits for the server. A stream needs no such order, but some servers do not
    /// survive another one: if a client ends the stream after its Close, hypercorn 0.18 closes the whole
    /// connection. It does not end the stream itself either. With such a server the close timeout ends it,
    /// with a reset.
    pub(crate) fn write(&mut self, http: &mut h3::Connection, quic: &mut quiche::Connection) {
        if self.ended {
            self.out.clear();
            self.written = 0;
            return;
        }
        if self.connection.state() != State::Open {
            self.keep_alive.on_closing(now());
        }
        if let Some(response) = &self.response {
            match http.send_response(quic, self.id, response, false) {
                Ok(()) => self.response = None,
                Err(h3::Error::StreamBlocked) => return,
                Err(_) => return self.cancel(quic),
            }
        }
        let is_last = self.is_ending();
        let unwritten = &self.out[self.written..];
        if unwritten.is_empty() && !is_last {
            return;
        }
        match http.send_body(quic, self.id, unwritten, is_last) {
            Ok(count) => self.written += count,
            Err(h3::Error::Done) => return,
            // The peer does not read any more, or the whole connection has ended.
            Err(_) => return self.cancel(quic),
        }
        if self.written == self.out.len() {
            self.out.clear();
            self.out.shrink_to(HIGH_WATER);
            self.written = 0;
            self.ended = is_last;
        }
    }

    /// Whether bytes, or the end of the stream, are waiting for flow control.
    pub(crate) fn wants_write(&self) -> bool {
        !self.ended && (!self.out.is_empty() || self.response.is_some() || self.is_ending())
    }

    /// Whether our direction ends once `out` has been sent.
    fn is_ending(&self) -> bool {
        let is_server = self.connection.role() == Role::Server;
        self.peer_ended || is_server && self.connection.state() == State::Draining
    }

    /// The peer has ended its direction, or has reset it: both are the end of the transport.
    pub(crate) fn on_end(&mut self) {
        if !self.peer_ended {
            self.peer_ended = true;
            // How the connection ended is in `close_outcome`, an end without a Close as well.
            let _ = self.connection.receive_eof();
        }
    }

    /// Gives the stream up in both directions.
    pub(crate) fn cancel(&mut self, quic: &mut quiche::Connection) {
        // Each direction fails if it has ended already.
        let _ = quic.stream_shutdown(self.id, quiche::Shutdown::Write, H3_REQUEST_CANCELLED);
        let _ = quic.stream_shutdown(self.id, quiche::Shutdown::Read, H3_REQUEST_CANCELLED);
        self.ended = true;
        self.on_end();
    }

    /// Returns when [`on_time`](Self::on_time) must be called.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.keep_alive.deadline()
    }

    /// Sends a Ping that is due, or cancels the stream if a timeout has expired.
    pub(crate) fn on_time(&mut self, quic: &mut quiche::Connection) {
        match self.keep_alive.poll(now()) {
            Action::Ping(data) if self.connection.state() == State::Open => {
                // An open connection can always send a Ping of this length.
                let _ = self.connection.send_ping(&data, &mut self.out);
            }
            Action::Disconnect(timeout) => {
                self.connection.time_out(timeout, &mut self.out);
                self.cancel(quic);
            }
            Action::Wait | Action::Ping(_) => {}
        }
    }

    /// Whether both directions have ended.
    pub(crate) fn is_over(&self) -> bool {
        self.ended && self.peer_ended
    }
}
