//! `ws` and `wss` URIs (RFC 6455, 3).

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[cfg(target_os = "linux")]
use std::net::{SocketAddr, ToSocketAddrs};

use sansocket::{
    client, proxy,
    uri::{Uri, UriError},
};

/// (URI, secure, host, port, Host header, resource name, normal form)
type Valid = (&'static str, bool, &'static str, u16, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const VALID: &[Valid] = &[
    ("ws://example.com", false, "example.com", 80, "example.com", "/", "ws://example.com/"),
    ("wss://example.com", true, "example.com", 443, "example.com", "/", "wss://example.com/"),
    ("WSS://Example.COM:443/", true, "example.com", 443, "example.com", "/", "wss://example.com/"),
    ("Ws://h:443/", false, "h", 443, "h:443", "/", "ws://h:443/"),
    ("ws://example.com:8080/a/b?x=1&y", false, "example.com", 8080, "example.com:8080", "/a/b?x=1&y", "ws://example.com:8080/a/b?x=1&y"),
    ("ws://example.com?x", false, "example.com", 80, "example.com", "/?x", "ws://example.com/?x"),
    ("ws://example.com/?", false, "example.com", 80, "example.com", "/", "ws://example.com/"),
    ("ws://example.com?", false, "example.com", 80, "example.com", "/", "ws://example.com/"),
    ("ws://h/a?b?c", false, "h", 80, "h", "/a?b?c", "ws://h/a?b?c"),
    ("ws://h/a%20b?", false, "h", 80, "h", "/a%20b", "ws://h/a%20b"),
    ("ws://h:/", false, "h", 80, "h", "/", "ws://h/"),
    ("ws://h:0080/", false, "h", 80, "h", "/", "ws://h/"),
    ("ws://h:65535/", false, "h", 65535, "h:65535", "/", "ws://h:65535/"),
    ("ws://[2001:DB8::1]:80/", false, "[2001:db8::1]", 80, "[2001:db8::1]", "/", "ws://[2001:db8::1]/"),
    ("ws://[::1]:9000/", false, "[::1]", 9000, "[::1]:9000", "/", "ws://[::1]:9000/"),
    ("ws://127.0.0.1/", false, "127.0.0.1", 80, "127.0.0.1", "/", "ws://127.0.0.1/"),
    ("ws://user:pw@h/", false, "h", 80, "h", "/", "ws://user:pw@h/"),
    ("ws://h/@?@:/", false, "h", 80, "h", "/@?@:/", "ws://h/@?@:/"),
    ("ws://h/.well-known/x", false, "h", 80, "h", "/.well-known/x", "ws://h/.well-known/x"), // R8307-2-a
    ("http://example.com:443/x", false, "example.com", 443, "example.com:443", "/x", "ws://example.com:443/x"), // WHATWG-3.1-a
    ("HTTPS://example.com/x?y", true, "example.com", 443, "example.com", "/x?y", "wss://example.com/x?y"), // WHATWG-3.1-a
    ("ws://[FE80::1%25Eth0.1]/", false, "[fe80::1]", 80, "[fe80::1]", "/", "ws://[fe80::1%25Eth0.1]/"),
    ("wss://u@[fe80::1%251]:9/x", true, "[fe80::1]", 9, "[fe80::1]:9", "/x", "wss://u@[fe80::1%251]:9/x"),
    ("ws://h/%23", false, "h", 80, "h", "/%23", "ws://h/%23"),
];

#[test]
fn the_parts_of_a_uri_are_those_of_section_3() {
    // R6455-1.7-a, R6455-3-a, R6455-3-b, R6455-3-c, R6455-3-d, R6455-3-f, R6455-4.1-r4
    for &(text, secure, host, port, authority, resource, normal) in VALID {
        let uri = Uri::parse(text).unwrap();
        assert_eq!((uri.is_secure(), uri.host(), uri.port()), (secure, host, port), "{text}");
        assert_eq!((uri.authority(), uri.resource_name()), (authority, resource), "{text}");
        assert_eq!(uri.to_string(), normal, "{text}");
    }
}

#[test]
fn the_normal_form_reads_as_the_same_uri() {
    // R6455-4.1-3c
    for (text, ..) in VALID {
        let uri: Uri = text.parse().unwrap();
        assert_eq!(Uri::try_from(&*uri.to_string()), Ok(uri), "{text}");
    }
}

#[test]
fn a_uri_that_names_no_resource_is_an_error_that_names_the_part() {
    // R6455-3-a, R6455-3-e, R6455-4.1-1, R6455-11.1.1-a, R6455-11.1.1-b, WHATWG-3.1-b
    use UriError::{
        InvalidAuthority, InvalidCharacter, InvalidHost, InvalidPort, InvalidScheme, InvalidUserInfo,
        NonAscii, UnexpectedFragment,
    };
    for (text, error) in [
        ("ws://h/#x", UnexpectedFragment),
        ("ws://h/#", UnexpectedFragment),
        ("ws://h#", UnexpectedFragment),
        ("", InvalidScheme),
        ("h", InvalidScheme),
        ("file://h/", InvalidScheme),
        ("httpx://h/", InvalidScheme),
        ("wsx://h/", InvalidScheme),
        ("//h/", InvalidScheme),
        ("h:80", InvalidScheme),
        (":", InvalidScheme),
        ("ws:/h", InvalidAuthority),
        ("ws:h", InvalidAuthority),
        ("ws:", InvalidAuthority),
        ("ws://", InvalidAuthority),
        ("ws:///p", InvalidAuthority),
        ("ws://:80/", InvalidAuthority),
        ("ws://u@/", InvalidAuthority),
        ("ws://h:0x50/", InvalidPort),
        ("ws://h:70000/", InvalidPort),
        ("ws://h:-1/", InvalidPort),
        ("ws://h:+1/", InvalidPort),
        ("ws://h:1:2/", InvalidPort),
        ("ws://h:a/", InvalidPort),
        ("ws://::1/", InvalidAuthority),
        ("ws://[::1/", InvalidHost),
        ("ws://[::1]x/", InvalidHost),
        ("ws://[::1]x:80/", InvalidHost),
        ("ws://[h]/", InvalidHost),
        ("ws://[]/", InvalidHost),
        ("ws://[fe80::1%25]/", InvalidHost),
        ("ws://[fe80::1%eth0]/", InvalidHost),
        ("ws://[fe80::1%25eth%300]/", InvalidHost),
        ("ws://[fe80::1%25a/b]/", InvalidHost),
        ("ws://[h%25eth0]/", InvalidHost),
        ("ws://[::1%25eth0/", InvalidHost),
        ("ws://h%25eth0/", InvalidHost),
        ("ws://h%0d%0a/", InvalidHost),
        ("ws://h\\x/", InvalidHost),
        ("ws://h]/", InvalidHost),
        ("ws://a@b@h/", InvalidUserInfo),
        ("ws://h\\@evil/", InvalidUserInfo),
        ("ws://h/a b", InvalidCharacter),
        ("ws://h/\t", InvalidCharacter),
        ("ws://h/\x7f", InvalidCharacter),
        ("ws://h/\0", InvalidCharacter),
        (" ws://h/", InvalidCharacter),
        ("ws://h\r\nX: y/", InvalidCharacter),
        ("ws://u\r\n@h/", InvalidCharacter),
        ("ws://h:8\n0/", InvalidCharacter),
        ("ws://u%@h/", InvalidUserInfo),
        ("ws://u%4@h/", InvalidUserInfo),
        ("ws://u%4g@h/", InvalidUserInfo),
        ("ws://u:%%41@h/", InvalidUserInfo),
        ("ws://h/é", NonAscii),
        ("ws://é/", NonAscii),
    ] {
        assert_eq!(Uri::parse(text), Err(error), "{text:?}");
    }
    assert_eq!(Uri::parse(b"ws://h/\xff"), Err(NonAscii));
}

#[test]
fn the_host_is_had_without_the_brackets_of_an_address() {
    // R6455-4.1-5d
    for (text, host) in [("ws://[::1]:9000/", "::1"), ("ws://h/", "h"), ("ws://127.0.0.1/", "127.0.0.1")] {
        assert_eq!(Uri::parse(text).unwrap().host_without_brackets(), host);
    }
}

#[test]
fn a_zone_is_used_to_connect_and_not_sent() {
    for (text, host, zone) in [
        ("ws://[fe80::1%25lo]:9000/", "fe80::1%lo", Some("lo")),
        ("ws://[FE80::1%2525]/", "fe80::1%25", Some("25")),
        ("ws://[::1]/", "::1", None),
        ("ws://h/%25lo]", "h", None),
    ] {
        let uri = Uri::parse(text).unwrap();
        assert_eq!((uri.connect_host(), uri.zone()), (host, zone), "{text}");
        assert!(!uri.host_without_brackets().contains('%'));
        let request = client::Request::from(uri);
        let mut out = Vec::new();
        client::Handshake::new(&request, [7; 32], &mut out).unwrap();
        let head = String::from_utf8(out).unwrap();
        let sent = head.split("Host: ").nth(1).unwrap().lines().next().unwrap();
        assert_eq!(sent, request.uri().authority());
        assert!(!sent.contains('%'), "{sent}");
        assert_eq!(proxy::Target::from(request.uri()).to_string().find('%'), None);
    }
}

/// What `connect_host` returns is what name resolution of the operating system takes.
#[test]
#[cfg(target_os = "linux")]
fn name_resolution_takes_a_zone() {
    let uri = Uri::parse("ws://[fe80::1%25lo]:9000/").unwrap();
    let mut found = (uri.connect_host(), uri.port()).to_socket_addrs().unwrap();
    let Some(SocketAddr::V6(address)) = found.next() else { panic!("no address") };
    assert_eq!((address.ip().to_string(), address.port()), ("fe80::1".to_owned(), 9000));
    assert_ne!(address.scope_id(), 0);
}

#[test]
fn user_information_is_exposed_and_nowhere_else() {
    // R6455-3-g
    for (text, userinfo) in [
        ("ws://user:pw@h/", Some("user:pw")),
        ("ws://@h/", Some("")),
        ("ws://a%40b@h:1/", Some("a%40b")),
        ("ws://h/u@x", None),
    ] {
        let uri = Uri::parse(text).unwrap();
        assert_eq!(uri.userinfo(), userinfo, "{text}");
        assert_eq!(uri.host(), "h", "{text}");
    }
}

#[test]
fn debug_output_is_short_and_holds_no_credentials() {
    let long = format!("ws://user:secret@{}/{}?token=secret", "h".repeat(3000), "\"\\".repeat(3000));
    let shown = format!("{:?}", Uri::parse(&long).unwrap());
    assert!(shown.len() <= 256 && !shown.contains("secret"), "{shown}");
}
