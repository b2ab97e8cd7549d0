//! The request of a client (RFC 6455, 4.1).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "common/handshake.rs"]
mod common;

use common::{SEED, serve};
use sansocket::{
    Config, Input,
    client::{Handshake, Request, RequestError as R},
    extended_connect,
    handshake::HandshakeLimits,
    uri::{Uri, UriError},
};

fn to(uri: &str) -> Request {
    Request::new(uri).unwrap()
}

fn head_of(request: &Request) -> String {
    let mut out = Vec::new();
    Handshake::new(request, SEED, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_request_has_exactly_the_headers_of_section_4_1() {
    // R6455-3-g, R6455-4.1-r1, R6455-4.1-r2a, R6455-4.1-r2b, R6455-4.1-r3, R6455-4.1-r4, R6455-4.1-r5,
    // R6455-4.1-r6, R6455-4.1-r7a, R6455-4.1-r7c, R6455-4.1-r8b, R6455-4.1-r9, R6455-4.1-r10a, R6455-4.1-r11,
    // R6455-4.4-a, R9110-7.8-b
    let head = head_of(&to("ws://user:pw@Example.com:80/chat?x=1"));
    let key = head.split("Sec-WebSocket-Key: ").nth(1).unwrap().split("\r\n").next().unwrap();
    assert_eq!(
        head,
        format!(
            "GET /chat?x=1 HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        )
    );
    // Canonical base64 of 16 bytes (erratum 3150).
    assert!(key.len() == 24 && key.ends_with("==") && "AQgw".contains(&key[21..22]), "{key}");
}

#[test]
fn the_request_has_the_headers_of_the_caller() {
    // R6455-4.1-r4, R6455-4.1-r8a, R6455-4.1-r10a, R6455-4.1-r11, R6455-4.1-r12, R6455-9-a, R6455-12-a,
    // R9110-5.6.1-a, WHATWG-2-d
    let request = to("wss://h:8443/")
        .subprotocol("chat")
        .subprotocol("superchat")
        .origin("http://www.example.com")
        .extension("foo; a")
        .extension("bar")
        .header("Cookie", "a=b")
        .header("X-City", "K\u{f6}ln\t")
        .config(Config::new());
    let head = head_of(&request);
    for line in [
        "Host: h:8443",
        "Sec-WebSocket-Protocol: chat, superchat",
        "Sec-WebSocket-Extensions: foo; a, bar",
        "Origin: http://www.example.com",
        "Cookie: a=b",
        // White space around a value is not part of it (RFC 9110, 5.5).
        "X-City: K\u{f6}ln",
    ] {
        assert_eq!(head.matches(&format!("\r\n{line}\r\n")).count(), 1, "{line}");
    }
    assert_eq!(head.matches("\r\n").count(), 12);
    assert_eq!(request.uri(), &Uri::parse("wss://h:8443/").unwrap());
}

#[test]
fn our_server_accepts_our_request() {
    // R6455-4.1-r1
    let request = to("ws://h/chat").subprotocol("a").extension("x; y=\"1\"").origin("null").header("A", "b");
    let seen = serve(head_of(&request).as_bytes(), HandshakeLimits::new()).result.unwrap().unwrap();
    assert_eq!((&*seen.target, &*seen.authority, seen.origin.as_deref()), ("/chat", "h", Some("null")));
    assert_eq!((seen.subprotocols, seen.extensions), (vec!["a".into()], vec!["x y=1".into()]));
}

#[test]
fn the_key_follows_from_the_seed_alone() {
    // R6455-4.1-r7b
    let head = |seed| {
        let mut out = Vec::new();
        Handshake::new(&to("ws://h/"), seed, &mut out).unwrap();
        out
    };
    assert_eq!(head([1; 32]), head([1; 32]));
    assert_ne!(head([1; 32]), head([2; 32]));
}

#[test]
fn an_own_host_stands_in_for_that_of_the_uri() {
    for host in ["example.com", "Example.com:8080", "[2001:db8::1]:443", "signed.example:443"] {
        let request = to("ws://user:pw@127.0.0.1:8000/chat").host("other").host(host);
        let head = head_of(&request);
        assert!(head.starts_with(&format!("GET /chat HTTP/1.1\r\nHost: {host}\r\nUpgrade: ")), "{head}");
        assert_eq!(head.matches("Host:").count(), 1);
        // The client still connects to the URI, and a server accepts the host.
        assert_eq!(request.uri().authority(), "127.0.0.1:8000");
        assert_eq!(serve(head.as_bytes(), HandshakeLimits::new()).result.unwrap().unwrap().authority, host);
        let (_, list) = extended_connect::Handshake::new(&request, SEED).unwrap();
        assert_eq!(list[4], (":authority".into(), host.into()));
    }
}

#[test]
fn nothing_is_sent_of_a_request_that_is_wrong() {
    // R6455-4.1-r8c, R6455-4.1-r10b, R6455-4.1-r10c, R6455-4.1-r12, WHATWG-3.1-c
    let base = || to("ws://h/");
    for (request, error) in [
        (base().subprotocol(""), R::InvalidSubprotocol),
        (base().subprotocol("a b"), R::InvalidSubprotocol),
        (base().subprotocol("a,b"), R::InvalidSubprotocol),
        (base().subprotocol("a/b"), R::InvalidSubprotocol),
        (base().subprotocol("ch@t"), R::InvalidSubprotocol),
        (base().subprotocol("\u{e9}"), R::InvalidSubprotocol),
        (base().subprotocol("a").subprotocol("a"), R::RepeatedSubprotocol),
        (base().require_subprotocol(), R::NoSubprotocolOffered),
        (base().origin(""), R::UnprintableOrigin),
        (base().origin("http://\u{e9}"), R::UnprintableOrigin),
        (base().origin("a b"), R::UnprintableOrigin),
        (base().header("", "a"), R::InvalidHeaderName),
        (base().header("a b", "a"), R::InvalidHeaderName),
        (base().header("Host", "a"), R::ReservedHeader),
        (base().host(""), R::InvalidHost),
        (base().host("a b"), R::InvalidHost),
        (base().host("a\r\nX: y"), R::InvalidHost),
        (base().host("u@h"), R::InvalidHost),
        (base().host("h/x"), R::InvalidHost),
        (base().host("h:x"), R::InvalidHost),
        (base().host("::1"), R::InvalidHost),
        (base().host("[fe80::1%25eth0]"), R::InvalidHost),
        (base().host("h\u{e9}"), R::InvalidHost),
        (base().header("upgrade", "a"), R::ReservedHeader),
        (base().header("Connection", "a"), R::ReservedHeader),
        (base().header("Content-Length", "0"), R::ReservedHeader),
        (base().header("Transfer-Encoding", "chunked"), R::ReservedHeader),
        (base().header("sec-websocket-key", "a"), R::ReservedHeader),
        (base().header("Sec-WebSocket-Protocol", "a"), R::ReservedHeader),
        (base().extension(""), R::InvalidExtension),
        (base().subprotocol(" ").origin(" "), R::InvalidSubprotocol),
    ] {
        let mut out = b"before".to_vec();
        assert_eq!(Handshake::new(&request, SEED, &mut out).unwrap_err(), error);
        assert_eq!(out, b"before");
    }
}

#[test]
fn no_part_of_a_request_can_begin_another_line() {
    // R6455-4.1-r8c, R9110-5.5-a, R9112-5.2-c
    for bad in ["\r", "\n", "\r\n", "\0", "\x7f", "\r\nX: y"] {
        let text = format!("a{bad}b");
        let base = || to("ws://h/");
        for request in [
            base().subprotocol(&text),
            base().origin(&text),
            base().extension(&text),
            base().extension(&format!("x; {text}")),
            base().extension(&format!("x; y=\"{text}\"")),
            base().header(&text, "x"),
            base().header("x", &text),
            base().header("Origin", &text),
        ] {
            let mut out = Vec::new();
            assert!(Handshake::new(&request, SEED, &mut out).is_err(), "{bad:?}");
            assert_eq!(out, b"");
        }
        for uri in ["ws://{}/", "ws://{}@h/", "ws://h:{}/", "ws://h/{}", "ws://h/?{}", "{}://h/"] {
            assert!(Request::new(&uri.replace("{}", &text)).is_err(), "{uri} {bad:?}");
        }
    }
    assert_eq!(Request::new("ws://h%0d%0aX:y/").unwrap_err(), UriError::InvalidHost);
}

#[test]
fn debug_output_is_short_and_holds_no_credentials() {
    let uri = format!("wss://u:secret@{}/{}?secret", "h".repeat(2000), "\"".repeat(2000));
    let request = to(&uri).header("Authorization", "secret").subprotocol("secret").extension("secret");
    let mut handshake = Handshake::new(&request, SEED, &mut Vec::new()).unwrap();
    let mut shown = vec![
        format!("{request:?}"),
        format!("{:?}", request.clone().header("", "")),
        format!("{handshake:?}"),
    ];
    let mut bytes = b"HTTP/1.1 401 secret\r\nSet-Cookie: secret\r\n\r\nsecret".to_vec();
    assert!(handshake.receive(&mut Input::new(&mut bytes)).unwrap().is_none());
    shown.push(format!("{handshake:?}"));
    let error = handshake.receive_eof().unwrap_err();
    assert_eq!(error.to_string(), "server requires authentication with status 401");
    shown.extend([format!("{error:?}"), format!("{handshake:?}")]);
    for shown in shown {
        assert!(shown.len() <= 256 && !shown.contains("secret"), "{shown}");
    }
}

#[test]
fn no_more_is_offered_than_a_server_of_ours_takes() {
    let many = |subprotocols: usize, extensions: usize| {
        let mut request = Request::new("ws://h/").unwrap();
        for i in 0..subprotocols {
            request = request.subprotocol(&format!("p{i}"));
        }
        for i in 0..extensions {
            request = request.extension(&format!("x{i}"));
        }
        let mut out = Vec::new();
        let result = Handshake::new(&request, [0; 32], &mut out).map(drop);
        assert_eq!(result.is_err(), out.is_empty());
        if result.is_ok() {
            let mut server = sansocket::server::Handshake::new(HandshakeLimits::new());
            let request = server.receive(&mut Input::new(&mut out), &mut Vec::new()).unwrap().unwrap();
            assert_eq!(
                (request.subprotocols().count(), request.extensions().count()),
                (subprotocols, extensions)
            );
        }
        result
    };
    assert_eq!(many(64, 32), Ok(()));
    assert_eq!(many(65, 0), Err(R::TooManySubprotocols));
    assert_eq!(many(0, 33), Err(R::InvalidExtension));
}

#[test]
fn the_key_is_derived_from_the_seed() {
    let keys: std::collections::BTreeSet<String> = (0..20_u8)
        .map(|seed| {
            let mut out = Vec::new();
            Handshake::new(&to("ws://h/"), [seed; 32], &mut out).unwrap();
            let head = String::from_utf8(out).unwrap();
            head.split("Sec-WebSocket-Key: ").nth(1).unwrap().split("\r\n").next().unwrap().to_owned()
        })
        .collect();
    assert_eq!(keys.len(), 20, "{keys:?}");
}

#[test]
fn single_headers_replace_earlier_ones_and_others_are_added() {
    let request = to("ws://h/")
        .header("authorization", "Bearer old")
        .header("X-Id", "1")
        .origin("https://old")
        .header("Authorization", "Bearer new")
        .header("X-Id", "2")
        .header("Origin", "https://new");
    let head = head_of(&request);
    for gone in ["old", "authorization: "] {
        assert!(!head.contains(gone), "{head}");
    }
    for line in ["Authorization: Bearer new", "X-Id: 1", "X-Id: 2", "Origin: https://new"] {
        assert_eq!(head.matches(&format!("\r\n{line}\r\n")).count(), 1, "{line}");
    }
}

#[test]
fn a_rejection_describes_what_can_be_done() {
    let described = |head: &str| {
        let request = Request::new("ws://h/").unwrap();
        let mut handshake = Handshake::new(&request, [7; 32], &mut Vec::new()).unwrap();
        let mut bytes = format!("HTTP/1.1 {head}Content-Length: 0\r\n\r\n").into_bytes();
        handshake.receive(&mut Input::new(&mut bytes)).unwrap_err().to_string()
    };
    let rows = [
        ("200 OK\r\n", "not a WebSocket endpoint: server responded with status 200"),
        (
            "307 x\r\nLocation: https://a.example/chat?token=secret\r\n",
            "server redirects with status 307, to \"https://a.example/chat\"",
        ),
        (
            "302 x\r\nLocation: https://me:p@ss@a.example:1/c@d#token=secret\r\n",
            "server redirects with status 302, to \"https://a.example:1/c@d\"",
        ),
        ("302 x\r\nLocation: //me@a/\r\n", "server redirects with status 302, to \"//a/\""),
        (
            "302 x\r\nLocation: https:\\\\me@a\\b\r\n",
            "server redirects with status 302, to \"https:\\\\\\\\a\\\\b\"",
        ),
        ("302 x\r\nLocation: /c@d\r\n", "server redirects with status 302, to \"/c@d\""),
        (
            "401 x\r\nWWW-Authenticate: Bearer error_uri=\"https://a/?b\"\r\n",
            "server requires authentication with status 401, by \"Bearer error_uri=\\\"https://a/?b\\\"\"",
        ),
        ("302 x\r\n", "server redirects with status 302"),
        (
            "401 x\r\nWWW-Authenticate: Basic realm=\"a\"\r\n",
            "server requires authentication with status 401, by \"Basic realm=\\\"a\\\"\"",
        ),
        (
            "407 x\r\nProxy-Authenticate: Negotiate\r\n",
            "proxy requires authentication with status 407, by \"Negotiate\"",
        ),
        (
            "426 x\r\nSec-WebSocket-Version: 8\r\n",
            "server requires another protocol version with status 426, one of \"8\"",
        ),
        ("503 x\r\nRetry-After: 30\r\n", "server is busy with status 503, until \"30\""),
        ("502 x\r\n", "gateway got no response from the server with status 502"),
        ("403 x\r\n", "server rejected the connection with status 403"),
        (
            "302 x\r\nLocation: \x1b[2J\r\n",
            "server redirects with status 302, in a malformed response: control character in the head",
        ),
    ];
    for (head, expected) in rows {
        let described = described(head);
        assert!(described == expected || described.starts_with(expected), "{described}");
        assert!(!described.contains("secret") && !described.contains("ss@"), "{described}");
    }
    // Values are shortened to the length of a log line.
    let long = described(&format!("302 x\r\nLocation: {}\r\n", "a".repeat(5000)));
    assert!(long.len() < 300, "{long}");
}
