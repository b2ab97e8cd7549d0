//! What a connection is told when it is made.

use crate::{compression::Agreement, frame};

/// How a connection behaves and what it accepts.
///
/// The defaults are strict and fit most servers and clients. Every method says what its default is.
///
/// ```
/// use sansocket::{Config, Delivery};
///
/// let config = Config::new().max_message_len(1 << 20).delivery(Delivery::Chunks);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    pub(crate) frame_limits: frame::Limits,
    pub(super) delivery: Delivery,
    pub(super) auto_pong: bool,
    pub(crate) auto_close: bool,
    pub(crate) deliver_while_closing: bool,
    pub(super) compression: Agreement,
}

/// How the data of a message reaches the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// One event a message: [`Event::Text`](crate::Event::Text) or [`Event::Binary`](crate::Event::Binary).
    ///
    /// A message that lies whole in the input is borrowed from it. Any other is assembled, which takes at
    /// most [`Config::max_message_len`] bytes.
    #[default]
    Messages,
    /// Data as it arrives: [`Event::TextChunk`](crate::Event::TextChunk) and
    /// [`Event::BinaryChunk`](crate::Event::BinaryChunk).
    ///
    /// Nothing is assembled, so memory stays constant however long a message is. Lift
    /// [`Config::max_message_len`] and [`Config::max_frame_len`] for messages that are larger than memory.
    Chunks,
}

impl Config {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            frame_limits: frame::Limits::new(),
            delivery: Delivery::Messages,
            auto_pong: true,
            auto_close: true,
            deliver_while_closing: true,
            compression: Agreement::NONE,
        }
    }

    /// Whole messages, or chunks as they arrive. Default: [`Delivery::Messages`].
    #[must_use]
    pub const fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// The most bytes that one frame may declare. Default: 64 MiB.
    ///
    /// Beyond it the connection fails with 1009 as soon as the length is known, before any payload.
    #[must_use]
    pub const fn max_frame_len(mut self, bytes: u64) -> Self {
        self.frame_limits = self.frame_limits.frame_len(bytes);
        self
    }

    /// The most bytes that one message may have, all its fragments together. Default: 64 MiB.
    ///
    /// Beyond it the connection fails with 1009 as soon as the length of the frame that goes over is known. Of
    /// a compressed message the inflated bytes count, and it fails when there is one too many.
    #[must_use]
    pub const fn max_message_len(mut self, bytes: u64) -> Self {
        self.frame_limits = self.frame_limits.message_len(bytes);
        self
    }

    /// The most fragments that one message may have, empty ones included; the first always passes.
    /// Default: 131,072; `u32::MAX` is no limit.
    ///
    /// Beyond it the connection fails with 1008 at the first byte of the fragment that goes over.
    #[must_use]
    pub const fn max_fragments(mut self, count: u32) -> Self {
        self.frame_limits = self.frame_limits.fragments(count);
        self
    }

    /// The most control frames in a row, without a data frame between them. Default: no limit (`u32::MAX`).
    ///
    /// Beyond it the connection fails with 1008 at the first byte of the frame that goes over. There is no
    /// limit by default because each control frame costs little, a Pong is at most three times as long as its Ping, and a
    /// connection that is only kept alive exchanges control frames for weeks. Whoever sets a limit should
    /// know the intervals at which both sides send Pings. A Close is never one too many.
    #[must_use]
    pub const fn max_control_frames(mut self, count: u32) -> Self {
        self.frame_limits = self.frame_limits.control_frames(count);
        self
    }

    /// Whether a payload length in a longer form than it needs is accepted. Default: no.
    ///
    /// RFC 6455 forbids to send it (5.2); peers that were built on early drafts may do so all the same.
    #[must_use]
    pub const fn allow_non_minimal_length(mut self, allow: bool) -> Self {
        self.frame_limits = self.frame_limits.allow_non_minimal_length(allow);
        self
    }

    /// Sets whether frames are accepted with a mask and without one, whichever end sends them. The default is `false`: an
    /// unmasked frame of a client and a masked one of a server fail the connection with 1002 (RFC 6455, 5.1).
    ///
    /// Some embedded clients do not mask, and some test clients and gateways neither. Masking keeps a script in a browser from
    /// writing bytes of its choice to a proxy, so do not set this for a server that browsers can reach (RFC 6455, 10.3). What
    /// is sent does not change.
    #[must_use]
    pub const fn allow_any_masking(mut self, allow: bool) -> Self {
        self.frame_limits = self.frame_limits.allow_any_masking(allow);
        self
    }

    /// Whether each Ping is answered with a Pong before its event is returned. Default: yes.
    ///
    /// If not, the caller answers with [`send_pong`](crate::Connection::send_pong) (RFC 6455, 5.5.2).
    #[must_use]
    pub const fn auto_pong(mut self, yes: bool) -> Self {
        self.auto_pong = yes;
        self
    }

    /// Whether the peer's Close is answered with the same Close before its event is returned. Default: yes.
    ///
    /// If not, the caller answers with [`send_close`](crate::Connection::send_close) (RFC 6455, 5.5.1). It
    /// may finish a message that it is sending in fragments first.
    #[must_use]
    pub const fn auto_close(mut self, yes: bool) -> Self {
        self.auto_close = yes;
        self
    }

    /// Whether messages that arrive after our own Close, and before the peer's, are still delivered.
    /// Default: yes.
    ///
    /// If not they are checked and dropped, as browsers do.
    #[must_use]
    pub const fn deliver_while_closing(mut self, yes: bool) -> Self {
        self.deliver_while_closing = yes;
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}
