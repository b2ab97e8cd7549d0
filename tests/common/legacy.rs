//! The harness for the versions before RFC 6455: frames, servers and clients, with the input split in every
//! way.

use std::fmt::Debug;

use sansocket::{
    Config, Event, Input, ProtocolError, State, client,
    frame::Role,
    handshake::{HandshakeError, HandshakeLimits},
    legacy::{self, Connection, Version, Versions},
    server::Accept,
};

use super::{Ended, Transcript};

/// Both versions that have frames of their own.
pub(crate) const HIXIE: [Version; 2] = [Version::Hixie75, Version::Hixie76];

/// The seed of the clients in the tests.
pub(crate) const SEED: [u8; 32] = [7; 32];

/// All versions enabled.
pub(crate) fn all() -> Versions {
    Versions::new().hixie75().hixie76().hybi7().hybi8()
}

/// A connection under test, and the calls of its application at given positions of the stream.
#[derive(Clone)]
pub(crate) struct Wire {
    version: Version,
    role: Role,
    config: Config,
    calls: Vec<(usize, Call)>,
    eof: bool,
}

/// A call of the application.
type Call = fn(&mut Connection, &mut Vec<u8>);

impl Wire {
    pub(crate) fn new(version: Version, role: Role) -> Self {
        Self { version, role, config: Config::new(), calls: Vec::new(), eof: false }
    }

    pub(crate) fn server(version: Version) -> Self {
        Self::new(version, Role::Server)
    }

    pub(crate) fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Calls `call` when `position` bytes have been received.
    pub(crate) fn at(mut self, position: usize, call: Call) -> Self {
        self.calls.push((position, call));
        self
    }

    /// Ends the transport after the stream.
    pub(crate) fn eof(mut self) -> Self {
        self.eof = true;
        self
    }

    pub(crate) fn connection(&self) -> Connection {
        match self.role {
            Role::Server => Connection::server(self.version, self.config),
            Role::Client => Connection::client(self.version, self.config, SEED),
        }
    }

    /// Runs the stream in one read, split in two at every position, and byte by byte.
    pub(crate) fn run(&self, stream: &[u8]) -> Transcript {
        same_for_all_splits(stream, |pieces| self.run_pieces(pieces))
    }

    fn run_pieces(&self, pieces: &[&[u8]]) -> Transcript {
        let mut connection = self.connection();
        let (mut events, mut out, mut error) = (Vec::new(), Vec::new(), None);
        let mut calls = self.calls.iter();
        let mut next = calls.next();
        let mut received = 0;
        for piece in pieces {
            let mut piece = *piece;
            loop {
                let at = next.map_or(usize::MAX, |(at, _)| *at);
                let (now, later) = piece.split_at(piece.len().min(at - received));
                error = error.or(feed(&mut connection, now, &mut events, &mut out));
                received += now.len();
                piece = later;
                while let Some((_, call)) = next.filter(|(at, _)| *at == received) {
                    call(&mut connection, &mut out);
                    next = calls.next();
                }
                if piece.is_empty() {
                    break;
                }
            }
        }
        assert!(next.is_none(), "calls have to be in order and within the stream");
        self.finish(connection, events, out, error)
    }

    fn finish(
        &self,
        mut connection: Connection,
        events: Vec<Event<'static>>,
        mut out: Vec<u8>,
        error: Option<ProtocolError>,
    ) -> Transcript {
        let state = connection.state();
        if error.is_some() || state == State::Draining {
            let sent = out.len();
            let again = feed(&mut connection, b"\x00more\xff\xff\x00", &mut Vec::new(), &mut out);
            assert_eq!((again, out.len()), (error, sent), "everything later is dropped");
            assert_eq!(connection.state(), state);
        }
        let eof = self.eof.then(|| {
            let sent = out.len();
            let result = connection.receive_eof();
            assert_eq!(connection.state(), State::Closed);
            assert_eq!(connection.receive_eof(), result, "the same again");
            let mut late = *b"\x00late\xff";
            let late = connection.receive(&mut Input::new(&mut late), &mut out);
            assert_eq!(late, result.map(|()| None), "received after the end");
            assert_eq!(out.len(), sent, "sent after the end");
            result
        });
        let state = connection.state();
        let closure = connection.close_outcome().map(Ended::from);
        Transcript { events, out, error, state, closure, eof }
    }
}

/// Receives all of `bytes`, and returns the error if there is one.
fn feed(
    connection: &mut Connection,
    bytes: &[u8],
    events: &mut Vec<Event<'static>>,
    out: &mut Vec<u8>,
) -> Option<ProtocolError> {
    let mut bytes = bytes.to_vec();
    let mut input = Input::new(&mut bytes);
    loop {
        match connection.receive(&mut input, out) {
            Ok(Some(event)) => events.push(event.into_owned()),
            Ok(None) => break,
            Err(error) => {
                assert!(input.is_empty(), "an error consumes the input");
                return Some(error);
            }
        }
    }
    assert!(input.is_empty(), "bytes were left");
    None
}

/// The result of a server for a stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Served {
    pub(crate) result: Result<Option<Version>, HandshakeError>,
    pub(crate) out: Vec<u8>,
    /// The events of the connection, all texts of which were echoed.
    pub(crate) events: Vec<Event<'static>>,
    pub(crate) state: Option<State>,
}

/// Serves a stream that begins with a request, which is accepted without a subprotocol.
pub(crate) fn serve(versions: Versions, stream: &[u8]) -> Served {
    serve_with(versions, stream, |request, out| {
        Some(request.accept(Accept::new(), out).expect("a plain response"))
    })
}

/// Serves a stream that begins with a request, which `answer` accepts or rejects.
pub(crate) fn serve_with(
    versions: Versions,
    stream: &[u8],
    answer: impl Fn(legacy::server::Request, &mut Vec<u8>) -> Option<Connection>,
) -> Served {
    same_for_all_splits(stream, |pieces| serve_pieces(versions, pieces, &answer))
}

fn serve_pieces(
    versions: Versions,
    pieces: &[&[u8]],
    answer: &dyn Fn(legacy::server::Request, &mut Vec<u8>) -> Option<Connection>,
) -> Served {
    let mut handshake = legacy::server::Handshake::new(HandshakeLimits::new(), versions);
    let mut served = Served { result: Ok(None), out: Vec::new(), events: Vec::new(), state: None };
    let mut connection = None;
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = Input::new(&mut piece);
        let sent = served.out.len();
        match (served.result, handshake.receive(&mut input, &mut served.out)) {
            (Ok(None), Ok(None)) => assert!(input.is_empty() && served.out.is_empty()),
            (Ok(None), Ok(Some(request))) => {
                served.result = Ok(Some(request.version()));
                connection = answer(request, &mut served.out);
            }
            (Ok(None), Err(error)) => {
                served.result = Err(error);
                assert!(input.is_empty(), "an error consumes the input");
            }
            (Ok(Some(_)), result) => {
                assert_eq!(result.map(drop), Err(HandshakeError::AlreadyComplete));
                assert_eq!(served.out.len(), sent);
            }
            (Err(error), result) => {
                assert_eq!(result.map(drop), Err(error), "the same error again");
                assert!(input.is_empty() && served.out.len() == sent);
            }
        }
        let Some(connection) = &mut connection else { continue };
        while let Some(event) = connection.receive(&mut input, &mut served.out).expect("valid frames") {
            if let Event::Text(text) = &event {
                connection.send_text(text, &mut served.out).expect("an open connection");
            }
            served.events.push(event.into_owned());
        }
    }
    let eof = match served.result {
        Ok(None) => Err(HandshakeError::IncompleteHandshake),
        Ok(Some(_)) => Ok(()),
        Err(error) => Err(error),
    };
    assert_eq!((handshake.receive_eof(), handshake.receive_eof()), (eof, eof));
    let again = handshake.receive(&mut Input::new(&mut [b'x']), &mut served.out).map(drop);
    assert_eq!(again, eof.and(Err(HandshakeError::AlreadyComplete)));
    served.state = connection.as_ref().map(Connection::state);
    served
}

/// The result of a client for a stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Connected {
    pub(crate) result: Result<Option<client::Response>, client::Error>,
    pub(crate) events: Vec<Event<'static>>,
    /// The result of the end of the stream in the handshake.
    pub(crate) eof: Result<(), client::Error>,
}

/// Runs a client over a stream that begins with a response.
pub(crate) fn connect(request: &client::Request, version: Version, stream: &[u8]) -> Connected {
    same_for_all_splits(stream, |pieces| connect_pieces(request, version, pieces))
}

fn connect_pieces(request: &client::Request, version: Version, pieces: &[&[u8]]) -> Connected {
    let mut handshake =
        legacy::client::Handshake::new(request, version, SEED, &mut Vec::new()).expect("a valid request");
    let mut connected = Connected { result: Ok(None), events: Vec::new(), eof: Ok(()) };
    let mut connection: Option<Connection> = None;
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = Input::new(&mut piece);
        match (&connected.result, handshake.receive(&mut input)) {
            (Ok(None), Ok(None)) => assert!(input.is_empty()),
            (Ok(None), Ok(Some((opened, response)))) => {
                assert_eq!((opened.version(), opened.role()), (version, Role::Client));
                connected.result = Ok(Some(response));
                connection = Some(opened);
            }
            (Ok(None), Err(error)) => connected.result = Err(error),
            (Ok(Some(_)), result) => {
                assert_eq!(result.map(drop), Err(HandshakeError::AlreadyComplete.into()));
            }
            (Err(error), result) => assert_eq!(result.map(drop), Err(error.clone()), "the same again"),
        }
        if connected.result.is_err() {
            assert!(input.is_empty(), "an error consumes the input");
        }
        let Some(connection) = &mut connection else { continue };
        while let Some(event) = connection.receive(&mut input, &mut Vec::new()).expect("valid frames") {
            connected.events.push(event.into_owned());
        }
    }
    connected.eof = handshake.receive_eof();
    assert_eq!(handshake.receive_eof(), connected.eof, "the same again");
    connected
}

/// The request of a client with [`SEED`].
pub(crate) fn request_bytes(request: &client::Request, version: Version) -> Vec<u8> {
    let mut out = Vec::new();
    legacy::client::Handshake::new(request, version, SEED, &mut out).expect("a valid request");
    out
}

/// Runs with the bytes whole, split in two at every position, and one by one. Long input is split at some
/// positions.
fn same_for_all_splits<T: PartialEq + Debug>(bytes: &[u8], run: impl Fn(&[&[u8]]) -> T) -> T {
    let whole = run(&[bytes]);
    let step = (bytes.len() / 300).max(1);
    for at in (0..=bytes.len()).step_by(step) {
        let (before, after) = bytes.split_at(at);
        assert_eq!(run(&[before, after]), whole, "split at {at} of {}", bytes.escape_ascii());
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(run(&single), whole, "byte by byte: {}", bytes.escape_ascii());
    whole
}

/// A head of these lines.
pub(crate) fn head(lines: &[&str]) -> Vec<u8> {
    let mut bytes = lines.join("\r\n").into_bytes();
    bytes.extend(b"\r\n\r\n");
    bytes
}
