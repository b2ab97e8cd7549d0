//! The request as a server sees it, and its response (RFC 6455, 4.2.2).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "common/handshake.rs"]
mod common;

use common::{Head, SWITCHING, opened, refused, request, serve_any};
use sansocket::{
    Config, Input, ProtocolError,
    handshake::{HandshakeError as E, HandshakeLimits},
    server::{self, Accept, Handshake, ResponseErrorKind as Kind},
};

#[test]
fn a_response_has_the_chosen_subprotocol_and_the_added_headers() {
    // R6455-4.2.2-4p5, R6455-4.2.2-55
    let request = request(&Head::request().add("Sec-WebSocket-Protocol", "chat, superchat"));
    let mut out = b"before".to_vec();
    let accept = Accept::new().subprotocol("superchat").header("X-Id", "7").header("Set-Cookie", "a\t=b");
    drop(request.accept(accept, &mut out).unwrap());
    let fields = "\r\nSec-WebSocket-Protocol: superchat\r\nX-Id: 7\r\nSet-Cookie: a\t=b\r\n\r\n";
    assert_eq!(String::from_utf8(out).unwrap(), format!("before{}{fields}", SWITCHING.trim_end()));
}

#[test]
fn invalid_responses_are_not_sent_and_return_the_request() {
    // R6455-4.2.2-4p1, R6455-4.2.2-4p4, R6455-4.2.2-4p5, R9110-5.5-a
    let mut head = Head::request().add("Sec-WebSocket-Protocol", "chat");
    for (subprotocol, name, value, kind) in [
        (Some("x"), "X", "", Kind::SubprotocolNotOffered),
        (Some("CHAT"), "X", "", Kind::SubprotocolNotOffered),
        (Some(""), "X", "", Kind::SubprotocolNotOffered),
        (Some("chat, chat"), "X", "", Kind::SubprotocolNotOffered),
        (Some("chat\r\nX: y"), "X", "", Kind::SubprotocolNotOffered),
        (None, "", "a", Kind::InvalidHeaderName),
        (None, "a b", "a", Kind::InvalidHeaderName),
        (None, "a:", "a", Kind::InvalidHeaderName),
        (None, "a\r\n", "a", Kind::InvalidHeaderName),
        (None, "\u{e9}", "a", Kind::InvalidHeaderName),
        (None, "X", "a\rb", Kind::InvalidHeaderValue),
        (None, "X", "a\nb", Kind::InvalidHeaderValue),
        (None, "X", "a\r\nY: b", Kind::InvalidHeaderValue),
        (None, "X", "\0", Kind::InvalidHeaderValue),
        (None, "X", "\x7f", Kind::InvalidHeaderValue),
        (None, "Host", "h", Kind::ReservedHeader),
        (None, "upgrade", "h2c", Kind::ReservedHeader),
        (None, "Connection", "close", Kind::ReservedHeader),
        (None, "Content-Length", "5", Kind::ReservedHeader),
        (None, "TRANSFER-ENCODING", "chunked", Kind::ReservedHeader),
        (None, "Sec-WebSocket-Accept", "x", Kind::ReservedHeader),
        (None, "sec-websocket-extensions", "permessage-deflate", Kind::ReservedHeader),
        (None, "Sec-WebSocket-", "x", Kind::ReservedHeader),
    ] {
        let mut out = b"before".to_vec();
        let mut accept = Accept::new().header(name, value).header("Y", "\n");
        if let Some(subprotocol) = subprotocol {
            accept = Accept::new().subprotocol(subprotocol);
        }
        let error = request(&head).accept(accept, &mut out).unwrap_err();
        assert_eq!((error.kind(), &out[..]), (kind, &b"before"[..]), "{subprotocol:?} {name} {value}");
        let request = error.into_request();
        if subprotocol.is_none() {
            let error = request.reject(400, &[(name, value)], b"", &mut out).unwrap_err();
            assert_eq!((error.kind(), &out[..]), (kind, &b"before"[..]), "{name} {value}");
            error.into_request().reject(500, &[], b"", &mut out).unwrap();
        }
    }
    head = head.without("Sec-WebSocket-Protocol");
    let error = request(&head).accept(Accept::new().subprotocol("chat"), &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), Kind::SubprotocolNotOffered);
}

#[test]
fn a_rejection_declares_its_length() {
    // R6455-4.2.2-2, R6455-4.2.2-3, R6455-4.2.2-4o2, R6455-4.2.2-4r, R6455-10.2-b, R9110-15.5.22-a,
    // R9112-4-a, R9112-9.6-a
    type Row<'a> = (u16, &'a [(&'a str, &'a str)], &'a [u8], &'a str);
    let rows: &[Row<'_>] = &[
        (
            403,
            &[("Content-Type", "text/plain")],
            b"no",
            "403 Forbidden\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno",
        ),
        (
            307,
            &[("Location", "/b"), ("X", "")],
            b"",
            "307 Temporary Redirect\r\nLocation: /b\r\nX: \r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            401,
            &[("WWW-Authenticate", "Basic realm=\"x\"")],
            b"",
            "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nConnection: close\r\n\
             Content-Length: 0\r\n\r\n",
        ),
        (404, &[], b"", "404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
        (499, &[], b"", "499 \r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
        (204, &[], b"", "204 No Content\r\nConnection: close\r\n\r\n"),
        (
            426,
            &[],
            b"",
            "426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Connection: Upgrade, close\r\nContent-Length: 0\r\n\r\n",
        ),
    ];
    for &(status, headers, body, expected) in rows {
        let mut out = Vec::new();
        request(&Head::request()).reject(status, headers, body, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), format!("HTTP/1.1 {expected}"));
    }
    for (status, body, kind) in [
        (0, &b""[..], Kind::InvalidStatus),
        (101, b"", Kind::InvalidStatus),
        (199, b"", Kind::InvalidStatus),
        (600, b"", Kind::InvalidStatus),
        (204, b"x", Kind::BodyNotAllowed),
        (304, b"x", Kind::BodyNotAllowed),
    ] {
        let mut out = Vec::new();
        let error = request(&Head::request()).reject(status, &[], body, &mut out).unwrap_err();
        assert_eq!((error.kind(), out.len()), (kind, 0), "{status}");
    }
}

#[test]
fn plain_http_is_handed_out_only_if_it_is_asked_for() {
    // R9112-9.6-a
    let base = Head::request;
    for head in [base().without("Upgrade"), base().set("Upgrade", "h2c"), base().set("Connection", "close")] {
        refused(&head.bytes(), E::MissingUpgrade);
        let run = serve_any(&[&head.bytes()[..], b"rest"].concat());
        assert_eq!(run.out, b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(run.remaining, b"rest");
        let seen = run.result.unwrap().unwrap();
        assert_eq!((seen.websocket, &*seen.target, &*seen.authority), (false, "/chat", "server.example.com"));
    }
    assert_eq!(serve_any(&base().bytes()).out, SWITCHING.as_bytes());
    for (head, error) in [
        (base().without("Upgrade").line("POST / HTTP/1.1"), E::InvalidMethod),
        (base().without("Upgrade").without("Host"), E::InvalidHostHeader),
        (base().without("Upgrade").add("Content-Length", "5"), E::UnexpectedBody),
        (base().set("Connection", "a b"), E::MalformedUpgrade),
        (base().set("Sec-WebSocket-Version", "8"), E::UnsupportedVersion),
    ] {
        assert_eq!(serve_any(&head.bytes()).result, Err(error));
    }
}

#[test]
fn debug_output_is_short_and_holds_no_credentials() {
    let head = Head::request()
        .line(format!("GET /{}?token=secret HTTP/1.1", "\"".repeat(4000)))
        .add("Authorization", "Bearer secret");
    let bytes = head.bytes();
    let mut handshake = Handshake::new(HandshakeLimits::new());
    handshake.receive(&mut Input::new(&mut bytes[..bytes.len() - 1].to_vec()), &mut Vec::new()).unwrap();
    let request = request(&head);
    let accept = Accept::new().header("Set-Cookie", "secret");
    let error = Accept::new().subprotocol("x");
    for shown in [
        format!("{handshake:?}"),
        format!("{request:?}"),
        format!("{:?}", request.headers()),
        format!("{accept:?}"),
        format!("{:?}", request.accept(error, &mut Vec::new()).unwrap_err()),
    ] {
        assert!(shown.len() <= 256 && !shown.contains("secret"), "{shown}");
    }
}
#[test]
fn a_target_in_absolute_form_names_the_authority() {
    // R6455-4.2.1-1c, R9112-3.2-b
    for (target, authority, path, query) in [
        ("/chat", "server.example.com", "/chat", None),
        ("/?", "server.example.com", "/", Some("")),
        ("//x?a?b", "server.example.com", "//x", Some("a?b")),
        ("http://a.example:81/x?y", "a.example:81", "/x", Some("y")),
        ("HTTPS://a", "a", "/", None),
        ("http://a?q", "a", "/", Some("q")),
        ("/r?u=http://b/", "server.example.com", "/r", Some("u=http://b/")),
    ] {
        let head = Head::request().line(format!("GET {target} HTTP/1.1"));
        opened(&head.bytes());
        let request = request(&head);
        assert_eq!((request.target(), request.authority()), (target, authority));
        assert_eq!((request.path(), request.query()), (path, query));
    }
}

#[test]
fn headers_are_returned_as_received() {
    // R6454-7.3-a, R6455-4.2.1-7b, R6455-4.2.1-10, R6455-8.1-b, R6455-10.5-a, R9110-5.5-b, R9112-2.2-a
    let request = request(
        &Head::request()
            .add("X-City", b"caf\xe9")
            .add("cookie", " a=b ")
            .add("Cookie", "c")
            .add("Origin", "null"),
    );
    assert_eq!(request.header("x-city"), Some(&b"caf\xe9"[..]));
    assert_eq!(request.header("Cookie"), Some(&b"a=b"[..]));
    assert_eq!((request.header("Cooki"), request.origin()), (None, Some("null")));
    let last: Vec<_> = request.headers().skip(5).collect();
    assert_eq!(
        last,
        [("X-City", &b"caf\xe9"[..]), ("cookie", b"a=b"), ("Cookie", b"c"), ("Origin", b"null"),]
    );
}

#[test]
fn an_accepted_connection_has_the_configured_behavior() {
    let config = Config::new().max_message_len(3);
    let mut out = Vec::new();
    let mut connection = request(&Head::request()).accept(Accept::new().config(config), &mut out).unwrap();
    let mut frame = *b"\x81\x84\0\0\0\0long";
    let result = connection.receive(&mut Input::new(&mut frame), &mut out);
    assert_eq!(result, Err(ProtocolError::MessageTooLong { limit: 3, len: 4 }));
    #[cfg(feature = "deflate")]
    {
        use sansocket::deflate;
        let head = Head::request().add("Sec-WebSocket-Extensions", "permessage-deflate");
        let accept = Accept::new().deflate(deflate::Config::new());
        let connection = request(&head).accept(accept, &mut out).unwrap();
        assert!(connection.deflate().is_some());
    }
}

#[test]
fn a_status_has_its_usual_phrase() {
    for (status, phrase) in [
        (200, "OK"),
        (204, "No Content"),
        (301, "Moved Permanently"),
        (302, "Found"),
        (303, "See Other"),
        (304, "Not Modified"),
        (307, "Temporary Redirect"),
        (308, "Permanent Redirect"),
        (400, "Bad Request"),
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (404, "Not Found"),
        (405, "Method Not Allowed"),
        (406, "Not Acceptable"),
        (407, "Proxy Authentication Required"),
        (408, "Request Timeout"),
        (410, "Gone"),
        (414, "URI Too Long"),
        (421, "Misdirected Request"),
        (426, "Upgrade Required"),
        (429, "Too Many Requests"),
        (431, "Request Header Fields Too Large"),
        (500, "Internal Server Error"),
        (501, "Not Implemented"),
        (502, "Bad Gateway"),
        (503, "Service Unavailable"),
        (504, "Gateway Timeout"),
        (505, "HTTP Version Not Supported"),
        (599, ""),
    ] {
        let mut out = Vec::new();
        request(&Head::request()).reject(status, &[], b"", &mut out).unwrap();
        let line = format!("HTTP/1.1 {status} {phrase}\r\n");
        assert!(out.starts_with(line.as_bytes()), "{line}");
    }
}

#[test]
fn a_plain_request_shows_its_parts() {
    let mut bytes = b"GET /a/b?c=d HTTP/1.1\r\nHost: h\r\nCookie: secret\r\n\r\n".to_vec();
    let mut handshake = Handshake::new(HandshakeLimits::new());
    let incoming = handshake.receive_any(&mut Input::new(&mut bytes), &mut Vec::new()).unwrap();
    let Some(server::Incoming::Http(plain)) = incoming else { panic!("{incoming:?}") };
    assert_eq!((plain.target(), plain.path(), plain.query()), ("/a/b?c=d", "/a/b", Some("c=d")));
    assert_eq!((plain.header("cookie"), plain.header("x")), (Some(&b"secret"[..]), None));
    let shown = format!("{plain:?}");
    assert!(shown.contains("/a/b") && !shown.contains("secret"), "{shown}");
    let error = plain.respond(99, &[], b"", &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "response status is not between 200 and 599");
    assert!(format!("{error:?}").contains("InvalidStatus"));
    assert!(format!("{:?}", request(&Head::request())).contains("/chat"));
}

#[test]
fn single_headers_replace_earlier_ones_in_responses() {
    let mut out = Vec::new();
    let accept = Accept::new().header("Server", "a").header("Set-Cookie", "x").header("server", "b");
    drop(request(&Head::request()).accept(accept.header("Set-Cookie", "y"), &mut out).unwrap());
    let head = String::from_utf8(out).unwrap();
    assert!(head.ends_with("\r\nSet-Cookie: x\r\nserver: b\r\nSet-Cookie: y\r\n\r\n"), "{head}");
    let (mut out, headers) = (Vec::new(), [("Location", "/a"), ("Link", "</b>"), ("Location", "/c")]);
    request(&Head::request()).reject(307, &headers, b"", &mut out).unwrap();
    let head = String::from_utf8(out).unwrap();
    assert!(head.contains("\r\nLink: </b>\r\nLocation: /c\r\n") && !head.contains("/a"), "{head}");
}

#[test]
fn a_function_can_make_the_answer() {
    fn choose(request: &server::Request) -> Accept {
        request.subprotocols().next().map_or(Accept::new(), |name| Accept::new().subprotocol(name))
    }
    let chooser: &dyn Fn(&server::Request) -> Accept = &choose;
    let asked = request(&Head::request().add("Sec-WebSocket-Protocol", "chat"));
    let (accept, mut out) = (chooser(&asked), Vec::new());
    drop(asked.accept(accept, &mut out).unwrap());
    assert!(String::from_utf8(out).unwrap().contains("\r\nSec-WebSocket-Protocol: chat\r\n"));
}
