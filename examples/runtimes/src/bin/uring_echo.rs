//! An echo server on `io_uring`: the kernel owns a buffer while the operation is in flight.
//!
//! ```text
//! cargo run --bin uring_echo -- 127.0.0.1:9001     # Linux
//! ```

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
    use std::{env, io, net::Shutdown, pin::pin, time::Duration};

    use sansocket::{
        Input,
        handshake::HandshakeLimits,
        keepalive::Timeouts,
        session::{Session, Transport},
    };
    use sansocket_runtimes::{echo, now, report};
    use tokio::time::{sleep, timeout};
    use tokio_uring::net::{TcpListener, TcpStream};

    pub(super) fn main() -> io::Result<()> {
        let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
        let address = address.parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        tokio_uring::start(async move {
            let listener = TcpListener::bind(address)?;
            println!("listening on ws://{}/", listener.local_addr()?);
            loop {
                let Ok((stream, peer)) = listener.accept().await else {
                    // Usually the limit of open files was reached; wait for a connection to close.
                    sleep(Duration::from_millis(100)).await;
                    continue;
                };
                tokio_uring::spawn(async move { eprintln!("{peer}: {}", serve(stream).await) });
            }
        })
    }

    async fn serve(stream: TcpStream) -> String {
        // If this fails, the connection is merely slower.
        let _ = stream.set_nodelay(true);
        let mut session = Session::server(HandshakeLimits::new(), Timeouts::new(), now());
        let mut buf = vec![0; 16 << 10];
        while act(&stream, &mut session).await {
            // The kernel has the buffer until the read is complete.
            let read = stream.read(std::mem::take(&mut buf));
            let Some((result, filled)) = complete(&stream, &mut session, read).await else { break };
            buf = filled;
            match result {
                Ok(0) => session.eof(),
                Ok(count) => receive(&mut session, &mut buf[..count]),
                Err(_) => session.failed(),
            }
        }
        // It completes the operations in flight.
        let _ = stream.shutdown(Shutdown::Both);
        session.ending().map_or_else(String::new, |ending| ending.to_string())
    }

    /// Carries out what the session requests, until it waits. Returns `false` if it is over.
    async fn act(stream: &TcpStream, session: &mut Session) -> bool {
        loop {
            match session.transport() {
                Transport::Write(_) => {
                    let bytes = session.take_unwritten();
                    let Ok((result, bytes)) = timeout(PATIENCE, stream.write(bytes).submit()).await else {
                        session.failed();
                        continue;
                    };
                    let count = result.unwrap_or_default();
                    session.written_owned(bytes, count);
                    if count == 0 {
                        session.failed();
                    }
                }
                Transport::Flush => session.flushed(),
                Transport::ShutDown => report(session, stream.shutdown(Shutdown::Write).map(|()| 0)),
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
            let patience = session.deadline().map_or(FOREVER, |deadline| deadline.saturating_sub(now()));
            if let Ok(done) = timeout(patience, &mut operation).await {
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

    const FOREVER: Duration = Duration::from_hours(1);
}
