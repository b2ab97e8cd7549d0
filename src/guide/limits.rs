//! What a peer can cost, and where to bound it.
//!
//! # Memory
//!
//! | what | most bytes | set by |
//! |---|---|---|
//! | a connection that waits | 208, and for clients less than 512 on the heap; 16 more with the feature `deflate` | |
//! | a head that is incomplete | 64 KiB | [`max_head_len`](crate::handshake::HandshakeLimits::max_head_len) |
//! | a message that is incomplete | 64 MiB | [`max_message_len`](crate::Config::max_message_len) |
//! | a control frame that is incomplete | 128 | |
//! | the memory of a message that was given back | that of the longest | you: [`recycle`](crate::Connection::recycle) |
//! | compression | see `deflate` | its memory level and context takeover |
//! | the body of a rejection (clients) | 64 KiB | [`max_body_len`](crate::handshake::HandshakeLimits::max_body_len) |
//! | what waits to be written | | you: [`sending`](super::sending) |
//!
//! What is held follows what has arrived. A header that promises 64 MiB reserves at most 16 KiB; from then on the
//! buffer grows to at most twice what is there. The bound of a server is thus connections × message length, if all
//! of them send their longest message at once; so the message length is the figure to lower first. Chat needs
//! kilobytes.
//!
//! With [`Delivery::Chunks`](crate::Delivery::Chunks) nothing is put together, and messages may be longer than
//! memory.
//!
//! # Work
//!
//! Time is linear in the bytes that arrive, however they are cut. What remains are messages that are legal and
//! have no content:
//!
//! | what | default | set by |
//! |---|---|---|
//! | fragments of one message, empty ones too | 131,072 | [`max_fragments`](crate::Config::max_fragments) |
//! | control frames in a row | no limit | [`max_control_frames`](crate::Config::max_control_frames) |
//! | header lines | 128 | [`max_headers`](crate::handshake::HandshakeLimits::max_headers) |
//! | a header line | 8 KiB | [`max_line_len`](crate::handshake::HandshakeLimits::max_line_len) |
//!
//! With context takeover, a compressed message of 8 bytes that ends with a block marked final costs a copy of the window,
//! about 34,000 instructions. It is one for each message, so a limit on messages in a time bounds it.
//!
//! Each event costs you a turn of your loop, so a peer that sends empty messages as fast as it can is a matter of
//! how fast you read.
//!
//! # Time
//!
//! The machines have no clock. Every connection needs a deadline for its opening that no byte moves, one for its
//! closing, and a decision on what to do when nothing arrives: [`keepalive`](crate::keepalive) says when.
//!
//! # What happens beyond a limit
//!
//! At the byte that decides: 1009 for sizes, 1008 for counts, 414 or 431 in a handshake. The error says which limit
//! it was, its value, and what was seen, so that it can be logged and set right.
