//! Checks that the split of a stream into reads does not affect the result.

use alloc::{format, string::String, vec, vec::Vec};
use core::{error, fmt};

use super::Endpoint;
use crate::Input;

/// Checks that the split of `bytes` into reads does not affect an endpoint.
///
/// It runs a new endpoint over `bytes` in one read, over one byte at a time, and over the pieces between the
/// positions `splits`. It compares the bytes sent, the error, the result at the end of the stream, and the
/// value that `seen` returns afterwards, such as the events or the state.
///
/// # Errors
///
/// Returns a [`Difference`] that describes the first difference as text.
///
/// # Examples
///
/// A masked text frame is split in every way:
///
/// ```
/// use sansocket::testing::{EventCollector, check_splits};
/// use sansocket::{Config, Connection};
///
/// let new = || EventCollector::new(Connection::server(Config::new()));
/// let bytes = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// check_splits(new, bytes, &[3, 7], |endpoint| endpoint.events.clone())?;
/// # Ok::<(), sansocket::testing::Difference>(())
/// ```
pub fn check_splits<E: Endpoint, S: PartialEq + fmt::Debug>(
    new: impl Fn() -> E,
    bytes: &[u8],
    splits: &[usize],
    seen: impl Fn(&E) -> S,
) -> Result<(), Difference> {
    let whole = run(new(), bytes, &[], &seen);
    let everywhere: Vec<usize> = (1..bytes.len()).collect();
    for (how, splits) in [("byte by byte", &everywhere[..]), ("in pieces", splits)] {
        let split = run(new(), bytes, splits, &seen);
        let places = if how == "in pieces" { format!(", split at {splits:?}") } else { String::new() };
        let differs = |what, expected: &dyn fmt::Debug, found: &dyn fmt::Debug| {
            Difference(format!(
                "{how}{places}: {what} is {found:?}, and {expected:?} if the bytes come at once"
            ))
        };
        if split.out != whole.out {
            return Err(differs("what was sent", &whole.out, &split.out));
        }
        if split.error != whole.error {
            return Err(differs("the error", &whole.error, &split.error));
        }
        if split.eof != whole.eof {
            return Err(differs("what the end led to", &whole.eof, &split.eof));
        }
        if split.seen != whole.seen {
            return Err(differs("what was seen", &whole.seen, &split.seen));
        }
    }
    Ok(())
}

/// The error for a result that depends on the split of the stream, or that a replay did not reproduce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference(pub(super) String);

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for Difference {}

struct Run<E, S> {
    out: Vec<u8>,
    error: Option<E>,
    eof: Result<(), E>,
    seen: S,
}

fn run<E: Endpoint, S>(
    mut endpoint: E,
    bytes: &[u8],
    splits: &[usize],
    seen: &impl Fn(&E) -> S,
) -> Run<E::Error, S> {
    let mut places = vec![0, bytes.len()];
    places.extend(splits.iter().map(|&split| split.min(bytes.len())));
    places.sort_unstable();
    let (mut out, mut error) = (Vec::new(), None);
    for (&from, &to) in places.iter().zip(places.iter().skip(1)) {
        let mut piece = bytes.get(from..to).unwrap_or_default().to_vec();
        if let Err(fault) = endpoint.receive(&mut Input::new(&mut piece), &mut out) {
            error.get_or_insert(fault);
        }
    }
    let eof = endpoint.receive_eof(&mut out);
    Run { out, error, eof, seen: seen(&endpoint) }
}
