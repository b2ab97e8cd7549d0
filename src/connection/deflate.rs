//! The compression of a connection, with the feature `deflate` (RFC 7692).

use super::{Config, Connection, ReceiveHalf, SendHalf};
use crate::{
    compression::Agreement,
    deflate::{Compress, Negotiated},
};

impl Config {
    /// Sets the negotiated parameters of compression (RFC 7692). The default is no compression.
    ///
    /// The handshakes of this crate call it themselves. Use it if the handshake was completed elsewhere.
    #[must_use]
    pub const fn deflate(mut self, negotiated: Negotiated) -> Self {
        self.compression = Agreement::on(negotiated);
        self
    }
}

impl Connection {
    /// Selects whether the next message is compressed; for later messages it is [`Compress::Default`] again.
    ///
    /// The choice for a fragmented message is made with its first fragment. It has no effect if compression
    /// was not negotiated, see [`deflate`](Self::deflate).
    ///
    /// A secret is sent uncompressed, since its compressed length could reveal it:
    ///
    /// ```
    /// use sansocket::{Config, Connection, deflate::Compress};
    ///
    /// # let mut connection = Connection::server(Config::new());
    /// # let mut out = Vec::new();
    /// connection.compress_next(Compress::Never);
    /// connection.send_text("token=71f3a9", &mut out)?;
    /// # Ok::<(), sansocket::SendError>(())
    /// ```
    pub fn compress_next(&mut self, choice: Compress) {
        self.sending.compress_next(choice);
    }

    /// Returns the negotiated parameters of compression, or `None` if messages are not compressed.
    pub fn deflate(&self) -> Option<&Negotiated> {
        self.sending.deflate()
    }
}

impl SendHalf {
    /// Selects whether the next message is compressed. See [`Connection::compress_next`] for details.
    pub fn compress_next(&mut self, choice: Compress) {
        self.deflater.compress_next(choice);
    }

    /// Returns the negotiated parameters of compression, or `None` if messages are not compressed.
    pub fn deflate(&self) -> Option<&Negotiated> {
        self.deflater.agreed()
    }
}

impl ReceiveHalf {
    /// Returns the negotiated parameters of compression, or `None` if messages are not compressed.
    pub fn deflate(&self) -> Option<&Negotiated> {
        self.0.inflater.agreed()
    }
}
