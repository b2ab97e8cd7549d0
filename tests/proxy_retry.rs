//! A proxy that asks for credentials, and is asked again on the same connection.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use sansocket::{
    Input,
    client::{RequestError, Response},
    handshake::{HandshakeError, HandshakeLimits, Tolerance},
    proxy::{Error, Handshake, Request},
    uri::Uri,
};

fn request() -> Request {
    let limits = HandshakeLimits::new().max_body_len(10);
    Request::new(&"ws://h/".parse::<Uri>().unwrap()).limits(limits)
}

/// Hands in pieces until one is answered; whether the tunnel can be requested again once all have come.
fn refused(pieces: &[&[u8]]) -> (Handshake, Option<Response>) {
    let mut handshake = Handshake::new(&request(), &mut Vec::new()).unwrap();
    let mut refusal = None;
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = Input::new(&mut piece);
        match handshake.receive(&mut input) {
            Ok(None) => assert_eq!(refusal, None),
            Err(Error::Rejected(response)) => {
                assert!(refusal.is_none() || refusal.as_ref() == Some(&*response));
                refusal = Some(*response);
            }
            other => panic!("{other:?}"),
        }
        assert!(input.is_empty());
    }
    (handshake, refusal)
}

/// The body of a refusal, and whether another request may follow, the same for every split.
fn outcome(bytes: &[u8]) -> Option<(Vec<u8>, bool, bool)> {
    let run = |pieces: &[&[u8]]| {
        let (handshake, refusal) = refused(pieces);
        refusal.map(|refusal| (refusal.body().to_vec(), refusal.is_truncated(), handshake.can_retry()))
    };
    let whole = run(&[bytes]);
    for at in 0..=bytes.len() {
        assert_eq!(run(&[&bytes[..at], &bytes[at..]]), whole, "cut at {at}");
    }
    assert_eq!(run(&bytes.chunks(1).collect::<Vec<_>>()), whole, "byte by byte");
    whole
}

#[test]
fn a_tunnel_is_requested_again_once_the_response_has_ended() {
    for (rest, body) in [
        ("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", ""),
        ("HTTP/1.1 407\r\nContent-Length: 4\r\n\r\nbody", "body"),
        ("HTTP/1.1 407 No\r\nContent-Length: 10\r\n\r\n0123456789", "0123456789"),
        ("HTTP/1.1 407 No\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", "x"),
        ("HTTP/1.0 407 No\r\nProxy-Connection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx", "x"),
        ("HTTP/1.1 407 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n", "abcd"),
        ("HTTP/1.1 407 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\nZ:\r\n\r\n", ""),
        ("HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", ""),
    ] {
        assert_eq!(outcome(rest.as_bytes()), Some((body.into(), false, true)), "{rest}");
    }
}

#[test]
fn another_connection_is_needed_where_the_response_or_the_connection_has_another_end() {
    for (rest, body, truncated) in [
        // The body ends with the transport, or the response declares that the connection closes.
        ("HTTP/1.1 407 No\r\n\r\n", "", false),
        ("HTTP/1.1 407 No\r\nConnection: x, Close\r\nContent-Length: 1\r\n\r\nx", "", false),
        ("HTTP/1.1 407 No\r\nProxy-Connection: close\r\nContent-Length: 1\r\n\r\nx", "", false),
        ("HTTP/1.0 407 No\r\nContent-Length: 1\r\n\r\nx", "", false),
        ("HTTP/1.1 407 No\r\nTransfer-Encoding: gzip\r\n\r\nx", "", false),
        // The end of the body is ambiguous.
        ("HTTP/1.1 407 No\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n", "", false),
        (
            "HTTP/1.0 407 No\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "",
            false,
        ),
        ("HTTP/1.1 407 No\r\nContent-Length: 1, 2\r\n\r\nx", "", true),
        // The body exceeds the limit.
        ("HTTP/1.1 407 No\r\nContent-Length: 11\r\n\r\n0123456789a", "0123456789", true),
        // The body is malformed.
        ("HTTP/1.1 407 No\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "", true),
        ("HTTP/1.1 407 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\n\r\n", "", true),
        ("HTTP/1.1 407 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\rZ\r\n", "", true),
        // Unexpected bytes follow the response.
        ("HTTP/1.1 407 No\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n\r\n", "x", false),
        // Another status.
        ("HTTP/1.1 403 No\r\nContent-Length: 1\r\n\r\nx", "", false),
    ] {
        assert_eq!(outcome(rest.as_bytes()), Some((body.into(), truncated, false)), "{rest}");
        let (mut handshake, refusal) = refused(&[rest.as_bytes()]);
        let mut out = b"before".to_vec();
        assert_eq!(handshake.retry(&request(), &mut out), Err(RequestError::NewConnectionRequired));
        assert_eq!(out, b"before");
        assert_eq!(handshake.receive_eof(), Err(Error::Rejected(refusal.unwrap().into())));
    }
}

#[test]
fn a_trailer_is_bounded() {
    let head = "HTTP/1.1 407 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    for (lines, persists) in [(1000, true), (1400, false)] {
        let bytes = format!("{head}{}\r\n", "X: y\r\n".repeat(lines));
        let (handshake, refusal) = refused(&[bytes.as_bytes()]);
        assert_eq!(
            (refusal.unwrap().is_truncated(), handshake.can_retry()),
            (!persists, persists),
            "{lines}"
        );
    }
}

#[test]
fn nothing_is_decided_before_the_response_has_ended() {
    for bytes in [
        "HTTP/1.1 407 No\r\nContent-Length: 4\r\n\r\nbod",
        "HTTP/1.1 407 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        "HTTP/1.1 407 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r",
    ] {
        assert_eq!(outcome(bytes.as_bytes()), None, "{bytes}");
        let (mut handshake, _) = refused(&[bytes.as_bytes()]);
        let mut out = Vec::new();
        assert_eq!(handshake.retry(&request(), &mut out), Err(RequestError::NewConnectionRequired));
        let Err(Error::Rejected(response)) = handshake.receive_eof() else { panic!("{bytes}") };
        assert_eq!((response.status(), response.is_truncated(), handshake.can_retry()), (407, true, false));
    }
}

#[test]
fn two_rounds_of_credentials_open_a_tunnel_on_one_connection() {
    let (mut handshake, refusal) =
        refused(&[b"HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\nContent-Length: 4\r\n\r\nbody"]);
    let refusal = Error::from(sansocket::client::Error::Rejected(refusal.unwrap().into()));
    assert_eq!(refusal.to_string(), "the proxy requires authentication with status 407, by \"NTLM\"");
    let mut out = Vec::new();
    handshake.retry(&request().header("Proxy-Authorization", "NTLM one"), &mut out).unwrap();
    assert_eq!(out, b"CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\nProxy-Authorization: NTLM one\r\n\r\n");
    assert!(!handshake.can_retry());

    let mut bytes = *b"HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM two\r\nContent-Length: 0\r\n\r\n";
    let Err(Error::Rejected(response)) = handshake.receive(&mut Input::new(&mut bytes)) else { panic!() };
    assert_eq!(response.header("proxy-authenticate"), Some(&b"NTLM two"[..]));
    // A request that cannot be sent changes nothing.
    let before = out.clone();
    let bad = request().header("X", "a\r\nb");
    assert_eq!(handshake.retry(&bad, &mut out), Err(RequestError::InvalidHeaderValue));
    assert!(out == before && handshake.can_retry());
    handshake.retry(&request().header("Proxy-Authorization", "NTLM three"), &mut out).unwrap();

    let mut bytes = *b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101";
    let mut input = Input::new(&mut bytes);
    assert_eq!(handshake.receive(&mut input).unwrap().unwrap().status(), 200);
    assert_eq!(input.remaining(), b"HTTP/1.1 101");
    assert_eq!(handshake.receive(&mut input), Err(Error::Http(HandshakeError::AlreadyComplete)));
    assert_eq!(handshake.retry(&request(), &mut out), Err(RequestError::NewConnectionRequired));
}

/// Another reader of such a head may find another end of the response, and take the rest for one of its own.
#[test]
fn a_response_whose_violations_are_tolerated_needs_another_connection() {
    let tolerance = Tolerance::new()
        .allow_bare_line_feeds(true)
        .allow_space_before_colon(true)
        .allow_malformed_headers(true);
    for (head, can_retry) in [
        ("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", true),
        ("HTTP/1.1 407 No\nContent-Length: 0\n\n", false),
        ("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\n", false),
        ("HTTP/1.1 407 No\r\nContent-Length : 0\r\n\r\n", false),
        ("HTTP/1.1 407 No\r\nTransfer-Encoding chunked\r\nContent-Length: 0\r\n\r\n", false),
    ] {
        let request = request().limits(HandshakeLimits::new().tolerance(tolerance));
        let mut handshake = Handshake::new(&request, &mut Vec::new()).unwrap();
        let error = handshake.receive(&mut Input::new(&mut head.as_bytes().to_owned())).unwrap_err();
        let Error::Rejected(response) = error else { panic!("{error:?}") };
        assert_eq!((response.status(), handshake.can_retry()), (407, can_retry), "{head}");
    }
}
