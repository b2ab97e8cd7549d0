//! The versions before RFC 6455 against other implementations, over real sockets.
//!
//! Needs what `tests/interop/legacy/install.sh target/legacy` installs. Without it these tests are skipped
//! with a message, unless the environment variable `SANSOCKET_LEGACY` is set; it names another folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use sansocket::{
    CloseCode, Event, Input, State,
    client::{Error, Request, Response},
    handshake::HandshakeLimits,
    legacy::{self, Connection, Version, Versions},
    server::Accept,
};

#[path = "common/peers.rs"]
mod peers;

/// How long the other side may be silent. Generous, as machines may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

const ORIGIN: &str = "http://localhost";

/// A server of others, in a process of its own.
struct Peer {
    name: &'static str,
    process: Child,
    port: u16,
    /// Whether it closes if it is asked to.
    closes: bool,
    /// The versions that it speaks.
    versions: &'static [Version],
}

impl Peer {
    /// Starts a server that takes its port as last argument, and waits until it listens.
    fn start(name: &'static str, command: &mut Command, closes: bool, versions: &'static [Version]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        command.arg(port.to_string()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let peer = Self { name, process, port, closes, versions };
        assert_eq!(line.trim_end(), "listening", "{name}");
        peer
    }

    fn request(&self) -> Request {
        // Netty responds with its configured path as location, not with the requested path.
        let target = if self.name == "Netty" { "/" } else { "/demo?x=1" };
        Request::new(&format!("ws://127.0.0.1:{}{target}", self.port)).unwrap().origin(ORIGIN)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Our client with a blocking socket.
struct Client {
    stream: TcpStream,
    connection: Connection,
    buf: Vec<u8>,
    start: usize,
}

impl Client {
    fn open(
        port: u16,
        request: &Request,
        version: Version,
        seed: [u8; 32],
    ) -> Result<(Self, Response), Error> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut out = Vec::new();
        let mut handshake = legacy::client::Handshake::new(request, version, seed, &mut out).unwrap();
        stream.write_all(&out).unwrap();
        let mut buf = vec![0; 1 << 16];
        loop {
            let count = stream.read(&mut buf).unwrap();
            if count == 0 {
                handshake.receive_eof()?;
            }
            let mut input = Input::new(&mut buf[..count]);
            if let Some((connection, response)) = handshake.receive(&mut input)? {
                let start = count - input.len();
                buf.truncate(count);
                return Ok((Self { stream, connection, buf, start }, response));
            }
        }
    }

    fn send(&mut self, append: impl FnOnce(&mut Connection, &mut Vec<u8>)) {
        let mut out = Vec::new();
        append(&mut self.connection, &mut out);
        self.stream.write_all(&out).unwrap();
    }

    /// The next event, or `None` if the transport has ended.
    fn next(&mut self) -> Option<Event<'static>> {
        loop {
            let mut out = Vec::new();
            let filled = self.buf.len();
            let mut input = Input::new(&mut self.buf[self.start..]);
            let event = self.connection.receive(&mut input, &mut out).unwrap().map(Event::into_owned);
            self.start = filled - input.len();
            self.stream.write_all(&out).unwrap();
            if event.is_some() {
                return event;
            }
            self.buf.resize(1 << 16, 0);
            let count = match self.stream.read(&mut self.buf) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
                count => count.unwrap(),
            };
            self.buf.truncate(count);
            self.start = 0;
            if count == 0 {
                return None;
            }
        }
    }

    fn expect(&mut self, text: &str) {
        assert_eq!(self.next(), Some(Event::Text(text.to_owned().into())));
    }

    /// Reads to the end of the connection, or until both sides have closed.
    fn finish(&mut self) -> Option<Event<'static>> {
        let event = self.next();
        if self.connection.state() != State::Draining {
            assert_eq!(event, None, "an event after our close");
        }
        event
    }
}

/// A seed, one for each number.
fn seed(number: u8) -> [u8; 32] {
    [number; 32]
}

const ALL: &[Version] =
    &[Version::Hixie75, Version::Hixie76, Version::Hybi7, Version::Hybi8, Version::Rfc6455];
const OLD_AND_CURRENT: &[Version] = &[Version::Hixie75, Version::Hixie76, Version::Rfc6455];
const FROM_HIXIE76: &[Version] = &[Version::Hixie76, Version::Hybi7, Version::Hybi8, Version::Rfc6455];
const HYBI: &[Version] = &[Version::Hybi7, Version::Hybi8, Version::Rfc6455];

/// All servers of others.
fn peers(installed: &Path) -> Vec<Peer> {
    let folder = scripts();
    let script = |program: &str, name: &str| {
        let mut command = Command::new(program);
        command.arg(folder.join(name));
        command
    };
    let mut node = script("node", "driver.js");
    node.env("NODE_PATH", installed.join("node_modules"));
    // Otherwise Node.js searches for the module next to the script.
    let python = installed.join("python/bin/python");
    vec![
        Peer::start("em-websocket", &mut script("ruby", "em.rb"), true, ALL),
        Peer::start("websocket-driver for Ruby", &mut script("ruby", "driver.rb"), true, ALL),
        Peer::start("websocket-driver for Node.js", &mut node, true, OLD_AND_CURRENT),
        Peer::start("Protocol::WebSocket", &mut script("perl", "server.pl"), false, ALL),
        Peer::start("Netty", &mut java(installed), false, ALL),
        Peer::start("websocketpp", &mut Command::new(installed.join("websocketpp")), true, FROM_HIXIE76),
        Peer::start("txWS", &mut script(python.to_str().unwrap(), "txws_server.py"), false, HYBI),
    ]
}

/// L10, L13, L28, L29, L31, L41, L44, L47, L48: our client and the servers of others, in every version that
/// they speak.
#[test]
fn our_client_and_servers_of_others() {
    let Some(installed) = installed() else { return };
    for peer in peers(&installed) {
        for &version in ALL {
            if !peer.versions.contains(&version) {
                // txWS does not respond to requests it does not understand.
                if peer.name != "txWS" {
                    refuses(&peer, version);
                }
                continue;
            }
            talk(&peer, version);
            close_first(&peer, version);
            // websocket-driver for Node.js does not close the transport in hixie-75.
            let ends = version != Version::Hixie75 || peer.name != "websocket-driver for Node.js";
            if peer.closes && ends {
                is_closed(&peer, version);
            }
        }
    }
}

/// One message, several in one write, and long ones.
fn talk(peer: &Peer, version: Version) {
    let (mut client, response) = Client::open(peer.port, &peer.request(), version, seed(1))
        .unwrap_or_else(|error| panic!("{} in {version:?}: {error}", peer.name));
    assert_eq!((response.status(), client.connection.version()), (101, version));
    client.send(|connection, out| connection.send_text("Hello", out).unwrap());
    client.expect("Hello");
    // Netty loses the first bytes of a hixie text that is split across its reads, which may be small; txWS treats
    // a split frame as several.
    let is_hixie = matches!(version, Version::Hixie75 | Version::Hixie76);
    let is_short = peer.name == "txWS" || peer.name == "Netty" && is_hixie;
    let texts = ["Grüße, 世界 𝄞", "x", &"long ".repeat(if is_short { 2 } else { 6000 })];
    client.send(|connection, out| texts.iter().for_each(|text| connection.send_text(text, out).unwrap()));
    for text in texts {
        client.expect(text);
    }
    println!("{} in {version:?}: talks", peer.name);
}

fn close_first(peer: &Peer, version: Version) {
    let (mut client, _) = Client::open(peer.port, &peer.request(), version, seed(2)).unwrap();
    client.send(|connection, out| connection.send_close(CloseCode::NORMAL, out).unwrap());
    if version == Version::Hixie75 {
        assert_eq!(client.connection.state(), State::Draining);
        client.stream.shutdown(Shutdown::Write).unwrap();
    } else {
        let event = client.finish();
        // em-websocket closes the transport instead.
        let may_end = version == Version::Hixie76 && peer.name == "em-websocket";
        match event {
            Some(Event::Close(_)) => assert_eq!(client.connection.state(), State::Draining),
            None if may_end => {}
            event => panic!("{} in {version:?}: {event:?}", peer.name),
        }
    }
    println!("{} in {version:?}: is closed", peer.name);
}

fn is_closed(peer: &Peer, version: Version) {
    let (mut client, _) = Client::open(peer.port, &peer.request(), version, seed(3)).unwrap();
    client.send(|connection, out| connection.send_text("close", out).unwrap());
    let event = client.next();
    match (version, event) {
        (Version::Hixie75, None) => assert_eq!(client.connection.receive_eof(), Ok(())),
        (Version::Hixie76, None) if peer.name == "em-websocket" => {}
        (Version::Hixie76, Some(Event::Close(None))) | (_, Some(Event::Close(_))) => {
            assert_eq!(client.connection.state(), State::Draining);
        }
        (_, event) => panic!("{} in {version:?}: {event:?}", peer.name),
    }
    println!("{} in {version:?}: closes", peer.name);
}

/// L29, L53: a server that does not speak the version refuses it, or ends the transport.
fn refuses(peer: &Peer, version: Version) {
    let error = Client::open(peer.port, &peer.request(), version, seed(4)).map(drop).unwrap_err();
    println!("{} in {version:?}: {error}", peer.name);
}

/// L15, L16, L28: the challenges of 150 seeds, with every server that implements them.
#[test]
fn servers_of_others_answer_our_challenges() {
    let Some(installed) = installed() else { return };
    for peer in peers(&installed) {
        if peer.versions.contains(&Version::Hixie76) {
            for number in 0..150 {
                let opened = Client::open(peer.port, &peer.request(), Version::Hixie76, seed(number));
                assert!(opened.is_ok(), "{}: {:?}", peer.name, opened.map(drop));
            }
            println!("{}: 150 challenges", peer.name);
        }
    }
}

/// L25, L26: the subprotocol is selected where the server can.
#[test]
fn servers_of_others_select_our_subprotocol() {
    let Some(installed) = installed() else { return };
    for peer in peers(&installed) {
        let versions: &[Version] = match peer.name {
            "Netty" => ALL,
            "websocketpp" => FROM_HIXIE76,
            "websocket-driver for Node.js" => &[Version::Rfc6455],
            _ => continue,
        };
        for &version in versions {
            let request = peer.request().subprotocol("chat");
            let (mut client, response) = Client::open(peer.port, &request, version, seed(5)).unwrap();
            let name =
                if version == Version::Hixie75 { "websocket-protocol" } else { "sec-websocket-protocol" };
            assert_eq!(response.header(name), Some(&b"chat"[..]), "{} in {version:?}", peer.name);
            client.send(|connection, out| connection.send_text("Hello", out).unwrap());
            client.expect("Hello");
        }
    }
}

/// L11, L16, L18, L20, L23, L34, L44, L47, L48: clients of others and one port of ours for every version.
#[test]
fn clients_of_others_and_our_server() {
    let Some(installed) = installed() else { return };
    let (port, served) = serve(Versions::new().hixie75().hixie76().hybi7().hybi8());
    let mut expected = Vec::new();
    for (draft, version, end) in [
        ("draft-hixie-75", Version::Hixie75, None),
        ("draft-ietf-hybi-00", Version::Hixie76, Some("ff00")),
        ("draft-ietf-hybi-10", Version::Hybi8, Some("880203e8")),
        ("draft-ietf-hybi-17", Version::Rfc6455, Some("880203e8")),
    ] {
        let printed =
            run(Command::new("perl").arg(scripts().join("client.pl")).args([draft, &port.to_string()]));
        let end = end.map(|end| format!("end {end}\n")).unwrap_or_default();
        assert_eq!(printed, Some(format!("got Hello\n{end}")), "Protocol::WebSocket, {draft}");
        expected.push(version);
    }
    for (number, version) in
        [("0", Version::Hixie76), ("7", Version::Hybi7), ("8", Version::Hybi8), ("13", Version::Rfc6455)]
    {
        let uri = format!("ws://127.0.0.1:{port}/demo");
        assert_eq!(
            run(java(&installed).args([&uri, number])).as_deref(),
            Some("got Hello\n"),
            "Netty, {number}"
        );
        expected.push(version);
    }
    for (number, version) in [("75", Version::Hixie75), ("7", Version::Hybi7), ("8", Version::Hybi8)] {
        let printed =
            run(Command::new("ruby").arg(scripts().join("client.rb")).args([number, &port.to_string()]));
        assert_eq!(printed.as_deref(), Some("got Hello\n"), "gem websocket, {number}");
        expected.push(version);
    }
    let seen: Vec<Version> = served.try_iter().collect();
    assert_eq!(seen, expected);
}

/// L06, L54: clients of others whose version is not enabled are refused.
#[test]
fn clients_of_others_are_refused_by_default() {
    let Some(_) = installed() else { return };
    let (port, served) = serve(Versions::new());
    for draft in ["draft-hixie-75", "draft-ietf-hybi-00", "draft-ietf-hybi-10"] {
        let printed =
            run(Command::new("perl").arg(scripts().join("client.pl")).args([draft, &port.to_string()]));
        assert_eq!(printed, None, "{draft}");
    }
    assert_eq!(served.try_iter().count(), 0);
}

/// L47: the example serves every version on one port, and its clock ticks for a client of hixie-76.
#[test]
fn the_example_serves_every_version_and_ticks() {
    let mut command = Command::new(peers::find_example("legacy_server"));
    let server = peers::Server::start(command.arg("127.0.0.1:0"));
    let request = |target| server.request(target).origin(ORIGIN);
    for &version in ALL {
        let (mut client, _) = Client::open(server.port(), &request("/echo"), version, seed(6)).unwrap();
        client.send(|connection, out| connection.send_text("Hello", out).unwrap());
        client.expect("Hello");
        client.send(|connection, out| connection.send_close(CloseCode::NORMAL, out).unwrap());
        match version {
            Version::Hixie75 => client.stream.shutdown(Shutdown::Write).unwrap(),
            _ => assert!(matches!(client.next(), Some(Event::Close(_)))),
        }
        assert_eq!(client.next(), None);
        assert_eq!(client.connection.receive_eof(), Ok(()));
    }
    let (mut client, _) = Client::open(server.port(), &request("/clock"), Version::Hixie76, seed(7)).unwrap();
    let mut last = String::new();
    for _ in 0..3 {
        let Some(Event::Text(time)) = client.next() else { panic!("the clock stands still") };
        assert!(time.len() == 8 && time.split(':').all(|part| part.parse::<u8>().is_ok()), "{time}");
        assert_ne!(time, last);
        last = time.into_owned();
    }
}

/// The crate's echo server: its port, and the versions of its connections in order.
fn serve(versions: Versions) -> (u16, mpsc::Receiver<Version>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let sender = sender.clone();
            thread::spawn(move || attend(stream.unwrap(), versions, &sender));
        }
    });
    (port, receiver)
}

fn attend(mut stream: TcpStream, versions: Versions, opened: &mpsc::Sender<Version>) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut handshake = legacy::server::Handshake::new(HandshakeLimits::new(), versions);
    let mut connection = None;
    let mut buf = [0; 4096];
    loop {
        let count = stream.read(&mut buf).unwrap_or_default();
        if count == 0 {
            return;
        }
        let (mut input, mut out) = (Input::new(&mut buf[..count]), Vec::new());
        let result = step(&mut handshake, &mut connection, &mut input, &mut out, opened);
        stream.write_all(&out).unwrap();
        if result.is_err()
            || connection.as_ref().is_some_and(|connection| connection.state() == State::Draining)
        {
            stream.shutdown(Shutdown::Write).unwrap();
        }
    }
}

fn step(
    handshake: &mut legacy::server::Handshake,
    connection: &mut Option<Connection>,
    input: &mut Input<'_>,
    out: &mut Vec<u8>,
    opened: &mpsc::Sender<Version>,
) -> Result<(), Box<dyn std::error::Error>> {
    if connection.is_none() {
        let Some(request) = handshake.receive(input, out)? else { return Ok(()) };
        opened.send(request.version())?;
        *connection = Some(request.accept(Accept::new(), out)?);
    }
    let Some(connection) = connection else { return Ok(()) };
    while let Some(event) = connection.receive(input, out)? {
        match event {
            Event::Text(text) => connection.send_text(&text, out)?,
            Event::Binary(data) => connection.send_binary(&data, out)?,
            _ => {}
        }
    }
    Ok(())
}

/// Runs a client. Returns its output if it succeeded.
fn run(command: &mut Command) -> Option<String> {
    let mut process =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while process.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            process.kill().unwrap();
        }
        thread::sleep(Duration::from_millis(20));
    }
    let output = process.wait_with_output().unwrap();
    print!("{}", String::from_utf8_lossy(&output.stderr));
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/legacy")
}

/// Netty, as a server or as a client.
fn java(installed: &Path) -> Command {
    let mut path = installed.display().to_string();
    for entry in std::fs::read_dir("/usr/share/java").unwrap() {
        let file = entry.unwrap().path();
        if file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("netty")) {
            path.push(':');
            path.push_str(file.to_str().unwrap());
        }
    }
    let mut command = Command::new("java");
    command.args(["-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", &path, "NettyEcho"]);
    command
}

/// The folder of the installed peers.
fn installed() -> Option<PathBuf> {
    let variable = env::var_os("SANSOCKET_LEGACY");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(variable.as_deref().unwrap_or_else(|| "target/legacy".as_ref()));
    if folder.join("installed").exists() {
        return Some(folder);
    }
    let hint = "tests/interop/legacy/install.sh target/legacy";
    assert!(variable.is_none(), "the peers are missing: {hint}");
    // Written directly, because the test runner captures `println`.
    let _ = writeln!(
        io::stderr(),
        "\ntests/legacy_interop.rs: LEFT OUT, for want of peers. To have them:\n    {hint}"
    );
    None
}
