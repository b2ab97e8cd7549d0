//! Questions that are asked often, and the words that this documentation uses.
//!
//! # Questions
//!
//! **Why is nothing sent?** Sending appends to the output; your loop writes it. Follow
//! [`transport`](crate::session::Session::transport) until it returns `Wait`, including the flush.
//!
//! **Why does `receive` return `None` although the peer has sent something?** The message or its frame is incomplete. Read more.
//!
//! **Where is the read buffer?** It is yours. One for each thread is enough: [`ReadBuffer::shared`](crate::session::ReadBuffer::shared).
//! [`ReadBuffer::new`](crate::session::ReadBuffer::new) creates one for a single session, in which incomplete frames stay.
//!
//! **Why did my server not answer a Ping event?** It did: the Pong is in the output when you see the event. Turn this off with
//! [`auto_pong(false)`](crate::Config::auto_pong).
//!
//! **How do I turn off masking, the origin check, UTF-8 validation?** Masking cannot be turned off, since intermediaries depend on it. There is
//! no origin check to turn off: you compare it. Text is always validated, since a `str` must be; receive binary messages instead.
//!
//! **Can I send to a connection from several threads?** A connection is one value with one owner. Put messages into a channel that its
//! owner reads, or [`split`](crate::Connection::split) it for two tasks.
//!
//! **Why is the close code 1006 although I sent a Close?** [`CloseOutcome`](crate::CloseOutcome) has the code that the peer sent, as browsers report it.
//! 1006 means that no Close arrived.
//!
//! **Does it work with HTTP/2 and HTTP/3?** Yes, over a stream of any library: see [`streams`](super::streams).
//!
//! # Words
//!
//! | word | meaning |
//! |---|---|
//! | backpressure | slowing a sender down to the speed of the receiver, here by not reading while the output is long |
//! | close code, reason | the number and the text in a Close frame (RFC 6455, section 7.4) |
//! | closing handshake | each side sends a Close frame |
//! | connection | the state of an open WebSocket: [`Connection`](crate::Connection) |
//! | context takeover | compressing a message with the window of the messages before it (RFC 7692, section 7.1.1) |
//! | control frame | Ping, Pong or Close: at most 125 bytes, and allowed between the fragments of a message |
//! | end of stream | the peer sends no more bytes: a read of length 0 |
//! | event | what [`receive`](crate::Connection::receive) returns: a message, a part of one, or a control frame |
//! | extended CONNECT | the request that opens a WebSocket on a stream of HTTP/2 or HTTP/3 (RFC 8441, RFC 9220) |
//! | fragment | a frame that is a part of a message |
//! | frame | the unit on the wire: a header and a payload (RFC 6455, section 5.2) |
//! | head | the request line or status line with the headers, up to the empty line |
//! | input | the bytes that were read, as [`Input`](crate::Input) tracks them |
//! | masking | XOR of a client's payloads with a key, so that intermediaries cannot take them for HTTP |
//! | message | what applications exchange: text or binary data in one or more frames |
//! | opening handshake | the HTTP request and its response with status 101 |
//! | output, `out` | the buffer of bytes to write |
//! | retained input | a read buffer that keeps an incomplete frame until the rest arrives: [`Input::retained`](crate::Input::retained) |
//! | sans-I/O | without input and output: the protocol as a state machine that moves no bytes itself |
//! | session | handshake, connection, timers and the order of the end in one value: [`Session`](crate::session::Session) |
//! | split point | a position at which the stream is divided into two reads |
//! | subprotocol | the application's protocol, agreed on in the handshake |
