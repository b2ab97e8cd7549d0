//! Masking, which is its own inverse (RFC 6455, section 5.3).

use crate::num::as_u64;

/// Masks `payload` with `key`, or unmasks it (RFC 6455, section 5.3).
///
/// Byte `i` is combined with byte `(offset + i) % 4` of the key. `offset` is the position of `payload` in the
/// payload of its frame, so that a frame can be masked in pieces.
///
/// This masks the example of the RFC:
///
/// ```
/// let mut payload = *b"Hello";
/// sansocket::frame::mask(&mut payload, [0x37, 0xfa, 0x21, 0x3d], 0);
/// assert_eq!(payload, [0x7f, 0x9f, 0x4d, 0x51, 0x58]);
/// ```
#[doc(alias = "unmask")]
#[doc(alias = "apply_mask")]
#[inline]
pub fn mask(payload: &mut [u8], key: [u8; 4], offset: u64) {
    let key = rotate(key, offset);
    match payload.len() {
        0..WIDE_FROM => mask_words(payload, key),
        WIDE_FROM..ALIGN_FROM => mask_wide(payload, key),
        _ => mask_aligned(payload, key),
    }
}

/// Returns the key as it applies from `offset` on.
#[inline]
fn rotate(key: [u8; 4], offset: u64) -> [u8; 4] {
    let bits = match offset % 4 {
        0 => 0,
        1 => 8,
        2 => 16,
        _ => 24,
    };
    u32::from_le_bytes(key).rotate_right(bits).to_le_bytes()
}

/// Uses vectors as wide as those of the UTF-8 validation, which stalls on stores that are narrower than its
/// loads.
#[cfg_attr(feature = "simd", multiversion::multiversion(targets("x86_64+avx2")))]
#[inline(never)]
fn mask_wide(payload: &mut [u8], key: [u8; 4]) {
    mask_words(payload, key);
}

/// Aligns the payload to a cache line first: vectors that straddle two lines cost more than the alignment.
#[cfg_attr(feature = "simd", multiversion::multiversion(targets("x86_64+avx2")))]
#[inline(never)]
fn mask_aligned(payload: &mut [u8], key: [u8; 4]) {
    let head_len = payload.as_ptr().align_offset(CACHE_LINE).min(payload.len());
    let (head, aligned) = payload.split_at_mut(head_len);
    mask_words(head, key);
    mask_words(aligned, rotate(key, as_u64(head_len)));
}

#[expect(clippy::inline_always, reason = "it is compiled for the instructions of its caller")]
#[inline(always)]
fn mask_words(payload: &mut [u8], key: [u8; 4]) {
    let half = u64::from(u32::from_le_bytes(key));
    let word_key = half << 32 | half;
    let (words, tail) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_le_bytes(*word) ^ word_key).to_le_bytes();
    }
    let (half, tail) = tail.as_chunks_mut::<4>();
    for half in half {
        *half = (u32::from_le_bytes(*half) ^ u32::from_le_bytes(key)).to_le_bytes();
    }
    for (byte, key) in tail.iter_mut().zip(key) {
        *byte ^= key;
    }
}

const CACHE_LINE: usize = 64;

/// The length from which wider vectors are worth the run-time dispatch.
const WIDE_FROM: usize = 64;

/// The length from which alignment is worth its cost.
const ALIGN_FROM: usize = 512;
