//! The header lines of a head: the positions of names and values, which are found once.
//!
//! It uses the grammar, and the scan for control characters.

use alloc::vec::Vec;
use core::slice;

use super::{append_within, collector::text_len, grammar::token_len, trim_ows};

/// The lengths of the first header lines of a head, all of them well-formed.
///
/// They are found while the head arrives. The lines after them are measured when they are read: those of a long
/// head, and those from the first line on that a read has split, that is folded or that is malformed.
pub(super) struct Lines {
    known: [Line; MAX_KNOWN],
    count: usize,
    /// Whether a line of the head is not among those that are known, so that none after it can be.
    ended: bool,
}

/// The length of a name, and that of its line without the line end. As bytes, so that they are stored after those
/// of the head.
type Line = [u8; 4];

impl Lines {
    /// Knows no line yet.
    pub(super) const fn new() -> Self {
        Self { known: [[0; 4]; MAX_KNOWN], count: 0, ended: false }
    }

    /// Adds the next line, with the length of its name and that of all of it without its line end.
    #[inline]
    pub(super) fn add(&mut self, (name, line): (usize, usize)) {
        match (self.known.get_mut(self.count), u16::try_from(name), u16::try_from(line)) {
            (Some(slot), Ok(name), Ok(line)) if !self.ended => {
                let ([a, b], [c, d]) = (name.to_ne_bytes(), line.to_ne_bytes());
                *slot = [a, b, c, d];
                self.count = self.count.saturating_add(1);
            }
            _ => self.ended = true,
        }
    }

    /// Passes over a line. None after it is added.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Passes over a line that continues the one before.
    pub(super) fn end_before_last(&mut self) {
        self.count = self.count.saturating_sub(1);
        self.ended = true;
    }

    /// Appends the lengths to a head that they belong to, as far as its memory does not exceed `limit` then.
    pub(super) fn append(&self, limit: usize, head: &mut Vec<u8>) {
        let known = self.known.get(..self.count).unwrap_or_default();
        append_within(limit, head, known.as_flattened());
    }
}

/// The memory that lengths take after a head.
pub(super) const MAX_LEN: usize = MAX_KNOWN * size_of::<Line>();

/// Headers, as pairs of name and value. They end before the first malformed line.
#[derive(Clone)]
pub(crate) struct Pairs<'h> {
    known: slice::Iter<'h, Line>,
    rest: &'h [u8],
}

impl<'h> Pairs<'h> {
    /// Returns the headers of these lines, of which the first ones have these lengths.
    #[inline]
    pub(super) fn of(lines: &'h [u8], known: &'h [u8]) -> Self {
        Self { known: known.as_chunks().0.iter(), rest: lines }
    }

    /// Returns `true` if all lines are well-formed, and an empty line follows them.
    pub(super) fn are_well_formed(mut self) -> bool {
        let lens = self.known.map(|line| split(*line).1.saturating_add(2));
        self.rest = self.rest.get(lens.fold(0, usize::saturating_add)..).unwrap_or_default();
        self.known = [].iter();
        self.by_ref().for_each(drop);
        self.rest == b"\r\n"
    }
}

impl<'h> Iterator for Pairs<'h> {
    type Item = (&'h [u8], &'h [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (name_len, len) = match self.known.next() {
            Some(line) => split(*line),
            None if self.rest == b"\r\n" => return None,
            None => measure_unknown(self.rest)?,
        };
        let (line, rest) = self.rest.split_at_checked(len)?;
        let (name, value) = line.split_at_checked(name_len)?;
        self.rest = rest.get(2..)?;
        Some((name, trim_ows(value.get(1..)?)))
    }
}

/// Returns the lengths of the name, and of the line.
#[inline]
fn split([a, b, c, d]: Line) -> (usize, usize) {
    (usize::from(u16::from_ne_bytes([a, b])), usize::from(u16::from_ne_bytes([c, d])))
}

/// Returns the length of the name with which `bytes` begin, and of the line up to its end; `None` if no name with
/// a colon is there (RFC 9112, section 5).
#[inline]
pub(super) fn measure(bytes: &[u8]) -> Option<(usize, usize)> {
    let name_len = token_len(bytes);
    match bytes.get(name_len..) {
        Some(rest @ [b':', ..]) if name_len > 0 => Some((name_len, name_len.saturating_add(text_len(rest)))),
        _ => None,
    }
}

/// Keeps the code for rare lines out of the loops over all headers.
#[cold]
#[inline(never)]
fn measure_unknown(bytes: &[u8]) -> Option<(usize, usize)> {
    measure(bytes)
}

/// Browsers send about 15 headers.
const MAX_KNOWN: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Input,
        handshake::{Collector, HandshakeLimits, Kind, Progress},
    };

    /// The headers of a head, or `None` if a line is malformed.
    type Parsed = Option<Vec<(Vec<u8>, Vec<u8>)>>;

    fn collected(head: &[u8], piece: usize) -> Parsed {
        let mut collector = Collector::new(Kind::Response, HandshakeLimits::new());
        let mut progress = Ok(Progress::More);
        for piece in head.to_vec().chunks_mut(piece) {
            let mut input = Input::new(piece);
            while !input.is_empty() {
                progress = collector.receive(&mut input);
            }
        }
        assert_eq!(progress, Ok(Progress::End));
        let head = collector.finish();
        let parsed = head.parse(|headers| {
            Ok(headers.map(|(name, value)| (name.to_vec(), value.to_vec())).collect::<Vec<_>>())
        });
        if let Ok(parsed) = &parsed {
            let iterated = head.headers().map(|(name, value)| (name.as_bytes().to_vec(), value.to_vec()));
            assert_eq!(&iterated.collect::<Vec<_>>(), parsed);
        }
        parsed.ok()
    }

    /// The same by another implementation.
    fn parsed_by_httparse(lines: &[u8]) -> Parsed {
        let mut slots = [httparse::EMPTY_HEADER; 64];
        match httparse::parse_headers(lines, &mut slots) {
            Ok(httparse::Status::Complete((_, headers))) => {
                Some(headers.iter().map(|one| (one.name.as_bytes().to_vec(), one.value.to_vec())).collect())
            }
            _ => None,
        }
    }

    #[test]
    fn headers_are_those_of_httparse_however_they_are_split() {
        let lines = [
            &b"A:b"[..],
            b"Empty:",
            b"Blank: \t ",
            b"Colon: a:b: c",
            b"Space: \t a b\t ",
            b"Text: \xe9\xff",
            b"!#$%&'*+-.^_`|~1: x",
            b"Last: ;,\"",
        ];
        let few = lines.join(&b"\r\n"[..]);
        // More than have a place, with one that is long.
        let many =
            [&few[..], &few, &[b"Long:".as_slice(), &[b'x'; 5000]].concat(), &few, &few].join(&b"\r\n"[..]);
        for lines in [few, many] {
            let lines = [&lines[..], b"\r\n\r\n"].concat();
            let head = [b"HTTP/1.1 101\r\n", &lines[..]].concat();
            let expected = parsed_by_httparse(&lines);
            assert!(expected.is_some());
            for piece in [1, 5, 64, 10_000] {
                assert_eq!(collected(&head, piece), expected, "{piece}");
            }
        }
    }

    #[test]
    fn a_folded_line_belongs_to_the_header_before_it() {
        let head = b"HTTP/1.1 101\r\nA: 1\r\nFold: a\r\n b\r\n\t\r\n c\r\nB: 2\r\n\r\n";
        let header = |name: &str, value: &[u8]| (name.as_bytes().to_vec(), value.to_vec());
        for piece in [1, 5, 20, 1000] {
            let expected =
                alloc::vec![header("A", b"1"), header("Fold", b"a   b  \t   c"), header("B", b"2")];
            assert_eq!(collected(head, piece), Some(expected), "{piece}");
        }
    }

    #[test]
    fn malformed_lines_are_those_of_httparse() {
        const BYTES: &[u8] = b"a:( \t\xe9";
        for number in 0..BYTES.len().pow(5) {
            let digits = (0..5).map(|at| number / BYTES.len().pow(at) % BYTES.len());
            let line: Vec<u8> = digits.map(|digit| BYTES[digit]).collect();
            // A fold is no line of its own.
            if matches!(line[0], b' ' | b'\t') {
                continue;
            }
            for (before, after) in [("", ""), ("x: y\r\n", "z: \r\n")] {
                let lines = [before.as_bytes(), &line, b"\r\n", after.as_bytes(), b"\r\n"].concat();
                let head = [b"HTTP/1.1 101\r\n", &lines[..]].concat();
                let expected = parsed_by_httparse(&lines);
                assert_eq!(collected(&head, 1000), expected, "{}", lines.escape_ascii());
                assert_eq!(collected(&head, 3), expected, "{}", lines.escape_ascii());
            }
        }
    }
}
