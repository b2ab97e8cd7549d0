//! A copy of the window, which the backend does not reveal.

use alloc::vec::Vec;
use core::mem;

/// A copy of the window, for peers that set BFINAL.
///
/// A block with BFINAL ends the stream of the backend, which then discards its window. A peer that ends its
/// blocks like that does so from its first message on; for all others the copy is dropped with their first
/// message, and begun again if they ever set it, or before the backend must be created anew for another
/// reason.
pub(super) enum History {
    /// The first message has not ended.
    Unknown(Vec<u8>),
    /// The peer sets BFINAL.
    Kept(Vec<u8>),
    /// The context must be created anew soon. The copy does not contain earlier data.
    Begun(Vec<u8>),
    /// The peer has sent a message without BFINAL.
    Given,
}

impl History {
    pub(super) fn new() -> Self {
        Self::Unknown(Vec::new())
    }

    pub(super) fn push(&mut self, made: &[u8]) {
        let (Self::Unknown(bytes) | Self::Kept(bytes) | Self::Begun(bytes)) = self else { return };
        let made = made.get(made.len().saturating_sub(WINDOW)..).unwrap_or_default();
        if bytes.len().saturating_add(made.len()) > MAX_HISTORY {
            bytes.drain(..bytes.len().saturating_sub(WINDOW));
        }
        if bytes.capacity() < bytes.len().saturating_add(made.len()) {
            let room = MAX_HISTORY.saturating_sub(bytes.len());
            bytes.reserve_exact(made.len().max(bytes.len()).min(room));
        }
        bytes.extend_from_slice(made);
    }

    pub(super) fn window(&self) -> Option<&[u8]> {
        let (Self::Unknown(bytes) | Self::Kept(bytes) | Self::Begun(bytes)) = self else { return None };
        let window = bytes.get(bytes.len().saturating_sub(WINDOW)..)?;
        (!window.is_empty()).then_some(window)
    }

    /// Returns `true` if the copy contains the complete window.
    pub(super) fn is_complete(&self) -> bool {
        match self {
            Self::Unknown(_) | Self::Kept(_) => true,
            Self::Begun(bytes) => bytes.len() >= WINDOW,
            Self::Given => false,
        }
    }

    /// Begins a copy, unless there is one.
    pub(super) fn begin(&mut self) {
        if let Self::Given = self {
            *self = Self::Begun(Vec::new());
        }
    }

    pub(super) fn on_renewal(&mut self) {
        if let Self::Begun(_) = self {
            *self = Self::Given;
        }
    }

    pub(super) fn on_final_block(&mut self) {
        *self = match mem::replace(self, Self::Given) {
            Self::Unknown(bytes) | Self::Kept(bytes) | Self::Begun(bytes) => Self::Kept(bytes),
            Self::Given => Self::Kept(Vec::new()),
        };
    }

    /// Records the end of a message, with a final block or without one.
    pub(super) fn end_message(&mut self, ended: bool, context_takeover: bool) {
        *self = match mem::replace(self, Self::Given) {
            Self::Unknown(bytes) if ended => Self::Kept(bytes),
            Self::Unknown(_) => Self::Given,
            other => other,
        };
        if let (Self::Kept(bytes), false) = (self, context_takeover) {
            *bytes = Vec::new();
        }
    }
}

/// The largest window of DEFLATE.
pub(super) const WINDOW: usize = 32 << 10;

/// The maximum number of bytes that a copy of the window takes.
const MAX_HISTORY: usize = WINDOW * 2;
