//! The challenge of hixie-76: two keys that encode a number each, 8 bytes, and the digest of them.

use alloc::string::{String, ToString as _};

use md5::{Digest as _, Md5};

use crate::entropy::Entropy;

/// Returns the number that a key encodes: its digits as one decimal number, divided by the number of its
/// spaces.
///
/// `None` if the key has no digits or no spaces, its digits exceed 32 bits, or the division leaves a
/// remainder.
pub(super) fn key_number(key: &[u8]) -> Option<u32> {
    let mut digits: Option<u32> = None;
    let mut spaces = 0_u32;
    for &byte in key {
        if byte == b' ' {
            spaces = spaces.saturating_add(1);
        } else if byte.is_ascii_digit() {
            let digit = u32::from(byte.saturating_sub(b'0'));
            digits = Some(digits.unwrap_or_default().checked_mul(10)?.checked_add(digit)?);
        }
    }
    let digits = digits?;
    if digits.checked_rem(spaces)? == 0 { digits.checked_div(spaces) } else { None }
}

/// Returns the server's digest of the numbers of both keys and the 8 bytes after the request.
pub(super) fn digest(numbers: [u32; 2], bytes: [u8; BYTES_LEN]) -> [u8; DIGEST_LEN] {
    let [first, second] = numbers.map(u32::to_be_bytes);
    Md5::new().chain_update(first).chain_update(second).chain_update(bytes).finalize().into()
}

/// A key of a request, and the number that it encodes.
pub(super) struct Key {
    pub(super) text: String,
    pub(super) number: u32,
}

impl Key {
    /// Creates a key for a random number.
    pub(super) fn random(entropy: &mut Entropy) -> Self {
        let spaces = between(1, 12, entropy);
        let number = between(0, u32::MAX.checked_div(spaces).unwrap_or_default(), entropy);
        let mut text = number.saturating_mul(spaces).to_string();
        for _ in 0..between(1, 12, entropy) {
            let at = position(0, text.len(), entropy);
            text.insert(at, random_character(entropy));
        }
        for _ in 0..spaces {
            // A space at either end would be lost with the white space around the value.
            let at = position(1, text.len().saturating_sub(1), entropy);
            text.insert(at, ' ');
        }
        Self { text, number }
    }
}

/// Returns the 8 bytes after the request.
pub(super) fn random_bytes(entropy: &mut Entropy) -> [u8; BYTES_LEN] {
    random(entropy).to_be_bytes()
}

/// Returns one of the characters 21 to 2F and 3A to 7E.
fn random_character(entropy: &mut Entropy) -> char {
    let at = position(0, CHARACTERS.len().saturating_sub(1), entropy);
    CHARACTERS.as_bytes().get(at).copied().map_or('!', char::from)
}

/// Returns a number from `min` to `max`, all equally likely to within 2^-32.
fn between(min: u32, max: u32, entropy: &mut Entropy) -> u32 {
    let count = u128::from(max.saturating_sub(min)).saturating_add(1);
    let offset = u128::from(random(entropy)).saturating_mul(count) >> 64;
    min.saturating_add(u32::try_from(offset).unwrap_or_default())
}

/// Returns a position in a text from `min` to `max`.
fn position(min: u32, max: usize, entropy: &mut Entropy) -> usize {
    let max = u32::try_from(max).unwrap_or_default();
    usize::try_from(between(min, max, entropy)).unwrap_or_default()
}

fn random(entropy: &mut Entropy) -> u64 {
    u64::try_from(u128::from_le_bytes(entropy.nonce()) >> 64).unwrap_or_default()
}

/// The characters with which keys are padded: printable, and neither digits nor spaces.
const CHARACTERS: &str =
    "!\"#$%&'()*+,-./:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

/// The length of the bytes after the request.
pub(super) const BYTES_LEN: usize = 8;

/// The length of the digest after the response.
pub(super) const DIGEST_LEN: usize = 16;

#[cfg(test)]
mod tests {
    use alloc::{collections::BTreeSet, vec::Vec};

    use super::*;

    /// L15.
    #[test]
    fn random_keys_hide_their_number() {
        let mut characters = BTreeSet::new();
        let mut counts = BTreeSet::new();
        let mut others = BTreeSet::new();
        for seed in 0..10_000_u64 {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&seed.to_le_bytes());
            let key = Key::random(&mut Entropy::new(bytes));
            assert_eq!(key_number(key.text.as_bytes()), Some(key.number), "{}", key.text);
            assert_eq!(key.text.trim(), key.text);
            let padding: Vec<char> = key.text.chars().filter(|c| *c != ' ' && !c.is_ascii_digit()).collect();
            counts.insert(key.text.matches(' ').count());
            others.insert(padding.len());
            characters.extend(padding);
        }
        let expected: BTreeSet<char> = ('\x21'..='\x2f').chain('\x3a'..='\x7e').collect();
        assert_eq!((characters.len(), characters), (84, expected));
        assert_eq!((counts, others), ((1..=12).collect(), (1..=12).collect()));
    }

    #[test]
    fn a_range_includes_both_ends() {
        let mut entropy = Entropy::new([1; 32]);
        let seen: BTreeSet<u32> = (0..1000).map(|_| between(3, 7, &mut entropy)).collect();
        assert_eq!(seen, (3..=7).collect());
        assert_eq!(between(5, 5, &mut entropy), 5);
        assert!((0..1000).any(|_| between(0, u32::MAX, &mut entropy) > u32::MAX / 2));
    }
}
