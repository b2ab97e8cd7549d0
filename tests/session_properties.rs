//! Properties of any session: the split of the input does not affect the result, and any order of calls ends
//! in `Close`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{CLOSE, Driver, PING, REQUEST, TEXT, all_to, close_body, seconds, to};
use proptest::{collection::vec, prelude::*};
use sansocket::{
    CloseCode, Config, Connection, Input,
    frame::{OpCode, Role},
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    server::Accept,
    session::{EncodedMessage, ReadBuffer, Received, Session, Transport},
    testing::{Endpoint, check_splits},
};

/// Streams to a server, each with its end.
fn streams() -> Vec<Vec<u8>> {
    let close = close_body(1000, b"bye");
    let frames: [&[(u8, &[u8])]; 5] = [
        &[(TEXT, "Grüße".as_bytes()), (PING, b"there?"), (CLOSE, &close), (TEXT, b"late")],
        &[(0x01, b"a"), (PING, b""), (0x00, b"b"), (0x80, b"c")],
        &[(TEXT, b"a"), (TEXT, b"\xff"), (TEXT, b"c")],
        &[(TEXT, b"a"), (0x83, b"b")],
        &[(0x82, &[7; 300]), (CLOSE, b"")],
    ];
    let mut streams: Vec<Vec<u8>> =
        frames.iter().map(|frames| [REQUEST, &all_to(Role::Server, frames)].concat()).collect();
    streams.push(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nrest".to_vec());
    streams.push(b"GET /\r\n\r\n".to_vec());
    streams.push([REQUEST, b"\x81\xff"].concat());
    streams
}

impl Endpoint for Driver {
    type Error = std::fmt::Error;

    fn receive(&mut self, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<(), Self::Error> {
        self.read(input.take_all());
        out.append(&mut self.out);
        Ok(())
    }

    fn receive_eof(&mut self, out: &mut Vec<u8>) -> Result<(), Self::Error> {
        self.eof();
        out.append(&mut self.out);
        Ok(())
    }
}

#[test]
fn how_the_input_is_split_makes_no_difference() {
    let new = || {
        let mut server = Driver::server();
        server.echoes = true;
        server
    };
    for stream in streams() {
        for cut in 1..stream.len() {
            let seen = |driver: &Driver| {
                (driver.seen.clone(), driver.end(), driver.session.ending().map(|ending| ending.interrupted))
            };
            check_splits(new, &stream, &[cut], seen).unwrap();
        }
    }
}

/// A call of the caller, or an event of the transport.
#[derive(Clone, Debug)]
enum Call {
    Step(usize),
    Read(Vec<u8>),
    Receive,
    Time(u64),
    Decide(u8),
    Text,
    Fragment(bool),
    Encoded,
    Header(u8),
    Payload(u8),
    Close,
    Take,
    PutBack(usize),
    Memory,
    Eof,
    Failed,
    Abort,
}

fn calls() -> impl Strategy<Value = Call> {
    let parts = prop_oneof![
        Just(REQUEST.to_vec()),
        Just(to(Role::Server, TEXT, b"Hello")),
        Just(to(Role::Client, TEXT, b"Hello")),
        Just(to(Role::Server, CLOSE, &close_body(1000, b""))),
        Just(b"HTTP/1.1 403 no\r\n\r\n".to_vec()),
        vec(any::<u8>(), 0..20),
    ];
    prop_oneof![
        4 => (0..200_usize).prop_map(Call::Step),
        4 => parts.prop_map(Call::Read),
        2 => Just(Call::Receive),
        2 => (0..15_u64).prop_map(Call::Time),
        2 => any::<u8>().prop_map(Call::Decide),
        1 => Just(Call::Text),
        1 => any::<bool>().prop_map(Call::Fragment),
        1 => Just(Call::Encoded),
        1 => (0..4_u8).prop_map(Call::Header),
        1 => (0..4_u8).prop_map(Call::Payload),
        1 => Just(Call::Close),
        1 => Just(Call::Take),
        1 => (0..200_usize).prop_map(Call::PutBack),
        1 => Just(Call::Memory),
        1 => prop_oneof![8 => Just(Call::Receive), 1 => Just(Call::Eof), 1 => Just(Call::Failed), 1 => Just(Call::Abort)],
    ]
}

/// A session whose caller makes arbitrary calls.
struct Caller {
    session: Session,
    buffer: ReadBuffer,
    request: Option<Box<sansocket::server::Request>>,
    lent: Option<Vec<u8>>,
    spare: Vec<u8>,
    now: Duration,
    /// A request was answered.
    decided: bool,
}

impl Caller {
    fn step(&mut self, count: usize) {
        match self.session.transport() {
            Transport::Write(bytes) => {
                let count = count.min(bytes.len());
                self.session.written(count);
            }
            Transport::Flush => self.session.flushed(),
            Transport::ShutDown => self.session.shut_down(),
            Transport::Wait | Transport::Close => {}
        }
    }

    fn receive(&mut self) {
        while let Some(received) = self.session.receive_from(&mut self.buffer) {
            if let Received::Request(request) = received {
                self.request = Some(request);
            }
        }
    }

    fn call(&mut self, call: Call) {
        match call {
            Call::Step(count) => self.step(count),
            Call::Read(bytes) => {
                let space = self.buffer.space();
                let count = space.len().min(bytes.len());
                space[..count].copy_from_slice(&bytes[..count]);
                self.buffer.filled(count);
            }
            Call::Receive => self.receive(),
            Call::Time(step) => {
                self.now += seconds(step);
                self.session.on_time(self.now);
            }
            Call::Decide(how) => {
                if let Some(request) = self.request.take() {
                    self.decided = true;
                    match how % 3 {
                        0 => self.session.reject(request, 404, &[], b"").unwrap(),
                        1 => {
                            let error = self.session.accept(request, Accept::new().subprotocol("x"));
                            self.request = error.err().map(|error| Box::new(error.into_request()));
                        }
                        _ => self.session.accept(request, Accept::new()).unwrap(),
                    }
                }
            }
            Call::Text => _ = self.session.send_text("some text"),
            Call::Fragment(last) => _ = self.session.send_text_fragment("part", last),
            Call::Encoded => _ = self.session.send_encoded(&EncodedMessage::binary(b"encoded")),
            Call::Header(len) => _ = self.session.send_header(OpCode::Binary, true, len.into()),
            Call::Payload(count) => self.session.payload_written(count.into()),
            Call::Close => _ = self.session.close(CloseCode::NORMAL),
            Call::Take if self.lent.is_none() => self.lent = Some(self.session.take_unwritten()),
            Call::PutBack(count) => {
                if let Some(bytes) = self.lent.take() {
                    self.session.written_owned(bytes, count);
                }
            }
            Call::Memory => {
                self.session.lend_memory(&mut self.spare);
                self.session.reclaim_memory(&mut self.spare);
                self.session.release_buffers();
            }
            Call::Eof => self.session.eof(),
            Call::Failed => self.session.failed(),
            Call::Abort => self.session.abort(),
            Call::Take => {}
        }
    }

    /// Does nothing but to wait for the deadlines: a peer that is silent, with a transport that accepts
    /// nothing.
    fn wait_until_it_is_over(&mut self) {
        for _ in 0..20 {
            if self.session.transport() == Transport::Close {
                return;
            }
            self.receive();
            if let Some(deadline) = self.session.deadline() {
                self.now = self.now.max(deadline);
            }
            self.session.on_time(self.now);
            self.receive();
        }
        panic!("it never ends: {:?}", self.session);
    }
}

fn sessions(kind: u8) -> Session {
    let now = Duration::ZERO;
    match kind % 4 {
        0 => Session::server(HandshakeLimits::new(), Timeouts::new(), now).allow_http(kind >= 4),
        1 => {
            let request = sansocket::client::Request::new("ws://a/").unwrap();
            Session::client(&request, [7; 32], Timeouts::new(), now).unwrap()
        }
        2 => Session::open(Connection::server(Config::new().auto_close(kind < 4)), Timeouts::new(), now),
        _ => {
            let connection = Connection::client(Config::new().auto_close(kind < 4), [7; 32]);
            Session::open(connection, Timeouts::new(), now).end_first(kind >= 4)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_order_of_calls_reaches_close_within_the_deadlines(kind in 0..8_u8, calls in vec(calls(), 0..40)) {
        let mut caller = Caller {
            session: sessions(kind),
            buffer: ReadBuffer::new(256),
            request: None,
            lent: None,
            spare: Vec::new(),
            now: Duration::ZERO,
            decided: false,
        };
        let mut is_over = false;
        for call in calls {
            caller.call(call);
            // The end is final, and no call changes its cause.
            let ended = caller.session.transport() == Transport::Close;
            prop_assert!(ended || !is_over);
            prop_assert_eq!(caller.session.ending().is_some(), ended);
            prop_assert!(!ended || !caller.session.is_open() && !caller.session.wants_read());
            is_over = ended;
        }
        let before = caller.session.ending().map(|ending| ending.to_string());
        let start = caller.now;
        caller.wait_until_it_is_over();
        // A Ping after 20 s, no reply for 20 s, and 10 s to close; twice that if the caller held bytes back.
        let took = caller.now.saturating_sub(start);
        // If the time is not reported after a decision, the timeouts begin with the next report, at their first deadline.
        let most = if caller.decided { 80 } else { 60 };
        prop_assert!(took <= seconds(most), "{took:?}");
        let after = caller.session.ending().unwrap().to_string();
        prop_assert!(before.is_none_or(|before| before == after));
    }
}

/// The behavior of a transport in one direction.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Fine,
    /// The stream ends after this many bytes.
    Ends(usize),
    /// Nothing arrives after this many bytes.
    Hangs(usize),
}

/// One direction.
struct Pipe {
    bytes: Vec<u8>,
    fate: Fate,
    passed: usize,
    ended: bool,
}

impl Pipe {
    fn new(fate: Fate) -> Self {
        Self { bytes: Vec::new(), fate, passed: 0, ended: false }
    }

    /// Moves all bytes from one end to the other. Returns whether there were any.
    fn transfer(&mut self, from: &mut Driver, to: &mut Driver) -> bool {
        from.settle();
        self.bytes.append(&mut from.out);
        let left = match self.fate {
            Fate::Fine => usize::MAX,
            Fate::Ends(at) | Fate::Hangs(at) => at - self.passed,
        };
        let bytes: Vec<u8> = self.bytes.drain(..self.bytes.len().min(left)).collect();
        self.passed += bytes.len();
        if !bytes.is_empty() {
            to.read(&bytes);
        }
        let is_end = match self.fate {
            Fate::Ends(at) => self.passed == at,
            Fate::Hangs(at) if self.passed == at => false,
            _ => {
                self.bytes.is_empty() && from.steps.iter().any(|step| matches!(*step, "shut down" | "close"))
            }
        };
        if is_end && !self.ended {
            self.ended = true;
            to.eof();
            return true;
        }
        !bytes.is_empty()
    }
}

#[test]
fn two_sessions_end_whatever_the_transport_does() {
    let whole = {
        let (client, server, passed) = run(Fate::Fine, Fate::Fine);
        assert_eq!((client.0, client.1), (1000, true));
        assert_eq!(server, client);
        passed
    };
    let fates = |len: usize| {
        let cuts = (0..=len).step_by(7);
        cuts.clone().map(Fate::Ends).chain(cuts.map(Fate::Hangs)).chain([
            Fate::Fine,
            Fate::Ends(len),
            Fate::Hangs(len),
        ])
    };
    for to_server in fates(whole.0) {
        for to_client in fates(whole.1) {
            let (client, server, _) = run(to_server, to_client);
            // A clean end includes the peer's Close.
            for (code, clean, cause) in [client, server] {
                assert_eq!(clean, cause == "Close", "{to_server:?} {to_client:?}");
                assert_eq!(clean, code == 1000, "{to_server:?} {to_client:?} {cause}");
            }
        }
    }
}

/// The code, whether it was clean, and the cause.
type End = (u16, bool, String);

/// Runs a client that opens, sends a message, and closes. Returns both endings, and the number of bytes in
/// each direction.
fn run(to_server: Fate, to_client: Fate) -> (End, End, (usize, usize)) {
    let mut client = Driver::client(|request| request);
    let mut server = Driver::server();
    server.echoes = true;
    let (mut up, mut down) = (Pipe::new(to_server), Pipe::new(to_client));
    let (mut second, mut has_spoken) = (0, false);
    while client.end().is_none() || server.end().is_none() {
        let moved = up.transfer(&mut client, &mut server) | down.transfer(&mut server, &mut client);
        if client.session.is_open() && !has_spoken {
            has_spoken = true;
            client.session.send_text("Hello").unwrap();
            client.close(CloseCode::NORMAL);
        } else if !moved {
            second += 1;
            client.at(second);
            server.at(second);
            assert!(second <= 80, "{to_server:?} {to_client:?}: {:?} {:?}", client.session, server.session);
        }
    }
    (client.ended(), server.ended(), (up.passed, down.passed))
}
