//! How to close properly: who does what, when, and under which timer (RFC 6455, 7).
//!
//! A WebSocket ends in two steps. Each side sends a Close; then the transport ends, and the server is the first to
//! end it, because the side that does so keeps the port busy for minutes. [`State`](crate::State) says where a
//! connection stands:
//!
//! | state | what to do | under a timer of |
//! |---|---|---|
//! | `Open` | read and write | whatever your keep-alive asks for |
//! | `Closing` | a Close is missing: go on reading, write `out` | 5 to 30 s |
//! | `Draining` | write `out`, then see below | 1 to 5 s |
//! | `Closed` | drop it | |
//!
//! In `Draining` a server shuts down its side of the transport for writing and reads, and drops, what comes until
//! the transport ends. A client just reads until it ends. When a timer runs out, close the transport: the peer is
//! gone or does not play by the rules. [`keepalive`](crate::keepalive) keeps these timers, without a clock of its own. In every case tell the connection with
//! [`receive_eof`](crate::Connection::receive_eof).
//!
//! **Why not simply close the socket?** If there are bytes that were received and not read, closing resets the
//! connection, and a reset may destroy what was sent last: the Close that says why.
//!
//! # To close
//!
//! [`send_close`](crate::Connection::send_close) with a code: [`NORMAL`](crate::CloseCode::NORMAL) when the work is
//! done, [`GOING_AWAY`](crate::CloseCode::GOING_AWAY) when the process ends. Go on reading: messages may still
//! arrive, until the peer's Close does. If nobody waits for them, set
//! [`deliver_while_closing(false)`](crate::Config::deliver_while_closing).
//!
//! # To be closed
//!
//! The answer is in `out` when [`Event::Close`](crate::Event::Close) is returned. If a message in fragments should
//! be finished first, turn [`auto_close`](crate::Config::auto_close) off and answer when it is done.
//!
//! # To fail
//!
//! After an error from [`receive`](crate::Connection::receive) the Close that tells the peer is in `out`, and the
//! state is `Draining`: write and close as above. Do not wait for an answer, there may be none.
//!
//! # How it went
//!
//! [`close_outcome`](crate::Connection::close_outcome) has the code, the reason, whether it was clean, and who began. The code
//! is what the peer sent. 1005 says that its Close had none; 1006 that no Close came, also when we failed the
//! connection: then `error` says why.
//!
//! # Over TLS, HTTP/2 and HTTP/3
//!
//! On TLS, end the session (`close_notify`) where TCP would be shut down for writing. On a stream of HTTP/2 or
//! HTTP/3, end the stream; a peer that resets it is one whose transport has ended.
