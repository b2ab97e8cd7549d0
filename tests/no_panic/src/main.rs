//! Links only if none of these functions can panic, for any input: `cargo build --release`.
//!
//! `no_panic` replaces every panic with a call of a function that does not exist. If the optimizer can show
//! that none is ever reached, it takes all of them away, and the program links. With the feature `control`
//! there is one that it cannot take away.

use std::hint::black_box;

use no_panic::no_panic;
use sansocket::{
    Close, CloseCode, Connection, Input, ProtocolError, State,
    frame::{self, Decoder, FramePart, Header, MAX_HEADER_LEN, OpCode},
    utf8::{self, Decoded, Utf8Error},
};

#[no_panic]
fn decode_header(bytes: &[u8]) -> Result<Option<(Header, usize)>, ProtocolError> {
    Header::decode(bytes)
}

#[no_panic]
fn encode_header<'a>(header: &Header, buf: &'a mut [u8; MAX_HEADER_LEN]) -> Result<&'a [u8], ProtocolError> {
    header.encode(buf)
}

#[no_panic]
fn mask(payload: &mut [u8], key: [u8; 4], offset: u64) {
    frame::mask(payload, key, offset);
}

#[no_panic]
fn receive_frame<'b>(
    decoder: &mut Decoder,
    input: &mut Input<'b>,
) -> Result<Option<FramePart<'b>>, ProtocolError> {
    decoder.receive(input)
}

#[no_panic]
fn take<'b>(input: &mut Input<'b>, count: usize) -> (&'b mut [u8], &'b mut [u8]) {
    (input.take(count), input.take_all())
}

#[no_panic]
fn decode_text<'a>(decoder: &mut utf8::Decoder, bytes: &'a [u8]) -> Result<Decoded<'a>, Utf8Error> {
    decoder.decode(bytes)
}

#[no_panic]
fn decode_close(body: &[u8]) -> Result<Option<Close<'_>>, ProtocolError> {
    Close::decode(body)
}

#[no_panic]
fn close_code(code: u16) -> Option<CloseCode> {
    CloseCode::new(code)
}

#[no_panic]
fn opcode(bits: u8) -> Option<OpCode> {
    OpCode::new(bits)
}

#[no_panic]
fn state(connection: &Connection) -> (State, Option<u16>) {
    (connection.state(), connection.close_outcome().map(|closure| closure.code))
}

#[cfg(feature = "control")]
#[no_panic]
fn control(bytes: &[u8], at: usize) -> u8 {
    bytes[at]
}

fn main() {
    let mut bytes = *black_box(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    let header = decode_header(black_box(&bytes)).unwrap().unwrap().0;
    black_box(encode_header(black_box(&header), &mut [0; MAX_HEADER_LEN]).unwrap());
    black_box(opcode(black_box(9)));
    mask(black_box(&mut [1, 2, 3]), [1, 2, 3, 4], 5);
    let mut decoder = Decoder::new(black_box(frame::Role::Server), frame::Limits::new());
    // A buffer large enough to retain the frame, which is not necessary here.
    let mut input = Input::retained(&mut bytes, black_box(64));
    let part = receive_frame(&mut decoder, &mut input).unwrap().unwrap();
    assert_eq!(part.payload, b"Hello");
    black_box(decode_text(&mut utf8::Decoder::new(), black_box(part.payload)).unwrap());
    black_box(decode_close(black_box(b"\x03\xe8")).unwrap());
    black_box(close_code(black_box(1000)));
    black_box(take(&mut Input::new(black_box(&mut [1, 2, 3])), 2));
    black_box(state(black_box(&Connection::server(sansocket::Config::new()))));
    #[cfg(feature = "control")]
    black_box(control(black_box(&bytes), black_box(3)));
    println!("nothing of it can panic");
}
