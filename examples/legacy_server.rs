//! A server for every version of the protocol on one port: an echo, and a clock.
//!
//! ```text
//! cargo run --features legacy --example legacy_server               # listens on 127.0.0.1:9002
//! cargo run --features legacy --example legacy_server 0.0.0.0:8080
//! ```
//!
//! `/clock` sends the time every second, and every other path echoes. The versions before RFC 6455 have no
//! mask and, in their oldest form, no challenge: read the security considerations of `sansocket::legacy`
//! before you enable them in production.

use std::{
    env,
    error::Error,
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use sansocket::{
    Event, Input, State,
    handshake::HandshakeLimits,
    keepalive::Timeout,
    legacy::{self, Connection, Versions},
    server::Accept,
};

/// The time that a client may take to open the connection, to close it, and to read what it is sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// The time that an open connection may be silent.
const IDLE: Duration = Duration::from_secs(300);

/// The interval of the clock.
const TICK: Duration = Duration::from_secs(1);

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9002".into());
    let listener = TcpListener::bind(&address)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))?;
    println!("listening on ws://{}/", listener.local_addr()?);
    for stream in listener.incoming() {
        // A client that cannot be accepted is no reason to end. Usually the file descriptor limit was
        // reached.
        let Ok(stream) = stream else {
            thread::sleep(Duration::from_millis(100));
            continue;
        };
        let attended = thread::Builder::new().spawn(move || {
            if let Err(error) = serve(stream) {
                eprintln!("{error}");
            }
        });
        if let Err(error) = attended {
            eprintln!("a client could not be served: {error}");
        }
    }
    Ok(())
}

/// A client whose connection is open.
struct Client {
    connection: Connection,
    /// The time of the next tick, if the client has asked for the clock.
    next_tick: Option<Instant>,
    /// The time at which a silent client is disconnected: not every version has Pings.
    idle_at: Instant,
}

fn serve(mut stream: TcpStream) -> Result<(), Box<dyn Error>> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // Each version is enabled by name. RFC 6455 is always accepted.
    let versions = Versions::new().hixie75().hixie76().hybi7().hybi8();
    let mut handshake = legacy::server::Handshake::new(HandshakeLimits::new(), versions);
    let deadline = Instant::now() + PATIENCE;
    let mut client = None;
    let (mut buf, mut out) = (vec![0; 16 << 10], Vec::new());
    loop {
        let wait = match &client {
            None => Some(deadline.saturating_duration_since(Instant::now())),
            Some(Client { next_tick, idle_at, .. }) => {
                let at = next_tick.map_or(*idle_at, |tick| tick.min(*idle_at));
                Some(at.saturating_duration_since(Instant::now()))
            }
        };
        // The socket does not accept a timeout of zero.
        stream.set_read_timeout(wait.map(|wait| wait.max(Duration::from_millis(1))))?;
        let result = match stream.read(&mut buf) {
            Ok(0) => return end(&mut handshake, client),
            Ok(count) => step(&mut handshake, &mut client, &mut Input::new(&mut buf[..count]), &mut out),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                match &mut client {
                    Some(client) if Instant::now() >= client.idle_at => {
                        client.connection.time_out(Timeout::Idle, &mut out);
                        Ok(())
                    }
                    Some(_) => Ok(()),
                    None => Err("a client took too long to connect".into()),
                }
            }
            Err(error) => return Err(error.into()),
        };
        let result = result.and_then(|()| client.as_mut().map_or(Ok(()), |client| client.tick(&mut out)));
        // First the bytes, then the error: they include the response or the Close that describes it.
        stream.write_all(&out)?;
        out.clear();
        let is_over = client.as_ref().is_some_and(|client| client.connection.state() == State::Draining);
        if is_over || result.is_err() {
            drain(&mut stream)?;
            return result;
        }
    }
}

/// Handles what was read: the request, then frames.
fn step(
    handshake: &mut legacy::server::Handshake,
    client: &mut Option<Client>,
    input: &mut Input<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Box<dyn Error>> {
    if client.is_none() {
        let Some(request) = handshake.receive(input, out)? else { return Ok(()) };
        println!("{:?} from {}", request.version(), request.origin().unwrap_or("no origin"));
        let next_tick = (request.path() == "/clock").then(Instant::now);
        *client = Some(Client {
            connection: request.accept(Accept::new(), out)?,
            next_tick,
            idle_at: Instant::now() + IDLE,
        });
    }
    let Some(Client { connection, idle_at, .. }) = client else { return Ok(()) };
    *idle_at = Instant::now() + IDLE;
    while let Some(event) = connection.receive(input, out)? {
        match event {
            _ if connection.state() != State::Open => {}
            Event::Text(text) => connection.send_text(&text, out)?,
            Event::Binary(data) => connection.send_binary(&data, out)?,
            _ => {} // The Pong or the reply to a Close is in `out`.
        }
    }
    Ok(())
}

impl Client {
    /// Sends the time if it is due.
    fn tick(&mut self, out: &mut Vec<u8>) -> Result<(), Box<dyn Error>> {
        if let Some(tick) = self.next_tick.filter(|tick| *tick <= Instant::now())
            && self.connection.state() == State::Open
        {
            self.connection.send_text(&time_of_day()?, out)?;
            self.next_tick = Some(tick + TICK);
        }
        Ok(())
    }
}

/// The time as `12:34:56`, in UTC.
fn time_of_day() -> Result<String, Box<dyn Error>> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() % 86_400;
    Ok(format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60))
}

/// Handles the end of the stream.
fn end(handshake: &mut legacy::server::Handshake, client: Option<Client>) -> Result<(), Box<dyn Error>> {
    match client {
        Some(mut client) => Ok(client.connection.receive_eof()?),
        None => Ok(handshake.receive_eof()?),
    }
}

/// Shuts down the write half, and reads the remaining bytes, so that the last bytes sent arrive (RFC 6455,
/// 7.1.1).
fn drain(stream: &mut TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let deadline = Instant::now() + PATIENCE;
    let mut buf = [0; 4096];
    while Instant::now() < deadline {
        stream.set_read_timeout(Some(PATIENCE))?;
        if !matches!(stream.read(&mut buf), Ok(1..)) {
            break;
        }
    }
    Ok(())
}
