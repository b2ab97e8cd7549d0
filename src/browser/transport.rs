//! What the object asks of its transport, and what it is told of it: a [`Session`] in the order of the page's tasks.

use alloc::vec::Vec;
use core::time::Duration;

use super::{WebSocket, tasks::Task};
use crate::{
    Close, Event, Input, State,
    num::as_u64,
    session::{Ending, ReadBuffer, Received, Session, Transport},
};

impl WebSocket {
    /// Returns what to do with the transport now. Do it, report it, and ask again. See [`Session::transport`].
    ///
    /// After [`Transport::Close`] and [`next_event`](Self::next_event) until `None`, the object is closed for the page too.
    pub fn transport(&self) -> Transport<'_> {
        self.session.transport()
    }

    /// Returns `true` if the object can use more input. See [`Session::wants_read`].
    ///
    /// It returns `false` while messages of more than 64 KiB wait for [`next_event`](Self::next_event), so that a page that is
    /// busy slows down its server, and while Pongs of more than 64 KiB wait to be written. The messages that the page buffers make no
    /// difference: an object that sends much continues to receive.
    pub fn wants_read(&self) -> bool {
        let has_room = self.backlog.others(self.session.unwritten()) < HIGH_WATER;
        self.session.wants_read() && !self.eof_waits && !self.tasks.is_full() && has_room
    }

    /// Reports that the transport has accepted `count` of the bytes of [`Transport::Write`].
    pub fn written(&mut self, count: usize) {
        self.count_written(count, |session| session.written(count));
    }

    /// Reports that the transport has been flushed.
    pub fn flushed(&mut self) {
        self.session.flushed();
    }

    /// Reports that this side of the transport has been ended. See [`Session::shut_down`].
    pub fn shut_down(&mut self) {
        self.session.shut_down();
    }

    /// Removes and returns the bytes to be written, for a transport that owns them while it writes. See
    /// [`Session::take_unwritten`].
    pub fn take_unwritten(&mut self) -> Vec<u8> {
        self.session.take_unwritten()
    }

    /// Returns the bytes of [`take_unwritten`](Self::take_unwritten), of which `count` have been written.
    pub fn written_owned(&mut self, bytes: Vec<u8>, count: usize) {
        self.count_written(count, |session| session.written_owned(bytes, count));
    }

    /// Bytes that are given up after a failure are not written, so both numbers count.
    fn count_written(&mut self, count: usize, write: impl FnOnce(&mut Session)) {
        let before = self.session.unwritten();
        write(&mut self.session);
        self.backlog.write(count.min(before.saturating_sub(self.session.unwritten())));
    }

    /// Reports the end of the stream: a read returned 0 bytes. Receive the bytes read before it first.
    pub fn eof(&mut self) {
        if self.must_reply() {
            self.eof_waits = true;
        } else {
            self.session.eof();
        }
        self.look_at_session();
    }

    /// Reports that there is no transport (any more): name look-up, connecting, TLS, reading, writing or flushing failed, or the
    /// port is blocked, or a policy forbids the connection.
    ///
    /// If the server's Close was received, it is a clean end. If the page has called [`close`](Self::close), it sees `close` with
    /// 1006; otherwise `error` and `close` with 1006, whatever the cause.
    pub fn failed(&mut self) {
        if self.must_reply() {
            self.reply();
        }
        self.session.failed();
        self.look_at_session();
    }

    /// Reports the time, as the [`Duration`] since a fixed instant of your choice. Call it each time your code wakes up, before
    /// [`receive`](Self::receive). See [`Session::on_time`].
    ///
    /// The time for closing starts with a Close of this side. While the server's Close waits for the page, nothing expires.
    pub fn on_time(&mut self, now: Duration) {
        if core::mem::take(&mut self.close_begins) || self.must_reply() {
            self.session.restart_closing(now);
        }
        self.session.on_time(now);
    }

    /// Records the time without evaluating the timers, before [`written`](Self::written) if the write has blocked. See
    /// [`Session::note_time`].
    pub fn note_time(&mut self, now: Duration) {
        self.session.note_time(now);
    }

    /// Returns the time by which [`on_time`](Self::on_time) and [`receive`](Self::receive) must be called again, or `None` if no
    /// timer is running.
    pub fn deadline(&self) -> Option<Duration> {
        self.session.deadline()
    }

    /// Receives bytes from the server. It never fails: what they lead to are events.
    ///
    /// Call it each time after [`on_time`](Self::on_time), even if there is no input. It consumes the input, unless messages of
    /// more than 64 KiB wait for [`next_event`](Self::next_event): pass the bytes that are left again, before you read more.
    pub fn receive(&mut self, input: &mut Input<'_>) {
        loop {
            let received = if self.tasks.is_full() {
                // Time goes on.
                self.session.receive(&mut Input::new(&mut []))
            } else {
                self.session.receive(input)
            };
            let Some(received) = received else { break };
            self.take(received);
        }
        self.look_at_session();
    }

    /// Receives the bytes in `buffer`. See [`receive`](Self::receive).
    pub fn receive_from(&mut self, buffer: &mut ReadBuffer) {
        buffer.read_with(|input| self.receive(input));
    }

    /// Returns how the session ended, once the transport is closed: for logs, never for the page.
    pub fn ending(&self) -> Option<Ending<'_>> {
        self.session.ending()
    }

    /// Frees the memory that is held for speed. See [`Session::release_buffers`].
    pub fn release_buffers(&mut self) {
        self.session.release_buffers();
    }

    fn take(&mut self, received: Received<'_>) {
        match received {
            Received::Response(response) => {
                self.response = Some(response);
                self.queue(Task::Established);
            }
            Received::Event(Event::Text(text)) => self.queue(Task::Text(text.into_owned())),
            Received::Event(Event::Binary(data)) => self.queue(Task::Binary(data.into_owned())),
            Received::Event(Event::Close(close)) => {
                self.peer_closed = true;
                self.peer_code = close.as_ref().map(Close::code);
            }
            _ => {}
        }
    }

    fn queue(&mut self, task: Task) {
        if !self.gone {
            self.tasks.push(task);
        }
    }

    /// Queues the closing, if it has begun.
    fn look_at_session(&mut self) {
        let is_open = self.session.connection().is_none_or(|connection| connection.state() == State::Open);
        if !is_open && !self.gone {
            self.tasks.push_closing();
        }
    }
}

/// Bytes that are not the page's and wait to be written, from which on nothing is read.
const HIGH_WATER: u64 = as_u64(64 << 10);
