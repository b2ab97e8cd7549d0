//! The body of a response that rejects (RFC 9112, sections 6.3 and 7.1).

use alloc::vec::Vec;
use core::mem;

use super::StatusLine;
use crate::{
    Input,
    handshake::{ContentLength, Headers, Search, append_within, content_length, elements},
    num::as_u64,
};

/// Reads a body, and keeps at most a given number of bytes of it.
pub(super) struct Body {
    framing: Framing,
    bytes: Vec<u8>,
    limit: usize,
    /// Whether the trailer after the last chunk is read as well, which ends the message but not the body.
    with_trailer: bool,
}

/// The method by which the end of a body is found.
enum Framing {
    /// This number of bytes is outstanding.
    Length(u64),
    /// Chunks, each with a length.
    Chunked(Chunk),
    /// The chunks have ended, but the message has not.
    Trailer(Trailer),
    /// The end of the stream.
    Eof,
}

/// The position in a chunk.
enum Chunk {
    /// In the line with the length. The part of it that has arrived.
    Size(Vec<u8>),
    /// In the data, of which this number of bytes is outstanding.
    Data(u64),
    /// After the data: the line feed comes next, or the carriage return before it.
    DataEnd { line_feed: bool },
}

/// The position in the trailer.
#[derive(Default)]
struct Trailer {
    len: usize,
    /// The length of the line in progress.
    line_len: usize,
    /// Whether the last byte is a carriage return.
    carriage_return: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyProgress {
    /// The input has been consumed.
    More,
    /// The body is complete.
    Complete,
    /// The body exceeds the limit, or the rest cannot be read.
    Cut,
}

impl Body {
    pub(super) fn new(status: u16, headers: Headers<'_>, limit: usize) -> Self {
        let framing = match (status, transfer_encoding(headers.clone())) {
            // RFC 9112, 6.3: no body, whatever the headers declare.
            (204 | 304, _) => Framing::Length(0),
            // Takes precedence over Content-Length if there are both.
            (_, Some(true)) => Framing::Chunked(Chunk::Size(Vec::new())),
            (_, Some(false)) => Framing::Eof,
            (_, None) => match content_length(headers) {
                ContentLength::Some(length) => Framing::Length(length),
                // An invalid one is a violation, after which no body is read.
                ContentLength::None | ContentLength::Invalid => Framing::Eof,
            },
        };
        Self { framing, bytes: Vec::new(), limit, with_trailer: false }
    }

    /// Returns the body of a message if another one can follow on the same connection (RFC 9112, section
    /// 9.3).
    pub(super) fn of_message(line: StatusLine, headers: &Headers<'_>, limit: usize) -> Option<Self> {
        let coded = transfer_encoding(headers.clone()).is_some();
        // RFC 9112, 6.1 and 6.3: messages whose end the other side may determine differently.
        let is_ambiguous =
            coded && (line.minor_version == 0 || content_length(headers.clone()) != ContentLength::None);
        let says = |option: &[u8]| {
            // The second header was used between clients and proxies before HTTP/1.1.
            let mut search = Search::default();
            let names = ["connection", "proxy-connection"];
            headers
                .clone()
                .filter(|(name, _)| names.iter().any(|other| name.eq_ignore_ascii_case(other)))
                .for_each(|(_, value)| search.add(value, option, |_| true));
            search.found
        };
        let persists = !says(b"close") && (line.minor_version > 0 || says(b"keep-alive"));
        let body = Self { with_trailer: true, ..Self::new(line.status, headers.clone(), limit) };
        (persists && !is_ambiguous && !body.ends_with_transport()).then_some(body)
    }

    /// Continues the body. After any result but [`BodyProgress::More`] nothing is left to read.
    pub(super) fn receive(&mut self, input: &mut Input<'_>) -> BodyProgress {
        match &mut self.framing {
            Framing::Length(left) => read_data(left, &mut self.bytes, self.limit, input),
            Framing::Eof => read_data(&mut { u64::MAX }, &mut self.bytes, self.limit, input),
            Framing::Trailer(trailer) => trailer.receive(input),
            Framing::Chunked(chunk) => match read_chunks(chunk, &mut self.bytes, self.limit, input) {
                BodyProgress::Complete if self.with_trailer => {
                    self.framing = Framing::Trailer(Trailer::default());
                    self.receive(input)
                }
                progress => progress,
            },
        }
    }

    /// Returns `true` if the body ends with the stream.
    pub(super) fn ends_with_transport(&self) -> bool {
        matches!(self.framing, Framing::Eof)
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Returns whether the last transfer coding is `chunked`, or `None` without Transfer-Encoding.
fn transfer_encoding(headers: Headers<'_>) -> Option<bool> {
    headers
        .filter(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"))
        .flat_map(|(_, value)| elements(value))
        .last()
        .map(|coding| coding.eq_ignore_ascii_case(b"chunked"))
}

/// Takes up to `left` bytes. The first byte that exceeds the limit ends the body.
fn read_data(left: &mut u64, bytes: &mut Vec<u8>, limit: usize, input: &mut Input<'_>) -> BodyProgress {
    let data = input.take(usize::try_from(*left).unwrap_or(usize::MAX));
    *left = left.saturating_sub(as_u64(data.len()));
    if append_within(limit, bytes, data) < data.len() {
        return BodyProgress::Cut;
    }
    if *left == 0 { BodyProgress::Complete } else { BodyProgress::More }
}

impl Trailer {
    /// Skips the lines up to the empty one (RFC 9112, section 7.1.2).
    fn receive(&mut self, input: &mut Input<'_>) -> BodyProgress {
        loop {
            let [byte] = input.take(1) else { return BodyProgress::More };
            self.len = self.len.saturating_add(1);
            match (*byte, mem::replace(&mut self.carriage_return, *byte == b'\r')) {
                (b'\n', true) if self.line_len == 0 => return BodyProgress::Complete,
                (b'\n', true) => self.line_len = 0,
                // An incomplete line end, or a trailer that is too long.
                (b'\n', false) | (_, true) => return BodyProgress::Cut,
                _ if self.len >= MAX_TRAILER_LEN => return BodyProgress::Cut,
                (b'\r', false) => {}
                _ => self.line_len = self.line_len.saturating_add(1),
            }
        }
    }
}

/// RFC 9112, 7.1. The trailer after the last chunk is ignored.
fn read_chunks(chunk: &mut Chunk, bytes: &mut Vec<u8>, limit: usize, input: &mut Input<'_>) -> BodyProgress {
    loop {
        match chunk {
            Chunk::Data(left) => match read_data(left, bytes, limit, input) {
                BodyProgress::Complete => *chunk = Chunk::DataEnd { line_feed: false },
                progress => return progress,
            },
            Chunk::DataEnd { line_feed } => match (input.take(1), *line_feed) {
                ([], _) => return BodyProgress::More,
                ([b'\r'], false) => *line_feed = true,
                ([b'\n'], true) => *chunk = Chunk::Size(Vec::new()),
                _ => return BodyProgress::Cut,
            },
            Chunk::Size(line) => {
                let [byte] = input.take(1) else { return BodyProgress::More };
                line.push(*byte);
                if *byte == b'\n' {
                    match chunk_size(line) {
                        Some(0) => return BodyProgress::Complete,
                        Some(size) => *chunk = Chunk::Data(size),
                        None => return BodyProgress::Cut,
                    }
                } else if line.len() >= MAX_CHUNK_LINE_LEN {
                    return BodyProgress::Cut;
                }
            }
        }
    }
}

/// Returns the length of a chunk. A line without a digit is invalid, although httparse reads it as zero.
fn chunk_size(line: &[u8]) -> Option<u64> {
    match httparse::parse_chunk_size(line) {
        Ok(httparse::Status::Complete((len, size)))
            if len == line.len() && line.first().is_some_and(u8::is_ascii_hexdigit) =>
        {
            Some(size)
        }
        _ => None,
    }
}

/// The maximum length of a chunk line with its line end, with ample room for an extension.
const MAX_CHUNK_LINE_LEN: usize = 1024;

/// Trailers are rare, and short.
const MAX_TRAILER_LEN: usize = 8 << 10;
