//! An echo server with `sansocket-tokio`, as its documentation has it: a task for each client, and all tasks on one thread.

use std::{env, io};

use sansocket_tokio::{Error, Options, accept, sansocket::Event};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind(env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".into())).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(echo(stream));
    }
}

async fn echo(stream: TcpStream) -> Result<(), Error> {
    let mut socket = accept(stream, Options::new()).await?;
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
