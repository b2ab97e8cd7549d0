//! What the page sees: events, `readyState`, `binaryType`.

use alloc::{string::String, vec::Vec};
use core::{error, fmt, str::FromStr};

/// An event for the page to handle.
///
/// None of them bubbles or can be canceled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// `open`.
    Open,
    /// `message` with a string as its `data`. The `origin` of both kinds of message is
    /// [`WebSocket::origin`](super::WebSocket::origin), `lastEventId` is empty.
    Text(String),
    /// `message` with a `Blob` or an `ArrayBuffer` as its `data`.
    Binary(Vec<u8>, BinaryType),
    /// `error`, a plain event without any detail. `Close` follows: dispatch both in one task.
    Error,
    /// `close`, the last event.
    Close {
        /// The code of the peer's Close; 1005 if it had none, 1006 if no Close was received.
        code: u16,
        /// The reason of the peer's Close, or an empty string.
        reason: String,
        /// `true` if both Close frames were exchanged: `wasClean`.
        was_clean: bool,
    },
}

/// The state of the object, with the numbers of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the standard has these four")]
pub enum ReadyState {
    /// The connection is not established.
    Connecting = 0,
    /// Messages can be sent and received.
    Open = 1,
    /// A Close was sent or received, or the connection fails.
    Closing = 2,
    /// The connection is closed, or was never opened.
    Closed = 3,
}

/// The type of `data` in events of binary messages.
///
/// # Examples
///
/// An assignment of another string to `binaryType` is ignored:
///
/// ```
/// use sansocket::browser::BinaryType;
///
/// assert_eq!("arraybuffer".parse(), Ok(BinaryType::ArrayBuffer));
/// assert!("ArrayBuffer".parse::<BinaryType>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the standard has these two")]
pub enum BinaryType {
    /// `"blob"`.
    #[default]
    Blob,
    /// `"arraybuffer"`.
    ArrayBuffer,
}

impl BinaryType {
    /// Returns the string that scripts see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::ArrayBuffer => "arraybuffer",
        }
    }
}

impl FromStr for BinaryType {
    type Err = UnknownBinaryType;

    fn from_str(text: &str) -> Result<Self, UnknownBinaryType> {
        match text {
            "blob" => Ok(Self::Blob),
            "arraybuffer" => Ok(Self::ArrayBuffer),
            _ => Err(UnknownBinaryType),
        }
    }
}

/// A string is no [`BinaryType`]. The standard ignores the assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownBinaryType;

impl fmt::Display for UnknownBinaryType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the binary type is neither \"blob\" nor \"arraybuffer\"")
    }
}

impl error::Error for UnknownBinaryType {}
