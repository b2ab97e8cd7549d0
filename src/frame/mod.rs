//! Layers 1 and 2: frames (RFC 6455, 5). Nothing in here allocates.
//!
//! [`Header`] and [`mask()`] have no state: they turn bytes into headers and back, and payloads into masked ones.
//! [`Decoder`] is for who forwards, records or filters frames: it takes the bytes of a stream and gives
//! frames, in parts where a frame does not lie whole in the input, and refuses everything a header can break.
//!
//! Who wants messages takes a [`Connection`](crate::Connection) instead.
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

/// The most bytes that the payload of a control frame may have (RFC 6455, 5.5).
pub const MAX_CONTROL_LEN: usize = 125;
