//! How it maps to the `WebSocket` object of browsers.
//!
//! | browser | here |
//! |---|---|
//! | `new WebSocket(url, protocols)` | [`client::Request::new`](crate::client::Request::new), [`subprotocol`](crate::client::Request::subprotocol) once for each, [`require_subprotocol`](crate::client::Request::require_subprotocol) |
//! | `onopen` | [`client::Handshake::receive`](crate::client::Handshake::receive) returns the connection |
//! | `protocol`, `extensions` | [`client::Response::subprotocol`](crate::client::Response::subprotocol), [`extensions`](crate::client::Response::extensions) |
//! | `readyState` | `CONNECTING`: the handshake; then [`Connection::state`](crate::Connection::state) |
//! | `OPEN` | [`State::Open`](crate::State::Open) |
//! | `CLOSING` | [`State::Closing`](crate::State::Closing), [`State::Draining`](crate::State::Draining) |
//! | `CLOSED` | [`State::Closed`](crate::State::Closed) |
//! | `onmessage`, `data` a string | [`Event::Text`](crate::Event::Text) |
//! | `onmessage`, `data` a `Blob` or `ArrayBuffer` | [`Event::Binary`](crate::Event::Binary) |
//! | nothing: browsers show no Ping | [`Event::Ping`](crate::Event::Ping), [`Event::Pong`](crate::Event::Pong) |
//! | `send` | [`send_text`](crate::Connection::send_text), [`send_binary`](crate::Connection::send_binary) |
//! | `send` after `close` does nothing | [`SendError::ConnectionClosing`](crate::SendError::ConnectionClosing) |
//! | `bufferedAmount` | `out.len()`, which counts headers too |
//! | `close()` | [`send_close(None, ..)`](crate::Connection::send_close) |
//! | `close(code, reason)`: 1000 or 3000 to 4999 | [`send_close`](crate::Connection::send_close): every code that may be sent |
//! | no `message` events after `close()` | [`deliver_while_closing(false)`](crate::Config::deliver_while_closing) |
//! | `onerror` | an error from [`receive`](crate::Connection::receive) |
//! | `onclose`: `code`, `reason`, `wasClean` | [`close_outcome`](crate::Connection::close_outcome): `code`, `reason`, `clean` |
//!
//! When `close()` is called before the connection is open, a browser sends nothing and reports 1006: here, drop the
//! handshake and the transport.
//!
//! A browser that cannot connect tells a page nothing about the reason, on purpose. Here
//! [`client::Error`](crate::client::Error) says it, and the response of a server that refuses is in it.
