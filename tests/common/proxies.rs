//! Helpers for the tests of tunnels: proxies that run as processes, and the server that they connect to.
#![allow(dead_code, reason = "not every test file uses all of it")]

use std::{
    env, fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A proxy that ends with the test.
pub(crate) struct Proxy {
    child: Child,
    pub(crate) port: u16,
}

impl Proxy {
    /// Starts a program with the arguments for a port, and waits until it listens there.
    pub(crate) fn start(program: &str, arguments: impl FnOnce(u16) -> Vec<String>) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program);
        command.args(arguments(port)).stdout(Stdio::null()).stderr(Stdio::null());
        let proxy = Self { child: command.spawn().unwrap(), port };
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "{program} does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        proxy
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(config_path(self.port));
    }
}

/// Whether the program can be run. If it cannot, the test is left out; with the variable set, that is a failure.
pub(crate) fn can_be_run(program: &str, harmless: &str, variable: &str) -> bool {
    let status = Command::new(program).arg(harmless).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if status.is_err() {
        assert!(env::var_os(variable).is_none(), "{program} cannot be run");
        println!("left out: there is no {program}");
    }
    status.is_ok()
}

/// Writes a file for the proxy at this port, which is removed with it.
pub(crate) fn config_file(port: u16, config: &str) -> String {
    fs::write(config_path(port), config).unwrap();
    config_path(port)
}

fn config_path(port: u16) -> String {
    let file = env::temp_dir().join(format!("sansocket-proxy-{}-{port}.conf", std::process::id()));
    file.into_os_string().into_string().unwrap()
}

/// A server that sends the first five bytes of each connection back.
pub(crate) fn echo(address: &str) -> SocketAddr {
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut buf) = (stream.unwrap(), [0; 5]);
            thread::spawn(move || stream.read_exact(&mut buf).and_then(|()| stream.write_all(&buf)));
        }
    });
    address
}

pub(crate) fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// Leads `HELLO` through a tunnel and back.
pub(crate) fn hello(mut stream: TcpStream) -> String {
    stream.write_all(b"HELLO").unwrap();
    let mut echo = [0; 5];
    stream.read_exact(&mut echo).unwrap();
    String::from_utf8(echo.to_vec()).unwrap()
}
