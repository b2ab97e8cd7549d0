//! Two endpoints in memory.

use alloc::vec::Vec;

use super::{ByteSource, Endpoint};
use crate::Input;

/// Two endpoints, and the bytes that each has sent and the other has not received.
///
/// Bytes only move when they are [delivered](Self::deliver_to_first), in reads of the lengths you choose.
/// Until then they are in flight.
#[derive(Debug)]
pub struct Pair<A, B> {
    first: A,
    second: B,
    to_first: Pipe,
    to_second: Pipe,
}

/// One direction of the transport.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    pub(super) bytes: Vec<u8>,
    /// The number of bytes that are delivered before the transport closes, if it is to close.
    pub(super) left: Option<usize>,
    pub(super) ended: bool,
}

impl<A: Endpoint, B: Endpoint<Error = A::Error>> Pair<A, B> {
    /// Creates a pair of endpoints between which no bytes are in flight.
    pub fn new(first: A, second: B) -> Self {
        Self { first, second, to_first: Pipe::default(), to_second: Pipe::default() }
    }

    /// Returns the first endpoint.
    pub fn first(&self) -> &A {
        &self.first
    }

    /// Returns the second endpoint.
    pub fn second(&self) -> &B {
        &self.second
    }

    /// Calls a function of the first endpoint, and takes the bytes that it sends.
    pub fn call_first<R>(&mut self, call: impl FnOnce(&mut A, &mut Vec<u8>) -> R) -> R {
        call(&mut self.first, &mut self.to_second.bytes)
    }

    /// Calls a function of the second endpoint, and takes the bytes that it sends.
    pub fn call_second<R>(&mut self, call: impl FnOnce(&mut B, &mut Vec<u8>) -> R) -> R {
        call(&mut self.second, &mut self.to_first.bytes)
    }

    /// Returns the number of bytes in flight to the first and to the second endpoint.
    pub fn in_flight(&self) -> (usize, usize) {
        (self.to_first.bytes.len(), self.to_second.bytes.len())
    }

    /// Moves the next `len` bytes, or all there are, to the first endpoint in one read. Returns `true` if
    /// there were any.
    ///
    /// # Errors
    ///
    /// Returns the error of the endpoint.
    pub fn deliver_to_first(&mut self, len: usize) -> Result<bool, A::Error> {
        self.to_first.deliver(len, &mut self.first, &mut self.to_second.bytes)
    }

    /// Moves the next `len` bytes, or all there are, to the second endpoint in one read. Returns `true` if
    /// there were any.
    ///
    /// # Errors
    ///
    /// Returns the error of the endpoint.
    pub fn deliver_to_second(&mut self, len: usize) -> Result<bool, A::Error> {
        self.to_second.deliver(len, &mut self.second, &mut self.to_first.bytes)
    }

    /// Closes the transport to the first endpoint after `len` more bytes. Bytes sent beyond that are lost.
    pub fn cut_off_first(&mut self, len: usize) {
        self.to_first.left = Some(len);
    }

    /// Closes the transport to the second endpoint after `len` more bytes. Bytes sent beyond that are lost.
    pub fn cut_off_second(&mut self, len: usize) {
        self.to_second.left = Some(len);
    }

    /// Moves bytes in an order and in pieces chosen by `choices`, until none are in flight.
    ///
    /// Once the choices are used up, all bytes in flight are delivered in one read, and the transport closes
    /// where it is to be cut off. Two endpoints that reply to each other indefinitely are stopped after a
    /// million deliveries.
    ///
    /// # Errors
    ///
    /// Returns the first error of an endpoint. The remaining bytes stay in flight.
    pub fn settle(&mut self, choices: &mut ByteSource<'_>) -> Result<(), A::Error> {
        for _ in 0..1_000_000 {
            let chosen = !choices.is_empty();
            let to_second = !chosen || choices.flag();
            let len = if chosen { choices.below(64).saturating_add(1) } else { usize::MAX };
            let mut moved = false;
            if to_second {
                moved |= self.deliver_to_second(len)?;
            }
            if !to_second || !chosen {
                moved |= self.deliver_to_first(len)?;
            }
            if !moved && !chosen {
                break;
            }
        }
        Ok(())
    }
}

impl Pipe {
    /// Has the transport close once the bytes in flight have been delivered, unless it closes earlier.
    pub(super) fn end_after_flight(&mut self) {
        self.left = Some(self.left.unwrap_or(usize::MAX).min(self.bytes.len()));
    }

    pub(super) fn deliver<E: Endpoint>(
        &mut self,
        len: usize,
        to: &mut E,
        out: &mut Vec<u8>,
    ) -> Result<bool, E::Error> {
        if self.ended {
            self.bytes.clear();
            return Ok(false);
        }
        let len = len.min(self.bytes.len()).min(self.left.unwrap_or(usize::MAX));
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(len);
        }
        let mut bytes: Vec<u8> = self.bytes.drain(..len).collect();
        if len > 0 {
            to.receive(&mut Input::new(&mut bytes), out)?;
        }
        if self.left == Some(0) {
            self.ended = true;
            to.receive_eof(out)?;
            return Ok(true);
        }
        Ok(len > 0)
    }
}
