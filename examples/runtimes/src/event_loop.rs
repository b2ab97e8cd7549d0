//! A server with `mio`, on one thread or a few: thousands of clients that share the memory for reading and
//! writing.
//!
//! Between two events a client holds its session, and bytes only while a message has arrived in part or it does
//! not read. A client that sends without pause has a turn of some bytes, then the others have theirs. The
//! deadlines of all clients are in one ordered set, with one entry per client.

mod client;
mod deadlines;

use std::{
    io::{self, ErrorKind},
    mem,
    net::TcpListener as StdListener,
    time::Duration,
};

use mio::{Events, Interest, Poll, Registry, Token, event::Event, net::TcpListener};
use sansocket::session::{EncodedMessage, Received, Session};

use self::{
    client::{Client, Memory, Turn},
    deadlines::Deadlines,
};
use crate::{
    now,
    threads::{first_client, on_threads},
};

const LISTENER: Token = Token(usize::MAX);

/// The pause after a client could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);

/// The part of a server that depends on what it is for. Each thread has its own.
pub trait Service {
    /// Handles an item that a client has sent.
    fn receive(&mut self, session: &mut Session, received: Received<'_>);

    /// Returns the messages for all clients of the thread since the last call.
    fn broadcast(&mut self) -> Vec<EncodedMessage> {
        Vec::new()
    }
}

impl<F: FnMut(&mut Session, Received<'_>)> Service for F {
    fn receive(&mut self, session: &mut Session, received: Received<'_>) {
        self(session, received);
    }
}

/// Listens on the address of the command line, `[ADDRESS [--threads N]]`, and serves clients on each thread.
pub fn serve<S: Service>(usage: &str, service: impl Fn() -> S + Sync) -> io::Result<()> {
    on_threads(usage, |listener, number| Worker::new(listener, number, service())?.run())
}

/// One thread: its listener, its clients and its memory. Threads share nothing.
struct Worker<S> {
    poll: Poll,
    listener: TcpListener,
    number: usize,
    clients: Clients<S>,
}

impl<S: Service> Worker<S> {
    fn new(listener: StdListener, number: usize, service: S) -> io::Result<Self> {
        let (poll, mut listener) = (Poll::new()?, TcpListener::from_std(listener));
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self { poll, listener, number, clients: Clients::new(service) })
    }

    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            self.round(&mut events)?;
        }
    }

    /// Waits for events, and serves all clients that have something to do.
    fn round(&mut self, events: &mut Events) -> io::Result<()> {
        let Self { poll, listener, number, clients } = self;
        match poll.poll(events, clients.timeout()) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            result => result?,
        }
        for slot in mem::take(&mut clients.again) {
            clients.serve(slot, None);
        }
        for event in &*events {
            match event.token() {
                LISTENER => {
                    if clients.slots.is_empty() {
                        first_client(*number);
                    }
                    clients.accept(listener, poll.registry());
                }
                Token(slot) => clients.serve(slot, Some(event)),
            }
        }
        clients.broadcast();
        while let Some(slot) = clients.deadlines.take_due(now()) {
            clients.serve(slot, None);
        }
        if clients.retry_at.is_some_and(|at| at <= now()) {
            clients.accept(listener, poll.registry());
        }
        Ok(())
    }
}

/// All clients, each in the slot that is its token.
struct Clients<S> {
    service: S,
    memory: Memory,
    slots: Vec<Option<Client>>,
    free: Vec<usize>,
    deadlines: Deadlines,
    /// Clients that have not consumed all of their input.
    again: Vec<usize>,
    /// The time at which accepting is tried again.
    retry_at: Option<Duration>,
}

impl<S: Service> Clients<S> {
    fn new(service: S) -> Self {
        Self {
            service,
            memory: Memory::default(),
            slots: Vec::new(),
            free: Vec::new(),
            deadlines: Deadlines::default(),
            again: Vec::new(),
            retry_at: None,
        }
    }

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
                    self.deadlines.set(slot, client.deadline());
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
    fn serve(&mut self, slot: usize, event: Option<&Event>) {
        let Some(Some(client)) = self.slots.get_mut(slot) else { return };
        match event {
            Some(event) => client.note(event),
            None => client.look(&mut self.memory, &mut self.service),
        }
        let turn = client.turn(&mut self.memory, &mut self.service);
        self.end_turn(slot, turn);
    }

    /// Sends messages to all clients. A client that does not read is closed.
    fn broadcast(&mut self) {
        let messages = self.service.broadcast();
        for slot in (0..self.slots.len()).filter(|_| !messages.is_empty()) {
            let Some(client) = &mut self.slots[slot] else { continue };
            let turn = client.send(&messages, &mut self.memory);
            self.end_turn(slot, turn);
        }
    }

    fn end_turn(&mut self, slot: usize, turn: Turn) {
        let Some(Some(client)) = self.slots.get(slot) else { return };
        self.deadlines.set(slot, client.deadline());
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

    fn timeout(&self) -> Option<Duration> {
        if !self.again.is_empty() {
            return Some(Duration::ZERO);
        }
        // Not before the deadline: mio counts in milliseconds.
        let wait = |at: Duration| at.saturating_sub(now()) + Duration::from_millis(1);
        [self.deadlines.first(), self.retry_at].into_iter().flatten().min().map(wait)
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, net};

    use super::*;
    use crate::{echo, threads::listen};

    #[test]
    fn there_are_no_more_deadlines_than_open_connections() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let mut worker = Worker::new(listener, 0, echo).unwrap();
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
            while worker.clients.slots.iter().flatten().count() < many.len() {
                worker.round(&mut events).unwrap();
            }
            most = most.max(worker.clients.deadlines.len());
            assert!(worker.clients.deadlines.len() <= many.len());
            drop(many);
            while worker.clients.slots.iter().flatten().count() > 0 {
                worker.round(&mut events).unwrap();
            }
            assert_eq!(worker.clients.deadlines.first(), None);
        }
        // Each of them had one, in a slot that the next ones use again.
        assert_eq!((most, worker.clients.slots.len()), (4, 4));
    }
}
