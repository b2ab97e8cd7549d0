//! Moving over from tungstenite.
//!
//! | tungstenite | here |
//! |---|---|
//! | `WebSocket<Stream>` owns the stream and reads it | [`Connection`](crate::Connection) gets bytes; the stream is yours |
//! | all of it, with a stream around it | [`Session`](crate::session::Session); on tokio the package `sansocket-tokio` |
//! | `accept(stream)`, `accept_hdr` | [`server::Handshake`](crate::server::Handshake), then [`Request::accept`](crate::server::Request::accept) or [`reject`](crate::server::Request::reject) |
//! | `client(request, stream)` | [`client::Handshake::new`](crate::client::Handshake::new) |
//! | `connect(url)` | yours: resolve, connect, TLS; [`uri::Uri`](crate::uri::Uri) has host and port |
//! | `HandshakeError::Interrupted` | `Ok(None)`: read more |
//! | `Error::Http(response)` | [`client::Error`](crate::client::Error), with the response |
//! | `WebSocket::from_raw_socket(stream, role, config)` | [`Connection::server`](crate::Connection::server), [`Connection::client`](crate::Connection::client) |
//! | `from_partially_read(stream, part, ..)` | not needed: what follows the head is still in your [`Input`](crate::Input) |
//! | `read()` | [`receive`](crate::Connection::receive), until it says `None` |
//! | `Message::Text(Utf8Bytes)` | [`Event::Text(Cow<str>)`](crate::Event::Text), borrowed from your buffer where it can be |
//! | `Message::Binary(Bytes)` | [`Event::Binary(Cow<[u8]>)`](crate::Event::Binary) |
//! | `write(message)`, `send(message)`, `flush()` | `send_text` and so on append to `out`; you write it |
//! | the Pong goes out with the next `read`, `write` or `flush` | it is in `out` when `receive` returns |
//! | `close(frame)`, then `read` until `ConnectionClosed` | [`send_close`](crate::Connection::send_close), then read until [`State::Draining`](crate::State::Draining): see [`closing`](super::closing) |
//! | `Error::ConnectionClosed`, `AlreadyClosed` | no errors: [`state`](crate::Connection::state), and [`SendError::ConnectionClosing`](crate::SendError::ConnectionClosing) for who sends all the same |
//! | `Error::Protocol`, `Capacity`, `Utf8` | [`ProtocolError`](crate::ProtocolError); the Close that tells the peer is in `out` |
//! | `Error::WriteBufferFull(message)` | you look at `out.len()` before you send: see [`sending`](super::sending) |
//! | `WebSocketConfig::max_message_size` (64 MiB), `max_frame_size` (16 MiB) | [`max_message_len`](crate::Config::max_message_len), [`max_frame_len`](crate::Config::max_frame_len) (64 MiB both) |
//! | `read_buffer_size`, `write_buffer_size`, `max_write_buffer_size` | none: the buffers are yours |
//! | `accept_unmasked_frames` | [`Config::allow_any_masking`](crate::Config::allow_any_masking) |
//! | no compression | the feature `deflate` |
//!
//! tokio-tungstenite's `WebSocketStream` is a `Stream` and a `Sink`. Here a task is a loop over `read`, `receive`
//! and `write`; see [`embedding`](super::embedding). `split()` is [`Connection::split`](crate::Connection::split),
//! without a lock.
//!
//! # What will be noticed
//!
//! - Faults that tungstenite lets pass are refused: lengths in a longer form than needed, for instance.
//! - A fault closes with the right code; tungstenite sends no Close then.
//! - A text that is not UTF-8 is refused at its first wrong byte, not at the end of its frame.
//! - A Close with 1014 is legal, and can be sent.
