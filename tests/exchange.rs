//! Complete opening handshakes: the exchange in the RFC, its permitted variations, and frames in the same
//! read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "common/handshake.rs"]
mod common;

use common::{Head, SEED, SWITCHING, connect, opened, refused, request, response};
use sansocket::{
    Connection, Event, Input, client,
    handshake::{HandshakeError as E, HandshakeLimits},
    server::{Accept, Handshake},
};

#[test]
fn the_sample_exchange_of_the_introduction() {
    // R6455-1.2-a, R6455-4.2.2-55
    let head = Head::new(
        "GET /chat HTTP/1.1",
        &[
            ("Host", "server.example.com"),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Origin", "http://example.com"),
            ("Sec-WebSocket-Protocol", "chat, superchat"),
            ("Sec-WebSocket-Version", "13"),
        ],
    );
    let seen = opened(&head.bytes());
    assert_eq!((&*seen.target, &*seen.authority), ("/chat", "server.example.com"));
    assert_eq!(seen.origin.as_deref(), Some("http://example.com"));
    assert_eq!(seen.subprotocols, ["chat", "superchat"]);

    let mut out = Vec::new();
    request(&head).accept(Accept::new().subprotocol("chat"), &mut out).unwrap();
    let expected = format!("{}\r\nSec-WebSocket-Protocol: chat\r\n\r\n", SWITCHING.trim_end());
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

/// All orders of `len` things.
fn orders(len: usize) -> Vec<Vec<usize>> {
    let Some(last) = len.checked_sub(1) else { return vec![Vec::new()] };
    let insert = |order: Vec<usize>| {
        (0..len).map(move |at| [&order[..at], &[last], &order[at..]].concat()).collect::<Vec<_>>()
    };
    orders(last).into_iter().flat_map(insert).collect()
}

#[test]
fn every_order_of_the_headers_means_the_same() {
    // R6455-1.3-a
    let ordered = |head: &Head, order: &[usize]| {
        let headers = order.iter().map(|&at| head.headers[at].clone()).collect();
        Head { headers, ..head.clone() }
    };
    assert_eq!(orders(5).len(), 120);
    for (number, order) in orders(5).into_iter().enumerate() {
        let head = ordered(&Head::request(), &order);
        let mut out = Vec::new();
        request(&head).accept(Accept::new(), &mut out).unwrap();
        assert_eq!(out, SWITCHING.as_bytes(), "{order:?}");
        if number % 12 == 0 {
            opened(&head.bytes()); // the same, split in every way
        }
    }
    let asked = client::Request::new("ws://h/").unwrap().subprotocol("chat");
    for order in orders(4) {
        let head = response().add("Sec-WebSocket-Protocol", "chat");
        let run = connect(&asked, &ordered(&head, &order).bytes());
        assert_eq!(run.result.unwrap().unwrap().subprotocol(), Some("chat"), "{order:?}");
    }
}

#[test]
fn upper_and_lower_case_are_those_of_ascii() {
    // R6455-11.2-a
    // R6455-2.1-a: the long s and the sign for kelvin are other letters, whatever Unicode folds them to.
    let asked = client::Request::new("ws://h/").unwrap();
    for (name, value) in [
        ("Upgrade", "WEBSOCKET"),
        ("Upgrade", "wEbSoCkEt"),
        ("Connection", "UPGRADE"),
        ("cOnNeCtIoN", "upgrade"),
    ] {
        opened(&Head::request().set(name, value).bytes());
        assert!(connect(&asked, &response().set(name, value).bytes()).result.is_ok(), "{value}");
    }
    for value in ["web\u{17f}ocket", "websoc\u{212a}et"] {
        refused(&Head::request().set("Upgrade", value).bytes(), E::MalformedUpgrade);
        let run = connect(&asked, &response().set("Upgrade", value).bytes());
        assert_eq!(run.result, Err(E::InvalidUpgrade.into()), "{value}");
    }
    // With a bit of 0x20 the other way, `[` is not `{`, nor is `@` a back quote.
    refused(&Head::request().set("Upgrade", "websocket[").bytes(), E::MalformedUpgrade);
}

/// Runs bytes, split at `cut`, through a handshake and its connection.
fn run(
    bytes: &[u8],
    cut: usize,
    mut open: impl FnMut(&mut Input<'_>) -> Option<Connection>,
) -> (Vec<Event<'static>>, Vec<u8>) {
    let (mut connection, mut events, mut out) = (None, Vec::new(), Vec::new());
    let (before, after) = bytes.split_at(cut);
    for piece in [before, after] {
        let mut piece = piece.to_vec();
        let mut input = Input::new(&mut piece);
        if connection.is_none() {
            connection = open(&mut input);
        }
        if let Some(connection) = &mut connection {
            while let Some(event) = connection.receive(&mut input, &mut out).unwrap() {
                events.push(event.into_owned());
            }
        }
        assert!(input.is_empty(), "cut at {cut}");
    }
    (events, out)
}

#[test]
fn the_first_frames_may_come_with_the_response() {
    // R6455-4.1-e1, R6455-4.1-e4, and R9112-6.3-a: what a 101 says about a body means nothing.
    for (name, value) in [("X", "y"), ("Content-Length", "5"), ("Transfer-Encoding", "chunked")] {
        let head = response().add("Set-Cookie", "a=1").add("Set-Cookie", "b=2").add(name, value);
        let bytes = [&head.bytes()[..], b"\x81\x05Hello\x8a\x01p"].concat();
        for cut in 0..=bytes.len() {
            let asked = client::Request::new("ws://h/").unwrap();
            let mut handshake = client::Handshake::new(&asked, SEED, &mut Vec::new()).unwrap();
            let (events, out) = run(&bytes, cut, |input| {
                let (connection, response) = handshake.receive(input).unwrap()?;
                let cookies = response.headers().filter(|(name, _)| *name == "Set-Cookie");
                assert_eq!(cookies.map(|(_, value)| value).collect::<Vec<_>>(), [b"a=1", b"b=2"]);
                Some(connection)
            });
            assert_eq!(events, [Event::Text("Hello".into()), Event::Pong(b"p".into())], "cut at {cut}");
            assert!(out.is_empty());
        }
    }
}

#[test]
fn a_server_is_open_with_its_response() {
    // R6455-12-b
    // R6455-4.2.2-6: it may send at once, and frames that arrived with the request are received.
    let bytes = [&Head::request().bytes()[..], b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"].concat();
    for cut in 0..=bytes.len() {
        let mut handshake = Handshake::new(HandshakeLimits::new());
        let mut sent = Vec::new();
        let (events, _) = run(&bytes, cut, |input| {
            let request = handshake.receive(input, &mut sent).unwrap()?;
            let mut connection = request.accept(Accept::new(), &mut sent).unwrap();
            connection.send_text("x", &mut sent).unwrap();
            Some(connection)
        });
        assert_eq!(events, [Event::Text("Hello".into())], "cut at {cut}");
        assert_eq!(sent, [SWITCHING.as_bytes(), b"\x81\x01x"].concat());
    }
}

#[test]
fn the_only_version_is_13() {
    // IANA-VER-a, R6455-4.3-b, R6455-4.4-b: `refused` compares the whole response, including the supported
    // version.
    let with = |version: &str| Head::request().set("Sec-WebSocket-Version", version).bytes();
    for version in (0..=20_u8).chain([25, 99, 100, 199, 255]) {
        if version == 13 {
            opened(&with("13"));
        } else {
            refused(&with(&version.to_string()), E::UnsupportedVersion);
        }
    }
    for malformed in ["00", "08", "013", "256", "1000", "-1", "1 3", "13;", "0x0d", "\u{b9}3", "13,"] {
        refused(&with(malformed), E::InvalidVersion);
    }
}

#[test]
fn names_from_the_registries_are_names_like_others() {
    // IANA-EXT-a, IANA-EXT-b: unsupported extensions are declined.
    for offer in [
        "permessage-deflate",
        "bbf-usp-protocol",
        "x-webkit-deflate-frame",
        "deflate-frame",
        "permessage-bzip2",
        "perframe-deflate; method=\"x\"",
    ] {
        let head = Head::request().add("Sec-WebSocket-Extensions", offer);
        let mut out = Vec::new();
        request(&head).accept(Accept::new(), &mut out).unwrap();
        assert_eq!(out, SWITCHING.as_bytes(), "{offer}");
        assert_eq!(opened(&head.bytes()).extensions.len(), 1);
    }
    // IANA-SUB-a, R7936-2-a and R6455-4.1-r10c: `chat` and `CHAT` are different.
    let names =
        ["wamp", "v12.stomp", "mqtt", "sip", "graphql-transport-ws", "ocpp2.0.1", "chat", "CHAT", "xmpp"];
    let asked =
        names.iter().fold(client::Request::new("ws://h/").unwrap(), |asked, name| asked.subprotocol(name));
    let mut head = Vec::new();
    client::Handshake::new(&asked, SEED, &mut head).unwrap();
    assert_eq!(opened(&head).subprotocols, names);
    for name in names {
        let run = connect(&asked, &response().add("Sec-WebSocket-Protocol", name).bytes());
        assert_eq!(run.result.unwrap().unwrap().subprotocol(), Some(name));
        let head = Head::request().add("Sec-WebSocket-Protocol", names.join(", "));
        let mut out = Vec::new();
        request(&head).accept(Accept::new().subprotocol(name), &mut out).unwrap();
        assert!(out.ends_with(format!("\r\nSec-WebSocket-Protocol: {name}\r\n\r\n").as_bytes()));
    }
}
