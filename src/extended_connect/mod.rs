//! `WebSockets` over HTTP/2 and HTTP/3: the opening handshake as an extended CONNECT (RFC 8441 and RFC 9220).
//!
//! One stream of an HTTP connection becomes the transport. The library that speaks HTTP does its part: it sets
//! [`SETTINGS_ENABLE_CONNECT_PROTOCOL`] at the server, and waits for it at the client. Here is what the headers of
//! the stream have to say. They go in and out as lists of name and value, pseudo-headers included; with the feature
//! `http` they are its types as well.
//!
//! A server, from the headers of a stream:
//!
//! ```
//! use sansocket::{Connection, extended_connect::{HeaderList, Request}, server::Accept};
//!
//! fn open(headers: &[(&str, &str)]) -> (HeaderList, Option<Connection>) {
//!     let request = match Request::from_headers(headers.iter().copied()) {
//!         Ok(request) => request,
//!         Err(refusal) => return (refusal.into_headers(), None),
//!     };
//!     match request.accept(Accept::new()) {
//!         Ok((headers, connection)) => (headers, Some(connection)),
//!         Err(_) => unreachable!("nothing was selected that could be wrong"),
//!     }
//! }
//!
//! let (headers, connection) = open(&[
//!     (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/chat"),
//!     (":authority", "example.com"), ("sec-websocket-version", "13"),
//! ]);
//! // Send the headers, without the end of the stream. The data of the stream is for the connection.
//! assert_eq!(headers, [(":status".into(), "200".into())]);
//! assert!(connection.is_some());
//! # assert_eq!(open(&[(":method", "GET"), (":path", "/")]).0[0].1, "405");
//! ```
//!
//! A client:
//!
//! ```
//! use sansocket::{client, extended_connect::Handshake};
//!
//! let request = client::Request::new("wss://example.com/chat")?.subprotocol("chat");
//! let seed = [7; 32]; // In earnest: unpredictable, and another one for each connection.
//! let (mut handshake, headers) = Handshake::new(&request, seed)?;
//! assert_eq!(headers[0], (":method".into(), "CONNECT".into()));
//! // Send the headers on a new stream, without its end. Then come those of the server:
//! let answer = [(":status", "200"), ("sec-websocket-protocol", "chat")];
//! if let Some((connection, response)) = handshake.receive(answer)? {
//!     assert_eq!(response.subprotocol(), Some("chat"));
//!     // The data of the stream is for the connection.
//! #   drop(connection);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The stream
//!
//! From then on the [`Connection`](crate::Connection) is what it is over TCP, with masking (RFC 8441, 5). Only the end
//! of the transport has other names:
//!
//! | over TCP | HTTP/2 | HTTP/3 | the connection |
//! |---|---|---|---|
//! | the peer has shut down its side | `END_STREAM` | end of the stream | [`receive_eof`](crate::Connection::receive_eof) |
//! | the transport broke | `RST_STREAM` | reset, such as `H3_REQUEST_CANCELLED` | `receive_eof` too: it knows whether the Closes had gone both ways |
//! | we shut down our side: `out` has been written, and the state is [`Draining`](crate::State::Draining) in either role (a client waits where the server fails otherwise), or the peer has done so | `END_STREAM` | end of the stream | |
//! | we give up: a timer went off | `RST_STREAM` with CANCEL | `H3_REQUEST_CANCELLED` | |
//!
//! Over TCP a client leaves it to the server to shut down first. Here both sides end the stream at `Draining`: the TCP
//! connection stays open anyway, and behind a proxy that waits for the client, the end of the server would only come with a
//! timer. The exception is a server that fails if the client is first: with it, let the client wait, under a timer.
//! [`guide::streams`](crate::guide::streams) lists the peers that differ.
//!
//! # Layers
//!
//! It is an encoding like the others.
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

/// The setting with which a server says that it takes an extended CONNECT, once its value is 1. It has the same number
/// in HTTP/2 and in HTTP/3 (RFC 8441, 3, and RFC 9220, 3).
pub const SETTINGS_ENABLE_CONNECT_PROTOCOL: u16 = 0x8;

/// The headers that begin a stream, in the order in which they are sent: names in lower case, and pseudo-headers,
/// whose name begins with a colon, first (RFC 9113, 8.3).
pub type HeaderList = Vec<(String, String)>;
