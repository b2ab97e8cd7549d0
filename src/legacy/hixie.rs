//! The framing of hixie-75 and hixie-76.
//!
//! ```text
//!                         ┌──────────── FF: a text message ─────────────┐
//! Start ── 00 ──▶ Text ───┤                                             ├──▶ Start
//! Start ── 01 to 7F ──▶ Unknown ── FF: dropped ─────────────────────────┤
//! Start ── 80 to FF ──▶ Length ── last byte, more than 0 ──▶ Skip ── dropped ──┘
//!                         └────── last byte, 0: after FF in hixie-76 the closing handshake, else Start
//! ```

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::{fmt, mem};

use super::Draft;
use crate::{
    CloseOutcome, Config, Event, Input, ProtocolError, SendError, State,
    connection::Lifecycle,
    frame::Role,
    handshake::append_within,
    keepalive::Timeout,
    num::{as_u64, as_usize},
    utf8,
};

/// One endpoint of an open hixie connection.
#[derive(Debug)]
pub(super) struct Hixie {
    draft: Draft,
    role: Role,
    config: Config,
    frame: Frame,
    lifecycle: Lifecycle,
}

/// The frame that is being received.
enum Frame {
    /// None.
    Start,
    /// Text up to the next FF. The part that arrived in earlier reads.
    Text(Vec<u8>),
    /// An unknown type, up to the next FF.
    Unknown,
    /// The length of a frame whose type has the high bit set.
    Length { is_ff: bool, value: u64, count: u8 },
    /// The given number of bytes.
    Skip(u64),
}

/// The result of reading a part of a frame.
enum Part<'b> {
    /// The input has been consumed.
    More,
    /// There is nothing to report.
    Nothing,
    Text(Cow<'b, str>),
    Closing,
}

impl Hixie {
    pub(super) fn new(draft: Draft, role: Role, config: Config) -> Self {
        Self { draft, role, config, frame: Frame::Start, lifecycle: Lifecycle::default() }
    }

    pub(super) fn receive<'b>(
        &mut self,
        input: &mut Input<'b>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Event<'b>>, ProtocolError> {
        while self.lifecycle.may_receive() {
            match self.receive_part(input) {
                Ok(Part::More) => return Ok(None),
                Ok(Part::Text(text)) if self.is_delivered() => return Ok(Some(Event::Text(text))),
                Ok(Part::Text(_) | Part::Nothing) => {}
                Ok(Part::Closing) => {
                    self.receive_close(out);
                    return Ok(Some(Event::Close(None)));
                }
                Err(error) => self.fail(error),
            }
        }
        input.take_all();
        self.close_outcome().and_then(|outcome| outcome.error).map_or(Ok(None), Err)
    }

    pub(super) fn receive_eof(&mut self) -> Result<(), ProtocolError> {
        let in_frame = !matches!(mem::replace(&mut self.frame, Frame::Start), Frame::Start);
        if self.draft == Draft::Hixie75 && !in_frame && self.lifecycle.may_receive() {
            // There is no closing handshake: a peer closes by ending the stream between two frames.
            self.lifecycle.on_close_received(None, false);
            self.lifecycle.on_close_sent();
        }
        self.lifecycle.on_eof(in_frame)
    }

    pub(super) fn send_text(&mut self, text: &str, out: &mut Vec<u8>) -> Result<(), SendError> {
        if !self.lifecycle.may_send() {
            return Err(SendError::ConnectionClosing);
        }
        out.reserve(text.len().saturating_add(2));
        out.push(TEXT);
        out.extend_from_slice(text.as_bytes());
        out.push(END);
        Ok(())
    }

    pub(super) fn send_close(&mut self, out: &mut Vec<u8>) -> Result<(), SendError> {
        if !self.lifecycle.may_send() {
            return Err(SendError::ConnectionClosing);
        }
        self.lifecycle.on_close_sent();
        match self.draft {
            Draft::Hixie76 => out.extend_from_slice(CLOSING),
            Draft::Hixie75 => {
                let in_frame = !matches!(mem::replace(&mut self.frame, Frame::Start), Frame::Start);
                self.lifecycle.on_close_received(None, in_frame);
            }
        }
        Ok(())
    }

    /// Fails without sending anything, as after any other error.
    pub(super) fn time_out(&mut self, timeout: Timeout) {
        if matches!(self.state(), State::Open | State::Closing) {
            self.fail(ProtocolError::TimedOut(timeout));
        }
    }

    pub(super) fn state(&self) -> State {
        self.lifecycle.state()
    }

    pub(super) fn close_outcome(&self) -> Option<CloseOutcome<'_>> {
        self.lifecycle.close_outcome()
    }

    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// There are no codes, and a closing handshake would indicate success.
    fn fail(&mut self, error: ProtocolError) {
        self.lifecycle.on_failure(error);
        self.frame = Frame::Start;
    }

    fn is_delivered(&self) -> bool {
        self.config.deliver_while_closing || self.lifecycle.may_send()
    }

    fn receive_close(&mut self, out: &mut Vec<u8>) {
        self.lifecycle.on_close_received(None, false);
        if self.config.auto_close && self.lifecycle.may_send() {
            out.extend_from_slice(CLOSING);
            self.lifecycle.on_close_sent();
        }
    }

    fn receive_part<'b>(&mut self, input: &mut Input<'b>) -> Result<Part<'b>, ProtocolError> {
        let Some(&next) = input.remaining().first() else { return Ok(Part::More) };
        match &mut self.frame {
            Frame::Start => {
                input.take(1);
                self.frame = match next {
                    TEXT => Frame::Text(Vec::new()),
                    0x01..=0x7f => Frame::Unknown,
                    0x80.. => Frame::Length { is_ff: next == END, value: 0, count: 0 },
                };
                Ok(Part::Nothing)
            }
            Frame::Text(collected) => {
                let text = receive_text(collected, self.config.frame_limits.message_len, input)?;
                Ok(text.map_or(Part::More, |text| {
                    self.frame = Frame::Start;
                    Part::Text(text)
                }))
            }
            Frame::Unknown => {
                match input.remaining().iter().position(|&byte| byte == END) {
                    None => drop(input.take_all()),
                    Some(len) => {
                        input.take(len.saturating_add(1));
                        self.frame = Frame::Start;
                    }
                }
                Ok(Part::Nothing)
            }
            Frame::Length { is_ff, value, count } => {
                let is_closing = *is_ff && self.draft == Draft::Hixie76;
                input.take(1);
                let limit = self.config.frame_limits.frame_len;
                Ok(match receive_length(next, value, count, limit)? {
                    None => Part::Nothing,
                    Some(length) => {
                        self.frame = if length == 0 { Frame::Start } else { Frame::Skip(length) };
                        if length == 0 && is_closing { Part::Closing } else { Part::Nothing }
                    }
                })
            }
            Frame::Skip(left) => {
                *left = left.saturating_sub(as_u64(input.take(as_usize(*left)).len()));
                if *left == 0 {
                    self.frame = Frame::Start;
                }
                Ok(Part::Nothing)
            }
        }
    }
}

/// Takes text up to the next FF or the end of the input. Returns `Some` if the text ends.
fn receive_text<'b>(
    collected: &mut Vec<u8>,
    limit: u64,
    input: &mut Input<'b>,
) -> Result<Option<Cow<'b, str>>, ProtocolError> {
    let room = as_usize(limit).saturating_sub(collected.len());
    let bytes = input.remaining();
    let searched = bytes.get(..room.saturating_add(1)).unwrap_or(bytes);
    let end = searched.iter().position(|&byte| byte == END);
    if end.is_none() && bytes.len() > room {
        return Err(ProtocolError::MessageTooLong { limit, len: limit.saturating_add(1) });
    }
    let text: &'b [u8] = input.take(end.unwrap_or(bytes.len()));
    if end.is_some() {
        input.take(1);
        if collected.is_empty() {
            return Ok(Some(decode(text)));
        }
    }
    append_within(as_usize(limit), collected, text);
    Ok(end.map(|_| Cow::Owned(decode_owned(mem::take(collected)))))
}

/// Adds the next byte of a length: 7 bits, most significant first, and whether another byte follows. Returns
/// `Some` at the last one.
fn receive_length(
    byte: u8,
    value: &mut u64,
    count: &mut u8,
    limit: u64,
) -> Result<Option<u64>, ProtocolError> {
    let limit = limit.min(MAX_LENGTH);
    *count = count.saturating_add(1);
    if *count > MAX_LENGTH_BYTES {
        return Err(ProtocolError::FrameTooLong { limit, len: MAX_LENGTH.saturating_add(1) });
    }
    *value = value.saturating_mul(128) | u64::from(byte & 0x7f);
    if *value > limit {
        return Err(ProtocolError::FrameTooLong { limit, len: *value });
    }
    Ok((byte & 0x80 == 0).then_some(*value))
}

/// Returns the text of these bytes, with U+FFFD for invalid UTF-8.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    utf8::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

fn decode_owned(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Shows no data, which may be long and confidential.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("Start"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Unknown => f.write_str("Unknown"),
            Self::Length { value, .. } => write!(f, "Length({value})"),
            Self::Skip(left) => write!(f, "Skip({left})"),
        }
    }
}

/// The type of a text frame.
const TEXT: u8 = 0x00;

/// The end of a text frame. It does not occur in UTF-8.
const END: u8 = 0xff;

/// The closing handshake of hixie-76.
const CLOSING: &[u8] = b"\xff\x00";

/// 63 bits.
const MAX_LENGTH_BYTES: u8 = 9;

const MAX_LENGTH: u64 = u64::MAX >> 1;
