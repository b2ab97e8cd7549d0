//! WebSockets over HTTP/3 (RFC 9220) with `quiche`: three state machines without I/O, one inside the other.
//!
//! ```text
//! datagrams ──▶ quiche::Connection ──▶ h3::Connection ──▶ stream ──▶ sansocket::Session ──▶ events
//! datagrams ◀── quiche::Connection ◀── h3::Connection ◀── stream ◀── sansocket::Session ◀── messages
//!               └────────── Link ───────────────────┘     └──────── WebSocket ────────┘
//! ```
//!
//! [`Link`] is one QUIC connection with its streams, at either end; [`WebSocket`] is one of the streams. [`Server`] sorts
//! datagrams by connection, and [`Client`] adds a UDP socket. The loop around a `Server` is in `src/bin/http3_server.rs`.

mod client;
mod link;
mod server;
mod web_socket;

use std::{
    error::Error,
    path::Path,
    time::{Duration, Instant},
};

pub use client::{Client, Ending, as_h3};
pub use link::{Application, Link};
pub use server::Server;
pub use web_socket::WebSocket;

/// Any error that ends a connection or a stream.
pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Nothing went wrong (RFC 9114, section 8.1).
pub const H3_NO_ERROR: u64 = 0x100;

/// The stream is no longer wanted, or its peer took too long (RFC 9114, section 8.1).
pub const H3_REQUEST_CANCELLED: u64 = 0x10c;

/// The stream was not processed, so that the request can be sent again (RFC 9114, section 8.1).
pub const H3_REQUEST_REJECTED: u64 = 0x10b;

/// The largest UDP payload sent. Every QUIC path carries 1200 bytes (RFC 9000, section 14).
pub const MAX_DATAGRAM: usize = 1350;

/// The default of how many bytes a peer may have in flight on a stream.
pub const DEFAULT_WINDOW: u64 = 1 << 20;

/// How long a connection may be silent. Pings of its WebSockets keep it open.
const QUIC_IDLE: Duration = Duration::from_mins(1);

/// The time since the first call, as keep-alive timers expect it.
pub fn now() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// Creates a QUIC configuration for HTTP/3 in which a peer may send `window` bytes on a stream before they are consumed.
fn quic_config(window: u64) -> Result<quiche::Config> {
    let mut config = quiche::Config::new(quiche::PROTOCOL_VERSION)?;
    config.set_application_protos(quiche::h3::APPLICATION_PROTOCOL)?;
    config.set_max_idle_timeout(u64::try_from(QUIC_IDLE.as_millis())?);
    config.set_max_recv_udp_payload_size(MAX_DATAGRAM);
    config.set_max_send_udp_payload_size(MAX_DATAGRAM);
    config.set_initial_max_data(window.saturating_mul(16));
    config.set_initial_max_stream_data_bidi_local(window);
    config.set_initial_max_stream_data_bidi_remote(window);
    config.set_max_stream_window(window);
    // The control stream and the two of QPACK do not carry messages, so their window is fixed.
    config.set_initial_max_stream_data_uni(64 << 10);
    config.set_initial_max_streams_bidi(100);
    config.set_initial_max_streams_uni(8);
    config.set_disable_active_migration(true);
    Ok(config)
}

/// Returns a QUIC configuration for servers with this certificate chain and private key, as PEM files.
fn server_config(certificate: &Path, key: &Path, window: u64) -> Result<quiche::Config> {
    let mut config = quic_config(window)?;
    let path = |path: &Path| path.to_str().map(str::to_owned).ok_or("a path is not UTF-8");
    config.load_cert_chain_from_pem_file(&path(certificate)?)?;
    config.load_priv_key_from_pem_file(&path(key)?)?;
    Ok(config)
}

/// Returns a QUIC configuration for clients that trust the certificates in this PEM file.
fn client_config(trusted: &Path, window: u64) -> Result<quiche::Config> {
    let mut config = quic_config(window)?;
    config.verify_peer(true);
    config.load_verify_locations_from_file(trusted.to_str().ok_or("a path is not UTF-8")?)?;
    Ok(config)
}

/// Returns a new connection ID, which peers cannot predict.
fn connection_id() -> Result<quiche::ConnectionId<'static>> {
    let seed = sansocket::random_seed()?;
    Ok(quiche::ConnectionId::from_vec(seed[..16].to_vec()))
}
