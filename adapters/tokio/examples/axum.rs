//! WebSockets in an axum application, at `/ws`: `cargo run --example axum`.

use axum::{Router, body::Body, extract::Request, response::Response, routing::get};
use futures_util::StreamExt;
use hyper::upgrade::{OnUpgrade, on};
use hyper_util::rt::TokioIo;
use sansocket_tokio::sansocket::{Connection, keepalive::Timeouts, server, session::Session};
use sansocket_tokio::{Error, WebSocket};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:9001").await?;
    axum::serve(listener, Router::new().route("/ws", get(upgrade))).await
}

/// Opens a WebSocket, or responds with the reason why not.
async fn upgrade(mut request: Request) -> Response {
    let upgraded = on(&mut request);
    match server::Request::from_http(&request).map(|asked| asked.accept_http(server::Accept::new())) {
        Ok(Ok((response, connection))) => {
            tokio::spawn(serve(upgraded, connection));
            response.map(|()| Body::empty())
        }
        Ok(Err(_)) => Response::default(), // not for a default `Accept`
        Err(refusal) => refusal.into_response().map(Body::from),
    }
}

async fn serve(upgraded: OnUpgrade, connection: Connection) -> Result<(), Error> {
    let session = Session::open(connection, Timeouts::new(), std::time::Duration::ZERO);
    let mut socket = WebSocket::new(TokioIo::new(upgraded.await.map_err(std::io::Error::other)?), session);
    while let Some(message) = socket.next().await {
        socket.send(message?).await?;
    }
    Ok(())
}
