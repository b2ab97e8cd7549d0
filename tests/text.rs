//! Text must be UTF-8, and fails at the first byte that makes it invalid (RFC 3629; RFC 6455, 5.6 and 8.1).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{
    BOTH, Bench, FINAL, MIDDLE, PING, PONG, TEXT, TEXT_FIRST, frame, header_to, hex, masked, open, ping,
    text, text_chunk, to,
};
use sansocket::{
    Config, Delivery, ProtocolError,
    frame::Role,
    utf8::{Decoded, Decoder},
};

/// A text, with its status after each byte: `V`, valid so far; `i`, inside a character; `X`, invalid.
const TRACES: [(&str, &str, &str); 53] = [
    ("ASCII", "68656c6c6f", "VVVVV"),
    ("nothing", "", ""),
    ("NUL", "00", "V"),
    ("DEL", "7f", "V"),
    ("U+0080", "c280", "iV"),
    ("U+07FF", "dfbf", "iV"),
    ("U+0800", "e0a080", "iiV"),
    ("U+D7FF", "ed9fbf", "iiV"),
    ("U+E000", "ee8080", "iiV"),
    ("U+FFFD", "efbfbd", "iiV"),
    ("U+FFFE, a noncharacter", "efbfbe", "iiV"),
    ("U+FFFF, a noncharacter", "efbfbf", "iiV"),
    ("U+10000", "f0908080", "iiiV"),
    ("U+1FFFE, a noncharacter", "f09fbfbe", "iiiV"),
    ("U+10FFFF", "f48fbfbf", "iiiV"),
    ("U+FEFF is kept", "efbbbf41", "iiVV"),
    ("€", "e282ac", "iiV"),
    ("κόσμε", "cebae1bdb9cf83cebcceb5", "iViiViViViV"),
    ("cut in its first character", "ce", "i"),
    ("cut in its second character", "cebae1bd", "iVii"),
    ("3 bytes, cut", "e282", "ii"),
    ("4 bytes, cut", "f09f98", "iii"),
    ("a continuation alone", "80", "X"),
    ("the last continuation alone", "bf", "X"),
    ("two continuations", "80bf", "X"),
    ("text, then a continuation", "4180", "VX"),
    ("a lead, then ASCII", "c341", "iX"),
    ("a lead, then a lead", "e282e282ac", "iiX"),
    ("overlong in 2: c0 80", "c080", "X"),
    ("overlong in 2: c0 af", "c0af", "X"),
    ("overlong in 2: c1 bf", "c1bf", "X"),
    ("overlong in 3: e0 80 80", "e08080", "iX"),
    ("overlong in 3: e0 9f bf", "e09fbf", "iX"),
    ("overlong in 4: f0 80 80 80", "f0808080", "iX"),
    ("overlong in 4: f0 8f bf bf", "f08fbfbf", "iX"),
    ("surrogate D800", "eda080", "iX"),
    ("surrogate DBFF", "edafbf", "iX"),
    ("surrogate DC00", "edb080", "iX"),
    ("surrogate DFFF", "edbfbf", "iX"),
    ("a pair of surrogates", "eda080edb080", "iX"),
    ("U+110000", "f4908080", "iX"),
    ("f5", "f5808080", "X"),
    ("f7", "f7bfbfbf", "X"),
    ("5 bytes from f8", "f888808080", "X"),
    ("5 bytes from fb", "fbbfbfbfbf", "X"),
    ("6 bytes from fc", "fc8480808080", "X"),
    ("6 bytes from fd", "fdbfbfbfbfbf", "X"),
    ("fe", "fe", "X"),
    ("ff", "ff", "X"),
    ("fe fe ff ff", "fefeffff", "X"),
    ("κόσμε, a surrogate, and more", "cebae1bdb9cf83cebcceb5eda080656469746564", "iViiViViViViX"),
    ("κόσμε, U+110000, and more", "cebae1bdb9cf83cebcceb5f4908080656469746564", "iViiViViViViX"),
    ("κόσμε and the beginning of U+110000", "cebae1bdb9cf83cebcceb5f490", "iViiViViViViX"),
];

/// One row of the table, read.
struct Row {
    name: &'static str,
    bytes: Vec<u8>,
    trace: &'static [u8],
    /// The invalid byte.
    fault: Option<usize>,
    /// All characters before the invalid byte, or before the end.
    prefix: String,
}

fn rows() -> impl Iterator<Item = Row> {
    TRACES.iter().map(|&(name, bytes, trace)| {
        let (bytes, trace) = (hex(bytes), trace.as_bytes());
        let fault = trace.iter().position(|&mark| mark == b'X');
        assert_eq!(trace.len(), fault.map_or(bytes.len(), |fault| fault + 1), "{name}");
        let valid = trace.iter().rposition(|&mark| mark == b'V').map_or(0, |last| last + 1);
        let prefix = std::str::from_utf8(&bytes[..valid]).unwrap().to_owned();
        Row { name, bytes, trace, fault, prefix }
    })
}

impl Row {
    fn is_valid(&self) -> bool {
        self.fault.is_none() && self.prefix.len() == self.bytes.len()
    }
}

/// The result of decoding pieces: the text, and the offending byte.
fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (String, Option<usize>, bool) {
    let mut decoder = Decoder::new();
    let mut text = String::new();
    let mut before = 0;
    for piece in pieces {
        match decoder.decode(piece) {
            Ok(Decoded { first, rest }) => {
                text.extend(first);
                text.push_str(rest);
            }
            Err(error) => return (text, Some(before + error.index()), false),
        }
        before += piece.len();
    }
    (text, None, decoder.is_complete())
}

#[test]
fn the_decoder_follows_the_traces() {
    // R3629-3-a
    for Row { name, bytes, trace, fault, prefix } in rows() {
        let mut decoder = Decoder::new();
        for (index, mark) in trace.iter().enumerate() {
            let result = decoder.decode(&bytes[index..=index]);
            match mark {
                b'X' => assert_eq!(result.unwrap_err().index(), 0, "{name}, byte {index}"),
                mark => {
                    assert!(result.is_ok(), "{name}, byte {index}");
                    assert_eq!(decoder.is_complete(), *mark == b'V', "{name}, byte {index}");
                }
            }
        }
        for cut in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(cut);
            let (text, found, complete) = decode([head, tail]);
            assert_eq!(found, fault, "{name}, cut at {cut}");
            if fault.is_none() {
                assert_eq!((&text, complete), (&prefix, prefix.len() == bytes.len()), "{name}, cut at {cut}");
            }
        }
    }
}

#[test]
fn exactly_the_scalar_values_are_accepted() {
    // R3629-3-a
    let mut accepted = 0;
    for code in 0..=0x10_ffff_u32 {
        let Some(character) = char::from_u32(code) else { continue };
        let mut buf = [0; 4];
        let bytes = character.encode_utf8(&mut buf).as_bytes();
        let mut decoder = Decoder::new();
        let (head, tail) = bytes.split_at(bytes.len() - 1);
        assert_eq!(decoder.decode(head), Ok(Decoded { first: None, rest: "" }));
        let last = decoder.decode(tail).unwrap();
        assert_eq!(last.first.or(last.rest.chars().next()), Some(character));
        assert!(decoder.is_complete());
        accepted += 1;
    }
    assert_eq!(accepted, 1_112_064);
    let valid = |bytes: &[u8]| decode([bytes]).1.is_none() && decode([bytes]).2;
    let singles = (0..=u8::MAX).filter(|&byte| valid(&[byte])).count();
    let pairs = (0..=u16::MAX).filter(|&pair| valid(&pair.to_be_bytes())).count();
    assert_eq!((singles, pairs), (128, 128 * 128 + 1920));
    for (lead, seconds) in
        [(0xe0, 0xa0..=0xbf), (0xed, 0x80..=0x9f), (0xf0, 0x90..=0xbf), (0xf4, 0x80..=0x8f)]
    {
        for second in 0..=u8::MAX {
            let fault = (!seconds.contains(&second)).then_some(1);
            assert_eq!(decode([&[lead, second][..]]).1, fault, "{lead:02x} {second:02x}");
        }
    }
}

#[test]
fn an_invalid_byte_is_found_anywhere_in_a_long_text() {
    // Long enough for each validation path, with an invalid byte at every position of a block.
    for at in (0..200).chain([1000, 4095, 4096]) {
        for (bad, index) in [(&b"\xff"[..], 0), (b"\xe2\x82A", 2), (b"\xed\xa0\x80", 1), (b"\xf4\x90", 1)] {
            let mut bytes = vec![b'a'; at];
            bytes.extend_from_slice(bad);
            bytes.extend_from_slice(&[b'z'; 150]);
            assert_eq!(decode([&bytes[..]]).1, Some(at + index), "{bad:02x?} at {at}");
            let half = at / 2;
            assert_eq!(decode([&bytes[..half], &bytes[half..]]).1, Some(at + index), "{bad:02x?} at {at}");
        }
    }
}

#[test]
fn a_text_in_one_frame() {
    // R6455-5.6-a, R6455-6.2-4, R6455-8.1-a, R6455-8.1-c, R6455-10.7-a
    for row in rows() {
        for role in BOTH {
            let stream = to(role, TEXT, &row.bytes);
            let header_len = stream.len() - row.bytes.len();
            let bench = Bench::new(role);
            match row.fault {
                None if row.is_valid() => {
                    assert_eq!(bench.run(&stream), open(vec![text(&row.prefix)], b""), "{}", row.name);
                }
                // At the end of the message.
                None => bench.fails_at_the_end(&stream, ProtocolError::InvalidUtf8, &[], b""),
                // In the middle of the frame.
                Some(fault) => {
                    let stream = &stream[..=header_len + fault];
                    bench.fails_at_the_end(stream, ProtocolError::InvalidUtf8, &[], b"");
                }
            }
        }
    }
}

#[test]
fn a_text_may_be_split_into_frames_anywhere() {
    // R6455-8.1-c
    // R6455-5.6-a, R6455-6.2-4: a frame may end inside a character, a message may not.
    for row in rows() {
        for cut in 0..=row.bytes.len() {
            let role = Role::Server;
            let (head, tail) = row.bytes.split_at(cut);
            let (first, last) = (to(role, TEXT_FIRST, head), to(role, FINAL, tail));
            let stream = [&first[..], &to(role, PING, b""), &last].concat();
            let pong = frame(PONG, None, b"");
            let error = ProtocolError::InvalidUtf8;
            match row.fault {
                None if row.is_valid() => {
                    let events = vec![ping(b""), text(&row.prefix)];
                    assert_eq!(Bench::server().run(&stream), open(events, &pong), "{}", row.name);
                }
                None => Bench::server().fails_at_the_end(&stream, error, &[ping(b"")], &pong),
                Some(fault) if fault < cut => {
                    let stream = &first[..=first.len() - head.len() + fault];
                    Bench::server().fails_at_the_end(stream, error, &[], b"");
                }
                Some(fault) => {
                    let stream = &stream[..=stream.len() - tail.len() + fault - cut];
                    Bench::server().fails_at_the_end(stream, error, &[ping(b"")], &pong);
                }
            }
        }
    }
}

#[test]
fn a_text_with_a_frame_for_each_byte() {
    for row in rows() {
        let role = Role::Client;
        let mut stream = to(role, TEXT_FIRST, b"");
        for &byte in &row.bytes[..row.trace.len()] {
            stream.extend(to(role, MIDDLE, &[byte]));
        }
        if row.fault.is_some() {
            Bench::client().fails_at_the_end(&stream, ProtocolError::InvalidUtf8, &[], b"");
            continue;
        }
        stream.extend(to(role, FINAL, b""));
        if row.is_valid() {
            assert_eq!(Bench::client().run(&stream), open(vec![text(&row.prefix)], b""), "{}", row.name);
        } else {
            Bench::client().fails_at_the_end(&stream, ProtocolError::InvalidUtf8, &[], b"");
        }
    }
}

#[test]
fn text_chunks_end_at_character_boundaries_and_before_invalid_bytes() {
    let config = Config::new().delivery(Delivery::Chunks);
    for row in rows() {
        for role in BOTH {
            let bench = Bench::new(role).config(config);
            let stream = to(role, TEXT, &row.bytes);
            if row.is_valid() {
                let events = vec![text_chunk(&row.prefix, true)];
                assert_eq!(bench.run(&stream), open(events, b""), "{}", row.name);
                continue;
            }
            // The same text before the invalid byte, for every split.
            let before = (!row.prefix.is_empty()).then(|| text_chunk(&row.prefix, false));
            let events: Vec<_> = before.into_iter().collect();
            let end = row.fault.map_or(stream.len(), |fault| stream.len() - row.bytes.len() + fault + 1);
            bench.fails_at_the_end(&stream[..end], ProtocolError::InvalidUtf8, &events, b"");
            let seen = bench.run(&stream);
            assert_eq!((seen.events, seen.error), (events, Some(ProtocolError::InvalidUtf8)), "{}", row.name);
        }
    }
}

#[test]
fn a_chunk_holds_back_the_beginning_of_a_character() {
    // R6455-5.4-o
    let config = Config::new().delivery(Delivery::Chunks);
    let role = Role::Server;
    // A character that ends in the next frame, with a Ping in between.
    for (cut, shown) in [(1, "a"), (2, "a"), (3, "a"), (4, "a"), (5, "a𝄞")] {
        let (head, tail) = "a𝄞b".as_bytes().split_at(cut);
        let stream = [to(role, TEXT_FIRST, head), to(role, PING, b""), to(role, FINAL, tail)].concat();
        let rest = "a𝄞b".strip_prefix(shown).unwrap();
        let events = vec![text_chunk(shown, false), ping(b""), text_chunk(rest, true)];
        assert_eq!(Bench::server().config(config).run(&stream), open(events, &frame(PONG, None, b"")));
    }
    // Nothing but a held-back character gives no event.
    let stream = [header_to(role, TEXT, 4), masked("𝄞".as_bytes(), Some(common::KEY))].concat();
    for cut in 6..10 {
        let seen = Bench::server().config(config).run(&stream[..cut]);
        assert_eq!(seen, open(vec![], b""), "cut at {cut}");
    }
    assert_eq!(Bench::server().config(config).run(&stream), open(vec![text_chunk("𝄞", true)], b""));
}

#[test]
fn binary_messages_and_control_frames_need_not_be_text() {
    // R6455-5.6-b, R6455-5.5.3-a
    for role in BOTH {
        let stream = [
            to(role, TEXT_FIRST, b"\xe2\x82"),
            to(role, PING, b"\xff\x80"),
            to(role, FINAL, b"\xac"),
            to(role, common::BINARY, b"\xc0\x80"),
        ]
        .concat();
        let events = vec![ping(b"\xff\x80"), text("€"), common::binary(b"\xc0\x80")];
        assert_eq!(Bench::new(role).run(&stream), open(events, &frame(PONG, None, b"\xff\x80")));
    }
}
