//! Lists of headers, which begin with pseudo-headers (RFC 9113, 8.2 and 8.3; RFC 9114, 4.2 and 4.3).

use alloc::{string::String, vec::Vec};

use super::HeaderList;
use crate::handshake::{ExtraHeaders, HandshakeError, Head, Headers, is_token};

/// A list that was received.
pub(super) struct Received<const N: usize> {
    /// The values of the pseudo-headers, in the order of `known`.
    pub(super) pseudo: [Option<String>; N],
    /// The others, as lines of HTTP/1.1.
    lines: Vec<u8>,
    count: usize,
}

impl<const N: usize> Received<N> {
    /// Takes a list apart. Whatever makes it malformed in HTTP/2 is an error (RFC 9113, 8.1.1).
    pub(super) fn read(
        list: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>,
        known: [&str; N],
    ) -> Result<Self, HandshakeError> {
        let mut this = Self { pseudo: [const { None }; N], lines: Vec::new(), count: 0 };
        for (name, value) in list {
            let (name, value) = (name.as_ref(), value.as_ref());
            if name.first() == Some(&b':') {
                this.push_pseudo(name, value, known)?;
            } else {
                this.push(name, value)?;
            }
        }
        Ok(this)
    }

    /// As a head of HTTP/1.1 with this start line.
    pub(super) fn into_head(self, start_line: &str) -> Head {
        Head::from_lines(start_line, &self.lines, self.count)
    }

    // RFC 9113, 8.3: known ones, once each, and before all others.
    fn push_pseudo(&mut self, name: &[u8], value: &[u8], known: [&str; N]) -> Result<(), HandshakeError> {
        let slot = known
            .into_iter()
            .zip(&mut self.pseudo)
            .find_map(|(known, slot)| (known.as_bytes() == name).then_some(slot));
        match (slot, str::from_utf8(value)) {
            (Some(slot @ None), Ok(value)) if self.count == 0 => *slot = Some(value.into()),
            _ => return Err(HandshakeError::InvalidPseudoHeader),
        }
        Ok(())
    }

    fn push(&mut self, name: &[u8], value: &[u8]) -> Result<(), HandshakeError> {
        // RFC 9113, 8.2.
        if !is_token(name) || name.iter().any(u8::is_ascii_uppercase) {
            return Err(HandshakeError::MalformedHeader);
        }
        if value.iter().any(|&byte| byte != b'\t' && byte.is_ascii_control()) {
            return Err(HandshakeError::ControlCharacter);
        }
        if is_connection_specific(name, value) {
            return Err(HandshakeError::ConnectionSpecificHeader);
        }
        for part in [name, b": ", value, b"\r\n"] {
            self.lines.extend_from_slice(part);
        }
        self.count = self.count.saturating_add(1);
        Ok(())
    }
}

/// Appends what the caller has added. `false`: one of them may not be sent.
pub(super) fn append_fields(fields: &ExtraHeaders, list: &mut HeaderList) -> bool {
    for (name, value) in Headers::of(fields.as_bytes()) {
        let name = name.to_ascii_lowercase();
        // It was text when it was added.
        let Ok(text) = str::from_utf8(value) else { return false };
        if is_connection_specific(name.as_bytes(), value) {
            return false;
        }
        list.push((name, text.into()));
    }
    true
}

/// Whether this header is about a connection of HTTP/1.1, and has no place in a stream (RFC 9113, 8.2.2).
fn is_connection_specific(name: &[u8], value: &[u8]) -> bool {
    match name {
        b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade" => true,
        b"te" => !value.eq_ignore_ascii_case(b"trailers"),
        _ => false,
    }
}
