//! Compressed messages, beside calls of the backend with the same bytes: `cargo bench --features deflate --bench
//! deflate`.
//!
//! The messages of a row are JSON, each another one, in a circle that is longer than the window. The time is for
//! one message. `direct` calls the backend as one would without this crate, into a buffer that is there already;
//! the rows beside it add the frame, the check of UTF-8 and, when receiving, the `String`.
#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark may panic")]

use std::{fmt::Write as _, hint::black_box};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sansocket::{
    Config, Connection, Event, Input,
    deflate::{self, Compress},
    handshake::HandshakeLimits,
    server::{self, Accept},
};
use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Inflate, InflateFlush};

const SIZES: [usize; 2] = [1 << 10, 64 << 10];
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Trades of about `size` bytes in each message.
fn messages(size: usize) -> Vec<String> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) % below
    };
    let mut message = || {
        let mut text = String::from("[");
        while text.len() < size {
            let (id, price, volume, user) = (next(1_000_000), next(100_000), next(5000), next(300));
            let (units, cents) = (price / 100, price % 100);
            write!(
                text,
                r#"{{"type":"trade","id":{id},"price":{units}.{cents:02},"volume":{volume},"user":"user{user}"}},"#,
            )
            .unwrap();
        }
        text.truncate(size - 1);
        text + "]"
    };
    (0..(256 << 10) / size).map(|_| message()).collect()
}

/// A request with this offer.
fn request(offer: &str) -> server::Request {
    let mut head = format!(
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: {offer}\r\n\r\n"
    )
    .into_bytes();
    let mut handshake = server::Handshake::new(HandshakeLimits::new());
    handshake.receive(&mut Input::new(&mut head), &mut Vec::new()).unwrap().unwrap()
}

/// A server that sends as `config` says, and a client that understands it.
fn pair(config: deflate::Config) -> (Connection, Connection) {
    let client = deflate::Config::new();
    let request_of_client = request(&client.offer().to_string());
    let server = request_of_client.accept(Accept::new().deflate(config), &mut Vec::new()).unwrap();
    let answer = request(&server.deflate().unwrap().to_string());
    let agreed = client.accept_response(&answer.extensions().next().unwrap()).unwrap();
    (server, Connection::client(Config::new().deflate(agreed), [0; 32]))
}

/// The frames of the messages, once all of them have been in the window.
fn frames(server: &mut Connection, messages: &[String]) -> Vec<Vec<u8>> {
    let mut round = || {
        let frame = |message: &String| {
            let mut out = Vec::new();
            server.compress_next(Compress::Always);
            server.send_text(message, &mut out).unwrap();
            out
        };
        messages.iter().map(frame).collect()
    };
    let _: Vec<Vec<u8>> = round();
    round()
}

/// The payload of a frame of a server, with the tail.
fn payload(frame: &[u8]) -> Vec<u8> {
    let header = match frame[1] {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    [&frame[header..], &TAIL].concat()
}

fn rows() -> [(&'static str, deflate::Config); 5] {
    let new = deflate::Config::new();
    [
        ("takeover", new),
        ("no_takeover", new.send_context_takeover(false)),
        ("low_memory", deflate::Config::low_memory()),
        ("fast", deflate::Config::best_speed()),
        ("best_compression", deflate::Config::best_compression()),
    ]
}

fn deflate_direct() -> Deflate {
    Deflate::new_with_config(DeflateConfig { level: 6, window_bits: -15, ..DeflateConfig::default() })
}

fn sending(c: &mut Criterion) {
    for size in SIZES {
        let messages = messages(size);
        let mut group = c.benchmark_group(format!("deflate/send/{size}"));
        group.throughput(Throughput::Bytes(size as u64));
        let mut out = vec![0; 2 * size + 1000];
        let (mut direct, mut at) = (deflate_direct(), 0);
        group.bench_function(BenchmarkId::from_parameter("direct"), |b| {
            b.iter(|| {
                at = (at + 1) % messages.len();
                let before = direct.total_out();
                direct.compress(messages[at].as_bytes(), &mut out, DeflateFlush::SyncFlush).unwrap();
                black_box(&out);
                direct.total_out() - before - 4
            });
        });
        for (name, config) in rows() {
            let (mut server, _) = pair(config);
            let (mut out, mut at) = (Vec::with_capacity(2 * size + 1000), 0);
            group.bench_function(BenchmarkId::from_parameter(name), |b| {
                b.iter(|| {
                    at = (at + 1) % messages.len();
                    out.clear();
                    server.send_text(black_box(&messages[at]), &mut out).unwrap();
                    black_box(&out).len()
                });
            });
        }
    }
}

fn receiving(c: &mut Criterion) {
    for size in SIZES {
        let messages = messages(size);
        let mut group = c.benchmark_group(format!("deflate/receive/{size}"));
        group.throughput(Throughput::Bytes(size as u64));
        for (name, config) in rows() {
            let (mut server, mut client) = pair(config);
            let mut frames = frames(&mut server, &messages);
            if name == "takeover" {
                let payloads: Vec<Vec<u8>> = frames.iter().map(|frame| payload(frame)).collect();
                let mut out = vec![0; size + 1000];
                let mut direct = Inflate::new(false, 15);
                // The first round refers to messages that came before it.
                let window = &messages.concat()[(192 << 10)..];
                direct.set_dictionary(window.as_bytes()).unwrap();
                let mut at = 0;
                group.bench_function(BenchmarkId::from_parameter("direct"), |b| {
                    b.iter(|| {
                        let before = direct.total_out();
                        direct.decompress(&payloads[at], &mut out, InflateFlush::NoFlush).unwrap();
                        at = (at + 1) % payloads.len();
                        assert_eq!(direct.total_out() - before, size as u64);
                        black_box(&out);
                    });
                });
            }
            let (mut at, count) = (0, frames.len());
            let mut out = Vec::new();
            // The window of the client has to be that of the last round.
            let (mut again, _) = pair(config);
            for message in &messages {
                let mut frame = Vec::new();
                again.compress_next(Compress::Always);
                again.send_text(message, &mut frame).unwrap();
                client.receive(&mut Input::new(&mut frame), &mut out).unwrap();
            }
            group.bench_function(BenchmarkId::from_parameter(name), |b| {
                b.iter(|| {
                    let frame = &mut frames[at];
                    at = (at + 1) % count;
                    let event = client.receive(&mut Input::new(frame), &mut out).unwrap();
                    let Some(Event::Text(text)) = event else { panic!("no text") };
                    assert_eq!(black_box(&text).len(), size);
                });
            });
        }
    }
}

criterion_group!(benches, sending, receiving);
criterion_main!(benches);
