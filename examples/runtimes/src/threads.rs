//! A server on several threads that share nothing: all listen on the same address, and the kernel spreads the
//! clients.

use std::{
    env,
    error::Error,
    io::{self, ErrorKind, Write},
    net::{SocketAddr, TcpListener},
    thread,
};

use socket2::{Domain, Socket, Type};

/// Listens on the address of the command line, `[ADDRESS [--threads N]]`, and runs each thread with its own
/// listener and number.
pub fn on_threads(usage: &str, run: impl Fn(TcpListener, usize) -> io::Result<()> + Sync) -> io::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let (address, threads) = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => ("127.0.0.1:9001", Ok(1)),
        [address] => (address, Ok(1)),
        [address, "--threads", threads] => (address, threads.parse()),
        _ => return Err(invalid(usage)),
    };
    let (address, threads): (_, usize) = (address.parse().map_err(invalid)?, threads.map_err(invalid)?);
    let listener = listen(address)?;
    let address = listener.local_addr()?;
    println!("listening on ws://{address}/");
    // All threads listen before a client connects, so that none of them starts late.
    let others: Vec<TcpListener> = (1..threads).map(|_| listen(address)).collect::<io::Result<_>>()?;
    let run = &run;
    thread::scope(|scope| {
        for (number, listener) in (1..).zip(others) {
            scope.spawn(move || {
                run(listener, number).unwrap_or_else(|error| eprintln!("thread {number}: {error}"));
            });
        }
        run(listener, 0)
    })
}

/// Prints that a thread has its first client.
pub fn first_client(number: usize) {
    // Standard output may be closed or full.
    let _ = writeln!(io::stdout(), "thread {number} has its first client");
}

fn invalid(error: impl Into<Box<dyn Error + Send + Sync>>) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, error)
}

/// Listens with `SO_REUSEPORT`: the kernel spreads new connections over all sockets that listen on this
/// address.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}
