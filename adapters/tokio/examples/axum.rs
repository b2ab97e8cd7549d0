//! WebSockets in an axum application, at `/ws`: `cargo run --example axum`.

use std::time::Duration;

use axum::{Router, body::Body, extract::Request, response::Response, routing::get};
use hyper::upgrade::{OnUpgrade, on};
use hyper_util::rt::TokioIo;
use sansocket_tokio::{
    Error, WebSocket,
    sansocket::{Connection, Event, keepalive::Timeouts, server, session::Session},
};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:9001").await?;
    axum::serve(listener, Router::new().route("/ws", get(upgrade))).await
}

/// Opens a WebSocket. With hyper alone this is the service; the body is another one.
async fn upgrade(mut request: Request) -> Response {
    let upgraded = on(&mut request);
    let accepted = server::Request::from_http(&request).map(|asked| asked.accept_http(server::Accept::new()));
    match accepted {
        Ok(Ok((response, connection))) => {
            tokio::spawn(async move { println!("{:?}", serve(upgraded, connection).await) });
            response.map(|()| Body::empty())
        }
        Ok(Err(_)) => Response::builder().status(500).body(Body::empty()).unwrap_or_default(),
        Err(refusal) => refusal.into_response().map(Body::from),
    }
}

async fn serve(upgraded: OnUpgrade, connection: Connection) -> Result<(), Error> {
    let session = Session::open(connection, Timeouts::new(), Duration::ZERO);
    let upgraded = upgraded.await.map_err(std::io::Error::other)?;
    let mut socket = WebSocket::new(TokioIo::new(upgraded), session);
    while socket.ready().await {
        while let Some((event, session)) = socket.event() {
            if let Event::Text(text) = event {
                session.send_text(&text)?;
            }
        }
    }
    socket.outcome()
}
