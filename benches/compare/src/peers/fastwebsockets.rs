//! fastwebsockets with its collector of fragments, polled without a runtime. It leaves the handshakes to hyper.

use std::{cell::Cell, hint::black_box, rc::Rc};

use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, Role, WebSocket};

use super::{End, Peer, Run};
use crate::stream::{Shared, Stream, counted, poll};

pub const PEER: Peer = Peer {
    decode: Some(decode),
    echo: Some(echo),
    turns: Some(|count, frame| super::turns_of(echo, count, frame)),
    encode: Some(encode),
    idle: Some(|end| Box::new(FragmentCollector::new(socket(end, Stream(Shared::new(&Rc::from([]), 1)))))),
    ..Peer::named("fastwebsockets")
};

fn socket(end: End, stream: Stream) -> WebSocket<Stream> {
    let role = if end == End::Server { Role::Server } else { Role::Client };
    let mut socket = WebSocket::after_handshake(stream, role);
    socket.set_max_message_size(64 << 20);
    socket
}

fn decode(end: End, wire: &Rc<[u8]>, read: usize) -> Run {
    let shared = Shared::new(wire, read);
    let mut socket = FragmentCollector::new(socket(end, Stream(shared.clone())));
    let counter = Rc::new(Cell::new(0));
    let count = counter.clone();
    Box::new(counted(shared, counter, async move {
        loop {
            let frame = socket.read_frame().await.unwrap();
            if matches!(frame.opcode, OpCode::Text | OpCode::Binary) {
                black_box(&frame.payload[..]);
                count.set(count.get() + 1);
            }
        }
    }))
}

fn echo(wire: &Rc<[u8]>, read: usize) -> Run {
    let shared = Shared::new(wire, read);
    let mut socket = FragmentCollector::new(socket(End::Server, Stream(shared.clone())));
    let counter = Rc::new(Cell::new(0));
    let count = counter.clone();
    Box::new(counted(shared, counter, async move {
        loop {
            let frame = socket.read_frame().await.unwrap();
            if matches!(frame.opcode, OpCode::Text | OpCode::Binary) {
                socket.write_frame(frame).await.unwrap();
                count.set(count.get() + 1);
            }
        }
    }))
}

fn encode(end: End, payload: &Rc<[u8]>, count: usize) -> Run {
    let shared = Shared::new(&Rc::from([]), 1);
    let mut socket = socket(end, Stream(shared.clone()));
    let mut payload = payload.to_vec();
    Box::new(move || {
        shared.rewind();
        for _ in 0..count {
            // As a client it masks in place, which is cheaper than a copy.
            let frame = Frame::binary(Payload::BorrowedMut(&mut payload));
            poll(socket.write_frame(frame)).unwrap().unwrap();
        }
        count
    })
}
