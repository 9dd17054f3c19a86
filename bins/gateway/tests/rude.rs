//! Clients that cost a gateway more than they should: each costs only itself.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails")]

mod common;

use common::{Room, guarded};
use tokio::{io::AsyncWriteExt, net::TcpStream};

#[tokio::test]
async fn a_websocket_handshake_ends_in_time_although_the_client_reads_no_answers() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &[]).await;
    let mut client = TcpStream::connect(&gateway.ws).await.unwrap();
    let requests = "GET / HTTP/1.1\r\nHost: gateway\r\n\r\n".repeat(1_000);
    // Once the answers fill all buffers, the gateway waits to write, and so does the client, until
    // the connection is closed.
    guarded("the end of the handshake", async {
        while client.write_all(requests.as_bytes()).await.is_ok() {}
    })
    .await;
}
