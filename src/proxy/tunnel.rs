//! One state machine for every proxy that a URI can name.

use alloc::vec::Vec;

use super::{Error, Handshake, ProxyUri, Request, Scheme, Target, socks5};
use crate::{Input, client::RequestError};

/// State machine that opens a tunnel through an HTTP or a SOCKS5 proxy.
///
/// See the [module](super) for an example.
#[derive(Debug)]
pub struct Tunnel(Machine);

#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "it lives as long as its handshake, which is rarely one of SOCKS"
)]
enum Machine {
    Http(Handshake),
    Socks5(socks5::Handshake),
}

impl Tunnel {
    /// Appends the first request to the proxy to `out`, with the credentials of its URI.
    ///
    /// If the [scheme](ProxyUri::scheme) of the proxy is [`Scheme::Socks5`], resolve the host yourself and
    /// pass the address. A name that you pass is resolved by the proxy, whatever the scheme.
    ///
    /// # Errors
    ///
    /// Returns [`RequestError::InvalidCredentials`] if the proxy's protocol cannot carry the credentials, and
    /// [`RequestError::HostTooLong`] if a name for a SOCKS5 proxy is longer than 255 bytes. Nothing was
    /// appended.
    pub fn new(proxy: &ProxyUri, target: impl Into<Target>, out: &mut Vec<u8>) -> Result<Self, RequestError> {
        let credentials = proxy.credentials();
        Ok(Self(match proxy.scheme() {
            Scheme::Http | Scheme::Https => {
                let request = Request::new(target);
                let request = match credentials {
                    Some((user, password)) => request.basic_auth(user, password),
                    None => request,
                };
                Machine::Http(Handshake::new(&request, out)?)
            }
            Scheme::Socks5 | Scheme::Socks5h => {
                let request = socks5::Request::new(target);
                let request = match credentials {
                    Some((user, password)) => request.password(user, password),
                    None => request,
                };
                Machine::Socks5(socks5::Handshake::new(&request, out)?)
            }
        }))
    }

    /// Continues with `input`. Returns `true` once the tunnel is open, and `false` if more bytes are needed.
    ///
    /// Write what was appended to `out` before you read more. Once the tunnel is open, the bytes left in
    /// `input` have come through it.
    ///
    /// # Errors
    ///
    /// Returns the [`Error`] of the proxy's protocol. All of the input has been consumed, and later calls
    /// return the same error; a call after `true` returns the `AlreadyComplete` of the protocol, and changes
    /// nothing.
    pub fn receive(&mut self, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<bool, Error> {
        match &mut self.0 {
            Machine::Http(handshake) => Ok(handshake.receive(input)?.is_some()),
            Machine::Socks5(handshake) => Ok(handshake.receive(input, out)?),
        }
    }

    /// Notifies the tunnel that the transport has closed.
    ///
    /// # Errors
    ///
    /// Returns the earlier error, or that the proxy's response was incomplete if the tunnel is not open.
    pub fn receive_eof(&mut self) -> Result<(), Error> {
        match &mut self.0 {
            Machine::Http(handshake) => handshake.receive_eof(),
            Machine::Socks5(handshake) => Ok(handshake.receive_eof()?),
        }
    }
}
