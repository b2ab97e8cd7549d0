//! What arrives: from parts of frames to events.

use alloc::{borrow::Cow, string::String, vec::Vec};

use super::{Connection, Delivery, Event, assembly::ToCome};
use crate::{
    Close, Input, ProtocolError,
    error::Fault,
    frame::{FramePart, OpCode},
    num::as_u64,
    utf8,
};

impl Connection {
    /// The next thing that happened. `Ok(None)` means that the input is used up, but for what one that is
    /// [growing](Input::retained) keeps: read more.
    ///
    /// Ask until it says so: there may be more to say when `input` is empty already.
    ///
    /// Pongs and the answer to a Close are appended to `out`. After the peer's Close, and after a failure, all
    /// input is dropped.
    ///
    /// # Errors
    ///
    /// The peer broke the protocol or went over a limit of the [`Config`](crate::Config). The connection has
    /// failed: the Close frame that tells the peer is **already in `out`, so write that first** and look at
    /// the error then. Every further call returns the same error. See RFC 6455, 7.1.7.
    #[inline]
    pub fn receive<'b>(
        &mut self,
        input: &mut Input<'b>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Event<'b>>, ProtocolError> {
        if self.at_message
            && let Some((is_text, payload)) = self.decoder.take_whole_message(input)
        {
            let payload: &'b [u8] = payload;
            if !is_text {
                return Ok(Some(Event::Binary(Cow::Borrowed(payload))));
            }
            return match utf8::from_utf8(payload) {
                Ok(text) => Ok(Some(Event::Text(Cow::Borrowed(text)))),
                Err(_) => Err(self.fail(ProtocolError::InvalidUtf8, input, out)),
            };
        }
        self.receive_any(input, out)
    }

    /// Everything but messages of one frame, and not the largest, that lie whole in the input.
    #[inline(never)]
    fn receive_any<'b>(
        &mut self,
        input: &mut Input<'b>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Event<'b>>, ProtocolError> {
        match self.behaviour.delivery {
            Delivery::Chunks => input.stop_growing(),
            Delivery::Messages if self.lifecycle.may_receive() => {
                if self.decoder.is_waiting(input) {
                    return Ok(None);
                }
                if let Some((payload, in_frame, fin)) = self.decoder.take_middle(input) {
                    let pushed = self.push(payload, self.to_come(in_frame, fin), false);
                    return pushed.map(|()| None).map_err(|error| self.fail(error, input, out));
                }
            }
            Delivery::Messages => {}
        }
        while self.lifecycle.may_receive() {
            if let Some(fault) = self.fault {
                return Err(self.fail(self.error(fault), input, out));
            }
            let result = match self.decoder.receive_limited(input, self.max_compressed_part()) {
                Ok(Some(part)) => self.receive_part(part, out),
                Ok(None) => break,
                Err(error) => Err(error),
            };
            match result {
                // Nothing more can come of nothing.
                Ok(None) if input.is_empty() && self.fault.is_none() => break,
                Ok(None) => {}
                Ok(event) => {
                    self.look_around();
                    return Ok(event);
                }
                Err(error) => return Err(self.fail(error, input, out)),
            }
        }
        self.look_around();
        if self.lifecycle.may_receive() {
            return Ok(None);
        }
        input.take_all();
        self.lifecycle.failure().map_or(Ok(None), Err)
    }

    /// How much of a compressed message is taken at a time: all there is, or what makes chunks of bounded size.
    #[inline]
    fn max_compressed_part(&self) -> usize {
        match self.behaviour.delivery {
            Delivery::Messages => usize::MAX,
            Delivery::Chunks => MAX_COMPRESSED_PART,
        }
    }

    /// What a fault in a message is to the connection.
    #[cfg_attr(
        not(feature = "deflate"),
        expect(clippy::unused_self, reason = "for the limit of inflated bytes")
    )]
    pub(super) fn error(&self, fault: Fault) -> ProtocolError {
        match fault {
            Fault::Utf8 => ProtocolError::InvalidUtf8,
            #[cfg(feature = "deflate")]
            Fault::Corrupt => ProtocolError::InvalidDeflate,
            #[cfg(feature = "deflate")]
            Fault::TooLong => {
                let limit = self.decoder.max_message_len();
                ProtocolError::MessageTooLong { limit, len: limit.saturating_add(1) }
            }
        }
    }

    /// Fails the connection: one Close if none was sent, and nothing more in either direction (RFC 6455, 7.1.7).
    #[cold]
    fn fail(&mut self, error: ProtocolError, input: &mut Input<'_>, out: &mut Vec<u8>) -> ProtocolError {
        self.close_failed(error, out);
        self.forget();
        self.look_around();
        input.take_all();
        error
    }

    /// Tells the peer why the connection fails, unless a Close was sent before.
    pub(super) fn close_failed(&mut self, error: ProtocolError, out: &mut Vec<u8>) {
        if let Some(code) = error.close_code()
            && self.lifecycle.may_send()
        {
            self.write_close(Some(&code.into()), out);
        }
        self.lifecycle.on_failure(error);
    }

    fn receive_part<'b>(
        &mut self,
        part: FramePart<'b>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Event<'b>>, ProtocolError> {
        if part.header.opcode.is_control() {
            return self.receive_control(part, out);
        }
        if part.offset == 0 && part.header.opcode != OpCode::Continuation {
            self.receiving_text = part.header.opcode == OpCode::Text;
        }
        let event = match self.behaviour.delivery {
            #[cfg(feature = "deflate")]
            _ if self.decoder.is_message_compressed() => self.receive_compressed(&part)?,
            Delivery::Messages => self.receive_message(part)?,
            Delivery::Chunks => self.receive_chunk(part),
        };
        // WHATWG: a browser delivers nothing once its own Close is out.
        let dropped = self.lifecycle.close_sent() && !self.behaviour.deliver_while_closing;
        Ok(event.filter(|_| !dropped))
    }

    /// A part of a message, of which the last gives the event.
    fn receive_message<'b>(&mut self, part: FramePart<'b>) -> Result<Option<Event<'b>>, ProtocolError> {
        let FramePart { header, offset, payload, last } = part;
        let payload: &'b [u8] = payload;
        let message_ends = last && header.fin;
        if message_ends && offset == 0 && header.opcode != OpCode::Continuation {
            return if self.receiving_text {
                let text = utf8::from_utf8(payload).map_err(|_| ProtocolError::InvalidUtf8)?;
                Ok(Some(Event::Text(Cow::Borrowed(text))))
            } else {
                Ok(Some(Event::Binary(Cow::Borrowed(payload))))
            };
        }
        let in_frame = header.payload_len.saturating_sub(offset).saturating_sub(as_u64(payload.len()));
        self.assembly.begin(self.receiving_text);
        self.push(payload, self.to_come(in_frame, header.fin), message_ends)?;
        Ok(if message_ends { self.assembly.finish() } else { None })
    }

    /// What is known of the rest of a message.
    fn to_come(&self, in_frame: u64, fin: bool) -> ToCome {
        ToCome { in_frame, more_frames: !fin, limit: self.decoder.max_message_len() }
    }

    /// Puts the next bytes of a message to those that are there.
    #[inline]
    fn push(&mut self, payload: &[u8], to_come: ToCome, message_ends: bool) -> Result<(), ProtocolError> {
        if self.receiving_text {
            if let Some(text) = self.utf8.decode_plain(payload) {
                self.assembly.push_str(text, to_come);
                return Ok(());
            }
            let piece = self.decode_text(payload, message_ends)?;
            self.assembly.push_text(piece, to_come);
        } else {
            self.assembly.push_binary(payload, to_come);
        }
        Ok(())
    }

    /// A part of a message, handed on as it is.
    fn receive_chunk<'b>(&mut self, part: FramePart<'b>) -> Option<Event<'b>> {
        let FramePart { header, payload, last, .. } = part;
        let last = last && header.fin;
        let payload: &'b [u8] = payload;
        if !self.receiving_text {
            let event = Event::BinaryChunk { data: Cow::Borrowed(payload), last };
            return (last || !payload.is_empty()).then_some(event);
        }
        // The text in front of a fault comes first, so that a read that brings both changes nothing.
        let (utf8::Decoded { first, rest }, faulty) = self.utf8.decode_until_fault(payload);
        if faulty || last && !self.utf8.is_complete() {
            self.fault = Some(Fault::Utf8);
        }
        let last = last && self.fault.is_none();
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

    /// Validates the next bytes of a text message (RFC 6455, 8.1).
    fn decode_text<'b>(
        &mut self,
        payload: &'b [u8],
        message_ends: bool,
    ) -> Result<utf8::Decoded<'b>, ProtocolError> {
        let piece = self.utf8.decode(payload).map_err(|_| ProtocolError::InvalidUtf8)?;
        if message_ends && !self.utf8.is_complete() {
            return Err(ProtocolError::InvalidUtf8);
        }
        Ok(piece)
    }

    fn receive_control<'b>(
        &mut self,
        part: FramePart<'b>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Event<'b>>, ProtocolError> {
        let FramePart { header, offset, payload, last } = part;
        let payload: Cow<'b, [u8]> = if last && offset == 0 {
            Cow::Borrowed(payload)
        } else {
            let control = self.control.get_or_insert_default();
            control.push(payload);
            if !last {
                // A fault in the body of a Close shows before its end.
                return match header.opcode {
                    OpCode::Close => Close::decode_prefix(control.as_slice(), false).map(|_| None),
                    _ => Ok(None),
                };
            }
            let whole = control.as_slice().to_vec();
            self.control = None;
            Cow::Owned(whole)
        };
        match header.opcode {
            OpCode::Close => self.receive_close(payload, out).map(Some),
            OpCode::Ping => {
                if self.behaviour.auto_pong {
                    self.write_frame(OpCode::Pong, true, &payload, out); // RFC 6455, 5.5.2
                }
                Ok(Some(Event::Ping(payload)))
            }
            _ => Ok(Some(Event::Pong(payload))),
        }
    }

    fn receive_close<'b>(
        &mut self,
        body: Cow<'b, [u8]>,
        out: &mut Vec<u8>,
    ) -> Result<Event<'b>, ProtocolError> {
        let close = match body {
            Cow::Borrowed(body) => Close::decode(body)?,
            Cow::Owned(body) => Close::decode(&body)?.map(Close::into_owned),
        };
        self.lifecycle.on_close_received(close.as_ref(), self.decoder.is_in_message());
        self.forget();
        self.answer_close(close.as_ref(), out);
        Ok(Event::Close(close))
    }

    /// Answers the peer's Close, unless ours was first or the caller does it.
    pub(super) fn answer_close(&mut self, close: Option<&Close<'_>>, out: &mut Vec<u8>) {
        if self.behaviour.auto_close && self.lifecycle.may_send() {
            self.write_close(close, out); // RFC 6455, 5.5.1: the status code is echoed
        }
    }
}

/// DEFLATE makes at most 1032 bytes of one, so a chunk has at most 516 KiB.
const MAX_COMPRESSED_PART: usize = 512;
