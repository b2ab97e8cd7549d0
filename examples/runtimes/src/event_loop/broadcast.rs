//! Messages to all clients of a thread, for a chat.

use sansocket::{CloseCode, session::EncodedMessage};

use super::{
    Service, Worker,
    client::{Client, Memory, Turn},
};
use crate::now;

impl<S: Service> Worker<S> {
    /// Sends messages to all clients. A client that does not read is closed.
    pub(super) fn broadcast(&mut self) {
        let messages = self.service.broadcast();
        if messages.is_empty() {
            return;
        }
        let turns: Vec<_> = self
            .clients
            .iter_mut()
            .map(|(key, client)| (key, client.send(&messages, &mut self.memory)))
            .collect();
        for (key, turn) in turns {
            self.end_turn(key, turn);
        }
    }
}

impl Client {
    /// Sends messages, and writes as much as possible. A client that does not read them is closed.
    fn send(&mut self, messages: &[EncodedMessage], memory: &mut Memory) -> Turn {
        memory.lend(self);
        self.session.note_time(now());
        for message in messages {
            if !self.session.has_room() {
                self.write();
            }
            let result = if self.session.has_room() {
                self.session.send_encoded(message)
            } else {
                self.session.close(CloseCode::TRY_AGAIN_LATER)
            };
            if result.is_err() {
                self.session.abort();
            }
        }
        let is_open = self.write();
        memory.reclaim(self);
        if is_open { Turn::Wait } else { Turn::Done }
    }
}
