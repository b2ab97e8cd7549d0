//! Decompresses received DEFLATE data into messages (RFC 7692, section 7.2.2).
//!
//! The backend reveals neither the ends of blocks nor its window. Both are determined from the outside: see
//! [`Decompressor::finish`] for the end of a message, [`History`] for the window.

use alloc::{boxed::Box, vec::Vec};
use core::{fmt, mem, panic::UnwindSafe};

use zlib_rs::{Inflate, InflateFlush, Status};

use super::{
    Negotiated,
    history::History,
    pool::{self, MAX_COUNT},
};
use crate::{
    ProtocolError,
    num::{as_u64, as_usize},
};

/// Inflates the messages of one connection.
pub(crate) struct Decompressor {
    agreed: Negotiated,
    /// Created when it is first needed.
    context: Option<Box<Inflate>>,
    /// Whether the backend has ended a block with BFINAL set and must be created anew.
    ended: bool,
    /// Whether no byte of a message has arrived.
    is_empty: bool,
    /// The last four bytes of the message so far.
    last_bytes: [u8; 4],
    /// The number of bytes that the message has inflated to.
    inflated: u64,
    /// Whether the message has continued after a block with BFINAL set.
    begun_anew: bool,
    /// The number of received bytes that have not been charged for blocks with BFINAL set.
    credit: usize,
    history: History,
}

/// The backend refers to its state by `&mut`, but nothing else can reach it. After a panic in the backend,
/// its context at worst fails the next message; a panic in the caller cannot interrupt it.
impl UnwindSafe for Decompressor {}

impl Decompressor {
    pub(crate) fn new(agreed: Negotiated) -> Self {
        Self {
            agreed,
            context: None,
            ended: false,
            is_empty: true,
            last_bytes: [0; 4],
            inflated: 0,
            begun_anew: false,
            credit: MAX_CREDIT,
            history: History::new(),
        }
    }

    /// Returns the negotiated parameters.
    pub(crate) fn agreed(&self) -> &Negotiated {
        &self.agreed
    }

    /// Inflates a part of a message and passes it to `take`, piece by piece.
    ///
    /// The pieces of a message have at most `limit` bytes together, even if it fails.
    pub(crate) fn inflate(
        &mut self,
        payload: &[u8],
        message_ends: bool,
        limit: u64,
        mut take: impl FnMut(&[u8]) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        if !payload.is_empty() {
            self.is_empty = false;
            self.remember_last_bytes(payload);
            let mut room = pool::room();
            let result = self.run(payload, &mut room, limit, &mut take);
            pool::end_room(room);
            result?;
        }
        if message_ends {
            self.finish()?;
        }
        Ok(())
    }

    fn run(
        &mut self,
        mut payload: &[u8],
        room: &mut Vec<u8>,
        limit: u64,
        take: &mut impl FnMut(&[u8]) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        // The first room suffices for small messages. For large ones, room for all at once costs less.
        let mut room_len = first_room(payload.len());
        loop {
            if self.ended && !payload.is_empty() {
                self.begin_anew()?;
            }
            make_room(room, room_len);
            // One byte of extra room reveals whether the limit is exceeded.
            let allowed = as_usize(limit.saturating_sub(self.inflated));
            let room = room.get_mut(..room_len.min(allowed.saturating_add(1))).unwrap_or_default();
            let context = pool::receiving(&mut self.context);
            let step = Step::take(context, countable(context, payload)?, room, InflateFlush::NoFlush);
            self.credit = self.credit.saturating_add(step.used).min(MAX_CREDIT);
            let made = room.get(..step.made).unwrap_or_default();
            let passed = made.get(..allowed).unwrap_or(made);
            self.inflated = self.inflated.saturating_add(as_u64(passed.len()));
            self.history.push(passed);
            if !passed.is_empty() {
                take(passed)?;
            }
            if passed.len() < made.len() {
                return Err(ProtocolError::MessageTooLong { limit, len: limit.saturating_add(1) });
            }
            payload = payload.get(step.used..).unwrap_or_default();
            let is_full = step.made == room.len();
            match step.status {
                Some(Status::StreamEnd) => self.ended = true,
                Some(_) if is_full || payload.is_empty() || step.used > 0 => {}
                _ => return Err(ProtocolError::InvalidDeflate),
            }
            if payload.is_empty() && (self.ended || !is_full) {
                return Ok(());
            }
            if is_full {
                room_len = LARGE_ROOM;
            }
        }
    }

    /// Checks that the message ends where a message may end, and prepares for the next one.
    fn finish(&mut self) -> Result<(), ProtocolError> {
        if !self.is_empty && !self.ended {
            let context = self.context.as_deref_mut().ok_or(ProtocolError::InvalidDeflate)?;
            // The sender should have omitted the end of an empty block. If it did not, one is appended as a
            // test that a block has ended. Either way one byte follows that the backend must not consume: if
            // it stops right before it, a block has ended there.
            let rest: &[u8] =
                if self.last_bytes == TAIL { &[0, 0, 0, 0xff, 0xff, 0] } else { &[0, 0, 0xff, 0xff, 0] };
            let step = Step::take(context, rest, &mut [0; 16], InflateFlush::Block);
            if step.status != Some(Status::Ok)
                || step.made > 0
                || rest.len().checked_sub(step.used) != Some(1)
            {
                return Err(ProtocolError::InvalidDeflate);
            }
        }
        if !self.is_empty {
            self.history.end_message(self.ended, self.agreed.receive_context_takeover());
        }
        if self.agreed.receive_context_takeover() {
            self.renew_in_time()?;
        } else {
            pool::end_receiving(&mut self.context);
            self.ended = false;
        }
        self.is_empty = true;
        self.last_bytes = [0; 4];
        (self.inflated, self.begun_anew) = (0, false);
        Ok(())
    }

    /// Releases the memory of the context, if the next message does not need it.
    pub(crate) fn release_buffers(&mut self) {
        if !self.agreed.receive_context_takeover() && self.is_empty {
            self.context = None;
        }
    }

    /// Continues after a block with BFINAL set: at the next byte, with the same window (RFC 7692, section
    /// 7.2.3.4).
    fn begin_anew(&mut self) -> Result<(), ProtocolError> {
        // The window is copied each time. Each message may do so once; any more copies are charged in bytes.
        if mem::replace(&mut self.begun_anew, true) {
            self.credit = self.credit.checked_sub(FINAL_BLOCK_PRICE).ok_or(ProtocolError::InvalidDeflate)?;
        }
        self.renew()?;
        self.history.on_final_block();
        self.ended = false;
        Ok(())
    }

    /// Creates the context anew with the same window.
    fn renew(&mut self) -> Result<(), ProtocolError> {
        let context = pool::receiving(&mut self.context);
        context.reset(false);
        if let Some(window) = self.history.window() {
            context.set_dictionary(window).map_err(|_| ProtocolError::InvalidDeflate)?;
        }
        Ok(())
    }

    /// Creates the context anew, between messages, before the backend reaches the end of its count.
    fn renew_in_time(&mut self) -> Result<(), ProtocolError> {
        let count = self.context.as_ref().map_or(0, |context| context.total_in());
        if count < COPY_FROM || self.ended {
            return Ok(());
        }
        if count >= RENEW_AT_LAST || self.history.is_complete() {
            self.renew()?;
            self.history.on_renewal();
        } else {
            self.history.begin();
        }
        Ok(())
    }

    fn remember_last_bytes(&mut self, payload: &[u8]) {
        for &byte in payload.get(payload.len().saturating_sub(4)..).unwrap_or_default() {
            let [_, b, c, d] = self.last_bytes;
            self.last_bytes = [b, c, d, byte];
        }
    }
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressor")
            .field("agreed", &self.agreed)
            .field("has_context", &self.context.is_some())
            .finish_non_exhaustive()
    }
}

/// The result of one call of the backend.
struct Step {
    used: usize,
    made: usize,
    /// `None` if the data is corrupt. The output before the corrupt byte has been produced.
    status: Option<Status>,
}

impl Step {
    fn take(context: &mut Inflate, payload: &[u8], room: &mut [u8], flush: InflateFlush) -> Self {
        let (before_in, before_out) = (context.total_in(), context.total_out());
        let status = context.decompress(payload, room, flush).ok();
        // Neither can exceed the length of a slice.
        let used = as_usize(context.total_in().saturating_sub(before_in));
        let made = as_usize(context.total_out().saturating_sub(before_out));
        Self { used, made, status }
    }
}

/// Returns the part of the payload that the backend can count, including the bytes that
/// [`Decompressor::finish`] adds.
fn countable<'p>(context: &Inflate, payload: &'p [u8]) -> Result<&'p [u8], ProtocolError> {
    let most = MAX_COUNT.saturating_sub(16).saturating_sub(context.total_in());
    let part = payload.get(..as_usize(most)).unwrap_or(payload);
    if part.is_empty() && !payload.is_empty() {
        return Err(ProtocolError::MessageTooLong { limit: MAX_COUNT, len: MAX_COUNT.saturating_add(1) });
    }
    Ok(part)
}

fn make_room(room: &mut Vec<u8>, len: usize) {
    if room.len() < len {
        room.clear(); // so that nothing is copied
        room.resize(len, 0);
    }
}

/// Returns the room that a part of a message of `len` bytes is first inflated into.
fn first_room(len: usize) -> usize {
    let small = len.saturating_mul(GOOD_RATIO).clamp(TINY_ROOM, SMALL_ROOM);
    len.saturating_mul(USUAL_RATIO).min(LARGE_ROOM).max(small)
}

/// Lengths of the room that messages are inflated into, piece by piece.
const TINY_ROOM: usize = 256;
const SMALL_ROOM: usize = 4 << 10;
const LARGE_ROOM: usize = 64 << 10;

/// The typical expansion of text, and of short repetitive text.
const USUAL_RATIO: usize = 8;
const GOOD_RATIO: usize = 64;

/// The cost of a block with BFINAL set after the first one of a message, in received bytes; and the maximum
/// number of bytes that a connection can save up for it, which is also its credit at the beginning.
const FINAL_BLOCK_PRICE: usize = 64;
const MAX_CREDIT: usize = FINAL_BLOCK_PRICE * 16;

/// From half of the backend's maximum count on, a copy of the window is kept, with which a context is created
/// anew when a message ends; from three quarters on it is created anew even if the copy is not a complete
/// window.
const COPY_FROM: u64 = MAX_COUNT / 2;
const RENEW_AT_LAST: u64 = MAX_COUNT / 4 * 3;

/// The end of a flush, which a message omits (RFC 7692, section 7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{
        deflate::{Config, history::WINDOW},
        handshake::extensions,
    };

    fn decompressor() -> Decompressor {
        let offer = [("Sec-WebSocket-Extensions", &b"permessage-deflate"[..])];
        Decompressor::new(Config::new().accept(extensions(offer.into_iter()).flatten()).unwrap())
    }

    /// Inflates a message in parts of `cut` bytes, and checks that the backend is far from the end of its
    /// count.
    fn inflate(
        decompressor: &mut Decompressor,
        payload: &[u8],
        cut: usize,
    ) -> Result<Vec<u8>, ProtocolError> {
        let mut made = Vec::new();
        let parts = payload.len().div_ceil(cut);
        for (index, part) in payload.chunks(cut).enumerate() {
            decompressor.inflate(part, index + 1 == parts, u64::MAX, |piece| {
                made.extend_from_slice(piece);
                Ok(())
            })?;
            assert!(count(decompressor) < MAX_COUNT);
        }
        Ok(made)
    }

    fn count(decompressor: &Decompressor) -> u64 {
        decompressor.context.as_ref().map_or(0, |context| context.total_in())
    }

    /// Returns one stored block, and the end of a message.
    fn stored(data: &[u8], is_final: bool) -> Vec<u8> {
        let len = u16::try_from(data.len()).unwrap();
        let mut payload =
            [&[u8::from(is_final)][..], &len.to_le_bytes(), &(!len).to_le_bytes(), data].concat();
        payload.extend((!is_final).then_some(0));
        payload
    }

    /// Three bytes at a distance of 32,768.
    const FARTHEST: &[u8] = b"\x02\xde\xff\x0f\x00";

    #[test]
    fn the_window_survives_that_a_context_is_begun_anew() {
        // The first message decides whether a copy of the window is kept permanently.
        for is_final in [false, true] {
            let (mut decompressor, mut all) = (decompressor(), Vec::new());
            let (mut renewals, mut copies, mut before) = (0, 0, 0);
            for number in 0..4000_u32 {
                let data: Vec<u8> = (0..1000).map(|i| (number * 31 + i * i).to_le_bytes()[1]).collect();
                let payload = stored(&data, is_final && number < 40);
                assert!(inflate(&mut decompressor, &payload, 300).unwrap() == data);
                all.extend(data);
                if let Some(window) = all.len().checked_sub(WINDOW) {
                    let expected = all[window..window + 3].to_vec();
                    assert_eq!(inflate(&mut decompressor, FARTHEST, 2).unwrap(), expected, "{number}");
                    all.extend(expected);
                }
                renewals += u32::from(number > 40 && count(&decompressor) < before);
                copies += u32::from(decompressor.history.window().is_some());
                before = count(&decompressor);
            }
            assert!((5..9).contains(&renewals), "{renewals}");
            // If it is not kept for the peer, a copy exists only while it is about to be needed.
            assert_eq!(copies, if is_final { 4000 } else { renewals * 33 }, "{renewals}");
        }
    }

    #[test]
    fn empty_messages_without_end_do_not_count_up_either() {
        let mut decompressor = decompressor();
        let (mut most, mut renewals) = (0, 0);
        for _ in 0..600_000 {
            let before = count(&decompressor);
            assert_eq!(inflate(&mut decompressor, b"\x00", 1), Ok(Vec::new()));
            most = most.max(count(&decompressor));
            renewals += u32::from(count(&decompressor) < before);
        }
        assert!(most < RENEW_AT_LAST && renewals >= 3, "{most}, {renewals}");
        assert_eq!(inflate(&mut decompressor, b"\xf2\x48\xcd\xc9\xc9\x07\x00", 3).unwrap(), b"Hello");
    }

    #[test]
    fn a_message_that_cannot_be_counted_fails_at_the_same_byte_however_it_is_cut() {
        let block = stored(&alloc::vec![7; 60_000], false);
        let payload = block[..block.len() - 1].repeat(18);
        for before in [0, 5] {
            let ends = [payload.len(), 65_535, 10_007].map(|cut| {
                let (mut decompressor, mut made) = (decompressor(), 0);
                for _ in 0..before {
                    inflate(&mut decompressor, &stored(&alloc::vec![1; 60_000], false), 1000).unwrap();
                }
                let result = payload.chunks(cut).try_for_each(|part| {
                    decompressor.inflate(part, false, u64::MAX, |piece| {
                        made += piece.len();
                        Ok(())
                    })
                });
                assert!(count(&decompressor) < MAX_COUNT);
                (result, made)
            });
            assert_eq!(
                ends[0].0,
                Err(ProtocolError::MessageTooLong { limit: MAX_COUNT, len: MAX_COUNT + 1 })
            );
            assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
        }
    }
}
