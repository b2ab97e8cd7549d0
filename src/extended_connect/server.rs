//! The server's side: the headers of a request, and the answer.

use alloc::{string::ToString as _, vec::Vec};
use core::{error, fmt};

use super::{
    HeaderList,
    header_list::{Received, check_headers, list_of},
};
use crate::{
    Connection,
    handshake::HandshakeError,
    server::{self, Accept, Authority, ResponseError, check_connect, check_target},
};

/// What a [`Request`] asks for: that a stream of HTTP/2 or HTTP/3 becomes a WebSocket.
#[derive(Clone, Copy, Debug)]
pub struct ExtendedConnect(());

/// A request that opens a WebSocket on its stream if it is [accepted](server::Request::accept) (RFC 8441, 4 and 5).
///
/// Its [`target`](server::Request::target) is the URI that `:scheme`, `:authority` and `:path` make, or the path alone
/// where a Host header names the host instead of `:authority`. What [`server::Request`] says of origins holds here too.
pub type Request = server::Request<ExtendedConnect>;

impl server::Request<ExtendedConnect> {
    /// Takes the headers of a stream: names in lower case, with the pseudo-headers first (RFC 8441, 4 and 5).
    ///
    /// Several `cookie` fields become one, joined with `; ` (RFC 9113, 8.2.3). A Host header that means the same as
    /// `:authority` may stand beside it.
    ///
    /// If the stream ended with them, tell the connection with [`receive_eof`](Connection::receive_eof).
    ///
    /// # Errors
    ///
    /// Whatever breaks the protocol, with the headers to answer. Limits are those of the library that has read the
    /// list. A key is ignored (RFC 8441, 5).
    pub fn from_headers(
        headers: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>,
    ) -> Result<Self, Refusal> {
        Self::read(headers).map_err(|error| Refusal { error })
    }

    fn read(
        headers: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>,
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
        // RFC 8441, 4: here a CONNECT has them.
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
        check_connect(list.headers(), authority.map(|text| Authority { text, default_port }))?;
        let target: &[&str] = match authority {
            Some(authority) => &[scheme, "://", authority, path],
            None => &[path],
        };
        let cookies = list.cookies();
        Ok(Self::from_pairs(target, list.headers_with(&cookies), ExtendedConnect(())))
    }

    /// Opens the connection, and gives the headers to answer, without the end of the stream (RFC 8441, 5).
    ///
    /// # Errors
    ///
    /// If the response may not be sent like that: a subprotocol that the client did not ask for, or an invalid header,
    /// or one that HTTP/2 does not have. The error gives the request back.
    pub fn accept(self, accept: Accept) -> Result<(HeaderList, Connection), ResponseError<Self>> {
        self.answer(accept, |_, answer| {
            check_headers(answer.headers())?;
            Ok(list_of(&[(":status", "200")], answer.headers()))
        })
    }

    /// Refuses the connection: gives the headers to answer, with this status. A body may follow as the data of the stream,
    /// which ends there.
    ///
    /// # Errors
    ///
    /// If the status is not between 300 and 599, since a lower one would open the connection, or a header is invalid or
    /// one that HTTP/2 does not have. The error gives the request back.
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

/// Why a request opens no WebSocket, and what to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    error: HandshakeError,
}

impl Refusal {
    /// The cause.
    pub fn error(&self) -> HandshakeError {
        self.error
    }

    /// The status of the answer. It is 400 where HTTP/1.1 has 426, which is about upgrades.
    pub fn status(&self) -> u16 {
        server::Refusal::of_connect_error(self.error).status
    }

    /// The headers of the answer, with which the stream ends.
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
