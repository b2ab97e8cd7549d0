//! soketto, polled without a runtime. It does not validate text.

use std::{cell::Cell, hint::black_box, rc::Rc};

use soketto::{
    connection::{Builder, Receiver, Sender},
    handshake::{Client, Server, server::Response},
};

use super::{End, Peer, Run};
use crate::stream::{Shared, Stream, counted, poll};

pub const PEER: Peer = Peer {
    decode: Some(decode),
    echo: Some(echo),
    turns: Some(|count, frame| super::turns_of(echo, count, frame)),
    encode: Some(encode),
    accept: Some(accept),
    connect: Some(connect),
    idle: Some(|end| Box::new(halves(end, Stream(Shared::new(&Rc::from([]), 1))))),
    ..Peer::named("soketto*")
};

fn halves(end: End, stream: Stream) -> (Sender<Stream>, Receiver<Stream>) {
    let mode = match end {
        End::Server => soketto::Mode::Server,
        End::Client => soketto::Mode::Client,
    };
    Builder::new(stream, mode).finish()
}

fn decode(end: End, wire: &Rc<[u8]>, read: usize) -> Run {
    let shared = Shared::new(wire, read);
    let (sender, mut receiver) = halves(end, Stream(shared.clone()));
    let counter = Rc::new(Cell::new(0));
    let count = counter.clone();
    Box::new(counted(shared, counter, async move {
        let (_sender, mut message) = (sender, Vec::new());
        loop {
            message.clear();
            receiver.receive_data(&mut message).await.unwrap();
            black_box(&message[..]);
            count.set(count.get() + 1);
        }
    }))
}

fn echo(wire: &Rc<[u8]>, read: usize) -> Run {
    let shared = Shared::new(wire, read);
    let (mut sender, mut receiver) = halves(End::Server, Stream(shared.clone()));
    let counter = Rc::new(Cell::new(0));
    let count = counter.clone();
    Box::new(counted(shared, counter, async move {
        let mut message = Vec::new();
        loop {
            message.clear();
            receiver.receive_data(&mut message).await.unwrap();
            sender.send_binary_mut(&mut message[..]).await.unwrap();
            sender.flush().await.unwrap();
            count.set(count.get() + 1);
        }
    }))
}

fn encode(end: End, payload: &Rc<[u8]>, count: usize) -> Run {
    let shared = Shared::new(&Rc::from([]), 1);
    let (mut sender, _receiver) = halves(end, Stream(shared.clone()));
    let mut payload = payload.to_vec();
    Box::new(move || {
        let _ = &_receiver;
        shared.rewind();
        for _ in 0..count {
            poll(sender.send_binary_mut(&mut payload[..])).unwrap().unwrap();
        }
        poll(sender.flush()).unwrap().unwrap();
        count
    })
}

fn accept(request: &Rc<[u8]>) -> Run {
    let shared = Shared::new(request, 64 << 10);
    Box::new(move || {
        for _ in 0..100 {
            shared.rewind();
            let mut server = Server::new(Stream(shared.clone()));
            let key = poll(server.receive_request()).unwrap().unwrap().key();
            poll(server.send_response(&Response::Accept { key, protocol: None })).unwrap().unwrap();
            black_box(server.into_builder().finish());
        }
        100
    })
}

fn connect() -> Run {
    let shared = Shared::server();
    Box::new(move || {
        for _ in 0..100 {
            shared.rewind();
            // It takes the parts of a URI.
            let mut client = Client::new(Stream(shared.clone()), "server.example.com", "/chat?room=1");
            black_box(poll(client.handshake()).unwrap().unwrap());
            black_box(client.into_builder().finish());
        }
        100
    })
}
