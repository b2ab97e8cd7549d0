//! The request to a SOCKS5 proxy.

use alloc::vec::Vec;
use core::{fmt, net::IpAddr};

use super::super::{Target, target::Host};
use crate::client::RequestError;

/// A request for a tunnel to a target.
///
/// A host name is sent to the proxy, which resolves it. For an address that you resolved, see [`Target`].
#[derive(Clone)]
pub struct Request {
    target: Target,
    /// The message with user name and password (RFC 1929), or empty.
    auth: Vec<u8>,
    error: Option<RequestError>,
}

impl Request {
    /// Creates a request for a tunnel to this target.
    pub fn new(target: impl Into<Target>) -> Self {
        Self { target: target.into(), auth: Vec::new(), error: None }
    }

    /// Sets the user name and the password (RFC 1929). They are offered beside no authentication; the proxy
    /// selects one. They are sent unencrypted.
    ///
    /// Each is 1 to 255 bytes long; anything else is an error in [`Handshake::new`](super::Handshake::new).
    /// It replaces earlier credentials.
    #[must_use]
    pub fn password(mut self, user: &str, password: &str) -> Self {
        (self.auth, self.error) = (alloc::vec![AUTH_VERSION], None);
        for field in [user, password] {
            match u8::try_from(field.len()) {
                Ok(len @ 1..) => {
                    self.auth.push(len);
                    self.auth.extend_from_slice(field.as_bytes());
                }
                _ => self.error = Some(RequestError::InvalidCredentials),
            }
        }
        self
    }

    /// Returns the message with user name and password, which is empty if there are none.
    pub(super) fn auth(&self) -> Result<Vec<u8>, RequestError> {
        self.error.map_or_else(|| Ok(self.auth.clone()), Err)
    }

    /// Returns the message that requests the tunnel (RFC 1928, section 4).
    pub(super) fn connect(&self) -> Result<Vec<u8>, RequestError> {
        let mut message = alloc::vec![VERSION, CONNECT, 0];
        match &self.target.host {
            Host::Address(IpAddr::V4(address)) => {
                message.push(IPV4);
                message.extend_from_slice(&address.octets());
            }
            Host::Address(IpAddr::V6(address)) => {
                message.push(IPV6);
                message.extend_from_slice(&address.octets());
            }
            Host::Name(name) => {
                let len = u8::try_from(name.len()).map_err(|_| RequestError::HostTooLong)?;
                message.extend_from_slice(&[NAME, len]);
                message.extend_from_slice(name.as_bytes());
            }
        }
        message.extend_from_slice(&self.target.port.to_be_bytes());
        Ok(message)
    }
}

/// Shows no credentials.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("socks5::Request")
            .field("target", &self.target)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

/// The version of SOCKS (RFC 1928, section 3).
pub(super) const VERSION: u8 = 5;
/// The version of the negotiation of user name and password (RFC 1929, section 2).
pub(super) const AUTH_VERSION: u8 = 1;
/// The types of addresses (RFC 1928, section 5).
pub(super) const IPV4: u8 = 1;
pub(super) const NAME: u8 = 3;
pub(super) const IPV6: u8 = 4;
const CONNECT: u8 = 1;
