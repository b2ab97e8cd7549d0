//! A split connection behaves like a connection.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod common;

use common::{CLOSE, closed, hex, ping, to};
use sansocket::{
    CloseCode, CloseOutcome, Config, Connection, Event, Initiator, Input, ProtocolError, ReceiveHalf, Reply,
    SendError, SendHalf, State,
    frame::{OpCode, Role},
};

/// The seed of masking keys.
const SEED: [u8; 32] = [7; 32];

/// An event or call of a connection.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// These bytes arrive, as a server sends them.
    Read(&'static [u8]),
    Text(&'static str),
    Fragment(&'static str, bool),
    Ping,
    Close,
    CloseWith(u16),
    Eof,
}

const STEPS: [Step; 13] = [
    Step::Read(b"\x81\x02Hi"),
    Step::Read(b"\x01\x02Hi"),
    Step::Read(b"\x89\x01a"),
    Step::Read(b"\x88\x00"),
    Step::Read(b"\x88\x05\x03\xe9bye"),
    Step::Read(b"\x81\x81"), // a fault
    Step::Text("text"),
    Step::Fragment("frag", false),
    Step::Fragment("ment", true),
    Step::Ping,
    Step::Close,
    Step::CloseWith(1001),
    Step::Eof,
];

/// One way to run a connection.
trait Endpoint {
    fn read(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Vec<Event<'static>>, ProtocolError>;
    fn send(&mut self, step: Step, out: &mut Vec<u8>) -> Result<(), SendError>;
    fn eof(&mut self, out: &mut Vec<u8>);
    fn state(&self) -> State;
    fn close_outcome(&self) -> Option<CloseOutcome<'_>>;
}

/// The same calls for a [`Connection`] and for a [`SendHalf`].
macro_rules! send {
    ($sender:expr, $step:expr, $out:expr) => {
        match $step {
            Step::Text(text) => $sender.send_text(text, $out),
            Step::Fragment(text, last) => $sender.send_text_fragment(text, last, $out),
            Step::Ping => $sender.send_ping(b"p", $out),
            Step::Close => $sender.send_close(None, $out),
            Step::CloseWith(code) => $sender.send_close(CloseCode::new(code).unwrap(), $out),
            Step::Read(_) | Step::Eof => panic!("nothing is sent for it"),
        }
    };
}

impl Endpoint for Connection {
    fn read(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Vec<Event<'static>>, ProtocolError> {
        let mut bytes = bytes.to_vec();
        let (mut input, mut events) = (Input::new(&mut bytes), Vec::new());
        while let Some(event) = self.receive(&mut input, out)? {
            events.push(event.into_owned());
        }
        Ok(events)
    }

    fn send(&mut self, step: Step, out: &mut Vec<u8>) -> Result<(), SendError> {
        send!(self, step, out)
    }

    fn eof(&mut self, _: &mut Vec<u8>) {
        let _ = self.receive_eof(); // it is in the outcome
    }

    fn state(&self) -> State {
        Connection::state(self)
    }

    fn close_outcome(&self) -> Option<CloseOutcome<'_>> {
        Connection::close_outcome(self)
    }
}

struct Halves {
    receiving: Option<ReceiveHalf>,
    sending: SendHalf,
}

impl Endpoint for Halves {
    fn read(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Vec<Event<'static>>, ProtocolError> {
        let Some(receiving) = &mut self.receiving else { return Ok(Vec::new()) };
        let mut bytes = bytes.to_vec();
        let (mut input, mut events, mut reply) = (Input::new(&mut bytes), Vec::new(), None);
        loop {
            let result = receiving.receive(&mut input, &mut reply);
            if let Some(reply) = &reply {
                self.sending.reply(reply, out);
            }
            match result? {
                Some(event) => events.push(event.into_owned()),
                None => return Ok(events),
            }
        }
    }

    fn send(&mut self, step: Step, out: &mut Vec<u8>) -> Result<(), SendError> {
        send!(self.sending, step, out)
    }

    fn eof(&mut self, out: &mut Vec<u8>) {
        if let Some(receiving) = self.receiving.take() {
            self.sending.reply(&receiving.receive_eof(), out);
        }
    }

    fn state(&self) -> State {
        self.sending.state()
    }

    fn close_outcome(&self) -> Option<CloseOutcome<'_>> {
        self.sending.close_outcome()
    }
}

/// The visible results of a run.
fn transcript(endpoint: &mut dyn Endpoint, steps: &[Step]) -> Vec<String> {
    let mut ended = false;
    let mut seen = Vec::new();
    for &step in steps {
        let mut out = Vec::new();
        let result = match step {
            Step::Read(_) if ended => continue,
            Step::Read(bytes) => format!("{:?}", endpoint.read(bytes, &mut out)),
            Step::Eof => {
                ended = true;
                endpoint.eof(&mut out);
                String::new()
            }
            step => format!("{:?}", endpoint.send(step, &mut out)),
        };
        seen.push(format!(
            "{step:?}: {result} {out:02x?} {:?} {:?}",
            endpoint.state(),
            endpoint.close_outcome()
        ));
    }
    seen
}

#[test]
fn halves_behave_like_a_connection() {
    // Every sequence of four steps, split before any of them.
    let count = STEPS.len().pow(4);
    for number in 0..count {
        let digits = std::iter::successors(Some(number), |rest| Some(rest / STEPS.len())).take(4);
        let steps: Vec<Step> = digits.map(|digit| STEPS[digit % STEPS.len()]).collect();
        for config in [Config::new(), Config::new().auto_pong(false).auto_close(false)] {
            let connection = || Connection::client(config, SEED);
            let expected = transcript(&mut connection(), &steps);
            let split_at = number % 3;
            let (before, after) = steps.split_at(split_at);
            if before.iter().any(|step| matches!(step, Step::Eof)) {
                continue; // there is nothing left to split
            }
            let mut whole = connection();
            let mut seen = transcript(&mut whole, before);
            let (receiving, sending) = whole.split();
            seen.extend(transcript(&mut Halves { receiving: Some(receiving), sending }, after));
            assert_eq!(seen, expected, "{steps:?}, split at {split_at}");
        }
    }
}

/// The same calls for both; the masking keys are the same, too.
macro_rules! all_calls {
    ($sender:expr) => {{
        let (sender, mut out) = ($sender, Vec::new());
        sender.send_binary(b"binary", &mut out).unwrap();
        sender.send_binary_fragment(b"frag", false, &mut out).unwrap();
        sender.send_pong(b"pong", &mut out).unwrap();
        sender.send_binary_fragment(b"ment", true, &mut out).unwrap();
        let key = sender.send_header(OpCode::Text, true, 3, &mut out).unwrap();
        #[cfg(feature = "deflate")]
        {
            let long = "again ".repeat(30);
            sender.send_text(&long, &mut out).unwrap();
            sender.compress_next(sansocket::deflate::Compress::Never);
            sender.send_text(&long, &mut out).unwrap();
            sender.release_buffers();
            sender.send_text(&long, &mut out).unwrap();
        }
        (key, sender.role(), out)
    }};
}

#[test]
fn the_sending_half_has_every_call() {
    #[cfg(not(feature = "deflate"))]
    let config = Config::new();
    #[cfg(feature = "deflate")]
    let config = common::deflate::with(Role::Client, sansocket::deflate::Config::new());
    let expected = all_calls!(&mut Connection::client(config, SEED));
    let (receiving, mut sending) = Connection::client(config, SEED).split();
    assert_eq!(all_calls!(&mut sending), expected);
    assert_eq!(expected.1, Role::Client);
    assert!(expected.0.is_some() && expected.2.len() >= 48);
    #[cfg(feature = "deflate")]
    assert!(receiving.deflate().is_some());
    drop(receiving);
}

#[test]
fn replies_may_come_late() {
    let (mut receiving, mut sending) = Connection::server(Config::new()).split();
    let mut read = hex("8981 00000000 61 8883 00000000 03e9 21");
    let mut input = Input::new(&mut read);
    let (mut pong, mut close, mut none, mut out) = (None, None, None, Vec::new());
    assert_eq!(receiving.receive(&mut input, &mut pong), Ok(Some(ping(b"a"))));
    assert_eq!(receiving.receive(&mut input, &mut close), Ok(Some(closed(1001, "!"))));
    assert_eq!(receiving.receive(&mut input, &mut none), Ok(None));
    assert_eq!(none, None);

    // The sending half has not been informed yet.
    assert_eq!(sending.state(), State::Open);
    sending.send_text("late", &mut out).unwrap();
    sending.reply(&pong.unwrap(), &mut out);
    sending.reply(&close.unwrap(), &mut out);
    assert_eq!(out, hex("8104 6c617465 8a01 61 8803 03e9 21"));
    assert_eq!(sending.send_text("too late", &mut out), Err(SendError::ConnectionClosing));
    assert_eq!(sending.state(), State::Draining);
    sending.reply(&receiving.receive_eof(), &mut out);
    assert_eq!(sending.state(), State::Closed);
    let closure = sending.close_outcome().unwrap();
    assert_eq!((closure.code, closure.reason, closure.clean), (1001, "!", true));
    assert_eq!(closure.initiator, Initiator::Remote);
}

#[test]
fn failure_reply_is_returned_once() {
    let (mut receiving, mut sending) = Connection::server(Config::new()).split();
    let mut read = hex("8100 8100");
    let (mut input, mut reply, mut out) = (Input::new(&mut read), None, Vec::new());
    assert_eq!(receiving.receive(&mut input, &mut reply), Err(ProtocolError::UnmaskedFrame));
    sending.reply(&reply.take().unwrap(), &mut out);
    assert_eq!(out, hex("8802 03ea"));
    assert_eq!(receiving.receive(&mut input, &mut reply), Err(ProtocolError::UnmaskedFrame));
    assert_eq!(reply, None);
    assert_eq!(sending.close_outcome().unwrap().error, Some(ProtocolError::UnmaskedFrame));
}

#[test]
fn a_reply_shows_nothing_of_the_peers_data() {
    let (mut receiving, _) = Connection::client(Config::new(), SEED).split();
    let mut reply: Option<Reply> = None;
    for (frame, shown) in [
        (&b"\x89\x06secret"[..], "Reply(Pong, 6 bytes)"),
        (b"\x88\x08\x03\xe8secret", "Reply(Close, Some(CloseCode(1000)))"),
    ] {
        let mut frame = frame.to_vec();
        receiving.receive(&mut Input::new(&mut frame), &mut reply).unwrap();
        assert_eq!(format!("{:?}", reply.take().unwrap()), shown);
    }
}

#[test]
fn halves_go_to_other_threads() {
    fn sendable<T: Send + 'static>() {}
    sendable::<(ReceiveHalf, SendHalf, Reply)>();
}

#[cfg(feature = "deflate")]
#[test]
fn each_half_keeps_the_window_of_its_direction() {
    use common::Pair;
    use common::text;
    use sansocket::deflate;

    let with = |role| common::deflate::with(role, deflate::Config::new());
    let mut pair = Pair::new(with(Role::Client), with(Role::Server));
    let long = "the same again ".repeat(20);
    let mut sizes = Vec::new();
    pair.client.connection.send_text(&long, &mut pair.client.out).unwrap();
    sizes.push(pair.client.out.len());
    pair.settle(usize::MAX);
    let (_, mut sending) = pair.client.connection.split();
    let (mut receiving, _) = pair.server.connection.split();
    for _ in 0..2 {
        let (mut wire, mut reply) = (Vec::new(), None);
        sending.send_text(&long, &mut wire).unwrap();
        sizes.push(wire.len());
        assert_eq!(receiving.receive(&mut Input::new(&mut wire), &mut reply), Ok(Some(text(&long))));
    }
    assert!(sizes[1] < sizes[0] && sizes[2] <= sizes[1], "{sizes:?}");
}

#[test]
fn a_receiving_half_knows_its_role_and_whether_it_has_ended() {
    for (connection, role) in [
        (Connection::server(Config::new()), Role::Server),
        (Connection::client(Config::new(), [7; 32]), Role::Client),
    ] {
        let (mut receiving, sending) = connection.split();
        assert_eq!((receiving.role(), sending.role(), receiving.has_ended()), (role, role, false));
        let mut close = to(role, CLOSE, b"\x03\xe8");
        let mut reply = None;
        let event = receiving.receive(&mut Input::new(&mut close), &mut reply).unwrap();
        assert!(matches!(event, Some(Event::Close(_))) && reply.is_some() && receiving.has_ended());
    }
}
