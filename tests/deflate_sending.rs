//! Sent compressed messages (RFC 7692, 6.1 and 7.2.1).
#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{
    BOTH, FINAL, Inflater, MIDDLE, PING, Sent, TEXT, TEXT_FIRST,
    deflate::{
        COMPRESSED_BINARY, COMPRESSED_TEXT, COMPRESSED_TEXT_FIRST, HELLO, HELLO_AGAIN, TAIL, agree, json,
        sender, window, with_takeover,
    },
    noise, sent,
};
use sansocket::{
    CloseCode, Connection, Input, SendError,
    deflate::{Compress, Config},
    frame::{OpCode, Role},
};

/// The frames that `call` sends.
fn frames(connection: &mut Connection, call: impl FnOnce(&mut Connection, &mut Vec<u8>)) -> Vec<Sent> {
    let mut out = Vec::new();
    call(connection, &mut out);
    sent(&out)
}

/// Sends a text in one frame. Returns the first byte and the payload of the frame.
fn send(connection: &mut Connection, text: &str) -> (u8, Vec<u8>) {
    let mut frames = frames(connection, |connection, out| connection.send_text(text, out).unwrap());
    assert_eq!(frames.len(), 1);
    let Sent { first, payload, .. } = frames.remove(0);
    (first, payload)
}

fn firsts(frames: &[Sent]) -> Vec<u8> {
    frames.iter().map(|frame| frame.first).collect()
}

#[test]
fn rsv1_is_on_the_first_frame_only_and_control_frames_are_left_alone() {
    for role in BOTH {
        let mut connection = sender(role, with_takeover());
        let frames = frames(&mut connection, |connection, out| {
            connection.send_text_fragment("Hel", false, out).unwrap();
            connection.send_ping(&[b'p'; 125], out).unwrap();
            connection.send_text_fragment("lo", false, out).unwrap();
            connection.send_text_fragment("!", true, out).unwrap();
            connection.send_pong(&[b'p'; 125], out).unwrap();
            connection.send_binary(&[b'x'; 200], out).unwrap();
            connection.send_close(CloseCode::NORMAL, out).unwrap();
        });
        let expected = [COMPRESSED_TEXT_FIRST, PING, MIDDLE, FINAL, 0x8a, COMPRESSED_BINARY, 0x88];
        assert_eq!(firsts(&frames), expected, "R7692-6-a, R7692-6.1-a, R7692-6.1-c, R7692-6.1-e");
        assert_eq!((&frames[1].payload, &frames[4].payload), (&vec![b'p'; 125], &vec![b'p'; 125]));
        assert_eq!(frames[6].payload, b"\x03\xe8");
        // R7692-7.2.1-d: the tail is removed from the last fragment only.
        assert!(frames[0].payload.ends_with(&TAIL) && frames[2].payload.ends_with(&TAIL));
        assert!(!frames[3].payload.ends_with(&TAIL));
        let mut inflater = Inflater::default();
        let message = [&frames[0].payload[..], &frames[2].payload, &frames[3].payload].concat();
        assert_eq!(inflater.message(&message), b"Hello!");
        assert_eq!(inflater.message(&frames[5].payload), [b'x'; 200]);
    }
}

#[test]
fn hello_has_the_bytes_of_the_rfc() {
    for role in BOTH {
        let mut connection = sender(role, with_takeover().min_len(0));
        assert_eq!(send(&mut connection, "Hello"), (COMPRESSED_TEXT, HELLO.to_vec()));
        assert_eq!(send(&mut connection, "Hello"), (COMPRESSED_TEXT, HELLO_AGAIN.to_vec()), "R7692-7.2.1-h");
        let mut alone = sender(role, with_takeover().min_len(0).send_context_takeover(false));
        for _ in 0..3 {
            // R7692-7.2.1-f, R7692-7.2.1-g. As it is not shorter, it need not be compressed.
            assert_eq!(send(&mut alone, "Hello"), (TEXT, b"Hello".to_vec()));
            alone.compress_next(Compress::Always);
            assert_eq!(send(&mut alone, "Hello"), (COMPRESSED_TEXT, HELLO.to_vec()));
        }
    }
}

#[test]
fn an_empty_message_is_one_zero_byte_or_not_compressed() {
    for takeover in [true, false] {
        let mut connection = sender(Role::Server, Config::new().send_context_takeover(takeover));
        for before in ["", "Hello", "Hello"] {
            connection.compress_next(Compress::Always);
            send(&mut connection, before);
            assert_eq!(send(&mut connection, ""), (TEXT, vec![]), "R6455, below min_len");
            connection.compress_next(Compress::Always);
            let mut out = Vec::new();
            connection.send_text("", &mut out).unwrap();
            assert_eq!(out, b"\xc1\x01\x00", "R7692-7.2.3-c");
        }
    }
    // An empty fragment in the middle has no payload; an empty last one completes the message.
    let mut connection = sender(Role::Server, with_takeover());
    let sent = frames(&mut connection, |connection, out| {
        for (text, last) in [("", false), ("Hello", false), ("", false), ("", true)] {
            connection.send_text_fragment(text, last, out).unwrap();
        }
    });
    assert_eq!(firsts(&sent), [COMPRESSED_TEXT_FIRST, MIDDLE, MIDDLE, FINAL]);
    let payload: Vec<u8> = sent.iter().flat_map(|frame| frame.payload.clone()).collect();
    let mut inflater = Inflater::default();
    assert_eq!(inflater.message(&payload), b"Hello");
    assert!(!sent[3].payload.is_empty());
    assert_eq!(inflater.message(&send(&mut connection, &"Hello".repeat(20)).1), b"Hello".repeat(20));
}

#[test]
fn short_messages_are_left_alone_unless_asked() {
    let mut connection = sender(Role::Server, with_takeover().min_len(10));
    for (choice, len, first) in [
        (Compress::Default, 9, TEXT),
        (Compress::Default, 10, COMPRESSED_TEXT),
        (Compress::Always, 9, COMPRESSED_TEXT),
        (Compress::Always, 10, COMPRESSED_TEXT),
        (Compress::Never, 9, TEXT),
        (Compress::Never, 1000, TEXT),
    ] {
        connection.compress_next(choice);
        let text = "a".repeat(len);
        let (seen, payload) = send(&mut connection, &text);
        assert_eq!((seen, len), (first, len), "{choice:?}");
        assert_eq!(first == TEXT, payload == text.as_bytes(), "R7692-6.1-b");
        // The choice applied to one message.
        assert_eq!(send(&mut connection, "123456789").0, TEXT);
        assert_eq!(send(&mut connection, "1234567890").0, COMPRESSED_TEXT);
    }
    // The default compresses messages from 64 bytes.
    let mut connection = sender(Role::Server, with_takeover());
    assert_eq!(send(&mut connection, &"a".repeat(63)).0, TEXT);
    assert_eq!(send(&mut connection, &"a".repeat(64)).0, COMPRESSED_TEXT);
}

#[test]
fn a_message_in_fragments_is_decided_with_its_first_one() {
    let mut connection = sender(Role::Server, with_takeover());
    for (choice, first) in
        [(Compress::Never, TEXT_FIRST), (Compress::Default, COMPRESSED_TEXT_FIRST), (Compress::Always, 0x41)]
    {
        connection.compress_next(choice);
        let sent = frames(&mut connection, |connection, out| {
            connection.send_text_fragment("one", false, out).unwrap();
            connection.compress_next(Compress::Never);
            connection.send_text_fragment("two", false, out).unwrap();
            connection.compress_next(Compress::Always);
            connection.send_text_fragment("", true, out).unwrap();
        });
        assert_eq!(firsts(&sent), [first, MIDDLE, FINAL]);
        assert_eq!(first == TEXT_FIRST, sent[1].payload == b"two");
        assert_eq!(send(&mut connection, "next").0, COMPRESSED_TEXT, "the last choice was for this one");
    }
}

#[test]
fn uncompressed_messages_stay_out_of_the_window() {
    let secret = "token=0123456789abcdefghijklmnopqrstuvwxyz-0123456789";
    for whole in [true, false] {
        let mut connection = sender(Role::Server, with_takeover().min_len(0));
        let mut inflater = Inflater::default();
        let hello = "Hello, ".repeat(3);
        assert_eq!(inflater.message(&send(&mut connection, &hello).1), hello.as_bytes());
        connection.compress_next(Compress::Never);
        let mut out = Vec::new();
        if whole {
            connection.send_text(secret, &mut out).unwrap();
        } else {
            connection.send_text_fragment(&secret[..5], false, &mut out).unwrap();
            connection.send_text_fragment(&secret[5..], true, &mut out).unwrap();
        }
        assert!(sent(&out).iter().all(|frame| frame.first & 0x40 == 0));
        // If the data were in the window, this would be a reference of a few bytes, which the peer could not
        // inflate.
        let (first, payload) = send(&mut connection, secret);
        assert_eq!((first, inflater.message(&payload)), (COMPRESSED_TEXT, secret.as_bytes().to_vec()));
        assert!(payload.len() > 30, "{}", payload.len());
        // Now the data is in the window.
        let (_, payload) = send(&mut connection, secret);
        assert_eq!(inflater.message(&payload), secret.as_bytes());
        assert!(payload.len() < 12, "{}", payload.len());
    }
}

#[test]
fn messages_are_independent_without_context_takeover() {
    for role in BOTH {
        for by_peer in [false, true] {
            let ours = Config::new().send_context_takeover(by_peer);
            let theirs = with_takeover().receive_context_takeover(!by_peer);
            let (server, client) =
                if role == Role::Server { agree(ours, theirs) } else { agree(theirs, ours) };
            let mut connection = match role {
                Role::Server => Connection::server(sansocket::Config::new().deflate(server)),
                Role::Client => Connection::client(sansocket::Config::new().deflate(client), [3; 32]),
            };
            let text = json(3000, 1);
            let first = send(&mut connection, &text);
            for _ in 0..5 {
                // A fresh inflater has no window to refer to.
                let again = send(&mut connection, &text);
                assert_eq!(again, first);
                assert_eq!(Inflater::default().message(&again.1), text.as_bytes());
                let fragments = frames(&mut connection, |connection, out| {
                    connection.send_text_fragment(&text[..1000], false, out).unwrap();
                    connection.send_text_fragment(&text[1000..], true, out).unwrap();
                });
                let payload = [&fragments[0].payload[..], &fragments[1].payload].concat();
                assert_eq!(Inflater::default().message(&payload), text.as_bytes());
            }
        }
    }
}

#[test]
fn a_bare_header_is_never_compressed_and_never_in_a_compressed_message() {
    let mut connection = sender(Role::Server, with_takeover());
    let mut out = Vec::new();
    connection.compress_next(Compress::Always);
    assert_eq!(connection.send_header(OpCode::Text, true, 70, &mut out), Ok(None));
    assert_eq!(out, [TEXT, 70]);
    // The choice applied to that message.
    assert_eq!(send(&mut connection, "short").0, TEXT);
    // A failed call leaves the choice for the next message.
    connection.compress_next(Compress::Always);
    assert_eq!(
        connection.send_header(OpCode::Text, true, u64::MAX, &mut out),
        Err(SendError::PayloadTooLong)
    );
    assert_eq!(send(&mut connection, "short").0, COMPRESSED_TEXT);

    // A message that began with `send_header` continues uncompressed, with fragments and with headers.
    out.clear();
    connection.send_header(OpCode::Text, false, 3, &mut out).unwrap();
    out.extend(b"abc");
    connection.send_text_fragment(&"d".repeat(100), false, &mut out).unwrap();
    connection.send_header(OpCode::Continuation, true, 0, &mut out).unwrap();
    let seen = sent(&out);
    assert_eq!(firsts(&seen), [TEXT_FIRST, MIDDLE, FINAL]);
    assert_eq!(seen[1].payload, [b'd'; 100]);

    // A compressed message continues compressed.
    let mut connection = sender(Role::Server, with_takeover());
    out.clear();
    connection.send_text_fragment("Hello", false, &mut out).unwrap();
    let before = out.clone();
    for fin in [true, false] {
        let refused = connection.send_header(OpCode::Continuation, fin, 3, &mut out);
        assert_eq!((refused, &out), (Err(SendError::CompressedMessage), &before));
    }
    assert_eq!(connection.send_header(OpCode::Ping, true, 0, &mut out), Ok(None));
    connection.send_text_fragment("!", true, &mut out).unwrap();
    let seen = sent(&out);
    assert_eq!(firsts(&seen), [COMPRESSED_TEXT_FIRST, PING, FINAL]);
    let message = [&seen[0].payload[..], &seen[2].payload].concat();
    assert_eq!(Inflater::default().message(&message), b"Hello!");
}

#[test]
fn a_message_in_fragments_can_be_finished_after_the_close_of_the_peer() {
    // With `auto_close(false)` you may finish messages before you reply to the Close.
    let (agreed, _) = agree(with_takeover(), with_takeover());
    let config = sansocket::Config::new().deflate(agreed).auto_close(false);
    let mut connection = Connection::server(config);
    let text = json(1000, 2);
    let mut out = Vec::new();
    connection.send_text_fragment(&text[..500], false, &mut out).unwrap();
    let mut close = common::to(Role::Server, 0x88, b"\x03\xe8");
    connection.receive(&mut Input::new(&mut close), &mut out).unwrap().unwrap();
    connection.compress_next(Compress::Always);
    connection.send_text_fragment(&text[500..], true, &mut out).unwrap();
    connection.send_text("one more", &mut out).unwrap();
    connection.send_close(CloseCode::NORMAL, &mut out).unwrap();
    let frames = sent(&out);
    assert_eq!(firsts(&frames), [COMPRESSED_TEXT_FIRST, FINAL, COMPRESSED_TEXT, 0x88]);
    let mut inflater = Inflater::default();
    let message = [&frames[0].payload[..], &frames[1].payload].concat();
    assert_eq!(inflater.message(&message), text.as_bytes());
    assert_eq!(inflater.message(&frames[2].payload), b"one more");
}

#[test]
fn release_begins_with_an_empty_window_inside_a_message_too() {
    let mut connection = sender(Role::Server, with_takeover().min_len(0));
    assert_eq!(send(&mut connection, "Hello").1, HELLO);
    connection.release_buffers();
    assert_eq!(send(&mut connection, "Hello").1, HELLO, "it stands alone");
    assert_eq!(send(&mut connection, "Hello").1, HELLO_AGAIN);

    let mut connection = sender(Role::Server, with_takeover());
    let fragments = frames(&mut connection, |connection, out| {
        connection.send_text_fragment("Hello", false, out).unwrap();
        connection.release_buffers();
        connection.send_text_fragment("Hello", false, out).unwrap();
        connection.send_text_fragment("Hello", true, out).unwrap();
    });
    assert_eq!(firsts(&fragments), [COMPRESSED_TEXT_FIRST, MIDDLE, FINAL]);
    let payloads: Vec<&[u8]> = fragments.iter().map(|frame| &frame.payload[..]).collect();
    assert_eq!(payloads, [&[HELLO, &TAIL].concat()[..], &[HELLO, &TAIL].concat(), HELLO_AGAIN]);
    assert_eq!(Inflater::default().message(&payloads.concat()), b"HelloHelloHello");
}

#[test]
fn incompressible_messages_are_sent_uncompressed_without_takeover() {
    let mut connection = sender(Role::Server, with_takeover().min_len(0).send_context_takeover(false));
    let mut equal = 0;
    for len in 1..40 {
        let text = "a".repeat(len);
        connection.compress_next(Compress::Always);
        let (_, compressed) = send(&mut connection, &text);
        equal += usize::from(compressed.len() == len);
        let expected =
            if compressed.len() < len { (COMPRESSED_TEXT, compressed) } else { (TEXT, text.clone().into()) };
        assert_eq!(send(&mut connection, &text), expected);
    }
    assert!(equal > 0, "this has to be looked at, too");
}

#[test]
fn incompressible_messages_grow_by_a_bounded_amount() {
    // C13: 5 bytes a block of at most 16 KiB, 16 for the flush, and the header.
    for takeover in [true, false] {
        for level in [0, 1, 2, 6, 9] {
            let config = with_takeover().level(level).send_context_takeover(takeover).min_len(0);
            for memory_level in [1, 8, 9] {
                let mut connection = sender(Role::Server, config.memory_level(memory_level));
                for len in [0, 1, 64, 1000, 16_383, 16_384, 32_768, 65_536, 200_000] {
                    for fill in [noise(len), vec![0; len]] {
                        let mut out = Vec::new();
                        connection.send_binary(&fill, &mut out).unwrap();
                        let bound = len + 5 * len.div_ceil(16 << 10) + 16 + 10;
                        assert!(out.len() <= bound, "{} of {len}, level {level}, {memory_level}", out.len());
                        if !takeover {
                            assert!(out.len() <= len + 10, "it is sent as it is");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn no_distance_is_larger_than_the_window_that_was_agreed() {
    // R7692-7.2.1-e, R7692-7.2.1-i. The text repeats itself at every distance, so that larger distances would
    // compress better.
    let mut repeats = noise(700);
    for byte in &mut repeats {
        *byte = b'a' + *byte % 16;
    }
    let json = json(12_000, 5).into_bytes();
    let long: Vec<u8> = [&json[..], &repeats, &json, &repeats].concat();
    for bits in 8..=15 {
        for level in 0..=9 {
            for memory_level in [1, 8, 9] {
                if memory_level != 8 && !matches!(level, 1 | 6 | 9) {
                    continue;
                }
                let config =
                    with_takeover().level(level).memory_level(memory_level).send_window(window(bits));
                let mut connection = sender(Role::Server, config.min_len(0));
                let mut inflater = Inflater::default();
                let period = 2 << bits;
                for message in [
                    &repeats[..],
                    &long[..1000],
                    &repeats[..600],
                    &json[..json.len().min(period)],
                    &long[..],
                    &[&repeats[..250], &repeats[..250], &repeats[..262], &repeats[..257]].concat(),
                ] {
                    let mut out = Vec::new();
                    connection.send_binary(message, &mut out).unwrap();
                    let frame = &sent(&out)[0];
                    assert!(inflater.message(&frame.payload) == message, "{bits} bits, level {level}");
                }
                let largest = inflater.largest_distance;
                assert!(largest <= 1 << bits, "{largest} with {bits} bits, level {level}, {memory_level}");
                if bits == 8 {
                    assert!(largest <= 250, "{largest}: a backend with 9 bits goes back that far at most");
                }
                // The window is used; otherwise this test would not show anything.
                let expected = if level == 0 { 0 } else { (1 << bits) / 4 };
                assert!(largest >= expected, "{largest} with {bits} bits, level {level}, {memory_level}");
            }
        }
    }
}

#[test]
fn a_connection_and_both_of_its_halves_return_what_was_negotiated() {
    let (negotiated, _) = agree(with_takeover(), with_takeover());
    let connection = Connection::server(sansocket::Config::new().deflate(negotiated));
    assert_eq!(connection.deflate(), Some(&negotiated));
    let (receiving, sending) = connection.split();
    assert_eq!((receiving.deflate(), sending.deflate()), (Some(&negotiated), Some(&negotiated)));
    let (receiving, sending) = Connection::server(sansocket::Config::new()).split();
    assert_eq!((receiving.deflate(), sending.deflate()), (None, None));
}
