//! Messages, control frames and the closing handshake: a [`Connection`] consists of a receiver and a sender,
//! with data passed between them.
//!
//! ```text
//!                 ┌── Connection ───────────────────────────────────────────────┐
//!   bytes in ───▶ │ Receiver ──▶ Event                                          │ ───▶ events
//!                 │    └── Owed: a Pong, a Close, a failure, the end of stream  │
//!                 │          ▼                                                  │
//!   send_* ─────▶ │ SendHalf: Lifecycle, Deflater, masking keys                 │ ───▶ bytes out
//!                 └─────────────────────────────────────────────────────────────┘
//! ```
//!
//! [`split`] separates the two. The receiver cannot reach the output, the lifecycle or the masking keys, the
//! sender cannot reach the decoder, and everything that passes between them is an [`Owed`](owed::Owed).
//!
//! | file | contents |
//! |---|---|
//! | [`receiver`], [`assembly`] | from bytes to events; messages that span several reads |
//! | [`send_half`], [`frames`], [`lifecycle`] | from calls to bytes; the state machine of the closing handshake |
//! | [`owed`] | pending replies, from the receiver to the sender |
//! | [`sending`], [`split`], `deflate` | the methods of `Connection` and its halves |
//! | [`config`], [`event`] | settings and results |
//!
//! Uses `close`, `close_code`, `compression`, `deflate`, `entropy`, `error`, `excerpt`, `frame`, `input`,
//! `keepalive`, `num`, `utf8`.

mod assembly;
mod config;
#[cfg(feature = "deflate")]
mod deflate;
mod event;
mod frames;
mod lifecycle;
mod owed;
mod receiver;
mod send_half;
mod sending;
mod split;

use alloc::vec::Vec;

pub use config::{Config, Delivery};
pub use event::Event;
pub use lifecycle::{CloseOutcome, Initiator, State};
pub use send_half::SendHalf;
pub use split::{ReceiveHalf, Reply};

#[cfg(feature = "legacy")]
pub(crate) use lifecycle::Lifecycle;

use crate::{
    Input, ProtocolError,
    entropy::Entropy,
    frame::{Limits, Role},
    keepalive::Timeout,
};
use receiver::{Received, Receiver, into_public};

/// One endpoint of an open WebSocket connection.
///
/// A handshake returns it ([`server::Request::accept`](crate::server::Request::accept),
/// [`client::Handshake::receive`](crate::client::Handshake::receive)). If the handshake was completed
/// elsewhere, create one with [`server`](Self::server) or [`client`](Self::client).
///
/// It holds the state of the protocol and nothing else: no socket, no read or write buffer, no clock. Pass
/// the bytes you read to [`receive`](Self::receive). Bytes to send are appended to the `out` that you pass,
/// in the order of the calls; your code writes and flushes it, and its length is the measure for
/// backpressure. Between messages a server's connection holds no heap memory.
///
/// This function echoes every message:
///
/// ```
/// use sansocket::{Config, Connection, Error, Event, Input, State};
///
/// /// Echoes every message. Write `out` even if this returns an error.
/// fn echo(
///     connection: &mut Connection,
///     input: &mut Input<'_>,
///     out: &mut Vec<u8>,
/// ) -> Result<(), Error> {
///     while let Some(event) = connection.receive(input, out)? {
///         match event {
///             // Messages can arrive after our own Close.
///             _ if connection.state() != State::Open => {}
///             Event::Text(text) => connection.send_text(&text, out)?,
///             Event::Binary(data) => connection.send_binary(&data, out)?,
///             _ => {} // a Pong or the reply to a Close is already in `out`
///         }
///     }
///     Ok(())
/// }
///
/// let mut connection = Connection::server(Config::new());
/// let mut read = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// let mut out = Vec::new();
/// echo(&mut connection, &mut Input::new(&mut read), &mut out)?;
/// assert_eq!(out, b"\x81\x05Hello");
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "WebSocket")]
#[doc(alias = "WebSocketStream")]
#[doc(alias = "Stream")]
#[doc(alias = "Sink")]
#[doc(alias = "flush")]
#[doc(alias = "write buffer")]
#[doc(alias = "backpressure")]
#[doc(alias = "bufferedAmount")]
#[derive(Debug)]
pub struct Connection {
    receiver: Receiver,
    sending: SendHalf,
}

impl Connection {
    /// Creates the server side of a connection whose handshake has been completed.
    ///
    /// Use it when another library has performed the handshake:
    ///
    /// ```
    /// use sansocket::{Config, Connection, State};
    ///
    /// let connection = Connection::server(Config::new());
    /// assert_eq!(connection.state(), State::Open);
    /// ```
    pub fn server(config: Config) -> Self {
        Self::new(Role::Server, &config, None)
    }

    /// Creates the client side of a connection whose handshake has been completed.
    ///
    /// Masking keys are drawn from a ChaCha stream that begins with `seed`. Every connection needs its own
    /// unpredictable seed (RFC 6455, section 10.3), such as the one that
    #[cfg_attr(feature = "getrandom", doc = "[`random_seed`](crate::random_seed) returns.")]
    #[cfg_attr(not(feature = "getrandom"), doc = "`random_seed` returns.")]
    /// The state of the stream takes less than 512 bytes on the heap, the only heap memory that a client
    /// holds between messages.
    ///
    /// A fixed seed makes a run repeatable, for tests:
    ///
    /// ```
    /// use sansocket::{Config, Connection};
    ///
    /// let mut clients =
    ///     [(); 2].map(|()| Connection::client(Config::new(), [7; 32]));
    /// let [a, b] = clients.each_mut().map(|client| {
    ///     let mut out = Vec::new();
    ///     client.send_text("Hello", &mut out).map(|()| out)
    /// });
    /// assert_eq!(a?, b?);
    /// # Ok::<(), sansocket::SendError>(())
    /// ```
    pub fn client(config: Config, seed: [u8; 32]) -> Self {
        Self::client_with(&config, Entropy::new(seed))
    }

    pub(crate) fn client_with(config: &Config, entropy: Entropy) -> Self {
        Self::new(Role::Client, config, Some(entropy))
    }

    fn new(role: Role, config: &Config, entropy: Option<Entropy>) -> Self {
        Self { receiver: Receiver::new(role, config), sending: SendHalf::new(entropy, config) }
    }

    /// Returns the next event, or `Ok(None)` once the input has been consumed and more bytes must be read.
    /// Only a [retained](Input::retained) input keeps an incomplete frame.
    ///
    /// Call it until it returns `None`; events can be pending even when `input` is empty. A Pong or the reply
    /// to a Close is appended to `out` before its event is returned. Input received after the peer's Close or
    /// after a failure is discarded.
    ///
    /// # Errors
    ///
    /// Returns a [`ProtocolError`] if the peer breaks the protocol or exceeds a limit of the [`Config`]. The
    /// connection has then failed, and the Close frame that notifies the peer is **already in `out`: write
    /// `out` before you handle the error**. Every later call returns the same error (RFC 6455, section
    /// 7.1.7).
    ///
    /// # Examples
    ///
    /// A client prints the text messages of one read:
    ///
    /// ```
    /// use sansocket::{Config, Connection, Event, Input};
    ///
    /// let mut connection = Connection::client(Config::new(), [7; 32]);
    /// let mut read = *b"\x81\x02Hi\x81\x05Hello";
    /// let (mut input, mut out) = (Input::new(&mut read), Vec::new());
    /// while let Some(event) = connection.receive(&mut input, &mut out)? {
    ///     if let Event::Text(text) = event {
    ///         println!("{text}");
    ///     }
    /// }
    /// # Ok::<(), sansocket::ProtocolError>(())
    /// ```
    #[doc(alias = "recv")]
    #[doc(alias = "read")]
    #[doc(alias = "poll")]
    #[doc(alias = "poll_next")]
    #[doc(alias = "next")]
    #[doc(alias = "decode")]
    #[expect(clippy::inline_always, reason = "a call would return the event by memory")]
    #[inline(always)]
    pub fn receive<'b>(
        &mut self,
        input: &mut Input<'b>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Event<'b>>, ProtocolError> {
        match self.receiver.receive_message(input) {
            Some(event) => Ok(Some(event)),
            None => into_public(self.receive_any(input, out)),
        }
    }

    /// Takes the fast path of [`receive`](Self::receive) alone, for [`Session`](crate::session::Session): a
    /// message of one frame that is entirely contained in the input. `None` only means that `receive` must be
    /// called.
    ///
    /// Inlined into the session, it saves a second check of the state: only bytes have arrived.
    #[expect(clippy::inline_always, reason = "a call would return the message by memory")]
    #[inline(always)]
    pub(crate) fn receive_message<'b>(&mut self, input: &mut Input<'b>) -> Option<Event<'b>> {
        self.receiver.receive_message(input)
    }

    /// Returns `true` if the input begins with a message or a control frame, so an empty one contains nothing.
    pub(crate) fn is_between_messages(&self) -> bool {
        self.receiver.is_between_messages()
    }

    /// Everything else, so that only the fast path is inlined.
    #[inline(never)]
    fn receive_any<'b>(&mut self, input: &mut Input<'b>, out: &mut Vec<u8>) -> Received<'b> {
        self.receiver.receive(input, |owed| self.sending.settle(&owed, out))
    }

    /// Notifies the connection that the transport has closed, for whatever reason: the end of the stream, an
    /// error, or because your code closed it.
    ///
    /// Afterwards [`state`](Self::state) is [`State::Closed`], and [`close_outcome`](Self::close_outcome)
    /// describes how the connection ended. You can call it again; the result is the same.
    ///
    /// # Errors
    ///
    /// Returns the error of a connection that had failed before.
    /// Returns [`ProtocolError::UnexpectedEof`] if there was no closing handshake (RFC 6455, section 7.1.4).
    ///
    /// # Examples
    ///
    /// The transport closes without a Close frame:
    ///
    /// ```
    /// use sansocket::{Config, Connection, ProtocolError, State};
    ///
    /// let mut connection = Connection::server(Config::new());
    /// let result = connection.receive_eof();
    /// assert_eq!(result, Err(ProtocolError::UnexpectedEof));
    /// assert_eq!(connection.state(), State::Closed);
    /// ```
    pub fn receive_eof(&mut self) -> Result<(), ProtocolError> {
        let result = self.sending.end(self.receiver.is_inside());
        match result {
            Ok(()) => self.receiver.end(),
            Err(error) => self.receiver.fail(error),
        }
        result
    }

    /// Fails the connection because a timeout has expired, unless it has failed or both sides have sent a
    /// Close.
    ///
    /// Call it for [`Action::Disconnect`](crate::keepalive::Action::Disconnect) of a
    /// [`KeepAlive`](crate::keepalive::KeepAlive). [`close_outcome`](Self::close_outcome) then has
    /// [`ProtocolError::TimedOut`] as its error, however the transport closes. If no Close was sent before,
    /// one is appended to `out`: 1011 if the peer did not reply to a Ping, 1001 if the connection was idle.
    /// The state is [`State::Draining`], as after any failure: write `out`, and read until the transport
    /// closes or the close timeout expires.
    ///
    /// An idle connection is closed with 1001:
    ///
    /// ```
    /// use sansocket::{Config, Connection, ProtocolError, State, keepalive::Timeout};
    ///
    /// let mut connection = Connection::server(Config::new());
    /// let mut out = Vec::new();
    /// connection.time_out(Timeout::Idle, &mut out);
    /// assert_eq!(out, b"\x88\x0e\x03\xe9idle timeout");
    /// assert_eq!(connection.state(), State::Draining);
    /// let outcome = connection.close_outcome().unwrap();
    /// assert_eq!(outcome.error, Some(ProtocolError::TimedOut(Timeout::Idle)));
    /// ```
    pub fn time_out(&mut self, timeout: Timeout, out: &mut Vec<u8>) {
        self.sending.time_out(timeout, out);
        if let Some(error) = self.close_outcome().and_then(|outcome| outcome.error) {
            self.receiver.fail(error);
        }
    }

    /// Returns the role of this endpoint.
    pub fn role(&self) -> Role {
        self.sending.role()
    }

    /// Returns the limits on what is received.
    pub fn limits(&self) -> Limits {
        self.receiver.limits()
    }

    /// Sets the limits on what is received, for example once a client has authenticated itself.
    ///
    /// They apply from the next frame on; a frame whose header has been received is not checked again. For a
    /// compressed message the length of its inflated data counts, checked against the current limit.
    ///
    /// This allows messages of up to 64 MiB from now on:
    ///
    /// ```
    /// use sansocket::{Config, Connection};
    ///
    /// let mut connection = Connection::server(Config::new().max_message_len(4096));
    /// connection.set_limits(connection.limits().message_len(64 << 20));
    /// ```
    pub fn set_limits(&mut self, limits: Limits) {
        self.receiver.set_limits(limits);
    }

    /// Returns the current state of the connection (RFC 6455, section 7.1).
    ///
    /// It changes with calls only. Here a server sends a Close and receives the reply:
    ///
    /// ```
    /// use sansocket::{CloseCode, Config, Connection, Input, State};
    ///
    /// let mut connection = Connection::server(Config::new());
    /// let mut out = Vec::new();
    /// connection.send_close(CloseCode::NORMAL, &mut out)?;
    /// assert_eq!(connection.state(), State::Closing);
    /// let mut read = *b"\x88\x80\0\0\0\0";
    /// connection.receive(&mut Input::new(&mut read), &mut out)?;
    /// assert_eq!(connection.state(), State::Draining);
    /// # Ok::<(), sansocket::Error>(())
    /// ```
    #[doc(alias = "readyState")]
    pub fn state(&self) -> State {
        self.sending.state()
    }

    /// Returns how the connection ended, or `None` before it reaches [`State::Draining`].
    ///
    /// Use it for logs, and to decide whether to reconnect:
    ///
    /// ```
    /// use sansocket::{Config, Connection, Input};
    ///
    /// let mut connection = Connection::client(Config::new(), [7; 32]);
    /// let mut read = *b"\x88\x06\x03\xf4boot"; // a Close with 1012
    /// let mut out = Vec::new();
    /// connection.receive(&mut Input::new(&mut read), &mut out)?;
    /// let outcome = connection.close_outcome().unwrap();
    /// assert!(outcome.clean);
    /// assert_eq!(outcome.to_string(), "closed with 1012 \"boot\"");
    /// # Ok::<(), sansocket::ProtocolError>(())
    /// ```
    pub fn close_outcome(&self) -> Option<CloseOutcome<'_>> {
        self.sending.close_outcome()
    }

    /// Returns `true` if compression was negotiated.
    #[inline]
    pub(crate) fn is_compressing(&self) -> bool {
        !self.sending.deflater.is_off()
    }

    /// Returns `true` between the fragments of a compressed message that is being sent.
    pub(crate) fn is_in_compressed_message(&self) -> bool {
        self.sending.deflater.is_in_message()
    }

    /// Reclaims the buffer of an event you no longer need, for the next message that must be reassembled.
    ///
    /// A message that was entirely contained in the input has no buffer of its own, so there is nothing to
    /// reclaim. For other messages, especially large ones, this saves allocations: a connection whose events
    /// are recycled allocates only when a message is longer than all before it.
    ///
    /// This adds up the lengths of messages and recycles each event:
    ///
    /// ```
    /// # use sansocket::{Config, Connection, Event, Input};
    /// # let mut connection = Connection::server(Config::new());
    /// # let (mut head, mut tail) = (*b"\x82\x84\0\0\0\0da", *b"ta");
    /// # let (mut total, mut out) = (0, Vec::new());
    /// # for read in [&mut head[..], &mut tail] {
    /// # let mut input = Input::new(read);
    /// while let Some(event) = connection.receive(&mut input, &mut out)? {
    ///     if let Event::Binary(data) = &event {
    ///         total += data.len();
    ///     }
    ///     connection.recycle(event);
    /// }
    /// # }
    /// # assert_eq!(total, 4);
    /// # Ok::<(), sansocket::ProtocolError>(())
    /// ```
    ///
    /// The connection keeps the buffer until the next such message, or until
    /// [`release_buffers`](Self::release_buffers).
    #[doc(alias = "pool")]
    #[doc(alias = "reuse")]
    #[doc(alias = "buffer")]
    #[inline]
    pub fn recycle(&mut self, event: Event<'_>) {
        self.receiver.recycle(event);
    }

    /// Releases the memory that is kept for speed: [recycled](Self::recycle) buffers and, with the feature
    /// `deflate`, the compression context and, without context takeover, the decompression context.
    ///
    /// Call it on connections that will be inactive for a while. The next compressed message creates the
    /// context again and is slightly longer, because it cannot refer to earlier messages. The decompression
    /// context stays if the peer may refer to earlier messages. Without context takeover there is no such
    /// context between messages; without the feature `std` there may be one, which is released.
    ///
    /// A server releases the buffers of a connection that has been silent for a minute:
    ///
    /// ```
    /// use sansocket::Connection;
    /// use std::time::Duration;
    ///
    /// fn on_tick(connection: &mut Connection, silent_for: Duration) {
    ///     if silent_for >= Duration::from_secs(60) {
    ///         connection.release_buffers();
    ///     }
    /// }
    /// ```
    pub fn release_buffers(&mut self) {
        self.receiver.release_buffers();
        self.sending.release_buffers();
    }
}
