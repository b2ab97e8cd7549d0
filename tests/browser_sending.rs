//! `send` and `bufferedAmount`, with a transport that accepts as much as a test wants.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::browser::{Page, Step::*, request, state};
use common::noise;
use sansocket::{
    browser::{DomError, Event, WebSocket},
    session::Transport,
};

const FAILED: &str = "error in 3, close 1006 \"\" false in 3";

/// Writes `count` bytes, or all there is.
fn write(socket: &mut WebSocket, count: usize) -> usize {
    let count = match socket.transport() {
        Transport::Write(bytes) => bytes.len().min(count),
        _ => 0,
    };
    socket.written(count);
    count
}

/// S1 (WHATWG-3.5-a).
#[test]
fn sending_while_connecting_is_an_invalid_state_error() {
    let mut page = Page::new(&request(&[]));
    assert_eq!(page.socket.send_text("a"), Err(DomError::InvalidState));
    assert_eq!(page.socket.send_binary(b""), Err(DomError::InvalidState));
    assert_eq!((DomError::InvalidState.name(), page.socket.buffered_amount()), ("InvalidStateError", 0));
}

/// S2, S7 (WHATWG-3.4-a).
#[test]
fn the_buffered_amount_counts_utf_8_and_falls_between_tasks() {
    let mut page = Page::open(&request(&[]));
    let socket = &mut page.socket;
    for (text, amount) in [("x", 1), ("å", 3), ("\u{5336}", 6), ("\u{1047e}", 10)] {
        socket.send_text(text).unwrap();
        assert_eq!(socket.buffered_amount(), amount);
    }
    socket.send_text(&"x".repeat(65_000)).unwrap();
    assert_eq!(socket.buffered_amount(), 65_010);
    // Each message counts until its last byte is written; the page observes the change in its next task.
    for (count, amount) in
        [(6, 65_010), (1, 65_009), (8, 65_007), (9 + 10, 65_000), (8 + 64_999, 65_000), (1, 0)]
    {
        let before = socket.buffered_amount();
        assert_eq!(write(socket, count), count);
        assert_eq!(socket.buffered_amount(), before);
        assert_eq!(socket.next_event(), None);
        assert_eq!(socket.buffered_amount(), amount, "after {count} more");
    }
}

/// The same for a transport that owns the bytes it writes.
#[test]
fn lent_bytes_are_counted_when_they_are_written() {
    let mut page = Page::open(&request(&[]));
    let socket = &mut page.socket;
    socket.send_text("hello").unwrap();
    let bytes = socket.take_unwritten();
    socket.send_text("you").unwrap();
    assert_eq!((bytes.len(), socket.buffered_amount(), socket.next_event()), (11, 8, None));
    socket.written_owned(bytes, 10);
    assert_eq!((socket.next_event(), socket.buffered_amount()), (None, 8));
    assert_eq!((write(socket, 1), socket.next_event(), socket.buffered_amount()), (1, None, 3));
    assert_eq!((write(socket, 99), socket.next_event(), socket.buffered_amount()), (9, None, 0));
}

/// WHATWG-3.4-b: a transport that failed returns its bytes, and these were not written.
#[test]
fn lent_bytes_that_were_not_written_stay() {
    for (written, amount) in [(0, 5), (10, 5), (11, 0), (99, 0)] {
        let mut page = Page::open(&request(&[]));
        page.socket.send_text("hello").unwrap();
        let bytes = page.socket.take_unwritten();
        page.socket.failed();
        page.socket.written_owned(bytes, written);
        page.tasks();
        assert_eq!((state(&page.socket), page.socket.buffered_amount()), (3, amount), "{written}");
    }
}

/// S3: the string that an engine passes for unpaired surrogates.
#[test]
fn unpaired_surrogates_become_replacement_characters() {
    let mut page = Page::open(&request(&[]));
    let units = [0x61, 0xdc00, 0x78, 0x62, 0xd800, 0x78];
    page.socket.send_text(&String::from_utf16_lossy(&units)).unwrap();
    assert_eq!(page.socket.buffered_amount(), 10);
    page.write();
    assert_eq!(page.sent(), "81 61efbfbd7862efbfbd78");
}

/// S4 to S6.
#[test]
fn messages_of_every_length_form() {
    let mut page = Page::open(&request(&[]));
    page.socket.send_text("").unwrap();
    page.socket.send_binary(b"").unwrap();
    assert_eq!(page.socket.buffered_amount(), 0);
    // Only the range of a view is sent, not its whole buffer.
    page.socket.send_binary(&[0, 0, 1, 2, 3, 4, 0, 0][2..6]).unwrap();
    assert_eq!(page.socket.buffered_amount(), 4);
    page.write();
    assert_eq!(page.sent(), "81, 82, 82 01020304");
    for (len, form) in [(125, 125), (126, 126), (65_535, 126), (65_536, 127)] {
        let start = page.out.len();
        page.socket.send_binary(&noise(len)).unwrap();
        page.write();
        assert_eq!(page.out[start..][..2], [0x82, 0x80 | form], "{len}");
    }
}

/// S8, S9 (WHATWG-3.4-b, WHATWG-3.5-b).
#[test]
fn what_is_sent_while_closing_or_closed_is_counted_for_good() {
    let mut page = Page::open(&request(&[]));
    page.socket.send_text("before").unwrap();
    page.socket.close(None, "").unwrap();
    page.socket.send_text("test").unwrap();
    assert_eq!(page.socket.buffered_amount(), 10);
    // Messages sent before the close are still written.
    page.write();
    page.tasks();
    assert_eq!(page.socket.buffered_amount(), 4);
    page.on = |socket, event| {
        if matches!(event, Event::Close { .. }) {
            socket.send_text("test").unwrap();
            assert_eq!(socket.buffered_amount(), 8);
            socket.close(None, "").unwrap();
        }
    };
    page.run(&[Serve("8800"), Eof, Tasks], None);
    page.socket.send_binary(b"12").unwrap();
    assert_eq!((page.socket.buffered_amount(), page.socket.next_event()), (10, None));
    assert_eq!(
        (page.log[1..].join(", ").as_str(), page.sent().as_str()),
        ("close 1005 \"\" true in 3", "81 6265666f7265, 88")
    );
}

/// WHATWG-3.4-b: closing does not reset it.
#[test]
fn what_was_not_written_at_the_end_stays() {
    let mut page = Page::open(&request(&[]));
    page.socket.send_text("a").unwrap();
    page.write();
    page.socket.send_text("lost").unwrap();
    page.socket.failed();
    page.tasks();
    assert_eq!((state(&page.socket), page.socket.buffered_amount()), (3, 4));
    assert_eq!(page.log[1..].join(", "), FAILED);
    // The server's Close has arrived, but its task has not run: the page may send, and the message is written or
    // lost with the transport.
    let mut page = Page::open(&request(&[]));
    page.run(&[Serve("8800"), Fail], None);
    page.socket.send_text("lost").unwrap();
    page.tasks();
    assert_eq!(page.log[1..].join(", "), "close 1005 \"\" true in 3");
    assert_eq!(page.socket.buffered_amount(), 4);
}

/// S10 (WHATWG-3.5-c).
#[test]
fn without_room_the_connection_fails() {
    let mut page = Page::open(&request(&[]).max_buffered(10));
    page.socket.send_text("123456").unwrap();
    page.socket.send_text("7890").unwrap();
    assert_ne!(page.socket.transport(), Transport::Close);
    page.socket.send_text("1").unwrap();
    assert_eq!((state(&page.socket), page.socket.buffered_amount()), (1, 11));
    assert_eq!(page.socket.transport(), Transport::Close);
    page.socket.send_text("23").unwrap();
    page.tasks();
    assert_eq!((page.log[1..].join(", ").as_str(), page.sent().as_str()), (FAILED, ""));
    assert_eq!(page.socket.buffered_amount(), 13);
}

/// WHATWG-3.5-c: their frames need memory, too.
#[test]
fn empty_messages_need_room() {
    let mut page = Page::open(&request(&[]).max_buffered(3));
    for _ in 0..3 {
        page.socket.send_text("").unwrap();
    }
    page.write();
    for _ in 0..3 {
        page.socket.send_binary(b"").unwrap();
        assert_ne!(page.socket.transport(), Transport::Close);
    }
    page.socket.send_text("").unwrap();
    assert_eq!((page.socket.transport(), page.socket.buffered_amount()), (Transport::Close, 0));
    page.tasks();
    assert_eq!((page.log[1..].join(", ").as_str(), page.sent().as_str()), (FAILED, "81, 81, 81"));
}

/// WHATWG-2-c, WHATWG-3.4-a, WHATWG-4-a.
#[cfg(feature = "deflate")]
#[test]
fn compression_is_offered_and_shown_and_does_not_change_the_buffered_amount() {
    let mut page = Page::new(&request(&[]).deflate(sansocket::deflate::Config::new()));
    let offer = "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    assert!(page.head().contains(offer), "{}", page.head());
    let agreed = "permessage-deflate; client_no_context_takeover";
    page.run(
        &[Switch("Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n", "")],
        None,
    );
    assert_eq!(page.socket.extensions(), "");
    page.tasks();
    assert_eq!(page.socket.extensions(), agreed);
    page.socket.send_text(&"x".repeat(1000)).unwrap();
    assert_eq!(page.socket.buffered_amount(), 1000);
    let written = write(&mut page.socket, usize::MAX);
    assert!(written < 100, "{written}");
    assert_eq!((page.socket.next_event(), page.socket.buffered_amount()), (None, 0));
    page.socket.failed();
    page.tasks();
    assert_eq!(page.socket.extensions(), agreed);
}

#[test]
fn a_page_that_sends_much_continues_to_receive() {
    let mut page = Page::open(&request(&[]));
    let socket = &mut page.socket;
    socket.send_binary(&noise(1 << 20)).unwrap();
    assert!(socket.wants_read());
    write(socket, 1 << 19);
    assert!(socket.wants_read());
    // Unsent Pongs stop the reading as well.
    let ping = [&[0x89, 125][..], &noise(125)].concat();
    let pings = ping.repeat(600);
    page.read(&pings);
    assert!(!page.socket.wants_read());
    page.write();
    assert!(page.socket.wants_read());
    assert_eq!((page.socket.next_event(), page.socket.buffered_amount()), (None, 0));
}

#[test]
fn a_page_that_is_busy_stops_its_server() {
    let mut page = Page::open(&request(&[]));
    let message = [&[0x82, 126, 0x10, 0x00][..], &noise(4096)].concat();
    for count in 0..15 {
        page.read(&message);
        assert!(page.socket.wants_read(), "{count}");
    }
    page.read(&message.repeat(3));
    assert!(!page.socket.wants_read());
    // Two of the messages are buffered until there is room.
    assert_eq!(page.buffer.len(), 2 * message.len());
    page.tasks();
    assert!(page.socket.wants_read() && page.buffer.is_empty());
    assert_eq!(page.log.len(), 1 + 18);
}
