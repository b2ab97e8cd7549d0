//! How the cost of this crate grows with the length of a message, the number of connections, and the number of fragments.

use std::time::Instant;

use sansocket::{Config, Connection, Event, Input, frame::OpCode};

use crate::{End, ascii, frame};

const READ: usize = 64 << 10;

pub fn print() {
    println!("| length of a message | ns for 1 KiB |\n|---|---|");
    for (size, label) in [
        (1 << 10, "1 KiB"),
        (16 << 10, "16 KiB"),
        (256 << 10, "256 KiB"),
        (4 << 20, "4 MiB"),
        (32 << 20, "32 MiB"),
    ] {
        let wire = frame(End::Server, OpCode::Binary, true, &ascii(size)).repeat(((1 << 20) / size).max(1));
        let mut connections = [Connection::server(Config::new())];
        let kib = wire.len() as f64 / 1024.0;
        println!("| {label} | {:.1} |", best(|| assert!(receive(&mut connections, &wire) > 0)) / kib);
    }
    println!("\n| connections, one after the other | ns for a text of 125 B |\n|---|---|");
    for count in [1, 100, 10_000, 1_000_000] {
        let wire = frame(End::Server, OpCode::Text, true, &ascii(125));
        let mut connections: Vec<Connection> =
            (0..count).map(|_| Connection::server(Config::new())).collect();
        // As many messages for each number, so that the loop around them is the same.
        let rounds = 1_000_000 / count;
        let time = best(|| (0..rounds).for_each(|_| assert_eq!(receive(&mut connections, &wire), count)));
        println!("| {count} | {:.1} |", time / 1e6);
    }
    println!("\n| fragments of a text of 1 MiB | µs for the message | ns for a fragment |\n|---|---|---|");
    for count in [1, 16, 256, 4096, 65_536] {
        let text = ascii(1 << 20);
        let len = text.len() / count;
        let wire: Vec<u8> = text
            .chunks(len)
            .enumerate()
            .flat_map(|(number, part)| {
                let opcode = if number == 0 { OpCode::Text } else { OpCode::Continuation };
                frame(End::Server, opcode, number + 1 == count, part)
            })
            .collect();
        let mut connections = [Connection::server(Config::new())];
        let time = best(|| assert_eq!(receive(&mut connections, &wire), 1));
        println!("| {count} | {:.0} | {:.1} |", time / 1000.0, time / count as f64);
    }
}

/// Each connection receives all of the bytes. How many messages came.
fn receive(connections: &mut [Connection], wire: &[u8]) -> usize {
    let (mut buf, mut out, mut count) = (vec![0; READ.min(wire.len())], Vec::new(), 0);
    for connection in connections {
        for bytes in wire.chunks(READ) {
            let buf = &mut buf[..bytes.len()];
            buf.copy_from_slice(bytes);
            let mut input = Input::new(buf);
            while let Some(event) = connection.receive(&mut input, &mut out).unwrap() {
                count += usize::from(matches!(event, Event::Text(_) | Event::Binary(_)));
                connection.recycle(event);
            }
        }
    }
    count
}

/// The shortest of some runs, in ns.
fn best(mut run: impl FnMut()) -> f64 {
    run();
    let time = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_nanos() as f64
    };
    (0..7).map(time).fold(f64::INFINITY, f64::min)
}
