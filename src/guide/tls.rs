//! Flushing, TLS, and the end of a stream.
//!
//! # Flushing
//!
//! A plain socket sends what you write. A stream with a buffer (TLS, `BufWriter`, a stream of HTTP/2) accepts bytes first
//! and sends them when it is flushed. A program that does not flush works until the socket is full once; then the end of
//! a message stays in the stream, and both sides wait. The rule:
//!
//! 1. Write until the last byte of the output has been accepted.
//! 2. Flush until that succeeds. If a non-blocking stream returns `WouldBlock` from `flush`, ask for writability and flush again.
//! 3. Only then wait for the next read.
//!
//! A [`Session`](crate::session::Session) returns [`Transport::Flush`](crate::session::Transport::Flush) at the right moment.
//! With a [`Connection`](crate::Connection) of your own, flush when `out` is empty again.
//!
//! # Reading through TLS
//!
//! A TLS library decrypts whole records and keeps what you did not read. Two mistakes follow from this:
//!
//! - **Waiting for the socket while decrypted bytes are left.** The socket is not readable, since TLS has read it already. Read from
//!   TLS until it has nothing left, and only then wait for the socket.
//! - **Not reading because there is nothing to send.** TLS sends messages of its own (key updates, tickets). Keep both directions
//!   moving, even when the WebSocket only receives.
//!
//! # The end
//!
//! | what you see | what it means | report |
//! |---|---|---|
//! | a read of 0 bytes after `close_notify` | the peer ended its direction | [`eof`](crate::session::Session::eof) |
//! | `UnexpectedEof` from TLS: the socket ended without `close_notify` | the peer did not end TLS properly, or an attacker cut the connection | [`eof`](crate::session::Session::eof) |
//! | `ConnectionReset`, `BrokenPipe` | the connection is gone | [`failed`](crate::session::Session::failed) |
//!
//! WebSockets have an end of their own, the two Close frames. After them a missing `close_notify` is harmless, and many peers omit
//! it. Without them the session reports [`Cause::Eof`](crate::session::Cause::Eof), whether TLS was ended or cut: a truncated
//! message is never returned as complete.
//!
//! For [`Transport::ShutDown`](crate::session::Transport::ShutDown) send `close_notify` and flush; rustls does it with
//! `send_close_notify`, asynchronous streams in `poll_shutdown`. Do not close the socket yet: the session then waits
//! for the peer's end under a timer.
//!
//! # Which library
//!
//! Any that offers `Read + Write`, or the asynchronous equivalent. `examples/runtimes` has a client with rustls that verifies
//! certificates, and `sansocket-tokio` opens `wss` URIs. The name to verify is
//! [`Uri::host_without_brackets`](crate::uri::Uri::host_without_brackets). Offer `http/1.1` by ALPN, or `h2` if you open WebSockets with
//! [`extended_connect`](crate::extended_connect).
//!
//! Next chapter: [`closing`](super::closing).
