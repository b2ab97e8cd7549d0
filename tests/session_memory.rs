//! The memory that a session takes, and when.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::{mem::size_of, time::Duration};

use allocation_counter::measure;
use common::{Driver, PING, TEXT, all_to, header_to, noise};
use sansocket::{
    Config, Connection, Event,
    frame::Role,
    keepalive::Timeouts,
    session::{EncodedMessage, ReadBuffer, Received, Session, Transport},
};

#[test]
fn a_session_is_small() {
    // Evaluated at compile time, so that `cargo check` for another target is sufficient.
    const {
        assert!(size_of::<Session>() <= SESSION);
        assert!(size_of::<Option<Received<'_>>>() <= RECEIVED);
    }
}

/// The largest size of a session, with pointers of 64 and 32 bits, with compression and without.
const SESSION: usize = match (cfg!(target_pointer_width = "64"), cfg!(feature = "deflate")) {
    (true, false) => 392,
    (true, true) => 408,
    (false, false) => 328,
    (false, true) => 336,
};

/// The maximum size of its result.
const RECEIVED: usize = if cfg!(target_pointer_width = "64") { 32 } else { 16 };

/// Writes everything.
fn settle(session: &mut Session) {
    loop {
        match session.transport() {
            Transport::Write(bytes) => {
                let count = bytes.len();
                session.written(count);
            }
            Transport::Flush => session.flushed(),
            _ => return,
        }
    }
}

fn echo(session: &mut Session, buffer: &mut ReadBuffer, stream: &[u8], piece: usize) {
    for bytes in stream.chunks(piece) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let space = buffer.space();
            let count = space.len().min(rest.len());
            space[..count].copy_from_slice(&rest[..count]);
            buffer.filled(count);
            rest = &rest[count..];
            while let Some(received) = session.receive_from(buffer) {
                if let Received::Event(Event::Text(text)) = &received {
                    session.send_text(text).unwrap();
                }
            }
            settle(session);
        }
    }
}

#[test]
fn an_echo_in_steady_state_allocates_nothing() {
    let mut session = Session::open(Connection::server(Config::new()), Timeouts::new(), Duration::ZERO);
    let mut buffer = ReadBuffer::new(16 << 10);
    let text = "Grüße ".repeat(200);
    let stream =
        all_to(Role::Server, &[(TEXT, b"Hello"), (PING, b"there?"), (TEXT, text.as_bytes())]).repeat(20);
    for piece in [stream.len(), 1500, 700, 7, 1] {
        echo(&mut session, &mut buffer, &stream, piece);
        let info = measure(|| echo(&mut session, &mut buffer, &stream, piece));
        assert_eq!(info.count_total, 0, "in reads of {piece} bytes: {info:?}");
    }
}

#[test]
fn an_idle_session_holds_no_heap_memory() {
    let info = measure(|| {
        let mut server = Driver::server();
        let mut bytes = common::REQUEST.to_vec();
        bytes.extend(all_to(Role::Server, &[(TEXT, &"a".repeat(70_000).into_bytes())]));
        server.read(&bytes);
        server.session.send_binary(&noise(100_000)).unwrap();
        server.settle();
        server.session.release_buffers();
        server.buffer.release();
        let Driver { session, buffer, .. } = server;
        std::mem::forget((session, buffer));
    });
    assert_eq!(info.bytes_current, 0, "{info:?}");
}

#[test]
fn a_large_message_gives_its_output_memory_back_with_the_next_small_one() {
    let mut session = Session::open(Connection::server(Config::new()), Timeouts::new(), Duration::ZERO);
    let data = noise(1 << 20);
    session.send_binary(&data).unwrap();
    settle(&mut session);
    let info = measure(|| {
        for _ in 0..5 {
            session.send_binary(&data).unwrap();
            settle(&mut session);
        }
    });
    assert_eq!(info.count_total, 0, "{info:?}");
    let info = measure(|| {
        session.send_binary(b"small").unwrap();
        settle(&mut session);
    });
    assert!(info.bytes_current < -(900 << 10), "{info:?}");
}

#[cfg(target_has_atomic = "ptr")]
#[test]
fn clones_of_an_encoded_message_share_its_payload() {
    let message = EncodedMessage::binary(&noise(10_000));
    let info = measure(|| drop(vec![message.clone(), message.clone()]));
    assert_eq!(info.count_total, 1, "the vector: {info:?}");
}

#[test]
fn a_transport_that_owns_what_it_writes_gives_memory_back_too() {
    let mut session = Session::open(Connection::server(Config::new()), Timeouts::new(), Duration::ZERO);
    let write_all = |session: &mut Session, most: usize| {
        while let Transport::Write(_) = session.transport() {
            let bytes = session.take_unwritten();
            assert!(bytes.len() <= 64 << 10);
            let count = bytes.len().min(most);
            session.written_owned(bytes, count);
        }
        settle(session);
    };
    for most in [usize::MAX, 10_000] {
        session.send_binary(&noise(4 << 20)).unwrap();
        let info = measure(|| {
            write_all(&mut session, most);
            session.send_binary(b"small").unwrap();
            write_all(&mut session, most);
        });
        assert!(info.bytes_current < -(3 << 20), "{info:?}");
    }
}

#[test]
fn a_read_buffer_grows_with_what_arrives() {
    let mut buffer = ReadBuffer::new(64 << 10);
    let info = measure(|| assert_eq!(buffer.space().len(), 1024));
    assert_eq!((info.count_total, info.bytes_total), (1, 1024));
    // Declared lengths take no memory.
    let header = header_to(Role::Server, 0x82, 60_000);
    buffer.space()[..header.len()].copy_from_slice(&header);
    buffer.filled(header.len());
    let mut session = Session::open(Connection::server(Config::new()), Timeouts::new(), Duration::ZERO);
    assert!(session.receive_from(&mut buffer).is_none());
    assert_eq!(buffer.space().len() + buffer.len(), 1024);
    let unread = buffer.len();
    buffer.read_with(|input| _ = input.take(unread));
    // As long as a frame may be.
    let lens: Vec<usize> = (0..8)
        .map(|_| {
            let len = buffer.space().len();
            buffer.filled(len);
            buffer.len()
        })
        .collect();
    assert_eq!(lens, [1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 65_536]);
    assert!(buffer.space().is_empty());

    // A shared buffer grows too, although it is empty after each read.
    let mut buffer = ReadBuffer::shared(8 << 10);
    let lens: Vec<usize> = (0..5)
        .map(|_| {
            let len = buffer.space().len();
            buffer.filled(len);
            buffer.read_with(|input| _ = input.take(len));
            assert!(buffer.is_empty());
            len
        })
        .collect();
    assert_eq!(lens, [1024, 2048, 4096, 8192, 8192]);
    // A repeated call does not make it grow.
    assert_eq!((buffer.space().len(), buffer.space().len()), (8192, 8192));
}

#[test]
fn the_memory_of_a_read_buffer_follows_the_longest_frame() {
    // Payloads in the order in which they are sent, and the memory afterwards.
    for (lens, memory) in [
        (&[100; 1000][..], 16 << 10),
        (&[16_376; 8], 16 << 10),
        (&[16_384; 8], 16_392),
        (&[20_000, 30_000, 100, 25_000], 30_000),
        (&[60_000; 3], 60_000),
        (&[70_000, 100_000], 64 << 10),
    ] {
        let frames: Vec<u8> =
            lens.iter().flat_map(|len| all_to(Role::Server, &[(0x82, &noise(*len))])).collect();
        for piece in [usize::MAX, 1500] {
            let mut session =
                Session::open(Connection::server(Config::new()), Timeouts::new(), Duration::ZERO);
            let mut buffer = ReadBuffer::new(64 << 10);
            let info = measure(|| receive(&mut session, &mut buffer, &frames, piece));
            // Messages that do not fit are not in the buffer, and not recycled.
            let most = i64::from(memory) + 8;
            let kept = measure(|| buffer.release());
            assert!((1024..=most).contains(&-kept.bytes_current), "{lens:?}: {kept:?}");
            assert!(lens.iter().any(|len| *len > 64 << 10) || info.count_current == 1, "{lens:?}: {info:?}");
        }
    }
}

/// Receives all of the stream, in reads of at most `piece` bytes.
fn receive(session: &mut Session, buffer: &mut ReadBuffer, stream: &[u8], piece: usize) {
    let mut rest = stream;
    while !rest.is_empty() {
        let space = buffer.space();
        let count = space.len().min(rest.len()).min(piece);
        space[..count].copy_from_slice(&rest[..count]);
        buffer.filled(count);
        rest = &rest[count..];
        while session.receive_from(buffer).is_some() {}
    }
}
