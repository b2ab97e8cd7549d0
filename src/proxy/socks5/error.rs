//! The errors of SOCKS5 tunnels.

use core::{error, fmt};

/// The reason why a SOCKS5 proxy opened no tunnel. Nothing is sent about it: close the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A response does not begin with the version, 5 (RFC 1928, sections 3 and 6).
    UnexpectedVersion {
        /// The first byte of the response.
        version: u8,
    },
    /// The proxy accepts none of the offered methods of authentication (RFC 1928, section 3).
    NoAcceptableMethod,
    /// The proxy selected a method of authentication that was not offered (RFC 1928, section 3).
    UnexpectedMethod {
        /// The number of the method.
        method: u8,
    },
    /// The response to user name and password does not begin with a version (RFC 1929, section 2).
    UnexpectedAuthVersion {
        /// The first byte of the response.
        version: u8,
    },
    /// The proxy refused the user name and the password (RFC 1929, section 2).
    AuthenticationFailed {
        /// The status in the response; only 0 is success.
        status: u8,
    },
    /// The proxy refused the tunnel, or did not reach the target (RFC 1928, section 6). The `Display` of the
    /// error has the meaning of the code.
    Rejected {
        /// The reply code; only 0 is success.
        code: u8,
    },
    /// The reserved byte of the reply is not 0 (RFC 1928, section 6).
    ReservedByte {
        /// The byte.
        byte: u8,
    },
    /// The type of the address in the reply is unknown (RFC 1928, section 5).
    UnknownAddressType {
        /// The type.
        address_type: u8,
    },
    /// The transport was closed before the tunnel was open.
    IncompleteHandshake,
    /// The tunnel is already open, so the call was a mistake. Nothing was consumed.
    AlreadyComplete,
}

impl Error {
    /// Returns a stable short name of the error, for logs and metrics. See
    /// [`ProtocolError::name`](crate::ProtocolError::name) for details.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::UnexpectedVersion { .. } => "socks5_unexpected_version",
            Self::NoAcceptableMethod => "socks5_no_acceptable_method",
            Self::UnexpectedMethod { .. } => "socks5_unexpected_method",
            Self::UnexpectedAuthVersion { .. } => "socks5_unexpected_auth_version",
            Self::AuthenticationFailed { .. } => "socks5_authentication_failed",
            Self::Rejected { .. } => "socks5_rejected",
            Self::ReservedByte { .. } => "socks5_reserved_byte",
            Self::UnknownAddressType { .. } => "socks5_unknown_address_type",
            Self::IncompleteHandshake => "socks5_incomplete_handshake",
            Self::AlreadyComplete => "socks5_already_complete",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnexpectedVersion { version } => {
                write!(f, "the proxy does not speak SOCKS5: its response begins with {version:#04x}")
            }
            Self::NoAcceptableMethod => {
                f.write_str("the proxy accepts none of the offered methods of authentication")
            }
            Self::UnexpectedMethod { method } => {
                write!(f, "the proxy selected method {method} of authentication, which was not offered")
            }
            Self::UnexpectedAuthVersion { version } => {
                write!(f, "the proxy's response to the password begins with {version:#04x}, not with 0x01")
            }
            Self::AuthenticationFailed { status } => {
                write!(f, "the proxy refused the user name and the password (status {status})")
            }
            Self::Rejected { code } => {
                write!(f, "the proxy opened no tunnel: {} (code {code})", meaning(*code))
            }
            Self::ReservedByte { byte } => {
                write!(f, "the reserved byte of the proxy's reply is {byte:#04x}, not 0x00")
            }
            Self::UnknownAddressType { address_type } => {
                write!(f, "the address in the proxy's reply has the unknown type {address_type}")
            }
            Self::IncompleteHandshake => {
                f.write_str("the proxy closed the connection before the tunnel was open")
            }
            Self::AlreadyComplete => f.write_str("the tunnel is open already"),
        }
    }
}

impl error::Error for Error {}

/// The meaning of a reply code (RFC 1928, section 6).
fn meaning(code: u8) -> &'static str {
    match code {
        1 => "general failure of the proxy",
        2 => "its rules do not allow the connection",
        3 => "the network is unreachable",
        4 => "the host is unreachable",
        5 => "the target refused the connection",
        6 => "the time to live expired",
        7 => "it does not support CONNECT",
        8 => "it does not support this type of address",
        _ => "a reason that RFC 1928 does not assign",
    }
}
