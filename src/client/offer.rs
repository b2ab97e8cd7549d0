//! The offer of a client, and the terms on which it accepts a response: the same for every encoding.

use alloc::{string::String, vec::Vec};
use core::ops::Deref;

use super::deflate::Compression;
use crate::{
    Config,
    frame::Rsv,
    handshake::{HandshakeError, Tolerance, elements, extensions},
};

/// The offer of a request, which its handshakes share. Most clients offer nothing, which takes no memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedOffer(Option<Shared>);

/// Shared by a request and its handshakes on a platform that can count references from several threads.
#[cfg(target_has_atomic = "ptr")]
type Shared = alloc::sync::Arc<Offer>;
#[cfg(not(target_has_atomic = "ptr"))]
type Shared = alloc::boxed::Box<Offer>;

impl SharedOffer {
    /// Returns the offer, to be changed for this owner alone.
    pub(super) fn to_mut(&mut self) -> &mut Offer {
        let shared = self.0.get_or_insert_default();
        #[cfg(target_has_atomic = "ptr")]
        let shared = alloc::sync::Arc::make_mut(shared);
        shared
    }
}

impl Deref for SharedOffer {
    type Target = Offer;

    #[inline]
    fn deref(&self) -> &Offer {
        self.0.as_deref().unwrap_or(&NOTHING)
    }
}

static NOTHING: Offer = Offer::new();

/// The options that a server may select, and the configuration of the connection.
#[derive(Clone, Debug)]
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
    const fn new() -> Self {
        Self {
            subprotocols: String::new(),
            extensions: String::new(),
            require_subprotocol: false,
            compression: Compression::NONE,
            own: Vec::new(),
            config: Config::new(),
            tolerance: Tolerance::new(),
        }
    }

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

impl Default for Offer {
    fn default() -> Self {
        Self::new()
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
