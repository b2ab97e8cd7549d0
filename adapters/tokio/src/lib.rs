//! WebSockets on tokio: the sessions of [`sansocket`] over any [`AsyncRead`] +
//! [`AsyncWrite`].
//!
//! [`accept`] and [`accept_with`] open a WebSocket as a server, [`connect`] and [`connect_over`] as a client. A [`WebSocket`] is
//! a [`Stream`](futures_core::Stream) and a [`Sink`](futures_sink::Sink) of [`Message`]s, and it lends events without a copy:
//!
//! ```no_run
//! use sansocket_tokio::{Error, Options, accept};
//! use tokio::net::TcpStream;
//!
//! async fn echo(stream: TcpStream) -> Result<(), Error> {
//!     let mut socket = accept(stream, Options::new()).await?;
//!     while socket.ready().await {
//!         while let Some((event, session)) = socket.event() {
//!             session.send_event(event)?;
//!         }
//!     }
//!     socket.outcome()
//! }
//! ```
//!
//! - **Timeouts and Pings are on by default**: 10 s to open, a Ping every 20 s, 20 s for a sign of life, 10 s to close.
//! - **Every method is cancel safe**: dropping a future loses neither messages nor bytes. A message that was handed over is sent
//!   by the next call; a [`send`](WebSocket::send) that still waits for room drops its message.
//! - **Backpressure**: nothing is read from a peer that does not read its responses, and a sink is ready only below its
//!   high-water mark. The messages of a sink do not stop reading, so two sides that both send much do not wait for each other.
//! - **Closing is complete**: the Close reply, a flush, the end of this side, and the end of the other side under a timer.
//!
//! `StreamExt::split` of `futures-util` makes two halves for two tasks; both are woken when the transport is ready. Keep reading
//! while you send: replies to Pings are only seen by reading.

/// Compiles the code of the page that visitors see first.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod connect;
mod socket;

pub use connect::{Io, connect, connect_over, connect_request};
pub use sansocket::{self, session::Message};
pub use socket::WebSocket;

use std::{io, time::Duration};

use sansocket::{
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    proxy::ProxyUri,
    server::{Accept, Request},
    session::Session,
};
use tokio::io::{AsyncRead, AsyncWrite};
#[cfg(feature = "tls")]
pub use tokio_rustls::rustls;

/// Why a WebSocket did not open, or did not end with a closing handshake.
///
/// It is [`Error::Io`] of the kind [`Unsupported`](io::ErrorKind::Unsupported) if TLS is needed and the feature `tls` is off.
pub type Error = sansocket::session::Error<io::Error>;

/// How to open a WebSocket. End a literal with `..Options::new()`, as there may be more fields in later versions.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The timeouts. That of the opening covers everything from the name look-up to the end of the handshake.
    pub timeouts: Timeouts,
    /// The limits of servers for a request, and which faults of it pass
    /// ([`Tolerance`](sansocket::handshake::Tolerance)). Those of clients are in the
    /// [`Request`](sansocket::client::Request::limits).
    pub limits: HandshakeLimits,
    /// The proxy of clients: `http`, `https` (CONNECT, with the feature `tls` over TLS), `socks5` or `socks5h`, which also
    /// resolves the names. By default there is none, and no environment variable is read.
    pub proxy: Option<ProxyUri>,
    /// The TLS configuration of clients, for other certificate authorities than those of browsers, or a certificate of the
    /// client.
    #[cfg(feature = "tls")]
    pub tls: Option<std::sync::Arc<rustls::ClientConfig>>,
}

impl Options {
    /// Creates the default: the timeouts of [`Timeouts::new`], and the certificate authorities of browsers.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Opens a WebSocket as a server, for every request.
///
/// A server that browsers can reach must check the origin of the request: see [`accept_with`].
///
/// # Errors
///
/// Returns why the request did not open a WebSocket. Its response has been written.
pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    options: Options,
) -> Result<WebSocket<S>, Error> {
    accept_with(stream, options, async |session, request| {
        // The default response is valid for every request.
        let _ = session.accept(request, Accept::new());
    })
    .await
}

/// Opens a WebSocket as a server, and lets `decide` answer the request with [`Session::accept`] or [`Session::reject`].
///
/// The decision may take until the opening timeout, which responds with status 408. A request that `decide` does not answer
/// gets status 503.
///
/// # Errors
///
/// Returns why the request did not open a WebSocket. Its response has been written.
pub async fn accept_with<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    options: Options,
    decide: impl AsyncFnOnce(&mut Session, Box<Request>),
) -> Result<WebSocket<S>, Error> {
    let session = Session::server(options.limits, options.timeouts, Duration::ZERO);
    let mut socket = WebSocket::new(stream, session);
    socket.open(decide).await.map(|()| socket)
}
