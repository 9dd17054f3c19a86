//! Real gateways on a real server, with small stand-ins for cashier and tables on the bus.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test helper that fails is a failed test")]
#![allow(dead_code, reason = "each test file uses its own part")]

pub mod cashier;
pub mod raw;
pub mod tables;

use bus::Peers;
use cashier::FakeCashier;
use client::{Client, ClientEvent, Login};
use servers::Child;
use tables::FakeTables;
use testkit::Stage;
pub use testkit::{eventually, guarded};
use wire::{TableId, event::Event, fleet::Role, view::TableView};

/// A server, a cashier, a table worker, and the administrator's view of the members.
pub struct Room {
    pub stage: Stage,
    pub cashier: FakeCashier,
    pub tables: FakeTables,
    /// Members that send heartbeats as a cashier and a coordinator, in this order.
    others: Vec<Peers>,
}

/// A running gateway.
pub struct Gateway {
    pub child: Child,
    pub name: String,
    /// `host:port` of its listeners.
    pub tcp: String,
    pub ws: String,
}

impl Room {
    /// Starts a server and the simulated roles.
    pub async fn open() -> Self {
        let stage = Stage::open().await.unwrap();
        let (bus, cashier) = stage.join(Role::Cashier).await.unwrap();
        let (_, coordinator) = stage.join(Role::Coordinator).await.unwrap();
        let (worker, peers) = stage.join(Role::TableWorker).await.unwrap();
        let tables = FakeTables::start(worker, peers).await;
        Self { stage, cashier: FakeCashier::start(bus).await, tables, others: vec![cashier, coordinator] }
    }

    /// Starts a gateway and waits until it is ready.
    pub async fn gateway(&self, name: &str, args: &[&str]) -> Gateway {
        let child = self.stage.start(Role::Gateway, name, args).await.unwrap();
        let beat = eventually("the gateway and a table worker", || {
            let worker = self.stage.peers.alive(Role::TableWorker).iter().any(|peer| peer.ready);
            self.stage.beat(Role::Gateway, name).filter(|_| worker)
        })
        .await;
        let address = |listener: &str| {
            let mut parts = beat.addresses.iter().filter_map(|address| address.split_once("://"));
            let (_, address) = parts.find(|(scheme, _)| scheme.starts_with(listener)).unwrap();
            address.trim_end_matches('/').to_owned()
        };
        Gateway { child, name: name.to_owned(), tcp: address("tcp"), ws: address("ws") }
    }

    /// Stops the cashier's heartbeats.
    pub fn lose_cashier(&mut self) {
        drop(self.others.remove(0));
    }

    /// Returns the number of connections that a gateway reports.
    pub fn connections(&self, gateway: &Gateway) -> Option<u32> {
        Some(self.stage.beat(Role::Gateway, &gateway.name)?.load.connections)
    }
}

/// The three kinds of connection to a gateway.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    Tcp,
    Ws,
    Json,
}

/// All kinds of connections.
pub const WAYS: [Way; 3] = [Way::Tcp, Way::Ws, Way::Json];

impl Gateway {
    /// Returns the address of the gateway's listener for a kind of connection.
    pub fn address(&self, way: Way) -> client::Address {
        let text = match way {
            Way::Tcp => format!("tcp://{}", self.tcp),
            Way::Ws => format!("ws://{}/", self.ws),
            Way::Json => format!("ws+json://{}/", self.ws),
        };
        text.parse().unwrap()
    }
}

/// Returns the log-in of an account; the simulated cashier knows all names.
pub fn password(name: &str) -> Login {
    Login::Password { name: name.into(), password: format!("{name}'s password") }
}

/// Connects a client to one of the gateways and waits for the welcome.
pub async fn connect(gateways: &[&Gateway], way: Way, login: Login) -> Client {
    let addresses = gateways.iter().map(|gateway| gateway.address(way)).collect();
    guarded("a connection", Client::connect(client::Options::new(addresses, login))).await.unwrap()
}

/// Waits for the first event that `wanted` accepts, skipping others, and returns its value.
pub async fn next<T>(
    client: &mut Client,
    what: &str,
    mut wanted: impl FnMut(&ClientEvent) -> Option<T>,
) -> T {
    guarded(what, async {
        loop {
            let event = client.next().await.unwrap_or_else(|| panic!("no more events, {what} is missing"));
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    })
    .await
}

/// Watches a table and waits for its snapshot.
pub async fn watch(client: &mut Client, table: TableId) -> TableView {
    let watch = wire::client::ClientMessage::Watch { table, since: None };
    guarded("the answer", client.request(watch)).await.unwrap();
    next(client, "a snapshot", |event| match event {
        ClientEvent::Table { view, .. } if view.table == table => Some((**view).clone()),
        _ => None,
    })
    .await
}

/// Reads the table's events up to a number and asserts that each comes once, in order, and
/// unchanged.
pub async fn follow(client: &mut Client, table: TableId, from: u64, to: u64) {
    let mut last = from;
    while last < to {
        let (number, event) = next(client, &format!("event {} of {to}", last + 1), |event| match event {
            ClientEvent::Event { table: t, number, event } if *t == table => Some((*number, event.clone())),
            ClientEvent::Restarted { view, .. } => panic!("restarted at {} after {last}", view.event_no),
            ClientEvent::Table { view, .. } => panic!("a new start at {} after {last}", view.event_no),
            _ => None,
        })
        .await;
        assert_eq!(number, last + 1, "a gap or a repeat");
        assert_eq!(event, numbered(number));
        last = number;
    }
}

/// Returns the event that the tables make for a number, which identifies it.
pub fn numbered(number: u64) -> Event {
    Event::ToppedUp { seat: 0, amount: wire::Chips(number) }
}
