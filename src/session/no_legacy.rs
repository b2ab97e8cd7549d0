//! Without the feature `legacy`, no session is in that phase.
//!
//! The type has the methods that it has with the feature, and no value.

use alloc::{boxed::Box, vec::Vec};

use super::{Received, Session};
use crate::{CloseOutcome, Input, SendError, State, client, handshake::FirstBytes, keepalive::Timeout};

/// A session of a version before RFC 6455, of which there is none.
#[derive(Debug)]
pub(super) enum Legacy {}

impl Session {
    #[expect(clippy::unused_self, reason = "the signature is that of the build with the feature")]
    pub(super) fn receive_legacy<'b>(&mut self, _: &mut Input<'b>) -> Option<Received<'b>> {
        None
    }
}

impl Legacy {
    pub(super) fn state(&self) -> Option<State> {
        match *self {}
    }

    pub(super) fn close_outcome(&self) -> Option<CloseOutcome<'_>> {
        match *self {}
    }

    pub(super) fn first_bytes(&self) -> FirstBytes {
        match *self {}
    }

    pub(super) fn take_refused(&mut self) -> Option<Box<client::Response>> {
        match *self {}
    }

    pub(super) fn is_client_handshake(&self) -> bool {
        match *self {}
    }

    pub(super) fn server_ends_first(&self) -> bool {
        match *self {}
    }

    pub(super) fn cut_off(&mut self) -> Option<client::Error> {
        match *self {}
    }

    pub(super) fn receive_eof(&mut self) {
        match *self {}
    }

    pub(super) fn end(&mut self) {
        match *self {}
    }

    pub(super) fn time_out(&mut self, _: Timeout, _: &mut Vec<u8>) {
        match *self {}
    }

    pub(super) fn send_text(&mut self, _: &str, _: &mut Vec<u8>) -> Result<(), SendError> {
        match *self {}
    }

    pub(super) fn send_close(&mut self, _: &mut Vec<u8>) -> Result<(), SendError> {
        match *self {}
    }

    pub(super) fn refuse(&self) -> Result<(), SendError> {
        match *self {}
    }
}
