//! A TCP connection that its peer resets (`SO_LINGER` of 0), in each phase of either side: every future ends, with the
//! cause.

mod common;

use std::{io::ErrorKind, time::Duration};

use common::{REQUEST, echo};
use futures_util::StreamExt as _;
use sansocket_tokio::{
    Error, Message, Options, accept, connect,
    sansocket::{CloseCode, keepalive::Timeouts},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};

/// The most time that something takes which must not hang.
const SOON: Duration = Duration::from_secs(10);

/// The time in which the bytes of the peer arrive, so that a reset does not destroy them.
const ARRIVAL: Duration = Duration::from_millis(50);

/// Sends bytes, and resets the connection once they have been read.
async fn send_and_reset(mut stream: TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).await.unwrap();
    sleep(ARRIVAL).await;
    reset(&stream);
}

/// Dropped after this, the connection is reset.
fn reset(stream: &TcpStream) {
    stream.set_zero_linger().unwrap();
}

async fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
}

/// A client that speaks for itself, and a server.
async fn server<F>(serve: impl FnOnce(TcpStream) -> F) -> (TcpStream, JoinHandle<Result<(), Error>>)
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    near.set_nodelay(true).unwrap();
    (near, tokio::spawn(serve(listener.accept().await.unwrap().0)))
}

/// The same after the handshake.
async fn open<F>(serve: impl FnOnce(TcpStream) -> F) -> (TcpStream, JoinHandle<Result<(), Error>>)
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    let (mut near, server) = server(serve).await;
    near.write_all(REQUEST).await.unwrap();
    read_head(&mut near).await;
    (near, server)
}

async fn result_of(task: JoinHandle<Result<(), Error>>) -> Result<(), Error> {
    timeout(SOON, task).await.expect("it waits for a peer that has reset the connection").unwrap()
}

async fn assert_reset(task: JoinHandle<Result<(), Error>>, phase: &str) {
    match result_of(task).await {
        Err(Error::Io(error)) => {
            assert!(
                matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
                "{phase}: {error}"
            );
        }
        other => panic!("{phase}: {other:?}"),
    }
}

#[tokio::test]
async fn a_server_ends_when_the_request_is_cut_off_by_a_reset() {
    for len in [0, 1, REQUEST.len() / 2, REQUEST.len() - 1] {
        let (near, server) = server(echo).await;
        send_and_reset(near, &REQUEST[..len]).await;
        assert_reset(server, &format!("{len} bytes of the request")).await;
    }
}

#[tokio::test]
async fn a_server_ends_when_an_open_connection_is_reset() {
    let in_frame = b"\x82\xfe\x10\0\0\0\0\0part";
    let in_message = b"\x01\x81\0\0\0\0x";
    for (phase, bytes) in
        [("idle", &b""[..]), ("in a header", b"\x82"), ("in a frame", in_frame), ("in a message", in_message)]
    {
        let (near, server) = open(echo).await;
        send_and_reset(near, bytes).await;
        assert_reset(server, phase).await;
    }
}

#[tokio::test]
async fn a_server_ends_when_a_peer_that_does_not_read_resets() {
    let (near, server) = open(async |stream| {
        let mut socket = accept(stream, Options::new()).await?;
        loop {
            socket.send(Message::Binary(vec![7; 100_000])).await?;
        }
    })
    .await;
    // Until the buffers are full.
    sleep(Duration::from_millis(300)).await;
    assert!(!server.is_finished());
    reset(&near);
    drop(near);
    assert_reset(server, "writing").await;
}

#[tokio::test]
async fn a_reset_after_both_closes_is_a_clean_end_and_one_before_is_not() {
    let close = b"\x88\x82\0\0\0\0\x03\xe8";
    let (mut near, server) = open(echo).await;
    near.write_all(close).await.unwrap();
    let mut reply = [0; 4];
    near.read_exact(&mut reply).await.unwrap();
    assert_eq!(reply, *b"\x88\x02\x03\xe8");
    reset(&near);
    drop(near);
    result_of(server).await.unwrap();

    // The server closes, and the client resets instead of replying.
    let (mut near, server) = open(async |stream| {
        let mut socket = accept(stream, Options::new()).await?;
        socket.close(CloseCode::GOING_AWAY).await
    })
    .await;
    near.read_exact(&mut reply).await.unwrap();
    assert_eq!(reply, *b"\x88\x02\x03\xe9");
    reset(&near);
    drop(near);
    assert_reset(server, "closing").await;
}

/// A client that sends or receives, and the transport of its server.
async fn client(sends: bool) -> (TcpStream, JoinHandle<Result<(), Error>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}/", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        // Nothing but the reset ends it.
        let patient =
            Options { timeouts: Timeouts::new().opening(None).ping_interval(None), ..Options::new() };
        let mut socket = connect(&uri, patient).await?;
        if sends {
            loop {
                socket.send(Message::Binary(vec![7; 100_000])).await?;
            }
        }
        while let Some(message) = socket.next().await {
            message?;
        }
        socket.outcome()
    });
    let near = listener.accept().await.unwrap().0;
    near.set_nodelay(true).unwrap();
    (near, task)
}

#[tokio::test]
async fn a_client_ends_when_the_response_is_cut_off_by_a_reset() {
    for bytes in [&b""[..], b"H", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"] {
        let (mut near, client) = client(false).await;
        read_head(&mut near).await;
        send_and_reset(near, bytes).await;
        assert_reset(client, &format!("{} bytes of the response", bytes.len())).await;
    }
    // A rejection is known once its head is.
    let (mut near, client) = client(false).await;
    read_head(&mut near).await;
    send_and_reset(near, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nbecause").await;
    match result_of(client).await {
        Err(Error::Rejected(response)) => {
            assert_eq!((response.status(), response.body()), (403, &b"because"[..]));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_client_ends_when_an_open_connection_is_reset() {
    for (phase, sends) in [("reading", false), ("writing", true)] {
        let (near, client) = client(sends).await;
        let socket = accept(near, Options::new()).await.unwrap();
        sleep(Duration::from_millis(300)).await;
        assert!(!client.is_finished());
        reset(socket.get_ref());
        drop(socket);
        assert_reset(client, phase).await;
    }
}
