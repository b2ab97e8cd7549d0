//! The crate and its examples against `websockets` for Python, over real sockets.
//!
//! Needs a Python that has `tests/interop/requirements.txt`: the one in the environment variable
//! `SANSOCKET_PYTHON`, else `.venv/bin/python`, else `python3`. Where there is none these tests pass and say
//! that they did nothing, unless the variable is set. `tests/README.md` has the commands.
//!
//! The examples are run as cargo has built them for `cargo test`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::{
    collections::VecDeque,
    env,
    ffi::{OsStr, OsString},
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use sansocket::{Close, CloseCode, Connection, Event, Input, MAX_REASON_LEN, State, client, random_seed};

/// How long the other side may be silent. Generous, as machines may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a whole script may take. The scripts have a shorter limit of their own.
const SCRIPT_PATIENCE: Duration = Duration::from_secs(600);

#[test]
fn clients_of_websockets_and_the_echo_server() {
    run_script("clients.py", "echo_server");
}

#[test]
fn servers_of_websockets_and_the_client() {
    run_script("servers.py", "client");
}

#[test]
fn a_server_of_websockets_echoes_messages_of_every_length_form() {
    let Some(server) = Server::start() else { return };
    let (mut client, _) = server.open("/echo").unwrap();
    for size in [0, 1, 125, 126, 127, 65_535, 65_536, 5 << 20] {
        let text = "é".repeat(size / 2) + &"x".repeat(size % 2);
        client.send(|connection, out| connection.send_text(&text, out).unwrap());
        assert_eq!(client.next(), Event::Text(text.into()), "{size} bytes of text");
        let data: Vec<u8> = (0..=250).cycle().take(size).collect();
        client.send(|connection, out| connection.send_binary(&data, out).unwrap());
        assert_eq!(client.next(), Event::Binary(data.into()), "{size} bytes");
    }
    client.close(CloseCode::NORMAL.into());
}

#[test]
fn a_server_of_websockets_puts_our_fragments_together() {
    let Some(server) = Server::start() else { return };
    let (mut client, _) = server.open("/echo").unwrap();
    client.send(|connection, out| {
        connection.send_text_fragment("Grü", false, out).unwrap();
        connection.send_ping(b"between", out).unwrap();
        connection.send_text_fragment("", false, out).unwrap();
        connection.send_text_fragment("ße", true, out).unwrap();
    });
    assert_eq!(client.next(), Event::Pong(b"between".into()));
    assert_eq!(client.next(), Event::Text("Grüße".into()));
    client.send(|connection, out| {
        for i in 0..100 {
            connection.send_binary_fragment(&[i; 100], i == 99, out).unwrap();
        }
    });
    let whole: Vec<u8> = (0..100).flat_map(|i| [i; 100]).collect();
    assert_eq!(client.next(), Event::Binary(whole.into()));
    client.close(CloseCode::NORMAL.into());
}

#[test]
fn fragments_of_websockets_are_put_together() {
    let Some(server) = Server::start() else { return };
    let (mut client, _) = server.open("/fragments").unwrap();
    assert_eq!(client.next(), Event::Text("Grüße".into()));
    assert_eq!(client.next(), Event::Text("世界".into()));
    let whole: Vec<u8> = (0..1000_u32).flat_map(|i| vec![i.to_le_bytes()[0]; i as usize]).collect();
    assert_eq!(client.next(), Event::Binary(whole.into()));
    assert_eq!(client.next(), Event::Close(Some(CloseCode::NORMAL.into())));
    client.end();
}

#[test]
fn pings_are_answered_in_both_directions() {
    let Some(server) = Server::start() else { return };
    let (mut client, _) = server.open("/pings").unwrap();
    for payload in [&b""[..], b"ping", &[b'x'; 125], b"between fragments"] {
        assert_eq!(client.next(), Event::Ping(payload.into()));
    }
    assert_eq!(client.next(), Event::Text("all answered".into()));
    assert_eq!(client.next(), Event::Close(Some(CloseCode::NORMAL.into())));
    client.end();

    let (mut client, _) = server.open("/echo").unwrap();
    for payload in [&b""[..], b"ping", &[b'x'; 125]] {
        client.send(|connection, out| connection.send_ping(payload, out).unwrap());
        assert_eq!(client.next(), Event::Pong(payload.into()));
    }
    client.close(CloseCode::NORMAL.into());
}

#[test]
fn code_and_reason_of_a_close_go_both_ways() {
    let Some(server) = Server::start() else { return };
    let longest = "x".repeat(MAX_REASON_LEN);
    for (code, reason) in [(1000, ""), (1001, "bye"), (3000, &*longest), (4999, "Grüße")] {
        let close = Close::new(CloseCode::new(code).unwrap(), reason).unwrap().into_owned();
        let (mut client, _) = server.open("/echo").unwrap();
        client.close(close.clone());

        let query = reason.replace("Grüße", "Gr%C3%BC%C3%9Fe");
        let (mut client, _) = server.open(&format!("/close?code={code}&reason={query}")).unwrap();
        assert_eq!(client.next(), Event::Close(Some(close)));
        client.end();
    }
}

#[test]
fn a_subprotocol_and_headers_are_negotiated() {
    let Some(server) = Server::start() else { return };
    let request = server.request("/headers").subprotocol("superchat").subprotocol("chat");
    let (mut client, response) =
        Client::open(&request.origin("http://example.com").header("X-Id", "7")).unwrap();
    assert_eq!((response.status(), response.subprotocol()), (101, Some("chat")));
    let Event::Text(headers) = client.next() else { panic!("the server lists the headers") };
    for line in ["Sec-WebSocket-Protocol: superchat, chat", "Origin: http://example.com", "X-Id: 7"] {
        assert!(headers.lines().any(|header| header == line), "{line} in {headers}");
    }
    assert_eq!(client.next(), Event::Close(Some(CloseCode::NORMAL.into())));
    client.end();
}

#[test]
fn a_refusal_comes_with_status_headers_and_body() {
    let Some(server) = Server::start() else { return };
    let Err(client::Error::Rejected(response)) = server.open("/refuse") else { panic!("not refused") };
    assert_eq!((response.status(), response.body()), (403, &b"not today\n"[..]));
    assert!(!response.is_truncated());
    assert_eq!(response.header("x-reason"), Some(&b"it is late"[..]));
    let cookies: Vec<_> = response.headers().filter(|(name, _)| *name == "Set-Cookie").collect();
    assert_eq!(cookies, [("Set-Cookie", &b"a=1"[..]), ("Set-Cookie", b"b=2")]);
}

/// A client with a blocking socket.
struct Client {
    stream: TcpStream,
    connection: Connection,
    events: VecDeque<Event<'static>>,
}

impl Client {
    fn open(request: &client::Request) -> Result<(Self, client::Response), client::Error> {
        let uri = request.uri();
        let mut stream = TcpStream::connect((uri.host_without_brackets(), uri.port())).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
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
    fn next(&mut self) -> Event<'static> {
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

    fn send(&mut self, append: impl FnOnce(&mut Connection, &mut Vec<u8>)) {
        let mut out = Vec::new();
        append(&mut self.connection, &mut out);
        self.stream.write_all(&out).unwrap();
    }

    /// Closes, and expects the same Close back and the end of the connection.
    fn close(&mut self, close: Close<'static>) {
        self.send(|connection, out| connection.send_close(close.clone(), out).unwrap());
        assert_eq!(self.next(), Event::Close(Some(close)));
        self.end();
    }

    /// Expects the server to end the connection, after both Closes.
    fn end(&mut self) {
        assert_eq!(self.connection.state(), State::Draining);
        assert_eq!(self.stream.read(&mut [0]).unwrap(), 0);
        self.connection.receive_eof().unwrap();
        assert!(self.connection.closure().unwrap().clean);
        // The server may have closed its socket altogether.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// The server in `server.py`.
struct Server {
    // Its standard input is closed when it is dropped, which ends it too if this process is killed.
    process: Child,
    port: u16,
}

impl Server {
    fn start() -> Option<Self> {
        let process = Command::new(python()?)
            .arg(scripts().join("server.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut server = Self { process, port: 0 };
        let mut line = String::new();
        BufReader::new(server.process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        server.port = line.trim_end().parse().expect("the port of the server");
        Some(server)
    }

    fn request(&self, target: &str) -> client::Request {
        client::Request::new(&format!("ws://127.0.0.1:{}{target}", self.port)).unwrap()
    }

    fn open(&self, target: &str) -> Result<(Client, client::Response), client::Error> {
        Client::open(&self.request(target))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs a script with the path of an example, and fails if it does, or if it takes too long.
fn run_script(script: &str, example: &str) {
    let Some(python) = python() else { return };
    let mut process = Command::new(python)
        .arg(scripts().join(script))
        .arg(find_example(example))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
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
    assert!(status.success(), "{script}: {status}");
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop")
}

/// Cargo puts tests into `deps` and examples beside it.
fn find_example(name: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let path = profile.join("examples").join(name).with_extension(env::consts::EXE_EXTENSION);
    assert!(path.exists(), "there is no {}: run `cargo build --examples`", path.display());
    path
}

/// A Python that has `websockets`. If there is none, says so once.
fn python() -> Option<&'static OsStr> {
    static PYTHON: OnceLock<Option<OsString>> = OnceLock::new();
    PYTHON.get_or_init(find_python).as_deref()
}

fn find_python() -> Option<OsString> {
    if let Some(python) = env::var_os("SANSOCKET_PYTHON") {
        let has = has_websockets(&python);
        assert!(has, "SANSOCKET_PYTHON is {}, which has no websockets module", python.display());
        return Some(python);
    }
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python");
    let found = [venv.into_os_string(), "python3".into()].into_iter().find(|python| has_websockets(python));
    if found.is_none() {
        // Written past the capture of the test runner, so that it can be seen.
        let _ = io::stderr().write_all(
            b"\ntests/interop.rs: LEFT OUT, for want of a Python with websockets. To have it:\n    \
              python3 -m venv .venv && .venv/bin/pip install -r tests/interop/requirements.txt\n",
        );
    }
    found
}

fn has_websockets(python: &OsStr) -> bool {
    Command::new(python)
        .args(["-c", "import websockets.asyncio.server"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
