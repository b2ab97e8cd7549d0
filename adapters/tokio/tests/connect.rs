//! Connecting by URI: TCP, TLS, deadlines and rejections.

mod common;

use std::{io::ErrorKind, time::Duration};

use common::{echo, text};
use futures_util::StreamExt as _;
use sansocket_tokio::{
    Error, Options, connect,
    sansocket::{
        Close, CloseCode,
        keepalive::{Timeout, Timeouts},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// Options with a short time to open.
fn hasty() -> Options {
    Options { timeouts: Timeouts::new().opening(Some(Duration::from_millis(300))), ..Options::new() }
}

#[tokio::test]
async fn it_connects_over_tcp_by_uri() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { echo(listener.accept().await.unwrap().0).await });
    let mut socket = connect(&format!("ws://{address}/"), Options::new()).await.unwrap();
    socket.send(text("Grüße")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), text("Grüße"));
    socket.close(Close::new(CloseCode::NORMAL, "bye").unwrap()).await.unwrap();
    assert_eq!(socket.session().ending().unwrap().reason, "bye");
    server.await.unwrap().unwrap();
    assert!(matches!(connect("ftp://a/", Options::new()).await, Err(Error::Uri(_))));
    assert!(matches!(connect(&format!("ws://{address}/"), Options::new()).await, Err(Error::Io(_))));
    if !cfg!(feature = "tls") {
        assert!(
            matches!(connect("wss://a/", Options::new()).await, Err(Error::Io(error)) if error.kind() == ErrorKind::Unsupported)
        );
    }
}

/// The loopback interface is the first on Linux; an interface that does not exist cannot be connected through.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_zone_of_an_address_is_used_to_connect_and_not_sent() {
    let Ok(listener) = TcpListener::bind("[::1]:0").await else {
        eprintln!("not run: there is no IPv6 here");
        return;
    };
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        String::from_utf8(head).unwrap()
    });
    let missing = connect(&format!("ws://[::1%25nosuchzone]:{port}/"), Options::new()).await;
    assert!(matches!(missing, Err(Error::Io(_))));
    let proxy = format!("http://[::1%25nosuchzone]:{port}").parse().unwrap();
    assert!(matches!(
        connect("ws://h/", Options { proxy: Some(proxy), ..Options::new() }).await,
        Err(Error::Io(_))
    ));
    let error = connect(&format!("ws://[::1%251]:{port}/"), Options::new()).await.unwrap_err();
    assert!(matches!(&error, Error::Rejected(response) if response.status() == 403), "{error:?}");
    assert_eq!(error.name(), "client_rejected");
    assert!(server.await.unwrap().contains(&format!("\r\nHost: [::1]:{port}\r\n")));
}

#[tokio::test]
async fn a_rejection_that_stalls_is_a_rejection_with_what_has_arrived() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nbecause").await.unwrap();
        // Until the client has left.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let Err(Error::Rejected(response)) = connect(&format!("ws://{address}/"), hasty()).await else {
        panic!("not rejected")
    };
    assert_eq!((response.status(), response.body()), (403, &b"because"[..]));
    server.await.unwrap();
}

#[tokio::test]
async fn the_opening_timeout_covers_a_server_that_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let schemes: &[&str] = if cfg!(feature = "tls") { &["ws", "wss"] } else { &["ws"] };
    for scheme in schemes {
        let error = connect(&format!("{scheme}://{address}/"), hasty()).await.unwrap_err();
        assert!(matches!(error, Error::Timeout(Timeout::Opening)), "{scheme} {error:?}");
    }
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn wss_needs_a_certificate_that_the_configuration_trusts() {
    let (connector, acceptor) = common::tls();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        assert!(acceptor.accept(listener.accept().await.unwrap().0).await.is_err());
        echo(acceptor.accept(listener.accept().await.unwrap().0).await.unwrap()).await
    });
    let uri = format!("wss://localhost:{port}/");
    // Not one of the authorities of browsers.
    assert!(matches!(connect(&uri, Options::new()).await, Err(Error::Io(_))));
    let mut socket =
        connect(&uri, Options { tls: Some(connector.config().clone()), ..Options::new() }).await.unwrap();
    for len in [1, 70_000] {
        socket.send(text(&"x".repeat(len))).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), text(&"x".repeat(len)));
    }
    socket.close(CloseCode::NORMAL).await.unwrap();
    server.await.unwrap().unwrap();
}
