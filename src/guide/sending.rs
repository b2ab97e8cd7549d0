//! How to write: backpressure, large payloads, and many receivers.
//!
//! The examples use a [`Connection`](crate::Connection). A [`Session`](crate::session::Session) has the same methods and its own output
//! buffer: [`has_room`](crate::session::Session::has_room) and
//! [`wants_read`](crate::session::Session::wants_read) are its backpressure.
//!
//! # Backpressure
//!
//! All output is in your `out`, and none is in the connection. So `out.len()` is the number of buffered bytes,
//! and there is one rule: **while `out` exceeds your high-water mark, stop reading and sending**. Reading is
//! included because each Ping appends a Pong. A server's Pong is shorter than its Ping. A client's is four bytes
//! longer, since it is masked: up to three times as long as an empty Ping. So one read of 16 KiB appends at most 16 KiB at a
//! server and 48 KiB at a client.
//!
//! Two peers that both send more than the transport between them holds, and both stop reading, wait for each other. So do
//! not count the messages that you send for reasons of your own when you decide whether to read: count the replies and the
//! responses. With a session, call [`keep_reading`](crate::session::Session::keep_reading) after sending such a message.
//!
//! This function refuses a message while too much is buffered:
//!
//! ```
//! use sansocket::{Config, Connection, SendError};
//!
//! /// At most this many bytes, plus one message, are buffered.
//! const HIGH_WATER: usize = 256 << 10;
//!
//! /// Returns the message if the peer reads too slowly.
//! fn offer<'a>(
//!     connection: &mut Connection,
//!     text: &'a str,
//!     out: &mut Vec<u8>,
//! ) -> Result<Option<&'a str>, SendError> {
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
//! After a partial write, remember how far it got, or drop that part (`out.drain(..written)`) when it is most of
//! the buffer. `out.shrink_to` releases memory that was needed for one long message. Then flush: see [`tls`](super::tls).
//!
//! # Large payloads without a copy
//!
//! [`Session::send_event`](crate::session::Session::send_event) keeps a message of 64 KiB or more that you own, such as one that was
//! reassembled, and the session writes it from there. `Session::send_event_to` (feature `std`) also writes one that borrows from the
//! read buffer: an echo of 1 MiB takes 0.7 of the time then. Both copy whatever else must wait.
//!
//! For a connection, and for data that is not in memory as a whole, [`send_header`](crate::Connection::send_header) appends only
//! the header; you write the payload from where it is to the transport. A server writes it unchanged:
//!
//! ```
//! use std::io::{self, IoSlice, Write};
//! use sansocket::{Config, Connection, frame::OpCode};
//!
//! fn send_large(
//!     connection: &mut Connection,
//!     data: &[u8],
//!     stream: &mut impl Write,
//! ) -> io::Result<()> {
//!     let mut header = Vec::with_capacity(16);
//!     connection
//!         .send_header(OpCode::Binary, true, data.len() as u64, &mut header)
//!         .map_err(io::Error::other)?;
//!     let mut slices: &mut [IoSlice<'_>] =
//!         &mut [IoSlice::new(&header), IoSlice::new(data)];
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
//! A client must mask the payload, in its own buffer:
//!
//! ```
//! use sansocket::{Config, Connection, SendError, frame::{self, OpCode}};
//!
//! # fn send(connection: &mut Connection, data: &mut [u8], header: &mut Vec<u8>) -> Result<(), SendError> {
//! let len = data.len() as u64;
//! let key = connection.send_header(OpCode::Binary, true, len, header)?;
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
//! Between the header and the last byte of its payload nothing else may be written, so write the other frames in `out`
//! before the header or after the payload. Such messages are not compressed.
//!
//! # One message to many connections
//!
//! Servers do not mask, so the bytes of a message are the same for every connection without
//! compression. Encode once, and append or share the bytes. Sessions have
//! [`EncodedMessage`](crate::session::EncodedMessage) for this; with connections it looks like this:
//!
//! ```
//! use std::sync::Arc;
//! use sansocket::{Config, Connection};
//!
//! // A separate connection does the encoding.
//! let mut encoder = Connection::server(Config::new());
//! let mut bytes = Vec::new();
//! encoder.send_text("to all of you", &mut bytes)?;
//! let bytes: Arc<[u8]> = bytes.into();
//! // For each connection: `out.extend_from_slice(&bytes)`, or queue the `Arc`.
//! # assert_eq!(&bytes[..2], b"\x81\x0d");
//! # Ok::<(), sansocket::SendError>(())
//! ```
//!
//! Send it only to connections whose [`state`](crate::Connection::state) is
//! [`Open`](crate::State::Open), and not between the fragments of another message to the same one.
//!
//! # Long messages and control frames
//!
//! Nothing can overtake a frame. If a message takes seconds to write, send it in fragments of
//! 64 KiB, for instance, with [`send_binary_fragment`](crate::Connection::send_binary_fragment): between two of
//! them Pings, Pongs and the Close get through. Pongs do so by themselves if you read between the fragments. After
//! the peer's Close the rest can no longer be sent, and the next fragment returns
//! [`SendError::ConnectionClosing`](crate::SendError::ConnectionClosing).
//!
//! Control frames may come between the fragments of a compressed message too (RFC 6455, section 5.4), but several deployed peers, among
//! them Tornado, wsproto and cowboy, fail the connection then. If you do not know your peers, send no Ping between the
//! fragments of a compressed message: [hold](crate::keepalive::KeepAlive::hold_pings) those of your
//! [`KeepAlive`](crate::keepalive::KeepAlive) from the first fragment until the last one is in `out`. A session does this itself.
//!
//! Next chapter: [`tls`](super::tls).
