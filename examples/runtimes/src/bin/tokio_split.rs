//! An echo server with `tokio` that receives in one task and sends in another, with no lock around the
//! connection.
//!
//! ```text
//! cargo run --bin tokio_split -- 127.0.0.1:9001 [--threads N]
//! ```
//!
//! A session opens the WebSocket and is then split into its parts. From then on, this program does the work
//! of the session: it writes the bytes before it handles an error, keeps the timers, and closes the
//! transport. The receiving half never writes: its replies, such as a Pong, go through the channel to the
//! task that writes, in order with everything else. The channel has a capacity, so the server stops reading
//! from a client that does not read.
//!
//! With several threads, each has its own runtime, and the kernel spreads the clients over them.

use std::{
    io, mem,
    time::{Duration, Instant},
};

use sansocket::{
    Connection, Event, ReceiveHalf, Reply, SendHalf, State,
    handshake::HandshakeLimits,
    keepalive::{Action, KeepAlive, Timeouts},
    session::{ReadBuffer, Session, Transport, WriteBuffer},
};
use sansocket_runtimes::{
    Result, echo, now, report, step,
    threads::{first_client, on_threads},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    time::{sleep_until, timeout},
};

/// The time that a client may take to read what it is sent, and to close the transport.
const PATIENCE: Duration = Duration::from_secs(10);

/// An item that the receiving task sends to the writing task.
enum Item {
    /// Bytes have arrived.
    Alive,
    Text(String),
    Binary(Vec<u8>),
    Pong(Vec<u8>),
    /// A pending reply of the receiving half.
    Reply(Reply),
}

fn main() -> io::Result<()> {
    on_threads("usage: tokio_split [ADDRESS [--threads N]]", run)
}

/// One thread: its listener, its runtime and its clients. Threads share nothing.
#[tokio::main(flavor = "current_thread")]
async fn run(listener: std::net::TcpListener, number: usize) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let mut is_first = true;
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        if mem::take(&mut is_first) {
            first_client(number);
        }
        tokio::spawn(async move {
            if let Err(error) = serve(stream).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

async fn serve(mut stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = ReadBuffer::new(16 << 10);
    let (connection, out, keep_alive) = open(&mut stream, &mut buffer).await?;
    let (receiving, sending) = connection.split();
    let (reader, writer) = stream.into_split();
    let (sender, receiver) = mpsc::channel(16);
    let mut reading = tokio::spawn(read(reader, receiving, buffer, sender));
    let result = Writer { stream: writer, sending, out, keep_alive }.run(receiver).await;
    // The client closes the transport after our end of the stream. A task that is only dropped would continue
    // to run.
    if timeout(PATIENCE, &mut reading).await.is_err() {
        reading.abort();
    }
    result
}

/// Opens the WebSocket. Messages that follow the request stay in the buffer.
async fn open(
    stream: &mut TcpStream,
    buffer: &mut ReadBuffer,
) -> Result<(Connection, WriteBuffer, KeepAlive)> {
    let mut session = Session::server(HandshakeLimits::new(), Timeouts::new(), now());
    let (mut reader, mut writer) = stream.split();
    while session.transport() != Transport::Close {
        let wants_read = session.wants_read();
        let deadline = session.deadline().map(|at| Instant::now() + at.saturating_sub(now()));
        tokio::select! {
            result = step(&mut writer, session.transport()) => report(&mut session, result),
            result = reader.read(buffer.space()), if wants_read => match result {
                Ok(0) => session.eof(),
                Ok(count) => buffer.filled(count),
                Err(_) => session.failed(),
            },
            () = sleep_until(deadline.unwrap_or_else(Instant::now).into()), if deadline.is_some() => {}
        }
        session.on_time(now());
        if let Some(received) = session.receive_from(buffer) {
            echo(&mut session, received);
        }
        if session.is_open() {
            return session.into_parts().map_err(|_| "the session is not open".into());
        }
    }
    Err(session.ending().map_or_else(String::new, |ending| ending.to_string()).into())
}

async fn read(
    mut stream: OwnedReadHalf,
    mut receiving: ReceiveHalf,
    mut buffer: ReadBuffer,
    sender: mpsc::Sender<Item>,
) -> Result<()> {
    // The writing task drops its end of the channel when it is done. Reading continues, even after an error,
    // until the end of the stream: closing the transport with unread bytes could destroy the last bytes
    // written.
    let mut outcome = Ok(());
    loop {
        while outcome.is_ok() {
            let mut reply = None;
            let result = buffer.read_with(|input| {
                receiving.receive(input, &mut reply).map(|event| event.map(Event::into_owned))
            });
            if let Some(reply) = reply {
                let _ = sender.send(Item::Reply(reply)).await; // first the reply ...
            }
            let item = match result {
                Ok(Some(Event::Text(text))) => Item::Text(text.into_owned()),
                Ok(Some(Event::Binary(data))) => Item::Binary(data.into_owned()),
                Ok(Some(Event::Pong(data))) => Item::Pong(data.into_owned()),
                Ok(Some(_)) => continue,
                Ok(None) => break,
                Err(error) => {
                    outcome = Err(error.into()); // ... then the error
                    buffer = ReadBuffer::new(16 << 10);
                    break;
                }
            };
            let _ = sender.send(item).await;
        }
        match stream.read(buffer.space()).await {
            Ok(count) if count > 0 && outcome.is_ok() => {
                buffer.filled(count);
                let _ = sender.send(Item::Alive).await;
            }
            Ok(count) if count > 0 => {}
            result => {
                let _ = sender.send(Item::Reply(receiving.receive_eof())).await;
                return outcome.and(result.map(drop).map_err(Into::into));
            }
        }
    }
}

/// The writing task.
struct Writer {
    stream: OwnedWriteHalf,
    sending: SendHalf,
    out: WriteBuffer,
    keep_alive: KeepAlive,
}

impl Writer {
    async fn run(mut self, mut receiver: mpsc::Receiver<Item>) -> Result<()> {
        loop {
            // More items may be waiting: write them together.
            if self.out.len() >= 16 << 10 || receiver.is_empty() {
                while !self.out.is_empty() {
                    let count = timeout(PATIENCE, self.stream.write(self.out.unwritten())).await??;
                    self.out.advance(count);
                    self.keep_alive.on_write(count, now());
                }
                if matches!(self.sending.state(), State::Draining | State::Closed) {
                    return Ok(self.stream.shutdown().await?);
                }
            }
            let deadline = self.keep_alive.deadline().map(|at| Instant::now() + at.saturating_sub(now()));
            tokio::select! {
                biased;
                item = receiver.recv() => match item {
                    Some(item) => self.take(item)?,
                    None => return Ok(self.stream.shutdown().await?),
                },
                () = sleep_until(deadline.unwrap_or_else(Instant::now).into()), if deadline.is_some() => self.tick()?,
            }
        }
    }

    fn take(&mut self, item: Item) -> Result<()> {
        self.keep_alive.on_receive(now());
        // The client may have sent a Close before its earlier messages could be echoed; then there is no
        // echo.
        let is_open = self.sending.state() == State::Open;
        match item {
            Item::Reply(reply) => self.sending.reply(&reply, self.out.out()),
            Item::Text(text) if is_open => self.sending.send_text(&text, self.out.out())?,
            Item::Binary(data) if is_open => self.sending.send_binary(&data, self.out.out())?,
            Item::Pong(data) => _ = self.keep_alive.on_pong(&data, now()),
            Item::Text(_) | Item::Binary(_) | Item::Alive => {}
        }
        if self.sending.state() != State::Open {
            self.keep_alive.on_closing(now());
        }
        Ok(())
    }

    fn tick(&mut self) -> Result<()> {
        match self.keep_alive.poll(now()) {
            Action::Wait => {}
            Action::Ping(data) => {
                self.sending.send_ping(&data, self.out.out())?;
                self.keep_alive.on_ping_queued(self.out.len());
            }
            Action::Disconnect(timeout) => self.sending.time_out(timeout, self.out.out()),
        }
        Ok(())
    }
}
