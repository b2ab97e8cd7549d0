//! The object itself, and what the page does with it.

use alloc::{boxed::Box, string::String};
use core::time::Duration;

use super::{BinaryType, DomError, ReadyState, Request, SyntaxCause, backlog::Backlog, tasks::Tasks};
use crate::{
    Close, CloseCode, State,
    client::{RequestError, Response},
    session::{Cause, Session},
};

/// The `WebSocket` object of a page, without I/O.
///
/// See the [module documentation](super) for the loop around it. The methods are in four groups: what the page does
/// ([`send_text`](Self::send_text), [`close`](Self::close), the attributes), what the event loop does
/// ([`next_event`](Self::next_event)), what the transport does (as with a [`Session`]), and what the engine does
/// ([`retry`](Self::retry), [`disappear`](Self::disappear), [`collect`](Self::collect)).
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact about the page or the transport")]
pub struct WebSocket {
    pub(super) session: Session,
    pub(super) state: ReadyState,
    pub(super) tasks: Tasks,
    pub(super) backlog: Backlog,
    url: String,
    origin: String,
    pub(super) protocol: String,
    pub(super) extensions: String,
    pub(super) binary_type: BinaryType,
    max_buffered: Option<u64>,
    /// The response that has opened the connection.
    pub(super) response: Option<Box<Response>>,
    /// The peer's Close was received.
    pub(super) peer_closed: bool,
    pub(super) peer_code: Option<CloseCode>,
    /// A Close was sent since the time was last reported: the time for closing begins with the next report.
    pub(super) close_begins: bool,
    /// The page has seen the object open.
    pub(super) was_open: bool,
    /// The page has sent a Close.
    pub(super) close_sent: bool,
    /// The page closed the object before it was open, or there was no room for a message: the connection failed.
    pub(super) given_up: bool,
    /// The stream has ended, and the peer's Close is not answered.
    pub(super) eof_waits: bool,
    /// The page, or the object, does not exist any more.
    pub(super) gone: bool,
}

impl WebSocket {
    /// Creates an object that is connecting.
    ///
    /// The `seed` must be unpredictable and used only once; [`random_seed`](crate::random_seed) returns one. `now` is the time,
    /// as the [`Duration`] since a fixed instant of your choice. Connect to [`Request::uri`], set up TLS if it is secure, and do
    /// what [`transport`](Self::transport) returns. If there is no connection, report [`failed`](Self::failed).
    ///
    /// # Errors
    ///
    /// Returns an error if a header or the origin, which your code has added, must not be sent. The page does not cause it.
    ///
    /// # Examples
    ///
    /// The port of FTP is blocked, which a page learns from events only:
    ///
    /// ```
    /// use core::time::Duration;
    /// use sansocket::browser::{
    ///     Event, ReadyState, Request, WebSocket, is_blocked_port,
    /// };
    ///
    /// let request = Request::new("ws://example.com:21/", None, &[])?;
    /// let mut socket = WebSocket::new(&request, [7; 32], Duration::ZERO)?;
    /// assert_eq!(socket.ready_state(), ReadyState::Connecting);
    /// if is_blocked_port(request.uri().port()) {
    ///     socket.failed();
    /// }
    /// assert_eq!(socket.next_event(), Some(Event::Error));
    /// let reason = String::new();
    /// let close = Event::Close { code: 1006, reason, was_clean: false };
    /// assert_eq!(socket.next_event(), Some(close));
    /// assert_eq!(socket.ready_state(), ReadyState::Closed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(request: &Request, seed: [u8; 32], now: Duration) -> Result<Self, RequestError> {
        Ok(Self {
            session: request.session(seed, now)?,
            state: ReadyState::Connecting,
            tasks: Tasks::default(),
            backlog: Backlog::default(),
            url: request.url.clone(),
            origin: request.origin.clone(),
            protocol: String::new(),
            extensions: String::new(),
            binary_type: BinaryType::Blob,
            max_buffered: request.max_buffered,
            response: None,
            peer_closed: false,
            peer_code: None,
            close_begins: false,
            was_open: false,
            close_sent: false,
            given_up: false,
            eof_waits: false,
            gone: false,
        })
    }

    /// Sends a text message: `send` with anything but binary data.
    ///
    /// While the object is closing or closed, the message is dropped, and [`buffered_amount`](Self::buffered_amount) grows.
    /// Unpaired surrogates, which a `&str` cannot contain, become U+FFFD; `String::from_utf16_lossy` does that.
    ///
    /// # Errors
    ///
    /// Returns [`DomError::InvalidState`] while the object is connecting. Check this before you convert the argument.
    pub fn send_text(&mut self, text: &str) -> Result<(), DomError> {
        self.send(text.len(), |session| session.send_text(text).unwrap_or(false))
    }

    /// Sends a binary message: `send` with a `Blob`, an `ArrayBuffer`, or the range of a view.
    ///
    /// While the object is closing or closed, the message is dropped, and [`buffered_amount`](Self::buffered_amount) grows.
    ///
    /// # Errors
    ///
    /// Returns [`DomError::InvalidState`] while the object is connecting.
    pub fn send_binary(&mut self, data: &[u8]) -> Result<(), DomError> {
        self.send(data.len(), |session| session.send_binary(data).unwrap_or(false))
    }

    /// WHATWG `WebSockets`, section 3.1, `send`.
    fn send(&mut self, len: usize, send: impl FnOnce(&mut Session) -> bool) -> Result<(), DomError> {
        let is_full = self.max_buffered.is_some_and(|max| !self.backlog.has_room(len, max));
        match self.state {
            ReadyState::Connecting => return Err(DomError::InvalidState),
            ReadyState::Open if is_full => self.give_up(),
            ReadyState::Open => {
                let before = self.session.unwritten();
                if send(&mut self.session) {
                    self.backlog.push(len, before, self.session.unwritten());
                    return Ok(());
                }
            }
            ReadyState::Closing | ReadyState::Closed => {}
        }
        self.backlog.lose(len);
        Ok(())
    }

    /// Closes the object: `close(code, reason)`. Pass an absent reason as an empty string.
    ///
    /// Convert the arguments by Web IDL first: `undefined` is an absent code, any other value is clamped to an integer of 16 bits, so
    /// that `null` and text that is no number are 0; unpaired surrogates of the reason become U+FFFD.
    ///
    /// If the object is open, a Close is sent after the messages before it. If it is connecting, the connection fails. Otherwise
    /// nothing happens. The events follow in later tasks.
    ///
    /// # Errors
    ///
    /// Returns [`DomError::InvalidAccess`] if the code is neither 1000 nor in the range 3000 to 4999, then
    /// [`DomError::Syntax`] if the reason has more than 123 bytes. Both are checked in every state; nothing has changed.
    pub fn close(&mut self, code: Option<u16>, reason: &str) -> Result<(), DomError> {
        let close = check_close(code, reason)?;
        match self.state {
            ReadyState::Connecting => self.give_up(),
            ReadyState::Open if self.must_reply() => self.reply(),
            ReadyState::Open => {
                self.close_sent = self.session.close(close).unwrap_or(false);
                self.close_begins = self.close_sent;
            }
            ReadyState::Closing | ReadyState::Closed => return Ok(()),
        }
        self.state = ReadyState::Closing;
        Ok(())
    }

    /// Returns the attribute `url`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the serialized origin of the URL, the `origin` of `message` events.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the attribute `readyState`.
    pub fn ready_state(&self) -> ReadyState {
        self.state
    }

    /// Returns the attribute `bufferedAmount`: the payload bytes of the messages that are not entirely written.
    ///
    /// It counts the UTF-8 of text, no headers, and bytes before compression. It falls in [`next_event`](Self::next_event) only, so
    /// it does not change while a script runs. Messages that are dropped because the object is closing or closed are
    /// counted too, and stay.
    pub fn buffered_amount(&self) -> u64 {
        self.backlog.amount()
    }

    /// Returns the attribute `protocol`: the subprotocol in use, or an empty string.
    pub fn protocol(&self) -> &str {
        &self.protocol
    }

    /// Returns the attribute `extensions`: the value of `Sec-WebSocket-Extensions` in the response, or an empty string.
    pub fn extensions(&self) -> &str {
        &self.extensions
    }

    /// Returns the attribute `binaryType`.
    pub fn binary_type(&self) -> BinaryType {
        self.binary_type
    }

    /// Sets the attribute `binaryType`, in any state. It counts when the task of a message runs, not when the message arrives.
    pub fn set_binary_type(&mut self, kind: BinaryType) {
        self.binary_type = kind;
    }

    /// Returns the response of the server, once it is complete: the one that opened the connection, or the one that rejected it.
    ///
    /// It is for the engine (`Set-Cookie`, status 401), never for the page.
    pub fn response(&self) -> Option<&Response> {
        match self.ending().map(|ending| ending.cause) {
            Some(Cause::Rejected(response)) => Some(response),
            _ => self.response.as_deref(),
        }
    }

    /// Starts a second attempt on a new transport, after the server has rejected the first one, for example with status 401. The page
    /// notices nothing: the object is still connecting.
    ///
    /// The request is the same with other headers, such as `Authorization`. Call this before
    /// [`next_event`](Self::next_event) returns the end. Returns `false` if there is nothing to retry: the object is not
    /// connecting, or was not rejected.
    ///
    /// # Errors
    ///
    /// Returns an error if a header must not be sent. Nothing has changed.
    pub fn retry(&mut self, request: &Request, seed: [u8; 32], now: Duration) -> Result<bool, RequestError> {
        let is_rejected = matches!(self.ending().map(|ending| ending.cause), Some(Cause::Rejected(_)));
        if self.state != ReadyState::Connecting || self.gone || !is_rejected {
            return Ok(false);
        }
        self.session = request.session(seed, now)?;
        self.backlog = Backlog::default();
        Ok(true)
    }

    /// Notifies the object that its document goes away (WHATWG `WebSockets`, section 6): closes with 1001, or fails if it is
    /// connecting. There are no more events. Continue with [`transport`](Self::transport).
    pub fn disappear(&mut self) {
        self.leave(CloseCode::GOING_AWAY.into());
    }

    /// Notifies the object that it was garbage collected (WHATWG `WebSockets`, section 7): closes without a code, or fails if it is
    /// connecting. There are no more events. Continue with [`transport`](Self::transport).
    ///
    /// Do not collect it while it can still fire an event that has a listener, or [`buffered_amount`](Self::buffered_amount) is
    /// not 0 and it is not closed.
    pub fn collect(&mut self) {
        self.leave(None);
    }

    fn leave(&mut self, close: Option<Close<'_>>) {
        match self.state {
            ReadyState::Connecting => self.session.abort(),
            _ if self.must_reply() => self.reply(),
            _ => self.close_begins |= self.session.close(close).unwrap_or(false),
        }
        self.gone = true;
        self.tasks = Tasks::default();
    }

    /// Fails the connection without a Close.
    fn give_up(&mut self) {
        self.given_up = true;
        self.session.abort();
    }

    /// Whether the peer's Close waits for its answer.
    pub(super) fn must_reply(&self) -> bool {
        let is_closing = |connection: &crate::Connection| connection.state() == State::Closing;
        self.peer_closed && self.session.connection().is_some_and(is_closing)
    }

    /// Answers the peer's Close with its code (RFC 6455, section 5.5.1).
    pub(super) fn reply(&mut self) {
        self.close_begins = self.session.close(self.peer_code.map(Close::from)).unwrap_or(false);
        if core::mem::take(&mut self.eof_waits) {
            self.session.eof();
        }
    }
}

/// WHATWG `WebSockets`, section 3.1, `close`, steps 1 and 2. Returns the Close to send.
fn check_close(code: Option<u16>, reason: &str) -> Result<Option<Close<'_>>, DomError> {
    let valid = match code {
        None => None,
        Some(code @ (1000 | 3000..=4999)) => CloseCode::new(code),
        Some(code) => return Err(DomError::InvalidAccess(code)),
    };
    let close = Close::new(valid.unwrap_or(CloseCode::NORMAL), reason)
        .map_err(|error| SyntaxCause::ReasonTooLong(error.len()))?;
    Ok(if code.is_none() && reason.is_empty() { None } else { Some(close) })
}
