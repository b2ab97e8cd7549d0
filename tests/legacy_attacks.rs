//! Attacks on the versions before RFC 6455: declared lengths, missing ends, echoed headers. Each test names
//! the rules of `tests/requirements/legacy.tsv` or the attacks of `tests/attacks/catalogue.tsv`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use allocation_counter::measure;
use common::{
    hex,
    legacy::{HIXIE, SEED, all},
};
use sansocket::{
    Config, Event, Input,
    client::Request,
    handshake::{HandshakeError, HandshakeLimits},
    legacy::{self, Connection, Version},
    server::Accept,
};

/// Receives `stream` in pieces without expecting an event, and returns the most bytes that were allocated at
/// once.
fn memory(connection: &mut Connection, stream: &[u8], piece: usize) -> u64 {
    let mut stream = stream.to_vec();
    let info = measure(|| {
        for bytes in stream.chunks_mut(piece) {
            let mut input = Input::new(bytes);
            assert_eq!(connection.receive(&mut input, &mut Vec::new()), Ok(None));
        }
    });
    info.bytes_max
}

/// L35, F2: nothing is stored or reserved for bytes that are skipped, declared or not.
#[test]
fn skipped_bytes_take_no_memory() {
    for version in HIXIE {
        for start in ["8084808000", "fe9fffff7f", "01", "7f"] {
            for piece in [1, 1000, 1 << 20] {
                let mut connection = Connection::server(version, Config::new());
                let stream = [&hex(start)[..], &vec![b'a'; 100_000]].concat();
                assert_eq!(memory(&mut connection, &stream, piece), 0);
            }
        }
    }
}

/// L35, F1: the bytes of a length end at the limit of their number, and are not stored.
#[test]
fn a_length_without_end_fails_at_its_tenth_byte() {
    for byte in [0x80, 0xff] {
        let mut connection = Connection::server(Version::Hixie76, Config::new().max_frame_len(u64::MAX));
        let stream = [vec![0x80], vec![byte; 9]].concat();
        assert_eq!(memory(&mut connection, &stream, 3), 0);
        assert!(connection.receive(&mut Input::new(&mut [byte]), &mut Vec::new()).is_err());
    }
}

/// L36, L57, F3: an endless text takes at most twice the received bytes, and never more than the limit.
#[test]
fn text_without_end_is_bounded() {
    let limit = 50_000_u64;
    for version in HIXIE {
        for piece in [1, 7, 1000, 60_000] {
            let config = Config::new().max_message_len(limit);
            let mut connection = Connection::server(version, config);
            let mut stream = [vec![0], vec![0xc3; 100_000]].concat();
            let mut sent = 0;
            let info = measure(|| {
                for bytes in stream.chunks_mut(piece) {
                    sent += bytes.len();
                    if connection.receive(&mut Input::new(bytes), &mut Vec::new()).is_err() {
                        break;
                    }
                }
            });
            assert_eq!(sent as u64, (limit + 2).next_multiple_of(piece as u64).min(100_001));
            // The old and the new buffer exist side by side while it grows.
            assert!(info.bytes_max <= 2 * limit, "{}", info.bytes_max);
        }
        let mut connection = Connection::server(version, Config::new());
        let stream = [vec![0], vec![b'a'; 1000]].concat();
        assert!(memory(&mut connection, &stream, 10) <= 3 * 1000);
    }
}

/// L37, F4: the replacement of invalid UTF-8 takes at most three times the memory of the message.
#[test]
fn invalid_text_is_replaced_within_bounds() {
    let mut stream = [vec![0], vec![0x80; 10_000], vec![0xff]].concat();
    let mut connection = Connection::server(Version::Hixie75, Config::new());
    let mut input = Input::new(&mut stream);
    let mut len = 0;
    let info = measure(|| {
        let event = connection.receive(&mut input, &mut Vec::new());
        if let Ok(Some(Event::Text(text))) = event {
            len = text.len();
        }
    });
    assert_eq!(len, 30_000);
    assert!(info.bytes_max <= 4 * 30_000, "{}", info.bytes_max);
}

/// L19, L57, F5: until the 8 bytes arrive, a handshake holds only its head.
#[test]
fn withheld_bytes_hold_no_memory() {
    let lines = [
        "GET / HTTP/1.1",
        "Upgrade: WebSocket",
        "Connection: Upgrade",
        "Host: a",
        "Origin: http://a",
        "Sec-WebSocket-Key1: 1 8",
        "Sec-WebSocket-Key2: 2 0",
    ];
    let mut bytes = common::legacy::head(&lines);
    let mut handshake = legacy::server::Handshake::new(HandshakeLimits::new(), all());
    assert!(handshake.receive(&mut Input::new(&mut bytes), &mut Vec::new()).unwrap().is_none());
    for _ in 0..7 {
        let info = measure(|| {
            assert!(matches!(handshake.receive(&mut Input::new(&mut [0]), &mut Vec::new()), Ok(None)));
        });
        assert_eq!(info.bytes_max, 0);
    }
    let mut last = vec![0; 100_000];
    let mut input = Input::new(&mut last);
    assert!(handshake.receive(&mut input, &mut Vec::new()).unwrap().is_some());
    assert_eq!(input.len(), 99_999);
}

/// L16, A22: keys of any length are read once, and their numbers do not overflow.
#[test]
fn keys_of_any_length_are_refused_or_understood() {
    for (key, is_valid) in [
        ("9".repeat(8000), false),
        (format!("{} 1", "9".repeat(40)), false),
        (format!("1{}8", " ".repeat(18)), true),
        (format!("1{}8", " ".repeat(7000)), false),
        (format!("0{}0", " ".repeat(7000)), true),
        (format!("{} 8", "0".repeat(7000)), true),
        ("4294967295 !".to_owned(), true),
        (format!("4294967296{}!", " ".repeat(2)), false),
        (format!("{}1 8", "!".repeat(7000)), true),
    ] {
        let key = format!("Sec-WebSocket-Key1: {key}");
        let base =
            ["GET / HTTP/1.1", "Upgrade: WebSocket", "Connection: Upgrade", "Host: a", "Origin: http://a"];
        let mut bytes = common::legacy::head(&[&base[..], &["Sec-WebSocket-Key2: 2 0", &key]].concat());
        bytes.extend([0; 8]);
        let mut handshake = legacy::server::Handshake::new(HandshakeLimits::new(), all());
        let mut out = Vec::new();
        match handshake.receive(&mut Input::new(&mut bytes), &mut out) {
            Ok(request) => assert!(is_valid && request.is_some()),
            Err(error) => {
                assert_eq!((is_valid, error), (false, HandshakeError::InvalidChallenge));
                assert!(out.starts_with(b"HTTP/1.1 400 ") && out.ends_with(b"\r\n\r\n"));
            }
        }
    }
}

/// L56, F6: no byte of an echoed value changes the lines of the response.
#[test]
fn echoed_values_inject_nothing() {
    for byte in 0..=255_u8 {
        for place in ["target", "host", "origin", "subprotocol"] {
            for version in HIXIE {
                let mut bytes = request_with(version, place, byte);
                let mut handshake = legacy::server::Handshake::new(HandshakeLimits::new(), all());
                let mut out = Vec::new();
                let Ok(Some(request)) = handshake.receive(&mut Input::new(&mut bytes), &mut out) else {
                    assert!(!out.starts_with(b"HTTP/1.1 101"));
                    continue;
                };
                let name = request.subprotocols().next().unwrap_or_default().to_owned();
                request.accept(Accept::new().subprotocol(&name), &mut out).unwrap();
                if version == Version::Hixie76 {
                    out.truncate(out.len() - 16);
                }
                let text = String::from_utf8(out).unwrap();
                let lines: Vec<&str> = text.strip_suffix("\r\n\r\n").unwrap().split("\r\n").collect();
                assert_eq!(lines.len(), 6, "{byte:02x} in {place}: {lines:?}");
                assert!(lines.iter().all(|line| line.bytes().all(|byte| matches!(byte, b' '..=b'~'))));
            }
        }
    }
}

fn request_with(version: Version, place: &str, byte: u8) -> Vec<u8> {
    let value = |name: &str, before: &[u8]| {
        if name == place { [before, b"x", &[byte], b"x"].concat() } else { [before, b"x"].concat() }
    };
    let keys: &[u8] = if version == Version::Hixie76 {
        b"Sec-WebSocket-Key1: 1 8\r\nSec-WebSocket-Key2: 2 0\r\nSec-WebSocket-Protocol: "
    } else {
        b"WebSocket-Protocol: "
    };
    let head = [
        &value("target", b"GET /")[..],
        b" HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n",
        &value("host", b"Host: "),
        b"\r\n",
        &value("origin", b"Origin: "),
        b"\r\n",
        &value("subprotocol", keys),
        b"\r\n\r\n",
    ]
    .concat();
    [&head[..], &[0; 8]].concat()
}

/// A23: a request of RFC 6455 is never downgraded by other headers or by other enabled versions.
#[test]
fn a_current_client_is_never_downgraded() {
    let request = Request::new("ws://a/").unwrap().origin("http://a").header("WebSocket-Protocol", "x");
    let mut sent = Vec::new();
    legacy::client::Handshake::new(&request, Version::Rfc6455, SEED, &mut sent).unwrap();
    let sent = String::from_utf8(sent).unwrap();
    // One or two headers are removed, or spelled differently.
    let lines: Vec<&str> = sent.trim_end().split("\r\n").collect();
    for first in 1..lines.len() {
        for second in 1..lines.len() {
            for spelling in ["websocket", "WebSocket"] {
                let kept = |at: &usize| *at != first && *at != second;
                let kept: Vec<&str> = (0..lines.len()).filter(kept).map(|at| lines[at]).collect();
                let mut bytes = common::legacy::head(&kept.iter().map(|line| &**line).collect::<Vec<_>>());
                let text = String::from_utf8(bytes).unwrap().replace("websocket", spelling);
                bytes = text.clone().into_bytes();
                let mut handshake = legacy::server::Handshake::new(HandshakeLimits::new(), all());
                let result = handshake.receive(&mut Input::new(&mut bytes), &mut Vec::new());
                if let Ok(Some(request)) = result {
                    let is_hixie = request.version() == Version::Hixie75;
                    // Only a request without both headers, and in the spelling of the old version, is one of that
                    // version.
                    assert_eq!(
                        is_hixie,
                        !text.contains("Sec-WebSocket") && spelling == "WebSocket",
                        "{text}"
                    );
                }
            }
        }
    }
}
