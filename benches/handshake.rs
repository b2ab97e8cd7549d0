//! The opening handshake on both sides: `cargo bench --bench handshake`.
#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use sansocket::{
    Input, client,
    handshake::{HandshakeLimits, accept_key},
    server,
};

/// What a browser sends.
const REQUEST: &str = "GET /chat?room=7 HTTP/1.1\r\n\
    Host: example.com:9001\r\n\
    Connection: Upgrade\r\n\
    Pragma: no-cache\r\n\
    Cache-Control: no-cache\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r\n\
    Upgrade: websocket\r\n\
    Origin: https://example.com\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-GB,en;q=0.9\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\n\r\n";

fn handshake(c: &mut Criterion) {
    let mut group = c.benchmark_group("handshake");
    let mut out = Vec::with_capacity(1 << 10);
    group.bench_function("server", |b| {
        b.iter_batched_ref(
            || REQUEST.as_bytes().to_vec(),
            |bytes| {
                out.clear();
                let mut handshake = server::Handshake::new(HandshakeLimits::new());
                let request = handshake.receive(&mut Input::new(bytes), &mut out).unwrap().unwrap();
                black_box(request.accept(server::Accept::new().subprotocol("chat"), &mut out).unwrap())
            },
            BatchSize::SmallInput,
        );
    });

    let request = client::Request::new("ws://example.com:9001/chat?room=7").unwrap().subprotocol("chat");
    let mut head = Vec::new();
    drop(client::Handshake::new(&request, [7; 32], &mut head).unwrap());
    let mut server = server::Handshake::new(HandshakeLimits::new());
    let accepted = server.receive(&mut Input::new(&mut head), &mut Vec::new()).unwrap().unwrap();
    let mut response = Vec::new();
    drop(accepted.accept(server::Accept::new().subprotocol("chat"), &mut response).unwrap());
    group.bench_function("client", |b| {
        b.iter_batched_ref(
            || response.clone(),
            |bytes| {
                out.clear();
                let mut handshake = client::Handshake::new(&request, [7; 32], &mut out).unwrap();
                black_box(handshake.receive(&mut Input::new(bytes)).unwrap().unwrap())
            },
            BatchSize::SmallInput,
        );
    });

    // Of either, this is the part that hashes.
    group.bench_function("accept_key", |b| b.iter(|| accept_key(black_box(b"dGhlIHNhbXBsZSBub25jZQ=="))));
    group.finish();
}

criterion_group!(benches, handshake);
criterion_main!(benches);
