//! Sessions on streams of the standard library, which the caller opens.

use alloc::borrow::Cow;
use core::time::Duration;
use std::io::{self, ErrorKind, IoSlice, Read, Write};

use super::{Error, ReadBuffer, Session, Transport};
use crate::{Event, frame::OpCode, num::as_u64};

#[cfg_attr(docsrs, doc(cfg(feature = "std")))]
impl Session {
    /// Writes all that is due, then reads once, and reports the time: one turn of a loop with blocking I/O.
    ///
    /// `clock` returns the time for [`on_time`](Self::on_time). `shut_down` shuts down the write half of the stream:
    /// `|stream| stream.shutdown(Shutdown::Write)` for a socket, `close_notify` and a flush for TLS.
    ///
    /// Returns `true` while the session runs: receive until there is nothing more. Returns `false` after a closing
    /// handshake. Before each call, set the read timeout of the
    /// stream to [`time_left`](Self::time_left), so that timers take effect, and once its write timeout, after
    /// which a peer that does not read is disconnected. It reads only if [`wants_read`](Self::wants_read)
    /// returns `true`.
    ///
    /// While a request waits for its answer, there is nothing to read or to write, and it returns at once. So answer the request
    /// before you call it again, or wait yourself.
    ///
    /// # Errors
    ///
    /// Returns [`outcome`](Self::outcome) if the session has ended in another way. There is nothing to write then.
    ///
    /// # Examples
    ///
    /// An echo for one client:
    ///
    /// ```no_run
    /// use sansocket::session::{Error, ReadBuffer, Received, Session};
    /// use sansocket::{Event, server::Accept};
    /// use std::{io, net::{Shutdown, TcpStream}, time::{Duration, Instant}};
    ///
    /// fn serve(mut stream: TcpStream) -> Result<(), Error<io::Error>> {
    ///     let start = Instant::now();
    ///     let mut session =
    ///         Session::server(Default::default(), Default::default(), Duration::ZERO);
    ///     let mut buffer = ReadBuffer::new(64 << 10);
    ///     stream.set_write_timeout(Some(Duration::from_secs(10)))?;
    ///     loop {
    ///         stream.set_read_timeout(session.time_left(start.elapsed()))?;
    ///         let clock = || start.elapsed();
    ///         let end = |stream: &mut TcpStream| stream.shutdown(Shutdown::Write);
    ///         if !session.step(&mut stream, &mut buffer, clock, end)? {
    ///             return Ok(());
    ///         }
    ///         while let Some(received) = session.receive_from(&mut buffer) {
    ///             match received {
    ///                 Received::Request(request) => {
    ///                     // The default response is valid for every request.
    ///                     let _ = session.accept(request, Accept::new());
    ///                 }
    ///                 Received::Event(Event::Text(text)) => {
    ///                     session.send_text(&text)?;
    ///                 }
    ///                 _ => {}
    ///             }
    ///         }
    ///     }
    /// }
    /// ```
    pub fn step<S: Read + Write + ?Sized>(
        &mut self,
        stream: &mut S,
        buffer: &mut ReadBuffer,
        clock: impl Fn() -> Duration,
        shut_down: impl FnMut(&mut S) -> io::Result<()>,
    ) -> Result<bool, Error<io::Error>> {
        let mut result = self.write_to(stream, &clock, shut_down);
        if result.is_err() {
            // A blocking write that would block has timed out.
            self.failed();
        } else if self.wants_read() {
            result = self.read_from(stream, buffer).map(drop);
        }
        self.on_time(clock());
        if self.transport() != Transport::Close {
            return Ok(true);
        }
        let error = || result.err().unwrap_or_else(|| ErrorKind::NotConnected.into());
        self.outcome(error).map(|()| false)
    }

    /// Writes, flushes and shuts down as [`transport`](Self::transport) requests, until the session waits or has
    /// ended.
    ///
    /// See [`step`](Self::step) for `clock` and `shut_down`. The time is [noted](Self::note_time) after each write, which may
    /// have blocked.
    ///
    /// # Errors
    ///
    /// Returns the error of the stream. If its kind is `WouldBlock`, the session continues: call this again when
    /// the stream can be written to, or [`failed`](Self::failed) if it has a write timeout. Any other error was
    /// reported to the session, which has ended.
    pub fn write_to<S: Write + ?Sized>(
        &mut self,
        stream: &mut S,
        clock: impl Fn() -> Duration,
        mut shut_down: impl FnMut(&mut S) -> io::Result<()>,
    ) -> io::Result<()> {
        loop {
            let result = match self.transport() {
                Transport::Write(bytes) => write(stream, bytes, self.following()),
                Transport::Flush => stream.flush().map(|()| 0),
                Transport::ShutDown => shut_down(stream).map(|()| 0),
                Transport::Wait | Transport::Close => return Ok(()),
            };
            match result {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(error),
                result => {
                    self.note_time(clock());
                    self.report(result)?;
                }
            }
        }
    }

    /// Sends the data of an event as [`send_event`](Self::send_event) does, and writes a long message at once, from where it
    /// is: of an echo from the read buffer.
    ///
    /// This holds for messages of 64 KiB or more of a server without compression. The part that the stream does not accept is
    /// kept or copied, and [`write_to`](Self::write_to) writes it. Other data waits for `write_to`, so that short messages are
    /// written together. The time is [noted](Self::note_time) after a write, which may have blocked.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Send`] if another message is being sent in fragments, and [`Error::Io`] if the stream has failed, but
    /// not if it would block: `write_to` returns that. An error of the stream was reported to the session, which has ended.
    ///
    /// # Examples
    ///
    /// The received messages of a turn, before `write_to`:
    ///
    /// ```
    /// use sansocket::session::{Error, ReadBuffer, Received, Session};
    /// use std::{io, time::Instant};
    ///
    /// fn echo(
    ///     session: &mut Session,
    ///     buffer: &mut ReadBuffer,
    ///     stream: &mut impl io::Write,
    ///     start: Instant,
    /// ) -> Result<(), Error<io::Error>> {
    ///     while let Some(received) = session.receive_from(buffer) {
    ///         if let Received::Event(event) = received {
    ///             session.send_event_to(event, stream, || start.elapsed())?;
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn send_event_to<S: Write + ?Sized>(
        &mut self,
        event: Event<'_>,
        stream: &mut S,
        clock: impl Fn() -> Duration,
    ) -> Result<bool, Error<io::Error>> {
        let len = match &event {
            Event::Text(text) => text.len(),
            Event::Binary(data) => data.len(),
            _ => 0,
        };
        if !self.writes_in_place(len) {
            return Ok(self.send_event(event)?);
        }
        let (opcode, data) = match event {
            Event::Text(Cow::Borrowed(text)) => (OpCode::Text, text.as_bytes().into()),
            Event::Text(Cow::Owned(text)) => (OpCode::Text, text.into_bytes().into()),
            Event::Binary(data) => (OpCode::Binary, data),
            _ => return Ok(false),
        };
        if self.send_header(opcode, true, as_u64(len))?.is_none() {
            return Ok(false);
        }
        if let Transport::Write(header) = self.transport() {
            match write(stream, header, &data) {
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
                result => {
                    self.note_time(clock());
                    self.report(result).map_err(Error::Io)?;
                }
            }
        }
        self.keep_payload(data);
        Ok(true)
    }

    /// Reads once into `buffer`, and returns the number of bytes, or 0 at the end of the stream, which is reported
    /// to the session. Call it if [`wants_read`](Self::wants_read) returns `true`.
    ///
    /// # Errors
    ///
    /// Returns the error of the stream. If its kind is `WouldBlock` or `TimedOut`, nothing has arrived in time and
    /// the session continues. Any other error was reported to the session, which has ended.
    pub fn read_from<R: Read + ?Sized>(
        &mut self,
        stream: &mut R,
        buffer: &mut ReadBuffer,
    ) -> io::Result<usize> {
        loop {
            match stream.read(buffer.space()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Err(error);
                }
                result => {
                    let count = *result.as_ref().unwrap_or(&0);
                    return self.report_read(buffer, result).map(|()| count);
                }
            }
        }
    }
}

/// Writes some of these bytes, with one operation.
fn write<S: Write + ?Sized>(stream: &mut S, bytes: &[u8], following: &[u8]) -> io::Result<usize> {
    let count = match following {
        [] => stream.write(bytes)?,
        _ => stream.write_vectored(&[IoSlice::new(bytes), IoSlice::new(following)])?,
    };
    if count == 0 { Err(ErrorKind::WriteZero.into()) } else { Ok(count) }
}
