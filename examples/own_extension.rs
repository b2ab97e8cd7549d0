//! An extension of your own: every message has a checksum, for both roles.
//!
//! ```text
//! cargo run --example own_extension
//! ```
//!
//! The extension `x-checksum` marks a message with RSV2 and appends the CRC-32 of its data. The client offers it, the server
//! selects it, and only then may messages have the bit. A peer that does not know the extension gets plain messages. The two
//! sessions run in memory here; around a socket nothing is different.
#![allow(clippy::print_stdout, reason = "a program")]

use std::{error::Error, time::Duration};

use sansocket::{
    Close, CloseCode, Event, SendError, client,
    frame::{OpCode, Rsv},
    handshake::{Extension, HandshakeLimits},
    keepalive::Timeouts,
    server,
    session::{ReadBuffer, Received, Session, Transport},
};

/// The name of the extension, and the bit with which it marks messages.
const NAME: &str = "x-checksum";
const MARK: Rsv = Rsv::RSV2;

/// A session whose messages have a checksum, if both sides have agreed on that.
pub(crate) struct Checked {
    pub(crate) session: Session,
    buffer: ReadBuffer,
    agreed: bool,
    /// The messages that have arrived.
    pub(crate) messages: Vec<String>,
}

impl Checked {
    pub(crate) fn client(offers: bool) -> Result<Self, Box<dyn Error>> {
        let mut request = client::Request::new("ws://localhost/")?;
        if offers {
            request = request.extension_with_rsv(NAME, MARK);
        }
        let seed = [7; 32]; // a real client uses a seed that is unpredictable
        Ok(Self::new(Session::client(&request, seed, Timeouts::new(), Duration::ZERO)?))
    }

    pub(crate) fn server() -> Self {
        Self::new(Session::server(HandshakeLimits::new(), Timeouts::new(), Duration::ZERO))
    }

    fn new(session: Session) -> Self {
        Self { session, buffer: ReadBuffer::new(4096), agreed: false, messages: Vec::new() }
    }

    /// Sends a text: as it is, or with its checksum.
    pub(crate) fn send(&mut self, text: &str) -> Result<bool, SendError> {
        if !self.agreed {
            return self.session.send_text(text);
        }
        let data = [text.as_bytes(), &crc32(text.as_bytes()).to_be_bytes()].concat();
        self.session.send_extended(OpCode::Text, MARK, &data)
    }

    /// Receives everything in `bytes`.
    pub(crate) fn receive(&mut self, mut bytes: &[u8]) -> Result<(), Box<dyn Error>> {
        while !bytes.is_empty() {
            let space = self.buffer.space();
            let count = bytes.len().min(space.len());
            let (read, rest) = bytes.split_at(count);
            space[..count].copy_from_slice(read);
            self.buffer.filled(count);
            bytes = rest;
            while let Some(received) = self.session.receive_from(&mut self.buffer) {
                match received {
                    Received::Request(request) => {
                        self.agreed = request.extensions().any(|offer| is_ours(&offer));
                        let mut accept = server::Accept::new();
                        if self.agreed {
                            accept = accept.extension_with_rsv(NAME, MARK);
                        }
                        self.session.accept(request, accept)?;
                    }
                    Received::Response(response) => {
                        self.agreed = response.extensions().any(|selected| is_ours(&selected));
                    }
                    Received::Event(Event::Text(text)) => self.messages.push(text.into_owned()),
                    Received::Event(Event::Extended { data, .. }) => {
                        if let Some(text) = decode(&data) {
                            self.messages.push(text.to_owned());
                        } else {
                            let close = Close::new(CloseCode::INVALID_PAYLOAD, "wrong checksum")?;
                            self.session.close(close)?;
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Takes the bytes that are to be sent.
    pub(crate) fn take_output(&mut self) -> Vec<u8> {
        let mut output = Vec::new();
        loop {
            match self.session.transport() {
                Transport::Write(bytes) => {
                    let count = bytes.len();
                    output.extend_from_slice(bytes);
                    self.session.written(count);
                }
                Transport::Flush => self.session.flushed(),
                _ => return output,
            }
        }
    }
}

/// Whether this is the extension, which has no parameters.
fn is_ours(extension: &Extension<'_>) -> bool {
    extension.name() == NAME && extension.params().next().is_none()
}

/// The text of a message, if its checksum is right.
fn decode(data: &[u8]) -> Option<&str> {
    let (text, checksum) = data.split_last_chunk()?;
    if crc32(text) == u32::from_be_bytes(*checksum) { str::from_utf8(text).ok() } else { None }
}

/// CRC-32 as zip and Ethernet have it, bit by bit.
fn crc32(data: &[u8]) -> u32 {
    let sum = data.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 * (sum & 1)))
    });
    !sum
}

/// Passes bytes on until both sides have nothing to send.
pub(crate) fn exchange(client: &mut Checked, server: &mut Checked) -> Result<(), Box<dyn Error>> {
    loop {
        let (to_server, to_client) = (client.take_output(), server.take_output());
        if to_server.is_empty() && to_client.is_empty() {
            return Ok(());
        }
        server.receive(&to_server)?;
        client.receive(&to_client)?;
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut client, mut server) = (Checked::client(true)?, Checked::server());
    exchange(&mut client, &mut server)?;
    client.send("from the client")?;
    server.send("from the server")?;
    exchange(&mut client, &mut server)?;
    println!("the server has {:?}, the client has {:?}", server.messages, client.messages);
    Ok(())
}
