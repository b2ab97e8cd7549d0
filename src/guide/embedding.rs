//! How to fit the crate into a runtime and onto a transport.
//!
//! Use a [`Session`](crate::session::Session). It asks for one thing of the transport; your code does it and reports it. The
//! [tutorial](super::tutorial) has the loop for a blocking socket. For other kinds of transport it looks like this:
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
//! # Inside an HTTP server
//!
//! Often the request has been read before your code knows that it asks for a WebSocket. Two cases:
//!
//! - **You have its bytes.** Give them to a session, with everything that was read after them.
//! - **You have a parsed request.** With the feature `http`, `server::Request::from_http` checks it, and `accept_http` returns the
//!   response for your HTTP library and a [`Connection`](crate::Connection) for
//!   [`Session::open`](crate::session::Session::open). The library hands over the transport after it has written the response
//!   (an *upgrade*), often together with bytes that it has read already.
//!
//! In both cases the bytes go into the read buffer, and are received **before** the first operation of the transport: the client may
//! be waiting for the reply to a message in them.
//!
//! ```
//! use sansocket::handshake::HandshakeLimits;
//! use sansocket::keepalive::Timeouts;
//! use sansocket::session::{ReadBuffer, Session};
//! use std::time::Duration;
//!
//! /// Takes over a transport from an HTTP server, which has read `bytes`: a
//! /// request, and perhaps the first frames.
//! fn take_over(bytes: &[u8]) -> (Session, ReadBuffer) {
//!     let mut buffer = ReadBuffer::new(64 << 10);
//!     buffer.extend_from_slice(bytes);
//!     let limits = HandshakeLimits::new();
//!     let session = Session::server(limits, Timeouts::new(), Duration::ZERO);
//!     (session, buffer) // then: receive, and only then the loop
//! }
//! # use sansocket::{Event, server::Accept, session::Received};
//! # let mut bytes = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
//! #     Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
//! #     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".to_vec();
//! # bytes.extend(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
//! # let (mut session, mut buffer) = take_over(&bytes);
//! # let Some(Received::Request(request)) = session.receive_from(&mut buffer) else { panic!() };
//! # session.accept(request, Accept::new()).unwrap();
//! # let Some(Received::Event(Event::Text(text))) = session.receive_from(&mut buffer) else { panic!() };
//! # assert_eq!(text, "Hello");
//! ```
//!
//! # Without a session
//!
//! A [`Connection`](crate::Connection) alone is a smaller loop: read into a buffer, call `receive` until it returns `None`, write
//! `out`, and only then handle the error. Your code then flushes, keeps the timers and ends the transport.
//!
//! Put everything that can fail into one function. Its caller writes `out` whatever it returns, so the order is always right:
//!
//! ```
//! use sansocket::{Connection, Error, Event, Input, State};
//!
//! /// Everything that a program does with a connection when bytes have arrived.
//! fn on_read(
//!     connection: &mut Connection,
//!     bytes: &mut [u8],
//!     out: &mut Vec<u8>,
//! ) -> Result<(), Error> {
//!     let mut input = Input::new(bytes);
//!     while let Some(event) = connection.receive(&mut input, out)? {
//!         match event {
//!             // Messages can arrive after our own Close, when sending fails.
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
//! # Large messages
//!
//! A message that is not entirely contained in the input buffer is reassembled in memory of its own. If you receive many of those, pass
//! each event to [`recycle`](crate::Connection::recycle) when you no longer need it, and the next message reuses its buffer.
//! A read buffer of 16 to 64 KiB works best: most messages are then contained in one read. Reads that are not longer than
//! necessary are processed in the nearest cache of the processor: messages of 16 KiB take half the time if each read ends with
//! one of them. [`Input::missing`](crate::Input::missing) tells how many bytes end a frame, and
//! [`ReadBuffer`](crate::session::ReadBuffer) does it by itself.
//!
//! If each connection has its own read buffer, an incomplete frame can stay in it until the rest arrives: that is
//! [`Input::retained`](crate::Input::retained). Messages up to the length of the buffer are then borrowed from it, however they
//! arrive, and never copied; longer ones are reassembled as before.
//!
//! This function reads once and keeps the incomplete frame at the front of the buffer. `on_input` is `on_read` above, with the input
//! as its parameter:
//!
//! ```
//! use std::io::{self, Read};
//! use sansocket::{Connection, Error, Event, Input};
//!
//! /// Reads once, after the `filled` bytes that are in `buf` already, and
//! /// receives the complete frames.
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
//!     on_input(connection, &mut input, out).map_err(io::Error::other)?;
//!     *filled = input.len();
//!     if *filled < end {
//!         // Only if bytes were consumed, so that the work stays linear.
//!         buf.copy_within(end - *filled..end, 0);
//!     }
//!     Ok(count)
//! }
//! # fn on_input(connection: &mut Connection, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
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
//! There is always room for the next read: a frame that cannot fit into the buffer is not retained. Text is then validated
//! when its frame is complete, not as it arrives.
//!
//! # Blocking threads
//!
//! Call `read`, your function, `write_all` and `flush`, then handle the error. Set a read timeout on the socket: it is the only clock.
//!
//! # tokio and other async runtimes
//!
//! The state machine contains no await, so nothing in it can be canceled. The branches of your `select!` must be cancel safe.
//! `AsyncReadExt::read`, `AsyncWriteExt::write` and `flush` are; `write_all` is not. Keep `out` and the number of written
//! bytes outside the future, and write the rest with `write`:
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
//! needed: the halves share nothing, and the receiving half returns its pending replies as values that you send through
//! the channel that the other task reads anyway. `Session::into_parts` returns the connection of a session.
//!
//! # Event loops (mio, epoll, kqueue)
//!
//! One read buffer serves all connections of a thread, because events borrow from it and not from the connection.
//! An idle connection then costs its 208 bytes, and `out` only while something cannot be written. Ask for
//! writability while `out` is not empty, and stop reading from a peer whose `out` is long. A peer that sends without a
//! pause must not starve the others: read a bounded amount from each in turn.
//!
//! # Completions (`io_uring`, IOCP)
//!
//! Pass the buffer of a completed read to [`Input::new`](crate::Input::new); return it to the kernel once
//! [`receive`](crate::Connection::receive) has returned `None`. While a write is in flight, collect into a second
//! `out`, and swap.
//!
//! # Without `std`
//!
//! See [`no_std`](super::no_std).
//!
//! # Other transports
//!
//! Anything that carries bytes in order works. On a stream of HTTP/2 or HTTP/3 the handshake is an
//! [extended CONNECT](crate::extended_connect), and the end of the stream is [`receive_eof`](crate::Connection::receive_eof), as on
//! TCP. If the handshake happens elsewhere, create the connection with
//! [`Connection::server`](crate::Connection::server) or [`Connection::client`](crate::Connection::client).
//!
//! # Unix sockets
//!
//! Connect to the socket yourself; the URI only names the request. Some programs write the path of the socket into an address
//! such as `ws+unix:/run/app.sock:/chat?room=1` (the form of the package `ws` for Node.js), which is easily split:
//!
//! ```
//! # #[cfg(unix)] {
//! use std::{error::Error, io::{Read, Write}, os::unix::net::UnixStream};
//! use sansocket::{Connection, Input, client};
//!
//! /// Splits `ws+unix:/path/of/socket:/resource`.
//! fn split(address: &str) -> Option<(&str, &str)> {
//!     let rest = address.strip_prefix("ws+unix:")?;
//!     Some(rest.split_once(':').unwrap_or((rest, "/")))
//! }
//!
//! fn connect(
//!     address: &str,
//!     seed: [u8; 32],
//! ) -> Result<(UnixStream, Connection), Box<dyn Error>> {
//!     let (path, resource) = split(address).ok_or("not a ws+unix address")?;
//!     // If the server expects another host, set it with `Request::host`.
//!     let request = client::Request::new(&format!("ws://localhost{resource}"))?;
//!     let mut stream = UnixStream::connect(path)?;
//!     let (mut out, mut buf) = (Vec::new(), [0; 4096]);
//!     let mut handshake = client::Handshake::new(&request, seed, &mut out)?;
//!     stream.write_all(&out)?;
//!     loop {
//!         let count = stream.read(&mut buf)?;
//!         if count == 0 {
//!             handshake.receive_eof()?;
//!         }
//!         // Bytes after the response are frames, and stay in the input.
//!         let mut input = Input::new(&mut buf[..count]);
//!         if let Some((connection, _)) = handshake.receive(&mut input)? {
//!             return Ok((stream, connection));
//!         }
//!     }
//! }
//!
//! assert_eq!(split("ws+unix:/run/app:/chat?a"), Some(("/run/app", "/chat?a")));
//! assert_eq!(split("ws+unix:/run/app"), Some(("/run/app", "/")));
//! # let path = std::env::temp_dir().join(format!("sansocket-guide-{}.sock", std::process::id()));
//! # let listener = std::os::unix::net::UnixListener::bind(&path)?;
//! # let server = std::thread::spawn(move || {
//! #     let (mut stream, mut buf, mut out) = (listener.accept().unwrap().0, [0; 4096], Vec::new());
//! #     let mut handshake = sansocket::server::Handshake::new(Default::default());
//! #     let count = stream.read(&mut buf).unwrap();
//! #     let request = handshake.receive(&mut Input::new(&mut buf[..count]), &mut out).unwrap().unwrap();
//! #     assert_eq!((request.target(), request.authority()), ("/chat", "localhost"));
//! #     request.accept(sansocket::server::Accept::new(), &mut out).unwrap();
//! #     stream.write_all(&out).unwrap();
//! # });
//! # let opened = connect(&format!("ws+unix:{}:/chat", path.display()), [7; 32]);
//! # std::fs::remove_file(&path)?;
//! # assert_eq!(opened?.1.state(), sansocket::State::Open);
//! # server.join().unwrap();
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Proxies and recorders
//!
//! To forward frames you need no messages: [`frame::Decoder`](crate::frame::Decoder) checks each frame and returns
//! its payload as it arrives, unmasked, with the header to encode again for the other side. Do not forward
//! the code of a [`CloseOutcome`](crate::CloseOutcome): 1005 and 1006 are never sent.
//!
//! Next chapter: [`sending`](super::sending).
