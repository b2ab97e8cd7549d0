//! Lets the fuzzing server of Autobahn|Testsuite test the crate as a client: `autobahn_client PORT AGENT [narrow]`.
//!
//! With `narrow` it asks the server for the smallest window and for no context takeover, which the suite does not do
//! by itself.
//!
//! Each case is a connection on which every message is echoed; the last connection makes the server write its report.
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
    let narrow = arguments.next().is_some_and(|argument| argument == "narrow");
    let server = format!("ws://127.0.0.1:{port}");
    let run = |target: &str, handle: &mut Handler<'_>| converse(&format!("{server}{target}"), narrow, handle);
    let mut count = String::new();
    run("/getCaseCount", &mut |connection, event, out| {
        match event {
            Event::Text(text) => count = text.into_owned(),
            event => echo(connection, event, out)?,
        }
        Ok(())
    })?;
    for case in 1..=count.parse::<u32>()? {
        // Many cases break the protocol, so errors are expected. The report evaluates them.
        if let Err(error) = run(&format!("/runCase?case={case}&agent={agent}"), &mut echo) {
            println!("case {case}: {error}");
        }
    }
    run(&format!("/updateReports?agent={agent}"), &mut echo)
}

type Handler<'h> =
    dyn FnMut(&mut Connection, Event<'_>, &mut Vec<u8>) -> Result<(), sansocket::SendError> + 'h;

fn echo(
    connection: &mut Connection,
    event: Event<'_>,
    out: &mut Vec<u8>,
) -> Result<(), sansocket::SendError> {
    match event {
        Event::Text(text) => connection.send_text(&text, out),
        Event::Binary(data) => connection.send_binary(&data, out),
        _ => Ok(()), // the Pong or the reply to a Close is already in `out`
    }
}

/// Opens a connection and handles events until the server ends it.
fn converse(uri: &str, narrow: bool, handle: &mut Handler<'_>) -> Result<(), Box<dyn Error>> {
    let request = offer(client::Request::new(uri)?, narrow);
    let mut stream = TcpStream::connect((request.uri().connect_host(), request.uri().port()))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut out = Vec::new();
    let mut handshake = client::Handshake::new(&request, random_seed()?, &mut out)?;
    let mut opened = None;
    let mut buf = vec![0; 64 << 10];
    loop {
        // The server resets many connections after its check. `receive_eof` returns whether the closing handshake
        // was complete.
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
        // The Close for the error is in `out`; `receive_eof` returns the error again.
        while let Ok(Some(event)) = connection.receive(&mut input, &mut out) {
            handle(connection, event, &mut out)?;
        }
    }
}

#[cfg(feature = "deflate")]
fn offer(request: client::Request, narrow: bool) -> client::Request {
    use sansocket::deflate::{Config, WindowBits};

    let wide = Config::new();
    if !narrow {
        return request.deflate(wide);
    }
    let bits = WindowBits::new(9).unwrap_or(WindowBits::MIN);
    request.deflate(wide.receive_window(bits).receive_context_takeover(false))
}

#[cfg(not(feature = "deflate"))]
fn offer(request: client::Request, _: bool) -> client::Request {
    request
}

/// Longer than any pause in the suite.
const PATIENCE: Duration = Duration::from_secs(60);
