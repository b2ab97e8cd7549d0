//! The chat over two processes and a real broker, which is restarted in between.

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

mod common;

use common::{Client, PATIENCE, Seen, Server};

/// A `redis-server` from the path, which keeps nothing. It ends when this is dropped.
struct Broker(Child);

impl Broker {
    fn start(port: u16) -> Self {
        let mut command = Command::new("redis-server");
        command.args([
            "--bind",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "--save",
            "",
            "--appendonly",
            "no",
        ]);
        let child = command
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is missing: apt-get install redis-server");
        let broker = Self(child);
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "the broker does not start");
            sleep(Duration::from_millis(20));
        }
        broker
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn hear(clients: &mut [Client], text: &str) {
    for client in clients {
        assert_eq!(client.next(), Seen::Text(text.into()));
    }
}

#[test]
fn two_processes_are_one_room_and_survive_a_restart_of_the_broker() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let broker = Broker::start(port);
    let url = format!("redis://127.0.0.1:{port}/");
    let servers = [(); 2].map(|()| Server::start(env!("CARGO_BIN_EXE_tokio_chat"), &["--redis", &url]));
    let connected = |server: &Server| while server.line() != "the broker is there" {};
    servers.iter().for_each(connected);

    let mut clients: Vec<Client> = [0, 1, 0, 1].map(|server| servers[server].connect("/")).into();
    // A client that has received an answer has been subscribed.
    for client in &mut clients {
        client.ping(b"there?");
        assert_eq!(client.next(), Seen::Pong(b"there?".to_vec()));
    }
    for number in 0..clients.len() {
        clients[number].text(&format!("I am {number}"));
        hear(&mut clients, &format!("I am {number}"));
    }

    drop(broker);
    // Time for both processes to notice; messages sent now wait in one of them.
    sleep(Duration::from_secs(1));
    clients[0].text("is anybody there?");
    clients[0].ping(b"still open");
    assert_eq!(clients[0].next(), Seen::Pong(b"still open".to_vec()));
    let _broker = Broker::start(port);
    servers.iter().for_each(connected);

    // The other process may reconnect after the message, which is delivered at most once.
    let said = Seen::Text("is anybody there?".into());
    assert_eq!(clients[0].next(), said);
    clients[1].text("I am back");
    let back = Seen::Text("I am back".into());
    for client in &mut clients {
        let mut heard = client.next();
        if heard == said {
            heard = client.next();
        }
        assert_eq!(heard, back, "nothing comes twice, and nothing else");
    }
}

#[test]
fn a_client_for_whom_no_message_can_wait_is_closed() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server =
        Server::start(env!("CARGO_BIN_EXE_tokio_chat"), &["--redis", &format!("redis://127.0.0.1:{port}/")]);
    let mut client = server.connect("/");
    // The queue has room for 256.
    for number in 0..257 {
        client.text(&number.to_string());
    }
    assert_eq!((client.next(), client.next()), (Seen::Closed(1013), Seen::End));
}
