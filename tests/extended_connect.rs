//! The opening handshake over HTTP/2 and HTTP/3, from lists of headers (RFC 8441, RFC 9220).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use sansocket::{
    Close, CloseCode, Event, Input, ProtocolError, State, client,
    extended_connect::{Handshake, HeaderList, Request, SETTINGS_ENABLE_CONNECT_PROTOCOL},
    frame::Role,
    handshake::HandshakeError as E,
    server::{Accept, ResponseErrorKind},
};

const SEED: [u8; 32] = [7; 32];

type List<'a> = Vec<(&'a str, &'a [u8])>;

/// The headers that a browser sends.
fn request() -> List<'static> {
    vec![
        (":method", b"CONNECT"),
        (":protocol", b"websocket"),
        (":scheme", b"https"),
        (":path", b"/chat?a=b"),
        (":authority", b"example.com:8443"),
        ("origin", b"https://example.com"),
        ("sec-websocket-version", b"13"),
    ]
}

fn with<'a>(name: &'a str, value: &'a [u8]) -> List<'a> {
    let mut list: List<'a> = request();
    match list.iter_mut().find(|(other, _)| *other == name) {
        Some(found) => found.1 = value,
        None => list.push((name, value)),
    }
    list
}

fn without(name: &str) -> List<'static> {
    request().into_iter().filter(|(other, _)| *other != name).collect()
}

fn and<'a>(mut list: List<'a>, name: &'a str, value: &'a [u8]) -> List<'a> {
    list.push((name, value));
    list
}

fn strings(list: &[(&str, &str)]) -> HeaderList {
    list.iter().map(|&(name, value)| (name.into(), value.into())).collect()
}

// R8441-5-e: a key is neither required nor inspected. R8441-5-f: the rest is negotiated as over HTTP/1.1.
#[test]
fn a_request_is_read_from_its_headers() {
    let list = and(with("sec-websocket-protocol", b"chat, news"), "sec-websocket-key", b"no key");
    let request = Request::from_headers(list).unwrap();
    assert_eq!(request.target(), "https://example.com:8443/chat?a=b");
    assert_eq!((request.path(), request.query()), ("/chat", Some("a=b")));
    assert_eq!(request.authority(), "example.com:8443");
    assert_eq!(request.origin(), Some("https://example.com"));
    assert!(request.subprotocols().eq(["chat", "news"]));
    assert_eq!(format!("{request:?}"), "Request { target: \"https://example.com:8443/chat\", .. }");
    let (headers, connection) =
        request.accept(Accept::new().subprotocol("news").header("X-Id", "7")).unwrap();
    assert_eq!(headers, strings(&[(":status", "200"), ("sec-websocket-protocol", "news"), ("x-id", "7")]));
    assert_eq!((connection.role(), connection.state()), (Role::Server, State::Open));
}

// R8441-4-a, R8441-5-a, R8441-5-c, R8441-5-d, R9220-3-a, R9220-3-b
#[test]
fn a_request_that_breaks_a_rule_gets_an_answer() {
    let cases: [(List<'_>, E, u16); 49] = [
        (without(":method"), E::InvalidPseudoHeader, 400),
        (with(":method", b"GET"), E::InvalidMethod, 405),
        (with(":method", b"connect"), E::InvalidMethod, 405),
        (without(":protocol"), E::UnsupportedProtocol, 501),
        (with(":protocol", b"connect-udp"), E::UnsupportedProtocol, 501),
        (with(":protocol", b"WebSocket"), E::UnsupportedProtocol, 501),
        (with(":protocol", b""), E::UnsupportedProtocol, 501),
        (without(":scheme"), E::InvalidPseudoHeader, 400),
        (without(":path"), E::InvalidPseudoHeader, 400),
        (with(":scheme", b"wss"), E::InvalidTarget, 400),
        (with(":path", b""), E::InvalidTarget, 400),
        (with(":path", b"*"), E::InvalidTarget, 400),
        (with(":path", b"http://h/"), E::InvalidTarget, 400),
        (with(":path", b"/a b"), E::InvalidTarget, 400),
        (with(":path", b"/#a"), E::InvalidTarget, 400),
        (with(":path", b"/\r\nx: y"), E::InvalidTarget, 400),
        (with(":path", b"/\xc3\xa9"), E::InvalidTarget, 400),
        (with(":path", b"/\xe9"), E::InvalidPseudoHeader, 400),
        (without(":authority"), E::InvalidHostHeader, 400),
        (with(":authority", b""), E::InvalidHostHeader, 400),
        (with(":authority", b"a b"), E::InvalidHostHeader, 400),
        (with(":authority", b"h/x"), E::InvalidHostHeader, 400),
        (with(":authority", b"user@h"), E::InvalidHostHeader, 400),
        (with(":authority", b"h:99999"), E::InvalidHostHeader, 400),
        (with("host", b"other.example.com"), E::InvalidHostHeader, 400),
        (and(with("host", b"example.com:8443"), "host", b"example.com:8443"), E::InvalidHostHeader, 400),
        (and(request(), ":path", b"/"), E::InvalidPseudoHeader, 400),
        (with(":status", b"200"), E::InvalidPseudoHeader, 400),
        ([vec![("a", &b"b"[..])], request()].concat(), E::InvalidPseudoHeader, 400),
        (with("connection", b"Upgrade"), E::ConnectionSpecificHeader, 400),
        (with("upgrade", b"websocket"), E::ConnectionSpecificHeader, 400),
        (with("keep-alive", b"1"), E::ConnectionSpecificHeader, 400),
        (with("proxy-connection", b"x"), E::ConnectionSpecificHeader, 400),
        (with("transfer-encoding", b"chunked"), E::ConnectionSpecificHeader, 400),
        (with("te", b"gzip"), E::ConnectionSpecificHeader, 400),
        (with("X-Upper", b"1"), E::MalformedHeader, 400),
        (with("a b", b"1"), E::MalformedHeader, 400),
        (with("", b"1"), E::MalformedHeader, 400),
        (with("x", b"a\r\nb: c"), E::ControlCharacter, 400),
        // RFC 9113, 8.2.1
        (with("sec-websocket-version", b" 13"), E::MalformedHeader, 400),
        (with("x", b"a\t"), E::MalformedHeader, 400),
        (with("host", b"example.com:8444"), E::InvalidHostHeader, 400),
        (with("host", b"example.com"), E::InvalidHostHeader, 400),
        (with("content-length", b"5"), E::UnexpectedBody, 400),
        (without("sec-websocket-version"), E::InvalidVersion, 400),
        (with("sec-websocket-version", b"8"), E::UnsupportedVersion, 400),
        (and(request(), "sec-websocket-version", b"13"), E::InvalidVersion, 400),
        (with("sec-websocket-protocol", b"a, a"), E::InvalidSubprotocols, 400),
        (with("sec-websocket-extensions", b"a;"), E::InvalidExtensions, 400),
    ];
    for (list, error, status) in cases {
        let Err(refusal) = Request::from_headers(list.clone()) else { panic!("{list:?} was taken") };
        assert_eq!((refusal.error(), refusal.status()), (error, status), "{list:?}");
        assert_eq!(refusal.to_string(), error.to_string());
        let status = (":status", &*status.to_string());
        let expected = match error {
            E::InvalidMethod => vec![status, ("allow", "CONNECT")],
            E::InvalidVersion | E::UnsupportedVersion => vec![status, ("sec-websocket-version", "13")],
            _ => vec![status],
        };
        assert_eq!(refusal.into_headers(), strings(&expected), "{list:?}");
    }
}

#[test]
fn unusual_but_valid_frames_are_accepted() {
    for list in [
        with(":scheme", b"http"),
        with("x", b""),
        with(":path", b"/"),
        with("te", b"trailers"),
        with("content-length", b"0"),
        with("host", b"example.com:8443"),
        with("x", b"\xe9\tb"),
        with("cookie", b""),
        without("origin"),
    ] {
        Request::from_headers(list.clone()).unwrap_or_else(|error| panic!("{list:?}: {error}"));
    }
    // RFC 9113, 8.3.1: a Host header instead of the pseudo-header.
    let request = Request::from_headers(and(without(":authority"), "host", b"h")).unwrap();
    assert_eq!((request.target(), request.path(), request.authority()), ("/chat?a=b", "/chat", "h"));
}

#[test]
fn an_answer_that_may_not_be_sent_gives_the_request_back() {
    let mut request = Request::from_headers(request()).unwrap();
    for (accept, kind) in [
        (Accept::new().subprotocol("chat"), ResponseErrorKind::SubprotocolNotOffered),
        (Accept::new().header("a b", "c"), ResponseErrorKind::InvalidHeaderName),
        (Accept::new().header("a", "b\r\nc"), ResponseErrorKind::InvalidHeaderValue),
        (Accept::new().header(":status", "403"), ResponseErrorKind::InvalidHeaderName),
        (Accept::new().header("Keep-Alive", "5"), ResponseErrorKind::ReservedHeader),
        (Accept::new().header("Upgrade", "websocket"), ResponseErrorKind::ReservedHeader),
    ] {
        let error = request.accept(accept).unwrap_err();
        assert_eq!(error.kind(), kind);
        request = error.into_request();
    }
    for (status, headers, kind) in [
        (200, &[][..], ResponseErrorKind::InvalidStatus),
        (299, &[], ResponseErrorKind::InvalidStatus),
        (600, &[], ResponseErrorKind::InvalidStatus),
        (403, &[("Connection", "close")], ResponseErrorKind::ReservedHeader),
        (403, &[("Proxy-Connection", "close")], ResponseErrorKind::ReservedHeader),
        (403, &[("x", "a\nb")], ResponseErrorKind::InvalidHeaderValue),
    ] {
        let error = request.reject(status, headers).unwrap_err();
        assert_eq!(error.kind(), kind);
        request = error.into_request();
    }
    let list = request.reject(307, &[("Location", "https://h/"), ("Retry-After", "5")]).unwrap();
    assert_eq!(list, strings(&[(":status", "307"), ("location", "https://h/"), ("retry-after", "5")]));
}

// R8441-4-a, R8441-5-a, R8441-5-b, R8441-5-c, R8441-5-d, R8441-5-e, R8441-5-f, R9220-3-a
#[test]
fn a_client_sends_the_headers_of_the_specification() {
    let request = client::Request::new("wss://server.example.com/chat")
        .unwrap()
        .subprotocol("chat")
        .subprotocol("superchat")
        .extension("permessage-deflate")
        .origin("http://www.example.com");
    let (_, headers) = Handshake::new(&request, SEED).unwrap();
    let expected = [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "https"),
        (":path", "/chat"),
        (":authority", "server.example.com"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-protocol", "chat, superchat"),
        ("sec-websocket-extensions", "permessage-deflate"),
        ("origin", "http://www.example.com"),
    ];
    assert_eq!(headers, strings(&expected));
    let (_, headers) = Handshake::new(&client::Request::new("ws://h:8080").unwrap(), SEED).unwrap();
    let expected = [(":scheme", "http"), (":path", "/"), (":authority", "h:8080")];
    assert_eq!(headers.get(2..5), Some(&strings(&expected)[..]));
    for (name, value, error) in [
        ("Keep-Alive", "5", client::RequestError::ReservedHeader),
        ("TE", "gzip", client::RequestError::ReservedHeader),
        ("Host", "h", client::RequestError::ReservedHeader),
        (":path", "/", client::RequestError::InvalidHeaderName),
        ("x", "a\r\nb", client::RequestError::InvalidHeaderValue),
    ] {
        let request = client::Request::new("ws://h").unwrap().header(name, value);
        assert_eq!(Handshake::new(&request, SEED).map(|(_, list)| list).unwrap_err(), error, "{name}");
    }
}

fn handshake() -> Handshake {
    let request = client::Request::new("wss://h/").unwrap().subprotocol("chat").extension("x-test");
    Handshake::new(&request, SEED).unwrap().0
}

/// Why there is no connection, if there is none.
type Failure = Option<client::Error>;

// R8441-5-e, R8441-5-g
#[test]
fn a_response_opens_the_connection_or_does_not() {
    let broken = |error: E| Some(client::Error::from(error));
    let cases: [(&[(&str, &str)], Failure); 18] = [
        (&[(":status", "200")], None),
        (&[(":status", "204")], None),
        (&[(":status", "299"), ("sec-websocket-accept", "nothing")], None),
        (&[(":status", "200"), ("sec-websocket-protocol", "chat")], None),
        (&[(":status", "200"), ("sec-websocket-extensions", "x-test")], None),
        (&[(":status", "101")], broken(E::InvalidPseudoHeader)),
        (&[], broken(E::InvalidPseudoHeader)),
        (&[(":status", "20")], broken(E::InvalidPseudoHeader)),
        (&[(":status", "2000")], broken(E::InvalidPseudoHeader)),
        (&[(":status", "200 OK")], broken(E::InvalidPseudoHeader)),
        (&[(":status", "099")], broken(E::InvalidPseudoHeader)),
        (&[(":status", "200"), (":status", "200")], broken(E::InvalidPseudoHeader)),
        (&[(":status", "200"), (":path", "/")], broken(E::InvalidPseudoHeader)),
        (&[(":status", "200"), ("sec-websocket-protocol", "news")], broken(E::UnexpectedSubprotocol)),
        (&[(":status", "200"), ("sec-websocket-extensions", "y")], broken(E::UnexpectedExtension)),
        (&[(":status", "200"), ("connection", "close")], broken(E::ConnectionSpecificHeader)),
        (&[(":status", "200"), ("upgrade", "websocket")], broken(E::ConnectionSpecificHeader)),
        (&[(":status", "200"), ("A", "b")], broken(E::MalformedHeader)),
    ];
    for (list, expected) in cases {
        let mut handshake = handshake();
        let result = handshake.receive(list.iter().copied());
        let (connection, response) = match (result, expected) {
            (Ok(Some(opened)), None) => opened,
            (Err(error), Some(expected)) => {
                assert_eq!(error, expected, "{list:?}");
                let again = handshake.receive([(":status", "200")]).map(|_| ()).unwrap_err();
                assert_eq!((again, handshake.receive_eof()), (error.clone(), Err(error)));
                continue;
            }
            (result, expected) => panic!("{list:?}: {result:?}, not {expected:?}"),
        };
        assert_eq!((connection.role(), connection.state()), (Role::Client, State::Open));
        assert_eq!(Some((":status", &*response.status().to_string())), list.first().copied());
        let again = handshake.receive([(":status", "200")]).map(|_| ()).unwrap_err();
        assert_eq!((again, handshake.receive_eof()), (E::AlreadyComplete.into(), Ok(())));
    }
}

#[test]
fn a_response_that_rejects_is_handed_out() {
    let list = [(":status", "403"), ("www-authenticate", "Basic"), ("content-length", "5")];
    let error = handshake().receive(list).unwrap_err();
    let client::Error::Rejected(response) = error else { panic!("{error:?}") };
    assert_eq!((response.status(), response.body()), (403, &b""[..]));
    assert_eq!(response.header("WWW-Authenticate"), Some(&b"Basic"[..]));
    let mut waiting = handshake();
    assert_eq!(waiting.receive_eof(), Err(E::IncompleteHandshake.into()));
    assert_eq!(format!("{waiting:?}"), "Handshake { state: Handshake(IncompleteHandshake), .. }");
}

#[test]
fn interim_responses_are_passed_over_up_to_a_limit() {
    let mut waiting = handshake();
    for _ in 0..16 {
        assert!(waiting.receive([(":status", "103"), ("link", "</a>")]).unwrap().is_none());
    }
    let mut flooded = handshake();
    for _ in 0..16 {
        assert!(flooded.receive([(":status", "100")]).unwrap().is_none());
    }
    assert!(waiting.receive([(":status", "200")]).unwrap().is_some());
    let error = flooded.receive([(":status", "100")]).map(|_| ()).unwrap_err();
    assert_eq!(error, E::TooManyInterimResponses.into());
}

// R8441-5-h, R8441-5-i, R9220-3-d
#[test]
fn the_stream_carries_masked_frames_and_ends() {
    let open = || {
        let wanted = client::Request::new("wss://h/").unwrap();
        let (mut handshake, headers) = Handshake::new(&wanted, SEED).unwrap();
        let (answer, server) = Request::from_headers(headers).unwrap().accept(Accept::new()).unwrap();
        let (client, _) = handshake.receive(answer).unwrap().unwrap();
        (client, server)
    };
    let (mut client, mut server) = open();
    let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
    client.send_text("hello", &mut to_server).unwrap();
    assert_eq!(to_server.get(1).map(|byte| byte & 0x80), Some(0x80), "frames of a client are masked");
    let event = server.receive(&mut Input::new(&mut to_server), &mut to_client).unwrap();
    assert_eq!(event, Some(Event::Text("hello".into())));
    // The stream of the client was reset.
    assert_eq!(server.receive_eof(), Err(ProtocolError::UnexpectedEof));
    assert_eq!(server.close_outcome().map(|closure| (closure.code, closure.clean)), Some((1006, false)));

    let (mut client, mut server) = open();
    let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
    client.send_close(Close::from(CloseCode::NORMAL), &mut to_server).unwrap();
    server.receive(&mut Input::new(&mut to_server), &mut to_client).unwrap();
    client.receive(&mut Input::new(&mut to_client), &mut Vec::new()).unwrap();
    assert_eq!((server.state(), client.state()), (State::Draining, State::Draining));
    // Both directions of the stream have ended, cleanly or by a reset.
    assert_eq!((server.receive_eof(), client.receive_eof()), (Ok(()), Ok(())));
    assert_eq!(client.close_outcome().map(|closure| (closure.code, closure.clean)), Some((1000, true)));
}

// R8441-3-a
#[test]
fn the_setting_has_its_number() {
    assert_eq!(SETTINGS_ENABLE_CONNECT_PROTOCOL, 8);
}

#[cfg(feature = "deflate")]
mod compression {
    use super::*;
    use sansocket::deflate;

    // R8441-5-f
    #[test]
    fn compression_is_agreed_on_as_over_http_1() {
        let wanted = client::Request::new("wss://h/").unwrap().deflate(deflate::Config::new());
        let (mut handshake, headers) = Handshake::new(&wanted, SEED).unwrap();
        let request = Request::from_headers(headers).unwrap();
        let (answer, server) = request.accept(Accept::new().deflate(deflate::Config::new())).unwrap();
        let (client, response) = handshake.receive(answer).unwrap().unwrap();
        assert!(client.deflate().is_some() && server.deflate().is_some());
        assert_eq!(response.extensions().next().unwrap().name(), "permessage-deflate");

        let (mut handshake, _) = Handshake::new(&wanted, SEED).unwrap();
        let answer = [(":status", "200"), ("sec-websocket-extensions", "permessage-deflate; nonsense")];
        let error = handshake.receive(answer).map(|_| ()).unwrap_err();
        assert_eq!(error, E::UnexpectedExtension.into());
    }
}

#[test]
fn some_empty_elements_are_passed_over() {
    for (commas, taken) in [(16, true), (17, false)] {
        let offers = format!("{}a", ",".repeat(commas));
        let result = Request::from_headers(with("sec-websocket-extensions", offers.as_bytes()));
        assert_eq!(result.map(|request| request.extensions().count()).ok(), taken.then_some(1), "{commas}");
    }
}

#[test]
fn authority_and_host_are_the_same_if_they_mean_the_same() {
    // RFC 9113, 8.3.1; RFC 9110, 4.2.3
    for (scheme, authority, host, same) in [
        ("https", "Example.com", "example.com", true),
        ("https", "example.com:443", "EXAMPLE.com", true),
        ("https", "example.com", "example.com:443", true),
        ("https", "example.com:", "example.com:443", true),
        ("http", "example.com:80", "example.com", true),
        ("http", "[::A]:80", "[::a]", true),
        ("http", "example.com:443", "example.com", false),
        ("https", "example.com:80", "example.com", false),
        ("https", "example.com", "example.org", false),
        ("https", "example.com", "user@example.com", false),
    ] {
        let mut list = with(":authority", authority.as_bytes());
        list.push(("host", host.as_bytes()));
        list[2].1 = scheme.as_bytes();
        let result = Request::from_headers(list).map(drop).map_err(|refusal| refusal.error());
        let expected = if same { Ok(()) } else { Err(E::InvalidHostHeader) };
        assert_eq!(result, expected, "{scheme} {authority} {host}");
    }
}

#[test]
fn cookies_in_several_fields_become_one() {
    // RFC 9113, 8.2.3
    let list = and(and(and(request(), "cookie", b"a=b"), "x", b"y"), "cookie", b"c=d; e=f");
    let joined = Request::from_headers(and(list, "cookie", b"g=h")).unwrap();
    assert_eq!(joined.header("Cookie"), Some(&b"a=b; c=d; e=f; g=h"[..]));
    assert_eq!(joined.headers().filter(|(name, _)| *name == "cookie").count(), 1);
    assert_eq!((joined.headers().count(), joined.header("x")), (4, Some(&b"y"[..])));
    let single = Request::from_headers(and(request(), "cookie", b"a=b")).unwrap();
    assert_eq!(single.header("cookie"), Some(&b"a=b"[..]));
}

#[test]
fn a_violation_in_a_list_does_not_hide_the_status() {
    for (name, value, fault) in [
        ("content-length", "4, 5", E::InvalidContentLength),
        ("Expires", "0", E::MalformedHeader),
        ("x", " padded", E::MalformedHeader),
        ("x", "a\nb", E::ControlCharacter),
        ("connection", "close", E::ConnectionSpecificHeader),
        (":path", "/", E::InvalidPseudoHeader),
    ] {
        let list = [(":status", "401"), ("www-authenticate", "Basic"), (name, value), ("y", "z")];
        let mut failed = handshake();
        let error = failed.receive(list).unwrap_err();
        let client::Error::Rejected(response) = &error else { panic!("{error:?}") };
        assert_eq!((response.status(), response.fault()), (401, Some(fault)));
        assert_eq!(response.header("www-authenticate"), Some(&b"Basic"[..]));
        assert_eq!((response.header("y"), response.header("x")), (Some(&b"z"[..]), None));
        assert_eq!(failed.receive_eof(), Err(error));
        // A response that opens the connection must be well-formed.
        let list = [(":status", "200"), (name, value)];
        let expected = if name == "content-length" { Ok(()) } else { Err(fault.into()) };
        assert_eq!(handshake().receive(list).map(drop), expected);
    }
}
