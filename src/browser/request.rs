//! The arguments of the constructor, checked, and what the engine adds to them.

use alloc::{format, string::String};
use core::time::Duration;

use url::Url;

use super::{DomError, SyntaxCause};
use crate::{
    Config, Delivery, client,
    frame::Rsv,
    handshake::{HandshakeLimits, MAX_SUBPROTOCOLS, is_token},
    keepalive::Timeouts,
    session::Session,
    uri::Uri,
};

/// The arguments of `new WebSocket(url, protocols)`, which passed the checks of the standard (WHATWG `WebSockets`, section 3.1).
///
/// Before you create the [`WebSocket`](super::WebSocket), add what the engine is responsible for: the origin, cookies, compression,
/// limits. If the server answers with status 401, the same type describes the second attempt.
///
/// # Examples
///
/// The constructor of an object on a page at `https://example.com/app/`:
///
/// ```
/// use sansocket::browser::Request;
///
/// let base = Some("https://example.com/app/");
/// let request = Request::new("../chat?room=1", base, &["chat.v2", "chat"])?
///     .origin("https://example.com")
///     .header("Cookie", "id=7");
/// assert_eq!(request.url(), "wss://example.com/chat?room=1");
/// assert_eq!((request.uri().host(), request.uri().port()), ("example.com", 443));
/// # Ok::<(), sansocket::browser::DomError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) url: String,
    pub(super) origin: String,
    inner: client::Request,
    pub(super) timeouts: Timeouts,
    pub(super) max_buffered: Option<u64>,
}

impl Request {
    /// Checks the arguments of the constructor, and parses the URL against the base URL of the page, if there is one.
    ///
    /// The schemes `http` and `https` become `ws` and `wss`. Pass a `protocols` argument that is a string as a list of one,
    /// and an absent one as an empty list.
    ///
    /// # Errors
    ///
    /// Returns [`DomError::Syntax`]. The checks are those of the standard, in its order; a list of more than 64 subprotocols
    /// is refused too.
    pub fn new(url: &str, base: Option<&str>, protocols: &[&str]) -> Result<Self, DomError> {
        let url = parse(url, base)?;
        check_protocols(protocols)?;
        let secure = url.scheme() == "wss";
        let port = url.port_or_known_default().unwrap_or(if secure { 443 } else { 80 });
        let resource = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let uri = Uri::from_parts(secure, url.host_str().unwrap_or_default(), port, &resource);
        let mut request =
            protocols.iter().fold(client::Request::from(uri), |request, one| request.subprotocol(one));
        if !protocols.is_empty() {
            request = request.require_subprotocol();
        }
        // Fetch: the cache mode is "no-store".
        request = request.header("Pragma", "no-cache").header("Cache-Control", "no-cache");
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            url: url.into(),
            inner: request,
            timeouts: Timeouts::new().idle(None).ping_interval(None),
            max_buffered: None,
        }
        .config(Config::new()))
    }

    /// Returns the serialized URL, the value of the attribute `url`.
    ///
    /// It can contain user information, which is not sent. Cookies are those of the same URL with `http` for `ws`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the server to connect to: host, port, and whether TLS is required. It has no user information.
    ///
    /// Do not connect if [`is_blocked_port`](super::is_blocked_port) returns `true` for the port: report
    /// [`failed`](super::WebSocket::failed) instead.
    pub fn uri(&self) -> &Uri {
        self.inner.uri()
    }

    /// Sets the serialized origin of the page, which a browser always sends. The default is none (RFC 6455, section 4.1).
    #[must_use]
    pub fn origin(self, origin: &str) -> Self {
        self.change(|request| request.origin(origin))
    }

    /// Adds a header that the engine sends, such as `Cookie`, `User-Agent` or `Authorization`.
    ///
    /// `Pragma: no-cache` and `Cache-Control: no-cache` are sent in any case.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.change(|request| request.header(name, value))
    }

    /// Sets limits for frames and messages. The default is [`Config::new`].
    ///
    /// Delivery and the replies to Pings and Closes are those of a browser, whatever the configuration contains. Text that is not
    /// UTF-8, and reserved bits for which nothing was agreed, fail the connection.
    #[must_use]
    pub fn config(self, config: Config) -> Self {
        let config = config
            .delivery(Delivery::Messages)
            .auto_pong(true)
            // The object answers, once the page has received the messages before the Close.
            .auto_close(false)
            .deliver_while_closing(false)
            // A page has no event for these messages.
            .allow_invalid_utf8(false)
            .allow_rsv(Rsv::NONE);
        self.change(|request| request.config(config))
    }

    /// Sets the limits for the response of the server.
    #[must_use]
    pub fn limits(self, limits: HandshakeLimits) -> Self {
        self.change(|request| request.limits(limits))
    }

    /// Sets the timeouts. The default is 10 s for the handshake and 10 s for closing, no idle timeout and no Pings.
    ///
    /// The time for closing runs from the Close of this side, if it is the first one to the server's Close and the end of the
    /// transport, and if it is the second one to the end of the transport.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets the number of bytes up to which messages are buffered. The default is no limit.
    ///
    /// A message with which [`buffered_amount`](super::WebSocket::buffered_amount) would exceed it fails the connection, as the
    /// standard requires of a browser that has no room. Here an empty message counts as 1 byte, so the memory is bounded too.
    #[must_use]
    pub fn max_buffered(mut self, bytes: u64) -> Self {
        self.max_buffered = Some(bytes);
        self
    }

    pub(super) fn change(self, change: impl FnOnce(client::Request) -> client::Request) -> Self {
        Self { inner: change(self.inner), ..self }
    }

    pub(super) fn session(&self, seed: [u8; 32], now: Duration) -> Result<Session, client::RequestError> {
        // What the page buffers does not keep the object from reading: `WebSocket::wants_read` counts the rest.
        let session = Session::client(&self.inner, seed, self.timeouts, now)?;
        Ok(session.high_water(usize::MAX))
    }
}

/// WHATWG `WebSockets`, section 3.1, steps 1 to 7.
fn parse(url: &str, base: Option<&str>) -> Result<Url, SyntaxCause> {
    let base = base.and_then(|base| Url::parse(base).ok());
    let mut url = Url::options().base_url(base.as_ref()).parse(url).map_err(|_| SyntaxCause::InvalidUrl)?;
    let scheme = match url.scheme() {
        "ws" | "http" => "ws",
        "wss" | "https" => "wss",
        _ => return Err(SyntaxCause::UnsupportedScheme),
    };
    url.set_scheme(scheme).map_err(|()| SyntaxCause::UnsupportedScheme)?;
    if url.fragment().is_some() {
        return Err(SyntaxCause::UnexpectedFragment);
    }
    Ok(url)
}

/// WHATWG `WebSockets`, section 3.1, steps 8 and 9.
fn check_protocols(protocols: &[&str]) -> Result<(), SyntaxCause> {
    for (index, protocol) in protocols.iter().enumerate() {
        if !is_token(protocol.as_bytes()) {
            return Err(SyntaxCause::InvalidProtocol);
        }
        if index >= MAX_SUBPROTOCOLS {
            return Err(SyntaxCause::TooManyProtocols);
        }
        if protocols.iter().take(index).any(|other| other == protocol) {
            return Err(SyntaxCause::RepeatedProtocol);
        }
    }
    Ok(())
}
