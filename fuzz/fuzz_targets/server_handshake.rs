//! The server handshake: any request, with any split points, and an answer of any kind.
//!
//! Input: 1 byte of flags (1: `receive_any`, 2: raw bytes), cuts, the answer (a byte for the kind, then a
//! header name and value and a body, each as a length and bytes); then header lines after a valid start, or
//! with flag 2 the raw stream.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sansocket::{
    Input, deflate,
    handshake::{HandshakeError, HandshakeLimits},
    server::{Accept, Handshake, Incoming, Request},
};
use sansocket_fuzz::{ByteSource, placed};

/// The result of the request: its head as far as it is visible, or the error.
type Outcome = Option<Result<String, HandshakeError>>;

fuzz_target!(|data: &[u8]| {
    let mut choices = ByteSource(data);
    let flags = choices.byte();
    let cuts = choices.cuts();
    let answer = Answer::read(&mut choices);
    let stream = if flags & 2 == 0 {
        let valid: &[u8] = b"GET /a?b HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        [valid, choices.0].concat()
    } else {
        choices.0.to_vec()
    };
    let whole = run(&stream, &[], flags & 1 == 1, &answer);
    assert_eq!(run(&stream, &cuts, flags & 1 == 1, &answer), whole, "cut at {cuts:?}");
    let everywhere: Vec<usize> = (1..stream.len()).collect();
    assert_eq!(run(&stream, &everywhere, flags & 1 == 1, &answer), whole, "byte by byte");

    let (outcome, out, _) = whole;
    if !out.is_empty() {
        check_response(&out, &answer);
    }
    if let Some(Err(error)) = outcome {
        let status = error.status().map(|status| format!("HTTP/1.1 {status} "));
        assert!(status.is_none_or(|status| out.starts_with(status.as_bytes())));
    }
});

struct Answer {
    kind: u8,
    name: String,
    value: String,
    body: Vec<u8>,
}

impl Answer {
    fn read(choices: &mut ByteSource<'_>) -> Self {
        let kind = choices.byte();
        let mut text = |max| {
            let len = usize::from(choices.byte() % max);
            choices.text(len)
        };
        Self { kind, name: text(16), value: text(32), body: text(32).into_bytes() }
    }

    fn give(&self, request: Request, out: &mut Vec<u8>) {
        let first = request.subprotocols().next().map(str::to_owned);
        let before = out.len();
        let result = match self.kind & 7 {
            0..4 => {
                let mut accept = Accept::new();
                if self.kind & 1 != 0 {
                    accept = accept.deflate(deflate::Config::new());
                }
                if self.kind & 2 != 0 {
                    accept = accept.header(&self.name, &self.value);
                }
                if self.kind & 8 != 0 {
                    accept = accept.subprotocol(first.as_deref().unwrap_or(&self.value));
                }
                request.accept(accept, out).map(drop)
            }
            4 => request.accept(Accept::new(), out).map(drop),
            _ => {
                let status = u16::from(self.kind) * 4;
                request.reject(status, &[(&self.name, &self.value)], &self.body, out)
            }
        };
        if let Err(error) = result {
            assert_eq!(out.len(), before, "an error that sent something");
            error.into_request().reject(403, &[], b"", out).expect("a plain refusal");
        }
    }
}

fn run(stream: &[u8], cuts: &[usize], any: bool, answer: &Answer) -> (Outcome, Vec<u8>, usize) {
    let mut handshake =
        Handshake::new(HandshakeLimits::new().max_head_len(2000).max_line_len(500).max_headers(20));
    let (mut out, mut outcome, mut from) = (Vec::new(), None, 0);
    let mut left = 0;
    for cut in placed(cuts, stream.len()) {
        let mut bytes = stream[from..cut].to_vec();
        from = cut;
        let mut input = Input::new(&mut bytes);
        let sent = out.len();
        let result = match any {
            true => handshake.receive_any(&mut input, &mut out),
            false => handshake.receive(&mut input, &mut out).map(|request| request.map(Incoming::WebSocket)),
        };
        match (result, &outcome) {
            (Ok(None), None) => assert!(input.is_empty() && out.is_empty()),
            (Ok(Some(incoming)), None) => {
                left = input.len() + stream.len() - cut;
                outcome = Some(Ok(seen(&incoming)));
                match incoming {
                    Incoming::WebSocket(request) => answer.give(request, &mut out),
                    Incoming::Http(request) => {
                        assert!(any);
                        request
                            .respond(200, &[], &answer.body, &mut out)
                            .map_err(|error| error.kind())
                            .unwrap();
                    }
                }
            }
            (Err(error), None) => {
                assert!(input.is_empty());
                outcome = Some(Err(error));
            }
            (Err(error), Some(Err(before))) => {
                assert_eq!((error, out.len()), (*before, sent), "a failure has to last");
            }
            (Err(HandshakeError::AlreadyComplete), Some(Ok(_))) => {}
            (result, before) => panic!("{result:?} after {before:?}"),
        }
    }
    (outcome, out, left)
}

fn seen(incoming: &Incoming) -> String {
    match incoming {
        Incoming::WebSocket(request) => {
            let headers: Vec<_> = request.headers().collect();
            let (subprotocols, extensions): (Vec<_>, Vec<_>) =
                (request.subprotocols().collect(), request.extensions().collect());
            let (target, authority, origin) = (request.target(), request.authority(), request.origin());
            format!("{target} {authority} {origin:?} {subprotocols:?} {extensions:?} {headers:?}")
        }
        Incoming::Http(request) => {
            format!(
                "{} {} {:?}",
                request.target(),
                request.authority(),
                request.headers().collect::<Vec<_>>()
            )
        }
    }
}

/// Checks that a response of ours is well-formed, with exactly the expected lines.
fn check_response(out: &[u8], answer: &Answer) {
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(out).expect("our response is one") else {
        panic!("our response does not end");
    };
    let lines = out[..head].windows(2).filter(|pair| *pair == b"\r\n").count();
    assert_eq!(lines, response.headers.len() + 2, "a header that is two");
    assert!(out[..head].iter().all(|byte| !byte.is_ascii_control() || matches!(byte, b'\r' | b'\n' | b'\t')));
    if response.code == Some(101) {
        assert_eq!(head, out.len());
    } else {
        let is_hint = response.code == Some(426) && out[head..].starts_with(b"This is a WebSocket endpoint.");
        assert!(out[head..].is_empty() || out[head..] == answer.body || is_hint);
    }
}
