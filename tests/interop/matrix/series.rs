//! The client's side of the matrix: runs the series of `run.py` against a server that echoes.
//!
//! ```text
//! series ws://127.0.0.1:9001/ MODE [PROXY-HOST:PORT]
//! ```
//!
//! A line for each case: `ok NAME`, or `FAILED NAME: REASON`. The first line is `agreed` with what the server agreed to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a case that panics has failed")]

use std::{env, panic};

use sansocket::{Close, CloseCode, Event, client};

#[path = "cases.rs"]
mod cases;
#[path = "../../common/peers.rs"]
mod peers;

use cases::{check, noise, offer};
use peers::Client;

type Case = fn(&mut Client);

const CASES: [(&str, Case); 8] = [
    ("text", |client| text(client, "Grüße")),
    ("repeated", |client| (0..3).for_each(|_| text(client, &"the same again, ".repeat(1000)))),
    ("fragments", |client| fragments(client, false)),
    ("fragments-ping", |client| fragments(client, true)),
    ("80KB", |client| {
        let data = noise(80_000);
        client.send(|connection, out| connection.send_binary(&data, out).unwrap());
        assert!(client.next() == Event::Binary(data.into()), "the echo differs");
    }),
    ("empty", |client| {
        text(client, "");
        text(client, "after an empty message");
    }),
    ("ping", |client| {
        client.send(|connection, out| connection.send_ping(b"there?", out).unwrap());
        assert_eq!(client.next(), Event::Pong(b"there?".into()));
    }),
    ("close", |_| {}),
];

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let [uri, mode, rest @ ..] = &args[..] else { panic!("usage: series URI MODE [PROXY]") };
    let request = offer(client::Request::new(uri).unwrap(), mode).subprotocol("chat");
    let open = || open(rest.first().map(String::as_str), &request);
    // A failure is printed as the line of its case.
    panic::set_hook(Box::new(|_| {}));
    check("handshake", || {
        let (mut client, response) = open();
        assert_eq!((response.status(), response.subprotocol()), (101, Some("chat")));
        let agreed = response.header("sec-websocket-extensions").unwrap_or_default();
        println!("agreed {}", String::from_utf8_lossy(agreed));
        close(&mut client, "");
    });
    for (name, case) in CASES {
        check(name, || {
            let (mut client, _) = open();
            case(&mut client);
            close(&mut client, if name == "close" { "done" } else { "" });
        });
    }
}

fn open(proxy: Option<&str>, request: &client::Request) -> (Client, client::Response) {
    let opened = match proxy {
        Some(proxy) => Client::open_through(proxy, request),
        None => Client::open(request),
    };
    opened.unwrap_or_else(|error| panic!("{error}"))
}

/// The code must come back (RFC 6455, section 5.5.1); a reason need not.
fn close(client: &mut Client, reason: &str) {
    client.send(|connection, out| {
        connection.send_close(Close::new(CloseCode::NORMAL, reason).unwrap(), out).unwrap();
    });
    match client.next() {
        Event::Close(Some(close)) => assert_eq!(close.code(), CloseCode::NORMAL),
        event => panic!("{event:?} instead of a Close"),
    }
    client.end();
}

fn text(client: &mut Client, text: &str) {
    client.send(|connection, out| connection.send_text(text, out).unwrap());
    assert!(client.next() == Event::Text(text.into()), "the echo of {} bytes differs", text.len());
}

/// Three fragments, and a message after them that requires the correct compression state.
fn fragments(client: &mut Client, ping: bool) {
    let parts = ["part one, ".repeat(100), String::new(), "part two, ".repeat(100)];
    client.send(|connection, out| {
        connection.send_text_fragment(&parts[0], false, out).unwrap();
        if ping {
            connection.send_ping(b"between", out).unwrap();
        }
        connection.send_text_fragment(&parts[1], false, out).unwrap();
        connection.send_text_fragment(&parts[2], true, out).unwrap();
    });
    if ping {
        assert_eq!(client.next(), Event::Pong(b"between".into()));
    }
    assert!(client.next() == Event::Text(parts.concat().into()), "the echo differs");
    text(client, "part one, part two, after the fragments");
}
