//! nexus-web: frames in a buffer of its own, messages that borrow from it. It has no connection that replies to Pings and
//! Closes without I/O, so its reader and its writer are driven here.
//!
//! A text that a read has split is returned without validation, so the first message of each read is validated once more.

use std::{hint::black_box, rc::Rc};

use nexus_web::ws::{ClientBuilder, FrameReader, FrameWriter, Message, Role};

use super::{End, Peer, Run, URI};
use crate::stream::{Shared, Stream};

pub const PEER: Peer = Peer {
    decode: Some(decode),
    echo: Some(echo),
    turns: Some(turns),
    encode: Some(encode),
    accept: Some(accept),
    connect: Some(connect),
    idle: Some(|end| Box::new((reader(end, 8 << 10), writer(end)))),
    ..Peer::named("nexus-web")
};

fn role(end: End) -> Role {
    if end == End::Server { Role::Server } else { Role::Client }
}

fn reader(end: End, capacity: usize) -> FrameReader {
    FrameReader::builder().role(role(end)).buffer_capacity(capacity).build()
}

fn writer(end: End) -> FrameWriter {
    FrameWriter::new(role(end))
}

/// Reads `bytes`, and passes each message on.
#[inline(always)]
fn receive(reader: &mut FrameReader, bytes: &[u8], mut on_message: impl FnMut(Message<'_>)) {
    reader.read(bytes).unwrap();
    let mut is_first = true;
    while let Some(message) = reader.next().unwrap() {
        if let (true, Message::Text(text)) = (is_first, &message) {
            simdutf8::basic::from_utf8(text.as_bytes()).unwrap();
        }
        is_first = false;
        on_message(message);
    }
}

fn decode(end: End, wire: &Rc<[u8]>, read: usize) -> Run {
    let (mut reader, wire) = (reader(end, 256 << 10), wire.clone());
    Box::new(move || {
        let mut count = 0;
        for bytes in wire.chunks(read) {
            receive(&mut reader, bytes, |message| {
                if matches!(message, Message::Text(_) | Message::Binary(_)) {
                    black_box(message.as_bytes());
                    count += 1;
                }
            });
        }
        count
    })
}

fn echo(wire: &Rc<[u8]>, read: usize) -> Run {
    let (mut reader, mut writer, wire) = (reader(End::Server, 256 << 10), writer(End::Server), wire.clone());
    let mut out = vec![0; 2 << 20];
    Box::new(move || {
        let mut count = 0;
        for bytes in wire.chunks(read) {
            let mut end = 0;
            receive(&mut reader, bytes, |message| {
                end += writer.encode_binary(message.as_bytes(), &mut out[end..]);
                count += 1;
            });
            black_box(&out[..end]);
        }
        count
    })
}

fn turns(count: usize, frame: &Rc<[u8]>) -> Run {
    let mut ends: Vec<_> = (0..count).map(|_| (reader(End::Server, 4 << 10), writer(End::Server))).collect();
    let (frame, mut out) = (frame.clone(), vec![0; 4 << 10]);
    Box::new(move || {
        let mut count = 0;
        for (reader, writer) in &mut ends {
            receive(reader, &frame, |message| {
                let end = writer.encode_binary(message.as_bytes(), &mut out);
                black_box(&out[..end]);
                count += 1;
            });
        }
        count
    })
}

fn encode(end: End, payload: &Rc<[u8]>, count: usize) -> Run {
    let (mut writer, payload, mut out) = (writer(end), payload.clone(), vec![0; 8 << 20]);
    Box::new(move || {
        let mut end = 0;
        for _ in 0..count {
            end += writer.encode_binary(black_box(&payload), &mut out[end..]);
        }
        black_box(&out[..end]);
        count
    })
}

fn accept(request: &Rc<[u8]>) -> Run {
    let shared = Shared::new(request, 64 << 10);
    Box::new(move || {
        for _ in 0..100 {
            shared.rewind();
            let builder = ClientBuilder::new().buffer_capacity(8 << 10).write_buffer_capacity(8 << 10);
            black_box(builder.accept(Stream(shared.clone())).unwrap());
            black_box(&shared.written.borrow()[..]);
        }
        100
    })
}

fn connect() -> Run {
    let shared = Shared::server();
    Box::new(move || {
        for _ in 0..100 {
            let builder = ClientBuilder::new().buffer_capacity(8 << 10).write_buffer_capacity(8 << 10);
            black_box(builder.connect_with(Stream(shared.clone()), URI).unwrap());
        }
        100
    })
}
