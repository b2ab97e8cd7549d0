//! Loads echo servers on loopback, one after the other, and prints what they took.
//!
//! ```text
//! load CONNECTIONS SECONDS ROUNDS NAME=PROGRAM...
//! ```
//!
//! It opens all connections, looks at the memory of the server, and then keeps one message under way on each connection.
//! Every echo is compared with what was sent, byte by byte, and anything else ends the run.

use std::{
    env,
    error::Error,
    fs,
    io::{self, BufRead, BufReader, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Lengths of payloads: a small message, and two of some packets.
const LENGTHS: [usize; 3] = [125, 4096, 16 << 10];

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [connections, seconds, rounds, servers @ ..] = &args[..] else {
        return Err("usage: load CONNECTIONS SECONDS ROUNDS NAME=PROGRAM...".into());
    };
    let (connections, rounds) = (connections.parse()?, rounds.parse()?);
    let time = Duration::from_secs(seconds.parse()?);
    let mut results: Vec<(&str, Vec<Figures>)> = Vec::new();
    // In turns, so that what happens to the machine happens to all of them.
    for _ in 0..rounds {
        for server in servers {
            let (name, program) = server.split_once('=').ok_or("a server is NAME=PROGRAM")?;
            let figures = measure(program, connections, time).map_err(|error| format!("{name}: {error}"))?;
            match results.iter_mut().find(|(other, _)| *other == name) {
                Some((_, all)) => all.push(figures),
                None => results.push((name, vec![figures])),
            }
        }
    }
    print(connections, &results);
    Ok(())
}

/// What a server took.
struct Figures {
    /// Bytes of resident memory for a connection that waits, before anything was sent.
    idle: f64,
    /// The same after the load.
    loaded: f64,
    /// For each length: echoes a second, and microseconds of processor time for one.
    echoes: Vec<(f64, f64)>,
}

fn print(connections: usize, results: &[(&str, Vec<Figures>)]) {
    let median = |all: &[Figures], of: &dyn Fn(&Figures) -> f64| {
        let mut values: Vec<f64> = all.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!("{connections} connections, one message under way on each; medians\n");
    print!("| server | idle, bytes a connection | after the load |");
    for len in LENGTHS {
        print!(" {len} B: echoes/s | µs of processor |");
    }
    println!("\n|---|---|---|{}", "---|---|".repeat(LENGTHS.len()));
    for (name, all) in results {
        print!("| {name} | {:.0} | {:.0} |", median(all, &|f| f.idle), median(all, &|f| f.loaded));
        for at in 0..LENGTHS.len() {
            let (rate, cost) = (median(all, &|f| f.echoes[at].0), median(all, &|f| f.echoes[at].1));
            print!(" {rate:.0} | {cost:.2} |");
        }
        println!();
    }
}

/// A server that runs until this is dropped.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(program: &str) -> Result<Self> {
        let mut child =
            Command::new(program).arg("127.0.0.1:0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let address = line.trim_end().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let Ok(address) = address.parse() else {
            child.kill()?;
            return Err(format!("it says {line:?}").into());
        };
        Ok(Self { child, address })
    }

    /// Resident memory, in bytes.
    fn memory(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0)
    }

    /// Processor time, in seconds.
    fn processor(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: f64 = fields
            .get(11..13)
            .ok_or("a short stat")?
            .iter()
            .filter_map(|field| field.parse::<f64>().ok())
            .sum();
        // Linux counts hundredths of a second towards programs.
        Ok(ticks / 100.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn measure(program: &str, connections: usize, time: Duration) -> Result<Figures> {
    let server = Server::start(program)?;
    let mut load = Load::new()?;
    // What the first client brings into memory is not the cost of the others.
    load.connect(server.address)?;
    load.run(&Message::new(LENGTHS[0]), Duration::from_millis(10))?;
    let before = server.memory()?;
    while load.clients.len() <= connections {
        load.connect(server.address)?;
    }
    thread::sleep(Duration::from_millis(200));
    #[expect(clippy::cast_precision_loss, reason = "it is far below 2^52")]
    let count = connections as f64;
    let idle = (server.memory()? - before) / count;
    let mut echoes = Vec::new();
    for len in LENGTHS {
        let message = Message::new(len);
        let (begin, begin_processor) = (Instant::now(), server.processor()?);
        #[expect(clippy::cast_precision_loss, reason = "it is far below 2^52")]
        let done = load.run(&message, time)? as f64;
        let (took, processor) = (begin.elapsed().as_secs_f64(), server.processor()? - begin_processor);
        echoes.push((done / took, processor * 1e6 / done));
    }
    thread::sleep(Duration::from_millis(200));
    Ok(Figures { idle, loaded: (server.memory()? - before) / count, echoes })
}

/// A message on the wire, and its echo.
struct Message {
    sent: Vec<u8>,
    echo: Vec<u8>,
}

impl Message {
    fn new(len: usize) -> Self {
        let payload: Vec<u8> = (0..=250).cycle().take(len).collect();
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let masked = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
        let (short, long) = match u8::try_from(len) {
            Ok(len @ ..=125) => (len, None),
            _ => (126, u16::try_from(len).ok()),
        };
        let long: Vec<u8> = long.map(|len| len.to_be_bytes().to_vec()).unwrap_or_default();
        let sent = [&[0x82, 0x80 | short], &long[..], &key[..]].concat().into_iter().chain(masked).collect();
        Self { sent, echo: [&[0x82, short], &long[..], &payload[..]].concat() }
    }
}

struct Client {
    stream: mio::net::TcpStream,
    /// How much of its message a client has sent, and of the echo it has read.
    sent: usize,
    read: usize,
}

struct Load {
    poll: Poll,
    clients: Vec<Client>,
    buf: Vec<u8>,
}

impl Load {
    fn new() -> io::Result<Self> {
        Ok(Self { poll: Poll::new()?, clients: Vec::new(), buf: vec![0; 64 << 10] })
    }

    /// Opens one more connection, up to the end of the handshake.
    fn connect(&mut self, address: SocketAddr) -> Result<()> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.set_nodelay(true)?;
        stream.write_all(REQUEST)?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut self.buf)? {
                0 => return Err("the handshake was refused".into()),
                count => head.extend_from_slice(&self.buf[..count]),
            }
        }
        if !head.starts_with(b"HTTP/1.1 101 ") {
            return Err("the handshake was refused".into());
        }
        stream.set_nonblocking(true)?;
        let mut stream = mio::net::TcpStream::from_std(stream);
        let token = Token(self.clients.len());
        self.poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        self.clients.push(Client { stream, sent: 0, read: 0 });
        Ok(())
    }

    /// Keeps a message under way on each connection for that time, and waits for the last echoes. How many there were.
    fn run(&mut self, message: &Message, time: Duration) -> Result<u64> {
        let end = Instant::now() + time;
        let mut under_way = self.clients.len();
        let mut echoes = 0;
        for client in &mut self.clients {
            (client.sent, client.read) = (0, 0);
            client.write(message)?;
        }
        let mut events = Events::with_capacity(1024);
        while under_way > 0 {
            self.poll.poll(&mut events, Some(Duration::from_secs(20)))?;
            if events.is_empty() {
                return Err("a message was lost".into());
            }
            let is_over = Instant::now() >= end;
            for event in &events {
                let client = &mut self.clients[event.token().0];
                client.write(message)?;
                while client.read(message, &mut self.buf)? {
                    echoes += 1;
                    client.read = 0;
                    if is_over {
                        under_way -= 1;
                        break;
                    }
                    client.sent = 0;
                    client.write(message)?;
                }
            }
        }
        Ok(echoes)
    }
}

impl Client {
    fn write(&mut self, message: &Message) -> Result<()> {
        while self.sent < message.sent.len() {
            match self.stream.write(&message.sent[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whether the echo is complete.
    fn read(&mut self, message: &Message, buf: &mut [u8]) -> Result<bool> {
        loop {
            match self.stream.read(buf) {
                Ok(0) => return Err("the server has left".into()),
                Ok(count) => {
                    if message.echo.get(self.read..self.read + count) != Some(&buf[..count]) {
                        return Err("an echo is not what was sent".into());
                    }
                    self.read += count;
                    if self.read == message.echo.len() {
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
    }
}
