//! Measures how long all players need to reconnect after a gateway with thousands of connections
//! has died: `make measure-reconnects`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails")]

mod common;

use client::{Client, ClientEvent};
use common::{Gateway, Room, Way, guarded, next, password};
use servers::Signal;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::Semaphore, task::JoinSet};
use wire::{TableId, client::ClientMessage};

/// Connections of the gateway that dies.
const CLIENTS: u64 = 10_000;
/// Players at one table.
const SEATS: u64 = 6;
/// Connections that are made at the same time before the measurement.
const AT_ONCE: usize = 200;

/// All connections are from one address.
const ANY_NUMBER: [&str; 2] = ["--unlimited-from", "127.0.0.1"];

async fn connected(room: &Room, gateways: &[Gateway; 3], number: u64, turn: Arc<Semaphore>) -> Client {
    let name = format!("player {number}");
    let table = TableId(1 + number / SEATS);
    room.tables.seat_secretly(table, room.cashier.player(&name), (number % SEATS) as u8);
    // After the first gateway, half of the clients try the second one, the others the third.
    let other = &gateways[1 + (number % 2) as usize];
    let addresses = [&gateways[0], other].map(|gateway| gateway.address(Way::Tcp)).to_vec();
    let options = client::Options {
        connect_patience: testkit::GUARD,
        ..client::Options::new(addresses, password(&name))
    };
    let _turn = turn.acquire().await.unwrap();
    let mut client = Client::connect(options).await.unwrap();
    next(&mut client, "the table", |event| matches!(event, ClientEvent::Table { .. }).then_some(())).await;
    client
}

/// Waits until the client has reconnected and follows its table again; returns the times since
/// `since`.
async fn back(mut client: Client, table: TableId, since: Instant) -> (Client, Duration, Duration) {
    next(&mut client, "the loss", |event| matches!(event, ClientEvent::Down(_)).then_some(())).await;
    next(&mut client, "another node", |event| matches!(event, ClientEvent::Up { .. }).then_some(())).await;
    let connected = since.elapsed();
    guarded("the table", client.request(ClientMessage::Resync { table, since: Some(0) })).await.unwrap();
    (client, connected, since.elapsed())
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_millis();
    format!("{{\"p50\":{},\"p99\":{},\"max\":{}}}", at(50), at(99), at(100))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: `make measure-reconnects`"]
async fn ten_thousand_come_back() {
    let room = Arc::new(Room::open().await);
    let gateways = Arc::new([
        room.gateway("gateway-1", &ANY_NUMBER).await,
        room.gateway("gateway-2", &ANY_NUMBER).await,
        room.gateway("gateway-3", &ANY_NUMBER).await,
    ]);
    let turn = Arc::new(Semaphore::new(AT_ONCE));
    let mut connecting = JoinSet::new();
    for number in 0..CLIENTS {
        let (room, gateways, turn) = (Arc::clone(&room), Arc::clone(&gateways), Arc::clone(&turn));
        connecting.spawn(async move { (number, connected(&room, &gateways, number, turn).await) });
    }
    let clients = connecting.join_all().await;
    let since = Instant::now();
    let mut returning = JoinSet::new();
    for (number, client) in clients {
        returning.spawn(back(client, TableId(1 + number / SEATS), since));
    }
    gateways[0].child.signal(Signal::KILL);
    let times = returning.join_all().await;
    let (connected, followed): (Vec<_>, Vec<_>) = times.iter().map(|(_, up, table)| (*up, *table)).unzip();
    println!(
        "{{\"clients\":{CLIENTS},\"connected_ms\":{},\"following_ms\":{}}}",
        spread(connected),
        spread(followed)
    );
}
