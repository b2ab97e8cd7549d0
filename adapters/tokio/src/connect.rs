//! Opening as a client.

use sansocket::{client::Request, random_seed, uri::Uri};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, timeout_at},
};

use crate::{Error, Options, WebSocket};

/// Any transport.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Connects to a `ws` or, with the feature `tls`, `wss` URI, and opens a WebSocket.
///
/// # Errors
///
/// Returns why there is no WebSocket. The opening timeout covers everything: the name look-up, TCP, TLS, and the handshake.
pub async fn connect(uri: &str, options: Options) -> Result<WebSocket<Box<dyn Io>>, Error> {
    connect_request(&Request::new(uri)?, options).await
}

/// Connects to the URI of a request, and opens a WebSocket. The request can have headers, subprotocols and a configuration.
///
/// # Errors
///
/// Returns why there is no WebSocket. See [`connect`].
pub async fn connect_request(request: &Request, options: Options) -> Result<WebSocket<Box<dyn Io>>, Error> {
    let deadline = options.opening_deadline();
    let stream = within(deadline, dial(request.uri())).await??;
    within(deadline, connect_over(stream, request, options)).await?
}

/// Opens a WebSocket as a client over a transport that is connected: through a proxy, over a TLS configuration of your own, or in
/// memory.
///
/// # Errors
///
/// Returns why there is no WebSocket.
pub async fn connect_over<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    request: &Request,
    options: Options,
) -> Result<WebSocket<S>, Error> {
    let seed = random_seed().map_err(|error| std::io::Error::other(error.to_string()))?;
    WebSocket::client(stream, request, seed, &options)?.opened().await
}

async fn within<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Result<T, Error> {
    match deadline {
        None => Ok(work.await),
        Some(at) => {
            timeout_at(at, work).await.map_err(|_| Error::Timeout(sansocket::keepalive::Timeout::Opening))
        }
    }
}

async fn dial(uri: &Uri) -> Result<Box<dyn Io>, Error> {
    let host = uri.host_without_brackets();
    if uri.is_secure() && !cfg!(feature = "tls") {
        return Err(Error::NoTls);
    }
    let stream = TcpStream::connect((host, uri.port())).await?;
    stream.set_nodelay(true)?;
    #[cfg(feature = "tls")]
    if uri.is_secure() {
        return tls(host, stream).await;
    }
    Ok(Box::new(stream))
}

#[cfg(feature = "tls")]
async fn tls(host: &str, stream: TcpStream) -> Result<Box<dyn Io>, Error> {
    use std::sync::{Arc, LazyLock};

    use tokio_rustls::{
        TlsConnector,
        rustls::{ClientConfig, RootCertStore, pki_types::ServerName},
    };

    static CONFIG: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
    });
    let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?;
    Ok(Box::new(TlsConnector::from(CONFIG.clone()).connect(name, stream).await?))
}
