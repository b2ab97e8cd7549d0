//! A client over TLS with `rustls` and blocking sockets: it says something to an echo server, and closes.
//!
//! ```text
//! cargo run --bin wss_client -- wss://localhost:9001/ hello [CA.PEM]
//! ```
//!
//! The certificate of the server is checked: against the authorities that browsers trust, or against the one in the file.

use std::{
    env,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use sansocket::{CloseCode, Connection, Event, Input, State, client, random_seed};
use sansocket_runtimes::Result;

/// How long the server may take for anything.
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
        return Err("this client speaks wss alone".into());
    }
    let mut stream = connect(&request, authority)?;
    let mut connection = open(&request, &mut stream)?;
    let mut out = Vec::new();
    connection.send_text(message, &mut out)?;
    stream.write_all(&out)?;
    converse(&mut connection, &mut stream)
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
    let stream = TcpStream::connect((host, request.uri().port()))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(StreamOwned::new(ClientConnection::new(Arc::new(config), name)?, stream))
}

/// The opening handshake. This server says nothing before it is spoken to, so nothing comes behind the response.
fn open(request: &client::Request, stream: &mut (impl Read + Write)) -> Result<Connection> {
    let mut out = Vec::new();
    let mut handshake = client::Handshake::new(request, random_seed()?, &mut out)?;
    stream.write_all(&out)?;
    let mut buf = vec![0; 16 << 10];
    loop {
        let count = stream.read(&mut buf)?;
        if count == 0 {
            handshake.receive_eof()?;
        }
        let mut input = Input::new(&mut buf[..count]);
        if let Some((connection, _)) = handshake.receive(&mut input)? {
            return if input.is_empty() { Ok(connection) } else { Err("the server spoke first".into()) };
        }
    }
}

/// Prints what comes back, then closes, and waits for the server to end the transport.
fn converse(connection: &mut Connection, stream: &mut (impl Read + Write)) -> Result<()> {
    let (mut buf, mut out) = (vec![0; 16 << 10], Vec::new());
    loop {
        let count = stream.read(&mut buf)?;
        if count == 0 {
            connection.receive_eof()?;
            let code = connection.close_outcome().map_or(0, |closure| closure.code);
            println!("closed with {code}");
            return Ok(());
        }
        let mut input = Input::new(&mut buf[..count]);
        let result = loop {
            match connection.receive(&mut input, &mut out) {
                Ok(Some(Event::Text(text))) => println!("{text}"),
                Ok(Some(_)) => continue,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
            if connection.state() == State::Open {
                connection.send_close(CloseCode::NORMAL, &mut out)?;
            }
        };
        stream.write_all(&out)?;
        out.clear();
        result?;
    }
}
