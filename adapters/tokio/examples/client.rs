//! A client that stays connected: `cargo run --example client -- ws://127.0.0.1:9001/`.
//!
//! It sends a line each second, prints the replies, and connects again when the connection ends, with a delay that doubles up to
//! a minute. It gives up if the server rejects it for good, and closes the connection on Ctrl-C.

use std::{io::Write as _, time::Duration};

use futures_util::StreamExt as _;
use sansocket_tokio::{Error, Message, Options, connect, sansocket::CloseCode};
use tokio::time::{interval, sleep};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let uri = std::env::args().nth(1).unwrap_or_else(|| "ws://127.0.0.1:9001/".into());
    let (first, longest) = (Duration::from_millis(500), Duration::from_secs(60));
    let mut delay = first;
    loop {
        let started = std::time::Instant::now();
        match talk(&uri).await {
            Ok(true) => return Ok(()),
            Ok(false) => println!("closed by the server"),
            Err(error) if !is_temporary(&error) => return Err(error),
            Err(error) => println!("{error}"),
        }
        if started.elapsed() > longest {
            delay = first;
        }
        println!("again in {delay:?}");
        sleep(delay).await;
        delay = longest.min(delay * 2);
    }
}

/// Talks until the end. Returns `true` if this program closed the connection, or the server did for good.
async fn talk(uri: &str) -> Result<bool, Error> {
    let mut socket = connect(uri, Options::new()).await?;
    let (mut ticks, mut count) = (interval(Duration::from_secs(1)), 0);
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => _ = writeln!(std::io::stdout(), "{text}"),
                Some(message) => _ = message?,
                None => return Ok(!socket.ending().is_some_and(|ending| ending.is_temporary())),
            },
            _ = ticks.tick() => {
                count += 1;
                socket.send(Message::Text(format!("line {count}"))).await?;
            }
            _ = tokio::signal::ctrl_c() => {
                socket.close(CloseCode::NORMAL).await?;
                return Ok(true);
            }
        }
    }
}

/// Connecting again can help. It cannot if the feature `tls` is missing.
fn is_temporary(error: &Error) -> bool {
    let is_unsupported = |error: &std::io::Error| error.kind() == std::io::ErrorKind::Unsupported;
    error.is_temporary() && !matches!(error, Error::Io(error) if is_unsupported(error))
}
