//! The handshake with the types of the crate `http` equals the one from bytes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/handshake.rs"]
mod common;

use common::{Head, SEED, response, serve};
use http::{HeaderName, HeaderValue, Request, Response, Version};
use sansocket::{
    CloseCode, Event, Input, client, extended_connect,
    handshake::{HandshakeError as E, HandshakeLimits},
    server::{self, Accept, ResponseErrorKind},
};

/// A head as a library of HTTP reads it.
fn typed(head: &Head) -> Request<()> {
    let line = String::from_utf8(head.line.clone()).unwrap();
    let [method, target, version] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
    let version = match version {
        "HTTP/1.0" => Version::HTTP_10,
        "HTTP/2.0" => Version::HTTP_2,
        _ => Version::HTTP_11,
    };
    let mut request = Request::builder().method(method).uri(target).version(version).body(()).unwrap();
    for (name, value) in &head.headers {
        let name = HeaderName::from_bytes(name).unwrap();
        request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
    }
    request
}

#[test]
fn every_request_has_the_outcome_that_it_has_as_bytes() {
    let base = Head::request;
    let heads = [
        base(),
        base().line("POST /chat HTTP/1.1"),
        base().line("GET /chat HTTP/1.0"),
        base().line("GET /chat HTTP/2.0"),
        base().without("Host"),
        base().add("Host", "h"),
        base().without("Upgrade"),
        base().set("Upgrade", "h2c"),
        base().set("Upgrade", "websocket, h2c"),
        base().set("Connection", "keep-alive, Upgrade"),
        base().without("Connection"),
        base().set("Connection", "a b"),
        base().without("Sec-WebSocket-Key"),
        base().set("Sec-WebSocket-Key", "short"),
        base().add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        base().set("Sec-WebSocket-Version", "8"),
        base().set("Sec-WebSocket-Version", "x"),
        base().add("Origin", "http://a").add("Origin", "http://b"),
        base().add("Content-Length", "5"),
        base().add("Content-Length", "0"),
        base().add("Transfer-Encoding", "chunked"),
        base().add("Sec-WebSocket-Protocol", "a, b").add("Sec-WebSocket-Protocol", "c"),
        base().add("Sec-WebSocket-Protocol", "a, a"),
        base().add("Sec-WebSocket-Extensions", "x; y=\"z\""),
        base().add("Sec-WebSocket-Extensions", "x;"),
        base().add("X", b"\xe9\tb"),
    ];
    for head in heads {
        let expected = serve(&head.bytes(), HandshakeLimits::new());
        match (server::Request::from_http(&typed(&head)), expected.result) {
            (Ok(request), Ok(Some(seen))) => {
                assert_eq!((request.target(), request.authority()), (&*seen.target, &*seen.authority));
                assert!(request.subprotocols().eq(seen.subprotocols.iter().map(String::as_str)));
                assert_eq!(request.extensions().count(), seen.extensions.len());
                let (response, connection) = request.accept_http(Accept::new()).unwrap();
                assert_eq!(
                    (response.status().as_u16(), connection.role()),
                    (101, sansocket::frame::Role::Server)
                );
                assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            }
            (Err(refusal), Err(error)) => {
                assert_eq!((refusal.error(), refusal.to_string()), (error, error.to_string()));
                let response = refusal.into_response();
                let out = String::from_utf8(expected.out).unwrap();
                assert!(out.starts_with(&format!("HTTP/1.1 {} ", response.status().as_u16())), "{out}");
                assert_eq!(out.matches("\r\n").count(), response.headers().len() + 2, "{out}");
                for (name, value) in response.headers() {
                    let line = format!("{}: {}\r\n", name.as_str(), value.to_str().unwrap()).to_lowercase();
                    assert!(out.to_lowercase().contains(&line), "{line}{out}");
                }
            }
            (typed, bytes) => panic!("{typed:?}, and from bytes {bytes:?}"),
        }
    }
}

#[test]
fn an_answer_has_everything_that_was_put_into_it() {
    let request = || {
        server::Request::from_http(&typed(&Head::request().add("Sec-WebSocket-Protocol", "chat"))).unwrap()
    };
    let mut accept = Accept::new().subprotocol("chat");
    for _ in 0..200 {
        accept = accept.header("Set-Cookie", "a=b");
    }
    let (response, _) = request().accept_http(accept).unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat");
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 200);
    let refused = request().accept_http(Accept::new().subprotocol("other")).unwrap_err();
    assert_eq!(refused.kind(), ResponseErrorKind::SubprotocolNotOffered);
    assert_eq!(refused.into_request().target(), "/chat");
}

#[test]
fn a_client_and_a_server_meet_over_values() {
    let wanted = client::Request::new("wss://example.com:8443/chat?a=b")
        .unwrap()
        .subprotocol("chat")
        .header("X-Id", "7");
    let (handshake, request) = client::Handshake::new_http(&wanted, SEED).unwrap();
    assert_eq!(
        (request.uri().to_string(), &request.headers()["host"]),
        ("/chat?a=b".to_owned(), &HeaderValue::from_static("example.com:8443"))
    );
    assert_eq!(
        (request.method().as_str(), &request.headers()["x-id"]),
        ("GET", &HeaderValue::from_static("7"))
    );
    let accepted = server::Request::from_http(&request).unwrap();
    let (response, mut server) = accepted.accept_http(Accept::new().subprotocol("chat")).unwrap();
    let (mut client, response) = handshake.receive_http(&response).unwrap();
    assert_eq!((response.status(), response.subprotocol()), (101, Some("chat")));
    let mut wire = Vec::new();
    client.send_close(CloseCode::NORMAL, &mut wire).unwrap();
    let event = server.receive(&mut Input::new(&mut wire), &mut Vec::new());
    assert!(matches!(event, Ok(Some(Event::Close(Some(_))))), "{event:?}");
    let hosted = wanted.clone().host("other:1");
    let (_, request) = client::Handshake::new_http(&hosted, SEED).unwrap();
    assert_eq!(&request.headers()["host"], &HeaderValue::from_static("other:1"));
    let (_, request) = extended_connect::Handshake::new_http(&hosted, SEED).unwrap();
    assert_eq!(request.uri().authority().map(http::uri::Authority::as_str), Some("other:1"));
    assert!(client::Handshake::new_http(&wanted.origin("a b"), SEED).is_err());
}

#[test]
fn a_response_is_judged_as_its_bytes_are() {
    let answer = |change: &dyn Fn(&mut Response<()>)| {
        let mut typed = Response::builder().status(101).body(()).unwrap();
        for (name, value) in response().headers {
            let name = HeaderName::from_bytes(&name).unwrap();
            typed.headers_mut().append(name, HeaderValue::from_bytes(&value).unwrap());
        }
        change(&mut typed);
        let request = client::Request::new("ws://h/").unwrap();
        client::Handshake::new_http(&request, SEED).unwrap().0.receive_http(&typed).map(drop)
    };
    assert_eq!(answer(&|_| {}), Ok(()));
    for (name, error) in [
        ("upgrade", E::InvalidUpgrade),
        ("connection", E::InvalidConnection),
        ("sec-websocket-accept", E::InvalidAccept),
    ] {
        assert_eq!(answer(&|typed| drop(typed.headers_mut().remove(name))), Err(error.into()));
    }
    for (name, error) in [
        ("sec-websocket-accept", E::InvalidAccept),
        ("sec-websocket-protocol", E::UnexpectedSubprotocol),
        ("sec-websocket-extensions", E::UnexpectedExtension),
    ] {
        let change = |typed: &mut Response<()>| {
            typed.headers_mut().append(name, HeaderValue::from_static("x"));
        };
        assert_eq!(answer(&change), Err(error.into()));
    }
    assert_eq!(answer(&|typed| *typed.version_mut() = Version::HTTP_10), Err(E::HttpVersionTooOld.into()));
    for status in [200, 204, 302, 401, 503] {
        for len in [None, Some("5")] {
            let rejected = answer(&|typed| {
                *typed.status_mut() = status.try_into().unwrap();
                typed.headers_mut().insert("location", HeaderValue::from_static("/x"));
                len.map(|len| typed.headers_mut().insert("content-length", HeaderValue::from_static(len)));
            });
            let Err(client::Error::Rejected(response)) = rejected else { panic!("{rejected:?}") };
            assert_eq!((response.status(), response.header("location")), (status, Some(&b"/x"[..])));
        }
    }
    for status in [100, 103] {
        let interim = answer(&|typed| *typed.status_mut() = status.try_into().unwrap());
        assert_eq!(interim, Err(E::IncompleteHandshake.into()));
    }
}

#[test]
fn a_rejection_received_as_bytes_is_converted() {
    let (mut handshake, _) =
        client::Handshake::new_http(&client::Request::new("ws://h/").unwrap(), SEED).unwrap();
    let mut bytes = *b"HTTP/1.1 401 x\r\nContent-Length: 4\r\n\r\nno";
    assert_eq!(handshake.receive(&mut Input::new(&mut bytes)).map(drop), Ok(()));
    let error = handshake.receive_http(&Response::new(())).map(drop).unwrap_err();
    let client::Error::Rejected(rejected) = error else { panic!("{error:?}") };
    assert_eq!((rejected.status(), rejected.body(), rejected.is_truncated()), (401, &b"no"[..], true));
}

/// What HTTP/2 makes of an extended CONNECT. The protocol is in the extensions.
fn connect(request: &client::Request) -> (extended_connect::Handshake, Request<()>) {
    extended_connect::Handshake::new_http(request, SEED).unwrap()
}

#[test]
fn a_client_and_a_server_meet_over_http_2() {
    let wanted = client::Request::new("wss://example.com:8443/chat?a=b")
        .unwrap()
        .subprotocol("chat")
        .header("X-Id", "7");
    let (handshake, request) = connect(&wanted);
    assert_eq!(request.uri().to_string(), "https://example.com:8443/chat?a=b");
    assert_eq!((request.method().as_str(), request.version()), ("CONNECT", Version::HTTP_2));
    assert_eq!(request.headers().len(), 3, "{request:?}");
    let accepted = extended_connect::Request::from_http_connect(&request, Some("websocket")).unwrap();
    assert_eq!(accepted.target(), "https://example.com:8443/chat?a=b");
    let (response, mut server) = accepted.accept_http(Accept::new().subprotocol("chat")).unwrap();
    assert_eq!((response.status().as_u16(), response.headers().len()), (200, 1));
    let (mut client, opened) = handshake.receive_http(&response).unwrap();
    assert_eq!((opened.status(), opened.subprotocol()), (200, Some("chat")));
    let mut wire = Vec::new();
    client.send_text("hello", &mut wire).unwrap();
    let event = server.receive(&mut Input::new(&mut wire), &mut Vec::new());
    assert_eq!(event, Ok(Some(Event::Text("hello".into()))));
}

#[test]
fn refusals_over_http_2_are_values_too() {
    let wanted = client::Request::new("ws://h/").unwrap();
    let (_, request) = connect(&wanted);
    let refusal = extended_connect::Request::from_http_connect(&request, None).unwrap_err();
    assert_eq!((refusal.error(), refusal.into_response().status().as_u16()), (E::UnsupportedProtocol, 501));
    let (_, mut request) = connect(&wanted);
    request.headers_mut().insert("sec-websocket-version", HeaderValue::from_static("8"));
    let refusal = extended_connect::Request::from_http_connect(&request, Some("websocket")).unwrap_err();
    let response = refusal.into_response();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["sec-websocket-version"]),
        (400, &HeaderValue::from_static("13"))
    );

    for (status, error) in
        [(101, E::InvalidPseudoHeader), (100, E::IncompleteHandshake), (103, E::IncompleteHandshake)]
    {
        let response = Response::builder().status(status).body(()).unwrap();
        assert_eq!(connect(&wanted).0.receive_http(&response).map(|_| ()), Err(error.into()));
    }
    let response = Response::builder().status(403).header("x", "y").body(()).unwrap();
    let error = connect(&wanted).0.receive_http(&response).map(|_| ()).unwrap_err();
    let client::Error::Rejected(response) = error else { panic!("{error:?}") };
    assert_eq!((response.status(), response.header("x")), (403, Some(&b"y"[..])));
}

/// RFC 9110, 5.5, and RFC 9113, 8.2.1.
#[test]
fn white_space_around_a_value_is_none_of_it_in_an_upgrade_and_malformed_in_a_stream() {
    let wanted = client::Request::new("ws://h/").unwrap().subprotocol("chat").subprotocol("v2");
    for padded in [" v2", "v2 ", "\tv2", " \t v2\t"].map(HeaderValue::from_static) {
        let (handshake, mut request) = client::Handshake::new_http(&wanted, SEED).unwrap();
        request.headers_mut().insert("sec-websocket-protocol", padded.clone());
        let request = server::Request::from_http(&request).unwrap();
        assert_eq!(request.header("sec-websocket-protocol"), Some(&b"v2"[..]));
        let (mut response, _) = request.accept_http(Accept::new()).unwrap();
        response.headers_mut().insert("sec-websocket-protocol", padded.clone());
        let (_, opened) = handshake.receive_http(&response).unwrap();
        assert_eq!(opened.header("sec-websocket-protocol"), Some(&b"v2"[..]));

        let (handshake, mut request) = connect(&wanted);
        request.headers_mut().insert("sec-websocket-protocol", padded.clone());
        let refusal = extended_connect::Request::from_http_connect(&request, Some("websocket")).unwrap_err();
        assert_eq!((refusal.error(), refusal.into_response().status().as_u16()), (E::MalformedHeader, 400));
        let response = Response::builder().header("sec-websocket-protocol", padded).body(()).unwrap();
        assert_eq!(handshake.receive_http(&response).map(drop), Err(E::MalformedHeader.into()));
    }
}

#[test]
fn headers_that_http_2_does_not_have_are_no_values_either() {
    let wanted = client::Request::new("ws://h/").unwrap();
    for (name, value, allowed) in [
        ("Keep-Alive", "5", false),
        ("Proxy-Connection", "close", false),
        ("TE", "gzip", false),
        ("TE", "Trailers", true),
    ] {
        let made = extended_connect::Handshake::new_http(&wanted.clone().header(name, value), SEED);
        let expected = if allowed { Ok(()) } else { Err(client::RequestError::ReservedHeader) };
        assert_eq!(made.map(drop), expected, "{name}");
        let (_, request) = connect(&wanted);
        let accepted = extended_connect::Request::from_http_connect(&request, Some("websocket")).unwrap();
        let answered = accepted.accept_http(Accept::new().header(name, value));
        let expected = if allowed { Ok(()) } else { Err(ResponseErrorKind::ReservedHeader) };
        assert_eq!(answered.map(drop).map_err(|error| error.kind()), expected, "{name}");
    }
}

#[test]
fn a_uri_that_the_types_do_not_take_is_an_error() {
    let mut refused = 0;
    for byte in b'!'..=b'~' {
        let uri = [b"ws://h/a", &[byte][..], b"b"].concat();
        let Ok(uri) = sansocket::uri::Uri::parse(&uri) else { continue };
        let wanted = client::Request::from(uri);
        for made in [
            client::Handshake::new_http(&wanted, SEED).map(|(_, request)| request),
            extended_connect::Handshake::new_http(&wanted, SEED).map(|(_, request)| request),
        ] {
            match made {
                Ok(request) => assert!(request.uri().to_string().ends_with(wanted.uri().resource_name())),
                Err(error) => {
                    assert_eq!(error, client::RequestError::InvalidUri);
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 0, "no character is one that only the crate http refuses");
}

#[test]
fn heads_read_by_another_library_are_within_the_limits() {
    let mut head = Head::request().add("X-Long", "x".repeat(100_000).as_bytes());
    for _ in 0..200 {
        head = head.add("X-Many", "x");
    }
    assert!(server::Request::from_http(&typed(&head)).is_ok());
}

/// Everything of the crate can be imported beside the crate `http`, whose name stays its own.
#[test]
fn a_glob_import_does_not_hide_the_crate_http() {
    #[allow(unused_imports, reason = "only names are of interest")]
    mod all {
        use sansocket::*;

        pub(super) fn status() -> http::StatusCode {
            http::StatusCode::SWITCHING_PROTOCOLS
        }
    }
    assert_eq!(all::status().as_u16(), 101);
}
