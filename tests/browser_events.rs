//! The object as a page sees it: events in their order, with the state and the values, for what page and server do.
//!
//! Each vector runs with the bytes of the server in one piece, split in two at each position, and byte by byte.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use core::time::Duration;

use common::{
    browser::{Page, Step, Step::*, request, state},
    hex,
};
use sansocket::{
    Config,
    browser::{BinaryType, DomError, Event, ReadyState, Request, WebSocket, is_blocked_port},
    frame::Rsv,
    keepalive::Timeouts,
};

const OPEN: Step = Switch("", "");
const OPENED: &str = "open in 1";
const FAILED: &str = "error in 3, close 1006 \"\" false in 3";

type Script = fn(&mut WebSocket);

/// What happens, the events with the states of their handlers, and the frames of the client.
struct Vector<'a> {
    steps: &'a [Step],
    events: &'a str,
    sent: &'a str,
}

fn check_with(request: &Request, Vector { steps, events, sent }: &Vector<'_>) {
    let longest = 260;
    for cut in [None].into_iter().chain((0..longest).map(Some)) {
        let mut page = Page::new(request);
        page.run(steps, cut);
        page.tasks();
        assert_eq!(
            (page.log.join(", ").as_str(), page.sent().as_str()),
            (*events, *sent),
            "{steps:?}, cut at {cut:?}"
        );
        assert_eq!(page.socket.next_event(), None);
    }
}

fn check(steps: &[Step], events: &str, sent: &str) {
    check_with(&request(&[]), &Vector { steps, events, sent });
}

/// The same for an object that the server has opened.
fn check_open(steps: &[Step], events: &str, sent: &str) {
    let steps = [&[OPEN, Tasks], steps].concat();
    check(&steps, &format!("{OPENED}, {events}").replace(", , ", ", "), sent);
}

fn close(code: u16, reason: &str, clean: bool) -> String {
    format!("close {code} {reason:?} {clean} in 3")
}

/// U14, U15 (WHATWG-4-e).
#[test]
fn a_blocked_port_is_a_failure_and_no_exception() {
    let request = Request::new("ws://h:21/", None, &[]).unwrap();
    assert!(is_blocked_port(request.uri().port()));
    let script: Script = |socket| assert_eq!(socket.ready_state(), ReadyState::Connecting);
    check_with(&request, &Vector { steps: &[Script(script), Fail, Tasks], events: FAILED, sent: "" });
    for url in ["ws://h:443/", "wss://h:80/", "ws://h/", "wss://h/"] {
        assert!(!is_blocked_port(Request::new(url, None, &[]).unwrap().uri().port()), "{url}");
    }
    assert_eq!((0..=u16::MAX).filter(|port| is_blocked_port(*port)).count(), 83);
}

/// P6 to P9 (WHATWG-2-b, WHATWG-2-d, WHATWG-4-a).
#[test]
fn the_subprotocol_is_one_that_was_offered() {
    let cases: [(&[&str], &str, &str); 7] = [
        (&["foobar", "foobar2"], "Sec-WebSocket-Protocol: foobar\r\n", OPENED),
        (&["foobar"], "", FAILED),
        (&["foobar"], "Sec-WebSocket-Protocol: \r\n", FAILED),
        (&[], "Sec-WebSocket-Protocol: foobar\r\n", FAILED),
        (&["FOOBAR"], "Sec-WebSocket-Protocol: foobar\r\n", FAILED),
        (&["a", "b"], "Sec-WebSocket-Protocol: a, b\r\n", FAILED),
        (&["echo", "eCho"], "Sec-WebSocket-Protocol: eCho\r\n", OPENED),
    ];
    for (protocols, lines, events) in cases {
        let vector = Vector { steps: &[Switch(lines, ""), Tasks], events, sent: "" };
        check_with(&request(protocols), &vector);
    }
    let mut page = Page::new(&request(&["foobar", "foobar2"]));
    assert!(page.head().contains("\r\nSec-WebSocket-Protocol: foobar, foobar2\r\n"));
    page.run(&[Switch("Sec-WebSocket-Protocol: foobar\r\n", ""), Tasks], None);
    assert_eq!((page.socket.protocol(), page.socket.extensions()), ("foobar", ""));
    page.run(&[Serve("8800"), Eof, Tasks], None);
    assert_eq!((state(&page.socket), page.socket.protocol()), (3, "foobar"));
}

/// H1 to H3 (WHATWG-2-a, WHATWG-4-e).
#[test]
fn every_failure_to_connect_looks_the_same() {
    let wrong =
        "HTTP/1.1 101 Ok\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n";
    check(&[Respond(wrong), Tasks], FAILED, "");
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: ws://h/y\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
    ] {
        check(&[Respond(response), Tasks], FAILED, "");
    }
    check(&[Fail, Tasks], FAILED, "");
    check(&[Respond("HTTP/1.1 101"), Eof, Tasks], FAILED, "");
    check(&[Respond("HTTP/1.1 101"), Fail, Tasks], FAILED, "");
    check(&[Time(10), Tasks], FAILED, "");
}

/// H4.
#[test]
fn interim_responses_are_passed_over() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    check(&[Respond(hints), OPEN, Tasks], OPENED, "");
}

/// H5 (WHATWG-2-e).
#[test]
fn the_request_has_the_headers_of_a_browser() {
    let page = Page::new(&request(&[]).origin("https://p").header("Cookie", "a=b"));
    let head = page.head();
    for line in ["Host: h", "Origin: https://p", "Pragma: no-cache", "Cache-Control: no-cache", "Cookie: a=b"]
    {
        assert!(head.contains(&format!("\r\n{line}\r\n")), "{head}");
    }
    assert!(head.starts_with("GET /x HTTP/1.1\r\n"));
    for name in ["Referer", "Authorization", "Sec-WebSocket-Protocol"] {
        assert!(!head.contains(&format!("\r\n{name}:")), "{head}");
    }
}

/// H6 (RFC 6455, section 5.5.1).
#[test]
fn a_close_in_the_segment_of_the_response_is_answered_with_its_code() {
    let events = format!("{OPENED}, {}", close(1000, "", true));
    check(&[Switch("", "880203e8"), Tasks, Eof, Tasks], &events, "88 03e8");
    // The page calls `close` while the task for the server's Close is queued.
    for cut in [None, Some(0)] {
        let mut page = Page::new(&request(&[]));
        page.on = |socket, event| {
            if *event == Event::Open {
                assert_eq!(socket.ready_state(), ReadyState::Open);
                socket.close(None, "").unwrap();
                assert_eq!(socket.ready_state(), ReadyState::Closing);
            }
        };
        let all_at_once = [Switch("", "880203e8"), Script(|_| {}), Tasks, Eof, Tasks];
        page.run(&all_at_once, cut);
        assert_eq!((page.log.join(", "), page.sent()), (events.clone(), "88 03e8".to_owned()));
    }
}

/// H7 (WHATWG-3.2-a).
#[test]
fn the_state_changes_with_the_task_and_not_with_the_bytes() {
    let before: Script = |socket| {
        assert_eq!(socket.ready_state(), ReadyState::Connecting);
        assert_eq!((socket.protocol(), socket.extensions(), socket.buffered_amount()), ("", "", 0));
        assert_eq!(socket.send_text("a"), Err(DomError::InvalidState));
    };
    check(&[Script(before), OPEN, Script(before), Tasks], OPENED, "");
    let numbers = [ReadyState::Connecting, ReadyState::Open, ReadyState::Closing, ReadyState::Closed];
    assert_eq!(numbers.map(|state| state as u8), [0, 1, 2, 3]);
}

/// M1, M2 (WHATWG `WebSockets`, section 4).
#[test]
fn the_binary_type_counts_when_the_task_runs() {
    assert!("x".parse::<BinaryType>().is_err());
    check_open(&[Serve("8201ff"), Tasks], "message blob [ff] in 1", "");
    let change: Script = |socket| socket.set_binary_type("arraybuffer".parse().unwrap());
    check_open(&[Serve("8201ff"), Script(change), Tasks], "message arraybuffer [ff] in 1", "");
}

/// M3.
#[test]
fn messages_before_a_close_are_delivered_and_can_be_answered() {
    let end = close(1005, "", true);
    check_open(&[Serve("810161 8800"), Eof, Tasks], &format!("message \"a\" in 1, {end}"), "88");
    for (close_comes_first, ending) in [(false, Eof), (true, Eof), (false, Fail)] {
        let mut page = Page::open(&request(&[]));
        page.on = |socket, event| {
            if matches!(event, Event::Text(_)) {
                socket.send_text("b").unwrap();
            }
        };
        page.run(&[Serve("810161 8800")], None);
        if close_comes_first {
            page.tasks();
        }
        page.run(&[ending, Tasks], None);
        let sent = if matches!(ending, Fail) { "" } else { "81 62, 88" };
        assert_eq!(
            (page.log[1..].join(", "), page.sent().as_str()),
            (format!("message \"a\" in 1, {end}"), sent)
        );
    }
}

/// M4, M5 (WHATWG-4-b).
#[test]
fn messages_are_lost_after_close() {
    let end = close(1005, "", true);
    let close: Script = |socket| socket.close(None, "").unwrap();
    check_open(&[Serve("810161 8800"), Script(close), Eof, Tasks], &end, "88");
    check_open(&[Serve("810161"), Script(close), Serve("8800"), Eof, Tasks], &end, "88");
    check_open(&[Script(close), Serve("810161 8800"), Eof, Tasks], &end, "88");
    check_open(&[Script(close), Serve("810161"), Tasks, Serve("8800"), Eof, Tasks], &end, "88");
}

/// C1 to C3, C7 (WHATWG-3.3-a, WHATWG-3.3-e, WHATWG-3.3-f, WHATWG-3.3-g).
#[test]
fn close_sends_its_code_and_reason_and_shows_those_of_the_server() {
    let cases: [(Script, &str, String, &str); 7] = [
        (|socket| socket.close(None, "").unwrap(), "8800", close(1005, "", true), "88"),
        (|socket| socket.close(Some(1000), "").unwrap(), "880203e8", close(1000, "", true), "88 03e8"),
        (
            |socket| socket.close(Some(1000), "ok").unwrap(),
            "880403e86f6b",
            close(1000, "ok", true),
            "88 03e86f6b",
        ),
        (|socket| socket.close(Some(3000), "x").unwrap(), "88030bb878", close(3000, "x", true), "88 0bb878"),
        (|socket| socket.close(Some(4999), "x").unwrap(), "8803138778", close(4999, "x", true), "88 138778"),
        (|socket| socket.close(None, "x").unwrap(), "880303e878", close(1000, "x", true), "88 03e878"),
        (
            |socket| socket.close(Some(1000), &String::from_utf16_lossy(&[0xd807])).unwrap(),
            "880503e8efbfbd",
            close(1000, "\u{fffd}", true),
            "88 03e8efbfbd",
        ),
    ];
    for (script, answer, end, sent) in cases {
        let is_closing: Script = |socket| assert_eq!(socket.ready_state(), ReadyState::Closing);
        check_open(&[Script(script), Script(is_closing), Serve(answer), Eof, Tasks], &end, sent);
    }
}

/// C4 to C6 (WHATWG-3.3-a, WHATWG-3.3-b).
#[test]
fn close_checks_the_code_then_the_reason_in_every_state() {
    let refuse: Script = |socket| {
        let before = socket.ready_state();
        for code in [0, 500, 999, 1001, 1005, 1006, 1015, 2999, 5000, 65_535] {
            assert_eq!(socket.close(Some(code), &"a".repeat(124)), Err(DomError::InvalidAccess(code)));
        }
        for reason in ["a".repeat(124), "é".repeat(62)] {
            let error = socket.close(Some(1000), &reason).unwrap_err();
            assert_eq!(
                (error.name(), error),
                ("SyntaxError", sansocket::browser::SyntaxCause::ReasonTooLong(124).into())
            );
        }
        assert_eq!(socket.close(Some(999), "").unwrap_err().name(), "InvalidAccessError");
        assert_eq!(socket.ready_state(), before);
    };
    let fits: Script = |socket| socket.close(Some(1000), &"a".repeat(123)).unwrap();
    let steps = [
        Script(refuse),
        OPEN,
        Tasks,
        Script(refuse),
        Script(fits),
        Script(refuse),
        Serve("8800"),
        Eof,
        Tasks,
    ];
    let sent = format!("88 03e8{}", "61".repeat(123));
    check(&[&steps[..], &[Script(refuse)]].concat(), &format!("{OPENED}, {}", close(1005, "", true)), &sent);
}

/// C8 (WHATWG-3.3-h).
#[test]
fn what_was_sent_before_close_goes_out_before_it() {
    let script: Script = |socket| {
        socket.send_text("a").unwrap();
        socket.close(Some(3001), "x").unwrap();
        socket.send_text("b").unwrap();
    };
    check_open(&[Script(script), Serve("88020bb9"), Eof, Tasks], &close(3001, "", true), "81 61, 88 0bb978");
}

/// C9, C10 (WHATWG-3.3-c, WHATWG-3.3-d).
#[test]
fn close_while_connecting_fails_without_a_word_and_once() {
    let script: Script = |socket| {
        for _ in 0..3 {
            socket.close(None, "").unwrap();
            assert_eq!(socket.ready_state(), ReadyState::Closing);
        }
    };
    let again: Script = |socket| {
        socket.close(Some(1000), "").unwrap();
        assert_eq!(socket.ready_state(), ReadyState::Closed);
    };
    check(&[Script(script), Tasks, Script(again), Tasks], FAILED, "");
    // The response and later bytes have arrived, but their tasks have not run.
    check(&[OPEN, Script(script), Tasks], FAILED, "");
    check(&[Switch("", "810161 880203e8"), Script(script), Tasks], FAILED, "");
    check(&[Switch("", "880203e8"), Fail, Script(script), Tasks], FAILED, "");
    check(&[Respond("HTTP/1.1 404 No\r\n"), Script(script), Tasks], FAILED, "");
}

/// C11 (RFC 6455, section 7.1.5).
#[test]
fn the_code_is_that_of_the_server() {
    let script: Script = |socket| socket.close(Some(3000), "").unwrap();
    check_open(&[Script(script), Serve("880203e9"), Eof, Tasks], &close(1001, "", true), "88 0bb8");
}

/// C12 to C14.
#[test]
fn after_close_there_is_no_error_event_for_a_server_that_does_not_answer() {
    let script: Script = |socket| socket.close(None, "").unwrap();
    let lost = close(1006, "", false);
    let is_closing: Script = |socket| assert_eq!(socket.ready_state(), ReadyState::Closing);
    check_open(&[Script(script), Time(9), Tasks, Script(is_closing), Time(20), Tasks], &lost, "88");
    check_open(&[Script(script), Eof, Tasks], &lost, "88");
    check_open(&[Script(script), Fail, Tasks], &lost, "88");
    // Both Closes were exchanged, and the server does not close the transport.
    let done = close(1005, "", true);
    let steps = [Script(script), Time(1), Serve("8800"), Tasks, Script(is_closing), Time(20), Tasks];
    check_open(&steps, &done, "88");
    check_open(&[Script(script), Serve("8800"), Fail, Tasks], &done, "88");
}

/// X1 (WHATWG-3.2-b, WHATWG-4-d).
#[test]
fn the_close_of_the_server_changes_the_state_without_an_event() {
    let is_open: Script = |socket| assert_eq!(socket.ready_state(), ReadyState::Open);
    let is_closing: Script = |socket| assert_eq!(socket.ready_state(), ReadyState::Closing);
    let steps = [Serve("880503e9627965"), Script(is_open), Tasks, Script(is_closing), Eof, Tasks];
    check_open(&steps, &close(1001, "bye", true), "88 03e9");
    // The server does not wait for the reply.
    check_open(&[Serve("880503e9627965"), Eof, Tasks], &close(1001, "bye", true), "88 03e9");
    check_open(&[Serve("880503e9627965"), Fail, Tasks], &close(1001, "bye", true), "");
}

/// The server waits for the page, and not the page for a server: the time for closing begins with the reply.
#[test]
fn a_page_that_is_busy_has_time_to_answer_a_close() {
    let end = format!("message \"a\" in 1, {}", close(1001, "bye", true));
    let served = Serve("810161 880503e9627965");
    check_open(&[served, Time(20), Time(40), Tasks, Eof, Tasks], &end, "88 03e9");
    check_open(&[served, Eof, Time(20), Time(40), Tasks], &end, "88 03e9");

    let mut page = Page::open(&request(&[]));
    page.read(&hex("880203e9"));
    // A script runs for 15 s. Then the task runs, and the reply must be written before anything expires.
    assert_eq!(page.socket.next_event(), None);
    page.run(&[Time(15), Time(24), Tasks], None);
    assert_eq!((state(&page.socket), page.sent().as_str()), (2, "88 03e9"));
    assert_eq!(page.socket.deadline(), Some(Duration::from_secs(25)));
    page.run(&[Time(25), Tasks], None);
    assert_eq!(page.log[1..].join(", "), close(1001, "", true));
}

/// The engine does not report the time before a script runs.
#[test]
fn a_page_that_closes_after_a_silence_waits_for_the_answer() {
    for leave in [|socket: &mut WebSocket| socket.close(None, "").unwrap(), WebSocket::disappear] {
        let mut page = Page::open(&request(&[]));
        leave(&mut page.socket);
        page.run(&[Time(15), Time(24), Tasks], None);
        assert!(page.sent().starts_with("88"));
        assert_eq!(page.socket.deadline(), Some(Duration::from_secs(25)));
    }
}

/// Timeouts that an engine sets: a server without a sign of life is a failure.
#[test]
fn an_idle_timeout_is_an_error_and_1006() {
    let idle = Timeouts::new().idle(Some(Duration::from_secs(5))).ping_interval(None);
    let vector = Vector {
        steps: &[OPEN, Tasks, Time(0), Time(6), Tasks],
        events: &format!("{OPENED}, {FAILED}"),
        sent: "88 03e969646c652074696d656f7574", // 1001, "idle timeout"
    };
    check_with(&request(&[]).timeouts(idle), &vector);
}

/// X2 (RFC 6455, section 1.4).
#[test]
fn bytes_after_the_close_of_the_server_are_ignored() {
    check_open(&[Serve("8800 810161 ff"), Eof, Tasks], &close(1005, "", true), "88");
    check_open(&[Serve("8800"), Tasks, Serve("810161 ff"), Eof, Tasks], &close(1005, "", true), "88");
}

/// X3 (RFC 6455, section 7.2.1).
#[test]
fn a_lost_transport_is_an_error_and_1006() {
    check_open(&[Eof, Tasks], FAILED, "");
    check_open(&[Fail, Tasks], FAILED, "");
    check_open(&[Serve("8101"), Eof, Tasks], FAILED, "");
    // The transport was lost before the page called `close`, so no Close is sent.
    let script: Script = |socket| socket.close(None, "").unwrap();
    check_open(&[Fail, Script(script), Tasks], FAILED, "");
}

/// X4, X5, X7 (WHATWG-4-c, WHATWG-4-f).
#[test]
fn a_violation_of_the_protocol_is_an_error_and_1006() {
    check_open(
        &[Serve("810474657374 83034c4f4c"), Tasks],
        &format!("message \"test\" in 1, {FAILED}"),
        "88 03ea",
    );
    let cases = [
        ("818100000000", "88 03ea"), // masked
        ("c10161", "88 03ea"),       // RSV1 without compression
        ("8101ff", "88 03ef"),
        ("880103", "88 03ea"),
        ("880203ed", "88 03ea"),
        ("880203e7", "88 03ea"),
        ("827f0000000100000000", "88 03f1"),
    ];
    for (bytes, sent) in cases {
        check_open(&[Serve(bytes), Tasks], FAILED, sent);
        check_open(&[Serve(bytes), Eof, Tasks], FAILED, sent);
    }
    // A call of `close` by the page is not a reply.
    let script: Script = |socket| socket.close(None, "").unwrap();
    check_open(&[Script(script), Serve("83034c4f4c"), Tasks], FAILED, "88");
}

/// A page has no event for such messages, so none is lost in silence.
#[test]
fn messages_that_a_page_cannot_receive_fail_whatever_the_configuration() {
    let tolerant = Config::new().allow_invalid_utf8(true).allow_rsv(Rsv::RSV2);
    for (bytes, sent) in [("8101ff 810161", "88 03ef"), ("a10161 810161", "88 03ea")] {
        let steps = [OPEN, Tasks, Serve(bytes), Tasks];
        let events = format!("{OPENED}, {FAILED}");
        check_with(&request(&[]).config(tolerant), &Vector { steps: &steps, events: &events, sent });
    }
}

/// X6 (WHATWG-4-d).
#[test]
fn a_byte_order_mark_stays_in_reason_and_text() {
    check_open(&[Serve("880503e8efbbbf"), Eof, Tasks], &close(1000, "\u{feff}", true), "88 03e8");
    check_open(&[Serve("8103efbbbf"), Tasks], "message \"\\u{feff}\" in 1", "");
}

/// X8 (WHATWG-6-a, WHATWG-6-b).
#[test]
fn a_page_that_goes_away_sees_no_more_events() {
    let disappear: Script = WebSocket::disappear;
    let collect: Script = WebSocket::collect;
    let close: Script = |socket| socket.close(Some(3000), "").unwrap();
    for (leave, sent) in [(disappear, "88 03e9"), (collect, "88")] {
        let opened = |steps: &[Step]| [&[OPEN, Tasks], steps].concat();
        check(&opened(&[Script(leave), Serve("810161 8800"), Eof, Tasks]), OPENED, sent);
        check(&opened(&[Serve("810161"), Script(leave), Fail, Tasks]), OPENED, sent);
        check(&opened(&[Serve("880203ea"), Script(leave), Eof, Tasks]), OPENED, "88 03ea");
        check(&opened(&[Script(close), Script(leave), Serve("8800"), Eof, Tasks]), OPENED, "88 0bb8");
        check(&[Script(leave), OPEN, Tasks], "", "");
        check(&[OPEN, Script(leave), Tasks], "", "");
    }
}

/// WHATWG-5-a, WHATWG-5-b: a browser sends no Pings, and an idle connection stays open.
#[test]
fn an_idle_object_sends_nothing_and_stays_open() {
    check(&[OPEN, Tasks, Time(1_000_000), Tasks], OPENED, "");
    check(&[OPEN, Tasks, Serve("890170"), Time(1_000_000), Tasks], OPENED, "8a 70");
}

/// WHATWG-2-e: the engine answers a 401 with credentials, and the page does not notice.
#[test]
fn a_rejection_can_be_retried() {
    let mut page = Page::new(&request(&[]));
    page.run(&[Respond("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")], None);
    assert_eq!(page.socket.response().unwrap().header("www-authenticate"), Some(&b"Basic"[..]));
    let again = request(&[]).header("Authorization", "Basic dTpw");
    assert!(page.socket.retry(&again, [8; 32], Duration::ZERO).unwrap());
    page.out.clear();
    page.write();
    assert!(page.head().contains("\r\nAuthorization: Basic dTpw\r\n"));
    assert_eq!((page.socket.next_event(), page.socket.ready_state()), (None, ReadyState::Connecting));
    page.run(&[Switch("Set-Cookie: a=b\r\n", ""), Tasks], None);
    assert_eq!(page.log, [OPENED]);
    assert_eq!(page.socket.response().unwrap().header("set-cookie"), Some(&b"a=b"[..]));
    assert!(!page.socket.retry(&again, [9; 32], Duration::ZERO).unwrap());
}
