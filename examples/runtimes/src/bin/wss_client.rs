//! A client over TLS with `rustls` and blocking sockets: it sends a message to an echo server, and closes.
//!
//! ```text
//! cargo run --bin wss_client -- wss://localhost:9001/ hello [CA.PEM]
//! ```
//!
//! The certificate of the server is verified against the authorities that browsers trust, or against the one
//! in the file.

use std::{env, io::Write, net::TcpStream, path::Path, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use sansocket::{
    CloseCode, Event, client,
    keepalive::Timeouts,
    random_seed,
    session::{ReadBuffer, Received, Session},
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
    let mut buffer = ReadBuffer::new(64 << 10);
    let end = |stream: &mut StreamOwned<ClientConnection, TcpStream>| {
        stream.conn.send_close_notify();
        stream.flush()
    };
    loop {
        stream.get_ref().set_read_timeout(session.time_left(now()))?;
        // An end without close_notify is an error, except after a closing handshake.
        if !session.step(stream, &mut buffer, now, end)? {
            println!("{}", session.ending().ok_or("the session has not ended")?);
            return Ok(());
        }
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
}
