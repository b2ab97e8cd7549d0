//! What happened on a connection.

use alloc::{borrow::Cow, vec::Vec};
use core::fmt;

use crate::{Close, excerpt::Excerpt};

/// What happened, as [`Connection::receive`](crate::Connection::receive) returns it.
///
/// It borrows from the bytes that were read, never from the connection, so any method of the connection may
/// be called while it is alive. What did not lie whole in the input is owned.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'b> {
    /// A whole text message (RFC 6455, 5.6).
    Text(Cow<'b, str>),
    /// A whole binary message (RFC 6455, 5.6).
    Binary(Cow<'b, [u8]>),
    /// The next piece of a text message, with [`Delivery::Chunks`](crate::Delivery::Chunks).
    ///
    /// It ends with a whole character. If a Close or an error comes before the last piece, the message was
    /// not completed.
    TextChunk {
        /// The piece, empty only if it is the last.
        data: Cow<'b, str>,
        /// Whether the message ends with it.
        last: bool,
    },
    /// The next piece of a binary message, with [`Delivery::Chunks`](crate::Delivery::Chunks).
    ///
    /// If a Close or an error comes before the last piece, the message was not completed.
    BinaryChunk {
        /// The piece, empty only if it is the last.
        data: Cow<'b, [u8]>,
        /// Whether the message ends with it.
        last: bool,
    },
    /// A Ping. Its Pong is in `out` already, unless [`Config::auto_pong`](crate::Config::auto_pong) is off
    /// (RFC 6455, 5.5.2).
    Ping(Cow<'b, [u8]>),
    /// A Pong (RFC 6455, 5.5.3).
    Pong(Cow<'b, [u8]>),
    /// The peer's Close. Our answer is in `out` already, unless
    /// [`Config::auto_close`](crate::Config::auto_close) is off (RFC 6455, 5.5.1). Nothing comes after it.
    Close(Option<Close<'b>>),
}

impl Event<'_> {
    /// The same event, independent of the bytes that were read.
    pub fn into_owned(self) -> Event<'static> {
        match self {
            Self::Text(text) => Event::Text(owned(text)),
            Self::Binary(data) => Event::Binary(owned(data)),
            Self::TextChunk { data, last } => Event::TextChunk { data: owned(data), last },
            Self::BinaryChunk { data, last } => Event::BinaryChunk { data: owned(data), last },
            Self::Ping(data) => Event::Ping(owned(data)),
            Self::Pong(data) => Event::Pong(owned(data)),
            Self::Close(close) => Event::Close(close.map(Close::into_owned)),
        }
    }

    /// The memory of the data, if it is owned.
    #[inline]
    pub(super) fn into_memory(self) -> Option<Vec<u8>> {
        match self {
            Event::Text(Cow::Owned(text)) | Event::TextChunk { data: Cow::Owned(text), .. } => {
                Some(text.into_bytes())
            }
            Event::Binary(Cow::Owned(data)) | Event::BinaryChunk { data: Cow::Owned(data), .. } => Some(data),
            _ => None,
        }
    }
}

/// Shows the beginning of the data, as it may be long.
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
            Self::Ping(data) => f.debug_tuple("Ping").field(&Excerpt::new(data)).finish(),
            Self::Pong(data) => f.debug_tuple("Pong").field(&Excerpt::new(data)).finish(),
            Self::Close(close) => f.debug_tuple("Close").field(close).finish(),
        }
    }
}

fn owned<T: ?Sized + alloc::borrow::ToOwned>(data: Cow<'_, T>) -> Cow<'static, T> {
    Cow::Owned(data.into_owned())
}
