//! A build without compression: it is never negotiated, so nothing is inflated or compressed.
//!
//! The types are those of `deflate.rs`, with the same signatures.
#![expect(clippy::unused_self, reason = "the signatures are those of the build with compression")]

use alloc::vec::Vec;

use crate::{ProtocolError, frame::OpCode};

/// The negotiated parameters, which are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreement;

impl Agreement {
    pub(crate) const NONE: Self = Self;

    pub(crate) fn is_on(self) -> bool {
        false
    }
}

/// Inflates nothing.
#[derive(Debug)]
pub(crate) struct Inflater;

impl Inflater {
    pub(crate) fn new(_: Agreement) -> Self {
        Self
    }

    /// Never called, since the decoder rejects compressed messages.
    pub(crate) fn inflate(
        &mut self,
        _: &[u8],
        _: bool,
        _: u64,
        _: impl FnMut(&[u8]) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        Err(ProtocolError::ReservedBits)
    }

    pub(crate) fn release_buffers(&mut self) {}

    pub(crate) fn forget(&mut self) {}
}

/// Compresses nothing.
#[derive(Debug)]
pub(crate) struct Deflater;

impl Deflater {
    pub(crate) fn new(_: Agreement) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn is_off(&self) -> bool {
        true
    }

    #[inline]
    pub(crate) fn is_in_message(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) fn skip_message(&mut self) {}

    #[inline]
    pub(crate) fn write(
        &mut self,
        _: OpCode,
        _: bool,
        _: &[u8],
        _: &mut Vec<u8>,
        _: impl FnOnce() -> Option<[u8; 4]>,
    ) -> bool {
        false
    }

    pub(crate) fn release_buffers(&mut self) {}

    pub(crate) fn forget(&mut self) {}
}
