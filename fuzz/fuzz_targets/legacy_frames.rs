//! Connections of hixie-75 and hixie-76: any bytes and split points, compared with a reference that reads the
//! whole stream at once.
//!
//! Input: 1 byte of flags (1: hixie-76, 2: client, 4: no automatic answer to a closing handshake, 8: nothing
//! is delivered while closing, 16: close first), 1 byte of limits, cuts; then the stream.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sansocket::{
    Config, Event, Input, ProtocolError, State,
    legacy::{Connection, Version},
};
use sansocket_fuzz::{ByteSource, placed};

/// The visible results of a run.
#[derive(Debug, PartialEq)]
struct Run {
    events: Vec<Event<'static>>,
    out: Vec<u8>,
    error: Option<ProtocolError>,
    state: State,
    eof: Result<(), ProtocolError>,
}

struct Setting {
    version: Version,
    is_client: bool,
    auto_close: bool,
    deliver: bool,
    close_first: bool,
    max_message_len: u64,
    max_frame_len: u64,
}

fuzz_target!(|data: &[u8]| {
    let mut choices = ByteSource(data);
    let (flags, limits) = (choices.byte(), choices.byte());
    let limit = |at: u8| [u64::MAX, 3, 40, 4096][usize::from(limits >> at & 3)];
    let setting = Setting {
        version: if flags & 1 == 0 { Version::Hixie75 } else { Version::Hixie76 },
        is_client: flags & 2 != 0,
        auto_close: flags & 4 == 0,
        deliver: flags & 8 == 0,
        close_first: flags & 16 != 0,
        max_message_len: limit(0),
        max_frame_len: limit(2),
    };
    let cuts = choices.cuts();
    let stream = choices.0;
    let whole = run(&setting, stream, &[]);
    assert_eq!(run(&setting, stream, &cuts), whole, "cut at {cuts:?}");
    if stream.len() <= 300 {
        let everywhere: Vec<usize> = (1..stream.len()).collect();
        assert_eq!(run(&setting, stream, &everywhere), whole, "byte by byte");
    }
    assert_eq!(whole, reference(&setting, stream));
});

fn run(setting: &Setting, stream: &[u8], cuts: &[usize]) -> Run {
    let config = Config::new()
        .max_message_len(setting.max_message_len)
        .max_frame_len(setting.max_frame_len)
        .auto_close(setting.auto_close)
        .deliver_while_closing(setting.deliver);
    let mut connection = match setting.is_client {
        true => Connection::client(setting.version, config, [1; 32]),
        false => Connection::server(setting.version, config),
    };
    let (mut events, mut out, mut error, mut from) = (Vec::new(), Vec::new(), None, 0);
    if setting.close_first {
        connection.send_close(None, &mut out).expect("nothing was sent before");
    }
    for cut in placed(cuts, stream.len()) {
        let mut bytes = stream[from..cut].to_vec();
        from = cut;
        let mut input = Input::new(&mut bytes);
        loop {
            let (unused, sent) = (input.len(), out.len());
            match connection.receive(&mut input, &mut out) {
                Ok(Some(event)) => {
                    assert!(input.len() < unused, "an event came out of nothing");
                    events.push(event.into_owned());
                }
                Ok(None) => break,
                Err(again) => {
                    assert!(error.is_none_or(|error| error == again) && out.len() == sent);
                    error = Some(again);
                    break;
                }
            }
        }
        assert!(input.is_empty());
    }
    let state = connection.state();
    let open = connection.send_text("x", &mut Vec::new()).is_ok();
    assert_eq!(open, state == State::Open || (state == State::Closing && !setting.close_first));
    Run { events, out, error, state, eof: connection.receive_eof() }
}

/// The meaning of a stream, read frame by frame from its beginning.
fn reference(setting: &Setting, stream: &[u8]) -> Run {
    let is_76 = setting.version == Version::Hixie76;
    let (mut events, mut error, mut rest, mut inside) = (Vec::new(), None, stream, false);
    let mut closed = setting.close_first && !is_76;
    while let (Some((&first, after)), None, false) = (rest.split_first(), error, closed) {
        let end = after.iter().position(|byte| *byte == 0xff);
        match first {
            0 => {
                let len = end.unwrap_or(after.len());
                if len as u64 > setting.max_message_len {
                    let limit = setting.max_message_len;
                    error = Some(ProtocolError::MessageTooLong { limit, len: limit + 1 });
                } else if end.is_none() {
                    inside = true;
                } else if setting.deliver || !setting.close_first {
                    events.push(Event::Text(String::from_utf8_lossy(&after[..len]).into_owned().into()));
                }
                rest = after.get(len + 1..).unwrap_or_default();
            }
            1..0x80 => {
                inside = end.is_none();
                rest = end.map_or(&[], |end| &after[end + 1..]);
            }
            _ => match length(after, setting.max_frame_len) {
                Ok(None) => (inside, rest) = (true, &[]),
                Ok(Some((0, after))) if first == 0xff && is_76 => (closed, rest) = (true, after),
                Ok(Some((length, after))) => {
                    inside = (after.len() as u64) < length;
                    rest = usize::try_from(length).ok().and_then(|len| after.get(len..)).unwrap_or_default();
                }
                Err(fault) => error = Some(fault),
            },
        }
    }
    let received = closed && is_76;
    if received {
        events.push(Event::Close(None));
    }
    let answers = received && setting.auto_close && !setting.close_first;
    let out = if is_76 && (setting.close_first || answers) { b"\xff\x00".to_vec() } else { Vec::new() };
    let state = match (error, received, setting.close_first) {
        (Some(_), ..) => State::Draining,
        (_, true, false) if !setting.auto_close => State::Closing,
        (_, true, _) => State::Draining,
        (_, false, true) => {
            if is_76 {
                State::Closing
            } else {
                State::Draining
            }
        }
        (_, false, false) => State::Open,
    };
    let is_clean = state == State::Draining || (!is_76 && !inside);
    let eof = error.map_or(if is_clean { Ok(()) } else { Err(ProtocolError::UnexpectedEof) }, Err);
    Run { events, out, error, state, eof }
}

/// Reads a length of 7 bits per byte. Returns it with the bytes after it, or `None` if it does not end.
fn length(bytes: &[u8], limit: u64) -> Result<Option<(u64, &[u8])>, ProtocolError> {
    let limit = limit.min(u64::MAX >> 1);
    let mut value = 0_u128;
    for (at, byte) in bytes.iter().enumerate() {
        value = value << 7 | u128::from(byte & 0x7f);
        if at == 9 {
            return Err(ProtocolError::FrameTooLong { limit, len: 1 << 63 });
        }
        if value > u128::from(limit) {
            return Err(ProtocolError::FrameTooLong { limit, len: value as u64 });
        }
        if byte & 0x80 == 0 {
            return Ok(Some((value as u64, &bytes[at + 1..])));
        }
    }
    Ok(None)
}
