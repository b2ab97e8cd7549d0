//! This crate: a read buffer of the caller, events that borrow from it.

use std::{hint::black_box, rc::Rc};

use sansocket::{Config, Connection, Event, Input, handshake::HandshakeLimits, server};

use super::{End, Peer, Run};

pub const PEER: Peer = Peer {
    name: "sansocket",
    decode: Some(decode),
    echo: Some(echo),
    encode: Some(encode),
    accept: Some(accept),
    idle: Some(|end| Box::new(connection(end))),
};

fn connection(end: End) -> Connection {
    match end {
        End::Server => Connection::server(Config::new()),
        End::Client => Connection::client(Config::new(), [1; 32]),
    }
}

fn decode(end: End, wire: &Rc<[u8]>, read: usize) -> Run {
    let (mut connection, wire) = (connection(end), wire.clone());
    let (mut buf, mut out) = (vec![0; read], Vec::new());
    Box::new(move || {
        let mut count = 0;
        for bytes in wire.chunks(read) {
            // What reading from a socket does.
            let buf = &mut buf[..bytes.len()];
            buf.copy_from_slice(bytes);
            let mut input = Input::new(buf);
            while let Some(event) = connection.receive(&mut input, &mut out).unwrap() {
                match &event {
                    Event::Text(text) => count += usize::from(black_box(text.as_bytes()).len() < usize::MAX),
                    Event::Binary(data) => count += usize::from(black_box(&data[..]).len() < usize::MAX),
                    _ => out.clear(),
                }
                connection.recycle(event);
            }
        }
        count
    })
}

fn echo(wire: &Rc<[u8]>, read: usize) -> Run {
    let (mut connection, wire) = (connection(End::Server), wire.clone());
    let (mut buf, mut out) = (vec![0; read], Vec::new());
    Box::new(move || {
        let mut count = 0;
        for bytes in wire.chunks(read) {
            let buf = &mut buf[..bytes.len()];
            buf.copy_from_slice(bytes);
            let mut input = Input::new(buf);
            while let Some(event) = connection.receive(&mut input, &mut out).unwrap() {
                match &event {
                    Event::Text(text) => connection.send_text(text, &mut out).unwrap(),
                    Event::Binary(data) => connection.send_binary(data, &mut out).unwrap(),
                    _ => continue,
                }
                connection.recycle(event);
                count += 1;
            }
            // Here it would be written.
            black_box(&out[..]);
            out.clear();
        }
        count
    })
}

fn encode(end: End, payload: &Rc<[u8]>, count: usize) -> Run {
    let (mut connection, payload) = (connection(end), payload.clone());
    let mut out = Vec::with_capacity(8 << 20);
    Box::new(move || {
        out.clear();
        for _ in 0..count {
            connection.send_binary(black_box(&payload), &mut out).unwrap();
        }
        black_box(&out[..]);
        count
    })
}

fn accept(request: &Rc<[u8]>) -> Run {
    let mut buf = request.to_vec();
    let request = request.clone();
    let mut out = Vec::with_capacity(1024);
    Box::new(move || {
        for _ in 0..100 {
            out.clear();
            buf.copy_from_slice(&request);
            let mut handshake = server::Handshake::new(HandshakeLimits::new());
            let request = handshake.receive(&mut Input::new(&mut buf), &mut out).unwrap().unwrap();
            black_box(request.accept(server::Accept::new(), &mut out).unwrap());
            black_box(&out[..]);
        }
        100
    })
}
