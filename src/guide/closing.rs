//! How to close properly: the steps of each side, and their timers (RFC 6455, section 7).
//!
//! A [`Session`](crate::session::Session) does all of this. The rest of this chapter is for programs that use a
//! [`Connection`](crate::Connection) directly.
//!
//! A WebSocket ends in two steps. Each side sends a Close; then the transport is closed, by the server
//! first, because the side that closes first keeps the port busy for minutes. [`State`](crate::State) describes how far
//! a connection has got:
//!
//! | state | what to do | under a timer of |
//! |---|---|---|
//! | `Open` | read and write | your keep-alive |
//! | `Closing` | one Close is outstanding: continue reading, write `out` | 5 to 30 s |
//! | `Draining` | write `out`, then see below | 1 to 5 s |
//! | `Closed` | drop it | |
//!
//! In `Draining` a server shuts down the write half of the transport, and reads and discards bytes until the end of the
//! stream. A client only reads until the end. When a timer of an open or closing connection expires, call
//! [`time_out`](crate::Connection::time_out), so that the timeout is the cause of the end; write `out`, and continue reading for a
//! while. When that timer expires too, close the transport: the peer is gone or ignores the protocol.
//! [`keepalive`](crate::keepalive) keeps these timers, without a clock. In every case report the end with
//! [`receive_eof`](crate::Connection::receive_eof).
//!
//! **In `Draining` a read error is an end like any other.** Many peers close their socket as soon as they have sent their Close,
//! with bytes unread, and the next read then fails with `ConnectionReset`; over TLS a missing `close_notify` is reported as
//! `UnexpectedEof`. Nothing was lost: both Close frames have been exchanged, or the connection had failed before. Do not report
//! it as the reason why the connection ended; `receive_eof` returns that. This function reads to the end:
//!
//! ```
//! use std::io::{self, Read};
//! use sansocket::{Connection, ProtocolError, State};
//!
//! /// Reads to the end. The read timeout is the timer of the state `Draining`.
//! fn drain(
//!     stream: &mut impl Read,
//!     connection: &mut Connection,
//! ) -> Result<(), ProtocolError> {
//!     debug_assert_eq!(connection.state(), State::Draining);
//!     let mut buf = [0; 4096];
//!     loop {
//!         match stream.read(&mut buf) {
//!             Ok(1..) => {} // the peer had sent it before it received our Close
//!             Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
//!             Ok(0) | Err(_) => return connection.receive_eof(),
//!         }
//!     }
//! }
//! # struct Reset(usize);
//! # impl Read for Reset {
//! #     fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
//! #         self.0 += 1;
//! #         match self.0 {
//! #             1 => Err(io::ErrorKind::Interrupted.into()),
//! #             2 => Ok(buf.len()),
//! #             _ => Err(io::ErrorKind::ConnectionReset.into()),
//! #         }
//! #     }
//! # }
//! # let mut connection = Connection::server(sansocket::Config::new());
//! # let mut close = *b"\x88\x80\0\0\0\0";
//! # let event = connection.receive(&mut sansocket::Input::new(&mut close), &mut Vec::new())?;
//! # assert_eq!(event, Some(sansocket::Event::Close(None)));
//! # drain(&mut Reset(0), &mut connection)?;
//! # assert_eq!(connection.state(), State::Closed);
//! # assert!(connection.close_outcome().is_some_and(|outcome| outcome.clean));
//! # Ok::<(), ProtocolError>(())
//! ```
//!
//! In the other states a read error ends a connection that was not closed: `receive_eof` returns
//! [`UnexpectedEof`](crate::ProtocolError::UnexpectedEof), and the read error is the reason.
//!
//! **Why not simply close the socket?** If received bytes have not been read, closing resets the
//! connection, and a reset can destroy the bytes sent last: the Close with the reason.
//!
//! # Closing
//!
//! [`send_close`](crate::Connection::send_close) with a code: [`NORMAL`](crate::CloseCode::NORMAL) when the work is
//! done, [`GOING_AWAY`](crate::CloseCode::GOING_AWAY) when the process ends. Continue reading: messages can
//! arrive until the peer's Close does. If you do not need them, set
//! [`deliver_while_closing(false)`](crate::Config::deliver_while_closing).
//!
//! # Being closed
//!
//! The reply is in `out` when [`Event::Close`](crate::Event::Close) is returned. To finish a message in fragments
//! first, turn [`auto_close`](crate::Config::auto_close) off and send the Close when it is complete.
//!
//! # Failing
//!
//! After an error from [`receive`](crate::Connection::receive) the Close for the peer is in `out`, and the
//! state is `Draining`: write and close as above. Do not wait for a reply; there may be none.
//!
//! # The outcome
//!
//! [`close_outcome`](crate::Connection::close_outcome) has the code, the reason, whether it was clean, and which side began. The code
//! is the one that the peer sent. 1005 means that its Close had none, and 1006 that no Close arrived, even when this side
//! failed the connection: `error` is then the reason.
//!
//! # Over TLS, HTTP/2 and HTTP/3
//!
//! On TLS, send `close_notify` where TCP is shut down for writing (see [`tls`](super::tls)). On a stream of HTTP/2 or
//! HTTP/3, end the stream; a reset of it is the end of the transport (see [`streams`](super::streams)).
//!
//! Next chapter: [`errors`](super::errors).
