//! A WebSocket: a session, and the transport that does what the session asks for.

use std::{
    cell::RefCell,
    fmt,
    future::poll_fn,
    io::{self, IoSlice},
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker, ready},
    time::Duration,
};

use futures_core::Stream;
use futures_sink::Sink;
use sansocket::{
    Close, CloseCode, Event, SendError,
    client::Response,
    server::Request,
    session::{Ending, Endpoint, Memory, Message, ReadBuffer, Received, Session, Transport},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until, timeout_at},
};

use crate::Error;

/// A WebSocket over the transport `S`.
pub struct WebSocket<S> {
    stream: S,
    end: Endpoint<io::Error>,
    /// The zero of the session's time.
    pub(crate) start: Instant,
    /// The timer, and the task that it wakes.
    timer: Option<(Pin<Box<Sleep>>, Waker)>,
    /// The tasks of the two halves, and which of them wait.
    tasks: [Waker; 2],
    waiting: [bool; 2],
    response: Option<Box<Response>>,
    /// The stream of messages has returned the cause of the end.
    reported: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// Wraps a session that is open, such as the connection that an HTTP library opened ([`Session::open`]). The session's time
    /// must begin with zero, now.
    pub fn new(stream: S, session: Session) -> Self {
        Self {
            stream,
            end: Endpoint::new(session, ReadBuffer::shared(64 << 10)),
            start: Instant::now(),
            timer: None,
            tasks: [const { Waker::noop() }; 2].map(Waker::clone),
            waiting: [false; 2],
            response: None,
            reported: false,
        }
    }

    /// Waits until it is open, at most until the opening timeout: for the response to a client, or for the request to a server
    /// and for `decide`. A response that opens nothing is written first.
    pub(crate) async fn open(
        &mut self,
        decide: impl AsyncFnOnce(&mut Session, Box<Request>),
    ) -> Result<(), Error> {
        let first = poll_fn(|cx| {
            self.poll_until(cx, READER, |end| match end.receive() {
                Some(Received::Request(request)) => Some((Some(request), None)),
                Some(Received::Response(response)) => Some((None, Some(response))),
                _ => end.session.is_over().then_some((None, None)),
            })
        });
        let (request, response) = first.await;
        self.response = response;
        if let Some(request) = request
            && timeout_at(self.deadline(), decide(self.session(), request)).await.is_ok()
            && !self.end.session.is_open()
        {
            // Without effect on a request that was answered.
            let _ = self.session().close(None);
        }
        if !self.end.session.is_open() {
            poll_fn(|cx| self.poll_end(cx)).await?;
        }
        // The peer waits for it. If that fails, the next call reports it.
        let _ = self.flush().await;
        Ok(())
    }

    /// Waits for bytes, and returns `true` if [`event`](Self::event) may have something, or `false` once it is over.
    ///
    /// This is where everything happens: reading, writing, Pings, timeouts, closing. Cancel safe.
    pub async fn ready(&mut self) -> bool {
        let is_ready = |end: &mut Endpoint<_>| {
            if end.wants_receive() { Some(true) } else { end.session.is_over().then_some(false) }
        };
        poll_fn(|cx| self.poll_until(cx, READER, is_ready)).await
    }

    /// Returns the next event in the bytes that have been read, with the session to reply to it, or `None` if
    /// [`ready`](Self::ready) must be awaited.
    ///
    /// The event borrows from the read buffer: nothing is copied. What you send is written by the next call that awaits; see
    /// [`Session::has_room`] for the number of bytes that wait.
    pub fn event(&mut self) -> Option<(Event<'_>, &mut Session)> {
        self.end.event()
    }

    /// Sends a message, and waits until it is written.
    ///
    /// It first waits until there is room. If the future is dropped during that, the message is dropped, too; afterwards it is
    /// written by later calls. To know which, feed the [`Sink`] instead.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::ConnectionClosing`] after a closing handshake began, and otherwise the cause of the end.
    pub async fn send(&mut self, message: Message) -> Result<(), Error> {
        poll_fn(|cx| Pin::new(&mut *self).poll_ready(cx)).await?;
        Pin::new(&mut *self).start_send(message)?;
        self.flush().await
    }

    /// Waits until everything is written. Cancel safe.
    ///
    /// # Errors
    ///
    /// Returns the cause of the end.
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|cx| Pin::new(&mut *self).poll_flush(cx)).await
    }

    /// Closes the WebSocket, and waits for the end. Messages that still arrive are discarded. Cancel safe.
    ///
    /// # Errors
    ///
    /// Returns the cause of the end, if it is not clean.
    pub async fn close<'a>(&mut self, close: impl Into<Option<Close<'a>>>) -> Result<(), Error> {
        self.session().close(close)?;
        poll_fn(|cx| self.poll_end(cx)).await
    }

    /// Returns `Ok` after a closing handshake, and otherwise the cause of the end; also `Ok` if it has not ended.
    ///
    /// # Errors
    ///
    /// Returns the cause of the end, if it is not clean.
    pub fn outcome(&self) -> Result<(), Error> {
        self.end.io_outcome()
    }

    /// Returns how it ended, with the close code and the reason of the peer, or `None` if it has not ended.
    pub fn ending(&self) -> Option<Ending<'_>> {
        self.end.session.ending()
    }

    /// Returns the response that opened this client's WebSocket.
    pub fn response(&self) -> Option<&Response> {
        self.response.as_deref()
    }

    /// Returns the session, for everything else: fragments, Pings, the round-trip time, how it ended.
    ///
    /// The socket writes all of its output. Do not call [`Session::send_header`] and [`Session::take_unwritten`], whose bytes it
    /// would wait for.
    pub fn session(&mut self) -> &mut Session {
        MEMORY.with_borrow_mut(|memory| memory.lend(&mut self.end));
        // It may be long after the last turn, and a Close begins a timeout.
        self.end.session.note_time(self.start.elapsed());
        &mut self.end.session
    }

    /// Returns the transport.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Does what the session asks for, until `done` has a result. All waiting is here.
    fn poll_until<T>(
        &mut self,
        cx: &mut Context<'_>,
        half: usize,
        mut done: impl FnMut(&mut Endpoint<io::Error>) -> Option<T>,
    ) -> Poll<T> {
        // A Close among the bytes that were read in an earlier turn begins a timeout now.
        if self.end.session.unwritten() > 0 && self.end.wants_receive() {
            self.end.session.note_time(self.start.elapsed());
        }
        // If the other half waits in another task, both look at whatever the transport is ready for.
        let other = self.waiting[1 - half].then_some(&self.tasks[1 - half]);
        let other = other.filter(|other| !other.will_wake(cx.waker()));
        let both = other.map(|other| Waker::from(Arc::new(Both([cx.waker().clone(), other.clone()]))));
        let all = &mut Context::from_waker(both.as_ref().unwrap_or(cx.waker()));
        let result = loop {
            if let Some(result) = done(&mut self.end) {
                break Poll::Ready(result);
            }
            // A reader waits for nothing that is written, but for the end.
            let is_news = self.poll_write(all).is_ready() && (half == WRITER || self.end.session.is_over());
            if !is_news && self.poll_read(all).is_pending() && self.poll_timer(all).is_pending() {
                self.tasks[half].clone_from(cx.waker());
                break Poll::Pending;
            }
        };
        self.waiting[half] = result.is_pending();
        if self.waiting[1 - half] && self.end.session.is_over() {
            self.tasks[1 - half].wake_by_ref();
        }
        if !self.end.wants_receive() {
            MEMORY.with_borrow_mut(|memory| memory.reclaim(&mut self.end));
        }
        result
    }

    /// Writes as much as possible. `Ready` if that was something.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut progress = Poll::Pending;
        loop {
            let (stream, session) = (Pin::new(&mut self.stream), &self.end.session);
            let done = match session.transport() {
                Transport::Write(bytes) => match session.following() {
                    [] => stream.poll_write(cx, bytes),
                    more => stream.poll_write_vectored(cx, &[bytes, more].map(IoSlice::new)),
                },
                Transport::Flush => stream.poll_flush(cx).map_ok(|()| 0),
                Transport::ShutDown => stream.poll_shutdown(cx).map_ok(|()| 0),
                Transport::Wait | Transport::Close => Poll::Pending,
            };
            let Poll::Ready(result) = done else { return progress };
            // The time of a Pong runs from when its Ping is written, which may have been blocked.
            self.end.report(result, || self.start.elapsed());
            progress = Poll::Ready(());
        }
    }

    /// Reads once, if the session can use more bytes.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.end.wants_read() {
            return Poll::Pending;
        }
        MEMORY.with_borrow_mut(|memory| memory.lend(&mut self.end));
        let mut space = ReadBuf::new(self.end.space());
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut space));
        let count = space.filled().len();
        self.end.report_read(read.map(|()| count), self.start.elapsed());
        Poll::Ready(())
    }

    /// `Ready` once the deadline has passed.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline();
        let (timer, task) =
            self.timer.get_or_insert_with(|| (Box::pin(sleep_until(deadline)), Waker::noop().clone()));
        // A later deadline can wait until the timer fires.
        if deadline < timer.deadline() {
            timer.as_mut().reset(deadline);
        } else if task.will_wake(cx.waker()) && !timer.is_elapsed() {
            return Poll::Pending;
        }
        task.clone_from(cx.waker());
        ready!(timer.as_mut().poll(cx));
        self.timer = None;
        self.end.session.on_time(self.start.elapsed());
        self.end.session.release_buffers();
        Poll::Ready(())
    }

    fn deadline(&self) -> Instant {
        self.start + self.end.session.deadline().unwrap_or(NEVER)
    }

    /// Writes until enough is written. It reads one message at most.
    fn poll_sent(&mut self, cx: &mut Context<'_>, is_done: fn(&Session) -> bool) -> Poll<Result<(), Error>> {
        self.poll_until(cx, WRITER, |end| match &end.session {
            session if session.is_over() => Some(Err(unsent(end))),
            session if is_done(session) => Some(Ok(())),
            _ => {
                end.receive_ahead();
                None
            }
        })
    }

    /// Discards messages until the end.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_until(cx, WRITER, |end| {
            while end.event().is_some() {}
            end.session.is_over().then(|| end.io_outcome())
        })
    }
}

/// Messages, then the cause of an end that is not clean.
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for WebSocket<S> {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.poll_until(cx, READER, |end| match end.message() {
            Some(message) => Some(Some(Ok(message))),
            None => end.session.is_over().then(|| end.io_outcome().err().map(Err)),
        }));
        let is_repeated = matches!(next, Some(Err(_))) && mem::replace(&mut self.reported, true);
        Poll::Ready(next.filter(|_| !is_repeated))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Message> for WebSocket<S> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_sent(cx, Session::has_room)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        MEMORY.with_borrow_mut(|memory| memory.lend(&mut self.end));
        let is_sent = self.end.session.send_event(message.into())?;
        // Two sides that both send must not wait for each other.
        self.end.session.keep_reading();
        if is_sent { Ok(()) } else { Err(unsent(&self.end)) }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_sent(cx, Session::is_flushed)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let _ = self.session().close(CloseCode::NORMAL);
        self.poll_end(cx)
    }
}

impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("is_open", &self.end.session.is_open()).finish_non_exhaustive()
    }
}

/// Why a message cannot be sent.
fn unsent(end: &Endpoint<io::Error>) -> Error {
    end.io_outcome().err().unwrap_or(Error::Send(SendError::ConnectionClosing))
}

/// The tasks of the two halves.
struct Both([Waker; 2]);

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.0.iter().for_each(Waker::wake_by_ref);
    }
}

const READER: usize = 0;
const WRITER: usize = 1;

/// The deadline if there is none: in 30 years.
pub(crate) const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

thread_local! {
    /// What the sockets of a thread read into and write from, one after the other.
    static MEMORY: RefCell<Memory> = const { RefCell::new(Memory::new()) };
}
