//! A server for every version of the protocol on one port: an echo, and a clock.
//!
//! ```text
//! cargo run --features legacy --example legacy_server               # listens on 127.0.0.1:9002
//! cargo run --features legacy --example legacy_server 0.0.0.0:8080
//! ```
//!
//! `/clock` sends the time every second, and every other path echoes. The versions before RFC 6455 have no
//! mask and, in their oldest form, no challenge: read the security considerations of `sansocket::legacy`
//! before you enable them in production.

use std::{
    env,
    error::Error,
    io,
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use sansocket::{
    handshake::HandshakeLimits,
    keepalive::Timeouts,
    legacy::Versions,
    server::Accept,
    session::{ReadBuffer, Received, Session},
};

/// The time that a client may take to read what it is sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// The time that an open connection may be silent, as not every version has Pings.
const IDLE: Duration = Duration::from_secs(300);

/// The interval of the clock.
const TICK: Duration = Duration::from_secs(1);

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9002".into());
    let listener = TcpListener::bind(&address)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))?;
    println!("listening on ws://{}/", listener.local_addr()?);
    for stream in listener.incoming() {
        let serving = stream.and_then(|stream| {
            thread::Builder::new().spawn(|| {
                if let Err(error) = serve(stream) {
                    eprintln!("{error}");
                }
            })
        });
        if let Err(error) = serving {
            eprintln!("a client could not be served: {error}");
            // Usually the limit of open files or threads was reached; wait for a connection to close.
            thread::sleep(Duration::from_millis(100));
        }
    }
    Ok(())
}

/// A client: its session, and the time of the next tick, if it asked for the clock.
struct Client {
    session: Session,
    start: Instant,
    next_tick: Option<Duration>,
}

fn serve(mut stream: TcpStream) -> Result<(), Box<dyn Error>> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // Each version is enabled by name. RFC 6455 is always accepted.
    let versions = Versions::new().hixie75().hixie76().hybi7().hybi8();
    let timeouts = Timeouts::new().idle(Some(IDLE));
    let session = Session::legacy_server(HandshakeLimits::new(), versions, timeouts, Duration::ZERO);
    let mut client = Client { session, start: Instant::now(), next_tick: None };
    let mut buffer = ReadBuffer::new(64 << 10);
    loop {
        stream.set_read_timeout(client.time_left())?;
        let clock = || client.start.elapsed();
        if !client.session.step(&mut stream, &mut buffer, clock, |stream| stream.shutdown(Shutdown::Write))? {
            return Ok(());
        }
        while let Some(received) = client.session.receive_from(&mut buffer) {
            client.react(received)?;
        }
        client.tick()?;
    }
}

impl Client {
    /// Returns the time that a read may take: until there is something to do by the clock.
    fn time_left(&self) -> Option<Duration> {
        let now = self.start.elapsed();
        let tick = self.next_tick.filter(|_| self.session.is_open());
        // A timeout of zero is an error to the socket.
        let tick = tick.map(|at| at.saturating_sub(now).max(Duration::from_millis(1)));
        self.session.time_left(now).into_iter().chain(tick).min()
    }

    fn react(&mut self, received: Received<'_>) -> Result<(), Box<dyn Error>> {
        match received {
            Received::Legacy(request) => {
                println!("{:?} from {}", request.version(), request.origin().unwrap_or("no origin"));
                self.next_tick = (request.path() == "/clock").then(|| self.start.elapsed());
                self.session.accept_legacy(request, Accept::new())?;
            }
            Received::Event(event) => _ = self.session.send_event(event)?,
            _ => {} // The session writes the Pong or the reply to a Close.
        }
        Ok(())
    }

    /// Sends the time if it is due.
    fn tick(&mut self) -> Result<(), Box<dyn Error>> {
        if let Some(tick) = self.next_tick.filter(|tick| *tick <= self.start.elapsed()) {
            self.session.send_text(&time_of_day()?)?;
            self.next_tick = Some(tick + TICK);
        }
        Ok(())
    }
}

/// The time as `12:34:56`, in UTC.
fn time_of_day() -> Result<String, Box<dyn Error>> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() % 86_400;
    Ok(format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60))
}
