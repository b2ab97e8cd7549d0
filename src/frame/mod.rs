//! Layers 1 and 2: frames (RFC 6455, section 5). Nothing in this module allocates.
//!
//! [`Header`] and [`mask()`] are stateless: they convert headers to bytes and back, and mask payloads. Use
//! [`Decoder`] to forward, record or filter frames: it decodes a byte stream into frames, in parts if a frame
//! spans several reads, and rejects every violation that a header can contain.
//!
//! To receive messages, use a [`Connection`](crate::Connection) instead.
//!
//! Uses `error`, `excerpt`, `input`, `num`.

mod decoder;
mod header;
mod limits;
mod mask;
mod opcode;

pub use decoder::{Decoder, FramePart, Role};
pub use header::{Header, MAX_HEADER_LEN, Rsv};
pub use limits::Limits;
pub use mask::mask;
pub use opcode::OpCode;

/// The maximum payload length of a control frame, in bytes (RFC 6455, section 5.5).
pub const MAX_CONTROL_LEN: usize = 125;
