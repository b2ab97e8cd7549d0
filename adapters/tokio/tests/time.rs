//! Sockets whose program is busy, silent or slow: what waits for the peer begins when it is sent, and no event is lost.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::REQUEST;
use futures_util::SinkExt;
use sansocket_tokio::{
    Error, Options, WebSocket, accept, accept_with, connect_over,
    sansocket::{CloseCode, Config, Delivery, Event, client::Request, keepalive::Timeouts, server::Accept},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    select,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

/// The events and the end of a socket.
type Seen = (Vec<Event<'static>>, Result<(), Error>);

/// Receives to the end.
async fn drain<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(mut socket: WebSocket<S>) -> Seen {
    let mut events = Vec::new();
    while socket.ready().await {
        while let Some((event, _)) = socket.event() {
            events.push(event.into_owned());
        }
    }
    let outcome = socket.outcome();
    (events, outcome)
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A client with this transport that sends no Pings, as a browser.
async fn browser(stream: DuplexStream) -> WebSocket<DuplexStream> {
    let options = Options { timeouts: Timeouts::new().ping_interval(None), ..Options::new() };
    connect_over(stream, &Request::new("ws://a/").unwrap(), options).await.unwrap()
}

async fn pair() -> (WebSocket<DuplexStream>, JoinHandle<Seen>) {
    let (near, far) = duplex(1 << 16);
    let server = tokio::spawn(async move { drain(accept(near, Options::new()).await.unwrap()).await });
    (connect_over(far, &Request::new("ws://a/").unwrap(), Options::new()).await.unwrap(), server)
}

#[tokio::test(start_paused = true)]
async fn a_close_after_a_silence_is_answered() {
    for silence in [1, 9, 11, 15, 19] {
        let (mut client, server) = pair().await;
        select! {
            () = async { while client.ready().await { while client.event().is_some() {} } } => panic!("closed"),
            () = sleep(seconds(silence)) => {}
        }
        client.close(CloseCode::NORMAL).await.unwrap();
        assert_eq!(client.ending().map(|ending| (ending.code, ending.clean)), Some((1000, true)));
        assert!(server.await.unwrap().1.is_ok());

        let (mut client, server) = pair().await;
        select! {
            () = async { while client.ready().await { while client.event().is_some() {} } } => panic!("closed"),
            () = sleep(seconds(silence)) => {}
        }
        SinkExt::close(&mut client).await.unwrap();
        assert!(server.await.unwrap().1.is_ok());
    }
}

/// The Ping is due while the program receives, and is written only once the work is done.
#[tokio::test(start_paused = true)]
async fn a_program_may_work_for_longer_than_a_pong_may_take() {
    for is_flushed in [true, false] {
        let (near, far) = duplex(1 << 16);
        let server = tokio::spawn(async move {
            let mut socket = accept(near, Options::new()).await.unwrap();
            while socket.ready().await {
                let mut jobs = 0;
                while let Some((event, _)) = socket.event() {
                    jobs += u64::from(matches!(event, Event::Text(_)));
                }
                for _ in 0..jobs {
                    sleep(seconds(25)).await;
                    socket.session().send_text("done").unwrap();
                    if is_flushed {
                        socket.flush().await.unwrap();
                    }
                }
            }
            socket.outcome()
        });
        let mut client = browser(far).await;
        let (mut done, start) = (0, Instant::now());
        for at in [19, 20] {
            let job = tokio::time::sleep_until(start + seconds(at));
            tokio::pin!(job);
            loop {
                select! {
                    true = client.ready() => while client.event().is_some() {},
                    () = &mut job => break,
                    else => panic!("closed"),
                }
            }
            client.session().send_text("job").unwrap();
            client.flush().await.unwrap();
        }
        while done < 2 && client.ready().await {
            while let Some((event, _)) = client.event() {
                done += i32::from(matches!(event, Event::Text(_)));
            }
        }
        assert_eq!(done, 2, "the server gave up: {:?}", client.ending());
        client.close(CloseCode::NORMAL).await.unwrap();
        server.await.unwrap().unwrap();
    }
}

/// The Pong is in the transport while another branch works.
#[tokio::test(start_paused = true)]
async fn a_pong_that_was_not_read_yet_counts() {
    for replies in [false, true] {
        let (near, far) = duplex(1 << 16);
        let server = tokio::spawn(async move {
            let mut socket = accept(near, Options::new()).await.unwrap();
            let work = sleep(Duration::from_millis(20_050));
            tokio::pin!(work);
            let mut is_done = false;
            loop {
                select! {
                    is_open = socket.ready() => {
                        while socket.event().is_some() {}
                        if !is_open {
                            return socket.outcome();
                        }
                    }
                    () = &mut work, if !is_done => {
                        is_done = true;
                        sleep(seconds(25)).await;
                        if replies {
                            socket.session().send_text("done").unwrap();
                        }
                    }
                }
            }
        });
        let mut client = browser(far).await;
        let start = Instant::now();
        while start.elapsed() < seconds(90) {
            if let Ok(is_open) = timeout(seconds(1), client.ready()).await {
                assert!(is_open, "the server gave up after {:?}", start.elapsed());
                while client.event().is_some() {}
            }
        }
        client.close(CloseCode::NORMAL).await.unwrap();
        server.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_decision_may_take_longer_than_silence_may() {
    let (near, far) = duplex(1 << 16);
    let server = tokio::spawn(async move {
        let options = Options { timeouts: Timeouts::new().idle(Some(seconds(3))), ..Options::new() };
        let socket = accept_with(near, options, async |session, request| {
            sleep(seconds(5)).await;
            session.accept(request, Accept::new()).unwrap();
        });
        drain(socket.await.unwrap()).await
    });
    let mut client = browser(far).await;
    sleep(seconds(2)).await;
    client.close(CloseCode::NORMAL).await.unwrap();
    assert!(server.await.unwrap().1.is_ok());
}

/// The client reads the response, and has its time to close the transport.
#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_answered_gets_a_response_and_the_time_to_close() {
    for (opening, decision, status, end) in [(10, 100, 408, 20), (60, 30, 503, 40)] {
        let (mut near, far) = duplex(1 << 16);
        let start = Instant::now();
        let server = tokio::spawn(async move {
            let timeouts = Timeouts::new().opening(Some(seconds(opening)));
            let options = Options { timeouts, ..Options::new() };
            let result = accept_with(far, options, async |_, _| sleep(seconds(decision)).await).await;
            (result.is_err(), start.elapsed().as_secs())
        });
        near.write_all(REQUEST).await.unwrap();
        let mut response = Vec::new();
        near.read_to_end(&mut response).await.unwrap();
        assert!(response.starts_with(format!("HTTP/1.1 {status} ").as_bytes()), "{status}");
        // It leaves its side open.
        assert_eq!(server.await.unwrap(), (true, end));
    }
}

fn frame(first: u8, data: &[u8]) -> Vec<u8> {
    let len = u8::try_from(data.len()).unwrap();
    [&[first, 0x80 | len, 0, 0, 0, 0][..], data].concat()
}

/// Events of every kind, with the request in one read, one at a time, with a flush after each.
#[tokio::test]
async fn no_event_is_lost_while_the_socket_sends() {
    let bytes = [
        &frame(0x02, b"one ")[..],
        &frame(0x89, b"p"),
        &frame(0x00, b"two "),
        &frame(0x80, b"three"),
        &frame(0x81, b"\xff"),
        &frame(0x88, &[3, 0xe8]),
    ]
    .concat();
    let config = Config::new().delivery(Delivery::Chunks).allow_invalid_utf8(true);
    for is_with_request in [true, false] {
        let (mut near, far) = duplex(1 << 16);
        near.write_all(REQUEST).await.unwrap();
        if is_with_request {
            near.write_all(&bytes).await.unwrap();
        }
        let accept = accept_with(far, Options::new(), async |session, request| {
            session.accept(request, Accept::new().config(config)).unwrap();
        });
        let mut socket = accept.await.unwrap();
        if !is_with_request {
            near.write_all(&bytes).await.unwrap();
        }
        near.shutdown().await.unwrap();
        let (mut data, mut ends, mut closes) = (Vec::new(), 0, 0);
        while socket.ready().await {
            if let Some((event, session)) = socket.event() {
                match event {
                    Event::BinaryChunk { data: chunk, last }
                    | Event::UncheckedTextChunk { data: chunk, last } => {
                        data.extend_from_slice(&chunk);
                        ends += u32::from(last);
                    }
                    Event::Close(_) => closes += 1,
                    Event::Ping(_) => {}
                    event => panic!("{event:?}"),
                }
                let _ = session.send_text("progress");
            }
            let _ = socket.flush().await;
        }
        assert_eq!((&data[..], ends, closes), (&b"one two three\xff"[..], 2, 1), "{is_with_request}");
        socket.outcome().unwrap();
        drop(socket);
        let mut out = Vec::new();
        near.read_to_end(&mut out).await.unwrap();
        assert!(out.ends_with(&[0x88, 2, 3, 0xe8]));
    }
}
