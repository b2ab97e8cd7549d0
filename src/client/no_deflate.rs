//! Replaces `deflate.rs` without the feature: no compression is offered or negotiated.

use crate::{Config, handshake::HandshakeError};

#[derive(Clone, Debug)]
pub(super) struct Compression;

impl Compression {
    pub(super) const NONE: Self = Self;

    #[expect(
        clippy::unnecessary_wraps,
        reason = "with the feature a selection can be at odds with its offer"
    )]
    #[expect(clippy::unused_self, reason = "with the feature there is something in it")]
    pub(super) fn agree<'h>(
        &self,
        _: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])>,
        config: Config,
    ) -> Result<Config, HandshakeError> {
        Ok(config)
    }
}
