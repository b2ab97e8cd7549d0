//! The errors of an open connection: violations by the peer, and calls that cannot be carried out.
//!
//! The errors of the opening handshake are in [`handshake`](crate::handshake).
//!
//! Uses `close_code`, `keepalive`.

use core::{error, fmt};

use crate::{CloseCode, keepalive::Timeout};

/// The reason why a connection failed: the peer broke the protocol, exceeded a limit, or disappeared.
///
/// Each variant is one cause. When a [`Connection`](crate::Connection) returns an error, the Close frame that
/// notifies the peer has already been appended to `out`, with the [`close_code`](Self::close_code) of the
/// error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A reserved bit is set that no negotiated extension uses (RFC 6455, section 5.2).
    ReservedBits,
    /// The opcode, 3 to 7 or 11 to 15, is reserved (RFC 6455, section 5.2).
    ReservedOpcode(u8),
    /// A client sent a frame without a mask (RFC 6455, section 5.1).
    UnmaskedFrame,
    /// A server sent a frame with a mask (RFC 6455, section 5.1).
    MaskedFrame,
    /// A Ping, Pong or Close frame does not have the FIN bit (RFC 6455, section 5.5).
    FragmentedControlFrame,
    /// A Ping, Pong or Close frame declares more than 125 bytes (RFC 6455, section 5.5).
    ControlFrameTooLong,
    /// A payload length is not in its shortest form (RFC 6455, section 5.2).
    NonMinimalLength,
    /// A 64-bit payload length has its highest bit set (RFC 6455, section 5.2).
    LengthOutOfRange,
    /// A continuation frame was received while no message is in progress (RFC 6455, section 5.4).
    UnexpectedContinuation,
    /// A text or binary frame was received while another message is unfinished (RFC 6455, section 5.4).
    ExpectedContinuation,
    /// The body of a Close frame is a single byte, half of a close code (RFC 6455, section 5.5.1).
    TruncatedCloseCode,
    /// The close code of a Close frame must not be sent (RFC 6455, section 7.4).
    InvalidCloseCode(u16),
    /// The reason of a Close frame is not UTF-8 (RFC 6455, section 5.5.1).
    InvalidCloseReason,
    /// A text message is not UTF-8 (RFC 6455, section 8.1).
    InvalidUtf8,
    /// A compressed message is not valid DEFLATE, or incomplete (RFC 7692, section 7.2.2).
    InvalidDeflate,
    /// A frame declares more bytes than the limit for a frame.
    FrameTooLong {
        /// [`Config::max_frame_len`](crate::Config::max_frame_len), in bytes.
        limit: u64,
        /// The declared length of the frame, in bytes.
        len: u64,
    },
    /// A message, summed over its fragments, has more bytes than the limit for a message. For a compressed
    /// message the inflated bytes count.
    MessageTooLong {
        /// [`Config::max_message_len`](crate::Config::max_message_len), in bytes.
        limit: u64,
        /// The minimum length of the message, in bytes, as far as it is known.
        len: u64,
    },
    /// A message has more fragments than the limit, including empty ones.
    TooManyFragments {
        /// [`Config::max_fragments`](crate::Config::max_fragments).
        limit: u32,
    },
    /// More consecutive control frames were received than the limit allows between two data frames.
    TooManyControlFrames {
        /// [`Config::max_control_frames`](crate::Config::max_control_frames).
        limit: u32,
    },
    /// A timeout expired while the connection was open or closing, see
    /// [`Connection::time_out`](crate::Connection::time_out).
    TimedOut(Timeout),
    /// The bytes of an incomplete frame, which [`Input::retained`](crate::Input::retained) left in the
    /// buffer, are missing at the front of the next input. This is a mistake of the calling code.
    RetainedInputLost,
    /// The transport closed without a closing handshake (RFC 6455, section 7.1.5).
    UnexpectedEof,
}

impl ProtocolError {
    /// Returns the close code that notifies the peer, as in the Close frame that was sent (RFC 6455, section
    /// 7.4.1).
    ///
    /// It returns `None` for [`UnexpectedEof`](Self::UnexpectedEof), after which no peer can be notified, and
    /// for a [timeout](Self::TimedOut) of the opening or closing handshake.
    ///
    /// Use it to group errors in logs:
    ///
    /// ```
    /// use sansocket::{CloseCode, ProtocolError};
    ///
    /// let error = ProtocolError::FrameTooLong { limit: 100, len: 200 };
    /// assert_eq!(error.close_code(), Some(CloseCode::MESSAGE_TOO_BIG));
    /// ```
    pub fn close_code(&self) -> Option<CloseCode> {
        match self {
            Self::InvalidUtf8 | Self::InvalidCloseReason | Self::InvalidDeflate => {
                Some(CloseCode::INVALID_PAYLOAD)
            }
            Self::FrameTooLong { .. } | Self::MessageTooLong { .. } => Some(CloseCode::MESSAGE_TOO_BIG),
            Self::TooManyFragments { .. } | Self::TooManyControlFrames { .. } => {
                Some(CloseCode::POLICY_VIOLATION)
            }
            Self::TimedOut(Timeout::Idle) => Some(CloseCode::GOING_AWAY),
            Self::TimedOut(Timeout::Pong) | Self::RetainedInputLost => Some(CloseCode::INTERNAL_ERROR),
            Self::UnexpectedEof | Self::TimedOut(_) => None,
            _ => Some(CloseCode::PROTOCOL_ERROR),
        }
    }
}

impl ProtocolError {
    /// Returns a stable short name of the error, for logs and metrics: `protocol_unmasked_frame`.
    ///
    /// Names are in snake case, begin with the kind of the error, and are unique among all errors of this crate. They stay the
    /// same when the text of an error or the name of a variant changes.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ReservedBits => "protocol_reserved_bits",
            Self::ReservedOpcode(_) => "protocol_reserved_opcode",
            Self::UnmaskedFrame => "protocol_unmasked_frame",
            Self::MaskedFrame => "protocol_masked_frame",
            Self::FragmentedControlFrame => "protocol_fragmented_control_frame",
            Self::ControlFrameTooLong => "protocol_control_frame_too_long",
            Self::NonMinimalLength => "protocol_non_minimal_length",
            Self::LengthOutOfRange => "protocol_length_out_of_range",
            Self::UnexpectedContinuation => "protocol_unexpected_continuation",
            Self::ExpectedContinuation => "protocol_expected_continuation",
            Self::TruncatedCloseCode => "protocol_truncated_close_code",
            Self::InvalidCloseCode(_) => "protocol_invalid_close_code",
            Self::InvalidCloseReason => "protocol_invalid_close_reason",
            Self::InvalidUtf8 => "protocol_invalid_utf8",
            Self::InvalidDeflate => "protocol_invalid_deflate",
            Self::FrameTooLong { .. } => "protocol_frame_too_long",
            Self::MessageTooLong { .. } => "protocol_message_too_long",
            Self::TooManyFragments { .. } => "protocol_too_many_fragments",
            Self::TooManyControlFrames { .. } => "protocol_too_many_control_frames",
            Self::TimedOut(error) => error.name(),
            Self::RetainedInputLost => "protocol_retained_input_lost",
            Self::UnexpectedEof => "protocol_unexpected_eof",
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReservedBits => f.write_str(
                "reserved bit set, but no negotiated extension uses it (for RSV1: compression was not \
                 negotiated, or is not allowed in this frame)",
            ),
            Self::ReservedOpcode(opcode) => write!(f, "reserved opcode {opcode}"),
            Self::UnmaskedFrame => f.write_str("unmasked frame from a client"),
            Self::MaskedFrame => f.write_str("masked frame from a server"),
            Self::FragmentedControlFrame => f.write_str("fragmented control frame"),
            Self::ControlFrameTooLong => f.write_str("control frame payload exceeds 125 bytes"),
            Self::NonMinimalLength => f.write_str("payload length is not in its shortest form"),
            Self::LengthOutOfRange => f.write_str("payload length exceeds 2^63 - 1"),
            Self::UnexpectedContinuation => {
                f.write_str("unexpected continuation frame: no message is in progress")
            }
            Self::ExpectedContinuation => {
                f.write_str("expected a continuation frame: the previous message is unfinished")
            }
            Self::TruncatedCloseCode => {
                f.write_str("truncated close code: the close frame has a body of one byte")
            }
            Self::InvalidCloseCode(code) => write!(f, "invalid close code {code}"),
            Self::InvalidCloseReason => f.write_str("close reason is not valid UTF-8"),
            Self::InvalidUtf8 => f.write_str("text message is not valid UTF-8"),
            Self::InvalidDeflate => f.write_str("compressed message is corrupt or incomplete"),
            Self::FrameTooLong { limit, len } => {
                write!(f, "frame payload of {len} bytes exceeds the limit of {limit} bytes")
            }
            Self::MessageTooLong { limit, len } => {
                write!(f, "message of at least {len} bytes exceeds the limit of {limit} bytes")
            }
            Self::TooManyFragments { limit } => {
                write!(f, "message exceeds the limit of {limit} fragments")
            }
            Self::TooManyControlFrames { limit } => {
                write!(f, "more than {limit} consecutive control frames")
            }
            Self::TimedOut(timeout) => timeout.fmt(f),
            Self::RetainedInputLost => {
                f.write_str("retained bytes of an incomplete frame are missing from the front of the input")
            }
            Self::UnexpectedEof => f.write_str("connection closed without a closing handshake"),
        }
    }
}

impl error::Error for ProtocolError {}

/// The reason why nothing was sent: the state of the connection does not allow it, or an argument is out of
/// range.
///
/// Neither `out` nor the connection was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// The closing handshake has begun or ended, and this frame can no longer be sent (RFC 6455, section
    /// 5.5.1).
    ConnectionClosing,
    /// Another message is being sent in fragments and must be finished first (RFC 6455, section 5.4).
    MessageInProgress,
    /// A continuation was requested while no message is being sent in fragments (RFC 6455, section 5.4).
    NoMessageInProgress,
    /// The payload of a Ping or Pong is longer than 125 bytes (RFC 6455, section 5.5).
    ControlPayloadTooLong,
    /// A Ping or Pong cannot be a fragment (RFC 6455, section 5.5).
    ControlFragment,
    /// A payload cannot be longer than 2^63 - 1 bytes (RFC 6455, section 5.2).
    PayloadTooLong,
    /// A Close must be sent with [`send_close`](crate::Connection::send_close), not with `send_header`.
    UseSendClose,
    /// A message that is being sent compressed cannot be continued with `send_header`.
    CompressedMessage,
    /// Only a client can send close code 1010 (RFC 6455, section 7.4.1).
    ClientOnlyCloseCode,
    /// A reserved bit is not allowed, or none is set, or the message is neither text nor binary. See
    /// [`Connection::send_extended`](crate::Connection::send_extended).
    InvalidReservedBits,
    /// The protocol version of the connection only supports text messages (hixie-75 and hixie-76).
    #[cfg(feature = "legacy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "legacy")))]
    Unsupported,
}

impl SendError {
    /// Returns a stable short name of the error, for logs and metrics. See
    /// [`ProtocolError::name`](crate::ProtocolError::name) for details.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ConnectionClosing => "send_connection_closing",
            Self::MessageInProgress => "send_message_in_progress",
            Self::NoMessageInProgress => "send_no_message_in_progress",
            Self::ControlPayloadTooLong => "send_control_payload_too_long",
            Self::ControlFragment => "send_control_fragment",
            Self::PayloadTooLong => "send_payload_too_long",
            Self::UseSendClose => "send_use_send_close",
            Self::CompressedMessage => "send_compressed_message",
            Self::ClientOnlyCloseCode => "send_client_only_close_code",
            Self::InvalidReservedBits => "send_invalid_reserved_bits",
            #[cfg(feature = "legacy")]
            Self::Unsupported => "send_unsupported",
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConnectionClosing => "cannot send: the connection is closing or closed",
            Self::MessageInProgress => "cannot send: a fragmented message is in progress",
            Self::NoMessageInProgress => "cannot continue: no fragmented message is in progress",
            Self::ControlPayloadTooLong => "control frame payload exceeds 125 bytes",
            Self::ControlFragment => "control frames cannot be fragmented",
            Self::PayloadTooLong => "payload exceeds 2^63 - 1 bytes",
            Self::UseSendClose => "use `send_close` to send a close frame",
            Self::CompressedMessage => "cannot continue a compressed message with `send_header`",
            Self::ClientOnlyCloseCode => "close code 1010 can only be sent by a client",
            Self::InvalidReservedBits => "the reserved bits of the message were not negotiated",
            #[cfg(feature = "legacy")]
            Self::Unsupported => "this protocol version only supports text messages",
        })
    }
}

impl error::Error for SendError {}

/// Any error of an open connection, for functions that both receive and send.
///
/// Both kinds convert into it with `?`:
///
/// ```
/// use sansocket::{Connection, Error, Input};
///
/// fn greet(
///     connection: &mut Connection,
///     input: &mut Input<'_>,
///     out: &mut Vec<u8>,
/// ) -> Result<(), Error> {
///     connection.receive(input, out)?; // a `ProtocolError`
///     connection.send_text("Hello", out)?; // a `SendError`
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    /// The connection failed. Its Close frame is in `out`.
    Protocol(ProtocolError),
    /// A frame was not sent.
    Send(SendError),
}

impl Error {
    /// Returns a stable short name of the error, for logs and metrics. See
    /// [`ProtocolError::name`](crate::ProtocolError::name) for details.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Protocol(error) => error.name(),
            Self::Send(error) => error.name(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(error) => error.fmt(f),
            Self::Send(error) => error.fmt(f),
        }
    }
}

impl error::Error for Error {}

impl From<ProtocolError> for Error {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}
