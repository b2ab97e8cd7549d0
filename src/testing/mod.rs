//! Tools to test a protocol that is built on this crate (feature `testing`).
//!
//! Logic that does no I/O can be tested like this crate itself: with two endpoints in memory, bytes that are
//! split anywhere and arrive late, a transport that closes at any moment, and every run repeated from a
//! recording.
//!
//! | item | purpose |
//! |---|---|
//! | [`Endpoint`] | the logic under test: your code around a connection |
//! | [`Pair`] | two endpoints, and the bytes in flight between them |
//! | [`Net`], [`Hub`] | a server of many connections, its clients, and links with delays and faults |
//! | [`check_splits`] | checks that the split of the stream into reads does not affect the result |
//! | [`Recorder`], [`Transcript`] | what an endpoint received and sent, to be printed and replayed |
//! | [`FrameStream`], [`Message`] | generated streams of frames, valid or almost valid |
//! | [`EventCollector`] | a connection without further logic, as an endpoint |
//! | [`ByteSource`] | the source of all random choices |
//!
//! The module uses no randomness: every choice is derived from bytes you supply, so it works with `proptest`,
//! with `arbitrary`, with a fuzzer, and in a loop. Nothing panics: failures are returned as values that can
//! be printed.
//!
//! A text message arrives, however its bytes are split:
//!
//! ```
//! use sansocket::testing::{ByteSource, EventCollector, Pair};
//! use sansocket::{Config, Connection, Event};
//!
//! let client = Connection::client(Config::new(), [7; 32]);
//! let server = Connection::server(Config::new());
//! let mut pair =
//!     Pair::new(EventCollector::new(client), EventCollector::new(server));
//! pair.call_first(|it, out| it.connection.send_text("Hello", out))?;
//! pair.settle(&mut ByteSource::new(&[1, 0, 3, 2, 9]))?;
//! assert_eq!(pair.second().events, [Event::Text("Hello".into())]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Uses `close`, `close_code`, `connection`, `error`, `frame`, `input`, `num`.

mod net;
mod pair;
mod record;
mod splits;
mod stream;

use alloc::vec::Vec;

pub use net::{Hub, Net};
pub use pair::Pair;
pub use record::{Recorder, Transcript, TranscriptEntry};
pub use splits::{Difference, check_splits};
pub use stream::{FrameStream, Message};

use crate::{Connection, Event, Input, ProtocolError};

/// The logic under test: code around a connection that receives bytes and appends bytes.
pub trait Endpoint {
    /// The error of a failed endpoint.
    type Error: core::error::Error + Clone + PartialEq + 'static;

    /// Receives bytes and consumes all of them. Bytes to send are appended to `out`, even if it fails.
    ///
    /// # Errors
    ///
    /// Returns an error once the endpoint has failed. Every later call must return the same error.
    fn receive(&mut self, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<(), Self::Error>;

    /// Notifies the endpoint that the transport has closed.
    ///
    /// # Errors
    ///
    /// Returns an error if the transport closed too early.
    fn receive_eof(&mut self, out: &mut Vec<u8>) -> Result<(), Self::Error>;
}

/// A source of choices derived from bytes: the same bytes produce the same choices. Once they are used up,
/// every choice is the first.
#[derive(Clone, Debug)]
pub struct ByteSource<'a> {
    bytes: &'a [u8],
}

impl<'a> ByteSource<'a> {
    /// Creates a source from the bytes of a fuzzer, of a generator, or of your own.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Returns `true` if all bytes have been used.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns the next byte, or 0 if there is none.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    /// Returns a number less than `bound`, or 0 if no byte is left. It takes one byte, or two if `bound`
    /// exceeds 256.
    pub fn below(&mut self, bound: usize) -> usize {
        let high = if bound > 256 { usize::from(self.byte()) } else { 0 };
        let number = high.saturating_mul(256).saturating_add(usize::from(self.byte()));
        number.checked_rem(bound).unwrap_or(0)
    }

    /// Returns `true` or `false`, chosen by the next byte.
    pub fn flag(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    /// Returns at most `max` bytes, unchanged.
    pub fn take(&mut self, max: usize) -> &'a [u8] {
        let (taken, rest) = self.bytes.split_at(max.min(self.bytes.len()));
        self.bytes = rest;
        taken
    }
}

/// A connection that collects its events and sends the automatic replies.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "it is these three")]
pub struct EventCollector {
    /// The connection.
    pub connection: Connection,
    /// All events so far. Consecutive chunks of a message are joined.
    pub events: Vec<Event<'static>>,
    /// The error of the connection, if it has failed.
    pub error: Option<ProtocolError>,
}

impl EventCollector {
    /// Creates an endpoint that collects the events of `connection`.
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
