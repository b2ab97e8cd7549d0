//! The first bytes of a head that could not be read, for diagnostics.

use core::fmt;

/// The first bytes of a head, at most 16: enough to recognize the protocol of the peer.
///
/// `Display` and `Debug` write ASCII with escapes.
///
/// A TLS client connects to a plain port:
///
/// ```
/// use sansocket::{Input, server};
/// use sansocket::handshake::{HandshakeError, HandshakeLimits};
///
/// let mut bytes = *b"\x16\x03\x01\x02\x00\x01";
/// let mut handshake = server::Handshake::new(HandshakeLimits::new());
/// let mut input = Input::new(&mut bytes);
/// let error = handshake.receive(&mut input, &mut Vec::new()).unwrap_err();
/// assert_eq!(error, HandshakeError::LooksLikeTls);
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
