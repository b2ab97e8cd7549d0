//! Decisions that the protocol leaves to the application, made with the existing calls.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{
    BINARY, BINARY_FIRST, BOTH, Bench, CLOSE, FINAL, MIDDLE, Sent, TEXT, all_to, close, frame, noise, plain,
    sent, text, to,
};
use sansocket::{CloseCode, Config, Connection, Event, Initiator, Input, ProtocolError, State, frame::Role};

#[test]
fn an_endpoint_that_takes_text_alone_closes_with_1003() {
    // R6455-7.4.1-1003
    for role in BOTH {
        let mut connection = Bench::new(role).connection();
        let mut stream = all_to(role, &[(TEXT, b"t"), (BINARY, b"b"), (CLOSE, b"\x03\xeb")]);
        let (mut input, mut out, mut taken) = (Input::new(&mut stream), Vec::new(), Vec::new());
        while let Some(event) = connection.receive(&mut input, &mut out).unwrap() {
            match event {
                Event::Binary(_) => connection.send_close(CloseCode::UNSUPPORTED_DATA, &mut out).unwrap(),
                Event::Text(_) => taken.push(event),
                _ => {}
            }
        }
        assert_eq!((taken, connection.state()), (vec![text("t")], State::Draining));
        assert_eq!(plain(role, &out), frame(CLOSE, None, b"\x03\xeb"));
        let closure = connection.close_outcome().unwrap();
        assert_eq!((closure.code, closure.clean, closure.initiator), (1003, true, Initiator::Local));
    }
}

#[test]
fn a_client_that_cannot_do_without_an_extension_closes_with_1010_and_names_it() {
    // R6455-7.4.1-1010a, R6455-7.4.1-1010b, R7692-5.1-a
    let bench = Bench::client().at(0, |connection, out| {
        let missing = close(1010, "permessage-deflate");
        connection.send_close(missing, out).unwrap();
    });
    let seen = bench.eof().run(&to(Role::Client, CLOSE, b"\x03\xf2permessage-deflate"));
    assert_eq!(seen.out, frame(CLOSE, None, b"\x03\xf2permessage-deflate"));
    let closure = seen.closure.unwrap();
    assert_eq!((seen.eof, closure.code, closure.clean), (Some(Ok(())), 1010, true));
}

#[test]
fn a_large_message_goes_out_in_frames_as_long_as_the_caller_likes() {
    // R6455-6.1-2
    let data = noise(65_536);
    for role in BOTH {
        let mut connection = Bench::new(role).connection();
        let mut out = Vec::new();
        let pieces: Vec<&[u8]> = data.chunks(1300).collect();
        for (number, piece) in pieces.iter().enumerate() {
            connection.send_binary_fragment(piece, number + 1 == pieces.len(), &mut out).unwrap();
        }
        let frames = sent(&out);
        let shape: Vec<_> =
            frames.iter().map(|Sent { first, payload, .. }| (*first, payload.len())).collect();
        assert_eq!(shape.len(), 51);
        assert_eq!((shape[0], shape[50]), ((BINARY_FIRST, 1300), (FINAL, 536)));
        assert!(shape[1..50].iter().all(|frame| *frame == (MIDDLE, 1300)));
        assert!(frames.into_iter().flat_map(|frame| frame.payload).eq(data.iter().copied()));
    }
}

#[test]
fn a_connection_may_be_dropped_without_a_word() {
    // R6455-7.1.1-d
    // R6455-7.1.1-b: if you close the transport, call `receive_eof`; no Close is sent.
    for role in BOTH {
        let mut connection = match role {
            Role::Server => Connection::server(Config::new()),
            Role::Client => Connection::client(Config::new(), [1; 32]),
        };
        assert_eq!(connection.receive_eof(), Err(ProtocolError::UnexpectedEof));
        let mut out = Vec::new();
        let mut read = to(role, TEXT, b"x");
        let late = connection.receive(&mut Input::new(&mut read), &mut out);
        assert_eq!((late, out.len()), (Err(ProtocolError::UnexpectedEof), 0));
        let closure = connection.close_outcome().unwrap();
        assert_eq!((closure.code, closure.clean), (1006, false));
        assert_eq!(connection.state(), State::Closed);
    }
}
