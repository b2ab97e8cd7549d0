//! The grammar of headers, the same for both roles (RFC 6455, 4.3 and 9.1; RFC 9110, 5.6).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "common/handshake.rs"]
mod common;

use common::{Head, connect, opened, response, serve, show};
use sansocket::{
    Input, client,
    handshake::{Extension, HandshakeError, HandshakeLimits},
};

const HEADER: &str = "Sec-WebSocket-Extensions";

/// The lines of a header, and the elements in the form of [`show`].
const VALID: &[(&[&str], &[&str])] = &[
    (&["foo"], &["foo"]),
    (&["foo, bar; baz=2"], &["foo", "bar baz=2"]),
    (&["foo;a;b=1 , foo"], &["foo a b=1", "foo"]),
    (&["foo; a=\"1\""], &["foo a=1"]),
    (&["foo; a=\"1\\0\""], &["foo a=10"]),
    (&["foo; a=\"\\1\\0\" ;b"], &["foo a=10 b"]),
    (&["foo; a = 1"], &["foo a=1"]),
    (&["foo; a =\t\"1\" , bar"], &["foo a=1", "bar"]),
    (&["foo ;a"], &["foo a"]),
    (&[",foo,,bar,"], &["foo", "bar"]),
    (&[" , foo"], &["foo"]),
    (&["foo", "bar; baz=2"], &["foo", "bar baz=2"]),
    (&["foo,", "", ", bar"], &["foo", "bar"]),
    (&["foo; a; a"], &["foo a a"]),
    (&["foo; a=1; A=2"], &["foo a=1 A=2"]),
    (
        &["permessage-deflate ; client_max_window_bits = 10"],
        &["permessage-deflate client_max_window_bits=10"],
    ),
    (&["constructor"], &["constructor"]),
];

const INVALID: &[&[&str]] = &[
    &[""],
    &["", ""],
    &[","],
    &[";"],
    &[";;"],
    &[",;constructor"],
    &["foo;"],
    &["foo;", "bar"],
    &["foo; ;a"],
    &["a;;b"],
    &["permessage-deflate;;a"],
    &["foo bar"],
    &["foo; a b"],
    &["foo; a=1 b"],
    &["foo; a="],
    &["foo; a=,bar"],
    &["foo; =1"],
    &["a="],
    &["=a"],
    &["foo; a=b=c"],
    &["foo; a=\"\""],
    &["foo; a=\"b c\""],
    &["foo; a=\"b,c\""],
    &["foo; a=\"b;c\""],
    &["foo; a=\"b\"c"],
    &["foo; a=b\"c\""],
    &["foo; a=\"b"],
    &["foo; a=\"b", "c\""],
    &["foo; a=\"b\\\""],
    &["foo; a=\"b\\"],
    &["foo; a=\"b\\\\\""],
    &["foo; a=\"\\,\""],
    &["foo; a=\""],
    &["\"foo\""],
    &["f(o)o"],
    &["foo; a=f(o)o"],
    &["fo\u{f6}"],
    &["foo; a=\u{f6}"],
    &["foo, b\u{e4}r"],
    &["foo; permessage-deflate; client_max_window_bits=\"\""],
];

fn with_lines(head: Head, lines: &[&str]) -> Vec<u8> {
    lines.iter().fold(head, |head, line| head.add(HEADER, line)).bytes()
}

#[test]
fn a_server_reads_offers_over_all_lines() {
    // R6455-4.2.1-9, R6455-4.3-c, R6455-4.3-d, R6455-4.3-h, R6455-9.1-b, R6455-9.1-f, R6455-11.3.2-a,
    // R9110-5.3-a, R9110-5.6.4-a
    for (lines, elements) in VALID {
        let run = serve(&with_lines(Head::request(), lines), HandshakeLimits::new());
        let seen = run.result.unwrap_or_else(|error| panic!("{lines:?}: {error}")).unwrap();
        assert_eq!(seen.extensions, *elements, "{lines:?}");
    }
}

#[test]
fn a_server_answers_no_extension_that_it_does_not_know() {
    // R6455-4.2.2-4x1, R6455-4.2.2-4x2, R6455-4.2.2-4x3, R6455-9-b, R6455-9-c
    for (lines, _) in VALID {
        let run = serve(&with_lines(Head::request(), lines), HandshakeLimits::new());
        assert!(!String::from_utf8(run.out).unwrap().contains("Extensions"), "{lines:?}");
    }
}

#[test]
fn a_server_refuses_malformed_offers_even_of_unknown_extensions() {
    // R6455-4.3-c, R6455-4.3-d, R6455-9.1-a, R9110-5.6.4-a
    for lines in INVALID {
        let run = serve(&with_lines(Head::request(), lines), HandshakeLimits::new());
        assert_eq!(run.result, Err(HandshakeError::InvalidExtensions), "{lines:?}");
        assert_eq!(run.out, b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    }
}

#[test]
fn a_client_reads_the_same_grammar() {
    // R6455-4.2.2-56, R6455-4.3-c, R6455-9.1-a, R6455-9.1-b, R6455-11.3.2-b
    let request = ["foo", "bar", "permessage-deflate", "constructor"]
        .iter()
        .fold(client::Request::new("ws://h/").unwrap(), |request, offer| request.extension(offer));
    for (lines, elements) in VALID {
        let run = connect(&request, &with_lines(response(), lines));
        // RFC 6455, 4.1, and RFC 7692, 5: a server does not select one twice.
        if *elements == ["foo a b=1", "foo"] {
            assert_eq!(run.result, Err(HandshakeError::UnexpectedExtension.into()));
            continue;
        }
        let response = run.result.unwrap_or_else(|error| panic!("{lines:?}: {error}")).unwrap();
        assert_eq!(response.extensions().map(|one| show(&one)).collect::<Vec<_>>(), *elements, "{lines:?}");
    }
    for lines in INVALID {
        let run = connect(&request, &with_lines(response(), lines));
        // The first violation is reported, whether in the grammar or in the selection.
        assert_eq!(run.result, Err(HandshakeError::InvalidExtensions.into()), "{lines:?}");
    }
}

#[test]
fn a_client_offers_only_valid_extensions() {
    // R6455-9-d
    for (lines, _) in VALID {
        let offer = lines.join(",");
        let request = client::Request::new("ws://h/").unwrap().extension(&offer);
        let mut out = Vec::new();
        if offer.split(',').any(|element| element.trim().is_empty()) {
            // R9110-5.6.1-a: empty elements are ignored when received and never sent.
            let error = client::Handshake::new(&request, [0; 32], &mut out).unwrap_err();
            assert_eq!((error, out.len()), (client::RequestError::InvalidExtension, 0), "{offer}");
            continue;
        }
        client::Handshake::new(&request, [0; 32], &mut out).unwrap();
        let head = String::from_utf8(out).unwrap();
        assert!(head.contains(&format!("\r\n{HEADER}: {offer}\r\n")), "{head}");
    }
    for lines in INVALID {
        let offer = lines.join(",");
        let request = client::Request::new("ws://h/").unwrap().extension(&offer);
        let mut out = Vec::new();
        let error = client::Handshake::new(&request, [0; 32], &mut out).unwrap_err();
        assert_eq!((error, out.len()), (client::RequestError::InvalidExtension, 0), "{offer}");
    }
}

#[test]
fn a_token_is_made_of_the_characters_of_rfc_9110() {
    // R9110-5.1-a, R9110-5.6.2-a
    for byte in 0..=255_u8 {
        let is_token = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let value = [b'a', byte, b'b'];
        let run =
            serve(&Head::request().add("Sec-WebSocket-Protocol", value).bytes(), HandshakeLimits::new());
        let expected = match byte {
            b'\n' | b'\r' => Err(HandshakeError::InvalidLineEnding),
            b'\t' => Err(HandshakeError::InvalidSubprotocols),
            _ if byte.is_ascii_control() => Err(HandshakeError::ControlCharacter),
            b',' => Ok(vec!["a".to_owned(), "b".to_owned()]),
            _ if is_token => Ok(vec![String::from_utf8(value.to_vec()).unwrap()]),
            _ => Err(HandshakeError::InvalidSubprotocols),
        };
        assert_eq!(run.result.map(|seen| seen.unwrap().subprotocols), expected, "{byte:#x}");
        let name = serve(&Head::request().add(value, "x").bytes(), HandshakeLimits::new());
        assert_eq!(name.result.is_ok(), is_token || byte == b':', "{byte:#x}");
    }
}

#[test]
fn a_name_that_is_as_long_as_one_of_ours_is_not_ours() {
    const DECOYS: [&str; 12] = [
        "Date",
        "Expect",
        "Trailer",
        "User-Agent",
        "Content-Langua",
        "Sec-WebSocket-Kay",
        "Transfer-Encodinx",
        "Sec-WebSocket-Accepx",
        "Sec-WebSocket-Versiox",
        "Sec-WebSocket-Protocox",
        "Sec-WebSocket-Extensionx",
        "Content-Lengtx",
    ];
    let mut head = Head::request();
    let mut answer = response();
    for decoy in DECOYS {
        head = head.add(decoy, "b@d, (value").add(decoy, ";");
        answer = answer.add(decoy, "b@d, (value").add(decoy, ";");
    }
    let seen = opened(&head.bytes());
    assert_eq!((seen.subprotocols.len(), seen.extensions.len(), seen.origin), (0, 0, None));
    let run = connect(&client::Request::new("ws://h/").unwrap(), &answer.bytes());
    assert!(run.result.unwrap().is_some());
    // Nor do they replace a missing header.
    for name in ["Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"] {
        assert!(serve(&head.clone().without(name).bytes(), HandshakeLimits::new()).result.is_err(), "{name}");
    }
}

#[test]
fn a_list_may_have_sixteen_empty_elements() {
    for (empty, accepted) in [(15, true), (16, true), (17, false), (40, false)] {
        for (name, token) in [("Connection", "Upgrade"), ("Upgrade", "websocket")] {
            let head = Head::request().set(name, format!("{}{token}", ",".repeat(empty)));
            let run = serve(&head.bytes(), HandshakeLimits::new());
            assert_eq!(run.result.is_ok_and(|seen| seen.is_some()), accepted, "{name}, {empty}");
        }
    }
}

#[test]
fn extensions_can_be_read_from_the_values_of_any_http_stack() {
    let values: [&[u8]; 2] = [b"a; b=c, d", b" e ; f=\"g\""];
    let read: Result<Vec<_>, _> = Extension::parse_all(values).collect();
    assert_eq!(read.unwrap().iter().map(show).collect::<Vec<_>>(), ["a b=c", "d", "e f=g"]);
    assert_eq!(Extension::parse_all::<str>([]).count(), 0);
    for malformed in ["", ",", "a;", "a, b c"] {
        let last = Extension::parse_all([malformed]).last();
        assert_eq!(last, Some(Err(HandshakeError::InvalidExtensions)), "{malformed:?}");
    }
}

/// Each byte of version and status, and the one after them, is valid or fails at once.
#[test]
fn a_wrong_byte_in_a_status_line_is_the_violation() {
    for line in [b"HTTP/1.1 401 ", b"HTTP/1.1 101 ", b"HTTP/1.1 100 "] {
        for (at, right) in line.iter().enumerate() {
            for byte in *b"\t \rx/\xff" {
                if byte == *right || (at, byte) == (12, b'\r') {
                    continue;
                }
                let mut bytes = [&line[..], b"No\r\n\r\n"].concat();
                bytes[at] = byte;
                let error =
                    if at < 5 { HandshakeError::NotHttp } else { HandshakeError::MalformedStatusLine };
                let request = client::Request::new("ws://h/").unwrap();
                let run = connect(&request, &bytes);
                assert_eq!(run.result, Err(error.into()), "{byte:#x} at {at}");
                // No further byte is needed, and this one is the last to be inspected.
                let mut handshake = client::Handshake::new(&request, [7; 32], &mut Vec::new()).unwrap();
                let result = handshake.receive(&mut Input::new(&mut bytes[..=at])).map(drop);
                assert_eq!(result, Err(error.into()), "{byte:#x} at {at}");
                assert_eq!(handshake.first_bytes().as_bytes(), &bytes[..=at]);
            }
        }
    }
}
