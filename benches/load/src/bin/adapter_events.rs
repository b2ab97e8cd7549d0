//! `sansocket-tokio` with events that borrow from the read buffer of the thread. It takes the name of a configuration of
//! compression after the address.

use std::{env, io};

use sansocket_load::each_client;
use sansocket_tokio::{
    Error, Options, accept_with,
    sansocket::{
        deflate::{self, WindowBits},
        server::Accept,
    },
};
use tokio::net::TcpStream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let config = match env::args().nth(2).as_deref() {
        None => deflate::Config::new(),
        Some("takeover") => deflate::Config::new().send_context_takeover(true),
        Some("takeover-4-KiB") => {
            let window = WindowBits::new(12).unwrap_or(WindowBits::MAX);
            deflate::Config::new().send_context_takeover(true).send_window(window)
        }
        Some("low_memory") => deflate::Config::low_memory(),
        Some("best_speed") => deflate::Config::best_speed(),
        Some(name) => return Err(io::Error::other(format!("unknown configuration {name}"))),
    };
    each_client(move |stream| echo(stream, config)).await
}

async fn echo(stream: TcpStream, config: deflate::Config) -> Result<(), Error> {
    let mut socket = accept_with(stream, Options::new(), async |session, request| {
        // A failure is the outcome of the socket.
        let _ = session.accept(request, Accept::new().deflate(config));
    })
    .await?;
    while socket.ready().await {
        while let Some((event, session)) = socket.event() {
            session.send_event(event)?;
        }
    }
    socket.outcome()
}
