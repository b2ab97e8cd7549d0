//! Extensions of the caller: the negotiation in both roles, reserved bits, and the codec of the example.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../examples/own_extension.rs"]
#[allow(dead_code, unreachable_pub, reason = "it is a program")]
mod example;

use example::{Checked, exchange};
use sansocket::{
    CloseCode, Config, Connection, Delivery, Event, Input, ProtocolError, SendError, client,
    extended_connect,
    frame::{Decoder, Limits, OpCode, Role, Rsv},
    handshake::{HandshakeError, HandshakeLimits},
    server::{self, Accept, ResponseErrorKind},
};

const OFFER: &str = "x-a; b=c, x-d";

#[test]
fn messages_with_a_checksum_go_both_ways_if_both_sides_know_the_extension() {
    for offers in [true, false] {
        let (mut client, mut server) = (Checked::client(offers).unwrap(), Checked::server());
        exchange(&mut client, &mut server).unwrap();
        client.send("é").unwrap();
        let sent = client.take_output();
        // RSV2 marks the message, and four bytes follow the text.
        assert_eq!(sent[..2], if offers { [0xa1, 0x86] } else { [0x81, 0x82] });
        server.receive(&sent).unwrap();
        server.send("from the server").unwrap();
        exchange(&mut client, &mut server).unwrap();
        assert_eq!(
            (&server.messages[..], &client.messages[..]),
            (&["é".into()][..], &["from the server".into()][..])
        );
    }
}

#[test]
fn a_wrong_checksum_closes_the_connection() {
    let (mut client, mut server) = (Checked::client(true).unwrap(), Checked::server());
    exchange(&mut client, &mut server).unwrap();
    server.send("Hello").unwrap();
    let mut bytes = server.take_output();
    *bytes.last_mut().unwrap() ^= 1;
    client.receive(&bytes).unwrap();
    exchange(&mut client, &mut server).unwrap();
    assert_eq!(client.messages, [""; 0]);
    client.session.eof();
    server.session.eof();
    exchange(&mut client, &mut server).unwrap();
    let outcome = server.session.connection().unwrap().close_outcome().unwrap();
    assert_eq!((outcome.code, outcome.reason), (CloseCode::INVALID_PAYLOAD.get(), "wrong checksum"));
}

/// The response of a server to a client that offers [`OFFER`].
fn answer(accept: Accept) -> Result<(String, Connection), ResponseErrorKind> {
    let request = client::Request::new("ws://h/").unwrap().extension(OFFER);
    let mut out = Vec::new();
    client::Handshake::new(&request, [7; 32], &mut out).unwrap();
    let mut handshake = server::Handshake::new(HandshakeLimits::new());
    let request = handshake.receive(&mut Input::new(&mut out), &mut Vec::new()).unwrap().unwrap();
    let mut response = Vec::new();
    let connection = request.accept(accept, &mut response).map_err(|error| error.kind())?;
    Ok((String::from_utf8(response).unwrap(), connection))
}

#[test]
fn a_server_selects_extensions_that_were_offered_and_no_others() {
    for selected in ["x-a", "x-a; b=c", "x-d; e=\"f\""] {
        let (response, _) = answer(Accept::new().extension(selected)).unwrap();
        assert!(response.contains(&format!("\r\nSec-WebSocket-Extensions: {selected}\r\n")), "{response}");
    }
    let (response, _) = answer(Accept::new().extension("x-d").extension("x-a")).unwrap();
    assert!(response.contains("\r\nSec-WebSocket-Extensions: x-d, x-a\r\n"), "{response}");
    let refused = |accept| answer(accept).map(drop);
    let not_offered = Err(ResponseErrorKind::ExtensionNotOffered);
    assert_eq!(refused(Accept::new().extension("x-e")), not_offered);
    assert_eq!(refused(Accept::new().extension("X-A")), not_offered);
    for selected in ["", ";", "x-a, x-d", "x-a\r\nX: y", "x-a;"] {
        let invalid = Err(ResponseErrorKind::InvalidExtension);
        assert_eq!(refused(Accept::new().extension(selected)), invalid, "{selected}");
    }
    let twice = Accept::new().extension("x-a").extension("x-a; b=c");
    assert_eq!(refused(twice), Err(ResponseErrorKind::InvalidExtension));
    // Two extensions cannot use one bit.
    let both = |other| Accept::new().extension_with_rsv("x-a", Rsv::RSV2).extension_with_rsv("x-d", other);
    assert_eq!(refused(both(Rsv::RSV2.with(Rsv::RSV3))), Err(ResponseErrorKind::InvalidExtension));
    assert_eq!(refused(both(Rsv::RSV3)), Ok(()));
}

#[test]
fn a_client_takes_extensions_that_it_has_offered_and_no_others() {
    let request = client::Request::new("ws://h/").unwrap().extension_with_rsv("x-a; b=c", Rsv::RSV3);
    let mut frame = *b"\x91\x01\xff";
    for (selected, expected) in [
        (Some("x-a"), Ok(Ok(true))),
        (None, Ok(Err(ProtocolError::ReservedBits))),
        (Some("x-b"), Err(HandshakeError::UnexpectedExtension)),
        (Some("x-a, x-a"), Err(HandshakeError::UnexpectedExtension)),
    ] {
        let (mut handshake, _) = extended_connect::Handshake::new(&request, [7; 32]).unwrap();
        let fields = [(":status", Some("200")), ("sec-websocket-extensions", selected)];
        let fields = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let opened = handshake.receive(fields).map_err(|error| match error {
            client::Error::Handshake(error) => error,
            other => panic!("{other}"),
        });
        let received = opened.map(|opened| {
            let (mut connection, _) = opened.unwrap();
            connection.receive(&mut Input::new(&mut frame), &mut Vec::new()).map(|event| event.is_some())
        });
        assert_eq!(received, expected);
    }
    for (other, expected) in [(Rsv::RSV2, Err(HandshakeError::UnexpectedExtension)), (Rsv::RSV3, Ok(true))] {
        let request = client::Request::new("ws://h/").unwrap();
        let request = request.extension_with_rsv("x-a", Rsv::RSV2).extension_with_rsv("x-d", other);
        let (mut handshake, _) = extended_connect::Handshake::new(&request, [7; 32]).unwrap();
        let fields = [(":status", "200"), ("sec-websocket-extensions", "x-a, x-d")];
        let opened = handshake.receive(fields).map(|opened| opened.is_some()).map_err(|error| match error {
            client::Error::Handshake(error) => error,
            other => panic!("{other}"),
        });
        assert_eq!(opened, expected);
    }
    let two = client::Request::new("ws://h/").unwrap().extension_with_rsv(OFFER, Rsv::RSV2);
    let error = client::Handshake::new(&two, [7; 32], &mut Vec::new()).map(drop);
    assert_eq!(error, Err(client::RequestError::InvalidExtension));
}

/// The events of a client, with the stream in pieces of a length.
fn receive(config: Config, stream: &[u8], piece: usize) -> Result<Vec<Event<'static>>, ProtocolError> {
    let mut connection = Connection::client(config, [7; 32]);
    let mut events: Vec<Event<'static>> = Vec::new();
    for bytes in stream.to_vec().chunks_mut(piece) {
        let mut input = Input::new(bytes);
        while let Some(event) = connection.receive(&mut input, &mut Vec::new())? {
            match (events.last_mut(), event.into_owned()) {
                (
                    Some(Event::Extended { data, last: last @ false, .. }),
                    Event::Extended { data: more, last: end, .. },
                ) => {
                    data.to_mut().extend_from_slice(&more);
                    *last = end;
                }
                (_, event) => events.push(event),
            }
        }
    }
    Ok(events)
}

#[test]
fn reserved_bits_are_accepted_on_the_first_frame_of_messages_if_they_are_allowed() {
    let extended =
        |opcode, rsv, data: &'static [u8]| Event::Extended { opcode, rsv, data: data.into(), last: true };
    let both = Rsv::RSV2.with(Rsv::RSV3);
    let rows: [(Rsv, &[u8], Event<'static>); 5] = [
        (Rsv::RSV2, b"\xa1\x02\xff\xfe", extended(OpCode::Text, Rsv::RSV2, b"\xff\xfe")),
        (Rsv::RSV3, b"\x12\x01a\x80\x01b", extended(OpCode::Binary, Rsv::RSV3, b"ab")),
        (Rsv::RSV1, b"\xc1\x01a", extended(OpCode::Text, Rsv::RSV1, b"a")),
        (both, b"\xb2\x00", extended(OpCode::Binary, both, b"")),
        (both, b"\xa2\x01a", extended(OpCode::Binary, Rsv::RSV2, b"a")),
    ];
    for (allowed, stream, event) in rows {
        for piece in 1..=stream.len() {
            assert_eq!(receive(Config::new(), stream, piece), Err(ProtocolError::ReservedBits));
            for delivery in [Delivery::Messages, Delivery::Chunks] {
                let config = Config::new().allow_rsv(allowed).delivery(delivery);
                assert_eq!(receive(config, stream, piece), Ok(vec![event.clone()]));
                // Messages without the bits are not affected by the extension.
                if delivery == Delivery::Messages {
                    assert_eq!(receive(config, b"\x81\x01a", piece), Ok(vec![Event::Text("a".into())]));
                    assert_eq!(receive(config, b"\x81\x01\xff", piece), Err(ProtocolError::InvalidUtf8));
                }
                for refused in
                    [&b"\xa1\x00\x91\x00\xc1\x00"[..], b"\x01\x00\xa0\x00", b"\xa9\x00", b"\xf1\x00"]
                {
                    let result = receive(config, refused, piece);
                    assert_eq!(result, Err(ProtocolError::ReservedBits), "{}", refused.escape_ascii());
                }
            }
        }
    }
    let mut decoder = Decoder::new(Role::Client, Limits::new()).allow_rsv(Rsv::RSV1);
    let mut bytes = *b"\xc2\x00";
    let rsv = decoder.receive(&mut Input::new(&mut bytes)).unwrap().unwrap().header.rsv;
    assert_eq!((rsv, decoder.message_rsv(), decoder.is_message_compressed()), (Rsv::RSV1, Rsv::RSV1, false));
}

#[test]
fn extended_messages_keep_the_limits() {
    for rsv in [Rsv::RSV1, Rsv::RSV2] {
        let mut stream = Vec::new();
        let sender = Config::new().allow_rsv(rsv);
        Connection::server(sender).send_extended(OpCode::Binary, rsv, &[0; 11], &mut stream).unwrap();
        let error = Err(ProtocolError::MessageTooLong { limit: 10, len: 11 });
        assert_eq!(receive(sender.max_message_len(10), &stream, 1), error);
        assert!(receive(sender.max_message_len(11), &stream, 1).is_ok());
    }
}

#[test]
fn extended_messages_are_sent_with_the_bits_that_were_agreed_on_only() {
    let config = Config::new().allow_rsv(Rsv::RSV2);
    for mut connection in [Connection::server(config), Connection::client(config, [7; 32])] {
        let mut out = Vec::new();
        let error = Err(SendError::InvalidReservedBits);
        for (opcode, rsv) in [
            (OpCode::Text, Rsv::NONE),
            (OpCode::Text, Rsv::RSV1),
            (OpCode::Text, Rsv::RSV2.with(Rsv::RSV3)),
            (OpCode::Ping, Rsv::RSV2),
            (OpCode::Continuation, Rsv::RSV2),
        ] {
            assert_eq!(connection.send_extended(opcode, rsv, b"a", &mut out), error);
        }
        connection.send_text_fragment("a", false, &mut out).unwrap();
        let in_message = Err(SendError::MessageInProgress);
        let before = out.len();
        assert_eq!(connection.send_extended(OpCode::Text, Rsv::RSV2, b"a", &mut out), in_message);
        assert_eq!(out.len(), before);
        connection.send_text_fragment("", true, &mut out).unwrap();
        connection.send_close(CloseCode::NORMAL, &mut out).unwrap();
        let closing = Err(SendError::ConnectionClosing);
        assert_eq!(connection.send_extended(OpCode::Text, Rsv::RSV2, b"a", &mut out), closing);
    }
}

#[cfg(feature = "deflate")]
#[test]
fn an_own_extension_and_compression_share_a_connection_but_no_bit() {
    use sansocket::{deflate, handshake::Extension};

    let offer = || Extension::parse_all(["permessage-deflate"]).map(Result::unwrap);
    let negotiated = deflate::Config::new().min_len(0).accept(offer()).unwrap();
    let config = Config::new().deflate(negotiated).allow_rsv(Rsv::RSV2.with(Rsv::RSV1));
    let mut server = Connection::server(config);
    let mut out = Vec::new();
    server.send_text("Hello", &mut out).unwrap();
    server.send_extended(OpCode::Binary, Rsv::RSV2, b"data", &mut out).unwrap();
    let error = Err(SendError::InvalidReservedBits);
    assert_eq!(server.send_extended(OpCode::Binary, Rsv::RSV1, b"data", &mut out), error);
    let data =
        Event::Extended { opcode: OpCode::Binary, rsv: Rsv::RSV2, data: b"data"[..].into(), last: true };
    assert_eq!(receive(config, &out, 1), Ok(vec![Event::Text("Hello".into()), data]));

    // A server accepts both if they use different bits, and otherwise declines compression.
    let request = client::Request::new("ws://h/").unwrap().extension("x-a").deflate(deflate::Config::new());
    for (rsv, expected) in [(Rsv::RSV2, "x-a, permessage-deflate"), (Rsv::RSV1, "x-a")] {
        let (_, list) = extended_connect::Handshake::new(&request, [7; 32]).unwrap();
        let accept = Accept::new().extension_with_rsv("x-a", rsv).deflate(deflate::Config::new());
        let (response, _) = extended_connect::Request::from_headers(list).unwrap().accept(accept).unwrap();
        let value = response.iter().find(|(name, _)| name == "sec-websocket-extensions").unwrap();
        assert!(value.1.starts_with(expected), "{}", value.1);
        assert_eq!(value.1.contains("deflate"), rsv == Rsv::RSV2);
    }
    // A client that gets both with the same bit fails.
    let request = client::Request::new("ws://h/").unwrap().extension_with_rsv("x-a", Rsv::RSV1);
    let (mut handshake, _) =
        extended_connect::Handshake::new(&request.deflate(deflate::Config::new()), [7; 32]).unwrap();
    let both = [(":status", "200"), ("sec-websocket-extensions", "x-a, permessage-deflate")];
    let error = handshake.receive(both).map(drop);
    assert_eq!(error, Err(client::Error::Handshake(HandshakeError::UnexpectedExtension)));
}
