//! A `WebSocket` object with its page and a server, all in memory.

use std::{fmt::Write as _, time::Duration};

use sansocket::{
    Input,
    browser::{Event, ReadyState, Request, WebSocket},
    frame::Header,
    handshake::HandshakeLimits,
    server::{Accept, Handshake},
    session::{ReadBuffer, Transport},
};

use super::hex;

/// A response that opens the connection. `{accept}` is replaced by the accept value for the key.
pub(crate) const SWITCH: &str =
    "HTTP/1.1 101 Ok\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n";

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The server sends a response with these lines after `SWITCH`, and frames in the same segment, in hex.
    Switch(&'static str, &'static str),
    /// The server sends this response.
    Respond(&'static str),
    /// The server sends bytes, in hex.
    Serve(&'static str),
    Eof,
    /// The transport fails, or there is none.
    Fail,
    /// The time is this second.
    Time(u64),
    /// A script runs, between two tasks.
    Script(fn(&mut WebSocket)),
    /// The event loop runs all tasks.
    Tasks,
}

/// The object, its event loop, and its transport.
pub(crate) struct Page {
    pub(crate) socket: WebSocket,
    pub(crate) buffer: ReadBuffer,
    /// All bytes that were written.
    pub(crate) out: Vec<u8>,
    /// The events with the state that their handlers see.
    pub(crate) log: Vec<String>,
    /// The actions of the page in its handlers.
    pub(crate) on: fn(&mut WebSocket, &Event),
}

impl Page {
    pub(crate) fn new(request: &Request) -> Self {
        let socket = WebSocket::new(request, [7; 32], Duration::ZERO).unwrap();
        let mut page = Self {
            socket,
            buffer: ReadBuffer::new(1 << 20),
            out: Vec::new(),
            log: Vec::new(),
            on: |_, _| {},
        };
        page.write();
        page
    }

    /// Has the server accept.
    pub(crate) fn open(request: &Request) -> Self {
        let mut page = Self::new(request);
        page.run(&[Step::Switch("", ""), Step::Tasks], None);
        page
    }

    /// Runs the steps, the bytes of the server split at `cut`, and at each byte with `Some(0)`.
    ///
    /// Where the event loop runs after the bytes, it runs between the pieces too.
    pub(crate) fn run(&mut self, steps: &[Step], cut: Option<usize>) {
        for (index, step) in steps.iter().enumerate() {
            let bytes = match step {
                Step::Switch(lines, frames) => {
                    let head = SWITCH.replace("{accept}", &self.accept()) + lines + "\r\n";
                    [head.into_bytes(), hex(frames)].concat()
                }
                Step::Respond(response) => response.replace("{accept}", &self.accept()).into_bytes(),
                Step::Serve(bytes) => hex(bytes),
                Step::Eof => {
                    self.socket.eof();
                    Vec::new()
                }
                Step::Fail => {
                    self.socket.failed();
                    Vec::new()
                }
                Step::Time(second) => {
                    self.socket.on_time(Duration::from_secs(*second));
                    self.read(b"");
                    Vec::new()
                }
                Step::Script(script) => {
                    script(&mut self.socket);
                    Vec::new()
                }
                Step::Tasks => {
                    self.tasks();
                    Vec::new()
                }
            };
            let rest =
                steps[index..].iter().find(|step| matches!(step, Step::Tasks | Step::Script(_) | Step::Fail));
            let is_eager = matches!(rest, Some(Step::Tasks));
            for piece in pieces(&bytes, cut) {
                self.read(piece);
                if is_eager && piece.len() < bytes.len() {
                    self.tasks();
                }
            }
            self.write();
        }
    }

    /// Reads these bytes, in reads as large as there is room for.
    pub(crate) fn read(&mut self, mut bytes: &[u8]) {
        loop {
            let space = self.buffer.space();
            let count = space.len().min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            self.buffer.filled(count);
            bytes = &bytes[count..];
            self.socket.receive_from(&mut self.buffer);
            if bytes.is_empty() {
                return;
            }
        }
    }

    /// Runs the event loop until no task is left, with the transport after each task.
    pub(crate) fn tasks(&mut self) {
        while let Some(event) = self.next_event() {
            let mut line = match &event {
                Event::Open => "open".to_owned(),
                Event::Text(text) => format!("message {text:?}"),
                Event::Binary(data, kind) => format!("message {} {data:02x?}", kind.as_str()),
                Event::Error => "error".to_owned(),
                Event::Close { code, reason, was_clean } => format!("close {code} {reason:?} {was_clean}"),
                _ => unreachable!(),
            };
            let _ = write!(line, " in {}", state(&self.socket));
            self.log.push(line);
            (self.on)(&mut self.socket, &event);
            self.write();
            self.socket.receive_from(&mut self.buffer);
        }
    }

    /// The next event, also if the transport makes progress before it.
    fn next_event(&mut self) -> Option<Event> {
        self.socket.next_event().or_else(|| {
            self.write();
            self.socket.next_event()
        })
    }

    /// Writes all there is.
    pub(crate) fn write(&mut self) {
        loop {
            match self.socket.transport() {
                Transport::Write(bytes) => {
                    self.out.extend_from_slice(bytes);
                    let count = bytes.len();
                    self.socket.written(count);
                }
                Transport::Flush => self.socket.flushed(),
                Transport::ShutDown => self.socket.shut_down(),
                Transport::Wait | Transport::Close => return,
            }
        }
    }

    /// The request for the connection.
    pub(crate) fn head(&self) -> String {
        let end = self.out.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        String::from_utf8(self.out[..end].to_vec()).unwrap()
    }

    /// The frames after the request: the first byte and the payload of each, in hex.
    pub(crate) fn sent(&self) -> String {
        let mut rest = &self.out[self.head().len()..];
        let mut frames = Vec::new();
        while let Some((header, len)) = Header::decode(rest).unwrap() {
            let payload_len = usize::try_from(header.payload_len).unwrap();
            let mut payload = rest[len..][..payload_len].to_vec();
            sansocket::frame::mask(&mut payload, header.mask.unwrap(), 0);
            let digits =
                |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
            frames.push(format!("{} {}", digits(&rest[..1]), digits(&payload)).trim_end().to_owned());
            rest = &rest[len + payload_len..];
        }
        assert!(rest.is_empty());
        frames.join(", ")
    }

    /// Returns the accept value for the key of the request, if it asks for an upgrade.
    fn accept(&self) -> String {
        let mut out = Vec::new();
        let mut handshake = Handshake::new(HandshakeLimits::new());
        let mut head = self.head().into_bytes();
        let request = handshake.receive(&mut Input::new(&mut head), &mut out).unwrap().unwrap();
        request.accept(Accept::new(), &mut out).unwrap();
        let response = String::from_utf8(out).unwrap();
        let line = response.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Accept: "));
        line.unwrap().to_owned()
    }
}

pub(crate) fn state(socket: &WebSocket) -> u8 {
    match socket.ready_state() {
        ReadyState::Connecting => 0,
        ReadyState::Open => 1,
        ReadyState::Closing => 2,
        ReadyState::Closed => 3,
    }
}

fn pieces(bytes: &[u8], cut: Option<usize>) -> Vec<&[u8]> {
    match cut {
        None => vec![bytes],
        Some(0) => bytes.chunks(1).collect(),
        Some(cut) => {
            let (first, second) = bytes.split_at(cut.min(bytes.len()));
            vec![first, second]
        }
    }
}

pub(crate) fn request(protocols: &[&str]) -> Request {
    Request::new("ws://h/x", None, protocols).unwrap()
}
