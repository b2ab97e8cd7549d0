//! The echo servers on every runtime.

mod common;

use common::{Client, Seen, Server, check_back_pressure, check_echo};
use sansocket::{client, deflate};

#[test]
fn mio_serves_all_clients_on_one_thread() {
    let server = Server::start(env!("CARGO_BIN_EXE_mio_echo"), &[]);
    check_echo(&server, "/");
    check_back_pressure(&server, "/");
}

#[test]
fn mio_spreads_clients_over_threads() {
    check_threads(env!("CARGO_BIN_EXE_mio_echo"));
}

#[test]
fn tokio_spreads_clients_over_threads() {
    check_threads(env!("CARGO_BIN_EXE_tokio_split"));
}

fn check_threads(program: &str) {
    let server = Server::start(program, &["--threads", "3"]);
    // The kernel chooses by a hash. The probability that one of three threads gets none of 200 is 10^-35.
    check_echo(&server, "/");
    let mut lines: Vec<String> = (0..3).map(|_| server.line()).collect();
    lines.sort();
    let expected: Vec<String> =
        (0..3).map(|number| format!("thread {number} has its first client")).collect();
    assert_eq!(lines, expected);
    check_back_pressure(&server, "/");
}

#[test]
fn tokio_receives_and_sends_in_two_tasks() {
    let server = Server::start(env!("CARGO_BIN_EXE_tokio_split"), &[]);
    check_echo(&server, "/");
    check_back_pressure(&server, "/");
}

#[test]
#[cfg(target_os = "linux")]
fn io_uring_fills_the_buffers() {
    let server = Server::start(env!("CARGO_BIN_EXE_uring_echo"), &[]);
    check_echo(&server, "/");
    check_back_pressure(&server, "/");
}

#[test]
fn axum_upgrades_the_request() {
    let server = Server::start(env!("CARGO_BIN_EXE_axum_echo"), &[]);
    check_echo(&server, "/ws");
    check_back_pressure(&server, "/ws");

    let compressed = |request: client::Request| request.deflate(deflate::Config::new());
    let mut client = Client::connect(&server.address, "/ws", compressed).unwrap();
    assert!(client.connection.deflate().is_some());
    client.text(&"compress me ".repeat(1000));
    assert_eq!(client.next(), Seen::Text("compress me ".repeat(1000)));

    let status = |path: &str, change: fn(client::Request) -> client::Request| match Client::connect(
        &server.address,
        path,
        change,
    ) {
        Err(client::Error::Rejected(response)) => response.status(),
        Ok(_) => 101,
        Err(error) => panic!("{error}"),
    };
    assert_eq!(status("/", |request| request), 200);
    assert_eq!(status("/none", |request| request), 404);
    assert_eq!(status("/ws", |request| request.origin("http://evil.example")), 403);
}
