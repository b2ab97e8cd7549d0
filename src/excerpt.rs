//! Excerpts for `Debug` of data and texts that are long or confidential.
//!
//! Uses no other module.

use core::fmt;

/// For `Debug`: the beginning of data, in ASCII with escapes, and its length if it is not complete.
pub(crate) struct Excerpt<'a>(&'a [u8]);

impl<'a> Excerpt<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    /// Creates an excerpt of a URI or a part of one, without its query, which may contain credentials.
    pub(crate) fn without_query(uri: &'a str) -> Self {
        Self(uri.split('?').next().unwrap_or_default().as_bytes())
    }
}

impl fmt::Debug for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_at_checked(SHOWN) {
            Some((shown, rest)) if !rest.is_empty() => {
                write!(f, "\"{}\"... of {} bytes", shown.escape_ascii(), self.0.len())
            }
            _ => write!(f, "\"{}\"", self.0.escape_ascii()),
        }
    }
}

/// The number of bytes that are shown.
const SHOWN: usize = 32;
