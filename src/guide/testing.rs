//! Testing a protocol of your own.
//!
//! Keep your protocol free of I/O as this crate is: a type that takes a [`Received`](crate::session::Received) or an
//! [`Event`](crate::Event) and sends into a session or connection. Then a test needs no sockets, no sleeps and no threads, and
//! every failure can be repeated.
//!
//! # Two ends in memory
//!
//! The module `testing` (`cargo add --dev sansocket --features testing`) connects two endpoints, splits the bytes anywhere, delays
//! them, and ends the transport at any moment:
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use sansocket::{
//!     Config, Connection, Event,
//!     testing::{ByteSource, EventCollector, Pair},
//! };
//!
//! let client =
//!     EventCollector::new(Connection::client(Config::new(), [7; 32]));
//! let server = EventCollector::new(Connection::server(Config::new()));
//! let mut pair = Pair::new(client, server);
//! pair.call_first(|client, out| client.connection.send_text("Hello", out))?;
//! // The choices of the network come from these bytes.
//! pair.settle(&mut ByteSource::new(&[1, 0, 3, 2, 9]))?;
//! assert_eq!(pair.second().events, [Event::Text("Hello".into())]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//!
//! To test your own protocol, implement `Endpoint` for it. Both endpoints of a pair have the same error type, and that of
//! `EventCollector` is [`ProtocolError`](crate::ProtocolError). This server replies with the sum of the numbers so far:
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use sansocket::{
//!     CloseCode, Config, Connection, Event, Input, ProtocolError,
//!     testing::{ByteSource, Endpoint, EventCollector, Pair, check_splits},
//! };
//!
//! struct Sum {
//!     connection: Connection,
//!     sum: u32,
//! }
//!
//! impl Endpoint for Sum {
//!     type Error = ProtocolError;
//!
//!     fn receive(
//!         &mut self,
//!         input: &mut Input<'_>,
//!         out: &mut Vec<u8>,
//!     ) -> Result<(), ProtocolError> {
//!         while let Some(event) = self.connection.receive(input, out)? {
//!             let Event::Text(text) = event else { continue };
//!             // Sending only fails once the connection is closing.
//!             let _ = match text.parse::<u16>() {
//!                 Ok(number) => {
//!                     self.sum = self.sum.saturating_add(number.into());
//!                     self.connection.send_text(&self.sum.to_string(), out)
//!                 }
//!                 Err(_) => {
//!                     self.connection.send_close(CloseCode::POLICY_VIOLATION, out)
//!                 }
//!             };
//!         }
//!         Ok(())
//!     }
//!
//!     fn receive_eof(
//!         &mut self,
//!         _out: &mut Vec<u8>,
//!     ) -> Result<(), ProtocolError> {
//!         self.connection.receive_eof()
//!     }
//! }
//!
//! let new = || Sum { connection: Connection::server(Config::new()), sum: 0 };
//! let client = Connection::client(Config::new(), [7; 32]);
//! let mut pair = Pair::new(EventCollector::new(client), new());
//! pair.call_first(|it, out| it.connection.send_text("2", out))?;
//! pair.call_first(|it, out| it.connection.send_text("3", out))?;
//! pair.settle(&mut ByteSource::new(&[1, 0, 3, 2, 9]))?;
//! let replies = [Event::Text("2".into()), Event::Text("5".into())];
//! assert_eq!(pair.first().events, replies);
//!
//! // The same result, however the stream is split into reads:
//! let mut bytes = Vec::new();
//! Connection::client(Config::new(), [7; 32]).send_text("2", &mut bytes)?;
//! check_splits(new, &bytes, &[3, 7], |server| server.sum)?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//!
//! `testing::Net` does the same for logic that serves several connections, such as a chat room.
//!
//! All choices come from bytes that you pass in, so the same test runs with fixed bytes, in a loop with random ones, under `proptest`, and
//! under a fuzzer. `examples/chat_properties.rs` is a complete program: a small chat, its properties, and a bug that they find.
//!
//! # What to check
//!
//! - **Split points.** `testing::check_splits` runs an endpoint with a stream in one piece, split at each position, and byte by byte,
//!   and compares the results. Most bugs in protocol code show here.
//! - **Any order of calls.** Send while a message arrives, close while sending, and let both ends close at once.
//! - **Every end.** Cut the transport after each number of bytes. Check that your code releases what it holds for the client.
//! - **Bounds.** Send as fast as possible while the other end does not read, and check the length of the output.
//!
//! # Time
//!
//! Sessions and [`KeepAlive`](crate::keepalive::KeepAlive) take the time as a [`Duration`](core::time::Duration), so a test decides what
//! time it is:
//!
//! ```
//! use std::time::Duration;
//! use sansocket::{
//!     Input, handshake::HandshakeLimits,
//!     keepalive::{Timeout, Timeouts},
//!     session::{Cause, Session},
//! };
//!
//! let mut session =
//!     Session::server(HandshakeLimits::new(), Timeouts::new(), Duration::ZERO);
//! // A client that connects and sends nothing.
//! session.on_time(Duration::from_secs(3600));
//! // Timers are evaluated after the input.
//! assert!(session.receive(&mut Input::new(&mut [])).is_none());
//! let cause = session.ending().map(|ending| ending.cause);
//! assert_eq!(cause, Some(Cause::Timeout(Timeout::Opening)));
//! ```
//!
//! # Failures from production
//!
//! `testing::Recorder` keeps the calls and bytes of an endpoint as a transcript. Store it with a bug report, replay it in a test, and keep
//! the test.
//!
//! Next chapter: [`no_std`](super::no_std).
