//! An echo server on the adapter for the fuzzing client of Autobahn|Testsuite: `autobahn_server ADDRESS`.

use sansocket_tokio::{
    Error, Options, accept_with,
    sansocket::{deflate, server::Accept},
};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind(std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".into())).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    loop {
        let (stream, peer) = listener.accept().await?;
        tokio::spawn(async move { println!("{peer}: {:?}", serve(stream).await) });
    }
}

async fn serve(stream: TcpStream) -> Result<(), Error> {
    let mut socket = accept_with(stream, Options::new(), async |session, request| {
        // A request that this does not answer gets status 503.
        let _ = session.accept(request, Accept::new().deflate(deflate::Config::new()));
    })
    .await?;
    while socket.ready().await {
        while let Some((event, session)) = socket.event() {
            session.send_event(event)?;
        }
    }
    socket.outcome()
}
