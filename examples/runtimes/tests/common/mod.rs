//! A program under test, and a client with blocking sockets that talks to it.
#![allow(dead_code, reason = "each test uses its part")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use sansocket::{Close, CloseCode, Connection, Event, Input, client, random_seed};

/// The maximum time for any operation.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A server that runs until this is dropped.
pub struct Server {
    child: Child,
    /// The lines that it prints.
    lines: Receiver<String>,
    pub address: String,
}

impl Server {
    pub fn start(program: &str, args: &[&str]) -> Self {
        Self::run(&mut Command::new(program), program, args)
    }

    /// Starts the server with a limit on the number of open files.
    pub fn start_with_files(program: &str, files: u32, args: &[&str]) -> Self {
        let script = format!("ulimit -n {files} && exec \"$0\" \"$@\"");
        Self::run(Command::new("sh").args(["-c", &script, program]), program, args)
    }

    /// Returns the number of its open files.
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).map_or(0, Iterator::count)
    }

    /// Sends it a signal, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    fn run(command: &mut Command, program: &str, args: &[&str]) -> Self {
        let mut child = command
            .arg("127.0.0.1:0")
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut server = Self { child, lines, address: String::new() };
        let line = server.line();
        let rest = line.split_once("://").unwrap_or_else(|| panic!("{line}")).1;
        rest.split('/').next().unwrap().clone_into(&mut server.address);
        server
    }

    /// Returns the next line that it prints.
    pub fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the server says nothing")
    }

    pub fn connect(&self, path: &str) -> Client {
        Client::connect(&self.address, path, |request| request).expect("the server refuses")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An event that a client sees.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Pong(Vec<u8>),
    Closed(u16),
    /// The transport was closed.
    End,
}

pub struct Client {
    pub connection: Connection,
    pub stream: TcpStream,
    pub response: client::Response,
    unread: Vec<u8>,
    out: Vec<u8>,
}

impl Client {
    pub fn connect(
        address: &str,
        path: &str,
        change: impl FnOnce(client::Request) -> client::Request,
    ) -> Result<Self, client::Error> {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let request = change(client::Request::new(&format!("ws://{address}{path}")).unwrap());
        let mut out = Vec::new();
        let mut handshake = client::Handshake::new(&request, random_seed().unwrap(), &mut out).unwrap();
        stream.write_all(&out).unwrap();
        out.clear();
        let mut buf = [0; 4096];
        loop {
            let count = stream.read(&mut buf).unwrap();
            if count == 0 {
                handshake.receive_eof()?;
            }
            let mut input = Input::new(&mut buf[..count]);
            if let Some((connection, response)) = handshake.receive(&mut input)? {
                let unread = input.remaining().to_vec();
                return Ok(Self { connection, stream, response, unread, out });
            }
        }
    }

    pub fn text(&mut self, text: &str) {
        self.connection.send_text(text, &mut self.out).unwrap();
        self.write();
    }

    pub fn binary(&mut self, data: &[u8]) {
        self.connection.send_binary(data, &mut self.out).unwrap();
        self.write();
    }

    pub fn ping(&mut self, data: &[u8]) {
        self.connection.send_ping(data, &mut self.out).unwrap();
        self.write();
    }

    pub fn close(&mut self) {
        self.connection.send_close(Close::from(CloseCode::NORMAL), &mut self.out).unwrap();
        self.write();
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    fn write(&mut self) {
        self.stream.write_all(&self.out).unwrap();
        self.out.clear();
    }

    /// Returns the next event from the server.
    pub fn next(&mut self) -> Seen {
        let mut buf = vec![0; 64 << 10];
        loop {
            let mut input = Input::new(&mut self.unread);
            let mut seen = None;
            while let (None, Some(event)) =
                (&seen, self.connection.receive(&mut input, &mut self.out).unwrap())
            {
                seen = match event {
                    Event::Text(text) => Some(Seen::Text(text.into_owned())),
                    Event::Binary(data) => Some(Seen::Binary(data.into_owned())),
                    Event::Pong(data) => Some(Seen::Pong(data.to_vec())),
                    Event::Close(close) => Some(Seen::Closed(close.map_or(1005, |close| close.code().get()))),
                    _ => None,
                };
                if seen.is_some() {
                    break;
                }
            }
            self.unread = input.remaining().to_vec();
            self.write();
            if let Some(seen) = seen {
                return seen;
            }
            match self.stream.read(&mut buf).unwrap() {
                0 => {
                    self.connection.receive_eof().unwrap();
                    return Seen::End;
                }
                count => self.unread.extend_from_slice(&buf[..count]),
            }
        }
    }
}

/// Checks the requirements for every echo server.
pub fn check_echo(server: &Server, path: &str) {
    // Messages with all forms of length, in one connection.
    let mut client = server.connect(path);
    for len in [0, 1, 125, 126, 65_535, 65_536, 300_000] {
        client.binary(&vec![7; len]);
        assert_eq!(client.next(), Seen::Binary(vec![7; len]), "{len} bytes");
    }
    client.text("Grüße");
    assert_eq!(client.next(), Seen::Text("Grüße".into()));
    client.ping(b"there?");
    assert_eq!(client.next(), Seen::Pong(b"there?".to_vec()));
    client.close();
    assert_eq!(client.next(), Seen::Closed(1000));
    assert_eq!(client.next(), Seen::End);

    // One byte at a time.
    let mut client = server.connect(path);
    let mut bytes = Vec::new();
    client.connection.send_text("slowly", &mut bytes).unwrap();
    for byte in bytes {
        client.raw(&[byte]);
    }
    assert_eq!(client.next(), Seen::Text("slowly".into()));

    // A client that breaks the protocol is told why, and the transport is closed.
    client.raw(b"\xff\xff");
    assert_eq!(client.next(), Seen::Closed(1002));
    assert_eq!(client.next(), Seen::End);

    // Many clients at a time, some of which disconnect without a Close.
    let mut clients: Vec<Client> = (0..200).map(|_| server.connect(path)).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.text(&number.to_string());
    }
    clients.truncate(150);
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.next(), Seen::Text(number.to_string()));
    }
}

/// Checks that a client that sends and does not read cannot make the server buffer its data.
pub fn check_back_pressure(server: &Server, path: &str) {
    let mut client = server.connect(path);
    let mut message = Vec::new();
    client.connection.send_binary(&vec![7; 60_000], &mut message).unwrap();
    client.stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    // Loopback sockets buffer a few megabytes. A server that kept reading would take far more.
    let mut sent = 0_u64;
    while client.stream.write_all(&message).is_ok() {
        sent += message.len() as u64;
        assert!(sent < 256 << 20, "the server goes on reading");
    }
    let mut other = server.connect(path);
    other.text("still there");
    assert_eq!(other.next(), Seen::Text("still there".into()));
}
