//! The operations that a session requests of its transport, and the reports of their results.

use alloc::{boxed::Box, vec::Vec};

use super::{Failure, LATEST, Phase, ReadBuffer, Session, ending::Reason};
use crate::{client, frame::Role, num::as_usize};

/// The operation to carry out on the transport now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "callers have to do each of them")]
pub enum Transport<'s> {
    /// Write some of these bytes, then call [`Session::written`].
    Write(&'s [u8]),
    /// Flush the transport, then call [`Session::flushed`]. Without it, a TLS library or another buffering
    /// transport may hold back the last bytes.
    Flush,
    /// Shut down the write half of the transport, then call [`Session::shut_down`]: `shutdown(Write)` of a
    /// socket, `close_notify` of TLS, the end of the stream in HTTP/2. Continue to read.
    ShutDown,
    /// There is nothing to write. Read if [`Session::wants_read`] returns `true`; wait until
    /// [`Session::deadline`].
    Wait,
    /// The session has ended: close the transport. [`Session::ending`] returns how it ended.
    Close,
}

impl Session {
    /// Returns the operation to carry out on the transport now. Carry it out, report it, and call it again.
    #[inline]
    pub fn transport(&self) -> Transport<'_> {
        if self.over {
            return Transport::Close;
        }
        if self.out.taken() > 0 {
            return Transport::Wait;
        }
        match self.writable() {
            [] if self.payload.is_some() => Transport::Wait,
            [] if self.flush_due => Transport::Flush,
            [] => self.reason.map_or(Transport::Wait, |reason| self.last_steps(reason)),
            bytes => Transport::Write(bytes),
        }
    }

    /// Returns `true` once the session has ended: [`transport`](Self::transport) returns [`Transport::Close`].
    #[inline]
    pub fn is_over(&self) -> bool {
        self.reason.is_some() && self.transport() == Transport::Close
    }

    /// Returns the operation to carry out once everything has been written.
    fn last_steps(&self, reason: Reason) -> Transport<'_> {
        // RFC 6455, section 7.1.1: after a closing handshake the server is the first to end the transport.
        let server_is_first = matches!(reason, Reason::Close)
            && match &self.phase {
                Phase::Open(connection) => connection.role() == Role::Client,
                Phase::Legacy(legacy) => legacy.server_ends_first(),
                _ => false,
            };
        match (self.is_shut_down, self.eof) {
            (false, false) if server_is_first && !self.end_first => Transport::Wait,
            (false, _) => Transport::ShutDown,
            (true, false) => Transport::Wait,
            (true, true) => Transport::Close,
        }
    }

    /// Returns `true` if the session can use more input.
    ///
    /// It returns `false` while at least [`high_water`](Self::high_water) bytes wait to be written, apart from those
    /// of [`keep_reading`](Self::keep_reading), while a request waits for its answer, and after the end of the
    /// stream. While the session ends it returns `true`: the input is discarded, so that the transport can be
    /// closed without destroying the last bytes written.
    ///
    /// While too many bytes wait, signs of life are not read. So each write that leaves some starts the
    /// [timeouts](crate::keepalive) of an open session again.
    #[inline]
    pub fn wants_read(&self) -> bool {
        let is_leaving = self.reason.is_some();
        let is_deciding = matches!(self.phase, Phase::Deciding);
        !self.eof && !self.over && (is_leaving || !is_deciding && !self.stops_reading(self.unwritten()))
    }

    /// Allows reading while the bytes that wait now are written: they do not count for [`wants_read`](Self::wants_read).
    ///
    /// Call it after sending a message that is no response to a received one. Otherwise two peers that both send more than the
    /// transport between them holds stop reading, and wait for each other.
    ///
    /// [`has_room`](Self::has_room) still counts all bytes: send the next message once it returns `true`. As later replies to
    /// Pings and later messages count, a peer that does not read cannot fill the memory.
    ///
    /// # Examples
    ///
    /// A large message does not keep the session from reading:
    ///
    /// ```
    /// use sansocket::{Config, Connection, session::Session};
    ///
    /// let connection = Connection::server(Config::new());
    /// let (timeouts, now) = Default::default();
    /// let mut session = Session::open(connection, timeouts, now);
    /// session.send_binary(&[7; 100_000])?;
    /// assert!(!session.has_room() && !session.wants_read());
    /// session.keep_reading();
    /// assert!(!session.has_room() && session.wants_read());
    /// # Ok::<(), sansocket::SendError>(())
    /// ```
    pub fn keep_reading(&mut self) {
        self.exempt = u32::try_from(self.unwritten()).unwrap_or(u32::MAX);
    }

    /// Returns `true` if nothing is read while this number of bytes is unwritten.
    #[inline]
    pub(super) fn stops_reading(&self, unwritten: usize) -> bool {
        unwritten.saturating_sub(as_usize(u64::from(self.exempt))) >= as_usize(u64::from(self.high_water))
    }

    /// Returns `true` if fewer than [`high_water`](Self::high_water) bytes wait to be written.
    #[inline]
    pub fn has_room(&self) -> bool {
        self.unwritten() < as_usize(u64::from(self.high_water))
    }

    /// Returns `true` if everything has been written, and the transport was flushed.
    #[inline]
    pub fn is_flushed(&self) -> bool {
        !matches!(self.transport(), Transport::Write(_) | Transport::Flush)
    }

    /// Returns the number of bytes that wait to be written, those of [`take_unwritten`](Self::take_unwritten)
    /// included.
    #[inline]
    pub fn unwritten(&self) -> usize {
        let payload = self.payload.as_ref().map_or(0, |payload| payload.own().len());
        self.out.len().saturating_add(self.out.taken()).saturating_add(payload)
    }

    /// Reports the result of the operation that [`transport`](Self::transport) returns, whichever it is. For a write
    /// it is the number of bytes that were accepted; for the others the number has no meaning.
    ///
    /// It calls [`written`](Self::written), [`flushed`](Self::flushed) or [`shut_down`](Self::shut_down), or
    /// [`failed`](Self::failed) after an error and after a write that accepted no byte. Call it before any other method
    /// that changes the session.
    ///
    /// # Errors
    ///
    /// Returns the error of the transport, which the session does not store.
    ///
    /// # Examples
    ///
    /// One operation, with blocking I/O:
    ///
    /// ```
    /// use std::{io, io::Write, net::{Shutdown, TcpStream}};
    /// use sansocket::session::{Session, Transport};
    ///
    /// fn write(session: &mut Session, mut stream: &TcpStream) -> io::Result<()> {
    ///     let result = match session.transport() {
    ///         Transport::Write(bytes) => stream.write(bytes),
    ///         Transport::Flush => stream.flush().map(|()| 0),
    ///         Transport::ShutDown => stream.shutdown(Shutdown::Write).map(|()| 0),
    ///         Transport::Wait | Transport::Close => return Ok(()),
    ///     };
    ///     session.report(result)
    /// }
    /// ```
    #[inline]
    pub fn report<E>(&mut self, result: Result<usize, E>) -> Result<(), E> {
        match (result, self.transport()) {
            (Err(error), _) => {
                self.failed();
                return Err(error);
            }
            (Ok(0), Transport::Write(_)) => self.failed(),
            (Ok(count), Transport::Write(_)) => self.written(count),
            (Ok(_), Transport::Flush) => self.flushed(),
            (Ok(_), Transport::ShutDown) => self.shut_down(),
            (Ok(_), Transport::Wait | Transport::Close) => {}
        }
        Ok(())
    }

    /// Reports the result of a read into the [`space`](ReadBuffer::space) of `buffer`: the number of bytes, of which 0
    /// is the end of the stream.
    ///
    /// It calls [`ReadBuffer::filled`], [`eof`](Self::eof), or [`failed`](Self::failed) after an error. Then call
    /// [`on_time`](Self::on_time), and [`receive_from`](Self::receive_from) until it returns `None`.
    ///
    /// # Errors
    ///
    /// Returns the error of the transport, which the session does not store.
    #[inline]
    pub fn report_read<E>(&mut self, buffer: &mut ReadBuffer, result: Result<usize, E>) -> Result<(), E> {
        match result {
            Ok(0) => self.eof(),
            Ok(count) => buffer.filled(count),
            Err(error) => {
                self.failed();
                return Err(error);
            }
        }
        Ok(())
    }

    /// Reports that the transport has accepted `count` of the bytes of [`Transport::Write`] and those
    /// [`following`](Self::following) them.
    #[inline]
    pub fn written(&mut self, count: usize) {
        if self.payload.is_some() {
            return self.written_with_payload(count);
        }
        if self.out.remove(count) {
            self.exempt = 0;
        } else {
            self.on_partial_write(count);
        }
        self.note_written(count);
    }

    /// Reports that the transport has been flushed.
    #[inline]
    pub fn flushed(&mut self) {
        self.flush_due = false;
    }

    /// Reports that the write half of the transport has been shut down.
    pub fn shut_down(&mut self) {
        self.is_shut_down = self.is_shut_down || self.transport() == Transport::ShutDown;
    }

    /// Reports the end of the stream: a read returned 0 bytes.
    ///
    /// Process the bytes read before it first. Pending output is still written.
    pub fn eof(&mut self) {
        if self.eof || self.over {
            return;
        }
        self.eof = true;
        if self.reason.is_none()
            && let Some(error) = self.cut_off()
        {
            return self.fail_handshake(error);
        }
        match &mut self.phase {
            Phase::Open(connection) => _ = connection.receive_eof(),
            Phase::Legacy(legacy) => legacy.receive_eof(),
            _ => {}
        }
        // There is a version in which this is how a connection closes.
        let is_clean = self.close_outcome().is_some_and(|outcome| outcome.clean);
        self.leave(if is_clean { Reason::Close } else { Reason::Eof });
    }

    /// What a handshake fails with of which nothing more will come.
    fn cut_off(&mut self) -> Option<client::Error> {
        match &mut self.phase {
            Phase::Server(handshake) => handshake.receive_eof().err().map(client::Error::Handshake),
            Phase::Client(handshake) => handshake.receive_eof().err(),
            Phase::Legacy(legacy) => legacy.cut_off(),
            Phase::Deciding | Phase::Failed(_) | Phase::Open(_) => None,
        }
    }

    /// Takes note of a handshake that has failed, and begins the end.
    pub(super) fn fail_handshake(&mut self, error: client::Error) {
        let first_bytes = self.first_bytes();
        let refused = match &mut self.phase {
            Phase::Client(handshake) => handshake.take_refused(),
            Phase::Legacy(legacy) => legacy.take_refused(),
            _ => None,
        };
        self.phase = Phase::Failed(Box::new(Failure { error, first_bytes, refused }));
        self.leave(Reason::Handshake);
    }

    /// Reports that reading, writing, flushing or shutting down failed. After both Close frames this is a
    /// clean end, and after the status of a server that rejects it is a rejection.
    pub fn failed(&mut self) {
        self.end(Reason::Transport);
    }

    /// Removes and returns the first bytes to be written, for a transport that owns them while it writes, such as
    /// `io_uring`: all of them, without a copy, or 64 KiB if there are more.
    ///
    /// Until [`written_owned`](Self::written_owned), [`transport`](Self::transport) returns
    /// [`Transport::Wait`]. The result is empty if `transport` does not return [`Transport::Write`].
    pub fn take_unwritten(&mut self) -> Vec<u8> {
        if !matches!(self.transport(), Transport::Write(_)) {
            return Vec::new();
        }
        self.copy_payload();
        match &self.payload {
            None => self.out.take(),
            Some(payload) => self.out.take_copy(payload.before),
        }
    }

    /// Returns the bytes of [`take_unwritten`](Self::take_unwritten), of which `count` have been written.
    pub fn written_owned(&mut self, bytes: Vec<u8>, count: usize) {
        if self.out.taken() == 0 {
            return;
        }
        if self.over {
            self.out = super::WriteBuffer::default();
            return;
        }
        let count = count.min(bytes.len());
        self.out.put_back(bytes, count);
        self.on_partial_write(count);
        self.note_written(count);
        if let Some(payload) = &mut self.payload {
            payload.before = payload.before.saturating_sub(count);
        }
    }

    /// Nothing was read while too many bytes waited, so silence until now has no meaning.
    #[cold]
    pub(super) fn on_partial_write(&mut self, count: usize) {
        let before = self.unwritten().saturating_add(count);
        if count > 0 && self.stops_reading(before) {
            self.keep_alive.excuse_silence(LATEST);
        }
        self.exempt = self.exempt.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
    }

    #[inline]
    pub(super) fn note_written(&mut self, count: usize) {
        self.flush_due |= count > 0;
        self.keep_alive.on_write(count, LATEST);
    }

    /// Returns the bytes to be written before a payload, or of a payload of the session, or all.
    #[inline]
    fn writable(&self) -> &[u8] {
        let bytes = self.out.unwritten();
        match &self.payload {
            None => bytes,
            Some(payload) => payload.writable(bytes),
        }
    }

    /// Begins to end: pending output is written, and input is discarded. The first reason is kept.
    pub(super) fn leave(&mut self, reason: Reason) {
        self.reason.get_or_insert(reason);
        self.keep_alive.on_closing(LATEST);
    }

    /// Ends at once. An incomplete rejection is a better reason than the one that interrupted it.
    pub(super) fn end(&mut self, reason: Reason) {
        if self.over {
            return;
        }
        if matches!(reason, Reason::Transport | Reason::Timeout(_))
            && let Some(rejection @ client::Error::Rejected(_)) = self.cut_off()
        {
            self.fail_handshake(rejection);
        }
        match &mut self.phase {
            Phase::Open(connection) => _ = connection.receive_eof(),
            Phase::Legacy(legacy) => legacy.end(),
            _ => {}
        }
        self.leave(reason);
        self.over = true;
        self.out.discard();
        self.payload = None;
    }
}
