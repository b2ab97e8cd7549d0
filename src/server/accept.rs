//! The response that opens a connection (RFC 6455, section 4.2.2), as data: the caller's choice, and the
//! response that results for a given request.
//!
//! It uses the headers of the handshake and, with the feature, `deflate`.

use alloc::{string::String, vec::Vec};
use core::fmt;

use super::{Request, ResponseErrorKind, deflate::Compression};
use crate::{
    Config,
    frame::Rsv,
    handshake::{Extension, ExtraHeaders, accept_key, append_head},
};

/// The parameters of a response that accepts a request.
///
/// This selects a subprotocol and adds a header:
///
///
/// ```
/// use sansocket::{Config, server::Accept};
///
/// let accept = Accept::new()
///     .subprotocol("chat")
///     .header("X-Id", "7")
///     .config(Config::new());
/// ```
#[derive(Clone, Default)]
pub struct Accept {
    config: Config,
    subprotocol: Option<String>,
    extra: ExtraHeaders,
    /// Extensions of the caller: what is answered, and the reserved bits that each uses.
    extensions: Vec<(String, Rsv)>,
    pub(super) compression: Compression,
    /// The first error in the parameters.
    error: Option<ResponseErrorKind>,
}

impl Accept {
    /// Creates a response without a subprotocol or additional headers, and with the default [`Config`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Selects a subprotocol, one of [`Request::subprotocols`]. The default is none.
    #[doc(alias = "Sec-WebSocket-Protocol")]
    #[must_use]
    pub fn subprotocol(self, subprotocol: &str) -> Self {
        self.maybe_subprotocol(Some(subprotocol))
    }

    /// Selects a subprotocol, or none: for the result of [`Request::select_by_server_order`].
    #[must_use]
    pub fn maybe_subprotocol(mut self, subprotocol: Option<&str>) -> Self {
        self.subprotocol = subprotocol.map(Into::into);
        self
    }

    /// Selects an extension of your own, one of [`Request::extensions`]: its name and parameters, as they stand in
    /// Sec-WebSocket-Extensions (RFC 6455, 9.1). The default is none.
    ///
    /// Extensions are answered in the order of the calls, which is the order in which they apply to what is sent, and before
    /// compression. What this one does to messages is for your code to do; see
    /// [`guide::own_extensions`](crate::guide::own_extensions).
    #[must_use]
    pub fn extension(self, extension: &str) -> Self {
        self.extension_with_rsv(extension, Rsv::NONE)
    }

    /// Selects an extension of your own that marks messages with reserved bits. See [`extension`](Self::extension).
    ///
    /// Messages may have these bits set then: see [`Config::allow_rsv`]. If RSV1 is among them, messages are not compressed.
    #[must_use]
    pub fn extension_with_rsv(mut self, extension: &str, rsv: Rsv) -> Self {
        self.extensions.push((extension.into(), rsv));
        self
    }

    /// Adds a header, for example `Set-Cookie`. [`Request::accept`] returns an error if it is invalid.
    ///
    /// If a response has at most one header of this name, such as `Server`, it replaces an earlier one.
    ///
    /// The name must be a token, and not a header that the handshake writes itself: Host, Upgrade,
    /// Connection, Content-Length, Transfer-Encoding, Sec-WebSocket-*. The value must not contain control
    /// characters except tabs.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.extra.push_or_note(name, value, &mut self.error);
        self
    }

    /// Sets the behavior and the limits of the connection.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Returns the response to this request, or an error if it must not be sent.
    pub(crate) fn answer<T>(self, request: &Request<T>) -> Result<Answer, ResponseErrorKind> {
        let config = self.select(request)?;
        let (config, compression) = if config.allows_compression() {
            self.compression.agree(request, config)
        } else {
            (config, None)
        };
        let extensions = if self.extensions.is_empty() {
            compression
        } else {
            let own = self.extensions.iter().map(|(extension, _)| extension.as_str());
            Some(own.chain(compression.as_deref()).collect::<Vec<&str>>().join(", "))
        };
        let answer = self.answer_plain(|name| request.subprotocols().any(|offered| offered == name))?;
        Ok(Answer { config, extensions, ..answer })
    }

    /// Checks the extensions of the caller, and allows their reserved bits.
    fn select<T>(&self, request: &Request<T>) -> Result<Config, ResponseErrorKind> {
        let mut used = Rsv::NONE;
        let name_of =
            |(extension, _): &(String, Rsv)| extension.split(';').next().map(str::trim).map(String::from);
        for (at, (extension, rsv)) in self.extensions.iter().enumerate() {
            let mut parsed = Extension::parse_all([extension.as_str()]);
            let (Some(Ok(selected)), None) = (parsed.next(), parsed.next()) else {
                return Err(ResponseErrorKind::InvalidExtension);
            };
            let earlier = self.extensions.iter().take(at);
            if earlier.filter_map(name_of).any(|name| name == selected.name()) || used.intersects(*rsv) {
                return Err(ResponseErrorKind::InvalidExtension);
            }
            if request.extensions().all(|offered| offered.name() != selected.name()) {
                return Err(ResponseErrorKind::ExtensionNotOffered);
            }
            used = used.with(*rsv);
        }
        Ok(self.config.with_rsv(used))
    }

    /// Returns the response without extensions, or an error if it must not be sent.
    pub(crate) fn answer_plain(
        self,
        is_offered: impl FnOnce(&str) -> bool,
    ) -> Result<Answer, ResponseErrorKind> {
        if let Some(error) = self.error {
            return Err(error);
        }
        // RFC 6455, 4.2.2: one of those that the client offered, or none.
        if self.subprotocol.as_deref().is_some_and(|name| !is_offered(name)) {
            return Err(ResponseErrorKind::SubprotocolNotOffered);
        }
        Ok(Answer { config: self.config, subprotocol: self.subprotocol, extensions: None, extra: self.extra })
    }
}

/// The response to one request, for every encoding.
pub(crate) struct Answer {
    pub(crate) config: Config,
    pub(crate) subprotocol: Option<String>,
    /// The value of Sec-WebSocket-Extensions.
    extensions: Option<String>,
    pub(crate) extra: ExtraHeaders,
}

impl Answer {
    /// Returns the headers of any response that opens a connection: the selections, and the caller's headers.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        let selected = [
            ("Sec-WebSocket-Protocol", self.subprotocol.as_deref()),
            ("Sec-WebSocket-Extensions", self.extensions.as_deref()),
        ];
        let selected = selected.into_iter().filter_map(|(name, value)| Some((name, value?.as_bytes())));
        selected.chain(self.extra.iter())
    }

    /// Returns the headers of the response to an upgrade (RFC 6455, section 4.2.2, item 5).
    #[cfg(feature = "http")]
    pub(crate) fn upgrade_headers<'a>(
        &'a self,
        key_accept: &'a [u8; 28],
    ) -> impl Iterator<Item = (&'a str, &'a [u8])> + Clone {
        let upgrade = [
            ("Upgrade", &b"websocket"[..]),
            ("Connection", b"Upgrade"),
            ("Sec-WebSocket-Accept", key_accept),
        ];
        upgrade.into_iter().chain(self.headers())
    }

    /// Appends the response to an upgrade with this key.
    pub(super) fn append(&self, key: &[u8], out: &mut Vec<u8>) {
        let key_accept = accept_key(key);
        append_head(&[SWITCHING, &key_accept, b"\r\n"], self.headers(), out);
    }
}

/// The beginning of every response to an upgrade: the status and the headers of [`Answer::upgrade_headers`],
/// in one piece because they never differ, so that they cost one copy instead of a pass over pairs.
const SWITCHING: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
Sec-WebSocket-Accept: ";

/// Shows no headers, which may contain credentials.
impl fmt::Debug for Accept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accept").field("error", &self.error).finish_non_exhaustive()
    }
}
