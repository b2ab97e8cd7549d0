//! The body of a Close frame (RFC 6455, section 5.5.1).
//!
//! Uses `close_code`, `error`, `excerpt`, `utf8`.

#[cfg(feature = "alloc")]
use alloc::{borrow::Cow, boxed::Box};
use core::{error, fmt, hash};

use crate::{CloseCode, ProtocolError, excerpt::Excerpt, utf8};

/// The body of a Close frame: a close code and a reason (RFC 6455, section 5.5.1).
///
/// A Close frame may also have no body; an `Option<Close>` is then `None`.
///
/// The reason is for logs and for developers, not for end users. A received reason was chosen by the peer: do
/// not trust it.
///
/// A Close with a reason is created and shown like this:
///
/// ```
/// use sansocket::{Close, CloseCode};
///
/// let close = Close::new(CloseCode::GOING_AWAY, "restart")?;
/// assert_eq!((close.code().get(), close.reason()), (1001, "restart"));
/// assert_eq!(close.to_string(), "1001 \"restart\"");
/// # Ok::<(), sansocket::ReasonTooLong>(())
/// ```
#[doc(alias = "CloseFrame")]
#[derive(Clone)]
pub struct Close<'a>(Repr<'a>);

/// A `Cow` with the code beside its tag: 24 bytes instead of 32, so that an event has 32 bytes instead of 40.
#[derive(Clone)]
enum Repr<'a> {
    Borrowed(CloseCode, &'a str),
    Owned(CloseCode, OwnedReason),
}

#[cfg(feature = "alloc")]
type OwnedReason = Box<str>;
/// Without an allocator there is no owned reason.
#[cfg(not(feature = "alloc"))]
type OwnedReason = &'static str;

impl<'a> Close<'a> {
    /// Creates a Close whose reason is the longest prefix of `reason` that fits.
    ///
    /// The prefix has at most [`MAX_REASON_LEN`] bytes and ends at a character boundary.
    ///
    /// A reason of 200 bytes is truncated:
    ///
    /// ```
    /// use sansocket::{Close, CloseCode};
    ///
    /// let reason = "é".repeat(100);
    /// let close = Close::truncated(CloseCode::INTERNAL_ERROR, &reason);
    /// assert_eq!(close.reason(), "é".repeat(61)); // 122 bytes
    /// ```
    pub fn truncated(code: CloseCode, reason: &'a str) -> Self {
        let mut ends = (0..=reason.len().min(MAX_REASON_LEN)).rev();
        let end = ends.find(|&end| reason.is_char_boundary(end)).unwrap_or_default();
        let reason = reason.get(..end).unwrap_or_default();
        Self(Repr::Borrowed(code, reason))
    }

    /// Decodes the body of a Close frame. Returns `Ok(None)` if it is empty (RFC 6455, section 5.5.1).
    ///
    /// # Errors
    ///
    /// Returns the first of these that applies: [`ProtocolError::TruncatedCloseCode`] if the body is a single
    /// byte, [`ProtocolError::InvalidCloseCode`] if the code must not be sent, and
    /// [`ProtocolError::InvalidCloseReason`] if the reason is not UTF-8.
    pub fn decode(body: &'a [u8]) -> Result<Option<Self>, ProtocolError> {
        match body {
            [_] => Err(ProtocolError::TruncatedCloseCode),
            _ => Self::decode_prefix(body, true),
        }
    }

    /// Decodes a body of which only the beginning has been received, unless it is `complete`.
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

    /// Returns the close code.
    pub fn code(&self) -> CloseCode {
        match self.0 {
            Repr::Borrowed(code, _) | Repr::Owned(code, _) => code,
        }
    }

    /// Returns the reason, which is empty if none was given.
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

    /// Returns the same Close, borrowed from this one.
    pub(crate) fn borrowed(&self) -> Close<'_> {
        Close(Repr::Borrowed(self.code(), self.reason()))
    }
}

/// With an allocator a reason may be owned.
#[cfg(feature = "alloc")]
impl<'a> Close<'a> {
    /// Creates a Close with a reason of at most [`MAX_REASON_LEN`] bytes, which may be empty.
    ///
    /// # Errors
    ///
    /// Returns [`ReasonTooLong`] if the reason does not fit into a control frame.
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

    /// Converts the Close into one that owns its reason, so that it can outlive the input buffer.
    pub fn into_owned(self) -> Close<'static> {
        Close(match self.0 {
            Repr::Borrowed(code, reason) => Repr::Owned(code, reason.into()),
            Repr::Owned(code, reason) => Repr::Owned(code, reason),
        })
    }
}

#[cfg(not(feature = "alloc"))]
impl<'a> Close<'a> {
    /// Creates a Close with a reason of at most [`MAX_REASON_LEN`] bytes, which may be empty.
    ///
    /// # Errors
    ///
    /// Returns [`ReasonTooLong`] if the reason does not fit into a control frame.
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

/// Shows the code and the reason, escaped: `1001 "going away"`.
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

/// Lets [`Connection::send_close`](crate::Connection::send_close) accept a code without a reason.
impl From<CloseCode> for Option<Close<'_>> {
    fn from(code: CloseCode) -> Self {
        Some(code.into())
    }
}

/// The error for a Close reason that is longer than [`MAX_REASON_LEN`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReasonTooLong(usize);

impl ReasonTooLong {
    /// Returns the length of the rejected reason, in bytes.
    #[expect(clippy::len_without_is_empty, reason = "a length of zero is never refused")]
    pub fn len(self) -> usize {
        self.0
    }
}

impl ReasonTooLong {
    /// Returns a stable short name of the error, for logs and metrics. See
    /// [`ProtocolError::name`](crate::ProtocolError::name) for details.
    pub const fn name(self) -> &'static str {
        "close_reason_too_long"
    }
}

impl fmt::Display for ReasonTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "close reason of {} bytes exceeds the limit of {MAX_REASON_LEN} bytes", self.0)
    }
}

impl error::Error for ReasonTooLong {}

/// The maximum length of a reason in bytes: the capacity of a control frame, less the close code (RFC 6455,
/// section 5.5).
pub const MAX_REASON_LEN: usize = 123;
