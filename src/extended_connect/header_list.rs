//! The encoding of headers as a list that begins with pseudo-headers (RFC 9113, sections 8.2 and 8.3; RFC
//! 9114, sections 4.2 and 4.3).
//!
//! It uses the grammar of the handshake.

use alloc::{string::String, vec::Vec};

use super::HeaderList;
use crate::handshake::{FieldError, HandshakeError, is_token, trim_ows};

/// A received list, split into its parts.
pub(super) struct Received<'l, const N: usize> {
    /// The values of the pseudo-headers, in the order of `known`.
    pub(super) pseudo: [Option<&'l str>; N],
    /// The other headers.
    headers: Vec<(&'l str, &'l [u8])>,
    /// The first violation.
    pub(super) fault: Option<HandshakeError>,
}

impl<'l, const N: usize> Received<'l, N> {
    /// Splits a list into its parts. Headers that are malformed in HTTP/2 are omitted (RFC 9113, section
    /// 8.1.1).
    pub(super) fn read(list: &'l [(impl AsRef<[u8]>, impl AsRef<[u8]>)], known: [&str; N]) -> Self {
        let mut this = Self { pseudo: [None; N], headers: Vec::with_capacity(list.len()), fault: None };
        for (name, value) in list {
            let (name, value) = (name.as_ref(), value.as_ref());
            let read = if name.first() == Some(&b':') {
                this.push_pseudo(name, value, known)
            } else {
                this.push(name, value)
            };
            if let Err(error) = read {
                this.fault.get_or_insert(error);
            }
        }
        this
    }

    pub(super) fn headers(&self) -> impl Iterator<Item = (&'l str, &'l [u8])> + Clone {
        self.headers.iter().copied()
    }

    /// Returns the values of all `cookie` fields as one (RFC 9113, section 8.2.3).
    pub(super) fn cookies(&self) -> Vec<u8> {
        let cookies: Vec<&[u8]> = self.headers().filter(is_cookie).map(|(_, value)| value).collect();
        cookies.join(&b"; "[..])
    }

    /// Returns the headers with [`cookies`](Self::cookies) in place of the first `cookie`.
    pub(super) fn headers_with<'a>(
        &'a self,
        cookies: &'a [u8],
    ) -> impl Iterator<Item = (&'a str, &'a [u8])> + Clone {
        let first = self.headers().position(|header| is_cookie(&header));
        self.headers().enumerate().filter_map(move |(at, header)| match first {
            Some(first) if at == first => Some((header.0, cookies)),
            Some(_) if is_cookie(&header) => None,
            _ => Some(header),
        })
    }

    // RFC 9113, 8.3: known ones, once each, and before all others.
    fn push_pseudo(&mut self, name: &[u8], value: &'l [u8], known: [&str; N]) -> Result<(), HandshakeError> {
        let slot = known
            .into_iter()
            .zip(&mut self.pseudo)
            .find_map(|(known, slot)| (known.as_bytes() == name).then_some(slot));
        match (slot, str::from_utf8(value)) {
            (Some(slot @ None), Ok(value)) if self.headers.is_empty() => *slot = Some(value),
            _ => return Err(HandshakeError::InvalidPseudoHeader),
        }
        Ok(())
    }

    fn push(&mut self, name: &'l [u8], value: &'l [u8]) -> Result<(), HandshakeError> {
        // RFC 9113, 8.2. A token is ASCII.
        let name = str::from_utf8(name).map_err(|_| HandshakeError::MalformedHeader)?;
        if !is_token(name.as_bytes()) || name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(HandshakeError::MalformedHeader);
        }
        if value.iter().any(|&byte| byte != b'\t' && byte.is_ascii_control()) {
            return Err(HandshakeError::ControlCharacter);
        }
        // RFC 9113, 8.2.1.
        if trim_ows(value) != value {
            return Err(HandshakeError::MalformedHeader);
        }
        if is_connection_specific(name, value) {
            return Err(HandshakeError::ConnectionSpecificHeader);
        }
        self.headers.push((name, value));
        Ok(())
    }
}

fn is_cookie(header: &(&str, &[u8])) -> bool {
    header.0 == "cookie"
}

/// Checks that a stream can have these headers of the caller.
pub(crate) fn check_headers<'h>(
    mut headers: impl Iterator<Item = (&'h str, &'h [u8])>,
) -> Result<(), FieldError> {
    let found = headers.any(|(name, value)| is_connection_specific(name, value));
    if found { Err(FieldError::Reserved) } else { Ok(()) }
}

/// Returns the list of these headers, which follow the pseudo-headers.
pub(super) fn list_of<'h>(
    pseudo: &[(&str, &str)],
    headers: impl Iterator<Item = (&'h str, &'h [u8])>,
) -> HeaderList {
    let pseudo = pseudo.iter().map(|&(name, value)| (name.into(), value.into()));
    // A value was text when it was added.
    let text = |value| String::from_utf8_lossy(value).into_owned();
    pseudo.chain(headers.map(|(name, value)| (name.to_ascii_lowercase(), text(value)))).collect()
}

/// Returns `true` for a header that is specific to a connection of HTTP/1.1, and not allowed in a stream (RFC
/// 9113, section 8.2.2).
fn is_connection_specific(name: &str, value: &[u8]) -> bool {
    const NAMES: [&str; 5] = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];
    NAMES.iter().any(|specific| name.eq_ignore_ascii_case(specific))
        || (name.eq_ignore_ascii_case("te") && !value.eq_ignore_ascii_case(b"trailers"))
}
