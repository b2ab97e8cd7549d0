//! The source of a client's masking keys and nonce (RFC 6455, sections 5.3 and 10.3).
//!
//! Uses no other module.

use alloc::boxed::Box;
use core::fmt;

use chacha20::{
    ChaCha12Rng,
    rand_core::{Rng, SeedableRng},
};

/// The source of a client's masking keys and of the nonce of its handshake: a ChaCha stream.
///
/// It is on the heap because it is larger than the rest of a connection, and a server has none.
pub(crate) struct Entropy(Box<ChaCha12Rng>);

impl Entropy {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self(Box::new(ChaCha12Rng::from_seed(seed)))
    }

    /// Returns a fresh masking key, for one frame.
    #[inline]
    pub(crate) fn masking_key(&mut self) -> [u8; 4] {
        self.0.next_u32().to_le_bytes()
    }

    /// Returns a fresh nonce, for one opening handshake.
    pub(crate) fn nonce(&mut self) -> [u8; 16] {
        let mut nonce = [0; 16];
        self.0.fill_bytes(&mut nonce);
        nonce
    }
}

/// Shows nothing of the state, from which the masking keys could be computed.
impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}

/// Returns a seed for a client, from the operating system.
///
/// Every connection needs its own seed, which [`client::Handshake::new`](crate::client::Handshake::new) and
/// [`Connection::client`](crate::Connection::client) take.
///
/// # Errors
///
/// Returns a [`SeedError`] if the operating system cannot provide randomness. There is no fallback to a
/// weaker source.
#[doc(alias = "nonce")]
#[doc(alias = "masking key")]
#[doc(alias = "entropy")]
#[doc(alias = "rng")]
#[cfg(feature = "getrandom")]
#[cfg_attr(docsrs, doc(cfg(feature = "getrandom")))]
pub fn random_seed() -> Result<[u8; 32], SeedError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(SeedError)?;
    Ok(seed)
}

/// The operating system could not supply randomness for a seed.
#[cfg(feature = "getrandom")]
#[cfg_attr(docsrs, doc(cfg(feature = "getrandom")))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeedError(getrandom::Error);

#[cfg(feature = "getrandom")]
impl SeedError {
    /// Returns a stable short name of the error, for logs and metrics. See
    /// [`ProtocolError::name`](crate::ProtocolError::name) for details.
    pub const fn name(self) -> &'static str {
        "seed_unavailable"
    }
}

#[cfg(feature = "getrandom")]
impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the operating system cannot supply randomness for a seed: {}", self.0)
    }
}

#[cfg(feature = "getrandom")]
impl core::error::Error for SeedError {}
