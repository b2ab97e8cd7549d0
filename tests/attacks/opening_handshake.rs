//! Attacks on the opening handshake.

use allocation_counter::measure;
use sansocket::{
    Config, Connection, Event, Input,
    client::{self, RequestError},
    handshake::{HandshakeError as E, HandshakeLimits},
    server::{Accept, Handshake, Request},
};

use crate::{
    common::{TEXT, noise, text, to},
    handshake::{Head, connect, opened, refused, request, response, serve},
};

/// Feeds `piece` repeatedly after `begin` until the handshake fails. Returns the error, the bytes fed, and
/// the peak memory.
fn endless(begin: &[u8], piece: &[u8], limits: HandshakeLimits) -> (E, usize, u64) {
    let mut handshake = Handshake::new(limits);
    let mut out = Vec::with_capacity(1024);
    let (mut begin, mut buf, mut fed, mut error) = (begin.to_vec(), piece.to_vec(), 0, None);
    let info = measure(|| {
        fed += begin.len();
        error = handshake.receive(&mut Input::new(&mut begin), &mut out).err();
        while error.is_none() {
            buf.copy_from_slice(piece);
            fed += buf.len();
            error = handshake.receive(&mut Input::new(&mut buf), &mut out).err();
        }
    });
    (error.unwrap(), fed, info.bytes_max)
}

#[test]
fn a_header_without_end_is_refused_at_the_limit_in_bounded_memory() {
    // A1, A10
    let limits = HandshakeLimits::new().max_head_len(16 << 10).max_line_len(16 << 10);
    for piece in [&b"a"[..], &[b'a'; 4096]] {
        let (error, fed, peak) = endless(b"GET / HTTP/1.1\r\nX: ", piece, limits);
        assert_eq!(error, E::HeadTooLong { limit: 16 << 10 });
        assert!(fed <= (16 << 10) + piece.len() && peak <= 32 << 10, "{fed} fed, {peak} held");
    }
}

#[test]
fn headers_are_counted_whatever_their_names() {
    // A2, A3, A7
    let limits = HandshakeLimits::new().max_headers(100);
    for line in [&b"a: b\r\n"[..], b"Host: h\r\n", b"x:\r\n"] {
        let (error, fed, peak) = endless(b"GET / HTTP/1.1\r\n", line, limits);
        assert_eq!(error, E::TooManyHeaders { limit: 100 });
        assert!(fed <= 16 + 101 * line.len() && peak <= 2048);
    }
    // 2000 lines before the required ones: never a 101.
    let mut many = Head::request();
    many.headers.splice(1..1, (0..2000).map(|n| (format!("h{n}").into_bytes(), b"x".to_vec())));
    refused(&many.bytes(), E::TooManyHeaders { limit: 128 });
}

#[test]
fn each_required_header_is_missed_emptied_or_doubled_without_a_101() {
    // A2, A12
    for (name, value) in Head::request().headers {
        let name = String::from_utf8(name).unwrap();
        let heads = [
            Head::request().without(&name),
            Head::request().set(&name, ""),
            Head::request().add(&name, &value),
            Head::request().set(&name, [&value[..], b"x"].concat()),
        ];
        for (variant, head) in heads.iter().enumerate() {
            let run = serve(&head.bytes(), HandshakeLimits::new());
            // Lists may span several lines, and every name is a valid host.
            let harmless = match name.as_str() {
                "Upgrade" | "Connection" => variant == 2,
                "Host" => variant == 3,
                _ => false,
            };
            assert_eq!(run.result.is_ok_and(|seen| seen.is_some()), harmless, "{name}, variant {variant}");
        }
    }
    for (name, token) in
        [("Upgrade", "upgrad"), ("Upgrade", "websockets"), ("Upgrade", "h2c"), ("Connection", "close")]
    {
        assert!(serve(&Head::request().set(name, token).bytes(), HandshakeLimits::new()).result.is_err());
    }
}

#[test]
fn bytes_after_a_rejected_request_are_ignored() {
    // A11
    let smuggled = b"GET /internal HTTP/1.1\r\nHost: h\r\n\r\n";
    let head = Head::request().set("Sec-WebSocket-Version", "137").bytes();
    let mut stream = [&head[..], smuggled].concat();
    let mut handshake = Handshake::new(HandshakeLimits::new());
    let (mut input, mut out) = (Input::new(&mut stream), Vec::new());
    assert_eq!(handshake.receive(&mut input, &mut out).unwrap_err(), E::UnsupportedVersion);
    assert!(input.is_empty());
    let answer = out.clone();
    let answered = String::from_utf8(answer).unwrap();
    assert!(answered.starts_with("HTTP/1.1 426 ") && answered.contains("\r\nSec-WebSocket-Version: 13\r\n"));
    assert!(answered.contains("close"));
    // The next request gets no response.
    let mut next = Head::request().bytes();
    assert_eq!(handshake.receive(&mut Input::new(&mut next), &mut out).unwrap_err(), E::UnsupportedVersion);
    assert_eq!(out.len(), answered.len());
}

#[test]
fn a_body_in_the_upgrade_request_is_refused() {
    // A10, A11
    for (name, value) in
        [("Content-Length", "1000000000"), ("Content-Length", "5"), ("Transfer-Encoding", "chunked")]
    {
        refused(&Head::request().add(name, value).bytes(), E::UnexpectedBody);
    }
    opened(&Head::request().add("Content-Length", "0").bytes());
}

#[test]
fn only_a_perfect_101_opens_a_connection() {
    // A13, A24, A25
    let new = || client::Request::new("ws://h/").unwrap();
    let opens = |head: &Head| connect(&new(), &head.bytes()).result.is_ok_and(|response| response.is_some());
    assert!(opens(&response()));
    for name in ["Upgrade", "Connection", "Sec-WebSocket-Accept"] {
        assert!(!opens(&response().without(name)), "{name}");
        assert!(!opens(&response().set(name, "")), "{name}");
        assert!(!opens(&response().set(name, "x")), "{name}");
    }
    let accept = response().headers[2].1.clone();
    let lower = accept.to_ascii_lowercase();
    let long = "A".repeat(55); // another implementation panicked on it
    for accept in [&lower[..], b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", long.as_bytes(), &accept[..27]] {
        assert!(!opens(&response().set("Sec-WebSocket-Accept", accept)));
    }
    assert!(!opens(&response().add("Sec-WebSocket-Accept", &accept)));
    for status in ["200 OK", "102 x", "204 x", "301 x", "401 x", "999 x"] {
        assert!(!opens(&response().line(format!("HTTP/1.1 {status}"))), "{status}");
    }
    for (name, value) in
        [("Sec-WebSocket-Protocol", "chat"), ("Sec-WebSocket-Extensions", "permessage-deflate")]
    {
        assert!(!opens(&response().add(name, value)), "{name}");
    }
}

#[test]
fn an_origin_is_handed_over_as_it_was_sent() {
    // A17: an origin is compared byte by byte with a list.
    let ours = |request: &Request| request.origin().is_some_and(|origin| origin == "http://good.example");
    for (origin, welcome) in [
        ("http://good.example", true),
        ("http://good.example.", false),
        ("http://GOOD.example", false),
        ("http://good.example.evil.com", false),
        ("http://evilgood.example", false),
        ("http://good.example:80", false),
        ("https://good.example", false),
        ("null", false),
    ] {
        assert_eq!(ours(&request(&Head::request().add("Origin", origin))), welcome, "{origin}");
    }
    assert!(!ours(&request(&Head::request())));
    let twice = Head::request().add("Origin", "http://good.example").add("Origin", "http://evil.example");
    refused(&twice.bytes(), E::InvalidOrigin);
}

#[test]
fn bytes_after_the_request_are_not_read_before_it_is_accepted() {
    // A18, A19: the bytes stay where they are, so no limit is needed.
    let data = noise(10 << 20);
    let mut stream =
        [Head::request().bytes(), to(sansocket::frame::Role::Server, TEXT, b"first"), data].concat();
    let mut handshake = Handshake::new(HandshakeLimits::new());
    let (mut input, mut out, mut request) = (Input::new(&mut stream), Vec::new(), None);
    let info = measure(|| request = handshake.receive(&mut input, &mut out).unwrap());
    assert!(info.bytes_max <= 4096 && input.len() > 10 << 20);
    let mut connection = request.unwrap().accept(Accept::new(), &mut out).unwrap();
    assert_eq!(connection.receive(&mut input, &mut out), Ok(Some(text("first"))));
}

#[test]
fn a_key_costs_nothing_however_long_it_is() {
    // A21, A23
    for key in [
        "",
        "AAAA",
        "AAAAAAAAAAAAAAAAAAAA",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhl IHNhbXBsZSBub25jZQ==",
    ] {
        refused(&Head::request().set("Sec-WebSocket-Key", key).bytes(), E::InvalidKey);
    }
    let limits = HandshakeLimits::new();
    let (error, _, peak) = endless(b"GET / HTTP/1.1\r\nSec-WebSocket-Key: ", &[b'A'; 1000], limits);
    assert_eq!(error, E::HeaderLineTooLong { limit: 8 << 10 });
    assert!(peak <= 16 << 10);
    for version in ["7", "8", "0", "75", "76", "255"] {
        refused(&Head::request().set("Sec-WebSocket-Version", version).bytes(), E::UnsupportedVersion);
    }
    for version in ["13, 8", "013", "+13", "13.0", "", "256"] {
        refused(&Head::request().set("Sec-WebSocket-Version", version).bytes(), E::InvalidVersion);
    }
}

#[test]
fn no_string_of_the_caller_ends_a_line() {
    // A14, A15, A26
    let head_of = |request: &client::Request| {
        let mut out = Vec::new();
        client::Handshake::new(request, [1; 32], &mut out).map(|_| out)
    };
    for bad in ["\r", "\n", "\r\n", "\0", "\x7f", "\r\nX: y"] {
        let text = format!("a{bad}b");
        assert!(client::Request::new(&format!("ws://h/{text}")).is_err());
        assert!(client::Request::new(&format!("ws://{text}/")).is_err());
        let new = || client::Request::new("ws://h/").unwrap();
        let requests = [
            new().subprotocol(&text),
            new().origin(&text),
            new().header(&text, "v"),
            new().header("X", &text),
            new().extension(&text),
            new().extension(&format!("a; b=\"{text}\"")),
        ];
        for request in requests {
            let refused: Result<Vec<u8>, RequestError> = head_of(&request);
            assert!(refused.is_err(), "{text:?}");
        }
        for accept in [
            Accept::new().header("X", &text),
            Accept::new().header(&text, "v"),
            Accept::new().subprotocol(&text),
        ] {
            let mut out = Vec::new();
            assert!(request(&Head::request()).accept(accept, &mut out).is_err());
            assert!(out.is_empty());
        }
        let mut out = Vec::new();
        assert!(request(&Head::request()).reject(403, &[("X", &text)], b"", &mut out).is_err());
        assert!(out.is_empty());
    }
    // An escape is not a line end, and is sent unchanged.
    let head = head_of(&client::Request::new("ws://h/%0d%0aX:y").unwrap()).unwrap();
    assert!(head.starts_with(b"GET /%0d%0aX:y HTTP/1.1\r\n"));
}

#[test]
fn no_byte_of_the_peer_is_in_an_error_response() {
    // A15
    for head in [
        Head::request().line("GET /secret-path%0d%0a HTTP/1.0"),
        Head::request().set("Sec-WebSocket-Key", "secret-key"),
        Head::request().add("Origin", "secret\torigin"),
        Head::request().add("Sec-WebSocket-Protocol", "secret protocol"),
    ] {
        let run = serve(&head.bytes(), HandshakeLimits::new());
        assert!(run.result.is_err() && !String::from_utf8(run.out).unwrap().contains("secret"));
    }
}

#[test]
fn two_connections_take_the_bytes_glued_to_the_heads_once() {
    // A18, A20
    let mut connection = Connection::server(Config::new());
    let mut frames = to(sansocket::frame::Role::Server, TEXT, b"x").repeat(3);
    let (mut input, mut out, mut seen) = (Input::new(&mut frames), Vec::new(), 0);
    while let Some(Event::Text(_)) = connection.receive(&mut input, &mut out).unwrap() {
        seen += 1;
    }
    assert_eq!((seen, input.len()), (3, 0));
    let stream = [response().bytes(), to(sansocket::frame::Role::Client, TEXT, b"x").repeat(3)].concat();
    let run = connect(&client::Request::new("ws://h/").unwrap(), &stream);
    assert_eq!(run.remaining, to(sansocket::frame::Role::Client, TEXT, b"x").repeat(3));
}
