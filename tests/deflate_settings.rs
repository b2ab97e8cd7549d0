//! The effect of the settings of permessage-deflate on sent messages.
#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fmt::Write as _;

use common::{deflate::with_takeover, prose};
use sansocket::{
    Connection, Input, client,
    deflate::{Config, WindowBits},
    handshake::HandshakeLimits,
    server,
};

/// A server that compresses like this, and its client.
fn pair(config: Config) -> (Connection, Connection) {
    let request = client::Request::new("ws://h/").unwrap().deflate(Config::new());
    let (mut wire, mut answer) = (Vec::new(), Vec::new());
    let mut handshake = client::Handshake::new(&request, [7; 32], &mut wire).unwrap();
    let asked =
        server::Handshake::new(HandshakeLimits::new()).receive(&mut Input::new(&mut wire), &mut answer);
    let server = asked.unwrap().unwrap().accept(server::Accept::new().deflate(config), &mut answer).unwrap();
    let (client, _) = handshake.receive(&mut Input::new(&mut answer)).unwrap().unwrap();
    (server, client)
}

/// The number of bytes that a text takes on the wire.
fn sent(config: Config, text: &str) -> usize {
    let mut out = Vec::new();
    pair(config).0.send_text(text, &mut out).unwrap();
    out.len()
}

#[test]
fn presets_have_the_documented_settings() {
    let base = Config::new();
    assert_eq!(Config::best_speed(), base.level(1).min_len(256));
    assert_eq!(Config::best_compression(), with_takeover().level(9).memory_level(9).min_len(16));
    let bits = WindowBits::new(10).unwrap();
    let small = base.level(3).memory_level(2).min_len(256).send_window(bits).receive_window(bits);
    assert_eq!(Config::low_memory(), small.send_context_takeover(false).receive_context_takeover(false));
    assert_eq!(base, base.level(6).memory_level(8).min_len(64));
}

#[test]
fn levels_are_brought_into_their_range_and_no_two_are_alike() {
    let base = Config::new();
    assert_eq!(base.level(10), base.level(9));
    assert_eq!(base.level(255), base.level(9));
    assert_eq!((base.memory_level(0), base.memory_level(10)), (base.memory_level(1), base.memory_level(9)));
    for level in 0..9 {
        assert_ne!(base.level(level), base.level(level + 1));
        assert_eq!(base.memory_level(level) == base.memory_level(level + 1), level == 0);
    }
}

#[test]
fn a_higher_level_makes_less_of_a_text_and_level_0_does_not_compress() {
    let mut text = String::new();
    for number in 0..3000_u32 {
        let _ = write!(text, "{} {}, ", number.wrapping_mul(2_654_435_761) % 1000, prose(4));
    }
    let [none, fast, best] = [0, 1, 9].map(|level| sent(Config::new().level(level), &text));
    assert!(none > text.len() && none > fast && fast > best, "{none} {fast} {best}");
}

#[test]
fn the_sending_half_continues_with_the_window_of_the_connection() {
    let (mut server, mut client) = pair(with_takeover());
    let (text, mut first, mut second) = (prose(2000), Vec::new(), Vec::new());
    // The message has no repetition in itself, so only the window can make it short.
    let text = text.chars().enumerate().fold(String::new(), |mut all, (i, c)| {
        let _ = write!(all, "{}{c}", i * 7919 % 9973);
        all
    });
    server.send_text(&text, &mut first).unwrap();
    let (_, mut sending) = server.split();
    sending.send_text(&text, &mut second).unwrap();
    assert!(second.len() < first.len() / 10, "{} and then {}", first.len(), second.len());
    for mut wire in [first, second] {
        let event = client.receive(&mut Input::new(&mut wire), &mut Vec::new()).unwrap();
        assert_eq!(event, Some(sansocket::Event::Text((&*text).into())));
    }
}

#[test]
fn debug_shows_negotiated_parameters_and_no_data() {
    let (mut server, _) = pair(with_takeover());
    server.send_text(&"secret ".repeat(100), &mut Vec::new()).unwrap();
    let shown = format!("{server:?}");
    assert!(shown.contains("has_context: true") && shown.contains("WindowBits(15)"), "{shown}");
    assert!(shown.contains("Decompressor {") && !shown.contains("secret"), "{shown}");
    let said = sansocket::deflate::NegotiationError::NotOffered.to_string();
    assert!(said.contains("not offered"), "{said}");
}
