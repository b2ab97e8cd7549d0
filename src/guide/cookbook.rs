//! Recipes: short answers to common tasks.
//!
//! # Authenticate
//!
//! Decide before you accept. Browsers cannot set headers on a WebSocket, so a token arrives in a cookie, in a subprotocol, or in the
//! first message; other clients use `Authorization`:
//!
//! ```
//! use sansocket::server::Request;
//!
//! fn bearer_token(request: &Request) -> Option<&str> {
//!     let value = str::from_utf8(request.header("authorization")?).ok()?;
//!     let (scheme, token) = value.split_once(' ')?;
//!     scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
//! }
//! # let _ = bearer_token;
//! ```
//!
//! Reject with 401, or accept and close with 1008 if the client is to learn the reason: a browser shows pages no status of a
//! rejection. Compare tokens in constant time.
//!
//! # Choose a subprotocol
//!
//! Select the first of the client's that you support. Answer without one if there is none; the client then decides whether to
//! stay. [`select_by_server_order`](crate::server::Request::select_by_server_order) prefers your order instead:
//!
//! ```
//! use sansocket::server::{Accept, Request};
//!
//! fn answer(request: &Request) -> Accept {
//!     const SUPPORTED: [&str; 2] = ["graphql-transport-ws", "graphql-ws"];
//!     Accept::new().maybe_subprotocol(request.select_by_client_order(&SUPPORTED))
//! }
//! # let _ = answer;
//! ```
//!
//! # Broadcast to many clients
//!
//! Clones of an [`EncodedMessage`](crate::session::EncodedMessage) share its payload, so it can go to many tasks. It is sent
//! uncompressed, to sessions with compression as well:
//!
//! ```
//! use sansocket::session::{EncodedMessage, Session};
//! use std::collections::HashMap;
//!
//! /// The sessions of each room.
//! type Rooms = HashMap<String, Vec<Session>>;
//!
//! fn broadcast(rooms: &mut Rooms, room: &str, text: &str) {
//!     let message = EncodedMessage::text(text);
//!     for session in rooms.get_mut(room).into_iter().flatten() {
//!         // Skip clients that read too slowly, and those that are closing.
//!         if session.has_room() {
//!             let _ = session.send_encoded(&message);
//!         }
//!     }
//! }
//! # broadcast(&mut Rooms::new(), "a", "b");
//! ```
//!
//! `adapters/tokio/examples/rooms.rs` is a complete chat with rooms.
//!
//! Then write to each client whose session asks for it. What to do with a slow client depends on your protocol: skip messages, as
//! here, or close it with 1008 or 1013.
//!
//! # Send and receive JSON
//!
//! A message is a unit, so there is nothing to delimit: one value, one text message.
//!
//! ```text
//! Received::Event(Event::Text(text)) => {
//!     let order: Order = serde_json::from_str(&text)?;
//!     session.send_text(&serde_json::to_string(&reply)?)?;
//! }
//! ```
//!
//! Close with 1007 if a message is no valid JSON, and with 1008 if the value is not allowed.
//!
//! # Upload a stream of unknown length
//!
//! Send fragments while you produce them. The peer receives one message; control frames get through between the fragments:
//!
//! ```
//! use std::io::{self, Read};
//! use sansocket::session::Session;
//!
//! /// Appends the next fragment, and returns `true` after the last one. Call it
//! /// again whenever `session.has_room()`.
//! fn send_next(
//!     source: &mut impl Read,
//!     session: &mut Session,
//! ) -> io::Result<bool> {
//!     let mut data = [0; 16 << 10];
//!     let count = source.read(&mut data)?;
//!     session
//!         .send_binary_fragment(&data[..count], count == 0)
//!         .map_err(io::Error::other)?;
//!     Ok(count == 0)
//! }
//! # let _ = |mut source: &[u8], session: &mut Session| send_next(&mut source, session);
//! ```
//!
//! # Receive messages that are larger than memory
//!
//! Ask for chunks, and write each to where it belongs. Text chunks end at character boundaries.
//!
//! ```
//! use sansocket::{Config, Delivery, Event};
//! use std::io::Write;
//!
//! let config = Config::new()
//!     .delivery(Delivery::Chunks)
//!     .max_message_len(10 << 30)
//!     .max_frame_len(10 << 30);
//!
//! fn store(event: Event<'_>, file: &mut impl Write) -> std::io::Result<()> {
//!     match event {
//!         Event::BinaryChunk { data, .. } => file.write_all(&data),
//!         _ => Ok(()),
//!     }
//! }
//! # store(Event::Ping(Default::default()), &mut Vec::new())?;
//! # let _ = config;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Limit the rate of messages
//!
//! The crate limits sizes and counts; rates need a clock, which is yours. A token bucket for each client is enough:
//!
//! ```
//! use std::time::Duration;
//!
//! /// Allows `burst` messages at once, and `per_second` in the long run.
//! struct Rate { burst: f64, per_second: f64, tokens: f64, at: Duration }
//!
//! impl Rate {
//!     /// Returns `false` if the client sends too fast: close it with 1008.
//!     fn allows(&mut self, now: Duration) -> bool {
//!         let earned = (now - self.at).as_secs_f64() * self.per_second;
//!         self.tokens = (self.tokens + earned).min(self.burst);
//!         self.at = now;
//!         self.tokens -= 1.0;
//!         self.tokens >= 0.0
//!     }
//! }
//! # let mut rate = Rate { burst: 2.0, per_second: 1.0, tokens: 2.0, at: Duration::ZERO };
//! # assert!(rate.allows(Duration::ZERO) && rate.allows(Duration::ZERO) && !rate.allows(Duration::ZERO));
//! # assert!(rate.allows(Duration::from_secs(3)));
//! ```
//!
//! # Serve HTTP on the same port
//!
//! With [`allow_http(true)`](crate::session::Session::allow_http) a request that is no upgrade is returned as
//! [`Received::Http`](crate::session::Received::Http), for a health check or a page:
//!
//! ```
//! use sansocket::session::{Received, Session};
//!
//! fn on_received(session: &mut Session, received: Received<'_>) {
//!     if let Received::Http(request) = received {
//!         let result = match request.target() {
//!             "/health" => session.respond(
//!                 request,
//!                 200,
//!                 &[("Content-Type", "text/plain")],
//!                 b"ok\n",
//!             ),
//!             _ => session.respond(request, 404, &[], b""),
//!         };
//!         debug_assert!(result.is_ok(), "status and headers are valid");
//!     }
//! }
//! # let _ = on_received;
//! ```
//!
//! # Reconnect
//!
//! Create the [`client::Request`](crate::client::Request) once, and a socket and a session with a new seed for each attempt.
//! [`errors`](super::errors) has the functions `is_temporary`, which inspects the ending, and `delay`. A socket that cannot be
//! connected is temporary too. `adapters/tokio/examples/client.rs` is a complete program.
//!
//! # Shut a server down
//!
//! Stop accepting, [`close`](crate::session::Session::close) each session with
//! [`GOING_AWAY`](crate::CloseCode::GOING_AWAY), keep the loop running until all have ended, and exit after a deadline.
//! [`scaling`](super::scaling) describes how to do it in waves.
//!
//! # Go through a proxy
//!
//! The module [`proxy`](crate::proxy) has the tunnel: run it on the socket first, then start TLS or the session on the same socket.
//!
//! # Record and replay
//!
//! See [`testing`](super::testing).
//!
//! Next chapter: [`glossary`](super::glossary).
