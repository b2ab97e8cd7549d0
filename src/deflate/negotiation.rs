//! What the two sides tell each other in Sec-WebSocket-Extensions (RFC 7692, 5 and 7.1).

use core::{error, fmt};

use super::{Config, NAME, WindowBits, config::Direction};
use crate::handshake::Extension;

/// What a client offers, as one element of Sec-WebSocket-Extensions (RFC 7692, 5.1).
///
/// `Display` writes the element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer(Params);

/// What both sides have agreed on (RFC 7692, 5.1).
///
/// `Display` writes the element of Sec-WebSocket-Extensions with which the server says so. Give it to
/// [`Config::deflate`](crate::Config::deflate).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negotiated {
    params: Params,
    config: Config,
    send: Direction,
    receive: Direction,
}

/// The parameters of an element (RFC 7692, 7.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Params {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<WindowBits>,
    client_max_window_bits: ClientBits,
}

/// The parameter `client_max_window_bits`, of which an offer may leave out the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ClientBits {
    #[default]
    Absent,
    Understood,
    Bits(WindowBits),
}

/// Why the answer of a server is not one to what was offered. The client has to fail the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NegotiationError {
    /// A parameter is unknown, repeated, or has an invalid value (RFC 7692, 7).
    InvalidParameter,
    /// The answer takes more liberty than the offer gave (RFC 7692, 7.1).
    NotOffered,
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
    /// What a client with this configuration offers.
    pub fn offer(&self) -> Offer {
        Offer(Params {
            server_no_context_takeover: !self.receive.context_takeover,
            client_no_context_takeover: !self.send.context_takeover,
            server_max_window_bits: narrowed(self.receive.window),
            client_max_window_bits: narrowed(self.send.window)
                .map_or(ClientBits::Understood, ClientBits::Bits),
        })
    }

    /// At a client: what the answer of the server to our [`offer`](Self::offer) means.
    ///
    /// `answer` is the element of the response with the name `permessage-deflate`; without one the server has
    /// declined.
    ///
    /// # Errors
    ///
    /// If the answer is invalid or does not fit the offer. Fail the handshake then (RFC 7692, 5.1).
    pub fn accept_response(&self, answer: &Extension<'_>) -> Result<Negotiated, NegotiationError> {
        let Offer(offer) = self.offer();
        let params = Params::parse(answer).ok_or(NegotiationError::InvalidParameter)?;
        let client_window = match params.client_max_window_bits {
            ClientBits::Absent => WindowBits::MAX,
            // RFC 7692, 7.1.2.2: the answer has a value.
            ClientBits::Understood => return Err(NegotiationError::InvalidParameter),
            ClientBits::Bits(bits) => bits,
        };
        // RFC 7692, 7.1.1.1 and 7.1.2.1: what was asked of the server has to be in its answer.
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
                window: self.send.window.min(client_window),
                context_takeover: self.send.context_takeover && !params.client_no_context_takeover,
            },
            receive: Direction {
                window: params.server_max_window_bits.unwrap_or(WindowBits::MAX),
                context_takeover: !params.server_no_context_takeover,
            },
        })
    }

    /// At a server: what to agree on, from the elements of the client's Sec-WebSocket-Extensions.
    ///
    /// The first acceptable offer of permessage-deflate counts; invalid ones are passed over (RFC 7692, 5.1 and
    /// 7.1). `None`: answer without the extension.
    ///
    /// The answer has `server_no_context_takeover` and `server_max_window_bits` only if the client offered them. Without
    /// an offer a smaller window, or none between messages, is used silently, which RFC 7692 allows: Netty 4.1.48 and
    /// nhooyr 1.8.7 close the connection if they get a parameter that they did not offer.
    pub fn accept<'h>(&self, offers: impl IntoIterator<Item = Extension<'h>>) -> Option<Negotiated> {
        offers
            .into_iter()
            .filter(|offer| offer.name() == NAME)
            .find_map(|offer| Params::parse(&offer).map(|offer| self.answer(offer)))
    }

    fn answer(&self, offer: Params) -> Negotiated {
        let send = Direction {
            window: offer.server_max_window_bits.map_or(self.send.window, |bits| bits.min(self.send.window)),
            context_takeover: self.send.context_takeover && !offer.server_no_context_takeover,
        };
        let client_window = match offer.client_max_window_bits {
            // RFC 7692, 7.1.2.2: then the answer must not have it.
            ClientBits::Absent => WindowBits::MAX,
            ClientBits::Understood => self.receive.window,
            ClientBits::Bits(hint) => hint.min(self.receive.window),
        };
        let receive = Direction {
            window: client_window,
            context_takeover: self.receive.context_takeover && !offer.client_no_context_takeover,
        };
        let params = Params {
            // What this side does with its own window is said only if it was offered: some clients hang up otherwise.
            server_no_context_takeover: offer.server_no_context_takeover,
            client_no_context_takeover: !receive.context_takeover,
            // RFC 7692, 7.1.2.1: if it was offered it is answered, also if nothing is narrowed.
            server_max_window_bits: offer.server_max_window_bits.map(|_| send.window),
            client_max_window_bits: narrowed(client_window).map_or(ClientBits::Absent, ClientBits::Bits),
        };
        Negotiated { params, config: *self, send, receive }
    }
}

impl Negotiated {
    /// Whether what this side sends may refer to earlier messages.
    pub fn send_context_takeover(&self) -> bool {
        self.send.context_takeover
    }

    /// Whether what the peer sends may refer to earlier messages.
    pub fn receive_context_takeover(&self) -> bool {
        self.receive.context_takeover
    }

    /// The largest window that this side compresses with.
    pub fn send_window(&self) -> WindowBits {
        self.send.window
    }

    /// The largest window that the peer compresses with.
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
    /// `None` if a parameter is unknown, repeated, or has a value that it must not have (RFC 7692, 7.1).
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

/// The window as a parameter, if there is something to say.
fn narrowed(window: WindowBits) -> Option<WindowBits> {
    (window < WindowBits::MAX).then_some(window)
}
