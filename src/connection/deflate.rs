//! What a connection shows of its compression, with the feature `deflate` (RFC 7692).

use super::{Config, Connection, ReceiveHalf, SendHalf};
use crate::{
    compression::Agreement,
    deflate::{Compress, Negotiated},
};

impl Config {
    /// Compresses messages as both sides have agreed (RFC 7692). The default is no compression.
    ///
    /// The handshakes of this crate call this themselves. Use it for connections that were opened elsewhere.
    #[must_use]
    pub const fn deflate(mut self, negotiated: Negotiated) -> Self {
        self.compression = Agreement::on(negotiated);
        self
    }
}

impl Connection {
    /// Decides for the next message whether it is compressed; from then on it is [`Compress::Default`] again.
    ///
    /// A message in fragments is decided with its first one. Without effect if the peer did not agree to
    /// compression, see [`deflate`](Self::deflate).
    ///
    /// ```
    /// use sansocket::{Config, Connection, deflate::Compress};
    ///
    /// # let mut connection = Connection::server(Config::new());
    /// # let mut out = Vec::new();
    /// connection.compress_next(Compress::Never); // an attacker could guess it from its length
    /// connection.send_text("token=71f3a9", &mut out)?;
    /// # Ok::<(), sansocket::SendError>(())
    /// ```
    pub fn compress_next(&mut self, choice: Compress) {
        self.sending.compress_next(choice);
    }

    /// Returns what was negotiated for the compression of messages, or `None` if they are not compressed.
    pub fn deflate(&self) -> Option<&Negotiated> {
        self.sending.deflate()
    }
}

impl SendHalf {
    /// Decides for the next message whether it is compressed. See [`Connection::compress_next`] for details.
    pub fn compress_next(&mut self, choice: Compress) {
        self.deflater.compress_next(choice);
    }

    /// Returns what was negotiated for the compression of messages, or `None` if they are not compressed.
    pub fn deflate(&self) -> Option<&Negotiated> {
        self.deflater.agreed()
    }
}

impl ReceiveHalf {
    /// Returns what was negotiated for the compression of messages, or `None` if they are not compressed.
    pub fn deflate(&self) -> Option<&Negotiated> {
        self.0.inflater.agreed()
    }
}
