//! A server and a client, from nothing to complete.
//!
//! You need a new project with one dependency: `cargo new echo && cd echo && cargo add sansocket`.
//!
//! # The server
//!
//! Three parts make a server: a listener, the loop that moves bytes between a socket and a
//! [`Session`](crate::session::Session), and your protocol. This is `src/main.rs`:
//!
//! ```no_run
//! # #[cfg(feature = "std")]
//! # mod main_rs {
//! use std::{
//!     error::Error,
//!     io,
//!     net::{Shutdown, TcpListener, TcpStream},
//!     thread,
//!     time::{Duration, Instant},
//! };
//!
//! use sansocket::{
//!     Event,
//!     handshake::HandshakeLimits,
//!     keepalive::Timeouts,
//!     server::Accept,
//!     session::{ReadBuffer, Received, Session},
//! };
//!
//! fn main() -> io::Result<()> {
//!     let listener = TcpListener::bind("127.0.0.1:9001")?;
//!     for stream in listener.incoming() {
//!         let mut stream = stream?;
//!         thread::spawn(move || {
//!             let session = Session::server(
//!                 HandshakeLimits::new(),
//!                 Timeouts::new(),
//!                 Duration::ZERO,
//!             );
//!             match drive(session, &mut stream, echo) {
//!                 Ok(session) => println!("{}", session.ending().unwrap()),
//!                 Err(error) => println!("{error}"),
//!             }
//!         });
//!     }
//!     Ok(())
//! }
//!
//! type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;
//!
//! /// The protocol: accepts every client, and echoes.
//! fn echo(session: &mut Session, received: Received<'_>) -> Result<()> {
//!     match received {
//!         Received::Request(request) => {
//!             session.accept(request, Accept::new())?
//!         }
//!         Received::Event(Event::Text(text)) => {
//!             _ = session.send_text(&text)?
//!         }
//!         Received::Event(Event::Binary(data)) => {
//!             _ = session.send_binary(&data)?
//!         }
//!         _ => {}
//!     }
//!     Ok(())
//! }
//!
//! /// The loop: does what the session asks for until it has ended.
//! fn drive(
//!     mut session: Session,
//!     stream: &mut TcpStream,
//!     mut protocol: impl FnMut(&mut Session, Received<'_>) -> Result<()>,
//! ) -> Result<Session> {
//!     let start = Instant::now();
//!     let clock = || start.elapsed();
//!     let end = |stream: &mut TcpStream| stream.shutdown(Shutdown::Write);
//!     let mut buffer = ReadBuffer::new(64 << 10);
//!     // A client that does not read is disconnected.
//!     stream.set_write_timeout(Some(Duration::from_secs(10)))?;
//!     loop {
//!         // The only alarm clock of a blocking read is its timeout.
//!         stream.set_read_timeout(session.time_left(clock()))?;
//!         // Writes what is due, then reads once.
//!         if !session.step(stream, &mut buffer, clock, end)? {
//!             return Ok(session);
//!         }
//!         while let Some(received) = session.receive_from(&mut buffer) {
//!             protocol(&mut session, received)?;
//!         }
//!     }
//! }
//! # }
//! ```
//!
//! Run it with `cargo run`, and open a connection from the console of a browser's developer tools:
//!
//! ```text
//! let socket = new WebSocket("ws://127.0.0.1:9001/");
//! socket.onmessage = event => console.log(event.data);
//! socket.onopen = () => socket.send("Hello");
//! socket.close();                                       // the server prints "closed with 1000"
//! ```
//!
//! For any stream that is `Read + Write`, `Session::step` (feature `std`) does the `match` of `drive`, and `Session::time_left`
//! computes its timeout; `examples/echo_server.rs` uses them.
//!
//! This is what the session does for you, so that `echo` contains nothing but the protocol:
//!
//! - It answers a request that is malformed or not an upgrade, with the right status, and ends.
//! - It sends a Pong for each Ping, and a Close for the peer's Close.
//! - It sends a Ping when the peer is silent, and ends if no reply arrives. The default timeouts are in
//!   [`Timeouts`](crate::keepalive::Timeouts::new).
//! - It asks for a flush after the last byte, shuts down the write half after the Close, and reads to the end of the stream
//!   under a timer, so that the peer receives everything.
//! - `step` returns an error for every end that is not clean; [`ending`](crate::session::Session::ending) returns the cause as one
//!   value, for your log.
//!
//! `step` carries out the operations that [`transport`](crate::session::Session::transport) requests; [`session`](crate::session)
//! shows the same loop without it, for other transports and without `std`.
//!
//! # Decisions about a request
//!
//! A server that browsers can reach checks the origin before it accepts, and chooses a subprotocol:
//!
//! ```
//! # use std::error::Error;
//! use sansocket::{
//!     server::Accept,
//!     session::{Received, Session},
//! };
//!
//! # type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;
//! fn on_received(session: &mut Session, received: Received<'_>) -> Result<()> {
//!     match received {
//!         Received::Request(request) if request.target() != "/chat" => {
//!             session.reject(request, 404, &[], b"")?;
//!         }
//!         Received::Request(request)
//!             if request.origin() != Some("https://example.com") =>
//!         {
//!             session.reject(request, 403, &[], b"")?;
//!         }
//!         Received::Request(request) => session.accept(request, Accept::new())?,
//!         _ => {}
//!     }
//!     Ok(())
//! }
//! # let _ = on_received;
//! ```
//!
//! # The client
//!
//! A client uses the same `drive` and `Result` as the server. Its session begins with a request and a seed for its
//! masking keys:
//!
//! ```no_run
//! use std::{error::Error, net::TcpStream, time::Duration};
//!
//! use sansocket::{
//!     CloseCode, Event, client, keepalive::Timeouts,
//!     session::{Received, Session},
//! };
//!
//! # type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;
//! # fn drive(session: Session, stream: &mut TcpStream, protocol: impl FnMut(&mut Session, Received<'_>) -> Result<()>) -> Result<Session> { todo!() }
//! # #[cfg(feature = "getrandom")]
//! fn main() -> Result<()> {
//!     let request = client::Request::new("ws://127.0.0.1:9001/")?;
//!     let mut stream = TcpStream::connect("127.0.0.1:9001")?;
//!     let seed = sansocket::random_seed()?;
//!     let session =
//!         Session::client(&request, seed, Timeouts::new(), Duration::ZERO)?;
//!     let session = drive(session, &mut stream, greet)?;
//!     println!("{}", session.ending().unwrap());
//!     Ok(())
//! }
//!
//! # #[cfg(not(feature = "getrandom"))]
//! # fn main() {}
//! fn greet(session: &mut Session, received: Received<'_>) -> Result<()> {
//!     match received {
//!         Received::Response(_) => _ = session.send_text("Hello")?,
//!         Received::Event(Event::Text(text)) => {
//!             println!("{text}");
//!             session.close(CloseCode::NORMAL)?;
//!         }
//!         _ => {}
//!     }
//!     Ok(())
//! }
//! ```
//!
//! If the server rejects the request, the [`ending`](crate::session::Session::ending) has the response with its status, headers and body. For
//! `wss` URIs, wrap the socket in TLS (see [`tls`](super::tls)). To connect to any URI, use
//! [`connect_host`](crate::uri::Uri::connect_host) and [`port`](crate::uri::Uri::port) of
//! [`Request::uri`](crate::client::Request::uri). [`errors`](super::errors) describes when to reconnect.
//!
//! # What blocking threads cannot do
//!
//! A blocking thread either reads or writes. The server above only sends in reply, so that is enough. A program that also sends
//! by itself needs a second source of events: a channel with a thread for each source (`examples/client.rs`),
//! `select!` on an async runtime, or an event loop. [`embedding`](super::embedding) shows each of them.
//!
//! Next chapter: [`embedding`](super::embedding).
