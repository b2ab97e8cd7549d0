//! The names of errors for logs and metrics: unique, in snake case, and the same in every release.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fs, path::Path};

use sansocket::{
    Close, CloseCode, Error, Input, ProtocolError, SendError, client,
    handshake::HandshakeError,
    keepalive::Timeout,
    proxy::{self, socks5},
    server::ResponseErrorKind,
    session::{self, Cause},
    uri::UriError,
    utf8,
};

/// All names. A name that is missing here is new; one that is gone breaks the dashboards of users.
const NAMES: &[&str] = &[
    "client_rejected",
    "close_code_not_allowed",
    "close_reason_too_long",
    "deflate_invalid_parameter",
    "deflate_not_offered",
    "handshake_already_complete",
    "handshake_connection_specific_header",
    "handshake_control_character",
    "handshake_folded_header",
    "handshake_head_too_long",
    "handshake_header_line_too_long",
    "handshake_http_version_not_supported",
    "handshake_http_version_too_old",
    "handshake_incomplete_handshake",
    "handshake_invalid_accept",
    "handshake_invalid_challenge",
    "handshake_invalid_connection",
    "handshake_invalid_content_length",
    "handshake_invalid_digest",
    "handshake_invalid_extensions",
    "handshake_invalid_host_header",
    "handshake_invalid_key",
    "handshake_invalid_line_ending",
    "handshake_invalid_method",
    "handshake_invalid_origin",
    "handshake_invalid_pseudo_header",
    "handshake_invalid_subprotocols",
    "handshake_invalid_target",
    "handshake_invalid_upgrade",
    "handshake_invalid_version",
    "handshake_looks_like_http2",
    "handshake_looks_like_tls",
    "handshake_malformed_header",
    "handshake_malformed_request_line",
    "handshake_malformed_status_line",
    "handshake_malformed_upgrade",
    "handshake_missing_origin",
    "handshake_missing_subprotocol",
    "handshake_missing_upgrade",
    "handshake_not_http",
    "handshake_start_line_too_long",
    "handshake_too_many_headers",
    "handshake_too_many_interim_responses",
    "handshake_unexpected_body",
    "handshake_unexpected_extension",
    "handshake_unexpected_location",
    "handshake_unexpected_origin",
    "handshake_unexpected_subprotocol",
    "handshake_unsupported_protocol",
    "handshake_unsupported_version",
    "protocol_control_frame_too_long",
    "protocol_expected_continuation",
    "protocol_fragmented_control_frame",
    "protocol_frame_too_long",
    "protocol_invalid_close_code",
    "protocol_invalid_close_reason",
    "protocol_invalid_deflate",
    "protocol_invalid_utf8",
    "protocol_length_out_of_range",
    "protocol_masked_frame",
    "protocol_message_too_long",
    "protocol_non_minimal_length",
    "protocol_reserved_bits",
    "protocol_reserved_opcode",
    "protocol_retained_input_lost",
    "protocol_too_many_control_frames",
    "protocol_too_many_fragments",
    "protocol_truncated_close_code",
    "protocol_unexpected_continuation",
    "protocol_unexpected_eof",
    "protocol_unmasked_frame",
    "proxy_rejected",
    "proxy_unexpected_path",
    "proxy_unsupported_scheme",
    "request_host_too_long",
    "request_invalid_credentials",
    "request_invalid_extension",
    "request_invalid_header_name",
    "request_invalid_header_value",
    "request_invalid_host",
    "request_invalid_subprotocol",
    "request_invalid_uri",
    "request_new_connection_required",
    "request_no_subprotocol_offered",
    "request_origin_required",
    "request_repeated_subprotocol",
    "request_reserved_header",
    "request_too_many_extra_headers",
    "request_too_many_subprotocols",
    "request_unprintable_origin",
    "request_unsupported_by_version",
    "response_body_not_allowed",
    "response_extension_not_offered",
    "response_invalid_extension",
    "response_invalid_header_name",
    "response_invalid_header_value",
    "response_invalid_status",
    "response_reserved_header",
    "response_subprotocol_not_offered",
    "response_too_many_extra_headers",
    "seed_unavailable",
    "send_client_only_close_code",
    "send_compressed_message",
    "send_connection_closing",
    "send_control_fragment",
    "send_control_payload_too_long",
    "send_invalid_reserved_bits",
    "send_message_in_progress",
    "send_no_message_in_progress",
    "send_payload_too_long",
    "send_unsupported",
    "send_use_send_close",
    "session_aborted",
    "session_answered",
    "session_closed",
    "session_transport_failed",
    "socks5_already_complete",
    "socks5_authentication_failed",
    "socks5_incomplete_handshake",
    "socks5_no_acceptable_method",
    "socks5_rejected",
    "socks5_reserved_byte",
    "socks5_unexpected_auth_version",
    "socks5_unexpected_method",
    "socks5_unexpected_version",
    "socks5_unknown_address_type",
    "timeout_close_handshake",
    "timeout_idle",
    "timeout_opening",
    "timeout_pong",
    "uri_invalid_authority",
    "uri_invalid_character",
    "uri_invalid_host",
    "uri_invalid_port",
    "uri_invalid_scheme",
    "uri_invalid_user_info",
    "uri_non_ascii",
    "uri_unexpected_fragment",
    "utf8_invalid",
];

/// The names in the source, from the bodies of the functions that return them.
fn names_in(directory: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        // The errors of `browser` have the names of the browsers' exceptions.
        if path.ends_with("src/browser") {
            continue;
        }
        if path.is_dir() {
            names_in(&path, found);
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        for body in source.split("pub const fn name(").skip(1) {
            let body = body.split("\n    }\n").next().unwrap();
            let lines = body.lines().filter(|line| !line.contains("cfg("));
            found.extend(lines.filter_map(|line| line.split('"').nth(1)).map(str::to_owned));
        }
        // A name that two types share.
        let shared = source.split("pub(crate) const NAME: &'static str = \"").skip(1);
        let shared =
            shared.filter_map(|rest| rest.split('"').next()).filter(|_| path.ends_with("rejection.rs"));
        found.extend(shared.map(str::to_owned));
    }
}

#[test]
fn names_are_unique_in_snake_case_and_stable() {
    let mut found = Vec::new();
    names_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let unique: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(unique.len(), found.len(), "a name stands twice");
    assert_eq!(unique, NAMES.iter().copied().collect());
    for name in unique {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        assert!(name.split('_').count() >= 2 && name.split('_').all(is_word), "{name}");
    }
}

#[test]
fn every_error_has_its_own_name_or_that_of_its_cause() {
    let timed_out = ProtocolError::TimedOut(Timeout::Pong);
    let rows = [
        (ProtocolError::UnmaskedFrame.name(), "protocol_unmasked_frame"),
        (ProtocolError::FrameTooLong { limit: 1, len: 2 }.name(), "protocol_frame_too_long"),
        (timed_out.name(), "timeout_pong"),
        (Error::from(timed_out).name(), "timeout_pong"),
        (Error::from(SendError::MessageInProgress).name(), "send_message_in_progress"),
        (Cause::Aborted.name(), "session_aborted"),
        (Cause::Protocol(timed_out).name(), "timeout_pong"),
        (Cause::Timeout(Timeout::Opening).name(), "timeout_opening"),
        (Cause::Handshake(HandshakeError::InvalidKey).name(), "handshake_invalid_key"),
        (Cause::Eof.name(), "protocol_unexpected_eof"),
        (session::Error::<()>::UnexpectedEof.name(), "protocol_unexpected_eof"),
        (session::Error::<()>::from(SendError::MessageInProgress).name(), "send_message_in_progress"),
        (proxy::Error::Http(HandshakeError::NotHttp).name(), "handshake_not_http"),
        (proxy::Error::Socks5(socks5::Error::Rejected { code: 5 }).name(), "socks5_rejected"),
        (proxy::ProxyUriError::Invalid(UriError::InvalidHost).name(), "uri_invalid_host"),
        (HandshakeError::InvalidKey.name(), "handshake_invalid_key"),
        (client::Error::from(HandshakeError::InvalidAccept).name(), "handshake_invalid_accept"),
        (client::RequestError::InvalidExtension.name(), "request_invalid_extension"),
        (ResponseErrorKind::InvalidStatus.name(), "response_invalid_status"),
        (UriError::InvalidScheme.name(), "uri_invalid_scheme"),
        (CloseCode::try_from(1006).unwrap_err().name(), "close_code_not_allowed"),
        (Close::new(CloseCode::NORMAL, "a".repeat(124)).unwrap_err().name(), "close_reason_too_long"),
        (utf8::Decoder::new().decode(b"\xff").unwrap_err().name(), "utf8_invalid"),
    ];
    for (name, expected) in rows {
        assert_eq!(name, expected);
    }
}

#[test]
fn a_rejection_has_one_name_wherever_it_is_reported() {
    let request = client::Request::new("ws://h/").unwrap();
    let head = b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n";
    let mut handshake = client::Handshake::new(&request, [7; 32], &mut Vec::new()).unwrap();
    let error = handshake.receive(&mut Input::new(&mut head.to_owned())).unwrap_err();
    assert_eq!(error.name(), "client_rejected");
    let client::Error::Rejected(response) = error else { panic!("{error:?}") };
    assert_eq!(Cause::Rejected(&response).name(), "client_rejected");
}
