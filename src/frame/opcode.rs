//! The kinds of frames.

use core::fmt;

use crate::ProtocolError;

/// The kind of a frame (RFC 6455, section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the protocol reserves the other opcodes, and no extension defines one"
)]
pub enum OpCode {
    /// 0: the next fragment of a message.
    Continuation = 0x0,
    /// 1: a text message, or its first fragment.
    Text = 0x1,
    /// 2: a binary message, or its first fragment.
    Binary = 0x2,
    /// 8: a Close, which begins the closing handshake or replies to the peer's Close.
    Close = 0x8,
    /// 9: a Ping, which requires a Pong.
    Ping = 0x9,
    /// 10: a Pong.
    Pong = 0xa,
}

impl OpCode {
    /// Returns the opcode with the four bits of `value`, or `None` if it is reserved or exceeds four bits.
    #[inline]
    pub const fn new(value: u8) -> Option<Self> {
        Some(match value {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }

    /// Returns the four bits that represent it in a header.
    #[inline]
    #[expect(clippy::as_conversions, reason = "the value of the variant")]
    pub const fn get(self) -> u8 {
        self as u8
    }

    /// Returns `true` for Close, Ping and Pong (RFC 6455, section 5.5).
    #[inline]
    pub const fn is_control(self) -> bool {
        self.get() >= 0x8
    }
}

/// The name in lower case: `text`, `ping`.
impl fmt::Display for OpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Continuation => "continuation",
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Close => "close",
            Self::Ping => "ping",
            Self::Pong => "pong",
        })
    }
}

impl From<OpCode> for u8 {
    fn from(opcode: OpCode) -> Self {
        opcode.get()
    }
}

/// A value that is reserved, or more than four bits, is [`ProtocolError::ReservedOpcode`].
impl TryFrom<u8> for OpCode {
    type Error = ProtocolError;

    fn try_from(value: u8) -> Result<Self, Self::Error> {
        Self::new(value).ok_or(ProtocolError::ReservedOpcode(value))
    }
}
