//! Checks of what the libraries make of their input, before anything is measured.

use std::{
    panic::{self, AssertUnwindSafe},
    rc::Rc,
};

use sansocket::frame::OpCode;

use crate::{End, frame, peers};

/// Checks that each library without an asterisk refuses text that is not UTF-8, in one read, split by reads, and in fragments.
pub fn bad_text_is_refused() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));
    let bad: Vec<u8> = [b"0123456789".repeat(10), vec![0xed, 0xa0, 0x80], b"0123456789".to_vec()].concat();
    let whole = frame(End::Server, OpCode::Text, true, &bad);
    let (first, second) = bad.split_at(40);
    let fragments = [
        frame(End::Server, OpCode::Text, false, first),
        frame(End::Server, OpCode::Continuation, true, second),
    ];
    let mut accepted = Vec::new();
    for (how, wire, read) in [
        ("in one read", whole.clone(), 64 << 10),
        ("split by reads", whole, 50),
        ("in fragments", fragments.concat(), 64 << 10),
    ] {
        let wire: Rc<[u8]> = wire.into();
        for peer in peers::all().iter().filter(|peer| !peer.name.ends_with('*') && peer.name != "limit") {
            let Some(decode) = peer.decode else { continue };
            let messages = panic::catch_unwind(AssertUnwindSafe(|| decode(End::Server, &wire, read)()));
            if matches!(messages, Ok(1..)) {
                accepted.push(format!("{} {how}", peer.name));
            }
        }
    }
    panic::set_hook(hook);
    assert!(accepted.is_empty(), "bad text is accepted: {accepted:?}");
}
