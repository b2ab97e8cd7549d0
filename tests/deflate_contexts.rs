//! Contexts that the connections of a thread reuse: they behave like new ones.
#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::thread;

use common::{
    BOTH, Bench, FINAL, all_to, binary,
    deflate::{
        COMPRESSED_BINARY, COMPRESSED_TEXT, COMPRESSED_TEXT_FIRST, HELLO, HELLO_AGAIN, json, receive_all,
        sender, stored, with,
    },
    noise, prose, text, to,
};
use sansocket::{
    Connection, Event, Input, ProtocolError, State,
    deflate::{Compress, Config, WindowBits},
    frame::Role,
};

fn alone(config: Config) -> Config {
    config.send_context_takeover(false).receive_context_takeover(false)
}

/// Messages of all kinds and lengths.
fn messages() -> Vec<Vec<u8>> {
    let mut messages = vec![vec![], b"x".to_vec(), vec![7; 70_000], noise(40_000), prose(3000).into_bytes()];
    messages.extend([100, 2000, 40_000].map(|len| json(len, 1).into_bytes()));
    messages.extend([64, 5000].map(|len| json(len, 2).into_bytes()));
    messages
}

fn send(connection: &mut Connection, message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    connection.compress_next(Compress::Always);
    connection.send_binary(message, &mut out).unwrap();
    out
}

#[test]
fn a_used_context_writes_the_bytes_of_a_new_one() {
    let (small, large) = (WindowBits::MIN, WindowBits::MAX);
    let shapes = [(8, large), (1, small), (9, WindowBits::new(12).unwrap())];
    for level in 0..=9 {
        for (memory_level, window) in shapes {
            let config = alone(Config::new().level(level).memory_level(memory_level).send_window(window));
            let new = move || sender(Role::Server, config);
            // A new thread for each message has not compressed anything yet.
            let first = |message: Vec<u8>| thread::spawn(move || send(&mut new(), &message)).join().unwrap();
            let expected: Vec<_> = messages().into_iter().map(first).collect();
            let mut connections = [new(), new()];
            for round in 0..3 {
                for (message, expected) in messages().iter().zip(&expected) {
                    let sent = send(&mut connections[round % 2], message);
                    assert!(
                        sent == *expected,
                        "level {level}, memory {memory_level}, {} bytes",
                        message.len()
                    );
                }
            }
        }
    }
}

#[test]
fn a_message_alone_is_that_of_a_context_of_the_full_size() {
    // Short messages use a smaller context.
    for level in 0..=9 {
        let config = alone(Config::new().level(level).memory_level(9));
        let mut connection = sender(Role::Server, config);
        let lens = [1, 2, 63, 500, 1000, 1023, 1500, 1738, 1739, 1999, 2000, 2001, 2047, 2048, 3000, 10_000];
        for (len, seed) in lens.into_iter().zip(1..) {
            let repeated = [&noise(len / 2)[..], &noise(len / 2 + 1)].concat();
            // The output is shorter, but has a symbol for almost every byte.
            let letters: Vec<u8> = noise(len).iter().map(|byte| byte % 64).collect();
            for data in [
                &json(len.max(2), seed).as_bytes()[..len.max(2)],
                &noise(len),
                &repeated[..len],
                &letters,
                &vec![7; len],
            ] {
                let mut context = zlib_rs::Deflate::new_with_config(zlib_rs::DeflateConfig {
                    level: level.into(),
                    window_bits: -15,
                    mem_level: 9,
                    ..zlib_rs::DeflateConfig::default()
                });
                let mut expected = vec![0; 2 * data.len() + 100];
                context.compress(data, &mut expected, zlib_rs::DeflateFlush::SyncFlush).unwrap();
                expected.truncate(usize::try_from(context.total_out()).unwrap() - 4);
                let out = send(&mut connection, data);
                let payload = common::sent(&out).remove(0).payload;
                // If the output would be longer, stored blocks are sent.
                if payload != stored(data) {
                    assert!(payload == expected, "level {level}, {len} bytes, message {seed}");
                }
            }
        }
    }
}

#[test]
fn a_used_context_inflates_what_a_new_one_inflates() {
    for role in BOTH {
        let config = with(role, alone(Config::new()));
        let bench = Bench::new(role).config(config);
        let expected: Vec<_> = messages().iter().map(|message| binary(message)).collect();
        let frames: Vec<_> = messages().iter().map(|message| common::deflate::zlib(message)).collect();
        let frames: Vec<_> = frames.iter().map(|payload| (COMPRESSED_BINARY, &payload[..])).collect();
        for _ in 0..3 {
            let seen = bench.run_cut(&all_to(role, &frames), &[10, 5000]);
            assert_eq!((seen.error, seen.state), (None, State::Open));
            assert!(seen.events == expected);
        }
    }
}

#[test]
fn no_message_refers_to_one_of_another_connection() {
    let new = || sender(Role::Server, alone(Config::new()));
    let mut out = Vec::new();
    for after_final_block in [false, true] {
        let secret: &[u8] = if after_final_block { b"\xf3\x48\xcd\xc9\xc9\x07\x00" } else { HELLO };
        let (mut one, mut other) = (new(), new());
        assert_eq!(
            receive_all(&mut one, &mut to(Role::Server, COMPRESSED_TEXT, secret), 100),
            [text("Hello")]
        );
        let mut stream = to(Role::Server, COMPRESSED_TEXT, HELLO_AGAIN);
        let seen = other.receive(&mut Input::new(&mut stream), &mut out);
        assert_eq!((seen, other.state()), (Err(ProtocolError::InvalidDeflate), State::Draining));
        // A failure frees everything, too.
        assert_eq!(receive_all(&mut one, &mut to(Role::Server, COMPRESSED_TEXT, HELLO), 1), [text("Hello")]);
    }
}

#[test]
fn messages_in_fragments_of_many_connections_do_not_mix() {
    let count = 40;
    let new = || sender(Role::Server, alone(Config::new()));
    let mut connections: Vec<_> = (0..count).map(|_| (new(), new(), Vec::new())).collect();
    let parts: Vec<_> = (0..count).map(|seed| json(3000, seed)).collect();
    for round in 0..4 {
        for ((sender, _, out), part) in connections.iter_mut().zip(&parts) {
            sender.send_text_fragment(&part[round * 500..][..500], round == 3, out).unwrap();
        }
    }
    for ((sender, _, out), part) in connections.iter_mut().zip(&parts) {
        let frames = common::sent(out);
        let mut payload = frames.into_iter().flat_map(|frame| frame.payload).collect::<Vec<_>>();
        payload.extend(common::deflate::TAIL);
        let mut made = Vec::with_capacity(3000);
        flate2::Decompress::new(false)
            .decompress_vec(&payload, &mut made, flate2::FlushDecompress::Sync)
            .unwrap();
        assert_eq!(made, part.as_bytes()[..2000]);
        assert_eq!(sender.state(), State::Open);
    }
    // The same when receiving.
    for first in [true, false] {
        for ((_, receiver, _), part) in connections.iter_mut().zip(&parts) {
            let payload = common::deflate::zlib(part.as_bytes());
            let (begin, end) = payload.split_at(payload.len() / 2);
            let mut stream = if first {
                to(Role::Server, COMPRESSED_TEXT_FIRST, begin)
            } else {
                to(Role::Server, FINAL, end)
            };
            let expected = if first { vec![] } else { vec![text(part)] };
            assert_eq!(receive_all(receiver, &mut stream, 1000), expected);
        }
    }
}

#[test]
fn a_connection_may_change_its_thread_inside_a_message() {
    let config = alone(Config::new());
    let mut connection = sender(Role::Server, config);
    let mut out = Vec::new();
    receive_all(&mut connection, &mut to(Role::Server, COMPRESSED_TEXT_FIRST, &HELLO[..4]), 1);
    connection.send_text_fragment("Hello", false, &mut out).unwrap();
    let (mut connection, events, mut out) = thread::spawn(move || {
        let events = receive_all(&mut connection, &mut to(Role::Server, FINAL, &HELLO[4..]), 1);
        connection.send_text_fragment("Hello", true, &mut out).unwrap();
        (connection, events, out)
    })
    .join()
    .unwrap();
    assert_eq!(events, [text("Hello")]);
    out.clear();
    let events: Vec<Event<'_>> =
        receive_all(&mut connection, &mut to(Role::Server, COMPRESSED_TEXT, HELLO), 2);
    assert_eq!(events, [text("Hello")]);
}

/// Without `std` a connection keeps its contexts until `release_buffers`.
#[cfg(not(feature = "std"))]
#[test]
fn without_std_a_context_stays_with_its_connection_until_buffers_are_released() {
    use allocation_counter::measure;
    let mut connection = sender(Role::Server, alone(Config::new()));
    let message = json(1000, 1);
    let mut out = Vec::with_capacity(10_000);
    let mut send = |connection: &mut Connection| {
        out.clear();
        measure(|| connection.send_text(&message, &mut out).unwrap())
    };
    let first = send(&mut connection);
    assert!(first.count_current == 1, "{first:?}");
    assert_eq!(send(&mut connection).count_total, 0);
    let released = measure(|| connection.release_buffers());
    assert_eq!(released.bytes_current, -first.bytes_current);
    assert_eq!(send(&mut connection).count_current, 1);
    connection.release_buffers();
    // One allocation for the retained context; the inflate buffer and the message are freed.
    let receive = |connection: &mut Connection| {
        measure(|| drop(receive_all(connection, &mut to(Role::Server, COMPRESSED_TEXT, HELLO), 100)))
    };
    let first = receive(&mut connection);
    assert!(first.count_current == 1, "{first:?}");
    assert_eq!(receive(&mut connection).count_current, 0);
    let released = measure(|| connection.release_buffers());
    assert_eq!((released.count_current, released.bytes_current), (-1, -first.bytes_current));
}
