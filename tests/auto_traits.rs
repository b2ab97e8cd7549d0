//! `Send`, `Sync`, `Unpin`, `UnwindSafe` and `RefUnwindSafe` of every public type, with every set of
//! features: enabling a feature removes none of them. They are checked when this file is compiled.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    fs,
    panic::{self, AssertUnwindSafe, RefUnwindSafe, UnwindSafe},
    path::Path,
};

#[cfg(feature = "getrandom")]
use sansocket::SeedError;
#[cfg(feature = "browser")]
use sansocket::browser;
#[cfg(feature = "deflate")]
use sansocket::deflate;
#[cfg(feature = "http")]
use sansocket::http_types;
#[cfg(feature = "legacy")]
use sansocket::legacy;
#[cfg(feature = "testing")]
use sansocket::testing;
use sansocket::{
    Close, CloseCode, CloseCodeError, CloseOutcome, Config, Connection, Delivery, Error, Event, Initiator,
    Input, ProtocolError, ReasonTooLong, ReceiveHalf, Reply, SendError, SendHalf, State, client,
    extended_connect, frame, handshake, keepalive, proxy, server, session, uri, utf8,
};

#[cfg(feature = "testing")]
use testing::EventCollector;

/// A net needs a hub.
#[cfg(feature = "testing")]
struct Room;

#[cfg(feature = "testing")]
impl testing::Hub for Room {
    type Error = ProtocolError;

    fn receive(&mut self, _: usize, _: &mut Input<'_>, _: &mut [Vec<u8>]) -> Result<(), ProtocolError> {
        Ok(())
    }

    fn receive_eof(&mut self, _: usize, _: &mut [Vec<u8>]) -> Result<(), ProtocolError> {
        Ok(())
    }
}

const fn all<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>() {}

/// Types that contain a `&mut`, which is never `UnwindSafe`.
const fn all_but_unwind_safe<T: Send + Sync + Unpin + RefUnwindSafe>() {}

/// Checks types, and records their paths, including those of disabled features.
macro_rules! check {
    ($name:ident: $check:ident: $($(#[$cfg:meta])? $($path:ident)::+ $(<$($argument:tt),+>)?;)*) => {
        const $name: &[&str] = &[$(stringify!($($path)::+)),*];
        const _: () = {
            $($(#[$cfg])? $check::<$($path)::+ $(<$($argument),+>)?>();)*
        };
    };
}

check!(OWNED: all:
    Close<'static>;
    CloseCode;
    CloseCodeError;
    CloseOutcome<'static>;
    Config;
    Connection;
    Delivery;
    Error;
    Event<'static>;
    Initiator;
    ProtocolError;
    ReasonTooLong;
    ReceiveHalf;
    Reply;
    #[cfg(feature = "getrandom")]
    SeedError;
    SendError;
    SendHalf;
    State;
    #[cfg(feature = "browser")]
    browser::BinaryType;
    #[cfg(feature = "browser")]
    browser::DomError;
    #[cfg(feature = "browser")]
    browser::Event;
    #[cfg(feature = "browser")]
    browser::ReadyState;
    #[cfg(feature = "browser")]
    browser::Request;
    #[cfg(feature = "browser")]
    browser::SyntaxCause;
    #[cfg(feature = "browser")]
    browser::UnknownBinaryType;
    #[cfg(feature = "browser")]
    browser::WebSocket;
    client::Error;
    client::Handshake;
    client::Request;
    client::RequestError;
    client::Response;
    #[cfg(feature = "deflate")]
    deflate::Compress;
    #[cfg(feature = "deflate")]
    deflate::Config;
    #[cfg(feature = "deflate")]
    deflate::Negotiated;
    #[cfg(feature = "deflate")]
    deflate::NegotiationError;
    #[cfg(feature = "deflate")]
    deflate::Offer;
    #[cfg(feature = "deflate")]
    deflate::WindowBits;
    extended_connect::ExtendedConnect;
    extended_connect::Handshake;
    extended_connect::HeaderList;
    extended_connect::Refusal;
    extended_connect::Request;
    frame::Decoder;
    frame::Header;
    frame::Limits;
    frame::OpCode;
    frame::Role;
    frame::Rsv;
    handshake::Extension<'static>;
    handshake::FirstBytes;
    handshake::HandshakeError;
    handshake::HandshakeLimits;
    handshake::Headers<'static>;
    handshake::Params<'static>;
    handshake::Tolerance;
    #[cfg(feature = "http")]
    http_types::Refusal;
    keepalive::Action;
    keepalive::KeepAlive;
    keepalive::Timeout;
    keepalive::Timeouts;
    #[cfg(feature = "legacy")]
    legacy::Connection;
    #[cfg(feature = "legacy")]
    legacy::Version;
    #[cfg(feature = "legacy")]
    legacy::Versions;
    #[cfg(feature = "legacy")]
    legacy::client::Handshake;
    #[cfg(feature = "legacy")]
    legacy::server::Handshake;
    #[cfg(feature = "legacy")]
    legacy::server::Incoming;
    #[cfg(feature = "legacy")]
    legacy::server::Request;
    proxy::Error;
    proxy::Handshake;
    proxy::ProxyUri;
    proxy::ProxyUriError;
    proxy::Request;
    proxy::Scheme;
    proxy::Target;
    proxy::Tunnel;
    proxy::socks5::Error;
    proxy::socks5::Handshake;
    proxy::socks5::Request;
    server::Accept;
    server::Handshake;
    server::Incoming;
    server::PlainRequest;
    server::Request;
    server::Resource;
    server::ResponseError;
    server::ResponseErrorKind;
    server::Upgrade;
    session::Cause<'static>;
    session::EncodedMessage;
    session::Ending<'static>;
    session::Endpoint<()>;
    session::Error<()>;
    session::Memory;
    session::Message;
    session::PayloadMask;
    session::ReadBuffer;
    session::Received<'static>;
    session::Session;
    session::Transport<'static>;
    session::WriteBuffer;
    #[cfg(feature = "testing")]
    testing::ByteSource<'static>;
    #[cfg(feature = "testing")]
    testing::Difference;
    #[cfg(feature = "testing")]
    testing::EventCollector;
    #[cfg(feature = "testing")]
    testing::FrameStream;
    #[cfg(feature = "testing")]
    testing::Message;
    #[cfg(feature = "testing")]
    testing::Net<Room, EventCollector>;
    #[cfg(feature = "testing")]
    testing::Pair<Connection, Connection>;
    #[cfg(feature = "testing")]
    testing::Recorder<Connection>;
    #[cfg(feature = "testing")]
    testing::Transcript;
    #[cfg(feature = "testing")]
    testing::TranscriptEntry;
    uri::Uri;
    uri::UriError;
    utf8::Decoded<'static>;
    utf8::Decoder;
    utf8::Utf8Error;
);

check!(BORROWED: all_but_unwind_safe:
    Input<'static>;
    frame::FramePart<'static>;
);

#[test]
fn every_public_type_is_checked() {
    let mut declared = Vec::new();
    collect(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut declared);
    let mut checked: Vec<_> = OWNED
        .iter()
        .chain(BORROWED)
        .map(|path| path.rsplit("::").next().unwrap().trim().to_owned())
        .collect();
    declared.sort();
    checked.sort();
    let missing: Vec<_> = declared.iter().filter(|name| !checked.contains(name)).collect();
    assert!(missing.is_empty(), "these belong into one of the two lists above: {missing:?}");
    assert_eq!(checked, declared);
}

/// Collects the names of the types that are declared as `pub`; the lint `unreachable_pub` allows no others to
/// be.
fn collect(directory: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, names);
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            let declaration =
                ["pub struct ", "pub enum ", "pub type "].iter().find_map(|begin| line.strip_prefix(begin));
            if let Some(declaration) = declaration {
                let name = declaration.split(|c: char| !c.is_alphanumeric()).next().unwrap();
                names.push(name.to_owned());
            }
        }
    }
}

/// The promise of `UnwindSafe`, with compression contexts in use: the connection survives a panic of the
/// caller.
#[test]
fn a_connection_outlives_a_panic_of_its_caller() {
    let config = Config::new();
    #[cfg(feature = "deflate")]
    let config = config.deflate({
        let settings = deflate::Config::new().min_len(0);
        let request = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
        let mut handshake = server::Handshake::new(handshake::HandshakeLimits::new());
        let request =
            handshake.receive(&mut Input::new(&mut request.to_vec()), &mut Vec::new()).unwrap().unwrap();
        settings.accept(request.extensions()).unwrap()
    });
    let mut connection = Connection::server(config);
    let mut out = Vec::new();
    connection.send_text("before", &mut out).unwrap();
    let mut shared = AssertUnwindSafe((&mut connection, &mut out));
    let unwound = panic::catch_unwind(move || {
        let (connection, out) = &mut *shared;
        connection.send_text_fragment("half", false, out).unwrap();
        panic!("a panic of the caller");
    });
    assert!(unwound.is_err());
    connection.send_text_fragment(" and half", true, &mut out).unwrap();
    assert_eq!(connection.state(), State::Open);
}
