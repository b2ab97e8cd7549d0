//! The server side: the headers of a request, and the response.

use alloc::{string::ToString as _, vec::Vec};
use core::{error, fmt};

use super::{
    HeaderList,
    header_list::{Received, check_headers, list_of},
};
use crate::{
    Connection,
    handshake::{HandshakeError, Tolerance},
    server::{self, Accept, Authority, ResponseError, check_connect, check_target},
};

/// The kind of a [`Request`] that asks to convert a stream of HTTP/2 or HTTP/3 to a WebSocket.
#[derive(Clone, Copy, Debug)]
pub struct ExtendedConnect(());

/// A request that opens a WebSocket on its stream if it is [accepted](server::Request::accept) (RFC 8441,
/// sections 4 and 5).
///
/// Its [`target`](server::Request::target) is the URI of `:scheme`, `:authority` and `:path`, or the path
/// alone if a Host header names the host instead of `:authority`. Check the origin as for any
/// [`server::Request`].
pub type Request = server::Request<ExtendedConnect>;

impl server::Request<ExtendedConnect> {
    /// Creates a request from the headers of a stream: names in lower case, with the pseudo-headers first
    /// (RFC 8441, sections 4 and 5).
    ///
    /// Several `cookie` fields become one, joined with `; ` (RFC 9113, section 8.2.3). A Host header that is
    /// equivalent to `:authority` is allowed. A key is ignored (RFC 8441, section 5).
    ///
    /// If the stream ended with them, call [`receive_eof`](Connection::receive_eof) of the connection.
    ///
    /// # Errors
    ///
    /// Returns a [`Refusal`], with the headers of the response, if the request breaks the protocol. The
    /// library that has read the list enforces its own limits.
    pub fn from_headers(
        headers: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>,
    ) -> Result<Self, Refusal> {
        Self::from_headers_with(headers, Tolerance::new())
    }

    /// Takes the headers of a stream, and lets some faults pass. See [`from_headers`](Self::from_headers) for details.
    ///
    /// # Errors
    ///
    /// Returns the [`Refusal`] of any other violation, with the headers to answer.
    ///
    /// # Examples
    ///
    /// This request has no sec-websocket-version:
    ///
    /// ```
    /// use sansocket::{extended_connect::Request, handshake::Tolerance};
    ///
    /// let headers = [
    ///     (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"),
    ///     (":path", "/chat"), (":authority", "example.com"),
    /// ];
    /// let tolerance = Tolerance::new().allow_missing_version(true);
    /// assert!(Request::from_headers_with(headers, tolerance).is_ok());
    /// assert!(Request::from_headers(headers).is_err());
    /// ```
    pub fn from_headers_with(
        headers: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>,
        tolerance: Tolerance,
    ) -> Result<Self, Refusal> {
        Self::read(headers, tolerance).map_err(|error| Refusal { error })
    }

    fn read(
        headers: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>,
        tolerance: Tolerance,
    ) -> Result<Self, HandshakeError> {
        let list: Vec<_> = headers.into_iter().collect();
        let list = Received::read(&list, [":method", ":protocol", ":scheme", ":path", ":authority"]);
        if let Some(error) = list.fault {
            return Err(error);
        }
        let [method, protocol, scheme, path, authority] = list.pseudo;
        if method.ok_or(HandshakeError::InvalidPseudoHeader)? != "CONNECT" {
            return Err(HandshakeError::InvalidMethod);
        }
        // RFC 8441, 5, and RFC 9220, 3.
        if protocol != Some("websocket") {
            return Err(HandshakeError::UnsupportedProtocol);
        }
        // RFC 8441, 4: this CONNECT has them.
        let (Some(scheme), Some(path)) = (scheme, path) else {
            return Err(HandshakeError::InvalidPseudoHeader);
        };
        let default_port = match scheme {
            _ if scheme.eq_ignore_ascii_case("http") => 80,
            _ if scheme.eq_ignore_ascii_case("https") => 443,
            _ => return Err(HandshakeError::InvalidTarget),
        };
        if !path.starts_with('/') {
            return Err(HandshakeError::InvalidTarget);
        }
        check_target(path.as_bytes())?;
        let authority_of_scheme = authority.map(|text| Authority { text, default_port });
        let offer = check_connect(list.headers(), authority_of_scheme, tolerance)?;
        let target: &[&str] = match authority {
            Some(authority) => &[scheme, "://", authority, path],
            None => &[path],
        };
        let cookies = list.cookies();
        Ok(Self::from_pairs(target, list.headers_with(&cookies), ExtendedConnect(()), offer))
    }

    /// Accepts the request: returns the connection and the headers of the response, to be sent without ending
    /// the stream (RFC 8441, section 5).
    ///
    /// # Errors
    ///
    /// Returns a [`ResponseError`] if the response must not be sent: the client did not offer the
    /// subprotocol, or a header is invalid or not allowed in HTTP/2. The error returns the request.
    pub fn accept(self, accept: Accept) -> Result<(HeaderList, Connection), ResponseError<Self>> {
        self.answer(accept, |_, answer| {
            check_headers(answer.headers())?;
            Ok(list_of(&[(":status", "200")], answer.headers()))
        })
    }

    /// Rejects the request: returns the headers of the response, with this status. A body may follow as the
    /// data of the stream, which ends there.
    ///
    /// # Errors
    ///
    /// Returns a [`ResponseError`] if the status is not between 300 and 599, since a lower one would open the
    /// connection, or a header is invalid or not allowed in HTTP/2. The error returns the request.
    pub fn reject(self, status: u16, headers: &[(&str, &str)]) -> Result<HeaderList, ResponseError<Self>> {
        let refusal = server::Refusal::of_connect(status, headers);
        let checked = refusal.and_then(|refusal| {
            check_headers(refusal.headers())?;
            Ok(list(&refusal))
        });
        checked.map_err(|kind| ResponseError::new(kind, self))
    }
}

fn list(refusal: &server::Refusal) -> HeaderList {
    list_of(&[(":status", &refusal.status.to_string())], refusal.headers())
}

/// The reason why a request does not open a WebSocket, and the response to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    error: HandshakeError,
}

impl Refusal {
    /// Returns the cause.
    pub fn error(&self) -> HandshakeError {
        self.error
    }

    /// Returns the status of the response. It is 400 where HTTP/1.1 has 426, which is about upgrades.
    pub fn status(&self) -> u16 {
        server::Refusal::of_connect_error(self.error).status
    }

    /// Returns the headers of the response, with which the stream ends.
    pub fn into_headers(self) -> HeaderList {
        list(&server::Refusal::of_connect_error(self.error))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl error::Error for Refusal {}
