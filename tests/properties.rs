//! Properties of any stream, any split and any sequence of calls.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{
    BINARY, BINARY_FIRST, Bench, CLOSE, FINAL, MIDDLE, PING, PONG, Pair, TEXT, TEXT_FIRST, binary, close,
    closed, frame, key_to, ping, pong, text,
};
use proptest::{collection::vec, prelude::*, sample::select};
use sansocket::{
    CloseCode, Config, Delivery, Event, State,
    frame::{Header, MAX_HEADER_LEN, OpCode, Role, Rsv, mask},
    utf8::{Decoded, Decoder},
};

/// Any configuration, with limits that short streams can break.
fn configs() -> impl Strategy<Value = Config> {
    let delivery = prop_oneof![Just(Delivery::Messages), Just(Delivery::Chunks)];
    let limits = (select(vec![3, 20, 1 << 20]), select(vec![5, 40, 1 << 20]), select(vec![2, 100]));
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (delivery, limits, select(vec![2, u32::MAX]), flags).prop_map(
        |(delivery, (frame, message, fragments), controls, (pong, close, deliver, lenient))| {
            Config::new()
                .delivery(delivery)
                .max_frame_len(frame)
                .max_message_len(message)
                .max_fragments(fragments)
                .max_control_frames(controls)
                .auto_pong(pong)
                .auto_close(close)
                .deliver_while_closing(deliver)
                .allow_non_minimal_length(lenient)
        },
    )
}

fn roles() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Server), Just(Role::Client)]
}

/// Bytes that are valid text, or almost.
fn nearly_text() -> impl Strategy<Value = Vec<u8>> {
    let pieces = vec(
        prop_oneof![
            8 => "\\PC{0,6}".prop_map(String::into_bytes),
            2 => any::<char>().prop_map(|c| c.to_string().into_bytes()),
            1 => any::<char>().prop_map(|c| { let mut bytes = c.to_string().into_bytes(); bytes.pop(); bytes }),
            1 => vec(any::<u8>(), 1..3),
            1 => vec(0x80..0xf8_u8, 1..5),
            1 => Just(vec![b'a'; 70]),
        ],
        0..6,
    );
    pieces.prop_map(|pieces| pieces.concat())
}

/// Frames that are usually valid.
fn streams(role: Role) -> impl Strategy<Value = Vec<u8>> {
    let usual = vec![TEXT, TEXT_FIRST, BINARY, BINARY_FIRST, MIDDLE, FINAL, FINAL, PING, PONG];
    let first = prop_oneof![40 => select(usual), 1 => Just(CLOSE), 1 => any::<u8>()];
    let payload = prop_oneof![6 => "[a-zä€𝄞]{0,8}".prop_map(String::into_bytes), 1 => nearly_text()];
    let close = select(vec![&b""[..], b"\x03\xe8", b"\x03\xe8why", b"\x03\xed", b"\x0b\xb8\xe2\x82"]);
    let masked = prop_oneof![40 => Just(true), 1 => Just(false)];
    let single = (first, payload, close, masked).prop_map(move |(first, payload, body, as_it_should_be)| {
        let key = key_to(if as_it_should_be { role } else { other(role) });
        frame(first, key, if first == CLOSE { body } else { &payload })
    });
    // A message in progress is often ended, so that the order of fragments is usually valid.
    let message = vec("[a-zä€]{0,5}", 2..5).prop_map(move |pieces| {
        let last = pieces.len() - 1;
        let first_byte = |at: usize| match at {
            0 => TEXT_FIRST,
            at if at == last => FINAL,
            _ => MIDDLE,
        };
        let frames = pieces.iter().enumerate();
        frames.flat_map(|(at, piece)| frame(first_byte(at), key_to(role), piece.as_bytes())).collect()
    });
    vec(prop_oneof![2 => single, 1 => message], 0..8).prop_map(|frames: Vec<Vec<u8>>| frames.concat())
}

fn other(role: Role) -> Role {
    if role == Role::Server { Role::Client } else { Role::Server }
}

/// Split points within the stream.
fn cuts() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    vec(any::<prop::sample::Index>(), 0..12)
}

fn placed(cuts: &[prop::sample::Index], len: usize) -> Vec<usize> {
    cuts.iter().map(|cut| cut.index(len + 1)).collect()
}

/// In one read, split at some positions, split everywhere: the result is the same.
fn check_splits(bench: &Bench, stream: &[u8], cuts: &[prop::sample::Index]) {
    let whole = bench.run_cut(stream, &[]);
    assert_eq!(bench.run_cut(stream, &placed(cuts, stream.len())), whole);
    let everywhere: Vec<usize> = (1..stream.len()).collect();
    assert_eq!(bench.run_cut(stream, &everywhere), whole);
}

proptest! {
    #[test]
    fn random_bytes_give_the_same_however_they_are_cut(
        role in roles(),
        config in configs(),
        stream in vec(prop_oneof![any::<u8>(), select(vec![TEXT, FINAL, PING, 0x80, 0x81, 0xfe, 0])], 0..60),
        cuts in cuts(),
    ) {
        // R6455-10.1-a
        check_splits(&Bench::new(role).config(config).eof(), &stream, &cuts);
    }

    #[test]
    fn nearly_valid_streams_give_the_same_however_they_are_cut(
        (role, stream) in roles().prop_flat_map(|role| (Just(role), streams(role))),
        config in configs(),
        cuts in cuts(),
        damage in prop::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>())),
        closing in prop::option::weighted(0.3, any::<prop::sample::Index>()),
    ) {
        // R6455-2-a, R6455-6.2-1
        let mut stream = stream;
        if let Some((at, byte)) = damage && !stream.is_empty() {
            let at = at.index(stream.len());
            stream[at] ^= byte;
        }
        let mut bench = Bench::new(role).config(config).eof();
        if let Some(at) = closing {
            bench = bench.at(at.index(stream.len() + 1), |connection, out| {
                let state = connection.state();
                let result = connection.send_close(CloseCode::NORMAL, out);
                assert!(result.is_ok() || state != State::Open);
            });
        }
        check_splits(&bench, &stream, &cuts);
    }

    #[test]
    fn a_header_that_is_written_is_read_back(
        fin in any::<bool>(),
        rsv in select(vec![Rsv::NONE, Rsv::RSV1, Rsv::RSV2.with(Rsv::RSV3)]),
        opcode in select(vec![
            OpCode::Continuation, OpCode::Text, OpCode::Binary, OpCode::Close, OpCode::Ping, OpCode::Pong,
        ]),
        key in any::<Option<[u8; 4]>>(),
        payload_len in prop_oneof![0..200_u64, 65_000..66_000_u64, any::<u64>()],
        behind in vec(any::<u8>(), 0..20),
    ) {
        let header = Header { fin, rsv, opcode, mask: key, payload_len };
        let mut buf = [0; MAX_HEADER_LEN];
        let sound = payload_len < 1 << 63
            && (!opcode.is_control() || fin && payload_len <= 125)
            && !(opcode == OpCode::Close && payload_len == 1);
        match header.encode(&mut buf) {
            Err(_) => prop_assert!(!sound),
            Ok(bytes) => {
                prop_assert!(sound);
                let len = bytes.len();
                prop_assert_eq!(Header::decode(&[bytes, &behind].concat()), Ok(Some((header, len))));
            }
        }
    }

    #[test]
    fn any_bytes_that_are_a_header_are_written_back(bytes in vec(any::<u8>(), 0..16)) {
        if let Ok(Some((header, len))) = Header::decode(&bytes) {
            let mut buf = [0; MAX_HEADER_LEN];
            prop_assert_eq!(header.encode(&mut buf), Ok(&bytes[..len]));
        }
    }

    #[test]
    fn masking_in_pieces_is_masking_at_once(
        payload in vec(any::<u8>(), 0..5000), key in any::<[u8; 4]>(), cuts in cuts(),
    ) {
        let expected = common::masked(&payload, Some(key));
        let mut bytes = payload.clone();
        let mut at = 0;
        let mut cuts = placed(&cuts, payload.len());
        cuts.push(payload.len());
        cuts.sort_unstable();
        for cut in cuts {
            mask(&mut bytes[at..cut], key, at as u64);
            at = cut;
        }
        prop_assert_eq!(bytes, expected);
    }

    #[test]
    fn the_utf8_decoder_agrees_with_the_standard_library(bytes in nearly_text(), cuts in cuts()) {
        let (valid, fault) = match std::str::from_utf8(&bytes) {
            Ok(_) => (bytes.len(), None),
            Err(error) => {
                // After a valid lead byte, the offending byte is the first after its valid continuations.
                let valid = error.valid_up_to();
                let is_lead = matches!(bytes[valid], 0xc2..=0xf4);
                (valid, error.error_len().map(|len| if is_lead { valid + len } else { valid }))
            }
        };
        let mut decoder = Decoder::new();
        let mut decoded = String::new();
        let mut found = None;
        let mut at = 0;
        let mut cuts = placed(&cuts, bytes.len());
        cuts.push(bytes.len());
        cuts.sort_unstable();
        for cut in cuts {
            match decoder.decode(&bytes[at..cut]) {
                Ok(Decoded { first, rest }) => {
                    decoded.extend(first);
                    decoded.push_str(rest);
                }
                Err(error) => {
                    found = Some(at + error.index());
                    break;
                }
            }
            at = cut;
        }
        prop_assert_eq!(found, fault);
        if fault.is_none() {
            prop_assert_eq!(decoded.as_bytes(), &bytes[..valid]);
            prop_assert_eq!(decoder.is_complete(), valid == bytes.len());
        } else {
            prop_assert!(bytes[..valid].starts_with(decoded.as_bytes()));
        }
    }

    #[test]
    fn what_is_sent_is_received(
        calls in vec(calls(), 0..20), from_client in any::<bool>(), cut in 1..50_usize,
    ) {
        let mut pair = Pair::new(Config::new(), Config::new().auto_pong(false));
        let expected = {
            let sender = if from_client { &mut pair.client } else { &mut pair.server };
            let mut expected = Expected::default();
            for call in &calls {
                expected.call(call, &mut sender.connection, &mut sender.out);
            }
            expected.events
        };
        pair.settle(cut);
        let receiver = if from_client { &pair.server } else { &pair.client };
        prop_assert_eq!(&receiver.events, &expected);
        let closed = matches!(expected.last(), Some(Event::Close(_)));
        for end in [&pair.client, &pair.server] {
            prop_assert_eq!(end.error, None);
            let state = if closed { State::Draining } else { State::Open };
            prop_assert_eq!(end.connection.state(), state);
        }
    }
}

/// A call that sends.
#[derive(Clone, Debug)]
enum Call {
    Text(String),
    Binary(Vec<u8>),
    TextFragment(String, bool),
    BinaryFragment(Vec<u8>, bool),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

fn calls() -> impl Strategy<Value = Call> {
    let data = || vec(any::<u8>(), 0..300);
    let short = || vec(any::<u8>(), 0..=125);
    let close = (3000..5000_u16, "[a-zä€𝄞]{0,30}");
    prop_oneof![
        4 => "\\PC{0,60}".prop_map(Call::Text),
        4 => data().prop_map(Call::Binary),
        4 => ("\\PC{0,9}", any::<bool>()).prop_map(|(text, last)| Call::TextFragment(text, last)),
        4 => (data(), any::<bool>()).prop_map(|(data, last)| Call::BinaryFragment(data, last)),
        2 => short().prop_map(Call::Ping),
        2 => short().prop_map(Call::Pong),
        1 => prop::option::of(close).prop_map(Call::Close),
    ]
}

/// The events that the other end must receive.
#[derive(Default)]
struct Expected {
    events: Vec<Event<'static>>,
    text: Option<String>,
    binary: Option<Vec<u8>>,
    closed: bool,
}

impl Expected {
    fn call(&mut self, call: &Call, connection: &mut sansocket::Connection, out: &mut Vec<u8>) {
        let idle = self.text.is_none() && self.binary.is_none();
        let (result, allowed) = match call {
            Call::Text(text) => (connection.send_text(text, out), idle),
            Call::Binary(data) => (connection.send_binary(data, out), idle),
            Call::TextFragment(text, last) => {
                (connection.send_text_fragment(text, *last, out), self.binary.is_none())
            }
            Call::BinaryFragment(data, last) => {
                (connection.send_binary_fragment(data, *last, out), self.text.is_none())
            }
            Call::Ping(data) => (connection.send_ping(data, out), true),
            // A Pong may follow our own Close, but here its Ping would have had to arrive.
            Call::Pong(data) if !self.closed => (connection.send_pong(data, out), true),
            Call::Pong(_) => return,
            Call::Close(None) => (connection.send_close(None, out), true),
            Call::Close(Some((code, reason))) => {
                let reason: String = reason.chars().take(30).collect();
                (connection.send_close(close(*code, &reason).into_owned(), out), true)
            }
        };
        assert_eq!(result.is_ok(), allowed && !self.closed, "{call:?}: {result:?}");
        if result.is_err() {
            return;
        }
        let event = match call {
            Call::Text(data) => Some(text(data)),
            Call::Binary(data) => Some(binary(data)),
            Call::TextFragment(data, last) => {
                self.text.get_or_insert_default().push_str(data);
                last.then(|| text(&self.text.take().unwrap()))
            }
            Call::BinaryFragment(data, last) => {
                self.binary.get_or_insert_default().extend_from_slice(data);
                last.then(|| binary(&self.binary.take().unwrap()))
            }
            Call::Ping(data) => Some(ping(data)),
            Call::Pong(data) => Some(pong(data)),
            Call::Close(close) => {
                self.closed = true;
                Some(close.as_ref().map_or(Event::Close(None), |(code, reason)| closed(*code, reason)))
            }
        };
        self.events.extend(event);
    }
}
