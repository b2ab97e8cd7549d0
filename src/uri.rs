//! `ws` and `wss` URIs (RFC 6455, section 3), and the `http` and `https` URIs that stand for them.
//!
//! Uses `excerpt`.

use alloc::{borrow::Cow, format, string::String};
use core::{error, fmt, net::Ipv6Addr, str::FromStr};

use crate::excerpt::Excerpt;

/// The address of a WebSocket: `ws://host[:port]/path[?query]`, or `wss` for TLS (RFC 6455, section 3).
///
/// `http` and `https` are read as `ws` and `wss`, as browsers do (WHATWG `WebSockets`, section 3.1).
///
/// It is stored in normal form: scheme and host in lower case, no default port, `/` for an empty path, no `?`
/// for an empty query. [`Display`](fmt::Display) writes that form, including user information;
/// [`Debug`](fmt::Debug) omits user information and query, which may contain credentials.
///
/// Only ASCII is accepted. Convert a host name in another script to its ASCII form (IDNA) first, and
/// percent-encode characters that a path or query cannot contain; escapes are passed on unchanged.
///
/// An IPv6 address may have a zone, written as `[fe80::1%25eth0]` (RFC 6874): letters, digits, `-`, `.`, `_` and `~`. RFC 9844
/// has replaced that RFC and leaves zones to the programs that a person enters them in; this notation is the one that
/// fits into a URI. The zone is used to [connect](Self::connect_host), and never sent: it is a name of this machine.
///
/// # Unix sockets
///
/// You make the connection, so the URI names only the request: connect to the Unix socket, and request
/// `ws://localhost/path`. The [guide](crate::guide::embedding#unix-sockets) has a recipe for `ws+unix` addresses.
///
/// # Examples
///
/// This parses the URI of an IPv6 host:
///
/// ```
/// use sansocket::uri::Uri;
///
/// let uri: Uri = "wss://[2001:DB8::1]:443/chat?room=1".parse()?;
/// assert!(uri.is_secure());
/// assert_eq!(uri.host(), "[2001:db8::1]");
/// assert_eq!(uri.host_without_brackets(), "2001:db8::1");
/// assert_eq!((uri.port(), uri.authority()), (443, "[2001:db8::1]"));
/// assert_eq!(uri.resource_name(), "/chat?room=1");
/// # Ok::<(), sansocket::uri::UriError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Uri {
    /// The normal form: `scheme://[userinfo@]host[:port]resource-name`.
    text: String,
    /// The address with its zone, as name resolution expects it.
    zoned: Option<String>,
    /// The position of the host in `text`.
    host: usize,
    /// The end of the host, after which the port may follow.
    host_end: usize,
    /// The position of the resource name.
    resource: usize,
    port: u16,
    secure: bool,
}

impl Uri {
    /// Parses a URI.
    ///
    /// # Errors
    ///
    /// Returns a [`UriError`] that names the invalid part.
    pub fn parse(uri: impl AsRef<[u8]>) -> Result<Self, UriError> {
        let uri = uri.as_ref();
        check_characters(uri)?;
        Self::parse_checked(str::from_utf8(uri).map_err(|_| UriError::NonAscii)?)
    }

    /// Parses a text, which need not be validated as one.
    pub(crate) fn parse_text(uri: &str) -> Result<Self, UriError> {
        check_characters(uri.as_bytes())?;
        Self::parse_checked(uri)
    }

    fn parse_checked(uri: &str) -> Result<Self, UriError> {
        let (scheme, rest) = split_before(uri, |byte| byte == b':');
        let rest = rest.strip_prefix(':').ok_or(UriError::InvalidScheme)?;
        // RFC 6455, 3: only the scheme decides, and its case does not matter.
        let secure = match scheme {
            _ if scheme.eq_ignore_ascii_case("ws") || scheme.eq_ignore_ascii_case("http") => false,
            _ if scheme.eq_ignore_ascii_case("wss") || scheme.eq_ignore_ascii_case("https") => true,
            _ => return Err(UriError::InvalidScheme),
        };
        let rest = rest.strip_prefix("//").ok_or(UriError::InvalidAuthority)?;
        let (authority, resource) = split_before(rest, |byte| matches!(byte, b'/' | b'?'));
        let (userinfo, authority) = match authority.bytes().rposition(|byte| byte == b'@') {
            Some(at) => (authority.get(..at), authority.get(at.saturating_add(1)..).unwrap_or_default()),
            None => (None, authority),
        };
        if userinfo.is_some_and(|userinfo| !is_userinfo(userinfo)) {
            return Err(UriError::InvalidUserInfo);
        }
        let (authority, zone) = split_zone(authority)?;
        let (host, port) = split_authority(&authority)?;
        let default_port = if secure { 443 } else { 80 };
        let mut uri = Self {
            text: String::with_capacity(uri.len().saturating_add(1)),
            zoned: zone.map(|zone| zoned_host(host, zone)),
            host: 0,
            host_end: 0,
            resource: 0,
            port: port.unwrap_or(default_port),
            secure,
        };
        uri.write(userinfo, host, (uri.port != default_port).then_some(uri.port), resource);
        Ok(uri)
    }

    /// Creates a URI without user information from the parts of a URL that has been parsed by other rules.
    #[cfg(feature = "browser")]
    pub(crate) fn from_parts(secure: bool, host: &str, port: u16, resource: &str) -> Self {
        let text = String::with_capacity(host.len().saturating_add(resource.len()).saturating_add(12));
        let mut uri = Self { text, zoned: None, host: 0, host_end: 0, resource: 0, port, secure };
        let default_port = if secure { 443 } else { 80 };
        uri.write(None, host, (port != default_port).then_some(port), resource);
        uri
    }

    /// Returns `true` if the scheme is `wss`: the opening handshake is sent through TLS, once that has been
    /// set up (RFC 6455, section 4.1).
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Returns the host in lower case; an IPv6 address is in brackets.
    pub fn host(&self) -> &str {
        self.slice(self.host, self.host_end)
    }

    /// Returns the host as the server name of TLS expects it: without brackets, and without the zone of an IPv6 address.
    pub fn host_without_brackets(&self) -> &str {
        without_brackets(self.host())
    }

    /// Returns the host as name resolution and `connect` expect it: without brackets, and with the zone of an IPv6 address
    /// after a `%`.
    ///
    /// ```
    /// use sansocket::uri::Uri;
    ///
    /// let uri: Uri = "ws://[fe80::1%25eth0]:9000/".parse()?;
    /// assert_eq!(uri.connect_host(), "fe80::1%eth0");
    /// assert_eq!((uri.authority(), uri.zone()), ("[fe80::1]:9000", Some("eth0")));
    /// # Ok::<(), sansocket::uri::UriError>(())
    /// ```
    pub fn connect_host(&self) -> &str {
        self.zoned.as_deref().unwrap_or_else(|| self.host_without_brackets())
    }

    /// Returns the zone of an IPv6 address: the name or the number of a network interface (RFC 4007, section 11).
    pub fn zone(&self) -> Option<&str> {
        self.zoned.as_ref()?.split_once('%').map(|(_, zone)| zone)
    }

    /// Returns the port, by default 80 for `ws` and 443 for `wss` (RFC 6455, section 3).
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the value of the Host header: the host, and the port unless it is the default (RFC 6455,
    /// section 4.1).
    pub fn authority(&self) -> &str {
        self.slice(self.host, self.resource)
    }

    /// Returns path and query as in the request line (RFC 6455, section 3). It begins with `/`.
    pub fn resource_name(&self) -> &str {
        self.slice(self.resource, self.text.len())
    }

    /// Returns the user information, still percent-encoded, if present.
    ///
    /// It is never sent. To use it for authorization, add an Authorization header to the request.
    pub fn userinfo(&self) -> Option<&str> {
        self.slice(0, self.host).strip_suffix('@')?.split_once("//").map(|(_, userinfo)| userinfo)
    }

    fn write(&mut self, userinfo: Option<&str>, host: &str, port: Option<u16>, resource: &str) {
        let text = &mut self.text;
        text.push_str(if self.secure { "wss://" } else { "ws://" });
        if let Some(userinfo) = userinfo {
            text.push_str(userinfo);
            text.push('@');
        }
        self.host = text.len();
        text.push_str(host);
        text.get_mut(self.host..).unwrap_or_default().make_ascii_lowercase();
        self.host_end = text.len();
        if let Some(port) = port {
            // Writing into a `String` does not fail.
            let _ = fmt::Write::write_fmt(text, format_args!(":{port}"));
        }
        self.resource = text.len();
        // RFC 6455, 3: "/" for an empty path, and no "?" without a query.
        if !resource.starts_with('/') {
            text.push('/');
        }
        match resource.strip_suffix('?') {
            Some(path) if !path.contains('?') => text.push_str(path),
            _ => text.push_str(resource),
        }
    }

    fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }
}

impl FromStr for Uri {
    type Err = UriError;

    fn from_str(uri: &str) -> Result<Self, UriError> {
        Self::parse_text(uri)
    }
}

impl TryFrom<&str> for Uri {
    type Error = UriError;

    fn try_from(uri: &str) -> Result<Self, UriError> {
        Self::parse_text(uri)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, bracket) =
            self.text.split_at_checked(self.host_end.saturating_sub(1)).unwrap_or_default();
        match self.zone() {
            Some(zone) => write!(f, "{before}%25{zone}{bracket}"),
            None => f.write_str(&self.text),
        }
    }
}

/// Shows neither user information nor query, and at most the beginning of a long path.
impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uri")
            .field("secure", &self.secure)
            .field("authority", &Excerpt::new(self.authority().as_bytes()))
            .field("path", &Excerpt::without_query(self.resource_name()))
            .finish_non_exhaustive()
    }
}

/// The reason why a text is not a `ws` or `wss` URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UriError {
    /// The URI does not begin with `ws:`, `wss:`, `http:` or `https:`.
    InvalidScheme,
    /// The scheme is not followed by `//` and a host.
    InvalidAuthority,
    /// The user information before the `@` contains a character that must be percent-encoded there, or a `%`
    /// that does not begin an escape.
    InvalidUserInfo,
    /// The host is neither a name nor an address, or an IPv6 address without brackets or with an invalid zone.
    InvalidHost,
    /// The port is not a number up to 65535.
    InvalidPort,
    /// The URI contains a control character or a space, which must be percent-encoded.
    InvalidCharacter,
    /// The URI contains a character outside ASCII: convert host names with IDNA, and percent-encode the rest.
    NonAscii,
    /// The URI has a fragment, from `#` on, which has no meaning in these URIs (RFC 6455, section 3); encode
    /// a literal `#` as `%23`.
    UnexpectedFragment,
}

impl UriError {
    /// Returns a stable short name of the error, for logs and metrics. See
    /// [`ProtocolError::name`](crate::ProtocolError::name) for details.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::InvalidScheme => "uri_invalid_scheme",
            Self::InvalidAuthority => "uri_invalid_authority",
            Self::InvalidUserInfo => "uri_invalid_user_info",
            Self::InvalidHost => "uri_invalid_host",
            Self::InvalidPort => "uri_invalid_port",
            Self::InvalidCharacter => "uri_invalid_character",
            Self::NonAscii => "uri_non_ascii",
            Self::UnexpectedFragment => "uri_unexpected_fragment",
        }
    }
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidScheme => "URI does not begin with ws://, wss://, http:// or https://",
            Self::InvalidAuthority => "URI is missing a host",
            Self::InvalidUserInfo => {
                "user information of the URI contains a character that must be percent-encoded"
            }
            Self::InvalidHost => "host of the URI is neither a host name nor an IP address",
            Self::InvalidPort => "port of the URI is not a number up to 65535",
            Self::InvalidCharacter => {
                "URI contains a space or control character that must be percent-encoded"
            }
            Self::NonAscii => "URI contains a character outside ASCII",
            Self::UnexpectedFragment => "URI must not have a fragment (encode a literal # as %23)",
        })
    }
}

impl error::Error for UriError {}

/// Splits the zone off an authority that begins with an IPv6 address (RFC 6874, section 2).
pub(crate) fn split_zone(authority: &str) -> Result<(Cow<'_, str>, Option<&str>), UriError> {
    let zoned = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let Some(((address, zone), rest)) =
        zoned.and_then(|(address, rest)| Some((address.split_once("%25")?, rest)))
    else {
        return Ok((authority.into(), None));
    };
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if zone.is_empty() || !zone.bytes().all(is_valid) {
        return Err(UriError::InvalidHost);
    }
    Ok((format!("[{address}]{rest}").into(), Some(zone)))
}

/// Returns an IPv6 address in brackets as name resolution expects it, with a zone.
pub(crate) fn zoned_host(host: &str, zone: &str) -> String {
    format!("{}%{zone}", without_brackets(host).to_ascii_lowercase())
}

/// Splits an authority without user information into host and port, and validates both (RFC 3986, section
/// 3.2).
///
/// An escape in a host is rejected: it would only hide a character that no host name contains.
pub(crate) fn split_authority(authority: &str) -> Result<(&str, Option<u16>), UriError> {
    let (host, port) = if authority.starts_with('[') {
        let host_len = authority.find(']').ok_or(UriError::InvalidHost)?.saturating_add(1);
        authority.split_at_checked(host_len).ok_or(UriError::InvalidHost)?
    } else {
        split_before(authority, |byte| !is_name_character(byte))
    };
    if !port.is_empty() && !port.starts_with(':') {
        return Err(UriError::InvalidHost);
    }
    if host.is_empty() {
        return Err(UriError::InvalidAuthority);
    }
    if let Some(address) = host.strip_prefix('[')
        && address.trim_end_matches(']').parse::<Ipv6Addr>().is_err()
    {
        return Err(UriError::InvalidHost);
    }
    let port = match port.strip_prefix(':') {
        None | Some("") => None,
        // `u16::from_str` would accept a plus sign.
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(port.parse().map_err(|_| UriError::InvalidPort)?)
        }
        Some(_) => return Err(UriError::InvalidPort),
    };
    Ok((host, port))
}

/// Returns a host without the brackets of an IPv6 address.
pub(crate) fn without_brackets(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Splits a text before its first character of a kind, which are ASCII characters. The rest is empty if there is
/// none.
fn split_before(text: &str, is_end: impl Fn(u8) -> bool) -> (&str, &str) {
    let len = text.bytes().position(is_end).unwrap_or(text.len());
    text.split_at_checked(len).unwrap_or((text, ""))
}

/// RFC 3986: unreserved characters and sub-delims.
#[inline]
fn is_name_character(byte: u8) -> bool {
    NAME_CHARACTERS.get(usize::from(byte)).copied().unwrap_or_default()
}

#[expect(
    clippy::as_conversions,
    clippy::indexing_slicing,
    reason = "it is computed by the compiler, which would refuse a fault"
)]
const NAME_CHARACTERS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'_' | b'~')
            || matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=');
        byte += 1;
    }
    table
};

pub(crate) fn is_userinfo(userinfo: &str) -> bool {
    let mut rest = userinfo.as_bytes();
    loop {
        rest = match rest {
            [] => return true,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest,
            [byte, rest @ ..] if is_name_character(*byte) || *byte == b':' => rest,
            _ => return false,
        };
    }
}

/// Checks that a URI is ASCII, and contains nothing that could end a request line or the URI early.
///
/// Some accepted characters, such as `|` and `{`, should be percent-encoded by RFC 3986, but are sent
/// unchanged, as browsers do.
pub(crate) fn check_characters(uri: &[u8]) -> Result<(), UriError> {
    let is_valid = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
    // Without an early end, vectors do it.
    if uri.iter().fold(true, |valid, &byte| valid & is_valid(byte)) {
        return Ok(());
    }
    match uri.iter().find(|&&byte| !is_valid(byte)) {
        Some(b'#') => Err(UriError::UnexpectedFragment),
        Some(0..=b' ' | 0x7f) => Err(UriError::InvalidCharacter),
        _ => Err(UriError::NonAscii),
    }
}
