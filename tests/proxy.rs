//! Tunnels through a proxy.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "common/proxies.rs"]
mod proxies;

use std::io::{Read, Write};

use proxies::Proxy;
use sansocket::{
    Input, State,
    client::{self, RequestError, Response},
    handshake::{HandshakeError as E, HandshakeLimits},
    proxy::{Error, Handshake, Request},
    server,
    uri::Uri,
};

fn tunnel(uri: &str) -> Request {
    Request::new(&uri.parse::<Uri>().unwrap())
}

type Outcome = (Result<Option<Response>, Error>, Vec<u8>);

/// Runs a response in one read, split in two at every position, and byte by byte. Returns the result, and the
/// bytes left.
fn answer(limits: HandshakeLimits, bytes: &[u8]) -> Outcome {
    let run = |pieces: &[&[u8]]| {
        let mut handshake = Handshake::new(&tunnel("ws://h/").limits(limits), &mut Vec::new()).unwrap();
        let (mut result, mut left) = (Ok(None), Vec::new());
        for piece in pieces {
            let mut piece = piece.to_vec();
            let mut input = Input::new(&mut piece);
            match (handshake.receive(&mut input), &result) {
                (Err(Error::Http(E::AlreadyComplete)), Ok(Some(_))) => {}
                (now, Ok(None)) => result = now,
                (Err(again), Err(before)) => assert_eq!(again, *before),
                (now, before) => panic!("{now:?} after {before:?}"),
            }
            left.extend_from_slice(input.remaining());
        }
        let eof = handshake.receive_eof();
        match &result {
            Ok(None) => assert_eq!(eof, Err(E::IncompleteHandshake.into())),
            Ok(Some(_)) => assert_eq!(eof, Ok(())),
            Err(error) => assert_eq!(eof, Err(error.clone())),
        }
        let state = match &result {
            Ok(None) => "Handshake(IncompleteHandshake)".into(),
            Ok(Some(_)) => "\"complete\"".into(),
            Err(Error::Http(error)) => format!("Handshake({error:?})"),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(format!("{handshake:?}"), format!("Handshake {{ state: {state}, .. }}"));
        (result, left)
    };
    let whole = run(&[bytes]);
    for at in 0..=bytes.len() {
        assert_eq!(run(&[&bytes[..at], &bytes[at..]]), whole, "cut at {at}");
    }
    assert_eq!(run(&bytes.chunks(1).collect::<Vec<_>>()), whole, "byte by byte");
    whole
}

#[test]
fn a_request_has_host_port_and_the_headers_of_the_caller() {
    // R6455-4.1-3a
    for (uri, target) in [
        ("ws://example.com/chat", "example.com:80"),
        ("wss://example.com", "example.com:443"),
        ("wss://user:secret@[::1]:8443/", "[::1]:8443"),
    ] {
        let mut out = b"before".to_vec();
        let request = tunnel(uri).basic_auth("Aladdin", "open sesame").header("User-Agent", "x");
        Handshake::new(&request, &mut out).unwrap();
        let expected = format!(
            "beforeCONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\
             Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\nUser-Agent: x\r\n\r\n"
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        assert!(!format!("{request:?}").contains("QWxh"));
    }
}

#[test]
fn nothing_is_sent_that_could_end_a_line() {
    for bad in ["a\rb", "a\nb", "a\r\nX: y", "a\0b", "a\x7fb"] {
        for (request, error) in [
            (tunnel("ws://h/").header("X", bad), RequestError::InvalidHeaderValue),
            (tunnel("ws://h/").header(bad, "v"), RequestError::InvalidHeaderName),
            (tunnel("ws://h/").basic_auth(bad, "p"), RequestError::InvalidCredentials),
            (tunnel("ws://h/").basic_auth("u", bad), RequestError::InvalidCredentials),
        ] {
            let mut out = Vec::new();
            assert_eq!(Handshake::new(&request, &mut out).unwrap_err(), error, "{bad:?}");
            assert!(out.is_empty());
        }
    }
    let both = tunnel("ws://h/").basic_auth("a:b", "p").header("Host", "x");
    assert_eq!(Handshake::new(&both, &mut Vec::new()).unwrap_err(), RequestError::InvalidCredentials);
}

#[test]
fn any_2xx_opens_the_tunnel_and_what_follows_stays_in_the_input() {
    for head in [
        "HTTP/1.1 200 Connection established\r\n\r\n",
        "HTTP/1.0 200 OK\r\nProxy-Agent: x\r\n\r\n",
        "HTTP/1.1 204\r\n\r\n",
        // RFC 9110, 9.3.6: these mean nothing here.
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ] {
        let (result, left) = answer(HandshakeLimits::new(), format!("{head}HTTP/1.1 101").as_bytes());
        assert!((200..300).contains(&result.unwrap().unwrap().status()), "{head}");
        assert_eq!(left, b"HTTP/1.1 101", "{head}");
    }
}

#[test]
fn the_opening_handshake_follows_once_the_tunnel_is_open() {
    // R6455-4.1-3a
    let request = client::Request::new("ws://example.com/chat").unwrap();
    let mut out = Vec::new();
    let mut tunnel = Handshake::new(&Request::new(request.uri()), &mut out).unwrap();
    assert_eq!(out, b"CONNECT example.com:80 HTTP/1.1\r\nHost: example.com:80\r\n\r\n");
    let mut answer = *b"HTTP/1.1 200 OK\r\n\r\n";
    assert!(tunnel.receive(&mut Input::new(&mut answer)).unwrap().is_some());
    out.clear();

    // From here on the bytes are the same as without a proxy.
    let mut opening = client::Handshake::new(&request, [7; 32], &mut out).unwrap();
    assert!(out.starts_with(b"GET /chat HTTP/1.1\r\nHost: example.com\r\n"));
    let mut accepting = server::Handshake::new(HandshakeLimits::new());
    let mut answer = Vec::new();
    let accepted = accepting.receive(&mut Input::new(&mut out), &mut answer).unwrap().unwrap();
    let server = accepted.accept(server::Accept::new(), &mut answer).unwrap();
    let (client, _) = opening.receive(&mut Input::new(&mut answer)).unwrap().unwrap();
    assert_eq!((client.state(), server.state()), (State::Open, State::Open));
}

#[test]
fn everything_else_is_refused_with_its_headers() {
    // R6455-4.1-3a
    for status in [101, 301, 403, 407, 502] {
        let head = format!(
            "HTTP/1.1 {status} No\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 4\r\n\r\nbody"
        );
        let (result, left) = answer(HandshakeLimits::new(), head.as_bytes());
        let Err(Error::Rejected(response)) = result else { panic!("{result:?}") };
        assert_eq!(
            (response.status(), response.header("proxy-authenticate")),
            (status, Some(&b"Basic realm=\"x\""[..]))
        );
        // The body is read where another request may follow.
        let body = if status == 407 { &b"body"[..] } else { b"" };
        assert_eq!((response.body(), left), (body, vec![]));
    }
}

#[test]
fn a_response_is_limited_and_must_be_http() {
    let limits = HandshakeLimits::new().max_head_len(100).max_line_len(50).max_headers(3);
    let fails = |bytes: &str, error: E| {
        assert_eq!(answer(limits, bytes.as_bytes()), (Err(error.into()), vec![]), "{bytes}");
    };
    fails("SSH-2.0-x\r\n", E::NotHttp);
    fails("\x16\x03\x01", E::LooksLikeTls);
    fails("HTTP/1.1 20 OK\r\n\r\n", E::MalformedStatusLine);
    fails("HTTP/1.1 200 OK\nX: y\n\n", E::InvalidLineEnding);
    fails("HTTP/1.1 200 OK\r\nno header\r\n\r\n", E::MalformedHeader);
    fails(&format!("HTTP/1.1 200 OK\r\nX: {}", "a".repeat(60)), E::HeaderLineTooLong { limit: 50 });
    fails(&format!("HTTP/1.1 200 OK\r\n{}", "a: b\r\n".repeat(4)), E::TooManyHeaders { limit: 3 });
    fails(&format!("HTTP/1.1 200 OK\r\nX: {0}\r\nY: {0}", "a".repeat(45)), E::HeadTooLong { limit: 100 });
    fails(&"HTTP/1.1 103 x\r\n\r\n".repeat(17), E::TooManyInterimResponses);
    assert!(answer(limits, b"HTTP/1.1 200").0.unwrap().is_none());
}

/// Opens a tunnel through a running proxy, and sends `HELLO` through it and back.
fn through(proxy: u16, upstream: u16, credentials: Option<(&str, &str)>) -> Result<String, Error> {
    let mut request = tunnel(&format!("ws://127.0.0.1:{upstream}/"));
    if let Some((user, password)) = credentials {
        request = request.basic_auth(user, password);
    }
    let mut stream = proxies::connect(proxy);
    let (mut out, mut buf) = (Vec::new(), [0; 512]);
    let mut handshake = Handshake::new(&request, &mut out).unwrap();
    stream.write_all(&out).unwrap();
    loop {
        let count = stream.read(&mut buf).unwrap();
        assert!(count > 0, "the proxy went away");
        if handshake.receive(&mut Input::new(&mut buf[..count]))?.is_some() {
            break;
        }
    }
    Ok(proxies::hello(stream))
}

#[test]
fn tinyproxy_opens_a_tunnel_with_the_right_credentials() {
    if !proxies::can_be_run("tinyproxy", "-v", "SANSOCKET_TINYPROXY") {
        return;
    }
    let upstream = proxies::echo("127.0.0.1:0");
    for auth in [None, Some(("user", "secret"))] {
        let credentials =
            auth.map_or(String::new(), |(user, password)| format!("BasicAuth {user} {password}\n"));
        let proxy = Proxy::start("tinyproxy", |port| {
            let config = format!(
                "Port {port}\nListen 127.0.0.1\nTimeout 20\nMaxClients 10\nAllow 127.0.0.1\n{credentials}"
            );
            vec!["-d".into(), "-c".into(), proxies::config_file(port, &config)]
        });
        assert_eq!(through(proxy.port, upstream.port(), auth), Ok("HELLO".to_owned()));
        if auth.is_some() {
            for wrong in [None, Some(("user", "wrong"))] {
                let Err(Error::Rejected(response)) = through(proxy.port, upstream.port(), wrong) else {
                    panic!("{wrong:?}")
                };
                assert!(matches!(response.status(), 401 | 407), "{}", response.status());
            }
        }
    }
}

#[test]
fn sixteen_interim_responses_are_passed_over_and_no_more() {
    for (count, opens) in [(16, true), (17, false)] {
        let mut handshake = Handshake::new(&tunnel("ws://h/"), &mut Vec::new()).unwrap();
        let mut bytes = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(count);
        bytes.extend_from_slice(b"HTTP/1.1 200 OK\r\n\r\n");
        assert_eq!(handshake.receive(&mut Input::new(&mut bytes)).is_ok(), opens, "{count}");
    }
}

#[test]
fn later_credentials_replace_earlier_ones() {
    let uri = "ws://h/".parse().unwrap();
    let tunnel = Request::new(&uri).basic_auth("a", "old").header("User-Agent", "x").basic_auth("b", "new");
    let mut out = Vec::new();
    Handshake::new(&tunnel, &mut out).unwrap();
    let head = String::from_utf8(out).unwrap();
    assert_eq!(head.matches("Proxy-Authorization").count(), 1, "{head}");
    assert!(head.contains("\r\nUser-Agent: x\r\nProxy-Authorization: Basic YjpuZXc=\r\n"), "{head}");
}

#[test]
fn a_violation_after_the_status_line_does_not_hide_the_status_of_a_proxy() {
    let limits = HandshakeLimits::new().max_line_len(50);
    for (lines, fault) in [
        ("Content-Length: 4, 5\r\n\r\n", E::InvalidContentLength),
        ("Expires : 0\r\n\r\n", E::MalformedHeader),
        ("X: \x01", E::ControlCharacter),
        (&*format!("X: {}", "a".repeat(60)), E::HeaderLineTooLong { limit: 50 }),
    ] {
        let head = format!("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n{lines}");
        let (result, left) = answer(limits, head.as_bytes());
        let Err(Error::Rejected(response)) = result else { panic!("{result:?}") };
        assert_eq!((response.status(), response.fault()), (407, Some(fault)));
        assert_eq!((response.header("proxy-authenticate"), left), (Some(&b"Basic"[..]), vec![]));
    }
}

#[test]
fn the_end_of_the_transport_does_not_hide_the_status_of_a_proxy() {
    for (bytes, status) in [
        ("HTTP/1.1 407", None),
        ("HTTP/1.1 407 ", Some((407, 0))),
        ("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nX: y", Some((407, 1))),
        ("HTTP/1.1 200 Yes\r\nX: y\r\n", None),
        ("HTTP/1.1 103 Wait\r\nX: y\r\n", None),
    ] {
        let mut handshake = Handshake::new(&tunnel("ws://h/"), &mut Vec::new()).unwrap();
        let mut owned = bytes.as_bytes().to_vec();
        assert_eq!(handshake.receive(&mut Input::new(&mut owned)), Ok(None), "{bytes:?}");
        let error = handshake.receive_eof().unwrap_err();
        assert_eq!(handshake.receive_eof(), Err(error.clone()));
        let Error::Rejected(response) = error else {
            assert_eq!((error, status), (E::IncompleteHandshake.into(), None), "{bytes:?}");
            continue;
        };
        assert_eq!(Some((response.status(), response.headers().count())), status, "{bytes:?}");
        assert_eq!(response.fault(), Some(E::IncompleteHandshake));
    }
}

/// Each byte of version and status, and the one after them, is valid or fails at once.
#[test]
fn a_wrong_byte_in_the_status_line_of_a_proxy_is_the_violation() {
    let line = b"HTTP/1.1 407 ";
    for at in 0..line.len() {
        for byte in *b"\t \rx/\xff" {
            if byte == line[at] || (at, byte) == (12, b'\r') {
                continue;
            }
            let mut bytes = [&line[..], b"No\r\n\r\n"].concat();
            bytes[at] = byte;
            let error = if at < 5 { E::NotHttp } else { E::MalformedStatusLine };
            let (result, left) = answer(HandshakeLimits::new(), &bytes);
            assert_eq!((result, left.len()), (Err(error.into()), 0), "{byte:#x} at {at}");
            let mut handshake = Handshake::new(&tunnel("ws://h/"), &mut Vec::new()).unwrap();
            assert_eq!(handshake.receive(&mut Input::new(&mut bytes[..=at])), Err(error.into()));
            assert_eq!(handshake.first_bytes().as_bytes(), &bytes[..=at]);
        }
    }
}
