//! The protocol versions before RFC 6455, for peers that support nothing newer.
//!
//! | version | document | spoken by |
//! |---|---|---|
//! | [`Version::Hixie75`] | draft-hixie-thewebsocketprotocol-75 | Chrome 4 and 5 |
//! | [`Version::Hixie76`] | draft-hixie-thewebsocketprotocol-76, which is draft-ietf-hybi-thewebsocketprotocol-00 | Chrome 6 to 13, Safari 5, Firefox 4, Opera 11 |
//! | [`Version::Hybi7`] | draft-ietf-hybi-thewebsocketprotocol-07, `Sec-WebSocket-Version: 7` | Firefox 6 |
//! | [`Version::Hybi8`] | drafts 08 to 12, `Sec-WebSocket-Version: 8` | Chrome 14 and 15, Firefox 7 and later |
//!
//! One port serves all of them in addition to RFC 6455. The handshakes and the [`Connection`] of this module
//! replace those of the crate, with the same methods, events, states and errors. This server echoes text
//! messages:
//!
//! ```
//! use sansocket::legacy::{self, Versions};
//! use sansocket::{Event, Input, State, handshake::HandshakeLimits, server};
//!
//! let mut bytes = *b"GET /demo HTTP/1.1\r\nUpgrade: WebSocket\r\n\
//!     Connection: Upgrade\r\nHost: example.com\r\n\
//!     Origin: http://localhost\r\n\r\n\x00Hello\xff";
//! let (mut input, mut out) = (Input::new(&mut bytes), Vec::new());
//!
//! let versions = Versions::new().hixie75().hybi8(); // and RFC 6455
//! let mut handshake =
//!     legacy::server::Handshake::new(HandshakeLimits::new(), versions);
//! if let Some(request) = handshake.receive(&mut input, &mut out)? {
//!     if request.origin() != Some("http://localhost") {
//!         request.reject(403, &[], b"", &mut out)?;
//!     } else {
//!         let request = request.secure(false);
//!         let mut connection =
//!             request.accept(server::Accept::new(), &mut out)?;
//!         while let Some(event) = connection.receive(&mut input, &mut out)? {
//!             // Messages can arrive after our own Close.
//!             let is_open = connection.state() == State::Open;
//!             if let (true, Event::Text(text)) = (is_open, event) {
//!                 connection.send_text(&text, &mut out)?;
//!             }
//!         }
//!     }
//! }
//! assert!(out.starts_with(b"HTTP/1.1 101 Web Socket Protocol"));
//! assert!(out.ends_with(b"\r\n\r\n\x00Hello\xff"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Session`](crate::session) serves every version too, from the first byte to the last, with
//! [`Session::legacy_server`](crate::session::Session::legacy_server).
//!
//! # Security
//!
//! Enable a version only if you have clients or servers that support no newer one. The feature itself enables
//! none, and no method enables all.
//!
//! - hixie-75 and hixie-76 do not mask frames. A page can therefore write bytes of its choice through an intermediary
//!   that does not understand WebSocket, and poison its cache (RFC 6455, section 10.3).
//! - hixie-75 has no challenge: nothing proves that the server intended to speak WebSocket, or that the request came
//!   from a WebSocket client.
//! - In both, the origin is the only defense against cross-origin pages. Check [`server::Request::origin`] before you
//!   accept. Do not enable them on a port that is reached with cookies that matter.
//! - A request is never retried as another version, and a client does not fall back to an older version by itself: a
//!   silent fallback would allow a downgrade.
//!
//! # Limits of the old versions
//!
//! - hixie-75 and hixie-76 only have text messages. Everything else returns
//!   [`SendError::Unsupported`](crate::SendError::Unsupported), including the Pings of [`keepalive`](crate::keepalive),
//!   whose timeouts still work.
//! - hixie-76 needs the 8 bytes after the request. nginx holds them back unless the client sent `Content-Length: 8`,
//!   which browsers did not, and haproxy rejects such requests.
//! - permessage-deflate may be agreed in versions 7 and 8. The older `deflate-stream`, `deflate-frame` and
//!   `x-webkit-deflate-frame` are declined.
//!
//! Uses `client`, `close`, `connection`, `entropy`, `error`, `frame`, `handshake`, `input`, `keepalive`,
//! `num`, `server`, `utf8`.

mod challenge;
pub mod client;
mod connection;
mod hixie;
pub mod server;

pub use connection::Connection;

use crate::handshake::{Headers, Single, is_named};

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Version {
    /// draft-hixie-thewebsocketprotocol-75.
    Hixie75,
    /// draft-hixie-thewebsocketprotocol-76, also known as hybi-00.
    Hixie76,
    /// Version 7, draft-ietf-hybi-thewebsocketprotocol-07.
    Hybi7,
    /// Version 8, draft-ietf-hybi-thewebsocketprotocol-08 to -12.
    Hybi8,
    /// Version 13, the standard (RFC 6455).
    Rfc6455,
}

/// The versions that a server accepts in addition to RFC 6455.
///
/// This accepts clients of hixie-76 and version 8:
///
/// ```
/// use sansocket::legacy::Versions;
///
/// let versions = Versions::new().hixie76().hybi8();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each version is enabled on its own")]
pub struct Versions {
    hixie75: bool,
    hixie76: bool,
    hybi7: bool,
    hybi8: bool,
}

impl Versions {
    /// Creates a set of versions with RFC 6455 only.
    pub const fn new() -> Self {
        Self { hixie75: false, hixie76: false, hybi7: false, hybi8: false }
    }

    /// Accepts hixie-75 as well. See the [security considerations](self#security).
    #[must_use]
    pub const fn hixie75(mut self) -> Self {
        self.hixie75 = true;
        self
    }

    /// Accepts hixie-76 as well. See the [security considerations](self#security).
    #[must_use]
    pub const fn hixie76(mut self) -> Self {
        self.hixie76 = true;
        self
    }

    /// Accepts version 7 as well.
    #[must_use]
    pub const fn hybi7(mut self) -> Self {
        self.hybi7 = true;
        self
    }

    /// Accepts version 8 as well.
    #[must_use]
    pub const fn hybi8(mut self) -> Self {
        self.hybi8 = true;
        self
    }

    /// Returns the version with this value of Sec-WebSocket-Version, if it is accepted.
    fn find(self, value: &[u8]) -> Option<Version> {
        match value {
            b"7" if self.hybi7 => Some(Version::Hybi7),
            b"8" if self.hybi8 => Some(Version::Hybi8),
            b"13" => Some(Version::Rfc6455),
            _ => None,
        }
    }

    /// Returns the numbers of the accepted versions, newest first (RFC 6455, section 4.4). The hixie versions
    /// have none.
    const fn list(self) -> &'static str {
        match (self.hybi8, self.hybi7) {
            (true, true) => "13, 8, 7",
            (true, false) => "13, 8",
            (false, true) => "13, 7",
            (false, false) => "13",
        }
    }
}

/// A version from before the hybi drafts. They differ in handshake and closing, and share the framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Draft {
    Hixie75,
    Hixie76,
}

impl Draft {
    /// Returns the draft of a version, if it is one of these.
    const fn of(version: Version) -> Option<Self> {
        match version {
            Version::Hixie75 => Some(Self::Hixie75),
            Version::Hixie76 => Some(Self::Hixie76),
            Version::Hybi7 | Version::Hybi8 | Version::Rfc6455 => None,
        }
    }

    /// Returns the names of the headers that only these drafts have.
    const fn headers(self) -> &'static HeaderNames {
        match self {
            Self::Hixie75 => &HeaderNames {
                origin: "WebSocket-Origin",
                location: "WebSocket-Location",
                subprotocol: "WebSocket-Protocol",
            },
            Self::Hixie76 => &HeaderNames {
                origin: "Sec-WebSocket-Origin",
                location: "Sec-WebSocket-Location",
                subprotocol: "Sec-WebSocket-Protocol",
            },
        }
    }
}

struct HeaderNames {
    origin: &'static str,
    location: &'static str,
    subprotocol: &'static str,
}

/// Returns `true` if one of these headers of the caller has the name of a header of hixie-75.
fn has_reserved(mut headers: Headers<'_>) -> bool {
    headers.any(|(name, _)| name.get(..10).is_some_and(|prefix| prefix.eq_ignore_ascii_case("websocket-")))
}

/// Returns the value of the header with this name, if there is one.
fn single<'h>(headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])>, name: &str) -> Single<'h> {
    let mut value = Single::None;
    headers
        .filter(|(other, _)| is_named(other.as_ref(), name.as_bytes()))
        .for_each(|(_, found)| value.add(found));
    value
}

/// Returns the text of a value that is not empty and has only the bytes 20 to 7E.
fn printable(value: &[u8]) -> Option<&str> {
    let is_printable = !value.is_empty() && value.iter().all(|byte| matches!(byte, b' '..=b'~'));
    str::from_utf8(value).ok().filter(|_| is_printable)
}
