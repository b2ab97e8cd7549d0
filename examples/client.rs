//! A client with blocking sockets from the standard library: sends the lines of standard input as text, prints
//! what comes, and closes properly on end of file and on Ctrl-C.
//!
//! ```text
//! cargo run --example client -- ws://127.0.0.1:9001/
//! ```
//!
//! Standard input, the socket and Ctrl-C are three sources; each has a thread that puts what it got into one
//! channel, and the main thread owns the connection. The channel has no bound, so that reading never waits for
//! writing: two peers that both wait to be read would wait for ever. For wss:// wrap the socket in TLS.

use std::{
    env,
    error::Error,
    io::{self, BufRead, Read, Write},
    net::{Shutdown, TcpStream},
    process::ExitCode,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

use sansocket::{CloseCode, Connection, Event, Input, ProtocolError, State, client, random_seed, uri::Uri};

/// How long the server may take to answer the handshake, and to answer our Close.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let Some(uri) = env::args().nth(1) else {
        eprintln!("usage: client ws://HOST[:PORT]/PATH [SUBPROTOCOL ...]");
        return ExitCode::from(2);
    };
    match run(&uri, env::args().skip(2)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{uri}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What can happen to this program.
enum Happening {
    /// Bytes came from the server.
    Read(Vec<u8>),
    /// The server ended the transport.
    Eof(io::Result<()>),
    /// A line was typed.
    Line(String),
    /// Ctrl-C, or the end of standard input.
    Leave,
}

fn run(uri: &str, subprotocols: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let uri: Uri = uri.parse()?;
    if uri.is_secure() {
        return Err("this example has no TLS; only ws:// works".into());
    }
    let mut request = client::Request::from(uri.clone());
    for subprotocol in subprotocols {
        request = request.subprotocol(&subprotocol);
    }
    let mut stream = TcpStream::connect((uri.host_without_brackets(), uri.port()))?;
    stream.set_nodelay(true)?;

    let mut out = Vec::new();
    let mut handshake = client::Handshake::new(&request, random_seed()?, &mut out)?;
    stream.write_all(&out)?;
    out.clear();

    let (happened, happenings) = mpsc::channel();
    let deadline = Instant::now() + PATIENCE;
    watch_socket(stream.try_clone()?, happened.clone());

    // The opening. The server's first frames may follow its response in the same read.
    let (mut connection, mut first) = loop {
        match happenings.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Happening::Read(mut bytes)) => {
                let mut input = Input::new(&mut bytes);
                if let Some((connection, response)) = handshake.receive(&mut input)? {
                    eprintln!("connected, {}", response.subprotocol().unwrap_or("no subprotocol"));
                    break (connection, input.remaining().to_vec());
                }
            }
            Ok(Happening::Eof(result)) => {
                result?;
                handshake.receive_eof()?;
            }
            Ok(_) => {}
            Err(_) => return Err("the server does not answer the handshake".into()),
        }
    };
    print_events(&mut connection, &mut first, &mut out);
    watch_standard_input(happened.clone());
    watch_interrupt(happened)?;
    converse(&mut connection, &mut stream, &happenings, out)?;

    let closure = connection.close_outcome().ok_or("the connection has not ended")?;
    eprintln!("closed with {} {:?}, clean: {}", closure.code, closure.reason, closure.clean);
    Ok(())
}

fn converse(
    connection: &mut Connection,
    stream: &mut TcpStream,
    happenings: &mpsc::Receiver<Happening>,
    mut out: Vec<u8>,
) -> Result<(), Box<dyn Error>> {
    let mut deadline = None;
    loop {
        stream.write_all(&out)?;
        out.clear();
        if connection.state() == State::Open {
            deadline = None;
        } else if deadline.is_none() {
            deadline = Some(Instant::now() + PATIENCE);
        }
        let happening = match deadline {
            None => Ok(happenings.recv()?),
            // Asked, because what waits in the channel comes out even if no time is left.
            Some(deadline) if deadline <= Instant::now() => Err(RecvTimeoutError::Timeout),
            Some(deadline) => happenings.recv_timeout(deadline.saturating_duration_since(Instant::now())),
        };
        // The server did not close in time, so the client does (RFC 6455, 7.1.1).
        let Ok(happening) = happening else {
            stream.shutdown(Shutdown::Both)?;
            return Ok(connection.receive_eof()?);
        };
        match happening {
            Happening::Read(mut bytes) => print_events(connection, &mut bytes, &mut out),
            Happening::Eof(result) => {
                let closing = connection.receive_eof();
                if closing == Err(ProtocolError::UnexpectedEof) {
                    result?; // says more, if it says anything
                }
                return Ok(closing?);
            }
            Happening::Line(line) if connection.state() == State::Open => {
                connection.send_text(&line, &mut out)?;
            }
            Happening::Leave if connection.state() == State::Open => {
                connection.send_close(CloseCode::NORMAL, &mut out)?;
            }
            Happening::Line(_) | Happening::Leave => {}
        }
    }
}

fn print_events(connection: &mut Connection, bytes: &mut [u8], out: &mut Vec<u8>) {
    let mut input = Input::new(bytes);
    // After an error the Close that tells the server is in `out`. When the server has ended the connection,
    // `receive_eof` returns the error again.
    while let Ok(Some(event)) = connection.receive(&mut input, out) {
        let printed = match event {
            Event::Text(text) => writeln!(io::stdout(), "{text}"),
            Event::Binary(data) => writeln!(io::stdout(), "({} bytes of binary data)", data.len()),
            _ => Ok(()),
        };
        if printed.is_err() && connection.state() == State::Open {
            // Nobody reads what is printed any more.
            let _ = connection.send_close(CloseCode::GOING_AWAY, out);
        }
    }
}

fn watch_socket(mut stream: TcpStream, happened: Sender<Happening>) {
    thread::spawn(move || {
        let mut buf = vec![0; 16 << 10];
        loop {
            let happening = match stream.read(&mut buf) {
                Ok(0) => Happening::Eof(Ok(())),
                Ok(count) => Happening::Read(buf[..count].to_vec()),
                Err(error) => Happening::Eof(Err(error)),
            };
            let ended = matches!(happening, Happening::Eof(_));
            if happened.send(happening).is_err() || ended {
                return;
            }
        }
    });
}

fn watch_standard_input(happened: Sender<Happening>) {
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if happened.send(Happening::Line(line)).is_err() {
                return;
            }
        }
        // If nobody listens any more the program is at its end anyway.
        let _ = happened.send(Happening::Leave);
    });
}

fn watch_interrupt(happened: Sender<Happening>) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(move || {
        let _ = happened.send(Happening::Leave);
    })
}
