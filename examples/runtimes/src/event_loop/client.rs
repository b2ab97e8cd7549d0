//! One client, and the memory that all of them share.

use std::{
    io::{self, Read as _},
    mem,
    net::Shutdown,
    time::Duration,
};

use mio::{Interest, Registry, Token, event::Event, net::TcpStream};
use sansocket::{
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    session::{ReadBuffer, Session, Transport},
};

use super::Service;
use crate::{MAX_MESSAGE_LEN, now};

/// The number of bytes that one client may send in a turn, small against what a client would notice. A longer message is read
/// in one turn, as it is still in the processor's cache then when it is sent.
const TURN_LEN: usize = 256 << 10;

/// The number of buffers of each kind that are kept. There are more of them while many clients send long
/// messages at once.
const KEPT: usize = 16;

/// The memory that all clients of a thread share.
#[derive(Default)]
pub(super) struct Memory {
    read: Vec<ReadBuffer>,
    write: Vec<Vec<u8>>,
}

/// The result of a turn.
#[derive(Clone, Copy)]
pub(super) enum Turn {
    /// There is more to do at once.
    Again,
    Wait,
    Done,
}

#[expect(clippy::struct_excessive_bools, reason = "each of them is a fact of its own")]
pub(super) struct Client {
    stream: TcpStream,
    pub(super) session: Session,
    /// Its memory: between two turns only if it contains a message in part.
    buffer: ReadBuffer,
    /// Whether `mio` has reported the socket as readable, and no read has contradicted it since.
    readable: bool,
    writable: bool,
    /// The client has shut down its write half, so a short read is not the last.
    read_closed: bool,
    /// It has its turn in the next round, whatever happens to its socket.
    pub(super) waits_for_turn: bool,
}

impl Client {
    pub(super) fn new(mut stream: TcpStream, token: Token, registry: &Registry) -> io::Result<Self> {
        // If this fails, the client is merely slower.
        let _ = stream.set_nodelay(true);
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let session = Session::server(HandshakeLimits::new(), Timeouts::new(), now());
        let buffer = ReadBuffer::new(0);
        Ok(Self {
            stream,
            session,
            buffer,
            readable: false,
            writable: true,
            read_closed: false,
            waits_for_turn: false,
        })
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        self.session.deadline()
    }

    pub(super) fn note(&mut self, event: &Event) {
        self.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
        self.writable |= event.is_writable() || event.is_error();
        self.read_closed |= event.is_read_closed() || event.is_error();
    }

    /// Evaluates the timers, and reads and writes as much as possible.
    pub(super) fn turn(&mut self, memory: &mut Memory, service: &mut impl Service) -> Turn {
        memory.lend(self);
        let turn = self.read_and_write(service);
        memory.reclaim(self);
        turn
    }

    fn read_and_write(&mut self, service: &mut impl Service) -> Turn {
        let mut left = TURN_LEN;
        loop {
            self.receive(service);
            if !self.write() {
                return Turn::Done;
            }
            if !self.readable || !self.session.wants_read() {
                return Turn::Wait;
            }
            // The rest of the buffer is one message, in part.
            let part = self.buffer.len();
            if left == 0 && part < TURN_LEN {
                return Turn::Again;
            }
            let len = left.max(part).min(self.buffer.space().len());
            let mut stream = (&self.stream).take(len as u64);
            match self.session.read_from(&mut stream, &mut self.buffer) {
                Ok(count) => {
                    // After a short read there is no more, until `mio` reports it.
                    self.readable = count == len || self.read_closed;
                    left = left.saturating_sub(count);
                }
                Err(_) => self.readable = false,
            }
        }
    }

    fn receive(&mut self, service: &mut impl Service) {
        self.session.on_time(now());
        while let Some(received) = self.session.receive_from(&mut self.buffer) {
            service.receive(&mut self.session, received, &mut self.stream);
        }
    }

    /// Writes as much as possible. Returns `false` if the session is over.
    pub(super) fn write(&mut self) -> bool {
        if self.writable {
            let result =
                self.session.write_to(&mut self.stream, now, |stream| stream.shutdown(Shutdown::Write));
            self.writable = result.is_ok();
        }
        self.session.transport() != Transport::Close
    }
}

impl Memory {
    /// Gives a client buffers, unless it has some already.
    pub(super) fn lend(&mut self, client: &mut Client) {
        if client.buffer.is_empty() {
            // One message fits, with its header, and stays in the buffer until it is complete. There is more room, so that a
            // read of one message is a short one.
            let new = || ReadBuffer::new(MAX_MESSAGE_LEN + 1024);
            client.buffer = self.read.pop().unwrap_or_else(new);
        }
        let mut out = self.write.pop().unwrap_or_default();
        client.session.lend_memory(&mut out);
        if out.capacity() > 0 {
            self.write.push(out);
        }
    }

    /// Takes the buffers back that contain nothing.
    pub(super) fn reclaim(&mut self, client: &mut Client) {
        if client.buffer.is_empty() {
            let buffer = mem::replace(&mut client.buffer, ReadBuffer::new(0));
            if self.read.len() < KEPT {
                self.read.push(buffer);
            }
        }
        let mut out = Vec::new();
        client.session.reclaim_memory(&mut out);
        if out.capacity() > 0 && self.write.len() < KEPT {
            self.write.push(out);
        }
    }
}
