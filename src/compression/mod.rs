//! The compression of messages, as far as a connection depends on it: [`Inflater`] and [`Deflater`], created
//! from an [`Agreement`].
//!
//! Without the feature `deflate` the three types are empty, compression cannot be negotiated, and the machine
//! code contains none of it. So no other module depends on which features are enabled.
//!
//! Uses `deflate`, `error`, `frame`, `num`.

#[cfg(feature = "deflate")]
mod deflate;
#[cfg(feature = "deflate")]
use deflate as selected;
#[cfg(not(feature = "deflate"))]
mod none;
#[cfg(not(feature = "deflate"))]
use none as selected;

pub(crate) use selected::{Agreement, Deflater, Inflater};
