//! Extensions of your own: another compression, a checksum or a signature for each message.
//!
//! # Negotiation
//!
//! A client offers an extension, a server selects it, and neither may use it otherwise (RFC 6455, section 9).
//!
//! | role | call | what is checked |
//! |---|---|---|
//! | client | [`client::Request::extension_with_rsv`](crate::client::Request::extension_with_rsv) | the response may only select what was offered, each name once |
//! | client | [`client::Response::extensions`](crate::client::Response::extensions) | returns what was selected; its parameters are yours to check |
//! | server | [`server::Request::extensions`](crate::server::Request::extensions) | returns what was offered; its parameters are yours to check |
//! | server | [`server::Accept::extension_with_rsv`](crate::server::Accept::extension_with_rsv) | the client must have offered it, and it is selected once |
//!
//! The variants without reserved bits, `extension`, are for extensions that apply to all messages.
//!
//! # Reserved bits
//!
//! An extension that applies to some messages only marks them with a reserved bit on their first frame. Both calls above take
//! the bits and allow them once the extension is selected; [`Config::allow_rsv`](crate::Config::allow_rsv) does so for
//! connections that were opened elsewhere. A frame with any other bit still fails the connection, and so does a bit on a later
//! fragment or a control frame. RSV1 belongs to permessage-deflate if that is in use.
//!
//! # The codec
//!
//! Your codec gets and returns complete messages, in both roles:
//!
//! - A message with such a bit arrives as [`Event::Extended`](crate::Event::Extended), reassembled and within your limits, but as
//!   bytes: what a codec has not decoded is not text yet. Decode it, and validate text with `str::from_utf8`.
//! - [`Connection::send_extended`](crate::Connection::send_extended) and
//!   [`Session::send_extended`](crate::session::Session::send_extended) send what the codec has encoded.
//! - If a message cannot be decoded, send a Close with 1007. A codec that can expand its input must bound its output itself.
//!
//! The connection keeps everything else: fragments, control frames, limits, closing. There is no callback in between, because a
//! callback would have to return its errors and hold its memory inside the connection; a `match` on the event does the same
//! in your code. An extension that changes frames, and not messages, needs the layer below: use
//! [`frame::Decoder::allow_rsv`](crate::frame::Decoder::allow_rsv) and [`frame::Header`](crate::frame::Header).
//!
//! The example `own_extension.rs` in the repository is such an extension, for both roles: RSV2 marks messages that end in a
//! CRC-32.
//!
//! Next chapter: [`migrating`](super::migrating).
