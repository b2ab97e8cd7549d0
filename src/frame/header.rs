//! The header of a frame: 2 to 14 bytes (RFC 6455, section 5.2).

use super::{MAX_CONTROL_LEN, OpCode};
use crate::{ProtocolError, num::as_u64};

/// The header of a frame (RFC 6455, section 5.2).
///
/// A header is encoded into a buffer and decoded from the beginning of a slice:
///
/// ```
/// use sansocket::frame::{Header, MAX_HEADER_LEN, OpCode};
///
/// let header = Header::new(OpCode::Text, 5);
/// let mut buf = [0; MAX_HEADER_LEN];
/// assert_eq!(header.encode(&mut buf)?, [0x81, 0x05]);
/// assert_eq!(Header::decode(b"\x81\x05Hello")?, Some((header, 2)));
/// # Ok::<(), sansocket::ProtocolError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "these are all the fields that a header has")]
pub struct Header {
    /// Whether this is the last fragment of its message, or the only one.
    pub fin: bool,
    /// The reserved bits, for extensions.
    pub rsv: Rsv,
    /// The kind of the frame.
    pub opcode: OpCode,
    /// The masking key. Clients mask every frame, servers mask none.
    pub mask: Option<[u8; 4]>,
    /// The number of payload bytes that follow, at most 2^63 - 1.
    pub payload_len: u64,
}

/// The three reserved bits of a header (RFC 6455, section 5.2). Without an extension all are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rsv(u8);

impl Rsv {
    /// No bits.
    pub const NONE: Self = Self(0);
    /// The first bit, which permessage-deflate sets on the first frame of a compressed message (RFC 7692,
    /// section 6).
    pub const RSV1: Self = Self(0x40);
    /// The second bit.
    pub const RSV2: Self = Self(0x20);
    /// The third bit.
    pub const RSV3: Self = Self(0x10);

    /// Returns the reserved bits of the first byte of a header.
    #[inline]
    const fn of(first_byte: u8) -> Self {
        Self(first_byte & 0x70)
    }

    /// Returns the union of these bits and `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns these bits without those of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns `true` if all bits of `other` are set.
    #[inline]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns `true` if a bit is set in both.
    pub(crate) const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns `true` if no bit is set.
    #[inline]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

impl Header {
    /// Creates the header of an unfragmented, unmasked frame without reserved bits.
    #[inline]
    pub const fn new(opcode: OpCode, payload_len: u64) -> Self {
        Self { fin: true, rsv: Rsv::NONE, opcode, mask: None, payload_len }
    }

    /// Decodes the header at the beginning of `bytes` and returns it with its length.
    ///
    /// It returns `Ok(None)` if the header continues after `bytes`. Rules that depend on the role, on
    /// extensions or on earlier frames are not checked; [`Decoder`](super::Decoder) checks them.
    ///
    /// # Errors
    ///
    /// Returns a [`ProtocolError`] as soon as the offending byte is available: for a reserved opcode, a
    /// control frame that is fragmented or declares more than 125 bytes, a Close of one byte, and a length
    /// that is out of range or not in its shortest form.
    #[inline]
    pub fn decode(bytes: &[u8]) -> Result<Option<(Self, usize)>, ProtocolError> {
        Self::decode_with(bytes, &NoRules)
    }

    /// Decodes a header that must also satisfy `rules`.
    #[expect(
        clippy::inline_always,
        reason = "what it returns would be written and read in pieces of other sizes"
    )]
    #[inline(always)]
    pub(super) fn decode_with<R: Rules>(
        bytes: &[u8],
        rules: &R,
    ) -> Result<Option<(Self, usize)>, ProtocolError> {
        let [first, rest @ ..] = bytes else { return Ok(None) };
        let fin = first & FIN != 0;
        let rsv = Rsv::of(*first);
        let opcode = OpCode::new(first & OPCODE).ok_or(ProtocolError::ReservedOpcode(first & OPCODE))?;
        if opcode.is_control() && !fin {
            return Err(ProtocolError::FragmentedControlFrame); // RFC 6455, 5.5
        }
        rules.first_byte(opcode, rsv)?;

        let [second, rest @ ..] = rest else { return Ok(None) };
        let masked = second & MASK != 0;
        let short_len = second & LEN;
        rules.masked(masked)?;
        match opcode {
            OpCode::Close if short_len == 1 => return Err(ProtocolError::TruncatedCloseCode), // 5.5.1
            OpCode::Close | OpCode::Ping | OpCode::Pong if usize::from(short_len) > MAX_CONTROL_LEN => {
                return Err(ProtocolError::ControlFrameTooLong); // 5.5
            }
            _ => {}
        }

        let Some((payload_len, rest)) = payload_len(short_len, rest, rules.allow_non_minimal_length())?
        else {
            return Ok(None);
        };
        rules.payload_len(opcode, rsv, payload_len)?;

        let (mask, rest) = match rest.split_first_chunk::<4>() {
            _ if !masked => (None, rest),
            Some((key, rest)) => (Some(*key), rest),
            None => return Ok(None),
        };
        Ok(Some((Self { fin, rsv, opcode, mask, payload_len }, bytes.len().saturating_sub(rest.len()))))
    }

    /// Encodes the header, with the length in its shortest form, and returns the part of `buf` that it
    /// occupies.
    ///
    /// # Errors
    ///
    /// Returns a [`ProtocolError`] for a header that [`decode`](Self::decode) would reject: a control frame
    /// that is fragmented or longer than 125 bytes, a Close of one byte, a length that exceeds 2^63 - 1.
    #[inline]
    pub fn encode<'a>(&self, buf: &'a mut [u8; MAX_HEADER_LEN]) -> Result<&'a [u8], ProtocolError> {
        if self.opcode.is_control() {
            match self.payload_len {
                _ if !self.fin => return Err(ProtocolError::FragmentedControlFrame),
                1 if self.opcode == OpCode::Close => return Err(ProtocolError::TruncatedCloseCode),
                len if len > as_u64(MAX_CONTROL_LEN) => return Err(ProtocolError::ControlFrameTooLong),
                _ => {}
            }
        }
        if self.payload_len & TOP_BIT != 0 {
            return Err(ProtocolError::LengthOutOfRange);
        }
        let mut len = 0;
        self.write(|bytes| {
            let room = buf.get_mut(len..).and_then(|room| room.get_mut(..bytes.len()));
            if let Some(room) = room {
                room.copy_from_slice(bytes);
                len = len.saturating_add(bytes.len());
            }
        });
        Ok(buf.get(..len).unwrap_or_default())
    }

    /// Returns the number of bytes of the header, with the length in its shortest form.
    pub(super) fn encoded_len(&self) -> u64 {
        let mut len = 0_u64;
        self.write(|bytes| len = len.saturating_add(as_u64(bytes.len())));
        len
    }

    /// Passes the bytes of a header that is known to be valid to `put`, in pieces of constant length, which
    /// are cheap to copy.
    #[expect(clippy::inline_always, reason = "most of it is known to each caller")]
    #[inline(always)]
    pub(crate) fn write(&self, mut put: impl FnMut(&[u8])) {
        let first = self.rsv.0 | self.opcode.get() | if self.fin { FIN } else { 0 };
        let mask = if self.mask.is_some() { MASK } else { 0 };
        let [b0, b1, b2, b3, b4, b5, b6, b7] = self.payload_len.to_be_bytes();
        match self.payload_len {
            0..126 => match self.mask {
                // The common case for a client, in one piece.
                Some([k0, k1, k2, k3]) => return put(&[first, mask | b7, k0, k1, k2, k3]),
                None => return put(&[first, b7]),
            },
            126..0x1_0000 => put(&[first, mask | LEN_16, b6, b7]),
            _ => put(&[first, mask | LEN_64, b0, b1, b2, b3, b4, b5, b6, b7]),
        }
        if let Some(key) = &self.mask {
            put(key);
        }
    }
}

/// The rules that a receiver applies to a header beyond its form. Each is checked as soon as its byte is
/// available.
pub(super) trait Rules {
    fn first_byte(&self, opcode: OpCode, rsv: Rsv) -> Result<(), ProtocolError>;
    fn masked(&self, masked: bool) -> Result<(), ProtocolError>;
    fn payload_len(&self, opcode: OpCode, rsv: Rsv, len: u64) -> Result<(), ProtocolError>;
    fn allow_non_minimal_length(&self) -> bool;
}

struct NoRules;

impl Rules for NoRules {
    fn first_byte(&self, _: OpCode, _: Rsv) -> Result<(), ProtocolError> {
        Ok(())
    }

    fn masked(&self, _: bool) -> Result<(), ProtocolError> {
        Ok(())
    }

    fn payload_len(&self, _: OpCode, _: Rsv, _: u64) -> Result<(), ProtocolError> {
        Ok(())
    }

    fn allow_non_minimal_length(&self) -> bool {
        false
    }
}

/// Returns the payload length and the bytes after it, or `None` if it is incomplete.
#[inline]
fn payload_len(
    short_len: u8,
    rest: &[u8],
    allow_non_minimal: bool,
) -> Result<Option<(u64, &[u8])>, ProtocolError> {
    let (len, rest, shortest) = match short_len {
        LEN_16 => {
            let Some((field, rest)) = rest.split_first_chunk::<2>() else { return Ok(None) };
            (u64::from(u16::from_be_bytes(*field)), rest, 126)
        }
        LEN_64 => {
            // The highest bit is checked before the rest of the length arrives.
            if rest.first().is_some_and(|byte| byte & 0x80 != 0) {
                return Err(ProtocolError::LengthOutOfRange);
            }
            let Some((field, rest)) = rest.split_first_chunk::<8>() else { return Ok(None) };
            (u64::from_be_bytes(*field), rest, 0x1_0000)
        }
        len => return Ok(Some((u64::from(len), rest))),
    };
    if len < shortest && !allow_non_minimal {
        return Err(ProtocolError::NonMinimalLength); // RFC 6455, 5.2
    }
    Ok(Some((len, rest)))
}

/// The maximum length of a header in bytes: two, a length of eight, and a masking key.
pub const MAX_HEADER_LEN: usize = 14;

const FIN: u8 = 0x80;
const OPCODE: u8 = 0x0f;
const MASK: u8 = 0x80;
const LEN: u8 = 0x7f;
const LEN_16: u8 = 126;
const LEN_64: u8 = 127;
const TOP_BIT: u64 = 1 << 63;
