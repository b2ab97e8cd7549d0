//! An echo server, TLS, and a transport that is pending at random and moves few bytes at a time.
#![allow(dead_code, reason = "each test uses its part")]

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use sansocket_tokio::{Error, Message, Options, accept};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        pki_types::{PrivateKeyDer, pem::PemObject as _},
    },
};

pub fn text(text: &str) -> Message {
    Message::Text(text.into())
}

/// A client's request.
pub const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

pub async fn echo<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> Result<(), Error> {
    let mut socket = accept(stream, Options::new()).await?;
    while socket.ready().await {
        while let Some((event, session)) = socket.event() {
            session.send_event(event)?;
        }
    }
    socket.outcome()
}

/// Polls a future a few times, then drops it.
pub async fn give_up<T>(future: impl Future<Output = T>, polls: u32) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut left = polls;
    std::future::poll_fn(|cx| {
        if let std::task::Poll::Ready(result) = future.as_mut().poll(cx) {
            return std::task::Poll::Ready(Some(result));
        }
        left -= 1;
        cx.waker().wake_by_ref();
        if left == 0 { std::task::Poll::Ready(None) } else { std::task::Poll::Pending }
    })
    .await
}

/// A client and a server with TLS between them, whose streams take few bytes at a time.
pub fn tls() -> (TlsConnector, TlsAcceptor) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).unwrap();
    let certificates = vec![made.cert.der().clone()];
    let mut server =
        ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key).unwrap();
    server.max_fragment_size = Some(1024);
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    (TlsConnector::from(Arc::new(client)), TlsAcceptor::from(Arc::new(server)))
}

pub struct Flaky {
    stream: DuplexStream,
    state: u64,
}

impl Flaky {
    pub fn new(stream: DuplexStream, seed: u64) -> Self {
        Self { stream, state: seed | 1 }
    }

    /// Whether to do nothing this time. Else at most this many bytes.
    fn chance(&mut self, cx: &Context<'_>) -> Option<usize> {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        if self.state.is_multiple_of(3) {
            cx.waker().wake_by_ref();
            return None;
        }
        Some(usize::try_from(self.state >> 32).unwrap() % 700 + 1)
    }
}

impl AsyncRead for Flaky {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(most) = self.chance(cx) else { return Poll::Pending };
        let mut part = buf.take(most);
        let result = Pin::new(&mut self.stream).poll_read(cx, &mut part);
        let count = part.filled().len();
        buf.advance(count);
        result
    }
}

impl AsyncWrite for Flaky {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Some(most) = self.chance(cx) else { return Poll::Pending };
        Pin::new(&mut self.stream).poll_write(cx, &bytes[..bytes.len().min(most)])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.chance(cx).is_none() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.chance(cx).is_none() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
