//! The boundary between the connection and its compression (RFC 7692, section 6): permessage-deflate for both
//! directions, each in its own box, so that a connection without it holds two words.

use alloc::{boxed::Box, vec::Vec};

use crate::{
    ProtocolError,
    deflate::{Compress, Compressor, Decompressor, Negotiated, Plan},
    frame::{Header, MAX_HEADER_LEN, OpCode, Rsv, mask},
    num::as_u64,
};

/// The negotiated parameters, if there are any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreement(Option<Negotiated>);

impl Agreement {
    pub(crate) const NONE: Self = Self(None);

    pub(crate) const fn on(negotiated: Negotiated) -> Self {
        Self(Some(negotiated))
    }

    pub(crate) fn is_on(self) -> bool {
        self.0.is_some()
    }
}

/// Inflates the messages of the peer.
#[derive(Debug)]
pub(crate) struct Inflater(Option<Box<Decompressor>>);

impl Inflater {
    pub(crate) fn new(Agreement(agreed): Agreement) -> Self {
        Self(agreed.map(|agreed| Box::new(Decompressor::new(agreed))))
    }

    pub(crate) fn agreed(&self) -> Option<&Negotiated> {
        self.0.as_deref().map(Decompressor::agreed)
    }

    /// Inflates the next part of a message and passes it to `take` piece by piece; a message has at most
    /// `limit` bytes.
    pub(crate) fn inflate(
        &mut self,
        payload: &[u8],
        message_ends: bool,
        limit: u64,
        take: impl FnMut(&[u8]) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        match &mut self.0 {
            Some(decompressor) => decompressor.inflate(payload, message_ends, limit, take),
            // The decoder rejects compressed messages unless compression was negotiated.
            None => Err(ProtocolError::ReservedBits),
        }
    }

    /// Releases the context, unless a later message may refer to it.
    pub(crate) fn release_buffers(&mut self) {
        if let Some(decompressor) = &mut self.0 {
            decompressor.release_buffers();
        }
    }

    /// Releases all memory, since nothing more is received.
    pub(crate) fn forget(&mut self) {
        if let Some(decompressor) = &mut self.0 {
            **decompressor = Decompressor::new(*decompressor.agreed());
        }
    }
}

/// Compresses the messages that are sent.
#[derive(Debug)]
pub(crate) struct Deflater(Option<Box<Compressor>>);

impl Deflater {
    pub(crate) fn new(Agreement(agreed): Agreement) -> Self {
        Self(agreed.map(|agreed| Box::new(Compressor::new(agreed))))
    }

    pub(crate) fn agreed(&self) -> Option<&Negotiated> {
        self.0.as_deref().map(Compressor::agreed)
    }

    /// Returns `true` if no message is compressed.
    #[inline]
    pub(crate) fn is_off(&self) -> bool {
        self.0.is_none()
    }

    /// Makes the choice for the next message.
    pub(crate) fn compress_next(&mut self, choice: Compress) {
        if let Some(compressor) = &mut self.0 {
            compressor.next = choice;
        }
    }

    /// Returns `true` if a compressed message is being sent in fragments.
    #[inline]
    pub(crate) fn is_in_message(&self) -> bool {
        self.0.as_ref().is_some_and(|compressor| compressor.is_in_message())
    }

    /// Records that the next message bypasses compression, so the choice for it no longer applies.
    #[inline]
    pub(crate) fn skip_message(&mut self) {
        self.compress_next(Compress::Default);
    }

    /// Appends a data frame if its message is to be compressed. Returns `false` if it must be sent
    /// uncompressed.
    #[inline]
    pub(crate) fn write(
        &mut self,
        opcode: OpCode,
        fin: bool,
        payload: &[u8],
        out: &mut Vec<u8>,
        key: impl FnOnce() -> Option<[u8; 4]>,
    ) -> bool {
        match &mut self.0 {
            Some(compressor) => write(compressor, opcode, fin, payload, out, key),
            None => false,
        }
    }

    /// Releases the context; the next message creates it again.
    pub(crate) fn release_buffers(&mut self) {
        if let Some(compressor) = &mut self.0 {
            compressor.release_buffers();
        }
    }

    /// Releases all memory, since nothing more is sent.
    pub(crate) fn forget(&mut self) {
        if let Some(compressor) = &mut self.0 {
            **compressor = Compressor::new(*compressor.agreed());
        }
    }
}

#[inline(never)]
fn write(
    compressor: &mut Compressor,
    opcode: OpCode,
    fin: bool,
    payload: &[u8],
    out: &mut Vec<u8>,
    key: impl FnOnce() -> Option<[u8; 4]>,
) -> bool {
    let begins = opcode != OpCode::Continuation;
    let plan = match (begins, compressor.is_in_message()) {
        (true, _) => compressor.begin(payload.len(), fin),
        (false, true) => Plan::Compress,
        (false, false) => Plan::Leave,
    };
    if plan == Plan::Leave {
        return false;
    }
    // The length of the header is known only afterwards, so room is left for the longest.
    let start = out.len();
    let body = start.saturating_add(MAX_HEADER_LEN);
    out.resize(body, 0);
    let compressed = compressor.compress(payload, fin, out);
    if !compressed || plan == Plan::CompressIfShorter && out.len().saturating_sub(body) >= payload.len() {
        out.truncate(start);
        return false;
    }
    let mask_key = key();
    let payload = out.get_mut(body..).unwrap_or_default();
    if let Some(key) = mask_key {
        mask(payload, key, 0);
    }
    let rsv = if begins { Rsv::RSV1 } else { Rsv::NONE }; // RFC 7692, 6.1
    let header = Header { fin, rsv, opcode, mask: mask_key, payload_len: as_u64(payload.len()) };
    let mut end_of_header = start;
    header.write(|bytes| {
        let room = out.get_mut(end_of_header..).and_then(|room| room.get_mut(..bytes.len()));
        if let Some(room) = room {
            room.copy_from_slice(bytes);
            end_of_header = end_of_header.saturating_add(bytes.len());
        }
    });
    out.copy_within(body.., end_of_header);
    out.truncate(out.len().saturating_sub(body.saturating_sub(end_of_header)));
    true
}
