//! Timers without a clock.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use core::time::Duration;

use proptest::{collection::vec, prelude::*};
use sansocket::keepalive::{Action, KeepAlive, Timeout, Timeouts};

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn open(timeouts: Timeouts) -> KeepAlive {
    let mut timer = KeepAlive::new(timeouts, s(100));
    timer.on_open(s(101));
    timer
}

fn ping(action: Action) -> [u8; 8] {
    match action {
        Action::Ping(data) => data,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_opening_has_a_deadline_that_no_byte_moves() {
    let mut timer = KeepAlive::new(Timeouts::new(), s(100));
    for now in 100..110 {
        timer.on_receive(s(now));
        assert_eq!((timer.deadline(), timer.poll(s(now))), (Some(s(110)), Action::Wait));
    }
    assert_eq!(timer.poll(s(110)), Action::Disconnect(Timeout::Opening));
    // It stays so, whatever is told later.
    timer.on_open(s(111));
    timer.on_receive(s(111));
    assert_eq!((timer.deadline(), timer.poll(s(111))), (Some(s(111)), Action::Disconnect(Timeout::Opening)));
}

#[test]
fn a_ping_is_due_after_each_interval_and_its_pong_has_to_have_its_data() {
    let mut timer = open(Timeouts::new());
    assert_eq!((timer.deadline(), timer.poll(s(120))), (Some(s(121)), Action::Wait));
    let first = ping(timer.poll(s(121)));
    assert_eq!((timer.deadline(), timer.poll(s(130))), (Some(s(141)), Action::Wait));
    // Traffic and Pongs to something else do not count.
    timer.on_receive(s(131));
    assert_eq!(timer.on_pong(b"", s(131)), None);
    assert_eq!(timer.on_pong(b"something", s(131)), None);
    assert_eq!(timer.on_pong(&first, s(132)), Some(s(11)));
    assert_eq!((timer.on_pong(&first, s(133)), timer.round_trip()), (None, Some(s(11))));
    assert_eq!(timer.deadline(), Some(s(141)));
    let second = ping(timer.poll(s(145)));
    assert_ne!(first, second);
    assert_eq!(timer.on_pong(&first, s(146)), None, "the answer to an earlier one");
    assert_eq!((timer.deadline(), timer.poll(s(164))), (Some(s(165)), Action::Wait));
    assert_eq!(timer.poll(s(165)), Action::Disconnect(Timeout::Pong));
    assert_eq!(timer.on_pong(&second, s(166)), Some(s(21)));
    assert_eq!(timer.poll(s(166)), Action::Disconnect(Timeout::Pong), "too late");
}

#[test]
fn silence_ends_a_connection_only_if_that_is_asked_for() {
    let quiet = Timeouts::new().ping_interval(None);
    let mut timer = open(quiet);
    assert_eq!((timer.deadline(), timer.poll(Duration::MAX)), (None, Action::Wait));
    let mut timer = open(quiet.idle(Some(s(30))));
    timer.on_receive(s(120));
    assert_eq!((timer.deadline(), timer.poll(s(149))), (Some(s(150)), Action::Wait));
    assert_eq!(timer.poll(s(150)), Action::Disconnect(Timeout::Idle));
    // The earlier of the two is the deadline.
    let mut timer = open(Timeouts::new().idle(Some(s(30))));
    assert_eq!(timer.deadline(), Some(s(121)));
    ping(timer.poll(s(121)));
    assert_eq!(timer.deadline(), Some(s(131)));
}

#[test]
fn closing_has_a_deadline_and_no_pings() {
    let mut timer = open(Timeouts::new().idle(Some(s(1000))));
    ping(timer.poll(s(130)));
    timer.on_closing(s(135));
    for now in 136..145 {
        timer.on_receive(s(now));
        timer.on_closing(s(now));
        assert_eq!((timer.deadline(), timer.poll(s(now))), (Some(s(145)), Action::Wait));
    }
    assert_eq!(timer.poll(s(145)), Action::Disconnect(Timeout::CloseHandshake));
    let mut timer = open(Timeouts::new().closing(None));
    timer.on_closing(s(102));
    assert_eq!((timer.deadline(), timer.poll(s(9999))), (None, Action::Wait));
    // Opening and closing at their own pace.
    let timer = KeepAlive::new(Timeouts::new().opening(None), s(0));
    assert_eq!(timer.deadline(), None);
}

#[test]
fn each_timeout_has_a_phrase() {
    for timeout in [Timeout::Opening, Timeout::Idle, Timeout::Pong, Timeout::CloseHandshake] {
        assert!(timeout.to_string().len() > 15);
    }
    assert_eq!(Timeouts::default(), Timeouts::new());
}

proptest! {
    #[test]
    fn whatever_the_clock_does_it_asks_to_be_looked_at_in_time(
        steps in vec((0..6_u8, prop_oneof![0..200_u64, Just(u64::MAX)], any::<bool>()), 0..60),
    ) {
        let timeouts = Timeouts::new().idle(Some(s(50))).pong(Some(s(7)));
        let mut timer = KeepAlive::new(timeouts, s(0));
        let (mut latest, mut last_ping, mut closed, mut closing) = (s(0), [0; 8], None, false);
        for (step, at, polled) in steps {
            let now = Duration::from_secs(at);
            latest = latest.max(now);
            match step {
                0 => timer.on_open(now),
                1 => timer.on_receive(now),
                2 => drop(timer.on_pong(&last_ping, now)),
                3 => drop(timer.on_pong(b"no", now)),
                4 if polled => {
                    closing = true;
                    timer.on_closing(now);
                }
                _ => {}
            }
            let deadline = timer.deadline();
            let action = timer.poll(now);
            // Before its deadline nothing is to be done, and at it there is.
            prop_assert_eq!(action == Action::Wait, deadline.is_none_or(|deadline| latest < deadline), "{:?}", deadline);
            match action {
                Action::Wait => prop_assert_eq!(closed, None),
                Action::Ping(data) => {
                    prop_assert!(!closing && data != last_ping && closed.is_none());
                    last_ping = data;
                }
                Action::Disconnect(timeout) => prop_assert_eq!(*closed.get_or_insert(timeout), timeout),
            }
        }
    }
}
