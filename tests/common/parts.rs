//! The same harness for the frame decoder.

use sansocket::{
    Input, ProtocolError,
    frame::{Decoder, Header},
};

/// The result of a decoder for a stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parts {
    /// Each frame with the received part of its payload, and whether it is complete.
    pub(crate) frames: Vec<(Header, Vec<u8>, bool)>,
    pub(crate) error: Option<ProtocolError>,
    pub(crate) idle: bool,
    pub(crate) in_frame: bool,
    pub(crate) in_message: bool,
}

/// Runs a stream through copies of a decoder: in one read, split in two at every position, and byte by byte.
pub(crate) fn parts(decoder: &Decoder, stream: &[u8]) -> Parts {
    let whole = run(decoder, stream, &[]);
    for cut in 0..=stream.len() {
        assert_eq!(run(decoder, stream, &[cut]), whole, "cut at {cut}");
    }
    let everywhere: Vec<usize> = (1..stream.len()).collect();
    assert_eq!(run(decoder, stream, &everywhere), whole, "byte by byte");
    whole
}

fn run(decoder: &Decoder, stream: &[u8], cuts: &[usize]) -> Parts {
    let mut decoder = decoder.clone();
    let mut frames: Vec<(Header, Vec<u8>, bool)> = Vec::new();
    let mut error = None;
    let mut from = 0;
    for &cut in cuts.iter().chain(&[stream.len()]) {
        let mut buf = stream[from..cut].to_vec();
        from = cut;
        let mut input = Input::new(&mut buf);
        loop {
            match decoder.receive(&mut input) {
                Ok(Some(part)) => {
                    assert_eq!(error, None, "a frame after a failure");
                    if part.offset == 0 {
                        assert!(frames.last().is_none_or(|(_, _, ended)| *ended), "a frame in a frame");
                        frames.push((part.header, Vec::new(), false));
                    }
                    let (header, payload, ended) = frames.last_mut().expect("a part without a beginning");
                    assert_eq!(part.header, *header);
                    assert_eq!(part.offset, payload.len() as u64);
                    assert!(!part.payload.is_empty() || header.payload_len == 0, "an empty part");
                    payload.extend_from_slice(part.payload);
                    *ended = part.last;
                    assert_eq!(part.last, payload.len() as u64 == header.payload_len);
                }
                Ok(None) => {
                    assert_eq!(error, None, "a failure has to last");
                    break;
                }
                Err(fault) => {
                    assert!(error.is_none_or(|earlier| earlier == fault), "another error than before");
                    error = Some(fault);
                    break;
                }
            }
        }
        assert!(input.is_empty());
    }
    Parts {
        frames,
        error,
        idle: decoder.is_idle(),
        in_frame: decoder.is_in_frame(),
        in_message: decoder.is_in_message(),
    }
}
