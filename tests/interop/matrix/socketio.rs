//! Socket.IO over Engine.IO for the matrix, in both roles: `interop_socketio client URI MODE` runs its series against a server of
//! the library, and `interop_socketio server` is one for the client of the library, and prints its port.
//!
//! A packet is a text that begins with its kind in Engine.IO: 0 open, 2 ping, 3 pong, 4 message, 5 upgrade. A message goes on
//! with its kind in Socket.IO: 0 connect, 1 disconnect, 2 event, 3 acknowledgement, and 5 and 6 for those with attachments,
//! which follow as binary messages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a case that panics has failed")]

use std::{
    env,
    io::{ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    panic, thread,
    time::Duration,
};

use sansocket::{
    CloseCode, Connection, Event, Input, State, client, deflate,
    handshake::HandshakeLimits,
    server::{Accept, Handshake},
};

#[path = "cases.rs"]
mod cases;
#[path = "../../common/peers.rs"]
mod peers;

use cases::{check, noise, offer};
use peers::Client;

const PING_INTERVAL: Duration = Duration::from_millis(300);

const PLACEHOLDER: &str = r#"{"_placeholder":true,"num":0}"#;

fn main() {
    match &env::args().skip(1).collect::<Vec<_>>()[..] {
        [role] if role == "server" => serve(),
        [role, uri, mode] if role == "client" => run(uri, mode),
        _ => panic!("usage: interop_socketio server | client URI MODE"),
    }
}

type Case = fn(&mut Client);

const CASES: [(&str, Case); 6] = [
    ("text", |client| acknowledged(client, r#""Grüße""#)),
    ("repeated", |client| {
        let text = format!("{:?}", "the same again, ".repeat(1000));
        (0..3).for_each(|_| acknowledged(client, &text));
    }),
    ("event", |client| {
        say(client, r#"42["say","to all"]"#);
        assert_eq!(packet(client), Event::Text(r#"42["said","to all"]"#.into()));
    }),
    ("80KB", |client| {
        let data = noise(80_000);
        say(client, &format!(r#"451-7["echo",{PLACEHOLDER}]"#));
        client.send(|connection, out| connection.send_binary(&data, out).unwrap());
        assert_eq!(packet(client), Event::Text(format!("461-7[{PLACEHOLDER}]").into()));
        assert!(packet(client) == Event::Binary(data.into()), "the echo differs");
    }),
    ("ping", |client| {
        for _ in 0..3 {
            assert_eq!(client.next(), Event::Text("2".into()));
            say(client, "3");
        }
        acknowledged(client, r#""still here""#);
    }),
    ("close", |client| say(client, "41")),
];

fn run(uri: &str, mode: &str) {
    // A failure is printed as the line of its case.
    panic::set_hook(Box::new(|_| {}));
    let request = |query: &str| {
        let uri = format!("{uri}socket.io/?EIO=4&transport=websocket{query}");
        offer(client::Request::new(&uri).unwrap(), mode)
    };
    check("handshake", || {
        let (mut client, response) = Client::open(&request("")).unwrap();
        let agreed = response.header("sec-websocket-extensions").unwrap_or_default();
        println!("agreed {}", String::from_utf8_lossy(agreed));
        expect(&mut client, "0{");
        leave(&mut client);
    });
    check("upgrade", || {
        let request = request(&format!("&sid={}", poll(uri)));
        let (mut client, _) = Client::open(&request).unwrap();
        say(&mut client, "2probe");
        assert_eq!(client.next(), Event::Text("3probe".into()));
        say(&mut client, "5");
        join(&mut client);
        acknowledged(&mut client, r#""after the upgrade""#);
        leave(&mut client);
    });
    for (name, case) in CASES {
        check(name, || {
            let (mut client, _) = Client::open(&request("")).unwrap();
            expect(&mut client, "0{");
            join(&mut client);
            case(&mut client);
            leave(&mut client);
        });
    }
}

/// Opens a session by a request without a WebSocket, and gives its id.
fn poll(uri: &str) -> String {
    let address = uri.trim_start_matches("ws://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).unwrap();
    let head = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nConnection: close\r\n";
    write!(stream, "{head}Host: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, id) = answer.split_once(r#"0{"sid":""#).unwrap();
    id.split('"').next().unwrap().to_owned()
}

/// Joins the namespace of all clients.
fn join(client: &mut Client) {
    say(client, "40");
    expect(client, r#"40{"sid":""#);
}

fn leave(client: &mut Client) {
    client.send(|connection, out| connection.send_close(CloseCode::NORMAL, out).unwrap());
    while client.connection.state() != State::Draining {
        client.next();
    }
    client.end();
}

fn say(client: &mut Client, packet: &str) {
    client.send(|connection, out| connection.send_text(packet, out).unwrap());
}

/// The next packet that is no ping.
fn packet(client: &mut Client) -> Event<'static> {
    loop {
        match client.next() {
            Event::Text(text) if text == "2" => say(client, "3"),
            event => return event,
        }
    }
}

fn expect(client: &mut Client, beginning: &str) {
    match packet(client) {
        Event::Text(text) => assert!(text.starts_with(beginning), "{text}"),
        event => panic!("{event:?} instead of {beginning}"),
    }
}

/// An event whose acknowledgement has its argument.
fn acknowledged(client: &mut Client, json: &str) {
    say(client, &format!(r#"4212["echo",{json}]"#));
    assert_eq!(packet(client), Event::Text(format!("4312[{json}]").into()));
}

fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    for stream in listener.incoming() {
        thread::spawn(|| attend(stream.unwrap()));
    }
}

/// Serves a client that begins with a WebSocket, with a ping whenever it was silent for a while.
fn attend(mut stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    let (mut buf, mut out) = (vec![0; 64 << 10], Vec::new());
    let mut handshake = Handshake::new(HandshakeLimits::new());
    let (mut connection, mut filled) = loop {
        let count = stream.read(&mut buf).unwrap();
        assert_ne!(count, 0, "the client has left");
        let mut input = Input::new(&mut buf[..count]);
        if let Some(request) = handshake.receive(&mut input, &mut out).unwrap() {
            let accept = Accept::new().deflate(deflate::Config::new().min_len(0));
            let connection = request.accept(accept, &mut out).unwrap();
            let rest = input.len();
            buf.copy_within(count - rest..count, 0);
            break (connection, rest);
        }
    };
    let timing = format!(r#""pingInterval":{},"pingTimeout":5000"#, PING_INTERVAL.as_millis());
    let open = format!(r#"0{{"sid":"1","upgrades":[],{timing},"maxPayload":1000000}}"#);
    connection.send_text(&open, &mut out).unwrap();
    stream.set_read_timeout(Some(PING_INTERVAL)).unwrap();
    let mut attachment = None;
    loop {
        let mut input = Input::new(&mut buf[..filled]);
        while let Some(event) = connection.receive(&mut input, &mut out).unwrap() {
            let event = event.into_owned();
            answer(&mut connection, event, &mut attachment, &mut out);
        }
        stream.write_all(&out).unwrap();
        out.clear();
        if connection.state() == State::Draining {
            return;
        }
        filled = match stream.read(&mut buf) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                connection.send_text("2", &mut out).unwrap();
                0
            }
            Err(error) => panic!("{error}"),
        };
    }
}

/// Joins, acknowledges "echo" with its argument, and sends the given events.
fn answer(connection: &mut Connection, event: Event<'_>, attachment: &mut Option<String>, out: &mut Vec<u8>) {
    let mut send = |text: &str| connection.send_text(text, out).unwrap();
    match event {
        Event::Text(text) if text == "40" => send(r#"40{"sid":"2"}"#),
        Event::Text(text) if text == "3" || text == "41" => {}
        Event::Text(text) => {
            let (kind, event) = text.split_once(['[']).unwrap();
            let argument = event.trim_end_matches(']').split_once(',').unwrap().1;
            if let Some(id) = kind.strip_prefix("451-") {
                *attachment = Some(id.to_owned());
            } else if event.starts_with(r#""say""#) {
                send(&format!(r#"42["said",{argument}]"#));
            } else {
                send(&format!("43{}[{argument}]", kind.trim_start_matches("42")));
            }
        }
        Event::Binary(data) => {
            let id = attachment.take().unwrap();
            send(&format!("461-{id}[{PLACEHOLDER}]"));
            connection.send_binary(&data, out).unwrap();
        }
        _ => {}
    }
}
