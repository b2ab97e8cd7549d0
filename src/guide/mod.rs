//! A guide to using this crate.
//!
//! From [`tutorial`] to [`errors`] the chapters build on each other; the others stand alone.
//!
//! | chapter | answers |
//! |---|---|
//! | [`tutorial`] | How do I write a first server and client? |
//! | [`embedding`] | How does it fit into my runtime and onto my transport? |
//! | [`sending`] | How do I send large payloads, send to many clients, and bound what is buffered? |
//! | [`tls`] | When do I flush, and what does the end of a TLS stream mean? |
//! | [`closing`] | Who closes the transport, when, and with which timer? |
//! | [`errors`] | Which errors are there, and when should a client try again? |
//! | [`limits`] | What can a peer cost me, and where do I set it? |
//! | [`security`] | What must my code check? |
//! | [`tolerance`] | How do I accept peers that violate a rule? |
//! | [`compression`] | When does it pay, and what does it cost? |
//! | [`streams`] | How do WebSockets run over HTTP/2 and HTTP/3, and how do their streams end? |
//! | [`scaling`] | What do many connections cost, and how do they spread over cores and machines? |
//! | [`observability`] | What do I log and count, and how? |
//! | [`testing`] | How do I test my own protocol? |
//! | [`no_std`] | What works without `std`, and without an allocator? |
//! | [`own_extensions`] | How do I add an extension of my own? |
//! | `browser`, with the feature `browser` | How do I give a JavaScript engine the `WebSocket` object, and what is what? |
//! | [`migrating`] | I use tungstenite, fastwebsockets or `ws`. What is what? |
//! | [`cookbook`] | How do I authenticate, broadcast, reconnect, upload, limit rates? |
//! | [`glossary`] | What does that word mean? |
//!
//! Uses no other module.

#[cfg(feature = "browser")]
pub mod browser;
pub mod closing;
pub mod compression;
pub mod cookbook;
pub mod embedding;
pub mod errors;
pub mod glossary;
pub mod limits;
pub mod migrating;
pub mod no_std;
pub mod observability;
pub mod own_extensions;
pub mod scaling;
pub mod security;
pub mod sending;
pub mod streams;
pub mod testing;
pub mod tls;
pub mod tolerance;
pub mod tutorial;
