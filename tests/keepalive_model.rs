//! The timer compared with a model that keeps the entire history, with random calls and times.
#![allow(
    clippy::cast_possible_truncation,
    clippy::panic,
    reason = "the numbers are small, and a test fails by panicking"
)]

use core::time::Duration;

use proptest::{collection::vec, prelude::*};
use sansocket::keepalive::{Action, KeepAlive, Timeout, Timeouts};

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The tables of the module's documentation, computed from the entire history.
#[derive(Default)]
struct Model {
    exact: bool,
    /// The latest time.
    now: u64,
    opened: Option<u64>,
    /// Arrivals (`None`) and Pings that no later one answers, with their number, in the order in which they
    /// took effect.
    history: Vec<(Option<u64>, u64)>,
    last_ping: Option<(u64, u64)>,
    unwritten: usize,
    held: bool,
    closing: Option<u64>,
}

const OPENING: u64 = 10;
const IDLE: u64 = 50;
const INTERVAL: u64 = 20;
const PONG: u64 = 33;
const CLOSING: u64 = 10;

impl Model {
    fn is_open(&self) -> bool {
        self.opened.is_some() && self.closing.is_none()
    }

    fn pings(&self) -> impl Iterator<Item = (u64, u64)> {
        self.history.iter().filter_map(|(number, at)| Some(((*number)?, *at)))
    }

    fn arrive(&mut self) {
        if self.is_open() {
            self.history.push((None, self.now));
        }
    }

    fn pong(&mut self, number: u64) -> Option<u64> {
        self.arrive();
        let (latest, _) = self.last_ping?;
        let pings: Vec<_> = self.pings().collect();
        let (oldest, _) = *pings.first()?;
        if !(oldest..=latest).contains(&number) {
            return None;
        }
        // A Pong answers all earlier Pings. Only the times of the oldest and the latest are stored.
        self.history.retain(|(ping, _)| ping.is_none_or(|ping| ping == latest && number != latest));
        let (_, at) = *pings.iter().find(|(ping, _)| *ping == number && [oldest, latest].contains(ping))?;
        Some(self.now - at)
    }

    fn write(&mut self, count: usize) {
        let Some((number, _)) = self.last_ping.filter(|_| self.unwritten > 0 && count > 0) else { return };
        self.unwritten = self.unwritten.saturating_sub(count);
        self.last_ping = Some((number, self.now));
        if self.pings().any(|(ping, _)| ping == number) {
            self.history.retain(|(ping, _)| *ping != Some(number));
            self.history.push((Some(number), self.now));
        }
    }

    /// When each timeout expires, and when the next Ping is due.
    fn dues(&self) -> Vec<(u64, Option<Timeout>)> {
        let Some(opened) = self.opened.filter(|_| self.closing.is_none()) else {
            let (at, timeout) = self
                .closing
                .map_or((OPENING, Timeout::Opening), |closing| (closing + CLOSING, Timeout::CloseHandshake));
            return vec![(at, Some(timeout))];
        };
        let last_arrival = self.history.iter().rposition(|(ping, _)| ping.is_none());
        let begin = if self.exact { 0 } else { last_arrival.map_or(0, |index| index + 1) };
        let waiting = self.history[begin..].iter().find(|(ping, _)| ping.is_some()).map(|(_, at)| *at);
        let arrived = last_arrival.map_or(opened, |index| self.history[index].1);
        let pinged = self.last_ping.map_or(opened, |(_, at)| at);
        let waiting = waiting.or((self.unwritten > 0).then_some(pinged.max(arrived)));
        let mut dues: Vec<_> = waiting.map(|at| (at + PONG, Some(Timeout::Pong))).into_iter().collect();
        dues.push((arrived + IDLE, Some(Timeout::Idle)));
        dues.extend((!self.held && self.unwritten == 0).then_some((pinged + INTERVAL, None)));
        dues
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn whatever_happens_it_acts_as_the_table_says(
        exact in any::<bool>(),
        steps in vec((0..16_u8, prop_oneof![8 => 0..12_u64, 1 => 0..60_u64], 0..4_u64, any::<bool>()), 0..120),
    ) {
        let timeouts = Timeouts::new().idle(Some(s(IDLE))).pong(Some(s(PONG))).exact_pong(exact);
        let mut timer = KeepAlive::new(timeouts, s(0));
        let mut model = Model { exact, ..Model::default() };
        let mut disconnected = None;
        let mut time = 0;
        for (step, ahead, argument, backwards) in steps {
            // Time that goes backwards is ignored.
            time += ahead;
            let now = s(if backwards { time / 2 } else { time });
            model.now = model.now.max(now.as_secs());
            match step {
                0..3 => {
                    timer.on_open(now);
                    if model.closing.is_none() && disconnected.is_none() {
                        model.opened.get_or_insert(model.now);
                    }
                }
                3 | 4 => {
                    timer.on_receive(now);
                    model.arrive();
                }
                5..9 => {
                    let number = (model.last_ping.map_or(0, |(number, _)| number) + 1).saturating_sub(argument);
                    let expected = model.pong(number).map(s);
                    let round_trip = timer.on_pong(&number.to_be_bytes(), now);
                    prop_assert_eq!(round_trip, expected);
                    prop_assert!(expected.is_none() || timer.round_trip() == expected);
                }
                9 => {
                    prop_assert_eq!(timer.on_pong(b"no", now), None);
                    model.arrive();
                }
                10..12 => {
                    timer.on_write(argument as usize, now);
                    model.write(argument as usize);
                }
                12 => {
                    timer.hold_pings(argument == 0);
                    model.held = argument == 0;
                }
                13 if argument == 0 => {
                    timer.on_closing(now);
                    model.closing = model.closing.or(Some(model.now));
                }
                _ => {}
            }
            if disconnected.is_none() {
                let first = model.dues().into_iter().map(|(at, _)| at).min();
                prop_assert_eq!(timer.deadline(), first.map(s));
            }
            let action = timer.poll(now);
            let due = model.dues().into_iter().find(|(at, _)| *at <= model.now);
            match (disconnected, due) {
                (None, None) => prop_assert_eq!(action, Action::Wait),
                (None, Some((_, None))) => {
                    let Action::Ping(data) = action else { panic!("{action:?}") };
                    let number = u64::from_be_bytes(data);
                    prop_assert!(model.last_ping.is_none_or(|(last, _)| number == last + 1));
                    model.last_ping = Some((number, model.now));
                    model.history.push((Some(number), model.now));
                    if step % 2 == 0 {
                        model.unwritten = argument as usize;
                        timer.on_ping_queued(model.unwritten);
                    }
                }
                (None, Some((_, timeout))) => {
                    prop_assert_eq!(Some(action), timeout.map(Action::Disconnect));
                    disconnected = timeout;
                }
                (Some(timeout), _) => prop_assert_eq!(action, Action::Disconnect(timeout)),
            }
            prop_assert_eq!(timer.expired(), disconnected);
        }
    }
}
