//! The request line: method, target, version (RFC 9112, 3).

use core::ops::Range;

use crate::{
    handshake::{HandshakeError, is_token},
    uri,
};

/// Checks a request line, without its line end. Where its target is.
pub(super) fn check_line(line: &[u8]) -> Result<Range<usize>, HandshakeError> {
    // RFC 9112, 3: one space between the parts, so none in any of them.
    let mut parts = line.split(|&byte| byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(HandshakeError::MalformedRequestLine);
    };
    check_parts(method, target, version)?;
    let start = method.len().saturating_add(1);
    Ok(start..start.saturating_add(target.len()))
}

/// Checks the parts of a request line.
pub(crate) fn check_parts(method: &[u8], target: &[u8], version: &[u8]) -> Result<(), HandshakeError> {
    if !is_token(method) || target.is_empty() {
        return Err(HandshakeError::MalformedRequestLine);
    }
    // RFC 9112, 2.3: the case matters, and there is one digit on either side of the dot.
    match version.strip_prefix(b"HTTP/") {
        Some([b'1', b'.', b'1'..=b'9']) => {}
        Some(b"1.0" | [b'0', b'.', b'0'..=b'9']) => return Err(HandshakeError::HttpVersionTooOld),
        Some([b'2'..=b'9', b'.', b'0'..=b'9']) => return Err(HandshakeError::HttpVersionNotSupported),
        _ => return Err(HandshakeError::MalformedRequestLine),
    }
    if method != b"GET" {
        return Err(HandshakeError::InvalidMethod);
    }
    check_target(target)
}

/// RFC 6455, 4.2.1: a path, or an http or https URI; and without a fragment (RFC 6455, 3).
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

/// The authority, and path and query, of a target in absolute form (RFC 9112, 3.2.2).
pub(super) fn split_absolute(target: &str) -> Option<(&str, &str)> {
    if target.starts_with('/') {
        return None;
    }
    let (scheme, rest) = target.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    Some(rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())))
}
