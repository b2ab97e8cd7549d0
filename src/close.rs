//! The body of a Close frame: why a connection is closed (RFC 6455, 5.5.1).
//!
//! Uses `close_code`, `error`, `excerpt`, `utf8`.

#[cfg(feature = "alloc")]
use alloc::{borrow::Cow, boxed::Box};
use core::{error, fmt, hash};

use crate::{CloseCode, ProtocolError, excerpt::Excerpt, utf8};

/// The body of a Close frame: a status code and a reason (RFC 6455, 5.5.1).
///
/// A Close frame may also have no body at all; that is `None` where an `Option<Close>` stands.
///
/// The reason is for logs and for developers, not for end users, and it comes from the peer: do not trust it.
#[derive(Clone)]
pub struct Close<'a>(Repr<'a>);

/// A Cow with the code beside its tag: 24 bytes instead of 32, so that an event has 32 instead of 40.
#[derive(Clone)]
enum Repr<'a> {
    Borrowed(CloseCode, &'a str),
    Owned(CloseCode, OwnedReason),
}

#[cfg(feature = "alloc")]
type OwnedReason = Box<str>;
/// Without an allocator there is none.
#[cfg(not(feature = "alloc"))]
type OwnedReason = &'static str;

impl<'a> Close<'a> {
    /// Creates a Close whose reason is the longest beginning of `reason` that fits: at most [`MAX_REASON_LEN`] bytes, cut
    /// between two characters.
    ///
    /// ```
    /// use sansocket::{Close, CloseCode};
    ///
    /// let reason = "é".repeat(100);
    /// let close = Close::truncated(CloseCode::INTERNAL_ERROR, &reason);
    /// assert_eq!(close.reason(), "é".repeat(61)); // 122 bytes; another character would not fit
    /// ```
    pub fn truncated(code: CloseCode, reason: &'a str) -> Self {
        let mut ends = (0..=reason.len().min(MAX_REASON_LEN)).rev();
        let end = ends.find(|&end| reason.is_char_boundary(end)).unwrap_or_default();
        let reason = reason.get(..end).unwrap_or_default();
        Self(Repr::Borrowed(code, reason))
    }

    /// Reads the body of a Close frame; `None` if it is empty (RFC 6455, 5.5.1).
    ///
    /// # Errors
    ///
    /// In this order: [`ProtocolError::TruncatedCloseCode`] for a single byte,
    /// [`ProtocolError::InvalidCloseCode`], [`ProtocolError::InvalidCloseReason`] if the reason is not UTF-8.
    pub fn decode(body: &'a [u8]) -> Result<Option<Self>, ProtocolError> {
        match body {
            [_] => Err(ProtocolError::TruncatedCloseCode),
            _ => Self::decode_prefix(body, true),
        }
    }

    /// Reads a body of which, unless it is `complete`, only the beginning is there.
    pub(crate) fn decode_prefix(body: &'a [u8], complete: bool) -> Result<Option<Self>, ProtocolError> {
        let Some((code, reason)) = body.split_first_chunk::<2>() else { return Ok(None) };
        let code = u16::from_be_bytes(*code);
        let code = CloseCode::new(code).ok_or(ProtocolError::InvalidCloseCode(code))?; // 7.4
        let mut utf8 = utf8::Decoder::new();
        match utf8.decode(reason) {
            Ok(text) if utf8.is_complete() || !complete => Ok(Some(Self(Repr::Borrowed(code, text.rest)))),
            _ => Err(ProtocolError::InvalidCloseReason), // 8.1
        }
    }

    /// The status code.
    pub fn code(&self) -> CloseCode {
        match self.0 {
            Repr::Borrowed(code, _) | Repr::Owned(code, _) => code,
        }
    }

    /// The reason, empty if none was given.
    #[cfg_attr(
        not(feature = "alloc"),
        expect(clippy::match_same_arms, reason = "with an allocator the types differ")
    )]
    pub fn reason(&self) -> &str {
        match &self.0 {
            Repr::Borrowed(_, reason) => reason,
            Repr::Owned(_, reason) => reason,
        }
    }

    /// The same Close, borrowed from this one.
    pub(crate) fn borrowed(&self) -> Close<'_> {
        Close(Repr::Borrowed(self.code(), self.reason()))
    }
}

/// With an allocator a reason may be owned.
#[cfg(feature = "alloc")]
impl<'a> Close<'a> {
    /// A status code with a reason of at most [`MAX_REASON_LEN`] bytes, which may be empty.
    ///
    /// # Errors
    ///
    /// [`ReasonTooLong`] if the reason does not fit into a control frame.
    pub fn new(code: CloseCode, reason: impl Into<Cow<'a, str>>) -> Result<Self, ReasonTooLong> {
        let reason = reason.into();
        if reason.len() > MAX_REASON_LEN {
            return Err(ReasonTooLong(reason.len()));
        }
        Ok(Self(match reason {
            Cow::Borrowed(reason) => Repr::Borrowed(code, reason),
            Cow::Owned(reason) => Repr::Owned(code, reason.into_boxed_str()),
        }))
    }

    /// The same Close, independent of the bytes that it was read from.
    pub fn into_owned(self) -> Close<'static> {
        Close(match self.0 {
            Repr::Borrowed(code, reason) => Repr::Owned(code, reason.into()),
            Repr::Owned(code, reason) => Repr::Owned(code, reason),
        })
    }
}

#[cfg(not(feature = "alloc"))]
impl<'a> Close<'a> {
    /// A status code with a reason of at most [`MAX_REASON_LEN`] bytes, which may be empty.
    ///
    /// # Errors
    ///
    /// [`ReasonTooLong`] if the reason does not fit into a control frame.
    pub fn new(code: CloseCode, reason: &'a str) -> Result<Self, ReasonTooLong> {
        if reason.len() > MAX_REASON_LEN {
            return Err(ReasonTooLong(reason.len()));
        }
        Ok(Self(Repr::Borrowed(code, reason)))
    }
}

impl PartialEq for Close<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code() && self.reason() == other.reason()
    }
}

impl Eq for Close<'_> {}

impl hash::Hash for Close<'_> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        (self.code(), self.reason()).hash(state);
    }
}

impl fmt::Debug for Close<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Close")
            .field("code", &self.code())
            .field("reason", &Excerpt::new(self.reason().as_bytes()))
            .finish()
    }
}

/// The code and the reason, escaped: `1001 "going away"`.
impl fmt::Display for Close<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.code().fmt(f)?;
        if self.reason().is_empty() { Ok(()) } else { write!(f, " {:?}", self.reason()) }
    }
}

impl From<CloseCode> for Close<'_> {
    fn from(code: CloseCode) -> Self {
        Self(Repr::Borrowed(code, ""))
    }
}

/// Lets [`Connection::send_close`](crate::Connection::send_close) take a code alone.
impl From<CloseCode> for Option<Close<'_>> {
    fn from(code: CloseCode) -> Self {
        Some(code.into())
    }
}

/// The reason of a Close is longer than [`MAX_REASON_LEN`] bytes. The number is its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReasonTooLong(usize);

impl ReasonTooLong {
    /// The length of the reason that was refused, in bytes.
    #[expect(clippy::len_without_is_empty, reason = "a length of zero is never refused")]
    pub fn len(self) -> usize {
        self.0
    }
}

impl fmt::Display for ReasonTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the reason of a close frame has {} bytes, at most {MAX_REASON_LEN} are allowed", self.0)
    }
}

impl error::Error for ReasonTooLong {}

/// The longest reason in bytes: what a control frame holds, less the status code (RFC 6455, 5.5).
pub const MAX_REASON_LEN: usize = 123;
