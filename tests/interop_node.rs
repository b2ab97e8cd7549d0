//! The crate against `ws` for Node.js, over real sockets, with permessage-deflate and without.
//!
//! Needs Node.js, and `ws` in `tests/interop/node/node_modules`. Without them these tests are skipped with a
//! message, unless the environment variable `SANSOCKET_NODE` is set. `tests/README.md` has the commands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::{
    env,
    io::{self, Write},
    process::{Command, Stdio},
};

use sansocket::{CloseCode, Event};

#[path = "common/peers.rs"]
mod peers;

use peers::{Client, Server, find_example, scripts};

#[test]
fn clients_of_ws_and_the_echo_server() {
    let Some(mut node) = node("client") else { return };
    let server = Server::start(Command::new(find_example("echo_server")).arg("127.0.0.1:0"));
    node.arg(format!("ws://127.0.0.1:{}/", server.port()));
    peers::run_script(node.args(cfg!(feature = "deflate").then_some("deflate")));
}

#[test]
fn servers_of_ws_and_our_client() {
    let Some(mut node) = node("server") else { return };
    let server = Server::start(&mut node);
    for (path, agrees) in [("/0", false), ("/1", true), ("/2", true), ("/3", true), ("/4", true)] {
        let request = server.request(path);
        #[cfg(feature = "deflate")]
        let request = request.deflate(sansocket::deflate::Config::new().min_len(16));
        let (mut client, response) = Client::open(&request).unwrap();
        let agrees = agrees && cfg!(feature = "deflate");
        assert_eq!(response.extensions().count(), usize::from(agrees), "{path}");
        for size in [0, 1, 125, 126, 65_535, 65_536, 5 << 20] {
            let text: String = ('a'..='z').chain(['é', '世']).cycle().take(size / 2).collect();
            client.send(|connection, out| connection.send_text(&text, out).unwrap());
            assert_eq!(client.next(), Event::Text(text.into()), "{path}: {size} bytes of text");
            let data: Vec<u8> = (0..size).map(|i| ((i * i) >> 6).to_le_bytes()[0]).collect();
            client.send(|connection, out| {
                for (i, fragment) in data.chunks(10_000).enumerate() {
                    connection.send_binary_fragment(fragment, (i + 1) * 10_000 >= size, out).unwrap();
                }
                if size == 0 {
                    connection.send_binary(&[], out).unwrap();
                }
            });
            assert_eq!(client.next(), Event::Binary(data.into()), "{path}: {size} bytes");
        }
        client.send(|connection, out| connection.send_ping(b"still there?", out).unwrap());
        assert_eq!(client.next(), Event::Pong(b"still there?".into()));
        client.close(CloseCode::NORMAL.into());
    }
}

fn node(role: &str) -> Option<Command> {
    let directory = scripts().join("node");
    let found = directory.join("node_modules/ws").exists()
        && Command::new("node")
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
    if !found {
        let hint = "npm install --no-package-lock --prefix tests/interop/node";
        assert!(env::var_os("SANSOCKET_NODE").is_none(), "Node.js or ws is missing: {hint}");
        // Written directly, because the test runner captures `println`.
        let _ = writeln!(
            io::stderr(),
            "\ntests/interop_node.rs: LEFT OUT, for want of Node.js with ws. To have it:\n    {hint}"
        );
        return None;
    }
    let mut command = Command::new("node");
    command.arg(directory.join("peer.js")).arg(role);
    Some(command)
}
