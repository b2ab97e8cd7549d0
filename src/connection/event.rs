//! The events of a connection.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

use crate::{
    Close,
    excerpt::Excerpt,
    frame::{OpCode, Rsv},
    utf8,
};

/// An event that [`Connection::receive`](crate::Connection::receive) returns.
///
/// It borrows from the bytes that were read and never from the connection, so you can call any method of the
/// connection while you hold the event. Data that spans several reads is owned.
///
/// This function describes each event in one line:
///
/// ```
/// use sansocket::Event;
///
/// fn describe(event: &Event<'_>) -> String {
///     match event {
///         Event::Text(text) => format!("text: {text}"),
///         Event::Binary(data) => format!("{} bytes", data.len()),
///         Event::Close(Some(close)) => format!("closing with {close}"),
///         Event::Close(None) => "closing without a code".to_owned(),
///         other => format!("{other:?}"), // Pings, Pongs and chunks
///     }
/// }
/// assert_eq!(describe(&Event::Text("Hello".into())), "text: Hello");
/// ```
#[doc(alias = "Message")]
#[doc(alias = "Frame")]
#[doc(alias = "onmessage")]
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'b> {
    /// A complete text message (RFC 6455, section 5.6).
    Text(Cow<'b, str>),
    /// A complete binary message (RFC 6455, section 5.6).
    Binary(Cow<'b, [u8]>),
    /// The next piece of a text message, with [`Delivery::Chunks`](crate::Delivery::Chunks).
    ///
    /// It ends at a character boundary. If a Close or an error comes before the last piece, the message is
    /// incomplete.
    TextChunk {
        /// The piece, which is only empty if it is the last.
        data: Cow<'b, str>,
        /// Whether this piece ends the message.
        last: bool,
    },
    /// The next piece of a binary message, with [`Delivery::Chunks`](crate::Delivery::Chunks).
    ///
    /// If a Close or an error comes before the last piece, the message is incomplete.
    BinaryChunk {
        /// The piece, which is only empty if it is the last.
        data: Cow<'b, [u8]>,
        /// Whether this piece ends the message.
        last: bool,
    },
    /// A text message that is not UTF-8, with [`Config::allow_invalid_utf8`](crate::Config::allow_invalid_utf8) only.
    InvalidText(Cow<'b, [u8]>),
    /// The next piece of a text message that was not checked to be UTF-8, with
    /// [`Config::allow_invalid_utf8`](crate::Config::allow_invalid_utf8) and
    /// [`Delivery::Chunks`](crate::Delivery::Chunks) only.
    UncheckedTextChunk {
        /// The piece, which may end within a character. It is empty only if it is the last.
        data: Cow<'b, [u8]>,
        /// Whether the message ends with it.
        last: bool,
    },
    /// A message of an extension of your own, with [`Config::allow_rsv`](crate::Config::allow_rsv) only: its data as they
    /// were sent, for your codec. What they stand for is not checked, also of text.
    Extended {
        /// The kind of the message: [`OpCode::Text`] or [`OpCode::Binary`].
        opcode: OpCode,
        /// The reserved bits that were set.
        rsv: Rsv,
        /// The data, with [`Delivery::Chunks`](crate::Delivery::Chunks) the next piece of it.
        data: Cow<'b, [u8]>,
        /// Whether the message ends with it.
        last: bool,
    },
    /// A Ping. Its Pong is already in `out`, unless [`Config::auto_pong`](crate::Config::auto_pong) is off
    /// (RFC 6455, section 5.5.2).
    Ping(Cow<'b, [u8]>),
    /// A Pong (RFC 6455, section 5.5.3).
    Pong(Cow<'b, [u8]>),
    /// The peer's Close. The reply is already in `out`, unless
    /// [`Config::auto_close`](crate::Config::auto_close) is off (RFC 6455, section 5.5.1). It is the last
    /// event.
    Close(Option<Close<'b>>),
}

impl Event<'_> {
    /// Converts a text message that was received as bytes: to text if it is UTF-8.
    pub(super) fn into_text(self) -> Self {
        match self {
            Self::Binary(Cow::Borrowed(data)) => match utf8::from_utf8(data) {
                Ok(text) => Self::Text(Cow::Borrowed(text)),
                Err(_) => Self::InvalidText(Cow::Borrowed(data)),
            },
            Self::Binary(Cow::Owned(data)) => match String::from_utf8(data) {
                Ok(text) => Self::Text(Cow::Owned(text)),
                Err(error) => Self::InvalidText(Cow::Owned(error.into_bytes())),
            },
            Self::BinaryChunk { data, last } => Self::UncheckedTextChunk { data, last },
            event => event,
        }
    }

    /// A message that arrived as bytes, for the codec of an extension.
    pub(super) fn extended(self, opcode: OpCode, rsv: Rsv) -> Self {
        match self {
            Self::Binary(data) => Self::Extended { opcode, rsv, data, last: true },
            Self::BinaryChunk { data, last } => Self::Extended { opcode, rsv, data, last },
            event => event,
        }
    }
}

impl Event<'_> {
    /// Converts the event into one that owns its data, so that it can outlive the input buffer.
    ///
    /// This function collects the events of one read, to be handled elsewhere:
    ///
    /// ```
    /// use sansocket::{Connection, Event, Input, ProtocolError};
    ///
    /// fn collect(
    ///     connection: &mut Connection,
    ///     read: &mut [u8],
    ///     out: &mut Vec<u8>,
    /// ) -> Result<Vec<Event<'static>>, ProtocolError> {
    ///     let (mut input, mut events) = (Input::new(read), Vec::new());
    ///     while let Some(event) = connection.receive(&mut input, out)? {
    ///         events.push(event.into_owned());
    ///     }
    ///     Ok(events)
    /// }
    /// # let mut connection = Connection::client(sansocket::Config::new(), [7; 32]);
    /// # let mut read = *b"\x81\x02Hi";
    /// # let events = collect(&mut connection, &mut read, &mut Vec::new())?;
    /// # assert_eq!(events, [Event::Text("Hi".into())]);
    /// # Ok::<(), ProtocolError>(())
    /// ```
    pub fn into_owned(self) -> Event<'static> {
        match self {
            Self::Text(text) => Event::Text(owned(text)),
            Self::Binary(data) => Event::Binary(owned(data)),
            Self::TextChunk { data, last } => Event::TextChunk { data: owned(data), last },
            Self::BinaryChunk { data, last } => Event::BinaryChunk { data: owned(data), last },
            Self::InvalidText(data) => Event::InvalidText(owned(data)),
            Self::UncheckedTextChunk { data, last } => Event::UncheckedTextChunk { data: owned(data), last },
            Self::Extended { opcode, rsv, data, last } => {
                Event::Extended { opcode, rsv, data: owned(data), last }
            }
            Self::Ping(data) => Event::Ping(owned(data)),
            Self::Pong(data) => Event::Pong(owned(data)),
            Self::Close(close) => Event::Close(close.map(Close::into_owned)),
        }
    }

    /// Returns the buffer of the data if it is owned.
    #[inline]
    pub(super) fn into_memory(self) -> Option<Vec<u8>> {
        match self {
            Event::Text(Cow::Owned(text)) | Event::TextChunk { data: Cow::Owned(text), .. } => {
                Some(text.into_bytes())
            }
            Event::Binary(Cow::Owned(data))
            | Event::BinaryChunk { data: Cow::Owned(data), .. }
            | Event::InvalidText(Cow::Owned(data))
            | Event::UncheckedTextChunk { data: Cow::Owned(data), .. }
            | Event::Extended { data: Cow::Owned(data), .. } => Some(data),
            _ => None,
        }
    }
}

/// Shows only the beginning of the data, which may be long.
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chunk = |f: &mut fmt::Formatter<'_>, name, data: &dyn fmt::Debug, last| {
            f.debug_struct(name).field("data", data).field("last", last).finish()
        };
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(&Excerpt::new(text.as_bytes())).finish(),
            Self::Binary(data) => f.debug_tuple("Binary").field(&Excerpt::new(data)).finish(),
            Self::TextChunk { data, last } => chunk(f, "TextChunk", &Excerpt::new(data.as_bytes()), last),
            Self::BinaryChunk { data, last } => chunk(f, "BinaryChunk", &Excerpt::new(data), last),
            Self::InvalidText(data) => f.debug_tuple("InvalidText").field(&Excerpt::new(data)).finish(),
            Self::UncheckedTextChunk { data, last } => {
                chunk(f, "UncheckedTextChunk", &Excerpt::new(data), last)
            }
            Self::Extended { opcode, rsv, data, last } => f
                .debug_struct("Extended")
                .field("opcode", opcode)
                .field("rsv", rsv)
                .field("data", &Excerpt::new(data))
                .field("last", last)
                .finish(),
            Self::Ping(data) => f.debug_tuple("Ping").field(&Excerpt::new(data)).finish(),
            Self::Pong(data) => f.debug_tuple("Pong").field(&Excerpt::new(data)).finish(),
            Self::Close(close) => f.debug_tuple("Close").field(close).finish(),
        }
    }
}

fn owned<T: ?Sized + alloc::borrow::ToOwned>(data: Cow<'_, T>) -> Cow<'static, T> {
    Cow::Owned(data.into_owned())
}
