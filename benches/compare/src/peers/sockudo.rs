//! sockudo-ws: its `Protocol` without I/O, and the functions of its handshake.

use std::{hint::black_box, rc::Rc};

use bytes::{Bytes, BytesMut};
use sockudo_ws::{Message, Role, handshake, protocol::Protocol};

use super::{End, Peer, Run};
use crate::stream::answer;

pub const PEER: Peer = Peer {
    decode: Some(decode),
    echo: Some(echo),
    turns: Some(turns),
    encode: Some(encode),
    accept: Some(accept),
    connect: Some(connect),
    idle: Some(|end| Box::new(protocol(end))),
    ..Peer::named("sockudo-ws")
};

fn protocol(end: End) -> Protocol {
    let role = if end == End::Server { Role::Server } else { Role::Client };
    Protocol::new(role, 64 << 20, 64 << 20)
}

fn decode(end: End, wire: &Rc<[u8]>, read: usize) -> Run {
    let (mut protocol, wire) = (protocol(end), wire.clone());
    let (mut buf, mut messages) = (BytesMut::new(), Vec::new());
    Box::new(move || {
        let mut count = 0;
        for bytes in wire.chunks(read) {
            buf.extend_from_slice(bytes);
            protocol.process_into(&mut buf, &mut messages).unwrap();
            for message in messages.drain(..) {
                if matches!(message, Message::Text(_) | Message::Binary(_)) {
                    black_box(message.as_bytes());
                    count += 1;
                }
            }
        }
        count
    })
}

fn echo(wire: &Rc<[u8]>, read: usize) -> Run {
    let (mut protocol, wire) = (protocol(End::Server), wire.clone());
    let (mut buf, mut messages, mut out) = (BytesMut::new(), Vec::new(), BytesMut::new());
    Box::new(move || {
        let mut count = 0;
        for bytes in wire.chunks(read) {
            count += echo_read(&mut protocol, bytes, &mut buf, &mut messages, &mut out);
        }
        count
    })
}

fn echo_read(
    protocol: &mut Protocol,
    bytes: &[u8],
    buf: &mut BytesMut,
    messages: &mut Vec<Message>,
    out: &mut BytesMut,
) -> usize {
    buf.extend_from_slice(bytes);
    protocol.process_into(buf, messages).unwrap();
    let count = messages.len();
    for message in messages.drain(..) {
        protocol.encode_message(&message, out).unwrap();
    }
    black_box(&out[..]);
    out.clear();
    count
}

fn turns(count: usize, frame: &Rc<[u8]>) -> Run {
    let mut ends: Vec<_> = (0..count).map(|_| protocol(End::Server)).collect();
    let frame = frame.clone();
    let (mut buf, mut messages, mut out) = (BytesMut::new(), Vec::new(), BytesMut::new());
    Box::new(move || {
        ends.iter_mut().map(|end| echo_read(end, &frame, &mut buf, &mut messages, &mut out)).sum()
    })
}

fn encode(end: End, payload: &Rc<[u8]>, count: usize) -> Run {
    let (mut protocol, mut out) = (protocol(end), BytesMut::with_capacity(8 << 20));
    let message = Message::Binary(Bytes::copy_from_slice(payload));
    Box::new(move || {
        out.clear();
        for _ in 0..count {
            protocol.encode_message(black_box(&message), &mut out).unwrap();
        }
        black_box(&out[..]);
        count
    })
}

fn accept(request: &Rc<[u8]>) -> Run {
    let mut buf = request.to_vec();
    let request = request.clone();
    Box::new(move || {
        for _ in 0..100 {
            buf.copy_from_slice(&request);
            let (asked, _) = handshake::parse_request(&buf).unwrap().unwrap();
            let key = handshake::generate_accept_key(asked.key);
            black_box(handshake::build_response(&key, None, None));
            black_box(protocol(End::Server));
        }
        100
    })
}

fn connect() -> Run {
    Box::new(move || {
        for _ in 0..100 {
            let key = handshake::generate_key();
            let path = black_box("/chat?room=1");
            let request = handshake::build_request("server.example.com", path, &key, None, None);
            let answer = answer(&request);
            let (response, _) = handshake::parse_response(&answer).unwrap().unwrap();
            assert!(handshake::validate_accept_key(&key, response.accept.unwrap()));
            black_box(protocol(End::Client));
        }
        100
    })
}
