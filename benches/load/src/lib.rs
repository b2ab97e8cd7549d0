//! The parts that the echo servers on tokio share: accepting clients, the upgrade with hyper, the echo, and the chat.
//!
//! All servers take `ADDRESS [chat]`. They run on one thread, with a task for each client.

use std::{env, future::ready, io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use futures_util::{FutureExt as _, Sink, SinkExt as _, Stream, StreamExt as _};
use http_body_util::Empty;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::broadcast,
};

/// All members of a chat; `None` in an echo server.
pub type Room<M> = Option<broadcast::Sender<M>>;

/// Returns a room if the command line asks for a chat.
#[must_use]
pub fn room<M: Clone>() -> Room<M> {
    env::args().any(|arg| arg == "chat").then(|| broadcast::channel(1024).0)
}

/// Listens on the address of the command line.
pub async fn listen() -> io::Result<TcpListener> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".into());
    let address: SocketAddr =
        address.parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    Ok(listener)
}

/// Spawns a task for each client.
pub async fn each_client<F>(client: impl Fn(TcpStream) -> F) -> io::Result<()>
where
    F: Future<Output: Send> + Send + 'static,
{
    let listener = listen().await?;
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        stream.set_nodelay(true)?;
        tokio::spawn(client(stream));
    }
}

/// Serves each client with hyper; `upgrade` responds, and spawns a task for the upgraded connection.
pub async fn each_request<E>(
    upgrade: impl Fn(Request<Incoming>) -> Result<Response<Empty<Bytes>>, E> + Clone + Send + 'static,
) -> io::Result<()>
where
    E: std::error::Error + Send + Sync + 'static,
{
    each_client(|stream| {
        let upgrade = upgrade.clone();
        let service = service_fn(move |request| ready(upgrade(request)));
        http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades()
    })
    .await
}

/// Sends messages back, or to the whole room. Messages that are there at once are written at once.
pub async fn talk<M, E>(
    mut socket: impl Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    room: Room<M>,
    is_data: impl Fn(&M) -> bool,
) -> Result<(), E>
where
    M: Clone,
{
    let Some(room) = room else { return echo(socket, is_data).await };
    let mut inbox = room.subscribe();
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(message) => _ = Some(message?).filter(&is_data).map(|message| room.send(message)),
                None => return Ok(()),
            },
            message = inbox.recv() => {
                let Ok(message) = message else { return Ok(()) };
                socket.feed(message).await?;
                while let Ok(message) = inbox.try_recv() {
                    socket.feed(message).await?;
                }
                socket.flush().await?;
            }
        }
    }
}

async fn echo<M, E>(
    mut socket: impl Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    is_data: impl Fn(&M) -> bool,
) -> Result<(), E> {
    while let Some(first) = socket.next().await {
        let mut next = Some(first);
        while let Some(message) = next {
            let message = message?;
            if is_data(&message) {
                socket.feed(message).await?;
            }
            next = socket.next().now_or_never().flatten();
        }
        socket.flush().await?;
    }
    Ok(())
}
