//! What the programs in `src/bin` share: a clock, and what an echo does with what it receives. Each program gives the session the
//! bytes of its runtime, and shows its runtime and nothing else.

pub mod broker;

use std::{
    error::Error,
    io,
    time::{Duration, Instant},
};

use sansocket::{
    Config, Event,
    server::Accept,
    session::{Received, Session, Transport},
};
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// Whatever ends a program.
pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A moment as a session wants it: the time since the first call.
pub fn now() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// Accepts a request, and sends messages back.
pub fn echo(session: &mut Session, received: Received<'_>) {
    let is_fine = match received {
        Received::Request(request) => {
            let accept = Accept::new().config(Config::new().max_message_len(1 << 20));
            session.accept(request, accept).is_ok()
        }
        Received::Event(Event::Text(text)) => session.send_text(&text).is_ok(),
        Received::Event(Event::Binary(data)) => session.send_binary(&data).is_ok(),
        _ => true,
    };
    if !is_fine {
        session.abort();
    }
}

/// Does one thing that a session asks for, with tokio. Cancel safe; it waits indefinitely if there is nothing to do.
pub async fn step(writer: &mut (impl AsyncWrite + Unpin), transport: Transport<'_>) -> io::Result<usize> {
    match transport {
        Transport::Write(bytes) => writer.write(bytes).await,
        Transport::Flush => writer.flush().await.map(|()| 0),
        Transport::ShutDown => writer.shutdown().await.map(|()| 0),
        Transport::Wait | Transport::Close => std::future::pending().await,
    }
}

/// Reports what [`step`] has done.
pub fn report(session: &mut Session, result: io::Result<usize>) {
    match (result, session.transport()) {
        (Err(_), _) | (Ok(0), Transport::Write(_)) => session.failed(),
        (Ok(count), Transport::Write(_)) => session.written(count),
        (Ok(_), Transport::Flush) => session.flushed(),
        (Ok(_), _) => session.shut_down(),
    }
}
