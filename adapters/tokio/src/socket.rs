//! A WebSocket: a session, and the transport that does what the session asks for.

use std::{
    cell::RefCell,
    fmt,
    future::poll_fn,
    io, mem,
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
    session::{Message, ReadBuffer, Received, Session, Transport},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until, timeout_at},
};

use crate::Error;

/// A WebSocket over the transport `S`.
pub struct WebSocket<S> {
    stream: S,
    session: Session,
    buffer: ReadBuffer,
    start: Instant,
    /// The timer, and the task that it wakes.
    timer: Option<(Pin<Box<Sleep>>, Waker)>,
    /// The tasks that wait, one for each half of a socket that is split.
    waiting: [Option<Waker>; 2],
    /// A message that arrived while only the sink was polled.
    queued: Option<Message>,
    response: Option<Box<Response>>,
    error: Option<io::Error>,
    /// The session may have something that was not received.
    unread: bool,
    /// The stream of messages has returned the cause of the end.
    reported: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// Wraps a session that is open, such as the connection that an HTTP library opened ([`Session::open`]). The session's time
    /// must begin with zero, now.
    pub fn new(stream: S, session: Session) -> Self {
        Self::begun(Instant::now(), stream, session)
    }

    /// Wraps a session whose time began at `start`.
    pub(crate) fn begun(start: Instant, stream: S, session: Session) -> Self {
        Self {
            stream,
            session,
            buffer: ReadBuffer::shared(READ),
            start,
            timer: None,
            waiting: [None, None],
            queued: None,
            response: None,
            error: None,
            unread: true,
            reported: false,
        }
    }

    /// Waits until it is open, at most until the opening timeout: for the response to a client, or for the request to a server
    /// and for `decide`. A response that opens nothing is written first.
    pub(crate) async fn open(
        &mut self,
        decide: impl AsyncFnOnce(&mut Session, Box<Request>),
    ) -> Result<(), Error> {
        let request = self.until(|this| match this.session.receive_from(&mut this.buffer) {
            Some(Received::Request(request)) => Some(Some(request)),
            Some(Received::Response(response)) => Some(None).inspect(|_| this.response = Some(response)),
            _ => this.is_over().then_some(None),
        });
        if let Some(request) = request.await
            && timeout_at(self.deadline(), decide(self.session(), request)).await.is_ok()
            && !self.session.is_open()
        {
            // Without effect on a request that was answered.
            let _ = self.session.close(None);
        }
        let opened = self.until(|this| {
            if !this.session.is_open() {
                // It takes note of the time, and discards input after a rejection.
                let _ = this.session.receive_from(&mut this.buffer);
            }
            (this.session.is_open() || this.is_over()).then_some(())
        });
        opened.await;
        self.outcome()?;
        // The peer waits for it. If that fails, the next call reports it.
        let _ = self.flush().await;
        Ok(())
    }

    /// Waits for bytes, and returns `true` if [`event`](Self::event) may have something, or `false` once it is over.
    ///
    /// This is where everything happens: reading, writing, Pings, timeouts, closing. Cancel safe.
    pub async fn ready(&mut self) -> bool {
        self.until(|this| {
            let is_ready = this.unread || this.queued.is_some();
            (is_ready || this.is_over()).then_some(is_ready)
        })
        .await
    }

    /// Returns the next event in the bytes that have been read, with the session to reply to it, or `None` if
    /// [`ready`](Self::ready) must be awaited.
    ///
    /// The event borrows from the read buffer: nothing is copied. What you send is written by the next call that awaits; see
    /// [`Session::has_room`] for the number of bytes that wait.
    pub fn event(&mut self) -> Option<(Event<'_>, &mut Session)> {
        if let Some(message) = self.queued.take() {
            return Some((message.into(), &mut self.session));
        }
        if let Some(Received::Event(event)) = self.session.receive_from(&mut self.buffer) {
            return Some((event, &mut self.session));
        }
        self.unread = false;
        None
    }

    /// Sends a message, and waits until it is written. Cancel safe: a message that was handed over is written by later calls.
    ///
    /// # Errors
    ///
    /// Returns [`SendError::ConnectionClosing`] after a closing handshake began, and otherwise the cause of the end.
    pub async fn send(&mut self, message: Message) -> Result<(), Error> {
        poll_fn(|cx| self.poll_sent(cx, Session::has_room)).await?;
        Pin::new(&mut *self).start_send(message)?;
        self.flush().await
    }

    /// Waits until everything is written. Cancel safe.
    ///
    /// # Errors
    ///
    /// Returns the cause of the end.
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.poll_sent(cx, is_flushed)).await
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
        let copy = |error: &io::Error| io::Error::new(error.kind(), error.to_string());
        self.session.outcome(|| self.error.as_ref().map_or_else(|| io::ErrorKind::Other.into(), copy))
    }

    /// Returns the response that opened this client's WebSocket.
    pub fn response(&self) -> Option<&Response> {
        self.response.as_deref()
    }

    /// Returns the session, for everything else: fragments, Pings, the round-trip time, how it ended.
    pub fn session(&mut self) -> &mut Session {
        self.lend_memory();
        &mut self.session
    }

    /// Returns the transport.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    async fn until<T>(&mut self, mut done: impl FnMut(&mut Self) -> Option<T>) -> T {
        poll_fn(|cx| self.poll_until(cx, READER, &mut done)).await
    }

    /// Does what the session asks for, until `done` has a result. All waiting is here.
    fn poll_until<T>(
        &mut self,
        cx: &mut Context<'_>,
        half: usize,
        mut done: impl FnMut(&mut Self) -> Option<T>,
    ) -> Poll<T> {
        self.lend_memory();
        // The time of a Pong runs from when its Ping is written, which may have been blocked.
        if self.session.unwritten() > 0 && self.waiting[half].is_some() {
            self.session.on_time(self.start.elapsed());
        }
        // If the other half waits in another task, both look at whatever the transport is ready for.
        let other = self.waiting[1 - half].as_ref().filter(|other| !other.will_wake(cx.waker()));
        let both = other.map(|other| Waker::from(Arc::new(Both([cx.waker().clone(), other.clone()]))));
        let mut all = Context::from_waker(both.as_ref().unwrap_or(cx.waker()));
        let result = loop {
            if let Some(result) = done(self) {
                self.waiting[half] = None;
                if self.is_over()
                    && let Some(other) = self.waiting[1 - half].take()
                {
                    other.wake();
                }
                break Poll::Ready(result);
            }
            if self.poll_turn(&mut all, half).is_pending() {
                self.waiting[half].get_or_insert_with(|| cx.waker().clone()).clone_from(cx.waker());
                break Poll::Pending;
            }
        };
        if self.buffer.is_empty() {
            MEMORY.with_borrow_mut(|(buffer, out)| {
                self.buffer.reclaim_memory(buffer);
                self.session.reclaim_memory(out);
            });
        }
        result
    }

    /// `Ready`: something that this half waits for was written or read, time has passed, or it is over.
    fn poll_turn(&mut self, cx: &mut Context<'_>, half: usize) -> Poll<()> {
        let mut is_news = false;
        loop {
            let stream = Pin::new(&mut self.stream);
            let step = match self.session.transport() {
                Transport::Write(bytes) => match stream.poll_write(cx, bytes) {
                    Poll::Ready(Ok(0)) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    step => step.map_ok(|count| self.session.written(count)),
                },
                Transport::Flush => stream.poll_flush(cx).map_ok(|()| self.session.flushed()),
                Transport::ShutDown => stream.poll_shutdown(cx).map_ok(|()| self.session.shut_down()),
                Transport::Close => return Poll::Ready(()),
                Transport::Wait => Poll::Pending,
            };
            match step {
                Poll::Ready(Ok(())) => is_news = half == WRITER,
                Poll::Ready(Err(error)) => self.fail(error),
                Poll::Pending if is_news => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        if self.queued.is_none() && self.session.wants_read() && self.poll_read(cx).is_ready() {
            return Poll::Ready(());
        }
        self.poll_timer(cx)
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut space = ReadBuf::new(self.buffer.space());
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut space));
        self.session.on_time(self.start.elapsed());
        match read.map(|()| space.filled().len()) {
            Ok(0) => self.session.eof(),
            Ok(count) => self.buffer.filled(count),
            Err(error) => self.fail(error),
        }
        self.unread = true;
        Poll::Ready(())
    }

    /// `Ready` once the deadline has passed.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline();
        let (timer, task) =
            self.timer.get_or_insert_with(|| (Box::pin(sleep_until(deadline)), Waker::noop().clone()));
        // A later deadline can wait until the timer fires.
        if deadline < timer.deadline() || timer.is_elapsed() && deadline > Instant::now() {
            timer.as_mut().reset(deadline);
        } else if task.will_wake(cx.waker()) && !timer.is_elapsed() {
            return Poll::Pending;
        }
        task.clone_from(cx.waker());
        ready!(timer.as_mut().poll(cx));
        self.session.on_time(self.start.elapsed());
        self.unread = true;
        self.session.release_buffers();
        Poll::Ready(())
    }

    /// Takes the memory of this thread to read into and to write from.
    fn lend_memory(&mut self) {
        MEMORY.with_borrow_mut(|(buffer, out)| {
            self.buffer.lend_memory(buffer);
            self.session.lend_memory(out);
        });
    }

    fn fail(&mut self, error: io::Error) {
        self.error.get_or_insert(error);
        self.session.failed();
    }

    fn is_over(&self) -> bool {
        self.session.transport() == Transport::Close
    }

    fn deadline(&self) -> Instant {
        self.start + self.session.deadline().unwrap_or(NEVER)
    }

    /// Receives up to the next message.
    fn receive_message(&mut self) -> Option<Message> {
        while let Some((event, _)) = self.event() {
            if let Ok(message) = event.try_into() {
                return Some(message);
            }
        }
        None
    }

    /// The cause of the end, for a message that cannot be sent.
    fn end(&self) -> Error {
        self.outcome().err().unwrap_or(Error::Send(SendError::ConnectionClosing))
    }

    /// Writes until enough is written. It reads one message at most.
    fn poll_sent(
        &mut self,
        cx: &mut Context<'_>,
        is_enough: fn(&Session) -> bool,
    ) -> Poll<Result<(), Error>> {
        self.poll_until(cx, WRITER, |this| {
            if this.is_over() {
                return Some(Err(this.end()));
            }
            if is_enough(&this.session) {
                return Some(Ok(()));
            }
            this.queued = this.receive_message();
            None
        })
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_until(cx, WRITER, |this| {
            while this.receive_message().is_some() {}
            this.is_over().then(|| this.outcome())
        })
    }
}

/// Messages, then the cause of an end that is not clean.
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for WebSocket<S> {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_until(cx, READER, |this| {
            if let Some(message) = this.receive_message() {
                return Some(Some(Ok(message)));
            }
            let is_first = this.is_over() && !mem::replace(&mut this.reported, true);
            this.is_over().then(|| this.outcome().err().filter(|_| is_first).map(Err))
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Message> for WebSocket<S> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_sent(cx, Session::has_room)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        if self.session().send_message(&message)? { Ok(()) } else { Err(self.end()) }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_sent(cx, is_flushed)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let _ = self.session().close(CloseCode::NORMAL);
        self.poll_end(cx)
    }
}

impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("is_open", &self.session.is_open()).finish_non_exhaustive()
    }
}

fn is_flushed(session: &Session) -> bool {
    !matches!(session.transport(), Transport::Write(_) | Transport::Flush)
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

/// The most bytes of a read.
const READ: usize = 64 << 10;

/// The deadline if there is none: in 30 years.
pub(crate) const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

thread_local! {
    /// What the sockets of a thread read into and write from, one after the other.
    static MEMORY: RefCell<(ReadBuffer, Vec<u8>)> = const { RefCell::new((ReadBuffer::shared(READ), Vec::new())) };
}
