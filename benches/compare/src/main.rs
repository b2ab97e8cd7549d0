//! sansocket beside its peers: the same bytes, one process, rounds that take turns. See `benches/README.md`.

mod checks;
mod drawing;
mod peers;
mod scaling;
mod stream;
mod table;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint::black_box,
    rc::Rc,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use peers::{End, Peer, Run, Takeover};
use sansocket::{
    Connection, Input, client, deflate,
    frame::{Header, MAX_HEADER_LEN, OpCode, mask},
    handshake::HandshakeLimits,
    server,
};
use table::{Row, Table};

fn main() {
    let options = Options::read();
    if options.scaling {
        return scaling::print();
    }
    let mut table = Table::new(peers::all().iter().map(|peer| peer.name).collect());
    match &options.from {
        Some(file) => table.read(&std::fs::read_to_string(file).expect("the CSV file can be read")),
        None => measure(&options, &mut table),
    }
    if let Some(file) = &options.beside {
        table.put_beside(&std::fs::read_to_string(file).expect("the CSV file can be read"));
    }
    table.print();
    if options.from.is_none() {
        println!("{}", table.allocations());
    }
    if options.from.is_none() && options.only.is_none() {
        idle();
    }
    if let Some(file) = &options.csv {
        std::fs::write(file, table.csv()).expect("the CSV file can be written");
    }
    if let Some(file) = &options.svg {
        std::fs::write(file, drawing::svg(&table)).expect("the SVG file can be written");
    }
    for file in &options.markdown {
        table.replace_in(file).expect("the Markdown file has the markers and can be written");
    }
}

fn measure(options: &Options, table: &mut Table) {
    if !cfg!(cpp_peers) {
        eprintln!(
            "NOT MEASURED: Boost.Beast and wslay, which this was built without (feature cpp, build.rs)"
        );
    }
    checks::bad_text_is_refused();
    decode_rows(options, table);
    echo_rows(options, table);
    turn_rows(options, table);
    encode_rows(options, table);
    fragment_rows(options, table);
    deflate_rows(options, table);
    handshake_rows(options, table);
}

/// Heap and stack that a connection takes that waits, in bytes, and how many sansocket's are after a million.
fn idle() {
    for (end, role) in [(End::Server, "server"), (End::Client, "client")] {
        for peer in peers::all() {
            let Some(make) = peer.idle else { continue };
            let count: usize = if peer.name == "sansocket" { 1_000_000 } else { 1000 };
            let mut kept = Vec::with_capacity(count);
            let before = ALLOCATED.load(Ordering::Relaxed);
            kept.extend((0..count).map(|_| make(end)));
            let bytes = ALLOCATED.load(Ordering::Relaxed) - before;
            println!("{role}, idle: {} bytes, {} ({count} connections)", bytes / count, peer.name);
        }
    }
    // With permessage-deflate agreed on, and no message yet.
    let count = 1_000_000;
    let mut ends: [Vec<Connection>; 2] = [Vec::with_capacity(count), Vec::with_capacity(count)];
    for (number, role) in ["server", "client"].into_iter().enumerate() {
        let before = ALLOCATED.load(Ordering::Relaxed);
        ends[number].extend((0..count).map(|_| {
            let [server, client] = compressed_pair(Takeover::Yes);
            if number == 0 { server } else { client }
        }));
        let heap = (ALLOCATED.load(Ordering::Relaxed) - before) / count;
        let bytes = heap + size_of::<Connection>();
        println!("{role}, idle: {bytes} bytes, sansocket with permessage-deflate ({count} connections)");
    }
}

/// A server and a client that have agreed on permessage-deflate.
fn compressed_pair(takeover: Takeover) -> [Connection; 2] {
    let yes = takeover == Takeover::Yes;
    let config = deflate::Config::new().send_context_takeover(yes).receive_context_takeover(yes);
    let request = client::Request::new("ws://h/").unwrap().deflate(config);
    let (mut wire, mut answer) = (Vec::new(), Vec::new());
    let mut handshake = client::Handshake::new(&request, [7; 32], &mut wire).unwrap();
    let asked =
        server::Handshake::new(HandshakeLimits::new()).receive(&mut Input::new(&mut wire), &mut answer);
    let accept = server::Accept::new().deflate(config);
    let server = asked.unwrap().unwrap().accept(accept, &mut answer).unwrap();
    let (client, _) = handshake.receive(&mut Input::new(&mut answer)).unwrap().unwrap();
    assert!(server.deflate().is_some() && client.deflate().is_some());
    [server, client]
}

/// Counts the bytes that are allocated, and how often.
struct Counting;

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

/// How often memory was asked for.
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: it is the allocator of the system, and counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size(), Ordering::Relaxed);
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATED.fetch_add(size, Ordering::Relaxed);
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        ALLOCATED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

struct Options {
    /// How many rounds, and how long a batch of one library in one round takes, in microseconds.
    rounds: usize,
    batch: u128,
    only: Option<String>,
    csv: Option<String>,
    svg: Option<String>,
    markdown: Vec<String>,
    /// Shows how this crate alone scales.
    scaling: bool,
    /// The CSV file of another profile, whose figures are put beside these.
    beside: Option<String>,
    /// A CSV file to show instead of measuring.
    from: Option<String>,
}

impl Options {
    fn read() -> Self {
        let mut this = Self {
            rounds: 31,
            batch: 2000,
            only: None,
            csv: None,
            svg: None,
            markdown: Vec::new(),
            scaling: false,
            beside: None,
            from: None,
        };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().unwrap_or_else(|| panic!("{arg} needs a value"));
            match arg.as_str() {
                "--quick" => (this.rounds, this.batch) = (1, 50),
                "--only" => this.only = Some(value()),
                "--csv" => this.csv = Some(value()),
                "--svg" => this.svg = Some(value()),
                "--markdown" => this.markdown.push(value()),
                "--from" => this.from = Some(value()),
                "--beside" => this.beside = Some(value()),
                "--scaling" => this.scaling = true,
                "--bench" => {}
                _ => panic!(
                    "unknown option {arg}; known are --quick, --scaling, --only TEXT, --csv, --svg, --markdown, --from and --beside FILE"
                ),
            }
        }
        this
    }

    /// Measures one row: `make` gives the work of a library, `expected` is what one pass has to handle.
    fn row(&self, table: &mut Table, name: String, expected: usize, make: impl Fn(&Peer) -> Option<Run>) {
        self.row_without(table, name, expected, None, make);
    }

    /// Measures one row like [`row`](Self::row), and takes off the time of `other_end`, measured in the same round.
    fn row_without(
        &self,
        table: &mut Table,
        name: String,
        expected: usize,
        mut other_end: Option<Run>,
        make: impl Fn(&Peer) -> Option<Run>,
    ) {
        if self.only.as_ref().is_some_and(|only| !name.contains(only)) {
            return;
        }
        eprintln!("{name}");
        let mut runs: Vec<Option<Run>> = peers::all().iter().map(make).collect();
        let mut allocations = Vec::new();
        for (run, peer) in runs.iter_mut().zip(peers::all()) {
            if let Some(run) = run {
                // Also warms up.
                assert_eq!(run(), expected, "{} on {name}", peer.name);
                let before = ALLOCATIONS.load(Ordering::Relaxed);
                assert_eq!(run(), expected, "{} on {name}, again", peer.name);
                let count = ALLOCATIONS.load(Ordering::Relaxed) - before;
                allocations.push(peer.counts_allocations.then_some((count, expected)));
            } else {
                allocations.push(None);
            }
        }
        let mut samples: Vec<Vec<f64>> = vec![Vec::new(); runs.len()];
        for _ in 0..self.rounds {
            let off = other_end.as_mut().map_or(0.0, |run| self.sample(run));
            for (run, samples) in runs.iter_mut().zip(&mut samples) {
                if let Some(run) = run {
                    samples.push(self.sample(run) - off);
                }
            }
        }
        table.rows.push(Row::new(name, samples, &allocations));
    }

    /// Nanoseconds for one of what `run` handles.
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    fn sample(&self, run: &mut Run) -> f64 {
        let (start, mut count) = (Instant::now(), 0);
        loop {
            count += run();
            let elapsed = start.elapsed();
            if elapsed.as_micros() >= self.batch {
                return elapsed.as_nanos() as f64 / count as f64;
            }
        }
    }
}

const SIZES: [(usize, &str); 5] =
    [(16, "16 B"), (125, "125 B"), (1024, "1 KiB"), (16 << 10, "16 KiB"), (1 << 20, "1 MiB")];

/// Short texts are another matter than short data: validation has a vector path only from 64 bytes on.
const TEXT_SIZES: [(usize, &str); 7] = [
    (16, "16 B"),
    (32, "32 B"),
    (63, "63 B"),
    (125, "125 B"),
    (1024, "1 KiB"),
    (16 << 10, "16 KiB"),
    (1 << 20, "1 MiB"),
];

fn decode_rows(options: &Options, table: &mut Table) {
    for (end, role) in [(End::Server, "server"), (End::Client, "client")] {
        for (kind, opcode, payload) in [
            ("binary", OpCode::Binary, ascii as fn(usize) -> Vec<u8>),
            ("ASCII text", OpCode::Text, ascii),
            ("mixed text", OpCode::Text, mixed),
        ] {
            for (read, reads) in [(64 << 10, "64 KiB"), (1500, "1500 B")] {
                for (size, label) in if opcode == OpCode::Text { &TEXT_SIZES[..] } else { &SIZES } {
                    let size = *size;
                    let count = (256 << 10) / (size + 8) + 2;
                    let payload = payload(size);
                    let wire: Vec<u8> = (0..count).flat_map(|_| frame(end, opcode, true, &payload)).collect();
                    let wire: Rc<[u8]> = wire.into();
                    let name = format!("{role} receives {kind}, {label}, reads of {reads}");
                    options.row(table, name, count, |peer| Some(peer.decode?(end, &wire, read)));
                }
            }
        }
    }
}

fn echo_rows(options: &Options, table: &mut Table) {
    for (size, label) in SIZES {
        let count = (256 << 10) / (size + 8) + 2;
        let payload = ascii(size);
        let wire: Vec<u8> =
            (0..count).flat_map(|_| frame(End::Server, OpCode::Binary, true, &payload)).collect();
        let wire: Rc<[u8]> = wire.into();
        let name = format!("server echoes binary, {label}, reads of 64 KiB");
        options.row(table, name, count, |peer| Some(peer.echo?(&wire, 64 << 10)));
    }
}

/// Connections whose state has left the nearest caches since their last message.
fn turn_rows(options: &Options, table: &mut Table) {
    let count = 10_000;
    let wire: Rc<[u8]> = frame(End::Server, OpCode::Binary, true, &ascii(125)).into();
    let name = "server echoes binary, 125 B, 10,000 connections in turn".to_owned();
    options.row(table, name, count, |peer| Some(peer.turns?(count, &wire)));
}

fn encode_rows(options: &Options, table: &mut Table) {
    for (end, role) in [(End::Server, "server"), (End::Client, "client")] {
        for (size, label) in SIZES {
            let count = (256 << 10) / (size + 8) + 1;
            let payload: Rc<[u8]> = ascii(size).into();
            let name = format!("{role} sends binary, {label}");
            options.row(table, name, count, |peer| Some(peer.encode?(end, &payload, count)));
        }
    }
}

fn fragment_rows(options: &Options, table: &mut Table) {
    for (kind, text) in [("ASCII", ascii(1 << 20)), ("mixed", mixed(1 << 20))] {
        let mut wire = Vec::new();
        let last = text.len() / 1024 - 1;
        for (number, part) in text.chunks(1024).enumerate() {
            let opcode = if number == 0 { OpCode::Text } else { OpCode::Continuation };
            wire.extend(frame(End::Server, opcode, number == last, part));
            if number % 8 == 3 {
                wire.extend(frame(End::Server, OpCode::Ping, true, b"ping"));
            }
        }
        let wire: Rc<[u8]> = wire.into();
        let name = format!("server receives 1 MiB of {kind} text in fragments of 1 KiB with Pings");
        options.row(table, name, 1, |peer| Some(peer.decode?(End::Server, &wire, 64 << 10)));
    }
}

fn deflate_rows(options: &Options, table: &mut Table) {
    for (takeover, how) in [(Takeover::Yes, ""), (Takeover::No, " without context takeover")] {
        for (size, label) in [(1 << 10, "1 KiB"), (16 << 10, "16 KiB")] {
            let messages = json(size);
            let [_, mut client] = compressed_pair(takeover);
            let mut wire = Vec::new();
            for text in &messages {
                client.send_text(text, &mut wire).unwrap();
            }
            let wire: Rc<[u8]> = wire.into();
            let name = format!("server receives compressed text{how}, {label}, reads of 64 KiB");
            options.row(table, name, messages.len(), |peer| Some(peer.inflate?(takeover, &wire)));
            let name = format!("server sends compressed text{how}, {label}");
            options.row(table, name, messages.len(), |peer| Some(peer.deflate?(takeover, &messages)));
        }
    }
}

fn handshake_rows(options: &Options, table: &mut Table) {
    let request: Rc<[u8]> = Rc::from(REQUEST.as_bytes());
    options.row(table, "server accepts the request of a browser".to_owned(), 100, |peer| {
        Some(peer.accept?(&request))
    });
    // The response of the other end costs every library the same, and is measured alone and taken off.
    let other_end: Run = Box::new(|| {
        for _ in 0..100 {
            black_box(stream::answer(black_box(ASKED)));
        }
        100
    });
    let name = "client asks, and takes the response".to_owned();
    options.row_without(table, name, 100, Some(other_end), |peer| Some(peer.connect?()));
}

/// Messages of JSON, each of them another one.
fn json(len: usize) -> Vec<String> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut number = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) % below
    };
    let mut message = |_| {
        let mut text = String::from("[");
        while text.len() < len {
            let (id, price, user) = (number(1_000_000), number(100_000), number(300));
            text += &format!(r#"{{"type":"trade","id":{id},"price":{price},"user":"user{user}"}},"#);
        }
        text.truncate(len - 1);
        text + "]"
    };
    (0..(256 << 10) / len).map(&mut message).collect()
}

/// A frame for this end, with a fixed key if it is to be masked.
fn frame(end: End, opcode: OpCode, fin: bool, payload: &[u8]) -> Vec<u8> {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let header = Header {
        fin,
        mask: (end == End::Server).then_some(key),
        ..Header::new(opcode, payload.len() as u64)
    };
    let mut frame = header.encode(&mut [0; MAX_HEADER_LEN]).expect("it is in order").to_vec();
    let start = frame.len();
    frame.extend_from_slice(payload);
    mask(&mut frame[start..], header.mask.unwrap_or_default(), 0);
    frame
}

fn ascii(len: usize) -> Vec<u8> {
    b"The quick brown fox jumps over the lazy dog. 0123456789 ".iter().copied().cycle().take(len).collect()
}

fn mixed(len: usize) -> Vec<u8> {
    let mut text = String::new();
    for c in "Grüße, κόσμε, 世界 𝄞! ".chars().cycle() {
        if text.len() + c.len_utf8() > len {
            break;
        }
        text.push(c);
    }
    while text.len() < len {
        text.push('.');
    }
    text.into_bytes()
}

/// The request of a client, for its key.
const ASKED: &[u8] = b"GET /chat?room=1 HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// What Chrome sends.
const REQUEST: &str = "GET /chat?room=1 HTTP/1.1\r\nHost: server.example.com\r\nConnection: Upgrade\r\nPragma: no-cache\r\n\
Cache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
Chrome/126.0.0.0 Safari/537.36\r\nUpgrade: websocket\r\nOrigin: https://server.example.com\r\nSec-WebSocket-Version: 13\r\n\
Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n\
Cookie: session=0123456789abcdef0123456789abcdef\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
