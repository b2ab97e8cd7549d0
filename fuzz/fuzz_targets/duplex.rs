//! A client and a server of this crate, with calls of every kind at both ends, in any order, compared with a
//! model of each: after every call the result, the events, the length of the output, the state and the
//! outcome must match.
//!
//! Input: 1 byte of flags (1: compression), with compression 20 bytes of configuration; a byte of settings
//! for each end (see `End::new`); then steps, each a byte for what to do and at which end (0x80: the server),
//! a length (2 bytes) and data.
#![no_main]

use std::collections::VecDeque;

use libfuzzer_sys::fuzz_target;
use sansocket::{
    Close, CloseCode, Config, Connection, Delivery, Event, Input, ProtocolError, ReceiveHalf, Reply,
    SendError, SendHalf,
    deflate::Compress,
    frame::{OpCode, Role, mask},
    keepalive::Timeout,
};
use sansocket_fuzz::{
    ByteSource, agree,
    model::{Frame, Model, Seen, Settings},
};

enum Machine {
    Whole(Box<Connection>),
    Halves { receiving: Option<Box<ReceiveHalf>>, sending: Box<SendHalf>, replies: VecDeque<Reply> },
}

/// One end, and the direction from it to the other.
struct End {
    machine: Option<Machine>,
    role: Role,
    model: Model,
    compression: bool,
    in_chunks: bool,
    /// The bytes that were sent and have not been delivered, and the number of bytes before them.
    wire: Vec<u8>,
    delivered: usize,
    /// The end of the last frame that was delivered completely.
    begun: usize,
    /// The frames that are not completely delivered, with the end of each.
    frames: VecDeque<(usize, Frame)>,
    /// The bytes that the other end has received and has left in its input.
    kept: Vec<u8>,
    /// The chunks of a message that have arrived.
    chunks: Vec<u8>,
}

/// Calls a method that both a connection and its sending half have.
macro_rules! sending {
    ($machine:expr, $sending:ident => $call:expr) => {
        match $machine.as_mut().expect("a machine") {
            Machine::Whole($sending) => $call,
            Machine::Halves { sending: $sending, .. } => $call,
        }
    };
}

impl End {
    fn new(role: Role, flags: u8, config: Config, compression: bool) -> Self {
        let settings = Settings {
            role,
            auto_pong: flags & 1 == 0,
            auto_close: flags & 2 == 0,
            deliver_while_closing: flags & 4 == 0,
            compression,
        };
        let config = config
            .auto_pong(settings.auto_pong)
            .auto_close(settings.auto_close)
            .deliver_while_closing(settings.deliver_while_closing)
            .delivery(if flags & 8 == 0 { Delivery::Messages } else { Delivery::Chunks });
        let connection = match role {
            Role::Server => Connection::server(config),
            Role::Client => Connection::client(config, [4; 32]),
        };
        Self {
            machine: Some(Machine::Whole(Box::new(connection))),
            role,
            model: Model::new(settings),
            compression,
            in_chunks: flags & 8 != 0,
            wire: Vec::new(),
            delivered: 0,
            begun: 0,
            frames: VecDeque::new(),
            kept: Vec::new(),
            chunks: Vec::new(),
        }
    }

    fn split(&mut self) {
        self.machine = self.machine.take().map(|machine| match machine {
            Machine::Whole(connection) => {
                let (receiving, sending) = connection.split();
                Machine::Halves {
                    receiving: Some(Box::new(receiving)),
                    sending: Box::new(sending),
                    replies: VecDeque::new(),
                }
            }
            halves => halves,
        });
    }

    /// Records a frame that ends at the current end of the output.
    fn push(&mut self, frame: Frame) {
        self.frames.push_back((self.delivered + self.wire.len(), frame));
    }

    /// Makes one call that sends: the model determines its result and its frame.
    fn send(&mut self, what: u8, choices: &mut ByteSource<'_>, len: usize) {
        let before = self.wire.len();
        let last = what & 0x20 != 0;
        let is_text = what & 0x40 != 0;
        let data = if is_text { choices.text(len).into_bytes() } else { choices.bytes(len).to_vec() };
        let text = std::str::from_utf8(&data).unwrap_or_default();
        let out = &mut self.wire;
        let (result, expected, frame) = match what & 0x0f {
            0 if is_text => {
                let result = sending!(self.machine, it => it.send_text(text, out));
                (result, self.model.send_message(), Frame::Part { is_text, data, last: true })
            }
            0 => {
                let result = sending!(self.machine, it => it.send_binary(&data, out));
                (result, self.model.send_message(), Frame::Part { is_text, data, last: true })
            }
            1 | 2 => {
                let result = match is_text {
                    true => sending!(self.machine, it => it.send_text_fragment(text, last, out)),
                    false => sending!(self.machine, it => it.send_binary_fragment(&data, last, out)),
                };
                (result, self.model.send_fragment(is_text, last), Frame::Part { is_text, data, last })
            }
            3 => {
                let result = sending!(self.machine, it => it.send_ping(&data, out));
                (result, self.model.send_control(true, true, data.len()), Frame::Ping(data))
            }
            4 => {
                let result = sending!(self.machine, it => it.send_pong(&data, out));
                (result, self.model.send_control(false, true, data.len()), Frame::Pong(data))
            }
            5 => {
                let code = CloseCode::new(choices.number() as u16).unwrap_or(CloseCode::NORMAL);
                let close = Close::new(code, text).ok().filter(|_| last);
                let body = close.as_ref().map(|close| (close.code().get(), close.reason().to_owned()));
                let expected = self.model.send_close(close.as_ref().map(Close::code));
                (sending!(self.machine, it => it.send_close(close, out)), expected, Frame::Close(body))
            }
            6 => self.send_header(OpCode::Continuation, last, data),
            7 => self.send_header(if is_text { OpCode::Text } else { OpCode::Binary }, last, data),
            8 => self.send_header(if is_text { OpCode::Ping } else { OpCode::Pong }, last, data),
            9 => {
                let result = sending!(self.machine, it => it.send_header(OpCode::Close, last, 0, out));
                assert_eq!(result, Err(SendError::UseSendClose));
                return;
            }
            _ => {
                let (result, expected, _) = self.send_header(OpCode::Text, true, b"\xff".to_vec());
                (result, expected, Frame::BadText)
            }
        };
        assert_eq!(result, expected, "{frame:?}");
        let sent = self.wire.len() - before;
        match result {
            Err(_) => assert_eq!(sent, 0, "an error that sent something"),
            Ok(()) => {
                let may_shrink = self.compression && matches!(frame, Frame::Part { .. });
                assert!(
                    may_shrink && sent > 0 || sent == self.frame_len(&frame),
                    "{sent} bytes for {frame:?}"
                );
                self.push(frame);
            }
        }
        self.note_close();
    }

    /// Sends a header, and then the payload as a caller writes it.
    fn send_header(
        &mut self,
        opcode: OpCode,
        fin: bool,
        mut data: Vec<u8>,
    ) -> (Result<(), SendError>, Result<(), SendError>, Frame) {
        let len = data.len();
        let is_text = (opcode != OpCode::Continuation).then_some(opcode == OpCode::Text);
        let expected = match opcode {
            OpCode::Ping | OpCode::Pong => {
                self.model.send_control(opcode == OpCode::Ping, fin, len).map(|()| false)
            }
            _ => self.model.send_header(is_text, fin),
        };
        // The continuation of a text is text.
        let is_text = expected.unwrap_or_default();
        if opcode == OpCode::Continuation && is_text && std::str::from_utf8(&data).is_err() {
            data.fill(b'a');
        }
        let out = &mut self.wire;
        let result = sending!(self.machine, it => it.send_header(opcode, fin, len as u64, out));
        if let Ok(key) = result {
            let start = self.wire.len();
            self.wire.extend_from_slice(&data);
            mask(&mut self.wire[start..], key.unwrap_or_default(), 0);
        }
        let frame = match opcode {
            OpCode::Ping => Frame::Ping(data),
            OpCode::Pong => Frame::Pong(data),
            _ => Frame::Part { is_text, data, last: fin },
        };
        (result.map(drop), expected.map(drop), frame)
    }

    /// Returns the length of an uncompressed frame.
    fn frame_len(&self, frame: &Frame) -> usize {
        let len = match frame {
            Frame::Part { data, .. } | Frame::Ping(data) | Frame::Pong(data) => data.len(),
            Frame::BadText => 1,
            Frame::Close(body) => body.as_ref().map_or(0, |(_, reason)| 2 + reason.len()),
        };
        let extended = if len < 126 { 0 } else { 2 };
        2 + extended + if self.role == Role::Client { 4 } else { 0 } + len
    }

    /// Until it is split, the receiving side is informed of our Close.
    fn note_close(&mut self) {
        if matches!(self.machine, Some(Machine::Whole(_))) {
            self.model.on_close_sent();
        }
    }

    /// Lets the model settle at most `count` pending replies, and checks that the output contains exactly
    /// these.
    fn settle(&mut self, count: usize, mut position: usize) {
        for _ in 0..count.min(self.model.owed.len()) {
            if let Some(frame) = self.model.settle() {
                position += self.frame_len(&frame);
                self.frames.push_back((position, frame));
            }
        }
        assert_eq!(position, self.position(), "what was owed");
        self.note_close();
    }

    /// Returns the end of the output.
    fn position(&self) -> usize {
        self.delivered + self.wire.len()
    }

    /// Passes the oldest replies of the receiving half on.
    fn reply(&mut self, count: usize) {
        let position = self.position();
        let Some(Machine::Halves { sending, replies, .. }) = &mut self.machine else { return };
        let count = count.min(replies.len());
        assert_eq!(replies.len(), self.model.owed.len(), "one reply for each thing that is owed");
        for reply in replies.drain(..count) {
            sending.reply(&reply, &mut self.wire);
        }
        self.settle(count, position);
    }

    /// Closes the transport, as this end sees it.
    fn eof(&mut self, in_frame: bool) {
        let position = self.position();
        match &mut self.machine {
            Some(Machine::Whole(connection)) => {
                let result = connection.receive_eof();
                self.model.receive_eof(in_frame);
                self.settle(usize::MAX, position);
                assert_eq!(result, self.model.failure().map_or(Ok(()), Err));
                self.model.error = self.model.failure();
            }
            Some(Machine::Halves { receiving, replies, .. }) => {
                if let Some(receiving) = receiving.take() {
                    replies.push_back(receiving.receive_eof());
                    self.model.receive_eof(in_frame);
                }
            }
            None => unreachable!("it is only taken while it is split"),
        }
    }

    fn time_out(&mut self) {
        let before = self.wire.len();
        let out = &mut self.wire;
        sending!(self.machine, it => it.time_out(Timeout::Idle, out));
        let frame = self.model.time_out(matches!(self.machine, Some(Machine::Whole(_))));
        let sent = self.wire.len() - before;
        assert_eq!(sent, frame.as_ref().map_or(0, |frame| self.frame_len(frame)));
        frame.into_iter().for_each(|frame| self.push(frame));
        self.note_close();
    }

    /// Receives the bytes of one read.
    fn receive(&mut self, bytes: &[u8], step: u8) -> (Vec<Seen>, Option<ProtocolError>) {
        let mut buf = std::mem::take(&mut self.kept);
        buf.extend_from_slice(bytes);
        let room = usize::from(step >> 5) * 300;
        let capacity = buf.len() + room;
        let mut input = match room {
            0 => Input::new(&mut buf),
            _ => Input::retained(&mut buf, capacity),
        };
        let (mut seen, mut error, mut reply) = (Vec::new(), None, None);
        loop {
            let result = match &mut self.machine {
                Some(Machine::Whole(connection)) => connection.receive(&mut input, &mut self.wire),
                Some(Machine::Halves { receiving: Some(receiving), replies, .. }) => {
                    let result = receiving.receive(&mut input, &mut reply);
                    replies.extend(reply.take());
                    result
                }
                // Its receiving half has been dropped.
                _ => {
                    error = self.model.error;
                    input.take_all();
                    break;
                }
            };
            let event = match result {
                Ok(Some(event)) => event,
                Ok(None) => break,
                Err(failure) => {
                    error = Some(failure);
                    break;
                }
            };
            seen.extend(see(event.clone(), &mut self.chunks));
            match &mut self.machine {
                Some(Machine::Whole(connection)) if step & 1 == 0 => connection.recycle(event),
                Some(Machine::Halves { receiving: Some(receiving), .. }) if step & 1 == 0 => {
                    receiving.recycle(event)
                }
                _ => {}
            }
        }
        self.kept = input.remaining().to_vec();
        assert!(self.kept.is_empty() || room > 0 && self.kept.len() < capacity, "bytes that were not taken");
        (seen, error)
    }

    /// Checks that state and outcome match the model.
    fn check(&self) {
        let (state, outcome) = match &self.machine {
            Some(Machine::Whole(connection)) => (connection.state(), connection.close_outcome()),
            Some(Machine::Halves { sending, .. }) => (sending.state(), sending.close_outcome()),
            None => unreachable!("it is only taken while it is split"),
        };
        assert_eq!(state, self.model.state());
        let outcome =
            outcome.map(|it| (it.code, it.reason, it.clean, it.initiator, it.interrupted, it.error));
        assert_eq!(outcome, self.model.outcome());
        // The data of an unfinished message in complete frames has been delivered.
        let is_cut_short = !self.in_chunks || self.model.muted || self.model.ended;
        assert!(is_cut_short || self.chunks.starts_with(self.model.unfinished()));
    }
}

/// Returns the event in the terms of the model, once a message is complete.
fn see(event: Event<'_>, chunks: &mut Vec<u8>) -> Option<Seen> {
    Some(match event {
        Event::Text(text) => Seen::Message { is_text: true, data: text.into_owned().into_bytes() },
        Event::Binary(data) => Seen::Message { is_text: false, data: data.into_owned() },
        Event::TextChunk { data, last } => {
            chunks.extend_from_slice(data.as_bytes());
            return last.then(|| Seen::Message { is_text: true, data: std::mem::take(chunks) });
        }
        Event::BinaryChunk { data, last } => {
            chunks.extend_from_slice(&data);
            return last.then(|| Seen::Message { is_text: false, data: std::mem::take(chunks) });
        }
        Event::Ping(data) => Seen::Ping(data.into_owned()),
        Event::Pong(data) => Seen::Pong(data.into_owned()),
        Event::Close(close) => {
            Seen::Close(close.map(|close| (close.code().get(), close.reason().to_owned())))
        }
        event => panic!("{event:?}"),
    })
}

/// Delivers the next `len` bytes that `from` has sent.
fn deliver(from: &mut End, to: &mut End, len: usize, step: u8) {
    let bytes: Vec<u8> = from.wire.drain(..len.min(from.wire.len())).collect();
    from.delivered += bytes.len();
    let position = to.position();
    let (seen, error) = to.receive(&bytes, step);
    let mut expected = Vec::new();
    while let Some((end, frame)) = from.frames.pop_front_if(|(end, _)| *end <= from.delivered) {
        from.begun = end;
        expected.extend(to.model.receive(frame));
    }
    assert_eq!(seen, expected);
    assert_eq!(error, to.model.error, "the error of the receiving side, each time");
    if matches!(to.machine, Some(Machine::Whole(_))) {
        to.settle(usize::MAX, position);
    }
}

fuzz_target!(|data: &[u8]| {
    let mut choices = ByteSource(data);
    let compression = choices.flag();
    let (mut client, mut server) = (Config::new(), Config::new());
    if compression {
        let (at_server, at_client) = agree(choices.deflate(), choices.deflate());
        (client, server) = (client.deflate(at_client), server.deflate(at_server));
    }
    let mut client = End::new(Role::Client, choices.byte(), client, compression);
    let mut server = End::new(Role::Server, choices.byte(), server, compression);
    while !choices.is_empty() {
        let step = choices.byte();
        let len = choices.number() & 0x0fff;
        let (one, other) =
            if step & 0x80 == 0 { (&mut client, &mut server) } else { (&mut server, &mut client) };
        match (step & 0x1f, len) {
            (0..11, _) => one.send(step & 0x7f, &mut choices, len),
            (11, 0) => one.split(),
            // Only with a certain length, so that most connections stay open.
            (12, 12) => {
                let in_frame = other.delivered > other.begun;
                one.eof(in_frame);
            }
            (12, 13) => one.time_out(),
            (13, _) => {
                let choice = [Compress::Always, Compress::Never][len & 1];
                sending!(one.machine, it => it.compress_next(choice));
                one.model.compress_next(len & 1 == 0);
            }
            (14, _) => sending!(one.machine, it => it.release_buffers()),
            (15 | 16, _) => one.reply(len & 7),
            _ => deliver(one, other, len, choices.byte()),
        }
        client.check();
        server.check();
    }
});
