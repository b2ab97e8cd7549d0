//! The time that a session is told: late, early, and between a decision and what comes of it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{CLOSE, Driver, PONG, REQUEST, TEXT, close_body, seconds, sent, to};
use sansocket::{
    CloseCode, Config, Connection, Input, ProtocolError,
    frame::Role,
    handshake::HandshakeLimits,
    keepalive::{Timeout, Timeouts},
    server::Accept,
    session::{Cause, Received, Session, Transport},
};

fn first_bytes(peer: &Driver) -> Vec<u8> {
    sent(&peer.out).into_iter().map(|frame| frame.first).collect()
}

/// The end, and when it came, if the peer is silent from `second` on.
fn end_of_silence(peer: &mut Driver, second: u64) -> (String, u64) {
    for second in second.. {
        if peer.at(second).session.transport() == Transport::Close {
            return (format!("{:?}", peer.session.ending().unwrap().cause), second);
        }
    }
    unreachable!()
}

#[test]
fn a_close_after_a_silence_has_its_whole_timeout() {
    let opens: [fn() -> Driver; 2] = [Driver::open_server, Driver::open_client];
    for open in opens {
        for silence in [0, 5, 11, 19] {
            let mut peer = open();
            peer.session.note_time(seconds(silence));
            peer.close(CloseCode::NORMAL);
            assert_eq!(first_bytes(&peer), [0x88], "after {silence} s");
            let end = end_of_silence(&mut peer, silence);
            assert_eq!(end, ("Timeout(CloseHandshake)".to_owned(), silence + 10));
        }
    }
}

#[test]
fn a_ping_that_a_write_has_held_up_is_answered_in_time() {
    let mut server = Driver::open_server();
    server.session.on_time(seconds(20));
    server.receive();
    // The write blocks for half a minute.
    let Transport::Write(bytes) = server.session.transport() else { panic!("no Ping") };
    let ping = bytes.to_vec();
    server.session.note_time(seconds(50));
    server.session.written(ping.len());
    server.settle();
    assert_eq!((ping[0], server.session.deadline()), (0x89, Some(seconds(70))));
    server.session.on_time(seconds(69));
    server.read(&to(Role::Server, PONG, &ping[2..]));
    assert_eq!(server.session.round_trip(), Some(seconds(19)));
    assert!(server.session.ending().is_none());
}

#[test]
fn a_note_of_the_time_evaluates_nothing_before_the_bytes_are_received() {
    let mut server = Driver::open_server();
    server.at(20);
    let ping = sent(&server.out).pop().unwrap();
    // Your code was busy, and sends something. The Pong has been in the socket for long.
    server.session.note_time(seconds(45));
    server.session.send_text("late").unwrap();
    server.session.on_time(seconds(46));
    server.read(&to(Role::Server, PONG, &ping.payload));
    assert!(server.session.ending().is_none());
    // The Ping of the second 40 comes after the Pong.
    assert_eq!(first_bytes(&server), [0x89, 0x81, 0x89]);
}

#[test]
fn the_idle_timeout_begins_when_the_socket_opens() {
    let timeouts = Timeouts::new().idle(Some(seconds(3))).opening(Some(seconds(60)));
    for decision in [0, 1, 5, 50] {
        let mut server = Driver::new(Session::server(HandshakeLimits::new(), timeouts, Duration::ZERO));
        server.accepts = false;
        server.session.on_time(seconds(1));
        server.read(REQUEST);
        let request = server.request.take().unwrap();
        server.session.accept(request, Accept::new()).unwrap();
        let opened = 1 + decision;
        server.at(opened);
        assert!(server.session.is_open(), "a decision of {decision} s");
        assert_eq!(server.session.deadline(), Some(seconds(opened + 3)));
    }
}

#[test]
fn a_rejection_after_a_long_decision_is_written_and_has_its_whole_timeout() {
    let timeouts = Timeouts::new().opening(Some(seconds(60)));
    for decision in [0, 5, 15, 50] {
        let mut server = Driver::new(Session::server(HandshakeLimits::new(), timeouts, Duration::ZERO));
        server.accepts = false;
        server.session.on_time(seconds(1));
        server.read(REQUEST);
        let request = server.request.take().unwrap();
        server.session.reject(request, 403, &[], b"no").unwrap();
        let rejected = 1 + decision;
        server.at(rejected);
        assert!(server.out.starts_with(b"HTTP/1.1 403 "), "a decision of {decision} s");
        // The client does not close its side.
        assert_eq!(end_of_silence(&mut server, rejected), ("Answered".to_owned(), rejected + 10));
    }
}

#[test]
fn bytes_that_wait_are_no_sign_of_life_whatever_is_received_between() {
    let frame = to(Role::Server, TEXT, b"never complete");
    for rest in [1, 5, 9] {
        let mut session = Session::open(Connection::server(Config::new()), Timeouts::new(), Duration::ZERO);
        let mut waiting = frame[..frame.len() - rest].to_vec();
        let mut second = 0;
        while session.transport() != Transport::Close {
            second += 1;
            assert!(second < 70, "a peer that is gone was not detected");
            session.on_time(seconds(second));
            let is_empty = second % 2 == 0;
            let mut input =
                if is_empty { Input::new(&mut []) } else { Input::retained(&mut waiting, 1 << 10) };
            assert!(session.receive(&mut input).is_none());
            if let Transport::Write(bytes) = session.transport() {
                let count = bytes.len();
                session.written(count);
            }
            if session.transport() == Transport::Flush {
                session.flushed();
            }
            if session.transport() == Transport::ShutDown {
                session.shut_down();
            }
        }
        assert_eq!(session.ending().unwrap().cause, Cause::Timeout(Timeout::Pong));
    }
}

#[test]
fn a_frame_that_was_completed_leaves_nothing_to_be_interrupted() {
    let frame = to(Role::Server, TEXT, b"complete");
    for cut in 1..frame.len() {
        let mut server = Driver::open_server();
        server.read(&frame[..cut]).read(&frame[cut..]);
        let mut empty = Input::new(&mut []);
        assert!(server.session.receive(&mut empty).is_none());
        server.eof();
        assert!(!server.session.ending().unwrap().interrupted, "cut at {cut}");

        let mut server = Driver::open_server();
        server.read(&frame[..cut]);
        let received: Option<Received<'_>> = server.session.receive(&mut Input::new(&mut []));
        assert!(received.is_none());
        server.eof();
        assert!(server.session.ending().unwrap().interrupted, "cut at {cut}");
    }
}

/// The second in which a session times out that has sent a Ping, and then a message of which its peer takes a part each
/// second for `taking` seconds.
fn end_of_a_slow_reader(session: Session, taking: u64, owned: bool) -> (Timeout, u64) {
    let mut peer = Driver::new(session);
    peer.at(20);
    peer.session.send_binary(&vec![7; 1 << 20]).unwrap();
    for second in 21.. {
        peer.session.note_time(seconds(second));
        if second <= 20 + taking {
            assert!(!peer.session.wants_read());
            if owned {
                let bytes = peer.session.take_unwritten();
                peer.session.written_owned(bytes, 10_000);
            } else {
                peer.session.written(10_000);
            }
        }
        peer.session.on_time(seconds(second));
        assert!(peer.session.receive(&mut Input::new(&mut [])).is_none());
        if let Some(ProtocolError::TimedOut(timeout)) =
            peer.session.connection().and_then(Connection::close_outcome).and_then(|outcome| outcome.error)
        {
            return (timeout, second);
        }
    }
    unreachable!()
}

#[test]
fn signs_of_life_that_are_not_read_because_of_a_slow_reader_are_waited_for() {
    let pong = Timeouts::new();
    let idle = Timeouts::new().ping_interval(None).idle(Some(seconds(30)));
    for (timeouts, timeout, wait) in
        [(pong, Timeout::Pong, 20), (pong.exact_pong(true), Timeout::Pong, 20), (idle, Timeout::Idle, 30)]
    {
        for (is_client, owned) in [(false, false), (false, true), (true, false), (true, true)] {
            let open = || {
                let connection = if is_client {
                    Connection::client(Config::new(), [7; 32])
                } else {
                    Connection::server(Config::new())
                };
                Session::open(connection, timeouts, Duration::ZERO)
            };
            for taking in [1, 10, 90] {
                let end = end_of_a_slow_reader(open(), taking, owned);
                assert_eq!(end, (timeout, 20 + taking + wait), "{taking}, {owned}");
            }
        }
    }
}

#[test]
fn silence_is_not_excused_while_bytes_that_are_exempt_are_written() {
    let timeouts = Timeouts::new().ping_interval(None).idle(Some(seconds(30)));
    let mut session = Session::open(Connection::server(Config::new()), timeouts, Duration::ZERO);
    session.send_binary(&vec![7; 1 << 20]).unwrap();
    session.keep_reading();
    for second in [10, 20] {
        assert!(session.wants_read());
        session.note_time(seconds(second));
        session.written(200_000);
        assert_eq!(session.deadline(), Some(seconds(30)));
    }
    // Later messages count, and stop reading.
    session.send_binary(&vec![7; 100_000]).unwrap();
    assert!(!session.wants_read());
    session.written(200_000);
    assert_eq!(session.deadline(), Some(seconds(50)));
}

#[test]
fn no_timer_runs_after_the_end() {
    let ends: [fn(&mut Driver); 4] = [
        |peer| {
            let role = peer.session.connection().unwrap().role();
            peer.read(&to(role, CLOSE, &close_body(1000, b""))).eof();
        },
        |peer| _ = peer.eof(),
        |peer| _ = peer.failed(),
        |peer| {
            peer.session.abort();
            peer.settle();
        },
    ];
    for end in ends {
        for open in [Driver::open_server, Driver::open_client] {
            let mut peer: Driver = open();
            peer.at(1);
            assert_eq!(peer.session.deadline(), Some(seconds(20)));
            end(&mut peer);
            assert!(peer.session.is_over());
            let session = &peer.session;
            assert_eq!((session.deadline(), session.time_left(seconds(5))), (None, None), "{session:?}");
        }
    }
}
