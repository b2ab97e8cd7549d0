//! Compressed messages are inflated to the original data, with any settings and split points, here and by the
//! C library zlib.
#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{
    FINAL, MIDDLE, PING, PONG,
    deflate::{COMPRESSED_BINARY, COMPRESSED_BINARY_FIRST, Zlib, agree, json, receive_all, window},
    noise, sent, to,
};
use proptest::{collection::vec, prelude::*, sample::select};
use sansocket::{
    Config, Connection, Delivery, Event,
    deflate::{self, Compress},
    frame::Role,
};

fn roles() -> impl Strategy<Value = Role> {
    select(vec![Role::Server, Role::Client])
}

fn deliveries() -> impl Strategy<Value = Delivery> {
    select(vec![Delivery::Messages, Delivery::Chunks])
}

fn configs() -> impl Strategy<Value = deflate::Config> {
    let windows = (8..=15_u8, 8..=15_u8);
    (0..=9_u8, 1..=9_u8, windows, any::<(bool, bool)>(), select(vec![0, 64, 1000])).prop_map(
        |(level, memory_level, (send, receive), (ours, theirs), min_len)| {
            deflate::Config::new()
                .level(level)
                .memory_level(memory_level)
                .send_window(window(send))
                .receive_window(window(receive))
                .send_context_takeover(ours)
                .receive_context_takeover(theirs)
                .min_len(min_len)
        },
    )
}

/// Data that compresses well, badly, and by references to much earlier data.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let len = prop_oneof![6 => 0..300_usize, 2 => 4000..5000_usize, 1 => 30_000..50_000_usize];
    prop_oneof![
        1 => vec(any::<u8>(), 0..200),
        2 => len.clone().prop_map(noise),
        3 => (len.clone(), 0..4_u64).prop_map(|(len, seed)| json(len + 2, seed).into_bytes()),
        1 => (len.clone(), any::<u8>()).prop_map(|(len, byte)| vec![byte; len]),
        1 => (len, 1..7_usize).prop_map(|(len, period)| noise(period).into_iter().cycle().take(len).collect()),
    ]
}

/// A message in fragments.
type Message = Vec<Vec<u8>>;

fn messages() -> impl Strategy<Value = Vec<Message>> {
    let message = prop_oneof![
        3 => data().prop_map(|data| vec![data]),
        1 => (data(), 1..4000_usize).prop_map(|(data, size)| {
            let mut pieces: Message = data.chunks(size.max(data.len() / 8)).map(<[u8]>::to_vec).collect();
            pieces.insert(pieces.len() / 2, Vec::new());
            pieces
        }),
    ];
    vec(message, 1..8)
}

fn connection(role: Role, config: Config) -> Connection {
    match role {
        Role::Server => Connection::server(config),
        Role::Client => Connection::client(config, [5; 32]),
    }
}

/// The received messages, reassembled or in chunks, and the number of Pings.
fn received(events: &[Event<'_>]) -> (Vec<Vec<u8>>, usize) {
    let (mut messages, mut open, mut pings) = (Vec::new(), Vec::new(), 0);
    for event in events {
        match event {
            Event::Binary(data) => messages.push(data.to_vec()),
            Event::BinaryChunk { data, last } => {
                open.extend_from_slice(data);
                if *last {
                    messages.push(std::mem::take(&mut open));
                }
            }
            Event::Ping(_) => pings += 1,
            event => unreachable!("{event:?}"),
        }
    }
    (messages, pings)
}

fn whole(messages: &[Message]) -> Vec<Vec<u8>> {
    messages.iter().map(|message| message.concat()).collect()
}

/// Sends each message, unfragmented or in its fragments, with a Ping after each fragment but the last.
fn send_all(sender: &mut Connection, messages: &[Message], choices: &[Compress]) -> (Vec<u8>, usize) {
    let (mut out, mut pings) = (Vec::new(), 0);
    for (message, choice) in messages.iter().zip(choices.iter().cycle()) {
        sender.compress_next(*choice);
        let Some((last, first)) = message.split_last() else { continue };
        if first.is_empty() {
            sender.send_binary(last, &mut out).unwrap();
            continue;
        }
        for fragment in first {
            sender.send_binary_fragment(fragment, false, &mut out).unwrap();
            sender.send_ping(b"between", &mut out).unwrap();
            pings += 1;
        }
        sender.send_binary_fragment(last, true, &mut out).unwrap();
    }
    (out, pings)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_one_end_sends_the_other_receives(
        (ours, theirs) in (configs(), configs()),
        role in roles(),
        delivery in deliveries(),
        messages in messages(),
        choices in vec(select(vec![Compress::Default, Compress::Always, Compress::Never]), 1..5),
        cut in prop_oneof![1..100_usize, 1000..100_000_usize],
    ) {
        let (server, client) = agree(ours, theirs);
        let server = connection(Role::Server, Config::new().deflate(server).delivery(delivery));
        let client = connection(Role::Client, Config::new().deflate(client).delivery(delivery));
        let (mut sender, mut receiver) = if role == Role::Server { (server, client) } else { (client, server) };
        let (mut out, pings) = send_all(&mut sender, &messages, &choices);
        let events = receive_all(&mut receiver, &mut out, cut);
        prop_assert!(received(&events) == (whole(&messages), pings));
    }

    #[test]
    fn what_zlib_compresses_is_received(
        role in roles(),
        delivery in deliveries(),
        (level, bits, takeover) in (0..=9_u32, 9..=15_u8, any::<bool>()),
        messages in messages(),
        plain in vec(any::<bool>(), 1..5),
        cut in prop_oneof![1..100_usize, 1000..100_000_usize],
    ) {
        let ours = deflate::Config::new().receive_window(window(bits)).receive_context_takeover(takeover);
        let config = common::deflate::with(role, ours).delivery(delivery);
        let mut peer = Zlib::new(level, bits, takeover);
        let mut stream = Vec::new();
        let mut pings = 0;
        for (message, plain) in messages.iter().zip(plain.iter().cycle()) {
            let last = message.len() - 1;
            for (at, fragment) in message.iter().enumerate() {
                let begins = if last == 0 { COMPRESSED_BINARY } else { COMPRESSED_BINARY_FIRST };
                let first = match at {
                    0 if *plain => begins & 0xbf,
                    0 => begins,
                    at if at == last => FINAL,
                    _ => MIDDLE,
                };
                let payload = if *plain { fragment.clone() } else { peer.compress(fragment, at == last) };
                stream.extend(to(role, first, &payload));
                if at < last {
                    stream.extend(to(role, PING, b""));
                    pings += 1;
                }
            }
        }
        let events = receive_all(&mut connection(role, config), &mut stream, cut);
        prop_assert!(received(&events) == (whole(&messages), pings));
    }

    #[test]
    fn what_is_sent_zlib_inflates(
        role in roles(),
        ours in configs(),
        messages in messages(),
        choices in vec(select(vec![Compress::Default, Compress::Always, Compress::Never]), 1..5),
        release_at in 0..8_usize,
    ) {
        let config = common::deflate::with(role, ours);
        let mut sender = connection(role, config);
        let agreed = *sender.deflate().unwrap();
        // Without context takeover, a new inflater with the negotiated window must be sufficient.
        let bits = agreed.send_window().get().max(9);
        let mut peer = Zlib::new(0, bits, agreed.send_context_takeover());
        let (before, behind) = messages.split_at(release_at.min(messages.len()));
        let (mut out, _) = send_all(&mut sender, before, &choices);
        sender.release_buffers();
        out.extend(send_all(&mut sender, behind, &choices).0);
        let mut seen = Vec::new();
        let mut open: Option<(bool, Vec<u8>)> = None;
        for frame in sent(&out) {
            if matches!(frame.first, PING | PONG) {
                continue;
            }
            let (compressed, mut payload) = open.take().unwrap_or((frame.first & 0x40 != 0, Vec::new()));
            payload.extend(frame.payload);
            if frame.first & 0x80 == 0 {
                open = Some((compressed, payload));
            } else {
                seen.push(if compressed { peer.inflate(&payload) } else { payload });
            }
        }
        prop_assert!(seen == whole(&messages));
    }
}
