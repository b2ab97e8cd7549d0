//! One WebSocket from its first byte to its last: handshake, messages, keep-alive, closing handshake, and the
//! end of the transport.
//!
//! A [`Session`] does no I/O and has no clock. It **requests** one operation of the transport,
//! [`transport`](Session::transport); your code carries it out and **reports** it. The order is: write bytes,
//! flush, shut down the write half, close. Nothing that the peer does is an error:
//! [`receive`](Session::receive) returns an `Option`, and the cause of the end is one value,
//! [`ending`](Session::ending).
//!
//! ```text
//!  server: Opening ─▶ Deciding ─accept─▶ Open ─▶ Closing ─▶ Leaving ──▶ Ended
//!             │           └──reject/respond──────────────────▲  │         ▲
//!             └──violation: its response is written──────────┘  │         │
//!  client: Opening ────────────────────▶ Open                   │         │
//!             └──rejected or violation: nothing to send───────────────────┤
//!  Leaving = write, flush, shut down writing, read and discard to the end of the stream ─┘
//!  A failed transport, abort() and a timeout in Closing or Leaving lead to Ended at once; the end of the stream does so
//!  after write, flush, shut down. A timeout in Open sends a Close and leads to Leaving.
//! ```
//!
//! # Examples
//!
//! An echo server for one client, with blocking I/O. `Session::step` (feature `std`) does the `match` for you; for timers to
//! take effect in time, a read must end by the [`deadline`](Session::deadline):
//!
//! ```
//! use std::io::{self, Read, Write};
//! use std::time::{Duration, Instant};
//! use sansocket::session::{ReadBuffer, Received, Session, Transport};
//! use sansocket::{Event, server::Accept};
//!
//! fn serve(stream: &mut (impl Read + Write)) -> String {
//!     let start = Instant::now();
//!     let mut session =
//!         Session::server(Default::default(), Default::default(), Duration::ZERO);
//!     let mut buffer = ReadBuffer::new(64 << 10);
//!     loop {
//!         let done = match session.transport() {
//!             Transport::Write(bytes) => stream.write(bytes).map(|count| {
//!                 session.note_time(start.elapsed()); // it may have blocked
//!                 session.written(count);
//!             }),
//!             Transport::Flush => stream.flush().map(|()| session.flushed()),
//!             Transport::ShutDown => Ok(session.shut_down()), // shutdown(Write)
//!             Transport::Wait => match stream.read(buffer.space()) {
//!                 Ok(0) => Ok(session.eof()),
//!                 result => result.map(|count| buffer.filled(count)),
//!             },
//!             Transport::Close => break,
//!         };
//!         if done.is_err() {
//!             session.failed();
//!         }
//!         session.on_time(start.elapsed());
//!         while let Some(received) = session.receive_from(&mut buffer) {
//!             let _ = match received {
//!                 Received::Request(request) => {
//!                     session.accept(request, Accept::new()).is_ok()
//!                 }
//!                 Received::Event(Event::Text(text)) => {
//!                     session.send_text(&text).is_ok()
//!                 }
//!                 Received::Event(Event::Binary(data)) => {
//!                     session.send_binary(&data).is_ok()
//!                 }
//!                 _ => true,
//!             };
//!         }
//!     }
//!     session.ending().map_or_else(String::new, |ending| ending.to_string())
//! }
//! # struct Duplex(io::Cursor<Vec<u8>>, Vec<u8>);
//! # impl Read for Duplex {
//! #     fn read(&mut self, b: &mut [u8]) -> io::Result<usize> { self.0.read(b) }
//! # }
//! # impl Write for Duplex {
//! #     fn write(&mut self, b: &[u8]) -> io::Result<usize> { self.1.write(b) }
//! #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
//! # }
//! # let mut bytes = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
//! #     Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
//! #     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".to_vec();
//! # bytes.extend(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
//! # bytes.extend(b"\x88\x82\x37\xfa\x21\x3d\x34\x12");
//! # let mut stream = Duplex(io::Cursor::new(bytes), Vec::new());
//! # assert_eq!(serve(&mut stream), "closed with 1000");
//! # let echo = b"\r\n\r\n\x81\x05Hello\x88\x02\x03\xe8";
//! # assert!(stream.1.ends_with(echo));
//! ```
//!
//! With the feature `std`, `Session::step` does the part of this loop up to `on_time`, errors and timeouts included.
//!
//! With an asynchronous or non-blocking transport, `transport` is one branch, reading if
//! [`wants_read`](Session::wants_read) returns `true` another, and sleeping until
//! [`deadline`](Session::deadline) the third.
//!
//! # How sessions end
//!
//! | event | [`Cause`] | `clean` |
//! |---|---|---|
//! | both Close frames are exchanged, whatever happens to the transport afterwards | `Close` | yes |
//! | the peer violates the protocol | `Protocol`, and the peer gets a Close | no |
//! | no byte, or no sign of life after a Ping, in time | `Timeout`, and the peer gets a Close | no |
//! | the handshake takes too long | `Timeout`; a server that has received part of a request responds with 408 | no |
//! | the stream ends, a read or write fails, or a timeout expires after the status of a rejection | `Rejected`, with the part that has arrived | no |
//! | the peer does not reply to a Close in time | `Timeout(CloseHandshake)` | no |
//! | the stream ends, a read or write fails, [`abort`](Session::abort) | `Eof`, `Transport`, `Aborted` | no |
//! | a malformed, unsuitable or incomplete request or response | `Handshake`; a server sends its response | no |
//! | [`reject`](Session::reject), [`respond`](Session::respond); the server rejects | `Answered`; `Rejected` | no |
//!
//! # Memory
//!
//! A session has 392 bytes on 64-bit platforms, 408 with the feature `deflate`. Without work to do it holds
//! no heap memory after [`release_buffers`](Session::release_buffers), apart from the memory of a client's
//! [`Connection`]. The sessions of a thread can share one read buffer, [`ReadBuffer::shared`], and one output buffer, see [`lend_memory`](Session::lend_memory).
//!
//! Uses `client`, `close`, `connection`, `deflate`, `entropy`, `error`, `excerpt`, `frame`, `handshake`, `input`,
//! `keepalive`, `legacy`, `num`, `proxy`, `server`, `uri`.

mod buffers;
#[cfg(feature = "deflate")]
mod deflate;
mod ending;
mod endpoint;
mod error;
#[cfg(feature = "std")]
mod io;
#[cfg_attr(not(feature = "legacy"), path = "no_legacy.rs")]
mod legacy;
mod message;
mod payload;
mod receiving;
mod sending;
mod timers;
mod transport;

use alloc::{boxed::Box, vec::Vec};
use core::time::Duration;

pub use buffers::{ReadBuffer, WriteBuffer};
pub use ending::{Cause, Ending};
pub use endpoint::{Endpoint, Memory};
pub use error::Error;
pub use message::Message;
pub use receiving::Received;
pub use sending::{EncodedMessage, PayloadMask};
pub use transport::Transport;

use crate::{
    CloseOutcome, Connection, Event, State,
    client::{self, RequestError},
    frame,
    handshake::{FirstBytes, HandshakeLimits},
    keepalive::{KeepAlive, Timeouts},
    server,
};
use ending::Reason;
use legacy::Legacy;
use payload::Payload;

/// One WebSocket from its first byte to its last, without I/O.
///
/// See the [module documentation](self) for the loop around it.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact about the transport or the caller")]
pub struct Session {
    phase: Phase,
    /// The reason of the end, once the session ends.
    reason: Option<Reason>,
    out: WriteBuffer,
    payload: Option<Box<Payload>>,
    keep_alive: KeepAlive,
    high_water: u32,
    /// The number of unwritten bytes, the first ones, that do not stop reading.
    exempt: u32,
    /// The number of bytes of an incomplete frame in the caller's buffer, or `u32::MAX` if it is larger.
    waiting: u32,
    /// A request was answered, after a decision that may have taken a while. The timeouts begin with the next evaluation.
    decided: bool,
    /// Bytes have arrived that have not been reported to the keep-alive.
    heard: bool,
    time_told: bool,
    /// A byte of the request has arrived.
    asked: bool,
    flush_due: bool,
    is_shut_down: bool,
    eof: bool,
    over: bool,
    is_http_allowed: bool,
    end_first: bool,
}

#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "it is the common one, and an idle session holds no heap memory"
)]
enum Phase {
    Server(Box<server::Handshake>),
    /// The request has been returned to the caller.
    Deciding,
    Client(Box<client::Handshake>),
    /// The handshake has failed, which is the reason for the end.
    Failed(Box<Failure>),
    #[cfg_attr(not(feature = "legacy"), expect(dead_code, reason = "there is no value of it"))]
    Legacy(Legacy),
    Open(Connection),
}

/// Why no WebSocket was opened. A server's is always an error of the handshake.
#[derive(Debug)]
struct Failure {
    error: client::Error,
    first_bytes: FirstBytes,
    refused: Option<Box<client::Response>>,
}

impl Session {
    /// Creates the session of a server for a client that has connected.
    pub fn server(limits: HandshakeLimits, timeouts: Timeouts, now: Duration) -> Self {
        Self::new(Phase::Server(Box::new(server::Handshake::new(limits))), timeouts, now)
    }

    /// Creates the session of a client, which begins with its request.
    ///
    /// The seed must be unpredictable and used once. With the feature `getrandom`, `random_seed()` returns
    /// one.
    ///
    /// # Errors
    ///
    /// Returns the first error in the request.
    pub fn client(
        request: &client::Request,
        seed: [u8; 32],
        timeouts: Timeouts,
        now: Duration,
    ) -> Result<Self, RequestError> {
        let mut out = WriteBuffer::default();
        let handshake = client::Handshake::new(request, seed, out.out())?;
        Ok(Self { out, ..Self::new(Phase::Client(Box::new(handshake)), timeouts, now) })
    }

    /// Creates the session of a connection whose handshake was completed elsewhere: by an HTTP library, or
    /// over HTTP/2 or HTTP/3 ([`extended_connect`](crate::extended_connect)).
    ///
    /// Clients on streams of HTTP/2 and HTTP/3 should set [`end_first(true)`](Self::end_first), unless the
    /// server is one of those that then fail; see [`guide::streams`](crate::guide::streams).
    pub fn open(connection: Connection, timeouts: Timeouts, now: Duration) -> Self {
        let mut session = Self::new(Phase::Deciding, timeouts, now);
        session.open_with(connection);
        session
    }

    fn new(phase: Phase, timeouts: Timeouts, now: Duration) -> Self {
        Self {
            phase,
            reason: None,
            out: WriteBuffer::default(),
            payload: None,
            keep_alive: KeepAlive::new(timeouts, now),
            high_water: HIGH_WATER,
            exempt: 0,
            waiting: 0,
            heard: false,
            decided: false,
            time_told: false,
            asked: false,
            flush_due: false,
            is_shut_down: false,
            eof: false,
            over: false,
            is_http_allowed: false,
            end_first: false,
        }
    }

    /// Sets the number of unwritten bytes from which [`wants_read`](Self::wants_read) returns `false`. The
    /// default is 64 KiB, the maximum is 4 GiB.
    #[must_use]
    pub fn high_water(mut self, bytes: usize) -> Self {
        self.high_water = u32::try_from(bytes).unwrap_or(u32::MAX);
        self
    }

    /// Sets whether a server returns plain HTTP requests as [`Received::Http`]. The default is `false`: it
    /// responds with 426.
    #[must_use]
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.is_http_allowed = allow;
        self
    }

    /// Sets whether a client ends its side after a closing handshake without waiting for the server. The
    /// default is `false` (RFC 6455, section 7.1.1).
    ///
    /// Set it for streams of HTTP/2 and HTTP/3, where a proxy may wait for both sides.
    #[must_use]
    pub fn end_first(mut self, first: bool) -> Self {
        self.end_first = first;
        self
    }

    /// Returns `true` if messages can be sent: the handshake is complete, and no Close was sent or received.
    pub fn is_open(&self) -> bool {
        self.reason.is_none() && self.state() == Some(State::Open)
    }

    /// The state of the connection, once the handshake is complete.
    fn state(&self) -> Option<State> {
        match &self.phase {
            Phase::Open(connection) => Some(connection.state()),
            Phase::Legacy(legacy) => legacy.state(),
            _ => None,
        }
    }

    fn close_outcome(&self) -> Option<CloseOutcome<'_>> {
        match &self.phase {
            Phase::Open(connection) => connection.close_outcome(),
            Phase::Legacy(legacy) => legacy.close_outcome(),
            _ => None,
        }
    }

    /// Returns the connection, once the handshake is complete.
    pub fn connection(&self) -> Option<&Connection> {
        match &self.phase {
            Phase::Open(connection) => Some(connection),
            _ => None,
        }
    }

    /// Sets the limits on what is received, for example once a client has authenticated itself. See
    /// [`Connection::set_limits`].
    ///
    /// Returns `false` if there is no connection yet or any more, and nothing changed: the first limits are those of
    /// [`Config`](crate::Config).
    ///
    /// A server that permits larger messages after a login:
    ///
    /// ```
    /// use sansocket::{Config, Connection, session::Session};
    ///
    /// let connection = Connection::server(Config::new().max_message_len(4096));
    /// let (timeouts, now) = Default::default();
    /// let mut session = Session::open(connection, timeouts, now);
    /// if let Some(limits) = session.connection().map(Connection::limits) {
    ///     assert!(session.set_limits(limits.message_len(64 << 20)));
    /// }
    /// ```
    pub fn set_limits(&mut self, limits: frame::Limits) -> bool {
        match &mut self.phase {
            Phase::Open(connection) => connection.set_limits(limits),
            _ => return false,
        }
        true
    }

    /// Returns the first bytes of the head that failed the handshake, which show the protocol of the peer. It
    /// is empty unless the handshake has failed.
    pub fn first_bytes(&self) -> FirstBytes {
        match &self.phase {
            Phase::Server(handshake) => handshake.first_bytes(),
            Phase::Client(handshake) => handshake.first_bytes(),
            Phase::Failed(failure) => failure.first_bytes,
            Phase::Legacy(legacy) => legacy.first_bytes(),
            Phase::Deciding | Phase::Open(_) => FirstBytes::default(),
        }
    }

    /// Returns the response whose headers failed the handshake of a client, to find out which value was wrong. See
    /// [`client::Handshake::refused_response`] for details.
    pub fn refused_response(&self) -> Option<&client::Response> {
        match &self.phase {
            Phase::Failed(failure) => failure.refused.as_deref(),
            _ => None,
        }
    }

    /// Returns the connection, the bytes to be written and the timer, to continue with [`Connection::split`]
    /// in two tasks.
    ///
    /// Your code then does the work of the session: it writes and flushes, polls the timer, and closes the
    /// transport as [`guide::closing`](crate::guide::closing) describes. The timeouts of a server begin at the time that was
    /// reported last: call [`note_time`](Self::note_time) before, if your decision on the request took a while.
    ///
    /// # Errors
    ///
    /// Returns the session if it is not open, or if the bytes or a payload of it are being written.
    pub fn into_parts(mut self) -> Result<(Connection, WriteBuffer, KeepAlive), Box<Self>> {
        self.copy_payload();
        if !self.is_open() || self.out.taken() > 0 || self.payload.is_some() {
            return Err(Box::new(self));
        }
        self.report_news();
        match self.phase {
            Phase::Open(connection) => Ok((connection, self.out, self.keep_alive)),
            _ => Err(Box::new(self)),
        }
    }

    /// Reclaims the buffer of an event that you no longer need. See [`Connection::recycle`] for details.
    #[inline]
    pub fn recycle(&mut self, event: Event<'_>) {
        if let Phase::Open(connection) = &mut self.phase {
            connection.recycle(event);
        }
    }

    /// Frees the memory that is held for speed: the output buffer if everything has been written, and that of
    /// [`Connection::release_buffers`].
    pub fn release_buffers(&mut self) {
        self.out.release();
        if let Phase::Open(connection) = &mut self.phase {
            connection.release_buffers();
        }
    }

    /// Lends the memory of `spare` to the output buffer, if it has none.
    ///
    /// With [`reclaim_memory`](Self::reclaim_memory) after each turn, all sessions of a thread share one
    /// allocation.
    #[inline]
    pub fn lend_memory(&mut self, spare: &mut Vec<u8>) {
        if !self.out.is_allocated() {
            self.out.exchange(spare);
        }
    }

    /// Moves the memory of the output buffer to `spare` if everything has been written, or frees it if `spare` has
    /// memory already.
    #[inline]
    pub fn reclaim_memory(&mut self, spare: &mut Vec<u8>) {
        if spare.capacity() > 0 {
            self.out.release();
        } else if self.out.is_allocated() {
            self.out.exchange(spare);
        }
    }
}

/// The default number of unwritten bytes from which nothing is read.
const HIGH_WATER: u32 = 64 << 10;

/// The timer does not go back in time, so this stands for the latest reported time.
const LATEST: Duration = Duration::ZERO;
