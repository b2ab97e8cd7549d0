//! An extended CONNECT through a real HTTP/2 stack with TLS, in both roles (RFC 8441).

mod common;

use std::{
    future::poll_fn,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use common::{PATIENCE, Server};
use h2::{
    Reason, RecvStream, SendStream,
    client::{ResponseFuture, SendRequest},
    ext::Protocol,
};
use http::{Request, Response};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use sansocket::{
    Close, CloseCode, Connection, Event, Input, State, client, deflate, extended_connect::Handshake,
};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};
use tokio_rustls::TlsConnector;

const PROGRAM: &str = env!("CARGO_BIN_EXE_h2_server");

struct Http {
    server: Rc<Server>,
    send: SendRequest<Bytes>,
}

/// Returns the path to which the example writes its certificate.
fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.pem"))
}

impl Http {
    /// Opens an HTTP/2 connection to the example.
    async fn connect(name: &str) -> Self {
        let file = certificate(name);
        let server = Rc::new(Server::start(PROGRAM, &[file.to_str().unwrap()]));
        let stream = TcpStream::connect(&server.address).await.unwrap();
        Self::over(stream, server, &file).await
    }

    async fn over(stream: TcpStream, server: Rc<Server>, file: &Path) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
        let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        let (send, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(async move { connection.await.unwrap() });
        // The settings of the server announce whether it accepts an extended CONNECT.
        let mut send = send.ready().await.unwrap();
        let page = send.send_request(Request::get("https://localhost/").body(()).unwrap(), true).unwrap().0;
        let page = page.await.unwrap();
        assert_eq!(page.status(), 200);
        let send = send.ready().await.unwrap();
        assert!(send.is_extended_connect_protocol_enabled());
        Self { server, send }
    }

    fn request(&self, path: &str) -> client::Request {
        client::Request::new(&format!(
            "wss://localhost:{}{path}",
            self.server.address.rsplit(':').next().unwrap()
        ))
        .unwrap()
    }

    async fn ask(&mut self, mut request: Request<()>, protocol: &str) -> (ResponseFuture, SendStream<Bytes>) {
        request.extensions_mut().insert(Protocol::from(protocol));
        let mut send = self.send.clone().ready().await.unwrap();
        send.send_request(request, false).unwrap()
    }

    async fn open(&mut self, request: &client::Request) -> Result<Socket, client::Error> {
        let (handshake, request) = Handshake::new_http(request, [7; 32]).unwrap();
        let (response, sender) = self.ask(request, "websocket").await;
        let response: Response<RecvStream> = response.await.unwrap();
        let (connection, opened) = handshake.receive_http(&response)?;
        assert_eq!(opened.status(), 200);
        Ok(Socket { connection, sender, receiver: response.into_body(), unread: Vec::new() })
    }
}

/// A WebSocket on a stream.
struct Socket {
    connection: Connection,
    sender: SendStream<Bytes>,
    receiver: RecvStream,
    unread: Vec<u8>,
}

impl Socket {
    async fn send(&mut self, out: Vec<u8>) {
        let mut out = Bytes::from(out);
        while !out.is_empty() {
            self.sender.reserve_capacity(out.len());
            let room = poll_fn(|context| self.sender.poll_capacity(context)).await.unwrap().unwrap();
            self.sender.send_data(out.split_to(room.min(out.len())), false).unwrap();
        }
    }

    async fn check_echo(&mut self, text: &str) {
        let mut out = Vec::new();
        self.connection.send_text(text, &mut out).unwrap();
        self.send(out).await;
        assert_eq!(self.next().await, Some(Event::Text(text.into())));
    }

    /// Returns the next event, or `None` once the stream has ended.
    async fn next(&mut self) -> Option<Event<'static>> {
        loop {
            let mut out = Vec::new();
            let mut input = Input::new(&mut self.unread);
            let event = self.connection.receive(&mut input, &mut out).unwrap().map(Event::into_owned);
            self.unread = input.remaining().to_vec();
            self.send(out).await;
            if event.is_some() {
                return event;
            }
            let data = self.receiver.data().await?.unwrap();
            self.receiver.flow_control().release_capacity(data.len()).unwrap();
            self.unread.extend_from_slice(&data);
        }
    }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { timeout(PATIENCE, test).await.expect("it takes too long") });
}

#[test]
fn several_sockets_share_one_connection() {
    run(async {
        let mut http = Http::connect("several").await;
        let request = http.request("/ws?a=b").deflate(deflate::Config::new());
        let mut sockets = Vec::new();
        for _ in 0..3 {
            sockets.push(http.open(&request).await.unwrap());
            let line = http.server.line();
            assert!(
                line.contains("CONNECT https://localhost:") && line.ends_with("/ws?a=b as websocket"),
                "{line}"
            );
        }
        // More than the window of a stream, which is 64 KiB at first.
        let text = "Grüße ".repeat(50_000);
        for socket in &mut sockets {
            assert!(socket.connection.deflate().is_some());
            let mut out = Vec::new();
            socket.connection.send_text(&text, &mut out).unwrap();
            let noise: Vec<u8> =
                (0..300_000_u32).map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect();
            socket.connection.send_binary(&noise, &mut out).unwrap();
            socket.send(out).await;
            assert_eq!(socket.next().await, Some(Event::Text((&*text).into())));
            assert_eq!(socket.next().await, Some(Event::Binary((&*noise).into())));
        }
        for mut socket in sockets {
            let mut out = Vec::new();
            socket.connection.send_close(Close::from(CloseCode::NORMAL), &mut out).unwrap();
            socket.send(out).await;
            assert!(matches!(socket.next().await, Some(Event::Close(Some(_)))));
            // Both sides end the stream at once, since behind a proxy the end of the other one may never
            // arrive. The HTTP connection stays open.
            assert_eq!(socket.connection.state(), State::Draining);
            socket.sender.send_data(Bytes::new(), true).unwrap();
            assert_eq!(socket.next().await, None);
            socket.connection.receive_eof().unwrap();
            assert!(socket.connection.close_outcome().unwrap().clean);
        }
    });
}

#[test]
fn refusals_are_statuses() {
    run(async {
        let mut http = Http::connect("refusals").await;
        for (path, origin, status) in [("/none", None, 404), ("/ws", Some("https://evil.example"), 403)] {
            let mut request = http.request(path);
            if let Some(origin) = origin {
                request = request.origin(origin);
            }
            match http.open(&request).await {
                Err(client::Error::Rejected(response)) => assert_eq!(response.status(), status),
                other => panic!("{:?}", other.map(|_| ())),
            }
        }
        let (_, request) = Handshake::new_http(&http.request("/ws"), [7; 32]).unwrap();
        let (response, _sender) = http.ask(request, "connect-udp").await;
        assert_eq!(response.await.unwrap().status(), 501);
        let (_, mut request) = Handshake::new_http(&http.request("/ws"), [7; 32]).unwrap();
        request.headers_mut().insert("sec-websocket-version", "8".parse().unwrap());
        let (response, _sender) = http.ask(request, "websocket").await;
        let response = response.await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["sec-websocket-version"]),
            (400, &"13".parse().unwrap())
        );
    });
}

#[test]
fn a_fault_is_told_and_a_reset_ends_one_socket_alone() {
    run(async {
        let mut http = Http::connect("reset").await;
        let request = http.request("/ws");
        let mut broken = http.open(&request).await.unwrap();
        broken.send(b"\x81\x01a".to_vec()).await; // without a mask
        let event = broken.next().await;
        assert!(
            matches!(&event, Some(Event::Close(Some(close))) if close.code() == CloseCode::PROTOCOL_ERROR),
            "{event:?}"
        );
        assert_eq!(broken.next().await, None);

        let mut left = http.open(&request).await.unwrap();
        left.sender.send_reset(Reason::CANCEL);
        http.open(&request).await.unwrap().check_echo("still there").await;
    });
}

#[test]
fn messages_are_whole_with_small_buffers() {
    run(async {
        let file = certificate("small");
        let server = Rc::new(Server::start(PROGRAM, &[file.to_str().unwrap()]));
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(8 << 10).unwrap();
        socket.set_recv_buffer_size(8 << 10).unwrap();
        let stream = socket.connect(server.address.parse().unwrap()).await.unwrap();
        let mut http = Http::over(stream, server, &file).await;
        let mut socket = http.open(&http.request("/ws")).await.unwrap();
        let texts: Vec<String> = (0..24).map(|number| format!("{number} ").repeat(1500)).collect();
        let mut out = Vec::new();
        for text in &texts {
            socket.connection.send_text(text, &mut out).unwrap();
        }
        // The windows of both directions and the buffer of the session have room for everything before
        // anything is read.
        socket.send(out).await;
        for text in &texts {
            assert!(matches!(socket.next().await, Some(Event::Text(heard)) if heard == **text));
        }
    });
}

#[test]
fn when_no_more_clients_fit_the_others_are_served_and_later_ones_too() {
    run(async {
        let file = certificate("many");
        let server = Rc::new(Server::start_with_files(PROGRAM, 40, &[file.to_str().unwrap()]));
        let connect = async || {
            let stream = TcpStream::connect(&server.address).await.unwrap();
            Http::over(stream, server.clone(), &file).await
        };
        let mut http = connect().await;
        let mut first = http.open(&http.request("/ws")).await.unwrap();
        let mut many = Vec::new();
        for _ in 0..60 {
            many.push(TcpStream::connect(&server.address).await.unwrap());
        }
        sleep(Duration::from_millis(300)).await;
        first.check_echo("still there").await;
        drop(many);
        let mut http = connect().await;
        let mut last = http.open(&http.request("/ws")).await.unwrap();
        last.check_echo("too").await;
    });
}
