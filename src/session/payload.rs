//! Payloads that are written from where they are: of the caller, and of long messages.

use alloc::{borrow::Cow, boxed::Box, vec::Vec};
use core::fmt;

use super::Session;
use crate::{Event, SendError, frame::OpCode, num::as_u64};

/// A payload at its position in the output, which is not copied into the output buffer.
pub(super) struct Payload {
    /// The number of unwritten bytes before it.
    pub(super) before: usize,
    left: u64,
    /// The message that the session writes, of which the last `left` bytes are due; empty if the caller writes it.
    data: Vec<u8>,
}

impl Payload {
    /// The rest of it, if the session writes it.
    pub(super) fn own(&self) -> &[u8] {
        self.rest(&self.data)
    }

    /// The part of its data that is due.
    fn rest<'b>(&self, data: &'b [u8]) -> &'b [u8] {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        data.get(data.len().saturating_sub(left)..).unwrap_or_default()
    }

    /// The bytes to be written now, of those in the output buffer or of its own.
    #[cold]
    #[inline(never)]
    pub(super) fn writable<'b>(&'b self, bytes: &'b [u8]) -> &'b [u8] {
        if self.before == 0 { self.own() } else { bytes.get(..self.before).unwrap_or(bytes) }
    }

    /// The length of the rest, if the caller writes it.
    pub(super) fn of_caller(&self) -> u64 {
        if self.data.is_empty() { self.left } else { 0 }
    }
}

/// Shows no data, which may be long and confidential.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes after {})", self.left, self.before)
    }
}

impl Session {
    /// Sends the data of an event that was received here or by another session: for an echo or a relay (RFC 6455,
    /// section 6.1).
    ///
    /// It does what [`send_text`](Self::send_text) and [`send_binary`](Self::send_binary) do, and for a chunk what
    /// [`send_text_fragment`](Self::send_text_fragment) and [`send_binary_fragment`](Self::send_binary_fragment) do. A message
    /// of 64 KiB or more that the event owns is not copied into the output buffer, unless compression was negotiated: the
    /// session keeps it until it is written. A [`Message`](super::Message) becomes an event that owns its data with `into`.
    ///
    /// Returns `false` if the session is not open, or if the event is no text or binary data: nothing was sent.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::MessageInProgress`] if another message is being sent in fragments.
    ///
    /// # Examples
    ///
    /// A message that is written from its own memory:
    ///
    /// ```
    /// use sansocket::{Config, Connection, Event};
    /// use sansocket::session::{Session, Transport};
    ///
    /// let (timeouts, now) = Default::default();
    /// let connection = Connection::server(Config::new());
    /// let mut session = Session::open(connection, timeouts, now);
    /// session.send_event(Event::Binary(vec![7; 100_000].into()))?;
    /// let header = b"\x82\x7f\0\0\0\0\0\x01\x86\xa0";
    /// assert_eq!(session.transport(), Transport::Write(header));
    /// assert_eq!(session.following(), [7; 100_000]);
    /// session.written(60_000); // of a vectored write
    /// assert_eq!(session.transport(), Transport::Write(&[7; 40_010]));
    /// # Ok::<(), sansocket::SendError>(())
    /// ```
    pub fn send_event(&mut self, event: Event<'_>) -> Result<bool, SendError> {
        match event {
            Event::Text(Cow::Owned(text)) if self.keeps(text.len()) => {
                self.send_owned(OpCode::Text, text.into_bytes())
            }
            Event::Binary(Cow::Owned(data)) if self.keeps(data.len()) => {
                self.send_owned(OpCode::Binary, data)
            }
            Event::Text(text) => self.send_text(&text),
            Event::Binary(data) => self.send_binary(&data),
            Event::TextChunk { data, last } => self.send_text_fragment(&data, last),
            Event::BinaryChunk { data, last } => self.send_binary_fragment(&data, last),
            _ => Ok(false),
        }
    }

    /// Returns `true` if a message of this length is not copied into the output buffer.
    #[inline]
    fn keeps(&self, len: usize) -> bool {
        len >= LONG && self.payload.is_none() && self.connection().is_some_and(|it| !it.is_compressing())
    }

    /// Returns `true` if a message of this length can be written from where it is, unchanged.
    #[cfg(feature = "std")]
    pub(super) fn writes_in_place(&self, len: usize) -> bool {
        self.keeps(len) && self.connection().is_some_and(|it| it.role() == crate::frame::Role::Server)
    }

    /// Sends a message whose memory is kept until it is written.
    fn send_owned(&mut self, opcode: OpCode, mut data: Vec<u8>) -> Result<bool, SendError> {
        let Some(mask) = self.send_header(opcode, true, as_u64(data.len()))? else { return Ok(false) };
        mask.apply(&mut data, 0);
        self.keep_payload(data.into());
        Ok(true)
    }

    /// Returns the bytes that follow those of [`Transport::Write`](super::Transport::Write) in other memory: the payload of a long message that
    /// [`send_event`](Self::send_event) has not copied. Otherwise it is empty.
    ///
    /// It saves an operation: write both with one vectored write, and report the sum. If you do not call it, `transport`
    /// returns these bytes afterwards.
    #[inline]
    pub fn following(&self) -> &[u8] {
        match &self.payload {
            Some(payload) if payload.before > 0 => payload.own(),
            _ => &[],
        }
    }

    /// Returns the length of the rest of the payload that is to be written **now**, or `None` if there is
    /// none.
    ///
    /// Only programs that call [`send_header`](Self::send_header) need to call it, before
    /// [`transport`](Self::transport), which returns [`Transport::Wait`](super::Transport::Wait) until the payload has been written.
    /// Report the bytes with [`payload_written`](Self::payload_written).
    pub fn payload_due(&self) -> Option<u64> {
        let payload =
            self.payload.as_ref().filter(|payload| payload.before == 0 && payload.data.is_empty())?;
        (self.out.taken() == 0 && !self.over).then_some(payload.left)
    }

    /// Reports that the transport has accepted `count` bytes of the payload that is due.
    pub fn payload_written(&mut self, count: u64) {
        if self.payload.as_ref().is_some_and(|payload| payload.before == 0 && payload.data.is_empty()) {
            self.remove_payload(count);
            self.note_written(usize::try_from(count).unwrap_or(usize::MAX));
        }
    }

    fn remove_payload(&mut self, count: u64) {
        if let Some(payload) = &mut self.payload {
            payload.left = payload.left.saturating_sub(count);
            if payload.left == 0 {
                self.payload = None;
            }
        }
    }

    /// Reports bytes as written, first those before the payload.
    #[cold]
    #[inline(never)]
    pub(super) fn written_with_payload(&mut self, count: usize) {
        let Some(payload) = &mut self.payload else { return };
        let before = count.min(payload.before);
        payload.before = payload.before.saturating_sub(before);
        self.out.advance(before);
        let counted = if payload.data.is_empty() { before } else { count };
        self.remove_payload(as_u64(count.saturating_sub(before)));
        if self.unwritten() == 0 {
            self.exempt = 0;
        } else {
            self.on_partial_write(counted);
        }
        self.note_written(count);
    }

    pub(super) fn begin_payload(&mut self, len: u64) {
        if len > 0 {
            self.payload = Some(Box::new(Payload {
                before: self.out.len().saturating_add(self.out.taken()),
                left: len,
                data: Vec::new(),
            }));
        }
    }

    /// Lets the session write the rest of the payload, if there is any, which is at the end of `data`.
    pub(super) fn keep_payload(&mut self, data: Cow<'_, [u8]>) {
        if let Some(payload) = &mut self.payload {
            payload.data = match data {
                Cow::Owned(data) => data,
                Cow::Borrowed(data) => payload.rest(data).to_vec(),
            };
        }
    }

    /// Copies a payload that the session writes into the output buffer, for callers that need all bytes there.
    pub(super) fn copy_payload(&mut self) {
        if let Some(payload) = self.payload.take_if(|payload| !payload.data.is_empty()) {
            self.out.insert(payload.before, payload.own());
        }
    }
}

/// The length from which a message is not copied. A shorter copy costs about as much as an operation more, and stays in the
/// memory that an output buffer always keeps.
const LONG: usize = 64 << 10;
