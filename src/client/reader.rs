//! Reads the heads of responses from bytes. It uses the collector and the status line, and validates no
//! header.

use core::ops::Range;

use super::{Response, StatusLine};
use crate::{
    Input,
    handshake::{Collector, FirstBytes, HandshakeError, HandshakeLimits, Head, Kind, Progress},
};

/// Reads one head after another.
pub(crate) struct HeadReader {
    collector: Collector,
    line: Option<StatusLine>,
    /// The statuses that open the connection. Their heads, and those of interim responses, must be
    /// well-formed.
    opens: Range<u16>,
    /// The first bytes of the latest complete head.
    complete: FirstBytes,
}

/// A head that was read.
pub(crate) struct ReceivedHead {
    pub(crate) line: StatusLine,
    pub(crate) head: Head,
    /// The violation in the head of a status that rejects.
    pub(crate) fault: Option<HandshakeError>,
}

impl ReceivedHead {
    /// Returns the response, without its body.
    pub(crate) fn into_rejection(self) -> Response {
        Response::rejected(self.line.status, self.head, self.fault)
    }
}

impl HeadReader {
    #[inline]
    pub(crate) fn new(opens: Range<u16>, limits: HandshakeLimits) -> Self {
        let complete = FirstBytes::default();
        Self { collector: Collector::new(Kind::Response, limits), line: None, opens, complete }
    }

    /// Returns the head once it is complete. The head of a response that rejects is returned at the first
    /// violation.
    pub(crate) fn receive(&mut self, input: &mut Input<'_>) -> Result<Option<ReceivedHead>, HandshakeError> {
        let progress = self.collector.receive(input);
        let Some(line) = self.status_line()? else {
            // A line that ends before its status, in a line feed alone.
            if self.collector.has_start_line() {
                let len = self.collector.start_line().len();
                self.collector.forget_after(len);
                return Err(HandshakeError::MalformedStatusLine);
            }
            return progress.map(|_| None);
        };
        let fault = match progress {
            Ok(Progress::More) => return Ok(None),
            Ok(Progress::End) => None,
            Err(error) if self.rejects(line) => Some(error),
            Err(error) => return Err(error),
        };
        Ok(Some(self.finish(line, fault)))
    }

    /// Returns the part of the head that has arrived, if the stream ends here and the status is known and
    /// rejects.
    pub(crate) fn receive_eof(&mut self) -> Option<ReceivedHead> {
        let line = self.line.filter(|&line| self.rejects(line))?;
        Some(self.finish(line, Some(HandshakeError::IncompleteHandshake)))
    }

    /// Returns the status line once the status has arrived. A violation in the reason after it does not hide
    /// the status.
    fn status_line(&mut self) -> Result<Option<StatusLine>, HandshakeError> {
        if self.line.is_none() {
            let start = self.collector.start_line();
            self.line = StatusLine::parse(start, self.collector.takes_bare_line_feeds());
            if self.line.is_none()
                && let Some((len, error)) = StatusLine::check_prefix(start)
            {
                self.collector.forget_after(len);
                return Err(error);
            }
        }
        Ok(self.line)
    }

    fn rejects(&self, line: StatusLine) -> bool {
        line.status >= 200 && !self.opens.contains(&line.status)
    }

    /// Begins with another head, after one that is complete.
    pub(crate) fn begin_again(&mut self) {
        self.collector.begin_again();
        self.line = None;
    }

    fn finish(&mut self, line: StatusLine, fault: Option<HandshakeError>) -> ReceivedHead {
        self.complete = self.collector.first_bytes();
        let mut head = self.collector.finish();
        let malformed = if self.rejects(line) { head.keep_well_formed() } else { None };
        ReceivedHead { line, head, fault: malformed.or(fault) }
    }

    /// Returns the first bytes of the head in progress, or of the latest complete one between two heads.
    pub(crate) fn first_bytes(&self) -> FirstBytes {
        let begun = self.collector.first_bytes();
        if begun.as_bytes().is_empty() { self.complete } else { begun }
    }
}

/// Counts interim responses, which would otherwise keep a client busy (RFC 9110, section 15.2).
#[derive(Clone, Copy, Default)]
pub(crate) struct InterimCount(u32);

impl InterimCount {
    /// Adds one.
    pub(crate) fn add(&mut self) -> Result<(), HandshakeError> {
        self.0 = self.0.saturating_add(1);
        if self.0 > MAX_INTERIM_RESPONSES { Err(HandshakeError::TooManyInterimResponses) } else { Ok(()) }
    }
}

/// The usual number is one or two.
const MAX_INTERIM_RESPONSES: u32 = 16;
