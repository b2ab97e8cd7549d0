//! Properties of any head, generated from the grammar or damaged: in one read, split, and byte by byte.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/handshake.rs"]
mod common;

use common::{Head, connect, opened, response, serve};
use proptest::{collection::vec, prelude::*, sample::select};
use sansocket::{
    client,
    handshake::{HandshakeError, HandshakeLimits},
};

/// A token of RFC 9110.
fn token() -> impl Strategy<Value = String> {
    "[!#$%&'*+.^_`|~0-9a-zA-Z-]{1,12}"
}

/// Optional white space.
fn space() -> impl Strategy<Value = &'static str> {
    select(vec!["", " ", "  ", "\t", " \t "])
}

/// A header name without a meaning in the handshake, and any valid value.
fn header() -> impl Strategy<Value = (String, Vec<u8>)> {
    let byte = prop_oneof![8 => 0x20..0x7f_u8, 1 => 0x80..=0xff_u8, 1 => Just(b'\t')];
    ("x-[a-z0-9]{1,10}", vec(byte, 0..30)).prop_map(|(name, value)| (name, value.trim_ascii().to_vec()))
}

/// An element of Sec-WebSocket-Extensions, with parameters of every form.
fn extension() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        2 => Just(String::new()),
        2 => token().prop_map(|value| format!("={value}")),
        1 => (space(), token()).prop_map(|(space, value)| format!("{space}={space}\"{value}\"")),
    ];
    let parameter =
        (space(), token(), value).prop_map(|(space, name, value)| format!("{space};{space}{name}{value}"));
    (token(), vec(parameter, 0..3)).prop_map(|(name, parameters)| name + &parameters.concat())
}

/// The parts of a request that is in order: headers, subprotocols, extensions, and how the headers are
/// ordered.
type Parts = (Vec<(String, Vec<u8>)>, Vec<String>, Vec<String>, u64);

fn parts() -> impl Strategy<Value = Parts> {
    let subprotocols = prop::collection::btree_set(token(), 0..4).prop_map(|set| set.into_iter().collect());
    (vec(header(), 0..6), subprotocols, vec(extension(), 0..4), any::<u64>())
}

fn head((headers, subprotocols, extensions, order): &Parts) -> Head {
    let mut head = headers.iter().fold(Head::request(), |head, (name, value)| head.add(name, value));
    for subprotocol in subprotocols {
        head = head.add("Sec-WebSocket-Protocol", subprotocol);
    }
    if !extensions.is_empty() {
        head = head.add("sec-websocket-EXTENSIONS", extensions.join(" ,\t"));
    }
    // Any order is valid, except among lines of one name.
    let count = head.headers.len();
    head.headers.rotate_left(usize::try_from(order % 5).unwrap().min(count));
    head
}

/// One byte of a head is another one, is gone, or is there twice.
fn damaged(mut bytes: Vec<u8>, at: prop::sample::Index, kind: u8, byte: u8) -> Vec<u8> {
    let at = at.index(bytes.len());
    match kind % 3 {
        0 => bytes[at] = byte,
        1 => drop(bytes.remove(at)),
        _ => bytes.insert(at, byte),
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_request_of_the_grammar_is_accepted(parts in parts()) {
        // `opened` runs the request in one read, split at every position, and byte by byte.
        let (headers, subprotocols, extensions, _) = &parts;
        let seen = opened(&head(&parts).bytes());
        prop_assert_eq!(seen.subprotocols.iter().collect::<std::collections::BTreeSet<_>>().len(), subprotocols.len());
        prop_assert_eq!(seen.extensions.len(), extensions.len());
        for (name, value) in headers {
            prop_assert!(seen.headers.contains(&(name.clone(), value.clone())), "{}", name);
        }
    }

    #[test]
    fn a_damaged_request_gives_the_same_however_it_is_cut(
        parts in parts(), at in any::<prop::sample::Index>(), kind in any::<u8>(), byte in any::<u8>(),
    ) {
        let bytes = damaged(head(&parts).bytes(), at, kind, byte);
        let run = serve(&bytes, HandshakeLimits::new());
        // A rejection contains no byte of the request.
        if let Err(error) = run.result {
            let line = format!("HTTP/1.1 {} ", error.status().unwrap());
            prop_assert!(run.out.starts_with(line.as_bytes()));
        }
    }

    #[test]
    fn a_damaged_response_gives_the_same_however_it_is_cut(
        headers in vec(header(), 0..4), at in any::<prop::sample::Index>(), kind in any::<u8>(), byte in any::<u8>(),
    ) {
        let request = client::Request::new("ws://h/").unwrap();
        let head = headers.iter().fold(response(), |head, (name, value)| head.add(name, value));
        let whole = connect(&request, &head.bytes());
        prop_assert!(whole.result.is_ok_and(|response| response.is_some()));
        let run = connect(&request, &damaged(head.bytes(), at, kind, byte));
        if let Err(client::Error::Handshake(error)) = run.result {
            prop_assert_ne!(error, HandshakeError::AlreadyComplete);
        }
    }
}
