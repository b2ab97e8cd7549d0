//! Why an opening handshake failed.

use core::{error, fmt};

/// Why an opening handshake failed: the peer broke the protocol, went over a limit, or disappeared.
///
/// One variant is one cause. When a server's handshake returns one, the response that tells the client, with
/// [`status`](Self::status), has already been appended to `out`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeError {
    /// A control character other than a tab stands in the head (RFC 9110, 5.5).
    ControlCharacter,
    /// A carriage return or a line feed stands without the other (RFC 9112, 2.2).
    InvalidLineEnding,
    /// The request or status line is over the limit for one line.
    StartLineTooLong {
        /// [`HandshakeLimits::max_line_len`](super::HandshakeLimits::max_line_len), in bytes.
        limit: usize,
    },
    /// A header line is over the limit for one line.
    HeaderLineTooLong {
        /// [`HandshakeLimits::max_line_len`](super::HandshakeLimits::max_line_len), in bytes.
        limit: usize,
    },
    /// The head has not ended at its limit.
    HeadTooLong {
        /// [`HandshakeLimits::max_head_len`](super::HandshakeLimits::max_head_len), in bytes.
        limit: usize,
    },
    /// The head has more header lines than the limit.
    TooManyHeaders {
        /// [`HandshakeLimits::max_headers`](super::HandshakeLimits::max_headers).
        limit: usize,
    },
    /// A line begins with white space, in a request or right after the start line (RFC 9112, 2.2 and 5.2).
    FoldedHeader,
    /// A header line is not a name, a colon and a value (RFC 9112, 5).
    MalformedHeader,
    /// The first bytes are a TLS record: the peer speaks TLS, or the scheme is the wrong one of `ws` and `wss`.
    LooksLikeTls,
    /// The first bytes are those of HTTP/2, whose connections begin differently (RFC 9113, 3.4).
    LooksLikeHttp2,
    /// The first bytes are those of another protocol than HTTP.
    NotHttp,
    /// The request line is not a method, a target and a version with one space between (RFC 9112, 3).
    MalformedRequestLine,
    /// The status line is not a version and a status of three digits (RFC 9112, 4).
    MalformedStatusLine,
    /// The message is in HTTP/2 or later, which begins differently (RFC 9110, 15.6.6).
    HttpVersionNotSupported,
    /// HTTP before 1.1 cannot be upgraded (RFC 6455, 4.2.1; RFC 9110, 7.8).
    HttpVersionTooOld,
    /// The request method is not GET (RFC 6455, 4.2.1), or not CONNECT over HTTP/2 and HTTP/3 (RFC 8441, 4).
    InvalidMethod,
    /// A pseudo-header is missing, unknown, repeated, behind other headers, or has a value that it cannot have
    /// (RFC 9113, 8.3 and 8.6).
    InvalidPseudoHeader,
    /// The pseudo-header `:protocol` is missing, or is not `websocket` (RFC 8441, 5; RFC 9220, 3).
    UnsupportedProtocol,
    /// A header that is about a connection of HTTP/1.1 came over HTTP/2 or HTTP/3 (RFC 9113, 8.2.2).
    ConnectionSpecificHeader,
    /// The target is neither a path nor an http or https URI, or has a fragment (RFC 6455, 4.2.1).
    InvalidTarget,
    /// The Host header is missing, repeated or not a host (RFC 9112, 3.2).
    InvalidHostHeader,
    /// The Content-Length headers are not a number, or differ (RFC 9112, 6.3).
    InvalidContentLength,
    /// The request announces a body, which would be taken for frames (RFC 9110, 9.3.1).
    UnexpectedBody,
    /// The Upgrade or Connection header is not a list of tokens (RFC 9110, 7.6.1 and 7.8).
    MalformedUpgrade,
    /// The request does not ask for an upgrade to `websocket` (RFC 6455, 4.2.1).
    MissingUpgrade,
    /// Sec-WebSocket-Version is missing, repeated or not a version (RFC 6455, 4.3).
    InvalidVersion,
    /// Sec-WebSocket-Version is not 13 (RFC 6455, 4.4).
    UnsupportedVersion,
    /// Sec-WebSocket-Key is missing, repeated or not 16 bytes in base64 (RFC 6455, 4.2.1).
    InvalidKey,
    /// The Origin header is repeated, empty or not printable ASCII (RFC 6455, 4.2.1).
    InvalidOrigin,
    /// Sec-WebSocket-Protocol is not a list of different tokens, at most 64 (RFC 6455, 4.3).
    InvalidSubprotocols,
    /// Sec-WebSocket-Extensions breaks its grammar, or has over 32 elements or 4 KiB (RFC 6455, 9.1).
    InvalidExtensions,
    /// More than 16 interim (1xx) responses came before the final one (RFC 9110, 15.2).
    TooManyInterimResponses,
    /// The response does not upgrade to `websocket`, and to that alone (RFC 6455, 4.1).
    InvalidUpgrade,
    /// The Connection header of the response does not have `Upgrade` (RFC 6455, 4.1).
    InvalidConnection,
    /// Sec-WebSocket-Accept is missing, repeated or does not answer our key (RFC 6455, 4.1).
    InvalidAccept,
    /// The server selected a subprotocol that was not asked for, or several (RFC 6455, 4.1).
    UnexpectedSubprotocol,
    /// The server selected none of the subprotocols, and the request requires one (WHATWG `WebSockets`, 2).
    MissingSubprotocol,
    /// The server selected an extension that was not offered, or one twice (RFC 6455, 4.1).
    UnexpectedExtension,
    /// The keys of hixie-76 are missing, repeated or encode no number, are beside a key or version of a later
    /// protocol, or Sec-WebSocket-Draft is not 0.
    #[cfg(feature = "legacy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "legacy")))]
    InvalidChallenge,
    /// The Origin header is missing, which hixie-75 and hixie-76 require.
    #[cfg(feature = "legacy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "legacy")))]
    MissingOrigin,
    /// The 16 bytes after the response of a hixie-76 server are not the digest of the challenge.
    #[cfg(feature = "legacy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "legacy")))]
    InvalidDigest,
    /// The origin in the response of a hixie server is missing, repeated or not that of the request.
    #[cfg(feature = "legacy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "legacy")))]
    UnexpectedOrigin,
    /// The location in the response of a hixie server is missing, repeated or not the URI of the request.
    #[cfg(feature = "legacy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "legacy")))]
    UnexpectedLocation,
    /// The transport ended before the handshake did.
    IncompleteHandshake,
    /// A misuse: the handshake has already succeeded. Nothing was consumed.
    AlreadyComplete,
}

impl HandshakeError {
    /// The HTTP status of the response that a server has appended to `out`.
    ///
    /// `None` if there is none: the fault can only be in a response, or nobody is left to tell. A client sends
    /// nothing, whatever the status. For an extended CONNECT see
    /// [`Refusal::status`](crate::extended_connect::Refusal::status).
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::InvalidMethod => Some(405),
            Self::StartLineTooLong { .. } => Some(414),
            Self::MissingUpgrade | Self::UnsupportedVersion | Self::HttpVersionTooOld => Some(426),
            Self::HeaderLineTooLong { .. } | Self::HeadTooLong { .. } | Self::TooManyHeaders { .. } => {
                Some(431)
            }
            Self::UnsupportedProtocol => Some(501),
            Self::HttpVersionNotSupported | Self::LooksLikeHttp2 => Some(505),
            Self::MalformedStatusLine
            | Self::TooManyInterimResponses
            | Self::InvalidUpgrade
            | Self::InvalidConnection
            | Self::InvalidAccept
            | Self::UnexpectedSubprotocol
            | Self::MissingSubprotocol
            | Self::UnexpectedExtension
            | Self::IncompleteHandshake
            | Self::AlreadyComplete => None,
            #[cfg(feature = "legacy")]
            Self::InvalidDigest | Self::UnexpectedOrigin | Self::UnexpectedLocation => None,
            Self::ControlCharacter
            | Self::InvalidLineEnding
            | Self::FoldedHeader
            | Self::MalformedHeader
            | Self::LooksLikeTls
            | Self::NotHttp
            | Self::MalformedRequestLine
            | Self::InvalidPseudoHeader
            | Self::ConnectionSpecificHeader
            | Self::InvalidTarget
            | Self::InvalidHostHeader
            | Self::InvalidContentLength
            | Self::UnexpectedBody
            | Self::MalformedUpgrade
            | Self::InvalidVersion
            | Self::InvalidKey
            | Self::InvalidOrigin
            | Self::InvalidSubprotocols
            | Self::InvalidExtensions => Some(400),
            #[cfg(feature = "legacy")]
            Self::InvalidChallenge | Self::MissingOrigin => Some(400),
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StartLineTooLong { limit } => {
                return write!(f, "the request or status line is over the limit of {limit} bytes");
            }
            Self::HeaderLineTooLong { limit } => {
                return write!(f, "a header line is over the limit of {limit} bytes");
            }
            Self::HeadTooLong { limit } => return write!(f, "the head is over the limit of {limit} bytes"),
            Self::TooManyHeaders { limit } => return write!(f, "the head has more than {limit} headers"),
            Self::ControlCharacter => "the head has a control character",
            Self::InvalidLineEnding => "a line of the head does not end in CR LF",
            Self::FoldedHeader => "a header line begins with white space",
            Self::MalformedHeader => "a header line is not a name, a colon and a value",
            Self::LooksLikeTls => "expected HTTP, but the peer speaks TLS",
            Self::LooksLikeHttp2 => "expected HTTP/1.1, but the peer speaks HTTP/2",
            Self::NotHttp => "the peer does not speak HTTP",
            Self::MalformedRequestLine => "the request line is malformed",
            Self::MalformedStatusLine => "the status line is malformed",
            Self::HttpVersionNotSupported => "the HTTP version is not 1.1",
            Self::HttpVersionTooOld => "the HTTP version is older than 1.1",
            Self::InvalidMethod => "the request method does not open a WebSocket",
            Self::InvalidPseudoHeader => "a pseudo-header is missing, misplaced or invalid",
            Self::UnsupportedProtocol => "the request is for another protocol than websocket",
            Self::ConnectionSpecificHeader => "a header of HTTP/1.1 came over a later version",
            Self::InvalidTarget => "the target of the request is neither a path nor an http URI",
            Self::InvalidHostHeader => "the host header is missing, repeated or invalid",
            Self::InvalidContentLength => "the content-length headers are not a number, or differ",
            Self::UnexpectedBody => "the request has a body",
            Self::MalformedUpgrade => "the upgrade or connection header is malformed",
            Self::MissingUpgrade => "the request does not ask for an upgrade to websocket",
            Self::InvalidVersion => "the sec-websocket-version header is missing, repeated or malformed",
            Self::UnsupportedVersion => "the client speaks another version of the protocol than 13",
            Self::InvalidKey => "the sec-websocket-key header is missing, repeated or malformed",
            Self::InvalidOrigin => "the origin header is repeated or malformed",
            Self::InvalidSubprotocols => {
                "the sec-websocket-protocol header is not a list of different tokens"
            }
            Self::InvalidExtensions => "the sec-websocket-extensions header is malformed or too long",
            Self::TooManyInterimResponses => "more than 16 interim responses came before the final one",
            Self::InvalidUpgrade => "the response does not upgrade to websocket",
            Self::InvalidConnection => "the connection header of the response does not have upgrade",
            Self::InvalidAccept => "the sec-websocket-accept header does not answer the key of the request",
            Self::UnexpectedSubprotocol => "the server selected a subprotocol that was not asked for",
            Self::MissingSubprotocol => "the server selected no subprotocol",
            Self::UnexpectedExtension => {
                "the server selected an extension, or parameters of one, that were not offered"
            }
            #[cfg(feature = "legacy")]
            Self::InvalidChallenge => "the challenge of hixie-76 is incomplete, invalid or ambiguous",
            #[cfg(feature = "legacy")]
            Self::MissingOrigin => "the origin header is missing, which this protocol version requires",
            #[cfg(feature = "legacy")]
            Self::InvalidDigest => "the digest after the response does not match the challenge",
            #[cfg(feature = "legacy")]
            Self::UnexpectedOrigin => "the origin in the response is not that of the request",
            #[cfg(feature = "legacy")]
            Self::UnexpectedLocation => "the location in the response is not the URI of the request",
            Self::IncompleteHandshake => "the transport ended before the handshake did",
            Self::AlreadyComplete => "the handshake has already succeeded",
        })
    }
}

impl error::Error for HandshakeError {}
