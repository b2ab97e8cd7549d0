//! Peers whose opening handshake is not quite right: what each named option lets pass, in every encoding, and that its
//! neighbors are refused as before.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/handshake.rs"]
mod common;

use common::{Head, SEED, connect, response, serve};
use sansocket::{
    Input, client, extended_connect,
    handshake::{HandshakeError as E, HandshakeLimits, Tolerance, accept_key},
    server::{Accept, Handshake},
};

const NONE: Tolerance = Tolerance::new();

/// One option: input that it allows, input that is rejected without it, and input that is rejected even with it.
struct Row {
    name: &'static str,
    option: Tolerance,
    passes: Vec<(Head, E)>,
    refused: Vec<(Head, E)>,
}

fn limits(tolerance: Tolerance) -> HandshakeLimits {
    HandshakeLimits::new().tolerance(tolerance)
}

/// All options together.
fn all() -> Tolerance {
    NONE.allow_any_key(true)
        .allow_missing_connection(true)
        .allow_missing_version(true)
        .allow_any_subprotocol_name(true)
        .allow_malformed_extensions(true)
        .allow_empty_headers(true)
        .allow_bare_line_feeds(true)
        .allow_space_before_colon(true)
        .allow_malformed_headers(true)
}

/// The rows about requests of HTTP/1.1.
fn requests() -> Vec<Row> {
    let base = Head::request;
    let key = |key: &str| base().set("Sec-WebSocket-Key", key);
    let protocol = |names: &str| base().add("Sec-WebSocket-Protocol", names);
    let offer = |offer: &str| base().add("Sec-WebSocket-Extensions", offer);
    vec![
        Row {
            name: "any_key",
            option: NONE.allow_any_key(true),
            passes: vec![
                (key("MTIzNDU2Nzg="), E::InvalidKey),
                (key("x"), E::InvalidKey),
                (key("{no base64 at all!}".replace(' ', "").as_str()), E::InvalidKey),
                (key(&"k".repeat(24)), E::InvalidKey),
                (key(&"k".repeat(3000)), E::InvalidKey),
            ],
            refused: vec![
                (key(""), E::InvalidKey),
                (key("a b"), E::InvalidKey),
                (key("\u{e9}"), E::InvalidKey),
                (base().without("Sec-WebSocket-Key"), E::InvalidKey),
                (base().add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), E::InvalidKey),
            ],
        },
        Row {
            name: "missing_connection",
            option: NONE.allow_missing_connection(true),
            passes: vec![
                (base().without("Connection"), E::MissingUpgrade),
                (base().set("Connection", "keep-alive"), E::MissingUpgrade),
                (base().set("Connection", ""), E::MissingUpgrade),
            ],
            refused: vec![
                (base().without("Upgrade"), E::MissingUpgrade),
                (base().without("Upgrade").without("Connection"), E::MissingUpgrade),
                (base().without("Connection").set("Upgrade", "h2c"), E::MissingUpgrade),
                (base().set("Connection", "a b"), E::MalformedUpgrade),
            ],
        },
        Row {
            name: "any_subprotocol_name",
            option: NONE.allow_any_subprotocol_name(true),
            passes: vec![
                (protocol("base64url.bearer.authorization.k8s.io.dG9rZW4="), E::InvalidSubprotocols),
                (protocol("a/b, c:d, e f"), E::InvalidSubprotocols),
            ],
            refused: vec![
                (protocol("a/b, a/b"), E::InvalidSubprotocols),
                (protocol("a/b, \u{e9}"), E::InvalidSubprotocols),
                (protocol("a\tb"), E::InvalidSubprotocols),
                (protocol(""), E::InvalidSubprotocols),
                (protocol(&vec!["a/"; 65].join(",")), E::InvalidSubprotocols),
            ],
        },
        Row {
            name: "malformed_extensions",
            option: NONE.allow_malformed_extensions(true),
            passes: vec![
                (offer("permessage-deflate, ;"), E::InvalidExtensions),
                (offer("permessage-deflate; client_max_window_bits="), E::InvalidExtensions),
                (offer(""), E::InvalidExtensions),
                (offer(&vec!["x"; 33].join(",")), E::InvalidExtensions),
            ],
            refused: vec![(protocol("a b"), E::InvalidSubprotocols), (key("x"), E::InvalidKey)],
        },
        Row {
            name: "empty_headers",
            option: NONE.allow_empty_headers(true),
            passes: vec![
                (protocol(""), E::InvalidSubprotocols),
                (protocol(" , ,"), E::InvalidSubprotocols),
                (base().add("Origin", ""), E::InvalidOrigin),
            ],
            refused: vec![
                (base().add("Origin", "").add("Origin", ""), E::InvalidOrigin),
                (base().add("Origin", "\u{e9}"), E::InvalidOrigin),
                (protocol(&",".repeat(17)), E::InvalidSubprotocols),
                (offer(""), E::InvalidExtensions),
                (key(""), E::InvalidKey),
                (base().set("Host", ""), E::InvalidHostHeader),
            ],
        },
    ]
}

/// The request as `http` types have it.
#[cfg(feature = "http")]
fn judge_types(head: &Head, tolerance: Tolerance) -> Result<common::Seen, E> {
    use http::{HeaderName, HeaderValue, Request};
    use sansocket::server;

    let mut request = Request::get("/chat").body(()).unwrap();
    for (name, value) in &head.headers {
        let name = HeaderName::from_bytes(name).unwrap();
        request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
    }
    let judged = server::Request::from_http_with(&request, tolerance);
    judged.map(|request| common::Seen::of(&request)).map_err(|refusal| refusal.error())
}

#[test]
fn each_option_lets_its_requests_pass_and_no_others() {
    for Row { name, option, passes, refused } in requests() {
        for (head, error) in passes {
            let bytes = head.bytes();
            let strict = serve(&bytes, limits(NONE));
            assert_eq!(strict.result, Err(error), "{name}: {}", bytes.escape_ascii());
            let run = serve(&bytes, limits(option));
            let seen = run.result.unwrap().unwrap();
            assert!(run.out.starts_with(b"HTTP/1.1 101 "), "{name}: {}", run.out.escape_ascii());
            assert_eq!(serve(&bytes, limits(all())).result, Ok(Some(seen.clone())), "{name}");
            #[cfg(feature = "http")]
            {
                assert_eq!(judge_types(&head, NONE), Err(error), "{name}");
                let typed = judge_types(&head, option).unwrap();
                assert_eq!((typed.origin, typed.subprotocols), (seen.origin, seen.subprotocols), "{name}");
                assert_eq!(typed.extensions, seen.extensions, "{name}");
            }
        }
        for (head, error) in refused {
            let run = serve(&head.bytes(), limits(option));
            assert_eq!(run.result, Err(error), "{name}: {}", head.bytes().escape_ascii());
            #[cfg(feature = "http")]
            assert_eq!(judge_types(&head, option), Err(error), "{name}");
        }
    }
}

#[test]
fn what_passed_counts_as_what_the_option_says() {
    let seen = |head: Head, option| serve(&head.bytes(), limits(option)).result.unwrap().unwrap();
    let base = Head::request;
    let names = base().add("Sec-WebSocket-Protocol", "a/b, c d ,e=");
    assert_eq!(seen(names, NONE.allow_any_subprotocol_name(true)).subprotocols, ["a/b", "c d", "e="]);
    let offer = base().add("Sec-WebSocket-Extensions", "permessage-deflate, ;");
    assert_eq!(seen(offer, NONE.allow_malformed_extensions(true)).extensions, [""; 0]);
    // A well-formed offer is accepted, with the option and without it.
    let offer = base().add("Sec-WebSocket-Extensions", "permessage-deflate");
    assert_eq!(seen(offer, NONE.allow_malformed_extensions(true)).extensions, ["permessage-deflate"]);
    let empty = base().add("Origin", "").add("Sec-WebSocket-Protocol", "");
    let seen = seen(empty, NONE.allow_empty_headers(true));
    assert_eq!((seen.origin, seen.subprotocols.len()), (None, 0));
}

#[test]
fn the_response_answers_the_key_and_the_names_as_they_were_sent() {
    for key in ["x", "MTIzNDU2Nzg=", &"k".repeat(500)] {
        let head = Head::request()
            .set("Sec-WebSocket-Key", format!(" {key} "))
            .add("Sec-WebSocket-Protocol", "v1/binary, b");
        let tolerance = NONE.allow_any_key(true).allow_any_subprotocol_name(true);
        let mut handshake = Handshake::new(limits(tolerance));
        let mut out = Vec::new();
        let request = handshake.receive(&mut Input::new(&mut head.bytes()), &mut out).unwrap().unwrap();
        drop(request.accept(Accept::new().subprotocol("v1/binary"), &mut out).unwrap());
        let out = String::from_utf8(out).unwrap();
        let accept = String::from_utf8(accept_key(key.as_bytes()).to_vec()).unwrap();
        assert!(out.contains(&format!("\r\nSec-WebSocket-Accept: {accept}\r\n")), "{out}");
        assert!(out.ends_with("\r\nSec-WebSocket-Protocol: v1/binary\r\n\r\n"), "{out}");
    }
}

type Fields<'a> = [(&'a str, &'a str)];

/// The header lists of an extended CONNECT with more headers.
fn connect_headers<'a>(headers: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut list = vec![
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "https"),
        (":path", "/chat"),
        (":authority", "example.com"),
    ];
    list.extend(headers);
    list
}

/// Judges header lists, and the same request as `http` types.
fn judge_connect(headers: &[(&str, &str)], tolerance: Tolerance) -> Result<(), E> {
    let list = connect_headers(headers);
    let judged = extended_connect::Request::from_headers_with(list.iter().copied(), tolerance);
    let judged = judged.map(drop).map_err(|refusal| refusal.error());
    #[cfg(feature = "http")]
    {
        let mut request = http::Request::connect("https://example.com/chat").body(()).unwrap();
        for &(name, value) in headers {
            let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().append(name, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let typed = extended_connect::Request::from_http_connect_with(&request, Some("websocket"), tolerance);
        assert_eq!(typed.map(drop).map_err(|refusal| refusal.error()), judged);
    }
    judged
}

#[test]
fn an_extended_connect_has_the_same_options_and_one_for_the_version() {
    let version = ("sec-websocket-version", "13");
    let rows: [(Tolerance, &Fields<'_>, E); 5] = [
        (NONE.allow_missing_version(true), &[], E::InvalidVersion),
        (
            NONE.allow_any_subprotocol_name(true),
            &[version, ("sec-websocket-protocol", "a/b")],
            E::InvalidSubprotocols,
        ),
        (
            NONE.allow_malformed_extensions(true),
            &[version, ("sec-websocket-extensions", ";")],
            E::InvalidExtensions,
        ),
        (NONE.allow_empty_headers(true), &[version, ("sec-websocket-protocol", "")], E::InvalidSubprotocols),
        (NONE.allow_empty_headers(true), &[version, ("origin", "")], E::InvalidOrigin),
    ];
    for (option, headers, error) in rows {
        assert_eq!(judge_connect(headers, NONE), Err(error));
        assert_eq!(judge_connect(headers, option), Ok(()));
        assert_eq!(judge_connect(headers, all()), Ok(()));
    }
    // Only a missing version is accepted, and only in an extended CONNECT.
    let option = NONE.allow_missing_version(true);
    assert_eq!(judge_connect(&[("sec-websocket-version", "8")], option), Err(E::UnsupportedVersion));
    assert_eq!(judge_connect(&[("sec-websocket-version", "")], option), Err(E::InvalidVersion));
    assert_eq!(judge_connect(&[version, version], option), Err(E::InvalidVersion));
    let upgrade = Head::request().without("Sec-WebSocket-Version");
    assert_eq!(serve(&upgrade.bytes(), limits(all())).result, Err(E::InvalidVersion));
    let scheme = connect_headers(&[version]).into_iter().map(|(name, value)| match name {
        ":scheme" => (name, "wss"),
        _ => (name, value),
    });
    let refused = extended_connect::Request::from_headers_with(scheme, all());
    assert_eq!(refused.map(drop).map_err(|refusal| refusal.error()), Err(E::InvalidTarget));
}

#[test]
fn the_options_for_responses_let_no_request_pass() {
    let response_options =
        NONE.allow_bare_line_feeds(true).allow_space_before_colon(true).allow_malformed_headers(true);
    let bytes = Head::request().bytes();
    let bare = bytes.iter().copied().filter(|byte| *byte != b'\r').collect::<Vec<u8>>();
    assert_eq!(serve(&bare, limits(response_options)).result, Err(E::InvalidLineEnding));
    let spaced = Head::request().add("X-Id ", "7").bytes();
    assert_eq!(serve(&spaced, limits(response_options)).result, Err(E::MalformedHeader));
    let text = String::from_utf8(bytes).unwrap().replace("Upgrade: w", "no header\r\nUpgrade: w");
    assert_eq!(serve(text.as_bytes(), limits(response_options)).result, Err(E::MalformedHeader));
}

fn request(tolerance: Tolerance) -> client::Request {
    client::Request::new("ws://h/").unwrap().limits(limits(tolerance))
}

/// The outcome of a response that is followed by the bytes of a frame.
fn open(bytes: &[u8], tolerance: Tolerance) -> Result<Vec<(String, Vec<u8>)>, client::Error> {
    let run = connect(&request(tolerance), &[bytes, b"\x81\x00"].concat());
    let response = run.result?.unwrap();
    assert_eq!(run.remaining, b"\x81\x00");
    Ok(response.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect())
}

fn handshake_error<T>(error: E) -> Result<T, client::Error> {
    Err(client::Error::Handshake(error))
}

#[test]
fn each_option_lets_its_responses_pass_and_no_others() {
    let (bare, spaced) = (NONE.allow_bare_line_feeds(true), NONE.allow_space_before_colon(true));
    let malformed = NONE.allow_malformed_headers(true);
    let folded = response().add("X-Fold", "a\r\n b").bytes();
    let plain = response().bytes();
    let without_cr = |bytes: &[u8]| bytes.iter().copied().filter(|byte| *byte != b'\r').collect::<Vec<u8>>();
    let replaced = |from: &str, to: &str| {
        let text = String::from_utf8(plain.clone()).unwrap();
        assert!(text.contains(from));
        text.replacen(from, to, 1).into_bytes()
    };
    let rows = [
        (bare, without_cr(&plain), E::InvalidLineEnding, &plain),
        (bare, without_cr(&folded), E::InvalidLineEnding, &folded),
        (bare, replaced("websocket\r\n", "websocket\n"), E::InvalidLineEnding, &plain),
        (bare, replaced("101 Switching Protocols\r\n", "101\n"), E::InvalidLineEnding, &plain),
        (
            spaced,
            replaced("Upgrade:", "X-Fold : a\r\n b : c\r\nUpgrade:"),
            E::MalformedHeader,
            &replaced("Upgrade:", "X-Fold: a\r\n b : c\r\nUpgrade:"),
        ),
        (spaced, replaced("Upgrade:", "Upgrade \t:"), E::MalformedHeader, &plain),
        (malformed, replaced("Upgrade:", "this is no header\r\nUpgrade:"), E::MalformedHeader, &plain),
        (
            malformed,
            replaced("Upgrade:", "this is none: \r\n either\r\nUpgrade:"),
            E::MalformedHeader,
            &plain,
        ),
        (malformed, replaced("Upgrade:", ": nameless\r\nUpgrade:"), E::MalformedHeader, &plain),
    ];
    for (option, bytes, error, as_if) in rows {
        assert_eq!(open(&bytes, NONE), handshake_error(error), "{}", bytes.escape_ascii());
        let expected = open(as_if, NONE);
        assert!(expected.is_ok());
        assert_eq!(open(&bytes, option), expected, "{}", bytes.escape_ascii());
        assert_eq!(open(&bytes, all()), expected, "{}", bytes.escape_ascii());
    }
    let refused = [
        (bare, replaced("websocket\r\n", "websocket\r"), E::InvalidLineEnding),
        (bare, replaced("101 Switching", "10\n1 Switching"), E::MalformedStatusLine),
        (bare, replaced("HTTP/1.1 101 Switching Protocols\r\n", "HTTP\n"), E::MalformedStatusLine),
        (bare, replaced("Upgrade:", "\0:"), E::ControlCharacter),
        (spaced, replaced("Upgrade:", "Up grade:"), E::MalformedHeader),
        (spaced, replaced("Upgrade:", "Upgrade\r\n :"), E::MalformedHeader),
        (spaced, replaced("Upgrade:", "Upgrade\t\r\n\t:"), E::MalformedHeader),
        (spaced, replaced("\r\nUpgrade:", "\r\n Upgrade:"), E::FoldedHeader),
        (spaced, replaced("websocket\r\n", "websocket\n"), E::InvalidLineEnding),
        (malformed, replaced("Upgrade:", "Upgrade :"), E::InvalidUpgrade),
        (malformed, replaced("Upgrade:", "\x07:"), E::ControlCharacter),
        (malformed, replaced("Sec-WebSocket-Accept:", "Sec-WebSocket-Accept"), E::InvalidAccept),
    ];
    for (option, bytes, error) in refused {
        assert_eq!(open(&bytes, option), handshake_error(error), "{}", bytes.escape_ascii());
    }
}

#[test]
fn the_limits_of_a_head_hold_with_bare_line_feeds_too() {
    let bytes: Vec<u8> = response().bytes().into_iter().filter(|byte| *byte != b'\r').collect();
    let tolerant = |limits: HandshakeLimits| {
        let limits = limits.tolerance(NONE.allow_bare_line_feeds(true));
        let request = client::Request::new("ws://h/").unwrap().limits(limits);
        connect(&request, &bytes).result.map(|response| response.is_some())
    };
    let longest = bytes.split(|&byte| byte == b'\n').map(<[u8]>::len).max().unwrap();
    assert_eq!(tolerant(HandshakeLimits::new().max_line_len(longest)), Ok(true));
    let limit = longest - 1;
    let too_long = tolerant(HandshakeLimits::new().max_line_len(limit));
    assert_eq!(too_long, handshake_error(E::HeaderLineTooLong { limit }));
    assert_eq!(tolerant(HandshakeLimits::new().max_head_len(bytes.len())), Ok(true));
    let limit = bytes.len() - 1;
    let too_long = tolerant(HandshakeLimits::new().max_head_len(limit));
    assert_eq!(too_long, handshake_error(E::HeadTooLong { limit }));
}

#[test]
fn a_rejection_with_bare_line_feeds_has_its_status_headers_and_body() {
    let bytes = b"HTTP/1.1 401 Unauthorized\nWWW-Authenticate : Basic\nContent-Length: 2\n\nno";
    let run = connect(&request(all()), bytes);
    let Err(client::Error::Rejected(response)) = run.result else { panic!("{run:?}") };
    assert_eq!((response.status(), response.fault(), response.body()), (401, None, &b"no"[..]));
    assert_eq!(response.header("www-authenticate"), Some(&b"Basic"[..]));
    let run = connect(&request(NONE), bytes);
    let Err(client::Error::Rejected(response)) = run.result else { panic!("{run:?}") };
    assert_eq!((response.status(), response.fault()), (401, Some(E::InvalidLineEnding)));
}

#[test]
fn a_head_that_ends_early_has_the_same_fault_with_either_line_ending() {
    let head = "HTTP/1.1 404 Not Found\r\nServer: a\r\nContent-Length: 0\r\n\r\n";
    for cut in 0..head.len() {
        let (cut_off, bare) = (&head[..cut], head[..cut].replace('\r', ""));
        let faults = [cut_off, &bare].map(|head| {
            let mut handshake = client::Handshake::new(&request(all()), SEED, &mut Vec::new()).unwrap();
            let result = handshake.receive(&mut Input::new(&mut head.as_bytes().to_vec()));
            match result.and_then(|_| handshake.receive_eof()) {
                Err(client::Error::Rejected(response)) => Some(response.fault()),
                Err(client::Error::Handshake(error)) => Some(Some(error)),
                result => panic!("{result:?} after {head:?}"),
            }
        });
        assert_eq!(faults[0], faults[1], "{cut_off:?}");
    }
}

#[test]
fn an_empty_subprotocol_in_a_response_selects_none_if_that_is_allowed() {
    let option = NONE.allow_empty_headers(true);
    let empty = response().add("Sec-WebSocket-Protocol", "").bytes();
    let asks = |tolerance| request(tolerance).subprotocol("chat");
    let error = E::UnexpectedSubprotocol;
    assert_eq!(connect(&asks(NONE), &empty).result.map(drop), handshake_error(error));
    let response_of = |request: &client::Request, bytes: &[u8]| connect(request, bytes).result;
    assert_eq!(response_of(&asks(option), &empty).unwrap().unwrap().subprotocol(), None);
    let required = response_of(&asks(option).require_subprotocol(), &empty).map(drop);
    assert_eq!(required, handshake_error(E::MissingSubprotocol));
    for value in ["x", "chat, chat", ","] {
        let bytes = response().add("Sec-WebSocket-Protocol", value).bytes();
        assert_eq!(response_of(&asks(option), &bytes).map(drop), handshake_error(error), "{value}");
    }
    let twice = response().add("Sec-WebSocket-Protocol", "").add("Sec-WebSocket-Protocol", "chat").bytes();
    assert_eq!(response_of(&asks(option), &twice).map(drop), handshake_error(error));
    // The same over HTTP/2.
    for (tolerance, expected) in [(NONE, handshake_error(error)), (option, Ok(()))] {
        let (mut handshake, _) = extended_connect::Handshake::new(&asks(tolerance), SEED).unwrap();
        let opened = handshake.receive([(":status", "200"), ("sec-websocket-protocol", "")]);
        assert_eq!(opened.map(drop), expected);
    }
}

#[test]
fn no_option_changes_what_is_sent_or_what_is_valid() {
    let valid = Head::request()
        .add("Origin", "https://a")
        .add("Sec-WebSocket-Protocol", "a, b")
        .add("Sec-WebSocket-Extensions", "x; y=\"z\"")
        .bytes();
    assert_eq!(serve(&valid, limits(all())), serve(&valid, limits(NONE)));
    assert!(serve(&valid, limits(all())).result.is_ok());
    let folded = response().add("X-Fold", "a\r\n b").bytes();
    assert_eq!(connect(&request(all()), &folded), connect(&request(NONE), &folded));
    let sent = |tolerance| {
        let mut out = Vec::new();
        client::Handshake::new(&request(tolerance).subprotocol("a"), SEED, &mut out).unwrap();
        out
    };
    assert_eq!(sent(all()), sent(NONE));
    assert_eq!(Tolerance::default(), NONE);
    assert_eq!(all().allow_any_key(false).allow_any_key(true), all());
    assert_eq!(format!("{:?}", NONE.allow_any_key(true)), "Tolerance{\"any_key\"}");
    assert_eq!(format!("{:?}", all()).matches(", ").count(), 8);
}

// R6455-4.2.1-1c
#[test]
fn a_target_in_absolute_form_may_have_a_scheme_of_websockets() {
    // R6455-4.2.1-1c
    for (target, path) in [
        ("ws://h:80/a?b", "/a"),
        ("wss://other", "/"),
        ("WS://h/", "/"),
        ("http://h/a", "/a"),
        ("wss://h?q", "/"),
    ] {
        let head = Head::request().line(format!("GET {target} HTTP/1.1"));
        let seen = serve(&head.bytes(), limits(NONE)).result.unwrap().unwrap();
        let authority = target.split("//").nth(1).unwrap().split(['/', '?']).next().unwrap();
        assert_eq!((seen.target.as_str(), seen.authority.as_str()), (target, authority));
        let mut handshake = Handshake::new(limits(NONE));
        let request = handshake.receive(&mut Input::new(&mut head.bytes()), &mut Vec::new());
        assert_eq!(request.unwrap().unwrap().path(), path);
        #[cfg(feature = "http")]
        if let Ok(uri) = target.parse::<http::Uri>() {
            let builder = http::Request::get(uri);
            let request = head
                .headers
                .iter()
                .fold(builder, |builder, (name, value)| builder.header(&name[..], &value[..]));
            let request = sansocket::server::Request::from_http(&request.body(()).unwrap()).unwrap();
            assert_eq!((request.authority(), request.path()), (authority, path));
        }
    }
    for target in ["ftp://h/", "ws:/h", "ws:h", "ws://", "ws://u@h/", "ws://h/#a", "wsx://h/"] {
        let head = Head::request().line(format!("GET {target} HTTP/1.1"));
        assert_eq!(serve(&head.bytes(), limits(all())).result, Err(E::InvalidTarget), "{target}");
    }
}
