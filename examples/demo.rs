//! A page and its WebSocket on one port, with the standard library and this crate only.
//!
//! ```text
//! cargo run --example demo --features deflate        # then open http://127.0.0.1:9002/
//! ```
//!
//! The page has an echo box, the seconds ticking from the server's side, a throughput meter with a live plot, and
//! buttons for every way a connection can end. It shows what was negotiated and how the browser saw the end.
//!
//! On the server's side it shows how plain HTTP and WebSocket share a port
//! ([`server::Handshake::receive_any`]), how a page of another origin is kept out, how compression is offered (with
//! the feature `deflate`), and how to send by the clock while waiting for the peer: with a read timeout.

use std::{
    env,
    error::Error,
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use sansocket::{
    Close, CloseCode, Config, Connection, Event, Input, State,
    handshake::HandshakeLimits,
    server::{self, Incoming},
};

const PAGE: &str = include_str!("demo.html");
const SUBPROTOCOL: &str = "demo.sansocket";

/// How long the opening and the closing may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Messages of the throughput meter are large, the rest of what a page sends is not.
const MAX_MESSAGE_LEN: u64 = 4 << 20;

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9002".into());
    let listener = TcpListener::bind(&address)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))?;
    println!("open http://{}/", listener.local_addr()?);
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        thread::spawn(move || {
            if let Err(error) = serve(stream) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

fn serve(mut stream: TcpStream) -> Result<(), Box<dyn Error>> {
    stream.set_nodelay(true)?;
    let (mut buf, mut out) = (vec![0; 64 << 10], Vec::new());
    let mut handshake = server::Handshake::new(HandshakeLimits::new());
    let deadline = Instant::now() + PATIENCE;
    loop {
        stream.set_read_timeout(Some(until(deadline)))?;
        let count = stream.read(&mut buf)?;
        if count == 0 {
            return Ok(());
        }
        let mut input = Input::new(&mut buf[..count]);
        let result = open(&mut handshake, &mut input, &mut out);
        match result {
            Ok(None) => {}
            Ok(Some(connection)) => {
                // The first frames may have come in the same read.
                let rest = input.remaining().to_vec();
                return Session::new(connection, stream, out).run(rest, buf);
            }
            Err(_) => {
                // Write first: `out` has the page, or the response that says what was wrong.
                stream.write_all(&out)?;
                return Ok(drain(&mut stream, &mut buf)?);
            }
        }
    }
}

/// Answers the request. `Err`: the connection does not become a WebSocket, and the response is in `out`.
fn open(
    handshake: &mut server::Handshake,
    input: &mut Input<'_>,
    out: &mut Vec<u8>,
) -> Result<Option<Connection>, Box<dyn Error>> {
    let request = match handshake.receive_any(input, out)? {
        None => return Ok(None),
        Some(Incoming::Http(request)) => {
            match request.path() {
                "/" => request.respond(
                    200,
                    &[("Content-Type", "text/html; charset=utf-8")],
                    PAGE.as_bytes(),
                    out,
                )?,
                _ => request.respond(404, &[("Content-Type", "text/plain")], b"nothing here\n", out)?,
            }
            return Err("plain HTTP".into());
        }
        Some(Incoming::WebSocket(request)) => request,
    };
    // Browsers let any page connect to anywhere: only the own page is welcome (RFC 6455, 10.2).
    let own_origin = format!("http://{}", request.authority());
    if request.origin().is_some_and(|origin| origin != own_origin) {
        request.reject(403, &[], b"", out)?;
        return Err("another origin".into());
    }
    let mut accept = server::Accept::new().config(Config::new().max_message_len(MAX_MESSAGE_LEN));
    if request.subprotocols().any(|offered| offered == SUBPROTOCOL) {
        accept = accept.subprotocol(SUBPROTOCOL);
    }
    #[cfg(feature = "deflate")]
    if request.query() != Some("deflate=off") {
        accept = accept.deflate(sansocket::deflate::Config::best_speed());
    }
    Ok(Some(request.accept(accept, out)?))
}

/// One open WebSocket.
struct Session {
    connection: Connection,
    stream: TcpStream,
    out: Vec<u8>,
    ticks: u64,
    next_tick: Instant,
}

/// What the page asked for at the end of a read.
enum Wish {
    Nothing,
    /// End the transport without a Close.
    Drop,
    /// Send a frame that no peer may send.
    Break,
}

impl Session {
    fn new(connection: Connection, stream: TcpStream, out: Vec<u8>) -> Self {
        Self { connection, stream, out, ticks: 0, next_tick: Instant::now() + Duration::from_secs(1) }
    }

    fn run(mut self, mut first: Vec<u8>, mut buf: Vec<u8>) -> Result<(), Box<dyn Error>> {
        let mut result = self.receive(&mut first);
        loop {
            // What has to be sent comes first, the Close of a failure among it.
            self.stream.write_all(&self.out)?;
            self.out.clear();
            if self.connection.state() == State::Draining {
                // Closing with unread bytes of the page would destroy what was just sent.
                drain(&mut self.stream, &mut buf)?;
                return Ok(self.connection.receive_eof()?);
            }
            match result? {
                Wish::Nothing => {}
                Wish::Drop => return Ok(self.stream.shutdown(Shutdown::Both)?),
                Wish::Break => self.stream.write_all(b"\xff\x00")?,
            }
            self.stream.set_read_timeout(Some(until(self.next_tick)))?;
            result = match self.stream.read(&mut buf) {
                Ok(0) => return Ok(self.connection.receive_eof()?),
                Ok(count) => self.receive(&mut buf[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    Ok(Wish::Nothing)
                }
                Err(error) => return Err(error.into()),
            };
            self.tick()?;
        }
    }

    fn tick(&mut self) -> Result<(), sansocket::Error> {
        if Instant::now() >= self.next_tick && self.connection.state() == State::Open {
            self.ticks += 1;
            self.next_tick += Duration::from_secs(1);
            self.connection.send_text(&format!("tick {}", self.ticks), &mut self.out)?;
        }
        Ok(())
    }

    fn receive(&mut self, bytes: &mut [u8]) -> Result<Wish, sansocket::Error> {
        let Self { connection, out, .. } = self;
        let mut input = Input::new(bytes);
        while let Some(event) = connection.receive(&mut input, out)? {
            match event {
                Event::Text(text) => match text.split_once(' ') {
                    _ if connection.state() != State::Open => {}
                    Some(("echo", said)) => connection.send_text(&format!("echo {said}"), out)?,
                    Some(("close", wish)) => connection.send_close(close(wish), out)?,
                    _ if text == "drop" => return Ok(Wish::Drop),
                    _ if text == "break" => return Ok(Wish::Break),
                    _ => connection.send_close(CloseCode::UNSUPPORTED_DATA, out)?,
                },
                Event::Binary(data) if connection.state() == State::Open => {
                    connection.send_binary(&data, out)?;
                }
                _ => {}
            }
        }
        Ok(Wish::Nothing)
    }
}

/// The Close that a page asks for with `CODE REASON`, or an empty one.
fn close(wish: &str) -> Option<Close<'_>> {
    let (code, reason) = wish.split_once(' ').unwrap_or((wish, ""));
    let code = CloseCode::new(code.parse().ok()?)?;
    Close::new(code, reason).ok()
}

/// A timeout that ends at `deadline`; a socket takes none of zero.
fn until(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
}

/// Says that nothing more will come, and reads until the peer has seen that, or for a while.
fn drain(stream: &mut TcpStream, buf: &mut [u8]) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    if stream.shutdown(Shutdown::Write).is_err() {
        return Ok(());
    }
    while Instant::now() < deadline {
        stream.set_read_timeout(Some(until(deadline)))?;
        if matches!(stream.read(buf), Ok(0) | Err(_)) {
            break;
        }
    }
    Ok(())
}
