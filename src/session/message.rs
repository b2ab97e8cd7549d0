//! Messages that own their data, for programs that pass them between tasks.

use alloc::{string::String, vec::Vec};
use core::fmt;

use super::Session;
use crate::{Event, SendError};

/// A message that owns its data: the item of a stream, a sink or a channel.
///
/// # Examples
///
/// The messages among the events of a session, and one to send:
///
/// ```
/// use sansocket::{Event, session::Message};
///
/// let event = Event::Text("Hello".into());
/// assert_eq!(Message::try_from(event), Ok(Message::Text("Hello".into())));
/// let ping = Event::Ping(b"1"[..].into());
/// assert_eq!(Message::try_from(ping.clone()), Err(ping));
/// assert_eq!(Event::from(Message::from(vec![7])), Event::Binary(vec![7].into()));
/// assert_eq!(Message::from("Hello"), Message::Text("Hello".into()));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a message is text or binary")]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes, or a text message that is not UTF-8 if
    /// [`Config::allow_invalid_utf8`](crate::Config::allow_invalid_utf8) permits it.
    Binary(Vec<u8>),
}

impl Session {
    /// Sends a message (RFC 6455, section 6.1). See [`send_text`](Self::send_text) and
    /// [`send_binary`](Self::send_binary) for details.
    ///
    /// Returns `false` if the session is not open: the message was discarded.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::MessageInProgress`] if another message is being sent in fragments.
    pub fn send_message(&mut self, message: &Message) -> Result<bool, SendError> {
        match message {
            Message::Text(text) => self.send_text(text),
            Message::Binary(data) => self.send_binary(data),
        }
    }
}

/// Copies the data of a message that borrows from the read buffer. An event that is no complete message is returned as the
/// error.
impl<'b> TryFrom<Event<'b>> for Message {
    type Error = Event<'b>;

    fn try_from(event: Event<'b>) -> Result<Self, Event<'b>> {
        match event {
            Event::Text(text) => Ok(Self::Text(text.into_owned())),
            Event::Binary(data) | Event::InvalidText(data) => Ok(Self::Binary(data.into_owned())),
            event => Err(event),
        }
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<Vec<u8>> for Message {
    fn from(data: Vec<u8>) -> Self {
        Self::Binary(data)
    }
}

impl From<&[u8]> for Message {
    fn from(data: &[u8]) -> Self {
        Self::Binary(data.into())
    }
}

impl From<Message> for Event<'_> {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.into()),
            Message::Binary(data) => Self::Binary(data.into()),
        }
    }
}

/// Shows the kind and the length, as the data may be long and confidential.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Binary(data) => write!(f, "Binary({} bytes)", data.len()),
        }
    }
}
