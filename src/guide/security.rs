//! What your code must check, and a checklist for a review.
//!
//! # Origin
//!
//! A browser sends the cookies of your site with a WebSocket that **any** page opens (cross-site WebSocket
//! hijacking). If your server trusts cookies, client certificates or addresses, compare
//! [`server::Request::origin`](crate::server::Request::origin) with a list, byte by byte, before you accept:
//!
//! ```
//! use sansocket::server::Request;
//!
//! fn is_allowed(request: &Request) -> bool {
//!     const ORIGINS: [&str; 2] =
//!         ["https://example.com", "https://www.example.com"];
//!     // Without an origin it is no browser. You decide what such a client may do.
//!     request.origin().is_none_or(|origin| ORIGINS.contains(&origin))
//! }
//! # let _ = is_allowed;
//! ```
//!
//! Use no prefixes, suffixes or regular expressions: `https://example.com.evil.org` and `https://evilexample.com`
//! belong to others. Reject with 403 (RFC 6455, section 10.2).
//!
//! # Authentication
//!
//! Authenticate before you accept. Browsers cannot set headers on a WebSocket, so tokens
//! arrive in a cookie, in a subprotocol, or in the first message. A token in the URI ends up in logs. Compare secrets
//! in constant time. Until a client is authenticated, keep its limits low: see
//! [`Connection::set_limits`](crate::Connection::set_limits).
//!
//! # TLS
//!
//! Use `wss`, and verify the certificate and its name. Masking is no encryption: the key is sent next to the data.
//!
//! # Compression and secrets
//!
//! The length of a compressed message leaks information about its contents. Do not compress secrets together
//! with data that an attacker can choose: send such messages with `compress_next(Compress::Never)`, which also keeps them out
//! of the window of later messages (RFC 7692, section 8).
//!
//! # Masking keys
//!
//! Masking prevents a page from making its text look like HTTP to a proxy (RFC 6455, section 10.3). Keys must be
//! unpredictable, so give every client a seed from a good source
#![cfg_attr(feature = "getrandom", doc = "such as [`random_seed`](crate::random_seed),")]
#![cfg_attr(not(feature = "getrandom"), doc = "such as `random_seed`,")]
//! and never use one twice. Masking cannot be turned off.
//!
//! # Redirects and credentials
//!
//! To follow a redirect, a client creates a new [`client::Request`](crate::client::Request). Leave out
//! `Authorization`, `Cookie` and `Proxy-Authorization` unless scheme, host and port are the same, and never follow from
//! `wss` to `ws`.
//!
//! # Text from the peer
//!
//! Headers, close reasons and messages come from the peer. Escape them in logs and pages.
//!
//! # What the crate checks
//!
//! Header injection (headers that you pass in are refused if they contain CR, LF or NUL), request smuggling (an upgrade
//! request with a body is refused, and bytes after a refused head are not inspected), responses that do not fit the request, frames
//! with wrong masking, reserved bits, sizes, decompression bombs, and text that is not UTF-8.
//!
//! # Checklist for a review
//!
//! Of a program:
//!
//! - The origin is compared exactly, or no ambient authority (cookie, address, client certificate) exists.
//! - [`max_message_len`](crate::Config::max_message_len) times the number of connections fits into memory, or connections are limited.
//! - Reading stops while output is long; every connection has deadlines for its handshake, silence and closing handshake.
//! - The number of connections of each address or user is limited, and so is the rate of their messages.
//! - Seeds come from the operating system, one for each client connection.
//! - Options that relax a rule are set only where their documentation fits, and not for all peers.
//! - A URI from a user cannot reach internal hosts (server-side request forgery): resolve first, then check the address.
//! - Secrets are not compressed, and not in URIs.
//!
//! For the crate itself, `SECURITY.md` describes what counts as a vulnerability and where reviewers should look.
//!
//! Next chapter: [`tolerance`](super::tolerance).
