//! The example `send_file`, with a server that sends Pings while it receives the file.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "the helpers are for other tests too")]

use std::{
    env, fs,
    io::{Read, Write},
    net::{Shutdown, TcpListener},
    path::Path,
    process::{Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use sansocket::{Connection, Event, Input, State, handshake::HandshakeLimits, server};

#[path = "common/peers.rs"]
mod peers;

/// The messages that a server has seen.
type Seen = Vec<Vec<u8>>;

/// Serves one client. It sends a Ping after each read, reports Pongs, and sends a Close after `most` bytes.
fn serve(listener: &TcpListener, most: usize, ponged: &AtomicBool) -> Seen {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut handshake = server::Handshake::new(HandshakeLimits::new());
    let mut connection: Option<Connection> = None;
    let (mut buf, mut out, mut seen, mut total) = (vec![0; 64 << 10], Vec::new(), Seen::new(), 0);
    loop {
        let count = stream.read(&mut buf).unwrap();
        if count == 0 {
            return seen;
        }
        total += count;
        let mut input = Input::new(&mut buf[..count]);
        if connection.is_none() {
            let request = handshake.receive(&mut input, &mut out).unwrap();
            connection = request.map(|request| request.accept(server::Accept::new(), &mut out).unwrap());
        }
        let Some(open) = &mut connection else { continue };
        while let Some(event) = open.receive(&mut input, &mut out).unwrap() {
            match event {
                Event::Binary(data) => seen.push(data.into_owned()),
                Event::Pong(_) => ponged.store(true, Ordering::Relaxed),
                _ => {}
            }
        }
        if open.state() == State::Open {
            open.send_ping(b"still there?", &mut out).unwrap();
            if total > most {
                open.send_close(None, &mut out).unwrap();
            }
        }
        stream.write_all(&out).unwrap();
        out.clear();
        if open.state() == State::Draining {
            // Pongs may still be in flight; leaving them unread would destroy our Close.
            stream.shutdown(Shutdown::Write).unwrap();
            while stream.read(&mut buf).unwrap_or(0) > 0 {}
            return seen;
        }
    }
}

fn send(name: &str, data: &[u8], most: usize) -> (Seen, Output) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, data).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("ws://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || serve(&listener, most, &AtomicBool::new(false)));
    let output = Command::new(peers::find_example("send_file")).arg(uri).arg(file).output().unwrap();
    (server.join().unwrap(), output)
}

#[test]
fn a_file_arrives_completely() {
    for len in [0, 1, (64 << 10) - 1, 64 << 10, 5_000_000] {
        let data: Vec<u8> = (0..=250).cycle().take(len).collect();
        let (seen, output) = send(&format!("file-{len}"), &data, usize::MAX);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "closed with 1000\n", "{output:?}");
        assert!(seen == [data], "{len} bytes");
    }
}

#[test]
fn pings_are_answered_while_the_file_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("ws://{}/", listener.local_addr().unwrap());
    let ponged = Arc::new(AtomicBool::new(false));
    let seen_by_server = ponged.clone();
    let server = thread::spawn(move || serve(&listener, usize::MAX, &seen_by_server));
    let mut client = Command::new(peers::find_example("send_file"))
        .args([&uri, "/dev/stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // The file does not end before a Pong has arrived.
    let mut file = client.stdin.take().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut written = 0;
    while !ponged.load(Ordering::Relaxed) && Instant::now() < deadline {
        file.write_all(&[7; 1000]).unwrap();
        written += 1000;
        thread::sleep(Duration::from_millis(1));
    }
    drop(file);
    assert!(client.wait().unwrap().success());
    assert!(server.join().unwrap() == [vec![7; written]]);
    assert!(ponged.load(Ordering::Relaxed), "no Pong came");
}

#[test]
fn a_server_that_has_enough_is_obeyed() {
    let (seen, output) = send("too-long", &vec![7; 200_000_000], 1_000_000);
    assert!(seen.is_empty());
    assert!(!output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("before it had everything"), "{output:?}");
}
