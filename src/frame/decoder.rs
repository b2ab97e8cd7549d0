//! Layer 2: the bytes of a stream in, validated parts of frames out.

use core::fmt;

use super::{Header, Limits, MAX_HEADER_LEN, OpCode, Rsv, header::Rules, mask};
use crate::{
    Input, ProtocolError,
    excerpt::Excerpt,
    num::{as_u64, as_usize},
};

/// Which end of a connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a connection has two ends")]
pub enum Role {
    /// The end that connected: it masks what it sends and gets unmasked frames.
    Client,
    /// The end that accepted: it sends unmasked frames and gets masked ones.
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

/// Takes the bytes of a stream and gives its frames, unmasked and checked.
///
/// It refuses everything that a header can break: reserved bits and opcodes, a mask where none belongs or
/// none where one does, lengths that are too long or not minimal, control frames that are fragmented or too
/// long, fragments out of order, and whatever goes over its [`Limits`]. It keeps no payload and allocates
/// nothing. What payloads contain (UTF-8, status codes) is not looked at.
///
/// ```
/// use sansocket::{Input, frame::{Decoder, Limits, Role}};
///
/// let mut decoder = Decoder::new(Role::Server, Limits::new());
/// let mut bytes = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// let part = decoder.receive(&mut Input::new(&mut bytes))?.expect("the frame is all there");
/// assert_eq!(part.payload, b"Hello");
/// assert!(part.last && part.header.fin);
/// # Ok::<(), sansocket::ProtocolError>(())
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each of them says something else")]
pub struct Decoder {
    role: Role,
    rsv1_allowed: bool,
    cut_compressed: bool,
    limits: Limits,
    /// The longest payload that the fast path takes.
    max_whole_len: u16,
    /// The beginning of an incomplete header, and how long it is. While a frame waits, the last bytes of it that were
    /// unmasked, to see whether the caller kept them.
    partial: [u8; MAX_HEADER_LEN],
    partial_len: u8,
    /// The frame whose payload is being received, and how much of it has been.
    frame: Option<Header>,
    offset: u64,
    /// Whether that much has been unmasked only, and waits in a retained input.
    waiting: bool,
    /// The unfinished message: how many bytes and fragments its frames have declared.
    in_message: bool,
    message_compressed: bool,
    message_len: u64,
    fragments: u32,
    /// Control frames since the last data frame.
    control_frames: u32,
    failure: Option<ProtocolError>,
}

/// A frame, or as much of one as was in the input.
#[non_exhaustive]
pub struct FramePart<'b> {
    /// The header of the frame, the same for each of its parts.
    pub header: Header,
    /// Where in the payload of the frame this part begins, in bytes.
    pub offset: u64,
    /// The bytes of this part, unmasked. Empty only if the whole frame is.
    pub payload: &'b mut [u8],
    /// Whether the frame ends with this part.
    pub last: bool,
}

impl Decoder {
    /// A decoder for what the peer of `role` sends.
    pub const fn new(role: Role, limits: Limits) -> Self {
        Self {
            role,
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
            message_compressed: false,
            message_len: 0,
            fragments: 0,
            control_frames: 0,
            failure: None,
        }
    }

    /// Lets the first frame of a data message have RSV1 set, as permessage-deflate does (RFC 7692, 6).
    ///
    /// The limit for messages is then left to the caller for such messages, because it is the inflated bytes
    /// that count.
    #[must_use]
    pub const fn allow_rsv1(mut self) -> Self {
        self.rsv1_allowed = true;
        self
    }

    /// Cuts compressed messages into parts of at most [`MAX_COMPRESSED_PART`] bytes, so that what one inflates to is
    /// bounded.
    pub(crate) const fn cut_compressed(mut self) -> Self {
        self.cut_compressed = true;
        self
    }

    /// Returns the next frame, or the next part of one. Returns `Ok(None)` once the input has been consumed, apart from an
    /// incomplete frame that a [retained](Input::retained) input keeps.
    ///
    /// # Errors
    ///
    /// Returns the [`ProtocolError`] that the first offending byte proves. Every later call returns the same error and
    /// discards its input.
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

    /// Has every later call of [`receive`](Self::receive) return `error`.
    pub(crate) fn fail(&mut self, error: ProtocolError) {
        self.failure = Some(error);
        // Whether the offending header came in one piece must not show in `is_in_frame`.
        self.partial_len = 0;
    }

    #[inline]
    pub(crate) fn failure(&self) -> Option<ProtocolError> {
        self.failure
    }

    /// Returns what this decoder accepts.
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Sets what this decoder accepts, from the next frame on.
    pub const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.max_whole_len = limits.max_whole_len();
    }

    /// Returns which end of the connection this decoder is.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Whether the stream stands between two messages, with nothing of a frame received.
    #[inline]
    pub fn is_idle(&self) -> bool {
        !self.is_in_frame() && !self.in_message && self.failure.is_none()
    }

    /// Whether the stream stands inside a frame.
    #[inline]
    pub fn is_in_frame(&self) -> bool {
        self.frame.is_some() || self.partial_len > 0
    }

    /// Whether a message has begun and not ended.
    #[inline]
    pub fn is_in_message(&self) -> bool {
        self.in_message
    }

    pub(crate) fn max_message_len(&self) -> u64 {
        self.limits.message_len
    }

    /// Whether the message that has begun, or else the last one, has RSV1 set on its first frame.
    #[inline]
    pub fn is_message_compressed(&self) -> bool {
        self.message_compressed
    }

    /// Takes a message of one frame that lies whole in the input, if its length needs at most 16 bits: whether
    /// it is text, and its payload.
    ///
    /// Only to be called while the decoder is idle. `None` says nothing about the input, and leaves it alone.
    #[expect(clippy::inline_always, reason = "a call would return the message by memory")]
    #[inline(always)]
    pub(crate) fn take_message<'b>(&mut self, input: &mut Input<'b>) -> Option<(bool, &'b mut [u8])> {
        debug_assert!(self.is_idle());
        let bytes = input.remaining();
        let (key_len, masked) = match self.role {
            Role::Server => (4_usize, 0x80),
            Role::Client => (0, 0),
        };
        let &[first, second] = bytes.first_chunk()?;
        if !matches!(first, 0x81 | 0x82) {
            return None;
        }
        // Where the mask bit is not as it should be, this becomes a form of length that there is not.
        let (header_len, len) = match second ^ masked {
            len @ 0..126 => (key_len.saturating_add(2), usize::from(len)),
            126 => match *bytes.first_chunk()? {
                [_, _, 0, 0..126] => return None,
                [_, _, a, b] => (key_len.saturating_add(4), usize::from(u16::from_be_bytes([a, b]))),
            },
            _ => return None,
        };
        let frame_len = len.saturating_add(header_len);
        if len > usize::from(self.max_whole_len) || frame_len > bytes.len() {
            return None;
        }
        let (header, payload) = input.take(frame_len).split_at_mut_checked(header_len)?;
        if let (Role::Server, Some(&mut key)) = (self.role, header.last_chunk_mut()) {
            mask(payload, key, 0);
        }
        self.control_frames = 0;
        Some((first == 0x81, payload))
    }

    /// Takes all of the input, if it lies inside the payload of a data frame, neither at its beginning nor at its
    /// end: the bytes, unmasked, how many the frame has behind them, and whether it is the last of its message.
    ///
    /// `None` says nothing about the input, and leaves it alone.
    #[inline]
    pub(crate) fn take_middle<'b>(&mut self, input: &mut Input<'b>) -> Option<(&'b mut [u8], u64, bool)> {
        let Header { fin, opcode, mask: key, payload_len, .. } = self.frame?;
        let behind = payload_len.saturating_sub(self.offset).saturating_sub(as_u64(input.len()));
        if behind == 0
            || self.offset == 0
            || self.waiting
            || opcode.is_control()
            || self.message_compressed
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
            // So few are not worth unmasking yet.
            if new < BLOCK && may_wait(header.payload_len, input) {
                return Ok(None);
            }
            (self.waiting, self.offset) = (false, 0);
            unmasked
        } else {
            0
        };
        let offset = self.offset;
        let is_compressed = self.message_compressed && !header.opcode.is_control();
        if may_wait(header.payload_len, input) && offset == 0 && !is_compressed {
            self.waiting = true;
            self.offset = as_u64(input.len());
            unmask(input.remaining_mut(), header, offset, unmasked);
            self.remember_end(input.remaining());
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
        if self.partial_len == 0
            && let Some((header, len)) = Header::decode_with(input.remaining(), self)?
        {
            input.take(len);
            self.begin(header);
            return Ok(Some(header));
        }
        self.receive_partial_header(input)
    }

    /// A header that is not all in the input, at its beginning or its end.
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
        // The header goes on behind the input.
        input.take_all();
        self.partial_len = u8::try_from(all).unwrap_or(0); // no header is that long
        Ok(None)
    }

    /// Takes note of the last bytes of a frame that waits.
    fn remember_end(&mut self, bytes: &[u8]) {
        for (to, from) in self.partial.iter_mut().zip(bytes.iter().rev()) {
            *to = *from;
        }
    }

    /// How many bytes follow those of the waiting frame that are known, or `None` if these are not in the input: then the
    /// caller did not keep them.
    fn new_bytes(&self, input: &Input<'_>) -> Option<u64> {
        let (known, new) = input.remaining().split_at_checked(as_usize(self.offset))?;
        let is_kept = known.iter().rev().zip(&self.partial).all(|(a, b)| a == b);
        is_kept.then(|| as_u64(new.len()))
    }

    /// Takes note of a frame whose header has been received and keeps the rules.
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
            self.message_compressed = header.rsv.contains(Rsv::RSV1);
        }
        self.message_len = self.message_len.saturating_add(header.payload_len);
        self.fragments = self.fragments.saturating_add(1);
        self.in_message = !header.fin;
    }
}

/// Whether a frame is incomplete, and can be completed in the buffer of a retained input.
#[inline]
fn may_wait(payload_len: u64, input: &Input<'_>) -> bool {
    payload_len <= as_u64(input.capacity()) && as_u64(input.len()) < payload_len
}

/// How much of a compressed message makes one part, if it is cut: DEFLATE makes at most 1032 bytes of one, so such a
/// part inflates to at most 516 KiB.
const MAX_COMPRESSED_PART: usize = 512;

/// So much of a frame that waits is unmasked at a time: little enough to be in the nearest cache still.
const BLOCK: u64 = 16 << 10;

/// Unmasks a part that begins at `offset` in the payload of its frame, but for its first `unmasked` bytes.
fn unmask(part: &mut [u8], header: Header, offset: u64, unmasked: u64) {
    if let (Some(key), Some(masked)) = (header.mask, part.get_mut(as_usize(unmasked)..)) {
        mask(masked, key, offset.saturating_add(unmasked));
    }
}

/// Shows the beginning of the payload, as it may be long.
impl fmt::Debug for FramePart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { header: Header { fin, opcode, payload_len, .. }, offset, ref payload, last } = *self;
        write!(f, "FramePart({opcode:?}, fin: {fin}, {payload_len} bytes, from {offset}, last: {last}: ")?;
        write!(f, "{:?})", Excerpt::new(payload))
    }
}

impl Rules for Decoder {
    fn first_byte(&self, opcode: OpCode, rsv: Rsv) -> Result<(), ProtocolError> {
        let begins_message = matches!(opcode, OpCode::Text | OpCode::Binary);
        // RFC 6455, 5.2; RFC 7692, 6.1
        if !(rsv.is_none() || rsv == Rsv::RSV1 && self.rsv1_allowed && begins_message) {
            return Err(ProtocolError::ReservedBits);
        }
        let is_over = |count: u32, limit: u32| count >= limit && limit < u32::MAX;
        let Limits { control_frames, fragments, .. } = self.limits;
        if opcode.is_control() {
            // A Close is the last there is, so it floods nobody.
            let over = is_over(self.control_frames, control_frames) && opcode != OpCode::Close;
            let error = ProtocolError::TooManyControlFrames { limit: control_frames };
            return if over { Err(error) } else { Ok(()) };
        }
        match (begins_message, self.in_message) {
            (true, true) => Err(ProtocolError::ExpectedContinuation), // RFC 6455, 5.4
            (false, false) => Err(ProtocolError::UnexpectedContinuation), // RFC 6455, 5.4
            (false, true) if is_over(self.fragments, fragments) => {
                Err(ProtocolError::TooManyFragments { limit: fragments })
            }
            _ => Ok(()),
        }
    }

    fn masked(&self, masked: bool) -> Result<(), ProtocolError> {
        // RFC 6455, 5.1
        match self.role {
            _ if self.limits.allow_any_masking => Ok(()),
            Role::Server if !masked => Err(ProtocolError::UnmaskedFrame),
            Role::Client if masked => Err(ProtocolError::MaskedFrame),
            _ => Ok(()),
        }
    }

    fn payload_len(&self, opcode: OpCode, rsv: Rsv, len: u64) -> Result<(), ProtocolError> {
        if opcode.is_control() {
            return Ok(());
        }
        let Limits { frame_len, message_len, .. } = self.limits;
        if len > frame_len {
            return Err(ProtocolError::FrameTooLong { limit: frame_len, len });
        }
        let (before, compressed) = match opcode {
            OpCode::Continuation => (self.message_len, self.message_compressed),
            _ => (0, rsv.contains(Rsv::RSV1)),
        };
        let len = before.saturating_add(len);
        if len > message_len && !compressed {
            return Err(ProtocolError::MessageTooLong { limit: message_len, len });
        }
        Ok(())
    }

    fn allow_non_minimal_length(&self) -> bool {
        self.limits.allow_non_minimal_length
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
