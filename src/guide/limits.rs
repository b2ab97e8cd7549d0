//! What a peer can cost you, and where to bound it.
//!
//! # Memory
//!
//! | what | most bytes | set by |
//! |---|---|---|
//! | an idle connection | 208, and for clients less than 512 on the heap; 16 more with the feature `deflate` | |
//! | an incomplete head | 64 KiB | [`max_head_len`](crate::handshake::HandshakeLimits::max_head_len) |
//! | an incomplete message | 64 MiB | [`max_message_len`](crate::Config::max_message_len) |
//! | an incomplete control frame | 128 | |
//! | the buffer of a recycled message | the longest message | your use of [`recycle`](crate::Connection::recycle) |
//! | compression | see `deflate` | its memory level and context takeover |
//! | the body of a rejection (clients) | 64 KiB | [`max_body_len`](crate::handshake::HandshakeLimits::max_body_len) |
//! | unwritten output | | your code: [`sending`](super::sending) |
//!
//! Memory grows with the bytes received. A header that declares 64 MiB reserves at most 16 KiB; from then on the
//! buffer is at most twice as long as the received bytes. A server's bound is thus connections × message length, if all
//! peers send their longest message at once, so lower the message length first. Chat needs kilobytes.
//!
//! With [`Delivery::Chunks`](crate::Delivery::Chunks) messages are not reassembled and can be longer than memory.
//!
//! # Work
//!
//! Time is linear in the bytes received, for any split. What remains is valid input without content:
//!
//! | what | default | set by |
//! |---|---|---|
//! | fragments of one message, empty ones too | 131,072 | [`max_fragments`](crate::Config::max_fragments) |
//! | control frames in a row | no limit | [`max_control_frames`](crate::Config::max_control_frames) |
//! | header lines | 128 | [`max_headers`](crate::handshake::HandshakeLimits::max_headers) |
//! | a header line | 8 KiB | [`max_line_len`](crate::handshake::HandshakeLimits::max_line_len) |
//!
//! With context takeover, a compressed message of 8 bytes that ends with a block marked final costs a copy of the window,
//! about 34,000 instructions. That takes about 1.1 µs (about 0.2 µs without the final block), or about 130 ns for a received
//! byte. A message may have one such block; each further one is charged. So a limit on the rate of messages bounds the cost.
//!
//! Each event costs one turn of your loop, so how fast you read bounds the work for a peer that sends empty messages as fast as it can.
//!
//! # Time
//!
//! Nothing here has a clock. Every connection needs a deadline for its handshake that received bytes do not extend, one for its
//! closing handshake, and a timeout for silence. A [`Session`](crate::session::Session) has all three, by
//! [`Timeouts`](crate::keepalive::Timeouts); without one, use [`keepalive`](crate::keepalive).
//!
//! A peer that reads slowly is not silent: while a session reads nothing because too many bytes wait, each write starts its
//! timeouts again. So a peer that takes a few bytes in each of them is never timed out, and holds the memory of
//! [`high_water`](crate::session::Session::high_water). If that is too much for your server, close sessions whose
//! [`has_room`](crate::session::Session::has_room) stays `false` for longer than you accept.
//!
//! # Exceeding a limit
//!
//! The connection fails at the first byte that exceeds the limit: with 1009 for sizes, 1008 for counts, and 414 or 431 in a handshake. The
//! error contains the limit, its value and the value received, for your log.
//!
//! Next chapter: [`security`](super::security).
