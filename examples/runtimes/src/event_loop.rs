//! A server with `mio`, on one thread or a few: thousands of clients that share the memory for reading and
//! writing.
//!
//! Between two events a client holds its session, and bytes only while a message has arrived in part or it does
//! not read. A client that sends without pause has a turn of some bytes, then the others have theirs. The
//! deadlines of all clients are in one ordered set, with one entry per client.

mod broadcast;
mod client;
mod deadlines;

use std::{
    io::{self, ErrorKind},
    mem,
    net::TcpListener as StdListener,
    time::Duration,
};

use mio::{
    Events, Interest, Poll, Token,
    event::Event,
    net::{TcpListener, TcpStream},
};
use sansocket::session::{EncodedMessage, Received, Session};
use slab::Slab;

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
    /// Handles an item that a client has sent. What it sends is written later, unless it writes to the stream with
    /// [`Session::send_event_to`].
    fn receive(&mut self, session: &mut Session, received: Received<'_>, stream: &mut TcpStream);

    /// Returns the messages for all clients of the thread since the last call.
    fn broadcast(&mut self) -> Vec<EncodedMessage> {
        Vec::new()
    }
}

impl<F: FnMut(&mut Session, Received<'_>, &mut TcpStream)> Service for F {
    fn receive(&mut self, session: &mut Session, received: Received<'_>, stream: &mut TcpStream) {
        self(session, received, stream);
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
    /// The number of the thread, until its first client.
    number: Option<usize>,
    service: S,
    memory: Memory,
    /// The key of a client is its token.
    clients: Slab<Client>,
    deadlines: Deadlines,
    /// Clients that have not consumed all of their input.
    again: Vec<usize>,
    /// The time at which accepting is tried again.
    retry_at: Option<Duration>,
}

impl<S: Service> Worker<S> {
    fn new(listener: StdListener, number: usize, service: S) -> io::Result<Self> {
        let (poll, mut listener) = (Poll::new()?, TcpListener::from_std(listener));
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            poll,
            listener,
            number: Some(number),
            service,
            memory: Memory::default(),
            clients: Slab::new(),
            deadlines: Deadlines::default(),
            again: Vec::new(),
            retry_at: None,
        })
    }

    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            self.round(&mut events)?;
        }
    }

    /// Waits for events, and serves all clients that have something to do.
    fn round(&mut self, events: &mut Events) -> io::Result<()> {
        let timeout = self.timeout();
        match self.poll.poll(events, timeout) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            result => result?,
        }
        for key in mem::take(&mut self.again) {
            if let Some(client) = self.clients.get_mut(key) {
                client.waits_for_turn = false;
            }
            self.serve(key, None);
        }
        for event in &*events {
            match event.token() {
                LISTENER => self.accept(),
                Token(key) => self.serve(key, Some(event)),
            }
        }
        self.broadcast();
        while let Some(key) = self.deadlines.take_due(now()) {
            self.serve(key, None);
        }
        if self.retry_at.is_some_and(|at| at <= now()) {
            self.accept();
        }
        Ok(())
    }

    fn accept(&mut self) {
        self.retry_at = None;
        loop {
            let entry = self.clients.vacant_entry();
            let key = entry.key();
            let accepted = self.listener.accept();
            match accepted.and_then(|(stream, _)| Client::new(stream, Token(key), self.poll.registry())) {
                Ok(client) => {
                    self.deadlines.set(key, client.deadline());
                    entry.insert(client);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // The client has disconnected already, or the limit of open files was reached: wait for a
                // connection to close.
                Err(error) => {
                    eprintln!("a client could not be served: {error}");
                    self.retry_at = Some(now() + PAUSE);
                    return;
                }
            }
            self.number.take().into_iter().for_each(first_client);
        }
    }

    /// Gives a client its turn, because of an event or because of the time.
    fn serve(&mut self, key: usize, event: Option<&Event>) {
        let Some(client) = self.clients.get_mut(key) else { return };
        if let Some(event) = event {
            client.note(event);
        }
        let turn = client.turn(&mut self.memory, &mut self.service);
        self.end_turn(key, turn);
    }

    fn end_turn(&mut self, key: usize, turn: Turn) {
        let deadline = if let Turn::Done = turn { None } else { self.clients[key].deadline() };
        self.deadlines.set(key, deadline);
        match turn {
            Turn::Again if mem::replace(&mut self.clients[key].waits_for_turn, true) => {}
            Turn::Again => self.again.push(key),
            Turn::Wait => {}
            Turn::Done => drop(self.clients.remove(key)),
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
    use crate::{echo_to, threads::listen};

    #[test]
    fn there_are_no_more_deadlines_than_open_connections() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let mut worker = Worker::new(listener, 0, echo_to).unwrap();
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
            while worker.clients.len() < many.len() {
                worker.round(&mut events).unwrap();
            }
            most = most.max(worker.deadlines.len());
            assert!(worker.deadlines.len() <= many.len());
            drop(many);
            while !worker.clients.is_empty() {
                worker.round(&mut events).unwrap();
            }
            assert_eq!(worker.deadlines.first(), None);
        }
        // Each of them had one, with a key that the next ones use again.
        assert!(most == 4 && worker.clients.vacant_key() < 4);
    }
}
