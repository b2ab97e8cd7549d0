//! A session with its read buffer and the first error of its transport, and memory that many of them share.
#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::{io, time::Duration};

use common::{BINARY, CLOSE, PING, TEXT, all_to};
use sansocket::{
    Config, Connection, Event, ProtocolError,
    frame::Role,
    keepalive::{Timeout, Timeouts},
    session::{Endpoint, Error, Memory, Message, ReadBuffer, Session, Transport},
};

type End = Endpoint<io::Error>;

const NOW: Duration = Duration::from_secs(1);

fn open(buffer: ReadBuffer) -> End {
    let session = Session::open(Connection::server(Config::new()), Timeouts::new(), Duration::ZERO);
    Endpoint::new(session, buffer)
}

/// Reports a read of these bytes.
fn read(end: &mut End, bytes: &[u8]) {
    end.space()[..bytes.len()].copy_from_slice(bytes);
    end.report_read(Ok(bytes.len()), NOW);
}

/// Writes everything, and returns it.
fn written(end: &mut End) -> Vec<u8> {
    let mut written = Vec::new();
    loop {
        let count = match end.session.transport() {
            Transport::Write(bytes) => {
                written.extend_from_slice(bytes);
                bytes.len()
            }
            Transport::Flush | Transport::ShutDown => 0,
            Transport::Wait | Transport::Close => return written,
        };
        end.report(Ok(count), || NOW);
    }
}

/// The clock of reports during which the time does not matter.
fn clock() -> Duration {
    panic!("no Ping waits to be written, and reading goes on")
}

fn text(text: &str) -> Message {
    Message::Text(text.into())
}

#[test]
fn operations_are_reported_in_the_order_in_which_they_are_requested() {
    let mut end = open(ReadBuffer::new(1000));
    end.session.send_text("Hello").unwrap();
    assert!(!end.session.is_flushed());
    end.report(Ok(3), clock);
    assert_eq!(end.session.transport(), Transport::Write(b"ello".as_slice()));
    end.report(Ok(4), clock);
    assert_eq!((end.session.transport(), end.session.is_flushed()), (Transport::Flush, false));
    end.report(Ok(0), clock);
    assert_eq!((end.session.transport(), end.session.is_flushed()), (Transport::Wait, true));
    // There is no operation to report.
    end.report(Ok(7), clock);
    assert_eq!(end.session.transport(), Transport::Wait);
    read(&mut end, &all_to(Role::Server, &[(CLOSE, b"\x03\xe8")]));
    assert!(end.message().is_none());
    assert_eq!(written(&mut end), b"\x88\x02\x03\xe8");
    assert!(!end.session.is_over(), "the end of the stream is missing");
    end.report_read(Ok(0), NOW);
    assert!(end.session.is_over() && end.io_outcome().is_ok());
}

#[test]
fn the_clock_is_read_for_a_ping_that_waits_to_be_written() {
    let seconds = Duration::from_secs;
    let mut end = open(ReadBuffer::new(1000));
    end.session.send_text("Hello").unwrap();
    let bytes = all_to(Role::Server, &[(TEXT, b"a")]);
    end.space()[..bytes.len()].copy_from_slice(&bytes);
    end.report_read(Ok(bytes.len()), seconds(20));
    while end.message().is_some() {}
    assert_eq!(end.session.transport(), Transport::Write(b"\x81\x05Hello\x89\x08\0\0\0\0\0\0\0\x01"));
    // The time for the Pong begins again with each write, and the next Ping is due after that of the last one.
    for (count, now) in [(7, 25), (4, 30), (6, 33)] {
        end.report(Ok(count), || seconds(now));
        assert_eq!(end.session.deadline(), Some(seconds(now + 20)));
    }
    end.report(Ok(0), clock);
    assert_eq!((end.session.transport(), end.session.deadline()), (Transport::Wait, Some(seconds(53))));
}

#[test]
fn the_clock_is_read_for_a_write_while_nothing_is_read() {
    let seconds = Duration::from_secs;
    let timeouts = Timeouts::new().ping_interval(None).idle(Some(seconds(30)));
    let session = Session::open(Connection::server(Config::new()), timeouts, Duration::ZERO).high_water(100);
    let mut end: End = Endpoint::new(session, ReadBuffer::new(1000));
    end.session.send_binary(&[7; 196]).unwrap();
    assert!(!end.wants_read());
    // Each write that leaves some starts the timeout again.
    for now in [20, 40, 60] {
        end.report(Ok(40), || seconds(now));
        assert_eq!(end.session.deadline(), Some(seconds(now + 30)));
    }
    assert!(end.wants_read());
    end.report(Ok(40), clock);
    assert_eq!(end.session.deadline(), Some(seconds(90)));
}

#[test]
fn the_first_error_of_the_transport_is_the_outcome() {
    type Fail = fn(&mut End);
    let rows: [(Fail, io::ErrorKind, &str); 4] = [
        (
            |end| {
                end.report(Err(io::Error::new(io::ErrorKind::ConnectionReset, "reset")), clock);
                end.report(Err(io::ErrorKind::BrokenPipe.into()), clock);
            },
            io::ErrorKind::ConnectionReset,
            "reset",
        ),
        (
            |end| {
                end.report_read(Err(io::Error::other("no certificate")), NOW);
                end.report_read(Err(io::ErrorKind::BrokenPipe.into()), NOW);
            },
            io::ErrorKind::Other,
            "no certificate",
        ),
        (|end| end.report(Ok(0), clock), io::ErrorKind::WriteZero, "write zero"),
        (|end| end.session.failed(), io::ErrorKind::WriteZero, "write zero"),
    ];
    for (fail, kind, message) in rows {
        let mut end = open(ReadBuffer::new(1000));
        end.session.send_text("Hello").unwrap();
        assert!(end.io_outcome().is_ok());
        fail(&mut end);
        assert_eq!(end.session.transport(), Transport::Close);
        for _ in 0..2 {
            let Err(Error::Io(error)) = end.io_outcome() else { panic!("{:?}", end.io_outcome()) };
            assert_eq!((error.kind(), error.to_string().as_str()), (kind, message));
        }
    }
}

#[test]
fn an_end_that_is_no_error_of_the_transport_has_its_own_cause() {
    let mut end = open(ReadBuffer::new(1000));
    end.report_read(Ok(0), NOW);
    written(&mut end);
    assert!(matches!(end.io_outcome(), Err(Error::UnexpectedEof)));

    let mut end = open(ReadBuffer::new(1000));
    read(&mut end, b"\x81\x00");
    assert!(end.event().is_none());
    assert_eq!(written(&mut end), b"\x88\x02\x03\xea");
    end.report_read(Ok(0), NOW);
    assert!(matches!(end.io_outcome(), Err(Error::Protocol(ProtocolError::UnmaskedFrame))));

    let mut end = open(ReadBuffer::new(1000));
    end.session.close(None).unwrap();
    written(&mut end);
    for seconds in [1, 100] {
        end.session.on_time(Duration::from_secs(seconds));
        assert!(end.event().is_none());
    }
    assert!(matches!(end.io_outcome(), Err(Error::Timeout(Timeout::CloseHandshake))));
}

#[test]
fn receiving_is_wanted_from_a_report_until_everything_was_received() {
    let mut end = open(ReadBuffer::shared(1000));
    assert!(!end.wants_receive());
    read(&mut end, &all_to(Role::Server, &[(TEXT, b"one"), (PING, b"?"), (BINARY, b"two")]));
    assert!(end.wants_receive());
    assert!(matches!(end.event(), Some((Event::Text(text), _)) if text == "one"));
    assert!(end.wants_receive());
    // The Ping is answered, and discarded.
    assert_eq!(end.message(), Some(Message::Binary(b"two".to_vec())));
    assert!(end.wants_receive());
    assert_eq!(end.message(), None);
    assert!(!end.wants_receive() && end.wants_read());
    assert_eq!(written(&mut end), b"\x8a\x01?");
    // The time may be news too: a Ping is due.
    end.session.on_time(Duration::from_secs(30));
    assert!(end.wants_receive());
    assert!(end.event().is_none());
    assert!(!end.wants_receive());
    assert_eq!(written(&mut end)[..2], [0x89, 8]);
    // After the end there is nothing to receive.
    end.session.on_time(Duration::from_secs(31));
    end.session.abort();
    assert!(!end.wants_receive());
}

#[test]
fn one_message_is_received_ahead_and_kept_over_the_end() {
    let mut end = open(ReadBuffer::shared(1000));
    end.receive_ahead();
    assert!(end.wants_read());
    read(&mut end, &all_to(Role::Server, &[(PING, b"?"), (TEXT, b"one"), (TEXT, b"two"), (CLOSE, b"")]));
    end.receive_ahead();
    assert!(!end.wants_read() && end.session.wants_read(), "a message is kept");
    assert_eq!(written(&mut end), b"\x8a\x01?");
    // It is still the first one.
    end.receive_ahead();
    assert!(end.wants_receive());
    assert_eq!(end.message(), Some(text("one")));
    assert!(end.wants_read());
    end.receive_ahead();
    assert_eq!(end.message(), Some(text("two")));
    end.receive_ahead();
    assert_eq!(written(&mut end), b"\x88\x00");

    let mut end = open(ReadBuffer::shared(1000));
    read(&mut end, &all_to(Role::Server, &[(TEXT, b"one"), (TEXT, b"two")]));
    end.receive_ahead();
    end.report(Err(io::ErrorKind::BrokenPipe.into()), clock);
    assert!(end.wants_receive());
    let event = end.event().map(|(event, session)| (event.into_owned(), session.is_over()));
    assert_eq!(event, Some((Event::Text("one".into()), true)));
    assert!(end.event().is_none() && !end.wants_receive());
}

#[test]
fn shared_memory_is_lent_for_a_turn_and_kept_while_bytes_wait() {
    let mut memory = Memory::new();
    let mut ends: Vec<End> = (0..3).map(|_| open(ReadBuffer::shared(4096))).collect();
    let frame = all_to(Role::Server, &[(BINARY, &[7; 200])]);
    let mut turn = |end: &mut End| {
        memory.lend(end);
        read(end, &frame);
        while let Some(message) = end.message() {
            end.session.send_message(&message).unwrap();
        }
        assert_eq!(written(end)[..4], [0x82, 126, 0, 200]);
        memory.reclaim(end);
    };
    turn(&mut ends[0]);
    let info = allocation_counter::measure(|| ends.iter_mut().for_each(&mut turn));
    // Each message is a copy of its data, and `written` makes another one.
    assert_eq!(info.count_total, 6, "{info:?}");
    assert_eq!(info.bytes_current, 0, "{info:?}");

    let [one, two, three] = &mut ends[..] else { unreachable!() };
    memory.lend(one);
    read(one, &frame);
    one.session.send_text("unwritten").unwrap();
    memory.reclaim(one);
    let info = allocation_counter::measure(|| {
        memory.lend(two);
        read(two, &frame);
        assert!(two.event().is_some() && two.event().is_none());
        memory.reclaim(two);
    });
    assert_eq!(info.count_total, 1, "the first one has its memory: {info:?}");
    assert!(one.event().is_some() && one.event().is_none());
    assert_eq!(written(one), b"\x81\x09unwritten");
    memory.reclaim(one);
    memory.lend(three);
    assert!(three.event().is_none(), "it was lent no bytes");
    assert!(three.space().len() >= 1024);
}
