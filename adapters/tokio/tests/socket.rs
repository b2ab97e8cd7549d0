//! The adapter over transports in memory and over TLS: messages, backpressure, cancellation, and every way to end.

mod common;

use std::time::Duration;

use common::{Flaky, REQUEST, echo, give_up, text, tls};
use futures_util::{SinkExt as _, StreamExt as _};
use sansocket_tokio::{
    Error, Message, Options, WebSocket, accept, accept_with, connect_over,
    sansocket::{
        CloseCode, Config, Event, ProtocolError, SendError,
        client::Request,
        handshake::{HandshakeError, HandshakeLimits, Tolerance},
        keepalive::{Timeout, Timeouts},
        server::Accept,
    },
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, duplex},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_rustls::rustls::pki_types::ServerName;

fn request() -> Request {
    Request::new("ws://localhost/").unwrap()
}

/// A client of an echo server.
async fn client<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> WebSocket<S> {
    connect_over(stream, &request(), Options::new()).await.unwrap()
}

/// A client that speaks for itself, once it is open.
async fn raw() -> (DuplexStream, tokio::task::JoinHandle<Result<(), Error>>) {
    let (mut near, far) = duplex(4096);
    let server = tokio::spawn(echo(far));
    near.write_all(REQUEST).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(near.read_u8().await.unwrap());
    }
    (near, server)
}

#[tokio::test]
async fn messages_go_both_ways_and_the_end_is_clean_on_both_sides() {
    let (near, far) = duplex(1000);
    let server = tokio::spawn(echo(far));
    let mut socket = client(near).await;
    assert_eq!(socket.response().unwrap().status(), 101);
    for len in [0, 1, 125, 126, 70_000, 1 << 20] {
        let message = Message::Binary(vec![7; len]);
        let (mut sink, mut stream) = socket.split();
        let (sent, received) = tokio::join!(sink.send(message.clone()), stream.next());
        sent.unwrap();
        assert_eq!(received.unwrap().unwrap(), message, "{len}");
        socket = sink.reunite(stream).unwrap();
    }
    socket.close(CloseCode::NORMAL).await.unwrap();
    assert!(matches!(socket.send(text("late")).await, Err(Error::Send(SendError::ConnectionClosing))));
    assert!(socket.next().await.is_none());
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn two_tasks_send_and_receive_at_the_same_time() {
    let (near, far) = duplex(4096);
    let server = tokio::spawn(echo(far));
    let (mut sink, mut stream) = client(near).await.split();
    let sender = tokio::spawn(async move {
        for number in 0..2000_u32 {
            sink.send(Message::Binary(number.to_be_bytes().repeat(100))).await.unwrap();
        }
        sink
    });
    for number in 0..2000_u32 {
        let message = stream.next().await.unwrap().unwrap();
        assert_eq!(message, Message::Binary(number.to_be_bytes().repeat(100)));
    }
    let mut sink = sender.await.unwrap();
    let (closed, end) = tokio::join!(sink.close(), stream.next());
    closed.unwrap();
    assert!(end.is_none());
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn whatever_is_cancelled_nothing_is_lost() {
    for seed in 1..60_u64 {
        let (near, far) = duplex(512);
        let server = tokio::spawn(echo(Flaky::new(far, seed * 77)));
        let mut socket = client(Flaky::new(near, seed)).await;
        let mut received = Vec::new();
        for number in 0..40_u32 {
            // It is handed over with the first poll, since there is room.
            let message = text(&format!("{number} {}", "x".repeat(number as usize * 20)));
            let polls = u32::try_from(seed).unwrap() % 4 + 1;
            let _ = give_up(socket.send(message.clone()), polls).await.transpose().unwrap();
            while let Some(Some(message)) = give_up(socket.next(), polls).await {
                received.push(message.unwrap());
            }
            let _ = give_up(socket.flush(), polls).await;
            if give_up(socket.ready(), polls).await.is_some() {
                while let Some((event, _)) = socket.event() {
                    if let Event::Text(text) = event {
                        received.push(Message::Text(text.into_owned()));
                    }
                }
            }
        }
        while received.len() < 40 {
            received.push(socket.next().await.unwrap().unwrap());
        }
        for (number, message) in received.iter().enumerate() {
            assert_eq!(*message, text(&format!("{number} {}", "x".repeat(number * 20))), "seed {seed}");
        }
        while give_up(socket.close(CloseCode::NORMAL), 1).await.is_none() {
            tokio::task::yield_now().await;
        }
        socket.outcome().unwrap();
        server.await.unwrap().unwrap();
    }
}

/// An echo server whose futures are all dropped after some polls.
async fn cancelled_echo(stream: Flaky, polls: u32) -> Result<(), Error> {
    let mut socket = accept(stream, Options::new()).await?;
    loop {
        match give_up(socket.ready(), polls).await {
            Some(false) => return socket.outcome(),
            Some(true) => {}
            None => tokio::task::yield_now().await,
        }
        while let Some((event, session)) = socket.event() {
            if let Event::Text(text) = event {
                session.send_text(&text)?;
            }
        }
        let _ = give_up(socket.flush(), polls).await;
    }
}

#[tokio::test]
async fn a_server_whose_futures_are_dropped_echoes_everything_and_closes() {
    for seed in 1..30_u64 {
        let (near, far) = duplex(300);
        let polls = u32::try_from(seed).unwrap() % 3 + 1;
        let server = tokio::spawn(cancelled_echo(Flaky::new(far, seed * 131), polls));
        let (mut sink, mut stream) = client(Flaky::new(near, seed * 37)).await.split();
        let sending = async {
            for number in 0..50_usize {
                sink.send(text(&"x".repeat(number * 31))).await.unwrap();
            }
        };
        let receiving = async {
            for number in 0..50_usize {
                assert_eq!(stream.next().await.unwrap().unwrap(), text(&"x".repeat(number * 31)));
            }
        };
        tokio::join!(sending, receiving);
        sink.close().await.unwrap();
        server.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn what_rude_peers_send_ends_with_its_code_and_cause() {
    let cases: [(&[u8], u16, ProtocolError); 7] = [
        (b"\x81\x00", 1002, ProtocolError::UnmaskedFrame),
        (b"\x83\x80", 1002, ProtocolError::ReservedOpcode(3)),
        (b"\x80\x80", 1002, ProtocolError::UnexpectedContinuation),
        (b"\x89\xfe", 1002, ProtocolError::ControlFrameTooLong),
        (b"\x88\x81\0\0\0\0x", 1002, ProtocolError::TruncatedCloseCode),
        (b"\x81\x81\0\0\0\0\xff", 1007, ProtocolError::InvalidUtf8),
        (
            b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff",
            1009,
            ProtocolError::FrameTooLong { limit: 64 << 20, len: i64::MAX as u64 },
        ),
    ];
    for (bytes, code, expected) in cases {
        let (mut near, server) = raw().await;
        // It goes on sending, whatever it is told.
        near.write_all(bytes).await.unwrap();
        near.write_all(&[0x55; 3000]).await.unwrap();
        let mut rest = Vec::new();
        near.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest[..4], [&[0x88, 2][..], &code.to_be_bytes()].concat(), "{expected}");
        drop(near);
        let result = server.await.unwrap();
        assert!(matches!(result, Err(Error::Protocol(error)) if error == expected), "{result:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_sends_a_byte_a_second_is_served_and_one_that_stops_is_not() {
    let (mut near, server) = raw().await;
    for byte in b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58" {
        near.write_all(&[*byte]).await.unwrap();
        sleep(Duration::from_secs(19)).await;
    }
    let mut said = vec![0; 7];
    // After the Pings of that time.
    while said[..] != *b"\x81\x05Hello" {
        said.remove(0);
        said.push(near.read_u8().await.unwrap());
    }
    // It declares a long message, and sends nothing of it.
    near.write_all(b"\x82\xfe\xff\xff\0\0\0\0").await.unwrap();
    let mut said = Vec::new();
    near.read_to_end(&mut said).await.unwrap();
    assert!(said.ends_with(b"\x03\xf3keep-alive timeout"));
    assert!(matches!(server.await.unwrap(), Err(Error::Timeout(Timeout::Pong))));
}

#[tokio::test]
async fn a_peer_that_breaks_the_protocol_is_told_and_the_cause_is_named() {
    let (mut near, server) = raw().await;
    near.write_all(b"\xf1").await.unwrap();
    let mut rest = Vec::new();
    near.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"\x88\x02\x03\xea");
    drop(near);
    assert!(matches!(server.await.unwrap(), Err(Error::Protocol(ProtocolError::ReservedBits))));
}

#[tokio::test]
async fn a_peer_that_leaves_is_an_unexpected_end() {
    let (near, server) = raw().await;
    drop(near);
    let error = server.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::UnexpectedEof | Error::Io(_)), "{error:?}");
    let (near, far) = duplex(4096);
    let server = tokio::spawn(accept(far, Options::new()));
    let mut socket = client(near).await;
    drop(server.await.unwrap().unwrap());
    assert!(matches!(socket.next().await, Some(Err(Error::UnexpectedEof | Error::Io(_)))));
    // It is reported once.
    assert!(socket.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_ends() {
    let (mut near, far) = duplex(4096);
    let server = tokio::spawn(echo(far));
    near.write_all(b"GET").await.unwrap();
    let mut answer = String::new();
    near.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    drop(near);
    assert!(matches!(server.await.unwrap(), Err(Error::Timeout(Timeout::Opening))));

    // It answers no Ping.
    let (mut near, server) = raw().await;
    let mut said = Vec::new();
    near.read_to_end(&mut said).await.unwrap();
    assert_eq!(
        (&said[..2], &said[said.len() - 20..]),
        (&b"\x89\x08"[..], &b"\x03\xf3keep-alive timeout"[..])
    );
    assert!(matches!(server.await.unwrap(), Err(Error::Timeout(Timeout::Pong))));

    // It does not answer a Close.
    let (near, far) = duplex(4096);
    let server = tokio::spawn(async move {
        let mut socket = accept(far, Options::new()).await?;
        socket.close(CloseCode::GOING_AWAY).await
    });
    let _near = connect_over(near, &request(), Options::new()).await.unwrap();
    assert!(matches!(server.await.unwrap(), Err(Error::Timeout(Timeout::CloseHandshake))));

    // A server that does not answer the request.
    let (near, _far) = duplex(4096);
    let error = connect_over(near, &request(), Options::new()).await.unwrap_err();
    assert!(matches!(error, Error::Timeout(Timeout::Opening)));
}

#[tokio::test(start_paused = true)]
async fn pings_keep_an_idle_connection_open() {
    let (near, far) = duplex(4096);
    let server = tokio::spawn(echo(far));
    let mut socket = client(near).await;
    assert!(timeout(Duration::from_secs(3600), socket.next()).await.is_err());
    assert!(socket.session().round_trip().is_some());
    socket.send(text("still there")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), text("still there"));
    socket.close(None).await.unwrap();
    server.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_decision_of_a_server_may_wait_and_reject() {
    let (near, far) = duplex(4096);
    let server = tokio::spawn(accept_with(far, Options::new(), async |session, request| {
        sleep(Duration::from_secs(3)).await;
        let protocol = request.subprotocols().next().map(str::to_owned);
        session.accept(request, Accept::new().subprotocol(&protocol.unwrap())).unwrap();
        session.send_text("welcome").unwrap();
    }));
    let mut socket = connect_over(near, &request().subprotocol("chat"), Options::new()).await.unwrap();
    assert_eq!(socket.response().unwrap().subprotocol(), Some("chat"));
    let mut server = server.await.unwrap().unwrap();
    server.flush().await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), text("welcome"));

    let cases: [(u64, Option<u16>, u16); 3] = [(0, Some(401), 401), (0, None, 503), (60, None, 408)];
    for (seconds, status, seen) in cases {
        let (near, far) = duplex(4096);
        let server = tokio::spawn(accept_with(far, Options::new(), async move |session, request| {
            sleep(Duration::from_secs(seconds)).await;
            if let Some(status) = status {
                session.reject(request, status, &[], b"body").unwrap();
            }
        }));
        let patient = Options { timeouts: Timeouts::new().opening(None), ..Options::new() };
        let Err(Error::Rejected(response)) = connect_over(near, &request(), patient).await else {
            panic!("not rejected")
        };
        assert_eq!(response.status(), seen);
        assert!(server.await.unwrap().is_err());
    }
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_not_read_from() {
    let (near, far) = duplex(4096);
    let _server = tokio::spawn(echo(far));
    let (mut sink, stream) = client(near).await.split();
    let mut sent = 0;
    while timeout(Duration::from_millis(200), sink.send(Message::Binary(vec![7; 10_000]))).await.is_ok() {
        sent += 1;
        assert!(sent < 100, "the server reads on");
    }
    drop(stream);
}

#[tokio::test]
async fn a_sink_alone_answers_pings_and_sees_the_close() {
    let (mut near, far) = duplex(4096);
    let server = tokio::spawn(accept(far, Options::new()));
    near.write_all(REQUEST).await.unwrap();
    let mut server = server.await.unwrap().unwrap();
    near.write_all(b"\x89\x80\0\0\0\0\x88\x82\0\0\0\0\x03\xe8").await.unwrap();
    let sending = tokio::spawn(async move {
        while server.send(Message::Binary(vec![7; 3000])).await.is_ok() {}
        server.close(None).await
    });
    let mut seen = Vec::new();
    near.read_to_end(&mut seen).await.unwrap();
    assert!(seen.windows(2).any(|bytes| bytes == b"\x8a\0") && seen.ends_with(b"\x88\x02\x03\xe8"));
    drop(near);
    sending.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_rejection_comes_with_its_response_and_other_answers_are_errors() {
    for (answer, expected) in [
        ("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", 0),
        ("SSH-2.0-x\r\n", 0),
    ] {
        let (near, mut far) = duplex(4096);
        far.write_all(answer.as_bytes()).await.unwrap();
        match connect_over(near, &request(), Options::new()).await.unwrap_err() {
            Error::Rejected(response) => assert_eq!(response.status(), expected),
            Error::Handshake { first_bytes: bytes, refused, .. } => {
                // Only a response that could be read is in the error.
                let status = refused.map(|response| response.status());
                assert_eq!(status, answer.starts_with("HTTP").then_some(101), "{answer}");
                // To the byte that decides, or 16 bytes of a head that is complete and wrong.
                let shown = if answer.starts_with("SSH") { "S" } else { "HTTP/1.1 101 Swi" };
                assert_eq!((expected, bytes.as_bytes()), (0, shown.as_bytes()));
            }
            error => panic!("{error:?}"),
        }
    }
    let (near, far) = duplex(4096);
    drop(far);
    let error = connect_over(near, &request(), Options::new()).await.unwrap_err();
    assert!(
        matches!(error, Error::Handshake { error: HandshakeError::IncompleteHandshake, .. } | Error::Io(_)),
        "{error:?}"
    );
    let (mut near, far) = duplex(4096);
    near.write_all(b"POST / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    drop(near);
    let error = accept(far, Options::new()).await.unwrap_err();
    assert!(
        matches!(error, Error::Handshake { error: HandshakeError::InvalidMethod, .. } | Error::Io(_)),
        "{error:?}"
    );
}

#[tokio::test]
async fn over_tls_with_small_buffers_every_answer_arrives_whole() {
    let (connector, acceptor) = tls();
    let (near, far) = duplex(8 << 10);
    let server = tokio::spawn(async move { echo(acceptor.accept(far).await.unwrap()).await });
    let stream = connector.connect(ServerName::try_from("localhost").unwrap(), near).await.unwrap();
    let mut socket = client(stream).await;
    for len in [1, 8 << 10, 24 << 10, 300_000] {
        let message = Message::Binary(vec![7; len]);
        let (mut sink, mut stream) = socket.split();
        let (sent, received) =
            tokio::join!(sink.send(message.clone()), timeout(Duration::from_secs(10), stream.next()));
        sent.unwrap();
        assert_eq!(received.unwrap().unwrap().unwrap(), message);
        socket = sink.reunite(stream).unwrap();
    }
    // With a close_notify on both sides.
    socket.close(CloseCode::NORMAL).await.unwrap();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_tls_end_without_close_notify_is_clean_only_after_a_close() {
    let (connector, acceptor) = tls();
    for closes in [true, false] {
        let (near, far) = duplex(64 << 10);
        let acceptor = acceptor.clone();
        let server = tokio::spawn(async move { echo(acceptor.accept(far).await.unwrap()).await });
        let stream = connector.connect(ServerName::try_from("localhost").unwrap(), near).await.unwrap();
        let mut socket = client(stream).await;
        if closes {
            socket.session().close(CloseCode::NORMAL).unwrap();
            while !matches!(socket.event(), Some((Event::Close(_), _))) {
                assert!(socket.ready().await);
            }
        }
        // The transport is gone below TLS.
        drop(socket);
        let result = server.await.unwrap();
        assert_eq!(result.is_ok(), closes, "{result:?}");
        assert!(closes || matches!(result, Err(Error::Io(_) | Error::UnexpectedEof)));
    }
}

#[tokio::test]
async fn ten_thousand_connections_are_served_at_the_same_time() {
    let mut sockets = Vec::new();
    for _ in 0..10_000 {
        let (near, far) = duplex(256);
        tokio::spawn(echo(far));
        sockets.push(client(near).await);
    }
    for round in 0..2 {
        for (number, socket) in sockets.iter_mut().enumerate() {
            socket.send(text(&format!("{round} {number}"))).await.unwrap();
        }
        for (number, socket) in sockets.iter_mut().enumerate() {
            assert_eq!(socket.next().await.unwrap().unwrap(), text(&format!("{round} {number}")));
        }
    }
}

#[tokio::test]
async fn timeouts_can_be_set() {
    let options = Options { timeouts: Timeouts::new().ping_interval(None), ..Options::new() };
    let (near, far) = duplex(4096);
    let server = tokio::spawn(echo(far));
    let mut socket = connect_over(near, &request(), options).await.unwrap();
    assert_eq!(socket.session().deadline(), None);
    socket.close(None).await.unwrap();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_types_can_move_between_threads() {
    fn check<T: Send>() {}
    check::<WebSocket<TcpStream>>();
    check::<WebSocket<Box<dyn sansocket_tokio::Io>>>();
    check::<Error>();
}

/// A charge point, whose key is short, and which sends text in another encoding.
#[tokio::test]
async fn a_tolerant_server_lets_a_peer_in_that_is_not_quite_right() {
    let request = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n\x81\x84\0\0\0\0caf\xe9";
    for tolerance in [Tolerance::new().allow_any_key(true), Tolerance::new()] {
        let (mut peer, server) = duplex(4096);
        peer.write_all(request).await.unwrap();
        peer.shutdown().await.unwrap();
        let options = Options { limits: HandshakeLimits::new().tolerance(tolerance), ..Options::new() };
        let accepted = accept_with(server, options, async |session, request| {
            let accept = Accept::new().config(Config::new().allow_invalid_utf8(true));
            session.accept(request, accept).unwrap();
        });
        match accepted.await {
            Ok(mut socket) if tolerance != Tolerance::new() => {
                assert_eq!(socket.next().await.unwrap().unwrap(), Message::Binary(b"caf\xe9".to_vec()));
            }
            Err(Error::Handshake { error: HandshakeError::InvalidKey, .. })
                if tolerance == Tolerance::new() => {}
            other => panic!("{:?}", other.map(drop)),
        }
    }
}
