//! What is left for you to check.
//!
//! # Origin
//!
//! A browser sends the cookies of your site with a WebSocket that **any** page opens (cross-site WebSocket
//! hijacking). If a cookie, a client certificate or the address of a peer means anything to your server, compare
//! [`server::Request::origin`](crate::server::Request::origin) with a list, byte by byte, before you accept:
//!
//! ```
//! use sansocket::server::Request;
//!
//! fn is_ours(request: &Request) -> bool {
//!     const ORIGINS: [&str; 2] = ["https://example.com", "https://www.example.com"];
//!     // No origin: not a browser. What such a client may do is for you to decide.
//!     request.origin().is_none_or(|origin| ORIGINS.contains(&origin))
//! }
//! ```
//!
//! No prefixes, no suffixes, no regular expressions: `https://example.com.evil.org` and `https://evilexample.com`
//! are somebody else's. Refuse with [`reject`](crate::server::Request::reject) and 403 (RFC 6455, 10.2).
//!
//! # Authentication
//!
//! Do it before [`accept`](crate::server::Request::accept). Browsers cannot set headers on a WebSocket, so tokens
//! come in a cookie, in a subprotocol, or in the first message. A token in the URI ends up in logs. Compare secrets
//! in constant time.
//!
//! # TLS
//!
//! Use `wss`, and verify the certificate and its name. Masking is no encryption: the key is next to the data.
//!
//! # Compression and secrets
//!
//! The length of a compressed message tells something about what is in it. Do not compress what is secret together
//! with what an attacker can choose: send such messages with `compress_next(Compress::Never)`, which keeps them out
//! of the window of later ones, too (RFC 7692, 8).
//!
//! # Masking keys
//!
//! They keep the text of a page from being taken for HTTP by a proxy on the way (RFC 6455, 10.3). They have to be
//! unpredictable, so give every client a seed from a good source
#![cfg_attr(feature = "getrandom", doc = "such as [`random_seed`](crate::random_seed),")]
#![cfg_attr(not(feature = "getrandom"), doc = "such as `random_seed`,")]
//! and no two clients the same one. There is no way to turn masking off.
//!
//! # Redirects and credentials
//!
//! A client that follows a redirect makes a new [`client::Request`](crate::client::Request). Leave out
//! `Authorization`, `Cookie` and `Proxy-Authorization` unless scheme, host and port are the same, and never go from
//! `wss` to `ws`.
//!
//! # Text from the peer
//!
//! Headers, close reasons and messages are the peer's. Escape them in logs and pages.
//!
//! # What the crate sees to
//!
//! Header injection (what you pass in is refused if it has CR, LF or NUL), request smuggling (a body in an upgrade
//! request is refused, and nothing behind a refused head is looked at), answers that do not fit the request, frames
//! that are not masked as they must be, reserved bits, sizes, decompression bombs, text that is not UTF-8.
