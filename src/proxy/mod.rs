//! Tunnels through proxies: HTTP CONNECT (RFC 9110, section 9.3.6) and SOCKS5 (RFC 1928 and 1929).
//!
//! A tunnel is opened before TLS and before the opening handshake (RFC 6455, section 4.1). [`Tunnel`] opens
//! one through whatever proxy a [`ProxyUri`] names:
//!
//! ```
//! use sansocket::{Input, client, proxy};
//!
//! let request = client::Request::new("wss://example.com/chat")?;
//! let proxy: proxy::ProxyUri = "http://user:pass@proxy.example:3128".parse()?;
//! // Connect to `proxy.connect_host()` and `proxy.port()`. Then:
//! let mut out = Vec::new();
//! let mut tunnel = proxy::Tunnel::new(&proxy, request.uri(), &mut out)?;
//! assert!(out.starts_with(b"CONNECT example.com:443 HTTP/1.1\r\n"));
//! // Write `out` and read, until the tunnel is open:
//! out.clear();
//! let mut read = *b"HTTP/1.1 200 Connection established\r\n\r\n";
//! let mut input = Input::new(&mut read);
//! while !tunnel.receive(&mut input, &mut out)? {
//!     // Write `out`, and read more bytes into `input`.
//! }
//! // Now the transport leads to example.com: TLS, then the handshake.
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The bytes after the proxy's response come through the tunnel. They stay in the input; pass the same
//! `Input` to the next handshake.
//!
//! # Authentication
//!
//! [`Tunnel`] sends the credentials of the [`ProxyUri`] without being asked: Basic (RFC 7617) to an HTTP
//! proxy, and user name and password (RFC 1929) to a SOCKS5 proxy. Both are sent in clear text, except to an
//! `https` proxy. For schemes with several rounds (Negotiate, NTLM) and for headers of your own, use
//! [`Handshake`] and its [`retry`](Handshake::retry).
//!
//! # Which proxy
//!
//! Your code decides which proxy to use. Nothing here reads environment variables: what `HTTPS_PROXY`,
//! `ALL_PROXY` and `NO_PROXY` mean differs between programs, and in a CGI program `HTTP_PROXY` is a header
//! that the client controls. A proxy's address without a scheme, as in `proxy:3128`, is refused; put
//! `http://` before it if that is what you mean.
//!
//! Uses `client`, `handshake`, `input`, `uri`.

mod connect;
mod error;
mod proxy_uri;
pub mod socks5;
mod target;
mod tunnel;

pub use connect::{Handshake, Request};
pub use error::Error;
pub use proxy_uri::{ProxyUri, ProxyUriError, Scheme};
pub use target::Target;
pub use tunnel::Tunnel;
