//! The same handshake has the same outcome as bytes, as a header list and as the types of the crate `http`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/handshake.rs"]
mod common;

use common::{Head, SEED, accept_for_seed, show};
use http::{HeaderName, HeaderValue, Request, Response, Version};
use proptest::{collection::vec, prelude::*, sample::select};
use sansocket::{
    Connection, Input, client, deflate, extended_connect,
    handshake::{HandshakeError as E, HandshakeLimits},
    server::{self, Accept},
};

/// Names and values of headers. Half of those of the protocol are valid.
fn headers() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let header = prop_oneof![
        select(vec![
            ("origin", "https://example.com"),
            ("origin", "a b"),
            ("origin", ""),
            ("sec-websocket-protocol", "chat, news"),
            ("sec-websocket-protocol", "v2"),
            ("sec-websocket-protocol", "a b"),
            ("sec-websocket-protocol", ","),
            ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
            ("sec-websocket-extensions", "permessage-deflate; server_no_context_takeover"),
            ("sec-websocket-extensions", "permessage-deflate"),
            ("sec-websocket-extensions", "x-test; a=\"b\""),
            ("sec-websocket-extensions", "x;"),
        ]),
        select(vec![
            ("content-length", "0"),
            ("content-length", "4"),
            ("content-length", "4, 4"),
            ("content-length", "99999999999999999999"),
            ("cookie", "a=b"),
            ("cookie", "c=d; e=f"),
            ("user-agent", "x/1 (y)"),
            ("x-empty", ""),
            ("x-tab", "a\tb"),
        ]),
    ];
    vec(header, 0..5)
}

/// A header of HTTP/1.1 that is taken out of a valid head, or has another value.
fn damage() -> impl Strategy<Value = Option<(&'static str, Option<&'static str>)>> {
    let name = select(vec!["host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version"]);
    let value = select(vec![
        None,
        Some(""),
        Some("13"),
        Some("8"),
        Some("h2c, websocket"),
        Some("u@h"),
        Some("Upgrade"),
    ]);
    prop::option::weighted(0.4, (name, value))
}

fn target() -> impl Strategy<Value = &'static str> {
    select(vec![
        "/",
        "/chat?a=b",
        "/?",
        "/a%20b",
        "*",
        "h:80",
        "http://other:81/x",
        "http://other",
        "http://other?q",
        "HTTPS://Other/x?y",
        "http://u@h/",
        "http://h:99999/",
        "ws://h/",
        "ftp://h/",
    ])
}

/// The result of a server for a request that it accepts: everything visible, and the headers of its response.
#[derive(Debug, PartialEq)]
struct Accepted {
    authority: String,
    path: String,
    query: Option<String>,
    origin: Option<String>,
    subprotocols: Vec<String>,
    extensions: Vec<String>,
    headers: Vec<(String, Vec<u8>)>,
}

fn accepted<T>(request: &server::Request<T>) -> Accepted {
    Accepted {
        authority: request.authority().to_lowercase(),
        path: request.path().into(),
        query: request.query().map(Into::into),
        origin: request.origin().map(Into::into),
        subprotocols: request.subprotocols().map(Into::into).collect(),
        extensions: request.extensions().map(|extension| show(&extension)).collect(),
        headers: sorted(request.headers().map(|(name, value)| (name.to_owned(), value.to_vec()))),
    }
}

/// The accepted request, and the compression of its connection.
type Opened = (Accepted, Option<deflate::Negotiated>);

/// Types group headers by their name.
fn sorted(headers: impl Iterator<Item = (String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    let mut headers: Vec<_> = headers.map(|(name, value)| (name.to_lowercase(), value)).collect();
    headers.sort_by(|(a, _), (b, _)| a.cmp(b));
    headers
}

/// Status and headers of a response.
type Answer = (u16, Vec<(String, Vec<u8>)>);

fn answer_of(bytes: &[u8]) -> Answer {
    let mut slots = [httparse::EMPTY_HEADER; 32];
    let mut parsed = httparse::Response::new(&mut slots);
    assert!(parsed.parse(bytes).unwrap().is_complete());
    let headers = parsed.headers.iter().map(|header| (header.name.to_owned(), header.value.to_vec()));
    (parsed.code.unwrap(), sorted(headers))
}

fn list_answer(list: extended_connect::HeaderList) -> Answer {
    let mut list = list.into_iter();
    let status = list.next().unwrap();
    assert_eq!(status.0, ":status");
    (status.1.parse().unwrap(), sorted(list.map(|(name, value)| (name, value.into_bytes()))))
}

fn typed_answer<T>(response: &Response<T>) -> Answer {
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
    (response.status().as_u16(), sorted(headers))
}

/// Selects the last subprotocol and compression, if they were offered.
fn accept<T>(request: &server::Request<T>) -> Accept {
    let accept = Accept::new().header("Set-Cookie", "a").header("set-cookie", "b").header("X-Id", "7");
    let accept = accept.deflate(deflate::Config::new());
    request.subprotocols().last().map_or(accept.clone(), |name| accept.subprotocol(name))
}

fn from_bytes(head: &Head) -> (Result<Opened, E>, Answer) {
    let (mut bytes, mut out) = (head.bytes(), Vec::new());
    let mut handshake = server::Handshake::new(HandshakeLimits::new());
    let result = handshake.receive(&mut Input::new(&mut bytes), &mut out).map(|request| {
        let request = request.unwrap();
        let (seen, accept) = (accepted(&request), accept(&request));
        let connection = request.accept(accept, &mut out).unwrap();
        (seen, connection.deflate().copied())
    });
    (result, answer_of(&out))
}

fn from_types(request: &Request<()>) -> (Result<Opened, E>, Answer) {
    match server::Request::from_http(request) {
        Ok(request) => {
            let (seen, accept) = (accepted(&request), accept(&request));
            let (response, connection) = request.accept_http(accept).unwrap();
            (Ok((seen, connection.deflate().copied())), typed_answer(&response))
        }
        Err(refusal) => (Err(refusal.error()), typed_answer(&refusal.into_response())),
    }
}

fn types_of(head: &Head) -> Option<Request<()>> {
    let line = String::from_utf8(head.line.clone()).unwrap();
    let [method, target, version] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
    let version = match version {
        "HTTP/1.0" => Version::HTTP_10,
        "HTTP/2.0" => Version::HTTP_2,
        _ => Version::HTTP_11,
    };
    let mut request = Request::builder().method(method).uri(target).version(version).body(()).ok()?;
    for (name, value) in &head.headers {
        let name = HeaderName::from_bytes(name).unwrap();
        request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
    }
    Some(request)
}

/// The result of a handshake as the client sees it: its status, or the error.
#[derive(Debug, PartialEq)]
enum Outcome {
    Open(Option<String>, Vec<String>, Option<deflate::Negotiated>),
    /// The status, the violation, whether the body is incomplete, the headers.
    Rejected(u16, Option<E>, bool, Vec<(String, Vec<u8>)>),
    Failed(E),
}

fn outcome(result: Result<(Connection, client::Response), client::Error>) -> Outcome {
    let seen = |response: &client::Response| {
        sorted(response.headers().map(|(name, value)| (name.to_owned(), value.to_vec())))
    };
    match result {
        Ok((connection, response)) => Outcome::Open(
            response.subprotocol().map(Into::into),
            response.extensions().map(|extension| show(&extension)).collect(),
            connection.deflate().copied(),
        ),
        Err(client::Error::Rejected(response)) => {
            Outcome::Rejected(response.status(), response.fault(), response.is_truncated(), seen(&response))
        }
        Err(client::Error::Handshake(error)) => Outcome::Failed(error),
        Err(error) => panic!("{error}"),
    }
}

fn wanted() -> client::Request {
    let wanted = client::Request::new("ws://h/").unwrap().subprotocol("chat").subprotocol("v2");
    wanted.extension("x-test").deflate(deflate::Config::new())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_request_has_the_same_outcome_as_bytes_and_as_types(
        target in target(),
        method in select(vec!["GET", "GET", "GET", "POST"]),
        version in select(vec!["1.1", "1.1", "1.1", "1.0", "2.0"]),
        headers in headers(),
        damage in damage(),
    ) {
        let mut head = Head::request().line(format!("{method} {target} HTTP/{version}"));
        for (name, value) in headers {
            head = head.add(name, value);
        }
        if let Some((name, value)) = damage {
            head = head.without(name);
            if let Some(value) = value {
                head = head.add(name, value);
            }
        }
        // The types cannot represent some targets.
        if let Some(typed) = types_of(&head) {
            prop_assert_eq!(from_types(&typed), from_bytes(&head));
        }
    }

    #[test]
    fn an_extended_connect_has_the_same_outcome_as_list_as_types_and_as_an_upgrade(
        headers in headers(),
        version in select(vec![None, Some("13"), Some("13"), Some("13"), Some("8"), Some("x")]),
        host in prop::option::of(select(vec!["h:81", "other"])),
    ) {
        let mut list = vec![
            (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/chat?a=b"), (":authority", "h:81"),
        ];
        let mut typed = Request::builder().method("CONNECT").uri("http://h:81/chat?a=b").version(Version::HTTP_2).body(()).unwrap();
        let mut head = Head::request().line("GET http://h:81/chat?a=b HTTP/1.1").without("sec-websocket-version").without("host");
        let rest = version.map(|version| ("sec-websocket-version", version)).into_iter();
        for (name, value) in rest.chain(host.map(|host| ("host", host))).chain(headers) {
            list.push((name, value));
            typed.headers_mut().append(name, HeaderValue::from_static(value));
            if name != "host" {
                head = head.add(name, value);
            }
        }
        let from_list = extended_connect::Request::from_headers(list);
        let from_types = extended_connect::Request::from_http_connect(&typed, Some("websocket"));
        let seen = from_list.as_ref().map(accepted).map_err(extended_connect::Refusal::error);
        prop_assert_eq!(&seen, &from_types.as_ref().map(accepted).map_err(sansocket::http_types::Refusal::error));
        // The negotiation is that of an upgrade; only the host is named differently.
        let (upgraded, _) = from_bytes(&head.add("host", "h:81"));
        match (seen, upgraded) {
            (Err(E::InvalidHostHeader), _) => prop_assert_eq!(host, Some("other")),
            (Ok(seen), Ok((upgraded, _))) => {
                prop_assert_eq!(&seen.authority, "h:81");
                prop_assert_eq!((seen.path, seen.query, seen.origin), (upgraded.path, upgraded.query, upgraded.origin));
                prop_assert_eq!((seen.subprotocols, seen.extensions), (upgraded.subprotocols, upgraded.extensions));
            }
            (seen, upgraded) => prop_assert_eq!(seen.map(drop), upgraded.map(drop)),
        }
        // The responses are equal as well, for acceptance and rejection.
        match (from_list, from_types) {
            (Ok(from_list), Ok(from_types)) => {
                let chosen = accept(&from_list);
                let (list, by_list) = from_list.accept(chosen.clone()).unwrap();
                let (typed, by_types) = from_types.accept_http(chosen).unwrap();
                prop_assert_eq!(list_answer(list), typed_answer(&typed));
                prop_assert_eq!(by_list.deflate(), by_types.deflate());
            }
            (Err(by_list), Err(by_types)) => {
                prop_assert_eq!(list_answer(by_list.into_headers()), typed_answer(&by_types.into_response()));
            }
            _ => unreachable!("the outcome is the same"),
        }
    }

    #[test]
    fn a_response_has_the_same_outcome_as_bytes_as_list_and_as_types(
        status in select(vec![100, 101, 101, 101, 103, 200, 204, 302, 401, 503]),
        version in select(vec![Version::HTTP_11, Version::HTTP_11, Version::HTTP_11, Version::HTTP_10]),
        headers in headers(),
        damage in damage(),
    ) {
        let mut list = headers.clone();
        if status == 101 {
            list.extend([("upgrade", "websocket"), ("connection", "Upgrade")]);
        }
        let accept = accept_for_seed();
        if status == 101 {
            list.push(("sec-websocket-accept", &accept));
        }
        if let Some((name, value)) = damage.filter(|_| status == 101) {
            list.retain(|(other, _)| *other != name);
            list.extend(value.map(|value| (name, value)));
        }
        let mut head = Head::new(&format!("{version:?} {status} x"), &[]);
        let mut typed = Response::builder().status(status).version(version).body(()).unwrap();
        for (name, value) in &list {
            head = head.add(name, value);
            typed.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let mut handshake = client::Handshake::new(&wanted(), SEED, &mut Vec::new()).unwrap();
        // A response as a value has no incomplete body, so this one is complete.
        let mut bytes = [head.bytes(), if status < 200 { vec![] } else { b"body".to_vec() }].concat();
        let from_bytes = match handshake.receive(&mut Input::new(&mut bytes)) {
            Ok(None) => Err(handshake.receive_eof().unwrap_err()),
            Ok(Some(opened)) => Ok(opened),
            Err(error) => Err(error),
        };
        let (handshake, _) = client::Handshake::new_http(&wanted(), SEED).unwrap();
        let from_types = handshake.receive_http(&typed);
        let from_bytes = outcome(from_bytes);
        prop_assert_eq!(&outcome(from_types), &from_bytes);

        // The response to an extended CONNECT has status 200 instead of 101, and no connection headers.
        let connected = if status == 101 { 200 } else { status };
        let status_text = connected.to_string();
        let connection = ["upgrade", "connection", "sec-websocket-accept"];
        let kept = list.iter().filter(|(name, _)| !connection.contains(name)).copied();
        let pairs: Vec<_> = std::iter::once((":status", &*status_text)).chain(kept).collect();
        let (mut handshake, _) = extended_connect::Handshake::new(&wanted(), SEED).unwrap();
        let from_list = handshake.receive(pairs.iter().copied());
        let from_list = outcome(from_list.and_then(|opened| match opened {
            Some(opened) => Ok(opened),
            None => Err(handshake.receive_eof().unwrap_err()),
        }));
        let mut typed = Response::builder().status(connected).body(()).unwrap();
        for (name, value) in pairs.into_iter().skip(1) {
            typed.headers_mut().append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        let (handshake, _) = extended_connect::Handshake::new_http(&wanted(), SEED).unwrap();
        prop_assert_eq!(&outcome(handshake.receive_http(&typed)), &from_list);
        let upgrade_faults = [E::InvalidUpgrade, E::InvalidConnection, E::InvalidAccept];
        match (from_bytes, from_list) {
            (Outcome::Failed(error), _) if upgrade_faults.contains(&error) => {}
            // A list has no HTTP version, and both 200 and 204 open the connection there.
            (Outcome::Failed(E::HttpVersionTooOld), _) => prop_assert_eq!((status, version), (101, Version::HTTP_10)),
            (Outcome::Rejected(200..300, ..), _) => {}
            (from_bytes, from_list) => prop_assert_eq!(from_bytes, from_list),
        }
    }
}

/// A request of a client, with anything that it may have.
fn any_request() -> impl Strategy<Value = client::Request> {
    let uri = select(vec!["ws://h/", "wss://h:81/chat?a=b", "ws://[::1]:80", "ws://h/a%20b?"]);
    let subprotocols = prop::sample::subsequence(vec!["chat", "v2", "x.y"], 0..=3);
    let extensions = prop::sample::subsequence(vec!["x-test; a=\"b\"", "x-other, x-more"], 0..=2);
    let header = select(vec![
        ("Cookie", "a=b"),
        ("cookie", "c=d"),
        ("X-Tab", "a\tb"),
        ("x-twice", "1"),
        ("X-Twice", "2"),
        ("X-Empty", ""),
        ("TE", "trailers"),
        ("Origin", "https://a"),
    ]);
    (uri, subprotocols, extensions, vec(header, 0..5), any::<bool>()).prop_map(
        |(uri, subprotocols, extensions, headers, compressed)| {
            let mut wanted = client::Request::new(uri).unwrap();
            wanted = subprotocols.into_iter().fold(wanted, client::Request::subprotocol);
            wanted = extensions.into_iter().fold(wanted, client::Request::extension);
            wanted = headers.into_iter().fold(wanted, |wanted, (name, value)| wanted.header(name, value));
            if compressed { wanted.deflate(deflate::Config::new()) } else { wanted }
        },
    )
}

proptest! {
    #[test]
    fn a_client_sends_the_same_as_bytes_as_list_and_as_types(wanted in any_request()) {
        let mut bytes = Vec::new();
        client::Handshake::new(&wanted, SEED, &mut bytes).unwrap();
        let mut slots = [httparse::EMPTY_HEADER; 32];
        let mut parsed = httparse::Request::new(&mut slots);
        parsed.parse(&bytes).unwrap();
        let from_bytes = sorted(parsed.headers.iter().map(|one| (one.name.to_owned(), one.value.to_vec())));
        let typed_headers = |typed: &Request<()>| {
            let headers = typed.headers().iter();
            sorted(headers.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())))
        };
        let (_, typed) = client::Handshake::new_http(&wanted, SEED).unwrap();
        prop_assert_eq!(typed_headers(&typed), &from_bytes[..]);
        prop_assert_eq!(typed.uri().to_string(), parsed.path.unwrap());
        let (_, list) = extended_connect::Handshake::new(&wanted, SEED).unwrap();
        let (_, typed) = extended_connect::Handshake::new_http(&wanted, SEED).unwrap();
        let upgrade = ["host", "upgrade", "connection", "sec-websocket-key"];
        let rest: Vec<_> = from_bytes.into_iter().filter(|(name, _)| !upgrade.contains(&&**name)).collect();
        prop_assert_eq!(typed_headers(&typed), &rest[..]);
        let (pseudo, headers) = list.split_at(5);
        prop_assert_eq!(sorted(headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes()))), rest);
        let uri = typed.uri();
        let expected = [
            (":method", typed.method().as_str()),
            (":protocol", "websocket"),
            (":scheme", uri.scheme_str().unwrap()),
            (":path", uri.path_and_query().unwrap().as_str()),
            (":authority", uri.authority().unwrap().as_str()),
        ];
        prop_assert_eq!(pseudo, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}

#[test]
fn headers_that_the_types_cannot_hold_are_errors() {
    let request = || server::Request::from_http(&types_of(&Head::request()).unwrap()).unwrap();
    let connect = || {
        let typed =
            Request::builder().method("CONNECT").uri("http://h/").header("sec-websocket-version", "13");
        extended_connect::Request::from_http_connect(&typed.body(()).unwrap(), Some("websocket")).unwrap()
    };
    let long = "x".repeat(70_000);
    let many = |accept: Accept| (0..33_000).fold(accept, |accept, n| accept.header(&format!("x{n}"), ""));
    for (accept, kind) in [
        (Accept::new().header(&long, ""), server::ResponseErrorKind::InvalidHeaderName),
        (many(Accept::new()), server::ResponseErrorKind::TooManyExtraHeaders),
    ] {
        assert_eq!(request().accept_http(accept.clone()).unwrap_err().kind(), kind);
        assert_eq!(connect().accept_http(accept).unwrap_err().kind(), kind);
    }
    let many = (0..33_000).fold(wanted(), |request, n| request.header(&format!("x{n}"), ""));
    for (wanted, error) in [
        (wanted().header(&long, ""), client::RequestError::InvalidHeaderName),
        (many, client::RequestError::TooManyExtraHeaders),
    ] {
        assert_eq!(client::Handshake::new_http(&wanted, SEED).map(drop), Err(error));
        assert_eq!(extended_connect::Handshake::new_http(&wanted, SEED).map(drop), Err(error));
    }
}

#[test]
fn bytes_and_types_have_the_same_order() {
    let names = |bytes: &[u8]| {
        let lines = String::from_utf8(bytes.to_vec()).unwrap().to_lowercase();
        let names = lines.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0.to_owned()));
        names.collect::<Vec<_>>()
    };
    let typed_names = |headers: &http::HeaderMap| headers.keys().map(ToString::to_string).collect::<Vec<_>>();
    let mut bytes = Vec::new();
    let wanted = wanted().origin("https://a").header("X-Id", "7");
    client::Handshake::new(&wanted, SEED, &mut bytes).unwrap();
    let (_, typed) = client::Handshake::new_http(&wanted, SEED).unwrap();
    assert_eq!(typed_names(typed.headers()), names(&bytes));
    let answer = || Accept::new().subprotocol("v2").deflate(deflate::Config::new()).header("X-Id", "7");
    let mut out = Vec::new();
    let mut handshake = server::Handshake::new(HandshakeLimits::new());
    let request = handshake.receive(&mut Input::new(&mut bytes), &mut Vec::new()).unwrap().unwrap();
    request.accept(answer(), &mut out).unwrap();
    let (response, _) = server::Request::from_http(&typed).unwrap().accept_http(answer()).unwrap();
    assert_eq!(typed_names(response.headers()), names(&out));
}
