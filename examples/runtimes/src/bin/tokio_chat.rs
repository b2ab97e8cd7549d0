//! A chat with `tokio`: a message of one client goes to all of them.
//!
//! ```text
//! cargo run --bin tokio_chat -- 127.0.0.1:9001
//! ```
//!
//! One task per client, around one `select!`. All of its branches are cancel safe: `read` and `write` do nothing until they
//! are ready, and bytes are in buffers outside of them. A message is made once for all clients, and a burst of messages is written at
//! once. The server stops reading from a client that does not read, and clients that fall further behind than the channel's
//! capacity are closed with 1013.

use std::{
    env, io,
    sync::Arc,
    time::{Duration, Instant},
};

use sansocket::{
    Close, CloseCode, Config, Event,
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    server::Accept,
    session::{EncodedMessage, ReadBuffer, Received, Session, Transport},
};
use sansocket_runtimes::{Result, now, report, step};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    sync::broadcast::{self, error::RecvError},
    time::sleep_until,
};

/// The number of messages that a client may be behind.
const BACKLOG: usize = 256;

type Message = Arc<EncodedMessage>;

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
            match serve(stream, everybody).await {
                Ok(ending) => eprintln!("{peer}: {ending}"),
                Err(error) => eprintln!("{peer}: {error}"),
            }
        });
    }
}

async fn serve(mut stream: TcpStream, everybody: broadcast::Sender<Message>) -> Result<String> {
    stream.set_nodelay(true)?;
    let mut inbox = everybody.subscribe();
    let mut session = Session::server(HandshakeLimits::new(), Timeouts::new(), now());
    let mut buffer = ReadBuffer::new(16 << 10);
    let (mut reader, mut writer) = stream.split();
    while session.transport() != Transport::Close {
        let (wants_read, has_room) = (session.wants_read(), session.is_open() && session.has_room());
        let deadline = session.deadline().map(|at| Instant::now() + at.saturating_sub(now()));
        tokio::select! {
            result = step(&mut writer, session.transport()) => report(&mut session, result),
            result = reader.read(buffer.space()), if wants_read => match result {
                Ok(0) => session.eof(),
                Ok(count) => buffer.filled(count),
                Err(_) => session.failed(),
            },
            message = inbox.recv(), if has_room => forward(&mut session, message, &mut inbox)?,
            () = sleep_until(deadline.unwrap_or_else(Instant::now).into()), if deadline.is_some() => {}
        }
        session.on_time(now());
        while let Some(received) = session.receive_from(&mut buffer) {
            match received {
                Received::Request(request) => {
                    let accept = Accept::new().config(Config::new().max_message_len(16 << 10));
                    session.accept(request, accept)?;
                }
                Received::Event(Event::Text(text)) => {
                    // There is one receiver at least: the inbox of this client.
                    let _ = everybody.send(Arc::new(EncodedMessage::text(&text)));
                }
                _ => {}
            }
        }
    }
    Ok(session.ending().map_or_else(String::new, |ending| ending.to_string()))
}

/// Passes on a message, and those that follow it in the inbox, so that they are written together.
fn forward(
    session: &mut Session,
    first: std::result::Result<Message, RecvError>,
    inbox: &mut broadcast::Receiver<Message>,
) -> Result<()> {
    match first {
        Ok(message) => _ = session.send_encoded(&message)?,
        Err(RecvError::Lagged(_)) => {
            _ = session.close(Close::new(CloseCode::TRY_AGAIN_LATER, "too slow")?)?;
        }
        Err(RecvError::Closed) => _ = session.close(CloseCode::GOING_AWAY)?,
    }
    // An error is found again by the next `recv`.
    while session.has_room() && !inbox.is_empty() {
        let Ok(message) = inbox.try_recv() else {
            _ = session.close(Close::new(CloseCode::TRY_AGAIN_LATER, "too slow")?)?;
            break;
        };
        session.send_encoded(&message)?;
    }
    Ok(())
}
