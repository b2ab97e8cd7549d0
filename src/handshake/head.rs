//! A head: its start line, and its header lines.

use alloc::vec::Vec;
use core::{fmt, ops::Range};

use super::{
    HandshakeError,
    collector::text_len,
    grammar::is_named,
    is_token,
    lines::{Lines, Pairs},
};

/// The bytes of a head. Lines end in CR LF and contain no other control characters except tabs.
#[derive(Clone)]
pub(crate) struct Head {
    /// The start line, or the corresponding part of another encoding; then the header lines; then the lengths of
    /// the first of these, if they are known.
    bytes: Vec<u8>,
    headers_start: usize,
    headers_end: usize,
    /// Whether a violation was tolerated, so that another reader may see other headers.
    repaired: bool,
}

impl Head {
    pub(super) fn new(bytes: Vec<u8>, headers_start: usize) -> Self {
        let headers_end = bytes.len();
        Self { bytes, headers_start, headers_end, repaired: false }
    }

    /// Stores the lengths of the first lines. Memory stays within `limit`.
    pub(super) fn add_lines(&mut self, lines: &Lines, limit: usize) {
        lines.append(limit, &mut self.bytes);
    }

    /// Records that a violation was tolerated.
    pub(super) fn set_repaired(&mut self) {
        self.repaired = true;
    }

    /// Returns `true` if a violation was tolerated.
    pub(crate) fn is_repaired(&self) -> bool {
        self.repaired
    }

    /// Creates a head that did not arrive as bytes. No value has control characters except tabs.
    pub(crate) fn from_pairs<'h>(
        start: &[&str],
        headers: impl Iterator<Item = (&'h str, &'h [u8])> + Clone,
    ) -> Self {
        let start_len = start.iter().map(|part| part.len()).fold(0, usize::saturating_add);
        let len = headers.clone().fold(start_len, |len, (name, value)| {
            len.saturating_add(name.len()).saturating_add(value.len()).saturating_add(4)
        });
        let mut bytes = Vec::with_capacity(len.saturating_add(2));
        for part in start {
            bytes.extend_from_slice(part.as_bytes());
        }
        append_head(&[], headers, &mut bytes);
        Self::new(bytes, start_len)
    }

    /// Checks the form of the header lines, and passes all of them to `read` (RFC 9112, section 5).
    pub(crate) fn parse<'h, R>(
        &'h self,
        read: impl FnOnce(Pairs<'h>) -> Result<R, HandshakeError>,
    ) -> Result<R, HandshakeError> {
        if self.pairs().are_well_formed() { read(self.pairs()) } else { Err(HandshakeError::MalformedHeader) }
    }

    /// Omits the header lines that are malformed or incomplete. Returns the first violation, if there was
    /// one.
    pub(crate) fn keep_well_formed(&mut self) -> Option<HandshakeError> {
        let mut kept = Vec::with_capacity(self.bytes.len());
        let mut fault = None;
        let mut rest = self.header_lines();
        while let Some((line, [b'\r', b'\n', behind @ ..])) = rest.split_at_checked(text_len(rest)) {
            let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
            if is_token(name) && name.len() < line.len() {
                kept.extend_from_slice(line);
                kept.extend_from_slice(b"\r\n");
            } else if !line.is_empty() {
                fault.get_or_insert(HandshakeError::MalformedHeader);
            }
            rest = behind;
        }
        kept.extend_from_slice(b"\r\n");
        *self = Self { repaired: self.repaired, ..Self::new(kept, 0) };
        fault
    }

    /// Returns a part of the bytes before the header lines.
    pub(crate) fn start(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    pub(crate) fn headers(&self) -> Headers<'_> {
        Headers { pairs: self.pairs() }
    }

    /// Returns the value of the first header with this name.
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.pairs().find(|(other, _)| is_named(other, name.as_bytes())).map(|(_, value)| value)
    }

    fn pairs(&self) -> Pairs<'_> {
        Pairs::of(self.header_lines(), self.bytes.get(self.headers_end..).unwrap_or_default())
    }

    fn header_lines(&self) -> &[u8] {
        self.bytes.get(self.headers_start..self.headers_end).unwrap_or_default()
    }
}

/// Two heads are equal if their headers are, in whichever encoding they arrived.
impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.headers().eq(other.headers())
    }
}

impl Eq for Head {}

/// Appends a head: its start, with its line end if it has one, and its header lines.
#[inline]
pub(crate) fn append_head<'h>(
    start: &[&[u8]],
    headers: impl Iterator<Item = (&'h str, &'h [u8])>,
    out: &mut Vec<u8>,
) {
    let start_len = start.iter().map(|part| part.len());
    out.reserve(start_len.fold(ROOM, usize::saturating_add));
    for part in start {
        out.extend_from_slice(part);
    }
    headers.for_each(|(name, value)| {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    });
    out.extend_from_slice(b"\r\n");
}

/// Room for the headers of most heads that are sent.
const ROOM: usize = 128;

/// The headers of a request or response, in the order in which they were received: names as sent, values as
/// bytes.
///
/// Compare names without regard to ASCII case. A value has no white space around it and no control characters
/// except tabs; the encoding of its bytes from 80 (hex) on is up to the peer (RFC 9110, section 5.5).
#[derive(Clone)]
pub struct Headers<'h> {
    pairs: Pairs<'h>,
}

impl<'h> Headers<'h> {
    /// Creates the headers of these well-formed lines.
    pub(crate) fn of(lines: &'h [u8]) -> Self {
        Self { pairs: Pairs::of(lines, &[]) }
    }
}

impl<'h> Iterator for Headers<'h> {
    type Item = (&'h str, &'h [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.pairs.next()?;
        Some((str::from_utf8(name).ok()?, value))
    }
}

/// Shows no values, which may contain credentials.
impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Headers").field("count", &self.clone().count()).finish_non_exhaustive()
    }
}
