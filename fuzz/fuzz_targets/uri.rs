//! URIs: any bytes. An accepted URI is put into a request that our own server accepts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sansocket::{Input, client, handshake::HandshakeLimits, server, uri::Uri};

fuzz_target!(|data: &[u8]| {
    let Ok(uri) = Uri::parse(data) else { return };
    assert!(!uri.host().is_empty() && uri.resource_name().starts_with('/'));
    for part in [uri.host(), uri.authority(), uri.resource_name()] {
        assert!(part.bytes().all(|byte| byte.is_ascii_graphic()), "{part:?}");
    }
    // Its parts make up the same URI.
    let scheme = if uri.is_secure() { "wss" } else { "ws" };
    let again = format!("{scheme}://{}:{}{}", uri.host(), uri.port(), uri.resource_name());
    let again = Uri::parse(&again).expect("its parts are valid");
    assert_eq!(
        (again.host(), again.port(), again.resource_name()),
        (uri.host(), uri.port(), uri.resource_name())
    );
    assert_eq!((again.is_secure(), again.authority()), (uri.is_secure(), uri.authority()));

    let Ok(request) = client::Request::new(std::str::from_utf8(data).expect("it was accepted")) else {
        return;
    };
    let mut head = Vec::new();
    client::Handshake::new(&request, [1; 32], &mut head).expect("nothing is wrong with it");
    let mut handshake = server::Handshake::new(HandshakeLimits::new());
    match handshake.receive(&mut Input::new(&mut head), &mut Vec::new()) {
        Ok(request) => {
            let request = request.expect("the head is whole");
            assert_eq!((request.target(), request.authority()), (uri.resource_name(), uri.authority()));
        }
        // It exceeds the server's limit, and has no other error.
        Err(error) => assert!(data.len() > 8000, "{error}"),
    }
});
