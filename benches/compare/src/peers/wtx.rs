//! wtx, polled without a runtime. Its handshake is left out.

use std::{cell::Cell, future::poll_fn, hint::black_box, rc::Rc, task::Poll};

use wtx::{
    collection::Vector,
    rng::ChaCha20,
    stream::{StreamReader, StreamWriter},
    web_socket::{Frame, OpCode, WebSocket, WebSocketBuffer, WebSocketPayloadOrigin},
};

use super::{End, Peer, Run};
use crate::stream::{Shared, Stream, counted, poll};

pub const PEER: Peer = Peer {
    decode: Some(|end, wire, read| match end {
        End::Server => decode::<false>(wire, read),
        End::Client => decode::<true>(wire, read),
    }),
    echo: Some(echo),
    turns: Some(|count, frame| super::turns_of(echo, count, frame)),
    encode: Some(|end, payload, count| match end {
        End::Server => encode::<false>(payload, count),
        End::Client => encode::<true>(payload, count),
    }),
    idle: Some(|end| match end {
        End::Server => Box::new(socket::<false>(Stream(Shared::new(&Rc::from([]), 1)))),
        End::Client => Box::new(socket::<true>(Stream(Shared::new(&Rc::from([]), 1)))),
    }),
    ..Peer::named("wtx")
};

impl StreamReader for Stream {
    async fn read(&mut self, bytes: &mut [u8]) -> wtx::Result<usize> {
        poll_fn(|_| match self.give(bytes) {
            Some(len) => Poll::Ready(Ok(len)),
            None => Poll::Pending,
        })
        .await
    }
}

impl StreamWriter for Stream {
    async fn write_all(&mut self, bytes: &[u8]) -> wtx::Result<()> {
        self.put(bytes);
        Ok(())
    }

    async fn write_all_vectored(&mut self, bytes: &[&[u8]]) -> wtx::Result<()> {
        bytes.iter().for_each(|bytes| {
            self.put(bytes);
        });
        Ok(())
    }
}

type Socket<const IS_CLIENT: bool> = WebSocket<(), ChaCha20, Stream, WebSocketBuffer, IS_CLIENT>;

fn socket<const IS_CLIENT: bool>(stream: Stream) -> Socket<IS_CLIENT> {
    let rng = ChaCha20::from_key([7; 32]);
    WebSocket::new((), false, rng, stream, WebSocketBuffer::new())
}

fn decode<const IS_CLIENT: bool>(wire: &Rc<[u8]>, read: usize) -> Run {
    let shared = Shared::new(wire, read);
    let mut socket = socket::<IS_CLIENT>(Stream(shared.clone()));
    let counter = Rc::new(Cell::new(0));
    let count = counter.clone();
    Box::new(counted(shared, counter, async move {
        let mut buffer = Vector::new();
        loop {
            buffer.clear();
            let frame = socket.read_frame(&mut buffer, WebSocketPayloadOrigin::Adaptive).await.unwrap();
            if matches!(frame.op_code(), OpCode::Text | OpCode::Binary) {
                black_box(&frame.payload()[..]);
                count.set(count.get() + 1);
            }
        }
    }))
}

fn echo(wire: &Rc<[u8]>, read: usize) -> Run {
    let shared = Shared::new(wire, read);
    let mut socket = socket::<false>(Stream(shared.clone()));
    let counter = Rc::new(Cell::new(0));
    let count = counter.clone();
    Box::new(counted(shared, counter, async move {
        let mut buffer = Vector::new();
        loop {
            buffer.clear();
            let (mut common, mut reader, mut writer) = socket.split_mut();
            let mut frame =
                reader.read_frame(&mut buffer, &mut common, WebSocketPayloadOrigin::Adaptive).await.unwrap();
            writer.write_frame(&mut common, &mut frame).await.unwrap();
            count.set(count.get() + 1);
        }
    }))
}

fn encode<const IS_CLIENT: bool>(payload: &Rc<[u8]>, count: usize) -> Run {
    let shared = Shared::new(&Rc::from([]), 1);
    let mut socket = socket::<IS_CLIENT>(Stream(shared.clone()));
    let mut payload = payload.to_vec();
    Box::new(move || {
        shared.rewind();
        for _ in 0..count {
            // It masks in place.
            let mut frame = Frame::new_fin(OpCode::Binary, black_box(&mut payload[..]));
            poll(socket.write_frame(&mut frame)).unwrap().unwrap();
        }
        black_box(&shared.written.borrow()[..]);
        count
    })
}
