//! Encrypted connections. The server of the tests has no TLS, so an endpoint in front of it has.

#![allow(clippy::unwrap_used, reason = "a test that fails")]

use servers::{Postgres, PostgresOptions};
use tempfile::TempDir;
use tls::{Acceptor, Authority};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

/// Length and code of the request for encryption, as in the chapter "Message Formats" of
/// PostgreSQL's manual.
const REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// Takes encrypted connections and passes them on to a server. Returns the port.
async fn endpoint(acceptor: Acceptor, server: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut request = [0; 8];
                client.read_exact(&mut request).await.unwrap();
                if request != REQUEST {
                    return;
                }
                client.write_all(b"S").await.unwrap();
                let Ok(mut client) = acceptor.accept(client).await else { return };
                let mut server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                // It ends with an error when one side is closed, which is as good.
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    port
}

#[tokio::test]
async fn the_servers_certificate_is_verified_and_a_plain_server_refused() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let files = Authority::open(folder.path()).unwrap().issue("db", &["127.0.0.1".to_owned()]).unwrap();
    Authority::open(other.path()).unwrap();
    let postgres = Postgres::start(PostgresOptions { dir: None, port: None, durable: false }).await.unwrap();
    let port = endpoint(Acceptor::load(files.cert, files.key).unwrap(), postgres.port()).await;
    let url = |port: u16, folder: &TempDir| {
        let place = postgres.url().replace(&postgres.port().to_string(), &port.to_string());
        let separator = if place.contains('?') { '&' } else { '?' };
        let roots = Authority::certificate(folder.path());
        format!("{place}{separator}sslmode=verify-full&sslrootcert={}", roots.display())
    };

    let client = database::connect(&url(port, &folder)).await.unwrap();
    let one: i32 = client.query_one("SELECT 1", &[]).await.unwrap().get(0);
    assert_eq!(one, 1);

    let untrusted = database::connect(&url(port, &other)).await.err().unwrap().chain();
    assert!(untrusted.contains("invalid peer certificate"), "{untrusted}");
    let plain = database::connect(&url(postgres.port(), &folder)).await.err().unwrap().chain();
    assert!(plain.to_lowercase().contains("tls"), "{plain}");
}
