//! What a person sees of a head that could not be read.

use core::fmt;

/// The first bytes of a head, at most 16: enough to see what the other side speaks.
///
/// `Display` and `Debug` write ASCII with escapes.
///
/// ```
/// use sansocket::{Input, handshake::{HandshakeError, HandshakeLimits}, server};
///
/// let mut bytes = *b"\x16\x03\x01\x02\x00\x01";
/// let mut handshake = server::Handshake::new(HandshakeLimits::new());
/// let result = handshake.receive(&mut Input::new(&mut bytes), &mut Vec::new());
/// assert_eq!(result.unwrap_err(), HandshakeError::LooksLikeTls);
/// assert_eq!(handshake.first_bytes().to_string(), r"\x16");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FirstBytes {
    bytes: [u8; MAX_LEN],
    len: usize,
}

impl FirstBytes {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut this = Self::default();
        if let Some(bytes) = bytes.first_chunk() {
            return Self { bytes: *bytes, len: MAX_LEN };
        }
        this.bytes.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = *byte);
        this.len = bytes.len();
        this
    }

    /// Returns the bytes, up to and including the one that proved the violation.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl fmt::Display for FirstBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().escape_ascii().fmt(f)
    }
}

impl fmt::Debug for FirstBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

const MAX_LEN: usize = 16;
