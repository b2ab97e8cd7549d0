//! `WebSockets` on streams of HTTP/2 and HTTP/3.
//!
//! [`extended_connect`](crate::extended_connect) turns the headers of a stream into a
//! [`Connection`](crate::Connection); the data of the stream are its bytes. In the repository, `h2_server.rs` in
//! `examples/runtimes` does this over HTTP/2 with `h2`, and `examples/http3` over HTTP/3 with `quiche`, at both ends.
//!
//! # Reading and writing
//!
//! - Pass the data of DATA frames to [`receive`](crate::Connection::receive) as they arrive. Their boundaries mean nothing
//!   (RFC 8441, section 5).
//! - Flow control is the backpressure. Release the window of what you have read only while `out` is short, so that a peer
//!   that does not read can no longer send. Both HTTP/2 and HTTP/3 also have a window for the whole connection, which all
//!   of its streams share: a WebSocket that is not read from must not use it up.
//! - Give every WebSocket its own Pings and timers, and the HTTP connection a longer idle timeout than theirs.
//!
//! # How a stream ends
//!
//! | | over TCP | HTTP/2 | HTTP/3 |
//! |---|---|---|---|
//! | a direction ends | FIN | `END_STREAM` on a DATA frame | the end of the QUIC stream |
//! | a direction is given up | RST | `RST_STREAM`, which ends both directions | `RESET_STREAM` by the sender, `STOP_SENDING` by the receiver |
//! | the code of a timeout | | CANCEL (0x8) | `H3_REQUEST_CANCELLED` (0x10c) |
//! | the code of a refusal before any response | | `REFUSED_STREAM` (0x7) | `H3_REQUEST_REJECTED` (0x10b) |
//!
//! Each of them is [`receive_eof`](crate::Connection::receive_eof) for the connection, which tracks whether both Close
//! frames were exchanged. So is the end of the whole HTTP connection, for each of its streams.
//!
//! # Who ends it first
//!
//! Once both Close frames have been exchanged, each side ends its direction without waiting for the other. Over TCP a client
//! waits for the server (RFC 6455, section 7.1.1), so that the server's port is free again; a stream has no port, and a proxy
//! that waits for the client would otherwise hold the end of the server back. Where a server fails if the client is first (see
//! below), let the client wait, as the client in `examples/http3` does. Either way, wait for the other direction only as
//! long as the closing timeout, and then reset the stream. The outcome is clean if both Close frames were exchanged, however the
//! stream ended.
//!
//! # Peers that differ
//!
//! | peer | what it does | what follows |
//! |---|---|---|
//! | hypercorn 0.18, HTTP/3 | answers a Close and does not end the stream | the client's closing timeout resets it |
//! | hypercorn 0.18, HTTP/3 | fails if the client ends the stream after the Close, and closes the other WebSockets of the connection with 1011 | let the client wait for the server |
//! | hypercorn 0.18, HTTP/3 | refuses with a `connection: close` header, which HTTP/3 does not allow (RFC 9114, section 4.2) | a rejection with that status, whose [`fault`](crate::client::Response::fault) is `ConnectionSpecificHeader` |
//! | aioquic 1.7 | announces extended CONNECT also as a client, where it means nothing | ignore it |
//! | proxies between HTTP/2 and HTTP/1.1 | may not pass on the end of a direction until both have ended | the closing timeout |
//!
//! Next chapter: [`scaling`](super::scaling).
