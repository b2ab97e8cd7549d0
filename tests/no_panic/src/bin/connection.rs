//! All of an open connection, receiving and sending, for `reachable.py`: it follows the calls in the machine code from
//! the functions `proof_*`.
//!
//! `no_panic` cannot serve here. Messages that arrive in parts are reassembled, which allocates, and the linker does not
//! know that an allocation that fails ends the program without unwinding.

use std::hint::black_box;

use sansocket::{
    Close, Config, Connection, Delivery, Event, Input, ProtocolError, ReceiveHalf, Reply, SendError,
    SendHalf,
    frame::{Limits, OpCode},
    keepalive::Timeout,
};

type Received<'b> = Result<Option<Event<'b>>, ProtocolError>;

/// Receives from a read, and from one whose incomplete frames stay in the buffer.
#[inline(never)]
fn proof_receive<'b>(
    half: &mut ReceiveHalf,
    input: &mut Input<'b>,
    reply: &mut Option<Reply>,
) -> Received<'b> {
    half.receive(input, reply)
}

/// Ends the stream, at any moment.
#[inline(never)]
fn proof_end(half: ReceiveHalf) -> Reply {
    half.receive_eof()
}

/// Takes back a message.
#[inline(never)]
fn proof_recycle(half: &mut ReceiveHalf, event: Event<'_>) {
    half.recycle(event);
}

#[inline(never)]
fn proof_connection<'b>(
    connection: &mut Connection,
    input: &mut Input<'b>,
    out: &mut Vec<u8>,
) -> Received<'b> {
    connection.receive(input, out)
}

#[inline(never)]
fn proof_send(
    connection: &mut Connection,
    data: &str,
    last: bool,
    out: &mut Vec<u8>,
) -> Result<(), SendError> {
    connection.send_text(data, out)?;
    connection.send_binary(data.as_bytes(), out)?;
    connection.send_text_fragment(data, last, out)?;
    connection.send_binary_fragment(data.as_bytes(), last, out)?;
    connection.send_ping(data.as_bytes(), out)?;
    connection.send_pong(data.as_bytes(), out)?;
    connection.send_header(OpCode::Text, last, 9, out).map(|_| ())
}

#[inline(never)]
fn proof_close(connection: &mut Connection, close: Close<'_>, out: &mut Vec<u8>) -> Result<(), SendError> {
    connection.send_close(close, out)
}

#[inline(never)]
fn proof_rest(connection: &mut Connection, timeout: Timeout, limits: Limits, out: &mut Vec<u8>) {
    connection.set_limits(limits);
    connection.time_out(timeout, out);
    connection.release_buffers();
    let _ = connection.receive_eof();
}

#[inline(never)]
fn proof_reply(half: &mut SendHalf, reply: &Reply, out: &mut Vec<u8>) {
    half.reply(reply, out);
}

/// Not free of panics, so that it shows whether they are found.
#[inline(never)]
fn control(bytes: &[u8], at: usize) -> u8 {
    bytes[at]
}

fn main() {
    for delivery in [Delivery::Messages, Delivery::Chunks] {
        let (mut half, _) = Connection::server(Config::new().delivery(black_box(delivery))).split();
        let mut bytes = *black_box(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
        let capacity = black_box(64);
        let mut input = Input::retained(&mut bytes, capacity);
        let event = proof_receive(&mut half, &mut input, &mut None).unwrap().unwrap();
        println!("{event:?}");
        proof_recycle(&mut half, black_box(event));
        black_box(proof_end(half));
    }
    for mut connection in [Connection::server(Config::new()), Connection::client(Config::new(), [7; 32])] {
        let mut out = Vec::new();
        println!("{:?}", proof_send(&mut connection, black_box("a"), black_box(true), &mut out));
        println!("{:?}", proof_close(&mut connection, Close::from(sansocket::CloseCode::NORMAL), &mut out));
        let limits = black_box(connection.limits());
        println!("{:?}", proof_connection(&mut connection, &mut Input::new(&mut out), &mut Vec::new()));
        proof_rest(&mut connection, black_box(Timeout::Pong), limits, &mut out);
        let (receiving, mut sending) = connection.split();
        proof_reply(&mut sending, &proof_end(receiving), &mut out);
    }
    black_box(control(black_box(b"abc"), black_box(1)));
}
