//! A fast, strict implementation of the WebSocket protocol that does no I/O.
//!
//! `sansocket` implements RFC 6455, permessage-deflate (RFC 7692) and WebSockets over HTTP/2 and HTTP/3 (RFC 8441, RFC 9220)
//! as state machines. You pass in the bytes you received; it returns events and the bytes to send. You provide the
//! socket, the clock, the randomness and the buffers, so it fits any runtime and any transport, and every run can be
//! replayed byte for byte.
//!
//! # The model
//!
//! Bytes and events go through a handshake, and then through a connection:
//!
//! ```text
//!   bytes in ──▶ Input<'b> ──▶ Handshake ──▶ Connection ──▶ Event<'b>
//!                                  │              │
//!                                  └──────┬───────┘
//!                                         ▼
//!   bytes out ◀───────────────── out: &mut Vec<u8>, only ever appended to
//! ```
//!
//! - **Input**: the bytes of the peer, in reads of any size. Events borrow from the read buffer where they can.
//! - **Output**: the bytes to write, appended to a buffer. Replies (Pong, Close) are appended while you receive.
//! - **Time**: you report the time, and timers return the deadline by which to report it again.
//! - **[`Session`](session::Session)**: one WebSocket from its first byte to its last. It asks for one thing of the transport at a
//!   time; your code does it and reports it. Nothing that the peer does is an error: the session ends, and the cause
//!   is one value.
//!
//! # A server and a client
//!
//! This loop drives a session over a blocking socket, with its timers (feature `std`). Servers and clients use the same one:
//!
//! ```
//! # #[cfg(feature = "std")] {
//! use std::{
//!     error::Error,
//!     net::{Shutdown, TcpStream},
//!     time::{Duration, Instant},
//! };
//! use sansocket::session::{ReadBuffer, Received, Session};
//!
//! type Result<T> = std::result::Result<T, Box<dyn Error>>;
//!
//! fn drive(
//!     session: &mut Session,
//!     stream: &mut TcpStream,
//!     mut protocol: impl FnMut(&mut Session, Received<'_>) -> Result<()>,
//! ) -> Result<()> {
//!     let start = Instant::now();
//!     let clock = || start.elapsed();
//!     let end = |stream: &mut TcpStream| stream.shutdown(Shutdown::Write);
//!     let mut buffer = ReadBuffer::new(64 << 10);
//!     stream.set_write_timeout(Some(Duration::from_secs(10)))?;
//!     loop {
//!         // A read takes at most the time until the next Ping or timeout.
//!         stream.set_read_timeout(session.time_left(clock()))?;
//!         // Write what is due, then read. An end that is not clean is the error.
//!         if !session.step(stream, &mut buffer, clock, end)? {
//!             return Ok(());
//!         }
//!         while let Some(received) = session.receive_from(&mut buffer) {
//!             protocol(session, received)?;
//!         }
//!     }
//! }
//! # use std::{net::TcpListener, thread};
//! # use sansocket::{CloseCode, Event, client, handshake::HandshakeLimits, keepalive::Timeouts, server::Accept};
//! # fn serve(stream: &mut TcpStream) -> Result<String> {
//! #     let mut session = Session::server(HandshakeLimits::new(), Timeouts::new(), Duration::ZERO);
//! #     drive(&mut session, stream, |session, received| {
//! #         match received {
//! #             Received::Request(request) => session.accept(request, Accept::new())?,
//! #             Received::Event(Event::Text(text)) => _ = session.send_text(&text)?,
//! #             _ => {}
//! #         }
//! #         Ok(())
//! #     })?;
//! #     Ok(session.ending().map_or_else(String::new, |ending| ending.to_string()))
//! # }
//! # let listener = TcpListener::bind("127.0.0.1:0")?;
//! # let address = listener.local_addr()?;
//! # let server = thread::spawn(move || serve(&mut listener.accept().unwrap().0).unwrap());
//! # let request = client::Request::new("ws://localhost/")?;
//! # let mut session = Session::client(&request, [7; 32], Timeouts::new(), Duration::ZERO)?;
//! # let mut text = String::new();
//! # drive(&mut session, &mut TcpStream::connect(address)?, |session, received| {
//! #     match received {
//! #         Received::Response(_) => _ = session.send_text("Hello")?,
//! #         Received::Event(Event::Text(received)) => {
//! #             text = received.into();
//! #             session.close(CloseCode::NORMAL)?;
//! #         }
//! #         _ => {}
//! #     }
//! #     Ok(())
//! # })?;
//! # assert_eq!(text, "Hello");
//! # assert!(session.ending().is_some_and(|ending| ending.clean));
//! # assert_eq!(server.join().unwrap(), "closed with 1000");
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An echo server is a session with these reactions; Pongs and Close replies are sent by the session:
//!
//! ```
//! use sansocket::{
//!     Event,
//!     handshake::HandshakeLimits,
//!     keepalive::Timeouts,
//!     server::Accept,
//!     session::{Received, Session},
//! };
//! use std::{error::Error, time::Duration};
//!
//! let session = Session::server(
//!     HandshakeLimits::new(),
//!     Timeouts::new(),
//!     Duration::ZERO,
//! );
//!
//! fn echo(
//!     session: &mut Session,
//!     received: Received<'_>,
//! ) -> Result<(), Box<dyn Error>> {
//!     match received {
//!         Received::Request(request) => {
//!             session.accept(request, Accept::new())?
//!         }
//!         Received::Event(Event::Text(text)) => {
//!             _ = session.send_text(&text)?
//!         }
//!         Received::Event(Event::Binary(data)) => {
//!             _ = session.send_binary(&data)?
//!         }
//!         _ => {}
//!     }
//!     Ok(())
//! }
//! # let _ = session;
//! ```
//!
//! A client begins with a request, and can send once it has the response:
//!
//! ```
//! use sansocket::{
//!     CloseCode, Event, client,
//!     keepalive::Timeouts,
//!     session::{Received, Session},
//! };
//! use std::{error::Error, time::Duration};
//!
//! # let seed = [7; 32];
//! let request = client::Request::new("ws://example.com/chat")?;
//! // The seed must be unpredictable: `random_seed()?`
//! let session =
//!     Session::client(&request, seed, Timeouts::new(), Duration::ZERO)?;
//!
//! fn greet(
//!     session: &mut Session,
//!     received: Received<'_>,
//! ) -> Result<(), Box<dyn Error>> {
//!     match received {
//!         Received::Response(_) => _ = session.send_text("Hello")?,
//!         Received::Event(Event::Text(text)) => {
//!             println!("{text}");
//!             session.close(CloseCode::NORMAL)?;
//!         }
//!         _ => {}
//!     }
//!     Ok(())
//! }
//! # let _ = session;
//! # Ok::<(), Box<dyn Error>>(())
//! ```
//!
//! [`guide::tutorial`] continues from here. The package `sansocket-tokio` has `accept`, `connect`, `Stream` and `Sink` for tokio, and
//! the repository has programs for mio, `io_uring`, axum, TLS, HTTP/2 and HTTP/3.
//!
//! # The layers
//!
//! Each layer works alone. Choose the highest one that fits:
//!
//! | layer | items | use it to |
//! |---|---|---|
//! | whole | [`session`] | write a server or client: handshake, messages, timers, and the order of the end |
//! | whole | `browser` | give a JavaScript engine the `WebSocket` object of web pages |
//! | handshake | [`server`], [`client`], [`handshake`], [`uri`] | upgrade HTTP/1.1 on either side |
//! | handshake | [`extended_connect`] | open WebSockets over HTTP/2 and HTTP/3 |
//! | handshake | [`proxy`] | tunnel through an HTTP or SOCKS5 proxy before that |
//! | messages | [`Connection`], [`Event`], [`Config`], [`Delivery`] | write your own loop with your own timers |
//! | messages | [`ReceiveHalf`], [`SendHalf`], [`Reply`] | receive in one task and send in another |
//! | time | [`keepalive`] | keep deadlines, Pings and their replies without a clock |
//! | closing | [`State`], [`CloseOutcome`], [`Close`], [`CloseCode`] | learn how a connection ended, and why |
//! | frames | [`frame::Decoder`] | forward, record or filter frames |
//! | bytes | [`frame::Header`], [`frame::mask()`], [`utf8::Decoder`] | build something else |
//!
//! This is how the modules build on each other:
//!
//! ```text
//!  object     browser: the `WebSocket` object of web pages
//!  whole      session: one WebSocket from its first byte to its last
//!  handshake  server  client      extended_connect      http_types      proxy      legacy
//!                 └─────┴─ handshake: one negotiation, three encodings (bytes, header lists, types)
//!  messages   Connection = receiver ── pending replies ──▶ sender;      split() returns the two
//!  extension  compression: empty without the feature `deflate`
//!  frames     frame: Decoder, Header, mask                           no allocation, nor in utf8
//!  bytes      Input   utf8   Close   uri   errors   keepalive   entropy   excerpts for Debug
//! ```
//!
//! A module uses only modules below it; a test checks this against a table (`tests/layers.rs`).
//!
//! # The rules
//!
//! They hold for every type in this crate.
//!
//! 1. **No I/O, no clock, no global randomness, no logging, no threads.** The same calls give the same results.
//! 2. **`no_std` and no `unsafe`.** [`frame`], [`utf8`], [`Close`] and [`keepalive`] need no `alloc` either.
//! 3. **`receive` consumes all of the input** if you call it until it returns `None`. With [`Input::retained`], an
//!    incomplete frame stays in the buffer. The remaining bytes are still in your [`Input`].
//! 4. **An event borrows from the bytes that were read**, never from the state machine. A message that is entirely
//!    contained in the input buffer is unmasked in place: no copy, no allocation. Any other message is reassembled
//!    and returned owned.
//! 5. **Replies are in `out` when the call returns, even when it returns an error.** Write `out` before you handle the error.
//!    There are no internal output queues, so `out.len()` is the number of buffered bytes. It is bounded if you stop
//!    feeding input while it is large: a Pong is at most three times as long as its Ping (clients must mask it).
//! 6. **How the stream is split into reads does not affect the result**: same messages, same output, same error, same state.
//! 7. **Violations are reported at the first byte that proves them**, before the payload arrives and after everything that
//!    preceded it. After a failure every call returns the same error. Two checks wait for more: the header fields of a
//!    handshake are judged at the end of the head, and the payload of a retained frame when the frame is complete.
//! 8. **No panic on any input, and memory is allocated for bytes received, not for declared lengths.** It is bounded by the limits
//!    in [`Config`] and [`HandshakeLimits`](handshake::HandshakeLimits). For frames, text and Close frames the absence of panics is
//!    proved at link time, and for an open connection it is shown in the machine code; lints and fuzzers check
//!    the rest (`tests/README.md`).
//! 9. **Misuse is rejected by the type system or returns an `Err`**; the state and `out` are then unchanged.
//! 10. **Linear time**, even when every byte arrives alone.
//!
//! # Who closes the transport
//!
//! A [`Session`](session::Session) asks for it when it is time. With a [`Connection`] of your own, write `out` once
//! [`Connection::state`] is [`State::Draining`]. A server then shuts down the write half of the transport, and a client waits for
//! the server to do so; both continue reading until the end of the stream, under a timer, and report it with
//! [`Connection::receive_eof`]. [`Connection::close_outcome`] then describes how the connection ended, in the terms of the
//! browser's `CloseEvent` (RFC 6455, section 7.1). See [`guide::closing`].
//!
//! # What it does not do
//!
//! Your code handles TLS, sockets, DNS, timers, reconnecting, cookies, redirects and authentication. The crate provides
//! what they need: [`uri::Uri`], the headers of both sides, and the body of a rejection. Servers that browsers can reach
//! should compare [`server::Request::origin`] with the origins they expect (RFC 6455, section 10.2).
//!
//! The [`guide`] has the chapters: tutorial, embedding, sending, closing, errors, limits, security, scaling, testing, a cookbook and more.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `alloc` | yes | everything but [`frame`], [`utf8`], [`Close`] and [`keepalive`], which need no allocator |
//! | `std` | yes | run-time CPU feature detection in dependencies; `deflate` shares memory between the connections of a thread |
//! | `getrandom` | yes | `random_seed()`, which seeds a client from the operating system |
//! | `simd` | yes | UTF-8 validation and masking with wide vector instructions (`simdutf8`, `multiversion`) |
//! | `deflate` | no | `deflate`: permessage-deflate, the compression of messages (RFC 7692, with `zlib-rs`) |
//! | `http` | no | `http_types`: the opening handshake, over HTTP/1.1 and HTTP/2, with the types of the crate `http`, as hyper, axum and h2 use them; needs `std` |
//! | `legacy` | no | `legacy`: hixie-75, hixie-76, hybi-07 and hybi-08, for peers that support nothing newer; each is enabled by name |
//! | `browser` | no | `browser`: the `WebSocket` object of browsers as a state machine, for JavaScript engines (`url`) |
//! | `testing` | no | `testing`: two endpoints in memory, chosen split points and delays, transcripts, streams of frames |
//! | `arbitrary` | no | `Arbitrary` for the types of the wire and for whole streams; needs `testing` and `std` |
//!
//! No feature changes the behavior of what exists without it. Every feature but `simd` enables `alloc`. Without `std`,
//! `deflate` takes its memory from the C allocator.

#![no_std]
// No input may make it panic, so whatever can panic or lose bits gives a reason where it stands.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]
#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_alloc, clippy::std_instead_of_core)]
#![cfg_attr(docsrs, feature(doc_cfg))]
// Without `alloc`, some of what the lower layers have is there for the higher ones only, and documented beside them.
#![cfg_attr(not(feature = "alloc"), allow(dead_code, rustdoc::broken_intra_doc_links))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "arbitrary")]
mod arbitrary;
mod close;
mod close_code;
#[cfg(feature = "alloc")]
mod compression;
#[cfg(feature = "alloc")]
mod connection;
#[cfg(feature = "alloc")]
mod entropy;
mod error;
mod excerpt;
mod input;
mod num;

#[cfg(feature = "browser")]
#[cfg_attr(docsrs, doc(cfg(feature = "browser")))]
pub mod browser;
#[cfg(feature = "alloc")]
pub mod client;
#[cfg(feature = "deflate")]
#[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
pub mod deflate;
#[cfg(feature = "alloc")]
pub mod extended_connect;
pub mod frame;
#[cfg(feature = "alloc")]
pub mod guide;
#[cfg(feature = "alloc")]
pub mod handshake;
#[cfg(feature = "http")]
#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
pub mod http_types;
pub mod keepalive;
#[cfg(feature = "legacy")]
#[cfg_attr(docsrs, doc(cfg(feature = "legacy")))]
pub mod legacy;
#[cfg(feature = "alloc")]
pub mod proxy;
#[cfg(feature = "alloc")]
pub mod server;
#[cfg(feature = "alloc")]
pub mod session;
#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub mod testing;
#[cfg(feature = "alloc")]
pub mod uri;
pub mod utf8;

pub use close::{Close, MAX_REASON_LEN, ReasonTooLong};
pub use close_code::{CloseCode, CloseCodeError};
#[cfg(feature = "alloc")]
pub use connection::{
    CloseOutcome, Config, Connection, Delivery, Event, Initiator, ReceiveHalf, Reply, SendHalf, State,
};
#[cfg(feature = "getrandom")]
pub use entropy::{SeedError, random_seed};
pub use error::{Error, ProtocolError, SendError};
pub use input::Input;

/// Compiles and runs the code of the page that visitors see first.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
mod readme {}
