//! The limits on a request (RFC 9110, 5.4).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "common/handshake.rs"]
mod common;

use common::{Head, opened, refused, refused_within, serve};
use sansocket::{
    Input,
    handshake::{HandshakeError as E, HandshakeLimits},
    server::Handshake,
};

#[test]
fn lists_are_bounded() {
    // R9110-5.6.1-b
    let list = |count: usize| (0..count).map(|n| format!("p{n}")).collect::<Vec<_>>().join(", ");
    let with = |name: &str, value: &str| Head::request().add(name, value).bytes();
    assert_eq!(opened(&with("Sec-WebSocket-Protocol", &list(64))).subprotocols.len(), 64);
    assert_eq!(opened(&with("Sec-WebSocket-Extensions", &list(32))).extensions.len(), 32);
    opened(&with("Sec-WebSocket-Protocol", &format!("a{}", ",".repeat(16))));
    for (name, value, error) in [
        ("Sec-WebSocket-Protocol", list(65), E::InvalidSubprotocols),
        ("Sec-WebSocket-Protocol", format!("a{}", ",".repeat(17)), E::InvalidSubprotocols),
        ("Sec-WebSocket-Protocol", ",".repeat(8000), E::InvalidSubprotocols),
        ("Sec-WebSocket-Protocol", "a,".repeat(4000), E::InvalidSubprotocols),
        ("Sec-WebSocket-Protocol", format!("b{}x", " ".repeat(8000)), E::InvalidSubprotocols),
        ("Sec-WebSocket-Extensions", list(33), E::InvalidExtensions),
        ("Sec-WebSocket-Extensions", "a".repeat(4097), E::InvalidExtensions),
        ("Sec-WebSocket-Extensions", format!("a{}", ",".repeat(20)), E::InvalidExtensions),
        (
            "Sec-WebSocket-Extensions",
            format!("permessage-deflate; x=\"{}", "\\c".repeat(1000)),
            E::InvalidExtensions,
        ),
    ] {
        refused(&with(name, &value), error);
    }
    assert_eq!(opened(&with("Sec-WebSocket-Extensions", &"a".repeat(4096))).extensions.len(), 1);
    opened(&with("Sec-WebSocket-Extensions", &format!("a{}", ",".repeat(16))));
    refused(&with("Sec-WebSocket-Extensions", &format!("a{}", ",".repeat(18))), E::InvalidExtensions);
    // The number of parameters is not limited here; the extension validates them.
    opened(&with("Sec-WebSocket-Extensions", &format!("a{}", ";x".repeat(100))));
}

#[test]
fn a_limit_passes_and_one_more_byte_fails() {
    // R9110-5.4-a, R9112-3-b
    let limits = HandshakeLimits::new();
    let head = Head::request().add("X", "12345678901234567890");
    let bytes = head.bytes();
    let longest = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==".len();

    let passes = |limits| assert!(serve(&bytes, limits).result.is_ok_and(|request| request.is_some()));
    passes(limits.max_head_len(bytes.len()));
    passes(limits.max_line_len(longest));
    passes(limits.max_headers(6));

    let limit = bytes.len() - 1;
    refused_within(&bytes, E::HeadTooLong { limit }, limits.max_head_len(limit));
    let limit = longest - 1;
    refused_within(&bytes, E::HeaderLineTooLong { limit }, limits.max_line_len(limit));
    refused_within(&bytes, E::TooManyHeaders { limit: 5 }, limits.max_headers(5));
    refused_within(&bytes, E::TooManyHeaders { limit: 0 }, limits.max_headers(0));
    refused_within(&bytes, E::HeadTooLong { limit: 0 }, limits.max_head_len(0));
    refused_within(&bytes, E::StartLineTooLong { limit: 17 }, limits.max_line_len(17));
    // The head consists of its start line.
    refused_within(&bytes, E::HeadTooLong { limit: 20 }, limits.max_head_len(20));
}

#[test]
fn the_default_limits_stop_floods() {
    // R9110-5.4-a, R9112-3-b
    let line = 8 << 10;
    let target = |len: usize| Head::request().line(format!("GET /{} HTTP/1.1", "a".repeat(len - 14)));
    opened(&target(line).bytes());
    refused(&target(line + 1).bytes(), E::StartLineTooLong { limit: line });
    opened(&Head::request().add("X", "a".repeat(line - 3)).bytes());
    refused(&Head::request().add("X", "a".repeat(line - 2)).bytes(), E::HeaderLineTooLong { limit: line });
    refused(&Head::request().add("X", "a".repeat(20 << 10)).bytes(), E::HeaderLineTooLong { limit: line });

    let many = |count: usize| (0..count).fold(Head::request(), |head, _| head.add("a", "b"));
    opened(&many(123).bytes());
    refused(&many(124).bytes(), E::TooManyHeaders { limit: 128 });
    refused(&many(200).bytes(), E::TooManyHeaders { limit: 128 });

    let long = (0..9).fold(Head::request(), |head, _| head.add("X", "a".repeat(8000)));
    refused(&long.bytes(), E::HeadTooLong { limit: 64 << 10 });
}

#[test]
fn an_endless_header_is_rejected_at_the_limit_for_any_split() {
    for size in [1, 4096] {
        let mut handshake = Handshake::new(HandshakeLimits::new());
        let (mut fed, mut out) = (0, Vec::new());
        let error = loop {
            let mut piece = if fed == 0 { b"GET / HTTP/1.1\r\nX: ".to_vec() } else { vec![b'a'; size] };
            fed += piece.len();
            if let Err(error) = handshake.receive(&mut Input::new(&mut piece), &mut out) {
                break error;
            }
        };
        assert_eq!(error, E::HeaderLineTooLong { limit: 8 << 10 });
        assert!(fed <= 16 + (8 << 10) + size);
    }
}
