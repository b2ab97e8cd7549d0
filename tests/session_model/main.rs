//! Every order of calls up to a depth, timers × closing × transport: a session beside a model of it.
//!
//! It is a search in breadth. Two orders that lead to the same state, that of the session as `Debug` shows it and that of the
//! model, are continued once. After each call the whole of what a caller can see is compared: what the session asks of its
//! transport, whether it wants to read, the deadline, and how it ended.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod model;

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    ops::Range,
    time::Duration,
};

use model::{Model, Start, Transport as Asked, Why};
use sansocket::{
    CloseCode, Config, Connection, Initiator, Input,
    handshake::{HandshakeError, HandshakeLimits},
    keepalive::{Timeout, Timeouts},
    server::{self, Accept},
    session::{Cause, Received, Session, Transport},
};

/// A call of the caller, or an event of the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Completes the operations that the session requests.
    Do,
    /// One of the bytes that it asks for, written.
    WriteOne,
    /// The time is that of the deadline, or a second before.
    Expire,
    Wait,
    Eof,
    Failed,
    Close,
    Abort,
    /// A part of a request or response, and the rest of it.
    Part,
    Rest,
    /// Bytes that are neither a request nor a response.
    Malformed,
    /// The status of a rejection, without the rest of its head.
    Status,
    Accept,
    Reject,
    /// Frames of the peer.
    Data,
    Ping,
    PeerClose,
    Violation,
}

const ACTIONS: [Action; 18] = [
    Action::Do,
    Action::WriteOne,
    Action::Expire,
    Action::Wait,
    Action::Eof,
    Action::Failed,
    Action::Close,
    Action::Abort,
    Action::Part,
    Action::Rest,
    Action::Malformed,
    Action::Status,
    Action::Accept,
    Action::Reject,
    Action::Data,
    Action::Ping,
    Action::PeerClose,
    Action::Violation,
];

/// The timers of a model, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timers {
    pub(crate) opening: u64,
    pub(crate) idle: Option<u64>,
    pub(crate) ping: Option<u64>,
    pub(crate) pong: u64,
    pub(crate) closing: u64,
}

const TIMERS: [Timers; 2] = [
    Timers { opening: 10, idle: Some(25), ping: None, pong: 15, closing: 8 },
    Timers { opening: 10, idle: None, ping: Some(20), pong: 15, closing: 8 },
];

fn timeouts(timers: Timers) -> Timeouts {
    let seconds = Duration::from_secs;
    Timeouts::new()
        .opening(Some(seconds(timers.opening)))
        .idle(timers.idle.map(seconds))
        .ping_interval(timers.ping.map(seconds))
        .pong(Some(seconds(timers.pong)))
        .closing(Some(seconds(timers.closing)))
}

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A session, the clock, and the caller's data.
struct Real {
    session: Session,
    now: u64,
    /// The bytes that open the session.
    opening: Vec<u8>,
    request: Option<Box<server::Request>>,
    is_client: bool,
}

impl Real {
    fn new(start: Start, timers: Timers) -> Self {
        let (timeouts, now) = (timeouts(timers), Duration::ZERO);
        let mut opening = REQUEST.as_bytes().to_vec();
        let session = match start {
            Start::Server => Session::server(HandshakeLimits::new(), timeouts, now),
            Start::Client => {
                let request = sansocket::client::Request::new("ws://a/").unwrap();
                let session = Session::client(&request, [7; 32], timeouts, now).unwrap();
                opening = response(&session);
                session
            }
            Start::OpenServer => Session::open(Connection::server(Config::new()), timeouts, now),
            Start::OpenClient => Session::open(Connection::client(Config::new(), [7; 32]), timeouts, now),
        };
        let is_client = matches!(start, Start::Client | Start::OpenClient);
        Self { session: session.high_water(1), now: 0, opening, request: None, is_client }
    }

    fn run(&mut self, action: Action) {
        match action {
            Action::Do => self.step(usize::MAX),
            Action::WriteOne => self.step(1),
            Action::Expire | Action::Wait => {
                let deadline = self.session.deadline().unwrap().as_secs();
                self.now = if action == Action::Wait { deadline - 1 } else { deadline };
                self.receive(&[]);
            }
            Action::Eof => self.session.eof(),
            Action::Failed => self.session.failed(),
            Action::Close => _ = self.session.close(CloseCode::NORMAL).unwrap(),
            Action::Abort => self.session.abort(),
            Action::Part => self.receive_opening(0..20),
            Action::Rest => self.receive_opening(20..self.opening.len()),
            Action::Malformed => self.receive(b"\0"),
            Action::Status => self.receive(b"HTTP/1.1 403 F"),
            Action::Accept => self.session.accept(self.request.take().unwrap(), Accept::new()).unwrap(),
            Action::Reject => self.session.reject(self.request.take().unwrap(), 403, &[], b"").unwrap(),
            Action::Data => self.receive_frame(0x82, b"a"),
            Action::Ping => self.receive_frame(0x89, b""),
            Action::PeerClose => self.receive_frame(0x88, b"\x03\xe8"),
            Action::Violation => self.receive(b"\xff"),
        }
    }

    fn step(&mut self, most: usize) {
        match self.session.transport() {
            Transport::Write(bytes) => {
                let count = bytes.len().min(most);
                self.session.written(count);
            }
            Transport::Flush => self.session.flushed(),
            Transport::ShutDown => self.session.shut_down(),
            Transport::Wait | Transport::Close => {}
        }
    }

    fn receive_opening(&mut self, range: Range<usize>) {
        let bytes = self.opening[range].to_vec();
        self.receive(&bytes);
    }

    fn receive_frame(&mut self, first: u8, payload: &[u8]) {
        let len = u8::try_from(payload.len()).unwrap();
        let header: &[u8] = if self.is_client { &[first, len] } else { &[first, len | 0x80, 0, 0, 0, 0] };
        self.receive(&[header, payload].concat());
    }

    fn receive(&mut self, bytes: &[u8]) {
        let mut bytes = bytes.to_vec();
        let mut input = Input::new(&mut bytes);
        self.session.on_time(Duration::from_secs(self.now));
        while let Some(received) = self.session.receive(&mut input) {
            if let Received::Request(request) = received {
                self.request = Some(request);
            }
        }
    }
}

/// The response that opens a client's session.
fn response(session: &Session) -> Vec<u8> {
    let Transport::Write(request) = session.transport() else { panic!("a client begins by writing") };
    let mut out = Vec::new();
    let mut handshake = server::Handshake::new(HandshakeLimits::new());
    let request = handshake.receive(&mut Input::new(&mut request.to_vec()), &mut out).unwrap();
    request.unwrap().accept(Accept::new(), &mut out).unwrap();
    out
}

/// Everything that a caller sees.
fn compare(model: &mut Model, real: &Real, before: usize, path: &[Action]) {
    let session = &real.session;
    assert_eq!(session.unwritten() > before, model.appends, "new bytes, {path:?}");
    model.pending = session.unwritten();
    model.on_appended();
    let asked = match session.transport() {
        Transport::Write(_) => Asked::Write,
        Transport::Flush => Asked::Flush,
        Transport::ShutDown => Asked::ShutDown,
        Transport::Wait => Asked::Wait,
        Transport::Close => Asked::Close,
    };
    assert_eq!(asked, model.transport(), "transport, {path:?}");
    assert_eq!(session.wants_read(), model.wants_read(), "wants_read, {path:?}");
    assert_eq!(session.is_open(), model.is_open(), "is_open, {path:?}");
    assert_eq!(session.deadline(), model.deadline().map(Duration::from_secs), "deadline, {path:?}");
    let ending = session.ending().map(|ending| {
        let why = match ending.cause {
            Cause::Close => Why::Close,
            Cause::Protocol(_) => Why::Protocol,
            Cause::Handshake(HandshakeError::IncompleteHandshake) => Why::Incomplete,
            Cause::Handshake(_) => Why::Handshake,
            Cause::Rejected(response) => {
                assert_eq!(response.status(), 403);
                Why::Rejected
            }
            Cause::Answered => Why::Answered,
            Cause::Timeout(Timeout::Opening) => Why::Opening,
            Cause::Timeout(Timeout::Idle) => Why::Idle,
            Cause::Timeout(Timeout::Pong) => Why::Pong,
            Cause::Timeout(_) => Why::Closing,
            Cause::Eof => Why::Eof,
            Cause::Transport => Why::Transport,
            Cause::Aborted => Why::Aborted,
            other => panic!("{other}"),
        };
        let initiator = match ending.initiator {
            Initiator::Local => 'l',
            Initiator::Remote => 'r',
            Initiator::Transport => 't',
        };
        (why, ending.code, ending.clean, initiator)
    });
    assert_eq!(ending, model.ending(), "ending, {path:?}");
}

/// Searches from one beginning, and returns the number of different states.
fn search(start: Start, timers: Timers, depth: usize) -> usize {
    let mut seen = HashSet::new();
    let mut paths = vec![Vec::new()];
    for _ in 0..depth {
        let mut next = Vec::new();
        for path in paths {
            let mut before = Model::new(start, timers);
            let real = replay(&mut before, start, timers, &path);
            for action in ACTIONS {
                if !before.allows(action, real.session.unwritten(), real.request.is_some()) {
                    continue;
                }
                let mut path = path.clone();
                path.push(action);
                let mut model = Model::new(start, timers);
                let real = replay(&mut model, start, timers, &path);
                let mut state = DefaultHasher::new();
                format!("{:?} {model:?}", real.session).hash(&mut state);
                if seen.insert(state.finish()) {
                    next.push(path);
                }
            }
        }
        paths = next;
    }
    seen.len()
}

/// The calls of `path`, of which the last is compared: the others were, when they were the last.
fn replay(model: &mut Model, start: Start, timers: Timers, path: &[Action]) -> Real {
    let mut real = Real::new(start, timers);
    compare(model, &real, 0, &[]);
    for (index, &action) in path.iter().enumerate() {
        let before = real.session.unwritten();
        model.run(action);
        real.run(action);
        let written = before - model.pending.min(before);
        compare(model, &real, before - written, &path[..=index]);
    }
    real
}

#[test]
fn every_order_of_calls_is_as_the_model_says_up_to_a_depth() {
    for (start, depth, states) in DEPTHS {
        let found: usize = TIMERS.into_iter().map(|timers| search(start, timers, depth)).sum();
        assert!(found >= states, "{start:?} to the depth {depth}: {found} states");
    }
}

/// The number of calls, and of different states that they lead to at least, with both sets of timers together.
const DEPTHS: [(Start, usize, usize); 4] = [
    (Start::Server, 9, 7504),
    (Start::Client, 9, 8621),
    (Start::OpenServer, 7, 9631),
    (Start::OpenClient, 7, 10_116),
];
