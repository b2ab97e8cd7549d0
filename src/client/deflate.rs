//! The client side of the negotiation of permessage-deflate (RFC 7692, section 5.1).
//!
//! It uses the public types of the feature. `no_deflate.rs` replaces it without the feature.

use alloc::{string::ToString as _, vec::Vec};

use super::{Request, offer::append_element};
use crate::{
    Config, deflate,
    handshake::{HandshakeError, extensions},
};

/// The offers, in order of preference.
#[derive(Clone, Debug)]
pub(super) struct Compression(Vec<deflate::Config>);

impl Compression {
    pub(super) const NONE: Self = Self(Vec::new());

    /// Returns `config` with what the server has selected, from a response whose selection was offered.
    pub(super) fn agree<'h>(
        &self,
        headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])>,
        config: Config,
    ) -> Result<Config, HandshakeError> {
        let selected = extensions(headers).flatten().find(|extension| extension.name() == deflate::NAME);
        match selected {
            Some(selected) if !self.0.is_empty() => {
                let agreed = self.0.iter().find_map(|offered| offered.accept_response(&selected).ok());
                Ok(config.deflate(agreed.ok_or(HandshakeError::UnexpectedExtension)?))
            }
            _ => Ok(config),
        }
    }
}

impl Request {
    /// Offers compression (RFC 7692). The default is no offer.
    ///
    /// Call it again with further configurations, in order of preference, as a fallback if the server does
    /// not support the parameters of the first one.
    #[doc(alias = "compression")]
    #[doc(alias = "permessage-deflate")]
    #[must_use]
    pub fn deflate(mut self, deflate: deflate::Config) -> Self {
        let offer = self.offer.to_mut();
        append_element(&mut offer.extensions, &deflate.offer().to_string());
        offer.compression.0.push(deflate);
        self
    }
}
