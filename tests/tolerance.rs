//! Peers that violate the protocol slightly: what each option tolerates, and what is still rejected.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{BINARY, BOTH, CLOSE, PING, TEXT, frame, noise};
use sansocket::{
    CloseCode, Config, Connection, Delivery, Event, Input, ProtocolError, State,
    frame::{Limits, Role},
};

const KEY: Option<[u8; 4]> = Some([0x37, 0xfa, 0x21, 0x3d]);

fn connection(role: Role, config: Config) -> Connection {
    match role {
        Role::Server => Connection::server(config),
        Role::Client => Connection::client(config, [7; 32]),
    }
}

/// All that is received, in pieces of a length.
fn receive(
    mut connection: Connection,
    stream: &[u8],
    piece: usize,
) -> (Vec<Event<'static>>, Result<(), ProtocolError>, Vec<u8>) {
    let (mut events, mut out) = (Vec::new(), Vec::new());
    for bytes in stream.to_vec().chunks_mut(piece) {
        let mut input = Input::new(bytes);
        loop {
            match connection.receive(&mut input, &mut out) {
                Ok(Some(event)) => events.push(event.into_owned()),
                Ok(None) => break,
                Err(error) => return (events, Err(error), out),
            }
        }
    }
    (events, Ok(()), out)
}

#[test]
fn any_masking_is_accepted_only_if_it_is_allowed() {
    let data = noise(70_000);
    for role in BOTH {
        let (right, wrong) = if role == Role::Server { (KEY, None) } else { (None, KEY) };
        let frames = |key| {
            let parts: [(u8, &[u8]); 4] =
                [(TEXT, b"Hello"), (BINARY, &data), (PING, b"p"), (CLOSE, b"\x03\xe8")];
            parts.into_iter().flat_map(|(first, payload)| frame(first, key, payload)).collect::<Vec<u8>>()
        };
        // Alternating, too: each frame says for itself whether it is masked.
        let mixed = [frame(TEXT, right, b"a"), frame(TEXT, wrong, b"b"), frame(TEXT, right, b"c")].concat();
        for piece in [usize::MAX, 1000, 1] {
            let lenient = || connection(role, Config::new().allow_any_masking(true));
            let strict = || connection(role, Config::new());
            let expected = receive(strict(), &frames(right), piece);
            assert_eq!((expected.0.len(), expected.1), (4, Ok(())));
            assert_eq!(receive(lenient(), &frames(right), piece), expected);
            // What is sent does not change.
            assert_eq!(receive(lenient(), &frames(wrong), piece), expected);
            let texts = ["a", "b", "c"].map(|text| Event::Text(text.into()));
            assert_eq!(receive(lenient(), &mixed, piece).0, texts);
            let error =
                if role == Role::Server { ProtocolError::UnmaskedFrame } else { ProtocolError::MaskedFrame };
            let (events, result, _) = receive(strict(), &mixed, piece);
            assert_eq!((events, result), (vec![Event::Text("a".into())], Err(error)));
        }
    }
}

#[test]
fn limits_can_change_while_the_connection_is_open() {
    for role in BOTH {
        let key = if role == Role::Server { KEY } else { None };
        for delivery in [Delivery::Messages, Delivery::Chunks] {
            let config = Config::new().max_message_len(10).delivery(delivery);
            let mut connection = connection(role, config);
            let receive = |connection: &mut Connection, bytes: Vec<u8>| {
                let mut bytes = bytes;
                connection.receive(&mut Input::new(&mut bytes), &mut Vec::new()).map(|event| event.is_some())
            };
            assert_eq!(receive(&mut connection, frame(BINARY, key, &[1; 10])), Ok(true));
            connection.set_limits(connection.limits().message_len(100_000));
            assert_eq!(receive(&mut connection, frame(BINARY, key, &noise(100_000))), Ok(true));
            // A frame whose header has been received goes on as it began.
            let long = frame(BINARY, key, &noise(50_000));
            let (head, tail) = long.split_at(1000);
            receive(&mut connection, head.to_vec()).unwrap();
            connection.set_limits(Limits::new().message_len(10));
            assert_eq!(receive(&mut connection, tail.to_vec()), Ok(true));
            let error = ProtocolError::MessageTooLong { limit: 10, len: 11 };
            assert_eq!(receive(&mut connection, frame(BINARY, key, &[1; 11])), Err(error));
            assert_eq!(connection.state(), State::Draining);
        }
    }
}

#[test]
fn what_goes_into_logs_reads_well() {
    let close = sansocket::Close::new(CloseCode::GOING_AWAY, "bye\n").unwrap();
    assert_eq!(close.to_string(), "1001 \"bye\\n\"");
    assert_eq!(sansocket::Close::from(CloseCode::NORMAL).to_string(), "1000");
    assert_eq!(State::Draining.to_string(), "draining");
    assert_eq!(sansocket::frame::OpCode::Ping.to_string(), "ping");
    let mut connection = Connection::server(Config::new());
    let mut bytes = frame(CLOSE, KEY, b"\x03\xe9bye");
    connection.receive(&mut Input::new(&mut bytes), &mut Vec::new()).unwrap();
    assert_eq!(connection.close_outcome().unwrap().to_string(), "closed with 1001 \"bye\"");
    let mut connection = Connection::server(Config::new());
    connection.receive_eof().unwrap_err();
    let failed = format!("failed: {}", ProtocolError::UnexpectedEof);
    assert_eq!(connection.close_outcome().unwrap().to_string(), failed);
}
