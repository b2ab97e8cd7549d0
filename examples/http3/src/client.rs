//! A client with a blocking UDP socket.

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::{SocketAddr, UdpSocket},
    path::Path,
    time::Duration,
};

use quiche::h3;
use sansocket::{
    Event, SendError, client, extended_connect::Handshake, keepalive::Timeouts, random_seed, session::Session,
};

use crate::{Application, Link, MAX_DATAGRAM, Result, client_config, connection_id, now};

/// How long a server may take for a single answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The client of one HTTP/3 connection, which carries any number of WebSockets.
pub struct Client {
    socket: UdpSocket,
    link: Link,
    streams: Streams,
    /// For datagrams, and for the data of streams.
    buf: Vec<u8>,
}

/// The events of the streams that have not been requested yet.
#[derive(Default)]
struct Streams {
    handshakes: HashMap<u64, Handshake>,
    opened: HashMap<u64, std::result::Result<client::Response, client::Error>>,
    events: HashMap<u64, VecDeque<Event<'static>>>,
    ended: HashMap<u64, Ending>,
}

/// How a WebSocket ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The close code, 1005 and 1006 included.
    pub code: u16,
    /// The reason of the peer's Close.
    pub reason: String,
    /// Whether both Close frames were exchanged.
    pub clean: bool,
}

impl Application for Streams {
    fn on_headers(&mut self, link: &mut Link, id: u64, headers: &[h3::Header]) {
        let Some(handshake) = self.handshakes.get_mut(&id) else { return };
        let list = headers.iter().map(|header| (h3::NameValue::name(header), h3::NameValue::value(header)));
        match handshake.receive(list) {
            Ok(None) => {}
            Ok(Some((connection, response))) => {
                link.open(id, connection);
                self.opened.insert(id, Ok(response));
            }
            Err(error) => drop(self.opened.insert(id, Err(error))),
        }
    }

    fn on_event(&mut self, id: u64, _: &mut Session, event: Event<'_>) {
        self.events.entry(id).or_default().push_back(event.into_owned());
    }

    fn on_end(&mut self, id: u64, session: Option<&Session>) {
        if let Some(handshake) = self.handshakes.get_mut(&id)
            && let Err(error) = handshake.receive_eof()
        {
            self.opened.entry(id).or_insert(Err(error));
        }
        let ending = session.and_then(Session::ending);
        let ending = ending.map_or(Ending { code: 1006, reason: String::new(), clean: false }, |ending| {
            Ending { code: ending.code, reason: ending.reason.into(), clean: ending.clean }
        });
        self.ended.insert(id, ending);
    }
}

impl Client {
    /// Connects to a server whose certificate is for `name`, and is trusted by the PEM file `trusted`. Waits
    /// until the server has announced that it accepts an extended CONNECT.
    pub fn connect(
        address: SocketAddr,
        name: &str,
        trusted: &Path,
        window: u64,
        timeouts: Timeouts,
    ) -> Result<Self> {
        let socket = UdpSocket::bind(if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
        socket.connect(address)?;
        let mut config = client_config(trusted, window)?;
        let quic =
            quiche::connect(Some(name), &connection_id()?, socket.local_addr()?, address, &mut config)?;
        let link = Link::new(quic, timeouts);
        let mut this = Self { socket, link, streams: Streams::default(), buf: vec![0; 64 << 10] };
        let accepts = this.wait(|this| this.link.accepts_extended_connect())?;
        // RFC 9220, section 3, and RFC 8441, section 3: the server must have announced it.
        if accepts { Ok(this) } else { Err("the server does not accept an extended CONNECT".into()) }
    }

    /// Sets whether WebSockets opened from now on end their stream first. See [`Link::end_first`].
    pub fn end_first(&mut self, first: bool) {
        self.link.end_first(first);
    }

    /// Opens a WebSocket on a new stream. Returns the stream's ID, or the error of the handshake.
    pub fn open(&mut self, request: &client::Request) -> Result<(u64, client::Response)> {
        let (handshake, headers) = Handshake::new(request, random_seed()?)?;
        let (id, opened) = self.ask(&as_h3(&headers), Some(handshake))?;
        opened.map(|response| (id, response)).map_err(Into::into)
    }

    /// Sends a request on a new stream. Returns the stream's ID and the result of the handshake, if there is
    /// one.
    fn ask(
        &mut self,
        headers: &[h3::Header],
        handshake: Option<Handshake>,
    ) -> Result<(u64, std::result::Result<client::Response, client::Error>)> {
        let id = self.link.request(headers)?;
        self.streams.handshakes.extend(handshake.map(|handshake| (id, handshake)));
        let opened = self.wait(|this| this.streams.opened.remove(&id))?;
        if opened.is_err() {
            self.link.cancel(id);
            self.flush()?;
        }
        Ok((id, opened))
    }

    /// Sends something on a WebSocket.
    pub fn send(
        &mut self,
        id: u64,
        send: impl FnOnce(&mut Session) -> std::result::Result<bool, SendError>,
    ) -> Result<()> {
        let socket = self.link.socket(id).ok_or("the stream has ended")?;
        if !send(socket.session())? {
            return Err("the WebSocket is closing".into());
        }
        self.flush()
    }

    /// Returns the next event of a WebSocket, or `None` if it has ended.
    pub fn next(&mut self, id: u64) -> Result<Option<Event<'static>>> {
        self.wait(|this| match this.streams.events.get_mut(&id).and_then(VecDeque::pop_front) {
            Some(event) => Some(Some(event)),
            None => this.streams.ended.contains_key(&id).then_some(None),
        })
    }

    /// Returns how a WebSocket ended, once both directions of its stream have.
    pub fn ending(&mut self, id: u64) -> Result<Ending> {
        self.wait(|this| this.streams.ended.get(&id).cloned())
    }

    /// Gives up a stream in both directions.
    pub fn cancel(&mut self, id: u64) -> Result<()> {
        self.link.cancel(id);
        self.flush()
    }

    /// Waits, at most [`PATIENCE`], until there is a result.
    fn wait<T>(&mut self, mut look: impl FnMut(&mut Self) -> Option<T>) -> Result<T> {
        let deadline = now() + PATIENCE;
        loop {
            self.flush()?;
            if let Some(found) = look(self) {
                return Ok(found);
            }
            if self.link.is_closed() {
                return Err(self.link.reason().into());
            }
            if now() >= deadline {
                return Err("the server does not answer".into());
            }
            self.receive(deadline)?;
        }
    }

    /// Reads one datagram, or does what is due at a time.
    fn receive(&mut self, deadline: Duration) -> Result<()> {
        let until = self.link.deadline().map_or(deadline, |due| due.min(deadline));
        // Zero would mean to wait without a limit.
        self.socket.set_read_timeout(Some(until.saturating_sub(now()).max(Duration::from_millis(1))))?;
        match self.socket.recv(&mut self.buf) {
            Ok(len) => {
                let (from, to) = (self.socket.peer_addr()?, self.socket.local_addr()?);
                // An invalid datagram is dropped: anyone can send one.
                let _ = self.link.receive(&mut self.buf[..len], from, to);
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                self.link.on_time();
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Sends everything that flow control permits.
    fn flush(&mut self) -> Result<()> {
        let mut datagram = [0; MAX_DATAGRAM];
        self.link.run(&mut self.buf, &mut self.streams);
        while let Some((len, _)) = self.link.send(&mut datagram) {
            self.socket.send(&datagram[..len])?;
        }
        Ok(())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.link.close();
        let _ = self.flush();
    }
}

/// Returns the headers in the form of quiche.
pub fn as_h3(headers: &[(String, String)]) -> Vec<h3::Header> {
    headers.iter().map(|(name, value)| h3::Header::new(name.as_bytes(), value.as_bytes())).collect()
}
