//! `yawc`, as its documentation has it: hyper for the upgrade.

use std::io;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body_util::Empty;
use hyper::{Request, Response, body::Incoming};
use sansocket_load::{Room, each_request, room, talk};
use yawc::{CompressionLevel, Frame, OpCode, Options, WebSocket};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let room = room();
    each_request(move |request| open(request, room.clone())).await
}

fn open(mut request: Request<Incoming>, room: Room<Frame>) -> yawc::Result<Response<Empty<Bytes>>> {
    // The default limit is less than 1 MiB with its header.
    let options =
        Options::default().with_compression_level(CompressionLevel::default()).with_limits(2 << 20, 4 << 20);
    let (response, upgraded) = WebSocket::upgrade_with_options(&mut request, options)?;
    tokio::spawn(async move {
        let is_data = |frame: &Frame| matches!(frame.opcode(), OpCode::Text | OpCode::Binary);
        talk(upgraded.await?.map(Ok), room, is_data).await
    });
    Ok(response)
}
