//! The WebSocket protocol without the socket.
//!
//! `sansocket` is a sans-I/O core: state machines for the opening handshake of clients and servers, for frames,
//! messages, control frames and closing (RFC 6455). Bytes go in, events and bytes come out. The socket, the clock,
//! the randomness and the buffers stay with you, so it fits into any runtime and onto any transport, and every
//! run can be repeated byte for byte.
//!
//! ```text
//!   bytes in ──▶ Input<'b> ──▶ Handshake ──▶ Connection ──▶ Event<'b>   what happened
//!                                  │              │
//!                                  └──────┬───────┘
//!                                         ▼
//!   bytes out ◀───────────────── out: &mut Vec<u8>, only ever appended to
//! ```
//!
//! # A server
//!
//! A [`Session`](session::Session) is one WebSocket from its first byte to its last. It asks for one thing of the transport at a
//! time, and your code does it and reports it. This serves one client with blocking I/O:
//!
//! ```
//! use std::{io::{self, Read, Write}, time::{Duration, Instant}};
//! use sansocket::{
//!     Event, handshake::HandshakeLimits, keepalive::Timeouts, server::Accept,
//!     session::{ReadBuffer, Received, Session, Transport},
//! };
//!
//! fn serve(stream: &mut (impl Read + Write)) -> String {
//!     let start = Instant::now();
//!     let mut session = Session::server(HandshakeLimits::new(), Timeouts::new(), Duration::ZERO);
//!     let mut buffer = ReadBuffer::new(16 << 10);
//!     loop {
//!         let done = match session.transport() {
//!             Transport::Write(bytes) => stream.write(bytes).map(|count| session.written(count)),
//!             Transport::Flush => stream.flush().map(|()| session.flushed()),
//!             Transport::ShutDown => Ok(session.shut_down()), // for a socket: stream.shutdown(Shutdown::Write)
//!             Transport::Wait => match stream.read(buffer.space()) {
//!                 Ok(0) => Ok(session.eof()),
//!                 result => result.map(|count| buffer.filled(count)),
//!             },
//!             Transport::Close => break,
//!         };
//!         if done.is_err() {
//!             session.failed();
//!         }
//!         session.on_time(start.elapsed());
//!         while let Some(received) = session.receive_from(&mut buffer) {
//!             let is_fine = match received {
//!                 Received::Request(request) => session.accept(request, Accept::new()).is_ok(),
//!                 Received::Event(Event::Text(text)) => session.send_text(&text).is_ok(),
//!                 Received::Event(Event::Binary(data)) => session.send_binary(&data).is_ok(),
//!                 _ => true, // the Pong, or the reply to a Close, is sent by the session
//!             };
//!             if !is_fine {
//!                 session.abort();
//!             }
//!         }
//!     }
//!     session.ending().map_or_else(String::new, |ending| ending.to_string())
//! }
//! # struct Duplex(io::Cursor<Vec<u8>>, Vec<u8>);
//! # impl Read for Duplex { fn read(&mut self, b: &mut [u8]) -> io::Result<usize> { self.0.read(b) } }
//! # impl Write for Duplex { fn write(&mut self, b: &[u8]) -> io::Result<usize> { self.1.write(b) } fn flush(&mut self) -> io::Result<()> { Ok(()) } }
//! # let mut bytes = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".to_vec();
//! # bytes.extend(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x88\x82\x37\xfa\x21\x3d\x34\x12");
//! # let mut stream = Duplex(io::Cursor::new(bytes), Vec::new());
//! # assert_eq!(serve(&mut stream), "closed with 1000");
//! # assert!(stream.1.ends_with(b"\r\n\r\n\x81\x05Hello\x88\x02\x03\xe8"));
//! ```
//!
//! A client is the same loop around [`Session::client`](session::Session::client). The repository has both as whole programs,
//! `examples/echo_server.rs` and `examples/client.rs`, programs for tokio, mio, `io_uring`, axum and HTTP/2, and the package
//! `sansocket-tokio`, which is a session with tokio around it.
//!
//! # The layer below
//!
//! A session is built on a handshake and a [`Connection`]. Use these directly to forward frames, to receive and send in two
//! tasks, or to bring a loop and timers of your own: bytes go in, events come out, and what must be sent is appended to a
//! buffer of yours. Write that buffer **before** you look at an error, because it holds the response or the Close frame
//! that tells the peer.
//!
//! # The rules
//!
//! They hold for every machine in this crate.
//!
//! 1. **No I/O, no clock, no global randomness, no logging, no threads.** The same calls give the same results.
//! 2. **`no_std` and no `unsafe`.** [`frame`], [`utf8`], [`Close`] and [`keepalive`] do without `alloc`, too.
//! 3. **All of the input is used**, unless you stop asking, or let frames wait in it ([`Input::retained`]). What remains
//!    is still in your [`Input`].
//! 4. **An event borrows from the bytes that were read**, never from the machine. A message that lies whole in
//!    the input is unmasked in place: no copy, no allocation. Any other is assembled and handed out owned.
//! 5. **What must be sent is in `out` when the call returns, also when it returns an error.** Nothing waits
//!    inside. The amount that is buffered is `out.len()`: stop feeding input while it is long, and it is
//!    bounded, since a Pong is at most three times as long as its Ping (a client has to mask it).
//! 6. **It makes no difference how the bytes are cut.** Same messages, same output, same error, same state.
//! 7. **The first byte that decides, decides.** A fault is found before the payload arrives, and what came
//!    before it is delivered first. After a failure every call returns the same error. (Of a handshake the
//!    header fields are judged together, at the end of the head; of a frame that waits the payload, when it is whole.)
//! 8. **No panic on any input, no memory for a promise.** What is held is bounded by the limits in [`Config`] and
//!    [`HandshakeLimits`](handshake::HandshakeLimits), and follows what has arrived. That frames, text and Closes
//!    are read without a panic is proved at link time, and of an open connection it is shown in the
//!    machine code; for the rest, lints and fuzzers stand (`tests/README.md`).
//! 9. **Misuse is a type error or an `Err`** that changed nothing and appended nothing.
//! 10. **Linear time**, also when every byte arrives alone.
//!
//! # What is where
//!
//! | layer | items | for |
//! |---|---|---|
//! | all | [`session`] | most programs: one WebSocket from its first byte to its last |
//! | all | `browser` | JavaScript engines: the `WebSocket` object of web pages |
//! | opening | [`server`], [`client`], [`handshake`], [`uri`] | the HTTP/1.1 upgrade on both sides |
//! | opening | [`extended_connect`] | the same over HTTP/2 and HTTP/3 |
//! | opening | [`proxy`] | a tunnel through an HTTP or SOCKS5 proxy, before that |
//! | messages | [`Connection`], [`Event`], [`Config`], [`Delivery`] | programs with a loop and timers of their own |
//! | messages | [`ReceiveHalf`], [`SendHalf`], [`Reply`] | receiving in one task, sending in another |
//! | time | [`keepalive`] | deadlines, Pings and their answers, without a clock |
//! | closing | [`State`], [`CloseOutcome`], [`Close`], [`CloseCode`] | how a connection ends, and why |
//! | frames | [`frame::Decoder`] | who forwards, records or filters frames |
//! | bytes | [`frame::Header`], [`frame::mask()`], [`utf8::Decoder`] | everything else |
//!
//! ```text
//!  object     browser: the `WebSocket` object of web pages
//!  whole      session: one WebSocket from its first byte to its last
//!  opening    server  client      extended_connect      http_types      proxy      legacy
//!                 └─────┴─ handshake: one negotiation, three encodings (bytes, header lists, types)
//!  messages   Connection = receiver ── what is owed ──▶ sender;      split() hands out the two
//!  extension  compression: empty without the feature `deflate`
//!  frames     frame: Decoder, Header, mask                           no allocation, nor in utf8
//!  bytes      Input   utf8   Close   uri   errors   keepalive   entropy   excerpts for Debug
//! ```
//!
//! A module uses only what is below it (`tests/layers.rs` has the table, and checks it). Each layer works alone.
//!
//! # Who closes the transport
//!
//! A [`Session`](session::Session) asks for it when it is time. With a [`Connection`] of your own: when
//! [`Connection::state`] is [`State::Draining`], write what is in `out`. A server then shuts down its side
//! of the transport for writing, a client waits for the server to do so; both go on reading until the transport
//! ends, under a timer, and tell the connection with [`Connection::receive_eof`]. [`Connection::close_outcome`] says
//! how it went, in the terms of the browser's `CloseEvent` (RFC 6455, 7.1).
//!
//! # What it does not do
//!
//! TLS, sockets, DNS, timers, reconnecting, cookies, redirects and authentication are yours. The core gives you
//! what they need: [`uri::Uri`], the headers of both sides, the body of a rejection. Servers that browsers
//! may reach should compare [`server::Request::origin`] with what they expect (RFC 6455, 10.2).
//!
//! The [`guide`] has chapters on embedding, sending, closing, limits, security, and on what browsers and tungstenite
//! call things.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `alloc` | yes | everything but [`frame`], [`utf8`], [`Close`] and [`keepalive`], which need no allocator |
//! | `std` | yes | lets dependencies find out at run time what the processor can do, and `deflate` share memory between the connections of a thread |
//! | `getrandom` | yes | `random_seed()`, the seed of a client from the operating system |
//! | `simd` | yes | validates UTF-8 and masks with wide vector instructions (`simdutf8`, `multiversion`) |
//! | `deflate` | no | permessage-deflate, the compression of messages: `deflate` (RFC 7692, on `zlib-rs`) |
//! | `http` | no | `http_types`: the opening handshake, over HTTP/1.1 and HTTP/2, with the types of the crate of that name, as hyper, axum and h2 have them; needs `std` |
//! | `legacy` | no | `legacy`: hixie-75, hixie-76, hybi-07 and hybi-08 for peers that speak nothing newer; each is enabled by name |
//! | `browser` | no | `browser`: the `WebSocket` object of browsers as a state machine, for JavaScript engines (`url`) |
//! | `testing` | no | `testing`: two endpoints in memory, chosen cuts and delays, transcripts, streams of frames |
//! | `arbitrary` | no | `Arbitrary` for the types of the wire and for whole streams; with `testing`, which makes them, and `std` |
//!
//! None of them changes what is there without it. Every feature but `simd` brings `alloc`. Without `std`, `deflate` takes
//! its memory from the allocator of C.

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
#[cfg(all(doctest, feature = "alloc"))]
#[doc = include_str!("../README.md")]
mod readme {}
