//! A chat with `tokio`: a message of one client goes to all of them.
//!
//! ```text
//! cargo run --bin tokio_chat -- 127.0.0.1:9001 [--redis redis://127.0.0.1:6379/]
//! ```
//!
//! All processes with the same broker are one chat; see `sansocket_runtimes::broker`.
//!
//! One task per client, around one `select!`. Both of its branches are cancel safe: `sansocket-tokio` keeps the
//! bytes of a client, and its timer, between two turns. A message is encoded once for all clients, and a burst of
//! messages is written at once. The server stops reading from a client that does not read, and clients that fall
//! further behind than the channel's capacity are closed with 1013.

use std::{env, result};

use sansocket::{Close, CloseCode, Config, Event, server::Accept, session::Session};
use sansocket_runtimes::{
    Result, accept_all,
    broker::{Message, Room},
};
use sansocket_tokio::{Options, accept_with};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::broadcast::{self, error::RecvError},
};

/// The number of messages that a client may fall behind.
const BACKLOG: usize = 256;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let room = match (env::args().nth(2).as_deref(), env::args().nth(3)) {
        (None, _) => Room::new(BACKLOG),
        (Some("--redis"), Some(url)) => Room::shared(BACKLOG, &url)?,
        _ => return Err("usage: tokio_chat [ADDRESS [--redis URL]]".into()),
    };
    accept_all(listener, |stream| serve(stream, room.clone())).await?;
    Ok(())
}

async fn serve(stream: TcpStream, room: Room) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut inbox = room.subscribe();
    let accepting = accept_with(stream, Options::new(), async |session, request| {
        // A failure is the outcome of the socket.
        let _ = session.accept(request, Accept::new().config(Config::new().max_message_len(16 << 10)));
    });
    let mut socket = accepting.await?;
    loop {
        let mut session = socket.session();
        if !session.has_room() {
            // `ready` does not tell when there is room again. A failure is the outcome of the socket.
            let _ = socket.flush().await;
            session = socket.session();
        }
        let is_open = session.is_open();
        tokio::select! {
            is_running = socket.ready() => {
                while let Some((event, session)) = socket.event() {
                    if let Event::Text(text) = event && !room.say(&text) {
                        _ = session.close(Close::new(CloseCode::TRY_AGAIN_LATER, "the broker is away")?)?;
                    }
                }
                if !is_running {
                    return Ok(socket.outcome()?);
                }
            }
            message = inbox.recv(), if is_open => forward(socket.session(), message, &mut inbox)?,
        }
    }
}

/// Passes on a message, and those that follow it in the inbox, so that they are written together.
fn forward(
    session: &mut Session,
    first: result::Result<Message, RecvError>,
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sansocket::{Connection, keepalive::Timeouts, session::Transport};
    use sansocket_runtimes::now;
    use sansocket_tokio::connect;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_burst_is_one_write() {
        let room = Room::new(BACKLOG);
        let mut inbox = room.subscribe();
        let mut session = Session::open(Connection::server(Config::new()), Timeouts::new(), now());
        for number in 0..100 {
            assert!(room.say(&format!("{number:02}")));
        }
        let first = inbox.recv().await;
        forward(&mut session, first, &mut inbox).unwrap();
        let mut expected = Vec::new();
        for number in 0..100 {
            expected.extend([0x81, 2]);
            expected.extend(format!("{number:02}").bytes());
        }
        assert!(inbox.is_empty());
        assert_eq!(session.transport(), Transport::Write(&expected));
    }

    #[tokio::test]
    async fn a_burst_that_is_not_read_stays_in_the_inbox() {
        let room = Room::new(BACKLOG);
        let mut inbox = room.subscribe();
        let mut session = Session::open(Connection::server(Config::new()), Timeouts::new(), now());
        let text = "x".repeat(16_000);
        for _ in 0..100 {
            assert!(room.say(&text));
        }
        let first = inbox.recv().await;
        forward(&mut session, first, &mut inbox).unwrap();
        // Each frame has a header of four bytes; the mark is 64 KiB.
        assert_eq!((session.unwritten(), inbox.len()), (5 * 16_004, 95));
    }

    #[tokio::test]
    async fn a_burst_beyond_the_mark_arrives_at_a_client_that_is_silent() {
        let room = Room::new(BACKLOG);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("ws://{}/", listener.local_addr().unwrap());
        tokio::spawn(accept_all(listener, {
            let room = room.clone();
            move |stream| serve(stream, room.clone())
        }));
        let mut client = connect(&uri, Options::new()).await.unwrap();
        for _ in 0..100 {
            assert!(room.say(&"x".repeat(16_000)));
        }
        let mut received = 0;
        let receiving = async {
            while received < 100 && client.ready().await {
                while client.event().is_some() {
                    received += 1;
                }
            }
        };
        // Long before the first Ping.
        let _ = timeout(Duration::from_secs(5), receiving).await;
        assert_eq!(received, 100);
    }
}
