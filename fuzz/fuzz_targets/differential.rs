//! The same bytes for this crate and for `tungstenite`, as a server: the same messages, and an error at the
//! same place.
//!
//! The versions before RFC 6455 have no such peer: their streams are read by the reference of `sansocket_fuzz::legacy`,
//! in both roles, and the events, the output, the states and the close codes of the errors must be the same however
//! the stream is split.
//!
//! Input: 1 byte of flags (1: raw bytes, 2: an old version), then frames (see `ByteSource::frames`), or the stream as
//! it is. An old version has, before that, 1 byte of flags and 1 byte of limits (see `legacy::Setting::take`; 1 and
//! 32: the version), and split points; its frames are those of `legacy::frames`, one byte for each choice.
//!
//! The known differences, which are taken into account:
//!
//! - tungstenite accepts lengths that are not in their shortest form, so this crate is configured to accept them as well.
//! - It also accepts a control frame whose short length is in a longer form; here that form alone makes it too long (RFC
//!   6455, 5.5), so the bytes after it are not compared.
//! - tungstenite checks a frame when all of it has arrived, this crate checks each byte. So if the stream ends inside a
//!   frame, this crate may have found an error that tungstenite has not.
//! - A Close whose code may not be sent fails the connection here; tungstenite reports it as a Close with code 1002. It
//!   treats 1014, which has been registered since, as such a code.
//! - A Close with one byte, or a reason that is not UTF-8, is an error for both.
//! - After a Close this crate discards everything, and tungstenite fails; both have reported everything by then.
#![no_main]

use std::io::{self, Cursor, Read, Write};

use libfuzzer_sys::fuzz_target;
use sansocket::{Config, Connection, Event, Input, ProtocolError, legacy::Version};
use sansocket_fuzz::{
    ByteSource,
    legacy::{self, Setting},
};
use tungstenite::{
    Error, Message, WebSocket,
    protocol::{Role, WebSocketConfig},
};

/// The results that both can have for a stream.
#[derive(Debug, PartialEq)]
enum Said {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// The stream ended without an error.
    Open,
    Closed,
    Failed,
    /// A control frame whose length is in a longer form.
    FailedByForm,
}

fuzz_target!(|data: &[u8]| {
    let mut choices = ByteSource(data);
    let flags = choices.byte();
    let is_raw = flags & 1 == 1;
    if flags & 2 != 0 {
        return compare_legacy(choices, is_raw);
    }
    let stream = if is_raw { choices.0.to_vec() } else { choices.frames(true) };
    let (ours, our_end) = ours(&stream);
    let (theirs, their_end) = theirs(&stream);
    let bad_close = |said: &Said| matches!(said, Said::Close(Some((code, _))) if *code == 1002);
    match (our_end, their_end) {
        // A code that may not be sent.
        (End::Failed, End::Closed) if theirs.last().is_some_and(bad_close) => {
            assert_eq!(ours, theirs[..theirs.len() - 1]);
        }
        (End::Closed, End::Closed) if matches!(ours.last(), Some(Said::Close(Some((1014, _))))) => {
            assert_eq!(ours[..ours.len() - 1], theirs[..theirs.len() - 1]);
        }
        (End::FailedByForm, _) => assert!(theirs.starts_with(&ours)),
        // We have found it earlier.
        (End::Failed, End::Open) => {
            assert_eq!(ours, theirs);
            assert!(ends_inside_a_frame(&stream), "only we found a fault");
        }
        _ => {
            assert_eq!(our_end, their_end, "{ours:?} {theirs:?}");
            assert_eq!(ours, theirs);
        }
    }
});

/// Compares a connection of an old version with the reference.
fn compare_legacy(mut choices: ByteSource<'_>, is_raw: bool) {
    let setting = Setting::take(&mut choices, |flags| match flags & 33 {
        0 => Version::Hixie75,
        1 => Version::Hixie76,
        32 => Version::Hybi7,
        _ => Version::Hybi8,
    });
    let cuts = choices.cuts();
    let stream = if is_raw { choices.0.to_vec() } else { legacy::frames(&setting, choices) };
    let ours = legacy::run_all(&setting, &stream, &cuts);
    assert_eq!(ours.by_code(), legacy::reference(&setting, &stream).by_code());
}

fn ours(stream: &[u8]) -> (Vec<Said>, End) {
    let mut connection = Connection::server(Config::new().allow_non_minimal_length(true));
    let mut bytes = stream.to_vec();
    let (mut input, mut said) = (Input::new(&mut bytes), Vec::new());
    loop {
        match connection.receive(&mut input, &mut Vec::new()) {
            Ok(Some(event)) => said.push(match event {
                Event::Text(text) => Said::Text(text.into_owned()),
                Event::Binary(data) => Said::Binary(data.into_owned()),
                Event::Ping(data) => Said::Ping(data.into_owned()),
                Event::Pong(data) => Said::Pong(data.into_owned()),
                Event::Close(close) => {
                    let close = close.map(|close| (close.code().get(), close.reason().to_owned()));
                    said.push(Said::Close(close));
                    return (said, End::Closed);
                }
                event => unreachable!("{event:?}"),
            }),
            Ok(None) => return (said, End::Open),
            Err(ProtocolError::ControlFrameTooLong) => return (said, End::FailedByForm),
            Err(_) => return (said, End::Failed),
        }
    }
}

fn theirs(stream: &[u8]) -> (Vec<Said>, End) {
    let config = WebSocketConfig::default().max_frame_size(Some(64 << 20)).max_message_size(Some(64 << 20));
    let mut socket = WebSocket::from_raw_socket(Stream(Cursor::new(stream)), Role::Server, Some(config));
    let mut said = Vec::new();
    loop {
        match socket.read() {
            Ok(message) => said.push(match message {
                Message::Text(text) => Said::Text(text.as_str().to_owned()),
                Message::Binary(data) => Said::Binary(data.to_vec()),
                Message::Ping(data) => Said::Ping(data.to_vec()),
                Message::Pong(data) => Said::Pong(data.to_vec()),
                Message::Close(close) => {
                    let close = close.map(|close| (close.code.into(), close.reason.as_str().to_owned()));
                    said.push(Said::Close(close));
                    return (said, End::Closed);
                }
                Message::Frame(_) => unreachable!("they are never read"),
            }),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return (said, End::Open),
            Err(_) => return (said, End::Failed),
        }
    }
}

/// A stream without more bytes for now, which accepts all output.
struct Stream<'a>(Cursor<&'a [u8]>);

impl Read for Stream<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buf)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }
}

impl Write for Stream<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns `true` if the last frame is incomplete. Only lengths are checked.
fn ends_inside_a_frame(mut stream: &[u8]) -> bool {
    while !stream.is_empty() {
        match frame_len(stream).and_then(|len| stream.get(len..)) {
            Some(rest) => stream = rest,
            None => return true,
        }
    }
    false
}

/// Returns the length of the first frame, if its header is complete.
fn frame_len(stream: &[u8]) -> Option<usize> {
    let &second = stream.get(1)?;
    let (field, len) = match second & 0x7f {
        126 => (2, u64::from(u16::from_be_bytes(*stream.get(2..)?.first_chunk()?))),
        127 => (8, u64::from_be_bytes(*stream.get(2..)?.first_chunk()?)),
        len => (0, u64::from(len)),
    };
    let key = if second & 0x80 == 0 { 0 } else { 4 };
    usize::try_from(len).ok()?.checked_add(2 + field + key)
}
