//! permessage-deflate: compressed messages (RFC 7692).
//!
//! Give a [`Config`] to [`server::Accept::deflate`](crate::server::Accept::deflate) or
//! [`client::Request::deflate`](crate::client::Request::deflate), and messages are compressed if the peer agrees.
//! Nothing else changes: the same calls, the same events.
//!
//! ```
//! use sansocket::{deflate, server::Accept};
//!
//! let accept = Accept::new().deflate(deflate::Config::new());
//! ```
//!
//! With an HTTP stack of your own, negotiate with [`Config::offer`] and [`Config::confirm`] at a client, with
//! [`Config::accept`] at a server, and give the result to
//! [`Config::deflate`](crate::Config::deflate) of the connection.
//!
//! # Secrets
//!
//! Compression shows through the length of what is sent. If a secret and a text that an attacker chose are
//! compressed together, also in different messages with context takeover, the attacker can guess the secret
//! byte by byte. Send such messages with [`Compress::Never`] (RFC 7692, 8).
//!
//! # Bounds
//!
//! [`Config::max_message_len`](crate::Config::max_message_len) counts inflated bytes, and inflating stops at
//! it: a message of exactly that many passes, one byte more fails with 1009. Beyond what a message may have,
//! inflating takes a fixed amount of memory, whatever arrives.
//!
//! # What peers may do
//!
//! Blocks of all types, several in a message, with the BFINAL bit set or not (RFC 7692, 7.2.3). A message that
//! is cut inside a block, has bytes behind its end, or refers to data before the window, fails with 1007. Two
//! cases are decided by what the backend lets us see:
//!
//! - BFINAL ends the stream of the backend and its window with it, so a copy of the window is kept for peers
//!   that use it: those that set BFINAL in their first compressed message (any that do so at all, do it in
//!   each). If a peer first sets it later, the copy begins behind that block, and a reference to what was
//!   before fails with 1007.
//! - A message has to end as RFC 7692, 7.2.1 says, with an empty block without its last four bytes; or with
//!   these bytes, or with a block that has BFINAL set. One that ends with just any other block, without the
//!   empty one, fails with 1007.
//!
//! Distances up to 32 KiB are accepted whatever was agreed for the peer's window: refusing more would cost
//! every message, and saves nothing, as the backend has a full window anyway.
//!
//! # Memory
//!
//! Contexts are made when the first compressed message is sent or received. Without context takeover they are
//! given back after each message. [`Connection::release`](crate::Connection::release) gives back what can be
//! rebuilt.
//!
//! Bytes on the heap of a connection that has sent and received, with context takeover both ways:
//!
//! | our window | memory level 1 | 5 | 8 (default) | 9 |
//! |---|---|---|---|---|
//! | 9 bits | | | | |

mod compressor;
mod config;
mod decompressor;
mod negotiation;

pub use config::{Config, WindowBits};
pub use negotiation::{Agreed, NegotiationError, Offer};

pub(crate) use compressor::{Compressor, Plan};
pub(crate) use decompressor::{Decompressor, End};

/// The extension at one end of a connection.
#[derive(Debug)]
pub(crate) struct Deflate {
    pub(crate) agreed: Agreed,
    pub(crate) compressor: Compressor,
    pub(crate) decompressor: Decompressor,
}

impl Deflate {
    pub(crate) fn new(agreed: Agreed) -> Self {
        Self { agreed, compressor: Compressor::new(agreed), decompressor: Decompressor::new(&agreed) }
    }
}

/// Whether the next message is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compress {
    /// If it has at least [`Config::min_len`] bytes.
    #[default]
    Default,
    /// However short it is.
    Always,
    /// Not, and its bytes stay out of the window of later messages.
    Never,
}

/// The name of the extension (RFC 7692, 7).
pub(crate) const NAME: &str = "permessage-deflate";
