//! Layer 3: the events of frames, and the byte at which invalid frames are rejected (RFC 6455, 5 and 6.2).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{
    BINARY, BINARY_FIRST, BOTH, Bench, CLOSE, FINAL, Form, MIDDLE, PING, PONG, TEXT, TEXT_FIRST, all_to,
    binary, binary_chunk, close_body, closed, frame, header_in, hex, key_to, masked, noise, open, ping, pong,
    prose, text, text_chunk, to,
};
use sansocket::{CloseCode, Config, Connection, Delivery, Event, Input, ProtocolError, State, frame::Role};

#[test]
fn the_sample_frames_of_the_rfc() {
    // R6455-5.2-e, R6455-5.2-f, R6455-5.2-j, R6455-5.2-l, R6455-5.7-a, R6455-6.2-7
    let samples = [
        (Role::Client, "810548656c6c6f", vec![text("Hello")], ""),
        (Role::Server, "818537fa213d7f9f4d5158", vec![text("Hello")], ""),
        (Role::Client, "010348656c 80026c6f", vec![text("Hello")], ""),
        (Role::Client, "890548656c6c6f", vec![ping(b"Hello")], "8a0548656c6c6f"),
        (Role::Server, "8a8537fa213d7f9f4d5158", vec![pong(b"Hello")], ""),
        (Role::Server, "818037fa213d", vec![text("")], ""),
        (Role::Server, "828037fa213d", vec![binary(b"")], ""),
        (Role::Server, "898037fa213d", vec![ping(b"")], "8a00"),
        (Role::Server, "818337fa213dd5788d", vec![text("€")], ""),
        (Role::Server, "828937fa213d37fb233e33ff273a3f", vec![binary(&[0, 1, 2, 3, 4, 5, 6, 7, 8])], ""),
        (Role::Server, "81850000000048656c6c6f", vec![text("Hello")], ""),
        (Role::Server, "8185ffffffffb79a939390", vec![text("Hello")], ""),
        (Role::Server, "828337fa213dc8fae1", vec![binary(b"\xff\x00\xc0")], ""), // R6455-5.6-b
    ];
    for (role, stream, events, out) in samples {
        assert_eq!(Bench::new(role).run(&hex(stream)), open(events, &hex(out)), "{stream}");
    }
    for len in [256, 65_536] {
        let data = noise(len);
        for role in BOTH {
            assert_eq!(Bench::new(role).run(&to(role, BINARY, &data)), open(vec![binary(&data)], b""));
        }
    }
}

#[test]
fn opcode_violations_fail_at_the_first_header_byte() {
    // IANA-OPC-a, R6455-7.1.7-a, R6455-7.1.7-c, R6455-7.1.7-e, R6455-7.1.7-g, R6455-10.7-b, R6455-10.7-c
    use ProtocolError::{
        ExpectedContinuation, FragmentedControlFrame, ReservedBits, ReservedOpcode, UnexpectedContinuation,
    };
    for role in BOTH {
        for in_message in [false, true] {
            let before = if in_message { to(role, TEXT_FIRST, b"a") } else { to(role, TEXT, b"a") };
            let events = if in_message { vec![] } else { vec![text("a")] };
            for first in 0..=u8::MAX {
                let stream = [&before[..], &[first]].concat();
                let error = match (first & 0x0f, first & 0x80 != 0) {
                    (opcode @ (3..=7 | 11..=15), _) => ReservedOpcode(opcode), // R6455-5.2-d
                    (8..=10, false) => FragmentedControlFrame,                 // R6455-5.4-f
                    _ if first & 0x70 != 0 => ReservedBits,                    // R6455-5.2-c
                    (0, _) if !in_message => UnexpectedContinuation,           // R6455-5.4-c
                    (1 | 2, _) if in_message => ExpectedContinuation,          // R6455-5.4-d
                    _ => {
                        assert_eq!(Bench::new(role).run(&stream), open(events.clone(), b""));
                        continue;
                    }
                };
                Bench::new(role).fails_at_the_end(&stream, error, &events, b"");
            }
        }
    }
}

#[test]
fn the_second_byte_decides_with_the_role() {
    // R6455-5.5-a, R6455-10.7-a
    use ProtocolError::{ControlFrameTooLong, MaskedFrame, TruncatedCloseCode, UnmaskedFrame};
    for role in BOTH {
        let (wrong_bit, wrong, right_bit) = match role {
            Role::Server => (0x00, UnmaskedFrame, 0x80), // R6455-5.1-b, R6455-5.1-c
            Role::Client => (0x80, MaskedFrame, 0x00),   // R6455-5.1-e, R6455-5.1-f
        };
        for first in [TEXT, TEXT_FIRST, BINARY, BINARY_FIRST, CLOSE, PING, PONG] {
            for len in 0..=127 {
                let bench = Bench::new(role);
                bench.fails_at_the_end(&[first, wrong_bit | len], wrong, &[], b"");
                let control = first & 8 != 0;
                if control && len > 125 {
                    bench.fails_at_the_end(&[first, right_bit | len], ControlFrameTooLong, &[], b"");
                } else if first == CLOSE && len == 1 {
                    bench.fails_at_the_end(&[first, right_bit | len], TruncatedCloseCode, &[], b"");
                } else {
                    let quiet = bench.run(&[first, right_bit | len]);
                    let empty = len == 0 && role == Role::Client;
                    assert_eq!(
                        (quiet.error, quiet.events.is_empty()),
                        (None, !empty || first == TEXT_FIRST || first == BINARY_FIRST)
                    );
                }
            }
        }
    }
}

#[test]
fn the_mask_is_asked_for_in_every_frame() {
    // R6455-5.1-b, R6455-5.1-e: not the first frame alone.
    for role in BOTH {
        let wrong = if role == Role::Server { Role::Client } else { Role::Server };
        let error = match role {
            Role::Server => ProtocolError::UnmaskedFrame,
            Role::Client => ProtocolError::MaskedFrame,
        };
        let good = to(role, TEXT, b"x").repeat(40);
        let stream = [&good[..], &to(wrong, TEXT, b"x")[..2]].concat();
        Bench::new(role).fails_at_the_end(&stream, error, &vec![text("x"); 40], b"");
    }
}

#[test]
fn a_length_violation_is_reported_once_the_length_is_complete() {
    use ProtocolError::{FrameTooLong, LengthOutOfRange, NonMinimalLength};
    let default = 64 << 20;
    let cases = [
        (Form::Of16, 0, NonMinimalLength), // R6455-5.2-i
        (Form::Of16, 5, NonMinimalLength),
        (Form::Of16, 125, NonMinimalLength),
        (Form::Of64, 0, NonMinimalLength),
        (Form::Of64, 5, NonMinimalLength),
        (Form::Of64, 126, NonMinimalLength),
        (Form::Of64, 65_535, NonMinimalLength),
        (Form::Of64, 1 << 53, FrameTooLong { limit: default, len: 1 << 53 }),
        (Form::Of64, (1 << 63) - 1, FrameTooLong { limit: default, len: (1 << 63) - 1 }),
    ];
    for role in BOTH {
        for first in [TEXT, BINARY, TEXT_FIRST, BINARY_FIRST] {
            for (form, len, error) in cases {
                let mut stream = header_in(form, first, key_to(role), len);
                stream.truncate(if form == Form::Of16 { 4 } else { 10 }); // without the key
                Bench::new(role).fails_at_the_end(&stream, error, &[], b"");
            }
            // R6455-5.2-h: the first byte of eight is enough.
            for len in [1 << 63, u64::MAX, u64::MAX - 3, (1 << 63) | 5] {
                let stream = &header_in(Form::Of64, first, key_to(role), len)[..3];
                Bench::new(role).fails_at_the_end(stream, LengthOutOfRange, &[], b"");
            }
        }
        for (form, len) in [(Form::Of16, 126), (Form::Of16, 65_535), (Form::Of64, 65_536)] {
            let data = noise(len);
            let mut stream = header_in(form, BINARY, key_to(role), len as u64);
            stream.extend(masked(&data, key_to(role)));
            assert_eq!(Bench::new(role).run(&stream), open(vec![binary(&data)], b""));
        }
    }
}

#[test]
fn a_non_minimal_length_passes_where_that_is_allowed() {
    let config = Config::new().allow_non_minimal_length(true);
    for role in BOTH {
        for form in [Form::Of16, Form::Of64] {
            let mut stream = header_in(form, TEXT, key_to(role), 5);
            stream.extend(masked(b"Hello", key_to(role)));
            assert_eq!(Bench::new(role).config(config).run(&stream), open(vec![text("Hello")], b""));
        }
        let bench = Bench::new(role).config(config);
        let control = [PING, to(role, TEXT, b"")[1] + 126];
        bench.fails_at_the_end(&control, ProtocolError::ControlFrameTooLong, &[], b"");
    }
}

#[test]
fn fragments_make_one_message() {
    // R6455-5.2-a, R6455-5.4-a, R6455-5.4-b, R6455-5.4-g, R6455-5.4-j, R6455-5.4-k, R6455-5.4-m, R6455-5.4-n,
    // R6455-6.2-3, R6455-6.2-4, R6455-6.2-5
    type Frames = &'static [(u8, &'static [u8])];
    let cases: [(Frames, Vec<Event<'static>>); 10] = [
        (&[(TEXT_FIRST, b"a"), (FINAL, b"b")], vec![text("ab")]),
        (&[(BINARY_FIRST, b"a"), (MIDDLE, b"b"), (FINAL, b"c")], vec![binary(b"abc")]),
        (&[(TEXT_FIRST, b""), (MIDDLE, b""), (FINAL, b"")], vec![text("")]),
        (&[(BINARY_FIRST, b""), (FINAL, b"")], vec![binary(b"")]),
        (&[(TEXT_FIRST, b""), (MIDDLE, b""), (MIDDLE, b"x"), (MIDDLE, b""), (FINAL, b"")], vec![text("x")]),
        (
            &[(TEXT_FIRST, b"a"), (FINAL, b""), (BINARY_FIRST, b""), (FINAL, b"b")],
            vec![text("a"), binary(b"b")],
        ),
        (&[(BINARY_FIRST, b"\xff"), (FINAL, b"\xff"), (TEXT, b"t")], vec![binary(b"\xff\xff"), text("t")]),
        (
            &[(TEXT, b"1"), (TEXT, b"2"), (BINARY, b"3"), (TEXT, b"")],
            vec![text("1"), text("2"), binary(b"3"), text("")],
        ),
        (&[(TEXT_FIRST, b"x"), (FINAL, b""), (TEXT, b"y")], vec![text("x"), text("y")]),
        (&[(TEXT_FIRST, b"\xe2"), (MIDDLE, b"\x82"), (FINAL, b"\xac")], vec![text("€")]), // R6455-5.6-a
    ];
    for (frames, events) in cases {
        for role in BOTH {
            let stream = all_to(role, frames);
            assert_eq!(Bench::new(role).run(&stream), open(events.clone(), b""), "{frames:?}");

            let chunks = events.iter().map(as_chunk).collect();
            let config = Config::new().delivery(Delivery::Chunks);
            assert_eq!(Bench::new(role).config(config).run(&stream), open(chunks, b""), "{frames:?}");
        }
    }
    // R6455-5.4-c: a finished message cannot be continued.
    for role in BOTH {
        let stream = [all_to(role, &[(TEXT_FIRST, b"x"), (FINAL, b"y")]), vec![FINAL]].concat();
        let error = ProtocolError::UnexpectedContinuation;
        Bench::new(role).fails_at_the_end(&stream, error, &[text("xy")], b"");
    }
}

/// A message with its chunks joined.
fn as_chunk(event: &Event<'static>) -> Event<'static> {
    match event {
        Event::Text(data) => text_chunk(data, true),
        Event::Binary(data) => binary_chunk(data, true),
        other => other.clone(),
    }
}

#[test]
fn control_frames_come_between_fragments() {
    // R6455-5.4-e, R6455-5.4-i, R6455-5.5.2-b, R6455-5.5.3-a, R6455-5.5.3-d, R6455-6.2-2
    for role in BOTH {
        let stream = all_to(
            role,
            &[(TEXT_FIRST, b"a"), (PING, b"p"), (MIDDLE, b""), (PONG, b"q"), (PING, b""), (FINAL, b"b")],
        );
        let out = [frame(PONG, None, b"p"), frame(PONG, None, b"")].concat();
        let controls = [ping(b"p"), pong(b"q"), ping(b"")];
        let whole = [&controls[..], &[text("ab")]].concat();
        assert_eq!(Bench::new(role).run(&stream), open(whole, &out));
        let chunks = [&[text_chunk("a", false)][..], &controls, &[text_chunk("b", true)]].concat();
        let config = Config::new().delivery(Delivery::Chunks);
        assert_eq!(Bench::new(role).config(config).run(&stream), open(chunks, &out));

        // A control frame does not allow another message to begin.
        let stream = [all_to(role, &[(TEXT_FIRST, b"a"), (PING, b"p")]), vec![BINARY]].concat();
        let error = ProtocolError::ExpectedContinuation;
        Bench::new(role).fails_at_the_end(&stream, error, &[ping(b"p")], &frame(PONG, None, b"p"));
    }
}

#[test]
fn each_ping_is_answered_with_its_own_payload_and_a_pong_with_nothing() {
    // R6455-5.5-a, R6455-5.5.2-a, R6455-5.5.2-b, R6455-5.5.3-a, R6455-5.5.3-b, R6455-5.5.3-c, R6455-5.5.3-d
    for role in BOTH {
        let payloads: Vec<Vec<u8>> = vec![vec![], vec![0xff, 0, 0xfe], noise(124), noise(125)];
        let mut stream = Vec::new();
        let mut out = Vec::new();
        let mut events = Vec::new();
        for payload in &payloads {
            stream.extend(to(role, PING, payload));
            stream.extend(to(role, PONG, payload));
            out.extend(frame(PONG, None, payload));
            events.extend([ping(payload), pong(payload)]);
        }
        assert_eq!(Bench::new(role).run(&stream), open(events.clone(), &out));
        let manual = Bench::new(role).config(Config::new().auto_pong(false));
        assert_eq!(manual.run(&stream), open(events, b""), "auto_pong off");

        let stream = all_to(role, &[(PING, b"1"), (PING, b"2"), (PING, b"3")]).repeat(4);
        let out = all_to(Role::Client, &[(PONG, b"1"), (PONG, b"2"), (PONG, b"3")]).repeat(4);
        assert_eq!(Bench::new(role).run(&stream).out, out);
    }
}

#[test]
fn long_messages_are_reassembled_for_any_split() {
    for len in [63, 64, 125, 126, 127, 511, 512, 16_383, 16_384, 65_535, 65_536, 70_000] {
        let (data, prose) = (noise(len), prose(len));
        for role in BOTH {
            let stream = [to(role, BINARY, &data), to(role, TEXT, prose.as_bytes())].concat();
            let seen = Bench::new(role).run(&stream);
            assert_eq!(seen, open(vec![binary(&data), text(&prose)], b""), "{len}");
            let chunks = Bench::new(role).config(Config::new().delivery(Delivery::Chunks)).run(&stream);
            assert_eq!(chunks, open(vec![binary_chunk(&data, true), text_chunk(&prose, true)], b""), "{len}");
        }
    }
}

#[test]
fn many_frames_in_one_read_and_an_incomplete_one() {
    for len in (0..=130).chain(65_534..=65_537) {
        let data = noise(len);
        let role = Role::Server;
        let stream =
            [all_to(role, &[(BINARY, b"12"), (PING, b""), (TEXT, b"3")]), to(role, BINARY, &data)].concat();
        let events = vec![binary(b"12"), ping(b""), text("3"), binary(&data)];
        assert_eq!(Bench::new(role).run(&stream), open(events, &frame(PONG, None, b"")), "{len}");
    }
}

#[test]
fn events_before_the_offending_byte_are_delivered_and_answered() {
    for role in BOTH {
        let stream =
            [all_to(role, &[(PING, b"p"), (TEXT, b"t"), (BINARY_FIRST, b"b"), (PONG, b"")]), vec![0xff]]
                .concat();
        let events = [ping(b"p"), text("t"), pong(b"")];
        let error = ProtocolError::ReservedOpcode(15);
        Bench::new(role).fails_at_the_end(&stream, error, &events, &frame(PONG, None, b"p"));
    }
}

#[test]
fn messages_contained_in_the_input_are_borrowed() {
    use std::borrow::Cow;
    for role in BOTH {
        for len in [0, 5, 125, 126, 70_000] {
            let text = prose(len);
            let frames: [(u8, &[u8]); 5] = [
                (TEXT, text.as_bytes()),
                (BINARY, text.as_bytes()),
                (PING, b"ping"),
                (PONG, b"pong"),
                (CLOSE, &close_body(1000, b"why")),
            ];
            let mut stream = all_to(role, &frames);
            let mut connection = Bench::new(role).connection();
            let (mut input, mut out) = (Input::new(&mut stream), Vec::new());
            let mut events = Vec::new();
            while let Some(event) = connection.receive(&mut input, &mut out).unwrap() {
                events.push(event);
            }
            drop(connection); // the event does not borrow from the connection
            assert_eq!(events.len(), 5);
            for event in &events {
                let borrowed = match event {
                    Event::Text(data) => matches!(data, Cow::Borrowed(_)),
                    Event::Binary(data) | Event::Ping(data) | Event::Pong(data) => {
                        matches!(data, Cow::Borrowed(_))
                    }
                    Event::Close(close) => close.as_ref().unwrap().reason() == "why",
                    _ => false,
                };
                assert!(borrowed, "{event:?}");
            }
        }
    }
}

#[test]
fn two_connections_do_not_know_each_other() {
    let mut good = Connection::server(Config::new());
    let mut bad = Connection::server(Config::new());
    let mut out = Vec::new();
    for byte in to(Role::Server, TEXT, b"fine") {
        let mut byte = [byte];
        let result = good.receive(&mut Input::new(&mut byte), &mut out);
        let mut fault = [0xff];
        let failed = bad.receive(&mut Input::new(&mut fault), &mut Vec::new());
        assert_eq!(failed, Err(ProtocolError::ReservedOpcode(15)));
        if let Some(event) = result.unwrap() {
            assert_eq!(event, text("fine"));
            assert_eq!(good.state(), State::Open);
            return;
        }
    }
    unreachable!("the message did not come");
}

#[test]
fn every_error_has_the_status_code_that_fits() {
    // R6455-7.1.7-b, R6455-7.4.1-1002, R6455-10.7-c
    use ProtocolError as E;
    let cases = [
        (E::ReservedBits, Some(CloseCode::PROTOCOL_ERROR)),
        (E::ReservedOpcode(3), Some(CloseCode::PROTOCOL_ERROR)),
        (E::UnmaskedFrame, Some(CloseCode::PROTOCOL_ERROR)),
        (E::MaskedFrame, Some(CloseCode::PROTOCOL_ERROR)),
        (E::FragmentedControlFrame, Some(CloseCode::PROTOCOL_ERROR)),
        (E::ControlFrameTooLong, Some(CloseCode::PROTOCOL_ERROR)),
        (E::NonMinimalLength, Some(CloseCode::PROTOCOL_ERROR)),
        (E::LengthOutOfRange, Some(CloseCode::PROTOCOL_ERROR)),
        (E::UnexpectedContinuation, Some(CloseCode::PROTOCOL_ERROR)),
        (E::ExpectedContinuation, Some(CloseCode::PROTOCOL_ERROR)),
        (E::TruncatedCloseCode, Some(CloseCode::PROTOCOL_ERROR)),
        (E::InvalidCloseCode(0), Some(CloseCode::PROTOCOL_ERROR)),
        (E::InvalidCloseReason, Some(CloseCode::INVALID_PAYLOAD)), // R6455-7.4.1-1007
        (E::InvalidUtf8, Some(CloseCode::INVALID_PAYLOAD)),
        (E::FrameTooLong { limit: 1, len: 2 }, Some(CloseCode::MESSAGE_TOO_BIG)), // R6455-7.4.1-1009
        (E::MessageTooLong { limit: 1, len: 2 }, Some(CloseCode::MESSAGE_TOO_BIG)),
        (E::TooManyFragments { limit: 1 }, Some(CloseCode::POLICY_VIOLATION)), // R6455-7.4.1-1008
        (E::TooManyControlFrames { limit: 1 }, Some(CloseCode::POLICY_VIOLATION)),
        (E::UnexpectedEof, None),
    ];
    for (error, code) in cases {
        assert_eq!(error.close_code(), code, "{error:?}");
        let phrase = error.to_string();
        assert!(phrase.starts_with(char::is_lowercase) && !phrase.ends_with('.'), "{phrase}");
    }
    assert_eq!(closed(1002, ""), Event::Close(Some(CloseCode::PROTOCOL_ERROR.into())));
}

#[test]
fn debug_output_of_a_connection_is_short_and_shows_no_data() {
    for role in BOTH {
        let mut connection = Bench::new(role).connection();
        let message = to(role, TEXT_FIRST, &b"secret".repeat(10_000));
        let ping = to(role, PING, b"secret too");
        for piece in [&message[..], &ping[..ping.len() - 1]] {
            let mut read = piece.to_vec();
            assert_eq!(connection.receive(&mut Input::new(&mut read), &mut Vec::new()), Ok(None));
        }
        let shown = format!("{connection:?}");
        assert!(shown.contains("Text(60000 bytes)") && shown.contains("Control(9 bytes)"), "{shown}");
        assert!(!shown.contains("secret") && shown.len() < 2000, "{shown}");
    }
}
