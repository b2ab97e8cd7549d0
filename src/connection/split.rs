//! The two halves of a connection, which share nothing and can receive and send at the same time.

use super::{
    Connection, Event,
    owed::Owed,
    receiver::{Received, Receiver, into_public},
    send_half::SendHalf,
};
use crate::{
    Input, ProtocolError,
    frame::{Limits, Role},
};

impl Connection {
    /// Splits the connection into two halves that share nothing: one receives, the other sends, each in its
    /// own task or thread, without a lock.
    ///
    /// The receiving half returns pending replies (a Pong, the reply to a Close, or the Close of a failure)
    /// as [`Reply`] values. Pass them to the sending half in their order; between two of them it may send
    /// other frames. Use a channel with a capacity, so that a peer that floods you with Pings has
    /// to wait.
    ///
    /// The sending half reports the state of the connection and how it ended. The receiving half is not
    /// informed that a Close was sent, so
    /// [`Config::deliver_while_closing`](crate::Config::deliver_while_closing) has no effect on it.
    ///
    /// Here a thread receives, and the sending half echoes texts:
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use sansocket::{Config, Connection, Error, Event, Input, Reply, State};
    ///
    /// enum ToSend {
    ///     Text(String),
    ///     Reply(Reply),
    /// }
    ///
    /// let (mut receiving, mut sending) = Connection::server(Config::new()).split();
    /// let (sender, receiver) = mpsc::sync_channel(16);
    ///
    /// let reader = std::thread::spawn(move || {
    ///     // A Ping, a text and a Close, as if they had been read.
    ///     let mut read = [
    ///         &b"\x89\x80\x37\xfa\x21\x3d"[..],
    ///         b"\x81\x82\x37\xfa\x21\x3d\x7f\x93",
    ///         b"\x88\x80\x37\xfa\x21\x3d",
    ///     ]
    ///     .concat();
    ///     let (mut input, mut reply) = (Input::new(&mut read), None);
    ///     loop {
    ///         let result = receiving.receive(&mut input, &mut reply);
    ///         if let Some(reply) = reply.take() {
    ///             sender.send(ToSend::Reply(reply)).unwrap(); // the reply first
    ///         }
    ///         match result.unwrap() { // then the error
    ///             Some(Event::Text(text)) => {
    ///                 sender.send(ToSend::Text(text.into_owned())).unwrap();
    ///             }
    ///             Some(_) => {}
    ///             None => break, // read more
    ///         }
    ///     }
    /// });
    ///
    /// let mut out = Vec::new();
    /// for item in receiver {
    ///     match item {
    ///         ToSend::Text(text) if sending.state() == State::Open => {
    ///             sending.send_text(&text, &mut out)?;
    ///         }
    ///         ToSend::Text(_) => {} // a Close was sent before
    ///         ToSend::Reply(reply) => sending.reply(&reply, &mut out),
    ///     }
    ///     // Write `out` here.
    /// }
    /// reader.join().unwrap();
    /// assert_eq!(out, b"\x8a\x00\x81\x02Hi\x88\x00");
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "into_split")]
    #[doc(alias = "halves")]
    pub fn split(self) -> (ReceiveHalf, SendHalf) {
        (ReceiveHalf(self.receiver), self.sending)
    }
}

/// The receiving half of a [`Connection`], see [`Connection::split`].
#[derive(Debug)]
pub struct ReceiveHalf(pub(super) Receiver);

impl ReceiveHalf {
    /// Returns the next event, or `Ok(None)` once the input has been consumed and more bytes must be read.
    ///
    /// The pending reply to the peer, if there is one, replaces the value of `reply`; one call never yields
    /// more than one. See [`Connection::receive`] for details.
    ///
    /// # Errors
    ///
    /// Returns a [`ProtocolError`] under the same conditions as [`Connection::receive`]. The reply that
    /// notifies the peer is already in `reply`, so pass it on before you handle the error.
    #[expect(clippy::inline_always, reason = "a call would return the event by memory")]
    #[inline(always)]
    pub fn receive<'b>(
        &mut self,
        input: &mut Input<'b>,
        reply: &mut Option<Reply>,
    ) -> Result<Option<Event<'b>>, ProtocolError> {
        *reply = None;
        match self.0.receive_message(input) {
            Some(event) => Ok(Some(event)),
            None => into_public(self.receive_any(input, reply)),
        }
    }

    /// Everything else, so that only the fast path is inlined.
    #[inline(never)]
    fn receive_any<'b>(&mut self, input: &mut Input<'b>, reply: &mut Option<Reply>) -> Received<'b> {
        self.0.receive(input, |owed| *reply = Some(Reply(owed.into_owned())))
    }

    /// Reclaims the buffer of an event you no longer need. See [`Connection::recycle`] for details.
    #[inline]
    pub fn recycle(&mut self, event: Event<'_>) {
        self.0.recycle(event);
    }

    /// Releases memory that is kept for speed: [recycled](Self::recycle) buffers, and the decompression
    /// context if the peer may not refer to earlier messages.
    ///
    /// See [`Connection::release_buffers`] for details.
    pub fn release_buffers(&mut self) {
        self.0.release_buffers();
    }

    /// Notifies the connection that the transport has closed.
    ///
    /// Pass the reply to the sending half, whose [`close_outcome`](SendHalf::close_outcome) then describes
    /// how the connection ended.
    pub fn receive_eof(self) -> Reply {
        Reply(Owed::Eof { interrupted: self.0.is_inside() })
    }

    /// Returns the limits on what is received.
    pub fn limits(&self) -> Limits {
        self.0.limits()
    }

    /// Sets the limits on what is received. See [`Connection::set_limits`] for details.
    pub fn set_limits(&mut self, limits: Limits) {
        self.0.set_limits(limits);
    }

    /// Returns the role of this endpoint.
    pub fn role(&self) -> Role {
        self.0.role()
    }

    /// Returns `true` once nothing more can be received: after the peer's Close or after an error.
    ///
    /// All further input is discarded.
    pub fn has_ended(&self) -> bool {
        self.0.has_ended()
    }
}

/// A pending reply of the receiving half for the sending half, see [`Connection::split`].
///
/// It contains the data of a Ping or the body of a Close, at most 125 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply(pub(super) Owed<'static>);

/// Shows none of the peer's data.
impl core::fmt::Debug for Reply {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Reply({:?})", self.0)
    }
}
