//! Lossless conversions of numbers.
//!
//! Uses no other module.

/// Converts a length in memory to a length of the protocol. No platform has a `usize` of more than 64 bits.
#[inline]
#[expect(clippy::as_conversions, reason = "the standard library has none that is infallible")]
pub(crate) const fn as_u64(len: usize) -> u64 {
    len as u64
}

/// Converts a length of the protocol to a length in memory; a larger one becomes `usize::MAX`.
#[inline]
pub(crate) fn as_usize(len: u64) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}
