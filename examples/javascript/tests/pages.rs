//! Pages that check the `WebSocket` object from the side of scripts, and the two scripts against real servers.
#![allow(missing_docs, reason = "these are tests")]

mod server;

use std::{
    cell::RefCell,
    env, fs,
    io::{self, BufRead, BufReader, Write as _},
    mem,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    rc::Rc,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use sansocket_javascript::{Options, run};
use tokio_rustls::rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer},
};

const PATIENCE: Duration = Duration::from_secs(61);

/// Runs a script on a thread of its own. Returns what it printed, and whether it succeeded.
fn run_script(name: &str, source: String, options: Options) -> (bool, Vec<String>) {
    let (sender, receiver) = mpsc::channel();
    let name = name.to_owned();
    thread::spawn(move || {
        let lines = Rc::new(RefCell::new(Vec::new()));
        let here = lines.clone();
        let print = move |line: &str| here.borrow_mut().push(line.to_owned());
        let succeeded = run(&name, &source, options, print).unwrap_or_else(|error| {
            lines.borrow_mut().push(error.to_string());
            false
        });
        let _ = sender.send((succeeded, mem::take(&mut *lines.borrow_mut())));
    });
    receiver.recv_timeout(PATIENCE).expect("the script does not end")
}

fn check_page(name: &str, page: &str) {
    let address = server::start();
    let options = Options {
        base: Some(format!("http://{address}/d/")),
        origin: Some(format!("http://{address}")),
        args: vec![format!("ws://{address}")],
        ..Options::default()
    };
    let source = [include_str!("pages/harness.js"), page].concat();
    let (succeeded, lines) = run_script(name, source, options);
    assert!(succeeded, "{name}:\n{}", lines.join("\n"));
}

#[test]
fn the_constructor_follows_the_standard() {
    check_page("constructor.js", include_str!("pages/constructor.js"));
}

#[test]
fn sending_and_the_buffered_amount_follow_the_standard() {
    check_page("sending.js", include_str!("pages/sending.js"));
}

#[test]
fn message_events_follow_the_standard() {
    check_page("messages.js", include_str!("pages/messages.js"));
}

#[test]
fn closing_follows_the_standard() {
    check_page("closing.js", include_str!("pages/closing.js"));
}

#[test]
fn all_failures_look_the_same() {
    check_page("failures.js", include_str!("pages/failures.js"));
}

/// A page that expects something else fails: the checks can fail.
#[test]
fn an_exception_fails_the_run() {
    let run = |source: &str| run_script("page.js", source.to_owned(), Options::default());
    let (succeeded, lines) = run("throw new TypeError('wrong')");
    assert!(!succeeded && lines[0].starts_with("Uncaught TypeError: wrong"), "{lines:?}");
    let (succeeded, lines) = run("setTimeout(() => { missing(); }, 1)");
    assert!(!succeeded && lines[0].starts_with("Uncaught ReferenceError"), "{lines:?}");
    let (succeeded, lines) = run("await new Promise(() => {})");
    assert!(!succeeded && lines[0].contains("never settled"), "{lines:?}");
    assert!(!run("this is no script").0);
}

#[test]
fn timers_run_in_their_order_and_can_be_cleared() {
    let source = "
        const id = setInterval(() => { console.log('tick'); if (++ticks === 2) clearInterval(id); }, 20);
        let ticks = 0;
        setTimeout(value => console.log(value), 90, 'last');
        clearTimeout(setTimeout(() => console.log('never'), 10));
        setTimeout(() => console.log('soon'), 0);
        Promise.resolve().then(() => console.log('job'));
        console.log('first', 1, { a: [2] });
    ";
    let (succeeded, lines) = run_script("timers.js", source.to_owned(), Options::default());
    assert_eq!(
        (succeeded, lines.join(", ").as_str()),
        (true, "first 1 {\"a\":[2]}, job, soon, tick, tick, last")
    );
}

/// TLS with a certificate that the options trust, and without.
#[test]
fn wss_checks_the_certificate() {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let directory = env::temp_dir().join(format!("sansocket-javascript-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let authority = directory.join("ca.pem");
    fs::write(&authority, certified.cert.pem()).unwrap();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let chain = vec![CertificateDer::from(certified.cert.der().to_vec())];
    let config =
        Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap());
    let address = server::listen(move |stream| {
        let mut stream = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
        let _ = server::serve(&mut stream);
        stream.conn.send_close_notify();
        let _ = stream.flush();
        let _ = io::copy(&mut stream, &mut io::sink());
    });
    let source = |expected: &str| {
        let page = format!("check((await visit('/101/send=810161/send=8800/read')).log, {expected});");
        [include_str!("pages/harness.js"), &page].concat()
    };
    let args = vec![format!("wss://localhost:{}", address.port())];
    let trusting = Options { authority: Some(authority), args: args.clone(), ..Options::default() };
    let opened = r#"["open 1", "message a 1", "close 1005  true 3"]"#;
    let (succeeded, lines) = run_script("wss.js", source(opened), trusting);
    assert!(succeeded, "{}", lines.join("\n"));
    let (succeeded, lines) = run_script("wss.js", source("FAILED"), Options { args, ..Options::default() });
    assert!(succeeded && lines[0].contains("certificate"), "{}", lines.join("\n"));
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn the_scripts_run_against_the_demo() {
    let root = root();
    let target = root.join("target");
    let build = ["build", "-q", "--example", "demo", "--features", "deflate"];
    let status =
        Command::new(env!("CARGO")).args(build).current_dir(&root).env("CARGO_TARGET_DIR", &target).status();
    assert!(status.unwrap().success());
    let demo =
        Command::new(target.join("debug/examples/demo")).arg("127.0.0.1:0").stdout(Stdio::piped()).spawn();
    let demo = Server::new(demo.unwrap());
    let host = demo.line.trim_start_matches("open http://").trim_end_matches('/');
    check_scripts(&format!("ws://{host}/"), &format!("http://{host}"));
}

#[test]
fn the_scripts_run_against_ws_for_node() {
    let directory = root().join("tests/interop/node");
    if !directory.join("node_modules/ws").exists() {
        let hint = "npm install --no-package-lock --prefix tests/interop/node";
        assert!(env::var_os("SANSOCKET_NODE").is_none(), "ws is missing: {hint}");
        let _ = writeln!(io::stderr(), "\nLEFT OUT, for want of Node.js with ws. To have it:\n    {hint}");
        return;
    }
    let node = Command::new("node")
        .arg(directory.join("ticking.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let node = Server::new(node.unwrap());
    check_scripts(&format!("ws://127.0.0.1:{}/", node.line), "http://127.0.0.1");
}

fn check_scripts(url: &str, origin: &str) {
    let options = |args: &[&str]| Options {
        origin: Some(origin.to_owned()),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        ..Options::default()
    };
    let clock = run_script("clock.js", include_str!("../scripts/clock.js").to_owned(), options(&[url, "2"]));
    let connected = format!("connected to {url}, subprotocol demo.sansocket");
    assert_eq!(
        clock,
        (true, [&connected, "tick 1", "tick 2", "closed with 1000, clean"].map(str::to_owned).to_vec())
    );
    let (succeeded, lines) =
        run_script("echo.js", include_str!("../scripts/echo.js").to_owned(), options(&[url]));
    assert!(succeeded && lines.len() == 6, "{lines:?}");
    assert!(lines[0].starts_with("connected, extensions: permessage-deflate"), "{lines:?}");
    assert!(lines[1..5].iter().all(|line| line.ends_with(": the same")), "{lines:?}");
    assert_eq!(lines[5], "closed with 1005");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A process, and the first line that it printed. It ends with this value.
struct Server {
    child: Child,
    line: String,
}

impl Server {
    fn new(mut child: Child) -> Self {
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, line: line.trim_end().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
