//! TODO front page

#![no_std]
#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_alloc, clippy::std_instead_of_core)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod close;
mod connection;
mod entropy;
mod error;
mod input;

pub mod client;
pub mod frame;
pub mod handshake;
pub mod server;
pub mod uri;
pub mod utf8;

pub use close::{Close, CloseCode, InvalidCloseCode, MAX_REASON_LEN, ReasonTooLong};
pub use connection::{Closure, Config, Connection, Delivery, Event, Initiator, State};
#[cfg(feature = "getrandom")]
pub use entropy::random_seed;
pub use error::{Error, ProtocolError, SendError};
pub use input::Input;
