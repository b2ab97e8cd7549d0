//! The libraries, each in a file of its own, and what each of them can be asked to do.

use std::rc::Rc;

mod fastwebsockets;
mod limit;
mod sans_io;
mod sansocket;
mod soketto;
mod tokio_websockets;
mod tungstenite;

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
    /// Answers a request.
    pub accept: Option<fn(&Rc<[u8]>) -> Run>,
    /// Makes a connection that waits, and keeps it until it is dropped.
    pub idle: Option<fn(End) -> Box<dyn std::any::Any>>,
}

pub fn all() -> Vec<Peer> {
    vec![
        sansocket::PEER,
        tungstenite::PEER,
        tokio_websockets::PEER,
        fastwebsockets::PEER,
        soketto::PEER,
        sans_io::PEER,
        limit::PEER,
    ]
}
