//! Compressed messages, beside calls of the backend with the same bytes: `cargo bench --features deflate --bench
//! deflate`.
//!
//! The messages of a row are JSON, each another one, in a circle that is longer than the window. The time is for
//! one message. `direct` calls the backend as one would without this crate, into a buffer that is there already;
//! `direct_alone` resets it before each message. `zlib_alone` does so with the zlib in C, at level 6 with full
//! windows, which are the settings of a compressor that connections share elsewhere. The rows beside them add the
//! frame, the check of UTF-8 and, when receiving, the `String`.
//!
//! `echo` is the work of a server for a message of a client and the same message back, in memory. `ratio` is
//! printed for what the server sends. `final_blocks` are the messages that cost most for their length, after a full
//! window.
#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark may panic")]

use std::{fmt::Write as _, hint::black_box};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flate2::{Compress as Zlib, Compression, FlushCompress};
use sansocket::{
    Config, Connection, Event, Input,
    deflate::{self, Compress},
    handshake::HandshakeLimits,
    server::{self, Accept},
};
use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Inflate, InflateFlush};

const SIZES: [usize; 3] = [100, 1 << 10, 16 << 10];
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

fn rows() -> [(&'static str, deflate::Config); 7] {
    let new = deflate::Config::new();
    [
        ("new", new),
        ("new_with_takeover", new.send_context_takeover(true)),
        ("new_without_takeover", new.receive_context_takeover(false)),
        ("low_memory", deflate::Config::low_memory()),
        ("best_speed", deflate::Config::best_speed()),
        ("best_speed_with_takeover", deflate::Config::best_speed().send_context_takeover(true)),
        ("best_compression", deflate::Config::best_compression()),
    ]
}

fn deflate_direct() -> Deflate {
    Deflate::new_with_config(DeflateConfig { level: 6, window_bits: -15, ..DeflateConfig::default() })
}

/// Prints how many times shorter the second round of the messages is than the text.
fn print_ratio(name: &str, size: usize, server: &mut Connection, messages: &[String]) {
    let bytes: usize = frames(server, messages).iter().map(|frame| payload(frame).len() - TAIL.len()).sum();
    let text: usize = messages.iter().map(String::len).sum();
    let hundredths = 100 * text / bytes;
    println!("deflate/ratio/{size}/{name}: {}.{:02}", hundredths / 100, hundredths % 100);
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
        group.bench_function(BenchmarkId::from_parameter("direct_alone"), |b| {
            b.iter(|| {
                at = (at + 1) % messages.len();
                direct.reset();
                direct.compress(messages[at].as_bytes(), &mut out, DeflateFlush::SyncFlush).unwrap();
                black_box(&out);
                direct.total_out() - 4
            });
        });
        let mut zlib = Zlib::new_with_window_bits(Compression::new(6), false, 15);
        group.bench_function(BenchmarkId::from_parameter("zlib_alone"), |b| {
            b.iter(|| {
                at = (at + 1) % messages.len();
                zlib.reset();
                zlib.compress(messages[at].as_bytes(), &mut out, FlushCompress::Sync).unwrap();
                black_box(&out);
                zlib.total_out() - 4
            });
        });
        for (name, config) in rows() {
            let (mut server, _) = pair(config);
            print_ratio(name, size, &mut server, &messages);
            let (mut out, mut at) = (Vec::with_capacity(2 * size + 1000), 0);
            group.bench_function(BenchmarkId::from_parameter(name), |b| {
                b.iter(|| {
                    at = (at + 1) % messages.len();
                    out.clear();
                    server.compress_next(Compress::Always);
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
            if name == "new_with_takeover" {
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

fn echoing(c: &mut Criterion) {
    for size in SIZES {
        let messages = messages(size);
        let mut group = c.benchmark_group(format!("deflate/echo/{size}"));
        for (name, config) in rows() {
            let (mut server, mut client) = pair(config);
            let (mut out, mut read) = (Vec::with_capacity(2 * size + 1000), Vec::new());
            let mut echo = |frame: &[u8]| {
                // The server unmasks in place.
                read.clear();
                read.extend_from_slice(frame);
                out.clear();
                let event = server.receive(&mut Input::new(&mut read), &mut out).unwrap();
                let Some(Event::Text(text)) = event else { panic!("no text") };
                server.compress_next(Compress::Always);
                server.send_text(&text, &mut out).unwrap();
                black_box(&out).len()
            };
            // The first round fills the windows.
            let rounds = [&messages, &messages].map(|round| {
                let frame = |message: &String| {
                    let mut out = Vec::new();
                    client.compress_next(Compress::Always);
                    client.send_text(message, &mut out).unwrap();
                    out
                };
                round.iter().map(frame).collect::<Vec<_>>()
            });
            for frame in &rounds[0] {
                echo(frame);
            }
            let mut frames = rounds[1].iter().cycle();
            group.bench_function(BenchmarkId::from_parameter(name), |b| {
                b.iter(|| echo(frames.next().unwrap()));
            });
        }
    }
}

/// A masked frame of a client, with a key of zeros.
fn masked(payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).unwrap();
    let mut frame = vec![0xc2];
    match len {
        0..126 => frame.push(0x80 | len.to_le_bytes()[0]),
        _ => frame.extend([&[0xfe][..], &len.to_be_bytes()].concat()),
    }
    [&frame[..], &[0; 4], payload].concat()
}

/// What the shortest message with BFINAL costs, beside one of the same kind without it, and beside a short message
/// that inflates to 64 KiB.
fn final_blocks(c: &mut Criterion) {
    let mut group = c.benchmark_group("deflate/final_blocks");
    let mut zeros = vec![0; 1000];
    let mut zlib = Zlib::new_with_window_bits(Compression::new(9), false, 15);
    zlib.compress(&vec![0; 64 << 10], &mut zeros, FlushCompress::Sync).unwrap();
    zeros.truncate(usize::try_from(zlib.total_out()).unwrap() - TAIL.len());
    // "\x03\x00" is an empty block with BFINAL, "\x02\x00" one without it that the end of the message follows.
    for (name, message) in [("with", &[3, 0][..]), ("without", &[2, 0][..]), ("64_kib_of_zeros", &zeros[..])]
    {
        let (mut server, _) = pair(deflate::Config::new());
        let window: Vec<u8> = (0..1 << 15).map(|i: u32| (i.wrapping_mul(i) >> 7).to_le_bytes()[0]).collect();
        let final_bit = u8::from(name == "with");
        let first =
            [&[final_bit, 0, 0x80, 0xff, 0x7f][..], &window, &[0][..usize::from(final_bit == 0)]].concat();
        let frame = masked(message);
        let (mut read, mut out) = (masked(&first), Vec::new());
        assert!(server.receive(&mut Input::new(&mut read), &mut out).unwrap().is_some());
        group.throughput(Throughput::Bytes(frame.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| {
                read.clear();
                read.extend_from_slice(&frame);
                assert!(server.receive(&mut Input::new(&mut read), &mut out).unwrap().is_some());
            });
        });
    }
}

criterion_group!(benches, sending, receiving, echoing, final_blocks);
criterion_main!(benches);
