//! How to fit the crate into a runtime and onto a transport.
//!
//! Use a [`Session`](crate::session::Session): its module documentation has the loop. It asks for one thing of the transport, your
//! code does it and reports it. This is that loop by the kind of transport:
//!
//! | transport | how |
//! |---|---|
//! | blocking | one `match` on [`transport`](crate::session::Session::transport); set the read timeout to [`deadline`](crate::session::Session::deadline) |
//! | `select!` | three branches: do what `transport` asks for; read if [`wants_read`](crate::session::Session::wants_read); sleep until `deadline` |
//! | readiness (mio, epoll) | write until `WouldBlock`, then read if `wants_read`, a few times in a row, then the next client |
//! | completion (`io_uring`) | [`take_unwritten`](crate::session::Session::take_unwritten) and [`written_owned`](crate::session::Session::written_owned) |
//! | TLS | flush when asked, and send `close_notify` for [`ShutDown`](crate::session::Transport::ShutDown) |
//! | streams of HTTP/2 and HTTP/3 | [`Session::open`](crate::session::Session::open), and [`end_first`](crate::session::Session::end_first) for a client |
//!
//! # Without a session
//!
//! A [`Connection`](crate::Connection) alone is a smaller loop: read into a buffer, receive until there is no event left, write
//! `out`, and only then look at the error. Flushing, timers and the end of the transport are then yours.
//!
//! ```
//! use sansocket::{Connection, Error, Event, Input, State};
//!
//! /// All that a program does with a connection when bytes have arrived.
//! fn on_read(connection: &mut Connection, bytes: &mut [u8], out: &mut Vec<u8>) -> Result<(), Error> {
//!     let mut input = Input::new(bytes);
//!     while let Some(event) = connection.receive(&mut input, out)? {
//!         match event {
//!             // Messages still arrive after our own Close, and nothing can be sent then.
//!             Event::Text(text) if connection.state() == State::Open => {
//!                 connection.send_text(&text.to_uppercase(), out)?;
//!             }
//!             _ => {}
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Put everything that can fail into one function such as this one. Its caller writes `out` whatever it returns,
//! so the order is always right.
//!
//! # Large messages
//!
//! A message that does not lie whole in the input has memory of its own. Who receives many of those gives each event to
//! [`recycle`](crate::Connection::recycle) when it is done with, and the next one is put together in the same memory.
//! A read buffer of 16 to 64 KiB is best: most messages then lie whole in it.
//!
//! Where each connection has a buffer of its own, a frame that is not whole can wait in it until the next reads have
//! brought the rest: that is [`Input::retained`](crate::Input::retained). Messages up to the length of the buffer are then
//! borrowed from it, however they arrive, and never copied; longer ones have memory of their own as before.
//!
//! ```
//! use std::io::{self, Read};
//! use sansocket::{Connection, Error, Event, Input};
//!
//! /// Reads once, behind the `filled` bytes that wait in `buf`, and takes what is whole.
//! fn read(
//!     stream: &mut impl Read,
//!     buf: &mut [u8],
//!     filled: &mut usize,
//!     connection: &mut Connection,
//!     out: &mut Vec<u8>,
//! ) -> io::Result<usize> {
//!     let count = stream.read(&mut buf[*filled..])?;
//!     let end = *filled + count;
//!     let capacity = buf.len();
//!     let mut input = Input::retained(&mut buf[..end], capacity);
//!     on_read(connection, &mut input, out).map_err(io::Error::other)?;
//!     *filled = input.len();
//!     if *filled < end {
//!         buf.copy_within(end - *filled..end, 0); // only if something was taken, so that all the work stays linear
//!     }
//!     Ok(count)
//! }
//! # fn on_read(connection: &mut Connection, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
//! #     while let Some(event) = connection.receive(input, out)? {
//! #         if let Event::Text(text) = event && connection.state() == sansocket::State::Open { connection.send_text(&text, out)?; }
//! #     }
//! #     Ok(())
//! # }
//! # let mut wire = &b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"[..];
//! # let (mut buf, mut filled, mut out) = ([0; 9], 0, Vec::new());
//! # let mut connection = Connection::server(sansocket::Config::new());
//! # assert_eq!(read(&mut wire, &mut buf, &mut filled, &mut connection, &mut out)?, 9);
//! # assert_eq!((filled, &out[..]), (3, &[][..]));
//! # assert_eq!(read(&mut wire, &mut buf, &mut filled, &mut connection, &mut out)?, 2);
//! # assert_eq!((filled, &out[..]), (0, &b"\x81\x05Hello"[..]));
//! # Ok::<(), io::Error>(())
//! ```
//!
//! There is always room for the next read: what cannot become whole in the buffer does not wait. The price is that text
//! is validated when its frame is whole, and not as it arrives.
//!
//! # Blocking threads
//!
//! `read`, the function, `write_all`, `flush`, the error. Set a read timeout on the socket: it is the only clock there is.
//!
//! # tokio and other async runtimes
//!
//! The state machine contains no await, so nothing in it can be canceled. The branches of your `select!` must be cancel safe.
//! `AsyncReadExt::read`, `AsyncWriteExt::write` and `flush` are; `write_all` is not. Keep `out` and the number of bytes
//! that were written outside the future, and write the rest with `write`:
//!
//! ```text
//! count = stream.read(&mut buf), if out.len() - written < HIGH_WATER => on_read(&mut connection, &mut buf[..count?], &mut out),
//! count = stream.write(&out[written..]), if written < out.len() => written += count?,
//! result = stream.flush(), if written == out.len() && !flushed => { result?; flushed = true; }
//! ```
//!
//! When everything has been written, clear `out` and reset `written`; when something is appended, reset `flushed`. (`write_buf`
//! is cancel safe too, but it takes a `bytes::Buf`, which a `Vec` is not.)
//!
//! To receive in one task and send in another, use [`Connection::split`](crate::Connection::split). No lock is
//! needed: the halves share nothing, and what the receiving half owes the peer is a value that you send through
//! the channel that the other task reads anyway.
//!
//! # Event loops (mio, epoll, kqueue)
//!
//! One read buffer serves all connections of a thread, because events borrow from it and not from the connection.
//! A connection that waits then costs its 208 bytes, and `out` only while something cannot be written. Ask for
//! writability while `out` is not empty, and stop reading from a peer whose `out` is long. One peer that sends without a
//! pause must not starve the others: read a bounded amount from each in a turn.
//!
//! # Completions (`io_uring`, IOCP)
//!
//! The buffer of a completed read goes into [`Input::new`](crate::Input::new); it may go back to the kernel when
//! [`receive`](crate::Connection::receive) has said `None`. While a write is under way, collect into a second
//! `out`, and swap.
//!
//! # Without `std`
//!
//! Turn the default features off, and `alloc` on: it is needed for messages; [`frame::Decoder`](crate::frame::Decoder) and
//! [`utf8::Decoder`](crate::utf8::Decoder) do without. A seed for a client has to come from your hardware.
//!
//! # Other transports
//!
//! Anything that carries bytes in order will do. On a stream of HTTP/2 or HTTP/3 the opening is an
//! [extended CONNECT](crate::extended_connect), and its end is [`receive_eof`](crate::Connection::receive_eof), as it is
//! on TCP. Where the opening happens elsewhere, make the connection with
//! [`Connection::server`](crate::Connection::server) or [`Connection::client`](crate::Connection::client).
//!
//! # Proxies and recorders
//!
//! Who forwards frames needs no messages: [`frame::Decoder`](crate::frame::Decoder) checks each frame and hands
//! out its payload as it arrives, unmasked, with the header to encode again for the other side. Do not forward
//! the code of a [`CloseOutcome`](crate::CloseOutcome): 1005 and 1006 are never sent.
