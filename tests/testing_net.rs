//! A hub and its clients: the links fail as requested, and in no other way.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "common/room.rs"]
mod room;

use room::{Room, a_room_hears_everything};
use sansocket::{
    Config, Connection, Event, ProtocolError, State,
    testing::{ByteSource, EventCollector, Net},
};

type ChatNet = Net<Room, EventCollector>;

/// A room with clients that have said their names.
fn room(count: usize) -> ChatNet {
    let client = |_| EventCollector::new(Connection::client(Config::new(), [7; 32]));
    let mut net = Net::new(Room::new(count, false), (0..count).map(client));
    (0..count).for_each(|peer| say(&mut net, peer, &format!("client {peer}")));
    net.settle(&mut ByteSource::new(&[]));
    net
}

fn say(net: &mut ChatNet, peer: usize, text: &str) {
    net.call_client(peer, |client, out| client.connection.send_text(text, out)).unwrap().unwrap();
}

/// The number of messages that each client has heard.
fn heard(net: &ChatNet) -> Vec<usize> {
    net.clients()
        .map(|client| client.events.iter().filter(|event| matches!(event, Event::Text(_))).count())
        .collect()
}

fn settle(net: &mut ChatNet) {
    net.settle(&mut ByteSource::new(&[1, 0, 3, 2, 1, 9, 0, 1, 40]));
}

#[test]
fn a_message_of_one_reaches_all() {
    let mut net = room(3);
    say(&mut net, 1, "hello");
    settle(&mut net);
    assert_eq!(heard(&net), [1, 1, 1]);
    assert_eq!(net.clients().next().unwrap().events, [Event::Text("client 1: hello".into())]);
    assert!((0..3).all(|peer| net.client_error(peer).is_none() && net.hub_error(peer).is_none()));
}

#[test]
fn a_stalled_link_holds_its_bytes_until_it_goes_on() {
    let mut net = room(3);
    net.stall(2);
    say(&mut net, 0, "one");
    say(&mut net, 2, "two");
    settle(&mut net);
    assert_eq!(heard(&net), [1, 1, 0]);
    assert!(!net.deliver_to_client(2, 1) && !net.deliver_to_hub(2, 1));
    net.resume(2);
    settle(&mut net);
    assert_eq!(heard(&net), [2, 2, 2]);
}

#[test]
fn a_link_that_ends_delivers_what_is_in_flight_and_then_the_end() {
    let mut net = room(2);
    say(&mut net, 0, "last words");
    net.end(0);
    settle(&mut net);
    assert_eq!(heard(&net), [0, 1]);
    assert_eq!(net.hub_error(0), Some(&ProtocolError::UnexpectedEof));
    assert_eq!(net.client_error(0), Some(&ProtocolError::UnexpectedEof));
    say(&mut net, 1, "still here");
    settle(&mut net);
    assert_eq!((heard(&net), net.hub_error(1), net.client_error(1)), (vec![0, 2], None, None));
}

#[test]
fn a_link_that_is_cut_off_loses_what_comes_later() {
    let mut net = room(2);
    say(&mut net, 0, "long enough to be cut off");
    net.cut_off(0, 5);
    settle(&mut net);
    assert_eq!(heard(&net), [0, 0]);
    assert_eq!(net.hub_error(0), Some(&ProtocolError::UnexpectedEof));
}

/// A failure of the hub for one peer reaches the peer, and ends the link.
#[test]
fn a_violation_ends_one_link_with_its_close() {
    let mut net = room(2);
    net.call_client(0, |_, out| out.extend_from_slice(b"\xff\xff")).unwrap();
    settle(&mut net);
    assert!(net.hub_error(0).is_some());
    let client = net.clients().next().unwrap();
    let outcome = client.connection.close_outcome().unwrap();
    assert_eq!(outcome.code, 1002);
    assert_eq!(net.clients().nth(1).unwrap().connection.state(), State::Open);
}

#[test]
fn calls_without_a_client_do_nothing() {
    let mut net = room(0);
    assert!(net.call_client(0, |_, _| ()).is_none());
    assert!(!net.deliver_to_hub(0, 9) && !net.deliver_to_client(0, 9));
    net.end(0);
    net.cut_off(0, 1);
    assert_eq!(net.disturb(&mut ByteSource::new(&[7, 7])), 0);
    settle(&mut net);
    assert_eq!((net.client_error(0), net.hub_error(0)), (None, None));
    assert_eq!(net.call_hub(|_, out| out.len()), 0);
}

#[test]
fn the_same_bytes_make_the_same_run() {
    let bytes: Vec<u8> = (0..200_u8).map(|byte| byte.wrapping_mul(151)).collect();
    let run = || {
        let mut net = room(4);
        let mut choices = ByteSource::new(&bytes);
        for round in 0..20 {
            let peer = net.disturb(&mut choices);
            let text = round.to_string();
            net.call_client((peer + 1) % 4, |client, out| _ = client.connection.send_text(&text, out));
        }
        net.settle(&mut choices);
        format!("{net:?}")
    };
    assert_eq!(run(), run());
}

#[test]
fn the_planted_bug_is_found_by_a_room() {
    let found = (0..100_u8).any(|seed| {
        let bytes: Vec<u8> = (0..150_u8).map(|at| at.wrapping_mul(37) ^ seed.wrapping_mul(91)).collect();
        assert_eq!(a_room_hears_everything(&bytes, false), Ok(()));
        a_room_hears_everything(&bytes, true).is_err()
    });
    assert!(found);
}
