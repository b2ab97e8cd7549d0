//! The read buffer and the write buffer of programs that have none, and sharing their memory.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{BINARY, Driver, REQUEST, TEXT, all_to};
use proptest::{collection::vec, prelude::*};
use sansocket::{
    Config, Connection, Event, Input,
    frame::Role,
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    server::Accept,
    session::{ReadBuffer, Received, Session, WriteBuffer},
};

#[test]
fn a_read_buffer_keeps_a_frame_until_it_is_complete() {
    let mut connection = Connection::server(Config::new());
    let mut buffer = ReadBuffer::new(4096);
    let stream = all_to(Role::Server, &[(TEXT, &[b'a'; 3000]), (TEXT, &[b'b'; 900]), (TEXT, &[b'c'; 5000])]);
    let mut texts = Vec::new();
    for piece in stream.chunks(700) {
        let mut rest = piece;
        while !rest.is_empty() {
            let space = buffer.space();
            let count = space.len().min(rest.len());
            space[..count].copy_from_slice(&rest[..count]);
            buffer.filled(count);
            rest = &rest[count..];
            while let Some(event) =
                buffer.read_with(|input: &mut Input<'_>| connection.receive(input, &mut Vec::new())).unwrap()
            {
                let Event::Text(text) = event else { panic!("{event:?}") };
                texts.push((text.len(), matches!(text, std::borrow::Cow::Borrowed(_))));
            }
        }
    }
    // The last one does not fit, so it is consumed in parts.
    assert_eq!(texts, [(3000, true), (900, true), (5000, false)]);
    assert!(buffer.is_empty());
    buffer.release();
    assert_eq!((buffer.len(), format!("{buffer:?}")), (0, "ReadBuffer(0 of 4096 bytes)".to_owned()));
}

/// Receives all of the stream, reading as much as the buffer has space for, and returns the lengths of the reads.
fn reads(mut buffer: ReadBuffer, mut stream: &[u8]) -> Vec<usize> {
    let mut session = Session::open(Connection::server(Config::new()), Timeouts::new(), Duration::ZERO);
    let mut lens = Vec::new();
    while !stream.is_empty() {
        let space = buffer.space();
        let count = space.len().min(stream.len());
        space[..count].copy_from_slice(&stream[..count]);
        buffer.filled(count);
        stream = &stream[count..];
        lens.push(count);
        while session.receive_from(&mut buffer).is_some() {}
    }
    assert!(buffer.is_empty());
    lens
}

#[test]
fn a_read_takes_16_kib_or_the_rest_of_a_longer_frame() {
    let stream = |len: usize, count: usize| all_to(Role::Server, &[(BINARY, &vec![b'x'; len])]).repeat(count);
    let doubled = [1024, 1024, 2048, 4096, 8192];

    // The buffer grows up to the end of the frame, so from then on each read ends with a frame.
    let mut expected = [&doubled[..], &[8]].concat();
    expected.extend([16_392; 4]);
    assert_eq!(reads(ReadBuffer::new(64 << 10), &stream(16_384, 5)), expected);

    // Short messages are read together, in 16 KiB.
    let mut expected = vec![1024, 2048, 4096, 8192];
    expected.extend([16_384; 3]);
    expected.push(10_616);
    let short = stream(1016, 73);
    let lens = reads(ReadBuffer::new(64 << 10), &short);
    assert_eq!(lens.iter().sum::<usize>(), short.len());
    assert_eq!(lens[..7], expected[..7]);

    // The rest of a long frame is read at once.
    let lens = reads(ReadBuffer::new(200_000), &stream(100_000, 3));
    assert_eq!(lens.iter().filter(|len| **len > 16 << 10).max(), Some(&100_014));
    assert_eq!(lens.last(), Some(&100_014));
    // One that does not fit is read in parts as long as the buffer.
    let lens = reads(ReadBuffer::shared(32 << 10), &stream(100_000, 1));
    assert_eq!(lens, [&[1024, 2048, 4096, 8192, 16_384, 32_768, 32_768][..], &[2734]].concat());
}

#[test]
fn a_shared_read_buffer_is_empty_after_each_turn_and_serves_several_sessions() {
    let mut buffer = ReadBuffer::shared(4096);
    let mut sessions: Vec<Session> = (0..2)
        .map(|_| Session::open(Connection::server(Config::new()), Timeouts::new(), Duration::ZERO))
        .collect();
    let stream = all_to(Role::Server, &[(TEXT, &[b'a'; 3000]), (TEXT, &[b'b'; 90]), (TEXT, &[b'c'; 5000])]);
    let mut texts = vec![Vec::new(); 2];
    for piece in stream.chunks(700) {
        for (session, texts) in sessions.iter_mut().zip(&mut texts) {
            buffer.space()[..piece.len()].copy_from_slice(piece);
            buffer.filled(piece.len());
            while let Some(received) = session.receive_from(&mut buffer) {
                let Received::Event(Event::Text(text)) = received else { panic!("{received:?}") };
                texts.push((text.len(), text.chars().next()));
            }
            assert!(buffer.is_empty());
        }
    }
    let expected = vec![(3000, Some('a')), (90, Some('b')), (5000, Some('c'))];
    assert_eq!(texts, [expected.clone(), expected]);
    buffer.release();
    assert_eq!(format!("{buffer:?}"), "ReadBuffer(0 of 4096 bytes)");
}

#[test]
fn a_write_buffer_writes_everything_once_and_in_order() {
    let mut buffer = WriteBuffer::default();
    let (mut expected, mut written) = (Vec::new(), Vec::new());
    for round in 0..400_usize {
        // In the second half more waits than is taken at once.
        let len = if round < 200 { round * 7 % 400 } else { round * 7 % 2000 };
        let bytes = vec![u8::try_from(round % 251).unwrap(); len];
        expected.extend_from_slice(&bytes);
        buffer.out().extend_from_slice(&bytes);
        let count = buffer.len().min(round * 13 % 300);
        if round % 3 == 0 {
            let (before, taken) = (buffer.len(), buffer.take());
            assert_eq!((buffer.len() + taken.len(), taken.len()), (before, before.min(64 << 10)));
            written.extend_from_slice(&taken[..count]);
            let meanwhile = vec![b'm'; round % 7 * 1000];
            buffer.out().extend_from_slice(&meanwhile);
            expected.extend_from_slice(&meanwhile);
            buffer.put_back(taken, count);
        } else {
            written.extend_from_slice(&buffer.unwritten()[..count]);
            buffer.advance(count);
        }
    }
    written.extend_from_slice(buffer.unwritten());
    assert!(written == expected);
}

#[test]
fn the_sessions_of_a_thread_share_an_output_buffer() {
    let mut spare = Vec::with_capacity(4096);
    let pointer = spare.as_ptr();
    for _ in 0..3 {
        let mut server = Driver::open_server();
        server.session.lend_memory(&mut spare);
        assert_eq!(spare.capacity(), 0);
        server.session.send_text("hello").unwrap();
        // Not while bytes remain to be written.
        server.session.reclaim_memory(&mut spare);
        assert_eq!(spare.capacity(), 0);
        server.settle().session.reclaim_memory(&mut spare);
        assert_eq!((spare.as_ptr(), spare.len()), (pointer, 0));
    }

    // Another session has given back its memory: that of this one is freed.
    let mut server = Driver::open_server();
    server.session.send_text("hello").unwrap();
    server.settle().session.reclaim_memory(&mut spare);
    assert_eq!(spare.as_ptr(), pointer);
    let mut second = Vec::new();
    server.session.reclaim_memory(&mut second);
    assert_eq!(second.capacity(), 0);
}

#[test]
fn the_sessions_of_a_thread_share_a_read_buffer() {
    let mut spare = ReadBuffer::shared(4096);
    let mut buffer = ReadBuffer::shared(4096);
    let bytes = buffer.space().as_ptr();
    buffer.filled(1);
    // Not while there are unread bytes.
    buffer.reclaim_memory(&mut spare);
    assert_eq!(buffer.len(), 1);
    buffer.read_with(Input::take_all);
    buffer.reclaim_memory(&mut spare);
    let mut other = ReadBuffer::shared(4096);
    other.lend_memory(&mut spare);
    // It did not fill the first read, so it does not grow.
    assert_eq!((other.space().as_ptr(), other.space().len()), (bytes, 1024));
    let full = other.space().len();
    other.filled(full);
    other.read_with(Input::take_all);
    other.reclaim_memory(&mut spare);
    // A buffer with memory of its own keeps it, and frees it in the end.
    let own = buffer.space().as_ptr();
    buffer.lend_memory(&mut spare);
    assert_eq!(buffer.space().as_ptr(), own);
    buffer.reclaim_memory(&mut spare);
    other.lend_memory(&mut spare);
    assert_eq!(other.space().len(), 2048);
}

#[test]
fn bytes_that_were_read_with_the_request_are_received_first() {
    let frames = all_to(Role::Server, &[(TEXT, &[b'a'; 100][..]); 30]);
    for capacity in [0, 100, 1024, 64 << 10] {
        let mut session = Session::server(HandshakeLimits::new(), Timeouts::new(), Duration::ZERO);
        let mut buffer = ReadBuffer::new(capacity);
        buffer.extend_from_slice(REQUEST);
        buffer.extend_from_slice(&frames);
        let mut count = 0;
        while let Some(received) = session.receive_from(&mut buffer) {
            match received {
                Received::Request(request) => session.accept(request, Accept::new()).unwrap(),
                Received::Event(Event::Text(text)) => count += usize::from(text.len() == 100),
                received => panic!("{received:?}"),
            }
        }
        assert_eq!((count, buffer.len()), (30, 0), "with a capacity of {capacity}");
    }
}

#[test]
fn a_write_buffer_that_was_shortened_does_not_panic() {
    let calls: [fn(&mut WriteBuffer); 3] =
        [|buffer| _ = buffer.out(), |buffer| _ = buffer.take(), |buffer| buffer.advance(1)];
    for written in [1, 4, 9] {
        for left in 0..10 {
            for call in calls {
                let mut buffer = WriteBuffer::default();
                buffer.out().extend(b"0123456789");
                buffer.advance(written);
                buffer.out().truncate(left);
                call(&mut buffer);
                call(&mut buffer);
                buffer.put_back(Vec::new(), 0);
                let rest = buffer.len();
                buffer.out().extend(b"abc");
                assert_eq!(buffer.len(), rest + 3, "{written}, {left}");
                assert!(buffer.unwritten().ends_with(b"abc"));
            }
        }
    }
}

/// What is done to a read buffer.
#[derive(Clone, Debug)]
enum Call {
    Extend(usize),
    Read(usize),
    Take(usize),
}

proptest! {
    #[test]
    fn a_read_buffer_loses_no_byte_and_changes_no_order(
        capacity in 0..5000_usize,
        is_shared: bool,
        calls in vec(prop_oneof![
            (0..4000_usize).prop_map(Call::Extend),
            (0..4000_usize).prop_map(Call::Read),
            (0..4000_usize).prop_map(Call::Take),
        ], 0..40),
    ) {
        let mut buffer = if is_shared { ReadBuffer::shared(capacity) } else { ReadBuffer::new(capacity) };
        let mut bytes = (0..=250_u8).cycle();
        let (mut expected, mut taken) = (Vec::new(), Vec::new());
        for call in calls {
            match call {
                Call::Extend(len) => {
                    let new: Vec<u8> = bytes.by_ref().take(len).collect();
                    buffer.extend_from_slice(&new);
                    expected.extend(new);
                }
                Call::Read(len) => {
                    let unread = buffer.len();
                    let space = buffer.space();
                    prop_assert!(!space.is_empty() || unread >= capacity);
                    let len = len.min(space.len());
                    let new: Vec<u8> = bytes.by_ref().take(len).collect();
                    space[..len].copy_from_slice(&new);
                    buffer.filled(len);
                    expected.extend(new);
                }
                Call::Take(len) => {
                    let len = len.min(buffer.len());
                    buffer.read_with(|input| taken.extend_from_slice(input.take(len)));
                }
            }
            prop_assert_eq!(buffer.len(), expected.len() - taken.len());
        }
        buffer.read_with(|input| taken.extend_from_slice(input.take_all()));
        prop_assert!(taken == expected);
    }

    #[test]
    fn messages_of_any_length_pass_through_a_buffer_of_any_length(
        capacity in prop_oneof![1..40_usize, 1..2000_usize, 10_000..30_000_usize],
        is_shared: bool,
        lens in vec(prop_oneof![0..20_usize, 100..150_usize, 0..3000_usize, 16_000..17_000_usize, 20_000..30_000_usize], 1..12),
        pieces in vec(prop_oneof![1..30_usize, 1..3000_usize, Just(usize::MAX)], 1..6),
    ) {
        let mut buffer = if is_shared { ReadBuffer::shared(capacity) } else { ReadBuffer::new(capacity) };
        let mut session = Session::open(Connection::server(Config::new()), Timeouts::new(), Duration::ZERO);
        let messages: Vec<Vec<u8>> = lens.iter().map(|len| vec![b'x'; *len]).collect();
        let frames: Vec<(u8, &[u8])> = messages.iter().map(|message| (BINARY, &message[..])).collect();
        let stream = all_to(Role::Server, &frames);
        let (mut rest, mut seen, mut pieces) = (&stream[..], Vec::new(), pieces.iter().cycle());
        while !rest.is_empty() {
            let space = buffer.space();
            prop_assert!(!space.is_empty() && space.len() <= capacity);
            let count = space.len().min(rest.len()).min(*pieces.next().unwrap());
            space[..count].copy_from_slice(&rest[..count]);
            buffer.filled(count);
            rest = &rest[count..];
            while let Some(received) = session.receive_from(&mut buffer) {
                let Received::Event(Event::Binary(data)) = received else { panic!("{received:?}") };
                seen.push(data.len());
            }
        }
        prop_assert_eq!((seen, buffer.len()), (lens, 0));
    }
}
