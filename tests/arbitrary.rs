//! Values from `Arbitrary` are valid, except for those that are broken on purpose.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeSet;

use arbitrary::{Arbitrary, Unstructured};
use common::noise;
use sansocket::{
    Close, CloseCode, Config, Connection, Input,
    frame::{Header, MAX_HEADER_LEN, OpCode, Role, Rsv},
    testing::{Endpoint, EventCollector, FrameStream, Message},
};

/// Many values, each from different bytes.
fn values<T: for<'a> Arbitrary<'a>>() -> Vec<T> {
    let bytes = noise(400_000);
    bytes.chunks(200).map(|bytes| T::arbitrary(&mut Unstructured::new(bytes)).unwrap()).collect()
}

#[test]
fn headers_can_be_encoded_and_are_of_every_kind() {
    let (mut opcodes, mut forms) = (BTreeSet::new(), BTreeSet::new());
    for header in values::<Header>() {
        let mut buf = [0; MAX_HEADER_LEN];
        let bytes = header.encode(&mut buf).unwrap();
        assert_eq!(Header::decode(bytes), Ok(Some((header, bytes.len()))));
        opcodes.insert(header.opcode.get());
        forms.insert(bytes.len());
    }
    assert_eq!((opcodes.len(), forms.len()), (6, 6));
}

#[test]
fn codes_and_closes_may_be_sent() {
    assert!(values::<CloseCode>().iter().map(|code| code.get()).collect::<BTreeSet<_>>().len() > 100);
    assert!(values::<Close<'static>>().iter().any(|close| !close.reason().is_empty()));
    assert!(values::<OpCode>().contains(&OpCode::Pong));
    assert!(values::<Role>().contains(&Role::Client) && values::<Role>().contains(&Role::Server));
    assert!(values::<Rsv>().iter().any(|rsv| rsv.contains(Rsv::RSV2)));
    assert!(values::<Message>().iter().any(|message| matches!(message, Message::Close(Some(_)))));
}

#[test]
fn most_streams_are_in_order_and_some_are_not() {
    let (mut whole, mut failed) = (0, 0);
    for stream in values::<FrameStream>() {
        let connection = match stream.role {
            Role::Server => Connection::server(Config::new()),
            Role::Client => Connection::client(Config::new(), [1; 32]),
        };
        let mut receiver = EventCollector::new(connection);
        match receiver.receive(&mut Input::new(&mut stream.bytes.clone()), &mut Vec::new()) {
            Ok(()) => whole += usize::from(receiver.events.len() == stream.messages.len()),
            Err(_) => failed += 1,
        }
    }
    assert!(whole > 1200 && failed > 50, "{whole} in order, {failed} failed");
}
