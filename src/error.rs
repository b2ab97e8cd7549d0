//! What goes wrong on an open connection: what the peer did, and what the caller asked for.
//!
//! The errors of the opening handshake are in [`handshake`](crate::handshake).
//!
//! Uses `close_code`, `keepalive`.

use core::{error, fmt};

use crate::{CloseCode, keepalive::Timeout};

/// Why a connection failed: the peer broke the protocol, went over a limit, or disappeared.
///
/// One variant is one cause. When a [`Connection`](crate::Connection) returns one, the Close frame that tells
/// the peer, with [`close_code`](Self::close_code), has already been appended to `out`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A reserved bit is set that no negotiated extension gives a meaning (RFC 6455, 5.2).
    ReservedBits,
    /// The opcode, 3 to 7 or 11 to 15, is reserved (RFC 6455, 5.2).
    ReservedOpcode(u8),
    /// A client sent a frame without a mask (RFC 6455, 5.1).
    UnmaskedFrame,
    /// A server sent a frame with a mask (RFC 6455, 5.1).
    MaskedFrame,
    /// A Ping, Pong or Close frame without the FIN bit (RFC 6455, 5.5).
    FragmentedControlFrame,
    /// A Ping, Pong or Close frame that declares more than 125 bytes (RFC 6455, 5.5).
    ControlFrameTooLong,
    /// A payload length in a longer form than it needs (RFC 6455, 5.2).
    NonMinimalLength,
    /// A 64-bit payload length with its highest bit set (RFC 6455, 5.2).
    LengthOutOfRange,
    /// A continuation frame while no message is in progress (RFC 6455, 5.4).
    UnexpectedContinuation,
    /// A text or binary frame while another message is unfinished (RFC 6455, 5.4).
    ExpectedContinuation,
    /// The body of a Close frame is a single byte, half of a status code (RFC 6455, 5.5.1).
    TruncatedCloseCode,
    /// The status code of a Close frame must not be sent (RFC 6455, 7.4).
    InvalidCloseCode(u16),
    /// The reason of a Close frame is not UTF-8 (RFC 6455, 5.5.1).
    InvalidCloseReason,
    /// A text message is not UTF-8 (RFC 6455, 8.1).
    InvalidUtf8,
    /// A compressed message is not valid DEFLATE, or incomplete (RFC 7692, 7.2.2).
    InvalidDeflate,
    /// A frame declares more bytes than the limit for one frame.
    FrameTooLong {
        /// [`Config::max_frame_len`](crate::Config::max_frame_len), in bytes.
        limit: u64,
        /// What the frame declares, in bytes.
        len: u64,
    },
    /// A message, all its fragments taken together, has more bytes than the limit for one message. Of a
    /// compressed message the inflated bytes count.
    MessageTooLong {
        /// [`Config::max_message_len`](crate::Config::max_message_len), in bytes.
        limit: u64,
        /// What the message would have at least, in bytes.
        len: u64,
    },
    /// A message has more fragments than the limit, empty ones included.
    TooManyFragments {
        /// [`Config::max_fragments`](crate::Config::max_fragments).
        limit: u32,
    },
    /// More control frames came in a row than the limit allows between two data frames.
    TooManyControlFrames {
        /// [`Config::max_control_frames`](crate::Config::max_control_frames).
        limit: u32,
    },
    /// A timeout expired while the connection was open or closing, see [`Connection::time_out`](crate::Connection::time_out).
    TimedOut(Timeout),
    /// The bytes of an incomplete frame, which [`Input::retained`](crate::Input::retained) left in the buffer, are
    /// missing at the front of the next input: a mistake of the caller.
    RetainedInputLost,
    /// The transport ended without a closing handshake (RFC 6455, 7.1.5).
    UnexpectedEof,
}

impl ProtocolError {
    /// The status code that tells the peer (RFC 6455, 7.4.1), as it was put into the Close frame.
    ///
    /// `None` for [`UnexpectedEof`](Self::UnexpectedEof): there is nobody left to tell.
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

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReservedBits => f.write_str("a reserved bit is set without an extension that uses it"),
            Self::ReservedOpcode(opcode) => write!(f, "opcode {opcode} is reserved"),
            Self::UnmaskedFrame => f.write_str("the client sent a frame without a mask"),
            Self::MaskedFrame => f.write_str("the server sent a frame with a mask"),
            Self::FragmentedControlFrame => f.write_str("a control frame is fragmented"),
            Self::ControlFrameTooLong => f.write_str("a control frame is longer than 125 bytes"),
            Self::NonMinimalLength => f.write_str("a payload length is not in its shortest form"),
            Self::LengthOutOfRange => f.write_str("a payload length has its highest bit set"),
            Self::UnexpectedContinuation => f.write_str("a continuation frame continues no message"),
            Self::ExpectedContinuation => f.write_str("a message begins before the previous one has ended"),
            Self::TruncatedCloseCode => f.write_str("the body of a close frame is a single byte"),
            Self::InvalidCloseCode(code) => write!(f, "status code {code} must not be sent"),
            Self::InvalidCloseReason => f.write_str("the reason of a close frame is not valid UTF-8"),
            Self::InvalidUtf8 => f.write_str("a text message is not valid UTF-8"),
            Self::InvalidDeflate => f.write_str("a compressed message is corrupt or incomplete"),
            Self::FrameTooLong { limit, len } => {
                write!(f, "a frame of {len} bytes is over the limit of {limit} bytes")
            }
            Self::MessageTooLong { limit, len } => {
                write!(f, "a message of at least {len} bytes is over the limit of {limit} bytes")
            }
            Self::TooManyFragments { limit } => {
                write!(f, "a message has more than {limit} fragments")
            }
            Self::TooManyControlFrames { limit } => {
                write!(f, "more than {limit} control frames came without a data frame between them")
            }
            Self::TimedOut(timeout) => timeout.fmt(f),
            Self::RetainedInputLost => {
                f.write_str("the bytes of an incomplete frame were not kept at the front of the input")
            }
            Self::UnexpectedEof => f.write_str("the transport ended without a closing handshake"),
        }
    }
}

impl error::Error for ProtocolError {}

/// Why nothing was sent: the call does not fit the state of the connection, or its arguments are out of range.
///
/// Nothing was appended to `out` and nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// The closing of the connection has begun (or ended), and this may not be sent any more (RFC 6455, 5.5.1).
    ConnectionClosing,
    /// Another message is being sent in fragments and has to be finished first (RFC 6455, 5.4).
    MessageInProgress,
    /// A continuation was asked for while no message is being sent in fragments (RFC 6455, 5.4).
    NoMessageInProgress,
    /// The payload of a Ping or Pong is longer than 125 bytes (RFC 6455, 5.5).
    ControlPayloadTooLong,
    /// A Ping or Pong cannot be a fragment (RFC 6455, 5.5).
    ControlFragment,
    /// A payload cannot be longer than 2^63 - 1 bytes (RFC 6455, 5.2).
    PayloadTooLong,
    /// A Close is sent with [`send_close`](crate::Connection::send_close), not as a bare header.
    UseSendClose,
    /// A message that is being sent compressed cannot be continued with a bare header.
    CompressedMessage,
    /// Only a client sends status code 1010 (RFC 6455, 7.4.1).
    ClientOnlyCloseCode,
    /// The protocol version of the connection has nothing but text messages (hixie-75 and hixie-76).
    #[cfg(feature = "legacy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "legacy")))]
    Unsupported,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConnectionClosing => "the connection is closing or closed",
            Self::MessageInProgress => "another message is being sent in fragments",
            Self::NoMessageInProgress => "no message is being sent in fragments",
            Self::ControlPayloadTooLong => "a control frame holds at most 125 bytes",
            Self::ControlFragment => "a control frame cannot be fragmented",
            Self::PayloadTooLong => "a payload holds at most 2^63 - 1 bytes",
            Self::UseSendClose => "a close frame is sent with send_close",
            Self::CompressedMessage => "a compressed message cannot be continued with a bare header",
            Self::ClientOnlyCloseCode => "status code 1010 is sent by clients only",
            #[cfg(feature = "legacy")]
            Self::Unsupported => "this protocol version has only text messages",
        })
    }
}

impl error::Error for SendError {}

/// Whatever can go wrong on an open connection, for a function that both receives and sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    /// The connection failed. Its Close frame is in `out`.
    Protocol(ProtocolError),
    /// Something was not sent.
    Send(SendError),
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
