//! An echo server with `tokio` that receives in one task and sends in another, with no lock around the connection.
//!
//! ```text
//! cargo run --bin tokio_split -- 127.0.0.1:9001
//! ```
//!
//! The receiving half never writes. What it owes to the client, such as a Pong, goes through the channel to the task
//! that writes, in order with everything else. The channel has a bound, so a client that does not read is not read from.

use std::{env, io, time::Duration};

use sansocket::{
    Connection, Event, Input, ReceiveHalf, Reply, SendHalf, State,
    handshake::HandshakeLimits,
    server::{self, Accept},
};
use sansocket_runtimes::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    time::timeout,
};

/// How long a client may take to open the connection, and to end it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the writing task does.
enum ToSend {
    Text(String),
    Binary(Vec<u8>),
    /// What the receiving half owes.
    Reply(Reply),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        tokio::spawn(async move {
            if let Err(error) = serve(stream).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

async fn serve(mut stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut buf = vec![0; 16 << 10];
    let (connection, rest) = timeout(PATIENCE, open(&mut stream, &mut buf)).await??;
    let (receiving, sending) = connection.split();
    let (reader, writer) = stream.into_split();
    let (sender, receiver) = mpsc::channel(16);
    let reading = tokio::spawn(read(reader, receiving, buf, rest, sender));
    let result = write(writer, sending, receiver).await;
    // The client ends the transport once it has seen our end of it.
    timeout(PATIENCE, reading).await???;
    result
}

/// The connection, and where in `buf` the bytes lie that came behind the request.
async fn open(stream: &mut TcpStream, buf: &mut [u8]) -> Result<(Connection, std::ops::Range<usize>)> {
    let mut handshake = server::Handshake::new(HandshakeLimits::new());
    let mut out = Vec::new();
    loop {
        let count = stream.read(buf).await?;
        if count == 0 {
            handshake.receive_eof()?;
        }
        let mut input = Input::new(&mut buf[..count]);
        let request = handshake.receive(&mut input, &mut out);
        let rest = count - input.remaining().len()..count;
        let connection = match request {
            Ok(Some(request)) => Some(request.accept(Accept::new(), &mut out)?),
            Ok(None) => None,
            Err(error) => {
                stream.write_all(&out).await?;
                return Err(error.into());
            }
        };
        if let Some(connection) = connection {
            stream.write_all(&out).await?;
            return Ok((connection, rest));
        }
    }
}

async fn read(
    mut stream: OwnedReadHalf,
    mut receiving: ReceiveHalf,
    mut buf: Vec<u8>,
    mut unread: std::ops::Range<usize>,
    sender: mpsc::Sender<ToSend>,
) -> Result<()> {
    // The writing task hangs up when all has been said. What still comes is read, so that the end is seen.
    loop {
        let (mut input, mut reply) = (Input::new(&mut buf[unread.clone()]), None);
        loop {
            let result = receiving.receive(&mut input, &mut reply);
            if let Some(reply) = reply.take() {
                let _ = sender.send(ToSend::Reply(reply)).await; // first what is owed ...
            }
            let item = match result? {
                // ... then the error
                Some(Event::Text(text)) => ToSend::Text(text.into_owned()),
                Some(Event::Binary(data)) => ToSend::Binary(data.into_owned()),
                Some(_) => continue,
                None => break,
            };
            let _ = sender.send(item).await;
        }
        match stream.read(&mut buf).await? {
            0 => {
                let _ = sender.send(ToSend::Reply(receiving.receive_eof())).await;
                return Ok(());
            }
            count => unread = 0..count,
        }
    }
}

async fn write(
    mut stream: OwnedWriteHalf,
    mut sending: SendHalf,
    mut receiver: mpsc::Receiver<ToSend>,
) -> Result<()> {
    let mut out = Vec::new();
    while let Some(item) = receiver.recv().await {
        // The client may have said Close before what it said earlier could be echoed; then there is no echo.
        let is_open = sending.state() == State::Open;
        match item {
            ToSend::Reply(reply) => sending.reply(&reply, &mut out),
            ToSend::Text(text) if is_open => sending.send_text(&text, &mut out)?,
            ToSend::Binary(data) if is_open => sending.send_binary(&data, &mut out)?,
            ToSend::Text(_) | ToSend::Binary(_) => {}
        }
        // More may be waiting: write it together.
        if out.len() < 16 << 10 && !receiver.is_empty() {
            continue;
        }
        stream.write_all(&out).await?;
        out.clear();
        if matches!(sending.state(), State::Draining | State::Closed) {
            break;
        }
    }
    Ok(stream.shutdown().await?)
}
