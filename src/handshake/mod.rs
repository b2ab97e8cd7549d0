//! Layer 4, what both sides share.
