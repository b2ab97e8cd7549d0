//! Text that arrives in pieces (RFC 3629; RFC 6455, 8.1).
//!
//! [`Decoder`] validates UTF-8 in pieces that may be cut anywhere, and fails at the first byte with which the
//! text can no longer become valid.
//!
//! Uses no other module.

use core::{error, fmt, str};

/// Turns pieces of UTF-8 into pieces of text.
///
/// ```
/// use sansocket::utf8::Decoder;
///
/// let mut decoder = Decoder::new();
/// let piece = decoder.decode(b"10 \xe2\x82")?; // the euro sign is e2 82 ac
/// assert_eq!((piece.first, piece.rest), (None, "10 "));
/// let piece = decoder.decode(b"\xac!")?;
/// assert_eq!((piece.first, piece.rest), (Some('€'), "!"));
/// assert!(decoder.is_complete());
/// # Ok::<(), sansocket::utf8::Utf8Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decoder {
    /// The bits of the unfinished character that are known.
    code: u32,
    /// How many bytes it still needs; 0 if there is none.
    missing: u8,
    /// Which values the next of them may have.
    low: u8,
    high: u8,
}

/// What a piece of UTF-8 says: [`first`](Self::first), then [`rest`](Self::rest).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a piece cannot have more parts")]
pub struct Decoded<'a> {
    /// The character that began in an earlier piece and ended in this one.
    pub first: Option<char>,
    /// All whole characters behind it. What is left of the piece is kept for the next one.
    pub rest: &'a str,
}

impl Decoder {
    /// A decoder at the beginning of a text.
    pub const fn new() -> Self {
        Self { code: 0, missing: 0, low: 0, high: 0 }
    }

    /// The characters that are complete with `bytes`.
    ///
    /// # Errors
    ///
    /// [`Utf8Error`] if no continuation can make the text valid. The decoder is then of no further use.
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

    /// The text that `bytes` are, if no character is cut at either end. `None` says nothing else, and nothing has
    /// happened.
    #[inline]
    pub(crate) fn decode_plain(self, bytes: &[u8]) -> Option<&str> {
        if self.missing == 0 && cut_len(bytes) == 0 { from_utf8(bytes).ok() } else { None }
    }

    /// The characters that are complete with `bytes`, up to the first fault, and whether there is one.
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

    /// Whether the text may end here: no character is unfinished.
    #[inline]
    pub fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// Validates `bytes[from..to]`, which has to end with a whole character, and begins the one behind it.
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

    /// Takes one byte, and returns the character that ends with it.
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

/// Text is not valid UTF-8 and cannot become so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Utf8Error {
    index: usize,
}

impl Utf8Error {
    /// The first byte of the piece with which the text cannot be valid, whatever follows.
    pub fn index(self) -> usize {
        self.index
    }
}

impl fmt::Display for Utf8Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the text is not valid UTF-8 from byte {} on", self.index)
    }
}

impl error::Error for Utf8Error {}

/// A byte that cannot follow.
struct Impossible;

/// Validates a text that is all there.
#[inline]
pub(crate) fn from_utf8(bytes: &[u8]) -> Result<&str, NotUtf8> {
    #[cfg(feature = "simd")]
    if bytes.len() >= SIMD_FROM {
        return simdutf8::basic::from_utf8(bytes).map_err(|_| NotUtf8);
    }
    str::from_utf8(bytes).map_err(|_| NotUtf8)
}

/// A text is not UTF-8, somewhere.
#[derive(Debug)]
pub(crate) struct NotUtf8;

/// How many bytes at the end of `bytes` are the beginning of a character that goes on behind them.
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

/// Where `bytes`, which are not valid, first cannot become so.
#[cold]
fn first_impossible(bytes: &[u8]) -> usize {
    let valid = str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let mut decoder = Decoder::new();
    let impossible = bytes.iter().skip(valid).position(|&byte| decoder.push(byte).is_err());
    // If the bytes just end inside a character, the next one would be the first at fault.
    impossible.map_or(bytes.len(), |index| index.saturating_add(valid))
}

/// From how many bytes on vector instructions pay.
#[cfg(feature = "simd")]
const SIMD_FROM: usize = 64;
