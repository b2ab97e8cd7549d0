//! A transport in memory: reads give bytes of a fixed input, in pieces, and then say that there are no more for now; writes
//! go into a buffer. It is a stream for every kind of library, and costs each of them the same copy.

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
}

impl Shared {
    pub fn new(input: &Rc<[u8]>, read: usize) -> Rc<Self> {
        let shared = Self::default();
        shared.input.replace(input.clone());
        shared.read.set(read);
        Rc::new(shared)
    }

    /// Begins again.
    pub fn rewind(&self) {
        self.at.set(0);
        self.written.borrow_mut().clear();
    }
}

#[derive(Clone)]
pub struct Stream(pub Rc<Shared>);

// Everything runs on one thread; some of the libraries ask for it all the same.
impl Stream {
    fn give(&self, buf: &mut [u8]) -> Option<usize> {
        let input = self.0.input.borrow();
        let at = self.0.at.get();
        let len = buf.len().min(self.0.read.get()).min(input.len() - at);
        buf[..len].copy_from_slice(&input[at..at + len]);
        self.0.at.set(at + len);
        (len > 0).then_some(len)
    }

    fn put(&self, bytes: &[u8]) -> usize {
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
        let input = self.0.input.borrow();
        let at = self.0.at.get();
        let len = buf.remaining().min(self.0.read.get()).min(input.len() - at);
        if len == 0 {
            return Poll::Pending;
        }
        buf.put_slice(&input[at..at + len]);
        self.0.at.set(at + len);
        Poll::Ready(Ok(()))
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

/// Polls a future that counts messages for ever, each time with all of the input. It is never dropped in between, because
/// not every library can be stopped while it waits for bytes.
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
