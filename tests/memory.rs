//! The memory that a connection takes, and when (rules 4 and 8 of the crate).
//!
//! The counting allocator comes with the dependency and counts what the thread of the test allocates.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::mem::size_of;

use allocation_counter::{AllocationInfo, measure};
use common::{
    BINARY, BINARY_FIRST, BOTH, Bench, CLOSE, ENDING, FINAL, KEY, MIDDLE, PING, PONG, TEXT, TEXT_FIRST,
    all_to, header, header_to, masked, noise, prose, to,
};
use sansocket::{
    CloseCode, Config, Connection, Delivery, Event, Input, ProtocolError, ReceiveHalf, SendHalf, State,
    frame::{Decoder, Limits, OpCode, Role},
};

/// The memory that a client holds for the generator of its masking keys.
const CLIENT_ENTROPY: i64 = 512;

/// Receives all of `stream` in pieces, drops the events, and measures.
fn receive(connection: &mut Connection, stream: &mut [u8], piece: usize) -> AllocationInfo {
    let mut out = Vec::with_capacity(4096);
    let info = measure(|| {
        for bytes in stream.chunks_mut(piece) {
            let mut input = Input::new(bytes);
            while let Ok(Some(_)) = connection.receive(&mut input, &mut out) {}
            out.clear();
        }
    });
    assert!(out.capacity() == 4096, "the test has to make room for all that is sent");
    info
}

#[test]
fn the_types_are_as_small_as_they_are_said_to_be() {
    let connection = if cfg!(feature = "deflate") { 224 } else { 208 };
    assert!(size_of::<Connection>() <= connection, "{}", size_of::<Connection>());
    assert!(size_of::<ReceiveHalf>() <= 192, "{}", size_of::<ReceiveHalf>());
    assert!(size_of::<SendHalf>() <= 80, "{}", size_of::<SendHalf>());
    assert!(size_of::<Event<'_>>() <= 32, "{}", size_of::<Event<'_>>());
    assert!(size_of::<ProtocolError>() <= 24, "{}", size_of::<ProtocolError>());
    let result = size_of::<Result<Option<Event<'_>>, ProtocolError>>();
    assert!(result <= 40, "{result}");
}

#[test]
fn an_idle_server_holds_no_heap_memory() {
    let deliveries = [Delivery::Messages, Delivery::Chunks];
    for delivery in deliveries {
        for piece in [usize::MAX, 1, 7, 1000] {
            let data = noise(70_000);
            let text = prose(70_000);
            let mut stream = all_to(
                Role::Server,
                &[
                    (TEXT, b"Hello"),
                    (BINARY, &data),
                    (TEXT, text.as_bytes()),
                    (PING, &data[..125]),
                    (TEXT_FIRST, &text.as_bytes()[..34_567]),
                    (PONG, &data[..125]),
                    (MIDDLE, b""),
                    (FINAL, &text.as_bytes()[34_567..]),
                    (BINARY_FIRST, b"1"),
                    (FINAL, b"2"),
                ],
            );
            let mut connection = None;
            let made = measure(|| connection = Some(Connection::server(Config::new().delivery(delivery))));
            assert_eq!(made.count_total, 0, "making one takes none either");
            let mut connection = connection.unwrap();
            let info = receive(&mut connection, &mut stream, piece);
            assert_eq!((info.count_current, info.bytes_current), (0, 0), "in pieces of {piece}");
            assert_eq!(connection.state(), State::Open);
        }
    }
}

#[test]
fn incomplete_messages_are_freed_at_the_end() {
    // Half a message and half a Ping, followed by one of three endings.
    let begun = [to(Role::Server, BINARY_FIRST, &noise(5000)), to(Role::Server, PING, b"ping")].concat();
    let begun = &begun[..begun.len() - 2];
    let endings: [(&str, &[u8]); 3] = [("fault", b"xx\xff"), ("Close", b"xx"), ("eof", b"")];
    for (name, rest) in endings {
        let mut stream = [begun, rest].concat();
        if name == "Close" {
            stream.extend(to(Role::Server, CLOSE, b"\x03\xe8"));
        }
        let mut connection = Connection::server(Config::new());
        let (head, tail) = stream.split_at_mut(begun.len());
        let before = receive(&mut connection, head, usize::MAX);
        assert!(before.bytes_current >= 5000, "{name}");
        let mut after = receive(&mut connection, tail, 1);
        if name == "eof" {
            after = measure(|| assert!(connection.receive_eof().is_err()));
        }
        let failure = if name == "Close" { 0 } else { ENDING };
        assert_eq!(before.bytes_current + after.bytes_current, failure, "{name}");
        assert_ne!(connection.state(), State::Open);
    }
}

#[test]
fn a_client_holds_the_source_of_its_keys_and_no_more() {
    let mut connection = None;
    let made = measure(|| connection = Some(Connection::client(Config::new(), [1; 32])));
    assert!((1..=CLIENT_ENTROPY).contains(&made.bytes_current), "{}", made.bytes_current);
    assert_eq!(made.count_current, 1);
    let mut connection = connection.unwrap();
    for piece in [usize::MAX, 1, 1000] {
        let mut stream = all_to(
            Role::Client,
            &[(TEXT, b"Hello"), (BINARY, &noise(70_000)), (PING, b"p"), (TEXT_FIRST, b""), (FINAL, b"x")],
        );
        let info = receive(&mut connection, &mut stream, piece);
        assert_eq!((info.count_current, info.bytes_current), (0, 0), "in pieces of {piece}");
    }
    let dropped = measure(|| drop(connection));
    assert_eq!(made.bytes_current + dropped.bytes_current, 0);
}

#[test]
fn messages_contained_in_the_input_need_no_allocation() {
    for role in BOTH {
        for delivery in [Delivery::Messages, Delivery::Chunks] {
            let data = noise(100_000);
            let text = prose(100_000);
            let mut stream = all_to(
                role,
                &[
                    (TEXT, b"Hello"),
                    (BINARY, b""),
                    (BINARY, &data),
                    (TEXT, text.as_bytes()),
                    (PING, &data[..125]),
                    (PONG, b""),
                    (CLOSE, b""),
                ],
            );
            let mut connection = Bench::new(role).config(Config::new().delivery(delivery)).connection();
            let info = receive(&mut connection, &mut stream, usize::MAX);
            assert_eq!(info.count_total, 0, "{role:?}, {delivery:?}");
            assert_eq!(connection.state(), State::Draining);
        }
    }
}

#[test]
fn the_frame_decoder_never_allocates() {
    for piece in [usize::MAX, 1, 13] {
        let mut stream = all_to(
            Role::Server,
            &[(TEXT_FIRST, &noise(5000)), (PING, &noise(125)), (FINAL, b"x"), (CLOSE, b""), (0x83, b"")],
        );
        let mut decoder = Decoder::new(Role::Server, Limits::new());
        let mut frames = 0;
        let info = measure(|| {
            for bytes in stream.chunks_mut(piece) {
                let mut input = Input::new(bytes);
                while let Ok(Some(part)) = decoder.receive(&mut input) {
                    frames += u32::from(part.last);
                }
            }
        });
        assert_eq!((info.count_total, frames), (0, 4), "in pieces of {piece}");
    }
}

#[test]
fn sending_into_a_vec_with_room_costs_no_allocation() {
    let data = noise(100_000);
    let text = prose(100_000);
    for role in BOTH {
        let mut connection = Bench::new(role).connection();
        let mut out = Vec::with_capacity(500_000);
        let info = measure(|| {
            connection.send_text(&text, &mut out).unwrap();
            connection.send_binary(&data, &mut out).unwrap();
            connection.send_text_fragment(&text, false, &mut out).unwrap();
            connection.send_ping(&data[..125], &mut out).unwrap();
            connection.send_pong(b"", &mut out).unwrap();
            connection.send_text_fragment("", true, &mut out).unwrap();
            connection.send_header(OpCode::Binary, true, 0, &mut out).unwrap();
            connection.send_close(CloseCode::NORMAL, &mut out).unwrap();
        });
        assert_eq!(info.count_total, 0, "{role:?}");
    }
}

#[test]
fn answering_a_close_allocates_nothing_and_a_reason_or_failure_little() {
    for (stream, count, kept) in [
        (to(Role::Server, CLOSE, b"\x03\xe8"), 0, 0),
        (to(Role::Server, CLOSE, b"\x03\xe8bye"), 2, ENDING + 3),
        (vec![0xff], 1, ENDING),
        (to(Role::Server, TEXT, b"\xff"), 1, ENDING),
    ] {
        let mut connection = Connection::server(Config::new());
        let info = receive(&mut connection, &mut stream.clone(), usize::MAX);
        assert_eq!((info.count_total, info.bytes_current), (count, kept), "{stream:02x?}");
        assert_eq!(connection.state(), State::Draining);
    }
}

#[test]
fn a_promise_costs_little() {
    // R6455-10.4-a
    for role in BOTH {
        for first in [TEXT, BINARY, TEXT_FIRST, BINARY_FIRST] {
            for promised in [1 << 20, 64 << 20] {
                let mut connection = Bench::new(role).connection();
                let mut stream = [header_to(role, first, promised), vec![KEY[0]]].concat();
                let info = receive(&mut connection, &mut stream, usize::MAX);
                assert!(info.bytes_max <= 64 << 10, "{} bytes for one", info.bytes_max);
                // Chunk delivery does not reassemble messages.
                let config = Config::new().delivery(Delivery::Chunks);
                let mut connection = Bench::new(role).config(config).connection();
                let mut stream = [header_to(role, first, promised), vec![KEY[0]]].concat();
                assert_eq!(receive(&mut connection, &mut stream, 1).bytes_current, 0);
            }
        }
        // A rejected length allocates only its error.
        for len in [(64 << 20) + 1, 1 << 32, 1 << 53, (1 << 63) - 1, 1 << 63, u64::MAX - 3, u64::MAX] {
            let mut connection = Bench::new(role).connection();
            let mut stream = [header_to(role, BINARY, len), vec![0; 4]].concat();
            assert_eq!(
                receive(&mut connection, &mut stream, usize::MAX).bytes_max,
                ENDING.unsigned_abs(),
                "{len}"
            );
            assert_eq!(connection.state(), State::Draining);
        }
    }
}

#[test]
fn a_short_promise_is_believed_at_once() {
    // One allocation for a message of 16 KiB, for any number of reads.
    for len in [1000, 10_000, 16 << 10] {
        let mut connection = Connection::server(Config::new());
        let mut stream = to(Role::Server, BINARY, &noise(len));
        assert_eq!(receive(&mut connection, &mut stream, 100).count_total, 1, "{len}");
    }
}

#[test]
fn small_fragments_pin_no_more_than_they_bring() {
    for role in BOTH {
        for first in [BINARY_FIRST, TEXT_FIRST] {
            let mut connection = Bench::new(role).connection();
            let mut stream = to(role, first, b"");
            stream.extend(to(role, MIDDLE, b"x").repeat(16_000));
            let info = receive(&mut connection, &mut stream, usize::MAX);
            assert!((16_000..=2 * 16_000 + 4096).contains(&info.bytes_current), "{}", info.bytes_current);
            assert!(info.count_total <= 20, "{} allocations", info.count_total);
        }
    }
    // 100,000 empty fragments of an endless message.
    let mut connection = Connection::server(Config::new());
    let mut stream = to(Role::Server, BINARY_FIRST, b"");
    stream.extend(to(Role::Server, MIDDLE, b"").repeat(100_000));
    assert_eq!(receive(&mut connection, &mut stream, usize::MAX).bytes_current, 0);
    // Control frames do not keep memory, either.
    let stream = all_to(Role::Server, &[(PING, b"ping"), (PONG, b"pong")]).repeat(10);
    for _ in 0..1000 {
        assert_eq!(receive(&mut connection, &mut stream.clone(), 5).bytes_current, 0);
    }
}

/// The memory that a message takes while it arrives, after each piece, and the message itself at the end.
fn assemble(stream: &mut [u8], piece: usize, mut look: impl FnMut(usize, i64)) -> Event<'static> {
    let mut connection = Connection::client(Config::new(), [0; 32]);
    let mut out = Vec::new();
    let (mut live, mut arrived) = (0, 0);
    for bytes in stream.chunks_mut(piece) {
        arrived += bytes.len();
        let mut event = None;
        let info = measure(|| {
            let mut input = Input::new(bytes);
            event = connection.receive(&mut input, &mut out).unwrap().map(Event::into_owned);
        });
        live += info.bytes_current;
        look(arrived, live);
        if let Some(event) = event {
            return event;
        }
    }
    unreachable!("the message did not come");
}

/// The heap memory of a complete message.
fn capacity(event: Event<'static>) -> usize {
    match event {
        Event::Text(text) => text.into_owned().capacity(),
        Event::Binary(data) => data.into_owned().capacity(),
        event => unreachable!("{event:?}"),
    }
}

#[test]
fn memory_of_a_message_in_one_frame_grows_with_received_bytes() {
    for len in [1, 100, 16_384, 16_385, 40_000, 1 << 20] {
        for piece in [1000, 1448, 16_384, 65_536] {
            let binary = (BINARY, noise(len));
            let text = (TEXT, prose(len).into_bytes());
            for (first, payload) in [binary, text] {
                let mut stream = [header(first, None, len as u64), payload].concat();
                let piece = piece.min(stream.len() - 1);
                let event = assemble(&mut stream, piece, |arrived, live| {
                    let bound = 2 * arrived + (64 << 10);
                    assert!(usize::try_from(live).unwrap() <= bound, "{live} bytes for {arrived}");
                    assert!(usize::try_from(live).unwrap() <= len, "{live} bytes for a message of {len}");
                });
                assert_eq!(capacity(event), len, "{first:02x}, in pieces of {piece}");
            }
        }
    }
}

#[test]
fn memory_of_a_fragmented_message_is_at_most_twice_the_received_bytes() {
    for (fragment, piece) in [(1, 1), (1, 1000), (100, 37), (5000, 1448), (100_000, 16_384)] {
        let len = if fragment == 1 { 50_000 } else { 500_000 };
        let payload = noise(len);
        let mut stream = header(BINARY_FIRST, None, 0);
        for fragment in payload.chunks(fragment) {
            stream.extend(header(MIDDLE, None, fragment.len() as u64));
            stream.extend(masked(fragment, None));
        }
        stream.extend(header(FINAL, None, 0));
        let mut steps = 0;
        let event = assemble(&mut stream, piece, |arrived, live| {
            steps += 1;
            let bound = 2 * arrived + (64 << 10);
            assert!(usize::try_from(live).unwrap() <= bound, "{live} bytes for {arrived}");
        });
        assert!(steps > 10);
        assert!(capacity(event) <= 2 * len);
    }
}

#[test]
fn assembling_is_linear() {
    // The total of allocated bytes grows linearly with the message.
    let total = |len: usize, piece: usize| {
        let mut stream = to(Role::Client, BINARY_FIRST, b"");
        stream.extend(to(Role::Client, MIDDLE, b"x").repeat(len));
        let mut connection = Connection::client(Config::new(), [0; 32]);
        receive(&mut connection, &mut stream, piece).bytes_total
    };
    for piece in [1, 3, 1000] {
        let (once, twice) = (total(30_000, piece), total(60_000, piece));
        assert!(once <= 6 * 30_000 && twice <= 6 * 60_000, "{once}, {twice}");
    }
    let mut connection = Connection::client(Config::new(), [0; 32]);
    let mut stream = to(Role::Client, BINARY, &noise(1 << 20));
    let info = receive(&mut connection, &mut stream, 1);
    assert!(info.bytes_total <= 4 << 20, "{}", info.bytes_total);
}
