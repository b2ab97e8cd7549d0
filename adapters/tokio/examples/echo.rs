//! An echo server: `cargo run --example echo -- 127.0.0.1:9001`.

use sansocket_tokio::{Error, Options, accept};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    loop {
        if let Ok((stream, peer)) = listener.accept().await {
            tokio::spawn(async move { println!("{peer}: {:?}", serve(stream).await) });
        } else {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await; // too many open files
        }
    }
}

async fn serve(stream: TcpStream) -> Result<(), Error> {
    let mut socket = accept(stream, Options::new()).await?;
    while socket.ready().await {
        while let Some((event, session)) = socket.event() {
            session.send_event(event)?;
        }
    }
    socket.outcome()
}
