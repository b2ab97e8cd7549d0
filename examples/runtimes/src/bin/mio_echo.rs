//! An echo server with `mio`, on one thread or a few: thousands of clients, one buffer for reading and one
//! for writing.
//!
//! ```text
//! cargo run --bin mio_echo -- 127.0.0.1:9001 [--threads N]
//! ```
//!
//! Between two events a client holds its session, and bytes only while it does not read them. A client that
//! sends without pause gets a few reads in a row, then the others have their turn. The deadlines of all
//! clients are in one ordered set, with one entry per client.

use std::{
    collections::BTreeSet,
    io::{self, ErrorKind, Read, Write},
    mem,
    net::Shutdown,
    time::Duration,
};

use mio::{
    Events, Interest, Poll, Registry, Token,
    event::Event,
    net::{TcpListener, TcpStream},
};
use sansocket::{
    Input,
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    session::{Session, Transport},
};
use sansocket_runtimes::{
    echo, now,
    threads::{first_client, on_threads},
};

const LISTENER: Token = Token(usize::MAX);

/// The maximum number of consecutive reads from one client.
const READS: usize = 4;

/// The pause after a client could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);

fn main() -> io::Result<()> {
    on_threads("usage: mio_echo [ADDRESS [--threads N]]", |listener, number| {
        Worker::new(TcpListener::from_std(listener), number)?.run()
    })
}

/// One thread: its listener, its clients and its memory. Threads share nothing.
struct Worker {
    poll: Poll,
    listener: TcpListener,
    number: usize,
    clients: Clients,
    memory: Memory,
}

impl Worker {
    fn new(mut listener: TcpListener, number: usize) -> io::Result<Self> {
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let memory = Memory { read: vec![0; 64 << 10], write: Vec::new() };
        Ok(Self { poll, listener, number, clients: Clients::default(), memory })
    }

    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            self.round(&mut events)?;
        }
    }

    /// Waits for events, and serves all clients that have something to do.
    fn round(&mut self, events: &mut Events) -> io::Result<()> {
        let Self { poll, listener, number, clients, memory } = self;
        match poll.poll(events, clients.timeout()) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            result => result?,
        }
        for slot in mem::take(&mut clients.again) {
            clients.serve(slot, None, memory);
        }
        for event in &*events {
            match event.token() {
                LISTENER => {
                    if clients.slots.is_empty() {
                        first_client(*number);
                    }
                    clients.accept(listener, poll.registry());
                }
                Token(slot) => clients.serve(slot, Some(event), memory),
            }
        }
        while let Some(slot) = clients.next_due() {
            clients.serve(slot, None, memory);
        }
        if clients.retry_at.is_some_and(|at| at <= now()) {
            clients.accept(listener, poll.registry());
        }
        Ok(())
    }
}

/// Memory that all clients share.
struct Memory {
    read: Vec<u8>,
    write: Vec<u8>,
}

/// All clients, each in the slot that is its token.
#[derive(Default)]
struct Clients {
    slots: Vec<Option<Client>>,
    free: Vec<usize>,
    deadlines: Deadlines,
    /// Clients that have not consumed all of their input.
    again: Vec<usize>,
    /// The time at which accepting is tried again.
    retry_at: Option<Duration>,
}

impl Clients {
    fn accept(&mut self, listener: &TcpListener, registry: &Registry) {
        self.retry_at = None;
        loop {
            let client = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // The client has disconnected already, or the limit of open files was reached: wait for a
                // connection to close.
                Err(error) => {
                    eprintln!("a client could not be accepted: {error}");
                    self.retry_at = Some(now() + PAUSE);
                    return;
                }
            };
            let slot = self.free.pop().unwrap_or_else(|| {
                self.slots.push(None);
                self.slots.len() - 1
            });
            match Client::new(client, Token(slot), registry) {
                Ok(client) => {
                    self.deadlines.set(slot, client.session.deadline());
                    self.slots[slot] = Some(client);
                }
                Err(error) => {
                    eprintln!("a client could not be served: {error}");
                    self.free.push(slot);
                }
            }
        }
    }

    /// Gives a client its turn, because of an event or because of the time.
    fn serve(&mut self, slot: usize, event: Option<&Event>, memory: &mut Memory) {
        let Some(Some(client)) = self.slots.get_mut(slot) else { return };
        if let Some(event) = event {
            client.note(event);
        }
        let turn = client.turn(memory);
        self.deadlines.set(slot, client.session.deadline());
        match turn {
            Turn::Again => self.again.push(slot),
            Turn::Wait => {}
            Turn::Done => {
                self.deadlines.set(slot, None);
                self.slots[slot] = None;
                self.free.push(slot);
            }
        }
    }

    /// Returns the next client whose deadline has passed. Its turn sets a later one.
    fn next_due(&self) -> Option<usize> {
        self.deadlines.first().filter(|(at, _)| *at <= now()).map(|(_, slot)| slot)
    }

    fn timeout(&self) -> Option<Duration> {
        if !self.again.is_empty() {
            return Some(Duration::ZERO);
        }
        let first = self.deadlines.first().map(|(at, _)| at);
        // Not before the deadline: mio counts in milliseconds.
        let wait = |at: Duration| at.saturating_sub(now()) + Duration::from_millis(1);
        [first, self.retry_at].into_iter().flatten().min().map(wait)
    }
}

/// The deadlines of all clients, at most one for each.
#[derive(Default)]
struct Deadlines {
    ordered: BTreeSet<(Duration, usize)>,
    of_slots: Vec<Option<Duration>>,
}

impl Deadlines {
    /// Replaces the deadline of a client.
    fn set(&mut self, slot: usize, deadline: Option<Duration>) {
        if slot >= self.of_slots.len() {
            self.of_slots.resize(slot + 1, None);
        }
        let before = mem::replace(&mut self.of_slots[slot], deadline);
        if before != deadline {
            before.map(|at| self.ordered.remove(&(at, slot)));
            self.ordered.extend(deadline.map(|at| (at, slot)));
        }
    }

    fn first(&self) -> Option<(Duration, usize)> {
        self.ordered.first().copied()
    }
}

/// The result of a turn.
enum Turn {
    /// There is more to do at once.
    Again,
    Wait,
    Done,
}

struct Client {
    stream: TcpStream,
    session: Session,
    /// Whether `mio` has reported the socket as readable, and no read has contradicted it since.
    readable: bool,
    writable: bool,
    /// The client has shut down its write half, so a short read is not the last.
    read_closed: bool,
}

impl Client {
    fn new(mut stream: TcpStream, token: Token, registry: &Registry) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let session = Session::server(HandshakeLimits::new(), Timeouts::new(), now());
        Ok(Self { stream, session, readable: false, writable: true, read_closed: false })
    }

    fn note(&mut self, event: &Event) {
        self.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
        self.writable |= event.is_writable() || event.is_error();
        self.read_closed |= event.is_read_closed() || event.is_error();
    }

    fn turn(&mut self, memory: &mut Memory) -> Turn {
        self.session.lend_memory(&mut memory.write);
        let turn = self.read_and_write(&mut memory.read);
        self.session.reclaim_memory(&mut memory.write);
        turn
    }

    fn read_and_write(&mut self, buf: &mut [u8]) -> Turn {
        let mut reads = 0;
        self.receive(&mut []);
        loop {
            if !self.write() {
                return Turn::Done;
            }
            if !self.readable || !self.session.wants_read() {
                return Turn::Wait;
            }
            if reads == READS {
                return Turn::Again;
            }
            reads += 1;
            match self.stream.read(buf) {
                Ok(0) => self.session.eof(),
                Ok(count) => {
                    self.readable = count == buf.len() || self.read_closed;
                    self.receive(&mut buf[..count]);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.readable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.session.failed(),
            }
        }
    }

    fn receive(&mut self, bytes: &mut [u8]) {
        self.session.on_time(now());
        let mut input = Input::new(bytes);
        while let Some(received) = self.session.receive(&mut input) {
            echo(&mut self.session, received);
        }
    }

    /// Writes as much as possible. Returns `false` if the session is over.
    fn write(&mut self) -> bool {
        loop {
            let result = match self.session.transport() {
                Transport::Write(bytes) if self.writable => self.stream.write(bytes),
                Transport::Flush => Ok(0),
                Transport::ShutDown => self.stream.shutdown(Shutdown::Write).map(|()| 0),
                Transport::Write(_) | Transport::Wait => return true,
                Transport::Close => return false,
            };
            match result {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.writable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => sansocket_runtimes::report(&mut self.session, result),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net;

    use sansocket_runtimes::threads::listen;

    use super::*;

    impl Clients {
        fn open(&self) -> usize {
            self.slots.iter().flatten().count()
        }
    }

    #[test]
    fn there_are_no_more_deadlines_than_open_connections() {
        let listener = TcpListener::from_std(listen("127.0.0.1:0".parse().unwrap()).unwrap());
        let address = listener.local_addr().unwrap();
        let mut worker = Worker::new(listener, 0).unwrap();
        let mut events = Events::with_capacity(16);
        let mut most = 0;
        for number in 0..300 {
            let many: Vec<_> = (0..=number % 4)
                .map(|_| {
                    let mut stream = net::TcpStream::connect(address).unwrap();
                    stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
                    stream
                })
                .collect();
            while worker.clients.open() < many.len() {
                worker.round(&mut events).unwrap();
            }
            most = most.max(worker.clients.deadlines.ordered.len());
            assert!(worker.clients.deadlines.ordered.len() <= many.len());
            drop(many);
            while worker.clients.open() > 0 {
                worker.round(&mut events).unwrap();
            }
            assert_eq!(worker.clients.deadlines.first(), None);
        }
        // Each of them had one, in a slot that the next ones use again.
        assert_eq!((most, worker.clients.slots.len()), (4, 4));
        assert_eq!(worker.clients.deadlines.of_slots.len(), 4);
    }
}
