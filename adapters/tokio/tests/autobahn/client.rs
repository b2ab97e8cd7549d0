//! Lets the fuzzing server of Autobahn|Testsuite test the adapter as a client: `autobahn_client PORT AGENT [narrow]`.
//!
//! With `narrow` it asks the server for the smallest window and for no context takeover, which the suite does not do by itself.
//! Messages go through `Stream` and `Sink` here, where the server beside this file uses events.

use std::{env::args, time::Duration};

use futures_util::StreamExt as _;
use sansocket_tokio::{
    Error, Io, Message, Options, WebSocket, connect_request,
    sansocket::{
        SendError,
        client::Request,
        deflate::{Config, WindowBits},
        keepalive::Timeouts,
    },
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (Some(port), Some(agent)) = (args().nth(1), args().nth(2)) else {
        return Err("usage: autobahn_client PORT AGENT [narrow]".into());
    };
    let server = format!("ws://127.0.0.1:{port}");
    let mut socket = open(&format!("{server}/getCaseCount")).await?;
    let Some(Message::Text(count)) = socket.next().await.transpose()? else {
        return Err("the number of cases is missing".into());
    };
    for case in 1..=count.parse::<u32>()? {
        let result = echo(open(&format!("{server}/runCase?case={case}&agent={agent}")).await?).await;
        // Many cases break the protocol. The report has the verdict.
        if let Err(error) = result {
            println!("case {case}: {error}");
        }
    }
    echo(open(&format!("{server}/updateReports?agent={agent}")).await?).await?;
    Ok(())
}

async fn echo(mut socket: WebSocket<Box<dyn Io>>) -> Result<(), Error> {
    while let Some(message) = socket.next().await {
        match socket.send(message?).await {
            Ok(()) | Err(Error::Send(SendError::ConnectionClosing)) => {}
            Err(error) => return Err(error),
        }
    }
    socket.outcome()
}

async fn open(uri: &str) -> Result<WebSocket<Box<dyn Io>>, Error> {
    let mut config = Config::new();
    if args().nth(3).is_some_and(|word| word == "narrow") {
        let bits = WindowBits::new(9).unwrap_or(WindowBits::MIN);
        config = config.receive_window(bits).receive_context_takeover(false);
    }
    // The suite writes its report before it answers the last request.
    let options =
        Options { timeouts: Timeouts::new().opening(Some(Duration::from_secs(120))), ..Options::new() };
    connect_request(&Request::new(uri)?.deflate(config), options).await
}
