//! A connection in two halves that share nothing, for receiving and sending at the same time.

use alloc::{boxed::Box, vec::Vec};

use super::{CloseOutcome, Connection, Event, State};
#[cfg(feature = "deflate")]
use crate::deflate::{Compress, Negotiated};
use crate::{
    Close, Input, ProtocolError, SendError,
    frame::{Decoder, Limits, OpCode, Role},
};

impl Connection {
    /// Two halves that share nothing: one receives, the other sends, each in a task or thread of its own,
    /// without a lock.
    ///
    /// What the receiving half owes the peer, a Pong, the answer to a Close or the Close of a failure, it hands
    /// out as a [`Reply`]. Pass that on to where the sending half is, through a channel, with whatever else is
    /// to be sent there:
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use sansocket::{Config, Connection, Error, Event, Input, Reply};
    ///
    /// enum ToSend {
    ///     Text(String),
    ///     Reply(Reply),
    /// }
    ///
    /// let (mut receiving, mut sending) = Connection::server(Config::new()).split();
    /// let (sender, receiver) = mpsc::sync_channel(16); // a bound: who floods us with Pings waits
    ///
    /// let reader = std::thread::spawn(move || {
    ///     // A Ping, a text and a Close, as if they had been read.
    ///     let mut read = *b"\x89\x80\x37\xfa\x21\x3d\x81\x82\x37\xfa\x21\x3d\x7f\x93\x88\x80\x37\xfa\x21\x3d";
    ///     let (mut input, mut reply) = (Input::new(&mut read), None);
    ///     loop {
    ///         let result = receiving.receive(&mut input, &mut reply);
    ///         if let Some(reply) = reply.take() {
    ///             sender.send(ToSend::Reply(reply)).unwrap(); // first what is owed ...
    ///         }
    ///         match result.unwrap() { // ... then the error
    ///             Some(Event::Text(text)) => sender.send(ToSend::Text(text.into_owned())).unwrap(),
    ///             Some(_) => {}
    ///             None => break, // read more
    ///         }
    ///     }
    /// });
    ///
    /// let mut out = Vec::new();
    /// for item in receiver {
    ///     match item {
    ///         ToSend::Text(text) => sending.send_text(&text, &mut out)?,
    ///         ToSend::Reply(reply) => sending.reply(&reply, &mut out),
    ///     }
    ///     // Here `out` would be written.
    /// }
    /// reader.join().unwrap();
    /// assert_eq!(out, b"\x8a\x00\x81\x02Hi\x88\x00");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// Replies have to reach the sending half in their order; between two of them it may send what it likes.
    /// The sending half knows how the connection stands and how it ended; the other one cannot know of a Close
    /// that was sent, so [`Config::deliver_while_closing`](crate::Config::deliver_while_closing) has no effect
    /// after it.
    pub fn split(mut self) -> (ReceiveHalf, SendHalf) {
        let sending = Self {
            decoder: Decoder::new(self.role(), Limits::new()),
            behaviour: self.behaviour,
            at_message: false,
            entropy: self.entropy.take(),
            receiving_text: false,
            utf8: crate::utf8::Decoder::new(),
            fault: None,
            assembly: super::Assembly::default(),
            control: None,
            sending: self.sending.take(),
            lifecycle: self.lifecycle.clone(),
            #[cfg(feature = "deflate")]
            deflate: self.deflate.as_deref_mut().map(|deflate| Box::new(deflate.split_sending())),
        };
        let auto_pong = self.behaviour.auto_pong;
        self.behaviour.auto_pong = false;
        self.behaviour.auto_close = false;
        (ReceiveHalf { connection: self, auto_pong }, SendHalf(sending))
    }
}

/// The half of a [`Connection`] that receives, see [`Connection::split`].
#[derive(Debug)]
pub struct ReceiveHalf {
    /// It answers nothing by itself.
    connection: Connection,
    auto_pong: bool,
}

impl ReceiveHalf {
    /// The next thing that happened, as [`Connection::receive`]. `Ok(None)` means that the input is used up.
    ///
    /// What is owed to the peer for it replaces what was in `reply`; one call never owes more than one thing.
    ///
    /// # Errors
    ///
    /// As [`Connection::receive`]. The reply that tells the peer is in `reply` already, so pass that on first.
    #[inline]
    pub fn receive<'b>(
        &mut self,
        input: &mut Input<'b>,
        reply: &mut Option<Reply>,
    ) -> Result<Option<Event<'b>>, ProtocolError> {
        let failed_before = self.connection.lifecycle.failure().is_some();
        let mut unused = Vec::new(); // only the Close of a failure, which the other half writes
        let result = self.connection.receive(input, &mut unused);
        *reply = match &result {
            Ok(Some(Event::Ping(data))) if self.auto_pong => Some(Reply(Owed::Pong(data.as_ref().into()))),
            Ok(Some(Event::Close(close))) => {
                let close = close.clone().map(Close::into_owned);
                Some(Reply(Owed::Close { close, interrupted: self.connection.decoder.is_in_message() }))
            }
            Err(error) if !failed_before => Some(Reply(Owed::Failure(*error))),
            _ => None,
        };
        result
    }

    /// As [`Connection::recycle`].
    #[inline]
    pub fn recycle(&mut self, event: Event<'_>) {
        self.connection.recycle(event);
    }

    /// As [`Connection::release_buffers`], for what was recycled.
    pub fn release_buffers(&mut self) {
        self.connection.release_buffers();
    }

    /// The transport has ended. The reply tells it to the sending half, whose
    /// [`close_outcome`](SendHalf::closure) then says how the connection ended.
    pub fn receive_eof(self) -> Reply {
        let decoder = &self.connection.decoder;
        Reply(Owed::Eof { interrupted: decoder.is_in_frame() || decoder.is_in_message() })
    }

    /// What was agreed on the compression of messages, if anything was (RFC 7692).
    #[cfg(feature = "deflate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
    pub fn deflate(&self) -> Option<&Negotiated> {
        self.connection.deflate()
    }
}

/// What the receiving half of a connection has for the sending half, see [`Connection::split`].
///
/// It holds the data of a Ping or the body of a Close, at most 125 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply(Owed);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Owed {
    Pong(Box<[u8]>),
    Close { close: Option<Close<'static>>, interrupted: bool },
    Failure(ProtocolError),
    Eof { interrupted: bool },
}

/// Shows no data of the peer.
impl core::fmt::Debug for Reply {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match &self.0 {
            Owed::Pong(data) => write!(f, "Reply(Pong, {} bytes)", data.len()),
            Owed::Close { close, .. } => write!(f, "Reply(Close, {:?})", close.as_ref().map(Close::code)),
            Owed::Failure(error) => write!(f, "Reply({error:?})"),
            Owed::Eof { .. } => f.write_str("Reply(end of the transport)"),
        }
    }
}

/// The half of a [`Connection`] that sends, see [`Connection::split`].
#[derive(Debug)]
pub struct SendHalf(Connection);

impl SendHalf {
    /// Appends to `out` what the receiving half owes, and takes note of what it has received.
    ///
    /// A Pong after our Close is left out if the peer's Close was before it, and so is a second Close. If
    /// [`Config::auto_close`](crate::Config::auto_close) is off, the peer's Close is only noted.
    ///
    /// While the payload of a frame is being written behind [`send_header`](Self::send_header), replies have
    /// to wait.
    pub fn reply(&mut self, reply: &Reply, out: &mut Vec<u8>) {
        let Self(connection) = self;
        match &reply.0 {
            Owed::Pong(data) => {
                // It is never too long, and after the end it is of no use.
                let _ = connection.send_pong(data, out);
            }
            Owed::Close { close, interrupted } => {
                if connection.lifecycle.may_receive() {
                    connection.lifecycle.on_close_received(close.as_ref(), *interrupted);
                    connection.answer_close(close.as_ref(), out);
                }
            }
            Owed::Failure(error) => {
                if connection.lifecycle.may_receive() {
                    connection.close_failed(*error, out);
                }
            }
            Owed::Eof { interrupted } => {
                // What it says is in the closure.
                let _ = connection.lifecycle.on_eof(*interrupted);
                connection.forget_compressor();
            }
        }
    }

    /// As [`Connection::send_text`].
    ///
    /// # Errors
    ///
    /// As [`Connection::send_text`].
    #[inline]
    pub fn send_text(&mut self, text: &str, out: &mut Vec<u8>) -> Result<(), SendError> {
        self.0.send_text(text, out)
    }

    /// As [`Connection::send_binary`].
    ///
    /// # Errors
    ///
    /// As [`Connection::send_binary`].
    #[inline]
    pub fn send_binary(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.0.send_binary(data, out)
    }

    /// As [`Connection::send_text_fragment`].
    ///
    /// # Errors
    ///
    /// As [`Connection::send_text_fragment`].
    #[inline]
    pub fn send_text_fragment(&mut self, text: &str, last: bool, out: &mut Vec<u8>) -> Result<(), SendError> {
        self.0.send_text_fragment(text, last, out)
    }

    /// As [`Connection::send_binary_fragment`].
    ///
    /// # Errors
    ///
    /// As [`Connection::send_binary_fragment`].
    #[inline]
    pub fn send_binary_fragment(
        &mut self,
        data: &[u8],
        last: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        self.0.send_binary_fragment(data, last, out)
    }

    /// As [`Connection::send_ping`].
    ///
    /// # Errors
    ///
    /// As [`Connection::send_ping`].
    pub fn send_ping(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.0.send_ping(data, out)
    }

    /// As [`Connection::send_pong`].
    ///
    /// # Errors
    ///
    /// As [`Connection::send_pong`].
    pub fn send_pong(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.0.send_pong(data, out)
    }

    /// As [`Connection::send_close`].
    ///
    /// # Errors
    ///
    /// As [`Connection::send_close`].
    pub fn send_close<'a>(
        &mut self,
        close: impl Into<Option<Close<'a>>>,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        self.0.send_close(close, out)
    }

    /// As [`Connection::send_header`].
    ///
    /// # Errors
    ///
    /// As [`Connection::send_header`].
    pub fn send_header(
        &mut self,
        opcode: OpCode,
        fin: bool,
        payload_len: u64,
        out: &mut Vec<u8>,
    ) -> Result<Option<[u8; 4]>, SendError> {
        self.0.send_header(opcode, fin, payload_len, out)
    }

    /// As [`Connection::compress_next`].
    #[cfg(feature = "deflate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
    pub fn compress_next(&mut self, choice: Compress) {
        self.0.compress_next(choice);
    }

    /// As [`Connection::release_buffers`].
    pub fn release_buffers(&mut self) {
        self.0.release_buffers();
    }

    /// Which end this is.
    pub fn role(&self) -> Role {
        self.0.role()
    }

    /// Where the connection stands, as far as the replies tell that were passed on.
    pub fn state(&self) -> State {
        self.0.state()
    }

    /// How the connection ended, as [`Connection::close_outcome`].
    pub fn close_outcome(&self) -> Option<CloseOutcome<'_>> {
        self.0.close_outcome()
    }
}
