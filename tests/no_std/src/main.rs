//! A complete conversation without `std`: handshake, an echoed message, closing. The exit status is 0 if
//! everything succeeded.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use core::{
    alloc::{GlobalAlloc, Layout},
    panic::PanicInfo,
    ptr::null_mut,
    sync::atomic::{AtomicUsize, Ordering},
};

use sansocket::{
    CloseCode, Config, Connection, Event, Input, State, client, handshake::HandshakeLimits, server,
};

/// Allocates from a fixed piece of memory, from its beginning to its end, and frees nothing.
struct Bump {
    used: AtomicUsize,
}

static mut MEMORY: [u8; 1 << 20] = [0; 1 << 20];

#[global_allocator]
static ALLOCATOR: Bump = Bump { used: AtomicUsize::new(0) };

// SAFETY: every call hands out a range of `MEMORY` of its own, aligned as asked.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = (&raw mut MEMORY).cast::<u8>();
        let mut start = 0;
        let moved = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            let address = (base.addr() + used).next_multiple_of(layout.align());
            start = address - base.addr();
            start.checked_add(layout.size()).filter(|&end| end <= 1 << 20)
        });
        // SAFETY: `start` lies within `MEMORY`.
        moved.map_or(null_mut(), |_| unsafe { base.add(start) })
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

unsafe extern "C" {
    fn abort() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: ends the process.
    unsafe { abort() }
}

#[link(name = "c")]
unsafe extern "C" {}

/// The precompiled `alloc` refers to it; nothing unwinds here. With `std` in the program there would be two.
#[unsafe(no_mangle)]
pub extern "C" fn rust_eh_personality() {}

/// The same, for what formats into a `String`.
#[unsafe(no_mangle)]
pub extern "C" fn _Unwind_Resume() -> ! {
    // SAFETY: ends the process.
    unsafe { abort() }
}

/// The C library calls this.
#[unsafe(no_mangle)]
pub extern "C" fn main() -> i32 {
    #[cfg(feature = "browser")]
    if !browse() {
        return 1;
    }
    #[cfg(feature = "legacy")]
    if converse_in_hixie_76() != Some(true) {
        return 1;
    }
    i32::from(converse() != Some(true))
}

fn seed() -> Option<[u8; 32]> {
    #[cfg(feature = "getrandom")]
    return sansocket::random_seed().ok();
    #[cfg(not(feature = "getrandom"))]
    return Some([7; 32]);
}

/// The object of browsers: a URL of the WHATWG, and a failure to connect.
#[cfg(feature = "browser")]
fn browse() -> bool {
    use sansocket::browser::{Event, Request, WebSocket};
    let request = Request::new("https://b\u{fc}cher.example/a b", None, &["chat"]);
    let Some(Ok(mut socket)) =
        request.ok().map(|request| WebSocket::new(&request, [7; 32], Default::default()))
    else {
        return false;
    };
    socket.failed();
    let end = (socket.next_event(), socket.next_event());
    socket.url() == "wss://xn--bcher-kva.example/a%20b"
        && matches!(end, (Some(Event::Error), Some(Event::Close { code: 1006, .. })))
}

/// Opens a connection of hixie-76, and delivers a message.
#[cfg(feature = "legacy")]
fn converse_in_hixie_76() -> Option<bool> {
    use sansocket::legacy::{self, Version, Versions};
    let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
    let request = client::Request::new("ws://example.com/chat").ok()?.origin("http://example.com");
    let mut opening =
        legacy::client::Handshake::new(&request, Version::Hixie76, seed()?, &mut to_server).ok()?;
    let mut accepting = legacy::server::Handshake::new(HandshakeLimits::new(), Versions::new().hixie76());
    let request = accepting.receive(&mut Input::new(&mut to_server), &mut to_client).ok()??;
    let mut server = request.accept(server::Accept::new(), &mut to_client).ok()?;
    let (mut client, _) = opening.receive(&mut Input::new(&mut to_client)).ok()??;
    to_client.clear();
    server.send_text("Grüße", &mut to_client).ok()?;
    let event = client.receive(&mut Input::new(&mut to_client), &mut Vec::new()).ok()??;
    Some(event == Event::Text("Grüße".into()))
}

fn converse() -> Option<bool> {
    let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
    let request = client::Request::new("ws://example.com/chat").ok()?;
    let mut opening = client::Handshake::new(&request, seed()?, &mut to_server).ok()?;
    let mut accepting = server::Handshake::new(HandshakeLimits::new());
    let request = accepting.receive(&mut Input::new(&mut to_server), &mut to_client).ok()??;
    to_server.clear();
    let mut server = request.accept(server::Accept::new().config(Config::new()), &mut to_client).ok()?;
    let (mut client, _) = opening.receive(&mut Input::new(&mut to_client)).ok()??;
    to_client.clear();

    client.send_text("Grüße", &mut to_server).ok()?;
    client.send_close(CloseCode::NORMAL, &mut to_server).ok()?;
    let echoed = deliver(&mut server, &mut to_server, &mut to_client)?;
    let returned = deliver(&mut client, &mut to_client, &mut to_server)?;
    let closed = server.state() == State::Draining && client.receive_eof().is_ok();
    Some(echoed == 1 && returned == 1 && closed)
}

/// Delivers the bytes in flight; the server echoes them. Returns the number of messages.
fn deliver(to: &mut Connection, on_its_way: &mut Vec<u8>, answers: &mut Vec<u8>) -> Option<u32> {
    let mut messages = 0;
    let mut input = Input::new(on_its_way);
    while let Some(event) = to.receive(&mut input, answers).ok()? {
        if let Event::Text(text) = event {
            messages += u32::from(text == "Grüße");
            if to.role() == sansocket::frame::Role::Server {
                to.send_text(&text, answers).ok()?;
            }
        }
    }
    on_its_way.clear();
    Some(messages)
}
