//! What it takes to test a protocol that is built on this crate (feature `testing`).
//!
//! Logic that does no I/O can be tested like this crate itself: two ends in memory, bytes that are cut anywhere and
//! arrive late, a transport that ends at any moment, and every run repeated from what was recorded.
//!
//! | item | for |
//! |---|---|
//! | [`Endpoint`] | what is tested: your logic around a connection |
//! | [`Pair`] | two endpoints, and the bytes on their way between them |
//! | [`check_cuts`] | whether it makes a difference how the bytes are cut |
//! | [`Recorder`], [`Transcript`] | what an endpoint was told and said, to be read and to be replayed |
//! | [`FrameStream`], [`Message`] | streams of frames, in order or nearly so |
//! | [`EventCollector`] | a connection alone, as an endpoint |
//! | [`ByteSource`] | where everything that is left to chance comes from |
//!
//! There is no randomness in it: all choices are taken from bytes of yours, so that it works under `proptest`, under
//! `arbitrary`, under a fuzzer, and in a loop. Nothing panics: what is wrong comes back as a value that can be printed.
//!
//! ```
//! use sansocket::{Config, Connection, Event, testing::{ByteSource, EventCollector, Pair}};
//!
//! let client = EventCollector::new(Connection::client(Config::new(), [7; 32]));
//! let server = EventCollector::new(Connection::server(Config::new()));
//! let mut pair = Pair::new(client, server);
//! pair.call_first(|client, out| client.connection.send_text("Hello", out))?;
//! // Whatever the bytes are, the text arrives: one byte at a time, in pieces, or whole.
//! pair.settle(&mut ByteSource::new(&[1, 0, 3, 2, 9]))?;
//! assert_eq!(pair.second().events, [Event::Text("Hello".into())]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Uses `close`, `close_code`, `connection`, `error`, `frame`, `input`, `num`.

mod cuts;
mod pair;
mod record;
mod stream;

use alloc::vec::Vec;

pub use cuts::{Difference, check_cuts};
pub use pair::Pair;
pub use record::{Recorder, Transcript, TranscriptEntry};
pub use stream::{FrameStream, Message};

use crate::{Connection, Event, Input, ProtocolError};

/// What is tested: logic around a connection that takes bytes and appends bytes.
pub trait Endpoint {
    /// Why it gave up.
    type Error: core::error::Error + Clone + PartialEq + 'static;

    /// Takes bytes that have arrived, and uses all of them. What is to be sent is appended to `out`, also if it
    /// fails.
    ///
    /// # Errors
    ///
    /// When it has given up; from then on always the same.
    fn receive(&mut self, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<(), Self::Error>;

    /// The transport has ended.
    ///
    /// # Errors
    ///
    /// If that was too early.
    fn receive_eof(&mut self, out: &mut Vec<u8>) -> Result<(), Self::Error>;
}

/// Choices made from bytes: the same bytes, the same choices. When they are used up, every choice is the first.
#[derive(Clone, Debug)]
pub struct ByteSource<'a> {
    bytes: &'a [u8],
}

impl<'a> ByteSource<'a> {
    /// Choices from these bytes: those of a fuzzer, of a generator, or written down.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Whether nothing is left to choose from.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next byte, or 0.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    /// A number below `bound`, or 0 if there is none. It takes one byte, or two if `bound` is over 256.
    pub fn below(&mut self, bound: usize) -> usize {
        let high = if bound > 256 { usize::from(self.byte()) } else { 0 };
        let number = high.saturating_mul(256).saturating_add(usize::from(self.byte()));
        number.checked_rem(bound).unwrap_or(0)
    }

    /// Yes or no.
    pub fn flag(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    /// At most `max` bytes, as they are.
    pub fn take(&mut self, max: usize) -> &'a [u8] {
        let (taken, rest) = self.bytes.split_at(max.min(self.bytes.len()));
        self.bytes = rest;
        taken
    }
}

/// A connection alone: it keeps the events, and answers what is answered automatically.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "it is these three")]
pub struct EventCollector {
    /// The connection.
    pub connection: Connection,
    /// All events so far. The chunks of a message that came one after the other are one.
    pub events: Vec<Event<'static>>,
    /// Why the connection failed, if it did.
    pub error: Option<ProtocolError>,
}

impl EventCollector {
    /// Collects the events of a connection.
    pub fn new(connection: Connection) -> Self {
        Self { connection, events: Vec::new(), error: None }
    }

    fn push(&mut self, event: Event<'static>) {
        match (self.events.last_mut(), event) {
            (
                Some(Event::TextChunk { data, last: last @ false }),
                Event::TextChunk { data: more, last: end },
            ) => {
                data.to_mut().push_str(&more);
                *last = end;
            }
            (
                Some(Event::BinaryChunk { data, last: last @ false }),
                Event::BinaryChunk { data: more, last: end },
            ) => {
                data.to_mut().extend_from_slice(&more);
                *last = end;
            }
            (_, event) => self.events.push(event),
        }
    }
}

impl Endpoint for EventCollector {
    type Error = ProtocolError;

    fn receive(&mut self, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        loop {
            match self.connection.receive(input, out) {
                Ok(Some(event)) => self.push(event.into_owned()),
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.error = Some(error);
                    return Err(error);
                }
            }
        }
    }

    fn receive_eof(&mut self, _: &mut Vec<u8>) -> Result<(), ProtocolError> {
        self.connection.receive_eof()
    }
}
