//! An echo server without I/O: one client of it, and the part of that where a connection is open. The programs in `src/bin`
//! that echo give it the bytes of their runtime, so that each of them shows its runtime and nothing else.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use sansocket::{
    Config, Connection, Event, Input, State,
    handshake::HandshakeLimits,
    keepalive::{Action, KeepAlive, Timeouts},
    server::{self, Accept},
};

/// Whatever ends a client.
pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// While this much waits to be written to a client, nothing is read from it. One read adds to it what an echo adds.
pub const HIGH_WATER: usize = 64 << 10;

/// A moment as the keep-alive timer wants it: the time since the first call.
pub fn now() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// Sends every message back that `input` completes, for the programs that have an HTTP library open the connection.
pub fn echo(connection: &mut Connection, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<()> {
    while let Some(event) = connection.receive(input, out)? {
        match event {
            Event::Text(text) => connection.send_text(&text, out)?,
            Event::Binary(data) => connection.send_binary(&data, out)?,
            _ => {}
        }
    }
    Ok(())
}

/// A client, from its first byte to its last.
pub struct Echo {
    phase: Phase,
    keep_alive: KeepAlive,
}

enum Phase {
    Opening(server::Handshake),
    Open(Connection),
}

impl Default for Echo {
    fn default() -> Self {
        Self {
            phase: Phase::Opening(server::Handshake::new(HandshakeLimits::new())),
            keep_alive: KeepAlive::new(Timeouts::new(), now()),
        }
    }
}

impl Echo {
    /// Takes what was read, and appends what is to be written. Write that first, and only then look at the result.
    pub fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) -> Result<()> {
        self.keep_alive.on_receive(now());
        let mut input = Input::new(bytes);
        if let Phase::Opening(handshake) = &mut self.phase {
            let Some(request) = handshake.receive(&mut input, out)? else { return Ok(()) };
            let accept = Accept::new().config(Config::new().max_message_len(1 << 20));
            self.phase = Phase::Open(request.accept(accept, out)?);
            self.keep_alive.on_open(now());
        }
        if let Phase::Open(connection) = &mut self.phase {
            while let Some(event) = connection.receive(&mut input, out)? {
                match event {
                    Event::Text(text) => connection.send_text(&text, out)?,
                    Event::Binary(data) => connection.send_binary(&data, out)?,
                    Event::Pong(data) => drop(self.keep_alive.on_pong(&data, now())),
                    _ => {}
                }
            }
            if connection.state() != State::Open {
                self.keep_alive.on_closing(now());
            }
        }
        Ok(())
    }

    /// When to call [`tick`](Self::tick) at the latest.
    pub fn deadline(&self) -> Option<Duration> {
        self.keep_alive.deadline()
    }

    /// Looks at the time, and sends a Ping if it is due. An error ends the client.
    pub fn tick(&mut self, out: &mut Vec<u8>) -> Result<()> {
        match (self.keep_alive.poll(now()), &mut self.phase) {
            (Action::Wait, _) | (Action::Ping(_), Phase::Opening(_)) => {}
            (Action::Ping(data), Phase::Open(connection)) => connection.send_ping(&data, out)?,
            (Action::Disconnect(timeout), _) => return Err(timeout.into()),
        }
        Ok(())
    }

    /// Whether all has been said: once `out` is written, end the transport for writing, and read on until the client
    /// ends it too.
    pub fn is_draining(&self) -> bool {
        matches!(&self.phase, Phase::Open(connection) if connection.state() == State::Draining)
    }

    /// The transport has ended.
    pub fn receive_eof(&mut self) -> Result<()> {
        match &mut self.phase {
            Phase::Opening(handshake) => Ok(handshake.receive_eof()?),
            Phase::Open(connection) => Ok(connection.receive_eof()?),
        }
    }
}
