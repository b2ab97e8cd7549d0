//! Collects a head, and finds every violation that a single byte proves (RFC 9112, sections 2.2 and 5.2).
//!
//! ```text
//!                    ┌────────── another line ──────────┐
//!                    ▼                                  │
//! Leading ──▶ Line ──CR──▶ LineEnd ──LF──▶ LineStart ───┤
//!  (one CRLF                                            └──CR──▶ HeadEnd ──LF──▶ the end
//!   is skipped)
//! ```

use alloc::vec::Vec;
use core::mem;

use super::{
    FirstBytes, HandshakeError, HandshakeLimits, Head, Tolerance, append_within,
    grammar::is_token_character,
    lines::{self, Lines, measure},
    repair,
};
use crate::Input;

/// The kind of a head. The kinds differ in how white space around lines is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One empty line may precede it, and no line may be folded.
    Request,
    /// Nothing may precede it, and folds become spaces.
    Response,
}

/// The progress of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The input has been consumed.
    More,
    /// The head is complete.
    End,
}

/// Copies the bytes of a head and inspects each of them once.
///
/// It holds at most [`HandshakeLimits::max_head_len`] bytes, and no more than have arrived.
pub(crate) struct Collector {
    bytes: Vec<u8>,
    state: State,
    kind: Kind,
    limits: HandshakeLimits,
    /// The length of the line in progress.
    line_len: usize,
    /// The number of header lines that have begun.
    headers: usize,
    lines: Lines,
    /// The position of the header lines; 0 until it is known.
    start_line_end: usize,
    /// Whether a header line was folded.
    folded: bool,
    /// Whether a line ended in a line feed alone, which only a tolerant client accepts.
    bare: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Leading,
    LeadingEnd,
    Line,
    LineEnd,
    LineStart,
    HeadEnd,
}

impl Collector {
    #[inline]
    pub(crate) fn new(kind: Kind, limits: HandshakeLimits) -> Self {
        let state = if kind == Kind::Request { State::Leading } else { State::Line };
        Self {
            bytes: Vec::new(),
            state,
            kind,
            limits,
            line_len: 0,
            headers: 0,
            lines: Lines::new(),
            start_line_end: 0,
            folded: false,
            bare: false,
        }
    }

    /// Begins with another head of this kind.
    pub(crate) fn begin_again(&mut self) {
        *self = Self::new(self.kind, self.limits);
    }

    /// Returns what to tolerate.
    pub(crate) fn tolerance(&self) -> Tolerance {
        self.limits.tolerance
    }

    /// Returns `true` if a line feed may end a line alone.
    pub(crate) fn takes_bare_line_feeds(&self) -> bool {
        self.limits.tolerance.allows(Tolerance::BARE_LINE_FEEDS) && self.kind == Kind::Response
    }

    /// Takes bytes up to the end of the head, or of the input. Check the [start line](Self::start_line) first, also after
    /// an error: it precedes the violation.
    pub(crate) fn receive(&mut self, input: &mut Input<'_>) -> Result<Progress, HandshakeError> {
        self.skip_leading_line(input)?;
        let limit = self.limits.head_len;
        let room = limit.saturating_sub(self.bytes.len());
        let bytes = input.remaining();
        let over = bytes.len() > room;
        let mut used = 0;
        let progress = match self.scan(bytes.get(..room).unwrap_or(bytes), &mut used) {
            Ok(Progress::More) if over => Err(HandshakeError::HeadTooLong { limit }),
            Err(error) => {
                // The bytes up to the violation are kept for diagnostics.
                used = used.saturating_add(1);
                Err(error)
            }
            progress => progress,
        };
        if self.bytes.is_empty() {
            // Usually it is the whole head, after which the lengths of its lines are stored.
            self.bytes.reserve_exact(used.saturating_add(used.min(lines::MAX_LEN)).min(limit));
        }
        append_within(limit, &mut self.bytes, input.take(used));
        progress
    }

    /// Returns `true` once the start line is complete.
    pub(crate) fn has_start_line(&self) -> bool {
        self.start_line_end != 0
    }

    /// Returns the bytes of the start line so far, including its line end.
    pub(crate) fn start_line(&self) -> &[u8] {
        let end = if self.has_start_line() { self.start_line_end } else { self.bytes.len() };
        self.bytes.get(..end).unwrap_or_default()
    }

    /// Discards the bytes that followed a violation in the same input.
    pub(crate) fn forget_after(&mut self, len: usize) {
        self.bytes.truncate(len);
    }

    /// Returns the first bytes of the head, for diagnostics.
    pub(crate) fn first_bytes(&self) -> FirstBytes {
        FirstBytes::of(&self.bytes)
    }

    /// Returns the head once it is complete, or its complete lines, and leaves nothing.
    pub(crate) fn finish(&mut self) -> Head {
        let mut start_len = self.start_line().len();
        let mut bytes = mem::take(&mut self.bytes);
        if self.bare {
            (bytes, start_len) = repair::line_ends(&bytes, start_len);
        }
        let mut repaired = self.bare;
        let tolerance = if self.kind == Kind::Response { self.limits.tolerance } else { Tolerance::new() };
        // Before folds become spaces, which are none of the name.
        if tolerance.allows(Tolerance::SPACE_BEFORE_COLON) {
            let len = bytes.len();
            bytes = repair::names(&bytes, start_len);
            repaired |= bytes.len() != len;
        }
        if self.folded {
            unfold(&mut bytes);
        }
        let mut head = Head::new(bytes, start_len);
        if tolerance.allows(Tolerance::MALFORMED_HEADERS) {
            repaired |= head.keep_well_formed().is_some();
        } else if !repaired {
            head.add_lines(&self.lines, self.limits.head_len);
        }
        if repaired {
            head.set_repaired();
        }
        head
    }

    // RFC 9112, 2.2: an empty line before the request line is ignored.
    fn skip_leading_line(&mut self, input: &mut Input<'_>) -> Result<(), HandshakeError> {
        if self.state == State::Leading {
            match input.remaining().first() {
                None => return Ok(()),
                Some(b'\r') => {
                    input.take(1);
                    self.state = State::LeadingEnd;
                }
                Some(_) => self.state = State::Line,
            }
        }
        if self.state == State::LeadingEnd {
            match input.take(1) {
                [] => {}
                [b'\n'] => self.state = State::Line,
                _ => return Err(HandshakeError::InvalidLineEnding),
            }
        }
        Ok(())
    }

    /// Returns the progress that `bytes` make. Adds the number of bytes that were used, or precede the
    /// violation, to `used`.
    fn scan(&mut self, bytes: &[u8], used: &mut usize) -> Result<Progress, HandshakeError> {
        while let Some(rest @ [byte, ..]) = bytes.get(*used..) {
            let byte = *byte;
            match self.state {
                State::Leading | State::LeadingEnd => break,
                State::Line => {
                    if !self.has_start_line()
                        && self.line_len == 0
                        && let Some(error) = foreign(byte)
                    {
                        return Err(error);
                    }
                    self.scan_line(rest, used)?;
                }
                State::LineStart if byte == b'\r' => {
                    self.state = State::HeadEnd;
                    *used = used.saturating_add(1);
                }
                State::LineStart if byte == b'\n' && self.takes_bare_line_feeds() => {
                    self.bare = true;
                    self.state = State::HeadEnd;
                }
                State::LineStart => match self.take_lines(rest) {
                    0 => self.begin_line(byte)?,
                    len => *used = used.saturating_add(len),
                },
                State::LineEnd | State::HeadEnd if byte != b'\n' => {
                    return Err(HandshakeError::InvalidLineEnding);
                }
                State::HeadEnd => {
                    *used = used.saturating_add(1);
                    return Ok(Progress::End);
                }
                State::LineEnd => {
                    self.state = State::LineStart;
                    *used = used.saturating_add(1);
                    if !self.has_start_line() {
                        self.start_line_end = self.bytes.len().saturating_add(*used);
                    }
                }
            }
        }
        Ok(Progress::More)
    }

    /// Takes the well-formed header lines that are complete, and returns their length. The first other line is left
    /// to be taken in parts.
    fn take_lines(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while self.headers < self.limits.headers
            && let Some(lengths @ (_, len)) = measure(rest)
            && len <= self.limits.line_len
            && let Some([b'\r', b'\n', behind @ ..]) = rest.get(len..)
        {
            self.headers = self.headers.saturating_add(1);
            self.lines.add(lengths);
            rest = behind;
        }
        bytes.len().saturating_sub(rest.len())
    }

    /// Determines from its first byte what the line after the start line or a header line is.
    fn begin_line(&mut self, byte: u8) -> Result<(), HandshakeError> {
        if matches!(byte, b' ' | b'\t') {
            // RFC 9112, 5.2 and 2.2.
            if self.kind == Kind::Request || self.headers == 0 {
                return Err(HandshakeError::FoldedHeader);
            }
            self.folded = true;
            self.lines.end_before_last();
        } else {
            self.lines.end();
            self.headers = self.headers.saturating_add(1);
            let limit = self.limits.headers;
            if self.headers > limit {
                return Err(HandshakeError::TooManyHeaders { limit });
            }
        }
        self.line_len = 0;
        self.state = State::Line;
        Ok(())
    }

    /// Adds the number of bytes that belong to the line in progress, including its carriage return, to
    /// `total`.
    fn scan_line(&mut self, bytes: &[u8], total: &mut usize) -> Result<(), HandshakeError> {
        let limit = self.limits.line_len;
        let room = limit.saturating_sub(self.line_len);
        let used = text_len(bytes.get(..room).unwrap_or(bytes));
        self.line_len = self.line_len.saturating_add(used);
        *total = total.saturating_add(used);
        match bytes.get(used) {
            None => Ok(()),
            Some(b'\r') => {
                self.state = State::LineEnd;
                *total = total.saturating_add(1);
                Ok(())
            }
            // It is still to be taken, as the one behind a carriage return is.
            Some(b'\n') if self.takes_bare_line_feeds() => {
                self.bare = true;
                self.state = State::LineEnd;
                Ok(())
            }
            Some(_) if used == room && !self.has_start_line() => {
                Err(HandshakeError::StartLineTooLong { limit })
            }
            Some(_) if used == room => Err(HandshakeError::HeaderLineTooLong { limit }),
            Some(b'\n') => Err(HandshakeError::InvalidLineEnding),
            Some(_) => Err(HandshakeError::ControlCharacter),
        }
    }
}

/// Returns the protocol of the peer as an error if its first byte cannot begin a start line of HTTP/1.1.
fn foreign(first: u8) -> Option<HandshakeError> {
    match first {
        _ if is_token_character(first) => None,
        // A handshake record or an alert (RFC 8446, 5.1).
        0x15 | 0x16 => Some(HandshakeError::LooksLikeTls),
        // The length of a short frame (RFC 9113, 4.1). No text protocol begins with it.
        0 => Some(HandshakeError::LooksLikeHttp2),
        b'\r' | b'\n' => None,
        _ => Some(HandshakeError::NotHttp),
    }
}

/// Returns the number of bytes before the first control character other than a tab (RFC 9110, section 5.5).
pub(super) fn text_len(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    loop {
        rest = skip_plain(rest);
        match rest {
            [b'\t', behind @ ..] => rest = behind,
            _ => return bytes.len().saturating_sub(rest.len()),
        }
    }
}

/// Returns the bytes from the first control character on. Sixteen bytes without one are skipped at a time, where
/// the processor has vectors, and otherwise eight.
#[inline]
fn skip_plain(mut bytes: &[u8]) -> &[u8] {
    while let Some((chunk, behind)) = bytes.split_first_chunk::<16>()
        && !chunk.iter().fold(false, |found, byte| found | byte.is_ascii_control())
    {
        bytes = behind;
    }
    while let Some((word, behind)) = bytes.split_first_chunk::<8>() {
        let found = control_bits(u64::from_le_bytes(*word));
        if found != 0 {
            let len = usize::try_from(found.trailing_zeros() / 8).unwrap_or_default();
            return bytes.get(len..).unwrap_or_default();
        }
        bytes = behind;
    }
    let len = bytes.iter().position(u8::is_ascii_control).unwrap_or(bytes.len());
    bytes.get(len..).unwrap_or_default()
}

/// Sets the highest bit of each byte that is a control character, and no other bit.
#[inline]
fn control_bits(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let low = word & EACH.wrapping_mul(0x7f);
    // Neither sum of a byte reaches the next one. The highest bit is set from 7f on, and from 20 on.
    let is_delete = low.wrapping_add(EACH);
    let from_space = low.wrapping_add(EACH.wrapping_mul(0x60));
    (is_delete | !from_space) & !word & EACH.wrapping_mul(0x80)
}

/// Joins each folded header line into one line (RFC 9112, section 5.2). There is no empty line before the
/// end.
fn unfold(head: &mut [u8]) {
    let mut rest = head;
    while let [cr, behind @ ..] = rest {
        if let [lf @ b'\n', b' ' | b'\t', ..] = behind
            && *cr == b'\r'
        {
            *cr = b' ';
            *lf = b' ';
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(collector: &mut Collector, bytes: &[u8], piece: usize) -> Result<Progress, HandshakeError> {
        let mut bytes = bytes.to_vec();
        let mut progress = Progress::More;
        for piece in bytes.chunks_mut(piece) {
            let mut input = Input::new(piece);
            while !input.is_empty() && progress != Progress::End {
                progress = collector.receive(&mut input)?;
            }
        }
        Ok(progress)
    }

    #[test]
    fn memory_grows_with_what_came_and_never_over_the_limit() {
        let head = [&b"GET / HTTP/1.1\r\n"[..], &b"X: 345678901234\r\n".repeat(120)].concat();
        for limit in [head.len(), 2100, 64 << 10] {
            for piece in [1, 7, 4096] {
                let mut collector = Collector::new(Kind::Request, HandshakeLimits::new().max_head_len(limit));
                for (fed, part) in head.chunks(piece).enumerate() {
                    assert!(feed(&mut collector, part, piece).is_ok());
                    let fed = fed * piece + part.len();
                    assert!(collector.bytes.capacity() <= limit.min(2 * fed));
                }
            }
        }
    }

    #[test]
    fn bytes_after_a_head_take_no_memory() {
        let head = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
        let mut collector = Collector::new(Kind::Request, HandshakeLimits::new());
        assert_eq!(feed(&mut collector, &[&head[..], &[0; 9000]].concat(), 9100), Ok(Progress::End));
        assert!(collector.bytes.capacity() <= 2 * head.len());
    }

    #[test]
    fn the_first_control_character_is_found_wherever_it_stands() {
        for byte in 0..=255_u8 {
            for at in 0..20 {
                // Bytes that are close to control characters before it, and control characters after it.
                for filler in [b' ', b'~', b'\t', 0x80, 0xff] {
                    let mut bytes = [filler; 24];
                    bytes[at] = byte;
                    bytes[at + 1..].fill(0);
                    let is_text = byte == b'\t' || !byte.is_ascii_control();
                    assert_eq!(text_len(&bytes), at + usize::from(is_text), "{byte:#x} at {at}");
                }
            }
        }
    }
}
