//! ws-framer: one buffer in which frames are reassembled, and whose front is freed after each frame by moving the rest. It does
//! not fail connections: a frame with an error is left out. Its masking is that of the caller's role, so both ends are driven.

use std::{hint::black_box, rc::Rc};

use ws_framer::{WsFrame, WsRxFramer, WsTxFramer};

use super::{End, Peer, Run};

pub const PEER: Peer =
    Peer { decode: Some(decode), echo: Some(echo), encode: Some(encode), ..Peer::named("ws-framer") };

const BUFFER_LEN: usize = (1 << 20) + (64 << 10) + 64;

/// A framer keeps its buffer for as long as it lives.
fn buffer(len: usize) -> &'static mut [u8] {
    Box::leak(vec![0; len].into_boxed_slice())
}

fn receive(
    framer: &mut WsRxFramer<'_>,
    wire: &[u8],
    read: usize,
    mut on_frame: impl FnMut(WsFrame<'_>),
    mut on_read: impl FnMut(),
) {
    let mut unread = wire;
    while !unread.is_empty() {
        let room = framer.read_buf();
        let (bytes, rest) = unread.split_at(read.min(unread.len()).min(room.len()));
        room[..bytes.len()].copy_from_slice(bytes);
        framer.advance(bytes.len());
        unread = rest;
        while let Some(frame) = framer.next_frame() {
            on_frame(frame.unwrap());
        }
        on_read();
    }
}

fn decode(_: End, wire: &Rc<[u8]>, read: usize) -> Run {
    let (mut framer, wire) = (WsRxFramer::new(buffer(BUFFER_LEN)), wire.clone());
    Box::new(move || {
        let mut count = 0;
        let on_frame = |frame: WsFrame<'_>| {
            if matches!(frame, WsFrame::Text(_) | WsFrame::Binary(_)) {
                black_box(frame.data());
                count += 1;
            }
        };
        receive(&mut framer, &wire, read, on_frame, || {});
        count
    })
}

fn echo(wire: &Rc<[u8]>, read: usize) -> Run {
    let (mut framer, wire) = (WsRxFramer::new(buffer(BUFFER_LEN)), wire.clone());
    let mut sender = WsTxFramer::new(false, buffer(BUFFER_LEN));
    let mut out = Vec::new();
    Box::new(move || {
        let mut count = 0;
        let on_frame = |frame: WsFrame<'_>| {
            // It writes one frame at a time.
            out.extend_from_slice(sender.frame(frame).unwrap());
            count += 1;
        };
        receive(&mut framer, &wire, read, on_frame, || {});
        black_box(&out[..]);
        out.clear();
        count
    })
}

fn encode(end: End, payload: &Rc<[u8]>, count: usize) -> Run {
    let mut sender = WsTxFramer::new(end == End::Client, buffer(BUFFER_LEN));
    let (payload, mut out) = (payload.clone(), Vec::with_capacity(8 << 20));
    Box::new(move || {
        out.clear();
        for _ in 0..count {
            out.extend_from_slice(sender.binary(black_box(&payload)).unwrap());
        }
        black_box(&out[..]);
        count
    })
}
