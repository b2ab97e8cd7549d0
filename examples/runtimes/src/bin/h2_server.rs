//! `WebSockets` over HTTP/2 with TLS: a page, and an echo that the page opens with an extended CONNECT (RFC
//! 8441).
//!
//! ```text
//! cargo run --bin h2_server -- 127.0.0.1:9003 [CERTIFICATE.PEM]     # then open https://127.0.0.1:9003/
//! ```
//!
//! The certificate for localhost is created at the start, and written to the file if one is named. `h2`
//! handles HTTP/2, and passes on the headers of each stream and then its data, which are the bytes of a
//! connection.

use std::{env, fs, future::poll_fn, io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use h2::{RecvStream, SendStream, ext::Protocol, server::SendResponse};
use http::{Method, Request, Response, StatusCode};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, pem::PemObject},
};
use sansocket::{
    Connection, Input, deflate, extended_connect,
    keepalive::Timeouts,
    server::Accept,
    session::{Session, Transport},
};
use sansocket_runtimes::{FOREVER, Result, accept_all, echo, now, outcome, report};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

const PAGE: &str = "<!doctype html><meta charset=utf-8><title>WebSocket over HTTP/2</title>
<p id=said>...</p>
<script>
    const socket = new WebSocket(`wss://${location.host}/ws`);
    socket.onopen = () => socket.send('hello');
    socket.onmessage = event => document.getElementById('said').textContent = event.data;
</script>";

/// The time that a client may take for TLS.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut args = env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1:9003".into());
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    if let Some(file) = args.next() {
        fs::write(file, made.cert.pem())?;
    }
    let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes())?;
    let mut tls =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key)?;
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let tls = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind(address).await?;
    println!("listening on wss://{}/ws", listener.local_addr()?);
    accept_all(listener, |stream| serve(stream, tls.clone())).await?;
    Ok(())
}

/// Serves one connection of HTTP/2, and each of its streams in a task.
async fn serve(stream: TcpStream, tls: TlsAcceptor) -> Result<()> {
    let peer = stream.peer_addr()?;
    stream.set_nodelay(true)?;
    let stream = timeout(PATIENCE, tls.accept(stream)).await??;
    // This setting announces to clients that they may ask.
    let mut http = h2::server::Builder::new().enable_connect_protocol().handshake(stream).await?;
    while let Some(stream) = http.accept().await {
        let (request, respond) = stream?;
        tokio::spawn(async move {
            if let Err(error) = answer(request, respond, peer).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
    Ok(())
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    peer: SocketAddr,
) -> Result<()> {
    if request.method() != Method::CONNECT {
        let found = request.method() == Method::GET && request.uri().path() == "/";
        let (status, body) = if found { (StatusCode::OK, PAGE) } else { (StatusCode::NOT_FOUND, "") };
        let response = Response::builder().status(status).header("content-type", "text/html").body(())?;
        respond.send_response(response, false)?.send_data(Bytes::from_static(body.as_bytes()), true)?;
        return Ok(());
    }
    let protocol = request.extensions().get::<Protocol>().map(|protocol| protocol.as_str().to_owned());
    let asked = match extended_connect::Request::from_http_connect(&request, protocol.as_deref()) {
        Ok(asked) => asked,
        Err(refusal) => {
            respond.send_response(refusal.into_response().map(|_| ()), true)?;
            return Ok(());
        }
    };
    // Cross-origin pages are rejected.
    let own = format!("https://{}", asked.authority());
    if asked.path() != "/ws" || asked.origin().is_some_and(|origin| origin != own) {
        let status = if asked.path() == "/ws" { StatusCode::FORBIDDEN } else { StatusCode::NOT_FOUND };
        respond.send_response(Response::builder().status(status).body(())?, true)?;
        return Ok(());
    }
    println!("{peer}: {} {} as {}", request.method(), asked.target(), protocol.unwrap_or_default());
    let accept = Accept::new().deflate(deflate::Config::new());
    let (response, connection) = asked.accept_http(accept).map_err(|error| error.to_string())?;
    let sender = respond.send_response(response, false)?;
    serve_stream(request.into_body(), sender, connection).await
}

/// Serves a stream, whose data corresponds to the bytes of a transport.
async fn serve_stream(
    mut receiver: RecvStream,
    mut sender: SendStream<Bytes>,
    connection: Connection,
) -> Result<()> {
    let mut session = Session::open(connection, Timeouts::new(), now());
    while session.transport() != Transport::Close {
        let wants_read = session.wants_read();
        let left = session.time_left(now()).unwrap_or(FOREVER);
        let mut bytes = Vec::new();
        tokio::select! {
            result = step(&mut sender, session.transport()) => report(&mut session, result),
            data = receiver.data(), if wants_read => match data {
                None => session.eof(),
                Some(Ok(data)) => bytes = Vec::from(data),
                Some(Err(_)) => session.failed(),
            },
            () = sleep(left) => {}
        }
        session.on_time(now());
        let mut input = Input::new(&mut bytes);
        while let Some(received) = session.receive(&mut input) {
            echo(&mut session, received);
        }
        // Only now may the client send that many bytes again.
        receiver.flow_control().release_capacity(bytes.len())?;
    }
    outcome(&session)
}

/// Carries out one operation that the session requests. A write takes as many bytes as the window of the
/// stream has room for; shutting down the write half means ending the stream here.
async fn step(sender: &mut SendStream<Bytes>, transport: Transport<'_>) -> io::Result<usize> {
    match transport {
        Transport::Write(bytes) => {
            sender.reserve_capacity(bytes.len());
            while sender.capacity() == 0 {
                let room = poll_fn(|context| sender.poll_capacity(context)).await;
                room.ok_or(io::ErrorKind::BrokenPipe)?.map_err(io::Error::other)?;
            }
            let count = sender.capacity().min(bytes.len());
            sender.send_data(Bytes::copy_from_slice(&bytes[..count]), false).map_err(io::Error::other)?;
            Ok(count)
        }
        Transport::Flush => Ok(0),
        Transport::ShutDown => sender.send_data(Bytes::new(), true).map(|()| 0).map_err(io::Error::other),
        Transport::Wait | Transport::Close => std::future::pending().await,
    }
}
