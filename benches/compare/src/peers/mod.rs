//! The libraries, each in a file of its own, and what each of them can be asked to do.

use std::rc::Rc;

mod fastwebsockets;
mod limit;
mod sans_io;
mod sansocket;
mod soketto;
mod tokio_websockets;
mod tungstenite;
mod yawc;

/// Handles all of its input once, and says how many messages (or handshakes) that were.
pub type Run = Box<dyn FnMut() -> usize>;

/// Which end is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Server,
    Client,
}

/// A library.
pub struct Peer {
    /// With an asterisk if it does not validate text.
    pub name: &'static str,
    /// Receives messages: the bytes, how many of them a read gives.
    pub decode: Option<fn(End, &Rc<[u8]>, usize) -> Run>,
    /// Receives messages and sends each of them back, as a server; as `decode`.
    pub echo: Option<fn(&Rc<[u8]>, usize) -> Run>,
    /// Sends this many binary messages with this payload.
    pub encode: Option<fn(End, &Rc<[u8]>, usize) -> Run>,
    /// As `decode` of a server, with compressed messages that refer to earlier ones.
    pub inflate: Option<fn(&Rc<[u8]>) -> Run>,
    /// Sends these messages as a server, compressed at level 6, so that they refer to earlier ones.
    pub deflate: Option<fn(&[String]) -> Run>,
    /// Answers a request.
    pub accept: Option<fn(&Rc<[u8]>) -> Run>,
    /// Opens a connection, over a transport that answers.
    pub connect: Option<fn() -> Run>,
    /// Makes a connection that waits, and keeps it until it is dropped.
    pub idle: Option<fn(End) -> Box<dyn std::any::Any>>,
}

impl Peer {
    /// A library that can do nothing of all this.
    const fn named(name: &'static str) -> Self {
        Self {
            name,
            decode: None,
            echo: None,
            encode: None,
            inflate: None,
            deflate: None,
            accept: None,
            connect: None,
            idle: None,
        }
    }
}

/// What a client asks for.
pub const URI: &str = "ws://server.example.com/chat?room=1";

pub fn all() -> Vec<Peer> {
    vec![
        sansocket::PEER,
        tungstenite::PEER,
        tokio_websockets::PEER,
        fastwebsockets::PEER,
        yawc::PEER,
        soketto::PEER,
        sans_io::PEER,
        sansocket::SHARED_BUFFER,
        limit::PEER,
    ]
}
