//! Any input to a connection with compression: any bytes, any split points, both deliveries.
//!
//! Input: 1 byte of flags, 1 byte for the limit, 1 byte for the number of cuts, 2 bytes each; then frames,
//! each as first byte, length (2 bytes) and payload, or with flag 8 the raw stream.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sansocket::{Config, Connection, Delivery, Event, deflate};
use sansocket_fuzz::{ByteSource, agree, run_all};

fuzz_target!(|data: &[u8]| {
    let mut choices = ByteSource(data);
    let flags = choices.byte();
    let limit = [0, 5, 4096, 36_864, 70_000, 1 << 20][usize::from(choices.byte() % 6)];
    let cuts: Vec<usize> = (0..choices.byte() % 16).map(|_| choices.number()).collect();
    let (is_server, takeover) = (flags & 1 == 0, flags & 2 == 0);
    let stream = if flags & 8 == 0 { choices.frames(is_server) } else { choices.0.to_vec() };

    let wanted = deflate::Config::new().receive_context_takeover(takeover);
    let new = deflate::Config::new;
    let agreed = if is_server { agree(wanted, new()).0 } else { agree(new(), wanted).1 };
    let config = Config::new().deflate(agreed).max_message_len(limit);
    let mut both = [Delivery::Messages, Delivery::Chunks].map(|delivery| {
        let connection = || match is_server {
            true => Connection::server(config.delivery(delivery)),
            false => Connection::client(config.delivery(delivery), [1; 32]),
        };
        run_all(connection, &stream, &cuts)
    });
    // Complete messages are within the limit, and the two deliveries agree.
    let texts = |event: &Event<'_>| match event {
        Event::Text(data) => Some(data.as_bytes().to_vec()),
        Event::Binary(data) => Some(data.to_vec()),
        _ => None,
    };
    let whole: Vec<Vec<u8>> = both[0].events.iter().filter_map(texts).collect();
    assert!(whole.iter().all(|message| message.len() as u64 <= limit));
    let mut chunks = vec![Vec::new()];
    for event in &both[1].events {
        let (data, last) = match event {
            Event::TextChunk { data, last } => (data.as_bytes(), *last),
            Event::BinaryChunk { data, last } => (&data[..], *last),
            _ => continue,
        };
        let message = chunks.last_mut().unwrap();
        message.extend_from_slice(data);
        assert!(message.len() as u64 <= limit);
        if last {
            chunks.push(Vec::new());
        }
    }
    chunks.pop();
    assert_eq!(whole, chunks);
    both.iter_mut().for_each(|seen| seen.events.clear());
    assert_eq!(both[0], both[1]);
});
