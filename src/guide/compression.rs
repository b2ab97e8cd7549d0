//! Compression: when to use it, what it costs, and what it can leak.
//!
//! permessage-deflate (RFC 7692) is behind the feature `deflate`. A server and a client agree on it in the handshake; then the same
//! calls send and the same events arrive:
//!
//! ```
//! # #[cfg(feature = "deflate")] {
//! use sansocket::{client, deflate, server::Accept};
//!
//! let accept = Accept::new().deflate(deflate::Config::new());
//! let request = client::Request::new("wss://example.com/")?
//!     .deflate(deflate::Config::new());
//! # let _ = (accept, request);
//! # }
//! # Ok::<(), sansocket::uri::UriError>(())
//! ```
//!
//! # When it pays
//!
//! - **Yes** for JSON and other text of more than some hundred bytes over slow or metered networks. With context takeover, repeated
//!   keys cost a few bytes from the second message on.
//! - **No** for data that is compressed already (images, video, archives), for messages below 100 bytes, and inside a data
//!   center: a message of 1 KiB takes several microseconds instead of some tens of nanoseconds.
//!
//! # What it costs
//!
//! Memory is the question for a server with many connections. Context takeover keeps a context for each direction of each
//! connection, from its first compressed message on; without it the connections of a thread share contexts (feature `std`).
//! These are the choices of a server:
//!
//! | | configuration | for |
//! |---|---|---|
//! | A | `deflate::Config::new()` | the default: thousands of connections, and clients of all kinds |
//! | B | A, `send_context_takeover(true)` | some hundred connections, or short similar messages |
//! | C | A, `receive_context_takeover(false)` | 100,000 connections |
//! | D | `deflate::Config::low_memory()` | the same without `std`, or with many threads |
//! | E | `deflate::Config::best_speed()` | a fast network |
//! | F | E, `send_context_takeover(true)` | short similar messages at the least CPU time |
//! | G | `deflate::Config::best_compression()` | few connections over a slow network |
//!
//! The memory of a connection is 352 bytes before its first compressed message, and afterwards that of the second column. For
//! messages of JSON of three sizes, the others show how many times shorter the messages of the server are, and the time in
//! microseconds that the server takes to receive a message and send it back (`benches/deflate.rs`, in memory, without
//! sockets):
//!
//! | | memory | 100,000 connections | 100 B | 1 KiB | 16 KiB |
//! |---|---|---|---|---|---|
//! | A | 48 KB | 4.8 GB | 1.25 × · 12 | 3.5 × · 30 | 4.8 × · 254 |
//! | B | 428 KB | 43 GB | 3.8 × · 7.8 | 4.5 × · 33 | 5.2 × · 377 |
//! | C | 352 B | 35 MB | 1.25 × · 11 | 3.5 × · 29 | 4.8 × · 251 |
//! | D | 352 B | 35 MB | 1.25 × · 11 | 3.3 × · 30 | 4.5 × · 286 |
//! | E | 48 KB | 4.8 GB | 1.25 × · 5.4 | 2.6 × · 13 | 3.1 × · 98 |
//! | F | 428 KB | 43 GB | 3.3 × · 1.6 | 3.3 × · 9.6 | 3.3 × · 84 |
//! | G | 543 KB | 54 GB | 4.0 × · 12 | 4.6 × · 58 | 5.3 × · 531 |
//!
//! These times are of one connection. With takeover on many, each message finds a context that has left the processor's caches:
//! with 100 connections in turn and messages of 1 KiB, compressing takes about 1.7 times as long. A smaller `send_window` helps if
//! the messages repeat keys and not contents: a window of 4 KiB takes a quarter less memory, and such messages are as short.
//!
//! By default a server therefore sends without context takeover. The price is the length of its messages: those of 100 bytes
//! become 1.25 times shorter instead of 3.82 times, those of 1 KiB 3.54 times instead of 4.54 times. It saves nine tenths of the
//! memory, which any client could otherwise occupy with one short message in each direction. `send_context_takeover(true)` (B)
//! or `best_compression` (G) brings takeover back. A server turns it off without the client's consent. To receive without
//! takeover, it must send `client_no_context_takeover`, and a few clients disconnect if they did not offer it, so that is a
//! choice and not the default. A client takes over in both directions by default, because it rarely has more than a few
//! connections.
//!
//! Messages of 100 bytes are worth compressing only with takeover: use B or F, or raise `min_len` to some hundred bytes.
//! [`scaling`](super::scaling) has the arithmetic for many connections.
//!
//! # Compressing only some messages
//!
//! Choose for each message. Messages that are sent uncompressed do not enter the window of later ones:
//!
//! ```
//! # #[cfg(feature = "deflate")]
//! # fn main() -> Result<(), sansocket::SendError> {
//! use sansocket::{Config, Connection, deflate::Compress};
//!
//! # let (mut connection, mut out) = (Connection::server(Config::new()), Vec::new());
//! # let image = b"";
//! connection.compress_next(Compress::Never);
//! connection.send_binary(image, &mut out)?;
//! # assert_eq!(out, b"\x82\x00");
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "deflate"))]
//! # fn main() {}
//! ```
//!
//! # Secrets
//!
//! Compression leaks information through message length. If a secret and text chosen by an attacker are compressed in one window,
//! the attacker can guess the secret piece by piece. Send secrets with `Compress::Never` (RFC 7692, section 8).
//!
//! # Bombs
//!
//! A few bytes can inflate to a thousand times as many. [`max_message_len`](crate::Config::max_message_len) counts inflated bytes, and
//! inflating stops at the limit; the connection then fails with 1009.
//!
//! Next chapter: [`streams`](super::streams).
