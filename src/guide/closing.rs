//! How to close properly: who does what, when, and under which timer (RFC 6455, 7).
//!
//! A [`Session`](crate::session::Session) does all of this. The rest of this chapter is for programs with a
//! [`Connection`](crate::Connection) of their own.
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
//! the transport ends. A client just reads until it ends. When a timer of an open or closing connection expires, call
//! [`time_out`](crate::Connection::time_out), so that the timeout is the cause of the end; write `out`, and read on for a
//! while. When the timer for that expires too, close the transport: the peer is gone or ignores the protocol. [`keepalive`](crate::keepalive) keeps these timers, without a clock of its own. In every case tell the connection with
//! [`receive_eof`](crate::Connection::receive_eof).
//!
//! **In `Draining` a read error is an end like any other.** Many peers close their socket as soon as they have sent their Close,
//! with bytes unread, and the next read then fails with `ConnectionReset`; over TLS a missing `close_notify` is reported as
//! `UnexpectedEof`. Nothing was lost: both Close frames have been exchanged, or the connection had failed before. Do not report
//! it as the reason why the connection ended; `receive_eof` returns that:
//!
//! ```
//! use std::io::{self, Read};
//! use sansocket::{Connection, ProtocolError, State};
//!
//! /// Reads until the transport ends. Its read timeout is the timer of the state `Draining`.
//! fn drain(stream: &mut impl Read, connection: &mut Connection) -> Result<(), ProtocolError> {
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
//! In the other states a read error is the end of a connection that was not closed: `receive_eof` returns
//! [`UnexpectedEof`](crate::ProtocolError::UnexpectedEof), and your error is the reason.
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
