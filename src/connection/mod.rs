//! Layer 3.

mod config;

use crate::entropy::Entropy;
pub use config::{Config, Delivery};

/// TODO skeleton.
#[derive(Debug)]
pub struct Connection {
    config: Config,
    entropy: Option<Entropy>,
}

impl Connection {
    /// The server's end.
    pub fn server(config: Config) -> Self {
        Self { config, entropy: None }
    }

    /// The client's end.
    pub fn client(config: Config, seed: [u8; 32]) -> Self {
        Self::client_with(config, Entropy::new(seed))
    }

    pub(crate) fn client_with(config: Config, entropy: Entropy) -> Self {
        Self { config, entropy: Some(entropy) }
    }
}
