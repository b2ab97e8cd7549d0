//! The libraries, each in a file of its own, and what each of them can be asked to do.

use std::rc::Rc;

#[cfg(cpp_peers)]
mod cpp;
mod fastwebsockets;
mod limit;
mod nexus_web;
mod sans_io;
mod sansocket;
mod sockudo;
mod soketto;
mod tokio_websockets;
mod tungstenite;
mod ws_framer;
mod wtx;
mod yawc;

/// Handles all of its input once, and says how many messages (or handshakes) that were.
pub type Run = Box<dyn FnMut() -> usize>;

/// Which end is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Server,
    Client,
}

/// Whether compressed messages refer to earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takeover {
    Yes,
    No,
}

/// A library.
#[expect(clippy::type_complexity, reason = "a name for each type would repeat the name of its field")]
pub struct Peer {
    /// With an asterisk if it does not validate text.
    pub name: &'static str,
    /// Receives messages: the bytes, how many of them a read gives.
    pub decode: Option<fn(End, &Rc<[u8]>, usize) -> Run>,
    /// Receives messages and sends each of them back, as a server; as `decode`.
    pub echo: Option<fn(&Rc<[u8]>, usize) -> Run>,
    /// Has this many connections of a server echo one frame each, one after the other.
    pub turns: Option<fn(usize, &Rc<[u8]>) -> Run>,
    /// Sends this many binary messages with this payload.
    pub encode: Option<fn(End, &Rc<[u8]>, usize) -> Run>,
    /// As `decode` of a server, with compressed messages.
    pub inflate: Option<fn(Takeover, &Rc<[u8]>) -> Run>,
    /// Sends these messages as a server, compressed at level 6.
    pub deflate: Option<fn(Takeover, &[String]) -> Run>,
    /// Answers a request.
    pub accept: Option<fn(&Rc<[u8]>) -> Run>,
    /// Opens a connection, over a transport that answers.
    pub connect: Option<fn() -> Run>,
    /// Makes a connection that waits, and keeps it until it is dropped.
    pub idle: Option<fn(End) -> Box<dyn std::any::Any>>,
    /// Whether its memory comes from the allocator of Rust, which counts.
    pub counts_allocations: bool,
}

impl Peer {
    /// A library that can do nothing of all this.
    const fn named(name: &'static str) -> Self {
        Self {
            name,
            decode: None,
            echo: None,
            turns: None,
            encode: None,
            inflate: None,
            deflate: None,
            accept: None,
            connect: None,
            idle: None,
            counts_allocations: true,
        }
    }
}

/// The echo of one connection, for each of `count`.
fn turns_of(echo: fn(&Rc<[u8]>, usize) -> Run, count: usize, frame: &Rc<[u8]>) -> Run {
    let mut ends: Vec<Run> = (0..count).map(|_| echo(frame, 4 << 10)).collect();
    Box::new(move || ends.iter_mut().map(|run| run()).sum())
}

/// What a client asks for.
pub const URI: &str = "ws://server.example.com/chat?room=1";

/// Returns the libraries in the order of the columns.
pub fn all() -> Vec<Peer> {
    let mut all = vec![
        sansocket::PEER,
        nexus_web::PEER,
        sockudo::PEER,
        ws_framer::PEER,
        wtx::PEER,
        tungstenite::PEER,
        tokio_websockets::PEER,
        fastwebsockets::PEER,
        yawc::PEER,
        soketto::PEER,
        sans_io::PEER,
    ];
    #[cfg(cpp_peers)]
    all.extend([cpp::BEAST, cpp::WSLAY]);
    all.extend([sansocket::SHARED_BUFFER, limit::PEER]);
    all
}
