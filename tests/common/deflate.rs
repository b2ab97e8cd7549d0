//! Helpers for the tests of permessage-deflate: negotiations, and the C library zlib as the other side.

use std::fmt::Write as _;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use sansocket::{
    Connection, Delivery, Event, Input, ProtocolError, State,
    deflate::{Config, Negotiated, WindowBits},
    frame::Role,
    handshake::HandshakeLimits,
    server,
};

use super::{BOTH, Bench, CLOSE, frame, hex, to};

pub(crate) const COMPRESSED_TEXT: u8 = 0xc1;
pub(crate) const COMPRESSED_TEXT_FIRST: u8 = 0x41;
pub(crate) const COMPRESSED_BINARY: u8 = 0xc2;
pub(crate) const COMPRESSED_BINARY_FIRST: u8 = 0x42;

/// The end of a flush, which a message omits.
pub(crate) const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// "Hello" in its own block, and as a reference to the previous block (RFC 7692, 7.2.3).
pub(crate) const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
pub(crate) const HELLO_AGAIN: &[u8] = b"\xf2\x00\x11\x00\x00";

/// The default, with context takeover at servers, too.
pub(crate) const fn with_takeover() -> Config {
    Config::new().send_context_takeover(true)
}

pub(crate) fn window(bits: u8) -> WindowBits {
    WindowBits::new(bits).unwrap()
}

/// A request with this value of Sec-WebSocket-Extensions.
pub(crate) fn request(extensions: &str) -> server::Request {
    let mut bytes = format!(
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: {extensions}\r\n\r\n"
    )
    .into_bytes();
    let mut handshake = server::Handshake::new(HandshakeLimits::new());
    handshake.receive(&mut Input::new(&mut bytes), &mut Vec::new()).unwrap().unwrap()
}

/// The negotiated parameters: the server's view and the client's.
pub(crate) fn agree(server: Config, client: Config) -> (Negotiated, Negotiated) {
    let offer = request(&client.offer().to_string());
    let at_server = server.accept(offer.extensions()).unwrap();
    let answer = request(&at_server.to_string());
    let at_client = client.accept_response(&answer.extensions().next().unwrap()).unwrap();
    (at_server, at_client)
}

/// The configuration of an endpoint of `role` with this one, whose peer accepts everything.
pub(crate) fn with(role: Role, deflate: Config) -> sansocket::Config {
    let (server, client) = match role {
        Role::Server => agree(deflate, Config::new()),
        Role::Client => agree(Config::new(), deflate),
    };
    sansocket::Config::new().deflate(if role == Role::Server { server } else { client })
}

/// An endpoint that sends with the configuration `deflate`.
pub(crate) fn sender(role: Role, deflate: Config) -> Connection {
    match role {
        Role::Server => Connection::server(with(role, deflate)),
        Role::Client => Connection::client(with(role, deflate), [9; 32]),
    }
}

/// Returns all events of a valid stream.
pub(crate) fn receive_all(
    connection: &mut Connection,
    stream: &mut [u8],
    piece: usize,
) -> Vec<Event<'static>> {
    let mut events = Vec::new();
    for bytes in stream.chunks_mut(piece) {
        let mut input = Input::new(bytes);
        while let Some(event) = connection.receive(&mut input, &mut Vec::new()).unwrap() {
            events.push(event.into_owned());
        }
    }
    events
}

/// One direction of a connection at another implementation, which uses the C library zlib.
pub(crate) struct Zlib {
    compress: Compress,
    decompress: Decompress,
    takeover: bool,
}

impl Zlib {
    /// Creates it with a window of 9 to 15 bits.
    pub(crate) fn new(level: u32, bits: u8, takeover: bool) -> Self {
        Self {
            compress: Compress::new_with_window_bits(Compression::new(level), false, bits),
            decompress: Decompress::new_with_window_bits(false, bits),
            takeover,
        }
    }

    /// Compresses the next fragment of a message.
    pub(crate) fn compress(&mut self, data: &[u8], last: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(data.len() + data.len() / 100 + 100);
        let before = self.compress.total_in();
        self.compress.compress_vec(data, &mut out, FlushCompress::Sync).unwrap();
        assert_eq!(self.compress.total_in() - before, data.len() as u64);
        assert!(out.len() < out.capacity(), "the flush has to be complete");
        if last {
            if out.ends_with(&TAIL) {
                out.truncate(out.len() - TAIL.len());
            }
            if out.is_empty() {
                out.push(0);
            }
            if !self.takeover {
                self.compress.reset();
            }
        }
        out
    }

    /// Inflates a complete message, which must fit into the window.
    pub(crate) fn inflate(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut input = &[payload, &TAIL].concat()[..];
        let mut out = Vec::with_capacity(1 << 10);
        loop {
            let before = self.decompress.total_in();
            let status = self.decompress.decompress_vec(input, &mut out, FlushDecompress::Sync).unwrap();
            assert_ne!(status, Status::StreamEnd);
            input = &input[usize::try_from(self.decompress.total_in() - before).unwrap()..];
            if out.len() < out.capacity() {
                assert!(input.is_empty());
                break;
            }
            out.reserve(out.len());
        }
        if !self.takeover {
            self.decompress.reset(false);
        }
        out
    }
}

/// Returns a message compressed by zlib at level 9, without the tail.
pub(crate) fn zlib(data: &[u8]) -> Vec<u8> {
    Zlib::new(9, 15, true).compress(data, true)
}

/// Returns data in stored blocks, without the tail.
pub(crate) fn stored(data: &[u8]) -> Vec<u8> {
    let block = |data: &[u8]| {
        let len = u16::try_from(data.len()).unwrap();
        [&[0][..], &len.to_le_bytes(), &(!len).to_le_bytes(), data].concat()
    };
    let mut blocks: Vec<u8> = data.chunks(0xffff).flat_map(block).collect();
    blocks.push(0);
    blocks
}

/// Returns JSON as a chat or a price feed sends it, of about `len` bytes; each `seed` produces another one.
pub(crate) fn json(len: usize, seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) % below
    };
    let mut text = String::from("[");
    while text.len() < len {
        let (id, price, volume, user) = (next(1_000_000), next(100_000), next(5000), next(300));
        let (units, cents) = (price / 100, price % 100);
        write!(
            text,
            r#"{{"type":"trade","id":{id},"price":{units}.{cents:02},"volume":{volume},"user":"user{user}","ok":true}},"#,
        )
        .unwrap();
    }
    text.truncate(len - 1);
    text + "]"
}

pub(crate) fn bench(role: Role, delivery: Delivery, config: Config) -> Bench {
    Bench::new(role).config(with(role, config).delivery(delivery))
}

/// Both roles and deliveries, with a peer that may refer to earlier messages.
pub(crate) fn benches() -> impl Iterator<Item = (Bench, Delivery)> {
    let of = |role| [Delivery::Messages, Delivery::Chunks].map(|delivery| (role, delivery));
    BOTH.into_iter().flat_map(of).map(|(role, delivery)| (bench(role, delivery, Config::new()), delivery))
}

/// Returns the events of complete messages in this delivery.
pub(crate) fn delivered(events: &[Event<'static>], delivery: Delivery) -> Vec<Event<'static>> {
    let convert = |event: &Event<'static>| match event.clone() {
        Event::Text(data) if delivery == Delivery::Chunks => Event::TextChunk { data, last: true },
        Event::Binary(data) if delivery == Delivery::Chunks => Event::BinaryChunk { data, last: true },
        event => event,
    };
    events.iter().map(convert).collect()
}

pub(crate) fn passes(frames: &[(u8, Vec<u8>)], events: &[Event<'static>]) {
    for (bench, delivery) in benches() {
        let stream: Vec<u8> =
            frames.iter().flat_map(|(first, payload)| to(bench.role, *first, payload)).collect();
        let seen = bench.run(&stream);
        assert_eq!(
            (seen.error, &seen.events),
            (None, &delivered(events, delivery)),
            "{frames:02x?}, {delivery:?}"
        );
        assert_eq!((seen.state, seen.closure), (State::Open, None));
    }
}

/// Checks that a stream fails with this error after these messages. In chunks, the offending message yields
/// `partial`.
pub(crate) fn fails(
    frames: &[(u8, Vec<u8>)],
    events: &[Event<'static>],
    partial: &[Event<'static>],
    error: ProtocolError,
) {
    for (bench, delivery) in benches() {
        let stream: Vec<u8> =
            frames.iter().flat_map(|(first, payload)| to(bench.role, *first, payload)).collect();
        let mut expected = delivered(events, delivery);
        if delivery == Delivery::Chunks {
            expected.extend_from_slice(partial);
        }
        fails_with(&bench, &stream, error, &expected);
        // Later bytes change nothing.
        let followed = [stream, to(bench.role, COMPRESSED_TEXT, HELLO), to(bench.role, CLOSE, b"")].concat();
        fails_with(&bench, &followed, error, &expected);
    }
}

pub(crate) fn fails_with(bench: &Bench, stream: &[u8], error: ProtocolError, events: &[Event<'static>]) {
    let seen = bench.run(stream);
    assert_eq!((seen.error, &seen.events[..]), (Some(error), events), "{stream:02x?}");
    let close = frame(CLOSE, None, &error.close_code().unwrap().get().to_be_bytes());
    assert_eq!((seen.out, seen.state), (close, State::Draining));
}

pub(crate) fn spelled(frames: &[(u8, &str)]) -> Vec<(u8, Vec<u8>)> {
    frames.iter().map(|&(first, payload)| (first, hex(payload))).collect()
}
