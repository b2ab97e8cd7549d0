//! The negotiation of permessage-deflate, with any header value at a server and at a client.
//!
//! Input: two configurations (5 bytes each), then the value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sansocket::{Input, client, deflate::Config, handshake::accept_key, server};
use sansocket_fuzz::{ByteSource, agree, request};

fuzz_target!(|data: &[u8]| {
    let mut choices = ByteSource(data);
    let (at_server, at_client) = (choices.deflate(), choices.deflate());
    // Our own two sides always agree on the same parameters.
    let (server, client) = agree(at_server, at_client);
    // A server may use a smaller window, or less takeover, than the client must be prepared for.
    assert!(server.send_window() <= client.receive_window());
    assert!(client.send_window() <= server.receive_window());
    assert!(!server.send_context_takeover() || client.receive_context_takeover());
    assert_eq!(server.receive_context_takeover(), client.send_context_takeover());

    let value = choices.0;
    if value.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
        return;
    }
    server_with(at_server, value);
    client_with(at_client, value);
});

/// Any offer: the response must match one of its elements.
fn server_with(config: Config, value: &[u8]) {
    let Ok(request) = request(value) else { return };
    let agreed = config.accept(request.extensions());
    let mut out = Vec::new();
    let accept = server::Accept::new().deflate(config);
    let connection = sansocket_fuzz::request(value).unwrap().accept(accept, &mut out).unwrap();
    assert_eq!(connection.deflate(), agreed.as_ref());
    let head = String::from_utf8(out).unwrap();
    let Some(agreed) = agreed else {
        assert!(!head.contains("permessage-deflate"));
        return;
    };
    assert!(head.contains(&format!("\r\nSec-WebSocket-Extensions: {agreed}\r\n")));
    let answer = sansocket_fuzz::request(agreed.to_string().as_bytes()).expect("our answer is well-formed");
    let answer = answer.extensions().next().unwrap();
    let value_of = |params: sansocket::handshake::Params<'_>, wanted: &str| {
        let mut params = params;
        params
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value.map(|value| value.parse::<u8>().unwrap()))
    };
    let fits = request.extensions().filter(|offer| offer.name() == "permessage-deflate").any(|offer| {
        let (asked, said) = (
            ["server_no_context_takeover", "server_max_window_bits", "client_max_window_bits"].map(|name| {
                offer
                    .params()
                    .find(|(other, _)| *other == name)
                    .map(|(_, value)| value.map(|v| v.into_owned()))
            }),
            ["server_no_context_takeover", "server_max_window_bits", "client_max_window_bits"]
                .map(|name| value_of(answer.params(), name)),
        );
        let window = match (&asked[1], said[1]) {
            (Some(Some(asked)), Some(Some(said))) => {
                asked.parse().is_ok_and(|asked| (8..=asked).contains(&said))
            }
            (None, said) => said.flatten().is_none_or(|said| (8..=15).contains(&said)),
            _ => false,
        };
        (asked[0].is_none() || said[0].is_some()) && window && (said[2].is_none() || asked[2].is_some())
    });
    assert!(fits, "{agreed} to {}", value.escape_ascii());
}

/// Any response: the negotiated parameters must be within the offer.
fn client_with(config: Config, value: &[u8]) {
    let request = client::Request::new("ws://h/").unwrap().deflate(config);
    let mut head = Vec::new();
    let seed = [3; 32];
    let run = |bytes: &[u8], piece: usize| {
        let mut handshake = client::Handshake::new(&request, seed, &mut Vec::new()).unwrap();
        let mut bytes = bytes.to_vec();
        for piece in bytes.chunks_mut(piece) {
            match handshake.receive(&mut Input::new(piece)) {
                Ok(None) => {}
                Ok(Some((connection, _))) => return Ok(connection.deflate().copied()),
                Err(error) => return Err(error),
            }
        }
        unreachable!("the head is whole");
    };
    client::Handshake::new(&request, seed, &mut head).unwrap();
    let head = String::from_utf8(head).unwrap();
    let key = head.split("Sec-WebSocket-Key: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let mut answer =
        b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ".to_vec();
    answer.extend_from_slice(&accept_key(key.as_bytes()));
    answer.extend_from_slice(b"\r\nSec-WebSocket-Extensions: ");
    answer.extend_from_slice(value);
    answer.extend_from_slice(b"\r\n\r\n");
    let whole = run(&answer, answer.len());
    assert_eq!(run(&answer, 7), whole);
    let Ok(Some(agreed)) = whole else { return };
    let offer = config.offer().to_string();
    assert!(!offer.contains("server_no_context_takeover") || !agreed.receive_context_takeover());
    assert!(!offer.contains("client_no_context_takeover") || !agreed.send_context_takeover());
    let asked = offer.split("server_max_window_bits=").nth(1).map(|rest| rest.split(';').next().unwrap());
    let asked = asked.map_or(15, |bits| bits.parse().unwrap());
    assert!(agreed.receive_window().get() <= asked);
}
