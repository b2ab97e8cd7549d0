//! Layer 2: a byte stream as frames, regardless of the meaning of their payloads.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{
    BINARY, BINARY_FIRST, BOTH, CLOSE, FINAL, Form, KEY, MIDDLE, PING, PONG, Parts, TEXT, TEXT_FIRST, all_to,
    frame, header_in, header_to, key_to, noise, parts, to,
};
use sansocket::{
    Input, ProtocolError,
    frame::{Decoder, Header, Limits, OpCode, Role, Rsv},
};

fn decoder(role: Role) -> Decoder {
    Decoder::new(role, Limits::new())
}

fn header(role: Role, opcode: OpCode, fin: bool, len: u64) -> Header {
    Header { fin, rsv: Rsv::NONE, opcode, mask: key_to(role), payload_len: len }
}

/// The result of the decoder for complete frames.
fn whole(frames: Vec<(Header, &[u8])>) -> Vec<(Header, Vec<u8>, bool)> {
    frames.into_iter().map(|(header, payload)| (header, payload.to_vec(), true)).collect()
}

#[test]
fn frames_come_out_unmasked_with_their_headers() {
    // R6455-5.4-b, R6455-5.4-e, R6455-5.4-j, R6455-6.2-1, R6455-6.2-7
    for role in BOTH {
        let long = noise(300);
        let stream = all_to(
            role,
            &[
                (TEXT, b"Hello"),
                (BINARY, b""),
                (TEXT_FIRST, b"Hel"),
                (PING, b"p"),
                (MIDDLE, b""),
                (PONG, b""),
                (FINAL, b"lo"),
                (BINARY_FIRST, &long),
                (FINAL, b""),
                (CLOSE, b"\x03\xe8bye"),
            ],
        );
        let expected = whole(vec![
            (header(role, OpCode::Text, true, 5), b"Hello"),
            (header(role, OpCode::Binary, true, 0), b""),
            (header(role, OpCode::Text, false, 3), b"Hel"),
            (header(role, OpCode::Ping, true, 1), b"p"),
            (header(role, OpCode::Continuation, false, 0), b""),
            (header(role, OpCode::Pong, true, 0), b""),
            (header(role, OpCode::Continuation, true, 2), b"lo"),
            (header(role, OpCode::Binary, false, 300), &long),
            (header(role, OpCode::Continuation, true, 0), b""),
            (header(role, OpCode::Close, true, 5), b"\x03\xe8bye"),
        ]);
        let idle = Parts { frames: expected, error: None, idle: true, in_frame: false, in_message: false };
        assert_eq!(parts(&decoder(role), &stream), idle, "{role:?}");
    }
}

#[test]
fn the_content_of_a_payload_is_not_looked_at() {
    for (first, payload) in [(TEXT, &b"\xff\xfe"[..]), (CLOSE, b"\x03\xec\xff"), (CLOSE, b"\x00\x00")] {
        let seen = parts(&decoder(Role::Server), &to(Role::Server, first, payload));
        assert_eq!(seen.error, None);
        assert_eq!(seen.frames[0].1, payload);
    }
}

#[test]
fn a_decoder_reports_its_position_in_the_stream() {
    let role = Role::Server;
    let cases = [
        (all_to(role, &[(TEXT, b"a")]), [true, false, false]),
        (to(role, TEXT, b"abc")[..1].to_vec(), [false, true, false]),
        (to(role, TEXT, b"abc")[..6].to_vec(), [false, true, false]),
        (to(role, TEXT, b"abc")[..8].to_vec(), [false, true, false]),
        (to(role, TEXT_FIRST, b"abc"), [false, false, true]),
        (to(role, TEXT_FIRST, b"abc")[..8].to_vec(), [false, true, true]),
        (all_to(role, &[(TEXT_FIRST, b""), (PING, b"")]), [false, false, true]),
        (all_to(role, &[(TEXT_FIRST, b""), (FINAL, b"")]), [true, false, false]),
    ];
    for (stream, expected) in cases {
        let Parts { idle, in_frame, in_message, error, .. } = parts(&decoder(role), &stream);
        assert_eq!([idle, in_frame, in_message], expected, "{stream:02x?}");
        assert_eq!(error, None);
    }
}

#[test]
fn rsv1_is_allowed_on_the_first_frame_of_a_message_alone() {
    // IANA-RSV-a, R6455-5.2-c, R6455-5.8-a, R6455-9.1-e
    const RSV1: u8 = 0x40;
    for role in BOTH {
        let allowing = decoder(role).allow_rsv1();
        for first in [TEXT, TEXT_FIRST, BINARY, BINARY_FIRST] {
            let seen = parts(&allowing, &to(role, first | RSV1, b"x"));
            assert_eq!(seen.error, None);
            assert_eq!(seen.frames[0].0.rsv, Rsv::RSV1);
            assert_eq!(
                parts(&decoder(role), &[first | RSV1]).error,
                Some(ProtocolError::ReservedBits),
                "not agreed"
            );
            for more in [0x20, 0x10, 0x60, 0x50, 0x30, 0x70] {
                assert_eq!(parts(&allowing, &[first | more]).error, Some(ProtocolError::ReservedBits));
            }
        }
        for first in [CLOSE, PING, PONG] {
            assert_eq!(parts(&allowing, &[first | RSV1]).error, Some(ProtocolError::ReservedBits));
        }
        for first in [MIDDLE, FINAL] {
            let stream = [to(role, TEXT_FIRST | RSV1, b"x"), vec![first | RSV1]].concat();
            let seen = parts(&allowing, &stream);
            assert_eq!((seen.frames.len(), seen.error), (1, Some(ProtocolError::ReservedBits)));
        }
    }
}

#[test]
fn the_message_limit_does_not_count_compressed_bytes() {
    let allowing = Decoder::new(Role::Server, Limits::new().message_len(4)).allow_rsv1();
    let compressed = all_to(Role::Server, &[(0x42, b"12345"), (FINAL, b"67890"), (BINARY, b"1234")]);
    assert_eq!(parts(&allowing, &compressed).error, None);
    let stream = [compressed, header_to(Role::Server, BINARY, 5)].concat();
    let too_long = ProtocolError::MessageTooLong { limit: 4, len: 5 };
    assert_eq!(parts(&allowing, &stream).error, Some(too_long));
    let frame_limit = Decoder::new(Role::Server, Limits::new().frame_len(4)).allow_rsv1();
    assert_eq!(
        parts(&frame_limit, &header_to(Role::Server, 0xc2, 5)).error,
        Some(ProtocolError::FrameTooLong { limit: 4, len: 5 })
    );
}

#[test]
fn a_length_that_is_not_minimal_passes_where_that_is_allowed() {
    // R6455-5.2-i
    let payload = noise(5);
    let cases = [(Form::Of16, 5), (Form::Of64, 5), (Form::Of16, 0), (Form::Of64, 0)];
    for (form, len) in cases {
        let mut stream = header_in(form, BINARY, None, len);
        stream.extend_from_slice(&payload[..usize::try_from(len).unwrap()]);
        assert_eq!(parts(&decoder(Role::Client), &stream).error, Some(ProtocolError::NonMinimalLength));
        let lenient = Decoder::new(Role::Client, Limits::new().allow_non_minimal_length(true));
        let seen = parts(&lenient, &stream);
        assert_eq!(seen.error, None);
        assert_eq!(
            seen.frames,
            whole(vec![(
                header(Role::Client, OpCode::Binary, true, len),
                &payload[..usize::try_from(len).unwrap()]
            )])
        );
        // Control frames stay short, and the highest bit stays out of range.
        for bytes in [vec![PING, 126], vec![BINARY, 127, 0x80]] {
            assert!(parts(&lenient, &bytes).error.is_some());
        }
    }
}

#[test]
fn nothing_is_received_after_a_failure() {
    // R6455-7.1.7-g
    for role in BOTH {
        let good = all_to(role, &[(TEXT, b"ok"), (PING, b"")]);
        let stream = [good.clone(), vec![0x83], good].concat();
        let seen = parts(&decoder(role), &stream);
        assert_eq!(seen.error, Some(ProtocolError::ReservedOpcode(3)));
        assert_eq!(seen.frames.len(), 2);
        assert!(!seen.idle, "a failed decoder is not idle");
    }
}

#[test]
fn a_part_is_unmasked_in_place() {
    let mut bytes = frame(BINARY, Some(KEY), b"0123456789");
    let place = bytes.as_ptr().wrapping_add(6);
    let mut decoder = decoder(Role::Server);
    let mut input = Input::new(&mut bytes);
    let part = decoder.receive(&mut input).unwrap().unwrap();
    assert_eq!(part.payload.as_ptr(), place);
    part.payload[0] = b'x';
    assert_eq!(part.payload, b"x123456789");
}

#[test]
fn without_limits_any_length_is_believed() {
    for (limits, passes) in [(Limits::unlimited(), true), (Limits::new(), false)] {
        for first in [0x82, 0x02] {
            let mut decoder = Decoder::new(Role::Client, limits);
            let mut frame = vec![first, 127];
            frame.extend(0x7fff_ffff_ffff_ffff_u64.to_be_bytes());
            frame.push(b'x');
            let part = decoder.receive(&mut Input::new(&mut frame));
            assert_eq!(part.is_ok_and(|part| part.is_some_and(|part| part.payload == b"x")), passes);
        }
    }
}
