//! websocket-sans-io, a codec of frames. It keeps no rules and validates no text; what is in one frame counts as a message.

use std::{hint::black_box, rc::Rc};

use websocket_sans_io::{
    FrameInfo, Opcode, WebsocketFrameDecoder, WebsocketFrameEncoder, WebsocketFrameEvent,
};

use super::{End, Peer, Run};

pub const PEER: Peer = Peer {
    decode: Some(decode),
    echo: Some(echo),
    turns: Some(|count, frame| super::turns_of(echo, count, frame)),
    encode: Some(encode),
    idle: Some(|_| Box::new((WebsocketFrameDecoder::new(), WebsocketFrameEncoder::new()))),
    ..Peer::named("websocket-sans-io*")
};

fn decode(_: End, wire: &Rc<[u8]>, read: usize) -> Run {
    let (mut decoder, wire) = (WebsocketFrameDecoder::new(), wire.clone());
    let (mut buf, mut message) = (vec![0; read], Vec::new());
    Box::new(move || {
        let mut count = 0;
        for bytes in wire.chunks(read) {
            let mut rest = &mut buf[..bytes.len()];
            rest.copy_from_slice(bytes);
            loop {
                let result = decoder.add_data(rest).unwrap();
                let consumed = result.consumed_bytes;
                match result.event {
                    None if consumed == 0 => break,
                    Some(WebsocketFrameEvent::PayloadChunk { original_opcode }) => {
                        if matches!(original_opcode, Opcode::Text | Opcode::Binary) {
                            message.extend_from_slice(&rest[..consumed]);
                        }
                    }
                    Some(WebsocketFrameEvent::End { frame_info, original_opcode })
                        if frame_info.fin && matches!(original_opcode, Opcode::Text | Opcode::Binary) =>
                    {
                        black_box(&message[..]);
                        message.clear();
                        count += 1;
                    }
                    _ => {}
                }
                rest = &mut rest[consumed..];
            }
        }
        count
    })
}

fn echo(wire: &Rc<[u8]>, read: usize) -> Run {
    let (mut decoder, mut encoder, wire) =
        (WebsocketFrameDecoder::new(), WebsocketFrameEncoder::new(), wire.clone());
    let (mut buf, mut message, mut out) = (vec![0; read], Vec::new(), Vec::new());
    Box::new(move || {
        let mut count = 0;
        for bytes in wire.chunks(read) {
            let mut rest = &mut buf[..bytes.len()];
            rest.copy_from_slice(bytes);
            loop {
                let result = decoder.add_data(rest).unwrap();
                let consumed = result.consumed_bytes;
                match result.event {
                    None if consumed == 0 => break,
                    Some(WebsocketFrameEvent::PayloadChunk { .. }) => {
                        message.extend_from_slice(&rest[..consumed]);
                    }
                    Some(WebsocketFrameEvent::End { .. }) => {
                        out.extend_from_slice(&encoder.start_frame(&FrameInfo {
                            opcode: Opcode::Binary,
                            payload_length: message.len() as _,
                            mask: None,
                            fin: true,
                            reserved: 0,
                        }));
                        out.extend_from_slice(&message);
                        message.clear();
                        count += 1;
                    }
                    _ => {}
                }
                rest = &mut rest[consumed..];
            }
            black_box(&out[..]);
            out.clear();
        }
        count
    })
}

fn encode(end: End, payload: &Rc<[u8]>, count: usize) -> Run {
    let (mut encoder, payload) = (WebsocketFrameEncoder::new(), payload.clone());
    let mut out: Vec<u8> = Vec::with_capacity(8 << 20);
    let mut key = 1_u32;
    Box::new(move || {
        out.clear();
        for _ in 0..count {
            key = key.wrapping_mul(747_796_405).wrapping_add(1);
            let header = encoder.start_frame(&FrameInfo {
                opcode: Opcode::Binary,
                payload_length: payload.len() as _,
                mask: (end == End::Client).then_some(key.to_be_bytes()),
                fin: true,
                reserved: 0,
            });
            out.extend_from_slice(&header);
            let start = out.len();
            out.extend_from_slice(black_box(&payload));
            encoder.transform_frame_payload(&mut out[start..]);
        }
        black_box(&out[..]);
        count
    })
}
