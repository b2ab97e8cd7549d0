//! Connecting through proxies: one in the test, tinyproxy and microsocks.

mod common;
#[path = "../../../tests/common/proxies.rs"]
#[allow(clippy::pedantic, reason = "it is checked by the package that it belongs to")]
mod proxies;

use std::{io, net::SocketAddr, time::Duration};

use common::{echo, text};
use futures_util::StreamExt as _;
use proxies::{Proxy, can_be_run, config_file};
use sansocket_tokio::{
    Error, Io, Options, WebSocket, connect,
    sansocket::{
        CloseCode,
        keepalive::{Timeout, Timeouts},
        proxy::{self, socks5},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A server for one connection.
async fn listen<T: Send + 'static, F: Future<Output = T> + Send>(
    serve: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream).await
    };
    (address, tokio::spawn(task))
}

fn by(proxy: &str) -> Options {
    Options { proxy: Some(proxy.parse().unwrap()), ..Options::new() }
}

async fn converse(mut socket: WebSocket<Box<dyn Io>>) {
    for len in [1, 70_000] {
        socket.send(text(&"x".repeat(len))).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), text(&"x".repeat(len)));
    }
    socket.close(CloseCode::NORMAL).await.unwrap();
}

/// An HTTP proxy for one tunnel, which answers byte by byte. Returns the request.
async fn http_proxy(mut client: TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.split(' ').nth(1).unwrap();
    let mut upstream = TcpStream::connect(target).await?;
    for byte in b"HTTP/1.1 200 Connection established\r\n\r\n" {
        client.write_all(&[*byte]).await?;
        tokio::task::yield_now().await;
    }
    copy_bidirectional(&mut client, &mut upstream).await?;
    Ok(head)
}

/// A SOCKS5 proxy for one tunnel, with a password. Returns the request.
async fn socks_proxy(mut client: TcpStream) -> io::Result<Vec<u8>> {
    let mut greeting = vec![0; 2];
    client.read_exact(&mut greeting).await?;
    client.read_exact(&mut vec![0; usize::from(greeting[1])]).await?;
    client.write_all(&[5, 2]).await?;
    let mut credentials = [0; 9];
    client.read_exact(&mut credentials).await?;
    assert_eq!(&credentials, b"\x01\x02me\x04p@ss");
    client.write_all(&[1, 0]).await?;
    let mut request = vec![0; 5];
    client.read_exact(&mut request).await?;
    let more = if request[3] == 1 { 5 } else { usize::from(request[4]) + 2 };
    request.resize(5 + more, 0);
    client.read_exact(&mut request[5..]).await?;
    let port = u16::from_be_bytes([request[3 + more], request[4 + more]]);
    let mut upstream = TcpStream::connect(("127.0.0.1", port)).await?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    copy_bidirectional(&mut client, &mut upstream).await?;
    Ok(request)
}

#[tokio::test]
async fn an_http_proxy_leads_to_the_server() {
    let (server, echoed) = listen(echo).await;
    let (proxy, request) = listen(http_proxy).await;
    let socket = connect(&format!("ws://{server}/"), by(&format!("http://me:pass@{proxy}"))).await.unwrap();
    converse(socket).await;
    echoed.await.unwrap().unwrap();
    let head = request.await.unwrap().unwrap();
    assert!(head.starts_with(&format!("CONNECT {server} HTTP/1.1\r\n")), "{head}");
    assert!(head.contains("\r\nProxy-Authorization: Basic bWU6cGFzcw==\r\n"), "{head}");
}

#[tokio::test]
async fn a_socks_proxy_gets_a_name_or_the_address_that_was_found() {
    for (scheme, kind) in [("socks5", 1), ("socks5h", 3)] {
        let (server, echoed) = listen(echo).await;
        let (proxy, request) = listen(socks_proxy).await;
        let host = if kind == 3 { "localhost" } else { "127.0.0.1" };
        let uri = format!("ws://{host}:{}/", server.port());
        converse(connect(&uri, by(&format!("{scheme}://me:p%40ss@{proxy}"))).await.unwrap()).await;
        echoed.await.unwrap().unwrap();
        assert_eq!(request.await.unwrap().unwrap()[..4], [5, 1, 0, kind]);
    }
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn wss_goes_through_a_proxy_and_to_a_proxy_over_tls() {
    let (connector, acceptor) = common::tls();
    let accept = acceptor.clone();
    let (server, echoed) = listen(move |stream| {
        let accept = accept.clone();
        async move { echo(accept.accept(stream).await.unwrap()).await }
    })
    .await;
    let (inner, request) = listen(http_proxy).await;
    // TLS in front of the proxy.
    let (outer, _) = listen(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let mut client = acceptor.accept(stream).await.unwrap();
            let mut proxy = TcpStream::connect(inner).await.unwrap();
            let _ = copy_bidirectional(&mut client, &mut proxy).await;
        }
    })
    .await;
    let options = Options {
        tls: Some(connector.config().clone()),
        ..by(&format!("https://localhost:{}", outer.port()))
    };
    converse(connect(&format!("wss://localhost:{}/", server.port()), options).await.unwrap()).await;
    echoed.await.unwrap().unwrap();
    let head = request.await.unwrap().unwrap();
    assert!(head.starts_with(&format!("CONNECT localhost:{} HTTP/1.1\r\n", server.port())), "{head}");
}

#[tokio::test]
async fn a_proxy_that_refuses_leaves_or_says_nothing_is_named() {
    let refuse = async |mut stream: TcpStream, answer: &'static [u8]| {
        let _ = stream.read(&mut [0; 512]).await;
        stream.write_all(answer).await.unwrap();
        stream
    };
    let (proxy, refused) = listen(move |stream| refuse(stream, b"HTTP/1.1 407 No\r\n\r\n")).await;
    let error = connect("ws://a.example/", by(&format!("http://{proxy}"))).await.unwrap_err();
    assert!(matches!(&error, Error::Proxy(proxy::Error::Rejected(response)) if response.status() == 407));
    assert_eq!(error.to_string(), "the proxy requires authentication with status 407");
    drop(refused);

    let (proxy, refused) = listen(move |stream| refuse(stream, &[5, 0xff])).await;
    let error = connect("ws://a.example/", by(&format!("socks5h://{proxy}"))).await.unwrap_err();
    assert!(
        matches!(error, Error::Proxy(proxy::Error::Socks5(socks5::Error::NoAcceptableMethod))),
        "{error:?}"
    );
    drop(refused);

    let (proxy, _) = listen(async |stream: TcpStream| drop(stream)).await;
    let error = connect("ws://a.example/", by(&format!("http://{proxy}"))).await.unwrap_err();
    assert!(matches!(error, Error::Proxy(proxy::Error::Http(_)) | Error::Io(_)), "{error:?}");

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = Options {
        timeouts: Timeouts::new().opening(Some(Duration::from_millis(300))),
        ..by(&format!("http://{}", silent.local_addr().unwrap()))
    };
    let error = connect("ws://a.example/", options).await.unwrap_err();
    assert!(matches!(error, Error::Timeout(Timeout::Opening)), "{error:?}");
}

#[tokio::test]
async fn tinyproxy_and_microsocks_lead_to_the_server() {
    let tinyproxy = |port: u16| {
        let config =
            format!("Port {port}\nListen 127.0.0.1\nTimeout 20\nAllow 127.0.0.1\nBasicAuth me secret\n");
        vec!["-d".into(), "-c".into(), config_file(port, &config)]
    };
    let microsocks = |port: u16| {
        let words = ["-i", "127.0.0.1", "-u", "me", "-P", "secret", "-p"];
        words.into_iter().map(str::to_owned).chain([port.to_string()]).collect()
    };
    let proxies = [
        can_be_run("tinyproxy", "-v", "SANSOCKET_TINYPROXY")
            .then(|| (&["http"][..], Proxy::start("tinyproxy", tinyproxy))),
        can_be_run("microsocks", "-?", "SANSOCKET_SOCKS")
            .then(|| (&["socks5", "socks5h"][..], Proxy::start("microsocks", microsocks))),
    ];
    for (schemes, proxy) in proxies.iter().flatten() {
        for scheme in *schemes {
            let (server, echoed) = listen(echo).await;
            let uri = format!("ws://localhost:{}/", server.port());
            let options = by(&format!("{scheme}://me:secret@127.0.0.1:{}", proxy.port));
            converse(connect(&uri, options).await.unwrap()).await;
            echoed.await.unwrap().unwrap();
            let options = by(&format!("{scheme}://me:wrong@127.0.0.1:{}", proxy.port));
            assert!(matches!(connect(&uri, options).await, Err(Error::Proxy(_))), "{scheme}");
        }
    }
}
