//! `sansocket-tokio` with events that borrow from the read buffer of the thread.

use std::io;

use sansocket_load::each_client;
use sansocket_tokio::{
    Error, Options, accept_with,
    sansocket::{Event, deflate, server::Accept},
};
use tokio::net::TcpStream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    each_client(echo).await
}

async fn echo(stream: TcpStream) -> Result<(), Error> {
    let mut socket = accept_with(stream, Options::new(), async |session, request| {
        // A failure is the outcome of the socket.
        let _ = session.accept(request, Accept::new().deflate(deflate::Config::new()));
    })
    .await?;
    while socket.ready().await {
        while let Some((event, session)) = socket.event() {
            match event {
                Event::Text(text) => _ = session.send_text(&text)?,
                Event::Binary(data) => _ = session.send_binary(&data)?,
                _ => {}
            }
        }
    }
    socket.outcome()
}
