//! How to use this crate well: chapters, without code of their own.
//!
//! | chapter | answers |
//! |---|---|
//! | [`embedding`] | How does it fit into my runtime and onto my transport? |
//! | [`sending`] | How do I write large payloads, to many connections, and bound what is buffered? |
//! | [`closing`] | Who closes the transport, when, and with which timer? |
//! | [`streams`] | How do sockets run over HTTP/2 and HTTP/3, and how do their streams end? |
//! | [`limits`] | What can a peer cost me, and where do I set it? |
//! | [`scaling`] | What do many connections cost, and how do they spread over cores and machines? |
//! | [`security`] | What is left for me to check? |
//! | [`own_extensions`] | How do I add an extension of my own? |
//! | [`tolerance`] | How do I let peers in that are not quite right? |
//! | `browser`, with the feature `browser` | How do I give a JavaScript engine the `WebSocket` object, and what is what? |
//! | [`tungstenite`] | I come from tungstenite. What is what? |
//!
//! Uses no other module.

#[cfg(feature = "browser")]
pub mod browser;
pub mod closing;
pub mod embedding;
pub mod limits;
pub mod own_extensions;
pub mod scaling;
pub mod security;
pub mod sending;
pub mod streams;
pub mod tolerance;
pub mod tungstenite;
