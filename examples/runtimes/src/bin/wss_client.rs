//! A client over TLS with `rustls` and blocking sockets: it sends a message to an echo server, and closes.
//!
//! ```text
//! cargo run --bin wss_client -- wss://localhost:9001/ hello [CA.PEM]
//! ```
//!
//! The certificate of the server is verified against the authorities that browsers trust, or against the one
//! in the file.

use std::{
    env,
    io::{self, ErrorKind, Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use sansocket::{
    CloseCode, Event, client,
    keepalive::Timeouts,
    random_seed,
    session::{Cause, ReadBuffer, Received, Session, Transport},
};
use sansocket_runtimes::{Result, now};

/// The time that the server may take for TLS, and to read what it is sent.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let (url, message, authority) = match &args[..] {
        [url, message] => (url, message, None),
        [url, message, authority] => (url, message, Some(Path::new(authority))),
        _ => return Err("usage: wss_client URL MESSAGE [CA.PEM]".into()),
    };
    let request = client::Request::new(url)?;
    if !request.uri().is_secure() {
        return Err("only wss:// URLs are supported".into());
    }
    let mut stream = connect(&request, authority)?;
    let session = Session::client(&request, random_seed()?, Timeouts::new(), now())?;
    converse(session, &mut stream, message)
}

/// Connects and sets up TLS, for the host of the request.
fn connect(
    request: &client::Request,
    authority: Option<&Path>,
) -> Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    match authority {
        Some(file) => roots.add(CertificateDer::from_pem_file(file)?)?,
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let host = request.uri().host_without_brackets();
    let name = ServerName::try_from(host.to_owned())?;
    let stream = TcpStream::connect((request.uri().connect_host(), request.uri().port()))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(StreamOwned::new(ClientConnection::new(Arc::new(config), name)?, stream))
}

/// Sends the message, prints what arrives, and closes once the message has come back.
fn converse(
    mut session: Session,
    stream: &mut StreamOwned<ClientConnection, TcpStream>,
    message: &str,
) -> Result<()> {
    let mut buffer = ReadBuffer::new(16 << 10);
    let mut failure = None;
    loop {
        let done = match session.transport() {
            Transport::Write(bytes) => stream.write(bytes).map(|count| session.written(count)),
            Transport::Flush => stream.flush().map(|()| session.flushed()),
            Transport::ShutDown => {
                stream.conn.send_close_notify();
                stream.flush().map(|()| session.shut_down())
            }
            Transport::Wait => read(stream, &mut session, &mut buffer),
            Transport::Close => break,
        };
        // An end without close_notify is one of the errors; after a closing handshake it is clean.
        if let Err(error) = done {
            session.failed();
            failure = Some(error);
        }
        session.on_time(now());
        while let Some(received) = session.receive_from(&mut buffer) {
            match received {
                Received::Response(_) => _ = session.send_text(message)?,
                Received::Event(Event::Text(text)) => {
                    println!("{text}");
                    if text == message {
                        session.close(CloseCode::NORMAL)?;
                    }
                }
                _ => {}
            }
        }
    }
    let ending = session.ending().ok_or("the session has not ended")?;
    match (ending.cause, failure) {
        (Cause::Close, _) => {
            println!("closed with {}", ending.code);
            Ok(())
        }
        (Cause::Transport, Some(error)) => Err(error.into()),
        _ => Err(ending.to_string().into()),
    }
}

/// Reads, at most until the deadline of the session.
fn read(
    stream: &mut StreamOwned<ClientConnection, TcpStream>,
    session: &mut Session,
    buffer: &mut ReadBuffer,
) -> io::Result<()> {
    let left = session.deadline().map(|at| at.saturating_sub(now()).max(Duration::from_millis(1)));
    stream.get_ref().set_read_timeout(left)?;
    match stream.read(buffer.space()) {
        Ok(0) => session.eof(),
        Ok(count) => buffer.filled(count),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
        Err(error) => return Err(error),
    }
    Ok(())
}
