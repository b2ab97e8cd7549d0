//! Work is linear: doubling the input at most roughly doubles the instruction count, for any split.
//!
//! Instructions are counted instead of time: the test runs itself under valgrind, which takes minutes on a busy machine. Without
//! valgrind it is skipped with a message; with `SANSOCKET_VALGRIND=1` that is a failure. `SANSOCKET_VALGRIND=0` skips it always.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::{
    env,
    io::{self, Write},
    process::{Command, Stdio},
    time::Duration,
};

use common::{BINARY_FIRST, CLOSE, FINAL, MIDDLE, PING, TEXT, TEXT_FIRST, noise, prose, to};
use sansocket::{
    Config, Connection, Delivery, Input, client,
    frame::{Decoder, Limits, Role},
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    server,
    session::{Session, Transport},
    uri::Uri,
};

/// The work for an input of a given size.
type Workload = fn(usize);

/// Name, workload, the smaller size, and the most instructions for a unit of it in a build without
/// optimization.
const WORKLOADS: &[(&str, Workload, usize, u64)] = &[
    ("a header in single bytes", |n| head(&format!("X: {}", "a".repeat(n)), 1), 2000, 5000),
    ("a header at once", |n| head(&format!("X: {}", "a".repeat(n)), usize::MAX), 3000, 200),
    ("spaces in a list", |n| head(&format!("Sec-WebSocket-Protocol: b{}x", " ".repeat(n)), 997), 3000, 600),
    ("commas in a list", |n| head(&format!("Sec-WebSocket-Protocol: {}", ",".repeat(n)), 997), 3000, 600),
    ("tokens in a list", |n| head(&format!("Sec-WebSocket-Protocol: {}", "a,".repeat(n)), 997), 1500, 2000),
    ("a quoted string without an end", |n| offer(&format!("a; x=\"{}", "\\c".repeat(n))), 900, 1200),
    ("parameters", |n| offer(&format!("permessage-deflate{}", ";x=1".repeat(n))), 450, 6000),
    ("offers", |n| offer(&["a"].repeat(n).join(",")), 15, 7000),
    ("header lines of one name", |n| head(&["a: b"].repeat(n).join("\r\n"), 997), 60, 12_000),
    ("a URI", |n| drop(Uri::parse(format!("ws://h/{}", "a".repeat(n)))), 20_000, 150),
    ("a host", |n| drop(Uri::parse(format!("ws://{}", "a.".repeat(n)))), 20_000, 5000),
    ("the body of a rejection", |n| rejection(n, 1), 3000, 3000),
    (
        "frames without content",
        |n| decode(Role::Client, &to(Role::Client, PING, b"").repeat(n), 997),
        3000,
        5000,
    ),
    ("empty fragments", |n| fragments(n, b"", false, 997), 3000, 16_000),
    ("fragments of one byte", |n| fragments(n, b"x", false, 997), 3000, 20_000),
    ("fragments of one byte with Pings", |n| fragments(n, b"x", true, 997), 2000, 40_000),
    ("fragments in single bytes", |n| fragments(n, b"x", true, 1), 1000, 90_000),
    ("characters cut by fragments", |n| cut_characters(n), 2000, 25_000),
    ("a message in single bytes", |n| message(n, 1, Delivery::Messages), 5000, 12_000),
    ("a message in single bytes that waits", |n| waiting(n, 1), 5000, 4000),
    ("messages that wait, in small reads", |n| waiting(n, 7), 20_000, 4000),
    ("chunks of single bytes", |n| message(n, 1, Delivery::Chunks), 5000, 12_000),
    ("a message at once", |n| message(n, usize::MAX, Delivery::Messages), 50_000, 2000),
    ("what follows a Close", |n| after_close(n), 50_000, 300),
    (
        "a message that is written in small parts by a transport that owns them",
        |n| owned_writes(n),
        300_000,
        200,
    ),
    ("Pings that nobody writes the answers of", |n| pings(n), 3000, 12_000),
    #[cfg(feature = "legacy")]
    ("a hixie text in single bytes", |n| hixie(&[&[0][..], &vec![b'a'; n]].concat(), 1), 5000, 4000),
    #[cfg(feature = "legacy")]
    ("hixie texts without content", |n| hixie(&[0, 0xff].repeat(n), 997), 3000, 5000),
    #[cfg(feature = "legacy")]
    ("skipped frames in single bytes", |n| hixie(&[0x80, 1, 0xff, 1, 0xff].repeat(n), 1), 1000, 10_000),
    #[cfg(feature = "legacy")]
    ("invalid hixie text", |n| hixie(&[&[0][..], &vec![0x80; n], &[0xff]].concat(), 997), 20_000, 300),
    #[cfg(feature = "legacy")]
    ("a hixie-76 key", |n| challenge(&"0 ".repeat(n)), 1500, 3000),
    #[cfg(feature = "deflate")]
    ("blocks without content", |n| compressed(&[0, 0, 0, 0xff, 0xff].repeat(n), 997), 2000, 4000),
    #[cfg(feature = "deflate")]
    ("blocks in single bytes", |n| compressed(&[0, 0, 0, 0xff, 0xff].repeat(n), 1), 500, 50_000),
    #[cfg(feature = "deflate")]
    ("a message with a final block each", |n| final_blocks(n, 1), 300, 60_000),
    #[cfg(feature = "deflate")]
    ("messages of many final blocks", |n| final_blocks(n, 16), 300, 10_000),
    #[cfg(feature = "deflate")]
    ("final blocks that are paid for", |n| paid_final_blocks(n), 300, 80_000),
    #[cfg(feature = "deflate")]
    ("a message that inflates", |n| compressed(&common::deflate::zlib(&vec![b'a'; n]), 997), 200_000, 120),
];

/// Each write accepts 1460 bytes, as a slow peer does.
fn owned_writes(len: usize) {
    let connection = Connection::server(Config::new());
    let mut session = Session::open(connection, Timeouts::new(), Duration::ZERO);
    session.send_binary(&vec![7; len]).unwrap();
    while let Transport::Write(_) = session.transport() {
        let bytes = session.take_unwritten();
        let count = bytes.len().min(1460);
        session.written_owned(bytes, count);
    }
}

fn head(lines: &str, piece: usize) {
    let mut bytes = format!(
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{lines}\r\n\r\n"
    )
    .into_bytes();
    let mut handshake = server::Handshake::new(HandshakeLimits::new());
    for bytes in bytes.chunks_mut(piece.min(1 << 20)) {
        if handshake.receive(&mut Input::new(bytes), &mut Vec::new()).is_err() {
            return;
        }
    }
}

fn offer(value: &str) {
    head(&format!("Sec-WebSocket-Extensions: {value}"), 997);
}

fn rejection(len: usize, piece: usize) {
    let request = client::Request::new("ws://h/").unwrap();
    let mut handshake = client::Handshake::new(&request, [1; 32], &mut Vec::new()).unwrap();
    let mut bytes =
        format!("HTTP/1.1 403 No\r\nContent-Length: {len}\r\n\r\n{}", "x".repeat(len)).into_bytes();
    for bytes in bytes.chunks_mut(piece) {
        drop(handshake.receive(&mut Input::new(bytes)));
    }
}

fn decode(role: Role, stream: &[u8], piece: usize) {
    let mut decoder = Decoder::new(role, Limits::unlimited());
    let mut stream = stream.to_vec();
    for bytes in stream.chunks_mut(piece) {
        let mut input = Input::new(bytes);
        while decoder.receive(&mut input).unwrap().is_some() {}
    }
}

fn receive(config: Config, stream: &mut [u8], piece: usize) {
    let mut connection = Connection::server(config);
    let mut out = Vec::new();
    for bytes in stream.chunks_mut(piece.min(1 << 20)) {
        let mut input = Input::new(bytes);
        while let Ok(Some(_)) = connection.receive(&mut input, &mut out) {}
    }
}

fn fragments(count: usize, data: &[u8], pings: bool, piece: usize) {
    let mut stream = to(Role::Server, BINARY_FIRST, b"");
    for _ in 0..count {
        stream.extend(to(Role::Server, MIDDLE, data));
        if pings {
            stream.extend(to(Role::Server, PING, b"p"));
        }
    }
    stream.extend(to(Role::Server, FINAL, b""));
    receive(Config::new(), &mut stream, piece);
}

fn cut_characters(count: usize) {
    let text = prose(count);
    let mut stream = to(Role::Server, TEXT_FIRST, b"");
    for byte in text.bytes() {
        stream.extend(to(Role::Server, MIDDLE, &[byte]));
    }
    stream.extend(to(Role::Server, FINAL, b""));
    receive(Config::new(), &mut stream, 997);
}

fn message(len: usize, piece: usize, delivery: Delivery) {
    let mut stream = to(Role::Server, TEXT, prose(len).as_bytes());
    receive(Config::new().delivery(delivery), &mut stream, piece);
}

/// Receives like a caller with a buffer for the connection: incomplete frames stay there, and are moved only
/// if bytes before them were consumed.
fn waiting(len: usize, piece: usize) {
    let mut stream = to(Role::Server, TEXT, prose(len).as_bytes());
    stream.extend(to(Role::Server, TEXT, b"and a short one"));
    let mut connection = Connection::server(Config::new());
    let (mut start, mut out, mut count) = (0, Vec::new(), 0);
    for end in (piece..stream.len()).step_by(piece).chain([stream.len()]) {
        let mut input = Input::retained(stream.get_mut(start..end).unwrap(), len);
        while connection.receive(&mut input, &mut out).unwrap().is_some() {
            count += 1;
        }
        start = end - input.len();
    }
    assert_eq!((count, start), (2, stream.len()));
}

fn after_close(len: usize) {
    let mut stream = [to(Role::Server, CLOSE, b""), noise(len)].concat();
    receive(Config::new(), &mut stream, 997);
}

fn pings(count: usize) {
    receive(Config::new(), &mut to(Role::Server, PING, b"p").repeat(count), 997);
}

#[cfg(feature = "legacy")]
fn hixie(stream: &[u8], piece: usize) {
    let version = sansocket::legacy::Version::Hixie76;
    let mut connection = sansocket::legacy::Connection::server(version, Config::new());
    let mut stream = stream.to_vec();
    for bytes in stream.chunks_mut(piece) {
        let mut input = Input::new(bytes);
        while connection.receive(&mut input, &mut Vec::new()).unwrap().is_some() {}
    }
}

#[cfg(feature = "legacy")]
fn challenge(key: &str) {
    let mut bytes = format!(
        "GET / HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: h\r\nOrigin: http://h\r\n\
         Sec-WebSocket-Key1: {key}\r\nSec-WebSocket-Key2: 2 0\r\n\r\n"
    )
    .into_bytes();
    let versions = sansocket::legacy::Versions::new().hixie76();
    let mut handshake = sansocket::legacy::server::Handshake::new(HandshakeLimits::new(), versions);
    drop(handshake.receive(&mut Input::new(&mut bytes), &mut Vec::new()));
}

#[cfg(feature = "deflate")]
fn compressed(payload: &[u8], piece: usize) {
    let config = common::deflate::with(Role::Server, sansocket::deflate::Config::new());
    receive(config, &mut to(Role::Server, 0xc2, payload), piece);
}

/// After a full window, messages of this many blocks with BFINAL set.
#[cfg(feature = "deflate")]
fn final_blocks(messages: usize, blocks: usize) {
    after_full_window(&to(Role::Server, 0xc2, &[3, 0].repeat(blocks)).repeat(messages));
}

/// After a full window, one message with blocks of 64 bytes with BFINAL set.
#[cfg(feature = "deflate")]
fn paid_final_blocks(blocks: usize) {
    let block = [&[1, 59, 0, 0xc4, 0xff][..], &noise(59)].concat();
    after_full_window(&to(Role::Server, 0xc2, &block.repeat(blocks)));
}

#[cfg(feature = "deflate")]
fn after_full_window(stream: &[u8]) {
    let first = [&[1, 0, 0x80, 0xff, 0x7f][..], &noise(0x8000)].concat();
    let mut stream = [&to(Role::Server, 0xc2, &first), stream].concat();
    let config = common::deflate::with(Role::Server, sansocket::deflate::Config::new());
    receive(config, &mut stream, 997);
}

/// Not a test: what runs under valgrind.
#[test]
#[ignore = "it is what valgrind counts"]
fn workload() {
    let name = env::var("WORKLOAD").unwrap();
    let size: usize = env::var("SIZE").unwrap().parse().unwrap();
    let (_, run, ..) = WORKLOADS.iter().find(|(known, ..)| *known == name).unwrap();
    run(size);
}

/// Returns the number of instructions of a workload of this size, including the preparation.
fn instructions(name: &str, size: usize) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "workload", "--test-threads=1"])
        .env("WORKLOAD", name)
        .env("SIZE", size.to_string())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {said}{}", String::from_utf8_lossy(&output.stdout));
    let count = said.lines().find_map(|line| line.split_once("Collected : "));
    count.unwrap_or_else(|| panic!("{said}")).1.trim().parse().unwrap()
}

#[test]
fn twice_the_input_is_twice_the_work() {
    let wanted = env::var_os("SANSOCKET_VALGRIND");
    if wanted.as_ref().is_some_and(|value| value == "0") {
        println!("skipped: SANSOCKET_VALGRIND is 0");
        return;
    }
    let found = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        assert!(wanted.is_none(), "valgrind cannot be run");
        println!("skipped: valgrind is not installed");
        return;
    }
    // Written directly, because the test harness captures the output of a passing test.
    let mut terminal = io::stderr().lock();
    _ = writeln!(terminal, "counting instructions of {} workloads under valgrind ...", WORKLOADS.len());
    let mut faults = Vec::new();
    for &(name, _, size, most) in WORKLOADS {
        let [nothing, once, twice] = [0, size, 2 * size].map(|size| instructions(name, size));
        let (once, twice) = (once.saturating_sub(nothing), twice.saturating_sub(nothing));
        let each = once / size as u64;
        println!("{name}: {each} a unit, {} % for twice", twice * 100 / once);
        // The remainder is the one-time cost of a longer input, such as a larger allocation.
        if twice > once * 22 / 10 + 50_000 || each > most {
            faults.push((name, each, once, twice));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
