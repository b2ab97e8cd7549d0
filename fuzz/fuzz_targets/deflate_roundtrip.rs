//! Messages that one side compresses are received by the other side.
//!
//! Input: two configurations (5 bytes each, see `ByteSource::deflate`), the sender, the size of the pieces;
//! then calls, each as a byte for what to do, a length (2 bytes) and data.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sansocket::{Config, Connection, Event, Input, deflate::Compress};
use sansocket_fuzz::{ByteSource, agree};

fuzz_target!(|data: &[u8]| {
    let mut choices = ByteSource(data);
    let (server, client) = agree(choices.deflate(), choices.deflate());
    let mut server = Connection::server(Config::new().deflate(server));
    let mut client = Connection::client(Config::new().deflate(client), [2; 32]);
    let (sender, receiver) =
        if choices.flag() { (&mut client, &mut server) } else { (&mut server, &mut client) };
    let piece = choices.number().max(1);
    let (mut out, mut expected, mut message) = (Vec::new(), Vec::new(), None::<Vec<u8>>);
    while !choices.is_empty() {
        let call = choices.byte();
        let len = choices.number();
        let data = repeated(choices.bytes(len & 0x7ff), call >> 5);
        match call & 0x1f {
            0..8 if message.is_none() => {
                sender.send_binary(&data, &mut out).unwrap();
                expected.push(data);
            }
            8..12 if message.is_none() => {
                let text = String::from_utf8_lossy(&data).into_owned();
                sender.send_text(&text, &mut out).unwrap();
                expected.push(text.into_bytes());
            }
            12..16 => sender.compress_next(Compress::Always),
            16..18 => sender.compress_next(Compress::Never),
            18 => sender.release_buffers(),
            19 => sender.send_ping(&data[..data.len().min(125)], &mut out).unwrap(),
            last => {
                let last = last >= 28;
                sender.send_binary_fragment(&data, last, &mut out).unwrap();
                message.get_or_insert_default().extend_from_slice(&data);
                expected.extend(message.take_if(|_| last));
            }
        }
    }
    let mut received = Vec::new();
    for bytes in out.chunks_mut(piece) {
        let mut input = Input::new(bytes);
        while let Some(event) = receiver.receive(&mut input, &mut Vec::new()).unwrap() {
            match event {
                Event::Text(text) => received.push(text.into_owned().into_bytes()),
                Event::Binary(data) => received.push(data.into_owned()),
                _ => {}
            }
        }
    }
    assert_eq!(received, expected);
});

/// Some data is long and repeats itself, at short and long distances.
fn repeated(data: &[u8], times: u8) -> Vec<u8> {
    let filler = [0x55; 1000];
    let mut out = data.to_vec();
    for time in 0..times {
        out.extend_from_slice(&filler[..usize::from(time) * 100]);
        out.extend_from_slice(data);
    }
    out
}
