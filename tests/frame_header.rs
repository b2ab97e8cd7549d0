//! Layer 1: headers and masking, byte for byte (RFC 6455, 5.2, 5.3 and 5.7).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{Form, KEY, header, header_in, hex, masked, noise};
use sansocket::{
    CloseCode, ProtocolError,
    frame::{Header, MAX_HEADER_LEN, OpCode, Rsv, mask},
};

const OPCODES: [OpCode; 6] =
    [OpCode::Continuation, OpCode::Text, OpCode::Binary, OpCode::Close, OpCode::Ping, OpCode::Pong];

/// Payload lengths at the edges of each form, with the header of a server's binary frame.
const LENGTHS: [(u64, &str); 15] = [
    (0, "8200"),
    (1, "8201"),
    (125, "827d"),
    (126, "827e007e"),
    (127, "827e007f"),
    (128, "827e0080"),
    (65_535, "827effff"),
    (65_536, "827f0000000000010000"),
    (65_537, "827f0000000000010001"),
    (0x7fff_ffff, "827f000000007fffffff"),
    (0x8000_0000, "827f0000000080000000"),
    (0xffff_ffff, "827f00000000ffffffff"),
    (1 << 32, "827f0000000100000000"),
    (1 << 53, "827f0020000000000000"),
    ((1 << 63) - 1, "827f7fffffffffffffff"),
];

#[track_caller]
fn encoded(header: Header) -> Vec<u8> {
    header.encode(&mut [0xee; MAX_HEADER_LEN]).unwrap().to_vec()
}

#[test]
fn a_length_is_written_in_its_shortest_form_and_read_back() {
    // R6455-5.2-g, R6455-5.2-i, R6455-5.2-j, R6455-5.3-a
    for (len, bytes) in LENGTHS {
        let plain = Header::new(OpCode::Binary, len);
        assert_eq!(encoded(plain), hex(bytes), "{len}");
        assert_eq!(Header::decode(&hex(bytes)), Ok(Some((plain, hex(bytes).len()))), "{len}");

        let mut bytes = hex(bytes);
        bytes[1] |= 0x80;
        bytes.extend(KEY);
        let masked = Header { mask: Some(KEY), ..plain };
        assert_eq!(encoded(masked), bytes, "{len}");
        assert_eq!(Header::decode(&bytes), Ok(Some((masked, bytes.len()))), "{len}");
    }
}

#[test]
fn every_encoded_header_can_be_decoded() {
    // R6455-5.2-a, R6455-5.2-e, R6455-5.2-f, R6455-5.2-l
    let mut seen = 0;
    for opcode in OPCODES {
        for bits in 0..=7_u8 {
            let flags = [(4, Rsv::RSV1), (2, Rsv::RSV2), (1, Rsv::RSV3)];
            let set = flags.iter().filter(|(bit, _)| bits & bit != 0);
            let rsv = set.fold(Rsv::NONE, |rsv, (_, flag)| rsv.with(*flag));
            for fin in [false, true] {
                for (payload_len, _) in LENGTHS {
                    for mask in [None, Some(KEY), Some([0; 4])] {
                        let header = Header { fin, rsv, opcode, mask, payload_len };
                        let refused = opcode.is_control() && (!fin || payload_len > 125)
                            || opcode == OpCode::Close && payload_len == 1;
                        let mut buf = [0; MAX_HEADER_LEN];
                        let Ok(bytes) = header.encode(&mut buf) else {
                            assert!(refused, "{header:?}");
                            continue;
                        };
                        assert!(!refused, "{header:?}");
                        assert_eq!(bytes[0], u8::from(fin) << 7 | bits << 4 | opcode.get());
                        let len = bytes.len();
                        for cut in 0..len {
                            assert_eq!(Header::decode(&bytes[..cut]), Ok(None), "{header:?} cut at {cut}");
                        }
                        let followed = [bytes, &[0xff; 20]].concat();
                        assert_eq!(Header::decode(&followed), Ok(Some((header, len))));
                        seen += 1;
                    }
                }
            }
        }
    }
    assert!(seen > 2000, "{seen}");
}

#[test]
fn a_reserved_opcode_fails_at_the_first_byte() {
    // IANA-OPC-a, R6455-5.2-d
    for first in 0..=u8::MAX {
        let result = Header::decode(&[first]);
        match (first & 0x0f, first & 0x80) {
            (opcode @ (3..=7 | 11..=15), _) => {
                assert_eq!(result, Err(ProtocolError::ReservedOpcode(opcode)), "{first:02x}");
                assert_eq!(OpCode::new(opcode), None);
            }
            (8..=10, 0) => assert_eq!(result, Err(ProtocolError::FragmentedControlFrame), "{first:02x}"),
            (opcode, _) => {
                assert_eq!(result, Ok(None), "{first:02x}");
                assert_eq!(OpCode::new(opcode).unwrap().get(), opcode);
            }
        }
    }
    for value in 16..=u8::MAX {
        assert_eq!(OpCode::new(value), None);
    }
}

#[test]
fn header_violations_fail_at_the_first_offending_byte() {
    use ProtocolError::{
        ControlFrameTooLong, FragmentedControlFrame, LengthOutOfRange, NonMinimalLength, TruncatedCloseCode,
    };
    let faults = [
        ("08", FragmentedControlFrame), // R6455-5.4-f
        ("09", FragmentedControlFrame),
        ("0a", FragmentedControlFrame),
        ("8801", TruncatedCloseCode), // R6455-5.5.1-b
        ("8881", TruncatedCloseCode),
        ("887e", ControlFrameTooLong), // R6455-5.5-a
        ("897e", ControlFrameTooLong),
        ("8a7e", ControlFrameTooLong),
        ("89fe", ControlFrameTooLong),
        ("897f", ControlFrameTooLong),
        ("8aff", ControlFrameTooLong),
        ("827e0000", NonMinimalLength), // R6455-5.2-i
        ("827e007d", NonMinimalLength),
        ("81fe0005", NonMinimalLength),
        ("827f0000000000000000", NonMinimalLength),
        ("82ff0000000000000005", NonMinimalLength),
        ("827f000000000000007e", NonMinimalLength),
        ("827f000000000000ffff", NonMinimalLength),
        ("827f80", LengthOutOfRange), // R6455-5.2-h
        ("81ffff", LengthOutOfRange),
    ];
    for (bytes, error) in faults {
        let bytes = hex(bytes);
        for cut in 0..bytes.len() {
            assert_eq!(Header::decode(&bytes[..cut]), Ok(None), "{bytes:02x?} cut at {cut}");
        }
        assert_eq!(Header::decode(&bytes), Err(error), "{bytes:02x?}");
        let followed = [&bytes, &[0; 20][..]].concat();
        assert_eq!(Header::decode(&followed), Err(error), "{bytes:02x?} and more");
        assert_eq!(error.close_code(), Some(CloseCode::PROTOCOL_ERROR));
    }
}

#[test]
fn headers_that_cannot_be_decoded_are_not_encoded() {
    let control = Header::new(OpCode::Ping, 0);
    let refused = [
        (Header { fin: false, ..control }, ProtocolError::FragmentedControlFrame),
        (Header { payload_len: 126, ..control }, ProtocolError::ControlFrameTooLong),
        (Header { payload_len: u64::MAX, ..control }, ProtocolError::ControlFrameTooLong),
        (Header::new(OpCode::Close, 1), ProtocolError::TruncatedCloseCode),
        (Header::new(OpCode::Text, 1 << 63), ProtocolError::LengthOutOfRange),
        (Header::new(OpCode::Continuation, u64::MAX), ProtocolError::LengthOutOfRange),
    ];
    for (header, error) in refused {
        let mut buf = [0xee; MAX_HEADER_LEN];
        assert_eq!(header.encode(&mut buf), Err(error), "{header:?}");
        assert_eq!(buf, [0xee; MAX_HEADER_LEN], "written all the same");
    }
}

#[test]
fn the_length_is_that_of_the_payload_in_every_form() {
    // Written by hand, so that an error shared by encoder and decoder is found.
    for (form, len, size) in
        [(Form::Short, 125, 2), (Form::Of16, 0x1234, 4), (Form::Of64, 0x12_3456_789a, 10)]
    {
        let bytes = header_in(form, 0x02, None, len);
        let (header, used) = Header::decode(&bytes).unwrap().unwrap();
        assert_eq!((header.payload_len, header.fin, used), (len, false, size));
    }
    assert_eq!(header(0x82, Some(KEY), 70_000).len(), MAX_HEADER_LEN);
}

#[test]
fn masking_matches_the_example_of_the_rfc() {
    // R6455-5.3-e, R6455-5.7-a
    let sequence: Vec<u8> = (0..16).collect();
    let cases = [
        (b"Hello".to_vec(), KEY, "7f9f4d5158"),
        (b"Hello".to_vec(), [0; 4], "48656c6c6f"),
        (b"Hello".to_vec(), [0xff; 4], "b79a939390"),
        (sequence, KEY, "37fb233e33ff273a3ff32b363bf72f32"),
    ];
    for (payload, key, expected) in cases {
        let mut bytes = payload.clone();
        mask(&mut bytes, key, 0);
        assert_eq!(bytes, hex(expected));
        mask(&mut bytes, key, 0);
        assert_eq!(bytes, payload, "R6455-5.3-f: masking is its own inverse");
    }
}

/// The expected result of `mask`, computed byte by byte.
fn mask_oracle(payload: &[u8], key: [u8; 4], offset: u64) -> Vec<u8> {
    let phase = usize::try_from(offset % 4).unwrap();
    let key = [key[phase], key[(phase + 1) % 4], key[(phase + 2) % 4], key[(phase + 3) % 4]];
    masked(payload, Some(key))
}

/// Masks `len` bytes that begin `shift` bytes after a multiple of 64, and checks the bytes around them, too.
#[track_caller]
fn check_mask(bytes: &[u8], shift: usize, len: usize, offset: u64) {
    let mut buf = bytes[..len + 192].to_vec();
    let before = buf.clone();
    let start = buf.as_ptr().align_offset(64) + shift;
    mask(&mut buf[start..start + len], KEY, offset);
    assert_eq!(buf[..start], before[..start], "wrote in front");
    assert_eq!(
        buf[start..start + len],
        mask_oracle(&before[start..start + len], KEY, offset),
        "length {len}, offset {offset}, {shift} bytes behind a multiple of 64"
    );
    assert_eq!(buf[start + len..], before[start + len..], "wrote behind");
}

#[test]
fn masking_agrees_with_the_byte_loop_at_every_length_offset_and_alignment() {
    let bytes = noise(10_000);
    for len in 0..=257 {
        for offset in 0..=8 {
            check_mask(&bytes, (len * 7 + 3) % 64, len, offset);
        }
    }
    for shift in 0..64 {
        for len in [0, 1, 3, 7, 8, 9, 63, 64, 65, 127, 130] {
            for offset in 0..=8 {
                check_mask(&bytes, shift, len, offset);
            }
        }
    }
}

#[test]
fn masking_long_payloads_agrees_with_the_byte_loop() {
    let bytes = noise(40_000);
    for shift in 0..64 {
        for len in [62, 63, 64, 65, 127, 511, 512, 513, 575, 576, 2049, 4099] {
            check_mask(&bytes, shift, len, shift as u64);
        }
    }
    for len in [16_383, 16_384, 16_385, 32_771] {
        for offset in 0..=8 {
            check_mask(&bytes, 13, len, offset);
        }
    }
}

#[test]
fn a_payload_may_be_masked_in_pieces() {
    // R6455-5.3-e
    let payload = noise(5000);
    let expected = masked(&payload, Some(KEY));
    for cut in (0..300).chain(2000..2100).chain([4999, 5000]) {
        let mut bytes = payload.clone();
        let (head, tail) = bytes.split_at_mut(cut);
        mask(head, KEY, 0);
        mask(tail, KEY, cut as u64);
        assert_eq!(bytes, expected, "cut at {cut}");
    }
    // The offset may be far beyond what fits into memory.
    for offset in [u64::from(u32::MAX) - 1, (1 << 63) - 3, u64::MAX - 1, u64::MAX] {
        let mut bytes = payload.clone();
        mask(&mut bytes, KEY, offset);
        assert_eq!(bytes, mask_oracle(&payload, KEY, offset), "offset {offset}");
    }
}

#[test]
fn a_bit_with_itself_is_itself() {
    use sansocket::frame::Rsv;
    for bit in [Rsv::NONE, Rsv::RSV1, Rsv::RSV2, Rsv::RSV3] {
        assert_eq!(bit.with(bit), bit);
        assert!(bit.with(Rsv::RSV1).contains(bit));
    }
}
