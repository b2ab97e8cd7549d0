//! The offer of a client, and the terms on which it accepts a response: the same for every encoding.

use alloc::{string::String, vec::Vec};

use super::deflate::Compression;
use crate::{
    Config,
    frame::Rsv,
    handshake::{HandshakeError, Tolerance, elements, extensions},
};

/// The options that a server may select, and the configuration of the connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offer {
    /// The value of Sec-WebSocket-Protocol as it was sent, or empty.
    pub(crate) subprotocols: String,
    /// The value of Sec-WebSocket-Extensions as it was sent, or empty.
    pub(crate) extensions: String,
    /// Whether one of the subprotocols must be selected.
    pub(crate) require_subprotocol: bool,
    pub(super) compression: Compression,
    /// Extensions of the caller that use reserved bits: their names, and the bits.
    pub(super) own: Vec<(String, Rsv)>,
    pub(crate) config: Config,
    /// What is let pass of a response, however it came.
    pub(super) tolerance: Tolerance,
}

impl Offer {
    /// Returns the headers of the offer.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        [
            ("Sec-WebSocket-Protocol", self.subprotocols.as_bytes()),
            ("Sec-WebSocket-Extensions", self.extensions.as_bytes()),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
    }
}

/// Appends an element to the value of a list header.
pub(super) fn append_element(list: &mut String, element: &str) {
    if !list.is_empty() {
        list.push_str(", ");
    }
    list.push_str(element);
}

/// The name of the extension that this is the offer of, if it is one and no other.
pub(super) fn name_of_one(offer: &str) -> Option<&str> {
    let mut extensions = extensions([("sec-websocket-extensions", offer.as_bytes())].into_iter());
    match (extensions.next(), extensions.next()) {
        (Some(Ok(extension)), None) => Some(extension.name()),
        _ => None,
    }
}

/// Checks one or more offers of extensions that are to be sent.
pub(super) fn check_offer(offer: &str) -> Result<(), HandshakeError> {
    extensions([("sec-websocket-extensions", offer.as_bytes())].into_iter())
        .try_for_each(|one| one.map(drop))?;
    // RFC 9110, 5.6.1: empty elements are ignored, but not sent. No value contains a comma, quoted or not.
    if elements(offer.as_bytes()).any(<[u8]>::is_empty) {
        Err(HandshakeError::InvalidExtensions)
    } else {
        Ok(())
    }
}
