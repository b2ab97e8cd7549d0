//! The columns, and the messages that they send.

use std::fmt::Write as _;

use flate2::{Compress, Compression, FlushCompress};
use sansocket::frame::{Header, MAX_HEADER_LEN, OpCode, Rsv, mask};

use crate::Result;

/// A column of the tables.
pub struct Column {
    pub name: &'static str,
    pub unit: &'static str,
    pub kind: Kind,
    /// The largest number of connections with messages in flight.
    pub connections: usize,
}

pub enum Kind {
    /// Each connection sends that many messages of this length at once, and waits for their echoes.
    Echo { len: usize, burst: usize },
    /// The same with a JSON message, compressed; with context takeover or without.
    Deflate { takeover: bool },
    /// The same without takeover at the client, with what the server chooses for itself.
    Json,
    /// The bytes of a reply to that.
    Reply,
    /// One connection sends that many messages at once, and all receive them.
    Chat { burst: usize },
    /// A connection is opened and reset.
    Connect,
    /// All connections are open, and have echoed nothing.
    Idle,
    /// All connections have echoed a message of 16 KiB.
    Used,
    /// All connections have agreed to compression, and have echoed nothing.
    IdleDeflate,
    /// All connections have echoed a compressed JSON message.
    UsedDeflate,
}

/// A client's offer of permessage-deflate.
#[derive(Clone, Copy)]
pub struct Offer {
    pub text: &'static str,
    /// Whether the response must allow context takeover, or refuse it. `None`: the server chooses.
    pub takeover: Option<bool>,
}

const fn echo(name: &'static str, len: usize, burst: usize, connections: usize) -> Column {
    Column { name, unit: "µs", kind: Kind::Echo { len, burst }, connections }
}

const fn other(name: &'static str, unit: &'static str, kind: Kind) -> Column {
    Column { name, unit, kind, connections: 100 }
}

pub const COLUMNS: &[Column] = &[
    echo("16 B", 16, 1, 1000),
    echo("125 B", 125, 1, 1000),
    echo("1 KiB", 1 << 10, 1, 1000),
    echo("16 KiB", 16 << 10, 1, 100),
    echo("1 MiB", 1 << 20, 1, 8),
    echo("16 × 125 B", 125, 16, 100),
    other("to 100", "µs", Kind::Chat { burst: 1 }),
    other("16 × to 100", "µs", Kind::Chat { burst: 16 }),
    other("JSON with takeover", "µs", Kind::Deflate { takeover: true }),
    other("JSON without takeover", "µs", Kind::Deflate { takeover: false }),
    other("connect", "µs", Kind::Connect),
    other("idle", "B", Kind::Idle),
    other("used", "B", Kind::Used),
    other("JSON as the server agrees", "µs", Kind::Json),
    other("reply", "B", Kind::Reply),
    other("idle with deflate", "B", Kind::IdleDeflate),
    other("used with deflate", "B", Kind::UsedDeflate),
];

impl Kind {
    /// Returns what a client offers in its request.
    pub fn offer(&self) -> Option<Offer> {
        let (text, takeover) = match self {
            Self::Deflate { takeover: true } => ("permessage-deflate", Some(true)),
            Self::Deflate { takeover: false } => {
                ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", Some(false))
            }
            Self::Json | Self::Reply | Self::IdleDeflate | Self::UsedDeflate => ("permessage-deflate", None),
            _ => return None,
        };
        Some(Offer { text, takeover })
    }

    /// Returns the messages that a client sends in turn.
    pub fn steps(&self) -> Result<Vec<Step>> {
        match *self {
            Self::Echo { len, burst } => Ok(vec![Step::new(OpCode::Binary, &bytes(len), burst)?]),
            Self::Deflate { takeover } => documents(takeover),
            // They can be inflated whatever the server has chosen.
            Self::Json | Self::Reply | Self::IdleDeflate | Self::UsedDeflate => documents(false),
            Self::Chat { burst } => Ok(vec![Step::new(OpCode::Text, &[b'x'; 125], burst)?]),
            Self::Connect | Self::Idle => Ok(vec![Step::new(OpCode::Binary, &bytes(125), 1)?]),
            Self::Used => Ok(vec![Step::new(OpCode::Binary, &bytes(16 << 10), 1)?]),
        }
    }
}

/// What a client sends at once, and what it expects.
pub struct Step {
    pub wire: Vec<u8>,
    pub opcode: OpCode,
    pub payload: Vec<u8>,
    /// The number of messages.
    pub count: usize,
}

impl Step {
    fn new(opcode: OpCode, payload: &[u8], count: usize) -> Result<Self> {
        let wire = frame(opcode, Rsv::NONE, payload)?.repeat(count);
        Ok(Self { wire, opcode, payload: payload.to_vec(), count })
    }
}

/// Returns a masked frame.
pub fn frame(opcode: OpCode, rsv: Rsv, payload: &[u8]) -> Result<Vec<u8>> {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut header = Header::new(opcode, payload.len().try_into()?);
    (header.rsv, header.mask) = (rsv, Some(key));
    let mut frame = header.encode(&mut [0; MAX_HEADER_LEN])?.to_vec();
    let begin = frame.len();
    frame.extend(payload);
    mask(&mut frame[begin..], key, 0);
    Ok(frame)
}

fn bytes(len: usize) -> Vec<u8> {
    (0..=250).cycle().take(len).collect()
}

/// Returns 64 documents of 1 KiB, compressed one after the other. The first of them refers to nothing before it, so that they
/// can be sent in a circle.
fn documents(takeover: bool) -> Result<Vec<Step>> {
    let mut compress = Compress::new(Compression::default(), false);
    let mut seed = 1_u64;
    let mut steps = Vec::new();
    for number in 0..64 {
        let text = document(number, &mut seed);
        if !takeover {
            compress.reset();
        }
        let mut packed = Vec::with_capacity(2 << 10);
        compress.compress_vec(text.as_bytes(), &mut packed, FlushCompress::Sync)?;
        packed.truncate(packed.len() - 4);
        let wire = frame(OpCode::Text, Rsv::RSV1, &packed)?;
        steps.push(Step { wire, opcode: OpCode::Text, payload: text.into_bytes(), count: 1 });
    }
    Ok(steps)
}

fn document(number: usize, seed: &mut u64) -> String {
    let names = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven"];
    let mut text = format!("{{\"type\":\"prices\",\"number\":{number},\"items\":[");
    while text.len() < 940 {
        // Xorshift: the same documents in every run.
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        let (id, price) = (*seed % 100_000, *seed / 1000 % 1_000_000);
        let name = names[usize::try_from(*seed >> 61).unwrap_or_default()];
        let _ = write!(text, "{{\"id\":{id},\"name\":\"{name}\",\"price\":{price},\"open\":true}},");
    }
    text + "null]}"
}
