//! The settings of a connection.

use crate::{
    compression::Agreement,
    frame::{self, Rsv},
};

/// The behavior and the limits of a connection.
///
/// The defaults are strict and suit most servers and clients. These are the limits:
///
/// | limit | default | exceeding it fails the connection with |
/// |---|---|---|
/// | [`max_frame_len`](Self::max_frame_len) | 64 MiB | 1009 |
/// | [`max_message_len`](Self::max_message_len) | 64 MiB | 1009 |
/// | [`max_fragments`](Self::max_fragments) | 131,072 | 1008 |
/// | [`max_control_frames`](Self::max_control_frames) | no limit | 1008 |
///
/// This configuration limits messages to 1 MiB and delivers them in chunks:
///
/// ```
/// use sansocket::{Config, Delivery};
///
/// let config = Config::new().max_message_len(1 << 20).delivery(Delivery::Chunks);
/// ```
#[doc(alias = "WebSocketConfig")]
#[doc(alias = "ProtocolConfig")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each of them is an option with a name")]
pub struct Config {
    pub(crate) frame_limits: frame::Limits,
    pub(super) delivery: Delivery,
    pub(super) auto_pong: bool,
    pub(crate) auto_close: bool,
    pub(crate) deliver_while_closing: bool,
    pub(super) allow_invalid_utf8: bool,
    pub(super) rsv: Rsv,
    pub(super) compression: Agreement,
}

/// How message data is delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// One event per message: [`Event::Text`](crate::Event::Text) or [`Event::Binary`](crate::Event::Binary).
    ///
    /// A message that is entirely contained in the input is borrowed from it. Any other message is
    /// reassembled, which takes at most [`Config::max_message_len`] bytes of memory.
    #[default]
    Messages,
    /// Data as it arrives: [`Event::TextChunk`](crate::Event::TextChunk) and
    /// [`Event::BinaryChunk`](crate::Event::BinaryChunk).
    ///
    /// Nothing is reassembled, so memory use stays constant for messages of any length. Raise
    /// [`Config::max_message_len`] and [`Config::max_frame_len`] to receive messages that are larger than
    /// memory.
    ///
    /// This connection adds up the length of a message without storing it:
    ///
    /// ```
    /// use sansocket::{Config, Connection, Delivery, Event, Input};
    ///
    /// let config = Config::new().delivery(Delivery::Chunks);
    /// let mut connection = Connection::client(config, [7; 32]);
    /// let (mut total, mut complete) = (0, false);
    /// for read in [&mut b"\x82\x05He"[..].to_vec(), &mut b"llo".to_vec()] {
    ///     let mut input = Input::new(read);
    ///     while let Some(event) = connection.receive(&mut input, &mut Vec::new())? {
    ///         let Event::BinaryChunk { data, last } = event else { continue };
    ///         total += data.len();
    ///         complete |= last;
    ///     }
    /// }
    /// assert_eq!((total, complete), (5, true));
    /// # Ok::<(), sansocket::ProtocolError>(())
    /// ```
    Chunks,
}

impl Config {
    /// Creates a configuration with the defaults.
    pub const fn new() -> Self {
        Self {
            frame_limits: frame::Limits::new(),
            delivery: Delivery::Messages,
            auto_pong: true,
            auto_close: true,
            deliver_while_closing: true,
            allow_invalid_utf8: false,
            rsv: Rsv::NONE,
            compression: Agreement::NONE,
        }
    }

    /// Sets whether messages are delivered as a whole or in chunks. The default is [`Delivery::Messages`].
    #[must_use]
    pub const fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Sets the maximum payload length of a frame, in bytes. The default is 64 MiB.
    ///
    /// A longer frame fails the connection with 1009 as soon as its length is known, before any payload is
    /// read.
    #[doc(alias = "max_frame_size")]
    #[must_use]
    pub const fn max_frame_len(mut self, bytes: u64) -> Self {
        self.frame_limits = self.frame_limits.frame_len(bytes);
        self
    }

    /// Sets the maximum length of a message, in bytes, summed over its fragments. The default is 64 MiB.
    ///
    /// A longer message fails the connection with 1009 as soon as the length of the frame that exceeds the
    /// limit is known. For a compressed message the inflated bytes count, and the connection fails at the
    /// first byte that exceeds the limit.
    ///
    /// A client that has not authenticated itself yet can be given a lower limit than the others:
    ///
    /// ```
    /// use sansocket::{Config, Connection};
    ///
    /// let mut connection =
    ///     Connection::server(Config::new().max_message_len(4 << 10));
    /// // ... once the client has sent a valid token:
    /// connection.set_limits(connection.limits().message_len(1 << 20));
    /// ```
    #[doc(alias = "max_message_size")]
    #[doc(alias = "max_payload")]
    #[must_use]
    pub const fn max_message_len(mut self, bytes: u64) -> Self {
        self.frame_limits = self.frame_limits.message_len(bytes);
        self
    }

    /// Sets the maximum number of fragments in a message, including empty ones. The default is 131,072.
    ///
    /// The first fragment is always allowed, and `u32::MAX` means no limit. One fragment too many fails the
    /// connection with 1008 at its first byte.
    #[must_use]
    pub const fn max_fragments(mut self, count: u32) -> Self {
        self.frame_limits = self.frame_limits.fragments(count);
        self
    }

    /// Sets the maximum number of consecutive control frames, without a data frame between them. The default
    /// is `u32::MAX`, which means no limit.
    ///
    /// One control frame too many fails the connection with 1008 at its first byte. A Close is always
    /// allowed. There is no limit by default because a control frame costs little, a Pong is at most three
    /// times as long as its Ping, and a connection that is only kept alive exchanges nothing but control
    /// frames for weeks. Before you set a limit, consider the intervals at which both sides send Pings.
    #[must_use]
    pub const fn max_control_frames(mut self, count: u32) -> Self {
        self.frame_limits = self.frame_limits.control_frames(count);
        self
    }

    /// Sets whether a payload length that is not in its shortest form is accepted. The default is `false`.
    ///
    /// RFC 6455, section 5.2, forbids sending it, but some peers built on early drafts do.
    #[must_use]
    pub const fn allow_non_minimal_length(mut self, allow: bool) -> Self {
        self.frame_limits = self.frame_limits.allow_non_minimal_length(allow);
        self
    }

    /// Sets whether both masked and unmasked frames are accepted, whichever endpoint sends them. The default
    /// is `false`: an unmasked frame from a client and a masked frame from a server fail the connection with
    /// 1002 (RFC 6455, section 5.1).
    ///
    /// Some embedded clients, test clients and gateways do not mask. Masking keeps a script in a browser from
    /// writing bytes of its choice to a proxy, so do not enable this for a server that browsers can reach
    /// (RFC 6455, section 10.3). It does not change what is sent.
    #[must_use]
    pub const fn allow_any_masking(mut self, allow: bool) -> Self {
        self.frame_limits = self.frame_limits.allow_any_masking(allow);
        self
    }

    /// Sets whether text messages that are not UTF-8 are delivered as bytes. The default is `false`: they fail the connection
    /// with 1007 (RFC 6455, 8.1).
    ///
    /// Some peers send text in another encoding, or cut it in the middle of a character. Such a message is
    /// [`Event::InvalidText`](crate::Event::InvalidText); `String::from_utf8_lossy` makes text of it, with replacement
    /// characters. With [`Delivery::Chunks`] all text arrives as
    /// [`Event::UncheckedTextChunk`](crate::Event::UncheckedTextChunk), because what was delivered cannot be taken back
    /// once an invalid byte arrives. Do not write such bytes into logs, databases or pages without a check.
    ///
    /// The reason of a Close must be UTF-8 nevertheless. What is sent does not change.
    #[must_use]
    pub const fn allow_invalid_utf8(mut self, allow: bool) -> Self {
        self.allow_invalid_utf8 = allow;
        self
    }

    /// Sets the reserved bits that messages may have set, for an extension of your own that both sides have agreed on
    /// (RFC 6455, 5.2 and 9). The default is none: a frame with a reserved bit fails the connection with 1002.
    ///
    /// A message with such a bit is [`Event::Extended`](crate::Event::Extended), and
    /// [`Connection::send_extended`](crate::Connection::send_extended) sends one. The handshakes set them if the extension is
    /// selected: [`server::Accept::extension_with_rsv`](crate::server::Accept::extension_with_rsv),
    /// [`client::Request::extension_with_rsv`](crate::client::Request::extension_with_rsv). Use this for connections that were
    /// opened elsewhere. With compression, RSV1 belongs to permessage-deflate.
    #[must_use]
    pub const fn allow_rsv(mut self, rsv: Rsv) -> Self {
        self.rsv = rsv;
        self
    }

    /// Adds reserved bits to those that are allowed.
    pub(crate) const fn with_rsv(self, rsv: Rsv) -> Self {
        let all = self.rsv.with(rsv);
        self.allow_rsv(all)
    }

    /// Returns `true` unless an extension of the caller uses RSV1, the bit of compression.
    pub(crate) const fn allows_compression(self) -> bool {
        !self.rsv.contains(Rsv::RSV1)
    }

    /// Returns `true` if both an extension of the caller and compression use RSV1.
    pub(crate) fn has_rsv_conflict(self) -> bool {
        self.rsv.contains(Rsv::RSV1) && self.compression.is_on()
    }

    /// Returns the reserved bits of extensions of the caller.
    pub(super) fn own_rsv(self) -> Rsv {
        if self.compression.is_on() { self.rsv.without(Rsv::RSV1) } else { self.rsv }
    }

    /// Sets whether each Ping is answered with a Pong before its event is returned. The default is `true`.
    ///
    /// If it is off, reply with [`send_pong`](crate::Connection::send_pong) (RFC 6455, section 5.5.2). This
    /// server does so only while it has nothing else to write:
    ///
    /// ```
    /// use sansocket::{Config, Connection, Event, Input};
    ///
    /// let mut connection = Connection::server(Config::new().auto_pong(false));
    /// let mut read = *b"\x89\x80\0\0\0\0"; // a Ping
    /// let (mut input, mut out) = (Input::new(&mut read), Vec::new());
    /// if let Some(Event::Ping(data)) = connection.receive(&mut input, &mut out)? {
    ///     if out.is_empty() {
    ///         connection.send_pong(&data, &mut out)?;
    ///     }
    /// }
    /// assert_eq!(out, b"\x8a\x00");
    /// # Ok::<(), sansocket::Error>(())
    /// ```
    #[doc(alias = "autoping")]
    #[must_use]
    pub const fn auto_pong(mut self, yes: bool) -> Self {
        self.auto_pong = yes;
        self
    }

    /// Sets whether the peer's Close is answered with the same Close before its event is returned. The
    /// default is `true`.
    ///
    /// If it is off, reply with [`send_close`](crate::Connection::send_close) (RFC 6455, section 5.5.1). You
    /// can finish a message that you are sending in fragments first:
    ///
    /// ```
    /// use sansocket::{Config, Connection, Event, Input};
    ///
    /// let mut connection = Connection::server(Config::new().auto_close(false));
    /// let mut out = Vec::new();
    /// connection.send_text_fragment("one, ", false, &mut out)?;
    /// let mut input = *b"\x88\x80\0\0\0\0"; // a Close
    /// let event = connection.receive(&mut Input::new(&mut input), &mut out)?;
    /// if let Some(Event::Close(close)) = event {
    ///     connection.send_text_fragment("two", true, &mut out)?;
    ///     connection.send_close(close, &mut out)?;
    /// }
    /// assert_eq!(out, b"\x01\x05one, \x80\x03two\x88\x00");
    /// # Ok::<(), sansocket::Error>(())
    /// ```
    #[doc(alias = "auto_apply")]
    #[must_use]
    pub const fn auto_close(mut self, yes: bool) -> Self {
        self.auto_close = yes;
        self
    }

    /// Sets whether messages that arrive after our own Close and before the peer's are delivered. The default
    /// is `true`.
    ///
    /// If it is off, such messages are validated and discarded, as browsers do. Here a text arrives after our
    /// Close:
    ///
    /// ```
    /// use sansocket::{CloseCode, Config, Connection, Input};
    ///
    /// let config = Config::new().deliver_while_closing(false);
    /// let mut connection = Connection::client(config, [7; 32]);
    /// let mut out = Vec::new();
    /// connection.send_close(CloseCode::NORMAL, &mut out)?;
    /// let mut late = *b"\x81\x02Hi";
    /// let event = connection.receive(&mut Input::new(&mut late), &mut out)?;
    /// assert_eq!(event, None);
    /// # Ok::<(), sansocket::Error>(())
    /// ```
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
