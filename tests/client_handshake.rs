//! How a client handles a response (RFC 6455, 4.1).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "common/handshake.rs"]
mod common;

use common::{Head, SEED, accept_for_seed, connect, response};
use sansocket::{
    Input,
    client::{self, Error, Request, Response},
    handshake::{HandshakeError as E, HandshakeLimits, Tolerance},
};

fn to(uri: &str) -> Request {
    Request::new(uri).unwrap()
}

/// Connects with a response that opens the connection.
fn opened(request: &Request, bytes: &[u8]) -> Response {
    let run = connect(request, bytes);
    assert_eq!(run.eof, Ok(()));
    run.result.unwrap_or_else(|error| panic!("{}: {error}", bytes.escape_ascii())).unwrap()
}

fn failed(request: &Request, bytes: &[u8], error: E) {
    let run = connect(request, bytes);
    assert_eq!(run.result, Err(error.into()), "{}", bytes.escape_ascii());
    assert_eq!((run.eof, run.remaining.len()), (Err(error.into()), 0));
}

/// Connects with a response that rejects, before the end of the stream.
fn rejected(bytes: &[u8]) -> Response {
    match connect(&to("ws://h/"), bytes).result {
        Err(Error::Rejected(response)) => *response,
        other => panic!("{}: {other:?}", bytes.escape_ascii()),
    }
}

#[test]
fn a_response_that_is_right_opens_the_connection() {
    // R6455-4.1-v2, R6455-4.1-v3, R6455-4.1-v4, R6455-4.1-v8, R9110-5.5-b, R9112-4-b, R9112-5.1-b,
    // R9112-5.2-b, R9112-6.3-a
    for head in [
        response(),
        response().line("HTTP/1.2 101 Switching Protocols"),
        response().line("HTTP/1.1 101"),
        response().line("HTTP/1.1 101 "),
        response().line("HTTP/1.1 101 Web Socket Protocol Handshake"),
        response().line(b"HTTP/1.1 101 \xe9"),
        response().set("Upgrade", "WebSocket"),
        response().set("Connection", "keep-alive, uPgRaDe"),
        response().set("Connection", "keep-alive").add("connection", "upgrade"),
        response().set("Connection", "keep-alive,\r\n Upgrade"),
        response().set("Connection", "keep-alive,\r\n\t \r\n Upgrade"),
        response().set("Sec-WebSocket-Accept", format!(" {}\t ", accept_for_seed())),
        response().without("Sec-WebSocket-Accept").add("SEC-WEBSOCKET-ACCEPT", accept_for_seed()),
        response().add("Content-Length", "5"),
        response().add("Content-Length", "x"),
        response().add("Transfer-Encoding", "chunked"),
    ] {
        let response = opened(&to("ws://h/"), &head.bytes());
        assert_eq!((response.status(), response.subprotocol(), response.body()), (101, None, &b""[..]));
        assert!(!response.is_truncated() && response.extensions().next().is_none());
    }
}

#[test]
fn a_response_that_is_not_quite_right_opens_nothing() {
    // R6455-1.3-c, R6455-4.1-v2, R6455-4.1-v3, R6455-4.1-v4, R6455-4.1-v7, R6455-4.3-a, R6455-7.1.4-c,
    // R6455-11.3.3-a, R9112-2.2-b, R9112-2.2-c, R9112-2.3-a, R9112-5.1-a
    let accept = accept_for_seed();
    for (head, error) in [
        (response().line("HTTP/1.0 101 Switching Protocols"), E::HttpVersionTooOld),
        (response().line("HTTP/2.0 101 Switching Protocols"), E::HttpVersionNotSupported),
        (response().line("http/1.1 101 Switching Protocols"), E::NotHttp),
        (response().line("HTTP/1.1  101 Switching Protocols"), E::MalformedStatusLine),
        (response().line("HTTP/1.1 1010"), E::MalformedStatusLine),
        (response().line("HTTP/1.1 10"), E::MalformedStatusLine),
        (response().line("HTTP/1.1 099 x"), E::MalformedStatusLine),
        (response().line("ICY 200 OK"), E::NotHttp),
        (response().line(""), E::NotHttp),
        (response().without("Upgrade"), E::InvalidUpgrade),
        (response().set("Upgrade", ""), E::InvalidUpgrade),
        (response().set("Upgrade", "h2c"), E::InvalidUpgrade),
        (response().set("Upgrade", "websocket, h2c"), E::InvalidUpgrade),
        (response().add("Upgrade", "websocket"), E::InvalidUpgrade),
        (response().without("Connection"), E::InvalidConnection),
        (response().set("Connection", "close"), E::InvalidConnection),
        (response().set("Connection", "Upgradex"), E::InvalidConnection),
        (response().set("Connection", "keep-alive Upgrade"), E::InvalidConnection),
        (response().without("Sec-WebSocket-Accept"), E::InvalidAccept),
        (response().set("Sec-WebSocket-Accept", ""), E::InvalidAccept),
        (response().set("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), E::InvalidAccept),
        (response().set("Sec-WebSocket-Accept", accept.to_lowercase()), E::InvalidAccept),
        (response().set("Sec-WebSocket-Accept", format!("{accept}, {accept}")), E::InvalidAccept),
        (response().add("Sec-WebSocket-Accept", &accept), E::InvalidAccept),
        (response().add("X", "a\0b"), E::ControlCharacter),
        (response().add("X", "a\rb"), E::InvalidLineEnding),
        (response().add("X", "a\nb"), E::InvalidLineEnding),
        (response().add("X ", "b"), E::MalformedHeader),
        (response().add("", "b"), E::MalformedHeader),
        (response().line("HTTP/1.1 101\r\n X: y"), E::FoldedHeader),
        (response().line("\r\nHTTP/1.1 101 x"), E::NotHttp),
    ] {
        failed(&to("ws://h/"), &head.bytes(), error);
    }
}

#[test]
fn the_server_selects_one_subprotocol_that_was_asked_for() {
    // R6455-1.9-a, R6455-4.1-e3, R6455-4.1-v6, R6455-4.1-v7, R6455-4.3-f, R6455-11.3.4-b, R7936-2-a,
    // WHATWG-2-b, WHATWG-4-a
    const NAME: &str = "Sec-WebSocket-Protocol";
    let both = || to("ws://h/").subprotocol("chat").subprotocol("superchat");
    for (request, head, expected) in [
        (both(), response().add(NAME, "chat"), Ok(Some("chat"))),
        (both(), response().add(NAME, "superchat"), Ok(Some("superchat"))),
        (both(), response(), Ok(None)),
        (both().require_subprotocol(), response().add(NAME, "chat"), Ok(Some("chat"))),
        (both().require_subprotocol(), response(), Err(E::MissingSubprotocol)),
        (to("ws://h/"), response().add(NAME, "chat"), Err(E::UnexpectedSubprotocol)),
        (to("ws://h/"), response().add(NAME, ""), Err(E::UnexpectedSubprotocol)),
        (both(), response().add(NAME, "zzz"), Err(E::UnexpectedSubprotocol)),
        (both(), response().add(NAME, "CHAT"), Err(E::UnexpectedSubprotocol)),
        (both(), response().add(NAME, ""), Err(E::UnexpectedSubprotocol)),
        (both(), response().add(NAME, "chat, superchat"), Err(E::UnexpectedSubprotocol)),
        (both(), response().add(NAME, "chat").add(NAME, "chat"), Err(E::UnexpectedSubprotocol)),
        (both(), response().add(NAME, "chat").add(NAME, "superchat"), Err(E::UnexpectedSubprotocol)),
    ] {
        match expected {
            Ok(subprotocol) => assert_eq!(opened(&request, &head.bytes()).subprotocol(), subprotocol),
            Err(error) => failed(&request, &head.bytes(), error),
        }
    }
}

/// The error names the header, and the response has the value.
#[test]
fn the_selection_that_was_not_offered_is_in_the_response() {
    for (name, value) in
        [("Sec-WebSocket-Protocol", "zzz"), ("Sec-WebSocket-Extensions", "x-none; a=b"), ("Upgrade", "h2c")]
    {
        let mut handshake = client::Handshake::new(&to("ws://h/"), SEED, &mut Vec::new()).unwrap();
        assert_eq!(handshake.refused_response(), None);
        let mut bytes = response().add(name, value).bytes();
        let error = handshake.receive(&mut Input::new(&mut bytes)).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
        let refused = handshake.refused_response().unwrap();
        let values: Vec<_> = refused.headers().filter(|(other, _)| *other == name).collect();
        assert_eq!((refused.status(), values.last().unwrap().1), (101, value.as_bytes()));
        assert!(!format!("{handshake:?} {refused:?}").contains(value));
    }
    // A rejection is in its error, and a head that is no response is not kept.
    for bytes in
        ["HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 101 S\r\nA\r\n\r\n", "SSH-2.0\r\n"]
    {
        let mut handshake = client::Handshake::new(&to("ws://h/"), SEED, &mut Vec::new()).unwrap();
        handshake.receive(&mut Input::new(&mut bytes.as_bytes().to_owned())).unwrap_err();
        let kept = handshake.refused_response().map(|refused| refused.headers().count());
        assert!(kept.is_none_or(|headers| headers == 0), "{bytes}");
    }
}

#[test]
fn a_refused_response_omits_malformed_headers() {
    let mut handshake = client::Handshake::new(&to("ws://h/"), SEED, &mut Vec::new()).unwrap();
    let mut bytes = b"HTTP/1.1 101 S\r\nA: 1\r\nno header\r\n: 3\r\nB: 2\r\n\r\n".to_vec();
    let error = handshake.receive(&mut Input::new(&mut bytes)).unwrap_err();
    assert_eq!(error, Error::Handshake(E::MalformedHeader));
    let refused = handshake.refused_response().unwrap();
    assert_eq!(refused.headers().collect::<Vec<_>>(), [("A", &b"1"[..]), ("B", b"2")]);
    assert_eq!(refused.header("b"), Some(&b"2"[..]));
}

#[test]
fn the_server_selects_extensions_that_were_offered_each_once() {
    // R6455-4.1-e2, R6455-4.1-v5, R6455-4.1-v7, R6455-4.2.2-56, R6455-11.3.2-b, WHATWG-4-a
    const NAME: &str = "Sec-WebSocket-Extensions";
    let offer = || to("ws://h/").extension("permessage-deflate; client_max_window_bits").extension("x");
    for (request, head, expected) in [
        (offer(), response().add(NAME, "permessage-deflate"), Ok(1)),
        (offer(), response().add(NAME, "x, permessage-deflate"), Ok(2)),
        (offer(), response().add(NAME, "x").add(NAME, "permessage-deflate"), Ok(2)),
        (offer(), response().add(NAME, "permessage-deflate; server_max_window_bits=\"10\""), Ok(1)),
        (offer(), response(), Ok(0)),
        (to("ws://h/"), response().add(NAME, "permessage-deflate"), Err(E::UnexpectedExtension)),
        (offer(), response().add(NAME, "x-foo"), Err(E::UnexpectedExtension)),
        (offer(), response().add(NAME, "Permessage-Deflate"), Err(E::UnexpectedExtension)),
        (
            offer(),
            response().add(NAME, "permessage-deflate, permessage-deflate"),
            Err(E::UnexpectedExtension),
        ),
        (offer(), response().add(NAME, "x").add(NAME, "x; a"), Err(E::UnexpectedExtension)),
        (offer(), response().add(NAME, "permessage-deflate;;"), Err(E::InvalidExtensions)),
        (offer(), response().add(NAME, ""), Err(E::InvalidExtensions)),
        (to("ws://h/"), response().add(NAME, ""), Err(E::InvalidExtensions)),
    ] {
        match expected {
            Ok(count) => assert_eq!(opened(&request, &head.bytes()).extensions().count(), count),
            Err(error) => failed(&request, &head.bytes(), error),
        }
    }
}

#[test]
fn interim_responses_are_skipped_up_to_16() {
    // R9110-15.2-a
    let interim = b"HTTP/1.1 103 Early Hints\r\nContent-Length: 3\r\nLink: </a>\r\n\r\n";
    let after = |count: usize| [&interim.repeat(count)[..], &response().bytes()].concat();
    opened(&to("ws://h/"), &[b"HTTP/1.1 100 Continue\r\n\r\n", &response().bytes()[..]].concat());
    opened(&to("ws://h/"), &after(1));
    opened(&to("ws://h/"), &after(16));
    failed(&to("ws://h/"), &after(17), E::TooManyInterimResponses);
}

#[test]
fn bytes_after_the_response_are_left_for_the_connection() {
    // R6455-4.1-e1
    let frames = b"\x81\x05Hello\x81\x00\x89\x00";
    let run = connect(&to("ws://h/"), &[&response().bytes()[..], frames].concat());
    assert!(run.result.is_ok_and(|response| response.is_some()));
    assert_eq!(run.remaining, frames);
}

#[test]
fn another_status_rejects_with_the_body() {
    // R6455-1.3-b, R6455-4.1-v1, R9112-6.3-b
    let long = "x".repeat(300);
    let with =
        |headers: &str, body: &str| format!("HTTP/1.1 401 No\r\nX: y\r\n{headers}\r\n{body}").into_bytes();
    for (bytes, body, truncated) in [
        (with("Content-Length: 3\r\n", "abcd"), "abc", false),
        (with("Content-Length: 0\r\n", "rest"), "", false),
        (with(&format!("Content-Length: {}\r\n", long.len()), &long), &*long, false),
        (
            with("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0A;x=y\r\n0123456789\r\n0\r\n"),
            "abc0123456789",
            false,
        ),
        (with("Transfer-Encoding: gzip, Chunked\r\nContent-Length: 1\r\n", "0\r\n\r\n"), "", false),
        (with("Transfer-Encoding: chunked\r\n", "3\r\nabcX"), "abc", true),
        (with("Transfer-Encoding: chunked\r\n", "3\r\nabc\rX"), "abc", true),
        (with("Transfer-Encoding: chunked\r\n", "\r\n"), "", true),
        (with("Transfer-Encoding: chunked\r\n", "x\r\n"), "", true),
        (with("Transfer-Encoding: chunked\r\n", "-1\r\n"), "", true),
        (with("Transfer-Encoding: chunked\r\n", "11111111111111111\r\n"), "", true),
        (with("Transfer-Encoding: chunked\r\n", &format!("1;{}", "x".repeat(2000))), "", true),
        (b"HTTP/1.1 204 x\r\nContent-Length: 9\r\n\r\n".to_vec(), "", false),
        (b"HTTP/1.0 304 x\r\n\r\n".to_vec(), "", false),
        (response().line("HTTP/1.1 200 OK").add("Content-Length", "1").add("X", "y").bytes(), "", true),
    ] {
        if bytes.starts_with(b"HTTP/1.1 200") {
            // A 401 with all headers of an upgrade is still a rejection.
            let body = rejected(&[&bytes[..], b"z"].concat());
            assert_eq!((body.status(), body.body()), (200, &b"z"[..]));
            continue;
        }
        let response = rejected(&bytes);
        assert_eq!(
            (response.body(), response.is_truncated()),
            (body.as_bytes(), truncated),
            "{}",
            bytes.escape_ascii()
        );
    }
    let response = rejected(&with("X: z\r\nContent-Length: 0\r\n", ""));
    assert_eq!((response.status(), response.header("x")), (401, Some(&b"y"[..])));
    assert_eq!(response.headers().count(), 3);
}

#[test]
fn the_end_of_the_transport_ends_the_body() {
    // R6455-4.1-4, R6455-4.1-v1b, R6455-7.1.4-c, R6455-7.2.2-a, R9112-6.3-b, WHATWG-2-a
    for (bytes, body, truncated) in [
        ("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\nabc", "abc", false),
        ("HTTP/1.1 500 x\r\n\r\n", "", false),
        ("HTTP/1.1 500 x\r\nTransfer-Encoding: gzip\r\nContent-Length: x\r\n\r\nabc", "abc", false),
        ("HTTP/1.1 500 x\r\nContent-Length: 4\r\n\r\nabc", "abc", true),
        ("HTTP/1.1 500 x\r\nContent-Length: 18446744073709551615\r\n\r\nabc", "abc", true),
        ("HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", "ab", true),
        ("HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "abc", true),
    ] {
        let run = connect(&to("ws://h/"), bytes.as_bytes());
        assert_eq!(run.result, Ok(None), "{bytes:?}");
        let Err(Error::Rejected(response)) = run.eof else { panic!("{bytes:?}") };
        assert_eq!((response.body(), response.is_truncated()), (body.as_bytes(), truncated), "{bytes:?}");
    }
    for end in [0, 10, response().bytes().len() - 1] {
        let run = connect(&to("ws://h/"), &response().bytes()[..end]);
        assert_eq!((run.result, run.eof), (Ok(None), Err(E::IncompleteHandshake.into())));
    }
}

#[test]
fn the_end_of_the_transport_does_not_hide_the_status() {
    let head = "HTTP/1.1 401 x\r\nA: b\r\nWWW-Authenticate: Basic\r\n\r\n";
    for end in 0..head.len() {
        for before in ["", "HTTP/1.1 103 x\r\n\r\n"] {
            let run = connect(&to("ws://h/"), [before, &head[..end]].concat().as_bytes());
            assert_eq!(run.result, Ok(None));
            if end <= 12 {
                assert_eq!(run.eof, Err(E::IncompleteHandshake.into()), "{end}");
                continue;
            }
            let Err(Error::Rejected(response)) = run.eof else { panic!("{end}: {:?}", run.eof) };
            assert_eq!((response.status(), response.fault()), (401, Some(E::IncompleteHandshake)), "{end}");
            assert_eq!((response.body(), response.is_truncated()), (&b""[..], true));
            // A line counts once its line end has arrived.
            let lines = head[..end].matches("\r\n").count().saturating_sub(1).min(2);
            assert_eq!(response.headers().count(), lines, "{end}");
            assert_eq!(response.header("a").is_some(), lines > 0);
        }
    }
    // An earlier violation takes precedence.
    let run = connect(&to("ws://h/"), b"HTTP/1.1 401 x\r\nno header\r\nA: b\r\nWWW-Au");
    let Err(Error::Rejected(response)) = run.eof else { panic!("{:?}", run.eof) };
    assert_eq!((response.fault(), response.headers().count()), (Some(E::MalformedHeader), 1));
    // Interim responses and a 101 do not have a status that rejects.
    for status in [100, 101, 103] {
        let run = connect(&to("ws://h/"), format!("HTTP/1.1 {status} x\r\nA: b\r\nWWW-Au").as_bytes());
        assert_eq!((run.result, run.eof), (Ok(None), Err(E::IncompleteHandshake.into())));
    }
}

/// Returns a response whose status rejects, with the violation in its head.
fn faulty(head: &str, fault: E) -> Response {
    let run = connect(&to("ws://h/").limits(HandshakeLimits::new().max_line_len(60)), head.as_bytes());
    let Err(Error::Rejected(response)) = run.result else { panic!("{head:?}: {:?}", run.result) };
    assert_eq!((response.fault(), response.is_truncated()), (Some(fault), true), "{head:?}");
    assert_eq!((response.body(), run.eof), (&b""[..], Err(Error::Rejected(response.clone()))), "{head:?}");
    *response
}

#[test]
fn a_violation_after_the_status_line_does_not_hide_the_status() {
    // R9112-6.3-c. The response is returned at the violation, with the headers that could be read.
    let long = format!("X: {}", "a".repeat(60));
    for (lines, fault) in [
        ("Content-Length: x\r\n\r\nbody", E::InvalidContentLength),
        ("Content-Length: \r\n\r\nbody", E::InvalidContentLength),
        ("Content-Length: -1\r\n\r\nbody", E::InvalidContentLength),
        ("Content-Length: +1\r\n\r\nbody", E::InvalidContentLength),
        ("Content-Length: 4, 5\r\n\r\nbody", E::InvalidContentLength),
        ("Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody", E::InvalidContentLength),
        ("Content-Length: 18446744073709551616\r\n\r\nbody", E::InvalidContentLength),
        ("Expires : 0\r\n\r\nbody", E::MalformedHeader),
        ("no header\r\n\r\nbody", E::MalformedHeader),
        (": no name\r\n\r\nbody", E::MalformedHeader),
        ("X: a\x01", E::ControlCharacter),
        ("X: a\n", E::InvalidLineEnding),
        ("X: a\rb", E::InvalidLineEnding),
        (&*long, E::HeaderLineTooLong { limit: 60 }),
        (&*"a:\r\n".repeat(128), E::TooManyHeaders { limit: 128 }),
        ("no header\r\nX: \x01", E::MalformedHeader),
    ] {
        let response = faulty(&format!("HTTP/1.1 401 x\r\nWWW-Authenticate: Basic\r\n{lines}"), fault);
        assert_eq!((response.status(), response.header("www-authenticate")), (401, Some(&b"Basic"[..])));
        assert!(response.headers().all(|(name, _)| !name.contains(' ')));
        assert!(response.header("X").is_none());
        let shown = Error::Rejected(response.into()).to_string();
        assert!(shown.contains("401") && shown.contains(&fault.to_string()), "{shown}");
    }
    assert_eq!(faulty("HTTP/1.0 503 x\r\n folded", E::FoldedHeader).status(), 503);
    for (reason, fault) in [
        (" \x01", E::ControlCharacter),
        (" Unauthor\x7f", E::ControlCharacter),
        (" x\n", E::InvalidLineEnding),
        ("\rx", E::InvalidLineEnding),
        (&*format!(" {}", "a".repeat(60)), E::StartLineTooLong { limit: 60 }),
    ] {
        let response = faulty(&format!("HTTP/1.1 401{reason}"), fault);
        assert_eq!((response.status(), response.headers().count()), (401, 0));
        failed(
            &to("ws://h/").limits(HandshakeLimits::new().max_line_len(60)),
            format!("HTTP/1.1 101{reason}").as_bytes(),
            fault,
        );
    }
    // A status line that is malformed before its end has no status.
    for line in ["HTTP/1.1 40\x01", "HTTP/1.1 401\x01"] {
        failed(&to("ws://h/"), line.as_bytes(), E::ControlCharacter);
    }
    // An interim response and a 101 must be well-formed.
    for status in [100, 101, 103] {
        failed(
            &to("ws://h/"),
            format!("HTTP/1.1 {status} x\r\nExpires : 0\r\n\r\n").as_bytes(),
            E::MalformedHeader,
        );
    }
}

#[test]
fn the_same_content_length_again_is_the_length() {
    // RFC 9110, 8.6
    for lines in ["Content-Length: 4, 4", "Content-Length: 4\r\nContent-Length: 4", "Content-Length: 4,4 , 4"]
    {
        let response = rejected(format!("HTTP/1.1 401 x\r\n{lines}\r\n\r\nbody").as_bytes());
        assert_eq!((response.status(), response.body(), response.fault()), (401, &b"body"[..], None));
        assert!(!response.is_truncated());
    }
}

#[test]
fn the_first_byte_that_no_status_line_has_decides_and_is_shown() {
    for (bytes, error) in [
        (&b"\x16"[..], E::LooksLikeTls),
        (b"\x15", E::LooksLikeTls),
        (b"\0", E::LooksLikeHttp2),
        (b"\x88", E::NotHttp),
        (b"\x01", E::NotHttp),
        (b"S", E::NotHttp),
        (b"HTTX", E::NotHttp),
        (b"HTTP/2", E::HttpVersionNotSupported),
        (b"HTTP/x", E::MalformedStatusLine),
        (b"HTTP/1.1 0", E::MalformedStatusLine),
        (b"HTTP/1.1 1012", E::MalformedStatusLine),
        (b"HTTP/1.1 101x", E::MalformedStatusLine),
        (b"HTTP\n", E::InvalidLineEnding),
        (b"HTTP/1.\x01", E::ControlCharacter),
    ] {
        let mut handshake = client::Handshake::new(&to("ws://h/"), SEED, &mut Vec::new()).unwrap();
        let (last, before) = bytes.split_last().unwrap();
        let mut before = before.to_vec();
        assert!(handshake.receive(&mut Input::new(&mut before)).is_ok_and(|opened| opened.is_none()));
        assert_eq!(handshake.first_bytes().as_bytes(), b"");
        let mut rest = [&[*last][..], b"and more than sixteen bytes"].concat();
        let result = handshake.receive(&mut Input::new(&mut rest)).map(drop);
        assert_eq!(result, Err(error.into()), "{}", bytes.escape_ascii());
        assert_eq!(handshake.first_bytes().as_bytes(), bytes);
        failed(&to("ws://h/"), &[bytes, b"\r\n\r\n"].concat(), error);
    }
    let mut handshake = client::Handshake::new(&to("ws://h/"), SEED, &mut Vec::new()).unwrap();
    let mut bytes = *b"HTTP/1.1 101 Switching Protocols\r\nX: \x01";
    assert!(handshake.receive(&mut Input::new(&mut bytes)).is_err());
    assert_eq!(format!("{:?}", handshake.first_bytes()), "\"HTTP/1.1 101 Swi\"");
    // A complete head that opens nothing, also after an interim one; a rejection has a status instead.
    for (bytes, first_bytes) in [
        ("HTTP/1.1 101 Wrong\r\n\r\n", "HTTP/1.1 101 Wro"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Late\r\n\r\nrest", "HTTP/1.1 101 Lat"),
        ("HTTP/1.1 100 Continue\r\n\r\nFTP", "F"),
        ("HTTP/1.1 403 Forbidden\r\n\x01", ""),
    ] {
        let mut handshake = client::Handshake::new(&to("ws://h/"), SEED, &mut Vec::new()).unwrap();
        assert!(handshake.receive(&mut Input::new(&mut bytes.as_bytes().to_vec())).is_err());
        assert_eq!(handshake.first_bytes().to_string(), first_bytes, "{bytes}");
    }
    // A line that ends before its status ends the bytes that are shown, too.
    let limits = HandshakeLimits::new().tolerance(Tolerance::new().allow_bare_line_feeds(true));
    for line in ["H\n", "HTTP/1.1\n", "HTTP/1.1 10\n"] {
        for rest in ["", "Upgrade: websocket\n\n"] {
            let request = to("ws://h/").limits(limits);
            let mut handshake = client::Handshake::new(&request, SEED, &mut Vec::new()).unwrap();
            let mut bytes = format!("{line}{rest}").into_bytes();
            let result = handshake.receive(&mut Input::new(&mut bytes)).map(drop);
            assert_eq!(result, Err(E::MalformedStatusLine.into()));
            assert_eq!(handshake.first_bytes().as_bytes(), line.as_bytes(), "{rest}");
        }
    }
}

#[test]
fn a_limit_passes_and_one_more_byte_fails() {
    let head = response().bytes();
    let longest = format!("Sec-WebSocket-Accept: {}", accept_for_seed()).len();
    let with = |limits: HandshakeLimits| to("ws://h/").limits(limits);
    let limits = HandshakeLimits::new();
    opened(&with(limits.max_head_len(head.len()).max_line_len(longest).max_headers(3)), &head);
    for (limits, error) in [
        (limits.max_head_len(head.len() - 1), E::HeadTooLong { limit: head.len() - 1 }),
        (limits.max_line_len(longest - 1), E::HeaderLineTooLong { limit: longest - 1 }),
        (limits.max_line_len(31), E::StartLineTooLong { limit: 31 }),
        (limits.max_headers(2), E::TooManyHeaders { limit: 2 }),
    ] {
        failed(&with(limits), &head, error);
    }
    // Folds are not headers, but they count as bytes.
    let folded = response().add("X", "\r\n y".repeat(200)).bytes();
    opened(&with(limits.max_headers(4)), &folded);
    failed(&with(limits.max_head_len(500)), &folded, E::HeadTooLong { limit: 500 });
}

#[test]
fn a_body_is_truncated_at_the_first_byte_over_its_limit() {
    let request = to("ws://h/").limits(HandshakeLimits::new().max_body_len(4));
    for (framing, before, at, after) in [
        ("Content-Length: 9\r\n", "", "abcd", "e"),
        ("", "", "abcd", "e"),
        ("Transfer-Encoding: chunked\r\n", "9\r\n", "abcd", "e"),
        ("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n2\r\n", "cd", "\r\n1\r\ne"),
    ] {
        let bytes = format!("HTTP/1.1 403 x\r\n{framing}\r\n{before}{at}");
        assert_eq!(connect(&request, bytes.as_bytes()).result, Ok(None), "{bytes}");
        let run = connect(&request, format!("{bytes}{after}fgh").as_bytes());
        let Err(Error::Rejected(response)) = run.result else { panic!("{bytes}") };
        assert_eq!((response.body(), response.is_truncated()), (&b"abcd"[..], true));
    }
    let exact = connect(&request, b"HTTP/1.1 403 x\r\nContent-Length: 4\r\n\r\nabcd");
    let Err(Error::Rejected(response)) = exact.result else { panic!() };
    assert!(!response.is_truncated());
}

#[test]
fn a_server_of_another_version_lists_its_versions() {
    // R6455-4.3-g, R6455-4.4-c, R6455-11.3.5-b
    let head = Head::new(
        "HTTP/1.1 426 Upgrade Required",
        &[
            ("Sec-WebSocket-Version", "13, 8"),
            ("sec-websocket-version", "7, 013, x, 256"),
            ("Content-Length", "0"),
        ],
    );
    assert_eq!(rejected(&head.bytes()).supported_versions().collect::<Vec<_>>(), [13, 8, 7]);
}
