//! Attacks with frames.

use allocation_counter::measure;
use sansocket::{
    Config, Connection, Delivery, Event, Input, ProtocolError, SendError, State,
    frame::{Decoder, Limits, Role},
};

use crate::{
    common::{
        BINARY, BINARY_FIRST, BOTH, Bench, CLOSE, FINAL, MIDDLE, PING, PONG, TEXT, TEXT_FIRST, header_to,
        noise, to,
    },
    flood,
};

/// No limits, and the largest possible ones.
fn unlimited() -> Config {
    Config::new().max_frame_len(u64::MAX).max_message_len(u64::MAX).max_fragments(u32::MAX)
}

#[test]
fn lengths_at_every_edge_are_decided_on_the_header() {
    // B1, B2, B12, B33
    for role in BOTH {
        for first in [TEXT, BINARY, TEXT_FIRST] {
            for len in [
                1 << 63,
                u64::MAX,
                (1 << 63) - 1,
                u64::MAX - 3,
                u64::MAX - 12,
                1 << 32,
                (1 << 32) + 5,
                1 << 31,
            ] {
                let header = header_to(role, first, len);
                let limited = Bench::new(role);
                let error = if len >> 63 == 1 {
                    ProtocolError::LengthOutOfRange
                } else {
                    ProtocolError::FrameTooLong { limit: 64 << 20, len }
                };
                assert_eq!(limited.run(&header).error, Some(error), "{len:#x}");
                // Without limits the same lengths are accepted, and cost nothing.
                if first == BINARY {
                    let mut connection = Bench::new(role).config(unlimited()).connection();
                    let stream = [&header[..], &[b'a'; 4]].concat();
                    let info = flood(&mut connection, &mut Vec::with_capacity(16), 1, &stream);
                    assert!(info.bytes_max <= 32 << 10, "{} for {len:#x}", info.bytes_max);
                    assert_eq!(connection.state() == State::Open, len >> 63 == 0);
                }
            }
        }
    }
}

#[test]
fn ten_million_empty_fragments_cost_nothing_and_end_at_the_limit() {
    // B7, B33: a thousand in each read; the limit counts each of them.
    let piece = to(Role::Server, MIDDLE, b"").repeat(1000);
    for config in [unlimited(), unlimited().delivery(Delivery::Chunks)] {
        let mut connection = Connection::server(config);
        let mut out = Vec::new();
        flood(&mut connection, &mut out, 1, &to(Role::Server, TEXT_FIRST, b""));
        let info = flood(&mut connection, &mut out, 10_000, &piece);
        assert_eq!((info.bytes_current, connection.state()), (0, State::Open));
        assert!(info.bytes_max <= 1024, "{}", info.bytes_max);
    }
    let mut connection = Connection::server(Config::new().max_fragments(5000));
    let mut out = Vec::new();
    flood(&mut connection, &mut out, 1, &to(Role::Server, BINARY_FIRST, b""));
    flood(&mut connection, &mut out, 10, &piece);
    let error = connection.close_outcome().unwrap().error;
    assert_eq!(error, Some(ProtocolError::TooManyFragments { limit: 5000 }));
    assert_eq!(out, b"\x88\x02\x03\xf0");
}

#[test]
fn a_million_fragments_of_one_byte_take_twice_what_they_bring() {
    // B8, B9
    let mut connection = Connection::server(unlimited());
    let mut out = Vec::new();
    flood(&mut connection, &mut out, 1, &to(Role::Server, BINARY_FIRST, b""));
    let info = flood(&mut connection, &mut out, 1000, &to(Role::Server, MIDDLE, b"x").repeat(1000));
    assert!((1_000_000..=2_000_000 + 4096).contains(&info.bytes_current), "{}", info.bytes_current);
    assert!(info.count_total <= 32, "{} allocations", info.count_total);
}

#[test]
fn nothing_after_a_close_is_looked_at() {
    // B20, B37: 64 MiB of frames, and of anything else.
    for begin in [to(Role::Server, CLOSE, b""), vec![0xff]] {
        let mut connection = Connection::server(Config::new());
        let mut out = Vec::with_capacity(64);
        flood(&mut connection, &mut out, 1, &begin);
        let (state, said) = (connection.state(), out.len());
        for piece in [to(Role::Server, TEXT, &noise(60_000)), noise(60_000)] {
            let info = flood(&mut connection, &mut out, 560, &piece);
            assert_eq!((info.count_total, connection.state(), out.len()), (0, state, said));
        }
    }
}

#[test]
fn a_million_pings_are_answered_as_they_come_and_pongs_are_not() {
    // B5, B26, B27, B30: there are no internal queues; the output is proportional to the bytes received.
    let mut connection = Connection::server(Config::new());
    let pings = to(Role::Server, PING, b"12345678").repeat(1000);
    let mut out = Vec::with_capacity(10_100);
    let mut answered = 0;
    for _ in 0..1000 {
        let info = flood(&mut connection, &mut out, 1, &pings);
        assert_eq!(info.count_total, 0);
        assert!(out.len() <= pings.len());
        answered += out.len() / 10;
        out.clear();
    }
    assert_eq!(answered, 1_000_000);
    let info = flood(&mut connection, &mut out, 1000, &to(Role::Server, PONG, b"12345678").repeat(1000));
    assert_eq!((info.count_total, out.len()), (0, 0));
}

#[test]
fn one_call_hands_out_one_event_and_takes_no_more_than_its_bytes() {
    // B29, C2: events are only returned on request, so there is no queue.
    let frame = to(Role::Server, TEXT, b"ab");
    let mut stream = frame.repeat(100_000);
    let len = stream.len();
    let mut connection = Connection::server(Config::new());
    let mut out = Vec::new();
    let mut input = Input::new(&mut stream);
    let info = measure(|| {
        for taken in 1..=1000 {
            assert!(matches!(connection.receive(&mut input, &mut out), Ok(Some(Event::Text(_)))));
            assert_eq!(input.len(), len - taken * frame.len());
        }
    });
    assert_eq!(info.count_total, 0);
}

#[test]
fn a_refused_send_appends_nothing() {
    // B30, B31: the output contains what was sent, and an error appends nothing.
    let mut connection = Connection::server(Config::new());
    let mut out = Vec::new();
    for len in [0, 1, 124, 125] {
        let data = noise(len);
        connection.send_ping(&data, &mut out).unwrap();
        assert_eq!(out, [&[0x89, u8::try_from(len).unwrap()], &data[..]].concat());
        out.clear();
    }
    assert_eq!(connection.send_ping(&[0; 126], &mut out), Err(SendError::ControlPayloadTooLong));
    assert!(out.is_empty());
}

#[test]
fn a_stack_of_64_kib_is_enough() {
    // B32, E6: a million frames in one read, fragments, a Close; nothing is recursive, no array is large.
    let work = || {
        let mut stream = to(Role::Server, PING, b"").repeat(1_000_000);
        stream.extend(to(Role::Server, TEXT_FIRST, b"a"));
        stream.extend(to(Role::Server, MIDDLE, b"b").repeat(10_000));
        stream.extend(to(Role::Server, FINAL, b"c"));
        stream.extend(to(Role::Server, CLOSE, b"\x03\xe8bye"));
        let mut connection = Connection::server(Config::new());
        let (mut input, mut out, mut events) = (Input::new(&mut stream), Vec::new(), 0);
        while connection.receive(&mut input, &mut out).unwrap().is_some() {
            events += 1;
        }
        events
    };
    let thread = std::thread::Builder::new().stack_size(64 << 10).spawn(work).unwrap();
    assert_eq!(thread.join().unwrap(), 1_000_002);
}

#[test]
fn every_call_brings_something_or_uses_up_the_input() {
    // B4, B5: ten thousand streams of noise, with a bound on the number of calls.
    let noise = noise(200_000);
    for (number, bytes) in noise.chunks(20).enumerate() {
        let role = BOTH[number % 2];
        let mut decoder = Decoder::new(role, Limits::new());
        let mut connection = Bench::new(role).connection();
        let (mut for_decoder, mut for_connection, mut out) = (bytes.to_vec(), bytes.to_vec(), Vec::new());
        let (mut input, mut calls) = (Input::new(&mut for_decoder), 0);
        while let Ok(Some(_)) = decoder.receive(&mut input) {
            calls += 1;
        }
        assert!(input.is_empty() && calls <= bytes.len());
        let (mut input, mut calls) = (Input::new(&mut for_connection), 0);
        while let Ok(Some(_)) = connection.receive(&mut input, &mut out) {
            calls += 1;
        }
        assert!(input.is_empty() && calls <= bytes.len());
    }
}
