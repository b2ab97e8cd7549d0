//! `tokio-websockets`, as its documentation has it.

use std::io;

use sansocket_load::{each_client, room, talk};
use tokio_websockets::{Message, ServerBuilder};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let room = room();
    each_client(|stream| {
        let room = room.clone();
        async {
            let (_, socket) = ServerBuilder::new().accept(stream).await?;
            talk(socket, room, |message: &Message| message.is_text() || message.is_binary()).await
        }
    })
    .await
}
