//! A session: the operations that it requests of its transport, their order, and its end.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{
    CLOSE, Driver, PING, PONG, REQUEST, TEXT, all_to, close, close_body, ending, header_to, seconds, sent, to,
};
use sansocket::{
    CloseCode, Config, Connection, Event, Initiator, Input, SendError,
    frame::{OpCode, Role},
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    server::Accept,
    session::{Cause, EncodedMessage, Received, Session, Transport},
};

const OPENED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n";

fn close_to(role: Role, code: u16) -> Vec<u8> {
    to(role, CLOSE, &close_body(code, b""))
}

fn status(out: &[u8]) -> u16 {
    String::from_utf8_lossy(out).split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_server_opens_echoes_and_is_the_first_to_end_the_transport() {
    let mut server = Driver::server();
    server.echoes = true;
    let mut bytes = REQUEST.to_vec();
    bytes.extend(all_to(Role::Server, &[(TEXT, b"Hello"), (PING, b"?")]));
    server.read(&bytes);
    assert_eq!(server.seen, ["request", r#"Text("Hello")"#, r#"Ping("?")"#]);
    assert!(server.out.starts_with(OPENED) && server.out.ends_with(b"\x81\x05Hello\x8a\x01?"));
    assert_eq!(server.steps, ["write", "flush"]);
    server.read(&close_to(Role::Server, 1000));
    assert!(server.out.ends_with(b"\x88\x02\x03\xe8"));
    assert_eq!(server.steps, ["write", "flush", "write", "flush", "shut down"]);
    assert!(server.session.wants_read() && server.end().is_none());
    server.eof();
    assert_eq!(server.steps.last(), Some(&"close"));
    assert_eq!(server.ended(), ending(1000, true, "Close"));
    assert_eq!(server.session.ending().unwrap().to_string(), "closed with 1000");
}

#[test]
fn a_client_waits_for_the_server_to_end_the_transport_and_then_ends_its_side() {
    for end_first in [false, true] {
        let mut client = Driver::open_client();
        client.session = client.session.end_first(end_first);
        client.close(CloseCode::NORMAL).read(&close_to(Role::Client, 1000));
        let waiting: &[&str] = if end_first { &["write", "flush", "shut down"] } else { &["write", "flush"] };
        assert_eq!(client.steps, waiting);
        client.eof();
        assert_eq!(client.steps, ["write", "flush", "shut down", "close"]);
        assert_eq!(client.ended(), ending(1000, true, "Close"));
        assert_eq!(client.session.ending().unwrap().initiator, Initiator::Local);
    }
}

#[test]
fn after_both_closes_every_end_is_clean() {
    let ends: [fn(&mut Driver); 4] = [
        |driver| _ = driver.eof(),
        |driver| _ = driver.failed(),
        |driver| _ = driver.at(11),
        |driver| {
            driver.session.abort();
            driver.settle();
        },
    ];
    for end in ends {
        for role in [Role::Server, Role::Client] {
            let mut driver = if role == Role::Server { Driver::open_server() } else { Driver::open_client() };
            driver.read(&close_to(role, 1001));
            end(&mut driver);
            assert_eq!(driver.ended(), ending(1001, true, "Close"));
        }
    }
}

#[test]
fn before_both_closes_the_end_has_its_cause() {
    type End = fn(&mut Driver);
    let ends: [(End, &str, Initiator); 5] = [
        (|driver| _ = driver.eof(), "Eof", Initiator::Transport),
        (|driver| _ = driver.failed(), "Transport", Initiator::Transport),
        (|driver| driver.session.abort(), "Aborted", Initiator::Local),
        (
            |driver| _ = driver.close(CloseCode::NORMAL).at(9).at(10),
            "Timeout(CloseHandshake)",
            Initiator::Local,
        ),
        (|driver| _ = driver.close(CloseCode::NORMAL).eof(), "Eof", Initiator::Local),
    ];
    for (end, cause, initiator) in ends {
        for mut driver in [Driver::open_server(), Driver::open_client()] {
            end(&mut driver);
            driver.settle();
            assert_eq!(driver.ended(), ending(1006, false, cause));
            assert_eq!(driver.session.ending().unwrap().initiator, initiator, "{cause}");
        }
    }
}

#[test]
fn a_violation_is_told_and_both_roles_end_their_side_and_read_to_the_end() {
    for role in [Role::Server, Role::Client] {
        let mut driver = if role == Role::Server { Driver::open_server() } else { Driver::open_client() };
        driver.read(&to(role, 0x83, b"?"));
        assert_eq!(sent(&driver.out)[0].payload, close_body(1002, b""));
        assert_eq!(driver.steps, ["write", "flush", "shut down"]);
        assert_eq!(driver.session.send_text("late"), Ok(false));
        driver.read(&to(role, TEXT, b"discarded")).eof();
        assert!(driver.seen.is_empty());
        assert_eq!(driver.ended(), ending(1006, false, "Protocol(ReservedOpcode(3))"));
    }
}

#[test]
fn a_violation_ends_under_the_closing_timer() {
    let mut server = Driver::open_server();
    server.at(5).read(b"\xf1").at(14);
    assert_eq!(server.end(), None);
    assert_eq!(server.session.deadline(), Some(seconds(15)));
    assert_eq!(server.at(15).ended(), ending(1006, false, "Protocol(ReservedBits)"));
    assert_eq!(server.session.deadline(), None);
}

#[test]
fn eof_right_after_the_close_leaves_time_for_the_reply() {
    let mut server = Driver::open_server();
    server.buffer.space()[..8].copy_from_slice(&close_to(Role::Server, 1000));
    server.buffer.filled(8);
    server.receive();
    server.session.eof();
    assert!(matches!(server.session.transport(), Transport::Write(b"\x88\x02\x03\xe8")));
    server.settle();
    assert_eq!(server.steps, ["write", "flush", "shut down", "close"]);
    assert_eq!(server.ended(), ending(1000, true, "Close"));
}

#[test]
fn eof_in_the_middle_of_a_frame_or_a_message_is_an_interruption() {
    for part in [&header_to(Role::Server, TEXT, 5)[..], b"\x81", &to(Role::Server, 0x01, b"first")] {
        let mut server = Driver::open_server();
        server.read(part).eof();
        assert_eq!(server.ended(), ending(1006, false, "Eof"));
        assert!(server.session.ending().unwrap().interrupted, "{part:x?}");
    }
    let mut server = Driver::open_server();
    server.eof();
    assert!(!server.session.ending().unwrap().interrupted);
}

#[test]
fn a_request_waits_for_its_answer_and_keeps_what_follows_it() {
    let mut server = Driver::server();
    server.accepts = false;
    let mut bytes = REQUEST.to_vec();
    bytes.extend(to(Role::Server, TEXT, b"early"));
    server.read(&bytes);
    assert!(!server.session.wants_read() && !server.session.is_open());
    assert_eq!(server.session.send_text("too early"), Ok(false));
    let request = server.request.take().unwrap();
    // An invalid header returns the request.
    let error = server.session.accept(request, Accept::new().header("Host", "b")).unwrap_err();
    server.session.accept(error.into_request(), Accept::new()).unwrap();
    server.receive();
    assert_eq!(server.seen, ["request", r#"Text("early")"#]);
    assert!(server.session.is_open() && server.session.wants_read());
}

#[test]
fn a_rejection_is_written_and_the_transport_drained() {
    let mut server = Driver::server();
    server.accepts = false;
    server.read(REQUEST);
    let request = server.request.take().unwrap();
    server.session.reject(request, 404, &[], b"no").unwrap();
    server.settle();
    assert_eq!((status(&server.out), &*server.steps), (404, &["write", "flush", "shut down"][..]));
    assert!(server.session.wants_read());
    assert_eq!(server.read(b"whatever").eof().ended(), ending(1006, false, "Answered"));
}

#[test]
fn a_malformed_request_gets_its_response() {
    let mut server = Driver::server();
    server.read(b"POST / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((status(&server.out), &*server.steps), (405, &["write", "flush", "shut down"][..]));
    assert_eq!(server.eof().ended(), ending(1006, false, "Handshake(InvalidMethod)"));
}

#[test]
fn plain_http_is_answered_if_it_is_allowed() {
    let get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut server = Driver::server();
    assert_eq!(server.read(get).eof().ended(), ending(1006, false, "Handshake(MissingUpgrade)"));
    assert_eq!(status(&server.out), 426);
    let mut server = Driver::server();
    server.session = server.session.allow_http(true);
    assert_eq!(server.read(get).eof().ended(), ending(1006, false, "Answered"));
    assert_eq!((status(&server.out), &server.out[server.out.len() - 4..]), (200, &b"page"[..]));
}

#[test]
fn a_client_opens_or_is_rejected() {
    let mut client = Driver::client(|request| request);
    let mut server = Driver::server();
    client.settle();
    server.read(&client.out);
    server.session.send_text("welcome").unwrap();
    server.settle();
    client.read(&server.out);
    assert_eq!(client.seen, ["response 101", r#"Text("welcome")"#]);
    assert!(client.session.is_open());

    let mut client = Driver::client(|request| request);
    client.settle().read(b"HTTP/1.1 403 no\r\nContent-Length: 2\r\n\r\nno");
    assert_eq!(client.ended(), ending(1006, false, "Rejected(403)"));
    let mut client = Driver::client(|request| request);
    client.settle().read(b"HTTP/1.1 403 no\r\n\r\nuntil the end").eof();
    assert_eq!(client.ended(), ending(1006, false, "Rejected(403)"));
    let mut client = Driver::client(|request| request);
    client.settle().read(b"HTTP/1.1 101 yes\r\n\r\n");
    assert_eq!(client.ended().2, "Handshake(InvalidUpgrade)");
    let refused = client.session.refused_response().unwrap();
    assert_eq!((refused.status(), refused.header("upgrade")), (101, None));
}

#[test]
fn a_truncated_rejection_keeps_its_status() {
    type End = fn(&mut Driver);
    let ends: [(End, &str); 4] = [
        (|client| _ = client.eof(), "Handshake(IncompleteHandshake)"),
        (|client| client.session.failed(), "Transport"),
        (|client| _ = client.at(10), "Timeout(Opening)"),
        (|client| client.session.abort(), "Aborted"),
    ];
    let head = "HTTP/1.1 403 no\r\nA: b\r\n";
    let body = [head, "Content-Length: 9\r\n\r\npart"].concat();
    for (bytes, is_known) in
        [("", false), ("HTTP/1.1 40", false), ("HTTP/1.1 101 x\r\nA: b", false), (head, true), (&*body, true)]
    {
        for (end, cause) in ends {
            let mut client = Driver::client(|request| request);
            client.settle().read(bytes.as_bytes());
            end(&mut client);
            let expected = if is_known && cause != "Aborted" { "Rejected(403)" } else { cause };
            assert_eq!(client.ended(), ending(1006, false, expected), "{bytes:?} {cause}");
            if let Some(Cause::Rejected(response)) = client.session.ending().map(|ending| ending.cause) {
                let body = if bytes.ends_with("part") { &b"part"[..] } else { b"" };
                assert_eq!((response.header("a"), response.body()), (Some(&b"b"[..]), body));
                assert!(response.is_truncated());
            }
        }
    }
}

#[test]
fn the_first_bytes_of_a_failed_head_are_available() {
    for (mut peer, bytes, shown) in [
        (Driver::server(), &b"\x16\x03\x01"[..], &b"\x16"[..]),
        (Driver::server(), b"SSH-2.0-x\r\nand more\r\n", b"SSH-2.0-x\r"),
        (Driver::client(|request| request), b"SSH-2.0-x\r\nand more\r\n", b"S"),
        (Driver::client(|request| request), b"HTTP/1.1 101\x01", b"HTTP/1.1 101\x01"),
        (Driver::client(|request| request), b"HTTP/1.1 40", b""),
        (Driver::client(|request| request), b"HTTP/1.1 401 x\r\n\x01", b""),
        (Driver::open_server(), b"\xff\xff", b""),
    ] {
        assert_eq!(peer.session.first_bytes().as_bytes(), b"");
        peer.settle().read(bytes);
        assert_eq!(peer.session.first_bytes().as_bytes(), shown, "{}", bytes.escape_ascii());
    }
}

#[test]
fn what_ends_before_the_opening_is_said_to_the_client() {
    type End = fn(&mut Driver);
    let close: End = |server| _ = server.close(CloseCode::GOING_AWAY);
    let late: End = |server| _ = server.at(9).at(10);
    let abort: End = |server| server.session.abort();
    let cases: [(&[u8], End, Option<u16>, &str); 7] = [
        (b"", close, Some(503), "Aborted"),
        (REQUEST, close, Some(503), "Aborted"),
        (b"", late, None, "Timeout(Opening)"),
        (b"G", late, Some(408), "Timeout(Opening)"),
        (REQUEST, late, Some(408), "Timeout(Opening)"),
        (b"G", abort, None, "Aborted"),
        (REQUEST, abort, None, "Aborted"),
    ];
    for (bytes, end, answer, cause) in cases {
        let mut server = Driver::server();
        server.accepts = false;
        server.read(bytes);
        end(&mut server);
        server.settle();
        assert_eq!((!server.out.is_empty()).then(|| status(&server.out)), answer, "{cause}");
        if answer.is_some() {
            assert_eq!(server.steps, ["write", "flush", "shut down"]);
            server.eof();
        }
        assert_eq!(server.ended(), ending(1006, false, cause));
        // A decision that comes too late has no effect.
        if let Some(request) = server.request.take() {
            server.session.accept(request, Accept::new()).unwrap();
            assert_eq!(server.session.transport(), Transport::Close);
        }
    }
    let mut client = Driver::client(|request| request);
    assert_eq!(client.close(CloseCode::NORMAL).ended(), ending(1006, false, "Aborted"));
    let mut client = Driver::client(|request| request);
    assert_eq!(client.settle().at(10).ended(), ending(1006, false, "Timeout(Opening)"));
}

#[test]
fn a_timeout_is_told_before_the_session_leaves() {
    let idle = Timeouts::new().ping_interval(None).idle(Some(seconds(30)));
    for (timeouts, at, code, cause) in
        [(Timeouts::new(), 40, 1011, "Timeout(Pong)"), (idle, 30, 1001, "Timeout(Idle)")]
    {
        let connection = Connection::server(Config::new());
        let mut server = Driver::new(Session::open(connection, timeouts, Duration::ZERO));
        server.at(20).at(at - 1);
        assert_eq!(server.end(), None);
        server.at(at);
        let close = sent(&server.out).pop().unwrap();
        assert_eq!((close.first, &close.payload[..2]), (CLOSE, &u16::to_be_bytes(code)[..]));
        assert_eq!(server.steps.last(), Some(&"shut down"));
        assert_eq!(server.session.deadline(), Some(seconds(at + 10)));
        let mut other =
            Driver::new(Session::open(Connection::server(Config::new()), timeouts, Duration::ZERO));
        other.at(20).at(at).eof();
        assert_eq!(other.ended(), ending(1006, false, cause));
        assert_eq!(server.at(at + 10).ended(), ending(1006, false, cause));
    }
}

#[test]
fn pings_measure_the_round_trip_and_any_byte_shows_life() {
    let mut server = Driver::open_server();
    server.at(20);
    let ping = sent(&server.out).pop().unwrap();
    assert_eq!(ping.first, PING);
    server.session.on_time(seconds(23));
    server.read(&to(Role::Server, PONG, &ping.payload));
    assert_eq!(server.session.round_trip(), Some(seconds(3)));
    // A part of a frame counts once, when it arrives.
    server.at(60).session.on_time(seconds(79));
    server.read(&header_to(Role::Server, TEXT, 5));
    server.at(80).at(98);
    assert!(server.session.is_open());
}

#[test]
fn bytes_that_arrived_while_the_program_slept_count() {
    let timeouts = Timeouts::new().idle(Some(seconds(30)));
    let mut server = Driver::new(Session::open(Connection::server(Config::new()), timeouts, Duration::ZERO));
    server.session.on_time(seconds(100));
    server.read(&to(Role::Server, TEXT, b"I was here"));
    assert!(server.session.is_open());
    assert!(!server.at(130).session.is_open());
}

#[test]
fn timers_run_even_if_nothing_is_received() {
    let mut server = Driver::open_server();
    for second in [20, 21, 41, 42, 51, 52] {
        server.session.on_time(seconds(second));
        server.settle();
    }
    assert_eq!(server.ended(), ending(1006, false, "Timeout(Pong)"));
}

#[test]
fn a_ping_of_the_session_runs_from_when_it_was_written() {
    let mut server = Driver::open_server();
    server.session.send_binary(&[7; 1000]).unwrap();
    for second in [20, 30, 39] {
        server.session.on_time(seconds(second));
        server.receive();
        server.session.written(1);
    }
    server.settle().at(45);
    // 20 s after the last write at 39 s, not after 20 s.
    assert!(server.session.is_open());
    server.at(59);
    assert!(!server.session.is_open());
}

#[test]
fn high_water_stops_reading_until_it_is_written() {
    let mut server = Driver::open_server();
    server.session = server.session.high_water(10);
    server.session.send_text("12345678").unwrap();
    assert!(!server.session.has_room() && !server.session.wants_read());
    server.session.written(1);
    assert!(server.session.has_room() && server.session.wants_read());
    // While it ends, input is discarded, so it is read in any case.
    server.session.send_binary(&[0; 20]).unwrap();
    assert!(!server.session.wants_read());
    server.read(b"\xff");
    assert!(server.session.wants_read());
}

#[test]
fn bytes_that_are_exempt_do_not_stop_reading_and_later_ones_do() {
    let mut server = Driver::open_server();
    server.session = server.session.high_water(10);
    server.session.send_binary(&[0; 100]).unwrap();
    assert!(!server.session.wants_read());
    server.session.keep_reading();
    assert!(server.session.wants_read() && !server.session.has_room());
    // Replies are counted, whatever part of the message before them was written.
    for written in [0, 60] {
        server.session.written(written);
        server.session.send_pong(b"12").unwrap();
        assert!(server.session.wants_read(), "{written}");
    }
    server.session.send_pong(b"").unwrap();
    assert!(!server.session.wants_read());
    // The rest of the message, and one byte of the replies.
    server.session.written(42);
    assert!(!server.session.wants_read());
    server.session.written(1);
    assert!(server.session.wants_read() && server.session.has_room());
    // Nothing of it is left once everything was written.
    server.session.keep_reading();
    server.session.written(9);
    server.session.send_binary(&[0; 8]).unwrap();
    assert!(!server.session.wants_read());
}

#[test]
fn bytes_that_are_lent_come_before_those_sent_meanwhile() {
    let mut server = Driver::open_server();
    server.session.send_text("first").unwrap();
    let lent = server.session.take_unwritten();
    assert_eq!((server.session.transport(), server.session.unwritten()), (Transport::Wait, 7));
    assert_eq!(server.session.take_unwritten(), b"");
    server.session.send_text("second").unwrap();
    server.session.written_owned(lent, 3);
    server.settle();
    assert_eq!(server.out, b"irst\x81\x06second");
    // Ending does not wait for the kernel, and ignores later results.
    server.session.send_text("third").unwrap();
    let lent = server.session.take_unwritten();
    server.failed().session.written_owned(lent, 7);
    assert_eq!(server.ended(), ending(1006, false, "Transport"));
}

#[test]
fn a_payload_of_the_caller_has_its_place_in_the_output() {
    for mut driver in [Driver::open_server(), Driver::open_client()] {
        driver.session.send_text("before").unwrap();
        let mask = driver.session.send_header(OpCode::Binary, true, 5).unwrap().unwrap();
        assert_eq!(driver.session.send_header(OpCode::Binary, true, 5), Err(SendError::MessageInProgress));
        driver.session.send_text("after").unwrap();
        assert_eq!(driver.session.payload_due(), None);
        driver.settle();
        assert_eq!((driver.session.payload_due(), driver.session.transport()), (Some(5), Transport::Wait));
        let mut payload = *b"large";
        mask.apply(&mut payload, 0);
        driver.out.extend_from_slice(&payload[..2]);
        driver.session.payload_written(2);
        assert_eq!(driver.session.payload_due(), Some(3));
        driver.out.extend_from_slice(&payload[2..]);
        driver.session.payload_written(3);
        driver.settle();
        let sent: Vec<_> = sent(&driver.out).into_iter().map(|frame| frame.payload).collect();
        assert_eq!(sent, [b"before".to_vec(), b"large".to_vec(), b"after".to_vec()]);
        assert_eq!(driver.steps, ["write", "flush", "write", "flush"][..driver.steps.len()]);
    }
    assert_eq!(Driver::server().session.send_header(OpCode::Binary, true, 5), Ok(None));
}

#[test]
fn an_encoded_message_is_the_same_to_all() {
    let message = EncodedMessage::text("to all");
    for mut driver in [Driver::open_server(), Driver::open_client()] {
        assert_eq!(driver.session.send_encoded(&message), Ok(true));
        driver.session.send_text_fragment("a", false).unwrap();
        assert_eq!(driver.session.send_encoded(&message), Err(SendError::MessageInProgress));
        assert_eq!(
            (&*sent(&driver.settle().out)[0].payload, driver.session.is_open()),
            (&b"to all"[..], true)
        );
    }
    assert_eq!(Driver::server().session.send_encoded(&EncodedMessage::binary(b"x")), Ok(false));
}

#[test]
fn sending_when_it_is_not_open_is_no_error_and_misuse_is() {
    let mut server = Driver::open_server();
    assert_eq!(server.session.send_ping(&[0; 126]), Err(SendError::ControlPayloadTooLong));
    assert_eq!(server.session.send_text_fragment("a", false), Ok(true));
    assert_eq!(server.session.send_text("b"), Err(SendError::MessageInProgress));
    assert_eq!(server.session.close(CloseCode::MANDATORY_EXTENSION), Err(SendError::ClientOnlyCloseCode));
    assert_eq!(server.session.close(close(1001, "bye")), Ok(true));
    assert_eq!(server.session.close(CloseCode::NORMAL), Ok(false));
    assert_eq!(server.session.send_text("late"), Ok(false));
    assert_eq!(server.session.send_binary_fragment(b"late", true), Ok(false));
    // A Pong may follow our own Close (RFC 6455, section 5.5.2).
    assert_eq!(server.session.send_pong(b"p"), Ok(true));
    // Messages that arrive before the peer's Close are still delivered.
    server.echoes = true;
    server.read(&to(Role::Server, TEXT, b"on its way")).read(&close_to(Role::Server, 1001)).eof();
    assert_eq!(server.seen.len(), 2);
    assert_eq!(server.ended(), ending(1001, true, "Close"));
}

#[test]
fn the_caller_may_answer_a_close_itself() {
    let mut server = Driver::open(Connection::server(Config::new().auto_close(false)));
    server.read(&close_to(Role::Server, 1000));
    assert_eq!(server.session.deadline(), Some(seconds(10)));
    server.close(CloseCode::NORMAL);
    assert_eq!(server.steps, ["write", "flush", "shut down"]);
    assert_eq!(server.eof().ended(), ending(1000, true, "Close"));
}

#[test]
fn an_open_session_comes_apart_into_connection_buffer_and_timer() {
    let mut server = Driver::open_server();
    server.session.send_text("queued").unwrap();
    let (connection, out, timer) = server.session.into_parts().unwrap();
    assert_eq!((out.unwritten(), timer.deadline()), (&b"\x81\x06queued"[..], Some(seconds(20))));
    let _halves = connection.split();
    assert!(Driver::server().session.into_parts().is_err());
    let mut server = Driver::open_server();
    server.session.send_text("lent").unwrap();
    server.session.take_unwritten();
    assert!(server.session.into_parts().is_err());
}

#[test]
fn the_timer_of_a_session_that_comes_apart_knows_of_the_decision_and_of_what_has_arrived() {
    let timeouts = Timeouts::new().opening(None).ping_interval(None).idle(Some(seconds(5)));
    let mut session = Session::server(HandshakeLimits::new(), timeouts, Duration::ZERO);
    let mut bytes = REQUEST.to_vec();
    let Some(Received::Request(request)) = session.receive(&mut Input::new(&mut bytes)) else {
        panic!("no request")
    };
    session.accept(request, Accept::new()).unwrap();
    session.note_time(seconds(20));
    let (.., timer) = session.into_parts().unwrap();
    assert_eq!(timer.deadline(), Some(seconds(25)));

    let mut session = Session::open(Connection::server(Config::new()), timeouts, Duration::ZERO);
    session.on_time(seconds(3));
    let mut bytes = to(Role::Server, TEXT, b"Hello");
    assert!(session.receive(&mut Input::new(&mut bytes)).is_some());
    let (.., timer) = session.into_parts().unwrap();
    assert_eq!(timer.deadline(), Some(seconds(8)));
}

#[test]
fn a_read_of_nothing_into_a_full_buffer_is_an_end_and_no_loop() {
    let mut server = Driver::server();
    server.accepts = false;
    server.read(REQUEST).read(&[0; 2000]);
    assert!(server.buffer.space().is_empty());
    assert_eq!(server.eof().ended(), ending(1006, false, "Eof"));
}

#[test]
fn an_event_does_not_borrow_the_session() {
    let mut session = Session::open(Connection::server(Config::new()), Timeouts::new(), Duration::ZERO);
    let mut bytes = to(Role::Server, TEXT, b"Hello");
    let mut input = Input::new(&mut bytes);
    let Some(Received::Event(Event::Text(text))) = session.receive(&mut input) else { panic!("no text") };
    session.send_text(&text).unwrap();
    session.close(CloseCode::NORMAL).unwrap();
    assert_eq!(&*text, "Hello");
}
