//! A WebSocket: a session, and the transport that does what the session asks for.

use std::{
    cell::RefCell,
    fmt,
    future::poll_fn,
    io, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker, ready},
};

use futures_core::Stream;
use futures_sink::Sink;
use sansocket::{
    Close, CloseCode, Event,
    client::Response,
    server::Request,
    session::{ReadBuffer, Received, Session, Transport},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until, timeout_at},
};

use crate::Error;

/// A message.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a message is text or binary")]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes. A text message that is not UTF-8, too, if [`Config::allow_invalid_utf8`](sansocket::Config::allow_invalid_utf8)
    /// lets it pass.
    Binary(Vec<u8>),
}

/// Shows the kind and the length, as the data may be long and secret.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Binary(data) => write!(f, "Binary({} bytes)", data.len()),
        }
    }
}

/// A WebSocket over the transport `S`.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct WebSocket<S> {
    stream: S,
    session: Session,
    buffer: ReadBuffer,
    /// It has the memory of its thread.
    has_memory: bool,
    start: Instant,
    timer: Option<Pin<Box<Sleep>>>,
    waiting: Waiting,
    /// A message that arrived while only the sink was polled.
    queued: Option<Message>,
    response: Option<Box<Response>>,
    error: Option<io::Error>,
    /// The session may have something that was not received.
    unread: bool,
    /// A message has passed since the timer fired.
    busy: bool,
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
            has_memory: false,
            start,
            timer: None,
            waiting: Waiting::default(),
            queued: None,
            response: None,
            error: None,
            unread: true,
            busy: false,
            reported: false,
        }
    }

    /// Waits for bytes, and returns `true` if [`event`](Self::event) may have something, or `false` once it is over.
    ///
    /// This is where everything happens: reading, writing, Pings, timeouts, closing. Cancel safe.
    pub async fn ready(&mut self) -> bool {
        self.until(READER, |this| {
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
        self.exchange_memory(true);
        if let Some(message) = self.queued.take() {
            return Some((message.into(), &mut self.session));
        }
        if let Some(Received::Event(event)) = self.session.receive_from(&mut self.buffer) {
            self.busy |= !matches!(event, Event::Ping(_) | Event::Pong(_));
            return Some((event, &mut self.session));
        }
        self.unread = false;
        None
    }

    /// Sends a message, and waits until it is written. Cancel safe: a message that was handed over is written by later calls.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Closed`] after a closing handshake began, and otherwise the cause of the end.
    pub async fn send(&mut self, message: Message) -> Result<(), Error> {
        poll_fn(|cx| self.poll_sent(cx, Session::has_room)).await?;
        self.hand_over(&message)?;
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
        Error::of(&self.session, self.error.as_ref()).map_or(Ok(()), Err)
    }

    /// Returns the response that opened this client's WebSocket.
    pub fn response(&self) -> Option<&Response> {
        self.response.as_deref()
    }

    /// Returns the session, for everything else: fragments, Pings, the round-trip time, how it ended.
    pub fn session(&mut self) -> &mut Session {
        self.exchange_memory(true);
        &mut self.session
    }

    /// Returns the transport.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Waits for the request of a client, and for the decision about it, at most until the opening timeout.
    pub(crate) async fn decide(&mut self, decide: impl AsyncFnOnce(&mut Session, Box<Request>)) {
        let request = self.until(READER, |this| match this.session.receive_from(&mut this.buffer) {
            Some(Received::Request(request)) => Some(Some(request)),
            _ => this.is_over().then_some(None),
        });
        let Some(request) = request.await else { return };
        let deadline = self.deadline();
        within(deadline, decide(self.session(), request)).await;
        // The timers are evaluated by the second call.
        self.session.on_time(self.start.elapsed());
        self.session.on_time(self.start.elapsed());
        if !self.session.is_open() {
            // Without effect on a request that was answered.
            let _ = self.session.close(None);
        }
    }

    /// Waits until it is open. A response that opens nothing is written first.
    pub(crate) async fn opened(&mut self) -> Result<(), Error> {
        self.until(READER, |this| {
            while !this.session.is_open()
                && let Some(received) = this.session.receive_from(&mut this.buffer)
            {
                if let Received::Response(response) = received {
                    this.response = Some(response);
                }
            }
            (this.session.is_open() || this.is_over()).then_some(())
        })
        .await;
        self.outcome()?;
        // The peer waits for it. If that fails, the next call reports it.
        let _ = self.flush().await;
        Ok(())
    }

    async fn until<T>(&mut self, half: usize, mut done: impl FnMut(&mut Self) -> Option<T>) -> T {
        poll_fn(|cx| self.poll_until(cx, half, &mut done)).await
    }

    /// Does what the session asks for, until `done` has a result. All waiting is here.
    fn poll_until<T>(
        &mut self,
        cx: &mut Context<'_>,
        half: usize,
        mut done: impl FnMut(&mut Self) -> Option<T>,
    ) -> Poll<T> {
        self.exchange_memory(true);
        // The time of a Pong runs from when its Ping is written, which may have been blocked.
        if self.session.unwritten() > 0 && self.waiting.0[half].is_some() {
            self.session.on_time(self.start.elapsed());
        }
        let both = self.waiting.both(half, cx.waker());
        let mut all = Context::from_waker(both.as_ref().unwrap_or(cx.waker()));
        let result = loop {
            if let Some(result) = done(self) {
                self.waiting.end(half, self.is_over());
                break Poll::Ready(result);
            }
            if self.poll_turn(&mut all, half).is_pending() {
                self.waiting.begin(half, cx.waker());
                break Poll::Pending;
            }
        };
        self.exchange_memory(false);
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
                Transport::Wait if is_news => return Poll::Ready(()),
                Transport::Wait => break,
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
        let Some(deadline) = self.deadline() else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        // A later deadline can wait until the timer fires.
        if deadline < timer.deadline() {
            timer.as_mut().reset(deadline);
        }
        ready!(timer.as_mut().poll(cx));
        if deadline > Instant::now() {
            timer.as_mut().reset(deadline);
            ready!(timer.as_mut().poll(cx));
        }
        self.session.on_time(self.start.elapsed());
        self.unread = true;
        if !mem::take(&mut self.busy) {
            self.session.release_buffers();
        }
        Poll::Ready(())
    }

    /// Takes the memory of this thread to read into and to write from, or gives it back.
    fn exchange_memory(&mut self, take: bool) {
        if self.has_memory == take || !self.buffer.is_empty() {
            return;
        }
        self.has_memory = take;
        MEMORY.with_borrow_mut(|(buffer, out)| {
            mem::swap(&mut self.buffer, buffer);
            if take {
                self.session.lend_memory(out);
            } else {
                self.buffer.release();
                if self.session.unwritten() == 0 {
                    *out = Vec::new();
                }
                self.session.reclaim_memory(out);
            }
        });
    }

    fn fail(&mut self, error: io::Error) {
        self.error.get_or_insert(error);
        self.session.failed();
    }

    fn is_over(&self) -> bool {
        self.session.transport() == Transport::Close
    }

    fn deadline(&self) -> Option<Instant> {
        self.session.deadline().map(|at| self.start + at)
    }

    /// Receives up to the next message.
    fn receive_message(&mut self) -> Option<Message> {
        while self.unread {
            self.unread = match self.session.receive_from(&mut self.buffer) {
                Some(Received::Event(Event::Text(text))) => return Some(Message::Text(text.into_owned())),
                Some(Received::Event(Event::Binary(data) | Event::InvalidText(data))) => {
                    return Some(Message::Binary(data.into_owned()));
                }
                received => received.is_some(),
            };
        }
        None
    }

    fn hand_over(&mut self, message: &Message) -> Result<(), Error> {
        self.busy = true;
        let sent = match message {
            Message::Text(text) => self.session().send_text(text)?,
            Message::Binary(data) => self.session().send_binary(data)?,
        };
        if sent { Ok(()) } else { Err(self.end()) }
    }

    /// The cause of the end, for a message that cannot be sent.
    fn end(&self) -> Error {
        self.outcome().err().unwrap_or(Error::Closed)
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
            this.queued = this.queued.take().or_else(|| this.receive_message());
            None
        })
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_until(cx, WRITER, |this| {
            this.queued = None;
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
            if let Some(message) = this.queued.take().or_else(|| this.receive_message()) {
                this.busy = true;
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
        self.hand_over(&message)
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

impl From<Message> for Event<'_> {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.into()),
            Message::Binary(data) => Self::Binary(data.into()),
        }
    }
}

fn is_flushed(session: &Session) -> bool {
    !matches!(session.transport(), Transport::Write(_) | Transport::Flush)
}

/// Returns the output of `work`, or `None` if the deadline comes first.
pub(crate) async fn within<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    match deadline {
        None => Some(work.await),
        Some(at) => timeout_at(at, work).await.ok(),
    }
}

/// The tasks that wait, one for each half of a socket that is split.
#[derive(Default)]
struct Waiting([Option<Waker>; 2]);

impl Waiting {
    /// Returns the waker of both tasks, if the other half waits in another one: both have to look whatever the transport is ready for.
    fn both(&self, half: usize, waker: &Waker) -> Option<Waker> {
        let other = self.0[1 - half].as_ref().filter(|other| !other.will_wake(waker))?;
        Some(Arc::new(Both([waker.clone(), other.clone()])).into())
    }

    fn begin(&mut self, half: usize, waker: &Waker) {
        match &mut self.0[half] {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    /// One half has its result. The end concerns both.
    fn end(&mut self, half: usize, is_over: bool) {
        self.0[half] = None;
        if is_over && let Some(other) = self.0[1 - half].take() {
            other.wake();
        }
    }
}

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

thread_local! {
    /// What the sockets of a thread read into and write from, one after the other.
    static MEMORY: RefCell<(ReadBuffer, Vec<u8>)> = const { RefCell::new((ReadBuffer::shared(READ), Vec::new())) };
}
