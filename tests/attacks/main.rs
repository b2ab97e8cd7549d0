//! What has broken others, tried on this crate. `catalogue.tsv` has a row for each attack: what it is, and the tests that
//! show that it fails here, or the reason why it has nothing to break.
//!
//! Bounds on memory are bytes that were counted; bounds on work are instructions, in `tests/work.rs`. None is a time.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/handshake.rs"]
mod handshake;

mod catalogue;
mod frames;
mod lifecycle;
mod opening;

use allocation_counter::{AllocationInfo, measure};
use sansocket::{Connection, Input};

/// Feeds a stream that `next` makes piece by piece, and measures what the connection takes; `out` has room already.
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
