//! One QUIC connection with HTTP/3, at either end.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use quiche::h3;
use sansocket::{Connection, Event, keepalive::Timeouts, session::Session};

use crate::{H3_NO_ERROR, H3_REQUEST_CANCELLED, H3_REQUEST_REJECTED, Result, WebSocket, now};

/// The handlers of the events on the streams of a [`Link`].
pub trait Application {
    /// Headers arrived on a stream: a request at a server, a response at a client.
    fn on_headers(&mut self, link: &mut Link, id: u64, headers: &[h3::Header]);
    /// An event arrived on a WebSocket. The session sends the replies.
    fn on_event(&mut self, id: u64, session: &mut Session, event: Event<'_>);
    /// A stream ended in both directions. The session has the ending; there is none if the stream was never a
    /// WebSocket.
    fn on_end(&mut self, id: u64, session: Option<&Session>);
}

/// One QUIC connection with HTTP/3 and its WebSockets.
pub struct Link {
    quic: quiche::Connection,
    http: Option<h3::Connection>,
    sockets: BTreeMap<u64, WebSocket>,
    timeouts: Timeouts,
    end_first: bool,
    /// The time at which quiche must be called again.
    quic_deadline: Option<Duration>,
}

impl Link {
    pub(crate) fn new(quic: quiche::Connection, timeouts: Timeouts) -> Self {
        Self { quic, http: None, sockets: BTreeMap::new(), timeouts, end_first: false, quic_deadline: None }
    }

    /// Sets whether the WebSockets of a client that are opened from now on end their direction after the closing
    /// handshake without waiting for the server.
    ///
    /// The default is `false`, because some servers do not survive it: if a client ends the stream after its Close,
    /// hypercorn 0.18 closes the whole connection. It does not end the stream itself either. With such a server the
    /// close timeout ends it, with a reset.
    pub fn end_first(&mut self, first: bool) {
        self.end_first = first;
    }

    /// Consumes a datagram.
    pub fn receive(&mut self, datagram: &mut [u8], from: SocketAddr, to: SocketAddr) -> Result<()> {
        self.quic.recv(datagram, quiche::RecvInfo { from, to })?;
        if self.http.is_none() && (self.quic.is_established() || self.quic.is_in_early_data()) {
            let mut config = h3::Config::new()?;
            // SETTINGS_ENABLE_CONNECT_PROTOCOL, which only has a meaning from a server (RFC 9220, section 3).
            config.enable_extended_connect(self.quic.is_server());
            self.http = Some(h3::Connection::with_transport(&mut self.quic, &config)?);
        }
        Ok(())
    }

    /// Handles all that the datagrams received since the last call contained, and fills the streams again.
    pub fn run(&mut self, buf: &mut [u8], application: &mut impl Application) {
        while let Some(happened) = self.http.as_mut().map(|http| http.poll(&mut self.quic)) {
            match happened {
                Ok((id, h3::Event::Headers { list, .. })) => application.on_headers(self, id, &list),
                Ok((id, h3::Event::Data)) => self.run_socket(id, buf, application),
                Ok((id, h3::Event::Finished | h3::Event::Reset(_))) => match self.sockets.get_mut(&id) {
                    Some(socket) => socket.on_end(),
                    None => application.on_end(id, None),
                },
                Ok(_) => {}
                // `Done`, or a violation, after which quiche has closed the connection with its code.
                Err(_) => break,
            }
        }
        let waiting: Vec<u64> =
            self.sockets.iter().filter(|(_, s)| s.wants_write()).map(|(id, _)| *id).collect();
        for id in waiting {
            self.run_socket(id, buf, application);
        }
        self.end_sockets(application);
    }

    fn run_socket(&mut self, id: u64, buf: &mut [u8], application: &mut impl Application) {
        if let (Some(socket), Some(http)) = (self.sockets.get_mut(&id), &mut self.http) {
            socket.run(http, &mut self.quic, buf, application);
        }
    }

    /// Ends our direction of streams that the peer has ended, and removes those that have ended in both.
    fn end_sockets(&mut self, application: &mut impl Application) {
        let is_closed = self.quic.is_closed();
        let (quic, Some(http)) = (&mut self.quic, &mut self.http) else { return };
        self.sockets.retain(|id, socket| {
            if is_closed {
                socket.session().failed();
            } else {
                socket.write(http, quic);
            }
            if socket.is_over() {
                socket.release(quic);
                application.on_end(*id, Some(socket.session()));
            }
            !socket.is_over()
        });
    }

    /// Sends a request on a new stream, without ending it. Returns the stream's ID.
    pub fn request(&mut self, headers: &[h3::Header]) -> Result<u64> {
        let http = self.http.as_mut().ok_or("the connection is not established")?;
        Ok(http.send_request(&mut self.quic, headers, false)?)
    }

    /// Returns whether the server accepts an extended CONNECT, or `None` until its settings have arrived.
    pub fn accepts_extended_connect(&self) -> Option<bool> {
        let http = self.http.as_ref()?;
        http.peer_settings_raw().map(|_| http.extended_connect_enabled_by_peer())
    }

    /// Accepts a request: sends the response, and makes the stream a WebSocket.
    pub fn accept(&mut self, id: u64, response: Vec<h3::Header>, connection: Connection) {
        let session = self.session(connection);
        self.sockets.insert(id, WebSocket::accepted(id, session, response));
    }

    /// Makes a stream a WebSocket, after the server has accepted it.
    pub fn open(&mut self, id: u64, connection: Connection) {
        let session = self.session(connection);
        self.sockets.insert(id, WebSocket::opened(id, session));
    }

    fn session(&self, connection: Connection) -> Session {
        Session::open(connection, self.timeouts, now()).end_first(self.end_first)
    }

    /// Rejects a request: sends a response that ends the stream.
    pub fn refuse(&mut self, id: u64, response: &[h3::Header]) {
        let Some(http) = &mut self.http else { return };
        // RFC 9114, section 4.1: after a complete response the rest of a request need not be read.
        let code = match http.send_response(&mut self.quic, id, response, true) {
            Ok(()) => H3_NO_ERROR,
            // Flow control leaves no room for a response, so the client may try again later.
            Err(_) => H3_REQUEST_REJECTED,
        };
        if code != H3_NO_ERROR {
            let _ = self.quic.stream_shutdown(id, quiche::Shutdown::Write, code);
        }
        let _ = self.quic.stream_shutdown(id, quiche::Shutdown::Read, code);
    }

    /// Returns the WebSocket on a stream.
    pub fn socket(&mut self, id: u64) -> Option<&mut WebSocket> {
        self.sockets.get_mut(&id)
    }

    /// Gives up a stream in both directions. Call [`run`](Self::run) afterwards.
    pub fn cancel(&mut self, id: u64) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            return socket.session().abort();
        }
        for direction in [quiche::Shutdown::Write, quiche::Shutdown::Read] {
            // It fails if the direction has ended already.
            let _ = self.quic.stream_shutdown(id, direction, H3_REQUEST_CANCELLED);
        }
    }

    /// Writes the next datagram into `datagram`, and returns its length and destination.
    pub fn send(&mut self, datagram: &mut [u8]) -> Option<(usize, SocketAddr)> {
        // An error closes the connection, and `Done` means that there is nothing to send.
        let sent = self.quic.send(datagram).ok().map(|(len, info)| (len, info.to));
        self.quic_deadline = self.quic.timeout().map(|timeout| now() + timeout);
        sent
    }

    /// Returns when [`on_time`](Self::on_time) must be called.
    pub fn deadline(&self) -> Option<Duration> {
        self.sockets.values().map(WebSocket::deadline).chain([self.quic_deadline]).flatten().min()
    }

    /// Retransmits, sends Pings and times out, whichever is due. Call [`run`](Self::run) afterwards.
    pub fn on_time(&mut self) {
        if self.quic_deadline.is_some_and(|deadline| deadline <= now()) {
            self.quic.on_timeout();
        }
        for socket in self.sockets.values_mut() {
            socket.on_time();
        }
    }

    /// Closes the whole connection, with `H3_NO_ERROR` (RFC 9114, section 8.1).
    pub fn close(&mut self) {
        let _ = self.quic.close(true, H3_NO_ERROR, b"");
    }

    /// Whether the connection has ended, so that it can be dropped.
    pub fn is_closed(&self) -> bool {
        self.quic.is_closed()
    }

    /// Whether the TLS handshake has been completed.
    pub fn is_established(&self) -> bool {
        self.quic.is_established()
    }

    /// Describes why the connection ended.
    pub fn reason(&self) -> String {
        match (self.quic.peer_error(), self.quic.local_error()) {
            (Some(error), _) => format!("the peer closed the connection with code {:#x}", error.error_code),
            (_, Some(error)) => format!("the connection failed with code {:#x}", error.error_code),
            _ if self.quic.is_timed_out() => "the peer did not answer in time".into(),
            _ => "the connection has ended".into(),
        }
    }
}
