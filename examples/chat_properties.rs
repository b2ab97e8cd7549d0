//! Property tests for a protocol of your own: a small chat over WebSocket without I/O, and the properties
//! that hold however the network splits and delays the bytes.
//!
//! ```sh
//! cargo run --example chat_properties --features testing            # the properties hold
//! cargo run --example chat_properties --features testing -- --bug   # a bug is found
//! ```
//!
//! In the protocol, a client sends its name as the first message, and the server answers every later message
//! with `name: message`. With the bug, the server treats each chunk as a message, which has no effect as long
//! as every message arrives in one read.

use sansocket::{
    Config, Connection, Delivery, Error, Event, Input, ProtocolError, State,
    testing::{ByteSource, Endpoint, EventCollector, Pair, Recorder, check_splits},
};

/// The server side of the chat.
#[derive(Debug)]
pub struct ChatServer {
    connection: Connection,
    name: Option<String>,
}

impl ChatServer {
    /// Creates a server, with or without the bug.
    pub fn new(bug: bool) -> Self {
        let delivery = if bug { Delivery::Chunks } else { Delivery::Messages };
        Self { connection: Connection::server(Config::new().delivery(delivery)), name: None }
    }

    fn on_message(&mut self, text: &str, out: &mut Vec<u8>) -> Result<(), Error> {
        match &self.name {
            None => self.name = Some(text.to_owned()),
            Some(_) if self.connection.state() != State::Open => {}
            Some(name) => self.connection.send_text(&format!("{name}: {text}"), out)?,
        }
        Ok(())
    }

    fn receive_all(&mut self, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        while let Some(event) = self.connection.receive(input, out)? {
            match event {
                Event::Text(text) | Event::TextChunk { data: text, .. } => self.on_message(&text, out)?,
                _ => {}
            }
        }
        Ok(())
    }
}

impl Endpoint for ChatServer {
    type Error = ProtocolError;

    fn receive(&mut self, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        match self.receive_all(input, out) {
            Err(Error::Protocol(error)) => Err(error),
            // If the peer has closed, its earlier messages can no longer be answered.
            _ => Ok(()),
        }
    }

    fn receive_eof(&mut self, _: &mut Vec<u8>) -> Result<(), ProtocolError> {
        self.connection.receive_eof()
    }
}

/// Checks that every message comes back once, in order, however the bytes are split and delayed.
///
/// # Errors
///
/// Returns the events of the client and a transcript of the server if the property does not hold.
pub fn every_message_comes_back(bytes: &[u8], bug: bool) -> Result<(), String> {
    let mut choices = ByteSource::new(bytes);
    let client = EventCollector::new(Connection::client(Config::new(), [7; 32]));
    let mut pair = Pair::new(client, Recorder::new(ChatServer::new(bug)));
    let mut expected = Vec::new();
    let say = |pair: &mut Pair<EventCollector, _>, text: &str| {
        pair.call_first(|client, out| client.connection.send_text(text, out))
            .map_err(|error| error.to_string())
    };
    say(&mut pair, "Ada")?;
    for number in 0..choices.below(10) {
        let text = format!("message {number}");
        say(&mut pair, &text)?;
        expected.push(Event::Text(format!("Ada: {text}").into()));
        // Some bytes are still in flight when the next message is sent.
        if choices.flag() {
            let len = choices.below(20);
            pair.deliver_to_second(len).map_err(|error| error.to_string())?;
        }
    }
    pair.settle(&mut choices).map_err(|error| error.to_string())?;
    if pair.first().events == expected {
        return Ok(());
    }
    Err(format!("{:?} came back\n{}", pair.first().events, pair.second().transcript()))
}

/// Checks that the server does the same however its bytes are split into reads.
///
/// # Errors
///
/// Returns a description of the first difference.
pub fn cuts_make_no_difference(bytes: &[u8], bug: bool) -> Result<(), String> {
    let mut client = Connection::client(Config::new(), [7; 32]);
    let mut wire = Vec::new();
    for text in ["Ada", "Hello", "How are you?"] {
        client.send_text(text, &mut wire).map_err(|error| error.to_string())?;
    }
    let cuts: Vec<usize> = bytes.iter().map(|&byte| usize::from(byte)).collect();
    check_splits(|| ChatServer::new(bug), &wire, &cuts, |server| server.name.clone())
        .map_err(|error| error.to_string())
}

fn main() -> Result<(), String> {
    let bug = std::env::args().any(|arg| arg == "--bug");
    // Any source of bytes works: a fuzzer, proptest, or this generator.
    let mut state = 1_u32;
    for _ in 0..1000 {
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .take(64)
        .collect();
        every_message_comes_back(&bytes, bug)?;
        cuts_make_no_difference(&bytes, bug)?;
    }
    println!("1000 runs, and every message came back");
    Ok(())
}
