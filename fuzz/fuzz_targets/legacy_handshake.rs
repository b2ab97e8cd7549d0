//! The handshakes of all versions: any request and any response, with any split points.
//!
//! Input: 1 byte of flags (1: client, 2: raw bytes), 1 byte for the versions (of a server its low bits, of a
//! client its number), cuts; then header lines after a valid start, or with flag 2 the stream as it is. The 8
//! bytes and the digest come by themselves, after the header lines.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sansocket::{
    Input, client,
    handshake::{HandshakeError, HandshakeLimits},
    legacy::{Version, Versions, client as legacy_client, server as legacy_server},
    server::Accept,
};
use sansocket_fuzz::{ByteSource, placed};

const VERSIONS: [Version; 5] =
    [Version::Hixie75, Version::Hixie76, Version::Hybi7, Version::Hybi8, Version::Rfc6455];

fuzz_target!(|data: &[u8]| {
    let mut choices = ByteSource(data);
    let (flags, version) = (choices.byte(), choices.byte());
    let cuts = choices.cuts();
    if flags & 1 == 0 {
        let versions = enabled(version);
        let stream = if flags & 2 == 0 {
            let valid: &[u8] =
                b"GET /a?b HTTP/1.1\r\nHost: h\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n";
            [valid, choices.0, b"\r\n\r\n01234567"].concat()
        } else {
            choices.0.to_vec()
        };
        let whole = serve(versions, &stream, &[]);
        assert_eq!(serve(versions, &stream, &cuts), whole, "cut at {cuts:?}");
        let everywhere: Vec<usize> = (1..stream.len()).collect();
        assert_eq!(serve(versions, &stream, &everywhere), whole, "byte by byte");
        if let Some(Ok(version)) = whole.0 {
            assert!(
                version == Version::Rfc6455 || VERSIONS.contains(&version) && flags_of(versions, version)
            );
        }
    } else {
        let version = VERSIONS[usize::from(version) % VERSIONS.len()];
        let mut stream = if flags & 2 == 0 { response(version, choices.0) } else { choices.0.to_vec() };
        stream.extend(b"\x00text\xff");
        let whole = connect(version, &stream, &[]);
        assert_eq!(connect(version, &stream, &cuts), whole, "cut at {cuts:?}");
        let everywhere: Vec<usize> = (1..stream.len()).collect();
        assert_eq!(connect(version, &stream, &everywhere), whole, "byte by byte");
    }
});

fn enabled(bits: u8) -> Versions {
    let mut versions = Versions::new();
    if bits & 1 != 0 {
        versions = versions.hixie75();
    }
    if bits & 2 != 0 {
        versions = versions.hixie76();
    }
    if bits & 4 != 0 {
        versions = versions.hybi7();
    }
    if bits & 8 != 0 {
        versions = versions.hybi8();
    }
    versions
}

/// Returns `true` if this version is enabled.
fn flags_of(versions: Versions, version: Version) -> bool {
    let also = match version {
        Version::Hixie75 => versions.hixie75(),
        Version::Hixie76 => versions.hixie76(),
        Version::Hybi7 => versions.hybi7(),
        _ => versions.hybi8(),
    };
    also == versions
}

/// The version or the error, the output, and the number of bytes left.
type Served = (Option<Result<Version, HandshakeError>>, Vec<u8>, usize);

fn serve(versions: Versions, stream: &[u8], cuts: &[usize]) -> Served {
    let limits = HandshakeLimits::new().max_head_len(2000).max_line_len(500).max_headers(20);
    let mut handshake = legacy_server::Handshake::new(limits, versions);
    let (mut out, mut outcome, mut from, mut left) = (Vec::new(), None, 0, 0);
    for cut in placed(cuts, stream.len()) {
        let mut bytes = stream[from..cut].to_vec();
        from = cut;
        let mut input = Input::new(&mut bytes);
        let sent = out.len();
        match (handshake.receive(&mut input, &mut out), outcome) {
            (Ok(None), None) => assert!(input.is_empty() && out.is_empty()),
            (Ok(Some(request)), None) => {
                left = input.len() + stream.len() - cut;
                outcome = Some(Ok(request.version()));
                accept(request, &mut out);
            }
            (Err(error), None) => {
                assert!(input.is_empty() && out.starts_with(b"HTTP/1.1 4") || error.status() != Some(400));
                outcome = Some(Err(error));
            }
            (Err(error), Some(Err(before))) => assert_eq!((error, out.len()), (before, sent)),
            (Err(HandshakeError::AlreadyComplete), Some(Ok(_))) => {}
            (result, before) => panic!("{result:?} after {before:?}"),
        }
    }
    (outcome, out, left)
}

/// Accepts with the first subprotocol. The response is one head without control characters, and the digest of
/// hixie-76.
fn accept(request: legacy_server::Request, out: &mut Vec<u8>) {
    let version = request.version();
    let mut answer = Accept::new().header("X-Id", "7");
    let subprotocol = request.subprotocols().next().map(str::to_owned);
    if let Some(subprotocol) = &subprotocol {
        answer = answer.subprotocol(subprotocol);
    }
    let lines = match version {
        Version::Hixie75 | Version::Hixie76 => {
            assert!(request.origin().is_some());
            6
        }
        _ => 5,
    } + usize::from(subprotocol.is_some());
    let connection = request.accept(answer, out).expect("an offered subprotocol");
    assert_eq!(connection.version(), version);
    let digest_len = if version == Version::Hixie76 { 16 } else { 0 };
    let head = &out[..out.len() - digest_len];
    let text = std::str::from_utf8(head).expect("a response in ASCII").strip_suffix("\r\n\r\n");
    assert_eq!(text.expect("an end").split("\r\n").count(), lines);
    assert!(head.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n')));
}

fn request() -> client::Request {
    client::Request::new("ws://h/a?b").expect("a URI").origin("http://o").subprotocol("chat")
}

/// The response of our own server, with other header lines after its own.
fn response(version: Version, lines: &[u8]) -> Vec<u8> {
    let (mut sent, mut out) = (Vec::new(), Vec::new());
    legacy_client::Handshake::new(&request(), version, [1; 32], &mut sent).expect("a request");
    let mut handshake = legacy_server::Handshake::new(HandshakeLimits::new(), enabled(15));
    let request = handshake.receive(&mut Input::new(&mut sent), &mut out);
    let request = request.expect("our request is valid").expect("and complete");
    request.accept(Accept::new().subprotocol("chat"), &mut out).expect("an offered subprotocol");
    let head = out.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("an end") + 2;
    let (before, after) = out.split_at(head);
    [before, lines, after].concat()
}

/// The status or the error, and the number of bytes left.
fn connect(version: Version, stream: &[u8], cuts: &[usize]) -> (Option<Result<u16, client::Error>>, usize) {
    let limits = HandshakeLimits::new().max_head_len(2000).max_body_len(100);
    let request = request().limits(limits);
    let mut handshake =
        legacy_client::Handshake::new(&request, version, [1; 32], &mut Vec::new()).expect("a request");
    let (mut outcome, mut from, mut left) = (None, 0, 0);
    for cut in placed(cuts, stream.len()) {
        let mut bytes = stream[from..cut].to_vec();
        from = cut;
        let mut input = Input::new(&mut bytes);
        match (handshake.receive(&mut input), &outcome) {
            (Ok(None), None) => assert!(input.is_empty()),
            (Ok(Some((connection, response))), None) => {
                assert_eq!(connection.version(), version);
                left = input.len() + stream.len() - cut;
                outcome = Some(Ok(response.status()));
            }
            (Err(error), None) => {
                assert!(input.is_empty());
                outcome = Some(Err(error));
            }
            (Err(error), Some(Err(before))) => assert_eq!(error, *before),
            (Err(error), Some(Ok(_))) => assert_eq!(error, HandshakeError::AlreadyComplete.into()),
            (result, before) => panic!("{result:?} after {before:?}"),
        }
    }
    (outcome, left)
}
