//! Boost.Beast and wslay, through the shims in `cpp`: one call for a pass over all messages.
//!
//! The stream of Beast ends for good when there is nothing to read for now, so it is told the number of messages, and
//! reads until it has them. Beast ends each compressed message with a full flush: it refers to no earlier one even with
//! context takeover. wslay reads at most 4 KiB at once, and queues its echoes until there is nothing to read.

use std::{
    ffi::{CStr, c_char},
    ptr::{NonNull, null},
    rc::Rc,
    slice,
};

use sansocket::frame::{Header, OpCode};

use super::{End, Peer, Run, Takeover};
use crate::stream::answer;

pub const BEAST: Peer = Peer {
    decode: Some(|end, wire, read| receive(beast(end, None), wire, read, false)),
    echo: Some(beast_echo),
    turns: Some(|count, frame| super::turns_of(beast_echo, count, frame)),
    encode: Some(|end, payload, count| send(beast(end, None), vec![payload.clone(); count], false)),
    inflate: Some(|takeover, wire| receive(beast(End::Server, Some(takeover)), wire, 64 << 10, false)),
    deflate: Some(|takeover, messages| {
        let messages = messages.iter().map(|text| Rc::from(text.as_bytes())).collect();
        send(beast(End::Server, Some(takeover)), messages, true)
    }),
    accept: Some(accept),
    connect: Some(connect),
    counts_allocations: false,
    ..Peer::named("Beast")
};

pub const WSLAY: Peer = Peer {
    decode: Some(|end, wire, read| receive(wslay(end), wire, read, false)),
    echo: Some(wslay_echo),
    turns: Some(|count, frame| super::turns_of(wslay_echo, count, frame)),
    encode: Some(|end, payload, count| send(wslay(end), vec![payload.clone(); count], false)),
    counts_allocations: false,
    ..Peer::named("wslay")
};

/// An end in C++.
struct Handle(NonNull<Opaque>);

#[repr(C)]
struct Opaque {
    _private: [u8; 0],
}

/// Bytes that C++ reads.
#[repr(C)]
#[derive(Clone, Copy)]
struct Bytes {
    data: *const u8,
    len: usize,
}

impl Bytes {
    fn of(bytes: &[u8]) -> Self {
        Self { data: bytes.as_ptr(), len: bytes.len() }
    }
}

type Answer = extern "C" fn(*const u8, usize, *mut u8, usize) -> usize;

// SAFETY: as declared in `cpp`. None of them keeps a pointer to bytes beyond the call, or unwinds.
unsafe extern "C" {
    fn beast_end(server: bool, answer: Answer, extensions: *const c_char) -> *mut Opaque;
    fn beast_accept(request: Bytes, count: usize) -> usize;
    fn beast_connect(answer: Answer, count: usize) -> usize;
    fn wslay_end(server: bool) -> *mut Opaque;
    fn end_receive(end: *mut Opaque, wire: Bytes, read: usize, messages: usize, echo: bool) -> bool;
    fn end_send(end: *mut Opaque, messages: *const Bytes, count: usize, text: bool) -> bool;
    fn end_delete(end: *mut Opaque);
}

impl Handle {
    fn new(pointer: *mut Opaque) -> Self {
        Self(NonNull::new(pointer).expect("it was made with new"))
    }

    fn receive(&mut self, wire: &[u8], read: usize, messages: usize, echo: bool) -> bool {
        // SAFETY: the end is alive, and used by nothing else; the bytes live until the call returns.
        unsafe { end_receive(self.0.as_ptr(), Bytes::of(wire), read, messages, echo) }
    }

    fn send(&mut self, messages: &[Rc<[u8]>], bytes: &mut Vec<Bytes>, text: bool) -> bool {
        bytes.clear();
        bytes.extend(messages.iter().map(|message| Bytes::of(message)));
        // SAFETY: as above.
        unsafe { end_send(self.0.as_ptr(), bytes.as_ptr(), bytes.len(), text) }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the end is alive, and nothing uses it afterwards.
        unsafe { end_delete(self.0.as_ptr()) }
    }
}

fn beast(end: End, takeover: Option<Takeover>) -> Handle {
    let extensions = takeover.map(|takeover| match takeover {
        Takeover::Yes => c"permessage-deflate",
        Takeover::No => c"permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    });
    let extensions = extensions.map_or(null(), CStr::as_ptr);
    // SAFETY: the string ends with a zero, or is null.
    Handle::new(unsafe { beast_end(end == End::Server, write_answer, extensions) })
}

fn wslay(end: End) -> Handle {
    // SAFETY: there is nothing to uphold.
    Handle::new(unsafe { wslay_end(end == End::Server) })
}

fn beast_echo(wire: &Rc<[u8]>, read: usize) -> Run {
    receive(beast(End::Server, None), wire, read, true)
}

fn wslay_echo(wire: &Rc<[u8]>, read: usize) -> Run {
    receive(wslay(End::Server), wire, read, true)
}

fn receive(mut end: Handle, wire: &Rc<[u8]>, read: usize, echo: bool) -> Run {
    let (wire, messages) = (wire.clone(), messages(wire));
    Box::new(move || {
        assert!(end.receive(&wire, read, messages, echo), "the connection has failed");
        messages
    })
}

/// Returns the number of messages in the frames.
fn messages(wire: &[u8]) -> usize {
    let (mut rest, mut count) = (wire, 0);
    while let Some((header, len)) = Header::decode(rest).unwrap() {
        let is_data = matches!(header.opcode, OpCode::Text | OpCode::Binary | OpCode::Continuation);
        count += usize::from(is_data && header.fin);
        rest = &rest[len + usize::try_from(header.payload_len).unwrap()..];
    }
    count
}

fn send(mut end: Handle, messages: Vec<Rc<[u8]>>, text: bool) -> Run {
    let mut bytes = Vec::new();
    Box::new(move || {
        assert!(end.send(&messages, &mut bytes, text), "the connection has failed");
        messages.len()
    })
}

fn accept(request: &Rc<[u8]>) -> Run {
    let request = request.clone();
    // SAFETY: the bytes live until the call returns.
    Box::new(move || unsafe { beast_accept(Bytes::of(&request), 100) })
}

fn connect() -> Run {
    // SAFETY: there is nothing to uphold.
    Box::new(|| unsafe { beast_connect(write_answer, 100) })
}

/// The other end of a client.
extern "C" fn write_answer(request: *const u8, len: usize, response: *mut u8, room: usize) -> usize {
    // SAFETY: C++ passes both with their lengths.
    let (request, response) =
        unsafe { (slice::from_raw_parts(request, len), slice::from_raw_parts_mut(response, room)) };
    let answer = answer(request);
    response[..answer.len()].copy_from_slice(&answer);
    answer.len()
}
