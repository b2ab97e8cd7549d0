//! The state machine for a SOCKS5 proxy.
//!
//! ```text
//! version, method ──┬── no authentication ─────────────────────────────┐
//!                   └── password ──▶ version, status ──────────────────┴──▶ version, code, 0,
//!                                                                           type, address, port ──▶ open
//! ```

use alloc::vec::Vec;
use core::{fmt, mem};

use super::{
    Error, Request,
    request::{AUTH_VERSION, IPV4, IPV6, NAME, VERSION},
};
use crate::{Input, client::RequestError};

/// State machine that opens a tunnel through a SOCKS5 proxy (RFC 1928).
///
/// It takes no byte beyond the proxy's reply, and holds at most the two messages that are still to be sent,
/// 770 bytes. It has no timeout; enforce one in your code.
pub struct Handshake {
    /// The messages that have not been sent yet.
    auth: Vec<u8>,
    connect: Vec<u8>,
    step: Step,
}

/// The meaning of the next byte.
#[derive(Clone, Copy, Debug)]
enum Step {
    MethodVersion,
    Method,
    AuthVersion,
    AuthStatus,
    ReplyVersion,
    ReplyCode,
    Reserved,
    AddressType,
    NameLen,
    /// The rest of the address and the port, of this number of bytes.
    Address(usize),
    Open,
    Failed(Error),
}

impl Handshake {
    /// Appends the offer of methods of authentication to `out` (RFC 1928, section 3).
    ///
    /// # Errors
    ///
    /// Returns [`RequestError::InvalidCredentials`] if user name or password are not 1 to 255 bytes long, and
    /// [`RequestError::HostTooLong`] if the host name is longer than 255 bytes. Nothing was appended.
    pub fn new(request: &Request, out: &mut Vec<u8>) -> Result<Self, RequestError> {
        let (auth, connect) = (request.auth()?, request.connect()?);
        out.extend_from_slice(if auth.is_empty() {
            &[VERSION, 1, NO_AUTHENTICATION]
        } else {
            &[VERSION, 2, NO_AUTHENTICATION, PASSWORD]
        });
        Ok(Self { auth, connect, step: Step::MethodVersion })
    }

    /// Continues with `input`. Returns `true` once the tunnel is open, and `false` if more bytes are needed.
    ///
    /// Write what was appended to `out` before you read more. Once the tunnel is open, the bytes left in
    /// `input` have come through it.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] at the first byte that refuses or is invalid. All of the input has been consumed,
    /// nothing was appended for that byte, and later calls return the same error.
    ///
    /// Returns [`Error::AlreadyComplete`] after the tunnel has been opened; nothing was consumed.
    pub fn receive(&mut self, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<bool, Error> {
        loop {
            match self.step {
                Step::Open => return Err(Error::AlreadyComplete),
                Step::Failed(error) => {
                    input.take_all();
                    return Err(error);
                }
                Step::Address(left) => {
                    let left = left.saturating_sub(input.take(left).len());
                    self.step = if left == 0 { Step::Open } else { Step::Address(left) };
                    return Ok(left == 0);
                }
                _ => {
                    let [byte] = input.take(1) else { return Ok(false) };
                    self.step = self.next(*byte, out).unwrap_or_else(Step::Failed);
                }
            }
        }
    }

    /// Notifies the handshake that the transport has been closed.
    ///
    /// # Errors
    ///
    /// Returns [`Error::IncompleteHandshake`] if the tunnel is not open, or the earlier error.
    pub fn receive_eof(&mut self) -> Result<(), Error> {
        let error = match self.step {
            Step::Open => return Ok(()),
            Step::Failed(error) => error,
            _ => Error::IncompleteHandshake,
        };
        self.step = Step::Failed(error);
        Err(error)
    }

    /// Returns the step after one byte.
    fn next(&mut self, byte: u8, out: &mut Vec<u8>) -> Result<Step, Error> {
        match (self.step, byte) {
            (Step::MethodVersion, VERSION) => Ok(Step::Method),
            (Step::ReplyVersion, VERSION) => Ok(Step::ReplyCode),
            (Step::MethodVersion | Step::ReplyVersion, version) => Err(Error::UnexpectedVersion { version }),
            (Step::Method, NO_AUTHENTICATION) | (Step::AuthStatus, 0) => Ok(self.connect(out)),
            (Step::Method, PASSWORD) if !self.auth.is_empty() => {
                out.append(&mut self.auth);
                Ok(Step::AuthVersion)
            }
            (Step::Method, NO_METHOD) => Err(Error::NoAcceptableMethod),
            (Step::Method, method) => Err(Error::UnexpectedMethod { method }),
            // RFC 1929, section 2, has the first; some proxies write the version of SOCKS, which curl
            // accepts, too.
            (Step::AuthVersion, AUTH_VERSION | VERSION) => Ok(Step::AuthStatus),
            (Step::AuthVersion, version) => Err(Error::UnexpectedAuthVersion { version }),
            (Step::AuthStatus, status) => Err(Error::AuthenticationFailed { status }),
            (Step::ReplyCode, 0) => Ok(Step::Reserved),
            (Step::ReplyCode, code) => Err(Error::Rejected { code }),
            (Step::Reserved, 0) => Ok(Step::AddressType),
            (Step::Reserved, byte) => Err(Error::ReservedByte { byte }),
            (Step::AddressType, IPV4) => Ok(Step::Address(4 + PORT_LEN)),
            (Step::AddressType, IPV6) => Ok(Step::Address(16 + PORT_LEN)),
            (Step::AddressType, NAME) => Ok(Step::NameLen),
            (Step::AddressType, address_type) => Err(Error::UnknownAddressType { address_type }),
            (Step::NameLen, len) => Ok(Step::Address(usize::from(len).saturating_add(PORT_LEN))),
            (step @ (Step::Address(_) | Step::Open | Step::Failed(_)), _) => Ok(step),
        }
    }

    /// Sends the request for the tunnel, and drops credentials that were not needed.
    fn connect(&mut self, out: &mut Vec<u8>) -> Step {
        self.auth = Vec::new();
        out.append(&mut mem::take(&mut self.connect));
        Step::ReplyVersion
    }
}

/// Shows no credentials.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("socks5::Handshake").field("step", &self.step).finish_non_exhaustive()
    }
}

/// The methods of authentication (RFC 1928, section 3).
const NO_AUTHENTICATION: u8 = 0;
const PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
const PORT_LEN: usize = 2;
