//! The parameters in Sec-WebSocket-Extensions (RFC 7692, sections 5 and 7.1).

use core::{error, fmt};

use super::{Config, NAME, WindowBits, config::Direction};
use crate::handshake::Extension;

/// The offer of a client, as one element of Sec-WebSocket-Extensions (RFC 7692, section 5.1).
///
/// `Display` writes the element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer(Params);

/// The negotiated parameters (RFC 7692, section 5.1).
///
/// `Display` writes the element of Sec-WebSocket-Extensions with which the server announces them. Pass the
/// parameters to [`Config::deflate`](crate::Config::deflate).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negotiated {
    params: Params,
    config: Config,
    send: Direction,
    receive: Direction,
}

/// The parameters of an element (RFC 7692, section 7.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Params {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<WindowBits>,
    client_max_window_bits: ClientBits,
}

/// The parameter `client_max_window_bits`, whose value may be omitted in an offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ClientBits {
    #[default]
    Absent,
    Understood,
    Bits(WindowBits),
}

/// The reason why the response of a server does not match the offer. The client must fail the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NegotiationError {
    /// A parameter is unknown, repeated, or has an invalid value (RFC 7692, section 7).
    InvalidParameter,
    /// The response exceeds what the offer allows (RFC 7692, section 7.1).
    NotOffered,
}

impl NegotiationError {
    /// Returns a stable short name of the error, for logs and metrics. See
    /// [`ProtocolError::name`](crate::ProtocolError::name) for details.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::InvalidParameter => "deflate_invalid_parameter",
            Self::NotOffered => "deflate_not_offered",
        }
    }
}

impl fmt::Display for NegotiationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidParameter => "a parameter of permessage-deflate is invalid",
            Self::NotOffered => "the server agreed to a permessage-deflate that was not offered",
        })
    }
}

impl error::Error for NegotiationError {}

impl Config {
    /// Returns the offer of a client with this configuration.
    ///
    /// A client with its own HTTP stack sends the offer and interprets the selection of the server:
    ///
    /// ```
    /// use sansocket::{deflate, handshake::Extension};
    ///
    /// let config = deflate::Config::new();
    /// let header = config.offer().to_string(); // Sec-WebSocket-Extensions
    /// assert_eq!(header, "permessage-deflate; client_max_window_bits");
    /// let selected = Extension::parse_all(["permessage-deflate"]).next();
    /// let negotiated = match selected.transpose()? {
    ///     Some(extension) => Some(config.accept_response(&extension)?),
    ///     None => None, // the server has declined
    /// };
    /// assert!(negotiated.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn offer(&self) -> Offer {
        Offer(Params {
            server_no_context_takeover: !self.receive.context_takeover,
            client_no_context_takeover: !self.sends_with_takeover_as_client(),
            server_max_window_bits: narrowed(self.receive.window),
            client_max_window_bits: narrowed(self.send_window)
                .map_or(ClientBits::Understood, ClientBits::Bits),
        })
    }

    /// Interprets the response of a server to our [`offer`](Self::offer), at a client.
    ///
    /// `answer` is the element of the response with the name `permessage-deflate`; without one the server has
    /// declined.
    ///
    /// # Errors
    ///
    /// Returns a [`NegotiationError`] if the response is invalid or does not match the offer. Then fail the
    /// handshake (RFC 7692, section 5.1).
    pub fn accept_response(&self, answer: &Extension<'_>) -> Result<Negotiated, NegotiationError> {
        let Offer(offer) = self.offer();
        let params = Params::parse(answer).ok_or(NegotiationError::InvalidParameter)?;
        let client_window = match params.client_max_window_bits {
            ClientBits::Absent => WindowBits::MAX,
            // RFC 7692, 7.1.2.2: the response has a value.
            ClientBits::Understood => return Err(NegotiationError::InvalidParameter),
            ClientBits::Bits(bits) => bits,
        };
        // RFC 7692, 7.1.1.1 and 7.1.2.1: the parameters requested from the server must be in its response.
        let fits_takeover = params.server_no_context_takeover || !offer.server_no_context_takeover;
        let fits_window = offer
            .server_max_window_bits
            .is_none_or(|offered| params.server_max_window_bits.is_some_and(|bits| bits <= offered));
        if !fits_takeover || !fits_window {
            return Err(NegotiationError::NotOffered);
        }
        Ok(Negotiated {
            params,
            config: *self,
            send: Direction {
                window: self.send_window.min(client_window),
                context_takeover: self.sends_with_takeover_as_client() && !params.client_no_context_takeover,
            },
            receive: Direction {
                window: params.server_max_window_bits.unwrap_or(WindowBits::MAX),
                context_takeover: !params.server_no_context_takeover,
            },
        })
    }

    /// Selects parameters from the elements of a client's Sec-WebSocket-Extensions, at a server.
    ///
    /// The first acceptable offer of permessage-deflate is selected; invalid offers are skipped (RFC 7692,
    /// sections 5.1 and 7.1). If it returns `None`, respond without the extension.
    ///
    /// The response contains `server_no_context_takeover` and `server_max_window_bits` only if the client
    /// offered them. Without an offer, a smaller window, or none between messages, is used silently, which
    /// RFC 7692 allows: Netty 4.1.48 and nhooyr 1.8.7 close the connection if they receive a parameter that
    /// they did not offer.
    pub fn accept<'h>(&self, offers: impl IntoIterator<Item = Extension<'h>>) -> Option<Negotiated> {
        offers
            .into_iter()
            .filter(|offer| offer.name() == NAME)
            .find_map(|offer| Params::parse(&offer).map(|offer| self.answer(offer)))
    }

    fn sends_with_takeover_as_client(&self) -> bool {
        self.send_takeover.unwrap_or(true)
    }

    fn answer(&self, offer: Params) -> Negotiated {
        let send = Direction {
            window: offer.server_max_window_bits.map_or(self.send_window, |bits| bits.min(self.send_window)),
            context_takeover: self.send_takeover.unwrap_or(false) && !offer.server_no_context_takeover,
        };
        let client_window = match offer.client_max_window_bits {
            // RFC 7692, 7.1.2.2: the response must not contain it then.
            ClientBits::Absent => WindowBits::MAX,
            ClientBits::Understood => self.receive.window,
            ClientBits::Bits(hint) => hint.min(self.receive.window),
        };
        let receive = Direction {
            window: client_window,
            context_takeover: self.receive.context_takeover && !offer.client_no_context_takeover,
        };
        let params = Params {
            // The parameters of our own window are only announced if they were offered: some clients
            // disconnect otherwise.
            server_no_context_takeover: offer.server_no_context_takeover,
            client_no_context_takeover: !receive.context_takeover,
            // RFC 7692, 7.1.2.1: if it was offered it is in the response, even if nothing is restricted.
            server_max_window_bits: offer.server_max_window_bits.map(|_| send.window),
            client_max_window_bits: narrowed(client_window).map_or(ClientBits::Absent, ClientBits::Bits),
        };
        Negotiated { params, config: *self, send, receive }
    }
}

impl Negotiated {
    /// Returns `true` if sent messages may refer to earlier ones.
    pub fn send_context_takeover(&self) -> bool {
        self.send.context_takeover
    }

    /// Returns `true` if received messages may refer to earlier ones.
    pub fn receive_context_takeover(&self) -> bool {
        self.receive.context_takeover
    }

    /// Returns the largest window that this endpoint compresses with.
    pub fn send_window(&self) -> WindowBits {
        self.send.window
    }

    /// Returns the largest window that the peer compresses with.
    pub fn receive_window(&self) -> WindowBits {
        self.receive.window
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Negotiated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.params.fmt(f)
    }
}

impl Params {
    /// Returns `None` if a parameter is unknown, repeated, or has an invalid value (RFC 7692, section 7.1).
    fn parse(element: &Extension<'_>) -> Option<Self> {
        let mut params = Self::default();
        if element.name() != NAME {
            return None;
        }
        for (name, value) in element.params() {
            let value = value.as_deref();
            match name {
                "server_no_context_takeover" if value.is_none() && !params.server_no_context_takeover => {
                    params.server_no_context_takeover = true;
                }
                "client_no_context_takeover" if value.is_none() && !params.client_no_context_takeover => {
                    params.client_no_context_takeover = true;
                }
                "server_max_window_bits" if params.server_max_window_bits.is_none() => {
                    params.server_max_window_bits = Some(WindowBits::parse(value?)?);
                }
                "client_max_window_bits" if params.client_max_window_bits == ClientBits::Absent => {
                    params.client_max_window_bits = match value {
                        None => ClientBits::Understood,
                        Some(value) => ClientBits::Bits(WindowBits::parse(value)?),
                    };
                }
                _ => return None,
            }
        }
        Some(params)
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)?;
        if self.server_no_context_takeover {
            f.write_str("; server_no_context_takeover")?;
        }
        if self.client_no_context_takeover {
            f.write_str("; client_no_context_takeover")?;
        }
        if let Some(bits) = self.server_max_window_bits {
            write!(f, "; server_max_window_bits={bits}")?;
        }
        match self.client_max_window_bits {
            ClientBits::Absent => Ok(()),
            ClientBits::Understood => f.write_str("; client_max_window_bits"),
            ClientBits::Bits(bits) => write!(f, "; client_max_window_bits={bits}"),
        }
    }
}

/// Returns the window as a parameter, or `None` if it is not restricted.
fn narrowed(window: WindowBits) -> Option<WindowBits> {
    (window < WindowBits::MAX).then_some(window)
}
