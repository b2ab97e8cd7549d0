//! Recordings of what an endpoint received and sent.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use super::{Difference, Endpoint};
use crate::Input;

/// An endpoint that records its calls and their results.
#[derive(Debug)]
pub struct Recorder<E> {
    endpoint: E,
    transcript: Transcript,
}

/// The calls of an endpoint and their results, in order.
///
/// `Display` writes a line for each entry. [`replay`](Self::replay) repeats the calls with another endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transcript {
    /// The entries.
    pub entries: Vec<TranscriptEntry>,
}

/// One call of an endpoint, and the bytes it sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TranscriptEntry {
    /// Bytes arrived, in one read.
    Received {
        /// The bytes.
        bytes: Vec<u8>,
        /// The bytes that were sent.
        sent: Vec<u8>,
        /// The error, as text.
        error: Option<String>,
    },
    /// The test called a function of the endpoint.
    Called {
        /// The name of the call, chosen by the test.
        name: String,
        /// The bytes that were sent.
        sent: Vec<u8>,
    },
    /// The transport closed.
    Ended {
        /// The bytes that were sent.
        sent: Vec<u8>,
        /// The error, as text.
        error: Option<String>,
    },
}

impl<E: Endpoint> Recorder<E> {
    /// Creates a recorder around `endpoint`.
    pub fn new(endpoint: E) -> Self {
        Self { endpoint, transcript: Transcript::default() }
    }

    /// Returns the endpoint.
    pub fn endpoint(&self) -> &E {
        &self.endpoint
    }

    /// Returns the recording so far.
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// Calls a function of the endpoint, and records it under a name by which a replay can repeat it.
    pub fn call<R>(
        &mut self,
        name: &str,
        out: &mut Vec<u8>,
        call: impl FnOnce(&mut E, &mut Vec<u8>) -> R,
    ) -> R {
        let start = out.len();
        let result = call(&mut self.endpoint, out);
        let sent = out.get(start..).unwrap_or_default().to_vec();
        self.transcript.entries.push(TranscriptEntry::Called { name: name.to_owned(), sent });
        result
    }
}

impl<E: Endpoint> Endpoint for Recorder<E> {
    type Error = E::Error;

    fn receive(&mut self, input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<(), E::Error> {
        let (bytes, start) = (input.remaining().to_vec(), out.len());
        let result = self.endpoint.receive(input, out);
        let sent = out.get(start..).unwrap_or_default().to_vec();
        let error = result.as_ref().err().map(ToString::to_string);
        self.transcript.entries.push(TranscriptEntry::Received { bytes, sent, error });
        result
    }

    fn receive_eof(&mut self, out: &mut Vec<u8>) -> Result<(), E::Error> {
        let start = out.len();
        let result = self.endpoint.receive_eof(out);
        let sent = out.get(start..).unwrap_or_default().to_vec();
        let error = result.as_ref().err().map(ToString::to_string);
        self.transcript.entries.push(TranscriptEntry::Ended { sent, error });
        result
    }
}

impl Transcript {
    /// Replays all calls with a new endpoint, and compares the results. `call` performs the call with a given
    /// name.
    ///
    /// # Errors
    ///
    /// Returns a [`Difference`] for the first entry whose result differs.
    ///
    /// # Examples
    ///
    /// A recorded run is repeated with a new connection:
    ///
    /// ```
    /// use sansocket::testing::{Endpoint, EventCollector, Recorder};
    /// use sansocket::{Config, Connection, Input};
    ///
    /// let new = || EventCollector::new(Connection::server(Config::new()));
    /// let mut recorder = Recorder::new(new());
    /// let mut read = *b"\x89\x80\x37\xfa\x21\x3d"; // a Ping
    /// recorder.receive(&mut Input::new(&mut read), &mut Vec::new())?;
    /// let transcript = recorder.transcript();
    /// transcript.replay(new(), |_endpoint, _name, _out| {})?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn replay<E: Endpoint>(
        &self,
        endpoint: E,
        mut call: impl FnMut(&mut E, &str, &mut Vec<u8>),
    ) -> Result<E, Difference> {
        let mut recorder = Recorder::new(endpoint);
        for (number, entry) in self.entries.iter().enumerate() {
            let mut out = Vec::new();
            match entry {
                TranscriptEntry::Received { bytes, .. } => {
                    // Its result is in the entry.
                    let _ = recorder.receive(&mut Input::new(&mut bytes.clone()), &mut out);
                }
                TranscriptEntry::Called { name, .. } => {
                    recorder.call(name, &mut out, |endpoint, out| call(endpoint, name, out));
                }
                TranscriptEntry::Ended { .. } => {
                    let _ = recorder.receive_eof(&mut out);
                }
            }
            match recorder.transcript.entries.last() {
                Some(again) if again == entry => {}
                again => return Err(Difference(format!("entry {number}: {again:?}, and it was {entry:?}"))),
            }
        }
        Ok(recorder.endpoint)
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            let (sent, error) = match entry {
                TranscriptEntry::Received { bytes, sent, error } => {
                    write!(f, "received {}", bytes.escape_ascii())?;
                    (sent, error.as_deref())
                }
                TranscriptEntry::Called { name, sent } => {
                    write!(f, "called   {name}")?;
                    (sent, None)
                }
                TranscriptEntry::Ended { sent, error } => {
                    f.write_str("ended")?;
                    (sent, error.as_deref())
                }
            };
            writeln!(f)?;
            if !sent.is_empty() {
                writeln!(f, "  sent   {}", sent.escape_ascii())?;
            }
            if let Some(error) = error {
                writeln!(f, "  error  {error}")?;
            }
        }
        Ok(())
    }
}
