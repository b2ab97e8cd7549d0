//! An echo server on `io_uring`: the kernel fills a buffer that it owns in the meantime, which is all the same to the
//! connection.
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
    eprintln!("io_uring is there on Linux alone");
    std::process::exit(1);
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{env, io, net::Shutdown, time::Duration};

    use sansocket_runtimes::{Echo, Result, now};
    use tokio::time::timeout;
    use tokio_uring::net::{TcpListener, TcpStream};

    pub(super) fn main() -> io::Result<()> {
        let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
        let address = address.parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        tokio_uring::start(async move {
            let listener = TcpListener::bind(address)?;
            println!("listening on ws://{}/", listener.local_addr()?);
            loop {
                let (stream, peer) = listener.accept().await?;
                tokio_uring::spawn(async move {
                    if let Err(error) = serve(stream).await {
                        eprintln!("{peer}: {error}");
                    }
                });
            }
        })
    }

    async fn serve(stream: TcpStream) -> Result<()> {
        stream.set_nodelay(true)?;
        let mut echo = Echo::default();
        let mut buf = vec![0; 16 << 10];
        let mut out = Vec::new();
        let mut is_ending = false;
        loop {
            let (result, filled) = read(&stream, buf, &mut echo).await?;
            buf = filled;
            let count = result?;
            if count == 0 {
                return echo.receive_eof();
            }
            if is_ending {
                continue;
            }
            let result = echo.receive(&mut buf[..count], &mut out);
            // Nothing is read while the client does not read.
            let (written, returned) = stream.write_all(out).await;
            out = returned;
            out.clear();
            written?;
            is_ending = result.is_err() || echo.is_draining();
            if is_ending {
                stream.shutdown(Shutdown::Write)?;
            }
        }
    }

    /// Reads, and looks at the clock in the meantime. A read that is under way has the buffer, so it is not given up
    /// but asked again.
    async fn read(stream: &TcpStream, buf: Vec<u8>, echo: &mut Echo) -> Result<(io::Result<usize>, Vec<u8>)> {
        let mut read = std::pin::pin!(stream.read(buf));
        loop {
            let patience = echo.deadline().map_or(FOREVER, |deadline| deadline.saturating_sub(now()));
            if let Ok(done) = timeout(patience, &mut read).await {
                return Ok(done);
            }
            let mut out = Vec::new();
            echo.tick(&mut out)?;
            stream.write_all(out).await.0?;
        }
    }

    const FOREVER: Duration = Duration::from_hours(1);
}
