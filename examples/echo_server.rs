//! An echo server with blocking sockets from the standard library, one thread per client.
//!
//! ```text
//! cargo run --example echo_server               # listens on 127.0.0.1:9001
//! cargo run --example echo_server 0.0.0.0:8080  # or on another address
//! cargo run --features legacy --example echo_server -- --legacy  # with the versions before RFC 6455
//! ```
//!
//! It shows the loop around a [`Session`]: the session requests one operation of the transport, and the loop
//! carries it out and reports it. The session determines how a connection opens, fails and ends.

use std::{
    env, io,
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use sansocket::{
    Event, Input,
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    server::{self, Accept},
    session::{Cause, Received, Session, Transport},
};

/// The time that a client may take to read what it is sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pause after a client could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);

fn main() -> io::Result<()> {
    let (flags, addresses): (Vec<_>, Vec<_>) = env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let open = match flags.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => new_session,
        ["--legacy"] => legacy_session()?,
        _ => return Err(io::Error::new(ErrorKind::InvalidInput, "the only known option is --legacy")),
    };
    let address = addresses.into_iter().next().unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(&address)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))?;
    let address = listener.local_addr()?;
    println!("listening on ws://{address}/");
    println!("try: cargo run --example client -- ws://{address}/");
    for stream in listener.incoming() {
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                eprintln!("a client could not be accepted: {error}");
                // Usually the limit of open files was reached; wait for a connection to close.
                thread::sleep(PAUSE);
                continue;
            }
        };
        // Unlike `thread::spawn` this does not panic if no thread can be started.
        if let Err(error) = thread::Builder::new().spawn(move || attend(stream, open)) {
            eprintln!("a client could not be served: {error}");
        }
    }
    Ok(())
}

/// Serves a client, and prints how its session ended.
fn attend(stream: TcpStream, open: fn() -> Session) {
    let peer = stream.peer_addr().map_or_else(|_| "a client".into(), |peer| peer.to_string());
    match serve(stream, open()) {
        Ok(ending) => println!("{peer}: {ending}"),
        Err(error) => eprintln!("{peer}: {error}"),
    }
}

fn new_session() -> Session {
    Session::server(HandshakeLimits::new(), Timeouts::new(), Duration::ZERO)
}

/// Sessions that accept the versions before RFC 6455 too. Read their security considerations in `sansocket::legacy` first.
#[cfg(feature = "legacy")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature it fails")]
fn legacy_session() -> io::Result<fn() -> Session> {
    Ok(|| {
        let versions = sansocket::legacy::Versions::new().hixie75().hixie76().hybi7().hybi8();
        Session::legacy_server(HandshakeLimits::new(), versions, Timeouts::new(), Duration::ZERO)
    })
}

#[cfg(not(feature = "legacy"))]
fn legacy_session() -> io::Result<fn() -> Session> {
    let message =
        "--legacy needs the feature legacy: cargo run --features legacy --example echo_server -- --legacy";
    Err(io::Error::new(ErrorKind::Unsupported, message))
}

fn serve(mut stream: TcpStream, mut session: Session) -> io::Result<String> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let start = Instant::now();
    // A buffer that retains nothing, so that text is validated as it arrives. `ReadBuffer` saves copies of
    // large messages instead, and detects an error in one when its frame is complete.
    let mut buf = vec![0; 16 << 10];
    let mut error = None;
    loop {
        let mut filled = 0;
        let done = match session.transport() {
            Transport::Write(bytes) => stream.write(bytes).map(|count| session.written(count)),
            Transport::Flush => stream.flush().map(|()| session.flushed()),
            Transport::ShutDown => stream.shutdown(Shutdown::Write).map(|()| session.shut_down()),
            Transport::Wait => read(&mut stream, &mut session, &mut buf, start).map(|count| filled = count),
            Transport::Close => break,
        };
        if let Err(failure) = done {
            session.failed();
            error = Some(failure);
        }
        session.on_time(start.elapsed());
        let mut input = Input::new(&mut buf[..filled]);
        while let Some(received) = session.receive(&mut input) {
            react(&mut session, received);
        }
    }
    let Some(ending) = session.ending() else { return Ok("open".into()) };
    match error {
        Some(error) if ending.cause == Cause::Transport => Err(error),
        _ => Ok(ending.to_string()),
    }
}

/// Reads, at most until the deadline of the session.
fn read(stream: &mut TcpStream, session: &mut Session, buf: &mut [u8], start: Instant) -> io::Result<usize> {
    let left = session.deadline().map(|at| at.saturating_sub(start.elapsed()).max(Duration::from_millis(1)));
    stream.set_read_timeout(left)?;
    match stream.read(buf) {
        Ok(0) => session.eof(),
        Ok(count) => return Ok(count),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
            ) => {}
        Err(error) => return Err(error),
    }
    Ok(0)
}

fn react(session: &mut Session, received: Received<'_>) {
    let result = match received {
        Received::Request(request) if request.target() != "/" => session
            .reject(request, 404, &[("Content-Type", "text/plain")], b"only / is served here\n")
            .map_err(|error| error.to_string()),
        Received::Request(request) => {
            let accept = accept(&request);
            session.accept(request, accept).map_err(|error| error.to_string())
        }
        #[cfg(feature = "legacy")]
        Received::Legacy(request) => {
            let mut accept = Accept::new();
            if let Some(subprotocol) = request.subprotocols().next() {
                accept = accept.subprotocol(subprotocol);
            }
            session.accept_legacy(request, accept).map_err(|error| error.to_string())
        }
        Received::Event(Event::Text(text)) => {
            session.send_text(&text).map(drop).map_err(|error| error.to_string())
        }
        Received::Event(Event::Binary(data)) => {
            session.send_binary(&data).map(drop).map_err(|error| error.to_string())
        }
        _ => Ok(()),
    };
    if let Err(error) = result {
        eprintln!("{error}");
        session.abort();
    }
}

fn accept(request: &server::Request) -> Accept {
    let mut accept = Accept::new();
    // An echo supports any subprotocol: select the client's first choice.
    if let Some(subprotocol) = request.subprotocols().next() {
        accept = accept.subprotocol(subprotocol);
    }
    // Messages are compressed if the client offers it, and if this was built with the feature `deflate`.
    #[cfg(feature = "deflate")]
    {
        accept = accept.deflate(sansocket::deflate::Config::new());
    }
    accept
}
