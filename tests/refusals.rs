//! Calls that the state of the connection does not allow, or that are out of range: they change nothing.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{BOTH, Bench, CLOSE, KEY, to};
use sansocket::{
    CloseCode, Config, Connection, Input, SendError, State,
    frame::{OpCode, Role},
};

type Send = fn(&mut Connection, &mut Vec<u8>) -> Result<(), SendError>;

/// The stages of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Fresh,
    InText,
    InBinary,
    ClosedByUs,
    ClosedByPeer,
    Failed,
    Ended,
}

impl Stage {
    const ALL: [Self; 7] = [
        Self::Fresh,
        Self::InText,
        Self::InBinary,
        Self::ClosedByUs,
        Self::ClosedByPeer,
        Self::Failed,
        Self::Ended,
    ];

    fn connection(self, role: Role) -> Connection {
        let mut connection = Bench::new(role).connection();
        let mut out = Vec::new();
        match self {
            Self::Fresh => {}
            Self::InText => connection.send_text_fragment("", false, &mut out).unwrap(),
            Self::InBinary => connection.send_binary_fragment(b"", false, &mut out).unwrap(),
            Self::ClosedByUs => connection.send_close(None, &mut out).unwrap(),
            Self::ClosedByPeer => {
                let mut read = to(role, CLOSE, b"");
                assert!(connection.receive(&mut Input::new(&mut read), &mut out).is_ok());
            }
            Self::Failed => {
                let mut read = [0xff];
                assert!(connection.receive(&mut Input::new(&mut read), &mut out).is_err());
            }
            Self::Ended => assert!(connection.receive_eof().is_err()),
        }
        connection
    }

    /// Whether the closing state is the only reason for the refusal.
    fn may_send(self) -> bool {
        matches!(self, Self::Fresh | Self::InText | Self::InBinary)
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of all calls")]
fn a_refused_call_sends_nothing_and_changes_nothing() {
    // R6455-5.1-g, R6455-5.4-h, R6455-5.5-a, R6455-5.5.1-f, R6455-5.5.2-d, R6455-6.1-1, WHATWG-3.5-b
    use SendError::{
        ConnectionClosing, ControlFragment, ControlPayloadTooLong, MessageInProgress, NoMessageInProgress,
        PayloadTooLong, UseSendClose,
    };
    const LONG: &[u8] = &[0; 126];
    const HUGE: u64 = 1 << 63;
    type Expected = fn(Stage) -> Option<SendError>;
    let while_open = |error: Option<SendError>, stage: Stage| {
        if stage.may_send() { error } else { Some(ConnectionClosing) }
    };
    let message: Expected = |stage| match stage {
        Stage::Fresh => None,
        Stage::InText | Stage::InBinary => Some(MessageInProgress),
        _ => Some(ConnectionClosing),
    };
    let text_fragment: Expected = |stage| match stage {
        Stage::Fresh | Stage::InText => None,
        Stage::InBinary => Some(MessageInProgress),
        _ => Some(ConnectionClosing),
    };
    let binary_fragment: Expected = |stage| match stage {
        Stage::Fresh | Stage::InBinary => None,
        Stage::InText => Some(MessageInProgress),
        _ => Some(ConnectionClosing),
    };
    let continuation: Expected = |stage| match stage {
        Stage::InText | Stage::InBinary => None,
        Stage::Fresh => Some(NoMessageInProgress),
        _ => Some(ConnectionClosing),
    };
    let huge_message: Expected = |stage| match stage {
        Stage::Fresh => Some(PayloadTooLong),
        Stage::InText | Stage::InBinary => Some(MessageInProgress),
        _ => Some(ConnectionClosing),
    };
    let huge_continuation: Expected = |stage| match stage {
        Stage::InText | Stage::InBinary => Some(PayloadTooLong),
        Stage::Fresh => Some(NoMessageInProgress),
        _ => Some(ConnectionClosing),
    };
    let open: Expected = |stage| (!stage.may_send()).then_some(ConnectionClosing);
    // A Pong may also follow our own Close.
    let pong: Expected =
        |stage| (!stage.may_send() && stage != Stage::ClosedByUs).then_some(ConnectionClosing);
    let calls: [(&str, Send, Expected); 15] = [
        ("text", |c, out| c.send_text("x", out), message),
        ("binary", |c, out| c.send_binary(b"x", out), message),
        ("text fragment", |c, out| c.send_text_fragment("x", true, out), text_fragment),
        ("binary fragment", |c, out| c.send_binary_fragment(b"x", false, out), binary_fragment),
        ("ping", |c, out| c.send_ping(&LONG[1..], out), open),
        ("pong", |c, out| c.send_pong(&LONG[1..], out), pong),
        ("close", |c, out| c.send_close(CloseCode::NORMAL, out), open),
        ("header of text", |c, out| c.send_header(OpCode::Text, true, 0, out).map(|_| ()), message),
        ("header of binary", |c, out| c.send_header(OpCode::Binary, false, 0, out).map(|_| ()), message),
        (
            "header of the rest",
            |c, out| c.send_header(OpCode::Continuation, true, 0, out).map(|_| ()),
            continuation,
        ),
        ("header of a ping", |c, out| c.send_header(OpCode::Ping, true, 0, out).map(|_| ()), open),
        ("header of a pong", |c, out| c.send_header(OpCode::Pong, true, 0, out).map(|_| ()), pong),
        ("huge text", |c, out| c.send_header(OpCode::Text, true, HUGE, out).map(|_| ()), huge_message),
        (
            "huge binary",
            |c, out| c.send_header(OpCode::Binary, false, u64::MAX, out).map(|_| ()),
            huge_message,
        ),
        (
            "huge rest",
            |c, out| c.send_header(OpCode::Continuation, false, HUGE, out).map(|_| ()),
            huge_continuation,
        ),
    ];
    let refused: [(&str, Send, SendError); 7] = [
        ("long ping", |c, out| c.send_ping(LONG, out), ControlPayloadTooLong),
        ("long pong", |c, out| c.send_pong(LONG, out), ControlPayloadTooLong),
        (
            "header of a long ping",
            |c, out| c.send_header(OpCode::Ping, true, 126, out).map(|_| ()),
            ControlPayloadTooLong,
        ),
        (
            "header of a huge pong",
            |c, out| c.send_header(OpCode::Pong, true, HUGE, out).map(|_| ()),
            ControlPayloadTooLong,
        ),
        ("fragmented ping", |c, out| c.send_header(OpCode::Ping, false, 0, out).map(|_| ()), ControlFragment),
        ("fragmented pong", |c, out| c.send_header(OpCode::Pong, false, 0, out).map(|_| ()), ControlFragment),
        ("header of a close", |c, out| c.send_header(OpCode::Close, true, 0, out).map(|_| ()), UseSendClose),
    ];
    for role in BOTH {
        for stage in Stage::ALL {
            for (name, call, expected) in &calls {
                check_refusal(role, stage, name, *call, expected(stage));
            }
            for (name, call, error) in &refused {
                let error = match (error, stage) {
                    (UseSendClose, _) => UseSendClose,
                    (error, Stage::ClosedByUs) if name.contains("pong") => *error,
                    (error, stage) => while_open(Some(*error), stage).unwrap(),
                };
                check_refusal(role, stage, name, *call, Some(error));
            }
        }
    }
    let mut server = Connection::server(Config::new());
    let result = server.send_close(CloseCode::MANDATORY_EXTENSION, &mut Vec::new());
    assert_eq!((result, server.state()), (Err(SendError::ClientOnlyCloseCode), State::Open));
}

/// Makes one call in one stage; if it must be refused, the next output shows that the state is unchanged.
fn check_refusal(role: Role, stage: Stage, name: &str, call: Send, expected: Option<SendError>) {
    let mut connection = stage.connection(role);
    let mut out = KEY.to_vec();
    let before = (connection.state(), connection.close_outcome().is_some());
    let result = call(&mut connection, &mut out);
    assert_eq!(result.err(), expected, "{name}, {stage:?}, {role:?}");
    if result.is_ok() {
        assert!(out.len() > KEY.len(), "{name}, {stage:?}: nothing was sent");
        return;
    }
    assert_eq!(out, KEY, "{name}, {stage:?}: something was sent");
    assert_eq!((connection.state(), connection.close_outcome().is_some()), before, "{name}, {stage:?}");

    // An equal connection without the refused call continues with the same bytes, including keys.
    let go_on = |mut connection: Connection| {
        let mut out = Vec::new();
        let results = [
            connection.send_text_fragment("1", false, &mut out),
            connection.send_text_fragment("2", true, &mut out),
            connection.send_binary_fragment(b"3", true, &mut out),
            connection.send_ping(b"4", &mut out),
            connection.send_close(CloseCode::NORMAL, &mut out),
        ];
        (results, out, connection.state())
    };
    assert_eq!(go_on(connection), go_on(stage.connection(role)), "{name}, {stage:?}: something changed");
}
