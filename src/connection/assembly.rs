//! Reassembly of messages and control frames that span several reads.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::{fmt, mem};

use super::Event;
use crate::{frame::MAX_CONTROL_LEN, utf8};

/// The part of a message that has arrived.
pub(super) enum Assembly {
    /// No message is being reassembled. The empty buffer of an earlier one may be kept.
    Idle(Vec<u8>),
    Text(String),
    Binary(Vec<u8>),
}

impl Default for Assembly {
    fn default() -> Self {
        Self::Idle(Vec::new())
    }
}

impl Assembly {
    /// Begins a message, unless one is in progress.
    pub(super) fn begin(&mut self, is_text: bool) {
        if let Self::Idle(memory) = self {
            let memory = mem::take(memory);
            // It is empty, so it is valid text.
            *self = if is_text {
                Self::Text(String::from_utf8(memory).unwrap_or_default())
            } else {
                Self::Binary(memory)
            };
        }
    }

    /// Keeps the buffer of a message for the next one, unless a larger one is kept already.
    pub(super) fn keep(&mut self, mut memory: Vec<u8>) {
        if let Self::Idle(kept) = self
            && kept.capacity() < memory.capacity()
        {
            memory.clear();
            *kept = memory;
        }
    }

    /// Releases the kept buffer.
    pub(super) fn release(&mut self) {
        if let Self::Idle(memory) = self {
            *memory = Vec::new();
        }
    }

    /// Appends text to a text message, and reserves memory for the rest as far as its length can be trusted.
    #[inline]
    pub(super) fn push_str(&mut self, piece: &str, to_come: ToCome) {
        let Self::Text(text) = self else { return };
        text.reserve_exact(room(text.len(), text.capacity(), piece.len(), to_come));
        text.push_str(piece);
    }

    /// Appends text that begins with a character that was split between two reads.
    pub(super) fn push_text(&mut self, piece: utf8::Decoded<'_>, to_come: ToCome) {
        if let (Some(first), Self::Text(text)) = (piece.first, &mut *self) {
            let added = first.len_utf8().saturating_add(piece.rest.len());
            text.reserve_exact(room(text.len(), text.capacity(), added, to_come));
            text.push(first);
        }
        self.push_str(piece.rest, to_come);
    }

    /// Appends data to a binary message, and reserves memory for the rest as far as its length can be
    /// trusted.
    pub(super) fn push_binary(&mut self, piece: &[u8], to_come: ToCome) {
        let Self::Binary(data) = self else { return };
        data.reserve_exact(room(data.len(), data.capacity(), piece.len(), to_come));
        data.extend_from_slice(piece);
    }

    /// Returns the reassembled data as a chunk, or `None` if it is empty and not the last.
    pub(super) fn finish_chunk(&mut self, last: bool) -> Option<Event<'static>> {
        match mem::take(self) {
            Self::Text(text) if last || !text.is_empty() => {
                Some(Event::TextChunk { data: Cow::Owned(text), last })
            }
            Self::Binary(data) if last || !data.is_empty() => {
                Some(Event::BinaryChunk { data: Cow::Owned(data), last })
            }
            _ => None,
        }
    }

    /// Returns the complete message and leaves nothing here.
    pub(super) fn finish(&mut self) -> Option<Event<'static>> {
        match mem::take(self) {
            Self::Idle(_) => None,
            Self::Text(text) => Some(Event::Text(Cow::Owned(text))),
            Self::Binary(data) => Some(Event::Binary(Cow::Owned(data))),
        }
    }
}

/// Shows no data, which may be long and confidential.
impl fmt::Debug for Assembly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle(_) => f.write_str("Idle"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Binary(data) => write!(f, "Binary({} bytes)", data.len()),
        }
    }
}

/// The payload of a control frame that spans several reads.
pub(super) struct Control {
    bytes: [u8; MAX_CONTROL_LEN],
    len: usize,
}

impl Control {
    /// Appends what fits, which is everything: a longer control frame was rejected at its header.
    pub(super) fn push(&mut self, piece: &[u8]) {
        let room = self.bytes.iter_mut().skip(self.len);
        self.len = self.len.saturating_add(room.zip(piece).map(|(to, from)| *to = *from).count());
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Shows no data.
impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Control({} bytes)", self.len)
    }
}

impl Default for Control {
    fn default() -> Self {
        Self { bytes: [0; MAX_CONTROL_LEN], len: 0 }
    }
}

/// What is known about the bytes of a message that have not arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct ToCome {
    /// The number of bytes that the frame has declared and that have not arrived.
    pub(super) in_frame: u64,
    /// Whether the message continues after the frame.
    pub(super) more_frames: bool,
    /// The maximum length of the message.
    pub(super) limit: u64,
}

/// Returns the number of bytes to reserve after the `len` bytes that exist, of which `added` are appended
/// now.
///
/// Memory grows with the bytes received, not with declared lengths: beyond a small trusted amount it is at
/// most doubled. It is also doubled if the end of the message is unknown, so that the work stays linear; if
/// it is known, the last growth is exact. There is never room for more than the limit.
fn room(len: usize, capacity: usize, added: usize, to_come: ToCome) -> usize {
    let arrived = len.saturating_add(added);
    if arrived <= capacity {
        return 0;
    }
    let possible = MAX_ALLOCATION.saturating_sub(arrived);
    let trusted = arrived.max(TRUSTED).min(possible);
    let promised = usize::try_from(to_come.in_frame).map_or(trusted, |promised| promised.min(trusted));
    // The first piece may be the only one.
    let behind = if to_come.more_frames && len > 0 { promised.max(trusted.min(arrived)) } else { promised };
    let allowed = usize::try_from(to_come.limit).unwrap_or(usize::MAX).saturating_sub(arrived);
    added.saturating_add(behind.min(allowed))
}

/// The largest possible allocation, which matters on small machines.
const MAX_ALLOCATION: usize = isize::MAX.unsigned_abs();

/// The number of bytes that a declared length alone may reserve.
const TRUSTED: usize = 16 << 10;
