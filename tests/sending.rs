//! Sent frames, byte for byte, and refused calls, which change nothing (RFC 6455, 5 and 6.1).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::collections::HashSet;

use common::{
    BINARY, BINARY_FIRST, BOTH, Bench, FINAL, MIDDLE, PING, PONG, Sent, TEXT, TEXT_FIRST, close, frame,
    header, hex, masked, noise, plain, prose, sent, to,
};
use sansocket::{
    CloseCode, Config, Connection, Input, SendError,
    frame::{OpCode, Role, mask},
};

type Send = fn(&mut Connection, &mut Vec<u8>) -> Result<(), SendError>;

/// The output of `calls`.
#[track_caller]
fn send(role: Role, calls: impl FnOnce(&mut Connection, &mut Vec<u8>) -> Result<(), SendError>) -> Vec<u8> {
    let mut connection = Bench::new(role).connection();
    let mut out = Vec::new();
    calls(&mut connection, &mut out).unwrap();
    out
}

#[test]
fn each_kind_of_frame_byte_for_byte() {
    // R6455-5.1-a, R6455-5.1-d, R6455-5.2-b, R6455-5.3-a, R6455-5.3-f, R6455-5.5.3-c, R6455-5.7-a,
    // R6455-6.1-3, R6455-6.1-4, R6455-6.1-5, WHATWG-3.3-f
    let cases: [(Send, &str); 13] = [
        (|c, out| c.send_text("Hello", out), "810548656c6c6f"),
        (|c, out| c.send_text("€", out), "8103e282ac"),
        (|c, out| c.send_text("", out), "8100"),
        (|c, out| c.send_binary(b"\x00\xff", out), "820200ff"),
        (|c, out| c.send_binary(b"", out), "8200"),
        (|c, out| c.send_ping(b"Hello", out), "890548656c6c6f"),
        (|c, out| c.send_ping(b"", out), "8900"),
        (|c, out| c.send_pong(b"Hello", out), "8a0548656c6c6f"),
        (|c, out| c.send_pong(b"x", out), "8a0178"),
        (|c, out| c.send_close(None, out), "8800"),
        (|c, out| c.send_close(CloseCode::NORMAL, out), "880203e8"),
        (|c, out| c.send_close(close(1001, "bye"), out), "880503e9627965"),
        (|c, out| c.send_header(OpCode::Ping, true, 0, out).map(|_| ()), "8900"),
    ];
    for (call, expected) in cases {
        assert_eq!(send(Role::Server, call), hex(expected));
        let bytes = send(Role::Client, call);
        assert_eq!(plain(Role::Client, &bytes), hex(expected));
        assert_eq!(bytes.len(), hex(expected).len() + 4, "a key of four bytes, and nothing else");
    }
}

#[test]
fn a_payload_is_sent_with_the_shortest_header() {
    // R6455-5.2-g, R6455-5.2-i
    for len in [0, 1, 63, 64, 125, 126, 127, 511, 512, 16_383, 16_384, 16_385, 32_769, 65_535, 65_536, 70_000]
    {
        let (data, prose) = (noise(len), prose(len));
        for role in BOTH {
            let out = send(role, |c, out| {
                c.send_binary(&data, out)?;
                c.send_text(&prose, out)?;
                c.send_binary_fragment(&data, false, out)?;
                c.send_binary_fragment(&data, true, out)
            });
            let frames = [
                frame(BINARY, None, &data),
                frame(TEXT, None, prose.as_bytes()),
                frame(BINARY_FIRST, None, &data),
                frame(FINAL, None, &data),
            ];
            assert_eq!(plain(role, &out), frames.concat(), "{len}");
        }
    }
}

#[test]
fn existing_output_is_preserved() {
    // R6455-2.1-b
    for role in BOTH {
        let mut connection = Bench::new(role).connection();
        let mut out = b"waiting".to_vec();
        connection.send_text("a", &mut out).unwrap();
        connection.receive(&mut Input::new(&mut to(role, PING, b"p")), &mut out).unwrap();
        connection.send_text("b", &mut out).unwrap();
        assert_eq!(&out[..7], b"waiting");
        assert_eq!(plain(role, &out[7..]), hex("810161 8a0170 810162"));
    }
}

#[test]
fn fragments_of_one_message_with_control_frames_between() {
    // R6455-5.4-b, R6455-5.4-e, R6455-5.4-g, R6455-5.4-h, R6455-5.4-j, R6455-6.1-2, R6455-6.1-3, R6455-6.1-4,
    // R6455-6.1-7
    for role in BOTH {
        let out = send(role, |c, out| {
            c.send_text_fragment("H", false, out)?;
            c.send_ping(b"p", out)?;
            c.send_text_fragment("", false, out)?;
            c.send_pong(b"", out)?;
            c.send_text_fragment("€", true, out)?;
            c.send_binary_fragment(b"1", true, out)?;
            c.send_binary_fragment(b"", false, out)?;
            c.send_binary_fragment(b"", true, out)?;
            c.send_text("t", out)
        });
        let expected: [(u8, &[u8]); 9] = [
            (TEXT_FIRST, b"H"),
            (PING, b"p"),
            (MIDDLE, b""),
            (PONG, b""),
            (FINAL, "€".as_bytes()),
            (BINARY, b"1"),
            (BINARY_FIRST, b""),
            (FINAL, b""),
            (TEXT, b"t"),
        ];
        assert_eq!(plain(role, &out), common::all_to(Role::Client, &expected));
    }
}

#[test]
fn a_pong_for_a_ping_is_sent_between_fragments() {
    // R6455-5.5.2-b, R6455-5.5.2-c
    for role in BOTH {
        let mut connection = Bench::new(role).connection();
        let mut out = Vec::new();
        connection.send_binary_fragment(b"1", false, &mut out).unwrap();
        connection.receive(&mut Input::new(&mut to(role, PING, b"p")), &mut out).unwrap();
        connection.send_binary_fragment(b"2", true, &mut out).unwrap();
        assert_eq!(plain(role, &out), hex("020131 8a0170 800132"));
    }
}

#[test]
fn a_client_draws_a_fresh_key_for_every_frame() {
    // R6455-10.3-a
    // R6455-5.3-b, R6455-5.3-d: fragments, empty frames, Pongs and Closes included.
    let mut connection = Connection::client(Config::new(), [1; 32]);
    let mut out = Vec::new();
    let mut expected = 0;
    for _ in 0..2000 {
        connection.send_text("", &mut out).unwrap();
        connection.send_binary_fragment(b"1", false, &mut out).unwrap();
        connection.send_ping(b"", &mut out).unwrap();
        connection.receive(&mut Input::new(&mut to(Role::Client, PING, b"")), &mut out).unwrap();
        connection.send_binary_fragment(b"", true, &mut out).unwrap();
        let key = connection.send_header(OpCode::Binary, true, 0, &mut out).unwrap();
        assert_eq!(key.unwrap(), out[out.len() - 4..]);
        expected += 6;
    }
    connection.send_close(CloseCode::NORMAL, &mut out).unwrap();
    let frames = sent(&out);
    assert_eq!(frames.len(), expected + 1);
    let keys: HashSet<[u8; 4]> = frames.iter().filter_map(|frame| frame.key).collect();
    // Among 12,001 random keys a pair is equal with a probability of 2 %; two equal pairs are very unlikely.
    assert!(keys.len() >= frames.len() - 1, "{} keys", keys.len());
    assert!(!keys.contains(&[0; 4]));

    // Each bit is set in about half of the keys.
    for bit in 0..32 {
        let set = keys.iter().filter(|key| u32::from_be_bytes(**key) >> bit & 1 == 1).count();
        assert!((keys.len() * 2 / 5..keys.len() * 3 / 5).contains(&set), "bit {bit}: {set}");
    }
}

#[test]
fn the_seed_decides_the_keys_and_nothing_else_does() {
    // R6455-5.3-c, R6455-10.3-a
    let run = |seed: u8| {
        let mut connection = Connection::client(Config::new(), [seed; 32]);
        let mut out = Vec::new();
        (0..10).for_each(|_| connection.send_text("Hello", &mut out).unwrap());
        out
    };
    assert_eq!(run(1), run(1));
    let keys = |seed| sent(&run(seed)).into_iter().filter_map(|Sent { key, .. }| key).collect::<HashSet<_>>();
    assert!(keys(1).is_disjoint(&keys(2)));
}

#[test]
fn a_plain_text_never_shows_on_the_wire_of_a_client() {
    // R6455-5.1-a
    let request = "GET /x HTTP/1.1\r\nHost: v\r\n\r\n";
    let mut connection = Connection::client(Config::new(), [3; 32]);
    let mut out = Vec::new();
    for _ in 0..1000 {
        out.clear();
        connection.send_text(request, &mut out).unwrap();
        assert!(!out.windows(8).any(|window| request.as_bytes().windows(8).any(|part| part == window)));
    }
}

#[test]
fn a_bare_header_precedes_the_payload_of_the_caller() {
    // R6455-5.3-a, R6455-5.4-b
    for role in BOTH {
        for len in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = noise(len);
            let mut out = Vec::new();
            let mut connection = Bench::new(role).connection();
            let steps = [
                (OpCode::Binary, false, BINARY_FIRST),
                (OpCode::Continuation, false, MIDDLE),
                (OpCode::Pong, true, PONG),
                (OpCode::Continuation, true, FINAL),
                (OpCode::Text, true, TEXT),
            ];
            let mut expected = Vec::new();
            for (opcode, fin, first) in steps {
                let payload = if opcode == OpCode::Pong { &payload[..len.min(125)] } else { &payload };
                let key = connection.send_header(opcode, fin, payload.len() as u64, &mut out).unwrap();
                assert_eq!(key.is_some(), role == Role::Client);
                let mut masked_payload = payload.to_vec();
                if let Some(key) = key {
                    mask(&mut masked_payload, key, 0);
                    assert_eq!(masked_payload, masked(payload, Some(key)));
                }
                out.extend(masked_payload);
                expected.extend(frame(first, None, payload));
            }
            assert_eq!(plain(role, &out), expected, "{len}");
        }
    }
    // The maximum length, without memory for it.
    let mut out = Vec::new();
    let mut server = Connection::server(Config::new());
    assert_eq!(server.send_header(OpCode::Binary, true, (1 << 63) - 1, &mut out), Ok(None));
    assert_eq!(out, header(BINARY, None, (1 << 63) - 1));
    assert!(out.capacity() < 100);
}

#[test]
fn bare_headers_and_whole_fragments_are_of_one_message() {
    for role in BOTH {
        let mut connection = Bench::new(role).connection();
        let mut out = Vec::new();
        connection.send_header(OpCode::Text, false, 0, &mut out).unwrap();
        assert_eq!(connection.send_text("x", &mut out), Err(SendError::MessageInProgress));
        connection.send_text_fragment("a", false, &mut out).unwrap();
        connection.send_header(OpCode::Continuation, true, 0, &mut out).unwrap();
        connection.send_text("x", &mut out).unwrap();
        assert_eq!(plain(role, &out), hex("0100 000161 8000 810178"));
    }
}
