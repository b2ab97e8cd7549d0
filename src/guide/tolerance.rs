//! Peers that violate a rule, and the options that accept them.
//!
//! Everything that the specifications forbid is refused by default. Some deployments that have worked for years violate a rule
//! with every peer that does not check it. If you must serve such a peer and it cannot be changed, set the one option that it
//! needs. Each option accepts one violation, and none changes the bytes that are sent.
//!
//! # In the opening handshake
//!
//! The options are methods of [`Tolerance`](crate::handshake::Tolerance). Pass it with
//! [`HandshakeLimits::tolerance`](crate::handshake::HandshakeLimits::tolerance) to
//! [`server::Handshake`](crate::server::Handshake), [`Session::server`](crate::session::Session::server) or
//! [`client::Request::limits`](crate::client::Request::limits), and for requests that an HTTP library has read to
//! [`Request::from_headers_with`](crate::server::Request::from_headers_with) or, with the feature `http`,
//! `Request::from_http_with` and `Request::from_http_connect_with`.
//!
//! | peer | what it does | option | risk |
//! |---|---|---|---|
//! | SIP phones, charge points (OCPP) | a key that is not 16 bytes | `allow_any_key` | none for the server; the client has less proof that its request was read |
//! | SIP phones, charge points (OCPP), proxies that drop the header | no `Connection: Upgrade` in the request | `allow_missing_connection` | a proxy in front of the server that does not know the upgrade takes frames for requests |
//! | Kubernetes and programs like it | subprotocol names with `=`, `/`, `:` or a space | `allow_any_subprotocol_name` | other clients refuse such a name in the response |
//! | old versions of Safari through filters that blank words | an offer of extensions that breaks the grammar | `allow_malformed_extensions` | none; the offer counts as none, so there is no compression |
//! | embedded clients, servers in PHP | an empty `Sec-WebSocket-Protocol`, an empty `Origin` | `allow_empty_headers` | an empty origin reads as none: a check that lets clients without an origin in lets these in |
//! | browsers' first extended CONNECT, through haproxy | no `sec-websocket-version` over HTTP/2 | `allow_missing_version` | none; over HTTP/2 there has only been version 13 |
//! | servers in PHP, embedded servers | a response whose lines end in LF | `allow_bare_line_feeds` | a proxy in between may find the end of the head elsewhere |
//! | embedded servers | white space before the colon of a response header | `allow_space_before_colon` | a proxy in between may read another header |
//! | a charge point, a client of an `IoT` platform | a line in the head of a response that is no header | `allow_malformed_headers` | a header that you rely on may be such a line, and is skipped |
//!
//! # On an open connection
//!
//! The options are methods of [`Config`](crate::Config), which
//! [`server::Accept::config`](crate::server::Accept::config) and
//! [`client::Request::config`](crate::client::Request::config) take.
//!
//! | peer | what it does | option | risk |
//! |---|---|---|---|
//! | embedded and test clients, gateways | frames of a client without a mask, frames of a server with one | [`allow_any_masking`](crate::Config::allow_any_masking) | a script in a browser could write bytes of its choice to a proxy, so not for servers that browsers reach |
//! | peers built on drafts of the protocol | lengths in a longer form than needed | [`allow_non_minimal_length`](crate::Config::allow_non_minimal_length) | two programs may read one stream differently |
//! | peers with text in another encoding | text that is not UTF-8 | [`allow_invalid_utf8`](crate::Config::allow_invalid_utf8) | your code gets bytes where it expects text |
//! | peers with an extension of their own | reserved bits that are set | [`allow_rsv`](crate::Config::allow_rsv) | none, if both sides have agreed on it: see [`own_extensions`](super::own_extensions) |
//!
//! # What passes without an option
//!
//! - A request whose target is a URI in absolute form with the scheme `ws` or `wss`, such as `GET ws://host/path`. Every server
//!   must accept the absolute form (RFC 9112, section 3.2.2). RFC 6455 (section 4.1) has clients write `http` or `https`
//!   there, but a `ws` URI has the same host, port and path (section 3), so it can mean nothing else. The `:scheme` of an
//!   extended CONNECT is different: RFC 8441 (section 5) requires `http` or `https`.
//! - Legal forms that other libraries refuse: lists in `Upgrade` and `Connection`, folded header lines in responses, interim
//!   responses, a status line without a reason, an equal `Content-Length` twice.
//!
//! # What stays refused
//!
//! | what | why |
//! |---|---|
//! | a wrong or missing `Sec-WebSocket-Accept` | it is the only proof that a WebSocket server answered, and not a cache or another server |
//! | a missing or repeated `Host`, a repeated key or version, a body in the request | two programs on the way read such a request differently, which is how requests are smuggled |
//! | bare line feeds, folds and spaces before colons in requests | the same; no client is known that needs them |
//! | a key that is missing or empty | it is how a server knows a WebSocket request, which no HTML form or script can forge |
//! | a subprotocol or an extension that was not asked for | both sides would continue with different rules |
//! | control characters in a head | they hide headers from those who read logs |
//! | a missing version over HTTP/1.1 | older protocols have none; with the feature `legacy` they are spoken |
//! | fragmented or long control frames, fragments out of order, unknown opcodes | there is no second way to read them |
//! | a close code that must not be sent, a reason that is not UTF-8 | the connection is ending anyway, and the outcome reports it |
//! | DEFLATE data that is corrupt | there is nothing to deliver |
//!
//! Next chapter: [`compression`](super::compression).
