//! Header lines that the caller adds to a request or a response.

use alloc::vec::Vec;
use core::mem;

use super::{Headers, is_token};

/// Header lines that can be sent: none of them can end its line early or replace a header of the handshake.
#[derive(Clone, Default)]
pub(crate) struct ExtraHeaders {
    lines: Vec<u8>,
}

/// The reason why a header cannot be sent.
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

    /// Adds a header, or replaces an earlier one if a message has at most one of its name.
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
        if is_single(name) && self.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            let earlier = mem::take(self);
            let others = earlier.iter().filter(|(other, _)| !other.eq_ignore_ascii_case(name));
            others.for_each(|(other, value)| self.append(other, value));
        }
        self.append(name, value.as_bytes());
        Ok(())
    }

    /// Appends a header like [`push`](Self::push), and stores the error unless there was one before.
    pub(crate) fn push_or_note<E: From<FieldError>>(
        &mut self,
        name: &str,
        value: &str,
        first: &mut Option<E>,
    ) {
        if let Err(error) = self.push(name, value) {
            first.get_or_insert(error.into());
        }
    }

    fn append(&mut self, name: &str, value: &[u8]) {
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            self.lines.extend_from_slice(part);
        }
    }

    pub(crate) fn iter(&self) -> Headers<'_> {
        Headers::of(&self.lines)
    }
}

/// Returns `true` if a message has at most one header of this name, so that a second one would make it
/// invalid or ambiguous.
fn is_single(name: &str) -> bool {
    const NAMES: [&str; 16] = [
        "age",
        "authorization",
        "content-type",
        "cookie",
        "date",
        "etag",
        "expires",
        "from",
        "last-modified",
        "location",
        "origin",
        "proxy-authorization",
        "referer",
        "retry-after",
        "server",
        "user-agent",
    ];
    NAMES.iter().any(|single| name.eq_ignore_ascii_case(single))
}

/// Returns `true` if the handshake writes this header itself, or if it would change where the message ends.
fn is_reserved(name: &str) -> bool {
    const NAMES: [&str; 5] = ["host", "upgrade", "connection", "content-length", "transfer-encoding"];
    NAMES.iter().any(|reserved| name.eq_ignore_ascii_case(reserved))
        || name.get(..14).is_some_and(|prefix| prefix.eq_ignore_ascii_case("sec-websocket-"))
}
