//! Opening as a client.

use std::{io, time::Duration};

use sansocket::{
    Input,
    client::Request,
    keepalive::Timeout,
    proxy::{ProxyUri, Scheme, Target, Tunnel},
    random_seed,
    session::Session,
    uri::Uri,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, lookup_host},
    time::{Instant, timeout_at},
};

use crate::{Error, Options, WebSocket, socket::NEVER};

/// Any transport.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Connects to a `ws` or, with the feature `tls`, `wss` URI, and opens a WebSocket.
///
/// # Errors
///
/// Returns why there is no WebSocket. The opening timeout covers everything: the name look-up, TCP, the proxy, TLS, and the
/// handshake.
pub async fn connect(uri: &str, options: Options) -> Result<WebSocket<Box<dyn Io>>, Error> {
    connect_request(&Request::new(uri)?, options).await
}

/// Connects to the URI of a request, and opens a WebSocket. The request can have headers, subprotocols and a configuration.
///
/// # Errors
///
/// Returns why there is no WebSocket. See [`connect`].
pub async fn connect_request(request: &Request, options: Options) -> Result<WebSocket<Box<dyn Io>>, Error> {
    // One timer for all of the opening: the session keeps it once there is a transport.
    let (session, start) = (session(request, &options)?, Instant::now());
    let deadline = start + session.deadline().unwrap_or(NEVER);
    let stream = timeout_at(deadline, dial(request.uri(), &options)).await;
    let stream = stream.map_err(|_| Error::Timeout(Timeout::Opening))??;
    let mut socket = WebSocket::new(stream, session);
    socket.start = start;
    socket.open(async |_, _| ()).await.map(|()| socket)
}

/// Opens a WebSocket as a client over a transport that is connected: over a TLS library of your choice, or in memory.
///
/// # Errors
///
/// Returns why there is no WebSocket.
pub async fn connect_over<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    request: &Request,
    options: Options,
) -> Result<WebSocket<S>, Error> {
    let mut socket = WebSocket::new(stream, session(request, &options)?);
    socket.open(async |_, _| ()).await.map(|()| socket)
}

fn session(request: &Request, options: &Options) -> Result<Session, Error> {
    Ok(Session::client(request, random_seed()?, options.timeouts, Duration::ZERO)?)
}

/// Connects, through the proxy if there is one, and begins TLS if the URI asks for it.
async fn dial(uri: &Uri, options: &Options) -> Result<Box<dyn Io>, Error> {
    let is_https = options.proxy.as_ref().is_some_and(|proxy| proxy.scheme() == Scheme::Https);
    if !cfg!(feature = "tls") && (uri.is_secure() || is_https) {
        let reason = "wss URIs and https proxies need the feature `tls`";
        return Err(io::Error::new(io::ErrorKind::Unsupported, reason).into());
    }
    let stream = match &options.proxy {
        Some(proxy) => tunnel(proxy, uri, options).await?,
        None => tcp(uri.connect_host(), uri.port()).await?,
    };
    if uri.is_secure() { tls(uri.host_without_brackets(), stream, options).await } else { Ok(stream) }
}

async fn tcp(host: &str, port: u16) -> Result<Box<dyn Io>, Error> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

/// Connects to the proxy, and opens a tunnel through it.
async fn tunnel(proxy: &ProxyUri, uri: &Uri, options: &Options) -> Result<Box<dyn Io>, Error> {
    let mut stream = tcp(proxy.connect_host(), proxy.port()).await?;
    if proxy.scheme() == Scheme::Https {
        stream = tls(proxy.host_without_brackets(), stream, options).await?;
    }
    let mut target = Target::from(uri);
    if proxy.scheme() == Scheme::Socks5 {
        let found = lookup_host((uri.host_without_brackets(), uri.port())).await?.next();
        target = found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?.into();
    }
    let (mut out, mut read, mut count) = (Vec::new(), [0; 512], 0);
    let mut tunnel = Tunnel::new(proxy, target, &mut out)?;
    // The server is silent until the client has sent something, so all of the bytes are the proxy's.
    while !tunnel.receive(&mut Input::new(&mut read[..count]), &mut out)? {
        stream.write_all(&out).await?;
        stream.flush().await?;
        out.clear();
        count = stream.read(&mut read).await?;
        if count == 0 {
            tunnel.receive_eof()?;
        }
    }
    Ok(stream)
}

/// Begins TLS, with the feature `tls` only.
#[cfg_attr(not(feature = "tls"), expect(unused_variables, clippy::unused_async, reason = "it is not called"))]
async fn tls(host: &str, stream: Box<dyn Io>, options: &Options) -> Result<Box<dyn Io>, Error> {
    #[cfg(feature = "tls")]
    let stream = {
        use std::sync::{Arc, LazyLock};

        use crate::rustls::{ClientConfig, RootCertStore, pki_types::ServerName};

        static DEFAULT: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
            let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
            Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
        });
        let config = options.tls.as_ref().unwrap_or(&DEFAULT).clone();
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        Box::new(tokio_rustls::TlsConnector::from(config).connect(name, stream).await?)
    };
    Ok(stream)
}
