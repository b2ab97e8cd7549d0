//! Tunnels through SOCKS5 proxies (RFC 1928 and 1929).
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "common/proxies.rs"]
mod proxies;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
};

use proxies::Proxy;
use sansocket::{
    Input,
    client::RequestError,
    proxy::{
        self, ProxyUri, Target, Tunnel,
        socks5::{Error, Handshake, Request},
    },
    uri::Uri,
};

fn target(uri: &str) -> Target {
    Target::from(&uri.parse::<Uri>().unwrap())
}

/// The result, the sent bytes, and the rest of the input.
type Outcome = (Result<bool, Error>, Vec<u8>, Vec<u8>);

/// Runs the bytes of a proxy in one read, split in two at every position, and byte by byte.
fn run(request: &Request, bytes: &[u8]) -> Outcome {
    let run = |pieces: &[&[u8]]| {
        let mut out = Vec::new();
        let mut handshake = Handshake::new(request, &mut out).unwrap();
        let (mut result, mut left) = (Ok(false), Vec::new());
        for piece in pieces {
            let mut piece = piece.to_vec();
            let mut input = Input::new(&mut piece);
            let now = handshake.receive(&mut input, &mut out);
            match result {
                Ok(false) => result = now,
                Ok(true) => assert_eq!(now, Err(Error::AlreadyComplete)),
                Err(_) => assert_eq!(now, result),
            }
            left.extend_from_slice(input.remaining());
        }
        let eof = match result {
            Ok(false) => Err(Error::IncompleteHandshake),
            result => result.map(drop),
        };
        assert_eq!((handshake.receive_eof(), handshake.receive_eof()), (eof, eof));
        (result, out, left)
    };
    let whole = run(&[bytes]);
    for at in 0..=bytes.len() {
        assert_eq!(run(&[&bytes[..at], &bytes[at..]]), whole, "cut at {at}");
    }
    assert_eq!(run(&bytes.chunks(1).collect::<Vec<_>>()), whole, "byte by byte");
    whole
}

const OPEN: &[u8] = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00";

#[test]
fn names_and_both_kinds_of_addresses_are_requested_with_their_port() {
    let address: SocketAddr = "[fe80::1%3]:9".parse().unwrap();
    for (target, expected) in [
        (target("ws://example.com/chat"), b"\x03\x0bexample.com\x00\x50".to_vec()),
        (target("wss://192.0.2.1/"), b"\x01\xc0\x00\x02\x01\x01\xbb".to_vec()),
        (
            target("ws://[2001:db8::1]:8080"),
            [&b"\x04\x20\x01\x0d\xb8"[..], &[0; 11], b"\x01\x1f\x90"].concat(),
        ),
        (Target::from(address), [&b"\x04\xfe\x80"[..], &[0; 13], b"\x01\x00\x09"].concat()),
    ] {
        let (result, out, left) = run(&Request::new(target), &[b"\x05\x00", OPEN, b"next"].concat());
        assert_eq!((result, &left[..]), (Ok(true), &b"next"[..]));
        assert_eq!(out, [b"\x05\x01\x00\x05\x01\x00", &expected[..]].concat());
    }
}

#[test]
fn the_reply_may_have_any_kind_of_address() {
    let long = [&b"\x03\xff"[..], &[b'a'; 255], b"\x00\x50"].concat();
    for address in
        [&b"\x01\x7f\x00\x00\x01\x00\x50"[..], &[&b"\x04"[..], &[7; 18]].concat(), b"\x03\x00\x00\x50", &long]
    {
        let bytes = [b"\x05\x00\x05\x00\x00", address, b"rest"].concat();
        let (result, _, left) = run(&Request::new(target("ws://h/")), &bytes);
        assert_eq!((result, &left[..]), (Ok(true), &b"rest"[..]), "{address:?}");
        let (result, ..) = run(&Request::new(target("ws://h/")), &bytes[..bytes.len() - 5]);
        assert_eq!(result, Ok(false), "{address:?}");
    }
}

#[test]
fn credentials_are_sent_if_the_proxy_selects_them() {
    let request = Request::new(target("ws://h/")).password("old", "old").password("me", "secret");
    let (connect, auth) = (b"\x05\x01\x00\x03\x01h\x00\x50", b"\x01\x02me\x06secret");
    // RFC 1929 has version 1; the version of SOCKS in its place is accepted.
    for version in [1, 5] {
        let (result, out, _) = run(&request, &[b"\x05\x02", &[version, 0][..], OPEN].concat());
        assert_eq!(result, Ok(true));
        assert_eq!(out, [&b"\x05\x02\x00\x02"[..], auth, connect].concat());
    }
    let (result, out, _) = run(&request, &[b"\x05\x00", OPEN].concat());
    assert_eq!(result, Ok(true));
    assert_eq!(out, [&b"\x05\x02\x00\x02"[..], connect].concat());
    let handshake = Handshake::new(&request, &mut Vec::new()).unwrap();
    assert!(!format!("{request:?} {handshake:?}").contains("secret"));
}

#[test]
fn the_first_byte_that_refuses_or_is_invalid_decides() {
    let plain = Request::new(target("ws://h/"));
    let password = plain.clone().password("me", "secret");
    let cases: &[(&Request, &[u8], Error)] = &[
        (&plain, b"\x04", Error::UnexpectedVersion { version: 4 }),
        (&plain, b"H", Error::UnexpectedVersion { version: b'H' }),
        (&plain, b"\x05\xff", Error::NoAcceptableMethod),
        (&plain, b"\x05\x02", Error::UnexpectedMethod { method: 2 }),
        (&password, b"\x05\x01", Error::UnexpectedMethod { method: 1 }),
        (&password, b"\x05\x02\x00", Error::UnexpectedAuthVersion { version: 0 }),
        (&password, b"\x05\x02\x01\x01", Error::AuthenticationFailed { status: 1 }),
        (&plain, b"\x05\x00\x00", Error::UnexpectedVersion { version: 0 }),
        (&plain, b"\x05\x00\x05\x05", Error::Rejected { code: 5 }),
        (&plain, b"\x05\x00\x05\x00\x01", Error::ReservedByte { byte: 1 }),
        (&plain, b"\x05\x00\x05\x00\x00\x02", Error::UnknownAddressType { address_type: 2 }),
    ];
    for (request, bytes, error) in cases {
        // The previous byte is not sufficient, and no byte after this one remains.
        assert_eq!(run(request, &bytes[..bytes.len() - 1]).0, Ok(false), "{error:?}");
        let (result, out, left) = run(request, &[bytes, &b"more"[..]].concat());
        assert_eq!((result, left), (Err(*error), vec![]));
        assert_eq!(out, run(request, &bytes[..bytes.len() - 1]).1);
    }
}

#[test]
fn every_reply_code_has_a_text() {
    let texts: Vec<_> = (1..=9).map(|code| Error::Rejected { code }.to_string()).collect();
    assert_eq!(texts[0], "the proxy opened no tunnel: general failure of the proxy (code 1)");
    assert_eq!(texts[4], "the proxy opened no tunnel: the target refused the connection (code 5)");
    assert_eq!(texts[8], "the proxy opened no tunnel: a reason that RFC 1928 does not assign (code 9)");
    for (at, text) in texts.iter().enumerate() {
        assert!(!texts[..at].contains(text), "{text}");
    }
}

#[test]
fn what_the_protocol_cannot_carry_is_refused_before_anything_is_sent() {
    let long = "a".repeat(256);
    let request = |user: &str, password: &str| Request::new(target("ws://h/")).password(user, password);
    for (request, error) in [
        (request("", "p"), RequestError::InvalidCredentials),
        (request("u", ""), RequestError::InvalidCredentials),
        (request(&long, "p"), RequestError::InvalidCredentials),
        (request("u", &long), RequestError::InvalidCredentials),
        (Request::new(target(&format!("ws://{long}/"))), RequestError::HostTooLong),
    ] {
        let mut out = Vec::new();
        assert_eq!(Handshake::new(&request, &mut out).unwrap_err(), error);
        assert!(out.is_empty());
    }
    let (result, ..) = run(&request(&long[1..], &long[1..]), &[b"\x05\x02\x01\x00", OPEN].concat());
    assert_eq!(result, Ok(true));
    let replaced = request("", "").password("u", "p");
    assert!(Handshake::new(&replaced, &mut Vec::new()).is_ok());
}

#[test]
fn one_machine_serves_every_proxy_that_a_uri_names() {
    let uri: Uri = "wss://example.com/".parse().unwrap();
    for (proxy, answers) in [
        ("http://me:p%40ss@h", vec![&b"HTTP/1.1 200 OK\r\n\r\nnext"[..]]),
        (
            "socks5h://me:p%40ss@h",
            vec![b"\x05\x02", b"\x01\x00", b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00next"],
        ),
    ] {
        let (mut out, mut open) = (Vec::new(), false);
        let mut tunnel = Tunnel::new(&proxy.parse().unwrap(), &uri, &mut out).unwrap();
        for answer in answers {
            assert!(!open);
            let mut answer = answer.to_vec();
            let mut input = Input::new(&mut answer);
            open = tunnel.receive(&mut input, &mut out).unwrap();
            assert_eq!(input.remaining(), if open { &b"next"[..] } else { b"" });
        }
        assert!(open && tunnel.receive_eof().is_ok());
        let sent = String::from_utf8_lossy(&out);
        assert!(sent.contains("example.com"), "{sent}");
        assert!(
            sent.contains(if proxy.starts_with('h') { "Basic bWU6cEBzcw==" } else { "\x02me\x04p@ss" }),
            "{sent}"
        );
        assert!(!format!("{tunnel:?}").contains("p@ss"));
    }
    let proxy: ProxyUri = "socks5://h".parse().unwrap();
    let mut tunnel = Tunnel::new(&proxy, &uri, &mut Vec::new()).unwrap();
    let refused = tunnel.receive(&mut Input::new(&mut [5, 0xff]), &mut Vec::new());
    assert_eq!(refused, Err(proxy::Error::Socks5(Error::NoAcceptableMethod)));
    assert_eq!(tunnel.receive_eof(), Err(proxy::Error::Socks5(Error::NoAcceptableMethod)));
}

/// Opens a tunnel through a proxy that runs, and leads `HELLO` through it and back.
fn through(proxy: &Proxy, credentials: &str, target: impl Into<Target>) -> Result<String, proxy::Error> {
    let uri = format!("socks5h://{credentials}127.0.0.1:{}", proxy.port).parse().unwrap();
    let mut stream = proxies::connect(proxy.port);
    let (mut out, mut buf) = (Vec::new(), [0; 512]);
    let mut tunnel = Tunnel::new(&uri, target, &mut out).unwrap();
    loop {
        stream.write_all(&out).unwrap();
        out.clear();
        let count = stream.read(&mut buf).unwrap();
        if count == 0 {
            tunnel.receive_eof()?;
        }
        if tunnel.receive(&mut Input::new(&mut buf[..count]), &mut out)? {
            return Ok(proxies::hello(stream));
        }
    }
}

/// The end of a tunnel to the same port by name and by both kinds of addresses.
fn targets() -> [Target; 3] {
    let (v4, v6) = (proxies::echo("127.0.0.1:0"), proxies::echo("[::1]:0"));
    [target(&format!("ws://localhost:{}", v4.port())), v4.into(), v6.into()]
}

/// The address of a port without a listener.
fn closed() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn microsocks_opens_tunnels_with_the_right_credentials() {
    if !proxies::can_be_run("microsocks", "-?", "SANSOCKET_SOCKS") {
        return;
    }
    for auth in [&[][..], &["-u", "user", "-P", "s:cret"]] {
        let proxy = Proxy::start("microsocks", |port| {
            let listen = ["-i".into(), "127.0.0.1".into(), "-p".into(), port.to_string()];
            listen.into_iter().chain(auth.iter().map(|&argument| argument.to_owned())).collect()
        });
        let credentials = if auth.is_empty() { "" } else { "user:s%3Acret@" };
        for target in targets() {
            assert_eq!(through(&proxy, credentials, target.clone()), Ok("HELLO".to_owned()), "{target}");
        }
        let refused = through(&proxy, credentials, closed());
        assert_eq!(refused, Err(Error::Rejected { code: 5 }.into()));
        if !auth.is_empty() {
            let wrong = through(&proxy, "user:wrong@", closed());
            assert!(
                matches!(wrong, Err(proxy::Error::Socks5(Error::AuthenticationFailed { .. }))),
                "{wrong:?}"
            );
            assert_eq!(through(&proxy, "", closed()), Err(Error::NoAcceptableMethod.into()));
        }
    }
}

#[test]
fn dante_opens_tunnels_and_says_why_it_does_not() {
    if !proxies::can_be_run("danted", "-v", "SANSOCKET_SOCKS") {
        return;
    }
    let proxy = Proxy::start("danted", |port| {
        let config = format!(
            "logoutput: /dev/null\ninternal: 127.0.0.1 port = {port}\nexternal.protocol: ipv4 ipv6\nexternal: lo\n\
             clientmethod: none\nsocksmethod: none\nuser.privileged: root\nuser.unprivileged: nobody\n\
             client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}\n\
             socks block {{ from: 0.0.0.0/0 to: 203.0.113.0/24 }}\n\
             socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}\nsocks pass {{ from: 0.0.0.0/0 to: ::/0 }}\n"
        );
        vec!["-f".into(), proxies::config_file(port, &config)]
    });
    for target in targets() {
        assert_eq!(through(&proxy, "", target.clone()), Ok("HELLO".to_owned()), "{target}");
    }
    let address: SocketAddr = "203.0.113.1:80".parse().unwrap();
    assert_eq!(through(&proxy, "", address), Err(Error::Rejected { code: 2 }.into()));
    assert_eq!(through(&proxy, "", closed()), Err(Error::Rejected { code: 5 }.into()));
}
