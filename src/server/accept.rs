//! The response that opens a connection (RFC 6455, 4.2.2).

#[cfg(feature = "deflate")]
use alloc::string::ToString as _;
use alloc::{string::String, vec::Vec};
use core::fmt;

use super::{Request, ResponseErrorKind};
#[cfg(feature = "deflate")]
use crate::deflate;
use crate::{
    Config,
    handshake::{ExtraHeaders, KEY_LEN, accept_key},
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
    fields: ExtraHeaders,
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

    /// What the response will say, and how the connection is to be.
    pub(crate) fn agree<T>(&self, request: &Request<T>) -> Result<Agreement, ResponseErrorKind> {
        if let Some(error) = self.error {
            return Err(error);
        }
        // RFC 6455, 4.2.2: one of those that the client listed, or none.
        if self.subprotocol.is_some_and(|name| !request.subprotocols().any(|offered| offered == name)) {
            return Err(ResponseErrorKind::SubprotocolNotOffered);
        }
        #[cfg(feature = "deflate")]
        if let Some(agreed) = self.deflate.and_then(|deflate| deflate.accept(request.extensions())) {
            return Ok(Agreement {
                config: self.config.deflate(agreed),
                extensions: Some(agreed.to_string()),
            });
        }
        Ok(Agreement { config: self.config, extensions: None })
    }

    /// What the caller adds to the response.
    pub(crate) fn fields(&self) -> &ExtraHeaders {
        &self.fields
    }

    /// The subprotocol that was selected.
    pub(crate) fn selected_subprotocol(&self) -> Option<&str> {
        self.subprotocol
    }

    /// Appends the response to an upgrade (RFC 6455, 4.2.2).
    pub(super) fn append(&self, agreement: &Agreement, key: &[u8; KEY_LEN], out: &mut Vec<u8>) {
        let fields = self.fields.as_bytes();
        let subprotocol_len = self.subprotocol.map_or(0, str::len);
        let parts = [SWITCHING.len(), subprotocol_len, fields.len(), 96];
        out.reserve(parts.into_iter().fold(0, usize::saturating_add));
        out.extend_from_slice(SWITCHING);
        out.extend_from_slice(&accept_key(key));
        out.extend_from_slice(b"\r\n");
        let mut append_field = |name: &[u8], value: Option<&str>| {
            if let Some(value) = value {
                for part in [name, value.as_bytes(), b"\r\n"] {
                    out.extend_from_slice(part);
                }
            }
        };
        append_field(b"Sec-WebSocket-Protocol: ", self.subprotocol);
        append_field(b"Sec-WebSocket-Extensions: ", agreement.extensions.as_deref());
        out.extend_from_slice(fields);
        out.extend_from_slice(b"\r\n");
    }
}

/// What comes of an [`Accept`] for one request.
pub(crate) struct Agreement {
    pub(crate) config: Config,
    /// The value of Sec-WebSocket-Extensions.
    pub(crate) extensions: Option<String>,
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
