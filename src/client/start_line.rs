//! The status line: version, status, reason (RFC 9112, 4).

use crate::handshake::HandshakeError;

#[derive(Clone, Copy, Debug)]
pub(crate) struct StatusLine {
    /// The second digit of the version.
    pub(crate) minor_version: u8,
    /// 100 to 999.
    pub(crate) status: u16,
}

impl StatusLine {
    /// Reads a status line, without its line end. The reason is ignored, and so is its absence.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, HandshakeError> {
        let [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9', b' ', rest @ ..] = line else {
            return Err(HandshakeError::MalformedStatusLine);
        };
        let (status, phrase) = rest.split_at_checked(3).ok_or(HandshakeError::MalformedStatusLine)?;
        match str::from_utf8(status).ok().and_then(Self::parse_status) {
            Some(status) if matches!(phrase, [] | [b' ', ..]) => {
                Ok(Self { minor_version: minor.saturating_sub(b'0'), status })
            }
            _ => Err(HandshakeError::MalformedStatusLine),
        }
    }

    /// Reads a status: three digits (RFC 9110, 15).
    pub(crate) fn parse_status(status: &str) -> Option<u16> {
        match status.as_bytes() {
            [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9'] => status.parse().ok(),
            _ => None,
        }
    }
}
