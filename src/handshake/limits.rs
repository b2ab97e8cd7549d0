//! The limits on a head, and on the body of a rejection.

use super::Tolerance;

/// The limits of a handshake.
///
/// | limit | default | exceeding it |
/// |---|---|---|
/// | [`max_head_len`](Self::max_head_len) | 64 KiB | fails the handshake; a server responds with 431 |
/// | [`max_line_len`](Self::max_line_len) | 8 KiB | fails it; 414 for a request line, 431 for a header line |
/// | [`max_headers`](Self::max_headers) | 128 | fails it; a server responds with 431 |
/// | [`max_body_len`](Self::max_body_len) | 64 KiB | truncates the body of a rejection |
///
/// A value that equals a limit is allowed; the first byte that exceeds it fails the handshake.
///
/// A server whose clients send few headers uses lower limits:
///
/// ```
/// use sansocket::handshake::HandshakeLimits;
///
/// let limits = HandshakeLimits::new().max_head_len(16 << 10).max_headers(64);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HandshakeLimits {
    pub(crate) head_len: usize,
    pub(crate) line_len: usize,
    pub(crate) headers: usize,
    pub(crate) body_len: usize,
    pub(crate) tolerance: Tolerance,
}

impl HandshakeLimits {
    /// Creates limits with the defaults.
    pub const fn new() -> Self {
        Self {
            head_len: 64 << 10,
            line_len: 8 << 10,
            headers: 128,
            body_len: 64 << 10,
            tolerance: Tolerance::new(),
        }
    }

    /// Sets the maximum length of a head in bytes, from the start line to the empty line, including all line
    /// ends.
    ///
    /// The default is 64 KiB. It is also the maximum memory that a head takes. A server responds with 431 to
    /// a longer head. One empty line before a request does not count.
    #[must_use]
    pub const fn max_head_len(mut self, bytes: usize) -> Self {
        self.head_len = bytes;
        self
    }

    /// Sets the maximum length of a line in bytes, without its line end. The default is 8 KiB.
    ///
    /// A server responds with 414 to a longer request line, and with 431 to a longer header line.
    #[must_use]
    pub const fn max_line_len(mut self, bytes: usize) -> Self {
        self.line_len = bytes;
        self
    }

    /// Sets the maximum number of header lines in a head, whatever their names. The default is 128.
    ///
    /// A server responds with 431 at the first byte of the first line that exceeds it.
    #[must_use]
    pub const fn max_headers(mut self, count: usize) -> Self {
        self.headers = count;
        self
    }

    /// Sets the maximum number of bytes that a client keeps of the body of a rejection. The default is 64 KiB.
    ///
    /// A longer body is truncated, and the handshake ends at the first byte that exceeds the limit.
    #[must_use]
    pub const fn max_body_len(mut self, bytes: usize) -> Self {
        self.body_len = bytes;
        self
    }

    /// Sets the violations to tolerate. The default is none.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }
}

impl Default for HandshakeLimits {
    fn default() -> Self {
        Self::new()
    }
}
