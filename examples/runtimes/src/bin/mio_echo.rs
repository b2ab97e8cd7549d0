//! An echo server on one thread with `mio`: thousands of clients, one buffer for reading.
//!
//! ```text
//! cargo run --bin mio_echo -- 127.0.0.1:9001
//! ```
//!
//! Between two events a client holds its connection and what is still to be written to it, nothing else: what has been
//! read is used up before the next client is looked at. Who does not read is not read from, so nobody can make a queue
//! grow. The deadlines of all clients are in one heap.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    env,
    io::{self, ErrorKind, Read, Write},
    net::Shutdown,
    time::Duration,
};

use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};
use sansocket_runtimes::{Echo, HIGH_WATER, now};

const LISTENER: Token = Token(usize::MAX);

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let address = address.parse().map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
    let mut listener = TcpListener::bind(address)?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut clients = Clients::default();
    let mut events = Events::with_capacity(1024);
    let mut buf = vec![0; 64 << 10];
    loop {
        let timeout = clients.deadline().map(|deadline| deadline.saturating_sub(now()));
        match poll.poll(&mut events, timeout) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            result => result?,
        }
        for event in &events {
            match event.token() {
                LISTENER => clients.accept(&listener, &poll)?,
                token => clients.with(token, |client| client.serve(&mut buf)),
            }
        }
        clients.tick();
        if clients.waiting {
            clients.accept(&listener, &poll)?;
        }
    }
}

/// All clients, each in the slot that is its token.
#[derive(Default)]
struct Clients {
    slots: Vec<Option<Client>>,
    free: Vec<usize>,
    /// When to look at whom. An entry may be out of date; then the client has a later deadline.
    deadlines: BinaryHeap<Reverse<(Duration, usize)>>,
    /// Whether somebody has knocked and could not be let in.
    waiting: bool,
}

impl Clients {
    fn accept(&mut self, listener: &TcpListener, poll: &Poll) -> io::Result<()> {
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.waiting = false;
                    return Ok(());
                }
                // Mostly there are too many files open, until somebody leaves.
                Err(error) => {
                    eprintln!("a client could not be accepted: {error}");
                    self.waiting = true;
                    return Ok(());
                }
            };
            let slot = self.free.pop().unwrap_or_else(|| {
                self.slots.push(None);
                self.slots.len() - 1
            });
            stream.set_nodelay(true)?;
            poll.registry().register(&mut stream, Token(slot), Interest::READABLE | Interest::WRITABLE)?;
            let client = Client::new(stream);
            self.deadlines.extend(client.echo.deadline().map(|deadline| Reverse((deadline, slot))));
            self.slots[slot] = Some(client);
        }
    }

    /// Does something with a client, which ends if that fails, or is done.
    fn with(&mut self, token: Token, serve: impl FnOnce(&mut Client) -> io::Result<Progress>) {
        let Some(Some(client)) = self.slots.get_mut(token.0) else { return };
        if !matches!(serve(client), Ok(Progress::Open)) {
            self.slots[token.0] = None;
            self.free.push(token.0);
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.deadlines.peek().map(|Reverse((deadline, _))| *deadline)
    }

    /// Looks at all whose time has come.
    fn tick(&mut self) {
        while let Some(&Reverse((deadline, slot))) = self.deadlines.peek() {
            if deadline > now() {
                return;
            }
            self.deadlines.pop();
            self.with(Token(slot), Client::tick);
            if let Some(Some(client)) = self.slots.get(slot) {
                self.deadlines.extend(client.echo.deadline().map(|deadline| Reverse((deadline, slot))));
            }
        }
    }
}

/// Whether to go on with a client.
enum Progress {
    Open,
    Done,
}

struct Client {
    stream: TcpStream,
    echo: Echo,
    out: Vec<u8>,
    /// Nothing more is written: all has been said, or the protocol was broken.
    is_ending: bool,
}

impl Client {
    fn new(stream: TcpStream) -> Self {
        Self { stream, echo: Echo::default(), out: Vec::new(), is_ending: false }
    }

    /// Reads and writes until the socket has no more to give or to take. `mio` reports an edge, so it has to be all.
    fn serve(&mut self, buf: &mut [u8]) -> io::Result<Progress> {
        loop {
            self.write()?;
            if self.out.len() > HIGH_WATER {
                // Read on when it can be written to again.
                return Ok(Progress::Open);
            }
            let count = match self.stream.read(buf) {
                Ok(0) => {
                    // Whether that was in order is for a log.
                    let _ = self.echo.receive_eof();
                    return Ok(Progress::Done);
                }
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Progress::Open),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if !self.is_ending {
                let result = self.echo.receive(&mut buf[..count], &mut self.out);
                // Even after a failure what is in `out` is written: it tells the client why.
                self.is_ending = result.is_err() || self.echo.is_draining();
            }
        }
    }

    /// Writes what it can. Once all is said, the transport ends on this side, and the client ends it on the other.
    fn write(&mut self) -> io::Result<()> {
        let mut written = 0;
        while written < self.out.len() {
            match self.stream.write(&self.out[written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.out.drain(..written);
        if self.out.is_empty() {
            // An idle client holds no buffer.
            self.out = Vec::new();
            if self.is_ending {
                // The peer may be gone already.
                let _ = self.stream.shutdown(Shutdown::Write);
            }
        }
        Ok(())
    }

    fn tick(&mut self) -> io::Result<Progress> {
        match self.echo.tick(&mut self.out) {
            Ok(()) => self.write().map(|()| Progress::Open),
            Err(timeout) => Err(io::Error::new(ErrorKind::TimedOut, timeout)),
        }
    }
}
