//! yawc, polled without a runtime. The handshakes are hyper's.

use std::{hint::black_box, pin::Pin, rc::Rc, task::Context};

use futures::{Sink, Stream as _, task::noop_waker_ref};
use yawc::{CompressionLevel, Frame, OpCode, Options, Role, WebSocket};

use super::{End, Peer, Run, Takeover};
use crate::stream::{Shared, Stream};

pub const PEER: Peer = Peer {
    decode: Some(decode),
    echo: Some(echo),
    turns: Some(|count, frame| super::turns_of(echo, count, frame)),
    encode: Some(encode),
    inflate: Some(inflate),
    deflate: Some(deflate),
    idle: Some(|end| Box::new(socket(end, None, Stream(Shared::new(&Rc::from([]), 1))))),
    ..Peer::named("yawc")
};

fn socket(end: End, compressed: Option<Takeover>, stream: Stream) -> WebSocket<Stream> {
    let role = if end == End::Server { Role::Server } else { Role::Client };
    let mut options = Options::default().with_utf8().with_limits(64 << 20, 128 << 20);
    if compressed.is_some() {
        options = options.with_compression_level(CompressionLevel::new(6));
    }
    let extensions = compressed.map(|takeover| match takeover {
        Takeover::Yes => "permessage-deflate",
        Takeover::No => "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    });
    WebSocket::from_stream_with_extensions(stream, role, extensions, options).unwrap()
}

/// Reads all there is, and says how many messages were.
fn receive(
    socket: &mut WebSocket<Stream>,
    mut on_message: impl FnMut(Pin<&mut WebSocket<Stream>>, Frame),
) -> usize {
    let (mut socket, mut count) = (Pin::new(socket), 0);
    let mut context = Context::from_waker(noop_waker_ref());
    while let std::task::Poll::Ready(Some(frame)) = socket.as_mut().poll_next(&mut context) {
        if matches!(frame.opcode(), OpCode::Text | OpCode::Binary) {
            on_message(socket.as_mut(), frame);
            count += 1;
        }
    }
    count
}

fn send(mut socket: Pin<&mut WebSocket<Stream>>, frame: Frame) {
    let mut context = Context::from_waker(noop_waker_ref());
    assert!(socket.as_mut().poll_ready(&mut context).is_ready());
    socket.start_send(frame).unwrap();
}

fn flush(socket: &mut WebSocket<Stream>) {
    assert!(Pin::new(socket).poll_flush(&mut Context::from_waker(noop_waker_ref())).is_ready());
}

fn decode(end: End, wire: &Rc<[u8]>, read: usize) -> Run {
    take(end, None, wire, read)
}

fn inflate(takeover: Takeover, wire: &Rc<[u8]>) -> Run {
    take(End::Server, Some(takeover), wire, 64 << 10)
}

fn take(end: End, compressed: Option<Takeover>, wire: &Rc<[u8]>, read: usize) -> Run {
    let shared = Shared::new(wire, read);
    let mut socket = socket(end, compressed, Stream(shared.clone()));
    Box::new(move || {
        shared.rewind();
        receive(&mut socket, |_, frame| drop(black_box(frame)))
    })
}

fn echo(wire: &Rc<[u8]>, read: usize) -> Run {
    let shared = Shared::new(wire, read);
    let mut socket = socket(End::Server, None, Stream(shared.clone()));
    Box::new(move || {
        shared.rewind();
        let count = receive(&mut socket, send);
        flush(&mut socket);
        count
    })
}

fn encode(end: End, payload: &Rc<[u8]>, count: usize) -> Run {
    let shared = Shared::new(&Rc::from([]), 1);
    let mut socket = socket(end, None, Stream(shared.clone()));
    let payload = tungstenite::Bytes::copy_from_slice(payload);
    Box::new(move || {
        shared.rewind();
        for _ in 0..count {
            send(Pin::new(&mut socket), Frame::binary(payload.clone()));
        }
        flush(&mut socket);
        count
    })
}

fn deflate(takeover: Takeover, messages: &[String]) -> Run {
    let shared = Shared::new(&Rc::from([]), 1);
    let mut socket = socket(End::Server, Some(takeover), Stream(shared.clone()));
    let messages: Vec<_> =
        messages.iter().map(|text| tungstenite::Bytes::copy_from_slice(text.as_bytes())).collect();
    Box::new(move || {
        shared.rewind();
        for text in &messages {
            send(Pin::new(&mut socket), Frame::text(text.clone()));
        }
        flush(&mut socket);
        black_box(&shared.written.borrow()[..]);
        messages.len()
    })
}
