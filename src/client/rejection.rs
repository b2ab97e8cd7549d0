//! The description of a response that rejects: why, and what can be done.

use alloc::borrow::Cow;
use core::fmt;

use super::Response;

/// A response that opens no connection, for a log.
pub(crate) struct Rejection<'r>(pub(crate) &'r Response);

impl Rejection<'_> {
    /// The name of the error, for logs and metrics.
    pub(crate) const NAME: &'static str = "client_rejected";
}

impl fmt::Display for Rejection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.0.status();
        let (phrase, header) = match status {
            200..=299 => ("not a WebSocket endpoint: server responded", None),
            300..=399 => ("server redirects", Some(("location", "to"))),
            401 => ("server requires authentication", Some(("www-authenticate", "by"))),
            // RFC 9110, 15.5.8: no other status is the proxy's alone.
            407 => ("proxy requires authentication", Some(("proxy-authenticate", "by"))),
            426 => ("server requires another protocol version", Some(("sec-websocket-version", "one of"))),
            429 | 503 => ("server is busy", Some(("retry-after", "until"))),
            502 | 504 => ("gateway got no response from the server", None),
            _ => ("server rejected the connection", None),
        };
        write!(f, "{phrase} with status {status}")?;
        if let Some((name, relation)) = header
            && let Some(value) = self.0.header(name)
        {
            let value = if name == "location" { without_secrets(value) } else { Cow::Borrowed(value) };
            let shown = value.get(..MAX_SHOWN).unwrap_or(&value);
            write!(f, ", {relation} \"{}\"", shown.escape_ascii())?;
        }
        self.0.fault().map_or(Ok(()), |fault| write!(f, ", in a malformed response: {fault}"))
    }
}

/// Omits the parts of a URI that can contain credentials: user information, query and fragment.
fn without_secrets(uri: &[u8]) -> Cow<'_, [u8]> {
    let uri = uri.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
    let is_slash = |byte: &u8| matches!(byte, b'/' | b'\\');
    // A scheme with its slashes, or the slashes alone, precede the authority.
    let start =
        uri.windows(2).position(|pair| pair.iter().all(is_slash)).map_or(0, |at| at.saturating_add(2));
    let (before, rest) = uri.split_at_checked(start).unwrap_or_default();
    let authority = rest.split(is_slash).next().unwrap_or_default();
    match authority.iter().rposition(|&byte| byte == b'@') {
        Some(at) => Cow::Owned([before, rest.get(at.saturating_add(1)..).unwrap_or_default()].concat()),
        None => Cow::Borrowed(uri),
    }
}

/// The number of bytes of a value that are shown.
const MAX_SHOWN: usize = 200;
