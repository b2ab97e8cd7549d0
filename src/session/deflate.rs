//! What a session shows of compression, with the feature `deflate` (RFC 7692).

use super::{Phase, Session};
use crate::deflate::Compress;

impl Session {
    /// Decides for the next message whether it is compressed. See [`Connection::compress_next`](crate::Connection::compress_next).
    pub fn compress_next(&mut self, choice: Compress) {
        if let Phase::Open(connection) = &mut self.phase {
            connection.compress_next(choice);
        }
    }
}
