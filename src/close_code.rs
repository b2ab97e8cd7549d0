//! The codes of Close frames (RFC 6455, section 7.4).
//!
//! Uses no other module.

use core::{error, fmt, num::NonZeroU16};

/// A close code that may appear in a Close frame (RFC 6455, section 7.4, and the IANA registry).
///
/// These are 1000 to 1003, 1007 to 1014, and 3000 to 4999. The reserved codes 1004, 1005, 1006 and 1015 and
/// all unassigned codes cannot be constructed, so they can neither be sent nor be part of a received Close.
/// Codes from 3000 are for libraries and frameworks (registered), codes from 4000 for private use.
///
/// A code is a constant, or is created from a number:
///
/// ```
/// use sansocket::CloseCode;
///
/// const QUOTA_EXCEEDED: CloseCode = CloseCode::new(4001).unwrap();
/// assert_eq!(CloseCode::try_from(1000), Ok(CloseCode::NORMAL));
/// assert_eq!(CloseCode::new(1006), None);
/// # assert_eq!(QUOTA_EXCEEDED.get(), 4001);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(NonZeroU16);

impl CloseCode {
    /// 1000: the purpose of the connection has been fulfilled.
    pub const NORMAL: Self = Self::known(1000);
    /// 1001: the endpoint is going away; a server shuts down, or a browser leaves the page.
    pub const GOING_AWAY: Self = Self::known(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self::known(1002);
    /// 1003: this type of data is not accepted, for example a binary message by a text-only endpoint.
    pub const UNSUPPORTED_DATA: Self = Self::known(1003);
    /// 1007: the data is not consistent with its type: text that is not UTF-8, or a corrupt compressed
    /// message.
    pub const INVALID_PAYLOAD: Self = Self::known(1007);
    /// 1008: the message violates a policy; the generic code if no other applies.
    pub const POLICY_VIOLATION: Self = Self::known(1008);
    /// 1009: the message is too big to be processed.
    pub const MESSAGE_TOO_BIG: Self = Self::known(1009);
    /// 1010: the server did not negotiate an extension that the client requires. Only a client sends it.
    pub const MANDATORY_EXTENSION: Self = Self::known(1010);
    /// 1011: an unexpected condition prevented the endpoint from fulfilling the request.
    pub const INTERNAL_ERROR: Self = Self::known(1011);
    /// 1012: the service is restarting; the client may reconnect.
    pub const SERVICE_RESTART: Self = Self::known(1012);
    /// 1013: the service is overloaded; the client should try again later.
    pub const TRY_AGAIN_LATER: Self = Self::known(1013);
    /// 1014: a gateway received an invalid response from its upstream server.
    pub const BAD_GATEWAY: Self = Self::known(1014);

    /// Returns the close code `code`, or `None` if it must not appear in a Close frame.
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => match NonZeroU16::new(code) {
                Some(code) => Some(Self(code)),
                None => None,
            },
            _ => None,
        }
    }

    /// Returns the code as a number.
    pub const fn get(self) -> u16 {
        self.0.get()
    }

    /// Creates the constants above: an invalid one does not compile.
    #[expect(clippy::panic, reason = "while compiling, if at all")]
    const fn known(code: u16) -> Self {
        match Self::new(code) {
            Some(code) => code,
            None => panic!("invalid close code"),
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

/// The error for a number that is not a valid close code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CloseCodeError(u16);

impl CloseCodeError {
    /// Returns the rejected number.
    pub fn code(self) -> u16 {
        self.0
    }
}

impl CloseCodeError {
    /// Returns a stable short name of the error, for logs and metrics. See
    /// [`ProtocolError::name`](crate::ProtocolError::name) for details.
    pub const fn name(self) -> &'static str {
        "close_code_not_allowed"
    }
}

impl fmt::Display for CloseCodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a valid close code", self.0)
    }
}

impl error::Error for CloseCodeError {}

impl TryFrom<u16> for CloseCode {
    type Error = CloseCodeError;

    fn try_from(code: u16) -> Result<Self, Self::Error> {
        Self::new(code).ok_or(CloseCodeError(code))
    }
}
