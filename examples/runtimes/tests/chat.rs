//! The chat: all clients receive every message, in the same order, and clients that fall behind are
//! disconnected.

mod common;

use common::{Client, Seen, Server};

const CHATS: [&str; 2] = [env!("CARGO_BIN_EXE_tokio_chat"), env!("CARGO_BIN_EXE_mio_chat")];

#[test]
fn what_one_says_all_hear_in_the_same_order() {
    CHATS.into_iter().for_each(check_order);
}

fn check_order(program: &str) {
    let server = Server::start(program, &[]);
    let mut clients: Vec<Client> = (0..100).map(|_| server.connect("/")).collect();
    // A client that is connected has been subscribed: its own message comes back.
    for (number, client) in clients.iter_mut().enumerate() {
        client.text(&format!("I am {number}"));
    }
    let mut first = Vec::new();
    for (number, client) in clients.iter_mut().enumerate() {
        let heard: Vec<Seen> = (0..100).map(|_| client.next()).collect();
        assert!(heard.contains(&Seen::Text(format!("I am {number}"))));
        if number == 0 {
            first = heard;
        } else {
            assert_eq!(heard, first, "client {number}");
        }
    }
    let mut leaving = clients.pop().unwrap();
    leaving.close();
    assert_eq!((leaving.next(), leaving.next()), (Seen::Closed(1000), Seen::End));
    clients[0].text("who is left?");
    assert_eq!(clients[1].next(), Seen::Text("who is left?".into()));
}

#[test]
fn who_does_not_listen_is_closed_and_nobody_else_waits() {
    CHATS.into_iter().for_each(check_deaf);
}

fn check_deaf(program: &str) {
    let server = Server::start(program, &[]);
    let mut deaf = server.connect("/");
    let mut speaker = server.connect("/");
    let text = "x".repeat(16_000);
    // Enough to fill the sockets and the backlog.
    for _ in 0..2000 {
        speaker.text(&text);
        assert_eq!(speaker.next(), Seen::Text(text.clone()));
    }
    loop {
        match deaf.next() {
            Seen::Text(heard) => assert_eq!(heard.len(), text.len()),
            seen => break assert_eq!(seen, Seen::Closed(1013)),
        }
    }
    assert_eq!(deaf.next(), Seen::End);
}
