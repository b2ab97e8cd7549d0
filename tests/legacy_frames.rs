//! The frames and the closing of hixie-75 and hixie-76. Each test names the rules of `tests/requirements/legacy.tsv`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{
    Ended, Transcript, closed, hex,
    legacy::{HIXIE, Wire},
    noise, prose, text,
};
use sansocket::{
    CloseCode, Config, Delivery, Event, Initiator, Input, ProtocolError, SendError, State,
    frame::{OpCode, Role},
    keepalive::Timeout,
    legacy::{Connection, Version},
};

const CLOSE: Event<'static> = Event::Close(None);

fn limits() -> Config {
    Config::new().max_message_len(1000).max_frame_len(1000)
}

/// How a connection ended for which no Close was missing.
#[expect(clippy::unnecessary_wraps, reason = "a transcript has one or none")]
fn clean(initiator: Initiator) -> Option<Ended> {
    Some(Ended { code: 1005, reason: String::new(), clean: true, initiator, interrupted: false, error: None })
}

#[expect(clippy::unnecessary_wraps, reason = "a transcript has one or none")]
fn failed(error: ProtocolError, initiator: Initiator, interrupted: bool) -> Option<Ended> {
    let reason = String::new();
    Some(Ended { code: 1006, reason, clean: false, initiator, interrupted, error: Some(error) })
}

/// The vectors that end between two frames: the bytes, and the texts in 75 and in 76. A closing handshake is in it where
/// the texts of 76 end with `None`.
type Row = (&'static str, &'static [&'static str], &'static [Option<&'static str>]);

const ROWS: [Row; 24] = [
    ("0048656c6c6fff", &["Hello"], &[Some("Hello")]),
    ("00ff", &[""], &[Some("")]),
    ("0048656c6c6fff00576f726c64ff", &["Hello", "World"], &[Some("Hello"), Some("World")]),
    ("004100ff", &["A\0"], &[Some("A\0")]),
    ("8002486500414243ff", &["ABC"], &[Some("ABC")]),
    ("80000041ff", &["A"], &[Some("A")]),
    ("80800200000041ff", &["A"], &[Some("A")]),
    ("8002ffff0041ff", &["A"], &[Some("A")]),
    ("664869ff0041ff", &["A"], &[Some("A")]),
    ("0141ff0041ff", &["A"], &[Some("A")]),
    ("7f41ff0041ff", &["A"], &[Some("A")]),
    ("7fff0041ff", &["A"], &[Some("A")]),
    ("00c328ff0041ff", &["\u{fffd}(", "A"], &[Some("\u{fffd}("), Some("A")]),
    ("00f09f98ff", &["\u{fffd}"], &[Some("\u{fffd}")]),
    ("00eda080ff", &["\u{fffd}\u{fffd}\u{fffd}"], &[Some("\u{fffd}\u{fffd}\u{fffd}")]),
    ("00e282acff", &["\u{20ac}"], &[Some("\u{20ac}")]),
    ("ff00", &[], &[None]),
    ("ff000041ff", &["A"], &[None]),
    ("0041ffff000042ff", &["A", "B"], &[Some("A"), None]),
    ("ff80000041ff", &["A"], &[None]),
    ("ff8080800041ff", &[], &[None]),
    ("ff01aa0041ff", &["A"], &[Some("A")]),
    ("ff8001aa0041ff", &["A"], &[Some("A")]),
    ("808080808080808080000041ff", &["A"], &[Some("A")]),
];

/// L31, L32, L33, L34, L37, L40, L43, L44, H75-d, H75-e, H75-f, H75-g, H76-k, H76-n: the vectors, whole and
/// split, in both roles.
#[test]
fn frames_give_the_texts_of_the_vectors() {
    for (stream, in_75, in_76) in ROWS {
        let stream = hex(stream);
        for role in [Role::Server, Role::Client] {
            let seen = Wire::new(Version::Hixie75, role).config(limits()).eof().run(&stream);
            let events = in_75.iter().map(|row| text(row)).collect();
            let (state, closure) = (State::Closed, clean(Initiator::Remote));
            let expected = Transcript { events, out: vec![], error: None, state, closure, eof: Some(Ok(())) };
            assert_eq!(seen, expected, "{stream:02x?} in hixie-75");
            let seen = Wire::new(Version::Hixie76, role).config(limits()).eof().run(&stream);
            let events = in_76.iter().map(|row| row.map_or(CLOSE, text)).collect();
            let eof = ProtocolError::UnexpectedEof;
            let (out, closure, eof) = match in_76.last() {
                Some(None) => (hex("ff00"), clean(Initiator::Remote), Ok(())),
                _ => (Vec::new(), failed(eof, Initiator::Transport, false), Err(eof)),
            };
            let expected =
                Transcript { events, out, error: None, state: State::Closed, closure, eof: Some(eof) };
            assert_eq!(seen, expected, "{stream:02x?} in hixie-76");
        }
    }
}

/// L33, H75-e: a length of two bytes, followed by the declared number of bytes.
#[test]
fn frames_with_a_long_length_are_skipped() {
    let stream = [&hex("808100")[..], &[b'a'; 128], &hex("0041ff")].concat();
    for version in HIXIE {
        let seen = Wire::server(version).config(limits()).run(&stream);
        assert_eq!((seen.events, seen.state), (vec![text("A")], State::Open));
    }
}

/// L35, L36, L45: limits fail at the byte that decides, without a word, and everything later is dropped.
#[test]
fn limits_fail_at_the_byte_that_decides() {
    let too_long = |len| ProtocolError::FrameTooLong { limit: 1000, len };
    let text_too_long = ProtocolError::MessageTooLong { limit: 1000, len: 1001 };
    let rows = [
        (hex("80ffff"), too_long(16_383)),
        (hex("8087e9"), too_long(1001)),
        (hex("ff8769"), too_long(1001)),
        (hex("80 80808080808080808080"), too_long(1 << 63)),
        (hex("80 80808080808080808000"), too_long(1 << 63)),
        (hex("81 80808080808080808001"), too_long(1 << 63)),
        ([&[0][..], &[b'a'; 1001]].concat(), text_too_long),
        ([&[0][..], &[0xc3; 1001]].concat(), text_too_long),
    ];
    for (stream, error) in rows {
        for version in HIXIE {
            let wire = Wire::server(version).config(limits());
            let early = wire.run(&stream[..stream.len() - 1]);
            assert_eq!((early.error, early.state), (None, State::Open), "one byte earlier");
            for stream in [&stream[..], &[&stream[..], &hex("ffffff7fff0042ff")].concat()] {
                let stream = [&hex("0041ff"), stream].concat();
                let expected = Transcript {
                    events: vec![text("A")],
                    out: Vec::new(),
                    error: Some(error),
                    state: State::Draining,
                    closure: failed(error, Initiator::Local, false),
                    eof: None,
                };
                assert_eq!(wire.run(&stream), expected, "{stream:02x?}");
                let ended = wire.clone().eof().run(&stream);
                assert_eq!((ended.eof, ended.state), (Some(Err(error)), State::Closed));
            }
        }
    }
}

/// L35, L36: data at the limit is accepted.
#[test]
fn limits_that_are_reached_pass() {
    let whole = [&[0][..], &[b'a'; 1000], &[0xff]].concat();
    let skipped = [&hex("808768")[..], &[0xff; 1000]].concat();
    for version in HIXIE {
        let wire = Wire::server(version).config(limits());
        let seen = wire.run(&[&whole[..], &skipped, &hex("0041ff")].concat());
        assert_eq!(seen.events, [text(&"a".repeat(1000)), text("A")]);
        let none = Wire::server(version).config(Config::new().max_message_len(0).max_frame_len(0));
        assert_eq!(none.run(&hex("00ff 8000 8080 00")).events, [text("")]);
        let error = ProtocolError::MessageTooLong { limit: 0, len: 1 };
        assert_eq!(none.run(&hex("0041")).error, Some(error));
        let all = Wire::server(version).config(Config::new().max_frame_len(u64::MAX));
        let error = ProtocolError::FrameTooLong { limit: u64::MAX >> 1, len: 1 << 63 };
        assert_eq!(all.run(&hex("80 ffffffffffffffff7f 00")).error, None, "63 bits");
        assert_eq!(all.run(&hex("80 ffffffffffffffffff 7f")).error, Some(error), "more");
    }
}

/// L43, L44: the end of the transport inside a frame discards its partial data.
#[test]
fn the_end_inside_a_frame_is_an_error() {
    let error = ProtocolError::UnexpectedEof;
    for stream in ["00", "0041", "66", "6641", "80", "8003aa", "81", "8087680041", "ff", "ff80"] {
        for version in HIXIE {
            let seen = Wire::server(version).config(limits()).eof().run(&hex(stream));
            assert_eq!((seen.eof, seen.error, &seen.out[..]), (Some(Err(error)), None, &[][..]));
            assert_eq!(seen.closure, failed(error, Initiator::Transport, true), "{stream} in {version:?}");
        }
    }
}

/// L31, L38, L46, H75-d, H75-h: text is sent between 00 and FF, unmasked by both roles, and nothing else is
/// sent.
#[test]
fn only_text_is_sent() {
    for version in HIXIE {
        for role in [Role::Server, Role::Client] {
            let mut connection = Wire::new(version, role).connection();
            let mut out = Vec::new();
            connection.send_text("Hello", &mut out).unwrap();
            connection.send_text("", &mut out).unwrap();
            connection.send_text("A\0\u{20ac}", &mut out).unwrap();
            assert_eq!(out, hex("0048656c6c6fff 00ff 004100e282acff"));
            refuses_all_but_text(&mut connection);
            assert_eq!((connection.state(), connection.role()), (State::Open, role));
            assert_eq!((connection.version(), connection.close_outcome()), (version, None));
            connection.send_close(None, &mut Vec::new()).unwrap();
            refuses_all_but_text(&mut connection);
            assert_eq!(connection.into_core().unwrap_err().version(), version);
        }
    }
}

fn refuses_all_but_text(connection: &mut Connection) {
    let mut out = Vec::new();
    let unsupported = Err(SendError::Unsupported);
    assert_eq!(connection.send_binary(b"x", &mut out), unsupported);
    assert_eq!(connection.send_text_fragment("x", true, &mut out), unsupported);
    assert_eq!(connection.send_binary_fragment(b"x", false, &mut out), unsupported);
    assert_eq!(connection.send_ping(b"", &mut out), unsupported); // L46
    assert_eq!(connection.send_pong(b"", &mut out), unsupported);
    let header = connection.send_header(OpCode::Text, true, 0, &mut out);
    assert_eq!((header, &out[..]), (Err(SendError::Unsupported), &[][..]));
}

/// L39: messages are complete in any configuration, and borrowed from the input if it contains them entirely.
#[test]
fn messages_are_delivered_as_a_whole() {
    let long = prose(5000);
    let stream = [&[0][..], long.as_bytes(), &[0xff]].concat();
    for version in HIXIE {
        let chunks = Wire::server(version).config(Config::new().delivery(Delivery::Chunks));
        assert_eq!(chunks.run(&stream).events, [text(&long)]);

        let mut connection = Wire::server(version).connection();
        let mut bytes = stream.clone();
        let event = connection.receive(&mut Input::new(&mut bytes), &mut Vec::new()).unwrap();
        let Some(Event::Text(std::borrow::Cow::Borrowed(borrowed))) = event else { panic!("{event:?}") };
        assert_eq!(borrowed, long);

        let mut bytes = hex("0041");
        let mut input = Input::retained(&mut bytes, 100);
        assert_eq!(connection.receive(&mut input, &mut Vec::new()), Ok(None));
        assert!(input.is_empty(), "nothing is retained");
    }
}

/// L37: the replacement of invalid UTF-8 does not depend on the split.
#[test]
fn invalid_text_is_replaced_as_the_standard_library_does() {
    for len in [1, 2, 3, 64, 700] {
        let bytes: Vec<u8> = noise(len).into_iter().filter(|byte| *byte != 0xff).collect();
        let stream = [&[0][..], &bytes, &[0xff]].concat();
        let seen = Wire::server(Version::Hixie76).run(&stream);
        assert_eq!(seen.events, [text(&String::from_utf8_lossy(&bytes))]);
    }
}

/// L40, H76-l: the peer's closing handshake is answered once, at once or by the application.
#[test]
fn the_peers_closing_handshake_is_answered_once() {
    let stream = hex("0041ff ff00 0042ff ff00");
    let seen = Wire::server(Version::Hixie76).eof().run(&stream);
    let out = hex("ff00");
    let closure = clean(Initiator::Remote);
    let events = vec![text("A"), CLOSE];
    let expected = Transcript { events, out, error: None, state: State::Closed, closure, eof: Some(Ok(())) };
    assert_eq!(seen, expected);

    let manual = Wire::server(Version::Hixie76).config(Config::new().auto_close(false));
    let waiting = manual.run(&stream);
    assert_eq!((&waiting.events[..], &waiting.out[..]), (&expected.events[..], &[][..]));
    assert_eq!((waiting.state, waiting.closure), (State::Closing, None));
    let answered = manual.eof().at(5, |connection, out| {
        connection.send_text("last", out).unwrap();
        connection.send_close(CloseCode::NORMAL, out).unwrap();
        assert_eq!(connection.state(), State::Draining);
        assert_eq!(connection.send_close(None, out), Err(SendError::ConnectionClosing));
    });
    let seen = answered.run(&stream);
    assert_eq!(seen.out, hex("006c617374ff ff00"));
    assert_eq!((seen.eof, seen.closure), (Some(Ok(())), clean(Initiator::Remote)));
}

/// L41, L42, L43, H76-m: our closing handshake has no code, is sent once, and messages still arrive until it
/// is answered.
#[test]
fn our_closing_handshake_is_sent_once() {
    let close = |connection: &mut Connection, out: &mut Vec<u8>| {
        let code = CloseCode::MANDATORY_EXTENSION; // a code that a server must not send in RFC 6455
        connection.send_close(code, out).unwrap();
        assert_eq!(connection.state(), State::Closing);
        assert_eq!(connection.send_close(None, out), Err(SendError::ConnectionClosing));
        assert_eq!(connection.send_text("x", out), Err(SendError::ConnectionClosing));
    };
    let stream = hex("0041ff 0042ff ff00 0043ff");
    let seen = Wire::server(Version::Hixie76).at(3, close).eof().run(&stream);
    assert_eq!(seen.events, [text("A"), text("B"), CLOSE]);
    assert_eq!((&seen.out[..], seen.eof), (&hex("ff00")[..], Some(Ok(()))));
    assert_eq!(seen.closure, clean(Initiator::Local));

    let quiet = Config::new().deliver_while_closing(false);
    let seen = Wire::server(Version::Hixie76).config(quiet).at(3, close).eof().run(&stream);
    assert_eq!(seen.events, [text("A"), CLOSE]);

    let error = ProtocolError::UnexpectedEof;
    let seen = Wire::server(Version::Hixie76).at(3, close).eof().run(&hex("0041ff 0042ff"));
    assert_eq!(seen.events, [text("A"), text("B")]);
    assert_eq!((seen.eof, seen.state), (Some(Err(error)), State::Closed));
    assert_eq!(seen.closure, failed(error, Initiator::Local, false)); // L43
}

/// L44, H75-h: in hixie-75 closing is ending the transport.
#[test]
fn closing_hixie_75_sends_nothing() {
    let close = |connection: &mut Connection, out: &mut Vec<u8>| {
        connection.send_close(common::close(1000, "done"), out).unwrap();
        assert_eq!(connection.state(), State::Draining);
        assert_eq!(connection.send_close(None, out), Err(SendError::ConnectionClosing));
        assert_eq!(connection.send_text("x", out), Err(SendError::ConnectionClosing));
    };
    let seen = Wire::server(Version::Hixie75).at(3, close).run(&hex("0041ff 0042ff"));
    assert_eq!((&seen.events[..], &seen.out[..]), (&[text("A")][..], &[][..]));
    assert_eq!((seen.state, seen.closure), (State::Draining, clean(Initiator::Local)));
    let seen = Wire::server(Version::Hixie75).at(3, close).eof().run(&hex("0041ff 0042"));
    assert_eq!((seen.eof, seen.closure), (Some(Ok(())), clean(Initiator::Local)));

    let inside = Wire::server(Version::Hixie75).at(2, close).eof().run(&hex("0041ff"));
    let interrupted = clean(Initiator::Local).map(|ended| Ended { interrupted: true, ..ended });
    assert_eq!((inside.events, inside.closure), (vec![], interrupted));
}

/// L46: a timeout ends the connection without a frame.
#[test]
fn timeouts_end_a_connection_without_a_word() {
    let time_out = |connection: &mut Connection, out: &mut Vec<u8>| {
        connection.time_out(Timeout::Idle, out);
        connection.time_out(Timeout::Pong, out);
        assert_eq!(connection.send_text("x", out), Err(SendError::ConnectionClosing));
    };
    let error = ProtocolError::TimedOut(Timeout::Idle);
    for version in HIXIE {
        let seen = Wire::server(version).at(3, time_out).eof().run(&hex("0041ff 00"));
        assert_eq!((&seen.events[..], &seen.out[..], seen.error), (&[text("A")][..], &[][..], Some(error)));
        assert_eq!((seen.eof, seen.closure), (Some(Err(error)), failed(error, Initiator::Local, false)));
    }
    let mut current = Wire::server(Version::Hybi8).connection();
    let mut out = Vec::new();
    current.time_out(Timeout::Idle, &mut out);
    assert_eq!((current.state(), out.first()), (State::Draining, Some(&0x88)));
}

/// L47, L51, HY8-d, HY8-e, HY8-f, HY8-g: versions 7, 8 and 13 are the connection of the crate.
#[test]
fn newer_versions_have_the_frames_of_rfc_6455() {
    let stream = hex("818537fa213d7f9f4d5158 898037fa213d 888237fa213d3412");
    for version in [Version::Hybi7, Version::Hybi8, Version::Rfc6455] {
        let seen = Wire::server(version).run(&stream);
        let events = [text("Hello"), common::ping(b""), closed(1000, "")];
        assert_eq!((&seen.events[..], seen.out), (&events[..], hex("8a00 880203e8")));
        let core = Wire::server(version).connection().into_core().unwrap();
        assert_eq!((core.role(), core.state()), (Role::Server, State::Open));

        let mut client = Wire::new(version, Role::Client).connection();
        let mut out = Vec::new();
        client.send_binary(b"x", &mut out).unwrap();
        client.send_text_fragment("x", true, &mut out).unwrap();
        assert_eq!((out[0], out[1], out.len()), (0x82, 0x81, 14));
        assert_eq!(client.role(), Role::Client);
        assert_eq!(client.receive_eof(), Err(ProtocolError::UnexpectedEof));
        assert_eq!(client.close_outcome().unwrap().code, 1006);

        for (stream, error) in [
            ("8105 48656c6c6f", ProtocolError::UnmaskedFrame),
            ("81fe0001 37fa213d 7f", ProtocolError::NonMinimalLength),
            ("c181 37fa213d 7f", ProtocolError::ReservedBits),
            ("8181 37fa213d f7", ProtocolError::InvalidUtf8),
            ("8882 37fa213d 3416", ProtocolError::InvalidCloseCode(1004)),
        ] {
            assert_eq!(Wire::server(version).run(&hex(stream)).error, Some(error), "{stream}");
        }
    }
}
