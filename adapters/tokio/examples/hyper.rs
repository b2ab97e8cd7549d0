//! WebSockets with hyper alone, at every path: `cargo run --example hyper`.

use futures_util::StreamExt;
use hyper::upgrade::{OnUpgrade, on};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use sansocket_tokio::sansocket::{Connection, keepalive::Timeouts, server, session::Session};
use sansocket_tokio::{Error, WebSocket};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:9001").await?;
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let http = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(upgrade));
            tokio::spawn(http.with_upgrades());
        } else {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await; // too many open files
        }
    }
}

/// Opens a WebSocket, or responds with the reason why not.
async fn upgrade(mut request: Request<Incoming>) -> Result<Response<String>, server::ResponseError> {
    let upgraded = on(&mut request);
    Ok(match server::Request::from_http(&request) {
        Ok(asked) => {
            let (response, connection) = asked.accept_http(server::Accept::new())?;
            tokio::spawn(serve(upgraded, connection));
            response.map(|()| String::new())
        }
        Err(refusal) => refusal.into_response().map(str::to_owned),
    })
}

async fn serve(upgraded: OnUpgrade, connection: Connection) -> Result<(), Error> {
    let session = Session::open(connection, Timeouts::new(), std::time::Duration::ZERO);
    let mut socket = WebSocket::new(TokioIo::new(upgraded.await.map_err(std::io::Error::other)?), session);
    while let Some(message) = socket.next().await {
        socket.send(message?).await?;
    }
    Ok(())
}
