//! Layer 3: messages, control frames and the closing handshake.
//!
//! `mod.rs` has the type, [`receiving`] what arrives, [`sending`] what is sent, [`lifecycle`] the state
//! machine of closing, [`split`] the two halves, [`assembly`] the messages that arrive in parts, `compression`
//! those that are compressed.

mod assembly;
#[cfg(feature = "deflate")]
mod compression;
mod config;
mod event;
mod lifecycle;
mod receiving;
mod sending;
mod split;

use alloc::{borrow::Cow, boxed::Box, vec::Vec};

pub use config::{Config, Delivery};
pub use event::Event;
pub use lifecycle::{CloseOutcome, Initiator, State};
pub use split::{ReceiveHalf, Reply, SendHalf};

#[cfg(feature = "deflate")]
use crate::deflate::{Compressor, Decompressor, Deflate, Negotiated};
use crate::{
    ProtocolError,
    entropy::Entropy,
    error::Fault,
    frame::{Decoder, OpCode, Role},
    utf8,
};
use assembly::{Assembly, Control};
use config::Behaviour;
use lifecycle::Lifecycle;

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
/// use sansocket::{Config, Connection, Error, Event, Input};
///
/// /// Answers every message with itself. What has to be sent is in `out`, also if this fails.
/// fn echo(connection: &mut Connection, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
///     while let Some(event) = connection.receive(input, out)? {
///         match event {
///             Event::Text(text) => connection.send_text(&text, out)?,
///             Event::Binary(data) => connection.send_binary(&data, out)?,
///             _ => {} // the Pong or the answer to a Close is in `out` already
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
    decoder: Decoder,
    behaviour: Behaviour,
    /// Whether the next byte begins a message that is to be delivered whole. Kept by [`Self::look_around`].
    at_message: bool,
    /// What masking keys are drawn from. A client has it, a server does not.
    entropy: Option<Entropy>,
    /// Whether the message that is being received is text.
    receiving_text: bool,
    utf8: utf8::Decoder,
    /// What comes next, where the part of a message in front of a fault was handed on first.
    fault: Option<Fault>,
    assembly: Assembly,
    /// A control frame that does not lie whole in the input.
    control: Option<Box<Control>>,
    /// The kind of the message that is being sent in fragments.
    sending: Option<OpCode>,
    lifecycle: Lifecycle,
    #[cfg(feature = "deflate")]
    deflate: Option<Box<Deflate>>,
}

impl Connection {
    /// The server's end of a connection that is open.
    pub fn server(config: Config) -> Self {
        Self::new(Role::Server, config, None)
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
        Self::new(Role::Client, config, Some(entropy))
    }

    fn new(role: Role, config: Config, entropy: Option<Entropy>) -> Self {
        let mut connection = Self {
            decoder: Decoder::new(role, config.frame_limits),
            behaviour: config.behaviour,
            at_message: false,
            entropy,
            receiving_text: false,
            utf8: utf8::Decoder::new(),
            fault: None,
            assembly: Assembly::default(),
            control: None,
            sending: None,
            lifecycle: Lifecycle::default(),
            #[cfg(feature = "deflate")]
            deflate: None,
        };
        #[cfg(feature = "deflate")]
        if let Some(agreed) = config.deflate {
            connection.decoder = connection.decoder.allow_rsv1();
            connection.deflate = Some(Box::new(Deflate::new(agreed)));
        }
        connection.look_around();
        connection
    }

    /// The transport has ended, for whatever reason: end of stream, an error, or because the caller closed it.
    ///
    /// Afterwards [`state`](Self::state) is [`State::Closed`] and [`close_outcome`](Self::closure) says how it
    /// ended. Calling it again returns the same.
    ///
    /// # Errors
    ///
    /// Why the connection failed, if it did; [`ProtocolError::UnexpectedEof`] if there was no closing
    /// handshake before (RFC 6455, 7.1.4).
    pub fn receive_eof(&mut self) -> Result<(), ProtocolError> {
        let result = self.lifecycle.on_eof(self.decoder.is_in_frame() || self.decoder.is_in_message());
        self.forget();
        self.forget_compressor();
        self.look_around();
        result
    }

    /// Which end this is.
    pub fn role(&self) -> Role {
        if self.entropy.is_some() { Role::Client } else { Role::Server }
    }

    /// Where the connection stands between its opening and its end (RFC 6455, 7.1).
    pub fn state(&self) -> State {
        self.lifecycle.state()
    }

    /// How the connection ended: from [`State::Draining`] on, before that `None`.
    pub fn close_outcome(&self) -> Option<CloseOutcome<'_>> {
        self.lifecycle.close_outcome()
    }

    /// What was agreed on the compression of messages, if anything was (RFC 7692).
    #[cfg(feature = "deflate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
    pub fn deflate(&self) -> Option<&Negotiated> {
        self.deflate.as_deref().map(|deflate| &deflate.agreed)
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
        let memory = match event {
            Event::Text(Cow::Owned(text)) | Event::TextChunk { data: Cow::Owned(text), .. } => {
                text.into_bytes()
            }
            Event::Binary(Cow::Owned(data)) | Event::BinaryChunk { data: Cow::Owned(data), .. } => data,
            _ => return,
        };
        self.keep(memory);
    }

    #[inline(never)]
    fn keep(&mut self, memory: Vec<u8>) {
        if self.lifecycle.may_receive() {
            self.assembly.keep(memory);
        }
    }

    /// Gives back memory that is held for speed: what was [recycled](Self::recycle), and, with the feature `deflate`,
    /// the context for compressing.
    ///
    /// It is a call for connections that have nothing to do for a while. The next compressed message makes the context
    /// anew, and will be a bit longer, because it cannot refer to earlier ones. The context for inflating stays if the
    /// peer may refer to earlier messages; without context takeover there is none between messages.
    pub fn release_buffers(&mut self) {
        if let Assembly::Idle(memory) = &mut self.assembly {
            *memory = Vec::new();
        }
        #[cfg(feature = "deflate")]
        if let Some(deflate) = &mut self.deflate {
            deflate.compressor.release_buffers();
        }
    }

    /// Notes whether the short way of [`Self::receive`] is open.
    fn look_around(&mut self) {
        let delivered = self.behaviour.deliver_while_closing || !self.lifecycle.close_sent();
        self.at_message = self.behaviour.delivery == Delivery::Messages
            && self.decoder.is_idle()
            && self.lifecycle.may_receive()
            && delivered;
    }

    /// Gives back the memory of what will not be received any more.
    fn forget(&mut self) {
        self.assembly = Assembly::default();
        self.control = None;
        #[cfg(feature = "deflate")]
        if let Some(deflate) = &mut self.deflate {
            deflate.decompressor = Decompressor::new(&deflate.agreed);
        }
    }

    /// Gives back the memory for compressing, as nothing more can be sent.
    #[cfg_attr(not(feature = "deflate"), expect(clippy::unused_self, reason = "for the compressor"))]
    fn forget_compressor(&mut self) {
        #[cfg(feature = "deflate")]
        if let Some(deflate) = &mut self.deflate {
            deflate.compressor = Compressor::new(deflate.agreed);
        }
    }
}
