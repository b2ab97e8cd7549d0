//! The same handshake as bytes of HTTP/1.1, as header lists of an extended CONNECT, and as `http` types for
//! both: the negotiation must be the same.
//!
//! Input: 1 byte of flags (1: the server selects a subprotocol, 2: it compresses, 4: so does the client, 8:
//! the client requires a subprotocol, 16: the response is from the input, not from our server, 32: the target
//! is absolute), a byte for the authority and one for the target; then header fields of the request, each a
//! byte for the name, a length and the value; an empty name; and those of the response.
#![no_main]

use http::{HeaderName, HeaderValue, Method, Uri, Version};
use libfuzzer_sys::fuzz_target;
use sansocket::{
    Connection, Input, client, deflate, extended_connect,
    handshake::{HandshakeError, HandshakeLimits},
    server::{self, Accept},
};
use sansocket_fuzz::ByteSource;

type Fields = Vec<(&'static str, Vec<u8>)>;
type Pairs = Vec<(String, Vec<u8>)>;

/// Names with the same meaning in every version of HTTP. (Only HTTP/2 joins a cookie that arrives in several
/// fields.)
const NAMES: [&str; 6] =
    ["sec-websocket-protocol", "sec-websocket-extensions", "origin", "sec-websocket-version", "x-a", "x-b"];

const AUTHORITIES: [&str; 4] = ["h", "example.com:81", "[::1]", "[2001:db8::1]:8080"];

const TARGETS: [&str; 4] = ["/", "/a/b?c=d", "/%20?", "//x?a/b?c"];

const SEED: [u8; 32] = [7; 32];

struct Opening {
    flags: u8,
    authority: &'static str,
    target: &'static str,
    request: Fields,
    answer: Fields,
}

impl Opening {
    fn read(choices: &mut ByteSource<'_>) -> Self {
        Self {
            flags: choices.byte(),
            authority: AUTHORITIES[usize::from(choices.byte()) % AUTHORITIES.len()],
            target: TARGETS[usize::from(choices.byte()) % TARGETS.len()],
            request: fields(choices),
            answer: fields(choices),
        }
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Values without the bytes that no encoding allows: control characters, and white space around the value.
fn fields(choices: &mut ByteSource<'_>) -> Fields {
    let mut fields = Vec::new();
    while !choices.is_empty() && fields.len() < 20 {
        let Some(name) = NAMES.get(usize::from(choices.byte()) % (NAMES.len() + 1)) else { break };
        let len = usize::from(choices.byte());
        let value =
            choices.bytes(len).iter().copied().filter(|byte| *byte == b'\t' || !byte.is_ascii_control());
        fields.push((*name, value.collect::<Vec<_>>().trim_ascii().to_vec()));
    }
    fields
}

fuzz_target!(|data: &[u8]| {
    let opening = Opening::read(&mut ByteSource(data));
    servers(&opening);
    clients(&opening);
});

/// Reads a request in each encoding, and answers it in the same way.
fn servers(opening: &Opening) {
    let mut fields = opening.request.clone();
    fields.push(("sec-websocket-version", b"13".to_vec()));
    // The authority of an absolute target counts, and not that of the Host field (RFC 9112, 3.2.2).
    let (target, host) = match opening.has(32) {
        true => (format!("http://{}{}", opening.authority, opening.target), "other.example"),
        false => (opening.target.to_owned(), opening.authority),
    };
    let mut bytes = format!("GET {target} HTTP/1.1\r\nhost: {host}\r\n").into_bytes();
    let upgrade = [
        ("upgrade", b"websocket".to_vec()),
        ("connection", b"upgrade".to_vec()),
        ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ==".to_vec()),
    ];
    push_lines(&mut bytes, upgrade.iter().chain(&fields));
    let mut handshake = server::Handshake::new(HandshakeLimits::new());
    let from_bytes = handshake
        .receive(&mut Input::new(&mut bytes), &mut Vec::new())
        .map(|request| request.expect("a whole head"));

    let mut http = http::Request::new(());
    *http.uri_mut() = target.parse().expect("a target");
    http.headers_mut().insert("host", HeaderValue::from_static(host));
    append(http.headers_mut(), upgrade.iter().chain(&fields));
    let from_types = server::Request::from_http(&http).map_err(|refusal| refusal.error());

    let mut list: Vec<(&str, &[u8])> = vec![
        (":method", b"CONNECT"),
        (":protocol", b"websocket"),
        (":scheme", b"https"),
        (":authority", opening.authority.as_bytes()),
        (":path", opening.target.as_bytes()),
    ];
    list.extend(fields.iter().map(|(name, value)| (*name, &value[..])));
    let from_list = extended_connect::Request::from_headers(list).map_err(|refusal| refusal.error());

    let mut http = http::Request::new(());
    (*http.method_mut(), *http.version_mut()) = (Method::CONNECT, Version::HTTP_2);
    let uri = Uri::builder().scheme("https").authority(opening.authority).path_and_query(opening.target);
    *http.uri_mut() = uri.build().expect("a URI");
    append(http.headers_mut(), fields.iter());
    let from_connect = extended_connect::Request::from_http_connect(&http, Some("websocket"))
        .map_err(|refusal| refusal.error());

    let seen = outcome(&from_bytes);
    assert_eq!(outcome(&from_types), seen, "from types");
    assert_eq!(outcome(&from_list), seen, "from a list");
    assert_eq!(outcome(&from_connect), seen, "from types of a CONNECT");
    let (Ok(from_bytes), Ok(from_types), Ok(from_list), Ok(from_connect)) =
        (from_bytes, from_types, from_list, from_connect)
    else {
        return;
    };

    let subprotocol = from_bytes.subprotocols().last().map(str::to_owned);
    let accept = || {
        let mut accept = Accept::new().header("x-answer", "1");
        if opening.has(1) {
            accept = accept.subprotocol(subprotocol.as_deref().unwrap_or("chat"));
        }
        if opening.has(2) {
            accept = accept.deflate(deflate::Config::new());
        }
        accept
    };
    let mut out = Vec::new();
    let by_bytes = from_bytes.accept(accept(), &mut out).map(|connection| (lines(&out), connection));
    let by_types = from_types.accept_http(accept());
    let by_list = from_list.accept(accept());
    let by_connect = from_connect.accept_http(accept());
    let answered = answer(by_bytes.map_err(|error| error.kind()));
    let by_types = by_types.map(|(response, connection)| (pairs(response.headers()), connection));
    assert_eq!(answer(by_types.map_err(|error| error.kind())), answered, "accepted as types");
    let by_list = by_list.map(|(list, connection)| {
        (list.into_iter().map(|(name, value)| (name, value.into_bytes())).collect(), connection)
    });
    assert_eq!(answer(by_list.map_err(|error| error.kind())), answered, "accepted as a list");
    let by_connect = by_connect.map(|(response, connection)| (pairs(response.headers()), connection));
    assert_eq!(answer(by_connect.map_err(|error| error.kind())), answered, "accepted as types of a CONNECT");
}

/// Writes a request of ours in each encoding, and reads a response in each.
fn clients(opening: &Opening) {
    let Some(request) = client_request(opening) else { return };
    let mut out = Vec::new();
    let by_bytes = client::Handshake::new(&request, SEED, &mut out);
    let by_types = client::Handshake::new_http(&request, SEED);
    let by_list = extended_connect::Handshake::new(&request, SEED);
    let by_connect = extended_connect::Handshake::new_http(&request, SEED);
    let (mut by_bytes, (by_types, http), (mut by_list, list), (by_connect, connect)) =
        match (by_bytes, by_types, by_list, by_connect) {
            (Ok(bytes), Ok(types), Ok(list), Ok(connect)) => (bytes, types, list, connect),
            (bytes, types, list, connect) => {
                let error = bytes.map(drop);
                assert!(error.is_err());
                assert_eq!((types.map(drop), list.map(drop), connect.map(drop)), (error, error, error));
                return;
            }
        };
    let asked = negotiable(lines(&out));
    assert_eq!(negotiable(pairs(http.headers())), asked, "asked as types");
    let list = list.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
    assert_eq!(negotiable(list), asked, "asked as a list");
    assert_eq!(negotiable(pairs(connect.headers())), asked, "asked as types of a CONNECT");

    // The response of our own server, with its selections; or the response in the input.
    let mut handshake = server::Handshake::new(HandshakeLimits::new());
    let request = handshake.receive(&mut Input::new(&mut out), &mut Vec::new()).unwrap().unwrap();
    let first = request.subprotocols().next().map(str::to_owned);
    let mut accept = Accept::new();
    if let Some(first) = first.as_deref().filter(|_| opening.has(1)) {
        accept = accept.subprotocol(first);
    }
    if opening.has(2) {
        accept = accept.deflate(deflate::Config::new());
    }
    let mut answer = Vec::new();
    request.accept(accept, &mut answer).unwrap();
    let key = lines(&answer).into_iter().find(|(name, _)| name == "sec-websocket-accept").unwrap().1;
    let fields: Pairs = if opening.has(16) {
        opening.answer.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    } else {
        negotiable(lines(&answer))
    };
    let upgrade = [
        ("upgrade".to_owned(), b"websocket".to_vec()),
        ("connection".to_owned(), b"upgrade".to_vec()),
        ("sec-websocket-accept".to_owned(), key),
    ];

    let mut bytes = b"HTTP/1.1 101 Switching Protocols\r\n".to_vec();
    push_lines(&mut bytes, upgrade.iter().chain(&fields));
    let opened = by_bytes.receive(&mut Input::new(&mut bytes)).map(|opened| opened.expect("a whole head"));
    let opened = connected(opened);

    let mut response = http::Response::new(());
    *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
    append(response.headers_mut(), upgrade.iter().chain(&fields));
    assert_eq!(connected(by_types.receive_http(&response)), opened, "answered as types");

    let mut list: Vec<(&str, &[u8])> = vec![(":status", b"200")];
    list.extend(fields.iter().map(|(name, value)| (&**name, &value[..])));
    let by_list = by_list.receive(list).map(|opened| opened.expect("no interim response"));
    assert_eq!(connected(by_list), opened, "answered as a list");

    let mut response = http::Response::new(());
    append(response.headers_mut(), fields.iter());
    assert_eq!(connected(by_connect.receive_http(&response)), opened, "answered as types of a CONNECT");
}

fn client_request(opening: &Opening) -> Option<client::Request> {
    let mut request =
        client::Request::new(&format!("wss://{}{}", opening.authority, opening.target)).unwrap();
    for (name, value) in &opening.request {
        let value = std::str::from_utf8(value).ok()?;
        request = match *name {
            "sec-websocket-protocol" => request.subprotocol(value),
            "sec-websocket-extensions" => request.extension(value),
            "origin" => request.origin(value),
            name => request.header(name, value),
        };
    }
    if opening.has(4) {
        request = request.deflate(deflate::Config::new());
    }
    Some(if opening.has(8) { request.require_subprotocol() } else { request })
}

/// Everything visible of a request, except for differences between versions of HTTP: some fields, and the
/// form of the target.
fn outcome<T>(request: &Result<server::Request<T>, HandshakeError>) -> Result<String, HandshakeError> {
    let request = request.as_ref().map_err(|error| *error)?;
    let headers = request.headers().map(|(name, value)| (name.to_owned(), value.to_vec()));
    Ok(format!(
        "{} {} {:?} {:?} {:?} {:?} {:?}",
        request.path(),
        request.authority(),
        request.query(),
        request.origin(),
        request.subprotocols().collect::<Vec<_>>(),
        request.extensions().collect::<Vec<_>>(),
        negotiable(headers.collect()),
    ))
}

/// The response, and the parameters of the connection.
fn answer<E>(result: Result<(Pairs, Connection), E>) -> Result<String, E> {
    let (headers, connection) = result?;
    Ok(format!("{:?} {:?}", negotiable(headers), connection.deflate()))
}

fn connected(result: Result<(Connection, client::Response), client::Error>) -> Result<String, client::Error> {
    let (connection, response) = result?;
    let extensions: Vec<_> = response.extensions().collect();
    Ok(format!("{:?} {extensions:?} {:?}", response.subprotocol(), connection.deflate()))
}

/// The fields that are not specific to a version of HTTP, sorted by name; those with the same name in their
/// order.
fn negotiable(mut fields: Pairs) -> Pairs {
    fields.retain(|(name, _)| NAMES.contains(&&**name) || name == "x-answer");
    fields.sort_by(|(one, _), (other, _)| one.cmp(other));
    fields
}

fn push_lines<'a, N: AsRef<str> + 'a>(bytes: &mut Vec<u8>, fields: impl Iterator<Item = &'a (N, Vec<u8>)>) {
    for (name, value) in fields {
        bytes.extend([name.as_ref().as_bytes(), b": ", value, b"\r\n"].concat());
    }
    bytes.extend(b"\r\n");
}

fn append<'a, N: AsRef<str> + 'a>(map: &mut http::HeaderMap, fields: impl Iterator<Item = &'a (N, Vec<u8>)>) {
    for (name, value) in fields {
        let name: HeaderName = name.as_ref().parse().expect("a name");
        map.append(name, HeaderValue::from_bytes(value).expect("a value"));
    }
}

fn pairs(map: &http::HeaderMap) -> Pairs {
    map.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}

/// The header fields of our head, with names as in the other encodings.
fn lines(head: &[u8]) -> Pairs {
    let head = std::str::from_utf8(head).expect("what we write is ASCII");
    let fields = head.split("\r\n").filter_map(|line| line.split_once(": "));
    fields.map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes().to_vec())).collect()
}
