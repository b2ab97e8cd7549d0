//! The client over TLS against a server of `rustls`: the certificate counts.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
    thread,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{PrivateKeyDer, pem::PemObject},
};
use sansocket::{
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    session::{ReadBuffer, Received, Session, Transport},
};
use sansocket_runtimes::{Result, now};

/// A server for some clients, with a certificate of its own, which lies in the file.
fn serve(names: &[&str], clients: usize) -> (u16, PathBuf) {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.pem", names.join("-")));
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    fs::write(&file, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).unwrap();
    let certificates = vec![made.cert.der().clone()];
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key).unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().take(clients) {
            let tls = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(tls, stream.unwrap());
            // A client that does not like the certificate ends it here.
            let _ = echo(&mut stream);
        }
    });
    (port, file)
}

fn echo(stream: &mut StreamOwned<ServerConnection, TcpStream>) -> Result<()> {
    let mut session = Session::server(HandshakeLimits::new(), Timeouts::new(), now());
    let mut buffer = ReadBuffer::new(16 << 10);
    loop {
        match session.transport() {
            Transport::Write(bytes) => {
                let count = stream.write(bytes)?;
                session.written(count);
            }
            Transport::Flush => {
                stream.flush()?;
                session.flushed();
            }
            Transport::ShutDown => {
                stream.conn.send_close_notify();
                stream.flush()?;
                session.shut_down();
            }
            Transport::Wait => match stream.read(buffer.space())? {
                0 => session.eof(),
                count => buffer.filled(count),
            },
            Transport::Close => return Ok(()),
        }
        session.on_time(now());
        while let Some(received) = session.receive_from(&mut buffer) {
            let is_request = matches!(received, Received::Request(_));
            sansocket_runtimes::echo(&mut session, received);
            if is_request {
                session.send_text("I speak first")?;
            }
        }
    }
}

fn client(url: &str, authority: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wss_client"));
    command.args([url, "hello"]).args(authority).output().unwrap()
}

#[test]
fn a_trusted_server_is_spoken_to_even_if_it_speaks_first() {
    let (port, file) = serve(&["localhost"], 1);
    let output = client(&format!("wss://localhost:{port}/"), Some(&file));
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, "I speak first\nhello\nclosed with 1000\n", "{output:?}");
    assert!(output.status.success());
}

#[test]
fn an_unknown_authority_or_another_name_is_not_trusted() {
    let (port, file) = serve(&["localhost", "two"], 1);
    let output = client(&format!("wss://localhost:{port}/"), None);
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("UnknownIssuer"), "{output:?}");

    let (port, other) = serve(&["other.example"], 1);
    let output = client(&format!("wss://localhost:{port}/"), Some(&other));
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("NotValidForName"), "{output:?}");
    assert!(file.exists());
}

#[test]
fn what_is_not_wss_is_refused() {
    let output = client("ws://127.0.0.1:1/", None);
    assert!(!output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("only wss://"), "{output:?}");
}
