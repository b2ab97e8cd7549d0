//! Our client against our server, in every version, with the bytes split everywhere.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::legacy::{SEED, all};
use sansocket::{
    CloseCode, Event, Initiator, Input, State,
    client::Request,
    handshake::HandshakeLimits,
    legacy::{self, Connection, Version},
    server::Accept,
};

const VERSIONS: [Version; 5] =
    [Version::Hixie75, Version::Hixie76, Version::Hybi7, Version::Hybi8, Version::Rfc6455];

/// Splits bytes in flight into pieces of a size.
fn pieces(bytes: &[u8], size: usize) -> impl Iterator<Item = Vec<u8>> {
    bytes.chunks(size).map(<[u8]>::to_vec)
}

/// Opens a connection, with all bytes in pieces of this size. Frames that the client sent early are received
/// too.
fn open(version: Version, seed: [u8; 32], size: usize) -> (Connection, Connection) {
    open_with(Request::new("wss://example.com/chat?a").unwrap(), version, seed, size)
}

fn open_with(request: Request, version: Version, seed: [u8; 32], size: usize) -> (Connection, Connection) {
    let request = request.origin("https://a.example").subprotocol("chat");
    let (mut sent, mut answered) = (Vec::new(), Vec::new());
    let mut client = legacy::client::Handshake::new(&request, version, seed, &mut sent).unwrap();
    let mut server = legacy::server::Handshake::new(HandshakeLimits::new(), all());
    let mut accepted = None;
    for mut piece in pieces(&sent, size) {
        let request = server.receive(&mut Input::new(&mut piece), &mut answered).unwrap();
        if let Some(request) = request {
            assert_eq!((request.version(), request.origin()), (version, Some("https://a.example")));
            let accept = Accept::new().subprotocol("chat");
            accepted = Some(request.secure(true).accept(accept, &mut answered).unwrap());
        }
    }
    let mut opened = None;
    for mut piece in pieces(&answered, size) {
        opened = opened.or(client.receive(&mut Input::new(&mut piece)).unwrap());
    }
    (opened.unwrap().0, accepted.unwrap())
}

/// Passes bytes on, and returns their events.
fn exchange(bytes: &mut Vec<u8>, to: &mut Connection, out: &mut Vec<u8>, size: usize) -> Vec<Event<'static>> {
    let mut events = Vec::new();
    for mut piece in pieces(&std::mem::take(bytes), size) {
        let mut input = Input::new(&mut piece);
        while let Some(event) = to.receive(&mut input, out).unwrap() {
            events.push(event.into_owned());
        }
    }
    events
}

/// L12: messages and closing, from either end.
#[test]
fn client_and_server_understand_each_other() {
    for version in VERSIONS {
        for size in [1, 2, 3, 7, 16, 1000] {
            for client_closes in [true, false] {
                let (client, server) = open(version, SEED, size);
                let (mut first, mut second) = if client_closes { (client, server) } else { (server, client) };
                let (mut there, mut back) = (Vec::new(), Vec::new());
                for message in ["Hello", "", "Grüße \0 𝄞"] {
                    first.send_text(message, &mut there).unwrap();
                    second.send_text(message, &mut back).unwrap();
                }
                let expected = ["Hello", "", "Grüße \0 𝄞"].map(common::text);
                assert_eq!(exchange(&mut there, &mut second, &mut back, size), expected);
                assert_eq!(exchange(&mut back, &mut first, &mut there, size), expected);

                first.send_close(CloseCode::NORMAL, &mut there).unwrap();
                let closes = usize::from(version != Version::Hixie75);
                assert_eq!(exchange(&mut there, &mut second, &mut back, size).len(), closes);
                assert_eq!(exchange(&mut back, &mut first, &mut there, size).len(), closes);
                for (end, initiator) in [(&mut first, Initiator::Local), (&mut second, Initiator::Remote)] {
                    assert_eq!(end.receive_eof(), Ok(()), "{version:?}");
                    let outcome = end.close_outcome().unwrap();
                    assert!(outcome.clean && outcome.initiator == initiator && outcome.error.is_none());
                    assert_eq!(outcome.code == 1000, closes == 1 && version != Version::Hixie76);
                    assert_eq!(end.state(), State::Closed);
                }
                assert!(there.is_empty() && back.is_empty());
            }
        }
    }
}

/// L15, H76-b: the challenge of every seed is understood.
#[test]
fn every_challenge_is_answered() {
    for seed in 0..500_u16 {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&seed.to_le_bytes());
        open(Version::Hixie76, bytes, 1000);
    }
}

/// The server names the location by the host that the request names.
#[test]
fn a_request_can_name_another_host() {
    for version in VERSIONS {
        for size in [1, 1000] {
            let request = Request::new("wss://127.0.0.1:8080/chat").unwrap().host("example.com:81");
            open_with(request, version, SEED, size);
        }
    }
}

/// Two paths to the same protocol: what serves all versions serves the current one as before.
#[test]
fn a_current_client_reaches_a_server_of_all_versions() {
    let request = Request::new("ws://a/").unwrap();
    let (mut sent, mut answered) = (Vec::new(), Vec::new());
    let mut client = sansocket::client::Handshake::new(&request, SEED, &mut sent).unwrap();
    let mut server = legacy::server::Handshake::new(HandshakeLimits::new(), all());
    let request = server.receive(&mut Input::new(&mut sent), &mut answered).unwrap().unwrap();
    let connection = request.accept(Accept::new(), &mut answered).unwrap();
    assert_eq!(connection.version(), Version::Rfc6455);
    assert!(client.receive(&mut Input::new(&mut answered)).unwrap().is_some());
}
