//! Frames, text, a Close and a timer without an allocator. The exit status is 0 if everything succeeded.
#![no_std]
#![no_main]

use core::{panic::PanicInfo, time::Duration};

use sansocket::{
    Close, CloseCode, Input,
    frame::{Decoder, Header, Limits, MAX_HEADER_LEN, OpCode, Role, Rsv, mask},
    keepalive::{Action, KeepAlive, Timeouts},
    utf8,
};

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

/// The precompiled `core` refers to it; nothing unwinds here.
#[unsafe(no_mangle)]
pub extern "C" fn rust_eh_personality() {}

/// The C library calls this.
#[unsafe(no_mangle)]
pub extern "C" fn main() -> i32 {
    #[cfg(feature = "control")]
    core::hint::black_box(sansocket::Connection::server(sansocket::Config::new()));
    i32::from(exchange() != Some(true) || !pings())
}

/// A client writes a text in two frames and a Close, and a server reads them in reads of 3 bytes.
fn exchange() -> Option<bool> {
    let (mut stream, mut len) = ([0; 128], 0);
    let close = Close::new(CloseCode::NORMAL, "bye").ok()?;
    let mut body = [0; 5];
    body[..2].copy_from_slice(&close.code().get().to_be_bytes());
    body[2..].copy_from_slice(close.reason().as_bytes());
    for (opcode, fin, payload) in [
        (OpCode::Text, false, "Grü".as_bytes()),
        (OpCode::Continuation, true, "ße".as_bytes()),
        (OpCode::Close, true, &body),
    ] {
        let key = [1, 2, 3, 4];
        let header =
            Header { fin, rsv: Rsv::NONE, opcode, mask: Some(key), payload_len: payload.len() as u64 };
        let mut buf = [0; MAX_HEADER_LEN];
        let header = header.encode(&mut buf).ok()?;
        stream.get_mut(len..len + header.len())?.copy_from_slice(header);
        len += header.len();
        let masked = stream.get_mut(len..len + payload.len())?;
        masked.copy_from_slice(payload);
        mask(masked, key, 0);
        len += payload.len();
    }

    let mut decoder = Decoder::new(Role::Server, Limits::new());
    let mut text = utf8::Decoder::new();
    let (mut read, mut control, mut control_len, mut closed) = ([0; 16], [0; 125], 0, false);
    let mut count = 0;
    for bytes in stream.get_mut(..len)?.chunks_mut(3) {
        let mut input = Input::new(bytes);
        while let Some(part) = decoder.receive(&mut input).ok()? {
            if part.header.opcode == OpCode::Close {
                control.get_mut(control_len..control_len + part.payload.len())?.copy_from_slice(part.payload);
                control_len += part.payload.len();
                if part.last {
                    closed = Close::decode(control.get(..control_len)?).ok()?? == close;
                }
                continue;
            }
            let decoded = text.decode(part.payload).ok()?;
            for c in decoded.first.into_iter().chain(decoded.rest.chars()) {
                count += c.encode_utf8(read.get_mut(count..)?).len();
            }
        }
    }
    Some(closed && text.is_complete() && read.get(..count)? == "Grüße".as_bytes())
}

fn pings() -> bool {
    let second = Duration::from_secs(1);
    let mut timer = KeepAlive::new(Timeouts::new().ping_interval(Some(second)), Duration::ZERO);
    timer.on_open(Duration::ZERO);
    matches!((timer.poll(second / 2), timer.poll(second)), (Action::Wait, Action::Ping(_)))
}
