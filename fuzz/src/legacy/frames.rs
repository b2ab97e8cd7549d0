//! Streams of the old versions, built frame by frame from choices. Every byte selects from a small table that has the
//! values at the limits, so that a mutation of one byte reaches each rule, and most frames are valid.

use super::Setting;
use crate::ByteSource;

/// The parts of payloads: ASCII, characters of every length, their beginnings, and bytes that mean something in a
/// framing.
const PIECES: [&[u8]; 16] = [
    b"a",
    b"Hello",
    "\u{fc}".as_bytes(),
    "\u{20ac}".as_bytes(),
    "\u{1f600}".as_bytes(),
    b"\x00",
    b"\xff",
    b"\xff\x00",
    b"\x80",
    b"\xc3",
    b"\xe2\x82",
    b"\xf0\x9f\x98",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xef\xbb\xbf",
    b"\x7f",
];

/// How often a part is repeated: up to the limits of `Setting` and to those of the forms of a length.
const REPEATS: [usize; 16] = [1, 1, 1, 1, 2, 3, 4, 38, 40, 41, 124, 125, 126, 127, 128, 4096];

/// The part `ff`: the shortest payload whose length has 8 bytes.
const LONG: usize = 65536;

/// A stream that is longer gets no further frame, so that most runs are fast.
const MAX_LEN: usize = 8192;

/// Bodies of a Close without its reason; the others have a code from `CODES`.
const SHORT_CLOSES: [&[u8]; 2] = [b"", b"\x03"];

/// Each code from 1000 to 1017, and those at the limits of the ranges (RFC 6455, section 7.4.2).
const CODES: [u16; 26] = [
    1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016,
    1017, 0, 999, 2999, 3000, 3999, 4000, 4999, 5000,
];

/// Returns the stream of frames that these bytes describe. A frame is 1 byte for its kind (see `hixie` and `hybi`),
/// 1 byte for its form (see `Form`), and a payload (see `payload`).
pub fn frames(setting: &Setting, mut choices: ByteSource<'_>) -> Vec<u8> {
    let mut stream = Vec::new();
    while !choices.is_empty() && stream.len() < MAX_LEN {
        let (kind, form) = (choices.byte(), Form::of(choices.byte()));
        let mut frame = if setting.is_hixie() {
            hixie(kind, &form, &mut choices)
        } else {
            hybi(kind, &form, !setting.is_client, &mut choices)
        };
        frame.truncate(frame.len().saturating_sub(form.missing));
        stream.append(&mut frame);
    }
    stream
}

/// How a frame differs from a valid one.
#[derive(Default)]
struct Form {
    /// Bits of the first byte that are inverted.
    flipped: u8,
    is_mask_wrong: bool,
    /// Steps by which the length is longer than its shortest form.
    longer: u8,
    /// Bytes that are missing at the end.
    missing: usize,
}

impl Form {
    /// Up to `cf`: valid. `d0` to `d7`: one bit of the first byte is inverted. `d8` to `df`: masked if it must not be,
    /// or the reverse. `e0` to `ef`: a longer length. `f0` to `ff`: 1 to 16 bytes are missing.
    fn of(byte: u8) -> Self {
        let none = Self::default();
        match byte {
            0..0xd0 => none,
            0xd0..0xd8 => Self { flipped: 1 << (byte & 7), ..none },
            0xd8..0xe0 => Self { is_mask_wrong: true, ..none },
            0xe0..0xf0 => Self { longer: byte & 15, ..none },
            0xf0.. => Self { missing: usize::from(byte & 15) + 1, ..none },
        }
    }
}

/// Returns a payload: 1 byte for the number of its parts, modulo 4, and for each 1 byte that selects the part (low 4
/// bits) and how often it is repeated (high 4 bits); `ff` is a part of 64 KiB.
fn payload(choices: &mut ByteSource<'_>) -> Vec<u8> {
    let parts = choices.byte() & 3;
    let part = |byte: u8| match byte {
        0xff => vec![b'a'; LONG],
        _ => PIECES[usize::from(byte & 15)].repeat(REPEATS[usize::from(byte >> 4)]),
    };
    (0..parts).flat_map(|_| part(choices.byte())).collect()
}

/// Kinds modulo 8: 0 to 3 text, 4 a delimited frame of another type, 5 and 6 a frame with a length, 7 a closing
/// handshake. Higher bits select the type.
fn hixie(kind: u8, form: &Form, choices: &mut ByteSource<'_>) -> Vec<u8> {
    let first = match kind & 7 {
        0..=3 => 0,
        4 => 1 + kind / 8 * 4,
        5 => 0x80 | kind >> 3,
        _ => 0xff,
    };
    let payload = if kind & 7 == 7 { Vec::new() } else { payload(choices) };
    let first = first ^ form.flipped;
    if first < 0x80 {
        return [&[first][..], &payload, b"\xff"].concat();
    }
    let mut length = vec![0x80; usize::from(form.longer)];
    for shift in [28, 21, 14, 7] {
        if payload.len() >> shift > 0 {
            length.push((payload.len() >> shift) as u8 | 0x80);
        }
    }
    length.push(payload.len() as u8 & 0x7f);
    [&[first][..], &length, &payload].concat()
}

/// Kinds modulo 8: 0 text, 1 binary, 2 and 3 the first fragment of one, 4 a fragment, 5 the last one, 6 a Ping or (from
/// 128) a Pong, 7 a Close. A Close has 1 more byte that selects its code, and its payload is the reason.
fn hybi(kind: u8, form: &Form, is_masked: bool, choices: &mut ByteSource<'_>) -> Vec<u8> {
    let first =
        [0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89 + (kind >> 7), 0x88][usize::from(kind & 7)] ^ form.flipped;
    let mut body = Vec::new();
    if kind & 7 == 7 {
        let choice = usize::from(choices.byte()) % (SHORT_CLOSES.len() + CODES.len());
        match SHORT_CLOSES.get(choice) {
            Some(short) => body.extend(*short),
            None => body.extend(CODES[choice - SHORT_CLOSES.len()].to_be_bytes()),
        }
    }
    if body.len() != 1 {
        body.extend(payload(choices));
    }
    let is_masked = is_masked != form.is_mask_wrong;
    let mask = if is_masked { 0x80 } else { 0 };
    let steps = match body.len() {
        0..126 => form.longer,
        126..65536 => form.longer + 1,
        _ => 2,
    };
    let mut frame = match steps {
        0 => vec![first, mask | body.len() as u8],
        1 => [&[first, mask | 126][..], &(body.len() as u16).to_be_bytes()].concat(),
        _ => [&[first, mask | 127][..], &(body.len() as u64).to_be_bytes()].concat(),
    };
    let key = if is_masked { [0x37, 0xfa, 0x21, first] } else { [0; 4] };
    if is_masked {
        frame.extend(key);
    }
    frame.extend(body.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}
