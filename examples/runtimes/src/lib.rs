//! The code that the programs in `src/bin` share: a clock, an echo of received messages, and for tokio accepting
//! clients and moving the bytes of a session.

pub mod broker;
pub mod event_loop;
pub mod threads;

use std::{
    error::Error,
    future::pending,
    io::{self, Write},
    time::{Duration, Instant},
};

use sansocket::{
    Config, Event, deflate,
    server::Accept,
    session::{ReadBuffer, Received, Session, Transport},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::sleep,
};

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
    answer(session, received, |session, event| session.send_event(event).is_ok());
}

/// Accepts a request, and sends messages back: a long one at once, from where it was read.
pub fn echo_to(session: &mut Session, received: Received<'_>, stream: &mut impl Write) {
    answer(session, received, |session, event| session.send_event_to(event, stream, now).is_ok());
}

fn answer(session: &mut Session, received: Received<'_>, send: impl FnOnce(&mut Session, Event<'_>) -> bool) {
    let is_fine = match received {
        Received::Request(request) => {
            let accept = Accept::new().config(Config::new().max_message_len(MAX_MESSAGE_LEN as u64));
            session.accept(request, accept.deflate(deflate::Config::new())).is_ok()
        }
        Received::Event(event) => send(session, event),
        _ => true,
    };
    if !is_fine {
        session.abort();
    }
}

/// The time to wait if no timer is running.
pub const FOREVER: Duration = Duration::from_hours(1);

/// Accepts clients, and serves each in a task. Errors are printed.
pub async fn accept_all<F>(listener: TcpListener, mut serve: impl FnMut(TcpStream) -> F) -> io::Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // Usually the limit of open files was reached; wait for a connection to close.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let serving = serve(stream);
        tokio::spawn(async move {
            if let Err(error) = serving.await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

/// Writes or reads as a session requests, or waits until a timer expires, whichever is first. Cancel safe: `read`
/// and `write` do nothing until they are ready.
pub async fn step(
    reader: &mut (impl AsyncRead + Unpin),
    writer: &mut (impl AsyncWrite + Unpin),
    session: &mut Session,
    buffer: &mut ReadBuffer,
) {
    let wants_read = session.wants_read();
    let left = session.time_left(now()).unwrap_or(FOREVER);
    tokio::select! {
        result = write(writer, session.transport()) => report(session, result),
        result = reader.read(buffer.space()), if wants_read => {
            let _ = session.report_read(buffer, result);
        }
        () = sleep(left) => {}
    }
}

/// Carries out one operation that a session requests. It waits indefinitely if there is none.
async fn write(writer: &mut (impl AsyncWrite + Unpin), transport: Transport<'_>) -> io::Result<usize> {
    match transport {
        Transport::Write(bytes) => writer.write(bytes).await,
        Transport::Flush => writer.flush().await.map(|()| 0),
        Transport::ShutDown => writer.shutdown().await.map(|()| 0),
        Transport::Wait | Transport::Close => pending().await,
    }
}

/// Reports the result of an operation that a session requested, which may have taken a while.
pub fn report(session: &mut Session, result: io::Result<usize>) {
    session.note_time(now());
    // The session ends because of an error, and `outcome` names it without its text.
    let _ = session.report(result);
}

/// Returns why a session has ended, if not by a closing handshake.
pub fn outcome(session: &Session) -> Result<()> {
    Ok(session.outcome(|| "read or write failed")?)
}
