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

use std::{io, mem, time::Duration};

use sansocket::{
    Connection, Event, ReceiveHalf, Reply, SendHalf, State,
    handshake::HandshakeLimits,
    keepalive::{Action, KeepAlive, Timeouts},
    session::{ReadBuffer, Session, WriteBuffer},
};
use sansocket_runtimes::{
    FOREVER, Result, accept_all, echo, now, outcome, step,
    threads::{first_client, on_threads},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    time::{sleep, timeout},
};

/// The time that a client may take to read what it is sent, and to close the transport.
const PATIENCE: Duration = Duration::from_secs(10);

/// An item that the receiving task sends to the writing task after each step. If it is empty, bytes have arrived.
///
/// A channel allocates room for 32 of them, so it is small.
struct Item {
    /// A pending reply of the receiving half, which is sent before anything in response to the event.
    reply: Option<Box<Reply>>,
    event: Option<Event<'static>>,
}

fn main() -> io::Result<()> {
    on_threads("usage: tokio_split [ADDRESS [--threads N]]", run)
}

/// One thread: its listener, its runtime and its clients. Threads share nothing.
#[tokio::main(flavor = "current_thread")]
async fn run(listener: std::net::TcpListener, number: usize) -> io::Result<()> {
    let mut is_first = true;
    accept_all(TcpListener::from_std(listener)?, |stream| {
        if mem::take(&mut is_first) {
            first_client(number);
        }
        serve(stream)
    })
    .await
}

async fn serve(mut stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = ReadBuffer::new(64 << 10);
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
    while !session.is_open() {
        outcome(&session)?;
        step(&mut reader, &mut writer, &mut session, buffer).await;
        session.on_time(now());
        if let Some(received) = session.receive_from(buffer) {
            echo(&mut session, received);
        }
    }
    session.into_parts().map_err(|_| "the session is not open".into())
}

/// The receiving task. The writing task drops its end of the channel when it is done, so sending may fail.
async fn read(
    mut stream: OwnedReadHalf,
    mut receiving: ReceiveHalf,
    buffer: ReadBuffer,
    sender: mpsc::Sender<Item>,
) -> Result<()> {
    let result = receive(&mut stream, &mut receiving, buffer, &sender).await;
    // Even after an error, read to the end of the stream: closing the transport with unread bytes could destroy the
    // last bytes written.
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    let _ = sender.send(Item { reply: Some(Box::new(receiving.receive_eof())), event: None }).await;
    result
}

/// Receives to the end of the stream.
async fn receive(
    stream: &mut OwnedReadHalf,
    receiving: &mut ReceiveHalf,
    mut buffer: ReadBuffer,
    sender: &mpsc::Sender<Item>,
) -> Result<()> {
    loop {
        let mut reply = None;
        let (event, error) = buffer.read_with(|input| match receiving.receive(input, &mut reply) {
            Ok(event) => (event.map(Event::into_owned), None),
            Err(error) => (None, Some(error)),
        });
        let is_last = event.is_none();
        // First the reply, then the error.
        let _ = sender.send(Item { reply: reply.map(Box::new), event }).await;
        if let Some(error) = error {
            return Err(error.into());
        }
        if is_last {
            match stream.read(buffer.space()).await? {
                0 => return Ok(()),
                count => buffer.filled(count),
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
            while self.out.len() < 16 << 10
                && let Ok(item) = receiver.try_recv()
            {
                self.take(item)?;
            }
            while !self.out.is_empty() {
                let count = timeout(PATIENCE, self.stream.write(self.out.unwritten())).await??;
                self.out.advance(count);
                self.keep_alive.on_write(count, now());
            }
            if matches!(self.sending.state(), State::Draining | State::Closed) {
                return Ok(self.stream.shutdown().await?);
            }
            let left = self.keep_alive.deadline().map_or(FOREVER, |at| at.saturating_sub(now()));
            tokio::select! {
                biased;
                item = receiver.recv() => match item {
                    Some(item) => self.take(item)?,
                    None => return Ok(self.stream.shutdown().await?),
                },
                () = sleep(left) => self.tick()?,
            }
        }
    }

    fn take(&mut self, item: Item) -> Result<()> {
        self.keep_alive.on_receive(now());
        let out = self.out.out();
        if let Some(reply) = item.reply {
            self.sending.reply(&reply, out);
        }
        // The client may have sent a Close before its earlier messages could be echoed; then there is no
        // echo.
        let is_open = self.sending.state() == State::Open;
        match item.event {
            Some(Event::Text(text)) if is_open => self.sending.send_text(&text, out)?,
            Some(Event::Binary(data)) if is_open => self.sending.send_binary(&data, out)?,
            Some(Event::Pong(data)) => _ = self.keep_alive.on_pong(&data, now()),
            _ => {}
        }
        if !is_open {
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
