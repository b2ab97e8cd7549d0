//! The pool of buffers of the server on `io_uring`. A target of its own, for so many open files.
#![cfg(target_os = "linux")]

mod common;

use common::{Client, Seen, Server};

#[test]
fn io_uring_serves_more_clients_at_once_than_it_has_buffers() {
    let server = Server::start(env!("CARGO_BIN_EXE_uring_echo"), &[]);
    let mut clients: Vec<Client> = (0..700).map(|_| server.connect("/")).collect();
    server.signal("STOP");
    for client in &mut clients {
        client.text("at once");
    }
    server.signal("CONT");
    // Each client sends again as soon as it has its echo, while the server writes those of others.
    for _ in 0..20 {
        for client in &mut clients {
            assert_eq!(client.next(), Seen::Text("at once".to_owned()));
            client.text("at once");
        }
    }
}
