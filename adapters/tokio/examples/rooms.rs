//! A chat with two rooms, `/lobby` and `/help`. It checks the origin, speaks the subprotocol `chat`, encodes each message once for
//! all members of a room, and closes every connection with 1001 on Ctrl-C.
//!
//! ```text
//! cargo run --example rooms -- 127.0.0.1:9001 https://example.com      # address, and the origin of the pages
//! ```

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sansocket_tokio::sansocket::{CloseCode, Event, server::Accept, session::EncodedMessage};
use sansocket_tokio::{Error, Options, WebSocket, accept_with};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

type Room = broadcast::Sender<EncodedMessage>;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1:9001".into());
    let origin: Arc<str> = args.next().unwrap_or_else(|| "https://example.com".into()).into();
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let rooms = Arc::new(HashMap::from(["/lobby", "/help"].map(|path| (path, Room::new(64)))));
    let (stop, stopped) = watch::channel(());
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (rooms, stopped, origin) = (rooms.clone(), stopped.clone(), origin.clone());
                match accepted {
                    Ok((stream, peer)) => _ = clients.spawn(async move {
                        println!("{peer}: {:?}", serve(stream, &origin, &rooms, stopped).await);
                    }),
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await, // too many open files
                }
            }
            Some(_) = clients.join_next() => {}
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    drop(stop); // every task sends a Close, and waits for the reply until the closing timeout
    while clients.join_next().await.is_some() {}
    Ok(())
}

/// Answers the request, and returns the socket and its room.
async fn open(
    stream: TcpStream,
    allowed: &str,
    rooms: &HashMap<&str, Room>,
) -> Result<(WebSocket<TcpStream>, Option<Room>), Error> {
    let mut room = None;
    let socket = accept_with(stream, Options::new(), async |session, request| {
        room = rooms.get(request.path()).cloned();
        let answer = if request.origin() != Some(allowed) {
            session.reject(request, 403, &[], b"")
        } else if room.is_none() {
            session.reject(request, 404, &[], b"the rooms are /lobby and /help\n")
        } else if !request.subprotocols().any(|offered| offered == "chat") {
            session.reject(request, 400, &[], b"offer the subprotocol chat\n")
        } else {
            session.accept(request, Accept::new().subprotocol("chat"))
        };
        debug_assert!(answer.is_ok(), "the status and the subprotocol are valid");
    })
    .await?;
    Ok((socket, room))
}

async fn serve(
    stream: TcpStream,
    allowed: &str,
    rooms: &HashMap<&str, Room>,
    mut stopped: watch::Receiver<()>,
) -> Result<(), Error> {
    let (mut socket, Some(room)) = open(stream, allowed, rooms).await? else { return Ok(()) };
    let mut messages = room.subscribe();
    loop {
        // `ready` does not tell when there is room again. A failure is the outcome of the socket.
        while !socket.session().has_room() && socket.flush().await.is_ok() {}
        tokio::select! {
            open = socket.ready() => {
                while let Some((event, _)) = socket.event() {
                    if let Event::Text(text) = event {
                        _ = room.send(EncodedMessage::text(&text));
                    }
                }
                if !open {
                    return socket.outcome();
                }
            }
            message = messages.recv() => match message {
                Ok(message) => _ = socket.session().send_encoded(&message)?,
                // The client reads too slowly: its queue of 64 messages is full.
                _ => return socket.close(CloseCode::TRY_AGAIN_LATER).await,
            },
            _ = stopped.changed() => return socket.close(CloseCode::GOING_AWAY).await,
        }
    }
}
