//! Tunnels: any URI of a proxy, any response of one, any split points, and another request after a 407.
//!
//! Input: 1 byte of flags (1: HTTP instead of SOCKS5, 2: with credentials, 4: the transport closes), cuts,
//! and the output of the proxy. The whole input is also parsed as the URI of a proxy.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sansocket::{
    Input,
    handshake::HandshakeLimits,
    proxy::{Handshake, ProxyUri, Request, Target, Tunnel, socks5},
    uri::Uri,
};
use sansocket_fuzz::{ByteSource, placed};

fuzz_target!(|data: &[u8]| {
    let uri: Uri = "wss://example.com/".parse().expect("it is valid");
    if let Some(proxy) = str::from_utf8(data).ok().and_then(|text| ProxyUri::parse(text).ok()) {
        assert!(proxy.host().bytes().all(|byte| byte.is_ascii_graphic()));
        let mut out = Vec::new();
        assert_eq!(Tunnel::new(&proxy, &uri, &mut out).is_ok(), !out.is_empty());
    }
    let mut choices = ByteSource(data);
    let flags = choices.byte();
    let cuts = choices.cuts();
    let stream = choices.0;
    let run = |cuts: &[usize]| {
        if flags & 1 == 0 {
            socks(&Target::from(&uri), flags, stream, cuts)
        } else {
            http(&uri, flags, stream, cuts)
        }
    };
    let whole = run(&[]);
    assert_eq!(run(&cuts), whole, "cut at {cuts:?}");
    let everywhere: Vec<usize> = (1..stream.len()).collect();
    assert_eq!(run(&everywhere), whole, "byte by byte");
});

/// The result as text, with the bytes sent, and the number of bytes left.
fn socks(target: &Target, flags: u8, stream: &[u8], cuts: &[usize]) -> (String, usize) {
    let request = socks5::Request::new(target.clone());
    let request = if flags & 2 == 0 { request } else { request.password("user", "pass") };
    let mut out = Vec::new();
    let mut handshake = socks5::Handshake::new(&request, &mut out).expect("it can be sent");
    let (mut outcome, mut left, mut from) = (Ok(false), 0, 0);
    for cut in placed(cuts, stream.len()) {
        let mut bytes = stream[from..cut].to_vec();
        from = cut;
        let mut input = Input::new(&mut bytes);
        let now = handshake.receive(&mut input, &mut out);
        match outcome {
            Ok(false) => outcome = now,
            Ok(true) => assert_eq!(now, Err(socks5::Error::AlreadyComplete)),
            Err(_) => assert_eq!(now, outcome),
        }
        assert!(input.is_empty() || outcome == Ok(true));
        left += input.len();
    }
    if flags & 4 != 0 {
        assert_eq!(handshake.receive_eof().is_ok(), outcome == Ok(true));
    }
    assert!(out.len() <= 4 + 11 + 18);
    (format!("{outcome:?} {out:?}"), left)
}

/// The result as text, and the number of bytes left.
fn http(uri: &Uri, flags: u8, stream: &[u8], cuts: &[usize]) -> (String, usize) {
    let limits =
        HandshakeLimits::new().max_head_len(2000).max_line_len(500).max_headers(20).max_body_len(300);
    let request = Request::new(uri).limits(limits);
    let mut out = Vec::new();
    let mut handshake = Handshake::new(&request, &mut out).expect("it can be sent");
    let (mut outcome, mut left, mut from) = (Ok(None), 0, 0);
    for cut in placed(cuts, stream.len()) {
        let mut bytes = stream[from..cut].to_vec();
        from = cut;
        let mut input = Input::new(&mut bytes);
        let now = handshake.receive(&mut input);
        match &outcome {
            Ok(None) => outcome = now,
            Ok(Some(_)) => assert!(now.is_err()),
            Err(_) => assert_eq!(now, outcome),
        }
        assert!(input.is_empty() || matches!(outcome, Ok(Some(_))));
        left += input.len();
    }
    let (sent, can_retry) = (out.len(), handshake.can_retry());
    if flags & 4 != 0 {
        assert_eq!(handshake.receive_eof().is_ok(), matches!(outcome, Ok(Some(_))));
        assert!(!handshake.can_retry());
    } else {
        assert_eq!(handshake.retry(&request, &mut out).is_ok(), can_retry);
        assert_eq!(out.len(), if can_retry { 2 * sent } else { sent });
    }
    let seen = outcome.map(|response| response.map(|response| response.status()));
    (format!("{seen:?} {can_retry}"), left)
}
