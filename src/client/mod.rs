//! The client side of the opening handshake (RFC 6455, section 4.1).
//!
//! A [`Request`] names the server, and a [`Handshake`] sends it and reads the response:
//!
//! ```
//! use sansocket::{Input, client};
//!
//! let uri = "ws://example.com/chat";
//! let request = client::Request::new(uri)?.subprotocol("chat");
//! // Connect to `request.uri()`, and set up TLS if it is secure. Then:
//! let mut out = Vec::new();
//! let seed = [7; 32]; // in production: unpredictable, see `random_seed`
//! let mut handshake = client::Handshake::new(&request, seed, &mut out)?;
//! assert!(out.starts_with(b"GET /chat HTTP/1.1\r\nHost: example.com\r\n"));
//!
//! // Write `out`, and pass the bytes that you read.
//! let mut bytes =
//!     *b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno";
//! match handshake.receive(&mut Input::new(&mut bytes)) {
//!     Ok(Some((connection, response))) => { /* the connection is open */ }
//!     Ok(None) => { /* read more */ }
//!     Err(client::Error::Rejected(response)) => {
//!         assert_eq!(response.status(), 401);
//!         assert_eq!(response.body(), b"no");
//!     }
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! RFC 6455, section 4.1, requires at most one handshake at a time with the same host. Only your code can
//! enforce this, since it requires knowledge of all connections.
//!
//! # Layers
//!
//! The files correspond to those of [`server`](crate::server): the request and the response, the offer, the
//! validation of the response (`negotiation`), and the state machine for bytes (`handshake`).
//!
//! Uses `connection`, `deflate`, `entropy`, `frame`, `handshake`, `input`, `num`, `uri`.

mod body;
#[cfg_attr(not(feature = "deflate"), path = "no_deflate.rs")]
mod deflate;
mod error;
mod handshake;
mod negotiation;
mod offer;
mod reader;
mod rejection;
mod request;
mod response;
mod responses;
mod start_line;

pub use error::{Error, RequestError};
pub use handshake::Handshake;
pub(crate) use negotiation::Verdict;
pub(crate) use offer::{Offer, SharedOffer};
pub(crate) use reader::InterimCount;
pub(crate) use rejection::Rejection;
pub use request::Request;
pub use response::Response;
pub(crate) use responses::Responses;
pub(crate) use start_line::StatusLine;
