//! The status line: version, status, reason (RFC 9112, section 4).

use crate::handshake::HandshakeError;

#[derive(Clone, Copy, Debug)]
pub(crate) struct StatusLine {
    /// The second digit of the version.
    pub(crate) minor_version: u8,
    /// 100 to 999.
    pub(crate) status: u16,
}

impl StatusLine {
    /// Finds the first byte that no status line can contain. Returns the length up to it, and the violation.
    pub(crate) fn check_prefix(line: &[u8]) -> Option<(usize, HandshakeError)> {
        const NAME: &[u8] = b"HTTP/";
        line.iter().take(LEN.saturating_add(1)).enumerate().find_map(|(at, &byte)| {
            let (valid, error) = match at {
                0..5 => (NAME.get(at) == Some(&byte), HandshakeError::NotHttp),
                5 if matches!(byte, b'2'..=b'9') => (false, HandshakeError::HttpVersionNotSupported),
                5 => (byte == b'1', HandshakeError::MalformedStatusLine),
                6 => (byte == b'.', HandshakeError::MalformedStatusLine),
                8 => (byte == b' ', HandshakeError::MalformedStatusLine),
                9 => (matches!(byte, b'1'..=b'9'), HandshakeError::MalformedStatusLine),
                LEN => (matches!(byte, b' ' | b'\r'), HandshakeError::MalformedStatusLine),
                _ => (byte.is_ascii_digit(), HandshakeError::MalformedStatusLine),
            };
            // Other control characters are left to the collector, which reports them more precisely.
            let wrong = !valid && (matches!(byte, b'\r' | b'\t') || !byte.is_ascii_control());
            wrong.then_some((at.saturating_add(1), error))
        })
    }

    /// Parses the beginning of a status line, up to the byte after the status. The reason is ignored, and so
    /// is its absence.
    ///
    /// Returns `None` if too few bytes have arrived, or if it has a violation, of which
    /// [`check_prefix`](Self::check_prefix) finds the first one. `may_be_bare` lets a line feed end the line alone.
    pub(crate) fn parse(line: &[u8], may_be_bare: bool) -> Option<Self> {
        let [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9', b' ', status @ .., end] =
            line.first_chunk::<{ LEN + 1 }>()?
        else {
            return None;
        };
        let (b' ' | b'\r' | b'\n') = end else { return None };
        if *end == b'\n' && !may_be_bare {
            return None;
        }
        let status = str::from_utf8(status).ok().and_then(Self::parse_status)?;
        Some(Self { minor_version: minor.saturating_sub(b'0'), status })
    }

    /// Parses a status: three digits (RFC 9110, section 15).
    pub(crate) fn parse_status(status: &str) -> Option<u16> {
        match status.as_bytes() {
            [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9'] => status.parse().ok(),
            _ => None,
        }
    }
}

/// The length of version and status, `HTTP/1.1 101`.
const LEN: usize = 12;
