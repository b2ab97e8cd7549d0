//! The frame decoder, in both roles, with any bytes, split points and limits.
//!
//! Input: 1 byte of flags (1: client, 2: RSV1 is allowed, 4: raw bytes), 1 byte for limits, cuts, then frames
//! (see `ByteSource::frames`), or with flag 4 the stream as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sansocket::{
    Input, ProtocolError,
    frame::{Decoder, Header, Limits, MAX_HEADER_LEN, Role, mask},
};
use sansocket_fuzz::{ByteSource, placed};

/// Headers with their payloads, the error, and whether the decoder is inside a frame or message.
type Seen = (Vec<(Header, Vec<u8>)>, Option<ProtocolError>, [bool; 2]);

fuzz_target!(|data: &[u8]| {
    let mut choices = ByteSource(data);
    let (flags, limits) = (choices.byte(), choices.byte());
    let role = if flags & 1 == 0 { Role::Server } else { Role::Client };
    let limit = |at: u8| [u64::MAX, 3, 40, 4096][usize::from(limits >> at & 3)];
    let count = |at: u8| [u32::MAX, 1, 3, 100][usize::from(limits >> at & 3)];
    let limits = Limits::unlimited()
        .frame_len(limit(0))
        .message_len(limit(2))
        .fragments(count(4))
        .control_frames(count(6))
        .allow_non_minimal_length(flags & 8 != 0);
    let decoder = || {
        let decoder = Decoder::new(role, limits);
        if flags & 2 == 0 { decoder } else { decoder.allow_rsv1() }
    };
    let cuts = choices.cuts();
    let stream = if flags & 4 == 0 { choices.frames(role == Role::Server) } else { choices.0.to_vec() };

    let whole = run(decoder(), &stream, &[]);
    assert_eq!(run(decoder(), &stream, &cuts), whole, "cut at {cuts:?}");
    let everywhere: Vec<usize> = (1..stream.len()).collect();
    assert_eq!(run(decoder(), &stream, &everywhere), whole, "byte by byte");

    // Accepted headers are encoded to the same bytes, if frames are complete and lengths in their shortest
    // form.
    let mut written = Vec::new();
    for (header, payload) in &whole.0 {
        let mut payload = payload.clone();
        assert!(payload.len() as u64 <= header.payload_len);
        written.extend_from_slice(header.encode(&mut [0; MAX_HEADER_LEN]).expect("it was accepted"));
        mask(&mut payload, header.mask.unwrap_or_default(), 0);
        written.extend_from_slice(&payload);
    }
    if flags & 8 == 0 {
        assert!(stream.starts_with(&written));
    }
});

fn run(mut decoder: Decoder, stream: &[u8], cuts: &[usize]) -> Seen {
    let (mut frames, mut error): (Vec<(Header, Vec<u8>)>, _) = (Vec::new(), None);
    let mut from = 0;
    for cut in placed(cuts, stream.len()) {
        let mut bytes = stream[from..cut].to_vec();
        from = cut;
        let mut input = Input::new(&mut bytes);
        loop {
            let unused = input.len();
            let result = decoder.receive(&mut input);
            if let Some(error) = error {
                assert_eq!(result.as_ref().err(), Some(&error), "a failure has to last");
            }
            match result {
                Ok(Some(part)) => {
                    assert!(!part.payload.is_empty() || part.header.payload_len == 0);
                    match part.offset {
                        0 => frames.push((part.header, part.payload.to_vec())),
                        offset => {
                            let (header, payload) = frames.last_mut().expect("its beginning came first");
                            assert_eq!((*header, payload.len() as u64), (part.header, offset));
                            payload.extend_from_slice(part.payload);
                        }
                    }
                    let (header, payload) = frames.last().expect("it was just pushed");
                    assert_eq!(part.last, payload.len() as u64 == header.payload_len);
                    assert!(input.len() < unused || part.header.payload_len == 0, "a part of nothing");
                    continue;
                }
                Ok(None) => {}
                Err(fault) => error = Some(fault),
            }
            assert!(input.is_empty());
            break;
        }
    }
    (frames, error, [decoder.is_in_frame(), decoder.is_in_message()])
}
