//! What cannot be done without: copying the bytes out of the transport, masking, validating, parsing, hashing; in a loop
//! that knows the layout in advance and checks nothing.

use std::{hint::black_box, ops::Range, rc::Rc};

use base64::Engine as _;
use sansocket::frame::{Header, OpCode, mask};
use sha1::Digest as _;
use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Inflate, InflateFlush};

use super::{End, Peer, Run, Takeover};
use crate::stream::answer;

pub const PEER: Peer = Peer {
    decode: Some(decode),
    echo: Some(echo),
    turns: Some(|count, frame| super::turns_of(echo, count, frame)),
    encode: Some(encode),
    inflate: Some(inflate),
    deflate: Some(deflate),
    accept: Some(accept),
    connect: Some(connect),
    ..Peer::named("limit")
};

/// Whole frames that are read together: at most 16 KiB, or one that is longer.
struct Group {
    /// Their bytes in the input.
    bytes: Range<usize>,
    frames: Vec<Frame>,
}

/// A frame with data.
struct Frame {
    /// The payload, in the bytes of its group.
    payload: Range<usize>,
    mask: Option<[u8; 4]>,
    /// Whether it is of a text message, and ends its message.
    text: bool,
    fin: bool,
}

fn groups(wire: &[u8]) -> Vec<Group> {
    let (mut groups, mut at, mut text): (Vec<Group>, _, _) = (Vec::new(), 0, false);
    while let Some((header, len)) = Header::decode(&wire[at..]).unwrap() {
        let payload = at + len..at + len + usize::try_from(header.payload_len).unwrap();
        let next = payload.end;
        let group = match groups.last_mut() {
            Some(group) if next - group.bytes.start <= 16 << 10 => group,
            _ => {
                groups.push(Group { bytes: at..at, frames: Vec::new() });
                groups.last_mut().unwrap()
            }
        };
        group.bytes.end = next;
        if !header.opcode.is_control() {
            text = if header.opcode == OpCode::Continuation { text } else { header.opcode == OpCode::Text };
            let payload = payload.start - group.bytes.start..payload.end - group.bytes.start;
            group.frames.push(Frame { payload, mask: header.mask, text, fin: header.fin });
        }
        at = next;
    }
    groups
}

/// Copies each group into one buffer, in reads of at most `read` bytes, and passes on its unmasked payloads.
fn receive(wire: &Rc<[u8]>, read: usize, mut on_payload: impl FnMut(&Frame, &[u8]) + 'static) -> Run {
    let (wire, groups) = (wire.clone(), groups(wire));
    let mut buf = vec![0; groups.iter().map(|group| group.bytes.len()).max().unwrap_or(0)];
    Box::new(move || {
        let mut count = 0;
        for group in &groups {
            for (bytes, buf) in wire[group.bytes.clone()].chunks(read).zip(buf.chunks_mut(read)) {
                buf[..bytes.len()].copy_from_slice(bytes);
            }
            for frame in &group.frames {
                let payload = &mut buf[frame.payload.clone()];
                if let Some(key) = frame.mask {
                    mask(payload, key, 0);
                }
                on_payload(frame, payload);
                count += usize::from(frame.fin);
            }
        }
        count
    })
}

fn decode(_: End, wire: &Rc<[u8]>, read: usize) -> Run {
    receive(wire, read, |frame, payload| {
        if frame.text {
            black_box(simdutf8::basic::from_utf8(payload).is_ok());
        }
        black_box(payload);
    })
}

fn echo(wire: &Rc<[u8]>, read: usize) -> Run {
    let mut out = Vec::new();
    receive(wire, read, move |_, payload| {
        // As much as a caller writes at once.
        if out.len() > 16 << 10 {
            black_box(&out[..]);
            out.clear();
        }
        out.extend_from_slice(&black_box([0; 8])[..if payload.len() < 126 { 2 } else { 4 }]);
        out.extend_from_slice(payload);
    })
}

fn encode(end: End, payload: &Rc<[u8]>, count: usize) -> Run {
    let payload = payload.clone();
    let mut out: Vec<u8> = Vec::with_capacity(8 << 20);
    let header = if payload.len() < 126 { 2 } else { 4 };
    Box::new(move || {
        out.clear();
        for _ in 0..count {
            out.extend_from_slice(&black_box([0; 8])[..header]);
            let start = out.len();
            out.extend_from_slice(black_box(&payload));
            if end == End::Client {
                mask(&mut out[start..], black_box([1, 2, 3, 4]), 0);
            }
        }
        black_box(&out[..]);
        count
    })
}

fn accept(request: &Rc<[u8]>) -> Run {
    let request = request.clone();
    Box::new(move || {
        for _ in 0..100 {
            let mut headers = [httparse::EMPTY_HEADER; 32];
            let mut parsed = httparse::Request::new(&mut headers);
            black_box(parsed.parse(black_box(&request)).unwrap());
            hash_key();
        }
        100
    })
}

/// What shows that an answer is one to this request.
fn hash_key() {
    let digest =
        sha1::Sha1::digest(black_box(b"dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    black_box(base64::engine::general_purpose::STANDARD.encode(digest));
}

/// What a client cannot do without: the answer, which every library waits for, and once more parsing and hashing.
fn connect() -> Run {
    const REQUEST: &[u8] =
        b"GET /chat?room=1 HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    Box::new(move || {
        for _ in 0..100 {
            let answer = answer(black_box(REQUEST));
            let mut headers = [httparse::EMPTY_HEADER; 32];
            black_box(httparse::Response::new(&mut headers).parse(black_box(&answer)).unwrap());
            hash_key();
        }
        100
    })
}

/// The library that all of them call, without frames and UTF-8, into memory that is there.
fn deflate(takeover: Takeover, messages: &[String]) -> Run {
    let config = DeflateConfig { level: 6, window_bits: -15, ..DeflateConfig::default() };
    let (mut deflate, messages) = (Deflate::new_with_config(config), messages.to_vec());
    let mut out = vec![0; 2 << 20];
    Box::new(move || {
        for text in &messages {
            if takeover == Takeover::No {
                deflate.reset();
            }
            deflate.compress(text.as_bytes(), &mut out, DeflateFlush::SyncFlush).unwrap();
            black_box(&out);
        }
        messages.len()
    })
}

fn inflate(takeover: Takeover, wire: &Rc<[u8]>) -> Run {
    let (mut payloads, mut rest) = (Vec::new(), wire.to_vec());
    while let Some((header, len)) = Header::decode(&rest).unwrap() {
        let end = len + usize::try_from(header.payload_len).unwrap();
        mask(&mut rest[len..end], header.mask.unwrap(), 0);
        payloads.push([&rest[len..end], &[0, 0, 0xff, 0xff]].concat());
        rest.drain(..end);
    }
    let (mut inflate, mut out) = (Inflate::new(false, 15), vec![0; 2 << 20]);
    Box::new(move || {
        for payload in &payloads {
            if takeover == Takeover::No {
                inflate.reset(false);
            }
            inflate.decompress(payload, &mut out, InflateFlush::NoFlush).unwrap();
            black_box(&out);
        }
        payloads.len()
    })
}
