//! The target of a tunnel.

use alloc::{borrow::ToOwned, string::String};
use core::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use crate::uri::Uri;

/// The end of a tunnel: a host name or an IP address, and a port.
///
/// The proxy resolves a name. To resolve it yourself, make the target from the [`SocketAddr`]. The zone of an
/// IPv6 address is left out, since it has a meaning on this machine only (RFC 4007, section 6).
///
/// ```
/// use sansocket::{proxy::Target, uri::Uri};
///
/// let uri: Uri = "wss://example.com/chat".parse()?;
/// assert_eq!(Target::from(&uri).to_string(), "example.com:443");
/// let address: std::net::SocketAddr = "[2001:db8::1]:443".parse()?;
/// assert_eq!(Target::from(address).to_string(), "[2001:db8::1]:443");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub(super) host: Host,
    pub(super) port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Name(String),
    Address(IpAddr),
}

impl From<&Uri> for Target {
    fn from(uri: &Uri) -> Self {
        let host = uri.host();
        let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let host = literal.parse().map_or_else(|_| Host::Name(literal.to_owned()), Host::Address);
        Self { host, port: uri.port() }
    }
}

impl From<SocketAddr> for Target {
    fn from(address: SocketAddr) -> Self {
        Self { host: Host::Address(address.ip()), port: address.port() }
    }
}

/// Writes host and port as in the request of CONNECT (RFC 9112, section 3.2.3).
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Name(name) => write!(f, "{name}:{}", self.port),
            Host::Address(address) => SocketAddr::new(*address, self.port).fmt(f),
        }
    }
}
