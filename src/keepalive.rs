//! When to give up, and when to ask whether anybody is there: a timer without a clock.
//!
//! A [`KeepAlive`] says what to do and when to look again. Time is yours, as the [`Duration`] since any moment of yours that
//! does not change, such as the start of the program. If it goes backwards, the latest time that was told counts.
//!
//! It is told what happens to the connection, and nothing in the connection depends on it:
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
//! // Wait for bytes, but at most until `keep_alive.deadline()`; tell it of what arrives; then ask it.
//! now = keep_alive.deadline().unwrap();
//! match keep_alive.poll(now) {
//!     Action::Wait => {}
//!     Action::Ping(data) => connection.send_ping(&data, &mut out)?,
//!     Action::Disconnect(timeout) => println!("{timeout}"), // close the transport; receive_eof() says the rest
//! }
//! assert_eq!(&out[..2], [0x89, 8]);
//! # Ok::<(), sansocket::SendError>(())
//! ```
//!
//! | it is told | when |
//! |---|---|
//! | [`on_open`](KeepAlive::on_open) | the handshake is done |
//! | [`on_receive`](KeepAlive::on_receive) | bytes have arrived |
//! | [`on_pong`](KeepAlive::on_pong) | [`Event::Pong`](crate::Event::Pong), with its data |
//! | [`on_closing`](KeepAlive::on_closing) | [`Connection::state`](crate::Connection::state) is no longer `Open` |

use core::{error, fmt, time::Duration};

/// How long each thing may take; `None`: as long as it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    opening: Option<Duration>,
    idle: Option<Duration>,
    ping_interval: Option<Duration>,
    pong: Option<Duration>,
    closing: Option<Duration>,
}

impl Timeouts {
    /// 10 s to open, 20 s between two Pings, 20 s for a Pong, 10 s to close; a connection may be idle for ever.
    pub const fn new() -> Self {
        Self {
            opening: Some(Duration::from_secs(10)),
            idle: None,
            ping_interval: Some(Duration::from_secs(20)),
            pong: Some(Duration::from_secs(20)),
            closing: Some(Duration::from_secs(10)),
        }
    }

    /// From the beginning to the end of the handshake. No byte that arrives puts it off.
    #[must_use]
    pub const fn opening(mut self, timeout: Option<Duration>) -> Self {
        self.opening = timeout;
        self
    }

    /// From the last byte that has arrived to the next one, while the connection is open.
    #[must_use]
    pub const fn idle(mut self, timeout: Option<Duration>) -> Self {
        self.idle = timeout;
        self
    }

    /// From one Ping to the next, while the connection is open. `None`: no Pings.
    #[must_use]
    pub const fn ping_interval(mut self, interval: Option<Duration>) -> Self {
        self.ping_interval = interval;
        self
    }

    /// From a Ping to its Pong. Nothing else that arrives counts.
    #[must_use]
    pub const fn pong(mut self, timeout: Option<Duration>) -> Self {
        self.pong = timeout;
        self
    }

    /// From the first Close, or the failure, to the end of the transport. No byte that arrives puts it off.
    #[must_use]
    pub const fn closing(mut self, timeout: Option<Duration>) -> Self {
        self.closing = timeout;
        self
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::new()
    }
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "callers have to do each of them")]
pub enum Action {
    /// Nothing, until [`KeepAlive::deadline`].
    Wait,
    /// Send a Ping with these 8 bytes.
    Ping([u8; 8]),
    /// Close the transport. It is said again each time.
    Disconnect(Timeout),
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timeout {
    /// The handshake.
    Opening,
    /// The next byte.
    Idle,
    /// The answer to a Ping.
    Pong,
    /// The closing handshake, or the end of the transport behind it.
    CloseHandshake,
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opening => "the opening handshake took too long",
            Self::Idle => "nothing arrived for too long",
            Self::Pong => "a ping was not answered in time",
            Self::CloseHandshake => "closing took too long",
        })
    }
}

impl error::Error for Timeout {}

/// The timer of one connection.
#[derive(Clone, Debug)]
pub struct KeepAlive {
    timeouts: Timeouts,
    /// The latest time that was told.
    now: Duration,
    phase: Phase,
    /// When the phase began.
    since: Duration,
    /// When a byte arrived, or the connection was opened.
    received: Duration,
    /// When the last Ping was due, or the connection was opened.
    pinged: Duration,
    /// The number of the last Ping, and whether its Pong is missing.
    ping: u64,
    waiting: bool,
    round_trip: Option<Duration>,
    expired: Option<Timeout>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Opening,
    Open,
    Closing,
}

impl KeepAlive {
    /// The handshake begins now.
    pub fn new(timeouts: Timeouts, now: Duration) -> Self {
        Self {
            timeouts,
            now,
            phase: Phase::Opening,
            since: now,
            received: now,
            pinged: now,
            ping: 0,
            waiting: false,
            round_trip: None,
            expired: None,
        }
    }

    /// The connection is open. Without effect if it was before.
    pub fn on_open(&mut self, now: Duration) {
        let now = self.advance(now);
        if self.phase == Phase::Opening {
            (self.phase, self.since, self.received, self.pinged) = (Phase::Open, now, now, now);
        }
    }

    /// Bytes have arrived, whatever they are.
    pub fn on_receive(&mut self, now: Duration) {
        self.received = self.advance(now);
    }

    /// A Pong has arrived. If it answers our last Ping, how long that took.
    ///
    /// Pongs that nobody asked for, and those to earlier Pings, are passed over (RFC 6455, 5.5.3).
    pub fn on_pong(&mut self, data: &[u8], now: Duration) -> Option<Duration> {
        let now = self.advance(now);
        if !self.waiting || data != self.ping.to_be_bytes() {
            return None;
        }
        self.waiting = false;
        self.round_trip = Some(now.saturating_sub(self.pinged));
        self.round_trip
    }

    /// The connection is not open any more: a Close was sent or received, or it failed. From now on there are no
    /// Pings. Without effect if it was said before.
    pub fn on_closing(&mut self, now: Duration) {
        let now = self.advance(now);
        if self.phase != Phase::Closing {
            (self.phase, self.since, self.waiting) = (Phase::Closing, now, false);
        }
    }

    /// When to ask again at the latest, if nothing happens before; `None`: not by itself.
    pub fn deadline(&self) -> Option<Duration> {
        let Timeouts { opening, idle, ping_interval, pong, closing } = self.timeouts;
        let after = |begin: Duration, timeout: Option<Duration>| Some(begin.saturating_add(timeout?));
        if self.expired.is_some() {
            return Some(self.now);
        }
        match self.phase {
            Phase::Opening => after(self.since, opening),
            Phase::Closing => after(self.since, closing),
            Phase::Open => {
                let ping =
                    if self.waiting { after(self.pinged, pong) } else { after(self.pinged, ping_interval) };
                [after(self.received, idle), ping].into_iter().flatten().min()
            }
        }
    }

    /// What to do now.
    pub fn poll(&mut self, now: Duration) -> Action {
        let now = self.advance(now);
        if let Some(timeout) = self.expired {
            return Action::Disconnect(timeout);
        }
        let Timeouts { opening, idle, ping_interval, pong, closing } = self.timeouts;
        let is_over = |begin: Duration, timeout: Option<Duration>| {
            timeout.is_some_and(|timeout| now.saturating_sub(begin) >= timeout)
        };
        let expired = match self.phase {
            Phase::Opening if is_over(self.since, opening) => Some(Timeout::Opening),
            Phase::Closing if is_over(self.since, closing) => Some(Timeout::CloseHandshake),
            Phase::Open if self.waiting && is_over(self.pinged, pong) => Some(Timeout::Pong),
            Phase::Open if is_over(self.received, idle) => Some(Timeout::Idle),
            _ => None,
        };
        if let Some(timeout) = expired {
            self.expired = expired;
            return Action::Disconnect(timeout);
        }
        if self.phase == Phase::Open && !self.waiting && is_over(self.pinged, ping_interval) {
            self.ping = self.ping.wrapping_add(1);
            (self.pinged, self.waiting) = (now, true);
            return Action::Ping(self.ping.to_be_bytes());
        }
        Action::Wait
    }

    /// How long the last Ping took that was answered.
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// Time does not go backwards here.
    fn advance(&mut self, now: Duration) -> Duration {
        self.now = self.now.max(now);
        self.now
    }
}
