//! Small values: their form in logs, as keys of maps, and as numbers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::{HashMap, HashSet},
    fmt::Display,
};

use sansocket::{
    Close, CloseCode, Initiator, ProtocolError, State,
    frame::{Header, OpCode, Role},
    handshake::{Extension, HandshakeError},
};

#[test]
fn values_that_go_into_logs_have_a_display() {
    let close = Close::new(CloseCode::GOING_AWAY, "bye\n").unwrap();
    let extension = |value| Extension::parse_all([value]).next().unwrap().unwrap().to_string();
    let shown: [(&dyn Display, &str); 12] = [
        (&CloseCode::NORMAL, "1000"),
        (&close, "1001 \"bye\\n\""),
        (&Close::from(CloseCode::NORMAL), "1000"),
        (&State::Draining, "draining"),
        (&OpCode::Ping, "ping"),
        (&OpCode::Continuation, "continuation"),
        (&Role::Client, "client"),
        (&Role::Server, "server"),
        (&Initiator::Remote, "remote"),
        (&Initiator::Transport, "transport"),
        (&extension("a ; b = c;d"), "a; b=c; d"),
        (&extension("x; y=\"z\\w\", other"), "x; y=zw"),
    ];
    for (value, expected) in shown {
        assert_eq!(value.to_string(), expected);
    }
}

#[test]
fn what_an_extension_displays_is_that_extension() {
    for value in ["a", "permessage-deflate; client_max_window_bits", "x; y=\"1\"; y=2"] {
        let read = |value| Extension::parse_all([value]).next().unwrap().unwrap();
        let (first, shown) = (read(value), read(value).to_string());
        let again = Extension::parse_all([shown.as_str()]).next().unwrap().unwrap();
        assert_eq!(again.name(), first.name());
        assert!(again.params().eq(first.params()));
    }
}

#[test]
fn numbers_become_values_only_if_there_is_one() {
    for number in 0..=u8::MAX {
        assert_eq!(
            OpCode::try_from(number),
            OpCode::new(number).ok_or(ProtocolError::ReservedOpcode(number))
        );
        #[cfg(feature = "deflate")]
        {
            use sansocket::deflate::{NegotiationError, WindowBits};
            let expected = WindowBits::new(number).ok_or(NegotiationError::InvalidParameter);
            assert_eq!(WindowBits::try_from(number), expected);
            assert!(expected.is_err() || u8::from(expected.unwrap()) == number);
        }
    }
    assert_eq!(u8::from(OpCode::Pong), 10);
    assert_eq!(CloseCode::try_from(1006).unwrap_err().code(), 1006);
}

#[test]
fn values_are_keys_of_maps() {
    let mut counts: HashMap<(ProtocolError, Role), u32> = HashMap::new();
    for error in [ProtocolError::UnmaskedFrame, ProtocolError::InvalidUtf8, ProtocolError::UnmaskedFrame] {
        *counts.entry((error, Role::Server)).or_default() += 1;
    }
    assert_eq!(counts[&(ProtocolError::UnmaskedFrame, Role::Server)], 2);
    assert!(HashSet::from([HandshakeError::InvalidKey]).contains(&HandshakeError::InvalidKey));
    assert!(HashSet::from([Header::new(OpCode::Text, 5)]).contains(&Header::new(OpCode::Text, 5)));
    // Equal Closes have equal hashes, borrowed or owned.
    let close = Close::new(CloseCode::NORMAL, "a").unwrap();
    let closes = HashSet::from([close.clone().into_owned()]);
    assert!(closes.contains(&close));
    assert!(!closes.contains(&Close::from(CloseCode::NORMAL)));
}
