//! The results of the module `testing` for given choices, byte for byte.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use sansocket::{
    Config, Connection, Event,
    frame::Role,
    testing::{ByteSource, EventCollector, FrameStream, Message, Pair, Recorder},
};

fn client() -> EventCollector {
    EventCollector::new(Connection::client(Config::new(), [7; 32]))
}

fn server() -> EventCollector {
    EventCollector::new(Connection::server(Config::new()))
}

#[test]
fn choices_consume_the_documented_number_of_bytes() {
    let mut choices = ByteSource::new(&[0, 1, 2, 3, 200, 1, 44, 9, 8]);
    assert!(!choices.is_empty());
    assert_eq!([choices.flag(), choices.flag(), choices.flag(), choices.flag()], [false, true, false, true]);
    assert_eq!(choices.below(256), 200);
    assert_eq!(choices.below(257), 300 % 257);
    assert_eq!(choices.take(1), [9]);
    assert_eq!(choices.below(0), 0);
    assert!(choices.is_empty());
    assert_eq!(
        (choices.byte(), choices.flag(), choices.below(1000), choices.take(3)),
        (0, false, 0, &[][..])
    );
}

#[test]
fn each_kind_of_message_is_chosen() {
    let message = |bytes: &[u8]| Message::choose(&mut ByteSource::new(bytes));
    for kind in 0..16_u8 {
        // The longest payloads have a length of two bytes.
        let len: &[u8] = if kind == 0 { &[0, 2] } else { &[2] };
        let chosen = message(&[&[kind], len, &[1, 4]].concat());
        let expected = match kind {
            0..6 => Message::Text("z€".into()),
            6..11 => Message::Binary(vec![1, 4]),
            11 | 12 => Message::Ping(vec![1, 4]),
            13 | 14 => Message::Pong(vec![1, 4]),
            // The choice of a body, and of code number 4 in the list.
            _ => Message::Close(Some(sansocket::CloseCode::INVALID_PAYLOAD.into())),
        };
        assert_eq!(chosen, expected, "{kind}");
    }
    assert_eq!(message(&[15, 0, 0]), Message::Close(None));
    assert_eq!(message(&[1, 8, 0, 1, 2, 3, 4, 5, 6, 7]), Message::Text("az ä€𝄞\u{feff}\0".into()));
}

/// The choices for an empty binary message in one frame.
const EMPTY: [u8; 7] = [6, 0, 0, 1, 2, 3, 4];

#[test]
fn a_stream_has_as_many_messages_as_were_chosen_up_to_twenty() {
    for (chosen, expected) in [(0, 0), (1, 1), (3, 3), (20, 20), (30, 20)] {
        let bytes = EMPTY.repeat(chosen);
        let mut choices = ByteSource::new(&bytes);
        let stream = FrameStream::choose(Role::Server, &mut choices);
        assert_eq!(stream.messages, vec![Message::Binary(Vec::new()); expected]);
        assert_eq!(stream.bytes, [0x82, 0x80, 1, 2, 3, 4].repeat(expected));
        assert_eq!(choices.is_empty(), chosen <= 20);
    }
}

#[test]
fn fragments_and_pings_between_them_stand_where_they_were_chosen() {
    // Two bytes in two fragments, split after the first; and a Ping with four bytes if the choice is 3.
    let choose = |between: &[u8]| {
        let bytes = [&[6, 2, 0xa, 0xb, 1, 1, 0, 0, 0, 0], between, &[0; 4]].concat();
        FrameStream::choose(Role::Client, &mut ByteSource::new(&bytes))
    };
    let stream = choose(&[2]);
    assert_eq!(stream.bytes, *b"\x02\x01\x0a\x80\x01\x0b");
    assert_eq!(stream.messages, [Message::Binary(vec![0xa, 0xb])]);
    let stream = choose(b"\x03ping\0\0\0\0");
    assert_eq!(stream.bytes, *b"\x02\x01\x0a\x89\x04ping\x80\x01\x0b");
    assert_eq!(stream.messages, [Message::Ping(b"ping".to_vec()), Message::Binary(vec![0xa, 0xb])]);
}

#[test]
fn a_broken_stream_has_a_byte_more_or_less_or_another_one() {
    let stream = || FrameStream::choose(Role::Client, &mut ByteSource::new(&EMPTY));
    assert_eq!(stream().bytes, [0x82, 0]);
    let broken = |choices: &[u8]| stream().broken(&mut ByteSource::new(choices)).bytes;
    assert_eq!(broken(&[1, 7, 0]), [0x82, 7, 0]);
    assert_eq!(broken(&[1, 7, 1]), [0x82]);
    assert_eq!(broken(&[1, 7, 2]), [0x82, 7]);
    // An empty stream has no bytes to remove.
    let nothing = || FrameStream::choose(Role::Client, &mut ByteSource::new(&[]));
    assert_eq!(nothing().broken(&mut ByteSource::new(&[0, 7, 1])).bytes, []);
    assert_eq!(nothing().broken(&mut ByteSource::new(&[0, 7, 0])).bytes, [7]);
}

#[test]
fn bytes_in_flight_are_counted_and_delivered() {
    let mut pair = Pair::new(client(), server());
    pair.call_second(|server, out| server.connection.send_ping(b"there?", out)).unwrap();
    assert_eq!(pair.in_flight(), (8, 0));
    assert!(!pair.deliver_to_second(5).unwrap());
    assert!(pair.deliver_to_first(5).unwrap());
    assert_eq!(pair.in_flight(), (3, 0));
    // The reply to the last message is delivered in another round.
    pair.settle(&mut ByteSource::new(&[])).unwrap();
    assert_eq!(pair.in_flight(), (0, 0));
    assert_eq!(pair.second().events, [Event::Pong(b"there?".into())]);
}

#[test]
fn the_choices_say_who_receives_first() {
    let both = || {
        let mut pair = Pair::new(client(), server());
        pair.call_first(|_, out| out.extend_from_slice(b"\xff\xff"));
        pair.call_second(|_, out| out.extend_from_slice(b"\xff\xff"));
        pair
    };
    // The first failure stops the run, so the other direction only has the Close of the failed end.
    let mut pair = both();
    assert!(pair.settle(&mut ByteSource::new(&[0, 63])).is_err());
    assert!(pair.first().error.is_some() && pair.second().error.is_none());
    let mut pair = both();
    assert!(pair.settle(&mut ByteSource::new(&[1, 63])).is_err());
    assert!(pair.first().error.is_none() && pair.second().error.is_some());
}

#[test]
fn nothing_is_not_delivered() {
    let mut pair = Pair::new(Recorder::new(client()), Recorder::new(server()));
    assert!(!pair.deliver_to_first(10).unwrap() && !pair.deliver_to_second(0).unwrap());
    assert!(pair.first().transcript().entries.is_empty() && pair.second().transcript().entries.is_empty());
}
