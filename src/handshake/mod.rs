//! Layer 4, the opening handshake: the parts that client and server share (RFC 6455, sections 4 and 9.1).
//!
//! The two roles are in [`client`](crate::client) and [`server`](crate::server), which validate the messages
//! of the other. This module contains their [limits](HandshakeLimits), their [errors](HandshakeError), and
//! the grammar of the headers.
//!
//! Requests and responses have three encodings. Each of them is converted to pairs of name and value, the
//! only form that the roles see; their answers are pairs as well, which each encoding writes:
//!
//! ```text
//! HTTP/1.1 bytes ── collector, lines ─────┐                       ┌── bytes
//! header lists (extended_connect) ────────┼──▶ (name, value) ──▶ server or client ──▶ (name, value) ──┼── header list
//! types of the crate http ────────────────┘        pairs            negotiation          pairs        └── types
//! ```
//!
//! # Layers
//!
//! It does not depend on the roles.
//!
//! Uses `excerpt`, `input`.

mod collector;
mod error;
mod extensions;
mod extra_headers;
mod first_bytes;
mod grammar;
mod head;
mod limits;
mod lines;
mod repair;
mod tolerance;
mod values;

use alloc::vec::Vec;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha1::{Digest as _, Sha1, block_api};

pub use error::HandshakeError;
pub use extensions::{Extension, Params};
pub use first_bytes::FirstBytes;
pub use head::Headers;
pub use limits::HandshakeLimits;
pub use tolerance::Tolerance;

pub(crate) use collector::{Collector, Kind, Progress};
pub(crate) use extensions::{MAX_ELEMENTS, extensions};
pub(crate) use extra_headers::{ExtraHeaders, FieldError};
pub(crate) use grammar::{
    MAX_EMPTY_ELEMENTS, elements, is_named, is_subprotocol, is_token, is_token_character, parse_version,
    subprotocols, trim_ows,
};
pub(crate) use head::{Head, append_head};
pub(crate) use lines::Pairs;
pub(crate) use values::{ContentLength, Search, Single, content_length};

/// Returns the value of Sec-WebSocket-Accept for a Sec-WebSocket-Key: 28 characters of base64 (RFC 6455,
/// section 4.2.2).
///
/// The key is used as it was sent, without the white space around it, and not validated.
///
/// This is the example of the RFC:
///
/// ```
/// use sansocket::handshake::accept_key;
///
/// let accept = accept_key(b"dGhlIHNhbXBsZSBub25jZQ==");
/// assert_eq!(&accept, b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
pub fn accept_key(key: &[u8]) -> [u8; 28] {
    encode_base64(match key.try_into() {
        Ok(key) => digest_of_usual(key),
        Err(_) => Sha1::new().chain_update(key).chain_update(GUID).finalize().into(),
    })
}

/// Returns the digest of the GUID after a key of the usual length. The padding of this message never differs, so the
/// two blocks are hashed in one call, without a buffer.
fn digest_of_usual(key: &[u8; KEY_LEN]) -> [u8; 20] {
    let (mut first, mut state) = (PADDED_GUID, INITIAL_STATE);
    if let Some(start) = first.first_chunk_mut() {
        *start = *key;
    }
    block_api::compress(&mut state, &[first, PADDED_LENGTH]);
    let mut digest = [0; 20];
    for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    digest
}

/// Encodes bytes in base64 with padding (RFC 4648, section 4): as many characters as the bytes need.
pub(crate) fn encode_base64<const BYTES: usize, const CHARACTERS: usize>(
    bytes: [u8; BYTES],
) -> [u8; CHARACTERS] {
    let mut text = [0; CHARACTERS];
    // The callers' lengths match, so there is room.
    let _ = STANDARD.encode_slice(bytes, &mut text);
    text
}

/// Appends as many bytes as `limit` leaves room for, and never reserves more than `limit`. Returns their
/// number.
pub(crate) fn append_within(limit: usize, vec: &mut Vec<u8>, bytes: &[u8]) -> usize {
    let room = limit.saturating_sub(vec.len());
    let taken = bytes.get(..room).unwrap_or(bytes);
    let needed = vec.len().saturating_add(taken.len());
    if needed > vec.capacity() {
        let target =
            if vec.is_empty() { needed } else { needed.max(vec.capacity().saturating_mul(2)).min(limit) };
        vec.reserve_exact(target.max(needed).saturating_sub(vec.len()));
    }
    vec.extend_from_slice(taken);
    taken.len()
}

/// The maximum number of subprotocols in a request.
pub(crate) const MAX_SUBPROTOCOLS: usize = 64;

/// The version of RFC 6455, as requests and responses name it (RFC 6455, sections 4.1 and 4.4).
pub(crate) const VERSION: &str = "13";

/// The length of a key in base64.
pub(crate) const KEY_LEN: usize = 24;

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The GUID after room for a key of the usual length, and the beginning of the padding (FIPS 180-4, section 5.1.1).
const PADDED_GUID: [u8; 64] = *b"........................258EAFA5-E914-47DA-95CA-C5AB0DC85B11\x80\0\0\0";

/// The end of that padding: the length of the message, 480 bits.
const PADDED_LENGTH: [u8; 64] = {
    let mut block = [0; 64];
    [block[62], block[63]] = [1, 0xe0];
    block
};

/// FIPS 180-4, section 5.3.1.
const INITIAL_STATE: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

#[cfg(test)]
mod tests {
    use super::*;

    /// Other bytes for each seed.
    fn bytes<const N: usize>(mut seed: u8) -> [u8; N] {
        core::array::from_fn(|_| {
            seed = seed.wrapping_mul(5).wrapping_add(3);
            seed
        })
    }

    #[test]
    fn a_key_of_the_usual_length_is_hashed_like_any_other() {
        for seed in 0..=255 {
            let key = bytes(seed);
            let expected: [u8; 20] = Sha1::new().chain_update(key).chain_update(GUID).finalize().into();
            assert_eq!(digest_of_usual(&key), expected, "{seed}");
        }
    }

    #[test]
    fn a_key_of_another_length_is_answered_as_it_is() {
        for key in [&b""[..], b"MTIzNDU2Nzg=", b"dGhlIHNhbXBsZSBub25jZQ=", b"dGhlIHNhbXBsZSBub25jZQ==="] {
            let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
            assert_eq!(accept_key(key), STANDARD.encode(digest).as_bytes(), "{}", key.escape_ascii());
        }
    }
}
