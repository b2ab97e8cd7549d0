//! Attacks on long-lived state: memory, counters, closing, keys, logs.

use std::{collections::BTreeSet, time::Duration};

use allocation_counter::measure;
use sansocket::{
    CloseCode, Config, Connection, Event, Input, SendError, State, client,
    frame::{Decoder, Header, Limits, Role},
    handshake::{Extension, HandshakeLimits},
    keepalive::Timeouts,
    server::{Accept, Handshake},
    session::Session,
};

use crate::{
    common::{BINARY, CLOSE, PING, Pair, TEXT, noise, to},
    flood,
    handshake::{Head, request},
};

#[test]
fn ten_thousand_connections_are_idle_after_a_long_message_each() {
    // E1, B3, C11
    let message = to(Role::Server, BINARY, &noise(64 << 10));
    let mut connections: Vec<Connection> = (0..10_000).map(|_| Connection::server(Config::new())).collect();
    let mut out = Vec::new();
    let mut held = 0;
    for connection in &mut connections {
        // In two reads, so that the message is reassembled.
        let (first, second) = message.split_at(40_000);
        for part in [first, second] {
            held += flood(connection, &mut out, 1, part).bytes_current;
        }
    }
    assert_eq!(held, 0);
    assert!(size_of::<Connection>() <= 224);
}

/// A second Close is refused, as intended.
fn ignore(_: Result<(), SendError>) {}

#[test]
fn two_that_close_at_once_say_it_once_in_every_order() {
    // B21
    for order in 0..64_u32 {
        let mut pair = Pair::new(Config::new(), Config::new());
        for bit in 0..6 {
            match (order >> bit & 1, bit % 3) {
                (0, 0) => ignore(pair.client.connection.send_close(CloseCode::NORMAL, &mut pair.client.out)),
                (1, 0) => {
                    ignore(pair.server.connection.send_close(CloseCode::GOING_AWAY, &mut pair.server.out));
                }
                (0, _) => pair.deliver_to_server(1),
                (_, _) => pair.deliver_to_client(3),
            }
        }
        ignore(pair.client.connection.send_close(CloseCode::NORMAL, &mut pair.client.out));
        ignore(pair.server.connection.send_close(CloseCode::GOING_AWAY, &mut pair.server.out));
        pair.settle(2);
        for end in [&mut pair.client, &mut pair.server] {
            let closes = end.events.iter().filter(|event| matches!(event, Event::Close(_))).count();
            assert_eq!((closes, end.error, end.connection.state()), (1, None, State::Draining), "{order:b}");
            assert_eq!(end.connection.receive_eof(), Ok(()));
        }
    }
}

#[test]
fn ten_thousand_frames_have_ten_thousand_keys() {
    // D1, D4: including Pings and fragments; a server has no keys.
    let mut client = Connection::client(Config::new(), [9; 32]);
    let mut server = Connection::server(Config::new());
    let (mut out, mut keys) = (Vec::new(), BTreeSet::new());
    for number in 0..10_000 {
        out.clear();
        match number % 4 {
            0 => client.send_text("x", &mut out).unwrap(),
            1 => client.send_ping(b"", &mut out).unwrap(),
            2 => client.send_binary_fragment(b"x", false, &mut out).unwrap(),
            _ => client.send_binary_fragment(b"", true, &mut out).unwrap(),
        }
        let (header, _) = Header::decode(&out).unwrap().unwrap();
        keys.insert(header.mask.unwrap());
        out.clear();
        server.send_text("x", &mut out).unwrap();
        assert_eq!(out, b"\x81\x01x");
    }
    // Two equal keys among ten thousand occur by chance once in a hundred runs; this seed has none.
    assert_eq!(keys.len(), 10_000);
    assert!(!keys.contains(&[0; 4]));
}

#[test]
fn no_text_of_an_attacker_shows_on_the_wire() {
    // D3
    let request = "GET /x HTTP/1.1\r\nHost: v\r\n\r\n";
    let mut client = Connection::client(Config::new(), [10; 32]);
    let mut out = Vec::new();
    for _ in 0..10_000 {
        client.send_text(request, &mut out).unwrap();
    }
    assert!(!out.windows(8).any(|window| request.as_bytes().starts_with(window)));
}

#[test]
fn every_attempt_has_a_nonce_of_its_own() {
    // D2, D5: all 16 bytes come from the seed.
    let request = client::Request::new("ws://h/").unwrap();
    let mut keys = BTreeSet::new();
    for seed in 0..=255 {
        let mut head = Vec::new();
        client::Handshake::new(&request, [seed; 32], &mut head).unwrap();
        let head = String::from_utf8(head).unwrap();
        keys.insert(head.split("Sec-WebSocket-Key: ").nth(1).unwrap()[..24].to_owned());
    }
    assert_eq!(keys.len(), 256);
    #[cfg(feature = "getrandom")]
    assert_ne!(sansocket::random_seed().unwrap(), sansocket::random_seed().unwrap());
}

#[test]
fn debug_output_is_short_and_has_no_control_characters() {
    // E4
    fn check(shown: &str) {
        assert!(shown.len() <= 256, "{} bytes: {shown}", shown.len());
        assert!(shown.chars().all(|c| !c.is_control()), "{shown:?}");
        assert!(!shown.contains("secret"), "{shown}");
    }
    let long = format!("a\r\n\x1b[31m{}secret", "\u{9b}ä".repeat(5000));
    let mut stream = to(Role::Client, TEXT, long.as_bytes());
    stream.extend(to(Role::Client, BINARY, long.as_bytes()));
    stream.extend(to(Role::Client, PING, &long.as_bytes()[..125]));
    stream.extend(to(Role::Client, CLOSE, &[b"\x03\xe8", &long.as_bytes()[..120]].concat()));
    let mut copy = stream.clone();
    let mut connection = Connection::client(Config::new(), [1; 32]);
    let (mut input, mut out, mut events) = (Input::new(&mut stream), Vec::new(), 0);
    while let Some(event) = connection.receive(&mut input, &mut out).unwrap() {
        check(&format!("{event:?}"));
        events += 1;
    }
    assert_eq!(events, 4);
    let mut decoder = Decoder::new(Role::Client, Limits::new());
    let mut input = Input::new(&mut copy);
    while let Some(part) = decoder.receive(&mut input).unwrap() {
        check(&format!("{part:?}"));
    }
    check(&format!("{:?}", connection.close_outcome().unwrap()));
    let mut session =
        Session::open(Connection::client(Config::new(), [1; 32]), Timeouts::new(), Duration::ZERO);
    let mut close = to(Role::Client, CLOSE, &[b"\x03\xe8", &long.as_bytes()[..120]].concat());
    assert!(session.receive(&mut Input::new(&mut close)).is_some());
    session.failed();
    check(&format!("{:?}", session.ending().unwrap()));
    let offers = [format!("{}; a=\"{}secret\"", "x".repeat(1000), "y".repeat(2000))];
    for extension in Extension::parse_all(&offers).map(Result::unwrap) {
        check(&format!("{extension:?} {:?}", extension.params()));
    }
    let head = Head::request().add("Authorization", "secret").add("Cookie", "secret");
    let request = request(&head);
    check(&format!("{request:?}").replace(request.target(), ""));
    let refused = request.accept(Accept::new().header("X", "secret\r\n"), &mut out).unwrap_err();
    check(&format!("{refused:?} {refused}"));
    let handshake = Handshake::new(HandshakeLimits::new());
    check(&format!("{handshake:?}"));
    check(&format!("{:?}", Input::new(&mut b"secret\r\n".repeat(100))));
}

#[test]
fn a_connection_that_fails_leaves_others_alone() {
    // E9
    let mut good = Connection::server(Config::new());
    let mut bad = Connection::server(Config::new());
    let mut out = Vec::new();
    for number in 0..100 {
        let mut noise = noise(50);
        while let Ok(Some(_)) = bad.receive(&mut Input::new(&mut noise), &mut Vec::new()) {}
        let mut frame = to(Role::Server, TEXT, format!("{number}").as_bytes());
        let mut input = Input::new(&mut frame);
        match good.receive(&mut input, &mut out) {
            Ok(Some(Event::Text(text))) => assert_eq!(text, format!("{number}")),
            other => panic!("{other:?}"),
        }
    }
    assert!(out.is_empty());
}

#[test]
fn the_largest_allocation_is_that_of_the_longest_message() {
    // E8: there is no larger allocation that could fail.
    let limit = 1 << 20;
    let mut connection = Connection::server(Config::new().max_message_len(limit));
    let mut stream = to(Role::Server, BINARY, &noise(1 << 20));
    let info = measure(|| {
        let mut out = Vec::new();
        for bytes in stream.chunks_mut(1400) {
            let mut input = Input::new(bytes);
            while connection.receive(&mut input, &mut out).unwrap().is_some() {}
        }
    });
    // The old and the new buffer exist side by side while it grows.
    assert!(info.bytes_max <= 2 * limit, "{}", info.bytes_max);
}
