//! Compressed messages, in both directions (RFC 7692).

use alloc::vec::Vec;
use core::mem;

use super::{
    Connection, Delivery, Event,
    assembly::{Assembly, ToCome},
};
use crate::{
    ProtocolError,
    deflate::{Compress, End, Plan},
    entropy::Entropy,
    error::Fault,
    frame::{FramePart, Header, MAX_HEADER_LEN, OpCode, Rsv, mask},
    num::as_u64,
};

impl Connection {
    /// Decides for the next message whether it is compressed; from then on it is [`Compress::Default`] again.
    ///
    /// A message in fragments is decided with its first one. Without effect if the peer did not agree to
    /// compression, see [`deflate`](Self::deflate).
    ///
    /// ```
    /// use sansocket::{Config, Connection, deflate::Compress};
    ///
    /// # let mut connection = Connection::server(Config::new());
    /// # let mut out = Vec::new();
    /// connection.compress_next(Compress::Never); // an attacker could guess it from its length
    /// connection.send_text("token=71f3a9", &mut out)?;
    /// # Ok::<(), sansocket::SendError>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
    pub fn compress_next(&mut self, choice: Compress) {
        if let Some(deflate) = &mut self.deflate {
            deflate.compressor.next = choice;
        }
    }

    /// A part of a compressed message, inflated.
    pub(super) fn receive_compressed(
        &mut self,
        part: &FramePart<'_>,
    ) -> Result<Option<Event<'static>>, ProtocolError> {
        // Without the extension the decoder lets no such message pass.
        let Some(deflate) = self.deflate.as_deref_mut() else { return Err(ProtocolError::ReservedBits) };
        let message_ends = part.last && part.header.fin;
        let mut chunk = Assembly::default();
        let sink = match self.behaviour.delivery {
            Delivery::Messages => &mut self.assembly,
            Delivery::Chunks => {
                chunk = mem::take(&mut self.assembly);
                &mut chunk
            }
        };
        sink.begin(self.receiving_text);
        let (utf8, is_text) = (&mut self.utf8, self.receiving_text);
        let limit = self.decoder.max_message_len();
        let to_come = ToCome { in_frame: 0, more_frames: true, limit };
        let end = if message_ends { End::Message } else { End::Open };
        let mut result = deflate.decompressor.inflate(part.payload, end, limit, |piece| {
            if !is_text {
                sink.push_binary(piece, to_come);
                return Ok(());
            }
            let (text, faulty) = utf8.decode_until_fault(piece);
            sink.push_text(text, to_come);
            if faulty { Err(Fault::Utf8) } else { Ok(()) }
        });
        if message_ends && result.is_ok() && !self.utf8.is_complete() {
            result = Err(Fault::Utf8);
        }
        match (self.behaviour.delivery, result) {
            (Delivery::Messages, Ok(())) if message_ends => Ok(self.assembly.finish()),
            (Delivery::Messages, Ok(())) => Ok(None),
            (Delivery::Messages, Err(fault)) => Err(self.error(fault)),
            (Delivery::Chunks, _) => {
                // What was inflated in front of a fault comes first, however the input was cut.
                self.fault = result.err();
                Ok(chunk.finish_chunk(message_ends && result.is_ok()))
            }
        }
    }

    /// Appends a data frame, compressed, if its message is to be. `false`: it is to be sent as it is.
    pub(super) fn write_compressed(
        &mut self,
        opcode: OpCode,
        fin: bool,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> bool {
        let Some(deflate) = self.deflate.as_deref_mut() else { return false };
        let compressor = &mut deflate.compressor;
        let begins = opcode != OpCode::Continuation;
        let plan = match (begins, compressor.is_in_message()) {
            (true, _) => compressor.begin(payload.len(), fin),
            (false, true) => Plan::Compress,
            (false, false) => Plan::Leave,
        };
        if plan == Plan::Leave {
            return false;
        }
        // How long the header is shows only afterwards, so room is left for the longest.
        let start = out.len();
        let body = start.saturating_add(MAX_HEADER_LEN);
        out.resize(body, 0);
        let compressed = compressor.compress(payload, fin, out);
        if !compressed || plan == Plan::CompressIfShorter && out.len().saturating_sub(body) >= payload.len() {
            out.truncate(start);
            return false;
        }
        let mask_key = self.entropy.as_mut().map(Entropy::masking_key);
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
}
