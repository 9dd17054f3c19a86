//! How many connections a gateway takes, and from where.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails")]

mod common;

use common::{
    Room, guarded,
    raw::{RawTcp, RawWs},
};
use ppp::v2::{Addresses, Builder, Command, IPv4, Protocol, Version};
use std::time::Duration;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::sleep};
use wire::{
    TableId,
    client::{ClientMessage, Closing, SUBPROTOCOL_JSON, ServerMessage},
};

const HERE: [u8; 4] = [127, 0, 0, 1];
const ABUSER: [u8; 4] = [127, 1, 1, 1];
const TABLE: TableId = TableId(7);

fn log_in(name: &str) -> ClientMessage {
    ClientMessage::LogIn {
        name: name.into(),
        password: format!("{name}'s password"),
        device: None,
        code: None,
    }
}

#[tokio::test]
async fn idle_connections_from_one_address_leave_room_for_all_others() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &["--max-connections", "300"]).await;
    let mut idle = Vec::new();
    for _ in 0..310 {
        idle.push(RawTcp::connect_from(&gateway, ABUSER).await);
    }
    let mut refused = 0;
    for tcp in &mut idle {
        match tcp.receive().await.map(|frame| frame.m) {
            Some(ServerMessage::Closing { reason, .. }) => {
                assert_eq!(reason, Closing::TooManyConnections);
                refused += 1;
            }
            Some(ServerMessage::Hello { .. }) | None => {}
            Some(other) => panic!("{other:?}"),
        }
    }
    assert!(refused > 0, "none was told the reason");
    let mut newcomer = RawTcp::connect_from(&gateway, HERE).await;
    let hello = newcomer.receive().await.unwrap().m;
    assert!(matches!(hello, ServerMessage::Hello { .. }), "{hello:?}");
    assert!(matches!(newcomer.ask(1, log_in("ann")).await, ServerMessage::Welcome { .. }));
}

#[tokio::test]
async fn a_session_resumes_where_newcomers_find_no_place() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &["--max-connections", "10", "--reserve-percent", "20"]).await;
    let mut ann = RawTcp::connect(&gateway).await;
    let ServerMessage::Welcome { token, .. } = ann.ask(1, log_in("ann")).await else { panic!("no session") };
    drop(ann);
    common::eventually("a place", || (room.connections(&gateway) == Some(0)).then_some(())).await;
    let mut visitors = Vec::new();
    for _ in 0..8 {
        visitors.push(RawTcp::connect(&gateway).await);
        visitors.last_mut().unwrap().ask(1, ClientMessage::Lobby).await;
    }
    for asks in [Some(log_in("bob")), Some(ClientMessage::Lobby), None] {
        let mut newcomer = RawTcp::connect(&gateway).await;
        assert_eq!(newcomer.ask(1, ClientMessage::Ping).await, ServerMessage::Pong);
        if let Some(asks) = asks {
            newcomer.send(2, asks).await.unwrap();
        }
        assert_eq!(newcomer.until_closed().await.1, Some(Closing::NodeFull));
    }
    let mut ann = RawTcp::connect(&gateway).await;
    let resumed = ann.ask(1, ClientMessage::Resume { token }).await;
    assert!(matches!(resumed, ServerMessage::Welcome { .. }), "{resumed:?}");
    sleep(Duration::from_secs(6)).await;
    assert_eq!(ann.ask(2, ClientMessage::Ping).await, ServerMessage::Pong, "the place is kept");
}

#[tokio::test]
async fn a_connection_that_asks_for_nothing_is_closed_although_it_pings() {
    let room = Room::open().await;
    room.tables.open(TABLE);
    let gateway = room.gateway("gateway-1", &["--visitor-idle-ms", "1500", "--idle-ms", "600000"]).await;
    let mut player = RawTcp::connect(&gateway).await;
    assert!(matches!(player.ask(1, log_in("ann")).await, ServerMessage::Welcome { .. }));
    let mut viewer = RawTcp::connect(&gateway).await;
    viewer.ask(1, ClientMessage::Watch { table: TABLE, since: None }).await;
    let mut idle = RawTcp::connect(&gateway).await;
    let closing = guarded("the end", async {
        for id in 1.. {
            idle.send(id, ClientMessage::Ping).await.unwrap();
            match idle.receive().await.unwrap().m {
                ServerMessage::Pong => sleep(Duration::from_millis(100)).await,
                ServerMessage::Closing { reason, .. } => return Some(reason),
                other => panic!("{other:?}"),
            }
        }
        None
    })
    .await;
    assert_eq!(closing, Some(Closing::Idle));
    for tcp in [&mut player, &mut viewer] {
        assert_eq!(tcp.ask(9, ClientMessage::Ping).await, ServerMessage::Pong, "it has a reason to be there");
    }
}

/// Returns the header of a load balancer for a client.
fn header(client: [u8; 4]) -> Vec<u8> {
    let addresses = Addresses::from(IPv4::new(client, HERE, 4_000, 7_001));
    Builder::with_addresses(Version::Two | Command::Proxy, Protocol::Stream, addresses).build().unwrap()
}

/// Connects as a load balancer does for a client.
async fn through(address: &str, client: [u8; 4]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&header(client)).await.unwrap();
    stream
}

#[tokio::test]
async fn behind_a_load_balancer_the_clients_addresses_count() {
    let room = Room::open().await;
    let args = ["--proxies", "127.0.0.1", "--max-per-address", "1"];
    let gateway = room.gateway("gateway-1", &args).await;
    let (one, other, third) = ([192, 0, 2, 1], [198, 51, 100, 1], [203, 0, 113, 1]);
    let mut kept = Vec::new();
    for client in [one, other] {
        let mut tcp = RawTcp(through(&gateway.tcp, client).await);
        let hello = tcp.receive().await.unwrap().m;
        assert!(matches!(hello, ServerMessage::Hello { .. }), "{hello:?}");
        kept.push(tcp);
    }
    let mut second = RawTcp(through(&gateway.tcp, one).await);
    assert_eq!(second.until_closed().await.1, Some(Closing::TooManyConnections));
    let mut ws = Vec::new();
    for _ in 0..2 {
        let stream = through(&gateway.ws, third).await;
        ws.push(RawWs::over(stream, &gateway, Some(SUBPROTOCOL_JSON)).await.unwrap());
    }
    let (_, closing, code) = ws[1].until_closed().await;
    assert_eq!((closing, code), (Some(Closing::TooManyConnections), Some(4006)));
    let mut without = RawTcp(TcpStream::connect(&gateway.tcp).await.unwrap());
    without.send(1, ClientMessage::Lobby).await.unwrap();
    assert_eq!(without.receive().await, None, "what brings no header is no client");
}

#[tokio::test]
async fn a_header_of_a_client_is_not_believed() {
    let room = Room::open().await;
    let gateway = room.gateway("gateway-1", &["--proxies", "127.9.9.9"]).await;
    let mut tcp = RawTcp(through(&gateway.tcp, [192, 0, 2, 1]).await);
    assert_eq!(tcp.until_closed().await.1, Some(Closing::FrameTooLarge));
}
