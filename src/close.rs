//! Why a connection is closed: status codes and the body of a Close frame (RFC 6455, 5.5.1 and 7.4).

use alloc::{borrow::Cow, boxed::Box};
use core::{error, fmt, num::NonZeroU16};

use crate::{ProtocolError, input::Beginning, utf8};

/// A status code that may stand in a Close frame (RFC 6455, 7.4 and the IANA registry).
///
/// That is 1000 to 1003, 1007 to 1014, and 3000 to 4999. The reserved codes 1004, 1005, 1006 and 1015 and all
/// unassigned ones cannot be constructed, so they can neither be sent nor come out of a received Close.
/// Codes from 3000 are for libraries and frameworks (registered), from 4000 for private use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(NonZeroU16);

impl CloseCode {
    /// 1000: the purpose of the connection has been fulfilled.
    pub const NORMAL: Self = Self::known(1000);
    /// 1001: the endpoint goes away: a server shuts down, a browser leaves the page.
    pub const GOING_AWAY: Self = Self::known(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self::known(1002);
    /// 1003: this type of data is not accepted (a text-only endpoint got binary).
    pub const UNSUPPORTED_DATA: Self = Self::known(1003);
    /// 1007: the data does not fit its type (text that is not UTF-8, a corrupt compressed message).
    pub const INVALID_PAYLOAD: Self = Self::known(1007);
    /// 1008: the message violates a policy; the generic code where no other fits.
    pub const POLICY_VIOLATION: Self = Self::known(1008);
    /// 1009: the message is too big to be processed.
    pub const MESSAGE_TOO_BIG: Self = Self::known(1009);
    /// 1010: the server did not agree to an extension that the client needs. Only a client sends it.
    pub const MANDATORY_EXTENSION: Self = Self::known(1010);
    /// 1011: an unexpected condition kept the endpoint from fulfilling the request.
    pub const INTERNAL_ERROR: Self = Self::known(1011);
    /// 1012: the service restarts; the client may reconnect.
    pub const SERVICE_RESTART: Self = Self::known(1012);
    /// 1013: the service is overloaded; the client should try again later.
    pub const TRY_AGAIN_LATER: Self = Self::known(1013);
    /// 1014: a gateway got an invalid answer from its upstream server.
    pub const BAD_GATEWAY: Self = Self::known(1014);

    /// The code for `code`, or `None` if it must not stand in a Close frame.
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => match NonZeroU16::new(code) {
                Some(code) => Some(Self(code)),
                None => None,
            },
            _ => None,
        }
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0.get()
    }

    /// For the constants above: a wrong one does not compile.
    #[expect(clippy::panic, reason = "while compiling, if at all")]
    const fn known(code: u16) -> Self {
        match Self::new(code) {
            Some(code) => code,
            None => panic!("not a status code"),
        }
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CloseCode({})", self.get())
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.get()
    }
}

/// A status code was expected, and this number is not one that may stand in a Close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseCodeError(u16);

impl CloseCodeError {
    /// The number that was refused.
    pub fn code(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a status code that may be sent in a close frame", self.0)
    }
}

impl error::Error for CloseCodeError {}

impl TryFrom<u16> for CloseCode {
    type Error = CloseCodeError;

    fn try_from(code: u16) -> Result<Self, Self::Error> {
        Self::new(code).ok_or(CloseCodeError(code))
    }
}

/// The body of a Close frame: a status code and a reason (RFC 6455, 5.5.1).
///
/// A Close frame may also have no body at all; that is `None` where an `Option<Close>` stands.
///
/// The reason is for logs and for developers, not for end users, and it comes from the peer: do not trust it.
#[derive(Clone)]
pub struct Close<'a>(Repr<'a>);

/// A Cow with the code beside its tag: 24 bytes instead of 32, so that an event has 32 instead of 40.
#[derive(Clone)]
enum Repr<'a> {
    Borrowed(CloseCode, &'a str),
    Owned(CloseCode, Box<str>),
}

impl<'a> Close<'a> {
    /// A status code with a reason of at most [`MAX_REASON_LEN`] bytes, which may be empty.
    ///
    /// # Errors
    ///
    /// [`ReasonTooLong`] if the reason does not fit into a control frame.
    pub fn new(code: CloseCode, reason: impl Into<Cow<'a, str>>) -> Result<Self, ReasonTooLong> {
        let reason = reason.into();
        if reason.len() > MAX_REASON_LEN {
            return Err(ReasonTooLong(reason.len()));
        }
        Ok(Self(match reason {
            Cow::Borrowed(reason) => Repr::Borrowed(code, reason),
            Cow::Owned(reason) => Repr::Owned(code, reason.into_boxed_str()),
        }))
    }

    /// Reads the body of a Close frame; `None` if it is empty (RFC 6455, 5.5.1).
    ///
    /// # Errors
    ///
    /// In this order: [`ProtocolError::TruncatedCloseCode`] for a single byte,
    /// [`ProtocolError::InvalidCloseCode`], [`ProtocolError::InvalidCloseReason`] if the reason is not UTF-8.
    pub fn decode(body: &'a [u8]) -> Result<Option<Self>, ProtocolError> {
        match body {
            [_] => Err(ProtocolError::TruncatedCloseCode),
            _ => Self::decode_prefix(body, true),
        }
    }

    /// Reads a body of which, unless it is `complete`, only the beginning is there.
    pub(crate) fn decode_prefix(body: &'a [u8], complete: bool) -> Result<Option<Self>, ProtocolError> {
        let Some((code, reason)) = body.split_first_chunk::<2>() else { return Ok(None) };
        let code = u16::from_be_bytes(*code);
        let code = CloseCode::new(code).ok_or(ProtocolError::InvalidCloseCode(code))?; // 7.4
        let mut utf8 = utf8::Decoder::new();
        match utf8.decode(reason) {
            Ok(text) if utf8.is_complete() || !complete => Ok(Some(Self(Repr::Borrowed(code, text.rest)))),
            _ => Err(ProtocolError::InvalidCloseReason), // 8.1
        }
    }

    /// The status code.
    pub fn code(&self) -> CloseCode {
        match self.0 {
            Repr::Borrowed(code, _) | Repr::Owned(code, _) => code,
        }
    }

    /// The reason, empty if none was given.
    pub fn reason(&self) -> &str {
        match &self.0 {
            Repr::Borrowed(_, reason) => reason,
            Repr::Owned(_, reason) => reason,
        }
    }

    /// The same Close, borrowed from this one.
    pub(crate) fn borrowed(&self) -> Close<'_> {
        Close(Repr::Borrowed(self.code(), self.reason()))
    }

    /// The same Close, independent of the bytes that it was read from.
    pub fn into_owned(self) -> Close<'static> {
        Close(match self.0 {
            Repr::Borrowed(code, reason) => Repr::Owned(code, reason.into()),
            Repr::Owned(code, reason) => Repr::Owned(code, reason),
        })
    }
}

impl PartialEq for Close<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code() && self.reason() == other.reason()
    }
}

impl Eq for Close<'_> {}

impl fmt::Debug for Close<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Close")
            .field("code", &self.code())
            .field("reason", &Beginning(self.reason().as_bytes()))
            .finish()
    }
}

impl From<CloseCode> for Close<'_> {
    fn from(code: CloseCode) -> Self {
        Self(Repr::Borrowed(code, ""))
    }
}

/// Lets [`Connection::send_close`](crate::Connection::send_close) take a code alone.
impl From<CloseCode> for Option<Close<'_>> {
    fn from(code: CloseCode) -> Self {
        Some(code.into())
    }
}

/// The reason of a Close is longer than [`MAX_REASON_LEN`] bytes. The number is its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReasonTooLong(usize);

impl ReasonTooLong {
    /// The length of the reason that was refused, in bytes.
    #[expect(clippy::len_without_is_empty, reason = "a length of zero is never refused")]
    pub fn len(self) -> usize {
        self.0
    }
}

impl fmt::Display for ReasonTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the reason of a close frame has {} bytes, at most {MAX_REASON_LEN} are allowed", self.0)
    }
}

impl error::Error for ReasonTooLong {}

/// The longest reason in bytes: what a control frame holds, less the status code (RFC 6455, 5.5).
pub const MAX_REASON_LEN: usize = 123;
