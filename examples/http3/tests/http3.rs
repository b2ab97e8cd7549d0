//! The server against clients of aioquic, against the client, and the client's program.

use std::{path::PathBuf, process::Command};

use sansocket::client;
use sansocket_http3::Client;

mod common;

use common::{Server, check_reset, check_series, check_small_windows, close, directory, script, text};

/// Our server, with its own certificate.
fn server(name: &str, window: &str) -> Server {
    let directory = directory(name);
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files: [PathBuf; 2] = ["certificate.pem", "key.pem"].map(|file| directory.join(file));
    std::fs::write(&files[0], made.cert.pem()).unwrap();
    std::fs::write(&files[1], made.signing_key.serialize_pem()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_http3_server"));
    Server::start(command.arg("127.0.0.1:0").args(&files).arg(window), files[0].clone())
}

#[test]
fn clients_of_aioquic() {
    let status = script("http3_clients.py").arg(env!("CARGO_BIN_EXE_http3_server")).status().unwrap();
    assert!(status.success(), "{status}");
}

#[test]
fn the_series() {
    let server = server("own", "1048576");
    check_series(&server, false, true);
    check_series(&server, true, true);
    check_reset(&server);
}

#[test]
fn a_client_may_end_a_stream_first() {
    let server = server("own-first", "1048576");
    let mut client = server.connect(1 << 20);
    for first in [true, false] {
        client.end_first(first);
        let (id, _) = client.open(&server.request("/ws")).unwrap();
        text(&mut client, id, "hello");
        close(&mut client, id, 1000, "");
    }
}

#[test]
fn small_windows_at_both_ends() {
    check_small_windows(&server("own-windows", "3000"));
}

#[test]
fn refusals_and_what_is_printed_of_them() {
    let server = server("own-refusals", "1048576");
    let mut client = server.connect(1 << 20);
    let foreign = server.request("/ws").origin("https://evil.example");
    for (request, status) in [(server.request("/none"), 404), (foreign, 403)] {
        let error = client.open(&request).unwrap_err();
        let Some(client::Error::Rejected(response)) = error.downcast_ref() else { panic!("{error}") };
        assert_eq!(response.status(), status);
    }
}

#[test]
fn a_server_that_is_not_trusted_is_not_spoken_to() {
    let server = server("own-trusted", "1048576");
    let other = self::server("own-other", "1048576");
    let connect = |name, certificate| {
        let address = ([127, 0, 0, 1], server.port).into();
        Client::connect(address, name, certificate, 1 << 20, sansocket::keepalive::Timeouts::new())
    };
    assert!(connect("localhost", &server.certificate).is_ok());
    for (name, certificate) in [("localhost", &other.certificate), ("other.example", &server.certificate)] {
        let error = connect(name, certificate).err().expect("it is trusted").to_string();
        // A TLS alert as an error of QUIC (RFC 9001, section 4.8).
        assert!(error.starts_with("the connection failed with code 0x1"), "{error}");
    }
}

#[test]
fn the_program_sends_its_words() {
    let mut server = server("own-program", "1048576");
    let uri = format!("wss://localhost:{}/ws", server.port);
    let mut command = Command::new(env!("CARGO_BIN_EXE_http3_client"));
    let output = command.arg(uri).arg(&server.certificate).args(["hello", "Grüße"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, "hello\nGrüße\nclosed with 1000 \"\", clean: true\n", "{output:?}");
    assert!(output.status.success());
    assert_eq!(server.lines.next().unwrap().unwrap(), "stream 0: closed with 1000 \"\", clean: true");
}
