//! Incomplete frames that stay in the caller's buffer (`Input::retained`): nothing is copied, and nothing
//! else changes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::borrow::Cow;

use allocation_counter::measure;
use common::{BINARY, BINARY_FIRST, CLOSE, FINAL, MIDDLE, PING, TEXT, TEXT_FIRST, all_to, noise, prose};
use proptest::prelude::*;
use sansocket::{
    Config, Connection, Delivery, Event, Input, ProtocolError, State,
    frame::{Decoder, Limits, Role},
};

/// A caller with its own buffer for a connection.
struct Reader {
    connection: Connection,
    buf: Vec<u8>,
    filled: usize,
    out: Vec<u8>,
}

impl Reader {
    fn new(connection: Connection, capacity: usize) -> Self {
        Self { connection, buf: vec![0; capacity], filled: 0, out: Vec::new() }
    }

    /// Reads once, and returns the events.
    fn read(&mut self, bytes: &[u8], mut on_event: impl FnMut(Event<'_>)) -> Result<(), ProtocolError> {
        self.buf[self.filled..][..bytes.len()].copy_from_slice(bytes);
        self.filled += bytes.len();
        let capacity = self.buf.len();
        let mut input = Input::retained(&mut self.buf[..self.filled], capacity);
        let result = loop {
            match self.connection.receive(&mut input, &mut self.out) {
                Ok(Some(event)) => on_event(event),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let left = input.len();
        self.buf.copy_within(self.filled - left..self.filled, 0);
        self.filled = left;
        assert!(left < capacity, "there has to be room for another read");
        assert!(result.is_ok() || left == 0, "nothing waits behind a failure");
        result
    }

    /// Reads all of `stream`, in reads of at most `piece` bytes, limited by the room in the buffer.
    fn read_all(
        &mut self,
        mut stream: &[u8],
        piece: usize,
        mut on_event: impl FnMut(Event<'_>),
    ) -> Result<(), ProtocolError> {
        while !stream.is_empty() {
            let (bytes, rest) = stream.split_at(piece.min(stream.len()).min(self.buf.len() - self.filled));
            stream = rest;
            self.read(bytes, &mut on_event)?;
        }
        Ok(())
    }
}

fn connection(role: Role, config: Config) -> Connection {
    match role {
        Role::Server => Connection::server(config),
        Role::Client => Connection::client(config, [7; 32]),
    }
}

#[test]
fn a_message_that_fits_is_borrowed_and_takes_no_memory() {
    for len in [1, 125, 126, 16_383, 65_536, 150_000] {
        let (data, text) = (noise(len), prose(len));
        for role in [Role::Server, Role::Client] {
            for piece in [1, 1500, 16 << 10, 64 << 10] {
                let stream = all_to(role, &[(TEXT, text.as_bytes()), (BINARY, &data), (PING, b"?")]);
                let mut reader = Reader::new(connection(role, Config::new()), 150_000 + 14);
                let mut seen = 0;
                let mut out = Vec::with_capacity(64);
                std::mem::swap(&mut reader.out, &mut out);
                let info = measure(|| {
                    let result = reader.read_all(&stream, piece, |event| {
                        match event {
                            Event::Text(Cow::Borrowed(got)) => assert!(got == text),
                            Event::Binary(Cow::Borrowed(got)) => assert!(got == data),
                            Event::Ping(Cow::Borrowed(got)) => assert_eq!(got, b"?"),
                            other => panic!("{other:?}"),
                        }
                        seen += 1;
                    });
                    assert_eq!(result, Ok(()));
                });
                assert_eq!((seen, info.count_total), (3, 0), "{len} bytes in pieces of {piece}, {role:?}");
            }
        }
    }
}

#[test]
fn a_frame_that_does_not_fit_does_not_wait() {
    let data = noise(1000);
    let stream = all_to(Role::Server, &[(BINARY, &data)]);
    for (capacity, fits) in [(999, false), (1000, true)] {
        let mut reader = Reader::new(Connection::server(Config::new()), capacity);
        // After the header, a frame that does not fit is not retained.
        reader.read(&stream[..500], |event| panic!("{event:?}")).unwrap();
        assert_eq!(reader.filled, if fits { 492 } else { 0 });
        let mut borrowed = None;
        reader
            .read_all(&stream[500..], 100, |event| {
                let Event::Binary(got) = event else { panic!("{event:?}") };
                assert!(*got == data);
                borrowed = Some(matches!(got, Cow::Borrowed(_)));
            })
            .unwrap();
        assert_eq!(borrowed, Some(fits), "a buffer of {capacity} bytes");
    }
}

#[test]
fn the_caller_may_stop_keeping_at_any_time() {
    let data = noise(50_000);
    let stream = all_to(Role::Server, &[(BINARY, &data)]);
    for cut in [9, 300, 20_000, 49_000] {
        let mut reader = Reader::new(Connection::server(Config::new()), 60_000);
        reader.read_all(&stream[..cut], 7000, |event| panic!("{event:?}")).unwrap();
        // The rest is consumed in parts after the retained bytes, from a plain input.
        let mut waiting = reader.buf[..reader.filled].to_vec();
        assert_eq!(waiting.len(), cut - 8);
        let (mut out, mut got) = (Vec::new(), None);
        let mut rest = stream[cut..].to_vec();
        for bytes in std::iter::once(&mut waiting[..]).chain(rest.chunks_mut(999)) {
            let mut input = Input::new(bytes);
            while let Some(event) = reader.connection.receive(&mut input, &mut out).unwrap() {
                got = Some(event.into_owned());
            }
            assert!(input.is_empty());
        }
        assert!(got == Some(Event::Binary((&data).into())), "cut at {cut}");
    }
}

#[test]
fn a_partly_consumed_frame_is_not_retained() {
    let data = noise(5000);
    let mut stream = all_to(Role::Server, &[(BINARY, &data)]);
    let (first, second) = stream.split_at_mut(2000);
    let (second, last) = second.split_at_mut(1000);
    let mut connection = Connection::server(Config::new());
    let mut out = Vec::new();
    assert_eq!(connection.receive(&mut Input::new(first), &mut out), Ok(None));
    for bytes in [second, last] {
        let mut input = Input::retained(bytes, 9000);
        let event = connection.receive(&mut input, &mut out).unwrap().map(Event::into_owned);
        assert!(input.is_empty());
        assert!(event.is_none_or(|event| event == Event::Binary((&data).into())));
    }
    assert!(connection.receive_eof().is_err_and(|error| error == ProtocolError::UnexpectedEof));
}

#[test]
fn chunk_delivery_ignores_retained_input() {
    let stream = all_to(Role::Server, &[(TEXT, b"Hello")]);
    let mut reader = Reader::new(Connection::server(Config::new().delivery(Delivery::Chunks)), 64);
    let mut chunks = Vec::new();
    reader.read_all(&stream, 8, |event| chunks.push(event.into_owned())).unwrap();
    let chunk = |data: &'static str, last| Event::TextChunk { data: data.into(), last };
    assert_eq!(chunks, [chunk("He", false), chunk("llo", true)]);
    assert_eq!(reader.filled, 0);
}

#[test]
fn fragments_wait_each_for_itself() {
    let text = prose(5000);
    let (first, second) = text.as_bytes().split_at(3001);
    let stream = all_to(Role::Client, &[(TEXT_FIRST, first), (PING, b"!"), (MIDDLE, b""), (FINAL, second)]);
    let mut reader = Reader::new(connection(Role::Client, Config::new()), 4000);
    let mut seen = Vec::new();
    reader.read_all(&stream, 700, |event| seen.push(event.into_owned())).unwrap();
    assert_eq!(seen, [Event::Ping(b"!".into()), Event::Text(text.into())]);
}

#[test]
fn payload_violations_are_found_when_the_frame_is_complete() {
    let stream = all_to(Role::Server, &[(TEXT, b"\xffabcdefgh")]);
    let mut reader = Reader::new(Connection::server(Config::new()), 64);
    let (last, most) = stream.split_last().unwrap();
    reader.read(most, |event| panic!("{event:?}")).unwrap();
    assert_eq!(reader.filled, 14);
    let error = reader.read(&[*last], |event| panic!("{event:?}"));
    assert_eq!(error, Err(ProtocolError::InvalidUtf8));
    assert_eq!(reader.out, [0x88, 2, 0x03, 0xef]);
    // Header violations are reported at once.
    let mut reader = Reader::new(Connection::server(Config::new().max_message_len(8)), 64);
    let error = reader.read(&stream[..6], |event| panic!("{event:?}"));
    assert_eq!(error, Err(ProtocolError::MessageTooLong { limit: 8, len: 9 }));
}

#[test]
fn a_transport_that_ends_while_a_frame_waits_has_broken() {
    let stream = all_to(Role::Server, &[(BINARY, b"abcdefgh"), (CLOSE, b"")]);
    let mut reader = Reader::new(Connection::server(Config::new()), 64);
    reader.read(&stream[..10], |event| panic!("{event:?}")).unwrap();
    assert_eq!(reader.connection.receive_eof(), Err(ProtocolError::UnexpectedEof));
    assert_eq!(reader.connection.state(), State::Closed);
    assert!(reader.read(&stream[10..11], |event| panic!("{event:?}")).is_err());
    assert_eq!(reader.filled, 0);
}

#[test]
fn a_decoder_returns_complete_retained_frames() {
    let mut stream = all_to(Role::Server, &[(BINARY_FIRST, b"abcdefgh"), (PING, b"12")]);
    let mut decoder = Decoder::new(Role::Server, Limits::new());
    let mut frames = Vec::new();
    let mut at = 0;
    for end in 1..=stream.len() {
        let mut input = Input::retained(&mut stream[at..end], 64);
        while let Some(part) = decoder.receive(&mut input).unwrap() {
            assert!(part.last && part.offset == 0);
            frames.push(part.payload.to_vec());
        }
        at = end - input.len();
    }
    assert_eq!(frames, [b"abcdefgh".to_vec(), b"12".to_vec()]);
    assert!(!decoder.is_in_frame());
}

/// Frames in an order that is usually valid.
fn frames() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
    let first_byte = prop_oneof![
        Just(TEXT),
        Just(BINARY),
        Just(PING),
        Just(TEXT_FIRST),
        Just(BINARY_FIRST),
        Just(MIDDLE),
        Just(FINAL)
    ];
    let payload = prop_oneof![
        "[a-zäß世𝄞]{0,40}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..20),
        (100_usize..40_000).prop_map(|len| prose(len).into_bytes()),
    ];
    let frame = (first_byte, payload).prop_map(|(first, mut payload)| {
        if first == PING {
            payload.truncate(125);
        }
        (first, payload)
    });
    prop::collection::vec(frame, 1..6)
}

proptest! {
    #[test]
    fn what_comes_out_is_the_same(
        frames in frames(),
        is_server in any::<bool>(),
        capacity in prop_oneof![1_usize..300, 1000_usize..50_000],
        pieces in prop::collection::vec(1_usize..9000, 1..5),
    ) {
        let role = if is_server { Role::Server } else { Role::Client };
        let list: Vec<(u8, &[u8])> = frames.iter().map(|(first, payload)| (*first, &payload[..])).collect();
        let stream = all_to(role, &list);

        let (mut events, mut out) = (Vec::new(), Vec::new());
        let (mut plain, mut bytes) = (connection(role, Config::new()), stream.clone());
        let mut input = Input::new(&mut bytes);
        let result = loop {
            match plain.receive(&mut input, &mut out) {
                Ok(Some(event)) => events.push(event.into_owned()),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };

        let mut reader = Reader::new(connection(role, Config::new()), capacity);
        let (mut rest, mut got) = (&stream[..], Vec::new());
        let mut kept = Ok(());
        for piece in pieces.iter().cycle() {
            if rest.is_empty() || kept.is_err() {
                break;
            }
            let (bytes, behind) = rest.split_at((*piece).min(rest.len()).min(capacity - reader.filled));
            rest = behind;
            kept = reader.read(bytes, |event| got.push(event.into_owned()));
        }
        prop_assert_eq!(reader.filled, 0);
        prop_assert_eq!((got, kept, reader.out), (events, result, out));
    }
}

#[test]
fn retained_bytes_that_were_not_kept_are_an_error_and_never_wrong_data() {
    let frame = all_to(Role::Server, &[(BINARY, &noise(60))]);
    for first in 7..frame.len() {
        for next in 1..frame.len() {
            let (head, tail) = frame.split_at(first);
            let mut connection = Connection::server(Config::new());
            let (mut head, mut out) = (head.to_vec(), Vec::new());
            let mut input = Input::retained(&mut head, 128);
            assert_eq!(connection.receive(&mut input, &mut out), Ok(None));
            // The caller drops the unread bytes, and continues with the bytes of the next read.
            let mut lost: Vec<u8> = tail.iter().copied().cycle().take(next).map(|byte| !byte).collect();
            let mut input = Input::retained(&mut lost, 128);
            let result = connection.receive(&mut input, &mut out);
            assert_eq!(result, Err(ProtocolError::RetainedInputLost), "{first}, {next}");
            assert!(input.is_empty());
            assert_eq!(out, b"\x88\x02\x03\xf3");
            assert_eq!(connection.state(), State::Draining);
            assert_eq!(connection.receive_eof(), Err(ProtocolError::RetainedInputLost));
        }
    }
}
