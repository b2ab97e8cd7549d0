//! Timers without a clock.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking"
)]

use core::time::Duration;

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
    // Later notifications do not change it.
    timer.on_open(s(111));
    timer.on_receive(s(111));
    assert_eq!((timer.deadline(), timer.poll(s(111))), (Some(s(111)), Action::Disconnect(Timeout::Opening)));
}

/// The Pings of 30 s, 10 s apart, of a connection on which nothing arrives.
fn pings_without_an_answer(timeouts: Timeouts) -> (KeepAlive, [[u8; 8]; 3]) {
    let mut timer = open(timeouts.ping_interval(Some(s(10))));
    let pings = [111, 121, 131].map(|now| {
        assert_eq!((timer.deadline(), timer.poll(s(now - 1))), (Some(s(now)), Action::Wait));
        let data = ping(timer.poll(s(now)));
        assert_eq!(timer.poll(s(now)), Action::Wait, "one at a time");
        data
    });
    (timer, pings)
}

#[test]
fn a_ping_is_sent_at_each_interval_also_while_pongs_are_missing() {
    for timeouts in [Timeouts::new().pong(None), Timeouts::new().pong(Some(s(60)))] {
        for timeouts in [timeouts, timeouts.exact_pong(true)] {
            let (timer, pings) = pings_without_an_answer(timeouts);
            assert!(pings[0] != pings[1] && pings[1] != pings[2] && pings[0] != pings[2]);
            assert_eq!(timer.deadline(), Some(s(141)));
        }
    }
    // A late poll delays the following Pings: there are never two in a row.
    let mut timer = open(Timeouts::new().pong(None));
    ping(timer.poll(s(150)));
    assert_eq!((timer.poll(s(151)), timer.deadline()), (Action::Wait, Some(s(170))));
}

#[test]
fn a_peer_without_a_sign_of_life_is_disconnected_however_many_pings_were_sent() {
    for timeouts in [Timeouts::new().pong(Some(s(25))), Timeouts::new().pong(Some(s(25))).exact_pong(true)] {
        // The timeout starts with the first Ping.
        let (mut timer, [.., third]) = pings_without_an_answer(timeouts);
        assert_eq!(
            (timer.deadline(), timer.poll(s(135)), timer.expired()),
            (Some(s(136)), Action::Wait, None)
        );
        assert_eq!(timer.poll(s(136)), Action::Disconnect(Timeout::Pong));
        timer.on_receive(s(137));
        assert_eq!(timer.on_pong(&third, s(137)), Some(s(6)));
        timer.on_closing(s(138));
        assert_eq!(timer.poll(s(138)), Action::Disconnect(Timeout::Pong), "too late");
        assert_eq!((timer.deadline(), timer.expired()), (Some(s(138)), Some(Timeout::Pong)));
    }
}

#[test]
fn any_byte_is_a_sign_of_life_unless_the_exact_pong_is_asked_for() {
    // A frame takes a minute to arrive, during which no Pong is possible; and a peer replies with other data.
    let arrives: [fn(&mut KeepAlive, u64); 3] = [
        |timer, now| timer.on_receive(s(now)),
        |timer, now| assert_eq!(timer.on_pong(b"something", s(now)), None),
        |timer, now| assert_eq!(timer.on_pong(b"", s(now)), None),
    ];
    for arrive in arrives {
        for (exact, end) in [(false, None), (true, Some(141))] {
            let mut timer = open(Timeouts::new().exact_pong(exact));
            let disconnected = (102..162).find(|now| {
                arrive(&mut timer, *now);
                matches!(timer.poll(s(*now)), Action::Disconnect(_))
            });
            assert_eq!(disconnected, end);
            assert_eq!(timer.round_trip(), None);
        }
    }
    // Then the peer is silent: the next Ping is sent, and its timeout starts.
    let mut timer = open(Timeouts::new());
    ping(timer.poll(s(121)));
    timer.on_receive(s(140));
    assert_eq!(timer.deadline(), Some(s(141)));
    ping(timer.poll(s(141)));
    assert_eq!((timer.poll(s(160)), timer.poll(s(161))), (Action::Wait, Action::Disconnect(Timeout::Pong)));
}

#[test]
fn a_round_trip_is_measured_with_the_exact_pong_alone() {
    for timeouts in [Timeouts::new().pong(None), Timeouts::new().pong(None).exact_pong(true)] {
        let (timer, [first, second, third]) = pings_without_an_answer(timeouts);
        let pongs = |pongs: &[(&[u8], u64)]| {
            let mut timer = timer.clone();
            pongs.iter().map(|(data, now)| timer.on_pong(data, s(*now))).collect::<Vec<_>>()
        };
        assert_eq!(pongs(&[(&first, 135), (&third, 137)]), [Some(s(24)), Some(s(6))]);
        assert_eq!(pongs(&[(&third, 135), (&third, 137), (&first, 137)]), [Some(s(4)), None, None]);
        // The time of the second Ping is no longer stored, and its Pong answers the first, too.
        assert_eq!(pongs(&[(&second, 135), (&first, 136), (&third, 137)]), [None, None, Some(s(6))]);
        // Pongs for a Ping that was not sent yet, with a byte too many or too few, and without a payload.
        let next = (u64::from_be_bytes(third) + 1).to_be_bytes();
        assert_eq!(pongs(&[(&next, 132), (&[0; 8], 132), (&third[1..], 132), (b"", 132)]), [None; 4]);
        let long = [&third[..], b"!"].concat();
        assert_eq!(pongs(&[(&long, 132), (&third, 133)]), [None, Some(s(2))]);
    }
}

#[test]
fn a_pong_to_an_earlier_ping_leaves_the_wait_for_the_latest() {
    let (mut timer, [first, ..]) =
        pings_without_an_answer(Timeouts::new().pong(Some(s(25))).exact_pong(true));
    assert_eq!(timer.on_pong(&first, s(135)), Some(s(24)));
    ping(timer.poll(s(141)));
    ping(timer.poll(s(151)));
    assert_eq!((timer.poll(s(155)), timer.poll(s(156))), (Action::Wait, Action::Disconnect(Timeout::Pong)));
}

#[test]
fn the_time_of_a_ping_runs_from_when_it_was_written() {
    for timeouts in [Timeouts::new(), Timeouts::new().exact_pong(true)] {
        // 40 MiB precede the Ping, and take two minutes.
        let mut timer = open(timeouts);
        let data = ping(timer.poll(s(121)));
        timer.on_ping_queued((40 << 20) + 10);
        for now in 122..242 {
            timer.on_write((40 << 20) / 120, s(now));
            assert_eq!(timer.poll(s(now)), Action::Wait);
            assert_eq!(
                timer.deadline(),
                Some(s(now + 20)),
                "no Ping is due, and the time runs from this byte"
            );
        }
        timer.on_write(usize::MAX, s(243));
        timer.on_write(100, s(250));
        assert_eq!(
            timer.clone().on_pong(&data, s(245)),
            Some(s(7)),
            "it was written before, so time goes on at 250"
        );
        assert_eq!(timer.poll(s(262)), Action::Wait);
        assert_eq!(timer.poll(s(263)), Action::Disconnect(Timeout::Pong));

        // A transport that accepts nothing is noticed as well.
        let mut timer = open(timeouts);
        ping(timer.poll(s(121)));
        timer.on_ping_queued(100);
        timer.on_write(0, s(130));
        assert_eq!(
            (timer.poll(s(140)), timer.poll(s(141))),
            (Action::Wait, Action::Disconnect(Timeout::Pong))
        );

        // Bytes that arrive before the Ping is written do not answer it.
        let mut timer = open(timeouts);
        ping(timer.poll(s(121)));
        timer.on_ping_queued(10);
        timer.on_receive(s(122));
        timer.on_write(10, s(123));
        assert_eq!(timer.deadline(), Some(s(143)));
        assert!(timeouts != Timeouts::new() || timer.poll(s(143)) == Action::Disconnect(Timeout::Pong));
    }
}

#[test]
fn held_pings_are_sent_afterwards() {
    let mut timer = open(Timeouts::new());
    timer.hold_pings(true);
    assert_eq!((timer.deadline(), timer.poll(s(150))), (None, Action::Wait));
    timer.hold_pings(false);
    ping(timer.poll(s(150)));
    assert_eq!(timer.deadline(), Some(s(170)));
    // A running timeout continues.
    timer.hold_pings(true);
    assert_eq!((timer.poll(s(169)), timer.poll(s(170))), (Action::Wait, Action::Disconnect(Timeout::Pong)));
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
    // The handshakes have their own timeouts.
    let timer = KeepAlive::new(Timeouts::new().opening(None), s(0));
    assert_eq!(timer.deadline(), None);
}

#[test]
fn timeouts_are_whole_milliseconds_rounded_up() {
    let (nano, milli) = (Duration::from_nanos(1), Duration::from_millis(1));
    for (timeout, deadline) in [
        (Some(Duration::ZERO), Some(s(100))),
        (Some(nano), Some(s(100) + milli)),
        (Some(milli), Some(s(100) + milli)),
        (Some(milli + nano), Some(s(100) + milli * 2)),
        (Some(Duration::from_millis(4_294_967_294)), Some(Duration::from_millis(4_295_067_294))),
        (Some(Duration::from_millis(4_294_967_295)), None),
        (Some(Duration::MAX), None),
        (None, None),
    ] {
        let timer = KeepAlive::new(Timeouts::new().opening(timeout), s(100));
        assert_eq!(timer.deadline(), deadline, "{timeout:?}");
    }
    assert_eq!(Timeouts::new().idle(Some(nano)), Timeouts::new().idle(Some(milli)));
}

#[test]
fn each_timeout_has_a_phrase() {
    for timeout in [Timeout::Opening, Timeout::Idle, Timeout::Pong, Timeout::CloseHandshake] {
        assert!(timeout.to_string().len() > 15);
    }
    assert_eq!(Timeouts::default(), Timeouts::new());
}

#[test]
fn there_is_time_between_two_pings_whatever_the_interval() {
    let mut timer = open(Timeouts::new().ping_interval(Some(Duration::ZERO)));
    let first = ping(timer.poll(s(102)));
    assert_eq!(timer.poll(s(102)), Action::Wait);
    assert_eq!(timer.deadline(), Some(s(102) + Duration::from_millis(1)));
    assert_ne!(ping(timer.poll(s(103))), first);
}
