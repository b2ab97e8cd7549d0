//! The server's side: the headers of a request, and the answer.

use alloc::{format, string::ToString as _, vec, vec::Vec};
use core::{error, fmt};

use super::{
    HeaderList,
    header_list::{Received, append_fields},
};
use crate::{
    Connection,
    handshake::{ExtraHeaders, HandshakeError, RequestHeaders},
    server::{self, Accept, ResponseError, ResponseErrorKind, check_target},
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
        let known = [":method", ":protocol", ":scheme", ":path", ":authority"];
        let mut list = Received::read(headers, known)?;
        let [method, protocol, scheme, path, authority] = list.pseudo.each_mut().map(Option::take);
        let method = method.ok_or(HandshakeError::InvalidPseudoHeader)?;
        if method != "CONNECT" {
            return Err(HandshakeError::InvalidMethod);
        }
        // RFC 8441, 5, and RFC 9220, 3.
        if protocol.as_deref() != Some("websocket") {
            return Err(HandshakeError::UnsupportedProtocol);
        }
        // RFC 8441, 4: here a CONNECT has them.
        let (Some(scheme), Some(path)) = (scheme, path) else {
            return Err(HandshakeError::InvalidPseudoHeader);
        };
        let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        if !is_http || !path.starts_with('/') {
            return Err(HandshakeError::InvalidTarget);
        }
        check_target(path.as_bytes())?;
        let head = list.into_head(&match &authority {
            Some(authority) => format!("CONNECT {scheme}://{authority}{path} HTTP/2"),
            None => format!("CONNECT {path} HTTP/2"),
        });
        head.parse(|headers| {
            let headers = RequestHeaders::read(headers.iter().map(|header| (header.name, header.value)));
            headers.check_authority(authority.as_deref())?;
            headers.check_body()?;
            headers.check_version()?;
            headers.check_offers()
        })?;
        Ok(Self { head, asks_for: ExtendedConnect(()) })
    }

    /// Opens the connection, and gives the headers to answer, without the end of the stream (RFC 8441, 5).
    ///
    /// # Errors
    ///
    /// If the response may not be sent like that: a subprotocol that the client did not ask for, or an invalid header,
    /// or one that HTTP/2 does not have. The error gives the request back.
    #[expect(clippy::needless_pass_by_value, reason = "one answer for one request")]
    pub fn accept(self, accept: Accept<'_>) -> Result<(HeaderList, Connection), ResponseError<Self>> {
        let agreement = match accept.agree(&self) {
            Ok(agreement) => agreement,
            Err(kind) => return Err(ResponseError::new(kind, self)),
        };
        let mut list = vec![(":status".into(), "200".into())];
        let subprotocol = accept.selected_subprotocol().map(Into::into);
        list.extend(subprotocol.map(|value| ("sec-websocket-protocol".into(), value)));
        list.extend(agreement.extensions.map(|value| ("sec-websocket-extensions".into(), value)));
        if !append_fields(accept.fields(), &mut list) {
            return Err(ResponseError::new(ResponseErrorKind::ReservedHeader, self));
        }
        Ok((list, Connection::server(agreement.config)))
    }

    /// Refuses the connection: gives the headers to answer, with this status. A body may follow as the data of the stream,
    /// which ends there.
    ///
    /// # Errors
    ///
    /// If the status is not between 300 and 599, since a lower one would open the connection, or a header is invalid or
    /// one that HTTP/2 does not have. The error gives the request back.
    pub fn reject(self, status: u16, headers: &[(&str, &str)]) -> Result<HeaderList, ResponseError<Self>> {
        rejection(status, headers).map_err(|kind| ResponseError::new(kind, self))
    }
}

fn rejection(status: u16, headers: &[(&str, &str)]) -> Result<HeaderList, ResponseErrorKind> {
    if !(300..600).contains(&status) {
        return Err(ResponseErrorKind::InvalidStatus);
    }
    let mut fields = ExtraHeaders::default();
    for (name, value) in headers {
        fields.push(name, value)?;
    }
    let mut list = vec![(":status".into(), status.to_string())];
    if append_fields(&fields, &mut list) { Ok(list) } else { Err(ResponseErrorKind::ReservedHeader) }
}

/// Why a request opens no WebSocket, and what to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        match self.error.status() {
            None | Some(426) => 400,
            Some(status) => status,
        }
    }

    /// The headers of the answer, with which the stream ends.
    pub fn into_headers(self) -> HeaderList {
        let mut list: HeaderList = Vec::from([(":status".into(), self.status().to_string())]);
        match self.error {
            // RFC 9110, 15.5.6.
            HandshakeError::InvalidMethod => list.push(("allow".into(), "CONNECT".into())),
            // RFC 6455, 4.4.
            HandshakeError::UnsupportedVersion | HandshakeError::InvalidVersion => {
                list.push(("sec-websocket-version".into(), "13".into()));
            }
            _ => {}
        }
        list
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl error::Error for Refusal {}
