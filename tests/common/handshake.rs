//! Helpers for the tests of the handshake: heads to change, and runs with the input split in every way.

#![allow(dead_code, unreachable_pub, reason = "not every test file uses all of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use core::fmt::Debug;

use sansocket::{
    Input, client,
    handshake::{Extension, HandshakeError, HandshakeLimits},
    server::{self, Incoming},
};

/// A head that a test changes in one place.
#[derive(Clone)]
pub struct Head {
    pub line: Vec<u8>,
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Head {
    pub fn new(line: &str, headers: &[(&str, &str)]) -> Self {
        let headers =
            headers.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
        Self { line: line.as_bytes().to_vec(), headers: headers.collect() }
    }

    /// The request on which all rows of the tables are based.
    pub fn request() -> Self {
        Self::new(
            "GET /chat HTTP/1.1",
            &[
                ("Host", "server.example.com"),
                ("Upgrade", "websocket"),
                ("Connection", "Upgrade"),
                ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
                ("Sec-WebSocket-Version", "13"),
            ],
        )
    }

    pub fn line(mut self, line: impl AsRef<[u8]>) -> Self {
        self.line = line.as_ref().to_vec();
        self
    }

    /// Adds a header line.
    pub fn add(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.as_ref().to_vec(), value.as_ref().to_vec()));
        self
    }

    /// Removes the header lines with this name.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name.as_bytes()));
        self
    }

    /// Sets the value of a header.
    pub fn set(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.without(name).add(name, value)
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = [&self.line[..], b"\r\n"].concat();
        for (name, value) in &self.headers {
            bytes.extend([&name[..], b": ", value, b"\r\n"].concat());
        }
        bytes.extend(b"\r\n");
        bytes
    }
}

/// An element of Sec-WebSocket-Extensions in the form in which the tests write it: `name a b=1`.
pub fn show(extension: &Extension<'_>) -> String {
    extension.params().fold(extension.name().to_owned(), |shown, (name, value)| match value {
        Some(value) => format!("{shown} {name}={value}"),
        None => format!("{shown} {name}"),
    })
}

/// Everything that a request returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub websocket: bool,
    pub target: String,
    pub authority: String,
    pub origin: Option<String>,
    pub subprotocols: Vec<String>,
    pub extensions: Vec<String>,
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Seen {
    pub fn of(request: &server::Request) -> Self {
        Self {
            websocket: true,
            target: request.target().to_owned(),
            authority: request.authority().to_owned(),
            origin: request.origin().map(str::to_owned),
            subprotocols: request.subprotocols().map(str::to_owned).collect(),
            extensions: request.extensions().map(|extension| show(&extension)).collect(),
            headers: request.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect(),
        }
    }

    pub fn of_plain(request: &server::PlainRequest) -> Self {
        Self {
            websocket: false,
            target: request.target().to_owned(),
            authority: request.authority().to_owned(),
            origin: None,
            subprotocols: Vec::new(),
            extensions: Vec::new(),
            headers: request.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect(),
        }
    }
}

/// The outcome of a server's handshake. If it succeeded, the request was accepted as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerRun {
    pub result: Result<Option<Seen>, HandshakeError>,
    pub out: Vec<u8>,
    pub remaining: Vec<u8>,
}

/// Runs a server over the bytes, in one read and split, and checks that the results are equal.
pub fn serve(bytes: &[u8], limits: HandshakeLimits) -> ServerRun {
    let run = same_for_all_cuts(bytes, |pieces| serve_pieces(pieces, limits, false));
    #[cfg(feature = "legacy")]
    assert_eq!(serve_without_versions(bytes, limits, false), seen_by_all(&run), "{}", bytes.escape_ascii());
    run
}

/// As [`serve`], for a server that takes plain HTTP too.
pub fn serve_any(bytes: &[u8]) -> ServerRun {
    let limits = HandshakeLimits::new();
    let run = same_for_all_cuts(bytes, |pieces| serve_pieces(pieces, limits, true));
    #[cfg(feature = "legacy")]
    assert_eq!(serve_without_versions(bytes, limits, true), seen_by_all(&run), "{}", bytes.escape_ascii());
    run
}

/// The results that a run through the handshake of all versions has as well.
#[cfg(feature = "legacy")]
fn seen_by_all(run: &ServerRun) -> ServerRun {
    let mut run = run.clone();
    if let Ok(Some(seen)) = &mut run.result {
        seen.extensions.clear();
    }
    run
}

/// Serves with the handshake of all versions, none of them enabled: the results must be equal.
#[cfg(feature = "legacy")]
fn serve_without_versions(bytes: &[u8], limits: HandshakeLimits, any: bool) -> ServerRun {
    use sansocket::legacy::{
        Versions,
        server::{Handshake, Incoming},
    };

    let mut handshake = Handshake::new(limits, Versions::new());
    let mut run = ServerRun { result: Ok(None), out: Vec::new(), remaining: Vec::new() };
    let mut bytes = bytes.to_vec();
    let mut input = Input::new(&mut bytes);
    let result = if any {
        handshake.receive_any(&mut input, &mut run.out)
    } else {
        handshake.receive(&mut input, &mut run.out).map(|request| request.map(Incoming::WebSocket))
    };
    run.result = result.map(|incoming| match incoming? {
        Incoming::WebSocket(request) => {
            let seen = Seen {
                websocket: true,
                target: request.target().to_owned(),
                authority: request.authority().to_owned(),
                origin: request.origin().map(str::to_owned),
                subprotocols: request.subprotocols().map(str::to_owned).collect(),
                extensions: Vec::new(),
                headers: request.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect(),
            };
            drop(request.accept(server::Accept::new(), &mut run.out).expect("a plain 101"));
            Some(seen)
        }
        Incoming::Http(request) => {
            let seen = Seen::of_plain(&request);
            request.respond(200, &[], b"", &mut run.out).expect("a plain 200");
            Some(seen)
        }
    });
    run.remaining.extend(input.remaining());
    run
}

fn serve_pieces(pieces: &[&[u8]], limits: HandshakeLimits, any: bool) -> ServerRun {
    let mut handshake = server::Handshake::new(limits);
    let mut run = ServerRun { result: Ok(None), out: Vec::new(), remaining: Vec::new() };
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = Input::new(&mut piece);
        let before = input.len();
        let out_before = run.out.clone();
        let result = if any {
            handshake.receive_any(&mut input, &mut run.out)
        } else {
            handshake.receive(&mut input, &mut run.out).map(|request| request.map(Incoming::WebSocket))
        };
        match (result, &run.result) {
            (Ok(None), Ok(None)) => assert!(input.is_empty(), "bytes were left without a result"),
            (Ok(Some(request)), Ok(None)) => {
                run.result = Ok(Some(match &request {
                    Incoming::WebSocket(request) => Seen::of(request),
                    Incoming::Http(request) => Seen::of_plain(request),
                }));
                match request {
                    Incoming::WebSocket(request) => {
                        drop(request.accept(server::Accept::new(), &mut run.out).expect("a plain 101"));
                    }
                    Incoming::Http(request) => {
                        request.respond(200, &[], b"", &mut run.out).expect("a plain 200");
                    }
                }
            }
            (Err(error), Ok(None)) => {
                assert!(input.is_empty(), "an error uses up the input");
                run.result = Err(error);
            }
            (Err(again), Err(error)) => {
                assert_eq!(
                    (again, &run.out),
                    (*error, &out_before),
                    "the same error, and nothing more to send"
                );
                assert!(input.is_empty(), "an error uses up the input");
            }
            (Err(HandshakeError::AlreadyComplete), Ok(Some(_))) => {
                assert_eq!((input.len(), &run.out), (before, &out_before), "a misuse does nothing");
            }
            (result, _) => panic!("{result:?} after {:?}", run.result),
        }
        run.remaining.extend(input.remaining());
    }
    let eof = match run.result {
        Ok(None) => Err(HandshakeError::IncompleteHandshake),
        Ok(Some(_)) => Ok(()),
        Err(error) => Err(error),
    };
    assert_eq!(handshake.receive_eof(), eof);
    assert_eq!(handshake.receive_eof(), eof, "the same again");
    run
}

/// The outcome of a client's handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRun {
    pub result: Result<Option<client::Response>, client::Error>,
    /// The result of the end of the transport.
    pub eof: Result<(), client::Error>,
    pub remaining: Vec<u8>,
}

pub const SEED: [u8; 32] = [7; 32];

/// The value of Sec-WebSocket-Accept for a client with [`SEED`].
pub fn accept_for_seed() -> String {
    let mut out = Vec::new();
    let request = client::Request::new("ws://h/").expect("a URI");
    client::Handshake::new(&request, SEED, &mut out).expect("a request");
    let head = String::from_utf8(out).expect("a head in ASCII");
    let key = head.split("Sec-WebSocket-Key: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    let accept = sansocket::handshake::accept_key(key.expect("a key").as_bytes());
    String::from_utf8(accept.to_vec()).expect("base64")
}

/// The response that all rows of the tables start from.
pub fn response() -> Head {
    Head::new(
        "HTTP/1.1 101 Switching Protocols",
        &[("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", &accept_for_seed())],
    )
}

/// Runs a client over the bytes, in one read and split, and checks that the results are equal.
pub fn connect(request: &client::Request, bytes: &[u8]) -> ClientRun {
    same_for_all_cuts(bytes, |pieces| connect_pieces(request, pieces))
}

fn connect_pieces(request: &client::Request, pieces: &[&[u8]]) -> ClientRun {
    let mut handshake = client::Handshake::new(request, SEED, &mut Vec::new()).expect("a request");
    let mut run = ClientRun { result: Ok(None), eof: Ok(()), remaining: Vec::new() };
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = Input::new(&mut piece);
        let before = input.len();
        match (handshake.receive(&mut input), &run.result) {
            (Ok(None), Ok(None)) => assert!(input.is_empty(), "bytes were left without a result"),
            (Ok(Some((_, response))), Ok(None)) => run.result = Ok(Some(response)),
            (Err(error), Ok(None)) => {
                assert!(input.is_empty(), "an error uses up the input");
                run.result = Err(error);
            }
            (Err(again), Err(error)) => {
                assert_eq!(again, *error, "the same error");
                assert!(input.is_empty(), "an error uses up the input");
            }
            (Err(client::Error::Handshake(HandshakeError::AlreadyComplete)), Ok(Some(_))) => {
                assert_eq!(input.len(), before, "a misuse does nothing");
            }
            (result, _) => panic!("{result:?} after {:?}", run.result),
        }
        run.remaining.extend(input.remaining());
    }
    run.eof = handshake.receive_eof();
    assert_eq!(handshake.receive_eof(), run.eof, "the same again");
    run
}

/// Runs with the bytes whole, cut in two at every position, and one by one. Long input is cut at some
/// positions.
fn same_for_all_cuts<T: PartialEq + Debug>(bytes: &[u8], run: impl Fn(&[&[u8]]) -> T) -> T {
    let whole = run(&[bytes]);
    let step = if bytes.len() <= 1000 { 1 } else { bytes.len() / 200 };
    for at in (0..=bytes.len()).step_by(step) {
        let (before, after) = bytes.split_at(at);
        assert_eq!(run(&[before, after]), whole, "cut at {at} of {}", bytes.escape_ascii());
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(run(&single), whole, "byte by byte: {}", bytes.escape_ascii());
    whole
}

/// The response to [`Head::request`].
pub const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Serves bytes that open a connection.
pub fn opened(bytes: &[u8]) -> Seen {
    let run = serve(bytes, HandshakeLimits::new());
    assert!(run.out.starts_with(b"HTTP/1.1 101 "), "{}: {:?}", bytes.escape_ascii(), run.result);
    run.result.unwrap().unwrap()
}

/// Serves a request that is rejected, and checks the entire response.
pub fn refused(bytes: &[u8], error: HandshakeError) {
    refused_within(bytes, error, HandshakeLimits::new());
}

/// As [`refused`], with other limits.
pub fn refused_within(bytes: &[u8], error: HandshakeError, limits: HandshakeLimits) {
    let (line, headers, text) = expected_refusal(error);
    let len = text.len();
    let out = format!("HTTP/1.1 {line}\r\n{headers}Content-Length: {len}\r\n\r\n{text}").into_bytes();
    let expected = ServerRun { result: Err(error), out, remaining: Vec::new() };
    let run = serve(bytes, limits);
    assert_eq!(run, expected, "{}", bytes.escape_ascii());
}

/// Status line, headers and text of the response to a request that breaks the protocol.
fn expected_refusal(error: HandshakeError) -> (&'static str, &'static str, &'static str) {
    let (line, headers) = match (error.status(), error) {
        (Some(426), HandshakeError::MissingUpgrade | HandshakeError::HttpVersionTooOld) => {
            let headers = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nContent-Type: text/plain\r\n\
                Connection: Upgrade, close\r\n";
            let text = "This is a WebSocket endpoint. Connect with a WebSocket client, over HTTP/1.1.\n";
            return ("426 Upgrade Required", headers, text);
        }
        (Some(400), HandshakeError::InvalidVersion) => {
            ("400 Bad Request", "Sec-WebSocket-Version: 13\r\nConnection: close\r\n")
        }
        (Some(400), _) => ("400 Bad Request", "Connection: close\r\n"),
        (Some(405), _) => ("405 Method Not Allowed", "Allow: GET\r\nConnection: close\r\n"),
        (Some(414), _) => ("414 URI Too Long", "Connection: close\r\n"),
        (Some(426), _) => (
            "426 Upgrade Required",
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nConnection: Upgrade, close\r\n",
        ),
        (Some(431), _) => ("431 Request Header Fields Too Large", "Connection: close\r\n"),
        (Some(505), _) => ("505 HTTP Version Not Supported", "Connection: close\r\n"),
        status => panic!("{status:?}"),
    };
    (line, headers, "")
}

/// The request that a head opens a connection with.
pub fn request(head: &Head) -> server::Request {
    let mut bytes = head.bytes();
    server::Handshake::new(HandshakeLimits::new())
        .receive(&mut Input::new(&mut bytes), &mut Vec::new())
        .unwrap()
        .unwrap()
}
