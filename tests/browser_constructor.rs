//! The constructor: URLs by the rules of the WHATWG, subprotocols, and the errors by name.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use core::time::Duration;

use sansocket::{
    browser::{DomError, Request, SyntaxCause, WebSocket},
    client::RequestError,
    session::Transport,
};

const BASE: Option<&str> = Some("https://p:8443/d/");

/// The names in the request line and in the Host header.
fn target(request: &Request) -> (String, String) {
    let socket = WebSocket::new(request, [7; 32], Duration::ZERO).unwrap();
    let Transport::Write(head) = socket.transport() else { panic!("nothing to write") };
    let head = std::str::from_utf8(head).unwrap();
    let target = head.split(' ').nth(1).unwrap().to_owned();
    let host = head.split("\r\nHost: ").nth(1).unwrap().split("\r\n").next().unwrap().to_owned();
    (target, host)
}

/// U1 to U5, U10 to U12 (WHATWG-3.1-a).
#[test]
fn urls_are_those_of_the_whatwg() {
    let cases = [
        ("ws://h", None, "ws://h/", "/", "h"),
        ("ws://h:80/x", None, "ws://h/x", "/x", "h"),
        ("wss://h:443/x", None, "wss://h/x", "/x", "h"),
        ("wss://h:80/", None, "wss://h:80/", "/", "h:80"),
        ("http://h:80/x", None, "ws://h/x", "/x", "h"),
        ("http://h:443/", None, "ws://h:443/", "/", "h:443"),
        ("https://h:8/", None, "wss://h:8/", "/", "h:8"),
        ("/test", BASE, "wss://p:8443/test", "/test", "p:8443"),
        ("?q", BASE, "wss://p:8443/d/?q", "/d/?q", "p:8443"),
        ("", BASE, "wss://p:8443/d/", "/d/", "p:8443"),
        ("//h/x", BASE, "wss://h/x", "/x", "h"),
        ("../a/./b", BASE, "wss://p:8443/a/b", "/a/b", "p:8443"),
        ("ws://h/a b?åäö", None, "ws://h/a%20b?%C3%A5%C3%A4%C3%B6", "/a%20b?%C3%A5%C3%A4%C3%B6", "h"),
        ("WS://EXAMPLE.com/A", None, "ws://example.com/A", "/A", "example.com"),
        ("ws:h/e", None, "ws://h/e", "/e", "h"),
        ("wss:/h/e", None, "wss://h/e", "/e", "h"),
        ("ws:///h/e", None, "ws://h/e", "/e", "h"),
        ("ws://h\\e", None, "ws://h/e", "/e", "h"),
        (" ws://h/\t\n%zz ", None, "ws://h/%zz", "/%zz", "h"),
        ("ws://bücher/", None, "ws://xn--bcher-kva/", "/", "xn--bcher-kva"),
        ("ws://1.2/", None, "ws://1.0.0.2/", "/", "1.0.0.2"),
        ("ws://[2001:DB8::1]:8/", None, "ws://[2001:db8::1]:8/", "/", "[2001:db8::1]:8"),
        ("ws://h/?", None, "ws://h/?", "/", "h"),
        (
            "ws://h/|^\"<>`{}[]'?|^\"<>`{}[]'\\",
            None,
            "ws://h/|^%22%3C%3E%60%7B%7D[]'?|^%22%3C%3E`{}[]%27\\",
            "/|^%22%3C%3E%60%7B%7D[]'?|^%22%3C%3E`{}[]%27\\",
            "h",
        ),
        ("ws://a{b}/", None, "ws://a{b}/", "/", "a{b}"),
    ];
    for (url, base, serialized, resource, host) in cases {
        let request = Request::new(url, base, &[]).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(request.url(), serialized);
        assert_eq!(target(&request), (resource.to_owned(), host.to_owned()), "{url}");
    }
}

/// U6 to U9 (WHATWG-3.1-b).
#[test]
fn other_urls_are_syntax_errors() {
    let cases = [
        ("h", None, SyntaxCause::InvalidUrl),
        ("", None, SyntaxCause::InvalidUrl),
        ("ws://foo bar.com/", None, SyntaxCause::InvalidUrl),
        ("ws://h:65536/", None, SyntaxCause::InvalidUrl),
        ("ws://", None, SyntaxCause::InvalidUrl),
        ("/x", Some("about:blank"), SyntaxCause::InvalidUrl),
        ("ftp://h/", None, SyntaxCause::UnsupportedScheme),
        ("mailto:a@b", None, SyntaxCause::UnsupportedScheme),
        ("about:blank", None, SyntaxCause::UnsupportedScheme),
        ("invalid-scheme://h/", None, SyntaxCause::UnsupportedScheme),
        ("/x", Some("file:///a"), SyntaxCause::UnsupportedScheme),
        ("ws://h/#", None, SyntaxCause::UnexpectedFragment),
        ("ws://h/#t", None, SyntaxCause::UnexpectedFragment),
        ("#t", BASE, SyntaxCause::UnexpectedFragment),
    ];
    for (url, base, cause) in cases {
        let error = Request::new(url, base, &[]).unwrap_err();
        assert_eq!((error, error.name()), (DomError::Syntax(cause), "SyntaxError"), "{url}");
    }
}

/// U13 (Fetch).
#[test]
fn user_information_stays_in_the_url_and_is_not_sent() {
    let request = Request::new("ws://u:p@h/", None, &[]).unwrap();
    let socket = WebSocket::new(&request, [7; 32], Duration::ZERO).unwrap();
    assert_eq!((socket.url(), socket.origin(), request.uri().userinfo()), ("ws://u:p@h/", "ws://h", None));
    let Transport::Write(head) = socket.transport() else { panic!("nothing to write") };
    let head = String::from_utf8(head.to_vec()).unwrap();
    assert!(!head.contains("Authorization") && !head.contains("u:p"), "{head}");
}

/// M6.
#[test]
fn the_origin_of_messages_is_that_of_the_url() {
    for (url, origin) in
        [("wss://h:8080/x", "wss://h:8080"), ("https://h:443/", "wss://h"), ("ws://u@[::1]/", "ws://[::1]")]
    {
        let request = Request::new(url, None, &[]).unwrap();
        assert_eq!(WebSocket::new(&request, [7; 32], Duration::ZERO).unwrap().origin(), origin);
    }
}

/// P1 to P5 (WHATWG-3.1-c).
#[test]
fn subprotocols_are_different_tokens() {
    let new = |protocols: &[&str]| Request::new("ws://h/", None, protocols).map(|_| ());
    let odd = (0..0x20).chain(0x7f..0x100).filter_map(char::from_u32).map(|c| format!("a{c}b"));
    let separators = " ()<>@,;:\\\"/[]?={}".chars().map(|c| format!("ec{c}ho"));
    let others = ["", "/echo", "\u{80}echo", "echo "].map(str::to_owned);
    for protocol in odd.chain(separators).chain(others) {
        assert_eq!(new(&[&protocol]), Err(SyntaxCause::InvalidProtocol.into()), "{protocol:?}");
    }
    assert_eq!(new(&["echo", "echo"]), Err(SyntaxCause::RepeatedProtocol.into()));
    assert_eq!(new(&["echo", "eCho"]), Ok(()));
    let many: Vec<String> = (0..65).map(|index| format!("p{index}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(new(&many[..64]), Ok(()));
    assert_eq!(new(&many), Err(SyntaxCause::TooManyProtocols.into()));
}

/// The order of the checks (WHATWG `WebSockets`, section 3.1).
#[test]
fn the_url_is_checked_before_the_subprotocols() {
    let error = |url, protocols: &[&str]| Request::new(url, None, protocols).unwrap_err();
    assert_eq!(error("ftp://h/#", &["", ""]), SyntaxCause::UnsupportedScheme.into());
    assert_eq!(error("ws://h/#", &["", ""]), SyntaxCause::UnexpectedFragment.into());
    assert_eq!(error("ws://h/", &["a", "a", ""]), SyntaxCause::RepeatedProtocol.into());
}

#[test]
fn an_error_of_the_engine_is_none_of_the_page() {
    let new = |request: Request| WebSocket::new(&request, [7; 32], Duration::ZERO).map(|_| ()).unwrap_err();
    let request = Request::new("ws://h/", None, &[]).unwrap();
    assert_eq!(new(request.clone().header("Upgrade", "x")), RequestError::ReservedHeader);
    assert_eq!(new(request.clone().header("Cookie", "a\r\nb")), RequestError::InvalidHeaderValue);
    assert_eq!(new(request.origin("a b")), RequestError::UnprintableOrigin);
}
