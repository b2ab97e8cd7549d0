//! Receiving and sending messages: `cargo bench --bench messages`.
//!
//! Each row handles as many messages as fit into one read of 64 KiB (at least one). The time is for one
//! message. Frames are masked with a key of zeros: the work is the same, and the bytes stay the same too, so
//! that a read can be used again.
#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sansocket::{
    Config, Connection, Event, Input,
    frame::{Header, MAX_HEADER_LEN, OpCode},
};

const SIZES: [usize; 5] = [16, 125, 1 << 10, 16 << 10, 1 << 20];
const READ: usize = 64 << 10;

fn payload(size: usize, text: &str) -> Vec<u8> {
    let mut payload: Vec<u8> = text.bytes().cycle().take(size).collect();
    // Do not end inside a character.
    while std::str::from_utf8(&payload).is_err() {
        payload.pop();
        payload.insert(0, b' ');
    }
    payload
}

/// One read full of messages, and how many there are.
fn read(opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) -> (Vec<u8>, u64) {
    let header = Header { mask, ..Header::new(opcode, payload.len() as u64) };
    let mut buf = [0; MAX_HEADER_LEN];
    let frame = [header.encode(&mut buf).unwrap(), payload].concat();
    let count = (READ / frame.len()).max(1);
    (frame.repeat(count), count as u64)
}

fn receive_all(connection: &mut Connection, bytes: &mut [u8], out: &mut Vec<u8>) -> usize {
    let mut input = Input::new(bytes);
    let mut received = 0;
    while let Some(event) = connection.receive(&mut input, out).unwrap() {
        received += match event {
            Event::Text(text) => black_box(&*text).len(),
            Event::Binary(data) => black_box(&*data).len(),
            _ => 0,
        };
    }
    received
}

fn receiving(c: &mut Criterion) {
    let ascii = "The quick brown fox jumps over the lazy dog. ";
    let mixed =
        "Zwölf Boxkämpfer jagen Viktor über den Sylter Deich. Съешь же ещё этих булок. いろはにほへと ";
    let masked = Some([0; 4]);
    let rows = [
        ("server/binary", OpCode::Binary, ascii, masked),
        ("server/text_ascii", OpCode::Text, ascii, masked),
        ("server/text_mixed", OpCode::Text, mixed, masked),
        ("client/binary", OpCode::Binary, ascii, None),
        ("client/text_ascii", OpCode::Text, ascii, None),
    ];
    for (name, opcode, text, mask) in rows {
        let mut group = c.benchmark_group(format!("receive/{name}"));
        for size in SIZES {
            let (mut bytes, count) = read(opcode, &payload(size, text), mask);
            let mut connection = match mask {
                Some(_) => Connection::server(Config::new()),
                None => Connection::client(Config::new(), [0; 32]),
            };
            let mut out = Vec::new();
            group.throughput(Throughput::Elements(count));
            group.bench_function(BenchmarkId::from_parameter(size), |b| {
                b.iter(|| receive_all(&mut connection, &mut bytes, &mut out));
            });
        }
    }
}

/// A message of 1 MiB that comes in reads of 64 KiB and of 1500 bytes, and one in fragments of 1 KiB.
fn assembling(c: &mut Criterion) {
    let mut group = c.benchmark_group("assemble/1MiB");
    group.throughput(Throughput::Bytes(1 << 20));
    let data = payload(1 << 20, "The quick brown fox jumps over the lazy dog. ");
    let (whole, _) = read(OpCode::Text, &data, Some([0; 4]));
    let fragments: Vec<u8> = data
        .chunks(1 << 10)
        .enumerate()
        .flat_map(|(i, chunk)| {
            let opcode = if i == 0 { OpCode::Text } else { OpCode::Continuation };
            let header =
                Header { mask: Some([0; 4]), fin: i == 1023, ..Header::new(opcode, chunk.len() as u64) };
            let mut buf = [0; MAX_HEADER_LEN];
            [header.encode(&mut buf).unwrap(), chunk, b"\x89\x80\0\0\0\0"].concat()
        })
        .collect();
    for (name, bytes, read_len) in [
        ("text/64KiB_reads", &whole, READ),
        ("text/1500B_reads", &whole, 1500),
        ("text/1KiB_fragments_with_pings", &fragments, READ),
    ] {
        let mut connection = Connection::server(Config::new());
        let mut out = Vec::new();
        group.bench_function(name, |b| {
            b.iter_batched_ref(
                || bytes.clone(),
                |bytes| {
                    out.clear();
                    bytes
                        .chunks_mut(read_len)
                        .map(|read| receive_all(&mut connection, read, &mut out))
                        .sum::<usize>()
                },
                BatchSize::LargeInput,
            );
        });
    }
}

fn sending(c: &mut Criterion) {
    let client = || Connection::client(Config::new(), [0; 32]);
    let server = || Connection::server(Config::new());
    for (name, mut connection, is_text) in [
        ("server/binary", server(), false),
        ("server/text", server(), true),
        ("client/binary", client(), false),
        ("client/text", client(), true),
    ] {
        let mut group = c.benchmark_group(format!("send/{name}"));
        for size in SIZES {
            let payload = payload(size, "The quick brown fox jumps over the lazy dog. ");
            let text = str::from_utf8(&payload).unwrap();
            let mut out = Vec::with_capacity(size + MAX_HEADER_LEN);
            group.throughput(Throughput::Elements(1));
            group.bench_function(BenchmarkId::from_parameter(size), |b| {
                b.iter(|| {
                    out.clear();
                    if is_text {
                        connection.send_text(black_box(text), &mut out).unwrap();
                    } else {
                        connection.send_binary(black_box(&payload), &mut out).unwrap();
                    }
                    black_box(&mut out).len()
                });
            });
        }
    }
}

criterion_group!(benches, receiving, assembling, sending);
criterion_main!(benches);
