//! The client over TLS against a server of `rustls`: the certificate counts.

use std::{
    fs,
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
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
use socket2::SockRef;

/// How the server behaves.
#[derive(Clone, Copy)]
enum Manner {
    Usual,
    /// It says this many large messages first, and its sockets hold 8 KiB in each direction.
    SmallBuffers(usize),
    /// It ends TCP without `close_notify`, after the closing handshake.
    NoCloseNotify,
    /// It ends TCP without `close_notify` as soon as the connection is open.
    Rude,
}

/// A server for some clients, with a certificate of its own, which lies in the file.
fn serve(names: &[&str], clients: usize, manner: Manner) -> (u16, PathBuf) {
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
    if let Manner::SmallBuffers(_) = manner {
        // The sockets of clients inherit it.
        SockRef::from(&listener).set_send_buffer_size(8 << 10).unwrap();
        SockRef::from(&listener).set_recv_buffer_size(8 << 10).unwrap();
    }
    thread::spawn(move || {
        for stream in listener.incoming().take(clients) {
            let tls = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(tls, stream.unwrap());
            // A client that does not like the certificate ends it here.
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
    let mut buffer = ReadBuffer::new(16 << 10);
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
                // Bytes that nobody reads would make a reset of it.
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

fn client(url: &str, authority: Option<&Path>) -> Output {
    client_says(url, "hello", authority)
}

fn client_says(url: &str, message: &str, authority: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wss_client"));
    command.args([url, message]).args(authority).output().unwrap()
}

#[test]
fn a_trusted_server_is_spoken_to_even_if_it_speaks_first() {
    let (port, file) = serve(&["localhost"], 1, Manner::Usual);
    let output = client(&format!("wss://localhost:{port}/"), Some(&file));
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, "I speak first\nhello\nclosed with 1000\n", "{output:?}");
    assert!(output.status.success());
}

#[test]
fn an_end_without_close_notify_is_clean_after_a_closing_handshake_and_a_failure_before() {
    let (port, file) = serve(&["localhost", "abrupt"], 1, Manner::NoCloseNotify);
    let output = client(&format!("wss://localhost:{port}/"), Some(&file));
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, "I speak first\nhello\nclosed with 1000\n", "{output:?}");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");

    let (port, file) = serve(&["localhost", "rude"], 1, Manner::Rude);
    let output = client(&format!("wss://localhost:{port}/"), Some(&file));
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("close_notify"), "{output:?}");
}

#[test]
fn messages_in_both_directions_are_whole_with_small_buffers() {
    let (port, file) = serve(&["localhost", "small"], 1, Manner::SmallBuffers(24));
    let message = "x".repeat(120_000);
    let output = client_says(&format!("wss://localhost:{port}/"), &message, Some(&file));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let said = String::from_utf8(output.stdout).unwrap();
    let expected = (0..24).map(large).chain([message, "closed with 1000".into()]);
    // The messages are too long to be printed.
    let wrong = said.lines().zip(expected).position(|(said, expected)| said != expected);
    assert_eq!((said.lines().count(), wrong), (26, None), "{stderr}");
}

#[test]
fn an_unknown_authority_or_another_name_is_not_trusted() {
    let (port, file) = serve(&["localhost", "two"], 1, Manner::Usual);
    let output = client(&format!("wss://localhost:{port}/"), None);
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("UnknownIssuer"), "{output:?}");

    let (port, other) = serve(&["other.example"], 1, Manner::Usual);
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
