//! Header lines that the caller adds to a request or a response.

use alloc::vec::Vec;

use super::{Headers, is_token};

/// Header lines, ready to be sent: none of them can end its line early or stand in for one of ours.
#[derive(Clone, Default)]
pub(crate) struct ExtraHeaders {
    lines: Vec<u8>,
}

/// Why a header cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldError {
    Name,
    Value,
    Reserved,
    #[cfg(feature = "http")]
    TooMany,
}

impl ExtraHeaders {
    pub(crate) fn of(headers: &[(&str, &str)]) -> Result<Self, FieldError> {
        let mut this = Self::default();
        headers.iter().try_for_each(|(name, value)| this.push(name, value))?;
        Ok(this)
    }

    /// Adds a header.
    pub(crate) fn push(&mut self, name: &str, value: &str) -> Result<(), FieldError> {
        if !is_token(name.as_bytes()) {
            return Err(FieldError::Name);
        }
        if is_reserved(name) {
            return Err(FieldError::Reserved);
        }
        // RFC 9110, 5.5.
        if value.bytes().any(|byte| byte != b'\t' && byte.is_ascii_control()) {
            return Err(FieldError::Value);
        }
        for part in [name, ": ", value, "\r\n"] {
            self.lines.extend_from_slice(part.as_bytes());
        }
        Ok(())
    }

    pub(crate) fn iter(&self) -> Headers<'_> {
        Headers::of(&self.lines)
    }
}

/// Whether the handshake itself writes this header, or it would change where the message ends.
fn is_reserved(name: &str) -> bool {
    const NAMES: [&str; 5] = ["host", "upgrade", "connection", "content-length", "transfer-encoding"];
    NAMES.iter().any(|reserved| name.eq_ignore_ascii_case(reserved))
        || name.get(..14).is_some_and(|prefix| prefix.eq_ignore_ascii_case("sec-websocket-"))
}
