//! How to write: large payloads, many receivers, and a bound on what waits.
//!
//! # Back-pressure
//!
//! Everything that is to be sent is in your `out`, nothing is in the machine. So `out.len()` is the amount that is
//! buffered, and the rule is one line: **while `out` is longer than you like, neither read nor send**. Reading is
//! part of it because each Ping appends its Pong. A server's Pong is shorter than its Ping. A client's is four bytes
//! longer, since it is masked: up to three times as long as an empty Ping. So one read of 16 KiB appends at most 16 KiB at a
//! server and 48 KiB at a client, and the bound holds.
//!
//! ```
//! use sansocket::{Config, Connection, SendError};
//!
//! /// At most this many bytes, and one message more, wait to be written.
//! const HIGH_WATER: usize = 256 << 10;
//!
//! /// Gives the message back if the peer reads too slowly.
//! fn offer<'a>(connection: &mut Connection, text: &'a str, out: &mut Vec<u8>) -> Result<Option<&'a str>, SendError> {
//!     if out.len() > HIGH_WATER {
//!         return Ok(Some(text));
//!     }
//!     connection.send_text(text, out)?;
//!     Ok(None)
//! }
//! # let (mut connection, mut out) = (Connection::server(Config::new()), vec![0; HIGH_WATER + 1]);
//! # assert_eq!(offer(&mut connection, "a", &mut out), Ok(Some("a")));
//! # out.clear();
//! # assert_eq!(offer(&mut connection, "a", &mut out), Ok(None));
//! # assert_eq!(out, b"\x81\x01a");
//! ```
//!
//! After a partial write remember how far it got, or drop that part (`out.drain(..written)`) when it is most of
//! the buffer. A memory that is kept for the longest message ever sent is given back with `out.shrink_to`.
//!
//! # Flushing
//!
//! On a plain socket, bytes that were written are on their way. A stream with a buffer of its own (TLS, `BufWriter`, a
//! stream of HTTP/2) accepts them first and sends them when it is flushed: **after the last byte of `out` was accepted, flush
//! until that succeeds**, and only then wait for the next read. If a non-blocking stream returns `WouldBlock` from `flush`, ask for
//! writability and flush again. A program that does not flush works until the socket is full once; then the end of a
//! message stays in the stream, and both sides wait.
//!
//! # Large payloads without a copy
//!
//! [`send_header`](crate::Connection::send_header) appends only the header; the payload goes from where it is to
//! the transport. A server writes it as it is:
//!
//! ```
//! use std::io::{self, IoSlice, Write};
//! use sansocket::{Config, Connection, frame::OpCode};
//!
//! fn send_large(connection: &mut Connection, data: &[u8], stream: &mut impl Write) -> io::Result<()> {
//!     let mut header = Vec::with_capacity(16);
//!     connection.send_header(OpCode::Binary, true, data.len() as u64, &mut header).map_err(io::Error::other)?;
//!     let mut slices: &mut [IoSlice<'_>] = &mut [IoSlice::new(&header), IoSlice::new(data)];
//!     while !slices.is_empty() {
//!         match stream.write_vectored(slices)? {
//!             0 => return Err(io::ErrorKind::WriteZero.into()),
//!             written => IoSlice::advance_slices(&mut slices, written),
//!         }
//!     }
//!     Ok(())
//! }
//! # let mut wire = Vec::new();
//! # send_large(&mut Connection::server(Config::new()), b"data", &mut wire)?;
//! # assert_eq!(wire, b"\x82\x04data");
//! # Ok::<(), io::Error>(())
//! ```
//!
//! A client has to mask, and does it in its own buffer:
//!
//! ```
//! use sansocket::{Config, Connection, SendError, frame::{self, OpCode}};
//!
//! # fn send(connection: &mut Connection, data: &mut [u8], header: &mut Vec<u8>) -> Result<(), SendError> {
//! let key = connection.send_header(OpCode::Binary, true, data.len() as u64, header)?;
//! if let Some(key) = key {
//!     frame::mask(data, key, 0); // in pieces: with the offset of each
//! }
//! # Ok(())
//! # }
//! # let (mut data, mut header) = (*b"data", Vec::new());
//! # send(&mut Connection::client(Config::new(), [7; 32]), &mut data, &mut header)?;
//! # assert_ne!(&data, b"data");
//! # Ok::<(), SendError>(())
//! ```
//!
//! Between the header and the last byte of its payload nothing else may be written, so what is in `out` for other
//! frames has to go first or wait. What is sent like this is not compressed.
//!
//! # One message to many connections
//!
//! What a server sends is not masked, so the bytes of a message are the same for every connection that has no
//! compression. Encode once, and append or share:
//!
//! ```
//! use std::sync::Arc;
//! use sansocket::{Config, Connection};
//!
//! // A connection of its own only encodes; its state is that of any that is open.
//! let mut encoder = Connection::server(Config::new());
//! let mut bytes = Vec::new();
//! encoder.send_text("to all of you", &mut bytes)?;
//! let bytes: Arc<[u8]> = bytes.into();
//! // To each: `out.extend_from_slice(&bytes)`, or keep the `Arc` in a queue of its own.
//! # assert_eq!(&bytes[..2], b"\x81\x0d");
//! # Ok::<(), sansocket::SendError>(())
//! ```
//!
//! Two things are yours then: send it only to connections whose [`state`](crate::Connection::state) is
//! [`Open`](crate::State::Open), and not between the fragments of another message to the same one.
//!
//! # Long messages and control frames
//!
//! Nothing can overtake a frame. Who sends a message that takes seconds to write sends it in fragments, of
//! 64 KiB for instance, with [`send_binary_fragment`](crate::Connection::send_binary_fragment): between two of
//! them Pings, Pongs and the Close get through. Pongs do so by themselves, if you read between the fragments. When
//! the peer's Close comes, the rest cannot be sent any more, and the next fragment says
//! [`SendError::ConnectionClosing`](crate::SendError::ConnectionClosing).
//!
//! Control frames may come between the fragments of a compressed message too (RFC 6455, 5.4), but several deployed peers, among
//! them Tornado, wsproto and cowboy, fail the connection then. If you do not know your peers, send no Ping between the
//! fragments of a compressed message: [hold](crate::keepalive::KeepAlive::hold_pings) those of your
//! [`KeepAlive`](crate::keepalive::KeepAlive) from the first fragment until the last one is in `out`.
