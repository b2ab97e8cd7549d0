//! Two sessions, client and server, with any order of calls at both ends over transports that fail at any
//! time.
//!
//! Input: 1 byte of flags (1: compression), then steps, each a byte for the end and the call, and its
//! argument. The model is a list of the messages that were sent: the received messages are a prefix of it,
//! and all of it after two clean ends without an early end of the transport. In any case, both sessions have
//! ended within the deadlines.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sansocket::{
    CloseCode, Event, client, deflate,
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    server::{self, Accept},
    session::{Cause, EncodedMessage, ReadBuffer, Received, Session, Transport},
};
use sansocket_fuzz::ByteSource;

struct End {
    session: Session,
    buffer: ReadBuffer,
    /// The bytes that it has written and the other has not read.
    wire: Vec<u8>,
    shut_down: bool,
    sent: Vec<Vec<u8>>,
    received: Vec<Vec<u8>>,
    request: Option<Box<server::Request>>,
    compresses: bool,
    fragments: bool,
    lent: Option<Vec<u8>>,
}

impl End {
    fn new(session: Session, compresses: bool) -> Self {
        Self {
            session,
            buffer: ReadBuffer::new(512),
            wire: Vec::new(),
            shut_down: false,
            sent: Vec::new(),
            received: Vec::new(),
            request: None,
            compresses,
            fragments: false,
            lent: None,
        }
    }

    fn accept(&mut self) {
        if let Some(request) = self.request.take() {
            let accept = Accept::new();
            let accept = if self.compresses { accept.deflate(deflate::Config::new()) } else { accept };
            self.session.accept(request, accept).expect("it can be sent");
        }
    }

    fn receive(&mut self) {
        while let Some(received) = self.session.receive_from(&mut self.buffer) {
            match received {
                Received::Request(request) => self.request = Some(request),
                Received::Event(Event::Binary(data)) => self.received.push(data.into_owned()),
                _ => {}
            }
        }
    }

    /// Carries out one requested operation, for a write at most `count` bytes.
    fn step(&mut self, count: usize) {
        match self.session.transport() {
            Transport::Write(bytes) => {
                let count = count.min(bytes.len());
                self.wire.extend_from_slice(&bytes[..count]);
                self.session.written(count);
            }
            Transport::Flush => self.session.flushed(),
            Transport::ShutDown => {
                self.shut_down = true;
                self.session.shut_down();
            }
            Transport::Wait => {}
            Transport::Close => self.shut_down = true,
        }
    }

    fn send(&mut self, data: &[u8], encoded: bool) {
        let open = self.session.is_open();
        let result = if encoded {
            self.session.send_encoded(&EncodedMessage::binary(data))
        } else {
            self.session.send_binary(data)
        };
        if self.fragments && open {
            assert!(result.is_err());
        } else {
            assert_eq!(result, Ok(open));
            self.sent.extend(open.then(|| data.to_vec()));
        }
    }

    fn send_fragment(&mut self, last: bool) {
        let open = self.session.is_open();
        assert_eq!(self.session.send_binary_fragment(b"part", last), Ok(open));
        if open {
            match self.sent.last_mut().filter(|_| self.fragments) {
                Some(message) => message.extend_from_slice(b"part"),
                None => self.sent.push(b"part".to_vec()),
            }
            self.fragments = !last;
        }
    }

    /// Lends bytes to a kernel, or returns them.
    fn lend(&mut self, count: usize) {
        match self.lent.take() {
            None => self.lent = Some(self.session.take_unwritten()).filter(|bytes| !bytes.is_empty()),
            Some(bytes) => {
                let count = count.min(bytes.len());
                if self.session.transport() != Transport::Close {
                    self.wire.extend_from_slice(&bytes[..count]);
                }
                self.session.written_owned(bytes, count);
            }
        }
    }

    /// Reads from the other's wire.
    fn read(&mut self, other: &mut Self, count: usize) {
        if !self.session.wants_read() {
            return;
        }
        let space = self.buffer.space();
        let count = count.min(space.len()).min(other.wire.len());
        if other.wire.is_empty() && other.shut_down {
            self.session.eof();
        }
        space[..count].copy_from_slice(&other.wire[..count]);
        other.wire.drain(..count);
        self.buffer.filled(count);
        self.receive();
    }

    /// The values that change as long as there is progress.
    fn progress(&self) -> (usize, usize, usize, bool, bool, bool) {
        let lens = (self.wire.len(), self.session.unwritten(), self.buffer.len());
        let is_flushed = self.session.transport() != Transport::Flush;
        (lens.0, lens.1, lens.2, self.shut_down, self.is_over(), is_flushed)
    }

    fn is_over(&self) -> bool {
        self.session.transport() == Transport::Close
    }
}

/// Returns a number less than `bound`.
fn below(source: &mut ByteSource<'_>, bound: usize) -> usize {
    let number = if bound > 256 { source.number() } else { source.byte().into() };
    number % bound
}

/// Gives an end whose transport works its turn.
fn settle(end: &mut End, other: &mut End) {
    end.lend(usize::MAX);
    end.lend(usize::MAX);
    end.accept();
    end.step(usize::MAX);
    end.read(other, usize::MAX);
    end.receive();
}

fuzz_target!(|data: &[u8]| {
    let mut source = ByteSource(data);
    let compresses = source.flag();
    let request = client::Request::new("ws://a/").expect("a URI");
    let request = if compresses { request.deflate(deflate::Config::new()) } else { request };
    let start = Duration::ZERO;
    let client = Session::client(&request, [7; 32], Timeouts::new(), start).expect("a request");
    let server = Session::server(HandshakeLimits::new(), Timeouts::new(), start);
    let (mut one, mut two) = (End::new(client, compresses), End::new(server, compresses));
    let mut now = start;
    let mut broken = false;
    while !source.is_empty() {
        let (end, other) = if source.flag() { (&mut one, &mut two) } else { (&mut two, &mut one) };
        match below(&mut source, 16) {
            0..4 => end.step(below(&mut source, 400)),
            4..7 => end.read(other, below(&mut source, 400)),
            7 => {
                let len = below(&mut source, 200);
                end.send(source.bytes(len), false);
            }
            8 => end.send(b"encoded", true),
            9 => end.send_fragment(source.flag()),
            10 => end.accept(),
            11 => {
                now += Duration::from_secs(below(&mut source, 8) as u64);
                end.session.on_time(now);
                end.receive();
            }
            12 => end.lend(below(&mut source, 400)),
            13 => _ = end.session.close(CloseCode::NORMAL).expect("1000 can be sent"),
            14 => end.session.release_buffers(),
            _ => {
                broken = true;
                match below(&mut source, 4) {
                    0 => end.session.failed(),
                    1 => end.session.abort(),
                    2 => end.session.eof(),
                    _ => end.buffer.space().iter_mut().take(1).for_each(|byte| *byte = 0xff),
                }
            }
        }
    }
    // Both transports work again, and both callers behave well.
    let begin = now;
    while !(one.is_over() && two.is_over()) {
        let mut before = None;
        while before != Some((one.progress(), two.progress())) {
            before = Some((one.progress(), two.progress()));
            settle(&mut one, &mut two);
            settle(&mut two, &mut one);
        }
        for end in [&mut one, &mut two] {
            let _ = end.session.close(CloseCode::NORMAL).expect("1000 can be sent");
            end.session.on_time(now);
            end.receive();
        }
        now += Duration::from_secs(1);
        assert!(now - begin < Duration::from_secs(100), "it never ends");
    }
    for (from, to) in [(&one, &two), (&two, &one)] {
        let unfinished = usize::from(from.fragments);
        assert!(to.received.len() <= from.sent.len() - unfinished);
        assert_eq!(to.received[..], from.sent[..to.received.len()]);
        let clean = |end: &End| end.session.ending().is_some_and(|ending| ending.cause == Cause::Close);
        if !broken && clean(from) && clean(to) {
            assert_eq!(to.received.len(), from.sent.len() - unfinished);
        }
    }
});
