//! `axum` with its own WebSockets, as its documentation has it.

use std::io;

use axum::{
    Router,
    extract::ws::{Message, WebSocketUpgrade},
    routing::any,
};
use sansocket_load::{listen, room, talk};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let room = room();
    let upgrade = async |upgrade: WebSocketUpgrade| {
        upgrade.on_upgrade(async |socket| {
            let is_data = |message: &Message| matches!(message, Message::Text(_) | Message::Binary(_));
            let _ = talk(socket, room, is_data).await;
        })
    };
    axum::serve(listen().await?, Router::new().route("/", any(upgrade))).await
}
