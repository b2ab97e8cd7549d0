//! How much of a head, and of the body of a rejection, is accepted.

/// What a handshake accepts before it gives up.
///
/// A limit that is reached passes; the first byte beyond it fails the handshake.
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
}

impl HandshakeLimits {
    /// The defaults.
    pub const fn new() -> Self {
        Self { head_len: 64 << 10, line_len: 8 << 10, headers: 128, body_len: 64 << 10 }
    }

    /// The most bytes from the start line to the empty line, all line ends included. Default: 64 KiB.
    ///
    /// It is also the most memory that a head takes. Beyond it a server answers with 431. One empty line
    /// before a request does not count.
    #[must_use]
    pub const fn max_head_len(mut self, bytes: usize) -> Self {
        self.head_len = bytes;
        self
    }

    /// The most bytes in one line, without its line end. Default: 8 KiB.
    ///
    /// Beyond it a server answers with 414 to a request line, and with 431 to a header line.
    #[must_use]
    pub const fn max_line_len(mut self, bytes: usize) -> Self {
        self.line_len = bytes;
        self
    }

    /// The most header lines in one head, whatever their names. Default: 128.
    ///
    /// Beyond it a server answers with 431, at the first byte of the line that is too many.
    #[must_use]
    pub const fn max_headers(mut self, count: usize) -> Self {
        self.headers = count;
        self
    }

    /// For clients: the most bytes kept of the body of a response that rejects. Default: 64 KiB.
    ///
    /// A longer body is cut, and the handshake ends at the first byte beyond.
    #[must_use]
    pub const fn max_body_len(mut self, bytes: usize) -> Self {
        self.body_len = bytes;
        self
    }
}

impl Default for HandshakeLimits {
    fn default() -> Self {
        Self::new()
    }
}
