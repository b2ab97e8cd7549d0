//! A client and a server of this crate, with delays and split points: no message is lost or invented.
//!
//! Input: 1 byte of flags (1: compression), with compression 10 bytes of configuration; then steps, each a
//! byte for what to do and at which end, a length (2 bytes) and data.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sansocket::{CloseCode, Config, Connection, Event, Input, State};
use sansocket_fuzz::{ByteSource, agree};

/// One end: the bytes that it has sent and the other has not received, and the messages in order.
struct End {
    connection: Connection,
    wire: Vec<u8>,
    sent: Vec<Vec<u8>>,
    received: Vec<Vec<u8>>,
    fragments: Option<Vec<u8>>,
}

impl End {
    fn new(connection: Connection) -> Self {
        Self { connection, wire: Vec::new(), sent: Vec::new(), received: Vec::new(), fragments: None }
    }

    fn send(&mut self, what: u8, data: &[u8]) {
        let open = self.connection.state() == State::Open;
        let result = match what {
            0..3 => self.connection.send_binary(data, &mut self.wire),
            3..6 => {
                let last = what == 5;
                let result = self.connection.send_binary_fragment(data, last, &mut self.wire);
                if result.is_ok() {
                    self.fragments.get_or_insert_default().extend_from_slice(data);
                    self.sent.extend(self.fragments.take_if(|_| last));
                }
                assert_eq!(result.is_ok(), open);
                return;
            }
            6 => self.connection.send_ping(&data[..data.len().min(125)], &mut self.wire),
            _ => self.connection.send_close(CloseCode::NORMAL, &mut self.wire),
        };
        assert_eq!(result.is_ok(), open && (what > 2 || self.fragments.is_none()), "{result:?}");
        if result.is_ok() && what < 3 {
            self.sent.push(data.to_vec());
        }
    }
}

/// Delivers the next `len` bytes that `from` has sent.
fn deliver(from: &mut End, to: &mut End, len: usize) {
    let mut bytes: Vec<u8> = from.wire.drain(..len.min(from.wire.len())).collect();
    let mut input = Input::new(&mut bytes);
    while let Some(event) = to.connection.receive(&mut input, &mut to.wire).expect("we keep the rules") {
        if let Event::Binary(data) = event {
            to.received.push(data.into_owned());
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let mut choices = ByteSource(data);
    let (mut client, mut server) = (Config::new(), Config::new());
    if choices.flag() {
        let (at_server, at_client) = agree(choices.deflate(), choices.deflate());
        (client, server) = (client.deflate(at_client), server.deflate(at_server));
    }
    let mut client = End::new(Connection::client(client, [4; 32]));
    let mut server = End::new(Connection::server(server));
    while !choices.is_empty() {
        let what = choices.byte();
        let len = choices.number() & 0x0fff;
        let (one, other) =
            if what & 0x80 == 0 { (&mut client, &mut server) } else { (&mut server, &mut client) };
        match what & 0x1f {
            // A Close is rare, so that there is a conversation to interrupt.
            7 if what & 0x60 != 0x60 => {}
            what @ 0..8 => one.send(what, choices.bytes(len)),
            _ => deliver(one, other, len),
        }
    }
    while !(client.wire.is_empty() && server.wire.is_empty()) {
        deliver(&mut client, &mut server, usize::MAX);
        deliver(&mut server, &mut client, usize::MAX);
    }
    // The messages sent before our own Close and received before the peer's are all that were sent.
    assert_eq!(server.received, client.sent);
    assert_eq!(client.received, server.sent);
    assert_eq!(client.connection.state(), server.connection.state());
    let open = client.connection.state() == State::Open;
    assert!(open || client.connection.state() == State::Draining);
    for end in [&mut client, &mut server] {
        assert_eq!(end.connection.receive_eof().is_ok(), !open);
    }
});
