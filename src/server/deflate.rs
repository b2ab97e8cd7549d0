//! The server's side of the negotiation of permessage-deflate (RFC 7692, 5.1).
//!
//! It uses the public types of the feature. `no_deflate.rs` is what takes its place without.

use alloc::string::{String, ToString as _};

use super::{Accept, Request};
use crate::{Config, deflate};

/// What the caller allows.
#[derive(Clone, Default)]
pub(super) struct Compression(Option<deflate::Config>);

impl Compression {
    /// Returns `config` with what was agreed on, and the value of Sec-WebSocket-Extensions that says so.
    pub(super) fn agree<T>(&self, request: &Request<T>, config: Config) -> (Config, Option<String>) {
        match self.0.and_then(|deflate| deflate.accept(request.extensions())) {
            Some(agreed) => (config.deflate(agreed), Some(agreed.to_string())),
            None => (config, None),
        }
    }
}

impl Accept {
    /// Compresses messages if the client offers that (RFC 7692). The default is no compression.
    #[must_use]
    pub fn deflate(mut self, deflate: deflate::Config) -> Self {
        self.compression.0 = Some(deflate);
        self
    }
}
