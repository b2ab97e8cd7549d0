//! What the headers of a request and a response have to say (RFC 6455, 4.1, 4.2.1 and 4.2.2).
//!
//! Headers are pairs of name and value here, from wherever. What an HTTP/1.1 upgrade needs is apart from what
//! an extended CONNECT (RFC 8441) needs as well.

use alloc::string::String;

use super::{
    HandshakeError, KEY_LEN,
    extensions::{MAX_ELEMENTS, extensions},
    grammar::{MAX_EMPTY_ELEMENTS, elements, is_key, is_token, parse_version, subprotocols, trim_ows},
};
use crate::uri;

/// The headers of a request, after one pass over them.
pub(crate) struct RequestHeaders<'h, I> {
    headers: I,
    host: Single<'h>,
    origin: Single<'h>,
    key: Single<'h>,
    version: Single<'h>,
    content_length: ContentLength,
    transfer_encoding: bool,
    upgrade: Search,
    connection: Search,
    subprotocols: bool,
    extensions: bool,
}

impl<'h, I: Iterator<Item = (&'h str, &'h [u8])> + Clone> RequestHeaders<'h, I> {
    /// Reads all headers, and judges none.
    pub(crate) fn read(headers: I) -> Self {
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
            subprotocols: false,
            extensions: false,
        };
        for (name, value) in headers {
            this.read_one(name, value);
        }
        this
    }

    fn read_one(&mut self, name: &str, value: &'h [u8]) {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        match name.len() {
            4 if is("host") => self.host.add(value),
            6 if is("origin") => self.origin.add(value),
            7 if is("upgrade") => self.upgrade.add(value, b"websocket", is_upgrade_protocol),
            10 if is("connection") => self.connection.add(value, b"upgrade", is_token),
            14 if is("content-length") => self.content_length.add(value),
            17 if is("sec-websocket-key") => self.key.add(value),
            17 if is("transfer-encoding") => self.transfer_encoding = true,
            21 if is("sec-websocket-version") => self.version.add(value),
            22 if is("sec-websocket-protocol") => self.subprotocols = true,
            24 if is("sec-websocket-extensions") => self.extensions = true,
            _ => {}
        }
    }

    /// What every request of HTTP/1.1 without a body has to fulfil.
    pub(crate) fn check_http(&self) -> Result<(), HandshakeError> {
        self.check_body()?;
        self.check_authority(None)
    }

    /// That there is one host, which is valid: that of the pseudo-header `:authority` or that of Host (RFC 9112, 3.2;
    /// RFC 9113, 8.3.1).
    pub(crate) fn check_authority(&self, pseudo: Option<&str>) -> Result<(), HandshakeError> {
        match (pseudo.map(str::as_bytes), self.host) {
            (Some(authority), Single::None) | (None, Single::One(authority)) if is_authority(authority) => {
                Ok(())
            }
            (Some(authority), Single::One(host)) if authority == host && is_authority(host) => Ok(()),
            _ => Err(HandshakeError::InvalidHostHeader),
        }
    }

    /// That no body is announced.
    pub(crate) fn check_body(&self) -> Result<(), HandshakeError> {
        match self.content_length {
            _ if self.transfer_encoding => Err(HandshakeError::UnexpectedBody),
            ContentLength::Invalid => Err(HandshakeError::InvalidContentLength),
            ContentLength::Some(1..) => Err(HandshakeError::UnexpectedBody),
            ContentLength::None | ContentLength::Some(0) => Ok(()),
        }
    }

    /// Whether the request asks for an upgrade to `websocket` (RFC 6455, 4.2.1, items 3 and 4).
    pub(crate) fn asks_for_upgrade(&self) -> Result<bool, HandshakeError> {
        if self.upgrade.malformed || self.connection.malformed {
            return Err(HandshakeError::MalformedUpgrade);
        }
        Ok(self.upgrade.found && self.connection.found)
    }

    /// The key (RFC 6455, 4.2.1, item 5; 11.3.1).
    pub(crate) fn key(&self) -> Result<[u8; KEY_LEN], HandshakeError> {
        match self.key {
            Single::One(key) if is_key(key) => key.try_into().map_err(|_| HandshakeError::InvalidKey),
            _ => Err(HandshakeError::InvalidKey),
        }
    }

    /// The version (RFC 6455, 4.2.1, item 6; 4.4; 11.3.5).
    pub(crate) fn check_version(&self) -> Result<(), HandshakeError> {
        match self.version {
            Single::One(b"13") => Ok(()),
            Single::One(version) if parse_version(version).is_some() => {
                Err(HandshakeError::UnsupportedVersion)
            }
            _ => Err(HandshakeError::InvalidVersion),
        }
    }

    /// Origin, subprotocols and extensions (RFC 6455, 4.2.1, items 7 to 9).
    pub(crate) fn check_offers(&self) -> Result<(), HandshakeError> {
        match self.origin {
            Single::None => {}
            Single::One(origin) if is_visible(origin) => {}
            _ => return Err(HandshakeError::InvalidOrigin),
        }
        if self.subprotocols {
            check_subprotocols(self.headers.clone())?;
        }
        if self.extensions {
            extensions(self.headers.clone()).try_for_each(|extension| extension.map(drop))?;
        }
        Ok(())
    }
}

/// What a client has offered, and the server may select from.
#[derive(Clone, Debug)]
pub(crate) struct Offered {
    /// The value of Sec-WebSocket-Protocol as it was sent, or empty.
    pub(crate) subprotocols: String,
    /// The value of Sec-WebSocket-Extensions as it was sent, or empty.
    pub(crate) extensions: String,
    /// Whether one of the subprotocols must have been selected.
    pub(crate) require_subprotocol: bool,
}

/// Checks the headers of a 101 response to a key that `key_accept` answers (RFC 6455, 4.1).
pub(crate) fn check_response<'h, I>(
    headers: I,
    key_accept: &[u8],
    offered: &Offered,
) -> Result<(), HandshakeError>
where
    I: Iterator<Item = (&'h str, &'h [u8])> + Clone,
{
    let mut upgrade = Single::None;
    let mut accept = Single::None;
    let mut connection = Search::default();
    for (name, value) in headers.clone() {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        match name.len() {
            7 if is("upgrade") => {
                elements(value)
                    .filter(|element| !element.is_empty())
                    .for_each(|element| upgrade.add(element));
            }
            10 if is("connection") => connection.add(value, b"upgrade", is_token),
            20 if is("sec-websocket-accept") => accept.add(value),
            _ => {}
        }
    }
    // RFC 6455, 4.1: of the value, one element and no other.
    match upgrade {
        Single::One(protocol) if protocol.eq_ignore_ascii_case(b"websocket") => {}
        _ => return Err(HandshakeError::InvalidUpgrade),
    }
    if connection.malformed || !connection.found {
        return Err(HandshakeError::InvalidConnection);
    }
    // RFC 6455, 4.1 and 11.3.3.
    if accept != Single::One(key_accept) {
        return Err(HandshakeError::InvalidAccept);
    }
    check_selection(headers, offered)
}

/// Checks what the server has selected, however the connection came about (RFC 6455, 4.1).
pub(crate) fn check_selection<'h, I>(headers: I, offered: &Offered) -> Result<(), HandshakeError>
where
    I: Iterator<Item = (&'h str, &'h [u8])> + Clone,
{
    let mut subprotocol = Single::None;
    let lines = headers.clone().filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-protocol"));
    lines.for_each(|(_, value)| subprotocol.add(value));
    match subprotocol {
        Single::None if offered.require_subprotocol => return Err(HandshakeError::MissingSubprotocol),
        Single::None => {}
        // RFC 6455, 11.3.4: one token, and one of ours with the same case.
        Single::One(value)
            if is_token(value) && elements(offered.subprotocols.as_bytes()).any(|one| one == value) => {}
        _ => return Err(HandshakeError::UnexpectedSubprotocol),
    }
    let mut seen = [""; MAX_ELEMENTS];
    for (count, extension) in extensions(headers).enumerate() {
        let name = extension?.name();
        let offers = [("sec-websocket-extensions", offered.extensions.as_bytes())];
        let is_offered = extensions(offers.into_iter()).flatten().any(|offer| offer.name() == name);
        if !is_offered || seen.contains(&name) {
            return Err(HandshakeError::UnexpectedExtension);
        }
        // The iterator ends with an error beyond that many.
        if let Some(slot) = seen.get_mut(count) {
            *slot = name;
        }
    }
    Ok(())
}

/// What the Content-Length headers of a message say (RFC 9112, 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentLength {
    None,
    Some(u64),
    /// No number, or one beyond 64 bits, or several lines.
    Invalid,
}

impl ContentLength {
    fn add(&mut self, value: &[u8]) {
        let digits =
            str::from_utf8(value).ok().filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()));
        *self = match (*self, digits.map(str::parse)) {
            (Self::None, Some(Ok(length))) => Self::Some(length),
            _ => Self::Invalid,
        };
    }
}

/// The Content-Length of a message.
pub(crate) fn content_length<'h>(headers: impl Iterator<Item = (&'h str, &'h [u8])>) -> ContentLength {
    let mut length = ContentLength::None;
    headers
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .for_each(|(_, value)| length.add(value));
    length
}

/// A header that may stand at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Single<'h> {
    None,
    One(&'h [u8]),
    Many,
}

impl<'h> Single<'h> {
    fn add(&mut self, value: &'h [u8]) {
        *self = if *self == Self::None { Self::One(trim_ows(value)) } else { Self::Many };
    }
}

/// The search for a token in a list over several lines, without regard to ASCII case.
#[derive(Default)]
struct Search {
    found: bool,
    malformed: bool,
    empty: usize,
}

impl Search {
    fn add(&mut self, value: &[u8], wanted: &[u8], is_valid: impl Fn(&[u8]) -> bool) {
        for element in elements(value) {
            if element.is_empty() {
                self.empty = self.empty.saturating_add(1);
                self.malformed |= self.empty > MAX_EMPTY_ELEMENTS;
            } else {
                self.found |= element.eq_ignore_ascii_case(wanted);
                self.malformed |= !is_valid(element);
            }
        }
    }
}

/// RFC 9110, 7.8: a name, which may have a version.
fn is_upgrade_protocol(element: &[u8]) -> bool {
    element.splitn(2, |&byte| byte == b'/').all(is_token)
}

fn is_authority(value: &[u8]) -> bool {
    str::from_utf8(value).is_ok_and(|value| uri::split_authority(value).is_ok())
}

fn is_visible(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// RFC 6455, 4.1 and 4.3: at least one, all of them tokens, and no two alike.
fn check_subprotocols<'h>(
    headers: impl Iterator<Item = (&'h str, &'h [u8])> + Clone,
) -> Result<(), HandshakeError> {
    let lines = headers.clone().filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-protocol"));
    let mut empty = 0_usize;
    for element in lines.flat_map(|(_, value)| elements(value)) {
        if element.is_empty() {
            empty = empty.saturating_add(1);
        } else if !is_token(element) {
            return Err(HandshakeError::InvalidSubprotocols);
        }
        if empty > MAX_EMPTY_ELEMENTS {
            return Err(HandshakeError::InvalidSubprotocols);
        }
    }
    // An array bounds the comparisons, and needs no memory that the peer could ask for.
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
    if count == 0 { Err(HandshakeError::InvalidSubprotocols) } else { Ok(()) }
}

/// The most subprotocols in one request.
pub(crate) const MAX_SUBPROTOCOLS: usize = 64;
