//! The requirements of RFC 7692 for the negotiation of permessage-deflate, one by one.
#![cfg(feature = "deflate")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "common/handshake.rs"]
mod handshake;

use common::{hex, to};
use handshake::{Head, SEED, connect, response};
use sansocket::{
    Connection, Input, ProtocolError, client,
    deflate::{Compress, Config as Deflate, Negotiated, WindowBits},
    frame::Role,
    handshake::HandshakeError,
    server::Accept,
};

const NAME: &str = "Sec-WebSocket-Extensions";

/// Without context takeover, as an offer and as a response.
const FRESH: &str = "; server_no_context_takeover; client_no_context_takeover";

/// The first byte of frames with RSV1.
const TEXT_C: u8 = 0xc1;

/// "Hello" in one block, and again with a window that contains it.
const HELLO: &str = "f248cdc9c90700";

fn bits(bits: u8) -> WindowBits {
    WindowBits::new(bits).unwrap()
}

/// The element with these parameters.
fn element(params: &str) -> String {
    format!("permessage-deflate{params}")
}

/// The parameters that an endpoint negotiates: a server with this offer, or a client with this response.
fn agreed(role: Role, config: Deflate, params: &str) -> Negotiated {
    let request = handshake::request(&Head::request().add(NAME, element(params)));
    match role {
        Role::Server => config.accept(request.extensions()).unwrap(),
        Role::Client => config.accept_response(&request.extensions().next().unwrap()).unwrap(),
    }
}

// Negotiation

#[test]
fn a_client_offers_the_parameters_of_its_configuration() {
    // R7692-5-a, R6455-9-a, R6455-9.1-d
    let cases = [
        // WHATWG-2-c; R7692-7.1.2.2-a without a value; R7692-7.3-a, the windows have their maximum size
        (Deflate::new(), "; client_max_window_bits"),
        (Deflate::new().send_window(bits(10)), "; client_max_window_bits=10"), // R7692-7.1.2.2-a
        (
            Deflate::new().receive_window(bits(8)), // R7692-7.1.2.1-a
            "; server_max_window_bits=8; client_max_window_bits",
        ),
        (
            Deflate::new().receive_context_takeover(false), // R7692-7.1.1.1-a
            "; server_no_context_takeover; client_max_window_bits",
        ),
        (
            Deflate::new().send_context_takeover(false), // R7692-7.1.1.2-a
            "; client_no_context_takeover; client_max_window_bits",
        ),
        (
            Deflate::low_memory(), // R7692-7.3-a: 1 KiB
            "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; \
             client_max_window_bits=10",
        ),
    ];
    for (config, params) in cases {
        assert_eq!(config.offer().to_string(), element(params));
        // R7692-5-b: several offers, in order of preference.
        let request = client::Request::new("ws://h/").unwrap().deflate(config).deflate(Deflate::new());
        let mut out = Vec::new();
        client::Handshake::new(&request, SEED, &mut out).unwrap();
        let line = format!("\r\n{NAME}: {}, {}\r\n", element(params), element("; client_max_window_bits"));
        assert!(String::from_utf8(out).unwrap().contains(&line), "{line}");
    }
    for value in (0..8).chain(16..=u8::MAX) {
        assert_eq!(WindowBits::new(value), None);
    }
}

/// The response of a server to an offer.
fn answer(config: Deflate, offer: &str) -> (Option<String>, Connection) {
    let mut out = Vec::new();
    let request = handshake::request(&Head::request().add(NAME, offer));
    let connection = request.accept(Accept::new().deflate(config), &mut out).unwrap();
    let head = String::from_utf8(out).unwrap();
    let value = head.split(&format!("\r\n{NAME}: ")).nth(1).and_then(|rest| rest.split("\r\n").next());
    assert_eq!(connection.deflate().map(ToString::to_string).as_deref(), value); // R7692-5-d
    (value.map(str::to_owned), connection)
}

#[test]
fn a_server_answers_the_first_offer_that_it_can_take() {
    // R6455-4.2.2-4x1, R6455-9-b, R6455-9.1-f, R7692-5-c, R7692-5-d, R7692-5-j
    let wide = Deflate::new().send_context_takeover(true);
    let narrow = wide.send_window(bits(12)).receive_window(bits(12));
    for (offer, wide_answer, narrow_answer) in [
        // R7692-7.1.2.2-b, R7692-7.1.2.2-c: what was not offered is not answered.
        ("", "", ""),
        ("; client_max_window_bits", "", "; client_max_window_bits=12"),
        ("; client_max_window_bits=10", "; client_max_window_bits=10", "; client_max_window_bits=10"),
        // R7692-7.1.2.1-b: the response has the parameter only if it was offered, with at most the offered value.
        ("; server_max_window_bits=8", "; server_max_window_bits=8", "; server_max_window_bits=8"), // R7692-7-d
        ("; server_max_window_bits=10", "; server_max_window_bits=10", "; server_max_window_bits=10"),
        ("; server_max_window_bits=15", "; server_max_window_bits=15", "; server_max_window_bits=12"),
        // R7692-5.2-a, R6455-4.3-h
        ("; server_max_window_bits=\"10\"", "; server_max_window_bits=10", "; server_max_window_bits=10"),
        (" ; server_max_window_bits = 10 ,", "; server_max_window_bits=10", "; server_max_window_bits=10"),
        // R7692-7.1.1.1-b, R7692-7.1.1.1-c; R7692-7.2.2-c: the hint is answered, so that both sides may act
        // on it.
        ("; server_no_context_takeover", "; server_no_context_takeover", "; server_no_context_takeover"),
        ("; client_no_context_takeover", "; client_no_context_takeover", "; client_no_context_takeover"),
        // R7692-5-c: an unacceptable offer is skipped.
        ("; unknown=1, permessage-deflate", "", ""),
        ("; server_max_window_bits=7, permessage-deflate", "", ""),
        (
            "; server_max_window_bits=9, permessage-deflate",
            "; server_max_window_bits=9",
            "; server_max_window_bits=9",
        ),
        (
            "; a, x-webkit-deflate-frame, permessage-deflate; server_max_window_bits=9",
            "; server_max_window_bits=9",
            "; server_max_window_bits=9",
        ),
    ] {
        let offer = element(offer);
        for config in [wide, Deflate::new()] {
            assert_eq!(answer(config, &offer).0, Some(element(wide_answer)), "{offer}");
        }
        assert_eq!(answer(narrow, &offer).0, Some(element(narrow_answer)), "{offer}");
    }
    let own = Deflate::new().send_context_takeover(false).receive_context_takeover(false);
    // R7692-7.1.1.1-d, R7692-7.1.1.2-b: what concerns the server's own window is done silently, unless it was
    // offered.
    for (config, takeover) in
        [(own, false), (Deflate::new(), false), (Deflate::low_memory(), false), (narrow, true)]
    {
        for offer in ["permessage-deflate", "permessage-deflate; client_max_window_bits"] {
            let (value, connection) = answer(config, offer);
            assert!(!value.unwrap().contains("server_"), "{offer}");
            let agreed = connection.deflate().unwrap();
            assert_eq!(agreed.send_context_takeover(), takeover);
            let full = config == own || config == Deflate::new();
            assert_eq!(agreed.send_window() == WindowBits::MAX, full);
        }
    }
    assert_eq!(answer(own, "permessage-deflate").0, Some(element("; client_no_context_takeover")));
    assert_eq!(answer(own, "permessage-deflate; server_no_context_takeover").0, Some(element(FRESH)));
}

#[test]
fn a_server_declines_unacceptable_offers() {
    // R7692-5-h, R6455-4.2.2-4x2, R6455-9-c
    for offer in [
        "permessage-deflate; foo", // R7692-7-a
        "permessage-deflate; foo=1",
        "permessage-deflate; Server_No_Context_Takeover",
        "permessage-deflate; server_max_window_bits", // R7692-7-b
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=010",
        "permessage-deflate; server_max_window_bits=+9",
        "permessage-deflate; client_max_window_bits=08",
        "permessage-deflate; client_max_window_bits=266",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover=true",
        "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", // R7692-7-c
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "PERMESSAGE-DEFLATE",
        "x-foo, x-webkit-deflate-frame, permessage-bzip2, bbf-usp-protocol",
    ] {
        let (value, mut connection) = answer(Deflate::new(), offer);
        assert_eq!(value, None, "{offer}");
        let mut out = Vec::new();
        connection.compress_next(Compress::Always);
        connection.send_text("Hello", &mut out).unwrap();
        assert_eq!(out, hex("810548656c6c6f"));
        let mut stream = to(Role::Server, TEXT_C, &hex(HELLO));
        let received = connection.receive(&mut Input::new(&mut stream), &mut out);
        assert_eq!(received, Err(ProtocolError::ReservedBits), "{offer}");
    }
}

#[test]
fn a_client_takes_an_answer_exactly_if_it_fits_an_offer() {
    // R7692-5-i, R7692-5-j, R6455-4.1-e2
    let wide = Deflate::new();
    let offers: [(&[Deflate], &[&str], &[&str]); 6] = [
        (
            &[wide],
            &[
                "",
                "; client_max_window_bits=8", // R7692-7.1.2.2-b, R7692-7-h: all that may be agreed is supported
                "; client_max_window_bits=15",
                "; client_max_window_bits=10; server_max_window_bits=9",
                "; server_max_window_bits=12",     // R7692-7.1.2.1-c
                "; server_max_window_bits=\"12\"", // R7692-5.2-a
                "; server_no_context_takeover",    // R7692-7.1.1.1-d
                "; client_no_context_takeover",    // R7692-7.1.1.2-b, R7692-7.1.1.2-c
                FRESH,
            ],
            &["; client_max_window_bits"],
        ),
        (
            &[wide.send_window(bits(10))], // a hint: the response may have a larger window
            &["", "; client_max_window_bits=10", "; client_max_window_bits=8", "; client_max_window_bits=12"],
            &["; client_max_window_bits"],
        ),
        (
            &[wide.receive_window(bits(10))], // R7692-7.1.2.1-b
            &[
                "; server_max_window_bits=10",
                "; server_max_window_bits=8",
                "; server_max_window_bits=9; server_no_context_takeover",
            ],
            &["", "; server_max_window_bits=11", "; server_max_window_bits=15"],
        ),
        (
            &[wide.receive_context_takeover(false)], // R7692-7.1.1.1-e
            &[
                "; server_no_context_takeover",
                "; server_no_context_takeover; server_max_window_bits=12",
                FRESH,
            ],
            &["", "; client_no_context_takeover"],
        ),
        (
            &[wide.send_context_takeover(false)], // R7692-7.1.1.2-a
            &["", "; client_no_context_takeover", "; server_no_context_takeover"],
            &["; client_max_window_bits"],
        ),
        (
            &[wide.receive_window(bits(10)), wide],
            &["; server_max_window_bits=10", "", "; server_max_window_bits=12"],
            &["; client_max_window_bits"],
        ),
    ];
    let never = [
        "; foo", // R7692-7-e
        "; foo=1",
        "; client_max_window_bits=7", // R7692-7-f
        "; client_max_window_bits=16",
        "; client_max_window_bits=08",
        "; client_max_window_bits=010",
        "; server_max_window_bits",
        "; server_max_window_bits=+9",
        "; server_no_context_takeover=1",
        "; client_no_context_takeover=true",
        "; server_no_context_takeover; server_no_context_takeover", // R7692-7-g
        "; client_no_context_takeover; client_no_context_takeover",
        "; server_max_window_bits=8; server_max_window_bits=8",
        "; client_max_window_bits=8; client_max_window_bits=8",
        "; server_max_window_bits=8, permessage-deflate; server_max_window_bits=8",
    ];
    for (configs, good, bad) in offers {
        let request = client::Request::new("ws://h/").unwrap();
        let request = configs.iter().fold(request, |request, config| request.deflate(*config));
        let run = |params: &str| connect(&request, &response().add(NAME, element(params)).bytes()).result;
        for params in good {
            let response = run(params).unwrap().unwrap();
            assert_eq!(response.extensions().count(), 1, "{configs:?} {params}");
        }
        // This holds for any offer; two show it.
        let never = if *configs == [wide] || configs.len() == 2 { &never[..] } else { &[] };
        for params in bad.iter().chain(never) {
            let error = HandshakeError::UnexpectedExtension.into();
            assert_eq!(run(params), Err(error), "{configs:?} {params}");
        }
        assert!(connect(&request, &response().bytes()).result.is_ok(), "declined");
    }
}

#[test]
fn negotiated_parameters_apply_on_both_sides() {
    // R7692-5-j; R7692-7.1.2.1-d, R7692-7.1.2.2-d: without a parameter, 32 KiB.
    let small = Deflate::new().send_window(bits(10)).receive_window(bits(11));
    for (role, config, params, windows) in [
        (Role::Client, Deflate::new(), "", (15, 15)),
        (Role::Server, Deflate::new(), "", (15, 15)),
        (Role::Client, small, "; server_max_window_bits=11; client_max_window_bits=12", (10, 11)),
        (Role::Client, small, "; server_max_window_bits=9; client_max_window_bits=9", (9, 9)),
        (Role::Client, Deflate::new(), "; server_max_window_bits=9", (15, 9)),
        (Role::Server, small, "", (10, 15)),
        (Role::Server, small, "; server_max_window_bits=9; client_max_window_bits", (9, 11)),
    ] {
        let agreed = agreed(role, config, params);
        let seen = (agreed.send_window().get(), agreed.receive_window().get());
        assert_eq!(seen, windows, "{role:?} {params}");
        // A server sends without takeover by default.
        let takeover = (agreed.send_context_takeover(), agreed.receive_context_takeover());
        assert_eq!(takeover, (role == Role::Client, true));
    }
    let wide = Deflate::new().send_context_takeover(true);
    let server = agreed(Role::Server, wide, "");
    assert_eq!((server.send_context_takeover(), server.receive_context_takeover()), (true, true));
    let server = agreed(Role::Server, wide, "; server_no_context_takeover");
    assert_eq!((server.send_context_takeover(), server.receive_context_takeover()), (false, true));
    let client = agreed(Role::Client, Deflate::new(), "; server_no_context_takeover");
    assert_eq!((client.send_context_takeover(), client.receive_context_takeover()), (true, false));
}

// Receiving
