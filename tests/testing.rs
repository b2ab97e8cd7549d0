//! The testing tools: they find errors, and only errors.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../examples/chat_properties.rs"]
#[allow(dead_code, unreachable_pub, reason = "it is a program of its own")]
mod chat;
mod common;
#[path = "common/room.rs"]
mod room;

use common::{closed, noise, text};
use proptest::{collection::vec, prelude::*};
use sansocket::{
    CloseCode, Config, Connection, Event, Input, ProtocolError, State,
    frame::Role,
    testing::{
        ByteSource, Endpoint, EventCollector, FrameStream, Message, Pair, Recorder, TranscriptEntry,
        check_splits,
    },
};

fn client() -> EventCollector {
    EventCollector::new(Connection::client(Config::new(), [7; 32]))
}

fn server() -> EventCollector {
    EventCollector::new(Connection::server(Config::new()))
}

fn endpoint(role: Role) -> EventCollector {
    if role == Role::Server { server() } else { client() }
}

proptest! {
    #[test]
    fn the_chat_is_in_order(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(chat::every_message_comes_back(&bytes, false), Ok(()));
        prop_assert_eq!(chat::cuts_make_no_difference(&bytes, false), Ok(()));
    }

    #[test]
    fn the_chat_room_is_in_order(bytes in vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(room::a_room_hears_everything(&bytes, false), Ok(()));
    }

    #[test]
    fn streams_in_order_bring_their_messages(bytes in vec(any::<u8>(), 0..400), is_server in any::<bool>()) {
        let role = if is_server { Role::Server } else { Role::Client };
        let mut choices = ByteSource::new(&bytes);
        let stream = FrameStream::choose(role, &mut choices);
        let mut receiver = endpoint(role);
        prop_assert_eq!(receiver.receive(&mut Input::new(&mut stream.bytes.clone()), &mut Vec::new()), Ok(()));
        let expected: Vec<Event<'_>> = stream.messages.iter().map(Message::event).collect();
        prop_assert_eq!(&receiver.events, &expected);

        let broken = stream.broken(&mut ByteSource::new(&noise(4)));
        let cuts = [broken.bytes.len() / 2, broken.bytes.len() / 3];
        let checked = check_splits(|| endpoint(role), &broken.bytes, &cuts, |end| (end.events.clone(), end.connection.state()));
        prop_assert_eq!(checked, Ok(()));
    }

    #[test]
    fn a_pair_loses_nothing(bytes in vec(any::<u8>(), 0..100), data in vec(vec(any::<u8>(), 0..300), 0..5)) {
        let mut pair = Pair::new(client(), server());
        for data in &data {
            pair.call_first(|client, out| client.connection.send_binary(data, out)).unwrap();
            pair.call_second(|server, out| server.connection.send_binary(data, out)).unwrap();
        }
        pair.settle(&mut ByteSource::new(&bytes)).unwrap();
        let expected: Vec<Event<'_>> = data.iter().map(|data| Event::Binary(data.into())).collect();
        prop_assert_eq!(&pair.first().events, &expected);
        prop_assert_eq!(&pair.second().events, &expected);
        prop_assert_eq!(pair.in_flight(), (0, 0));
    }
}

#[test]
fn a_planted_bug_is_found() {
    let found = |check: fn(&[u8], bool) -> Result<(), String>| {
        (0..200_usize).find_map(|from| check(&noise(300)[from..from + 64], true).err())
    };
    let lost = found(chat::every_message_comes_back).unwrap();
    assert!(lost.contains("came back") && lost.contains("received "), "{lost}");
    let cut = found(chat::cuts_make_no_difference).unwrap();
    assert!(cut.contains("byte by byte: what was sent is"), "{cut}");
}

#[test]
fn a_transport_closes_at_the_given_position() {
    for len in 0..20 {
        let mut pair = Pair::new(client(), server());
        pair.call_first(|client, out| client.connection.send_text("Hello", out)).unwrap();
        pair.call_first(|client, out| client.connection.send_close(CloseCode::NORMAL, out)).unwrap();
        pair.cut_off_second(len);
        let result = pair.settle(&mut ByteSource::new(&[]));
        // The text has 11 bytes, the Close 8.
        let (events, early) = match len {
            0..11 => (vec![], true),
            11..19 => (vec![text("Hello")], true),
            _ => (vec![text("Hello"), closed(1000, "")], false),
        };
        assert_eq!(result, if early { Err(ProtocolError::UnexpectedEof) } else { Ok(()) }, "{len}");
        assert_eq!(pair.second().events, events);
        assert_eq!(pair.second().connection.state(), State::Closed);
        assert!(!pair.deliver_to_second(100).unwrap(), "nothing comes after the end");
    }
    let mut pair = Pair::new(client(), server());
    pair.cut_off_first(0);
    assert_eq!(pair.deliver_to_first(1), Err(ProtocolError::UnexpectedEof));
    assert_eq!(pair.first().connection.state(), State::Closed);
}

#[test]
fn a_transcript_is_read_and_replayed() {
    let mut recorder = Recorder::new(client());
    let mut out = Vec::new();
    recorder.call("say Hi", &mut out, |client, out| client.connection.send_text("Hi", out)).unwrap();
    let mut read = *b"\x81\x02Yo\x89\x00";
    recorder.receive(&mut Input::new(&mut read), &mut out).unwrap();
    assert_eq!(recorder.receive_eof(&mut out), Err(ProtocolError::UnexpectedEof));
    let transcript = recorder.transcript().clone();
    assert_eq!(transcript.entries.len(), 3);
    assert!(
        matches!(&transcript.entries[0], TranscriptEntry::Called { name, sent } if name == "say Hi" && sent.len() == 8)
    );
    let shown = transcript.to_string();
    assert!(shown.starts_with("called   say Hi\n  sent   \\x81\\x82"), "{shown}");
    assert!(shown.contains("\nreceived \\x81\\x02Yo\\x89\\x00\n  sent   \\x8a\\x80"), "{shown}");
    assert!(shown.ends_with("ended\n  error  connection closed without a closing handshake\n"), "{shown}");

    let say = |client: &mut EventCollector, name: &str, out: &mut Vec<u8>| {
        client.connection.send_text(name.trim_start_matches("say "), out).unwrap();
    };
    assert_eq!(transcript.replay(client(), say).unwrap().events, recorder.endpoint().events);
    // Another seed gives another masking key.
    let other = EventCollector::new(Connection::client(Config::new(), [8; 32]));
    assert!(transcript.replay(other, say).unwrap_err().to_string().starts_with("entry 0: "));
}

/// An endpoint whose behavior depends on the split of its input, which it must not.
struct Counter(usize);

impl Endpoint for Counter {
    type Error = ProtocolError;

    fn receive(&mut self, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        self.0 += 1;
        let read = input.take_all();
        if read.contains(&b'!') {
            out.push(b'.');
        }
        if read.ends_with(b"?") { Err(ProtocolError::InvalidUtf8) } else { Ok(()) }
    }

    fn receive_eof(&mut self, _: &mut Vec<u8>) -> Result<(), ProtocolError> {
        if self.0 > 3 { Err(ProtocolError::UnexpectedEof) } else { Ok(()) }
    }
}

#[test]
fn each_kind_of_difference_is_reported() {
    let check = |bytes: &[u8], cuts: &[usize]| check_splits(|| Counter(0), bytes, cuts, |counter| counter.0);
    for (bytes, cuts, expected) in [
        (&b"a!!"[..], &[][..], "byte by byte: what was sent is"),
        (b"a?b", &[], "byte by byte: the error is"),
        (b"abcd", &[], "byte by byte: what the end led to is"),
        (b"ab", &[], "byte by byte: what was seen is 2, and 1"),
        (b"a", &[0], "in pieces, split at [0]: what was seen is 2, and 1"),
    ] {
        let difference = check(bytes, cuts).unwrap_err().to_string();
        assert!(difference.starts_with(expected), "{difference}");
    }
    assert_eq!(check(b"a", &[]), Ok(()));
}

#[test]
fn choices_end_with_the_first() {
    let mut choices = ByteSource::new(&[7, 3, 1, 2, 9]);
    assert_eq!((choices.below(5), choices.flag(), choices.below(1000)), (2, true, 258));
    assert_eq!((choices.take(9), choices.is_empty()), (&[9][..], true));
    assert_eq!((choices.byte(), choices.below(7), choices.below(0), choices.flag()), (0, 0, 0, false));
}
