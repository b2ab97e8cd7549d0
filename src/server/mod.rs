//! The server side of the opening handshake (RFC 6455, section 4.2).
//!
//! A [`Handshake`] reads the request, which you then accept or reject:
//!
//! ```
//! use sansocket::{Input, handshake::HandshakeLimits, server};
//!
//! let mut bytes = *b"GET /chat HTTP/1.1\r\nHost: example.com\r\n\
//!     Upgrade: websocket\r\nConnection: Upgrade\r\n\
//!     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
//!     Sec-WebSocket-Version: 13\r\n\
//!     Sec-WebSocket-Protocol: chat, news\r\n\r\n";
//! let (mut input, mut out) = (Input::new(&mut bytes), Vec::new());
//!
//! let mut handshake = server::Handshake::new(HandshakeLimits::new());
//! // On an error, `out` has the response: write it, then close the transport.
//! if let Some(request) = handshake.receive(&mut input, &mut out)? {
//!     if request.origin().is_some_and(|it| it != "https://example.com") {
//!         request.reject(403, &[], b"", &mut out)?;
//!     } else if request.path() != "/chat" {
//!         let headers = [("Content-Type", "text/plain")];
//!         request.reject(404, &headers, b"no such chat", &mut out)?;
//!     } else {
//!         let accept = server::Accept::new().subprotocol("chat");
//!         let connection = request.accept(accept, &mut out)?;
//!         // Frames that were read with the request are still in `input`.
//! #       let _ = connection;
//!     }
//! }
//! assert!(out.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! On a TLS port, complete the TLS handshake first, and pass the decrypted bytes (RFC 6455, section 4.2.2).
//!
//! # Layers
//!
//! The files correspond to those of [`client`](crate::client): the request and the response, the parameters
//! of the answer, the validation of the request (`negotiation`), and the state machine for bytes
//! (`handshake`).
//!
//! Uses `connection`, `deflate`, `excerpt`, `frame`, `handshake`, `input`, `uri`.

mod accept;
#[cfg_attr(not(feature = "deflate"), path = "no_deflate.rs")]
mod deflate;
mod error;
mod handshake;
mod negotiation;
mod refusal;
mod request;
pub(crate) mod selection;
mod start_line;

pub use accept::Accept;
pub(crate) use accept::Answer;
pub use error::{ResponseError, ResponseErrorKind};
pub use handshake::Handshake;
#[cfg(feature = "legacy")]
pub(crate) use handshake::{is_old, judge};
pub(crate) use negotiation::{Authority, check_connect, check_plain, check_upgrade, is_version};
#[cfg(feature = "legacy")]
pub(crate) use negotiation::{Extensions, asks_for_upgrade, check_host, check_http};
pub(crate) use refusal::Refusal;
pub use request::{Incoming, PlainRequest, Request, Resource, Upgrade};
#[cfg(feature = "http")]
pub(crate) use start_line::check_method_and_target;
pub(crate) use start_line::check_target;
