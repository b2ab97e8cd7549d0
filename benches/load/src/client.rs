//! A client: one connection of the load.

use std::{
    io::{self, ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use flate2::{Decompress, FlushDecompress};
use mio::{Interest, Registry, Token};
use sansocket::{
    Input,
    frame::{Decoder, FramePart, Limits, OpCode, Role, Rsv},
};
use socket2::SockRef;

use crate::{
    Result,
    server::Server,
    workload::{Offer, Step, frame},
};

pub struct Client {
    stream: mio::net::TcpStream,
    decoder: Decoder,
    inflate: Option<Inflate>,
    /// The number of the current step.
    step: usize,
    /// The bytes of the step that are written.
    sent: usize,
    /// The messages of the step that were received, and the bytes of the next one.
    received: usize,
    offset: usize,
    /// A Ping in part, and Pongs to write.
    ping: Vec<u8>,
    pongs: Vec<u8>,
}

/// The inflater of a connection, and a message in part.
struct Inflate {
    decompress: Decompress,
    takeover: bool,
    packed: Vec<u8>,
    /// The bytes of all messages.
    received: usize,
}

/// Opens a connection. Returns `None` if the server does not agree to the offer.
pub fn open(server: &Server, offer: Option<Offer>) -> Result<Option<TcpStream>> {
    let mut stream = TcpStream::connect(server.address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.set_nodelay(true)?;
    // A reset leaves no port in TIME_WAIT.
    SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    let extensions =
        offer.map(|offer| format!("Sec-WebSocket-Extensions: {}\r\n", offer.text)).unwrap_or_default();
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{extensions}\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        server.path, server.address
    );
    stream.write_all(request.as_bytes())?;
    let (mut head, mut buf) = (Vec::new(), [0; 1024]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut buf)? {
            0 => return Err("the server has closed during the handshake".into()),
            count => head.extend_from_slice(&buf[..count]),
        }
    }
    let head = String::from_utf8(head)?.to_ascii_lowercase();
    if !head.starts_with("http/1.1 101 ") || !head.contains("s3pplmbitxaq9kygzzhzrbk+xoo=") {
        return Err(format!("not a handshake: {head:?}").into());
    }
    // Context takeover is refused, or its absence is.
    let takeover = !head.contains("no_context_takeover");
    let agrees = |offer: Offer| {
        head.contains("permessage-deflate") && offer.takeover.is_none_or(|wanted| wanted == takeover)
    };
    Ok(offer.is_none_or(agrees).then_some(stream))
}

impl Client {
    pub fn new(stream: TcpStream, offer: Option<Offer>, token: Token, registry: &Registry) -> Result<Self> {
        stream.set_nonblocking(true)?;
        let mut stream = mio::net::TcpStream::from_std(stream);
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let decoder = Decoder::new(Role::Client, Limits::unlimited());
        let inflate = offer.map(|offer| Inflate {
            decompress: Decompress::new(false),
            // A message without takeover can be inflated with the window of earlier ones.
            takeover: offer.takeover != Some(false),
            packed: Vec::new(),
            received: 0,
        });
        let decoder = if inflate.is_some() { decoder.allow_rsv1() } else { decoder };
        let (ping, pongs) = (Vec::new(), Vec::new());
        // Before the first step there is nothing to send.
        let (step, sent) = (usize::MAX, usize::MAX);
        Ok(Self { stream, decoder, inflate, step, sent, received: 0, offset: 0, ping, pongs })
    }

    /// Returns the bytes of the compressed messages that were received.
    pub fn compressed(&self) -> usize {
        self.inflate.as_ref().map_or(0, |inflate| inflate.received)
    }

    /// Begins with the next step, and writes as much of it as possible if this client is the sender.
    pub fn begin(&mut self, steps: &[Step], sends: bool) -> Result<()> {
        self.step = self.step.wrapping_add(1) % steps.len();
        self.received = 0;
        self.sent = if sends { 0 } else { self.step(steps).wire.len() };
        self.write(steps)
    }

    fn step<'s>(&self, steps: &'s [Step]) -> &'s Step {
        &steps[self.step % steps.len()]
    }

    /// Writes the rest of the step, then Pongs.
    pub fn write(&mut self, steps: &[Step]) -> Result<()> {
        loop {
            let wire = &self.step(steps).wire;
            let rest = if self.sent < wire.len() { &wire[self.sent..] } else { &self.pongs };
            if rest.is_empty() {
                return Ok(());
            }
            match self.stream.write(rest) {
                Ok(count) if self.sent < wire.len() => self.sent += count,
                Ok(count) => _ = self.pongs.drain(..count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Reads and compares. Returns `true` once all messages of the step have been received.
    pub fn read(&mut self, steps: &[Step], buf: &mut [u8]) -> Result<bool> {
        loop {
            let count = match self.stream.read(buf) {
                Ok(0) => return Err("the server has closed".into()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error.into()),
            };
            let mut input = Input::new(&mut buf[..count]);
            while let Some(part) = self.decoder.receive(&mut input)? {
                self.receive(&part, steps)?;
            }
            if self.received == self.step(steps).count {
                return Ok(true);
            }
        }
    }

    fn receive(&mut self, part: &FramePart<'_>, steps: &[Step]) -> Result<()> {
        match part.header.opcode {
            OpCode::Ping => return self.answer(part, steps),
            OpCode::Pong => return Ok(()),
            OpCode::Close => {
                return Err(format!("a Close: {:?}", String::from_utf8_lossy(part.payload)).into());
            }
            OpCode::Continuation | OpCode::Text | OpCode::Binary => {}
        }
        let step = self.step(steps);
        if ![step.opcode, OpCode::Continuation].contains(&part.header.opcode) || self.received == step.count {
            return Err("a message was not expected".into());
        }
        let ends = part.last && part.header.fin;
        match &mut self.inflate {
            Some(inflate)
                if self.decoder.is_message_compressed()
                    || !inflate.packed.is_empty()
                    || part.header.rsv == Rsv::RSV1 =>
            {
                inflate.packed.extend_from_slice(part.payload);
                if ends && inflate.message(step.payload.len())? != step.payload {
                    return Err("an echo differs".into());
                }
            }
            _ => {
                let end = self.offset + part.payload.len();
                if step.payload.get(self.offset..end) != Some(&*part.payload)
                    || ends && end < step.payload.len()
                {
                    return Err("an echo differs".into());
                }
                self.offset = end;
            }
        }
        if ends {
            self.offset = 0;
            self.received += 1;
        }
        Ok(())
    }

    fn answer(&mut self, part: &FramePart<'_>, steps: &[Step]) -> Result<()> {
        self.ping.extend_from_slice(part.payload);
        if part.last {
            self.pongs.extend(frame(OpCode::Pong, Rsv::NONE, &self.ping)?);
            self.ping.clear();
        }
        self.write(steps)
    }
}

impl Inflate {
    fn message(&mut self, len: usize) -> io::Result<Vec<u8>> {
        self.received += self.packed.len();
        self.packed.extend([0, 0, 0xff, 0xff]);
        let mut message = Vec::with_capacity(len + 64);
        if !self.takeover {
            self.decompress.reset(false);
        }
        self.decompress.decompress_vec(&self.packed, &mut message, FlushDecompress::Sync)?;
        self.packed.clear();
        Ok(message)
    }
}
