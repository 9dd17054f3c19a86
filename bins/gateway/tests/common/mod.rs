//! Real gateways on a real server, with small stand-ins for cashier and tables on the bus.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test helper that fails is a failed test")]
#![allow(dead_code, reason = "each test file uses its own part")]

pub mod cashier;
pub mod raw;
pub mod tables;

use bus::{Bus, Options, Peers};
use cashier::FakeCashier;
use client::{Client, ClientEvent, Login};
use servers::{Child, Nats, NatsOptions, Program};
use std::time::{Duration, Instant};
use tables::FakeTables;
use tokio::time::{sleep, timeout};
use wire::{
    TableId,
    event::Event,
    fleet::{Load, Role},
    view::TableView,
};

/// Limit of all waits in tests; generous, for busy machines.
pub const GUARD: Duration = Duration::from_secs(60);

/// A server, a cashier, a table worker, and the administrator's view of the members.
pub struct Room {
    pub nats: Nats,
    pub cashier: FakeCashier,
    pub tables: FakeTables,
    peers: Peers,
    /// Members that send heartbeats as a cashier and a coordinator.
    _others: Vec<Peers>,
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
    pub async fn open() -> Self {
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let config = servers::find::nats_config().unwrap();
        let nats = Nats::start(NatsOptions { config: Some(config), ..NatsOptions::default() }).await.unwrap();
        let cashier = FakeCashier::start(bus(&nats, "cashier").await).await;
        let mut others = Vec::new();
        for role in [Role::Cashier, Role::Coordinator] {
            let node = format!("{}-1", role.name()).parse().unwrap();
            let bus = bus(&nats, role.name()).await;
            let peers = Peers::join(&bus, role, node, vec![], Load::default).await.unwrap();
            peers.set_ready();
            others.push(peers);
        }
        let worker = bus(&nats, "table-worker").await;
        let node = "table-worker-1".parse().unwrap();
        let worker_peers =
            Peers::join(&worker, Role::TableWorker, node, vec![], Load::default).await.unwrap();
        worker_peers.set_ready();
        let tables = FakeTables::start(worker, worker_peers).await;
        let peers = Peers::watch(&bus(&nats, "admin").await).await.unwrap();
        Self { nats, cashier, tables, peers, _others: others }
    }

    /// Starts a gateway and waits until it is ready.
    pub async fn gateway(&self, name: &str, args: &[&str]) -> Gateway {
        let child = Program::new(env!("CARGO_BIN_EXE_gateway"))
            .args(["--nats-url", &self.nats.url(), "--node", name])
            .arg("--nats-password-file")
            .arg(self.nats.password_file("gateway"))
            .args(args)
            .start()
            .await
            .unwrap();
        let beat = eventually("the node's heartbeat", || {
            let worker = self.peers.alive(Role::TableWorker).iter().any(|peer| peer.ready);
            let alive = self.peers.alive(Role::Gateway);
            alive.into_iter().find(|beat| worker && beat.ready && beat.node.as_str() == name)
        })
        .await;
        let address = |scheme: &str| {
            let address = beat.addresses.iter().find_map(|address| address.strip_prefix(scheme));
            address.unwrap().trim_end_matches('/').to_owned()
        };
        Gateway { child, name: name.to_owned(), tcp: address("tcp://"), ws: address("ws://") }
    }

    /// Returns the number of connections that a gateway reports.
    pub fn connections(&self, gateway: &Gateway) -> Option<u32> {
        let alive = self.peers.alive(Role::Gateway);
        let beat = alive.iter().find(|beat| beat.node.as_str() == gateway.name)?;
        Some(beat.load.connections)
    }
}

pub async fn bus(nats: &Nats, user: &str) -> Bus {
    Bus::connect(Options {
        urls: vec![nats.url()],
        user: user.to_owned(),
        password: nats.password(user).map(str::to_owned),
        name: user.to_owned(),
        node: format!("{user}-test"),
    })
    .await
    .unwrap()
}

/// Waits until `look` returns a value.
pub async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < GUARD, "{what} does not come");
        sleep(Duration::from_millis(10)).await;
    }
}

pub async fn guarded<T>(what: &str, wanted: impl Future<Output = T>) -> T {
    timeout(GUARD, wanted).await.unwrap_or_else(|_| panic!("{what} does not come"))
}

/// The three kinds of connection to a gateway.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    Tcp,
    Ws,
    Json,
}

pub const WAYS: [Way; 3] = [Way::Tcp, Way::Ws, Way::Json];

impl Gateway {
    pub fn address(&self, way: Way) -> client::Address {
        let text = match way {
            Way::Tcp => format!("tcp://{}", self.tcp),
            Way::Ws => format!("ws://{}/", self.ws),
            Way::Json => format!("ws+json://{}/", self.ws),
        };
        text.parse().unwrap()
    }
}

pub fn password(name: &str) -> Login {
    Login::Password { name: name.into(), password: format!("{name}'s password") }
}

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
