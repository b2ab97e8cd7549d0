//! The receiving side: from the bytes that were read to events (RFC 6455, 6.2).
//!
//! ```text
//!   Input ─▶ Decoder ─▶ FramePart ─▶ Inflater, UTF-8, Assembly ─▶ Event
//!                                                                  └──▶ Owed, for the sending side
//! ```
//!
//! [`Receiver::receive_message`] is the fast path for a message of one frame, [`Receiver::receive`] does
//! everything.
//!
//! Uses `frame`, `utf8` and `compression`. It has no access to the sending side: no output buffer, no
//! lifecycle, no masking keys. It passes at most one [`Owed`] per call to the sending side.

use alloc::{borrow::Cow, boxed::Box, string::String, vec::Vec};

use super::{
    Config, Delivery, Event,
    assembly::{Assembly, Control, ToCome},
    owed::Owed,
};
use crate::{
    Close, Input, ProtocolError,
    compression::Inflater,
    frame::{Decoder, FramePart, Limits, OpCode, Role},
    num::as_u64,
    utf8,
};

/// The result of [`Receiver::receive`]: an event, an error, or `Err(None)` if more bytes must be read.
///
/// It is not the type that the public methods return, and must not have the layout of that type. Otherwise the compiler lets
/// the function that is not inlined write to the memory of the public result, and then the fast path has to build its
/// events in that memory as well, instead of in registers.
pub(super) type Received<'b> = Result<Event<'b>, Option<ProtocolError>>;

/// Converts to the type that the public methods return.
#[expect(clippy::inline_always, reason = "a call would return the event by memory")]
#[inline(always)]
pub(super) fn into_public(received: Received<'_>) -> Result<Option<Event<'_>>, ProtocolError> {
    match received {
        Ok(event) => Ok(Some(event)),
        Err(None) => Ok(None),
        Err(Some(error)) => Err(error),
    }
}

/// The receiving state of a connection.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each of them is a fact of its own")]
pub(super) struct Receiver {
    decoder: Decoder,
    delivery: Delivery,
    auto_pong: bool,
    deliver_while_closing: bool,
    /// Whether the next byte begins a message that is to be delivered as a whole, so that the fast path may
    /// be taken.
    at_message: bool,
    /// Whether our Close was sent, and data that still arrives is discarded.
    muted: bool,
    /// Whether nothing more is received: after the peer's Close, a failure, or the end of the stream.
    ended: bool,
    /// What the message that is being received is.
    kind: Kind,
    allow_invalid_utf8: bool,
    utf8: utf8::Decoder,
    assembly: Assembly,
    /// A control frame that spans several reads.
    control: Option<Box<Control>>,
    pub(super) inflater: Inflater,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Binary,
    /// Text, which is checked as it arrives.
    Text,
    /// Text that is handled like binary data up to its end, because it may be invalid.
    UncheckedText,
    /// Data for the codec of an extension, which is handled like binary data, too.
    ExtendedText,
    ExtendedBinary,
}

impl Receiver {
    pub(super) fn new(role: Role, config: &Config) -> Self {
        let mut decoder = Decoder::new(role, config.frame_limits).allow_rsv(config.own_rsv());
        if config.compression.is_on() {
            decoder = decoder.allow_rsv1();
        }
        if config.delivery == Delivery::Chunks {
            decoder = decoder.cut_compressed();
        }
        Self {
            decoder,
            delivery: config.delivery,
            auto_pong: config.auto_pong,
            deliver_while_closing: config.deliver_while_closing,
            at_message: config.delivery == Delivery::Messages && !config.allow_invalid_utf8,
            muted: false,
            ended: false,
            kind: Kind::Binary,
            allow_invalid_utf8: config.allow_invalid_utf8,
            utf8: utf8::Decoder::new(),
            assembly: Assembly::default(),
            control: None,
            inflater: Inflater::new(config.compression),
        }
    }

    /// Takes the fast path: a message of one frame, but not one of the largest, that is entirely contained in
    /// the input. It requires no reply.
    ///
    /// `None` only means that [`receive`](Self::receive) must be called, which also reports invalid text.
    #[expect(clippy::inline_always, reason = "a call would return the message by memory")]
    #[inline(always)]
    pub(super) fn receive_message<'b>(&mut self, input: &mut Input<'b>) -> Option<Event<'b>> {
        if !self.at_message {
            return None;
        }
        let (is_text, payload) = self.decoder.take_message(input)?;
        self.message(is_text, payload)
    }

    /// Returns the event of a message of one frame, or `None` for invalid text, after which the decoder fails.
    #[expect(clippy::inline_always, reason = "a call would return the event by memory")]
    #[inline(always)]
    fn message<'b>(&mut self, is_text: bool, payload: &'b [u8]) -> Option<Event<'b>> {
        if !is_text {
            return Some(Event::Binary(Cow::Borrowed(payload)));
        }
        let Ok(text) = utf8::from_utf8(payload) else {
            self.decoder.fail(ProtocolError::InvalidUtf8);
            self.at_message = false;
            return None;
        };
        Some(Event::Text(Cow::Borrowed(text)))
    }

    /// Returns `true` if nothing of a message or a frame is held back.
    pub(super) fn is_between_messages(&self) -> bool {
        self.at_message
    }

    /// Returns the next event. Its consequence for the sending side is passed to `settle` once this side is
    /// consistent, so neither can be forgotten.
    ///
    /// A failure is passed once. After a failure and after the end of the stream, all input is discarded.
    #[inline]
    pub(super) fn receive<'b>(
        &mut self,
        input: &mut Input<'b>,
        settle: impl FnOnce(Owed<'_>),
    ) -> Received<'b> {
        if self.ended {
            input.take_all();
            return Err(self.decoder.failure());
        }
        // Nothing is kept in other inputs.
        if input.capacity() > 0 {
            if self.at_message {
                if self.decoder.keep_message(input) {
                    self.at_message = false;
                    return Err(None);
                }
            } else if self.decoder.still_waits(input) {
                return Err(None);
            } else if !self.muted
                && let Some((is_text, payload)) = self.decoder.take_kept(input)
            {
                self.at_message = true;
                if let Some(event) = self.message(is_text, payload) {
                    return Ok(event);
                }
            }
        }
        let result = self.receive_parts(input);
        self.at_message = self.delivery == Delivery::Messages
            && self.decoder.is_idle()
            && !self.muted
            && !self.allow_invalid_utf8;
        match &result {
            Ok(Some(Event::Ping(data))) if self.auto_pong => settle(Owed::Pong(Cow::Borrowed(data))),
            Ok(Some(Event::Close(close))) => {
                let interrupted = self.decoder.is_in_message();
                self.end();
                settle(Owed::Close { close: close.as_ref().map(Close::borrowed), interrupted });
            }
            Err(error) => {
                self.fail(*error);
                input.take_all();
                settle(Owed::Failure(*error));
            }
            Ok(_) => {}
        }
        match result {
            Ok(Some(event)) => Ok(event),
            Ok(None) => {
                self.decoder.tell_missing(input);
                Err(None)
            }
            Err(error) => Err(Some(error)),
        }
    }

    /// Stops receiving and releases all memory.
    pub(super) fn end(&mut self) {
        self.ended = true;
        self.at_message = false;
        self.assembly = Assembly::default();
        self.control = None;
        self.inflater.forget();
    }

    /// Stops receiving as [`end`](Self::end) does, and makes every later call return `error`.
    pub(super) fn fail(&mut self, error: ProtocolError) {
        self.decoder.fail(error);
        self.end();
    }

    /// Records that our Close was sent. A browser delivers nothing after it (WHATWG), so that is
    /// configurable.
    pub(super) fn on_close_sent(&mut self) {
        if !self.deliver_while_closing {
            self.muted = true;
            self.at_message = false;
        }
    }

    /// Returns `true` inside a frame or a message.
    pub(super) fn is_inside(&self) -> bool {
        self.decoder.is_in_frame() || self.decoder.is_in_message()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    pub(super) fn limits(&self) -> Limits {
        self.decoder.limits()
    }

    pub(super) fn set_limits(&mut self, limits: Limits) {
        self.decoder.set_limits(limits);
    }

    pub(super) fn role(&self) -> Role {
        self.decoder.role()
    }

    /// Keeps the buffer of `event` for the next message that must be reassembled.
    #[inline]
    pub(super) fn recycle(&mut self, event: Event<'_>) {
        if let Some(memory) = event.into_memory() {
            self.keep(memory);
        }
    }

    #[inline(never)]
    fn keep(&mut self, memory: Vec<u8>) {
        if !self.ended {
            self.assembly.keep(memory);
        }
    }

    pub(super) fn release_buffers(&mut self) {
        self.assembly.release();
        self.inflater.release_buffers();
    }

    /// Reads parts of frames until one of them completes an event.
    #[inline(never)]
    fn receive_parts<'b>(&mut self, input: &mut Input<'b>) -> Result<Option<Event<'b>>, ProtocolError> {
        match self.delivery {
            Delivery::Chunks => input.stop_retaining(),
            Delivery::Messages => {
                if let Some((payload, in_frame, fin)) = self.decoder.take_middle(input) {
                    return self.push(payload, self.to_come(in_frame, fin), false).map(|()| None);
                }
            }
        }
        loop {
            if self.delivery == Delivery::Messages {
                self.receive_fragments(input)?;
            }
            let Some(part) = self.decoder.receive(input)? else { return Ok(None) };
            let event = self.receive_part(part)?;
            // Text that ends in an error was delivered up to there, and the error is next.
            if event.is_some() || input.is_empty() && self.decoder.failure().is_none() {
                return Ok(event);
            }
        }
    }

    /// Takes the fast path of fragments: those in the middle of a message that are entirely contained in the input.
    #[inline]
    fn receive_fragments(&mut self, input: &mut Input<'_>) -> Result<(), ProtocolError> {
        while let Some(payload) = self.decoder.take_fragment(input) {
            self.push(payload, self.to_come(0, false), false)?;
        }
        Ok(())
    }

    fn receive_part<'b>(&mut self, part: FramePart<'b>) -> Result<Option<Event<'b>>, ProtocolError> {
        if part.header.opcode.is_control() {
            return self.receive_control(part);
        }
        if part.offset == 0 && part.header.opcode != OpCode::Continuation {
            let is_extended = !self.decoder.message_rsv().is_none();
            self.kind = match part.header.opcode {
                OpCode::Text if is_extended => Kind::ExtendedText,
                OpCode::Text if self.allow_invalid_utf8 => Kind::UncheckedText,
                OpCode::Text => Kind::Text,
                _ if is_extended => Kind::ExtendedBinary,
                _ => Kind::Binary,
            };
        }
        let event = match self.delivery {
            _ if self.decoder.is_message_compressed() => self.receive_compressed(&part)?,
            Delivery::Messages => self.receive_message_part(part)?,
            Delivery::Chunks => self.receive_chunk(part),
        };
        let rsv = self.decoder.message_rsv();
        let event = match self.kind {
            Kind::Binary | Kind::Text => event,
            Kind::UncheckedText => event.map(Event::into_text),
            Kind::ExtendedText => event.map(|event| event.extended(OpCode::Text, rsv)),
            Kind::ExtendedBinary => event.map(|event| event.extended(OpCode::Binary, rsv)),
        };
        Ok(event.filter(|_| !self.muted))
    }

    /// Handles a part of a message, of which the last completes the event.
    fn receive_message_part<'b>(&mut self, part: FramePart<'b>) -> Result<Option<Event<'b>>, ProtocolError> {
        let FramePart { header, offset, payload, last } = part;
        let payload: &'b [u8] = payload;
        let message_ends = last && header.fin;
        if message_ends && offset == 0 && header.opcode != OpCode::Continuation {
            return if self.is_text() {
                let text = utf8::from_utf8(payload).map_err(|_| ProtocolError::InvalidUtf8)?;
                Ok(Some(Event::Text(Cow::Borrowed(text))))
            } else {
                Ok(Some(Event::Binary(Cow::Borrowed(payload))))
            };
        }
        let in_frame = header.payload_len.saturating_sub(offset).saturating_sub(as_u64(payload.len()));
        self.assembly.begin(self.is_text());
        self.push(payload, self.to_come(in_frame, header.fin), message_ends)?;
        Ok(if message_ends { self.assembly.finish() } else { None })
    }

    #[inline]
    fn is_text(&self) -> bool {
        self.kind == Kind::Text
    }

    /// Returns what is known about the rest of a message.
    fn to_come(&self, in_frame: u64, fin: bool) -> ToCome {
        ToCome { in_frame, more_frames: !fin, limit: self.decoder.max_message_len() }
    }

    /// Appends the next bytes of a message to those that have arrived.
    #[inline]
    fn push(&mut self, payload: &[u8], to_come: ToCome, message_ends: bool) -> Result<(), ProtocolError> {
        if !self.is_text() {
            self.assembly.push_binary(payload, to_come);
            return Ok(());
        }
        if let Some(text) = self.utf8.decode_plain(payload) {
            self.assembly.push_str(text, to_come);
            return Ok(());
        }
        let text = self.utf8.decode(payload).map_err(|_| ProtocolError::InvalidUtf8)?; // RFC 6455, 8.1
        if message_ends && !self.utf8.is_complete() {
            return Err(ProtocolError::InvalidUtf8);
        }
        self.assembly.push_text(text, to_come);
        Ok(())
    }

    /// Passes on a part of a message unchanged.
    fn receive_chunk<'b>(&mut self, part: FramePart<'b>) -> Option<Event<'b>> {
        let FramePart { header, payload, last, .. } = part;
        let mut last = last && header.fin;
        let payload: &'b [u8] = payload;
        if !self.is_text() {
            let event = Event::BinaryChunk { data: Cow::Borrowed(payload), last };
            return (last || !payload.is_empty()).then_some(event);
        }
        // The text before an error comes first, so that the split of the stream does not affect the result.
        let (utf8::Decoded { first, rest }, faulty) = self.utf8.decode_until_fault(payload);
        if faulty || last && !self.utf8.is_complete() {
            self.decoder.fail(ProtocolError::InvalidUtf8);
            last = false;
        }
        let data = match first {
            None => Cow::Borrowed(rest),
            Some(first) => {
                let mut text = String::with_capacity(rest.len().saturating_add(first.len_utf8()));
                text.push(first);
                text.push_str(rest);
                Cow::Owned(text)
            }
        };
        (last || !data.is_empty()).then_some(Event::TextChunk { data, last })
    }

    /// Inflates a part of a compressed message (RFC 7692, section 6.2).
    fn receive_compressed(&mut self, part: &FramePart<'_>) -> Result<Option<Event<'static>>, ProtocolError> {
        let message_ends = part.last && part.header.fin;
        let limit = self.decoder.max_message_len();
        let to_come = ToCome { in_frame: 0, more_frames: true, limit };
        let (assembly, utf8, is_text) = (&mut self.assembly, &mut self.utf8, self.kind == Kind::Text);
        assembly.begin(is_text);
        let mut result = self.inflater.inflate(part.payload, message_ends, limit, |piece| {
            if !is_text {
                assembly.push_binary(piece, to_come);
                return Ok(());
            }
            let (text, faulty) = utf8.decode_until_fault(piece);
            assembly.push_text(text, to_come);
            if faulty { Err(ProtocolError::InvalidUtf8) } else { Ok(()) }
        });
        if message_ends && result.is_ok() && !self.utf8.is_complete() {
            result = Err(ProtocolError::InvalidUtf8);
        }
        match (self.delivery, result) {
            (Delivery::Messages, Ok(())) if message_ends => Ok(self.assembly.finish()),
            (Delivery::Messages, Ok(())) => Ok(None),
            (Delivery::Messages, Err(error)) => Err(error),
            (Delivery::Chunks, Ok(())) => Ok(self.assembly.finish_chunk(message_ends)),
            (Delivery::Chunks, Err(error)) => {
                // The bytes before the error come first, however the stream was split.
                self.decoder.fail(error);
                Ok(self.assembly.finish_chunk(false))
            }
        }
    }

    fn receive_control<'b>(&mut self, part: FramePart<'b>) -> Result<Option<Event<'b>>, ProtocolError> {
        let FramePart { header, offset, payload, last } = part;
        let payload: Cow<'b, [u8]> = if last && offset == 0 {
            Cow::Borrowed(payload)
        } else {
            let control = self.control.get_or_insert_default();
            control.push(payload);
            if !last {
                // An error in the body of a Close is reported before its end.
                return match header.opcode {
                    OpCode::Close => Close::decode_prefix(control.as_slice(), false).map(|_| None),
                    _ => Ok(None),
                };
            }
            let whole = control.as_slice().to_vec();
            self.control = None;
            Cow::Owned(whole)
        };
        Ok(Some(match header.opcode {
            OpCode::Close => Event::Close(match payload {
                Cow::Borrowed(body) => Close::decode(body)?,
                Cow::Owned(body) => Close::decode(&body)?.map(Close::into_owned),
            }),
            OpCode::Ping => Event::Ping(payload),
            _ => Event::Pong(payload),
        }))
    }
}
