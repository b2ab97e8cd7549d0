//! The rules that a header must satisfy in its stream: reserved bits, masks, the order of fragments, limits.

use super::{Decoder, Role};
use crate::{
    ProtocolError,
    frame::{Limits, OpCode, Rsv, header::Rules},
};

impl Rules for Decoder {
    fn first_byte(&self, opcode: OpCode, rsv: Rsv) -> Result<(), ProtocolError> {
        let begins_message = matches!(opcode, OpCode::Text | OpCode::Binary);
        // RFC 6455, 5.2; RFC 7692, 6.1
        if !(rsv.is_none() || begins_message && self.allowed_rsv.contains(rsv)) {
            return Err(ProtocolError::ReservedBits);
        }
        let is_over = |count: u32, limit: u32| count >= limit && limit < u32::MAX;
        let Limits { control_frames, fragments, .. } = self.limits;
        if opcode.is_control() {
            // A Close is the last frame, so it cannot be part of a flood.
            let over = is_over(self.control_frames, control_frames) && opcode != OpCode::Close;
            let error = ProtocolError::TooManyControlFrames { limit: control_frames };
            return if over { Err(error) } else { Ok(()) };
        }
        match (begins_message, self.in_message) {
            (true, true) => Err(ProtocolError::ExpectedContinuation), // RFC 6455, 5.4
            (false, false) => Err(ProtocolError::UnexpectedContinuation), // RFC 6455, 5.4
            (false, true) if is_over(self.fragments, fragments) => {
                Err(ProtocolError::TooManyFragments { limit: fragments })
            }
            _ => Ok(()),
        }
    }

    fn masked(&self, masked: bool) -> Result<(), ProtocolError> {
        // RFC 6455, 5.1
        match self.role {
            _ if self.limits.allow_any_masking => Ok(()),
            Role::Server if !masked => Err(ProtocolError::UnmaskedFrame),
            Role::Client if masked => Err(ProtocolError::MaskedFrame),
            _ => Ok(()),
        }
    }

    fn payload_len(&self, opcode: OpCode, rsv: Rsv, len: u64) -> Result<(), ProtocolError> {
        if opcode.is_control() {
            return Ok(());
        }
        let Limits { frame_len, message_len, .. } = self.limits;
        if len > frame_len {
            return Err(ProtocolError::FrameTooLong { limit: frame_len, len });
        }
        let (before, compressed) = match opcode {
            OpCode::Continuation => (self.message_len, self.is_message_compressed()),
            _ => (0, self.compresses(rsv)),
        };
        let len = before.saturating_add(len);
        if len > message_len && !compressed {
            return Err(ProtocolError::MessageTooLong { limit: message_len, len });
        }
        Ok(())
    }

    fn allow_non_minimal_length(&self) -> bool {
        self.limits.allow_non_minimal_length
    }
}
