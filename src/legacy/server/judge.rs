//! Determines the version of a request, and validates it in that version.

use core::ops::Range;

use super::{super::challenge::key_number, Request};
use crate::{
    handshake::{ContentLength, HandshakeError, Head, Headers, Single, Tolerance, content_length},
    legacy::{Draft, Version, Versions, printable, single},
    server::{self, PlainRequest},
};

/// A valid head.
pub(super) enum Judged {
    WebSocket(Request),
    /// A request of hixie-76, whose 8 bytes come next, and the numbers of its keys.
    Challenge(Request, [u32; 2]),
    Http(PlainRequest),
}

/// Determines the version by the headers that are present, and then validates the head in that version alone.
pub(super) fn judge(
    head: Head,
    target: Range<usize>,
    tolerance: Tolerance,
    versions: Versions,
) -> Result<Judged, HandshakeError> {
    // HTTP/1.0 cannot ask for an upgrade in any version.
    let draft = if server::is_old(&head, &target) { None } else { find_draft(&head, versions)? };
    match draft {
        None => judge_hybi(head, target, tolerance, versions),
        Some(Draft::Hixie75) => {
            server::check_http(head.headers())?;
            check_offers(&head, Draft::Hixie75)?;
            Ok(Judged::WebSocket(Request::hixie75(head, target, versions)))
        }
        Some(Draft::Hixie76) => {
            check_length(head.headers())?;
            server::check_host(head.headers())?;
            let numbers = [key(&head, "sec-websocket-key1")?, key(&head, "sec-websocket-key2")?];
            if !matches!(single(head.headers(), "sec-websocket-draft"), Single::None | Single::One(b"0")) {
                return Err(HandshakeError::InvalidChallenge);
            }
            check_offers(&head, Draft::Hixie76)?;
            Ok(Judged::Challenge(Request::hixie76(head, target, versions), numbers))
        }
    }
}

/// Returns the hixie draft of a request that asks for an upgrade, if it is in an enabled one.
fn find_draft(head: &Head, versions: Versions) -> Result<Option<Draft>, HandshakeError> {
    let asks = head.parse(server::asks_for_upgrade);
    if asks != Ok(true) {
        return Ok(None);
    }
    let has = |name| head.header(name).is_some();
    let has_keys = has("sec-websocket-key1") || has("sec-websocket-key2");
    if has("sec-websocket-version") || has("sec-websocket-key") {
        // A request with two interpretations would be an attack.
        return if has_keys && versions.hixie76 { Err(HandshakeError::InvalidChallenge) } else { Ok(None) };
    }
    if has_keys {
        return Ok(versions.hixie76.then_some(Draft::Hixie76));
    }
    // A newer client whose key was removed by an intermediary is not downgraded.
    let is_newer = head.headers().any(|(name, _)| is_newer_header(name));
    let is_exact = single(head.headers(), "upgrade") == Single::One(b"WebSocket");
    Ok((versions.hixie75 && !is_newer && is_exact).then_some(Draft::Hixie75))
}

fn is_newer_header(name: &str) -> bool {
    name.get(..14).is_some_and(|prefix| prefix.eq_ignore_ascii_case("sec-websocket-"))
}

/// A request of RFC 6455, or of version 7 or 8, which differ in the name of the origin.
fn judge_hybi(
    head: Head,
    target: Range<usize>,
    tolerance: Tolerance,
    versions: Versions,
) -> Result<Judged, HandshakeError> {
    let request = match server::judge(head, target, tolerance, |version| versions.find(version).is_some())? {
        server::Incoming::WebSocket(request) => request,
        server::Incoming::Http(request) => return Ok(Judged::Http(request.list(versions.list()))),
    };
    let version = request.header("sec-websocket-version").and_then(|version| versions.find(version));
    let version = version.unwrap_or(Version::Rfc6455);
    if version != Version::Rfc6455 {
        match single(request.headers(), "sec-websocket-origin") {
            Single::None => {}
            Single::One(origin) if printable(origin).is_some() => {}
            _ => return Err(HandshakeError::InvalidOrigin),
        }
    }
    Ok(Judged::WebSocket(Request::hybi(request, version, versions)))
}

/// The 8 bytes may be declared as a body, but no other body is allowed.
fn check_length(headers: Headers<'_>) -> Result<(), HandshakeError> {
    let has_coding = headers.clone().any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"));
    let is_repeated = single(headers.clone(), "content-length") == Single::Many;
    match content_length(headers) {
        _ if has_coding => Err(HandshakeError::UnexpectedBody),
        _ if is_repeated => Err(HandshakeError::InvalidContentLength),
        ContentLength::None | ContentLength::Some(8) => Ok(()),
        ContentLength::Some(_) => Err(HandshakeError::UnexpectedBody),
        ContentLength::Invalid => Err(HandshakeError::InvalidContentLength),
    }
}

fn key(head: &Head, name: &str) -> Result<u32, HandshakeError> {
    match single(head.headers(), name) {
        Single::One(key) => key_number(key).ok_or(HandshakeError::InvalidChallenge),
        _ => Err(HandshakeError::InvalidChallenge),
    }
}

/// The origin is required, and the subprotocol is one string instead of a list.
fn check_offers(head: &Head, draft: Draft) -> Result<(), HandshakeError> {
    match single(head.headers(), "origin") {
        Single::None => return Err(HandshakeError::MissingOrigin),
        Single::One(origin) if printable(origin).is_some() => {}
        _ => return Err(HandshakeError::InvalidOrigin),
    }
    match single(head.headers(), draft.headers().subprotocol) {
        Single::None => Ok(()),
        Single::One(name) if printable(name).is_some() => Ok(()),
        _ => Err(HandshakeError::InvalidSubprotocols),
    }
}
