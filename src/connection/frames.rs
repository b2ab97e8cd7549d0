//! Frames that are not compressed, appended to the caller's output.
//!
//! Uses `entropy`, `frame` and `num`.

use alloc::vec::Vec;

use crate::{
    entropy::Entropy,
    frame::{Header, MAX_HEADER_LEN, OpCode, Rsv, mask},
    num::as_u64,
};

/// Appends a frame that is known to be valid, uncompressed.
///
/// Each role has a function of its own, which does not save the registers that only masking or growth need.
#[inline]
pub(super) fn write(
    entropy: Option<&mut Entropy>,
    opcode: OpCode,
    fin: bool,
    payload: &[u8],
    out: &mut Vec<u8>,
) {
    match entropy {
        None => write_plain(opcode, fin, payload, out),
        Some(entropy) => write_masked(entropy, opcode, fin, payload, out),
    }
}

/// Appends an unmasked frame, as servers send.
#[inline(never)]
fn write_plain(opcode: OpCode, fin: bool, payload: &[u8], out: &mut Vec<u8>) {
    if !has_room(out, payload) {
        return grow_and_write(None, opcode, fin, payload, out);
    }
    let header = Header { fin, rsv: Rsv::NONE, opcode, mask: None, payload_len: as_u64(payload.len()) };
    header.write(|bytes| out.extend_from_slice(bytes));
    out.extend_from_slice(payload);
}

/// Appends a masked frame, as clients send (RFC 6455, section 5.3).
#[inline(never)]
fn write_masked(entropy: &mut Entropy, opcode: OpCode, fin: bool, payload: &[u8], out: &mut Vec<u8>) {
    if !has_room(out, payload) {
        return grow_and_write(Some(entropy), opcode, fin, payload, out);
    }
    let key = entropy.masking_key();
    let header = Header { fin, rsv: Rsv::NONE, opcode, mask: Some(key), payload_len: as_u64(payload.len()) };
    header.write(|bytes| out.extend_from_slice(bytes));
    append_masked(payload, key, out);
}

/// Returns `true` if a frame with this payload fits without growth, which also tells the compiler that its header does.
#[inline]
fn has_room(out: &Vec<u8>, payload: &[u8]) -> bool {
    let room = out.capacity().wrapping_sub(out.len()).checked_sub(MAX_HEADER_LEN);
    room.is_some_and(|room| room >= payload.len())
}

/// Makes room, which the caller's output usually has, and appends the frame.
#[cold]
#[inline(never)]
fn grow_and_write(
    entropy: Option<&mut Entropy>,
    opcode: OpCode,
    fin: bool,
    payload: &[u8],
    out: &mut Vec<u8>,
) {
    out.reserve(payload.len().saturating_add(MAX_HEADER_LEN));
    write(entropy, opcode, fin, payload, out);
}

/// Appends and masks a payload.
#[inline]
pub(super) fn append_masked(payload: &[u8], key: [u8; 4], out: &mut Vec<u8>) {
    if payload.len() <= PIECE {
        append_masked_piece(payload, key, out);
    } else {
        append_masked_pieces(payload, key, out);
    }
}

/// Appends and masks in pieces, so that each piece is masked while it is in the L1 cache.
#[inline(never)]
fn append_masked_pieces(payload: &[u8], key: [u8; 4], out: &mut Vec<u8>) {
    // A piece is a multiple of four bytes, so each begins with the first byte of the key.
    for piece in payload.chunks(PIECE) {
        append_masked_piece(piece, key, out);
    }
}

#[expect(clippy::inline_always, reason = "a call would be a large part of a short payload")]
#[inline(always)]
fn append_masked_piece(piece: &[u8], key: [u8; 4], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(piece);
    if let Some(piece) = out.get_mut(start..) {
        mask(piece, key, 0);
    }
}

/// The number of bytes that are copied before they are masked.
const PIECE: usize = 1 << 10;
