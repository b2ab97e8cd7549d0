//! The data that a compressed message may refer to: context takeover and windows (RFC 7692, 7.1 and 7.2.2).
#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{
    BOTH, Bench, all_to, binary,
    deflate::{
        COMPRESSED_BINARY as CB, COMPRESSED_TEXT as C, HELLO, HELLO_AGAIN, bench, delivered, fails_with,
        passes, stored, window, with,
    },
    hex, noise, open, text, text_chunk,
};
use sansocket::{Delivery, ProtocolError, deflate::Config, frame::Role};

#[test]
fn without_context_takeover_no_message_refers_to_another() {
    for role in BOTH {
        for delivery in [Delivery::Messages, Delivery::Chunks] {
            let config = Config::new().receive_context_takeover(false);
            let bench = bench(role, delivery, config);
            // P25, R7692-7.2.2-d
            for first in [HELLO, b"\xf3\x48\xcd\xc9\xc9\x07\x00", b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"] {
                let stream = all_to(role, &[(C, first), (C, HELLO_AGAIN)]);
                let mut hello = delivered(&[text("Hello")], delivery);
                hello.extend((delivery == Delivery::Chunks).then(|| text_chunk("H", false)));
                fails_with(&bench, &stream, ProtocolError::InvalidDeflate, &hello);
                let stream = all_to(role, &[(C, first), (C, b""), (C, HELLO), (C, b"\x00"), (C, first)]);
                let events = ["Hello", "", "Hello", "", "Hello"].map(text);
                assert_eq!(bench.run(&stream), open(delivered(&events, delivery), b""));
            }
            // Within a message the window is kept, even after a final block.
            let twice = b"\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x00\x11\x00\x00";
            let stream = all_to(role, &[(C, twice), (C, twice)]);
            let events = ["HelloHello", "HelloHello"].map(text);
            assert_eq!(bench.run(&stream), open(delivered(&events, delivery), b""));
        }
    }
}

#[test]
fn the_hint_of_a_client_alone_does_not_forget_the_window() {
    // R7692-7.2.2-c: the response has no such parameter, so the client may refer to earlier messages.
    let stream = all_to(Role::Server, &[(C, HELLO), (C, HELLO_AGAIN)]);
    let bench = Bench::server().config(with(Role::Server, Config::new().send_context_takeover(false)));
    assert_eq!(bench.run(&stream), open(vec![text("Hello"), text("Hello")], b""));
}

#[test]
fn a_message_refers_back_by_as_much_as_the_window_has() {
    let first: Vec<u8> = (0..600_u32).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let rows: [(&str, &[u8]); 6] = [
        ("02020000", b"aaa"),
        ("02fa1f00", b"]^_"),
        ("02060000", b"\\]^"),
        ("02c63f00", b"XYZ"),
        ("0226000000", b"WXY"),
        ("02a62b0000", b"\x00\x01\x02"),
    ];
    for role in BOTH {
        for bits in 8..=15 {
            // A smaller negotiated window is not enforced; see the docs of the module.
            let bench = bench(role, Delivery::Messages, Config::new().receive_window(window(bits)));
            for (payload, expected) in rows {
                let stream = all_to(role, &[(CB, &stored(&first)), (CB, &hex(payload))]);
                let run = |cuts: &[usize]| bench.run_cut(&stream, cuts);
                assert_eq!(run(&[]), run(&[stream.len() - 3]));
                assert_eq!(run(&[]), open(vec![binary(&first), binary(expected)], b""), "{bits}");
            }
            let stream = all_to(role, &[(CB, &stored(&first)), (CB, &hex("02262c0000"))]);
            let seen = bench.run_cut(&stream, &[]);
            assert_eq!(
                (seen.error, seen.events),
                (Some(ProtocolError::InvalidDeflate), vec![binary(&first)])
            );
        }
    }
}

#[test]
fn the_window_stays_32_kib_after_final_blocks() {
    let first: Vec<u8> = (0..32_768_u32).map(|i| u8::try_from((i * i + 7 * i) % 256).unwrap()).collect();
    let reference = (CB, hex("02deff0f00")); // 3 bytes at a distance of 32,768
    passes(
        &[(CB, stored(&first)), reference.clone()],
        &[binary(&first), binary(b"\x00\x08\x12")], // R7692-7.2.2-f
    );
    // The same with BFINAL set, with more data than the copy of the window holds.
    let mut last = stored(&first);
    last[0] = 1;
    last.pop();
    let rest = noise(1000);
    let mut frames = Vec::new();
    let mut events = Vec::new();
    for _ in 0..6 {
        frames.extend([(CB, last.clone()), reference.clone(), (CB, stored(&rest)), (CB, hex("02deff0f00"))]);
        let at = 1000 + 3;
        events.extend([binary(&first), binary(&first[..3]), binary(&rest), binary(&first[at..at + 3])]);
    }
    passes(&frames, &events);
    // A distance that is one byte too large, with BFINAL and without.
    for first in [stored(&first[1..]), {
        let mut last = stored(&first[1..]);
        last[0] = 1;
        last
    }] {
        for role in BOTH {
            let bench = bench(role, Delivery::Messages, Config::new());
            let stream = all_to(role, &[(CB, &first), (CB, &reference.1)]);
            assert_eq!(bench.run_cut(&stream, &[100]).error, Some(ProtocolError::InvalidDeflate));
        }
    }
}
