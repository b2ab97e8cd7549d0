//! The client over TLS against a `rustls` server: the certificate is verified.

use std::{
    fs,
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
    thread,
    time::Duration,
};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use sansocket::{
    Event, client,
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    random_seed,
    session::{ReadBuffer, Received, Session, Transport},
};
use sansocket_runtimes::{Result, now, step};
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpSocket,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// The capacity of a small buffer, in bytes.
const SMALL: usize = 8 << 10;

/// The behavior of the server.
#[derive(Clone, Copy)]
enum Manner {
    Usual,
    /// It sends this number of large messages first, and its sockets buffer 8 KiB in each direction.
    SmallBuffers(usize),
    /// It closes TCP without `close_notify`, after the closing handshake.
    NoCloseNotify,
    /// It closes TCP without `close_notify` as soon as the connection is open.
    Rude,
}

/// Returns the server side of TLS, with its own certificate, and the file that contains it.
fn certify(names: &[&str]) -> (Arc<ServerConfig>, PathBuf) {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.pem", names.join("-")));
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    fs::write(&file, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).unwrap();
    let certificates = vec![made.cert.der().clone()];
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key).unwrap();
    (Arc::new(config), file)
}

/// Starts a server for a number of clients.
fn serve(names: &[&str], clients: usize, manner: Manner) -> (u16, PathBuf) {
    let (config, file) = certify(names);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    if let Manner::SmallBuffers(_) = manner {
        // The sockets of clients inherit it.
        SockRef::from(&listener).set_send_buffer_size(SMALL).unwrap();
        SockRef::from(&listener).set_recv_buffer_size(SMALL).unwrap();
    }
    thread::spawn(move || {
        for stream in listener.incoming().take(clients) {
            let tls = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(tls, stream.unwrap());
            // A client that does not accept the certificate ends it here.
            let _ = converse(&mut stream, manner);
        }
    });
    (port, file)
}

fn large(number: usize) -> String {
    format!("{number} ").repeat(1000)
}

fn converse(stream: &mut StreamOwned<ServerConnection, TcpStream>, manner: Manner) -> Result<()> {
    let mut session = Session::server(HandshakeLimits::new(), Timeouts::new(), now());
    let mut buffer = ReadBuffer::new(64 << 10);
    let mut is_rude = false;
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
                if let Manner::NoCloseNotify = manner {
                    stream.sock.shutdown(Shutdown::Write)?;
                } else {
                    stream.conn.send_close_notify();
                    stream.flush()?;
                }
                session.shut_down();
            }
            Transport::Wait if is_rude => {
                stream.sock.shutdown(Shutdown::Write)?;
                // Unread bytes would turn the close into a reset.
                io::copy(&mut stream.sock, &mut io::sink())?;
                return Ok(());
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
            match manner {
                _ if !is_request => {}
                Manner::Usual | Manner::NoCloseNotify => _ = session.send_text("I speak first")?,
                Manner::SmallBuffers(count) => {
                    (0..count).try_for_each(|number| session.send_text(&large(number)).map(drop))?;
                }
                Manner::Rude => is_rude = true,
            }
        }
    }
}

fn say_hello(url: &str, authority: Option<&Path>) -> Output {
    say(url, "hello", authority)
}

fn say(url: &str, message: &str, authority: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wss_client"));
    command.args([url, message]).args(authority).output().unwrap()
}

#[test]
fn a_trusted_server_is_spoken_to_even_if_it_speaks_first() {
    let (port, file) = serve(&["localhost"], 1, Manner::Usual);
    let output = say_hello(&format!("wss://localhost:{port}/"), Some(&file));
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, "I speak first\nhello\nclosed with 1000\n", "{output:?}");
    assert!(output.status.success());
}

#[test]
fn an_end_without_close_notify_is_clean_after_a_closing_handshake_and_a_failure_before() {
    let (port, file) = serve(&["localhost", "abrupt"], 1, Manner::NoCloseNotify);
    let output = say_hello(&format!("wss://localhost:{port}/"), Some(&file));
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, "I speak first\nhello\nclosed with 1000\n", "{output:?}");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");

    let (port, file) = serve(&["localhost", "rude"], 1, Manner::Rude);
    let output = say_hello(&format!("wss://localhost:{port}/"), Some(&file));
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("close_notify"), "{output:?}");
}

#[test]
fn messages_in_both_directions_are_whole_with_small_buffers() {
    let (port, file) = serve(&["localhost", "small"], 1, Manner::SmallBuffers(24));
    let message = "x".repeat(120_000);
    let output = say(&format!("wss://localhost:{port}/"), &message, Some(&file));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let said = String::from_utf8(output.stdout).unwrap();
    let expected = (0..24).map(large).chain([message, "closed with 1000".into()]);
    // The messages are too long to be printed.
    let wrong = said.lines().zip(expected).position(|(said, expected)| said != expected);
    assert_eq!((said.lines().count(), wrong), (26, None), "{stderr}");
}

/// Runs a session over TLS with tokio, as the programs do, until it ends or the function returns that it is
/// done.
async fn drive(
    session: &mut Session,
    stream: impl AsyncRead + AsyncWrite,
    mut take: impl FnMut(&mut Session, Received<'_>) -> bool,
) {
    let mut buffer = ReadBuffer::new(64 << 10);
    let (mut reader, mut writer) = tokio::io::split(stream);
    while session.transport() != Transport::Close {
        step(&mut reader, &mut writer, session, &mut buffer).await;
        session.on_time(now());
        while let Some(received) = session.receive_from(&mut buffer) {
            if take(session, received) {
                return;
            }
        }
    }
}

#[tokio::test]
async fn answers_are_whole_with_small_buffers_and_tokio() {
    let (config, file) = certify(&["localhost", "tokio"]);
    let small = || {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(SMALL.try_into().unwrap()).unwrap();
        socket.set_recv_buffer_size(SMALL.try_into().unwrap()).unwrap();
        socket
    };
    let listener = small();
    listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = listener.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let stream = listener.accept().await.unwrap().0;
        let stream = TlsAcceptor::from(config).accept(stream).await.unwrap();
        let mut session = Session::server(HandshakeLimits::new(), Timeouts::new(), now());
        drive(&mut session, stream, |session, received| {
            sansocket_runtimes::echo(session, received);
            false
        })
        .await;
    });
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let stream = small().connect(address).await.unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();

    let request = client::Request::new(&format!("wss://localhost:{}/", address.port())).unwrap();
    let mut session = Session::client(&request, random_seed().unwrap(), Timeouts::new(), now()).unwrap();
    let mut whole = 0;
    let talk = drive(&mut session, stream, |session, received| {
        match received {
            Received::Response(_) => {
                (0..24).for_each(|number| _ = session.send_text(&large(number)).unwrap());
            }
            Received::Event(Event::Text(text)) => {
                assert!(text == large(whole), "message {whole}");
                whole += 1;
            }
            _ => {}
        }
        whole == 24
    });
    let in_time = timeout(Duration::from_secs(20), talk).await;
    assert_eq!((in_time, whole), (Ok(()), 24));
}

#[test]
fn an_unknown_authority_or_another_name_is_not_trusted() {
    let (port, file) = serve(&["localhost", "two"], 1, Manner::Usual);
    let output = say_hello(&format!("wss://localhost:{port}/"), None);
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("UnknownIssuer"), "{output:?}");

    let (port, other) = serve(&["other.example"], 1, Manner::Usual);
    let output = say_hello(&format!("wss://localhost:{port}/"), Some(&other));
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("NotValidForName"), "{output:?}");
    assert!(file.exists());
}

#[test]
fn what_is_not_wss_is_refused() {
    let output = say_hello("ws://127.0.0.1:1/", None);
    assert!(!output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("only wss://"), "{output:?}");
}
