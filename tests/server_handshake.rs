//! The requests that a server accepts (RFC 6455, 4.2.1).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "common/handshake.rs"]
mod common;

use common::{Head, SWITCHING, opened, refused, request, serve, serve_any};
use sansocket::{
    Input,
    handshake::{HandshakeError as E, HandshakeLimits, accept_key},
    server::{Accept, Handshake},
};

#[test]
fn the_sample_request_is_answered_with_the_sample_response() {
    // R6455-4.2.1-7a, R6455-4.2.1-7b, R6455-4.2.2-4p2, R6455-4.2.2-4p3, R6455-4.2.2-51, R6455-4.2.2-52,
    // R6455-4.2.2-53, R6455-11.3.5-c, R9110-7.8-a, R9110-7.8-b, R9110-8.6-a, R9112-6.1-a
    let run = serve(&Head::request().bytes(), HandshakeLimits::new());
    assert_eq!(run.out, SWITCHING.as_bytes());
    let seen = run.result.unwrap().unwrap();
    assert_eq!((&*seen.target, &*seen.authority, seen.origin), ("/chat", "server.example.com", None));
    assert_eq!((seen.subprotocols.len(), seen.extensions.len(), seen.headers.len()), (0, 0, 5));
}

#[test]
fn valid_requests_are_accepted_in_all_their_forms() {
    // R6455-4.2.1-1b, R6455-4.2.1-3, R6455-4.2.1-4, R6455-4.2.1-10, R6455-11.2-a, R9110-5.3-a, R9110-5.6.1-b,
    // R9110-7.6.1-a, R9110-7.8-d, R9110-9.3.1-a, R9112-2.2-d, R9112-5.1-b
    let base = Head::request;
    for head in [
        base().line("GET /chat HTTP/1.2"),
        base().line("GET /chat?a=%23 HTTP/1.1"),
        base().set("Upgrade", "WebSocket"),
        base().set("Upgrade", "websocket, h2c"),
        base().set("Upgrade", "h2c/1.0, websocket"),
        base().set("Upgrade", "h2c").add("upgrade", "websocket"),
        base().set("Connection", "keep-alive, Upgrade"),
        base().set("Connection", "upgrade"),
        base().set("Connection", "keep-alive").add("Connection", "Upgrade"),
        base().set("Connection", ",,Upgrade,"),
        base().set("Sec-WebSocket-Key", "  dGhlIHNhbXBsZSBub25jZQ== \t"),
        base().set("Sec-WebSocket-Version", " 13"),
        base().add("Sec-WebSocket-Extensions", "x-unknown; a=1"),
        base().add("Sec-WebSocket-Extensions", "constructor"),
        base().add("Content-Length", "0"),
        base().add("Content-Length", "0, 0").add("Content-Length", "0"),
        base().add("Expect", "100-continue"),
        base().add("X-City", b"caf\xe9"),
        base().add("X-Empty", ""),
        base().set("Host", "[::1]:8080"),
        base().set("Host", "h:"),
    ] {
        opened(&head.bytes());
    }
    opened(&[b"\r\n", &Head::request().bytes()[..]].concat());
}

#[test]
fn the_order_and_the_case_of_header_names_do_not_matter() {
    // R6455-1.3-a, R6455-4.1-v8
    let mut head = Head::request();
    for _ in 0..head.headers.len() {
        head.headers.rotate_left(1);
        opened(&head.bytes());
        head.headers.iter_mut().for_each(|(name, _)| name.make_ascii_uppercase());
        head.headers.swap(0, 2);
        opened(&head.bytes());
        head.headers.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
    }
}

#[test]
fn request_line_violations_have_their_own_status() {
    // R6455-3-f, R6455-4.2.1-0, R6455-4.2.1-1a, R6455-4.2.1-1b, R6455-4.2.1-1c, R6455-10.7-d, R9110-7.8-c,
    // R9110-10.2.1-a, R9112-2.3-a, R9112-3-a
    for (line, error) in [
        ("POST /chat HTTP/1.1", E::InvalidMethod),
        ("PUT /chat HTTP/1.1", E::InvalidMethod),
        ("HEAD /chat HTTP/1.1", E::InvalidMethod),
        ("get /chat HTTP/1.1", E::InvalidMethod),
        ("OPTIONS * HTTP/1.1", E::InvalidMethod),
        ("GET /chat HTTP/1.0", E::HttpVersionTooOld),
        ("GET /chat HTTP/0.9", E::HttpVersionTooOld),
        ("GET /chat HTTP/2.0", E::HttpVersionNotSupported),
        ("PRI * HTTP/2.0", E::LooksLikeHttp2),
        ("GET /chat http/1.1", E::MalformedRequestLine),
        ("GET /chat HTTP/1.10", E::MalformedRequestLine),
        ("GET /chat HTTP/11", E::MalformedRequestLine),
        ("GET /chat", E::MalformedRequestLine),
        ("GET  /chat HTTP/1.1", E::MalformedRequestLine),
        ("GET /chat  HTTP/1.1", E::MalformedRequestLine),
        ("GET /chat HTTP/1.1 ", E::MalformedRequestLine),
        (" GET /chat HTTP/1.1", E::NotHttp),
        ("GET\t/chat HTTP/1.1", E::NotHttp),
        ("GET /a b HTTP/1.1", E::MalformedRequestLine),
        ("G(T /chat HTTP/1.1", E::NotHttp),
        ("", E::NotHttp),
        ("garbage", E::NotHttp),
        ("GET * HTTP/1.1", E::InvalidTarget),
        ("GET h:80 HTTP/1.1", E::InvalidTarget),
        ("GET chat HTTP/1.1", E::InvalidTarget),
        ("GET /chat#x HTTP/1.1", E::InvalidTarget),
        ("GET /ch\u{e4}t HTTP/1.1", E::InvalidTarget),
        ("GET /a\tb HTTP/1.1", E::InvalidTarget),
        ("GET ftp://h/p HTTP/1.1", E::InvalidTarget),
        ("GET ws:/p HTTP/1.1", E::InvalidTarget),
        ("GET http:///p HTTP/1.1", E::InvalidTarget),
        ("GET http://u@h/p HTTP/1.1", E::InvalidTarget),
    ] {
        refused(&Head::request().line(line).bytes(), error);
    }
}

#[test]
fn header_violations_have_their_own_status() {
    // R6454-7.3-a, R6455-4.2.1-0, R6455-4.2.1-2, R6455-4.2.1-3, R6455-4.2.1-4, R6455-4.2.1-6, R6455-4.2.2-4v,
    // R6455-4.3-b, R6455-4.3-e, R6455-4.4-b, R6455-8.1-b, R6455-10.7-d, R6455-11.3.5-a, R9110-5.3-b,
    // R9110-7.8-b, R9110-7.8-d, R9110-9.3.1-a, R9110-15.5.22-a, R9112-3.2-a, R9112-6.3-c
    let base = Head::request;
    for (head, error) in [
        (base().without("Host"), E::InvalidHostHeader),
        (base().add("Host", "server.example.com"), E::InvalidHostHeader),
        (base().set("Host", ""), E::InvalidHostHeader),
        (base().set("Host", "a b"), E::InvalidHostHeader),
        (base().set("Host", "a@b"), E::InvalidHostHeader),
        (base().set("Host", "h/p"), E::InvalidHostHeader),
        (base().set("Host", "h:x"), E::InvalidHostHeader),
        (base().set("Host", b"h\xe9"), E::InvalidHostHeader),
        (base().line("GET http://h/ HTTP/1.1").without("Host"), E::InvalidHostHeader),
        (base().without("Upgrade"), E::MissingUpgrade),
        (base().set("Upgrade", ""), E::MissingUpgrade),
        (base().set("Upgrade", "h2c"), E::MissingUpgrade),
        (base().set("Upgrade", "websocket/13"), E::MissingUpgrade),
        (base().set("Upgrade", "websockets"), E::MissingUpgrade),
        (base().set("Upgrade", "web socket"), E::MalformedUpgrade),
        (base().set("Upgrade", "websocket, a/b/c"), E::MalformedUpgrade),
        (base().without("Connection"), E::MissingUpgrade),
        (base().set("Connection", "keep-alive"), E::MissingUpgrade),
        (base().set("Connection", "Upgradex"), E::MissingUpgrade),
        (base().set("Connection", "upgrad"), E::MissingUpgrade),
        (base().set("Connection", "keep-alive Upgrade"), E::MalformedUpgrade),
        (base().set("Connection", format!("Upgrade{}", ",".repeat(17))), E::MalformedUpgrade),
        (base().without("Sec-WebSocket-Version"), E::InvalidVersion),
        (base().set("Sec-WebSocket-Version", ""), E::InvalidVersion),
        (base().set("Sec-WebSocket-Version", "013"), E::InvalidVersion),
        (base().set("Sec-WebSocket-Version", "+13"), E::InvalidVersion),
        (base().set("Sec-WebSocket-Version", "13.0"), E::InvalidVersion),
        (base().set("Sec-WebSocket-Version", "13, 8"), E::InvalidVersion),
        (base().set("Sec-WebSocket-Version", "256"), E::InvalidVersion),
        (base().set("Sec-WebSocket-Version", "1337"), E::InvalidVersion),
        (base().add("Sec-WebSocket-Version", "13"), E::InvalidVersion),
        (base().set("Sec-WebSocket-Version", "0"), E::UnsupportedVersion),
        (base().set("Sec-WebSocket-Version", "7"), E::UnsupportedVersion),
        (base().set("Sec-WebSocket-Version", "8"), E::UnsupportedVersion),
        (base().set("Sec-WebSocket-Version", "12"), E::UnsupportedVersion),
        (base().set("Sec-WebSocket-Version", "76"), E::UnsupportedVersion),
        (base().set("Sec-WebSocket-Version", "255"), E::UnsupportedVersion),
        (base().add("Origin", "http://a").add("Origin", "http://a"), E::InvalidOrigin),
        (base().add("Origin", ""), E::InvalidOrigin),
        (base().add("Origin", b"http://\xe9"), E::InvalidOrigin),
        (base().add("Content-Length", "5"), E::UnexpectedBody),
        (base().add("Content-Length", "1000000000"), E::UnexpectedBody),
        (base().add("Expect", "100-continue").add("Content-Length", "1"), E::UnexpectedBody),
        (base().add("Transfer-Encoding", "chunked"), E::UnexpectedBody),
        (base().add("Transfer-Encoding", ""), E::UnexpectedBody),
        (base().add("Content-Length", "x"), E::InvalidContentLength),
        (base().add("Content-Length", ""), E::InvalidContentLength),
        (base().add("Content-Length", "-1"), E::InvalidContentLength),
        (base().add("Content-Length", "+0"), E::InvalidContentLength),
        (base().add("Content-Length", "5, 6"), E::InvalidContentLength),
        (base().add("Content-Length", "18446744073709551616"), E::InvalidContentLength),
        (base().add("Content-Length", "0").add("Content-Length", "1"), E::InvalidContentLength),
        (base().add("Sec-WebSocket-Protocol", ""), E::InvalidSubprotocols),
        (base().add("Sec-WebSocket-Protocol", ","), E::InvalidSubprotocols),
        (base().add("Sec-WebSocket-Protocol", "chat, chat"), E::InvalidSubprotocols),
        (
            base().add("Sec-WebSocket-Protocol", "a, b").add("Sec-WebSocket-Protocol", "b"),
            E::InvalidSubprotocols,
        ),
        (base().add("Sec-WebSocket-Protocol", "ch@t"), E::InvalidSubprotocols),
        (base().add("Sec-WebSocket-Protocol", "a b"), E::InvalidSubprotocols),
        (base().without("Sec-WebSocket-Version").add("Sec-WebSocket-Key1", "1 2"), E::InvalidVersion),
    ] {
        refused(&head.bytes(), error);
    }
}

#[test]
fn a_head_that_is_not_strict_http_is_refused() {
    // R6455-4.2.1-0, R9110-5.1-a, R9110-5.5-a, R9112-2.2-b, R9112-2.2-c, R9112-2.2-d, R9112-2.2-e,
    // R9112-2.2-f, R9112-5.1-a, R9112-5.2-a
    for (head, error) in [
        ("GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", E::FoldedHeader),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive,\r\n\tUpgrade\r\n\r\n", E::FoldedHeader),
        ("GET / HTTP/1.1\r\n Host: h\r\n\r\n", E::FoldedHeader),
        ("GET / HTTP/1.1\r\nHost : h\r\n\r\n", E::MalformedHeader),
        ("GET / HTTP/1.1\r\nHost\t: h\r\n\r\n", E::MalformedHeader),
        ("GET / HTTP/1.1\r\n: h\r\n\r\n", E::MalformedHeader),
        ("GET / HTTP/1.1\r\nHost h\r\n\r\n", E::MalformedHeader),
        ("GET / HTTP/1.1\r\nHo st: h\r\n\r\n", E::MalformedHeader),
        ("GET / HTTP/1.1\r\nH\u{f6}st: h\r\n\r\n", E::MalformedHeader),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", E::ControlCharacter),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: \x7f\r\n\r\n", E::ControlCharacter),
        ("GET / HTTP/1.1\r\n\x0bX: a\r\n\r\n", E::ControlCharacter),
        ("GET /\x01 HTTP/1.1\r\n", E::ControlCharacter),
        ("\x16\x03\x01\x02\0\x01", E::LooksLikeTls),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", E::InvalidLineEnding),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: a\r\r\n\r\n", E::InvalidLineEnding),
        ("GET / HTTP/1.1\nHost: h\n\n", E::InvalidLineEnding),
        ("GET / HTTP/1.1\r\nHost: h\n\r\n", E::InvalidLineEnding),
        ("GET / HTTP/1.1\r\nHost: h\r\n\n", E::InvalidLineEnding),
        ("GET / HTTP/1.1\r\nHost: h\r\n\rX", E::InvalidLineEnding),
        ("\nGET / HTTP/1.1\r\n", E::InvalidLineEnding),
        ("\r\r\nGET / HTTP/1.1\r\n", E::InvalidLineEnding),
        ("\r\n\r\nGET / HTTP/1.1\r\n", E::NotHttp),
    ] {
        refused(head.as_bytes(), error);
    }
}

#[test]
fn the_first_offending_byte_is_reported() {
    let bytes = b"GET /chat HTTP/1.1\r\nX: a\nPOST";
    let mut handshake = Handshake::new(HandshakeLimits::new());
    for (at, byte) in bytes.iter().enumerate() {
        let mut byte = [*byte];
        let result = handshake.receive(&mut Input::new(&mut byte), &mut Vec::new());
        assert_eq!(result.is_err(), at >= 24, "byte {at}");
    }
}

#[test]
fn keys_are_16_bytes_in_base64() {
    // R6455-4.1-v4b, R6455-4.2-a, R6455-4.2.1-5, R6455-4.2.2-4k, R6455-4.2.2-54, R6455-4.3-a, R6455-11.3.1-a,
    // R9110-5.3-b
    for (key, accept) in [
        ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("AQIDBAUGBwgJCgsMDQ4PEA==", "C/0nmHhBztSRGR1CwL6Tf4ZjwpY="),
        ("AQIDBAUGBwgJCgsMDQ4PEC==", "OfS0wDaT5NoxF2gqm7Zj2YtetzM="),
        ("AAAAAAAAAAAAAAAAAAAAAA==", "ICX+Yqv66kxgM0FcWaLWlFLwTAI="),
        ("/////////////////////w==", "XXpj4jYzLM2yUE0C7TIgMwTQh2g="),
        ("AAECAwQFBgcICQoLDA0ODw==", "Bz3qJYTGdOe8gUSpLosEdiLKDrk="),
        ("8PHy8/T19vf4+fr7/P3+/w==", "o1HBjBrgy9KLkiDEDur3dyqqLEs="),
        ("++++++++++++++++++++/w==", "CJpIURFjNZbvu95EM2tMdLHTZ6U="),
    ] {
        assert_eq!(accept_key(key.as_bytes()), accept.as_bytes());
        let run = serve(&Head::request().set("Sec-WebSocket-Key", key).bytes(), HandshakeLimits::new());
        assert_eq!(run.out, SWITCHING.replace("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", accept).as_bytes());
    }
    for key in [
        "",
        "AQIDBAUGBwgJCgsMDQ4P",
        "AQIDBAUGBwgJCgsMDQ4PEBE=",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZ!==",
        "dGhlIHNhbXBsZSBub25-_Q==",
        "dGhlIHNhbXBs ZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25jZQ==, x",
        "=====================w==",
        &"A".repeat(8000),
    ] {
        refused(&Head::request().set("Sec-WebSocket-Key", key).bytes(), E::InvalidKey);
    }
    let base = Head::request();
    refused(&base.clone().without("Sec-WebSocket-Key").bytes(), E::InvalidKey);
    refused(&base.clone().add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==").bytes(), E::InvalidKey);
    refused(&base.add("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==").bytes(), E::InvalidKey);
}

#[test]
fn a_subprotocol_is_selected_in_the_order_of_either_side() {
    for (offered, supported, by_server, by_client) in [
        ("a, b, c", &["c", "x", "b"][..], Some("c"), Some("b")),
        ("a", &["a"], Some("a"), Some("a")),
        ("a, b", &["x"], None, None),
        ("a", &[], None, None),
        ("A", &["a"], None, None),
        ("", &["a", ""], None, None),
    ] {
        let head = if offered.is_empty() {
            Head::request()
        } else {
            Head::request().add("Sec-WebSocket-Protocol", offered)
        };
        let request = request(&head);
        let selected = (request.select_by_server_order(supported), request.select_by_client_order(supported));
        assert_eq!(selected, (by_server, by_client), "{offered} {supported:?}");
        // The selected subprotocol outlives the request, and can be used in the response.
        if let Some(selected) = selected.0 {
            let mut out = Vec::new();
            request.accept(Accept::new().subprotocol(selected), &mut out).unwrap();
            assert!(
                String::from_utf8(out).unwrap().contains(&format!("Sec-WebSocket-Protocol: {selected}\r\n"))
            );
        }
    }
}

#[test]
fn subprotocols_are_offered_in_order_over_all_lines() {
    // R6455-4.2.1-8, R6455-4.3-e, R6455-11.3.4-a, R9110-5.3-a
    let base = Head::request;
    for head in [
        base().add("Sec-WebSocket-Protocol", "chat, superchat"),
        base().add("Sec-WebSocket-Protocol", "chat").add("sec-websocket-protocol", "superchat"),
        base().add("Sec-WebSocket-Protocol", "chat,, superchat ,"),
        base().add("Sec-WebSocket-Protocol", "").add("sec-websocket-protocol", "chat\t,superchat"),
    ] {
        assert_eq!(opened(&head.bytes()).subprotocols, ["chat", "superchat"]);
    }
    assert_eq!(opened(&base().add("Sec-WebSocket-Protocol", "a, A").bytes()).subprotocols, ["a", "A"]);
}

#[test]
fn bytes_after_the_request_are_left_for_the_connection() {
    let frame = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    let run = serve(&[&Head::request().bytes()[..], frame].concat(), HandshakeLimits::new());
    assert_eq!((&run.remaining[..], &run.out[..]), (&frame[..], SWITCHING.as_bytes()));
    // After an error these bytes are discarded, and never parsed as a request.
    let head = Head::request().set("Sec-WebSocket-Version", "99");
    refused(&[&head.bytes()[..], b"GET /internal HTTP/1.1\r\n\r\n"].concat(), E::UnsupportedVersion);
}

#[test]
fn an_unfinished_request_is_no_request() {
    // R6455-7.2.2-a
    let bytes = Head::request().bytes();
    for end in [0, 1, 20, bytes.len() - 1] {
        let run = serve(&bytes[..end], HandshakeLimits::new());
        assert_eq!((run.result, run.out), (Ok(None), Vec::new()));
    }
}

#[test]
fn the_first_byte_that_no_request_line_has_decides_and_is_shown() {
    for (bytes, error) in [
        (&b"\x16"[..], E::LooksLikeTls),
        (b"\x15", E::LooksLikeTls),
        (b"\0", E::LooksLikeHttp2),
        (b"PRI * HTTP/2", E::LooksLikeHttp2),
        (b"\x88", E::NotHttp),
        (b"\x01", E::NotHttp),
        (b"\"", E::NotHttp),
        (b"SSH-2.0-x\r", E::NotHttp),
        (b"ab\x88", E::NotHttp),
        (b"GET  ", E::MalformedRequestLine),
        (b"GET /\t", E::InvalidTarget),
        (b"GET /\r", E::MalformedRequestLine),
        (b"GET /\xe9", E::InvalidTarget),
        (b"GET / h", E::MalformedRequestLine),
        (b"GET / HTTP/1.1 ", E::MalformedRequestLine),
        (b"GET / HTTP/1.10", E::MalformedRequestLine),
        (b"GET / HTTP/3", E::HttpVersionNotSupported),
        (b"GET / HTTP/0", E::HttpVersionTooOld),
        (b"GET /\n", E::InvalidLineEnding),
        (b"GET /\x01", E::ControlCharacter),
    ] {
        let mut handshake = Handshake::new(HandshakeLimits::new());
        let mut out = Vec::new();
        let (last, before) = bytes.split_last().unwrap();
        let mut before = before.to_vec();
        let result = handshake.receive(&mut Input::new(&mut before), &mut out);
        assert!(result.is_ok_and(|request| request.is_none()) && out.is_empty(), "{}", bytes.escape_ascii());
        let mut rest = [&[*last][..], b"and more than sixteen bytes"].concat();
        assert_eq!(handshake.receive(&mut Input::new(&mut rest), &mut out).unwrap_err(), error);
        assert_eq!(
            handshake.first_bytes().as_bytes(),
            &bytes[..bytes.len().min(16)],
            "{}",
            bytes.escape_ascii()
        );
        refused(&[bytes, b"\r\n\r\n"].concat(), error);
    }
    // A line whose end decides.
    let line = b"A / HTTP/1.1\r\n";
    for rest in [&b""[..], b"Host: h\r\n\r\n"] {
        let mut handshake = Handshake::new(HandshakeLimits::new());
        let mut bytes = [line, rest].concat();
        let result = handshake.receive(&mut Input::new(&mut bytes), &mut Vec::new());
        assert_eq!(result.unwrap_err(), E::InvalidMethod);
        assert_eq!(handshake.first_bytes().as_bytes(), line, "{}", rest.escape_ascii());
    }
}

#[test]
fn a_request_of_http_1_0_is_plain_http() {
    // RFC 9110, 7.8: HTTP/1.0 has no upgrades. nginx sends such requests by default.
    let old = |head: Head| Head { line: b"GET /health HTTP/1.0".to_vec(), ..head };
    for head in [old(Head::request()), old(Head::request().without("Host")), old(Head::new("", &[]))] {
        let run = serve_any(&head.bytes());
        let seen = run.result.unwrap().unwrap();
        assert_eq!((seen.websocket, &*seen.target), (false, "/health"));
        assert!(run.out.starts_with(b"HTTP/1.1 200 "));
        // A server that only has WebSockets rejects the request.
        refused(&head.bytes(), E::HttpVersionTooOld);
    }
    assert_eq!(serve_any(&old(Head::new("", &[])).bytes()).result.unwrap().unwrap().authority, "");
    for (head, error) in [
        (Head::new("GET / HTTP/1.0", &[("Content-Length", "1")]), E::UnexpectedBody),
        (Head::new("GET / HTTP/1.0", &[("Host", "a b")]), E::InvalidHostHeader),
        (Head::new("POST / HTTP/1.0", &[]), E::InvalidMethod),
    ] {
        assert_eq!(serve_any(&head.bytes()).result, Err(error));
        refused(&head.bytes(), error);
    }
}
