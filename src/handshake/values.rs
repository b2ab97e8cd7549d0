//! Headers whose values both roles read: a single value, a token in a list, a length (RFC 9110, sections 5.5
//! and 5.6).
//!
//! It may use the grammar.

use super::grammar::{MAX_EMPTY_ELEMENTS, elements, is_named};

/// The meaning of the Content-Length headers of a message (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentLength {
    None,
    Some(u64),
    /// Not a number, a number beyond 64 bits, or several that differ.
    Invalid,
}

impl ContentLength {
    #[inline(never)]
    pub(crate) fn add(&mut self, value: &[u8]) {
        for element in elements(value) {
            let digits = str::from_utf8(element)
                .ok()
                .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
            *self = match (*self, digits.map(str::parse)) {
                (Self::None, Some(Ok(length))) => Self::Some(length),
                // RFC 9110, 8.6: the same length again is allowed.
                (Self::Some(known), Some(Ok(length))) if known == length => *self,
                _ => Self::Invalid,
            };
        }
    }
}

/// Returns the Content-Length of a message.
pub(crate) fn content_length<'h>(
    headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])>,
) -> ContentLength {
    let mut length = ContentLength::None;
    headers
        .filter(|(name, _)| is_named(name.as_ref(), b"Content-Length"))
        .for_each(|(_, value)| length.add(value));
    length
}

/// A header that may appear at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Single<'h> {
    None,
    One(&'h [u8]),
    Many,
}

impl<'h> Single<'h> {
    /// Adds a value, which has no white space around it in any encoding.
    #[inline]
    pub(crate) fn add(&mut self, value: &'h [u8]) {
        *self = if *self == Self::None { Self::One(value) } else { Self::Many };
    }
}

/// The search for a token in a list over several lines, without regard to ASCII case.
#[derive(Default)]
pub(crate) struct Search {
    pub(crate) found: bool,
    pub(crate) malformed: bool,
    empty: usize,
}

impl Search {
    #[inline(never)]
    pub(crate) fn add(&mut self, value: &[u8], wanted: &[u8], is_valid: impl Fn(&[u8]) -> bool) {
        // Most values are one element, the wanted one.
        if value.eq_ignore_ascii_case(wanted) {
            self.found = true;
            return;
        }
        for element in elements(value) {
            if element.is_empty() {
                self.empty = self.empty.saturating_add(1);
                self.malformed |= self.empty > MAX_EMPTY_ELEMENTS;
            } else {
                self.found |= element.eq_ignore_ascii_case(wanted);
                self.malformed |= !is_valid(element);
            }
        }
    }
}
