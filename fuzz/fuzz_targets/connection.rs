//! A connection in either role, with and without compression: bytes, split points and calls in any order.
//!
//! Input: 1 byte of flags (1: client, 2: compression), the configuration (2 bytes, and 10 with compression);
//! then steps: a byte for what to do, a length (2 bytes) and data. See `Step::read`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sansocket::{
    Close, CloseCode, Config, Connection, Event, Input, ProtocolError, SendError, State,
    deflate::Compress,
    frame::{OpCode, mask},
};
use sansocket_fuzz::{ByteSource, agree, push_merged};

enum Step {
    Read(Vec<u8>),
    Text(String),
    Binary(Vec<u8>),
    TextFragment(String, bool),
    BinaryFragment(Vec<u8>, bool),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<Close<'static>>),
    Payload(OpCode, bool, Vec<u8>),
    Compress(Compress),
    Release,
    Eof,
}

impl Step {
    fn read(choices: &mut ByteSource<'_>, masked: bool) -> Self {
        let what = choices.byte();
        let len = choices.number() & 0x0fff;
        match what & 0x1f {
            0..8 => Self::Read(ByteSource(choices.bytes(len)).frames(masked)),
            8..14 => Self::Read(choices.bytes(len).to_vec()),
            14 => Self::Text(choices.text(len)),
            15 => Self::Binary(choices.bytes(len).to_vec()),
            16 => Self::TextFragment(choices.text(len), what & 0x20 != 0),
            17 => Self::BinaryFragment(choices.bytes(len).to_vec(), what & 0x20 != 0),
            18 => Self::Ping(choices.bytes(len).to_vec()),
            19 => Self::Pong(choices.bytes(len).to_vec()),
            20 => Self::Close(None),
            21 => {
                let code = CloseCode::new(choices.number() as u16).unwrap_or(CloseCode::NORMAL);
                Self::Close(Close::new(code, choices.text(len)).ok())
            }
            22..25 => {
                let opcodes = [
                    OpCode::Text,
                    OpCode::Binary,
                    OpCode::Continuation,
                    OpCode::Ping,
                    OpCode::Pong,
                    OpCode::Close,
                ];
                let payload = choices.text(len).into_bytes();
                Self::Payload(opcodes[usize::from(what >> 5) % 6], what & 1 == 0, payload)
            }
            25 => Self::Compress([Compress::Always, Compress::Never][usize::from(what >> 7)]),
            26 => Self::Release,
            27 => Self::Eof,
            _ => Self::Read(Vec::new()),
        }
    }
}

/// Everything visible of a run.
#[derive(Debug, PartialEq)]
struct Seen {
    events: Vec<Event<'static>>,
    out: Vec<u8>,
    errors: Vec<ProtocolError>,
    sent: Vec<Result<(), SendError>>,
    states: Vec<State>,
    closure: String,
}

fuzz_target!(|data: &[u8]| {
    let mut choices = ByteSource(data);
    let flags = choices.byte();
    let is_server = flags & 1 == 0;
    let mut config = choices.config();
    let mut peer_config = Config::new().max_message_len(u64::MAX).max_frame_len(u64::MAX);
    if flags & 2 != 0 {
        let (server, client) = agree(choices.deflate(), choices.deflate());
        let (ours, theirs) = if is_server { (server, client) } else { (client, server) };
        config = config.deflate(ours);
        peer_config = peer_config.deflate(theirs);
    }
    let connection = |is_server: bool, config| match is_server {
        true => Connection::server(config),
        false => Connection::client(config, [1; 32]),
    };
    let mut steps = Vec::new();
    while !choices.is_empty() && steps.len() < 200 {
        steps.push(Step::read(&mut choices, is_server));
    }
    let whole = run(connection(is_server, config), &steps, usize::MAX);
    assert_eq!(run(connection(is_server, config), &steps, 1), whole, "byte by byte");
    assert_eq!(run(connection(is_server, config), &steps, 7), whole, "in pieces of 7");
    frames_that_wait(connection(is_server, config), connection(is_server, config), &steps);

    // Everything we send is accepted by the other role.
    let mut out = whole.out;
    let mut peer = connection(!is_server, peer_config);
    let mut input = Input::new(&mut out);
    let mut answers = Vec::new();
    while peer.receive(&mut input, &mut answers).expect("we keep the rules").is_some() {}
});

/// Receives everything once directly and once in a retained input of 300 bytes: the events are the same, or a
/// prefix of them if the stream stops while a frame is retained.
fn frames_that_wait(mut plain: Connection, mut waiting: Connection, steps: &[Step]) {
    let reads =
        steps.iter().filter_map(|step| if let Step::Read(bytes) = step { Some(&bytes[..]) } else { None });
    let stream = reads.collect::<Vec<_>>().concat();
    let (mut events, mut out) = (Vec::new(), Vec::new());
    let error = receive(&mut plain, &stream, usize::MAX, &mut events, &mut out);

    let (mut buf, mut filled, mut rest) = ([0; 300], 0, &stream[..]);
    let (mut kept_events, mut kept_out, mut kept_error) = (Vec::new(), Vec::new(), None);
    while !rest.is_empty() && kept_error.is_none() {
        let (bytes, behind) = rest.split_at(rest.len().min(41).min(buf.len() - filled));
        rest = behind;
        buf[filled..][..bytes.len()].copy_from_slice(bytes);
        filled += bytes.len();
        let mut input = Input::retained(&mut buf[..filled], 300);
        loop {
            match waiting.receive(&mut input, &mut kept_out) {
                Ok(Some(event)) => push_merged(&mut kept_events, event.into_owned()),
                Ok(None) => break,
                Err(error) => {
                    kept_error = Some(error);
                    break;
                }
            }
        }
        let left = input.len();
        assert!(left < buf.len(), "no room for another read");
        buf.copy_within(filled - left..filled, 0);
        filled = left;
    }
    if filled == 0 {
        assert_eq!((kept_events, kept_out, kept_error), (events, out, error));
    } else {
        // The payload of the last frame has not been checked yet.
        assert_eq!((kept_error, &kept_events[..]), (None, &events[..kept_events.len()]));
        assert!(out.starts_with(&kept_out));
    }
}

fn run(mut connection: Connection, steps: &[Step], piece: usize) -> Seen {
    let (mut events, mut out, mut errors) = (Vec::new(), Vec::new(), Vec::<ProtocolError>::new());
    let (mut sent, mut states) = (Vec::new(), Vec::new());
    for step in steps {
        let before = out.len();
        let result = match step {
            Step::Read(bytes) => {
                if let Some(error) = receive(&mut connection, bytes, piece, &mut events, &mut out) {
                    assert!(errors.iter().all(|earlier| *earlier == error), "a failure has to last");
                    assert!(errors.is_empty() || out.len() == before);
                    errors.push(error);
                }
                Ok(())
            }
            Step::Eof => {
                let result = connection.receive_eof();
                assert_eq!((connection.state(), connection.receive_eof()), (State::Closed, result));
                assert_eq!(out.len(), before);
                if let Err(error) = result {
                    assert!(errors.iter().all(|earlier| *earlier == error), "a failure has to last");
                    errors.push(error);
                }
                Ok(())
            }
            Step::Compress(choice) => {
                connection.compress_next(*choice);
                Ok(())
            }
            Step::Release => {
                connection.release_buffers();
                Ok(())
            }
            step => send(&mut connection, step, &mut out),
        };
        assert!(result.is_ok() || out.len() == before, "an error that changed something");
        sent.push(result);
        states.push(connection.state());
    }
    Seen { events, out, errors, sent, states, closure: format!("{:?}", connection.close_outcome()) }
}

fn receive(
    connection: &mut Connection,
    bytes: &[u8],
    piece: usize,
    events: &mut Vec<Event<'static>>,
    out: &mut Vec<u8>,
) -> Option<ProtocolError> {
    let mut bytes = bytes.to_vec();
    let mut failed = None;
    let pieces: Vec<&mut [u8]> =
        if bytes.is_empty() { vec![&mut []] } else { bytes.chunks_mut(piece).collect() };
    for bytes in pieces {
        let mut input = Input::new(bytes);
        loop {
            let unused = input.len();
            match connection.receive(&mut input, out) {
                Ok(Some(event)) => {
                    assert!(input.len() < unused, "an event came out of nothing");
                    push_merged(events, event.clone().into_owned());
                    // Recycling changes nothing: one of the runs does not recycle.
                    if piece > 1 {
                        connection.recycle(event);
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        assert!(input.is_empty());
    }
    failed
}

fn send(connection: &mut Connection, step: &Step, out: &mut Vec<u8>) -> Result<(), SendError> {
    match step {
        Step::Text(text) => connection.send_text(text, out),
        Step::Binary(data) => connection.send_binary(data, out),
        Step::TextFragment(text, last) => connection.send_text_fragment(text, *last, out),
        Step::BinaryFragment(data, last) => connection.send_binary_fragment(data, *last, out),
        Step::Ping(data) => connection.send_ping(data, out),
        Step::Pong(data) => connection.send_pong(data, out),
        Step::Close(close) => connection.send_close(close.clone(), out),
        Step::Payload(opcode, fin, payload) => {
            let key = connection.send_header(*opcode, *fin, payload.len() as u64, out)?;
            let start = out.len();
            out.extend_from_slice(payload);
            mask(&mut out[start..], key.unwrap_or_default(), 0);
            Ok(())
        }
        Step::Read(_) | Step::Eof | Step::Compress(_) | Step::Release => unreachable!("nothing is sent"),
    }
}
