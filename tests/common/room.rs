//! A chat room, to test the net of many endpoints with: what every client hears, whatever happens to the links of the
//! others.

use sansocket::{
    Config, Connection, Delivery, Event, Input, ProtocolError, State,
    testing::{ByteSource, EventCollector, Hub, Net},
};

/// The server side of a chat room. The first message of a client is its name.
///
/// With the bug, each chunk is a message.
#[derive(Debug)]
pub(crate) struct Room {
    members: Vec<Member>,
    /// All messages so far.
    log: Vec<String>,
}

/// A connection of the room.
#[derive(Debug)]
struct Member {
    connection: Connection,
    name: Option<String>,
    /// The length of the log when the name was sent.
    since: usize,
}

impl Room {
    /// Creates a room for a number of connections, with or without the bug.
    pub(crate) fn new(count: usize, bug: bool) -> Self {
        let delivery = if bug { Delivery::Chunks } else { Delivery::Messages };
        let config = Config::new().delivery(delivery);
        let member = || Member { connection: Connection::server(config), name: None, since: 0 };
        Self { members: std::iter::repeat_with(member).take(count).collect(), log: Vec::new() }
    }

    fn on_message(&mut self, peer: usize, text: &str, out: &mut [Vec<u8>]) {
        let Some(member) = self.members.get_mut(peer) else { return };
        let Some(name) = &member.name else {
            (member.name, member.since) = (Some(text.to_owned()), self.log.len());
            return;
        };
        let message = format!("{name}: {text}");
        for (member, out) in self.members.iter_mut().zip(out) {
            if member.name.is_some() && member.connection.state() == State::Open {
                // It is open and sends no fragments, so this does not fail.
                let _ = member.connection.send_text(&message, out);
            }
        }
        self.log.push(message);
    }
}

impl Hub for Room {
    type Error = ProtocolError;

    fn receive(
        &mut self,
        peer: usize,
        input: &mut Input<'_>,
        out: &mut [Vec<u8>],
    ) -> Result<(), ProtocolError> {
        while let (Some(member), Some(own)) = (self.members.get_mut(peer), out.get_mut(peer)) {
            match member.connection.receive(input, own)? {
                Some(Event::Text(text) | Event::TextChunk { data: text, .. }) => {
                    self.on_message(peer, &text, out);
                }
                Some(_) => {}
                None => break,
            }
        }
        Ok(())
    }

    fn receive_eof(&mut self, peer: usize, _: &mut [Vec<u8>]) -> Result<(), ProtocolError> {
        self.members.get_mut(peer).map_or(Ok(()), |member| member.connection.receive_eof())
    }
}

/// Checks that every client of a room hears all messages in one order, and that a client whose link fails hears a
/// beginning of them, while nothing changes for the others.
pub(crate) fn a_room_hears_everything(bytes: &[u8], bug: bool) -> Result<(), String> {
    let mut choices = ByteSource::new(bytes);
    let count = choices.below(4) + 2;
    let client = |_| EventCollector::new(Connection::client(Config::new(), [7; 32]));
    let mut net = Net::new(Room::new(count, bug), (0..count).map(client));
    let mut said = vec![Vec::new(); count];
    let mut disturbed = vec![false; count];
    for number in 0..choices.below(30) {
        let peer = choices.below(count);
        let text = if said[peer].is_empty() { format!("client {peer}") } else { format!("message {number}") };
        let sent = net.call_client(peer, |client, out| client.connection.send_text(&text, out).is_ok());
        if sent == Some(true) {
            said[peer].push(text);
        }
        match choices.below(8) {
            0 => disturbed[net.disturb(&mut choices)] = true,
            1..4 => _ = net.deliver_to_hub(peer, choices.below(20)),
            4..6 => _ = net.deliver_to_client(peer, choices.below(20)),
            _ => {}
        }
    }
    net.settle(&mut choices);
    for (peer, client) in net.clients().enumerate() {
        let (log, name) = (&net.hub().log, format!("client {peer}: "));
        let own: Vec<_> = log.iter().filter_map(|message| message.strip_prefix(&name)).collect();
        let due = log.get(net.hub().members[peer].since..).unwrap_or_default();
        let heard: Vec<_> = client.events.iter().filter_map(text_of).collect();
        let has_said = said[peer].iter().skip(1).map(String::as_str).collect::<Vec<_>>();
        let is_right = if disturbed[peer] {
            due.starts_with(&heard) && has_said.starts_with(&own)
        } else {
            (said[peer].is_empty() || due == heard) && own == has_said && net.hub_error(peer).is_none()
        };
        if !is_right {
            return Err(format!("client {peer} of {count} said {has_said:?} and heard {heard:?} of {log:?}"));
        }
    }
    Ok(())
}

fn text_of(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Text(text) => Some(text.to_string()),
        _ => None,
    }
}
