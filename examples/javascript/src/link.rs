//! A transport: connects, and does what the object asks for.

use std::{cell::RefCell, pin::pin, rc::Rc, sync::Arc};

use sansocket::{
    Input,
    browser::WebSocket,
    session::{ReadBuffer, Transport},
    uri::Uri,
};
use tokio::{
    io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
    time::sleep_until,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use crate::{Error, Options, event_loop::Host};

/// A socket: the object, and what tells its transport that a script has used it.
pub(crate) struct Link {
    pub(crate) socket: RefCell<WebSocket>,
    pub(crate) changed: Notify,
}

trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

/// Connects a socket, and runs its transport to the end.
pub(crate) async fn run(host: Rc<Host>, id: u32, link: Rc<Link>, uri: Uri) {
    let turn = Turn { host: &host, id, link: &link };
    let mut connecting = pin!(connect(&uri, &host.options));
    let stream = loop {
        if turn.take(&mut Input::new(&mut [])) {
            return;
        }
        tokio::select! {
            stream = &mut connecting => break stream,
            () = turn.waited() => {}
        }
    };
    match stream {
        Ok(stream) => drive(&turn, stream).await,
        Err(error) => {
            // A console may know what a script must not.
            host.print(&format!("cannot connect to {uri}: {error}"));
            link.socket.borrow_mut().failed();
            host.queue(id);
        }
    }
}

/// What one turn of the loop around a transport needs.
struct Turn<'h> {
    host: &'h Host,
    id: u32,
    link: &'h Link,
}

impl Turn<'_> {
    /// Passes time and bytes to the object, and queues its tasks. Returns `true` if the transport is to be closed.
    fn take(&self, input: &mut Input<'_>) -> bool {
        let mut socket = self.link.socket.borrow_mut();
        socket.on_time(self.host.start.elapsed());
        socket.receive(input);
        self.host.queue(self.id);
        socket.transport() == Transport::Close
    }

    /// Waits for a script, or for a timeout of the object.
    async fn waited(&self) {
        let deadline = self.link.socket.borrow().deadline();
        match deadline {
            None => self.link.changed.notified().await,
            Some(deadline) => tokio::select! {
                () = self.link.changed.notified() => {}
                () = sleep_until(self.host.start + deadline) => {}
            },
        }
    }
}

/// Does what the object asks for, until the transport is to be closed.
async fn drive(turn: &Turn<'_>, stream: Box<dyn Stream>) {
    let (mut reader, mut writer) = io::split(stream);
    let socket = &turn.link.socket;
    let mut buffer = ReadBuffer::new(64 << 10);
    while !buffer.read_with(|input| turn.take(input)) {
        let wants_read = socket.borrow().wants_read();
        let done = tokio::select! {
            done = step(&mut writer, socket) => done,
            read = reader.read(buffer.space()), if wants_read => match read {
                Ok(0) => {
                    socket.borrow_mut().eof();
                    Ok(())
                }
                read => read.map(|count| buffer.filled(count)),
            },
            () = turn.waited() => Ok(()),
        };
        if done.is_err() {
            socket.borrow_mut().failed();
        }
    }
}

/// Writes, flushes or shuts down, whatever is due. It waits forever if nothing is. It can be canceled at any time.
async fn step(writer: &mut (impl AsyncWrite + Unpin), socket: &RefCell<WebSocket>) -> io::Result<()> {
    enum Step {
        Write(Vec<u8>),
        Flush,
        ShutDown,
        Wait,
    }
    let step = match socket.borrow().transport() {
        Transport::Write(bytes) => Step::Write(bytes[..bytes.len().min(64 << 10)].to_vec()),
        Transport::Flush => Step::Flush,
        Transport::ShutDown => Step::ShutDown,
        Transport::Wait | Transport::Close => Step::Wait,
    };
    match step {
        Step::Write(bytes) => {
            let count = writer.write(&bytes).await?;
            socket.borrow_mut().written(count);
        }
        Step::Flush => {
            writer.flush().await?;
            socket.borrow_mut().flushed();
        }
        Step::ShutDown => {
            writer.shutdown().await?;
            socket.borrow_mut().shut_down();
        }
        Step::Wait => std::future::pending().await,
    }
    Ok(())
}

async fn connect(uri: &Uri, options: &Options) -> Result<Box<dyn Stream>, Error> {
    let host = uri.host_without_brackets();
    let stream = TcpStream::connect((uri.connect_host(), uri.port())).await?;
    stream.set_nodelay(true)?;
    if !uri.is_secure() {
        return Ok(Box::new(stream));
    }
    let mut roots = RootCertStore::empty();
    match &options.authority {
        Some(file) => roots.add(CertificateDer::from_pem_file(file)?)?,
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(host.to_owned())?;
    Ok(Box::new(TlsConnector::from(Arc::new(config)).connect(name, stream).await?))
}
