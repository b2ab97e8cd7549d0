//! The timers of a session.

use core::time::Duration;

use super::{LATEST, Phase, Session, ending::Reason};
use crate::keepalive::{Action, KeepAlive, Timeout};

impl Session {
    /// Reports the time, as the [`Duration`] since a fixed instant of your choice.
    ///
    /// Call it each time your code wakes up, **before** [`receive`](Self::receive). That `receive` evaluates
    /// the timers once it has consumed the input: bytes that have arrived show that the peer is alive,
    /// however late you read them. A Ping that is due is then appended, and expired timeouts take effect. Two
    /// calls without a `receive` between them evaluate the timers as well.
    pub fn on_time(&mut self, now: Duration) {
        self.keep_time();
        self.note_time(now);
        self.time_told = true;
    }

    /// Records the time without evaluating the timers: timeouts that begin now begin at that time.
    ///
    /// Call it before [`close`](Self::close) and before [`written`](Self::written) if time may have passed since
    /// [`on_time`](Self::on_time): your code has waited for something else, or the write has blocked. Otherwise the time that
    /// the peer has for its reply is shorter by that.
    #[inline]
    pub fn note_time(&mut self, now: Duration) {
        // It records the time, and nothing has been written.
        self.keep_alive.on_write(0, now);
    }

    /// Whether the time matters to the report of a write: a Ping waits to be written, or the write excuses silence.
    #[inline]
    pub(super) fn wants_time(&self) -> bool {
        self.keep_alive.is_ping_unwritten() || self.stops_reading(self.unwritten())
    }

    /// Returns `true` if [`receive`](Self::receive) must be called: it has not returned `None` since the latest
    /// [`on_time`](Self::on_time).
    ///
    /// Programs that receive at another place than they read need it to know whether to read more first.
    #[inline]
    pub fn wants_receive(&self) -> bool {
        self.time_told && !self.over
    }

    /// Starts the timeout of the closing handshake again, for a reply to the peer's Close that waits for the page.
    #[cfg(feature = "browser")]
    pub(crate) fn restart_closing(&mut self, now: Duration) {
        self.keep_alive = KeepAlive::new(self.keep_alive.timeouts(), now);
        self.keep_alive.on_closing(now);
    }

    /// Returns the time by which [`on_time`](Self::on_time) and [`receive`](Self::receive) must be called
    /// again, or `None` if no timer is running, as after the end.
    pub fn deadline(&self) -> Option<Duration> {
        if self.over || self.is_over() { None } else { self.keep_alive.deadline() }
    }

    /// Returns the time from `now` to [`deadline`](Self::deadline), for a timeout, or `None` if no timer is running.
    ///
    /// It is at least a millisecond, because a timeout of zero has another meaning to most systems.
    pub fn time_left(&self, now: Duration) -> Option<Duration> {
        self.deadline().map(|at| at.saturating_sub(now).max(Duration::from_millis(1)))
    }

    /// Returns the latest round-trip time: from a Ping to its Pong.
    pub fn round_trip(&self) -> Option<Duration> {
        self.keep_alive.round_trip()
    }

    /// Evaluates the timers, if the time was reported since their last evaluation.
    #[inline]
    pub(super) fn keep_time(&mut self) {
        if !self.time_told || self.over {
            return;
        }
        self.time_told = false;
        self.report_news();
        match self.keep_alive.poll(LATEST) {
            Action::Wait => {}
            action => self.act(action),
        }
    }

    /// Reports to the keep-alive what has happened since it was evaluated.
    #[inline]
    pub(super) fn report_news(&mut self) {
        if core::mem::take(&mut self.decided) {
            self.keep_alive.restart(LATEST);
        }
        if core::mem::take(&mut self.heard) {
            self.keep_alive.on_receive(LATEST);
        }
    }

    #[cold]
    fn act(&mut self, action: Action) {
        match action {
            Action::Wait => {}
            Action::Ping(data) => self.send_own_ping(data),
            Action::Disconnect(timeout) => self.expire(timeout),
        }
    }

    fn send_own_ping(&mut self, data: [u8; 8]) {
        if let Phase::Open(connection) = &mut self.phase
            && connection.send_ping(&data, self.out.out()).is_ok()
        {
            let payload = self.payload.as_ref().map_or(0, |payload| payload.of_caller());
            let payload = usize::try_from(payload).unwrap_or(usize::MAX);
            self.keep_alive.on_ping_queued(self.unwritten().saturating_add(payload));
        }
    }

    /// Carries out an expired timeout. The peer is notified of the reason, if possible.
    fn expire(&mut self, timeout: Timeout) {
        let reason = Reason::Timeout(timeout);
        if self.reason.is_some() {
            return self.end(reason);
        }
        let is_open = self.state().is_some();
        let is_told = timeout != Timeout::CloseHandshake;
        match &mut self.phase {
            Phase::Open(connection) if is_told => connection.time_out(timeout, self.out.out()),
            Phase::Legacy(legacy) if is_told && is_open => legacy.time_out(timeout, self.out.out()),
            _ if self.asked && !is_open => self.out.out().extend_from_slice(REQUEST_TIMEOUT),
            _ => return self.end(reason),
        }
        // The expired timer stays expired, and its deadline is now.
        let now = self.keep_alive.deadline().unwrap_or_default();
        self.keep_alive = KeepAlive::new(self.keep_alive.timeouts(), now);
        self.leave(reason);
    }
}

/// RFC 9110, section 15.5.9.
const REQUEST_TIMEOUT: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
