//! The client against hypercorn, which is aioquic and wsproto.

use sansocket::{Event, client, handshake::HandshakeError};

mod common;

use common::{Server, check_reset, check_series, check_small_windows, directory, script};

fn hypercorn(name: &str) -> Server {
    let directory = directory(name);
    Server::start(script("http3_server.py").arg(&directory), directory.join("certificate.pem"))
}

#[test]
fn the_series_without_compression() {
    check_series(&hypercorn("plain"), false, false);
}

#[test]
fn the_series_with_compression() {
    // wsproto 1.3 loses the compression state on a Ping between the fragments of a compressed message.
    check_series(&hypercorn("compressed"), true, false);
}

#[test]
fn a_reset_ends_one_socket_alone() {
    check_reset(&hypercorn("reset"));
}

#[test]
fn small_windows_hold_both_directions_up_and_lose_nothing() {
    check_small_windows(&hypercorn("windows"));
}

#[test]
fn a_server_may_close() {
    let server = hypercorn("close");
    let mut client = server.connect(1 << 20);
    let (id, _) = client.open(&server.request("/close")).unwrap();
    let Some(Event::Close(Some(close))) = client.next(id).unwrap() else { panic!("no Close") };
    assert_eq!((close.code().get(), close.reason()), (4001, "enough"));
    let ending = client.ending(id).unwrap();
    assert_eq!((ending.code, &*ending.reason, ending.clean), (4001, "enough", true));
}

#[test]
fn a_refusal_has_its_status_and_headers() {
    let server = hypercorn("refusal");
    let mut client = server.connect(1 << 20);
    let error = client.open(&server.request("/refuse")).unwrap_err();
    let Some(client::Error::Rejected(response)) = error.downcast_ref() else { panic!("{error}") };
    assert_eq!((response.status(), response.header("x-reason")), (403, Some(&b"it is late"[..])));

    // The rejection that hypercorn 0.18 sends by itself has a `connection: close`, which HTTP/3 does not
    // allow. The status is reported nevertheless.
    let error = client.open(&server.request("/deny")).unwrap_err();
    let Some(client::Error::Rejected(response)) = error.downcast_ref() else { panic!("{error}") };
    assert_eq!((response.status(), response.fault()), (403, Some(HandshakeError::ConnectionSpecificHeader)));

    // The connection can still be used for another one.
    let (id, _) = client.open(&server.request("/ws")).unwrap();
    common::text(&mut client, id, "welcome");
}
