//! A session with its buffer, on a transport in memory that records its operations.

use std::time::Duration;

use sansocket::{
    Close, Config, Connection, Event,
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    server::{Accept, Request},
    session::{Cause, ReadBuffer, Received, Session, Transport},
};

pub(crate) const REQUEST: &[u8] =
    b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A session, and a record of its operations.
pub(crate) struct Driver {
    pub(crate) session: Session,
    pub(crate) buffer: ReadBuffer,
    /// All bytes that were written.
    pub(crate) out: Vec<u8>,
    /// The operations requested of the transport, in order; consecutive writes count once.
    pub(crate) steps: Vec<&'static str>,
    /// The received items, as [`Self::receive`] describes them.
    pub(crate) seen: Vec<String>,
    /// A request without a response yet.
    pub(crate) request: Option<Box<Request>>,
    pub(crate) accepts: bool,
    pub(crate) echoes: bool,
}

impl Driver {
    pub(crate) fn new(session: Session) -> Self {
        Self {
            session,
            buffer: ReadBuffer::new(1 << 10),
            out: Vec::new(),
            steps: Vec::new(),
            seen: Vec::new(),
            request: None,
            accepts: true,
            echoes: false,
        }
    }

    pub(crate) fn server() -> Self {
        Self::new(Session::server(HandshakeLimits::new(), Timeouts::new(), Duration::ZERO))
    }

    /// A client that has sent nothing.
    pub(crate) fn client(
        change: impl FnOnce(sansocket::client::Request) -> sansocket::client::Request,
    ) -> Self {
        let request = change(sansocket::client::Request::new("ws://a/chat").unwrap());
        Self::new(Session::client(&request, [7; 32], Timeouts::new(), Duration::ZERO).unwrap())
    }

    /// An open session of a server, or of a client.
    pub(crate) fn open(connection: Connection) -> Self {
        Self::new(Session::open(connection, Timeouts::new(), Duration::ZERO))
    }

    pub(crate) fn open_server() -> Self {
        Self::open(Connection::server(Config::new()))
    }

    pub(crate) fn open_client() -> Self {
        Self::open(Connection::client(Config::new(), [7; 32]))
    }

    /// Carries out the requested operations, until the session waits or has ended.
    pub(crate) fn settle(&mut self) -> &mut Self {
        loop {
            let step = match self.session.transport() {
                Transport::Write(bytes) => {
                    self.out.extend_from_slice(bytes);
                    let count = bytes.len();
                    self.session.written(count);
                    "write"
                }
                Transport::Flush => {
                    self.session.flushed();
                    "flush"
                }
                Transport::ShutDown => {
                    self.session.shut_down();
                    "shut down"
                }
                Transport::Wait => return self,
                Transport::Close => {
                    self.step("close");
                    return self;
                }
            };
            self.step(step);
        }
    }

    fn step(&mut self, step: &'static str) {
        if self.steps.last() != Some(&step) {
            self.steps.push(step);
        }
    }

    /// Reads these bytes, in reads as large as the buffer allows, and carries out the requested operations.
    pub(crate) fn read(&mut self, mut bytes: &[u8]) -> &mut Self {
        while !bytes.is_empty() {
            let space = self.buffer.space();
            let count = space.len().min(bytes.len());
            if count == 0 {
                break;
            }
            space[..count].copy_from_slice(&bytes[..count]);
            self.buffer.filled(count);
            bytes = &bytes[count..];
            self.receive();
        }
        self.settle()
    }

    pub(crate) fn receive(&mut self) {
        while let Some(received) = self.session.receive_from(&mut self.buffer) {
            let seen = match received {
                Received::Request(request) if self.accepts => {
                    self.session.accept(request, Accept::new()).unwrap();
                    "request".to_owned()
                }
                Received::Request(request) => {
                    self.request = Some(request);
                    "request".to_owned()
                }
                #[cfg(feature = "legacy")]
                Received::Legacy(request) => {
                    let seen = format!("{:?}", request.version());
                    self.session.accept_legacy(request, Accept::new()).unwrap();
                    seen
                }
                Received::Http(request) => {
                    self.session.respond(request, 200, &[], b"page").unwrap();
                    "http".to_owned()
                }
                Received::Response(response) => format!("response {}", response.status()),
                Received::Event(event) => {
                    if let (true, Event::Text(text)) = (self.echoes, &event) {
                        self.session.send_text(text).unwrap();
                    }
                    format!("{event:?}")
                }
                _ => unreachable!(),
            };
            self.seen.push(seen);
        }
    }

    pub(crate) fn eof(&mut self) -> &mut Self {
        self.session.eof();
        self.receive();
        self.settle()
    }

    pub(crate) fn failed(&mut self) -> &mut Self {
        self.session.failed();
        self.receive();
        self.settle()
    }

    pub(crate) fn at(&mut self, second: u64) -> &mut Self {
        self.session.on_time(seconds(second));
        self.receive();
        self.settle()
    }

    pub(crate) fn close<'a>(&mut self, close: impl Into<Option<Close<'a>>>) -> &mut Self {
        self.session.close(close).unwrap();
        self.settle()
    }

    /// The close code, whether it was clean, and the cause, once the session has ended.
    pub(crate) fn end(&self) -> Option<(u16, bool, String)> {
        let ending = self.session.ending()?;
        let cause = match ending.cause {
            Cause::Rejected(response) => format!("Rejected({})", response.status()),
            cause => format!("{cause:?}"),
        };
        Some((ending.code, ending.clean, cause))
    }

    /// The same, if the session has ended.
    pub(crate) fn ended(&self) -> (u16, bool, String) {
        self.end().unwrap_or_else(|| panic!("{:?}", self.session))
    }
}

/// An ending as [`Driver::end`] has it.
pub(crate) fn ending(code: u16, clean: bool, cause: &str) -> (u16, bool, String) {
    (code, clean, cause.to_owned())
}
