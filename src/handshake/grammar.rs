//! The small grammars of headers (RFC 9110, section 5.6; RFC 6455, section 4.3).

/// Returns `true` for a token: one or more letters, digits and some punctuation (RFC 9110, section 5.6.2).
#[inline]
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| is_token_character(byte))
}

#[inline]
pub(crate) fn is_token_character(byte: u8) -> bool {
    TOKEN_CHARACTERS.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Returns the bytes without the spaces and tabs around them (RFC 9110, section 5.6.3).
#[inline]
pub(crate) fn trim_ows(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Returns the elements between the commas of one line, without white space around them. Some may be empty.
#[inline]
pub(crate) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    value.split(|&byte| byte == b',').map(trim_ows)
}

/// Returns `true` for a name of a subprotocol, including those outside the grammar that can be tolerated.
#[inline]
pub(crate) fn is_subprotocol(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| matches!(byte, b' '..=b'~' if *byte != b','))
}

/// Returns the elements of all lines of Sec-WebSocket-Protocol that can be names, in order (RFC 6455,
/// section 11.3.4).
pub(crate) fn subprotocols<'h>(
    headers: impl Iterator<Item = (&'h str, &'h [u8])>,
) -> impl Iterator<Item = &'h str> {
    headers
        .filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-protocol"))
        .flat_map(|(_, value)| elements(value))
        .filter(|element| is_subprotocol(element))
        .filter_map(|element| str::from_utf8(element).ok())
}

/// Parses a version: 0 to 255 in decimal, without leading zeros (RFC 6455, section 4.3).
pub(crate) fn parse_version(value: &[u8]) -> Option<u8> {
    match value {
        [b'0'] => Some(0),
        [b'1'..=b'9', ..] if value.iter().all(u8::is_ascii_digit) => str::from_utf8(value).ok()?.parse().ok(),
        _ => None,
    }
}

/// More empty elements than this in a list are no accident but an attack (RFC 9110, section 5.6.1).
pub(crate) const MAX_EMPTY_ELEMENTS: usize = 16;

#[expect(
    clippy::as_conversions,
    clippy::indexing_slicing,
    reason = "it is computed by the compiler, which would refuse a fault"
)]
const TOKEN_CHARACTERS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut others: &[u8] = b"!#$%&'*+-.^_`|~";
    while let [byte, rest @ ..] = others {
        table[*byte as usize] = true;
        others = rest;
    }
    table
};
