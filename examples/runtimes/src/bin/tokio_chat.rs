//! A chat with `tokio`: what one client says goes to all of them.
//!
//! ```text
//! cargo run --bin tokio_chat -- 127.0.0.1:9001
//! ```
//!
//! One task a client, around one `select!`. All of its branches can be cancelled without loss: `read` and `write` do
//! nothing until they are ready, and what has been read or is to be written lies in buffers outside of them. A message
//! is encoded once for everybody. Who does not read is not read from, and who falls behind by more than the channel
//! holds is closed with 1013.

use std::{
    env, io,
    sync::Arc,
    time::{Duration, Instant},
};

use sansocket::{
    Close, CloseCode, Config, Connection, Event, Input, State,
    handshake::HandshakeLimits,
    keepalive::{Action, KeepAlive, Timeouts},
    server::{self, Accept},
};
use sansocket_runtimes::{HIGH_WATER, Result, now};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::broadcast::{self, error::RecvError},
    time::{sleep_until, timeout},
};

/// How many messages a client may be behind.
const BACKLOG: usize = 256;

/// How long a client may take to read the last bytes and to end the transport.
const PATIENCE: Duration = Duration::from_secs(10);

/// A message on the wire. Servers do not mask, so it is the same for everybody.
type Encoded = Arc<[u8]>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let (everybody, _) = broadcast::channel(BACKLOG);
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let everybody = everybody.clone();
        tokio::spawn(async move {
            if let Err(error) = serve(stream, everybody).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

async fn serve(mut stream: TcpStream, everybody: broadcast::Sender<Encoded>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut inbox = everybody.subscribe();
    let mut client = Client::new(everybody);
    let mut buf = vec![0; 16 << 10];
    let (mut out, mut written) = (Vec::new(), 0);
    let (mut reader, mut writer) = stream.split();
    let result = loop {
        let has_room = out.len() - written < HIGH_WATER;
        let deadline =
            client.keep_alive.deadline().map(|deadline| Instant::now() + deadline.saturating_sub(now()));
        let result = tokio::select! {
            count = reader.read(&mut buf), if has_room => match count? {
                0 => return client.receive_eof(),
                count => client.receive(&mut buf[..count], &mut out),
            },
            count = writer.write(&out[written..]), if written < out.len() => {
                written += count?;
                if written == out.len() {
                    (out, written) = (Vec::new(), 0);
                }
                Ok(())
            }
            message = inbox.recv(), if has_room && client.is_open() => client.forward(message, &mut out),
            () = sleep_until(deadline.unwrap_or_else(far_away).into()), if deadline.is_some() => client.tick(&mut out),
        };
        // What is in `out` is written also after an error: it tells the client why.
        if result.is_err() || client.is_draining() {
            break result;
        }
    };
    // Both have said Close, or the client broke the protocol: write the rest, end the transport on this side, and wait
    // for the client to end it too.
    let ended = timeout(PATIENCE, async {
        writer.write_all(&out[written..]).await?;
        writer.shutdown().await?;
        while reader.read(&mut buf).await? > 0 {}
        io::Result::Ok(())
    });
    let ended = ended.await.map_err(|_| "the client did not end the transport")?;
    result?;
    ended?;
    client.receive_eof()
}

fn far_away() -> Instant {
    Instant::now() + Duration::from_hours(1)
}

struct Client {
    phase: Phase,
    keep_alive: KeepAlive,
    everybody: broadcast::Sender<Encoded>,
}

enum Phase {
    Opening(server::Handshake),
    Open(Connection),
}

impl Client {
    fn new(everybody: broadcast::Sender<Encoded>) -> Self {
        Self {
            phase: Phase::Opening(server::Handshake::new(HandshakeLimits::new())),
            keep_alive: KeepAlive::new(Timeouts::new(), now()),
            everybody,
        }
    }

    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) -> Result<()> {
        self.keep_alive.on_receive(now());
        let mut input = Input::new(bytes);
        if let Phase::Opening(handshake) = &mut self.phase {
            let Some(request) = handshake.receive(&mut input, out)? else { return Ok(()) };
            let accept = Accept::new().config(Config::new().max_message_len(16 << 10));
            self.phase = Phase::Open(request.accept(accept, out)?);
            self.keep_alive.on_open(now());
        }
        let Phase::Open(connection) = &mut self.phase else { return Ok(()) };
        while let Some(event) = connection.receive(&mut input, out)? {
            match event {
                Event::Text(text) => {
                    // There is one receiver at least, which is ours.
                    let _ = self.everybody.send(encode(&text)?);
                }
                Event::Pong(data) => drop(self.keep_alive.on_pong(&data, now())),
                _ => {}
            }
        }
        if connection.state() != State::Open {
            self.keep_alive.on_closing(now());
        }
        Ok(())
    }

    /// Passes on what somebody said. Nothing here sends fragments, so it cannot come between them.
    fn forward(&mut self, message: std::result::Result<Encoded, RecvError>, out: &mut Vec<u8>) -> Result<()> {
        match (message, &mut self.phase) {
            (Ok(message), _) => out.extend_from_slice(&message),
            (Err(RecvError::Lagged(_)), Phase::Open(connection)) => {
                connection.send_close(Close::new(CloseCode::TRY_AGAIN_LATER, "too slow")?, out)?;
                self.keep_alive.on_closing(now());
            }
            (Err(_), _) => return Err("the chat is over".into()),
        }
        Ok(())
    }

    fn tick(&mut self, out: &mut Vec<u8>) -> Result<()> {
        match (self.keep_alive.poll(now()), &mut self.phase) {
            (Action::Ping(data), Phase::Open(connection)) => Ok(connection.send_ping(&data, out)?),
            (Action::Disconnect(timeout), _) => Err(timeout.into()),
            _ => Ok(()),
        }
    }

    fn is_open(&self) -> bool {
        matches!(&self.phase, Phase::Open(connection) if connection.state() == State::Open)
    }

    fn is_draining(&self) -> bool {
        matches!(&self.phase, Phase::Open(connection) if connection.state() == State::Draining)
    }

    fn receive_eof(&mut self) -> Result<()> {
        match &mut self.phase {
            Phase::Opening(handshake) => Ok(handshake.receive_eof()?),
            Phase::Open(connection) => Ok(connection.receive_eof()?),
        }
    }
}

/// A message as every client gets it. The connection that encodes it belongs to nobody.
fn encode(text: &str) -> Result<Encoded> {
    let mut bytes = Vec::with_capacity(text.len() + 10);
    Connection::server(Config::new()).send_text(text, &mut bytes)?;
    Ok(bytes.into())
}
