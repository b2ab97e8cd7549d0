//! The small grammars of headers (RFC 9110, section 5.6; RFC 6455, section 4.3).

/// Returns `true` for a token: one or more letters, digits and some punctuation (RFC 9110, section 5.6.2).
#[inline]
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && token_len(bytes) == bytes.len()
}

/// Returns the number of token characters with which the bytes begin.
#[inline]
pub(super) fn token_len(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    loop {
        rest = skip_name_characters(rest);
        match rest {
            [byte, behind @ ..] if is_token_character(*byte) => rest = behind,
            _ => return bytes.len().saturating_sub(rest.len()),
        }
    }
}

/// Returns the bytes from the first one on that is neither a letter nor a hyphen, of which most names consist.
/// They are skipped eight bytes at a time; up to seven at the end may be left.
#[inline]
fn skip_name_characters(mut bytes: &[u8]) -> &[u8] {
    while let Some((word, behind)) = bytes.split_first_chunk::<8>() {
        let others = other_bits(u64::from_le_bytes(*word));
        if others != 0 {
            let len = usize::try_from(others.trailing_zeros() / 8).unwrap_or_default();
            return bytes.get(len..).unwrap_or_default();
        }
        bytes = behind;
    }
    bytes
}

/// Sets the highest bit of each byte that is neither a letter nor a hyphen, and no other bit.
#[inline]
fn other_bits(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = EACH * 0x80;
    // No sum of a byte reaches the next one: both addends are less than 80 (hex).
    let sum = |word: u64, byte: u64| (word & !HIGH).wrapping_add(EACH.wrapping_mul(byte));
    let lower = word | EACH.wrapping_mul(0x20);
    let from_a = sum(lower, 0x80 - 0x61);
    let beyond_z = sum(lower, 0x7f - 0x7a);
    let is_no_hyphen = sum(word ^ EACH.wrapping_mul(0x2d), 0x7f);
    (((!from_a | beyond_z) & is_no_hyphen) | word) & HIGH
}

#[inline]
pub(crate) fn is_token_character(byte: u8) -> bool {
    TOKEN_CHARACTERS.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Returns `true` if a header has this name, in any case. `usual` is the name as most peers write it, which is
/// compared first because that takes a few instructions.
#[inline]
pub(crate) fn is_named(name: &[u8], usual: &[u8]) -> bool {
    name == usual || name.eq_ignore_ascii_case(usual)
}

/// Returns the bytes without the spaces and tabs around them (RFC 9110, section 5.6.3).
#[inline]
pub(crate) fn trim_ows(bytes: &[u8]) -> &[u8] {
    // Nearly all values have one space before them and none after them.
    let bytes = bytes.strip_prefix(b" ").unwrap_or(bytes);
    if let [b'!'..=0xff, .., b'!'..=0xff] = bytes { bytes } else { trim_all(bytes) }
}

#[inline(never)]
fn trim_all(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
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
    headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])>,
) -> impl Iterator<Item = &'h str> {
    headers
        .filter(|(name, _)| is_named(name.as_ref(), b"Sec-WebSocket-Protocol"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_is_no_token_character_is_found_wherever_it_stands() {
        for byte in 0..=255_u8 {
            for at in 0..20 {
                // Bytes with and without a fast path, and others after it.
                for filler in *b"azAZm-09_~" {
                    let mut bytes = [filler; 24];
                    bytes[at] = byte;
                    bytes[at + 1..].fill(b':');
                    let is_token = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
                    assert_eq!(token_len(&bytes), at + usize::from(is_token), "{byte:#x} at {at}");
                }
            }
        }
    }
}
