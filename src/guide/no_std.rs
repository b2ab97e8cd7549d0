//! Without `std`, and without an allocator.
//!
//! # With an allocator
//!
//! Turn the default features off and `alloc` on:
//!
//! ```toml
//! [dependencies]
//! sansocket = { version = "0.1", default-features = false, features = ["alloc"] }
//! ```
//!
//! Everything works but the features `http` and `arbitrary`. Three things are different:
//!
//! - **Randomness.** A client needs a seed of 32 unpredictable bytes for its handshake key and masking keys. Take it from the random number
//!   generator of your hardware, once for each connection. `getrandom` works on targets that its documentation lists, and on others with
//!   a custom backend.
//! - **SIMD.** With the feature `simd` but without `std`, the vector instructions are chosen at compile time
//!   (`-C target-feature=...`), not at run time.
//! - **Compression.** With `deflate` but without `std`, contexts are not shared between connections, and memory comes from the C
//!   allocator.
//!
//! Bound the memory before you deploy: [`max_message_len`](crate::Config::max_message_len) and
//! [`HandshakeLimits`](crate::handshake::HandshakeLimits) with values that fit your heap, or
//! [`Delivery::Chunks`](crate::Delivery::Chunks), which buffers no messages.
//!
//! # Without an allocator
//!
//! With `default-features = false` alone, the crate has no dependencies and these parts: [`frame`](crate::frame),
//! [`utf8`](crate::utf8), [`Close`](crate::Close) and [`keepalive`](crate::keepalive). They are enough to serve a connection whose handshake
//! something else has done:
//!
//! ```
//! use sansocket::{Input, frame::{Decoder, Limits, Role}};
//!
//! let mut decoder = Decoder::new(Role::Server, Limits::new());
//! // "Hello", masked
//! let mut bytes = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
//! let mut input = Input::new(&mut bytes);
//! let mut text = [0; 5];
//! while let Some(part) = decoder.receive(&mut input)? {
//!     text.copy_from_slice(part.payload);
//! }
//! assert_eq!(&text, b"Hello");
//! # Ok::<(), sansocket::ProtocolError>(())
//! ```
//!
//! `tests/no_std` and `tests/no_alloc` are complete programs.
//!
//! Next chapter: [`own_extensions`](super::own_extensions).
