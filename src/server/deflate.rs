//! The server side of the negotiation of permessage-deflate (RFC 7692, section 5.1).
//!
//! It uses the public types of the feature. `no_deflate.rs` replaces it without the feature.

use alloc::string::{String, ToString as _};

use super::{Accept, Request};
use crate::{Config, deflate};

/// The configuration that the caller allows.
#[derive(Clone, Default)]
pub(super) struct Compression(Option<deflate::Config>);

impl Compression {
    /// Returns `config` with the negotiated parameters, and the value of Sec-WebSocket-Extensions that
    /// announces them.
    pub(super) fn agree<T>(&self, request: &Request<T>, config: Config) -> (Config, Option<String>) {
        match self.0.and_then(|deflate| deflate.accept(request.extensions())) {
            Some(agreed) => (config.deflate(agreed), Some(agreed.to_string())),
            None => (config, None),
        }
    }
}

impl Accept {
    /// Enables compression if the client offers it (RFC 7692). The default is no compression.
    #[doc(alias = "compression")]
    #[doc(alias = "permessage-deflate")]
    #[doc(alias = "per-message")]
    #[doc(alias = "gzip")]
    #[doc(alias = "zlib")]
    #[must_use]
    pub fn deflate(mut self, deflate: deflate::Config) -> Self {
        self.compression.0 = Some(deflate);
        self
    }
}
