//! The URI of a proxy.

use alloc::{string::String, vec::Vec};
use core::{error, fmt, str::FromStr};

use crate::uri::{
    UriError, check_characters, is_userinfo, split_authority, split_zone, without_brackets, zoned_host,
};

/// The address of a proxy, and the credentials for it: `http://user:pass@host:port` (RFC 3986).
///
/// The schemes are `http`, `https`, `socks5` and `socks5h`. The port is 80, 443 or 1080 by default. User name
/// and password are percent-decoded. A path may only be `/`.
///
/// ```
/// use sansocket::proxy::{ProxyUri, Scheme};
///
/// let proxy: ProxyUri = "socks5h://me:p%40ss@proxy.example".parse()?;
/// assert_eq!(proxy.scheme(), Scheme::Socks5h);
/// assert_eq!((proxy.host(), proxy.port()), ("proxy.example", 1080));
/// assert_eq!(proxy.credentials(), Some(("me", "p@ss")));
/// # Ok::<(), sansocket::proxy::ProxyUriError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUri {
    scheme: Scheme,
    host: String,
    /// The address with its zone, as name resolution expects it.
    zoned: Option<String>,
    port: u16,
    credentials: Option<(String, String)>,
}

/// The protocol of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "each of them asks for something else of the caller")]
pub enum Scheme {
    /// `http`: CONNECT over a plain transport.
    Http,
    /// `https`: CONNECT over TLS, which you set up with the proxy before the tunnel is requested.
    Https,
    /// `socks5`: SOCKS5 with an address that you resolved.
    Socks5,
    /// `socks5h`: SOCKS5 with a host name that the proxy resolves, so that names are not looked up from here.
    Socks5h,
}

impl ProxyUri {
    /// Parses the URI of a proxy.
    ///
    /// # Errors
    ///
    /// Returns a [`ProxyUriError`] that names the invalid part.
    pub fn parse(uri: &str) -> Result<Self, ProxyUriError> {
        check_characters(uri.as_bytes())?;
        let (scheme, rest) = uri.split_once("://").ok_or(ProxyUriError::UnsupportedScheme)?;
        let schemes = [
            ("http", Scheme::Http, 80),
            ("https", Scheme::Https, 443),
            ("socks5", Scheme::Socks5, 1080),
            ("socks5h", Scheme::Socks5h, 1080),
        ];
        let (_, scheme, default_port) = schemes
            .into_iter()
            .find(|(name, ..)| scheme.eq_ignore_ascii_case(name))
            .ok_or(ProxyUriError::UnsupportedScheme)?;
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if !matches!(path, "" | "/") {
            return Err(ProxyUriError::UnexpectedPath);
        }
        let (userinfo, authority) = match authority.rsplit_once('@') {
            Some((userinfo, authority)) => (Some(userinfo), authority),
            None => (None, authority),
        };
        let (authority, zone) = split_zone(authority)?;
        let (host, port) = split_authority(&authority)?;
        Ok(Self {
            scheme,
            host: host.to_ascii_lowercase(),
            zoned: zone.map(|zone| zoned_host(host, zone)),
            port: port.unwrap_or(default_port),
            credentials: userinfo.map(credentials).transpose()?,
        })
    }

    /// Returns the protocol of the proxy.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the host in lower case, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the host as the server name of TLS expects it: without brackets, and without the zone of an IPv6 address.
    pub fn host_without_brackets(&self) -> &str {
        without_brackets(&self.host)
    }

    /// Returns the host as name resolution and `connect` expect it: without brackets, and with the zone of an IPv6 address
    /// after a `%`. See [`Uri::connect_host`](crate::uri::Uri::connect_host).
    pub fn connect_host(&self) -> &str {
        self.zoned.as_deref().unwrap_or_else(|| self.host_without_brackets())
    }

    /// Returns the port, by default 80 for `http`, 443 for `https` and 1080 for SOCKS5.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns user name and password, percent-decoded, if the URI has user information. Without a colon in
    /// it, the password is empty.
    pub fn credentials(&self) -> Option<(&str, &str)> {
        self.credentials.as_ref().map(|(user, password)| (&**user, &**password))
    }
}

impl FromStr for ProxyUri {
    type Err = ProxyUriError;

    fn from_str(uri: &str) -> Result<Self, ProxyUriError> {
        Self::parse(uri)
    }
}

/// Shows no credentials.
impl fmt::Debug for ProxyUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyUri")
            .field("scheme", &self.scheme)
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// The reason why a text is not the URI of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyUriError {
    /// It does not begin with `http://`, `https://`, `socks5://` or `socks5h://`.
    UnsupportedScheme,
    /// It has a path or a query, which have no meaning for a proxy.
    UnexpectedPath,
    /// Another part is invalid, or the credentials are not UTF-8 once they are decoded.
    Invalid(UriError),
}

impl ProxyUriError {
    /// Returns a stable short name of the error, for logs and metrics. See
    /// [`ProtocolError::name`](crate::ProtocolError::name) for details.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::UnsupportedScheme => "proxy_unsupported_scheme",
            Self::UnexpectedPath => "proxy_unexpected_path",
            Self::Invalid(error) => error.name(),
        }
    }
}

impl fmt::Display for ProxyUriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsupportedScheme => f.write_str(
                "the URI of the proxy does not begin with http://, https://, socks5:// or socks5h://",
            ),
            Self::UnexpectedPath => f.write_str("the URI of the proxy has a path or a query"),
            Self::Invalid(error) => write!(f, "the proxy cannot be used: {error}"),
        }
    }
}

impl error::Error for ProxyUriError {}

impl From<UriError> for ProxyUriError {
    fn from(error: UriError) -> Self {
        Self::Invalid(error)
    }
}

/// The user name and the password in user information.
fn credentials(userinfo: &str) -> Result<(String, String), UriError> {
    if !is_userinfo(userinfo) {
        return Err(UriError::InvalidUserInfo);
    }
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    Ok((percent_decode(user)?, percent_decode(password)?))
}

/// Decodes text whose escapes are well-formed.
fn percent_decode(text: &str) -> Result<String, UriError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('%') {
        decoded.extend_from_slice(plain.as_bytes());
        let (digits, behind) = escape.split_at_checked(2).ok_or(UriError::InvalidUserInfo)?;
        decoded.push(u8::from_str_radix(digits, 16).map_err(|_| UriError::InvalidUserInfo)?);
        rest = behind;
    }
    decoded.extend_from_slice(rest.as_bytes());
    String::from_utf8(decoded).map_err(|_| UriError::InvalidUserInfo)
}
