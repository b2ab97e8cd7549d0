//! Which errors there are, what they mean, and when to try again.
//!
//! # Where errors appear
//!
//! | type | returned by | after it |
//! |---|---|---|
//! | [`session::Cause`](crate::session::Cause) | [`Session::ending`](crate::session::Session::ending) | the session has ended |
//! | [`ProtocolError`](crate::ProtocolError) | [`receive`](crate::Connection::receive) | the connection has failed; write `out`, which contains the Close |
//! | [`SendError`](crate::SendError) | `send_*` | nothing was sent, and the connection is unchanged |
//! | [`HandshakeError`](crate::handshake::HandshakeError) | both handshakes | the handshake has failed; a server writes `out`, which contains the response |
//! | [`client::Error`](crate::client::Error) | a client's handshake | as above, or the server rejected the request, with its response |
//! | [`client::RequestError`](crate::client::RequestError), [`UriError`](crate::uri::UriError) | building a request | nothing was sent |
//! | [`proxy::Error`](crate::proxy::Error) | [`Tunnel::receive`](crate::proxy::Tunnel::receive) | there is no tunnel; close the transport |
//! | [`extended_connect::Refusal`](crate::extended_connect::Refusal), `http_types::Refusal` | creating a request from headers | the request opens nothing; send the response that it contains |
//! | [`session::Error`](crate::session::Error) | [`Session::outcome`](crate::session::Session::outcome), adapters | the session has ended, or none was opened; it contains any of the above |
//! | [`server::ResponseError`](crate::server::ResponseError) | `accept`, `reject`, `respond` | nothing was sent; it returns the request, so answer again |
//!
//! A failed state machine stays failed: every later call returns the same error. Errors are small values without allocations;
//! their `Display` names the violation, the value and the limit.
//!
//! # What to log
//!
//! For a server, most ends are normal: browsers close tabs without a closing handshake, and networks change. Log them by cause:
//!
//! | cause | level | why |
//! |---|---|---|
//! | [`Close`](crate::session::Cause::Close) | debug | the normal end |
//! | [`Eof`](crate::session::Cause::Eof), [`Transport`](crate::session::Cause::Transport), [`Timeout`](crate::session::Cause::Timeout) | info | clients that disappear; a rising rate points to a proxy or network |
//! | [`Handshake`](crate::session::Cause::Handshake) | info | scanners and misconfigured clients |
//! | [`Protocol`](crate::session::Cause::Protocol) | warn | a broken or hostile client, or a limit that is too low for a healthy one |
//! | [`Answered`](crate::session::Cause::Answered) | debug | your own decision |
//!
//! Header values, close reasons and messages come from the peer; escape them in logs.
//!
//! # Reconnecting
//!
//! A client tries again after ends that pass, with a delay that grows and is random; otherwise all clients of a restarted server
//! come back in the same second. Other ends are permanent: the same attempt fails again.
//!
//! [`Ending::is_temporary`](crate::session::Ending::is_temporary) and
//! [`session::Error::is_temporary`](crate::session::Error::is_temporary) are that rule:
//!
//! | end | try again |
//! |---|---|
//! | a closing handshake | after the codes 1001, 1005 and 1011 to 1014; see below |
//! | a rejection by the server or an HTTP proxy | after 408 Request Timeout, 425 Too Early, 429 Too Many Requests and 5xx |
//! | a timeout, the end of the stream, a failed read or write | yes |
//! | a violation of the protocol or the handshake | no: both ends would do the same again |
//! | a decision of your own code | no |
//!
//! | code | meaning | try again |
//! |---|---|---|
//! | 1000 | normal closure | if your protocol wants a new connection |
//! | 1001 | going away: the server stops, or a page was left | yes |
//! | 1002, 1003, 1007, 1010 | protocol error, unsupported or invalid data, missing extension | no |
//! | 1005 | the Close had no code | yes |
//! | 1006 | no Close was received; the cause says why | see above |
//! | 1008 | policy violation | no, unless the reason describes what to change |
//! | 1009 | message too big | not with the same message |
//! | 1011 | internal error | yes, with a long delay |
//! | 1012, 1013 | service restart, try again later | yes, after a random delay |
//! | 1014 | bad gateway | yes |
//!
//! Rejections with 3xx are redirects (see [`security`](super::security) before you follow one), and 401 and 407 ask for credentials. If a
//! response has `Retry-After`, it replaces your own delay. The delay itself is one line:
//!
//! ```
//! use std::time::Duration;
//!
//! /// Returns the delay before attempt number `attempt`: 1 s, 2 s, 4 s, up to
//! /// 60 s, and half of it random.
//! /// `random` is between 0 and 1.
//! fn delay(attempt: u32, random: f64) -> Duration {
//!     let full = Duration::from_secs((1 << attempt.min(6)).min(60));
//!     full / 2 + full.mul_f64(random / 2.0)
//! }
//! # assert_eq!(delay(0, 0.0), Duration::from_millis(500));
//! # assert_eq!(delay(99, 1.0), Duration::from_secs(60));
//! ```
//!
//! Reset the number of attempts only once a connection has lasted for a while, not as soon as it is open: a server that accepts and
//! then closes would otherwise be called without a pause.
//!
//! Next chapter: [`limits`](super::limits).
