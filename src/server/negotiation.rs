//! Validates the headers of a request (RFC 6455, section 4.2.1), in whichever encoding they arrived.
//!
//! It uses the values and grammars of the handshake, and the grammar of an authority.

use crate::{
    handshake::{
        ContentLength, HandshakeError, KEY_LEN, MAX_EMPTY_ELEMENTS, MAX_SUBPROTOCOLS, Search, Single,
        Tolerance, VERSION, elements, extensions, is_named, is_subprotocol, is_token, parse_version,
        subprotocols,
    },
    uri,
};

/// The parts of an upgrade request that its response needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    /// The key, if it has the usual length. Any other is in the head.
    pub(crate) key: Option<[u8; KEY_LEN]>,
    pub(crate) extensions: Extensions,
}

/// Whether the offer of extensions counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extensions {
    Offered,
    /// It is malformed, which was tolerated.
    Ignored,
}

/// Validates a request of HTTP/1.1. Returns what its response needs if it asks for an upgrade to `websocket`,
/// or `None` if it is plain HTTP.
///
/// The order of the checks is the order of precedence of their responses. The version is one that `speaks`
/// accepts.
pub(crate) fn check_upgrade<'h>(
    headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])> + Clone,
    tolerance: Tolerance,
    speaks: impl Fn(&[u8]) -> bool,
) -> Result<Option<Opening>, HandshakeError> {
    let headers = RequestHeaders::read(headers);
    headers.check_body()?;
    headers.check_authority(None)?;
    if !headers.asks_for_upgrade(tolerance)? {
        return Ok(None);
    }
    headers.check_version(speaks)?;
    let key = headers.key(tolerance)?;
    let extensions = headers.check_offers(tolerance)?;
    Ok(Some(Opening { key, extensions }))
}

/// Validates a request of HTTP/1.0, which cannot ask for an upgrade (RFC 9110, section 7.8) and may omit the
/// host.
pub(crate) fn check_plain<'h>(
    headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])> + Clone,
) -> Result<(), HandshakeError> {
    let headers = RequestHeaders::read(headers);
    headers.check_body()?;
    if headers.host == Single::None { Ok(()) } else { headers.check_authority(None) }
}

/// Returns `true` if a request asks for an upgrade to `websocket`.
#[cfg(feature = "legacy")]
pub(crate) fn asks_for_upgrade<'h>(
    headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])> + Clone,
) -> Result<bool, HandshakeError> {
    RequestHeaders::read(headers).asks_for_upgrade(Tolerance::new())
}

/// Validates the requirements for every request of HTTP/1.1.
#[cfg(feature = "legacy")]
pub(crate) fn check_http<'h>(
    headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])> + Clone,
) -> Result<(), HandshakeError> {
    let headers = RequestHeaders::read(headers);
    headers.check_body()?;
    headers.check_authority(None)
}

/// Validates the host of a request whose body is handled elsewhere.
#[cfg(feature = "legacy")]
pub(crate) fn check_host<'h>(
    headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])> + Clone,
) -> Result<(), HandshakeError> {
    RequestHeaders::read(headers).check_authority(None)
}

/// The pseudo-header `:authority`, and the default port of its scheme.
#[derive(Clone, Copy)]
pub(crate) struct Authority<'h> {
    pub(crate) text: &'h str,
    pub(crate) default_port: u16,
}

/// Validates an extended CONNECT with this `:authority` (RFC 8441, section 5). A key is ignored.
pub(crate) fn check_connect<'h>(
    headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])> + Clone,
    authority: Option<Authority<'_>>,
    tolerance: Tolerance,
) -> Result<Extensions, HandshakeError> {
    let headers = RequestHeaders::read(headers);
    headers.check_authority(authority)?;
    headers.check_body()?;
    if headers.version != Single::None || !tolerance.allows(Tolerance::MISSING_VERSION) {
        headers.check_version(is_version)?;
    }
    headers.check_offers(tolerance)
}

/// The headers of a request, after one pass over them.
struct RequestHeaders<'h, I> {
    headers: I,
    host: Single<'h>,
    origin: Single<'h>,
    key: Single<'h>,
    version: Single<'h>,
    content_length: ContentLength,
    transfer_encoding: bool,
    upgrade: Search,
    connection: Search,
    subprotocols: Single<'h>,
    extensions: Single<'h>,
}

impl<'h, N: AsRef<[u8]>, I: Iterator<Item = (N, &'h [u8])> + Clone> RequestHeaders<'h, I> {
    /// Reads all headers, and validates none.
    fn read(headers: I) -> Self {
        let mut this = Self {
            headers: headers.clone(),
            host: Single::None,
            origin: Single::None,
            key: Single::None,
            version: Single::None,
            content_length: ContentLength::None,
            transfer_encoding: false,
            upgrade: Search::default(),
            connection: Search::default(),
            subprotocols: Single::None,
            extensions: Single::None,
        };
        for (name, value) in headers {
            this.read_one(name.as_ref(), value);
        }
        this
    }

    fn read_one(&mut self, name: &[u8], value: &'h [u8]) {
        let is = |usual: &str| is_named(name, usual.as_bytes());
        match name.len() {
            4 if is("Host") => self.host.add(value),
            6 if is("Origin") => self.origin.add(value),
            7 if is("Upgrade") => self.upgrade.add(value, b"websocket", is_upgrade_protocol),
            10 if is("Connection") => self.connection.add(value, b"upgrade", is_token),
            14 if is("Content-Length") => self.content_length.add(value),
            17 if is("Sec-WebSocket-Key") => self.key.add(value),
            17 if is("Transfer-Encoding") => self.transfer_encoding = true,
            21 if is("Sec-WebSocket-Version") => self.version.add(value),
            22 if is("Sec-WebSocket-Protocol") => self.subprotocols.add(value),
            24 if is("Sec-WebSocket-Extensions") => self.extensions.add(value),
            _ => {}
        }
    }

    /// Checks that there is one valid host: that of the pseudo-header `:authority` or that of Host. If there
    /// are both, they must be equivalent with the default port of the scheme (RFC 9112, section 3.2; RFC
    /// 9113, section 8.3.1).
    fn check_authority(&self, pseudo: Option<Authority<'_>>) -> Result<(), HandshakeError> {
        let same = match (pseudo, self.host) {
            (Some(pseudo), Single::None) => uri::split_authority(pseudo.text).is_ok(),
            (None, Single::One(host)) => split_host(host).is_some(),
            (Some(pseudo), Single::One(host)) => {
                match (uri::split_authority(pseudo.text), split_host(host)) {
                    (Ok((name, port)), Some((other, other_port))) => {
                        let port_or_default = |port: Option<u16>| port.unwrap_or(pseudo.default_port);
                        name.eq_ignore_ascii_case(other)
                            && port_or_default(port) == port_or_default(other_port)
                    }
                    _ => false,
                }
            }
            _ => false,
        };
        if same { Ok(()) } else { Err(HandshakeError::InvalidHostHeader) }
    }

    /// Checks that no body is declared.
    fn check_body(&self) -> Result<(), HandshakeError> {
        match self.content_length {
            _ if self.transfer_encoding => Err(HandshakeError::UnexpectedBody),
            ContentLength::Invalid => Err(HandshakeError::InvalidContentLength),
            ContentLength::Some(1..) => Err(HandshakeError::UnexpectedBody),
            ContentLength::None | ContentLength::Some(0) => Ok(()),
        }
    }

    /// Returns `true` if the request asks for an upgrade to `websocket` (RFC 6455, section 4.2.1, items 3 and
    /// 4).
    fn asks_for_upgrade(&self, tolerance: Tolerance) -> Result<bool, HandshakeError> {
        if self.upgrade.malformed || self.connection.malformed {
            return Err(HandshakeError::MalformedUpgrade);
        }
        Ok(self.upgrade.found && (self.connection.found || tolerance.allows(Tolerance::MISSING_CONNECTION)))
    }

    /// Returns the key, if it has the usual length (RFC 6455, section 4.2.1, item 5; section 11.3.1).
    fn key(&self, tolerance: Tolerance) -> Result<Option<[u8; KEY_LEN]>, HandshakeError> {
        match self.key {
            Single::One(key) if is_key(key) || tolerance.allows(Tolerance::ANY_KEY) && is_graphic(key) => {
                Ok(key.try_into().ok())
            }
            _ => Err(HandshakeError::InvalidKey),
        }
    }

    /// Checks the version, of which `speaks` accepts the supported ones (RFC 6455, section 4.2.1, item 6;
    /// sections 4.4 and 11.3.5).
    fn check_version(&self, speaks: impl Fn(&[u8]) -> bool) -> Result<(), HandshakeError> {
        match self.version {
            Single::One(version) if speaks(version) => Ok(()),
            Single::One(version) if parse_version(version).is_some() => {
                Err(HandshakeError::UnsupportedVersion)
            }
            _ => Err(HandshakeError::InvalidVersion),
        }
    }

    /// Checks Origin, subprotocols and extensions (RFC 6455, section 4.2.1, items 7 to 9).
    fn check_offers(&self, tolerance: Tolerance) -> Result<Extensions, HandshakeError> {
        match self.origin {
            Single::None => {}
            Single::One(b"") if tolerance.allows(Tolerance::EMPTY_HEADERS) => {}
            Single::One(origin) if is_visible(origin) => {}
            _ => return Err(HandshakeError::InvalidOrigin),
        }
        match self.subprotocols {
            Single::None => {}
            Single::One(value) => {
                check_subprotocols([("Sec-WebSocket-Protocol", value)].into_iter(), tolerance)?;
            }
            Single::Many => check_subprotocols(self.headers.clone(), tolerance)?,
        }
        let offer = match self.extensions {
            Single::None => Ok(()),
            Single::One(value) => check_extensions([("Sec-WebSocket-Extensions", value)].into_iter()),
            Single::Many => check_extensions(self.headers.clone()),
        };
        match offer {
            Err(_) if tolerance.allows(Tolerance::MALFORMED_EXTENSIONS) => Ok(Extensions::Ignored),
            offer => offer.map(|()| Extensions::Offered),
        }
    }
}

/// Returns `true` for the version of RFC 6455, which is the only one (RFC 6455, section 4.1).
pub(crate) fn is_version(version: &[u8]) -> bool {
    version == VERSION.as_bytes()
}

/// RFC 9110, 7.8: a name, which may have a version.
fn is_upgrade_protocol(element: &[u8]) -> bool {
    element.splitn(2, |&byte| byte == b'/').all(is_token)
}

/// Returns host and port if the value is an authority.
fn split_host(value: &[u8]) -> Option<(&str, Option<u16>)> {
    uri::split_authority(str::from_utf8(value).ok()?).ok()
}

fn is_visible(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

fn is_graphic(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(u8::is_ascii_graphic)
}

/// RFC 6455, 4.3 and 9.1.
fn check_extensions<'h>(
    headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])>,
) -> Result<(), HandshakeError> {
    extensions(headers).try_for_each(|extension| extension.map(drop))
}

/// RFC 6455, 4.1 and 4.3: at least one, all of them tokens, and no two equal.
fn check_subprotocols<'h>(
    headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])> + Clone,
    tolerance: Tolerance,
) -> Result<(), HandshakeError> {
    let lines = headers.clone().filter(|(name, _)| is_named(name.as_ref(), b"Sec-WebSocket-Protocol"));
    let is_name = if tolerance.allows(Tolerance::ANY_SUBPROTOCOL_NAME) { is_subprotocol } else { is_token };
    let mut empty = 0_usize;
    for element in lines.flat_map(|(_, value)| elements(value)) {
        if element.is_empty() {
            empty = empty.saturating_add(1);
        } else if !is_name(element) {
            return Err(HandshakeError::InvalidSubprotocols);
        }
        if empty > MAX_EMPTY_ELEMENTS {
            return Err(HandshakeError::InvalidSubprotocols);
        }
    }
    // An array bounds the number of comparisons, and needs no memory that the peer could demand.
    let mut seen = [""; MAX_SUBPROTOCOLS];
    let mut count = 0_usize;
    for subprotocol in subprotocols(headers) {
        let Some((earlier, [slot, ..])) = seen.split_at_mut_checked(count) else {
            return Err(HandshakeError::InvalidSubprotocols);
        };
        if earlier.contains(&subprotocol) {
            return Err(HandshakeError::InvalidSubprotocols);
        }
        *slot = subprotocol;
        count = count.saturating_add(1);
    }
    if count == 0 && !tolerance.allows(Tolerance::EMPTY_HEADERS) {
        Err(HandshakeError::InvalidSubprotocols)
    } else {
        Ok(())
    }
}

/// Returns `true` for a key: 24 characters of base64 that encode 16 bytes (RFC 6455, section 4.2.1).
///
/// The unused bits of the last character may have any value: in the sample in RFC 6455, section 4.1, they are
/// set (erratum 3150).
fn is_key(value: &[u8]) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    match <&[u8; KEY_LEN]>::try_from(value) {
        // Without an early end, vectors do it.
        Ok([digits @ .., b'=', b'=']) => digits.iter().fold(true, |valid, &byte| valid & is_digit(byte)),
        _ => false,
    }
}
