//! The configuration of the extension for one endpoint.

use core::{fmt, num::NonZeroU8};

use super::NegotiationError;

/// The parameters that this endpoint requests for the extension, and its compression settings.
///
/// Both endpoints must agree on windows and context takeover, so the peer may restrict the parameters
/// requested here. "Send" refers to the messages that this endpoint compresses, "receive" to those that the
/// peer compresses.
///
/// # Choosing for a server
///
/// Context takeover makes short similar messages several times shorter, and requires most of the memory: each
/// connection that has sent and received a compressed message holds both contexts. The table shows the bytes
/// of a [`Connection`](crate::Connection) of a server with all of its heap memory between messages, and the
/// bytes that each thread keeps (with the feature `std`), on 64-bit platforms:
///
/// | configuration | a connection | 100,000 connections | a thread |
/// |---|---|---|---|
/// | [`new`](Self::new), [`best_speed`](Self::best_speed) | 48,032 | 4.8 GB | 610,912 |
/// | `new`, [`send_context_takeover(true)`](Self::send_context_takeover) | 428,192 | 43 GB | 65,536 |
/// | [`best_compression`](Self::best_compression) | 542,880 | 54 GB | 65,536 |
/// | `new`, [`receive_context_takeover(false)`](Self::receive_context_takeover) | 352 | 35 MB | 658,592 |
/// | [`low_memory`](Self::low_memory) | 352 | 35 MB | 253,504 |
///
/// A server with many connections should turn both off if its clients allow it (see
/// [Interoperability](super#interoperability)). A server with some hundred connections that sends short similar
/// messages should turn on takeover for sending.
/// [`release_buffers`](crate::Connection::release_buffers) frees the larger of the two contexts. See
/// [Memory](super#memory) for details.
///
/// # Examples
///
/// This configuration takes little memory and compresses fast:
///
/// ```
/// use sansocket::deflate::{Config, WindowBits};
///
/// let config = Config::low_memory().receive_window(WindowBits::MAX).level(1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    pub(super) level: u8,
    pub(super) memory_level: u8,
    pub(super) min_len: u32,
    pub(super) send_window: WindowBits,
    /// `None`: a client may refer to earlier messages, a server does not.
    pub(super) send_takeover: Option<bool>,
    pub(super) receive: Direction,
}

/// The parameters of one direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Direction {
    pub(super) window: WindowBits,
    pub(super) context_takeover: bool,
}

impl Config {
    /// Creates a balanced configuration: level 6, full windows, messages from 64 bytes on.
    ///
    /// The peer may refer to earlier messages. A client does so, too; a server does not, unless you set
    /// [`send_context_takeover(true)`](Self::send_context_takeover). Without it, a connection of a server holds
    /// 48 KB once it has received a compressed message, instead of 428 KB once it has also sent one; a
    /// connection of a client holds the latter. In exchange the server's messages are longer: JSON of 100 bytes
    /// becomes 1.25 times shorter instead of 3.82 times, JSON of 1 KiB 3.54 times instead of 4.54 times.
    pub const fn new() -> Self {
        let receive = Direction { window: WindowBits::MAX, context_takeover: true };
        let send_window = WindowBits::MAX;
        Self { level: 6, memory_level: 8, min_len: 64, send_window, send_takeover: None, receive }
    }

    /// Creates a configuration for very many connections: level 3, a window of 1 KiB, little other memory, and no
    /// context takeover, so that a connection holds no context between messages. Messages are compressed from
    /// 256 bytes on.
    pub const fn low_memory() -> Self {
        let receive = Direction { window: WindowBits::known(10), context_takeover: false };
        let (send_window, send_takeover) = (receive.window, Some(false));
        Self { level: 3, memory_level: 2, min_len: 256, send_window, send_takeover, receive }
    }

    /// Creates a configuration for a fast network: level 1, messages from 256 bytes on, otherwise like
    /// [`new`](Self::new).
    pub const fn best_speed() -> Self {
        Self { level: 1, min_len: 256, ..Self::new() }
    }

    /// Creates a configuration for few connections over a slow network: level 9 with as much memory as helps,
    /// context takeover in both directions, and all messages but the shortest.
    pub const fn best_compression() -> Self {
        Self { level: 9, memory_level: 9, min_len: 16, ..Self::new().send_context_takeover(true) }
    }

    /// Sets the compression level: 0 (no compression) to 9. Higher values count as 9. The default is 6.
    #[must_use]
    pub const fn level(mut self, level: u8) -> Self {
        self.level = if level > 9 { 9 } else { level };
        self
    }

    /// Sets the amount of memory that compression takes in addition to the window: 1 to 9, to which other
    /// values are clamped. The default is 8. See the [table](super#memory).
    #[must_use]
    pub const fn memory_level(mut self, level: u8) -> Self {
        self.memory_level = match level {
            0 => 1,
            1..=9 => level,
            _ => 9,
        };
        self
    }

    /// Sets the minimum length of a message that is compressed, in bytes. The default is 64.
    #[must_use]
    pub const fn min_len(mut self, bytes: u32) -> Self {
        self.min_len = bytes;
        self
    }

    /// Sets the largest window that this endpoint compresses with. The default is [`WindowBits::MAX`].
    #[must_use]
    pub const fn send_window(mut self, window: WindowBits) -> Self {
        self.send_window = window;
        self
    }

    /// Sets the largest window that the peer should compress with. The default is [`WindowBits::MAX`].
    ///
    /// A smaller window saves memory at the peer, not here. A server can request it only from a client that
    /// announces its support.
    #[must_use]
    pub const fn receive_window(mut self, window: WindowBits) -> Self {
        self.receive.window = window;
        self
    }

    /// Sets whether sent messages may refer to earlier ones. The default is `true` at a client and `false` at a
    /// server.
    ///
    /// It makes messages smaller, short similar ones several times, and keeps a context for each connection
    /// between them. [`new`](Self::new) has the figures; [`best_compression`](Self::best_compression) turns it
    /// on. A server can turn it off without the client's consent, so the default does not affect whether
    /// clients agree to the extension.
    #[doc(alias = "no_context_takeover")]
    #[must_use]
    pub const fn send_context_takeover(mut self, yes: bool) -> Self {
        self.send_takeover = Some(yes);
        self
    }

    /// Sets whether received messages may refer to earlier ones. The default is `true`.
    #[doc(alias = "no_context_takeover")]
    #[must_use]
    pub const fn receive_context_takeover(mut self, yes: bool) -> Self {
        self.receive.context_takeover = yes;
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// The size of a window as a power of two: 8 (256 bytes) to 15 (32 KiB) (RFC 7692, section 7.1.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowBits(NonZeroU8);

impl WindowBits {
    /// 256 bytes.
    pub const MIN: Self = Self::known(8);
    /// 32 KiB.
    pub const MAX: Self = Self::known(15);

    /// Returns the window of 2^`bits` bytes, or `None` unless `bits` is 8 to 15.
    pub const fn new(bits: u8) -> Option<Self> {
        match bits {
            8..=15 => Some(Self::known(bits)),
            _ => None,
        }
    }

    /// Returns the power of two.
    pub const fn get(self) -> u8 {
        self.0.get()
    }

    const fn known(bits: u8) -> Self {
        match NonZeroU8::new(bits) {
            Some(bits) => Self(bits),
            None => Self(NonZeroU8::MIN),
        }
    }

    /// Parses the value of a parameter: decimal, without a leading zero (RFC 7692, section 7.1.2).
    pub(super) fn parse(value: &str) -> Option<Self> {
        let bits = value.parse().ok()?;
        let is_canonical = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0');
        if is_canonical { Self::new(bits) } else { None }
    }
}

impl fmt::Debug for WindowBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WindowBits({})", self.get())
    }
}

impl fmt::Display for WindowBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl From<WindowBits> for u8 {
    fn from(bits: WindowBits) -> Self {
        bits.get()
    }
}

/// Returns [`NegotiationError::InvalidParameter`] for a number outside 8 to 15.
impl TryFrom<u8> for WindowBits {
    type Error = NegotiationError;

    fn try_from(bits: u8) -> Result<Self, Self::Error> {
        Self::new(bits).ok_or(NegotiationError::InvalidParameter)
    }
}
