//! Streams of the old versions: runs of our connection, and a reference that reads the whole stream at once, frame by
//! frame, and shares no code with the crate.

mod frames;

pub use frames::frames;
use sansocket::{
    Close, CloseCode, Config, Event, Input, ProtocolError, State,
    legacy::{Connection, Version},
};

use crate::{ByteSource, placed};

/// What both are asked to do.
pub struct Setting {
    pub version: Version,
    pub is_client: bool,
    pub auto_close: bool,
    pub deliver: bool,
    pub close_first: bool,
    pub max_message_len: u64,
    pub max_frame_len: u64,
}

impl Setting {
    /// Takes 1 byte of flags (2: client, 4: no automatic answer to a closing handshake, 8: nothing is delivered
    /// while closing, 16: close first) and 1 byte of limits. The version depends on the flags.
    pub fn take(choices: &mut ByteSource<'_>, version: impl FnOnce(u8) -> Version) -> Self {
        let (flags, limits) = (choices.byte(), choices.byte());
        let limit = |at: u8| [u64::MAX, 3, 40, 4096][usize::from(limits >> at & 3)];
        Self {
            version: version(flags),
            is_client: flags & 2 != 0,
            auto_close: flags & 4 == 0,
            deliver: flags & 8 == 0,
            close_first: flags & 16 != 0,
            max_message_len: limit(0),
            max_frame_len: limit(2),
        }
    }

    fn is_hixie(&self) -> bool {
        matches!(self.version, Version::Hixie75 | Version::Hixie76)
    }
}

/// The visible results of a run.
#[derive(Debug, PartialEq)]
pub struct Run {
    pub events: Vec<Event<'static>>,
    /// The masks of a client are removed.
    pub out: Vec<u8>,
    pub error: Option<ProtocolError>,
    pub state: State,
    pub eof: Result<(), ProtocolError>,
}

impl Run {
    /// Returns the same with errors by their close code alone: the reference does not name them as the crate does.
    pub fn by_code(self) -> impl PartialEq + std::fmt::Debug {
        let code = |error: ProtocolError| error.close_code();
        (self.events, self.out, self.error.map(code), self.state, self.eof.map_err(code))
    }
}

/// Runs our connection over a stream in one read, split, and byte by byte; the results must be the same.
pub fn run_all(setting: &Setting, stream: &[u8], cuts: &[usize]) -> Run {
    let whole = run(setting, stream, &[]);
    assert_eq!(run(setting, stream, cuts), whole, "cut at {cuts:?}");
    if stream.len() <= 300 {
        let everywhere: Vec<usize> = (1..stream.len()).collect();
        assert_eq!(run(setting, stream, &everywhere), whole, "byte by byte");
    }
    whole
}

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
                    assert!(error.is_none_or(|error| error == again && out.len() == sent));
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
    if setting.is_client && !setting.is_hixie() {
        out = unmasked(&out);
    }
    Run { events, out, error, state, eof: connection.receive_eof() }
}

/// Returns control frames of a client as a server would send them.
fn unmasked(mut out: &[u8]) -> Vec<u8> {
    let mut frames = Vec::new();
    while let [first, second, k0, k1, k2, k3, rest @ ..] = out {
        assert!(*second >= 0x80, "a client masks");
        let (payload, after) = rest.split_at(usize::from(second & 0x7f));
        frames.extend([*first, second & 0x7f]);
        frames.extend(payload.iter().zip([k0, k1, k2, k3].into_iter().cycle()).map(|(byte, key)| byte ^ key));
        out = after;
    }
    assert!(out.is_empty(), "{out:?}");
    frames
}

/// What a stream contains.
#[derive(Default)]
struct Content {
    events: Vec<Event<'static>>,
    /// The replies to Pings.
    out: Vec<u8>,
    error: Option<ProtocolError>,
    /// The peer's Close, as frame of a server. It ends the stream.
    close: Option<Vec<u8>>,
    /// The stream ends in a frame.
    is_inside: bool,
}

/// The meaning of a stream.
pub fn reference(setting: &Setting, stream: &[u8]) -> Run {
    let is_75 = setting.version == Version::Hixie75;
    let content = match setting.version {
        Version::Hixie75 if setting.close_first => Content::default(),
        Version::Hixie75 | Version::Hixie76 => hixie(setting, stream),
        _ => hybi(setting, stream),
    };
    let Content { events, out: pongs, error, close, is_inside } = content;
    let our_close: &[u8] = match setting.version {
        Version::Hixie75 => b"",
        Version::Hixie76 => b"\xff\x00",
        _ => b"\x88\x00",
    };
    let mut out = if setting.close_first { [our_close, &pongs].concat() } else { pongs };
    let state = match (error, &close) {
        (Some(error), _) => {
            if let (false, false, Some(code)) = (setting.is_hixie(), setting.close_first, error.close_code())
            {
                out.extend([&[0x88, 2][..], &code.get().to_be_bytes()].concat());
            }
            State::Draining
        }
        (None, Some(_)) if setting.close_first => State::Draining,
        (None, Some(close)) if setting.auto_close => {
            out.extend(close);
            State::Draining
        }
        (None, Some(_)) => State::Closing,
        (None, None) if setting.close_first && is_75 => State::Draining,
        (None, None) if setting.close_first => State::Closing,
        (None, None) => State::Open,
    };
    let is_clean = state == State::Draining || is_75 && !is_inside;
    let eof = error.map_or(if is_clean { Ok(()) } else { Err(ProtocolError::UnexpectedEof) }, Err);
    Run { events, out, error, state, eof }
}

/// Reads frames of hixie-75 and hixie-76.
fn hixie(setting: &Setting, stream: &[u8]) -> Content {
    let is_76 = setting.version == Version::Hixie76;
    let (mut content, mut rest) = (Content::default(), stream);
    while let (Some((&first, after)), None, None) = (rest.split_first(), content.error, &content.close) {
        let end = after.iter().position(|byte| *byte == 0xff);
        match first {
            0 => {
                let len = end.unwrap_or(after.len());
                if len as u64 > setting.max_message_len {
                    let limit = setting.max_message_len;
                    content.error = Some(ProtocolError::MessageTooLong { limit, len: limit + 1 });
                } else if end.is_none() {
                    content.is_inside = true;
                } else if setting.deliver || !setting.close_first {
                    let text = String::from_utf8_lossy(&after[..len]).into_owned();
                    content.events.push(Event::Text(text.into()));
                }
                rest = after.get(len + 1..).unwrap_or_default();
            }
            1..0x80 => {
                content.is_inside = end.is_none();
                rest = end.map_or(&[], |end| &after[end + 1..]);
            }
            _ => match hixie_length(after, setting.max_frame_len) {
                Ok(None) => (content.is_inside, rest) = (true, &[]),
                Ok(Some((0, _))) if first == 0xff && is_76 => {
                    content.events.push(Event::Close(None));
                    content.close = Some(b"\xff\x00".to_vec());
                }
                Ok(Some((length, after))) => {
                    content.is_inside = (after.len() as u64) < length;
                    rest = usize::try_from(length).ok().and_then(|len| after.get(len..)).unwrap_or_default();
                }
                Err(error) => content.error = Some(error),
            },
        }
    }
    content
}

/// Reads a length of 7 bits per byte. Returns it with the bytes after it, or `None` if it does not end.
fn hixie_length(bytes: &[u8], limit: u64) -> Result<Option<(u64, &[u8])>, ProtocolError> {
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

/// Reads frames of versions 7 and 8: until the stream ends, or nothing after it counts.
fn hybi(setting: &Setting, mut stream: &[u8]) -> Content {
    let (mut content, mut message) = (Content::default(), None);
    while content.error.is_none() && content.close.is_none() {
        match hybi_frame(setting, stream, &mut message, &mut content) {
            Ok(Some(rest)) => stream = rest,
            Ok(None) => break,
            Err(error) => content.error = Some(error),
        }
    }
    content
}

/// Reads one frame. Returns the bytes after it, or `None` if it is incomplete; what it has may be an error
/// already. The error is one of those with the right close code.
fn hybi_frame<'a>(
    setting: &Setting,
    stream: &'a [u8],
    message: &mut Option<(bool, Vec<u8>)>,
    content: &mut Content,
) -> Result<Option<&'a [u8]>, ProtocolError> {
    let Some(&first) = stream.first() else { return Ok(None) };
    let (fin, opcode) = (first & 0x80 != 0, first & 0x0f);
    let is_allowed = match opcode {
        0 => message.is_some(),
        1 | 2 => message.is_none(),
        8..=10 => fin,
        _ => false,
    };
    if !is_allowed || first & 0x70 != 0 {
        return Err(ProtocolError::ReservedBits);
    }
    let Some(&second) = stream.get(1) else { return Ok(None) };
    let (is_masked, short) = (second & 0x80 != 0, second & 0x7f);
    if is_masked == setting.is_client || opcode >= 8 && short > 125 || opcode == 8 && short == 1 {
        return Err(ProtocolError::MaskedFrame);
    }
    let field: &[u8] = &stream[2..];
    let (len, after) = match short {
        126 => match field.split_at_checked(2) {
            Some((field, after)) => (u64::from(field[0]) << 8 | u64::from(field[1]), after),
            None => return Ok(None),
        },
        127 if field.first().is_some_and(|byte| *byte > 127) => return Err(ProtocolError::LengthOutOfRange),
        127 => match field.split_at_checked(8) {
            Some((field, after)) => (field.iter().fold(0, |len, byte| len << 8 | u64::from(*byte)), after),
            None => return Ok(None),
        },
        short => (u64::from(short), field),
    };
    if short == 126 && len < 126 || short == 127 && len < 65536 {
        return Err(ProtocolError::NonMinimalLength);
    }
    let before = message.as_ref().map_or(0, |(_, data)| data.len() as u64);
    if opcode < 8 && (len > setting.max_frame_len || before.saturating_add(len) > setting.max_message_len) {
        return Err(ProtocolError::FrameTooLong { limit: 0, len });
    }
    let Some((key, after)) = after.split_at_checked(if is_masked { 4 } else { 0 }) else { return Ok(None) };
    let payload = after.get(..usize::try_from(len).unwrap_or(usize::MAX));
    let mut data = payload.unwrap_or(after).to_vec();
    for (at, byte) in data.iter_mut().enumerate() {
        *byte ^= if is_masked { key[at % 4] } else { 0 };
    }
    let rest = payload.map(|payload| &after[payload.len()..]);
    if opcode >= 8 {
        control(opcode, data, rest.is_some(), content)?;
        return Ok(rest);
    }
    let (is_text, whole) = message.get_or_insert((opcode == 1, Vec::new()));
    whole.extend(data);
    let ends = fin && rest.is_some();
    if *is_text && is_bad_utf8(whole, ends) {
        return Err(ProtocolError::InvalidUtf8);
    }
    if ends && let Some((is_text, whole)) = message.take() {
        let event = match is_text {
            true => Event::Text(String::from_utf8(whole).expect("it was checked").into()),
            false => Event::Binary(whole.into()),
        };
        if setting.deliver || !setting.close_first {
            content.events.push(event);
        }
    }
    Ok(rest)
}

/// Reads the payload of a control frame, or the beginning of one that is incomplete.
fn control(opcode: u8, data: Vec<u8>, is_complete: bool, content: &mut Content) -> Result<(), ProtocolError> {
    let frame = |first: u8| [&[first, data.len() as u8][..], &data].concat();
    let event = match (opcode, &data[..]) {
        (8, [a, b, reason @ ..]) => {
            let code = u16::from(*a) << 8 | u16::from(*b);
            if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
                return Err(ProtocolError::InvalidCloseCode(code));
            }
            if is_bad_utf8(reason, is_complete) {
                return Err(ProtocolError::InvalidCloseReason);
            }
            // Incomplete, it may end in a character.
            let reason = if is_complete { std::str::from_utf8(reason).expect("it was checked") } else { "" };
            let code = CloseCode::new(code).expect("the code may be sent");
            Event::Close(Some(Close::new(code, reason).expect("it is short").into_owned()))
        }
        (8, _) => Event::Close(None),
        (9, _) => Event::Ping(data.clone().into()),
        _ => Event::Pong(data.clone().into()),
    };
    if is_complete {
        match opcode {
            8 => content.close = Some(frame(0x88)),
            9 => content.out.extend(frame(0x8a)),
            _ => {}
        }
        content.events.push(event);
    }
    Ok(())
}

/// Whether bytes are no text, nor the beginning of one unless they are complete.
fn is_bad_utf8(bytes: &[u8], is_complete: bool) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| is_complete || error.error_len().is_some())
}
