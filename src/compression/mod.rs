//! The compression of messages, as far as a connection has to know of it: [`Inflater`] and [`Deflater`], made from
//! an [`Agreement`] of both sides.
//!
//! Without the feature `deflate` the three types are empty, no compression can be agreed on, and all of it
//! disappears from the machine code. So nothing above this module has to ask which features there are.
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
