//! Runs a script file.
//!
//! ```text
//! cargo run -- scripts/clock.js ws://127.0.0.1:9002/ 3
//! cargo run -- [--origin ORIGIN] [--base URL] [--ca CA.PEM] SCRIPT [ARGUMENT...]
//! ```
//!
//! The arguments are in the global array `args`. The exit status is 1 after an exception that was not caught.

use std::{env, fs, process::ExitCode};

use sansocket_javascript::{Error, Options, run};

const USAGE: &str =
    "usage: sansocket-javascript [--origin ORIGIN] [--base URL] [--ca CA.PEM] SCRIPT [ARGUMENT...]";

fn main() -> Result<ExitCode, Error> {
    let mut options = Options::default();
    let mut args = env::args().skip(1);
    let script = loop {
        let arg = args.next().ok_or(USAGE)?;
        match arg.as_str() {
            "--origin" => options.origin = Some(args.next().ok_or(USAGE)?),
            "--base" => options.base = Some(args.next().ok_or(USAGE)?),
            "--ca" => options.authority = Some(args.next().ok_or(USAGE)?.into()),
            _ => break arg,
        }
    };
    options.args = args.collect();
    let source = fs::read_to_string(&script).map_err(|error| format!("cannot read {script}: {error}"))?;
    let succeeded = run(&script, &source, options, |line| println!("{line}"))?;
    Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
