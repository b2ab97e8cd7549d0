//! The memory of a connection that has nothing to do, its task and its socket included.

mod common;

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream as Client},
    time::Duration,
};

use allocation_counter::measure;
use common::{REQUEST, echo};
use futures_util::StreamExt as _;
use sansocket_tokio::{Error, Options, accept};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    time::sleep,
};

/// What a connection may take: the goal is 3 KB.
const LIMIT: i64 = 3000;

const CONNECTIONS: u16 = 1000;

/// An echo server by messages, where the other one is by events.
async fn echo_messages(stream: TcpStream) -> Result<(), Error> {
    let mut socket = accept(stream, Options::new()).await?;
    while let Some(message) = socket.next().await {
        socket.send(message?).await?;
    }
    Ok(())
}

async fn serve(listener: TcpListener, by_messages: bool) {
    while let Ok((stream, _)) = listener.accept().await {
        if by_messages {
            tokio::spawn(echo_messages(stream));
        } else {
            tokio::spawn(echo(stream));
        }
    }
}

/// Opens a connection. The client allocates nothing that stays.
fn open(address: SocketAddr, runtime: &Runtime) -> Client {
    let mut client = Client::connect(address).unwrap();
    client.write_all(REQUEST).unwrap();
    read(&mut client, runtime, b"\r\n\r\n", 4096);
    client
}

/// Lets the server run until the bytes have arrived that end like this.
fn read(client: &mut Client, runtime: &Runtime, end: &[u8], most: usize) {
    client.set_nonblocking(true).unwrap();
    let mut bytes = Vec::new();
    while !bytes.ends_with(end) {
        runtime.block_on(async { sleep(Duration::from_millis(1)).await });
        let mut part = vec![0; most];
        if let Ok(count) = client.read(&mut part) {
            assert!(count > 0, "the server has left");
            bytes.extend_from_slice(&part[..count]);
        }
    }
    client.set_nonblocking(false).unwrap();
}

#[test]
fn an_idle_connection_takes_at_most_3_kb() {
    for by_messages in [false, true] {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve(listener, by_messages));
        let mut clients = vec![open(address, &runtime)];
        clients.reserve(usize::from(CONNECTIONS));
        let info = measure(|| clients.extend((0..CONNECTIONS).map(|_| open(address, &runtime))));
        let opened = info.bytes_current / i64::from(CONNECTIONS);

        // Messages of 16 KiB to each and back: nothing of the burst stays but the memory of the thread.
        let message = [&b"\x82\xfe\x40\0\0\0\0\0"[..], &[7; 16 << 10]].concat();
        let info = measure(|| {
            for client in &mut clients {
                client.write_all(&message).unwrap();
                read(client, &runtime, &[7; 16 << 10], 32 << 10);
            }
        });
        let busy = info.bytes_current / i64::from(CONNECTIONS);
        println!("by messages: {by_messages}, bytes a connection: {opened}, after a message {busy} more");
        assert!(opened <= LIMIT && opened + busy <= LIMIT, "{opened} + {busy}");
        // It frees memory when it ends.
        let info = measure(|| drop((clients, runtime)));
        assert!(info.bytes_current < -opened * i64::from(CONNECTIONS), "{info:?}");
    }
}
