//! Limits that change while a connection is open: effective from the next frame, wherever they are set.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{BINARY, BINARY_FIRST, FINAL, MIDDLE, all_to, noise, to};
use sansocket::{
    Config, Connection, Event, Input, ProtocolError, State,
    frame::{Limits, Role},
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    session::{Received, Session},
};

/// The lengths of the messages that arrive, and the error.
fn receive(
    mut step: impl FnMut(&mut Input<'_>) -> Result<Option<usize>, ProtocolError>,
    bytes: &[u8],
) -> (Vec<usize>, Option<ProtocolError>) {
    let (mut bytes, mut lengths) = (bytes.to_vec(), Vec::new());
    let mut input = Input::new(&mut bytes);
    loop {
        match step(&mut input) {
            Ok(Some(len)) => lengths.push(len),
            Ok(None) => return (lengths, None),
            Err(error) => return (lengths, Some(error)),
        }
    }
}

fn binary_len(event: &Event<'_>) -> usize {
    let Event::Binary(data) = event else { panic!("{event:?}") };
    data.len()
}

const SMALL: Limits = Limits::new().message_len(10);
const TOO_LONG: ProtocolError = ProtocolError::MessageTooLong { limit: 10, len: 11 };

#[test]
fn a_session_takes_new_limits_for_the_next_frame() {
    let frames = |len| to(Role::Server, BINARY, &noise(len));
    let mut session = Session::open(Connection::server(Config::new()), Timeouts::new(), Duration::ZERO);
    let messages = |session: &mut Session, bytes: &[u8]| {
        receive(
            |input| match session.receive(input) {
                Some(Received::Event(event)) => Ok(Some(binary_len(&event))),
                None => Ok(None),
                Some(other) => panic!("{other:?}"),
            },
            bytes,
        )
        .0
    };
    assert_eq!(messages(&mut session, &frames(11)), [11]);
    // The frame has begun.
    let begun = frames(20);
    assert_eq!(messages(&mut session, &begun[..8]), []);
    assert!(session.set_limits(SMALL));
    assert_eq!(messages(&mut session, &begun[8..]), [20]);
    assert_eq!(messages(&mut session, &frames(10)), [10]);
    assert!(session.set_limits(SMALL.message_len(11)));
    assert_eq!(messages(&mut session, &frames(11)), [11]);
    assert!(session.set_limits(SMALL));
    assert_eq!(messages(&mut session, &frames(11)), []);
    assert!(!session.is_open());
    let outcome = session.connection().and_then(Connection::close_outcome).unwrap();
    assert_eq!(outcome.error, Some(TOO_LONG));

    let mut opening = Session::server(HandshakeLimits::default(), Timeouts::new(), Duration::ZERO);
    assert!(!opening.set_limits(SMALL));
}

#[test]
fn a_receiving_half_takes_new_limits_for_the_next_frame() {
    let (mut receiving, _sending) = Connection::server(Config::new().max_message_len(5)).split();
    let mut reply = None;
    let mut messages = |bytes: &[u8], limits: Option<Limits>| {
        if let Some(limits) = limits {
            receiving.set_limits(limits);
        }
        receive(|input| Ok(receiving.receive(input, &mut reply)?.map(|event| binary_len(&event))), bytes)
    };
    let frames = |len| to(Role::Server, BINARY, &noise(len));
    assert_eq!(messages(&frames(5), None), (vec![5], None));
    assert_eq!(messages(&frames(10), Some(SMALL)), (vec![10], None));
    assert_eq!(messages(&frames(11), None), (vec![], Some(TOO_LONG)));
}

#[test]
fn the_next_fragment_is_measured_with_the_bytes_before_it() {
    let stream = |first, second| {
        all_to(Role::Server, &[(BINARY_FIRST, &noise(first)), (MIDDLE, b""), (FINAL, &noise(second))])
    };
    let begin = to(Role::Server, BINARY_FIRST, &noise(8)).len();
    for (second, expected) in [(2, (vec![10], None)), (3, (vec![], Some(TOO_LONG)))] {
        let bytes = stream(8, second);
        let mut connection = Connection::server(Config::new());
        let mut out = Vec::new();
        let mut step = |connection: &mut Connection, bytes: &[u8]| {
            receive(|input| Ok(connection.receive(input, &mut out)?.map(|event| binary_len(&event))), bytes)
        };
        assert_eq!(step(&mut connection, &bytes[..begin]), (vec![], None));
        connection.set_limits(SMALL);
        assert_eq!(step(&mut connection, &bytes[begin..]), expected);
        assert_eq!(connection.state(), if second == 2 { State::Open } else { State::Draining });
    }
    // More has arrived than the new limit allows: even an empty fragment is rejected.
    let bytes = stream(20, 1);
    let mut connection = Connection::server(Config::new());
    let (begin, out) = (to(Role::Server, BINARY_FIRST, &noise(20)).len(), &mut Vec::new());
    let mut bytes = bytes.clone();
    let (head, tail) = bytes.split_at_mut(begin);
    assert_eq!(connection.receive(&mut Input::new(head), out), Ok(None));
    connection.set_limits(SMALL);
    let error = connection.receive(&mut Input::new(tail), out).unwrap_err();
    assert_eq!(error, ProtocolError::MessageTooLong { limit: 10, len: 20 });
}

/// A frame that waits in the buffer of the caller has been measured, too.
#[test]
fn a_frame_in_a_retained_input_is_not_measured_again() {
    let mut bytes = to(Role::Server, BINARY, &noise(20));
    let (len, capacity, out) = (bytes.len(), 64, &mut Vec::new());
    let mut connection = Connection::server(Config::new());
    let mut input = Input::retained(&mut bytes[..len - 1], capacity);
    assert_eq!(connection.receive(&mut input, out), Ok(None));
    // The header has been read, the payload has not.
    let header = len - 1 - input.len();
    assert_eq!(input.len(), 25);
    connection.set_limits(SMALL);
    let mut input = Input::retained(&mut bytes[header..], capacity);
    let event = connection.receive(&mut input, out).unwrap().unwrap();
    assert_eq!(binary_len(&event), 20);
}

#[cfg(feature = "deflate")]
#[test]
fn the_limit_of_the_moment_bounds_what_is_inflated() {
    let stream = common::deflate::zlib(&[0; 1000]);
    let bytes = to(Role::Server, common::deflate::COMPRESSED_BINARY, &stream);
    for (limit, fits) in [(1000, true), (999, false)] {
        let mut connection = common::deflate::sender(Role::Server, sansocket::deflate::Config::new());
        let mut out = Vec::new();
        let mut step = |connection: &mut Connection, bytes: &[u8]| {
            receive(|input| Ok(connection.receive(input, &mut out)?.map(|event| binary_len(&event))), bytes)
        };
        assert_eq!(step(&mut connection, &bytes), (vec![1000], None));
        connection.set_limits(connection.limits().message_len(limit));
        let (lengths, error) = step(&mut connection, &bytes);
        assert_eq!((lengths.len(), error.is_none()), (usize::from(fits), fits), "{error:?}");
    }
}
