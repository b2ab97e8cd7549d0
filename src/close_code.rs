//! The status codes of a Close frame (RFC 6455, 7.4).
//!
//! Uses no other module.

use core::{error, fmt, num::NonZeroU16};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
