//! Sessions of the versions before RFC 6455: the same calls, and what differs.
#![cfg(feature = "legacy")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{
    Driver, ending,
    legacy::{HIXIE, SEED, all},
    seconds,
};
use sansocket::{
    CloseCode, Initiator, SendError,
    client::Request,
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    legacy::{Version, Versions},
    server::Accept,
    session::{Received, Session, Transport},
};

const VERSIONS: [Version; 5] =
    [Version::Hixie75, Version::Hixie76, Version::Hybi7, Version::Hybi8, Version::Rfc6455];

fn server(timeouts: Timeouts) -> Driver {
    let session = Session::legacy_server(HandshakeLimits::new(), all(), timeouts, Duration::ZERO);
    let mut driver = Driver::new(session);
    driver.echoes = true;
    driver
}

fn client(version: Version, timeouts: Timeouts) -> Driver {
    let request = Request::new("ws://example.com/demo").unwrap().origin("http://localhost");
    let session = Session::legacy_client(&request, version, SEED, timeouts, Duration::ZERO).unwrap();
    Driver::new(session)
}

/// Passes bytes in both directions, in pieces of this size, and the ends of the transport, until nothing moves.
fn pass(sides: &mut [Driver; 2], size: usize) {
    let mut moved = true;
    while std::mem::take(&mut moved) {
        for (from, to) in [(0, 1), (1, 0)] {
            let bytes = std::mem::take(&mut sides[from].settle().out);
            for piece in bytes.chunks(size) {
                sides[to].read(piece);
            }
            let ends = sides[from].steps.iter().any(|step| ["shut down", "close"].contains(step));
            let before = sides[to].steps.len();
            if ends {
                sides[to].eof();
            }
            moved |= !bytes.is_empty() || sides[to].steps.len() > before;
        }
    }
}

/// Two sessions of this version that are open.
fn open(version: Version, size: usize) -> [Driver; 2] {
    let mut sides = [client(version, Timeouts::new()), server(Timeouts::new())];
    pass(&mut sides, size);
    assert_eq!(
        (sides[0].seen.join(","), sides[1].seen.join(",")),
        ("response 101".into(), format!("{version:?}"))
    );
    assert!(sides.iter().all(|side| side.session.is_open()));
    sides
}

#[test]
fn every_version_opens_echoes_and_closes_from_either_side_through_the_same_calls() {
    for version in VERSIONS {
        for size in [usize::MAX, 1, 7] {
            for closer in [0, 1] {
                let mut sides = open(version, size);
                assert_eq!(sides[0].session.send_text("Hello"), Ok(true));
                pass(&mut sides, size);
                assert_eq!(sides[0].seen.last().unwrap(), "Text(\"Hello\")", "{version:?}");
                sides[closer].close(CloseCode::NORMAL);
                assert!(!sides[closer].session.is_open());
                pass(&mut sides, size);
                let code = if HIXIE.contains(&version) { 1005 } else { 1000 };
                for (side, driver) in sides.iter().enumerate() {
                    assert_eq!(driver.ended(), ending(code, true, "Close"), "{version:?}, {side}");
                    let initiator = if side == closer { Initiator::Local } else { Initiator::Remote };
                    assert_eq!(driver.session.ending().unwrap().initiator, initiator, "{version:?}");
                }
            }
        }
    }
}

/// L38, L46
#[test]
fn what_hixie_has_no_bytes_for_is_unsupported_while_it_is_open() {
    for version in HIXIE {
        let mut sides = open(version, usize::MAX);
        let session = &mut sides[1].session;
        assert!(session.connection().is_none());
        for sent in [
            session.send_binary(b""),
            session.send_ping(b""),
            session.send_pong(b""),
            session.send_text_fragment("", true),
            session.send_binary_fragment(b"", true),
        ] {
            assert_eq!(sent, Err(SendError::Unsupported));
        }
        assert_eq!(session.unwritten(), 0);
        assert_eq!(session.close(None), Ok(true));
        let late = (session.send_binary(b""), session.send_text(""), session.close(None));
        assert_eq!(late, (Ok(false), Ok(false), Ok(false)));
    }
}

/// L44: in hixie-75 the end of the stream is the closing handshake, unlike any other end of a transport.
#[test]
fn the_end_of_a_stream_is_clean_in_hixie_75_between_two_frames_alone() {
    for (version, bytes, expected) in [
        (Version::Hixie75, &b"\x00a\xff"[..], ending(1005, true, "Close")),
        (Version::Hixie75, b"\x00a", ending(1006, false, "Eof")),
        (Version::Hixie76, b"\x00a\xff", ending(1006, false, "Eof")),
        (Version::Hixie76, b"\xff\x00", ending(1005, true, "Close")),
    ] {
        let [_, mut server] = open(version, usize::MAX);
        assert_eq!(server.read(bytes).eof().ended(), expected, "{version:?}, {bytes:?}");
    }
    for version in HIXIE {
        let [_, mut server] = open(version, usize::MAX);
        assert_eq!(server.failed().ended(), ending(1006, false, "Transport"));
        let [mut client, mut server] = open(version, usize::MAX);
        client.session.abort();
        assert_eq!(client.ended(), ending(1006, false, "Aborted"));
        server.read(b"\x80\xff\xff\xff\x7f").eof();
        assert_eq!((server.ended().0, server.ended().1), (1006, false));
        assert!(server.ended().2.starts_with("Protocol(FrameTooLong"), "{:?}", server.ended());
    }
}

/// L44: a client of hixie-75 ends its side at once, because there is no reply; a client of hixie-76 waits for the
/// server.
#[test]
fn who_ends_the_transport_depends_on_the_version() {
    for (version, sent, asked) in
        [(Version::Hixie75, &b""[..], Transport::ShutDown), (Version::Hixie76, b"\xff\x00", Transport::Wait)]
    {
        let [mut client, _] = open(version, usize::MAX);
        client.session.close(None).unwrap();
        if let Transport::Write(bytes) = client.session.transport() {
            assert_eq!(bytes, sent);
            client.session.written(2);
            client.session.flushed();
            client.buffer.space()[..2].copy_from_slice(b"\xff\x00");
            client.buffer.filled(2);
            client.receive();
        }
        assert_eq!(client.session.transport(), asked, "{version:?}");
    }
}

#[test]
fn timers_run_without_pings_and_end_hixie_without_a_word() {
    let timeouts = Timeouts::new().idle(Some(seconds(60)));
    for version in HIXIE {
        let mut sides = [client(version, timeouts), server(timeouts)];
        pass(&mut sides, usize::MAX);
        let [mut client, mut server] = sides;
        server.at(0).at(30);
        assert_eq!((server.out.len(), server.session.deadline()), (0, Some(seconds(60))), "no Ping");
        server.read(b"\x00a\xff").at(30).out.clear();
        server.at(89);
        assert!(server.session.is_open());
        server.at(90);
        assert!(server.out.is_empty());
        assert_eq!(server.eof().ended(), ending(1006, false, "Timeout(Idle)"));
        client.close(None);
        client.at(9);
        client.at(10);
        let clean = version == Version::Hixie75;
        let cause = if clean { "Close" } else { "Timeout(CloseHandshake)" };
        assert_eq!(client.ended(), ending(if clean { 1005 } else { 1006 }, clean, cause));
    }
}

#[test]
fn a_server_answers_what_opens_nothing_as_any_session_does() {
    let mut late = server(Timeouts::new());
    late.read(b"GET / HTTP/1.1\r\n").at(10);
    assert!(late.out.starts_with(b"HTTP/1.1 408 "));
    assert_eq!(late.eof().ended(), ending(1006, false, "Timeout(Opening)"));

    let mut silent = server(Timeouts::new());
    assert_eq!(silent.at(10).ended(), ending(1006, false, "Timeout(Opening)"));
    assert!(silent.out.is_empty());

    let mut closed = server(Timeouts::new());
    closed.close(None);
    assert!(closed.out.starts_with(b"HTTP/1.1 503 "));
    assert_eq!(closed.eof().ended(), ending(1006, false, "Aborted"));

    let mut malformed = server(Timeouts::new());
    malformed.read(b"\x16\x03").eof();
    assert_eq!(malformed.ended(), ending(1006, false, "Handshake(LooksLikeTls)"));
    assert_eq!(malformed.session.first_bytes().as_bytes(), b"\x16");

    let mut plain = Driver::new(
        Session::legacy_server(HandshakeLimits::new(), Versions::new(), Timeouts::new(), Duration::ZERO)
            .allow_http(true),
    );
    plain.read(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").eof();
    assert_eq!((plain.seen.join(","), plain.ended()), ("http".into(), ending(1006, false, "Answered")));
}

#[test]
fn a_request_can_be_rejected_and_a_client_sees_it() {
    for version in VERSIONS {
        let mut client = client(version, Timeouts::new());
        let mut request = std::mem::take(&mut client.settle().out);
        let mut session =
            Session::legacy_server(HandshakeLimits::new(), all(), Timeouts::new(), Duration::ZERO);
        let mut input = sansocket::Input::new(&mut request);
        let Some(Received::Legacy(request)) = session.receive(&mut input) else { panic!("{version:?}") };
        // An invalid response returns the request.
        let error = session.accept_legacy(request, Accept::new().subprotocol("none")).unwrap_err();
        session.reject_legacy(error.into_request(), 403, &[], b"no").unwrap();
        let Transport::Write(response) = session.transport() else { panic!() };
        client.read(response);
        assert_eq!(client.ended(), ending(1006, false, "Rejected(403)"), "{version:?}");
    }
    // Split after the status, and before it.
    for (bytes, cause) in [("HTTP/1.1 403 ", "Rejected(403)"), ("HTTP/1.1", "Handshake(IncompleteHandshake)")]
    {
        let mut client = client(Version::Hixie76, Timeouts::new());
        client.settle().read(bytes.as_bytes()).eof();
        assert_eq!(client.ended(), ending(1006, false, cause));
    }
}
