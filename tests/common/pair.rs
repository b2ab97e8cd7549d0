//! Two endpoints in memory.

use sansocket::{Config, Connection, Event, Input, ProtocolError};

/// A client and a server, and the bytes in flight between them.
pub(crate) struct Pair {
    pub(crate) client: End,
    pub(crate) server: End,
}

/// One endpoint, with the pipe into which it writes.
pub(crate) struct End {
    pub(crate) connection: Connection,
    /// The bytes that it has sent and the other end has not received.
    pub(crate) out: Vec<u8>,
    pub(crate) events: Vec<Event<'static>>,
    pub(crate) error: Option<ProtocolError>,
}

impl Pair {
    pub(crate) fn new(client: Config, server: Config) -> Self {
        let client = Connection::client(client, [42; 32]);
        Self { client: End::new(client), server: End::new(Connection::server(server)) }
    }

    /// Delivers the bytes in the pipes, and the replies to them, in pieces of `cut` bytes.
    pub(crate) fn settle(&mut self, cut: usize) {
        while !(self.client.out.is_empty() && self.server.out.is_empty()) {
            self.deliver_to_server(cut);
            self.deliver_to_client(cut);
        }
    }

    /// Delivers the bytes sent by the client.
    pub(crate) fn deliver_to_server(&mut self, cut: usize) {
        deliver(&mut self.client, &mut self.server, cut);
    }

    /// Delivers the bytes sent by the server.
    pub(crate) fn deliver_to_client(&mut self, cut: usize) {
        deliver(&mut self.server, &mut self.client, cut);
    }
}

impl End {
    fn new(connection: Connection) -> Self {
        Self { connection, out: Vec::new(), events: Vec::new(), error: None }
    }
}

fn deliver(from: &mut End, to: &mut End, cut: usize) {
    let mut bytes = std::mem::take(&mut from.out);
    for piece in bytes.chunks_mut(cut) {
        let mut input = Input::new(piece);
        loop {
            match to.connection.receive(&mut input, &mut to.out) {
                Ok(Some(event)) => to.events.push(event.into_owned()),
                Ok(None) => break,
                Err(error) => {
                    assert!(to.error.is_none_or(|earlier| earlier == error));
                    to.error = Some(error);
                    break;
                }
            }
        }
        assert!(input.is_empty());
    }
}
