//! Compression of a `WebSocket` object, with the feature `deflate` (RFC 7692).

use super::Request;
use crate::deflate;

impl Request {
    /// Offers to compress messages, as browsers do. The default is no offer.
    ///
    /// See [`client::Request::deflate`](crate::client::Request::deflate) for several offers.
    #[must_use]
    pub fn deflate(self, deflate: deflate::Config) -> Self {
        self.change(|request| request.deflate(deflate))
    }
}
