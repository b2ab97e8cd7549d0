//! A session on the streams of the standard library: what is written, read and reported, and how it ends.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read, Write},
    time::Duration,
};

use common::{REQUEST, seconds};
use sansocket::{
    CloseCode, Config, Connection, Event, ProtocolError,
    handshake::{HandshakeError, HandshakeLimits},
    keepalive::{Timeout, Timeouts},
    server::{Accept, Request},
    session::{Error, ReadBuffer, Received, Session, Transport},
};

const HELLO: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
const CLOSE: &[u8] = b"\x88\x82\x37\xfa\x21\x3d\x34\x12";

/// A stream whose reads and writes have the results of a script.
#[derive(Default)]
struct Script {
    reads: VecDeque<Result<Vec<u8>, ErrorKind>>,
    /// The results of the first operations on the write half; those after them succeed.
    writes: VecDeque<Result<usize, ErrorKind>>,
    out: Vec<u8>,
    /// The operations in order.
    calls: Vec<&'static str>,
}

impl Script {
    fn reads<const N: usize>(reads: [Result<&[u8], ErrorKind>; N]) -> Self {
        Self { reads: reads.into_iter().map(|read| read.map(<[u8]>::to_vec)).collect(), ..Self::default() }
    }

    fn operate(&mut self, call: &'static str, len: usize) -> io::Result<usize> {
        self.calls.push(call);
        Ok(self.writes.pop_front().unwrap_or(Ok(len))?.min(len))
    }

    fn end(&mut self) -> io::Result<()> {
        self.operate("shut down", 0).map(drop)
    }
}

impl Read for Script {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.calls.push("read");
        let bytes = self.reads.pop_front().unwrap_or_else(|| panic!("a read too many: {:?}", self.calls))?;
        let (now, later) = bytes.split_at(bytes.len().min(buf.len()));
        if !later.is_empty() {
            self.reads.push_front(Ok(later.to_vec()));
        }
        buf[..now.len()].copy_from_slice(now);
        Ok(now.len())
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.operate("write", bytes.len())?;
        self.out.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.operate("flush", 0).map(drop)
    }
}

struct Server {
    session: Session,
    buffer: ReadBuffer,
    stream: Script,
    request: Option<Box<Request>>,
    now: Duration,
}

impl Server {
    fn new(session: Session, stream: Script) -> Self {
        Self { session, buffer: ReadBuffer::new(64), stream, request: None, now: Duration::ZERO }
    }

    fn opening(stream: Script) -> Self {
        let session = Session::server(HandshakeLimits::new(), Timeouts::new(), Duration::ZERO);
        Self::new(session, stream)
    }

    fn open(stream: Script) -> Self {
        let connection = Connection::server(Config::new());
        Self::new(Session::open(connection, Timeouts::new(), Duration::ZERO), stream)
    }

    fn step(&mut self) -> Result<bool, Error<io::Error>> {
        let goes_on = self.session.step(&mut self.stream, &mut self.buffer, || self.now, Script::end)?;
        while let Some(received) = self.session.receive_from(&mut self.buffer) {
            match received {
                Received::Request(request) => self.request = Some(request),
                Received::Event(Event::Text(text)) => _ = self.session.send_text(&text).unwrap(),
                _ => {}
            }
        }
        Ok(goes_on)
    }

    fn run(&mut self) -> Result<(), Error<io::Error>> {
        while self.step()? {
            if let Some(request) = self.request.take() {
                self.session.accept(request, Accept::new()).unwrap();
            }
        }
        Ok(())
    }
}

fn kind(result: Result<(), Error<io::Error>>) -> ErrorKind {
    match result {
        Err(Error::Io(error)) => error.kind(),
        result => panic!("{result:?}"),
    }
}

#[test]
fn a_turn_writes_all_and_reads_once() {
    let mut server = Server::opening(Script::reads([Ok(REQUEST), Ok(HELLO), Ok(CLOSE), Ok(b"")]));
    // The buffer takes the request in parts, so the first turns only read.
    server.run().unwrap();
    assert!(server.stream.out.starts_with(b"HTTP/1.1 101 "));
    assert!(server.stream.out.ends_with(b"\r\n\r\n\x81\x05Hello\x88\x02\x03\xe8"));
    let calls = server.stream.calls.iter().skip_while(|call| **call == "read").copied();
    let turn = ["write", "flush"];
    let expected = [&turn[..], &["read"], &turn, &["read"], &turn, &["shut down", "read"]].concat();
    assert_eq!(calls.collect::<Vec<_>>(), expected);
    let ending = server.session.ending().unwrap();
    assert_eq!((ending.code, ending.clean), (1000, true));
    assert!(!server.step().unwrap());
}

#[test]
fn a_turn_does_not_read_while_a_request_waits_for_its_answer() {
    let mut server = Server::opening(Script::reads([Ok(REQUEST)]));
    while server.request.is_none() {
        assert!(server.step().unwrap());
    }
    let reads = server.stream.calls.len();
    assert!(server.step().unwrap());
    assert_eq!(server.stream.calls.len(), reads);
}

#[test]
fn a_read_that_times_out_lets_the_timers_take_effect() {
    let (blocked, late) = (Err(ErrorKind::WouldBlock), Err(ErrorKind::TimedOut));
    let mut server = Server::open(Script::reads([blocked, late, blocked, late, Ok(b"")]));
    assert!(server.step().unwrap());
    server.now = seconds(20);
    assert!(server.step().unwrap());
    assert!(matches!(server.session.transport(), Transport::Write([0x89, 8, ..])));
    assert!(server.step().unwrap());
    server.now = seconds(60);
    assert!(matches!(server.run(), Err(Error::Timeout(Timeout::Pong))));
    assert!(server.stream.out.ends_with(b"keep-alive timeout"));
    assert_eq!(
        server.stream.calls[2..],
        ["write", "flush", "read", "read", "write", "flush", "shut down", "read"]
    );
}

#[test]
fn the_timeout_of_a_ping_begins_when_its_write_returns() {
    let mut server = Server::open(Script::reads([Err(ErrorKind::TimedOut)]));
    server.now = seconds(20);
    assert!(server.step().unwrap());
    // The write takes half a minute.
    server.session.write_to(&mut server.stream, || seconds(50), Script::end).unwrap();
    assert_eq!(server.stream.out.first(), Some(&0x89));
    assert_eq!(server.session.deadline(), Some(seconds(70)));
}

#[test]
fn interrupted_calls_are_repeated() {
    const INTERRUPTED: ErrorKind = ErrorKind::Interrupted;
    let reads = [Err(INTERRUPTED), Ok(HELLO), Err(INTERRUPTED), Ok(CLOSE), Ok(b"")];
    let mut server = Server::open(Script::reads(reads));
    server.stream.writes = [Err(INTERRUPTED), Ok(3), Err(INTERRUPTED), Ok(99), Err(INTERRUPTED)].into();
    server.run().unwrap();
    assert_eq!(server.stream.out, b"\x81\x05Hello\x88\x02\x03\xe8");
    let first = ["read", "read", "write", "write", "write", "write", "flush", "flush", "read"];
    assert!(server.stream.calls.starts_with(&first), "{:?}", server.stream.calls);
}

#[test]
fn a_write_that_would_block_is_repeated_or_ends_a_turn() {
    let mut server = Server::open(Script::default());
    server.session.send_text("Hello").unwrap();
    server.stream.writes = [Ok(2), Err(ErrorKind::WouldBlock)].into();
    let error = server.session.write_to(&mut server.stream, || server.now, Script::end).unwrap_err();
    assert_eq!(
        (error.kind(), server.session.transport()),
        (ErrorKind::WouldBlock, Transport::Write(b"Hello"))
    );
    server.session.write_to(&mut server.stream, || server.now, Script::end).unwrap();
    assert_eq!(
        (&server.stream.out[..], server.session.transport()),
        (&b"\x81\x05Hello"[..], Transport::Wait)
    );

    // For a blocking stream it is the end of its write timeout.
    server.session.send_text("Hello").unwrap();
    server.stream.writes = [Err(ErrorKind::WouldBlock)].into();
    assert_eq!(kind(server.run()), ErrorKind::WouldBlock);
    assert_eq!(server.session.transport(), Transport::Close);
    assert_eq!(kind(server.run()), ErrorKind::NotConnected);
}

#[test]
fn every_other_error_of_the_stream_ends_the_session() {
    let cases = [
        (Ok(0), ErrorKind::WriteZero),
        (Err(ErrorKind::BrokenPipe), ErrorKind::BrokenPipe),
        (Err(ErrorKind::TimedOut), ErrorKind::TimedOut),
    ];
    for (result, expected) in cases {
        let mut server = Server::open(Script::default());
        server.session.send_text("Hello").unwrap();
        server.stream.writes = [result].into();
        assert_eq!(kind(server.run()), expected);
    }
    let mut server = Server::open(Script::reads([Err(ErrorKind::ConnectionReset)]));
    assert_eq!(kind(server.run()), ErrorKind::ConnectionReset);
}

/// After both Close frames, no error of the transport matters.
#[test]
fn an_error_after_the_closing_handshake_is_a_clean_end() {
    for result in [Err(ErrorKind::BrokenPipe), Ok(0)] {
        let mut server = Server::open(Script::reads([Ok(CLOSE), Err(ErrorKind::ConnectionReset)]));
        // The Close, the flush, and the shutdown of the write half.
        server.stream.writes = [Ok(4), Ok(0), result].into();
        server.run().unwrap();
        assert!(server.session.ending().unwrap().clean);
    }
}

#[test]
fn an_end_that_is_not_clean_is_an_error_with_its_cause_once_all_is_written() {
    let mut server = Server::open(Script::reads([Ok(b"\x81\x00"), Ok(b"")]));
    assert!(matches!(server.run(), Err(Error::Protocol(ProtocolError::UnmaskedFrame))));
    assert!(server.stream.out.starts_with(b"\x88"));
    assert_eq!(server.stream.calls, ["read", "write", "flush", "shut down", "read"]);

    let mut server = Server::open(Script::reads([Ok(b"")]));
    assert!(matches!(server.run(), Err(Error::UnexpectedEof)));

    let mut server = Server::opening(Script::reads([Ok(b"SSH-2.0\r\n"), Ok(b"")]));
    assert!(matches!(server.run(), Err(Error::Handshake { error: HandshakeError::NotHttp, .. })));

    let mut server = Server::open(Script::default());
    server.session.abort();
    assert!(matches!(server.run(), Err(Error::Aborted)));
    assert!(server.stream.calls.is_empty());
}

#[test]
fn the_time_left_is_at_least_a_millisecond() {
    let mut session = Server::open(Script::default()).session;
    let deadline = session.deadline().unwrap();
    assert_eq!(session.time_left(Duration::ZERO), Some(deadline));
    assert_eq!(session.time_left(seconds(1)).map(|left| left + seconds(1)), Some(deadline));
    assert_eq!(session.time_left(deadline), Some(Duration::from_millis(1)));
    assert_eq!(session.time_left(deadline + seconds(1)), Some(Duration::from_millis(1)));
    session.close(CloseCode::NORMAL).unwrap();
    session.abort();
    assert_eq!(session.time_left(deadline), None);
}
