//! The fast path: a message of one frame, or a fragment in the middle of a message, that is entirely contained in the input.

use super::{Decoder, Role};
use crate::{Input, frame::mask, num::as_u64};

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

    /// Takes a fragment that neither begins nor ends its message and is entirely contained in the input, if its length needs at
    /// most 16 bits and the message is not compressed. Returns its payload.
    ///
    /// `None` has no meaning for the input, which is then unchanged.
    #[inline]
    pub(crate) fn take_fragment<'b>(&mut self, input: &mut Input<'b>) -> Option<&'b mut [u8]> {
        let bytes = input.remaining();
        if bytes.first() != Some(&0)
            || !self.in_message
            || self.is_in_frame()
            || self.is_message_compressed()
            || self.failure.is_some()
        {
            return None;
        }
        let (header_len, len) = self.frame_lens(bytes)?;
        let frame_len = len.saturating_add(header_len);
        let message_len = self.message_len.saturating_add(as_u64(len));
        if frame_len > bytes.len()
            || len > usize::from(self.max_whole_len)
            || message_len > self.limits.message_len
            || self.fragments >= self.limits.fragments
        {
            return None;
        }
        let (_, payload) = self.split_message(input, header_len, frame_len)?;
        self.message_len = message_len;
        self.fragments = self.fragments.saturating_add(1);
        Some(payload)
    }

    /// Returns the lengths of the header and of the payload of a message of one frame at the beginning of `bytes`, if the
    /// length of the payload needs at most 16 bits.
    #[expect(clippy::inline_always, reason = "a part of the fast path")]
    #[inline(always)]
    pub(super) fn message_lens(&self, bytes: &[u8]) -> Option<(usize, usize)> {
        match bytes.first_chunk()? {
            [0x81 | 0x82, _] => self.frame_lens(bytes),
            _ => None,
        }
    }

    /// Returns the lengths of the header and of the payload of the frame at the beginning of `bytes`, whatever its first byte
    /// is, if the length of the payload needs at most 16 bits.
    #[expect(clippy::inline_always, reason = "a part of the fast path")]
    #[inline(always)]
    fn frame_lens(&self, bytes: &[u8]) -> Option<(usize, usize)> {
        let (key_len, masked) = match self.role {
            Role::Server => (4_usize, 0x80),
            Role::Client => (0, 0),
        };
        let &[_, second] = bytes.first_chunk()?;
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

    /// Takes the message or fragment that the input begins with, whose lengths are known.
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
