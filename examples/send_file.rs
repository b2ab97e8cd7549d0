//! Sends a file of any size as one binary message, without copying it and without delaying control frames.
//!
//! ```text
//! cargo run --example send_file -- ws://127.0.0.1:9001/ FILE
//! ```
//!
//! Each fragment is a separate header, from [`send_header`](SendHalf::send_header), and the bytes of the file
//! in the buffer into which they were read: they are masked there, and both are sent with one vectored write.
//! Pending replies, such as a Pong, are sent between two fragments, so long transfers do not delay control
//! frames. A second thread receives.

use std::{
    env,
    error::Error,
    fs::File,
    io::{self, IoSlice, Read, Write},
    net::{Shutdown, TcpStream},
    process::ExitCode,
    sync::mpsc::{self, Receiver, SyncSender},
    thread,
    time::{Duration, Instant},
};

use sansocket::{
    CloseCode, Connection, ReceiveHalf, Reply, SendHalf, State, client,
    frame::{self, OpCode},
    keepalive::Timeouts,
    random_seed,
    session::{ReadBuffer, Session},
};

/// The number of bytes that are read at a time and sent as a fragment.
const FRAGMENT_LEN: usize = 64 << 10;

/// The time that the server may take for each operation.
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
    let mut stream = TcpStream::connect((request.uri().connect_host(), request.uri().port()))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut buffer = ReadBuffer::new(64 << 10);
    let connection = open(&request, &mut stream, &mut buffer)?;
    // The server may be silent while the file is sent.
    stream.set_read_timeout(None)?;
    let (receiving, mut sending) = connection.split();
    let (sender, replies) = mpsc::sync_channel(16);
    let reader = stream.try_clone()?;
    let receiver = thread::spawn(move || receive(reader, receiving, buffer, &sender));
    send(&mut file, &mut sending, &replies, &mut stream)?;
    close(&mut sending, &replies, &mut stream)?;
    receiver.join().map_err(|_| "the receiving thread has ended")??;
    Ok(sending.close_outcome().map_or(1006, |closure| closure.code))
}

/// Opens the WebSocket. Messages that follow the response stay in the buffer.
fn open(
    request: &client::Request,
    stream: &mut TcpStream,
    buffer: &mut ReadBuffer,
) -> Result<Connection, Box<dyn Error>> {
    let start = Instant::now();
    let mut session = Session::client(request, random_seed()?, Timeouts::new(), Duration::ZERO)?;
    while !session.is_open() {
        session.step(stream, buffer, || start.elapsed(), |stream| stream.shutdown(Shutdown::Write))?;
        session.receive_from(buffer);
    }
    let (connection, ..) = session.into_parts().map_err(|_| "the session is not open")?;
    Ok(connection)
}

/// Sends fragment after fragment, and pending replies between them.
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
        // An empty fragment ends the message: only the end of the file shows that there are no more.
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

/// Sends a Close, and waits for the reply of the server.
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
        // Late Pongs are sent as well, but a server that has disconnected does not need them. The replies
        // contain the outcome.
        let _ = stream.write_all(&out);
        out.clear();
    }
    Ok(())
}

/// Reads until the end of the stream, and passes on pending replies. Messages of the server are ignored.
fn receive(
    mut stream: TcpStream,
    mut receiving: ReceiveHalf,
    mut buffer: ReadBuffer,
    replies: &SyncSender<Reply>,
) -> Result<(), sansocket::Error> {
    loop {
        let mut reply = None;
        let result =
            buffer.read_with(|input| receiving.receive(input, &mut reply).map(|event| event.is_some()));
        // The sending thread may have given up already.
        let _ = reply.map(|reply| replies.send(reply));
        if result? {
            continue;
        }
        // However the transport closes, the connection records whether that was clean.
        match stream.read(buffer.space()) {
            Ok(count) if count > 0 => buffer.filled(count),
            _ => {
                let _ = replies.send(receiving.receive_eof());
                return Ok(());
            }
        }
    }
}

/// Writes all bytes, in as few calls as the system allows.
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
