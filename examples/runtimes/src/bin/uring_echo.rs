//! An echo server on `io_uring`, with a ring of its own: the kernel owns a buffer while the operation is in
//! flight.
//!
//! ```text
//! cargo run --bin uring_echo -- 127.0.0.1:9001     # Linux 6.1 or later
//! ```
//!
//! The thread waits on the ring itself, and the kernel fills buffers of a pool (provided buffers), so that a
//! client that waits holds none. Each read is requested when the session wants input. A multishot receive
//! would save that request, but it reads on while the client does not read its echoes, and so takes
//! buffers that other clients need.

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("io_uring is only available on Linux");
    std::process::exit(1);
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{env, io, net::SocketAddr, num::NonZero, pin::pin, time::Duration};

    use compio::{
        BufResult,
        driver::ProactorBuilder,
        io::{AsyncReadManaged, AsyncWrite},
        net::{TcpListener, TcpStream},
        runtime::Runtime,
        time::{sleep, timeout},
    };
    use sansocket::{
        Input,
        handshake::HandshakeLimits,
        keepalive::Timeouts,
        session::{Session, Transport},
    };
    use sansocket_runtimes::{FOREVER, echo, now, report};

    pub(super) fn main() -> io::Result<()> {
        let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
        let address: SocketAddr =
            address.parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let mut ring = ProactorBuilder::new();
        ring.buffer_pool_size(BUFFERS).buffer_pool_buffer_len(BUFFER_LEN);
        // One thread submits, and the kernel completes operations when that thread waits.
        ring.single_issuer(true).defer_taskrun(true);
        let runtime = Runtime::builder().with_proactor(ring).build()?;
        runtime.block_on(async move {
            let listener = TcpListener::bind(address).await?;
            println!("listening on ws://{}/", listener.local_addr()?);
            loop {
                let Ok((stream, peer)) = listener.accept().await else {
                    // Usually the limit of open files was reached; wait for a connection to close.
                    sleep(Duration::from_millis(100)).await;
                    continue;
                };
                compio::runtime::spawn(async move { eprintln!("{peer}: {}", serve(stream).await) }).detach();
            }
        })
    }

    async fn serve(stream: TcpStream) -> String {
        // If this fails, the connection is merely slower.
        let _ = stream.set_nodelay(true);
        let mut session = Session::server(HandshakeLimits::new(), Timeouts::new(), now());
        while act(&stream, &mut session).await {
            match complete(&stream, &mut session, (&stream).read_managed(0)).await {
                None => break,
                Some(Ok(Some(mut buf))) => receive(&mut session, &mut buf),
                Some(Ok(None)) => session.eof(),
                // All buffers are in use. Their tasks run before this one and return them.
                Some(Err(error)) if error.kind() == NO_BUFFER => tokio::task::yield_now().await,
                Some(Err(_)) => session.failed(),
            }
        }
        session.ending().map_or_else(String::new, |ending| ending.to_string())
    }

    /// Carries out what the session requests, until it waits. Returns `false` if it is over.
    async fn act(mut stream: &TcpStream, session: &mut Session) -> bool {
        loop {
            match session.transport() {
                Transport::Write(_) => {
                    let bytes = session.take_unwritten();
                    let written = timeout(PATIENCE, stream.write(bytes)).await;
                    session.note_time(now());
                    match written {
                        Ok(BufResult(Ok(count), bytes)) if count > 0 => session.written_owned(bytes, count),
                        _ => session.failed(),
                    }
                }
                Transport::Flush => session.flushed(),
                Transport::ShutDown => report(session, stream.shutdown().await.map(|()| 0)),
                Transport::Wait => return true,
                Transport::Close => return false,
            }
        }
    }

    fn receive(session: &mut Session, bytes: &mut [u8]) {
        session.on_time(now());
        let mut input = Input::new(bytes);
        while let Some(received) = session.receive(&mut input) {
            echo(session, received);
        }
    }

    /// Waits for an operation, and handles timers while it is in flight. Returns `None` if the session is
    /// over.
    async fn complete<T>(
        stream: &TcpStream,
        session: &mut Session,
        operation: impl Future<Output = T>,
    ) -> Option<T> {
        let mut operation = pin!(operation);
        loop {
            let left = session.time_left(now()).unwrap_or(FOREVER);
            if let Ok(done) = timeout(left, &mut operation).await {
                return Some(done);
            }
            receive(session, &mut []);
            if !act(stream, session).await {
                return None;
            }
        }
    }

    /// The time that a client may take to read what it is sent.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// The number of buffers in the pool, enough for the clients whose bytes arrive at the same time.
    const BUFFERS: NonZero<u16> = NonZero::new(256).unwrap();

    const BUFFER_LEN: usize = 32 << 10;

    /// The error of a read for which the pool has no buffer, as `compio` reports the kernel's `ENOBUFS`.
    const NO_BUFFER: io::ErrorKind = io::ErrorKind::ResourceBusy;
}
