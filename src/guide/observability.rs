//! Logging and metrics: what to record, where it is, and what it costs.
//!
//! The crate does no logging and counts nothing: a connection is small, and only your program knows which
//! figures it needs. Everything you need passes through your hands, so a wrapper of your own sees it all.
//!
//! | figure | where it is |
//! |---|---|
//! | bytes on the wire, after compression | the length of what you read, and of what was appended to `out` |
//! | messages and bytes before compression | the [`Event`](crate::Event)s, and the arguments of `send_*` |
//! | frames | the headers in both byte streams; see `Frames` below |
//! | round-trip time | [`Session::round_trip`](crate::session::Session::round_trip), [`KeepAlive::round_trip`](crate::keepalive::KeepAlive::round_trip) |
//! | bytes that a slow peer has not taken | the length of `out` |
//! | how it ended | [`Session::ending`](crate::session::Session::ending), [`Connection::close_outcome`](crate::Connection::close_outcome) |
//!
//! Divide the bytes of the messages by the bytes on the wire for the ratio of the compression.
//!
//! The counters of the wrapper below add this number of instructions to a message of one frame, without a subscriber
//! (callgrind, x86-64, November 2026). No counter looks at a payload, so the cost does not grow with it; `Frames`
//! decodes a header after each of its bytes, which is most of the cost. The last column includes a copy of the message by the
//! program that measured:
//!
//! | message | all counters | without `Frames` | the message itself |
//! |---|---|---|---|
//! | received by a server, 125 bytes | 462 | 40 | 487 |
//! | received by a server, 16 KiB | 601 | 40 | 20,531 |
//! | sent by a server, 125 bytes | 141 | 9 | 98 |
//! | sent by a server, 16 KiB | 260 | 9 | 16,462 |
//!
//! That is under one instruction a byte for all but small messages. Leave `Frames` out where that matters: a connection
//! that does not fragment sends one frame for a message.
//!
//! # What to log
//!
//! One line when a connection opens (target and origin), one when it ends (the `Display` of the outcome, and the
//! figures), and nothing for each message unless a person debugs. `Debug` of requests, responses and events shows no
//! headers and no long payloads; your own log lines should not either, since both hold tokens and private data. Text
//! from the peer may contain line breaks: log it with `{:?}`.
//!
//! # A wrapper
//!
//! This wrapper counts both directions, and reports events to `tracing`. Without a subscriber, its macros cost a
//! comparison each:
//!
//! ```
//! use sansocket::frame::Header;
//! use sansocket::{Connection, Event, Input, ProtocolError, SendError};
//!
//! /// Counts the frames of one direction, however the stream is split.
//! #[derive(Default)]
//! struct Frames {
//!     count: u64,
//!     /// The number of payload bytes before the next header.
//!     payload: u64,
//!     header: Vec<u8>,
//! }
//!
//! impl Frames {
//!     fn add(&mut self, mut bytes: &[u8]) {
//!         loop {
//!             let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
//!             let skipped = self.payload.min(len);
//!             self.payload -= skipped;
//!             bytes = &bytes[usize::try_from(skipped).unwrap_or(usize::MAX)..];
//!             let [first, rest @ ..] = bytes else { return };
//!             self.header.push(*first);
//!             bytes = rest;
//!             match Header::decode(&self.header) {
//!                 Ok(None) => {}
//!                 Ok(Some((header, _))) => {
//!                     self.count += 1;
//!                     self.payload = header.payload_len;
//!                     self.header.clear();
//!                 }
//!                 // The connection reports it.
//!                 Err(_) => return self.header.clear(),
//!             }
//!         }
//!     }
//! }
//!
//! /// What one direction has carried.
//! #[derive(Default)]
//! struct Counters {
//!     messages: u64,
//!     /// The bytes of the messages, before compression.
//!     data: usize,
//!     /// The bytes on the wire, after compression.
//!     wire: usize,
//!     frames: Frames,
//! }
//!
//! impl Counters {
//!     fn message(&mut self, len: usize) {
//!         self.messages += 1;
//!         self.data += len;
//!     }
//!
//!     fn bytes(&mut self, bytes: &[u8]) {
//!         self.wire += bytes.len();
//!         self.frames.add(bytes);
//!     }
//! }
//!
//! struct Observed {
//!     connection: Connection,
//!     received: Counters,
//!     sent: Counters,
//! }
//!
//! impl Observed {
//!     fn new(connection: Connection) -> Self {
//!         let (received, sent) = Default::default();
//!         Self { connection, received, sent }
//!     }
//!
//!     fn receive(
//!         &mut self,
//!         bytes: &mut [u8],
//!         out: &mut Vec<u8>,
//!         mut on_event: impl FnMut(Event<'_>),
//!     ) -> Result<(), ProtocolError> {
//!         // Before they are unmasked in place; headers stay as they are.
//!         self.received.bytes(bytes);
//!         let (start, mut input) = (out.len(), Input::new(bytes));
//!         let result = loop {
//!             match self.connection.receive(&mut input, out) {
//!                 Ok(Some(event)) => {
//!                     match &event {
//!                         Event::Text(text) => self.received.message(text.len()),
//!                         Event::Binary(it) => self.received.message(it.len()),
//!                         other => tracing::debug!(event = ?other, "received"),
//!                     }
//!                     on_event(event);
//!                 }
//!                 Ok(None) => break Ok(()),
//!                 Err(error) => {
//!                     tracing::warn!(%error, "the peer broke the protocol");
//!                     break Err(error);
//!                 }
//!             }
//!         };
//!         // Pongs and Closes that were appended on the way.
//!         self.sent.bytes(&out[start..]);
//!         if let Some(outcome) = self.connection.close_outcome() {
//!             tracing::info!(%outcome, messages = self.received.messages, "over");
//!         }
//!         result
//!     }
//!
//!     fn send_text(
//!         &mut self,
//!         text: &str,
//!         out: &mut Vec<u8>,
//!     ) -> Result<(), SendError> {
//!         let start = out.len();
//!         self.connection.send_text(text, out)?;
//!         self.sent.message(text.len());
//!         self.sent.bytes(&out[start..]);
//!         Ok(())
//!     }
//! }
//! # use sansocket::Config;
//! # let mut server = Observed::new(Connection::server(Config::new()));
//! # let client = Connection::client(Config::new(), [7; 32]);
//! # let mut client = Observed::new(client);
//! # let (mut wire, mut replies) = (Vec::new(), Vec::new());
//! # client.send_text("Hello", &mut wire)?;
//! # client.send_text(&"x".repeat(70_000), &mut wire)?;
//! # let start = wire.len();
//! # client.connection.send_ping(b"?", &mut wire)?;
//! # client.sent.bytes(&wire[start..]);
//! # // One byte at a time: 2 + 4 + 5, 10 + 4 + 70,000 and 2 + 4 + 1 bytes.
//! # for byte in wire.chunks_mut(1) {
//! #     server.receive(byte, &mut replies, |_| {})?;
//! # }
//! # for counters in [&client.sent, &server.received] {
//! #     assert_eq!((counters.messages, counters.data), (2, 70_005));
//! #     assert_eq!((counters.wire, counters.frames.count), (70_032, 3));
//! # }
//! # // The Pong, and the reply to a Close.
//! # assert_eq!((server.sent.wire, server.sent.frames.count), (3, 1));
//! # let mut close = Vec::new();
//! # client.connection.send_close(sansocket::CloseCode::NORMAL, &mut close)?;
//! # server.receive(&mut close, &mut replies, |_| {})?;
//! # assert_eq!((server.sent.wire, server.sent.frames.count), (7, 2));
//! # assert_eq!((server.sent.messages, replies.len()), (0, 7));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Enter a `tracing` span of the connection around each call, and its events carry the connection's number and peer.
//! Export the counters from time to time, or when the connection ends; they are plain fields.
//!
//! Next chapter: [`testing`](super::testing).
