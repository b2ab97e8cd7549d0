//! A server that does what the path of a request says, step by step:
//!
//! | step | what the server does |
//! |---|---|
//! | `protocol=NAME` | selects this subprotocol in the response |
//! | `101`, `101=wrong` | accepts, or with a wrong answer to the key |
//! | `status=CODE` | rejects |
//! | `send=HEX` | sends these bytes |
//! | `read` | reads a frame |
//! | `answer` | sends the frame that was read last, without its mask |
//! | `hold` | reads until the client is gone |
//! | `eof` | ends the stream, as it does after the last step |

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use sansocket::{Input, frame, handshake::HandshakeLimits, server};

/// Starts the server. It serves each client on a thread.
pub(crate) fn start() -> SocketAddr {
    listen(|stream| {
        let mut stream = stream;
        let _ = serve(&mut stream);
        let _ = stream.shutdown(Shutdown::Write);
        let _ = io::copy(&mut stream, &mut io::sink());
    })
}

/// Accepts clients.
pub(crate) fn listen(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            stream.set_nodelay(true).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    address
}

/// Does what the path says.
pub(crate) fn serve(stream: &mut (impl Read + Write)) -> io::Result<()> {
    let head = read_head(stream)?;
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut protocol, mut frame) = (String::new(), (0, Vec::new()));
    for step in path.split('/') {
        match step.split_once('=').unwrap_or((step, "")) {
            ("protocol", name) => protocol = format!("Sec-WebSocket-Protocol: {name}\r\n"),
            ("101", how) => {
                let accept = if how == "wrong" { "AAAA".to_owned() } else { accept(&head) };
                write!(
                    stream,
                    "HTTP/1.1 101 Ok\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{protocol}\r\n"
                )?;
            }
            ("status", code) => write!(stream, "HTTP/1.1 {code} No\r\nContent-Length: 0\r\n\r\n")?,
            ("send", digits) => stream.write_all(&hex(digits))?,
            ("read", _) => frame = read_frame(stream)?,
            ("answer", _) => {
                let (opcode, payload) = &frame;
                let header = [*opcode, u8::try_from(payload.len()).unwrap()];
                stream.write_all(&[&header, &payload[..]].concat())?;
            }
            ("hold", _) => _ = io::copy(stream, &mut io::sink())?,
            ("eof", _) => return Ok(()),
            _ => {}
        }
        stream.flush()?;
    }
    Ok(())
}

fn read_head(stream: &mut impl Read) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8(head).unwrap())
}

fn accept(head: &str) -> String {
    let mut out = Vec::new();
    let mut handshake = server::Handshake::new(HandshakeLimits::new());
    let request =
        handshake.receive(&mut Input::new(&mut head.as_bytes().to_vec()), &mut out).unwrap().unwrap();
    request.accept(server::Accept::new(), &mut out).unwrap();
    let response = String::from_utf8(out).unwrap();
    let line = response.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Accept: "));
    line.unwrap().to_owned()
}

/// The first byte and the payload of the next frame.
fn read_frame(stream: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        bytes.push(byte[0]);
        if let Some((header, _)) = frame::Header::decode(&bytes).unwrap() {
            let mut payload = vec![0; usize::try_from(header.payload_len).unwrap()];
            stream.read_exact(&mut payload)?;
            frame::mask(&mut payload, header.mask.unwrap(), 0);
            return Ok((bytes[0], payload));
        }
    }
}

fn hex(digits: &str) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap();
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::try_from(digit(&pair[0]) << 4 | digit(&pair[1])).unwrap())
        .collect()
}
