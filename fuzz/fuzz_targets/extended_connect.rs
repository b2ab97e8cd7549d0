//! An extended CONNECT from any list of headers, at a server and at a client.
//!
//! Input: one header per line, name and value separated by `=`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sansocket::{
    client,
    extended_connect::{Handshake, Request},
    handshake::HandshakeError,
    server::Accept,
};

fuzz_target!(|data: &[u8]| {
    let list: Vec<(&[u8], &[u8])> = data
        .split(|&byte| byte == b'\n')
        .map(|line| {
            let at = line.iter().position(|&byte| byte == b'=').unwrap_or(line.len());
            (&line[..at], line.get(at + 1..).unwrap_or_default())
        })
        .collect();
    server(&list);
    client(&list);
});

/// Checks that an accepted request is valid, and that the response is well-formed.
fn server(list: &[(&[u8], &[u8])]) {
    let value =
        |name: &str| list.iter().find(|(other, _)| *other == name.as_bytes()).map(|(_, value)| *value);
    let request = match Request::from_headers(list.iter().copied()) {
        Ok(request) => request,
        Err(refusal) => {
            assert!((400..600).contains(&refusal.status()) && refusal.status() != 426);
            let headers = refusal.into_headers();
            assert_eq!(headers[0], (":status".into(), refusal.status().to_string()));
            return;
        }
    };
    assert_eq!((value(":method"), value(":protocol")), (Some(&b"CONNECT"[..]), Some(&b"websocket"[..])));
    assert_eq!(value("sec-websocket-version").map(<[u8]>::trim_ascii), Some(&b"13"[..]));
    assert!(request.path().starts_with('/') && request.target().is_ascii());
    assert!(value(":path").unwrap().starts_with(request.path().as_bytes()));
    assert_eq!(request.authority().as_bytes(), value(":authority").or(value("host")).unwrap().trim_ascii());
    assert!(value("upgrade").is_none() && value("connection").is_none());
    let subprotocol = request.subprotocols().next().map(str::to_owned);
    let accept = Accept::new().maybe_subprotocol(subprotocol.as_deref());
    let (answer, _) = request.accept(accept).unwrap();
    assert_eq!(answer.len(), 1 + usize::from(subprotocol.is_some()));
}

/// Checks that a client accepts only selections that it has offered.
fn client(list: &[(&[u8], &[u8])]) {
    let request = client::Request::new("wss://h/").unwrap().subprotocol("chat").extension("x-test");
    let (mut handshake, _) = Handshake::new(&request, [7; 32]).unwrap();
    match handshake.receive(list.iter().copied()) {
        Ok(Some((_, response))) => {
            assert!((200..300).contains(&response.status()));
            assert!(response.subprotocol().is_none_or(|one| one == "chat"));
            assert!(response.extensions().all(|extension| extension.name() == "x-test"));
            assert_eq!(
                handshake.receive(list.iter().copied()).map(|_| ()),
                Err(HandshakeError::AlreadyComplete.into())
            );
        }
        Ok(None) => assert!(handshake.receive_eof().is_err()),
        Err(error) => {
            if let client::Error::Rejected(response) = &error {
                assert!((300..1000).contains(&response.status()));
            }
            assert_eq!(handshake.receive(list.iter().copied()).map(|_| ()), Err(error));
        }
    }
}
