//! Connections with more bytes than the backend can count: 4 GiB if `c_ulong` has 32 bits. It would panic.
//!
//! Other platforms are not affected; the unit tests lower the maximum count there.
#![cfg(all(feature = "deflate", target_pointer_width = "32"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{
    deflate::{COMPRESSED_BINARY, sender, stored, with, with_takeover},
    noise, to,
};
use sansocket::{Connection, Delivery, Event, Input, State, deflate::Compress, frame::Role};

const MESSAGE: usize = 1 << 20;
/// So many messages of 1 MiB that the count would end.
const MESSAGES: usize = 9 << 9;

/// Receives a message and returns its last bytes.
fn receive(connection: &mut Connection, frame: &mut [u8]) -> Vec<u8> {
    let (mut end, mut input, mut out) = (Vec::new(), Input::new(frame), Vec::new());
    while let Some(event) = connection.receive(&mut input, &mut out).unwrap() {
        let Event::BinaryChunk { data, .. } = event else { panic!("{event:?}") };
        end.clear();
        end.extend_from_slice(&data[data.len().saturating_sub(3)..]);
    }
    end
}

#[test]
fn more_is_received_than_the_backend_can_count() {
    let config = with(Role::Client, with_takeover()).delivery(Delivery::Chunks);
    let mut connection = Connection::client(config, [1; 32]);
    let data = noise(MESSAGE);
    // Frames to a client are not masked, so they stay unchanged.
    let mut message = to(Role::Client, COMPRESSED_BINARY, &stored(&data));
    // Three bytes at a distance of 32,768.
    let mut reference = to(Role::Client, COMPRESSED_BINARY, b"\x02\xde\xff\x0f\x00");
    for number in 0..MESSAGES {
        assert_eq!(receive(&mut connection, &mut message), data[MESSAGE - 3..]);
        let expected = &data[MESSAGE - 32_768..][..3];
        assert_eq!(receive(&mut connection, &mut reference), expected, "message {number}");
    }
    assert_eq!(connection.state(), State::Open);
}

#[test]
fn more_is_sent_than_the_backend_can_count() {
    let mut connection = sender(Role::Server, with_takeover().level(0));
    let (data, mut out) = (noise(MESSAGE), Vec::new());
    for _ in 0..MESSAGES {
        out.clear();
        connection.compress_next(Compress::Always);
        connection.send_binary(&data, &mut out).unwrap();
        assert!(out.len() > MESSAGE && out.ends_with(&[&data[MESSAGE - 9..], b"\0"].concat()));
    }
}
