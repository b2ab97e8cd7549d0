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
        let ([a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9']
        | [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b' ', ..]) = rest
        else {
            return Err(HandshakeError::MalformedStatusLine);
        };
        let digit = |digit: &u8| digit.saturating_sub(b'0');
        let status = [a, b, c]
            .into_iter()
            .fold(0_u16, |status, next| status.saturating_mul(10).saturating_add(u16::from(digit(next))));
        Ok(Self { minor_version: digit(minor), status })
    }
}
