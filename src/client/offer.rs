//! On which terms a client opens a connection.

#[cfg(feature = "deflate")]
use alloc::vec::Vec;

#[cfg(feature = "deflate")]
use crate::deflate;
use crate::{
    Config,
    client::Response,
    handshake::{HandshakeError, Offered},
};

/// What a client has offered, and how its connection is to be. It is the same however the connection comes about.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) offered: Offered,
    /// What is offered of permessage-deflate, in order of preference.
    #[cfg(feature = "deflate")]
    pub(crate) deflate: Vec<deflate::Config>,
    pub(crate) config: Config,
}

impl Terms {
    /// How the connection is to be that this response opens, whose selection has been checked (RFC 7692, 5.1).
    #[cfg(feature = "deflate")]
    pub(crate) fn agree(&self, response: &Response) -> Result<Config, HandshakeError> {
        let answer = response.extensions().find(|extension| extension.name() == deflate::NAME);
        match answer {
            Some(answer) if !self.deflate.is_empty() => {
                let agreed = self.deflate.iter().find_map(|offered| offered.accept_response(&answer).ok());
                Ok(self.config.deflate(agreed.ok_or(HandshakeError::UnexpectedExtension)?))
            }
            _ => Ok(self.config),
        }
    }

    /// How the connection is to be that this response opens.
    #[cfg(not(feature = "deflate"))]
    #[expect(clippy::unnecessary_wraps, reason = "an extension can be at odds with its offer")]
    pub(crate) fn agree(&self, _: &Response) -> Result<Config, HandshakeError> {
        Ok(self.config)
    }
}
