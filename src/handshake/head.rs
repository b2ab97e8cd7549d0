//! A complete head: its start line and its header lines.

use alloc::{vec, vec::Vec};
use core::fmt;

use super::{HandshakeError, trim_ows};

/// The bytes of a head. Lines end in CR LF and have no other control characters but tabs.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Head {
    bytes: Vec<u8>,
    start_line_end: usize,
    header_count: usize,
}

impl Head {
    pub(super) fn new(bytes: Vec<u8>, start_line_end: usize, header_count: usize) -> Self {
        Self { bytes, start_line_end, header_count }
    }

    /// A head from a start line, without its line end, and complete header lines.
    pub(crate) fn from_lines(start_line: &str, lines: &[u8], header_count: usize) -> Self {
        let bytes = [start_line.as_bytes(), b"\r\n", lines, b"\r\n"].concat();
        Self { bytes, start_line_end: start_line.len().saturating_add(2), header_count }
    }

    /// Checks the form of the header lines, and hands all of them to `read` (RFC 9112, 5).
    pub(crate) fn parse<'h, R>(
        &'h self,
        read: impl FnOnce(&[httparse::Header<'h>]) -> Result<R, HandshakeError>,
    ) -> Result<R, HandshakeError> {
        let mut few = [httparse::EMPTY_HEADER; 24];
        let mut many;
        let headers = if let Some(few) = few.get_mut(..self.header_count) {
            few
        } else {
            many = vec![httparse::EMPTY_HEADER; self.header_count];
            &mut many[..]
        };
        match httparse::parse_headers(self.header_lines(), headers) {
            Ok(httparse::Status::Complete((_, headers))) => read(headers),
            _ => Err(HandshakeError::MalformedHeader),
        }
    }

    /// The start line, without its line end.
    pub(crate) fn start_line(&self) -> &str {
        let line = self.bytes.get(..self.start_line_end.saturating_sub(2)).unwrap_or_default();
        // A request line is ASCII; a reason phrase, which may be anything, is never asked for.
        str::from_utf8(line).unwrap_or_default()
    }

    pub(crate) fn headers(&self) -> Headers<'_> {
        Headers { lines: self.header_lines() }
    }

    /// The value of the first header with this name.
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn header_lines(&self) -> &[u8] {
        self.bytes.get(self.start_line_end..).unwrap_or_default()
    }
}

/// The headers of a request or response, in the order in which they came: names as sent, values as bytes.
///
/// Names are tokens, to be compared without regard to ASCII case. A value has no white space around it and no
/// control characters but tabs; its bytes from 80 (hex) on mean whatever the peer meant (RFC 9110, 5.5).
#[derive(Clone)]
pub struct Headers<'h> {
    /// Header lines that `Head::parse` has accepted.
    lines: &'h [u8],
}

impl<'h> Headers<'h> {
    /// The headers in these lines, which are well-formed.
    pub(crate) fn of(lines: &'h [u8]) -> Self {
        Self { lines }
    }
}

impl<'h> Iterator for Headers<'h> {
    type Item = (&'h str, &'h [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let colon = self.lines.iter().position(|&byte| byte == b':')?;
        let (name, rest) = self.lines.split_at_checked(colon)?;
        let end = rest.iter().position(|&byte| byte == b'\r')?;
        let (value, rest) = rest.split_at_checked(end)?;
        self.lines = rest.get(2..)?;
        Some((str::from_utf8(name).ok()?, trim_ows(value.get(1..)?)))
    }
}

/// Shows no values, as they may hold credentials.
impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Headers").field("count", &self.clone().count()).finish_non_exhaustive()
    }
}
