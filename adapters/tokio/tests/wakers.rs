//! Two tasks on each side of a small transport: one receives, the other sends. A task is polled only once it was woken, so
//! that a wake-up that is lost stops everything.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::poll_fn,
    io,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use futures_util::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use sansocket_tokio::{
    Message, WebSocket,
    sansocket::{Config, Connection, keepalive::Timeouts, session::Session},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Numbers that look random, the same for each seed.
#[derive(Clone)]
struct Numbers(Rc<Cell<u64>>);

impl Numbers {
    fn new(seed: u64) -> Self {
        Self(Rc::new(Cell::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)))
    }

    fn below(&self, bound: usize) -> usize {
        let mut state = self.0.get();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.0.set(state);
        usize::try_from(state >> 32).unwrap() % bound
    }
}

/// The bytes in one direction, and the task that waits for each of its ends.
#[derive(Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    capacity: usize,
    ended: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

struct Stream {
    incoming: Rc<RefCell<Pipe>>,
    outgoing: Rc<RefCell<Pipe>>,
    numbers: Numbers,
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut pipe = self.incoming.borrow_mut();
        let count = pipe.bytes.len().min(buf.remaining()).min(1 + self.numbers.below(40));
        if count == 0 && !pipe.ended {
            pipe.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        pipe.bytes.drain(..count).for_each(|byte| buf.put_slice(&[byte]));
        pipe.writer.take().into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut pipe = self.outgoing.borrow_mut();
        let count = (pipe.capacity - pipe.bytes.len()).min(bytes.len()).min(1 + self.numbers.below(40));
        if count == 0 {
            pipe.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        pipe.bytes.extend(&bytes[..count]);
        pipe.reader.take().into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut pipe = self.outgoing.borrow_mut();
        pipe.ended = true;
        pipe.reader.take().into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(()))
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Task {
    future: Pin<Box<dyn Future<Output = ()>>>,
    woken: Arc<Woken>,
}

impl Task {
    fn new(future: impl Future<Output = ()> + 'static) -> Self {
        Self { future: Box::pin(future), woken: Arc::new(Woken(AtomicBool::new(true))) }
    }
}

/// Polls the tasks that were woken, in any order, until all have ended.
fn run(mut tasks: Vec<Task>, numbers: &Numbers) {
    for _ in 0..100_000 {
        let woken: Vec<usize> =
            (0..tasks.len()).filter(|&at| tasks[at].woken.0.load(Ordering::Relaxed)).collect();
        if woken.is_empty() {
            assert!(tasks.is_empty(), "{} tasks are not woken", tasks.len());
            return;
        }
        let at = woken[numbers.below(woken.len())];
        let task = &mut tasks[at];
        task.woken.0.store(false, Ordering::Relaxed);
        let waker = Waker::from(task.woken.clone());
        if task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            tasks.remove(at);
        }
    }
    panic!("there is no end");
}

/// Lets other tasks run, half of the time.
async fn pause(numbers: &Numbers) {
    let mut is_over = numbers.below(2) == 0;
    poll_fn(|cx| {
        if std::mem::replace(&mut is_over, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What the tasks of one exchange share.
#[derive(Clone)]
struct Exchange {
    numbers: Numbers,
    /// The number of messages of each side.
    count: usize,
    received: Rc<Cell<usize>>,
    /// The number of sides that have sent all of their messages.
    sent: Rc<Cell<usize>>,
}

impl Exchange {
    async fn receive(self, mut stream: SplitStream<WebSocket<Stream>>) {
        let mut next = 0;
        while let Some(message) = stream.next().await {
            let Ok(Message::Binary(data)) = message else { panic!("{message:?}") };
            assert!(data.iter().all(|byte| usize::from(*byte) == next), "not in order");
            next += 1;
            self.received.set(self.received.get() + 1);
            pause(&self.numbers).await;
        }
        assert_eq!(next, self.count);
    }

    async fn send(self, mut sink: SplitSink<WebSocket<Stream>, Message>, closes: bool) {
        for number in 0..self.count {
            let message = Message::Binary(vec![u8::try_from(number).unwrap(); self.numbers.below(120)]);
            let is_fed = self.numbers.below(2) == 0;
            if is_fed {
                sink.feed(message).await.unwrap();
            } else {
                sink.send(message).await.unwrap();
            }
            pause(&self.numbers).await;
        }
        sink.flush().await.unwrap();
        self.sent.set(self.sent.get() + 1);
        if closes {
            while (self.sent.get(), self.received.get()) != (2, 2 * self.count) {
                pause(&self.numbers).await;
            }
            sink.close().await.unwrap();
        }
    }
}

/// Both sides send more than the transport and the sides hold, and receive the messages of the other. Then the client closes.
fn exchange(numbers: &Numbers) {
    let capacity = 1 + numbers.below(60);
    let pipe = || Rc::new(RefCell::new(Pipe { capacity, ..Pipe::default() }));
    let (up, down) = (pipe(), pipe());
    let count = 1 + numbers.below(12);
    let shared = Exchange { numbers: numbers.clone(), count, received: Rc::default(), sent: Rc::default() };
    let timeouts = Timeouts::new().ping_interval(None).closing(None);
    let high_water = 1 + numbers.below(100);
    let mut tasks = Vec::new();
    for is_client in [true, false] {
        let (connection, incoming, outgoing) = if is_client {
            (Connection::client(Config::new(), [7; 32]), &down, &up)
        } else {
            (Connection::server(Config::new()), &up, &down)
        };
        let (incoming, outgoing) = (incoming.clone(), outgoing.clone());
        let stream = Stream { incoming, outgoing, numbers: numbers.clone() };
        let session = Session::open(connection, timeouts, Duration::ZERO).high_water(high_water);
        let (sink, stream) = WebSocket::new(stream, session).split();
        tasks.push(Task::new(shared.clone().receive(stream)));
        tasks.push(Task::new(shared.clone().send(sink, is_client)));
    }
    run(tasks, numbers);
}

#[tokio::test]
async fn two_halves_in_two_tasks_are_woken_and_do_not_wait_for_the_other_side_to_read() {
    for seed in 0..1000 {
        exchange(&Numbers::new(seed));
    }
}
