//! Sends messages over HTTP/3, prints the replies, and closes the connection.
//!
//! ```text
//! cargo run --bin http3_client -- wss://localhost:4433/ws certificate.pem hello world
//! ```
//!
//! The PEM file contains the certificates to trust. Each further word is sent as a text message, and answered before the next
//! one is sent.

use std::{env, net::ToSocketAddrs as _, path::Path};

use sansocket::{CloseCode, Event, client, deflate, keepalive::Timeouts};
use sansocket_http3::{Client, DEFAULT_WINDOW, Result};

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [uri, trusted, messages @ ..] = &args[..] else {
        return Err("usage: http3_client wss://HOST[:PORT]/PATH CERTIFICATE.PEM [MESSAGE ...]".into());
    };
    let request = client::Request::new(uri)?.deflate(deflate::Config::new());
    let uri = request.uri().clone();
    if !uri.is_secure() {
        return Err("HTTP/3 is always encrypted: only wss:// URLs are supported".into());
    }
    let host = uri.host_without_brackets();
    let address =
        (uri.connect_host(), uri.port()).to_socket_addrs()?.next().ok_or("the host has no address")?;
    let mut client = Client::connect(address, host, Path::new(trusted), DEFAULT_WINDOW, Timeouts::new())?;
    let (id, _) = client.open(&request)?;
    for message in messages {
        client.send(id, |session| session.send_text(message))?;
        loop {
            match client.next(id)? {
                Some(Event::Text(text)) => {
                    println!("{text}");
                    break;
                }
                Some(_) => {}
                None => return Err("the server closed the connection".into()),
            }
        }
    }
    client.send(id, |session| session.close(CloseCode::NORMAL))?;
    let ending = client.ending(id)?;
    println!("closed with {} {:?}, clean: {}", ending.code, ending.reason, ending.clean);
    Ok(())
}
