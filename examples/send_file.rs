//! Sends a file of any size as one binary message, without copying it and without keeping the server waiting.
//!
//! ```text
//! cargo run --example send_file -- ws://127.0.0.1:9001/ FILE
//! ```
//!
//! Each fragment is a header of its own, [`send_header`](SendHalf::send_header), and the bytes of the file where they
//! were read to: they are masked there, and both go out in one vectored write. Between two fragments goes what is owed
//! to the server, such as a Pong, so a transfer that takes minutes is none of its business. A thread of its own receives.

use std::{
    env,
    error::Error,
    fs::File,
    io::{self, IoSlice, Read, Write},
    net::TcpStream,
    process::ExitCode,
    sync::mpsc::{self, Receiver, SyncSender},
    thread,
    time::Duration,
};

use sansocket::{
    CloseCode, Connection, Event, Input, ReceiveHalf, Reply, SendHalf, State, client,
    frame::{self, OpCode},
    random_seed,
};

/// How much of the file is read at a time, and is a fragment.
const FRAGMENT_LEN: usize = 64 << 10;

/// How long the server may take for anything.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let [uri, file] = &args[..] else {
        eprintln!("usage: send_file ws://HOST[:PORT]/PATH FILE");
        return ExitCode::from(2);
    };
    match run(uri, file) {
        Ok(code) => {
            println!("closed with {code}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{uri}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(uri: &str, file: &str) -> Result<u16, Box<dyn Error>> {
    let mut file = File::open(file)?;
    let request = client::Request::new(uri)?;
    if request.uri().is_secure() {
        return Err("this example has no TLS; only ws:// works".into());
    }
    let mut stream = TcpStream::connect((request.uri().host_without_brackets(), request.uri().port()))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let (connection, rest) = open(&request, &mut stream)?;
    // While the file goes out the server may be silent for as long as it likes.
    stream.set_read_timeout(None)?;
    let (receiving, mut sending) = connection.split();
    let (sender, replies) = mpsc::sync_channel(16);
    let reader = stream.try_clone()?;
    let receiver = thread::spawn(move || receive(reader, receiving, rest, &sender));
    send(&mut file, &mut sending, &replies, &mut stream)?;
    close(&mut sending, &replies, &mut stream)?;
    receiver.join().map_err(|_| "the receiving thread has ended")??;
    Ok(sending.close_outcome().map_or(1006, |closure| closure.code))
}

/// The opening handshake, and what came behind it.
fn open(request: &client::Request, stream: &mut TcpStream) -> Result<(Connection, Vec<u8>), Box<dyn Error>> {
    let mut out = Vec::new();
    let mut handshake = client::Handshake::new(request, random_seed()?, &mut out)?;
    stream.write_all(&out)?;
    let mut buf = vec![0; 4096];
    loop {
        let count = stream.read(&mut buf)?;
        if count == 0 {
            handshake.receive_eof()?;
        }
        let mut input = Input::new(&mut buf[..count]);
        if let Some((connection, _)) = handshake.receive(&mut input)? {
            return Ok((connection, input.remaining().to_vec()));
        }
    }
}

/// Fragment after fragment, and between them what is owed.
fn send(
    file: &mut File,
    sending: &mut SendHalf,
    replies: &Receiver<Reply>,
    stream: &mut TcpStream,
) -> Result<(), Box<dyn Error>> {
    let mut buf = vec![0; FRAGMENT_LEN];
    let mut out = Vec::new();
    let mut opcode = OpCode::Binary;
    loop {
        let count = file.read(&mut buf)?;
        for reply in replies.try_iter() {
            sending.reply(&reply, &mut out);
        }
        if sending.state() != State::Open {
            stream.write_all(&out)?;
            return Err("the server has closed before it had everything".into());
        }
        // An empty fragment ends the message: only then it is known that there is no more.
        let payload = buf.get_mut(..count).unwrap_or_default();
        if let Some(key) = sending.send_header(opcode, count == 0, payload.len() as u64, &mut out)? {
            frame::mask(payload, key, 0);
        }
        write_all_vectored(stream, &mut [IoSlice::new(&out), IoSlice::new(payload)])?;
        out.clear();
        if count == 0 {
            return Ok(());
        }
        opcode = OpCode::Continuation;
    }
}

/// Says Close, and waits until the server has said so too.
fn close(
    sending: &mut SendHalf,
    replies: &Receiver<Reply>,
    stream: &mut TcpStream,
) -> Result<(), Box<dyn Error>> {
    let mut out = Vec::new();
    sending.send_close(CloseCode::NORMAL, &mut out)?;
    stream.write_all(&out)?;
    out.clear();
    while sending.state() != State::Closed {
        let reply = replies.recv_timeout(PATIENCE).map_err(|_| "the server does not end the connection")?;
        sending.reply(&reply, &mut out);
        // Pongs of late go out too, but a server that has left needs none. How it left is in the replies.
        let _ = stream.write_all(&out);
        out.clear();
    }
    Ok(())
}

/// Reads until the end, and passes on what is owed. What the server says is not of interest here.
fn receive(
    mut stream: TcpStream,
    mut receiving: ReceiveHalf,
    mut buf: Vec<u8>,
    replies: &SyncSender<Reply>,
) -> Result<(), sansocket::Error> {
    let mut count = buf.len();
    buf.resize(16 << 10, 0);
    // Whoever is to send may have given up already.
    let pass_on = |reply: Option<Reply>| drop(reply.map(|reply| replies.send(reply)));
    loop {
        let mut input = Input::new(buf.get_mut(..count).unwrap_or_default());
        let mut reply = None;
        loop {
            let result = receiving.receive(&mut input, &mut reply);
            pass_on(reply.take());
            match result? {
                Some(Event::Close(_)) | None => break,
                Some(_) => {}
            }
        }
        // However the transport ends: the connection knows whether that was in order.
        count = stream.read(&mut buf).unwrap_or(0);
        if count == 0 {
            pass_on(Some(receiving.receive_eof()));
            return Ok(());
        }
    }
}

/// Writes all of it, in as few calls as the system takes.
fn write_all_vectored(stream: &mut TcpStream, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        match stream.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut slices, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
