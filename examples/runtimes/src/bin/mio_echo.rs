//! An echo server with `mio`, on one thread or a few. The event loop is `sansocket_runtimes::event_loop`.
//!
//! ```text
//! cargo run --bin mio_echo -- 127.0.0.1:9001 [--threads N]
//! ```

use std::io;

use sansocket_runtimes::{echo_to, event_loop};

fn main() -> io::Result<()> {
    event_loop::serve("usage: mio_echo [ADDRESS [--threads N]]", || echo_to)
}
