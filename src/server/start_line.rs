//! The request line: method, target, version (RFC 9112, section 3).
//!
//! It uses the grammar of the handshake, and that of an authority.

use core::ops::Range;

use crate::{
    handshake::{HandshakeError, is_token_character},
    uri,
};

/// Validates a request line byte by byte, and stops at the first byte that no request line can contain.
#[derive(Default)]
pub(super) struct RequestLine {
    part: Part,
    /// The number of bytes that were read.
    read: usize,
    method_end: usize,
    target_end: usize,
}

#[derive(Clone, Copy, Default)]
enum Part {
    #[default]
    Method,
    Target,
    Version,
}

impl RequestLine {
    /// Returns the number of bytes up to and including the offending one.
    pub(super) fn faulty_len(&self) -> usize {
        self.read.saturating_add(1)
    }

    /// Continues with the line so far.
    pub(super) fn receive(&mut self, line: &[u8]) -> Result<(), HandshakeError> {
        if self.read == 0 && self.receive_usual(line).is_some() {
            return Ok(());
        }
        while let Some(&byte) = line.get(self.read) {
            self.receive_byte(byte, line)?;
            self.read = self.read.saturating_add(1);
        }
        Ok(())
    }

    /// Reads a complete line of the usual form, in which nothing is wrong. Leaves any other alone.
    fn receive_usual(&mut self, line: &[u8]) -> Option<()> {
        let target = line.strip_prefix(b"GET ")?.strip_suffix(b" HTTP/1.1\r\n")?;
        if target.is_empty() || !target.iter().all(u8::is_ascii_graphic) {
            return None;
        }
        self.part = Part::Version;
        self.method_end = b"GET".len();
        self.target_end = b"GET ".len().saturating_add(target.len());
        self.read = line.len();
        Some(())
    }

    // RFC 9112, 3: one space between the parts, and none inside them.
    fn receive_byte(&mut self, byte: u8, line: &[u8]) -> Result<(), HandshakeError> {
        match (self.part, byte) {
            (Part::Method, b' ') => {
                self.method_end = self.read;
                self.part = Part::Target;
                Ok(())
            }
            (Part::Target, b' ') if self.read > self.method_end.saturating_add(1) => {
                self.target_end = self.read;
                self.part = Part::Version;
                Ok(())
            }
            (Part::Method, _) if is_token_character(byte) => Ok(()),
            (Part::Target, b'!'..=b'~') => Ok(()),
            (Part::Version, _) => self.receive_version(byte, line),
            // Other control characters are left to the detection of line ends.
            (_, byte) if byte.is_ascii_control() && !matches!(byte, b'\r' | b'\t') => Ok(()),
            (Part::Method, _) => Err(HandshakeError::NotHttp),
            (Part::Target, b' ' | b'\r') => Err(HandshakeError::MalformedRequestLine),
            (Part::Target, _) => Err(HandshakeError::InvalidTarget),
        }
    }

    /// RFC 9112, 2.3: case-sensitive, with one digit on either side of the dot.
    fn receive_version(&self, byte: u8, line: &[u8]) -> Result<(), HandshakeError> {
        const NAME: &[u8] = b"HTTP/";
        let at = self.read.saturating_sub(self.target_end).saturating_sub(1);
        match (at, byte) {
            (5, b'2'..=b'9') if line.starts_with(b"PRI * ") => Err(HandshakeError::LooksLikeHttp2),
            (5, b'2'..=b'9') => Err(HandshakeError::HttpVersionNotSupported),
            (5, b'0') => Err(HandshakeError::HttpVersionTooOld),
            (5, b'1') | (6, b'.') | (7, b'0'..=b'9') | (8, b'\r') | (9, b'\n') => Ok(()),
            (0..5, _) if NAME.get(at) == Some(&byte) => Ok(()),
            (_, byte) if byte.is_ascii_control() && !matches!(byte, b'\r' | b'\t') => Ok(()),
            _ => Err(HandshakeError::MalformedRequestLine),
        }
    }

    /// Checks whether the complete line can open a WebSocket, and returns the position of its target.
    pub(super) fn finish(&self, line: &[u8]) -> Result<Range<usize>, HandshakeError> {
        let target = self.method_end.saturating_add(1)..self.target_end;
        check_method_and_target(
            line.get(..self.method_end).unwrap_or_default(),
            line.get(target.clone()).unwrap_or_default(),
        )?;
        Ok(target)
    }
}

/// Checks the parts of a request line.
pub(crate) fn check_method_and_target(method: &[u8], target: &[u8]) -> Result<(), HandshakeError> {
    if method != b"GET" {
        return Err(HandshakeError::InvalidMethod);
    }
    check_target(target)
}

/// RFC 6455, 4.2.1: a path, or a URI of a WebSocket or of HTTP; without a fragment (RFC 6455, section 3).
pub(crate) fn check_target(target: &[u8]) -> Result<(), HandshakeError> {
    let visible = target.iter().all(|byte| matches!(byte, b'!'..=b'~') && *byte != b'#');
    let valid = match str::from_utf8(target) {
        Ok(target) if visible => match split_absolute(target) {
            Some((authority, _)) => uri::split_authority(authority).is_ok(),
            None => target.starts_with('/'),
        },
        _ => false,
    };
    if valid { Ok(()) } else { Err(HandshakeError::InvalidTarget) }
}

/// Returns the authority, and path and query, of a target in absolute form, which servers must accept (RFC
/// 9112, section 3.2.2).
///
/// RFC 6455, section 4.1, lets clients write http or https. Some write ws or wss, which has the same meaning.
pub(super) fn split_absolute(target: &str) -> Option<(&str, &str)> {
    if target.starts_with('/') {
        return None;
    }
    let (scheme, rest) = target.split_once("://")?;
    if !["http", "https", "ws", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return None;
    }
    Some(rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())))
}
