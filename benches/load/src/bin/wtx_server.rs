//! `wtx`, as its documentation has it.

use std::io;

use sansocket_load::each_client;
use tokio::net::TcpStream;
use wtx::{
    collection::Vector,
    web_socket::{Frame, OpCode, WebSocketAcceptor, WebSocketPayloadOrigin, compression::Flate2},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    each_client(echo).await
}

async fn echo(stream: TcpStream) -> wtx::Result<()> {
    let mut socket = WebSocketAcceptor::default().compression(Flate2::default()).accept(stream).await?;
    let (mut common, mut reader, mut writer) = socket.split_mut();
    let mut buffer = Vector::new();
    loop {
        buffer.clear();
        let mut frame = reader.read_frame(&mut buffer, &mut common, WebSocketPayloadOrigin::Adaptive).await?;
        match frame.op_code() {
            OpCode::Close => return Ok(()),
            op_code @ (OpCode::Text | OpCode::Binary) => {
                writer.write_frame(&mut common, &mut Frame::new_fin(op_code, frame.payload_mut())).await?;
            }
            _ => {}
        }
    }
}
