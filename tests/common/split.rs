//! The harness that runs one stream through a connection repeatedly, with every kind of split.

use sansocket::{
    CloseOutcome, Config, Connection, Event, Initiator, Input, ProtocolError, State, frame::Role,
};

use super::{CLOSE, TEXT, boundaries, frame, plain, to};

/// A connection under test: its configuration, and the actions of its application by position in the stream.
#[derive(Clone)]
pub(crate) struct Bench {
    pub(crate) role: Role,
    config: Config,
    calls: Vec<(usize, Call)>,
    eof: bool,
}

/// The actions of the application.
type Call = fn(&mut Connection, &mut Vec<u8>);

/// The visible results of a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Transcript {
    /// All events; consecutive chunks of a message are joined.
    pub(crate) events: Vec<Event<'static>>,
    /// The output, without masks.
    pub(crate) out: Vec<u8>,
    pub(crate) error: Option<ProtocolError>,
    pub(crate) state: State,
    pub(crate) closure: Option<Ended>,
    /// The result of the end of the stream, if the run had one.
    pub(crate) eof: Option<Result<(), ProtocolError>>,
}

/// An owned `CloseOutcome`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ended {
    pub(crate) code: u16,
    pub(crate) reason: String,
    pub(crate) clean: bool,
    pub(crate) initiator: Initiator,
    pub(crate) interrupted: bool,
    pub(crate) error: Option<ProtocolError>,
}

/// The result of a run without errors whose connection stays open.
pub(crate) fn open(events: Vec<Event<'static>>, out: &[u8]) -> Transcript {
    Transcript { events, out: out.to_vec(), error: None, state: State::Open, closure: None, eof: None }
}

impl From<CloseOutcome<'_>> for Ended {
    fn from(closure: CloseOutcome<'_>) -> Self {
        let CloseOutcome { code, reason, clean, initiator, interrupted, error, .. } = closure;
        Self { code, reason: reason.to_owned(), clean, initiator, interrupted, error }
    }
}

impl Bench {
    pub(crate) fn new(role: Role) -> Self {
        Self { role, config: Config::new(), calls: Vec::new(), eof: false }
    }

    pub(crate) fn server() -> Self {
        Self::new(Role::Server)
    }

    pub(crate) fn client() -> Self {
        Self::new(Role::Client)
    }

    pub(crate) fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Calls `call` when `position` bytes have been received.
    pub(crate) fn at(mut self, position: usize, call: Call) -> Self {
        self.calls.push((position, call));
        self
    }

    /// Ends the transport after the stream.
    pub(crate) fn eof(mut self) -> Self {
        self.eof = true;
        self
    }

    pub(crate) fn connection(&self) -> Connection {
        match self.role {
            Role::Server => Connection::server(self.config),
            Role::Client => Connection::client(self.config, [7; 32]),
        }
    }

    /// Runs the stream in one read, split in two at every position, and byte by byte; the results must be the
    /// same.
    pub(crate) fn run(&self, stream: &[u8]) -> Transcript {
        let whole = self.run_cut(stream, &[]);
        for cut in cuts(stream) {
            assert_eq!(self.run_cut(stream, &[cut]), whole, "cut at {cut} of {}", stream.len());
        }
        if stream.len() <= 256 << 10 {
            let everywhere: Vec<usize> = (1..stream.len()).collect();
            assert_eq!(self.run_cut(stream, &everywhere), whole, "byte by byte");
            // An empty read has no effect.
            let twice: Vec<usize> = (0..=stream.len()).flat_map(|cut| [cut, cut]).collect();
            assert_eq!(self.run_cut(stream, &twice), whole, "byte by byte, with empty reads");
        }
        for step in [3, 1000, 4096, 65_536] {
            if step < stream.len() {
                let cuts: Vec<usize> = (step..stream.len()).step_by(step).collect();
                assert_eq!(self.run_cut(stream, &cuts), whole, "in pieces of {step}");
            }
        }
        Transcript { out: plain(self.role, &whole.out), ..whole }
    }

    /// Checks that a stream fails with its last byte and no earlier, after these events and this output.
    #[track_caller]
    pub(crate) fn fails_at_the_end(
        &self,
        stream: &[u8],
        error: ProtocolError,
        events: &[Event<'static>],
        out: &[u8],
    ) {
        let (_, before) = stream.split_last().unwrap();
        assert_eq!(self.run(before), open(events.to_vec(), out), "one byte too early: {stream:02x?}");

        let seen = self.run(stream);
        assert_eq!((seen.error, &seen.events[..]), (Some(error), events), "{stream:02x?}");
        // R6455-7.1.7-e: exactly one Close, with the code of the violation.
        let close = frame(CLOSE, None, &error.close_code().unwrap().get().to_be_bytes());
        assert_eq!(seen.out, [out, &close].concat());
        assert_eq!(seen.state, State::Draining); // R6455-7.1.7-a, R6455-7.1.7-c
        let closure = seen.closure.clone().unwrap();
        assert_eq!((closure.code, closure.reason.as_str(), closure.clean), (1006, "", false));
        assert_eq!((closure.initiator, closure.error), (Initiator::Local, Some(error)));

        // R6455-7.1.7-g: later bytes have no effect, not even a Close.
        let followed = [stream, &to(self.role, TEXT, b"x"), &to(self.role, CLOSE, b"\x03\xe8")].concat();
        assert_eq!(self.run(&followed), seen);
        let ended = self.clone().eof().run(stream);
        assert_eq!((ended.eof, ended.state), (Some(Err(error)), State::Closed));
    }

    /// Runs the stream, split at these positions. The output is left unchanged.
    pub(crate) fn run_cut(&self, stream: &[u8], cuts: &[usize]) -> Transcript {
        let mut run = Run::new(self.connection());
        let mut cuts = cuts.to_vec();
        cuts.extend(self.calls.iter().map(|&(position, _)| position));
        cuts.push(stream.len());
        cuts.sort_unstable();
        let mut from = 0;
        let mut calls = self.calls.clone();
        for cut in cuts {
            run.feed(&stream[from..cut]);
            from = cut;
            while let Some(&(position, call)) = calls.first()
                && position == cut
            {
                call(&mut run.connection, &mut run.out);
                calls.remove(0);
            }
        }
        assert!(calls.is_empty(), "calls have to be in order and within the stream");
        run.finish(self)
    }
}

/// Returns the positions to split a stream: all of them if it is short, otherwise those around each boundary
/// and a few others.
fn cuts(stream: &[u8]) -> Vec<usize> {
    let len = stream.len();
    if len <= 1500 {
        return (0..=len).collect();
    }
    let near = |at: &usize| at.saturating_sub(15)..=at.saturating_add(15).min(len);
    let edges = [0, len];
    let mut found = boundaries(stream);
    let every = (found.len() / 32).max(1);
    found = found.into_iter().step_by(every).collect();
    let mut cuts: Vec<usize> = found.iter().chain(&edges).flat_map(near).collect();
    cuts.extend((0..len).step_by((len / 31).max(1)));
    cuts.sort_unstable();
    cuts.dedup();
    if len > 100_000 {
        cuts = cuts.into_iter().step_by(5).collect();
    }
    cuts
}

struct Run {
    connection: Connection,
    events: Vec<Event<'static>>,
    out: Vec<u8>,
    error: Option<ProtocolError>,
}

impl Run {
    fn new(connection: Connection) -> Self {
        Self { connection, events: Vec::new(), out: Vec::new(), error: None }
    }

    /// Receives until there are no more events, and checks the rules that hold for any input.
    fn feed(&mut self, bytes: &[u8]) {
        let mut buf = bytes.to_vec();
        let mut input = Input::new(&mut buf);
        loop {
            let (unused, sent) = (input.len(), self.out.len());
            let result = self.connection.receive(&mut input, &mut self.out);
            if let Some(error) = self.error {
                assert_eq!(result, Err(error), "a failure has to last");
                assert_eq!(self.out.len(), sent, "something was sent after a failure");
            }
            match result {
                Ok(Some(event)) => {
                    assert!(input.len() < unused, "an event came out of nothing");
                    push_merged(&mut self.events, event.into_owned());
                    continue;
                }
                Ok(None) => {}
                Err(error) => self.error = Some(error),
            }
            assert!(input.is_empty(), "{} bytes were left, after {result:?}", input.len());
            return;
        }
    }

    fn finish(mut self, bench: &Bench) -> Transcript {
        let state = self.connection.state();
        if self.error.is_some() || !matches!(state, State::Open | State::Closing) {
            // Even valid frames are ignored now.
            let (events, sent) = (self.events.len(), self.out.len());
            self.feed(&to(bench.role, TEXT, b"more"));
            self.feed(b"");
            assert_eq!((self.events.len(), self.out.len()), (events, sent), "dead, and yet it speaks");
            assert_eq!(self.connection.state(), state);
        }
        let eof = bench.eof.then(|| {
            let sent = self.out.len();
            let result = self.connection.receive_eof();
            assert_eq!(self.connection.state(), State::Closed); // R6455-7.1.4-a
            assert_eq!(self.connection.receive_eof(), result, "asked again");
            let mut late = to(bench.role, TEXT, b"late");
            let received = self.connection.receive(&mut Input::new(&mut late), &mut self.out);
            assert_eq!(received, result.map(|()| None), "received after the end");
            assert_eq!(self.out.len(), sent, "sent after the end");
            result
        });
        let state = self.connection.state();
        let closure = self.connection.close_outcome().map(Ended::from);
        assert_eq!(closure.is_some(), matches!(state, State::Draining | State::Closed));
        Transcript { events: self.events, out: self.out, error: self.error, state, closure, eof }
    }
}

/// Appends an event; a chunk is added to the one before it if both are of the same message.
fn push_merged(events: &mut Vec<Event<'static>>, event: Event<'static>) {
    match (events.last_mut(), event) {
        (Some(Event::TextChunk { data, last: last @ false }), Event::TextChunk { data: more, last: end }) => {
            assert!(end || !more.is_empty(), "an empty chunk that is not the last");
            data.to_mut().push_str(&more);
            *last = end;
        }
        (
            Some(Event::BinaryChunk { data, last: last @ false }),
            Event::BinaryChunk { data: more, last: end },
        ) => {
            assert!(end || !more.is_empty(), "an empty chunk that is not the last");
            data.to_mut().extend_from_slice(&more);
            *last = end;
        }
        (_, event) => events.push(event),
    }
}
