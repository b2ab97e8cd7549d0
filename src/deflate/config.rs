//! What one side wants of the extension.

use core::{fmt, num::NonZeroU8};

use super::NegotiationError;

/// What this side wants of the extension, and how it compresses.
///
/// Both sides have to agree on windows and context takeover, so the peer may narrow what is asked for here.
/// "Send" is what we compress, "receive" what the peer compresses.
///
/// # Choosing for a server
///
/// Context takeover makes short similar messages several times shorter, and is what costs memory: each connection
/// that has sent and received a compressed message holds both contexts. These are the bytes of a
/// [`Connection`](crate::Connection) with all it has on the heap between messages, and what each thread keeps (with
/// the feature `std`), on 64-bit platforms:
///
/// | configuration | a connection | 100,000 connections | a thread |
/// |---|---|---|---|
/// | [`new`](Self::new), [`best_speed`](Self::best_speed) | 428,224 | 43 GB | 65,536 |
/// | [`best_compression`](Self::best_compression) | 542,912 | 54 GB | 65,536 |
/// | `new`, [`send_context_takeover(false)`](Self::send_context_takeover) | 48,064 | 4.8 GB | 610,912 |
/// | `new`, `send_context_takeover(false)`, [`receive_context_takeover(false)`](Self::receive_context_takeover) | 384 | 38 MB | 658,592 |
/// | [`low_memory`](Self::low_memory) | 384 | 38 MB | 253,504 |
///
/// A server with many connections that are idle most of the time should turn both off, or use
/// [`release_buffers`](crate::Connection::release_buffers), which frees the larger of the two contexts.
/// See [Memory](super#memory) for details.
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
    pub(super) send: Direction,
    pub(super) receive: Direction,
}

/// One direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Direction {
    pub(super) window: WindowBits,
    pub(super) context_takeover: bool,
}

impl Config {
    /// A balance: level 6, full windows, context takeover both ways, messages from 64 bytes on.
    ///
    /// A connection holds 428 KB once it has sent and received a compressed message.
    pub const fn new() -> Self {
        let full = Direction { window: WindowBits::MAX, context_takeover: true };
        Self { level: 6, memory_level: 8, min_len: 64, send: full, receive: full }
    }

    /// For many connections: a window of 1 KiB, little memory beside it, and no context takeover, so that
    /// between messages a connection holds no context at all. Messages from 256 bytes on.
    pub const fn low_memory() -> Self {
        let small = Direction { window: WindowBits::known(10), context_takeover: false };
        Self { level: 6, memory_level: 2, min_len: 256, send: small, receive: small }
    }

    /// For a fast network: level 1, otherwise as [`new`](Self::new). Messages from 256 bytes on.
    pub const fn best_speed() -> Self {
        Self { level: 1, min_len: 256, ..Self::new() }
    }

    /// For a slow network: level 9 with as much memory as helps, and all messages but the shortest.
    pub const fn best_compression() -> Self {
        Self { level: 9, memory_level: 9, min_len: 16, ..Self::new() }
    }

    /// How hard to compress: 0 (not at all) to 9. Above counts as 9. Default: 6.
    #[must_use]
    pub const fn level(mut self, level: u8) -> Self {
        self.level = if level > 9 { 9 } else { level };
        self
    }

    /// How much memory compressing takes beside the window: 1 to 9, which is brought into this range.
    /// Default: 8. See the [table](super#memory).
    #[must_use]
    pub const fn memory_level(mut self, level: u8) -> Self {
        self.memory_level = match level {
            0 => 1,
            1..=9 => level,
            _ => 9,
        };
        self
    }

    /// The shortest message that is compressed, in bytes. Default: 64.
    #[must_use]
    pub const fn min_len(mut self, bytes: u32) -> Self {
        self.min_len = bytes;
        self
    }

    /// The largest window that we compress with. Default: [`WindowBits::MAX`].
    #[must_use]
    pub const fn send_window(mut self, window: WindowBits) -> Self {
        self.send.window = window;
        self
    }

    /// The largest window that the peer should compress with. Default: [`WindowBits::MAX`].
    ///
    /// It saves the peer memory, not us. A server can ask this only of a client that says it understands.
    #[must_use]
    pub const fn receive_window(mut self, window: WindowBits) -> Self {
        self.receive.window = window;
        self
    }

    /// Whether what we send may refer to earlier messages. Default: yes.
    ///
    /// It makes messages smaller, and keeps a context between them.
    #[must_use]
    pub const fn send_context_takeover(mut self, yes: bool) -> Self {
        self.send.context_takeover = yes;
        self
    }

    /// Whether what the peer sends may refer to earlier messages. Default: yes.
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

/// The size of a window as a power of two: 8 (256 bytes) to 15 (32 KiB) (RFC 7692, 7.1.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowBits(NonZeroU8);

impl WindowBits {
    /// 256 bytes.
    pub const MIN: Self = Self::known(8);
    /// 32 KiB.
    pub const MAX: Self = Self::known(15);

    /// The window of 2^`bits` bytes, or `None` unless `bits` is 8 to 15.
    pub const fn new(bits: u8) -> Option<Self> {
        match bits {
            8..=15 => Some(Self::known(bits)),
            _ => None,
        }
    }

    /// The power of two.
    pub const fn get(self) -> u8 {
        self.0.get()
    }

    const fn known(bits: u8) -> Self {
        match NonZeroU8::new(bits) {
            Some(bits) => Self(bits),
            None => Self(NonZeroU8::MIN),
        }
    }

    /// From the value of a parameter: decimal, without a leading zero (RFC 7692, 7.1.2).
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

/// A number outside 8 to 15 is [`NegotiationError::InvalidParameter`].
impl TryFrom<u8> for WindowBits {
    type Error = NegotiationError;

    fn try_from(bits: u8) -> Result<Self, Self::Error> {
        Self::new(bits).ok_or(NegotiationError::InvalidParameter)
    }
}
