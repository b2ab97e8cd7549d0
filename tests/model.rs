//! Every call in every state, compared with a model of the closing handshake that fits on a screen.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{BOTH, CLOSE, TEXT, closed, hex, ping, plain, text, to};
use sansocket::{
    CloseCode, Config, Connection, Event, Initiator, Input, ProtocolError, SendError, State, frame::Role,
};

/// An event or call of a connection.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    SendText,
    SendFragment { last: bool },
    SendPing,
    SendPong,
    SendClose,
    ReceiveText,
    ReceivePing,
    ReceiveClose,
    ReceiveFault,
    Eof,
}

const STEPS: [Step; 11] = [
    Step::SendText,
    Step::SendFragment { last: false },
    Step::SendFragment { last: true },
    Step::SendPing,
    Step::SendPong,
    Step::SendClose,
    Step::ReceiveText,
    Step::ReceivePing,
    Step::ReceiveClose,
    Step::ReceiveFault,
    Step::Eof,
];

/// The result of a call.
#[derive(Debug, PartialEq)]
enum Outcome {
    Sent(Result<(), SendError>),
    Received(Result<Option<Event<'static>>, ProtocolError>),
    Ended(Result<(), ProtocolError>),
}

/// The externally visible state of a connection.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other")]
struct Model {
    auto: bool,
    sending: bool,
    close_sent: bool,
    close_received: bool,
    failure: Option<ProtocolError>,
    ended: bool,
    first: Option<Initiator>,
}

impl Model {
    /// The required result and output of a step.
    fn step(&mut self, step: Step) -> (Outcome, &'static str) {
        let deaf = self.close_received || self.failure.is_some() || self.ended;
        let mute = self.close_sent || self.failure.is_some() || self.ended;
        let dropped = Outcome::Received(self.failure.map_or(Ok(None), Err));
        let received = |event| Outcome::Received(Ok(Some(event)));
        let sent = Outcome::Sent(Ok(()));
        let refused = Outcome::Sent(Err(SendError::ConnectionClosing));
        match step {
            Step::SendPong if deaf => (refused, ""),
            Step::SendPong => (sent, "8a00"),
            Step::SendText | Step::SendFragment { .. } | Step::SendPing | Step::SendClose if mute => {
                (refused, "")
            }
            Step::SendText if self.sending => (Outcome::Sent(Err(SendError::MessageInProgress)), ""),
            Step::SendText => (sent, "810161"),
            Step::SendFragment { last } => {
                let begun = std::mem::replace(&mut self.sending, !last);
                let frame = match (begun, last) {
                    (false, false) => "010162",
                    (false, true) => "810162",
                    (true, false) => "000162",
                    (true, true) => "800162",
                };
                (sent, frame)
            }
            Step::SendPing => (sent, "8900"),
            Step::SendClose => {
                self.close_sent = true;
                self.first.get_or_insert(Initiator::Local);
                (sent, "880203e9")
            }
            Step::ReceiveText | Step::ReceivePing | Step::ReceiveClose | Step::ReceiveFault if deaf => {
                (dropped, "")
            }
            Step::ReceiveText => (received(text("c")), ""),
            Step::ReceivePing => (received(ping(b"d")), if self.auto { "8a0164" } else { "" }),
            Step::ReceiveClose => {
                let answer = self.auto && !mute;
                self.close_received = true;
                self.close_sent |= answer;
                self.first.get_or_insert(Initiator::Remote);
                (received(closed(3000, "e")), if answer { "88030bb865" } else { "" })
            }
            Step::ReceiveFault => {
                let error = ProtocolError::ReservedOpcode(3);
                self.failure = Some(error);
                self.first.get_or_insert(Initiator::Local);
                (Outcome::Received(Err(error)), if mute { "" } else { "880203ea" })
            }
            Step::Eof => {
                let clean = self.close_sent && self.close_received;
                if !self.ended && !clean && self.failure.is_none() {
                    self.failure = Some(ProtocolError::UnexpectedEof);
                    self.first.get_or_insert(Initiator::Transport);
                }
                self.ended = true;
                (Outcome::Ended(self.failure.map_or(Ok(()), Err)), "")
            }
        }
    }

    fn state(&self) -> State {
        match (self.close_sent, self.close_received) {
            _ if self.ended => State::Closed,
            _ if self.failure.is_some() => State::Draining,
            (true, true) => State::Draining,
            (false, false) => State::Open,
            _ => State::Closing,
        }
    }
}

fn take(connection: &mut Connection, role: Role, step: Step, out: &mut Vec<u8>) -> Outcome {
    let mut read = match step {
        Step::SendText => return Outcome::Sent(connection.send_text("a", out)),
        Step::SendFragment { last } => return Outcome::Sent(connection.send_text_fragment("b", last, out)),
        Step::SendPing => return Outcome::Sent(connection.send_ping(b"", out)),
        Step::SendPong => return Outcome::Sent(connection.send_pong(b"", out)),
        Step::SendClose => return Outcome::Sent(connection.send_close(CloseCode::GOING_AWAY, out)),
        Step::Eof => return Outcome::Ended(connection.receive_eof()),
        Step::ReceiveText => to(role, TEXT, b"c"),
        Step::ReceivePing => to(role, common::PING, b"d"),
        Step::ReceiveClose => to(role, CLOSE, b"\x0b\xb8e"),
        Step::ReceiveFault => vec![0x83],
    };
    let mut input = Input::new(&mut read);
    let result = connection.receive(&mut input, out).map(|event| event.map(Event::into_owned));
    assert!(input.is_empty());
    Outcome::Received(result)
}

/// Takes the steps in the connection and in the model, and compares everything after each.
fn check(role: Role, auto: bool, steps: &[Step]) {
    let config = Config::new().auto_close(auto).auto_pong(auto);
    let mut connection = match role {
        Role::Server => Connection::server(config),
        Role::Client => Connection::client(config, [5; 32]),
    };
    let mut model = Model { auto, ..Model::default() };
    for (index, &step) in steps.iter().enumerate() {
        let mut out = Vec::new();
        let outcome = take(&mut connection, role, step, &mut out);
        let (expected, sent) = model.step(step);
        let context = || format!("{role:?}, automatic: {auto}, {:?}", &steps[..=index]);
        assert_eq!(outcome, expected, "{}", context());
        assert_eq!(plain(role, &out), hex(sent), "{}", context());
        let state = model.state();
        assert_eq!(connection.state(), state, "{}", context());
        let Some(closure) = connection.close_outcome() else {
            assert!(matches!(state, State::Open | State::Closing), "{}", context());
            continue;
        };
        assert!(matches!(state, State::Draining | State::Closed), "{}", context());
        let (code, reason) = if model.close_received { (3000, "e") } else { (1006, "") };
        assert_eq!((closure.code, closure.reason), (code, reason), "{}", context());
        assert_eq!((closure.clean, closure.error), (model.failure.is_none(), model.failure), "{}", context());
        assert_eq!(Some(closure.initiator), model.first, "{}", context());
        assert!(!closure.interrupted, "{}", context());
    }
}

#[test]
fn all_sequences_of_four_steps_follow_the_model() {
    // R6455-5.1-g, R6455-5.5.1-f, R6455-7.1.3-a, R6455-7.1.4-a, R6455-7.1.4-b, R6455-7.1.5-a, R6455-7.1.5-c,
    // R6455-7.1.7-h, WHATWG-5-a
    for role in BOTH {
        for auto in [true, false] {
            for number in 0..STEPS.len().pow(4) {
                let digit = |place: u32| STEPS[number / STEPS.len().pow(place) % STEPS.len()];
                check(role, auto, &[digit(3), digit(2), digit(1), digit(0)]);
            }
        }
    }
}

#[test]
fn long_sequences_follow_the_model() {
    // Steps that leave the connection open are frequent, so that runs are long.
    let noise = common::noise(40_000);
    for (number, bytes) in noise.chunks(20).enumerate() {
        let step = |byte: &u8| match byte % 64 {
            few @ 0..11 => STEPS[usize::from(few)],
            many => STEPS[[0, 1, 2, 3, 4, 6, 7][usize::from(many % 7)]],
        };
        let steps: Vec<Step> = bytes.iter().map(step).collect();
        check(BOTH[number % 2], number % 3 != 0, &steps);
    }
}
