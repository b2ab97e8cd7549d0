//! Checks of what the libraries make of their input, before anything is measured.

use std::{
    panic::{self, AssertUnwindSafe},
    rc::Rc,
};

use sansocket::frame::OpCode;

use crate::{End, frame, peers};

/// The length of the header of a masked frame of up to 125 bytes.
const HEADER: usize = 6;

/// Checks that each library without an asterisk refuses text that is not UTF-8, in one read, split by reads, and in fragments.
pub fn bad_text_is_refused() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));
    let bad: Vec<u8> = [b"0123456789".repeat(10), vec![0xed, 0xa0, 0x80], b"0123456789".to_vec()].concat();
    let whole = frame(End::Server, OpCode::Text, true, &bad);
    let fragments = |at| {
        let (first, second) = bad.split_at(at);
        [
            frame(End::Server, OpCode::Text, false, first),
            frame(End::Server, OpCode::Continuation, true, second),
        ]
        .concat()
    };
    let mut accepted = Vec::new();
    for (how, wire, read) in [
        ("in one read", whole.clone(), 64 << 10),
        ("split by reads", whole.clone(), 50),
        ("split by reads after the first bad byte", whole.clone(), HEADER + 101),
        ("split by reads after the second bad byte", whole, HEADER + 102),
        ("in fragments", fragments(40), 64 << 10),
        ("in fragments after the first bad byte", fragments(101), 64 << 10),
        ("in fragments after the second bad byte", fragments(102), 64 << 10),
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
