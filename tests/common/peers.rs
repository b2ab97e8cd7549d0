//! Helpers for the tests against real peers: a client with a blocking socket, and processes that are always
//! ended.
#![allow(dead_code, reason = "not every test file uses all of it")]

use std::{
    collections::VecDeque,
    env,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpStream, ToSocketAddrs},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use sansocket::{Close, Connection, Event, Input, State, client, proxy, random_seed};

/// The time that the other side may be silent. It is generous, since machines may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// The time limit of an entire script. The scripts have a shorter limit of their own.
const SCRIPT_PATIENCE: Duration = Duration::from_secs(600);

/// A client with a blocking socket.
pub(crate) struct Client {
    stream: TcpStream,
    pub(crate) connection: Connection,
    events: VecDeque<Event<'static>>,
}

impl Client {
    pub(crate) fn open(request: &client::Request) -> Result<(Self, client::Response), client::Error> {
        let uri = request.uri();
        Self::open_on(connect((uri.connect_host(), uri.port())), request)
    }

    /// Opens a tunnel through a proxy first.
    pub(crate) fn open_through(
        address: &str,
        request: &client::Request,
    ) -> Result<(Self, client::Response), client::Error> {
        let mut stream = connect(address);
        let mut out = Vec::new();
        let mut handshake = proxy::Handshake::new(&proxy::Request::new(request.uri()), &mut out).unwrap();
        stream.write_all(&out).unwrap();
        let mut buf = vec![0; 4096];
        loop {
            let count = stream.read(&mut buf).unwrap();
            if count == 0 {
                handshake.receive_eof().unwrap();
            }
            let mut input = Input::new(&mut buf[..count]);
            if handshake.receive(&mut input).unwrap().is_some() {
                assert!(input.is_empty(), "the server has not been asked yet");
                return Self::open_on(stream, request);
            }
        }
    }

    fn open_on(
        mut stream: TcpStream,
        request: &client::Request,
    ) -> Result<(Self, client::Response), client::Error> {
        let mut out = Vec::new();
        let mut handshake = client::Handshake::new(request, random_seed().unwrap(), &mut out).unwrap();
        stream.write_all(&out).unwrap();
        let mut buf = vec![0; 4096];
        loop {
            let count = stream.read(&mut buf).unwrap();
            if count == 0 {
                handshake.receive_eof()?;
            }
            let mut input = Input::new(&mut buf[..count]);
            if let Some((connection, response)) = handshake.receive(&mut input)? {
                let mut client = Self { stream, connection, events: VecDeque::new() };
                client.receive(&mut input);
                return Ok((client, response));
            }
        }
    }

    fn receive(&mut self, input: &mut Input<'_>) {
        let mut out = Vec::new();
        while let Some(event) = self.connection.receive(input, &mut out).unwrap() {
            self.events.push_back(event.into_owned());
        }
        self.stream.write_all(&out).unwrap();
    }

    /// Reads until something has happened.
    pub(crate) fn next(&mut self) -> Event<'static> {
        let mut buf = vec![0; 64 << 10];
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            let count = self.stream.read(&mut buf).unwrap();
            assert_ne!(count, 0, "the server ended the connection");
            self.receive(&mut Input::new(&mut buf[..count]));
        }
    }

    pub(crate) fn send(&mut self, append: impl FnOnce(&mut Connection, &mut Vec<u8>)) {
        let mut out = Vec::new();
        append(&mut self.connection, &mut out);
        self.stream.write_all(&out).unwrap();
    }

    /// Closes, and expects the same Close back and the end of the connection.
    pub(crate) fn close(&mut self, close: Close<'static>) {
        self.send(|connection, out| connection.send_close(close.clone(), out).unwrap());
        assert_eq!(self.next(), Event::Close(Some(close)));
        self.end();
    }

    /// Expects the server to end the connection, after both Closes.
    pub(crate) fn end(&mut self) {
        assert_eq!(self.connection.state(), State::Draining);
        assert_eq!(self.stream.read(&mut [0]).unwrap(), 0);
        self.connection.receive_eof().unwrap();
        assert!(self.connection.close_outcome().unwrap().clean);
        // The server may have closed its socket altogether.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

fn connect(address: impl ToSocketAddrs) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// A server in a process of its own, which prints its port and ends when its standard input does.
pub(crate) struct Server {
    process: Child,
    port: u16,
}

impl Server {
    pub(crate) fn start(command: &mut Command) -> Self {
        let process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut server = Self { process, port: 0 };
        let mut line = String::new();
        BufReader::new(server.process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        server.port = line
            .trim_end()
            .rsplit([':', ' '])
            .find_map(|word| word.trim_end_matches('/').parse().ok())
            .expect("the port of the server");
        server
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn request(&self, target: &str) -> client::Request {
        client::Request::new(&format!("ws://127.0.0.1:{}{target}", self.port)).unwrap()
    }

    pub(crate) fn open(&self, target: &str) -> Result<(Client, client::Response), client::Error> {
        Client::open(&self.request(target))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs a script, and fails if it does, or if it takes too long.
pub(crate) fn run_script(command: &mut Command) {
    let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = process.stdout.take().unwrap();
    let printed = thread::spawn(move || io::read_to_string(&mut stdout).unwrap());
    let deadline = Instant::now() + SCRIPT_PATIENCE;
    while process.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            process.kill().unwrap();
        }
        thread::sleep(Duration::from_millis(20));
    }
    let status = process.wait().unwrap();
    println!("{}", printed.join().unwrap());
    assert!(status.success(), "{command:?}: {status}");
}

pub(crate) fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop")
}

/// Cargo puts tests into `deps` and examples beside it.
pub(crate) fn find_example(name: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let path = profile.join("examples").join(name).with_extension(env::consts::EXE_EXTENSION);
    assert!(path.exists(), "there is no {}: run `cargo build --examples`", path.display());
    path
}
