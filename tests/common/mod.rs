//! Helpers for the tests: frames encoded by hand, the harness that splits input, and a pair of endpoints.
#![allow(dead_code, unused_imports, reason = "each test binary uses its own part of this")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[cfg(feature = "browser")]
pub(crate) mod browser;
#[cfg(feature = "deflate")]
pub(crate) mod deflate;
mod frames;
#[cfg(feature = "deflate")]
mod inflate;
#[cfg(feature = "legacy")]
pub(crate) mod legacy;
mod pair;
mod parts;
mod sessions;
mod split;

pub(crate) use frames::*;
#[cfg(feature = "deflate")]
pub(crate) use inflate::Inflater;
pub(crate) use pair::Pair;
pub(crate) use parts::{Parts, parts};
pub(crate) use sessions::*;
pub(crate) use split::{Bench, Ended, Transcript, open};

use std::borrow::Cow;

use sansocket::{Close, CloseCode, Event};

/// The heap memory, in bytes, of a connection that has failed, or whose peer has given a reason in its Close.
pub(crate) const ENDING: i64 = if cfg!(target_pointer_width = "64") { 40 } else { 28 };

/// The bytes that `hex` spells; spaces are ignored.
pub(crate) fn hex(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter(|c| !c.is_whitespace()).map(digit).collect();
    assert!(digits.len().is_multiple_of(2), "half a byte in {hex:?}");
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn digit(c: char) -> u8 {
    let value = c.to_digit(16).unwrap_or_else(|| panic!("{c:?} is not a hexadecimal digit"));
    u8::try_from(value).unwrap()
}

/// Bytes without a pattern, so that a mask, a split or a copy at the wrong position changes them.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[3]
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// Text of `len` bytes with characters of one to four bytes.
pub(crate) fn prose(len: usize) -> String {
    let mut text: String = "Grüße, κόσμε, 世界 𝄞! ".chars().cycle().take(len).collect();
    while text.len() > len {
        text.pop();
    }
    while text.len() < len {
        text.push('.');
    }
    text
}

pub(crate) fn text(text: &str) -> Event<'static> {
    Event::Text(Cow::Owned(text.to_owned()))
}

pub(crate) fn binary(data: &[u8]) -> Event<'static> {
    Event::Binary(Cow::Owned(data.to_vec()))
}

pub(crate) fn ping(data: &[u8]) -> Event<'static> {
    Event::Ping(Cow::Owned(data.to_vec()))
}

pub(crate) fn pong(data: &[u8]) -> Event<'static> {
    Event::Pong(Cow::Owned(data.to_vec()))
}

pub(crate) fn text_chunk(text: &str, last: bool) -> Event<'static> {
    Event::TextChunk { data: Cow::Owned(text.to_owned()), last }
}

pub(crate) fn binary_chunk(data: &[u8], last: bool) -> Event<'static> {
    Event::BinaryChunk { data: Cow::Owned(data.to_vec()), last }
}

/// The event of a Close with this code and reason.
pub(crate) fn closed(code: u16, reason: &str) -> Event<'static> {
    Event::Close(Some(close(code, reason).into_owned()))
}

pub(crate) fn close(code: u16, reason: &str) -> Close<'_> {
    Close::new(close_code(code), reason).unwrap()
}

pub(crate) fn close_code(code: u16) -> CloseCode {
    CloseCode::new(code).unwrap_or_else(|| panic!("{code} cannot be sent"))
}
