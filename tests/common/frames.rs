//! Frames encoded and decoded by hand, so that an error of the crate cannot hide itself.

use sansocket::frame::Role;

/// The masking key of the examples in RFC 6455, 5.7.
pub(crate) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const TEXT_FIRST: u8 = 0x01;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const BINARY_FIRST: u8 = 0x02;
pub(crate) const MIDDLE: u8 = 0x00;
pub(crate) const FINAL: u8 = 0x80;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;

pub(crate) const BOTH: [Role; 2] = [Role::Server, Role::Client];

/// The header of a frame with the length in its shortest form.
pub(crate) fn header(first: u8, key: Option<[u8; 4]>, len: u64) -> Vec<u8> {
    let form = match len {
        0..=125 => Form::Short,
        126..=0xffff => Form::Of16,
        _ => Form::Of64,
    };
    header_in(form, first, key, len)
}

/// The form in which the length of a frame is encoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Form {
    Short,
    Of16,
    Of64,
}

/// The header of a frame with the length in a given form.
pub(crate) fn header_in(form: Form, first: u8, key: Option<[u8; 4]>, len: u64) -> Vec<u8> {
    let mask = if key.is_some() { 0x80 } else { 0 };
    let bytes = len.to_be_bytes();
    let mut header = vec![first];
    match form {
        Form::Short => header.push(mask | bytes[7]),
        Form::Of16 => {
            header.push(mask + 126);
            header.extend_from_slice(&bytes[6..]);
        }
        Form::Of64 => {
            header.push(mask + 127);
            header.extend_from_slice(&bytes);
        }
    }
    header.extend(key.into_iter().flatten());
    header
}

/// A complete frame.
pub(crate) fn frame(first: u8, key: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(first, key, payload.len() as u64);
    frame.extend(masked(payload, key));
    frame
}

/// Returns the masked payload, computed byte by byte.
pub(crate) fn masked(payload: &[u8], key: Option<[u8; 4]>) -> Vec<u8> {
    let key = key.unwrap_or_default();
    payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect()
}

/// The key of a frame that an endpoint of `role` receives.
pub(crate) fn key_to(role: Role) -> Option<[u8; 4]> {
    (role == Role::Server).then_some(KEY)
}

/// A frame for an endpoint of `role`, masked if it must be.
pub(crate) fn to(role: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, key_to(role), payload)
}

/// Several frames for an endpoint of `role`.
pub(crate) fn all_to(role: Role, frames: &[(u8, &[u8])]) -> Vec<u8> {
    frames.iter().flat_map(|&(first, payload)| to(role, first, payload)).collect()
}

/// The header alone of a frame for an endpoint of `role`.
pub(crate) fn header_to(role: Role, first: u8, len: u64) -> Vec<u8> {
    header(first, key_to(role), len)
}

/// The body of a Close frame.
pub(crate) fn close_body(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes(), reason].concat()
}

/// A frame that was sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sent {
    pub(crate) first: u8,
    pub(crate) key: Option<[u8; 4]>,
    pub(crate) payload: Vec<u8>,
}

/// Decodes the output of an endpoint. All frames must be complete and their lengths as short as possible.
pub(crate) fn sent(mut out: &[u8]) -> Vec<Sent> {
    let mut frames = Vec::new();
    while !out.is_empty() {
        let (first, len, header_len, key) = read_header(out).expect("a header is cut");
        let len = usize::try_from(len).unwrap();
        let (head, rest) = out.split_at(header_len);
        assert_eq!(head, header(first, key, len as u64), "this is not the shortest header");
        assert!(rest.len() >= len, "a payload is cut");
        let (payload, rest) = rest.split_at(len);
        frames.push(Sent { first, key, payload: masked(payload, key) });
        out = rest;
    }
    frames
}

/// Returns the output as a server would have sent it, after checking the masks: a client masks all frames, a
/// server none.
pub(crate) fn plain(role: Role, out: &[u8]) -> Vec<u8> {
    let frames = sent(out);
    for Sent { key, .. } in &frames {
        assert_eq!(key.is_some(), role == Role::Client, "R6455-5.1-a, R6455-5.1-d");
    }
    frames.iter().flat_map(|Sent { first, payload, .. }| frame(*first, None, payload)).collect()
}

/// Returns the ends of the headers and the frames of a stream, as far as it can be decoded without the rules.
pub(crate) fn boundaries(bytes: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((_, len, header_len, _)) = bytes.get(at..).and_then(read_header) {
        found.push(at + header_len);
        let Some(end) = usize::try_from(len).ok().and_then(|len| (at + header_len).checked_add(len)) else {
            break;
        };
        found.push(end);
        at = end;
    }
    found.retain(|&boundary| boundary <= bytes.len());
    found
}

/// First byte, payload length, header length and key.
fn read_header(bytes: &[u8]) -> Option<(u8, u64, usize, Option<[u8; 4]>)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (len, before_key) = match second & 0x7f {
        126 => (u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().unwrap())), 4),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().unwrap()), 10),
        short => (u64::from(short), 2),
    };
    if second & 0x80 == 0 {
        return Some((first, len, before_key, None));
    }
    let key = bytes.get(before_key..before_key + 4)?.try_into().unwrap();
    Some((first, len, before_key + 4, Some(key)))
}
