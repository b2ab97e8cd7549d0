//! The memory that compression takes, and when. The counting allocator counts a growing buffer twice, the old
//! and the new one. It sees the allocator of Rust, which the backend only uses with `std`.
#![cfg(all(feature = "deflate", feature = "std"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use allocation_counter::{AllocationInfo, measure};
use common::{
    BOTH, CLOSE, ENDING, FINAL, MIDDLE,
    deflate::{
        COMPRESSED_BINARY, COMPRESSED_BINARY_FIRST, COMPRESSED_TEXT, COMPRESSED_TEXT_FIRST, HELLO,
        HELLO_AGAIN, Zlib, json, sender, window, with, with_takeover, zlib,
    },
    noise, to,
};
use sansocket::{
    CloseCode, Connection, Delivery, Input, State,
    deflate::{Compress, Config},
    frame::Role,
};

/// The memory that every connection holds for the extension, used or not.
const FIXED: u64 = 128;
/// The decompression context.
const RECEIVING: u64 = 47_680;
/// The copy of the window of the first message, and for peers that set BFINAL.
const HISTORY: u64 = 64 << 10;
/// The room that messages are inflated into.
const ROOM: u64 = 64 << 10;
/// The maximum memory that a thread keeps for its connections.
const KEPT: i64 = 1 << 20;

/// Allocates the room of the thread in its full size, so that later measurements do not include it.
fn make_room() {
    let mut connection = sender(Role::Server, with_takeover());
    let long = zlib(&vec![0; 1 << 20]);
    let info = receive(&mut connection, &mut to(Role::Server, COMPRESSED_BINARY, &long), usize::MAX);
    assert!(info.bytes_current >= ROOM.cast_signed());
}

fn receive(connection: &mut Connection, stream: &mut [u8], piece: usize) -> AllocationInfo {
    let mut out = Vec::with_capacity(100);
    measure(|| {
        for bytes in stream.chunks_mut(piece) {
            let mut input = Input::new(bytes);
            while let Ok(Some(_)) = connection.receive(&mut input, &mut out) {}
        }
    })
}

fn send(connection: &mut Connection, text: &str) -> AllocationInfo {
    let mut out = Vec::with_capacity(2 * text.len() + 1000);
    measure(|| connection.send_text(text, &mut out).unwrap())
}

/// Bytes on the heap after a message was sent.
fn context_for_sending(bits: u8, memory_level: u8) -> i64 {
    let config = with_takeover().send_window(window(bits)).memory_level(memory_level);
    let mut connection = sender(Role::Server, config);
    send(&mut connection, &json(1000, 1)).bytes_current
}

#[test]
fn the_table_in_the_docs_matches_the_measurements() {
    let docs = include_str!("../src/deflate/mod.rs");
    for bits in [9, 10, 12, 15] {
        let measured = [1, 5, 8, 9].map(|level| context_for_sending(bits, level));
        println!(
            "//! | {bits} bits | {} | {} | {} | {} |",
            measured[0], measured[1], measured[2], measured[3]
        );
        let name = format!("//! | {bits} bits | ");
        let row = docs.lines().find_map(|line| line.strip_prefix(&name)).unwrap();
        let said: Vec<i64> =
            row.split('|').filter_map(|cell| cell.trim().replace(',', "").parse().ok()).collect();
        assert_eq!(said.len(), 4, "{row}");
        for (said, measured) in said.iter().zip(measured) {
            assert!((said - measured).abs() <= measured / 33, "{said} in the docs, {measured} measured");
        }
    }
    assert!(docs.contains(&format!("has {FIXED} bytes on the heap")));
    // The backend uses a window of 2^9 for one of 2^8.
    assert_eq!(context_for_sending(8, 8), context_for_sending(9, 8));
    let mut connection = sender(Role::Server, with_takeover());
    let first =
        receive(&mut connection, &mut to(Role::Server, COMPRESSED_TEXT, HELLO), usize::MAX).bytes_current;
    println!("context for receiving: {first}");
    let said =
        docs.lines().find_map(|line| line.strip_prefix("//! The decompression context takes ")).unwrap();
    let said: i64 = said.split(' ').next().unwrap().replace(',', "").parse().unwrap();
    assert!((said - first).abs() <= first / 33, "{said} in the docs, {first} measured");
}

#[test]
fn nothing_is_taken_before_the_first_compressed_message() {
    for role in BOTH {
        let config = with(role, with_takeover());
        let mut connection = None;
        let made = measure(|| {
            connection = Some(match role {
                Role::Server => Connection::server(config),
                Role::Client => Connection::client(config, [1; 32]),
            });
        });
        let without = measure(|| {
            drop(match role {
                Role::Server => Connection::server(sansocket::Config::new()),
                Role::Client => Connection::client(sansocket::Config::new(), [1; 32]),
            });
        });
        assert!(made.bytes_max <= without.bytes_max + FIXED, "{}", made.bytes_max - without.bytes_max);
        let mut connection = connection.unwrap();
        assert_eq!(receive(&mut connection, &mut to(role, 0x81, b"Hello"), 1).bytes_current, 0);
        assert_eq!(send(&mut connection, "too short to be compressed").bytes_current, 0);
        connection.compress_next(Compress::Never);
        assert_eq!(send(&mut connection, &"x".repeat(5000)).bytes_current, 0);
        // An empty message needs no context, either.
        assert_eq!(receive(&mut connection, &mut to(role, COMPRESSED_TEXT, b""), 1).bytes_current, 0);
        assert_eq!(connection.state(), State::Open);
    }
}

/// A connection without context takeover in either direction.
fn without_takeover(role: Role, delivery: Delivery) -> Connection {
    let config = Config::new().send_context_takeover(false).receive_context_takeover(false);
    let config = with(role, config).delivery(delivery);
    match role {
        Role::Server => Connection::server(config),
        Role::Client => Connection::client(config, [1; 32]),
    }
}

/// A block with BFINAL set: "Hello".
const FINAL_BLOCK: &[u8] = b"\x01\x05\x00\xfa\xffHello";

#[test]
fn without_context_takeover_nothing_is_kept_and_nothing_allocated_but_the_message() {
    for role in BOTH {
        for delivery in [Delivery::Messages, Delivery::Chunks] {
            // The thread owns the contexts: one per direction, for any number of connections.
            let mut connections: Vec<_> = (0..20).map(|_| without_takeover(role, delivery)).collect();
            let mut peer = Zlib::new(6, 15, false);
            for len in [100, 5000, 100_000] {
                let text = json(len, 3);
                let payload = peer.compress(text.as_bytes(), true);
                // The thread keeps this memory from now on.
                receive(&mut connections[0], &mut to(role, COMPRESSED_TEXT, &payload), usize::MAX);
                send(&mut connections[0], &text);
                for connection in &mut connections {
                    let info = receive(connection, &mut to(role, COMPRESSED_TEXT, &payload), usize::MAX);
                    assert_eq!((info.bytes_current, info.count_current), (0, 0), "{len}");
                    // The message, which grows once, and a copy of the window after the first message.
                    let most = if delivery == Delivery::Messages { 2 } else { 2 + len as u64 / 2048 };
                    assert!((1..=most).contains(&info.count_total), "{} for {len}", info.count_total);
                    assert!(info.bytes_total <= 3 * len as u64, "{} for {len}", info.bytes_total);
                    let info = send(connection, &text);
                    assert_eq!((info.bytes_current, info.count_total), (0, 0), "{len}");
                }
                for payload in [&payload[..], HELLO, FINAL_BLOCK, b""] {
                    for piece in [usize::MAX, 1000, 7] {
                        let stream = &mut to(role, COMPRESSED_TEXT, payload);
                        let info = receive(&mut connections[0], stream, piece);
                        assert_eq!((info.bytes_current, info.count_current), (0, 0), "{len}, {piece}");
                    }
                }
            }
        }
    }
}

#[test]
fn contexts_kept_by_a_thread_are_bounded_and_shared_between_connections() {
    let begun = to(Role::Server, COMPRESSED_TEXT_FIRST, &HELLO[..3]);
    let end = to(Role::Server, FINAL, &HELLO[3..]);
    let mut connections: Vec<_> =
        (0..50).map(|_| without_takeover(Role::Server, Delivery::Messages)).collect();
    let mut out = Vec::with_capacity(200_000);
    // Fragmented messages overlap, so each has its own contexts.
    let mut live = measure(|| {
        for connection in &mut connections {
            connection.receive(&mut Input::new(&mut begun.clone()), &mut out).unwrap();
            connection.send_text_fragment("Hello", false, &mut out).unwrap();
        }
    })
    .bytes_current;
    assert!(live > 50 * (RECEIVING.cast_signed() + 300_000), "{live}");
    live += measure(|| {
        for connection in &mut connections {
            assert!(connection.receive(&mut Input::new(&mut end.clone()), &mut out).unwrap().is_some());
            connection.send_text_fragment("", true, &mut out).unwrap();
        }
    })
    .bytes_current;
    assert!((KEPT / 2..=KEPT + 1000).contains(&live), "{live}");
    let dropped = measure(|| drop(connections)).bytes_current;
    assert!(dropped.abs() < 50 * 1000, "{dropped}: the connections had no contexts");
}

#[test]
fn with_context_takeover_both_contexts_stay_and_release_gives_one_back() {
    make_room();
    let mut connection = sender(Role::Server, with_takeover());
    let mut peer = Zlib::new(6, 15, true);
    let first =
        receive(&mut connection, &mut to(Role::Server, COMPRESSED_TEXT, &peer.compress(b"x", true)), 3);
    assert!((40_000..=RECEIVING.cast_signed()).contains(&first.bytes_current), "{}", first.bytes_current);
    let context = send(&mut connection, &json(500, 1)).bytes_current;
    for seed in 0..50 {
        let text = json(20_000, seed);
        let payload = peer.compress(text.as_bytes(), true);
        let received = receive(&mut connection, &mut to(Role::Server, COMPRESSED_TEXT, &payload), 1000);
        assert_eq!(received.bytes_current, 0, "nothing is added");
        assert_eq!(send(&mut connection, &text).bytes_current, 0);
    }
    let released = measure(|| connection.release_buffers());
    assert_eq!(released.bytes_current, -context);
    assert_eq!(measure(|| connection.release_buffers()).count_total, 0);
    // The receiving context stays: the peer may refer to earlier data.
    let again = peer.compress(json(20_000, 49).as_bytes(), true);
    assert_eq!(
        receive(&mut connection, &mut to(Role::Server, COMPRESSED_TEXT, &again), 1000).bytes_current,
        0
    );
    assert_eq!(connection.state(), State::Open);
    assert_eq!(send(&mut connection, &json(500, 1)).bytes_current, context, "made anew");
}

#[test]
fn the_end_of_a_connection_gives_everything_back() {
    make_room();
    for ending in ["close", "peer", "fault", "eof", "close without answer"] {
        let config = with(Role::Server, with_takeover()).auto_close(ending != "close without answer");
        let mut connection = Connection::server(config);
        let mut live =
            receive(&mut connection, &mut to(Role::Server, COMPRESSED_TEXT, HELLO), 3).bytes_current;
        live += receive(&mut connection, &mut to(Role::Server, 0x41, b"\xf2\x00"), 3).bytes_current;
        live += send(&mut connection, &json(500, 1)).bytes_current;
        assert!(live > 300_000);
        let mut close = to(Role::Server, CLOSE, b"");
        let mut out = Vec::with_capacity(100);
        live += measure(|| match ending {
            "close" => connection.send_close(CloseCode::NORMAL, &mut out).unwrap(),
            "fault" => assert!(connection.receive(&mut Input::new(&mut [0xff]), &mut out).is_err()),
            "eof" => assert!(connection.receive_eof().is_err()),
            _ => assert!(connection.receive(&mut Input::new(&mut close), &mut out).unwrap().is_some()),
        })
        .bytes_current;
        if ending == "close" {
            // The peer may still finish its message, of which one letter has arrived; no more is sent.
            assert!(live <= RECEIVING.cast_signed() + 8, "{live}");
            live += receive(&mut connection, &mut close, 1).bytes_current;
        }
        if ending == "close without answer" {
            assert!(live > 0, "a message may still be sent");
            live += measure(|| connection.send_close(None, &mut out).unwrap()).bytes_current;
        }
        let rest = if matches!(ending, "fault" | "eof") { ENDING } else { 0 };
        assert_eq!(live, rest, "{ending}");
    }
}

#[test]
fn a_bomb_takes_the_limit_and_a_fixed_amount() {
    make_room();
    // C1: 64 KiB that inflate to 64 MiB, in one frame and in 1,000 fragments, with and without takeover.
    let bomb = zlib(&vec![0; 64 << 20]);
    assert!((60_000..70_000).contains(&bomb.len()));
    for takeover in [true, false] {
        for limit in [1 << 10, 100_000, 1 << 20] {
            let config = with(Role::Server, with_takeover().receive_context_takeover(takeover));
            let whole = to(Role::Server, COMPRESSED_BINARY, &bomb);
            let mut fragments = to(Role::Server, COMPRESSED_BINARY_FIRST, b"");
            bomb.chunks(66).for_each(|piece| fragments.extend(to(Role::Server, MIDDLE, piece)));
            for (mut stream, piece) in
                [(whole, usize::MAX), (fragments.clone(), usize::MAX), (fragments, 100)]
            {
                let mut connection = Connection::server(config.max_message_len(limit));
                let mut largest = 0;
                let mut live = 0;
                let mut out = Vec::with_capacity(100);
                for bytes in stream.chunks_mut(piece) {
                    let info = measure(|| {
                        let _ = connection.receive(&mut Input::new(bytes), &mut out);
                    });
                    largest = largest.max(live + info.bytes_max.cast_signed());
                    live += info.bytes_current;
                    assert!(live <= (limit + RECEIVING + HISTORY).cast_signed(), "{live} between reads");
                }
                // The old and the new buffer exist side by side while it grows.
                let bound = (2 * limit + RECEIVING + HISTORY + ROOM).cast_signed();
                assert!(largest <= bound, "{largest} of {limit}");
                assert_eq!((connection.state(), live), (State::Draining, ENDING));
            }
        }
    }
}

#[test]
fn blocks_without_content_take_constant_memory_and_linear_work() {
    // C3. The blocks with BFINAL set contain only the padding for their length.
    let final_block = [&b"\x00\x00\x00\xff\xff".repeat(13)[..], b"\x03\x00"].concat();
    for (block, tail) in [(&b"\x00\x00\x00\xff\xff"[..], &b"\x00"[..]), (&final_block, b"")] {
        for delivery in [Delivery::Messages, Delivery::Chunks] {
            let run = |count: usize| {
                let mut connection =
                    Connection::server(with(Role::Server, with_takeover()).delivery(delivery));
                let mut peer = Zlib::new(6, 15, true);
                let history = peer.compress(&noise(40_000), true);
                receive(&mut connection, &mut to(Role::Server, COMPRESSED_BINARY, &history), usize::MAX);
                let mut stream = to(Role::Server, COMPRESSED_BINARY_FIRST, &block.repeat(count / 2));
                stream.extend(to(Role::Server, FINAL, &[&block.repeat(count / 2), tail].concat()));
                let mut calls = 0;
                let mut out = Vec::new();
                let info = measure(|| {
                    for bytes in stream.chunks_mut(4096) {
                        let mut input = Input::new(bytes);
                        calls += 1;
                        while connection.receive(&mut input, &mut out).unwrap().is_some() {
                            calls += 1;
                        }
                    }
                });
                assert_eq!(connection.state(), State::Open);
                (calls, stream.len(), info)
            };
            let (calls, len, once) = run(20_000);
            assert!(calls <= len / 4096 + 3, "{calls} calls");
            assert!(once.bytes_max <= ROOM, "{}", once.bytes_max);
            let (_, _, twice) = run(40_000);
            assert_eq!(once.bytes_max, twice.bytes_max, "{block:02x?}");
            assert!(twice.bytes_total * 10 <= once.bytes_total * 22, "{block:02x?}");
        }
    }
}

#[test]
fn the_copy_of_the_window_stays_within_the_documented_size() {
    make_room();
    // The peer sets BFINAL in each message, for all sizes.
    let mut connection = sender(Role::Server, with_takeover());
    let mut live = 0;
    for len in [1, 1000, 32_768, 50_000, 65_535, 5, 4097, 40_000, 60_000] {
        let data = noise(len);
        let size = u16::try_from(len).unwrap();
        let payload = [&b"\x01"[..], &size.to_le_bytes(), &(!size).to_le_bytes(), &data].concat();
        for piece in [usize::MAX, 100] {
            live += receive(&mut connection, &mut to(Role::Server, COMPRESSED_BINARY, &payload), piece)
                .bytes_current;
            assert!(live <= (RECEIVING + HISTORY).cast_signed(), "{live} after {len}");
        }
    }
    // The first message without BFINAL frees the copy.
    let mut connection = sender(Role::Server, with_takeover());
    let long = zlib(&noise(60_000));
    let live =
        receive(&mut connection, &mut to(Role::Server, COMPRESSED_BINARY, &long), usize::MAX).bytes_current;
    assert!(live <= RECEIVING.cast_signed(), "{live}");
    assert_eq!(receive(&mut connection, &mut to(Role::Server, COMPRESSED_TEXT, HELLO), 1).bytes_current, 0);
    assert_eq!(
        receive(&mut connection, &mut to(Role::Server, COMPRESSED_TEXT, HELLO_AGAIN), 1).bytes_current,
        0
    );
}

#[test]
#[cfg(target_pointer_width = "64")]
fn the_presets_take_the_documented_memory() {
    let docs = include_str!("../src/deflate/config.rs");
    let rows =
        docs.lines().filter_map(|line| line.strip_prefix("    /// | ").or(line.strip_prefix("/// | ")));
    let said: Vec<Vec<&str>> = rows
        .map(|row| row.split('|').map(str::trim).collect())
        .filter(|row: &Vec<_>| row.len() == 5)
        .collect();
    let figure = |cell: &str| cell.replace(',', "").parse::<i64>().unwrap();
    let configs: [&[Config]; 5] = [
        &[Config::new(), Config::best_speed()],
        &[with_takeover()],
        &[Config::best_compression()],
        &[Config::new().receive_context_takeover(false)],
        &[Config::low_memory()],
    ];
    assert_eq!(said.len(), configs.len() + 1);
    for (said, configs) in said[1..].iter().zip(configs) {
        for &config in configs {
            // A new thread keeps no contexts yet.
            let (connection, thread) = std::thread::spawn(move || cost(config)).join().unwrap();
            println!("{}: {connection} a connection, {thread} a thread", said[0]);
            for (said, measured) in [(said[1], connection), (said[3], thread)] {
                assert!(
                    (figure(said) - measured).abs() <= measured / 33,
                    "{said} in the docs, {measured} measured"
                );
            }
            let all = 100_000 * connection;
            let all = match all / 1_000_000 {
                10_000.. => format!("{} GB", (all + 500_000_000) / 1_000_000_000),
                1_000.. => format!("{}.{} GB", all / 1_000_000_000, all / 100_000_000 % 10),
                _ => format!("{} MB", (all + 500_000) / 1_000_000),
            };
            assert_eq!(said[2], all);
        }
    }
}

/// The memory of a connection between messages, and the memory that its thread keeps for all connections.
#[cfg(target_pointer_width = "64")]
fn cost(config: Config) -> (i64, i64) {
    let frame = to(Role::Server, COMPRESSED_BINARY, &zlib(&vec![0; 1 << 20]));
    let use_both = |connection: &mut Connection| {
        let received = receive(connection, &mut frame.clone(), usize::MAX).bytes_current;
        let sent = [1000, 10_000].map(|len| send(connection, &json(len, 1)).bytes_current);
        received + sent[0] + sent[1]
    };
    let of_both = use_both(&mut sender(Role::Server, config));
    let mut connection = None;
    let made = measure(|| connection = Some(sender(Role::Server, config))).bytes_current;
    let used = use_both(connection.as_mut().unwrap());
    (made + used + i64::try_from(size_of::<Connection>()).unwrap(), of_both - used)
}
