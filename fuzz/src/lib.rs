//! The code that the fuzz targets share: the conversion of bytes to choices, and runs over a split stream.
//!
//! Every target takes plain bytes, so that a seed can be written by hand and a finding can be read.

pub mod legacy;
pub mod model;

use sansocket::{
    Connection, Delivery, Event, Input, ProtocolError, State,
    deflate::{Config, Negotiated, WindowBits},
    frame::{Header, MAX_HEADER_LEN, OpCode},
    handshake::HandshakeLimits,
    server,
};

/// The bytes of an input, taken from the front.
pub struct ByteSource<'a>(pub &'a [u8]);

impl<'a> ByteSource<'a> {
    /// Returns the next byte, or 0 after the end.
    pub fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    /// Returns a bit of the next byte.
    pub fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Returns the next two bytes as a number.
    pub fn number(&mut self) -> usize {
        usize::from(self.byte()) << 8 | usize::from(self.byte())
    }

    /// Returns the next `len` bytes, or all if there are fewer.
    pub fn bytes(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns text, with invalid UTF-8 replaced.
    pub fn text(&mut self, len: usize) -> String {
        String::from_utf8_lossy(self.bytes(len)).into_owned()
    }

    /// Returns split points: 1 byte for their number, 2 bytes each.
    pub fn cuts(&mut self) -> Vec<usize> {
        (0..self.byte() % 16).map(|_| self.number()).collect()
    }

    /// Returns all remaining bytes as frames, each as first byte, length (2 bytes) and payload. Masks are
    /// zero.
    pub fn frames(mut self, masked: bool) -> Vec<u8> {
        let mut stream = Vec::new();
        while !self.is_empty() {
            let first = self.byte();
            let len = self.number() & 0x3fff;
            let payload = self.bytes(len);
            let mut buf = [0; MAX_HEADER_LEN];
            let mask = masked.then_some([0; 4]);
            let header = Header { mask, ..Header::new(OpCode::Binary, payload.len() as u64) };
            let start = stream.len();
            stream.extend_from_slice(header.encode(&mut buf).expect("a short binary frame"));
            stream[start] = first;
            stream.extend_from_slice(payload);
        }
        stream
    }

    /// Returns any configuration without compression, with limits that short streams can exceed.
    pub fn config(&mut self) -> sansocket::Config {
        let (flags, limits) = (self.byte(), self.byte());
        let delivery = if flags & 1 == 0 { Delivery::Messages } else { Delivery::Chunks };
        let limit = |at: u8| [u64::MAX, 3, 40, 4096][usize::from(limits >> at & 3)];
        sansocket::Config::new()
            .delivery(delivery)
            .auto_pong(flags & 2 == 0)
            .auto_close(flags & 4 == 0)
            .deliver_while_closing(flags & 8 == 0)
            .allow_non_minimal_length(flags & 16 != 0)
            .max_frame_len(limit(0))
            .max_message_len(limit(2))
            .max_fragments([u32::MAX, 1, 3, 100][usize::from(limits >> 4 & 3)])
            .max_control_frames([u32::MAX, 1, 3, 100][usize::from(limits >> 6)])
    }

    /// Returns any configuration of permessage-deflate.
    pub fn deflate(&mut self) -> Config {
        let window = |byte: u8| WindowBits::new(8 + byte % 8).unwrap();
        let flags = self.byte();
        Config::new()
            .send_context_takeover(flags & 1 == 0)
            .receive_context_takeover(flags & 2 == 0)
            .level(flags >> 4)
            .memory_level(self.byte())
            .send_window(window(self.byte()))
            .receive_window(window(self.byte()))
            .min_len(u32::from(self.byte()))
    }
}

/// Returns a request with this value of Sec-WebSocket-Extensions, or the error.
pub fn request(extensions: &[u8]) -> Result<server::Request, sansocket::handshake::HandshakeError> {
    let head: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: ";
    let mut bytes = [head, extensions, b"\r\n\r\n"].concat();
    let mut handshake = server::Handshake::new(HandshakeLimits::new());
    handshake
        .receive(&mut Input::new(&mut bytes), &mut Vec::new())
        .map(|request| request.expect("a whole head"))
}

/// Returns the parameters that a server and a client of this crate negotiate.
pub fn agree(server: Config, client: Config) -> (Negotiated, Negotiated) {
    let offer = request(client.offer().to_string().as_bytes()).expect("our offer is well-formed");
    let at_server = server.accept(offer.extensions()).expect("a server can do all that a client offers");
    let answer = request(at_server.to_string().as_bytes()).expect("our answer is well-formed");
    let at_client = answer.extensions().next().map(|answer| client.accept_response(&answer));
    (at_server, at_client.unwrap().expect("our answer is one to our offer"))
}

/// The visible results of a run.
#[derive(Debug, PartialEq)]
pub struct Transcript {
    /// The chunks of a message without another event between them are joined.
    pub events: Vec<Event<'static>>,
    pub out: Vec<u8>,
    pub error: Option<ProtocolError>,
    pub state: State,
    /// The end of the transport.
    pub eof: Result<(), ProtocolError>,
}

/// Runs a stream, split at these positions, and checks the properties of any run.
pub fn run(mut connection: Connection, stream: &[u8], cuts: &[usize]) -> Transcript {
    let cuts = placed(cuts, stream.len());
    let (mut events, mut out, mut error) = (Vec::new(), Vec::new(), None);
    let (mut from, mut calls) = (0, 0);
    for cut in &cuts {
        let mut bytes = stream[from..*cut].to_vec();
        from = *cut;
        let mut input = Input::new(&mut bytes);
        loop {
            calls += 1;
            let (unused, sent) = (input.len(), out.len());
            let result = connection.receive(&mut input, &mut out);
            if error.is_some() {
                assert_eq!(
                    (result.as_ref().err(), out.len()),
                    (error.as_ref(), sent),
                    "a failure has to last"
                );
            }
            match result {
                Ok(Some(event)) => {
                    assert!(input.len() < unused, "an event came out of nothing");
                    push_merged(&mut events, event.into_owned());
                    continue;
                }
                Ok(None) => {}
                Err(fault) => error = Some(fault),
            }
            assert!(input.is_empty());
            break;
        }
    }
    assert!(calls <= stream.len() + cuts.len() + 16, "{calls} calls for {} bytes", stream.len());
    let state = connection.state();
    Transcript { events, out, error, state, eof: connection.receive_eof() }
}

/// Returns split points for a stream of this length, in order; its end is the last.
pub fn placed(cuts: &[usize], len: usize) -> Vec<usize> {
    let mut cuts: Vec<usize> = cuts.iter().map(|&cut| cut.min(len)).collect();
    cuts.push(len);
    cuts.sort_unstable();
    cuts
}

/// Runs a stream in one read, split, and byte by byte; the results must be the same.
pub fn run_all(connection: impl Fn() -> Connection, stream: &[u8], cuts: &[usize]) -> Transcript {
    let whole = run(connection(), stream, &[]);
    assert_eq!(run(connection(), stream, cuts), whole, "cut at {cuts:?}");
    if stream.len() <= 300 {
        let everywhere: Vec<usize> = (1..stream.len()).collect();
        assert_eq!(run(connection(), stream, &everywhere), whole, "byte by byte");
    }
    whole
}

/// Appends an event; a chunk is added to the one before it if both are of the same message.
pub fn push_merged(events: &mut Vec<Event<'static>>, event: Event<'static>) {
    match (events.last_mut(), event) {
        (Some(Event::TextChunk { data, last: last @ false }), Event::TextChunk { data: more, last: end }) => {
            data.to_mut().push_str(&more);
            *last = end;
        }
        (
            Some(Event::BinaryChunk { data, last: last @ false }),
            Event::BinaryChunk { data: more, last: end },
        )
        | (
            Some(Event::UncheckedTextChunk { data, last: last @ false }),
            Event::UncheckedTextChunk { data: more, last: end },
        ) => {
            data.to_mut().extend_from_slice(&more);
            *last = end;
        }
        (_, event) => events.push(event),
    }
}
