//! An echo server with blocking sockets from the standard library, one thread a client.
//!
//! ```text
//! cargo run --example echo_server               # listens on 127.0.0.1:9001
//! cargo run --example echo_server 0.0.0.0:8080  # or wherever it is told to
//! ```
//!
//! It shows the whole life of a connection: the opening handshake and the first frames may come in one read,
//! what has to be sent is written before an error is looked at, and the server closes the transport in the
//! order that lets its last Close arrive.

use std::{
    env,
    error::Error,
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use sansocket::{Connection, Event, Input, State, handshake::HandshakeLimits, server};

/// How long a client may take to open the connection, to close it, and to read what it is sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait after a client could not be accepted.
const BREATH: Duration = Duration::from_millis(100);

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
                // Mostly there are too many; it takes a moment until one leaves.
                thread::sleep(BREATH);
                continue;
            }
        };
        // Unlike `thread::spawn` this does not panic if there is no thread to be had.
        if let Err(error) = thread::Builder::new().spawn(move || attend(stream)) {
            eprintln!("a client could not be served: {error}");
        }
    }
    Ok(())
}

/// Serves a client, and says how it went.
fn attend(stream: TcpStream) {
    let peer = stream.peer_addr().map_or_else(|_| "a client".into(), |peer| peer.to_string());
    match serve(stream) {
        Ok(farewell) => println!("{peer}: {farewell}"),
        Err(error) => eprintln!("{peer}: {error}"),
    }
}

/// What a client is doing.
enum Session {
    Opening(server::Handshake),
    Open(Connection),
}

fn serve(mut stream: TcpStream) -> Result<String, Box<dyn Error>> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut session = Session::Opening(server::Handshake::new(HandshakeLimits::new()));
    let deadline = Instant::now() + PATIENCE;
    let mut buf = vec![0; 16 << 10];
    let mut out = Vec::new();
    loop {
        // Until the connection is open a deadline runs that no byte can move.
        stream.set_read_timeout(match session {
            Session::Opening(_) => Some(deadline.saturating_duration_since(Instant::now()).max(A_MOMENT)),
            Session::Open(_) => None,
        })?;
        let count = stream.read(&mut buf).map_err(say_timeout)?;
        if count == 0 {
            return session.end();
        }
        let result = session.receive(&mut Input::new(&mut buf[..count]), &mut out);
        // First the bytes, the response or the Close of a failure among them, then the error.
        stream.write_all(&out).map_err(say_timeout)?;
        out.clear();
        out.shrink_to(64 << 10);
        if result.is_err() || session.is_draining() {
            drain(&mut stream, &mut buf)?;
            result?;
            return session.end();
        }
    }
}

impl Session {
    fn receive(&mut self, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<(), Box<dyn Error>> {
        if let Self::Opening(handshake) = self {
            let Some(request) = handshake.receive(input, out)? else { return Ok(()) };
            if request.target() != "/" {
                request.reject(404, &[("Content-Type", "text/plain")], b"only / is served here\n", out)?;
                return Err("asked for something that is not here".into());
            }
            // For an echo any subprotocol is as good as another: take the client's favourite.
            let mut accept = server::Accept::new();
            let favourite = request.subprotocols().next().map(str::to_owned);
            if let Some(favourite) = &favourite {
                accept = accept.subprotocol(favourite);
            }
            // Compressed, if the client can do that, and if this was built with the feature `deflate`.
            #[cfg(feature = "deflate")]
            {
                accept = accept.deflate(sansocket::deflate::Config::new());
            }
            *self = Self::Open(request.accept(accept, out)?);
        }
        if let Self::Open(connection) = self {
            echo(connection, input, out)?;
        }
        Ok(())
    }

    fn is_draining(&self) -> bool {
        matches!(self, Self::Open(connection) if connection.state() == State::Draining)
    }

    /// The transport has ended.
    fn end(mut self) -> Result<String, Box<dyn Error>> {
        match &mut self {
            Self::Opening(handshake) => handshake.receive_eof()?,
            Self::Open(connection) => connection.receive_eof()?,
        }
        let code = match &self {
            Self::Open(connection) => connection.close_outcome().map(|closure| closure.code),
            Self::Opening(_) => None,
        };
        Ok(code.map_or_else(|| "left".into(), |code| format!("closed with {code}")))
    }
}

fn echo(
    connection: &mut Connection,
    input: &mut Input<'_>,
    out: &mut Vec<u8>,
) -> Result<(), sansocket::Error> {
    while let Some(event) = connection.receive(input, out)? {
        match event {
            Event::Text(text) => connection.send_text(&text, out)?,
            Event::Binary(data) => connection.send_binary(&data, out)?,
            _ => {} // the Pong or the answer to a Close is in `out` already
        }
    }
    Ok(())
}

/// Says that nothing more will come, and reads until the peer has seen that, or for a while.
///
/// Closing while bytes of the peer are unread could destroy what was sent to it last.
fn drain(stream: &mut TcpStream, buf: &mut [u8]) -> io::Result<()> {
    // The peer may be gone already; then there is nothing to wait for.
    if stream.shutdown(Shutdown::Write).is_err() {
        return Ok(());
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(buf) {
            Ok(0) | Err(_) => return Ok(()),
            Ok(_) => {}
        }
    }
}

/// What the system calls a timeout says little, and differs from one to another.
fn say_timeout(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            io::Error::new(io::ErrorKind::TimedOut, "the client took too long")
        }
        _ => error,
    }
}

/// The shortest timeout that a socket can be given, nearly.
const A_MOMENT: Duration = Duration::from_millis(1);
