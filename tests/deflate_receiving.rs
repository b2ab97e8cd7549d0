//! Received compressed messages (RFC 7692, 6.2 and 7.2.2). Every stream is received in one read, split in two
//! at every position, and byte by byte, in both roles and both deliveries.
#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{
    BINARY, BOTH, Bench, CLOSE, FINAL, MIDDLE, PING, PONG, TEXT, TEXT_FIRST, all_to, binary, binary_chunk,
    deflate::{
        COMPRESSED_BINARY as CB, COMPRESSED_BINARY_FIRST, COMPRESSED_TEXT as C, COMPRESSED_TEXT_FIRST as C1,
        HELLO, HELLO_AGAIN, Zlib, benches, delivered, fails, fails_with, json, passes, sender, spelled,
        stored, with, zlib,
    },
    frame, noise, ping, pong, prose, text, text_chunk, to,
};
use sansocket::{Connection, Delivery, Event, Input, ProtocolError, State, deflate::Config, frame::Role};

/// Frames, and the texts that they contain.
type Row = (&'static [(u8, &'static str)], &'static [&'static str]);

const GOOD: &[Row] = &[
    // RFC 7692, 7.2.3.1 to 7.2.3.6
    (&[(C, "f248cdc9c90700")], &["Hello"]),
    (&[(C1, "f248cd"), (FINAL, "c9c90700")], &["Hello"]),
    (&[(C, "f248cdc9c90700"), (C, "f200110000")], &["Hello", "Hello"]),
    (&[(C, "000500faff48656c6c6f00")], &["Hello"]),
    (&[(C, "f348cdc9c9070000")], &["Hello"]),
    (&[(C, "f24805000000ffffcac9c90700")], &["Hello"]),
    (&[(C, "00")], &[""]),
    // Uncompressed messages do not change the window.
    (&[(C, "f248cdc9c90700"), (TEXT, "706c61696e"), (C, "f200110000")], &["Hello", "plain", "Hello"]),
    (
        &[(TEXT, "48656c6c6f"), (C, "f248cdc9c90700"), (TEXT, ""), (C, "f200110000")],
        &["Hello", "Hello", "", "Hello"],
    ),
    // Tails that were not removed, and empty fragments.
    (&[(C1, "f248cdc9c907000000ffff"), (FINAL, "00")], &["Hello"]),
    (&[(C1, "f248cdc9c90700"), (FINAL, "")], &["Hello"]),
    (&[(C1, "f248cdc9c907000000ffff"), (FINAL, "")], &["Hello"]),
    (&[(C1, "f248cdc9c907000000ff"), (MIDDLE, "ff"), (FINAL, "")], &["Hello"]),
    (&[(C1, ""), (MIDDLE, ""), (MIDDLE, "f248cdc9c90700"), (MIDDLE, ""), (FINAL, "")], &["Hello"]),
    (&[(C, "f248cdc9c907000000ffff")], &["Hello"]),
    (&[(C, "f248cdc9c907000000ffff"), (C, "f200110000")], &["Hello", "Hello"]),
    (&[(C, "f248cdc9c907000000ffff00")], &["Hello"]),
    // Empty payloads.
    (&[(C, "")], &[""]),
    (&[(C1, ""), (MIDDLE, ""), (FINAL, "")], &[""]),
    (&[(C, ""), (C, "f248cdc9c90700")], &["", "Hello"]),
    (&[(C, "f248cdc9c90700"), (C, ""), (C, "f200110000")], &["Hello", "", "Hello"]),
    (&[(C, "0200")], &[""]),
    (&[(C, "000000ffff00"), (C, "000000ffff"), (C, "f248cdc9c90700")], &["", "", "Hello"]),
    // P26: after BFINAL the next block begins at a byte boundary, and the window is kept.
    (&[(C, "f348cdc9c90700")], &["Hello"]),
    (&[(C, "f348cdc9c9070000"), (C, "f200110000")], &["Hello", "Hello"]),
    (&[(C, "f348cdc9c90700"), (C, "f200110000"), (C, "f200110000")], &["Hello", "Hello", "Hello"]),
    (&[(C, "f348cdc9c9070000"), (C, "f248cdc9c90700")], &["Hello", "Hello"]),
    (&[(C, "f348cdc9c90700f248cdc9c90700")], &["HelloHello"]),
    (&[(C, "f348cdc9c90700f348cdc9c90700")], &["HelloHello"]),
    (&[(C, "f348cdc9c90700f200110000")], &["HelloHello"]),
    (&[(C, "f348cdc9c90700f300110000")], &["HelloHello"]),
    (
        &[(C, "f348cdc9c90700"), (C, ""), (C, "f300110000"), (TEXT, "78"), (C, "f200110000")],
        &["Hello", "", "Hello", "x", "Hello"],
    ),
    (&[(C1, "f348cdc9c90700"), (FINAL, "00")], &["Hello"]),
    (&[(C1, "f348cdc9c90700"), (MIDDLE, ""), (FINAL, "")], &["Hello"]),
    (&[(C1, "f348cdc9"), (MIDDLE, "c90700f3"), (FINAL, "001100")], &["HelloHello"]),
    (&[(C, "0300"), (C, "030003000300000000ffff"), (C, "f248cdc9c90700")], &["", "", "Hello"]),
    (&[(C, "010500faff48656c6c6f"), (C, "f200110000")], &["Hello", "Hello"]),
    // A peer that sets BFINAL in a later message.
    (
        &[
            (C, "f248cdc9c90700"),
            (C, "f348cdc9c90700"),
            (C, "f248cdc9c90700"),
            (C, "f300110000"),
            (C, "f200110000"),
        ],
        &["Hello", "Hello", "Hello", "Hello", "Hello"],
    ),
];

#[test]
fn every_form_of_a_message_is_inflated() {
    for (frames, texts) in GOOD {
        let events: Vec<_> = texts.iter().map(|one| text(one)).collect();
        passes(&spelled(frames), &events);
    }
}

/// Frames, the texts before the invalid message, and the part of that message that is valid.
type Fault = (&'static [(u8, &'static str)], &'static [&'static str], &'static str);

const BAD: &[Fault] = &[
    // Split inside a block, at several positions.
    (&[(C, "f248cd")], &[], "He"),
    (&[(C, "f248cdc9c9")], &[], "Hell"),
    (&[(C, "f248cdc9c907")], &[], "Hello"),
    (&[(C1, "f248"), (FINAL, "")], &[], "H"),
    (&[(C, "000500faff4865")], &[], "He"),
    (&[(C, "000500faff48")], &[], "H"),
    (&[(C, "000500fa")], &[], ""),
    (&[(C, "0005")], &[], ""),
    (&[(C, "04")], &[], ""),
    (&[(C, "f248cdc9c90700"), (C, "f2")], &["Hello"], ""),
    // Bytes equal to the tail, inside a block.
    (&[(C, "f248cdc9c907000000ffff00ffff")], &[], "Hello"),
    // The last block is not empty (see the docs of the module).
    (&[(C, "000500faff48656c6c6f")], &[], "Hello"),
    // Corrupt.
    (&[(C, "ffffffff")], &[], ""),
    (&[(C, "07")], &[], ""),
    (&[(C, "f248cdc9c907000000ffff06")], &[], "Hello"),
    (&[(C, "000500faff48656c6c6f06")], &[], "Hello"),
    (&[(C, "000500fafe48656c6c6f00")], &[], ""),
    (&[(C, "fcff")], &[], ""),
    (&[(C, "f248cdc9c90700"), (C, "06")], &["Hello"], ""),
    // After a final block.
    (&[(C, "f348cdc9c90700deadbeef")], &[], "Hello"),
    (&[(C, "f348cdc9c90700"), (C, "07")], &["Hello"], ""),
    (&[(C, "f348cdc9c90700f248cd")], &[], "HelloHe"),
    // A distance that reaches before the window.
    (&[(C, "f200110000")], &[], "H"),
    (&[(C, "f348cdc9c90700f200060000")], &[], "HelloH"),
];

#[test]
fn truncated_or_corrupt_messages_fail_with_1007() {
    for (frames, texts, partial) in BAD {
        let events: Vec<_> = texts.iter().map(|one| text(one)).collect();
        let partial: Vec<_> = (!partial.is_empty()).then(|| text_chunk(partial, false)).into_iter().collect();
        fails(&spelled(frames), &events, &partial, ProtocolError::InvalidDeflate);
    }
    assert_eq!(ProtocolError::InvalidDeflate.close_code().unwrap().get(), 1007);
    // Bytes equal to the tail, in a block that continues.
    let tail = [binary_chunk(b"\x00\x00\xff\xff", false)];
    fails(&spelled(&[(CB, "000500faff0000ffff")]), &[], &tail, ProtocolError::InvalidDeflate);
}

#[test]
fn rsv1_is_for_the_first_frame_of_a_message() {
    // All first bytes, between messages and inside one, compressed or not.
    let begun = [None, Some((TEXT_FIRST, &b"Hel"[..])), Some((C1, &b"\xf2\x48\xcd"[..]))];
    for (bench, _) in benches() {
        for begun in begun {
            let stream: Vec<u8> =
                begun.into_iter().flat_map(|(first, payload)| to(bench.role, first, payload)).collect();
            for first in 0..=u8::MAX {
                let allowed = match first {
                    0x88..=0x8a => true,
                    0x00 | 0x80 => begun.is_some(),
                    0x01 | 0x02 | 0x81 | 0x82 | 0x41 | 0x42 | 0xc1 | 0xc2 => begun.is_none(),
                    _ => false,
                };
                let seen = bench.run_cut(&[&stream[..], &[first]].concat(), &[]);
                assert_eq!(seen.error.is_none(), allowed, "{first:02x} after {begun:02x?}: {:?}", seen.error);
                let code = seen.error.and_then(|error| error.close_code());
                assert!(code.is_none_or(|code| code.get() == 1002));
                let known = matches!(first & 0x8f, 0 | 1 | 2 | 0x80..=0x82 | 0x88..=0x8a);
                if known && (first & 0x30 != 0 || first & 0x4f == 0x40 || first & 0x48 == 0x48) {
                    assert_eq!(seen.error, Some(ProtocolError::ReservedBits), "{first:02x}");
                }
            }
        }
        // R7692-6.1-d
        for frames in [
            &[(0xc9, "78")][..],
            &[(0xca, "")],
            &[(0xc8, "03e8")],
            &[(C1, "f248cd"), (0xc0, "c9c90700")],
            &[(C1, "f248cd"), (0x40, "c9c90700")],
            &[(TEXT_FIRST, "4865"), (0xc0, "6c6c6f")],
        ] {
            let stream: Vec<u8> =
                spelled(frames).iter().flat_map(|(first, payload)| to(bench.role, *first, payload)).collect();
            assert_eq!(bench.run(&stream).error, Some(ProtocolError::ReservedBits), "{frames:?}");
        }
    }
    // R7692-5-h: messages are not compressed unless it was negotiated.
    for role in BOTH {
        let stream = to(role, C, HELLO);
        fails_with(&Bench::new(role), &stream, ProtocolError::ReservedBits, &[]);
    }
}

#[test]
fn compressed_text_is_checked_like_any_other() {
    let fault = ProtocolError::InvalidUtf8;
    // R7692-6.1-f
    fails(&spelled(&[(C, "faff0f00")]), &[], &[], fault);
    fails(&[(C, stored(b"Gr\xc3\xbc\xc3x"))], &[], &[text_chunk("Grü", false)], fault);
    fails(&[(C, zlib(b"ok \xe2\x82")), (C, HELLO.to_vec())], &[], &[text_chunk("ok ", false)], fault);
    fails(&[(C, stored(b"\xed\xa0\x80"))], &[], &[], fault);
    // A character split across reads, blocks and fragments, valid and invalid.
    let half = [&b"\x00\x02\x00\xfd\xff"[..], b"\xe2\x82"].concat();
    let rest = [&b"\x00\x01\x00\xfe\xff"[..], b"\xac", b"\x00"].concat();
    passes(&[(C1, half.clone()), (MIDDLE, vec![]), (FINAL, rest)], &[text("€")]);
    fails(&[(C1, half.clone()), (FINAL, stored(b"x"))], &[], &[], fault);
    fails(&[(C1, half.clone()), (FINAL, b"\x00".to_vec())], &[], &[], fault);
    // The earlier of two violations is reported.
    let corrupt = [&stored(b"abc\xff")[..], b"\x06"].concat();
    fails(&[(C, corrupt)], &[], &[text_chunk("abc", false)], fault);
    let corrupt = [&b"\x00\x03\x00\xfc\xffabc"[..], b"\x06", b"\xff"].concat();
    fails(&[(C, corrupt)], &[], &[text_chunk("abc", false)], ProtocolError::InvalidDeflate);
    // Long enough for the larger inflate buffers, with the violation at their boundaries.
    for len in [4095, 4096, 4097, 65_536, 69_632, 70_000] {
        let valid = "x".repeat(len);
        let bytes = [valid.as_bytes(), b"\xff", &[b'y'; 100]].concat();
        fails(&[(C, zlib(&bytes))], &[], &[text_chunk(&valid, false)], fault);
        let corrupt = [&zlib(valid.as_bytes())[..], b"\x06"].concat();
        fails(&[(C, corrupt)], &[], &[text_chunk(&valid, false)], ProtocolError::InvalidDeflate);
    }
    // Binary messages are not validated.
    passes(&spelled(&[(CB, "faff0f00"), (CB, "f248cdc9c90700")]), &[binary(b"\xff\xfe"), binary(b"Hello")]);
}

#[test]
fn control_frames_may_stand_between_fragments() {
    for (bench, delivery) in benches() {
        let stream = all_to(
            bench.role,
            &[
                (C1, b"\xf2\x48\xcd"),
                (PING, b"ping"),
                (MIDDLE, b"\xc9\xc9"),
                (PONG, b""),
                (PING, b""),
                (FINAL, b"\x07\x00"),
                (C, HELLO_AGAIN),
            ],
        );
        let seen = bench.run(&stream);
        let events: Vec<Event<'static>> = match delivery {
            Delivery::Messages => vec![ping(b"ping"), pong(b""), ping(b""), text("Hello"), text("Hello")],
            _ => vec![
                text_chunk("He", false),
                ping(b"ping"),
                text_chunk("ll", false),
                pong(b""),
                ping(b""),
                text_chunk("o", true),
                text_chunk("Hello", true),
            ],
        };
        assert_eq!((seen.error, seen.events), (None, events));
        assert_eq!(seen.out, [frame(PONG, None, b"ping"), frame(PONG, None, b"")].concat());
        // A Close abandons the message.
        let stream = all_to(bench.role, &[(C1, b"\xf2\x48\xcd"), (CLOSE, b"\x03\xe8")]);
        let seen = bench.run(&stream);
        assert_eq!((seen.error, seen.state), (None, State::Draining));
        assert!(seen.closure.unwrap().interrupted);
    }
}

#[test]
fn long_messages_of_all_kinds_are_inflated_in_any_order() {
    for (bench, delivery) in benches() {
        let mut peer = Zlib::new(6, 15, true);
        let (texts, data) = ([json(2000, 1), prose(9000), json(70_000, 2)], noise(40_000));
        let mut frames: Vec<(u8, Vec<u8>)> = Vec::new();
        let mut events = Vec::new();
        for one in &texts {
            frames.push((C, peer.compress(one.as_bytes(), true)));
            frames.push((TEXT, one.clone().into_bytes()));
            events.extend([text(one), text(one)]);
        }
        frames.push((CB, peer.compress(&data, true)));
        frames.push((BINARY, data.clone()));
        events.extend([binary(&data), binary(&data)]);
        let pieces: Vec<&[u8]> = texts[2].as_bytes().chunks(30_000).collect();
        frames.push((COMPRESSED_BINARY_FIRST, peer.compress(pieces[0], false)));
        frames.push((MIDDLE, peer.compress(pieces[1], false)));
        frames.push((FINAL, peer.compress(pieces[2], true)));
        events.push(binary(texts[2].as_bytes()));
        let stream: Vec<u8> =
            frames.iter().flat_map(|(first, payload)| to(bench.role, *first, payload)).collect();
        let seen = bench.run(&stream);
        assert_eq!(seen.error, None);
        assert!(seen.events == delivered(&events, delivery));
    }
}

#[test]
fn a_chunk_has_a_bounded_size() {
    // 64 KiB that inflate to 64 MiB, in one frame and one read.
    let payload = zlib(&vec![b'x'; 64 << 20]);
    let mut stream = to(Role::Server, C, &payload);
    let config = with(Role::Server, Config::new()).delivery(Delivery::Chunks);
    let mut connection = Connection::server(config);
    let (mut largest, mut total) = (0, 0);
    let mut input = Input::new(&mut stream);
    while let Some(event) = connection.receive(&mut input, &mut Vec::new()).unwrap() {
        let Event::TextChunk { data, .. } = event else { panic!("{event:?}") };
        largest = largest.max(data.len());
        total += data.len();
    }
    assert_eq!(total, 64 << 20);
    assert!(largest <= 516 << 10, "{largest}");
}

#[test]
fn a_compressed_message_does_not_wait_in_a_growing_input() {
    let text = prose(20_000);
    let mut client = sender(Role::Client, Config::new());
    let mut stream = Vec::new();
    client.send_text(&text, &mut stream).unwrap();
    assert!(stream.len() < text.len());
    let mut server = Connection::server(with(Role::Server, Config::new()));
    let mut events = Vec::new();
    for bytes in stream.chunks_mut(100) {
        let mut input = Input::retained(bytes, 30_000);
        while let Some(event) = server.receive(&mut input, &mut Vec::new()).unwrap() {
            events.push(event.into_owned());
        }
        assert!(input.is_empty());
    }
    assert_eq!(events, [Event::Text(text.into())]);
}
