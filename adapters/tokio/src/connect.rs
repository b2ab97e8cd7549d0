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
    let mut socket = WebSocket::begun(start, stream, session);
    socket.open(async |_, _| ()).await?;
    Ok(socket)
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
    socket.open(async |_, _| ()).await?;
    Ok(socket)
}

fn session(request: &Request, options: &Options) -> Result<Session, Error> {
    let seed = random_seed().map_err(|error| io::Error::other(error.to_string()))?;
    Ok(Session::client(request, seed, options.timeouts, Duration::ZERO)?)
}

/// Connects, through the proxy if there is one, and begins TLS if the URI asks for it.
async fn dial(uri: &Uri, options: &Options) -> Result<Box<dyn Io>, Error> {
    if uri.is_secure() && !cfg!(feature = "tls") {
        return Err(no_tls());
    }
    let host = uri.host_without_brackets();
    let stream = match &options.proxy {
        Some(proxy) => tunnel(proxy, uri, options).await?,
        None => tcp(uri.connect_host(), uri.port()).await?,
    };
    if uri.is_secure() { tls(host, stream, options).await } else { Ok(stream) }
}

async fn tcp(host: &str, port: u16) -> Result<Box<dyn Io>, Error> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

async fn tunnel(proxy: &ProxyUri, uri: &Uri, options: &Options) -> Result<Box<dyn Io>, Error> {
    let host = proxy.host_without_brackets();
    let mut stream = tcp(proxy.connect_host(), proxy.port()).await?;
    if proxy.scheme() == Scheme::Https {
        stream = tls(host, stream, options).await?;
    }
    let mut target = Target::from(uri);
    if proxy.scheme() == Scheme::Socks5 {
        let found = lookup_host((uri.host_without_brackets(), uri.port())).await?.next();
        target = found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?.into();
    }
    let mut out = Vec::new();
    let mut tunnel = Tunnel::new(proxy, target, &mut out)?;
    // The server is silent until the client has sent something, so all of the bytes are the proxy's.
    let mut read = [0; 512];
    loop {
        stream.write_all(&out).await?;
        stream.flush().await?;
        out.clear();
        let count = stream.read(&mut read).await?;
        if count == 0 {
            tunnel.receive_eof()?;
        }
        if tunnel.receive(&mut Input::new(&mut read[..count]), &mut out)? {
            return Ok(stream);
        }
    }
}

#[cfg(feature = "tls")]
async fn tls(host: &str, stream: Box<dyn Io>, options: &Options) -> Result<Box<dyn Io>, Error> {
    use std::sync::{Arc, LazyLock};

    use tokio_rustls::{
        TlsConnector,
        rustls::{ClientConfig, RootCertStore, pki_types::ServerName},
    };

    static DEFAULT: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
    });
    let config = options.tls.as_ref().unwrap_or(&DEFAULT).clone();
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    Ok(Box::new(TlsConnector::from(config).connect(name, stream).await?))
}

#[cfg(not(feature = "tls"))]
#[expect(clippy::unused_async, reason = "the other one awaits")]
async fn tls(_: &str, _: Box<dyn Io>, _: &Options) -> Result<Box<dyn Io>, Error> {
    Err(no_tls())
}

fn no_tls() -> Error {
    io::Error::new(io::ErrorKind::Unsupported, "wss URIs and https proxies need the feature `tls`").into()
}
