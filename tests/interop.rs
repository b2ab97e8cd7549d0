//! The crate and its examples against `websockets` for Python, over real sockets.
//!
//! Needs a Python that has `tests/interop/requirements.txt`: the one in the environment variable
//! `SANSOCKET_PYTHON`, else `.venv/bin/python`, else `python3`. Without one these tests are skipped with a
//! message, unless the variable is set. `tests/README.md` has the commands.
//!
//! The examples are run as cargo has built them for `cargo test`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, Write},
    path::Path,
    process::{Command, Stdio},
    sync::OnceLock,
};

use sansocket::{Close, CloseCode, Event, MAX_REASON_LEN, client};

#[path = "common/peers.rs"]
mod peers;

use peers::{Client, find_example, scripts};

#[test]
fn clients_of_websockets_and_the_echo_server() {
    run_script("clients.py", "echo_server");
}

#[test]
fn servers_of_websockets_and_the_client() {
    run_script("servers.py", "client");
}

#[test]
fn a_server_of_websockets_echoes_messages_of_every_length_form() {
    let Some(server) = server() else { return };
    let (mut client, _) = server.open("/echo").unwrap();
    for size in [0, 1, 125, 126, 127, 65_535, 65_536, 5 << 20] {
        let text = "é".repeat(size / 2) + &"x".repeat(size % 2);
        client.send(|connection, out| connection.send_text(&text, out).unwrap());
        assert_eq!(client.next(), Event::Text(text.into()), "{size} bytes of text");
        let data: Vec<u8> = (0..=250).cycle().take(size).collect();
        client.send(|connection, out| connection.send_binary(&data, out).unwrap());
        assert_eq!(client.next(), Event::Binary(data.into()), "{size} bytes");
    }
    client.close(CloseCode::NORMAL.into());
}

#[test]
fn a_server_of_websockets_puts_our_fragments_together() {
    let Some(server) = server() else { return };
    let (mut client, _) = server.open("/echo").unwrap();
    client.send(|connection, out| {
        connection.send_text_fragment("Grü", false, out).unwrap();
        connection.send_ping(b"between", out).unwrap();
        connection.send_text_fragment("", false, out).unwrap();
        connection.send_text_fragment("ße", true, out).unwrap();
    });
    assert_eq!(client.next(), Event::Pong(b"between".into()));
    assert_eq!(client.next(), Event::Text("Grüße".into()));
    client.send(|connection, out| {
        for i in 0..100 {
            connection.send_binary_fragment(&[i; 100], i == 99, out).unwrap();
        }
    });
    let whole: Vec<u8> = (0..100).flat_map(|i| [i; 100]).collect();
    assert_eq!(client.next(), Event::Binary(whole.into()));
    client.close(CloseCode::NORMAL.into());
}

#[test]
fn fragments_of_websockets_are_put_together() {
    let Some(server) = server() else { return };
    let (mut client, _) = server.open("/fragments").unwrap();
    assert_eq!(client.next(), Event::Text("Grüße".into()));
    assert_eq!(client.next(), Event::Text("世界".into()));
    let whole: Vec<u8> = (0..1000_u32).flat_map(|i| vec![i.to_le_bytes()[0]; i as usize]).collect();
    assert_eq!(client.next(), Event::Binary(whole.into()));
    assert_eq!(client.next(), Event::Close(Some(CloseCode::NORMAL.into())));
    client.end();
}

#[test]
fn pings_are_answered_in_both_directions() {
    let Some(server) = server() else { return };
    let (mut client, _) = server.open("/pings").unwrap();
    for payload in [&b""[..], b"ping", &[b'x'; 125], b"between fragments"] {
        assert_eq!(client.next(), Event::Ping(payload.into()));
    }
    assert_eq!(client.next(), Event::Text("all answered".into()));
    assert_eq!(client.next(), Event::Close(Some(CloseCode::NORMAL.into())));
    client.end();

    let (mut client, _) = server.open("/echo").unwrap();
    for payload in [&b""[..], b"ping", &[b'x'; 125]] {
        client.send(|connection, out| connection.send_ping(payload, out).unwrap());
        assert_eq!(client.next(), Event::Pong(payload.into()));
    }
    client.close(CloseCode::NORMAL.into());
}

#[test]
fn close_code_and_reason_are_sent_in_both_directions() {
    let Some(server) = server() else { return };
    let longest = "x".repeat(MAX_REASON_LEN);
    for (code, reason) in [(1000, ""), (1001, "bye"), (3000, &*longest), (4999, "Grüße")] {
        let close = Close::new(CloseCode::new(code).unwrap(), reason).unwrap().into_owned();
        let (mut client, _) = server.open("/echo").unwrap();
        client.close(close.clone());

        let query = reason.replace("Grüße", "Gr%C3%BC%C3%9Fe");
        let (mut client, _) = server.open(&format!("/close?code={code}&reason={query}")).unwrap();
        assert_eq!(client.next(), Event::Close(Some(close)));
        client.end();
    }
}

#[test]
fn a_subprotocol_and_headers_are_negotiated() {
    let Some(server) = server() else { return };
    let request = server.request("/headers").subprotocol("superchat").subprotocol("chat");
    let (mut client, response) =
        Client::open(&request.origin("http://example.com").header("X-Id", "7")).unwrap();
    assert_eq!((response.status(), response.subprotocol()), (101, Some("chat")));
    let Event::Text(headers) = client.next() else { panic!("the server lists the headers") };
    for line in ["Sec-WebSocket-Protocol: superchat, chat", "Origin: http://example.com", "X-Id: 7"] {
        assert!(headers.lines().any(|header| header == line), "{line} in {headers}");
    }
    assert_eq!(client.next(), Event::Close(Some(CloseCode::NORMAL.into())));
    client.end();
}

#[test]
fn a_rejection_has_status_headers_and_body() {
    let Some(server) = server() else { return };
    let Err(client::Error::Rejected(response)) = server.open("/refuse") else { panic!("not refused") };
    assert_eq!((response.status(), response.body()), (403, &b"not today\n"[..]));
    assert!(!response.is_truncated());
    assert_eq!(response.header("x-reason"), Some(&b"it is late"[..]));
    let cookies: Vec<_> = response.headers().filter(|(name, _)| *name == "Set-Cookie").collect();
    assert_eq!(cookies, [("Set-Cookie", &b"a=1"[..]), ("Set-Cookie", b"b=2")]);
}

#[test]
#[cfg(feature = "deflate")]
fn compressed_messages_go_both_ways() {
    use sansocket::deflate::{Config, WindowBits};

    let Some(server) = server() else { return };
    let small = WindowBits::new(9).unwrap();
    for config in [
        Config::new(),
        Config::best_speed().receive_window(small),
        Config::low_memory().send_window(small),
        Config::best_compression().receive_context_takeover(false),
        Config::new().send_context_takeover(false).min_len(0),
    ] {
        let (mut client, response) = Client::open(&server.request("/echo").deflate(config)).unwrap();
        let agreed = response.extensions().next().expect("an extension");
        assert_eq!(agreed.name(), "permessage-deflate");
        for round in 0..3 {
            for size in [0, 1, 125, 126, 1000, 65_535, 65_536, 1 << 20] {
                let text: String =
                    ('a'..='z').chain(['é', '世']).cycle().skip(round).take(size / 2).collect();
                client.send(|connection, out| connection.send_text(&text, out).unwrap());
                assert_eq!(client.next(), Event::Text(text.into()), "{config:?}, {size} bytes of text");
                let data: Vec<u8> = (0..size).map(|i| ((i * i) >> 6).to_le_bytes()[0]).collect();
                client.send(|connection, out| {
                    let (first, second) = data.split_at(size / 3);
                    connection.send_binary_fragment(first, false, out).unwrap();
                    connection.send_ping(b"between", out).unwrap();
                    connection.send_binary_fragment(second, true, out).unwrap();
                });
                assert_eq!(client.next(), Event::Pong(b"between".into()));
                assert_eq!(client.next(), Event::Binary(data.into()), "{config:?}, {size} bytes");
            }
        }
        client.close(CloseCode::NORMAL.into());
    }
}

/// The server in `server.py`.
fn server() -> Option<peers::Server> {
    Some(peers::Server::start(Command::new(python()?).arg(scripts().join("server.py"))))
}

fn run_script(script: &str, example: &str) {
    let Some(python) = python() else { return };
    let compresses = cfg!(feature = "deflate").then_some("deflate");
    peers::run_script(
        Command::new(python).arg(scripts().join(script)).arg(find_example(example)).args(compresses),
    );
}

/// A Python that has `websockets`. Prints a line once if there is none.
fn python() -> Option<&'static OsStr> {
    static PYTHON: OnceLock<Option<OsString>> = OnceLock::new();
    PYTHON.get_or_init(find_python).as_deref()
}

fn find_python() -> Option<OsString> {
    if let Some(python) = env::var_os("SANSOCKET_PYTHON") {
        let has = has_websockets(&python);
        assert!(has, "SANSOCKET_PYTHON is {}, which has no websockets module", python.display());
        return Some(python);
    }
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python");
    let found = [venv.into_os_string(), "python3".into()].into_iter().find(|python| has_websockets(python));
    if found.is_none() {
        // Written directly, because the test runner captures `println`.
        let _ = io::stderr().write_all(
            b"\ntests/interop.rs: LEFT OUT, for want of a Python with websockets. To have it:\n    \
              python3 -m venv .venv && .venv/bin/pip install -r tests/interop/requirements.txt\n",
        );
    }
    found
}

fn has_websockets(python: &OsStr) -> bool {
    Command::new(python)
        .args(["-c", "import websockets.asyncio.server"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
