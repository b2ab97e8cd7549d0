//! The client side of the opening handshake in the versions before RFC 6455. Each test names the rules of
//! `tests/requirements/legacy.tsv`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{
    hex,
    legacy::{Connected, HIXIE, SEED, connect, head, request_bytes},
    text,
};
use sansocket::{
    CloseCode, Input, State,
    client::{Error, Request, RequestError},
    handshake::HandshakeError,
    legacy::{Version, client::Handshake},
};

const URI: &str = "ws://Example.com:8080/demo?x=1";

fn request() -> Request {
    Request::new(URI).unwrap().origin("http://Localhost")
}

/// The response to [`request`], with a header changed or left out.
fn response(version: Version, change: impl Fn(&str) -> Option<String>) -> Vec<u8> {
    let prefix = if version == Version::Hixie75 { "" } else { "Sec-" };
    let lines = [
        "HTTP/1.1 101 WebSocket Protocol Handshake".to_owned(),
        "Upgrade: WebSocket".to_owned(),
        "Connection: Upgrade".to_owned(),
        format!("{prefix}WebSocket-Origin: http://Localhost"),
        format!("{prefix}WebSocket-Location: ws://example.com:8080/demo?x=1"),
        format!("{prefix}WebSocket-Protocol: chat"),
    ];
    let lines: Vec<String> = lines.iter().filter_map(|line| change(line)).collect();
    let mut bytes = head(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    if version == Version::Hixie76 {
        bytes.extend(digest(&request_bytes(&request(), version)));
    }
    bytes
}

/// The line as it is.
#[expect(clippy::unnecessary_wraps, reason = "others leave a line out")]
fn same(line: &str) -> Option<String> {
    Some(line.to_owned())
}

/// The response of the crate's own server to this request.
fn digest(request: &[u8]) -> [u8; 16] {
    let served = common::legacy::serve(common::legacy::all(), request);
    *served.out.last_chunk().unwrap()
}

fn failure(error: HandshakeError) -> Connected {
    Connected { result: Err(error.into()), events: Vec::new(), eof: Err(error.into()) }
}

/// L10, H75-a: the request of hixie-75, byte for byte.
#[test]
fn the_request_of_hixie_75_has_a_fixed_order() {
    let request = request().subprotocol("chat").header("Cookie", "a=b");
    let expected = "GET /demo?x=1 HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
        Host: example.com:8080\r\nOrigin: http://Localhost\r\nWebSocket-Protocol: chat\r\nCookie: a=b\r\n\r\n";
    let bytes = request_bytes(&request, Version::Hixie75);
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

/// L13, L14, L15, H76-a, H76-b: the request of hixie-76 with its keys and 8 bytes, which follow from the
/// seed.
#[test]
fn the_request_of_hixie_76_has_two_keys_and_8_bytes() {
    let request = request().header("Cookie", "a=b").subprotocol("chat");
    let bytes = request_bytes(&request, Version::Hixie76);
    assert_eq!(bytes, request_bytes(&request, Version::Hixie76), "the same seed");
    let expected = "GET /demo?x=1 HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
        Host: example.com:8080\r\nOrigin: http://Localhost\r\nSec-WebSocket-Protocol: chat\r\nCookie: a=b\r\n\
        Sec-WebSocket-Key1: ";
    let (before, keys) = bytes.split_at(expected.len());
    assert_eq!(std::str::from_utf8(before).unwrap(), expected);
    let (keys, random) = keys.split_at(keys.len() - 8);
    let keys = std::str::from_utf8(keys).unwrap().strip_suffix("\r\n\r\n").unwrap();
    let (first, second) = keys.split_once("\r\nSec-WebSocket-Key2: ").unwrap();
    assert!(first != second && !second.contains('\r'));

    let mut out = Vec::new();
    Handshake::new(&request, Version::Hixie76, [8; 32], &mut out).unwrap();
    assert!(!out.ends_with(random) && !String::from_utf8_lossy(&out).contains(first));
}

/// L48, HY8-c: the request of versions 7 and 8 is that of RFC 6455 with another number and name of the
/// origin.
#[test]
fn the_request_of_hybi_names_its_version_and_origin() {
    let request = request().subprotocol("chat").header("Cookie", "a=b");
    let current = String::from_utf8(request_bytes(&request, Version::Rfc6455)).unwrap();
    let mut core = Vec::new();
    sansocket::client::Handshake::new(&request, SEED, &mut core).unwrap();
    assert_eq!(current.as_bytes(), core);
    for (version, number) in [(Version::Hybi7, "7"), (Version::Hybi8, "8")] {
        let expected = current.replace("\r\nOrigin", "\r\nSec-WebSocket-Origin").replace("13", number);
        assert_eq!(String::from_utf8(request_bytes(&request, version)).unwrap(), expected);
    }
}

/// L26, L27, L30: requests that the hixie versions cannot express are rejected, and `out` is unchanged.
#[test]
fn requests_that_do_not_fit_are_refused() {
    let uri = || Request::new(URI).unwrap();
    let with_origin = || uri().origin("http://a");
    let rows = [
        (uri(), RequestError::OriginRequired),
        (with_origin().extension("x"), RequestError::UnsupportedByVersion),
        (with_origin().subprotocol("a").subprotocol("b"), RequestError::UnsupportedByVersion),
        (with_origin().header("WebSocket-Protocol", "a"), RequestError::ReservedHeader),
        (with_origin().header("websocket-x", "a"), RequestError::ReservedHeader),
        (with_origin().header("Sec-WebSocket-Key1", "1 8"), RequestError::ReservedHeader),
        (with_origin().header("X", "a\r\nb"), RequestError::InvalidHeaderValue),
        (with_origin().require_subprotocol(), RequestError::NoSubprotocolOffered),
        #[cfg(feature = "deflate")]
        (with_origin().deflate(sansocket::deflate::Config::new()), RequestError::UnsupportedByVersion),
    ];
    for (request, error) in rows {
        for version in HIXIE {
            let mut out = Vec::new();
            assert_eq!(Handshake::new(&request, version, SEED, &mut out).map(drop), Err(error));
            assert_eq!(out, []);
        }
    }
    for version in [Version::Hybi7, Version::Hybi8, Version::Rfc6455] {
        let mut out = Vec::new();
        let request = uri().header("X", "a\r\nb");
        let result = Handshake::new(&request, version, SEED, &mut out).map(drop);
        assert_eq!((result, &out[..]), (Err(RequestError::InvalidHeaderValue), &[][..]));
        // Other options of a request are not an error in these versions.
        Handshake::new(&uri().subprotocol("a").subprotocol("b").extension("x"), version, SEED, &mut out)
            .unwrap();
    }
}

/// L26, L28, H76-h: what opens the connection, with a frame in the same read.
#[test]
fn responses_that_are_accepted() {
    type Change = fn(&str) -> Option<String>;
    let changes: [Change; 8] = [
        same,
        |line| Some(line.replace("Upgrade: WebSocket", "Upgrade: websocket")),
        |line| Some(line.replace("Connection: Upgrade", "connection: UPGRADE")),
        |line| Some(line.replace("WebSocket Protocol Handshake", "Switching Protocols")),
        |line| Some(line.replace("101 WebSocket Protocol Handshake", "101")),
        |line| Some(line.replace("http://Localhost", "HTTP://localhost")),
        // L26: no subprotocol was requested.
        |line| Some(line.replace("Protocol: chat", "Protocol: None\r\nSet-Cookie: c=d")),
        |line| (!line.contains("Protocol: chat")).then(|| line.to_owned()),
    ];
    for version in HIXIE {
        for change in changes {
            let response = response(version, change);
            let seen =
                connect(&request(), version, &[&response[..], b"\x00Hi\xff\x80\x01\xff\x00!\xff"].concat());
            assert_eq!((seen.events, seen.eof), (vec![text("Hi"), text("!")], Ok(())));
            assert_eq!(seen.result.unwrap().unwrap().status(), 101);
        }
        let interim = [&b"HTTP/1.1 103 Early Hints\r\n\r\n"[..], &response(version, same)].concat();
        assert!(connect(&request(), version, &interim).result.unwrap().is_some());
    }
}

/// L28, H76-h: responses that are refused, each for its own reason.
#[test]
fn responses_that_are_refused() {
    type E = HandshakeError;
    let rows = [
        ("Upgrade: WebSocket", "Upgrade: h2c", E::InvalidUpgrade),
        ("Upgrade: WebSocket", "Upgrade: WebSocket, h2c", E::InvalidUpgrade),
        ("Upgrade: WebSocket", "Upgrade: WebSocket\r\nUpgrade: WebSocket", E::InvalidUpgrade),
        ("Upgrade: WebSocket", "X: y", E::InvalidUpgrade),
        ("Connection: Upgrade", "Connection: close", E::InvalidConnection),
        ("Connection: Upgrade", "Connection: Upgrade\r\nConnection: Upgrade", E::InvalidConnection),
        ("Connection: Upgrade", "X: y", E::InvalidConnection),
        ("Origin: http://Localhost", "Origin: http://other", E::UnexpectedOrigin),
        ("Origin: http://Localhost", "X: y", E::UnexpectedOrigin),
        ("Origin: http://Localhost", "Origin:", E::UnexpectedOrigin),
        ("/demo?x=1", "/demo", E::UnexpectedLocation),
        ("ws://", "wss://", E::UnexpectedLocation),
        ("ws://example.com:8080", "ws://Example.com:8080", E::UnexpectedLocation),
        ("ws://example.com:8080", "ws://example.com", E::UnexpectedLocation),
        ("Location:", "Elsewhere:", E::UnexpectedLocation),
        ("HTTP/1.1 101", "HTTP/1.0 101", E::HttpVersionTooOld),
        ("HTTP/1.1 101", "HTTP/2 101", E::HttpVersionNotSupported),
        ("Connection: Upgrade", "Connection Upgrade", E::MalformedHeader),
    ];
    for (from, to, error) in rows {
        for version in HIXIE {
            let response = response(version, |line| Some(line.replacen(from, to, 1)));
            let seen = connect(&request(), version, &response);
            assert_eq!(seen, failure(error), "{to} instead of {from}");
        }
    }
    for name in ["Origin", "Location"] {
        for version in HIXIE {
            let twice = |line: &str| {
                Some(if line.contains(name) { format!("{line}\r\n{line}") } else { line.to_owned() })
            };
            let error = if name == "Origin" { E::UnexpectedOrigin } else { E::UnexpectedLocation };
            assert_eq!(connect(&request(), version, &response(version, twice)), failure(error));
        }
    }
}

/// L26: the requested subprotocol is returned exactly once.
#[test]
fn the_subprotocol_comes_back() {
    let asked = request().subprotocol("chat");
    let rows = [
        ("chat", None),
        ("Chat", Some(HandshakeError::UnexpectedSubprotocol)),
        ("chat, chat", Some(HandshakeError::UnexpectedSubprotocol)),
        ("", Some(HandshakeError::UnexpectedSubprotocol)),
    ];
    for version in HIXIE {
        let digest = match version {
            Version::Hixie76 => digest(&request_bytes(&asked, version)).to_vec(),
            _ => Vec::new(),
        };
        let bytes = |change: &dyn Fn(&str) -> Option<String>| {
            let mut bytes = response(version, change);
            bytes.truncate(bytes.len() - digest.len());
            [bytes, digest.clone()].concat()
        };
        for (value, error) in rows {
            let seen = connect(
                &asked,
                version,
                &bytes(&|line| Some(line.replace("Protocol: chat", &format!("Protocol: {value}")))),
            );
            match error {
                None => assert!(seen.result.unwrap().is_some()),
                Some(error) => assert_eq!(seen, failure(error), "{value}"),
            }
        }
        let none = bytes(&|line| (!line.contains("Protocol: chat")).then(|| line.to_owned()));
        assert_eq!(connect(&asked, version, &none), failure(HandshakeError::MissingSubprotocol));
        let twice = bytes(&|line| {
            Some(if line.contains("Protocol: chat") { format!("{line}\r\n{line}") } else { line.to_owned() })
        });
        assert_eq!(connect(&asked, version, &twice), failure(HandshakeError::UnexpectedSubprotocol));
    }
}

#[test]
fn the_first_bytes_of_a_failed_head_are_available_in_every_version() {
    for version in [Version::Hixie75, Version::Hixie76, Version::Hybi7, Version::Hybi8, Version::Rfc6455] {
        let mut handshake = Handshake::new(&request(), version, SEED, &mut Vec::new()).unwrap();
        assert_eq!(handshake.first_bytes().as_bytes(), b"");
        handshake.receive(&mut Input::new(&mut b"\x15\x03\x01".to_vec())).unwrap_err();
        assert_eq!(handshake.first_bytes().as_bytes(), b"\x15", "{version:?}");
    }
}

/// L28, L29, H76-i: the digest is compared byte by byte, and is part of the handshake.
#[test]
fn the_digest_is_checked() {
    let good = response(Version::Hixie76, same);
    for byte in 0..16 {
        let mut wrong = good.clone();
        let at = wrong.len() - 16 + byte;
        wrong[at] ^= 1 << (byte % 8);
        wrong.extend(b"\x00more\xff");
        let seen = connect(&request(), Version::Hixie76, &wrong[..=at]);
        assert_eq!(seen, failure(HandshakeError::InvalidDigest), "the first wrong byte decides");
        assert_eq!(connect(&request(), Version::Hixie76, &wrong), seen);
    }
    for missing in 1..=16 {
        let seen = connect(&request(), Version::Hixie76, &good[..good.len() - missing]);
        let eof = Err(HandshakeError::IncompleteHandshake.into());
        assert_eq!((seen.result, seen.events, seen.eof), (Ok(None), vec![], eof));
    }
}

/// L29, L53: a server that does not speak the version rejects, and names the versions that it speaks.
#[test]
fn rejections_are_returned_with_their_body() {
    let versions = [Version::Hixie75, Version::Hixie76, Version::Hybi7, Version::Hybi8, Version::Rfc6455];
    for version in versions {
        let bytes =
            b"HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13, 8\r\nContent-Length: 2\r\n\r\nno";
        let seen = connect(&request(), version, bytes);
        let Err(Error::Rejected(response)) = seen.result else { panic!("{seen:?}") };
        assert_eq!((response.status(), response.body()), (426, &b"no"[..]));
        assert_eq!(response.supported_versions().collect::<Vec<_>>(), [13, 8]);
        assert_eq!(seen.eof, Err(Error::Rejected(response)));

        let seen = connect(&request(), version, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
        assert_eq!(seen.result, Ok(None));
        let Err(Error::Rejected(response)) = seen.eof else { panic!("{:?}", seen.eof) };
        assert_eq!((response.body(), response.is_truncated()), (&b"part"[..], true));

        let seen = connect(&request(), version, b"HTTP/1.1 101");
        assert_eq!((seen.result, seen.eof), (Ok(None), Err(HandshakeError::IncompleteHandshake.into())));
    }
}

/// L47: versions 7 and 8 open a connection of RFC 6455.
#[test]
fn hybi_opens_a_masking_connection() {
    for version in [Version::Hybi7, Version::Hybi8] {
        let mut out = Vec::new();
        let mut handshake = Handshake::new(&request(), version, SEED, &mut out).unwrap();
        let mut response = common::legacy::serve(common::legacy::all(), &out).out;
        response.extend(hex("81024869"));
        let mut input = Input::new(&mut response);
        let (mut connection, _) = handshake.receive(&mut input).unwrap().unwrap();
        assert_eq!(connection.receive(&mut input, &mut out), Ok(Some(text("Hi"))));
        out.clear();
        connection.send_close(CloseCode::NORMAL, &mut out).unwrap();
        assert_eq!((out[..2].to_vec(), out.len()), (hex("8882"), 8));
        assert_eq!((connection.version(), connection.state()), (version, State::Closing));
    }
}

/// the configuration of the request is that of the connection.
#[test]
fn the_connection_is_configured_by_the_request() {
    let small = request().config(sansocket::Config::new().max_message_len(3));
    for version in HIXIE {
        let mut handshake = Handshake::new(&small, version, SEED, &mut Vec::new()).unwrap();
        let mut bytes = [&response(version, same)[..], b"\x00abcd\xff"].concat();
        let mut input = Input::new(&mut bytes);
        let (mut connection, _) = handshake.receive(&mut input).unwrap().unwrap();
        assert!(format!("{handshake:?}").contains("complete"));
        let error = sansocket::ProtocolError::MessageTooLong { limit: 3, len: 4 };
        assert_eq!(connection.receive(&mut input, &mut Vec::new()), Err(error));
        assert_eq!(handshake.receive(&mut input).map(drop), Err(HandshakeError::AlreadyComplete.into()));
    }
}
