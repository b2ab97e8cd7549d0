//! `bufferedAmount`: the payload bytes that the page has sent and the transport has not accepted.

use alloc::collections::VecDeque;

use crate::num::as_u64;

/// The messages that are being written, and the value that the page sees.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// The frames of the page that are not entirely written, in the order of the output.
    frames: VecDeque<Frame>,
    /// The number of bytes that the transport has accepted.
    written: u64,
    /// The number of bytes of `frames`, written ones included.
    own: u64,
    /// The payload bytes that were written since the page last looked.
    drained: u64,
    amount: u64,
    frozen: bool,
}

/// A message in the output.
#[derive(Debug)]
struct Frame {
    start: u64,
    end: u64,
    payload: u64,
}

impl Backlog {
    /// Counts a message that is not written: the object is closing or closed.
    pub(super) fn lose(&mut self, payload: usize) {
        self.amount = self.amount.saturating_add(as_u64(payload));
    }

    /// Counts a message that is written at these places, counted from the bytes that are unwritten.
    pub(super) fn push(&mut self, payload: usize, before: usize, after: usize) {
        let start = self.written.saturating_add(as_u64(before));
        let end = self.written.saturating_add(as_u64(after));
        self.own = self.own.saturating_add(end.saturating_sub(start));
        self.frames.push_back(Frame { start, end, payload: as_u64(payload) });
        self.lose(payload);
    }

    /// Whether a message fits. An empty one counts as a byte, since it has a frame.
    pub(super) fn has_room(&self, payload: usize, max: u64) -> bool {
        let len = self.amount.saturating_add(as_u64(payload));
        len.max(as_u64(self.frames.len()).saturating_add(1)) <= max
    }

    /// Notes that the transport has accepted `count` bytes.
    pub(super) fn write(&mut self, count: usize) {
        self.written = self.written.saturating_add(as_u64(count));
        while let Some(frame) = self.frames.front().filter(|frame| frame.end <= self.written) {
            self.own = self.own.saturating_sub(frame.end.saturating_sub(frame.start));
            self.drained = self.drained.saturating_add(frame.payload);
            self.frames.pop_front();
        }
    }

    /// Shows the page what was written. Called between two tasks only.
    pub(super) fn show(&mut self) {
        let drained = core::mem::take(&mut self.drained);
        if !self.frozen {
            self.amount = self.amount.saturating_sub(drained);
        }
    }

    /// The object is closed: the amount does not fall any more.
    pub(super) fn freeze(&mut self) {
        self.frozen = true;
        self.frames = VecDeque::new();
        self.own = 0;
    }

    pub(super) fn amount(&self) -> u64 {
        self.amount
    }

    /// Of `unwritten` bytes, those that are not the page's: Pongs and Closes.
    pub(super) fn others(&self, unwritten: usize) -> u64 {
        let partly = self.frames.front().map_or(0, |frame| self.written.saturating_sub(frame.start));
        as_u64(unwritten).saturating_sub(self.own.saturating_sub(partly))
    }
}
