//! permessage-deflate: compressed messages (RFC 7692).
//!
//! Pass a [`Config`] to [`server::Accept::deflate`](crate::server::Accept::deflate) or
//! [`client::Request::deflate`](crate::client::Request::deflate), and messages are compressed if the peer
//! agrees. The calls and the events stay the same.
//!
//! A server enables compression:
//! ```
//! use sansocket::{deflate, server::Accept};
//!
//! let accept = Accept::new().deflate(deflate::Config::new());
//! ```
//!
//! With an HTTP stack of your own, negotiate with [`Config::offer`] and [`Config::accept_response`] at a
//! client, with [`Config::accept`] at a server, and pass the result to
//! [`Config::deflate`](crate::Config::deflate) of the connection.
//!
//! # Interoperability
//!
//! A server does not send parameters about its own window that were not offered. Two parameters cannot be
//! omitted like that, and exclude some peers: `client_no_context_takeover`, which
//! [`receive_context_takeover(false)`](Config::receive_context_takeover) requires, since the client would
//! otherwise refer to earlier messages; and windows of 8 bits, which zlib cannot produce, so that many peers
//! reject them.
//!
//! # Secrets
//!
//! Compression leaks information through message length. If a secret and text chosen by an attacker are
//! compressed together, even in separate messages with context takeover, the attacker can guess the secret
//! byte by byte. Send such messages with [`Compress::Never`] (RFC 7692, section 8).
//!
//! # Limits
//!
//! [`Config::max_message_len`](crate::Config::max_message_len) counts inflated bytes, and inflating stops at
//! the limit: a message of exactly that length is allowed, one more byte fails the connection with 1009. In
//! addition to the message, inflating takes a fixed amount of memory, for any input.
//!
//! # Accepted data
//!
//! Blocks of all types are accepted, several in a message, with the BFINAL bit set or not (RFC 7692, section
//! 7.2.3). A message that ends inside a block, has bytes after its end, or refers to data before the window,
//! fails the connection with 1007. Three cases depend on what the backend reveals:
//!
//! - BFINAL ends the stream of the backend and with it the window, so a copy of the window is kept for peers that set
//!   BFINAL in their first compressed message (peers that set it at all do so in each message). If a peer first sets it
//!   later, the copy begins after that block, and a reference to earlier data fails the connection with 1007.
//! - Each such block costs a copy of the window if data follows it. Every message may have one. Each further one is charged
//!   64 of the compressed bytes that the connection has received; 1024 of them are granted in advance, and at most 1024
//!   are saved up. A peer that exceeds this is an attacker, and the connection fails with 1007. The first one of a message
//!   is not charged, since the RFC allows peers to set BFINAL in each short message: such a message of 8 bytes can cost
//!   about 34,000 instructions, as much as inflating 1 KiB. That takes about 1.1 µs (about 0.2 µs without BFINAL), or about
//!   130 ns for a received byte. Limit the rate of messages if that matters.
//! - A message must end as RFC 7692, section 7.2.1, describes, with an empty block without its last four bytes; or with
//!   these bytes, or with a block that has BFINAL set. A message that ends with any other block fails the connection with
//!   1007.
//!
//! Distances up to 32 KiB are accepted for every negotiated window: rejecting longer ones would cost time for
//! every message and save nothing, since the backend always has a full window.
//!
//! # Memory
//!
//! A context is created when the first compressed message is sent or received. The compression context takes
//! these bytes on the heap:
//!
//! | our window | memory level 1 | 5 | 8 (default) | 9 |
//! |---|---|---|---|---|
//! | 9 bits | 137,344 | 150,784 | 251,136 | 365,824 |
//! | 10 bits | 139,392 | 152,832 | 253,184 | 367,872 |
//! | 12 bits | 151,680 | 165,120 | 265,472 | 380,160 |
//! | 15 bits | 266,368 | 279,808 | 380,160 | 494,848 |
//!
//! Each of them contains a table of 128 KiB, so a small window alone saves less than having no context
//! between messages. A window of 8 bits takes as much memory as one of 9 bits.
//!
//! The decompression context takes 47,680 bytes, for any window. Up to 64 KiB more are a copy of the window,
//! during the first message and for peers that set BFINAL. A message that is being inflated has room for
//! twice its current length, but never for more than its limit.
//!
//! | bytes that a connection holds | sending | receiving |
//! |---|---|---|
//! | before the first compressed message | none | none |
//! | between messages, with context takeover | the table | 47,680 |
//! | between messages, without context takeover | none | none |
//! | after [`release_buffers`](crate::Connection::release_buffers) | none | as before |
//! | once the connection is closed | none | none |
//!
//! In addition, a connection with the extension has 128 bytes on the heap. `cargo test --features deflate
//! --test deflate_memory -- --nocapture` prints the figures, and fails if they differ from these.
//!
//! Without context takeover, messages use contexts of the thread (feature `std`): at the end of a message its
//! context is kept for the next message of any connection. A thread keeps at most 1 MiB of contexts,
//! including 64 KiB of room that messages are inflated into, and drops the least recently used ones; all
//! threads together keep at most 64 MiB. The memory is freed when the thread ends. A context is reset before
//! it is used again: the bytes on the wire are the same, and no message can refer to one of another
//! connection. Unfragmented messages of at most 2000 bytes take a smaller context, which produces the same
//! bytes.
//!
//! Without `std` a context stays with its connection until
//! [`release_buffers`](crate::Connection::release_buffers), and the room is allocated for each read.
//!
//! # Long connections
//!
//! On 32-bit platforms and on Windows the backend cannot count the bytes of a stream beyond 4 GiB, so its
//! contexts are renewed in time. When receiving, that happens between messages, and the window is preserved.
//! A single message can have at least 1 GiB of compressed bytes; a longer one may fail with 1009. When
//! sending, a message then refers to no earlier ones.
//!
//! Uses `error`, `handshake::Extension`, `num`.
#![doc(alias = "compression")]
#![doc(alias = "permessage-deflate")]
#![doc(alias = "per-message")]
#![doc(alias = "gzip")]
#![doc(alias = "zlib")]

mod compressor;
mod config;
mod decompressor;
mod history;
mod negotiation;
mod pool;

pub use config::{Config, WindowBits};
pub use negotiation::{Negotiated, NegotiationError, Offer};

pub(crate) use compressor::{Compressor, Plan};
pub(crate) use decompressor::Decompressor;

/// The choice whether the next message is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compress {
    /// Compress the message if it has at least [`Config::min_len`] bytes.
    #[default]
    Default,
    /// Compress the message, however short it is.
    Always,
    /// Do not compress the message, and keep its bytes out of the window of later messages.
    Never,
}

/// The name of the extension (RFC 7692, section 7).
pub(crate) const NAME: &str = "permessage-deflate";
