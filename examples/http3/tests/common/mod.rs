//! Servers that run as long as a test, and the series of tests that each of them must pass.
#![allow(dead_code, reason = "each test uses its part")]

use std::{
    env,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use sansocket::{Close, CloseCode, Event, client, deflate, keepalive::Timeouts};
use sansocket_http3::{Client, Ending};

/// A server process. It is killed when this is dropped.
pub struct Server {
    child: Child,
    pub port: u16,
    pub certificate: PathBuf,
    /// What it prints after its first line.
    pub lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Server {
    /// Starts a command whose first line ends with a port, perhaps followed by a path.
    pub fn start(command: &mut Command, certificate: PathBuf) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().expect("the server ended").unwrap();
        let port = line.trim_end_matches("/ws").rsplit(':').next().unwrap().parse();
        Self { child, port: port.unwrap_or_else(|_| panic!("{line}")), certificate, lines }
    }

    pub fn connect(&self, window: u64) -> Client {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        // The peer's end of a stream is not worth a long wait in a test.
        let timeouts = Timeouts::new().closing(Some(Duration::from_millis(500)));
        Client::connect(address, "localhost", &self.certificate, window, timeouts).unwrap()
    }

    pub fn request(&self, path: &str) -> client::Request {
        client::Request::new(&format!("wss://localhost:{}{path}", self.port)).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A script of tests/interop, for the Python in `SANSOCKET_PYTHON`, or in .venv.
pub fn script(name: &str) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = env::var_os("SANSOCKET_PYTHON").map_or_else(|| root.join(".venv/bin/python"), PathBuf::from);
    let found = Command::new(&python).args(["-c", "import aioquic, hypercorn"]).status();
    assert!(
        found.is_ok_and(|status| status.success()),
        "{} has no aioquic and hypercorn: install tests/interop/requirements.txt, and set SANSOCKET_PYTHON",
        python.display()
    );
    let mut command = Command::new(python);
    command.arg(root.join("tests/interop").join(name));
    command
}

/// Returns a separate directory for this test.
pub fn directory(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

pub fn text(client: &mut Client, id: u64, text: &str) {
    client.send(id, |session| session.send_text(text)).unwrap();
    assert_eq!(client.next(id).unwrap(), Some(Event::Text(text.into())), "{} bytes", text.len());
}

pub fn binary(client: &mut Client, id: u64, data: &[u8]) {
    client.send(id, |session| session.send_binary(data)).unwrap();
    assert_eq!(client.next(id).unwrap(), Some(Event::Binary(data.into())), "{} bytes", data.len());
}

/// Sends a message in three fragments, with a Ping between them if there is one.
pub fn fragments(client: &mut Client, id: u64, parts: [&str; 3], ping: Option<&[u8]>) {
    client
        .send(id, |session| {
            session.send_text_fragment(parts[0], false)?;
            if let Some(ping) = ping {
                session.send_ping(ping)?;
            }
            session.send_text_fragment(parts[1], false)?;
            session.send_text_fragment(parts[2], true)
        })
        .unwrap();
    if let Some(ping) = ping {
        assert_eq!(client.next(id).unwrap(), Some(Event::Pong(ping.into())));
    }
    assert_eq!(client.next(id).unwrap(), Some(Event::Text(parts.concat().into())));
}

pub fn close(client: &mut Client, id: u64, code: u16, reason: &str) {
    let close = Close::new(CloseCode::new(code).unwrap(), reason).unwrap();
    client.send(id, |session| session.close(close)).unwrap();
    let Some(Event::Close(Some(close))) = client.next(id).unwrap() else { panic!("no Close") };
    assert_eq!(close.code().get(), code);
    assert_eq!(client.next(id).unwrap(), None);
    let ending = client.ending(id).unwrap();
    assert_eq!((ending.code, ending.clean), (code, true));
}

pub fn noise(len: usize) -> Vec<u8> {
    (0..len).map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[5]).collect()
}

/// Checks every server. `ping` is omitted for a server that is known to lose the compression state because of
/// it.
pub fn check_series(server: &Server, compressed: bool, ping_when_compressed: bool) {
    let mut client = server.connect(1 << 20);
    let mut request = server.request("/ws").subprotocol("chat");
    if compressed {
        request = request.deflate(deflate::Config::new().min_len(0));
    }
    let (id, response) = client.open(&request).unwrap();
    assert_eq!((response.status(), response.subprotocol()), (200, Some("chat")));
    assert_eq!(response.extensions().count(), usize::from(compressed));
    text(&mut client, id, "Grüße");
    text(&mut client, id, "");
    for _ in 0..2 {
        text(&mut client, id, &"the same again, ".repeat(1000));
    }
    let ping = (!compressed || ping_when_compressed).then_some(&b"between"[..]);
    fragments(&mut client, id, ["Grü", "", "ße"], ping);
    text(&mut client, id, "after the fragments");
    binary(&mut client, id, &noise(80_000));
    close(&mut client, id, 4999, "bye");
}

/// Cancels a stream, and checks that the others of its connection continue.
pub fn check_reset(server: &Server) {
    let mut client = server.connect(1 << 20);
    let (left, _) = client.open(&server.request("/ws")).unwrap();
    let (other, _) = client.open(&server.request("/ws")).unwrap();
    text(&mut client, left, "before");
    client.cancel(left).unwrap();
    assert_eq!(client.next(left).unwrap(), None);
    let ending = client.ending(left).unwrap();
    assert_eq!(ending, Ending { code: 1006, reason: String::new(), clean: false });
    text(&mut client, other, "still there");
    close(&mut client, other, 1000, "");
}

/// Uses windows far smaller than a message.
pub fn check_small_windows(server: &Server) {
    let mut client = server.connect(3000);
    let data = noise(300_000);
    let ids: Vec<u64> = (0..3).map(|_| client.open(&server.request("/ws")).unwrap().0).collect();
    for &id in &ids {
        client.send(id, |session| session.send_binary(&data)).unwrap();
    }
    for &id in &ids {
        assert_eq!(client.next(id).unwrap(), Some(Event::Binary((&*data).into())));
    }
    for &id in &ids {
        close(&mut client, id, 1000, "");
    }
}
