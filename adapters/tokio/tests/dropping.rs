//! Opening that is given up: the futures of either side are dropped after each number of polls, over a transport that
//! is pending at random. The other side sees the end at once, and the thread goes on with other sockets.

mod common;

use std::time::Duration;

use allocation_counter::measure;
use common::{Flaky, REQUEST, echo, give_up, text};
use futures_util::StreamExt as _;
use sansocket_tokio::{
    Error, Options, WebSocket, accept, accept_with, connect, connect_over,
    sansocket::{client::Request, server::Accept},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
    net::TcpListener,
    runtime::Builder,
    sync::mpsc,
    task::{JoinHandle, yield_now},
    time::timeout,
};

/// The most time that something takes which must not hang.
const SOON: Duration = Duration::from_secs(10);

async fn decided(stream: Flaky) -> Result<WebSocket<Flaky>, Error> {
    accept_with(stream, Options::new(), async |session, request| {
        yield_now().await;
        session.accept(request, Accept::new()).unwrap();
        yield_now().await;
        session.send_text("welcome").unwrap();
        yield_now().await;
    })
    .await
}

/// Drops a server after each number of polls, until it is open. Returns how often it was not.
async fn drop_server(
    seed: u64,
    open: impl AsyncFn(Flaky) -> Result<WebSocket<Flaky>, Error>,
    last: &[u8],
) -> u32 {
    let mut outputs: Vec<Vec<u8>> = Vec::new();
    for polls in 1.. {
        let (mut near, far) = duplex(1000);
        near.write_all(REQUEST).await.unwrap();
        let opened = give_up(open(Flaky::new(far, seed)), polls).await.map(Result::unwrap);
        let is_open = opened.is_some();
        drop(opened);
        let mut output = Vec::new();
        // It ends only if the transport was dropped.
        timeout(SOON, near.read_to_end(&mut output)).await.expect("the transport is alive").unwrap();
        outputs.push(output);
        if is_open {
            break;
        }
    }
    let whole = outputs.pop().unwrap();
    assert!(whole.starts_with(b"HTTP/1.1 101 ") && whole.ends_with(last), "{whole:?}");
    assert!(outputs.iter().all(|output| whole.starts_with(output)), "{outputs:?}");
    // What was left of the others is not in the memory that sockets share.
    let (near, far) = duplex(1000);
    let server = tokio::spawn(echo(far));
    let request = Request::new("ws://localhost/").unwrap();
    let mut socket = connect_over(near, &request, Options::new()).await.unwrap();
    socket.send(text("still served")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), text("still served"));
    socket.close(None).await.unwrap();
    server.await.unwrap().unwrap();
    u32::try_from(outputs.len()).unwrap()
}

/// The task of an echo server ends with an error, as its client has left.
async fn assert_left(server: JoinHandle<Result<(), Error>>) {
    let result = timeout(SOON, server).await.expect("the server waits for a client that has left").unwrap();
    assert!(
        matches!(result, Err(Error::Handshake { .. } | Error::UnexpectedEof | Error::Io(_))),
        "{result:?}"
    );
}

/// Drops a client after each number of polls, until it is open. Returns how often it was not.
async fn drop_client(seed: u64) -> u32 {
    let request = Request::new("ws://localhost/").unwrap();
    for polls in 1.. {
        let (near, far) = duplex(100);
        let server = tokio::spawn(echo(Flaky::new(far, seed * 7)));
        let opening = connect_over(Flaky::new(near, seed), &request, Options::new());
        let opened = give_up(opening, polls).await.map(Result::unwrap);
        let is_open = opened.is_some();
        drop(opened);
        assert_left(server).await;
        if is_open {
            return polls - 1;
        }
    }
    unreachable!("it opens")
}

/// Runs it twice on one thread: what the second run allocates it frees, apart from the memory that sockets share.
fn assert_no_leak(run: impl AsyncFn()) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run());
    let info = measure(|| runtime.block_on(run()));
    assert!(info.count_total > 1000, "{info:?}");
    assert!(info.bytes_current.abs() < 1000, "{info:?}");
}

/// The transport is another one with each seed.
const SEEDS: std::ops::Range<u64> = 1..40;

#[test]
fn a_server_can_be_dropped_while_it_accepts() {
    assert_no_leak(async || {
        let mut drops = 0;
        for seed in SEEDS {
            let open = async |stream| accept(stream, Options::new()).await;
            drops += drop_server(seed, open, b"\r\n\r\n").await;
        }
        assert!(drops > 50, "{drops}");
    });
}

#[test]
fn a_server_can_be_dropped_while_it_decides() {
    assert_no_leak(async || {
        let mut drops = 0;
        for seed in SEEDS {
            drops += drop_server(seed, decided, b"\r\n\r\n\x81\x07welcome").await;
        }
        assert!(drops > 200, "{drops}");
    });
}

#[test]
fn a_client_can_be_dropped_while_it_connects() {
    assert_no_leak(async || {
        let mut drops = 0;
        for seed in SEEDS {
            drops += drop_client(seed).await;
        }
        assert!(drops > 100, "{drops}");
    });
}

#[tokio::test]
async fn a_client_can_be_dropped_while_it_connects_by_uri() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}/", listener.local_addr().unwrap());
    let (accepted, mut servers) = mpsc::unbounded_channel();
    let accepting = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            accepted.send(tokio::spawn(echo(stream))).unwrap();
        }
    });
    for polls in 1.. {
        if let Some(opened) = give_up(connect(&uri, Options::new()), polls).await {
            drop(opened.unwrap());
            break;
        }
    }
    // The last one was open, so all before it have been accepted.
    assert_left(servers.recv().await.unwrap()).await;
    while let Ok(server) = servers.try_recv() {
        assert_left(server).await;
    }
    accepting.abort();
}
