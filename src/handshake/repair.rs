//! Rewrites heads that a tolerant client lets pass, so that everything behind the collector sees well-formed lines.
//!
//! It uses the scan for control characters.

use alloc::vec::Vec;

use super::{collector::text_len, trim_ows};

/// Returns the head with a carriage return before every line feed, and where its start line ends then.
pub(super) fn line_ends(head: &[u8], start_len: usize) -> (Vec<u8>, usize) {
    let mut repaired = Vec::with_capacity(head.len());
    let mut end = 0;
    for (at, &byte) in (1..).zip(head) {
        if byte == b'\n' && repaired.last() != Some(&b'\r') {
            repaired.push(b'\r');
        }
        repaired.push(byte);
        if at == start_len {
            end = repaired.len();
        }
    }
    (repaired, end)
}

/// Returns the head without the white space between the names of its headers and their colons. A line that
/// continues the one before has no name.
pub(super) fn names(head: &[u8], start_len: usize) -> Vec<u8> {
    let (start, mut rest) = head.split_at_checked(start_len).unwrap_or_default();
    let mut repaired = start.to_vec();
    while let Some((line, behind)) = rest.split_at_checked(text_len(rest)).filter(|_| !rest.is_empty()) {
        let is_continued = matches!(line, [b' ' | b'\t', ..]);
        let line_start = if is_continued { line } else { &[] };
        repaired.extend_from_slice(line_start);
        let line = line.get(line_start.len()..).unwrap_or_default();
        let colon = line.iter().position(|&byte| byte == b':').unwrap_or_default();
        let (name, value) = line.split_at_checked(colon).unwrap_or_default();
        repaired.extend_from_slice(trim_ows(name));
        repaired.extend_from_slice(value);
        let (line_end, behind) = behind.split_at_checked(behind.len().min(2)).unwrap_or_default();
        repaired.extend_from_slice(line_end);
        rest = behind;
    }
    repaired
}
