//! Layers 1 and 2.

mod limits;

pub use limits::Limits;
