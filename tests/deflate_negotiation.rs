//! Offers, responses and negotiated parameters (RFC 7692, 5 and 7.1), as values and through both handshakes.
#![cfg(feature = "deflate")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test fails by panicking, and tables are long"
)]

mod common;
#[path = "common/handshake.rs"]
mod handshake;

use common::deflate::{agree, request, window, with_takeover};
use handshake::{ClientRun, Head, SEED, connect, response};
use sansocket::{
    Input, client,
    deflate::{Config, Negotiated, NegotiationError, WindowBits},
    handshake::{HandshakeError, HandshakeLimits},
    server,
};

const HEADER: &str = "Sec-WebSocket-Extensions";

/// Takeover and window for sent messages, and for received ones.
type Directions = ((bool, u8), (bool, u8));

fn directions(agreed: &Negotiated) -> Directions {
    (
        (agreed.send_context_takeover(), agreed.send_window().get()),
        (agreed.receive_context_takeover(), agreed.receive_window().get()),
    )
}

/// A name for the element, so that tables have only parameters.
fn element(params: &str) -> String {
    params.split(',').map(|one| format!("permessage-deflate{one}")).collect::<Vec<_>>().join(", ")
}

/// The response of a server: as a value, and through the handshake.
fn answer(server: Config, offers: &str) -> Option<(String, Directions)> {
    let agreed = server.accept(request(offers).extensions());
    let accept = || server::Accept::new().deflate(server);
    let mut out = Vec::new();
    let connection = request(offers).accept(accept(), &mut out).unwrap();
    assert_eq!(connection.deflate(), agreed.as_ref(), "{offers}");
    let mut plain = Vec::new();
    request(offers).accept(server::Accept::new(), &mut plain).unwrap();
    let head = String::from_utf8(plain).unwrap();
    let line = agreed.as_ref().map_or(String::new(), |agreed| format!("{HEADER}: {agreed}\r\n"));
    let expected = format!("{}{line}\r\n", head.strip_suffix("\r\n").unwrap());
    assert_eq!(String::from_utf8(out).unwrap(), expected, "{offers}");
    agreed.map(|agreed| (agreed.to_string(), directions(&agreed)))
}

/// The result of a client for a response to its offers: as a value if there is one offer, and through the
/// handshake.
fn confirm(offers: &[Config], answer: &str) -> Result<Option<Directions>, HandshakeError> {
    let request =
        offers.iter().fold(client::Request::new("ws://h/").unwrap(), |request, &one| request.deflate(one));
    let head = if answer.is_empty() { response() } else { response().add(HEADER, answer) };
    let ClientRun { result, .. } = connect(&request, &head.bytes());
    let mut handshake = client::Handshake::new(&request, SEED, &mut Vec::new()).unwrap();
    let seen = match handshake.receive(&mut Input::new(&mut head.bytes())) {
        Ok(opened) => Ok(opened.unwrap().0.deflate().map(directions)),
        Err(client::Error::Handshake(error)) => Err(error),
        Err(error) => unreachable!("{error:?}"),
    };
    assert_eq!(result.is_ok(), seen.is_ok());
    if let ([offer], Ok(_) | Err(HandshakeError::UnexpectedExtension)) = (offers, seen)
        && answer.starts_with("permessage-deflate")
        && !answer.contains(',')
    {
        let parsed = self::request(answer);
        let confirmed = offer.accept_response(&parsed.extensions().next().unwrap());
        assert_eq!(confirmed.ok().as_ref().map(directions), seen.ok().flatten(), "{answer}");
    }
    seen
}

/// The offers of the table in vectors.md, 11, as far as a client of this crate makes them: it always says
/// that it understands `client_max_window_bits`.
#[expect(clippy::too_many_lines, reason = "a table")]
fn offers() -> [(Config, &'static str, &'static [&'static str], &'static [&'static str]); 6] {
    let new = Config::new;
    let nine = new().send_window(window(9)).receive_window(window(9));
    [
        (
            new(),
            "; client_max_window_bits",
            &[
                "",
                "; client_max_window_bits=8",
                "; client_max_window_bits=15",
                "; client_max_window_bits=10; server_max_window_bits=9",
                "; server_no_context_takeover; client_no_context_takeover",
                "; server_no_context_takeover",
                "; client_no_context_takeover",
                "; server_max_window_bits=8",
                "; server_max_window_bits=15; client_no_context_takeover",
                "; server_max_window_bits=\"12\"",
                "; server_max_window_bits=\"1\\2\"",
            ],
            &[
                "; client_max_window_bits",
                "; client_max_window_bits=7",
                "; client_max_window_bits=16",
                "; client_max_window_bits=010",
                "; client_max_window_bits=08",
                "; client_max_window_bits=+9",
                "; server_max_window_bits",
                "; server_max_window_bits=0",
                "; server_max_window_bits=7",
                "; server_max_window_bits=16",
                "; server_max_window_bits=99",
                "; server_max_window_bits=08",
                "; server_max_window_bits=10a",
                "; server_max_window_bits=-1",
                "; server_max_window_bits=264",
                "; server_max_window_bits=4294967304",
                "; server_no_context_takeover=1",
                "; server_no_context_takeover=\"true\"",
                "; client_no_context_takeover=true",
                "; foo",
                "; foo=1",
                "; Server_No_Context_Takeover",
                "; server_no_context_takeover; server_no_context_takeover",
                "; client_no_context_takeover; client_no_context_takeover",
                "; server_max_window_bits=10; server_max_window_bits=10",
                "; client_max_window_bits=10; client_max_window_bits=11",
            ],
        ),
        (
            new().send_window(window(10)),
            "; client_max_window_bits=10",
            &["", "; client_max_window_bits=10", "; client_max_window_bits=8", "; client_max_window_bits=12"],
            &["; client_max_window_bits"],
        ),
        (
            new().receive_window(window(10)),
            "; server_max_window_bits=10; client_max_window_bits",
            &[
                "; server_max_window_bits=10",
                "; server_max_window_bits=8",
                "; server_max_window_bits=9; server_no_context_takeover",
            ],
            &[
                "",
                "; server_max_window_bits=11",
                "; server_max_window_bits=15",
                "; client_max_window_bits=10",
            ],
        ),
        (
            new().receive_context_takeover(false),
            "; server_no_context_takeover; client_max_window_bits",
            &[
                "; server_no_context_takeover",
                "; server_no_context_takeover; server_max_window_bits=12",
                "; server_no_context_takeover; client_no_context_takeover",
            ],
            &[
                "",
                "; client_no_context_takeover",
                "; server_no_context_takeover=1",
                "; server_no_context_takeover; server_no_context_takeover",
            ],
        ),
        (
            new().send_context_takeover(false),
            "; client_no_context_takeover; client_max_window_bits",
            &["", "; client_no_context_takeover", "; server_no_context_takeover"],
            &["; client_no_context_takeover=true"],
        ),
        (
            nine.send_context_takeover(false).receive_context_takeover(false),
            "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; \
             client_max_window_bits=9",
            &[
                "; server_no_context_takeover; server_max_window_bits=9",
                "; server_no_context_takeover; server_max_window_bits=8; client_max_window_bits=9; \
                 client_no_context_takeover",
            ],
            &["", "; server_no_context_takeover", "; server_max_window_bits=9"],
        ),
    ]
}

#[test]
fn a_client_accepts_only_responses_that_match_its_offer() {
    // R7692-5-a, R7692-5-i, R7692-7-e to -g, R7692-7.1.*
    for (config, offer, accepted, refused) in offers() {
        assert_eq!(config.offer().to_string(), element(offer));
        for params in accepted {
            let seen = confirm(&[config], &element(params)).unwrap().unwrap();
            assert_eq!(seen, expected(config, params), "{params} to {offer}");
        }
        for params in refused {
            let seen = confirm(&[config], &element(params));
            assert_eq!(seen, Err(HandshakeError::UnexpectedExtension), "{params} to {offer}");
        }
        // A declined offer, and responses that were never offered.
        assert_eq!(confirm(&[config], ""), Ok(None));
        for answer in ["x-foo", "permessage-deflate, permessage-deflate", "Permessage-Deflate"] {
            let answer = answer.replace("permessage-deflate", &element(accepted[0]));
            assert_eq!(confirm(&[config], &answer), Err(HandshakeError::UnexpectedExtension), "{answer}");
        }
        for malformed in ["permessage-deflate;", "permessage-deflate; a=\"\"", "permessage-deflate; a=b=c"] {
            assert_eq!(confirm(&[config], malformed), Err(HandshakeError::InvalidExtensions));
        }
    }
    assert_eq!(confirm(&[], "permessage-deflate"), Err(HandshakeError::UnexpectedExtension));
}

/// The meaning of a response for a client by RFC 7692, 7.1, computed without the crate.
fn expected(config: Config, params: &str) -> Directions {
    let has = |name: &str| params.contains(name);
    let bits = |name: &str| {
        let value = params.split("; ").find_map(|param| param.strip_prefix(name)?.strip_prefix('='));
        value.map_or(15, |value| value.replace(['"', '\\'], "").parse().unwrap())
    };
    let offer = config.offer().to_string();
    let hint = offer.split("; ").find_map(|param| param.strip_prefix("client_max_window_bits="));
    let hint = hint.map_or(15, |hint| hint.parse().unwrap());
    let send = !has("client_no_context_takeover") && !offer.contains("client_no_context_takeover");
    (
        (send, bits("client_max_window_bits").min(hint)),
        (!has("server_no_context_takeover"), bits("server_max_window_bits")),
    )
}

#[test]
fn a_client_with_several_offers_takes_an_answer_to_any() {
    let offers = [Config::new().receive_window(window(10)), Config::new()];
    let request =
        offers.iter().fold(client::Request::new("ws://h/").unwrap(), |request, &one| request.deflate(one));
    let mut out = Vec::new();
    client::Handshake::new(&request, SEED, &mut out).unwrap();
    let line = "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10; client_max_window_bits, \
                permessage-deflate; client_max_window_bits\r\n";
    assert!(String::from_utf8(out).unwrap().contains(line), "R7692-5-b");
    for (answer, expected) in [
        ("; server_max_window_bits=10", ((true, 15), (true, 10))),
        ("", ((true, 15), (true, 15))),
        ("; server_max_window_bits=12", ((true, 15), (true, 12))),
        ("; client_max_window_bits=9", ((true, 9), (true, 15))),
        ("; server_max_window_bits=10; client_max_window_bits=12", ((true, 12), (true, 10))),
    ] {
        assert_eq!(confirm(&offers, &element(answer)), Ok(Some(expected)), "{answer}");
    }
    assert_eq!(confirm(&offers, ""), Ok(None));
    for answer in ["; client_max_window_bits", "; foo", "; server_max_window_bits=16"] {
        assert_eq!(confirm(&offers, &element(answer)), Err(HandshakeError::UnexpectedExtension), "{answer}");
    }
}

#[test]
fn accept_response_distinguishes_invalid_from_unoffered() {
    let confirm = |config: Config, params: &str| {
        let answer = request(&element(params));
        config.accept_response(&answer.extensions().next().unwrap()).unwrap_err()
    };
    for params in ["; foo", "; client_max_window_bits", "; server_max_window_bits=7"] {
        assert_eq!(confirm(Config::new(), params), NegotiationError::InvalidParameter, "{params}");
    }
    let narrow = Config::new().receive_window(window(9));
    assert_eq!(confirm(narrow, "; server_max_window_bits=10"), NegotiationError::NotOffered);
    assert_eq!(confirm(narrow, ""), NegotiationError::NotOffered);
    assert_eq!(confirm(Config::new().receive_context_takeover(false), ""), NegotiationError::NotOffered);
    // An extension with another name is not a response to the offer.
    let other = request("x-webkit-deflate-frame");
    let refused = Config::new().accept_response(&other.extensions().next().unwrap());
    assert_eq!(refused, Err(NegotiationError::InvalidParameter));
}

#[test]
fn a_server_answers_the_first_offer_that_it_can_and_narrows_nothing_without_leave() {
    let twelve = with_takeover().send_window(window(12)).receive_window(window(12));
    // The offer; the response and its parameters without limits; the same with 12 bits in both directions.
    let rows: &[(&str, &str, Directions, &str, Directions)] = &[
        ("", "", full(), "", ((true, 12), (true, 15))),
        ("; client_max_window_bits", "", full(), "; client_max_window_bits=12", ((true, 12), (true, 12))),
        (
            "; client_max_window_bits=10",
            "; client_max_window_bits=10",
            ((true, 15), (true, 10)),
            "; client_max_window_bits=10",
            ((true, 12), (true, 10)),
        ),
        (
            "; client_max_window_bits=14",
            "; client_max_window_bits=14",
            ((true, 15), (true, 14)),
            "; client_max_window_bits=12",
            ((true, 12), (true, 12)),
        ),
        (
            "; server_max_window_bits=10",
            "; server_max_window_bits=10",
            ((true, 10), (true, 15)),
            "; server_max_window_bits=10",
            ((true, 10), (true, 15)),
        ),
        (
            "; server_max_window_bits=15",
            "; server_max_window_bits=15",
            full(),
            "; server_max_window_bits=12",
            ((true, 12), (true, 15)),
        ),
        (
            "; server_max_window_bits=8",
            "; server_max_window_bits=8",
            ((true, 8), (true, 15)),
            "; server_max_window_bits=8",
            ((true, 8), (true, 15)),
        ),
        (
            "; server_no_context_takeover",
            "; server_no_context_takeover",
            ((false, 15), (true, 15)),
            "; server_no_context_takeover",
            ((false, 12), (true, 15)),
        ),
        (
            "; client_no_context_takeover",
            "; client_no_context_takeover",
            ((true, 15), (false, 15)),
            "; client_no_context_takeover",
            ((true, 12), (false, 15)),
        ),
    ];
    for (offer, answer_full, full, answer_twelve, narrowed) in rows {
        let offer = element(offer);
        assert_eq!(answer(with_takeover(), &offer), Some((element(answer_full), *full)), "{offer}");
        // By default a server sends without takeover, and the response does not mention it.
        let by_default = ((false, full.0.1), full.1);
        assert_eq!(answer(Config::new(), &offer), Some((element(answer_full), by_default)), "{offer}");
        assert_eq!(answer(twelve, &offer), Some((element(answer_twelve), *narrowed)), "{offer}");
    }
    // The server must declare its demands on the client's context takeover, even if the client offered no
    // parameter; it may drop its own context silently (R7692-7.1.1.1-d, R7692-7.1.1.2-b).
    let alone = Config::new().send_context_takeover(false).receive_context_takeover(false);
    let both = "; client_no_context_takeover";
    assert_eq!(answer(alone, "permessage-deflate"), Some((element(both), ((false, 15), (false, 15)))));
    // No response without an offer, and none if the extension is disabled.
    assert_eq!(Config::new().accept(request("x-foo").extensions()), None);
    let mut out = Vec::new();
    let connection = request("permessage-deflate").accept(server::Accept::new(), &mut out).unwrap();
    assert_eq!(connection.deflate(), None);
}

const fn full() -> Directions {
    ((true, 15), (true, 15))
}

#[test]
fn a_server_passes_over_offers_that_it_must_decline() {
    for offer in [
        "; server_max_window_bits",
        "; server_max_window_bits=0",
        "; server_max_window_bits=7",
        "; server_max_window_bits=16",
        "; server_max_window_bits=99",
        "; server_max_window_bits=010",
        "; server_max_window_bits=08",
        "; server_max_window_bits=+9",
        "; server_max_window_bits=10a",
        "; server_max_window_bits=-1",
        "; server_max_window_bits=4294967304",
        "; client_max_window_bits=7",
        "; client_max_window_bits=16",
        "; client_max_window_bits=010",
        "; server_no_context_takeover=1",
        "; client_no_context_takeover=\"x\"",
        "; client_no_context_takeover; client_no_context_takeover",
        "; server_no_context_takeover; server_no_context_takeover",
        "; server_max_window_bits=10; server_max_window_bits=10",
        "; client_max_window_bits; client_max_window_bits=10",
        "; client_max_window_bits; client_max_window_bits",
        "; unknown=1",
        "; Server_No_Context_Takeover",
    ] {
        let declined = element(offer);
        assert_eq!(answer(Config::new(), &declined), None, "{declined}: R7692-7-a to -c");
        // A declined offer affects neither the next one (R7692-5-c) nor the previous one.
        let next = format!("{declined}, permessage-deflate; server_max_window_bits=11");
        let agreed = Some((element("; server_max_window_bits=11"), ((true, 11), (true, 15))));
        assert_eq!(answer(with_takeover(), &next), agreed, "{next}");
        let before = format!("permessage-deflate; server_max_window_bits=11, {declined}");
        assert_eq!(answer(with_takeover(), &before), agreed, "{before}");
    }
    for other in ["PERMESSAGE-DEFLATE", "deflate-frame", "x-webkit-deflate-frame", "permessage-deflate2"] {
        assert_eq!(answer(Config::new(), other), None, "{other}");
        // C14
        let followed = format!("{other}; no_context_takeover, permessage-deflate");
        assert_eq!(answer(with_takeover(), &followed), Some((element(""), full())), "{followed}");
    }
    for (offer, expected) in [
        ("permessage-deflate,", ""),
        (",, permessage-deflate", ""),
        ("permessage-deflate ; client_max_window_bits = 10", "; client_max_window_bits=10"),
        ("permessage-deflate;server_max_window_bits=\"10\"", "; server_max_window_bits=10"),
        ("permessage-deflate; client_max_window_bits=\"\\1\\0\"", "; client_max_window_bits=10"),
        ("permessage-deflate; server_max_window_bits=9, permessage-deflate", "; server_max_window_bits=9"),
    ] {
        assert_eq!(answer(Config::new(), offer).unwrap().0, element(expected), "{offer}");
    }
    // A grammar violation is a 400 instead, even after a valid offer.
    for offer in
        ["permessage-deflate; client_max_window_bits=\"\"", "permessage-deflate, permessage-deflate; =1"]
    {
        let head = Head::request().add(HEADER, offer);
        let mut handshake = server::Handshake::new(HandshakeLimits::new());
        let refused = handshake.receive(&mut Input::new(&mut head.bytes()), &mut Vec::new());
        assert_eq!(refused.unwrap_err(), HandshakeError::InvalidExtensions);
    }
}

#[test]
fn both_sides_negotiate_the_same_parameters() {
    // R7692-5-d, R7692-5-j
    let windows = [8, 9, 12, 15].map(window);
    let configs = || {
        windows.into_iter().flat_map(move |send| {
            windows.into_iter().flat_map(move |receive| {
                [(true, true), (true, false), (false, true), (false, false)].map(move |(ours, theirs)| {
                    Config::new()
                        .send_window(send)
                        .receive_window(receive)
                        .send_context_takeover(ours)
                        .receive_context_takeover(theirs)
                })
            })
        })
    };
    for client in configs() {
        for server in configs() {
            let (at_server, at_client) = agree(server, client);
            let (sent, received) = directions(&at_server);
            let ((takeover, bits), from_server) = directions(&at_client);
            // Each side may use at most its negotiated window.
            assert!(sent.1 <= from_server.1 && sent.0 <= from_server.0, "{client:?} {server:?}");
            assert!(bits <= received.1 && takeover == received.0, "{client:?} {server:?}");
        }
    }
    assert_eq!((WindowBits::new(7), WindowBits::new(16)), (None, None), "R7692-7.1.2.1-a");
    assert_eq!((WindowBits::MIN.get(), WindowBits::MAX.get()), (8, 15));
}
