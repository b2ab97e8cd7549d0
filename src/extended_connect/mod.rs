//! `WebSockets` over HTTP/2 and HTTP/3: the opening handshake as an extended CONNECT (RFC 8441 and RFC 9220).
//!
//! One stream of an HTTP connection becomes the transport. The HTTP library does its part: it sets
//! [`SETTINGS_ENABLE_CONNECT_PROTOCOL`] at the server, and waits for it at the client. This module handles
//! the headers of the stream, as lists of name and value that include the pseudo-headers, or with the feature
//! `http` as its types.
//!
//! A server accepts the headers of a stream:
//!
//! ```
//! use sansocket::Connection;
//! use sansocket::extended_connect::{HeaderList, Request};
//! use sansocket::server::Accept;
//!
//! fn open(headers: &[(&str, &str)]) -> (HeaderList, Option<Connection>) {
//!     let request = match Request::from_headers(headers.iter().copied()) {
//!         Ok(request) => request,
//!         Err(refusal) => return (refusal.into_headers(), None),
//!     };
//!     match request.accept(Accept::new()) {
//!         Ok((headers, connection)) => (headers, Some(connection)),
//!         Err(_) => unreachable!("the response has no options"),
//!     }
//! }
//!
//! let (headers, connection) = open(&[
//!     (":method", "CONNECT"),
//!     (":protocol", "websocket"),
//!     (":scheme", "https"),
//!     (":path", "/chat"),
//!     (":authority", "example.com"),
//!     ("sec-websocket-version", "13"),
//! ]);
//! // Send the headers without ending the stream, and pass its data on.
//! assert_eq!(headers, [(":status".into(), "200".into())]);
//! assert!(connection.is_some());
//! # assert_eq!(open(&[(":method", "GET"), (":path", "/")]).0[0].1, "405");
//! ```
//!
//! A client sends the headers on a new stream:
//!
//! ```
//! use sansocket::{client, extended_connect::Handshake};
//!
//! let uri = "wss://example.com/chat";
//! let request = client::Request::new(uri)?.subprotocol("chat");
//! let seed = [7; 32]; // in production: unpredictable
//! let (mut handshake, headers) = Handshake::new(&request, seed)?;
//! assert_eq!(headers[0], (":method".into(), "CONNECT".into()));
//! // Send the headers on a new stream without ending it, and read:
//! let answer = [(":status", "200"), ("sec-websocket-protocol", "chat")];
//! if let Some((connection, response)) = handshake.receive(answer)? {
//!     assert_eq!(response.subprotocol(), Some("chat"));
//!     // Pass the data of the stream to the connection.
//! #   drop(connection);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The stream
//!
//! From then on the [`Connection`](crate::Connection) works as it does over TCP, with masking (RFC 8441,
//! section 5). Only the end of the transport has other names:
//!
//! | over TCP | HTTP/2 | HTTP/3 | the connection |
//! |---|---|---|---|
//! | the peer has shut down its write half | `END_STREAM` | end of the stream | [`receive_eof`](crate::Connection::receive_eof) |
//! | the transport failed | `RST_STREAM` | reset, such as `H3_REQUEST_CANCELLED` | `receive_eof` as well; the connection tracks whether both Close frames were exchanged |
//! | we shut down our write half: `out` has been written, and the state is [`Draining`](crate::State::Draining) in either role (a client waits if the server otherwise fails), or the peer has done so | `END_STREAM` | end of the stream | |
//! | we give up: a timeout expired | `RST_STREAM` with CANCEL | `H3_REQUEST_CANCELLED` | |
//!
//! Over TCP a client lets the server shut down first. Here both sides end the stream at `Draining`: the TCP
//! connection stays open anyway, and if a proxy waits for the client, the server's end of the stream would
//! only arrive after a timeout. The exception is a server that fails if the client is first: with it, let the
//! client wait, with a timeout. [`guide::streams`](crate::guide::streams) lists the peers that differ.
//!
//! # Layers
//!
//! It is one of the encodings of the handshake.
//!
//! Uses `client`, `connection`, `entropy`, `handshake`, `server`.

mod client;
mod header_list;
mod server;

use alloc::{string::String, vec::Vec};

pub use client::Handshake;
#[cfg(feature = "http")]
pub(crate) use header_list::check_headers;
pub use server::{ExtendedConnect, Refusal, Request};

/// The setting with which a server announces that it accepts an extended CONNECT, once its value is 1. It has
/// the same number in HTTP/2 and in HTTP/3 (RFC 8441, section 3, and RFC 9220, section 3).
pub const SETTINGS_ENABLE_CONNECT_PROTOCOL: u16 = 0x8;

/// The headers that begin a stream, in the order in which they are sent: names in lower case, and
/// pseudo-headers, whose names begin with a colon, first (RFC 9113, section 8.3).
pub type HeaderList = Vec<(String, String)>;
