//! Clients that are rude, broken or numerous, against every echo server.

mod common;

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    thread,
    time::{Duration, Instant},
};

use common::{Client, PATIENCE, Seen, Server};

const SERVERS: [(&str, &str); 4] = [
    (env!("CARGO_BIN_EXE_mio_echo"), "/"),
    (env!("CARGO_BIN_EXE_tokio_split"), "/"),
    (env!("CARGO_BIN_EXE_uring_echo"), "/"),
    (env!("CARGO_BIN_EXE_axum_echo"), "/ws"),
];

fn each(test: impl Fn(&Server, &str) + Sync) {
    thread::scope(|scope| {
        for (program, path) in SERVERS {
            let test = &test;
            scope.spawn(move || test(&Server::start(program, &[]), path));
        }
    });
}

#[test]
fn a_flood_does_not_starve_a_quiet_client() {
    each(|server, path| {
        let mut quiet = server.connect(path);
        let mut flood = server.connect(path);
        let mut bytes = Vec::new();
        for _ in 0..1000 {
            flood.connection.send_text("a flood", &mut bytes).unwrap();
        }
        let mut reader = flood.stream.try_clone().unwrap();
        let mut writer = flood.stream.try_clone().unwrap();
        let reading = thread::spawn(move || {
            let mut buf = vec![0; 256 << 10];
            while reader.read(&mut buf).is_ok_and(|count| count > 0) {}
        });
        let writing = thread::spawn(move || while writer.write_all(&bytes).is_ok() {});
        for number in 0..20 {
            let start = Instant::now();
            quiet.text(&format!("quiet {number}"));
            assert_eq!(quiet.next(), Seen::Text(format!("quiet {number}")));
            assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        }
        flood.stream.shutdown(Shutdown::Both).unwrap();
        reading.join().unwrap();
        writing.join().unwrap();
    });
}

#[test]
fn when_no_more_clients_fit_the_others_are_served_and_later_ones_too() {
    thread::scope(|scope| {
        // In the chat clients receive their own messages, too.
        let chat = (env!("CARGO_BIN_EXE_tokio_chat"), "/");
        for (program, path) in SERVERS.into_iter().chain([chat]) {
            scope.spawn(move || {
                let server = Server::start_with_files(program, 40, &[]);
                let mut first = server.connect(path);
                let many: Vec<TcpStream> =
                    (0..60).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
                thread::sleep(Duration::from_millis(300));
                first.text("still there");
                assert_eq!(first.next(), Seen::Text("still there".into()), "{program}");
                drop(many);
                let mut last = server.connect(path);
                last.text("too");
                assert_eq!(last.next(), Seen::Text("too".into()), "{program}");
            });
        }
    });
}

#[test]
fn clients_that_stay_after_the_close_are_left() {
    each(|server, path| {
        let mut one = server.connect(path);
        let before = server.open_files();
        let mut stay: Vec<Client> = (0..50).map(|_| server.connect(path)).collect();
        assert!(server.open_files() >= before + 50);
        for client in &mut stay {
            client.close();
            assert_eq!(client.next(), Seen::Closed(1000));
        }
        // None of them closes the transport.
        let deadline = Instant::now() + PATIENCE;
        while server.open_files() > before {
            assert!(Instant::now() < deadline, "{} sockets are open", server.open_files() - before);
            thread::sleep(Duration::from_millis(100));
        }
        one.text("still there");
        assert_eq!(one.next(), Seen::Text("still there".into()));
    });
}

#[test]
fn clients_that_say_nothing_and_clients_that_leave_are_left() {
    each(|server, path| {
        let mut one = server.connect(path);
        let before = server.open_files();
        let open = |bytes: &[u8]| {
            let mut stream = TcpStream::connect(&server.address).unwrap();
            stream.write_all(bytes).unwrap();
            stream
        };
        // A half-open client, one that resets, and one that disconnects within a frame.
        for _ in 0..10 {
            drop(open(b"GET / HT"));
            let mut client = server.connect(path);
            client.raw(b"\x81\xfe");
            drop(client);
            let mut client = server.connect(path);
            client.binary(&vec![7; 70_000]);
            drop(client); // with unread bytes, so it resets
        }
        let halves: Vec<TcpStream> = (0..10)
            .map(|_| {
                let client = server.connect(path);
                client.stream.shutdown(Shutdown::Write).unwrap();
                client.stream
            })
            .collect();
        let deadline = Instant::now() + PATIENCE;
        while server.open_files() > before {
            assert!(Instant::now() < deadline, "{} sockets are open", server.open_files() - before);
            thread::sleep(Duration::from_millis(100));
        }
        drop(halves);
        one.text("still there");
        assert_eq!(one.next(), Seen::Text("still there".into()));
    });
}

#[test]
fn large_messages_come_back_whole_to_a_slow_reader() {
    each(|server, path| {
        let mut client = server.connect(path);
        let data = vec![7; 1 << 20];
        for _ in 0..3 {
            let mut bytes = Vec::new();
            client.connection.send_binary(&data, &mut bytes).unwrap();
            let mut writer = client.stream.try_clone().unwrap();
            let writing = thread::spawn(move || writer.write_all(&bytes).unwrap());
            thread::sleep(Duration::from_millis(100));
            assert_eq!(client.next(), Seen::Binary(data.clone()));
            writing.join().unwrap();
        }
        client.close();
        assert_eq!((client.next(), client.next()), (Seen::Closed(1000), Seen::End));
    });
}
