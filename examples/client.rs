//! A client with blocking sockets from the standard library: it sends the lines of standard input as text,
//! prints the messages that arrive, and closes the connection on end of file and on Ctrl-C.
//!
//! ```text
//! cargo run --example client -- ws://127.0.0.1:9001/
//! ```
//!
//! Standard input, the socket and Ctrl-C are three sources; each has a thread that puts its input into one
//! channel, and the main thread owns the session. The channel has no bound, so that reading never waits for
//! writing: two peers that both block on writing would deadlock. For wss:// wrap the socket in TLS.

use std::{
    env,
    error::Error,
    io::{self, BufRead, Read, Write},
    net::{Shutdown, TcpStream},
    process::ExitCode,
    sync::mpsc::{self, Sender},
    thread,
    time::{Duration, Instant},
};

use sansocket::{
    CloseCode, Event, Input, client,
    keepalive::Timeouts,
    random_seed,
    session::{Received, Session, Transport},
    uri::Uri,
};

/// The time that the server may take to read what it is sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// The time to wait if no timer is running.
const LONG: Duration = Duration::from_secs(3600);

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

/// An input of this program.
enum Happening {
    /// Bytes from the server.
    Read(Vec<u8>),
    /// The server has closed the transport.
    Eof(io::Result<()>),
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
    let stream = TcpStream::connect((uri.connect_host(), uri.port()))?;
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let session = Session::client(&request, random_seed()?, Timeouts::new(), Duration::ZERO)?;

    let (happened, happenings) = mpsc::channel();
    watch_socket(stream.try_clone()?, happened.clone());
    Client { session, stream, happened, error: None }.run(&happenings)
}

struct Client {
    session: Session,
    stream: TcpStream,
    happened: Sender<Happening>,
    error: Option<io::Error>,
}

impl Client {
    fn run(mut self, happenings: &mpsc::Receiver<Happening>) -> Result<(), Box<dyn Error>> {
        let start = Instant::now();
        loop {
            let clock = || start.elapsed();
            if let Err(error) =
                self.session.write_to(&mut self.stream, clock, |stream| stream.shutdown(Shutdown::Write))
            {
                self.fail(error);
            }
            if self.session.transport() == Transport::Close {
                break;
            }
            let left = self.session.time_left(start.elapsed()).unwrap_or(LONG);
            let happening = happenings.recv_timeout(left).ok();
            self.session.on_time(start.elapsed());
            self.react(happening)?;
        }
        // The thread that reads the socket ends.
        let _ = self.stream.shutdown(Shutdown::Both);
        self.session.outcome(|| self.error.unwrap_or_else(|| io::ErrorKind::NotConnected.into()))?;
        let ending = self.session.ending().ok_or("the session has not ended")?;
        eprintln!("closed with {} {:?}, clean: {}", ending.code, ending.reason, ending.clean);
        Ok(())
    }

    /// Handles an input, or nothing if only time has passed.
    fn react(&mut self, happening: Option<Happening>) -> Result<(), Box<dyn Error>> {
        let mut bytes = Vec::new();
        match happening {
            Some(Happening::Read(read)) => bytes = read,
            Some(Happening::Eof(Ok(()))) => self.session.eof(),
            Some(Happening::Eof(Err(error))) => self.fail(error),
            Some(Happening::Line(line)) => _ = self.session.send_text(&line)?,
            Some(Happening::Leave) => _ = self.session.close(CloseCode::NORMAL)?,
            None => {}
        }
        let mut input = Input::new(&mut bytes);
        while let Some(received) = self.session.receive(&mut input) {
            let printed = match received {
                Received::Response(response) => {
                    eprintln!("connected, {}", response.subprotocol().unwrap_or("no subprotocol"));
                    watch_standard_input(self.happened.clone());
                    watch_interrupt(self.happened.clone())?;
                    Ok(())
                }
                Received::Event(Event::Text(text)) => writeln!(io::stdout(), "{text}"),
                Received::Event(Event::Binary(data)) => {
                    writeln!(io::stdout(), "({} bytes of binary data)", data.len())
                }
                _ => Ok(()),
            };
            if printed.is_err() {
                // Standard output is closed.
                self.session.close(CloseCode::GOING_AWAY)?;
            }
        }
        Ok(())
    }

    fn fail(&mut self, error: io::Error) {
        self.session.failed();
        self.error.get_or_insert(error);
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
        // If this fails, the program is about to exit.
        let _ = happened.send(Happening::Leave);
    });
}

fn watch_interrupt(happened: Sender<Happening>) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(move || {
        let _ = happened.send(Happening::Leave);
    })
}
