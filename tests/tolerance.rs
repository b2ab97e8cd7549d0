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
            // Sent bytes do not change.
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

/// The received chunks, joined.
fn joined(events: &[Event<'_>]) -> Vec<(&'static str, Vec<u8>)> {
    let mut found: Vec<(&'static str, Vec<u8>, bool)> = Vec::new();
    for event in events {
        let (name, data, last) = match event {
            Event::TextChunk { data, last } => ("text", data.as_bytes(), *last),
            Event::UncheckedTextChunk { data, last } => ("unchecked", &data[..], *last),
            Event::BinaryChunk { data, last } => ("binary", &data[..], *last),
            other => panic!("{other:?}"),
        };
        match found.last_mut() {
            Some((same, before, ended @ false)) if *same == name => {
                before.extend_from_slice(data);
                *ended = last;
            }
            _ => found.push((name, data.to_vec(), last)),
        }
    }
    assert!(found.iter().all(|(_, _, ended)| *ended));
    found.into_iter().map(|(name, data, _)| (name, data)).collect()
}

#[test]
fn text_that_is_not_utf8_is_delivered_as_bytes_only_if_it_is_allowed() {
    let long = [&b"x"[..]; 300].concat();
    let texts: [&[u8]; 6] = [
        b"caf\xe9",
        b"\xe2\x82",
        b"\xff",
        b"a\xc0\x80b",
        &[&long[..], b"\xfe", &long].concat(),
        b"\xed\xa0\x80",
    ];
    for role in BOTH {
        let key = if role == Role::Server { KEY } else { None };
        for text in texts {
            let halves = text.split_at(text.len() / 2);
            let whole = frame(TEXT, key, text);
            let fragments = [frame(0x01, key, halves.0), frame(0x80, key, halves.1)].concat();
            for stream in [whole, fragments] {
                // Valid text and binary data around it are unchanged.
                let stream = [
                    frame(TEXT, key, "é".as_bytes()),
                    stream,
                    frame(BINARY, key, b"\xff"),
                    frame(TEXT, key, b""),
                ]
                .concat();
                for piece in 1..=stream.len() {
                    let allowed = Config::new().allow_invalid_utf8(true);
                    let (events, result, out) = receive(connection(role, allowed), &stream, piece);
                    let expected = [
                        Event::Text("é".into()),
                        Event::InvalidText(text.into()),
                        Event::Binary(b"\xff"[..].into()),
                        Event::Text("".into()),
                    ];
                    assert_eq!((&events[..], result, &out[..]), (&expected[..], Ok(()), &b""[..]));
                    let (events, result, _) = receive(connection(role, Config::new()), &stream, piece);
                    assert_eq!((&events[..], result), (&expected[..1], Err(ProtocolError::InvalidUtf8)));
                    let chunks =
                        receive(connection(role, allowed.delivery(Delivery::Chunks)), &stream, piece);
                    assert_eq!(chunks.1, Ok(()));
                    let expected: [(&str, &[u8]); 4] = [
                        ("unchecked", "é".as_bytes()),
                        ("unchecked", text),
                        ("binary", b"\xff"),
                        ("unchecked", b""),
                    ];
                    assert_eq!(joined(&chunks.0), expected.map(|(name, data)| (name, data.to_vec())));
                }
            }
        }
        // The reason of a Close is shown to people, so it is still validated.
        let stream = frame(CLOSE, key, b"\x03\xe8\xff");
        let (_, result, _) = receive(connection(role, Config::new().allow_invalid_utf8(true)), &stream, 1000);
        assert_eq!(result, Err(ProtocolError::InvalidCloseReason));
    }
}

#[test]
fn invalid_text_keeps_the_limits_and_gives_its_memory_back() {
    let config = Config::new().allow_invalid_utf8(true).max_message_len(4);
    let (events, result, _) =
        receive(connection(Role::Client, config), &frame(TEXT, None, b"\xff\xff\xff\xff\xff"), 3);
    assert_eq!((events.len(), result), (0, Err(ProtocolError::MessageTooLong { limit: 4, len: 5 })));
    let mut connection = connection(Role::Client, config);
    let mut stream = frame(TEXT, None, b"\xff\xff\xff");
    let (head, tail) = stream.split_at_mut(3);
    assert_eq!(connection.receive(&mut Input::new(head), &mut Vec::new()), Ok(None));
    let mut input = Input::new(tail);
    let event = connection.receive(&mut input, &mut Vec::new()).unwrap().unwrap();
    assert_eq!(event, Event::InvalidText(b"\xff\xff\xff"[..].into()));
    connection.recycle(event);
}

#[cfg(feature = "deflate")]
#[test]
fn compressed_text_that_is_not_utf8_is_delivered_as_bytes_too() {
    use sansocket::{deflate, handshake::Extension};

    let offer = Extension::parse_all(["permessage-deflate"]).map(Result::unwrap);
    let negotiated = deflate::Config::new().min_len(0).accept(offer).unwrap();
    let config = Config::new().deflate(negotiated);
    // The same message as binary data has the same compressed bytes.
    let data = b"caf\xe9 ".repeat(200);
    let mut stream = Vec::new();
    Connection::server(config).send_binary(&data, &mut stream).unwrap();
    assert_eq!(stream[0], 0xc2);
    stream[0] = 0xc1;
    for piece in [1, 7, 10_000] {
        let strict = receive(connection(Role::Client, config), &stream, piece);
        assert_eq!((strict.0.len(), strict.1), (0, Err(ProtocolError::InvalidUtf8)));
        let config = config.allow_invalid_utf8(true);
        let (events, result, _) = receive(connection(Role::Client, config), &stream, piece);
        assert_eq!((events, result), (vec![Event::InvalidText(data.clone().into())], Ok(())));
        let chunks = receive(connection(Role::Client, config.delivery(Delivery::Chunks)), &stream, piece);
        assert_eq!(joined(&chunks.0), [("unchecked", data.clone())]);
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
            // A frame whose header has been received keeps its limits.
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

/// Text has an option, reasons have none.
#[test]
fn a_close_reason_that_is_not_utf8_stays_refused() {
    for role in BOTH {
        let key = if role == Role::Server { KEY } else { None };
        let config = Config::new().allow_invalid_utf8(true).allow_any_masking(true);
        let (events, result, out) = receive(connection(role, config), &frame(CLOSE, key, b"\x03\xe8\xff"), 1);
        assert_eq!((events, result), (vec![], Err(ProtocolError::InvalidCloseReason)));
        assert_eq!(out.first(), Some(&CLOSE));
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
