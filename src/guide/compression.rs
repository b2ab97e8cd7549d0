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
//! Memory is the question for a server with many connections. Context takeover keeps a window for each direction of each
//! connection; without it the connections of a thread share contexts (feature `std`):
//!
//! | configuration | for |
//! |---|---|
//! | `deflate::Config::low_memory()` | many connections: no context takeover, small windows |
//! | `deflate::Config::new()` | some thousand connections: context takeover both ways |
//! | `deflate::Config::best_compression()` | few connections over a slow network |
//! | `deflate::Config::best_speed()` | little CPU time, at some cost in size |
//!
//! The module `deflate` has the bytes for each of them, and [`scaling`](super::scaling) the arithmetic for many connections.
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
