//! Opening as a client.

use std::{io, time::Duration};

use sansocket::{client::Request, keepalive::Timeout, random_seed, session::Session, uri::Uri};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::Instant,
};

use crate::{Error, Options, WebSocket, socket::within};

/// Any transport.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Connects to a `ws` or, with the feature `tls`, `wss` URI, and opens a WebSocket.
///
/// # Errors
///
/// Returns why there is no WebSocket. The opening timeout covers everything: the name look-up, TCP, TLS, and the handshake.
pub async fn connect(uri: &str, options: Options) -> Result<WebSocket<Box<dyn Io>>, Error> {
    connect_request(&Request::new(uri).map_err(Error::Uri)?, options).await
}

/// Connects to the URI of a request, and opens a WebSocket. The request can have headers, subprotocols and a configuration.
///
/// # Errors
///
/// Returns why there is no WebSocket. See [`connect`].
pub async fn connect_request(request: &Request, options: Options) -> Result<WebSocket<Box<dyn Io>>, Error> {
    // One timer for all of the opening: the session keeps it once there is a transport.
    let (session, start) = (session(request, &options)?, Instant::now());
    let deadline = session.deadline().map(|at| start + at);
    let stream = within(deadline, dial(request.uri(), &options)).await;
    let stream = stream.unwrap_or(Err(Error::Timeout(Timeout::Opening)))?;
    let mut socket = WebSocket::begun(start, stream, session);
    socket.opened().await?;
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
    socket.opened().await?;
    Ok(socket)
}

fn session(request: &Request, options: &Options) -> Result<Session, Error> {
    let seed = random_seed().map_err(|error| io::Error::other(error.to_string()))?;
    Session::client(request, seed, options.timeouts, Duration::ZERO).map_err(Error::Request)
}

#[cfg_attr(not(feature = "tls"), expect(unused_variables, reason = "there is nothing to configure"))]
async fn dial(uri: &Uri, options: &Options) -> Result<Box<dyn Io>, Error> {
    if uri.is_secure() && !cfg!(feature = "tls") {
        return Err(Error::NoTls);
    }
    let stream = TcpStream::connect((uri.host_without_brackets(), uri.port())).await?;
    stream.set_nodelay(true)?;
    #[cfg(feature = "tls")]
    if uri.is_secure() {
        return tls(uri, stream, options).await;
    }
    Ok(Box::new(stream))
}

#[cfg(feature = "tls")]
async fn tls(uri: &Uri, stream: TcpStream, options: &Options) -> Result<Box<dyn Io>, Error> {
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
    let name = ServerName::try_from(uri.host_without_brackets().to_owned()).map_err(io::Error::other)?;
    Ok(Box::new(TlsConnector::from(config).connect(name, stream).await?))
}
