//! tungstenite: a blocking stream that says `WouldBlock` at the end of the input.

use std::{hint::black_box, rc::Rc};

use tungstenite::{
    Error, Message, WebSocket,
    protocol::{Role, WebSocketConfig},
};

use super::{End, Peer, Run, URI};
use crate::stream::{Shared, Stream};

pub const PEER: Peer = Peer {
    decode: Some(decode),
    echo: Some(echo),
    turns: Some(|count, frame| super::turns_of(echo, count, frame)),
    encode: Some(encode),
    accept: Some(accept),
    connect: Some(connect),
    idle: Some(|end| Box::new(socket(end, Stream(Shared::new(&Rc::from([]), 1))))),
    ..Peer::named("tungstenite")
};

fn socket(end: End, stream: Stream) -> WebSocket<Stream> {
    let role = if end == End::Server { Role::Server } else { Role::Client };
    let config = WebSocketConfig::default().max_frame_size(Some(64 << 20));
    WebSocket::from_raw_socket(stream, role, Some(config))
}

fn decode(end: End, wire: &Rc<[u8]>, read: usize) -> Run {
    let shared = Shared::new(wire, read);
    let mut socket = socket(end, Stream(shared.clone()));
    Box::new(move || {
        shared.rewind();
        let mut count = 0;
        loop {
            match socket.read() {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                    black_box(message.into_data());
                    count += 1;
                }
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => return count,
                Err(error) => panic!("{error}"),
            }
        }
    })
}

fn echo(wire: &Rc<[u8]>, read: usize) -> Run {
    let shared = Shared::new(wire, read);
    let mut socket = socket(End::Server, Stream(shared.clone()));
    Box::new(move || {
        shared.rewind();
        let mut count = 0;
        loop {
            match socket.read() {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                    socket.write(message).unwrap();
                    count += 1;
                }
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        socket.flush().unwrap();
        count
    })
}

fn encode(end: End, payload: &Rc<[u8]>, count: usize) -> Run {
    let shared = Shared::new(&Rc::from([]), 1);
    let mut socket = socket(end, Stream(shared.clone()));
    // A message takes `Bytes`; sharing them is the cheapest way to give it the same payload again.
    let payload = tungstenite::Bytes::copy_from_slice(payload);
    Box::new(move || {
        shared.rewind();
        for _ in 0..count {
            socket.write(Message::Binary(payload.clone())).unwrap();
        }
        socket.flush().unwrap();
        count
    })
}

fn accept(request: &Rc<[u8]>) -> Run {
    let shared = Shared::new(request, 64 << 10);
    Box::new(move || {
        for _ in 0..100 {
            shared.rewind();
            black_box(tungstenite::accept(Stream(shared.clone())).unwrap());
        }
        100
    })
}

fn connect() -> Run {
    let shared = Shared::server();
    Box::new(move || {
        for _ in 0..100 {
            shared.rewind();
            black_box(tungstenite::client(URI, Stream(shared.clone())).unwrap());
        }
        100
    })
}
