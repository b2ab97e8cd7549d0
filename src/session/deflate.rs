//! The compression of a session, with the feature `deflate` (RFC 7692).

use super::{Phase, Session};
use crate::deflate::Compress;

impl Session {
    /// Selects whether the next message is compressed. See
    /// [`Connection::compress_next`](crate::Connection::compress_next) for details.
    pub fn compress_next(&mut self, choice: Compress) {
        if let Phase::Open(connection) = &mut self.phase {
            connection.compress_next(choice);
        }
    }
}
