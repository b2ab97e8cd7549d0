//! Two endpoints in memory.

use alloc::vec::Vec;

use super::{ByteSource, Endpoint};
use crate::Input;

/// Two endpoints, and the bytes that each has sent and the other has not received.
///
/// Nothing moves by itself. Bytes stay on their way until they are [delivered](Self::deliver_to_first), as many at a time
/// as the caller says; that is how they are cut, and how they are late.
#[derive(Debug)]
pub struct Pair<A, B> {
    first: A,
    second: B,
    to_first: Pipe,
    to_second: Pipe,
}

/// One direction of the transport.
#[derive(Debug, Default)]
struct Pipe {
    bytes: Vec<u8>,
    /// How many bytes still pass before the transport ends, if it is to.
    left: Option<usize>,
    ended: bool,
}

impl<A: Endpoint, B: Endpoint<Error = A::Error>> Pair<A, B> {
    /// Two endpoints that have not said anything.
    pub fn new(first: A, second: B) -> Self {
        Self { first, second, to_first: Pipe::default(), to_second: Pipe::default() }
    }

    /// The first endpoint.
    pub fn first(&self) -> &A {
        &self.first
    }

    /// The second endpoint.
    pub fn second(&self) -> &B {
        &self.second
    }

    /// Lets the first endpoint do something, and takes what it sends.
    pub fn call_first<R>(&mut self, call: impl FnOnce(&mut A, &mut Vec<u8>) -> R) -> R {
        call(&mut self.first, &mut self.to_second.bytes)
    }

    /// Lets the second endpoint do something, and takes what it sends.
    pub fn call_second<R>(&mut self, call: impl FnOnce(&mut B, &mut Vec<u8>) -> R) -> R {
        call(&mut self.second, &mut self.to_first.bytes)
    }

    /// How many bytes are on their way to the first and to the second endpoint.
    pub fn in_flight(&self) -> (usize, usize) {
        (self.to_first.bytes.len(), self.to_second.bytes.len())
    }

    /// Delivers the next `len` bytes, or all there are, to the first endpoint in one read. `true`: there were some.
    ///
    /// # Errors
    ///
    /// What the endpoint returns.
    pub fn deliver_to_first(&mut self, len: usize) -> Result<bool, A::Error> {
        self.to_first.deliver(len, &mut self.first, &mut self.to_second.bytes)
    }

    /// As [`deliver_to_first`](Self::deliver_to_first), to the second endpoint.
    ///
    /// # Errors
    ///
    /// What the endpoint returns.
    pub fn deliver_to_second(&mut self, len: usize) -> Result<bool, A::Error> {
        self.to_second.deliver(len, &mut self.second, &mut self.to_first.bytes)
    }

    /// Ends the transport to the first endpoint after `len` more bytes. What is sent beyond that is lost.
    pub fn cut_off_first(&mut self, len: usize) {
        self.to_first.left = Some(len);
    }

    /// Ends the transport to the second endpoint after `len` more bytes. What is sent beyond that is lost.
    pub fn cut_off_second(&mut self, len: usize) {
        self.to_second.left = Some(len);
    }

    /// Delivers in an order and in pieces that are chosen, until nothing is on its way any more.
    ///
    /// When the choices are used up, everything is delivered whole, and the transport ends where it is to be cut off.
    /// Two endpoints that answer each other for ever are stopped after a million deliveries.
    ///
    /// # Errors
    ///
    /// The first that an endpoint returns. The rest stays on its way.
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
    fn deliver<E: Endpoint>(&mut self, len: usize, to: &mut E, out: &mut Vec<u8>) -> Result<bool, E::Error> {
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
