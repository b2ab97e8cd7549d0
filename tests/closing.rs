//! The closing handshake in every order (RFC 6455, 5.5.1 and 7.1).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{
    BINARY, BINARY_FIRST, BOTH, Bench, CLOSE, Ended, FINAL, MIDDLE, PING, PONG, TEXT, TEXT_FIRST, Transcript,
    all_to, binary, close, close_code, closed, frame, hex, ping, plain, pong, text, text_chunk, to,
};
use sansocket::{
    CloseCode, Config, Connection, Delivery, Event, Initiator, Input, ProtocolError, SendError, State,
    frame::{OpCode, Role},
};

/// The body of a Close with 1000, 1001 and 3000.
const NORMAL: &[u8] = b"\x03\xe8";
const AWAY: &[u8] = b"\x03\xe9";
const OTHER: &[u8] = b"\x0b\xb8";

fn send_normal(connection: &mut Connection, out: &mut Vec<u8>) {
    connection.send_close(CloseCode::NORMAL, out).unwrap();
}

fn send_away(connection: &mut Connection, out: &mut Vec<u8>) {
    connection.send_close(CloseCode::GOING_AWAY, out).unwrap();
}

fn send_empty(connection: &mut Connection, out: &mut Vec<u8>) {
    connection.send_close(None, out).unwrap();
}

fn ended(code: u16, clean: bool, initiator: Initiator, error: Option<ProtocolError>) -> Ended {
    Ended { code, reason: String::new(), clean, initiator, interrupted: false, error }
}

fn clean(code: u16, initiator: Initiator) -> Ended {
    ended(code, true, initiator, None)
}

/// Runs a stream without and with the end of the stream after it.
#[track_caller]
fn check(bench: &Bench, stream: &[u8], expected: &Transcript, eof: Result<(), ProtocolError>, end: Ended) {
    assert_eq!(bench.run(stream), *expected);
    let expected =
        Transcript { state: State::Closed, closure: Some(end), eof: Some(eof), ..expected.clone() };
    assert_eq!(bench.clone().eof().run(stream), expected);
}

fn transcript(events: Vec<Event<'static>>, out: &str, state: State, closure: Option<Ended>) -> Transcript {
    Transcript { events, out: hex(out), error: None, state, closure, eof: None }
}

#[test]
fn the_peer_closes() {
    // R6455-5.5.1-g, R6455-5.5.1-k, R6455-5.5.1-l, R6455-5.5.1-m, R6455-5.5.1-n, R6455-7.1.2-b,
    // R6455-7.1.3-a, R6455-7.1.4-a, R6455-7.1.4-b, R6455-7.1.5-a, R6455-7.1.5-b, WHATWG-4-d
    for role in BOTH {
        let end = clean(1000, Initiator::Remote);
        let expected = transcript(vec![closed(1000, "")], "880203e8", State::Draining, Some(end.clone()));
        check(&Bench::new(role), &to(role, CLOSE, NORMAL), &expected, Ok(()), end);

        let end = clean(1005, Initiator::Remote);
        let expected = transcript(vec![Event::Close(None)], "8800", State::Draining, Some(end.clone()));
        check(&Bench::new(role), &to(role, CLOSE, b""), &expected, Ok(()), end);
    }
}

#[test]
fn we_close_and_the_peer_answers() {
    // R6455-1.4-b, R6455-5.5.1-k, R6455-7.1.2-b, R6455-7.1.3-a, R6455-7.1.5-b, WHATWG-3.2-b
    // R6455-7.1.2-a, R6455-7.1.5-a, R6455-5.5.1-o: even if its Close was already in flight; its code counts.
    type Send = fn(&mut Connection, &mut Vec<u8>);
    let cases: [(Send, &str, &[u8], Event<'static>, u16); 4] = [
        (send_away, "880203e9", AWAY, closed(1001, ""), 1001),
        (send_away, "880203e9", OTHER, closed(3000, ""), 3000),
        (send_empty, "8800", b"", Event::Close(None), 1005),
        (send_normal, "880203e8", b"", Event::Close(None), 1005),
    ];
    for role in BOTH {
        for (send, out, answer, event, code) in &cases {
            let bench = Bench::new(role).at(0, *send);
            check(
                &bench,
                b"",
                &transcript(vec![], out, State::Closing, None),
                Err(ProtocolError::UnexpectedEof),
                ended(1006, false, Initiator::Local, Some(ProtocolError::UnexpectedEof)),
            );
            let end = clean(*code, Initiator::Local);
            let expected = transcript(vec![event.clone()], out, State::Draining, Some(end.clone()));
            check(&bench, &to(role, CLOSE, answer), &expected, Ok(()), end);
        }
    }
}

#[test]
fn input_after_the_peers_close_is_discarded() {
    // R6455-1.4-a
    // R6455-7.1.1-a, R6455-5.5.2-b: no second event, no Pong, no failure.
    for role in BOTH {
        let bench = Bench::new(role);
        let closing = to(role, CLOSE, NORMAL);
        let rests = [
            to(role, CLOSE, AWAY),
            all_to(role, &[(CLOSE, AWAY), (TEXT, b"x"), (PING, b"p")]),
            vec![0xff; 40],
            to(role, BINARY, b"half a frame")[..8].to_vec(),
        ];
        for rest in rests {
            let stream = [&closing[..], &rest].concat();
            assert_eq!(bench.run(&stream), bench.run(&closing));
            assert_eq!(bench.clone().eof().run(&stream), bench.clone().eof().run(&closing));
        }
    }
}

#[test]
fn while_only_our_close_is_out_the_peer_is_heard_and_its_pings_are_answered() {
    // R6455-5.5.2-b, R6455-7.1.3-a, WHATWG-4-b
    for role in BOTH {
        let bench = Bench::new(role).at(0, send_normal);
        let stream = all_to(
            role,
            &[(TEXT, b"t"), (PING, b"p"), (BINARY_FIRST, b"1"), (PONG, b""), (FINAL, b"2"), (CLOSE, NORMAL)],
        );
        let end = clean(1000, Initiator::Local);
        let events = vec![text("t"), ping(b"p"), pong(b""), binary(b"12"), closed(1000, "")];
        let expected = transcript(events, "880203e8 8a0170", State::Draining, Some(end.clone()));
        check(&bench, &stream, &expected, Ok(()), end.clone());

        // As in a browser, data is discarded and other frames are not.
        for delivery in [Delivery::Messages, Delivery::Chunks] {
            let config = Config::new().delivery(delivery).deliver_while_closing(false);
            let events = vec![ping(b"p"), pong(b""), closed(1000, "")];
            let expected = transcript(events, "880203e8 8a0170", State::Draining, Some(end.clone()));
            check(&bench.clone().config(config), &stream, &expected, Ok(()), end.clone());
        }
    }
}

#[test]
fn data_that_is_dropped_while_closing_is_checked_all_the_same() {
    for delivery in [Delivery::Messages, Delivery::Chunks] {
        let config = Config::new().delivery(delivery).deliver_while_closing(false);
        for role in BOTH {
            let bench = Bench::new(role).config(config).at(0, send_normal);
            for (first, payload) in [(TEXT, &b"ab\xff"[..]), (TEXT_FIRST, b"\xc0"), (0x83, b""), (0xc1, b"")]
            {
                let seen = bench.run(&to(role, first, payload));
                let error = seen.error.unwrap();
                assert_eq!((seen.events, seen.out, seen.state), (vec![], hex("880203e8"), State::Draining));
                assert_eq!(seen.closure, Some(ended(1006, false, Initiator::Local, Some(error))));
            }
        }
    }
    // The part that was delivered before our Close stays delivered, and the rest is not delivered.
    let first = to(Role::Server, TEXT_FIRST, b"a");
    let config = Config::new().delivery(Delivery::Chunks).deliver_while_closing(false);
    let bench = Bench::server().config(config).at(first.len(), send_normal);
    let stream = [&first[..], &to(Role::Server, FINAL, b"b"), &to(Role::Server, TEXT, b"c")].concat();
    let expected = transcript(vec![text_chunk("a", false)], "880203e8", State::Closing, None);
    assert_eq!(bench.run(&stream), expected);
}

#[test]
fn a_failure_sends_no_second_close() {
    // R6455-7.1.7-e, R6455-7.1.7-f, R6455-7.1.7-g
    for role in BOTH {
        let bench = Bench::new(role).at(0, send_normal);
        let error = ProtocolError::ReservedOpcode(3);
        let end = ended(1006, false, Initiator::Local, Some(error));
        let expected = Transcript {
            error: Some(error),
            ..transcript(vec![], "880203e8", State::Draining, Some(end.clone()))
        };
        for more in [vec![], to(role, CLOSE, NORMAL)] {
            check(&bench, &[&[0x83][..], &more].concat(), &expected, Err(error), end.clone());
        }
    }
}

#[test]
fn a_close_in_the_middle_of_a_message_drops_the_message() {
    // R6455-5.4-e, R6455-5.4-i
    for role in BOTH {
        for frames in [&[(TEXT_FIRST, &b"\xe2\x82"[..])][..], &[(BINARY_FIRST, b""), (MIDDLE, b"x")]] {
            let stream = [all_to(role, frames), to(role, CLOSE, NORMAL)].concat();
            let end = Ended { interrupted: true, ..clean(1000, Initiator::Remote) };
            let expected = transcript(vec![closed(1000, "")], "880203e8", State::Draining, Some(end.clone()));
            check(&Bench::new(role), &stream, &expected, Ok(()), end);
        }
    }
}

#[test]
fn the_transport_ends_without_a_close() {
    // R6455-7.1.4-b, R6455-7.1.5-c, R6455-7.2.1-a: nothing more is sent.
    let error = ProtocolError::UnexpectedEof;
    for role in BOTH {
        let whole = all_to(role, &[(TEXT_FIRST, b"abc"), (PING, b"ping"), (FINAL, b"d")]);
        for cut in 0..=whole.len() {
            let seen = Bench::new(role).eof().run(&whole[..cut]);
            let interrupted = cut != 0 && cut != whole.len();
            let end = Ended { interrupted, ..ended(1006, false, Initiator::Transport, Some(error)) };
            assert_eq!((seen.eof, seen.closure), (Some(Err(error)), Some(end)), "cut at {cut}");
            let answered = cut >= whole.len() - to(role, FINAL, b"d").len();
            assert_eq!(seen.out, if answered { frame(PONG, None, b"ping") } else { vec![] });
            assert_eq!((seen.error, seen.state), (None, State::Closed));
        }
        // An incomplete Close does not count.
        let seen = Bench::new(role).eof().run(&to(role, CLOSE, NORMAL)[..3]);
        assert_eq!((seen.events, seen.out, seen.eof), (vec![], vec![], Some(Err(error))));
    }
}

#[test]
fn without_automatic_answers_the_close_waits_for_the_caller() {
    // R6455-5.5.1-i: a message that is being sent may be finished first.
    let config = Config::new().auto_close(false);
    for role in BOTH {
        let close_len = to(role, CLOSE, NORMAL).len();
        let waiting = Bench::new(role).config(config);
        let stream = to(role, CLOSE, NORMAL);
        let error = ProtocolError::UnexpectedEof;
        check(
            &waiting,
            &stream,
            &transcript(vec![closed(1000, "")], "", State::Closing, None),
            Err(error),
            ended(1000, false, Initiator::Remote, Some(error)),
        );
        let answering = waiting.clone().at(0, |connection, out| {
            connection.send_text_fragment("a", false, out).unwrap();
        });
        let answering = answering.at(close_len, |connection, out| {
            assert_eq!(connection.state(), State::Closing);
            assert_eq!(connection.send_pong(b"", out), Err(SendError::ConnectionClosing));
            connection.send_text_fragment("b", true, out).unwrap();
            connection.send_close(CloseCode::GOING_AWAY, out).unwrap();
            assert_eq!(connection.state(), State::Draining);
        });
        let end = clean(1000, Initiator::Remote);
        let out = "010161 800162 880203e9";
        let expected = transcript(vec![closed(1000, "")], out, State::Draining, Some(end.clone()));
        check(&answering, &stream, &expected, Ok(()), end.clone());

        // Between the two Closes nothing more is received.
        let stream = [&stream[..], &to(role, PING, b"p"), &[0xff; 9]].concat();
        check(&answering, &stream, &expected, Ok(()), end);

        // Our own Close came first: no reply is left to send.
        let first = waiting.at(0, send_away);
        let end = clean(1000, Initiator::Local);
        let expected = transcript(vec![closed(1000, "")], "880203e9", State::Draining, Some(end.clone()));
        check(&first, &to(role, CLOSE, NORMAL), &expected, Ok(()), end);
    }
}

#[test]
fn any_received_close_can_be_echoed() {
    // R6455-5.5.1-j: 1010 too, which a server may not send first.
    let config = Config::new().auto_close(false);
    for role in BOTH {
        for code in (1000..5000).filter_map(CloseCode::new) {
            let mut connection = Bench::new(role).config(config).connection();
            let mut out = Vec::new();
            let mut read = to(role, CLOSE, &code.get().to_be_bytes());
            let event = connection.receive(&mut Input::new(&mut read), &mut out).unwrap();
            let Some(Event::Close(close)) = event else { panic!("{event:?}") };
            assert_eq!(connection.send_close(close, &mut out), Ok(()), "{code}");
            assert_eq!(plain(role, &out), frame(CLOSE, None, &code.get().to_be_bytes()));
            assert_eq!(connection.state(), State::Draining);
        }
    }
}

#[test]
fn without_automatic_pongs_a_ping_is_answered_by_the_caller_also_while_closing() {
    // R6455-5.5.2-b
    for role in BOTH {
        let at = to(role, PING, b"p").len();
        let bench = Bench::new(role).config(Config::new().auto_pong(false)).at(0, send_normal);
        let bench = bench.at(at, |connection, out| connection.send_pong(b"p", out).unwrap());
        let stream = all_to(role, &[(PING, b"p"), (PING, b"q"), (CLOSE, NORMAL)]);
        let end = clean(1000, Initiator::Local);
        let events = vec![ping(b"p"), ping(b"q"), closed(1000, "")];
        let expected = transcript(events, "880203e8 8a0170", State::Draining, Some(end.clone()));
        check(&bench, &stream, &expected, Ok(()), end);
    }
}

#[test]
fn the_close_reply_interrupts_a_message_that_is_being_sent() {
    // R6455-5.5.1-f, R6455-6.1-1
    for role in BOTH {
        let stream = to(role, CLOSE, NORMAL);
        let bench = Bench::new(role)
            .at(0, |connection, out| connection.send_binary_fragment(b"1", false, out).unwrap())
            .at(stream.len(), |connection, out| {
                let sent = out.len();
                assert_eq!(
                    connection.send_binary_fragment(b"2", true, out),
                    Err(SendError::ConnectionClosing)
                );
                let header = connection.send_header(OpCode::Continuation, true, 1, out);
                assert_eq!((header, out.len()), (Err(SendError::ConnectionClosing), sent));
            });
        let end = clean(1000, Initiator::Remote);
        let expected =
            transcript(vec![closed(1000, "")], "020131 880203e8", State::Draining, Some(end.clone()));
        check(&bench, &stream, &expected, Ok(()), end);
    }
}

#[test]
fn a_close_is_sent_once() {
    // R6455-1.4-a, R6455-5.5.1-f, R6455-7.1.2-a, WHATWG-3.3-c
    for role in BOTH {
        let mut connection = Bench::new(role).connection();
        let mut out = Vec::new();
        connection.send_close(close(4000, "first"), &mut out).unwrap();
        let sent = out.clone();
        for code in [None, Some(close(1000, "")), Some(close(4000, "first"))] {
            assert_eq!(connection.send_close(code, &mut out), Err(SendError::ConnectionClosing));
        }
        assert_eq!((out, connection.state()), (sent, State::Closing));
    }
}

/// The bytes before the end, and how the connection ends.
type Case<'a> = (&'a str, Bench, &'a [u8], Result<(), ProtocolError>, u16, Initiator);

#[test]
fn the_end_of_the_transport_ends_every_state() {
    // WHATWG-4-c
    // R6455-7.1.4-a. The second end changes nothing; `Bench` checks that.
    let unexpected = ProtocolError::UnexpectedEof;
    let fault = ProtocolError::ReservedOpcode(3);
    let manual = Config::new().auto_close(false);
    let role = Role::Server;
    let peer_closes = to(role, CLOSE, NORMAL);
    let cases: [Case<'_>; 6] = [
        ("open", Bench::server(), b"", Err(unexpected), 1006, Initiator::Transport),
        ("ours is out", Bench::server().at(0, send_away), b"", Err(unexpected), 1006, Initiator::Local),
        (
            "theirs came",
            Bench::server().config(manual),
            &peer_closes,
            Err(unexpected),
            1000,
            Initiator::Remote,
        ),
        ("both", Bench::server(), &peer_closes, Ok(()), 1000, Initiator::Remote),
        ("both, ours first", Bench::server().at(0, send_away), &peer_closes, Ok(()), 1000, Initiator::Local),
        ("failed", Bench::server(), &[0x83], Err(fault), 1006, Initiator::Local),
    ];
    for (state, bench, stream, result, code, initiator) in cases {
        let seen = bench.eof().run(stream);
        assert_eq!((seen.state, seen.eof), (State::Closed, Some(result)), "{state}");
        assert_eq!(seen.closure, Some(ended(code, result.is_ok(), initiator, result.err())), "{state}");
    }
}

#[test]
fn sending_after_eof_fails() {
    // R6455-5.1-g
    for role in BOTH {
        let mut connection = Bench::new(role).connection();
        assert_eq!(connection.receive_eof(), Err(ProtocolError::UnexpectedEof));
        let mut out = Vec::new();
        assert_eq!(connection.send_text("x", &mut out), Err(SendError::ConnectionClosing));
        assert_eq!(connection.send_pong(b"", &mut out), Err(SendError::ConnectionClosing));
        assert_eq!(connection.send_close(close_code(1000), &mut out), Err(SendError::ConnectionClosing));
        let mut read = to(role, PING, b"p");
        let received = connection.receive(&mut Input::new(&mut read), &mut out);
        assert_eq!((received, out), (Err(ProtocolError::UnexpectedEof), vec![]));
    }
}

#[test]
fn a_timeout_is_the_cause_of_the_end() {
    use sansocket::keepalive::Timeout;
    for (timeout, code, reason) in
        [(Timeout::Idle, 1001_u16, "idle timeout"), (Timeout::Pong, 1011, "keep-alive timeout")]
    {
        let error = ProtocolError::TimedOut(timeout);
        let body = [&code.to_be_bytes(), reason.as_bytes()].concat();
        let mut connection = Connection::server(Config::new());
        let mut out = Vec::new();
        // The message in progress is not the cause of the end.
        let mut begun = to(Role::Server, TEXT_FIRST, b"Hel");
        assert_eq!(connection.receive(&mut Input::new(&mut begun), &mut out), Ok(None));
        connection.time_out(timeout, &mut out);
        assert_eq!(out, frame(CLOSE, None, &body));
        assert_eq!(connection.state(), State::Draining);
        // Exactly once, for any later call.
        connection.time_out(Timeout::CloseHandshake, &mut out);
        let mut late = to(Role::Server, CLOSE, NORMAL);
        assert_eq!(connection.receive(&mut Input::new(&mut late), &mut out), Err(error));
        assert_eq!(connection.receive_eof(), Err(error));
        assert_eq!(out, frame(CLOSE, None, &body));
        let outcome = connection.close_outcome().unwrap();
        assert_eq!((outcome.code, outcome.clean, outcome.error), (1006, false, Some(error)));
        assert_eq!((outcome.initiator, outcome.close_code()), (Initiator::Local, None));
    }
}

#[test]
fn a_timeout_while_closing_sends_nothing_and_one_after_both_closes_is_without_effect() {
    use sansocket::keepalive::Timeout;
    let timeout = Timeout::CloseHandshake;
    let mut connection = Connection::server(Config::new());
    let mut out = Vec::new();
    send_away(&mut connection, &mut out);
    let len = out.len();
    connection.time_out(timeout, &mut out);
    assert_eq!(out.len(), len);
    assert_eq!(connection.close_outcome().unwrap().error, Some(ProtocolError::TimedOut(timeout)));

    let mut connection = Connection::server(Config::new());
    let mut close = to(Role::Server, CLOSE, NORMAL);
    connection.receive(&mut Input::new(&mut close), &mut out).unwrap();
    connection.time_out(timeout, &mut out);
    let outcome = connection.close_outcome().unwrap();
    assert_eq!((outcome.clean, outcome.error, outcome.close_code()), (true, None, Some(CloseCode::NORMAL)));
    assert_eq!(connection.receive_eof(), Ok(()));
}

#[test]
fn debug_shows_no_more_than_a_line_of_the_reason() {
    let reason = "x".repeat(123);
    let mut connection = Connection::server(Config::new());
    let mut close = to(Role::Server, CLOSE, &[NORMAL, reason.as_bytes()].concat());
    connection.receive(&mut Input::new(&mut close), &mut Vec::new()).unwrap();
    for shown in [format!("{connection:?}"), format!("{:?}", connection.close_outcome().unwrap())] {
        assert!(shown.contains("xxxx") && !shown.contains(&"x".repeat(80)), "{shown}");
    }
}

#[test]
fn a_pong_is_at_most_three_times_as_long_as_its_ping() {
    for role in BOTH {
        for len in 0..=125 {
            let mut connection = match role {
                Role::Server => Connection::server(Config::new()),
                Role::Client => Connection::client(Config::new(), [7; 32]),
            };
            let mut ping = to(role, PING, &vec![7; len]);
            let (ping_len, mut out) = (ping.len(), Vec::new());
            let event = connection.receive(&mut Input::new(&mut ping), &mut out).unwrap();
            assert!(matches!(event, Some(Event::Ping(_))));
            assert!(out.len() <= 3 * ping_len, "{} bytes for {ping_len}", out.len());
            // A client must mask its Pong, and an empty Ping is answered with three times its length.
            assert_eq!(out.len() == 3 * ping_len, role == Role::Client && len == 0);
        }
    }
}

/// The loop in the documentation of `Connection`.
fn echo(
    connection: &mut Connection,
    input: &mut Input<'_>,
    out: &mut Vec<u8>,
) -> Result<(), sansocket::Error> {
    while let Some(event) = connection.receive(input, out)? {
        match event {
            _ if connection.state() != State::Open => {}
            Event::Text(text) => connection.send_text(&text, out)?,
            Event::Binary(data) => connection.send_binary(&data, out)?,
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn messages_after_our_close_do_not_keep_the_documented_loop_from_reading_the_peers_close() {
    for role in BOTH {
        let mut connection = match role {
            Role::Server => Connection::server(Config::new()),
            Role::Client => Connection::client(Config::new(), [7; 32]),
        };
        let mut out = Vec::new();
        send_away(&mut connection, &mut out);
        let sent = out.len();
        let mut late = all_to(role, &[(TEXT, b"a"), (BINARY, b"b"), (TEXT, b"c"), (CLOSE, AWAY)]);
        echo(&mut connection, &mut Input::new(&mut late), &mut out).unwrap();
        assert_eq!((out.len(), connection.receive_eof()), (sent, Ok(())));
        let outcome = connection.close_outcome().unwrap();
        assert_eq!((outcome.code, outcome.clean, outcome.error), (1001, true, None));
    }
}
