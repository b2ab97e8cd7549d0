//! The client handshake: a request of any parts, any response, and any split points.
//!
//! Input: 1 byte of flags (1: raw bytes, 2: the right accept, 4: compression is offered, 8: a subprotocol is
//! required, 16: the transport closes), cuts, a subprotocol, a header name and value (each as a length and
//! bytes); then header lines after a valid start, or with flag 1 the raw stream.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sansocket::{
    Input, client, deflate,
    handshake::{HandshakeLimits, accept_key},
    server,
};
use sansocket_fuzz::{ByteSource, placed};

const SEED: [u8; 32] = [3; 32];

fuzz_target!(|data: &[u8]| {
    let mut choices = ByteSource(data);
    let flags = choices.byte();
    let cuts = choices.cuts();
    let mut text = |max| {
        let len = usize::from(choices.byte() % max);
        choices.text(len)
    };
    let (subprotocol, name, value) = (text(12), text(16), text(32));
    let limits =
        HandshakeLimits::new().max_head_len(2000).max_line_len(500).max_headers(20).max_body_len(300);
    let mut request = client::Request::new("ws://h/a?b").expect("it is valid").limits(limits);
    if flags & 4 != 0 {
        request = request.deflate(deflate::Config::new());
    }
    if flags & 8 != 0 {
        request = request.subprotocol("chat").require_subprotocol();
    }
    // The caller's parts: either all of them are sent as given, or nothing is sent.
    let with_parts = request.clone().subprotocol(&subprotocol).header(&name, &value);
    let mut head = Vec::new();
    match client::Handshake::new(&with_parts, SEED, &mut head) {
        Ok(_) => {
            request = with_parts;
            check_request(&head);
        }
        Err(_) => assert!(head.is_empty()),
    }

    head.clear();
    client::Handshake::new(&request, SEED, &mut head).expect("it is in order");
    let text = String::from_utf8(head).expect("it is text");
    let key = text.split("Sec-WebSocket-Key: ").nth(1).and_then(|rest| rest.get(..24)).expect("a key");
    let mut stream = Vec::new();
    if flags & 1 == 0 {
        stream.extend_from_slice(b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    }
    if flags & 2 != 0 {
        let at = choices.0.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(choices.0.len());
        stream.extend_from_slice(choices.bytes(at));
        stream.extend_from_slice(if stream.ends_with(b"\r\n") { b"" } else { b"\r\n" });
        stream.extend_from_slice(b"Sec-WebSocket-Accept: ");
        stream.extend_from_slice(&accept_key(key.as_bytes()));
    }
    stream.extend_from_slice(choices.0);

    let eof = flags & 16 != 0;
    let whole = run(&request, &stream, &[], eof);
    assert_eq!(run(&request, &stream, &cuts, eof), whole, "cut at {cuts:?}");
    let everywhere: Vec<usize> = (1..stream.len()).collect();
    assert_eq!(run(&request, &stream, &everywhere, eof), whole, "byte by byte");
});

/// Checks that our own server accepts it, and that it has exactly the expected lines.
fn check_request(head: &[u8]) {
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut request = httparse::Request::new(&mut headers);
    assert_eq!(request.parse(head), Ok(httparse::Status::Complete(head.len())));
    let lines = head.windows(2).filter(|pair| *pair == b"\r\n").count();
    assert_eq!(lines, request.headers.len() + 2, "a header that is two");
    let mut handshake = server::Handshake::new(HandshakeLimits::new());
    let taken = handshake.receive(&mut Input::new(&mut head.to_vec()), &mut Vec::new());
    assert!(matches!(taken, Ok(Some(_))), "{taken:?}");
}

/// The result as text, and the number of bytes left in the stream.
fn run(request: &client::Request, stream: &[u8], cuts: &[usize], eof: bool) -> (String, usize) {
    let mut handshake = client::Handshake::new(request, SEED, &mut Vec::new()).expect("it is in order");
    let (mut outcome, mut left, mut from) = (None, 0, 0);
    for cut in placed(cuts, stream.len()) {
        let mut bytes = stream[from..cut].to_vec();
        from = cut;
        let mut input = Input::new(&mut bytes);
        match (handshake.receive(&mut input), &outcome) {
            (Ok(None), None) => assert!(input.is_empty()),
            (Ok(Some((connection, response))), None) => {
                left = input.len() + stream.len() - cut;
                let headers: Vec<_> = response.headers().collect();
                let subprotocol = response.subprotocol();
                outcome = Some(format!("{:?} {subprotocol:?} {headers:?}", connection.deflate()));
            }
            (Err(error), None) => {
                assert!(input.is_empty());
                outcome = Some(format!("{error:?} {}", body(&error)));
            }
            (Err(error), Some(before)) => {
                let complete = client::Error::from(sansocket::handshake::HandshakeError::AlreadyComplete);
                let text = format!("{error:?} {}", body(&error));
                assert!(
                    text == *before || format!("{error:?}") == format!("{complete:?}"),
                    "{text} after {before}"
                );
            }
            (Ok(_), Some(before)) => panic!("it goes on after {before}"),
        }
    }
    if eof {
        let end = handshake.receive_eof();
        let text = end.as_ref().err().map(|error| format!("{error:?} {}", body(error)));
        return (format!("{outcome:?} {text:?}"), left);
    }
    (outcome.unwrap_or_default(), left)
}

fn body(error: &client::Error) -> String {
    match error {
        client::Error::Rejected(response) => {
            let (status, body) = (response.status(), response.body());
            assert!(body.len() <= 300);
            let headers: Vec<_> = response.headers().collect();
            format!("{status} {headers:?} {} {}", body.escape_ascii(), response.is_truncated())
        }
        _ => String::new(),
    }
}
