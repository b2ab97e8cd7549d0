//! A page and its WebSocket on one port, with the standard library and this crate only.
//!
//! ```text
//! cargo run --example demo --features deflate        # then open http://127.0.0.1:9002/
//! ```
//!
//! The page has an echo box, the seconds of the server's clock, a throughput meter with a live plot, and
//! buttons for every way in which a connection can end. It shows the negotiated parameters and how the
//! browser saw the end.
//!
//! The server shows how plain HTTP and WebSocket share a port ([`Session::allow_http`]), how to reject
//! cross-origin pages, how to offer compression (with the feature `deflate`), and how to send at fixed times
//! while waiting for the peer: with a read timeout.

use std::{
    env,
    error::Error,
    io::{self, Write},
    mem,
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use sansocket::{
    Close, CloseCode, Config, Event,
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    server::{self, Accept},
    session::{self, ReadBuffer, Received, Session},
};

const PAGE: &str = include_str!("demo.html");
const SUBPROTOCOL: &str = "demo.sansocket";

/// The time that a page may take to read what it is sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// The messages of the throughput meter are large, all others are small.
const MAX_MESSAGE_LEN: u64 = 4 << 20;

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9002".into());
    let listener = TcpListener::bind(&address)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))?;
    println!("open http://{}/", listener.local_addr()?);
    for stream in listener.incoming() {
        // Unlike `thread::spawn` this does not panic if no thread can be started.
        let serving = stream.and_then(|stream| {
            thread::Builder::new().spawn(|| {
                if let Err(error) = serve(stream) {
                    eprintln!("{error}");
                }
            })
        });
        if let Err(error) = serving {
            eprintln!("a client could not be served: {error}");
            // Usually the limit of open files or threads was reached; wait for a connection to close.
            thread::sleep(Duration::from_millis(100));
        }
    }
    Ok(())
}

fn serve(mut stream: TcpStream) -> Result<(), Box<dyn Error>> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let start = Instant::now();
    let session = Session::server(HandshakeLimits::new(), Timeouts::new(), Duration::ZERO).allow_http(true);
    let mut page = Page { session, ticks: 0, next_tick: Duration::from_secs(1), breaks: false };
    let mut buffer = ReadBuffer::new(64 << 10);
    loop {
        stream.set_read_timeout(page.time_left(start.elapsed()))?;
        if mem::take(&mut page.breaks) {
            // An invalid frame, which bypasses the session.
            stream.write_all(b"\xff\x00")?;
        }
        let clock = || start.elapsed();
        match page.session.step(&mut stream, &mut buffer, clock, |stream| stream.shutdown(Shutdown::Write)) {
            Ok(true) => {}
            // Most requests are for the page.
            Ok(false) | Err(session::Error::Answered) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        page.tick(start.elapsed());
        while let Some(received) = page.session.receive_from(&mut buffer) {
            page.react(received)?;
        }
    }
}

/// One page, and its WebSocket.
struct Page {
    session: Session,
    ticks: u64,
    next_tick: Duration,
    /// Whether the page has asked for a protocol violation.
    breaks: bool,
}

impl Page {
    /// Returns the time that a read may take: until the next tick or the session's deadline.
    fn time_left(&self, now: Duration) -> Option<Duration> {
        let tick = self.next_tick.saturating_sub(now).max(Duration::from_millis(1));
        let tick = self.session.is_open().then_some(tick);
        self.session.time_left(now).into_iter().chain(tick).min()
    }

    fn tick(&mut self, now: Duration) {
        if now >= self.next_tick {
            self.next_tick = now + Duration::from_secs(1);
            // The server sends no fragments that it could interrupt, and before the connection is open it is
            // discarded.
            if let Ok(true) = self.session.send_text(&format!("tick {}", self.ticks + 1)) {
                self.ticks += 1;
            }
        }
    }

    fn react(&mut self, received: Received<'_>) -> Result<(), Box<dyn Error>> {
        let session = &mut self.session;
        match received {
            Received::Http(request) if request.path() == "/" => {
                let html = [("Content-Type", "text/html; charset=utf-8")];
                session.respond(request, 200, &html, PAGE.as_bytes())?;
            }
            Received::Http(request) => {
                session.respond(request, 404, &[("Content-Type", "text/plain")], b"nothing here\n")?;
            }
            Received::Request(request) => {
                // Browsers allow cross-origin WebSockets, so accept only our own origin (RFC 6455, 10.2).
                let own_origin = format!("http://{}", request.authority());
                if request.origin().is_some_and(|origin| origin != own_origin) {
                    session.reject(request, 403, &[], b"")?;
                } else {
                    let accept = accept(&request);
                    session.accept(request, accept)?;
                }
            }
            Received::Event(Event::Text(text)) => match text.split_once(' ') {
                Some(("echo", said)) => _ = session.send_text(&format!("echo {said}"))?,
                Some(("close", wish)) => _ = session.close(close(wish))?,
                _ if text == "drop" => session.abort(),
                _ if text == "break" => self.breaks = true,
                _ => _ = session.close(CloseCode::UNSUPPORTED_DATA)?,
            },
            Received::Event(Event::Binary(data)) => _ = session.send_binary(&data)?,
            _ => {}
        }
        Ok(())
    }
}

fn accept(request: &server::Request) -> Accept {
    let accept = Accept::new()
        .config(Config::new().max_message_len(MAX_MESSAGE_LEN))
        .maybe_subprotocol(request.select_by_server_order(&[SUBPROTOCOL]));
    #[cfg(feature = "deflate")]
    if request.query() != Some("deflate=off") {
        return accept.deflate(sansocket::deflate::Config::best_speed());
    }
    accept
}

/// Returns the Close that a page requests with `CODE REASON`, or an empty one.
fn close(wish: &str) -> Option<Close<'_>> {
    let (code, reason) = wish.split_once(' ').unwrap_or((wish, ""));
    let code = CloseCode::new(code.parse().ok()?)?;
    Close::new(code, reason).ok()
}
