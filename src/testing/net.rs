//! Many endpoints in memory.

use alloc::{vec, vec::Vec};

use super::{ByteSource, Endpoint, pair::Pipe};
use crate::Input;

/// Logic under test that serves several connections, such as a chat room. It is the center of a [`Net`].
pub trait Hub {
    /// The error of one connection.
    type Error: core::error::Error + Clone + PartialEq + 'static;

    /// Consumes all bytes that have arrived from `peer`, a number from 0.
    ///
    /// `out` has the output buffer of every peer at its number, so a message of one can be sent to all.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection to this peer has failed. The link is then closed, once the bytes in
    /// flight have been delivered; the other links are not affected.
    fn receive(&mut self, peer: usize, input: &mut Input<'_>, out: &mut [Vec<u8>])
    -> Result<(), Self::Error>;

    /// Notifies the hub that the transport of `peer` has been closed. It is called at most once a peer.
    ///
    /// # Errors
    ///
    /// Returns an error if that was too early.
    fn receive_eof(&mut self, peer: usize, out: &mut [Vec<u8>]) -> Result<(), Self::Error>;
}

/// A hub, its clients, and the bytes in flight on the links between them.
///
/// Bytes only move when they are delivered, in reads of the lengths you choose. A link can be closed, cut off
/// within a frame, and stalled; whatever happens, the run is a function of your calls and your bytes.
///
/// # Examples
///
/// Two clients of a hub that repeats everything to everyone, of which one stalls:
///
/// ```
/// use sansocket::testing::{ByteSource, Endpoint, Hub, Net};
/// use sansocket::{Input, ProtocolError};
///
/// struct Repeater;
///
/// impl Hub for Repeater {
///     type Error = ProtocolError;
///
///     fn receive(
///         &mut self,
///         _: usize,
///         input: &mut Input<'_>,
///         out: &mut [Vec<u8>],
///     ) -> Result<(), ProtocolError> {
///         let bytes = input.take_all();
///         out.iter_mut().for_each(|out| out.extend_from_slice(bytes));
///         Ok(())
///     }
///
///     fn receive_eof(
///         &mut self,
///         _: usize,
///         _: &mut [Vec<u8>],
///     ) -> Result<(), ProtocolError> {
///         Ok(())
///     }
/// }
///
/// struct Listener(Vec<u8>);
///
/// impl Endpoint for Listener {
///     type Error = ProtocolError;
///
///     fn receive(
///         &mut self,
///         input: &mut Input<'_>,
///         _: &mut Vec<u8>,
///     ) -> Result<(), ProtocolError> {
///         self.0.extend_from_slice(input.take_all());
///         Ok(())
///     }
///
///     fn receive_eof(&mut self, _: &mut Vec<u8>) -> Result<(), ProtocolError> {
///         Ok(())
///     }
/// }
///
/// let mut net = Net::new(Repeater, [Listener(vec![]), Listener(vec![])]);
/// net.call_client(0, |_, out| out.extend_from_slice(b"hello"));
/// net.stall(1);
/// net.settle(&mut ByteSource::new(&[3, 1, 4, 1, 5]));
/// let heard: Vec<&[u8]> = net.clients().map(|client| &client.0[..]).collect();
/// assert_eq!(heard, [&b"hello"[..], b""]);
/// ```
#[derive(Debug)]
pub struct Net<H: Hub, C: Endpoint> {
    hub: H,
    links: Vec<Link<H::Error, C>>,
    /// The output buffers of the hub, empty between two calls.
    out: Vec<Vec<u8>>,
}

/// A client, and the link to it.
#[derive(Debug)]
struct Link<E, C: Endpoint> {
    client: C,
    client_error: Option<C::Error>,
    hub_error: Option<E>,
    to_client: Pipe,
    to_hub: Pipe,
    is_stalled: bool,
}

/// The hub, as the endpoint of one link.
struct Port<'n, H> {
    hub: &'n mut H,
    peer: usize,
    out: &'n mut [Vec<u8>],
}

impl<H: Hub> Endpoint for Port<'_, H> {
    type Error = H::Error;

    fn receive(&mut self, input: &mut Input<'_>, _: &mut Vec<u8>) -> Result<(), H::Error> {
        self.hub.receive(self.peer, input, self.out)
    }

    fn receive_eof(&mut self, _: &mut Vec<u8>) -> Result<(), H::Error> {
        self.hub.receive_eof(self.peer, self.out)
    }
}

impl<H: Hub, C: Endpoint> Net<H, C> {
    /// Creates a net of a hub and its clients, which are numbered from 0. No bytes are in flight.
    pub fn new(hub: H, clients: impl IntoIterator<Item = C>) -> Self {
        let link = |client| Link {
            client,
            client_error: None,
            hub_error: None,
            to_client: Pipe::default(),
            to_hub: Pipe::default(),
            is_stalled: false,
        };
        let links: Vec<_> = clients.into_iter().map(link).collect();
        let out = vec![Vec::new(); links.len()];
        Self { hub, links, out }
    }

    /// Returns the hub.
    pub fn hub(&self) -> &H {
        &self.hub
    }

    /// Returns the clients in the order of their numbers.
    pub fn clients(&self) -> impl Iterator<Item = &C> {
        self.links.iter().map(|link| &link.client)
    }

    /// Returns the error of this client, if it has failed.
    pub fn client_error(&self, peer: usize) -> Option<&C::Error> {
        self.links.get(peer)?.client_error.as_ref()
    }

    /// Returns the error that the hub returned for the connection to this client.
    pub fn hub_error(&self, peer: usize) -> Option<&H::Error> {
        self.links.get(peer)?.hub_error.as_ref()
    }

    /// Calls the hub with the output buffers of all clients, and puts what it appends in flight.
    pub fn call_hub<R>(&mut self, call: impl FnOnce(&mut H, &mut [Vec<u8>]) -> R) -> R {
        let result = call(&mut self.hub, &mut self.out);
        self.collect();
        result
    }

    /// Calls a client with its output buffer, and puts what it appends in flight. Returns `None` if there is no
    /// client of this number.
    pub fn call_client<R>(&mut self, peer: usize, call: impl FnOnce(&mut C, &mut Vec<u8>) -> R) -> Option<R> {
        let link = self.links.get_mut(peer)?;
        Some(call(&mut link.client, &mut link.to_hub.bytes))
    }

    /// Moves the next `len` bytes, or all there are, from a client to the hub in one read.
    ///
    /// Returns `true` if there were some, or if the transport was closed. A stalled link delivers nothing.
    pub fn deliver_to_hub(&mut self, peer: usize, len: usize) -> bool {
        let Some(link) = self.links.get_mut(peer).filter(|link| !link.is_stalled) else { return false };
        let mut port = Port { hub: &mut self.hub, peer, out: &mut self.out };
        // The buffers of all clients are in the port.
        let result = link.to_hub.deliver(len, &mut port, &mut Vec::new());
        let moved = result.clone().unwrap_or(true);
        if let Err(error) = result {
            link.hub_error.get_or_insert(error);
            link.to_hub.ended = true;
        }
        let has_failed = link.hub_error.is_some();
        self.collect();
        if has_failed && let Some(link) = self.links.get_mut(peer) {
            link.to_client.end_after_flight();
        }
        moved
    }

    /// Moves the next `len` bytes, or all there are, from the hub to a client in one read.
    ///
    /// Returns `true` if there were some, or if the transport was closed. A stalled link delivers nothing.
    pub fn deliver_to_client(&mut self, peer: usize, len: usize) -> bool {
        let Some(link) = self.links.get_mut(peer).filter(|link| !link.is_stalled) else { return false };
        match link.to_client.deliver(len, &mut link.client, &mut link.to_hub.bytes) {
            Ok(moved) => moved,
            Err(error) => {
                link.client_error.get_or_insert(error);
                link.to_client.ended = true;
                link.to_hub.end_after_flight();
                true
            }
        }
    }

    /// Closes the transport of a link in both directions, once the bytes in flight have been delivered.
    pub fn end(&mut self, peer: usize) {
        if let Some(link) = self.links.get_mut(peer) {
            link.to_client.end_after_flight();
            link.to_hub.end_after_flight();
        }
    }

    /// Closes the transport of a link in each direction after `len` more bytes. Bytes sent beyond that are lost.
    pub fn cut_off(&mut self, peer: usize, len: usize) {
        if let Some(link) = self.links.get_mut(peer) {
            link.to_client.left = Some(len);
            link.to_hub.left = Some(len);
        }
    }

    /// Stops a link: bytes stay in flight, and neither side notices, until [`resume`](Self::resume).
    pub fn stall(&mut self, peer: usize) {
        if let Some(link) = self.links.get_mut(peer) {
            link.is_stalled = true;
        }
    }

    /// Resumes a stalled link.
    pub fn resume(&mut self, peer: usize) {
        if let Some(link) = self.links.get_mut(peer) {
            link.is_stalled = false;
        }
    }

    /// Selects a client and one fault for its link: none, an [end](Self::end), a [cut-off](Self::cut_off) within
    /// 64 bytes, a [stall](Self::stall), or that a stalled link [goes on](Self::resume). Returns the client.
    pub fn disturb(&mut self, choices: &mut ByteSource<'_>) -> usize {
        let peer = choices.below(self.links.len());
        match choices.below(5) {
            0 => {}
            1 => self.end(peer),
            2 => self.cut_off(peer, choices.below(64)),
            3 => self.stall(peer),
            _ => self.resume(peer),
        }
        peer
    }

    /// Moves bytes in a chosen order and in reads of chosen lengths, until no link that is not stalled has bytes in
    /// flight.
    ///
    /// Once the choices have been used up, everything is delivered in one read each, and transports that are to be
    /// closed are closed. Endpoints that reply to each other indefinitely are stopped after a million deliveries.
    /// Errors of endpoints end their links; see [`client_error`](Self::client_error) and
    /// [`hub_error`](Self::hub_error).
    pub fn settle(&mut self, choices: &mut ByteSource<'_>) {
        for _ in 0..1_000_000 {
            if !choices.is_empty() {
                let (peer, to_hub) = (choices.below(self.links.len()), choices.flag());
                let len = choices.below(64).saturating_add(1);
                let _ =
                    if to_hub { self.deliver_to_hub(peer, len) } else { self.deliver_to_client(peer, len) };
                continue;
            }
            let mut moved = false;
            for peer in 0..self.links.len() {
                moved |= self.deliver_to_hub(peer, usize::MAX);
                moved |= self.deliver_to_client(peer, usize::MAX);
            }
            if !moved {
                break;
            }
        }
    }

    /// Puts in flight what the hub has appended.
    fn collect(&mut self) {
        for (link, out) in self.links.iter_mut().zip(&mut self.out) {
            link.to_client.bytes.append(out);
        }
    }
}
