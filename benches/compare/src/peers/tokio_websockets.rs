//! tokio-websockets, polled without a runtime, because nothing ever waits.

use std::{hint::black_box, rc::Rc, task::Context};

use futures::{Sink, Stream as _, task::noop_waker_ref};
use tokio_websockets::{ClientBuilder, Limits, Message, ServerBuilder, WebSocketStream};

use super::{End, Peer, Run, URI};
use crate::stream::{Shared, Stream, poll};

pub const PEER: Peer = Peer {
    decode: Some(decode),
    echo: Some(echo),
    turns: Some(|count, frame| super::turns_of(echo, count, frame)),
    encode: Some(encode),
    accept: Some(accept),
    connect: Some(connect),
    idle: Some(|end| Box::new(socket(end, Stream(Shared::new(&Rc::from([]), 1))))),
    ..Peer::named("tokio-websockets")
};

fn socket(end: End, stream: Stream) -> WebSocketStream<Stream> {
    match end {
        End::Server => ServerBuilder::new().limits(Limits::unlimited()).serve(stream),
        End::Client => ClientBuilder::new().limits(Limits::unlimited()).take_over(stream),
    }
}

fn decode(end: End, wire: &Rc<[u8]>, read: usize) -> Run {
    let shared = Shared::new(wire, read);
    let mut socket = socket(end, Stream(shared.clone()));
    Box::new(move || {
        shared.rewind();
        let mut count = 0;
        let mut context = Context::from_waker(noop_waker_ref());
        while let std::task::Poll::Ready(Some(message)) =
            std::pin::Pin::new(&mut socket).poll_next(&mut context)
        {
            let message = message.unwrap();
            if message.is_text() || message.is_binary() {
                black_box(&message.as_payload()[..]);
                count += 1;
            }
        }
        count
    })
}

fn echo(wire: &Rc<[u8]>, read: usize) -> Run {
    let shared = Shared::new(wire, read);
    let mut socket = socket(End::Server, Stream(shared.clone()));
    Box::new(move || {
        shared.rewind();
        let mut count = 0;
        let mut context = Context::from_waker(noop_waker_ref());
        let mut socket = std::pin::Pin::new(&mut socket);
        while let std::task::Poll::Ready(Some(message)) = socket.as_mut().poll_next(&mut context) {
            let message = message.unwrap();
            if message.is_text() || message.is_binary() {
                assert!(socket.as_mut().poll_ready(&mut context).is_ready());
                socket.as_mut().start_send(message).unwrap();
                count += 1;
            }
        }
        assert!(socket.poll_flush(&mut context).is_ready());
        count
    })
}

fn encode(end: End, payload: &Rc<[u8]>, count: usize) -> Run {
    let shared = Shared::new(&Rc::from([]), 1);
    let mut socket = socket(end, Stream(shared.clone()));
    let payload = tungstenite::Bytes::copy_from_slice(payload);
    Box::new(move || {
        shared.rewind();
        let mut context = Context::from_waker(noop_waker_ref());
        for _ in 0..count {
            let mut socket = std::pin::Pin::new(&mut socket);
            assert!(socket.as_mut().poll_ready(&mut context).is_ready());
            socket.start_send(Message::binary(payload.clone())).unwrap();
        }
        assert!(std::pin::Pin::new(&mut socket).poll_flush(&mut context).is_ready());
        count
    })
}

fn accept(request: &Rc<[u8]>) -> Run {
    let shared = Shared::new(request, 64 << 10);
    Box::new(move || {
        for _ in 0..100 {
            shared.rewind();
            let accepted = poll(ServerBuilder::new().accept(Stream(shared.clone())));
            black_box(accepted.unwrap().unwrap());
        }
        100
    })
}

fn connect() -> Run {
    let shared = Shared::server();
    Box::new(move || {
        for _ in 0..100 {
            shared.rewind();
            let builder = ClientBuilder::new().uri(URI).unwrap();
            black_box(poll(builder.connect_on(Stream(shared.clone()))).unwrap().unwrap());
        }
        100
    })
}
