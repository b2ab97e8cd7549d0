//! `tokio-tungstenite`, as its documentation has it; `buffer=BYTES` sets the size of its read buffer.

use std::{env, io};

use sansocket_load::{each_client, room, talk};
use tokio_tungstenite::{
    accept_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let size = env::args().find_map(|arg| arg.strip_prefix("buffer=")?.parse().ok());
    let config = size.map(|size| WebSocketConfig::default().read_buffer_size(size));
    let room = room();
    each_client(|stream| {
        let room = room.clone();
        async move {
            let socket = accept_async_with_config(stream, config).await?;
            talk(socket, room, |message: &Message| message.is_text() || message.is_binary()).await
        }
    })
    .await
}
