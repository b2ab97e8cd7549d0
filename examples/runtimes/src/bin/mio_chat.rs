//! A chat with `mio`: a message of one client goes to all clients of its thread.
//!
//! ```text
//! cargo run --bin mio_chat -- 127.0.0.1:9001
//! ```
//!
//! A message is encoded once. All messages of a round of the event loop are written to a client at once, and a
//! client that does not read is closed with 1013.

use std::{io, mem};

use mio::net::TcpStream;
use sansocket::{
    Event,
    session::{EncodedMessage, Received, Session},
};
use sansocket_runtimes::{
    echo,
    event_loop::{self, Service},
};

fn main() -> io::Result<()> {
    event_loop::serve("usage: mio_chat [ADDRESS]", Chat::default)
}

#[derive(Default)]
struct Chat {
    said: Vec<EncodedMessage>,
}

impl Service for Chat {
    fn receive(&mut self, session: &mut Session, received: Received<'_>, _: &mut TcpStream) {
        match received {
            Received::Event(Event::Text(text)) => self.said.push(EncodedMessage::text(&text)),
            Received::Event(Event::Binary(data)) => self.said.push(EncodedMessage::binary(&data)),
            other => echo(session, other),
        }
    }

    fn broadcast(&mut self) -> Vec<EncodedMessage> {
        mem::take(&mut self.said)
    }
}
