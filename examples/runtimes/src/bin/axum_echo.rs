//! A WebSocket in an `axum` application, by the feature `http`: axum does HTTP, and the bytes of the upgraded stream go
//! to the connection.
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
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use sansocket::{Connection, Input, State, deflate, server};
use sansocket_runtimes::{Result, echo};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::timeout,
};

/// How long a client may take to end the transport.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let routes = Router::new()
        .route("/", get(|| async { "there is a WebSocket at /ws\n" }))
        .route("/ws", get(upgrade));
    axum::serve(listener, routes).await
}

async fn upgrade(mut request: Request) -> Response {
    let upgraded = hyper::upgrade::on(&mut request);
    let asked = match server::Request::from_http(&request) {
        Ok(asked) => asked,
        Err(refusal) => return refusal.into_response().map(|()| Body::empty()),
    };
    // Web pages of others stay outside; programs send no Origin.
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

/// Echoes, from the upgrade on. Nothing is read while the client does not read.
async fn serve(upgraded: OnUpgrade, mut connection: Connection) -> Result<()> {
    let mut stream = TokioIo::new(upgraded.await?);
    let mut buf = vec![0; 16 << 10];
    let mut out = Vec::new();
    loop {
        let count = stream.read(&mut buf).await?;
        if count == 0 {
            return Ok(connection.receive_eof()?);
        }
        let result = echo(&mut connection, &mut Input::new(&mut buf[..count]), &mut out);
        stream.write_all(&out).await?; // first the bytes ...
        out.clear();
        if result.is_err() || connection.state() == State::Draining {
            timeout(PATIENCE, drain(&mut stream, &mut buf)).await??;
            result?; // ... then the error
            return Ok(connection.receive_eof()?);
        }
    }
}

/// Ends the transport on this side, and waits for the client to do so.
async fn drain(stream: &mut TokioIo<Upgraded>, buf: &mut [u8]) -> io::Result<()> {
    stream.shutdown().await?;
    while stream.read(buf).await? > 0 {}
    Ok(())
}
