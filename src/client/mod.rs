//! The client's side of the opening handshake (RFC 6455, 4.1).
//!
//! ```
//! use sansocket::{Input, client};
//!
//! let request = client::Request::new("ws://example.com/chat")?.subprotocol("chat");
//! // Connect to `request.uri()`, and set up TLS if it is secure. Then:
//! let mut out = Vec::new();
//! let seed = [7; 32]; // In earnest: unpredictable, and another one for each connection.
//! let mut handshake = client::Handshake::new(&request, seed, &mut out)?;
//! assert!(out.starts_with(b"GET /chat HTTP/1.1\r\nHost: example.com\r\n"));
//!
//! // Write `out`, and hand in what comes back.
//! let mut bytes = *b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno";
//! match handshake.receive(&mut Input::new(&mut bytes)) {
//!     Ok(Some((connection, response))) => drop((connection, response)), // open
//!     Ok(None) => {}                                                    // read on
//!     Err(client::Error::Rejected(response)) => {
//!         assert_eq!((response.status(), response.body()), (401, &b"no"[..]));
//!     }
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! RFC 6455 asks for at most one handshake at a time with the same host (4.1). Keeping to it takes knowledge of
//! all connections, so it is for the caller.
//!
//! # Layers
//!
//! The files are those of [`server`](crate::server):
//! the request and the response, what is offered, the judgment of what the other side sent (`negotiation`), and the
//! machine for bytes (`handshake`).
//!
//! Uses `connection`, `deflate`, `entropy`, `handshake`, `input`, `num`, `uri`.

mod body;
#[cfg_attr(not(feature = "deflate"), path = "no_deflate.rs")]
mod deflate;
mod error;
mod handshake;
mod negotiation;
mod offer;
mod reader;
mod request;
mod response;
mod responses;
mod start_line;

pub use error::{Error, RequestError};
pub use handshake::Handshake;
pub(crate) use negotiation::Verdict;
pub(crate) use offer::Offer;
pub(crate) use reader::InterimCount;
pub use request::Request;
pub use response::Response;
pub(crate) use responses::Responses;
pub(crate) use start_line::StatusLine;
