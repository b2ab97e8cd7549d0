//! The requirements of RFC 7692 for permessage-deflate, one by one: received and sent messages.
#![cfg(feature = "deflate")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "common/handshake.rs"]
mod handshake;

use allocation_counter::measure;
use common::{
    BOTH, Bench, CLOSE, FINAL, MIDDLE, PING, PONG, Sent, TEXT, TEXT_FIRST, Transcript, binary, close_body,
    frame, hex, key_to, noise, open, ping, sent, text, to,
};
use handshake::Head;
use sansocket::{
    Config, Connection, Event, Input, ProtocolError, SendError, State,
    deflate::{Compress, Config as Deflate, Negotiated},
    frame::Role,
};

const NAME: &str = "Sec-WebSocket-Extensions";

/// Without context takeover, as an offer and as a response.
const FRESH: &str = "; server_no_context_takeover; client_no_context_takeover";

/// The first byte of frames with RSV1.
const TEXT_C: u8 = 0xc1;
const BINARY_C: u8 = 0xc2;
const TEXT_FIRST_C: u8 = 0x41;

/// "Hello" in one block, and again with a window that contains it.
const HELLO: &str = "f248cdc9c90700";
const AGAIN: &str = "f200110000";

/// The element with these parameters.
fn element(params: &str) -> String {
    format!("permessage-deflate{params}")
}

/// The parameters that an endpoint negotiates: a server with this offer, or a client with this response.
fn agreed(role: Role, config: Deflate, params: &str) -> Negotiated {
    let request = handshake::request(&Head::request().add(NAME, element(params)));
    match role {
        Role::Server => config.accept(request.extensions()).unwrap(),
        Role::Client => config.accept_response(&request.extensions().next().unwrap()).unwrap(),
    }
}

fn bench(role: Role, params: &str) -> Bench {
    Bench::new(role).config(Config::new().deflate(agreed(role, common::deflate::with_takeover(), params)))
}

// Negotiation

/// Frames, written as first byte and payload in hexadecimal.
type Frames = &'static [(u8, &'static str)];

fn stream(role: Role, frames: Frames) -> Vec<u8> {
    frames.iter().flat_map(|(first, payload)| to(role, *first, &hex(payload))).collect()
}

#[test]
fn compressed_messages_are_received() {
    // R7692-6.2-a, R7692-7.2.2-a, R7692-7.2.3-a, R6455-6.1-6, R6455-6.2-6, R6455-9-d
    let hello = || text("Hello");
    let cases: &[(Frames, Vec<Event<'static>>)] = &[
        (&[(TEXT_C, HELLO)], vec![hello()]),
        (&[(BINARY_C, HELLO)], vec![binary(b"Hello")]),
        (&[(TEXT_FIRST_C, "f248cd"), (FINAL, "c9c90700")], vec![hello()]),
        // R7692-7.2.2-b: neither uncompressed messages nor control frames change the window; R7692-6-b,
        // R7692-6.2-b
        (&[(TEXT_C, HELLO), (TEXT_C, AGAIN), (TEXT_C, AGAIN)], vec![hello(), hello(), hello()]),
        (
            &[(TEXT_C, HELLO), (TEXT, "706c61696e"), (PONG, ""), (TEXT_C, AGAIN)],
            vec![hello(), text("plain"), Event::Pong(vec![].into()), hello()],
        ),
        // R7692-7.2.1-b: stored, with BFINAL, in two blocks; R7692-7.2.3-b: the octets of the examples.
        (&[(TEXT_C, "000500faff48656c6c6f00")], vec![hello()]),
        (&[(TEXT_C, "f348cdc9c9070000")], vec![hello()]),
        (&[(TEXT_C, "f24805000000ffffcac9c90700")], vec![hello()]),
        // R7692-7.2.1-c: after BFINAL the next block begins at a byte boundary, and the window is kept.
        (&[(TEXT_C, "f348cdc9c90700f248cdc9c90700")], vec![text("HelloHello")]),
        (&[(TEXT_C, "f348cdc9c9070000"), (TEXT_C, AGAIN)], vec![hello(), hello()]),
        (&[(TEXT_C, "f348cdc9c9070000"), (TEXT_C, HELLO)], vec![hello(), hello()]),
        (&[(TEXT_C, "f348cdc9c90700")], vec![hello()]),
        // R7692-7.2.1-d: fragments before the last keep the tail.
        (&[(TEXT_FIRST_C, "f248cdc9c907000000ffff"), (FINAL, "00")], vec![hello()]),
        (&[(TEXT_FIRST_C, HELLO), (MIDDLE, ""), (FINAL, "")], vec![hello()]),
        // R7692-7.2.3-c, and what senders make of nothing.
        (&[(TEXT_C, "00")], vec![text("")]),
        (&[(TEXT_C, "")], vec![text("")]),
        (&[(TEXT_C, "0200")], vec![text("")]),
        (&[(TEXT_C, HELLO), (TEXT_C, ""), (TEXT_C, AGAIN)], vec![hello(), text(""), hello()]),
        // An additional tail is not an error.
        (&[(TEXT_C, "f248cdc9c907000000ffff"), (TEXT_C, AGAIN)], vec![hello(), hello()]),
    ];
    for role in BOTH {
        for (frames, events) in cases {
            let seen = bench(role, "").run(&stream(role, frames));
            assert_eq!(seen, open(events.clone(), b""), "{frames:?}");
        }
        let seen = bench(role, "")
            .run(&stream(role, &[(TEXT_FIRST_C, "f248cd"), (PING, "70"), (FINAL, "c9c90700")]));
        assert_eq!(seen, open(vec![ping(b"p"), hello()], &frame(PONG, None, b"p"))); // R7692-6-a
        // R7692-6.1-f: the inflated text is validated, not the compressed bytes.
        let data = [0xc3, 0xa9, 0xff];
        let mut sender = sender(role, "");
        let mut compressed = Vec::new();
        sender.compress_next(Compress::Always);
        sender.send_binary(&data, &mut compressed).unwrap();
        assert_eq!(bench(role, "").run(&compressed).events, [binary(&data)]);
    }
}

#[test]
fn invalid_deflate_data_fails_the_connection() {
    // R6455-7.4.1-1007
    let cases: [(&str, Frames, usize, ProtocolError); 8] = [
        ("", &[(TEXT_C, "faff0f00")], 0, ProtocolError::InvalidUtf8), // R7692-6.1-f
        ("", &[(TEXT_C, "ffffffff")], 0, ProtocolError::InvalidDeflate),
        ("", &[(TEXT_C, "f248cd")], 0, ProtocolError::InvalidDeflate),
        ("", &[(TEXT_C, "f248cdc9c9")], 0, ProtocolError::InvalidDeflate),
        ("", &[(TEXT_C, "f348cdc9c90700deadbeef")], 0, ProtocolError::InvalidDeflate),
        ("", &[(TEXT_C, AGAIN)], 0, ProtocolError::InvalidDeflate),
        ("", &[(TEXT, "48656c6c6f"), (TEXT_C, AGAIN)], 1, ProtocolError::InvalidDeflate),
        // R7692-7.2.2-d: each message begins with an empty window.
        (FRESH, &[(TEXT_C, HELLO), (TEXT_C, HELLO), (TEXT_C, AGAIN)], 2, ProtocolError::InvalidDeflate),
    ];
    for (params, frames, before, error) in cases {
        for role in BOTH {
            let Transcript { events, out, error: found, state, closure, .. } =
                bench(role, params).run(&stream(role, frames));
            assert_eq!((found, state), (Some(error), State::Draining), "{frames:?}");
            assert_eq!(events, vec![text("Hello"); before], "{frames:?}");
            assert_eq!(out, frame(CLOSE, None, &close_body(1007, b"")));
            assert_eq!(closure.unwrap().code, 1006);
        }
    }
}

#[test]
fn rsv1_is_allowed_on_the_first_frame_of_a_data_message_only() {
    // R7692-6.1-d, IANA-RSV-a
    for role in BOTH {
        let bench = bench(role, "");
        for first in [CLOSE | 0x40, PING | 0x40, PONG | 0x40, FINAL | 0x40, MIDDLE | 0x40, 0xa1, 0x91, 0xe1] {
            bench.fails_at_the_end(&[first], ProtocolError::ReservedBits, &[], b"");
        }
        for (begun, payload) in [(TEXT_FIRST_C, "f248cd"), (TEXT_FIRST, "48")] {
            for first in [FINAL | 0x40, MIDDLE | 0x40] {
                let stream = [to(role, begun, &hex(payload)), vec![first]].concat();
                bench.fails_at_the_end(&stream, ProtocolError::ReservedBits, &[], b"");
            }
        }
        // R6455-9.1-e, R6455-5.8-a: without the extension there is no such bit.
        Bench::new(role).fails_at_the_end(&[TEXT_C], ProtocolError::ReservedBits, &[], b"");
    }
}

#[test]
fn the_window_reaches_as_far_back_as_deflate_can() {
    // R7692-7.2.2-e: the permission to use a smaller window for receiving is not used; R7692-7.2.2-f
    let first = (0..600_u16).map(|i| u8::try_from(i % 251).unwrap()).collect::<Vec<_>>();
    let stored = [&hex("005802a7fd")[..], &first, &[0]].concat();
    for (second, inflated) in [
        ("02020000", Some("616161")),
        ("02fa1f00", Some("5d5e5f")),
        ("02060000", Some("5c5d5e")),
        ("02c63f00", Some("58595a")),
        ("0226000000", Some("575859")),
        ("02a62b0000", Some("000102")),
        ("02262c0000", None), // 601, and there are 600
    ] {
        for role in BOTH {
            for params in ["", "; server_max_window_bits=9"] {
                let stream = [to(role, BINARY_C, &stored), to(role, BINARY_C, &hex(second))].concat();
                let seen = bench(role, params).run(&stream);
                let expected = inflated.map(|data| vec![binary(&first), binary(&hex(data))]);
                let fault = expected.is_none().then_some(ProtocolError::InvalidDeflate);
                assert_eq!(seen.error, fault, "{second} {params}");
                assert_eq!(seen.events, expected.unwrap_or_else(|| vec![binary(&first)]), "{second}");
            }
        }
    }
    let first = (0..32_768_u64).map(|i| (i * i + 7 * i).to_le_bytes()[0]).collect::<Vec<_>>();
    let stored = [&hex("000080ff7f")[..], &first, &[0]].concat();
    let stream =
        [to(Role::Client, BINARY_C, &stored), to(Role::Client, BINARY_C, &hex("02deff0f00"))].concat();
    let seen = bench(Role::Client, "").run_cut(&stream, &[5, 20_000]);
    assert_eq!((seen.error, seen.events.len()), (None, 2));
    assert_eq!(seen.events[1], binary(&hex("000812")));
}

#[test]
fn inflating_stops_at_the_limit_of_a_message() {
    // R7692-8-b
    const LIMIT: u64 = 1 << 20;
    let mut sender = sender(Role::Client, "");
    let mut bomb = Vec::new();
    sender.send_binary(&vec![0; 4_000_000], &mut bomb).unwrap();
    assert!(bomb.len() < 20_000, "{}", bomb.len());
    let agreed = agreed(Role::Client, Deflate::new(), "");
    let bench = Bench::client().config(Config::new().deflate(agreed).max_message_len(LIMIT));
    let mut connection = bench.connection();
    let mut out = Vec::new();
    let mut stream = bomb.clone();
    let memory = measure(|| {
        let error = connection.receive(&mut Input::new(&mut stream), &mut out).unwrap_err();
        assert!(matches!(error, ProtocolError::MessageTooLong { limit: LIMIT, .. }), "{error}");
    });
    assert!(memory.bytes_max < 4 * LIMIT, "{memory:?}"); // a vector that grows is there twice for a moment
    assert_eq!(sent(&out)[0].payload, close_body(1009, b""));
    for cut in [1, 10, 3000] {
        assert_eq!(bench.run_cut(&bomb, &[cut]).error, bench.run_cut(&bomb, &[]).error, "cut at {cut}");
    }
}

// Sending

/// The other end, which sends the frames that an endpoint of `role` receives.
fn sender(role: Role, params: &str) -> Connection {
    match role {
        Role::Server => bench(Role::Client, params).connection(),
        Role::Client => bench(Role::Server, params).connection(),
    }
}

/// The sent frames, without masks: the first byte and the payload of each.
fn send(
    role: Role,
    params: &str,
    calls: impl FnOnce(&mut Connection, &mut Vec<u8>) -> Result<(), SendError>,
) -> Vec<(u8, Vec<u8>)> {
    let mut connection = bench(role, params).connection();
    let mut out = Vec::new();
    calls(&mut connection, &mut out).unwrap();
    let frames = sent(&out);
    assert!(frames.iter().all(|frame| frame.key.is_some() == (role == Role::Client)));
    frames.into_iter().map(|Sent { first, payload, .. }| (first, payload)).collect()
}

fn always(connection: &mut Connection, text: &str, out: &mut Vec<u8>) -> Result<(), SendError> {
    connection.compress_next(Compress::Always);
    connection.send_text(text, out)
}

#[test]
fn each_message_is_compressed_or_not_and_control_frames_never() {
    // R6455-6.1-6, R7692-6-a, R7692-6-b, R7692-6.1-a, R7692-6.1-b, R7692-6.1-c, R7692-6.1-e, R7692-8-a
    for role in BOTH {
        let frames = send(role, "", |connection, out| {
            always(connection, "Hello", out)?; // R7692-7.2.1-a
            connection.compress_next(Compress::Always);
            connection.send_binary(b"Hello", out)?;
            connection.compress_next(Compress::Never);
            connection.send_text(&"secret ".repeat(100), out)?;
            connection.send_ping(&[b'p'; 125], out)?;
            connection.send_pong(&[b'p'; 125], out)?;
            always(connection, "", out)?; // R7692-7.2.3-c
            connection.send_close(common::close(1000, "bye bye bye bye bye"), out)
        });
        let expected = [
            (TEXT_C, hex(HELLO)),
            (BINARY_C, hex(AGAIN)),
            (TEXT, "secret ".repeat(100).into_bytes()),
            (PING, vec![b'p'; 125]),
            (PONG, vec![b'p'; 125]),
            (TEXT_C, hex("00")),
            (CLOSE, close_body(1000, b"bye bye bye bye bye")),
        ];
        for (frame, expected) in frames.iter().zip(expected) {
            assert_eq!(*frame, expected, "{role:?}");
        }
        assert_eq!(frames.len(), 7);
    }
}

#[test]
fn the_fragments_of_a_compressed_message_are_one_stream() {
    // R7692-6.1-a, R7692-6.1-c, R7692-7.2.1-a, R7692-7.2.1-d
    for role in BOTH {
        let frames = send(role, "", |connection, out| {
            connection.send_text_fragment("Hel", false, out)?;
            connection.send_text_fragment("", false, out)?;
            connection.send_ping(b"", out)?;
            connection.send_text_fragment("lo", true, out)
        });
        let firsts: Vec<u8> = frames.iter().map(|frame| frame.0).collect();
        assert_eq!(firsts, [TEXT_FIRST_C, MIDDLE, PING, FINAL]);
        assert!(frames[0].1.ends_with(&[0, 0, 0xff, 0xff]), "the tail is left out of the last one alone");
        assert!(!frames[3].1.ends_with(&[0, 0, 0xff, 0xff]));
        let other = if role == Role::Server { Role::Client } else { Role::Server };
        let stream: Vec<u8> = frames.iter().flat_map(|(first, payload)| to(other, *first, payload)).collect();
        assert_eq!(bench(other, "").run(&stream).events, [ping(b""), text("Hello")]);
        assert_eq!(key_to(other).is_some(), role == Role::Client);
    }
}

#[test]
fn a_window_is_carried_over_unless_that_was_agreed_away() {
    // R7692-7.2.1-f, R7692-7.2.1-g, R7692-7.2.1-h, R7692-7.1.1.1-b, R7692-7.1.1.2-c
    for (role, params, second) in [
        (Role::Server, "", AGAIN),
        (Role::Client, "", AGAIN),
        (Role::Server, "; client_no_context_takeover", AGAIN),
        (Role::Client, "; server_no_context_takeover", AGAIN),
        (Role::Server, "; server_no_context_takeover", HELLO),
        (Role::Client, "; client_no_context_takeover", HELLO),
    ] {
        let frames = send(role, params, |connection, out| {
            always(connection, "Hello", out)?;
            connection.send_text("no", out)?; // too short to be compressed
            always(connection, "Hello", out)
        });
        assert_eq!(frames[0], (TEXT_C, hex(HELLO)), "{role:?} {params}");
        assert_eq!(frames[1], (TEXT, b"no".to_vec()), "{role:?} {params}");
        assert_eq!(frames[2], (TEXT_C, hex(second)), "{role:?} {params}");
    }
}

#[test]
fn references_stay_within_the_negotiated_window() {
    // R7692-7.2.1-e, R7692-7.2.1-i: data from a window and a byte ago costs as much as new data.
    for w in 8..=15 {
        for role in BOTH {
            let own = if role == Role::Server { "server" } else { "client" };
            let params = format!("; {own}_max_window_bits={w}");
            let (window, known) = (1 << w, 200);
            let noise = noise(window + 1);
            let far = [&noise[..], &noise[..known]].concat();
            let near = [&noise[..], &noise[noise.len() - known..]].concat();
            for level in [1, 6, 9] {
                let len = |data: &[u8]| {
                    let agreed = agreed(role, Deflate::new().level(level), &params);
                    let bench = Bench::new(role).config(Config::new().deflate(agreed));
                    let (mut connection, mut out) = (bench.connection(), Vec::new());
                    connection.compress_next(Compress::Always);
                    connection.send_binary(data, &mut out).unwrap();
                    let frames = sent(&out);
                    assert_eq!((frames.len(), frames[0].first), (1, BINARY_C));
                    frames[0].payload.len()
                };
                assert!(len(&far) >= far.len(), "2^{w}, level {level}: back over {} bytes", window + 1);
                // Level 1 does not find every repetition.
                let found = level == 1 || len(&near) < near.len() - known / 2;
                assert!(found, "2^{w}, level {level}: there is no window");
            }
        }
    }
}
