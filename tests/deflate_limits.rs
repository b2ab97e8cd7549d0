//! The limit on compressed messages: the inflated bytes count, exactly.
#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{
    BINARY, BOTH, Bench, CLOSE, FINAL, MIDDLE, TEXT, all_to, binary, binary_chunk,
    deflate::{
        COMPRESSED_BINARY, COMPRESSED_BINARY_FIRST, COMPRESSED_TEXT, HELLO, delivered, fails_with, stored,
        with, zlib,
    },
    frame, noise, open, text, text_chunk, to,
};
use sansocket::{Config, Delivery, ProtocolError, State, deflate, frame::Role};

/// The sizes of the inflate buffers, and their neighbors.
const LIMITS: [usize; 14] =
    [0, 1, 2, 4095, 4096, 4097, 32_768, 65_535, 65_536, 65_537, 69_632, 69_633, 1 << 20, (1 << 20) + 4096];

fn bench(role: Role, delivery: Delivery, limit: usize) -> Bench {
    let config = with(role, deflate::Config::new()).delivery(delivery);
    Bench::new(role).config(config.max_message_len(limit as u64))
}

fn too_long(limit: usize) -> ProtocolError {
    ProtocolError::MessageTooLong { limit: limit as u64, len: limit as u64 + 1 }
}

/// Binary data of `len` bytes that does or does not compress, and its payloads: as zlib makes them and
/// stored.
fn messages(len: usize) -> [(Vec<u8>, Vec<u8>); 3] {
    let (flat, mixed) = (vec![0; len], noise(len));
    [(flat.clone(), zlib(&flat)), (mixed.clone(), zlib(&mixed)), (mixed.clone(), stored(&mixed))]
}

/// The payload in several fragments, with empty ones among them.
fn fragments(role: Role, payload: &[u8]) -> Vec<u8> {
    let mut stream = to(role, COMPRESSED_BINARY_FIRST, b"");
    for piece in payload.chunks((payload.len() / 5).max(1)) {
        stream.extend(to(role, MIDDLE, piece));
    }
    stream.extend(to(role, MIDDLE, b""));
    stream.extend(to(role, FINAL, b""));
    stream
}

/// Runs a stream in one read and split at some positions, and checks that the results are equal.
fn run(bench: &Bench, stream: &[u8]) -> common::Transcript {
    let whole = bench.run_cut(stream, &[]);
    let len = stream.len();
    let cuts: Vec<usize> = (0..len).step_by((len / 17).max(1)).collect();
    assert!(bench.run_cut(stream, &cuts) == whole);
    assert!(bench.run_cut(stream, &[len.saturating_sub(1)]) == whole);
    whole
}

#[test]
fn a_message_of_exactly_the_limit_passes_and_one_byte_more_fails_with_1009() {
    assert_eq!(too_long(0).close_code().unwrap().get(), 1009);
    for role in BOTH {
        for delivery in [Delivery::Messages, Delivery::Chunks] {
            for limit in LIMITS {
                let bench = bench(role, delivery, limit);
                for (data, payload) in messages(limit) {
                    let event = delivered(&[binary(&data)], delivery);
                    for stream in [to(role, COMPRESSED_BINARY, &payload), fragments(role, &payload)] {
                        let seen = run(&bench, &stream);
                        assert_eq!((seen.error, seen.state), (None, State::Open), "{limit}");
                        assert!(seen.events == event, "{limit}");
                    }
                }
                for (data, payload) in messages(limit + 1) {
                    for stream in [to(role, COMPRESSED_BINARY, &payload), fragments(role, &payload)] {
                        let seen = run(&bench, &stream);
                        assert_eq!((seen.error, seen.state), (Some(too_long(limit)), State::Draining));
                        // At most as many bytes as the limit are inflated.
                        let expected = match delivery {
                            Delivery::Chunks if limit > 0 => vec![binary_chunk(&data[..limit], false)],
                            _ => vec![],
                        };
                        assert!(seen.events == expected, "{limit}, {:?}", seen.events.len());
                    }
                }
            }
        }
    }
}

#[test]
fn short_messages_at_the_limit_are_the_same_for_any_split() {
    for role in BOTH {
        for delivery in [Delivery::Messages, Delivery::Chunks] {
            let hello = to(role, COMPRESSED_TEXT, HELLO);
            let events = delivered(&[text("Hello")], delivery);
            assert_eq!(bench(role, delivery, 5).run(&hello), open(events, b""));
            let partial = match delivery {
                Delivery::Chunks => vec![text_chunk("Hell", false)],
                _ => vec![],
            };
            fails_with(&bench(role, delivery, 4), &hello, too_long(4), &partial);
            fails_with(&bench(role, delivery, 0), &hello, too_long(0), &[]);
            let empty = all_to(role, &[(COMPRESSED_TEXT, b"\x00"), (COMPRESSED_TEXT, b""), (TEXT, b"")]);
            let events = delivered(&[text(""), text(""), text("")], delivery);
            assert_eq!(bench(role, delivery, 0).run(&empty), open(events, b""));
            // The limit applies to each message separately, in every form.
            let frames: &[(u8, &[u8])] = &[(TEXT, b"12345"), (COMPRESSED_TEXT, HELLO), (TEXT, b"12345")];
            let seen = bench(role, delivery, 5).run(&all_to(role, &frames.repeat(3)));
            assert_eq!((seen.error, seen.events.len()), (None, 9));
        }
    }
}

#[test]
fn the_first_of_two_violations_is_reported() {
    for role in BOTH {
        for delivery in [Delivery::Messages, Delivery::Chunks] {
            let abc = match delivery {
                Delivery::Chunks => vec![text_chunk("abc", false)],
                _ => vec![],
            };
            let corrupt = |data: &[u8]| {
                let mut payload = stored(data);
                *payload.last_mut().unwrap() = 6;
                to(role, COMPRESSED_TEXT, &payload)
            };
            for (data, error) in [
                (&b"abc"[..], ProtocolError::InvalidDeflate),
                (b"abcd", too_long(3)),
                (b"abc\xff", too_long(3)),
            ] {
                fails_with(&bench(role, delivery, 3), &corrupt(data), error, &abc);
            }
            fails_with(&bench(role, delivery, 4), &corrupt(b"abc\xffd"), ProtocolError::InvalidUtf8, &abc);
        }
    }
}

#[test]
fn of_the_compressed_bytes_only_the_limit_for_frames_counts() {
    // P15: a compressed frame may declare a length above the message limit.
    for role in BOTH {
        let data = b"12345".repeat(3);
        let payload = [&b"\x00\x00\x00\xff\xff".repeat(100)[..], &stored(&data)].concat();
        let stream = to(role, COMPRESSED_BINARY, &payload);
        assert!(payload.len() > 500);
        let config = with(role, deflate::Config::new()).max_message_len(15);
        let seen = Bench::new(role).config(config).run(&stream);
        assert_eq!(seen, open(vec![binary(&data)], b""));
        let config = config.max_frame_len(payload.len() as u64);
        assert_eq!(Bench::new(role).config(config).run(&stream).error, None);
        let limit = payload.len() as u64 - 1;
        let error = ProtocolError::FrameTooLong { limit, len: limit + 1 };
        fails_with(&Bench::new(role).config(config.max_frame_len(limit)), &stream, error, &[]);
        // An uncompressed message is still rejected at its header.
        let header = common::header_to(role, BINARY, 16);
        let len = ProtocolError::MessageTooLong { limit: 15, len: 16 };
        fails_with(&Bench::new(role).config(config), &header, len, &[]);
    }
}

#[test]
fn the_fragments_of_a_compressed_message_are_counted() {
    let config = with(Role::Server, deflate::Config::new()).max_fragments(3);
    let mut stream = to(Role::Server, COMPRESSED_BINARY_FIRST, b"\xf2");
    stream.extend(to(Role::Server, MIDDLE, b"").repeat(2));
    let bench = Bench::server().config(config);
    assert_eq!(bench.run(&stream).error, None);
    stream.push(FINAL);
    let seen = bench.run(&stream);
    assert_eq!(seen.error, Some(ProtocolError::TooManyFragments { limit: 3 }));
    assert_eq!(seen.out, frame(CLOSE, None, b"\x03\xf0"));
}

#[test]
fn blocks_with_bfinal_may_be_short_or_many_but_not_both() {
    let tiny = b"\x03\x00";
    let long = [&b"\x01\x3b\x00\xc4\xff"[..], &[b'x'; 59]].concat(); // 64 bytes
    let run = |payload: &[u8]| {
        let stream = all_to(Role::Server, &[(COMPRESSED_TEXT, payload), (COMPRESSED_TEXT, HELLO)]);
        let bench = Bench::server().config(with(Role::Server, deflate::Config::new()));
        bench.run(&stream)
    };
    // The first block is free; credit for 16 more exists at the start.
    assert_eq!(run(&tiny.repeat(18)).events, [text(""), text("Hello")]);
    assert_eq!(run(&long.repeat(300)).events, [text(&"x".repeat(59 * 300)), text("Hello")]);
    assert_eq!(run(&[&long.repeat(10)[..], &tiny.repeat(16)].concat()).error, None);
    for many in [tiny.repeat(19), tiny.repeat(1000), [&tiny.repeat(19)[..], &long.repeat(2)].concat()] {
        let seen = run(&many);
        assert_eq!((seen.error, seen.events), (Some(ProtocolError::InvalidDeflate), vec![]));
    }
    let shorter = [&b"\x01\x30\x00\xcf\xff"[..], &[b'x'; 48]].concat(); // 53 bytes
    assert_eq!(run(&shorter.repeat(90)).error, None);
    let seen = run(&shorter.repeat(110));
    assert_eq!(seen.error, Some(ProtocolError::InvalidDeflate));
}

#[test]
fn blocks_with_bfinal_are_counted_for_the_connection() {
    let messages = |payload: &[u8], count: usize| {
        let stream = to(Role::Server, COMPRESSED_TEXT, payload).repeat(count);
        let seen = run(&bench(Role::Server, Delivery::Messages, 1 << 20), &stream);
        (seen.error, seen.events.len())
    };
    let tiny = b"\x03\x00";
    // One block in each message, as peers send it, is allowed without a limit, with the tail of RFC 7692 or
    // without.
    assert_eq!(messages(tiny, 2000), (None, 2000));
    assert_eq!(messages(b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 2000), (None, 2000));
    // A second block costs 64 received bytes; the credit begins at 1024.
    let error = Some(ProtocolError::InvalidDeflate);
    assert_eq!(messages(&tiny.repeat(2), 2000), (error, 18));
    assert_eq!(messages(&tiny.repeat(16), 20), (error, 1));
    let paid = |len: u8| [&[1, len, 0, !len, 0xff][..], &vec![b'x'; len.into()], tiny].concat();
    assert_eq!(messages(&paid(57), 2000), (None, 2000));
    assert_eq!(messages(&paid(56), 2000).0, error);
    // The credit never exceeds 1024.
    let stream = [
        to(Role::Server, COMPRESSED_TEXT, &stored("x".repeat(60_000).as_bytes())),
        to(Role::Server, COMPRESSED_TEXT, &tiny.repeat(19)),
    ];
    let seen = run(&bench(Role::Server, Delivery::Messages, 1 << 20), &stream.concat());
    assert_eq!((seen.error, seen.events.len()), (error, 1));
}

#[test]
fn no_limit_is_none() {
    let data = vec![7; 3 << 20];
    let stream = to(Role::Server, COMPRESSED_BINARY, &zlib(&data));
    let config: Config = with(Role::Server, deflate::Config::new()).max_message_len(u64::MAX);
    let seen = Bench::server().config(config).run_cut(&stream, &[1000]);
    assert!(seen.events == [binary(&data)]);
}
