//! Compresses messages that are sent into DEFLATE (RFC 7692, section 7.2.1).

use crate::num::{as_u64, as_usize};
use alloc::{boxed::Box, vec::Vec};
use core::{fmt, panic::UnwindSafe};

use zlib_rs::{Deflate, DeflateFlush, Status};

use super::{
    Compress, Negotiated,
    pool::{self, Kind, MAX_COUNT},
};

/// Compresses the messages of one connection.
pub(crate) struct Compressor {
    agreed: Negotiated,
    /// Created when it is first needed.
    context: Option<Box<Deflate>>,
    /// The choice for the next message.
    pub(crate) next: Compress,
    /// Whether the message that is being sent in fragments is compressed.
    in_message: bool,
}

/// The backend refers to its state by `&mut`, but nothing else can reach it. After a panic in the backend,
/// its context at worst fails the next message; a panic in the caller cannot interrupt it.
impl UnwindSafe for Compressor {}

/// The encoding of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    Leave,
    Compress,
    CompressIfShorter,
}

impl Compressor {
    pub(crate) fn new(agreed: Negotiated) -> Self {
        Self { agreed, context: None, next: Compress::Default, in_message: false }
    }

    /// Selects the encoding of a message that begins with `len` bytes.
    ///
    /// The length of a fragmented message is unknown, so it is treated as long.
    pub(crate) fn begin(&mut self, len: usize, last: bool) -> Plan {
        match core::mem::take(&mut self.next) {
            Compress::Never => Plan::Leave,
            Compress::Default if last && as_u64(len) < u64::from(self.agreed.config().min_len) => Plan::Leave,
            // If later messages refer to it, it must be sent as it was compressed.
            Compress::Default if last && !self.agreed.send_context_takeover() => Plan::CompressIfShorter,
            Compress::Default | Compress::Always => Plan::Compress,
        }
    }

    /// Returns the negotiated parameters.
    pub(crate) fn agreed(&self) -> &Negotiated {
        &self.agreed
    }

    pub(crate) fn is_in_message(&self) -> bool {
        self.in_message
    }

    /// Appends the compressed payload as the next fragment of a message.
    ///
    /// It returns `false` if the backend has failed for lack of memory. Nothing was appended then, and the
    /// next message begins with an empty window, so the connection stays usable if this message was not
    /// begun.
    pub(crate) fn compress(&mut self, payload: &[u8], last: bool, out: &mut Vec<u8>) -> bool {
        let start = out.len();
        let kind = if last && !self.in_message && !self.agreed.send_context_takeover() {
            Kind::alone(&self.agreed, payload.len())
        } else {
            Kind::new(&self.agreed)
        };
        if self.deflate(kind, payload, out).is_err() {
            out.truncate(start);
            self.context = None;
            self.in_message = false;
            return false;
        }
        if out.len().saturating_sub(start) > stored_len(payload.len()) {
            // The data is in the window of both sides, whichever way it was sent.
            out.truncate(start);
            store(payload, out);
        }
        if last {
            // RFC 7692, 7.2.1 and 7.2.3.6
            if out.get(start..).is_some_and(|bytes| bytes.ends_with(&TAIL)) {
                out.truncate(out.len().saturating_sub(TAIL.len()));
            }
            if out.len() == start {
                out.push(0);
            }
            if !self.agreed.send_context_takeover() {
                pool::end_sending(kind, &mut self.context);
            }
        }
        self.in_message = !last;
        true
    }

    /// Appends the payload, compressed and flushed to a byte boundary.
    fn deflate(&mut self, kind: Kind, mut payload: &[u8], out: &mut Vec<u8>) -> Result<(), Failed> {
        let context = pool::sending(kind, &mut self.context);
        loop {
            // Everything is flushed, so a stream may end here and another one begin with an empty window.
            if context.total_in().max(context.total_out()) >= RENEW_FROM {
                context.reset();
            }
            let (piece, rest) = payload.split_at(payload.len().min(as_usize(RENEW_FROM)));
            deflate(context, piece, out)?;
            if rest.is_empty() {
                return Ok(());
            }
            payload = rest;
        }
    }

    /// Releases the memory of the context. The next block begins with an empty window, even inside a message:
    /// every fragment ends with a flush.
    pub(crate) fn release_buffers(&mut self) {
        self.context = None;
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor")
            .field("agreed", &self.agreed)
            .field("has_context", &self.context.is_some())
            .finish_non_exhaustive()
    }
}

/// Appends `payload`, compressed and flushed to a byte boundary, to `out`.
fn deflate(context: &mut Deflate, mut payload: &[u8], out: &mut Vec<u8>) -> Result<(), Failed> {
    let mut room = (payload.len() / 4).saturating_add(64);
    loop {
        let start = out.len();
        out.resize(start.saturating_add(room), 0);
        let (before_in, before_out) = (context.total_in(), context.total_out());
        let status =
            context.compress(payload, out.get_mut(start..).unwrap_or_default(), DeflateFlush::SyncFlush);
        let used = usize::try_from(context.total_in().saturating_sub(before_in)).map_err(|_| Failed)?;
        let made = usize::try_from(context.total_out().saturating_sub(before_out)).map_err(|_| Failed)?;
        out.truncate(start.saturating_add(made));
        payload = payload.get(used..).unwrap_or_default();
        match status {
            Ok(Status::Ok | Status::BufError) if made == room => {
                room = room.max(payload.len() / 2).max(1 << 10);
            }
            // All input has been consumed, and the flushed output did not fill the room, so it is complete.
            Ok(Status::Ok | Status::BufError) if payload.is_empty() => return Ok(()),
            Ok(Status::Ok) if used > 0 => {}
            _ => return Err(Failed),
        }
    }
}

/// Appends `payload` in stored blocks, flushed to a byte boundary, to `out`.
fn store(payload: &[u8], out: &mut Vec<u8>) {
    out.reserve(stored_len(payload.len()));
    for block in payload.chunks(MAX_STORED) {
        let len = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(0);
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&(!len).to_le_bytes());
        out.extend_from_slice(block);
    }
    out.push(0);
    out.extend_from_slice(&TAIL);
}

/// Returns the number of bytes that [`store`] appends.
const fn stored_len(payload_len: usize) -> usize {
    payload_len.div_ceil(MAX_STORED).saturating_add(1).saturating_mul(5).saturating_add(payload_len)
}

/// The count at which a context is created anew. The bytes of one more call, and the expansion by
/// compression, are far from what the backend can count.
const RENEW_FROM: u64 = MAX_COUNT / 4;

/// The error for a failure of the backend.
struct Failed;

/// The maximum length of a stored block, in bytes (RFC 1951, section 3.2.4).
const MAX_STORED: usize = 0xffff;

/// The end of a flush, which a message omits (RFC 7692, section 7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use flate2::{Decompress, FlushDecompress};

    use super::*;
    use crate::{deflate::Config, handshake::extensions};

    /// Returns data that refers back, and is not compressed below a third of its length.
    fn data(len: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_le_bytes()[3]
        };
        (0..len).map(|i| if i % 3 == 0 { next() } else { 7 }).collect()
    }

    #[test]
    fn a_context_is_begun_anew_before_the_backend_cannot_count_any_more() {
        let offer = [("Sec-WebSocket-Extensions", &b"permessage-deflate"[..])];
        let config = Config::new().send_context_takeover(true);
        let agreed = config.accept(extensions(offer.into_iter()).flatten()).unwrap();
        let mut compressor = Compressor::new(agreed);
        let mut peer = Decompress::new_with_window_bits(false, 15);
        let (mut renewals, mut before) = (0, 0);
        // Short and long messages, one of which exceeds what the backend can count; every other one has two
        // fragments.
        for (number, len) in
            [70_000, 0, 1, 200_000, 1 << 20, 3 << 20, 1000].into_iter().cycle().take(21).enumerate()
        {
            let data = data(len);
            let mut payload = Vec::new();
            let (first, second) = data.split_at(if number % 2 == 0 { len / 2 } else { 0 });
            for (part, last) in [(first, false), (second, true)] {
                assert!(compressor.compress(part, last, &mut payload));
                let context = compressor.context.as_ref().unwrap();
                let count = context.total_in().max(context.total_out());
                assert!(count < MAX_COUNT * 3 / 4, "{count}");
                renewals += u32::from(count < before);
                before = count;
            }
            payload.extend(TAIL);
            let mut made = Vec::with_capacity(len + 100);
            let start = peer.total_in();
            peer.decompress_vec(&payload, &mut made, FlushDecompress::Sync).unwrap();
            assert_eq!(peer.total_in() - start, as_u64(payload.len()));
            assert!(made == data, "message {number}");
        }
        assert!(renewals >= 6, "{renewals}");
    }
}
