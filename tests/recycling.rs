//! Recycled message buffers: `Connection::recycle` saves allocations and has no other effect.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use allocation_counter::measure;
use common::{BINARY, BINARY_FIRST, CLOSE, FINAL, MIDDLE, PING, TEXT, TEXT_FIRST, all_to, noise, prose};
use proptest::prelude::*;
use sansocket::{Config, Connection, Delivery, Event, Input, ProtocolError, frame::Role};

/// Receives a stream in pieces, and recycles the events, or drops them.
fn receive(
    connection: &mut Connection,
    stream: &[u8],
    piece: usize,
    recycle: bool,
    mut look: impl FnMut(&Event<'_>),
) -> Result<Vec<u8>, ProtocolError> {
    let (mut stream, mut out) = (stream.to_vec(), Vec::with_capacity(4096));
    for bytes in stream.chunks_mut(piece) {
        let mut input = Input::new(bytes);
        while let Some(event) = connection.receive(&mut input, &mut out)? {
            look(&event);
            if recycle {
                connection.recycle(event);
            }
        }
    }
    Ok(out)
}

#[test]
fn a_recycled_buffer_serves_the_next_message_of_either_kind() {
    let (data, text) = (noise(300_000), prose(300_000));
    let kinds: [(&[_], i64); 4] = [
        (&[(BINARY, &data[..])], 300_000),
        (&[(TEXT, text.as_bytes())], 300_000),
        (&[(BINARY_FIRST, &data[..100_000]), (FINAL, &data[100_000..])], 300_000),
        (&[(TEXT_FIRST, &text.as_bytes()[..12]), (MIDDLE, b""), (FINAL, &text.as_bytes()[12..])], 300_000),
    ];
    let mut connection = Connection::server(Config::new());
    let held = measure(|| {
        receive(&mut connection, &all_to(Role::Server, kinds[0].0), 1500, true, |_| {}).unwrap();
    });
    // The stream and `out` of the helper have been dropped, so only the memory of the connection remains.
    assert!((300_000..=600_000).contains(&held.bytes_current), "{held:?}");
    for (frames, _) in kinds {
        let stream = all_to(Role::Server, frames);
        let info = measure(|| drop(receive(&mut connection, &stream, 1500, true, |_| {}).unwrap()));
        // Two of the allocations belong to the helper.
        assert_eq!((info.count_total, info.bytes_current), (2, 0), "{info:?}");
    }
    let released = measure(|| connection.release_buffers());
    assert_eq!(released.bytes_current, -held.bytes_current);
}

#[test]
fn it_is_given_back_at_the_end_and_by_the_next_owner() {
    let data = noise(100_000);
    let whole = all_to(Role::Server, &[(BINARY, &data)]);
    // A retained event owns the buffer.
    let mut connection = Connection::server(Config::new());
    receive(&mut connection, &whole, 1500, true, |_| {}).unwrap();
    let info = measure(|| drop(receive(&mut connection, &whole, 1500, false, |_| {}).unwrap()));
    assert!(info.bytes_current <= -100_000, "{info:?}");
    // A Close, a failure and the end of the transport free it.
    let close = all_to(Role::Server, &[(CLOSE, b"")]);
    for end in [Some(&close[..]), Some(b"\xff\xff"), None] {
        let mut connection = Connection::server(Config::new());
        receive(&mut connection, &whole, 1500, true, |_| {}).unwrap();
        let info = measure(|| match end {
            Some(bytes) => drop(receive(&mut connection, bytes, 1, true, |_| {})),
            None => drop(connection.receive_eof()),
        });
        // The outcome takes a few bytes on the heap.
        assert!(info.bytes_current <= -99_900, "{end:?}: {info:?}");
        // From then on, recycled buffers are freed.
        let event = Event::Binary(vec![7; 1000].into());
        let info = measure(|| connection.recycle(event));
        assert!(info.bytes_current <= -1000, "{end:?}: {info:?}");
    }
}

#[test]
fn the_larger_recycled_buffer_is_kept() {
    let mut connection = Connection::server(Config::new());
    let mut give = |event: Event<'static>| measure(|| connection.recycle(event)).bytes_current;
    assert_eq!(give(Event::Binary(vec![7; 1000].into())), 0);
    assert_eq!(give(Event::Text("x".repeat(500).into())), -500);
    assert_eq!(give(Event::Text("x".repeat(2000).into())), -1000);
    assert_eq!(give(Event::TextChunk { data: "x".repeat(3000).into(), last: true }), -2000);
    assert_eq!(give(Event::BinaryChunk { data: vec![7; 4000].into(), last: false }), -3000);
    assert_eq!(give(Event::Ping(vec![7; 100].into())), -100);
    assert_eq!(give(Event::Binary(b"borrowed".into())), 0);
}

#[test]
fn a_message_under_way_is_not_disturbed() {
    let data = noise(5000);
    let mut stream = all_to(Role::Server, &[(BINARY, &data)]);
    let mut connection = Connection::server(Config::new());
    let (head, tail) = stream.split_at_mut(2000);
    assert!(connection.receive(&mut Input::new(head), &mut Vec::new()).unwrap().is_none());
    connection.recycle(Event::Binary(vec![1; 10_000].into()));
    let event = connection.receive(&mut Input::new(tail), &mut Vec::new()).unwrap();
    assert_eq!(event, Some(Event::Binary(data.into())));
}

proptest! {
    #[test]
    fn recycling_changes_no_event(
        messages in prop::collection::vec((any::<bool>(), 0_usize..3000, any::<bool>()), 1..20),
        piece in 1_usize..2000,
        chunks: bool,
    ) {
        let mut stream = Vec::new();
        for (is_text, len, in_fragments) in messages {
            let payload = if is_text { prose(len).into_bytes() } else { noise(len) };
            let (first, whole) = if is_text { (TEXT_FIRST, TEXT) } else { (BINARY_FIRST, BINARY) };
            if in_fragments {
                let (head, tail) = payload.split_at(len / 3);
                stream.extend(all_to(Role::Server, &[(first, head), (PING, b"p"), (FINAL, tail)]));
            } else {
                stream.extend(all_to(Role::Server, &[(whole, &payload)]));
            }
        }
        let delivery = if chunks { Delivery::Chunks } else { Delivery::Messages };
        let [kept, recycled] = [false, true].map(|recycle| {
            let mut connection = Connection::server(Config::new().delivery(delivery));
            let mut events = Vec::new();
            let out = receive(&mut connection, &stream, piece, recycle, |event| events.push(event.clone().into_owned()));
            (events, out)
        });
        prop_assert_eq!(kept, recycled);
    }
}

/// Two ends that have agreed on compression.
#[cfg(feature = "deflate")]
fn compressed(config: Config) -> (Connection, Connection) {
    use sansocket::{client, deflate, handshake::HandshakeLimits, server};

    let request = client::Request::new("ws://h/").unwrap().deflate(deflate::Config::new());
    let mut wire = Vec::new();
    let mut handshake = client::Handshake::new(&request, [7; 32], &mut wire).unwrap();
    let mut answer = Vec::new();
    let asked =
        server::Handshake::new(HandshakeLimits::new()).receive(&mut Input::new(&mut wire), &mut answer);
    let accept = server::Accept::new().deflate(deflate::Config::new()).config(config);
    let server = asked.unwrap().unwrap().accept(accept, &mut answer).unwrap();
    let (client, _) = handshake.receive(&mut Input::new(&mut answer)).unwrap().unwrap();
    (client, server)
}

#[cfg(feature = "deflate")]
#[test]
fn inflated_messages_are_recycled_too() {
    let (mut client, mut server) = compressed(Config::new());
    let text = prose(200_000);
    let mut totals = Vec::new();
    for _ in 0..3 {
        let mut wire = Vec::new();
        client.send_text(&text, &mut wire).unwrap();
        let info = measure(|| {
            let look = |event: &Event<'_>| assert!(matches!(event, Event::Text(heard) if **heard == *text));
            receive(&mut server, &wire, 1500, true, look).unwrap();
        });
        totals.push(info.bytes_total);
    }
    // The first allocates the inflate context and the message; the others allocate only the inflate buffer.
    assert!(totals[0] > totals[1] + 200_000 && totals[1] == totals[2], "{totals:?}");
}

#[test]
fn a_chunk_contains_all_data_of_a_read() {
    let data = noise(5000);
    let mut stream = all_to(Role::Server, &[(BINARY, &data)]);
    let mut connection = Connection::server(Config::new().delivery(Delivery::Chunks));
    let event = connection.receive(&mut Input::new(&mut stream), &mut Vec::new()).unwrap();
    assert_eq!(event, Some(Event::BinaryChunk { data: data.into(), last: true }));
}

#[test]
fn the_receiving_half_takes_memory_back_too() {
    let (mut receiving, _) = Connection::server(Config::new()).split();
    let given = measure(|| receiving.recycle(Event::Binary(vec![7; 1000].into())));
    assert_eq!(given.bytes_current, 1000);
    assert_eq!(measure(|| receiving.release_buffers()).bytes_current, -1000);
}

/// With compression, a chunk is inflated into memory of its own, which goes round like that of a message.
#[cfg(feature = "deflate")]
#[test]
fn inflated_chunks_are_recycled_too() {
    let (mut client, mut server) = compressed(Config::new().delivery(Delivery::Chunks));
    let text = prose(300_000);
    for is_text in [true, false] {
        let mut totals = Vec::new();
        for _ in 0..3 {
            let (mut wire, mut heard) = (Vec::new(), Vec::with_capacity(text.len()));
            if is_text {
                client.send_text(&text, &mut wire).unwrap();
            } else {
                client.send_binary(text.as_bytes(), &mut wire).unwrap();
            }
            let info = measure(|| {
                receive(&mut server, &wire, 1500, true, |event| match event {
                    Event::TextChunk { data, .. } => heard.extend_from_slice(data.as_bytes()),
                    Event::BinaryChunk { data, .. } => heard.extend_from_slice(data),
                    event => panic!("{event:?}"),
                })
                .unwrap();
            });
            assert_eq!(heard, text.as_bytes());
            totals.push((info.count_total, info.bytes_current));
        }
        // The helper's copy of the stream, its `out`, and the inflate buffer; no chunk.
        assert!(totals[1].0 <= 3 && totals[1] == totals[2], "{totals:?}");
    }
}

/// A recycled buffer is kept during control frames and empty messages.
#[test]
fn memory_that_is_kept_outlives_empty_messages_and_fragments() {
    for delivery in [Delivery::Messages, Delivery::Chunks] {
        let mut connection = Connection::server(Config::new().delivery(delivery));
        let given = measure(|| connection.recycle(Event::Binary(vec![7; 5000].into())));
        assert_eq!(given.bytes_current, 5000);
        let euro = "\u{20ac}".as_bytes();
        let frames: [(u8, &[u8]); 6] = [
            (TEXT_FIRST, b""),
            (MIDDLE, &euro[..1]),
            (PING, b""),
            (MIDDLE, &euro[1..2]),
            (FINAL, &euro[2..]),
            (BINARY, b""),
        ];
        let stream = all_to(Role::Server, &frames);
        let info = measure(|| drop(receive(&mut connection, &stream, 1, true, |_| {}).unwrap()));
        assert_eq!(info.bytes_current, 0, "{delivery:?}: {info:?}");
    }
}
