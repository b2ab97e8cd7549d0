//! A WebSocket in an `axum` application, with the feature `http`: axum handles HTTP, and `sansocket-tokio`
//! serves the upgraded stream.
//!
//! ```text
//! cargo run --bin axum_echo -- 127.0.0.1:9001
//! ```

use std::{env, io, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use sansocket::{
    Connection, deflate,
    keepalive::Timeouts,
    server,
    session::{Received, Session},
};
use sansocket_runtimes::{Result, echo};
use sansocket_tokio::WebSocket;
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/ws", listener.local_addr()?);
    let routes = Router::new()
        .route("/", get(|| async { "there is a WebSocket at /ws\n" }))
        .route("/ws", get(upgrade));
    axum::serve(listener, routes).await
}

async fn upgrade(mut request: Request) -> Response {
    let upgraded = hyper::upgrade::on(&mut request);
    let asked = match server::Request::from_http(&request) {
        Ok(asked) => asked,
        Err(refusal) => return refusal.into_response().map(Body::from),
    };
    // Cross-origin pages are rejected; programs send no Origin.
    let host = format!("http://{}", asked.authority());
    if asked.origin().is_some_and(|origin| origin != host) {
        return StatusCode::FORBIDDEN.into_response();
    }
    match asked.accept_http(server::Accept::new().deflate(deflate::Config::new())) {
        Ok((response, connection)) => {
            tokio::spawn(async move {
                if let Err(error) = serve(upgraded, connection).await {
                    eprintln!("{error}");
                }
            });
            response.map(|()| Body::empty())
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Echoes, from the upgrade on.
async fn serve(upgraded: OnUpgrade, connection: Connection) -> Result<()> {
    let session = Session::open(connection, Timeouts::new(), Duration::ZERO);
    let mut socket = WebSocket::new(TokioIo::new(upgraded.await?), session);
    while socket.ready().await {
        while let Some((event, session)) = socket.event() {
            echo(session, Received::Event(event));
        }
    }
    Ok(socket.outcome()?)
}
