//! The exceptions that a page can cause.

use core::{error, fmt};

/// An exception of the `WebSocket` object. Throw a `DOMException` with its [`name`](Self::name).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DomError {
    /// `SyntaxError`: an argument of the constructor or the reason of `close` is invalid.
    Syntax(SyntaxCause),
    /// `InvalidAccessError`: this code, passed to `close`, is neither 1000 nor in the range 3000 to 4999.
    InvalidAccess(u16),
    /// `InvalidStateError`: `send` was called while the object is connecting.
    InvalidState,
}

/// The cause of a `SyntaxError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyntaxCause {
    /// The URL cannot be parsed, or is relative and has no base.
    InvalidUrl,
    /// The scheme is none of `ws`, `wss`, `http` and `https`.
    UnsupportedScheme,
    /// The URL has a fragment.
    UnexpectedFragment,
    /// A subprotocol is not a token (RFC 9110, section 5.6.2).
    InvalidProtocol,
    /// A subprotocol was given twice.
    RepeatedProtocol,
    /// There are more than 64 subprotocols. The standard has no limit.
    TooManyProtocols,
    /// The reason of `close` has this number of bytes, which is more than 123.
    ReasonTooLong(usize),
}

impl DomError {
    /// Returns the name of the `DOMException`.
    ///
    /// # Examples
    ///
    /// The name and the message are the arguments of the exception's constructor:
    ///
    /// ```
    /// use sansocket::browser::Request;
    ///
    /// let error = Request::new("ws://example.com/#top", None, &[]).unwrap_err();
    /// assert_eq!(error.name(), "SyntaxError");
    /// assert_eq!(error.to_string(), "the URL has a fragment");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Syntax(_) => "SyntaxError",
            Self::InvalidAccess(_) => "InvalidAccessError",
            Self::InvalidState => "InvalidStateError",
        }
    }
}

/// Writes the message of the exception.
impl fmt::Display for DomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(cause) => cause.fmt(f),
            Self::InvalidAccess(code) => {
                write!(f, "close code {code} is neither 1000 nor in the range 3000 to 4999")
            }
            Self::InvalidState => f.write_str("cannot send while connecting"),
        }
    }
}

impl fmt::Display for SyntaxCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidUrl => "the URL cannot be parsed",
            Self::UnsupportedScheme => "the scheme of the URL is none of ws, wss, http and https",
            Self::UnexpectedFragment => "the URL has a fragment",
            Self::InvalidProtocol => "a subprotocol is not a token",
            Self::RepeatedProtocol => "a subprotocol was given twice",
            Self::TooManyProtocols => "there are more than 64 subprotocols",
            Self::ReasonTooLong(len) => {
                return write!(f, "close reason of {len} bytes exceeds the limit of 123 bytes");
            }
        })
    }
}

impl error::Error for DomError {}

impl error::Error for SyntaxCause {}

impl From<SyntaxCause> for DomError {
    fn from(cause: SyntaxCause) -> Self {
        Self::Syntax(cause)
    }
}
