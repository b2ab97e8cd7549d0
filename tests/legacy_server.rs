//! The server side of the opening handshake in the versions before RFC 6455. Each test names the rules of
//! `tests/requirements/legacy.tsv`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{
    closed, hex,
    legacy::{all, head, serve, serve_with},
    text,
};
use sansocket::{
    Event, Input, State,
    handshake::{HandshakeError, HandshakeLimits},
    legacy::{self, Version, Versions, server::Incoming},
    server::{Accept, ResponseErrorKind},
};

const BASE: [&str; 5] = [
    "GET /demo?x=1 HTTP/1.1",
    "Upgrade: WebSocket",
    "Connection: Upgrade",
    "Host: example.com",
    "Origin: http://localhost",
];

const KEYS: [&str; 2] =
    ["Sec-WebSocket-Key1: 3e6b263  4 17 80", "Sec-WebSocket-Key2: 17  9 G`ZD9   2 2b 7X 3 /r90"];

const BYTES: &[u8; 8] = b"WjN}|M(6";

const DIGEST: &[u8; 16] = b"n`9eBk9z$R8pOtVb";

const SAMPLE_KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

/// The request of hixie-75 with more lines.
fn hixie75(more: &[&str]) -> Vec<u8> {
    head(&[&BASE, more].concat())
}

/// The request of hixie-76 with more lines and the 8 bytes.
fn hixie76(more: &[&str]) -> Vec<u8> {
    [&head(&[&BASE[..], &KEYS, more].concat())[..], BYTES].concat()
}

/// The same with these keys.
fn hixie76_with(keys: &[&str]) -> Vec<u8> {
    [&head(&[&BASE[..], keys].concat())[..], BYTES].concat()
}

/// A request of a later version.
fn hybi(version: &str, more: &[&str]) -> Vec<u8> {
    let version = format!("Sec-WebSocket-Version: {version}");
    let lines = ["GET /demo HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade", "Host: example.com"];
    head(&[&lines[..], &[SAMPLE_KEY, &version], more].concat())
}

#[track_caller]
fn refused(versions: Versions, request: &[u8], error: HandshakeError, response: &str) {
    let served = serve(versions, request);
    assert_eq!(served.result, Err(error), "{}", request.escape_ascii());
    let hint = "This is a WebSocket endpoint. Connect with a WebSocket client, over HTTP/1.1.\n";
    let response = match error {
        HandshakeError::MissingUpgrade | HandshakeError::HttpVersionTooOld => {
            let length = hint.len();
            format!("HTTP/1.1 {response}\r\nContent-Length: {length}\r\n\r\n{hint}")
        }
        _ => format!("HTTP/1.1 {response}\r\nContent-Length: 0\r\n\r\n"),
    };
    assert_eq!(String::from_utf8(served.out).unwrap(), response, "{}", request.escape_ascii());
}

#[track_caller]
fn bad_request(versions: Versions, request: &[u8], error: HandshakeError) {
    refused(versions, request, error, "400 Bad Request\r\nConnection: close");
}

#[track_caller]
fn invalid_version(versions: Versions, request: &[u8], list: &str) {
    let response = format!("400 Bad Request\r\nSec-WebSocket-Version: {list}\r\nConnection: close");
    refused(versions, request, HandshakeError::InvalidVersion, &response);
}

#[track_caller]
fn unsupported(versions: Versions, request: &[u8], list: &str) {
    let response = format!(
        "426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: {list}\r\n\
         Connection: Upgrade, close"
    );
    refused(versions, request, HandshakeError::UnsupportedVersion, &response);
}

#[track_caller]
fn accepted(versions: Versions, request: &[u8], version: Version) -> Vec<u8> {
    let served = serve(versions, request);
    assert_eq!(served.result, Ok(Some(version)), "{}", request.escape_ascii());
    assert_eq!((served.events, served.state), (vec![], Some(State::Open)));
    served.out
}

/// The result of `look` for the request.
fn seen<T: PartialEq + std::fmt::Debug>(request: &[u8], look: impl Fn(&legacy::server::Request) -> T) -> T {
    let mut bytes = request.to_vec();
    let mut handshake = legacy::server::Handshake::new(HandshakeLimits::new(), all());
    let request = handshake.receive(&mut Input::new(&mut bytes), &mut Vec::new());
    look(&request.unwrap().unwrap())
}

/// L10, L11, L12, H75-b, H75-c: the exchange of hixie-75, with a frame in the same read as the request.
#[test]
fn hixie_75_is_answered_byte_for_byte() {
    let request = [&hixie75(&["WebSocket-Protocol: chat"])[..], b"\x00Hello\xff"].concat();
    let served = serve_with(all(), &request, |request, out| {
        assert_eq!(request.subprotocols().collect::<Vec<_>>(), ["chat"]);
        assert_eq!(request.version(), Version::Hixie75);
        Some(request.accept(Accept::new().subprotocol("chat").header("Set-Cookie", "a=b"), out).unwrap())
    });
    let response = "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
        WebSocket-Origin: http://localhost\r\nWebSocket-Location: ws://example.com/demo?x=1\r\n\
        WebSocket-Protocol: chat\r\nSet-Cookie: a=b\r\n\r\n\0Hello";
    assert_eq!(served.out, [response.as_bytes(), &[0xff]].concat());
    assert_eq!(served.events, [text("Hello")]);
}

/// L13, L18, L19, L20, L34, H76-g: the exchange of hixie-76, with frames in the same read as the request.
#[test]
fn hixie_76_is_answered_byte_for_byte() {
    for more in
        [&["Sec-WebSocket-Protocol: chat"][..], &["Content-Length: 8", "Sec-WebSocket-Protocol: chat"]]
    {
        let request = [&hixie76(more)[..], b"\x00Hello\xff\xff\x00"].concat();
        let served = serve_with(all(), &request, |request, out| {
            assert_eq!((request.version(), request.origin()), (Version::Hixie76, Some("http://localhost")));
            Some(request.accept(Accept::new().subprotocol("chat").header("Set-Cookie", "a=b"), out).unwrap())
        });
        let response = "HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Origin: http://localhost\r\nSec-WebSocket-Location: ws://example.com/demo?x=1\r\n\
            Sec-WebSocket-Protocol: chat\r\nSet-Cookie: a=b\r\n\r\n";
        assert_eq!(served.out, [response.as_bytes(), DIGEST, b"\x00Hello\xff\xff\x00"].concat());
        assert_eq!(served.events, [text("Hello"), Event::Close(None)]);
        assert_eq!((served.result, served.state), (Ok(Some(Version::Hixie76)), Some(State::Draining)));
    }
}

/// L47, HY8-b: versions 7 and 8 are answered as version 13.
#[test]
fn hybi_is_answered_as_rfc_6455() {
    for (number, version) in [("7", Version::Hybi7), ("8", Version::Hybi8), ("13", Version::Rfc6455)] {
        let request = hybi(number, &["Sec-WebSocket-Origin: http://localhost"]);
        let frames = hex("818537fa213d7f9f4d5158 888237fa213d3412");
        let served = serve(all(), &[request, frames].concat());
        let response = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        assert_eq!(served.out, [&response[..], &hex("810548656c6c6f 880203e8")].concat());
        assert_eq!(served.events, [text("Hello"), closed(1000, "")]);
        assert_eq!((served.result, served.state), (Ok(Some(version)), Some(State::Draining)));
    }
}

/// L16, L17, L20, H76-c, H76-e: the keys of the vectors, to which at least ten servers respond alike.
#[test]
fn challenges_are_answered_as_others_do() {
    let rows = [
        (
            "4 @1  46546xW%0l 1 5",
            "12998 5 Y3 1  .P00",
            "5e6e3a64735b3455",
            "386a4b5327793a472a436f2c5778612d",
        ),
        (
            "18x 6]8vM;54 *(5:  {   U1]8  z [  8",
            "1_ tx7X d  <  nw  334J702) 7]o}` 0",
            "546d5b4b20543275",
            "66514a2c664e2f344634217e4b7e4d48",
        ),
        (
            "3e6b263  4 17 80",
            "17  9 G`ZD9   2 2b 7X 3 /r90",
            "576a4e7d7c4d2836",
            "6e603965426b397a245238704f745662",
        ),
        (
            "1   38 wZ3f9 23O0 3l 0r",
            "27   0E 6 2  1665:< ;U 1H",
            "91253ed3a9e76a88",
            "b49c6e4053040426e51bbf6cb79f1df9",
        ),
        ("1 8", "2 0", "0000000000000000", "ae6940ba0d822d599b3bf242664b76b4"),
        ("42949 67295", "42949 67295", "ffffffffffffffff", "8d79cbc9a4ecdde112fc91ba625b13c2"),
        ("0 !", "0 !", "0001020304050607", "8a89c9697d2481ac0b6cb0dccfd9c483"),
        (
            "4 2w=67<O8J 2 3o 7IT8M 4 Eub",
            "17AL 0  b6. . 2pL5 3 5 6kM 0 W",
            "f66726c9077cb41f",
            "ad5cbe72988563f140b25ecca09b405f",
        ),
        ("1<\t 8", "2 0", "0000000000000000", "ae6940ba0d822d599b3bf242664b76b4"),
        ("  1 8 \t", "2 0", "0000000000000000", "ae6940ba0d822d599b3bf242664b76b4"),
        ("\u{e9}1\u{20ac} 8", "2 0", "0000000000000000", "ae6940ba0d822d599b3bf242664b76b4"),
        (&format!("{}1 8", "0".repeat(40)), "2 0", "0000000000000000", "ae6940ba0d822d599b3bf242664b76b4"),
    ];
    for (key1, key2, bytes, digest) in rows {
        let keys = [format!("Sec-WebSocket-Key1: {key1}"), format!("Sec-WebSocket-Key2: {key2}")];
        let request = head(&[&BASE[..], &[&keys[0], &keys[1]]].concat());
        let out = accepted(all(), &[request, hex(bytes)].concat(), Version::Hixie76);
        assert!(out.ends_with(&[&b"/demo?x=1\r\n\r\n"[..], &hex(digest)].concat()), "{key1}");
    }
}

/// L01, L03, L16, H76-d, A22: challenges that are refused, at the end of the head.
#[test]
fn invalid_challenges_are_refused() {
    let forty = "1 ".to_owned() + &"9".repeat(40);
    let keys = [
        "3e6b6341780",
        "a b",
        "",
        "42949 67296",
        "4294967296 ",
        "8 5899 34590",
        &forty,
        "17  9 G`ZD9   2 2b 7X 3 /r91",
        "2 L785 8o% s9Sy9@V. 4<1P5",
    ];
    for key in keys {
        for (this, other) in [(1, 2), (2, 1)] {
            let (bad, good) =
                (format!("Sec-WebSocket-Key{this}: {key}"), format!("Sec-WebSocket-Key{other}: 1 8"));
            bad_request(all(), &hixie76_with(&[&bad, &good]), HandshakeError::InvalidChallenge);
            let request = head(&[&BASE[..], &[&good, &bad]].concat());
            bad_request(all(), &request, HandshakeError::InvalidChallenge);
        }
    }
    let twice = [KEYS[0], KEYS[0], KEYS[1]];
    for keys in [&KEYS[..1], &KEYS[1..], &twice, &[KEYS[0], KEYS[1], KEYS[1]]] {
        // L01, L03: it is never tried as hixie-75.
        bad_request(all(), &hixie76_with(keys), HandshakeError::InvalidChallenge);
    }
}

/// L09, L18: a request that declares a body other than the 8 bytes is refused.
#[test]
fn the_announced_length_is_8_or_absent() {
    for value in ["0", "7", "9", "18446744073709551615"] {
        let line = format!("Content-Length: {value}");
        bad_request(all(), &hixie76(&[&line]), HandshakeError::UnexpectedBody);
    }
    for lines in
        [&["Content-Length: 8", "Content-Length: 8"][..], &["Content-Length: eight"], &["Content-Length:"]]
    {
        bad_request(all(), &hixie76(lines), HandshakeError::InvalidContentLength);
    }
    for lines in [&["Transfer-Encoding: chunked"][..], &["Content-Length: 8", "Transfer-Encoding: gzip"]] {
        bad_request(all(), &hixie76(lines), HandshakeError::UnexpectedBody);
    }
    // L09: hixie-75 has no body.
    bad_request(all(), &hixie75(&["Content-Length: 8"]), HandshakeError::UnexpectedBody);
    accepted(all(), &hixie75(&["Content-Length: 0"]), Version::Hixie75);
}

/// L19, L57, H76-f: the request is returned with the 8th byte, and the 8 bytes do not count against the
/// limits.
#[test]
fn the_request_is_complete_with_its_8th_byte() {
    let request = hixie76(&[]);
    for missing in 1..=8 {
        let served = serve(all(), &request[..request.len() - missing]);
        assert_eq!((served.result, &served.out[..]), (Ok(None), &[][..]), "{missing} missing");
    }
    let limits = HandshakeLimits::new().max_head_len(request.len() - 8);
    let mut handshake = legacy::server::Handshake::new(limits, all());
    for (at, byte) in request.iter().enumerate() {
        let result = handshake.receive(&mut Input::new(&mut [*byte]), &mut Vec::new()).unwrap();
        assert_eq!(result.is_some(), at + 1 == request.len());
    }
    let mut early = legacy::server::Handshake::new(HandshakeLimits::new(), all());
    let mut part = request[..request.len() - 1].to_vec();
    assert!(early.receive(&mut Input::new(&mut part), &mut Vec::new()).unwrap().is_none());
    assert_eq!(early.receive_eof(), Err(HandshakeError::IncompleteHandshake));
    assert_eq!(format!("{early:?}").matches("IncompleteHandshake").count(), 1);
}

#[test]
fn the_first_bytes_of_a_failed_head_are_available() {
    let mut handshake = legacy::server::Handshake::new(HandshakeLimits::new(), all());
    assert_eq!(handshake.first_bytes().as_bytes(), b"");
    handshake.receive(&mut Input::new(&mut b"\x16\x03\x01".to_vec()), &mut Vec::new()).unwrap_err();
    assert_eq!(handshake.first_bytes().as_bytes(), b"\x16");
}

/// L21, H76-o: an unsupported framing is refused.
#[test]
fn only_draft_0_is_accepted() {
    accepted(all(), &hixie76(&["Sec-WebSocket-Draft: 0"]), Version::Hixie76);
    for value in ["2", "1", "00", "", "0, 0"] {
        let line = format!("Sec-WebSocket-Draft: {value}");
        bad_request(all(), &hixie76(&[&line]), HandshakeError::InvalidChallenge);
    }
    let twice = ["Sec-WebSocket-Draft: 0", "Sec-WebSocket-Draft: 0"];
    bad_request(all(), &hixie76(&twice), HandshakeError::InvalidChallenge);
}

/// L22, L56: the origin is required, appears once, and is printable ASCII.
#[test]
fn an_origin_is_required() {
    let with = |origin: &[u8], keys: bool| {
        let lines = [&BASE[..4], if keys { &KEYS } else { &[] }].concat();
        let mut bytes = head(&lines);
        bytes.truncate(bytes.len() - 2);
        [&bytes[..], origin, b"\r\n", if keys { &BYTES[..] } else { b"" }].concat()
    };
    for keys in [false, true] {
        bad_request(all(), &with(b"", keys), HandshakeError::MissingOrigin);
        let good = b"Origin: http://a";
        for origin in [&b"Origin:"[..], b"Origin: \xe9", b"Origin: a\tb", b"Origin: a\r\nOrigin: a"] {
            bad_request(all(), &with(&[origin, b"\r\n"].concat(), keys), HandshakeError::InvalidOrigin);
        }
        for (byte, error) in [
            (0, HandshakeError::ControlCharacter),
            (b'\r', HandshakeError::InvalidLineEnding),
            (b'\n', HandshakeError::InvalidLineEnding),
            (0x7f, HandshakeError::ControlCharacter),
        ] {
            let origin = [&good[..], &[byte], b"X: y\r\n"].concat();
            bad_request(all(), &with(&origin, keys), error);
        }
        let version = if keys { Version::Hixie76 } else { Version::Hixie75 };
        let out = accepted(all(), &with(b"Origin: null ~!\r\n", keys), version);
        assert!(String::from_utf8_lossy(&out).contains("WebSocket-Origin: null ~!\r\n"));
    }
}

/// L23, L24: the location is the URI that the client connected to, as it was sent.
#[test]
fn the_location_is_not_normalized() {
    let rows = [
        ("/demo", "Example.COM:80", false, "ws://Example.COM:80/demo"),
        ("/", "[::1]:8080", true, "wss://[::1]:8080/"),
        ("/a//b/../%7e?", "h", false, "ws://h/a//b/../%7e?"),
        ("/?a?b=/c", "h", true, "wss://h/?a?b=/c"),
        ("http://other:81/p?q", "h", false, "ws://other:81/p?q"),
        ("https://other/p", "h", false, "ws://other/p"),
    ];
    for (target, host, secure, location) in rows {
        for (keys, after) in [(&[][..], &[][..]), (&KEYS[..], &BYTES[..])] {
            let (line, host) = (format!("GET {target} HTTP/1.1"), format!("Host: {host}"));
            let forwarded = "X-Forwarded-Proto: https";
            let lines = [&[&*line, &host, forwarded], &BASE[1..3], &BASE[4..], keys].concat();
            let served = serve_with(all(), &[&head(&lines)[..], after].concat(), |request, out| {
                assert_eq!(request.target(), target);
                Some(request.secure(secure).accept(Accept::new(), out).unwrap())
            });
            let out = String::from_utf8_lossy(&served.out).into_owned();
            assert!(out.contains(&format!("WebSocket-Location: {location}\r\n")), "{out}");
        }
    }
}

/// L25, L56, H76-j: the subprotocol is one string, which is selected entirely or not at all.
#[test]
fn the_subprotocol_is_one_string() {
    for (name, keys, after) in
        [("WebSocket-Protocol", &[][..], &[][..]), ("Sec-WebSocket-Protocol", &KEYS[..], &BYTES[..])]
    {
        let request = |value: &str| {
            let line = format!("{name}: {value}");
            [&head(&[&BASE[..], keys, &[&line]].concat())[..], after].concat()
        };
        for value in ["a b", "chat, news", "chat", "~!\""] {
            let served = serve_with(all(), &request(value), |request, out| {
                assert_eq!(request.subprotocols().collect::<Vec<_>>(), [value]);
                for (supported, selected) in [(&["x", value][..], Some(value)), (&["news", "x"], None)] {
                    assert_eq!(request.select_by_server_order(supported), selected);
                    assert_eq!(request.select_by_client_order(supported), selected);
                }
                let part = Accept::new().subprotocol("news");
                let error = request.accept(part, out).unwrap_err();
                assert_eq!((error.kind(), out.len()), (ResponseErrorKind::SubprotocolNotOffered, 0));
                let whole = Accept::new().subprotocol(value);
                Some(error.into_request().accept(whole, out).unwrap())
            });
            let line = format!("\r\n{name}: {value}\r\n");
            assert_eq!(String::from_utf8_lossy(&served.out).matches(&line).count(), 1);
            let none = serve(all(), &request(value)).out;
            assert!(!String::from_utf8_lossy(&none).contains("Protocol:"));
        }
        for value in ["", "a\tb", "\u{e9}", &format!("a\r\n{name}: a")] {
            bad_request(all(), &request(value), HandshakeError::InvalidSubprotocols);
        }
    }
}

/// L01, L02, L03, L04, L05, H75-a: the version is determined by the headers that are present.
#[test]
fn the_version_is_decided_by_the_headers() {
    // L04, and L02 with only one of its headers.
    for lines in
        [&[SAMPLE_KEY, "Sec-WebSocket-Version: 13"][..], &[SAMPLE_KEY], &["Sec-WebSocket-Version: 8"]]
    {
        bad_request(all(), &hixie76(lines), HandshakeError::InvalidChallenge);
        bad_request(
            all(),
            &[&head(&[&BASE[..], &KEYS[1..], lines].concat())[..], BYTES].concat(),
            HandshakeError::InvalidChallenge,
        );
    }
    // Without hixie-76 these headers have no meaning.
    let lines = [&BASE[..], &KEYS, &[SAMPLE_KEY, "Sec-WebSocket-Version: 13"]].concat();
    accepted(Versions::new().hixie75().hybi8(), &head(&lines), Version::Rfc6455);
    // L02.
    invalid_version(all(), &hixie75(&[SAMPLE_KEY]), "13, 8, 7");
    bad_request(all(), &hixie75(&["Sec-WebSocket-Version: 8"]), HandshakeError::InvalidKey);
    // L05.
    for name in ["Protocol", "Extensions", "Origin", "Draft", "X"] {
        invalid_version(all(), &hixie75(&[&format!("sec-websocket-{name}: 0")]), "13, 8, 7");
    }
    for value in ["websocket", "WEBSOCKET", "WebSocket, WebSocket", "WebSocket\r\nUpgrade: WebSocket"] {
        let upgrade = format!("Upgrade: {value}");
        let lines = [&BASE[..1], &[&*upgrade], &BASE[2..]].concat();
        invalid_version(all(), &head(&lines), "13, 8, 7");
        // hixie-76 is recognized by its keys.
        let lines = [&lines[..], &KEYS].concat();
        accepted(all(), &[&head(&lines)[..], BYTES].concat(), Version::Hixie76);
    }
    // The order and case of the headers have no meaning.
    let reversed: Vec<String> = BASE[1..].iter().rev().map(|line| line.replacen('O', "o", 1)).collect();
    let lines: Vec<&str> = BASE[..1].iter().copied().chain(reversed.iter().map(String::as_str)).collect();
    accepted(all(), &head(&lines), Version::Hixie75);
}

/// L06, L07, L08, L50, L54, H76-p, HY8-a, HY8-j, A23: what is not enabled is refused as without the feature;
/// responses name what is.
#[test]
fn versions_that_are_not_enabled_are_refused() {
    let none = Versions::new();
    assert_eq!(none, Versions::default());
    let lists = [
        (none, "13"),
        (none.hixie75().hixie76(), "13"),
        (none.hybi7(), "13, 7"),
        (none.hybi8(), "13, 8"),
        (none.hybi7().hybi8(), "13, 8, 7"),
        (all(), "13, 8, 7"),
    ];
    for (versions, list) in lists {
        for number in ["0", "4", "6", "9", "12", "14", "75", "76", "255"] {
            unsupported(versions, &hybi(number, &[]), list);
        }
        for value in ["13, 8", "8, 7", "013", "08", "+8", "8.0", "", "-1", "256", "x"] {
            invalid_version(versions, &hybi(value, &[]), list); // L08
        }
        invalid_version(versions, &hybi("8", &["Sec-WebSocket-Version: 8"]), list);
        accepted(versions, &hybi("13", &[]), Version::Rfc6455);
        accepted(versions, &hybi(" 13 ", &[]), Version::Rfc6455);
    }
    unsupported(none, &hybi("8", &[]), "13");
    unsupported(none.hybi7(), &hybi("8", &[]), "13, 7");
    unsupported(none.hybi8().hixie76(), &hybi("7", &[]), "13, 8");
    accepted(none.hybi8(), &hybi("8", &[]), Version::Hybi8);
    accepted(none.hybi7(), &hybi("7", &[]), Version::Hybi7);
    invalid_version(none, &hixie75(&[]), "13");
    invalid_version(none.hixie76(), &hixie75(&[]), "13");
    accepted(none.hixie75(), &hixie75(&[]), Version::Hixie75);
    // The server does not wait for the 8 bytes.
    let request = head(&[&BASE[..], &KEYS].concat());
    invalid_version(none, &request, "13");
    invalid_version(none.hixie75(), &request, "13");
    accepted(none.hixie76(), &[&request[..], BYTES].concat(), Version::Hixie76);
}

/// L09: everything else in the head must satisfy the rules of RFC 6455.
#[test]
fn the_rest_of_the_head_is_checked_as_ever() {
    type E = HandshakeError;
    for keys in [&[][..], &KEYS] {
        let change = |at: usize, line: &str| {
            let mut lines = [&BASE[..], keys].concat();
            lines[at] = line;
            head(&lines)
        };
        bad_request(all(), &change(3, "Host: a b"), E::InvalidHostHeader);
        bad_request(all(), &change(3, "X: y"), E::InvalidHostHeader);
        bad_request(all(), &change(3, "Host: a\r\nHost: a"), E::InvalidHostHeader);
        bad_request(all(), &change(3, "Host: a\r\nTransfer-Encoding: chunked"), E::UnexpectedBody);
        bad_request(all(), &change(3, "Host: a\r\n folded"), E::FoldedHeader);
        bad_request(all(), &change(3, "Host : a"), E::MalformedHeader);
        bad_request(all(), &change(0, "GET demo HTTP/1.1"), E::InvalidTarget);
        bad_request(all(), &change(0, "GET /\u{e9} HTTP/1.1"), E::InvalidTarget);
        let response = "426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13, 8, 7\r\n\
            Content-Type: text/plain\r\nConnection: Upgrade, close";
        refused(all(), &change(0, "GET / HTTP/1.0"), E::HttpVersionTooOld, response);
        let response = "405 Method Not Allowed\r\nAllow: GET\r\nConnection: close";
        refused(all(), &change(0, "POST / HTTP/1.1"), E::InvalidMethod, response);
    }
}

/// L48, HY8-c: the origin of versions 7 and 8 has a name of its own.
#[test]
fn the_origin_of_hybi_has_two_names() {
    for version in ["7", "8"] {
        let origin =
            |lines: &[&str]| seen(&hybi(version, lines), |request| request.origin().map(str::to_owned));
        let both = ["Origin: b:1", "Sec-WebSocket-Origin: http://a"];
        assert_eq!(origin(&both).as_deref(), Some("http://a"));
        assert_eq!(origin(&both[..1]).as_deref(), Some("b:1"));
        assert_eq!(origin(&both[1..]).as_deref(), Some("http://a"));
        assert_eq!(origin(&[]), None);
        for name in ["Origin", "Sec-WebSocket-Origin"] {
            for value in ["", "\u{e9}", "a\tb", &format!("a\r\n{name}: a")] {
                let line = format!("{name}: {value}");
                bad_request(all(), &hybi(version, &[&line]), HandshakeError::InvalidOrigin);
            }
        }
    }
    // In version 13 it is an ordinary header.
    let request = hybi("13", &["Sec-WebSocket-Origin:", "Origin: http://b"]);
    assert_eq!(seen(&request, |request| request.origin().map(str::to_owned)).as_deref(), Some("http://b"));
}

/// L49, HY8-h: the old compressions are declined.
#[test]
fn old_extensions_are_declined() {
    for version in ["7", "8", "13"] {
        let offers = "Sec-WebSocket-Extensions: deflate-stream, deflate-frame; max_window_bits=8, x-webkit-deflate-frame";
        let served = serve_with(all(), &hybi(version, &[offers]), |request, out| {
            let accept = Accept::new();
            #[cfg(feature = "deflate")]
            let accept = accept.deflate(sansocket::deflate::Config::new());
            Some(request.accept(accept, out).unwrap())
        });
        assert!(!String::from_utf8_lossy(&served.out).contains("Extensions"));
    }
}

/// L27, L49: permessage-deflate is negotiated as in version 13; L27: not in the hixie versions.
#[cfg(feature = "deflate")]
#[test]
fn permessage_deflate_is_for_hybi_only() {
    let offer = "Sec-WebSocket-Extensions: permessage-deflate";
    let accept = || Accept::new().deflate(sansocket::deflate::Config::new());
    for version in ["7", "8"] {
        let served = serve_with(all(), &hybi(version, &[offer]), |request, out| {
            let connection = request.accept(accept(), out).unwrap().into_core().unwrap();
            assert!(connection.deflate().is_some());
            None
        });
        assert!(
            String::from_utf8_lossy(&served.out).contains("Sec-WebSocket-Extensions: permessage-deflate")
        );
    }
    let served = serve_with(all(), &hixie76(&[offer]), |request, out| {
        let mut connection = request.accept(accept(), out).unwrap();
        connection.send_text(&"a".repeat(1000), out).unwrap();
        Some(connection)
    });
    assert!(!String::from_utf8_lossy(&served.out).contains("Extensions"));
    assert!(served.out.ends_with(&[&b"a".repeat(1000)[..], &[0xff]].concat()));
}

/// L52: the key has 24 characters in every version that has one.
#[test]
fn the_key_of_hybi_has_16_bytes() {
    for version in ["7", "8"] {
        let request = String::from_utf8(hybi(version, &[])).unwrap();
        let short = request.replace("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j");
        bad_request(all(), short.as_bytes(), HandshakeError::InvalidKey);
    }
}

/// L30: headers are allowed, except for those of the handshake.
#[test]
fn headers_of_the_caller_pass() {
    let cookie = ["Cookie: a=b"];
    for request in [hixie75(&cookie), hixie76(&cookie)] {
        let served = serve_with(all(), &request, |request, out| {
            assert_eq!(request.header("cookie"), Some(&b"a=b"[..]));
            for name in ["WebSocket-Origin", "websocket-x", "Sec-WebSocket-Location", "Upgrade"] {
                let accept = Accept::new().header(name, "x");
                let mut request = Some(request_again(&request));
                let error = request.take().unwrap().accept(accept, out).unwrap_err();
                assert_eq!((error.kind(), out.len()), (ResponseErrorKind::ReservedHeader, 0));
            }
            let invalid = request.accept(Accept::new().header("X", "a\r\nb"), out).unwrap_err();
            assert_eq!(invalid.kind(), ResponseErrorKind::InvalidHeaderValue);
            let accept = Accept::new().header("Set-Cookie", "c=d").header("WebSockets", "yes");
            Some(invalid.into_request().accept(accept, out).unwrap())
        });
        let out = String::from_utf8_lossy(&served.out).into_owned();
        assert!(out.contains("\r\nSet-Cookie: c=d\r\nWebSockets: yes\r\n\r\n"), "{out}");
    }
}

/// The same request, read again.
fn request_again(request: &legacy::server::Request) -> legacy::server::Request {
    let bytes = match request.version() {
        Version::Hixie75 => hixie75(&[]),
        Version::Hixie76 => hixie76(&[]),
        version => panic!("{version:?}"),
    };
    let mut bytes = bytes;
    let mut handshake = legacy::server::Handshake::new(HandshakeLimits::new(), all());
    handshake.receive(&mut Input::new(&mut bytes), &mut Vec::new()).unwrap().unwrap()
}

/// L07, HY8-i: a request can be rejected in every version, and an error gives it back.
#[test]
fn requests_can_be_rejected() {
    for request in [hixie75(&[]), hixie76(&[]), hybi("7", &[]), hybi("8", &[]), hybi("13", &[])] {
        let served = serve_with(all(), &request, |request, out| {
            let (version, shown) = (request.version(), format!("{request:?}"));
            assert!(shown.contains("/demo") && !shown.contains("x=1"), "{shown}");
            assert_eq!((request.path(), request.authority()), ("/demo", "example.com"));
            assert_eq!(request.query(), request.target().contains('?').then_some("x=1"));
            assert_eq!(
                request.headers().count(),
                request.headers().filter(|(_, value)| !value.is_empty()).count()
            );
            let error = request.reject(99, &[], b"", out).unwrap_err();
            assert_eq!((error.kind(), out.len()), (ResponseErrorKind::InvalidStatus, 0));
            let request = error.into_request();
            let error = request.accept(Accept::new().subprotocol("x"), out).unwrap_err();
            assert_eq!((error.kind(), out.len()), (ResponseErrorKind::SubprotocolNotOffered, 0));
            let request = error.into_request();
            assert_eq!(request.version(), version);
            request.reject(426, &[("X", "y")], b"no", out).unwrap();
            None
        });
        let response = "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13, 8, 7\r\nX: y\r\nConnection: Upgrade, close\r\nContent-Length: 2\r\n\r\nno";
        assert_eq!(String::from_utf8(served.out).unwrap(), response); // L07
    }
}

/// L02: plain HTTP on the same port is the same as without the old versions.
#[test]
fn plain_http_is_served_beside_all_versions() {
    let plain = head(&["GET /page HTTP/1.1", "Host: a", KEYS[0], "Origin: http://a"]);
    let mut handshake = legacy::server::Handshake::new(HandshakeLimits::new(), all());
    let (mut bytes, mut out) = (plain.clone(), Vec::new());
    let incoming = handshake.receive_any(&mut Input::new(&mut bytes), &mut out).unwrap().unwrap();
    let Incoming::Http(request) = incoming else { panic!("{incoming:?}") };
    assert_eq!((request.path(), out.len()), ("/page", 0));
    assert_eq!(handshake.receive_eof(), Ok(()));
    // L07: the caller's own 426 lists the versions too.
    request.respond(426, &[], b"", &mut out).unwrap();
    let own = "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13, 8, 7\r\n\
        Connection: Upgrade, close\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(String::from_utf8(std::mem::take(&mut out)).unwrap(), own);
    let response = "426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13, 8, 7\r\n\
        Content-Type: text/plain\r\nConnection: Upgrade, close";
    refused(all(), &plain, HandshakeError::MissingUpgrade, response);

    for (request, version) in [(hixie75(&[]), Version::Hixie75), (hixie76(&[]), Version::Hixie76)] {
        let mut handshake = legacy::server::Handshake::new(HandshakeLimits::new(), all());
        let mut bytes = request;
        let incoming = handshake.receive_any(&mut Input::new(&mut bytes), &mut out).unwrap().unwrap();
        assert!(matches!(incoming, Incoming::WebSocket(request) if request.version() == version));
    }
}
