//! The required behavior of a session, from the tables of its documentation.

use std::mem;

use super::{Action, Timers};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    Server,
    Client,
    OpenServer,
    OpenClient,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Write,
    Flush,
    ShutDown,
    Wait,
    Close,
}

/// The causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Close,
    Protocol,
    Handshake,
    Incomplete,
    Rejected,
    Answered,
    Opening,
    Idle,
    Pong,
    Closing,
    Eof,
    Transport,
    Aborted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The received part of the request or response: nothing, a part, or the status of a rejection.
    Opening(Seen),
    Deciding,
    Open,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Nothing,
    Part,
    Status,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each of them is a fact of its own")]
pub(crate) struct Model {
    is_client: bool,
    timers: Timers,
    phase: Phase,
    now: u64,
    /// The closing handshake: who has sent a Close, and who ended it first.
    sent: bool,
    received: bool,
    first: Option<char>,
    why: Option<Why>,
    /// Whether the last call has appended bytes, and how many wait to be written.
    pub(crate) appends: bool,
    pub(crate) pending: usize,
    flush_due: bool,
    is_shut_down: bool,
    eof: bool,
    over: bool,
    /// The time of the last received byte, and of the beginning of the closing handshake.
    heard: u64,
    closing: Option<u64>,
    /// The latest Ping, or the opening; the first without a sign of life; the bytes up to the latest, if it waits.
    ping: u64,
    silent: Option<u64>,
    queued: usize,
    pings: bool,
    new_ping: bool,
    /// The request was answered since the timers were evaluated.
    decided: bool,
}

impl Model {
    pub(crate) fn new(start: Start, timers: Timers) -> Self {
        let is_open = matches!(start, Start::OpenServer | Start::OpenClient);
        Self {
            is_client: matches!(start, Start::Client | Start::OpenClient),
            timers,
            phase: if is_open { Phase::Open } else { Phase::Opening(Seen::Nothing) },
            now: 0,
            sent: false,
            received: false,
            first: None,
            why: None,
            appends: start == Start::Client,
            pending: 0,
            flush_due: false,
            is_shut_down: false,
            eof: false,
            over: false,
            heard: 0,
            closing: None,
            ping: 0,
            silent: None,
            queued: 0,
            pings: false,
            new_ping: false,
            decided: false,
        }
    }

    /// Whether a caller can do this now, and it is not without effect by definition.
    pub(crate) fn allows(&self, action: Action, unwritten: usize, has_request: bool) -> bool {
        let asked = self.transport();
        if asked == Transport::Close {
            return false;
        }
        let is_opening = matches!(self.phase, Phase::Opening(_));
        let is_seen = |seen| self.phase == Phase::Opening(seen);
        match action {
            Action::Do => asked != Transport::Wait,
            Action::WriteOne => asked == Transport::Write && unwritten > 1,
            Action::Expire => self.deadline().is_some(),
            Action::Wait => self.deadline().is_some_and(|at| at > self.now + 1),
            Action::Eof => !self.eof,
            Action::Failed | Action::Close | Action::Abort => true,
            Action::Accept | Action::Reject => has_request,
            _ if !self.wants_read() => false,
            Action::Part | Action::Malformed => is_seen(Seen::Nothing),
            Action::Rest => is_seen(Seen::Part),
            Action::Status => is_seen(Seen::Nothing) && self.is_client,
            Action::Data | Action::Ping | Action::PeerClose | Action::Violation => !is_opening,
        }
    }

    pub(crate) fn run(&mut self, action: Action) {
        (self.appends, self.new_ping) = (false, false);
        self.act(action);
        let is_evaluated = !matches!(
            action,
            Action::Do
                | Action::WriteOne
                | Action::Eof
                | Action::Failed
                | Action::Close
                | Action::Abort
                | Action::Accept
                | Action::Reject
        );
        if is_evaluated && mem::take(&mut self.decided) {
            match &mut self.closing {
                Some(closing) => *closing = self.now,
                None => self.open(),
            }
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Do => self.step(self.pending),
            Action::WriteOne => self.step(1),
            Action::Wait => self.now = self.deadline().unwrap() - 1,
            Action::Expire => {
                self.now = self.deadline().unwrap();
                // The timeouts begin again after a decision.
                if !self.decided {
                    self.expire();
                }
            }
            Action::Eof => {
                self.eof = true;
                self.connection_ends();
                let why = match self.phase {
                    Phase::Opening(Seen::Status) => Why::Rejected,
                    Phase::Opening(_) => Why::Incomplete,
                    Phase::Deciding | Phase::Open => Why::Eof,
                };
                self.leave(why);
            }
            Action::Failed => self.end(Why::Transport),
            Action::Abort => self.end(Why::Aborted),
            Action::Close => self.close(),
            Action::Accept if self.why.is_none() => {
                (self.phase, self.appends, self.decided) = (Phase::Open, true, true);
                self.open();
            }
            Action::Reject if self.why.is_none() => {
                (self.appends, self.decided) = (true, true);
                self.leave(Why::Answered);
            }
            Action::Accept | Action::Reject => {}
            _ if self.why.is_some() => {}
            Action::Part => self.phase = Phase::Opening(Seen::Part),
            Action::Status => self.phase = Phase::Opening(Seen::Status),
            Action::Rest if self.is_client => {
                self.phase = Phase::Open;
                self.open();
            }
            Action::Rest => self.phase = Phase::Deciding,
            Action::Malformed if self.is_client => self.end(Why::Handshake),
            Action::Malformed => {
                self.appends = true;
                self.leave(Why::Handshake);
            }
            Action::Data => self.hear(),
            Action::Ping => {
                self.hear();
                self.appends = true;
            }
            Action::PeerClose => {
                self.hear();
                self.first.get_or_insert('r');
                (self.received, self.appends, self.sent) = (true, !self.sent, true);
                self.leave(Why::Close);
            }
            Action::Violation => {
                self.hear();
                self.first.get_or_insert('l');
                (self.appends, self.sent) = (!self.sent, true);
                self.leave(Why::Protocol);
            }
        }
    }

    /// Takes note of the bytes that were appended: those of a new Ping wait with all before them.
    pub(crate) fn on_appended(&mut self) {
        if self.new_ping {
            self.queued = self.pending;
        }
    }

    fn step(&mut self, count: usize) {
        match self.transport() {
            Transport::Write => {
                self.flush_due = true;
                self.pending -= count;
                // Nothing is read while bytes wait, so silence has no meaning.
                if self.pending > 0 && self.phase == Phase::Open && self.closing.is_none() {
                    self.heard = self.now;
                    self.silent = self.silent.map(|_| self.now);
                    // A Pong may be among what is not read. None comes here.
                    if self.pings {
                        self.ping = self.now;
                    }
                }
                if self.queued > 0 {
                    self.queued = self.queued.saturating_sub(count);
                    // The interval of Pings and the timeout of the Pong start when the Ping is written.
                    if self.pings && self.silent.is_none_or(|at| at == self.ping) {
                        self.silent = Some(self.now);
                    }
                    self.ping = self.now;
                }
            }
            Transport::Flush => self.flush_due = false,
            Transport::ShutDown => self.is_shut_down = true,
            Transport::Wait | Transport::Close => {}
        }
    }

    fn open(&mut self) {
        (self.heard, self.ping) = (self.now, self.now);
    }

    fn hear(&mut self) {
        if self.closing.is_none() {
            (self.heard, self.silent) = (self.now, None);
        }
    }

    fn close(&mut self) {
        match self.phase {
            _ if self.why.is_some() => {}
            Phase::Open if self.sent => {}
            Phase::Open => {
                (self.sent, self.appends) = (true, true);
                self.first.get_or_insert('l');
                self.closing = Some(self.now);
            }
            Phase::Opening(_) if self.is_client => self.end(Why::Aborted),
            Phase::Opening(_) | Phase::Deciding => {
                self.appends = true;
                self.leave(Why::Aborted);
            }
        }
    }

    /// The timer whose deadline is now.
    fn expire(&mut self) {
        if self.why.is_some() {
            return self.end(Why::Closing);
        }
        match self.phase {
            Phase::Opening(Seen::Nothing) => self.end(Why::Opening),
            Phase::Opening(_) if self.is_client => self.end(Why::Opening),
            Phase::Opening(_) | Phase::Deciding => {
                self.appends = true;
                self.leave(Why::Opening);
            }
            Phase::Open if self.closing.is_some() => self.end(Why::Closing),
            Phase::Open => match self.open_deadlines() {
                [Some(at), _, _] if at <= self.now => self.time_out(Why::Pong),
                [_, Some(at), _] if at <= self.now => self.time_out(Why::Idle),
                _ => {
                    self.ping = self.now;
                    self.silent.get_or_insert(self.now);
                    (self.pings, self.appends, self.new_ping) = (true, true, true);
                }
            },
        }
    }

    fn time_out(&mut self, why: Why) {
        (self.sent, self.appends) = (true, true);
        self.first.get_or_insert('l');
        self.leave(why);
    }

    fn leave(&mut self, why: Why) {
        self.why.get_or_insert(why);
        self.closing.get_or_insert(self.now);
    }

    fn end(&mut self, why: Why) {
        let is_cut_off = matches!(why, Why::Transport | Why::Opening);
        let is_rejected = is_cut_off && self.phase == Phase::Opening(Seen::Status);
        self.connection_ends();
        self.leave(if is_rejected { Why::Rejected } else { why });
        (self.over, self.pending) = (true, 0);
    }

    fn connection_ends(&mut self) {
        if self.phase == Phase::Open {
            self.first.get_or_insert('t');
        }
    }

    pub(crate) fn transport(&self) -> Transport {
        let waits_for_server = self.is_client && self.why == Some(Why::Close);
        match (self.is_shut_down, self.eof) {
            _ if self.over => Transport::Close,
            _ if self.pending > 0 => Transport::Write,
            _ if self.flush_due => Transport::Flush,
            _ if self.why.is_none() => Transport::Wait,
            (false, false) if waits_for_server => Transport::Wait,
            (false, _) => Transport::ShutDown,
            (true, false) => Transport::Wait,
            (true, true) => Transport::Close,
        }
    }

    /// With a high-water mark of one byte.
    pub(crate) fn wants_read(&self) -> bool {
        let may_read = self.pending == 0 && self.phase != Phase::Deciding;
        !self.eof && !self.over && (self.why.is_some() || may_read)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.phase == Phase::Open && !self.sent && self.why.is_none()
    }

    /// Of an open session: the missing sign of life, silence, and the next Ping.
    fn open_deadlines(&self) -> [Option<u64>; 3] {
        let Timers { idle, ping, pong, .. } = self.timers;
        let waiting = self.silent.or((self.queued > 0).then_some(self.ping.max(self.heard)));
        [
            waiting.map(|at| at + pong),
            idle.map(|idle| self.heard + idle),
            ping.filter(|_| self.queued == 0).map(|ping| self.ping + ping),
        ]
    }

    pub(crate) fn deadline(&self) -> Option<u64> {
        match (self.closing, self.phase) {
            _ if self.transport() == Transport::Close => None,
            (Some(at), _) => Some(at + self.timers.closing),
            (None, Phase::Open) => self.open_deadlines().into_iter().flatten().min(),
            (None, _) => Some(self.timers.opening),
        }
    }

    /// The cause, the code, whether it was clean, and who began: l(ocal), r(emote), t(ransport).
    pub(crate) fn ending(&self) -> Option<(Why, u16, bool, char)> {
        let why = self.why.filter(|_| self.transport() == Transport::Close)?;
        let clean = why == Why::Close;
        let code = if self.received { 1000 } else { 1006 };
        let initiator = match (why, self.first) {
            (Why::Aborted, _) => 'l',
            (_, Some(first)) => first,
            (Why::Rejected, None) => 'r',
            (Why::Eof | Why::Transport, None) => 't',
            _ => 'l',
        };
        Some((why, code, clean, initiator))
    }
}
