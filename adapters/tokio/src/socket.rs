//! A WebSocket: a session, and the transport that does what it asks for.

use std::{
    fmt,
    future::poll_fn,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker, ready},
    time::Duration,
};

use futures_core::Stream;
use futures_sink::Sink;
use sansocket::{
    Close, Event,
    client::{self, RequestError, Response},
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    server,
    session::{ReadBuffer, Received, Session, Transport},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until, timeout_at},
};

use crate::Error;

/// The timeouts and the size of the read buffer.
#[derive(Clone, Debug)]
pub struct Options {
    timeouts: Timeouts,
    opening: Option<Duration>,
    read_buffer: usize,
}

impl Options {
    /// Creates the default: the timeouts of [`Timeouts::new`], and a read buffer that grows to 64 KiB.
    pub fn new() -> Self {
        Self { timeouts: Timeouts::new(), opening: Some(Duration::from_secs(10)), read_buffer: 64 << 10 }
    }

    /// Sets the timeouts.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts.opening(self.opening);
        self
    }

    /// Sets the longest duration of the opening, from the name look-up to the end of the handshake. The default is 10 s.
    #[must_use]
    pub fn opening(mut self, timeout: Option<Duration>) -> Self {
        (self.opening, self.timeouts) = (timeout, self.timeouts.opening(timeout));
        self
    }

    /// Sets the number of bytes to which the read buffer may grow. It starts with 1 KiB.
    #[must_use]
    pub fn read_buffer(mut self, bytes: usize) -> Self {
        self.read_buffer = bytes;
        self
    }

    pub(crate) fn opening_deadline(&self) -> Option<Instant> {
        self.opening.map(|timeout| Instant::now() + timeout)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

/// A message.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a message is text or binary")]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes.
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
pub struct WebSocket<S> {
    stream: S,
    session: Session,
    buffer: ReadBuffer,
    start: Instant,
    timer: Option<Pin<Box<Sleep>>>,
    wakers: Arc<Wakers>,
    waker: Waker,
    /// A message that arrived while only the sink was polled.
    queued: Option<Message>,
    response: Option<Box<Response>>,
    error: Option<io::Error>,
    /// Something may be in the buffer that was not received.
    unread: bool,
    /// A message has passed since the timer fired.
    busy: bool,
    reported: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// Wraps a session: of a connection that an HTTP library opened ([`Session::open`]), or with settings of your own. Its time
    /// must begin with zero.
    pub fn new(stream: S, session: Session, read_buffer: usize) -> Self {
        let wakers = Arc::new(Wakers::default());
        Self {
            stream,
            session,
            buffer: ReadBuffer::new(read_buffer),
            start: Instant::now(),
            timer: None,
            waker: wakers.clone().into(),
            wakers,
            queued: None,
            response: None,
            error: None,
            unread: true,
            busy: false,
            reported: false,
        }
    }

    pub(crate) fn server(stream: S, options: &Options) -> Self {
        let session = Session::server(HandshakeLimits::new(), options.timeouts, Duration::ZERO);
        Self::new(stream, session, options.read_buffer)
    }

    pub(crate) fn client(
        stream: S,
        request: &client::Request,
        seed: [u8; 32],
        options: &Options,
    ) -> Result<Self, RequestError> {
        let session = Session::client(request, seed, options.timeouts, Duration::ZERO)?;
        Ok(Self::new(stream, session, options.read_buffer))
    }

    /// Waits for bytes, and returns `true` if [`event`](Self::event) may have something, or `false` once it is over.
    ///
    /// This is where everything happens: reading, writing, Pings, timeouts, closing. Cancel safe.
    pub async fn ready(&mut self) -> bool {
        poll_fn(|cx| {
            if self.unread || self.queued.is_some() {
                return Poll::Ready(true);
            }
            let waker = self.enter(cx, READER);
            loop {
                ready!(self.poll_turn(&mut Context::from_waker(&waker), true));
                if self.is_over() || self.unread {
                    return Poll::Ready(!self.is_over());
                }
            }
        })
        .await
    }

    /// Returns the next event in the bytes that have been read, with the session to answer it, or `None` if
    /// [`ready`](Self::ready) must be awaited.
    ///
    /// The event borrows from the read buffer: nothing is copied. What you send is written by the next call that awaits; see
    /// [`Session::has_room`] for the amount that waits.
    pub fn event(&mut self) -> Option<(Event<'_>, &mut Session)> {
        if let Some(message) = self.queued.take() {
            return Some((message.into(), &mut self.session));
        }
        // What is no event comes before the WebSocket is opened.
        let Some(Received::Event(event)) = self.session.receive_from(&mut self.buffer) else {
            self.unread = false;
            return None;
        };
        self.busy = true;
        Some((event, &mut self.session))
    }

    /// Sends a message, and waits until it is written. Cancel safe: a message that was handed over is written by later calls.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Closed`] after a closing handshake began, and otherwise the cause of the end.
    pub async fn send(&mut self, message: Message) -> Result<(), Error> {
        poll_fn(|cx| self.poll_sent(cx, Session::has_room)).await?;
        self.start_send_message(&message)?;
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
        self.session.close(close)?;
        poll_fn(|cx| self.poll_end(cx)).await
    }

    /// Returns `Ok` after a closing handshake, and otherwise the cause of the end; also `Ok` if it has not ended.
    ///
    /// # Errors
    ///
    /// Returns the cause of the end, if it is not clean.
    pub fn outcome(&mut self) -> Result<(), Error> {
        let error = self.error.as_ref().map(|error| io::Error::new(error.kind(), error.to_string()));
        Error::of(&self.session, error).map_or(Ok(()), Err)
    }

    /// Returns the response that opened this client's WebSocket.
    pub fn response(&self) -> Option<&Response> {
        self.response.as_deref()
    }

    /// Returns the session, for everything else: fragments, Pings, the round-trip time, how it ended.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Returns the transport.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Waits for the request of a client, or the end.
    pub(crate) async fn request(&mut self) -> Option<Box<server::Request>> {
        loop {
            match self.session.receive_from(&mut self.buffer) {
                Some(Received::Request(request)) => return Some(request),
                Some(_) => continue,
                None => {}
            }
            if self.is_over() {
                return None;
            }
            self.turn().await;
        }
    }

    /// Waits for the decision, at most until the opening timeout.
    pub(crate) async fn decide(
        &mut self,
        request: Box<server::Request>,
        decide: impl AsyncFnOnce(&mut Session, Box<server::Request>),
    ) {
        match self.session.deadline().map(|at| self.start + at) {
            Some(deadline) => drop(timeout_at(deadline, decide(&mut self.session, request)).await),
            None => decide(&mut self.session, request).await,
        }
        self.session.on_time(self.start.elapsed());
        self.session.on_time(self.start.elapsed());
        if !self.session.is_open() {
            // Without effect on a request that was answered.
            let _ = self.session.close(None);
        }
    }

    /// Waits until it is open. A response that opens nothing is written first.
    pub(crate) async fn opened(mut self) -> Result<Self, Error> {
        while !self.session.is_open() && !self.is_over() {
            match self.session.receive_from(&mut self.buffer) {
                Some(Received::Response(response)) => self.response = Some(response),
                Some(_) => {}
                None => self.turn().await,
            }
        }
        self.outcome()?;
        // The peer waits for it. If that fails, the next call reports it.
        let _ = self.flush().await;
        Ok(self)
    }

    async fn turn(&mut self) {
        poll_fn(|cx| {
            let waker = self.enter(cx, READER);
            self.poll_turn(&mut Context::from_waker(&waker), true)
        })
        .await;
    }

    fn is_over(&self) -> bool {
        self.session.transport() == Transport::Close
    }

    /// Registers the task of one half. The transport wakes both.
    fn enter(&mut self, cx: &Context<'_>, half: usize) -> Waker {
        self.wakers.register(half, cx.waker());
        self.waker.clone()
    }

    /// Does what the session asks for. `Ready`: something may be received, a timer has fired, or it is over.
    fn poll_turn(&mut self, cx: &mut Context<'_>, reads: bool) -> Poll<()> {
        self.session.on_time(self.start.elapsed());
        loop {
            let stream = Pin::new(&mut self.stream);
            let step = match self.session.transport() {
                Transport::Write(bytes) => stream.poll_write(cx, bytes),
                Transport::Flush => stream.poll_flush(cx).map_ok(|()| 1),
                Transport::ShutDown => stream.poll_shutdown(cx).map_ok(|()| 1),
                Transport::Wait => break,
                Transport::Close => return Poll::Ready(()),
            };
            match (step, self.session.transport()) {
                (Poll::Pending, _) => break,
                (Poll::Ready(Ok(0)), _) => self.fail(io::ErrorKind::WriteZero.into()),
                (Poll::Ready(Ok(count)), Transport::Write(_)) => self.session.written(count),
                (Poll::Ready(Ok(_)), Transport::Flush) => self.session.flushed(),
                (Poll::Ready(Ok(_)), _) => self.session.shut_down(),
                (Poll::Ready(Err(error)), _) => self.fail(error),
            }
        }
        if reads && self.session.wants_read() && self.poll_read(cx).is_ready() {
            self.unread = true;
            return Poll::Ready(());
        }
        self.poll_timer(cx)
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut space = ReadBuf::new(self.buffer.space());
        match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut space)) {
            Ok(()) if space.filled().is_empty() => self.session.eof(),
            Ok(()) => {
                let count = space.filled().len();
                self.buffer.filled(count);
            }
            Err(error) => self.fail(error),
        }
        Poll::Ready(())
    }

    /// `Ready` once the deadline has passed.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.session.deadline().map(|at| self.start + at) else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if deadline < timer.deadline() {
            timer.as_mut().reset(deadline);
        }
        ready!(timer.as_mut().poll(cx));
        if deadline > Instant::now() {
            timer.as_mut().reset(deadline);
            ready!(timer.as_mut().poll(cx));
        }
        self.timer = None;
        self.session.on_time(self.start.elapsed());
        self.unread = true;
        if !std::mem::take(&mut self.busy) {
            self.buffer.release();
            self.session.release_buffers();
        }
        Poll::Ready(())
    }

    fn fail(&mut self, error: io::Error) {
        self.error.get_or_insert(error);
        self.session.failed();
    }

    /// Receives up to the next message.
    fn receive_message(&mut self) -> Option<Message> {
        while let Some(received) = self.session.receive_from(&mut self.buffer) {
            self.busy = true;
            match received {
                Received::Event(Event::Text(text)) => return Some(Message::Text(text.into_owned())),
                Received::Event(Event::Binary(data)) => return Some(Message::Binary(data.into_owned())),
                _ => {}
            }
        }
        self.unread = false;
        None
    }

    fn start_send_message(&mut self, message: &Message) -> Result<(), Error> {
        self.busy = true;
        let sent = match message {
            Message::Text(text) => self.session.send_text(text)?,
            Message::Binary(data) => self.session.send_binary(data)?,
        };
        if sent { Ok(()) } else { Err(self.outcome().err().unwrap_or(Error::Closed)) }
    }

    /// Writes until enough is written. It reads one message at most.
    fn poll_sent(
        &mut self,
        cx: &mut Context<'_>,
        is_enough: fn(&Session) -> bool,
    ) -> Poll<Result<(), Error>> {
        let waker = self.enter(cx, WRITER);
        loop {
            if self.is_over() {
                return Poll::Ready(Err(self.outcome().err().unwrap_or(Error::Closed)));
            }
            if is_enough(&self.session) {
                return Poll::Ready(Ok(()));
            }
            if self.queued.is_none() {
                self.queued = self.receive_message();
                // Whoever reads has to look at it.
                if self.queued.is_some() {
                    self.wakers.wake_half(READER);
                }
            }
            let reads = self.queued.is_none();
            let turn = self.poll_turn(&mut Context::from_waker(&waker), reads);
            if turn.is_pending() && !is_enough(&self.session) {
                return Poll::Pending;
            }
        }
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let waker = self.enter(cx, WRITER);
        self.queued = None;
        while !self.is_over() {
            while self.receive_message().is_some() {}
            ready!(self.poll_turn(&mut Context::from_waker(&waker), true));
        }
        self.wakers.wake_half(READER);
        Poll::Ready(self.outcome())
    }
}

/// Messages, then the cause of an end that is not clean.
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for WebSocket<S> {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let waker = this.enter(cx, READER);
        loop {
            if let Some(message) = this.queued.take().or_else(|| this.receive_message()) {
                return Poll::Ready(Some(Ok(message)));
            }
            if this.is_over() {
                this.wakers.wake_half(WRITER);
                let is_first = !std::mem::replace(&mut this.reported, true);
                return Poll::Ready(this.outcome().err().filter(|_| is_first).map(Err));
            }
            ready!(this.poll_turn(&mut Context::from_waker(&waker), true));
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Message> for WebSocket<S> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_sent(cx, Session::has_room)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.start_send_message(&message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_sent(cx, is_flushed)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let _ = self.session.close(sansocket::CloseCode::NORMAL);
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

/// The tasks of the two halves. Whatever the transport is ready for, both have to look.
#[derive(Default)]
struct Wakers(Mutex<[Option<Waker>; 2]>);

impl Wakers {
    fn register(&self, half: usize, waker: &Waker) {
        let mut wakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut wakers[half] {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    fn wake_half(&self, half: usize) {
        let waker = self.0.lock().unwrap_or_else(PoisonError::into_inner)[half].take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_half(READER);
        self.wake_half(WRITER);
    }
}

const READER: usize = 0;
const WRITER: usize = 1;
