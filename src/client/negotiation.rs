//! Validates the head of a response (RFC 6455, section 4.1), in whichever encoding it arrived.
//!
//! It uses the values and grammars of the handshake, and the offer of the client.

use super::{Offer, StatusLine};
use crate::{
    Config,
    frame::Rsv,
    handshake::{
        HandshakeError, KEY_LEN, MAX_ELEMENTS, Search, Single, Tolerance, accept_key, elements, extensions,
        is_named, is_token,
    },
};

/// The meaning of a response.
pub(crate) enum Verdict {
    /// It opens the connection.
    Open,
    /// Another response follows (RFC 9110, section 15.2).
    Interim,
    /// It has the meaning of its status in HTTP.
    Rejected,
}

impl StatusLine {
    /// Validates a response of HTTP/1.1, which upgrades if `open` accepts it.
    pub(crate) fn judge(
        self,
        open: impl FnOnce() -> Result<(), HandshakeError>,
    ) -> Result<Verdict, HandshakeError> {
        match self.status {
            // RFC 6455, 4.2.1: the upgrade requires HTTP/1.1 on both sides.
            101 if self.minor_version == 0 => Err(HandshakeError::HttpVersionTooOld),
            101 => open().map(|()| Verdict::Open),
            100..200 => Ok(Verdict::Interim),
            _ => Ok(Verdict::Rejected),
        }
    }
}

impl Offer {
    /// Validates a response of HTTP/1.1 to a request with this key. Adds the selections of the server to `config`, a copy
    /// of the one that was offered.
    pub(crate) fn judge_upgrade<'h>(
        &self,
        line: StatusLine,
        headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])> + Clone,
        key: &[u8; KEY_LEN],
        config: &mut Config,
    ) -> Result<Verdict, HandshakeError> {
        line.judge(|| {
            let values = Values::read(headers.clone());
            values.check_upgrade(key)?;
            self.check_selection(&values, headers, config)
        })
    }

    /// Validates a response to an extended CONNECT (RFC 8441, section 5), like [`judge_upgrade`](Self::judge_upgrade).
    pub(crate) fn judge_connect<'h>(
        &self,
        status: u16,
        headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])> + Clone,
        config: &mut Config,
    ) -> Result<Verdict, HandshakeError> {
        match status {
            // RFC 9113, 8.6: there are no upgrades.
            101 => Err(HandshakeError::InvalidPseudoHeader),
            100..200 => Ok(Verdict::Interim),
            // RFC 8441, 5: instead of 101.
            200..300 => {
                let values = Values::read(headers.clone());
                self.check_selection(&values, headers, config).map(|()| Verdict::Open)
            }
            _ => Ok(Verdict::Rejected),
        }
    }

    /// Checks that the server selected what was offered, and adds it to `config`.
    fn check_selection<'h>(
        &self,
        values: &Values<'h>,
        headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])> + Clone,
        config: &mut Config,
    ) -> Result<(), HandshakeError> {
        self.check_subprotocol(values.subprotocol)?;
        if !values.extensions {
            return Ok(());
        }
        self.check_extensions(headers.clone())?;
        let mut used = Rsv::NONE;
        if !self.own.is_empty() {
            for extension in extensions(headers.clone()).flatten() {
                let own = self.own.iter().find(|(name, _)| name == extension.name());
                let rsv = own.map_or(Rsv::NONE, |(_, rsv)| *rsv);
                if used.intersects(rsv) {
                    return Err(HandshakeError::UnexpectedExtension);
                }
                used = used.with(rsv);
            }
        }
        *config = self.compression.agree(headers, config.with_rsv(used))?;
        // RFC 7692, 6: two extensions cannot use one bit.
        if config.has_rsv_conflict() { Err(HandshakeError::UnexpectedExtension) } else { Ok(()) }
    }

    /// Checks the selected subprotocol (RFC 6455, section 4.1).
    fn check_subprotocol(&self, selected: Single<'_>) -> Result<(), HandshakeError> {
        let may_be_empty = self.tolerance.allows(Tolerance::EMPTY_HEADERS);
        match selected {
            Single::None if self.require_subprotocol => Err(HandshakeError::MissingSubprotocol),
            Single::None => Ok(()),
            Single::One(b"") if may_be_empty && self.require_subprotocol => {
                Err(HandshakeError::MissingSubprotocol)
            }
            Single::One(b"") if may_be_empty => Ok(()),
            // RFC 6455, 11.3.4: one token, and one of ours with the same case.
            Single::One(value)
                if is_token(value) && elements(self.subprotocols.as_bytes()).any(|one| one == value) =>
            {
                Ok(())
            }
            _ => Err(HandshakeError::UnexpectedSubprotocol),
        }
    }

    /// Checks that each selected extension was offered, and is selected once (RFC 6455, section 4.1).
    fn check_extensions<'h>(
        &self,
        headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])>,
    ) -> Result<(), HandshakeError> {
        let mut seen = [""; MAX_ELEMENTS];
        for (count, extension) in extensions(headers).enumerate() {
            let name = extension?.name();
            let offers = [("sec-websocket-extensions", self.extensions.as_bytes())];
            let is_offered = extensions(offers.into_iter()).flatten().any(|offer| offer.name() == name);
            if !is_offered || seen.contains(&name) {
                return Err(HandshakeError::UnexpectedExtension);
            }
            // The iterator returns an error if there are more.
            if let Some(slot) = seen.get_mut(count) {
                *slot = name;
            }
        }
        Ok(())
    }
}

/// The headers of a response that matter, after one pass over all of them.
struct Values<'h> {
    upgrade: Single<'h>,
    connection: Search,
    accept: Single<'h>,
    subprotocol: Single<'h>,
    extensions: bool,
}

impl<'h> Values<'h> {
    /// Reads all headers, and validates none.
    #[inline]
    fn read(headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])>) -> Self {
        let mut this = Self {
            upgrade: Single::None,
            connection: Search::default(),
            accept: Single::None,
            subprotocol: Single::None,
            extensions: false,
        };
        for (name, value) in headers {
            let name = name.as_ref();
            let is = |usual: &str| is_named(name, usual.as_bytes());
            match name.len() {
                7 if is("Upgrade") => {
                    elements(value)
                        .filter(|element| !element.is_empty())
                        .for_each(|element| this.upgrade.add(element));
                }
                10 if is("Connection") => this.connection.add(value, b"upgrade", is_token),
                20 if is("Sec-WebSocket-Accept") => this.accept.add(value),
                22 if is("Sec-WebSocket-Protocol") => this.subprotocol.add(value),
                24 if is("Sec-WebSocket-Extensions") => this.extensions = true,
                _ => {}
            }
        }
        this
    }

    /// Checks that a 101 response is the upgrade, and matches the key (RFC 6455, section 4.1).
    fn check_upgrade(&self, key: &[u8; KEY_LEN]) -> Result<(), HandshakeError> {
        // RFC 6455, 4.1: the value has one element and no other.
        match self.upgrade {
            Single::One(protocol) if protocol.eq_ignore_ascii_case(b"websocket") => {}
            _ => return Err(HandshakeError::InvalidUpgrade),
        }
        if self.connection.malformed || !self.connection.found {
            return Err(HandshakeError::InvalidConnection);
        }
        // RFC 6455, 4.1 and 11.3.3.
        match self.accept {
            Single::One(accept) if accept == accept_key(key) => Ok(()),
            _ => Err(HandshakeError::InvalidAccept),
        }
    }
}
