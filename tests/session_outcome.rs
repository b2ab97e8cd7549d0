//! The outcome of a session as an error that owns its cause, and messages that own their data.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{Driver, sent, to};
use sansocket::{
    CloseCode, Connection, Event, ProtocolError, SendError, State,
    client::RequestError,
    frame::Role,
    handshake::HandshakeError,
    keepalive::Timeout,
    proxy,
    session::{Error, Message},
    uri::UriError,
};

type Outcome = Result<(), Error<&'static str>>;

fn outcome(peer: &Driver) -> Outcome {
    peer.session.outcome(|| "reset")
}

fn client(head: &[u8]) -> Driver {
    let mut client = Driver::client(|request| request);
    client.settle().read(head);
    client
}

#[test]
fn every_cause_of_an_end_is_an_error_with_its_name_and_text() {
    type IsExpected = fn(&Error<&str>) -> bool;
    let rows: [(End, IsExpected); 7] = [
        (|server| _ = server.eof(), |error| *error == Error::UnexpectedEof),
        (|server| server.session.abort(), |error| *error == Error::Aborted),
        (|server| server.session.failed(), |error| *error == Error::Io("reset")),
        (
            |server| _ = server.read(b"\x81\x00").eof(),
            |error| *error == Error::Protocol(ProtocolError::UnmaskedFrame),
        ),
        (
            |server| {
                server.close(CloseCode::NORMAL);
                server.at(10).at(30);
            },
            |error| *error == Error::Timeout(Timeout::CloseHandshake),
        ),
        (
            |server| *server = client(b"HTTP/1.1 403 no\r\nContent-Length: 2\r\n\r\nno"),
            |error| matches!(error, Error::Rejected(response) if (response.status(), response.body()) == (403, b"no")),
        ),
        (
            |server| *server = client(b"SSH"),
            |error| {
                matches!(error, Error::Handshake { error: HandshakeError::NotHttp, first_bytes, refused: None, .. }
                if first_bytes.as_bytes() == b"S")
            },
        ),
    ];
    for (number, (end, is_expected)) in rows.into_iter().enumerate() {
        let mut peer = Driver::open_server();
        assert_eq!(outcome(&peer), Ok(()), "it has not ended");
        end(&mut peer);
        peer.settle();
        let error = outcome(&peer).unwrap_err();
        assert!(is_expected(&error), "{number}: {error:?}");
        let cause = peer.session.ending().unwrap().cause;
        let is_of_transport = error == Error::Io("reset");
        let text = if is_of_transport { "reset".to_owned() } else { cause.to_string() };
        assert_eq!((error.name(), error.to_string()), (cause.name(), text));
    }
    let mut server = Driver::open_server();
    server.read(&to(Role::Server, common::CLOSE, &[])).eof();
    assert_eq!((server.session.ending().unwrap().clean, outcome(&server)), (true, Ok(())));
}

type End = fn(&mut Driver);

/// A client that was closed with this code, or with none.
fn closed_with(code: Option<u16>) -> Driver {
    let mut client = Driver::open_client();
    let payload = code.map_or(Vec::new(), |code| code.to_be_bytes().to_vec());
    client.read(&to(Role::Client, common::CLOSE, &payload)).eof();
    client
}

#[test]
fn a_client_tries_again_after_what_can_pass() {
    let temporary: Vec<u16> = (1000..5000).filter(|code| matches!(code, 1001 | 1011..=1014)).collect();
    for code in (1000..=1014).filter(|code| !(1004..=1006).contains(code)).chain([3000, 4999]) {
        let client = closed_with(Some(code));
        let ending = client.session.ending().unwrap();
        assert_eq!((ending.code, ending.is_temporary()), (code, temporary.contains(&code)));
    }
    assert!(closed_with(None).session.ending().unwrap().is_temporary());

    for (status, expected) in [
        (301, false),
        (400, false),
        (403, false),
        (408, true),
        (425, true),
        (429, true),
        (500, true),
        (503, true),
    ] {
        let peer = client(format!("HTTP/1.1 {status} no\r\nContent-Length: 0\r\n\r\n").as_bytes());
        let error = outcome(&peer).unwrap_err();
        assert_eq!(
            (peer.session.ending().unwrap().is_temporary(), error.is_temporary()),
            (expected, expected),
            "{status}"
        );
    }
    let ends: [(End, bool); 5] = [
        (|peer| _ = peer.eof(), true),
        (|peer| peer.session.failed(), true),
        (|peer| _ = peer.at(20).at(40).at(60), true),
        (|peer| _ = peer.read(b"\x81\x80\0\0\0\0").eof(), false),
        (|peer| peer.session.abort(), false),
    ];
    for (number, (end, expected)) in ends.into_iter().enumerate() {
        let mut peer = Driver::open_client();
        end(&mut peer);
        peer.settle();
        let ending = peer.session.ending().unwrap();
        assert_eq!(ending.is_temporary(), expected, "{number}: {ending:?}");
        assert_eq!(outcome(&peer).unwrap_err().is_temporary(), expected);
    }
}

#[test]
fn a_client_tries_a_proxy_again_after_what_can_pass() {
    use proxy::socks5::Error::{AuthenticationFailed, IncompleteHandshake, NoAcceptableMethod, Rejected};
    let rows = [
        (proxy::Error::Http(HandshakeError::IncompleteHandshake), true),
        (proxy::Error::Http(HandshakeError::NotHttp), false),
        (proxy::Error::Socks5(IncompleteHandshake), true),
        (proxy::Error::Socks5(NoAcceptableMethod), false),
        (proxy::Error::Socks5(AuthenticationFailed { status: 1 }), false),
    ];
    let replies = (1..10).map(|code| (proxy::Error::Socks5(Rejected { code }), matches!(code, 1 | 3..=6)));
    for (error, expected) in rows.into_iter().chain(replies) {
        assert_eq!(Error::<&str>::from(error.clone()).is_temporary(), expected, "{error:?}");
    }
    assert!(!Error::<&str>::from(UriError::InvalidScheme).is_temporary());
    assert!(!Error::<&str>::from(SendError::ConnectionClosing).is_temporary());
}

#[test]
fn a_server_that_answered_has_an_outcome() {
    let mut server = Driver::server();
    server.accepts = false;
    server.read(common::REQUEST);
    let request = server.request.take().unwrap();
    server.session.reject(request, 403, &[], b"").unwrap();
    server.settle().eof();
    assert_eq!(outcome(&server), Err(Error::Answered));
}

#[test]
fn a_response_whose_headers_fail_the_handshake_is_in_the_error() {
    let error = outcome(&client(b"HTTP/1.1 101 yes\r\nUpgrade: h2c\r\n\r\n")).unwrap_err();
    let Error::Handshake { error, refused: Some(refused), .. } = error else { panic!("{error:?}") };
    assert_eq!(error, HandshakeError::InvalidUpgrade);
    assert_eq!((refused.status(), refused.header("upgrade")), (101, Some(&b"h2c"[..])));
}

#[test]
fn other_errors_are_converted_with_their_name_and_text() {
    let rows: [(Error<&str>, &str, &str); 5] = [
        (UriError::InvalidScheme.into(), "uri_invalid_scheme", &UriError::InvalidScheme.to_string()),
        (
            RequestError::InvalidCredentials.into(),
            "request_invalid_credentials",
            &RequestError::InvalidCredentials.to_string(),
        ),
        (
            proxy::Error::Http(HandshakeError::NotHttp).into(),
            "handshake_not_http",
            &proxy::Error::Http(HandshakeError::NotHttp).to_string(),
        ),
        (
            SendError::ConnectionClosing.into(),
            "send_connection_closing",
            &SendError::ConnectionClosing.to_string(),
        ),
        (Error::Io("reset"), "session_transport_failed", "reset"),
    ];
    for (error, name, text) in rows {
        assert_eq!((error.name(), &*error.to_string()), (name, text));
    }
}

#[cfg(feature = "std")]
#[test]
fn an_io_error_is_converted() {
    let reset: Error<std::io::Error> = std::io::Error::from(std::io::ErrorKind::ConnectionReset).into();
    assert!(matches!(reset, Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionReset));
}

#[test]
fn messages_are_sent_while_the_session_is_open() {
    let mut server = Driver::open_server();
    let (text, data) = (Message::Text("Grüße".into()), Message::Binary(vec![7; 3]));
    assert_eq!(server.session.send_message(&text), Ok(true));
    assert_eq!(server.session.send_message(&data), Ok(true));
    server.settle();
    let sent: Vec<_> = sent(&server.out).into_iter().map(|frame| (frame.first, frame.payload)).collect();
    assert_eq!(sent, [(0x81, "Grüße".as_bytes().to_vec()), (0x82, vec![7; 3])]);
    server.session.send_text_fragment("begun", false).unwrap();
    assert_eq!(server.session.send_message(&data), Err(SendError::MessageInProgress));
    server.session.send_text_fragment("", true).unwrap();
    server.close(CloseCode::NORMAL);
    assert_eq!(server.session.send_message(&text), Ok(false));
    assert_eq!(server.session.connection().map(Connection::state), Some(State::Closing));
}

#[test]
fn a_message_is_what_its_event_was_and_shows_no_data() {
    for (event, message) in [
        (Event::Text("a".into()), Ok(Message::Text("a".into()))),
        (Event::Binary(vec![1].into()), Ok(Message::Binary(vec![1]))),
        (Event::InvalidText(vec![0xff].into()), Ok(Message::Binary(vec![0xff]))),
        (Event::Pong(b"1"[..].into()), Err(Event::Pong(b"1"[..].into()))),
        (
            Event::TextChunk { data: "a".into(), last: true },
            Err(Event::TextChunk { data: "a".into(), last: true }),
        ),
    ] {
        assert_eq!(Message::try_from(event), message);
    }
    for message in [Message::from("a"), Message::from("a".to_owned())] {
        assert_eq!(message, Message::Text("a".into()));
    }
    for message in [Message::from(&[1][..]), Message::from(vec![1])] {
        assert_eq!(message, Message::Binary(vec![1]));
    }
    assert_eq!(Event::from(Message::Text("a".into())), Event::Text("a".into()));
    assert_eq!(Event::from(Message::Binary(vec![1])), Event::Binary(vec![1].into()));
    let shown = format!("{:?} {:?}", Message::Text("secret".into()), Message::Binary(vec![1]));
    assert_eq!(shown, "Text(6 bytes) Binary(1 bytes)");
}
