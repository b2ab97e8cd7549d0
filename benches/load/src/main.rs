//! Measures echo servers on loopback, in turns, and prints tables of what they took.
//!
//! ```text
//! RELEASE=DIR PEERS=DIR sansocket-load CONNECTIONS SECONDS ROUNDS [--builds LIST] [--servers LIST] [--columns LIST]
//! ```
//!
//! The servers are in `servers.tsv`, the columns in `workload.rs`. The server runs on one core, the load on another. Every
//! echo is compared with what was sent, and Pings are answered. A server that fails is named, and the exit status is 1.

mod client;
mod load;
mod server;
mod table;
mod workload;

use std::{env, error::Error, process::ExitCode, time::Duration};

use crate::{load::measure, server::Cores, table::Table, workload::COLUMNS};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<ExitCode> {
    let args = Args::parse(env::args().skip(1))?;
    let (programs, left_out) = server::programs(&args.builds, &args.servers)?;
    let cores = Cores::split()?;
    let mut table = Table::new(&programs);
    let columns: Vec<_> = COLUMNS.iter().filter(|column| args.selects(column.name)).collect();
    for column in columns {
        // In turns, so that what happens to the machine happens to all servers.
        for _ in 0..args.rounds {
            for program in programs.iter().filter(|program| program.missing.is_none()) {
                table.record(program, column, measure(program, column, &cores, args.connections, args.time));
            }
        }
        eprintln!("measured: {}", column.name);
    }
    println!(
        "{} connections; {}; medians of {} rounds ± half of their range\n",
        args.connections, cores, args.rounds
    );
    Ok(table.print(&left_out))
}

struct Args {
    connections: usize,
    time: Duration,
    rounds: usize,
    builds: Vec<String>,
    servers: Vec<String>,
    columns: Vec<String>,
}

impl Args {
    fn selects(&self, column: &str) -> bool {
        self.columns.is_empty() || self.columns.iter().any(|name| name == column)
    }

    fn parse(args: impl Iterator<Item = String>) -> Result<Self> {
        let args: Vec<String> = args.collect();
        let [connections, seconds, rounds, options @ ..] = &args[..] else {
            return Err(
                "usage: CONNECTIONS SECONDS ROUNDS [--builds LIST] [--servers LIST] [--columns LIST]".into(),
            );
        };
        let list = |name| -> Vec<String> {
            let of = options.chunks(2).find(|option| option[0] == name).and_then(|option| option.get(1));
            of.map(|list| list.split(',').map(str::to_owned).collect()).unwrap_or_default()
        };
        Ok(Self {
            connections: connections.parse()?,
            time: Duration::from_secs_f64(seconds.parse()?),
            rounds: rounds.parse()?,
            builds: list("--builds"),
            servers: list("--servers"),
            columns: list("--columns"),
        })
    }
}

/// Returns `true` if a name contains an entry of the list, or the list is empty.
fn is_selected(list: &[String], name: &str) -> bool {
    list.is_empty() || list.iter().any(|part| name.contains(part.as_str()))
}
