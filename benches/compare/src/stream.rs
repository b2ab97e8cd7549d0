//! A transport in memory: reads give bytes of a fixed input, in pieces, and then say that there are no more
//! for now; writes go into a buffer. It is a stream for every kind of library, and costs each of them the
//! same copy.

use base64::Engine as _;
use sha1::Digest as _;
use std::{
    cell::{Cell, RefCell},
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

/// What the stream and the one who measures share.
#[derive(Default)]
pub struct Shared {
    pub input: RefCell<Rc<[u8]>>,
    pub at: Cell<usize>,
    pub read: Cell<usize>,
    pub written: RefCell<Vec<u8>>,
    /// Whether the other end is a server that answers a request.
    pub answers: Cell<bool>,
}

impl Shared {
    pub fn new(input: &Rc<[u8]>, read: usize) -> Rc<Self> {
        let shared = Self::default();
        shared.input.replace(input.clone());
        shared.read.set(read);
        Rc::new(shared)
    }

    /// What a client connects to.
    pub fn server() -> Rc<Self> {
        let shared = Self::new(&Rc::from([]), 64 << 10);
        shared.answers.set(true);
        shared
    }

    /// Begins again.
    pub fn rewind(&self) {
        self.at.set(0);
        self.written.borrow_mut().clear();
    }
}

#[derive(Clone)]
pub struct Stream(pub Rc<Shared>);

// Everything runs on one thread; some of the libraries require it anyway.
impl Stream {
    /// The next bytes, if there are any: at most `room`, and as many as a read gives.
    fn next<T>(&self, room: usize, take: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let Shared { input, at, read, written, answers } = &*self.0;
        if answers.get() && written.borrow().ends_with(b"\r\n\r\n") {
            input.replace(answer(&written.borrow()).into());
            written.borrow_mut().clear();
            at.set(0);
        }
        let (input, start) = (input.borrow(), at.get());
        let len = room.min(read.get()).min(input.len() - start);
        at.set(start + len);
        (len > 0).then(|| take(&input[start..start + len]))
    }

    pub fn give(&self, buf: &mut [u8]) -> Option<usize> {
        self.next(buf.len(), |bytes| {
            buf[..bytes.len()].copy_from_slice(bytes);
            bytes.len()
        })
    }

    pub fn put(&self, bytes: &[u8]) -> usize {
        self.0.written.borrow_mut().extend_from_slice(bytes);
        bytes.len()
    }
}

impl io::Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.give(buf).ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }
}

impl io::Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(self.put(buf))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl tokio::io::AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.next(buf.remaining(), |bytes| buf.put_slice(bytes)) {
            Some(()) => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    }
}

impl tokio::io::AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.put(buf)))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bufs.iter().map(|buf| self.put(buf)).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl futures::io::AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        match self.give(buf) {
            Some(len) => Poll::Ready(Ok(len)),
            None => Poll::Pending,
        }
    }
}

impl futures::io::AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.put(buf)))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The response to a request: it costs every library the same.
pub fn answer(request: &[u8]) -> Vec<u8> {
    // The only thing in it that ends so is the key.
    let end = request.windows(4).position(|bytes| bytes == b"==\r\n").expect("there is a key") + 2;
    let digest = sha1::Sha1::new().chain_update(&request[end - 24..end]).chain_update(GUID).finalize();
    let accept = base64::engine::general_purpose::STANDARD.encode(digest);
    [ANSWER, accept.as_bytes(), b"\r\n\r\n"].concat()
}

const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nServer: nginx/1.27.0\r\n\
    Date: Tue, 24 Nov 2026 12:00:00 GMT\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ";

/// Polls a future that counts messages without end, each time with all of the input. It is never dropped in
/// between, because not every library can be stopped while it waits for bytes.
pub fn counted(
    shared: Rc<Shared>,
    counter: Rc<Cell<usize>>,
    future: impl Future<Output = ()> + 'static,
) -> impl FnMut() -> usize {
    let mut future = Box::pin(future);
    move || {
        shared.rewind();
        counter.set(0);
        let ended = future.as_mut().poll(&mut Context::from_waker(futures::task::noop_waker_ref()));
        assert!(ended.is_pending());
        counter.get()
    }
}

/// Polls once: nothing here ever waits.
pub fn poll<F: Future>(future: F) -> Option<F::Output> {
    let future = std::pin::pin!(future);
    let waker = futures::task::noop_waker_ref();
    match future.poll(&mut Context::from_waker(waker)) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
