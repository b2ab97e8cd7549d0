//! An echo server with blocking sockets from the standard library, one thread per client.
//!
//! ```text
//! cargo run --example echo_server               # listens on 127.0.0.1:9001
//! cargo run --example echo_server 0.0.0.0:8080  # or on another address
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
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
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
        if let Err(error) = thread::Builder::new().spawn(move || attend(stream)) {
            eprintln!("a client could not be served: {error}");
        }
    }
    Ok(())
}

/// Serves a client, and prints how its session ended.
fn attend(stream: TcpStream) {
    let peer = stream.peer_addr().map_or_else(|_| "a client".into(), |peer| peer.to_string());
    match serve(stream) {
        Ok(ending) => println!("{peer}: {ending}"),
        Err(error) => eprintln!("{peer}: {error}"),
    }
}

fn serve(mut stream: TcpStream) -> io::Result<String> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let start = Instant::now();
    let mut session = Session::server(HandshakeLimits::new(), Timeouts::new(), Duration::ZERO);
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
