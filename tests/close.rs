//! The body of a Close frame: close codes and reasons, received and sent (RFC 6455, 5.5.1 and 7.4).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{
    BOTH, Bench, CLOSE, Ended, KEY, Transcript, close, close_body, closed, frame, header_to, hex, masked,
    sent, to,
};
use sansocket::{
    Close, CloseCode, Config, Connection, Event, Initiator, Input, MAX_REASON_LEN, ProtocolError, SendError,
    State, frame::Role,
};

/// The expected result after a Close that the peer sent first and that was answered.
fn answered(event: Event<'static>, out: &[u8], code: u16, reason: &str) -> Transcript {
    let closure = Ended {
        code,
        reason: reason.to_owned(),
        clean: true,
        initiator: Initiator::Remote,
        interrupted: false,
        error: None,
    };
    Transcript {
        events: vec![event],
        out: out.to_vec(),
        error: None,
        state: State::Draining,
        closure: Some(closure),
        eof: None,
    }
}

/// The codes that may appear in a Close frame, as a second list.
fn is_code(code: u16) -> bool {
    const PROTOCOL: [u16; 12] = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    PROTOCOL.contains(&code) || code / 1000 == 3 || code / 1000 == 4
}

#[test]
fn a_close_is_delivered_and_answered_with_the_same() {
    // R6455-5.5.1-a, R6455-5.5.1-c, R6455-5.5.1-e, R6455-5.5.1-g, R6455-5.5.1-h, R6455-5.5.1-j,
    // R6455-7.1.5-a, R6455-7.1.5-b, R6455-7.1.6-a, WHATWG-4-d
    for role in BOTH {
        let bench = Bench::new(role);
        let empty = answered(Event::Close(None), &hex("8800"), 1005, "");
        assert_eq!(bench.run(&to(role, CLOSE, b"")), empty);
        let reasons = ["", "bye", "κόσμε", "\u{feff}x", "\u{0}", &"r".repeat(MAX_REASON_LEN)];
        for code in [1000, 1001, 3000, 4999] {
            for reason in reasons {
                let body = close_body(code, reason.as_bytes());
                let expected = answered(closed(code, reason), &frame(CLOSE, None, &body), code, reason);
                assert_eq!(bench.run(&to(role, CLOSE, &body)), expected, "{code} {reason:?}");
            }
        }
    }
    for (stream, out) in [
        ("888037fa213d", "8800"),
        ("888237fa213d3412", "880203e8"),
        ("888537fa213d3413434452", "880503e9627965"),
        ("888237fa213d3410", "880203ea"),
        ("888637fa213d3412ce868882", "880603e8efbbbf78"),
    ] {
        assert_eq!(Bench::server().run(&hex(stream)).out, hex(out), "{stream}");
    }
}

#[test]
fn a_close_with_one_byte_is_a_protocol_error() {
    // R6455-5.5.1-b
    for role in BOTH {
        let stream = &to(role, CLOSE, b"\x03")[..2];
        Bench::new(role).fails_at_the_end(stream, ProtocolError::TruncatedCloseCode, &[], b"");
        assert_eq!(Close::decode(b"\x03"), Err(ProtocolError::TruncatedCloseCode));
    }
}

#[test]
fn an_invalid_close_body_fails_at_the_first_offending_byte() {
    // IANA-CC-1015, R6455-7.4.1-1004, R6455-7.4.1-1005, R6455-7.4.1-1006, R6455-7.4.1-1015
    // R6455-5.5.1-c, R6455-8.1-a; the code is checked before the reason.
    let code = ProtocolError::InvalidCloseCode;
    let cases: [(&str, usize, ProtocolError); 13] = [
        ("0000", 2, code(0)),
        ("03e7", 2, code(999)),
        ("03ec", 2, code(1004)),
        ("03ecff", 2, code(1004)),
        ("03ed", 2, code(1005)),
        ("03ee", 2, code(1006)),
        ("03f7627965", 2, code(1015)),
        ("ffffff", 2, code(65_535)),
        ("03e8ff", 3, ProtocolError::InvalidCloseReason),
        ("03e8cebaeda080", 6, ProtocolError::InvalidCloseReason),
        ("03e8ceba41c0af41414141", 6, ProtocolError::InvalidCloseReason),
        ("03e8e282", 4, ProtocolError::InvalidCloseReason),
        ("03e8f09f98", 5, ProtocolError::InvalidCloseReason),
    ];
    for (body, fault, error) in cases {
        let body = hex(body);
        assert_eq!(Close::decode(&body), Err(error), "{body:02x?}");
        for role in BOTH {
            let stream = to(role, CLOSE, &body);
            let end = stream.len() - body.len() + fault;
            Bench::new(role).fails_at_the_end(&stream[..end], error, &[], b"");
        }
    }
    for (stream, error) in [
        ("888737fa213d3412ef87da5aa1", ProtocolError::InvalidCloseReason),
        ("888437fa213d3412c3bf", ProtocolError::InvalidCloseReason),
        ("888337fa213d3416de", code(1004)),
        ("88fe", ProtocolError::ControlFrameTooLong),
    ] {
        assert_eq!(Bench::server().run(&hex(stream)).error, Some(error), "{stream}");
    }
}

#[test]
fn a_reason_of_123_bytes_fits_and_one_of_124_does_not() {
    // R6455-5.5-a, R6455-5.5.1-c, WHATWG-3.3-b
    assert_eq!(MAX_REASON_LEN, 123);
    let reason = "r".repeat(123);
    let fits = Close::new(CloseCode::NORMAL, &reason[..]).unwrap();
    assert_eq!((fits.code(), fits.reason()), (CloseCode::NORMAL, &reason[..]));
    for role in BOTH {
        let body = close_body(1000, reason.as_bytes());
        assert_eq!(Bench::new(role).run(&to(role, CLOSE, &body)).error, None);
        let stream = &header_to(role, CLOSE, 126)[..2];
        Bench::new(role).fails_at_the_end(stream, ProtocolError::ControlFrameTooLong, &[], b"");
    }
    let long = "r".repeat(124);
    let error = Close::new(CloseCode::NORMAL, &long[..]).unwrap_err();
    assert_eq!(error.len(), 124);
    // Bytes count, not characters.
    assert_eq!(Close::new(CloseCode::NORMAL, "€".repeat(42)).unwrap_err().len(), 126);
    assert!(Close::new(CloseCode::NORMAL, "€".repeat(41)).is_ok());
    assert_eq!(Close::new(CloseCode::NORMAL, "é".repeat(62)).unwrap_err().len(), 124);
}

#[test]
fn a_status_code_is_received_exactly_if_it_may_be_sent() {
    // IANA-CC-3xxx, IANA-CC-1012, IANA-CC-1013, IANA-CC-1014, IANA-CC-1016, IANA-CC-3000, IANA-CC-3003,
    // IANA-CC-3008, R6455-7.4.1-1000, R6455-7.4.1-1001, R6455-7.4.1-1002, R6455-7.4.1-1003, R6455-7.4.1-1011,
    // R6455-7.4.2-0, R6455-7.4.2-1, R6455-7.4.2-3, R6455-7.4.2-4, R6455-7.4.2-5
    for code in 0..=u16::MAX {
        let mut stream = to(Role::Server, CLOSE, &close_body(code, b""));
        let mut connection = Connection::server(Config::new());
        let mut out = Vec::new();
        let result = connection.receive(&mut Input::new(&mut stream), &mut out);
        if is_code(code) {
            assert_eq!(result, Ok(Some(closed(code, ""))), "{code}");
            assert_eq!(out, frame(CLOSE, None, &code.to_be_bytes()), "{code}");
            assert_eq!(connection.close_outcome().unwrap().code, code);
        } else {
            assert_eq!(result, Err(ProtocolError::InvalidCloseCode(code)), "{code}");
            assert_eq!(out, hex("880203ea"), "{code}");
            assert_eq!(connection.close_outcome().unwrap().code, 1006);
        }
        assert_eq!(connection.state(), State::Draining, "{code}");
    }
    for code in [0, 999, 1000, 1003, 1004, 1006, 1010, 1014, 1015, 1016, 2999, 3000, 4999, 5000] {
        for role in BOTH {
            let seen = Bench::new(role).run(&to(role, CLOSE, &close_body(code, b"x")));
            assert_eq!(seen.error.is_none(), is_code(code), "{code} to a {role:?}");
        }
    }
}

#[test]
fn a_status_code_that_must_not_be_sent_cannot_be_made() {
    // IANA-CC-3xxx, IANA-CC-1012, IANA-CC-1013, IANA-CC-1014, IANA-CC-1015, IANA-CC-1016, IANA-CC-3000,
    // IANA-CC-3003, IANA-CC-3008, R6455-4.1-5b, R6455-7.4.1-1000, R6455-7.4.1-1001, R6455-7.4.1-1004,
    // R6455-7.4.1-1005, R6455-7.4.1-1006, R6455-7.4.1-1011, R6455-7.4.1-1015, R6455-7.4.2-0, R6455-7.4.2-1,
    // R6455-7.4.2-3, R6455-7.4.2-4, R6455-7.4.2-5
    for code in 0..=u16::MAX {
        let made = CloseCode::new(code);
        assert_eq!(made.is_some(), is_code(code), "{code}");
        assert_eq!(made.map(CloseCode::get), is_code(code).then_some(code));
        match CloseCode::try_from(code) {
            Ok(made) => assert_eq!((Some(made), u16::from(made)), (CloseCode::new(code), code)),
            Err(error) => assert_eq!((made, error.code()), (None, code)),
        }
    }
    let named = [
        (CloseCode::NORMAL, 1000),
        (CloseCode::GOING_AWAY, 1001),
        (CloseCode::PROTOCOL_ERROR, 1002),
        (CloseCode::UNSUPPORTED_DATA, 1003),
        (CloseCode::INVALID_PAYLOAD, 1007),
        (CloseCode::POLICY_VIOLATION, 1008),
        (CloseCode::MESSAGE_TOO_BIG, 1009),
        (CloseCode::MANDATORY_EXTENSION, 1010),
        (CloseCode::INTERNAL_ERROR, 1011),
        (CloseCode::SERVICE_RESTART, 1012),
        (CloseCode::TRY_AGAIN_LATER, 1013),
        (CloseCode::BAD_GATEWAY, 1014),
    ];
    for (code, number) in named {
        assert_eq!((code.get(), code.to_string()), (number, number.to_string()));
    }
}

#[test]
fn a_close_is_sent_with_its_code_and_reason() {
    // R6455-5.5.1-e, R6455-7.1.2-a, R6455-7.3-a, R6455-7.3-c, R6455-7.4-a, WHATWG-3.2-b, WHATWG-3.3-e,
    // WHATWG-3.3-f, WHATWG-3.3-g
    for role in BOTH {
        for code in (0..=u16::MAX).filter_map(CloseCode::new) {
            let mut connection = Bench::new(role).connection();
            let mut out = b"before".to_vec();
            let result = connection.send_close(code, &mut out);
            if code == CloseCode::MANDATORY_EXTENSION && role == Role::Server {
                // R6455-7.4.1-1010c
                assert_eq!((result, &out[..]), (Err(SendError::ClientOnlyCloseCode), &b"before"[..]));
                assert_eq!(connection.state(), State::Open);
                continue;
            }
            assert_eq!((result, &out[..6]), (Ok(()), &b"before"[..]), "{code}");
            let frames = sent(&out[6..]);
            assert_eq!(frames.len(), 1);
            assert_eq!((frames[0].first, &frames[0].payload[..]), (CLOSE, &code.get().to_be_bytes()[..]));
            assert_eq!(frames[0].key.is_some(), role == Role::Client);
            assert_eq!(connection.state(), State::Closing, "R6455-7.1.3-a");
            assert_eq!(connection.close_outcome(), None);
        }
    }
    let mut out = Vec::new();
    Connection::server(Config::new()).send_close(None, &mut out).unwrap();
    Connection::server(Config::new()).send_close(close(1001, "bye"), &mut out).unwrap();
    let reason = "r".repeat(123);
    Connection::server(Config::new()).send_close(close(4000, &reason), &mut out).unwrap();
    let expected = [hex("8800880503e9627965"), frame(CLOSE, None, &close_body(4000, reason.as_bytes()))];
    assert_eq!(out, expected.concat());
}

#[test]
fn a_close_outlives_the_bytes_that_it_was_read_from() {
    let mut body = close_body(1001, "κόσμε".as_bytes());
    let owned = Close::decode(&body).unwrap().unwrap().into_owned();
    body.fill(0);
    assert_eq!((owned.code(), owned.reason()), (CloseCode::GOING_AWAY, "κόσμε"));
    assert_eq!(Close::decode(b""), Ok(None));
    assert_eq!(Close::from(CloseCode::NORMAL), close(1000, ""));

    // The same in an event and in the outcome, if the frame arrived in pieces.
    let mut connection = Connection::server(Config::new());
    let mut seen = Vec::new();
    let body = close_body(1001, "κόσμε".as_bytes());
    let stream = [header_to(Role::Server, CLOSE, body.len() as u64), masked(&body, Some(KEY))].concat();
    for byte in stream {
        let mut read = [byte];
        let event = connection.receive(&mut Input::new(&mut read), &mut Vec::new()).unwrap();
        seen.extend(event.map(Event::into_owned));
    }
    assert_eq!(seen, [closed(1001, "κόσμε")]);
    assert_eq!(connection.close_outcome().unwrap().reason, "κόσμε");
}

#[test]
fn a_failure_reply_contains_no_data_of_the_peer() {
    // At most one Close, with a code alone, for any violation.
    let faults = ["83", "818137fa213dff", "8102", "888337fa213d3412ff", "827fff", "80", "89ff", "c1"];
    for fault in faults {
        let out = Bench::server().run(&hex(fault)).out;
        let frames = sent(&out);
        assert!(frames.len() <= 1, "{fault}");
        for frame in frames {
            assert_eq!((frame.first, frame.payload.len()), (CLOSE, 2), "{fault}");
        }
    }
}

#[test]
fn a_truncated_reason_is_the_longest_prefix_that_fits_and_ends_at_a_character() {
    for character in ["a", "é", "€", "🦀"] {
        for before in 0..5 {
            for count in [0, 1, 29, 30, 31, 40, 41, 42, 60, 61, 62, 119, 122, 123, 124, 500] {
                let reason = ["x".repeat(before), character.repeat(count)].concat();
                let close = Close::truncated(CloseCode::INTERNAL_ERROR, &reason);
                let kept = close.reason();
                assert!(kept.len() <= 123 && reason.starts_with(kept), "{reason}");
                let next = reason[kept.len()..].chars().next();
                assert!(next.is_none_or(|next| kept.len() + next.len_utf8() > 123), "{reason}");
                assert_eq!(Close::new(close.code(), kept).unwrap(), close);
            }
        }
    }
}
