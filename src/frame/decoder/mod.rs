//! Layer 2: decodes the bytes of a stream into validated parts of frames.

use core::fmt;

mod retained;
mod rules;
mod whole;

use super::{Header, Limits, MAX_HEADER_LEN, OpCode, Rsv, mask};
use crate::{
    Input, ProtocolError,
    excerpt::Excerpt,
    num::{as_u64, as_usize},
};
use retained::{BLOCK, may_wait};

/// The role of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a connection has two ends")]
pub enum Role {
    /// The endpoint that connected: it sends masked frames and receives unmasked ones.
    Client,
    /// The endpoint that accepted: it sends unmasked frames and receives masked ones.
    Server,
}

/// The name in lower case: `client`, `server`.
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

/// Decodes a byte stream into validated, unmasked frames.
///
/// It rejects every violation that a header can contain: reserved bits and opcodes, a mask that is missing or
/// not allowed, lengths that are too long or not minimal, control frames that are fragmented or too long,
/// fragments out of order, and frames that exceed its [`Limits`]. It stores no payload and allocates nothing.
/// Payload contents (UTF-8, close codes) are not validated.
///
/// This decodes a text frame from a client:
///
/// ```
/// use sansocket::Input;
/// use sansocket::frame::{Decoder, Limits, Role};
///
/// let mut decoder = Decoder::new(Role::Server, Limits::new());
/// let mut bytes = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// let part = decoder.receive(&mut Input::new(&mut bytes))?;
/// let part = part.expect("the frame is complete");
/// assert_eq!(part.payload, b"Hello");
/// assert!(part.last && part.header.fin);
/// # Ok::<(), sansocket::ProtocolError>(())
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each of them says something else")]
pub struct Decoder {
    role: Role,
    /// The reserved bits that the first frame of a data message may have, those of `rsv1_allowed` among them.
    allowed_rsv: Rsv,
    rsv1_allowed: bool,
    cut_compressed: bool,
    limits: Limits,
    /// The longest payload that the fast path takes.
    max_whole_len: u16,
    /// The beginning of an incomplete header, and its length. While a frame is retained, the last of its bytes
    /// that have arrived, to detect whether the caller kept them, and the first ones if its header is kept.
    partial: [u8; MAX_HEADER_LEN],
    partial_len: u8,
    /// The frame whose payload is being received, and the number of bytes received.
    frame: Option<Header>,
    offset: u64,
    /// Whether these bytes are kept in a retained input. Without a frame it is a message that is kept with its
    /// header, and `offset` counts the header too.
    waiting: bool,
    /// The unfinished message, and the number of bytes and fragments that its frames have declared.
    in_message: bool,
    /// The reserved bits on the first frame of the message.
    message_rsv: Rsv,
    message_len: u64,
    fragments: u32,
    /// The number of control frames since the last data frame.
    control_frames: u32,
    failure: Option<ProtocolError>,
}

/// A frame, or the part of one that was in the input.
#[non_exhaustive]
pub struct FramePart<'b> {
    /// The header of the frame, the same for each of its parts.
    pub header: Header,
    /// The position of this part in the payload of the frame, in bytes.
    pub offset: u64,
    /// The bytes of this part, unmasked. They are empty only if the payload of the frame is empty.
    pub payload: &'b mut [u8],
    /// Whether this part ends the frame.
    pub last: bool,
}

impl Decoder {
    /// Creates a decoder for the frames that the peer of `role` sends.
    pub const fn new(role: Role, limits: Limits) -> Self {
        Self {
            role,
            allowed_rsv: Rsv::NONE,
            rsv1_allowed: false,
            cut_compressed: false,
            limits,
            max_whole_len: limits.max_whole_len(),
            partial: [0; MAX_HEADER_LEN],
            partial_len: 0,
            frame: None,
            offset: 0,
            waiting: false,
            in_message: false,
            message_rsv: Rsv::NONE,
            message_len: 0,
            fragments: 0,
            control_frames: 0,
            failure: None,
        }
    }

    /// Allows RSV1 on the first frame of a data message, as permessage-deflate sets it (RFC 7692, section 6).
    ///
    /// The message limit is not applied to such messages, because the inflated bytes count. Enforce it in
    /// your code.
    #[must_use]
    pub const fn allow_rsv1(mut self) -> Self {
        self.rsv1_allowed = true;
        self.allow_rsv(Rsv::RSV1)
    }

    /// Accepts these reserved bits on the first frame of a data message, for an extension of your own.
    ///
    /// [`Header::rsv`] has them. All other frames still have none. With [`allow_rsv1`](Self::allow_rsv1), RSV1 keeps the
    /// meaning that it has there.
    #[must_use]
    pub const fn allow_rsv(mut self, rsv: Rsv) -> Self {
        self.allowed_rsv = self.allowed_rsv.with(rsv);
        self
    }

    /// Splits compressed messages into parts of at most [`MAX_COMPRESSED_PART`] bytes, which bounds the
    /// inflated size of one part.
    pub(crate) const fn cut_compressed(mut self) -> Self {
        self.cut_compressed = true;
        self
    }

    /// Returns the next frame or the next part of one, or `Ok(None)` once the input has been consumed.
    ///
    /// A [retained](Input::retained) input keeps an incomplete frame.
    ///
    /// # Errors
    ///
    /// Returns a [`ProtocolError`] at the first byte that proves the violation. Every later call returns the
    /// same error and discards its input.
    #[inline]
    pub fn receive<'b>(&mut self, input: &mut Input<'b>) -> Result<Option<FramePart<'b>>, ProtocolError> {
        if self.failure.is_none() {
            let result = self.receive_part(input);
            let Err(error) = result else { return result };
            self.fail(error);
        }
        input.take_all();
        self.failure.map_or(Ok(None), Err)
    }

    /// Makes every later call of [`receive`](Self::receive) return `error`.
    pub(crate) fn fail(&mut self, error: ProtocolError) {
        self.failure = Some(error);
        // `is_in_frame` must not depend on whether the offending header arrived in one read.
        self.partial_len = 0;
    }

    #[inline]
    pub(crate) fn failure(&self) -> Option<ProtocolError> {
        self.failure
    }

    /// Returns the limits on what is accepted.
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Sets the limits on what is accepted, from the next frame on.
    pub const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.max_whole_len = limits.max_whole_len();
    }

    /// Returns the role of this endpoint.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Returns `true` between two messages, before the first byte of the next frame.
    #[inline]
    pub fn is_idle(&self) -> bool {
        !self.is_in_frame() && !self.in_message && self.failure.is_none()
    }

    /// Returns `true` inside a frame.
    #[inline]
    pub fn is_in_frame(&self) -> bool {
        self.frame.is_some() || self.partial_len > 0 || self.keeps_message()
    }

    /// Returns `true` inside a message: it has begun and not ended.
    #[inline]
    pub fn is_in_message(&self) -> bool {
        self.in_message
    }

    /// Tells the input how long the frame is whose payload is being received, and how much of it is still to be read.
    #[inline]
    pub(crate) fn tell_missing(&self, input: &mut Input<'_>) {
        if let Some(header) = self.frame {
            let received = if self.waiting { as_u64(input.len()) } else { self.offset };
            let missing = header.payload_len.saturating_sub(received);
            input.set_missing(missing, header.payload_len.saturating_add(header.encoded_len()));
        }
    }

    pub(crate) fn max_message_len(&self) -> u64 {
        self.limits.message_len
    }

    /// Returns the reserved bits on the first frame of the current message, or else of the last one, that belong to
    /// extensions of your own ([`allow_rsv`](Self::allow_rsv)).
    #[inline]
    pub const fn message_rsv(&self) -> Rsv {
        if self.rsv1_allowed { self.message_rsv.without(Rsv::RSV1) } else { self.message_rsv }
    }

    /// Returns `true` if the current message, or else the last one, is compressed: RSV1 is set on its first frame, with
    /// [`allow_rsv1`](Self::allow_rsv1).
    #[inline]
    pub const fn is_message_compressed(&self) -> bool {
        self.compresses(self.message_rsv)
    }

    /// Takes all of the input if it is inside the payload of a data frame, neither at its beginning nor at
    /// its end. Returns the unmasked bytes, the number of bytes that follow in the frame, and whether the
    /// frame is the last of its message.
    ///
    /// `None` has no meaning for the input, which is then unchanged.
    #[inline]
    pub(crate) fn take_middle<'b>(&mut self, input: &mut Input<'b>) -> Option<(&'b mut [u8], u64, bool)> {
        let Header { fin, opcode, mask: key, payload_len, .. } = self.frame?;
        let behind = payload_len.saturating_sub(self.offset).saturating_sub(as_u64(input.len()));
        if behind == 0
            || self.offset == 0
            || self.waiting
            || opcode.is_control()
            || self.is_message_compressed()
            || self.failure.is_some()
        {
            return None;
        }
        let payload = input.take_all();
        if let Some(key) = key {
            mask(payload, key, self.offset);
        }
        self.offset = self.offset.saturating_add(as_u64(payload.len()));
        Some((payload, behind, fin))
    }

    #[inline]
    fn receive_part<'b>(&mut self, input: &mut Input<'b>) -> Result<Option<FramePart<'b>>, ProtocolError> {
        let header = match self.frame {
            Some(header) => header,
            None => match self.receive_header(input)? {
                Some(header) => header,
                None => return Ok(None),
            },
        };
        if input.is_empty() && header.payload_len > 0 {
            return Ok(None);
        }
        let unmasked = if self.waiting {
            let unmasked = self.offset;
            let new = self.new_bytes(input).ok_or(ProtocolError::RetainedInputLost)?;
            // Fewer bytes are not worth unmasking yet.
            if new < as_u64(BLOCK) && may_wait(header.payload_len, input) {
                return Ok(None);
            }
            (self.waiting, self.offset) = (false, 0);
            unmasked
        } else {
            0
        };
        let offset = self.offset;
        let is_compressed = self.is_message_compressed() && !header.opcode.is_control();
        if may_wait(header.payload_len, input) && offset == 0 && !is_compressed {
            unmask(input.remaining_mut(), header, offset, unmasked);
            self.wait_for_more(input.remaining());
            return Ok(None);
        }
        let missing = as_usize(header.payload_len.saturating_sub(offset));
        let cut = is_compressed && self.cut_compressed;
        let payload = input.take(if cut { missing.min(MAX_COMPRESSED_PART) } else { missing });
        unmask(payload, header, offset, unmasked);
        self.offset = offset.saturating_add(as_u64(payload.len()));
        let last = self.offset == header.payload_len;
        if last {
            self.frame = None;
        }
        Ok(Some(FramePart { header, offset, payload, last }))
    }

    #[inline]
    fn receive_header(&mut self, input: &mut Input<'_>) -> Result<Option<Header>, ProtocolError> {
        if self.waiting {
            return self.resume_kept(input);
        }
        if self.partial_len == 0
            && let Some((header, len)) = Header::decode_with(input.remaining(), self)?
        {
            input.take(len);
            self.begin(header);
            return Ok(Some(header));
        }
        self.receive_partial_header(input)
    }

    /// Handles a header whose beginning or end is not in the input.
    #[inline(never)]
    fn receive_partial_header(&mut self, input: &mut Input<'_>) -> Result<Option<Header>, ProtocolError> {
        let known = usize::from(self.partial_len);
        let room = self.partial.get_mut(known..).unwrap_or_default();
        let new = input.remaining();
        let new = new.get(..room.len()).unwrap_or(new);
        room.iter_mut().zip(new).for_each(|(to, from)| *to = *from);
        let all = known.saturating_add(new.len());
        if let Some((header, len)) = Header::decode_with(self.partial.get(..all).unwrap_or_default(), self)? {
            input.take(len.saturating_sub(known));
            self.partial_len = 0;
            self.begin(header);
            return Ok(Some(header));
        }
        // The header continues after the input.
        input.take_all();
        self.partial_len = u8::try_from(all).unwrap_or(0); // no header is that long
        Ok(None)
    }

    /// Returns `true` if a message that begins with these bits is compressed.
    #[inline]
    const fn compresses(&self, rsv: Rsv) -> bool {
        self.rsv1_allowed && rsv.contains(Rsv::RSV1)
    }

    /// Records a frame whose header has been received and is valid.
    #[inline]
    fn begin(&mut self, header: Header) {
        self.frame = Some(header);
        self.offset = 0;
        if header.opcode.is_control() {
            self.control_frames = self.control_frames.saturating_add(1);
            return;
        }
        self.control_frames = 0;
        if header.opcode != OpCode::Continuation {
            self.message_len = 0;
            self.fragments = 0;
            self.message_rsv = header.rsv;
        }
        self.message_len = self.message_len.saturating_add(header.payload_len);
        self.fragments = self.fragments.saturating_add(1);
        self.in_message = !header.fin;
    }
}

/// The length of a part of a split compressed message. DEFLATE expands a byte to at most 1032 bytes, so such
/// a part inflates to at most 516 KiB.
const MAX_COMPRESSED_PART: usize = 512;

/// Unmasks a part that begins at `offset` in the payload of its frame, except its first `unmasked` bytes.
fn unmask(part: &mut [u8], header: Header, offset: u64, unmasked: u64) {
    if let (Some(key), Some(masked)) = (header.mask, part.get_mut(as_usize(unmasked)..)) {
        mask(masked, key, offset.saturating_add(unmasked));
    }
}

/// Shows only the beginning of the payload, which may be long.
impl fmt::Debug for FramePart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { header: Header { fin, opcode, payload_len, .. }, offset, ref payload, last } = *self;
        write!(f, "FramePart({opcode:?}, fin: {fin}, {payload_len} bytes, from {offset}, last: {last}: ")?;
        write!(f, "{:?})", Excerpt::new(payload))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_stand_still_at_their_end_where_there_is_no_limit() {
        let mut decoder = Decoder::new(Role::Client, Limits::unlimited());
        let receive = |decoder: &mut Decoder, mut frame: [u8; 2]| {
            decoder.receive(&mut Input::new(&mut frame)).map(|part| part.is_some())
        };
        assert_eq!(receive(&mut decoder, [0x01, 0]), Ok(true));
        (decoder.fragments, decoder.control_frames) = (u32::MAX, u32::MAX);
        for frame in [[0x00, 0], [0x89, 0], [0x80, 0]] {
            assert_eq!(receive(&mut decoder, frame), Ok(true));
        }
    }
}
