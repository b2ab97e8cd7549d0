//! The tasks that the transport queues, and the event loop that runs them (WHATWG `WebSockets`, section 4).

use alloc::{collections::VecDeque, string::String, vec::Vec};

use super::{Event, ReadyState, WebSocket};
use crate::{ProtocolError, client::Response, session::Transport};

/// The tasks that have not run, and what is known of the end.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    queue: VecDeque<Task>,
    /// The number of bytes in the queue.
    len: usize,
    /// The closing has been queued.
    closing: bool,
    /// The event that follows an error in the same task.
    close: Option<Event>,
}

#[derive(Debug)]
pub(super) enum Task {
    Established,
    Text(String),
    Binary(Vec<u8>),
    /// A Close was sent or received, or the connection failed.
    Closing,
}

impl Task {
    fn len(&self) -> usize {
        let data = match self {
            Self::Text(text) => text.len(),
            Self::Binary(data) => data.len(),
            Self::Established | Self::Closing => 0,
        };
        data.saturating_add(size_of::<Self>())
    }
}

impl Tasks {
    pub(super) fn push(&mut self, task: Task) {
        self.len = self.len.saturating_add(task.len());
        self.queue.push_back(task);
    }

    /// Queues the closing, once.
    pub(super) fn push_closing(&mut self) {
        if !core::mem::replace(&mut self.closing, true) {
            self.push(Task::Closing);
        }
    }

    /// Whether the page is far behind the server.
    pub(super) fn is_full(&self) -> bool {
        self.len >= QUEUE_LEN
    }

    fn pop(&mut self) -> Option<Task> {
        let task = self.queue.pop_front()?;
        self.len = self.len.saturating_sub(task.len());
        Some(task)
    }
}

/// How a connection ended.
struct End {
    code: u16,
    reason: String,
    was_clean: bool,
    failed: bool,
}

impl WebSocket {
    /// Runs the next tasks up to one with an event, and returns the event. Returns `None` if no task is left.
    ///
    /// Call it between two scripts, until it returns `None`, and after each call do what [`transport`](Self::transport) returns.
    /// The attributes change in this call: dispatch the event before you call it again. [`Event::Error`] and the
    /// [`Event::Close`] after it belong to one task. After `Close` there are no more events.
    pub fn next_event(&mut self) -> Option<Event> {
        if self.gone {
            return None;
        }
        if let Some(close) = self.tasks.close.take() {
            return Some(close);
        }
        self.backlog.show();
        while let Some(task) = self.tasks.pop() {
            if let Some(event) = self.run(task) {
                return Some(event);
            }
        }
        self.run_closed()
    }

    fn run(&mut self, task: Task) -> Option<Event> {
        match (task, self.state) {
            (Task::Established, ReadyState::Connecting) => {
                self.state = ReadyState::Open;
                self.was_open = true;
                if let Some(response) = &self.response {
                    self.extensions = extensions(response);
                    self.protocol = response.subprotocol().unwrap_or_default().into();
                }
                Some(Event::Open)
            }
            (Task::Text(text), ReadyState::Open) => Some(Event::Text(text)),
            (Task::Binary(data), ReadyState::Open) => Some(Event::Binary(data, self.binary_type)),
            (Task::Closing, _) => {
                self.state = self.state.max(ReadyState::Closing);
                if self.must_reply() {
                    self.reply();
                }
                None
            }
            // The page has closed the object in the meantime.
            _ => None,
        }
    }

    fn run_closed(&mut self) -> Option<Event> {
        if self.state == ReadyState::Closed {
            return None;
        }
        let End { code, reason, was_clean, failed } = self.end()?;
        self.state = ReadyState::Closed;
        self.backlog.freeze();
        let close = Event::Close { code, reason, was_clean };
        if !failed {
            return Some(close);
        }
        self.tasks.close = Some(close);
        Some(Event::Error)
    }

    /// How the connection ended, once it has: it failed, or both Closes were exchanged and the transport is closed.
    fn end(&self) -> Option<End> {
        let is_over = self.session.transport() == Transport::Close;
        let unopened = End { code: 1006, reason: String::new(), was_clean: false, failed: true };
        let Some(connection) = self.session.connection().filter(|_| self.was_open) else {
            return is_over.then_some(unopened);
        };
        let outcome = connection.close_outcome().filter(|outcome| is_over || !outcome.clean)?;
        let failed = match outcome.error {
            None => false,
            // The page has begun the closing handshake, and the server did not finish it.
            Some(ProtocolError::UnexpectedEof) => self.given_up || !self.close_sent,
            Some(_) => true,
        };
        Some(End { code: outcome.code, reason: outcome.reason.into(), was_clean: outcome.clean, failed })
    }
}

/// The values of the header in one line.
fn extensions(response: &Response) -> String {
    let mut line = String::new();
    for (_, value) in
        response.headers().filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-extensions"))
    {
        if !line.is_empty() {
            line.push_str(", ");
        }
        line.push_str(&String::from_utf8_lossy(value));
    }
    line
}

/// The number of bytes in the queue from which on nothing is received.
const QUEUE_LEN: usize = 64 << 10;
