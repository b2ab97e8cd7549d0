//! Attacks that have broken other implementations, tried on this crate. `catalogue.tsv` has a row for each
//! attack, with the tests that show that it fails here, or the reason why it does not apply.
//!
//! Limits on memory are counted bytes; limits on work are instructions, in `tests/work.rs`. None is a time.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/handshake.rs"]
mod handshake;

mod catalogue;
mod frames;
mod lifecycle;
mod opening_handshake;

use allocation_counter::{AllocationInfo, measure};
use sansocket::{Connection, Input};

/// Feeds `piece` a number of times, and measures the memory of the connection; `out` has room already.
fn flood(connection: &mut Connection, out: &mut Vec<u8>, pieces: usize, piece: &[u8]) -> AllocationInfo {
    let mut buf = piece.to_vec();
    measure(|| {
        for _ in 0..pieces {
            buf.copy_from_slice(piece);
            let mut input = Input::new(&mut buf);
            while let Ok(Some(_)) = connection.receive(&mut input, out) {}
        }
    })
}
