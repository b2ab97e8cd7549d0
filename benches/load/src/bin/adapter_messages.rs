//! `sansocket-tokio` as a `Stream` and a `Sink` of owned messages.

use std::io;

use sansocket_load::{each_client, room, talk};
use sansocket_tokio::{
    Options, accept_with,
    sansocket::{deflate, server::Accept},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let room = room();
    each_client(|stream| {
        let room = room.clone();
        async {
            let socket = accept_with(stream, Options::new(), async |session, request| {
                // A failure is the outcome of the socket.
                let _ = session.accept(request, Accept::new().deflate(deflate::Config::new()));
            });
            talk(socket.await?, room, |_| true).await
        }
    })
    .await
}
