//! Conversions of numbers that lose nothing.
//!
//! Uses no other module.

/// A length as the protocol counts it. No platform has a `usize` of more than 64 bits.
#[inline]
#[expect(clippy::as_conversions, reason = "the standard library has none that is infallible")]
pub(crate) const fn as_u64(len: usize) -> u64 {
    len as u64
}

/// A length of the protocol as one of memory; what is too large for memory is the largest there is.
#[inline]
pub(crate) fn as_usize(len: u64) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}
