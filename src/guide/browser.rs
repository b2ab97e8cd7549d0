//! The `WebSocket` object of browsers, for authors of JavaScript engines.
//!
//! [`browser`](crate::browser) is the object of the WHATWG standard as a state machine. This chapter is for you if you write a
//! JavaScript runtime, a game engine or a headless browser with scripts, or a tool that tests pages. If your program has no
//! scripts, use a [`Session`](crate::session::Session); [the last section](#without-the-object) translates the terms.
//!
//! The package `examples/javascript` in the repository is such a runtime: `QuickJS` with `WebSocket`, timers and `console`, on
//! tokio. Its tests run scripts that check the object from the page's side.
//!
//! # What the object does
//!
//! - The constructor's checks, in the order of the standard, with errors that have the names of the exceptions:
//!   [`Request::new`](crate::browser::Request::new) for `url` and `protocols`.
//! - `send` and `close` in every state, with their checks: [`send_text`](crate::browser::WebSocket::send_text),
//!   [`send_binary`](crate::browser::WebSocket::send_binary), [`close`](crate::browser::WebSocket::close).
//! - The attributes: `url`, `readyState`, `bufferedAmount`, `protocol`, `extensions`, `binaryType`.
//! - The events with their values, in order, and what a page must not learn: every failure is `error`, then `close` with 1006.
//! - The protocol: handshake, messages, Pongs, the closing handshake, its timeouts, the end of the transport.
//!
//! # Embedding it
//!
//! 1. In the constructor, convert the arguments by Web IDL: `url` to a `USVString`; `protocols`, a string or a sequence, to a list.
//!    Call [`Request::new`](crate::browser::Request::new) with the base URL of the page. Throw its error as a `DOMException` with
//!    [`name`](crate::browser::DomError::name).
//! 2. Add to the request what only the engine knows (below). Create the
//!    [`WebSocket`](crate::browser::WebSocket) with a seed of [`random_seed`](crate::random_seed), and return the object to the
//!    script.
//! 3. In the background, connect to [`Request::uri`](crate::browser::Request::uri), with TLS if it is secure. If that fails, or
//!    must not be done, report [`failed`](crate::browser::WebSocket::failed).
//! 4. Then do what [`transport`](crate::browser::WebSocket::transport) returns, as with a
//!    [`Session`](crate::session::Session): write, flush, shut down, read if
//!    [`wants_read`](crate::browser::WebSocket::wants_read), close. Pass what was read to
//!    [`receive`](crate::browser::WebSocket::receive), after [`on_time`](crate::browser::WebSocket::on_time).
//! 5. Whenever the transport did something, queue a task in the event loop. The task calls
//!    [`next_event`](crate::browser::WebSocket::next_event) once, and dispatches the event, if there is one. Queue the task again
//!    until there is none. [`Event::Error`](crate::browser::Event::Error) and the `close` after it are one task: call
//!    `next_event` twice.
//! 6. Let the transport go on after each task and each script: they can have sent something.
//!
//! The attributes change in `next_event` and nowhere else, so promise jobs that run between two tasks, and scripts that run for a
//! long time, see what the standard requires, whatever the network does at the same time. If the network has a thread of its own, put
//! the object into a mutex that you hold for a call, not for a task.
//!
//! ```
//! use core::time::Duration;
//! use sansocket::{
//!     Input,
//!     browser::{BinaryType, Event, ReadyState, Request, WebSocket},
//!     session::Transport,
//! };
//!
//! /// An engine's object: the machine, and what it has dispatched.
//! struct Object {
//!     socket: WebSocket,
//!     dispatched: Vec<String>,
//! }
//!
//! impl Object {
//!     /// A task of the event loop. Returns `false` if there was nothing to do.
//!     fn task(&mut self) -> bool {
//!         let Some(event) = self.socket.next_event() else { return false };
//!         let is_error = event == Event::Error;
//!         self.dispatch(event);
//!         if is_error {
//!             self.task();
//!         }
//!         true
//!     }
//!
//!     fn dispatch(&mut self, event: Event) {
//!         self.dispatched.push(match event {
//!             Event::Open => "open".into(),
//!             Event::Text(text) => format!("message: a string, {text}"),
//!             Event::Binary(data, BinaryType::Blob) => {
//!                 format!("message: a Blob of {} bytes", data.len())
//!             }
//!             Event::Binary(data, _) => {
//!                 format!("message: an ArrayBuffer of {} bytes", data.len())
//!             }
//!             Event::Error => "error".into(),
//!             Event::Close { code, .. } => format!("close: {code}"),
//!             _ => return,
//!         });
//!     }
//! }
//!
//! let request = Request::new("ws://example.com/", None, &[])?;
//! let socket = WebSocket::new(&request, [7; 32], Duration::ZERO)?;
//! let mut object = Object { socket, dispatched: Vec::new() };
//! assert!(matches!(object.socket.transport(), Transport::Write(_)));
//! // No proxy, no server: whatever it was, the page learns that it failed.
//! let mut bytes = *b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n";
//! object.socket.receive(&mut Input::new(&mut bytes));
//! assert_eq!(object.socket.ready_state(), ReadyState::Connecting);
//! while object.task() {}
//! assert_eq!(object.dispatched, ["error", "close: 1006"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What the engine adds
//!
//! | topic | what to do |
//! |---|---|
//! | strings | `String::from_utf16_lossy` for text and reasons: each unpaired surrogate becomes U+FFFD |
//! | `send` | throw `TypeError` without an argument; call [`ready_state`](crate::browser::WebSocket::ready_state) first, since the `InvalidStateError` precedes the conversion; binary is `Blob`, `ArrayBuffer` and the range of a view, everything else is converted to a string |
//! | `Blob` | read a `Blob` before you pass it. If it is not in memory, hold back later messages and the call of `close` until then, so that they keep their order. At once, count the sizes in `bufferedAmount`, check the arguments of `close`, and report `CLOSING` after it |
//! | `close` | an absent code is `None`; clamp any other value to 16 bits, so that NaN and `null` are 0; an absent reason is empty |
//! | `binaryType` | parse the string, and ignore an error |
//! | events | `MessageEvent` with [`origin`](crate::browser::WebSocket::origin), `CloseEvent`, plain `Event`; handler attributes (`onmessage`) and listeners; none bubbles or can be canceled |
//! | `Origin` | [`Request::origin`](crate::browser::Request::origin), always; `null` for an opaque origin |
//! | headers | cookies of the same URL with `http` for `ws`, `User-Agent`, `Accept-Language`, `Sec-Fetch-*`: [`Request::header`](crate::browser::Request::header); never `Referer` |
//! | compression | [`Request::deflate`](crate::browser::Request), with the feature `deflate`: browsers offer it |
//! | cookies | store `Set-Cookie` of [`response`](crate::browser::WebSocket::response), also of a rejection |
//! | ports | [`is_blocked_port`](crate::browser::is_blocked_port): report `failed`, do not connect |
//! | mixed content, CSP | the same: an event, no exception. Upgrade `ws` to `wss` for HSTS when you connect; the attribute `url` does not show it |
//! | one connection at a time | wait with connecting while another handshake with the same address is in progress (RFC 6455, section 4.1) |
//! | status 401 | [`retry`](crate::browser::WebSocket::retry) with an `Authorization` header, from the user information of the URL or from the user, on a new transport |
//! | proxies | [`proxy`](crate::proxy) makes the tunnel |
//! | a document that goes away | [`disappear`](crate::browser::WebSocket::disappear) |
//! | garbage collection | keep the object while it is connecting and `open`, `message`, `error` or `close` has a listener; while it is open and one of the last three has; while it is closing and `error` or `close` has; and while [`buffered_amount`](crate::browser::WebSocket::buffered_amount) is not 0 and it is not closed. Otherwise call [`collect`](crate::browser::WebSocket::collect) |
//! | a console | [`ending`](crate::browser::WebSocket::ending) describes the failure; scripts must not see it, or they could scan a network |
//!
//! Memory is bounded by the limits of [`Request::config`](crate::browser::Request::config) and, for what a page sends, by
//! [`Request::max_buffered`](crate::browser::Request::max_buffered). A page that is busy while 64 KiB of messages wait for it
//! slows its server down.
//!
//! The crate `url` parses URLs. It works without `std`, and so does the feature.
//!
//! # Without the object
//!
//! The terms of the object, and the items of a [`Session`](crate::session::Session) and a
//! [`Connection`](crate::Connection) that correspond to them:
//!
//! | browser | here |
//! |---|---|
//! | `new WebSocket(url, protocols)` | [`client::Request::new`](crate::client::Request::new), [`subprotocol`](crate::client::Request::subprotocol) once for each, [`require_subprotocol`](crate::client::Request::require_subprotocol) |
//! | `onopen` | [`Received::Response`](crate::session::Received::Response) |
//! | `protocol`, `extensions` | [`client::Response::subprotocol`](crate::client::Response::subprotocol), [`extensions`](crate::client::Response::extensions) |
//! | `readyState` | `CONNECTING`: the handshake; then [`Connection::state`](crate::Connection::state) |
//! | `OPEN` | [`State::Open`](crate::State::Open) |
//! | `CLOSING` | [`State::Closing`](crate::State::Closing), [`State::Draining`](crate::State::Draining) |
//! | `CLOSED` | [`State::Closed`](crate::State::Closed) |
//! | `onmessage`, `data` a string | [`Event::Text`](crate::Event::Text) |
//! | `onmessage`, `data` a `Blob` or `ArrayBuffer` | [`Event::Binary`](crate::Event::Binary) |
//! | nothing: browsers show no Ping | [`Event::Ping`](crate::Event::Ping), [`Event::Pong`](crate::Event::Pong) |
//! | `send` | [`send_text`](crate::session::Session::send_text), [`send_binary`](crate::session::Session::send_binary) |
//! | `send` after `close` does nothing | `Ok(false)` |
//! | `bufferedAmount` | [`unwritten`](crate::session::Session::unwritten), which counts headers too |
//! | `close()` | [`close(None)`](crate::session::Session::close) |
//! | `close(code, reason)`: 1000 or 3000 to 4999 | [`close`](crate::session::Session::close): every code that may be sent |
//! | no `message` events after `close()` | [`deliver_while_closing(false)`](crate::Config::deliver_while_closing) |
//! | `onerror` | [`Ending::cause`](crate::session::Ending::cause) other than [`Cause::Close`](crate::session::Cause::Close) |
//! | `onclose`: `code`, `reason`, `wasClean` | [`Ending`](crate::session::Ending): `code`, `reason`, `clean` |
//!
//! When `close()` is called before the connection is open, a browser sends nothing and reports 1006. So does a session.
