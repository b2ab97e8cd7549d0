//! This crate: a read buffer of the caller, events that borrow from it.

use std::{hint::black_box, rc::Rc};

use sansocket::{
    Config, Connection, Event, Input, client, handshake::HandshakeLimits, server, session::ReadBuffer,
};

use super::{End, Peer, Run, Takeover, URI};
use crate::{compressed_pair, stream::answer};

pub const PEER: Peer = Peer {
    decode: Some(decode),
    echo: Some(echo),
    turns: Some(turns),
    encode: Some(encode),
    inflate: Some(inflate),
    deflate: Some(deflate),
    accept: Some(accept),
    connect: Some(connect),
    idle: Some(|end| Box::new(connection(end))),
    ..Peer::named("sansocket")
};

/// As a thread uses it that serves many connections with one buffer: nothing can wait there.
pub const SHARED_BUFFER: Peer =
    Peer { decode: Some(decode_shared), ..Peer::named("sansocket (shared buffer)") };

fn connection(end: End) -> Connection {
    match end {
        End::Server => Connection::server(Config::new()),
        End::Client => Connection::client(Config::new(), [1; 32]),
    }
}

/// The length of a connection's buffer, which can contain the longest message here.
const BUFFER_LEN: usize = (1 << 20) + (64 << 10);

/// Reads all of `wire` into a buffer in which an unfinished frame waits for its rest, and hands every event
/// on.
fn receive(
    mut connection: Connection,
    wire: &Rc<[u8]>,
    read: usize,
    mut on_event: impl FnMut(&mut Connection, &Event<'_>, &mut Vec<u8>) -> usize + 'static,
) -> Run {
    let (mut buffer, mut out, wire) = (ReadBuffer::new(BUFFER_LEN), Vec::new(), wire.clone());
    Box::new(move || {
        let (mut count, mut unread) = (0, &wire[..]);
        while !unread.is_empty() {
            // What reading from a socket does.
            let space = buffer.space();
            let (bytes, rest) = unread.split_at(read.min(unread.len()).min(space.len()));
            space[..bytes.len()].copy_from_slice(bytes);
            unread = rest;
            buffer.filled(bytes.len());

            buffer.read_with(|input| {
                while let Some(event) = connection.receive(input, &mut out).unwrap() {
                    count += on_event(&mut connection, &event, &mut out);
                    connection.recycle(event);
                }
            });
            // Here it would be written.
            black_box(&out[..]);
            out.clear();
        }
        count
    })
}

fn decode(end: End, wire: &Rc<[u8]>, read: usize) -> Run {
    receive(connection(end), wire, read, |_, event, _| look(event))
}

fn decode_shared(end: End, wire: &Rc<[u8]>, read: usize) -> Run {
    let (mut connection, wire) = (connection(end), wire.clone());
    let (mut buf, mut out) = (vec![0; read], Vec::new());
    Box::new(move || {
        let mut count = 0;
        for bytes in wire.chunks(read) {
            let buf = &mut buf[..bytes.len()];
            buf.copy_from_slice(bytes);
            let mut input = Input::new(buf);
            while let Some(event) = connection.receive(&mut input, &mut out).unwrap() {
                count += look(&event);
                connection.recycle(event);
            }
            black_box(&out[..]);
            out.clear();
        }
        count
    })
}

fn inflate(takeover: Takeover, wire: &Rc<[u8]>) -> Run {
    let [server, _] = compressed_pair(takeover);
    receive(server, wire, 64 << 10, |_, event, _| look(event))
}

fn look(event: &Event<'_>) -> usize {
    match event {
        Event::Text(text) => usize::from(black_box(text.as_bytes()).len() < usize::MAX),
        Event::Binary(data) => usize::from(black_box(&data[..]).len() < usize::MAX),
        _ => 0,
    }
}

fn echo(wire: &Rc<[u8]>, read: usize) -> Run {
    receive(connection(End::Server), wire, read, |connection, event, out| {
        match event {
            Event::Text(text) => connection.send_text(text, out).unwrap(),
            Event::Binary(data) => connection.send_binary(data, out).unwrap(),
            _ => return 0,
        }
        1
    })
}

/// All of them share a buffer, since nothing waits in it.
fn turns(count: usize, frame: &Rc<[u8]>) -> Run {
    let mut connections: Vec<_> = (0..count).map(|_| connection(End::Server)).collect();
    let (frame, mut buf, mut out) = (frame.clone(), frame.to_vec(), Vec::new());
    Box::new(move || {
        let mut count = 0;
        for connection in &mut connections {
            buf.copy_from_slice(&frame);
            let mut input = Input::new(&mut buf);
            while let Some(event) = connection.receive(&mut input, &mut out).unwrap() {
                if let Event::Binary(data) = &event {
                    connection.send_binary(data, &mut out).unwrap();
                    count += 1;
                }
            }
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

fn deflate(takeover: Takeover, messages: &[String]) -> Run {
    let ([mut server, _], messages) = (compressed_pair(takeover), messages.to_vec());
    let mut out = Vec::new();
    Box::new(move || {
        out.clear();
        for text in &messages {
            server.send_text(text, &mut out).unwrap();
        }
        black_box(&out[..]);
        messages.len()
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

fn connect() -> Run {
    let (mut seed, mut out) = ([0; 32], Vec::new());
    Box::new(move || {
        for _ in 0..100 {
            // Randomness is the caller's.
            seed[0] = u8::wrapping_add(seed[0], 1);
            out.clear();
            let request = client::Request::new(URI).unwrap();
            let mut handshake = client::Handshake::new(&request, seed, &mut out).unwrap();
            let mut answer = answer(&out);
            black_box(handshake.receive(&mut Input::new(&mut answer)).unwrap().unwrap());
        }
        100
    })
}
