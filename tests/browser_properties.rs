//! What holds for any order of what a page and a transport do: the rules of the events, and of `bufferedAmount`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{
    browser::{Page, Step::*, request, state},
    hex,
};
use proptest::{collection::vec, prelude::*};
use sansocket::{
    browser::{DomError, Event},
    session::Transport,
};

#[derive(Clone, Debug)]
enum Act {
    Open,
    Serve(&'static str),
    Write(usize),
    Eof,
    Fail,
    Time(u64),
    Send(usize),
    Close(Option<u16>, usize),
    Task,
    Leave,
}

fn act() -> impl Strategy<Value = Act> {
    let frames = prop::sample::select(vec![
        "810161",
        "8201ff",
        "0101 62",
        "8001 63",
        "8800",
        "880203e8",
        "880503e9627965",
        "890170",
        "ff",
        "8101ff",
        "88",
        "8105",
    ]);
    let codes = prop::sample::select(vec![None, Some(1000), Some(3000), Some(4999), Some(999), Some(1005)]);
    prop_oneof![
        3 => Just(Act::Open),
        5 => frames.prop_map(Act::Serve),
        4 => (0..200_usize).prop_map(Act::Write),
        1 => Just(Act::Eof),
        1 => Just(Act::Fail),
        1 => (0..40_u64).prop_map(Act::Time),
        5 => (0..300_usize).prop_map(Act::Send),
        2 => (codes, 0..130_usize).prop_map(|(code, len)| Act::Close(code, len)),
        6 => Just(Act::Task),
        1 => Just(Act::Leave),
    ]
}

/// The observed state of an object, and its invariants.
#[derive(Default)]
struct Watch {
    events: Vec<Event>,
    sent: u64,
    gone: bool,
    now: u64,
    has_switched: bool,
}

impl Watch {
    fn task(&mut self, page: &mut Page) {
        let before = (state(&page.socket), page.socket.buffered_amount());
        let event = page.socket.next_event();
        let after = (state(&page.socket), page.socket.buffered_amount());
        assert!(after.0 >= before.0 && after.1 <= before.1, "{before:?} to {after:?}");
        let Some(event) = event else { return };
        assert!(!self.gone);
        let last = self.events.last();
        assert!(!matches!(last, Some(Event::Close { .. })), "{event:?} after the close");
        match &event {
            Event::Open => assert_eq!((last, after.0), (None, 1)),
            Event::Text(_) | Event::Binary(..) => {
                assert_eq!((after.0, self.events.first()), (1, Some(&Event::Open)));
            }
            Event::Error => assert!(after.0 == 3 && last != Some(&Event::Error)),
            Event::Close { code, was_clean, .. } => {
                assert_eq!(after.0, 3);
                let is_failure = last == Some(&Event::Error);
                assert!(!(*was_clean && (is_failure || *code == 1006)), "{event:?} after {last:?}");
            }
            _ => unreachable!(),
        }
        let is_close = matches!(event, Event::Close { .. });
        assert!(is_close || last != Some(&Event::Error), "{event:?} after the error");
        self.events.push(event);
    }

    fn act(&mut self, page: &mut Page, act: &Act) {
        let before = (state(&page.socket), page.socket.buffered_amount());
        match act {
            Act::Open if !self.has_switched => {
                self.has_switched = true;
                page.run(&[Switch("", "")], None);
            }
            Act::Open => {}
            Act::Serve(frames) => page.read(&hex(frames)),
            Act::Write(count) => {
                let count = match page.socket.transport() {
                    Transport::Write(bytes) => bytes.len().min(*count),
                    _ => 0,
                };
                page.socket.written(count);
            }
            Act::Eof => page.socket.eof(),
            Act::Fail => page.socket.failed(),
            Act::Time(seconds) => {
                self.now += seconds;
                page.socket.on_time(Duration::from_secs(self.now));
                page.read(b"");
            }
            Act::Send(len) => {
                let result = page.socket.send_text(&"x".repeat(*len));
                let expected = if before.0 == 0 { Err(DomError::InvalidState) } else { Ok(()) };
                assert_eq!(result, expected);
                let grown = if before.0 == 0 { 0 } else { u64::try_from(*len).unwrap() };
                self.sent += grown;
                assert_eq!(page.socket.buffered_amount(), before.1 + grown);
                return;
            }
            Act::Close(code, len) => {
                let is_allowed = matches!(code, None | Some(1000 | 3000..)) && *len <= 123;
                let closed = page.socket.close(*code, &"r".repeat(*len)).is_ok();
                assert_eq!(closed, is_allowed);
                let expected = if closed { before.0.max(2) } else { before.0 };
                assert_eq!((state(&page.socket), page.socket.buffered_amount()), (expected, before.1));
                return;
            }
            Act::Task => return self.task(page),
            Act::Leave => {
                page.socket.disappear();
                self.gone = true;
                return;
            }
        }
        // The transport does not affect the state that a script can read.
        assert_eq!((state(&page.socket), page.socket.buffered_amount()), before, "{act:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// There is one `close`, and nothing after it; `error` comes right before a `close` that is not clean; the state never goes
    /// back; `bufferedAmount` grows in `send` by what was sent, and falls in tasks only.
    #[test]
    fn events_and_attributes_follow_the_rules_in_any_order(acts in vec(act(), 0..60)) {
        let mut page = Page::new(&request(&[]));
        let mut watch = Watch::default();
        for act in &acts {
            watch.act(&mut page, act);
        }
        // The transport always ends.
        page.write();
        page.socket.failed();
        for _ in 0..100 {
            watch.task(&mut page);
            page.write();
        }
        assert_eq!(page.socket.transport(), Transport::Close);
        assert!(page.socket.buffered_amount() <= watch.sent);
        let closes = watch.events.iter().filter(|event| matches!(event, Event::Close { .. })).count();
        assert_eq!(closes, usize::from(!watch.gone || matches!(watch.events.last(), Some(Event::Close { .. }))));
        assert!(watch.events.iter().filter(|event| **event == Event::Error).count() <= 1);
        let is_final = watch.gone || matches!(watch.events.last(), Some(Event::Close { .. }));
        assert!(is_final, "{:?}", watch.events);
    }

    /// How the stream is split into reads, and whether tasks run between them, does not affect the events.
    #[test]
    fn reads_do_not_affect_the_events(
        frames in vec(prop::sample::select(vec!["810161", "8201ff", "0101 62 890170 8001 63", "880203e8", "8105", "83", "8101ff"]), 0..8),
        cuts in vec(1..9_usize, 0..40),
        ends in any::<bool>(),
    ) {
        let bytes: Vec<u8> = frames.iter().flat_map(|frames| hex(frames)).collect();
        let run = |cuts: &[usize]| {
            let mut page = Page::open(&request(&[]));
            let mut rest = &bytes[..];
            for cut in cuts {
                let (piece, others) = rest.split_at(rest.len().min(*cut));
                page.read(piece);
                page.tasks();
                rest = others;
            }
            page.read(rest);
            page.tasks();
            if ends {
                page.run(&[Eof, Tasks], None);
            }
            (page.log.clone(), page.sent(), state(&page.socket))
        };
        prop_assert_eq!(run(&[]), run(&cuts));
    }
}
