//! The code that the programs in `src/bin` share: a clock, and an echo of received messages. Each program
//! only shows its runtime, and passes its bytes to the session.

pub mod broker;
pub mod event_loop;
pub mod threads;

use std::{
    error::Error,
    io,
    time::{Duration, Instant},
};

use sansocket::{
    Config, Event, deflate,
    server::Accept,
    session::{Received, Session, Transport},
};
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// Any error that ends a program.
pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Returns the time since the first call, as a session expects it.
pub fn now() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// The maximum length of a message, in bytes.
pub const MAX_MESSAGE_LEN: usize = 1 << 20;

/// Accepts a request, and sends messages back.
pub fn echo(session: &mut Session, received: Received<'_>) {
    let is_fine = match received {
        Received::Request(request) => {
            let accept = Accept::new().config(Config::new().max_message_len(MAX_MESSAGE_LEN as u64));
            session.accept(request, accept.deflate(deflate::Config::new())).is_ok()
        }
        Received::Event(Event::Text(text)) => session.send_text(&text).is_ok(),
        Received::Event(Event::Binary(data)) => session.send_binary(&data).is_ok(),
        _ => true,
    };
    if !is_fine {
        session.abort();
    }
}

/// Carries out one operation that a session requests, with tokio. Cancel safe; it waits indefinitely if there
/// is none.
pub async fn step(writer: &mut (impl AsyncWrite + Unpin), transport: Transport<'_>) -> io::Result<usize> {
    match transport {
        Transport::Write(bytes) => writer.write(bytes).await,
        Transport::Flush => writer.flush().await.map(|()| 0),
        Transport::ShutDown => writer.shutdown().await.map(|()| 0),
        Transport::Wait | Transport::Close => std::future::pending().await,
    }
}

/// Reports the result of [`step`].
pub fn report(session: &mut Session, result: io::Result<usize>) {
    match (result, session.transport()) {
        (Err(_), _) | (Ok(0), Transport::Write(_)) => session.failed(),
        (Ok(count), Transport::Write(_)) => session.written(count),
        (Ok(_), Transport::Flush) => session.flushed(),
        (Ok(_), _) => session.shut_down(),
    }
}
