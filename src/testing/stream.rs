//! Generated streams of frames, valid or almost valid.

use alloc::{string::String, vec::Vec};

use super::ByteSource;
use crate::{
    Close, CloseCode, Event,
    frame::{Header, MAX_CONTROL_LEN, MAX_HEADER_LEN, OpCode, Role, mask},
    num::as_u64,
};

/// A message or control frame that one endpoint sends to the other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A Ping with at most 125 bytes.
    Ping(Vec<u8>),
    /// A Pong with at most 125 bytes.
    Pong(Vec<u8>),
    /// A Close, which must be the last.
    Close(Option<Close<'static>>),
}

/// A stream that an endpoint receives: its messages and their bytes on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameStream {
    /// The role of the receiving endpoint: a server receives masked frames.
    pub role: Role,
    /// The messages. If the stream is [broken](Self::broken), only a part of them may arrive.
    pub messages: Vec<Message>,
    /// The frames.
    pub bytes: Vec<u8>,
}

impl Message {
    /// Generates a message.
    pub fn choose(choices: &mut ByteSource<'_>) -> Self {
        let kind = choices.below(16);
        let len = choices.below(if kind == 0 { 1000 } else { 40 });
        match kind {
            0..6 => Self::Text(text(choices.take(len))),
            6..11 => Self::Binary(choices.take(len).to_vec()),
            11 | 12 => Self::Ping(choices.take(len).to_vec()),
            13 | 14 => Self::Pong(choices.take(len).to_vec()),
            _ => Self::Close(choices.flag().then(|| close(choices)).flatten()),
        }
    }

    /// Returns the event that a connection yields for it.
    pub fn event(&self) -> Event<'static> {
        match self.clone() {
            Self::Text(text) => Event::Text(text.into()),
            Self::Binary(data) => Event::Binary(data.into()),
            Self::Ping(data) => Event::Ping(data.into()),
            Self::Pong(data) => Event::Pong(data.into()),
            Self::Close(close) => Event::Close(close),
        }
    }
}

impl FrameStream {
    /// Generates up to 20 messages in chosen frames: fragments, some of them empty, with control frames
    /// between them.
    ///
    /// A chosen Close is the last message.
    pub fn choose(role: Role, choices: &mut ByteSource<'_>) -> Self {
        let mut stream = Self { role, messages: Vec::new(), bytes: Vec::new() };
        while !choices.is_empty() && stream.messages.len() < 20 {
            let message = Message::choose(choices);
            let is_close = matches!(message, Message::Close(_));
            stream.push(message, choices);
            if is_close {
                break;
            }
        }
        stream
    }

    /// Changes, removes or inserts one byte of the stream, if it has any.
    #[must_use]
    pub fn broken(mut self, choices: &mut ByteSource<'_>) -> Self {
        let at = choices.below(self.bytes.len());
        let byte = choices.byte();
        match choices.below(3) {
            0 => self.bytes.insert(at, byte),
            1 if !self.bytes.is_empty() => {
                self.bytes.remove(at);
            }
            _ => {
                if let Some(old) = self.bytes.get_mut(at) {
                    *old = byte;
                }
            }
        }
        self
    }

    /// Appends a message.
    fn push(&mut self, message: Message, choices: &mut ByteSource<'_>) {
        match &message {
            Message::Text(text) => self.push_data(OpCode::Text, text.as_bytes(), choices),
            Message::Binary(data) => self.push_data(OpCode::Binary, data, choices),
            Message::Ping(data) => self.push_frame(OpCode::Ping, true, data, choices),
            Message::Pong(data) => self.push_frame(OpCode::Pong, true, data, choices),
            Message::Close(close) => {
                let mut body = Vec::new();
                if let Some(close) = close {
                    body.extend_from_slice(&close.code().get().to_be_bytes());
                    body.extend_from_slice(close.reason().as_bytes());
                }
                self.push_frame(OpCode::Close, true, &body, choices);
            }
        }
        self.messages.push(message);
    }

    /// Appends a data message in chosen fragments.
    fn push_data(&mut self, first: OpCode, mut data: &[u8], choices: &mut ByteSource<'_>) {
        let mut opcode = first;
        for _ in 0..choices.below(4) {
            let (fragment, rest) = data.split_at(choices.below(data.len().saturating_add(1)).min(data.len()));
            data = rest;
            self.push_frame(opcode, false, fragment, choices);
            opcode = OpCode::Continuation;
            if choices.below(4) == 3 {
                let ping = choices.take(4).to_vec();
                self.push(Message::Ping(ping), choices);
            }
        }
        self.push_frame(opcode, true, data, choices);
    }

    fn push_frame(&mut self, opcode: OpCode, fin: bool, payload: &[u8], choices: &mut ByteSource<'_>) {
        let max = if opcode.is_control() { MAX_CONTROL_LEN } else { usize::MAX };
        let payload = payload.get(..max).unwrap_or(payload);
        let key = [choices.byte(), choices.byte(), choices.byte(), choices.byte()];
        let key = (self.role == Role::Server).then_some(key);
        let header = Header { fin, mask: key, ..Header::new(opcode, as_u64(payload.len())) };
        let mut buf = [0; MAX_HEADER_LEN];
        // The header is valid by construction.
        self.bytes.extend_from_slice(header.encode(&mut buf).unwrap_or_default());
        let start = self.bytes.len();
        self.bytes.extend_from_slice(payload);
        if let (Some(key), Some(payload)) = (key, self.bytes.get_mut(start..)) {
            mask(payload, key, 0);
        }
    }
}

/// Returns text derived from any bytes: characters of one to four bytes.
fn text(bytes: &[u8]) -> String {
    let few = ['a', 'z', ' ', 'ä', '€', '𝄞', '\u{feff}', '\0'];
    bytes.iter().filter_map(|&byte| few.get(usize::from(byte % 8))).collect()
}

fn close(choices: &mut ByteSource<'_>) -> Option<Close<'static>> {
    let codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
    let code = CloseCode::new(*codes.get(choices.below(codes.len()))?)?;
    let len = choices.below(40);
    Close::new(code, text(choices.take(len))).ok()
}
