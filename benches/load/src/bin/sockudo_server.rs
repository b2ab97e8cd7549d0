//! `sockudo-ws`, as its documentation has it.

use std::io;

use sansocket_load::{each_client, room, talk};
use sockudo_ws::{Config, Message, WebSocketStream, handshake::server_handshake};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let room = room();
    each_client(|mut stream| {
        let room = room.clone();
        async move {
            server_handshake(&mut stream).await?;
            let socket = WebSocketStream::server(stream, Config::default());
            talk(socket, room, |message: &Message| matches!(message, Message::Text(_) | Message::Binary(_)))
                .await
        }
    })
    .await
}
