//! Moving from tungstenite, tokio-tungstenite, fastwebsockets or `ws` of Node.js.
//!
//! On tokio, the package `sansocket-tokio` is the direct replacement; the tables below are for the crate itself.
//!
//! # From tungstenite
//!
//! | tungstenite | here |
//! |---|---|
//! | `WebSocket<Stream>` owns the stream and reads it | [`Session`](crate::session::Session) asks for reads and writes; the stream is yours |
//! | `accept(stream)`, `accept_hdr` | [`Session::server`](crate::session::Session::server), then [`accept`](crate::session::Session::accept) or [`reject`](crate::session::Session::reject) |
//! | `client(request, stream)` | [`Session::client`](crate::session::Session::client) |
//! | `connect(url)` | your code: resolve, connect, TLS; [`Uri`](crate::uri::Uri) has host and port |
//! | `HandshakeError::Interrupted` | [`receive`](crate::session::Session::receive) returns `None`: read more |
//! | `Error::Http(response)` | [`Cause::Rejected`](crate::session::Cause::Rejected), with the response |
//! | `WebSocket::from_raw_socket(stream, role, config)` | [`Session::open`](crate::session::Session::open), [`Connection::server`](crate::Connection::server), [`Connection::client`](crate::Connection::client) |
//! | `from_partially_read(stream, part, ..)` | not needed: bytes after the head are still in your [`Input`](crate::Input) |
//! | `read()` | [`receive`](crate::session::Session::receive), until it returns `None` |
//! | `Message::Text(Utf8Bytes)` | [`Event::Text(Cow<str>)`](crate::Event::Text), borrowed from your buffer where possible |
//! | `Message::Binary(Bytes)` | [`Event::Binary(Cow<[u8]>)`](crate::Event::Binary) |
//! | `write(message)`, `send(message)`, `flush()` | `send_text` and the other methods append to the output; [`transport`](crate::session::Session::transport) asks for the write and the flush |
//! | the Pong is sent with the next `read`, `write` or `flush` | it is in the output when `receive` returns |
//! | `close(frame)`, then `read` until `ConnectionClosed` | [`close`](crate::session::Session::close), and the same loop until `Transport::Close` |
//! | `Error::ConnectionClosed`, `AlreadyClosed` | no errors: [`ending`](crate::session::Session::ending), and [`SendError::ConnectionClosing`](crate::SendError::ConnectionClosing) if you still send |
//! | `Error::Protocol`, `Capacity`, `Utf8` | [`Cause::Protocol`](crate::session::Cause::Protocol); the session sends the Close |
//! | `Error::WriteBufferFull(message)` | check [`has_room`](crate::session::Session::has_room) before you send: see [`sending`](super::sending) |
//! | `WebSocketConfig::max_message_size` (64 MiB), `max_frame_size` (16 MiB) | [`max_message_len`](crate::Config::max_message_len), [`max_frame_len`](crate::Config::max_frame_len) (both 64 MiB) |
//! | `read_buffer_size`, `write_buffer_size`, `max_write_buffer_size` | none: the buffers are yours |
//! | `accept_unmasked_frames` | [`Config::allow_any_masking`](crate::Config::allow_any_masking) |
//! | no compression | the feature `deflate` |
//! | no timers | [`Timeouts`](crate::keepalive::Timeouts), on by default in a session |
//!
//! Behavior that differs:
//!
//! - Some violations that tungstenite accepts are refused, such as lengths in a longer form than needed.
//! - A violation closes with the right close code; tungstenite sends no Close then.
//! - Text that is not UTF-8 is refused at its first invalid byte, not at the end of its frame.
//! - A Close with 1014 is valid and can be sent.
//!
//! # From tokio-tungstenite
//!
//! | tokio-tungstenite | `sansocket-tokio` |
//! |---|---|
//! | `accept_async(stream)` | `accept(stream, Options::new())` |
//! | `accept_hdr_async(stream, callback)` | `accept_with(stream, options, async decision)`; the decision may await |
//! | `connect_async(url)` | `connect(url, Options::new())`; `wss` with the feature `tls` |
//! | `client_async(request, stream)` | `connect_over(stream, request, options)` |
//! | `WebSocketStream<S>`: `Stream` and `Sink` of `Message` | `WebSocket<S>`: the same, and `ready`/`event`, which lend messages without a copy |
//! | `Message::Text`, `Message::Binary`, `Message::Ping`, ... | `Message::Text`, `Message::Binary`; Pings and Closes are handled |
//! | `futures_util::StreamExt::split` | the same |
//! | a timer and a Ping loop of your own | on by default |
//!
//! # From fastwebsockets
//!
//! | fastwebsockets | here |
//! |---|---|
//! | `upgrade::upgrade(&mut request)` with hyper | the module `http_types` (feature `http`) answers the request; then [`Session::open`](crate::session::Session::open) |
//! | `WebSocket::after_handshake(stream, role)` | [`Connection::server`](crate::Connection::server), [`Connection::client`](crate::Connection::client) |
//! | `read_frame()` | [`frame::Decoder`](crate::frame::Decoder) for frames, [`receive`](crate::Connection::receive) for messages |
//! | `FragmentCollector` | not needed: events are whole messages unless you ask for chunks |
//! | `write_frame(Frame::text(payload))` | [`send_text`](crate::Connection::send_text) |
//! | `set_auto_close`, `set_auto_pong` | [`auto_close`](crate::Config::auto_close), [`auto_pong`](crate::Config::auto_pong) |
//! | `set_max_message_size` | [`max_message_len`](crate::Config::max_message_len), for the whole message |
//! | `set_writev`, `set_writev_threshold` | `Session::send_event_to`; [`send_header`](crate::Connection::send_header) and a vectored write of yours |
//! | `split(tokio::io::split)` | [`Connection::split`](crate::Connection::split) |
//!
//! # From `ws` of Node.js
//!
//! | `ws` | here |
//! |---|---|
//! | `new WebSocketServer({ port })` | a listener of yours, and a [`Session::server`](crate::session::Session::server) for each socket |
//! | `verifyClient`, `handleProtocols` | your code between [`Received::Request`](crate::session::Received::Request) and [`accept`](crate::session::Session::accept) |
//! | `new WebSocket(url, protocols, options)` | [`client::Request`](crate::client::Request), [`Session::client`](crate::session::Session::client); or the object of browsers, in the module `browser` |
//! | `on("message", (data, isBinary) => ..)` | [`Event::Text`](crate::Event::Text), [`Event::Binary`](crate::Event::Binary) |
//! | `on("unexpected-response")` | [`Cause::Rejected`](crate::session::Cause::Rejected) |
//! | `on("close", (code, reason) => ..)` | [`ending`](crate::session::Session::ending): `code`, `reason`, `clean` |
//! | `send(data, { compress: false })` | `compress_next(Compress::Never)`, see [`compression`](super::compression) |
//! | `send(data, { fin: false })` | [`send_text_fragment`](crate::session::Session::send_text_fragment), [`send_binary_fragment`](crate::session::Session::send_binary_fragment) |
//! | `bufferedAmount` | [`unwritten`](crate::session::Session::unwritten), which counts headers too |
//! | `terminate()` | [`abort`](crate::session::Session::abort) |
//! | `maxPayload` (100 MiB) | [`max_message_len`](crate::Config::max_message_len) (64 MiB) |
//! | `perMessageDeflate` | the feature `deflate` |
//! | `handshakeTimeout`, a Ping interval of your own | [`Timeouts`](crate::keepalive::Timeouts) |
//!
//! Next chapter: [`cookbook`](super::cookbook).
