//! Incremental UTF-8 validation (RFC 3629; RFC 6455, section 8.1).
//!
//! [`Decoder`] validates UTF-8 in pieces that may be split anywhere, and fails at the first byte that makes
//! the text invalid, whatever follows.
//!
//! Uses no other module.

use core::{error, fmt, str};

/// Validates UTF-8 incrementally.
///
/// A euro sign (e2 82 ac) is split between two pieces:
///
/// ```
/// use sansocket::utf8::Decoder;
///
/// let mut decoder = Decoder::new();
/// let piece = decoder.decode(b"10 \xe2\x82")?;
/// assert_eq!((piece.first, piece.rest), (None, "10 "));
/// let piece = decoder.decode(b"\xac!")?;
/// assert_eq!((piece.first, piece.rest), (Some('€'), "!"));
/// assert!(decoder.is_complete());
/// # Ok::<(), sansocket::utf8::Utf8Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decoder {
    /// The known bits of the unfinished character.
    code: u32,
    /// The number of bytes that the unfinished character still needs; 0 if there is none.
    missing: u8,
    /// The range of values that its next byte may have.
    low: u8,
    high: u8,
}

/// The text of a piece of UTF-8: [`first`](Self::first), then [`rest`](Self::rest).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a piece cannot have more parts")]
pub struct Decoded<'a> {
    /// The character that began in an earlier piece and ended in this one.
    pub first: Option<char>,
    /// All complete characters after it. An incomplete character at the end is kept for the next piece.
    pub rest: &'a str,
}

impl Decoder {
    /// Creates a decoder at the beginning of a text.
    pub const fn new() -> Self {
        Self { code: 0, missing: 0, low: 0, high: 0 }
    }

    /// Returns the characters that `bytes` complete.
    ///
    /// # Errors
    ///
    /// Returns [`Utf8Error`] if no continuation can make the text valid. Do not use the decoder afterwards.
    #[inline]
    pub fn decode<'a>(&mut self, bytes: &'a [u8]) -> Result<Decoded<'a>, Utf8Error> {
        if self.missing == 0 {
            let whole = bytes.len().saturating_sub(cut_len(bytes));
            return self.decode_whole(bytes, 0, whole).map(|rest| Decoded { first: None, rest });
        }
        let mut first = None;
        let mut used = 0;
        for &byte in bytes {
            first = self.push(byte).map_err(|Impossible| Utf8Error { index: used })?;
            used = used.saturating_add(1);
            if self.missing == 0 {
                break;
            }
        }
        let behind = bytes.get(used..).unwrap_or_default();
        let whole = bytes.len().saturating_sub(cut_len(behind));
        self.decode_whole(bytes, used, whole).map(|rest| Decoded { first, rest })
    }

    /// Returns `bytes` as text if no character is split at either end. `None` has no other meaning, and the
    /// decoder is unchanged.
    #[inline]
    pub(crate) fn decode_plain(self, bytes: &[u8]) -> Option<&str> {
        if self.missing == 0 && cut_len(bytes) == 0 { from_utf8(bytes).ok() } else { None }
    }

    /// Returns the characters that `bytes` complete up to the first invalid byte, and whether there is one.
    pub(crate) fn decode_until_fault<'a>(&mut self, bytes: &'a [u8]) -> (Decoded<'a>, bool) {
        let before = *self;
        match self.decode(bytes) {
            Ok(piece) => (piece, false),
            Err(fault) => {
                *self = before;
                let valid = bytes.get(..fault.index()).unwrap_or_default();
                (self.decode(valid).unwrap_or(Decoded { first: None, rest: "" }), true)
            }
        }
    }

    /// Returns `true` if the text may end here: no character is unfinished.
    #[inline]
    pub fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// Validates `bytes[from..to]`, which must end with a complete character, and begins the one after it.
    #[inline]
    fn decode_whole<'a>(&mut self, bytes: &'a [u8], from: usize, to: usize) -> Result<&'a str, Utf8Error> {
        let whole = bytes.get(from..to).unwrap_or_default();
        let Ok(text) = from_utf8(whole) else {
            return Err(Utf8Error { index: first_impossible(whole).saturating_add(from) });
        };
        for (index, &byte) in bytes.iter().enumerate().skip(to) {
            self.push(byte).map_err(|Impossible| Utf8Error { index })?;
        }
        Ok(text)
    }

    /// Takes one byte, and returns the character that it completes.
    fn push(&mut self, byte: u8) -> Result<Option<char>, Impossible> {
        if self.missing == 0 {
            (self.code, self.missing, self.low, self.high) = match byte {
                0x00..=0x7f => return Ok(Some(char::from(byte))),
                0xc2..=0xdf => (u32::from(byte & 0x1f), 1, 0x80, 0xbf),
                0xe0 => (0, 2, 0xa0, 0xbf),
                0xed => (0xd, 2, 0x80, 0x9f),
                0xe1..=0xef => (u32::from(byte & 0x0f), 2, 0x80, 0xbf),
                0xf0 => (0, 3, 0x90, 0xbf),
                0xf1..=0xf3 => (u32::from(byte & 0x07), 3, 0x80, 0xbf),
                0xf4 => (4, 3, 0x80, 0x8f),
                _ => return Err(Impossible),
            };
            return Ok(None);
        }
        if !(self.low..=self.high).contains(&byte) {
            return Err(Impossible);
        }
        self.code = self.code << 6 | u32::from(byte & 0x3f);
        self.missing = self.missing.saturating_sub(1);
        (self.low, self.high) = (0x80, 0xbf);
        Ok(if self.missing == 0 { char::from_u32(self.code) } else { None })
    }
}

/// The error for text that is not valid UTF-8 and cannot become valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Utf8Error {
    index: usize,
}

impl Utf8Error {
    /// Returns the position in the piece of the first byte that makes the text invalid, whatever follows.
    pub fn index(self) -> usize {
        self.index
    }
}

impl Utf8Error {
    /// Returns a stable short name of the error, for logs and metrics. See
    /// [`ProtocolError::name`](crate::ProtocolError::name) for details.
    pub const fn name(self) -> &'static str {
        "utf8_invalid"
    }
}

impl fmt::Display for Utf8Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text is not valid UTF-8 from byte {} on", self.index)
    }
}

impl error::Error for Utf8Error {}

/// The error for a byte that cannot follow.
struct Impossible;

/// Validates a complete text.
#[inline]
pub(crate) fn from_utf8(bytes: &[u8]) -> Result<&str, NotUtf8> {
    #[cfg(feature = "simd")]
    if bytes.len() >= SIMD_FROM {
        return simdutf8::basic::from_utf8(bytes).map_err(|_| NotUtf8);
    }
    str::from_utf8(bytes).map_err(|_| NotUtf8)
}

/// The error for a text that is not UTF-8, at an unknown position.
#[derive(Debug)]
pub(crate) struct NotUtf8;

/// Returns the number of bytes at the end of `bytes` that are an incomplete character.
#[inline]
fn cut_len(bytes: &[u8]) -> usize {
    for (back, &byte) in (1..=3).zip(bytes.iter().rev()) {
        match byte {
            0x80..=0xbf => {}
            0xc0..=0xdf => return if back < 2 { back } else { 0 },
            0xe0..=0xef => return if back < 3 { back } else { 0 },
            0xf0..=0xff => return back,
            _ => return 0,
        }
    }
    0
}

/// Returns the position of the first byte that makes invalid `bytes` invalid whatever follows.
#[cold]
fn first_impossible(bytes: &[u8]) -> usize {
    let valid = str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let mut decoder = Decoder::new();
    let impossible = bytes.iter().skip(valid).position(|&byte| decoder.push(byte).is_err());
    // If the bytes end inside a character, the next byte would be the first offending one.
    impossible.map_or(bytes.len(), |index| index.saturating_add(valid))
}

/// The length from which vector instructions are worth their cost.
#[cfg(feature = "simd")]
const SIMD_FROM: usize = 64;
