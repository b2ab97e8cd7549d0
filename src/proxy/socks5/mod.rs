//! SOCKS5: a tunnel by CONNECT (RFC 1928), optionally with a user name and a password (RFC 1929).
//!
//! A client opens a tunnel to the host of its request:
//!
//! ```
//! use sansocket::{Input, client, proxy::socks5};
//!
//! let request = client::Request::new("wss://example.com/chat")?;
//! let tunnel = socks5::Request::new(request.uri());
//! let mut out = Vec::new();
//! let mut handshake = socks5::Handshake::new(&tunnel, &mut out)?;
//! assert_eq!(out, b"\x05\x01\x00");
//! // Write `out` to the proxy and read its responses, until the tunnel is open:
//! out.clear();
//! assert!(!handshake.receive(&mut Input::new(&mut [5, 0]), &mut out)?);
//! assert_eq!(out, b"\x05\x01\x00\x03\x0bexample.com\x01\xbb");
//! let mut read = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
//! assert!(handshake.receive(&mut Input::new(&mut read), &mut out)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Other methods of authentication, the commands BIND and UDP ASSOCIATE, and SOCKS4 are left out: a WebSocket
//! needs none of them.

mod error;
mod handshake;
mod request;

pub use error::Error;
pub use handshake::Handshake;
pub use request::Request;
