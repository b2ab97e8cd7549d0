//! The `WebSocket` object of browsers as a state machine (WHATWG `WebSockets` standard).
//!
//! A [`WebSocket`] is what a JavaScript engine puts behind `new WebSocket(url, protocols)`: it takes what the page does and what
//! the transport did, and returns events in the order of the standard, with their values. It does no I/O, has no clock, and
//! depends on no engine. [`guide::browser`](crate::guide::browser) is the chapter for authors of engines.
//!
//! ```text
//!  page        new  send  close  binaryType        readyState  bufferedAmount  url  protocol  extensions
//!               │     │      │       │                  ▲
//!               ▼     ▼      ▼       ▼                  │
//!             ┌───────────── WebSocket ────────────────────┐   next_event: one task of the event loop
//!             │  task queue: open, message, closing, close │ ─────────────▶ open  message  error  close
//!             └────────────────────────────────────────────┘
//!               ▲                                       │
//!  transport   receive  eof  failed  on_time       transport: write, flush, shut down, wait, close
//! ```
//!
//! # Tasks
//!
//! What the transport did becomes visible to the page in tasks only (WHATWG `WebSockets`, section 4). Each call of
//! [`next_event`](WebSocket::next_event) runs tasks up to the next event. [`ready_state`](WebSocket::ready_state),
//! [`protocol`](WebSocket::protocol), [`extensions`](WebSocket::extensions) and a falling
//! [`buffered_amount`](WebSocket::buffered_amount) change in this call and at no other time, apart from
//! [`close`](WebSocket::close), which sets [`ReadyState::Closing`] at once. So call it between two scripts, never while one
//! runs, and dispatch the event before you call it again: the state is then the one that the handler must see. The peer's Close
//! changes the state without an event; `next_event` returns `None` then.
//!
//! # Examples
//!
//! An object with a blocking transport. An engine does the same with its own event loop:
//!
//! ```
//! use std::{
//!     error::Error,
//!     io::{self, Read, Write},
//!     time::{Duration, Instant},
//! };
//!
//! use sansocket::{
//!     browser::{DomError, Event, ReadyState, Request, WebSocket},
//!     session::{ReadBuffer, Transport},
//! };
//!
//! /// The handlers of the page.
//! fn dispatch(socket: &mut WebSocket, event: &Event) -> Result<(), DomError> {
//!     match event {
//!         Event::Open => socket.send_text("Hello"),
//!         Event::Text(_) => socket.close(Some(1000), "done"),
//!         _ => Ok(()),
//!     }
//! }
//!
//! fn run(
//!     stream: &mut (impl Read + Write),
//!     request: &Request,
//!     seed: [u8; 32],
//! ) -> Result<Vec<Event>, Box<dyn Error>> {
//!     let (start, mut events) = (Instant::now(), Vec::new());
//!     let mut socket = WebSocket::new(request, seed, Duration::ZERO)?;
//!     let mut buffer = ReadBuffer::new(64 << 10);
//!     loop {
//!         socket.on_time(start.elapsed());
//!         socket.receive_from(&mut buffer);
//!         while let Some(event) = socket.next_event() {
//!             dispatch(&mut socket, &event)?;
//!             events.push(event);
//!         }
//!         let done = match socket.transport() {
//!             Transport::Write(bytes) => {
//!                 stream.write(bytes).map(|count| socket.written(count))
//!             }
//!             Transport::Flush => stream.flush().map(|()| socket.flushed()),
//!             // With a socket: stream.shutdown(Shutdown::Write).
//!             Transport::ShutDown => Ok(socket.shut_down()),
//!             Transport::Wait if !socket.wants_read() => Ok(()),
//!             Transport::Wait => match stream.read(buffer.space()) {
//!                 Ok(0) => Ok(socket.eof()),
//!                 result => result.map(|count| buffer.filled(count)),
//!             },
//!             Transport::Close => match socket.ready_state() {
//!                 ReadyState::Closed => return Ok(events),
//!                 _ => Ok(()),
//!             },
//!         };
//!         if done.is_err() {
//!             socket.failed();
//!         }
//!     }
//! }
//! # struct Duplex(io::Cursor<Vec<u8>>, Vec<u8>);
//! # impl Read for Duplex {
//! #     fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
//! #         self.0.read(buf)
//! #     }
//! # }
//! # impl Write for Duplex {
//! #     fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
//! #         self.1.write(bytes)
//! #     }
//! #     fn flush(&mut self) -> io::Result<()> {
//! #         Ok(())
//! #     }
//! # }
//! # use sansocket::{Input, handshake::HandshakeLimits};
//! # use sansocket::server::{Accept, Handshake};
//! # let request = Request::new("ws://example.com/", None, &[])?;
//! # let socket = WebSocket::new(&request, [7; 32], Duration::ZERO)?;
//! # let Transport::Write(head) = socket.transport() else { panic!() };
//! # let (mut head, mut out) = (head.to_vec(), Vec::new());
//! # let mut handshake = Handshake::new(HandshakeLimits::new());
//! # let mut input = Input::new(&mut head);
//! # let asked = handshake.receive(&mut input, &mut out)?.unwrap();
//! # asked.accept(Accept::new(), &mut out).unwrap();
//! # out.extend(b"\x81\x05Hello\x88\x06\x03\xe8done");
//! # let mut stream = Duplex(io::Cursor::new(out), Vec::new());
//! # let events = run(&mut stream, &request, [7; 32])?;
//! # let reason = "done".to_owned();
//! # let end = Event::Close { code: 1000, reason, was_clean: true };
//! # assert_eq!(events, [Event::Open, Event::Text("Hello".into()), end]);
//! # Ok::<(), Box<dyn Error>>(())
//! ```
//!
//! # Choices
//!
//! Where the standard leaves a choice or browsers differ:
//!
//! - The reply to the peer's Close is sent once the page has received the messages before it, so that what their handlers send
//!   still goes out. It repeats the code.
//! - A transport that is closed without a Close is an `error` and a `close` with 1006 (RFC 6455, section 7.2.1). After `close` of
//!   the page there is no `error`.
//! - `close` while connecting wins against a response that has arrived and whose task has not run.
//! - `close` with a reason and without a code sends 1000.
//! - A Close with a code that must not be sent (RFC 6455, section 7.4) fails the connection.
//! - After a failure, `error` and `close` follow at once. The transport goes on for a moment: it delivers the Close that tells
//!   the server.
//!
//! Uses `client`, `close`, `close_code`, `connection`, `deflate`, `error`, `frame`, `handshake`, `input`, `keepalive`, `num`, `session`,
//! `uri`.

mod backlog;
#[cfg(feature = "deflate")]
mod deflate;
mod error;
mod event;
mod ports;
mod request;
mod socket;
mod tasks;
mod transport;

pub use error::{DomError, SyntaxCause};
pub use event::{BinaryType, Event, ReadyState, UnknownBinaryType};
pub use ports::is_blocked_port;
pub use request::Request;
pub use socket::WebSocket;
