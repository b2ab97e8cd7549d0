//! Long messages that are written from where they are: everything that can be observed is as if they had been copied.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Write},
    sync::LazyLock,
    time::Duration,
};

use common::{noise, seconds};
use proptest::{collection::vec, prelude::*};
use sansocket::{
    CloseCode, Config, Connection, Event, SendError,
    frame::OpCode,
    keepalive::Timeouts,
    session::{Error, Message, Session, Transport},
};

/// The length from which a message is not copied.
const LONG: usize = 64 << 10;

#[derive(Clone, Copy, Debug)]
enum Kind {
    Server,
    Client,
    #[cfg(feature = "deflate")]
    Compressing,
}

const KINDS: &[Kind] = &[
    Kind::Server,
    Kind::Client,
    #[cfg(feature = "deflate")]
    Kind::Compressing,
];

fn open(kind: Kind) -> Session {
    let connection = match kind {
        Kind::Server => Connection::server(Config::new()),
        Kind::Client => Connection::client(Config::new(), [9; 32]),
        #[cfg(feature = "deflate")]
        Kind::Compressing => {
            use sansocket::{deflate, frame::Role};
            common::deflate::sender(Role::Server, deflate::Config::new())
        }
    };
    Session::open(connection, Timeouts::new(), Duration::ZERO)
}

/// Sends an event as programs do that have only the methods for each kind of data.
fn send_copied(session: &mut Session, event: &Event<'_>) -> Result<bool, SendError> {
    match event {
        Event::Text(text) => session.send_text(text),
        Event::Binary(data) => session.send_binary(data),
        Event::TextChunk { data, last } => session.send_text_fragment(data, *last),
        Event::BinaryChunk { data, last } => session.send_binary_fragment(data, *last),
        _ => Ok(false),
    }
}

/// A transport that accepts `piece` bytes at a time, and does something else where the next `fault` is due.
#[derive(Clone, Default)]
struct Stream {
    piece: usize,
    faults: VecDeque<(usize, Fault)>,
    out: Vec<u8>,
    writes: usize,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Error(ErrorKind),
    Zero,
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writes += 1;
        let mut len = self.piece.min(bytes.len());
        if let Some((at, fault)) = self.faults.front().copied() {
            if at <= self.out.len() {
                self.faults.pop_front();
                return match fault {
                    Fault::Error(kind) => Err(kind.into()),
                    Fault::Zero => Ok(0),
                };
            }
            len = len.min(at - self.out.len());
        }
        self.out.extend_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn write_vectored(&mut self, bytes: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.write(&bytes.iter().map(|slice| &**slice).collect::<Vec<_>>().concat())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Calls `write_to` until the session waits or has ended.
fn write_all(session: &mut Session, stream: &mut Stream) -> io::Result<()> {
    loop {
        match session.write_to(stream, || seconds(1), |_| Ok(())) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            result => return result,
        }
    }
}

fn kind<T>(result: Result<T, Error<io::Error>>) -> Result<T, Error<ErrorKind>> {
    result.map_err(|error| match error {
        Error::Io(error) => Error::Io(error.kind()),
        Error::Send(error) => Error::Send(error),
        other => panic!("{other:?}"),
    })
}

/// Data of a message of this length, at most a little more than a long one.
fn data(len: usize) -> &'static [u8] {
    static DATA: LazyLock<Vec<u8>> = LazyLock::new(|| noise(LONG + 100));
    &DATA[..len]
}

fn ending(session: &Session) -> String {
    format!("{:?}", session.ending())
}

fn events() -> Vec<Event<'static>> {
    let text = "Grüße ".repeat(LONG / 7);
    vec![
        Event::Text("short".into()),
        Event::Binary(noise(LONG - 1).into()),
        Event::Binary(noise(LONG).into()),
        Event::Text(text.into()),
        Event::BinaryChunk { data: noise(LONG).into(), last: false },
        Event::BinaryChunk { data: noise(LONG).into(), last: true },
        Event::TextChunk { data: "a".repeat(LONG).into(), last: true },
        Event::Ping(b"?"[..].into()),
        Event::Close(None),
    ]
}

/// The same event, whose data it borrows.
fn borrowed<'b>(event: &'b Event<'_>) -> Event<'b> {
    match event {
        Event::Text(text) => Event::Text((&**text).into()),
        Event::Binary(data) => Event::Binary((&**data).into()),
        other => other.clone(),
    }
}

#[test]
fn an_event_is_written_at_once_as_it_is_when_it_is_copied() {
    let block = Fault::Error(ErrorKind::WouldBlock);
    let again = Fault::Error(ErrorKind::Interrupted);
    let [reset, late] = [ErrorKind::ConnectionReset, ErrorKind::TimedOut].map(Fault::Error);
    let events = events();
    for at in [0, 6, 7, 8, 16, 17, 1000, LONG + 17, LONG + 20] {
        for fault in [block, again, reset, late, Fault::Zero] {
            for (piece, &kind) in
                [usize::MAX, 7000].into_iter().flat_map(|piece| KINDS.iter().map(move |kind| (piece, kind)))
            {
                let stream = Stream { piece, faults: [(at, fault)].into(), ..Stream::default() };
                check(kind, &events, &stream);
            }
        }
    }
}

/// Compares the two ways for each event, with a short message before it and one after it.
fn check(kind_of: Kind, events: &[Event<'_>], stream: &Stream) {
    for event in events {
        for is_owned in [false, true] {
            let (mut expected, mut session) = (open(kind_of), open(kind_of));
            let (mut copied, mut direct) = (stream.clone(), stream.clone());
            for session in [&mut expected, &mut session] {
                session.send_text("first").unwrap();
            }
            let sent = send_copied(&mut expected, event).unwrap();
            let event = if is_owned { event.clone() } else { borrowed(event) };
            let result = session.send_event_to(event, &mut direct, || seconds(1));
            for session in [&mut expected, &mut session] {
                session.send_text("last").unwrap_or_default();
            }
            let written = write_all(&mut expected, &mut copied);
            match kind(result) {
                // The stream failed in the call, so there is nothing more to write.
                Err(error) => assert_eq!(Err(error), kind(written.map_err(Error::Io))),
                Ok(was_sent) => {
                    assert_eq!(was_sent, sent);
                    let result = write_all(&mut session, &mut direct).map_err(|error| error.kind());
                    assert_eq!(result, written.map_err(|error| error.kind()));
                }
            }
            assert!(direct.out == copied.out, "{kind_of:?} {:?}", stream.faults);
            assert_eq!(ending(&session), ending(&expected));
            assert_eq!(session.deadline(), expected.deadline());
            assert_eq!(
                (session.unwritten(), session.is_flushed()),
                (expected.unwritten(), expected.is_flushed())
            );
        }
    }
}

#[test]
fn a_long_message_of_a_server_is_written_at_once_and_others_wait() {
    for (kind, event, writes) in [
        (Kind::Server, Event::Binary((&noise(LONG)[..]).into()), 1),
        (Kind::Server, Event::Binary(noise(LONG).into()), 1),
        (Kind::Server, Event::Binary(noise(LONG - 1).into()), 0),
        (Kind::Client, Event::Binary(noise(LONG).into()), 0),
    ] {
        let (mut session, mut stream) = (open(kind), Stream { piece: usize::MAX, ..Stream::default() });
        assert!(session.send_event_to(event, &mut stream, || seconds(1)).unwrap());
        assert_eq!((stream.writes, session.unwritten() == 0), (writes, writes == 1), "{kind:?}");
        assert!(!session.is_flushed());
    }
    // The message is between fragments of another one, or the session is not open.
    let (mut session, mut stream) = (open(Kind::Server), Stream::default());
    session.send_text_fragment("a", false).unwrap();
    let result = session.send_event_to(Event::Binary(noise(LONG).into()), &mut stream, || seconds(1));
    assert_eq!(kind(result), Err(Error::Send(SendError::MessageInProgress)));
    session.close(CloseCode::NORMAL).unwrap();
    for event in [Event::Binary(noise(LONG).into()), Event::Binary((&noise(LONG)[..]).into())] {
        assert_eq!(session.send_event(event.clone()), Ok(false));
        assert_eq!(kind(session.send_event_to(event, &mut stream, || seconds(1))), Ok(false));
    }
    assert_eq!(stream.writes, 0);
}

#[test]
fn owned_data_is_neither_copied_nor_allocated_anew() {
    for kind in [Kind::Server, Kind::Client] {
        let (mut session, data) = (open(kind), noise(1 << 20));
        session.send_text("makes room").unwrap();
        let info = allocation_counter::measure(|| {
            assert_eq!(session.send_event(Message::Binary(data).into()), Ok(true));
        });
        assert!(info.bytes_max < 1000, "{info:?}");
        assert!(session.following().len() == 1 << 20);
        assert!(!session.has_room() && !session.wants_read());
        // It is freed once it is written.
        let info = allocation_counter::measure(|| {
            let Transport::Write(bytes) = session.transport() else { panic!() };
            let count = bytes.len() + session.following().len();
            session.written(count);
        });
        assert!(info.bytes_current <= -(1 << 20), "{info:?}");
        assert_eq!((session.unwritten(), session.transport()), (0, Transport::Flush));
    }
}

#[test]
fn the_parts_of_a_session_include_a_message_that_was_not_copied() {
    let mut session = open(Kind::Server);
    session.send_event(Event::Binary(noise(LONG).into())).unwrap();
    session.send_text("last").unwrap();
    session.written(20);
    let (_, out, _) = session.into_parts().unwrap();
    assert_eq!(out.len(), LONG + 6 - 10);
    assert!(out.unwritten().starts_with(&noise(LONG)[10..]) && out.unwritten().ends_with(b"\x81\x04last"));
}

/// A call of the caller, or an event of the transport.
#[derive(Clone, Debug)]
enum Call {
    Short(usize),
    Long { len: usize, is_text: bool },
    LongTo { len: usize, accepted: usize },
    Header(u8),
    Write { count: usize, is_vectored: bool },
    Take,
    PutBack(usize),
    Time(u64),
    Close,
    Memory,
    KeepReading,
}

fn calls() -> impl Strategy<Value = Call> {
    let len = || LONG - 2..LONG + 40;
    let count = || prop_oneof![0..40_usize, 0..2 * LONG];
    prop_oneof![
        2 => (0..300_usize).prop_map(Call::Short),
        2 => (len(), any::<bool>()).prop_map(|(len, is_text)| Call::Long { len, is_text }),
        2 => (len(), count()).prop_map(|(len, accepted)| Call::LongTo { len, accepted }),
        1 => (0..40_u8).prop_map(Call::Header),
        5 => (count(), any::<bool>()).prop_map(|(count, is_vectored)| Call::Write { count, is_vectored }),
        1 => Just(Call::Take),
        1 => count().prop_map(Call::PutBack),
        1 => (0..15_u64).prop_map(Call::Time),
        1 => prop_oneof![3 => Just(Call::Memory), 3 => Just(Call::KeepReading), 1 => Just(Call::Close)],
    ]
}

/// A session, and the bytes that its transport has accepted.
struct Caller {
    session: Session,
    out: Vec<u8>,
    lent: Option<Vec<u8>>,
    now: Duration,
}

impl Caller {
    fn new(kind: Kind) -> Self {
        Self { session: open(kind), out: Vec::new(), lent: None, now: Duration::ZERO }
    }

    /// Writes at most `count` bytes. Returns the number of each write.
    fn write(&mut self, count: usize, is_vectored: bool) -> Vec<usize> {
        let (mut left, mut counts) = (count, Vec::new());
        while left > 0 {
            let following = if is_vectored { self.session.following() } else { &[] };
            match self.session.transport() {
                Transport::Write(bytes) => {
                    let bytes = [bytes, following].concat();
                    let count = left.min(bytes.len());
                    self.out.extend_from_slice(&bytes[..count]);
                    self.session.written(count);
                    counts.push(count);
                    left -= count;
                }
                Transport::Flush => self.session.flushed(),
                _ => {
                    let Some(due) = self.session.payload_due() else { break };
                    let count = left.min(usize::try_from(due).unwrap());
                    self.out.extend(vec![b'c'; count]);
                    self.session.payload_written(count as u64);
                    counts.push(count);
                    left -= count;
                }
            }
        }
        counts
    }

    fn take(&mut self) {
        if self.lent.is_none() {
            self.lent = Some(self.session.take_unwritten());
        }
    }

    fn put_back(&mut self, count: usize) {
        let lent = self.lent.take().unwrap_or_default();
        let count = count.min(lent.len());
        self.out.extend_from_slice(&lent[..count]);
        self.session.written_owned(lent, count);
    }

    fn lend_memory(&mut self) {
        let mut spare = Vec::new();
        self.session.lend_memory(&mut spare);
        self.session.reclaim_memory(&mut spare);
        self.session.release_buffers();
    }

    /// Everything that a caller can see of the output. After the end, lent bytes are no longer awaited.
    fn state(&self) -> (usize, [bool; 3], Option<Duration>, Option<u64>) {
        let session = &self.session;
        let unwritten = if session.is_over() { 0 } else { session.unwritten() };
        let has_room = session.has_room() || session.is_over();
        let states = [session.is_over(), has_room, session.wants_read()];
        (unwritten, states, session.deadline(), session.payload_due())
    }
}

fn both(caller: &mut Caller, expected: &mut Caller, call: impl Fn(&mut Caller)) -> Vec<usize> {
    call(caller);
    call(expected);
    Vec::new()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn long_messages_have_their_place_among_all_others(kind in 0..KINDS.len(), calls in vec(calls(), 0..24)) {
        let (mut expected, mut caller) = (Caller::new(KINDS[kind]), Caller::new(KINDS[kind]));
        for call in calls {
            let written = match call {
                Call::Short(len) => {
                    prop_assert_eq!(
                        caller.session.send_event(Event::Binary(data(len).into())),
                        expected.session.send_binary(data(len))
                    );
                    Vec::new()
                }
                Call::Long { len, is_text } => {
                    let event = if is_text { Event::Text("x".repeat(len).into()) } else { Event::Binary(data(len).to_vec().into()) };
                    let sent = send_copied(&mut expected.session, &event);
                    prop_assert_eq!(caller.session.send_event(event), sent);
                    Vec::new()
                }
                Call::LongTo { len, accepted } => {
                    let blocked = (accepted, Fault::Error(ErrorKind::WouldBlock));
                    let mut stream = Stream { piece: usize::MAX, faults: [blocked].into(), ..Stream::default() };
                    let event = Event::Binary(data(len).into());
                    let sent = send_copied(&mut expected.session, &event).unwrap();
                    prop_assert_eq!(caller.session.send_event_to(event, &mut stream, || caller.now).unwrap(), sent);
                    caller.out.extend_from_slice(&stream.out);
                    vec![stream.out.len()]
                }
                Call::Header(len) => {
                    let results = [&mut caller, &mut expected]
                        .map(|it| it.session.send_header(OpCode::Binary, true, len.into()));
                    prop_assert_eq!(results[0], results[1]);
                    Vec::new()
                }
                Call::Write { count, is_vectored } => caller.write(count, is_vectored),
                Call::Take => both(&mut caller, &mut expected, Caller::take),
                Call::PutBack(count) => both(&mut caller, &mut expected, |it| it.put_back(count)),
                Call::Memory => both(&mut caller, &mut expected, Caller::lend_memory),
                Call::KeepReading => both(&mut caller, &mut expected, |it| it.session.keep_reading()),
                Call::Close => both(&mut caller, &mut expected, |it| {
                    it.session.close(CloseCode::NORMAL).unwrap();
                }),
                Call::Time(step) => both(&mut caller, &mut expected, |it| {
                    it.now += seconds(step);
                    it.session.on_time(it.now);
                    it.session.on_time(it.now);
                }),
            };
            for count in written.into_iter().filter(|count| *count > 0) {
                prop_assert_eq!(expected.write(count, false), [count]);
            }
            prop_assert!(caller.out == expected.out);
            prop_assert_eq!(caller.state(), expected.state());
        }
        both(&mut caller, &mut expected, |it| it.put_back(0));
        caller.write(usize::MAX, true);
        expected.write(usize::MAX, false);
        prop_assert!(caller.out == expected.out);
        prop_assert_eq!(ending(&caller.session), ending(&expected.session));
        prop_assert_eq!(caller.session.transport(), expected.session.transport());
    }
}
