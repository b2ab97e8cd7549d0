//! The errors of the opening handshake.

use core::{error, fmt};

/// The reason why an opening handshake failed: the peer broke the protocol, exceeded a limit, or disappeared.
///
/// Each variant is one cause. When a server's handshake returns an error, the response that notifies the
/// client has already been appended to `out`, with the [`status`](Self::status) of the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The head contains a control character other than a tab (RFC 9110, section 5.5).
    ControlCharacter,
    /// A carriage return or a line feed appears without the other (RFC 9112, section 2.2).
    InvalidLineEnding,
    /// The request line or status line exceeds the limit for a line.
    StartLineTooLong {
        /// [`HandshakeLimits::max_line_len`](super::HandshakeLimits::max_line_len), in bytes.
        limit: usize,
    },
    /// A header line exceeds the limit for a line.
    HeaderLineTooLong {
        /// [`HandshakeLimits::max_line_len`](super::HandshakeLimits::max_line_len), in bytes.
        limit: usize,
    },
    /// The head exceeds its limit.
    HeadTooLong {
        /// [`HandshakeLimits::max_head_len`](super::HandshakeLimits::max_head_len), in bytes.
        limit: usize,
    },
    /// The head has more header lines than the limit.
    TooManyHeaders {
        /// [`HandshakeLimits::max_headers`](super::HandshakeLimits::max_headers).
        limit: usize,
    },
    /// A line begins with white space, in a request or right after the start line (RFC 9112, sections 2.2 and
    /// 5.2).
    FoldedHeader,
    /// A header line is not a name, a colon and a value (RFC 9112, section 5).
    MalformedHeader,
    /// The first bytes are a TLS record: the peer speaks TLS, and one side uses the wrong one of `ws` and `wss`.
    LooksLikeTls,
    /// The first bytes are those of HTTP/2, whose connections begin differently (RFC 9113, section 3.4).
    LooksLikeHttp2,
    /// The first bytes are those of a protocol other than HTTP.
    NotHttp,
    /// The request line is not a method, a target and a version, separated by single spaces (RFC 9112,
    /// section 3).
    MalformedRequestLine,
    /// The status line is not a version and a status of three digits (RFC 9112, section 4).
    MalformedStatusLine,
    /// The message uses HTTP/2 or later, whose connections begin differently (RFC 9110, section 15.6.6).
    HttpVersionNotSupported,
    /// The message uses an HTTP version before 1.1, which cannot be upgraded (RFC 6455, section 4.2.1; RFC
    /// 9110, section 7.8).
    HttpVersionTooOld,
    /// The request method is not GET (RFC 6455, section 4.2.1), or not CONNECT over HTTP/2 and HTTP/3 (RFC
    /// 8441, section 4).
    InvalidMethod,
    /// A pseudo-header is missing, unknown, repeated, after other headers, or has an invalid value (RFC 9113,
    /// sections 8.3 and 8.6).
    InvalidPseudoHeader,
    /// The pseudo-header `:protocol` is missing, or is not `websocket` (RFC 8441, section 5; RFC 9220,
    /// section 3).
    UnsupportedProtocol,
    /// A connection-specific header of HTTP/1.1 was sent over HTTP/2 or HTTP/3 (RFC 9113, section 8.2.2).
    ConnectionSpecificHeader,
    /// The target is neither a path nor a URI with the scheme http, https, ws or wss, or has a fragment (RFC 6455,
    /// section 4.2.1).
    InvalidTarget,
    /// The Host header is missing, repeated or not a host (RFC 9112, section 3.2).
    InvalidHostHeader,
    /// The Content-Length headers are not a number, or differ (RFC 9112, section 6.3).
    InvalidContentLength,
    /// The request declares a body, which would be read as frames (RFC 9110, section 9.3.1).
    UnexpectedBody,
    /// The Upgrade or Connection header is not a list of tokens (RFC 9110, sections 7.6.1 and 7.8).
    MalformedUpgrade,
    /// The request does not ask for an upgrade to `websocket` (RFC 6455, section 4.2.1).
    MissingUpgrade,
    /// Sec-WebSocket-Version is missing, repeated or not a version (RFC 6455, section 4.3).
    InvalidVersion,
    /// Sec-WebSocket-Version is not 13 (RFC 6455, section 4.4).
    UnsupportedVersion,
    /// Sec-WebSocket-Key is missing, repeated or not 16 bytes in base64 (RFC 6455, section 4.2.1).
    InvalidKey,
    /// The Origin header is repeated, empty or not printable ASCII (RFC 6455, section 4.2.1).
    InvalidOrigin,
    /// Sec-WebSocket-Protocol is not a list of distinct tokens, at most 64 (RFC 6455, section 4.3).
    InvalidSubprotocols,
    /// Sec-WebSocket-Extensions is malformed, or has more than 32 elements or 4 KiB (RFC 6455, section 9.1).
    InvalidExtensions,
    /// More than 16 interim (1xx) responses were received before the final one (RFC 9110, section 15.2).
    TooManyInterimResponses,
    /// The response does not upgrade to `websocket` alone (RFC 6455, section 4.1).
    InvalidUpgrade,
    /// The Connection header of the response does not contain `Upgrade` (RFC 6455, section 4.1).
    InvalidConnection,
    /// Sec-WebSocket-Accept is missing, repeated or does not match our key (RFC 6455, section 4.1).
    InvalidAccept,
    /// The server selected a subprotocol that was not offered, or several (RFC 6455, section 4.1).
    /// [`client::Handshake::refused_response`](crate::client::Handshake::refused_response) contains it.
    UnexpectedSubprotocol,
    /// The server selected no subprotocol, but the request requires one (WHATWG `WebSockets`, section 2).
    MissingSubprotocol,
    /// The server selected an extension that was not offered, or one twice (RFC 6455, section 4.1).
    /// [`client::Handshake::refused_response`](crate::client::Handshake::refused_response) contains it.
    UnexpectedExtension,
    /// The keys of hixie-76 are missing, repeated or do not encode a number, are combined with a key or
    /// version of a later protocol, or Sec-WebSocket-Draft is not 0.
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
    /// The transport closed before the handshake was complete.
    IncompleteHandshake,
    /// The handshake has already been completed, so the call was a mistake. Nothing was consumed.
    AlreadyComplete,
}

impl HandshakeError {
    /// Returns the HTTP status of the response that a server has appended to `out`.
    ///
    /// It returns `None` if there is no response: the violation can only occur in a response, or the client
    /// has disconnected. A client sends nothing, whatever the status. For an extended CONNECT see
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

impl HandshakeError {
    /// Returns a stable short name of the error, for logs and metrics. See
    /// [`ProtocolError::name`](crate::ProtocolError::name) for details.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ControlCharacter => "handshake_control_character",
            Self::InvalidLineEnding => "handshake_invalid_line_ending",
            Self::StartLineTooLong { .. } => "handshake_start_line_too_long",
            Self::HeaderLineTooLong { .. } => "handshake_header_line_too_long",
            Self::HeadTooLong { .. } => "handshake_head_too_long",
            Self::TooManyHeaders { .. } => "handshake_too_many_headers",
            Self::FoldedHeader => "handshake_folded_header",
            Self::MalformedHeader => "handshake_malformed_header",
            Self::LooksLikeTls => "handshake_looks_like_tls",
            Self::LooksLikeHttp2 => "handshake_looks_like_http2",
            Self::NotHttp => "handshake_not_http",
            Self::MalformedRequestLine => "handshake_malformed_request_line",
            Self::MalformedStatusLine => "handshake_malformed_status_line",
            Self::HttpVersionNotSupported => "handshake_http_version_not_supported",
            Self::HttpVersionTooOld => "handshake_http_version_too_old",
            Self::InvalidMethod => "handshake_invalid_method",
            Self::InvalidPseudoHeader => "handshake_invalid_pseudo_header",
            Self::UnsupportedProtocol => "handshake_unsupported_protocol",
            Self::ConnectionSpecificHeader => "handshake_connection_specific_header",
            Self::InvalidTarget => "handshake_invalid_target",
            Self::InvalidHostHeader => "handshake_invalid_host_header",
            Self::InvalidContentLength => "handshake_invalid_content_length",
            Self::UnexpectedBody => "handshake_unexpected_body",
            Self::MalformedUpgrade => "handshake_malformed_upgrade",
            Self::MissingUpgrade => "handshake_missing_upgrade",
            Self::InvalidVersion => "handshake_invalid_version",
            Self::UnsupportedVersion => "handshake_unsupported_version",
            Self::InvalidKey => "handshake_invalid_key",
            Self::InvalidOrigin => "handshake_invalid_origin",
            Self::InvalidSubprotocols => "handshake_invalid_subprotocols",
            Self::InvalidExtensions => "handshake_invalid_extensions",
            Self::TooManyInterimResponses => "handshake_too_many_interim_responses",
            Self::InvalidUpgrade => "handshake_invalid_upgrade",
            Self::InvalidConnection => "handshake_invalid_connection",
            Self::InvalidAccept => "handshake_invalid_accept",
            Self::UnexpectedSubprotocol => "handshake_unexpected_subprotocol",
            Self::MissingSubprotocol => "handshake_missing_subprotocol",
            Self::UnexpectedExtension => "handshake_unexpected_extension",
            #[cfg(feature = "legacy")]
            Self::InvalidChallenge => "handshake_invalid_challenge",
            #[cfg(feature = "legacy")]
            Self::MissingOrigin => "handshake_missing_origin",
            #[cfg(feature = "legacy")]
            Self::InvalidDigest => "handshake_invalid_digest",
            #[cfg(feature = "legacy")]
            Self::UnexpectedOrigin => "handshake_unexpected_origin",
            #[cfg(feature = "legacy")]
            Self::UnexpectedLocation => "handshake_unexpected_location",
            Self::IncompleteHandshake => "handshake_incomplete_handshake",
            Self::AlreadyComplete => "handshake_already_complete",
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StartLineTooLong { limit } => {
                return write!(f, "request or status line exceeds the limit of {limit} bytes");
            }
            Self::HeaderLineTooLong { limit } => {
                return write!(f, "header line exceeds the limit of {limit} bytes");
            }
            Self::HeadTooLong { limit } => return write!(f, "head exceeds the limit of {limit} bytes"),
            Self::TooManyHeaders { limit } => return write!(f, "head exceeds the limit of {limit} headers"),
            Self::ControlCharacter => "control character in the head",
            Self::InvalidLineEnding => "line of the head does not end in CR LF",
            Self::FoldedHeader => "header line begins with white space",
            Self::MalformedHeader => "header line is not a name, a colon and a value",
            Self::LooksLikeTls => "expected HTTP, but the peer speaks TLS",
            Self::LooksLikeHttp2 => "expected HTTP/1.1, but the peer speaks HTTP/2",
            Self::NotHttp => "the peer does not speak HTTP",
            Self::MalformedRequestLine => "malformed request line",
            Self::MalformedStatusLine => "malformed status line",
            Self::HttpVersionNotSupported => "HTTP version is not 1.1",
            Self::HttpVersionTooOld => "HTTP version is older than 1.1",
            Self::InvalidMethod => "request method cannot open a WebSocket",
            Self::InvalidPseudoHeader => "missing, misplaced or invalid pseudo-header",
            Self::UnsupportedProtocol => "requested protocol is not websocket",
            Self::ConnectionSpecificHeader => {
                "connection-specific header field in an HTTP/2 or HTTP/3 request"
            }
            Self::InvalidTarget => "request target is neither a path nor an http URI",
            Self::InvalidHostHeader => "missing, repeated or invalid `Host` header",
            Self::InvalidContentLength => "`Content-Length` headers are invalid or contradictory",
            Self::UnexpectedBody => "unexpected request body",
            Self::MalformedUpgrade => "malformed `Upgrade` or `Connection` header",
            Self::MissingUpgrade => "request does not ask for an upgrade to websocket",
            Self::InvalidVersion => "missing, repeated or malformed `Sec-WebSocket-Version` header",
            Self::UnsupportedVersion => "unsupported protocol version, expected 13",
            Self::InvalidKey => "missing, repeated or malformed `Sec-WebSocket-Key` header",
            Self::InvalidOrigin => "repeated or malformed `Origin` header",
            Self::InvalidSubprotocols => {
                "`Sec-WebSocket-Protocol` header is not a list of distinct tokens"
            }
            Self::InvalidExtensions => "malformed or too long `Sec-WebSocket-Extensions` header",
            Self::TooManyInterimResponses => "more than 16 interim responses before the final one",
            Self::InvalidUpgrade => "response is missing `Upgrade: websocket`, or upgrades to another protocol",
            Self::InvalidConnection => "response is missing `Connection: upgrade`",
            Self::InvalidAccept => "`Sec-WebSocket-Accept` does not match the key of the request",
            Self::UnexpectedSubprotocol => "the `Sec-WebSocket-Protocol` of the response is not one of the offered subprotocols",
            Self::MissingSubprotocol => "response is missing `Sec-WebSocket-Protocol`, but a subprotocol is required",
            Self::UnexpectedExtension => {
                "`Sec-WebSocket-Extensions` of the response has an extension or parameters that were not offered"
            }
            #[cfg(feature = "legacy")]
            Self::InvalidChallenge => "incomplete, invalid or ambiguous challenge of hixie-76",
            #[cfg(feature = "legacy")]
            Self::MissingOrigin => "missing `Origin` header, which this protocol version requires",
            #[cfg(feature = "legacy")]
            Self::InvalidDigest => "digest after the response does not match the challenge",
            #[cfg(feature = "legacy")]
            Self::UnexpectedOrigin => "origin in the response differs from that of the request",
            #[cfg(feature = "legacy")]
            Self::UnexpectedLocation => "location in the response differs from the URI of the request",
            Self::IncompleteHandshake => "connection closed before the handshake was complete",
            Self::AlreadyComplete => "handshake has already been completed",
        })
    }
}

impl error::Error for HandshakeError {}
