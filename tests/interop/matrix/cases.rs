//! Helpers for the series of the matrix: offers, cases that print their lines, and data.

use std::panic::{self, AssertUnwindSafe};

use sansocket::client;

/// The offer of a mode.
pub(crate) fn offer(request: client::Request, mode: &str) -> client::Request {
    use sansocket::deflate::{Config, WindowBits};

    let windows = |bits| {
        let bits = WindowBits::new(bits).unwrap();
        Config::new().send_window(bits).receive_window(bits)
    };
    let config = match mode {
        "none" => return request,
        "default" => Config::new(),
        "no-takeover" => Config::new().send_context_takeover(false).receive_context_takeover(false),
        "window-9" => windows(9),
        "window-10" => windows(10),
        _ => panic!("there is no mode {mode}"),
    };
    request.deflate(config.min_len(0))
}

/// Runs a case, and prints its line. A case that panics has failed.
pub(crate) fn check(name: &str, case: impl FnOnce()) {
    match panic::catch_unwind(AssertUnwindSafe(case)) {
        Ok(()) => println!("ok {name}"),
        Err(reason) => {
            let literal = reason.downcast_ref::<&str>().copied();
            let reason = reason.downcast_ref::<String>().map_or(literal, |reason| Some(reason));
            let line: String = reason.unwrap_or("it failed").replace('\n', " ").chars().take(200).collect();
            println!("FAILED {name}: {line}");
        }
    }
}

/// Data that does not compress.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    (0..len).map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[5]).collect()
}
