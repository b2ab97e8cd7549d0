//! Replaces `deflate.rs` without the feature: no compression is negotiated.

use alloc::string::String;

use super::Request;
use crate::Config;

#[derive(Clone, Default)]
pub(super) struct Compression;

impl Compression {
    #[expect(clippy::unused_self, reason = "with the feature there is something in it")]
    pub(super) fn agree<T>(&self, _: &Request<T>, config: Config) -> (Config, Option<String>) {
        (config, None)
    }
}
