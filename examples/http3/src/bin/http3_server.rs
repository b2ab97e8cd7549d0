//! An echo server for WebSockets over HTTP/3.
//!
//! ```text
//! openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
//!     -out certificate.pem -keyout key.pem
//! cargo run --bin http3_server -- 127.0.0.1:4433 certificate.pem key.pem [WINDOW]
//! ```
//!
//! `WINDOW` is the number of bytes that a client may have in flight on a stream. The echo is served at `/ws`.

use std::{env, io, net::UdpSocket, path::Path, time::Duration};

use quiche::h3::{self, NameValue as _};
use sansocket::{
    Connection, Event, SendError, deflate,
    extended_connect::{self, HeaderList},
    keepalive::Timeouts,
    server::Accept,
    session::Session,
};
use sansocket_http3::{Application, DEFAULT_WINDOW, Link, MAX_DATAGRAM, Result, Server, as_h3, now};

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [address, certificate, key, window @ ..] = &args[..] else {
        return Err("usage: http3_server ADDRESS CERTIFICATE.PEM KEY.PEM [WINDOW]".into());
    };
    let window = window.first().map_or(Ok(DEFAULT_WINDOW), |window| window.parse())?;
    let timeouts = Timeouts::new();
    let mut server = Server::new(Path::new(certificate), Path::new(key), window, timeouts, Echo)?;
    let socket = UdpSocket::bind(address)?;
    let local = socket.local_addr()?;
    println!("listening on https://{local}/ws");
    let (mut datagram, mut answer) = (vec![0; 64 << 10], [0; MAX_DATAGRAM]);
    loop {
        while let Some((len, to)) = server.send(&mut answer) {
            // What cannot be sent is lost, as it may be anywhere on its way, and QUIC sends it again.
            let _ = socket.send_to(&answer[..len], to);
        }
        let wait = server.deadline().map(|due| due.saturating_sub(now()).max(Duration::from_millis(1)));
        socket.set_read_timeout(wait)?;
        match socket.recv_from(&mut datagram) {
            Ok((len, from)) => {
                if let Err(error) = server.receive(&mut datagram[..len], from, local) {
                    eprintln!("{from}: {error}");
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(error) => eprintln!("{error}"),
        }
        if server.deadline().is_some_and(|due| due <= now()) {
            server.on_time();
        }
    }
}

/// Sends every message back.
struct Echo;

impl Application for Echo {
    fn on_headers(&mut self, link: &mut Link, id: u64, headers: &[h3::Header]) {
        let list = headers.iter().map(|header| (header.name(), header.value()));
        match decide(list) {
            Ok((response, connection)) => link.accept(id, as_h3(&response), connection),
            Err(response) => link.refuse(id, &as_h3(&response)),
        }
    }

    fn on_event(&mut self, id: u64, session: &mut Session, event: Event<'_>) {
        if let Err(error) = echo(session, &event) {
            eprintln!("stream {id}: {error}");
        }
    }

    fn on_end(&mut self, id: u64, session: Option<&Session>) {
        let Some(ending) = session.and_then(Session::ending) else { return };
        println!("stream {id}: closed with {} {:?}, clean: {}", ending.code, ending.reason, ending.clean);
        if !ending.clean {
            eprintln!("stream {id}: {}", ending.cause);
        }
    }
}

/// Sends a message back. After a Close nothing is sent.
fn echo(session: &mut Session, event: &Event<'_>) -> std::result::Result<bool, SendError> {
    match event {
        Event::Text(text) => session.send_text(text),
        Event::Binary(data) => session.send_binary(data),
        _ => Ok(false), // the session replies to a Ping and a Close
    }
}

/// Decides on a request. Returns the headers of the response, which come with a connection or refuse it.
fn decide<'a>(
    headers: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> std::result::Result<(HeaderList, Connection), HeaderList> {
    let request =
        extended_connect::Request::from_headers(headers).map_err(extended_connect::Refusal::into_headers)?;
    // Browsers let any page connect to any server, so only the server's own origin is accepted.
    let own = format!("https://{}", request.authority());
    let status = match (request.path(), request.origin()) {
        (path, _) if path != "/ws" => 404,
        (_, Some(origin)) if origin != own => 403,
        _ => 200,
    };
    if status != 200 {
        return Err(request.reject(status, &[]).unwrap_or_default());
    }
    let favorite = request.subprotocols().next();
    let accept = Accept::new().deflate(deflate::Config::new()).maybe_subprotocol(favorite);
    request.accept(accept).map_err(|_| vec![(":status".into(), "500".into())])
}
