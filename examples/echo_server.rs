//! An echo server with blocking sockets from the standard library, one thread per client.
//!
//! ```text
//! cargo run --example echo_server               # listens on 127.0.0.1:9001
//! cargo run --example echo_server 0.0.0.0:8080  # or on another address
//! cargo run --features legacy --example echo_server -- --legacy  # with the versions before RFC 6455
//! ```
//!
//! It shows the loop around a [`Session`]: [`step`](Session::step) writes, flushes, shuts down and reads as the
//! session requests, and the session determines how a connection opens, fails and ends.

use std::{
    env,
    error::Error,
    io,
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use sansocket::{
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    server::Accept,
    session::{ReadBuffer, Received, Session},
};

/// The time that a client may take to read what it is sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pause after a client could not be served.
const PAUSE: Duration = Duration::from_millis(100);

fn main() -> io::Result<()> {
    let (flags, addresses): (Vec<_>, Vec<_>) = env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let is_legacy = !flags.is_empty();
    if flags.iter().any(|flag| flag != "--legacy") || is_legacy && !cfg!(feature = "legacy") {
        let message = "the only option is --legacy, which needs the feature legacy: \
            cargo run --features legacy --example echo_server -- --legacy";
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
    }
    let address = addresses.first().map_or("127.0.0.1:9001", String::as_str);
    let listener = TcpListener::bind(address)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))?;
    let address = listener.local_addr()?;
    println!("listening on ws://{address}/");
    println!("try: cargo run --example client -- ws://{address}/");
    for stream in listener.incoming() {
        // Unlike `thread::spawn` this does not panic if no thread can be started.
        let serving =
            stream.and_then(|stream| thread::Builder::new().spawn(move || attend(stream, is_legacy)));
        if let Err(error) = serving {
            eprintln!("a client could not be served: {error}");
            // Usually the limit of open files or threads was reached; wait for a connection to close.
            thread::sleep(PAUSE);
        }
    }
    Ok(())
}

/// Serves a client, and prints how its session ended.
fn attend(stream: TcpStream, is_legacy: bool) {
    let peer = stream.peer_addr().map_or_else(|_| "a client".into(), |peer| peer.to_string());
    match serve(stream, new_session(is_legacy)) {
        Ok(ending) => println!("{peer}: {ending}"),
        Err(error) => eprintln!("{peer}: {error}"),
    }
}

fn new_session(is_legacy: bool) -> Session {
    let (limits, timeouts, now) = (HandshakeLimits::new(), Timeouts::new(), Duration::ZERO);
    #[cfg(feature = "legacy")]
    if is_legacy {
        // Read the security considerations in `sansocket::legacy` first.
        let versions = sansocket::legacy::Versions::new().hixie75().hixie76().hybi7().hybi8();
        return Session::legacy_server(limits, versions, timeouts, now);
    }
    let _ = is_legacy;
    Session::server(limits, timeouts, now)
}

fn serve(mut stream: TcpStream, mut session: Session) -> Result<String, Box<dyn Error>> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let start = Instant::now();
    // A buffer that retains nothing, so that text is validated as it arrives. `ReadBuffer::new` saves copies of
    // large messages instead, and detects an error in one when its frame is complete.
    let mut buffer = ReadBuffer::shared(16 << 10);
    loop {
        stream.set_read_timeout(session.time_left(start.elapsed()))?;
        let clock = || start.elapsed();
        if !session.step(&mut stream, &mut buffer, clock, |stream| stream.shutdown(Shutdown::Write))? {
            return Ok(session.ending().map_or_else(String::new, |ending| ending.to_string()));
        }
        while let Some(received) = session.receive_from(&mut buffer) {
            react(&mut session, received)?;
        }
    }
}

fn react(session: &mut Session, received: Received<'_>) -> Result<(), Box<dyn Error>> {
    match received {
        Received::Request(request) if request.target() != "/" => {
            session.reject(request, 404, &[("Content-Type", "text/plain")], b"only / is served here\n")?;
        }
        Received::Request(request) => {
            // An echo supports any subprotocol: select the client's first choice.
            let accept = Accept::new().maybe_subprotocol(request.subprotocols().next());
            // Messages are compressed if the client offers it, and if this was built with the feature `deflate`.
            #[cfg(feature = "deflate")]
            let accept = accept.deflate(sansocket::deflate::Config::new());
            session.accept(request, accept)?;
        }
        #[cfg(feature = "legacy")]
        Received::Legacy(request) => {
            let accept = Accept::new().maybe_subprotocol(request.subprotocols().next());
            session.accept_legacy(request, accept)?;
        }
        // Messages; other events have nothing to send back.
        Received::Event(event) => _ = session.send_event(event)?,
        _ => {}
    }
    Ok(())
}
