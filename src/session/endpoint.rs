//! A session with its read buffer, and memory that many of them share.

#[cfg(feature = "std")]
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::{fmt, time::Duration};

use super::{Error, Message, ReadBuffer, Received, Session};
use crate::Event;

/// One end of a WebSocket without its transport: a session, its read buffer, and the first error of the transport.
///
/// It is the part of a program, or of an adapter for a runtime, that is the same for every transport. `E` is the error of the
/// transport: `std::io::Error` with sockets.
///
/// # Examples
///
/// An echo with blocking I/O, which ends with the cause:
///
/// ```
/// # #[cfg(feature = "std")] {
/// use std::io::{self, Read, Write};
/// use std::time::Instant;
/// use sansocket::session::{Endpoint, Error, ReadBuffer, Session, Transport};
///
/// fn echo(
///     stream: &mut (impl Read + Write),
///     session: Session,
/// ) -> Result<(), Error<io::Error>> {
///     let start = Instant::now();
///     let mut end = Endpoint::new(session, ReadBuffer::new(64 << 10));
///     while !end.session.is_over() {
///         let result = match end.session.transport() {
///             Transport::Write(bytes) => stream.write(bytes),
///             Transport::Flush => stream.flush().map(|()| 0),
///             Transport::ShutDown => Ok(0), // shutdown(Write)
///             Transport::Wait | Transport::Close => {
///                 let read = stream.read(end.space());
///                 end.report_read(read, start.elapsed());
///                 while let Some(message) = end.message() {
///                     end.session.send_message(&message)?;
///                 }
///                 continue;
///             }
///         };
///         end.report(result, || start.elapsed());
///     }
///     end.io_outcome()
/// }
/// # use sansocket::{Config, Connection};
/// # struct Duplex(io::Cursor<Vec<u8>>, Vec<u8>);
/// # impl Read for Duplex {
/// #     fn read(&mut self, b: &mut [u8]) -> io::Result<usize> { self.0.read(b) }
/// # }
/// # impl Write for Duplex {
/// #     fn write(&mut self, b: &[u8]) -> io::Result<usize> { self.1.write(b) }
/// #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
/// # }
/// # let mut bytes = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec();
/// # bytes.extend(b"\x88\x82\x37\xfa\x21\x3d\x34\x12");
/// # let mut stream = Duplex(io::Cursor::new(bytes), Vec::new());
/// # let connection = Connection::server(Config::new());
/// # let (timeouts, now) = Default::default();
/// # echo(&mut stream, Session::open(connection, timeouts, now)).unwrap();
/// # assert_eq!(stream.1, b"\x81\x05Hello\x88\x02\x03\xe8");
/// # }
/// ```
pub struct Endpoint<E> {
    /// The session, for everything else: its transport's operations, sending, and closing.
    pub session: Session,
    buffer: ReadBuffer,
    /// An event that was received ahead.
    queued: Option<Event<'static>>,
    error: Option<E>,
}

impl<E> Endpoint<E> {
    /// Creates the end of a session that receives from this buffer.
    pub const fn new(session: Session, buffer: ReadBuffer) -> Self {
        Self { session, buffer, queued: None, error: None }
    }

    /// Returns the room for the next read. See [`ReadBuffer::space`] for details.
    #[inline]
    pub fn space(&mut self) -> &mut [u8] {
        self.buffer.space()
    }

    /// Returns `true` if the session can use more input, and no event was received [ahead](Self::receive_ahead). See
    /// [`Session::wants_read`] for details.
    #[inline]
    pub fn wants_read(&self) -> bool {
        self.queued.is_none() && self.session.wants_read()
    }

    /// Returns `true` if [`event`](Self::event) or [`message`](Self::message) may return something. See
    /// [`Session::wants_receive`] for details.
    #[inline]
    pub fn wants_receive(&self) -> bool {
        self.session.wants_receive() || self.queued.is_some()
    }

    /// Reports the result of the operation that [`Session::transport`] returns, and stores the first error. See
    /// [`Session::report`] for details.
    ///
    /// `clock` returns the time. It is only called if the time matters: a Ping of the session waits to be written, and the time
    /// for its Pong begins with that; or so many bytes wait that nothing is read, and a write starts the timeouts again.
    #[inline]
    pub fn report(&mut self, result: Result<usize, E>, clock: impl FnOnce() -> Duration) {
        if self.session.wants_time() {
            self.session.note_time(clock());
        }
        if let Err(error) = self.session.report(result) {
            self.error.get_or_insert(error);
        }
    }

    /// Reports the result of a read into [`space`](Self::space) and the time, and stores the first error. See
    /// [`Session::report_read`] and [`Session::on_time`] for details.
    #[inline]
    pub fn report_read(&mut self, result: Result<usize, E>, now: Duration) {
        self.session.on_time(now);
        if let Err(error) = self.session.report_read(&mut self.buffer, result) {
            self.error.get_or_insert(error);
        }
    }

    /// Returns the next received item, a request or a response included. See [`Session::receive`] for details.
    #[inline]
    pub fn receive(&mut self) -> Option<Received<'_>> {
        self.session.receive_from(&mut self.buffer)
    }

    /// Returns the next event of a session that is open, with the session to reply to it, or `None` if more bytes must be
    /// read.
    ///
    /// The event borrows from the read buffer, unless it was received [ahead](Self::receive_ahead).
    #[inline]
    pub fn event(&mut self) -> Option<(Event<'_>, &mut Session)> {
        if let Some(event) = self.queued.take() {
            return Some((event, &mut self.session));
        }
        match self.session.receive_from(&mut self.buffer) {
            Some(Received::Event(event)) => Some((event, &mut self.session)),
            _ => None,
        }
    }

    /// Returns the next message, with a copy of its data, or `None` if more bytes must be read. Other events are discarded.
    pub fn message(&mut self) -> Option<Message> {
        while let Some((event, _)) = self.event() {
            if let Ok(message) = event.try_into() {
                return Some(message);
            }
        }
        None
    }

    /// Receives up to the next event that is neither a Ping nor a Pong, and keeps it for [`event`](Self::event) and
    /// [`message`](Self::message).
    ///
    /// Replies to Pings and to a Close are sent only once these have been received. A task that only sends calls this; as at
    /// most one event is kept, a peer cannot fill the memory.
    pub fn receive_ahead(&mut self) {
        while self.queued.is_none() {
            match self.session.receive_from(&mut self.buffer) {
                Some(Received::Event(Event::Ping(_) | Event::Pong(_))) => {}
                Some(Received::Event(event)) => self.queued = Some(event.into_owned()),
                Some(_) => {}
                None => return,
            }
        }
    }

    /// Returns `Ok` after a closing handshake and before the session has ended, and otherwise the cause of its end. See
    /// [`Session::outcome`].
    ///
    /// `copy` returns the error of the transport, from the first one that was reported. There is none if a write accepted no
    /// byte, or if [`Session::failed`] was called.
    ///
    /// # Errors
    ///
    /// Returns the [`Error`] for the cause of the end, unless both Close frames were exchanged.
    pub fn outcome(&self, copy: impl FnOnce(Option<&E>) -> E) -> Result<(), Error<E>> {
        self.session.outcome(|| copy(self.error.as_ref()))
    }
}

#[cfg(feature = "std")]
#[cfg_attr(docsrs, doc(cfg(feature = "std")))]
impl Endpoint<std::io::Error> {
    /// Returns the [`outcome`](Self::outcome) with a copy of the transport's error: its kind and its text. If a write accepted no
    /// byte, the kind is [`WriteZero`](std::io::ErrorKind::WriteZero).
    ///
    /// # Errors
    ///
    /// Returns the [`Error`] for the cause of the end, unless both Close frames were exchanged.
    pub fn io_outcome(&self) -> Result<(), Error<std::io::Error>> {
        self.outcome(|error| match error {
            Some(error) => std::io::Error::new(error.kind(), error.to_string()),
            None => std::io::ErrorKind::WriteZero.into(),
        })
    }
}

/// Shows no data of the read buffer.
impl<E: fmt::Debug> fmt::Debug for Endpoint<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("session", &self.session)
            .field("buffer", &self.buffer)
            .field("queued", &self.queued)
            .field("error", &self.error)
            .finish()
    }
}

/// The memory that the sessions of a thread read into and write from, one after the other.
///
/// Lend it to an [`Endpoint`] at the beginning of its turn, and reclaim it at the end. An endpoint keeps memory between two
/// turns only while bytes were not received or not written. Create the read buffers with the same capacity.
///
/// # Examples
///
/// A turn of a session, in which nothing is allocated once the memory has grown:
///
/// ```
/// use sansocket::session::{Endpoint, Memory, ReadBuffer, Session};
/// use sansocket::{Config, Connection};
///
/// let mut memory = Memory::new();
/// let connection = Connection::server(Config::new());
/// let (timeouts, now) = Default::default();
/// let session = Session::open(connection, timeouts, now);
/// let buffer = ReadBuffer::shared(64 << 10);
/// let mut end: Endpoint<()> = Endpoint::new(session, buffer);
/// memory.lend(&mut end);
/// // Read into `end.space()`, receive, send and write.
/// memory.reclaim(&mut end);
/// ```
#[derive(Debug)]
pub struct Memory {
    buffer: ReadBuffer,
    out: Vec<u8>,
}

impl Memory {
    /// Creates memory that grows with its use.
    pub const fn new() -> Self {
        Self { buffer: ReadBuffer::shared(0), out: Vec::new() }
    }

    /// Lends memory to the read buffer and the output buffer of an endpoint, if they have none. See
    /// [`ReadBuffer::lend_memory`] and [`Session::lend_memory`] for details.
    #[inline]
    pub fn lend<E>(&mut self, end: &mut Endpoint<E>) {
        end.buffer.lend_memory(&mut self.buffer);
        end.session.lend_memory(&mut self.out);
    }

    /// Reclaims the memory of an endpoint, unless its read buffer has bytes that were not received; and that of the output
    /// if all of it has been written. See [`ReadBuffer::reclaim_memory`] and [`Session::reclaim_memory`] for details.
    #[inline]
    pub fn reclaim<E>(&mut self, end: &mut Endpoint<E>) {
        if end.buffer.is_empty() {
            end.buffer.reclaim_memory(&mut self.buffer);
            end.session.reclaim_memory(&mut self.out);
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}
