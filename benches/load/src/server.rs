//! The table of servers, and a server that runs.

use std::{
    env, fmt, fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    time::ClockId,
    unistd::Pid,
};

use crate::{Result, is_selected};

/// A row of `servers.tsv`.
pub struct Program {
    pub name: String,
    echo: Vec<String>,
    chat: Option<Vec<String>>,
    /// The reason why it cannot run.
    pub missing: Option<String>,
}

/// Returns the selected rows of `servers.tsv`, and the names of the others.
pub fn programs(builds: &[String], names: &[String]) -> Result<(Vec<Program>, Vec<String>)> {
    let (mut programs, mut left_out) = (Vec::new(), Vec::new());
    for line in include_str!("../servers.tsv").lines().filter(|line| !line.starts_with('#')) {
        let &[name, build, echo, chat] = &line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("servers.tsv: {line:?} does not have four columns").into());
        };
        if !is_selected(names, name)
            || !(builds.is_empty() || builds.iter().any(|selected| selected == build))
        {
            left_out.push(name.to_owned());
            continue;
        }
        let echo = command(echo)?;
        let missing = echo.iter().find(|part| part.contains('/') && !Path::new(part.as_str()).exists());
        let missing =
            missing.map(|part| format!("there is no {}", part.rsplit('/').next().unwrap_or_default()));
        let chat = if chat == "-" { None } else { Some(command(chat)?) };
        programs.push(Program { name: name.to_owned(), echo, chat, missing });
    }
    Ok((programs, left_out))
}

/// Replaces the names of directories.
fn command(template: &str) -> Result<Vec<String>> {
    let (release, peers) = (env::var("RELEASE")?, env::var("PEERS")?);
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/peers");
    let replace = |part: &str| {
        part.replace("{release}", &release).replace("{peers}", &peers).replace("{sources}", sources)
    };
    Ok(template.split(' ').map(replace).collect())
}

/// The cores of the servers and of the load.
pub struct Cores {
    server: CpuSet,
    load: CpuSet,
    names: Option<(usize, usize)>,
}

impl Cores {
    /// Takes the first core for the servers, and the last one for the load.
    pub fn split() -> Result<Self> {
        let all = sched_getaffinity(Pid::from_raw(0))?;
        let mut usable = (0..CpuSet::count()).filter(|core| all.is_set(*core).unwrap_or(false));
        let (first, last) = (usable.next(), usable.next_back());
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(Self { server: all, load: all, names: None });
        };
        let only = |core| -> Result<CpuSet> {
            let mut set = CpuSet::new();
            set.set(core)?;
            Ok(set)
        };
        Ok(Self { server: only(first)?, load: only(last)?, names: Some((first, last)) })
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.names {
            Some((server, load)) => write!(f, "server on core {server}, load on core {load}"),
            None => f.write_str("NOT PINNED: there is one core"),
        }
    }
}

/// A server that runs until this is dropped.
pub struct Server {
    child: Kill,
    clock: ClockId,
    pub address: SocketAddr,
    pub path: String,
}

impl Server {
    /// Starts an echo server, or a chat. Returns `None` if it is no chat.
    pub fn start(program: &Program, chat: bool, cores: &Cores) -> Result<Option<Self>> {
        let command = if chat { program.chat.as_ref() } else { Some(&program.echo) };
        let Some([program, args @ ..]) = command.map(Vec::as_slice) else { return Ok(None) };
        let (address, args) = (["127.0.0.1:0"], args);
        // A script comes before the address, everything else after it.
        let scripts = args.iter().take_while(|arg| arg.contains('/')).count();
        let (scripts, args) = args.split_at(scripts);
        // The child inherits the core.
        sched_setaffinity(Pid::from_raw(0), &cores.server)?;
        let child = Command::new(program)
            .args(scripts)
            .args(address)
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        sched_setaffinity(Pid::from_raw(0), &cores.load)?;
        let mut child = Kill(child?);
        let mut line = String::new();
        BufReader::new(child.0.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let uri =
            line.trim_end().strip_prefix("listening on ws://").ok_or_else(|| format!("it says {line:?}"))?;
        let (address, path) = uri.split_once('/').ok_or("no path")?;
        let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(child.0.id().try_into()?))?;
        let (address, path) = (address.parse()?, format!("/{path}"));
        Ok(Some(Self { child, clock, address, path }))
    }

    /// Returns the resident memory, in bytes.
    pub fn memory(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0)
    }

    /// Returns the processor time of all its threads, in user and kernel mode.
    pub fn processor(&self) -> Result<Duration> {
        Ok(self.clock.now()?.into())
    }
}

/// Ends the process when it is dropped.
struct Kill(Child);

impl Drop for Kill {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
