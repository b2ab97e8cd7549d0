//! The server's side of the opening handshake (RFC 6455, 4.2).
//!
//! ```
//! use sansocket::{Input, handshake::HandshakeLimits, server};
//!
//! let mut bytes = *b"GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
//!     Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
//!     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, news\r\n\r\n";
//! let (mut input, mut out) = (Input::new(&mut bytes), Vec::new());
//!
//! let mut handshake = server::Handshake::new(HandshakeLimits::new());
//! // On an error, `out` has the response: write it, then close the transport.
//! if let Some(request) = handshake.receive(&mut input, &mut out)? {
//!     if request.origin().is_some_and(|origin| origin != "https://example.com") {
//!         request.reject(403, &[], b"", &mut out)?;
//!     } else if request.path() != "/chat" {
//!         request.reject(404, &[("Content-Type", "text/plain")], b"no such chat", &mut out)?;
//!     } else {
//!         let connection = request.accept(server::Accept::new().subprotocol("chat"), &mut out)?;
//!         // Frames that came in the same read are still in `input`.
//! #       let _ = connection;
//!     }
//! }
//! assert!(out.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! On a TLS port, finish the TLS handshake first, and hand in what comes out of it (RFC 6455, 4.2.2).
//!
//! # Layers
//!
//! The files are those of [`client`](crate::client):
//! the request and the response, what is answered, the judgment of what the other side sent (`negotiation`), and the
//! machine for bytes (`handshake`).
//!
//! Uses `connection`, `deflate`, `excerpt`, `handshake`, `input`, `uri`.

mod answer;
#[cfg_attr(not(feature = "deflate"), path = "no_deflate.rs")]
mod deflate;
mod error;
mod handshake;
mod negotiation;
mod request;
mod response;
mod start_line;

pub use answer::Accept;
pub(crate) use answer::Answer;
pub use error::{ResponseError, ResponseErrorKind};
pub use handshake::Handshake;
#[cfg(feature = "legacy")]
pub(crate) use handshake::{is_old, judge};
pub(crate) use negotiation::{Authority, check_connect, check_plain, check_upgrade, is_version};
#[cfg(feature = "legacy")]
pub(crate) use negotiation::{asks_for_upgrade, check_host, check_http};
pub use request::{Incoming, PlainRequest, Request, Resource, Upgrade};
pub(crate) use response::Refusal;
#[cfg(feature = "http")]
pub(crate) use start_line::check_method_and_target;
pub(crate) use start_line::check_target;
