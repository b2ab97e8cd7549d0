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
//! With an HTTP stack of your own, negotiate with [`Config::offer`] and [`Config::accept_response`] at a client, with
//! [`Config::accept`] at a server, and give the result to
//! [`Config::deflate`](crate::Config::deflate) of the connection.
//!
//! # Peers that are not quite right
//!
//! A server does not write parameters about its own window that were not offered. Two parameters cannot be saved like
//! that, and lock some peers out: `client_no_context_takeover`, which
//! [`receive_context_takeover(false)`](Config::receive_context_takeover) has to write, since the client would refer to
//! earlier messages otherwise; and windows of 8 bits, which zlib cannot make, so that many peers refuse them.
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
//! is cut inside a block, has bytes behind its end, or refers to data before the window, fails with 1007. Three
//! cases are decided by what the backend lets us see:
//!
//! - BFINAL ends the stream of the backend and its window with it, so a copy of the window is kept for peers
//!   that use it: those that set BFINAL in their first compressed message (any that do so at all, do it in
//!   each). If a peer first sets it later, the copy begins behind that block, and a reference to what was
//!   before fails with 1007.
//! - Each such block costs a copy of the window if data follows it. Every message may have one. Each further one
//!   costs 64 of the compressed bytes that the connection has received; 1024 of them are granted in advance, and no
//!   more than 1024 are saved up. A peer that exceeds this is an attacker, and fails with 1007. The first one of a
//!   message is not charged, since peers that set BFINAL in each short message are within the RFC: such a message of 8
//!   bytes can cost about 34,000 instructions, as much as inflating 1 KiB. Limit the rate of messages if that matters.
//! - A message has to end as RFC 7692, 7.2.1 says, with an empty block without its last four bytes; or with
//!   these bytes, or with a block that has BFINAL set. One that ends with just any other block, without the
//!   empty one, fails with 1007.
//!
//! Distances up to 32 KiB are accepted whatever was agreed for the peer's window: refusing more would cost
//! every message, and saves nothing, as the backend has a full window anyway.
//!
//! # Memory
//!
//! A context is made when the first compressed message is sent or received. Bytes on the heap of the context for
//! sending:
//!
//! | our window | memory level 1 | 5 | 8 (default) | 9 |
//! |---|---|---|---|---|
//! | 9 bits | 137,344 | 150,784 | 251,136 | 365,824 |
//! | 10 bits | 139,392 | 152,832 | 253,184 | 367,872 |
//! | 12 bits | 151,680 | 165,120 | 265,472 | 380,160 |
//! | 15 bits | 266,368 | 279,808 | 380,160 | 494,848 |
//!
//! A table of 128 KiB is in each of them, so a small window alone saves less than having none between messages. A
//! window of 8 bits takes what one of 9 bits takes.
//!
//! The context for receiving has 47,680 bytes, whatever the window. Up to 64 KiB more are a copy of the window,
//! during the first message and for peers that set BFINAL. A message that is being inflated has room for twice what
//! it has so far and for no more than it may have.
//!
//! | bytes that a connection holds | sending | receiving |
//! |---|---|---|
//! | before the first compressed message | none | none |
//! | between messages, with context takeover | the table | 47,680 |
//! | between messages, without context takeover | none | none |
//! | after [`release_buffers`](crate::Connection::release_buffers) | none | as before |
//! | once the connection is closed | none | none |
//!
//! Beside these a connection with the extension has 128 bytes on the heap. `cargo test --features deflate --test
//! deflate_memory -- --nocapture` prints the figures, and fails if they differ from these.
//!
//! Without context takeover, messages use contexts of the thread (feature `std`): at the end of a message its context
//! is kept for the next message of any connection. A thread keeps at most 1 MiB of contexts, the room of 64 KiB that
//! messages are inflated into included, and drops those that have not been used for the longest time; all threads
//! together keep at most 64 MiB. The memory is freed when the thread ends. A context is reset before it is used
//! again: the bytes on the wire are the same, and no message can refer to one of another connection. Messages of at
//! most 2000 bytes that are not in fragments take a smaller context, which produces the same bytes.
//!
//! Without `std` a context stays with its connection until
//! [`release_buffers`](crate::Connection::release_buffers), and the room is allocated for each read.
//!
//! # Long connections
//!
//! On 32-bit platforms and on Windows the backend cannot count the bytes of a stream beyond 4 GiB, so its
//! contexts are renewed in time. When receiving, that happens between messages, and the window is preserved. A single
//! message can have at least 1 GiB of compressed bytes; a longer one may fail with 1009. When sending, a message then
//! refers to no earlier ones.
//!
//! Uses `error`, `handshake::Extension`, `num`.

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

/// Whether the next message is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
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
