//! The load: many connections, and a measurement of the server.

use std::{
    collections::VecDeque,
    thread,
    time::{Duration, Instant},
};

use mio::{Events, Poll, Token};

use crate::{
    Result,
    client::{Client, open},
    server::{Cores, Program, Server},
    workload::{Column, Kind, Offer, Step},
};

/// Measures a column of a server. Returns `None` if the server does not do that.
pub fn measure(
    program: &Program,
    column: &Column,
    cores: &Cores,
    connections: usize,
    time: Duration,
) -> Result<Option<f64>> {
    let is_chat = matches!(column.kind, Kind::Chat { .. });
    let Some(server) = Server::start(program, is_chat, cores)? else { return Ok(None) };
    let steps = column.kind.steps()?;
    match column.kind {
        Kind::Connect => processor(&server, time, |time| connect(&server, time)).map(Some),
        Kind::Idle | Kind::Used | Kind::IdleDeflate | Kind::UsedDeflate => {
            memory(&server, &column.kind, &steps, connections)
        }
        _ => {
            let mut load = Load::new(&steps)?;
            for _ in 0..connections.min(column.connections) {
                if !load.connect(&server, column.kind.offer())? {
                    return Ok(None);
                }
            }
            if matches!(column.kind, Kind::Reply) {
                return load.reply(time).map(Some);
            }
            processor(&server, time, |time| if is_chat { load.chat(time) } else { load.echo(time) }).map(Some)
        }
    }
}

/// Returns the processor time of the server for one unit of `work`, in microseconds. The first run is a warm-up.
fn processor(server: &Server, time: Duration, mut work: impl FnMut(Duration) -> Result<u32>) -> Result<f64> {
    work(time / 3)?;
    let begin = server.processor()?;
    let done = work(time)?;
    Ok((server.processor()?.as_secs_f64() - begin.as_secs_f64()) * 1e6 / f64::from(done))
}

/// Opens and resets connections for that time. Returns their number.
fn connect(server: &Server, time: Duration) -> Result<u32> {
    let end = Instant::now() + time;
    let mut count = 0;
    // A few at a time, so that the server finds more than one.
    let mut open_ones = VecDeque::new();
    while Instant::now() < end {
        open_ones.push_back(open(server, None)?.ok_or("the handshake was refused")?);
        if open_ones.len() > 8 {
            open_ones.pop_front();
        }
        count += 1;
    }
    Ok(count)
}

/// Returns the resident bytes of the server for a connection, or `None` if the server does not agree to the offer.
fn memory(server: &Server, kind: &Kind, steps: &[Step], connections: usize) -> Result<Option<f64>> {
    let mut load = Load::new(steps)?;
    // What the first clients bring into memory is not the cost of the others.
    for _ in 0..10 {
        if !load.connect(server, kind.offer())? {
            return Ok(None);
        }
    }
    load.echo(Duration::from_millis(50))?;
    thread::sleep(Duration::from_millis(100));
    let before = server.memory()?;
    for _ in 0..connections {
        load.connect(server, kind.offer())?;
    }
    if matches!(kind, Kind::Used | Kind::UsedDeflate) {
        load.each_once()?;
    }
    thread::sleep(Duration::from_millis(300));
    Ok(Some((server.memory()? - before) / f64::from(u32::try_from(connections)?)))
}

struct Load<'s> {
    steps: &'s [Step],
    poll: Poll,
    events: Events,
    clients: Vec<Client>,
    buf: Vec<u8>,
    speaker: usize,
}

impl<'s> Load<'s> {
    fn new(steps: &'s [Step]) -> Result<Self> {
        let (poll, events) = (Poll::new()?, Events::with_capacity(1024));
        Ok(Self { steps, poll, events, clients: Vec::new(), buf: vec![0; 256 << 10], speaker: 0 })
    }

    /// Opens one more connection. Returns `false` if the server does not agree to the offer.
    fn connect(&mut self, server: &Server, offer: Option<Offer>) -> Result<bool> {
        let Some(stream) = open(server, offer)? else { return Ok(false) };
        self.clients.push(Client::new(stream, offer, Token(self.clients.len()), self.poll.registry())?);
        Ok(true)
    }

    /// Waits for events. Returns the clients that have all messages of their step.
    fn complete(&mut self) -> Result<Vec<usize>> {
        self.poll.poll(&mut self.events, Some(Duration::from_secs(20)))?;
        if self.events.is_empty() {
            return Err("a message was lost".into());
        }
        let mut complete = Vec::new();
        for event in &self.events {
            let client = &mut self.clients[event.token().0];
            client.write(self.steps)?;
            if client.read(self.steps, &mut self.buf)? {
                complete.push(event.token().0);
            }
        }
        Ok(complete)
    }

    fn messages(&self) -> u32 {
        self.steps.iter().map(|step| u32::try_from(step.count).unwrap_or(u32::MAX)).max().unwrap_or_default()
    }

    /// Keeps a step in flight on each connection for that time, and waits for the last echoes. Returns their number.
    fn echo(&mut self, time: Duration) -> Result<u32> {
        let end = Instant::now() + time;
        let (mut in_flight, mut echoes) = (self.clients.len(), 0);
        for client in &mut self.clients {
            client.begin(self.steps, true)?;
        }
        while in_flight > 0 {
            let complete = self.complete()?;
            let is_over = Instant::now() >= end;
            for client in complete {
                echoes += self.messages();
                if is_over {
                    in_flight -= 1;
                } else {
                    self.clients[client].begin(self.steps, true)?;
                }
            }
        }
        Ok(echoes)
    }

    /// Returns the mean number of bytes of a compressed reply.
    fn reply(&mut self, time: Duration) -> Result<f64> {
        let echoes = self.echo(time)?;
        let bytes: usize = self.clients.iter().map(Client::compressed).sum();
        Ok(f64::from(u32::try_from(bytes)?) / f64::from(echoes))
    }

    /// One client after the other says its step to all. Returns the number of messages that were received.
    fn chat(&mut self, time: Duration) -> Result<u32> {
        let end = Instant::now() + time;
        let mut received = 0;
        while Instant::now() < end {
            self.speaker = (self.speaker + 1) % self.clients.len();
            for listener in (0..self.clients.len()).filter(|listener| *listener != self.speaker) {
                self.clients[listener].begin(self.steps, false)?;
            }
            self.clients[self.speaker].begin(self.steps, true)?;
            let mut complete = 0;
            while complete < self.clients.len() {
                complete += self.complete()?.len();
            }
            received += self.messages() * u32::try_from(complete)?;
        }
        Ok(received)
    }

    /// Sends one step on each connection, one connection after the other.
    fn each_once(&mut self) -> Result<()> {
        for client in 0..self.clients.len() {
            self.clients[client].begin(self.steps, true)?;
            while self.complete()?.is_empty() {}
        }
        Ok(())
    }
}
