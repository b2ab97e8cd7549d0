//! The response that opens a connection (RFC 6455, 4.2.2).

#[cfg(feature = "deflate")]
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::fmt;

use super::{Request, ResponseErrorKind};
#[cfg(feature = "deflate")]
use crate::deflate;
use crate::{
    Config,
    handshake::{Fields, KEY_LEN, accept_key},
};

/// What a server answers to a request that it accepts.
///
/// ```
/// use sansocket::{Config, server::Accept};
///
/// let accept = Accept::new().subprotocol("chat").header("X-Id", "7").config(Config::new());
/// ```
#[derive(Clone, Default)]
pub struct Accept<'a> {
    config: Config,
    subprotocol: Option<&'a str>,
    fields: Fields,
    #[cfg(feature = "deflate")]
    deflate: Option<deflate::Config>,
    /// The first thing that went wrong.
    error: Option<ResponseErrorKind>,
}

impl<'a> Accept<'a> {
    /// No subprotocol, no headers, the default [`Config`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Selects a subprotocol, one of [`Request::subprotocols`]. Default: none.
    #[must_use]
    pub fn subprotocol(mut self, subprotocol: &'a str) -> Self {
        self.subprotocol = Some(subprotocol);
        self
    }

    /// Adds a header, for example `Set-Cookie`. [`Request::accept`] returns an error if it is invalid.
    ///
    /// The name is a token, and none that the handshake writes itself: Host, Upgrade, Connection,
    /// Content-Length, Transfer-Encoding, Sec-WebSocket-*. The value has no control characters but tabs.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Err(error) = self.fields.push(name, value) {
            self.error.get_or_insert(error.into());
        }
        self
    }

    /// How the connection behaves.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Compresses messages, if the client offers that (RFC 7692). Default: no compression.
    #[cfg(feature = "deflate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
    #[must_use]
    pub fn deflate(mut self, deflate: deflate::Config) -> Self {
        self.deflate = Some(deflate);
        self
    }

    /// Appends the response and says how the connection is to be.
    pub(super) fn append(
        &self,
        request: &Request,
        key: &[u8; KEY_LEN],
        out: &mut Vec<u8>,
    ) -> Result<Config, ResponseErrorKind> {
        if let Some(error) = self.error {
            return Err(error);
        }
        // RFC 6455, 4.2.2: one of those that the client listed, or none.
        if self.subprotocol.is_some_and(|name| !request.subprotocols().any(|offered| offered == name)) {
            return Err(ResponseErrorKind::SubprotocolNotOffered);
        }
        let fields = self.fields.as_bytes();
        let subprotocol_len = self.subprotocol.map_or(0, str::len);
        let parts = [SWITCHING.len(), subprotocol_len, fields.len(), 96];
        out.reserve(parts.into_iter().fold(0, usize::saturating_add));
        out.extend_from_slice(SWITCHING);
        out.extend_from_slice(&accept_key(key));
        out.extend_from_slice(b"\r\n");
        if let Some(subprotocol) = self.subprotocol {
            out.extend_from_slice(b"Sec-WebSocket-Protocol: ");
            out.extend_from_slice(subprotocol.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        #[cfg(feature = "deflate")]
        let config = match self.deflate.and_then(|deflate| deflate.accept(request.extensions())) {
            Some(agreed) => {
                out.extend_from_slice(b"Sec-WebSocket-Extensions: ");
                out.extend_from_slice(agreed.to_string().as_bytes());
                out.extend_from_slice(b"\r\n");
                self.config.deflate(agreed)
            }
            None => self.config,
        };
        #[cfg(not(feature = "deflate"))]
        let config = self.config;
        out.extend_from_slice(fields);
        out.extend_from_slice(b"\r\n");
        Ok(config)
    }
}

/// Shows no header, as those may hold credentials.
impl fmt::Debug for Accept<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accept").field("error", &self.error).finish_non_exhaustive()
    }
}

/// RFC 6455, 4.2.2, item 5.
const SWITCHING: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
Sec-WebSocket-Accept: ";
