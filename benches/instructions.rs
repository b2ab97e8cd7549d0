//! Instructions for a message, counted by valgrind and compared with a baseline: noise cannot disturb it.
//!
//! ```text
//! cargo bench --bench instructions               # fails where there are more than the baseline has
//! cargo bench --bench instructions -- --update   # writes benches/instructions.tsv
//! ```
//!
//! It runs itself under callgrind, with each workload twice: the difference is what half of it takes, without the start of the
//! program. The baseline is that of one compiler; with another one more is tolerated.
#![allow(missing_docs, reason = "a program")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark may panic")]

use std::{
    collections::BTreeMap,
    env,
    fmt::Write as _,
    fs,
    hint::black_box,
    path::Path,
    process::{Command, ExitCode},
    time::Duration,
};

use sansocket::{
    Config, Connection, Event, Input, client,
    frame::{self, Header, OpCode},
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    server,
    session::{Received, Session, Transport},
};

/// How many percent more than the baseline are tolerated, with the compiler of the baseline and with another one.
const TOLERANCE: [f64; 2] = [2.0, 30.0];

/// Does something this many times.
type Workload = fn(u32);

const WORKLOADS: [(&str, Workload); 20] = [
    ("server receives binary, 16 B", |n| receive(n, &server_frame(OpCode::Binary, true, 16), 64 << 10)),
    ("server receives binary, 1 KiB", |n| receive(n, &server_frame(OpCode::Binary, true, 1024), 64 << 10)),
    ("server receives binary, 125 B", |n| receive(n, &server_frame(OpCode::Binary, true, 125), 64 << 10)),
    ("session receives binary, 125 B", |n| receive_session(n, &server_frame(OpCode::Binary, true, 125))),
    ("session receives text, 125 B", |n| receive_session(n, &server_frame(OpCode::Text, true, 125))),
    ("session sends and writes binary, 125 B", |n| send_session(n, 125)),
    ("server receives text, 125 B", |n| receive(n, &server_frame(OpCode::Text, true, 125), 64 << 10)),
    ("server receives text, 16 KiB", |n| receive(n, &server_frame(OpCode::Text, true, 16 << 10), 64 << 10)),
    ("server receives binary, 1 KiB, reads of 1500 B", |n| {
        receive(n, &server_frame(OpCode::Binary, true, 1024), 1500);
    }),
    ("server receives text, 1 KiB, reads of 1500 B", |n| {
        receive(n, &server_frame(OpCode::Text, true, 1024), 1500);
    }),
    ("server receives text, 16 KiB, reads of 1500 B", |n| {
        receive(n, &server_frame(OpCode::Text, true, 16 << 10), 1500);
    }),
    ("server receives text in two fragments with a Ping, 250 B", |n| {
        let parts = [(OpCode::Text, false, 125), (OpCode::Ping, true, 4), (OpCode::Continuation, true, 125)];
        let frames: Vec<u8> =
            parts.into_iter().flat_map(|(op, fin, len)| server_frame(op, fin, len)).collect();
        receive(n, &frames, 64 << 10);
    }),
    ("server receives text in 32 fragments of 1 KiB", |n| {
        let parts = (0..32).map(|index| match index {
            0 => (OpCode::Text, false),
            31 => (OpCode::Continuation, true),
            _ => (OpCode::Continuation, false),
        });
        let frames: Vec<u8> = parts.flat_map(|(op, fin)| server_frame(op, fin, 1024)).collect();
        receive(n, &frames, 64 << 10);
    }),
    ("server sends binary, 125 B", |n| send(n, Connection::server(Config::new()), 125)),
    ("client sends binary, 125 B", |n| send(n, Connection::client(Config::new(), [7; 32]), 125)),
    ("client sends binary, 16 KiB", |n| send(n, Connection::client(Config::new(), [7; 32]), 16 << 10)),
    ("server accepts the request of a browser", |n| (0..n).for_each(|_| accept(|_| ()))),
    ("server accepts it and looks at four headers", |n| {
        (0..n).for_each(|_| {
            accept(|request| {
                let (cookie, other) = (request.header("cookie"), request.header("x-none"));
                black_box((request.origin(), request.authority(), cookie, other));
            });
        });
    }),
    ("client makes a request", |n| (0..n).for_each(|_| drop(black_box(request())))),
    ("client and server open a connection", |n| (0..n).for_each(|_| respond())),
];

fn server_frame(opcode: OpCode, fin: bool, len: usize) -> Vec<u8> {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let header = Header { fin, mask: Some(key), ..Header::new(opcode, len as u64) };
    let mut bytes = header.encode(&mut [0; frame::MAX_HEADER_LEN]).unwrap().to_vec();
    let start = bytes.len();
    bytes.extend(b"The quick brown fox. ".iter().cycle().take(len));
    frame::mask(bytes.get_mut(start..).unwrap(), key, 0);
    bytes
}

fn receive(count: u32, frames: &[u8], read: usize) {
    let wire = frames.repeat(count as usize);
    let mut connection = Connection::server(Config::new());
    let (mut buf, mut out) = (vec![0; read], Vec::new());
    for bytes in wire.chunks(read) {
        let buf = buf.get_mut(..bytes.len()).unwrap();
        buf.copy_from_slice(bytes);
        let mut input = Input::new(buf);
        while let Some(event) = connection.receive(&mut input, &mut out).unwrap() {
            black_box(&event);
            if matches!(event, Event::Ping(_)) {
                out.clear();
            }
        }
    }
}

fn receive_session(count: u32, frame: &[u8]) {
    let wire = frame.repeat(count as usize);
    let connection = Connection::server(Config::new());
    let mut session = Session::open(connection, Timeouts::new(), Duration::ZERO);
    let mut buf = vec![0; 64 << 10];
    for bytes in wire.chunks(64 << 10) {
        let buf = buf.get_mut(..bytes.len()).unwrap();
        buf.copy_from_slice(bytes);
        let mut input = Input::new(buf);
        // As every program has to find out which of them it is.
        while let Some(received) = session.receive(&mut input) {
            if let Received::Event(event) = received {
                black_box(&event);
            }
        }
    }
}

fn send_session(count: u32, len: usize) {
    let payload = vec![7; len];
    let mut session = Session::open(Connection::server(Config::new()), Timeouts::new(), Duration::ZERO);
    for _ in 0..count {
        session.send_binary(black_box(&payload)).unwrap();
        if let Transport::Write(bytes) = session.transport() {
            let count = black_box(bytes).len();
            session.written(count);
        }
    }
}

/// In a function of its own, so that neither the other workloads nor what is known of a new connection change what is
/// inlined here.
#[inline(never)]
fn send_one(connection: &mut Connection, payload: &[u8], out: &mut Vec<u8>) {
    connection.send_binary(payload, out).unwrap();
}

fn send(count: u32, mut connection: Connection, len: usize) {
    let payload = vec![7; len];
    let mut out = Vec::with_capacity(len + 16);
    for _ in 0..count {
        out.clear();
        send_one(black_box(&mut connection), black_box(&payload), &mut out);
        black_box(&out);
    }
}

const REQUEST: &[u8] = b"GET /chat?room=1 HTTP/1.1\r\nHost: server.example.com\r\nConnection: Upgrade\r\n\
Pragma: no-cache\r\nCache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like \
Gecko) Chrome/126.0.0.0 Safari/537.36\r\nUpgrade: websocket\r\nOrigin: https://server.example.com\r\n\
Sec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n\
Cookie: session=0123456789abcdef0123456789abcdef\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

fn accept(look: impl FnOnce(&server::Request)) {
    let mut bytes = REQUEST.to_vec();
    let mut out = Vec::with_capacity(512);
    let mut handshake = server::Handshake::new(HandshakeLimits::new());
    let request = handshake.receive(&mut Input::new(&mut bytes), &mut out).unwrap().unwrap();
    look(&request);
    black_box(request.accept(server::Accept::new(), &mut out).unwrap());
}

/// The request of a client, and its handshake.
fn request() -> (client::Handshake, Vec<u8>) {
    let request = client::Request::new("ws://server.example.com/chat?room=1").unwrap().subprotocol("chat");
    let mut out = Vec::with_capacity(512);
    (client::Handshake::new(&request, [7; 32], &mut out).unwrap(), out)
}

fn respond() {
    let (mut handshake, mut request) = request();
    let (mut response, accept) = (Vec::new(), server::Accept::new().subprotocol("chat"));
    let asked =
        server::Handshake::new(HandshakeLimits::new()).receive(&mut Input::new(&mut request), &mut response);
    asked.unwrap().unwrap().accept(accept, &mut response).unwrap();
    black_box(handshake.receive(&mut Input::new(&mut response)).unwrap().unwrap());
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--test"] => WORKLOADS.iter().for_each(|(_, workload)| workload(2)),
        ["--run", name, count] => {
            let (_, workload) = WORKLOADS.iter().find(|(known, _)| *known == name).unwrap();
            workload(count.parse().unwrap());
        }
        ["--update"] => return update(),
        [] => return compare(),
        _ => {
            eprintln!("known options are --update and --test");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// Instructions for one unit of each workload.
fn measure() -> Vec<(&'static str, f64)> {
    let count = |name: &str, units: u32| -> f64 {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(env::current_exe().unwrap())
            .args(["--run", name, &units.to_string()])
            .output()
            .unwrap_or_else(|error| panic!("valgrind: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        let collected = said.lines().find_map(|line| line.split_once("Collected :"));
        let collected = collected.and_then(|(_, count)| count.trim().parse().ok());
        collected.unwrap_or_else(|| panic!("{name}: {said}"))
    };
    let units = 300;
    WORKLOADS
        .iter()
        .map(|(name, _)| (*name, (count(name, 2 * units) - count(name, units)) / f64::from(units)))
        .collect()
}

fn baseline() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.tsv")
}

fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output();
    output.map_or_else(
        |error| error.to_string(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

fn update() -> ExitCode {
    let mut text = format!("# {}\n", compiler());
    for (name, count) in measure() {
        println!("{count:>10.0}  {name}");
        let _ = writeln!(text, "{name}\t{count:.0}");
    }
    fs::write(baseline(), text).unwrap();
    ExitCode::SUCCESS
}

fn compare() -> ExitCode {
    let text = fs::read_to_string(baseline()).unwrap();
    let (head, rows) = text.split_once('\n').unwrap();
    let same = head.trim_start_matches("# ") == compiler();
    let [tolerance, other] = TOLERANCE;
    let tolerance = if same { tolerance } else { other };
    if !same {
        println!(
            "the baseline is that of {head}, and this is {}: up to {tolerance} % more are tolerated",
            compiler()
        );
    }
    let known: BTreeMap<&str, f64> = rows
        .lines()
        .filter_map(|row| row.split_once('\t'))
        .map(|(name, count)| (name, count.parse().unwrap()))
        .collect();
    let mut failed = false;
    for (name, count) in measure() {
        let Some(before) = known.get(name) else { panic!("there is no baseline for {name}: --update") };
        let change = (count / before - 1.0) * 100.0;
        let verdict = if change > tolerance { "  TOO MANY" } else { "" };
        println!("{count:>10.0}  {change:>+6.1} %  {name}{verdict}");
        failed |= change > tolerance;
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
