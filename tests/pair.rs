//! A client and a server connected to each other.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{Pair, binary, binary_chunk, close, closed, noise, ping, pong, prose, text};
use sansocket::{CloseCode, Config, Delivery, Event, Initiator, ProtocolError, State};

fn pair() -> Pair {
    Pair::new(Config::new(), Config::new())
}

/// Checks that both ends have closed cleanly with this code, and that the end of the stream is no error.
#[track_caller]
fn both_closed(pair: &mut Pair, code: u16, [client, server]: [Initiator; 2]) {
    for (end, initiator) in [(&mut pair.client, client), (&mut pair.server, server)] {
        assert_eq!((end.error, end.connection.state()), (None, State::Draining));
        assert!(end.out.is_empty(), "something is left to say");
        let closure = end.connection.close_outcome().unwrap();
        assert_eq!((closure.code, closure.clean, closure.initiator), (code, true, initiator));
        assert_eq!(end.connection.receive_eof(), Ok(()));
        assert_eq!(end.connection.state(), State::Closed);
    }
}

#[test]
fn messages_of_every_length_class_go_both_ways() {
    // R6455-5.2-g, R6455-6.1-7, R6455-6.2-4, R6455-12-b
    let cuts = [1, 2, 7, 1000, 16_384, usize::MAX];
    for len in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000, 1 << 20] {
        let (data, prose) = (noise(len), prose(len));
        for cut in cuts {
            if cut < 1000 && len > 100_000 {
                continue; // short reads of a long message are tested below
            }
            let mut pair = pair();
            for end in [&mut pair.client, &mut pair.server] {
                end.connection.send_binary(&data, &mut end.out).unwrap();
                end.connection.send_text(&prose, &mut end.out).unwrap();
            }
            pair.settle(cut);
            for end in [&pair.client, &pair.server] {
                assert_eq!(end.error, None);
                assert!(end.events == [binary(&data), text(&prose)], "{len} bytes in pieces of {cut}");
                assert_eq!(end.connection.state(), State::Open);
            }
        }
    }
}

#[test]
fn a_mebibyte_arrives_in_pieces_of_three_bytes() {
    let data = noise(1 << 20);
    let mut pair = pair();
    pair.client.connection.send_binary(&data, &mut pair.client.out).unwrap();
    pair.settle(3);
    assert!(pair.server.events == [binary(&data)]);
}

#[test]
fn a_mebibyte_of_chunks_in_a_mebibyte_of_fragments() {
    // R6455-5.4-k, R6455-5.4-o
    let config = Config::new().delivery(Delivery::Chunks).max_fragments(u32::MAX);
    let data = noise(1 << 18);
    let mut pair = Pair::new(config, config);
    for piece in data.chunks(1) {
        pair.client.connection.send_binary_fragment(piece, false, &mut pair.client.out).unwrap();
    }
    pair.client.connection.send_binary_fragment(b"", true, &mut pair.client.out).unwrap();
    pair.settle(1000);
    let mut received = Vec::new();
    let (last, pieces) = pair.server.events.split_last().unwrap();
    for piece in pieces {
        let Event::BinaryChunk { data, last: false } = piece else { unreachable!("{piece:?}") };
        received.extend_from_slice(data);
    }
    assert!(received == data);
    assert_eq!(*last, binary_chunk(b"", true));
}

#[test]
fn fragments_with_pings_between_are_answered_and_put_together() {
    // R6455-5.4-e, R6455-5.4-i, R6455-5.4-k, R6455-5.4-n, R6455-5.5.2-b
    for cut in [1, 2, 5, usize::MAX] {
        let mut pair = pair();
        let text_pieces = ["", "Grü", "ße", "", ", κόσμε", ""];
        for end in [&mut pair.client, &mut pair.server] {
            for (number, piece) in text_pieces.iter().enumerate() {
                let last = number + 1 == text_pieces.len();
                end.connection.send_ping(&[u8::try_from(number).unwrap()], &mut end.out).unwrap();
                end.connection.send_text_fragment(piece, last, &mut end.out).unwrap();
            }
        }
        pair.settle(cut);
        for end in [&pair.client, &pair.server] {
            let of_kind = |kind: fn(&Event<'static>) -> bool| -> Vec<_> {
                end.events.iter().filter(|event| kind(event)).cloned().collect()
            };
            let numbers = 0..u8::try_from(text_pieces.len()).unwrap();
            let asked: Vec<_> = numbers.clone().map(|number| ping(&[number])).collect();
            let answered: Vec<_> = numbers.map(|number| pong(&[number])).collect();
            assert_eq!(of_kind(|event| matches!(event, Event::Ping(_))), asked);
            assert_eq!(of_kind(|event| matches!(event, Event::Pong(_))), answered);
            assert_eq!(of_kind(|event| matches!(event, Event::Text(_))), [text("Grüße, κόσμε")]);
            assert_eq!(end.events.len(), asked.len() + answered.len() + 1);
        }
    }
}

#[test]
fn either_end_closes_first() {
    // R6455-5.5.1-g, R6455-5.5.1-k, R6455-7.1.4-b, R6455-7.1.5-a, R6455-12-b, WHATWG-3.3-h
    for cut in [1, 3, usize::MAX] {
        let mut pair = pair();
        let (client, out) = (&mut pair.client.connection, &mut pair.client.out);
        client.send_close(close(1001, "bye"), out).unwrap();
        pair.settle(cut);
        assert_eq!(pair.server.events, [closed(1001, "bye")]);
        assert_eq!(pair.client.events, [closed(1001, "bye")]);
        both_closed(&mut pair, 1001, [Initiator::Local, Initiator::Remote]);

        let mut pair = self::pair();
        let (server, out) = (&mut pair.server.connection, &mut pair.server.out);
        server.send_text("last words", out).unwrap();
        server.send_close(None, out).unwrap();
        pair.settle(cut);
        assert_eq!(pair.client.events, [text("last words"), Event::Close(None)]);
        assert_eq!(pair.server.events, [Event::Close(None)]);
        both_closed(&mut pair, 1005, [Initiator::Remote, Initiator::Local]);
    }
}

#[test]
fn both_ends_close_at_once() {
    // R6455-1.4-b, R6455-7.1.5-a
    // R6455-5.5.1-o: the code is that of the other side, and a reply gets no reply.
    for cut in [1, 3, usize::MAX] {
        for client_first in [true, false] {
            let mut pair = pair();
            pair.client.connection.send_close(CloseCode::GOING_AWAY, &mut pair.client.out).unwrap();
            pair.server.connection.send_close(CloseCode::SERVICE_RESTART, &mut pair.server.out).unwrap();
            if client_first {
                pair.deliver_to_server(cut);
                pair.deliver_to_client(cut);
            } else {
                pair.deliver_to_client(cut);
                pair.deliver_to_server(cut);
            }
            assert_eq!(pair.client.events, [closed(1012, "")]);
            assert_eq!(pair.server.events, [closed(1001, "")]);
            assert_eq!(pair.client.connection.close_outcome().unwrap().code, 1012);
            assert_eq!(pair.server.connection.close_outcome().unwrap().code, 1001);
            for end in [&mut pair.client, &mut pair.server] {
                assert_eq!((end.out.len(), end.error), (0, None));
                let closure = end.connection.close_outcome().unwrap();
                assert_eq!((closure.clean, closure.initiator), (true, Initiator::Local));
                assert_eq!(end.connection.receive_eof(), Ok(()));
            }
        }
    }
}

#[test]
fn answers_given_by_hand_close_both_ends() {
    let manual = Config::new().auto_close(false).auto_pong(false);
    let mut pair = Pair::new(manual, manual);
    pair.client.connection.send_ping(b"p", &mut pair.client.out).unwrap();
    pair.client.connection.send_close(CloseCode::NORMAL, &mut pair.client.out).unwrap();
    pair.settle(2);
    assert_eq!(pair.server.events, [ping(b"p"), closed(1000, "")]);
    assert_eq!(pair.server.connection.state(), State::Closing);
    assert_eq!(pair.client.connection.state(), State::Closing);
    pair.server.connection.send_close(CloseCode::NORMAL, &mut pair.server.out).unwrap();
    pair.settle(2);
    assert_eq!(pair.client.events, [closed(1000, "")]);
    both_closed(&mut pair, 1000, [Initiator::Local, Initiator::Remote]);
}

#[test]
fn a_failure_reaches_the_other_end_as_a_close() {
    // R6455-7.1.5-a, R6455-7.1.7-e, WHATWG-4-c, WHATWG-4-f
    for cut in [1, 4, usize::MAX] {
        let mut pair = Pair::new(Config::new(), Config::new().max_message_len(10));
        pair.client.connection.send_text("short", &mut pair.client.out).unwrap();
        pair.client.connection.send_text("longer than that", &mut pair.client.out).unwrap();
        pair.client.connection.send_text("late", &mut pair.client.out).unwrap();
        pair.settle(cut);
        let error = ProtocolError::MessageTooLong { limit: 10, len: 16 };
        assert_eq!((pair.server.error, &pair.server.events[..]), (Some(error), &[text("short")][..]));
        assert_eq!(pair.client.events, [closed(1009, "")]);
        assert_eq!(pair.client.connection.state(), State::Draining);
        assert_eq!(pair.client.connection.receive_eof(), Ok(()), "for the client all is in order");
        assert_eq!(pair.server.connection.receive_eof(), Err(error));
        assert_eq!(pair.client.connection.close_outcome().unwrap().code, 1009);
        assert_eq!(pair.server.connection.close_outcome().unwrap().code, 1006);
    }
}

#[test]
fn the_transport_ends_at_any_byte_of_a_conversation() {
    // R6455-7.2.1-a: an endpoint that has not received the other's Close by then has failed.
    let mut recorded = pair();
    let (client, out) = (&mut recorded.client.connection, &mut recorded.client.out);
    client.send_text("Hello", out).unwrap();
    client.send_binary_fragment(b"1", false, out).unwrap();
    client.send_ping(b"p", out).unwrap();
    client.send_binary_fragment(b"2", true, out).unwrap();
    client.send_close(CloseCode::NORMAL, out).unwrap();
    let stream = recorded.client.out.clone();
    for cut in 0..=stream.len() {
        let mut pair = pair();
        pair.client.out = stream[..cut].to_vec();
        pair.deliver_to_server(1);
        let whole = cut == stream.len();
        let result = pair.server.connection.receive_eof();
        assert_eq!(result.is_ok(), whole, "cut at {cut}");
        assert_eq!(pair.server.connection.state(), State::Closed);
        let closure = pair.server.connection.close_outcome().unwrap();
        assert_eq!((closure.clean, closure.code), (whole, if whole { 1000 } else { 1006 }), "cut at {cut}");
        assert_eq!(closure.error, result.err());
    }
}
