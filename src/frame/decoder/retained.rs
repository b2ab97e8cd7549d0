//! Incomplete frames that stay in a retained input.
//!
//! | frame | in the input stay | unmasked |
//! |---|---|---|
//! | a message of one frame with at most [`BLOCK`] bytes | its header and payload | when it is complete |
//! | any other that fits | its payload | in blocks, as it arrives |
//!
//! A message that is kept with its header takes no other path than a message of one read. A caller that drops
//! bytes is detected by the last bytes that it must have kept, and by the beginning of a kept header, which is
//! decoded again in each read.

use super::Decoder;
use crate::{
    Input, ProtocolError,
    frame::{Header, MAX_HEADER_LEN},
    num::{as_u64, as_usize},
};

/// Block size for unmasking retained frames, small enough to stay in the L1 cache.
pub(super) const BLOCK: usize = 16 << 10;

/// The number of bytes at the end of what has arrived that are remembered. It is the length of the longest
/// header of a kept message, too.
const END: usize = 8;

/// The number of bytes at the beginning of a kept message that are remembered.
const BEGINNING: usize = MAX_HEADER_LEN - END;

impl Decoder {
    /// Leaves an incomplete message of one frame in a retained input, with its header. Returns `true` if there
    /// is one, which is not one of the longest, and of which enough has arrived.
    ///
    /// Its payload stays masked until it is complete. Call it only while the decoder is idle.
    #[inline]
    pub(crate) fn keep_message(&mut self, input: &mut Input<'_>) -> bool {
        debug_assert!(self.is_idle());
        let bytes = input.remaining();
        let (Some((header_len, len)), Some(&beginning)) = (self.message_lens(bytes), bytes.first_chunk())
        else {
            return false;
        };
        let frame_len = len.saturating_add(header_len);
        if bytes.len() < END
            || len > BLOCK.min(usize::from(self.max_whole_len))
            || !may_wait(as_u64(frame_len), input)
        {
            return false;
        }
        if let Some(remembered) = self.partial.last_chunk_mut::<BEGINNING>() {
            *remembered = beginning;
        }
        self.wait_for_more(bytes);
        tell_missing_of(frame_len, input);
        true
    }

    /// Returns `true` while a message is [kept](Self::keep_message).
    #[inline]
    pub(super) fn keeps_message(&self) -> bool {
        self.waiting && self.frame.is_none()
    }

    /// Returns `true` if a retained frame is still incomplete, and not worth unmasking yet.
    #[inline]
    pub(crate) fn still_waits(&mut self, input: &mut Input<'_>) -> bool {
        if !self.waiting {
            return false;
        }
        if let Some(header) = self.frame {
            let waits = may_wait(header.payload_len, input)
                && self.new_bytes(input).is_some_and(|new| new < as_u64(BLOCK));
            if waits {
                self.tell_missing(input);
            }
            return waits;
        }
        let Some((_, frame_len)) = self.kept_lens(input) else { return false };
        let waits = may_wait(as_u64(frame_len), input);
        if waits {
            self.wait_for_more(input.remaining());
            tell_missing_of(frame_len, input);
        }
        waits
    }

    /// Takes the message that was [kept](Self::keep_message), if it is complete. Returns whether it is text,
    /// and its payload.
    ///
    /// `None` has no meaning for the input, which is then unchanged.
    #[inline]
    pub(crate) fn take_kept<'b>(&mut self, input: &mut Input<'b>) -> Option<(bool, &'b mut [u8])> {
        let (header_len, frame_len) = self.kept_lens(input)?;
        if input.len() < frame_len {
            return None;
        }
        (self.waiting, self.offset) = (false, 0);
        self.split_message(input, header_len, frame_len)
    }

    /// Returns the lengths of the header and of the frame of the kept message, if there is one and the caller
    /// has kept it.
    #[inline]
    fn kept_lens(&self, input: &Input<'_>) -> Option<(usize, usize)> {
        if !self.keeps_message() || !self.has_kept(input) {
            return None;
        }
        let (header_len, len) = self.message_lens(input.remaining())?;
        Some((header_len, len.saturating_add(header_len)))
    }

    /// Returns `true` if the bytes of the kept message are in the input.
    #[inline]
    fn has_kept(&self, input: &Input<'_>) -> bool {
        input.remaining().first_chunk::<BEGINNING>() == self.partial.last_chunk()
            && self.new_bytes(input).is_some()
    }

    /// Receives the header of a kept message, which then continues like every other frame.
    #[inline(never)]
    pub(super) fn resume_kept(&mut self, input: &mut Input<'_>) -> Result<Option<Header>, ProtocolError> {
        if input.is_empty() {
            return Ok(None);
        }
        if !self.has_kept(input) {
            return Err(ProtocolError::RetainedInputLost);
        }
        // The header was valid under the limits of that time.
        let Some((header, len)) = Header::decode(input.remaining())? else { return Ok(None) };
        self.waiting = false;
        input.take(len);
        self.begin(header);
        Ok(Some(header))
    }

    /// Records the bytes that the caller must keep.
    #[inline]
    pub(super) fn wait_for_more(&mut self, bytes: &[u8]) {
        (self.waiting, self.offset) = (true, as_u64(bytes.len()));
        match (bytes.last_chunk::<END>(), self.partial.first_chunk_mut()) {
            (Some(end), Some(remembered)) => *remembered = *end,
            _ => self.partial.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from),
        }
    }

    /// Returns the number of bytes that follow the known bytes of the retained frame, or `None` if the known
    /// bytes are not in the input: the caller did not keep them.
    #[inline]
    pub(super) fn new_bytes(&self, input: &Input<'_>) -> Option<u64> {
        let (known, new) = input.remaining().split_at_checked(as_usize(self.offset))?;
        let is_kept = match known.last_chunk::<END>() {
            Some(end) => self.partial.first_chunk() == Some(end),
            None => known.iter().zip(&self.partial).all(|(a, b)| a == b),
        };
        is_kept.then(|| as_u64(new.len()))
    }
}

/// Tells the input how long its kept message is.
#[inline]
fn tell_missing_of(frame_len: usize, input: &mut Input<'_>) {
    let missing = frame_len.saturating_sub(input.len());
    input.set_missing(as_u64(missing), as_u64(frame_len));
}

/// Returns `true` if this many bytes are not yet in a retained input, and can be completed in its buffer.
#[inline]
pub(super) fn may_wait(len: u64, input: &Input<'_>) -> bool {
    len <= as_u64(input.capacity()) && as_u64(input.len()) < len
}
