//! A transport that is pending at random, and moves few bytes at a time.
#![allow(dead_code, reason = "each test uses its part")]

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

pub struct Flaky {
    stream: DuplexStream,
    state: u64,
}

impl Flaky {
    pub fn new(stream: DuplexStream, seed: u64) -> Self {
        Self { stream, state: seed | 1 }
    }

    /// Whether to do nothing this time. Else at most this many bytes.
    fn chance(&mut self, cx: &Context<'_>) -> Option<usize> {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        if self.state.is_multiple_of(3) {
            cx.waker().wake_by_ref();
            return None;
        }
        Some(usize::try_from(self.state >> 32).unwrap() % 700 + 1)
    }
}

impl AsyncRead for Flaky {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(most) = self.chance(cx) else { return Poll::Pending };
        let mut part = buf.take(most);
        let result = Pin::new(&mut self.stream).poll_read(cx, &mut part);
        let count = part.filled().len();
        buf.advance(count);
        result
    }
}

impl AsyncWrite for Flaky {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Some(most) = self.chance(cx) else { return Poll::Pending };
        Pin::new(&mut self.stream).poll_write(cx, &bytes[..bytes.len().min(most)])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.chance(cx).is_none() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.chance(cx).is_none() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
