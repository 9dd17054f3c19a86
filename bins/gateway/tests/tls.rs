//! A gateway with a certificate: all ways of connecting with TLS, none without, and a certificate
//! that is exchanged while it runs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails")]

mod common;

use client::{Address, Client, ClientError, Login, Options};
use common::{Gateway, Room, eventually, guarded, password};
use std::{path::Path, time::Duration};
use tempfile::TempDir;
use tls::{Authority, ServerFiles, Trust};
use tokio::{io::AsyncReadExt, net::TcpStream, time::sleep};
use wire::{client::ClientMessage, fleet::Role};

fn issue(folder: &Path) -> ServerFiles {
    Authority::open(folder).unwrap().issue("gateway", &["127.0.0.1".to_owned()]).unwrap()
}

fn trust(folder: &Path) -> Trust {
    Trust::file(&Authority::certificate(folder)).unwrap()
}

/// Returns the addresses of both listeners, and that for JSON.
fn addresses(gateway: &Gateway) -> [Address; 3] {
    let Gateway { tcp, ws, .. } = gateway;
    [format!("tcps://{tcp}"), format!("wss://{ws}/"), format!("wss+json://{ws}/")]
        .map(|text| text.parse().unwrap())
}

async fn connect(address: &Address, trust: Option<Trust>, login: Login) -> Result<Client, ClientError> {
    let options = Options::new(vec![address.clone()], login);
    let connect_patience = Duration::from_secs(2);
    guarded("a connection", Client::connect(Options { trust, connect_patience, ..options })).await
}

async fn gateway(room: &Room, folder: &Path) -> Gateway {
    let files = issue(folder);
    let (cert, key) = (files.cert.to_str().unwrap(), files.key.to_str().unwrap());
    room.gateway("gateway-1", &["--tls-cert", cert, "--tls-key", key]).await
}

#[tokio::test]
async fn clients_that_trust_the_authority_play_and_others_do_not() {
    let (room, folder, other) = (Room::open().await, TempDir::new().unwrap(), TempDir::new().unwrap());
    let gateway = gateway(&room, folder.path()).await;
    issue(other.path());
    let beat = room.stage.beat(Role::Gateway, "gateway-1").unwrap();
    let named = addresses(&gateway).map(|address| address.to_string());
    assert_eq!(beat.addresses, named[..2], "other gateways name these to clients");

    for address in addresses(&gateway) {
        let client = connect(&address, Some(trust(folder.path())), password("ann")).await.unwrap();
        guarded("an answer", client.request(ClientMessage::Balance)).await.unwrap();
        let error = connect(&address, Some(trust(other.path())), Login::Visitor).await.unwrap_err();
        assert!(error.to_string().contains("invalid peer certificate"), "{error}");
    }
    for plain in [format!("tcp://{}", gateway.tcp), format!("ws://{}/", gateway.ws)] {
        assert!(connect(&plain.parse().unwrap(), None, Login::Visitor).await.is_err(), "{plain}");
    }
}

#[tokio::test]
async fn a_changed_certificate_is_used_without_a_restart() {
    let (room, folder) = (Room::open().await, TempDir::new().unwrap());
    let gateway = gateway(&room, folder.path()).await;
    let [address, ..] = addresses(&gateway);
    let before = trust(folder.path());
    let playing = connect(&address, Some(before.clone()), password("ann")).await.unwrap();

    for old in std::fs::read_dir(folder.path()).unwrap() {
        std::fs::remove_file(old.unwrap().path()).unwrap();
    }
    issue(folder.path());
    guarded("the new certificate", async {
        while connect(&address, Some(trust(folder.path())), Login::Visitor).await.is_err() {
            sleep(Duration::from_millis(200)).await;
        }
    })
    .await;
    assert!(connect(&address, Some(before), Login::Visitor).await.is_err());
    guarded("an open connection", playing.request(ClientMessage::Balance)).await.unwrap();
}

#[tokio::test]
async fn handshakes_that_never_end_delay_no_other_and_are_given_up() {
    let (room, folder) = (Room::open().await, TempDir::new().unwrap());
    let gateway = gateway(&room, folder.path()).await;
    let mut silent = Vec::new();
    for _ in 0..25 {
        silent.push(TcpStream::connect(&gateway.tcp).await.unwrap());
        silent.push(TcpStream::connect(&gateway.ws).await.unwrap());
    }
    eventually("their slots", || room.connections(&gateway).filter(|open| *open == 50)).await;
    for address in addresses(&gateway) {
        connect(&address, Some(trust(folder.path())), password("ann")).await.unwrap();
    }
    for mut stream in silent {
        guarded("the end", stream.read(&mut [0])).await.ok();
    }
    eventually("free slots", || room.connections(&gateway).filter(|open| *open == 0)).await;
}
