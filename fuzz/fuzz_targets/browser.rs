//! The `WebSocket` object of browsers, with any page, any server and any order of calls.
//!
//! Input: 1 byte for the length of a URL, the URL, 1 byte for subprotocols, then steps, each a byte and its argument. Whatever
//! happened, there is one `close`, `error` comes right before it, the state never goes back, and `bufferedAmount` grows by what was
//! sent and falls in tasks only.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sansocket::{
    Input,
    browser::{Event, ReadyState, Request, WebSocket},
    handshake::HandshakeLimits,
    server::{Accept, Handshake},
    session::{ReadBuffer, Transport},
};
use sansocket_fuzz::ByteSource;

struct Page {
    socket: WebSocket,
    buffer: ReadBuffer,
    wire: Vec<u8>,
    last: Option<Event>,
    gone: bool,
    sent: u64,
}

impl Page {
    fn task(&mut self) {
        let before = (self.socket.ready_state(), self.socket.buffered_amount());
        let event = self.socket.next_event();
        let state = self.socket.ready_state();
        assert!(state >= before.0 && self.socket.buffered_amount() <= before.1);
        let Some(event) = event else { return };
        assert!(!self.gone && !matches!(self.last, Some(Event::Close { .. })));
        match &event {
            Event::Open => assert!(self.last.is_none() && state == ReadyState::Open),
            Event::Text(_) | Event::Binary(..) => assert!(self.last.is_some() && state == ReadyState::Open),
            Event::Error => assert!(state == ReadyState::Closed && self.last != Some(Event::Error)),
            Event::Close { was_clean, .. } => {
                assert!(state == ReadyState::Closed && !(*was_clean && self.last == Some(Event::Error)));
            }
            _ => {}
        }
        self.last = Some(event);
    }

    fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let space = self.buffer.space();
            let count = space.len().min(bytes.len());
            if count == 0 {
                return; // the page is too slow
            }
            space[..count].copy_from_slice(&bytes[..count]);
            self.buffer.filled(count);
            bytes = &bytes[count..];
            self.socket.receive_from(&mut self.buffer);
        }
    }

    /// The response of a server to what has been written.
    fn switch(&mut self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut handshake = Handshake::new(HandshakeLimits::new());
        let request = handshake.receive(&mut Input::new(&mut self.wire.clone()), &mut out).ok()??;
        request.accept(Accept::new(), &mut out).ok()?;
        Some(out)
    }

    fn write(&mut self, count: usize) {
        match self.socket.transport() {
            Transport::Write(bytes) => {
                let count = count.min(bytes.len());
                self.wire.extend_from_slice(&bytes[..count]);
                self.socket.written(count);
            }
            Transport::Flush => self.socket.flushed(),
            Transport::ShutDown => self.socket.shut_down(),
            Transport::Wait | Transport::Close => {}
        }
    }

    fn step(&mut self, choices: &mut ByteSource<'_>, now: &mut Duration) {
        let before = (self.socket.ready_state(), self.socket.buffered_amount());
        match choices.byte() % 11 {
            0 => return self.task(),
            1 => {
                if let Some(response) = self.switch() {
                    self.read(&response);
                }
            }
            2 => {
                let len = choices.byte().into();
                self.read(choices.bytes(len));
            }
            3 => self.write(choices.number()),
            4 => self.socket.eof(),
            5 => self.socket.failed(),
            6 => {
                *now += Duration::from_secs(choices.byte().into());
                self.socket.on_time(*now);
                self.socket.receive_from(&mut self.buffer);
            }
            7 | 8 => {
                let data = vec![7; usize::from(choices.byte())];
                let sent = self.socket.send_binary(&data).is_ok();
                assert_eq!(sent, before.0 != ReadyState::Connecting);
                let len = if sent { data.len() as u64 } else { 0 };
                self.sent += len;
                assert_eq!(self.socket.buffered_amount(), before.1 + len);
                return;
            }
            9 => {
                let code = choices.flag().then(|| u16::try_from(choices.number()).unwrap_or_default());
                let len = usize::from(choices.byte() % 140);
                let reason = choices.text(len);
                let closed = self.socket.close(code, &reason).is_ok();
                assert_eq!(closed, matches!(code, None | Some(1000 | 3000..=4999)) && reason.len() <= 123);
                let expected = if closed { before.0.max(ReadyState::Closing) } else { before.0 };
                assert_eq!((self.socket.ready_state(), self.socket.buffered_amount()), (expected, before.1));
                return;
            }
            _ => {
                self.socket.disappear();
                self.gone = true;
                return;
            }
        }
        // The transport changes nothing that a script could see.
        assert_eq!((self.socket.ready_state(), self.socket.buffered_amount()), before);
    }
}

fuzz_target!(|data: &[u8]| {
    let mut choices = ByteSource(data);
    let len = choices.byte().into();
    let url = choices.text(len);
    let protocols: &[&str] = if choices.flag() { &["a", "b"] } else { &[] };
    // Any text, and a URL that is valid, so that most inputs get beyond it.
    let request = Request::new(&url, Some("https://example.com/a/"), protocols)
        .or_else(|_| Request::new("ws://example.com/", None, protocols))
        .expect("a valid URL");
    assert!(request.url().starts_with("ws") && !request.url().contains('#'));
    let socket = WebSocket::new(&request, [7; 32], Duration::ZERO).expect("the engine adds nothing");
    let buffer = ReadBuffer::new(1 << 16);
    let mut page = Page { socket, buffer, wire: Vec::new(), last: None, gone: false, sent: 0 };
    let mut now = Duration::ZERO;
    while !choices.is_empty() {
        page.step(&mut choices, &mut now);
    }
    page.socket.failed();
    while page.socket.ready_state() != ReadyState::Closed && !page.gone {
        page.task();
    }
    page.task();
    assert!(page.gone || matches!(page.last, Some(Event::Close { .. })));
    assert!(page.socket.transport() == Transport::Close && page.socket.buffered_amount() <= page.sent);
});
