//! An echo server with `tungstenite` and `mio`, on one thread and with the configuration that it has by default.

use std::{
    env,
    io::{self, ErrorKind},
};

use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};
use tungstenite::{
    Error, HandshakeError, ServerHandshake, WebSocket,
    handshake::{MidHandshake, server::NoCallback},
};

const LISTENER: Token = Token(usize::MAX);

enum Client {
    Opening(Box<MidHandshake<ServerHandshake<TcpStream, NoCallback>>>),
    Open(Box<WebSocket<TcpStream>>),
}

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".into());
    let address = address.parse().map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
    let mut listener = TcpListener::bind(address)?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut clients: Vec<Option<Client>> = Vec::new();
    let mut events = Events::with_capacity(1024);
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                loop {
                    let mut stream = match listener.accept() {
                        Ok((stream, _)) => stream,
                        Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                        Err(error) => return Err(error),
                    };
                    stream.set_nodelay(true)?;
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    poll.registry().register(&mut stream, Token(clients.len()), interest)?;
                    clients.push(opened(tungstenite::accept(stream)));
                }
            } else if let Some(slot) = clients.get_mut(event.token().0) {
                *slot = match slot.take() {
                    Some(Client::Opening(handshake)) => opened(handshake.handshake()),
                    open => open,
                };
                if let Some(Client::Open(socket)) = slot
                    && echo(socket).is_err()
                {
                    *slot = None;
                }
            }
        }
    }
}

fn opened(
    result: Result<WebSocket<TcpStream>, HandshakeError<ServerHandshake<TcpStream, NoCallback>>>,
) -> Option<Client> {
    match result {
        Ok(socket) => Some(Client::Open(Box::new(socket))),
        Err(HandshakeError::Interrupted(handshake)) => Some(Client::Opening(Box::new(handshake))),
        Err(HandshakeError::Failure(_)) => None,
    }
}

fn echo(socket: &mut WebSocket<TcpStream>) -> Result<(), Error> {
    // What could not be written is kept inside, and goes on here.
    would_block(socket.flush())?;
    while let Some(message) = would_block(socket.read())? {
        if message.is_text() || message.is_binary() {
            would_block(socket.send(message))?;
        }
    }
    Ok(())
}

/// `None`: not now.
fn would_block<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
