//! The datagrams of many connections on one port.

use std::{collections::HashMap, net::SocketAddr, path::Path, time::Duration};

use sansocket::keepalive::Timeouts;

use crate::{Application, Link, MAX_DATAGRAM, Result, connection_id, server_config};

/// A server without I/O: datagrams in, datagrams out.
///
/// It proves the address of a client by the handshake alone, during which QUIC sends at most three times what it received
/// (RFC 9000, section 8.1). A server under attack asks for a Retry first.
pub struct Server<A> {
    config: quiche::Config,
    timeouts: Timeouts,
    links: HashMap<u64, Link>,
    /// Connection IDs, each with the number of its link. There are two for each: ours, and the one that the client chose for
    /// its first datagrams.
    routes: HashMap<Vec<u8>, u64>,
    next: u64,
    /// Datagrams that belong to no connection.
    stray: Vec<(Vec<u8>, SocketAddr)>,
    buf: Vec<u8>,
    application: A,
}

impl<A: Application> Server<A> {
    /// Creates a server from a certificate chain and a private key, both PEM files.
    pub fn new(
        certificate: &Path,
        key: &Path,
        window: u64,
        timeouts: Timeouts,
        application: A,
    ) -> Result<Self> {
        Ok(Self {
            config: server_config(certificate, key, window)?,
            timeouts,
            links: HashMap::new(),
            routes: HashMap::new(),
            next: 0,
            stray: Vec::new(),
            buf: vec![0; 64 << 10],
            application,
        })
    }

    /// Consumes a datagram. An error concerns its sender alone.
    pub fn receive(&mut self, datagram: &mut [u8], from: SocketAddr, to: SocketAddr) -> Result<()> {
        let Some(number) = self.route(datagram, from, to)? else { return Ok(()) };
        let Some(link) = self.links.get_mut(&number) else { return Ok(()) };
        let result = link.receive(datagram, from, to);
        link.run(&mut self.buf, &mut self.application);
        result
    }

    /// Returns the connection of a datagram, a new one if it begins one.
    fn route(&mut self, datagram: &mut [u8], from: SocketAddr, to: SocketAddr) -> Result<Option<u64>> {
        // Our IDs have 16 bytes; the length of those that the client chose is in its datagram.
        let header = quiche::Header::from_slice(datagram, 16)?;
        if let Some(&number) = self.routes.get(&*header.dcid) {
            return Ok(Some(number));
        }
        if header.ty != quiche::Type::Initial {
            return Ok(None);
        }
        if !quiche::version_is_supported(header.version) {
            let mut answer = vec![0; MAX_DATAGRAM];
            let len = quiche::negotiate_version(&header.scid, &header.dcid, &mut answer)?;
            answer.truncate(len);
            self.stray.push((answer, from));
            return Ok(None);
        }
        let id = connection_id()?;
        let quic = quiche::accept(&id, None, to, from, &mut self.config)?;
        self.next += 1;
        self.links.insert(self.next, Link::new(quic, self.timeouts));
        self.routes.insert(id.to_vec(), self.next);
        self.routes.insert(header.dcid.to_vec(), self.next);
        Ok(Some(self.next))
    }

    /// Writes the next datagram into `datagram`, and returns its length and destination.
    pub fn send(&mut self, datagram: &mut [u8]) -> Option<(usize, SocketAddr)> {
        if let Some((stray, to)) = self.stray.pop() {
            datagram[..stray.len()].copy_from_slice(&stray);
            return Some((stray.len(), to));
        }
        self.links.values_mut().find_map(|link| link.send(datagram))
    }

    /// Returns when [`on_time`](Self::on_time) must be called.
    pub fn deadline(&self) -> Option<Duration> {
        self.links.values().filter_map(Link::deadline).min()
    }

    /// Does what is due, and drops the connections that have ended.
    pub fn on_time(&mut self) {
        for link in self.links.values_mut() {
            link.on_time();
            link.run(&mut self.buf, &mut self.application);
        }
        let count = self.links.len();
        self.links.retain(|_, link| !link.is_closed());
        if self.links.len() < count {
            self.routes.retain(|_, number| self.links.contains_key(number));
        }
    }
}
