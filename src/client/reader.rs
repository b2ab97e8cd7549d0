//! Reads the heads of responses from bytes. It uses the collector and the status line, and judges no header.

use core::mem;

use super::StatusLine;
use crate::{
    Input,
    handshake::{Collector, HandshakeError, HandshakeLimits, Head, Kind, Progress},
};

/// Reads one head after another.
pub(crate) struct HeadReader {
    collector: Collector,
    line: Option<StatusLine>,
    limits: HandshakeLimits,
}

impl HeadReader {
    pub(crate) fn new(limits: HandshakeLimits) -> Self {
        Self { collector: Collector::new(Kind::Response, limits), line: None, limits }
    }

    /// Returns the next head once it is complete, and then begins with another one.
    pub(crate) fn receive(
        &mut self,
        input: &mut Input<'_>,
    ) -> Result<Option<(StatusLine, Head)>, HandshakeError> {
        loop {
            match self.collector.receive(input)? {
                Progress::More => return Ok(None),
                Progress::StartLine => self.line = Some(StatusLine::parse(self.collector.start_line())?),
                Progress::End => {
                    let next = Collector::new(Kind::Response, self.limits);
                    let head = mem::replace(&mut self.collector, next).finish();
                    let line = self.line.take().ok_or(HandshakeError::MalformedStatusLine)?;
                    return Ok(Some((line, head)));
                }
            }
        }
    }
}

/// Counts interim responses, which would otherwise keep a client busy (RFC 9110, 15.2).
#[derive(Clone, Copy, Default)]
pub(crate) struct InterimCount(u32);

impl InterimCount {
    /// Takes note of one more.
    pub(crate) fn add(&mut self) -> Result<(), HandshakeError> {
        self.0 = self.0.saturating_add(1);
        if self.0 > MAX_INTERIM_RESPONSES { Err(HandshakeError::TooManyInterimResponses) } else { Ok(()) }
    }
}

/// The usual number is one or two.
const MAX_INTERIM_RESPONSES: u32 = 16;
