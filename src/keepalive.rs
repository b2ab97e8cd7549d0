//! Timeouts, Pings and round-trip times of a connection, without a clock.
//!
//! A [`KeepAlive`] returns what to do now ([`poll`](KeepAlive::poll)) and the time of the next call
//! ([`deadline`](KeepAlive::deadline)). You supply the time as a [`Duration`] since a fixed instant of your
//! choice, such as the start of the program. If it goes backwards, the latest time that was passed applies.
//!
//! It is notified of what happens to the connection; the connection does not depend on it:
//!
//! ```
//! use core::time::Duration;
//! use sansocket::{Config, Connection, keepalive::{Action, KeepAlive, Timeouts}};
//!
//! let timeouts = Timeouts::new().ping_interval(Some(Duration::from_secs(20)));
//! let mut connection = Connection::server(Config::new());
//! let mut out = Vec::new();
//! let mut now = Duration::ZERO;
//! let mut keep_alive = KeepAlive::new(timeouts, now);
//! keep_alive.on_open(now);
//! // Wait for bytes, at most until `keep_alive.deadline()`; report the
//! // bytes that have arrived; then poll.
//! now = keep_alive.deadline().unwrap();
//! match keep_alive.poll(now) {
//!     Action::Wait => {}
//!     Action::Ping(data) => {
//!         connection.send_ping(&data, &mut out)?;
//!         keep_alive.on_ping_queued(out.len());
//!     }
//!     // Write `out`, then close the transport as after any failure.
//!     Action::Disconnect(timeout) => connection.time_out(timeout, &mut out),
//! }
//! assert_eq!(&out[..2], [0x89, 8]);
//! // After each write: the number of bytes that the transport has accepted.
//! keep_alive.on_write(out.len(), now);
//! # Ok::<(), sansocket::SendError>(())
//! ```
//!
//! | call | when |
//! |---|---|
//! | [`on_open`](KeepAlive::on_open) | the handshake has been completed |
//! | [`on_receive`](KeepAlive::on_receive) | bytes have arrived |
//! | [`on_pong`](KeepAlive::on_pong) | for each [`Event::Pong`](crate::Event::Pong), with its data |
//! | [`on_ping_queued`](KeepAlive::on_ping_queued), [`on_write`](KeepAlive::on_write) | optional: a Ping was appended to `out`; bytes of `out` were written |
//! | [`hold_pings`](KeepAlive::hold_pings) | optional: a message during which no Ping may be sent begins or ends |
//! | [`on_closing`](KeepAlive::on_closing) | [`Connection::state`](crate::Connection::state) is no longer `Open` |
//!
//! Report the bytes that have arrived before you call `poll`: bytes that are unread in the socket show that
//! the peer is alive.
//!
//! # Timeouts
//!
//! | timeout | default | runs from | starts again with | ends with |
//! |---|---|---|---|---|
//! | [`opening`](Timeouts::opening) | 10 s | [`new`](KeepAlive::new) | | `on_open` |
//! | [`idle`](Timeouts::idle) | none | `on_open` | any byte | `on_closing` |
//! | [`ping_interval`](Timeouts::ping_interval) | 20 s | `on_open` | each Ping | `on_closing` |
//! | [`pong`](Timeouts::pong) | 20 s | the first Ping without a sign of life | | a sign of life, `on_closing` |
//! | [`closing`](Timeouts::closing) | 10 s | `on_closing` | | the end of the transport |
//!
//! # Signs of life
//!
//! A Ping is sent at each interval, whether or not earlier ones were answered. By default any byte that
//! arrives shows that the peer is alive, since a Pong can arrive neither inside a long frame nor ahead of
//! one. [`Timeouts::exact_pong`] requires the Pong itself:
//!
//! | what happens | wait for a Pong | with `exact_pong` | [`round_trip`](KeepAlive::round_trip) |
//! |---|---|---|---|
//! | bytes arrive | ends | continues | |
//! | the Pong to the latest Ping | ends | ends | measured |
//! | the Pong to an earlier Ping that is unanswered | ends | runs from the latest Ping | measured if no older Ping is unanswered |
//! | any other Pong | ends | continues | |
//! | another Ping is sent | continues | continues | |
//! | bytes ahead of the Ping are written (`on_write`) | starts again | starts again | starts again |
//!
//! A Pong answers all Pings before its own, since a peer may answer only the most recent one (RFC 6455,
//! section 5.5.3).
//!
//! Uses no other module.

use core::{
    error, fmt,
    num::{NonZeroU32, NonZeroU64},
    time::Duration,
};

/// The durations after which a [`KeepAlive`] acts; `None` turns one off.
///
/// They are stored in whole milliseconds, rounded up, so that a timer is small. A duration of more than 49 days
/// turns the timeout off.
///
/// A server behind a load balancer with an idle timeout of 30 s uses a shorter interval:
///
/// ```
/// use std::time::Duration;
/// use sansocket::keepalive::Timeouts;
///
/// let timeouts = Timeouts::new()
///     .ping_interval(Some(Duration::from_secs(15)))
///     .pong(Some(Duration::from_secs(10)))
///     .idle(Some(Duration::from_secs(3600)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    opening: Option<Millis>,
    idle: Option<Millis>,
    ping_interval: Option<Millis>,
    pong: Option<Millis>,
    closing: Option<Millis>,
    exact_pong: bool,
}

impl Timeouts {
    /// Creates the default: 10 s to open, 20 s between two Pings, 20 s for a sign of life after a Ping, 10 s
    /// to close, and no limit on idle time.
    pub const fn new() -> Self {
        Self {
            opening: Millis::of(Some(Duration::from_secs(10))),
            idle: None,
            ping_interval: Millis::of(Some(Duration::from_secs(20))),
            pong: Millis::of(Some(Duration::from_secs(20))),
            closing: Millis::of(Some(Duration::from_secs(10))),
            exact_pong: false,
        }
    }

    /// Sets the longest duration of the opening handshake. Bytes that arrive do not extend it. The default is
    /// 10 s.
    #[must_use]
    pub const fn opening(mut self, timeout: Option<Duration>) -> Self {
        self.opening = Millis::of(timeout);
        self
    }

    /// Sets the longest time without a byte from the peer while the connection is open. The default is
    /// `None`.
    #[must_use]
    pub const fn idle(mut self, timeout: Option<Duration>) -> Self {
        self.idle = Millis::of(timeout);
        self
    }

    /// Sets the time from one Ping to the next while the connection is open. With `None` no Pings are sent.
    /// The default is 20 s, and the minimum 1 ms, to which zero is raised.
    #[doc(alias = "heartbeat")]
    #[must_use]
    pub const fn ping_interval(mut self, interval: Option<Duration>) -> Self {
        // Without time between them there would be no end of Pings.
        self.ping_interval = Millis::of(match interval {
            Some(Duration::ZERO) => Some(Duration::from_millis(1)),
            interval => interval,
        });
        self
    }

    /// Sets the longest time from a Ping to a sign of life. The default is 20 s.
    ///
    /// Any byte that arrives is one, unless [`exact_pong`](Self::exact_pong) is set. With `None`, Pings are
    /// still sent, and round-trip times are measured.
    #[must_use]
    pub const fn pong(mut self, timeout: Option<Duration>) -> Self {
        self.pong = Millis::of(timeout);
        self
    }

    /// Sets whether only a Pong with the data of a Ping is a sign of life. The default is `false`: any byte
    /// is one.
    ///
    /// With `true`, a peer whose own frames delay its Pongs beyond the timeout is disconnected, and so is one
    /// that answers with other data than it was sent.
    #[must_use]
    pub const fn exact_pong(mut self, exact: bool) -> Self {
        self.exact_pong = exact;
        self
    }

    /// Sets the longest time from the first Close, or the failure, to the end of the transport. Bytes that
    /// arrive do not extend it. The default is 10 s.
    #[must_use]
    pub const fn closing(mut self, timeout: Option<Duration>) -> Self {
        self.closing = Millis::of(timeout);
        self
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::new()
    }
}

/// The action that [`KeepAlive::poll`] requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "callers have to do each of them")]
pub enum Action {
    /// Do nothing until [`KeepAlive::deadline`].
    Wait,
    /// Send a Ping with these 8 bytes.
    Ping([u8; 8]),
    /// Close the transport. Every later call returns it again.
    Disconnect(Timeout),
}

/// A timeout that has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timeout {
    /// The opening handshake took too long.
    Opening,
    /// No byte arrived for too long.
    Idle,
    /// A Ping was not followed by a sign of life.
    Pong,
    /// The closing handshake, or the end of the transport after it, took too long.
    CloseHandshake,
}

impl Timeout {
    /// Returns a stable short name of the error, for logs and metrics. See
    /// [`ProtocolError::name`](crate::ProtocolError::name) for details.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Opening => "timeout_opening",
            Self::Idle => "timeout_idle",
            Self::Pong => "timeout_pong",
            Self::CloseHandshake => "timeout_close_handshake",
        }
    }
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opening => "opening handshake timed out",
            Self::Idle => "idle timeout expired",
            Self::Pong => "no reply to a ping in time",
            Self::CloseHandshake => "closing handshake timed out",
        })
    }
}

impl error::Error for Timeout {}

/// The timer of one connection.
#[doc(alias = "heartbeat")]
#[doc(alias = "ping interval")]
#[doc(alias = "idle timeout")]
#[doc(alias = "timeout")]
#[derive(Clone, Debug)]
pub struct KeepAlive {
    timeouts: Timeouts,
    /// The latest time that was passed in.
    now: Nanos,
    phase: Phase,
    /// The beginning of the phase; while the connection is open, the latest arrival of bytes if there was
    /// one.
    since: Nanos,
    /// The latest Ping. Before the first its number is 0 and its time that of the opening.
    latest: Ping,
    /// The oldest Ping whose Pong is missing.
    unanswered: Option<Ping>,
    /// The time of the first Ping since bytes last arrived.
    silent: Option<Nanos>,
    /// The number of bytes that are to be written before and with the latest Ping.
    unwritten: usize,
    held: bool,
    round_trip: Option<Nanos>,
    /// The earliest time at which anything is due. Most calls change nothing about it, and `poll` compares it only.
    due: Option<Nanos>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Opening,
    Open,
    Closing,
    Expired(Timeout),
}

/// A Ping, and the time at which it or the last byte ahead of it was sent.
#[derive(Clone, Copy, Debug)]
struct Ping {
    number: u64,
    at: Nanos,
}

impl KeepAlive {
    /// Creates the timer of a connection whose opening handshake begins now.
    pub fn new(timeouts: Timeouts, now: Duration) -> Self {
        let now = Nanos::new(now);
        let mut keep_alive = Self {
            timeouts,
            now,
            phase: Phase::Opening,
            since: now,
            latest: Ping { number: 0, at: now },
            unanswered: None,
            silent: None,
            unwritten: 0,
            held: false,
            round_trip: None,
            due: None,
        };
        keep_alive.update_due();
        keep_alive
    }

    /// Reports that the connection is open. Later calls have no effect.
    pub fn on_open(&mut self, now: Duration) {
        let now = self.advance(now);
        if self.phase == Phase::Opening {
            (self.phase, self.since, self.latest.at) = (Phase::Open, now, now);
            self.update_due();
        }
    }

    /// Begins the timeouts of an open or a closing connection again.
    pub(crate) fn restart(&mut self, now: Duration) {
        let now = self.advance(now);
        if matches!(self.phase, Phase::Open | Phase::Closing) {
            (self.since, self.latest.at) = (now, now);
            self.update_due();
        }
    }

    /// Begins the waits for a byte and for a Pong again, because the program has read nothing until now.
    #[cold]
    pub(crate) fn excuse_silence(&mut self, now: Duration) {
        let now = self.advance(now);
        if self.phase == Phase::Open {
            self.since = now;
            self.silent = self.silent.map(|_| now);
            if let Some(oldest) = &mut self.unanswered {
                (oldest.at, self.latest.at) = (now, now);
            }
            self.update_due();
        }
    }

    /// Reports that bytes have arrived, whatever they are.
    #[inline]
    pub fn on_receive(&mut self, now: Duration) {
        let now = self.advance(now);
        if self.phase == Phase::Open {
            self.since = now;
            if self.silent.take().is_some() || self.unwritten > 0 || self.timeouts.idle.is_some() {
                self.update_due();
            }
        }
    }

    /// Reports a Pong, and returns the round-trip time if it was measured.
    ///
    /// The module documentation describes which Pongs count. Unsolicited Pongs are allowed (RFC 6455, section
    /// 5.5.3).
    pub fn on_pong(&mut self, data: &[u8], now: Duration) -> Option<Duration> {
        self.on_receive(now);
        let oldest = self.unanswered?;
        let number = u64::from_be_bytes(data.try_into().ok()?);
        if !(oldest.number..=self.latest.number).contains(&number) {
            return None;
        }
        self.unanswered = (number != self.latest.number).then_some(self.latest);
        self.update_due();
        let ping = [oldest, self.latest].into_iter().find(|ping| ping.number == number)?;
        let round_trip = self.now.duration().saturating_sub(ping.at.duration());
        self.round_trip = Some(Nanos::new(round_trip));
        Some(round_trip)
    }

    /// Reports that the Ping that [`poll`](Self::poll) returned was appended to `out`, of which `unwritten`
    /// bytes are still to be written: those ahead of the Ping, and the Ping.
    ///
    /// Optional. Without it the time of a Ping runs from `poll`, and a large message of your own ahead of it
    /// can consume that time. With it, each [`on_write`](Self::on_write) starts the time again until the Ping
    /// is written; until then no other Ping is due, and bytes that arrive start the time again instead of
    /// ending it.
    pub fn on_ping_queued(&mut self, unwritten: usize) {
        self.unwritten = unwritten;
        self.update_due();
    }

    /// Reports that the transport has accepted `written` bytes of `out`. It only has an effect after
    /// [`on_ping_queued`](Self::on_ping_queued).
    #[inline]
    pub fn on_write(&mut self, written: usize, now: Duration) {
        let now = self.advance(now);
        if self.unwritten > 0 && written > 0 {
            self.on_write_before_ping(written, now);
        }
    }

    #[cold]
    fn on_write_before_ping(&mut self, written: usize, now: Nanos) {
        self.unwritten = self.unwritten.saturating_sub(written);
        let before = core::mem::replace(&mut self.latest.at, now);
        if let Some(oldest) = &mut self.unanswered {
            if oldest.number == self.latest.number {
                oldest.at = now;
            }
            // Bytes that arrived before the Ping was written do not answer it.
            if self.silent.is_none_or(|at| at == before) {
                self.silent = Some(now);
            }
        }
        self.update_due();
    }

    /// Whether the time matters to `on_write`.
    #[inline]
    pub(crate) fn is_ping_unwritten(&self) -> bool {
        self.unwritten > 0
    }

    /// Sets whether Pings are held back. One that becomes due is returned by the first `poll` after that.
    ///
    /// Several deployed peers fail the connection when a control frame comes between the fragments of a
    /// compressed message, which is allowed (RFC 6455, section 5.4): hold Pings while you send such a
    /// message.
    pub fn hold_pings(&mut self, held: bool) {
        if self.held != held {
            self.held = held;
            self.update_due();
        }
    }

    /// Reports that the connection is no longer open: a Close was sent or received, or it failed. No more
    /// Pings are sent. Later calls have no effect.
    pub fn on_closing(&mut self, now: Duration) {
        let now = self.advance(now);
        if matches!(self.phase, Phase::Opening | Phase::Open) {
            (self.phase, self.since) = (Phase::Closing, now);
            self.update_due();
        }
    }

    /// Returns the time by which [`poll`](Self::poll) must be called again, or `None` if no timeout is
    /// running.
    #[inline]
    pub fn deadline(&self) -> Option<Duration> {
        // What has expired is due at any time.
        let is_expired = matches!(self.phase, Phase::Expired(_));
        if is_expired { Some(self.now.duration()) } else { self.due.map(Nanos::duration) }
    }

    /// Returns the action to take now.
    ///
    /// Call it at [`deadline`](Self::deadline) or later:
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use sansocket::keepalive::{Action, KeepAlive, Timeouts};
    ///
    /// let start = Instant::now();
    /// let mut timer = KeepAlive::new(Timeouts::new(), Duration::ZERO);
    /// match timer.poll(start.elapsed()) {
    ///     Action::Wait => {} // until `timer.deadline()`
    ///     Action::Ping(data) => println!("send a Ping with {data:?}"),
    ///     Action::Disconnect(timeout) => println!("{timeout}"),
    /// }
    /// ```
    #[inline]
    pub fn poll(&mut self, now: Duration) -> Action {
        let now = self.advance(now);
        if self.due.is_none_or(|at| now < at) { Action::Wait } else { self.act(now) }
    }

    /// Does what is due.
    #[cold]
    fn act(&mut self, now: Nanos) -> Action {
        let is_over = |at: &Nanos| *at <= now;
        if let Some((_, timeout)) = self.running().into_iter().flatten().find(|(at, _)| is_over(at)) {
            self.phase = Phase::Expired(timeout);
            return Action::Disconnect(timeout);
        }
        if !self.next_ping().as_ref().is_some_and(is_over) {
            return Action::Wait;
        }
        self.latest = Ping { number: self.latest.number.wrapping_add(1), at: now };
        self.unanswered.get_or_insert(self.latest);
        self.silent.get_or_insert(now);
        self.update_due();
        Action::Ping(self.latest.number.to_be_bytes())
    }

    /// Returns the timeouts that it was created with.
    pub fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// Returns the latest round-trip time that was measured.
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip.map(Nanos::duration)
    }

    /// Returns the timeout that has expired: that of the [`Action::Disconnect`] which [`poll`](Self::poll)
    /// returned.
    pub fn expired(&self) -> Option<Timeout> {
        match self.phase {
            Phase::Expired(timeout) => Some(timeout),
            Phase::Opening | Phase::Open | Phase::Closing => None,
        }
    }

    /// Returns the timeouts that are running, with the time at which each expires.
    fn running(&self) -> [Option<(Nanos, Timeout)>; 2] {
        let Timeouts { opening, idle, pong, closing, exact_pong, .. } = self.timeouts;
        let after =
            |begin: Nanos, limit: Option<Millis>, timeout: Timeout| Some((begin.after(limit?), timeout));
        // A Ping that the transport does not accept is waited for too, since no other follows.
        let unwritten = (self.unwritten > 0).then(|| self.latest.at.max(self.since));
        let waiting =
            if exact_pong { self.unanswered.map(|ping| ping.at) } else { self.silent }.or(unwritten);
        match self.phase {
            Phase::Opening => [after(self.since, opening, Timeout::Opening), None],
            Phase::Open => [
                waiting.and_then(|at| after(at, pong, Timeout::Pong)),
                after(self.since, idle, Timeout::Idle),
            ],
            Phase::Closing => [after(self.since, closing, Timeout::CloseHandshake), None],
            Phase::Expired(timeout) => [Some((self.now, timeout)), None],
        }
    }

    /// Returns the time at which the next Ping is due.
    fn next_ping(&self) -> Option<Nanos> {
        let is_possible = self.phase == Phase::Open && !self.held && self.unwritten == 0;
        let interval = self.timeouts.ping_interval.filter(|_| is_possible)?;
        Some(self.latest.at.after(interval))
    }

    fn update_due(&mut self) {
        let timeouts = self.running().into_iter().flatten().map(|(at, _)| at);
        self.due = timeouts.chain(self.next_ping()).min();
    }

    /// Advances the time, which does not go backwards here.
    #[inline]
    fn advance(&mut self, now: Duration) -> Nanos {
        self.now = self.now.max(Nanos::new(now));
        self.now
    }
}

/// A point in time in half the memory of a [`Duration`], including its absence: nanoseconds, plus one. It ends
/// after 584 years.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Nanos(NonZeroU64);

impl Nanos {
    #[expect(clippy::as_conversions, reason = "`u64::from` is not const")]
    const fn new(duration: Duration) -> Self {
        let nanos =
            duration.as_secs().saturating_mul(1_000_000_000).saturating_add(duration.subsec_nanos() as u64);
        Self(NonZeroU64::MIN.saturating_add(nanos))
    }

    fn duration(self) -> Duration {
        Duration::from_nanos(self.0.get().saturating_sub(1))
    }

    fn after(self, span: Millis) -> Self {
        Self(self.0.saturating_add(span.nanos()))
    }
}

impl fmt::Debug for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.duration().fmt(f)
    }
}

/// A timeout in a quarter of the memory of a [`Duration`], including its absence: milliseconds, plus one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Millis(NonZeroU32);

impl Millis {
    /// `None` if there is none, or it is too long to matter.
    #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "`try_from` is not const")]
    const fn of(duration: Option<Duration>) -> Option<Self> {
        let Some(duration) = duration else { return None };
        let millis = duration.as_nanos().div_ceil(1_000_000).saturating_add(1);
        if millis > u32::MAX as u128 {
            return None;
        }
        match NonZeroU32::new(millis as u32) {
            Some(millis) => Some(Self(millis)),
            None => None,
        }
    }

    fn nanos(self) -> u64 {
        u64::from(self.0.get()).saturating_sub(1).saturating_mul(1_000_000)
    }
}

impl fmt::Debug for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Duration::from_nanos(self.nanos()).fmt(f)
    }
}
