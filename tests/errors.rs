//! The messages of errors: a distinct phrase that a person can act on for each cause.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fmt::Display};

use sansocket::{
    Close, CloseCode, Config, Connection, Event, Input, ProtocolError as P, SendError as S,
    client::{self, RequestError as R},
    handshake::HandshakeError as H,
    server::ResponseErrorKind as K,
    uri::UriError as U,
    utf8,
};

/// Returns the phrases of a type, after checking their form and that they differ.
fn phrases<E: Display>(errors: impl IntoIterator<Item = E>) -> BTreeSet<String> {
    let errors: Vec<String> = errors.into_iter().map(|error| error.to_string()).collect();
    let count = errors.len();
    let shown: BTreeSet<String> = errors.into_iter().collect();
    assert_eq!(shown.len(), count, "two causes say the same: {shown:#?}");
    for phrase in &shown {
        let first = phrase.chars().next().unwrap_or_else(|| panic!("a cause that says nothing"));
        assert!(
            !first.is_uppercase() || ["HTTP", "UTF-8", "URI"].iter().any(|name| phrase.starts_with(name)),
            "{phrase}"
        );
        assert!(phrase.len() > 15 && !phrase.ends_with('.') && !phrase.contains('\n'), "{phrase}");
    }
    shown
}

#[test]
fn every_protocol_error_has_a_distinct_message() {
    let shown = phrases([
        P::ReservedBits,
        P::ReservedOpcode(3),
        P::UnmaskedFrame,
        P::MaskedFrame,
        P::FragmentedControlFrame,
        P::ControlFrameTooLong,
        P::NonMinimalLength,
        P::LengthOutOfRange,
        P::UnexpectedContinuation,
        P::ExpectedContinuation,
        P::TruncatedCloseCode,
        P::InvalidCloseCode(1005),
        P::InvalidCloseReason,
        P::InvalidUtf8,
        P::InvalidDeflate,
        P::FrameTooLong { limit: 7, len: 9 },
        P::MessageTooLong { limit: 7, len: 9 },
        P::TooManyFragments { limit: 7 },
        P::TooManyControlFrames { limit: 7 },
        P::UnexpectedEof,
    ]);
    for part in [
        "compression was not negotiated",
        "opcode 3",
        "code 1005",
        "payload of 9 bytes",
        "limit of 7 bytes",
        "limit of 7 fragments",
    ] {
        assert!(shown.iter().any(|phrase| phrase.contains(part)), "{part}");
    }
}

#[test]
fn every_misuse_has_a_distinct_message() {
    phrases([
        S::ConnectionClosing,
        S::MessageInProgress,
        S::NoMessageInProgress,
        S::ControlPayloadTooLong,
        S::ControlFragment,
        S::PayloadTooLong,
        S::UseSendClose,
        S::CompressedMessage,
        S::ClientOnlyCloseCode,
    ]);
    phrases([
        K::InvalidStatus,
        K::BodyNotAllowed,
        K::InvalidHeaderName,
        K::InvalidHeaderValue,
        K::ReservedHeader,
        K::SubprotocolNotOffered,
    ]);
    phrases([R::InvalidHeaderName, R::InvalidHeaderValue, R::ReservedHeader, R::UnprintableOrigin]);
    phrases([
        U::InvalidScheme,
        U::InvalidAuthority,
        U::InvalidUserInfo,
        U::InvalidHost,
        U::InvalidPort,
        U::InvalidCharacter,
        U::NonAscii,
        U::UnexpectedFragment,
    ]);
    let code = CloseCode::try_from(1005).unwrap_err();
    assert_eq!(code.to_string(), "1005 is not a valid close code");
    let reason = Close::new(CloseCode::NORMAL, "x".repeat(124)).unwrap_err();
    assert!(reason.to_string().contains("124"), "{reason}");
    let fault = utf8::Decoder::new().decode(b"ab\xff").unwrap_err();
    assert_eq!(fault.to_string(), "text is not valid UTF-8 from byte 2 on");
}

#[test]
fn the_errors_of_the_handshake_have_distinct_messages() {
    let shown = phrases([
        H::ControlCharacter,
        H::InvalidLineEnding,
        H::StartLineTooLong { limit: 7 },
        H::HeaderLineTooLong { limit: 7 },
        H::HeadTooLong { limit: 7 },
        H::TooManyHeaders { limit: 7 },
        H::FoldedHeader,
        H::MalformedHeader,
        H::MalformedRequestLine,
        H::MalformedStatusLine,
        H::HttpVersionNotSupported,
        H::HttpVersionTooOld,
        H::LooksLikeTls,
        H::LooksLikeHttp2,
        H::NotHttp,
        H::InvalidMethod,
        H::InvalidTarget,
        H::InvalidHostHeader,
        H::InvalidContentLength,
        H::UnexpectedBody,
        H::MalformedUpgrade,
        H::MissingUpgrade,
        H::AlreadyComplete,
        H::IncompleteHandshake,
    ]);
    assert_eq!(shown.iter().filter(|phrase| phrase.contains('7')).count(), 4);
    assert_eq!(client::Error::from(H::IncompleteHandshake).to_string(), H::IncompleteHandshake.to_string());
    // An error that wraps another has the message of the inner one.
    for error in [sansocket::Error::from(P::InvalidUtf8), sansocket::Error::from(S::ConnectionClosing)] {
        assert!(!error.to_string().is_empty());
    }
    assert_eq!(sansocket::Error::from(P::InvalidUtf8).to_string(), P::InvalidUtf8.to_string());
}

#[cfg(feature = "legacy")]
#[test]
fn the_errors_of_the_old_versions_have_phrases() {
    phrases([S::ConnectionClosing, S::UseSendClose, S::Unsupported]);
    phrases([R::OriginRequired, R::UnsupportedByVersion, R::UnprintableOrigin]);
    let added =
        [H::InvalidChallenge, H::MissingOrigin, H::InvalidDigest, H::UnexpectedOrigin, H::UnexpectedLocation];
    phrases(added.into_iter().chain([H::InvalidOrigin, H::InvalidKey, H::InvalidAccept]));
    assert_eq!(added.map(|error| error.status()), [Some(400), Some(400), None, None, None]);
}

#[test]
fn every_error_of_the_handshake_has_the_status_that_fits() {
    for (status, errors) in [
        (Some(400), &[H::ControlCharacter, H::InvalidLineEnding, H::FoldedHeader, H::MalformedHeader][..]),
        (
            Some(400),
            &[H::MalformedRequestLine, H::NotHttp, H::LooksLikeTls, H::InvalidTarget, H::InvalidHostHeader],
        ),
        (Some(400), &[H::InvalidContentLength, H::UnexpectedBody, H::MalformedUpgrade, H::InvalidVersion]),
        (Some(400), &[H::InvalidKey, H::InvalidOrigin, H::InvalidSubprotocols, H::InvalidExtensions]),
        (Some(400), &[H::InvalidPseudoHeader, H::ConnectionSpecificHeader]),
        (Some(405), &[H::InvalidMethod]),
        (Some(414), &[H::StartLineTooLong { limit: 1 }]),
        (Some(426), &[H::MissingUpgrade, H::UnsupportedVersion, H::HttpVersionTooOld]),
        (
            Some(431),
            &[H::HeaderLineTooLong { limit: 1 }, H::HeadTooLong { limit: 1 }, H::TooManyHeaders { limit: 1 }],
        ),
        (Some(501), &[H::UnsupportedProtocol]),
        (Some(505), &[H::HttpVersionNotSupported, H::LooksLikeHttp2]),
        (
            None,
            &[H::MalformedStatusLine, H::TooManyInterimResponses, H::InvalidUpgrade, H::InvalidConnection],
        ),
        (None, &[H::InvalidAccept, H::UnexpectedSubprotocol, H::MissingSubprotocol, H::UnexpectedExtension]),
        (None, &[H::IncompleteHandshake, H::AlreadyComplete]),
    ] {
        for error in errors {
            assert_eq!(error.status(), status, "{error:?}");
        }
    }
}

#[test]
fn debug_output_shows_types_and_sizes_but_no_data() {
    let code = CloseCode::NORMAL;
    assert!(format!("{code:?}").contains("1000"));
    assert!(format!("{:?}", Close::new(code, "bye").unwrap()).contains("bye"));
    // Maximum sizes: half a message, half a control frame, and the generator of masking keys.
    let mut client = Connection::client(Config::new(), [7; 32]);
    let shown = format!("{client:?}");
    assert!(shown.contains("Entropy") && !shown.contains("[7, 7"), "{shown}");
    assert!(client.receive(&mut Input::new(&mut b"\x82\x05sec".to_vec()), &mut Vec::new()).is_ok());
    let shown = format!("{client:?}");
    assert!(shown.contains("Binary(3 bytes)") && !shown.contains("sec"), "{shown}");
    let mut server = Connection::server(Config::new());
    assert!(server.receive(&mut Input::new(&mut [0x89, 0x85, 0, 0, 0, 0, b'p']), &mut Vec::new()).is_ok());
    assert!(format!("{server:?}").contains("Control(1 bytes)"));
}

#[test]
fn input_is_made_of_a_slice() {
    let mut bytes = *b"abc";
    let input = Input::from(&mut bytes[..]);
    assert_eq!((input.remaining(), input.len(), input.is_empty()), (&b"abc"[..], 3, false));
    assert!(Input::default().is_empty());
}

#[test]
fn closes_are_equal_if_code_and_reason_are() {
    let close = |code, reason| Close::new(CloseCode::new(code).unwrap(), reason).unwrap();
    assert_eq!(close(1000, "a"), close(1000, "a").into_owned());
    assert_ne!(close(1000, "a"), close(1001, "a"));
    assert_ne!(close(1000, "a"), close(1000, "b"));
}

#[cfg(feature = "getrandom")]
#[test]
fn seeds_from_the_system_differ() {
    let seeds: BTreeSet<[u8; 32]> = (0..10).map(|_| sansocket::random_seed().unwrap()).collect();
    assert_eq!(seeds.len(), 10);
}

#[test]
fn debug_shows_the_beginning_of_data_and_how_long_it_is() {
    assert_eq!(format!("{:?}", Input::new(&mut [7; 5])), "Input(5 bytes)");
    let shown = |len: usize| format!("{:?}", Event::Binary(vec![b'x'; len].into()));
    assert_eq!(shown(0), "Binary(\"\")");
    assert_eq!(shown(32), format!("Binary(\"{}\")", "x".repeat(32)));
    assert_eq!(shown(33), format!("Binary(\"{}\"... of 33 bytes)", "x".repeat(32)));
    assert_eq!(
        format!("{:?}", Event::TextChunk { data: "ä".into(), last: true }),
        "TextChunk { data: \"\\xc3\\xa4\", last: true }"
    );
}

#[test]
fn debug_names_the_type_and_no_header() {
    use sansocket::{
        frame::{Decoder, Limits, Role},
        handshake::HandshakeLimits,
        proxy, server,
    };

    let request = client::Request::new("ws://h/p").unwrap().header("Cookie", "secret");
    let mut wire = Vec::new();
    let handshake = client::Handshake::new(&request, [7; 32], &mut wire).unwrap();
    let tunnel = proxy::Request::new(request.uri()).basic_auth("user", "secret");
    let at_server = server::Handshake::new(HandshakeLimits::new());
    let accept = server::Accept::new().header("Set-Cookie", "secret");
    let mut rejecting = client::Handshake::new(&request, [7; 32], &mut Vec::new()).unwrap();
    let mut bytes = *b"HTTP/1.1 403 No\r\nX: secret\r\nContent-Length: 0\r\n\r\n";
    let Err(client::Error::Rejected(response)) = rejecting.receive(&mut Input::new(&mut bytes)) else {
        panic!()
    };
    let asked =
        server::Handshake::new(HandshakeLimits::new()).receive(&mut Input::new(&mut wire), &mut Vec::new());
    let asked = asked.unwrap().unwrap();
    let mut frame = *b"\x81\x02hi";
    let mut input = Input::new(&mut frame);
    let part = Decoder::new(Role::Client, Limits::new()).receive(&mut input).unwrap();
    for (shown, expected) in [
        (format!("{handshake:?}"), "Handshake { state: \"reading the head\""),
        (format!("{at_server:?}"), "Handshake { state: \"reading\""),
        (format!("{tunnel:?}"), "Request { target: \"h:80\""),
        (format!("{request:?}"), "Request { uri: "),
        (format!("{:?}", request.uri()), "Uri { secure: false"),
        (format!("{accept:?}"), "Accept { error: None"),
        (format!("{response:?}"), "Response { status: 403"),
        (format!("{:?}", asked.headers()), "Headers { count: 6"),
        (format!("{asked:?}"), "Request { target: \"/p\""),
        (format!("{part:?}"), "FramePart(Text, fin: true, 2 bytes"),
    ] {
        assert!(shown.contains(expected) && !shown.contains("secret"), "{shown}");
    }
}
