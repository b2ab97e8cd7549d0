//! Lets the fuzzing server of Autobahn|Testsuite test the crate as a client: `autobahn_client PORT AGENT`.
//!
//! Each case is a connection on which every message is echoed; then the server is told to write its report.
//! `run.py` starts it and judges the report.

use std::{
    env,
    error::Error,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use sansocket::{Connection, Event, Input, client, random_seed};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(port), Some(agent)) = (arguments.next(), arguments.next()) else {
        return Err("usage: autobahn_client PORT AGENT".into());
    };
    let server = format!("ws://127.0.0.1:{port}");
    let mut count = String::new();
    run(&format!("{server}/getCaseCount"), |connection, event, out| {
        match event {
            Event::Text(text) => count = text.into_owned(),
            event => echo(connection, event, out)?,
        }
        Ok(())
    })?;
    for case in 1..=count.parse::<u32>()? {
        // Many cases break the protocol, so an error is no surprise. The report says whether it was right.
        if let Err(error) = run(&format!("{server}/runCase?case={case}&agent={agent}"), echo) {
            println!("case {case}: {error}");
        }
    }
    run(&format!("{server}/updateReports?agent={agent}"), echo)
}

fn echo(
    connection: &mut Connection,
    event: Event<'_>,
    out: &mut Vec<u8>,
) -> Result<(), sansocket::SendError> {
    match event {
        Event::Text(text) => connection.send_text(&text, out),
        Event::Binary(data) => connection.send_binary(&data, out),
        _ => Ok(()), // the Pong or the answer to a Close is in `out` already
    }
}

/// Opens a connection and handles events until the server ends it.
fn run(
    uri: &str,
    mut handle: impl FnMut(&mut Connection, Event<'_>, &mut Vec<u8>) -> Result<(), sansocket::SendError>,
) -> Result<(), Box<dyn Error>> {
    let request = client::Request::new(uri)?;
    let mut stream = TcpStream::connect((request.uri().host(), request.uri().port()))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut out = Vec::new();
    let mut handshake = client::Handshake::new(&request, random_seed()?, &mut out)?;
    let mut opened = None;
    let mut buf = vec![0; 64 << 10];
    loop {
        // The server resets many connections when it has what it wants. Whether that was the end of a good
        // closing or not is for `receive_eof` to say.
        let count = stream.write_all(&out).and_then(|()| stream.read(&mut buf)).unwrap_or(0);
        out.clear();
        let mut input = Input::new(&mut buf[..count]);
        if opened.is_none() {
            if count == 0 {
                handshake.receive_eof()?;
            }
            opened = handshake.receive(&mut input)?.map(|(connection, _)| connection);
        }
        let Some(connection) = &mut opened else { continue };
        if count == 0 {
            return Ok(connection.receive_eof()?);
        }
        // What tells the server of an error is in `out`; `receive_eof` returns it again.
        while let Ok(Some(event)) = connection.receive(&mut input, &mut out) {
            handle(connection, event, &mut out)?;
        }
    }
}

/// Longer than any pause in the suite.
const PATIENCE: Duration = Duration::from_secs(60);
