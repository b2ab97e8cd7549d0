//! Messages, control frames and the closing handshake: a [`Connection`] is a receiver and a sender, with data between
//! them.
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
//! [`split`] hands the two out. The receiver cannot reach the output, the lifecycle or the masking keys, the sender
//! cannot reach the decoder, and all that passes between them is an [`Owed`](owed::Owed).
//!
//! | file | for |
//! |---|---|
//! | [`receiver`], [`assembly`] | from bytes to events; messages that arrive in parts |
//! | [`send_half`], [`lifecycle`] | from calls to bytes; the state machine of closing |
//! | [`owed`] | what the receiver has for the sender |
//! | [`sending`], [`split`], `deflate` | the methods of `Connection` and its halves |
//! | [`config`], [`event`] | what goes in beside bytes, and what comes out |
//!
//! Uses `close`, `close_code`, `compression`, `deflate`, `entropy`, `error`, `excerpt`, `frame`, `input`,
//! `keepalive`, `num`, `utf8`.

mod assembly;
mod config;
#[cfg(feature = "deflate")]
mod deflate;
mod event;
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

/// One end of an open WebSocket connection.
///
/// Get one from a handshake ([`server::Request::accept`](crate::server::Request::accept),
/// [`client::Handshake::receive`](crate::client::Handshake::receive)), or make one with
/// [`server`](Self::server) or [`client`](Self::client) where the opening happened elsewhere.
///
/// It holds the state of the protocol and nothing else: no socket, no buffer for reading or writing, no
/// clock. What arrives goes into [`receive`](Self::receive); what is to be sent is appended to the `out` that
/// the caller passes, in the order of the calls. Between messages a server's connection holds no heap memory.
///
/// ```
/// use sansocket::{Config, Connection, Error, Event, Input, State};
///
/// /// Sends every message back. Bytes to send are in `out`, even if this fails.
/// fn echo(connection: &mut Connection, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
///     while let Some(event) = connection.receive(input, out)? {
///         match event {
///             // Messages still arrive after our own Close, and nothing can be sent then.
///             _ if connection.state() != State::Open => {}
///             Event::Text(text) => connection.send_text(&text, out)?,
///             Event::Binary(data) => connection.send_binary(&data, out)?,
///             _ => {} // the Pong or the reply to a Close is in `out` already
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
#[derive(Debug)]
pub struct Connection {
    receiver: Receiver,
    sending: SendHalf,
}

impl Connection {
    /// The server's end of a connection that is open.
    pub fn server(config: Config) -> Self {
        Self::new(Role::Server, &config, None)
    }

    /// The client's end of a connection that is open.
    ///
    /// Masking keys are drawn from a ChaCha stream that begins with `seed`. Every connection needs a seed of
    /// its own that nobody can guess (RFC 6455, 10.3), such as
    #[cfg_attr(feature = "getrandom", doc = "[`random_seed`](crate::random_seed) gives.")]
    #[cfg_attr(not(feature = "getrandom"), doc = "`random_seed` gives.")]
    /// A fixed one makes a run repeatable, for tests. The state of the stream takes less than 512 bytes on the
    /// heap, the only ones that a client holds between messages.
    pub fn client(config: Config, seed: [u8; 32]) -> Self {
        Self::client_with(config, Entropy::new(seed))
    }

    pub(crate) fn client_with(config: Config, entropy: Entropy) -> Self {
        Self::new(Role::Client, &config, Some(entropy))
    }

    fn new(role: Role, config: &Config, entropy: Option<Entropy>) -> Self {
        Self { receiver: Receiver::new(role, config), sending: SendHalf::new(entropy, config) }
    }

    /// Returns the next event, or `Ok(None)` once the input has been consumed and more bytes must be read. Only a
    /// [retained](Input::retained) input keeps an incomplete frame.
    ///
    /// Call it until it returns `None`; events can be pending even when `input` is empty.
    ///
    /// Pongs and the reply to a Close are appended to `out`. Input received after the peer's Close or after a failure is
    /// discarded.
    ///
    /// # Errors
    ///
    /// Returns a [`ProtocolError`] if the peer breaks the protocol or exceeds a limit of the [`Config`]. The connection
    /// has failed: the Close frame that tells the peer is **already in `out`, so write that first** and handle the error
    /// then. Every later call returns the same error (RFC 6455, 7.1.7).
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

    /// The fast path of [`receive`](Self::receive) alone, for [`Session`](crate::session::Session): a message of one frame that is
    /// entirely contained in the input. `None` means nothing but that `receive` has to look.
    ///
    /// Inlined into the session, it saves a second look at the result: nothing can have changed but that bytes arrived.
    #[expect(clippy::inline_always, reason = "a call would return the message by memory")]
    #[inline(always)]
    pub(crate) fn receive_message<'b>(&mut self, input: &mut Input<'b>) -> Option<Event<'b>> {
        self.receiver.receive_message(input)
    }

    /// Everything else, so that only the fast path is inlined.
    #[inline(never)]
    fn receive_any<'b>(&mut self, input: &mut Input<'b>, out: &mut Vec<u8>) -> Received<'b> {
        self.receiver.receive(input, |owed| self.sending.settle(&owed, out))
    }

    /// The transport has ended, for whatever reason: end of stream, an error, or because the caller closed it.
    ///
    /// Afterwards [`state`](Self::state) is [`State::Closed`] and [`close_outcome`](Self::close_outcome) says how it
    /// ended. Calling it again returns the same.
    ///
    /// # Errors
    ///
    /// Why the connection failed, if it did; [`ProtocolError::UnexpectedEof`] if there was no closing
    /// handshake before (RFC 6455, 7.1.4).
    pub fn receive_eof(&mut self) -> Result<(), ProtocolError> {
        let result = self.sending.end(self.receiver.is_inside());
        match result {
            Ok(()) => self.receiver.end(),
            Err(error) => self.receiver.fail(error),
        }
        result
    }

    /// Fails the connection because a timeout has expired, unless it has failed or both sides have sent a Close.
    ///
    /// Use it for [`Action::Disconnect`](crate::keepalive::Action::Disconnect) of a
    /// [`KeepAlive`](crate::keepalive::KeepAlive): [`close_outcome`](Self::close_outcome) then has
    /// [`ProtocolError::TimedOut`] as the error, however the transport ends. If no Close was sent before, one is appended to
    /// `out`: 1011 if the peer did not reply to a Ping, 1001 if the connection was idle. The state is [`State::Draining`] as
    /// after any failure, so write `out`, and read on until the transport ends or the timeout for closing expires.
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
    /// They apply from the next frame on; a frame whose header has been received is not measured again. The length of a
    /// compressed message is that of its inflated data, and is measured with the limit of the moment.
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

    /// Returns the current state of the connection (RFC 6455, 7.1).
    pub fn state(&self) -> State {
        self.sending.state()
    }

    /// Returns how the connection ended, or `None` before it reaches [`State::Draining`].
    pub fn close_outcome(&self) -> Option<CloseOutcome<'_>> {
        self.sending.close_outcome()
    }

    /// Returns `true` between the fragments of a compressed message that is being sent.
    pub(crate) fn is_in_compressed_message(&self) -> bool {
        self.sending.deflater.is_in_message()
    }

    /// Takes back the memory of a message that is done with, for the next one that has to be put together.
    ///
    /// A message that lay whole in the input has no memory of its own, and nothing is taken. Of the others, large ones
    /// above all, this saves the allocations: a receiver that gives its events back makes one now and then, when a
    /// message is longer than all before it.
    ///
    /// ```
    /// use sansocket::{Connection, Error, Event, Input};
    ///
    /// fn add_up(connection: &mut Connection, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<usize, Error> {
    ///     let mut total = 0;
    ///     while let Some(event) = connection.receive(input, out)? {
    ///         if let Event::Binary(data) = &event {
    ///             total += data.len();
    ///         }
    ///         connection.recycle(event);
    ///     }
    ///     Ok(total)
    /// }
    /// # let mut connection = Connection::server(sansocket::Config::new());
    /// # let (mut head, mut tail) = (*b"\x82\x84\0\0\0\0da", *b"ta");
    /// # assert_eq!(add_up(&mut connection, &mut Input::new(&mut head), &mut Vec::new())?, 0);
    /// # assert_eq!(add_up(&mut connection, &mut Input::new(&mut tail), &mut Vec::new())?, 4);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// The connection holds that memory until the next such message, or until [`release_buffers`](Self::release_buffers).
    #[inline]
    pub fn recycle(&mut self, event: Event<'_>) {
        self.receiver.recycle(event);
    }

    /// Gives back memory that is held for speed: what was [recycled](Self::recycle), and, with the feature `deflate`,
    /// the contexts for compressing and, without context takeover, for inflating.
    ///
    /// It is a call for connections that have nothing to do for a while. The next compressed message makes the context
    /// anew, and will be a bit longer, because it cannot refer to earlier ones. The context for inflating stays if the
    /// peer may refer to earlier messages. Without context takeover there is none between messages, or, without the
    /// feature `std`, it is given back.
    pub fn release_buffers(&mut self) {
        self.receiver.release_buffers();
        self.sending.release_buffers();
    }
}
