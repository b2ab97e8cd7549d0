//! Limits: the limit itself is allowed, one more fails, as soon as the header proves it (RFC 6455, 10.4).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{
    BINARY, BINARY_FIRST, BOTH, Bench, CLOSE, FINAL, MIDDLE, PING, PONG, TEXT, TEXT_FIRST, all_to, binary,
    binary_chunk, frame, header_to, noise, open, ping, pong, text, to,
};
use sansocket::{
    Config, Delivery, ProtocolError, State,
    frame::{Limits, Role},
};

/// The header of a frame without its key: the last byte of the length decides, not the mask.
fn length_to(role: Role, first: u8, len: u64) -> Vec<u8> {
    let mut header = header_to(role, first, len);
    if role == Role::Server {
        header.truncate(header.len() - 4);
    }
    header
}

/// Both roles, with both deliveries.
fn benches(config: Config) -> Vec<Bench> {
    let deliveries = [Delivery::Messages, Delivery::Chunks];
    let bench = |delivery| BOTH.map(|role| Bench::new(role).config(config.delivery(delivery)));
    deliveries.into_iter().flat_map(bench).collect()
}

#[test]
fn a_frame_at_the_limit_passes_and_one_more_byte_fails_on_the_header() {
    // R6455-7.4.1-1009, R6455-10.4-a, R6455-10.4-b
    for limit in [0, 1, 124, 125, 126, 127, 1000, 65_535, 65_536] {
        let config = Config::new().max_frame_len(limit);
        let data = noise(usize::try_from(limit).unwrap());
        for role in BOTH {
            let bench = Bench::new(role).config(config);
            assert_eq!(bench.run(&to(role, BINARY, &data)), open(vec![binary(&data)], b""), "{limit}");
        }
        for bench in benches(config) {
            for len in [limit + 1, limit + 2, 1 << 31, 1 << 32, (1 << 32) + 5, 1 << 53, (1 << 63) - 1] {
                let error = ProtocolError::FrameTooLong { limit, len };
                for first in [TEXT, BINARY, TEXT_FIRST, BINARY_FIRST] {
                    bench.fails_at_the_end(&length_to(bench.role, first, len), error, &[], b"");
                }
            }
        }
    }
}

#[test]
fn a_message_at_the_limit_passes_and_one_more_byte_fails_on_the_header() {
    // R6455-10.4-b
    for limit in [0, 1, 125, 126, 300] {
        let config = Config::new().max_message_len(limit);
        let data = noise(usize::try_from(limit).unwrap());
        for role in BOTH {
            let bench = Bench::new(role).config(config);
            assert_eq!(bench.run(&to(role, BINARY, &data)), open(vec![binary(&data)], b""), "{limit}");
        }
        for bench in benches(config) {
            for len in [limit + 1, 1 << 20, 64 << 20] {
                let error = ProtocolError::MessageTooLong { limit, len };
                bench.fails_at_the_end(&length_to(bench.role, TEXT, len), error, &[], b"");
            }
        }
    }
}

#[test]
fn the_fragments_of_a_message_count_together_and_control_frames_do_not_count() {
    // R6455-10.4-a
    let config = Config::new().max_message_len(10);
    for role in BOTH {
        let bench = Bench::new(role).config(config);
        // 4 + 0 + 5 bytes, with control frames in between that are longer than the limit.
        let long = [b'c'; 125];
        let begun = all_to(
            role,
            &[(BINARY_FIRST, b"1234"), (PING, &long), (MIDDLE, b""), (PONG, &long), (MIDDLE, b"56789")],
        );
        let controls = [ping(&long), pong(&long)];
        let out = frame(PONG, None, &long);

        let stream = [&begun[..], &to(role, FINAL, b"0")].concat();
        let events = [&controls[..], &[binary(b"1234567890")]].concat();
        assert_eq!(bench.run(&stream), open(events.clone(), &out));

        for (last, len) in [(FINAL, 2), (MIDDLE, 2), (FINAL, 1000), (MIDDLE, 64 << 20)] {
            let stream = [&begun[..], &length_to(role, last, len)].concat();
            let error = ProtocolError::MessageTooLong { limit: 10, len: 9 + len };
            bench.fails_at_the_end(&stream, error, &controls, &out);
        }

        // The count starts again with the next message.
        let next = [&stream[..], &to(role, BINARY_FIRST, b"1234567890"), &to(role, FINAL, b"")].concat();
        let both = [&events[..], &[binary(b"1234567890")]].concat();
        assert_eq!(bench.run(&next), open(both.clone(), &out));
        let next = [&next[..], &to(role, TEXT_FIRST, b"1234567890"), &length_to(role, FINAL, 1)].concat();
        bench.fails_at_the_end(&next, ProtocolError::MessageTooLong { limit: 10, len: 11 }, &both, &out);
    }
}

#[test]
fn the_sum_of_declared_lengths_does_not_overflow() {
    let config = Config::new().max_frame_len(u64::MAX).max_message_len(1 << 20);
    for bench in benches(config) {
        let role = bench.role;
        let len = (1 << 63) - 1;
        let stream = [to(role, BINARY_FIRST, b""), length_to(role, FINAL, len)].concat();
        bench.fails_at_the_end(&stream, ProtocolError::MessageTooLong { limit: 1 << 20, len }, &[], b"");
    }
    for role in BOTH {
        // Without a limit the largest length is allowed, and no memory is reserved for it.
        let config = config.max_message_len(u64::MAX);
        for (first, delivery) in [(BINARY, Delivery::Messages), (BINARY_FIRST, Delivery::Chunks)] {
            let bench = Bench::new(role).config(config.delivery(delivery));
            let stream = [header_to(role, first, (1 << 63) - 1), vec![0; 5]].concat();
            let seen = bench.run(&stream);
            assert_eq!((seen.error, seen.out), (None, vec![]));
            assert_eq!(seen.events.len(), usize::from(delivery == Delivery::Chunks));
        }
    }
}

#[test]
fn the_frame_limit_is_asked_before_the_message_limit() {
    let bench = Bench::server().config(Config::new().max_frame_len(5).max_message_len(5));
    let error = ProtocolError::FrameTooLong { limit: 5, len: 6 };
    bench.fails_at_the_end(&length_to(Role::Server, TEXT, 6), error, &[], b"");
}

#[test]
fn fragments_are_counted_with_the_empty_ones() {
    // R6455-7.4.1-1008, R6455-10.4-a
    for limit in [1, 2, 3, 50] {
        for bench in benches(Config::new().max_fragments(limit)) {
            let role = bench.role;
            for payload in [&b""[..], b"x"] {
                // The maximum number of frames, each followed by a Pong, which does not count.
                let mut stream = to(role, TEXT_FIRST, payload);
                for _ in 1..limit {
                    stream.extend(to(role, PONG, b""));
                    stream.extend(to(role, MIDDLE, payload));
                }
                let begun = bench.run(&stream);
                assert_eq!((begun.error, begun.out), (None, vec![]), "{limit}");
                for first in [MIDDLE, FINAL] {
                    let stream = [&stream[..], &[first]].concat();
                    let error = ProtocolError::TooManyFragments { limit };
                    bench.fails_at_the_end(&stream, error, &begun.events, b"");
                }
            }
            // The count starts again with the next message; an unfragmented message is a single fragment.
            let mut stream = Vec::new();
            for _ in 0..3 {
                stream.extend(to(role, BINARY, b""));
                if limit > 1 {
                    stream.extend(to(role, BINARY_FIRST, b""));
                    stream.extend(to(role, MIDDLE, b"").repeat(limit as usize - 2));
                    stream.extend(to(role, FINAL, b""));
                }
            }
            assert_eq!(bench.run(&stream).error, None, "{limit}");
        }
    }
}

#[test]
fn a_complete_fragment_beyond_a_limit_fails_as_its_header_does() {
    let (frames, messages) = (Config::new().max_frame_len(4), Config::new().max_message_len(9));
    let fragments = Config::new().max_fragments(3);
    let cases = [
        (frames, MIDDLE, &b"12345"[..], ProtocolError::FrameTooLong { limit: 4, len: 5 }),
        (messages, MIDDLE, b"12", ProtocolError::MessageTooLong { limit: 9, len: 10 }),
        (fragments, MIDDLE, b"", ProtocolError::TooManyFragments { limit: 3 }),
        (Config::new(), 0x10 | MIDDLE, b"12", ProtocolError::ReservedBits),
        (Config::new(), BINARY_FIRST, b"12", ProtocolError::ExpectedContinuation),
    ];
    for (config, first, payload, error) in cases {
        for role in BOTH {
            let parts = [(BINARY_FIRST, &b"1234"[..]), (MIDDLE, b"5"), (PONG, b""), (MIDDLE, b"678")];
            let seen = Bench::new(role)
                .config(config)
                .run(&[all_to(role, &parts), to(role, first, payload)].concat());
            assert_eq!((seen.error, seen.events), (Some(error), vec![pong(b"")]));
            let close = error.close_code().unwrap().get().to_be_bytes();
            assert_eq!((seen.out, seen.state), (frame(CLOSE, None, &close), State::Draining));
        }
    }
}

#[test]
fn the_default_limits_are_those_of_the_documentation() {
    let config = Config::new();
    assert_eq!(config, Config::default());
    assert_eq!(Limits::new(), Limits::default());
    let bench = Bench::client();
    let limit: u64 = 64 << 20;
    assert_eq!(bench.run(&length_to(Role::Client, BINARY, limit)), open(vec![], b""));
    let error = ProtocolError::FrameTooLong { limit, len: limit + 1 };
    bench.fails_at_the_end(&length_to(Role::Client, BINARY, limit + 1), error, &[], b"");
    let whole_limit = bench.clone().config(config.max_frame_len(u64::MAX));
    let error = ProtocolError::MessageTooLong { limit, len: limit + 1 };
    whole_limit.fails_at_the_end(&length_to(Role::Client, BINARY, limit + 1), error, &[], b"");

    // 131,072 fragments, without the harness: the stream is long and each frame is the same.
    let mut stream = to(Role::Client, TEXT_FIRST, b"");
    stream.extend(to(Role::Client, MIDDLE, b"").repeat(131_070));
    let whole = [&stream[..], &to(Role::Client, FINAL, b"")].concat();
    assert_eq!(bench.run_cut(&whole, &[77, 100_001]), open(vec![text("")], b""));
    stream.extend(to(Role::Client, MIDDLE, b""));
    assert_eq!(bench.run_cut(&stream, &[77, 100_001]), open(vec![], b""));
    stream.push(FINAL);
    let error = bench.run_cut(&stream, &[77, 100_001]).error;
    assert_eq!(error, Some(ProtocolError::TooManyFragments { limit: 131_072 }));

    // A million consecutive Pings are allowed.
    let mut pings = to(Role::Client, PING, b"").repeat(1000);
    let mut connection = bench.connection();
    for _ in 0..1000 {
        let mut out = Vec::new();
        let mut input = sansocket::Input::new(&mut pings);
        while connection.receive(&mut input, &mut out).unwrap().is_some() {}
        assert_eq!(out.len(), 6000, "a Pong each");
    }
}

#[test]
fn control_frames_in_a_row_are_counted_where_that_is_asked_for() {
    for limit in [0, 1, 3] {
        for bench in benches(Config::new().max_control_frames(limit)) {
            let role = bench.role;
            let (mut stream, mut events, mut out) = (Vec::new(), Vec::new(), Vec::new());
            let chunks = bench.clone().run(&to(role, BINARY, b"d")).events == [binary_chunk(b"d", true)];
            // A data frame resets the count, even a fragment.
            for (first, payload) in [(BINARY, &b"d"[..]), (BINARY_FIRST, b""), (FINAL, b"")] {
                for _ in 0..limit {
                    stream.extend(to(role, PING, b""));
                    out.extend(frame(PONG, None, b""));
                    events.push(ping(b""));
                }
                stream.extend(to(role, first, payload));
                if first != BINARY_FIRST {
                    events.push(if chunks { binary_chunk(payload, true) } else { binary(payload) });
                }
            }
            for _ in 0..limit {
                stream.extend(to(role, PONG, b""));
                events.push(pong(b""));
            }
            assert_eq!(bench.run(&stream), open(events.clone(), &out), "{limit}");
            for first in [PING, PONG] {
                let stream = [&stream[..], &[first]].concat();
                let error = ProtocolError::TooManyControlFrames { limit };
                bench.fails_at_the_end(&stream, error, &events, &out);
            }
            // A peer that has sent many frames may still close cleanly.
            let seen = bench.run(&[&stream[..], &to(role, CLOSE, b"")].concat());
            assert_eq!(
                (seen.error, seen.closure.map(|closure| closure.clean)),
                (None, Some(true)),
                "{limit}"
            );
        }
    }
}

#[test]
fn out_of_range_length_is_reported_before_the_limit() {
    // R6455-5.2-h, R6455-5.2-i: violations of the protocol take precedence over limits.
    let bench = Bench::client().config(Config::new().max_frame_len(0).max_message_len(0));
    let range = ProtocolError::LengthOutOfRange;
    bench.fails_at_the_end(b"\x82\x7f\x80", range, &[], b"");
    bench.fails_at_the_end(b"\x82\x7e\x00\x05", ProtocolError::NonMinimalLength, &[], b"");
    bench.fails_at_the_end(b"\x89\x7e", ProtocolError::ControlFrameTooLong, &[], b"");
}
