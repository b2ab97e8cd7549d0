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
    io::{self, ErrorKind, Read, Write},
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
    session::{Cause, ReadBuffer, Received, Session, Transport},
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
        let Ok(stream) = stream else {
            // Usually the limit of open files was reached; wait for a connection to close.
            thread::sleep(Duration::from_millis(100));
            continue;
        };
        // Unlike `thread::spawn` this does not panic if no thread can be started.
        let serving = thread::Builder::new().spawn(move || {
            if let Err(error) = serve(stream) {
                eprintln!("{error}");
            }
        });
        if let Err(error) = serving {
            eprintln!("a client could not be served: {error}");
        }
    }
    Ok(())
}

fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let start = Instant::now();
    let session = Session::server(HandshakeLimits::new(), Timeouts::new(), Duration::ZERO).allow_http(true);
    let mut page = Page { session, ticks: 0, next_tick: Duration::from_secs(1), breaks: false };
    let mut buffer = ReadBuffer::new(64 << 10);
    loop {
        let session = &mut page.session;
        let done = match session.transport() {
            Transport::Write(bytes) => stream.write(bytes).map(|count| session.written(count)),
            Transport::Flush => stream.flush().map(|()| session.flushed()),
            Transport::ShutDown => stream.shutdown(Shutdown::Write).map(|()| session.shut_down()),
            // An invalid frame, which bypasses the session.
            Transport::Wait if mem::take(&mut page.breaks) => stream.write_all(b"\xff\x00"),
            Transport::Wait => page.read(&mut stream, &mut buffer, start),
            Transport::Close => {
                page.report();
                return Ok(());
            }
        };
        if done.is_err() {
            page.session.failed();
        }
        page.tick(start.elapsed());
        while let Some(received) = page.session.receive_from(&mut buffer) {
            if let Err(error) = page.react(received) {
                eprintln!("{error}");
                page.session.abort();
            }
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
    /// Reads, at most until the next tick or the session's deadline.
    fn read(&mut self, stream: &mut TcpStream, buffer: &mut ReadBuffer, start: Instant) -> io::Result<()> {
        let tick = self.session.is_open().then_some(self.next_tick);
        let deadline = [self.session.deadline(), tick].into_iter().flatten().min();
        let left = deadline.map(|at| at.saturating_sub(start.elapsed()).max(Duration::from_millis(1)));
        stream.set_read_timeout(left)?;
        match stream.read(buffer.space()) {
            Ok(0) => self.session.eof(),
            Ok(count) => buffer.filled(count),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Prints why a connection ended. Requests for the page are not reported.
    fn report(&self) {
        if let Some(ending) = self.session.ending().filter(|ending| ending.cause != Cause::Answered) {
            eprintln!("{ending}");
        }
    }

    fn tick(&mut self, now: Duration) {
        self.session.on_time(now);
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
            Received::Http(request) => {
                let html = [("Content-Type", "text/html; charset=utf-8")];
                match request.path() {
                    "/" => session.respond(request, 200, &html, PAGE.as_bytes())?,
                    _ => {
                        session.respond(
                            request,
                            404,
                            &[("Content-Type", "text/plain")],
                            b"nothing here\n",
                        )?;
                    }
                }
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
    let mut accept = Accept::new().config(Config::new().max_message_len(MAX_MESSAGE_LEN));
    if request.subprotocols().any(|offered| offered == SUBPROTOCOL) {
        accept = accept.subprotocol(SUBPROTOCOL);
    }
    #[cfg(feature = "deflate")]
    if request.query() != Some("deflate=off") {
        accept = accept.deflate(sansocket::deflate::Config::best_speed());
    }
    accept
}

/// Returns the Close that a page requests with `CODE REASON`, or an empty one.
fn close(wish: &str) -> Option<Close<'_>> {
    let (code, reason) = wish.split_once(' ').unwrap_or((wish, ""));
    let code = CloseCode::new(code.parse().ok()?)?;
    Close::new(code, reason).ok()
}
