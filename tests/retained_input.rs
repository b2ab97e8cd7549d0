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
    for (capacity, waiting) in [(999, 0), (1000, 492), (1007, 492), (1008, 500)] {
        let mut reader = Reader::new(Connection::server(Config::new()), capacity);
        // A frame that does not fit is not retained, and its header only if there is room for both.
        reader.read(&stream[..500], |event| panic!("{event:?}")).unwrap();
        assert_eq!(reader.filled, waiting);
        let mut borrowed = None;
        reader
            .read_all(&stream[500..], 100, |event| {
                let Event::Binary(got) = event else { panic!("{event:?}") };
                assert!(*got == data);
                borrowed = Some(matches!(got, Cow::Borrowed(_)));
            })
            .unwrap();
        assert_eq!(borrowed, Some(waiting > 0), "a buffer of {capacity} bytes");
    }
}

#[test]
fn the_caller_may_stop_keeping_at_any_time() {
    for (len, cut, header) in
        [(50_000, 9, 8), (50_000, 20_000, 8), (50_000, 49_000, 8), (5000, 9, 0), (5000, 4900, 0)]
    {
        let data = noise(len);
        let stream = all_to(Role::Server, &[(BINARY, &data)]);
        let mut reader = Reader::new(Connection::server(Config::new()), 60_000);
        reader.read_all(&stream[..cut], 7000, |event| panic!("{event:?}")).unwrap();
        // The rest is consumed in parts after the retained bytes, from a plain input.
        let mut waiting = reader.buf[..reader.filled].to_vec();
        assert_eq!(waiting.len(), cut - header);
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
fn the_rest_of_a_frame_is_known_after_each_read() {
    for role in [Role::Server, Role::Client] {
        for (first, len) in [(BINARY, 5), (TEXT, 125), (BINARY, 300), (TEXT_FIRST, 300), (BINARY, 17_000)] {
            let (text, ping) = (prose(len), all_to(role, &[(PING, b"?")]));
            let frame = all_to(role, &[(first, text.as_bytes())]);
            let header = frame.len() - len;
            // One that stays, one whose payload stays, one of which nothing stays.
            for capacity in [20_000, len, 0] {
                for cut in (0..frame.len()).filter(|cut| len < 1000 || *cut < 20 || cut + 5 > frame.len()) {
                    let mut connection = connection(role, Config::new());
                    let (mut read, mut out) = ([&ping, &frame[..cut]].concat(), Vec::new());
                    let mut input = Input::retained(&mut read, capacity);
                    assert_eq!(input.missing(), 0);
                    while connection.receive(&mut input, &mut out).unwrap().is_some() {}
                    // Not before the header has arrived.
                    let missing = if cut < header { 0 } else { frame.len() - cut };
                    assert_eq!(
                        input.missing(),
                        missing,
                        "{cut} of {len} bytes, {first:#x}, {capacity}, {role:?}"
                    );
                    // An empty read tells the same.
                    let left = input.len();
                    let start = read.len() - left;
                    let mut input = Input::retained(&mut read[start..], capacity);
                    assert_eq!(connection.receive(&mut input, &mut out), Ok(None));
                    assert_eq!(input.missing(), missing, "again, {cut} of {len} bytes");
                    // Nothing is missing once the frame is complete.
                    let mut rest = [&read[start..], &frame[cut..]].concat();
                    let mut input = Input::retained(&mut rest, capacity);
                    while connection.receive(&mut input, &mut out).unwrap().is_some() {}
                    assert_eq!((input.len(), input.missing()), (0, 0));
                }
            }
        }
    }
}

/// Returns the number of bytes that must wait after `cut` bytes of a frame, if there is room for all of it.
fn waiting(cut: usize, header: usize, stays_with_header: bool) -> usize {
    if stays_with_header && cut >= 8 { cut } else { cut.saturating_sub(header) }
}

#[test]
fn a_message_in_one_frame_of_at_most_16_kib_stays_with_its_header() {
    for len in [5, 125, 126, 300, 16_384, 16_385] {
        let (data, text) = (noise(len), prose(len));
        for role in [Role::Server, Role::Client] {
            for (first, payload) in
                [(BINARY, &data[..]), (TEXT, text.as_bytes()), (BINARY_FIRST, &data), (TEXT_FIRST, &data)]
            {
                let is_message = first == BINARY || first == TEXT;
                let (bytes, ping) = (all_to(role, &[(first, payload)]), all_to(role, &[(PING, b"?")]));
                let header = bytes.len() - len;
                for cut in (1..bytes.len()).filter(|cut| *cut < 20 || len < 1000 || cut + 5 > bytes.len()) {
                    let mut seen = Vec::new();
                    let config = Config::new().max_control_frames(1).auto_pong(false);
                    let mut reader = Reader::new(connection(role, config), 20_000);
                    let (head, tail) = bytes.split_at(cut);
                    reader.read(&ping, |event| seen.push(event.into_owned())).unwrap();
                    reader.read(head, |event| panic!("{event:?}")).unwrap();
                    let filled = waiting(cut, header, is_message && len <= 16_384);
                    assert_eq!(reader.filled, filled, "{cut} of {len} bytes, {first:#x}, {role:?}");
                    // An empty read changes nothing.
                    reader.read(b"", |event| panic!("{event:?}")).unwrap();
                    assert_eq!(reader.filled, filled);
                    let rest = [tail, &ping].concat();
                    let result = reader.read(&rest, |event| {
                        assert!(matches!(
                            &event,
                            Event::Ping(Cow::Borrowed(_))
                                | Event::Binary(Cow::Borrowed(_))
                                | Event::Text(Cow::Borrowed(_))
                        ));
                        seen.push(event.into_owned());
                    });
                    let mut expected = vec![Event::Ping(b"?".into()), Event::Ping(b"?".into())];
                    match first {
                        BINARY => expected.insert(1, Event::Binary((&data).into())),
                        TEXT => expected.insert(1, Event::Text((&text).into())),
                        _ => {}
                    }
                    if first == TEXT_FIRST {
                        // The first fragment has no valid text.
                        assert_eq!((result, reader.filled), (Err(ProtocolError::InvalidUtf8), 0));
                        assert_eq!(reader.connection.state(), State::Draining);
                    } else {
                        assert_eq!((result, reader.filled, &seen), (Ok(()), 0, &expected));
                        assert_eq!((&reader.out[..], reader.connection.state()), (&[][..], State::Open));
                    }
                }
            }
        }
    }
}

#[test]
fn a_message_that_stays_with_its_header_arrives_in_any_three_reads() {
    let (text, ping) = (prose(40), all_to(Role::Server, &[(PING, b"")]));
    let bytes = all_to(Role::Server, &[(TEXT, text.as_bytes())]);
    for first in 8..bytes.len() {
        for second in first..bytes.len() {
            let mut reader = Reader::new(Connection::server(Config::new()), 64);
            reader.read(&bytes[..first], |event| panic!("{event:?}")).unwrap();
            reader.read(&bytes[first..second], |event| panic!("{event:?}")).unwrap();
            assert_eq!(reader.filled, second);
            let mut seen = Vec::new();
            let rest = [&bytes[second..], &ping].concat();
            reader.read(&rest, |event| seen.push(event.into_owned())).unwrap();
            assert_eq!(seen, [Event::Text((&text).into()), Event::Ping(b"".into())]);
            assert_eq!((&reader.out[..], reader.filled), (&[0x8a, 0][..], 0));
        }
    }
}

#[test]
fn a_header_that_is_not_allowed_fails_before_its_message_can_wait() {
    let mut bytes = all_to(Role::Server, &[(BINARY, &noise(300))]);
    let whole = |first: u8, second: u8| [&[first, second], &bytes[2..20]].concat();
    let [first, second, ..] = bytes[..] else { panic!() };
    let too_long = ProtocolError::MessageTooLong { limit: 299, len: 300 };
    for (bytes, error) in [
        (whole(first | 0x40, second), ProtocolError::ReservedBits),
        (whole(0x83, second), ProtocolError::ReservedOpcode(3)),
        (whole(first, second & 0x7f), ProtocolError::UnmaskedFrame),
        (whole(first, second), too_long),
        ([&[first, second, 0, 125], &bytes[4..20]].concat(), ProtocolError::NonMinimalLength),
    ] {
        let config = Config::new().max_message_len(299);
        let mut reader = Reader::new(Connection::server(config), 1000);
        assert_eq!(reader.read(&bytes, |event| panic!("{event:?}")), Err(error));
        assert_eq!(reader.connection.state(), State::Draining);
    }
    // Within an unfinished message it is the same header, and out of order.
    bytes.splice(0..0, all_to(Role::Server, &[(BINARY_FIRST, b"")]));
    let mut reader = Reader::new(Connection::server(Config::new()), 1000);
    let result = reader.read(&bytes[..20], |event| panic!("{event:?}"));
    assert_eq!(result, Err(ProtocolError::ExpectedContinuation));
}

#[test]
fn a_message_that_waits_while_a_close_is_sent_is_delivered_only_if_you_say_so() {
    let bytes = all_to(Role::Server, &[(BINARY, &noise(300)), (BINARY, &noise(9)), (CLOSE, b"")]);
    for deliver in [false, true] {
        let config = Config::new().deliver_while_closing(deliver);
        let mut reader = Reader::new(Connection::server(config), 400);
        reader.read(&bytes[..100], |event| panic!("{event:?}")).unwrap();
        reader.connection.send_close(None, &mut reader.out).unwrap();
        let mut seen = Vec::new();
        for read in [&bytes[100..200], &bytes[200..]] {
            reader.read(read, |event| seen.push(event.into_owned())).unwrap();
        }
        let data = [Event::Binary(noise(300).into()), Event::Binary(noise(9).into())];
        assert_eq!(seen.len(), if deliver { 3 } else { 1 });
        assert!(!deliver || seen.starts_with(&data));
        assert_eq!(seen.last(), Some(&Event::Close(None)));
        assert_eq!((&reader.out[..], reader.connection.state()), (&[0x88, 0][..], State::Draining));
    }
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

#[test]
fn a_part_of_the_retained_bytes_that_was_not_kept_is_an_error() {
    // The bytes of a frame whose header was consumed are remembered when they are unmasked.
    for (first, len, last) in
        [(BINARY, 300, (98, 99)), (BINARY_FIRST, 300, (41, 42)), (BINARY, 17_000, (41, 42))]
    {
        let frame = all_to(Role::Server, &[(first, &noise(len))]);
        for (from, to) in [(0, 1), (0, 50), (36, 37), (20, 60), last] {
            let mut connection = Connection::server(Config::new());
            let mut out = Vec::new();
            let mut unread = Vec::new();
            for read in [&frame[..50], &frame[50..100]] {
                unread.extend_from_slice(read);
                let mut input = Input::retained(&mut unread, 20_000);
                assert_eq!(connection.receive(&mut input, &mut out), Ok(None));
                let left = input.len();
                unread.drain(..unread.len() - left);
            }
            unread.drain(from..to);
            unread.extend_from_slice(&frame[100..]);
            let mut input = Input::retained(&mut unread, 20_000);
            let result = connection.receive(&mut input, &mut out);
            assert_eq!(result, Err(ProtocolError::RetainedInputLost), "{from}..{to} of {len} bytes");
            assert!(input.is_empty());
            assert_eq!((&out[..], connection.state()), (&b"\x88\x02\x03\xf3"[..], State::Draining));
        }
    }
}
