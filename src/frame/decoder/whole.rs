//! The fast path: a message of one frame that is entirely contained in the input.

use super::{Decoder, Role};
use crate::{Input, frame::mask};

impl Decoder {
    /// Takes a message of one frame that is entirely contained in the input, if its length needs at most 16
    /// bits. Returns whether it is text, and its payload.
    ///
    /// Call it only while the decoder is idle. `None` has no meaning for the input, which is then unchanged.
    #[expect(clippy::inline_always, reason = "a call would return the message by memory")]
    #[inline(always)]
    pub(crate) fn take_message<'b>(&mut self, input: &mut Input<'b>) -> Option<(bool, &'b mut [u8])> {
        debug_assert!(self.is_idle());
        let bytes = input.remaining();
        let (header_len, len) = self.message_lens(bytes)?;
        let frame_len = len.saturating_add(header_len);
        if len > usize::from(self.max_whole_len) || frame_len > bytes.len() {
            return None;
        }
        self.split_message(input, header_len, frame_len)
    }

    /// Returns the lengths of the header and of the payload of a message of one frame at the beginning of `bytes`, if the
    /// length of the payload needs at most 16 bits.
    #[expect(clippy::inline_always, reason = "a part of the fast path")]
    #[inline(always)]
    pub(super) fn message_lens(&self, bytes: &[u8]) -> Option<(usize, usize)> {
        let (key_len, masked) = match self.role {
            Role::Server => (4_usize, 0x80),
            Role::Client => (0, 0),
        };
        let &[first, second] = bytes.first_chunk()?;
        if !matches!(first, 0x81 | 0x82) {
            return None;
        }
        // With a wrong mask bit this becomes an invalid length form.
        match second ^ masked {
            len @ 0..126 => Some((key_len.saturating_add(2), usize::from(len))),
            126 => match *bytes.first_chunk()? {
                [_, _, 0, 0..126] => None,
                [_, _, a, b] => Some((key_len.saturating_add(4), usize::from(u16::from_be_bytes([a, b])))),
            },
            _ => None,
        }
    }

    /// Takes the message that the input begins with, whose lengths are known.
    #[expect(clippy::inline_always, reason = "a part of the fast path")]
    #[inline(always)]
    pub(super) fn split_message<'b>(
        &mut self,
        input: &mut Input<'b>,
        header_len: usize,
        frame_len: usize,
    ) -> Option<(bool, &'b mut [u8])> {
        let (header, payload) = input.take(frame_len).split_at_mut_checked(header_len)?;
        if let (Role::Server, Some(&mut key)) = (self.role, header.last_chunk_mut()) {
            mask(payload, key, 0);
        }
        self.control_frames = 0;
        Some((header.first() == Some(&0x81), payload))
    }
}
